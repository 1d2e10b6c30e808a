"""Rows of a price table to bars, and the bars of a symbol to a series: the one way to any series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from eventstudy.errors import Fault
from eventstudy.facts import Fact, fact
from eventstudy.prices import BAR_ORDER, FloatArray, PriceSeries, Provenance
from eventstudy.sources.own.cells import CellRules, PercentCell, is_missing, read_number, shown
from eventstudy.sources.own.stamps import session_of
from eventstudy.sources.traded import days_told, silent_rows

BASE = 100.0
"""First level of an adjusted close that is chained from returns where there is no close to begin with."""


_CRSP = (
    "; CRSP files mark the average of bid and ask so: state negative: bid_ask_average to take its absolute value, "
    "or list the cell under missing"
)
_ADJUSTED = "; prices adjusted by subtracting dividends can fall below it: supply prices as traded and a factor"
_SUBTRACTED = (
    "{name} is {price} and below 0 in {rows} rows running: prices from which dividends were subtracted "
    "(forward-adjusted, qfq) fall below 0, and no return can be had from them; supply prices as traded, and an "
    "adjusted close that is their product with a factor"
)


class Line(Protocol):
    """A row of any table: its cells by column, and its place."""

    @property
    def where(self) -> str:
        """The row as a sentence names it: line 5."""

    def __getitem__(self, name: str) -> object: ...

    def fault(self, name: str, message: str) -> Fault:
        """Return a fault at the cell under a name."""


class Bar(NamedTuple):
    """What could be read of a row: its date, its numbers by column, and what is special about them.

    `below` are the columns with a price below zero, `averaged` says that the close was one and is its absolute value.
    """

    row: Line
    day: date | None
    numbers: dict[str, float]
    below: frozenset[str] = frozenset()
    averaged: bool = False
    signed: bool | None = None
    no_return: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a price file besides its bytes: the facts of a `Provenance`, and whether it is a share's."""

    symbol: str
    source: str
    publisher: Fact
    file: str
    adjustment: Fact
    notes: tuple[Fact, ...] = ()
    share: bool = False


def read_bar(row: Line, names: Sequence[str], rules: CellRules, zone: str | None, faults: list[Fault]) -> Bar | None:
    """Read the cells of a row; what is wrong with them goes to `faults`.

    Parameters
    ----------
    row : Line
        The row.
    names : sequence of str
        Its columns: ``date`` and what there is of open, high, low, close, adj_close, volume, return.
    rules : CellRules
        How its cells are written.
    zone : str or None
        Time zone of the exchange, for dates with a time of day.
    faults : list of Fault
        Where faults are added.

    Returns
    -------
    Bar or None
        None where the row says that there was no trade.
    """
    day, numbers, absent = None, {}, []
    for name in names:
        cell = row[name]
        try:
            if name == "date":
                day = session_of(cell, rules.stamps, zone)
            elif is_missing(name, cell, rules):
                absent.append(name)
            else:
                numbers[name] = read_number(name, cell, rules)
        except ValueError as error:
            faults.append(row.fault(name, str(error)))
    if absent and _no_trade(row, names, absent, numbers, faults):
        return None
    below = frozenset(name for name, value in numbers.items() if value < 0 and name != "return")
    averaged = rules.bid_ask_average and "close" in below
    if averaged:
        numbers["close"] = -numbers["close"]
    faults.extend(_range_faults(row, numbers))
    signed = None if rules.percent or not numbers.get("return") else _signed(row["return"])
    return Bar(row, day, numbers, below, averaged, signed, "return" in absent)


def based(bars: list[Bar]) -> list[Bar]:
    """Bars of returns alone, without sessions without one, but for that before the first: its base."""
    first = next((row for row, bar in enumerate(bars) if not bar.no_return), len(bars) + 1)
    return [bar for row, bar in enumerate(bars) if row == first - 1 or not bar.no_return]


def _range_faults(row: Line, numbers: dict[str, float]) -> Iterator[Fault]:
    for upper, lower in BAR_ORDER:
        if upper in numbers and lower in numbers and numbers[upper] < numbers[lower]:
            message = (
                f"{upper} {shown(row[upper])} is below {lower} {shown(row[lower])}; "
                "a bar has low <= open, close <= high"
            )
            yield row.fault("high" if upper == "high" else lower, message)


def _no_trade(
    row: Line,
    names: Sequence[str],
    absent: Sequence[str],
    numbers: dict[str, float],
    faults: list[Fault],
) -> bool:
    """Whether a row with missing cells says that there was no trade; what contradicts that goes to `faults`.

    Where there are returns only, a row without one may be the base from which the next one counts (`based`).
    """
    key = next((name for name in ("close", "adj_close", "return") if name in names), "date")
    if key in absent and key != "return":
        if numbers.get("return"):
            message = f"return is {shown(row['return'])} where {key} is missing; the series cannot be chained over it"
            faults.append(row.fault("return", message))
        return True
    for name in absent:
        if name != "return":
            message = f"{name} is missing where {key} is not; supply it, or leave the column out of columns"
            faults.append(row.fault(name, message))
    return False


def _signed(cell: object) -> bool | None:
    """Whether a return is written with a percent sign; None where its format makes it a decimal."""
    if isinstance(cell, str):
        return cell.endswith("%")
    return None if isinstance(cell, PercentCell) else False


def series_faults(bars: Sequence[Bar], rules: CellRules) -> Iterator[Fault]:
    """Tell what is wrong between the rows of one symbol, oldest first as stated.

    Dates twice or out of order, prices below zero, returns that do not chain.
    """
    yield from _order_faults(bars, rules)
    for name in ("close", "adj_close", "open", "high", "low"):
        yield from _negative_faults(name, bars, rules)
    yield from _chain_faults(bars)


def _order_faults(bars: Sequence[Bar], rules: CellRules) -> Iterator[Fault]:
    dated = [(bar, bar.day) for bar in bars if bar.day is not None]
    days = [day for _, day in dated]
    if days[1:] and days[-1] < days[0] and all(late <= early for early, late in pairwise(days)):
        later = next(row for row, day in enumerate(days) if day < days[0])
        yield dated[later][0].row.fault("date", f"{days[later]} comes after {days[0]}; {_turned(rules)}")
        return
    seen: dict[date, str] = {}
    before, in_order = date.min, True
    for bar, day in dated:
        if day in seen:
            yield bar.row.fault("date", f"{day} stands on {seen[day]} already; keep one row a session")
        elif day < before and in_order:
            in_order = False
            first = "newest" if rules.newest_first else "oldest"
            yield bar.row.fault("date", f"{day} comes after {before}; sort the rows by date, the {first} first")
        seen.setdefault(day, bar.row.where)
        before = day


def _turned(rules: CellRules) -> str:
    """What to do where all rows stand in the order other than that stated."""
    if rules.newest_first:
        return "the rows stand oldest first: remove order: newest_first"
    if rules.stated:
        return "the rows stand newest first: state order: newest_first"
    return "sort the rows by date, the oldest first, or state order: newest_first for the file under prices.files"


def _negative_faults(name: str, bars: Sequence[Bar], rules: CellRules) -> Iterator[Fault]:
    """Tell prices below zero: a run of them is no trade's, a single close may be an average of bid and ask.

    An average is the close of a session without a trade, so a run whose volumes are all 0 may be averages.
    """
    runs: list[list[Bar]] = [[]]
    for bar in bars:
        if name in bar.below:
            runs[-1].append(bar)
        elif runs[-1]:
            runs.append([])
    for run in filter(None, runs):
        first, price = run[0].row, shown(run[0].row[name])
        silent = name == "close" and all(bar.numbers.get("volume") == 0 for bar in run)
        if len(run) > 1 and not silent:
            yield first.fault(name, _SUBTRACTED.format(name=name, price=price, rows=len(run)))
        elif not (name == "close" and rules.bid_ask_average):
            hint = _CRSP if rules.stated and name == "close" else _ADJUSTED if name == "adj_close" else ""
            yield first.fault(name, f"{name} is {price}; a price must be above 0{hint}")


def _chain_faults(bars: Sequence[Bar]) -> Iterator[Fault]:
    for bar in bars[1:]:
        if bar.no_return:
            yield bar.row.fault("return", "return is missing inside the series; supply it, or leave the whole row out")
    with_sign = next((bar for bar in bars if bar.signed), None)
    for bar in bars:
        if with_sign is not None and bar.signed is False:
            message = f"return {shown(bar.row['return'])} has no % while {with_sign.row.where} has; write all alike"
            yield bar.row.fault("return", f"{message}, or state percent: true")


def make_series(bars: Sequence[Bar], origin: Origin, sha256: str) -> PriceSeries:
    """Build a series from the bars of one symbol, which have no fault.

    Parameters
    ----------
    bars : sequence of Bar
        At least one, oldest first.
    origin : Origin
        What its provenance says besides what is measured here; what was done to the figures is added to the notes. A
        share's row with a volume of 0 is no trade and left out, where others have one, unless its close was said to be
        an average of bid and ask.
    sha256 : str
        Checksum of what was read.
    """
    sessions = np.array([bar.day for bar in bars], dtype="datetime64[D]")
    names = [name for name in bars[0].numbers if name != "return"]
    columns = {name: np.array([bar.numbers[name] for bar in bars]) for name in names}
    notes = list(origin.notes)
    if bars[0].no_return or "return" in bars[0].numbers:
        columns["adj_close"] = _chained(bars)
        notes.append(fact("returns.chained"))
        if "return" in bars[0].numbers:
            notes.append(fact("returns.first_unused", day=bars[0].day))
    if averaged := sum(bar.averaged for bar in bars):
        notes.append(fact("closes_averaged", closes=averaged))
    if origin.share and "volume" in columns:
        silent = silent_rows(columns["volume"]) & ~np.array([bar.averaged for bar in bars])
        if silent.any():
            notes.append(fact("rows.no_trade", days=days_told(sessions[silent].tolist())))
            sessions, columns = sessions[~silent], {name: values[~silent] for name, values in columns.items()}
    provenance = Provenance(
        symbol=origin.symbol,
        source=origin.source,
        publisher=origin.publisher,
        file=origin.file,
        adjustment=origin.adjustment,
        notes=tuple(notes),
        first=sessions[0].item(),
        last=sessions[-1].item(),
        rows=len(sessions),
        sha256=sha256,
    )
    return PriceSeries(symbol=origin.symbol, sessions=sessions, provenance=provenance, **{"close": None, **columns})


def _chained(bars: Sequence[Bar]) -> FloatArray:
    """Levels of an adjusted close, shape (n,): the first close or `BASE`, then each level times 1 + return."""
    growth = np.array([1.0, *(1 + bar.numbers["return"] for bar in bars[1:])])
    levels: FloatArray = bars[0].numbers.get("close", BASE) * np.cumprod(growth)
    return levels
