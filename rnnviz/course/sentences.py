"""Sentences of the lessons: every number from the recordings on the screen, and the verb by the number."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from ..engine.record import record
from ..explain import changed, fate
from ..wording import count, number, shown


def left(change, whose="it"):
    """What is left of a gradient of which 10**change is left, in words."""
    if change > 0:
        return f"{number(change)} times as much arrives"
    return f"{part(change)} of {whose} is left"


def part(change):
    """A share of 10**change: in percent from a thousandth up."""
    return number(change, 2) if change < -3 else f"{shown(100 * 10.0**change, 2)} %"


def far(change, last, whose="the gradient"):
    """What so many steps back make of the gradient, with its verb."""
    end = "" if change > 0 and fate(change) == "arrives" else f": it **{verb(change)}**"
    return f"after {count(last, 'step')} {left(change, whose)}{end}."


def verb(change):
    """The verb by number, marked where the glossary has it."""
    return {"vanishes": "[[vanish|vanishes]]", "explodes": "[[explode|explodes]]", "arrives": "arrives"}[fate(change)]


def try_it(what, value, at):
    """A hint to move the slider from where it stands to a value; none where it stands there."""
    return "" if at == value else f" Try {what} {shown(value)}."


def pace_of(recording):
    """What one step back multiplies by on average: the factor whose power is what is left."""
    change, last = changed(recording)
    return float(10 ** (change / last))


def mean_factor(factors):
    """The factor whose power is the product of all."""
    with np.errstate(divide="ignore"):
        return float(10 ** np.log10(factors).mean())


def only(recordings):
    """The one recording that there is."""
    (recording,) = recordings.values()
    return recording


def pace(recordings, gain):
    """How much one step back multiplies by, on average, and what that comes to."""
    recording = only(recordings)
    return f"On average a step back multiplies by {shown(pace_of(recording))}; {far(*changed(recording))}"


def multiplied(recordings, steps):
    """What so many steps leave of 1, at every factor."""
    found = [
        f"{label} {'leaves' if r.log10_dh[0] < r.log10_dh[-1] else 'makes'} "
        f"{number(r.log10_dh[-1 - steps] - r.log10_dh[-1], 2 if r.log10_dh[0] < r.log10_dh[-1] else 3)}"
        for label, r in recordings.items()
    ]
    return f"{count(steps, 'step')}: {', '.join(found)}. A small difference, multiplied again and again, becomes large."


def straight(recordings, factor):
    """How far a constant factor goes on the axis of powers."""
    change, last = changed(only(recordings))
    powers = f"{shown(abs(change), 2)} {'power' if shown(abs(change), 2) == '1' else 'powers'} of ten"
    moves = f"falls {powers}" if change < -1e-9 else f"rises {powers}" if change > 1e-9 else "stays level"
    return (
        f"On the lower axis a constant factor is a straight line: {shown(factor)} a step {moves} in "
        f"{count(last, 'step')}.{try_it('factor', 1.0, factor)}"
    )


def one_unit(recordings, gain):
    """A single unit without a squeeze: the factor of each step is the gain."""
    recording = only(recordings)
    return f"Each step back multiplies by {shown(pace_of(recording))}; {far(*changed(recording))}"


def flat(recordings, gain):
    """A single unit of tanh: where it sits, how steep it is there, and what gain and slope come to."""
    recording = only(recordings)
    change, last = changed(recording)
    slope = mean_factor(recording.slope[1 : last + 1])
    size = float(np.abs(recording.h[1 : last + 1]).mean())
    beside = "below 1" if gain * slope < 1 else "not below 1"
    return (
        f"The unit sits near ±{shown(size, 2)}; there the slope of tanh averages {shown(slope)}. "
        f"{shown(gain)} × {shown(slope)} = {shown(gain * slope)}, {beside}: {far(change, last)}"
    )


def hardly(recordings, gain):
    """What of the RNN's gradient reaches step 1, and what follows."""
    change, _ = changed(only(recordings))
    end = {
        "vanishes": "Step 1 teaches it next to nothing.",
        "arrives": "Step 1 can still teach it something.",
        "explodes": "It explodes.",
    }[fate(change)]
    reaches = f"{part(change)} of the gradient reaches" if change <= 0 else f"{number(change)} times as much reaches"
    return f"RNN: {reaches} step 1. {end}{try_it('gain', 1.0, gain)}"


def half_open(recordings, value):
    """What is left in each cell, the least first."""
    changes = {label: changed(r)[0] for label, r in recordings.items()}
    parts = ", ".join(f"{label} {part(change)}" for label, change in sorted(changes.items(), key=lambda pair: pair[1]))
    return f"All vanish, at different speeds: {parts}. A gate that is only partly open is no rescue."


def lane_alone(recording):
    """log10 of what the forget gates alone leave of the gradient by the cell state."""
    last = changed(recording)[1]
    entering = recording.dc[last]
    kept = recording.gates["f"][1 : last + 1].prod(axis=0) * entering
    return float(np.log10(np.linalg.norm(kept) / np.linalg.norm(entering)))


def forget_gate(recordings, bias):
    """The forget gate of an average step, what it leaves by itself, and what is left with the way through the gates."""
    recording = only(recordings)
    change, last = changed(recording)
    alone = lane_alone(recording)
    return (
        f"[[forget gate|Forget gate]] {shown(10 ** (alone / last))} on average: the upper lane alone leaves "
        f"{part(alone)} of ∂L/∂c. Some comes by the lower lane: {far(change, last, '∂L/∂h')}"
    )


def update_gate(recordings, bias):
    """The mean update gate, what it keeps, and what is left."""
    recording = only(recordings)
    change, last = changed(recording)
    gate = recording.gates["z"][1 : last + 1].mean()
    return (
        f"With z at {shown(gate, 2)} on average, the GRU keeps that part of its state; {far(change, last)}"
        f"{try_it('bias', 0.0, bias)}"
    )


LOWEST = 0.3
"""The gain that `moved` starts from."""


@lru_cache(maxsize=64)
def _change(config):
    return changed(record(config))[0]


def moves(recordings):
    """label -> by how many powers of ten what is left differs from that at the lowest gain."""
    return {label: abs(changed(r)[0] - _change(replace(r.config, gain=LOWEST))) for label, r in recordings.items()}


def moved(recordings, gain):
    """By how many powers of ten each curve has moved from the lowest gain."""
    parts = [f"the {label} by {shown(by, 2)}" for label, by in moves(recordings).items()]
    return (
        f"From gain {shown(LOWEST)} to {shown(gain)}, what arrives moves: {parts[0]} powers of ten, "
        f"{', '.join(parts[1:])}."
    )


def even_gates(recordings, gain):
    """Whether the LSTM's gradient explodes, and why it can."""
    change, last = changed(only(recordings))
    if fate(change) != "explodes":
        return f"At gain {shown(gain)}, {far(change, last)} Try a larger gain."
    return f"Yes: {number(change)} times as much. A gate is at most 1, but the paths through the weights multiply too."
