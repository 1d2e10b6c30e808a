"""A folder of the user's own: one ``SYMBOL.csv`` a symbol, read strictly, beside tables whose reading is stated."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.csvtext import Layout, read_rows
from eventstudy.errors import Fault, PriceError, PriceFileError, shortened
from eventstudy.facts import fact
from eventstudy.prices import COLUMNS, PricePanel, PriceSeries
from eventstudy.sources.own.cells import STRICT
from eventstudy.sources.own.grids import NOTHING, Found, closest
from eventstudy.sources.own.rows import Origin, make_series, read_bar, series_faults

if TYPE_CHECKING:
    from eventstudy.spec import PriceFile

__all__ = ["LAYOUT", "PEERS", "Origin", "parse_prices", "read_folder", "read_price_file"]

LAYOUT = "date,open,high,low,close[,adj_close][,volume] or date,close[,adj_close], in any order"

_SYMBOL = re.compile(r"[^/\\:\x00-\x1f\ud800-\udfff]+")

PEERS = "peers"
"""Subfolder that the files of peers may stand in."""


def read_folder(
    folder: str | Path,
    symbols: Iterable[str],
    optional: Iterable[str] = (),
    *,
    tables: Sequence[PriceFile] = (),
    zones: Mapping[str, str] | None = None,
    shares: Collection[str] = (),
) -> PricePanel:
    """Read the prices of every symbol from a folder: from the tables that hold it, else from ``SYMBOL.csv``.

    Parameters
    ----------
    folder : path
        The folder. Files ``SYMBOL.csv`` that are not in it are looked for in its subfolder ``peers``; no other is
        searched.
    symbols : iterable of str
        The symbols needed; other files of the folder are not read.
    optional : iterable of str
        Symbols that are read where they have a file.
    tables : sequence of PriceFile
        Files of another shape and how they are to be read (``prices.files`` of a study).
    zones : mapping of str to str, optional
        Time zone of each symbol's exchange, which dates stamps with a time of day (`exchange_zones` of a study).
    shares : collection of str, optional
        The symbols whose rows with a volume of 0 are no trade (`shares_of` a study).

    Raises
    ------
    PriceError
        If the folder, a table or the file of a symbol is missing; every missing file is named.
    PriceFileError
        With every fault of every file, and every symbol that stands in two of them.
    """
    folder, symbols = Path(folder), tuple(dict.fromkeys(symbols))
    every = tuple(dict.fromkeys((*symbols, *optional)))
    if not folder.is_dir():
        wanted = ", ".join(dict.fromkeys(table.file for table in tables)) or _files(symbols)
        raise PriceError(f"{folder} is not a folder; name a folder that holds {wanted}")
    found = _tables(folder, every, tables, zones or {}, shares)
    places = {symbol: _place(folder, symbol) for symbol in every if _can_be_a_file(symbol, found)}
    contents = {symbol: content for symbol in places if (content := _content(places[symbol], symbol)) is not None}
    missing = [symbol for symbol in symbols if symbol not in contents and symbol not in found.files]
    if missing and not found.faults:
        raise PriceError(_missing(folder, missing, symbols, found))
    series, faults = dict(found.series), list(found.faults)
    for symbol, content in contents.items():
        if symbol in found.files:
            faults.extend(_twice(symbol, places[symbol], found))
            continue
        try:
            series[symbol] = _parse(content, places[symbol], symbol, share=symbol in shares)
        except PriceFileError as error:
            faults.extend(error.faults)
    if faults:
        raise PriceFileError(faults)
    return PricePanel({symbol: series[symbol] for symbol in every if symbol in series})


def _tables(
    folder: Path,
    symbols: Sequence[str],
    tables: Sequence[PriceFile],
    zones: Mapping[str, str],
    shares: Collection[str],
) -> Found:
    if not tables:
        return NOTHING
    from eventstudy.sources.own.tables import read_tables

    return read_tables(folder, tables, symbols, zones, shares)


def _can_be_a_file(symbol: str, found: Found) -> bool:
    """Whether a file may be called after a symbol; one that needs a file and cannot have one is refused."""
    if _SYMBOL.fullmatch(symbol):
        return True
    if symbol in found.files:
        return False
    raise PriceError(f"the symbol {symbol!r} cannot be the name of a file; rename it in the study")


def _missing(folder: Path, missing: Sequence[str], symbols: Sequence[str], found: Found) -> str:
    if not found.tables:
        return f"{folder} has no {_files(missing)}; the study needs {_files(symbols)}, each with the columns {LAYOUT}"
    near = {symbol: closest(symbol, found.names) for symbol in missing}
    hint = ", ".join(f"{symbol} may be {other!r} there" for symbol, other in near.items() if other)
    return (
        f"{folder} has no {_files(missing)}, and {', '.join(found.tables)} "
        f"{'has' if len(found.tables) == 1 else 'have'} no prices of {', '.join(missing)}; supply them, or state under "
        f"symbols what the file calls them{f' ({hint})' if hint else ''}"
    )


def _twice(symbol: str, path: Path, found: Found) -> Iterator[Fault]:
    if path not in found.paths:
        message = f"{symbol} stands in {found.files[symbol]} already; a symbol comes from one file, so remove one"
        yield Fault(str(path), 1, 1, message)


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
    names = tuple(rows[0].cells) if rows else ()
    bars = [bar for row in rows if (bar := read_bar(row, names, STRICT, None, faults)) is not None]
    faults.extend(series_faults(bars, STRICT))
    if faults:
        raise PriceFileError(shortened(faults))
    return make_series(bars, origin, hashlib.sha256(data).hexdigest())


def _content(path: Path, symbol: str) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PriceError(f"{path} cannot be read ({error.strerror}); supply the prices of {symbol} there") from None


def _parse(content: bytes, path: Path, symbol: str, *, share: bool = False) -> PriceSeries:
    origin = Origin(
        symbol=symbol,
        source="folder",
        publisher=fact("publisher.own_file"),
        file=path.name,
        adjustment=fact("adjustment.not_said"),
        share=share,
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


def _files(symbols: Sequence[str]) -> str:
    return ", ".join(f"{symbol}.csv" for symbol in symbols)
