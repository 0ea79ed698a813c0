"""Clipping: what is done to the gradient of all weights before an update uses it."""

from dataclasses import dataclass

import numpy as np

EPSILON = 1e-6
"""PyTorch adds it to the norm before it divides the threshold by it."""


@dataclass(frozen=True, eq=False)
class Clipped:
    """What clipping did to the gradients of K networks with P weights each.

    gradient: (K, P), what the update uses. norm_before, norm_after: (K,) Euclidean norms. factor: (K,) norm after by
    norm before. cosine: (K,) of the angle between the two; 1 where one of them is zero. touched: (K,) whether
    anything was changed. finite: (K,) whether the gradient was; where it was not, `gradient` is 0.
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

    gradient: (K, P). method: "none"; "norm", g min(1, threshold / (|g| + 1e-6)) with the norm over all weights, as
    torch.nn.utils.clip_grad_norm_ and Pascanu, Mikolov and Bengio 2013, algorithm 1; "parameter", the same for each
    slice of P in `blocks` by itself; "value", each element to [-threshold, threshold], as clip_grad_value_.
    threshold: one for all, or (K,).
    nonfinite: "refuse" raises FloatingPointError where a gradient has an infinite element or one that is no number;
    "skip" gives that network a gradient of 0. Raises ValueError for any other method, threshold
    that is not above 0, or word.
    """
    if method not in METHODS:
        raise ValueError(f"The 'method' parameter must be one of {', '.join(METHODS)}. Got {method!r} instead.")
    if not np.all(np.asarray(threshold) > 0):
        raise ValueError(f"The 'threshold' parameter must be above 0. Got {threshold!r} instead.")
    if nonfinite not in ("refuse", "skip"):
        raise ValueError(f"The 'nonfinite' parameter must be 'refuse' or 'skip'. Got {nonfinite!r} instead.")
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
    norm_before = norm(gradient)
    after = METHODS[method](gradient, norm_before, threshold, blocks)
    if after is gradient:
        one = np.ones(len(gradient))
        norm_after, factor, cosine, touched = norm_before, one, one, np.zeros(len(gradient), bool)
    else:
        norm_after = norm(after)
        whole = [np.where(n > 0, n, 1.0)[:, None] for n in (norm_before, norm_after)]
        both = (norm_before > 0) & (norm_after > 0)
        cosine = np.where(both, np.einsum("kp,kp->k", gradient / whole[0], after / whole[1]), 1.0)
        factor = np.where(norm_before > 0, norm_after / whole[0][:, 0], 1.0)
        touched = finite & (after != gradient).any(axis=1)
    return Clipped(after, np.where(finite, norm_before, np.nan), norm_after, factor, cosine, touched, finite)


def norm(gradient):
    """(K,) Euclidean norm of each row of (K, P), as float64; its square may be outside the range of numbers."""
    largest = np.abs(gradient).max(axis=1, keepdims=True)
    scaled = gradient / np.where(largest > 0, largest, 1)
    return largest[:, 0] * np.sqrt(np.einsum("kp,kp->k", scaled, scaled).astype(np.float64))


def _by_norm(gradient, norm_before, threshold, blocks):
    factor = np.minimum(threshold / (norm_before + EPSILON), 1.0)
    return gradient * factor.astype(gradient.dtype)[:, None] if (factor < 1.0).any() else gradient


def _by_parameter(gradient, norm_before, threshold, blocks):
    parts = (gradient[:, block] for block in blocks)
    return np.concatenate([_by_norm(part, norm(part), threshold, ()) for part in parts], axis=1)


def _by_value(gradient, norm_before, threshold, blocks):
    limit = np.reshape(threshold, (-1, 1))
    return np.clip(gradient, -limit, limit)


METHODS = {
    "none": lambda gradient, norm_before, threshold, blocks: gradient,
    "norm": _by_norm,
    "parameter": _by_parameter,
    "value": _by_value,
}
