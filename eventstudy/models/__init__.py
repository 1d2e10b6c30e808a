"""Normal-return models: aligned windows in, expected returns with their forecast variance out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eventstudy.models.dimson import fit_dimson, lagged_factors
from eventstudy.models.factor import fit_factor
from eventstudy.models.garch_market import fit_garch_market
from eventstudy.models.linear import NormalReturnFit, fit_linear
from eventstudy.models.market import fit_market
from eventstudy.models.market_adjusted import fit_market_adjusted
from eventstudy.models.mean import fit_mean
from eventstudy.models.scholes_williams import fit_scholes_williams

MODELS: Mapping[str, Callable[..., NormalReturnFit]] = {
    "market": fit_market,
    "market_adjusted": fit_market_adjusted,
    "mean": fit_mean,
    "factor": fit_factor,
    "scholes_williams": fit_scholes_williams,
    "dimson": fit_dimson,
    "garch_market": fit_garch_market,
}

__all__ = ["MODELS", "NormalReturnFit", "fit_linear", "lagged_factors"]
