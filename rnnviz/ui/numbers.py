"""One unit's numbers at the step that the page stands at: the cell's wiring, and its equations worked out."""

import orjson
import streamlit as st

from ..equations import pieces, values
from ..figures import wiring
from .assets import module, read
from .live import standing
from .order import numbered

_component = st.components.v2.component(
    "rnnviz.numbers",
    html='<div class="rv-numbers"><div class="rv-title"></div><div class="rv-where" aria-live="polite"></div>'
    '<div class="rv-wiring"></div><div class="rv-words">x with an index is what the input brings, x<sub>t</sub>W + b; '
    "u is what the previous hidden state brings, h<sub>t−1</sub>U. Each gate has its own columns of W and U.</div>"
    '<div class="rv-lines"></div></div>',
    css=read("numbers.css"),
    js=module("order.js", "join.js", "numbers.js"),
    isolate_styles=False,
)


def numbers(recording, unit, step, key, tokens=()):
    """Draw the wiring and the equations of one unit, counted from 1; a local live slider moves the step."""
    lines = [
        {"name": name, "symbol": name if "_" in name else f"{name}_t", "words": words, "pieces": parts}
        for name, (words, parts) in pieces(recording.cell).items()
    ]
    name = f"numbers-{key}"
    found = unit_scene(recording, unit, key)
    message = {
        "at": standing(),
        "name": name,
        "title": found[f"{name}-title"],
        "svg": wiring(recording.cell),
        "lines": lines,
        "values": {value: array.tolist() for value, array in found[name].items()},
        "tokens": list(tokens),
        "step": step,
    }
    _component(key=name, data=numbered(name, orjson.dumps(message)))


def unit_scene(recording, unit, key):
    """What a `Film` has of the same: name -> the unit's values at every step, and the title."""
    name = f"numbers-{key}"
    return {name: values(recording, unit), f"{name}-title": f"{recording.cell.title}, unit {unit}"}
