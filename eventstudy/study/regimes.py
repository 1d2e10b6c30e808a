"""Estimation windows inside a regime: before it, inside it with its own model, across it; and tests for the break."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np

from eventstudy.calendars import to_date
from eventstudy.facts import fact
from eventstudy.inference import TestResult
from eventstudy.inference.breaks import chow, sup_f
from eventstudy.kernel.cases import Case
from eventstudy.results import BreakRecord, ExclusionRecord
from eventstudy.spec import Regime
from eventstudy.study.cases import Design, anchor_of
from eventstudy.study.levels import returns_over
from eventstudy.study.series import SecuritySeries
from eventstudy.study.setting import Setting
from eventstudy.study.ways import Way
from eventstudy.windows import Window


def regime_ways(setting: Setting, design: Design, case: Case) -> Iterator[Way]:
    """Three estimation windows for an event whose own window lies in a regime of the security.

    ``before``: as many sessions as the study's window, up to the regime. ``inside``: from the regime's first session
    on, with its drivers as further regressors. ``across``: both, with a step and a slope of the benchmark's own for
    the regime, in force on an event day as the day is.
    """
    for regime in setting.spec.regimes:
        spans = _spans(setting, design, case, regime)
        if spans is None:
            continue
        before, inside = spans
        drivers = regime.securities[design.subject]
        yield Way("regime", "before", case, before, other=(regime.id,))
        if all(name in setting.levels for name in drivers):
            trade = setting.series[design.subject].trade
            own = {name: returns_over(setting.levels[name], trade, setting.spec.returns) for name in drivers}
            yield Way(
                "regime",
                "inside",
                replace(case, factors={**case.factors, **own}),
                inside,
                other=(regime.id, *drivers),
                estimand="relative" if drivers else None,
            )
        yield Way("regime", "across", _interacted(case, regime), Window(before.first, inside.last), other=(regime.id,))


def _spans(setting: Setting, design: Design, case: Case, regime: Regime) -> tuple[Window, Window] | None:
    """Windows before and inside the regime, counted from the anchor; None where the design's own window is outside."""
    if design.subject not in regime.securities:
        return None
    window = setting.spec.windows.estimation
    first, last = _positions(setting.series[design.subject], regime)
    begin, end = case.anchor + window.first, case.anchor + window.last
    if last < begin or first > end:
        return None
    before = Window(first - window.size - case.anchor, first - 1 - case.anchor)
    return before, Window(first - case.anchor, min(last, end) - case.anchor)


def _positions(series: SecuritySeries, regime: Regime) -> tuple[int, int]:
    """First and last session of a regime."""
    last = int(np.searchsorted(series.sessions, np.datetime64(regime.last), side="right")) - 1
    return series.position(regime.first), last


def _interacted(case: Case, regime: Regime) -> Case:
    """The case with a step and a slope for the regime."""
    inside = (case.sessions >= np.datetime64(regime.first)) & (case.sessions <= np.datetime64(regime.last))
    benchmark = case.factors["benchmark"]
    step = np.where(inside, case.span.astype(np.float64), 0.0)
    return replace(
        case,
        factors={**case.factors, "regime": step, "benchmark_in_regime": np.where(inside, benchmark, 0.0)},
    )


def break_records(setting: Setting) -> Iterator[BreakRecord | ExclusionRecord]:
    """The `breaks` list: each security of each regime against each benchmark, Chow and sup-F."""
    for regime in setting.spec.regimes:
        for security, drivers in regime.securities.items():
            if missing := [name for name in drivers if name not in setting.levels]:
                yield ExclusionRecord.of(
                    fact("alternative", topic="regime", variant="inside", other=[regime.id]),
                    fact("alternative_missing.drivers", security=security, drivers=missing, regime=regime.id),
                    security=security,
                )
            for benchmark in setting.spec.securities[security].benchmarks:
                yield from _breaks(setting, regime, security, benchmark)


def _breaks(setting: Setting, regime: Regime, security: str, benchmark: str) -> Iterator[BreakRecord | ExclusionRecord]:
    """Both tests over the sessions before the regime and inside it, up to the last estimation window's end."""
    series, window = setting.series[security], setting.spec.windows.estimation
    first, last = _positions(series, regime)
    anchors = [
        series.position(anchor_of(setting.spec, item.event, item.day0))
        for item in setting.timed
        if item.security == security and item.event.role == "tested"
    ]
    end = min(last, max((place + window.last for place in anchors if place + window.last >= first), default=last))
    places = np.arange(max(first - window.size, 0), end + 1)
    factor = series.benchmarks[benchmark]
    kept = places[(series.trade.span[places] == 1) & np.isfinite(factor[places])]
    y, x = series.trade.values[kept], np.column_stack([np.ones(kept.size), factor[kept]])
    days = [to_date(day) for day in series.sessions[kept]]
    split = int(np.searchsorted(kept, first))
    shared = {"security": security, "benchmark": benchmark, "regime": regime.id, "nobs": len(days)}
    found = chow(y, x, split)
    seed = zlib.crc32(f"{setting.spec.seed}|{regime.id}|{security}|{benchmark}".encode())
    sup = sup_f(y, x, seed=seed)
    for test, at in ((found, split), (sup.result, sup.position)):
        if test.unavailable is not None or at is None:
            yield ExclusionRecord.of(
                fact("break_test", break_test=test.name, regime=regime.id, benchmark=benchmark),
                fact("break_not_tested", why=test.refusal),
                security=security,
            )
    if found.unavailable is None:
        yield _record(found, days, split, **shared)
    if sup.result.unavailable is None and sup.position is not None:
        yield _record(sup.result, days, sup.position, critical_value=sup.critical[1], trim=sup.trim, **shared)


def _record(test: TestResult, days: list[date], at: int, **more: object) -> BreakRecord:
    df = test.degrees
    return BreakRecord(
        test=test.name,
        session=days[at],
        statistic=float(test.statistic),  # type: ignore[arg-type]
        distribution=test.distribution,
        df=df,
        pvalue=float(test.pvalue),  # type: ignore[arg-type]
        first_session=days[0],
        last_session=days[-1],
        **more,
    )
