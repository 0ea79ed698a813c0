"""Backward: linearise the recorded trajectory once, then pull any gradient of a loss back through it.

Given the trajectory, the time steps are independent of one another, so autograd differentiates each equation of the
cell once for the whole sequence. What is left, the adjoint recursion, is linear in the gradient that is pulled back.
"""

from dataclasses import dataclass

import numpy as np
from autograd.differential_operators import make_vjp
from autograd.extend import vspace

from .plan import by_gate, columns, plan, product_for
from .threads import isolate_threads

isolate_threads()

BLOCK = 32_768
"""Elements of an array that are linearised at a time: 256 KB of float64, so that the temporaries stay in the cache."""

SAFE = 2.0**500
"""Gradients are pulled back again with rescaling if their size leaves [1/SAFE, SAFE] at any step."""


@dataclass(eq=False)
class Linearisation:
    """The local derivatives along a trajectory, and the values met on the way.

    values: equation name -> (T, K, B, H), for every equation that is not a state.
    to_gates: cut -> list of (gates, (T, K, B, g, H)), derivatives by u_k. to_inputs: the same by x_k, for the gates
    that read x_k and u_k apart. to_now: cut -> {earlier cut: (T, K, B, H)}. to_previous: cut -> {state: ...}.
    """

    cell: object
    values: dict
    to_gates: dict
    to_inputs: dict
    to_now: dict
    to_previous: dict


@dataclass(eq=False)
class Adjoint:
    """A gradient pulled back through time; N stands for the leading axes of the cotangent, absent where there are none.

    cuts: name -> (T+1, N, K, B, H): for a state, dL/ds, index 0 the initial state.
    gates: (T, N, K, B, G*H), dL/du. exponent: (T+1, N, K) integers; the true value of everything at an index t is
    2**exponent[t] times what is stored (`gates[t]` goes with `exponent[t+1]`); None where all of them are 0.
    """

    cuts: dict
    gates: np.ndarray
    exponent: np.ndarray | None


def _derivatives(function, arguments):
    """Value of a pointwise function, and its derivative by each argument, by autograd."""
    vjp, value = make_vjp(function, tuple(range(len(arguments))))(*arguments)
    return value, vjp(vspace(value).ones())


def _chain(cell):
    """What each cut depends on directly: cut -> set of 'a_k', 'x_k', 'u_k', 'now c', 'prev s', in order."""
    depends = {}
    for stage in plan(cell).stages:
        for name, reads in zip(stage.names, [stage.reads] if stage.columns is None else [(r,) for r in stage.reads]):
            depends[name] = {}
            for r in reads:
                if r in depends:
                    depends[name] |= {f"now {r}": None} if r in cell.cuts else depends[r]
                else:
                    depends[name][r if not r.endswith("_prev") else f"prev {r[:-5]}"] = None
    return {cut: list(depends[cut]) for cut in cell.cuts}


def _runs(gates):
    """Neighbouring numbers as slices."""
    runs = []
    for k in sorted(gates):
        if runs and runs[-1].stop == k:
            runs[-1] = slice(runs[-1].start, k + 1)
        else:
            runs.append(slice(k, k + 1))
    return runs


def linearise(cell, trajectory):
    """Differentiate every equation of the cell along a trajectory. Returns a `Linearisation`."""
    shape = trajectory.states["h"][1:].shape
    steps, width = shape[0], shape[-1]
    walk, index = plan(cell), {g: k for k, g in enumerate(cell.gates)}
    lin = Linearisation(cell, {}, {}, {}, {}, {})
    target = {cut: {} for cut in cell.cuts}
    for cut, keys in _chain(cell).items():
        recurrent = {index[k[2:]]: k for k in keys if k[:2] in ("a_", "u_")}
        lin.to_gates[cut] = [(run, np.empty((*shape[:-1], run.stop - run.start, width))) for run in _runs(recurrent)]
        for run, array in lin.to_gates[cut]:
            for k in range(run.start, run.stop):
                target[cut][recurrent[k]] = array[..., k - run.start, :]
        lin.to_inputs[cut] = {index[k[2:]]: np.empty(shape) for k in keys if k[:2] == "x_"}
        lin.to_now[cut] = {k[4:]: np.empty(shape) for k in keys if k.startswith("now ")}
        lin.to_previous[cut] = {k[5:]: np.empty(shape) for k in keys if k.startswith("prev ")}
        target[cut] |= {f"x_{cell.gates[k]}": array for k, array in lin.to_inputs[cut].items()}
        target[cut] |= {f"now {c}": array for c, array in lin.to_now[cut].items()}
        target[cut] |= {f"prev {s}": array for s, array in lin.to_previous[cut].items()}
    for stage in walk.stages:
        if stage.columns:
            whole = np.empty((*shape[:-1], len(stage.names) * width))
            for j, name in enumerate(stage.names):
                lin.values[name] = whole[..., j * width : (j + 1) * width]
        else:
            lin.values[stage.names[0]] = np.empty(shape)

    source = {f"{part}_{g}": columns(getattr(trajectory, part), slice(k, k + 1), width)
              for part in "axu" for k, g in enumerate(cell.gates)}
    source |= {f"{s}_prev": array[:-1] for s, array in trajectory.states.items()}
    length = max(1, BLOCK // max(1, int(np.prod(shape[1:]))))
    with np.errstate(all="ignore"):
        for start in range(0, steps, length):
            _linearise_block(walk, trajectory, lin, source, target, slice(start, min(start + length, steps)), width)
    for state in cell.states:
        lin.values.pop(state)
    return lin


def _linearise_block(walk, trajectory, lin, source, target, block, width):
    cell = walk.cell
    local = {}
    for stage in walk.stages:
        if stage.columns:
            own = columns(trajectory.a[block], stage.columns, width)
            value, (slope,) = _derivatives(stage.function, [own])
            for j, name in enumerate(stage.names):
                part = np.s_[..., j * width : (j + 1) * width]
                lin.values[name][block] = value[part]
                local[name] = {stage.reads[j]: slope[part]}
        else:
            (name,) = stage.names
            arguments = [source[r][block] if r in source else trajectory.states[r][1:][block] if r in cell.states
                         else lin.values[r][block] for r in stage.reads]
            lin.values[name][block], partials = _derivatives(stage.function, arguments)
            local[name] = {}
            for r, partial in zip(stage.reads, partials):
                if r in source:
                    inner = {f"prev {r[:-5]}" if r.endswith("_prev") else r: None}
                else:
                    inner = {f"now {r}": None} if r in cell.cuts else local[r]
                for key, derivative in inner.items():
                    known = local[name].get(key)
                    if name in target and known is None and derivative is not None:
                        local[name][key] = np.multiply(partial, derivative, out=target[name][key][block])
                        continue
                    term = partial if derivative is None else partial * derivative
                    local[name][key] = term if known is None else known + term
        for name in stage.names:
            if name in target:
                for key, derivative in local[name].items():
                    out = target[name][key][block]
                    if derivative.base is not out.base:
                        out[...] = derivative


def pull_back(lin, U, cotangent, rescale=False):
    """Pull the gradient of a loss back through time.

    cotangent: (T, N, K, B, H), the partial derivative of the loss by each output h_t. rescale: carry a power of two
    apart, so that nothing under- or overflows. Returns an `Adjoint`.
    """
    cell, width = lin.cell, U.shape[-2]
    steps, lead = cotangent.shape[0], cotangent.shape[1:]
    cuts = {cut: np.zeros((steps + 1, *lead)) for cut in cell.cuts}
    gates = np.zeros((steps, *lead[:-1], len(cell.gates) * width))
    exponent = np.zeros((steps + 1, *lead[:-2]), dtype=np.int64) if rescale else None
    with np.errstate(all="ignore"):
        _loop(lin, U, cotangent, cuts, gates, exponent)
    return Adjoint(cuts, gates, exponent)


def _loop(lin, U, cotangent, cuts, gates, exponent):
    cell, width = lin.cell, U.shape[-2]
    walk, states = plan(cell), cell.states
    loaded = cotangent.reshape(len(cotangent), -1).any(axis=1)
    by = by_gate(gates, len(cell.gates))
    written, backwards, previous = set(), [], []
    for cut in reversed(cell.cuts):
        to_gates = []
        for run, partial in lin.to_gates[cut]:
            fresh = not written.intersection(range(run.start, run.stop))
            written.update(range(run.start, run.stop))
            to_gates.append((by[..., run, :], partial, fresh))
        late = None
        if cut in cell.multiplied.values():
            block = slice(walk.early.stop, len(cell.gates))
            late = (columns(gates, block, width), _transposed(columns(U, block, width)))
        now = [(cuts[other], partial) for other, partial in lin.to_now[cut].items()]
        backwards.append((cuts[cut], cuts[cut][..., None, :], to_gates, now, late))
        previous += [(cuts[cut], cuts[state], partial) for state, partial in lin.to_previous[cut].items()]
    h, U_early = cuts["h"], _transposed(columns(U, walk.early, width))
    early = columns(gates, walk.early, width)
    product = np.matmul if cell.multiplied else product_for(U)
    if loaded[-1]:
        _load(cuts, states, exponent, cotangent, len(cotangent))
    for t in range(len(cotangent) - 1, -1, -1):
        for adjoint, widened, to_gates, now, late in backwards:
            if late:
                adjoint[t + 1] += product(late[0][t], late[1])
            for other, partial in now:
                other[t + 1] += adjoint[t + 1] * partial[t]
            for out, partial, fresh in to_gates:
                if fresh:
                    np.multiply(widened[t + 1], partial[t], out=out[t])
                else:
                    out[t] += widened[t + 1] * partial[t]
        product(early[t], U_early, out=h[t])
        for adjoint, state, partial in previous:
            state[t] += adjoint[t + 1] * partial[t]
        if exponent is not None:
            exponent[t] = exponent[t + 1]
            _rescale([cuts[s][t] for s in states], exponent[t, ...])
        if t and loaded[t - 1]:
            _load(cuts, states, exponent, cotangent, t)


def _transposed(matrix):
    return np.ascontiguousarray(np.swapaxes(matrix, -1, -2))


def _load(cuts, states, exponent, cotangent, t):
    """Add the gradient that enters at output t (index t of the states) to the one that arrives from later."""
    entering = cotangent[t - 1]
    if exponent is not None:
        largest = np.abs(entering).max(axis=(-1, -2))
        _, size = np.frexp(largest)
        arrived = np.max([np.abs(cuts[s][t]).max(axis=(-1, -2)) for s in states], axis=0)
        common = np.where(arrived > 0, np.maximum(exponent[t], size), size)
        common = np.where(largest > 0, common, exponent[t])
        for s in states:
            cuts[s][t] = np.ldexp(cuts[s][t], (exponent[t] - common)[..., None, None])
        entering = np.ldexp(entering, -common[..., None, None])
        exponent[t] = common
    cuts["h"][t] += entering


def _rescale(adjoints, exponent):
    """Bring the largest element near 1 where it has left [2**-200, 2**200], and note the power of two."""
    _, size = np.frexp(np.max([np.abs(a).max(axis=(-1, -2)) for a in adjoints], axis=0))
    shift = np.where(np.abs(size) > 200, size, 0)
    if shift.any():
        for a in adjoints:
            np.ldexp(a, -shift[..., None, None], out=a)
        exponent += shift
