"""Beyond single days: buy-and-hold abnormal returns and calendar-time portfolios."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import get_args

import numpy as np

from eventstudy.arrays import Floats, Ints
from eventstudy.facts import fact
from eventstudy.inference.question import Question, check_side
from eventstudy.inference.records import Alternative, TestResult
from eventstudy.kernel.cut import Cutter
from eventstudy.kernel.estimate import BLOCK
from eventstudy.kernel.sample import Sample, blocks, pieces
from eventstudy.models import ChosenModel, reference_of
from eventstudy.models.regressions import TimeCovariance, fit_calendar_time
from eventstudy.options import one_of, switch, whole
from eventstudy.panel import EventPanel
from eventstudy.windows import Window

_ASSETS = 500
_EVENTS = 8_192


def buy_and_hold(sample: Sample, model: ChosenModel, window: Window, *, kind: str = "simple") -> Floats:
    """Buy-and-hold abnormal returns, (E,): the asset's compounded return less that of the model's reference.

    Parameters
    ----------
    sample : Sample
        Events and returns.
    model : ChosenModel
        One with a reference return: the benchmark, the mean of the peers, or the weighted donors.
    window : Window
        Relative days, inside the event window.
    kind : {"simple", "log"}
        What the returns are: ``prod(1 + R) - prod(1 + R_b)`` or ``exp(sum R) - exp(sum R_b)``.

    Raises
    ------
    OptionError
        For another kind, or a model without a reference return.

    Notes
    -----
    Barber and Lyon (1997, Journal of Financial Economics 43, 341-372). Returns are total ones: where a risk-free rate
    was subtracted, it is added again to both. An event with a missing day has NaN.
    """
    one_of("kind", kind, ("simple", "log"))
    reference = reference_of(model.row, "bhar()")
    start = window.first - sample.event_window.first
    columns = slice(start, start + window.size)
    values = np.empty(sample.event_ids.size)
    for held, part in pieces(sample, _EVENTS):
        rate = _rate(part, window)
        for rows, panel in _panels(part):
            own = panel.event_returns[:, columns] + rate[rows]
            bought = reference(panel, partial(model.fit, panel))[:, columns] + rate[rows]
            if kind == "log":
                values[held[rows]] = np.exp(own.sum(axis=1)) - np.exp(bought.sum(axis=1))
            else:
                values[held[rows]] = np.prod(1.0 + own, axis=1) - np.prod(1.0 + bought, axis=1)
    return values


def calendar_time(
    sample: Sample,
    model: ChosenModel,
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
    model : ChosenModel
        The portfolio is regressed on the model's factors, or on the mean over its firms of the model's reference
        return: the benchmark, the mean of the peers, the weighted donors.
    window : Window
        Relative days, inside an event's own event window, for which its firm stays in the portfolio; a firm with two
        events counts once. Returns over several sessions stay out, and the result says how many.
    alternative : {"two-sided", "greater", "less"}
        Side of the mean; the interval is two-sided, 95 %.
    min_firms : int
        Sessions with fewer firms are left out; 1 or more.
    weighted, covariance
        As in `fit_calendar_time`.

    Raises
    ------
    OptionError
        For an option that is not allowed, or a model with neither factors nor a reference return.
    """
    check_side(alternative)
    least = whole("min_firms", min_firms, least=1)
    one_of("covariance", covariance, get_args(TimeCovariance))
    switch("weighted", weighted)
    if not sample.names:
        reference_of(model.row, "calendar_time")
    firms, total, spanning = _portfolio(sample, model, window)
    known = firms >= least
    use = known & np.isfinite(total).all(axis=0)
    count, width = int(use.sum()), len(total)
    hypothesis = fact("quantity", quantity="mean_per_session", side=alternative, expected="zero")
    question = Question(TestResult("calendar_time", hypothesis, None, "t", None, None, count), alternative)
    if np.unique(sample.weight).size > 1:
        question = question.noting(fact("note.unweighted"))
    if spanning:
        question = question.noting(fact("note.spanning_returns", n=spanning))
    if count <= width:
        return question.refused(fact("unavailable.few_sessions", n=count, firms=least, parameters=width))
    held = firms[use].astype(float)
    portfolio, *factors = total[:, use] / held
    fit = fit_calendar_time(portfolio, np.array(factors), held, weighted=weighted, covariance=covariance)
    return question.by_t(fit.alpha / fit.std_error, fit.df, estimate=fit.alpha, std_error=fit.std_error)


def _portfolio(sample: Sample, model: ChosenModel, window: Window) -> tuple[Ints, Floats, int]:
    """(S,) firms of each session, (1 + K, S) sums of their returns and regressors, and returns left out."""
    size = sample.sessions.size
    start = window.first - sample.event_window.first
    columns = slice(start, start + window.size)
    firms, total, spanning = np.zeros(size, dtype=np.int64), np.zeros(0), 0
    for part in _by_asset(sample):
        panels = [
            np.concatenate([panel.event_returns[None], panel.event_span[None], _regressors(model, panel)])
            for _, panel in _panels(part)
        ]
        values = np.concatenate(panels, axis=1)[..., columns]
        session, own = part.columns(window), values[:1]
        firm = part.asset[:, None] * size + session
        once = np.zeros(firm.shape, dtype=bool)
        inside = np.isfinite(own[0]) & (session >= 0)
        place = np.flatnonzero(inside)
        once.flat[place[np.unique(firm.flat[place], return_index=True)[1]]] = True
        held = once & (values[1] == 1.0)
        spanning += int((once & ~held).sum())
        firms += np.bincount(session[held], minlength=size)
        sums = [np.bincount(session[held], row[held], minlength=size) for row in (own[0], *values[2:])]
        total = np.array(sums) if not total.size else total + sums
    return firms, total, spanning


def _by_asset(sample: Sample) -> Iterator[Sample]:
    """Parts of a sample that share no asset, so that a firm with several events is counted once."""
    for start in range(0, len(sample.assets), _ASSETS):
        rows = np.flatnonzero((sample.asset >= start) & (sample.asset < start + _ASSETS))
        if rows.size:
            yield sample.rows(rows)


def _panels(part: Sample) -> Iterator[tuple[slice, EventPanel]]:
    cutter = Cutter.of(part)
    for rows in blocks(part.event_ids.size, BLOCK):
        yield rows, cutter.panel(rows)


def _regressors(model: ChosenModel, panel: EventPanel) -> Floats:
    """(K, E, L) what the portfolio is regressed on."""
    reference = model.row.reference
    return panel.event_factors if reference is None else reference(panel, partial(model.fit, panel))[None]


def _rate(part: Sample, window: Window) -> Floats:
    """(E, L) risk-free return of every day of a window, 0 where none was subtracted."""
    session = part.columns(window)
    if part.risk_free is None:
        return np.zeros(session.shape)
    return np.where(session < 0, np.nan, part.risk_free[session])
