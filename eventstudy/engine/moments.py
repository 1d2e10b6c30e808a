"""Event dates that are moments: the event clock finds the first session of the exchange that could react."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.calendars import load_sessions
from eventstudy.clock import first_sessions
from eventstudy.errors import InputError
from eventstudy.exchanges import exchange as row_of
from eventstudy.facts import fact

if TYPE_CHECKING:
    import pandas as pd

Stamps = NDArray[np.datetime64]
_CLOCK = r"\d:\d"
_OFFSET = r"(?:Z|[+-]\d\d:?\d\d)$"


@dataclass(frozen=True, slots=True, eq=False)
class Dates:
    """The dates of events.

    Attributes
    ----------
    stamps : (E,) datetime64[ns]
        Day of each event: its first session where the clock found one, else as written; NaT where there is none.
    timed : (E,) bool
        As written and with a time of day.
    moved : (E,) Fact or None
        Where the clock took another day than that of the moment as written, which.
    unknown : (E,) Fact or None
        Why the clock could not find a session.
    """

    stamps: Stamps
    timed: NDArray[np.bool_]
    moved: NDArray[np.object_]
    unknown: NDArray[np.object_]


def event_dates(events: pd.DataFrame, exchange: str | None) -> Dates:
    """Read the dates of events, and place those that are moments by the sessions of their exchanges.

    Parameters
    ----------
    events : DataFrame
        With ``date``: days; or, where the exchange is known, stamps with a time zone and texts with a clock and an
        offset (``2024-04-03T08:30-04:00``). A column ``exchange`` goes before the argument.
    exchange : str or None
        Exchange of the events that name none.

    Raises
    ------
    InputError
        For a moment that cannot be read, or that leaves its time zone open although an exchange is given.
    OptionError
        For an unknown exchange.
    """
    written, instants = _read(events["date"])
    codes = _codes(events, exchange)
    timed = ~np.isnat(written) & (written != written.astype("datetime64[D]"))
    asked = codes != ""
    for code in dict.fromkeys(codes[asked]):
        row_of(code)
    if (open_zone := timed & asked & np.isnat(instants)).any():
        row = int(np.flatnonzero(open_zone)[0])
        raise InputError(
            f"event row {row}: {events['date'].iloc[row]} has a time of day and no time zone; "
            "write its offset from UTC, e.g. 2024-04-03T08:30-04:00"
        )
    found = Dates(written.copy(), timed & ~asked, *(np.full(len(events), None, dtype=object) for _ in range(2)))
    for code in np.unique(codes[asked & ~np.isnat(instants)].astype(str)):
        _place(found, str(code), np.flatnonzero((codes == code) & ~np.isnat(instants)), instants, events["date"])
    return found


def _place(found: Dates, code: str, rows: NDArray[np.intp], instants: Stamps, dates: pd.Series[Any]) -> None:
    """Put the first sessions of the moments of one exchange into `found`."""
    known = load_sessions(code)
    outside = (instants[rows] < known.opens[0]) | (instants[rows] >= known.closes[-1])
    found.unknown[rows[outside]] = fact(
        "outside_calendar", exchange=code, known_first=known.first, known_last=known.last
    )
    rows = rows[~outside]
    first = known.sessions[first_sessions(instants[rows], known).index].astype("datetime64[ns]")
    other = first != found.stamps[rows].astype("datetime64[D]")
    for row, session in zip(rows[other], first[other].astype("datetime64[D]"), strict=True):
        found.moved[row] = fact("moved", moment=str(dates.iloc[row]), exchange=code, session=session)
    found.stamps[rows] = first


def _read(dates: pd.Series[Any]) -> tuple[Stamps, Stamps]:
    """(E,) stamps as written, without their zone; (E,) the same in UTC, NaT where there is no time zone."""
    import pandas as pd

    nothing = np.full(len(dates), np.datetime64("NaT", "ns"))
    if pd.api.types.is_datetime64_any_dtype(dates):
        if dates.dt.tz is None:
            return _plain(dates), nothing
        return _plain(dates.dt.tz_localize(None)), _plain(dates.dt.tz_convert("UTC").dt.tz_localize(None))
    texts = dates.astype(str)
    clocks = texts.str.contains(_CLOCK, regex=True).to_numpy(dtype=bool)
    if not clocks.any():
        return _plain(pd.to_datetime(dates)), nothing
    zoned = clocks & texts.str.contains(_OFFSET, regex=True).to_numpy(dtype=bool)
    written, instants = nothing, nothing.copy()
    written[~clocks] = _plain(pd.to_datetime(dates[~clocks]))
    local = texts[clocks].str.replace(_OFFSET, "", regex=True).str.strip()
    written[clocks] = _plain(pd.to_datetime(local, format="ISO8601", errors="coerce"))
    instants[zoned] = _plain(
        pd.to_datetime(texts[zoned], format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
    )
    if (bad := clocks & (np.isnat(written) | (zoned & np.isnat(instants)))).any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(f"event row {row}: {texts.iloc[row]!r} is not a moment; write it as 2024-04-03T08:30-04:00")
    return written, instants


def _plain(stamps: pd.Series[Any]) -> Stamps:
    plain: Stamps = stamps.to_numpy(dtype="datetime64[ns]")
    return plain


def _codes(events: pd.DataFrame, exchange: str | None) -> NDArray[np.object_]:
    """(E,) the exchange of each event, empty where none is given."""
    default = exchange or ""
    if "exchange" not in events.columns:
        return np.full(len(events), default, dtype=object)
    own = events["exchange"]
    return own.astype(object).where(own.notna(), default).astype(str).to_numpy(dtype=object)
