"""A figure drawn in place, with PNG, SVG and CSV to take away."""

import orjson
import streamlit as st

from .assets import plotly_address, read

BUTTONS = "".join(
    f'<button type="button" data-kind="{k.lower()}" aria-label="Download this figure as {k}">{k}</button>'
    for k in ("PNG", "SVG", "CSV")
)
_component = st.components.v2.component(
    "rnnviz.plot",
    html='<div class="rv-plot"><div class="rv-title"></div><div class="rv-figure"></div>'
    f'<div class="rv-mark" hidden></div><div class="rv-take">{BUTTONS}</div></div>',
    css=read("plot.css"),
    js=read("plot.js"),
    isolate_styles=False,
)


def plot(figure, key, how_to_read):
    """Draw a `go.Figure`; figures of the same key replace one another without a new chart being mounted."""
    message = {"library": plotly_address(), "name": key, "label": how_to_read}
    data = orjson.dumps(message)[:-1] + b',"figure":' + figure.to_json(engine="orjson").encode() + b"}"
    _component(key=f"plot-{key}", data=data)
    st.caption(how_to_read)
