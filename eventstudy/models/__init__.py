"""Normal-return models: aligned windows in, expected returns with their forecast variance out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
from eventstudy.options import keywords, one_of, shown, whole
from eventstudy.panel import EventPanel
from eventstudy.windows import Window

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

MARKET = market.MODEL.name
"""The model that a study is told in where it names none: claims, joint tests, other ways to estimate an event."""


def reference_of(model: Model, what: str) -> Reference:
    """How a model has the reference return of its events.

    Raises
    ------
    OptionError
        Where it holds returns against nothing that could be bought, which `what` needs.
    """
    reference = model.reference
    if reference is None:
        having = [row.name for row in ROWS if row.reference is not None]
        raise OptionError(fact("option.no_reference", what=what, model=shown(model.name), allowed=having))
    return reference


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A normal-return model with its options, and the lags and leads that its regressors have beside them."""

    row: Model
    options: tuple[tuple[str, Any], ...] = ()
    shifts: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        return self.row.name

    def fit(self, panel: EventPanel) -> NormalReturnFit:
        """Fit it to aligned windows; where these mark censored returns and the model can take them, its Tobit form."""
        if panel.censored is None or not self.row.censorable:
            return self.row(panel, **dict(self.options))
        bare = self.row.needs is None
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


MARKET_MODEL = ChosenModel(market.MODEL)


def choose(model: str | Model, options: Mapping[str, Any] | None = None, *, of: str = "model") -> ChosenModel:
    """A model of `MODELS` by name, or one's own, with options.

    Parameters
    ----------
    model : str or Model
        Its name, or a row that stands in no table.
    options : mapping, optional
        Names and values; lags and leads of models that have them are 1 unless stated.
    of : str
        What a refusal calls the choice.

    Raises
    ------
    OptionError
        For a name, an option or a value that there is not.
    """
    if not isinstance(model, Model):
        one_of(of, model, MODELS)
    row = model if isinstance(model, Model) else MODELS[model]
    if options is not None and not isinstance(options, Mapping):
        raise OptionError(fact("option.mapping", name="model_options", given=shown(options)))
    keywords(f"{of}={row.name!r}", options or (), row.options)
    given = dict(options or {})
    lags, leads = (whole(side, given.pop(side, 1), least=0) if row.shifted else 0 for side in ("lags", "leads"))
    return ChosenModel(row, tuple(sorted(given.items())), (lags, leads))


def try_options(name: str, options: Mapping[str, Any]) -> None:
    """Refuse options that a model has not got, or with values that its fit does not take, before there are data.

    Raises
    ------
    OptionError
        For a name, an option or a value that there is not.
    """
    chosen = choose(name, options)
    if not options:
        return
    noise = np.random.default_rng(0).normal(0.0, 0.01, (2, 60))
    names, factors = lagged_factors(("x",), noise[:1], lags=chosen.shifts[0], leads=chosen.shifts[1])
    past, day = slice(0, 58), slice(58, 59)
    chosen.fit(
        EventPanel(
            keys=("made",),
            event_window=Window(0, 0),
            names=names,
            returns=noise[1:, past],
            factors=np.nan_to_num(factors[:, None, past]),
            event_returns=noise[1:, day],
            event_factors=np.nan_to_num(factors[:, None, day]),
            event_span=np.ones((1, 1), dtype=np.int64),
            sessions=np.arange(58)[None].astype("datetime64[D]"),
            event_sessions=np.array([[58]]).astype("datetime64[D]"),
            gap=np.zeros(1, dtype=np.int64),
        )
    )


__all__ = [
    "MARKET",
    "MARKET_MODEL",
    "MODELS",
    "ChosenModel",
    "Model",
    "NormalReturnFit",
    "choose",
    "fit_linear",
    "lagged_factors",
    "reference_of",
    "try_options",
]
