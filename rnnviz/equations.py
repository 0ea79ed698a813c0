"""The equations of a cell as text with places for numbers, read off its LaTeX; and those of its gradients."""

import re
from functools import lru_cache

import numpy as np

from .engine.inside import inside
from .names import NAMES
from .scaled import LOG10_2
from .slopes import Unknown, slope

SYMBOL = re.compile(r"([a-z])_\{t-1\}|([axu])_([a-z])|([a-z])_t")
PLAIN = {r"\odot": "·", r"\sigma": "σ", r"\tanh": "tanh", r"\max": "max", " - ": " − "}

PLAIN_POWERS = 30
"""Values from 10**-30 to 10**30 are written as they are; beyond, a power of ten stands apart from them."""


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
                lines[read] = (_words(read), [(f"x_{gate}", f"x_{gate}"), " + ", (f"u_{gate}", f"u_{gate}")])
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


def symbol(value):
    """How a value is written in an equation: f_t, a_f, h_{t-1}; with ∂ before its name the gradient by it."""
    if value.startswith("∂"):
        return f"∂L/∂{symbol(value[1:])}"
    part, _, rest = value.partition("_")
    return f"{part}_{{t-1}}" if rest == "prev" else value if rest else f"{value}_t"


def _words(value):
    part, _, rest = value.partition("_")
    if rest == "prev":
        return f"{NAMES.get(part, part)} of step t−1"
    kind = {"a": "pre-activation", "x": "input's part", "u": "recurrent part"}.get(part if rest else "")
    return f"{kind} of the {NAMES.get(rest, rest)}" if kind else NAMES.get(value, value)


@lru_cache(maxsize=64)
def backward(cell):
    """The lines of the gradients, in the order of the way back: name -> (words, pieces), as `pieces` has them.

    The name of dL/dv is "∂v", and so is that of its value; what comes from elsewhere has names of its own, see
    `gradients`. A piece can also be a dict of the "pieces" of a slope, and its name, "slope".
    """
    first = {read: name for name in reversed(cell.equations) for read in cell.reads[name]}
    names = []
    for name in reversed(cell.equations):
        names += [name, *(read for read in cell.reads[name] if read[:2] in ("a_", "x_", "u_") and first[read] == name)]
    lines = {}
    for value in (*names, *(f"{s}_prev" for s in cell.states)):
        terms = [_term(cell, value, name) for name in cell.equations if value in cell.reads[name]]
        state = value.removesuffix("_prev")
        if value in cell.multiplied.values() or value == "h_prev":
            terms.append([("through U, from all units", f"U {value}")])
        if value == "h":
            terms.insert(0, [("from its loss", "loss")])
        if value in cell.states:
            terms.append([("from step t+1", f"next {value}")])
        elif state in cell.states:
            readers = " and ".join(name for name in cell.equations if state in cell.reads[name])
            way = f"through {readers} of" if readers else "from the loss of"
            terms.append([(f"{way} step t−1", f"before {state}")])
        joined = [piece for k, term in enumerate(terms) for piece in ([" + "] if k else []) + term]
        lines[f"∂{value}"] = (f"by the {_words(value)}", joined)
    return lines


def _term(cell, value, name):
    """dL/d(result of an equation) times the slope of it by one of the values that it reads."""
    try:
        factor = slope(_split(cell.latex[name]), name, value)
    except Unknown:
        factor = [(f"∂{name}/∂{value}", f"{value}>{name}")]
    return [(symbol(f"∂{name}"), f"∂{name}")] + (
        [" · ", {"slope": f"{value}>{name}", "pieces": factor}] if factor else []
    )


def operands(lines):
    """The names of all values that stand in lines."""
    nested = [pieces for _, pieces in lines.values()]
    nested += [piece["pieces"] for pieces in nested for piece in pieces if isinstance(piece, dict)]
    return {piece[1] for pieces in nested for piece in pieces if isinstance(piece, tuple)}


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


def gradients(recording, unit):
    """Name -> (T,) mantissas and (T,) powers of two: what `backward` needs beside the values themselves, of one unit.

    "∂v": dL/dv. "v>w": the slope of w by v. "loss": the partial derivative of L by h_t. "U v": what comes to v
    through U. "next s": what step t + 1 hands back to the state s. "before s": what a state of step t - 1 gets within
    that step, from its loss and from what it was read for.
    """
    found, cell = inside(recording, unit), recording.cell
    back = {f"∂{name}": array for name, array in found.gradients.items()} | {"loss": found.loss}
    back |= {f"U {name}": array for name, array in found.through_u.items()}
    out = {}
    with np.errstate(all="ignore"):
        for s in cell.states:
            handed = _handed(found, f"{s}_prev") + found.through_u["h_prev"] * (s == "h")
            arriving = _handed(found, s) + found.loss * (s == "h")
            out[f"next {s}"] = _moved(handed, 1), _moved(found.exponent, 1)
            out[f"before {s}"] = _moved(arriving, -1), _moved(found.exponent, -1)
    out |= {name: (array, found.exponent) for name, array in back.items()}
    zero = np.zeros_like(found.exponent)
    return out | {f"{value}>{name}": (array, zero) for (value, name), array in found.slopes.items()}


def _handed(found, value):
    """What the equations of a step hand back to a value that they read."""
    return sum(
        (found.gradients[name] * array for (read, name), array in found.slopes.items() if read == value),
        np.zeros(len(found.loss)),
    )


def _moved(array, by):
    """The array so many steps earlier; 0 where there is nothing."""
    out = np.zeros_like(array)
    out[max(-by, 0) : len(out) - max(by, 0)] = array[max(by, 0) : len(out) + min(by, 0)]
    return out


def decimal(mantissa, exponent=0):
    """mantissa * 2**exponent as (mantissa, power of ten), the power being 0 where the plain number is of usual size."""
    with np.errstate(all="ignore"):
        log10 = np.log10(np.abs(mantissa)) + exponent * LOG10_2
        apart = np.isfinite(log10) & (np.abs(log10) > PLAIN_POWERS)
        power = np.where(apart, np.floor(log10), 0.0)
        plain = np.ldexp(mantissa, np.broadcast_to(exponent, np.shape(mantissa)))
        return np.where(apart, np.sign(mantissa) * 10.0 ** (log10 - power), plain), power
