"""Backward: linearise the recorded trajectory once, then pull any gradient of a loss back through it.

Given the trajectory, the time steps are independent of one another, so autograd differentiates each equation of the
cell once for the whole sequence. What is left, the adjoint recursion, is linear in the gradient that is pulled back.
"""

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat

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

EVERY = 128
"""Steps back after which the size of the gradient is looked at."""

NOTHING = -(2**30)
"""The power of two of 0: below all others."""


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


def pull_back(lin, U, cotangent, arriving=None):
    """Pull the gradient of a loss back through time, with a power of two carried apart where it leaves float64's range.

    cotangent: (T, N, K, B, H), the partial derivative of the loss by each output h_t. arriving: state -> (N, K, B, H),
    what comes from after the last step. Returns an `Adjoint`.

    Between two steps at which the power of two may change lie as many as `EVERY`. What went on in between is looked at
    afterwards: where it came close to the ends of the range, the same steps are taken again, fewer at a time.
    """
    steps, lead = cotangent.shape[0], cotangent.shape[1:]
    cuts = {cut: np.zeros((steps + 1, *lead), U.dtype) for cut in lin.cell.cuts}
    gates = np.empty((steps, *lead[:-1], U.shape[-1]), U.dtype)
    exponent = np.zeros((steps + 1, *lead[:-2]), dtype=np.int64)
    states = [cuts[s] for s in lin.cell.states]
    for state, array in (arriving or {}).items():
        cuts[state][-1] = array
    loaded = cotangent.reshape(steps, -1).any(axis=1)
    operations = _operations(lin, U, cuts, gates)
    near, safe = (int(part * np.finfo(U.dtype).maxexp) for part in (0.25, 0.45))
    high, count = steps, EVERY
    with np.errstate(all="ignore"):
        _settle(states, exponent, steps, near, cotangent[-1] if loaded[-1] else None)
        while high:
            low = max(high - count, 0)
            single, first = high - low == 1, max(low - 1, 0)
            entering = None
            if loaded[first : high - 1].any() and not single:
                # The gradient by output t enters at index t + 1 of the states, so nothing enters at index 0.
                entering = np.zeros((high - low, *lead), U.dtype)
                entering[first + 1 - low :] = shifted(cotangent[first : high - 1], -exponent[high])
            start = [array[high].copy() for array in states]
            _step_back(operations, low, high, cuts["h"], entering)
            lost, last = _looked_at(states, low, high, safe, entering)
            if lost and not single:
                for array, kept in zip(states, start):
                    array[high] = kept
                count = (high - low + 3) // 4
                continue
            exponent[low:high] = exponent[high]
            alone = single and low and loaded[low - 1]
            if alone or not ((last > 4.0**-near) & (last < 4.0**near)).all():
                _settle(states, exponent, low, near, cotangent[low - 1] if alone else None)
            elif count < EVERY:
                count *= 2
            high = low
    return Adjoint(cuts, gates, exponent if exponent.any() else None)


def _operations(lin, U, cuts, gates):
    """One step back as operations in order: a function of two arrays, the two, and the array for the result.

    An operand is an array over time, of which a step takes its own element, or `repeat`, the same for every step.
    """
    cell, width = lin.cell, U.shape[-2]
    walk, product = plan(cell), product_for(cell, U)
    after, before = ({name: array[part] for name, array in cuts.items()} for part in (slice(1, None), slice(-1)))
    by, written, out = by_gate(gates, len(cell.gates)), {("after", state) for state in cell.states}, []

    def put(key, target, function, left, right):
        """The first of a step to write to the target sets it, the others add to it."""
        if key in written:
            spare = repeat(np.empty(target.shape[1:], target.dtype))
            out.extend([(function, left, right, spare), (np.add, target, spare, target)])
        else:
            written.add(key)
            out.append((function, left, right, target))

    for cut in reversed(cell.cuts):
        adjoint = after[cut]
        if cut in cell.multiplied.values():
            block = slice(walk.early.stop, len(cell.gates))
            put(("after", cut), adjoint, product, columns(gates, block, width), _transposed(columns(U, block, width)))
        for other, partial in lin.to_now[cut].items():
            put(("after", other), after[other], np.multiply, adjoint, partial)
        for run, partial in lin.to_gates[cut]:
            if any(("gate", k) in written for k in range(run.start, run.stop)):
                for j, k in enumerate(range(run.start, run.stop)):
                    put(("gate", k), by[..., k, :], np.multiply, adjoint, partial[..., j, :])
            else:
                written.update(("gate", k) for k in range(run.start, run.stop))
                out.append((np.multiply, adjoint[..., None, :], partial, by[..., run, :]))
    from_gates, into_h = columns(gates, walk.early, width), before["h"]
    if product is np.dot:  # for more than two axes np.dot leaves BLAS aside
        from_gates, into_h = (a.reshape((len(a), -1, a.shape[-1]), copy=False) for a in (from_gates, into_h))
    written.add(("before", "h"))
    out.append((product, from_gates, _transposed(columns(U, walk.early, width)), into_h))
    for cut in reversed(cell.cuts):
        for state, partial in lin.to_previous[cut].items():
            put(("before", state), before[state], np.multiply, after[cut], partial)
    for k in range(len(cell.gates)):
        if ("gate", k) not in written:
            by[..., k, :] = 0.0
    return out


def _step_back(operations, low, high, h, entering):
    """Take the steps from index high of the states down to index low; entering: what is added to h at each, if any."""
    parts = [map(function, *(a if isinstance(a, repeat) else a[low:high][::-1] for a in operands))
             for function, *operands in operations]
    if entering is not None:
        now = h[low:high][::-1]
        parts.append(map(np.add, now, entering[::-1], now))
    deque(zip(*parts), maxlen=0)


def _looked_at(states, low, high, safe, entering):
    """Whether digits may have been lost on the way from index high to low, and the squared size at low.

    A gradient that was 0 at high stays so unless another one enters, and one that is not finite cannot be mended.
    """
    squares = sum(np.einsum("t...bh,t...bh->t...", array[low : high + 1], array[low : high + 1]) for array in states)
    within = (squares > 4.0**-safe) & (squares < 4.0**safe)
    if within.all():
        return False, squares[0]
    alive = squares[-1] > 0
    if entering is not None:
        alive |= entering.any(axis=(0, -1, -2))
    return (alive & np.isfinite(squares[-1]) & ~within).any(), squares[0]


def _settle(states, exponent, t, near, entering):
    """Add the gradient that enters at index t of the states, after bringing both near 1 where they are far from it."""
    size = np.max([size_of(array[t]) for array in states], axis=0) + exponent[t]
    if entering is not None:
        size = np.maximum(size, size_of(entering))
    far = (np.abs(size - exponent[t]) > near) & (size > NOTHING // 2)
    if far.any():
        common = np.where(far, size, exponent[t])
        for array in states:
            array[t] = shifted(array[t], exponent[t] - common)
        exponent[t] = common
    if entering is not None:
        states[0][t] += shifted(entering, -exponent[t])


def size_of(array):
    """The power of two of the largest element of each (P, Q) block; `NOTHING` where all are 0."""
    largest = np.abs(array).max(axis=(-1, -2))
    return np.where(largest > 0, np.frexp(largest)[1], NOTHING)


def shifted(array, exponent):
    """The (P, Q) blocks of an array times 2**exponent: exact, but for what leaves the range of numbers."""
    most = np.finfo(array.dtype).maxexp - 2
    while np.any(exponent):
        part = np.clip(exponent, -most, most)
        array = array * np.ldexp(array.dtype.type(1.0), part)[..., None, None]
        exponent = exponent - part
    return array


def _transposed(matrix):
    return repeat(np.ascontiguousarray(np.swapaxes(matrix, -1, -2)))
