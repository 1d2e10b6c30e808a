"""Factor model: R = alpha + b'F + e with any number of factors."""

from __future__ import annotations

from eventstudy.errors import OptionError
from eventstudy.models.linear import Model, NormalReturnFit, fit_linear
from eventstudy.options import switch
from eventstudy.panel import EventPanel


def fit_factor(panel: EventPanel, *, intercept: bool = True) -> NormalReturnFit:
    """Least squares on every factor of the panel, with exact forecast variance and T - k degrees of freedom.

    Parameters
    ----------
    panel : EventPanel
        With K factors, at least one. Asset-pricing models (CAPM, Fama-French, Carhart) hold for excess
        returns: the panel's returns and its tradable factors are taken as they come, nothing is subtracted.
    intercept : bool
        Whether there is an alpha. Without it the model prices by the factors alone: k is K, and a mean
        return that they do not explain is part of the abnormal return.

    Raises
    ------
    OptionError
        Where the panel has no factor, or `intercept` is neither True nor False.

    Notes
    -----
    Var(AR) = s^2 (n + x'(X'X)^-1 x) for a return over n sessions with regressors x = (n, f'), k = K + 1 with
    alpha (Salinger 1992, Journal of Financial and Quantitative Analysis 27, 39-53). An observation is used
    where the return and all K factors are known. Any non-singular linear transformation of the factors, with
    alpha also a shift of them, leaves the abnormal returns as they are.
    """
    if not panel.names:
        raise OptionError("model='factor' needs at least one factor; given: none")
    switch("intercept", intercept)
    return fit_linear(
        panel.returns,
        panel.factors,
        panel.observed,
        panel.event_factors,
        panel.event_span,
        names=panel.names,
        intercept=intercept,
    )


MODEL = Model("factor", fit_factor, needs="factors", options=("intercept",), linear=True)
