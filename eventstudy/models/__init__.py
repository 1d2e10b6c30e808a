"""Normal-return models: aligned windows in, expected returns with their forecast variance out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from eventstudy.models.dimson import fit_dimson, lagged_factors
from eventstudy.models.factor import fit_factor
from eventstudy.models.garch_market import fit_garch_market
from eventstudy.models.linear import NormalReturnFit, fit_linear
from eventstudy.models.market import fit_market
from eventstudy.models.market_adjusted import fit_market_adjusted
from eventstudy.models.mean import fit_mean
from eventstudy.models.peer_portfolio import fit_peer_portfolio
from eventstudy.models.scholes_williams import fit_scholes_williams
from eventstudy.models.synthetic_control import fit_synthetic_control
from eventstudy.models.tobit import fit_tobit
from eventstudy.panel import EventPanel

MODELS: Mapping[str, Callable[..., NormalReturnFit]] = {
    "market": fit_market,
    "market_adjusted": fit_market_adjusted,
    "mean": fit_mean,
    "factor": fit_factor,
    "scholes_williams": fit_scholes_williams,
    "dimson": fit_dimson,
    "garch_market": fit_garch_market,
    "peer_portfolio": fit_peer_portfolio,
    "synthetic_control": fit_synthetic_control,
}

CENSORABLE = frozenset({"market", "mean"})
"""Models that take closes at a price limit as cut-off returns, by a Tobit in the place of least squares."""


def fit_model(name: str, panel: EventPanel, **options: Any) -> NormalReturnFit:
    """Fit a model of `MODELS`; where the panel marks censored returns and the model can take them, its Tobit form."""
    if panel.censored is None or name not in CENSORABLE:
        return MODELS[name](panel, **options)
    mean = name == "mean"
    return fit_tobit(
        panel.returns,
        panel.factors[:0] if mean else panel.factors,
        np.isfinite(panel.returns) if mean else panel.observed,
        panel.censored,
        panel.event_factors[:0] if mean else panel.event_factors,
        panel.event_span,
        names=() if mean else panel.names,
    )


__all__ = ["CENSORABLE", "MODELS", "NormalReturnFit", "fit_linear", "fit_model", "lagged_factors"]
