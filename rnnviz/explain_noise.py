"""Sentences about normalisation and masks, every number in them computed from what is on the screen."""

import numpy as np

from .noise import DRAWS, GRID_LAYERS, KEPT, SCHEMES
from .norm import PLACES, PRODUCT, SUM, WIDE, growth, taken, unseen
from .overfit import at, best, dull, middle
from .wording import count, number, percent, shown

OPTIONS = ("as far as without", "a little less", "hardly at all")
"""What the gain may do to the gradient of a network whose products are normalised."""

MOVES = 0.5
"""Powers of ten below which a curve has hardly moved."""

TAKE_AWAY = {
    "normalisation": "Where the recurrent product is normalised by itself, its scale is gone: the gradient does "
    "what it does, and no gain changes that.",
    "masks": "Masks between layers alone are met once a layer, however long the path; masks on the recurrent arrows "
    "are met at every step.",
    "memory": "A mask drawn anew at every step on the way of a memory wipes it out; one mask for all steps, or on what "
    "is written, leaves it whole.",
    "overfitting": "The loss on what was learnt goes on falling while that on anything else rises: stop where the "
    "second is lowest, and look first what the dullest rule gets right.",
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
    if gain == 0:
        return "At gain 0 nothing is carried by h·U: there is nothing to be normalised."
    here, there = left(recordings), left(reference)
    parts = [f"**{label}** {_powers(by)}" for label, by in moves_by(here, there).items()]
    return f"From gain 1 to {shown(gain)} that moves by so many powers of ten: {_listed(parts)}."


def moves_by(here, there):
    """label -> powers of ten from there to here; 0 where nothing is left in both."""
    return {label: change - there[label] if change != there[label] else 0.0 for label, change in here.items()}


def _powers(change):
    return shown(abs(change), 2) if abs(change) > 1e-9 else "0"


def moves(one, other):
    """The option of `OPTIONS` for a network normalised by product, from changes off and on it, in powers of ten."""
    if abs(other) < MOVES:
        return OPTIONS[2]
    return OPTIONS[0] if abs(other) > 0.9 * abs(one) else OPTIONS[1]


def answer(change, guess):
    """What the gain does, beside a guess, "" for none. change: label -> powers of ten from gain 1 to 4."""
    off, product = change[PLACES["none"]], change[PRODUCT]
    right = moves(off, product)
    said = f"You said “{guess}”: {'right' if guess == right else f'it is “{right}”'}. " if guess else ""
    return (
        f"{said}From gain 1 to 4 the curve without normalisation moves by {_powers(off)} powers of ten, that with each "
        f"product normalised by {_powers(product)}: times U or times 4 U, the normalised product is the same."
    )


def why(recordings, reference, gain):
    """What normalising takes away in the network on the screen, a paragraph each; at gain 0 there is nothing to it."""
    if PRODUCT not in recordings or gain == 0:
        return ""
    own = recordings[PRODUCT]
    if own.parameters.U.shape[-1] == 1:
        return "A single sum is its own mean: normalised, it is 0, and nothing comes back."
    found, seen = taken(own), unseen(own)
    lines = [
        f"**What is taken away.** At the last step the {found.width} sums h·U are shifted to mean 0 and divided by "
        f"their standard deviation, {shown(found.deviation)}; the result has length {shown(found.length)}, the root of "
        f"{found.width}. Of {found.width} directions of a small change two are lost, all sums alike (times "
        f"{_nearly(found.shift)}) and all longer (times {_nearly(found.longer)}: 10⁻⁵ is added to the variance); the "
        f"others are multiplied by {shown(found.other)}.",
        "**What it does not see.** By how much of its length the result moves: "
        + ", ".join(f"{what}: {_nearly(by)}" for what, by in seen.items())
        + ".",
    ]
    if gain != 1 and _of_U(reference[PRODUCT]):
        size = _of_U(own) / _of_U(reference[PRODUCT])
        lines.append(
            f"**Weights that grow slow themselves.** With U times {shown(gain)}, the gradient of U is times "
            f"{shown(size)}; 1 / {shown(gain)} is {shown(1 / gain)}."
        )
    if SUM in recordings:
        lines.append(
            "**Why not the sum.** There x·W and h·U are normalised together: the gain still decides which of the two "
            "is heard."
        )
    if own.cell.max_slope is None and len(own.cell.gates) == 1:
        lines.append(
            f"**Dead is not level.** A step back multiplies by {shown(np.exp(growth(own)))} on average, whatever the "
            f"gain. Without input, many tanh units would come near {shown(np.exp(WIDE))}: slowly, they explode."
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
        f"{f'All {found.paths} paths' if found.paths > 1 else 'The one path'} of this length bring"
        f"{'' if found.paths > 1 else 's'} {percent(found.share)} of what would come without masks."
    )


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
    """Of the draws of every scheme, how many let anything through after a lag. found: label -> `noise.Sampled`."""
    through = {SCHEMES[one.memory.scheme]: int(one.through[lag]) for one in found.values()}
    few = min(through.values())
    rate = next(iter(found.values())).memory.rate
    parts = [f"**{title} {n}**" if n == few < DRAWS else f"{title} {n}" for title, n in through.items()]
    return f"Rate {shown(rate)}, {count(lag, 'step')} back: of {DRAWS} draws there get through {_listed(parts)}."


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
            f"{shown(KEPT)}) a step is {shown(z + q * KEPT)}. One mask for all steps, once kept, is divided by "
            f"{shown(q)} at every step: its mean grows."
        )
    return "\n\n".join(lines)


def losses(about, update):
    """Losses and right answers of every run after so many updates, None for all, and where the test was best."""
    parts = []
    for label, t in about.items():
        k = at(t, update)
        when, lowest = best(t)
        was = f", lowest {shown(lowest)} after {when}" if t.finished else ""
        parts.append(
            f"**{label}**: training loss {shown(middle(t, 'training loss')[k], 2)}, test loss "
            f"{shown(middle(t, 'loss')[k])}{was}; {_right(t, k)} right."
        )
    made = max(int(t.tested[at(t, update)]) for t in about.values())
    return (
        f"After {count(made, 'update')}, in the middle of {next(iter(about.values())).config.networks} networks. "
        f"{' '.join(parts)} {ridge(about)}"
    )


def _right(training, k):
    return f"{round(100 * float(middle(training, 'accuracy')[k]))} %"


def ridge(about):
    """What the dullest answer gets right."""
    share = dull(next(iter(about.values())))
    return f"Ridge regression on mean and deviation of each channel: {round(100 * share)} %."


def stopped(training, guess):
    """What stopping after so many updates would have given, beside the best; guess: text, "" for none."""
    when, lowest = best(training)
    losses_, last = middle(training, "loss"), middle(training, "loss")[-1]
    said = ""
    if guess:
        said = f"You would stop after {guess}: test loss {shown(losses_[at(training, int(guess))])}. "
    return (
        f"{said}The test loss was lowest after {count(when, 'update')}, {shown(lowest)}; at the end it is "
        f"{shown(last)}, though the training loss has fallen to {shown(middle(training, 'training loss')[-1], 2)}."
    )
