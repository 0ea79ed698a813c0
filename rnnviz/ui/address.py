"""The address bar, kept by the browser: a fragment cannot write it, and Streamlit knows no history of settings."""

from urllib.parse import urlencode

import streamlit as st

from .assets import module
from .order import serial
from .state import acknowledged, address, redrawn

_component = st.components.v2.component(
    "rnnviz.address",
    html='<div class="rv-address" hidden></div>',
    js=module("order.js", "address.js"),
    isolate_styles=False,
)


@st.fragment
def keep_address():
    """Have the address bar show the current settings. Call it at the end of every page, in its fragment if it has one.

    What a page arrives with takes the place of the address that led to it; any later change is a new entry. The browser
    tells which `put` it knows of: this comes last, so that it knows of all controls by then. In a fragment of its own,
    so that telling runs nothing else.
    """
    redrawn()
    kept = st.session_state
    told = kept.get("address")
    acknowledged(told.get("put") if hasattr(told, "get") else 0)
    data = {
        "address": urlencode(address(), doseq=True),
        "replace": kept.pop("arrived", False),
        "put": kept.get("under_way", (0,))[0],
        # Slider and number of its last message, one after the other: an address of a run before is none to be written.
        "heard": tuple(sorted((key[6:], n) for key, n in kept.to_dict().items() if key.startswith("taken-"))),
    }
    _component(
        key="address", data=data | {"serial": serial("address", tuple(data.values()))}, on_put_change=lambda: None
    )
