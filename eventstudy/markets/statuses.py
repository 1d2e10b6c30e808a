"""Which rule held in each session of a security, and which sessions no limit applied to.

A security's status (special treatment, delisting arrangement period, relisted) changes with the date, so
each session has the rule of the status in force on that day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Days, Mask
from eventstudy.errors import InputError, PriceError, SessionRangeError
from eventstudy.facts import fact
from eventstudy.markets.rules import LimitRule, StatusName, limit_rule, load_rules

FROM_LISTING = ("none", "st")
"""Statuses whose sessions without limit are counted from the listing; the others from their own first day."""


@dataclass(frozen=True, slots=True)
class Status:
    """A period in which a security had a status with price-limit rules of its own.

    Attributes
    ----------
    status : str
        ``st``, ``delisting`` or ``relisted``.
    first, last : date or None
        First and last day, both included; without `last` the security still has it.
    """

    status: StatusName
    first: date
    last: date | None = None


class SessionRules(NamedTuple):
    """The rule of each of n sessions: ``rules[rule_of[i]]``, with `rule_of` of shape (n,)."""

    rules: tuple[LimitRule, ...]
    rule_of: NDArray[np.intp]


def session_rules(
    board: str,
    sessions: Days,
    statuses: Sequence[Status] = (),
    *,
    rules: Sequence[LimitRule] | None = None,
) -> SessionRules:
    """Find the rule of every session, by the status in force on that day.

    Parameters
    ----------
    board : str
        A board of the table.
    sessions : array of datetime64[D], shape (n,)
        The sessions, in any order.
    statuses : sequence of Status
        Periods that do not overlap; outside them the status is ``none``.
    rules : sequence of LimitRule, optional
        Another table than the packaged one.

    Raises
    ------
    OptionError, InputError
        As `limit_rule` does; also for status periods that overlap, end before they begin or have an
        unknown status.
    """
    labels = sessions.astype("datetime64[D]")
    index = np.full(labels.shape, -1, dtype=np.intp)
    found: list[LimitRule] = []
    for status, _, inside in _spells(labels, statuses):
        while (open_ := inside & (index < 0)).any():
            rule = limit_rule(board, labels[open_][0].item(), status, rules=rules)
            index[inside & (labels >= np.datetime64(rule.begin)) & (labels <= np.datetime64(rule.end))] = len(found)
            found.append(rule)
    return SessionRules(tuple(found), index)


def trading_days(sessions: Days, listed: date, exchange_sessions: Days) -> NDArray[np.intp]:
    """Count each session of a security from its listing, the listing day being 1.

    Parameters
    ----------
    sessions : array of datetime64[D], shape (n,)
        Sessions of the security.
    listed : date
        Its first day of trading.
    exchange_sessions : array of datetime64[D], shape (m,)
        All known sessions of the exchange, in order. Where the listing is older than these, the numbers
        are counted from the first known session and are too low.

    Raises
    ------
    PriceError
        Where a session lies before the listing.
    SessionRangeError
        Where a session lies outside the known sessions of the exchange.
    """
    if not len(sessions):
        return np.zeros(0, dtype=np.intp)
    if sessions.min() < np.datetime64(listed):
        raise PriceError(fact("limits.before_listing", session=sessions.min(), listed=listed))
    first, last = exchange_sessions[0], exchange_sessions[-1]
    if sessions.min() < first or sessions.max() > last:
        raise SessionRangeError(
            f"the exchange's sessions are given from {first} to {last}, the prices from {sessions.min()} to "
            f"{sessions.max()}; load sessions that cover the prices"
        )
    start = np.searchsorted(exchange_sessions, np.datetime64(listed))
    return np.searchsorted(exchange_sessions, sessions) - start + 1


def sessions_without_limit(
    sessions: Days,
    *,
    board: str,
    listed: date,
    exchange_sessions: Days,
    statuses: Sequence[Status] = (),
    rules: Sequence[LimitRule] | None = None,
) -> Mask:
    """Flag the first sessions after a listing, of a delisting period or after a relisting that had no limit.

    How many there are is said by the rule in force on the day that they are counted from: a share listed
    under an old rule keeps the old number when the rule changes a day later. A listing or status older than
    the first rule on record has none: no rule says that it had any.

    Parameters
    ----------
    sessions : array of datetime64[D], shape (n,)
        Sessions of the security.
    board : str
        A board of the table.
    listed : date
        First day of trading.
    exchange_sessions : array of datetime64[D], shape (m,)
        All known sessions of the exchange. Sessions are counted on the exchange, whether or not the security
        traded in them.
    statuses, rules
        As in `session_rules`.

    Returns
    -------
    array of bool, shape (n,)

    Raises
    ------
    InputError, PriceError, SessionRangeError
        As `trading_days` and `session_rules` do; `SessionRangeError` also where the listing or the status is
        older than the known sessions and the first sessions cannot be told.
    """
    labels = sessions.astype("datetime64[D]")
    trading_days(labels, listed, exchange_sessions)
    free = np.zeros(labels.shape, dtype=bool)
    for status, first, inside in _spells(labels, statuses):
        if not inside.any():
            continue
        if first is None or status in FROM_LISTING:
            count = _free_at(board, listed, _status_on(listed, statuses), rules)
            free[inside] = _within(labels[inside], listed, count, exchange_sessions, "listing on")
        else:
            count = _free_at(board, first, status, rules)
            free[inside] = _within(labels[inside], first, count, exchange_sessions, f"status {status} of")
    return free


def _spells(labels: Days, statuses: Sequence[Status]) -> Iterator[tuple[StatusName, date | None, Mask]]:
    """Give each status with its first day and the sessions in it; ``none``, without a day, comes last."""
    rest = np.ones(labels.shape, dtype=bool)
    for spell in _in_order(statuses):
        inside = (labels >= np.datetime64(spell.first)) & (labels <= np.datetime64(spell.last or date.max))
        rest &= ~inside
        yield spell.status, spell.first, inside
    yield "none", None, rest


def _in_order(statuses: Sequence[Status]) -> list[Status]:
    allowed = get_args(StatusName)[1:]
    for spell in statuses:
        if spell.status not in allowed:
            raise InputError(f"{spell.status!r} is not a status with a period; allowed: {', '.join(allowed)}")
        if spell.last is not None and spell.last < spell.first:
            raise InputError(f"the status {spell.status} ends on {spell.last}, before it begins on {spell.first}")
    ordered = sorted(statuses, key=lambda spell: spell.first)
    for one, two in pairwise(ordered):
        if one.last is None or two.first <= one.last:
            raise InputError(
                f"the status {two.status} from {two.first} begins before the status {one.status} from {one.first} "
                "has ended; a security has one status at a time"
            )
    return ordered


def _status_on(day: date, statuses: Sequence[Status]) -> StatusName:
    for spell in statuses:
        if spell.first <= day <= (spell.last or date.max):
            return spell.status
    return "none"


def _free_at(board: str, day: date, status: StatusName, rules: Sequence[LimitRule] | None) -> int:
    """Sessions without limit that begin on a day; 0 where no rule was in force on it."""
    for rule in load_rules() if rules is None else rules:
        if (rule.board, rule.status) == (board, status) and rule.covers(day):
            return rule.no_limit_sessions
    return 0


def _within(sessions: Days, first: date, count: int, exchange_sessions: Days, what: str) -> Mask:
    """Flag the first sessions from a day on, or refuse where that day lies before the known sessions."""
    start = np.searchsorted(exchange_sessions, np.datetime64(first))
    numbers = np.searchsorted(exchange_sessions, sessions) - start + 1
    if np.datetime64(first) < exchange_sessions[0] and numbers.min() <= count:
        raise SessionRangeError(
            f"the {what} {first} lies before the first known session, {exchange_sessions[0]}, so the first "
            f"{count} sessions after it cannot be told; load earlier sessions or leave out the earliest prices"
        )
    return numbers <= count
