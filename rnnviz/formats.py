"""Number formats: the smallest positive and the largest number of each, as powers of ten."""

from dataclasses import dataclass
from math import log10


@dataclass(frozen=True)
class Format:
    """log10 of the smallest positive number (subnormal), the smallest with full precision, and the largest."""

    smallest: float
    smallest_normal: float
    largest: float


def _ieee(exponent_bits, fraction_bits):
    """A binary format of IEEE 754: bias 2**(e-1) - 1, subnormals down to 2**(1 - bias - fraction bits)."""
    bias = 2 ** (exponent_bits - 1) - 1
    return Format(
        smallest=(1 - bias - fraction_bits) * log10(2),
        smallest_normal=(1 - bias) * log10(2),
        largest=bias * log10(2) + log10(2 - 2.0**-fraction_bits),
    )


FORMATS = {"float16": _ieee(5, 10), "bfloat16": _ieee(8, 7), "float32": _ieee(8, 23), "float64": _ieee(11, 52)}
