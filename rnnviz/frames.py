"""Pictures for many values of a slider, computed ahead and packed small, for a browser to draw by itself.

A scene is what one value of a slider shows: a dict of name -> picture, where a picture is a `figures.theme.Figure`, a
text, or a dict of name -> array of numbers. Only what differs between scenes is packed once a scene.
"""

from dataclasses import dataclass
from itertools import pairwise
from time import thread_time

import numpy as np
import orjson

SECONDS, MOST_SECONDS, MOST_BYTES = 0.08, 2.0, 2**21
"""Computing in one slice; and in all slices of a film, and their bytes: past either it takes no more."""

ARRAYS = ("x", "y", "z")
LEVELS = 254
"""Shades that a heatmap's colours are told apart by; 255 stands for no number."""


def grid(low, high, step):
    """Every value of a slider, rounded to its step. (N,)"""
    count = round((high - low) / step) + 1
    return np.round(low + step * np.arange(count), 6)


def coarse(count):
    """Indices of values spread over a slider, coarse to fine: both ends, nine between, then halves, and halves again.

    count: how many values the slider has. Returns all of them up to 160, otherwise 81.
    """
    found = dict.fromkeys(np.linspace(0, count - 1, min(11, count)).round().astype(int).tolist())
    while len(found) < (count if count <= 160 else 81):
        found |= dict.fromkeys((a + b) // 2 for a, b in pairwise(sorted(found)) if b - a > 1)
    return list(found)


def around(count, near):
    """Indices of the twelve values to either side of one, the nearest first: what the arrow keys reach."""
    spread = set(coarse(count))
    found = (near + sign * k for k in range(1, 13) for sign in (1, -1))
    return [k for k in (near, *found) if 0 <= k < count and k not in spread]


@dataclass(frozen=True)
class Slice:
    """Some scenes of a film. taken: how many values of the film are done with it. more: whether others may follow.

    seconds: of computing so far, in this slice and those before. body: bytes, see `pack`; empty where none was taken.
    """

    taken: int
    more: bool
    seconds: float
    body: bytes


def take(scenes, values, start, seconds, size, together=1):
    """The next `Slice` of a film: as many scenes as `SECONDS` of this thread's computing allow.

    scenes: function of a list of values, giving a scene for each. values: all of them, in their order. start: how many
    are done. seconds, size: what the slices before took, in seconds and bytes. together: how many cost hardly more than
    one. A film whose first scene alone takes longer than a slice has none: its slider asks the server at every move.
    """
    done, spent = [], 0.0
    while start + len(done) < len(values) and spent < SECONDS:
        at = start + len(done)
        # One scene tells what the others will cost.
        count = max(together, int((SECONDS - spent) / spent * len(done))) if done else 1
        before = thread_time()
        done += scenes(values[at : at + count])
        spent += thread_time() - before
        if start == 0 and len(done) == 1 and spent > SECONDS:
            return Slice(0, False, spent, b"")
    if not done:
        return Slice(start, False, seconds, b"")
    body = pack(done)
    taken, seconds, size = start + len(done), seconds + spent, size + len(body)
    return Slice(taken, taken < len(values) and seconds < MOST_SECONDS and size < MOST_BYTES, seconds, body)


def pack(scenes):
    """Scenes as bytes: the length of a head (4 bytes), the head (JSON), and the numbers that it points to.

    Float arrays are sent as float32, a heatmap's as one byte a cell between its zmin and zmax. In the head an array is
    [kind, offset, length], a column {"all": array} where it is the same in every scene, else {"each": [array, ...]}.
    """
    numbers = _Numbers()
    names = dict.fromkeys(name for scene in scenes for name in scene)
    pictures = {}
    for name in names:
        column = [scene.get(name) for scene in scenes]
        sample = next(p for p in column if p is not None)
        if isinstance(sample, str):
            pictures[name] = {"text": _column(column)}
        elif "data" in sample and "layout" in sample:
            pictures[name] = _figures(column, numbers)
        else:
            keys = dict.fromkeys(key for p in column if p is not None for key in p)
            pictures[name] = {"arrays": {k: numbers.column([p and p.get(k) for p in column]) for k in keys}}
    return framed({"count": len(scenes), "pictures": pictures}, bytes(numbers.body))


def framed(head, body):
    """The length of a head (4 bytes), the head (JSON), and the body, which begins at a multiple of 4 bytes."""
    head = orjson.dumps(head, default=_plain)
    head += b" " * (-(4 + len(head)) % 4)
    return len(head).to_bytes(4, "little") + head + body


class _Numbers:
    """Arrays one behind the other, equal ones once."""

    def __init__(self):
        self.body, self.known = bytearray(), {}

    def put(self, array):
        """[kind, offset, length] of an array; None for None."""
        if array is None:
            return None
        array = np.asarray(array)
        array = array if array.dtype == np.uint8 else array.astype("<f4")
        raw = array.tobytes()
        found = self.known.get((array.dtype.char, raw))
        if found is None:
            self.body += b"\0" * (-len(self.body) % 4)
            found = self.known[array.dtype.char, raw] = [array.dtype.char, len(self.body), array.size]
            self.body += raw
        return found

    def column(self, arrays):
        return _column([self.put(a) for a in arrays])


def _column(values):
    return {"all": values[0]} if all(v == values[0] for v in values[1:]) else {"each": values}


def _plain(value):
    """What of NumPy is left in a layout."""
    return value.tolist()


def _figures(figures, numbers):
    """Traces by place and name: what they look like, and their arrays; and what of the layout differs."""
    slots = dict.fromkeys((k, t.get("name")) for f in figures if f for k, t in enumerate(f["data"]))
    traces = []
    for k, name in sorted(slots, key=lambda slot: slot[0]):
        own = [f["data"][k] if f and k < len(f["data"]) and f["data"][k].get("name") == name else None for f in figures]
        look = next(t for t in own if t is not None)
        out = {"look": {key: v for key, v in look.items() if key not in (*ARRAYS, "customdata", "hovertemplate")}}
        out["there"] = _column([t is not None for t in own])
        if "z" in look:
            out["z"] = numbers.column([t and _shades(t) for t in own])
            out["ends"] = _column([t and [float(t["zmin"]), float(t["zmax"])] for t in own])
            out["shape"] = _column([t and list(np.shape(t["z"])) for t in own])
        for axis in ("x", "y"):
            out[axis] = numbers.column([t and t.get(axis) for t in own])
        traces.append(out)
    layouts = [f["layout"] if f else {} for f in figures]
    axes = sorted({key for layout in layouts for key in layout if key[1:5] == "axis"})
    return {
        "traces": traces,
        "title": _column([layout.get("title", {}).get("text", "") for layout in layouts]),
        "shapes": _column([list(layout.get("shapes", ())) for layout in layouts]),
        "notes": _column([list(layout.get("annotations", ())) for layout in layouts]),
        "ranges": _column(
            [{a: list(layout[a]["range"]) for a in axes if "range" in layout.get(a, {})} for layout in layouts]
        ),
    }


def _shades(trace):
    """A heatmap's numbers as places on its colour scale."""
    low, high = float(trace["zmin"]), float(trace["zmax"])
    with np.errstate(invalid="ignore", over="ignore"):
        place = np.clip((np.asarray(trace["z"], float) / 2 - low / 2) / (high / 2 - low / 2), 0.0, 1.0)
    return np.where(np.isnan(place), 255, np.round(LEVELS * place)).astype(np.uint8)
