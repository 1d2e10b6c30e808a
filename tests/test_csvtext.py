"""CSV rows with places, the structure that every file must have, and dates."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.csvtext import MAX_BYTES, MAX_CHARACTERS, Layout, iso_date, read_rows

Cells = list[dict[str, tuple[str, int, int]]]

QUOTES = 'the quotes do not enclose this cell; quote a cell on both sides or not at all, with "" for a quote inside'
COMMA = 'a text with a comma stands in quotes: "a, b"'
LAYOUT = Layout(required=("a", "b"), optional=("c",), text="a,b[,c]", row="case")


def read(text: str | bytes, layout: Layout = LAYOUT) -> tuple[Cells, list[str]]:
    data = text if isinstance(text, bytes) else text.encode()
    rows, faults = read_rows(data, file="f.csv", layout=layout)
    cells = [{name: (row[name], row.line, row.column(name)) for name in row.cells} for row in rows]
    return cells, [str(fault) for fault in faults]


def faults_of(text: str | bytes, layout: Layout = LAYOUT) -> list[str]:
    """The faults of a text of which no row can be used."""
    rows, faults = read(text, layout)
    assert rows == []
    return [fault.removeprefix("f.csv:") for fault in faults]


# -- rows and places -------------------------------------------------------------------------------


def test_cells_know_their_place() -> None:
    rows, faults = read('a,b\n1, 22\n"x, ""y""",\r\n  "p, q",\tz \n ,  \n"", ""\n\n \r\n')
    assert faults == []
    assert rows == [
        {"a": ("1", 2, 1), "b": ("22", 2, 4)},
        {"a": ('x, "y"', 3, 1), "b": ("", 3, 12)},
        {"a": ("p, q", 4, 3), "b": ("z", 4, 11)},
        {"a": ("", 5, 1), "b": ("", 5, 3)},
        {"a": ("", 6, 1), "b": ("", 6, 5)},
    ]


def test_a_row_makes_faults_at_its_cells() -> None:
    (row,), _ = read_rows(b"b,a\n1,22\n", file="f.csv", layout=LAYOUT)
    assert (row.file, row.line, row.written, dict(row.cells)) == ("f.csv", 2, "1,22", {"b": "1", "a": "22"})
    assert str(row.fault("a", "too large")) == "f.csv:2:3: too large"


def test_byte_order_mark_column_order_and_optional_column() -> None:
    rows, faults = read(b"\xef\xbb\xbfc,b,a\n3,2,1\n")
    assert faults == []
    assert rows == [{"c": ("3", 2, 1), "b": ("2", 2, 3), "a": ("1", 2, 5)}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_end_of_a_line_counts_once(end: str) -> None:
    rows, faults = read(end.join(["a,b", "1,2", "3,4,5", "6,7"]) + end)
    assert [row["a"][:2] for row in rows] == [("1", 2), ("6", 4)]
    assert faults == [f"f.csv:3:5: 3 cells for 2 columns; remove the rest ({COMMA})"]


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), st.sampled_from(["", " ", "   "]))
def test_quoted_cells_come_back_as_they_were(table: list[tuple[str, str]], blanks: str) -> None:
    lines = [f",{blanks}".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
    rows, faults = read("\n".join(["a,b", *lines]))
    assert faults == []
    assert [(row["a"][0], row["b"][0]) for row in rows] == [(a.strip(), b.strip()) for a, b in table]
    for row, line in zip(rows, lines, strict=True):
        for text, _, column in row.values():
            assert line[column - 1] == '"'
            assert text == "" or text.replace('"', '""') in line[column:]


SOUND_CELL = re.compile(r'( *"(?:[^"]|"")*"|[^",]*)(?:,|\Z)')


def scanned(line: str) -> tuple[list[str], list[int], int | None]:
    """The cells as written, their columns, and the column of the first cell whose quotes are wrong: by the grammar."""
    written: list[str] = []
    columns: list[int] = []
    place = 0
    while not (written and place > len(line)):
        match = SOUND_CELL.match(line, place)
        rest = line[place:] if match is None else match[1]
        column = place + 1 + (len(rest) - len(rest.lstrip()) if rest.strip() else 0)
        if match is None:
            return written, columns, column
        written.append(match[1])
        columns.append(column)
        place = match.end(1) + 1
    return written, columns, None


@given(st.text(alphabet='x", \t', min_size=1, max_size=20).filter(str.strip))
def test_any_line_is_split_as_the_grammar_says_or_told_where_it_breaks(line: str) -> None:
    written, columns, broken = scanned(line)
    rows, faults = read(f"a,b\n{line}\n")
    told = [fault for fault in faults if fault.endswith(QUOTES)]
    if broken is not None:
        assert told[0] == f"f.csv:2:{broken}: {QUOTES}"
        return
    assert told == []
    if len(written) != 2:
        assert rows == []
        place = columns[2] if len(columns) > 2 else len(line) + 1
        assert [fault.partition(": ")[0] for fault in faults] == [f"f.csv:2:{place}"]
        return
    assert faults == []
    for name, cell, column in zip("ab", written, columns, strict=True):
        bare = cell.strip(" ")[1:-1].replace('""', '"') if '"' in cell else cell
        assert rows[0][name] == (bare.strip(), 2, column)


# -- what is refused -------------------------------------------------------------------------------


def test_what_is_not_a_csv_text() -> None:
    empty = ["1:1: the file is empty; it needs a header and rows: a,b[,c]"]
    assert faults_of("") == faults_of("\n \n") == faults_of(b"\xef\xbb\xbf\r\n") == empty
    binary = ["1:1: this is a binary file; save it as CSV text in UTF-8"]
    assert faults_of(b"PK\x03\x04\x00") == faults_of("a,b\n1,2\n".encode("utf-16")) == binary
    assert faults_of(b"x" * (MAX_BYTES + 1)) == ["1:1: the file has 20,000,001 bytes; at most 20,000,000 are read"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_byte_that_is_not_utf_8_is_told_at_its_character(end: bytes) -> None:
    data = end.join([b"\xef\xbb\xbfa,b", "é,2".encode(), "é,".encode() + b"\xff\xfe"])
    assert faults_of(data) == ["3:3: byte 0xff is not UTF-8; save the file as CSV text in UTF-8"]


def test_a_line_of_absurd_length() -> None:
    told = "the line has 10,004 characters; at most 10,000 are read"
    assert faults_of("a,b," + "c" * MAX_CHARACTERS + "\n1,2,3\n") == [f"1:1: {told}"]
    rows, faults = read("a,b\n1,2\n3,4," + "5" * MAX_CHARACTERS + "\n")
    assert len(rows) == 1
    assert faults == [f"f.csv:3:1: {told}"]
    assert len(read("a,b\n1," + "5" * (MAX_CHARACTERS - 2))[0]) == 1


def test_header_faults_are_all_told() -> None:
    assert faults_of("b,d,b,\n1,2,3,4\n") == [
        "1:3: unknown column 'd'; allowed: a, b, c",
        "1:5: the column 'b' stands there twice; keep one",
        "1:7: the column has no name; allowed: a, b, c",
        "1:7: missing a; the columns are a,b[,c]",
    ]


def test_what_is_missing_may_depend_on_what_is_there() -> None:
    def also(names: Collection[str]) -> list[str]:
        return ["c"] if "a" in names else []

    layout = Layout(required=("b",), optional=("a", "c"), text="b or a,b,c", row="case", also_missing=also)
    assert faults_of("a\n1\n", layout) == ["1:2: missing b, c; the columns are b or a,b,c"]
    assert read("b\n1\n", layout) == ([{"b": ("1", 2, 1)}], [])


@pytest.mark.parametrize(
    ("header", "place"),
    [("a;b", "1:2: the columns are separated by ';'"), ('"a"\t"b"', r"1:4: the columns are separated by '\t'")],
)
def test_another_separator(header: str, place: str) -> None:
    assert faults_of(header + "\n") == [f"{place}; separate them by commas: a,b[,c]"]


def test_a_semicolon_beside_commas_is_part_of_a_name() -> None:
    assert faults_of("a,b;c\n") == [
        "1:3: unknown column 'b;c'; allowed: a, b, c",
        "1:6: missing b; the columns are a,b[,c]",
    ]


def test_a_header_without_rows() -> None:
    told = "there are no rows under the header; write one row a case"
    assert faults_of("a,b") == faults_of("a,b\n\n\n") == [f"2:1: {told}"]
    assert faults_of("\na,b\n") == ["1:1: the line is empty; remove it", f"3:1: {told}"]


def test_empty_lines_are_refused_except_at_the_end() -> None:
    rows, faults = read("\na,b\n1,2\n \t\n\n3,4\n\n")
    assert [row["a"][1] for row in rows] == [3, 6]
    assert faults == [f"f.csv:{line}:1: the line is empty; remove it" for line in (1, 4, 5)]


def test_broken_rows_are_told_and_the_others_kept() -> None:
    rows, faults = read('a,b\n1\n2,3\n4,5,6\n7,"8\n9,"a"b\n"x" ,1\n1,"a\nb"\n')
    assert [row["a"][0] for row in rows] == ["2"]
    assert faults == [
        "f.csv:2:2: 1 cell for 2 columns; missing b",
        f"f.csv:4:5: 3 cells for 2 columns; remove the rest ({COMMA})",
        f"f.csv:5:3: {QUOTES}",
        f"f.csv:6:3: {QUOTES}",
        f"f.csv:7:1: {QUOTES}",
        f"f.csv:8:3: {QUOTES}",
        f"f.csv:9:1: {QUOTES}",
        "f.csv:9:3: 1 cell for 2 columns; missing b",
    ]


def test_quotes_within_a_cell_are_told_and_the_other_cells_read() -> None:
    rows, faults = read('a,b\n9, a"b\nc"d, e"f,g\n')
    assert rows == [{"a": ("9", 2, 1), "b": ('a"b', 2, 4)}]
    assert faults == [
        f"f.csv:2:4: {QUOTES}",
        f"f.csv:3:1: {QUOTES}",
        f"f.csv:3:6: {QUOTES}",
        f"f.csv:3:10: 3 cells for 2 columns; remove the rest ({COMMA})",
    ]
    assert faults_of('a,b\n"1"2,"3\n') == [f"2:1: {QUOTES}"]  # past broken quotes no place is known
    assert faults_of('a,"b\n') == [f"1:3: {QUOTES}"]
    assert faults_of('a,b"b\n') == [f"1:3: {QUOTES}"]


# -- dates -----------------------------------------------------------------------------------------


def test_dates() -> None:
    assert iso_date("2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the date is empty; write it as 2025-12-08"),
        ("22.01.1999", "'22.01.1999' is not a date; write it as 2025-12-08"),
        ("20251208", "'20251208' is not a date; write it as 2025-12-08"),
        ("2025-W50-1", "'2025-W50-1' is not a date; write it as 2025-12-08"),
        ("2025-12-08 ", "'2025-12-08 ' is not a date; write it as 2025-12-08"),
        ("２０２５-12-08", "'２０２５-12-08' is not a date; write it as 2025-12-08"),
        (20251208, "20251208 is not a date; write it as 2025-12-08"),
        (["2025-12-08"], "['2025-12-08'] is not a date; write it as 2025-12-08"),
        ("2025-02-29", "'2025-02-29' is not a date of the calendar (day is out of range for month)"),
        ("0000-01-01", "'0000-01-01' is not a date of the calendar (year 0 is out of range)"),
    ],
)
def test_what_is_not_a_date(text: object, expected: str) -> None:
    with pytest.raises(ValueError) as caught:
        iso_date(text)
    assert str(caught.value) == expected


@given(st.dates())
def test_a_date_comes_back_as_it_was(day: date) -> None:
    assert iso_date(str(day)) == day
