"""Sentences of lesson 3: the numbers of one unit."""

import numpy as np

from ..wording import count, percent, shown
from .sentences import only, part, try_it

RNN_UNIT, LSTM_UNIT = 2, 1
"""The units that are worked out, counted from 1."""


def exact(value):
    """Three digits that count, at least three after the point, and a minus that is one: to go on with by hand."""
    decimals = 3 if value == 0 else max(3, 2 - int(np.floor(np.log10(abs(value)))))
    return f"{value:.{decimals}f}".replace("-", "−")


def times(value):
    """A number that is multiplied with."""
    return f"× ({exact(value)})" if value < 0 else f"× {exact(value)}"


def summed(value):
    """A number that is added."""
    return f"{'−' if value < 0 else '+'} {exact(abs(value))}"


def remembered(recording):
    """log10 of what the gate that keeps the state leaves at the last step of what was there at step 1."""
    return float(np.log10(recording.gates[recording.cell.keeps][1:, 0, 0]).sum())


def share(recording):
    """The part of the gradient by the carried state that arrives at step 1."""
    logs = recording.log10_dh if recording.c is None else recording.log10_dc
    return float(10.0 ** (logs[0] - logs[-1]))


def by_hand(recordings, step):
    """One step of the RNN with its numbers."""
    r, t, j = only(recordings), step - 1, RNN_UNIT - 1
    u, b = r.recurrent_terms["h"][t, 0, j], r.parameters.b[j]
    return (
        f"h = tanh({exact(r.x[t, 0, 0])} {times(r.parameters.W[0, j])} {summed(u)} {summed(b)}) = "
        f"{exact(r.h[t, 0, j])}: [[weight|weighted]] input, memory and [[bias]], added and squeezed."
        f"{try_it('step', 1, step)}"
    )


def one_gate(recordings, bias):
    """What σ makes of the bias."""
    f = float(only(recordings).gates["f"].mean())
    return f"[[sigma|σ]]({shown(bias)}) = {shown(f)}: this [[gate]] lets {percent(f)} through."


def kept_and_added(recordings, step):
    """One step of the LSTM's cell state with its numbers."""
    r, t, j = only(recordings), step - 1, LSTM_UNIT - 1
    i, f, g = (r.gates[name][t, 0, j] for name in "ifg")
    return (
        f"c = {exact(f)} {times(r.states['c'][t, 0, j])} + {exact(i)} {times(g)} = {exact(r.c[t, 0, j])}: keep a "
        f"part, add a part.{try_it('step', 7, step)}"
    )


def carried(recordings, bias):
    """What the forget gate keeps in one step, and in all of them."""
    r = only(recordings)
    return (
        f"On average a step keeps {shown(10 ** (remembered(r) / (r.steps - 1)))}; "
        f"after {count(r.steps - 1, 'step')} {part(remembered(r))} of what was stored at step 1 is left."
    )


def both_ways(recordings, bias):
    """The same product forward and backward."""
    r = only(recordings)
    return (
        f"Forward {shown(100 * 10 ** remembered(r))} % of the memory, backward {shown(100 * share(r))} % of the "
        "[[gradient]]: a gate multiplies in both directions."
    )


def old_and_new(recordings, bias):
    """What the GRU's gate keeps and replaces in the last step, in an average step, and in all of them."""
    r = only(recordings)
    z = float(r.gates["z"][-1, 0, 0])
    return (
        f"Step {r.steps}: h = {exact(z)} × old + {exact(1 - z)} × new. z differs from step to step, "
        f"{shown(10 ** (remembered(r) / (r.steps - 1)))} on average: after {count(r.steps - 1, 'step')} "
        f"{part(remembered(r))} of the first state is left, and {part(np.log10(share(r)))} of the gradient."
        f"{try_it('bias', 0.0, bias)}"
    )
