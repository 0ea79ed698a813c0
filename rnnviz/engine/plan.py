"""How the loops of the engine walk through a cell: which columns, which views, in which order."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Stage:
    """One call of a function: an equation, or one activation over adjacent gates.

    names: what it produces. reads: the names of what it reads. columns: its gates, when it is an activation of their
    pre-activations alone. product: the gates whose recurrent product must be taken before it, and of which vector.
    """

    names: tuple[str, ...]
    function: object
    reads: tuple[str, ...]
    columns: slice | None = None
    product: tuple[slice, str] | None = None


@dataclass(frozen=True)
class Plan:
    """A cell's stages, the gates whose recurrent product is that of h_{t-1}, and those read as x_k and u_k apart."""

    cell: object
    stages: tuple[Stage, ...]
    early: slice
    apart: tuple[int, ...]


@lru_cache(maxsize=64)
def plan(cell):
    """The plan of a cell; equal activations of adjacent gates become one call."""
    late = [g for g in cell.gates if g in cell.multiplied]
    if late and (late != list(cell.gates[-len(late) :]) or len(set(cell.multiplied.values())) > 1):
        raise ValueError(
            f"The gates of cell {cell.name!r} that multiply another vector than h_prev must be the last ones "
            f"and multiply the same vector. Got {cell.multiplied!r} instead."
        )
    early = slice(0, len(cell.gates) - len(late))
    stages = []
    for name, function in cell.equations.items():
        reads = cell.reads[name]
        columns = product = None
        if reads == (f"a_{name}",):
            k = cell.gates.index(name)
            columns = slice(k, k + 1)
        touched = {r[2:] for r in reads if r[:2] in ("a_", "x_", "u_") and r[2:] in late}
        if touched and not any(s.product for s in stages):
            product = (slice(early.stop, len(cell.gates)), cell.multiplied[late[0]])
        last = stages[-1] if stages else None
        if (
            last is not None
            and columns is not None
            and product is None
            and last.columns is not None
            and last.function is function
            and last.columns.stop == columns.start
        ):
            stages[-1] = Stage(
                (*last.names, name), function, last.reads + reads, slice(last.columns.start, columns.stop), last.product
            )
        else:
            stages.append(Stage((name,), function, reads, columns, product))
    read = {r for reads in cell.reads.values() for r in reads}
    return Plan(cell, tuple(stages), early, tuple(k for k, g in enumerate(cell.gates) if f"u_{g}" in read))


@lru_cache(maxsize=256)
def refuse_mixing(cell, width):
    """Raise ValueError for an equation that computes a unit, or a sequence, from another one's arguments.

    The derivative of each unit by itself, which is all that the engine takes, would not be the whole of it. Some of the
    arguments are changed, in turns such that any two units are told apart; where they are not, no result may change.
    """
    rng, units = np.random.default_rng(0), np.arange(2 * width).reshape(2, width)
    for name, function in cell.equations.items():
        arguments, others = rng.normal(size=(2, len(cell.reads[name]), 2, width))
        with np.errstate(all="ignore"):
            result = function(*arguments)
            for bit in range(int(2 * width - 1).bit_length()):
                for changed in ((units >> bit) % 2 == 0, (units >> bit) % 2 == 1):
                    moved = function(*np.where(changed, others, arguments))
                    one, other = (np.where(changed, 0.0, array) for array in (result, moved))
                    if not np.array_equal(one, other, equal_nan=True):
                        raise ValueError(
                            f"The equation {name!r} of cell {cell.name!r} must compute each unit from that unit's own "
                            "arguments, as the gradient is taken unit by unit. Got one in which units or sequences "
                            "depend on one another instead, as in layer normalisation and softmax."
                        )


def runs(gates):
    """Neighbouring numbers as slices."""
    found = []
    for k in sorted(gates):
        if found and found[-1].stop == k:
            found[-1] = slice(found[-1].start, k + 1)
        else:
            found.append(slice(k, k + 1))
    return found


def columns(array, gates, hidden_size):
    """The view of the columns of some gates, in an array (..., G*H)."""
    return array[..., gates.start * hidden_size : gates.stop * hidden_size]


def by_gate(array, gate_count):
    """(..., G*H) as a view (..., G, H)."""
    return array.reshape((*array.shape[:-1], gate_count, array.shape[-1] // gate_count))


def product_for(cell, U):
    """The matrix product for (..., B, H) by blocks of U: np.dot is the quicker one where there is no ensemble.

    np.dot writes into contiguous arrays only, so a cell in two stages goes through matmul.
    """
    return np.dot if U.ndim == 2 and not cell.multiplied else np.matmul
