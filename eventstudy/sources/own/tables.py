"""Tables of the user's own: long, wide or of a single symbol, under any headers, to price series with provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.errors import Fault, PriceError, kind_of, shortened
from eventstudy.exchanges import exchange
from eventstudy.facts import fact, words
from eventstudy.prices import PriceSeries
from eventstudy.sources.own.cells import CellRules, shown
from eventstudy.sources.own.grids import Found, Grid
from eventstudy.sources.own.opening import open_grid
from eventstudy.sources.own.parts import Part, find_parts, rules_of
from eventstudy.sources.own.rows import Origin, based, make_series, read_bar, series_faults
from eventstudy.sources.traded import is_no_share

if TYPE_CHECKING:
    from eventstudy.spec import PriceFile, StudySpec


def exchange_zones(spec: StudySpec) -> dict[str, str]:
    """Time zone of the exchange of every symbol that has prices of its own."""
    return {symbol: exchange(one.exchange).zone for symbol, one in spec.instruments.items()}


def shares_of(spec: StudySpec) -> frozenset[str]:
    """The symbols of a study that are shares: securities and peers, not indices, futures, currencies or coins."""
    from eventstudy.spec.instruments import Listed

    return frozenset(
        symbol
        for symbol, one in spec.instruments.items()
        if isinstance(one, Listed) and one.exchange != "24/7" and not is_no_share(symbol)
    )


def read_tables(
    folder: Path,
    tables: Sequence[PriceFile],
    symbols: Sequence[str],
    zones: Mapping[str, str],
    shares: Collection[str] = (),
) -> Found:
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
    shares : collection of str
        The symbols whose rows with a volume of 0 are no trade.

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
            if one := part_series(
                part, rules_of(table), zones.get(part.symbol), _origin(part, table, shares), sha256, wrong
            ):
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


def _origin(part: Part, table: PriceFile, shares: Collection[str]) -> Origin:
    return Origin(
        symbol=part.symbol,
        source="folder",
        publisher=words(table.vendor) if table.vendor else fact("publisher.own_file"),
        file=_called(table, table.file),
        adjustment=words(table.adjustment, table.adjustment_zh),
        notes=() if part.name == part.symbol else (fact("called", name=part.name),),
        share=part.symbol in shares,
    )


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
        own = (shown(cells[self.index]) for cells in self.cells.values())
        return self.grid.fault(self.index, self.columns[name], message, kind_of(message, own))


def part_series(
    part: Part, rules: CellRules, zone: str | None, origin: Origin, sha256: str, faults: list[Fault]
) -> PriceSeries | None:
    """Turn the part of a table into a series; None where it has faults, which go to `faults`."""
    columns = {name: index for name, index in part.columns.items() if name != "symbol"}
    cells = {name: part.cells(index) for name, index in columns.items()}
    names, wrong = tuple(columns), list[Fault]()
    rows = (_Row(part.grid, index, part.columns, cells) for index in part.rows)
    bars = [bar for row in rows if (bar := read_bar(row, names, rules, zone, wrong)) is not None]
    if rules.newest_first:
        bars.reverse()
    if not {"close", "adj_close"} & set(names):
        bars = based(bars)
    wrong.extend(series_faults(bars, rules))
    # Without any row, faults of the table's rows are the reason.
    if not bars and not wrong and (part.rows or not faults):
        wrong.append(part.fault(f"there is no price of {part.symbol}; every cell is empty or listed under missing"))
    faults.extend(wrong)
    return make_series(bars, origin, sha256) if bars and not wrong else None
