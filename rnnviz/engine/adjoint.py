"""Backward: linearise the recorded trajectory once, then pull any gradient of a loss back through it.

Given the trajectory, the time steps are independent of one another, so autograd differentiates each equation of the
cell once for the whole sequence. What is left, the adjoint recursion, is linear in the gradient that is pulled back.
"""

from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, repeat
from math import prod

import numpy as np

from ..scaled import NOTHING, Scaled, shifted, size_of
from .links import normalise_back
from .memory import keep_freed_memory
from .plan import by_gate, columns, plan, product_for, runs
from .tape import derivatives, in_turn, placeholders, program, replay
from .unroll import prepared

keep_freed_memory()

BLOCK = 2**18
"""Bytes of an array that are linearised at a time, so that the temporaries stay in the cache."""

EVERY = 128
"""Steps back after which the size of the gradient is looked at."""


@dataclass(eq=False)
class Linearisation:
    """The local derivatives along a trajectory.

    to_gates: cut -> list of (gates, (T, K, B, g, H)), derivatives by u_k. to_inputs: the same by x_k, for the gates
    that read x_k and u_k apart. to_now: cut -> {earlier cut: (T, K, B, H)}. to_previous: cut -> {state: ...}.
    to_vectors: cut -> {learned vector: ...}. normalised: as in `Trajectory`. R: of a cell that projects, or None.
    """

    cell: object
    to_gates: dict
    to_inputs: dict
    to_now: dict
    to_previous: dict
    to_vectors: dict = field(default_factory=dict)
    normalised: dict = field(default_factory=dict)
    R: np.ndarray | None = None


@dataclass(eq=False)
class Adjoint:
    """A gradient pulled back through time; N stands for the leading axes of the cotangent, absent where there are none.

    cuts: name -> (T+1, N, K, B, H): for a state, dL/ds, index 0 the initial state.
    gates: (T, N, K, B, G*H), dL/du. behind: "a", "u" -> the same before what the cell normalises of that name.
    exponent: (T+1, N, K) integers; the true value of everything at an index t is
    2**exponent[t] times what is stored (`gates[t]` goes with `exponent[t+1]`); None where all of them are 0.
    """

    cuts: dict
    gates: np.ndarray
    exponent: np.ndarray | None
    behind: dict = field(default_factory=dict)


@lru_cache(maxsize=64)
def _local(cell, width, dtype):
    """The `Program` of all derivatives of a step, their names, and name -> what it is given that is that derivative.

    Names are (cut, 'u_k', 'x_k', 'now c', 'prev s' or 'vector p'). It is given what the equations read, and what they
    make: a_k, x_k, u_k, s_prev, masks, vectors and the names of the equations.
    """
    key_of = {f"a_{g}": f"u_{g}" for g in cell.gates} | {f"{p}_{g}": f"{p}_{g}" for g in cell.gates for p in "xu"}
    key_of |= {f"{s}_prev": f"prev {s}" for s in cell.states} | {p: f"vector {p}" for p in cell.vectors}
    key_of |= {name: f"now {name}" for name in cell.normalised} | dict.fromkeys(cell.masks)
    arguments, calls = placeholders(len(key_of), width, dtype)
    value, known = dict(zip(key_of, arguments)), {r: {key: 1.0} if key else {} for r, key in key_of.items()}
    wanted = {}
    for name, function in cell.equations.items():
        value[name], partials = derivatives(function, [value[r] for r in cell.reads[name]])
        own = {}
        for r, partial in zip(cell.reads[name], partials):
            for key, derivative in known[r].items():
                own[key] = own[key] + partial * derivative if key in own else partial * derivative
        known[name] = {f"now {name}": 1.0} if name in cell.cuts else own
        wanted |= {(name, key): derivative for key, derivative in own.items() if name in cell.cuts}
    given = {id(noted): name for name, noted in value.items()}
    there = {key: given[id(d)] for key, d in wanted.items() if id(d) in given and key[1][:2] != "u_"}
    return program(calls, value, {key: d for key, d in wanted.items() if key not in there}), list(wanted), there


def linearise(cell, trajectory):
    """Differentiate every equation of the cell along a trajectory. Returns a `Linearisation`."""
    lin, blocks, _ = _linearising(cell, trajectory)
    with np.errstate(all="ignore"):
        replay(blocks)
    return lin


def unroll_and_linearise(cell, parameters, inputs, initial, masks=None):
    """A `Trajectory` and its `Linearisation`, some steps at a time: what one writes, the other finds in the cache."""
    trajectory, begin, steps = prepared(cell, parameters, inputs, initial, masks)
    lin, blocks, length = _linearising(cell, trajectory)
    steps, blocks = in_turn(steps), in_turn(blocks)
    with np.errstate(all="ignore"):
        for start in range(0, len(trajectory.a), length):
            begin(slice(start, start + length))
            deque(islice(steps, length), maxlen=0)
            next(blocks)
    return trajectory, lin


def _linearising(cell, trajectory):
    """A `Linearisation` to be filled, the operations that fill a block of steps of it, and how many steps that is."""
    width = trajectory.a.shape[-1] // len(cell.gates)
    shape = (*trajectory.a.shape[:-1], width)
    dtype, index = trajectory.a.dtype, {g: k for k, g in enumerate(cell.gates)}
    local, keys, there = _local(cell, width, dtype)
    known = trajectory.given | trajectory.values | {s: array[1:] for s, array in trajectory.states.items()}
    known |= {f"{s}_prev": array[:-1] for s, array in trajectory.states.items()}
    for g, k in index.items():
        own = slice(k, k + 1)
        known |= {f"{part}_{g}": columns(trajectory.a, own, width) for part in "ax"}
        known |= {f"u_{g}": columns(trajectory.u, own, width)} if k in plan(cell).apart else {}
    lin = Linearisation(cell, *({cut: {} for cut in cell.cuts} for _ in range(5)), trajectory.normalised, trajectory.R)
    for cut in cell.cuts:
        lin.to_gates[cut] = [
            (run, np.empty((*shape[:-1], run.stop - run.start, width), dtype))
            for run in runs(index[key[2:]] for c, key in keys if c == cut and key[:2] == "u_")
        ]
        known |= {
            (cut, f"u_{cell.gates[k]}"): array[..., k - run.start, :]
            for run, array in lin.to_gates[cut]
            for k in range(run.start, run.stop)
        }
    for cut, key in keys:
        if key[:2] != "u_":
            known[cut, key] = known[there[cut, key]] if (cut, key) in there else np.empty(shape, dtype)
            if key[:2] == "x_":
                lin.to_inputs[cut][index[key[2:]]] = known[cut, key]
            else:
                kind, name = key.split(" ", 1)
                part = {"now": lin.to_now, "prev": lin.to_previous, "vector": lin.to_vectors}[kind]
                part[cut][name] = known[cut, key]
    length = max(1, BLOCK // (prod(shape[1:]) * dtype.itemsize))
    blocks = [slice(start, start + length) for start in range(0, shape[0], length)]

    def empty(kind):
        array = np.empty((min(length, shape[0]), *shape[1:]), kind)
        return [array[: shape[0] - block.start] for block in blocks]

    in_blocks = {name: [array[block] for block in blocks] for name, array in known.items()}
    return lin, local.operations(in_blocks, empty), length


def pull_back(lin, U, cotangent, arriving=None):
    """Pull the gradient of a loss back through time, with a power of two carried apart where it leaves float64's range.

    cotangent: (T, N, K, B, H), the partial derivative of the loss by each output h_t, an array or `Scaled`. arriving:
    state -> (N, K, B, H), what comes from after the last step. Returns an `Adjoint`.

    Between two steps at which the power of two may change lie as many as `EVERY`. What went on in between is looked at
    afterwards: where it came close to the ends of the range, the same steps are taken again, fewer at a time.
    """
    given = cotangent if isinstance(cotangent, Scaled) else Scaled(cotangent)
    cotangent, steps, lead = given.mantissa, len(given.mantissa), given.mantissa.shape[1:]
    width = U.shape[-1] // len(lin.cell.gates)
    shapes = {cut: lead if cut == "h" else (*lead[:-1], width) for cut in lin.cell.cuts}
    cuts = {cut: np.zeros((steps + 1, *shape), U.dtype) for cut, shape in shapes.items()}
    gates = np.empty((steps, *lead[:-1], U.shape[-1]), U.dtype)
    exponent = np.zeros((steps + 1, *lead[:-2]), dtype=np.int64)
    states = [cuts[s] for s in lin.cell.states]
    for state, array in (arriving or {}).items():
        cuts[state][-1] = array
    loaded = cotangent.reshape(steps, -1).any(axis=1)
    behind = {name: np.empty_like(gates) for name in ("a", "u") if name in lin.normalised}
    operations = _operations(lin, U, cuts, gates, behind)
    near, safe = (int(part * np.finfo(U.dtype).maxexp) for part in (0.25, 0.45))
    high, count = steps, EVERY
    with np.errstate(all="ignore"):
        _settle(states, exponent, steps, near, given[-1] if loaded[-1] else None)
        while high:
            low = max(high - count, 0)
            single, first = high - low == 1, max(low - 1, 0)
            entering = None
            if loaded[first : high - 1].any() and not single:
                # The gradient by output t enters at index t + 1 of the states, so nothing enters at index 0.
                entering = np.zeros((high - low, *lead), U.dtype)
                entering[first + 1 - low :] = given[first : high - 1].at(exponent[high])
            start = [array[high].copy() for array in states]
            _step_back(operations, low, high, cuts["h"], entering)
            lost, last = _looked_at(states, low, high, safe, None if entering is None else cotangent[first : high - 1])
            if lost and not single:
                for array, kept in zip(states, start):
                    array[high] = kept
                count = (high - low + 3) // 4
                continue
            exponent[low:high] = exponent[high]
            alone = single and low and loaded[low - 1]
            if alone or not ((last > 4.0**-near) & (last < 4.0**near)).all():
                _settle(states, exponent, low, near, given[low - 1] if alone else None)
            elif count < EVERY:
                count *= 2
            high = low
    return Adjoint(cuts, gates, exponent if exponent.any() else None, behind)


def _operations(lin, U, cuts, gates, behind):
    """One step back as operations in order: a function of two arrays, the two, and the array for the result.

    An operand is an array over time, of which a step takes its own element, or `repeat`, the same for every step.
    """
    cell, width = lin.cell, U.shape[-1] // len(lin.cell.gates)
    walk, product = plan(cell), product_for(cell, U)
    after, before = ({name: array[part] for name, array in cuts.items()} for part in (slice(1, None), slice(-1)))
    by, written, out = by_gate(gates, len(cell.gates)), {("after", state) for state in cell.states}, []

    def put(key, target, function, *operands):
        """The first of a step to write to the target sets it, the others add to it."""
        if key in written:
            spare = repeat(np.empty(target.shape[1:], target.dtype))
            out.extend([(function, *operands, spare), (np.add, target, spare, target)])
        else:
            written.add(key)
            out.append((function, *operands, target))

    for cut in reversed(cell.cuts):
        adjoint = after[cut]
        if cut in cell.multiplied.values():
            block = slice(walk.early.stop, len(cell.gates))
            put(("after", cut), adjoint, product, columns(gates, block, width), _transposed(columns(U, block, width)))
        if cut in cell.normalised:
            of = cell.normalised[cut]
            put(("after", of), after[of], normalise_back, adjoint, *lin.normalised[cut])
        if cut == "h" and cell.projected:
            put(("after", cell.projected), after[cell.projected], np.matmul, adjoint, _transposed(lin.R))
        for other, partial in lin.to_now[cut].items():
            put(("after", other), after[other], np.multiply, adjoint, partial)
        for run, partial in lin.to_gates[cut]:
            if any(("gate", k) in written for k in range(run.start, run.stop)):
                for j, k in enumerate(range(run.start, run.stop)):
                    put(("gate", k), by[..., k, :], np.multiply, adjoint, partial[..., j, :])
            else:
                written.update(("gate", k) for k in range(run.start, run.stop))
                out.append((np.multiply, adjoint[..., None, :], partial, by[..., run, :]))
    last = gates
    for name, array in behind.items():
        out.append((normalise_back, last, *lin.normalised[name], array))
        last = array
    from_gates, into_h = columns(last, walk.early, width), before["h"]
    if product is np.dot:  # for more than two axes np.dot leaves BLAS aside
        from_gates, into_h = (a.reshape((len(a), -1, a.shape[-1]), copy=False) for a in (from_gates, into_h))
    if walk.early.stop:
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
    parts = [
        (function, *(a if isinstance(a, repeat) else a[low:high][::-1] for a in operands))
        for function, *operands in operations
    ]
    if entering is not None:
        now = h[low:high][::-1]
        parts.append((np.add, now, entering[::-1], now))
    replay(parts)


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
        size = np.maximum(size, entering.size)
    far = (np.abs(size - exponent[t]) > near) & (size > NOTHING // 2)
    if far.any():
        common = np.where(far, size, exponent[t])
        for array in states:
            array[t] = shifted(array[t], exponent[t] - common)
        exponent[t] = common
    if entering is not None:
        states[0][t] += entering.at(exponent[t])


def _transposed(matrix):
    return repeat(np.ascontiguousarray(np.swapaxes(matrix, -1, -2)))
