"""What a caller may pass: checks that all say the same thing of a wrong argument, and arrays that nobody else holds."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real

import numpy as np


def complaint(name, allowed, value, advice=""):
    """The one form of a message about a parameter: its name, what is allowed, what was given, and what to do."""
    return f"The {name!r} parameter must be {allowed}. Got {_shown(value)} instead{advice and ': ' + advice}."


def misshapen(name, shape, array, advice=""):
    """The same about an array of another shape. shape: the right one, or its letters."""
    return f"The {name!r} parameter must have the shape {shape}. Got {array.shape} instead{advice and ': ' + advice}."


def _shown(value):
    try:
        text = re.sub(r"\n\s*", " ", repr(value))
    except Exception:  # a foreign object; a whole number of thousands of digits is one as well
        text = f"an object of type {type(value).__name__}"
    end = text[-1:] if text[-1:] in "])}" else ""
    return text if len(text) < 80 else text[: 77 - len(end)] + "..." + end


def instance(name, value, kind, allowed):
    """The value, if it is of that class. Raises ValueError."""
    if not isinstance(value, kind):
        raise ValueError(complaint(name, allowed, value))
    return value


def several(name, value, kind, allowed):
    """A list of what an iterable holds, if that is at least one object of that class and nothing else."""
    if isinstance(value, Iterable):
        members = list(value)
        if members and all(isinstance(m, kind) for m in members):
            return members
        value = value if isinstance(value, Sequence) else members
    raise ValueError(complaint(name, allowed, value))


def choice(name, value, options):
    """The value, if it is one of these names. Raises ValueError."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(complaint(name, "one of " + ", ".join(map(repr, options)), value))
    return value


def flag(name, value):
    """True or False. Raises ValueError for what is only taken for one of them."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(complaint(name, "True or False", value))
    return bool(value)


def whole(name, value, low, high=None):
    """A whole number from low to high as an int. Raises ValueError."""
    fits = isinstance(value, Integral) and not isinstance(value, bool) and value >= low
    if not fits or (high is not None and value > high):
        allowed = f"of at least {low}" if high is None else f"from {low} to {high:,}"
        raise ValueError(complaint(name, f"a whole number {allowed}", value))
    return int(value)


def real(name, value, allowed="a finite number", low=-sys.float_info.max, high=sys.float_info.max):
    """A number from low to high as a float. Raises ValueError, for NaN as well."""
    fits = isinstance(value, Real) and not isinstance(value, bool) and low <= value <= high
    # A whole number may lie beyond float64 and still below infinity.
    if not fits or (abs(value) > sys.float_info.max and abs(value) != np.inf):
        raise ValueError(complaint(name, allowed, value))
    return float(value)


def numbers(name, value):
    """The value as an array of float64: its own memory where it is one.

    Tensors that require a gradient or lie elsewhere are fetched by their detach(), cpu() and numpy(). Raises ValueError
    for complex numbers, text, objects (a table's column of mixed values is one) and masked elements.
    """
    try:
        plain = value.detach().cpu().numpy() if hasattr(value, "detach") else value
        array = np.asarray(plain)
        masked = np.ma.is_masked(plain)
        if array.dtype.kind in "biuf" and not masked:
            return np.asarray(array, dtype=np.float64)
        got = f"{type(value).__name__} {'with masked elements' if masked else f'of type {array.dtype}'}"
    except Exception:  # whatever a foreign object raises when it is asked for its numbers
        got = type(value).__name__
    raise ValueError(f"The {name!r} parameter must be an array of numbers. Got {got} instead.")


def finite(name, array):
    """The array, if all of it is finite. Raises ValueError that says where it is not."""
    sound = np.isfinite(array)
    if not sound.all():
        where = tuple(int(i) for i in np.argwhere(~sound)[0])
        raise ValueError(f"The {name!r} parameter must be finite. Got {array[where]} at {where} instead.")
    return array


def checked_array(name, value, shape):
    """A copy of the array as contiguous float64. Raises ValueError for another shape, no numbers, NaN or infinity.

    It is a copy, so that what the caller does to the array afterwards changes nothing.
    """
    array = numbers(name, value)
    if array.shape != tuple(shape):
        raise ValueError(misshapen(name, tuple(shape), array))
    return np.array(finite(name, array), order="C")


def lettered(name, value, letters):
    """An array of numbers with an axis a letter, "T n n", none of them empty and equal letters being equally long.

    It is the caller's own memory where that is float64. Raises ValueError.
    """
    array, wanted = numbers(name, value), letters.split()
    lengths = dict(zip(wanted, array.shape))
    if array.ndim != len(wanted) or array.shape != tuple(lengths[n] for n in wanted) or not array.size:
        text = f"({', '.join(wanted)}{',' * (len(wanted) == 1)})"
        raise ValueError(misshapen(name, text, array, "" if array.size else "no axis may be empty"))
    return array


class Named(dict):
    """A dict that says which names there are when it is asked for another."""

    def __missing__(self, name):
        raise KeyError(f"{name!r} is not one of {', '.join(map(repr, self))}")


def read_only(value):
    """The value, all of whose arrays can no longer be written into; of mappings and sequences those they hold."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, (list, tuple)):  # before Mapping, which takes longer to ask for
        for part in value:
            read_only(part)
    elif isinstance(value, Mapping):
        for part in value.values():
            read_only(part)
    return value
