"""The loop over time, forward: the one loop for every cell."""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat

import numpy as np

from .links import normalise
from .plan import columns, plan, product_for, refuse_mixing, runs
from .tape import replay, value_of


@dataclass(eq=False)
class Trajectory:
    """What the forward loop leaves behind, K being absent where there is no ensemble.

    a: (T, K, B, G*H), the pre-activations; for a gate that is read in parts, x_k is in their place.
    u: the same shape, u_k in the columns of those gates; None where there are none.
    states: name -> (T+1, K, B, H), index 0 the initial state. values: name -> (T, K, B, H), for every equation that is
    not a state. given: name -> the same shape, what equations read and none computes: masks and learned vectors.
    normalised: name -> the scale, x^ and one over the deviation, see `links`, for what the cell normalises.
    R: (K, H, P), of a cell that projects its state, so that h is P wide and all else H; otherwise None.
    """

    a: np.ndarray
    u: np.ndarray | None
    states: dict
    values: dict
    given: dict = field(default_factory=dict)
    normalised: dict = field(default_factory=dict)
    R: np.ndarray | None = None

    @cached_property
    def overflow_step(self):
        """(K,) the first step, counted from 1, whose state is not finite; 0 where none is."""
        with np.errstate(all="ignore"):
            # A sum that is finite has finite terms only, and is quicker to look at.
            if all(np.isfinite(array.sum()) for array in self.states.values()):
                return np.zeros(self.a.shape[1:-2], int)
        finite = np.all([np.isfinite(array[1:]).all(axis=(-1, -2)) for array in self.states.values()], axis=0)
        return np.where(finite.all(axis=0), 0, np.argmin(finite, axis=0) + 1)


def unroll(cell, parameters, inputs, initial, masks=None):
    """Run the cell over a sequence.

    parameters: `Parameters`, W (K, D, G*H). inputs: (T, K, B, D), or (T, 1, B, D) where K networks share them.
    initial: state name -> (K, B, H). masks: name -> (T, K, B, H), of a cell that reads some. K is absent from all where
    there is no ensemble. Returns a `Trajectory`. Raises
    ValueError for a cell whose equations do not work unit by unit.
    """
    trajectory, begin, steps = prepared(cell, parameters, inputs, initial, masks)
    with np.errstate(all="ignore"):
        begin(slice(None))
        replay(steps)
    return trajectory


def prepared(cell, parameters, inputs, initial, masks=None):
    """Before the first step: the `Trajectory` to be filled, a function of a slice of steps to be called before they are
    taken, and the operations of a step, for `tape.replay`. masks: name -> (T, K, B, H)."""
    width = parameters.U.shape[-1] // len(cell.gates)
    refuse_mixing(cell, width)
    a = np.empty((len(inputs), *initial["h"].shape[:-1], parameters.U.shape[-1]), parameters.U.dtype)
    trajectory = Trajectory(a, np.empty_like(a) if plan(cell).apart else None, {}, {})
    for name in cell.states:
        trajectory.states[name] = np.empty((len(a) + 1, *initial[name].shape), a.dtype)
        trajectory.states[name][0] = initial[name]

    shape = (*a.shape[:-1], width)
    trajectory.R = parameters.learned["R"] if cell.projected else None
    trajectory.given = {name: masks[name] for name in cell.masks}
    trajectory.given |= {n: np.broadcast_to(parameters.learned[n][..., None, :], shape) for n in cell.vectors}
    for name in cell.normalised:
        hat = np.empty(a.shape if name in ("x", "u", "a") else shape, a.dtype)
        scale = np.broadcast_to(parameters.learned[f"scale_{name}"][..., None, :], (*hat.shape[:-2], 1, hat.shape[-1]))
        trajectory.normalised[name] = scale, hat, np.empty((*hat.shape[:-1], 1), a.dtype)
    kept = trajectory.normalised.get("x")

    def begin(steps):
        input_terms(parameters, inputs[steps], a[steps], kept and [array[steps] for array in kept])

    return trajectory, begin, _operations(cell, parameters, trajectory, width)


def input_terms(parameters, inputs, out, kept=None):
    """x = inputs W + b for all steps at once: one matrix product a network instead of one a step.

    kept: where the cell normalises the product, the arrays of `Trajectory.normalised` to be filled.
    """
    W, b = parameters.W, parameters.b
    if kept:
        out[...] = np.matmul(inputs, W)
        normalise(out, parameters.learned["shift_x"][..., None, :], *kept, out)
        np.add(out, b[..., None, :], out=out)
        return
    if W.ndim == 2:
        rows = inputs.reshape(-1, len(W))
        # The bias as one row more of W: a second walk over the result would take longer than the product.
        left = np.concatenate([rows, np.ones((len(rows), 1), rows.dtype)], axis=1)
        np.dot(left, np.concatenate([W, b[None]]), out=out.reshape((-1, W.shape[1]), copy=False))
    else:
        steps, _, batch, size = inputs.shape
        networks_first = np.moveaxis(inputs, 1, 0).reshape(-1, steps * batch, size) @ W
        np.add(np.moveaxis(networks_first.reshape(len(W), steps, batch, -1), 0, 1), b[:, None], out=out)


def _operations(cell, parameters, trajectory, width):
    """One step as operations in order, which also write to the trajectory's values."""
    U, a, states = parameters.U, trajectory.a, trajectory.states
    walk, product, out = plan(cell), product_for(cell, U), []
    b_rec = parameters.b_rec[..., None, :] if parameters.b_rec.any() else None
    u = trajectory.u if walk.apart else np.empty_like(a[0])

    def recurrent(gates):
        part = columns(u, gates, width)
        return part if walk.apart else repeat(part)

    operand = {f"{s}_prev": array[:-1] for s, array in states.items()}
    for k, g in enumerate(cell.gates):
        own = slice(k, k + 1)
        operand |= {f"{part}_{g}": columns(a, own, width) for part in "ax"} | {f"u_{g}": recurrent(own)}

    def normalised(name, source, target):
        if name in cell.normalised:
            shift = repeat(parameters.learned[f"shift_{name}"][..., None, :])
            out.append((normalise, source, shift, *trajectory.normalised[name], target))

    def multiply(vector, gates):
        """Add u to x for the gates that are read whole."""
        out.append((product, vector, repeat(np.ascontiguousarray(columns(U, gates, width))), recurrent(gates)))
        normalised("u", recurrent(gates), recurrent(gates))
        if b_rec is not None:
            out.append((np.add, recurrent(gates), repeat(columns(b_rec, gates, width)), recurrent(gates)))
        for own in runs(set(range(gates.start, gates.stop)) - set(walk.apart)):
            out.append((np.add, columns(a, own, width), recurrent(own), columns(a, own, width)))
        normalised("a", a, a)

    operand |= trajectory.given
    if walk.early.stop:
        multiply(states["h"][:-1], walk.early)
    for stage in walk.stages:
        if stage.product:
            gates, vector = stage.product
            multiply(operand[vector], gates)
        read = [columns(a, stage.columns, width)] if stage.columns else [operand[r] for r in stage.reads]
        if len(stage.names) == 1 and stage.names[0] in states:
            whole = states[stage.names[0]][1:]
        else:
            whole = np.empty((*a.shape[:-1], len(stage.names) * width), a.dtype)
        operands = {f"argument {j}": operand for j, operand in enumerate(read)} | {"value": whole}
        equation = value_of(stage.function, len(read), whole.shape[-1], a.dtype)
        out += equation.operations(operands, lambda kind, shape=whole.shape[1:]: repeat(np.empty(shape, kind)))
        for j, name in enumerate(stage.names):
            operand[name] = columns(whole, slice(j, j + 1), width)
            if name not in states:
                trajectory.values[name] = operand[name]
            elif len(stage.names) > 1:
                out.append((np.copyto, states[name][1:], operand[name]))
            for new in (new for new, of in cell.normalised.items() if of == name):
                trajectory.values[new] = operand[new] = np.empty((*a.shape[:-1], width), a.dtype)
                normalised(new, operand[name], operand[new])
            if name == cell.projected:
                operand["h"] = states["h"][1:]
                out.append((np.matmul, operand[name], repeat(parameters.learned["R"]), operand["h"]))
    return out
