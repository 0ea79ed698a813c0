"""Numbers and counts as they stand in a sentence: no exponents of a programming language, a minus that is one."""

import numpy as np

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(log10, digits=3):
    """A positive number given by its logarithm, in words short enough for a sentence."""
    if log10 == -np.inf:
        return "exactly 0"
    if not np.isfinite(log10):
        return "infinite" if log10 == np.inf else "not a number"
    if -3 < log10 < 6:
        value = 10.0**log10
        text = f"{value:.{digits}g}"
        if float(text) < 1000:
            return f"{float(text):.15g}"
        return f"{float(text) if digits > 6 else round(value):,.15g}"
    exponent = int(np.floor(log10))
    mantissa = f"{10 ** (log10 - exponent):.{max(digits - 2, 1)}f}"
    if float(mantissa) == 10:
        mantissa, exponent = f"{1:.{max(digits - 2, 1)}f}", exponent + 1
    return f"{mantissa} · 10{str(exponent).translate(SUPERSCRIPTS)}"


def shown(value, digits=3):
    """A number of any size and sign, for a sentence."""
    if not np.isfinite(value):
        return "infinite" if abs(value) == np.inf else "not a number"
    size = number(np.log10(abs(float(value))), digits) if value else "0"
    return f"−{size}" if value < 0 else size


def percent(share):
    """A share in percent; only all of it is 100 %."""
    text = shown(100 * share)
    return f"{'nearly ' if text == '100' and share < 1 - 1e-12 else ''}{text} %"


def count(n, noun):
    """So many of something: 1 step, 2 steps."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
