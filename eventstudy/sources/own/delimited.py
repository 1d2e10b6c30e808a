"""Delimited text of other programs: a header of one or several lines that may say anything, rows with their places.

Delimiter, encoding, heading lines and the rows at both ends that are not of the table are stated.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from eventstudy.csvtext import QUOTES, Form, TextLine, body_rows, cells_of, decoded, split_line, too_long
from eventstudy.errors import Fault

MAX_TAIL = 40
"""Rows at the end of a table that are looked at for words below it."""
MAX_TABLE_BYTES = 200_000_000
MAX_TABLE_CHARACTERS = 130_000
"""Longest line of a table; the csv module takes no cell beyond 131,072 characters."""

_STATE_ENCODING = "or state its encoding, e.g. gb18030"
Skip: TypeAlias = int | tuple[str, ...]
"""Rows at an end of a table that are not of it: how many, or what they say."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table of another program is written.

    Attributes
    ----------
    delimiter : str
        The character between two cells.
    encoding : str
        Name of a text encoding that Python knows.
    header : tuple of int
        Lines of the header, from 1, ascending; what stands above and between them is not read.
    skip_after_header, skip_at_end : int or tuple of str
        Rows that are not of the table, as `cut` takes them.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    header: tuple[int, ...] = (1,)
    skip_after_header: Skip = 0
    skip_at_end: Skip = 0


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table whose columns may be called anything; every row has a cell for each column of the header.

    `headers` are its heading lines, each with a cell for each column; `left` the rows that were said not to be read.
    """

    delimiter: str
    headers: tuple[TextLine, ...]
    rows: tuple[TextLine, ...]
    left: tuple[TextLine, ...] = ()

    def column(self, line: TextLine, index: int) -> int:
        """Character, from 1, at which a cell begins."""
        cell = next(islice(cells_of(line.written, self.delimiter), index, None), None)
        return len(line.written) + 1 if cell is None else cell.column


def read_table(data: bytes, *, file: str, dialect: Dialect) -> tuple[TextTable | None, tuple[Fault, ...]]:
    """Split a table with any header into lines and cells.

    Parameters
    ----------
    data : bytes
        The file's content; lines end in LF, CR LF or CR. Blank lines may follow the last row and nothing else
        below the header.
    file : str
        The name that faults are told under.
    dialect : Dialect
        How it is written.

    Returns
    -------
    table : TextTable or None
        None where the header cannot be read.
    faults : tuple of Fault
        What is wrong with the structure.
    """
    text = decoded(data, file, dialect.encoding, MAX_TABLE_BYTES, f", {_STATE_ENCODING}")
    if isinstance(text, Fault):
        return None, (text,)
    lines = list(enumerate(text.split("\n"), start=1))
    headers, wrong = _headers(lines, file, dialect)
    if wrong:
        return None, wrong
    below = lines[dialect.header[-1] :]
    while below and not below[-1][1].strip():
        below.pop()
    firsts = [_first_filled(split_line(line, dialect.delimiter)) for _, line in below]
    try:
        start, end = cut(firsts, dialect.skip_after_header, dialect.skip_at_end)
    except ValueError as error:
        return None, (Fault(file, headers[-1].number, 1, str(error)),)
    body = below[start:end]
    while body and not body[-1][1].strip():
        body.pop()
    if not body:
        message = "there are no rows under the header; write one row a session"
        return None, (Fault(file, headers[-1].number + 1, 1, message),)
    names = tuple(" / ".join(filter(None, cells)) for cells in zip(*(one.cells for one in headers), strict=True))
    form = Form(names, dialect.delimiter, "quote a cell that holds the delimiter", MAX_TABLE_CHARACTERS)
    body, tail = _without_tail(file, body, form, end == len(below))
    blank = [Fault(file, line, 1, "the line is empty; remove it") for line, text in body if not text.strip()]
    rows, broken = body_rows(file, [(number, line) for number, line in body if line.strip()], form)
    left = tuple(
        TextLine(number, line, tuple(map(str.strip, split_line(line, dialect.delimiter))))
        for number, line in (*below[:start], *below[end:])
        if line.strip()
    )
    return TextTable(dialect.delimiter, headers, tuple(rows), left), (*blank, *broken, *tail)


def cut(firsts: Sequence[str], after_header: Skip, at_end: Skip) -> tuple[int, int]:
    """Where the rows of a table begin and end among those below its header.

    Parameters
    ----------
    firsts : sequence of str
        The first cell of each row that is not empty; an empty text for a row without any.
    after_header : int or tuple of str
        How many rows directly below the header are not of the table, or what their first cells are.
    at_end : int or tuple of str
        How many rows at the end are not of the table, or how the first cell of the row begins that is the first of
        them.

    Raises
    ------
    ValueError
        With one sentence, where there are no such rows.
    """
    start = after_header if isinstance(after_header, int) else _named_rows(firsts, after_header)
    ends = at_end if isinstance(at_end, int) else len(firsts) - _first_beginning(firsts, at_end)
    if start + ends > len(firsts):
        told = f"skip_after_header and skip_at_end leave out {start} and {ends} rows"
        raise ValueError(f"{told}, and {len(firsts)} stand below the header; state how many are not of the table")
    return start, len(firsts) - ends


def _named_rows(firsts: Sequence[str], names: Collection[str]) -> int:
    count = next((row for row, text in enumerate(firsts) if text not in names), len(firsts))
    if absent := [name for name in names if name not in firsts[:count]]:
        there = f", which begins with {firsts[count]!r}" if count < len(firsts) else ""
        raise ValueError(f"no row below the header begins with {', '.join(map(repr, absent))}{there}")
    return count


def _first_beginning(firsts: Sequence[str], texts: tuple[str, ...]) -> int:
    found = next((row for row, text in enumerate(firsts) if text.startswith(texts)), None)
    if found is None:
        raise ValueError(f"skip_at_end: no row begins with {' or '.join(map(repr, texts))}; state how the row begins")
    return found


def _first_filled(cells: Sequence[str]) -> str:
    return next((text for cell in cells if (text := cell.strip())), "")


def _headers(
    lines: Sequence[tuple[int, str]], file: str, dialect: Dialect
) -> tuple[tuple[TextLine, ...], tuple[Fault, ...]]:
    """The heading lines, padded to the longest of them; none where one has a fault."""
    if not any(line.strip() for _, line in lines[dialect.header[0] - 1 :]):
        empty = not any(line.strip() for _, line in lines)
        told = "the file is empty; a header and rows" if empty else f"line {dialect.header[0]} is empty; the header"
        return (), (Fault(file, dialect.header[0], 1, f"{told} must be there"),)
    found, faults = list[TextLine](), list[Fault]()
    for number in dialect.header:
        line = lines[number - 1][1] if number <= len(lines) else ""
        if not line.strip():
            faults.append(Fault(file, number, 1, f"line {number} is empty; the header must be there"))
            continue
        faults.extend(Fault(file, number, *wrong) for wrong in _foreign_header(line, dialect.delimiter))
        found.append(TextLine(number, line, tuple(cell.text for cell in cells_of(line, dialect.delimiter))))
    most = max((len(one.cells) for one in found), default=0)
    padded = (TextLine(one.number, one.written, one.cells + ("",) * (most - len(one.cells))) for one in found)
    return (() if faults else tuple(padded)), tuple(faults)


def _without_tail(
    file: str, body: list[tuple[int, str]], form: Form, at_end: bool
) -> tuple[list[tuple[int, str]], tuple[Fault, ...]]:
    """Rows without those at the end that have fewer cells than columns, for which `skip_at_end` may be stated."""
    columns = len(form.names)
    counts = [len(split_line(line, form.delimiter)) if line.strip() else 0 for _, line in body[-MAX_TAIL:]]
    short = next((back for back, count in enumerate(reversed(counts)) if count >= columns), len(counts))
    if not at_end or columns < 2 or not short or short == len(counts) or all(count > 1 for count in counts[-short:]):
        return body, ()
    number, line = next(one for one in body[-short:] if one[1].strip())
    told = f"{line.strip()[:40]!r} has {len(split_line(line, form.delimiter))} of {columns} cells"
    message = f"{told}; state skip_at_end: {short} if the table ends above, else write the row whole"
    return body[:-short], (Fault(file, number, 1, message),)


def _foreign_header(line: str, delimiter: str) -> list[tuple[int, str]]:
    """Columns and messages of what is wrong with the header of a table, whatever its columns are called."""
    if message := too_long(line, MAX_TABLE_CHARACTERS):
        return [(1, message)]
    other = next((mark for mark in ",;\t|" if mark in line), None)
    if other and delimiter not in line:
        message = f"the columns are separated by {other!r}, not by {delimiter!r}; state delimiter: {_yaml(other)}"
        return [(line.index(other) + 1, message)]
    return [(cell.column, QUOTES) for cell in cells_of(line, delimiter) if not cell.sound]


def _yaml(mark: str) -> str:
    return '"\\t"' if mark == "\t" else f'"{mark}"'
