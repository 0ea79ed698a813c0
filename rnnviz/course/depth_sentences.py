"""Sentences of lesson 7: every number from the networks on the screen."""

import numpy as np

from .. import depth
from ..explain_depth import place, share, verdict
from ..wording import SUPERSCRIPTS, count, number, shown
from .sentences import only


def paths(trace):
    """How many paths lead from the last step of the top layer to the first of the lowest, from what is left of it."""
    (level,) = depth.lowest(trace)
    change = level.log10[0] - level.log10[-1]
    return 10.0 ** (change - (trace.steps - 1) * np.log10(trace.config.gain))


def many_paths(traces, gain):
    """What one path is worth, how many there are, and what they come to."""
    trace = only(traces)
    (level,) = depth.lowest(trace)
    steps, ways = trace.steps - 1, paths(trace)
    one = steps * np.log10(gain)
    return (
        f"{count(steps, 'step')} back along one [[path]] leave {shown(gain)}{str(steps).translate(SUPERSCRIPTS)} = "
        f"{number(one)}. {count(round(ways), 'path')} lead there: {round(ways):,} × {number(one)} = "
        f"{number(level.log10[0] - level.log10[-1])}."
    )


def later(traces, layers):
    """Which lag is remembered best."""
    lag = depth.best_lag(only(traces))
    when = "now" if lag == 0 else f"{count(lag, 'step')} ago"
    return (
        f"With {count(int(layers), 'layer')} the output hangs most on what came **{when}**. Far steps have more "
        "[[path|paths]], and each step costs 0.9. Dotted: theory."
    )


def passed_down(trace):
    """log10 of what the lowest layer gets of what the highest has at the last step."""
    levels = [level for level in depth.levels(trace) if not level.reversed]
    return levels[0].log10[-1] - levels[-1].log10[-1]


def handed_down(traces, layers):
    """What depth leaves at the last step, and on average a layer."""
    trace = only(traces)
    top, last = int(layers), trace.steps
    if top == 1:
        return "One layer is lowest and highest at once. Add some."
    left = passed_down(trace)
    each = 10 ** (left / (top - 1))
    return (
        f"At step {last} layer 1 gets {share(left, f'what layer {top} has')}: each layer down is another factor, "
        f"{shown(each, 2)} on average."
    )


def past(traces, layers):
    """The same without and with a way past the layers."""
    plain, skips = (passed_down(trace) for trace in traces.values())
    last = next(iter(traces.values())).steps
    return (
        f"At step {last} layer 1 gets {share(plain, f'what layer {int(layers)} has')}; with skips "
        f"{share(skips, 'it')}: one way leads past every layer, × 1."
    )


def both_ends(traces, value):
    return verdict(only(traces))


def three_ways(traces, value):
    """What each curve looks like, and its least."""
    parts = []
    for label, trace in traces.items():
        logs = depth.reaching(trace)
        parts.append(
            f"{label}: **{depth.shape(logs)}**, at least {share(logs.min(), 'what enters' if not parts else 'it')}"
        )
    return "; ".join(parts) + "."


def seen(trace):
    """How many inputs the forward and the backward half of the output that is read have seen."""
    return [int(np.isfinite(level.log10).sum()) for level in depth.lowest(trace)]


def halves(traces, position):
    """What each half of one output has seen."""
    trace = only(traces)
    forward, backward = seen(trace)
    return (
        f"At position {int(position)} the forward half has seen {count(forward, 'input')}, the backward half "
        f"{count(backward, 'input')}. By all others its gradient is **exactly 0**."
    )


def weakest(traces):
    trace = only(traces)
    return place(depth.weakest(trace), trace.steps)
