"""What live sliders can show, computed ahead and sent in slices that the browser asks for, one at a time."""

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock

import orjson
import streamlit as st
from cachetools import LRUCache, cached

from .. import frames
from ..config import BOUNDS
from ..networks.record import record_each
from .assets import module
from .order import serial
from .pulse import turn
from .state import redrawn

CACHED = 96 * 2**20
"""Bytes of slices that the server keeps for all sessions together."""

_component = st.components.v2.component(
    "rnnviz.films", html='<div class="rv-films" hidden></div>', js=module("order.js", "films.js"), isolate_styles=False
)


@dataclass(frozen=True)
class Film:
    """All that a live slider can show.

    name: the slider's. bound: its `Number`. value: where it stands. scenes: function of a list of values, giving for
    each a dict of name -> picture, see `frames`. settings: everything else that the pictures depend on; equal ones,
    of whatever session, share what was computed. high: the slider's upper end, where it is not the bound's. together:
    how many scenes cost hardly more than one.
    """

    name: str
    bound: object
    value: float
    scenes: object
    settings: tuple
    high: float | None = None
    together: int = 1

    @property
    def values(self):
        return _values(self.bound, self.bound.high if self.high is None else self.high)

    @property
    def place(self):
        """Index of the value that is nearest to where the slider stands."""
        return min(range(len(self.values)), key=lambda k: abs(self.values[k] - self.value))

    @property
    def key(self):
        content = [self.name, self.high, *(s.tobytes() if hasattr(s, "tobytes") else repr(s) for s in self.settings)]
        return hashlib.sha1(repr(content).encode()).hexdigest()[:16]


def gains(configs, gain, scene, settings, inputs=None):
    """The `Film` of the slider for the recurrent gain: all networks of a few gains are recorded in one pass.

    configs: label -> `Config` or `NetworkConfig`. scene: function of label -> what that is recorded as. settings,
    inputs: see `Film`, `record_each`.
    """

    def scenes(values):
        each = {
            label: record_each([replace(config, gain=v) for v in values], inputs) for label, config in configs.items()
        }
        return [scene({label: found[k] for label, found in each.items()}) for k in range(len(values))]

    return Film("gain", BOUNDS["gain"], gain, scenes, settings)


@lru_cache(maxsize=64)
def _values(bound, high):
    return tuple(bound.clamp(v) for v in frames.grid(bound.low, high, bound.step))


@cached(LRUCache(CACHED, getsizeof=lambda found: len(found[1].body) + 200), key=lambda film, *at: at, lock=Lock())
def _slice(film, key, near, start, seconds, size):
    values = film.values
    places = frames.coarse(len(values)) if near is None else frames.around(len(values), near)
    chosen = [values[k] for k in places]
    found = frames.take(film.scenes, chosen, start, seconds, size, film.together)
    return chosen[start : found.taken], found


@st.fragment
def films(*now):
    """Answer the browser's question for a slice of one of the page's `Film`s. Call it at the end of a page's fragment.

    A fragment of its own: a question runs this and nothing else of the page.
    """
    redrawn()
    kept = st.session_state
    state = kept.get("films")
    asked = state.get("ask") if hasattr(state, "get") else None
    # A run that no question caused answers none a second time.
    head, body = answer(now, asked if asked != kept.get("films_asked") else None)
    kept["films_asked"] = asked
    head["serial"] = serial("films", orjson.dumps(head) + body)
    _component(key="films", data=frames.framed(head, body), on_ask_change=lambda: None)


def answer(now, asked):
    """What the browser gets, as a dict and bytes: the keys of all films, and the slice it asked for, if it did."""
    keys = {film.name: film.key for film in now}
    head, body = {"keys": keys, "places": {film.name: film.place for film in now}}, b""
    film = next((f for f in now if isinstance(asked, dict) and keys[f.name] == asked.get("key")), None)
    if film is not None and sensible(asked, film):
        found = []
        arguments = (film, asked["key"], asked["near"], asked["start"], asked["seconds"], asked["size"])
        if turn(lambda: found.extend(_slice(*arguments))):
            values, part = found
            body = part.body
            head["answer"] = {
                "name": film.name,
                "key": asked["key"],
                "near": asked["near"],
                "values": values,
                "more": part.more,
                "seconds": part.seconds,
            }
        head["number"] = asked["number"]
    return head, body


def sensible(asked, film):
    """Whether a question is one that the browser's side would ask; it came through the socket."""
    near, count = asked.get("near"), len(film.values)
    return (
        all(type(asked.get(n)) is int and 0 <= asked[n] < 2**31 for n in ("start", "size", "number"))
        and isinstance(asked.get("seconds"), int | float)
        and asked["seconds"] >= 0
        and (near is None or (type(near) is int and 0 <= near < count))
    )
