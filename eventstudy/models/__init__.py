"""Normal-return models: aligned windows in, expected returns with their forecast variance out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.models import (
    dimson,
    factor,
    garch_market,
    market,
    market_adjusted,
    mean,
    peer_portfolio,
    scholes_williams,
    synthetic_control,
)
from eventstudy.models.dimson import lagged_factors
from eventstudy.models.linear import Model, NormalReturnFit, Reference, fit_linear, without_rounding
from eventstudy.models.tobit import fit_tobit
from eventstudy.options import shown
from eventstudy.panel import EventPanel

ROWS: tuple[Model, ...] = (
    market.MODEL,
    market_adjusted.MODEL,
    mean.MODEL,
    factor.MODEL,
    scholes_williams.MODEL,
    dimson.MODEL,
    garch_market.MODEL,
    peer_portfolio.MODEL,
    synthetic_control.MODEL,
)
"""Every model, a row each: a new one adds its line here."""

MODELS: Mapping[str, Model] = {model.name: model for model in ROWS}

STUDY_MODELS = tuple(model.name for model in ROWS if model.in_study_files)
"""Models that study files may name."""

MARKET = market.MODEL.name
"""The model that a study is told in where it names none: claims, joint tests, other ways to estimate an event."""


def reference_of(name: str, what: str) -> Reference:
    """How a model has the reference return of its events.

    Raises
    ------
    OptionError
        Where it holds returns against nothing that could be bought, which `what` needs.
    """
    reference = MODELS[name].reference
    if reference is None:
        having = [row.name for row in ROWS if row.reference is not None]
        raise OptionError(fact("option.no_reference", what=what, model=shown(name), allowed=having))
    return reference


def fit_model(name: str, panel: EventPanel, **options: Any) -> NormalReturnFit:
    """Fit a model of `MODELS`; where the panel marks censored returns and the model can take them, its Tobit form."""
    model = MODELS[name]
    if panel.censored is None or not model.censorable:
        return model(panel, **options)
    bare = model.needs is None
    fit = fit_tobit(
        panel.returns,
        panel.factors[:0] if bare else panel.factors,
        np.isfinite(panel.returns) if bare else panel.observed,
        panel.censored,
        panel.event_factors[:0] if bare else panel.event_factors,
        panel.event_span,
        names=() if bare else panel.names,
    )
    return without_rounding(fit, panel.returns)


__all__ = [
    "MARKET",
    "MODELS",
    "STUDY_MODELS",
    "Model",
    "NormalReturnFit",
    "fit_linear",
    "fit_model",
    "lagged_factors",
    "reference_of",
]
