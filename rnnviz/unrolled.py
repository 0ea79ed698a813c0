"""A network unrolled in time, as a plain description: what stands at every step, and every way back between steps."""

from dataclasses import dataclass, replace

import numpy as np

from . import depth
from .engine.anatomy import _powers_of, _through_weights
from .scaled import LOG10_2, log10_norm


@dataclass(frozen=True, eq=False)
class Row:
    """What has a place at every step.

    name: a letter of the equations. values: (T,) the number itself where there is one, else the root mean square.
    log10: (T,) log10 of the norm of the gradient of the loss by it; None where that is not followed.
    """

    name: str
    values: np.ndarray
    log10: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Lane:
    """Arrows on which the gradient goes back. Arrow k goes from step starts[k] of one row to step ends[k] of another.

    name: "weights", through U; "kept", a state that is carried over; "within", from state to state at one step;
    "whole", all ways together; "down", from the layers above; "past", past a layer.
    source, target: names of rows; "past" goes from above the one to below the other. starts, ends: (A,) steps, from 1.
    log10: (A,) of the norm of what arrives by an arrow. factor: (A,) the same, beside the norm of the whole gradient
    where the arrow starts; NaN where that is 0.
    gate: the gate that multiplies there, if one does.
    """

    name: str
    source: str
    target: str
    starts: np.ndarray
    ends: np.ndarray
    log10: np.ndarray
    factor: np.ndarray
    gate: str = ""


@dataclass(frozen=True, eq=False)
class Loss:
    """Where the loss enters. row: the name of one. steps: (N,) from 1. log10: (N,) norms of what enters at each.

    value: of the loss; None where only its gradient was given.
    """

    row: str
    steps: np.ndarray
    log10: np.ndarray
    value: float | None


@dataclass(frozen=True, eq=False)
class Unrolled:
    """The rows from the top to the bottom, the lanes between them, and the loss, of `steps` steps."""

    steps: int
    rows: tuple[Row, ...]
    lanes: tuple[Lane, ...]
    loss: Loss


def unrolled(recording, below="x"):
    """A `Recording` of one network as an `Unrolled`.

    What comes back to a state is the sum of what arrives on the lanes that end there and of what the loss puts in. With
    one loss and one lane the factors multiply to what is left of the gradient. below: what stands below the states, "x"
    or, for cells that have one, the mean "slope" of the activation.
    """
    cell, lin, back, T = recording.cell, recording.local, recording.back, recording.steps
    exponent = _powers_of(back)[1:]
    norms = {s: log10_norm(back.cuts[s][1:]) + exponent * LOG10_2 for s in cell.states}
    rows = [Row(s, _size(recording.states[s][1:]), norms[s]) for s in reversed(cell.states)]
    rows.append(Row("x", _size(recording.x)) if below == "x" else Row("slope", recording.slope.mean(axis=(1, 2))))
    step = np.arange(1, T + 1)

    def lane(name, source, target, log10, gate=""):
        starts, ends = (step, step) if name == "within" else (step[1:], step[:-1])
        with np.errstate(invalid="ignore"):
            factor = log10 - norms[source][starts - 1]
        return Lane(name, source, target, starts, ends, log10, factor, gate)

    lanes = []
    for state in reversed(cell.states):
        if state in lin.to_previous[state]:
            log10 = _log10_product(lin.to_previous[state][state][1:], back.cuts[state][2:]) + exponent[1:] * LOG10_2
            lanes.append(lane("kept", state, state, log10, cell.keeps if state == cell.states[-1] else ""))
        for other in cell.states:
            if other in lin.to_now[state]:
                log10 = _log10_product(lin.to_now[state][other], back.cuts[state][1:]) + exponent * LOG10_2
                lanes.append(lane("within", state, other, log10))
    log10 = log10_norm(_through_weights(recording)[:-1]) + exponent[:-1] * LOG10_2
    lanes.append(lane("weights", "h", "h", log10))
    return Unrolled(T, tuple(rows), tuple(lanes), _loss(recording, "h"))


def hidden(recording, name):
    """The hidden state alone as an `Unrolled`, in a row of that name: all ways back between two steps are one lane."""
    T, log10 = recording.steps, recording.log10_dh
    rows = Row(name, _size(recording.h), log10), Row("x", _size(recording.x))
    with np.errstate(invalid="ignore"):
        factor = log10[:-1] - log10[1:]
    lane = Lane("whole", name, name, np.arange(2, T + 1), np.arange(1, T), log10[:-1], factor)
    return Unrolled(T, rows, (lane,), _loss(recording, name))


def stack(trace):
    """A `Trace` of `stacked` as an `Unrolled` for each layer or direction, from the top: name of its row -> `Unrolled`.

    Each has one row, the hidden state by position, and its own lanes: "kept" and "weights" across, "down" for what
    comes from the layers above, from the row over it, and "past" for the connection past its layer.
    """
    config, T, found = trace.config, trace.steps, {}
    levels = depth.levels(trace)[::-1]
    both, step = config.directions == "both", np.arange(1, trace.steps + 1)
    for place, level in enumerate(levels):
        recording, name = trace.recordings[level.node], level.name.replace(" ", "")
        position = T + 1 - step if level.reversed else step
        lanes = [
            replace(
                lane,
                source=name,
                target=name,
                starts=position[lane.starts - 1],
                ends=position[lane.ends - 1],
                factor=lane.factor,
            )
            for lane in unrolled(recording).lanes
            if lane.name in ("kept", "weights")
        ]
        if level.reversed:  # by place, as the others
            lanes = [
                replace(k, starts=k.starts[::-1], ends=k.ends[::-1], log10=k.log10[::-1], factor=k.factor[::-1])
                for k in lanes
            ]
        entering = trace.total[level.node].log10_norm()
        if level.layer < config.layers:
            over = levels[place - 1]
            with np.errstate(invalid="ignore"):
                factor = entering - trace.log10_dh[over.node]
            lanes.append(Lane("down", over.name.replace(" ", ""), name, step, step, entering, factor))
        past = f"sum {level.layer}"
        if not level.reversed and any(node.name == past for node in trace.network.nodes):
            (source,) = (node.reads[1] for node in trace.network.nodes if node.name == past)
            log10 = trace.log10_arrows[past, source]
            target = levels[place + both].name.replace(" ", "")
            lanes.append(Lane("past", name, target, step, step, log10, np.zeros(T)))
        loss = None
        if level.layer == config.layers:
            entered = np.flatnonzero(np.isfinite(entering))
            loss = Loss(name, entered + 1, entering[entered], None if trace.loss is None else float(trace.loss))
        row = Row(name, _size(trace.outputs[level.node]), trace.log10_dh[level.node])
        found[name] = Unrolled(T, (row, Row("x", _size(trace.x))), tuple(lanes), loss)
    return found


def before(found):
    """An `Unrolled` before its gradient goes back: NaN for every number of it but what the loss puts in."""

    def row_before(row):
        if row.log10 is None:
            return row
        log10 = np.full(found.steps, np.nan)
        if found.loss and row.name == found.loss.row:
            log10[found.loss.steps - 1] = found.loss.log10
        return replace(row, log10=log10)

    lanes = (replace(k, log10=np.full_like(k.log10, np.nan), factor=np.full_like(k.log10, np.nan)) for k in found.lanes)
    return replace(found, rows=tuple(map(row_before, found.rows)), lanes=tuple(lanes))


def _loss(recording, row):
    """Where the loss of a `Recording` enters."""
    entered = np.flatnonzero(recording.output_gradient.reshape(recording.steps, -1).any(axis=1))
    value = None if recording.loss is None else float(np.asarray(recording.loss))
    return Loss(row, entered + 1, log10_norm(recording.output_gradient[entered]), value)


def _size(array):
    """(T,) the one number of each step, or the root mean square of all."""
    count = array[0].size
    if count == 1:
        return array.reshape(len(array))
    with np.errstate(over="ignore"):
        return 10.0 ** (log10_norm(array) - 0.5 * np.log10(count))


def _log10_product(one, other):
    """(T,) log10 of the norm of the product of two arrays (T, B, H), by element, whatever its size."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(np.abs(one)) + np.log10(np.abs(other))
        top = logs.max(axis=(-1, -2))
        base = np.where(np.isneginf(top), 0.0, top)
        return base + log10_norm(10.0 ** (logs - base[:, None, None]))
