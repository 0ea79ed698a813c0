"""Backward inside a step: the gradient of the loss by every value that a cell computes, for one unit at all steps.

The backward pass carries the gradients by the states. Those by gates and pre-activations follow from them: the sum,
over the equations that read a value, of the gradient by their result times their slope by that value.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..arguments import whole
from .anatomy import _one
from .plan import columns, plan
from .tape import derivatives, placeholders, program, replay


@dataclass(frozen=True, eq=False)
class Inside:
    """One unit's gradients and slopes, arrays (T,). A gradient is what is stored times 2**exponent.

    gradients: value -> dL/d of it, for pre-activations a_k (or x_k and u_k, where they are read apart), results of
    equations, and states of the previous step, "h_prev". They are total: dL/dc_t includes the way through h_t, and
    dL/dh_{t-1} a loss of step t - 1. slopes: (value, name of an equation that reads it) -> derivative of that equation.
    through_u: vector that U multiplies ("h_prev" or the name of an equation) -> the part of the gradient by it that
    comes through U, from all gates of all units. loss: the partial derivative of L by h_t. exponent: powers of two.
    """

    gradients: dict
    slopes: dict
    through_u: dict
    loss: np.ndarray
    exponent: np.ndarray


def inside(recording, unit):
    """The `Inside` of a unit, counted from 1.

    Raises ValueError for more than one network or sequence, or no such unit.
    """
    _one(recording)
    j = whole("unit", unit, 1, recording.hidden_size) - 1
    cell, back, H = recording.cell, recording.back, recording.hidden_size
    slopes = _slopes_of(recording, j)
    exponent = np.zeros(recording.steps + 1, int) if back.exponent is None else back.exponent
    with np.errstate(all="ignore"):
        found = {name: back.cuts[name][1:, 0, j] for name in cell.cuts}
        for name in (*reversed(cell.equations), *(read for read, _ in slopes)):
            if name not in found and not name.endswith("_prev"):
                terms = (found[reader] * slope for (read, reader), slope in slopes.items() if read == name)
                found[name] = sum(terms, np.zeros(recording.steps))
        change = np.diff(exponent)
        found |= {f"{s}_prev": np.ldexp(back.cuts[s][:-1, 0, j], -change) for s in cell.states}
        walk, gates, U = plan(cell), back.gates[:, 0], recording.parameters.U[j]
        late = [stage.product for stage in walk.stages if stage.product]
        through = {
            name: columns(gates, block, H) @ columns(U, block, H) for block, name in [(walk.early, "h_prev"), *late]
        }
        loss = np.ldexp(recording.output_gradient[:, 0, j], -exponent[1:])
    return Inside(found, slopes, through, loss, exponent[1:])


@lru_cache(maxsize=64)
def _program(cell, dtype):
    """The `Program` of the slopes of all equations by what they read, keyed (value, equation)."""
    reads = list(dict.fromkeys(read for name in cell.equations for read in cell.reads[name]))
    arguments, calls = placeholders(len(reads), 2, dtype)
    given, wanted = dict(zip(reads, arguments)), {}
    for name, function in cell.equations.items():
        _, partials = derivatives(function, [given[read] for read in cell.reads[name]])
        wanted |= {(read, name): partial for read, partial in zip(cell.reads[name], partials)}
    return program(calls, given, wanted), reads, list(wanted)


def _slopes_of(recording, j):
    """(value, equation) -> (T,) the slopes of unit j, from 0."""
    slopes, reads, wanted = _program(recording.cell, recording.h.dtype)
    known = {name: [array[:, 0, j]] for name, array in (*recording.gates.items(), *recording.forward.given.items())}
    for name, array in recording.states.items():
        known |= {name: [array[1:, 0, j]], f"{name}_prev": [array[:-1, 0, j]]}
    for part, blocks in (
        ("a", recording.preactivations),
        ("x", recording.input_terms),
        ("u", recording.recurrent_terms),
    ):
        known |= {f"{part}_{gate}": [array[:, 0, j]] for gate, array in blocks.items()}
    found = {key: np.empty(recording.steps, recording.h.dtype) for key in wanted}
    operands = {name: known[name] for name in reads} | {key: [array] for key, array in found.items()}
    with np.errstate(all="ignore"):
        replay(slopes.operations(operands, lambda dtype: [np.empty(recording.steps, dtype)]))
    return found
