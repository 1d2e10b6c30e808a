"""CSV files read strictly, every fault with its file, line and column; and dates as such files write them.

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

from eventstudy.errors import Fault, kind_of

MAX_BYTES = 20_000_000
MAX_CHARACTERS = 10_000
AS_WRITTEN = "as written"
"""Time zone of stamps that are labels: their date as it is written is the session."""

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SAVE_AS_CSV = "save the file as CSV text in UTF-8"
QUOTES = 'the quotes do not enclose this cell; quote a cell on both sides or not at all, with "" for a quote inside'


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
        return next(islice(cells_of(self.written), list(self.cells).index(name), None)).column

    def fault(self, name: str, message: str) -> Fault:
        """Return a fault at the cell under a name."""
        return Fault(self.file, self.line, self.column(name), message, kind_of(message, self.cells.values()))


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a table: its number from 1, the line as it stands in the file, and the trimmed text of each cell."""

    number: int
    written: str
    cells: tuple[str, ...]


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
    text = decoded(data, file)
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
    names = tuple(cell.text for cell in cells_of(header))
    found, broken = body_rows(file, body, Form(names, ",", layout.comma, MAX_CHARACTERS))
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


class Form(NamedTuple):
    """What the rows under a header must be like: its names, the delimiter, advice, the longest line."""

    names: tuple[str, ...]
    delimiter: str
    comma: str
    longest: int


def split_line(line: str, delimiter: str) -> list[str]:
    """The texts of a line's cells."""
    return next(csv.reader((line,), delimiter=delimiter, skipinitialspace=True))


def cells_of(line: str, delimiter: str = ",") -> Iterator[_Cell]:
    """Find the cells of a line; after one that begins with a quote and is not sound, no place is known."""
    start = 0
    for text in split_line(line, delimiter):
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


def decoded(data: bytes, file: str, encoding: str = "utf-8", most: int = MAX_BYTES, advice: str = "") -> str | Fault:
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


def too_long(line: str, most: int = MAX_CHARACTERS) -> str:
    """What is wrong with a line that is too long; empty where it is not."""
    if len(line) <= most:
        return ""
    return f"the line has {len(line):,} characters; at most {most:,} are read"


def _header_faults(line: str, layout: Layout) -> list[tuple[int, str]]:
    if message := too_long(line):
        return [(1, message)]
    separator = next((mark for mark in ";\t|" if mark in line), None)
    if separator and "," not in line:
        message = f"the columns are separated by {separator!r}; separate them by commas: {layout.text}"
        return [(line.index(separator) + 1, message)]
    cells = tuple(cells_of(line))
    if unsound := [(cell.column, QUOTES) for cell in cells if not cell.sound]:
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


def body_rows(file: str, lines: Sequence[tuple[int, str]], form: Form) -> tuple[list[TextLine], list[Fault]]:
    """Rows with a cell for each column, and faults of those without."""
    rows: list[TextLine] = []
    faults: list[Fault] = []
    for number, line in lines:
        if message := too_long(line, form.longest):
            faults.append(Fault(file, number, 1, message))
            continue
        unsound = [cell for cell in cells_of(line, form.delimiter) if not cell.sound] if '"' in line else []
        faults.extend(Fault(file, number, cell.column, QUOTES) for cell in unsound)
        if any(cell.quoted for cell in unsound):
            continue
        texts = split_line(line, form.delimiter)
        if len(texts) == len(form.names):
            rows.append(TextLine(number, line, tuple(map(str.strip, texts))))
        else:
            faults.append(Fault(file, number, *_miscounted(line, len(texts), form)))
    return rows, faults


def _miscounted(line: str, count: int, form: Form) -> tuple[int, str]:
    """Column and message for a row with too many or too few cells."""
    names = form.names
    told = f"{count} {'cell' if count == 1 else 'cells'} for {len(names)} columns"
    if count > len(names):
        column = next(islice(cells_of(line, form.delimiter), len(names), None)).column
        return column, f"{told}; remove the rest ({form.comma})"
    return len(line) + 1, f"{told}; missing {', '.join(names[count:])}"
