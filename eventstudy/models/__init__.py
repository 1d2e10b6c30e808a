"""Normal-return models: aligned windows in, expected returns with their forecast variance out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eventstudy.models.linear import NormalReturnFit, fit_linear
from eventstudy.models.market import fit_market
from eventstudy.models.market_adjusted import fit_market_adjusted
from eventstudy.models.mean import fit_mean
from eventstudy.panel import EventPanel

MODELS: Mapping[str, Callable[[EventPanel], NormalReturnFit]] = {
    "market": fit_market,
    "market_adjusted": fit_market_adjusted,
    "mean": fit_mean,
}

__all__ = ["MODELS", "NormalReturnFit", "fit_linear"]
