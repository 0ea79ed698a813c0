"""Sentences about normalisation and masks, every number in them computed from what is on the screen."""

import numpy as np

from .noise import DRAWS, GRID_LAYERS, KEPT, SCHEMES
from .norm import PLACES, PRODUCT, WIDE, growth, taken, unseen
from .wording import count, number, percent, shown

OPTIONS = ("as much as without", "a little less", "hardly anything")
"""What the gain may do to the gradient of a network whose products are normalised."""

MOVES = 0.5
"""Powers of ten below which a curve has hardly moved."""

TAKE_AWAY = {
    "normalisation": "Where the recurrent product is normalised by itself, its scale is gone: no gain makes the "
    "gradient vanish or explode, and none can tune it.",
    "masks": "Masks between layers alone are met once a layer, however long the path; masks on the recurrent arrows "
    "are met at every step.",
    "memory": "A mask drawn anew at every step on the way of a memory wipes it out; one mask for all steps, or on what "
    "is written, leaves it whole.",
}


def left(recordings):
    """log10 of what is left at step 1 of what entered at the last, of each."""
    return {label: float(r.log10_dh[0] - r.log10_dh[-1]) for label, r in recordings.items()}


def _listed(parts):
    """a, b and c."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def remains(recordings, gain):
    """What is left in each, at this gain."""
    parts = [f"**{label}** {number(change)}" for label, change in left(recordings).items()]
    return f"At gain {shown(gain)} there is left at step 1, of 1 that enters: {_listed(parts)}."


def moved(recordings, reference, gain):
    """By how many powers of ten each has moved from gain 1. reference: the same recorded there."""
    if gain == 1:
        return "Move the gain, and see which of them follow."
    here, there = left(recordings), left(reference)
    parts = [f"**{label}** {_powers(here[label] - there[label])}" for label in recordings]
    return f"From gain 1 to {shown(gain)} that moves by so many powers of ten: {_listed(parts)}."


def _powers(change):
    return shown(abs(change), 2) if abs(change) > 1e-9 else "0"


def moves(one, other):
    """The option of `OPTIONS` for a network normalised by product, from changes off and on it, in powers of ten."""
    if abs(other) < MOVES:
        return OPTIONS[2]
    return OPTIONS[0] if abs(other) > 0.9 * abs(one) else OPTIONS[1]


def why(recordings, reference, gain):
    """N1 to N6 of the network on the screen, a paragraph each."""
    label, own = (PRODUCT, recordings[PRODUCT]) if PRODUCT in recordings else next(iter(recordings.items()))
    found, seen = taken(own), unseen(own)
    lines = [
        f"**What is taken away.** The {found.width} sums of h·U are shifted to mean 0 and divided by their standard "
        f"deviation, {shown(found.deviation)}. What comes out has length {shown(found.length)}, at most the root of "
        f"{found.width}. Of a small change one direction is lost whole, all sums alike ({_nearly(found.shift)}), one "
        f"but for the 10⁻⁵ that is added to the variance, all of them longer ({_nearly(found.longer)}); all others are "
        f"multiplied by {shown(found.other)}.",
        "**What it does not see.** "
        + "; ".join(f"{what}: moves the result by {_nearly(by)} of its length" for what, by in seen.items())
        + ".",
    ]
    if label == PRODUCT:
        size = _of_U(own) / _of_U(reference[PRODUCT]) if _of_U(reference[PRODUCT]) else np.nan
        if np.isfinite(size) and gain not in (0, 1):
            lines.append(
                f"**Weights that grow slow themselves.** With U {shown(gain)} times as large, its gradient is "
                f"{shown(size)} times as large; 1 / {shown(gain)} is {shown(1 / gain)}."
            )
        if PLACES["sum"] in recordings:
            lines.append(
                "**Why not the sum.** There x·W and h·U are normalised together: the gain still decides which of the "
                "two is heard."
            )
        rate = growth(own)
        if np.isfinite(rate):
            lines.append(
                f"**Dead is not level.** A step back multiplies by e to the power {shown(rate, 2)} on average, "
                f"whatever the gain. Without input, many tanh units would come to {shown(WIDE, 2)} at most: slowly, "
                "they explode."
            )
    return "\n\n".join(lines)


def _of_U(recording):
    return float(np.linalg.norm(recording.gradients.U))


def _nearly(value):
    """A number that rounding may have left of 0."""
    return "0" if value < 1e-12 else shown(value, 2)


def crossing(found):
    """How many masks a path meets, what they multiply it by, and what comes back over all paths: `noise.Masked`."""
    grid, met = found.grid, found.met
    dropped = int((met == 0).sum())
    fate = (
        f"it is cut {'once' if dropped == 1 else f'{dropped} times'}"
        if dropped
        else (f"none of them drops it, and it is multiplied by {shown(float(met.prod()))}")
    )
    return (
        f"The path goes {count(grid.lag, 'step')} back and meets **{count(len(met), 'mask')}**: {fate}. "
        f"{'All' if found.paths > 1 else 'The one'} {found.paths if found.paths > 1 else ''} "
        f"path{'s' if found.paths > 1 else ''} of this length together bring {percent(found.share)} of what they would "
        "without masks."
    ).replace("  ", " ")


def variance(found):
    """The relative variance of a single path, exactly, and beside the other ways of masking."""
    grid, q = found.grid, 1 - found.grid.rate
    with np.errstate(over="ignore"):
        own, more = (q**-k - 1 for k in (GRID_LAYERS + 1.0, GRID_LAYERS + 1.0 + grid.lag))
    return (
        f"Over all draws a path keeps its mean, since what is kept is divided by {shown(q)}. Its variance, as a "
        f"multiple of that mean squared: {shown(own)} with {GRID_LAYERS + 1} masks between layers, at any lag; "
        f"{shown(more)} with {count(grid.lag, 'mask')} more on the recurrent arrows, fresh at each step."
    )


def got_through(found, lag):
    """Of the draws of every scheme, how many let anything through after a lag. found: name -> `noise.Sampled`."""
    most = {name: int(one.through[lag]) for name, one in found.items()}
    least = min(most, key=most.get)
    rate = next(iter(found.values())).memory.rate
    rest = [f"{SCHEMES[name]} {n}" for name, n in most.items() if name != least]
    return (
        f"Rate {shown(rate)}, {count(lag, 'step')} back. Of {DRAWS} draws get through: **{SCHEMES[least]} "
        f"{most[least]}**, {_listed(rest)}."
    )


def exactly(found, lag):
    """Mean and spread of every scheme after a lag, exactly and as drawn, a line each."""
    lines = ["##### Exactly, over all masks, and as drawn"]
    for name, one in found.items():
        lines.append(
            f"**{SCHEMES[name]}**: {count(int(one.met[lag]), 'mask')} on the way; mean {shown(one.mean[lag])} (drawn "
            f"{shown(float(one.weights[lag].mean()))}), spread {_nearly(one.spread[lag])} (drawn "
            f"{_nearly(float(one.weights[lag].std()))})."
        )
    held = found.get("zoneout")
    if held is not None:
        z, q = held.memory.rate, 1 - held.memory.rate
        lines.append(
            f"A unit that is held keeps all of its state, not {shown(KEPT)} of it: ({shown(z)} + {shown(q)} × "
            f"{shown(KEPT)}) a step is {shown(z + q * KEPT)}. One mask for all steps, once kept, is divided by {shown(q)}"
            f" at every step: its mean grows."
        )
    return "\n\n".join(lines)
