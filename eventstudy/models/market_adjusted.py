"""Market-adjusted model: the normal return is the benchmark's, nothing is estimated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.models.linear import Model, NormalReturnFit, benchmark_return, fit_linear
from eventstudy.panel import EventPanel


def fit_market_adjusted(panel: EventPanel) -> NormalReturnFit:
    """Normal return R_m; sigma is the standard deviation of R - R_m about its mean, T - 1 degrees of freedom.

    Notes
    -----
    No parameter is estimated, so the forecast adds no variance of its own: Var(AR) = s^2, Var(CAR) = L s^2.
    A case with fewer than two observations has abnormal returns but no sigma (NaN).
    """
    benchmark, event_benchmark = panel.factors[0], panel.event_factors[0]
    spread = fit_linear(
        panel.returns - benchmark,
        panel.factors[:0],
        panel.observed,
        panel.event_factors[:0],
        panel.event_span,
        names=(),
    )
    return replace(
        spread,
        names=(),
        params=spread.params[:, :0],
        residuals=lambda: np.where(panel.observed, panel.returns - benchmark, np.nan),
        expected=event_benchmark,
        leverage_root=spread.leverage_root[..., :0],
    )


MODEL = Model(
    "market_adjusted",
    fit_market_adjusted,
    needs="benchmark",
    estimated=False,
    reference=benchmark_return,
    linear=True,
)
