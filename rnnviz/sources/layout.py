"""From the bytes of a CSV file to rows of cells."""

import csv
import io
from itertools import islice

from rnnviz.sources.cells import number

MAX_BYTES = 5 * 1024 * 1024
MAX_COLUMNS = 100
MAX_ROWS = 100_000

_BOM = b"\xef\xbb\xbf"
_SAMPLE_ROWS = 100
_DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas"}


def decode(raw: bytes) -> str:
    """Return the file's text; raises ValueError when too large, binary or not UTF-8."""
    if len(raw) > MAX_BYTES:
        raise ValueError(
            f"The file has {len(raw):,} bytes. At most {MAX_BYTES:,} (5 MB) are allowed: keep fewer rows or columns."
        )
    nul = raw.find(b"\0")
    if nul >= 0:
        raise ValueError(
            f"The file is not plain text: byte {nul + 1} is NUL. A CSV file in UTF-8 is "
            "needed: export the table as 'CSV UTF-8' and upload that."
        )
    bom = len(_BOM) if raw.startswith(_BOM) else 0
    try:
        return raw[bom:].decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The file is not UTF-8 text: byte {error.start + bom + 1} cannot be read. "
            "Only UTF-8 is allowed: save the file as 'CSV UTF-8'."
        ) from None


def detect_delimiter(text: str) -> str:
    r"""Return "\t", ";" or ",".

    The first of them that splits the first row and splits most rows likewise. Comma comes
    last, since it may be the decimal sign of the others. A file whose first row no
    delimiter splits has one column; ";" is returned when its commas are decimal signs.
    """
    splitting = []
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in _sample(text, delimiter) if row]
        if widths and widths[0] > 1:
            splitting.append(delimiter)
            if 2 * widths.count(widths[0]) > len(widths):
                return delimiter
    if splitting:
        return splitting[0]
    unquoted_commas = any(len(row) > 1 for row in _sample(text, ","))
    cells = [row for row in _sample(text, ";") if row][1:]
    if unquoted_commas and all(len(c) == 1 and number(c[0]) is not None for c in cells):
        return ";"
    return ","


def read_rows(text: str, delimiter: str) -> tuple[int, list[list[str]]]:
    """Return the file row (from 1) of the first row that is not blank, and all rows from it.

    A row is what a spreadsheet shows as one, so a quoted line break does not start another.
    Blank lines before the first row and after the last are left out; others are rows of
    empty cells. Raises ValueError for ragged rows, stray quotes, too many columns or rows.
    """
    rows: list[list[str]] = []
    at = first = blanks = 0
    try:
        for at, cells in enumerate(_reader(text, delimiter, strict=True), 1):
            if len(cells) < 2 and not "".join(cells).strip():
                blanks += 1
                continue
            if not rows:
                first, blanks = at, 0
                _check_width(len(cells))
            elif len(cells) != len(rows[0]):
                raise _ragged(at, len(cells), first, len(rows[0]), delimiter)
            check_row_count(at - first)  # now, before millions of short rows are kept
            rows.extend([[""] * len(cells)] * blanks)
            rows.append(cells)
            blanks = 0
    except csv.Error as error:
        raise ValueError(
            f"Row {at + 1} cannot be read as CSV ({error}). A cell may have at most "
            f"{csv.field_size_limit():,} characters, and quotation marks must enclose "
            "a whole cell, in pairs: correct that row."
        ) from None
    return first, rows


def check_row_count(count: int) -> None:
    """Raise ValueError when there are too many rows of data."""
    if count > MAX_ROWS:
        raise ValueError(
            f"The file has more than {MAX_ROWS:,} rows of data. At most {MAX_ROWS:,} are allowed: keep fewer rows."
        )


def _check_width(width: int) -> None:
    if width > MAX_COLUMNS:
        raise ValueError(
            f"The file has {width} columns. At most {MAX_COLUMNS} are allowed: keep only the columns you need."
        )


def _ragged(at: int, width: int, first: int, expected: int, delimiter: str) -> ValueError:
    cells = "cell" if width == 1 else "cells"
    return ValueError(
        f"Row {at} has {width} {cells}, but {expected} expected as in row {first} (cells are "
        f"separated by {_DELIMITERS[delimiter]}). Every row must have the same number of cells: "
        f"correct row {at}."
    )


def _reader(text: str, delimiter: str, strict: bool = False):
    lines = io.StringIO(text, newline="")
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=strict)


def _sample(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(islice(_reader(text, delimiter), _SAMPLE_ROWS))
    except csv.Error:
        return []
