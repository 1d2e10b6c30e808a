"""Mean-adjusted (comparison period) model: R = mean + e."""

from __future__ import annotations

import numpy as np

from eventstudy.models.linear import Model, NormalReturnFit, fit_linear
from eventstudy.panel import EventPanel


def fit_mean(panel: EventPanel) -> NormalReturnFit:
    """Mean of the estimation window; Var(AR) = s^2 (1 + 1/T), T - 1 degrees of freedom."""
    return fit_linear(
        panel.returns,
        panel.factors[:0],
        np.isfinite(panel.returns),
        panel.event_factors[:0],
        panel.event_span,
        names=(),
    )


MODEL = Model("mean", fit_mean, needs=None, least_squares=True, censorable=True, linear=True)
