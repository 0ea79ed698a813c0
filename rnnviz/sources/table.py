"""A CSV table a user uploads."""

import math
from dataclasses import dataclass

import numpy as np

from rnnviz.arguments import choice, instance
from rnnviz.sources.cells import number, read_column, shown
from rnnviz.sources.layout import check_row_count, decode, detect_delimiter, read_rows
from rnnviz.sources.series import Series


@dataclass(frozen=True, eq=False)
class Table:
    r"""The usable columns of a CSV file.

    columns: column name -> Series of its numbers, gaps repaired as its notes say.
    skipped: name of every other column -> why it is not usable.
    delimiter: ",", ";" or "\t". rows: rows of data, the header not counted.
    """

    columns: dict[str, Series]
    skipped: dict[str, str]
    delimiter: str
    has_header: bool
    rows: int

    def series(self, column: str) -> Series:
        """Return a usable column; raises ValueError for any other name."""
        return self.columns[choice("column", column, self.columns)]

    @property
    def preferred(self) -> str:
        """The first usable column that does not rise in equal steps, as an index or a time does; else the first."""
        uneven = (name for name, series in self.columns.items() if not _is_ramp(series.values))
        return next(uneven, next(iter(self.columns)))


def read_csv(raw: bytes) -> Table:
    """Return the table in the bytes of a CSV file.

    UTF-8 with or without BOM, at most 5 MB, 100 columns and 100,000 rows. Delimiter (comma,
    semicolon or tab), decimal sign (point or comma) and header are detected. The first row
    is a header if it has text and no number, or text above a column of numbers. A column is
    usable if its cells are numbers, at least 2, or gaps: empty, NA, NaN, null, -, ? (in any
    case) or infinite. Gaps between numbers are filled by a straight line, gaps at either end
    dropped. Row numbers are those of a spreadsheet, from 1, header included.

    Raises ValueError, saying what is wrong, what is allowed and what to do, for a file that
    is empty, too large, binary, not UTF-8, ragged, or without two rows of data and a usable
    column; and for anything but bytes.
    """
    instance("raw", raw, bytes | bytearray, "the bytes of a CSV file")
    text = decode(raw)
    delimiter = detect_delimiter(text)
    first_row, rows = read_rows(text, delimiter)
    if not rows:
        raise ValueError("The file is empty. At least 2 rows of data are needed: add them.")
    has_header = _has_header(rows)
    header = rows[0] if has_header else [""] * len(rows[0])
    data = rows[1:] if has_header else rows
    if len(data) < 2:
        found = "one row of data" if data else "a header and no data"
        raise ValueError(f"The file has only {found}. At least 2 rows of data are needed: add more rows.")
    check_row_count(len(data))

    columns: dict[str, Series] = {}
    skipped: dict[str, str] = {}
    for j, name in enumerate(_names(header)):
        column = read_column(name, [row[j] for row in data], first_row + has_header)
        if isinstance(column, Series):
            columns[name] = column
        else:
            skipped[name] = column
    if not columns:
        raise _no_usable_column(skipped)
    return Table(columns, skipped, delimiter, has_header, len(data))


def _is_ramp(values: np.ndarray) -> bool:
    """Whether values rise in equal steps, but for what rounding to two digits of a step does to them."""
    with np.errstate(over="ignore", invalid="ignore"):  # neighbours may be huge and of opposite sign
        steps = np.diff(values)
        return bool(steps.min() > 0 and np.ptp(steps) <= 0.05 * steps.mean())


def _has_header(rows: list[list[str]]) -> bool:
    top = [number(cell) for cell in rows[0]]
    text = [j for j, value in enumerate(top) if value is None]
    if not text or all(value is None or math.isnan(value) for value in top):
        return bool(text)
    return any(_all_numbers([row[j] for row in rows[1:]]) for j in text)


def _all_numbers(cells: list[str]) -> bool:
    values = [number(cell) for cell in cells]
    return None not in values and not all(math.isnan(value) for value in values)


def _names(header: list[str]) -> list[str]:
    names: list[str] = []
    for j, cell in enumerate(header, 1):
        base = name = " ".join(cell.split()) or f"column {j}"
        copy = 1
        while name in names:
            copy += 1
            name = f"{base} ({copy})"
        names.append(name)
    return names


def _no_usable_column(skipped: dict[str, str]) -> ValueError:
    reasons = [f"{shown(name)}: {reason}" for name, reason in skipped.items()]
    more = f"; and {len(reasons) - 5} more" if len(reasons) > 5 else ""
    return ValueError(
        f"The file has no usable column ({'; '.join(reasons[:5])}{more}). A usable column "
        "holds only numbers, at least 2, and gaps: correct or add one."
    )
