"""What the estimation residuals say about the assumptions, per event and overall; stacked, not one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from eventstudy.arrays import Floats, Mask
from eventstudy.inference import Section, cross_correlation
from eventstudy.inference.situation import event_variance_ratio
from eventstudy.kernel.estimate import CHUNK, fit_blocks
from eventstudy.kernel.sample import Sample, pieces
from eventstudy.models import MARKET_MODEL, ChosenModel, NormalReturnFit
from eventstudy.models.diagnostics import LAGS
from eventstudy.panel import EventPanel
from eventstudy.windows import Window

if TYPE_CHECKING:
    import pandas as pd


def per_event(sample: Sample, model: ChosenModel) -> pd.DataFrame:
    """By event_id: autocorrelation, ARCH and normality of the residuals, the most influential day, beta stability.

    Columns
    -------
    autocorrelation_1 : first autocorrelation of the residuals
    ljung_box_p : Ljung-Box over five lags
    arch_p : Ljung-Box over five lags of the squared residuals (McLeod and Li 1983)
    jarque_bera_p : normality
    largest_cook : largest Cook's distance of a day, of all the model's parameters; above 1 one day shapes the fit. NaN
        for models that are not least squares, 0 where nothing is estimated
    beta_shift_t : t of the difference of the first slope between the halves of the event's own observations, each with
        all the model's regressors; of the market model where the model has one benchmark and is not least squares
    """
    import pandas as pd

    columns: dict[str, Floats] = {}
    for held, part in pieces(sample, CHUNK):
        for rows, panel, fit in fit_blocks(part, model):
            for name, values in _block(panel, fit, model).items():
                columns.setdefault(name, np.empty(sample.event_ids.size))[held[rows]] = values
    return pd.DataFrame(columns, index=pd.Index(sample.event_ids, name="event_id", dtype="str"))


def overall(section: Section) -> pd.Series:
    """Across events of a one-day section: mean correlation of residuals, and the event-day variance ratio.

    Both as in `situation_of`; the ratio allows for the correlation. Either is NaN where there are too few events.
    """
    import pandas as pd

    correlation = cross_correlation(section).mean if section.size > 1 else None
    ratio = event_variance_ratio(section, correlation)
    return pd.Series(
        {
            "events": section.size,
            "dates": int(np.unique(section.position).size),
            "mean_residual_correlation": np.nan if correlation is None else correlation,
            "event_day_variance_ratio": np.nan if ratio is None else ratio,
        }
    )


def _block(panel: EventPanel, fit: NormalReturnFit, model: ChosenModel) -> dict[str, Floats]:
    from scipy import stats

    resid = fit.resid
    used = np.isfinite(resid)
    count = np.where(used.any(axis=1), used.sum(axis=1), np.nan)
    raw = np.where(used, resid, 0.0)
    clean, squares = (_about_mean(values, used, count) for values in (raw, raw**2))
    first = _autocorrelations(clean)
    return {
        "autocorrelation_1": first[0],
        "ljung_box_p": stats.chi2.sf(_portmanteau(first, count), LAGS),
        "arch_p": stats.chi2.sf(_portmanteau(_autocorrelations(squares), count), LAGS),
        "jarque_bera_p": stats.chi2.sf(_jarque_bera(clean, count), 2),
        "largest_cook": _cook(panel, fit, model),
        "beta_shift_t": _beta_shift(panel, used, model),
    }


def _about_mean(values: Floats, used: Mask, count: Floats) -> Floats:
    return np.where(used, values - (values.sum(axis=1) / count)[:, None], 0.0)


def _autocorrelations(values: Floats) -> Floats:
    """(lags, E) autocorrelations; missing days count as zero deviations."""
    total = (values**2).sum(axis=1)
    total = np.where(total > 0.0, total, np.nan)
    return np.stack([(values[:, lag:] * values[:, :-lag]).sum(axis=1) / total for lag in range(1, LAGS + 1)])


def _portmanteau(autocorrelations: Floats, count: Floats) -> Floats:
    lags = np.arange(1, LAGS + 1)[:, None]
    statistic: Floats = count * (count + 2.0) * (autocorrelations**2 / (count - lags)).sum(axis=0)
    return statistic


def _jarque_bera(clean: Floats, count: Floats) -> Floats:
    second = (clean**2).sum(axis=1) / count
    second = np.where(second > 0.0, second, np.nan)
    skewness = (clean**3).sum(axis=1) / count / second**1.5
    kurtosis = (clean**4).sum(axis=1) / count / second**2
    statistic: Floats = count / 6.0 * (skewness**2 + (kurtosis - 3.0) ** 2 / 4.0)
    return statistic


def _cook(panel: EventPanel, fit: NormalReturnFit, model: ChosenModel) -> Floats:
    """Largest Cook's distance, ``e^2 h / (k s^2 (1 - h)^2)``, the leverage h that of a forecast of the day itself."""
    if not model.row.linear:
        return np.full(len(fit.sigma), np.nan)
    resid = fit.resid
    used = np.isfinite(resid)
    itself = replace(
        panel,
        event_window=Window(0, used.shape[1] - 1),
        event_returns=panel.returns,
        event_factors=np.where(used, panel.factors, 0.0),
        event_span=used.astype(np.int64),
        event_sessions=panel.sessions,
    )
    root = model.fit(itself).leverage_root
    if not root.shape[2]:
        return np.zeros(len(fit.sigma))
    leverage = np.einsum("etk,etk->et", root, root)
    room = np.where(leverage < 1.0, (1.0 - leverage) ** 2, np.nan)
    distance = resid**2 * leverage / (root.shape[2] * fit.sigma[:, None] ** 2 * room)
    return np.asarray(np.fmax.reduce(distance, axis=1))


def _beta_shift(panel: EventPanel, used: Mask, model: ChosenModel) -> Floats:
    """Difference between the first slopes of the two halves of the observations, as a t."""
    row = model.row
    chosen = model if row.linear and row.estimated else MARKET_MODEL
    if not panel.names or (chosen is not model and row.needs != "benchmark"):
        return np.full(used.shape[0], np.nan)
    order, half = np.cumsum(used, axis=1), (used.sum(axis=1) // 2)[:, None]
    slopes, variances = zip(
        *(_slope(panel, used & part, chosen) for part in (order <= half, order > half)), strict=True
    )
    total = variances[0] + variances[1]
    shift: Floats = (slopes[1] - slopes[0]) / np.sqrt(np.where(total > 0.0, total, np.nan))
    return shift


def _slope(panel: EventPanel, used: Mask, model: ChosenModel) -> tuple[Floats, Floats]:
    """(E,) first slope on some days and its variance: that of a forecast where its regressor is 1, the others 0."""
    cases = used.shape[0]
    unit = np.zeros((len(panel.names), cases, 1))
    unit[0] = 1.0
    part = replace(
        panel,
        event_window=Window(0, 0),
        returns=np.where(used, panel.returns, np.nan),
        event_returns=np.zeros((cases, 1)),
        event_factors=unit,
        event_span=np.zeros((cases, 1), dtype=np.int64),
        event_sessions=panel.sessions[:, :1],
    )
    fit = model.fit(part)
    names = [name for name in fit.names if name != "alpha"]
    if not names:
        return np.full(cases, np.nan), np.full(cases, np.nan)
    if len(names) == 1:  # of a portfolio of several peers the slope is for a return of one of each
        fit = model.fit(replace(part, event_factors=np.ones(unit.shape)))
    place = fit.names.index(names[0])
    return fit.params[:, place], fit.sigma**2 * (fit.leverage_root[:, 0] ** 2).sum(axis=1)
