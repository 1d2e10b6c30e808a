"""What else happened on each firm-day: limits, halts, ex-dates, other events; and what the prices lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from eventstudy.calendars import ExchangeSessions, to_date
from eventstudy.claims import LimitDay
from eventstudy.facts import Fact, fact
from eventstudy.markets import Bars, LimitFlags
from eventstudy.prices import Finding, PricePanel, PriceSeries, check_prices, require_usable
from eventstudy.results import ExclusionRecord
from eventstudy.spec import Security, StudySpec
from eventstudy.study.cases import Design
from eventstudy.study.doubts import Doubt, Place, doubtful, doubts_of, misfits_of
from eventstudy.study.events import EventOn, Neighbours, neighbours
from eventstudy.study.limits import LimitStates
from eventstudy.study.series import SecuritySeries
from eventstudy.study.timing import Timed
from eventstudy.texts.flags import CONFOUNDED, flag

FirmDay = tuple[str, date]
ADJUSTMENT_STEP = 1e-5  # adjusted closes are rounded to about 1e-6 of themselves; smaller steps are that rounding


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Flags and known facts by firm-day.

    Attributes
    ----------
    spec : StudySpec
        The study.
    day_flags : mapping of (security, session) to set of flags
        Limits, first sessions after listing, suspensions and resumptions, ex-dates, prices beyond a limit.
    doubts : mapping of (security, benchmark or None) to tuple of Doubt
        What is suspicious in the returns of each security and its benchmarks, and adjusted closes that are none.
    timed : tuple of Timed
        Every event with a session, for `confounded:<event_id>`.
    neighbours : mapping of (event, security) to Neighbours
        Other events of the security that meet a tested event's windows.
    limit_days : mapping
        How sessions stood to the lower price limit, where that could be checked.
    findings : tuple of Finding
        What the price checks reported without refusing the prices.
    unchecked : mapping of security to Fact
        Why a security's price limits could not be checked, or do not fit its prices.
    unpriced : tuple of str
        Peers without prices.
    first_trades : mapping of security to date
        The first session with a price.
    last_trades : mapping of security to date
        The last session with a price.
    """

    spec: StudySpec
    day_flags: Mapping[FirmDay, frozenset[str]]
    doubts: Mapping[Place, tuple[Doubt, ...]]
    timed: tuple[Timed, ...]
    neighbours: Mapping[EventOn, Neighbours]
    limit_days: Mapping[FirmDay, LimitDay]
    findings: tuple[Finding, ...]
    unchecked: Mapping[str, Fact]
    unpriced: tuple[str, ...]
    first_trades: Mapping[str, date]
    last_trades: Mapping[str, date]

    def case_flags(self, design: Design, sessions: Sequence[date], estimation: Sequence[date]) -> set[str]:
        """Flags of a case over some sessions: of its members, its benchmark, and ``partial_session`` on its day 0."""
        found: set[str] = set()
        event, benchmark = design.event.id, design.benchmark
        for member in design.members:
            found |= self.flags(member, sessions, of_event=event, estimation=estimation, benchmark=benchmark)
            near = self.neighbours.get((event, member), Neighbours()).estimation
            if near and estimation:
                found.add(flag("event_in_estimation", n=len(near), other_events=",".join(near)))
        if design.partial and design.day0 in sessions:
            found.add("partial_session")
        if "scale" in self.spec.prices.accept:
            found.add("accepted_scale")
        return found

    def flags(
        self,
        security: str,
        sessions: Sequence[date],
        *,
        of_event: str | None,
        estimation: Sequence[date] = (),
        benchmark: str | None = None,
    ) -> set[str]:
        """Flags of some firm-days.

        Another event on one of them gives ``confounded:<event_id>``, a regime that does not hold alike on them and on
        both ends of the estimation window ``regime_break``. What is suspicious in the returns of the security or its
        benchmark, on them or in the estimation window, is flagged too.
        """
        found: set[str] = set()
        for session in sessions:
            found |= self.day_flags.get((security, session), frozenset())
        for name in dict.fromkeys((None, benchmark)):
            found.update(doubtful(self.doubts.get((security, name), ()), sessions, estimation))
        for item in self.timed:
            if item.security == security and item.event.id != of_event and item.event.role != "context":
                if of_event is None and item.event.role == "tested":
                    continue
                if any(item.touches(session) for session in sessions):
                    found.add(f"{CONFOUNDED}{item.event.id}")
        if self._crosses_regime(security, estimation, sessions):
            found.add("regime_break")
        return found

    def _crosses_regime(self, security: str, estimation: Sequence[date], sessions: Sequence[date]) -> bool:
        """Whether the model was estimated, wholly or in part, under another regime than some of the sessions."""
        ends = (estimation[0], estimation[-1]) if estimation else ()
        return any(
            len({regime.first <= day <= regime.last for day in (*ends, *sessions)}) > 1
            for regime in self.spec.regimes
            if security in regime.securities
        )

    def shortage(self, security: str, nobs: int, anchor: date) -> Fact:
        """Why an estimation window has too few observations."""
        short = {"security": security, "nobs": nobs, "least": self.spec.windows.min_estimation, "anchor": anchor}
        listed, begin = self.spec.securities[security].listed, self.first_trades[security]
        if listed is not None and listed >= begin:
            return fact("short_history", **short, listed=listed)
        return fact("too_few_observations", **short, begin=begin)

    def absence(self, members: Sequence[str], days: Sequence[date]) -> Fact:
        """Why event-window returns are missing."""
        security = next((name for name in members if any(not self._has_return(name, day) for day in days)), members[0])
        what = {"security": security, "n": len(days), "first": days[0], "last": days[-1]}
        listed, end = self.spec.securities[security].listed, self.last_trades[security]
        if listed is not None and days[0] <= listed:
            return fact("not_listed_yet", **what, listed=listed)
        if any("suspended" in self.day_flags.get((security, day), frozenset()) for day in days):
            return fact("suspended", **what)
        return fact("after_last_price", **what, end=end) if days[-1] > end else fact("no_price", **what)

    def _has_return(self, security: str, day: date) -> bool:
        return self.first_trades[security] < day <= self.last_trades[security]


def build_ledger(
    spec: StudySpec,
    prices: PricePanel,
    exchanges: Mapping[str, ExchangeSessions],
    timed: tuple[Timed, ...],
    series: Mapping[str, SecuritySeries],
    limits: LimitStates,
) -> Ledger:
    """Check the prices of every instrument and collect what is known of every firm-day.

    Raises
    ------
    PriceError
        Listing every fatal finding of every series.
    """
    findings = _checked(spec, prices, exchanges)
    misfits = misfits_of(findings)
    flags: dict[FirmDay, set[str]] = {}
    limit_days: dict[FirmDay, LimitDay] = {}
    for symbol, security in spec.securities.items():
        if symbol in limits.flags:
            _mark_limits(flags, limit_days, symbol, limits.bars[symbol], limits.flags[symbol])
        if security.dividends or symbol not in misfits:
            _mark(flags, symbol, "ex_dividend", _ex_dates(prices[symbol], security))
        _mark_halts(flags, symbol, series[symbol], security)
    traded = {symbol: prices[symbol].sessions for symbol in spec.securities}
    return Ledger(
        spec=spec,
        day_flags={place: frozenset(found) for place, found in flags.items()},
        doubts=doubts_of(spec, series, misfits),
        timed=timed,
        neighbours=neighbours(spec, timed, series),
        limit_days=limit_days,
        findings=findings,
        unchecked=limits.unchecked,
        unpriced=tuple(symbol for symbol in spec.peers if symbol not in prices),
        first_trades={symbol: to_date(days[0]) for symbol, days in traded.items()},
        last_trades={symbol: to_date(days[-1]) for symbol, days in traded.items()},
    )


def ledger_exclusions(ledger: Ledger) -> Iterator[ExclusionRecord]:
    """What the price checks reported, and events that daily prices cannot tell apart."""
    if "scale" in ledger.spec.prices.accept:
        yield ExclusionRecord.of(fact("prices"), fact("accepted.scale"))
    for finding in ledger.findings:
        yield ExclusionRecord.of(fact("prices"), finding.fact, security=finding.symbol)
    for symbol in ledger.unpriced:
        yield ExclusionRecord.of(fact("comparisons"), fact("peer_without_prices", security=symbol), security=symbol)
    for symbol, why in ledger.unchecked.items():
        yield ExclusionRecord.of(fact("price_limits"), why, security=symbol)
    for one, other in combinations(ledger.timed, 2):
        same = one.security == other.security and one.day0 == other.day0
        if same and one.event.role == other.event.role == "tested":
            yield ExclusionRecord.of(
                fact("separate_effects", event=one.event.id, other_event=other.event.id),
                fact("not_separately_identified", session=one.day0),
                event_id=one.event.id,
                security=one.security,
            )


def _checked(spec: StudySpec, prices: PricePanel, exchanges: Mapping[str, ExchangeSessions]) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    for symbol, instrument in spec.instruments.items():
        if symbol in spec.peers and symbol not in prices:
            continue
        findings.extend(
            check_prices(
                prices[symbol],
                sessions=exchanges[instrument.exchange].sessions,
                listed=instrument.listed if isinstance(instrument, Security) else None,
                suspensions=[(halt.first, halt.last) for halt in instrument.suspensions],
                splits=instrument.split_factors,
                dividends={paid.ex_date: paid.amount for paid in instrument.dividends},
            )
        )
    require_usable(findings)
    return tuple(findings)


def _mark(flags: dict[FirmDay, set[str]], symbol: str, name: str, days: Iterable[np.datetime64]) -> None:
    for day in days:
        flags.setdefault((symbol, to_date(day)), set()).add(name)


def _mark_limits(
    flags: dict[FirmDay, set[str]],
    limit_days: dict[FirmDay, LimitDay],
    symbol: str,
    bars: Bars,
    limits: LimitFlags,
) -> None:
    for name in ("limit_up", "limit_down", "no_limit_session"):
        _mark(flags, symbol, name, bars.sessions[getattr(limits, name)])
    for day in bars.sessions[limits.outside]:
        _mark(flags, symbol, flag("beyond_limit", session=to_date(day), security=symbol), [day])
    for row in np.flatnonzero(limits.bar_checked):
        limit_days[symbol, to_date(bars.sessions[row])] = LimitDay(
            opened_at_limit_down=bool(limits.opened_at_limit_down[row]), one_price=bool(limits.one_price[row])
        )


def _mark_halts(flags: dict[FirmDay, set[str]], symbol: str, series: SecuritySeries, security: Security) -> None:
    """`suspended` on missing sessions inside a documented halt, `resumed` on the first trade after a gap."""
    trade = series.trade
    halted = np.zeros(trade.sessions.size, dtype=bool)
    for halt in security.suspensions:
        halted |= (trade.sessions >= np.datetime64(halt.first)) & (trade.sessions <= np.datetime64(halt.last))
    _mark(flags, symbol, "suspended", trade.sessions[halted & ~np.isfinite(trade.level)])
    _mark(flags, symbol, "resumed", trade.sessions[trade.span > 1])


def _ex_dates(series: PriceSeries, security: Security) -> NDArray[np.datetime64]:
    """Ex-dates that the study states, or that a dividend-adjusted close shows."""
    if security.dividends or series.adj_close is None or series.close is None:
        return np.array([paid.ex_date for paid in security.dividends], dtype="datetime64[D]")
    ratio = series.adj_close / series.close
    stepped = np.abs(ratio[1:] / ratio[:-1] - 1.0) > ADJUSTMENT_STEP
    return series.sessions[1:][stepped]
