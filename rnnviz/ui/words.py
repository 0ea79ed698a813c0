"""Computed sentences that follow a live slider while it moves, whose words of the glossary open what they mean."""

import json

import streamlit as st

from ..glossary import GLOSSARY
from .assets import module, read
from .live import standing
from .order import serial

_component = st.components.v2.component(
    "rnnviz.words",
    html='<div class="rv-sentences" aria-live="polite"></div>',
    css=read("words.css"),
    js=module("order.js", "join.js", "words.js", given=f"const GLOSSARY = {json.dumps(GLOSSARY)};\n"),
    isolate_styles=False,
)


def listed(*names):
    """Draw the words of the glossary that a page uses, to be opened. Call it once a page."""
    words("Words: " + " · ".join(f"[[{name}]]" for name in names), "how-words")


def words(text, key, size="text"):
    """Draw sentences: paragraphs, **bold**, [[words]] of the glossary, ##### headings, and what `plain` makes of a
    user's own words.

    key: the name under which the scenes of a `Film` have the sentences of other values. size: "text"; "verdict", for
    what is read from the back row; "caption".
    """
    data = {"at": standing(), "name": key, "text": text, "size": size}
    _component(key=f"words-{key}", data=data | {"serial": serial(f"words-{key}", repr(data))})
