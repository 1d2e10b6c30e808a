"""Market-adjusted model: the normal return is the benchmark's, nothing is estimated."""

from __future__ import annotations

import numpy as np

from eventstudy.models.linear import NormalReturnFit
from eventstudy.panel import EventPanel


def fit_market_adjusted(panel: EventPanel) -> NormalReturnFit:
    """Normal return R_m; sigma is the standard deviation of R - R_m about its mean, T - 1 degrees of freedom.

    Notes
    -----
    No parameter is estimated, so the forecast adds no variance of its own: Var(AR) = s^2, Var(CAR) = L s^2.
    A case with fewer than two observations has abnormal returns but no sigma (NaN).
    """
    used = panel.observed
    count = used.sum(axis=1)
    gap = np.where(used, panel.returns - panel.benchmark, 0.0)
    mean = gap.sum(axis=1) / np.maximum(count, 1)
    resid = np.where(used, panel.returns - panel.benchmark - mean[:, None], np.nan)
    df = count - 1
    squares = np.where(used, resid, 0.0) ** 2
    sigma = np.sqrt(squares.sum(axis=1) / np.where(df > 0, df, np.nan))
    nothing = np.empty((len(panel.keys), 0))
    root = np.empty((*panel.event_returns.shape, 0))
    return NormalReturnFit((), nothing, sigma, df, count, resid, panel.event_benchmark, root)
