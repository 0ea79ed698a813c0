"""Number formats: the smallest positive and the largest number of each, as powers of ten, and rounding to them."""

from dataclasses import dataclass
from math import log10

import numpy as np


@dataclass(frozen=True)
class Format:
    """A binary format of IEEE 754: bias 2**(e-1) - 1, subnormals down to 2**(1 - bias - fraction bits)."""

    exponent_bits: int
    fraction_bits: int

    @property
    def bias(self):
        return 2 ** (self.exponent_bits - 1) - 1

    @property
    def smallest(self):
        """log10 of the smallest positive number, a subnormal."""
        return (1 - self.bias - self.fraction_bits) * log10(2)

    @property
    def smallest_normal(self):
        """log10 of the smallest number with full precision."""
        return (1 - self.bias) * log10(2)

    @property
    def maximum(self):
        """The largest number."""
        return (2.0 - 2.0**-self.fraction_bits) * 2.0**self.bias

    @property
    def largest(self):
        """log10 of the largest number."""
        return log10(self.maximum)

    def round(self, values):
        """The nearest numbers of the format, ties to even, as float64; beyond the largest, infinity; NaN stays."""
        _, exponent = np.frexp(values)
        last_place = np.maximum(exponent - self.fraction_bits - 1, 1 - self.bias - self.fraction_bits)
        nearest = np.ldexp(np.rint(np.ldexp(values, -last_place)), last_place)
        return np.where(np.abs(nearest) > self.maximum, np.copysign(np.inf, values), nearest)


FORMATS = {"float16": Format(5, 10), "bfloat16": Format(8, 7), "float32": Format(8, 23), "float64": Format(11, 52)}
