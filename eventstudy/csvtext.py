"""CSV files read strictly, every fault with its file, line and column; and dates as such files write them.

`read_rows` reads files whose columns this package names; `read_table` files of other programs, whose header may
say anything and whose delimiter and encoding are stated.

One row is one line: a cell in quotes may hold commas and doubled quotes, never a line break. The `csv`
module splits a line. Where a cell stands follows from the texts before it, because a cell in quotes is
written as its text with quotes doubled, and two quotes more.
"""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import NamedTuple

from eventstudy.errors import Fault

MAX_BYTES = 20_000_000
MAX_CHARACTERS = 10_000
MAX_TABLE_BYTES = 200_000_000
MAX_TABLE_CHARACTERS = 130_000
"""Longest line of a table; the csv module takes no cell beyond 131,072 characters."""
AS_WRITTEN = "as written"
"""Time zone of stamps that are labels: their date as it is written is the session."""

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SAVE_AS_CSV = "save the file as CSV text in UTF-8"
_STATE_ENCODING = "or state its encoding, e.g. gb18030"
_QUOTES = 'the quotes do not enclose this cell; quote a cell on both sides or not at all, with "" for a quote inside'


def _nothing_more(names: Collection[str]) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a kind of file, in any order.

    Attributes
    ----------
    required, optional : tuple of str
        Columns that must and that may be there.
    text : str
        The layout as a user reads it in a fault.
    row : str
        What one row stands for, e.g. ``session``.
    comma : str
        What to tell a user whose row has more cells than columns.
    also_missing : function
        Which further columns a header with these names lacks, where that depends on the others.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    text: str
    row: str
    comma: str = 'a text with a comma stands in quotes: "a, b"'
    also_missing: Callable[[Collection[str]], Sequence[str]] = _nothing_more


@dataclass(frozen=True, slots=True)
class Row:
    """One line under the header.

    Attributes
    ----------
    file : str
        The name that faults are told under.
    line : int
        The line's number, from 1.
    written : str
        The line as it stands in the file.
    cells : mapping from column name to str
        The trimmed text of each cell, in the order of the header.
    """

    file: str
    line: int
    written: str
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells[name]

    @property
    def where(self) -> str:
        """The row as a sentence names it."""
        return f"line {self.line}"

    def column(self, name: str) -> int:
        """Character, from 1, at which the cell under a name begins."""
        return next(islice(_cells(self.written), list(self.cells).index(name), None)).column

    def fault(self, name: str, message: str) -> Fault:
        """Return a fault at the cell under a name."""
        return Fault(self.file, self.line, self.column(name), message)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table of another program is written.

    Attributes
    ----------
    delimiter : str
        The character between two cells.
    encoding : str
        Name of a text encoding that Python knows.
    header : int
        Line of the header, from 1; what stands above it is not read.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    header: int = 1


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a table: its number from 1, the line as it stands in the file, and the trimmed text of each cell."""

    number: int
    written: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table whose columns may be called anything; every row has a cell for each column of the header."""

    delimiter: str
    header: TextLine
    rows: tuple[TextLine, ...]

    def column(self, line: TextLine, index: int) -> int:
        """Character, from 1, at which a cell begins."""
        return next(islice(_cells(line.written, self.delimiter), index, None)).column


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
    text = _decoded(data, file, dialect.encoding, MAX_TABLE_BYTES, f", {_STATE_ENCODING}")
    if isinstance(text, Fault):
        return None, (text,)
    lines = list(enumerate(text.split("\n"), start=1))
    filled = [(number, line) for number, line in lines[dialect.header - 1 :] if line.strip()]
    if not filled or filled[0][0] != dialect.header:
        told = f"line {dialect.header} is empty; the header" if text.strip() else "the file is empty; a header and rows"
        return None, (Fault(file, dialect.header, 1, f"{told} must be there"),)
    (number, header), *body = filled
    if wrong := _foreign_header(header, dialect.delimiter):
        return None, tuple(Fault(file, number, column, message) for column, message in wrong)
    names = tuple(cell.text for cell in _cells(header, dialect.delimiter))
    if not body:
        return None, (Fault(file, number + 1, 1, "there are no rows under the header; write one row a session"),)
    form = _Form(names, dialect.delimiter, "quote a cell that holds the delimiter", MAX_TABLE_CHARACTERS)
    blank = [line for line, text in lines[dialect.header : body[-1][0]] if not text.strip()]
    rows, broken = _body(file, body, form)
    empty = (Fault(file, line, 1, "the line is empty; remove it") for line in blank)
    return TextTable(dialect.delimiter, TextLine(number, header, names), tuple(rows)), (*empty, *broken)


def _foreign_header(line: str, delimiter: str) -> list[tuple[int, str]]:
    """Columns and messages of what is wrong with the header of a table, whatever its columns are called."""
    if message := _too_long(line, MAX_TABLE_CHARACTERS):
        return [(1, message)]
    other = next((mark for mark in ",;\t|" if mark in line), None)
    if other and delimiter not in line:
        message = f"the columns are separated by {other!r}, not by {delimiter!r}; state delimiter: {_yaml(other)}"
        return [(line.index(other) + 1, message)]
    return [(cell.column, _QUOTES) for cell in _cells(line, delimiter) if not cell.sound]


def _yaml(mark: str) -> str:
    return '"\\t"' if mark == "\t" else f'"{mark}"'


def read_rows(data: bytes, *, file: str, layout: Layout) -> tuple[tuple[Row, ...], tuple[Fault, ...]]:
    """Split a CSV file with a header into rows.

    Parameters
    ----------
    data : bytes
        The file's content, UTF-8 with or without a byte-order mark; lines end in LF, CR LF or CR. Blank lines
        may follow the last row and nothing else.
    file : str
        The name that faults are told under.
    layout : Layout
        The columns that the file must and may have.

    Returns
    -------
    rows : tuple of Row
        The rows with a cell for each column of the header; none where the header has a fault.
    faults : tuple of Fault
        What is wrong with the structure; the caller adds what is wrong with the values and raises.
    """
    text = _decoded(data, file)
    if isinstance(text, Fault):
        return (), (text,)
    lines = list(enumerate(text.split("\n"), start=1))
    filled = [(number, line) for number, line in lines if line.strip()]
    if not filled:
        return (), (Fault(file, 1, 1, f"the file is empty; it needs a header and rows: {layout.text}"),)
    blank = [number for number, line in lines[: filled[-1][0]] if not line.strip()]
    faults = [Fault(file, number, 1, "the line is empty; remove it") for number in blank]
    (number, header), *body = filled
    if wrong := _header_faults(header, layout):
        return (), (*faults, *(Fault(file, number, column, message) for column, message in wrong))
    if not body:
        message = f"there are no rows under the header; write one row a {layout.row}"
        return (), (*faults, Fault(file, number + 1, 1, message))
    names = tuple(cell.text for cell in _cells(header))
    found, broken = _body(file, body, _Form(names, ",", layout.comma, MAX_CHARACTERS))
    rows = tuple(Row(file, one.number, one.written, dict(zip(names, one.cells, strict=True))) for one in found)
    return rows, (*faults, *broken)


def iso_date(text: object) -> date:
    """Read a date that is written as 2025-12-08.

    Raises
    ------
    ValueError
        For anything else, with one sentence that says what is wrong.
    """
    if text == "":
        raise ValueError("the date is empty; write it as 2025-12-08")
    if not isinstance(text, str) or not _ISO_DATE.fullmatch(text):
        raise ValueError(f"{text!r} is not a date; write it as 2025-12-08")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date of the calendar ({error})") from None


class _Cell(NamedTuple):
    """A cell of a line: its trimmed text, its first character from 1, whether its quotes are in order."""

    text: str
    column: int
    quoted: bool
    sound: bool


class _Form(NamedTuple):
    """What the rows under a header must be like: its names, the delimiter, advice, the longest line."""

    names: tuple[str, ...]
    delimiter: str
    comma: str
    longest: int


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader((line,), delimiter=delimiter, skipinitialspace=True))


def _cells(line: str, delimiter: str = ",") -> Iterator[_Cell]:
    """Find the cells of a line; after one that begins with a quote and is not sound, no place is known."""
    start = 0
    for text in _split(line, delimiter):
        begin = len(line) - len(line[start:].lstrip(" "))
        quoted = line.startswith('"', begin)
        if quoted:
            written = '"' + text.replace('"', '""') + '"'
            sound, column = line.startswith(written, begin), begin + 1
        else:
            written, sound = text, '"' not in text
            column = 1 + (begin + len(text) - len(text.lstrip()) if text.strip() else start)
        yield _Cell(text.strip(), column, quoted, sound)
        if quoted and not sound:
            return
        start = begin + len(written) + 1


def _decoded(data: bytes, file: str, encoding: str = "utf-8", most: int = MAX_BYTES, advice: str = "") -> str | Fault:
    """Return the text with LF at the end of each line, or why there is none."""
    if len(data) > most:
        return Fault(file, 1, 1, f"the file has {len(data):,} bytes; at most {most:,} are read")
    if encoding == "utf-8" and b"\0" in data:
        return Fault(file, 1, 1, f"this is a binary file; save it as CSV text in UTF-8{advice}")
    try:
        return _unix(data.removeprefix(BOM_UTF8).decode(encoding)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = _unix(error.object[: error.start].decode(encoding, "ignore")).split("\n")
        name = "UTF-8" if encoding == "utf-8" else encoding
        message = f"byte 0x{error.object[error.start]:02x} is not {name}; {_SAVE_AS_CSV}{advice}"
        return Fault(file, len(before), len(before[-1]) + 1, message)


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _too_long(line: str, most: int = MAX_CHARACTERS) -> str:
    if len(line) <= most:
        return ""
    return f"the line has {len(line):,} characters; at most {most:,} are read"


def _header_faults(line: str, layout: Layout) -> list[tuple[int, str]]:
    if message := _too_long(line):
        return [(1, message)]
    separator = next((mark for mark in ";\t|" if mark in line), None)
    if separator and "," not in line:
        message = f"the columns are separated by {separator!r}; separate them by commas: {layout.text}"
        return [(line.index(separator) + 1, message)]
    cells = tuple(_cells(line))
    if unsound := [(cell.column, _QUOTES) for cell in cells if not cell.sound]:
        return unsound
    names = [cell.text for cell in cells]
    faults = list(_name_faults(cells, (*layout.required, *layout.optional)))
    missing = [name for name in layout.required if name not in names]
    if missing := [*missing, *layout.also_missing(names)]:
        faults.append((len(line) + 1, f"missing {', '.join(missing)}; the columns are {layout.text}"))
    return faults


def _name_faults(header: Sequence[_Cell], allowed: Sequence[str]) -> Iterator[tuple[int, str]]:
    met: set[str] = set()
    for cell in header:
        if not cell.text:
            yield cell.column, f"the column has no name; allowed: {', '.join(allowed)}"
        elif cell.text not in allowed:
            yield cell.column, f"unknown column {cell.text!r}; allowed: {', '.join(allowed)}"
        elif cell.text in met:
            yield cell.column, f"the column {cell.text!r} stands there twice; keep one"
        met.add(cell.text)


def _body(file: str, lines: Sequence[tuple[int, str]], form: _Form) -> tuple[list[TextLine], list[Fault]]:
    rows: list[TextLine] = []
    faults: list[Fault] = []
    for number, line in lines:
        if message := _too_long(line, form.longest):
            faults.append(Fault(file, number, 1, message))
            continue
        unsound = [cell for cell in _cells(line, form.delimiter) if not cell.sound] if '"' in line else []
        faults.extend(Fault(file, number, cell.column, _QUOTES) for cell in unsound)
        if any(cell.quoted for cell in unsound):
            continue
        texts = _split(line, form.delimiter)
        if len(texts) == len(form.names):
            rows.append(TextLine(number, line, tuple(map(str.strip, texts))))
        else:
            faults.append(Fault(file, number, *_miscounted(line, len(texts), form)))
    return rows, faults


def _miscounted(line: str, count: int, form: _Form) -> tuple[int, str]:
    """Column and message for a row with too many or too few cells."""
    names = form.names
    told = f"{count} {'cell' if count == 1 else 'cells'} for {len(names)} columns"
    if count > len(names):
        column = next(islice(_cells(line, form.delimiter), len(names), None)).column
        return column, f"{told}; remove the rest ({form.comma})"
    return len(line) + 1, f"{told}; missing {', '.join(names[count:])}"
