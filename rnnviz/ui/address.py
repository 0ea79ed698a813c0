"""The address bar, kept by the browser: a fragment cannot write it, and Streamlit knows no history of settings."""

from urllib.parse import urlencode

import streamlit as st

from .assets import module
from .order import serial
from .state import address

_component = st.components.v2.component(
    "rnnviz.address",
    html='<div class="rv-address" hidden></div>',
    js=module("order.js", "address.js"),
    isolate_styles=False,
)


def keep_address():
    """Have the address bar show the current settings. Call it at the end of every page, in its fragment if it has one.

    What a page arrives with takes the place of the address that led to it; any later change is a new entry.
    """
    data = {"address": urlencode(address(), doseq=True), "replace": st.session_state.pop("arrived", False)}
    _component(key="address", data=data | {"serial": serial("address", tuple(data.values()))})
