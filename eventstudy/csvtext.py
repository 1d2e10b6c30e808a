"""CSV text as cells that know their place, so that a fault can name file, line and column.

One row is one line: a quoted cell may hold commas and doubled quotes, never a line break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eventstudy.errors import Fault

_CELL = re.compile(r'(?:[ \t]*"((?:[^"]|"")*)"[ \t]*|([^",]*))(,|\Z)')


@dataclass(frozen=True, slots=True)
class Cell:
    """The trimmed text of one cell; line and column count from 1."""

    text: str
    line: int
    column: int


Row = Mapping[str, Cell]


def read_rows(
    data: bytes, *, file: str, required: Sequence[str], optional: Sequence[str] = ()
) -> tuple[tuple[Row, ...], tuple[Fault, ...]]:
    """Split a CSV file with a header into rows of cells by column name.

    Parameters
    ----------
    data : bytes
        The file's content, UTF-8 with or without a byte-order mark; blank lines are skipped.
    file : str
        The name that faults are told under.
    required, optional : sequence of str
        Columns that must and that may be there, in any order; an optional column that is not there
        is left out of the rows.

    Returns
    -------
    rows : tuple of mappings from column name to Cell
        The rows whose structure is sound.
    faults : tuple of Fault
        What is wrong with the structure; the caller adds what is wrong with the values and raises.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return (), (Fault(file, line, 1, "this is not UTF-8 text; save the file as UTF-8"),)
    lines = [(number, line.rstrip("\r")) for number, line in enumerate(text.split("\n"), start=1)]
    lines = [(number, line) for number, line in lines if line.strip()]
    if not lines:
        return (), (Fault(file, 1, 1, f"the file is empty; its first line must be {','.join(required)}"),)
    try:
        header = tuple(_cells(file, *lines[0]))
    except _BrokenLineError as broken:
        return (), (broken.fault,)
    faults = tuple(_header_faults(file, header, required, optional))
    return ((), faults) if faults else _body(file, [cell.text for cell in header], lines[1:])


class _BrokenLineError(Exception):
    """A line whose quotes do not pair; never leaves this module."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(str(fault))


def _cells(file: str, number: int, line: str) -> Iterator[Cell]:
    position, more = 0, True
    while more:
        match = _CELL.match(line, position)
        if match is None:
            message = 'the quotes of this cell do not pair; write "..." around it and "" for a quote inside'
            raise _BrokenLineError(Fault(file, number, position + 1, message))
        raw = match[1].replace('""', '"') if match[1] is not None else match[2]
        written = line[position : match.start(3)]
        indent = len(written) - len(written.lstrip()) if written.strip() else 0
        yield Cell(raw.strip(), number, position + indent + 1)
        position, more = match.end(), match[3] == ","


def _header_faults(
    file: str, header: Sequence[Cell], required: Sequence[str], optional: Sequence[str]
) -> Iterator[Fault]:
    allowed = (*required, *optional)
    names = [cell.text for cell in header]
    for place, cell in enumerate(header):
        if cell.text not in allowed:
            yield Fault(file, cell.line, cell.column, f"unknown column {cell.text!r}; allowed: {', '.join(allowed)}")
        elif cell.text in names[:place]:
            yield Fault(file, cell.line, cell.column, f"the column {cell.text!r} stands there twice")
    for name in required:
        if name not in names:
            yield Fault(file, header[0].line, 1, f"the required column {name!r} is missing")


def _body(
    file: str, names: Sequence[str], lines: Sequence[tuple[int, str]]
) -> tuple[tuple[Row, ...], tuple[Fault, ...]]:
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, line in lines:
        try:
            cells = tuple(_cells(file, number, line))
        except _BrokenLineError as broken:
            faults.append(broken.fault)
            continue
        if len(cells) == len(names):
            rows.append(dict(zip(names, cells, strict=True)))
        else:
            message = f"{len(names)} cells are expected here, one per column of the header, not {len(cells)}"
            faults.append(Fault(file, number, 1, message))
    return tuple(rows), tuple(faults)
