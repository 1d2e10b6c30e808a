"""Event dates that are moments: the event clock finds the first session of the exchange that could react."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Days, Mask
from eventstudy.calendars import load_sessions
from eventstudy.clock import first_sessions
from eventstudy.errors import InputError
from eventstudy.exchanges import exchange as row_of
from eventstudy.facts import fact
from eventstudy.gate.days import Stamps, places, read_stamps
from eventstudy.gate.tables import Labels

if TYPE_CHECKING:
    import pandas as pd


UNLABELLED = Labels()


@dataclass(frozen=True, slots=True, eq=False)
class Dates:
    """The dates of events.

    Attributes
    ----------
    written : (E,) datetime64[ns]
        As written, on the labels' own clock; NaT where there is none.
    stamps : (E,) datetime64[ns]
        Day of each event: its first session where the clock found one, else as written.
    exchange : (E,) str
        Exchange of each event; empty where none is given.
    timed : (E,) bool
        With a time of day that no exchange has placed.
    clocked : (E,) bool
        Placed by the clock.
    partial : (E,) bool
        The moment lies inside that session, of which only a part could react.
    moved : (E,) Fact or None
        Where the clock took another day than that of the moment as written, which.
    unknown : (E,) Fact or None
        Why the clock could not find a session.
    """

    written: Days
    stamps: Days
    exchange: NDArray[np.object_]
    timed: Mask
    clocked: Mask
    partial: Mask
    moved: NDArray[np.object_]
    unknown: NDArray[np.object_]


def event_dates(
    events: pd.DataFrame, exchange: str | None, date_format: str | None = None, labels: Labels = UNLABELLED
) -> Dates:
    """Read the dates of events, and place those that are moments by the sessions of their exchanges.

    Parameters
    ----------
    events : DataFrame
        With ``date``: days; or, where the exchange is known, stamps with a time zone and texts with a clock and an
        offset (``2024-04-03T08:30-04:00``). A column ``exchange`` goes before the argument.
    exchange : str or None
        Exchange of the events that name none.
    date_format : str, optional
        Format of dates that are texts.
    labels : Labels
        What the labels of the returns were: a moment or stamp that is one of them is no time of day.

    Raises
    ------
    InputError
        For a date that cannot be read, or that leaves its time zone open although an exchange is given.
    OptionError
        For an unknown exchange.
    """
    read = read_stamps(events["date"], "events", date_format)
    codes = _codes(events, exchange)
    asked = codes != ""
    for code in dict.fromkeys(codes[asked]):
        row_of(code)
    open_zone = np.flatnonzero(read.timed & asked & np.isnat(read.instants))
    if open_zone.size:
        told = places(open_zone, lambda row: {"row": row, "text": str(events["date"].iloc[row])})
        raise InputError(fact("gate.events.no_zone", n=open_zone.size, event_rows=told))
    written = _on_labels(read, asked, labels)
    found = Dates(
        written=written,
        stamps=written.copy(),
        exchange=codes,
        timed=Stamps(written, read.instants).timed & ~asked,
        clocked=asked & ~np.isnat(read.instants),
        partial=np.zeros(len(events), dtype=bool),
        moved=np.full(len(events), None, dtype=object),
        unknown=np.full(len(events), None, dtype=object),
    )
    for code in dict.fromkeys(codes[found.clocked]):
        _place(found, str(code), np.flatnonzero((codes == code) & found.clocked), read.instants, events["date"])
    return found


def _on_labels(read: Stamps, asked: Mask, labels: Labels) -> Days:
    """Dates as written; a stamp without an exchange that is a label of the returns is that label's day."""
    import pandas as pd

    written = read.written.copy()
    moments = ~asked & ~np.isnat(read.instants)
    if labels.zone is not None and moments.any():
        local = pd.DatetimeIndex(read.instants[moments], tz="UTC").tz_convert(labels.zone).tz_localize(None)
        written[moments] = local.to_numpy(dtype="datetime64[ns]")
    days = written.astype("datetime64[D]").astype("datetime64[ns]")
    return np.where(~asked & (written - days == labels.clock), days, written)


def _place(found: Dates, code: str, rows: NDArray[np.intp], instants: Days, dates: pd.Series[Any]) -> None:
    """Put the first sessions of the moments of one exchange into `found`."""
    known = load_sessions(code)
    outside = (instants[rows] < known.opens[0]) | (instants[rows] >= known.closes[-1])
    found.unknown[rows[outside]] = fact(
        "outside_calendar", exchange=code, known_first=known.first, known_last=known.last
    )
    rows = rows[~outside]
    placed = first_sessions(instants[rows], known)
    first = known.sessions[placed.index].astype("datetime64[ns]")
    other = first != found.stamps[rows].astype("datetime64[D]")
    for row, session in zip(rows[other], first[other].astype("datetime64[D]"), strict=True):
        found.moved[row] = fact("moved", moment=str(dates.iloc[row]), exchange=code, session=session)
    found.stamps[rows] = first
    found.partial[rows] = placed.partial


def _codes(events: pd.DataFrame, exchange: str | None) -> NDArray[np.object_]:
    """(E,) the exchange of each event, empty where none is given."""
    default = exchange or ""
    if "exchange" not in events.columns:
        return np.full(len(events), default, dtype=object)
    own = events["exchange"].astype(object)
    given = own.where(own.notna(), default).astype(str).str.strip()
    return given.where(given != "", default).to_numpy(dtype=object)
