"""Sentences about a recording, every number in them computed from it."""

import numpy as np

from .names import NAMES
from .wording import count, number, percent, shown

VANISHED, EXPLODED = -3, 2
"""Powers of ten: below the first a gradient counts as vanished, above the second as exploded."""


def fate(change):
    """The verb for a gradient of which 10**change is left."""
    return "vanishes" if change < VANISHED else "explodes" if change > EXPLODED else "arrives"


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
    if any(r.last_loss is not r for r in recordings.values()):
        sentences.insert(
            0, "New gradient enters with every loss along the way; what is said here follows the last loss alone."
        )
    return [*sentences, *filter(None, [keeps_most(recordings)])]


def changed(recording):
    """log10 of what the way back to step 1 makes of the size of dL/dh, of the last loss alone, and how many steps."""
    alone = recording.last_loss
    last = last_loaded(alone)
    return alone.log10_dh[0] - alone.log10_dh[last], last


def _reach(label, recording):
    recording = recording.last_loss
    change, last = changed(recording)
    if last == 0:
        return f"**{label}**: the loss is at the first step, so there is no way back to follow."
    thousand, million = reach(recording, 1e3), reach(recording, 1e7)
    if thousand is None:
        text = f"**{label}** never loses a factor of 1,000 in {count(last, 'step')} back."
    else:
        far = f"of 10 million after {million}" if million else f"but of 10 million nowhere in {last}"
        text = f"**{label}** has lost a factor of 1,000 after {count(thousand, 'step')} back, {far}."
    if change == -np.inf:
        zero = int(np.flatnonzero(recording.log10_dh[: last + 1] == -np.inf)[-1])
        before = " and before" if zero else ""
        return text + f" At step {zero + 1}{before}, ∂L/∂h is exactly 0: nothing comes back to it."
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
    change, last = changed(recording)
    kept = None if recording.overflow_step else direct(recording)
    if last == 0 or np.isnan(change) or (change == -np.inf and kept is None):
        return ""
    whose = "the gradient" if recording.last_loss is recording else "the gradient of the last loss"
    pace = f"**{label}**: one step back multiplies {whose} by {shown(10 ** (change / last))} on average."
    if change == -np.inf:
        pace = f"**{label}**: nothing comes back to ∂L/∂h through U."
    if recording.slope is not None:
        radius, singular = recording.spectra["h"]
        largest = recording.cell.max_slope
        text = (
            f"{pace} U stretches a vector by at most {shown(singular)}, its largest singular value (spectral radius "
            f"{shown(radius)}); the slope of the activation averages {recording.slope[1 : last + 1].mean():.3g} on the "
            f"way back, and is at most {largest:g}."
        )
        if singular * largest < 1:
            text += " The two limits multiply to less than 1, so this gradient **must** shrink with every step back."
        return text
    if kept is None:
        return pace
    return f"{pace} {_kept(recording, last)} {_left(recording, kept)}"


def direct(recording):
    """log10 of what the direct path alone, of the last loss, leaves of the gradient by the carried state at step 1.

    It is the norm of what enters at that loss times what each step keeps of the state, as in `engine.anatomy.paths`.
    None for cells that carry nothing over.
    """
    carried = recording.cell.states[-1]
    keep = recording.local.to_previous[carried].get(carried)
    if keep is None:
        return None
    alone = recording.last_loss
    last = last_loaded(alone)
    entering = np.abs(alone.back.cuts[carried][last + 1])
    with np.errstate(divide="ignore"):
        logs = np.log10(entering) + np.log10(np.abs(keep[1 : last + 1])).sum(axis=0)
    top = logs.max()
    if top == -np.inf:
        return top
    return top + np.log10(np.linalg.norm(10.0 ** (logs - top)) / np.linalg.norm(entering))


def _kept(recording, last):
    """What a step keeps of the carried state, in words."""
    cell, carried = recording.cell, recording.cell.states[-1]
    if cell.keeps:
        gate = recording.gates[cell.keeps][1 : last + 1]
        return f"Its {NAMES.get(cell.keeps, 'gate')} {cell.keeps} averages {shown(gate.mean())}."
    keep = recording.local.to_previous[carried][carried][1 : last + 1]
    state = NAMES.get(carried, f"state {carried}")
    if (keep == 1).all():
        return f"No gate stands in the way of its {state}, which is copied as it is."
    return f"A step keeps {shown(keep.mean())} of its {state} on average."


def _left(recording, kept):
    """What the direct path would leave, beside what is left."""
    alone, carried = recording.last_loss, recording.cell.states[-1]
    logs = alone.log10_dh if carried == "h" else alone.log10_dc if carried == "c" else None
    whole = "" if logs is None else f"; with the paths through U it is {number(logs[0] - logs[last_loaded(alone)])}"
    return f"The direct path alone would leave {number(kept)} of ∂L/∂{carried} at step 1{whole}."


def fates(recordings):
    """What the last loss's way back to step 1 leaves of its gradient in every cell, and the verb for it."""
    found = {label: changed(r) for label, r in recordings.items() if not r.overflow_step}
    parts = [
        f"**{label}** {number(change, 2)}{' times as much' if change > 0 else ''}, it **{fate(change)}**"
        for label, (change, last) in found.items()
        if last and not np.isnan(change)
    ]
    steps = max((last for _, last in found.values()), default=0)
    return f"Left of the gradient after {count(steps, 'step')} back: {'; '.join(parts)}." if parts else ""


def keeps_most(recordings):
    """Which cell has the largest gradient at the first step, beside what entered, and what became of it."""
    found = {label: changed(r) for label, r in recordings.items() if not r.overflow_step}
    changes = {label: change for label, (change, last) in found.items() if last and not np.isnan(change)}
    if len(changes) < 2:
        return None
    best = max(changes, key=changes.get)
    if changes[best] == -np.inf:
        return "In all of them the gradient at the first step is exactly 0."
    verb = fate(changes[best])
    most = "Largest at the first step is" if verb == "explodes" else "Most is left in"
    return (
        f"{most} **{best}**: {number(changes[best])} times the gradient where the loss enters. "
        f"It {verb}{' all the same' if verb == 'vanishes' else ''}."
    )


def learns_from(label, recording, parameter="U"):
    """How many of the steps make up half of the sum of the norms of the terms of dL/dU."""
    shares = recording.shares[parameter]
    if not np.isfinite(shares).all() or shares.sum() == 0:
        return ""
    largest = np.sort(shares)[::-1].cumsum()
    half = int(np.searchsorted(largest, 0.5)) + 1
    top, most = int(shares.argmax()) + 1, percent(shares.max())
    if half == 1:
        return f"**{label}**: step {top} alone makes up {most} of the parts of ∂L/∂U, by size."
    return (
        f"**{label}**: by size, {half} of {recording.steps} steps make up half of the parts of ∂L/∂U; step {top} "
        f"gives the most, {most}."
    )


SHAPES = {
    "falls": "it falls below a thousandth to the left: it vanishes",
    "level": "it arrives, neither below a thousandth nor above a hundredfold",
    "rises": "it rises above a hundredfold to the left: it explodes",
}
"""What a curve of gradient norms can look like."""


def shape(recording):
    """The shape of a recording's curve, a key of `SHAPES`, and by which factor it changed, in words."""
    change = recording.log10_dh[0] - recording.log10_dh[last_loaded(recording)]
    return {"vanishes": "falls", "arrives": "level", "explodes": "rises"}[fate(change)], number(change)


def shape_at(label, recording, gain):
    """The answer to what a curve will look like: its words, and the reason."""
    found, factor = shape(recording)
    return SHAPES[found], (
        f"At gain {shown(gain)} the {label}'s gradient at the first step is {factor} times that at step "
        f"{last_loaded(recording) + 1}. " + why(label, recording)
    )


def remembered(recording, unit):
    """The part of a unit's cell state of step 1 that is left at the end, the product of its forget gates, and why."""
    f = recording.gates["f"][1:, 0, unit - 1]
    with np.errstate(divide="ignore"):
        kept = np.log10(f).sum()
    return float(10.0**kept), (
        f"Its forget gate averages {shown(f.mean())} over {count(len(f), 'step')}, and each multiplies by it: the "
        f"product is {number(kept)}."
    )
