"""How each security's sessions stood to its price limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eventstudy.calendars import ExchangeSessions, to_date
from eventstudy.errors import PriceError
from eventstudy.exchanges import exchange
from eventstudy.facts import Fact, fact
from eventstudy.markets import Bars, LimitFlags, LimitRule, Status, load_rules, merged_rules, security_limit_flags
from eventstudy.prices import PricePanel, PriceSeries
from eventstudy.spec import Security, StudySpec


@dataclass(frozen=True, slots=True, eq=False)
class LimitStates:
    """Price-limit flags of every security whose prices they could be reckoned on.

    Attributes
    ----------
    bars, flags : mapping of security
        Unadjusted bars and their flags, on the security's own sessions.
    unchecked : mapping of security to Fact
        Why a security's price limits could not be checked, or do not fit its prices.
    """

    bars: Mapping[str, Bars]
    flags: Mapping[str, LimitFlags]
    unchecked: Mapping[str, Fact]

    def at_limit(self, symbol: str, sessions: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """(S,) -1 where the close is the lower limit price, 1 where it is the upper, else 0."""
        side = np.zeros(sessions.size, dtype=np.int64)
        if symbol in self.flags:
            flags = self.flags[symbol]
            place = np.searchsorted(sessions, self.bars[symbol].sessions)
            side[place] = flags.limit_up.astype(np.int64) - flags.limit_down
        return side


def limit_states(spec: StudySpec, prices: PricePanel, exchanges: Mapping[str, ExchangeSessions]) -> LimitStates:
    """Reckon the price limits of every security by the rules of its board."""
    rules = study_rules(spec)
    ruled = {rule.board for rule in rules}
    bars: dict[str, Bars] = {}
    flags: dict[str, LimitFlags] = {}
    unchecked: dict[str, Fact] = {}
    for symbol, security in spec.securities.items():
        if security.board not in ruled and not exchange(security.exchange).boards:
            unchecked[symbol] = fact("limits_not_checked.no_rules", security=symbol, exchange=security.exchange)
            continue
        if prices[symbol].close is None:
            unchecked[symbol] = fact("limits_not_checked.returns_only", security=symbol)
            continue
        own = _bars(prices[symbol])
        try:
            found = _limits(security, own, exchanges[security.exchange], rules)
        except PriceError as error:
            unchecked[symbol] = fact("limits_not_checked.because", security=symbol, why=error.fact)
        else:
            bars[symbol], flags[symbol] = own, found
            if found.outside.any():
                days = [to_date(day) for day in own.sessions[found.outside]]
                unchecked[symbol] = fact("limits_not_checked.beyond", security=symbol, sessions=days)
    return LimitStates(bars, flags, unchecked)


def study_rules(spec: StudySpec) -> tuple[LimitRule, ...]:
    """The packaged rules of markets, with those of the study's own file laid over them."""
    packaged = load_rules()
    return packaged if spec.market_rules is None else merged_rules(load_rules(Path(spec.market_rules)), packaged)


def _limits(security: Security, bars: Bars, exchange: ExchangeSessions, rules: tuple[LimitRule, ...]) -> LimitFlags:
    return security_limit_flags(
        bars,
        board=security.board or "",
        listed=security.listed or to_date(bars.sessions[0]),
        exchange_sessions=exchange.sessions,
        dividends={paid.ex_date: paid.amount for paid in security.dividends},
        splits=security.split_factors,
        statuses=[Status(period.status, period.first, period.last) for period in security.statuses],
        rules=rules,
    )


def _bars(series: PriceSeries) -> Bars:
    unknown = np.full(len(series), np.nan)
    columns = {name: series.columns.get(name, unknown) for name in ("open", "high", "low")}
    return Bars(sessions=series.sessions, close=series.column("close"), **columns)
