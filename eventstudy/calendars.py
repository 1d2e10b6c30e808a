"""The sessions of exchanges, and arithmetic in sessions; the only door to exchange_calendars.

A session is a trading day's label: a date without a time zone. Opens, closes and lunch breaks are
instants in UTC. Nothing here depends on the clock of the machine: each exchange is known from
`FIRST_DAY`, or from its opening if later, to a fixed last day, and a date beyond it is an error, never
an invented holiday.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eventstudy.errors import Fault, InputError, OptionError, SessionRangeError, StudyFileError
from eventstudy.overlays import HEADER, OverlayDay, read_overlay

Days = NDArray[np.datetime64]
Instants = NDArray[np.datetime64]
DayLike = date | np.datetime64

EXCHANGES: Mapping[str, str] = {"XNAS": "XNYS", "XNYS": "XNYS", "XSHG": "XSHG", "XSHE": "XSHG", "BJSE": "XSHG"}
"""Exchange to the calendar that it follows: Nasdaq keeps New York's days and hours, Shenzhen and Beijing Shanghai's.

Beijing: the three mainland exchanges announce the same closings ("Chinese Stock Exchanges Plan May Day
Closures", mktdata.com, April 2025, after the notices of all three), which follow one yearly notice of the
China Securities Regulatory Commission. Beijing trades from 09:30 to 11:30 and from 13:00, with a closing
call auction from 14:57 to 15:00, as Shanghai does (Beijing Stock Exchange Trading Rules (Trial) of
2 November 2021, as told at wodefinance.com and breakinglatest.news, 13 November 2021).
"""

OPENED: Mapping[str, date] = {"BJSE": date(2021, 11, 15)}
"""First session of exchanges that opened after `FIRST_DAY` (Beijing: China News Service, 12 November 2021)."""

FIRST_DAY = date(1993, 1, 1)
"""First day covered. New York's early closes have been at 13:00, as the calendar assumes, since 1993."""

PUBLISHED_TO: Mapping[str, date] = {"XNYS": date(2028, 12, 31)}
"""Last day of calendars that are rules without an end of their own.

XNYS: the last year for which the exchange has published its holidays and early closes (NYSE Group,
"NYSE Group Announces 2026, 2027 and 2028 Holiday and Early Closings Calendar", 23 December 2025).
XSHG is not listed here: its holidays are recorded year by year after the exchange's notices, and the
calendar says itself where they end.
"""

_SATURDAY = 5
_SHOWN = 5


@dataclass(frozen=True, eq=False, slots=True)
class ExchangeSessions:
    """The known sessions of one exchange, in order.

    Attributes
    ----------
    exchange : str
        Code of the exchange, e.g. ``XSHG``.
    sessions : array of datetime64[D], shape (n,)
        Labels, strictly increasing.
    opens, closes : array of datetime64[ns], shape (n,)
        UTC; an early close is the session's close. Auctions before the open and fixed-price trading
        after the close lie outside the session.
    break_starts, break_ends : array of datetime64[ns], shape (n,)
        UTC lunch break, NaT where there is none.
    time_zone : str
        Name of the exchange's time zone.
    first, last : date
        The days, both included, of which it is known whether they are sessions.
    calendar_version : str
        The calendar library, its version, and the calendar's name there.
    overlay : str or None
        What an overlay file changed, with the file's name and checksum.
    """

    exchange: str
    sessions: Days
    opens: Instants
    closes: Instants
    break_starts: Instants
    break_ends: Instants
    time_zone: str
    first: date
    last: date
    calendar_version: str
    overlay: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sessions", _held(self.sessions, "datetime64[D]"))
        for name in ("opens", "closes", "break_starts", "break_ends"):
            object.__setattr__(self, name, _held(getattr(self, name), "datetime64[ns]"))

    def __len__(self) -> int:
        return len(self.sessions)

    def is_session(self, day: DayLike) -> bool:
        """Tell whether the exchange trades on that day; `SessionRangeError` where that is not known."""
        label = self._known(day)
        position = int(np.searchsorted(self.sessions, label))
        return position < len(self) and bool(self.sessions[position] == label)

    def session_on_or_after(self, day: DayLike) -> date:
        """Return the day itself if it is a session, else the next session."""
        return self._at(int(np.searchsorted(self.sessions, self._known(day))), f"the first session after {day}")

    def session_on_or_before(self, day: DayLike) -> date:
        """Return the day itself if it is a session, else the session before it."""
        position = int(np.searchsorted(self.sessions, self._known(day), side="right")) - 1
        return self._at(position, f"the last session before {day}")

    def index(self, session: DayLike) -> int:
        """Return the position of a session in `sessions`; `InputError` where the day is not a session."""
        if not self.is_session(session):
            raise InputError(f"{session} is not a session of {self.exchange}")
        return int(np.searchsorted(self.sessions, day_label(session)))

    def offset(self, session: DayLike, n: int) -> date:
        """Return the session `n` sessions later, earlier where negative: relative day `n` of that day 0."""
        return self._at(self.index(session) + n, f"relative day {n:+d} of {session}")

    def distance(self, first: DayLike, last: DayLike) -> int:
        """Count the sessions from one to another, so that ``offset(first, distance(first, last)) == last``."""
        return self.index(last) - self.index(first)

    def between(self, first: DayLike, last: DayLike) -> Days:
        """Return all sessions from `first` to `last`, both days included (either may be closed); shape (k,)."""
        begin, end = self._known(first), self._known(last)
        low = int(np.searchsorted(self.sessions, begin))
        return self.sessions[low : max(low, int(np.searchsorted(self.sessions, end, side="right")))]

    def range_error(self, what: str, *, after: bool) -> SessionRangeError:
        """Make the error that says that `what` lies outside the known days, and what to do."""
        known = f"{self.exchange} sessions are known from {self.first} to {self.last}"
        if not after:
            return SessionRangeError(f"{known}; {what} lies before that, and earlier sessions are not on record")
        return SessionRangeError(
            f"{known}; {what} lies after that; list the later days in an overlay file "
            f"(CSV with the header {HEADER}) and name it in the study under overlays: {self.exchange}"
        )

    def _known(self, day: DayLike) -> np.datetime64:
        label = day_label(day)
        if not np.datetime64(self.first) <= label <= np.datetime64(self.last):
            raise self.range_error(str(label), after=bool(label > np.datetime64(self.last)))
        return label

    def _at(self, position: int, what: str) -> date:
        if not 0 <= position < len(self):
            raise self.range_error(what, after=position > 0)
        return to_date(self.sessions[position])


def day_label(day: DayLike) -> np.datetime64:
    """Return a day as datetime64[D]; what has a time of day is refused, since a session has none."""
    if isinstance(day, datetime) and (day.tzinfo is not None or day.time() != time(0)):
        raise InputError(f"{day} is a moment, not a day; the event clock finds the session of a moment")
    label: np.datetime64 = np.datetime64(day).astype("datetime64[D]")
    if np.isnat(label) or (isinstance(day, np.datetime64) and day != label):
        raise InputError(f"{day} is not a day; a session is a date such as 2025-12-08")
    return label


def to_date(label: np.datetime64) -> date:
    """Return a session's label as a `date`."""
    return date.fromisoformat(str(day_label(label)))


def load_sessions(
    exchange: str, first: date | None = None, last: date | None = None, overlay: Path | None = None
) -> ExchangeSessions:
    """Load the sessions of an exchange, all that are known unless narrowed.

    Parameters
    ----------
    exchange : str
        One of `EXCHANGES`.
    first, last : date, optional
        Narrow the days covered; default `FIRST_DAY` (an exchange's opening if later, `OPENED`) and the last day
        on record, which the overlay may extend.
    overlay : Path, optional
        A CSV file that adds, replaces or closes sessions (see `apply_overlay`).

    Raises
    ------
    OptionError
        For an unknown exchange or a range that ends before it begins.
    SessionRangeError
        Where `first` or `last` lies outside the days that are known.
    StudyFileError
        With every fault of the overlay file.
    """
    if exchange not in EXCHANGES:
        raise OptionError(f"unknown exchange {exchange!r}; allowed: {', '.join(EXCHANGES)}")
    known = _library_sessions(exchange)
    if overlay is not None:
        known = apply_overlay(known, overlay)
    begin, end = first or known.first, last or known.last
    if begin > end:
        raise OptionError(f"the range of sessions ends ({end}) before it begins ({begin})")
    if (begin, end) == (known.first, known.last):
        return known
    inside = np.isin(known.sessions, known.between(begin, end))
    return replace(_select(known, inside), first=begin, last=end)


def apply_overlay(base: ExchangeSessions, path: Path) -> ExchangeSessions:
    """Add, replace or close sessions as a CSV file lists them (`overlays.read_overlay` for its layout).

    Inside the days on record a row replaces what is known. Past them the file extends the calendar to
    its own last day, and each weekday on the way must be listed, as a session or as closed: a day that
    was merely forgotten must not become a holiday. Weekends that are not listed are closed.

    Raises
    ------
    StudyFileError
        With every fault of the file as ``file:line:col: message``.
    """
    file = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StudyFileError([Fault(file, 1, 1, f"the overlay file cannot be read ({error.strerror})")]) from None
    days, faults = read_overlay(data, file=file)
    if not faults:
        faults = (*_too_early(base, days, file), *_unlisted(base, days, file))
    if faults:
        raise StudyFileError(faults)
    return _merge(base, days, f"{path.name} (sha256 {hashlib.sha256(data).hexdigest()[:12]})")


def _too_early(base: ExchangeSessions, days: Sequence[OverlayDay], file: str) -> Iterator[Fault]:
    for row in days:
        if row.day < base.first:
            message = f"{row.day} lies before {base.first}, the first day on record of {base.exchange}"
            yield Fault(file, row.line, row.column, message)


def _unlisted(base: ExchangeSessions, days: Sequence[OverlayDay], file: str) -> Iterator[Fault]:
    """Faults for weekdays past the record that the overlay passes over, told at the row after them."""
    listed_to = base.last
    for row in sorted((row for row in days if row.day > base.last), key=lambda row: row.day):
        gap = (listed_to + timedelta(days=n) for n in range(1, (row.day - listed_to).days))
        missing = [str(day) for day in gap if day.weekday() < _SATURDAY]
        if missing:
            more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
            message = (
                f"{base.exchange} is on record to {base.last}, and before {row.day} these weekdays are listed neither "
                f"as session nor as closed: {', '.join(missing[:_SHOWN])}{more}; list each of them"
            )
            yield Fault(file, row.line, row.column, message)
        listed_to = row.day


def _merge(base: ExchangeSessions, days: Sequence[OverlayDay], origin: str) -> ExchangeSessions:
    """Take the listed days out of the base and put those in that are sessions."""
    opened = [row for row in days if row.times]
    labels = np.array([row.day for row in opened], dtype="datetime64[D]")
    kept = _select(base, ~np.isin(base.sessions, np.array([row.day for row in days], dtype="datetime64[D]")))
    sessions = np.concatenate([kept.sessions, labels])
    order = np.argsort(sessions)
    zone = ZoneInfo(base.time_zone)

    def column(known: Instants, place: int) -> Instants:
        listed = np.array([_utc(row.day, row.times[place], zone) for row in opened], dtype="datetime64[ns]")
        return np.concatenate([known, listed])[order]

    return replace(
        base,
        sessions=sessions[order],
        opens=column(kept.opens, 0),
        closes=column(kept.closes, 1),
        break_starts=column(kept.break_starts, 2),
        break_ends=column(kept.break_ends, 3),
        last=max([base.last, *(row.day for row in days)]),
        overlay=f"{origin}: {len(opened)} days listed as session, {len(days) - len(opened)} as closed",
    )


def _utc(day: date, at: time | None, zone: ZoneInfo) -> np.datetime64:
    if at is None:
        return np.datetime64("NaT", "ns")
    return np.datetime64(datetime.combine(day, at, zone).astimezone(UTC).replace(tzinfo=None), "ns")


def _select(sessions: ExchangeSessions, mask: NDArray[np.bool_]) -> ExchangeSessions:
    return replace(
        sessions,
        sessions=sessions.sessions[mask],
        opens=sessions.opens[mask],
        closes=sessions.closes[mask],
        break_starts=sessions.break_starts[mask],
        break_ends=sessions.break_ends[mask],
    )


def _held(values: ArrayLike, dtype: str) -> NDArray[np.datetime64]:
    """Make an own, read-only copy."""
    held: NDArray[np.datetime64] = np.array(values, dtype=dtype)
    held.setflags(write=False)
    return held


@lru_cache
def _library_sessions(exchange: str) -> ExchangeSessions:
    """All sessions on record, between fixed days: the library's own default range moves with the clock."""
    code = EXCHANGES[exchange]
    with warnings.catch_warnings():
        # exchange_calendars 4.13 calls what pandas 3 deprecates, and nobody here can do anything about it
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        import exchange_calendars

        first = OPENED.get(exchange, FIRST_DAY)
        start, last = first.isoformat(), PUBLISHED_TO.get(code)
        if last is None:
            first_year = exchange_calendars.get_calendar(code, start=start, end=f"{first.year}-12-31")
            last = first_year.bound_max().date()
        calendar = exchange_calendars.get_calendar(code, start=start, end=last.isoformat())
        return ExchangeSessions(
            exchange=exchange,
            sessions=calendar.sessions.to_numpy(),
            opens=calendar.opens_nanos.view("datetime64[ns]"),
            closes=calendar.closes_nanos.view("datetime64[ns]"),
            break_starts=calendar.break_starts_nanos.view("datetime64[ns]"),
            break_ends=calendar.break_ends_nanos.view("datetime64[ns]"),
            time_zone=str(calendar.tz),
            first=first,
            last=last,
            calendar_version=f"exchange_calendars {exchange_calendars.__version__}, {calendar.name}",
        )
