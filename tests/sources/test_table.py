import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz.sources import Series, Table, read_csv

BOM = b"\xef\xbb\xbf"


def refusal(raw):
    with pytest.raises(ValueError) as caught:
        read_csv(raw)
    # UnicodeDecodeError is a ValueError too, but not a sentence for a user.
    assert type(caught.value) is ValueError
    return str(caught.value)


def values(table):
    return {name: series.values.tolist() for name, series in table.columns.items()}


def test_plain_file():
    table = read_csv(b"day,rain\nMon,1.5\nTue,-2\nWed,3e1\n")
    assert values(table) == {"rain": [1.5, -2.0, 30.0]}
    assert table.skipped == {"day": "row 2 is 'Mon', which is not a number"}
    assert (table.delimiter, table.has_header, table.rows) == (",", True, 3)
    series = table.series("rain")
    assert (series.name, series.unit, series.labels, series.notes) == ("rain", "", None, ())
    assert series.source == "Column 'rain' of an uploaded CSV file, rows 2 to 4."
    assert not series.values.flags.writeable


def test_unknown_column():
    table = read_csv(b"a,b\n1,2\n3,4\n")
    with pytest.raises(ValueError) as caught:
        table.series("c")
    assert str(caught.value) == ("The 'column' parameter must be one of 'a', 'b'. Got 'c' instead.")


@st.composite
def written_tables(draw):
    width = draw(st.integers(1, 4))
    height = draw(st.integers(2, 8))
    finite = st.floats(allow_nan=False, allow_infinity=False)
    columns = [draw(st.lists(finite, min_size=height, max_size=height)) for _ in range(width)]
    delimiter = draw(st.sampled_from(",;\t"))
    decimal_comma = draw(st.booleans())
    header = draw(st.booleans())
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    # One unquoted column of decimal commas looks like two columns unless a header tells.
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    if decimal_comma and width == 1 and delimiter != "," and not header:
        quoting = csv.QUOTE_ALL
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    if header:
        writer.writerow([f"x{j}" for j in range(width)])
    for row in zip(*columns, strict=True):
        cells = [repr(value) for value in row]
        writer.writerow([cell.replace(".", ",") for cell in cells] if decimal_comma else cells)
    text = out.getvalue() + newline * draw(st.integers(0, 2))
    raw = (BOM if draw(st.booleans()) else b"") + text.encode()
    return columns, delimiter, header, raw


@given(written_tables())
def test_round_trip(written):
    columns, delimiter, header, raw = written
    table = read_csv(raw)
    names = [f"x{j}" if header else f"column {j + 1}" for j in range(len(columns))]
    assert values(table) == dict(zip(names, columns, strict=True))
    assert table.has_header is header
    assert table.rows == len(columns[0])
    assert table.skipped == {}
    if len(columns) > 1:
        assert table.delimiter == delimiter


@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(alphabet='01,;\t"\n\r.-eNa x', max_size=60).map(str.encode),
        st.text(max_size=40).map(str.encode),
    ),
    st.booleans(),
)
def test_any_bytes_give_a_table_or_a_refusal(raw, bom):
    try:
        table = read_csv(BOM + raw if bom else raw)
    except ValueError as error:
        assert type(error) is ValueError
        assert str(error).endswith(".")
        return
    assert isinstance(table, Table)
    assert table.columns
    assert not set(table.columns) & set(table.skipped)
    for name in table.columns:
        series = table.series(name)
        assert isinstance(series, Series)
        assert 2 <= len(series.values) <= table.rows
        assert np.isfinite(series.values).all()


@pytest.mark.parametrize(
    ("raw", "delimiter", "expected"),
    [
        # Both delimiters split every row alike: the comma is the decimal sign.
        (b"1,5;2,5\n3,5;4,5\n", ";", {"column 1": [1.5, 3.5], "column 2": [2.5, 4.5]}),
        (b"a;b\n1,5;2\n2,5;3\n", ";", {"a": [1.5, 2.5], "b": [2, 3]}),
        (b"a\tb\n1,5\t2\n2,5\t3\n", "\t", {"a": [1.5, 2.5], "b": [2, 3]}),
        (b'a,b\n"1,5",2\n"2,5",3\n', ",", {"a": [1.5, 2.5], "b": [2, 3]}),
        (b'a, b\n1, "2,5"\n3, "4,5"\n', ",", {"a": [1, 3], "b": [2.5, 4.5]}),
        (b"v\n1,5\n2\n,5\n", ";", {"v": [1.5, 2, 0.5]}),
        (b'v\n"1,5"\n"2,5"\n', ",", {"v": [1.5, 2.5]}),
        (b"price; EUR,n\n1,2\n3,4\n", ",", {"price; EUR": [1, 3], "n": [2, 4]}),
        (b"tags,n\na;b,2\nc;d,4\n", ",", {"n": [2, 4]}),
        (b"7\n8\n", ",", {"column 1": [7, 8]}),
    ],
)
def test_delimiter_and_decimal_sign(raw, delimiter, expected):
    table = read_csv(raw)
    assert table.delimiter == delimiter
    assert values(table) == expected


def test_decimal_commas_are_said():
    table = read_csv(b"a;b\n1;2\n1,234;3\n")
    assert table.series("a").notes == ("Commas were read as decimal signs: '1,234' as 1.234.",)
    assert table.series("b").notes == ()


def test_mixed_decimal_signs_are_not_guessed():
    table = read_csv(b"a;b\n1,234;1\n5;2\n2.5;3\n")
    assert table.skipped == {"a": "it mixes decimal commas and decimal points (rows 2 and 4)"}


@pytest.mark.parametrize(
    ("raw", "has_header", "names"),
    [
        (b"a,b\n1,2\n3,4\n", True, ["a", "b"]),
        (b"1,2\n3,4\n", False, ["column 1", "column 2"]),
        (b"Paris,1\nRome,2\n", False, ["column 2"]),
        (b"id,2001\n1,5\n2,6\n", True, ["id", "2001"]),
        (b"a,b\n1,x\n3,4\n", True, ["a"]),
        (b",NA\n1,2\n3,4\n5,6\n", False, ["column 1", "column 2"]),
        (b" a ,,a,a (2),a,\n1,2,3,4,5,6\n1,2,3,4,5,6\n", True,
         ["a", "column 2", "a (2)", "a (2) (2)", "a (3)", "column 6"]),
        (b'"two\nlines",b\n1,2\n3,4\n', True, ["two lines", "b"]),
    ],
)  # fmt: skip
def test_header_and_names(raw, has_header, names):
    table = read_csv(raw)
    assert table.has_header is has_header
    assert list(table.columns) == names


@pytest.mark.parametrize(
    "gap", ["", " ", "NA", "na", "NaN", "null", "NULL", "-", "?", "inf", "-Inf", "Infinity", "1e999"]
)
def test_gaps_inside_are_filled_by_a_straight_line(gap):
    table = read_csv(f"a,b\n1,10\n2,{gap}\n3,{gap}\n4,40\n5,0\n".encode())
    assert table.series("b").values == pytest.approx(np.array([10, 20, 30, 40, 0]), rel=1e-15)
    assert table.series("b").notes == (
        "Filled by a straight line between the neighbours: rows 3, 4, which held no usable number.",
    )
    assert table.series("a").notes == ()


def test_gaps_at_either_end_are_dropped():
    table = read_csv(b"NA,1\n5,2\n,3\n7,4\n?,5\n-,6\n")
    series = table.series("column 1")
    assert series.values.tolist() == [5, 6, 7]
    assert series.notes == (
        "Filled by a straight line between the neighbours: row 3, which held no usable number.",
        "Dropped at the start or end: rows 1, 5, 6, which held no usable number.",
    )
    assert series.source == "Column 'column 1' of an uploaded CSV file, rows 2 to 4."
    assert table.rows == 6


@pytest.mark.parametrize(("gaps", "said"), [(5, "2, 3, 4, 5, 6,"), (8, "2, 3, 4, 5, 6 and 3 more,")])
def test_at_most_five_rows_are_listed(gaps, said):
    series = read_csv(b"a,b\n" + b"0,\n" * gaps + b"0,1\n0,2\n").series("b")
    assert series.notes == (f"Dropped at the start or end: rows {said} which held no usable number.",)


def test_filling_between_huge_neighbours_stays_finite():
    series = read_csv(b"a,b\n1e308,0\n,0\n-1e308,0\n").series("a")
    assert series.values.tolist() == [1e308, 0, -1e308]


def test_rows_are_numbered_as_in_a_spreadsheet():
    # Row 3 holds a line break, row 4 is blank, so the bad cell is in row 5 but on line 6.
    table = read_csv(b'a,b,c\n1,2,3\n"x\ny",3,4\n\n1,oops,5\n2,5,6\n\n\n')
    assert table.skipped == {
        "a": "row 3 is 'x\\ny', which is not a number",
        "b": "row 5 is 'oops', which is not a number",
    }
    assert table.series("c").values.tolist() == [3, 4, 4.5, 5, 6]
    assert "row 4," in table.series("c").notes[0]


def test_blank_lines():
    table = read_csv(b"\n \na,b\n1,2\n\n3,6\n\n  \n")
    assert values(table) == {"a": [1, 2, 3], "b": [2, 4, 6]}
    assert table.rows == 3
    assert "row 5," in table.series("a").notes[0]
    assert table.series("a").source.endswith("rows 4 to 6.")


def test_mostly_numeric_column_names_its_first_offender():
    long = "z" * 500
    table = read_csv(f"a,b,c\n1,2,3\n2,3,\n3,{long},1_000\n4,x,5\n".encode())
    assert list(table.columns) == ["a"]
    shown = "'" + "z" * 18 + "…"
    assert len(shown) == 20
    assert table.skipped == {
        "b": f"row 4 is {shown}, which is not a number",
        "c": "row 4 is '1_000', which is not a number",
    }


def test_columns_with_too_few_numbers():
    table = read_csv(b"a,b,c\n1,,\n2,5,NA\n3,,\n")
    assert table.skipped == {
        "b": "it has only 1 number, at least 2 are needed",
        "c": "it has no number, at least 2 are needed",
    }


@pytest.mark.parametrize("cell", ["1_000", "0x1F", "\u0661", "1 000", "1.2.3", "1,2,3", "5%", "1e", ".", "+", "--1"])
def test_what_is_not_a_number(cell):
    table = read_csv(f"a;b\n1;1\n2;{cell}\n3;2\n".encode())
    assert table.skipped == {"b": f"row 3 is {cell!r}, which is not a number"}


@pytest.mark.parametrize(
    ("cell", "expected"), [("+1", 1), ("-.5", -0.5), ("5.", 5), ("1E-3", 0.001), (" 7\u00a0", 7), (",25", 0.25)]
)
def test_what_is_a_number(cell, expected):
    assert read_csv(f"a;b\n1;1\n2;{cell}\n".encode()).series("b").values[1] == expected


@pytest.mark.parametrize("raw", [b"", BOM, b"\n\r\n \n", b'""\n'])
def test_empty(raw):
    assert refusal(raw) == ("The file is empty. At least 2 rows of data are needed: add them.")


@pytest.mark.parametrize(
    ("raw", "found"),
    [(b"a,b\n", "a header and no data"), (b"a,b\n1,2\n\n", "one row of data"), (b"1,2", "one row of data")],
)
def test_too_few_rows(raw, found):
    assert refusal(raw) == (f"The file has only {found}. At least 2 rows of data are needed: add more rows.")


def test_binary():
    assert refusal(b"a\n1\x00\n2\n") == (
        "The file is not plain text: byte 4 is NUL. A CSV file in UTF-8 is needed: "
        "export the table as 'CSV UTF-8' and upload that."
    )
    assert "byte 4 is NUL" in refusal("a\n1\n2".encode("utf-16"))


@pytest.mark.parametrize(("raw", "byte"), [(b"a\xe9\n1\n2\n", 2), (BOM + b"a\n1\n\xff\n", 8)])
def test_not_utf8(raw, byte):
    assert raw[byte - 1] in (0xE9, 0xFF)
    assert refusal(raw) == (
        f"The file is not UTF-8 text: byte {byte} cannot be read. Only UTF-8 is allowed: save the file as 'CSV UTF-8'."
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            b"a,b\n1,2\n3\n4,5\n6,7,8\n",
            (
                "Row 3 has 1 cell, but 2 expected as in row 1 (cells are separated by commas). "
                "Every row must have the same number of cells: correct row 3."
            ),
        ),
        (
            # Split at commas this file would be regular, and every number wrong.
            b"1,5;2\n2,5;3\n3,5\n",
            (
                "Row 3 has 1 cell, but 2 expected as in row 1 (cells are separated by semicolons). "
                "Every row must have the same number of cells: correct row 3."
            ),
        ),
        (
            # No delimiter splits most rows: the first that splits row 1 is named.
            b"1,5;2\n3\n4\n",
            "Row 2 has 1 cell, but 2 expected as in row 1 (cells are separated by semicolons). "
            "Every row must have the same number of cells: correct row 2.",
        ),
        (
            b"\nMy data\na,b\n1,2\n3,4\n",
            (
                "Row 3 has 2 cells, but 1 expected as in row 2 (cells are separated by commas). "
                "Every row must have the same number of cells: correct row 3."
            ),
        ),
    ],
)
def test_ragged(raw, message):
    assert refusal(raw) == message


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b'"1,2\n3,4\n', "unexpected end of data"),
        (b'"1"x,2\n3,4\n', "',' expected after '\"'"),
        (b"1," + b"2" * 131_073, "field larger than field limit (131072)"),
    ],
)
def test_unreadable_rows(row, problem):
    assert refusal(b"a,b\n0,0\n" + row) == (
        f"Row 3 cannot be read as CSV ({problem}). A cell may have at most 131,072 "
        "characters, and quotation marks must enclose a whole cell, in pairs: "
        "correct that row."
    )


def test_size_limit():
    limit = 5 * 1024 * 1024
    raw = b"1\n2\n"
    assert read_csv(raw + b"\n" * (limit - len(raw))).rows == 2
    assert refusal(raw + b"\n" * (limit - len(raw) + 1)) == (
        "The file has 5,242,881 bytes. At most 5,242,880 (5 MB) are allowed: keep fewer rows or columns."
    )


def test_column_limit():
    def wide(n):
        return (",".join(["1"] * n) + "\n").encode() * 2

    assert len(read_csv(wide(100)).columns) == 100
    assert refusal(wide(101)) == ("The file has 101 columns. At most 100 are allowed: keep only the columns you need.")


@pytest.mark.parametrize("header", [b"", b"a\n"])
@pytest.mark.parametrize("between", [b"1\n", b"\n"])
def test_row_limit(header, between):
    raw = header + b"1\n" + between * 99_998 + b"1\n"
    assert read_csv(raw).rows == 100_000
    assert refusal(raw + b"1\n") == (
        "The file has more than 100,000 rows of data. At most 100,000 are allowed: keep fewer rows."
    )


def test_no_usable_column():
    assert refusal(b"city,size\nParis,big\nRome,\n") == (
        "The file has no usable column ('city': row 2 is 'Paris', which is not a number; "
        "'size': row 2 is 'big', which is not a number). A usable column holds only numbers, "
        "at least 2, and gaps: correct or add one."
    )
    many = refusal(b"a,b,c,d,e,f,g\n" + b"x,x,x,x,x,x,x\n" * 2)
    assert "'e': row 2" in many
    assert "'f'" not in many
    assert "; and 2 more)." in many


@pytest.mark.parametrize(
    "raw, preferred",
    [
        (b"t;v\n1;5\n2;3\n3;4\n", "v"),
        (b"t;v\n0,1;5\n0,2;3\n0,3;4\n", "v"),
        (b"v,t\n5,1\n3,2\n4,3\n", "v"),
        (b"year,s,v\n2000,0.033,1\n2001,0.067,1\n2002,0.1,1\n", "v"),
        (b"a,b\n1,2\n3,4\n", "a"),
        (b"down,v\n3,1\n2,4\n1,1\n", "down"),
        (b"t,v\n1,-1e308\n2,1e308\n3,-1e308\n", "v"),
        (b"1\n2\n3\n", "column 1"),
    ],
)
def test_an_index_is_not_what_is_preferred(raw, preferred):
    assert read_csv(raw).preferred == preferred
