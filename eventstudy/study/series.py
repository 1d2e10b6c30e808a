"""Each security's returns on its exchange's sessions, with every benchmark over the same spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from eventstudy.errors import InputError, PriceError
from eventstudy.facts import fact
from eventstudy.gate.values import check_scale, check_values
from eventstudy.models import ChosenModel
from eventstudy.returns import TradeReturns, trade_returns
from eventstudy.spec import StudySpec
from eventstudy.study.levels import Level, placed, returns_over

UNITS = {"gate.scale.large": "units.large", "gate.scale.apart": "units.apart"}
"""Code of the gate to that of the sentence which says what a study file may state."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class SecuritySeries:
    """A security's returns and its benchmarks' returns over the same spans, all (S,) on its exchange's sessions.

    `factors` and `peers` are the returns of those that the security names, over the same spans, and `shifted` the
    benchmarks' lags and leads, as ``name[-1]``; each only where a model of the study takes them. `at_limit` is -1 on
    sessions that closed at the lower price limit, 1 at the upper, else 0.
    """

    symbol: str
    exchange: str
    trade: TradeReturns
    benchmarks: Mapping[str, Floats]
    at_limit: Ints
    factors: Mapping[str, Floats] = field(default_factory=dict)
    peers: Mapping[str, Floats] = field(default_factory=dict)
    shifted: Mapping[str, Floats] = field(default_factory=dict)

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
    spec: StudySpec, levels: Mapping[str, Level], at_limit: Mapping[str, Ints], models: Iterable[ChosenModel]
) -> dict[str, SecuritySeries]:
    """Returns of every security of the study, of the study's return kind, with what its models regress them on."""
    chosen = tuple(models)
    return {symbol: _series(spec, symbol, levels, at_limit[symbol], chosen) for symbol in spec.securities}


def require_units(spec: StudySpec, series: Mapping[str, SecuritySeries]) -> None:
    """Refuse returns whose units cannot be those of the others, or of decimal returns at all, unless they are accepted.

    Raises
    ------
    PriceError
        Codes ``units.large`` and ``units.apart`` with the medians, or that of an impossible return.
    """
    if "scale" in spec.prices.accept:
        return
    for symbol, one in series.items():
        simple = np.expm1 if spec.returns == "log" else np.asarray
        values, yardsticks = simple(one.trade.values)[None], {name: simple(of) for name, of in one.benchmarks.items()}
        try:
            check_values(values, one.sessions, [symbol], "returns")
            for name, other in yardsticks.items():
                check_values(other[None], one.sessions, [name], "benchmark")
            check_scale(values, [symbol], yardsticks)
        except InputError as error:
            told = error.fact
            raise PriceError(fact(UNITS[told.code], **told.values) if told and told.code in UNITS else told) from None


def _series(
    spec: StudySpec, symbol: str, levels: Mapping[str, Level], at_limit: Ints, models: Sequence[ChosenModel]
) -> SecuritySeries:
    security = spec.securities[symbol]
    own = levels[symbol]
    trade = trade_returns(own.sessions, own.values, spec.returns)

    def over(names: Iterable[str]) -> dict[str, Floats]:
        return {name: returns_over(levels[name], trade, spec.returns) for name in names if name in levels}

    needs = {model.row.needs for model in models}
    shifts = {shift for model in models for shift in (*range(-model.shifts[0], 0), *range(1, model.shifts[1] + 1))}
    return SecuritySeries(
        symbol,
        security.exchange,
        trade,
        over(security.benchmarks),
        at_limit,
        factors=over(security.factors if "factors" in needs else ()),
        peers=over(spec.untouched_peers(symbol) if "peers" in needs else ()),
        shifted={
            f"{name}[{shift:+d}]": returns_over(_moved(levels[name], own.sessions, shift), trade, spec.returns)
            for name in security.benchmarks
            for shift in sorted(shifts)
        },
    )


def _moved(level: Level, sessions: Days, shift: int) -> Level:
    """A level whose return on each session is that of the session `shift` later, earlier where negative."""
    values, moved = placed(level, sessions), np.full(sessions.size, np.nan)
    if shift < 0:
        moved[-shift:] = values[:shift]
    else:
        moved[:-shift] = values[shift:]
    return replace(level, sessions=sessions, values=moved, at_open=None)
