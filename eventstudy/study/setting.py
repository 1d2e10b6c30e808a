"""What a study works on, made once: levels, returns, limits, sessions of events, the ledger of firm-days."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from eventstudy.calendars import ExchangeSessions
from eventstudy.errors import OptionError, PriceError
from eventstudy.facts import fact
from eventstudy.inference import TESTS, Test
from eventstudy.models import MARKET, MODELS, ChosenModel, Model, choose
from eventstudy.options import shown
from eventstudy.prices import PricePanel
from eventstudy.spec import Choice, StudySpec
from eventstudy.study.ledger import Ledger, build_ledger
from eventstudy.study.levels import Level, study_levels
from eventstudy.study.limits import LimitStates, limit_states
from eventstudy.study.series import SecuritySeries, require_units, study_series
from eventstudy.study.timing import Timed, open_exchanges, require_ex_dates, require_inside, time_events


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A specification and prices, brought onto the sessions of the exchanges.

    Attributes
    ----------
    spec, prices
        What was given, the specification without comparisons that have no prices (`with_prices`).
    exchanges : mapping of exchange
        Their sessions.
    timed : tuple of Timed
        Every event with a session, on every security that it touches.
    levels : mapping of symbol
        Total-return levels of securities, benchmarks and peers.
    models : mapping of str
        The study's models by name, with their options, in order; then those that it varies its choices with.
    series : mapping of security
        Returns, and benchmarks over the same spans.
    limits : LimitStates
        How sessions stood to price limits.
    ledger : Ledger
        What happened on each firm-day.
    """

    spec: StudySpec
    prices: PricePanel
    exchanges: Mapping[str, ExchangeSessions]
    timed: tuple[Timed, ...]
    levels: Mapping[str, Level]
    models: Mapping[str, ChosenModel]
    series: Mapping[str, SecuritySeries]
    limits: LimitStates
    ledger: Ledger

    @property
    def main_models(self) -> tuple[ChosenModel, ...]:
        """The models that the study names, in order."""
        return tuple(self.models[name] for name in self.spec.model_names)


def with_prices(spec: StudySpec, prices: PricePanel) -> StudySpec:
    """The specification without the peers that have no prices, and without foreign means of them.

    Earlier listings stay: what is missing of them is said one by one.
    """
    gone = {symbol for symbol in spec.peers if symbol not in prices}
    broken = {name for name, benchmark in spec.benchmarks.items() if gone.intersection(benchmark.members)}
    if not gone:
        return spec
    securities = {
        symbol: security.model_copy(
            update={
                "peers": tuple(name for name in security.peers if name not in gone),
                "foreign": tuple(name for name in security.foreign if name not in broken),
            }
        )
        for symbol, security in spec.securities.items()
    }
    return spec.model_copy(update={"securities": securities})


def _require_some_inside(timed: Sequence[Timed], ledger: Ledger) -> None:
    """Refuse prices that hold day 0 of no tested event."""
    tested = [item for item in timed if item.event.role == "tested"]
    ends = ledger.first_trades, ledger.last_trades
    outside = [item for item in tested if not ends[0][item.security] <= item.day0 <= ends[1][item.security]]
    if tested and len(outside) == len(tested):
        one = outside[0]
        first, last = (end[one.security] for end in ends)
        told = {"event": one.event.id, "security": one.security, "session": one.day0, "first": first, "last": last}
        raise PriceError(fact("events_outside_prices", n=len({item.event.id for item in tested}), **told))


def _require_new(what: str, names: Sequence[str], taken: Collection[str]) -> None:
    """Refuse names of the caller's own that stand for something else already."""
    if twice := next((name for name in names if name in taken or names.count(name) > 1), None):
        raise OptionError(fact("option.taken", name=what, given=shown(twice)))


def build_setting(
    spec: StudySpec, prices: PricePanel, own: Sequence[Model] = (), tests: Sequence[Test] = ()
) -> Setting:
    """Bring a specification and prices together; models and tests of the caller's `own` come after the study's.

    Raises
    ------
    SessionRangeError
        Where an event or one of its windows lies outside the known sessions of an exchange.
    InputError
        Where an ex-date is no session of its exchange.
    PriceError
        Where the prices cannot be used, or hold no session of any tested event.
    """
    spec = with_prices(spec, prices)
    _require_new("models", [model.name for model in own], MODELS)
    _require_new("tests", [test.name for test in tests], TESTS)
    added = {
        name: (*getattr(spec, name), *(Choice(name=row.name, title=row.title, title_zh=row.title_zh) for row in rows))
        for name, rows in (("models", own), ("tests", tests))
    }
    spec = spec.model_copy(update=added)
    rows = {model.name: model for model in own}
    models = {one.name: choose(rows.get(one.name, one.name), one.options) for one in spec.models}
    models |= {name: choose(rows.get(name, name)) for name in (*spec.robustness.models, MARKET) if name not in models}
    exchanges = open_exchanges(spec)
    require_inside(spec, exchanges)
    require_ex_dates(spec, exchanges)
    timed = time_events(spec, exchanges)
    levels = study_levels(spec, prices, exchanges)
    limits = limit_states(spec, prices, exchanges)
    sessions = {symbol: levels[symbol].sessions for symbol in spec.securities}
    at_limit = {symbol: limits.at_limit(symbol, sessions[symbol]) for symbol in sessions}
    series = study_series(spec, levels, at_limit, models.values())
    ledger = build_ledger(spec, prices, exchanges, timed, series, limits)
    require_units(spec, series)
    _require_some_inside(timed, ledger)
    return Setting(spec, prices, exchanges, timed, levels, models, series, limits, ledger)
