"""Sentences about the cliff, every number in them computed from the descents on the screen."""

import numpy as np

from .cliff import B_RANGE, METHODS, NAMES, SLOPE, STEPS, W_RANGE
from .explain import shown

VALLEY = 0.01
FATES = {
    "thrown": "thrown out of the picture",
    "valley": f"in the valley, with an error below {VALLEY:g}",
    "under way": "still under way, inside the picture",
}
ENDS = {"thrown": "It ends outside of the picture", "valley": "It ends in the valley",
        "under way": "It ends on its way, inside the picture"}


def fate(descent, method):
    """What has become of a descent after its last update: a key of `FATES`."""
    k = METHODS.index(method)
    w, b = descent.w[-1, k], descent.b[-1, k]
    if not (W_RANGE[0] <= w <= W_RANGE[1] and B_RANGE[0] <= b <= B_RANGE[1]):
        return "thrown"
    return "valley" if descent.error[-1, k] < VALLEY else "under way"


def verdict(descent, guess):
    """The guess beside what came of the descent that is not clipped, and why."""
    found = fate(descent, "none")
    text = f"After {descent.updates} updates the descent that is not clipped is **{FATES[found]}**. "
    if guess:
        right = guess == FATES[found]
        text += f"Your guess was “{guess}”: {'right' if right else 'not this time'}. "
    n = int(descent.norm_before[:, 0].argmax())
    norm = descent.norm_before[n, 0]
    text += (
        f"Its steepest place was at update {n + 1}: a gradient of length {shown(norm)}, times the learning rate "
        f"{descent.rate:g}, is a step of {shown(norm * descent.rate)}"
    )
    if found == "thrown":
        text += (
            f"; it now stands at w = {shown(descent.w[-1, 0])}, b = {shown(descent.b[-1, 0])}, with an error of "
            f"{descent.error[-1, 0]:.3g}"
        )
        if descent.norm_before[-1, 0] < 1e-6:
            text += f". The gradient there is {shown(descent.norm_before[-1, 0])}: flat ground, and no way back"
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
            f"{descent.turned[update - 1, k]:.1f}°" if descent.turned[update - 1, k] > 1e-3 else "0°",
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
        f"threshold {descent.threshold:g} is {shown(descent.threshold / average)} times the average; Pascanu, Mikolov "
        "and Bengio (2013) recommend 0.5 to 10 times."
    )


def clipping(descent):
    """What clipping by norm and by value did along the way."""
    out = []
    for method in ("norm", "value"):
        k = METHODS.index(method)
        count, turned = int((descent.factor[:, k] < 1).sum()), float(descent.turned[:, k].max())
        text = f"**{NAMES[method].capitalize()}**: {count} of {descent.updates} updates were shortened"
        if count:
            text += f", the most shortened one to {shown(descent.factor[:, k].min())} of its length"
            text += f"; some were turned, by up to {turned:.1f}°" if turned > 1e-3 else "; none was turned"
        out.append(f"{text}. {ENDS[fate(descent, method)]}, error {shown(descent.error[-1, k])}.")
    return out


def wall(w, wall_b, where):
    """Why there is a wall at this w, or why there is none. where: words for whose w it is, which begin the text."""
    slope = w * SLOPE
    if not np.isfinite(wall_b):
        return (
            f"{where} the start x₀ = 0.5 cannot repel: w σ′(0.5) = {slope:.3g} is at most 1. There is no wall; "
            f"it begins at w = {1 / SLOPE:.4g}."
        )
    growth = (slope**STEPS - 1) / (slope - 1)
    return (
        f"{where} the wall stands at b* = 0.5 − w σ(0.5) = {wall_b:.4f}: there the start x₀ = 0.5 is itself a "
        "resting point, but one that repels: every step multiplies a distance from it by w σ′(0.5), which is "
        f"{slope:.4g}. A little more b, and the unit runs up; a little less, and it runs down. On the wall itself "
        f"∂x₅₀/∂b is {shown(growth)}."
    ).replace("= -", "= −")
