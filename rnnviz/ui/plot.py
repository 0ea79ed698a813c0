"""A figure drawn in place, with PNG, SVG and CSV to take away."""

import base64

import numpy as np
import orjson
import streamlit as st

from .. import __version__
from ..glossary import bare
from .assets import module, plotly_address, read
from .live import standing
from .order import numbered
from .words import words

BUTTONS = "".join(
    f'<button type="button" data-kind="{k.lower()}" aria-label="Download this figure as {k}">{k}</button>'
    for k in ("PNG", "SVG", "CSV")
)
_component = st.components.v2.component(
    "rnnviz.plot",
    html='<div class="rv-plot"><div class="rv-title"></div><div class="rv-figure"></div>'
    f'<div class="rv-mark" hidden></div><div class="rv-take">{BUTTONS}</div></div>',
    css=read("plot.css"),
    js=module("order.js", "scale.js", "join.js", "painter.js", "take.js", "plot.js"),
    isolate_styles=False,
)


def plot(figure, key, how_to_read, caption=True):
    """Draw a `Figure`; figures of the same key replace one another without a new chart being mounted.

    how_to_read: a sentence or two, with [[words]] of the glossary. caption: whether it stands below the figure.
    """
    message = as_json(
        {
            "at": standing(),
            "library": plotly_address(),
            "version": __version__,
            "name": key,
            "label": bare(how_to_read),
            "figure": figure,
        }
    )
    _component(key=f"plot-{key}", data=numbered(f"plot-{key}", message))
    if caption:
        words(how_to_read, f"how-{key}", "caption")


def as_json(message):
    """What the browser gets, as bytes."""
    return orjson.dumps(message, default=_plain)


def _plain(value):
    """Floats as plotly.js reads them fastest, everything else of NumPy as lists and numbers."""
    if value.dtype.kind != "f" or not value.ndim:
        return value.tolist()
    numbers = base64.b64encode(np.ascontiguousarray(value)).decode()
    return {"dtype": value.dtype.str[1:], "bdata": numbers, "shape": ",".join(map(str, value.shape))}
