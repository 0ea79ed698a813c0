"""Real-valued series, raw and standardised."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from rnnviz.arguments import lettered, numbers, read_only


@dataclass(frozen=True, eq=False)
class Series:
    """A raw series, one value per step.

    values: (N,) float64 in `unit`, copied and made read-only. unit: "" when unknown.
    labels: N strings such as years, or None. source: a sentence. notes: what was
    repaired, in plain words.

    Raises ValueError for values of another shape or that are no numbers.
    """

    name: str
    unit: str
    values: np.ndarray
    labels: tuple[str, ...] | None
    source: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values = np.array(lettered("values", self.values, "N"))
        object.__setattr__(self, "values", read_only(values))


@dataclass(frozen=True, eq=False)
class Standardised:
    """A series of mean 0 and standard deviation 1, with what undoes it.

    values: (N,) float64, no unit. mean, std: of the raw values, in their unit; std divides
    by N. Raw values are values * std + mean.
    """

    values: np.ndarray
    mean: float
    std: float


def standardise(values: np.ndarray) -> Standardised:
    """Return (values - mean) / std of a raw (N,) series.

    Raises ValueError when it is not one-dimensional with at least 2 values, holds anything but
    finite numbers, or is constant.
    """
    values = numbers("values", values)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(
            "The 'values' parameter must be a one-dimensional series of at least 2 numbers. "
            f"Got shape {values.shape} instead."
        )
    if not np.isfinite(values).all():
        first = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(
            f"The 'values' parameter must hold only finite numbers. Got {values[first]} at step {first} instead."
        )
    if values.min() == values.max():
        raise ValueError(
            "The 'values' parameter must vary: a constant series has standard deviation 0 "
            f"and cannot be standardised. Got {values[0]} at every step instead."
        )
    # Scaling by a power of two is exact and keeps sums of huge values from overflowing.
    exponent = np.frexp(np.abs(values).max())[1]
    scaled = np.ldexp(values, -exponent)
    mean, std = scaled.mean(), scaled.std()
    return Standardised((scaled - mean) / std, float(np.ldexp(mean, exponent)), float(np.ldexp(std, exponent)))


@lru_cache(maxsize=1)
def sunspots() -> Series:
    """Return the yearly sunspot numbers 1700 to 2008: 309 values, labels are years."""
    path = files("rnnviz.sources").joinpath("data").joinpath("sunspots.csv")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    return Series(
        name="Sunspots",
        unit="sunspot number",
        values=np.array([float(row["SUNACTIVITY"]) for row in rows]),
        labels=tuple(row["YEAR"] for row in rows),
        source=(
            "Yearly number of sunspots, 1700 to 2008, from the US National Geophysical Data "
            "Center as distributed with statsmodels; public domain."
        ),
    )
