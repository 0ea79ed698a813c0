"""Why a gradient vanishes or explodes: the anatomy of a recording's backward pass.

All of it is the linearisation that the recording already holds, pulled back from other places. The recordings are of
one sequence and no ensemble: B = 1. n is the length of the whole state, H, or 2 H where there is a cell state.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..arguments import choice, complaint, finite, instance, lettered, whole
from ..config import Config
from ..formats import FORMATS
from ..scaled import LOG10_2, NOTHING, log10_norm, shifted, size_of
from .adjoint import Adjoint, Linearisation, pull_back
from .plan import columns, plan
from .record import FREE, record_many
from .recording import Recording, sealed

RESOLVED = 1e-13
"""Singular values below this part of the largest are lost in the rounding of the product, and not shown."""

AT_ONCE = 16
"""Losses that are pulled back together."""


LARGEST = {"hidden_size": 64, "steps": 300}
"""Beyond this the Jacobians take too long to follow a slider."""


def within_reach(config):
    """The `Config`, cut down to `LARGEST`. Raises ValueError for anything else."""
    instance("config", config, Config, "a Config")
    fields = {name: min(getattr(config, name), most) for name, most in LARGEST.items()}
    return replace(config, **fields, loss_step=min(config.loss_step, fields["steps"]))


@dataclass(frozen=True, eq=False)
class Paths:
    """The gradient by the state that a cell carries over, taken apart; log10 of norms, (T,), -inf for exactly 0.

    full: of the whole gradient. direct: of the part that only ever went through the gate that keeps the state (f of the
    LSTM, z of the GRU). rest: of the part that went through U at least once. difference: the largest relative one
    between full and the sum of the two, over the steps.
    """

    full: np.ndarray
    direct: np.ndarray
    rest: np.ndarray
    difference: float


def _one(recording):
    """Raises ValueError for anything but a `Recording` of one network and one sequence.

    Also for one of a cell that normalises or projects something, and for one whose output gradient is outside float64.
    """
    shape = instance("recording", recording, Recording, "a Recording").h.shape
    if len(shape) != 3 or shape[1] != 1:
        raise ValueError(
            f"The 'recording' parameter must be of one network and one sequence, with h of the shape "
            f"(T, 1, H). Got {shape} instead."
        )
    if recording.cell.normalised or recording.cell.projected:
        raise ValueError(
            f"The 'recording' parameter must be of a cell that normalises and projects nothing. Got "
            f"{recording.cell.name!r} instead."
        )
    entering, true = recording.entering, recording.output_gradient
    if entering is not None and not (np.isfinite(true).all() and ((true != 0) == (entering.mantissa != 0)).all()):
        raise ValueError(
            "The 'recording' parameter must have an output gradient within float64. Got one that leaves "
            "it on the way through the layers above instead."
        )


def _sliced(lin, cut):
    """A `Linearisation` with `cut` applied to every array."""
    nested = [{c: [(run, cut(a)) for run, a in pairs] for c, pairs in lin.to_gates.items()}]
    nested += [
        {c: {k: cut(a) for k, a in inner.items()} for c, inner in part.items()}
        for part in (lin.to_inputs, lin.to_now, lin.to_previous)
    ]
    return Linearisation(lin.cell, *nested)


def step_jacobians(recording):
    """The Jacobian of every step, (T, n, n): J[t, i, j] is the derivative of s_t[i] by s_{t-1}[j], s being h, then c.

    Given the trajectory the steps do not depend on one another. The derivative of a gate's u_k by h_{t-1} is U_k^T, so
    that of h_t through its gates is the sum over k of diag(dh_t/du_k) U_k^T: for each unit one product for all steps.
    Raises ValueError for more than one network or sequence.
    """
    _one(recording)
    lin, U, H, T = recording.local, recording.parameters.U, recording.hidden_size, recording.steps
    cell, late = recording.cell, plan(recording.cell).early.stop
    by_unit = np.ascontiguousarray(U.reshape(H, -1, H).transpose(2, 1, 0))  # (H, G, H): unit, gate, unit before
    unit, start = np.arange(H), {s: k * H for k, s in enumerate(cell.states)}
    rows = {}
    for cut in cell.cuts:
        own = rows[cut] = np.zeros((T, H, len(cell.states) * H))
        for gates, partial in lin.to_gates[cut]:
            early = slice(gates.start, min(gates.stop, late))
            by_gate = partial[:, 0, : max(early.stop - early.start, 0)].transpose(2, 0, 1)
            own[:, :, :H] += np.matmul(by_gate, by_unit[:, early]).transpose(1, 0, 2)
            for k in range(max(gates.start, late), gates.stop):
                through = np.matmul(by_unit[:, k], rows[cell.multiplied[cell.gates[k]]])
                own += partial[:, 0, k - gates.start, :, None] * through
        for other, partial in lin.to_now[cut].items():
            own += partial[:, 0, :, None] * rows[other]
        for state, partial in lin.to_previous[cut].items():
            own[:, unit, start[state] + unit] += partial[:, 0]
    return np.concatenate([rows[s] for s in cell.states], axis=1)


def _long_jacobians(recording):
    """dh_T/dh_t for t from 0 to T, (T+1, H, H), each to be multiplied by 2**exponent, (T+1,)."""
    H, T, jacobians = recording.hidden_size, recording.steps, step_jacobians(recording)
    out, exponent = np.empty((T + 1, H, jacobians.shape[-1])), np.zeros(T + 1, np.int64)
    out[T] = np.eye(*out.shape[1:])
    with np.errstate(all="ignore"):
        for t in range(T - 1, -1, -1):
            product = np.dot(out[t + 1], jacobians[t], out=out[t])
            exponent[t], largest = exponent[t + 1], np.abs(product).max()
            if not 1e-50 < largest < 1e50 and largest > 0:
                away = size_of(product)
                out[t] = shifted(product, -away)
                exponent[t] += away
    return out[:, :, :H], exponent


def products(recording, steps):
    """log10 of the singular values of dh_T/dh_t, (S, H), largest first, for S steps t counted from 1, or 0 for h_0.

    NaN where a value is too small beside the largest for float64 to tell it from rounding. Raises ValueError for steps
    that are none, and for more than one network or sequence.
    """
    _one(recording)
    steps = _steps(steps, recording.steps)
    matrices, exponent = (array[steps] for array in _long_jacobians(recording))
    with np.errstate(divide="ignore"):
        values = np.linalg.svd(np.where(np.isfinite(matrices), matrices, 0.0), compute_uv=False)
        logs = np.log10(values) + exponent[:, None] * LOG10_2
    return np.where(values < RESOLVED * values[:, :1], np.nan, logs)


def _steps(steps, last):
    """Steps (S,) as an array of whole numbers from 0 to the last. Raises ValueError."""
    array = lettered("steps", steps, "S")
    if np.asarray(steps).dtype.kind not in "iu" or array.min() < 0 or array.max() > last:
        raise ValueError(complaint("steps", f"whole numbers from 0 to {last}", steps))
    return array.astype(int)


def lyapunov(jacobians):
    """The Lyapunov exponents along a trajectory, (n,), largest first: mean growth of log lengths per step, by QR.

    jacobians: (T, n, n), as `step_jacobians`. Benettin et al. 1980; for recurrent networks, Vogt et al. 2022. Raises
    ValueError for another shape, or where they are not finite.
    """
    jacobians = finite("jacobians", lettered("jacobians", jacobians, "T n n"))
    q = np.eye(jacobians.shape[-1])
    total = np.zeros(len(q))
    with np.errstate(divide="ignore"):
        for J in jacobians:
            q, r = np.linalg.qr(J @ q)
            total += np.log(np.abs(np.diag(r)))
    return np.sort(total / len(jacobians))[::-1]


def paths(recording):
    """The gradient by the carried state as `Paths`; None for cells without a gate that keeps it.

    With k_t the derivative of the carried state by its own previous value (f_t or z_t), e_t what the loss puts into
    it at step t and g_t what comes back through U: full_t = e_t + g_t + k_{t+1} full_{t+1}, direct_t = e_t + k_{t+1}
    direct_{t+1}, rest_t = g_t + k_{t+1} rest_{t+1}. Raises ValueError for more than one network or sequence.
    """
    _one(recording)
    cell, lin, back, T = recording.cell, recording.local, recording.back, recording.steps
    carried = cell.states[-1]
    if carried not in lin.to_previous[carried]:
        return None
    keep, exponent = lin.to_previous[carried][carried], _powers_of(back)[1:]
    parts = np.stack([recording.output_gradient, _through_weights(recording)], axis=1)
    if carried != "h":
        parts *= lin.to_now["h"][carried][:, None]
    powers = np.stack([np.zeros_like(exponent), exponent], axis=1)
    full = back.cuts[carried][1:]
    with np.errstate(all="ignore"):
        for t in range(T - 2, -1, -1):
            parts[t], powers[t] = _sum(parts[t], powers[t], keep[t + 1] * parts[t + 1], powers[t + 1])
        size = np.sqrt((full**2).sum(axis=(-1, -2)))
        apart = shifted(parts, powers - exponent[:, None]).sum(axis=1) - full
        difference = np.nanmax(np.where(size > 0, np.sqrt((apart**2).sum(axis=(-1, -2))) / size, 0.0))
    direct, rest = (log10_norm(parts) + powers * LOG10_2).T
    return Paths(log10_norm(full) + exponent * LOG10_2, direct, rest, float(difference))


def _powers_of(back):
    """The exponents of an `Adjoint`, also where all of them are 0."""
    first = next(iter(back.cuts.values()))
    return np.zeros(first.shape[:-2], np.int64) if back.exponent is None else back.exponent


def _sum(one, its_power, other, others_power):
    """The sum of two arrays (N, P, Q) with powers of two apart, (N,), as the same."""
    common = np.maximum(size_of(one) + its_power, size_of(other) + others_power)
    common = np.where(common > NOTHING // 2, common, 0)
    return shifted(one, its_power - common) + shifted(other, others_power - common), common


def _through_weights(recording):
    """What comes back to h_t through U, (T, 1, H), on the scale of the stored adjoint of step t."""
    lin, back, H = recording.local, recording.back, recording.hidden_size
    walk, exponent = plan(recording.cell), _powers_of(back)
    early = columns(back.gates[1:], walk.early, H) @ columns(recording.parameters.U, walk.early, H).T
    for cut, previous in lin.to_previous.items():
        if "h" in previous and cut != "h":
            early = early + back.cuts[cut][2:] * previous["h"][1:]
    early = shifted(early, exponent[2:] - exponent[1:-1])
    return np.concatenate([early, np.zeros_like(early[:1])])


def influence(recording, reach):
    """Who learns from whom, and what truncated BPTT leaves of it.

    Returns log10 of the norm of dL_k/dh_t, (T, T), row k the loss at step k + 1, column t the state at step t + 1; L_k
    is the part of the loss at step k, -inf where there is none, or after it. And the same recording with each loss
    pulled back through `reach` steps only, its own included. reach: a whole number of at least 1. Raises ValueError
    for any other, and for more than one network or sequence.
    """
    _one(recording)
    reach = min(whole("reach", reach, 1), recording.steps)
    back, T = recording.back, recording.steps
    logs = np.full((T, T), -np.inf)
    cuts, gates = {name: np.zeros_like(array) for name, array in back.cuts.items()}, np.zeros_like(back.gates)
    for losses, part in _some_at_a_time(recording):
        powers, last = _powers_of(part), losses.stop
        with np.errstate(all="ignore"):
            logs[losses, :last] = (log10_norm(part.cuts["h"][1:]) + powers[1:] * LOG10_2).T
            # Index t of a cut belongs to step t. The loss of a step reaches down to step + 1 - reach, and what leaves
            # step 1 arrives at the initial state.
            first = max(losses.start + 1 - reach, 0)
            step, own = np.arange(first, last + 1)[:, None], np.arange(T)[losses] + 1
            cut_off = (step > own) | (np.maximum(step, 1) <= own - reach)
            for name, array in part.cuts.items():
                cuts[name][first : last + 1] += _rest(array[first:], powers[first:], cut_off)
            low = max(first, 1)
            gates[low - 1 : last] += _rest(part.gates[low - 1 :], powers[low:], cut_off[low - first :])
    logs[np.triu_indices(T, 1)] = -np.inf
    return logs, sealed(replace(recording, back=Adjoint(cuts, gates, None)))


def _rest(array, powers, cut_off):
    """The sum over the losses (T, N, ...) of what is not cut off, (T, N)."""
    true = shifted(array, powers)
    true[cut_off] = 0.0
    return true.sum(axis=1)


def _some_at_a_time(recording):
    """Pull the loss of every step back by itself: (slice of N losses, their `Adjoint`, up to the last of them)."""
    T, gradient = recording.steps, recording.output_gradient
    for start in range(0, T, AT_ONCE):
        losses = slice(start, min(start + AT_ONCE, T))
        cotangent = np.zeros((losses.stop, losses.stop - start, *gradient.shape[1:]))
        for j, k in enumerate(range(start, losses.stop)):
            cotangent[k, j] = gradient[k]
        until = _sliced(recording.local, lambda a, last=losses.stop: a[:last])
        yield losses, pull_back(until, recording.parameters.U, cotangent)


def rounded(recording, names=("float16", "bfloat16", "float32")):
    """The backward pass as narrower number formats would see it: name -> log10 of the norm of dL/dh_t, (T,).

    The adjoint is rounded to the format after every step; -inf once all of it is 0, inf or NaN once it overflows.
    Products within a step stay in float64, as hardware accumulates wider than it stores. names: keys of
    `rnnviz.formats.FORMATS`. Raises ValueError for any other, and for more than one network or sequence.
    """
    _one(recording)
    if not isinstance(names, list | tuple) or not names or not all(isinstance(n, str) and n in FORMATS for n in names):
        raise ValueError(complaint("names", "a list of some of " + ", ".join(map(repr, FORMATS)), names))
    lin, U, T = recording.local, recording.parameters.U, recording.steps
    states, gradient = recording.cell.states, recording.output_gradient
    adjoint = {s: np.zeros((len(names), *gradient.shape[1:])) for s in states}
    out = np.empty((len(names), T))
    none = np.zeros((1, len(names), *gradient.shape[1:]))
    with np.errstate(all="ignore"):
        for t in range(T - 1, -1, -1):
            adjoint["h"] = adjoint["h"] + gradient[t]
            adjoint = {s: np.stack([FORMATS[n].round(a) for n, a in zip(names, array)]) for s, array in adjoint.items()}
            out[:, t] = np.log10(np.sqrt((adjoint["h"] ** 2).sum(axis=(-1, -2))))
            if t:
                step = _sliced(lin, lambda a, t=t: a[t : t + 1])
                back = pull_back(step, U, none, arriving=adjoint)
                adjoint = {s: back.cuts[s][0] for s in states}
    return dict(zip(names, out))


def phase(config, field, values, inputs=None):
    """log10 of the norm of dL/dh_t for networks that differ in one field, (T, K); one pass over the loop.

    config: a `Config`. field: the name of one of its numbers in which an ensemble may differ. values: (K,), within
    `BOUNDS[field]`. inputs: as in `record`. Raises ValueError naming the argument, or the field.
    """
    instance("config", config, Config, "a Config")
    choice("field", field, [name for name in FREE if name != "init"])
    values = finite("values", lettered("values", values, "K"))
    return record_many([replace(config, **{field: float(v)}) for v in values], inputs=inputs).log10_dh
