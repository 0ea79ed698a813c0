"""One unit's numbers at the step that the page stands at: the cell's wiring, and its equations worked out."""

import orjson
import streamlit as st

from ..equations import pieces, values
from ..figures import wiring
from .assets import read
from .order import numbered

_component = st.components.v2.component(
    "rnnviz.numbers",
    html='<div class="rv-numbers"><div class="rv-title"></div><div class="rv-where" aria-live="polite"></div>'
    '<div class="rv-wiring"></div><div class="rv-words">x with an index is what the input brings, x<sub>t</sub>W + b; '
    "u is what the previous hidden state brings, h<sub>t−1</sub>U. Each gate has its own columns of W and U.</div>"
    '<div class="rv-lines"></div></div>',
    css=read("numbers.css"),
    js=read("order.js", "numbers.js"),
    isolate_styles=False,
)


def numbers(recording, unit, step, key, tokens=()):
    """Draw the wiring and the equations of one unit, counted from 1; a local live slider moves the step."""
    lines = [
        {"name": name, "symbol": name if "_" in name else f"{name}_t", "words": words, "pieces": parts}
        for name, (words, parts) in pieces(recording.cell).items()
    ]
    message = {
        "title": f"{recording.cell.title}, unit {unit}",
        "svg": wiring(recording.cell),
        "lines": lines,
        "values": {name: array.tolist() for name, array in values(recording, unit).items()},
        "tokens": list(tokens),
        "step": step,
    }
    _component(key=f"numbers-{key}", data=numbered(f"numbers-{key}", orjson.dumps(message)))
