"""One unit's numbers at the step that the page stands at: the cell's wiring, and its equations, forward or backward."""

import numpy as np
import orjson
import streamlit as st

from ..equations import backward, decimal, gradients, operands, pieces, symbol, values
from ..figures import wiring
from .assets import module, read
from .live import standing
from .order import numbered

_component = st.components.v2.component(
    "rnnviz.numbers",
    html='<div class="rv-numbers"><div class="rv-title"></div><div class="rv-where" aria-live="polite"></div>'
    '<div class="rv-wiring"></div><div class="rv-words rv-how"></div>'
    '<div class="rv-words rv-beyond" hidden>float64 holds numbers from 10⁻³⁰⁸ to 10³⁰⁸. Here some are beyond: their '
    'power of ten is carried apart, so that none becomes 0 or infinite.</div><div class="rv-lines"></div></div>',
    css=read("numbers.css"),
    js=module("order.js", "join.js", "numbers.js"),
    isolate_styles=False,
)

HOW = {
    "forward": "x with an index is what the input brings, x_{t} W + b; u is what the previous hidden state brings, "
    "h_{t-1} U. Each gate has its own columns of W and U.",
    "backward": "∂L/∂ of a value: by how much the loss L changes if that value changes a little, for each 1 that it "
    "changes. An arrow is as wide as what goes back on it is large, beside the largest of this step.",
}


def numbers(recording, unit, step, key, tokens=(), direction="forward"):
    """Draw the wiring and the equations of one unit, counted from 1; a local live slider moves the step.

    direction: "forward", or "backward" for the gradients of the loss by the same values.
    """
    back = direction == "backward"
    lines = [
        {"name": name, "symbol": symbol(name), "words": words, "pieces": parts}
        for name, (words, parts) in (backward if back else pieces)(recording.cell).items()
    ]
    name = f"numbers-{key}"
    found = unit_scene(recording, unit, key, direction)
    message = {
        "at": standing(),
        "name": name,
        "direction": direction,
        "how": HOW[direction],
        "title": found[f"{name}-title"],
        "svg": wiring(recording.cell),
        "lines": lines,
        "values": {value: array.tolist() for value, array in found[name].items()},
        "tokens": list(tokens),
        "step": step,
    }
    _component(key=name, data=numbered(name, orjson.dumps(message)))


def unit_scene(recording, unit, key, direction="forward"):
    """What a `Film` has of the same: name -> the unit's values at every step, and the title.

    A value that is too large or too small for a plain number has its power of ten apart, as "power of <its name>".
    """
    name, none = f"numbers-{key}", np.zeros(recording.steps, int)
    known = {value: (array, none) for value, array in values(recording, unit).items()}
    if direction == "backward":
        used = operands(backward(recording.cell)) | {"h"}
        known = {value: pair for value, pair in known.items() if value in used} | gradients(recording, unit)
    mantissas, powers = decimal(*(np.stack(part) for part in zip(*known.values())))
    arrays = dict(zip(known, mantissas))
    arrays |= {f"power of {value}": power for value, power in zip(known, powers) if power.any()}
    return {name: arrays, f"{name}-title": f"{recording.cell.title}, unit {unit}, {direction}"}
