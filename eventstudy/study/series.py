"""Each security's returns on its exchange's sessions, with every benchmark over the same spans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventstudy.calendars import ExchangeSessions
from eventstudy.prices import PricePanel
from eventstudy.returns import TradeReturns, on_sessions, over_same_span, total_return_level, trade_returns
from eventstudy.spec import Instrument, StudySpec

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class SecuritySeries:
    """A security's returns and its benchmarks' returns over the same spans, all (S,) on its exchange's sessions."""

    symbol: str
    exchange: str
    trade: TradeReturns
    benchmarks: Mapping[str, Floats]

    @property
    def sessions(self) -> Days:
        return self.trade.sessions

    def position(self, session: object) -> int:
        """Position of a session among the exchange's sessions."""
        return int(np.searchsorted(self.sessions, np.datetime64(str(session), "D")))


def study_series(
    spec: StudySpec, prices: PricePanel, exchanges: Mapping[str, ExchangeSessions]
) -> dict[str, SecuritySeries]:
    """Returns of every security of the study, of the study's return kind."""
    levels = {symbol: _level(instrument, symbol, prices) for symbol, instrument in spec.instruments.items()}
    return {
        symbol: _series(spec, symbol, prices, levels, exchanges[security.exchange].sessions)
        for symbol, security in spec.securities.items()
    }


def _level(instrument: Instrument, symbol: str, prices: PricePanel) -> Floats:
    return total_return_level(prices[symbol], {paid.ex_date: paid.amount for paid in instrument.dividends})


def _series(
    spec: StudySpec, symbol: str, prices: PricePanel, levels: Mapping[str, Floats], sessions: Days
) -> SecuritySeries:
    security = spec.securities[symbol]
    placed = on_sessions(sessions, prices[symbol].sessions, levels[symbol])
    trade = trade_returns(sessions, placed, spec.returns)
    benchmarks = {
        name: over_same_span(on_sessions(sessions, prices[name].sessions, levels[name]), trade.span, spec.returns)
        for name in security.benchmarks
    }
    return SecuritySeries(symbol, security.exchange, trade, benchmarks)
