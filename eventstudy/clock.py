"""The event clock: from the moment of a piece of news to the first session that could react to it, and what was known.

With the sessions k of one exchange, opens o_k, closes c_k and a moment t in UTC: t < o_k maps to k;
o_k <= t < c_k maps to k, of which only a part could react; t >= c_k maps to k + 1. So it is too where o_k
lies on the evening before the session's date, as for futures, and where c_k is o_(k+1), as for a market that
never closes. Between two exchanges the same clock says which foreign session was the last to be completed
when a local one opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import hold
from eventstudy.calendars import DayLike, ExchangeSessions, to_date
from eventstudy.errors import InputError, OptionError
from eventstudy.events import Day, Instant, Interval, Moment, Month, Precision
from eventstudy.facts import Fact, fact

Reason = Literal[
    "before_open",
    "in_session",
    "lunch_break",
    "after_close",
    "not_a_session",
    "day_is_session",
    "day_moved_to_next",
    "interval_spans_sessions",
    "during_suspension",
]


@dataclass(frozen=True, eq=False, slots=True)
class FirstSessions:
    """Where many moments fall on one exchange.

    Attributes
    ----------
    index : array of int, shape (n,)
        Position of the first session that could react in the exchange's `sessions`.
    partial : array of bool, shape (n,)
        The moment lies inside that session.
    lunch : array of bool, shape (n,)
        The moment lies in that session's lunch break (then `partial` is true too).
    """

    index: NDArray[np.intp]
    partial: NDArray[np.bool_]
    lunch: NDArray[np.bool_]

    def __post_init__(self) -> None:
        hold(self)


@dataclass(frozen=True, slots=True)
class FirstSession:
    """Day 0 of one moment on one exchange, and why.

    Attributes
    ----------
    exchange : str
        Code of the exchange.
    session : date
        Day 0, the first session that could react.
    session_last : date
        The same, or a later session where the moment is an interval that spans several.
    partial : bool
        The news may have fallen inside `session`, so that only a part of it could react.
    precision : str
        The moment's own precision: instant, interval or day.
    reason : str
        How the session was found, one of `Reason`.
    why : tuple of Fact
        The same with local times: codes ``first_session.<reason>``; `detail` gives their English sentences.
    """

    exchange: str
    session: date
    session_last: date
    partial: bool
    precision: Precision
    reason: Reason
    why: tuple[Fact, ...]

    @property
    def detail(self) -> str:
        """The reasons as plain sentences."""
        return " ".join(map(str, self.why))


def first_sessions(instants: NDArray[np.datetime64], exchange: ExchangeSessions) -> FirstSessions:
    """Map moments to the first sessions that could react to them.

    Parameters
    ----------
    instants : array of datetime64[ns], shape (n,)
        Moments in UTC, in any order.
    exchange : ExchangeSessions
        The sessions known.

    Raises
    ------
    OptionError
        Where `instants` has another type or holds NaT.
    SessionRangeError
        Where a moment has no known first session.
    """
    if instants.dtype != np.dtype("datetime64[ns]"):
        raise OptionError(f"moments must be datetime64[ns] in UTC, not {instants.dtype}")
    if np.isnat(instants).any():
        raise OptionError(f"moment {int(np.isnat(instants).argmax())} is NaT and has no session")
    early = instants < np.datetime64(_naive(_known_from(exchange)), "ns")
    index = np.searchsorted(exchange.closes, instants, side="right")
    late = index >= len(exchange)
    if early.any():
        raise exchange.range_error(_utc_text(_moment(instants[early][0])), after=False)
    if late.any():
        what = f"the first session that could react to {_utc_text(_moment(instants[late][0]))}"
        raise exchange.range_error(what, after=True)
    lunch = (exchange.break_starts[index] <= instants) & (instants < exchange.break_ends[index])
    return FirstSessions(index, exchange.opens[index] <= instants, lunch)


def first_session(moment: Moment, exchange: ExchangeSessions) -> FirstSession:
    """Find day 0 of a moment: the exchange's first session that could react to it.

    Parameters
    ----------
    moment : Instant, Interval or Day
        An interval maps by both of its ends; a day without a time to its own session, or to the next
        one where it is none.
    exchange : ExchangeSessions
        The sessions known.

    Raises
    ------
    InputError
        For a month, which has no session.
    SessionRangeError
        Where the session is not known.
    """
    match moment:
        case Month():
            raise InputError(f"{moment.text} is a month and has no first session; give a day, interval or instant")
        case Day():
            return _of_day(moment, exchange)
        case Interval():
            return _of_interval(moment, exchange)
        case Instant():
            return _of_instant(moment.at, exchange)


def last_closed_session(moment: datetime, exchange: ExchangeSessions) -> date:
    """Return the last session whose close lies at or before a moment: the newest complete one that was known then.

    Parameters
    ----------
    moment : datetime
        With a time zone.
    exchange : ExchangeSessions
        The sessions known.

    Raises
    ------
    InputError
        For a moment without a time zone.
    SessionRangeError
        Where the moment lies outside the known days or before their first close.
    """
    if moment.tzinfo is None:
        raise InputError(f"the moment {moment.isoformat()} has no time zone, so no session can be found for it")
    _require_known(moment, exchange)
    index = int(np.searchsorted(exchange.closes, np.datetime64(_naive(moment), "ns"), side="right")) - 1
    if index < 0:
        raise exchange.range_error(f"the last session closed by {_utc_text(moment)}", after=False)
    return to_date(exchange.sessions[index])


def foreign_sessions(local: ExchangeSessions, foreign: ExchangeSessions) -> NDArray[np.intp]:
    """For each local session, the last foreign session completed before the local open.

    Returns
    -------
    (S,) int
        Position in ``foreign.sessions`` of the last close at or before each of the S local opens; -1 before the
        first foreign close and past the last day of which the foreign sessions are known.
    """
    position = np.searchsorted(foreign.closes, local.opens, side="right") - 1
    beyond = local.opens >= np.datetime64(_naive(_known_to(foreign)), "ns")
    return np.where(beyond, -1, position)


def news_inside(moment: Moment, exchange: ExchangeSessions, session: DayLike) -> bool:
    """Tell whether a session's return can already contain the news: it closes after the news' first possible moment.

    Such a return is no control for the effect of that news elsewhere.

    Parameters
    ----------
    moment : Instant, Interval or Day
        When the news came. An interval counts from its first end, a day from its start at the exchange.
    exchange : ExchangeSessions
        The exchange of the session.
    session : date
        One of its sessions.

    Raises
    ------
    InputError
        Where `session` is no session, or for a month.
    SessionRangeError
        Where the first session that could react is not known.
    """
    return exchange.index(session) >= exchange.index(first_session(moment, exchange).session)


def _of_day(moment: Day, exchange: ExchangeSessions) -> FirstSession:
    day = moment.day
    session = exchange.session_on_or_after(day)
    reason: Reason = "day_is_session" if session == day else "day_moved_to_next"
    why = fact(f"first_session.{reason}", exchange=exchange.exchange, day=day, session=session)
    return FirstSession(exchange.exchange, session, session, False, moment.precision, reason, (why,))


def _of_interval(moment: Interval, exchange: ExchangeSessions) -> FirstSession:
    low, high = _of_instant(moment.first, exchange), _of_instant(moment.last, exchange)
    spans = low.session != high.session
    reason: Reason = "interval_spans_sessions" if spans else low.reason
    if not spans and high.reason != low.reason and high.partial:
        reason = "in_session"
    ends = {"session": low.session, "session_last": high.session}
    both = fact("first_session.interval_spans_sessions" if spans else "first_session.interval_in_one", **ends)
    return FirstSession(
        exchange=exchange.exchange,
        session=low.session,
        session_last=high.session,
        partial=low.partial or (high.partial and not spans),
        precision=moment.precision,
        reason=reason,
        why=(both, *low.why, *high.why),
    )


def _of_instant(at: datetime, exchange: ExchangeSessions) -> FirstSession:
    _require_known(at, exchange)
    found = first_sessions(np.array([_naive(at)], dtype="datetime64[ns]"), exchange)
    index, partial = int(found.index[0]), bool(found.partial[0])
    session = to_date(exchange.sessions[index])
    reason: Reason = ("lunch_break" if found.lunch[0] else "in_session") if partial else _outside(at, exchange, index)
    why = _place(at, exchange, index, reason)
    return FirstSession(exchange.exchange, session, session, partial, "instant", reason, (why,))


def _outside(at: datetime, exchange: ExchangeSessions, index: int) -> Reason:
    """Why a moment between two sessions belongs to the later one, by the local days of session, open and moment."""
    zone = ZoneInfo(exchange.time_zone)
    day = at.astimezone(zone).date()
    if index and day == to_date(exchange.sessions[index - 1]):
        return "after_close"
    if day in (to_date(exchange.sessions[index]), _moment(exchange.opens[index]).astimezone(zone).date()):
        return "before_open"
    return "not_a_session"


def _place(at: datetime, exchange: ExchangeSessions, index: int, reason: Reason) -> Fact:
    """Where the moment lies, in the exchange's local time."""
    zone = ZoneInfo(exchange.time_zone)
    session = to_date(exchange.sessions[index])
    opening = _moment(exchange.opens[index]).astimezone(zone)
    eve = opening.date() != session and reason in ("before_open", "in_session")
    told = {
        "exchange": exchange.exchange,
        "at": _utc_text(at),
        "local": f"{at.astimezone(zone):%Y-%m-%d %H:%M}",
        "zone": exchange.time_zone,
        "session": session,
    }
    hours = {"open": f"{opening:%H:%M}"} if reason in ("before_open", "in_session") else {}
    ends = {"in_session": ("closes", index), "after_close": ("closes", index - 1)}
    if reason in ends:
        hours["close"] = _closing(exchange, *ends[reason])
    if reason == "lunch_break":
        hours = {"close": _closing(exchange, "break_starts", index), "open": _closing(exchange, "break_ends", index)}
    return fact(f"first_session.{reason}{'_eve' * eve}", **told, **hours)


def _closing(exchange: ExchangeSessions, name: str, place: int) -> str:
    """The local time of a session's close or of its lunch break; midnight at its end is 24:00."""
    local = _moment(getattr(exchange, name)[place]).astimezone(ZoneInfo(exchange.time_zone))
    return "24:00" if local.date() > to_date(exchange.sessions[place]) else f"{local:%H:%M}"


def _require_known(at: datetime, exchange: ExchangeSessions) -> None:
    if at < _known_from(exchange):
        raise exchange.range_error(_utc_text(at), after=False)
    if at >= _known_to(exchange):
        raise exchange.range_error(_utc_text(at), after=True)


def _known_from(exchange: ExchangeSessions) -> datetime:
    """Return the first moment of the first known day."""
    return datetime.combine(exchange.first, time(0), ZoneInfo(exchange.time_zone)).astimezone(UTC)


def _known_to(exchange: ExchangeSessions) -> datetime:
    """Return the first moment after the last known day."""
    return datetime.combine(exchange.last + timedelta(days=1), time(0), ZoneInfo(exchange.time_zone)).astimezone(UTC)


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _moment(instant: np.datetime64) -> datetime:
    return datetime.fromisoformat(str(instant.astype("datetime64[us]"))).replace(tzinfo=UTC)


def _utc_text(at: datetime) -> str:
    seconds = "seconds" if at.second or at.microsecond else "minutes"
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=seconds)}Z"
