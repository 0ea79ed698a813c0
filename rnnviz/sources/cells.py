"""From the cells of one CSV column to a series."""

import math
import re

import numpy as np

from rnnviz.sources.series import Series

_INFINITIES = {sign + word for sign in ("", "+", "-") for word in ("inf", "infinity")}
GAPS = frozenset({"", "na", "nan", "null", "-", "?"} | _INFINITIES)

# float() alone would also take "1_000" and digits of other scripts.
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*|,[0-9]+)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")


def number(cell: str) -> float | None:
    """Return a cell's number, NaN for a gap, None for anything else.

    The decimal sign is a point or a comma. A number too large for float64 is a gap.
    """
    cell = cell.strip()
    if cell.lower() in GAPS:
        return math.nan
    if not _NUMBER.fullmatch(cell):
        return None
    value = float(cell.replace(",", "."))
    return value if math.isfinite(value) else math.nan


def shown(cell: str) -> str:
    """Return a cell's repr, cut to 20 characters."""
    text = repr(cell[:20])
    return text if len(text) <= 20 else text[:19] + "…"


def read_column(name: str, cells: list[str], first_row: int) -> Series | str:
    """Return the column as a Series, or the reason why it cannot be one.

    cells: from file row `first_row` on, one per row.
    """
    numbers = [number(cell) for cell in cells]
    if None in numbers:
        bad = numbers.index(None)
        return f"row {first_row + bad} is {shown(cells[bad].strip())}, which is not a number"
    values = np.array(numbers)
    known = np.flatnonzero(~np.isnan(values))
    if known.size < 2:
        return f"it has {('no number', 'only 1 number')[known.size]}, at least 2 are needed"
    comma = next((i for i in known if "," in cells[i]), None)
    point = next((i for i in known if "." in cells[i]), None)
    if comma is not None and point is not None:
        return f"it mixes decimal commas and decimal points (rows {first_row + comma} and {first_row + point})"

    start, stop = known[0], known[-1] + 1
    gaps = np.flatnonzero(np.isnan(values))
    inside = gaps[(gaps > start) & (gaps < stop)]
    ends = np.setdiff1d(gaps, inside)
    values[inside] = _between(values, known, inside)
    notes = []
    if comma is not None:
        cell = cells[comma].strip()
        notes.append(f"Commas were read as decimal signs: {shown(cell)} as {numbers[comma]}.")
    if inside.size:
        notes.append(
            f"Filled by a straight line between the neighbours: {_rows(inside + first_row)}, "
            "which held no usable number."
        )
    if ends.size:
        notes.append(f"Dropped at the start or end: {_rows(ends + first_row)}, which held no usable number.")
    return Series(
        name=name,
        unit="",
        values=values[start:stop],
        labels=None,
        source=(f"Column {name!r} of an uploaded CSV file, rows {first_row + start} to {first_row + stop - 1}."),
        notes=tuple(notes),
    )


def _between(values: np.ndarray, known: np.ndarray, inside: np.ndarray) -> np.ndarray:
    after = np.searchsorted(known, inside)
    left, right = known[after - 1], known[after]
    weight = (inside - left) / (right - left)
    # Not np.interp: its slope overflows when neighbours are huge and of opposite sign.
    return (1 - weight) * values[left] + weight * values[right]


def _rows(rows: np.ndarray) -> str:
    listed = ", ".join(str(row) for row in rows[:5])
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return f"row{'s' if len(rows) > 1 else ''} {listed}{more}"
