"""The equations of a cell as text with places for numbers, read off its LaTeX."""

import re

from .names import NAMES

SYMBOL = re.compile(r"([a-z])_\{t-1\}|([axu])_([a-z])|([a-z])_t")
PLAIN = {r"\odot": "·", r"\sigma": "σ", r"\tanh": "tanh", r"\max": "max"}


def pieces(cell):
    """The lines to work through by hand, in order: name -> (words, pieces).

    A piece is a text, or a pair (symbol, name of the value that stands there). Pre-activations come first, each
    before the equation that needs it.
    """
    lines = {}
    for name in cell.equations:
        for read in cell.reads[name]:
            part, _, gate = read.partition("_")
            if part == "a" and read not in lines:
                lines[read] = (
                    f"pre-activation of the {NAMES.get(gate, gate)}",
                    [(f"x_{gate}", f"x_{gate}"), " + ", (f"u_{gate}", f"u_{gate}")],
                )
        lines[name] = (NAMES.get(name, name), _split(cell.latex[name]))
    return lines


def _split(latex):
    for command, plain in PLAIN.items():
        latex = latex.replace(command, plain)
    out, at = [], 0
    for match in SYMBOL.finditer(latex):
        previous, part, gate, now = match.groups()
        if previous:
            symbol, value = f"{previous}_{{t-1}}", f"{previous}_prev"
        elif part:
            symbol, value = f"{part}_{gate}", f"{part}_{gate}"
        else:
            symbol, value = f"{now}_t", now
        out += [latex[at : match.start()], (symbol, value)]
        at = match.end()
    return [piece for piece in [*out, latex[at:]] if piece]


def values(recording, unit, batch=0):
    """Name -> (T,) every number that the lines of `pieces` need, for one unit, counted from 1."""
    j = unit - 1
    out = {}
    for gate in recording.cell.gates:
        out[f"x_{gate}"] = recording.input_terms[gate][:, batch, j]
        out[f"u_{gate}"] = recording.recurrent_terms[gate][:, batch, j]
        out[f"a_{gate}"] = recording.preactivations[gate][:, batch, j]
    out |= {name: array[:, batch, j] for name, array in recording.gates.items()}
    for name, array in recording.states.items():
        out[name] = array[1:, batch, j]
        out[f"{name}_prev"] = array[:-1, batch, j]
    return out
