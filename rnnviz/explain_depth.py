"""Sentences about stacks and both directions, every number in them computed from what is recorded."""

import numpy as np

from . import depth
from .wording import count, number

LAST, MIDDLE, FIRST = "near the last step", "in the middle", "near the first step"
PLACES = FIRST, MIDDLE, LAST
"""Where something can be weakest."""


def place(step, steps):
    """Which third of the steps one is in: one of `PLACES`."""
    return PLACES[min(3 * (step - 1) // steps, 2)]


def overflow(trace):
    """Where a state left float64, in words; None where none did."""
    first = min((int(s) for s in trace.overflow_step.values() if s), default=0)
    if not first:
        return None
    return f"A state grows past the largest number there is, at step {first} of its layer; the gradient is lost."


def share(log10, whole="what enters"):
    """A part of something: in percent, or how many times as much."""
    if log10 > 1e-9:
        return f"{number(log10)} times {whole}"
    return f"{number(log10, 2) if log10 < -3 else f'{number(log10 + 2, 2)} %'} of {whole}"


def verdict(trace):
    """What the lowest layer's curve looks like, with its numbers."""
    lost = overflow(trace)
    if lost:
        return lost
    logs = depth.reaching(trace)
    if not np.isfinite(logs).any():
        return "**Nothing** reaches the lowest layer: its gradient is exactly 0 at every step."
    kind, steps, best = depth.shape(logs), trace.steps, trace.steps - depth.best_lag(trace)
    least = depth.weakest(trace)
    if kind == "wall":
        seen = np.flatnonzero(np.isfinite(logs)) + 1
        return f"**Wall**: {seen_by(seen)} can move what is read. At {steps - len(seen)} others it is exactly 0."
    ends = f"layer 1 gets {share(logs[0])} at step 1, {share(logs[-1], 'it')} at step {steps}"
    more = {
        "flat": f"; never less than {share(logs.min(), 'it')}",
        "valley": f", only {share(logs[least - 1], 'it')} at step {least}",
        "hill": f", but {share(logs[best - 1], 'it')} at step {best}, {count(steps - best, 'step')} back",
        "slope": "",
    }[kind]
    return f"**{kind.capitalize()}**: {ends}{more}."


def seen_by(seen):
    """Which inputs count, in words. seen: their steps."""
    return f"only the input of step {seen[0]}" if len(seen) == 1 else f"only inputs {seen[0]} to {seen[-1]}"


def halves(trace):
    """How many inputs the two halves of the output that is read have seen, in words; empty with one direction."""
    if trace.config.directions != "both":
        return ""
    counts = [int(np.isfinite(level.log10).sum()) for level in depth.levels(trace)[-2:]]
    return (
        f"At the top the gradient goes back along {count(counts[0], 'step')} of the forward row, and along "
        f"{count(counts[1], 'step')} of the backward row."
    )


def layers(trace):
    """What comes back to the lowest layer at the last step, beside the highest."""
    levels = [level for level in depth.levels(trace) if not level.reversed]
    top, low = levels[-1].log10[-1], levels[0].log10[-1]
    if len(levels) == 1 or not np.isfinite(top):
        return ""
    return f"At step {trace.steps}, layer 1 gets {share(low - top, f'what layer {levels[-1].layer} has')}."


def theory(trace):
    """How far what is measured is from theory, in words."""
    found = depth.in_theory(trace)
    if not found:
        return (
            "Theory is exact without a squeeze: choose the RNN's activation “identity” and U “identity”, and it is "
            "drawn in, dotted."
        )
    worst = 0.0
    for level in depth.lowest(trace):
        known = np.isfinite(level.log10) & np.isfinite(found[level.node])
        apart = np.abs(10.0 ** (level.log10[known] - found[level.node][known]) - 1)
        worst = max(worst, float(apart.max(initial=0.0)))
    if trace.config.directions == "both":
        what = "each direction multiplies by w a step: wᵀ⁻ᵗ forward, wᵗ⁻¹ backward"
    elif trace.config.layers > 1:
        what = "n steps back, C(n + j, j) paths lead through j more layers, each worth wⁿ times their weights"
    else:
        what = "n steps back are worth wⁿ"
    # More digits than these are rounding.
    digits = int(min(10, -np.log10(max(worst, 1e-300))))
    return f"Theory, dotted: {what}. Measured, it is the same to {digits} digits."


def best(trace):
    """The lag that is remembered best, and a sentence."""
    lag = depth.best_lag(trace)
    c = trace.config
    return lag, (
        f"With {count(c.layers, 'layer')} at w = {c.gain:g}, the input of {count(lag, 'step')} ago moves the top most: "
        "every layer more gives a far input more paths, and each step costs a factor w."
    )


def least(trace):
    """Where it is weakest, and a sentence."""
    step, logs = depth.weakest(trace), depth.reaching(trace)
    return place(step, trace.steps), f"At step {step} of {trace.steps} it is {share(logs[step - 1])}."


def table(rows, inputs):
    """A table in Markdown of `depth.weighed`: what each layer makes and learns. inputs: (T, D)."""

    def shape(own):
        return f"({', '.join(map(str, ('batch', *own)))})"

    lines = ["| layer | output shape | parameters in Keras | in PyTorch |", "|---|---|---:|---:|"]
    lines.append(f"| input | {shape(inputs)} | 0 | 0 |")
    lines += [f"| {row.name} | {shape(row.shape)} | {row.keras:,} | {row.pytorch:,} |" for row in rows]
    sums = (sum(row.keras for row in rows), sum(row.pytorch for row in rows))
    lines.append(f"| **all** | | **{sums[0]:,}** | **{sums[1]:,}** |")
    return "\n".join(lines)
