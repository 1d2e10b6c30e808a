"""The same event, security and window estimated in other ways: one record for each way, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from eventstudy.abnormal import Estimates, abnormal_returns, cumulative
from eventstudy.calendars import to_date
from eventstudy.censoring import imputed
from eventstudy.facts import fact
from eventstudy.intervals import interval
from eventstudy.kernel.cases import Case, align
from eventstudy.models import MARKET, MARKET_MODEL, NormalReturnFit
from eventstudy.panel import EventPanel
from eventstudy.results import AlternativeRecord, ExclusionRecord
from eventstudy.study.cases import Design, build_case, market_designs, with_limit_days
from eventstudy.study.estimate import estimation_sessions
from eventstudy.study.foreign import foreign_returns_known, over_controlled
from eventstudy.study.levels import mean_level, returns_over, without
from eventstudy.study.regimes import regime_ways
from eventstudy.study.setting import Setting
from eventstudy.study.steps import step_window
from eventstudy.study.ways import Way
from eventstudy.windows import Window

SIGMA_MULTIPLES = (1.0, 1.5, 2.0)
"""Forecast standard errors under which a cut-off move is imputed, as multiples of the estimated one."""


def base_designs(setting: Setting) -> Iterator[Design]:
    """Every tested event on every security, market model against the preferred benchmark."""
    for design in market_designs(setting.spec, setting.timed):
        if design.benchmark == setting.spec.securities[design.subject].benchmarks[0]:
            yield design


def told_windows(setting: Setting, design: Design) -> tuple[Window, ...]:
    """The first CAR window of the study, and those of headlines on the same event and security."""
    windows = [setting.spec.windows.car[0]]
    for headline in setting.spec.headlines:
        if headline.security != design.subject:
            continue
        if headline.event == design.event.id and headline.window is not None:
            windows.append(headline.window)
        elif headline.event_group is not None:
            found = step_window(setting, setting.spec.event_group(headline.event_group), design.subject)
            if found and found[0].event.id == design.event.id:
                windows.append(found[1])
    return tuple(dict.fromkeys(windows))


def alternative_records(setting: Setting) -> Iterator[AlternativeRecord | ExclusionRecord]:
    """The `alternatives` list, and what could not be estimated; a security without a market model has the ladder."""
    spec = setting.spec
    for design in base_designs(setting):
        case = build_case(design, setting.series, spec.limit_days)
        panel = align([case], estimation=spec.windows.estimation, event=Window(0, 0))
        if panel.observed.sum() < spec.windows.min_estimation:
            continue
        windows = told_windows(setting, design)
        for way in _ways(setting, design, case, windows):
            yield from _records(setting, design, way, windows)
        yield from _imputations(setting, design, case)


def _ways(setting: Setting, design: Design, case: Case, windows: tuple[Window, ...]) -> Iterator[Way]:
    designed = Way("limit_days", "as_designed", case, setting.spec.windows.estimation)
    for found in (
        list(_limit_ways(setting, design)),
        list(regime_ways(setting, design, case)),
        list(_foreign_ways(setting, design, case, windows)),
        list(_leave_out_ways(setting, design, case)),
        list(_peer_ways(setting, design, case)),
    ):
        if found and found[0].topic != "limit_days":
            yield replace(designed, topic=found[0].topic)
        yield from found


def _limit_ways(setting: Setting, design: Design) -> Iterator[Way]:
    """Closes at a limit kept, dropped and censored, where the estimation window holds any."""
    series, window = setting.series[design.subject], setting.spec.windows.estimation
    case = build_case(design, setting.series)
    inside = series.at_limit[case.anchor + window.first : case.anchor + window.last + 1]
    if inside.any():
        for variant in ("keep", "drop", "censor"):
            yield Way("limit_days", variant, with_limit_days(case, [series], variant), window)


def _foreign_ways(setting: Setting, design: Design, case: Case, windows: tuple[Window, ...]) -> Iterator[Way]:
    """A foreign benchmark as a second regressor: its whole last session, or only up to that session's open."""
    for name in setting.spec.securities[design.subject].foreign:
        for variant, to_open in (("last_session", False), ("to_open", True)):
            known = foreign_returns_known(setting, design.subject, name, to_open=to_open)
            if known is None:
                continue
            bad = [window for window in windows if over_controlled(setting, design, name, window, to_open=to_open)]
            yield Way(
                "foreign",
                variant,
                replace(case, factors={**case.factors, name: known}),
                setting.spec.windows.estimation,
                other=(name,),
                over_control=frozenset(bad),
            )


def _leave_out_ways(setting: Setting, design: Design, case: Case) -> Iterator[Way]:
    """The benchmark without the study's securities, where it holds this one and their weights are given."""
    benchmark = setting.spec.benchmarks[str(design.benchmark)]
    if benchmark.weights is None or design.subject not in benchmark.weights.of:
        return
    level = setting.levels[str(design.benchmark)]
    rest = without(level, setting.levels, benchmark.weights.of, benchmark.weights.session)
    returns = returns_over(rest, setting.series[design.subject].trade, setting.spec.returns)
    yield Way(
        "leave_treated_out",
        "index_without",
        replace(case, factors={"benchmark": returns}),
        setting.spec.windows.estimation,
        other=tuple(benchmark.weights.of),
    )


def _peer_ways(setting: Setting, design: Design, case: Case) -> Iterator[Way]:
    """The security less the mean of its peers: of those that the news does not touch, and of those that it may."""
    spec = setting.spec
    security = spec.securities[design.subject]
    for variant, touched in (("less_untouched", False), ("less_touched", True)):
        names = tuple(name for name in security.peers if spec.touched(name) is touched)
        if names:
            level = mean_level([setting.levels[name] for name in names], security.exchange, case.sessions)
            peers = returns_over(level, setting.series[design.subject].trade, spec.returns)
            yield Way(
                "peers",
                variant,
                replace(case, values=case.values - peers),
                spec.windows.estimation,
                other=names,
                estimand="relative" if touched else None,
            )


def _records(
    setting: Setting, design: Design, way: Way, windows: tuple[Window, ...]
) -> Iterator[AlternativeRecord | ExclusionRecord]:
    spec = setting.spec
    around = Window(min(window.first for window in windows), max(window.last for window in windows))
    panel = align([way.case], estimation=way.estimation, event=around)
    fit = MARKET_MODEL.fit(panel)
    code = "alternative" if way.other else "alternative_alone"
    about = fact(code, topic=way.topic, variant=way.variant, other=way.other)
    where = {"event_id": design.event.id, "security": design.subject}
    if fit.nobs[0] < (least := spec.windows.min_estimation) or not np.isfinite(fit.sigma[0]):
        yield ExclusionRecord.of(about, fact("alternative_too_short", nobs=fit.nobs[0], least=least), **where)
        return
    for window in windows:
        cars = cumulative(panel, fit, window)
        if np.isfinite(cars.value[0]):
            yield _record(setting, design, way, window, panel, fit, **_tested(cars, spec.confidence))
        else:
            yield ExclusionRecord.of(about, fact("alternative_missing.window", window=window), **where)


def _tested(cars: Estimates, confidence: float) -> dict[str, float]:
    """The first of some estimates with its t test and its confidence limits."""
    low, high = interval(cars.value[0], cars.std_error[0], cars.df[0], confidence)
    return {
        "estimate": float(cars.value[0]),
        "std_error": float(cars.std_error[0]),
        "statistic": float(cars.statistic[0]),
        "df": float(cars.df[0]),
        "pvalue": float(cars.pvalue[0]),
        "ci_low": float(low),
        "ci_high": float(high),
    }


def _record(
    setting: Setting,
    design: Design,
    way: Way,
    window: Window,
    panel: EventPanel,
    fit: NormalReturnFit,
    **found: float,
) -> AlternativeRecord:
    names = [str(design.benchmark) if name == "benchmark" else name for name in fit.names]
    start = window.first - panel.event_window.first
    sessions = [to_date(day) for day in panel.event_sessions[0, start : start + window.size]]
    used = estimation_sessions(panel, 0)
    flags = setting.ledger.case_flags(design, sessions, used)
    if way.variant == "across":
        flags.discard("regime_break")
    if window in way.over_control:
        flags.add("over_control")
    return AlternativeRecord(
        event_id=design.event.id,
        security=design.subject,
        model=MARKET,
        benchmark=design.benchmark,
        estimand=way.estimand or design.estimand,
        topic=way.topic,
        variant=way.variant,
        other=way.other,
        window=window,
        **found,
        nobs=int(fit.nobs[0]),
        sigma=float(fit.sigma[0]),
        params={name: float(value) for name, value in zip(names, fit.params[0], strict=True)},
        first_session=used[0],
        last_session=used[-1],
        flags=tuple(sorted(flags)),
    )


def _imputations(setting: Setting, design: Design, case: Case) -> Iterator[AlternativeRecord]:
    """What the cut-off move of a limit day may have been, under forecast standard errors of several sizes.

    The uncut return is taken as normal about the model's normal return and known to lie beyond the limit. With one
    such day the answer is that of the assumed spread: a sensitivity, not an estimate.
    """
    side = int(setting.series[design.subject].at_limit[case.day0])
    if side == 0:
        return
    window = Window(0, 0)
    way = Way("imputation", "", case, setting.spec.windows.estimation)
    panel = align([case], estimation=way.estimation, event=window)
    fit = MARKET_MODEL.fit(panel)
    if fit.nobs[0] < setting.spec.windows.min_estimation or not np.isfinite(fit.sigma[0]):
        return
    ar = abnormal_returns(panel, fit)
    for multiple in SIGMA_MULTIPLES:
        mean, sd = imputed(fit.expected[0, 0], multiple * ar.std_error[0, 0], panel.event_returns[0, 0], side)
        assumed = replace(way, variant=f"sigma_x{multiple:g}")
        yield _record(setting, design, assumed, window, panel, fit, estimate=float(mean), std_error=float(sd))
