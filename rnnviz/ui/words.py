"""Computed sentences that follow a live slider while it moves."""

import streamlit as st

from .assets import module, read
from .live import standing
from .order import serial

_component = st.components.v2.component(
    "rnnviz.words",
    html='<div class="rv-sentences" aria-live="polite"></div>',
    css=read("words.css"),
    js=module("order.js", "join.js", "words.js"),
    isolate_styles=False,
)


def words(text, key):
    """Draw sentences: paragraphs, **bold**, ##### headings and what `plain` makes of a user's own words.

    key: the name under which the scenes of a `Film` have the sentences of other values.
    """
    data = {"at": standing(), "name": key, "text": text}
    _component(key=f"words-{key}", data=data | {"serial": serial(f"words-{key}", repr(data))})
