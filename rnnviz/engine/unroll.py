"""The loop over time, forward: the one loop for every cell."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .plan import columns, plan, product_for, refuse_mixing


@dataclass(eq=False)
class Trajectory:
    """What the forward loop leaves behind, K being absent where there is no ensemble.

    x, u: (T, K, B, G*H), the two parts of the pre-activations; a is their sum.
    states: name -> (T+1, K, B, H), index 0 the initial state. vectors: name -> (T, K, B, H), what U multiplies
    beside h. overflow_step: (K,) the first step, counted from 1, whose state is not finite; 0 where none is.
    """

    x: np.ndarray
    u: np.ndarray
    states: dict
    vectors: dict
    overflow_step: np.ndarray

    @cached_property
    def a(self):
        with np.errstate(all="ignore"):
            return self.x + self.u


def unroll(cell, parameters, inputs, initial):
    """Run the cell over a sequence.

    parameters: `Parameters`, W (K, D, G*H). inputs: (T, K, B, D), or (T, 1, B, D) where K networks share them.
    initial: state name -> (K, B, H). K is absent from all where there is no ensemble. Returns a `Trajectory`. Raises
    ValueError for a cell whose equations do not work unit by unit.
    """
    steps, width = inputs.shape[0], parameters.U.shape[-2]
    refuse_mixing(cell, width)
    lead = initial["h"].shape
    with np.errstate(all="ignore"):
        x = _input_product(inputs, parameters.W)
        x += parameters.b[..., None, :]
    b_rec = parameters.b_rec[..., None, :] if parameters.b_rec.any() else None
    u = np.empty_like(x)
    states = {name: np.empty((steps + 1, *lead), x.dtype) for name in cell.states}
    for name, array in states.items():
        array[0] = initial[name]
    vectors = {name: np.empty((steps, *lead), x.dtype) for name in set(cell.multiplied.values())}
    with np.errstate(all="ignore"):
        _loop(cell, parameters.U, b_rec, x, u, states, vectors, width)
        # A sum that is finite has finite terms only, and is quicker to look at.
        sound = all(np.isfinite(array.sum()) for array in states.values())
    overflow = np.zeros(lead[:-2], int)
    if not sound:
        finite = np.all([np.isfinite(array[1:]).all(axis=(-1, -2)) for array in states.values()], axis=0)
        overflow = np.where(finite.all(axis=0), 0, np.argmin(finite, axis=0) + 1)
    return Trajectory(x, u, states, vectors, overflow)


def _input_product(inputs, W):
    """inputs W for all steps at once: one matrix product a network instead of one a step."""
    if W.ndim == 2:
        return (inputs.reshape(-1, W.shape[0]) @ W).reshape(*inputs.shape[:-1], W.shape[1])
    steps, _, batch, size = inputs.shape
    networks_first = np.moveaxis(inputs, 1, 0).reshape(-1, steps * batch, size) @ W
    return np.ascontiguousarray(np.moveaxis(networks_first.reshape(len(W), steps, batch, -1), 0, 1))


def _loop(cell, U, b_rec, x, u, states, vectors, width):
    walk = plan(cell)
    a = np.empty_like(x[0])
    product = product_for(cell, U)
    U_early, u_early, a_early, x_early = (columns(m, walk.early, width) for m in (U, u, a, x))
    U_early = np.ascontiguousarray(U_early)
    b_early = columns(b_rec, walk.early, width) if b_rec is not None else None
    # What the equations read, by name: views that stay, and views of the step.
    value, varying = {}, {f"{n}_prev": array for n, array in states.items()}
    for k, g in enumerate(cell.gates):
        own = slice(k, k + 1)
        value[f"a_{g}"] = columns(a, own, width)
        varying |= {f"x_{g}": columns(x, own, width), f"u_{g}": columns(u, own, width)}
    needed = {r for stage in walk.stages for r in stage.reads}
    varying = [(n, array) for n, array in varying.items() if n in needed]
    stages = []
    for stage in walk.stages:
        own = late = together = None
        if stage.columns:
            own = columns(a, stage.columns, width)
            if len(stage.names) > 1:
                together = np.empty_like(own)
                value |= {n: columns(together, slice(j, j + 1), width) for j, n in enumerate(stage.names)}
        if stage.product:
            gates, vector = stage.product
            late = (np.ascontiguousarray(columns(U, gates, width)), columns(u, gates, width), columns(a, gates, width),
                    columns(x, gates, width), columns(b_rec, gates, width) if b_rec is not None else None, vector)
        stages.append((stage.names[0], stage.function, stage.reads, own, together, late))
    h, kept, get = states["h"], list(states.items()), value.__getitem__
    for t in range(x.shape[0]):
        u_t = u_early[t]
        product(h[t], U_early, out=u_t)
        if b_early is not None:
            u_t += b_early
        np.add(x_early[t], u_t, out=a_early)
        for name, array in varying:
            value[name] = array[t]
        for name, function, reads, own, together, late in stages:
            if late:
                U_late, u_late, a_late, x_late, b_late, vector = late
                vectors[vector][t] = value[vector]
                product(value[vector], U_late, out=u_late[t])
                if b_late is not None:
                    u_late[t] += b_late
                np.add(x_late[t], u_late[t], out=a_late)
            if own is None:
                value[name] = function(*map(get, reads))
            elif together is None:
                value[name] = function(own)
            else:
                together[...] = function(own)
        for name, array in kept:
            array[t + 1] = value[name]
