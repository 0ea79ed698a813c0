"""The network unrolled in time: forward step by step, then the gradient on its way back, over its curve."""

import base64

import numpy as np
import orjson
import streamlit as st

from .. import __version__
from ..figures.unrolled import Network
from .assets import module, read
from .live import standing
from .order import numbered

PRESSED = "".join(
    f'<button type="button" data-act="{act}" aria-label="{words}" title="{words}">{shown}</button>'
    for act, shown, words in (
        ("back", "‹", "One step back (arrow left)"),
        ("play", "Play", "Play or pause (space)"),
        ("on", "›", "One step on (arrow right)"),
    )
)
TAKEN = "".join(
    f'<button type="button" data-kind="{k.lower()}" aria-label="Download this picture as {k}">{k}</button>'
    for k in ("PNG", "SVG")
)
_component = st.components.v2.component(
    "rnnviz.unrolled",
    html='<div class="rv-net" tabindex="0" role="group"><div class="rv-net-head">'
    f'<div class="rv-net-play">{PRESSED}</div><div class="rv-net-says" aria-live="polite"></div>'
    f'<div class="rv-take">{TAKEN}</div></div><div class="rv-net-legend"></div>'
    '<div class="rv-net-picture"></div><div class="rv-net-table"></div></div>',
    css=read("plot.css", "unrolled.css"),
    js=module("order.js", "scale.js", "join.js", "take.js", "unrolled.js"),
    isolate_styles=False,
)


def network(drawn, key="unrolled", tokens=()):
    """Draw a `figures.unrolled.Network`; those of the same key replace one another without anything being mounted anew.

    tokens: the names of the inputs, where they have some.
    """
    message = {
        "at": standing(),
        "version": __version__,
        "name": key,
        "tokens": list(tokens),
        **drawn.look,
        "numbers": drawn.numbers,
    }
    _component(key=key, data=numbered(key, orjson.dumps(message, default=_as_bytes)))


def moving(seen):
    """Everything of a page by name as a film takes it: of a `Network`, what moves."""
    return {name: part.numbers if isinstance(part, Network) else part for name, part in seen.items()}


def _as_bytes(array):
    """An array as the browser reads it, what is infinite and what is no number included."""
    return {"bdata": base64.b64encode(np.ascontiguousarray(array, "<f8")).decode()}
