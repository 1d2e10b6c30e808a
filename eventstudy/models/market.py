"""Market model: R = alpha + beta R_m + e."""

from __future__ import annotations

import numpy as np

from eventstudy.models.linear import NormalReturnFit, fit_linear
from eventstudy.panel import EventPanel


def fit_market(panel: EventPanel) -> NormalReturnFit:
    """Market model of every case, with exact forecast variance and T - 2 degrees of freedom.

    Notes
    -----
    Var(AR) = s^2 (1 + 1/T + (R_m - mean R_m)^2 / SS_m) for a one-day return; a return over n sessions
    has alpha n and own variance n s^2 (trade-to-trade, Maynes and Rumsey 1993).
    """
    x = np.stack([np.ones_like(panel.benchmark), panel.benchmark], axis=-1)
    x_event = np.stack([panel.event_span.astype(float), panel.event_benchmark], axis=-1)
    return fit_linear(panel.returns, x, panel.observed, x_event, ("alpha", "beta"))
