"""The same gradient in ways that share no code with the engine, and how far they are apart.

`hand_written` and `plain_autograd` import nothing of rnnviz.
"""

import time
from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np
from autograd import grad

from ..arguments import instance
from ..engine.recording import Recording
from . import hand_written, plain_autograd

PARAMETERS = ("W", "U", "b", "b_rec")
MOST = 40_000
"""Steps times units: beyond, autograd operation by operation takes longer than a person waits."""

STEP = 1e-5
SAMPLED = 6


@dataclass(frozen=True)
class Result:
    """One way to the gradient, against the engine's.

    way: in words. quantity: "h" or "c". difference: the largest one of any element, relative to the largest element of
    its step, over all steps; None where nothing could be compared. step: where that is, from 1. milliseconds: taken.
    left_out: steps whose gradient is 0, not finite, or too small for float64's full precision.
    """

    way: str
    quantity: str
    difference: float | None
    step: int
    milliseconds: float
    left_out: int


def check(recording):
    """Hold dL/dh_t, and dL/dc_t, of a recording against three other ways. Returns a list of `Result`.

    The recording is of one network, of a cell that is written out in `hand_written` and `plain_autograd`. Raises
    ValueError for any other, for one of more than `MOST` steps times units, or whose state overflows.
    """
    if instance("recording", recording, Recording, "a Recording").h.ndim != 3:
        raise ValueError(
            f"The 'recording' parameter must be of one network, with h of the shape (T, B, H). Got "
            f"{recording.h.shape} instead."
        )
    if recording.cell.name not in hand_written.GATES:
        raise ValueError(
            f"The 'recording' parameter must be of a cell that the other ways know. Got "
            f"{recording.cell.name!r} instead."
        )
    size = recording.steps * recording.hidden_size
    if size > MOST:
        raise ValueError(
            f"The 'recording' parameter must have at most {MOST:,} steps times units. Got {size:,} "
            "instead: take fewer steps or units."
        )
    if recording.overflow_step:
        raise ValueError(
            f"The 'recording' parameter must be finite. Got a state that overflows at step "
            f"{int(recording.overflow_step)} instead: lower the gain or take fewer steps."
        )
    cell = recording.cell.name
    p = {name: getattr(recording.parameters, name) for name in PARAMETERS}
    first, loss = recording.initial_state, recording.output_gradient
    engine = {"h": recording.dh} | ({"c": recording.dc} if recording.c is not None else {})

    def by_hand():
        out = hand_written.bptt(cell, p, recording.x, loss, first["h"], first.get("c"))
        return {s: out[f"d{s}"] for s in engine}

    def value(taps):
        h, _ = plain_autograd.unroll_plain(cell, p, recording.x, taps, first["h"], first.get("c"))
        return anp.sum(h * loss)

    def by_autograd():
        return grad(value)({s: np.zeros_like(engine[s]) for s in engine})

    out = []
    with np.errstate(all="ignore"):
        for way, function in (("autograd, operation by operation", by_autograd), ("hand-written BPTT", by_hand)):
            start = time.perf_counter()
            found = function()
            taken = 1e3 * (time.perf_counter() - start)
            out += [Result(way, s, *_apart(engine[s], found[s]), taken, _left_out(engine[s])) for s in engine]
        start = time.perf_counter()
        apart = {s: _by_differences(value, engine, s) for s in engine}
        taken = 1e3 * (time.perf_counter() - start)
        out += [
            Result(f"finite differences, {SAMPLED} elements", s, *found, taken, _left_out(engine[s]))
            for s, found in apart.items()
        ]
    return out


def _comparable(gradient):
    """(T,) whether a step's gradient is finite and large enough for the full precision of float64."""
    size = np.abs(gradient).max(axis=(-1, -2))
    return np.isfinite(size) & (size > 1e-290), size


def _left_out(gradient):
    return int((~_comparable(gradient)[0]).sum())


def _apart(engine, other):
    """The largest relative difference over the steps that can be compared, and its step; None where there is none."""
    known, size = _comparable(engine)
    if not known.any():
        return None, 0
    error = np.abs(engine - other).max(axis=(-1, -2))[known] / size[known]
    worst = int(error.argmax())
    return float(error[worst]), int(np.flatnonzero(known)[worst]) + 1


def _by_differences(value, engine, state):
    """The loss at both sides of an element, over the steps whose gradient the rounding of the loss does not drown."""
    base = {s: np.zeros_like(a) for s, a in engine.items()}
    known, size = _comparable(engine[state])
    # A difference of two losses is only good to about 1e-16 of the loss divided by the step.
    floor = 1e-16 * max(abs(value(base)), 1e-300) / STEP
    steps = np.flatnonzero(known & (size > 1e6 * floor))
    if not len(steps):
        return None, 0
    worst, where = 0.0, int(steps[-1]) + 1
    for t in np.unique(steps[np.linspace(0, len(steps) - 1, SAMPLED).round().astype(int)]):
        element = np.unravel_index(np.abs(engine[state][t]).argmax(), engine[state][t].shape)
        ends = []
        for step in (STEP, -STEP):
            moved = {s: a.copy() if s == state else a for s, a in base.items()}
            moved[state][(t, *element)] = step
            ends.append(value(moved))
        error = abs((ends[0] - ends[1]) / (2 * STEP) - engine[state][(t, *element)]) / size[t]
        if error >= worst:
            worst, where = float(error), int(t) + 1
    return worst, where
