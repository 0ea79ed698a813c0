"""Sentences about a recording, every number in them computed from it."""

import numpy as np

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(log10):
    """A positive number given by its logarithm, in words short enough for a sentence."""
    if log10 == -np.inf:
        return "exactly 0"
    if not np.isfinite(log10):
        return "not a number"
    if -3 < log10 < 5:
        return f"{10**log10:.3g}"
    exponent = int(np.floor(log10))
    mantissa = f"{10 ** (log10 - exponent):.1f}"
    if mantissa == "10.0":
        mantissa, exponent = "1.0", exponent + 1
    return f"{mantissa} · 10{str(exponent).translate(SUPERSCRIPTS)}"


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
    return (f"**{label}**: the hidden state grows past the largest number a computer's float64 can hold, 1.8 · 10³⁰⁸, "
            f"at step {step}. After that there is no gradient to show. Lower the gain or take fewer steps.")


def reach_sentence(label, recording):
    """How far back the gradient reaches before it has lost a thousandth, and a ten-millionth."""
    last = last_loaded(recording)
    parts = []
    for factor, name in ((1e3, "1,000"), (1e7, "10 million")):
        steps = reach(recording, factor)
        parts.append(f"a factor of {name} " + (f"{steps} steps back" if steps else f"nowhere in {last} steps"))
    change = recording.log10_dh[0] - recording.log10_dh[last]
    if change == -np.inf:
        zero = last - int(np.flatnonzero(recording.log10_dh[: last + 1] == -np.inf)[-1])
        return f"**{label}** loses {parts[0]}, {parts[1]}; from {zero} steps back on it is exactly 0."
    grown = f" It **grows**, by a factor of {number(change)}." if change > 3 else ""
    return f"**{label}** loses {parts[0]}, {parts[1]}.{grown}"


def why(label, recording):
    """Why the gradient of this recording does what it does, from the numbers along its own trajectory."""
    last = last_loaded(recording)
    change = recording.log10_dh[0] - recording.log10_dh[last]
    if last == 0 or not np.isfinite(change):
        return None
    pace = f"**{label}**: one step back multiplies the gradient by {10 ** (change / last):.3g} on average."
    if recording.slope is not None:
        radius, singular = recording.spectra["h"]
        text = (f"{pace} U can stretch a vector by at most {singular:.3g} (its largest singular value; its spectral "
                f"radius is {radius:.3g}), and the activation's slope averages {recording.slope.mean():.3g} here "
                f"(at most {recording.cell.max_slope:g}).")
        if singular * recording.cell.max_slope < 1:
            text += " The product of the two bounds is below 1, so the gradient **must** vanish."
        return text
    keep = {"lstm": "f", "gru": "z"}.get(recording.cell.family)
    if keep not in recording.gates:
        if recording.cell.name == "lstm_1997":
            return (f"{pace} Without a forget gate the cell state is copied with a weight of exactly 1: that path "
                    "loses nothing, and all change comes through the gates.")
        return pace
    gate = recording.gates[keep][1 : last + 1]
    with np.errstate(divide="ignore"):
        kept = np.log10(gate).sum(axis=0).mean()
    name = {"f": "forget gate", "z": "update gate"}[keep]
    state = {"f": "cell state", "z": "hidden state"}[keep]
    return (f"{pace} The {name} {keep} averages {gate.mean():.3g}: of a unit's {state}, the direct path alone (the "
            f"product of {keep} over {last} steps, geometric mean over units) hands back {number(kept)}.")


def keeps_most(recordings):
    """Which cell hands the largest part of its gradient back to the first step."""
    changes = {label: r.log10_dh[0] - r.log10_dh[last_loaded(r)] for label, r in recordings.items()
               if not r.overflow_step}
    changes = {label: c for label, c in changes.items() if not np.isnan(c)}
    if len(changes) < 2:
        return None
    best = max(changes, key=changes.get)
    if changes[best] == -np.inf:
        return "In all of them the gradient at the first step is exactly 0."
    return f"At the first step, **{best}** has most of its gradient left: {number(changes[best])} times what the loss put in."


def learns_from(label, recording, parameter="U"):
    """How many of the last steps make up half of the sum of the norms of the terms of dL/dU."""
    shares = recording.shares[parameter]
    if not np.isfinite(shares).all() or shares.sum() == 0:
        return None
    largest = np.sort(shares)[::-1].cumsum()
    half = int(np.searchsorted(largest, 0.5)) + 1
    top = int(shares.argmax()) + 1
    return f"**{label}**: {half} of {recording.steps} steps make up half of ∂L/∂U; step {top} gives the most, {100 * shares.max():.2g} %."
