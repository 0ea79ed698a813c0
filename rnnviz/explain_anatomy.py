"""Sentences about the anatomy of a gradient, every number in them computed."""

import numpy as np

from .engine import anatomy
from .explain import EXPLODED, last_loaded
from .formats import FORMATS
from .wording import count, number, percent, shown

KEPT = 1e-6
"""A step that changes a length by less than this part of it keeps it; what is left may be rounding."""

TAKE_AWAY = {
    "products": "All steps from t to T together are one matrix. No loss at step T can send back more than its "
    "largest singular value lets through.",
    "exponents": "One step back is one matrix. Over many steps it is the mean growth that counts: with "
    "all exponents well below 0 the gradient vanishes, with one well above 0 it explodes.",
    "paths": "The direct path shrinks by its gate at every step: over 99 steps a gate of 0.73 "
    f"leaves {number(99 * np.log10(0.73))}, one of 0.993 leaves {shown(0.993**99)}. What comes through U is not held "
    "by that gate: it can be more than the direct path brings, or less.",
    "phase": "White is where the gradient is kept. What a network learns from its first updates depends on "
    "where it starts on this map.",
    "influence": "What only a loss further away than the cut could teach, truncated BPTT cannot teach; "
    "where that gradient has vanished anyway, it loses next to nothing.",
    "formats": "A narrow format ends a vanishing gradient early: float16 holds nothing below "
    f"{number(FORMATS['float16'].smallest)}. Multiplying the loss moves the whole curve up; the update divides it out "
    "again.",
}
"""The sentence to take away, by view."""


def singular_values(label, steps, logs, length):
    """What the steps from the first one shown to T do to the gradient that passes them."""
    back = count(length - int(steps[0]), "step")
    if not np.isfinite(logs[0, 0]):
        return f"**{label}**: over {back} every direction is lost."
    known = int(np.isfinite(logs[0]).sum())
    text = (
        f"**{label}**: sent back over {back} from step {length}, ∂L/∂h is multiplied by at most {number(logs[0, 0])}, "
        "whatever the loss: that is the best direction. "
    )
    if known < logs.shape[1]:
        return text + (
            f"Of {count(logs.shape[1], 'direction')} {known} can be told from rounding; the others are smaller by a "
            "factor of 10¹³ or more."
        )
    return text + f"In the worst direction it is multiplied by {number(logs[0, -1])}."


def exponents(label, values, length):
    """What the largest Lyapunov exponent says."""
    top = values[0]
    if not np.isfinite(top):
        return f"**{label}**: every direction is lost within {count(length, 'step')}."
    kept, grow = (int(found.sum()) for found in (np.abs(values) <= KEPT, values > KEPT))
    text = f"**{label}**: the largest exponent is {shown(top) if abs(top) > KEPT else '0'}: in the long run "
    if abs(top) > KEPT:
        text += (
            f"the direction that fares best {'grows' if top > 0 else 'shrinks'} by a factor of "
            f"{shown(np.exp(top), 4)} a step, {number(top * length / np.log(10))} over {count(length, 'such step')}. "
        )
    else:
        text += "the direction that fares best is kept. "
    text += f"{grow} of {count(len(values), 'direction')} grow{'s' if grow == 1 else ''}"
    return text + (f", {kept} {'is' if kept == 1 else 'are'} kept." if kept else ".")


def eigenvalues(values, step):
    """How many eigenvalues of a step lie outside of the unit circle, and how many on it."""
    size = np.abs(values)
    outside, on = int((size > 1 + KEPT).sum()), int((np.abs(size - 1) <= KEPT).sum())
    return (
        f"At step {step}, {outside} of {count(len(values), 'eigenvalue')} {'lies' if outside == 1 else 'lie'} outside "
        "of the unit circle"
        f"{f', {on} on it' if on else ''}; the largest has the size {shown(size.max())}."
    )


def paths(label, recording, found, gate):
    """Which of the two parts carries the gradient of the last loss to the first step."""
    alone, whose = recording.last_loss, ""
    if alone is not recording:
        found, whose = anatomy.paths(alone), ", of the last loss alone,"
    last = last_loaded(alone)
    if last == 0:
        return f"**{label}**: the loss is at the first step, so there is no way back to follow."
    full, direct, rest = (logs[0] - found.full[last] for logs in (found.full, found.direct, found.rest))
    text = (
        f"**{label}**: of the size of ∂L/∂{alone.cell.states[-1]} at step {last + 1}{whose} {number(full)} is left at "
        f"step 1. The direct path alone, the product of {gate} over {count(last, 'step')}, would leave "
        f"{number(direct)}; the paths that went through U at least once leave {number(rest)}."
    )
    if rest > direct + 1:
        text += " Here the gradient comes **through U**"
        text += ", and that makes it explode." if full > EXPLODED else "."
    elif direct > rest + 1:
        text += " Here it comes by the **direct path**."
    else:
        text += " Both matter."
    return text + f" The two add up to the whole with a relative difference of {shown(found.difference)}."


def phase(label, words, current, logs, change):
    """What is left at the current setting, and how many networks of the map keep their gradient. logs: (T, K)."""
    kept, total = int((np.abs(logs[0] - logs[-1]) < 1).sum()), logs.shape[1]
    return (
        f"**{label}** at {words} {shown(current)}: over {count(len(logs) - 1, 'step')} back the size of ∂L/∂h is "
        f"multiplied by {number(change)}. {kept or 'None'} of the {total} networks "
        f"{'keep' if kept > 1 else 'keeps'} it within a factor of 10."
    )


def truncated(recording, short, reach):
    """How much of dL/dU truncation loses, and how far it turns it."""
    whole, part = (np.ravel(r.gradients.U) for r in (recording, short))
    sizes = [np.linalg.norm(v) for v in (whole, part)]
    if not all(np.isfinite(s) and s > 0 for s in sizes):
        return "The gradient of U leaves the range of numbers here, so it cannot be compared."
    if reach >= recording.steps:
        return "Nothing is cut: every loss is sent back through all of its steps."
    cosine = float(np.clip(whole @ part / (sizes[0] * sizes[1]), -1, 1))
    lost = np.linalg.norm(whole - part) / sizes[0]
    return (
        f"Cut after {count(reach, 'step')}, ∂L/∂U keeps {percent(sizes[1] / sizes[0])} of its length and turns by "
        f"{np.degrees(np.arccos(cosine)):.1f}°; what is missing is {percent(lost)} of the whole."
    )


def formats(exact, rounded, recording):
    """Where the pass turns to zero or to infinity in each format."""
    last, out = last_loaded(recording), []
    gone = np.flatnonzero(exact[:last] == -np.inf)
    if gone.size:
        out.append(f"The true gradient is exactly 0 from step {gone.max() + 1} back; no format can show more.")
    for name, logs in rounded.items():
        kind = FORMATS[name]
        zero = np.flatnonzero((logs[:last] == -np.inf) & (exact[:last] > -np.inf))
        over = np.flatnonzero(~np.isfinite(logs[:last]) & (logs[:last] != -np.inf) & np.isfinite(exact[:last]))
        text = f"**{name}** ({number(kind.smallest)} to {number(kind.largest)}): "
        if over.size:
            text += f"first infinite at step {over.max() + 1}, where the true norm is {number(exact[over.max()])}."
        elif zero.size:
            text += f"first exactly 0 at step {zero.max() + 1}, where the true norm is {number(exact[zero.max()])}."
        else:
            with np.errstate(invalid="ignore"):
                error = np.nanmax(np.abs(10.0 ** (logs[: last + 1] - exact[: last + 1]) - 1))
            text += f"goes as far back as the true one; its norm is off by up to {percent(error)}."
        out.append(text)
    return out
