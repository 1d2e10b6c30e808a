"""Which cells of a table are whose: columns by the names used here, rows without headings and words, symbols."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from eventstudy.errors import Fault
from eventstudy.sources.own.cells import CellRules, shown
from eventstudy.sources.own.grids import Grid, closest, plain_name
from eventstudy.sources.own.stamps import StampRules, session_of

if TYPE_CHECKING:
    from eventstudy.spec import PriceTable

MAX_NAMES = 12
UNNAMED = "__index_level_0__"
"""What pandas calls an unnamed index in a Parquet file."""
_NUMERIC = re.compile(r"[^\w\s]?[+-]?[0-9][0-9.,' ]*[%KMBT万亿]?", re.IGNORECASE)
_DATED = re.compile(r"[0-9]")
_HOUSE = ("date", "symbol", "open", "high", "low", "close", "adj_close", "volume", "return")


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


def rules_of(table: PriceTable) -> CellRules:
    """How the cells of a table are written; an empty cell of a wide table is a session without a row."""
    return CellRules(
        decimal=table.decimal,
        thousands=table.thousands or "",
        percent=table.percent,
        missing=frozenset(table.missing) | ({""} if table.layout == "wide" else set()),
        currency=table.currency or "",
        short_volumes=table.short_volumes,
        bid_ask_average=table.negative == "bid_ask_average",
        newest_first=table.order == "newest_first",
        stamps=StampRules(table.dates, table.timezone),
    )


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
    places = _columns(grid, table, faults)
    if places is None:
        return ()
    if table.crossed:
        return _crossed_parts(grid, table, symbols, places, faults, names)
    columns = {name: found[0] for name, found in places.items()}
    rules = rules_of(table)
    cells, rows = cache(grid.cells), _inner_rows(grid, columns["date"], rules, faults)
    if table.layout == "single":
        one = table.of or ""
        names.append(one)
        parts = (Part(grid, one, one, columns, rows, cells, (rows[0] if rows else None, columns["date"])),)
        return parts if symbols is None or one in symbols else ()
    wide = table.layout == "wide"
    at = columns["date" if wide else "symbol"]
    there = _wide_places(grid, at) if wide else _long_places(grid, at, cells(at), rows, faults)
    names.extend(there)
    chosen = _chosen(table, symbols, tuple(there))
    faults.extend(_absent(grid, at, table, chosen, there))
    found = {symbol: (name, there[name]) for symbol, name in chosen.items() if name in there}
    if not wide:
        return tuple(Part(grid, one, name, columns, own, cells, (own[0], at)) for one, (name, own) in found.items())
    faults.extend(fault for name, own in found.values() for fault in _repeated(grid, name, own))
    value = table.values or "close"
    return tuple(
        Part(grid, one, name, {"date": at, value: own[0]}, rows, cells, (None, own[0]))
        for one, (name, own) in found.items()
    )


def _crossed_parts(
    grid: Grid,
    table: PriceTable,
    symbols: Sequence[str] | None,
    columns: Mapping[str, Sequence[int]],
    faults: list[Fault],
    names: list[str],
) -> tuple[Part, ...]:
    """The parts of a wide table with a column for each symbol and field; a symbol may have a date column of its own."""
    fields = {name: found for name, found in columns.items() if name != "date"}
    called = {str(name): header for name, header in table.columns.items()}
    there: dict[str, dict[str, list[int]]] = {}
    for name, found in fields.items():
        for index in found:
            for other in dict.fromkeys(one for one in grid.names[index] if one and one != called[name]):
                there.setdefault(other, {}).setdefault(name, []).append(index)
    names.extend(there)
    chosen = _chosen(table, symbols, tuple(there))
    at = columns["date"][0]
    faults.extend(_absent(grid, at, table, chosen, there))
    cells, rules, parts = cache(grid.cells), rules_of(table), list[Part]()
    inner = cache(lambda column: _inner_rows(grid, column, rules, faults))
    for symbol, name in chosen.items():
        if name not in there:
            continue
        own = there[name]
        dates = [index for index in columns["date"] if name in grid.names[index]] or list(columns["date"])
        wrong = [fault for field, found in own.items() for fault in _repeated(grid, f"{name} / {field}", found)]
        wrong += _repeated(grid, grid.header[dates[0]], dates)
        if absent := [f"{called[field]!r} ({field})" for field in fields if field not in own]:
            wrong.append(grid.fault(None, own[next(iter(own))][0], f"{name!r} has no column {', '.join(absent)}"))
        faults.extend(wrong)
        if not wrong:
            one = {"date": dates[0], **{field: own[field][0] for field in own}}
            filled = [row for row in inner(dates[0]) if any(cells(column)[row] != "" for column in one.values())]
            parts.append(Part(grid, symbol, name, one, filled, cells, (None, one[next(iter(own))])))
    return tuple(parts)


def _inner_rows(grid: Grid, date: int, rules: CellRules, faults: list[Fault]) -> range:
    """The rows between those at both ends that name no date and so are not of the table; those are told.

    A row that was said to be skipped and has a date is told as well: what was traded is not left out.
    """
    cells, count = cache(grid.cells), len(grid.lines)
    for line, left in grid.left:
        cell = left[date] if date < len(left) else ""
        if cell != "" and _is_date(cell, rules):
            message = f"the {grid.unit} of {shown(cell)} is said to be skipped and has a date; state fewer rows to skip"
            faults.append(Fault(grid.file, line, date + 1, message))

    def outside(row: int) -> bool:
        return _is_wording(cells(date)[row], [cells(index)[row] for index in range(len(grid.names))], rules)

    def said(rows: range) -> str:
        firsts = (
            next(cell for index in range(len(grid.names)) if (cell := cells(index)[row]) != "") for row in rows[:3]
        )
        return ", ".join(repr(str(one)[:40]) for one in firsts) + f" {'stands' if len(rows) == 1 else 'stand'}"

    first = next((row for row in range(count) if not outside(row)), count)
    if first == count:
        return range(count)
    end = next(row for row in range(count, 0, -1) if not outside(row - 1))
    if first:
        heads = grid.top_rows(first)
        message = f"{said(range(first))} for dates; state skip_after_header: {first} to leave out such rows"
        faults.append(grid.fault(0, date, message + (f", or header: {heads} if they name columns" if heads else "")))
    if end < count:
        message = f"{said(range(end, count))} for a date; state skip_at_end: {count - end} if the table ends above"
        faults.append(grid.fault(end, date, message))
    return range(first, end)


def _is_wording(date: object, cells: Sequence[object], rules: CellRules) -> bool:
    """Whether a row at an end of a table is words: it has no date and no number."""
    if not isinstance(date, str) or (date and _is_date(date, rules)):
        return False
    filled = [cell for cell in cells if cell != ""]
    if any(not isinstance(cell, str) or _NUMERIC.fullmatch(cell) for cell in filled):
        return False
    return bool(filled) and (not _DATED.search(date) or len(filled) == 1)


def _is_date(cell: object, rules: CellRules) -> bool:
    try:
        session_of(cell, rules.stamps, "UTC")
    except ValueError as error:
        return "is midnight as written" in str(error)
    return True


def _chosen(table: PriceTable, symbols: Sequence[str] | None, names: Sequence[str]) -> dict[str, str]:
    """What the table calls each symbol: as stated, else the symbol itself unless that name is another's."""
    if symbols is None:
        called = {str(symbol): plain_name(name) for symbol, name in table.symbols.items()}
        return called or {name: name for name in names}
    called = {symbol: plain_name(name) for symbol, name in table.symbols.items()}
    taken = set(called.values())
    chosen = {symbol: called.get(symbol, symbol) for symbol in symbols}
    return {symbol: name for symbol, name in chosen.items() if symbol in table.symbols or name not in taken}


def _absent(
    grid: Grid, at: int, table: PriceTable, chosen: Mapping[str, str], places: Collection[str]
) -> Iterator[Fault]:
    """Tell symbols that the table is said to hold and does not, and a table that holds none at all."""
    what = "column" if table.layout == "wide" else "row"
    there = f"the symbols there are {listed(tuple(places))}"
    absent = {symbol: name for symbol, name in chosen.items() if symbol in table.symbols and name not in places}
    for symbol, name in absent.items():
        near = closest(name, tuple(places))
        hint = f" (did you mean {near!r}?)" if near else ""
        yield grid.fault(None, at, f"no {what} of {name!r} ({symbol}){hint}; {there}")
    if not chosen:
        yield grid.fault(None, at, f"no {what} is of a symbol; give a frame with a column or rows of one")
    elif not absent and not any(name in places for name in chosen.values()):
        pairs = ((symbol, closest(name, tuple(places))) for symbol, name in chosen.items())
        may_be = ", ".join(f"{symbol} may be {other!r}" for symbol, other in pairs if other)
        message = f"no {what} is of a symbol of the study, {listed(tuple(chosen))}; {there}"
        end = f" ({may_be})" if may_be else ""
        yield grid.fault(None, at, f"{message}; state under symbols which is which{end}")


def _wide_places(grid: Grid, date: int) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for index, names in enumerate(grid.names):
        for name in dict.fromkeys(filter(None, names)):
            if index != date:
                places.setdefault(name, []).append(index)
    return places


def _long_places(
    grid: Grid, column: int, cells: Sequence[object], rows: range, faults: list[Fault]
) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for index in rows:
        places.setdefault(plain_name(cells[index]), []).append(index)
    for index in places.pop("", ()):
        faults.append(grid.fault(index, column, "symbol is empty; write in each row whose prices it holds"))
    return places


def _repeated(grid: Grid, name: str, where: Sequence[int]) -> Iterator[Fault]:
    for index in where[1:]:
        yield grid.fault(None, index, f"the column {name!r} stands there twice; keep one")


def _columns(grid: Grid, table: PriceTable, faults: list[Fault]) -> dict[str, list[int]] | None:
    """Columns of the table by the names used here, in its order, one each unless crossed; None where one is missing."""
    wanted = _wanted(grid, table)
    found: dict[str, list[int]] = {}
    wrong = list(_unstated(grid, table, wanted))
    for name, header in wanted.items():
        where = grid.called(header)
        if where and not header:
            where = where[:1]
        if where:
            found[name] = where
            wrong.extend(() if table.crossed else _repeated(grid, header or "no name", where))
        else:
            wrong.append(grid.beyond(f"no column {_sought(name, header)}{_hint(grid, name, header)}"))
    faults.extend(wrong)
    return None if wrong else dict(sorted(found.items(), key=lambda pair: pair[1]))


def _wanted(grid: Grid, table: PriceTable) -> dict[str, str]:
    """Headers by the names used here: as stated, else those names themselves."""
    if table.crossed:
        return {"date": "date", **{str(name): header for name, header in table.columns.items()}}
    if table.layout == "wide":
        return {"date": table.columns.get("date", "date")}
    if table.columns:
        return {str(name): header for name, header in table.columns.items()}
    return {name: name for name in _HOUSE if grid.called(name) and (name != "symbol" or table.layout == "long")}


def _sought(name: str, header: str) -> str:
    return header if name == header else f"{header!r} ({name})" if header else f"without a name ({name})"


def _hint(grid: Grid, name: str, header: str) -> str:
    """The column that may be meant, and those there are."""
    columns = f"; the columns are {listed(grid.header)}"
    if near := closest(header, [one for names in grid.names for one in names]):
        return f" (did you mean {near!r}?){columns}"
    if name == "date" and UNNAMED in grid.header:
        return f" (did you mean {UNNAMED!r}?){columns}"
    if name == "date" and header and grid.called("")[:1] == [0]:
        return f'{columns}; the first column has no name: state date: "" under columns if it holds the dates'
    return columns


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
