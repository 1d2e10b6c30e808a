"""Each security's returns on its exchange's sessions, with every benchmark over the same spans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventstudy.returns import TradeReturns, trade_returns
from eventstudy.spec import StudySpec
from eventstudy.study.levels import Level, returns_over

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class SecuritySeries:
    """A security's returns and its benchmarks' returns over the same spans, all (S,) on its exchange's sessions.

    `at_limit` is -1 on sessions that closed at the lower price limit, 1 at the upper, else 0.
    """

    symbol: str
    exchange: str
    trade: TradeReturns
    benchmarks: Mapping[str, Floats]
    at_limit: Ints

    @property
    def sessions(self) -> Days:
        return self.trade.sessions

    @property
    def traded(self) -> NDArray[np.bool_]:
        """(S,) whether the security traded."""
        found: NDArray[np.bool_] = np.isfinite(self.trade.level)
        return found

    def position(self, session: object) -> int:
        """Position of a session among the exchange's sessions."""
        return int(np.searchsorted(self.sessions, np.datetime64(str(session), "D")))


def study_series(
    spec: StudySpec, levels: Mapping[str, Level], at_limit: Mapping[str, Ints]
) -> dict[str, SecuritySeries]:
    """Returns of every security of the study, of the study's return kind."""
    return {symbol: _series(spec, symbol, levels, at_limit[symbol]) for symbol in spec.securities}


def _series(spec: StudySpec, symbol: str, levels: Mapping[str, Level], at_limit: Ints) -> SecuritySeries:
    security = spec.securities[symbol]
    own = levels[symbol]
    trade = trade_returns(own.sessions, own.values, spec.returns)
    benchmarks = {name: returns_over(levels[name], trade, spec.returns) for name in security.benchmarks}
    return SecuritySeries(symbol, security.exchange, trade, benchmarks, at_limit)
