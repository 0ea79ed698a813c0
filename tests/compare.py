"""Comparison of arrays of gradients, relative to their own size."""

import numpy as np


def assert_close(actual, expected, rtol=1e-10, per_step=False, name="array"):
    """Assert max|actual - expected| <= rtol * max|expected|, over the array or each step of axis 0.

    There is no absolute tolerance: where ``expected`` is all zero, so must ``actual`` be.  Use
    ``per_step`` for gradients that vanish or explode over time, where the largest step would
    otherwise hide any error in the small ones.
    """
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape:
        raise AssertionError(f"{name}: shape {actual.shape}, expected {expected.shape}")
    for which, values in (("actual", actual), ("expected", expected)):
        if not np.isfinite(values).all():
            where = tuple(int(k) for k in np.argwhere(~np.isfinite(values))[0])
            raise AssertionError(f"{name}: {which} value is not finite at {where}: {values[where]}")
    if actual.size == 0:
        return

    axes = tuple(range(1, actual.ndim)) if per_step else None
    error = np.abs(actual - expected)
    worst = np.atleast_1d(error.max(axis=axes))
    scale = np.atleast_1d(np.abs(expected).max(axis=axes))
    wrong = ~(worst <= rtol * scale)
    if not wrong.any():
        return

    if per_step:
        step = int(np.argmax(wrong))
        inner = np.unravel_index(np.argmax(error[step]), error[step].shape)
        where = (step, *(int(k) for k in inner))
        which = f"step {step} (first of {wrong.sum()} wrong steps of {len(wrong)})"
    else:
        step = 0
        where = tuple(int(k) for k in np.unravel_index(np.argmax(error), error.shape))
        which = "whole array"
    ratio = worst[step] / scale[step] if scale[step] else np.inf
    raise AssertionError(
        f"{name}: {which}: relative error {ratio:.3e} > {rtol:.1e}; worst at {where}: "
        f"actual {actual[where]!r}, expected {expected[where]!r}, "
        f"max|error| {worst[step]:.3e}, max|expected| {scale[step]:.3e}"
    )


def relative_error(actual, expected, per_step=False):
    """max|actual - expected| / max|expected|; with ``per_step`` the largest over steps."""
    axes = tuple(range(1, np.ndim(actual))) if per_step else None
    error = np.atleast_1d(np.abs(actual - expected).max(axis=axes))
    scale = np.atleast_1d(np.abs(expected).max(axis=axes))
    return float(np.max(np.divide(error, scale, out=np.where(error > 0, np.inf, 0.0), where=scale > 0)))
