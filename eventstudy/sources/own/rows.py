"""Rows of a price table to bars, and the bars of a symbol to a series: the one way to any series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

import numpy as np

from eventstudy.errors import Fault
from eventstudy.facts import Fact, fact
from eventstudy.prices import BAR_ORDER, FloatArray, PriceSeries, Provenance
from eventstudy.sources.own.cells import CellRules, PercentCell, is_missing, read_number, shown
from eventstudy.sources.own.stamps import session_of

BASE = 100.0
"""First level of an adjusted close that is chained from returns where there is no close to begin with."""


class Line(Protocol):
    """A row of any table: its cells by column, and its place."""

    @property
    def where(self) -> str:
        """The row as a sentence names it: line 5."""

    def __getitem__(self, name: str) -> object: ...

    def fault(self, name: str, message: str) -> Fault:
        """Return a fault at the cell under a name."""


class Bar(NamedTuple):
    """What could be read of a row: its date, its numbers by column, and what is special about them."""

    row: Line
    day: date | None
    numbers: dict[str, float]
    averaged: bool = False
    signed: bool | None = None
    no_return: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a price file besides its bytes; the facts of a `Provenance`."""

    symbol: str
    source: str
    publisher: Fact
    file: str
    adjustment: Fact
    notes: tuple[Fact, ...] = ()


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
    if absent and _no_trade(row, names, absent, numbers, rules, faults):
        return None
    averaged = rules.bid_ask_average and numbers.get("close", 0.0) < 0
    if averaged:
        numbers["close"] = -numbers["close"]
    faults.extend(_range_faults(row, numbers))
    signed = None if rules.percent or not numbers.get("return") else _signed(row["return"])
    return Bar(row, day, numbers, averaged, signed, "return" in absent)


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
    rules: CellRules,
    faults: list[Fault],
) -> bool:
    """Whether a row with missing cells says that there was no trade; what contradicts that goes to `faults`.

    Where there are returns only, the empty return of a row is that of a base, from which the next one counts.
    """
    key = next((name for name in ("close", "adj_close", "return") if name in names), "date")
    base = key == "return" and row["return"] == "" and "" not in rules.missing
    if key in absent and not base:
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


def series_faults(bars: Sequence[Bar]) -> Iterator[Fault]:
    """Tell what is wrong between the rows of one symbol: dates twice or out of order, returns that do not chain."""
    seen: dict[date, str] = {}
    before, in_order = date.min, True
    for bar in bars:
        day = bar.day
        if day is None:
            continue
        if day in seen:
            yield bar.row.fault("date", f"{day} stands on {seen[day]} already; keep one row a session")
        elif day < before and in_order:
            in_order = False
            yield bar.row.fault("date", f"{day} comes after {before}; sort the rows by date, the oldest first")
        seen.setdefault(day, bar.row.where)
        before = day
    yield from _chain_faults(bars)


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
        What its provenance says besides what is measured here; what was done to the figures is added to the notes.
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
