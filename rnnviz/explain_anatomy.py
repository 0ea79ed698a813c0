"""Sentences about the anatomy of a gradient, every number in them computed."""

import numpy as np

from .explain import last_loaded, number, shown
from .formats import FORMATS

TAKE_AWAY = {
    "singular values": "All steps from t to T together are one matrix. No loss can send back more than its largest "
    "singular value lets through; the directions of its smallest are forgotten first.",
    "eigenvalues and exponents": "One step back is one matrix. Over many steps it is the mean growth that counts: with "
    "all exponents below 0 the gradient vanishes, with one above 0 it explodes.",
    "direct path and the rest": "The direct path shrinks by its gate at every step: over 99 steps a gate of 0.73 "
    f"leaves {number(99 * np.log10(0.73))}, one of 0.993 leaves {0.993**99:.1g}. Raise the bias of that gate "
    "in the sidebar, and see which path carries the gradient.",
    "phase diagram": "White is where the gradient is kept. A network has to start there, or training has to find it.",
    "who learns from whom": "What only a loss further away than the cut could teach, truncated BPTT cannot teach; "
    "where that gradient has vanished anyway, it loses nothing.",
    "number formats": "A narrow format ends the gradient early: float16 holds nothing below "
    f"{number(FORMATS['float16'].smallest)}. Multiplying the loss moves the whole curve up; the update divides it out "
    "again.",
}
"""The sentence to take away, by view."""


def singular_values(label, steps, logs, length):
    """What the steps from the first one shown to T do to the gradient that passes them."""
    back = length - int(steps[0])
    if not np.isfinite(logs[0, 0]):
        return f"**{label}**: over {back} steps every direction is lost."
    known = int(np.isfinite(logs[0]).sum())
    text = (
        f"**{label}**: sent back over {back} steps, ∂L/∂h is multiplied by at most {number(logs[0, 0])}, whatever the "
        "loss: that is the best direction. "
    )
    if known < logs.shape[1]:
        return text + (
            f"Of {logs.shape[1]} directions {known} can be told from rounding; the others are smaller by a factor of "
            "10¹³ or more."
        )
    return text + f"In the worst direction it is multiplied by {number(logs[0, -1])}."


def exponents(label, values, length):
    """What the largest Lyapunov exponent says."""
    top = values[0]
    if not np.isfinite(top):
        return f"**{label}**: every direction is lost within {length} steps."
    verdict = "grows" if top > 0 else "shrinks"
    count = int((values > 0).sum())
    return (
        f"**{label}**: the largest exponent is {shown(top)}: in the long run the direction that fares best {verdict} "
        f"by a factor of {np.exp(top):.4g} a step, {number(top * length / np.log(10))} over {length} such steps. "
        f"{count} of {len(values)} directions grow."
    )


def eigenvalues(values, step):
    """How many eigenvalues of a step lie outside of the unit circle."""
    size = np.abs(values)
    return (
        f"At step {step}, {int((size > 1).sum())} of {len(values)} eigenvalues lie outside of the unit circle; the "
        f"largest has the size {size.max():.3g}."
    )


def paths(label, recording, found, gate):
    """Which of the two parts carries the gradient to the first step."""
    last = last_loaded(recording)
    full, direct, rest = (logs[0] - found.full[last] for logs in (found.full, found.direct, found.rest))
    text = (
        f"**{label}**: of the size of ∂L/∂{recording.cell.states[-1]} at step {last + 1}, {number(full)} is left at "
        f"step 1. The direct path alone, the product of {gate} over {last} steps, would leave {number(direct)}; the "
        f"paths that went through U at least once leave {number(rest)}."
    )
    if rest > direct + 1:
        text += " Here the gradient comes **through the gates**"
        text += ", and they make it explode." if full > 0 else "."
    elif direct > rest + 1:
        text += " Here it comes by the **direct path**."
    else:
        text += " Both matter."
    return text + f" The two add up to the whole with a relative difference of {shown(found.difference)}."


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
        f"Cut after {reach} step{'s' if reach > 1 else ''}, ∂L/∂U keeps {_percent(sizes[1] / sizes[0])} of its length "
        f"and turns by {np.degrees(np.arccos(cosine)):.1f}°; what is missing is {_percent(lost)} of the whole."
    )


def _percent(share):
    return f"{shown(100 * share)} %"


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
            text += f"goes as far back as the true one; its norm is off by up to {_percent(error)}."
        out.append(text)
    return out
