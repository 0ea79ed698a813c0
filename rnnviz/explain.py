"""Sentences about a recording, every number in them computed from it."""

import numpy as np

from .names import NAMES

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(log10):
    """A positive number given by its logarithm, in words short enough for a sentence."""
    if log10 == -np.inf:
        return "exactly 0"
    if not np.isfinite(log10):
        return "not a number"
    if -3 < log10 < 3:
        return f"{10**log10:.3g}"
    if 3 <= log10 < 6:
        return f"{10**log10:,.0f}"
    exponent = int(np.floor(log10))
    mantissa = f"{10 ** (log10 - exponent):.1f}"
    if mantissa == "10.0":
        mantissa, exponent = "1.0", exponent + 1
    return f"{mantissa} · 10{str(exponent).translate(SUPERSCRIPTS)}"


def shown(value):
    """A number of any size and sign, for a sentence."""
    if not np.isfinite(value):
        return "infinite" if abs(value) == np.inf else "not a number"
    size = number(np.log10(abs(value))) if value else "0"
    return f"−{size}" if value < 0 else size


def last_loaded(recording):
    """Index of the last step at which the loss enters."""
    loaded = np.flatnonzero(recording.output_gradient.reshape(recording.steps, -1).any(axis=1))
    return int(loaded[-1]) if len(loaded) else recording.steps - 1


def reach(recording, factor):
    """How many steps back from the loss the norm of dL/dh_t first has lost this factor; None if it never has."""
    last = last_loaded(recording)
    backwards = recording.log10_dh[last::-1]
    lost = np.flatnonzero(backwards <= backwards[0] - np.log10(factor))
    return int(lost[0]) if len(lost) else None


def overflow(label, recording):
    """Where the state left float64, in words; None where it did not."""
    step = int(recording.overflow_step)
    if not step:
        return None
    return (
        f"**{label}**: the state grows past the largest number that float64 can hold, 1.8 · 10³⁰⁸, at step {step}. "
        f"With it the gradient is lost, so no curve is drawn. Lower the gain, or take fewer than {step} steps."
    )


def flow(recordings):
    """What is to be seen in the picture of the gradient flow, cell by cell, and which cell keeps most."""
    if not recordings:
        return ["Choose at least one cell to see its gradient."]
    sentences = [overflow(label, r) or _reach(label, r) for label, r in recordings.items()]
    return [*sentences, *filter(None, [keeps_most(recordings)])]


def _reach(label, recording):
    last = last_loaded(recording)
    if last == 0:
        return f"**{label}**: the loss is at the first step, so there is no way back to follow."
    change = recording.log10_dh[0] - recording.log10_dh[last]
    thousand, million = reach(recording, 1e3), reach(recording, 1e7)
    if thousand is None:
        text = f"**{label}** never loses a factor of 1,000 in its {last} steps back."
    else:
        far = f"of 10 million after {million}" if million else f"but of 10 million nowhere in {last}"
        text = f"**{label}** has lost a factor of 1,000 after {thousand} steps back, {far}."
    if change == -np.inf:
        zero = int(np.flatnonzero(recording.log10_dh[: last + 1] == -np.inf)[-1])
        return text + f" At step {zero + 1} and before, its gradient is exactly 0: no unit hands anything back."
    if change > 1:
        text += f" At the first step it has **grown** by a factor of {number(change)}."
    return text


def reading(recordings, step):
    """The norms at one step, counted from 1, of all cells."""
    parts = []
    for label, r in recordings.items():
        if r.overflow_step:
            parts.append(f"**{label}** overflowed")
            continue
        text = f"**{label}** {number(r.log10_dh[step - 1])}"
        if r.log10_dc is not None:
            text += f" (cell state {number(r.log10_dc[step - 1])})"
        parts.append(text)
    return f"Norm of the gradient of the loss at step {step}: " + ", ".join(parts) + "." if parts else ""


def why(label, recording):
    """Why the gradient of this recording does what it does, from the numbers along its own trajectory."""
    last = last_loaded(recording)
    change = recording.log10_dh[0] - recording.log10_dh[last]
    if last == 0 or not np.isfinite(change) or recording.overflow_step:
        return ""
    pace = f"**{label}**: one step back multiplies the gradient by {10 ** (change / last):.3g} on average."
    if recording.slope is not None:
        radius, singular = recording.spectra["h"]
        largest = recording.cell.max_slope
        text = (
            f"{pace} U stretches a vector by at most {singular:.3g}, its largest singular value (spectral radius "
            f"{radius:.3g}); the slope of the activation averages {recording.slope[1 : last + 1].mean():.3g} on the "
            f"way back, and is at most {largest:g}."
        )
        if singular * largest < 1:
            text += " The two limits multiply to less than 1, so this gradient **must** vanish."
        return text
    if recording.cell.name == "lstm_1997":
        return f"{pace} Without a forget gate the cell state is copied as it is: that path alone loses nothing."
    keep, state = {"lstm": ("f", "cell state"), "gru": ("z", "hidden state")}.get(recording.cell.family, (None, None))
    if keep not in recording.gates:
        return pace
    gate = recording.gates[keep][1 : last + 1]
    with np.errstate(divide="ignore"):
        kept = np.log10(gate).sum(axis=0).mean()
    return (
        f"{pace} Its {NAMES[keep]} {keep} averages {gate.mean():.3g}. The direct path through the {state}, the "
        f"product of {keep} over {last} steps, keeps {number(kept)} (geometric mean over the units); the rest of "
        "the gradient comes through the gates."
    )


def keeps_most(recordings):
    """Which cell hands the largest part of its gradient back to the first step."""
    changes = {
        label: r.log10_dh[0] - r.log10_dh[last_loaded(r)] for label, r in recordings.items() if not r.overflow_step
    }
    changes = {label: c for label, c in changes.items() if not np.isnan(c)}
    if len(changes) < 2 or max(last_loaded(r) for r in recordings.values()) == 0:
        return None
    best = max(changes, key=changes.get)
    if changes[best] == -np.inf:
        return "In all of them the gradient at the first step is exactly 0."
    return (
        f"Of the {'two' if len(changes) == 2 else 'three'}, **{best}** hands back most: its gradient at the first "
        f"step is {number(changes[best])} times that where the loss enters."
    )


def learns_from(label, recording, parameter="U"):
    """How many of the last steps make up half of the sum of the norms of the terms of dL/dU."""
    shares = recording.shares[parameter]
    if not np.isfinite(shares).all() or shares.sum() == 0:
        return ""
    largest = np.sort(shares)[::-1].cumsum()
    half = int(np.searchsorted(largest, 0.5)) + 1
    top = int(shares.argmax()) + 1
    return (
        f"**{label}**: {half} of {recording.steps} steps make up half of ∂L/∂U; step {top} gives the "
        f"most, {100 * shares.max():.2g} %."
    )


SHAPES = {
    "falls": "it falls to the left: it vanishes",
    "level": "it stays about level",
    "rises": "it rises to the left: it explodes",
}
"""What a curve of gradient norms can look like, within a factor of 100 from end to end being level."""


def shape(recording):
    """The shape of a recording's curve, a key of `SHAPES`, and by which factor it changed, in words."""
    change = recording.log10_dh[0] - recording.log10_dh[last_loaded(recording)]
    return "rises" if change > 2 else "falls" if change < -2 else "level", number(change)


def shape_at(label, recording, gain):
    """The answer to what a curve will look like: its words, and the reason."""
    found, factor = shape(recording)
    return SHAPES[found], (
        f"At gain {gain:g} the {label}'s gradient at the first step is {factor} times that at the last. "
        + why(label, recording)
    )


def remembered(recording, unit):
    """The part of a unit's cell state of step 1 that is left at the end, the product of its forget gates, and why."""
    f = recording.gates["f"][1:, 0, unit - 1]
    with np.errstate(divide="ignore"):
        kept = np.log10(f).sum()
    return float(10.0**kept), (
        f"Its forget gate averages {f.mean():.3g} over {len(f)} steps, and each step multiplies by it: the product is "
        f"{number(kept)}."
    )


def most_kept(recordings):
    """The cell that hands back the largest part of its gradient, and the sentence on it."""
    change = {label: r.log10_dh[0] - r.log10_dh[last_loaded(r)] for label, r in recordings.items()}
    best = max(change, key=lambda label: change[label] if not np.isnan(change[label]) else -np.inf)
    left = ", ".join(f"{label} {number(c)}" for label, c in change.items())
    return best, f"Of the size of ∂L/∂h where the loss enters, this part is left at step 1: {left}."
