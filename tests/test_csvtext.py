from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eventstudy.csvtext import read_rows


def read(text: str | bytes) -> tuple[list[dict[str, tuple[str, int, int]]], list[str]]:
    data = text if isinstance(text, bytes) else text.encode()
    rows, faults = read_rows(data, file="f.csv", required=("a", "b"), optional=("c",))
    cells = [{name: (cell.text, cell.line, cell.column) for name, cell in row.items()} for row in rows]
    return cells, [str(fault) for fault in faults]


def test_cells_know_their_place() -> None:
    rows, faults = read('a,b\n1, 22\n\n"x, ""y""",\r\n')
    assert faults == []
    assert rows == [
        {"a": ("1", 2, 1), "b": ("22", 2, 4)},
        {"a": ('x, "y"', 4, 1), "b": ("", 4, 12)},
    ]


def test_byte_order_mark_column_order_and_optional_column() -> None:
    rows, faults = read(b"\xef\xbb\xbfc,b,a\n3,2,1\n")
    assert faults == []
    assert rows == [{"c": ("3", 2, 1), "b": ("2", 2, 3), "a": ("1", 2, 5)}]


def test_header_faults_are_all_told() -> None:
    assert read("b,d,b\n1,2,3\n") == (
        [],
        [
            "f.csv:1:3: unknown column 'd'; allowed: a, b, c",
            "f.csv:1:5: the column 'b' stands there twice",
            "f.csv:1:1: the required column 'a' is missing",
        ],
    )


def test_broken_rows_are_told_and_the_others_kept() -> None:
    rows, faults = read('a,b\n1\n2,3\n4,5,6\n7,"8\n9,a"b\n')
    assert [row["a"][0] for row in rows] == ["2"]
    assert faults == [
        "f.csv:2:1: 2 cells are expected here, one per column of the header, not 1",
        "f.csv:4:1: 2 cells are expected here, one per column of the header, not 3",
        'f.csv:5:3: the quotes of this cell do not pair; write "..." around it and "" for a quote inside',
        'f.csv:6:3: the quotes of this cell do not pair; write "..." around it and "" for a quote inside',
    ]


def test_what_is_not_a_csv_text() -> None:
    assert read("") == ([], ["f.csv:1:1: the file is empty; its first line must be a,b"])
    assert read("\n \n") == ([], ["f.csv:1:1: the file is empty; its first line must be a,b"])
    assert read(b"a,b\n\xff\xfe,1\n") == ([], ["f.csv:2:1: this is not UTF-8 text; save the file as UTF-8"])
    assert read('a,"b\n') == (
        [],
        ['f.csv:1:3: the quotes of this cell do not pair; write "..." around it and "" for a quote inside'],
    )


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@given(st.lists(st.tuples(CELL, CELL).filter(lambda row: any(cell.strip() for cell in row)), max_size=6))
def test_quoted_cells_come_back_as_they_were(table: list[tuple[str, str]]) -> None:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
    rows, faults = read("\n".join(["a,b", *lines]))
    assert faults == []
    assert [(row["a"][0], row["b"][0]) for row in rows] == [(a.strip(), b.strip()) for a, b in table]
    for row, line in zip(rows, lines, strict=True):
        for text, _, column in row.values():
            assert line[column - 1] == '"'
            assert text == "" or text.replace('"', '""') in line[column:]
