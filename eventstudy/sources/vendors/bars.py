"""Bars as a vendor sent them, made into a price series: what is dropped or mended is noted, the rest refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.errors import ChangedFormatError, NoDataError
from eventstudy.facts import Fact, fact
from eventstudy.prices import BAR_ORDER, COLUMNS, Column, FloatArray, PriceSeries, SessionArray
from eventstudy.sources.traded import days_told, silent_rows
from eventstudy.sources.vendors.symbols import Kind

if TYPE_CHECKING:
    import pandas as pd

LOT = 100
"""Shares in a lot; Chinese vendors count volume in either."""
UNIT_SLACK = 0.2
"""How far the mean price of a session may lie from its close, as a share of it, when the unit of the volume is told by
turnover / (volume x close); the units to tell apart differ by a factor of 100."""
NOISE = 1e-6
"""Relative difference of two prices of a bar that is the rounding of a vendor's sums; vendors keep 7 digits or more."""
NOTHING = frozenset({"", "-", "--", "nan", "none", "null", "n/a"})
"""Texts that vendors write where there is no figure."""


MOVED = "its columns may have moved: update the vendor's library, or use another source"


@dataclass(frozen=True, slots=True)
class Came:
    """What a vendor says that its bars are of: the currency, the kind of instrument; empty where it does not say."""

    currency: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """A vendor's table in house columns, nothing yet verified.

    Attributes
    ----------
    sessions : ndarray of datetime64[D], shape (n,)
        NaT where the date could not be read.
    columns : mapping of column to ndarray of float64, shape (n,)
        NaN where there was no figure.
    amount : ndarray of float64, shape (n,), or None
        Turnover in currency, where the vendor gives it; it tells the unit of the volume.
    notes : tuple of Fact
        What was left out already.
    came : Came
        What the vendor says that they are of.
    """

    sessions: SessionArray
    columns: Mapping[Column, FloatArray]
    amount: FloatArray | None = None
    notes: tuple[Fact, ...] = ()
    came: Came = Came()


def from_frame(frame: pd.DataFrame, names: Mapping[str, str], vendor: str, symbol: str) -> Bars:
    """Take house columns out of a library's frame.

    Parameters
    ----------
    frame : DataFrame
        As the library returned it.
    names : mapping
        The library's header to ``date``, a house column, or ``amount``.

    Raises
    ------
    NoDataError
        For a frame without columns or rows.
    ChangedFormatError
        If a column is missing or stands there twice, or a text where a figure should be.
    """
    if not len(frame.columns) or not len(frame):
        raise NoDataError(vendor, symbol, "an empty table came; check the symbol and the dates")
    if missing := [name for name in names if name not in frame.columns]:
        raise ChangedFormatError(
            vendor,
            symbol,
            f"the table has no column {', '.join(missing)}, only {', '.join(map(str, frame.columns))}; "
            "update the vendor's library, or use another source",
        )
    if twice := [name for name in names if list(frame.columns).count(name) > 1]:
        what = f"the table has {', '.join(twice)} more than once; update the vendor's library, or use another source"
        raise ChangedFormatError(vendor, symbol, what)
    found = {names[name]: frame[name] for name in names}
    days = _days(found.pop("date"))
    values = {name: _figures(column, name, vendor, symbol) for name, column in found.items()}
    amount = values.pop("amount", None)
    columns: dict[Column, FloatArray] = {name: values[name] for name in COLUMNS if name in values}
    return Bars(days, columns, amount)


def _days(column: pd.Series[Any]) -> SessionArray:
    """Dates as written, at the exchange; NaT where there is none, or a number, which pandas takes for nanoseconds."""
    import pandas as pd

    unread = np.full(len(column), np.datetime64("NaT", "D"))
    if pd.api.types.infer_dtype(column, skipna=True) in ("integer", "floating", "mixed-integer", "mixed-integer-float"):
        return unread
    try:
        days = pd.to_datetime(column, errors="coerce", format="ISO8601")
    except ValueError:
        # Texts with several offsets from UTC, for which pandas has no column.
        return unread
    if days.dt.tz is not None:
        days = days.dt.tz_localize(None)
    return days.to_numpy().astype("datetime64[D]")


def _figures(column: pd.Series[Any], name: str, vendor: str, symbol: str) -> FloatArray:
    """Numbers, also where they came as texts; a text that is none is a sign that columns have moved."""
    import pandas as pd

    values: FloatArray = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    for cell in column[np.isnan(values)].dropna():
        if str(cell).strip().lower() not in NOTHING:
            raise ChangedFormatError(vendor, symbol, f"{name} is {str(cell)!r}, which is no number; {MOVED}")
    return values


def tidy(
    bars: Bars,
    vendor: str,
    symbol: str,
    kind: Kind,
    first: date,
    last: date,
    are_sessions: Callable[[SessionArray], NDArray[np.bool_]] | None = None,
) -> tuple[SessionArray, dict[Column, FloatArray], tuple[Fact, ...]]:
    """Bars of a range in order, one a session, without sessions in which nothing was traded.

    Parameters
    ----------
    are_sessions : callable, optional
        Days to whether the exchange was open; a price carried to another day is left out.

    Returns
    -------
    sessions, columns, notes
        What is left, and a fact for everything that was dropped, sorted or converted.

    Raises
    ------
    NoDataError
        If no bar lies in the range.
    ChangedFormatError
        If dates cannot be read, prices are not those of bars, or one session has two different bars.
    """
    if last < first:
        raise NoDataError(vendor, symbol, f"no session from {first} on is over yet; run again after the close")
    if not len(bars.sessions):
        raise NoDataError(vendor, symbol, f"no bars from {first} to {last}; check the symbol and the dates")
    if np.isnat(bars.sessions).any():
        raise ChangedFormatError(vendor, symbol, "a row has no date that can be read; update the vendor's library")
    notes = list(bars.notes)
    table = _Table(bars.sessions, dict(bars.columns), bars.amount, vendor, symbol)
    table = table.at((table.sessions >= np.datetime64(first)) & (table.sessions <= np.datetime64(last)))
    for step in (_in_order, _once, _priced):
        table = step(table, notes)
    if are_sessions is not None:
        table = _open(table, kind, are_sessions, notes)
    if kind == "index":
        # Shares, lots or money, by vendor and index; nothing here tells which.
        table.columns.pop("volume", None)
    else:
        table = _counted(_traded(table, notes), notes)
    if not len(table.sessions):
        raise NoDataError(
            vendor,
            symbol,
            "; ".join((f"no bars from {first} to {last}", *map(str, notes), "check the symbol and the dates")),
        )
    _require_bars(table)
    columns = _in_shares(_ranged(table, notes), notes)
    return table.sessions, columns, tuple(notes)


def series_csv(series: PriceSeries) -> bytes:
    """The file of a series, in the form that `parse_prices` reads back to the same bits."""
    names = list(series.columns)
    values = [series.columns[name].tolist() for name in names]
    lines = [",".join(("date", *names))]
    for day, *figures in zip(series.sessions.tolist(), *values, strict=True):
        lines.append(",".join((day.isoformat(), *map(figure_text, figures))))
    return ("\n".join(lines) + "\n").encode()


def figure_text(value: float) -> str:
    """A figure with every digit that tells it from another, and no more."""
    return repr(float(value)).removesuffix(".0")


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Rows on the way through `tidy`, and whose they are."""

    sessions: SessionArray
    columns: dict[Column, FloatArray]
    amount: FloatArray | None
    vendor: str
    symbol: str

    def at(self, rows: NDArray[Any]) -> _Table:
        """The rows of a mask or of positions."""
        return _Table(
            self.sessions[rows],
            {name: values[rows] for name, values in self.columns.items()},
            None if self.amount is None else self.amount[rows],
            self.vendor,
            self.symbol,
        )

    def days(self, rows: NDArray[np.bool_]) -> Fact:
        """The sessions of a mask."""
        return days_told(self.sessions[rows].tolist())


def _in_order(table: _Table, notes: list[Fact]) -> _Table:
    order = np.argsort(table.sessions, kind="stable")
    if (order != np.arange(order.size)).any():
        notes.append(fact("rows.sorted"))
    return table.at(order)


def _once(table: _Table, notes: list[Fact]) -> _Table:
    again = np.r_[False, table.sessions[1:] == table.sessions[:-1]][: table.sessions.size]
    if not again.any():
        return table
    for row in np.flatnonzero(again):
        for name, values in table.columns.items():
            if values[row] != values[row - 1] and not np.isnan(values[[row - 1, row]]).all():
                raise ChangedFormatError(
                    table.vendor,
                    table.symbol,
                    f"{table.sessions[row]} came twice with different figures ({name} "
                    f"{figure_text(values[row - 1])} and {figure_text(values[row])}); use another source",
                )
    notes.append(fact("rows.twice", days=table.days(again)))
    return table.at(~again)


def _priced(table: _Table, notes: list[Fact]) -> _Table:
    """Rows with a close; a vendor writes 0 or nothing where there was none."""
    close = table.columns["close"]
    volume = table.columns.get("volume", np.full(close.size, np.nan))
    empty = np.isnan(close) | ((close == 0) & ~(volume > 0))
    if empty.any():
        notes.append(fact("rows.no_close", days=table.days(empty)))
    return table.at(~empty)


def _open(
    table: _Table, kind: Kind, are_sessions: Callable[[SessionArray], NDArray[np.bool_]], notes: list[Fact]
) -> _Table:
    """Rows without those of holidays to which a price is carried; other rows of such days are left to be refused."""
    close = table.columns["close"]
    volume = table.columns.get("volume")
    silent = ~(volume > 0) if volume is not None and kind != "index" else np.ones(close.size, dtype=bool)
    carried = silent & np.r_[True, close[1:] == close[:-1]][: close.size]
    if carried.any():
        carried[carried] = ~are_sessions(table.sessions[carried])
    if carried.any():
        notes.append(fact("rows.no_session", days=table.days(carried)))
    return table.at(~carried)


def _traded(table: _Table, notes: list[Fact]) -> _Table:
    """Rows of sessions with a trade: some vendors carry a price through a halt, with a volume of 0."""
    volume = table.columns.get("volume")
    if volume is None:
        return table
    if (volume == 0).any() and not (volume > 0).any():
        notes.append(fact("volume.none"))
    silent = silent_rows(volume)
    if silent.any():
        notes.append(fact("rows.no_trade", days=table.days(silent)))
    return table.at(~silent)


def _counted(table: _Table, notes: list[Fact]) -> _Table:
    """Leave a volume out that is not there for every session: a series has one for each or none."""
    volume = table.columns.get("volume")
    if volume is not None and (absent := np.isnan(volume)).any():
        del table.columns["volume"]
        notes.append(fact("column_left_out", column="volume", days=table.days(absent)))
    return table


def _require_bars(table: _Table) -> None:
    """Refuse figures that cannot be bars: a sign that columns have moved."""
    for name, values in table.columns.items():
        bad = ~(np.isfinite(values) & ((values >= 0) if name == "volume" else (values > 0)))
        if bad.any():
            row = int(bad.argmax())
            what = f"{name} is {figure_text(values[row])} on {table.sessions[row]}; {MOVED}"
            raise ChangedFormatError(table.vendor, table.symbol, what)
    for upper, lower in BAR_ORDER:
        if upper not in table.columns or lower not in table.columns:
            continue
        above, below = table.columns[upper], table.columns[lower]
        if (bad := above < below * (1 - NOISE)).any():
            row = int(bad.argmax())
            high, low = figure_text(above[row]), figure_text(below[row])
            what = f"{upper} {high} is below {lower} {low} on {table.sessions[row]}; {MOVED}"
            raise ChangedFormatError(table.vendor, table.symbol, what)


def _ranged(table: _Table, notes: list[Fact]) -> _Table:
    """Set a high or low that misses another price of its bar by rounding to that price."""
    columns = table.columns
    inside = [columns[name] for name in ("open", "close", "high", "low") if name in columns]
    for name, outermost in (("high", np.maximum), ("low", np.minimum)):
        if name not in columns:
            continue
        edge = outermost.reduce(inside)
        if (missed := edge != columns[name]).any():
            columns[name] = edge
            notes.append(fact("rounded_to_bar", column=name, days=table.days(missed)))
    return table


def _in_shares(table: _Table, notes: list[Fact]) -> dict[Column, FloatArray]:
    """Columns with the volume in shares, its unit told by turnover / (volume x close); left out if that tells none."""
    columns, amount = dict(table.columns), table.amount
    volume = columns.get("volume")
    if volume is None or amount is None or not (volume > 0).any():
        return columns
    held = (volume > 0) & (amount > 0)
    units = amount[held] / (volume[held] * columns["close"][held])
    for size in (1, LOT):
        if units.size and abs(float(np.median(units)) / size - 1) < UNIT_SLACK:
            # No session's mean price is ten times its close or a tenth of it: such a row counts in the other unit.
            if (other := (units > 10 * size) | (units < size / 10)).any():
                days = days_told(table.sessions[held][other].tolist())
                notes.append(fact("volume.unit_differs", days=days))
                break
            if size != 1:
                notes.append(fact("volume.lots", lot=LOT))
            return {**columns, "volume": volume * size}
    else:
        notes.append(fact("volume.no_unit"))
    del columns["volume"]
    return columns
