"""Price files of the user: one ``SYMBOL.csv`` a symbol, read strictly, every fault with its place."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from eventstudy.errors import Fault, PriceError, PriceFileError, shortened
from eventstudy.prices import BAR_ORDER, COLUMNS, FloatArray, PricePanel, PriceSeries, Provenance, SessionArray

LAYOUT = "date,open,high,low,close[,adj_close][,volume] or date,close[,adj_close], in any order"
MAX_BYTES = 20_000_000
ALLOWED = ", ".join(("date", *COLUMNS))

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}([,' ][0-9]{3})+(\.[0-9]*)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SYMBOL = re.compile(r"[^/\\:\x00-\x1f]+")


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a price file besides its bytes; the texts of a `Provenance`."""

    symbol: str
    source: str
    vendor: str
    file: str
    adjustment: str
    note: str = ""


def read_folder(folder: str | Path, symbols: Iterable[str]) -> PricePanel:
    """Read ``SYMBOL.csv`` of every symbol from a folder.

    Parameters
    ----------
    folder : path
        The folder; subfolders are not searched.
    symbols : iterable of str
        The symbols needed; other files of the folder are not read.

    Raises
    ------
    PriceError
        If the folder or the file of a symbol is missing; every missing file is named.
    PriceFileError
        With every fault of every file.
    """
    folder, symbols = Path(folder), tuple(dict.fromkeys(symbols))
    if not folder.is_dir():
        raise PriceError(f"{folder} is not a folder; name a folder that holds {_files(symbols)}")
    for symbol in symbols:
        if not _SYMBOL.fullmatch(symbol):
            raise PriceError(f"the symbol {symbol!r} cannot be the name of a file; rename it in the study")
    contents = {
        symbol: content for symbol in symbols if (content := _content(folder / f"{symbol}.csv", symbol)) is not None
    }
    if missing := [symbol for symbol in symbols if symbol not in contents]:
        raise PriceError(
            f"{folder} has no {_files(missing)}; the study needs {_files(symbols)}, each with the columns {LAYOUT}"
        )
    series: dict[str, PriceSeries] = {}
    faults: list[Fault] = []
    for symbol, content in contents.items():
        try:
            series[symbol] = _parse(content, folder / f"{symbol}.csv", symbol)
        except PriceFileError as error:
            faults.extend(error.faults)
    if faults:
        raise PriceFileError(faults)
    return PricePanel(series)


def read_price_file(path: str | Path, symbol: str) -> PriceSeries:
    """Read one price file.

    Parameters
    ----------
    path : path
        A CSV file in UTF-8 with a header: ``date``, then either ``close`` or all of ``open, high, low, close``,
        optionally ``adj_close`` and ``volume``, in any order (``adj_close`` may also stand alone).
    symbol : str
        The symbol in the study.

    Raises
    ------
    PriceError
        If there is no such file or it cannot be opened.
    PriceFileError
        With every fault of the file.
    """
    path = Path(path)
    content = _content(path, symbol)
    if content is None:
        raise PriceError(f"there is no file {path}; supply the prices of {symbol} there, with the columns {LAYOUT}")
    return _parse(content, path, symbol)


def parse_prices(data: bytes, label: str, origin: Origin) -> PriceSeries:
    """Turn the bytes of a price file into a series; recordings pass through here too.

    Parameters
    ----------
    data : bytes
        The file.
    label : str
        What faults call the file.
    origin : Origin
        What its provenance says besides what is measured here: first and last session, rows, checksum.

    Raises
    ------
    PriceFileError
        With every fault of the file, shortened where there are very many.
    """
    lines = _lines(data, label)
    names = _header(lines[0], label)
    table = _Table(label, names)
    for number, line in enumerate(lines[1:], start=2):
        table.add(number, line)
    table.check_dates()
    if len(lines) == 1:
        table.faults.append(Fault(label, 2, 1, "there are no rows under the header; write one row a session"))
    if table.faults:
        raise PriceFileError(shortened(table.faults))
    sessions, columns = table.arrays()
    provenance = Provenance(
        **asdict(origin),
        first=sessions[0].item(),
        last=sessions[-1].item(),
        rows=len(sessions),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return PriceSeries(symbol=origin.symbol, sessions=sessions, provenance=provenance, **{"close": None, **columns})


def _content(path: Path, symbol: str) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PriceError(f"{path} cannot be read ({error.strerror}); supply the prices of {symbol} there") from None


def _parse(content: bytes, path: Path, symbol: str) -> PriceSeries:
    origin = Origin(
        symbol=symbol,
        source="folder",
        vendor="the user's own file",
        file=path.name,
        adjustment="as supplied; the file does not say",
    )
    return parse_prices(content, str(path), origin)


def _lines(data: bytes, label: str) -> list[str]:
    if len(data) > MAX_BYTES:
        raise PriceFileError([Fault(label, 1, 1, f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read")])
    data = data.removeprefix(BOM_UTF8)
    if b"\0" in data:
        raise PriceFileError([Fault(label, 1, 1, "this is a binary file; save it as CSV text in UTF-8")])
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").split("\n")
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as CSV text in UTF-8"
        raise PriceFileError([Fault(label, len(before), len(before[-1]) + 1, message)]) from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise PriceFileError([Fault(label, 1, 1, f"the file is empty; it needs a header and rows: {LAYOUT}")])
    return lines


def _header(line: str, label: str) -> list[str]:
    faults: list[Fault] = []
    try:
        names = [name.strip() for name in _cells(line)]
    except csv.Error as error:
        raise PriceFileError([Fault(label, 1, 1, f"the header is not CSV ({error}); write {LAYOUT}")]) from None
    if len(names) == 1 and (separator := next((mark for mark in ";\t|" if mark in line), None)):
        message = f"the columns are separated by {separator!r}; separate them by commas: {LAYOUT}"
        raise PriceFileError([Fault(label, 1, line.index(separator) + 1, message)])
    for index, name in enumerate(names):
        if not name:
            message = f"the column has no name; allowed: {ALLOWED}"
        elif name not in ("date", *COLUMNS):
            message = f"unknown column {name!r}; allowed: {ALLOWED}"
        elif name in names[:index]:
            message = f"the column {name!r} stands there twice; keep one"
        else:
            continue
        faults.append(Fault(label, 1, _column(line, index), message))
    if missing := _missing(names):
        faults.append(Fault(label, 1, len(line) + 1, f"missing {missing}; the columns are {LAYOUT}"))
    if faults:
        raise PriceFileError(faults)
    return names


def _missing(names: Sequence[str]) -> str:
    bar = ("open", "high", "low", "close")
    wanted = ["date"] if "date" not in names else []
    if any(name in names for name in bar[:-1]):
        wanted += [name for name in bar if name not in names]
    elif not {"close", "adj_close"} & set(names):
        wanted.append("close")
    return ", ".join(wanted)


class _Table:
    """The rows read so far and the faults met on the way."""

    def __init__(self, label: str, names: list[str]) -> None:
        self.label = label
        self.names = names
        self.day_cell = names.index("date")
        self.order = [(names.index(a), names.index(b)) for a, b in BAR_ORDER if a in names and b in names]
        self.days: list[tuple[date, int, str]] = []
        self.rows: list[list[float]] = []
        self.faults: list[Fault] = []

    def add(self, number: int, line: str) -> None:
        """Read one line; what is wrong with it goes to `faults`."""
        cells = self._split(number, line)
        values = [math.nan] * len(cells)
        wrong: list[tuple[int, str]] = []
        for index, cell in enumerate(cells):
            try:
                if index == self.day_cell:
                    self.days.append((_day(cell), number, line))
                else:
                    values[index] = _number(self.names[index], cell)
            except ValueError as error:
                wrong.append((index, str(error)))
        if cells:
            wrong += self._bar(cells, values)
            self.rows.append(values)
        self.faults.extend(Fault(self.label, number, _column(line, index), message) for index, message in wrong)

    def _split(self, number: int, line: str) -> list[str]:
        """Return the cells of a line, none where there are not as many as columns."""
        n = len(self.names)
        try:
            cells = _cells(line)
        except csv.Error as error:
            place, message = 1, f"the line is not CSV ({error}); quote a cell on both sides or not at all"
        else:
            if len(cells) == n and line.strip():
                return [cell.strip() for cell in cells]
            if not line.strip():
                place, message = 1, "the line is empty; remove it"
            elif len(cells) > n:
                place = _column(line, n)
                message = f"{len(cells)} cells for {n} columns; remove the rest (a number has no comma: 1234.50)"
            else:
                place = len(line) + 1
                message = f"{len(cells)} cells for {n} columns; missing {', '.join(self.names[len(cells) :])}"
        self.faults.append(Fault(self.label, number, place, message))
        return []

    def _bar(self, cells: list[str], values: list[float]) -> list[tuple[int, str]]:
        """Name the faults inside a bar, at its high where that is too low, else at its low."""
        wrong = []
        for upper, lower in self.order:
            if values[upper] < values[lower]:
                high, low = (f"{self.names[index]} {cells[index]}" for index in (upper, lower))
                place = upper if self.names[upper] == "high" else lower
                wrong.append((place, f"{high} is below {low}; a bar has low <= open, close <= high"))
        return wrong

    def check_dates(self) -> None:
        """Refuse a date that stands twice, and the first one that is before its predecessor."""
        seen: dict[date, int] = {}
        before, in_order = date.min, True
        for day, number, line in self.days:
            message = ""
            if day in seen:
                message = f"{day} stands on line {seen[day]} already; keep one row a session"
            elif day < before and in_order:
                in_order = False
                message = f"{day} comes after {before}; sort the rows by date, the oldest first"
            if message:
                self.faults.append(Fault(self.label, number, _column(line, self.day_cell), message))
            seen.setdefault(day, number)
            before = day

    def arrays(self) -> tuple[SessionArray, dict[str, FloatArray]]:
        """Return the sessions, and the columns by name, each of shape (rows,)."""
        values = np.array(self.rows)
        columns = {name: values[:, index] for index, name in enumerate(self.names) if index != self.day_cell}
        return np.array([day for day, _, _ in self.days], dtype="datetime64[D]"), columns


def _cells(line: str) -> list[str]:
    return next(csv.reader((line,), strict=True), [])


def _column(line: str, index: int) -> int:
    """Character column, from 1, at which the cell of that index begins."""
    start, quoted, inside = 0, False, False
    for position, character in enumerate(line):
        if index == 0:
            break
        if character == '"' and (quoted or position == start):
            quoted, inside = True, not inside
        elif character == "," and not inside:
            start, quoted, index = position + 1, False, index - 1
    return start + 1


def _day(cell: str) -> date:
    if not _DAY.fullmatch(cell):
        raise ValueError(f"{cell!r} is not a date; write it as 2025-12-08" if cell else "the date is empty")
    try:
        return date.fromisoformat(cell)
    except ValueError as error:
        raise ValueError(f"{cell!r} is not a date of the calendar ({error})") from None


def _number(name: str, cell: str) -> float:
    if not _NUMBER.fullmatch(cell):
        raise ValueError(_not_a_number(name, cell))
    value = float(cell)
    if math.isinf(value):
        raise ValueError(f"{name} {cell} is too large for a number")
    if value < 0 and name == "volume":
        raise ValueError(f"volume is {cell}; it must be 0 or more")
    if value <= 0 and name != "volume":
        raise ValueError(f"{name} is {cell}; a price must be above 0")
    return value


def _not_a_number(name: str, cell: str) -> str:
    if not cell:
        return f"{name} is empty; write a number, or leave the row out where there was no trade"
    if cell.endswith("%"):
        return f"{name} {cell!r} is not a number; write a price, not a percentage"
    if _THOUSANDS.fullmatch(cell):
        plain = re.sub(r"[,' ]", "", cell)
        return f"{name} {cell!r} is not a number; write {plain}, without thousands separators"
    return f"{name} {cell!r} is not a number; write it as 1234.50"


def _files(symbols: Sequence[str]) -> str:
    return ", ".join(f"{symbol}.csv" for symbol in symbols)
