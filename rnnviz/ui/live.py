"""A slider that answers while it is being dragged."""

import streamlit as st

from .assets import read

_component = st.components.v2.component(
    "rnnviz.live",
    html='<div class="rv-live"><label></label><output></output><input type="range"></div>',
    css=read("live.css"),
    js=read("live.js"),
    isolate_styles=False,
)


def live_slider(name, label, bound, high=None):
    """A live slider over a `Number`, its value kept in the session and, once it rests, in the address.

    high: a lower upper end than the bound's own. Returns the value. Call it inside a fragment.
    """
    high = bound.high if high is None else high
    kept = st.session_state
    sent = (kept.get(f"live-{name}") or {}).get("value") or {}
    number = sent.get("number", 0) if isinstance(sent, dict) else 0
    if number != kept.get(f"live-{name}-number", 0):
        # A component that was mounted anew counts from 1 again.
        kept[f"live-{name}-number"] = number
        if bound.accepts(sent.get("value")):
            kept[name] = bound.clamp(sent["value"])
    value = min(max(kept.get(name, bound.default), bound.low), high)
    kept[name] = bound.clamp(value)
    if not number or sent.get("settled"):
        write_address(name, kept[name], bound.default)
    digits = 0 if bound.whole else 2
    _component(
        key=f"live-{name}",
        data=dict(
            label=label, low=bound.low, high=high, step=bound.step, digits=digits, value=kept[name], number=number
        ),
        on_value_change=lambda: None,
    )
    return kept[name]


def settled(name):
    """Whether a live slider rests, its last value being the one the person means to keep."""
    return ((st.session_state.get(f"live-{name}") or {}).get("value") or {}).get("settled", True)


def write_address(name, value, default):
    """Put a value into the address, or take it out where it is the default."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if value == default:
        if name in st.query_params:
            del st.query_params[name]
    elif st.query_params.get(name) != text:
        st.query_params[name] = text
