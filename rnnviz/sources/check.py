"""Parameter checks whose messages say the name, what is allowed and what was given."""

from numbers import Integral


def invalid(name: str, allowed: str, given: object) -> ValueError:
    """Return the ValueError for a parameter `name` that must be `allowed`."""
    return ValueError(f"The '{name}' parameter must be {allowed}. Got {given!r} instead.")


def whole(name: str, value: object, least: int) -> int:
    """Return `value` as an int.

    Raises ValueError unless it is a whole number of at least `least`.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise invalid(name, f"a whole number of at least {least}", value)
    return int(value)
