"""The sessions of exchanges, and arithmetic in sessions.

A session is a trading day's label: a date without a time zone. Opens, closes and lunch breaks are
instants in UTC; a session may open on the evening before its label, or close at the next midnight.
Nothing here depends on the clock of the machine: each exchange is known from `FIRST_DAY`, or from its
opening if later, to a fixed last day, and a date beyond it is an error, never an invented holiday.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eventstudy.errors import Fault, InputError, OptionError, SessionRangeError, StudyFileError
from eventstudy.exchanges import calendar_library
from eventstudy.exchanges import exchange as exchange_row
from eventstudy.facts import Fact, fact
from eventstudy.overlays import HEADER, OverlayDay, read_overlay

Days = NDArray[np.datetime64]
Instants = NDArray[np.datetime64]
DayLike = date | np.datetime64

FIRST_DAY = date(1993, 1, 1)
"""First day covered. New York's planned early closes have been at 13:00, as the calendar assumes, since 1993; what was
not planned stands in `SPECIAL_HOURS`."""

SPECIAL_HOURS = "special_hours.csv"
"""Data of the package: late opens and early closes that no rule foresees, with two sources each; local times, empty
where as usual. An interruption after which trading went on, and a silence of minutes, are not among them."""

RULES_TO = date(2027, 12, 31)
"""Last day of calendars that are rules without an end, and of which no published years are on record.

Up to here the library's rules are taken for what the exchange will publish; what no rule foresees (a
storm, an election, a day of mourning) is missing of days to come.
"""

_USUAL = 10
"""Sessions on a day of the week among the last `_YEAR` that make it a usual day of trading."""
_YEAR = 250
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
    overlay : Fact or None
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
    overlay: Fact | None = None

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
        A row of `eventstudy.exchanges`, or the name of any calendar of exchange_calendars.
    first, last : date, optional
        Narrow the days covered; default `FIRST_DAY` (an exchange's opening, or its calendar's beginning if later) and
        the last day on record, which the overlay may extend.
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

    Inside the days on record a row replaces what is known. Past them the file extends the calendar to its own last day,
    and each usual day of trading on the way must be listed, as a session or as closed: a day that was merely forgotten
    must not become a holiday. Days of the week on which the exchange does not trade are closed where not listed.

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
    return _merge(base, days, path.name, hashlib.sha256(data).hexdigest()[:12])


def _too_early(base: ExchangeSessions, days: Sequence[OverlayDay], file: str) -> Iterator[Fault]:
    for row in days:
        if row.day < base.first:
            message = f"{row.day} lies before {base.first}, the first day on record of {base.exchange}"
            yield Fault(file, row.line, row.column, message)


def _unlisted(base: ExchangeSessions, days: Sequence[OverlayDay], file: str) -> Iterator[Fault]:
    """Faults for usual days of trading past the record that the overlay passes over, told at the row after them."""
    listed_to = base.last
    weekdays = (base.sessions[-_YEAR:].astype(np.int64) + 3) % 7  # 1 January 1970 was a Thursday
    usual = np.bincount(weekdays, minlength=7) >= _USUAL
    for row in sorted((row for row in days if row.day > base.last), key=lambda row: row.day):
        gap = (listed_to + timedelta(days=n) for n in range(1, (row.day - listed_to).days))
        missing = [str(day) for day in gap if usual[day.weekday()]]
        if missing:
            more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
            message = (
                f"{base.exchange} is on record to {base.last}, and before {row.day} these weekdays are listed neither "
                f"as session nor as closed: {', '.join(missing[:_SHOWN])}{more}; list each of them"
            )
            yield Fault(file, row.line, row.column, message)
        listed_to = row.day


def _merge(base: ExchangeSessions, days: Sequence[OverlayDay], file: str, sha256: str) -> ExchangeSessions:
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
        overlay=fact("overlay", file=file, sha256=sha256, opened=len(opened), closed=len(days) - len(opened)),
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
    row = exchange_row(exchange)
    code = row.calendar
    with calendar_library() as library:
        bounds = library.get_calendar(code, start="2025-01-01", end="2025-12-31")
        begin, end = (None if bound is None else bound.date() for bound in (bounds.bound_min(), bounds.bound_max()))
        first = max(row.opened or FIRST_DAY, begin or FIRST_DAY)
        last = min(exchange_row(code).published_to or RULES_TO, end or date.max)
        calendar = library.get_calendar(code, start=first.isoformat(), end=last.isoformat())
        known = ExchangeSessions(
            exchange=exchange,
            sessions=calendar.sessions.to_numpy(),
            opens=calendar.opens_nanos.view("datetime64[ns]"),
            closes=calendar.closes_nanos.view("datetime64[ns]"),
            break_starts=calendar.break_starts_nanos.view("datetime64[ns]"),
            break_ends=calendar.break_ends_nanos.view("datetime64[ns]"),
            time_zone=row.zone,
            first=first,
            last=last,
            calendar_version=f"exchange_calendars {library.__version__}, {calendar.name}",
        )
    return with_special_hours(known)


def with_special_hours(known: ExchangeSessions) -> ExchangeSessions:
    """The sessions with the late opens and early closes on record; a lunch break that they leave no room for goes."""
    columns = {name: getattr(known, name).copy() for name in ("opens", "closes", "break_starts", "break_ends")}
    zone = ZoneInfo(known.time_zone)
    for day, times in special_hours().get(known.exchange, {}).items():
        row = int(np.searchsorted(known.sessions, np.datetime64(day)))
        if row == len(known) or known.sessions[row] != np.datetime64(day):
            continue
        for name, at in zip(("opens", "closes"), times, strict=True):
            if at is not None:
                columns[name][row] = _utc(day, at, zone)
        if (
            columns["closes"][row] <= columns["break_starts"][row]
            or columns["opens"][row] >= columns["break_ends"][row]
        ):
            columns["break_starts"][row] = columns["break_ends"][row] = np.datetime64("NaT", "ns")
    return replace(known, **columns)


@lru_cache
def special_hours() -> dict[str, dict[date, tuple[time | None, time | None]]]:
    """Open and close of each session of `SPECIAL_HOURS` by exchange, in its local time; None where as usual."""
    text = files("eventstudy").joinpath("data", SPECIAL_HOURS).read_text(encoding="utf-8")
    found: dict[str, dict[date, tuple[time | None, time | None]]] = {}
    for row in csv.DictReader(text.splitlines()):
        opened, closed = (time.fromisoformat(row[name]) if row[name] else None for name in ("open", "close"))
        found.setdefault(row["exchange"], {})[date.fromisoformat(row["session"])] = opened, closed
    return found
