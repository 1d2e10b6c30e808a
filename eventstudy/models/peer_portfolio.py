"""Peer portfolio: the equal-weighted mean of untouched peers in the place of the market."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from eventstudy.arrays import Floats, Mask
from eventstudy.errors import OptionError
from eventstudy.models.linear import Model, NormalReturnFit
from eventstudy.models.market import fit_market
from eventstudy.models.market_adjusted import fit_market_adjusted
from eventstudy.options import one_of
from eventstudy.panel import EventPanel

Beta = Literal["free", "one"]

NAME = "peers"
"""Name of the portfolio's slope among the parameters."""


def fit_peer_portfolio(panel: EventPanel, *, beta: Beta = "free") -> NormalReturnFit:
    """Normal return from the equal-weighted mean of the panel's regressors, which are the peers.

    Parameters
    ----------
    panel : EventPanel
        With K peers as regressors, at least one. The event must not touch them: that is the user's part, the model
        cannot see it.
    beta : {"free", "one"}
        Whether the portfolio has alpha and a slope of its own, as in the market model (T - 2 degrees of freedom), or
        the normal return is the portfolio's (as in the market-adjusted model, sigma about the mean difference, T - 1).

    Raises
    ------
    OptionError
        Where there is no peer or `beta` is another word.

    Notes
    -----
    The portfolio has the same peers on every day: one that is not in `complete_donors` is left out of the case; a
    case without peers has NaN. The standard errors are exact under the assumptions of the model that it takes the form
    of. Against peers of the same sector the abnormal return is the effect relative to the sector, not the whole one.
    """
    one_of("beta", beta, get_args(Beta))
    require_donors(panel, "peer_portfolio")
    portfolio = replace(
        panel,
        names=(NAME,),
        factors=_mean(panel.factors, complete_donors(panel))[None],
        event_factors=peers_return(panel)[None],
    )
    return fit_market(portfolio) if beta == "free" else fit_market_adjusted(portfolio)


def peers_return(panel: EventPanel, _: Callable[[], NormalReturnFit] | None = None) -> Floats:
    """(E, L) mean returns of the peers on the event days."""
    return _mean(panel.event_factors, complete_donors(panel))


def complete_donors(panel: EventPanel) -> Mask:
    """(E, K) regressors known in every estimation period and on every event day on which the security is.

    A donor with a gap is left out of a case, in the estimation window so that nothing is filled, in the event window so
    that no day is lost or has other donors than its neighbour.
    """
    past = np.isfinite(panel.factors) | ~np.isfinite(panel.returns)
    ahead = np.isfinite(panel.event_factors) | ~np.isfinite(panel.event_returns)
    return np.asarray((past.all(axis=2) & ahead.all(axis=2)).T, dtype=np.bool_)


def require_donors(panel: EventPanel, model: str) -> None:
    """Refuse a panel without regressors."""
    if not panel.names:
        raise OptionError(f"model={model!r} needs at least one donor; given: none")


def _mean(values: Floats, chosen: Mask) -> Floats:
    """Mean over the chosen of (K, E, T) values, NaN where none is chosen or one is missing."""
    count = chosen.sum(axis=1)
    total = np.where(chosen.T[..., None], values, 0.0).sum(axis=0)
    mean: Floats = total / np.where(count > 0, count, np.nan)[:, None]
    return mean


MODEL = Model(
    "peer_portfolio", fit_peer_portfolio, needs="peers", options=("beta",), reference=peers_return, linear=True
)
