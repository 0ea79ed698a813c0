"""A slider that answers while it is being dragged."""

import streamlit as st

from .assets import read
from .order import serial

_component = st.components.v2.component(
    "rnnviz.live",
    html='<div class="rv-live"><label></label><output></output><input type="range">'
    '<div class="rv-player" hidden><button type="button" class="rv-play">Play</button><label>Speed '
    '<select><option value="1200">slow</option><option value="400" selected>normal</option>'
    '<option value="100">fast</option></select></label></div></div>',
    css=read("live.css"),
    js=read("order.js", "live.js"),
    isolate_styles=False,
)


def live_slider(name, label, bound, high=None, local=False, play=False):
    """A live slider over a `Number`, its value kept in the session, and in the address by the browser.

    high: a lower upper end than the bound's own. local: move what the browser holds (figures with a step, `numbers`),
    and tell the server only once it rests. play: with a button to play through it, which `local` has anyway. Returns
    the value. Call it inside a fragment.
    """
    high = bound.high if high is None else high
    kept = st.session_state
    sent = _sent(name)
    if sent["number"] != kept.get(f"live-{name}-number", 0):
        # A component that was mounted anew counts from 1 again.
        kept[f"live-{name}-number"] = sent["number"]
        if bound.accepts(sent["value"]):
            kept[name] = sent["value"]
    kept[name] = bound.clamp(min(kept.get(name, bound.default), high))
    data = dict(
        name=name,
        label=label,
        low=bound.low,
        high=high,
        step=bound.step,
        digits=0 if bound.whole else 2,
        value=kept[name],
        number=sent["number"],
        local=local,
        play=play or local,
    )
    key = f"live-{name}"
    _component(key=key, data=data | {"serial": serial(key, tuple(data.values()))}, on_value_change=lambda: None)
    return kept[name]


def _sent(name):
    """The last message of the browser's side; anything else that came through the socket counts as none."""
    state = st.session_state.get(f"live-{name}")
    message = state.get("value") if hasattr(state, "get") else None
    if isinstance(message, dict) and isinstance(message.get("number"), int):
        return {"number": message["number"], "value": message.get("value"), "settled": bool(message.get("settled"))}
    return {"number": 0, "value": None, "settled": True}


def settled(name):
    """Whether a live slider rests, its last value being the one the person means to keep."""
    return _sent(name)["settled"]
