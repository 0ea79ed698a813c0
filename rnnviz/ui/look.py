"""How all pages look: light, dark, or for a projector; where nothing is chosen, as the browser prefers."""

import streamlit as st

from . import state
from .assets import HERE, module, read
from .order import serial

DRAWINGS = {
    "light": '<circle cx="12" cy="12" r="4.5"/><path d="M12 1.5v3m0 15v3m10.5-10.5h-3m-15 0h-3M19.4 4.6l-2.1 2.1M6.7 '
    '17.3l-2.1 2.1m14.8 0l-2.1-2.1M6.7 6.7L4.6 4.6"/>',
    "dark": '<path d="M20.5 14.5A9 9 0 0 1 9.5 3.5a9 9 0 1 0 11 11z"/>',
    "projector": '<path d="M2 4h20M4 4v11h16V4m-8 11v3m-4.5 4l4.5-4l4.5 4"/>',
}
BUTTONS = "".join(
    f'<button type="button" data-look="{name}" aria-label="{name.capitalize()}" title="{name.capitalize()}: {help}; '
    f'again for what your device prefers"><svg viewBox="0 0 24 24" aria-hidden="true">{DRAWINGS[name]}</svg></button>'
    for name, help in state.LOOKS.items()
    if name
)
_component = st.components.v2.component(
    "rnnviz.look",
    html=f'<div class="rv-look" role="group" aria-label="Look">{BUTTONS}</div>',
    css=read("look.css"),
    js=module("order.js", "look.js"),
    isolate_styles=False,
)


def look():
    """Give the page its look. Call it once the controls are set, before anything is drawn."""
    if state.held("look") == "projector":
        st.html(HERE / "projector.css")


def look_switch():
    """The switch between the looks. Call it once a page."""
    data = {"look": st.session_state["look"], "hidden": st.context.is_embedded}
    _component(key="look-switch", data=data | {"serial": serial("look", tuple(data.values()))}, on_chosen_change=_take)


def _take():
    chosen = st.session_state["look-switch"].get("chosen")
    if state.CONTROLS["look"].accepts(chosen):
        state.put({"look": chosen})
