"""What the estimation residuals say about the assumptions, per event and overall; stacked, not one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Floats
from eventstudy.engine.estimate import CHUNK, ChosenModel, fit_blocks
from eventstudy.engine.sample import Sample, pieces
from eventstudy.inference import Section, cross_correlation
from eventstudy.inference.situation import event_variance_ratio
from eventstudy.models.diagnostics import LAGS
from eventstudy.panel import EventPanel

if TYPE_CHECKING:
    import pandas as pd


def per_event(sample: Sample, model: ChosenModel) -> pd.DataFrame:
    """By event_id: autocorrelation, ARCH and normality of the residuals, the most influential day, beta stability.

    Columns
    -------
    autocorrelation_1 : first autocorrelation of the residuals
    ljung_box_p : Ljung-Box over five lags
    arch_p : (T - lags) R^2 of squared residuals on five own lags, by autocorrelations (McLeod and Li 1983)
    jarque_bera_p : normality
    largest_cook : largest Cook's distance of a day; above 1 one day shapes the fit
    beta_shift_t : t of the difference of the first factor's beta between the halves of the window
    """
    import pandas as pd

    columns: dict[str, Floats] = {}
    for held, part in pieces(sample, CHUNK):
        for rows, panel, fit in fit_blocks(part, model):
            for name, values in _block(panel, fit.resid, fit.sigma).items():
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


def _block(panel: EventPanel, resid: Floats, sigma: Floats) -> dict[str, Floats]:
    from scipy import stats

    used = np.isfinite(resid)
    clean = np.where(used, resid, 0.0)
    count = used.sum(axis=1).astype(float)
    squares = np.where(used, clean**2 - (clean**2).sum(axis=1, keepdims=True) / count[:, None], 0.0)
    first = _autocorrelations(clean, count)
    return {
        "autocorrelation_1": first[0],
        "ljung_box_p": stats.chi2.sf(_portmanteau(first, count), LAGS),
        "arch_p": stats.chi2.sf(_portmanteau(_autocorrelations(squares, count), count), LAGS),
        "jarque_bera_p": stats.chi2.sf(_jarque_bera(clean, count), 2),
        "largest_cook": _cook(panel, clean, used, sigma, count),
        "beta_shift_t": _beta_shift(panel, used),
    }


def _autocorrelations(values: Floats, count: Floats) -> Floats:
    """(lags, E) autocorrelations; missing days count as zero deviations."""
    total = (values**2).sum(axis=1)
    return np.stack([(values[:, lag:] * values[:, :-lag]).sum(axis=1) / total for lag in range(1, LAGS + 1)])


def _portmanteau(autocorrelations: Floats, count: Floats) -> Floats:
    lags = np.arange(1, LAGS + 1)[:, None]
    statistic: Floats = count * (count + 2.0) * (autocorrelations**2 / (count - lags)).sum(axis=0)
    return statistic


def _jarque_bera(clean: Floats, count: Floats) -> Floats:
    second = (clean**2).sum(axis=1) / count
    skewness = (clean**3).sum(axis=1) / count / second**1.5
    kurtosis = (clean**4).sum(axis=1) / count / second**2
    statistic: Floats = count / 6.0 * (skewness**2 + (kurtosis - 3.0) ** 2 / 4.0)
    return statistic


def _cook(panel: EventPanel, clean: Floats, used: NDArray[np.bool_], sigma: Floats, count: Floats) -> Floats:
    """Largest Cook's distance of the constant and the first factor."""
    leverage = np.where(used, 1.0 / count[:, None], 0.0)
    if panel.factors.shape[0]:
        x = np.where(used, panel.factors[0], 0.0)
        centred = np.where(used, x - (x.sum(axis=1) / count)[:, None], 0.0)
        leverage = leverage + centred**2 / (centred**2).sum(axis=1, keepdims=True)
    width = 1 + min(panel.factors.shape[0], 1)
    distance = clean**2 * leverage / (width * sigma[:, None] ** 2 * (1.0 - leverage) ** 2)
    return np.asarray(distance.max(axis=1))


def _beta_shift(panel: EventPanel, used: NDArray[np.bool_]) -> Floats:
    """Difference between the slopes on the first factor in the two halves of the window, as a t."""
    from eventstudy.models.linear import fit_linear

    if not panel.factors.shape[0]:
        return np.full(used.shape[0], np.nan)
    half = used.shape[1] // 2
    slopes, variances = [], []
    for part in (slice(None, half), slice(half, None)):
        none = panel.event_span[:, :0]
        fit = fit_linear(
            panel.returns[:, part],
            panel.factors[:1, :, part],
            used[:, part],
            panel.event_factors[:1, :, :0],
            none,
            names=("x",),
        )
        x = np.where(used[:, part], panel.factors[0][:, part], np.nan)
        spread = np.nansum((x - np.nanmean(x, axis=1, keepdims=True)) ** 2, axis=1)
        slopes.append(fit.params[:, 1])
        variances.append(fit.sigma**2 / spread)
    return np.asarray((slopes[1] - slopes[0]) / np.sqrt(variances[0] + variances[1]))
