"""Sentences about the anatomy of a gradient, every number in them computed."""

import numpy as np

from .explain import last_loaded, number
from .formats import FORMATS


def singular_values(label, steps, logs, length):
    """What the steps from the first one shown to T do to the gradient that passes them."""
    back = length - int(steps[0])
    if not np.isfinite(logs[0, 0]):
        return f"**{label}**: over {back} steps every direction is lost."
    known = int(np.isfinite(logs[0]).sum())
    text = (
        f"**{label}**: over {back} steps the best direction is multiplied by {number(logs[0, 0])}; no gradient can "
        f"lose less. "
    )
    if known < logs.shape[1]:
        return text + (
            f"Of {logs.shape[1]} directions {known} can be told from rounding; the others are smaller by a factor of "
            "10¹³ or more."
        )
    return text + f"The worst is multiplied by {number(logs[0, -1])}."


def exponents(label, values, length):
    """What the largest Lyapunov exponent says."""
    top = values[0]
    if not np.isfinite(top):
        return f"**{label}**: every direction is lost within {length} steps."
    verdict = "grows" if top > 0 else "shrinks"
    count = int((values > 0).sum())
    return (
        f"**{label}**: the largest exponent is {top:.4f} a step: the direction that fares best {verdict} by a factor "
        f"of {np.exp(top):.4g} a step, {number(top * length / np.log(10))} over {length} steps. {count} of "
        f"{len(values)} directions grow."
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
        f"**{label}**: of the gradient at step {last + 1}, {number(full)} is left at step 1. The direct path alone, "
        f"the product of {gate} over {last} steps, would leave {number(direct)}; the paths that went through U at "
        f"least once leave {number(rest)}."
    )
    if rest > direct + 1:
        text += " Here the gradient comes **through the gates**"
        text += ", and they make it explode." if full > 0 else "."
    elif direct > rest + 1:
        text += " Here it comes by the **direct path**."
    else:
        text += " Both matter."
    return text + f" The two add up to the whole with a relative difference of {found.difference:.1e}."


def truncated(recording, short, reach):
    """How much of dL/dU truncation loses, and how far it turns it."""
    whole, part = (np.ravel(r.gradients.U) for r in (recording, short))
    sizes = [np.linalg.norm(v) for v in (whole, part)]
    if not all(np.isfinite(s) and s > 0 for s in sizes):
        return "The gradient of U leaves the range of numbers here, so it cannot be compared."
    cosine = float(np.clip(whole @ part / (sizes[0] * sizes[1]), -1, 1))
    lost = np.linalg.norm(whole - part) / sizes[0]
    return (
        f"Cut after {reach} steps, ∂L/∂U keeps {100 * sizes[1] / sizes[0]:.4g} % of its length and turns by "
        f"{np.degrees(np.arccos(cosine)):.3g}°; what is missing is {100 * lost:.3g} % of the whole."
    )


def formats(exact, rounded, recording):
    """Where the pass turns to zero or to infinity in each format."""
    last, out = last_loaded(recording), []
    for name, logs in rounded.items():
        kind = FORMATS[name]
        zero = np.flatnonzero((logs[:last] == -np.inf) & (exact[:last] > -np.inf))
        over = np.flatnonzero(~np.isfinite(logs[:last]) & (logs[:last] != -np.inf) & np.isfinite(exact[:last]))
        text = f"**{name}** ({number(kind.smallest)} to {number(kind.largest)}): "
        if over.size:
            text += f"infinite from step {over.max() + 1} back."
        elif zero.size:
            text += f"exactly 0 from step {zero.max() + 1} back, where the true norm is {number(exact[zero.max()])}."
        else:
            with np.errstate(invalid="ignore"):
                error = np.nanmax(np.abs(10.0 ** (logs[: last + 1] - exact[: last + 1]) - 1))
            text += f"reaches step 1; its norm is off by up to {100 * error:.2g} %."
        out.append(text)
    return out
