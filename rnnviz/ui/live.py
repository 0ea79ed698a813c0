"""A slider that answers while it is being dragged."""

from functools import partial

import streamlit as st

from .assets import module, read
from .order import serial
from .pulse import gate
from .state import moved, recall, whole_page

_component = st.components.v2.component(
    "rnnviz.live",
    html='<div class="rv-live"><label></label><output></output><input type="range">'
    '<div class="rv-player" hidden><button type="button" class="rv-play">Play</button><label>Speed '
    '<select><option value="1200">slow</option><option value="400" selected>normal</option>'
    '<option value="100">fast</option></select></label></div></div>',
    css=read("live.css"),
    js=module("order.js", "live.js"),
    isolate_styles=False,
)


def live_slider(name, label, bound, high=None, local=False, play=False, powers=False):
    """A live slider over a `Number`, its value kept in the session; returns it. Call it inside a fragment.

    While it moves, the browser draws the scenes of the slider's `Film` (see `films`), and tells the server where it
    rests; where there is no film, the server is asked at every move, once at a time.

    high: a lower upper end than the bound's own. local: also move what the browser marks by itself, the step in figures
    and `numbers`. play: with a button to play through it, which `local` has anyway. powers: whether it holds the
    logarithm of the number that is shown beside it.
    """
    gate.answering()
    high = bound.high if high is None else high
    whole_page()
    kept = st.session_state
    recall(name)
    _take(name, bound)
    kept[name] = bound.clamp(min(kept[name], high))
    data = dict(
        name=name,
        label=label,
        low=bound.low,
        high=high,
        step=bound.step,
        digits=0 if bound.whole else 2,
        value=kept[name],
        number=kept.get(f"taken-{name}", 0),
        local=local,
        play=play or local,
        powers=powers,
    )
    key = f"live-{name}"
    # The message is taken before the page runs, so that the value is the new one wherever it is read.
    _component(
        key=key, data=data | {"serial": serial(key, tuple(data.values()))}, on_value_change=partial(_take, name, bound)
    )
    return kept[name]


def standing():
    """Slider -> value of all live sliders: what a picture was drawn for goes with it to the browser."""
    kept = st.session_state.to_dict()
    return {key[5:]: kept[key[5:]] for key in kept if key.startswith("live-") and key[5:] in kept}


def _take(name, bound):
    """The value of a message that was not taken yet."""
    number, value = _sent(name)
    if number > st.session_state.get(f"taken-{name}", 0):
        st.session_state[f"taken-{name}"] = number
        if bound.accepts(value):
            moved(name, value)


def _sent(name):
    """Number and value of the last message of the browser's side; anything else that came counts as none."""
    state = st.session_state.get(f"live-{name}")
    message = state.get("value") if hasattr(state, "get") else None
    if isinstance(message, dict) and isinstance(message.get("number"), int):
        return message["number"], message.get("value")
    return 0, None
