"""The loop over time, forward: the one loop for every cell."""

from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import numpy as np

from .plan import columns, plan, product_for, refuse_mixing
from .tape import run, value_of


@dataclass(eq=False)
class Trajectory:
    """What the forward loop leaves behind, K being absent where there is no ensemble.

    x, u: (T, K, B, G*H), the two parts of the pre-activations; a is their sum.
    states: name -> (T+1, K, B, H), index 0 the initial state. values: name -> (T, K, B, H), for every equation that is
    not a state.
    """

    x: np.ndarray
    u: np.ndarray
    states: dict
    values: dict

    @cached_property
    def a(self):
        with np.errstate(all="ignore"):
            return self.x + self.u

    @cached_property
    def overflow_step(self):
        """(K,) the first step, counted from 1, whose state is not finite; 0 where none is."""
        with np.errstate(all="ignore"):
            # A sum that is finite has finite terms only, and is quicker to look at.
            if all(np.isfinite(array.sum()) for array in self.states.values()):
                return np.zeros(self.x.shape[1:-2], int)
        finite = np.all([np.isfinite(array[1:]).all(axis=(-1, -2)) for array in self.states.values()], axis=0)
        return np.where(finite.all(axis=0), 0, np.argmin(finite, axis=0) + 1)


def unroll(cell, parameters, inputs, initial):
    """Run the cell over a sequence.

    parameters: `Parameters`, W (K, D, G*H). inputs: (T, K, B, D), or (T, 1, B, D) where K networks share them.
    initial: state name -> (K, B, H). K is absent from all where there is no ensemble. Returns a `Trajectory`. Raises
    ValueError for a cell whose equations do not work unit by unit.
    """
    trajectory, steps = prepared(cell, parameters, inputs, initial)
    with np.errstate(all="ignore"):
        run(steps)
    return trajectory


def prepared(cell, parameters, inputs, initial):
    """The `Trajectory` of `unroll` before its first step, and the operations of a step, see `tape.run`."""
    width = parameters.U.shape[-2]
    refuse_mixing(cell, width)
    with np.errstate(all="ignore"):
        x = _input_product(inputs, parameters.W)
        x += parameters.b[..., None, :]
    b_rec = parameters.b_rec[..., None, :] if parameters.b_rec.any() else None
    trajectory = Trajectory(x, np.empty_like(x), {}, {})
    for name in cell.states:
        trajectory.states[name] = np.empty((len(x) + 1, *initial[name].shape), x.dtype)
        trajectory.states[name][0] = initial[name]
    return trajectory, _operations(cell, parameters.U, b_rec, trajectory, width)


def _input_product(inputs, W):
    """inputs W for all steps at once: one matrix product a network instead of one a step."""
    if W.ndim == 2:
        return (inputs.reshape(-1, W.shape[0]) @ W).reshape(*inputs.shape[:-1], W.shape[1])
    steps, _, batch, size = inputs.shape
    networks_first = np.moveaxis(inputs, 1, 0).reshape(-1, steps * batch, size) @ W
    return np.ascontiguousarray(np.moveaxis(networks_first.reshape(len(W), steps, batch, -1), 0, 1))


def _operations(cell, U, b_rec, trajectory, width):
    """One step as operations in order, which also write to the trajectory's values."""
    walk, product, out = plan(cell), product_for(cell, U), []
    x, u, states = trajectory.x, trajectory.u, trajectory.states
    a = np.empty_like(x[0])
    operand = {f"{s}_prev": array[:-1] for s, array in states.items()}
    for k, g in enumerate(cell.gates):
        own = slice(k, k + 1)
        operand |= {f"a_{g}": repeat(columns(a, own, width)), f"x_{g}": columns(x, own, width),
                    f"u_{g}": columns(u, own, width)}

    def multiply(vector, gates):
        x_k, u_k, a_k = (columns(array, gates, width) for array in (x, u, a))
        out.append((product, vector, repeat(np.ascontiguousarray(columns(U, gates, width))), u_k))
        if b_rec is not None:
            out.append((np.add, u_k, repeat(columns(b_rec, gates, width)), u_k))
        out.append((np.add, x_k, u_k, repeat(a_k)))

    multiply(states["h"][:-1], walk.early)
    for stage in walk.stages:
        if stage.product:
            gates, vector = stage.product
            multiply(operand[vector], gates)
        read = [repeat(columns(a, stage.columns, width))] if stage.columns else [operand[r] for r in stage.reads]
        if len(stage.names) == 1 and stage.names[0] in states:
            whole = states[stage.names[0]][1:]
        else:
            whole = np.empty((*x.shape[:-1], len(stage.names) * width), x.dtype)
        operands = {f"argument {j}": operand for j, operand in enumerate(read)} | {"value": whole}
        equation = value_of(stage.function, len(read), whole.shape[-1], x.dtype)
        out += equation.operations(operands, lambda kind, shape=whole.shape[1:]: repeat(np.empty(shape, kind)))
        for j, name in enumerate(stage.names):
            operand[name] = columns(whole, slice(j, j + 1), width)
            if name not in states:
                trajectory.values[name] = operand[name]
            elif len(stage.names) > 1:
                out.append((np.copyto, states[name][1:], operand[name]))
    return out
