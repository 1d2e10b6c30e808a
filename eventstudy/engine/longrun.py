"""Beyond single days: buy-and-hold abnormal returns and calendar-time portfolios."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from eventstudy.engine.sample import Cutter, Sample, inside_windows, pieces
from eventstudy.facts import fact
from eventstudy.inference.question import Question, check_side
from eventstudy.inference.records import Alternative, TestResult
from eventstudy.models.regressions import TimeCovariance, fit_calendar_time
from eventstudy.options import one_of, switch, whole
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
    one_of("kind", kind, ("simple", "log"))
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
    alternative: Alternative = "two-sided",
    min_firms: int = 1,
    weighted: bool = False,
    covariance: TimeCovariance = "HAC",
) -> TestResult:
    """Test of the mean abnormal return per session of all firms inside an event window.

    Parameters
    ----------
    sample : Sample
        Events and returns.
    window : Window
        Relative days for which a firm stays in the portfolio; a firm with two events counts once.
    alternative : {"two-sided", "greater", "less"}
        Side of the mean; the interval is two-sided, 95 %.
    min_firms : int
        Sessions with fewer firms are left out; 1 or more.
    weighted, covariance
        As in `fit_calendar_time`.

    Raises
    ------
    OptionError
        For an option that is not allowed.
    """
    check_side(alternative)
    least = whole("min_firms", min_firms, least=1)
    one_of("covariance", covariance, get_args(TimeCovariance))
    switch("weighted", weighted)
    firms, total = np.zeros(sample.sessions.size, dtype=np.int64), np.zeros(sample.sessions.size)
    for part in _by_asset(sample):
        first, last = part.position + window.first, part.position + window.last
        held = inside_windows(part.values.shape, part.asset, first, last) & np.isfinite(part.values)
        firms += held.sum(axis=0)
        total += np.where(held, part.values, 0.0).sum(axis=0)
    use = (firms >= least) & np.isfinite(sample.factors).all(axis=0)
    count, width = int(use.sum()), sample.factors.shape[0] + 1
    hypothesis = fact("quantity", quantity="mean_per_session", side=alternative, expected="zero")
    question = Question(TestResult("calendar_time", hypothesis, None, "t", None, None, count), alternative)
    if count <= width:
        return question.refused(fact("unavailable.few_sessions", n=count, firms=least, parameters=width))
    fit = fit_calendar_time(
        total[use] / firms[use],
        sample.factors[:, use],
        firms[use].astype(float),
        weighted=weighted,
        covariance=covariance,
    )
    return question.by_t(fit.alpha / fit.std_error, fit.df, estimate=fit.alpha, std_error=fit.std_error)


def _by_asset(sample: Sample) -> Iterator[Sample]:
    """Parts of a sample that share no asset, so that a firm with several events is counted once."""
    for start in range(0, len(sample.assets), _ASSETS):
        rows = np.flatnonzero((sample.asset >= start) & (sample.asset < start + _ASSETS))
        if rows.size:
            yield sample.rows(rows)
