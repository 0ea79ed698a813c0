"""Sentences about the cliff, every number in them computed from the descents on the screen."""

import numpy as np

from .cliff import B_RANGE, METHODS, NAMES, SLOPE, STEPS, W_RANGE
from .wording import count, shown

VALLEY = 0.01
LONG = 1.0
"""A step this long, in a picture of 6 by 4, throws."""

FATES = {
    "thrown": "thrown out of the picture",
    "valley": f"in the valley, with an error below {VALLEY:g}",
    "under way": f"elsewhere, with an error of {VALLEY:g} or more",
}
ENDS = {
    "thrown": "A long step threw it out of the picture",
    "valley": "It ends in the valley",
    "under way": "It is not in the valley",
}


def fate(descent, method):
    """What has become of a descent after its last update: a key of `FATES`.

    Solved is solved wherever it stands; thrown is who is outside of the picture after a step at least `LONG`.
    """
    k = METHODS.index(method)
    if descent.error[-1, k] < VALLEY:
        return "valley"
    w, b = descent.w[:, k], descent.b[:, k]
    outside = not (W_RANGE[0] <= w[-1] <= W_RANGE[1] and B_RANGE[0] <= b[-1] <= B_RANGE[1])
    return "thrown" if outside and np.hypot(np.diff(w), np.diff(b)).max() >= LONG else "under way"


def verdict(descent, guess):
    """What came of the descent that is not clipped, beside the guess."""
    found = FATES[fate(descent, "none")]
    text = f"After {descent.updates} updates the descent that is not clipped is **{found}**."
    return text + (f" Your guess was “{guess}”: {'right' if guess == found else 'not this time'}." if guess else "")


def steepest(descent):
    """Why the descent that is not clipped ends where it does."""
    found = fate(descent, "none")
    n = int(descent.norm_before[:, 0].argmax())
    norm = descent.norm_before[n, 0]
    text = (
        f"The steepest place of the descent that is not clipped was at update {n + 1}: a gradient of length "
        f"{shown(norm)}, times the learning rate {shown(descent.rate)}, is a step of length "
        f"{shown(norm * descent.rate)}"
    )
    if found == "thrown":
        text += (
            f"; it now stands at w = {shown(descent.w[-1, 0])}, b = {shown(descent.b[-1, 0])}, with an error of "
            f"{shown(descent.error[-1, 0])}"
        )
    if found != "valley" and descent.norm_before[-1, 0] < 1e-6:
        text += f". The gradient there is {shown(descent.norm_before[-1, 0])}: flat ground, an update hardly moves it"
    return text + "."


def table(descent, update):
    """One update of the three descents, counted from 1, as a table: name of a column -> texts."""
    columns = ("", "gradient (by w, by b)", "its length", "used", "factor", "turned", "lands at")
    rows = {column: [] for column in columns}
    for k, method in enumerate(METHODS):
        g, a = descent.gradient[update - 1, k], descent.after[update - 1, k]
        values = (
            NAMES[method],
            f"({shown(g[0])}, {shown(g[1])})",
            shown(descent.norm_before[update - 1, k]),
            f"({shown(a[0])}, {shown(a[1])})",
            shown(descent.factor[update - 1, k]),
            f"{descent.turned[update - 1, k]:.1f}°" if descent.turned[update - 1, k] >= 0.05 else "0°",
            f"w = {shown(descent.w[update, k])}, b = {shown(descent.b[update, k])}, "
            f"error {shown(descent.error[update, k])}",
        )
        for column, value in zip(rows, values):
            rows[column].append(value)
    return rows


def threshold(descent):
    """Where the threshold stands beside the average norm, for which the paper has a rule of thumb."""
    norms = descent.norm_before[:, METHODS.index("norm")]
    average, median = float(norms.mean()), float(np.median(norms))
    if not average > 0:
        return ""
    return (
        f"Along the path clipped by norm the gradient's length is {shown(average)} on average, with a median of "
        f"{shown(median)}" + (": a few steep places make the average" if average > 3 * median else "") + ". The "
        f"threshold {shown(descent.threshold)} is {shown(descent.threshold / average)} times the average; Pascanu, "
        "Mikolov and Bengio (2013) recommend 0.5 to 10 times."
    )


def clipping(descent):
    """What clipping by norm and by value did along the way."""
    out = []
    for method in ("norm", "value"):
        k = METHODS.index(method)
        shortened, turned = int((descent.factor[:, k] < 1).sum()), float(descent.turned[:, k].max())
        text = f"**{NAMES[method].capitalize()}**: {shortened} of {count(descent.updates, 'update')} shortened"
        if shortened:
            text += f", the most shortened one to {shown(descent.factor[:, k].min())} of its length"
            text += f"; turned by up to {turned:.1f}°" if turned >= 0.05 else "; none turned"
        out.append(f"{text}. {ENDS[fate(descent, method)]}, error {shown(descent.error[-1, k])}.")
    return out


def wall(w, wall_b, where):
    """Why there is a wall at this w, or why there is none. where: words for whose w it is, which begin the text."""
    slope = w * SLOPE
    if not np.isfinite(wall_b):
        return (
            f"{where} the start x₀ = 0.5 cannot repel: w σ′(0.5) = {shown(slope, 4)} is at most 1. There is no wall; "
            f"it begins at w = {shown(1 / SLOPE, 4)}."
        )
    growth = (slope**STEPS - 1) / (slope - 1)
    return (
        f"{where} the wall stands at b* = 0.5 − w σ(0.5) = {shown(wall_b, 5)}: there the start x₀ = 0.5 is itself a "
        "resting point, but one that repels: every step multiplies a distance from it by w σ′(0.5), which is "
        f"{shown(slope, 4)}. A little more b, and the unit runs up; a little less, and it runs down. On the wall "
        f"itself ∂x₅₀/∂b is {shown(growth)}."
    )
