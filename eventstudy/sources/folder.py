"""Price files of the user: one ``SYMBOL.csv`` a symbol, read strictly, every fault with its place."""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from eventstudy.csvtext import Layout, Row, iso_date, read_rows
from eventstudy.errors import Fault, PriceError, PriceFileError, shortened
from eventstudy.prices import BAR_ORDER, COLUMNS, PricePanel, PriceSeries, Provenance

LAYOUT = "date,open,high,low,close[,adj_close][,volume] or date,close[,adj_close], in any order"

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}([,' ][0-9]{3})+(\.[0-9]*)?")
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


PEERS = "peers"
"""Subfolder that the files of peers may stand in."""


def read_folder(folder: str | Path, symbols: Iterable[str], optional: Iterable[str] = ()) -> PricePanel:
    """Read ``SYMBOL.csv`` of every symbol from a folder.

    Parameters
    ----------
    folder : path
        The folder. Files that are not in it are looked for in its subfolder ``peers``; no other is searched.
    symbols : iterable of str
        The symbols needed; other files of the folder are not read.
    optional : iterable of str
        Symbols that are read where they have a file.

    Raises
    ------
    PriceError
        If the folder or the file of a symbol is missing; every missing file is named.
    PriceFileError
        With every fault of every file.
    """
    folder, symbols = Path(folder), tuple(dict.fromkeys(symbols))
    every = tuple(dict.fromkeys((*symbols, *optional)))
    if not folder.is_dir():
        raise PriceError(f"{folder} is not a folder; name a folder that holds {_files(symbols)}")
    for symbol in every:
        if not _SYMBOL.fullmatch(symbol):
            raise PriceError(f"the symbol {symbol!r} cannot be the name of a file; rename it in the study")
    places = {symbol: _place(folder, symbol) for symbol in every}
    contents = {symbol: content for symbol in every if (content := _content(places[symbol], symbol)) is not None}
    if missing := [symbol for symbol in symbols if symbol not in contents]:
        raise PriceError(
            f"{folder} has no {_files(missing)}; the study needs {_files(symbols)}, each with the columns {LAYOUT}"
        )
    series: dict[str, PriceSeries] = {}
    faults: list[Fault] = []
    for symbol, content in contents.items():
        try:
            series[symbol] = _parse(content, places[symbol], symbol)
        except PriceFileError as error:
            faults.extend(error.faults)
    if faults:
        raise PriceFileError(faults)
    return PricePanel(series)


def _place(folder: Path, symbol: str) -> Path:
    """The file of a symbol: in the folder, else in its subfolder for peers."""
    own, among_peers = folder / f"{symbol}.csv", folder / PEERS / f"{symbol}.csv"
    return among_peers if not os.path.exists(own) and os.path.exists(among_peers) else own


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
    rows, broken = read_rows(data, file=label, layout=_TABLE)
    faults = list(broken)
    bars = [_bar(row, faults) for row in rows]
    faults.extend(_order_faults(bars))
    if faults:
        raise PriceFileError(shortened(faults))
    sessions = np.array([bar.day for bar in bars], dtype="datetime64[D]")
    columns = {name: np.array([bar.numbers[name] for bar in bars]) for name in bars[0].numbers}
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


def _also_missing(names: Collection[str]) -> Sequence[str]:
    """Return what the header lacks besides the date: the rest of a bar, or any close at all."""
    bar = ("open", "high", "low", "close")
    if any(name in names for name in bar[:-1]):
        return [name for name in bar if name not in names]
    return [] if {"close", "adj_close"} & set(names) else ["close"]


_TABLE = Layout(
    required=("date",),
    optional=COLUMNS,
    text=LAYOUT,
    row="session",
    comma="a number has no comma: 1234.50",
    also_missing=_also_missing,
)


class _Bar(NamedTuple):
    """What could be read of a row: its date, and its numbers by column."""

    row: Row
    day: date | None
    numbers: dict[str, float]


def _bar(row: Row, faults: list[Fault]) -> _Bar:
    """Read the values of a row; what is wrong with them goes to `faults`."""
    day, numbers = None, {}
    for name, cell in row.cells.items():
        try:
            if name == "date":
                day = iso_date(cell)
            else:
                numbers[name] = _number(name, cell)
        except ValueError as error:
            faults.append(row.fault(name, str(error)))
    for upper, lower in BAR_ORDER:
        if upper in numbers and lower in numbers and numbers[upper] < numbers[lower]:
            message = f"{upper} {row[upper]} is below {lower} {row[lower]}; a bar has low <= open, close <= high"
            faults.append(row.fault("high" if upper == "high" else lower, message))
    return _Bar(row, day, numbers)


def _order_faults(bars: Iterable[_Bar]) -> Iterator[Fault]:
    """Tell each date that stands twice, and the first one that is before its predecessor."""
    seen: dict[date, int] = {}
    before, in_order = date.min, True
    for row, day, _ in bars:
        if day is None:
            continue
        if day in seen:
            yield row.fault("date", f"{day} stands on line {seen[day]} already; keep one row a session")
        elif day < before and in_order:
            in_order = False
            yield row.fault("date", f"{day} comes after {before}; sort the rows by date, the oldest first")
        seen.setdefault(day, row.line)
        before = day


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
