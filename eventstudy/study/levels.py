"""Total-return levels of everything that a study has prices of, and of the means that it makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from eventstudy.calendars import ExchangeSessions
from eventstudy.errors import InputError
from eventstudy.prices import PricePanel
from eventstudy.returns import (
    TradeReturns,
    leave_out,
    on_sessions,
    over_same_span,
    total_return_level,
    trade_returns,
)
from eventstudy.spec import Instrument, ReturnKind, StudySpec

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Total-return index of one instrument, (S,) on its exchange's sessions; NaN where it has no price.

    `at_open` is the same index at each session's open, None where no opens are recorded.
    """

    exchange: str
    sessions: Days
    values: Floats
    at_open: Floats | None = None


def study_levels(spec: StudySpec, prices: PricePanel, exchanges: Mapping[str, ExchangeSessions]) -> dict[str, Level]:
    """Levels of securities, benchmarks and peers, and of benchmarks that are means of peers."""
    securities = spec.securities.values()
    mains = {name for security in securities for name in security.benchmarks}
    needed = {member for name in mains for member in spec.benchmarks[name].members}
    levels = {
        symbol: _priced(instrument, symbol, prices, exchanges[instrument.exchange].sessions)
        for symbol, instrument in spec.instruments.items()
        if symbol in prices or symbol not in spec.peers or symbol in needed
    }
    used = mains.union(*(security.foreign for security in securities))
    for name, benchmark in spec.benchmarks.items():
        if benchmark.members and name in used:
            members = [levels[member] for member in benchmark.members]
            levels[name] = mean_level(members, benchmark.exchange, exchanges[benchmark.exchange].sessions)
    return levels


def _priced(instrument: Instrument, symbol: str, prices: PricePanel, sessions: Days) -> Level:
    series = prices[symbol]
    dividends = {paid.ex_date: paid.amount for paid in instrument.dividends}
    own = total_return_level(series, dividends, instrument.split_factors)
    at_open = None
    if series.open is not None and series.close is not None:
        at_open = on_sessions(sessions, series.sessions, own * series.open / series.close)
    return Level(instrument.exchange, sessions, on_sessions(sessions, series.sessions, own), at_open)


def placed(level: Level, sessions: Days) -> Floats:
    """(S,) values of a level on another exchange's sessions of the same calendar."""
    return level.values if level.sessions is sessions else on_sessions(sessions, level.sessions, level.values)


def returns_over(level: Level, trade: TradeReturns, kind: ReturnKind) -> Floats:
    """(S,) returns of a level over the same spans as a security's, on that security's sessions."""
    return over_same_span(placed(level, trade.sessions), trade.span, kind)


def mean_level(members: Sequence[Level], exchange: str, sessions: Days) -> Level:
    """Level of the equal-weighted mean of shares' returns, balanced anew each session.

    A share without a one-session return (halted, or first after a halt) is left out of that session's mean. The level
    begins where every member has begun; it is NaN where no member has a one-session return.
    """
    returns = np.array([one_session_returns(Level(exchange, sessions, placed(one, sessions))) for one in members])
    known = np.isfinite(returns)
    begun = np.logical_or.accumulate(known, axis=1).all(axis=0)
    usable = begun & known.any(axis=0)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(usable, np.where(known, returns, 0.0).sum(axis=0) / count, 0.0)
    values = np.where(usable, np.cumprod(1.0 + mean), np.nan)
    if usable.any() and (first := int(usable.argmax())) > 0:
        values[first - 1] = 1.0
    return Level(exchange, sessions, values)


def one_session_returns(level: Level) -> Floats:
    """(S,) simple returns between neighbouring sessions with prices; NaN elsewhere."""
    trade = trade_returns(level.sessions, level.values, "simple")
    return np.where(trade.span == 1, trade.values, np.nan)


def without(level: Level, members: Mapping[str, Level], weights: Mapping[str, float], session: date) -> Level:
    """The level of an index without some of its members, whose weights are those at the close of one session.

    Parameters
    ----------
    level : Level
        The index.
    members, weights
        The members to leave out, by symbol, and their weights.
    session : date
        The session of the weights.

    Raises
    ------
    InputError
        Where the index or one of the members has no return on that day.
    """
    names = list(weights)
    parts = np.array([_held_returns(level.sessions, placed(members[name], level.sessions)) for name in names])
    returns = one_session_returns(level)
    usable = np.isfinite(returns) & np.isfinite(parts).all(axis=0)
    stated = usable & (level.sessions == np.datetime64(session))
    if not stated.any():
        raise InputError(
            f"weights of {', '.join(names)} in an index are stated for {session}, on which the index or one of them "
            "has no return; state them for a session inside the prices"
        )
    position = int(stated.argmax())
    first, last = _run_around(np.flatnonzero(usable), position)
    rest = leave_out(
        returns[first : last + 1],
        parts[:, first : last + 1],
        np.array([weights[name] for name in names]),
        position - first,
        kind="simple",
    )
    values = np.full(level.values.size, np.nan)
    values[first - 1] = 1.0
    values[first : last + 1] = np.cumprod(1.0 + rest)
    return Level(level.exchange, level.sessions, values)


def _held_returns(sessions: Days, values: Floats) -> Floats:
    """Returns of a share as an index holds it: zero while it is halted, the whole move when it trades again."""
    trade = trade_returns(sessions, values, "simple")
    begun = np.logical_or.accumulate(np.isfinite(values))
    ended = np.logical_or.accumulate(np.isfinite(values)[::-1])[::-1]
    return np.where(np.isfinite(trade.values), trade.values, np.where(begun & ended, 0.0, np.nan))


def _run_around(positions: NDArray[np.intp], position: int) -> tuple[int, int]:
    """First and last of the unbroken run of positions that holds one of them."""
    found = np.searchsorted(positions, position)
    breaks = np.flatnonzero(np.diff(positions) != 1)
    starts, ends = np.r_[0, breaks + 1], np.r_[breaks, positions.size - 1]
    run = np.searchsorted(starts, found, side="right") - 1
    return int(positions[starts[run]]), int(positions[ends[run]])
