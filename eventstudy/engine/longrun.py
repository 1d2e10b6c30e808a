"""Beyond single days: buy-and-hold abnormal returns and calendar-time portfolios."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal import interval, t_test
from eventstudy.engine.sample import Cutter, Sample, blocks, inside_windows
from eventstudy.inference.records import TestResult
from eventstudy.models.calendar_time import Covariance, fit_calendar_time
from eventstudy.windows import Window

Floats = NDArray[np.float64]

_BLOCK = 4_096


def buy_and_hold(sample: Sample, window: Window, *, kind: str = "simple") -> Floats:
    """Buy-and-hold abnormal returns, (E,): the asset's compounded return less the first factor's.

    Parameters
    ----------
    sample : Sample
        With at least one regressor: the benchmark.
    window : Window
        Relative days, inside the event window.
    kind : {"simple", "log"}
        What the returns are: ``prod(1 + R) - prod(1 + R_b)`` or ``exp(sum R) - exp(sum R_b)``.

    Notes
    -----
    Barber and Lyon (1997, Journal of Financial Economics 43, 341-372). An event with a missing day has NaN.
    """
    cutter = Cutter.of(sample)
    start = window.first - sample.event_window.first
    columns = slice(start, start + window.size)
    parts = []
    for rows in blocks(sample.event_ids.size, _BLOCK):
        panel = cutter.panel(rows)
        own, market = panel.event_returns[:, columns], panel.event_factors[0][:, columns]
        if kind == "log":
            parts.append(np.exp(own.sum(axis=1)) - np.exp(market.sum(axis=1)))
        else:
            parts.append(np.prod(1.0 + own, axis=1) - np.prod(1.0 + market, axis=1))
    return np.concatenate(parts)


def calendar_time(
    sample: Sample,
    window: Window,
    *,
    min_firms: int = 1,
    weighted: bool = False,
    covariance: Covariance = "newey_west",
) -> TestResult:
    """Test of the mean abnormal return per session of all firms inside an event window.

    Parameters
    ----------
    sample : Sample
        Events and returns.
    window : Window
        Relative days for which a firm stays in the portfolio; a firm with two events counts once.
    min_firms : int
        Sessions with fewer firms are left out.
    weighted, covariance
        As in `fit_calendar_time`.
    """
    first, last = sample.position + window.first, sample.position + window.last
    held = inside_windows(sample.values.shape, sample.asset, first, last) & np.isfinite(sample.values)
    firms = held.sum(axis=0)
    total = np.where(held, sample.values, 0.0).sum(axis=0)
    use = (firms >= max(min_firms, 1)) & np.isfinite(sample.factors).all(axis=0)
    count, width = int(use.sum()), sample.factors.shape[0] + 1
    null = "the mean abnormal return per session is zero"
    empty = TestResult("calendar_time", null, "it is not zero", None, "t", None, None, count)
    if count <= width:
        return empty.refused(f"{count} sessions with at least {min_firms} firms do not suffice for {width} parameters")
    fit = fit_calendar_time(
        total[use] / firms[use],
        sample.factors[:, use],
        firms[use].astype(float),
        weighted=weighted,
        covariance=covariance,
    )
    value, error, df = np.array(fit.alpha), np.array(fit.std_error), np.array(fit.df)
    test = t_test(value, error, df)
    low, high = interval(value, error, test.df, 0.95)
    return TestResult(
        name="calendar_time",
        null=null,
        alternative="it is not zero",
        statistic=float(test.statistic),
        distribution="t",
        df=float(fit.df),
        pvalue=float(test.pvalue),
        nobs=count,
        estimate=fit.alpha,
        std_error=fit.std_error,
        conf_int=(float(low), float(high)),
    )
