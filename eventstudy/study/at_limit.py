"""Events whose day 0 closed at a price limit: the bound, and the CAR to the first close off a limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal import abnormal_returns, cumulative
from eventstudy.calendars import to_date
from eventstudy.censoring import bound, first_open_close
from eventstudy.inference.ranks import rank_test
from eventstudy.models import fit_model
from eventstudy.panel import Case, align, moved
from eventstudy.results import ExclusionRecord, LimitRecord
from eventstudy.study.cases import MARKET, Design, build_case, market_designs
from eventstudy.study.estimate import estimation_sessions
from eventstudy.study.placebo import placebo_positions
from eventstudy.study.setting import Setting
from eventstudy.study.ways import Floats
from eventstudy.windows import Window


def limit_records(setting: Setting) -> Iterator[LimitRecord | ExclusionRecord]:
    """The `limits` list: every tested event on every security whose day 0 closed at a limit, by benchmark."""
    for design in market_designs(setting.spec, setting.timed):
        series = setting.series[design.subject]
        if series.at_limit[series.position(design.day0)]:
            yield from _records(setting, design)


def _records(setting: Setting, design: Design) -> Iterator[LimitRecord | ExclusionRecord]:
    spec = setting.spec
    case = build_case(design, setting.series, spec.limit_days)
    horizon = Window(0, spec.windows.event.last)
    panel = align([case], estimation=spec.windows.estimation, event=horizon)
    fit = fit_model(MARKET, panel)
    if fit.nobs[0] < spec.windows.min_estimation or not np.isfinite(fit.sigma[0]):
        return  # the event's own estimates say why there is none
    day = abnormal_returns(panel, fit)
    side = int(setting.series[design.subject].at_limit[case.day0])
    ends = estimation_sessions(panel, 0)
    flags = setting.ledger.flags(design.subject, [design.day0], of_event=design.event.id, estimation=ends)
    stop, cars = cars_to_open(setting, design, case, np.array([case.day0]), horizon)
    found = {
        "ar": float(day.value[0, 0]),
        "std_error": float(day.std_error[0, 0]),
        "df": float(day.df[0, 0]),
        "bound_pvalue": float(bound(day.value[0, 0], day.std_error[0, 0], day.df[0, 0], side)),
    }
    if np.isfinite(cars[0]):
        found |= _to_open(setting, design, case, int(stop[0]), float(cars[0]))
    else:
        yield ExclusionRecord(
            event_id=design.event.id,
            security=design.subject,
            what=f"CAR to the first close off a limit against {design.benchmark}",
            reason="no_open_close",
            detail=f"no such close, or a missing return before it, within {horizon.last} sessions after {design.day0}",
        )
    yield LimitRecord(
        event_id=design.event.id,
        security=design.subject,
        model=MARKET,
        benchmark=design.benchmark,
        estimand=design.estimand,
        session=design.day0,
        limit="limit_up" if side > 0 else "limit_down",
        **_bar(setting, design, side),
        **found,
        flags=tuple(sorted(flags)),
    )


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


def _to_open(setting: Setting, design: Design, case: Case, stop: int, car: float) -> dict[str, Any]:
    """The CAR to the first close off a limit, its t as if the window had been fixed, and its placebo p."""
    spec = setting.spec
    window = Window(0, stop)
    panel = align([case], estimation=spec.windows.estimation, event=Window(0, stop + 1))
    fit = fit_model(MARKET, panel)
    fixed, further = (cumulative(panel, fit, Window(0, last)) for last in (stop, stop + 1))
    more = float(further.value[0])
    horizon = Window(0, spec.windows.event.last)
    positions = placebo_positions(
        case,
        [setting.series[design.subject]],
        setting.timed,
        horizon,
        estimation=spec.windows.estimation,
        least=spec.windows.min_estimation,
    )
    others = cars_to_open(setting, design, case, positions, horizon)[1]
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


def cars_to_open(
    setting: Setting, design: Design, case: Case, positions: NDArray[np.intp], horizon: Window
) -> tuple[NDArray[np.int64], Floats]:
    """Stopping day and CAR with day 0 at each position, under one rule: from there to the first close off a limit.

    Returns
    -------
    stop : (E,) int
        Relative day of that close; -1 where the horizon ends before it.
    car : (E,) float
        NaN where there is none, or a return is missing.
    """
    series = setting.series[design.subject]
    panel = moved(case, positions, estimation=setting.spec.windows.estimation, event=horizon)
    fit = fit_model(MARKET, panel)
    around = positions[:, None] + np.arange(horizon.size)
    stop = first_open_close(series.at_limit[around] != 0, series.traded[around], np.zeros_like(positions))
    car = np.full(positions.size, np.nan)
    for last in np.unique(stop[stop >= 0]):
        rows = stop == last
        car[rows] = cumulative(panel, fit, Window(0, int(last))).value[rows]
    return stop, car
