"""Clipping: what is done to the gradient of all weights before an update uses it."""

from dataclasses import dataclass

import numpy as np

from ..arguments import choice, complaint, lettered, real

EPSILON = 1e-6
"""PyTorch adds it to the norm before it divides the threshold by it."""

SMALLEST = 5e-324
"""The smallest number above 0."""

EXACT = 2.0**-126
"""Factors below it lose digits in float32."""


@dataclass(frozen=True, eq=False)
class Clipped:
    """What clipping did to the gradients of K networks with P weights each.

    gradient: (K, P), what the update uses. norm_before, norm_after: (K,) Euclidean norms, infinite where a norm of
    finite elements is beyond float64. factor: (K,) norm after by norm before. cosine: (K,) of the angle between the
    two; 1 where one of them is zero. touched: (K,) whether anything was changed. finite: (K,) whether the gradient was;
    where it was not, `gradient` is 0.
    """

    gradient: np.ndarray
    norm_before: np.ndarray
    norm_after: np.ndarray
    factor: np.ndarray
    cosine: np.ndarray
    touched: np.ndarray
    finite: np.ndarray

    @property
    def turned(self):
        """(K,) the angle between the gradient before and after, in degrees."""
        return np.degrees(np.arccos(np.clip(self.cosine, -1.0, 1.0)))


def clip(gradient, method, threshold, blocks=(), nonfinite="refuse"):
    """Clip the gradients of K networks, each by its own norm. Returns a `Clipped`.

    gradient: (K, P), float32 or float64; any other numbers are taken as float64. method: "none"; "norm",
    g min(1, threshold / (|g| + 1e-6)) with the norm over all weights, as torch.nn.utils.clip_grad_norm_ and Pascanu,
    Mikolov and Bengio 2013, algorithm 1; "parameter", the same for each slice of P in `blocks` by itself, which are to
    cover P in order; "value", each element to [-threshold, threshold], as clip_grad_value_. threshold: above 0,
    one for all or (K,).
    nonfinite: "refuse" raises FloatingPointError where a gradient has an infinite element or one that is no number;
    "skip" gives that network a gradient of 0. Raises ValueError naming any argument that is wrong otherwise.
    """
    choice("method", method, METHODS)
    choice("nonfinite", nonfinite, ("refuse", "skip"))
    gradient = _checked(gradient)
    threshold = _threshold(threshold, len(gradient))
    if method == "parameter":
        blocks = _covering(blocks, gradient.shape[1])
    finite = np.isfinite(gradient).all(axis=1)
    if not finite.all():
        if nonfinite == "refuse":
            where = int(np.argmin(finite))
            count = int((~np.isfinite(gradient[where])).sum())
            raise FloatingPointError(
                f"{count} of the {gradient.shape[1]} elements of the gradient of network {where + 1} are infinite or "
                "not numbers. No clipping mends that: infinity has no direction. Lower the learning rate or the "
                "gain, or pass nonfinite='skip' to leave such an update out."
            )
        gradient = np.where(finite[:, None], gradient, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        return _clipped(gradient, finite, METHODS[method], threshold, blocks)


def _clipped(gradient, finite, method, threshold, blocks):
    norm_before = _norm(gradient)
    after = method(gradient, norm_before, threshold, blocks)
    if after is gradient:
        one = np.ones(len(gradient))
        norm_after, factor, cosine, touched = norm_before, one, one, np.zeros(len(gradient), bool)
    else:
        norm_after = _norm(after)
        whole = [np.where(n > 0, n, 1.0)[:, None] for n in (norm_before, norm_after)]
        both = (norm_before > 0) & (norm_after > 0)
        cosine = np.where(both, np.einsum("kp,kp->k", gradient / whole[0], after / whole[1]), 1.0)
        factor = np.where(norm_before > 0, norm_after / whole[0][:, 0], 1.0)
        if np.inf in norm_before.tolist():  # K is small: quicker than a reduction
            _mend(factor, cosine, both & (norm_before == np.inf), gradient, after)
        touched = finite & (after != gradient).any(axis=1)
    return Clipped(after, np.where(finite, norm_before, np.nan), norm_after, factor, cosine, touched, finite)


def norm(gradient):
    """(K,) Euclidean norm of each row of (K, P), as float64; its square may be outside the range of numbers.

    Infinite where the norm itself is. Raises ValueError for anything but such an array of numbers.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return _norm(_checked(gradient))


def _norm(gradient):
    largest, scaled = _scaled(gradient)
    return largest[:, 0] * np.sqrt(np.einsum("kp,kp->k", scaled, scaled).astype(np.float64))


def _mend(factor, cosine, beyond, gradient, after):
    """Put in the factor and the cosine where the norm before is beyond float64."""
    for k in np.flatnonzero(beyond):
        rows = [g[k : k + 1] for g in (gradient, after)]
        before, left = (_norm(row / np.abs(rows[0]).max()) for row in rows)
        factor[k] = left[0] / before[0]
        cosine[k] = (_direction(rows[0]) * _direction(rows[1])).sum()


def _checked(gradient):
    if type(gradient) is np.ndarray and gradient.ndim == 2 and gradient.size and gradient.dtype.str[1:] in ("f4", "f8"):
        return gradient
    return lettered("gradient", gradient, "K P")


def _threshold(threshold, networks):
    """A float, or one a network, (K,). Raises ValueError."""
    allowed = f"a number above 0, or {networks} of them"
    if not isinstance(threshold, np.ndarray | list | tuple):
        return real("threshold", threshold, allowed, SMALLEST, np.inf)
    threshold = lettered("threshold", threshold, "K")
    if len(threshold) != networks or not (threshold > 0).all():
        raise ValueError(complaint("threshold", allowed, threshold))
    return threshold


def _covering(blocks, length):
    """The slices of P, if they take each element once and in order. Raises ValueError."""
    reach = 0
    try:
        blocks = [slice(*block.indices(length)) for block in blocks]
        for block in blocks:
            reach = block.stop if block.start == reach < block.stop and block.step == 1 else length + 1
    except (TypeError, AttributeError):
        reach = -1
    if reach != length:
        raise ValueError(complaint("blocks", f"slices that cover the {length} weights in order", blocks))
    return blocks


def _scaled(gradient):
    """The largest size of an element of each row, (K, 1), and the rows divided by it."""
    largest = np.abs(gradient).max(axis=1, keepdims=True)
    return largest, gradient / np.where(largest > 0, largest, 1)


def _direction(gradient):
    """Each row divided by its norm, which may itself be outside the range of numbers."""
    _, scaled = _scaled(gradient)
    return scaled / _norm(scaled)[:, None].astype(gradient.dtype)


def _by_norm(gradient, norm_before, threshold, blocks):
    factor = np.fmin(threshold / (norm_before + EPSILON), 1.0)  # infinity by infinity leaves the gradient as it is
    if not (factor < 1.0).any():
        return gradient
    after = gradient * factor.astype(gradient.dtype)[:, None]
    if min(factor.tolist()) < EXACT:
        lost = factor < EXACT
        after[lost] = np.broadcast_to(threshold, factor.shape)[lost, None] * _direction(gradient[lost])
    return after


def _by_parameter(gradient, norm_before, threshold, blocks):
    parts = (gradient[:, block] for block in blocks)
    return np.concatenate([_by_norm(part, _norm(part), threshold, ()) for part in parts], axis=1)


def _by_value(gradient, norm_before, threshold, blocks):
    limit = np.reshape(threshold, (-1, 1)).astype(gradient.dtype)
    return np.clip(gradient, -limit, limit)


METHODS = {
    "none": lambda gradient, norm_before, threshold, blocks: gradient,
    "norm": _by_norm,
    "parameter": _by_parameter,
    "value": _by_value,
}
