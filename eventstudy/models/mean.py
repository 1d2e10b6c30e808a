"""Mean-adjusted (comparison period) model: R = mean + e."""

from __future__ import annotations

import numpy as np

from eventstudy.models.linear import NormalReturnFit, fit_linear
from eventstudy.panel import EventPanel


def fit_mean(panel: EventPanel) -> NormalReturnFit:
    """Mean of the estimation window; Var(AR) = s^2 (1 + 1/T), T - 1 degrees of freedom."""
    x = np.ones((*panel.returns.shape, 1))
    x_event = panel.event_span.astype(float)[..., None]
    return fit_linear(panel.returns, x, np.isfinite(panel.returns), x_event, ("alpha",))
