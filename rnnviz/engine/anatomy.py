"""Why a gradient vanishes or explodes: the anatomy of a recording's backward pass.

All of it is the linearisation that the recording already holds, pulled back from other places. The recordings are of
one sequence and no ensemble: B = 1. n is the length of the whole state, H, or 2 H where there is a cell state.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..arguments import choice, complaint, finite, instance, lettered, whole
from ..config import Config
from ..formats import FORMATS
from ..recording import LOG10_2, Recording, sealed
from .adjoint import SAFE, Adjoint, Linearisation, pull_back
from .plan import columns, plan
from .record import FREE, record_many

RESOLVED = 1e-13
"""Singular values below this part of the largest are lost in the rounding of the product, and not shown."""

AT_ONCE = 32
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
    """Raises ValueError for anything but a `Recording` of one network and one sequence."""
    shape = instance("recording", recording, Recording, "a Recording").h.shape
    if len(shape) != 3 or shape[1] != 1:
        raise ValueError(f"The 'recording' parameter must be of one network and one sequence, with h of the shape "
                         f"(T, 1, H). Got {shape} instead.")


def _sliced(lin, cut):
    """A `Linearisation` with `cut` applied to every array."""
    nested = [{c: [(run, cut(a)) for run, a in pairs] for c, pairs in lin.to_gates.items()}]
    nested += [{c: {k: cut(a) for k, a in inner.items()} for c, inner in part.items()}
               for part in (lin.to_inputs, lin.to_now, lin.to_previous)]
    return Linearisation(lin.cell, {}, *nested)


def _pulled(lin, U, cotangent):
    """The `Adjoint`, with its powers of two; they are only carried where something leaves the safe range."""
    back = pull_back(lin, U, cotangent)
    for array in back.cuts.values():
        size = np.abs(array)
        if not (size.max() < SAFE and np.where(size > 0, size, 1.0).min() > 1.0 / SAFE):
            return pull_back(lin, U, cotangent, rescale=True)
    return Adjoint(back.cuts, back.gates, np.zeros((len(cotangent) + 1, *cotangent.shape[1:-2]), np.int64))


def step_jacobians(recording):
    """The Jacobian of every step, (T, n, n): J[t, i, j] is the derivative of s_t[i] by s_{t-1}[j], s being h, then c.

    Given the trajectory the steps do not depend on one another: they are pulled back as one batch of T. Raises
    ValueError for more than one network or sequence.
    """
    _one(recording)
    lin, U, H, T = recording.local, recording.parameters.U, recording.hidden_size, recording.steps
    together = _sliced(lin, lambda a: np.swapaxes(a, 0, 1))
    states = recording.cell.states
    n = len(states) * H
    ends = {s: np.zeros((n, T, H)) for s in states}
    for k, s in enumerate(states):
        ends[s][k * H : (k + 1) * H] = np.eye(H)[:, None]
    back = pull_back(together, U, np.zeros((1, n, T, H)), arriving=ends)
    return np.concatenate([np.swapaxes(back.cuts[s][0], 0, 1) for s in states], axis=-1)


def products(recording, steps):
    """log10 of the singular values of dh_T/dh_t, (S, H), largest first, for S steps t counted from 1, or 0 for h_0.

    Computed by pulling the identity back, with powers of two carried apart. NaN where a value is too small beside the
    largest for float64 to tell it from rounding. Raises ValueError for steps that are none, and for more than one
    network or sequence.
    """
    _one(recording)
    steps = _steps(steps, recording.steps)
    H, T = recording.hidden_size, recording.steps
    cotangent = np.zeros((T, H, 1, H))
    cotangent[-1, :, 0] = np.eye(H)
    back = _pulled(recording.local, recording.parameters.U, cotangent)
    rows, exponent = back.cuts["h"][steps, :, 0], back.exponent[steps]
    with np.errstate(all="ignore"):
        _, own = np.frexp(np.abs(rows).max(axis=-1))
        top = np.where(np.abs(rows).any(axis=-1), exponent + own, np.iinfo(np.int32).min).max(axis=-1)
        scaled = np.ldexp(rows, np.clip(exponent - top[:, None], -2000, 2000)[..., None])
        scaled = np.where(np.isfinite(scaled), scaled, 0.0)
        values = np.linalg.svd(scaled, compute_uv=False)
        logs = np.log10(values) + np.where(top > np.iinfo(np.int32).min, top, 0)[:, None] * LOG10_2
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
    keep, loss = lin.to_previous[carried][carried], recording.output_gradient
    exponent = back.exponent if back.exponent is not None else np.zeros(T + 1, np.int64)
    entering = np.ldexp(loss, -exponent[1:, None, None])
    through = _through_weights(recording)
    if carried != "h":
        slope = lin.to_now["h"][carried]
        entering, through = entering * slope, through * slope
    direct, rest = np.zeros_like(entering), np.zeros_like(entering)
    d = r = np.zeros_like(entering[0])
    with np.errstate(all="ignore"):
        for t in range(T - 1, -1, -1):
            if t < T - 1:
                shift = int(np.clip(exponent[t + 2] - exponent[t + 1], -2000, 2000))
                d, r = (np.ldexp(keep[t + 1] * part, shift) for part in (d, r))
            d, r = d + entering[t], r + through[t]
            direct[t], rest[t] = d, r
        full = back.cuts[carried][1:]
        size = np.sqrt((full**2).sum(axis=(-1, -2)))
        error = np.sqrt(((direct + rest - full) ** 2).sum(axis=(-1, -2)))
        difference = np.nanmax(np.where(size > 0, error / size, 0.0))
        logs = [np.log10(np.sqrt((a**2).sum(axis=(-1, -2)))) + exponent[1:] * LOG10_2 for a in (full, direct, rest)]
    return Paths(*logs, float(difference))


def _through_weights(recording):
    """What comes back to h_t through U, (T, 1, H), on the scale of the stored adjoint of step t."""
    lin, back, H = recording.local, recording.back, recording.hidden_size
    walk = plan(recording.cell)
    early = columns(back.gates[1:], walk.early, H) @ columns(recording.parameters.U, walk.early, H).T
    for cut, previous in lin.to_previous.items():
        if "h" in previous and cut != "h":
            early = early + back.cuts[cut][2:] * previous["h"][1:]
    if back.exponent is not None:
        early = np.ldexp(early, np.clip(back.exponent[2:] - back.exponent[1:-1], -2000, 2000)[:, None, None])
    return np.concatenate([early, np.zeros_like(early[:1])])


def influence(recording):
    """log10 of the norm of dL_k/dh_t, (T, T), row k the loss at step k + 1, column t the state at step t + 1.

    L_k is the part of the loss at step k; -inf where there is none, or after it. Raises ValueError for more than one
    network or sequence.
    """
    _one(recording)
    T = recording.steps
    out = np.full((T, T), -np.inf)
    for block, back in _one_by_one(recording):
        with np.errstate(divide="ignore"):
            logs = np.log10(np.sqrt((back.cuts["h"][1:] ** 2).sum(axis=(-1, -2)))) + back.exponent[1:] * LOG10_2
        out[block] = logs.T
    return np.where(np.tril(np.ones((T, T), bool)), out, -np.inf)


def truncated(recording, reach):
    """The same recording with each loss pulled back through `reach` steps only, its own included: truncated BPTT.

    reach: a whole number of at least 1. Raises ValueError for any other, and for more than one network or sequence.
    """
    _one(recording)
    reach = min(whole("reach", reach, 1), recording.steps)
    back, T = recording.back, recording.steps
    cuts = {name: np.zeros_like(array) for name, array in back.cuts.items()}
    gates = np.zeros_like(back.gates)
    for block, part in _one_by_one(recording):
        # Index t of a cut belongs to step t; loss k, at step k + 1, reaches down to step k + 2 - reach.
        step, loss = np.arange(T + 1)[:, None], np.arange(T)[block][None] + 1
        seen = (step <= loss) & (step > loss - reach)
        with np.errstate(all="ignore"):
            for name, array in part.cuts.items():
                true = np.ldexp(array, part.exponent[..., None, None])
                cuts[name] += np.where(seen[..., None, None], true, 0.0).sum(axis=1)
            true = np.ldexp(part.gates, part.exponent[1:, :, None, None])
            gates += np.where(seen[1:, :, None, None], true, 0.0).sum(axis=1)
    return sealed(replace(recording, back=Adjoint(cuts, gates, None)))


def _one_by_one(recording):
    """Pull the loss of every step back by itself, some at a time: (slice of losses, `Adjoint` with N of them)."""
    T, gradient = recording.steps, recording.output_gradient
    for start in range(0, T, AT_ONCE):
        block = slice(start, min(start + AT_ONCE, T))
        count, last = block.stop - start, block.stop
        cotangent = np.zeros((T, count, *gradient.shape[1:]))
        for j in range(count):
            cotangent[start + j, j] = gradient[start + j]
        shorter = _sliced(recording.local, lambda a, last=last: a[:last])
        part = _pulled(shorter, recording.parameters.U, cotangent[:last])
        pad = T - last

        def whole(array, pad=pad):
            return np.concatenate([array, np.zeros((pad, *array.shape[1:]), array.dtype)]) if pad else array

        yield block, Adjoint({n: whole(a) for n, a in part.cuts.items()}, whole(part.gates), whole(part.exponent))


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
