"""Market model: R = alpha + beta R_m + e."""

from __future__ import annotations

from eventstudy.models.linear import Model, NormalReturnFit, benchmark_return, fit_linear
from eventstudy.panel import EventPanel


def fit_market(panel: EventPanel) -> NormalReturnFit:
    """Market model of every case, with exact forecast variance and T - 2 degrees of freedom.

    Notes
    -----
    Var(AR) = s^2 (1 + 1/T + (R_m - mean R_m)^2 / SS_m) for a one-day return; a return over n sessions
    has alpha n and own variance n s^2 (trade-to-trade, Maynes and Rumsey 1993).
    """
    return fit_linear(
        panel.returns, panel.factors, panel.observed, panel.event_factors, panel.event_span, names=panel.names
    )


MODEL = Model(
    "market",
    fit_market,
    needs="benchmark",
    least_squares=True,
    censorable=True,
    reference=benchmark_return,
    linear=True,
)
