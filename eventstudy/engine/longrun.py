"""Beyond single days: buy-and-hold abnormal returns and calendar-time portfolios."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal import CONFIDENCE, interval, t_test
from eventstudy.engine.sample import Cutter, Sample, inside_windows, pieces
from eventstudy.facts import fact
from eventstudy.inference.records import TestResult
from eventstudy.models.regressions import TimeCovariance, fit_calendar_time
from eventstudy.windows import Window

Floats = NDArray[np.float64]

_BLOCK = 4_096
_ASSETS = 500


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
    start = window.first - sample.event_window.first
    columns = slice(start, start + window.size)
    values = np.empty(sample.event_ids.size)
    for rows, part in pieces(sample, _BLOCK):
        panel = Cutter.of(part).panel(slice(0, rows.size))
        own, market = panel.event_returns[:, columns], panel.event_factors[0][:, columns]
        if kind == "log":
            values[rows] = np.exp(own.sum(axis=1)) - np.exp(market.sum(axis=1))
        else:
            values[rows] = np.prod(1.0 + own, axis=1) - np.prod(1.0 + market, axis=1)
    return values


def calendar_time(
    sample: Sample,
    window: Window,
    *,
    min_firms: int = 1,
    weighted: bool = False,
    covariance: TimeCovariance = "newey_west",
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
    firms, total = np.zeros(sample.sessions.size, dtype=np.int64), np.zeros(sample.sessions.size)
    for part in _by_asset(sample):
        first, last = part.position + window.first, part.position + window.last
        held = inside_windows(part.values.shape, part.asset, first, last) & np.isfinite(part.values)
        firms += held.sum(axis=0)
        total += np.where(held, part.values, 0.0).sum(axis=0)
    use = (firms >= max(min_firms, 1)) & np.isfinite(sample.factors).all(axis=0)
    count, width = int(use.sum()), sample.factors.shape[0] + 1
    empty = TestResult("calendar_time", fact("mean_per_session"), None, "t", None, None, count)
    if count <= width:
        return empty.refused(fact("unavailable.few_sessions", n=count, firms=min_firms, parameters=width))
    fit = fit_calendar_time(
        total[use] / firms[use],
        sample.factors[:, use],
        firms[use].astype(float),
        weighted=weighted,
        covariance=covariance,
    )
    value, error, df = np.array(fit.alpha), np.array(fit.std_error), np.array(fit.df)
    test = t_test(value, error, df)
    low, high = interval(value, error, test.df, CONFIDENCE)
    return replace(
        empty,
        statistic=float(test.statistic),
        df=float(fit.df),
        pvalue=float(test.pvalue),
        estimate=fit.alpha,
        std_error=fit.std_error,
        conf_int=(float(low), float(high)),
    )


def _by_asset(sample: Sample) -> Iterator[Sample]:
    """Parts of a sample that share no asset, so that a firm with several events is counted once."""
    for start in range(0, len(sample.assets), _ASSETS):
        rows = np.flatnonzero((sample.asset >= start) & (sample.asset < start + _ASSETS))
        if rows.size:
            yield sample.rows(rows)
