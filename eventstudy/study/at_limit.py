"""Events whose day 0 closed at a price limit: the bound, and the CAR to the first close off a limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal import Estimates, abnormal_returns, cumulative
from eventstudy.calendars import to_date
from eventstudy.censoring import bound, first_open_close
from eventstudy.facts import fact
from eventstudy.inference.ranks import rank_test
from eventstudy.kernel.cases import Case, align, moved
from eventstudy.models import MARKET, MARKET_MODEL, NormalReturnFit
from eventstudy.panel import EventPanel
from eventstudy.results import ExclusionRecord, LimitRecord
from eventstudy.study.cases import Design, build_case, market_designs
from eventstudy.study.estimate import estimation_sessions
from eventstudy.study.placebo import placebo_positions
from eventstudy.study.series import SecuritySeries
from eventstudy.study.setting import Setting
from eventstudy.study.ways import Floats
from eventstudy.windows import Window

Positions = NDArray[np.intp]


def limit_records(setting: Setting) -> Iterator[LimitRecord | ExclusionRecord]:
    """The `limits` list: every tested event on every security whose day 0 closed at a limit, by benchmark."""
    for design in market_designs(setting.spec, setting.timed):
        series = setting.series[design.subject]
        if series.at_limit[series.position(design.day0)]:
            yield from _records(setting, design)


def _records(setting: Setting, design: Design) -> Iterator[LimitRecord | ExclusionRecord]:
    spec, series = setting.spec, setting.series[design.subject]
    case = build_case(design, setting.series, spec.limit_days)
    horizon = Window(0, spec.windows.event.last)
    stop = int(days_to_open(series, np.array([case.day0]), horizon)[0])
    panel = align([case], estimation=spec.windows.estimation, event=Window(0, max(horizon.last, stop + 1)))
    fit = MARKET_MODEL.fit(panel)
    if fit.nobs[0] < spec.windows.min_estimation or not np.isfinite(fit.sigma[0]):
        return  # the event's own estimates say why there is none
    to_open = _to_open(setting, case, series, panel, fit, stop) if stop >= 0 else {}
    if not to_open:
        yield ExclusionRecord.of(
            fact("car_to_open", benchmark=design.benchmark),
            fact("no_open_close", sessions=horizon.last, session=design.day0),
            event_id=design.event.id,
            security=design.subject,
        )
    side = int(series.at_limit[case.day0])
    ends = estimation_sessions(panel, 0)
    yield LimitRecord(
        event_id=design.event.id,
        security=design.subject,
        model=MARKET,
        benchmark=design.benchmark,
        estimand=design.estimand,
        session=design.day0,
        limit="limit_up" if side > 0 else "limit_down",
        **_bar(setting, design, side),
        **_day(abnormal_returns(panel, fit), side),
        **to_open,
        flags=tuple(sorted(setting.ledger.case_flags(design, [design.day0], ends))),
    )


def _day(found: Estimates, side: int) -> dict[str, float]:
    """Day 0's own abnormal return, and the p of its bound."""
    value, std_error, df = found.value[0, 0], found.std_error[0, 0], found.df[0, 0]
    return {
        "ar": float(value),
        "std_error": float(std_error),
        "df": float(df),
        "bound_pvalue": float(bound(value, std_error, df, side)),
    }


def _bar(setting: Setting, design: Design, side: int) -> dict[str, Any]:
    """The day's prices beside its limit."""
    bars, flags = setting.limits.bars[design.subject], setting.limits.flags[design.subject]
    row = int(np.searchsorted(bars.sessions, np.datetime64(design.day0)))
    known = bool(flags.bar_checked[row])
    return {
        "reference": float(flags.reference[row]),
        "limit_price": float((flags.up if side > 0 else flags.down)[row]),
        "one_price": bool(flags.one_price[row]) if known else None,
        "high": float(bars.high[row]) if known else None,
        "low": float(bars.low[row]) if known else None,
    }


def _to_open(
    setting: Setting, case: Case, series: SecuritySeries, panel: EventPanel, fit: NormalReturnFit, stop: int
) -> dict[str, Any]:
    """The CAR to the first close off a limit, its t as if the window had been fixed, and its placebo p.

    Empty where a return before that close is missing.
    """
    spec, window = setting.spec, Window(0, stop)
    fixed, further = (cumulative(panel, fit, Window(0, last)) for last in (stop, stop + 1))
    car, more = float(fixed.value[0]), float(further.value[0])
    if not np.isfinite(car):
        return {}
    horizon = Window(0, spec.windows.event.last)
    positions = placebo_positions(
        case,
        [series],
        setting.timed,
        horizon,
        estimation=spec.windows.estimation,
        least=spec.windows.min_estimation,
    )
    others = cars_to_open(setting, series, case, positions, horizon)
    test = rank_test(car, others, name="placebo_dates", null="the session is like the earlier ones")
    placebo = test.unavailable is None
    return {
        "open_session": to_date(panel.event_sessions[0, stop]),
        "window": window,
        "car_to_open": car,
        "car_std_error": float(fixed.std_error[0]),
        "car_statistic": float(fixed.statistic[0]),
        "car_pvalue": float(fixed.pvalue[0]),
        "car_one_more": more if np.isfinite(more) else None,
        "n_placebo": test.nobs if placebo else None,
        "placebo_rank": int(test.statistic) if placebo and test.statistic else None,
        "placebo_pvalue": test.pvalue if placebo else None,
    }


def days_to_open(series: SecuritySeries, positions: Positions, horizon: Window) -> NDArray[np.int64]:
    """(E,) relative day of the first close off a limit with day 0 at each position; -1 where the horizon has none."""
    around = positions[:, None] + np.arange(horizon.size)
    return first_open_close(series.at_limit[around] != 0, series.traded[around], np.zeros_like(positions))


def cars_to_open(setting: Setting, series: SecuritySeries, case: Case, positions: Positions, horizon: Window) -> Floats:
    """(E,) CARs with day 0 at each position, under one rule: from there to the first close off a limit.

    NaN where the horizon ends before that close, or a return is missing.
    """
    panel = moved(case, positions, estimation=setting.spec.windows.estimation, event=horizon)
    fit = MARKET_MODEL.fit(panel)
    stop = days_to_open(series, positions, horizon)
    car = np.full(positions.size, np.nan)
    for last in np.unique(stop[stop >= 0]):
        rows = stop == last
        car[rows] = cumulative(panel, fit, Window(0, int(last))).value[rows]
    return car
