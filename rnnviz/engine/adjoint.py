"""Backward: linearise the recorded trajectory once, then pull any gradient of a loss back through it.

Given the trajectory, the time steps are independent of one another, so autograd differentiates each equation of the
cell once for the whole sequence. What is left, the adjoint recursion, is linear in the gradient that is pulled back.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from autograd import tracer
from autograd.core import VJPNode, add_outgrads
from autograd.util import toposort

from .memory import keep_freed_memory
from .plan import by_gate, columns, plan, product_for
from .threads import isolate_threads

isolate_threads()
keep_freed_memory()

BLOCK = 2**18
"""Bytes of an array that are linearised at a time, so that the temporaries stay in the cache."""

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
    """Value of a pointwise function, and its derivative by each argument, by autograd.

    This is autograd's own reverse pass, but one that keeps the gradient of every argument: `make_vjp` takes several
    of them as one tuple, which costs twice the time.
    """
    with tracer.trace_stack.new_trace() as trace:
        roots = [VJPNode.new_root() for _ in arguments]
        result = function(*[tracer.new_box(a, trace, root) for a, root in zip(arguments, roots)])
    end = result._node if tracer.isbox(result) else VJPNode.new_root()
    derivatives = {end: (np.ones_like(tracer.getval(result)), False)}
    for node in toposort(end):
        for parent, term in zip(node.parents, node.vjp(derivatives[node][0])):
            derivatives[parent] = add_outgrads(derivatives.get(parent), term)
    return tracer.getval(result), [derivatives[root][0] if root in derivatives else np.zeros_like(a)
                                   for a, root in zip(arguments, roots)]


@lru_cache(maxsize=64)
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
    width, index = shape[-1], {g: k for k, g in enumerate(cell.gates)}

    def empty(shape):
        return np.empty(shape, trajectory.x.dtype)

    lin = Linearisation(cell, {}, {}, {}, {}, {})
    target = {}
    for cut, keys in _chain(cell).items():
        recurrent = {index[k[2:]]: k for k in keys if k[:2] in ("a_", "u_")}
        lin.to_gates[cut] = [(run, empty((*shape[:-1], run.stop - run.start, width))) for run in _runs(recurrent)]
        lin.to_inputs[cut] = {index[k[2:]]: empty(shape) for k in keys if k[:2] == "x_"}
        lin.to_now[cut] = {k[4:]: empty(shape) for k in keys if k.startswith("now ")}
        lin.to_previous[cut] = {k[5:]: empty(shape) for k in keys if k.startswith("prev ")}
        target[cut] = {recurrent[k]: _rows(array, 2)[:, k - run.start]
                       for run, array in lin.to_gates[cut] for k in range(run.start, run.stop)}
        target[cut] |= {f"x_{cell.gates[k]}": _rows(array) for k, array in lin.to_inputs[cut].items()}
        target[cut] |= {f"now {c}": _rows(array) for c, array in lin.to_now[cut].items()}
        target[cut] |= {f"prev {s}": _rows(array) for s, array in lin.to_previous[cut].items()}
    value = {s: _rows(array[1:]) for s, array in trajectory.states.items()}
    for stage in plan(cell).stages:
        whole = empty((*shape[:-1], len(stage.names) * width))
        for j, name in enumerate(stage.names):
            if name not in cell.states:
                lin.values[name] = columns(whole, slice(j, j + 1), width)
                value[name] = _rows(lin.values[name])
    source = {f"{s}_prev": _rows(array[:-1]) for s, array in trajectory.states.items()}
    for part in {r[0] for stage in plan(cell).stages if not stage.columns for r in stage.reads if r[2:] in index}:
        source |= {f"{part}_{g}": columns(_rows(getattr(trajectory, part)), slice(k, k + 1), width)
                   for g, k in index.items()}
    length, rows = max(1, BLOCK // (width * trajectory.x.itemsize)), len(value["h"])
    with np.errstate(all="ignore"):
        for start in range(0, rows, length):
            _linearise_block(cell, trajectory, value, source, target, slice(start, min(start + length, rows)), width)
    return lin


def _rows(array, trailing=1):
    """A view with all axes but the last ones as one. (A batch of 1 left apart would cost autograd a sum over it.)"""
    return array.reshape((-1, *array.shape[-trailing:]), copy=False)


def _linearise_block(cell, trajectory, value, source, target, block, width):
    """Differentiate a block of rows (T*K*B, H): read source and the states' value, write value and target."""
    local = {}
    for stage in plan(cell).stages:
        if stage.columns:
            x, u = (columns(_rows(part)[block], stage.columns, width) for part in (trajectory.x, trajectory.u))
            result, (slope,) = _derivatives(stage.function, [x + u])
            for j, name in enumerate(stage.names):
                own = slice(j, j + 1)
                local[name] = {stage.reads[j]: columns(slope, own, width)}
                if name not in cell.states:
                    value[name][block] = columns(result, own, width)
        else:
            (name,) = stage.names
            arguments = [source[r][block] if r in source else value[r][block] for r in stage.reads]
            result, partials = _derivatives(stage.function, arguments)
            if name not in cell.states:
                value[name][block] = result
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
            for key, derivative in local[name].items() if name in target else ():
                out = target[name][key][block]
                if derivative.base is not out.base:
                    out[...] = derivative


def pull_back(lin, U, cotangent, rescale=False, arriving=None):
    """Pull the gradient of a loss back through time.

    cotangent: (T, N, K, B, H), the partial derivative of the loss by each output h_t. rescale: carry a power of two
    apart, so that nothing under- or overflows. arriving: state -> (N, K, B, H), what comes from after the last step.
    Returns an `Adjoint`.
    """
    cell, width = lin.cell, U.shape[-2]
    steps, lead = cotangent.shape[0], cotangent.shape[1:]
    cuts = {cut: np.zeros((steps + 1, *lead), U.dtype) for cut in cell.cuts}
    gates = np.zeros((steps, *lead[:-1], len(cell.gates) * width), U.dtype)
    exponent = np.zeros((steps + 1, *lead[:-2]), dtype=np.int64) if rescale else None
    for state, array in (arriving or {}).items():
        cuts[state][-1] = array
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
        for state, partial in lin.to_previous[cut].items():
            fresh = state != "h" and all(cuts[state] is not other for _, other, _, _ in previous)
            previous.append((cuts[cut], cuts[state], partial, fresh))
    h, U_early = cuts["h"], _transposed(columns(U, walk.early, width))
    early = columns(gates, walk.early, width)
    product = product_for(cell, U)
    from_gates, into_h = early, h
    if product is np.dot:  # for more than two axes np.dot leaves BLAS aside
        from_gates, into_h = (a.reshape((len(a), -1, a.shape[-1]), copy=False) for a in (early, h))
    if loaded[-1]:
        _load(cuts, states, exponent, cotangent, len(cotangent))
    for t in range(len(cotangent) - 1, -1, -1):
        for adjoint, widened, to_gates, now, late in backwards:
            if late:
                adjoint[t + 1] += product(late[0][t], late[1])
            for other, partial in now:
                earlier = other[t + 1]
                earlier += adjoint[t + 1] * partial[t]
            wide = widened[t + 1]
            for out, partial, fresh in to_gates:
                if fresh:
                    np.multiply(wide, partial[t], out=out[t])
                else:
                    out[t] += wide * partial[t]
        product(from_gates[t], U_early, out=into_h[t])
        for adjoint, state, partial, fresh in previous:
            if fresh:
                np.multiply(adjoint[t + 1], partial[t], out=state[t])
            else:
                before = state[t]
                before += adjoint[t + 1] * partial[t]
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
