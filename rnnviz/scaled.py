"""Numbers with a power of two of their own: gradients through many steps leave the range of float64, these do not."""

from dataclasses import dataclass

import numpy as np

LOG10_2 = np.log10(2.0)

NOTHING = -(2**30)
"""The power of two of 0: below all others."""


@dataclass(frozen=True, eq=False)
class Scaled:
    """A sequence of blocks whose true values are mantissa * 2**exponent.

    mantissa: (T, ..., P, Q). exponent: (T, ...) integers, one a block; None where all of them are 0.
    """

    mantissa: np.ndarray
    exponent: np.ndarray | None = None

    def __getitem__(self, index):
        """Along the leading axes: a slice of steps, their reversal, a network."""
        return Scaled(self.mantissa[index], None if self.exponent is None else self.exponent[index])

    def like(self, mantissa):
        """What is computed from the mantissas block by block and is linear in them keeps their exponents."""
        return Scaled(mantissa, self.exponent)

    def at(self, exponent):
        """The mantissas on other exponents, (T, ...) or one: exact but for what leaves the range of float64."""
        with np.errstate(all="ignore"):
            return shifted(self.mantissa, (0 if self.exponent is None else self.exponent) - exponent)

    @property
    def true(self):
        """The values themselves, rounded to 0 or infinity outside float64."""
        return self.mantissa if self.exponent is None else self.at(0)

    @property
    def size(self):
        """(T, ...) the power of two of the largest element of each block; far below all others where all are 0."""
        return size_of(self.mantissa) + (0 if self.exponent is None else self.exponent)

    def __add__(self, other):
        """The sum, each block on an exponent of its own where one of the two has them."""
        if self.exponent is None and other.exponent is None:
            with np.errstate(all="ignore"):
                return Scaled(self.mantissa + other.mantissa)
        common = np.maximum(self.size, other.size)
        common = np.where(common > NOTHING // 2, common, 0)
        with np.errstate(all="ignore"):
            return Scaled(self.at(common) + other.at(common), common)

    def log10_norm(self):
        """(T, ...) log10 of the norm of each block; -inf where it is exactly 0."""
        return log10_norm(self.mantissa) + (0 if self.exponent is None else self.exponent * LOG10_2)

    def bands(self):
        """The same as a sum of sequences with one exponent each: pairs of a mantissa and a whole number.

        What goes through a function that mixes the steps must be on one exponent, and on one for all steps most of
        them would be 0. A band is as many powers of two wide as half of what numbers reach on either side of 1.
        """
        if self.exponent is None:
            yield self.mantissa, 0
            return
        size, width = self.size, np.finfo(self.mantissa.dtype).maxexp // 2
        band = np.where(size > NOTHING // 2, -(-size // width), NOTHING)
        for own in np.unique(band[band > NOTHING]):
            exponent = int(own) * width
            yield np.where((band == own)[..., None, None], self.at(exponent), 0.0), exponent


def size_of(array):
    """The power of two of the largest element of each (P, Q) block; `NOTHING` where all are 0."""
    largest = np.abs(array).max(axis=(-1, -2))
    return np.where(largest > 0, np.frexp(largest)[1], NOTHING)


def shifted(array, exponent):
    """The (P, Q) blocks of an array times 2**exponent: exact, but for what leaves the range of numbers."""
    if not np.any(exponent):
        return array
    most = np.finfo(array.dtype).maxexp - 2
    exponent = np.clip(exponent, -3 * most, 3 * most)  # beyond it any number is 0 or infinite
    while np.any(exponent):
        part = np.clip(exponent, -most, most)
        array = array * np.ldexp(array.dtype.type(1.0), part)[..., None, None]
        exponent = exponent - part
    return array


def near_one(array):
    """The (P, Q) blocks of an array times a power of two that brings them near 1, and log10 of what that took away."""
    _, size = np.frexp(np.abs(array).max(axis=(-1, -2)))
    size = np.clip(size, -1022, 1022)
    return array * np.ldexp(1.0, -size)[..., None, None], size * LOG10_2


def log10_norm(array):
    """(T, K) log10 of the norm of each (P, Q) block, whatever its size."""
    limits = np.finfo(array.dtype)
    with np.errstate(all="ignore"):
        squares = np.einsum("...pq,...pq->...", array, array)
        if ((squares > limits.tiny * 1e8) & (squares < limits.max)).all():
            return 0.5 * np.log10(squares)
        scaled, taken = near_one(array)
        return 0.5 * np.log10((scaled**2).sum(axis=(-1, -2))) + taken
