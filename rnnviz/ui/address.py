"""The address bar, kept whole by the browser while a fragment runs, which cannot write it itself."""

from urllib.parse import urlencode

import streamlit as st

from .assets import read
from .order import serial
from .state import address

_component = st.components.v2.component(
    "rnnviz.address",
    html='<div class="rv-address" hidden></div>',
    js=read("order.js", "address.js"),
    isolate_styles=False,
)


def keep_address():
    """Have the address bar show the current settings, and return them. Call it at the end of a fragment."""
    now = address()
    text = urlencode(now, doseq=True)
    _component(key="address", data={"address": text, "serial": serial("address", text)})
    return now
