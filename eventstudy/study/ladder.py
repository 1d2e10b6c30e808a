"""The ladder for a security without an estimation window: every rung on its own, or the reason why it is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from eventstudy.abnormal import abnormal_returns
from eventstudy.calendars import to_date
from eventstudy.facts import fact
from eventstudy.inference.ranks import rank_test
from eventstudy.intervals import interval
from eventstudy.kernel.cases import Case, align
from eventstudy.models import MARKET_MODEL
from eventstudy.models.prior import PeerPrior, peer_prior, predictive, too_few_peers
from eventstudy.results import ExclusionRecord, LadderRecord, Rung
from eventstudy.returns import TradeReturns, trade_returns
from eventstudy.study.alternatives import base_designs
from eventstudy.study.cases import Design, build_case
from eventstudy.study.levels import mean_level, placed, returns_over
from eventstudy.study.setting import Setting
from eventstudy.study.ways import Floats
from eventstudy.windows import Window

FIRST_SESSIONS = 20
"""Sessions after a listing that a later estimation window leaves out: its volatility wears off slowly."""


Found = Iterator[LadderRecord | ExclusionRecord]


@dataclass(frozen=True, slots=True, eq=False)
class _Day:
    """Day 0 of one event on one security that has no market model."""

    setting: Setting
    design: Design
    case: Case

    @property
    def row(self) -> int:
        return self.case.day0

    @property
    def benchmark(self) -> str:
        return str(self.design.benchmark)

    @property
    def value(self) -> float:
        return float(self.case.values[self.row])

    @property
    def market(self) -> Floats:
        return self.case.factors["benchmark"]

    def other(self, symbol: str) -> tuple[TradeReturns, Floats]:
        """Another share's returns on the same sessions, and the benchmark's over their spans."""
        setting = self.setting
        values = placed(setting.levels[symbol], self.case.sessions)
        trade = trade_returns(self.case.sessions, values, setting.spec.returns)
        return trade, returns_over(setting.levels[self.benchmark], trade, setting.spec.returns)

    def record(self, rung: Rung, estimate: float, **more: Any) -> LadderRecord:
        flags = self.setting.ledger.flags(self.design.subject, [self.design.day0], of_event=self.design.event.id)
        return LadderRecord(
            event_id=self.design.event.id,
            security=self.design.subject,
            rung=rung,
            session=self.design.day0,
            relative_day=0,
            estimate=estimate,
            flags=tuple(sorted({*flags, "short_history", *more.pop("flags", ())})),
            **{"benchmark": self.benchmark, **more},
        )

    def refused(self, rung: Rung, code: str, /, **values: Any) -> ExclusionRecord:
        subject = self.design.subject
        told = fact(code, **{"security": subject, **values})
        return ExclusionRecord.of(fact("rung", rung=rung), told, event_id=self.design.event.id, security=subject)


def ladder_records(setting: Setting) -> Found:
    """The `ladder` list: every tested event on a security that has a return on day 0 and too few before it."""
    for design in base_designs(setting):
        case = build_case(design, setting.series)
        panel = align([case], estimation=setting.spec.windows.estimation, event=Window(0, 0))
        day = _Day(setting, design, case)
        if panel.observed.sum() < setting.spec.windows.min_estimation and np.isfinite(day.value - day.market[day.row]):
            for rung in (_market_adjusted, _peer_adjusted, _age_matched, _peer_prior, _post_event, _same_day_rank):
                yield from rung(day)


def _market_adjusted(day: _Day) -> Found:
    """R - R_m against every benchmark: no parameter, no standard error."""
    series = day.setting.series[day.design.subject]
    for name, returns in series.benchmarks.items():
        expected = float(returns[day.row])
        if np.isfinite(expected):
            yield day.record("market_adjusted", day.value - expected, benchmark=name, expected=expected)


def _peer_adjusted(day: _Day) -> Found:
    """R less the mean return of peers: of the untouched ones, and of those that the news may move too."""
    spec = day.setting.spec
    security = spec.securities[day.design.subject]
    if not security.peers:
        yield day.refused("peer_adjusted", "no_peers.named")
    for touched in (False, True):
        names = tuple(name for name in security.peers if spec.touched(name) is touched)
        if not names:
            continue
        level = mean_level([day.setting.levels[name] for name in names], security.exchange, day.case.sessions)
        expected = float(returns_over(level, day.setting.series[day.design.subject].trade, spec.returns)[day.row])
        if np.isfinite(expected):
            yield day.record(
                "peer_adjusted",
                day.value - expected,
                benchmark=None,
                expected=expected,
                comparators=names,
                flags=("touched_peers",) if touched else (),
            )
        else:
            yield day.refused("peer_adjusted", "peers_missing", peers=names)


def _age_matched(day: _Day) -> Found:
    """Market-adjusted returns of earlier listings in the session of the same age since their own listing."""
    spec = day.setting.spec
    security = spec.securities[day.design.subject]
    if security.listed is None or not security.earlier_listings:
        yield day.refused("age_matched_placebo", "no_earlier_listings")
        return
    age = day.row - _position(day, security.listed)
    values, missing = {}, []
    for name in security.earlier_listings:
        listed = {**spec.securities, **spec.peers}[name].listed
        row = _position(day, listed) + age  # type: ignore[arg-type]
        trade, market = day.other(name) if name in day.setting.levels else (None, day.market)
        if trade is not None and trade.span[row] == 1 and np.isfinite(market[row]):
            values[name] = float(trade.values[row] - market[row])
        else:
            before, session = (to_date(day.case.sessions[place]) for place in (row - 1, row))
            missing.append({"security": name, "before": before, "session": session})
    needed = int(np.ceil(1.0 / spec.level)) - 1
    if not values:
        yield day.refused(
            "age_matched_placebo",
            "no_prices_of_earlier_listings",
            age=age + 1,
            missing=missing,
            benchmark=day.benchmark,
            needed=needed,
            level=spec.level,
            named=len(missing),
        )
        return
    expected = float(day.market[day.row])
    yield _ranked(day, "age_matched_placebo", day.value - expected, values, expected=expected)
    if missing:
        told = {"n": len(missing), "total": len(missing) + len(values), "missing": missing}
        yield day.refused("age_matched_placebo", "some_earlier_listings_missing", **told)


def _position(day: _Day, session: date) -> int:
    return int(np.searchsorted(day.case.sessions, np.datetime64(session)))


def _ranked(day: _Day, rung: Rung, estimate: float, values: dict[str, float], **more: Any) -> LadderRecord:
    others = np.array(list(values.values()))
    test = rank_test(estimate, others, name=rung, null="the security's day is like the comparators'")
    return day.record(
        rung,
        estimate,
        pvalue=test.pvalue,
        rank=None if test.statistic is None else int(test.statistic),
        smallest_pvalue=1.0 / (others.size + 1),
        comparators=tuple(values),
        **more,
    )


def _peer_prior(day: _Day) -> Found:
    """The predictive distribution that peers' market models and the security's own few returns allow."""
    security = day.setting.spec.securities[day.design.subject]
    fits = {name: fit for name in security.peers if (fit := _peer_fit(day, name)) is not None}
    if reason := too_few_peers(len(fits), 2):
        yield day.refused("peer_prior", "too_few_peers", why=reason)
        return
    prior = peer_prior(*(np.array(part) for part in zip(*fits.values(), strict=True)), names=("alpha", "beta"))
    own = np.flatnonzero((day.case.span == 1) & np.isfinite(day.market))
    own = own[own < day.row]
    span = int(day.case.span[day.row])
    found = predictive(
        prior,
        day.case.values[own],
        np.column_stack([np.ones(own.size), day.market[own]]),
        np.array([span, day.market[day.row]]),
        span=span,
    )
    low, high = found.interval(day.setting.spec.confidence)
    yield day.record(
        "peer_prior",
        day.value - found.mean,
        expected=found.mean,
        std_error=found.sd,
        pvalue=found.pvalue(day.value),
        ci_low=day.value - high,
        ci_high=day.value - low,
        comparators=tuple(fits),
        prior=_told(prior, own.size),
    )


def _told(prior: PeerPrior, own: int) -> dict[str, float]:
    spread = np.sqrt(np.diag(prior.covariance))
    return {
        "alpha": float(prior.mean[0]),
        "alpha_sd": float(spread[0]),
        "beta": float(prior.mean[1]),
        "beta_sd": float(spread[1]),
        "sigma_median": float(np.exp(prior.log_sigma_mean)),
        "log_sigma_sd": prior.log_sigma_sd,
        "peers": float(prior.n_peers),
        "own_returns": float(own),
    }


def _peer_fit(day: _Day, name: str) -> tuple[Floats, Floats, float] | None:
    """A peer's market model over the study's estimation window: parameters, their covariance, sigma."""
    trade, market = day.other(name)
    spec, case = day.setting.spec, day.case
    rows = np.arange(case.anchor + spec.windows.estimation.first, case.anchor + spec.windows.estimation.last + 1)
    rows = rows[(trade.span[rows] == 1) & np.isfinite(market[rows])]
    if rows.size < spec.windows.min_estimation:
        return None
    x = np.column_stack([np.ones(rows.size), market[rows]])
    params, squares, *_ = np.linalg.lstsq(x, trade.values[rows], rcond=None)
    sigma = float(np.sqrt(squares[0] / (rows.size - 2)))
    return params, sigma**2 * np.linalg.inv(x.T @ x), sigma


def _post_event(day: _Day) -> Found:
    """A market model on sessions after the event, the first ones after the listing left out: it looks ahead."""
    spec, case = day.setting.spec, day.case
    window, least = spec.windows.event, spec.windows.min_estimation
    listed = spec.securities[day.design.subject].listed
    first = max(case.day0 + window.last + 1, _position(day, listed) + FIRST_SESSIONS if listed else 0)
    known = np.flatnonzero((case.span == 1) & np.isfinite(day.market))
    rows = known[known >= first][: spec.windows.estimation.size]
    if rows.size < least:
        told = {"nobs": rows.size, "least": least, "begin": to_date(case.sessions[first])}
        if known.size:
            end = to_date(case.sessions[known[-1]])
            yield day.refused("post_event_window", "post_event_too_short.until", **told, end=end)
        else:
            yield day.refused("post_event_window", "post_event_too_short.no_prices", **told)
        return
    estimation = Window(int(rows[0]) - case.anchor, int(rows[-1]) - case.anchor)
    panel = align([case], estimation=estimation, event=Window(0, 0))
    ar = abnormal_returns(panel, fit := MARKET_MODEL.fit(panel))
    low, high = interval(ar.value[0, 0], ar.std_error[0, 0], ar.df[0, 0], spec.confidence)
    yield day.record(
        "post_event_window",
        float(ar.value[0, 0]),
        expected=float(fit.expected[0, 0]),
        std_error=float(ar.std_error[0, 0]),
        df=float(ar.df[0, 0]),
        pvalue=float(ar.pvalue[0, 0]),
        ci_low=float(low),
        ci_high=float(high),
        flags=("look_ahead",),
    )


def _same_day_rank(day: _Day) -> Found:
    """Rank of the market-adjusted return among those of untouched peers on the same session."""
    spec = day.setting.spec
    peers = [name for name in spec.securities[day.design.subject].peers if not spec.touched(name)]
    values = {}
    for name in peers:
        trade, market = day.other(name)
        if trade.span[day.row] == 1 and np.isfinite(market[day.row]):
            values[name] = float(trade.values[day.row] - market[day.row])
    if not values:
        yield day.refused("same_day_rank", "no_peers.same_day", session=day.design.day0)
        return
    expected = float(day.market[day.row])
    yield _ranked(day, "same_day_rank", day.value - expected, values, expected=expected)
