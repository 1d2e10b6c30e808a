"""Tables of the user's own: long, wide or of a single symbol, under any headers, to price series with provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.errors import Fault, PriceError, shortened
from eventstudy.exchanges import exchange
from eventstudy.facts import fact, words
from eventstudy.prices import PriceSeries
from eventstudy.sources.own.cells import CellRules
from eventstudy.sources.own.grids import Found, Grid, closest, open_grid, plain_name
from eventstudy.sources.own.rows import Origin, make_series, read_bar, series_faults
from eventstudy.sources.own.stamps import StampRules

if TYPE_CHECKING:
    from eventstudy.spec import PriceFile, PriceTable, StudySpec

MAX_NAMES = 12
UNNAMED = "__index_level_0__"
"""What pandas calls an unnamed index in a Parquet file."""
_HOUSE = ("date", "symbol", "open", "high", "low", "close", "adj_close", "volume", "return")


def exchange_zones(spec: StudySpec) -> dict[str, str]:
    """Time zone of the exchange of every symbol that has prices of its own."""
    return {symbol: exchange(one.exchange).zone for symbol, one in spec.instruments.items()}


def read_tables(folder: Path, tables: Sequence[PriceFile], symbols: Sequence[str], zones: Mapping[str, str]) -> Found:
    """Read what tables of a folder hold of a study's symbols.

    Parameters
    ----------
    folder : Path
        The folder that the tables are in.
    tables : sequence of PriceFile
        The files and how they are to be read.
    symbols : sequence of str
        The symbols of the study; others in the tables are not read.
    zones : mapping of str to str
        Time zone of each symbol's exchange.

    Raises
    ------
    PriceError
        If files are missing or cannot be opened.
    OptionError
        If a library that a file needs is not installed.
    """
    contents = _contents(folder, tables)
    series: dict[str, PriceSeries] = {}
    files: dict[str, str] = {}
    names: list[str] = []
    faults: list[Fault] = []
    for table in tables:
        grid, broken = open_grid(contents[table.file], table, _called(table, str(folder / table.file)))
        wrong = [*broken]
        for part in () if grid is None else find_parts(grid, table, symbols, wrong, names):
            if part.symbol in files:
                told = f"{part.symbol} stands in {files[part.symbol]} already; a symbol comes from one file"
                wrong.append(part.fault(f"{told}, so remove one"))
                continue
            files[part.symbol] = _called(table, table.file)
            sha256 = hashlib.sha256(contents[table.file]).hexdigest()
            if one := part_series(part, rules_of(table), zones.get(part.symbol), _origin(part, table), sha256, wrong):
                series[part.symbol] = one
        faults.extend(shortened(wrong))
    paths = frozenset(folder / table.file for table in tables)
    called = tuple(_called(table, table.file) for table in tables)
    return Found(series, files, called, paths, tuple(dict.fromkeys(names)), tuple(dict.fromkeys(faults)))


def _called(table: PriceFile, file: str) -> str:
    return file if table.sheet is None else f"{file}[{table.sheet}]"


def _contents(folder: Path, tables: Sequence[PriceFile]) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    missing: list[str] = []
    for name in dict.fromkeys(table.file for table in tables):
        try:
            contents[name] = (folder / name).read_bytes()
        except FileNotFoundError:
            missing.append(name)
        except OSError as error:
            message = (
                f"{folder / name} cannot be read ({error.strerror}); supply the file, or take it out of prices.files"
            )
            raise PriceError(message) from None
    if missing:
        raise PriceError(
            f"{folder} has no {', '.join(missing)}, which prices.files of the study names; supply it there"
        )
    return contents


def _origin(part: Part, table: PriceFile) -> Origin:
    return Origin(
        symbol=part.symbol,
        source="folder",
        publisher=words(table.vendor) if table.vendor else fact("publisher.own_file"),
        file=_called(table, table.file),
        adjustment=words(table.adjustment, table.adjustment_zh),
        notes=() if part.name == part.symbol else (fact("called", name=part.name),),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The part of a table that is one symbol's.

    Attributes
    ----------
    grid : Grid
        The table.
    symbol, name : str
        The symbol of the study and what the table calls it.
    columns : mapping of str to int
        Columns of the table by the names used here.
    rows : sequence of int
        Its rows.
    cells : function of a column
        The column's cells, read once for all symbols.
    begin : row (None for the header) and column
        Where the part begins: the header of its column in a wide table, its first row in others.
    """

    grid: Grid
    symbol: str
    name: str
    columns: Mapping[str, int]
    rows: Sequence[int]
    cells: Callable[[int], Sequence[object]]
    begin: tuple[int | None, int]

    def fault(self, message: str) -> Fault:
        """Return a fault where the part begins."""
        return self.grid.fault(*self.begin, message)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A row of a grid under the names used here."""

    grid: Grid
    index: int
    columns: Mapping[str, int]
    cells: Mapping[str, Sequence[object]] = field(repr=False)

    @property
    def where(self) -> str:
        return f"{self.grid.unit} {self.grid.lines[self.index]}"

    def __getitem__(self, name: str) -> object:
        return self.cells[name][self.index]

    def fault(self, name: str, message: str) -> Fault:
        return self.grid.fault(self.index, self.columns[name], message)


def rules_of(table: PriceTable) -> CellRules:
    """How the cells of a table are written; an empty cell of a wide table is a session without a row."""
    return CellRules(
        decimal=table.decimal,
        thousands=table.thousands or "",
        percent=table.percent,
        missing=frozenset(table.missing) | ({""} if table.layout == "wide" else set()),
        bid_ask_average=table.negative == "bid_ask_average",
        stamps=StampRules(table.dates, table.timezone),
    )


def part_series(
    part: Part, rules: CellRules, zone: str | None, origin: Origin, sha256: str, faults: list[Fault]
) -> PriceSeries | None:
    """Turn the part of a table into a series; None where it has faults, which go to `faults`."""
    columns = {name: index for name, index in part.columns.items() if name != "symbol"}
    cells = {name: part.cells(index) for name, index in columns.items()}
    names, wrong = tuple(columns), list[Fault]()
    rows = (_Row(part.grid, index, part.columns, cells) for index in part.rows)
    bars = [bar for row in rows if (bar := read_bar(row, names, rules, zone, wrong)) is not None]
    wrong.extend(series_faults(bars))
    # Without any row, faults of the table's rows are the reason.
    if not bars and not wrong and (part.rows or not faults):
        wrong.append(part.fault(f"there is no price of {part.symbol}; every cell is empty or listed under missing"))
    faults.extend(wrong)
    return make_series(bars, origin, sha256) if bars and not wrong else None


def find_parts(
    grid: Grid, table: PriceTable, symbols: Sequence[str] | None, faults: list[Fault], names: list[str]
) -> tuple[Part, ...]:
    """Find what a table holds of each symbol.

    Parameters
    ----------
    grid : Grid
        The table.
    table : PriceTable
        How it is to be read.
    symbols : sequence of str or None
        The symbols wanted; None for every symbol that it names.
    faults : list of Fault
        Where faults are added.
    names : list of str
        Where the names of the table's symbols are added.
    """
    columns = _columns(grid, table, faults)
    if columns is None:
        return ()
    cells, rows = cache(grid.cells), range(len(grid.lines))
    if table.layout == "single":
        one = table.of or ""
        names.append(one)
        parts = (Part(grid, one, one, columns, rows, cells, (0, columns["date"])),)
        return parts if symbols is None or one in symbols else ()
    wide = table.layout == "wide"
    at = columns["date" if wide else "symbol"]
    places = _wide_places(grid, at) if wide else _long_places(grid, at, cells(at), faults)
    names.extend(places)
    chosen = _chosen(table, symbols, tuple(places))
    faults.extend(_absent(grid, at, table, chosen, places))
    found = {symbol: (name, places[name]) for symbol, name in chosen.items() if name in places}
    if not wide:
        return tuple(Part(grid, one, name, columns, own, cells, (own[0], at)) for one, (name, own) in found.items())
    faults.extend(fault for name, own in found.values() for fault in _repeated(grid, name, own))
    value = table.values or "close"
    return tuple(
        Part(grid, one, name, {"date": at, value: own[0]}, rows, cells, (None, own[0]))
        for one, (name, own) in found.items()
    )


def _chosen(table: PriceTable, symbols: Sequence[str] | None, names: Sequence[str]) -> dict[str, str]:
    """What the table calls each symbol: as stated, else the symbol itself unless that name is another's."""
    if symbols is None:
        return dict(table.symbols) or {name: name for name in names}
    taken = set(table.symbols.values())
    chosen = {symbol: table.symbols.get(symbol, symbol) for symbol in symbols}
    return {symbol: name for symbol, name in chosen.items() if symbol in table.symbols or name not in taken}


def _absent(
    grid: Grid, at: int, table: PriceTable, chosen: Mapping[str, str], places: Mapping[str, Sequence[int]]
) -> Iterator[Fault]:
    """Tell symbols that the table is said to hold and does not, and a table that holds none at all."""
    what = "column" if table.layout == "wide" else "row"
    there = f"the symbols there are {listed(tuple(places))}"
    absent = {symbol: name for symbol, name in chosen.items() if symbol in table.symbols and name not in places}
    for symbol, name in absent.items():
        near = closest(name, tuple(places))
        hint = f" (did you mean {near!r}?)" if near else ""
        yield grid.fault(None, at, f"no {what} of {name!r} ({symbol}){hint}; {there}")
    if not absent and not any(name in places for name in chosen.values()):
        pairs = ((symbol, closest(name, tuple(places))) for symbol, name in chosen.items())
        may_be = ", ".join(f"{symbol} may be {other!r}" for symbol, other in pairs if other)
        message = f"no {what} is of a symbol of the study, {listed(tuple(chosen))}; {there}"
        end = f" ({may_be})" if may_be else ""
        yield grid.fault(None, at, f"{message}; state under symbols which is which{end}")


def _wide_places(grid: Grid, date: int) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for index, name in enumerate(grid.header):
        if name and index != date:
            places.setdefault(name, []).append(index)
    return places


def _long_places(grid: Grid, column: int, cells: Sequence[object], faults: list[Fault]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for index, cell in enumerate(cells):
        places.setdefault(plain_name(cell), []).append(index)
    for index in places.pop("", ()):
        faults.append(grid.fault(index, column, "symbol is empty; write in each row whose prices it holds"))
    return places


def _repeated(grid: Grid, name: str, where: Sequence[int]) -> Iterator[Fault]:
    for index in where[1:]:
        yield grid.fault(None, index, f"the column {name!r} stands there twice; keep one")


def _columns(grid: Grid, table: PriceTable, faults: list[Fault]) -> dict[str, int] | None:
    """Columns of the table by the names used here, in its order; None where one is missing."""
    if table.layout == "wide":
        wanted = {"date": table.columns.get("date", "date")}
    elif table.columns:
        wanted = {str(name): header for name, header in table.columns.items()}
    else:
        wanted = {name: name for name in _HOUSE if name in grid.header}
        if table.layout == "single":
            wanted.pop("symbol", None)
    found: dict[str, int] = {}
    wrong = list(_unstated(grid, table, wanted))
    for name, header in wanted.items():
        where = [index for index, one in enumerate(grid.header) if one == header]
        if where:
            found[name] = where[0]
            wrong.extend(_repeated(grid, header, where))
        else:
            near = closest(header, grid.header) or (UNNAMED if name == "date" and UNNAMED in grid.header else None)
            hint = f" (did you mean {near!r}?)" if near else ""
            told = header if name == header else f"{header!r} ({name})"
            wrong.append(grid.beyond(f"no column {told}{hint}; the columns are {listed(grid.header)}"))
    faults.extend(wrong)
    return None if wrong else dict(sorted(found.items(), key=lambda pair: pair[1]))


def _unstated(grid: Grid, table: PriceTable, wanted: Mapping[str, str]) -> Iterator[Fault]:
    """Tell what a header lacks where `columns` does not say what its names mean."""
    from eventstudy.spec.prices import lacking

    if table.columns or table.layout == "wide":
        return
    missing = lacking(set(wanted), ("date", "symbol") if table.layout == "long" else ("date",))
    if missing:
        message = (
            f"no column {', '.join(missing)}; the columns are {listed(grid.header)}; state under columns which is which"
        )
        yield grid.beyond(message)
    if {"return", "adj_close"} <= set(wanted):
        yield grid.beyond("return and adj_close say the same; state under columns which of them is to be read")


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them, the first `MAX_NAMES` of them."""
    some = [name for name in names if name]
    more = f" and {len(some) - MAX_NAMES} more" if len(some) > MAX_NAMES else ""
    return (", ".join(some[:MAX_NAMES]) or "none") + more
