"""Synthetic control: the convex mix of untouched donors whose returns come nearest to the treated security's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eventstudy.arrays import Floats, Ints, Mask
from eventstudy.errors import OptionError
from eventstudy.models.linear import Model, NormalReturnFit
from eventstudy.models.peer_portfolio import complete_donors, require_donors
from eventstudy.models.ridge_augmented import Penalty, augment_weights, augmented_root
from eventstudy.models.simplex import Ridge, SimplexFit, simplex_weights
from eventstudy.panel import EventPanel

_WHOLE = 1e-6  # a trace this little above a whole number is one, but for rounding and the ridge's last share
_RANK = 1e-12  # singular value below this share of the donors' length: a direction that they do not have


def fit_synthetic_control(panel: EventPanel, *, ridge: Ridge = 0.0, augment: Penalty | None = None) -> NormalReturnFit:
    """Normal return alpha + w'x, with weights of the donors that are not negative and sum to one.

    Parameters
    ----------
    panel : EventPanel
        With K donors as regressors, at least one. The event must not touch them: that is the user's part, the model
        cannot see it. Returns should be simple ones, which are what a portfolio of donors earns.
    ridge : float or "minimum_norm"
        Penalty on the sum of squared weights, see `simplex_weights`.
    augment : float or "cv", optional
        Penalty of the ridge-augmented form, see `augment_weights`: its weights sum to one but may be negative.

    Returns
    -------
    NormalReturnFit
        `params` holds alpha and the K weights. A donor that is not in `complete_donors` has weight 0 in that case.
        A case has NaN where it has no donor or no return, or the conditions of the optimum are not met.

    Raises
    ------
    OptionError
        Where there is no donor, or `ridge` or `augment` has a value that is not allowed.

    Notes
    -----
    Sigma, degrees of freedom and leverage are approximations: they are those of least squares with intercept on the
    donors that have weight, as if these had been named beforehand. With k such donors, an intercept and weights that
    sum to one there are k parameters, T - k degrees of freedom, and ``Var(AR) = s^2 (n + n^2/T + d'(X X')^+ d)`` for a
    return over n sessions, X the (k, T) donors less the means over periods and over donors, d the event day's less n
    times the means over periods. The search among the donors is not in it, nor, with a ridge or an augmentation, the
    bias. Augmented, `AugmentedFit.parameters`, rounded up, takes the place of k. Inference for a synthetic control is
    by placebo dates and by conformal refits (`all_period_residuals`), which need none of it.
    """
    require_donors(panel, "synthetic_control")
    donors, ahead = np.swapaxes(panel.factors, 0, 1), np.swapaxes(panel.event_factors, 0, 1)
    used = np.isfinite(panel.returns)
    fit = simplex_weights(panel.returns, donors, ridge=ridge, refused=~complete_donors(panel))
    if augment is None:
        weights, intercept, resid = fit.weights, fit.intercept, fit.residuals
        parameters = (weights > 0.0).sum(axis=1).astype(np.float64)
        root = _active_root(used, donors, fit, ahead, panel.event_span)
    else:
        better = augment_weights(panel.returns, donors, fit, penalty=augment)
        weights, intercept, resid, parameters = better.weights, better.intercept, better.residuals, better.parameters
        root = augmented_root(used, donors, fit, better, ahead, panel.event_span)
    known = np.where(fit.converged, 1.0, np.nan)[:, None]
    count = used.sum(axis=1)
    df = count - np.ceil(np.where(fit.converged, parameters - _WHOLE, 0.0)).astype(np.int64)
    squares = np.where(used, resid * known, 0.0) ** 2
    return NormalReturnFit(
        names=("alpha", *panel.names),
        params=np.column_stack([intercept, weights]) * known,
        sigma=np.sqrt(squares.sum(axis=1) / np.where(df > 0, df, np.nan)),
        df_resid=df,
        nobs=count,
        residuals=lambda: resid * known,
        expected=(_mixed(weights, ahead) + intercept[:, None] * panel.event_span) * known,
        leverage_root=_compact(root, min(len(panel.names) + 1, panel.event_span.shape[1])) * known[..., None],
    )


def donors_return(panel: EventPanel, fit: Callable[[], NormalReturnFit]) -> Floats:
    """(E, L) returns of the weighted donors on the event days, without the intercept."""
    return _mixed(fit().params[:, 1:], np.swapaxes(panel.event_factors, 0, 1))


def _mixed(weights: Floats, ahead: Floats) -> Floats:
    """(E, L) weighted sum of (E, J, L) returns; those of donors without weight may be missing."""
    return np.asarray(np.einsum("ej,ejl->el", weights, np.where(weights[..., None] != 0.0, ahead, 0.0)))


def all_period_residuals(
    y_all: Floats,
    donors_all: Floats,
    *,
    intercept: bool = True,
    ridge: Ridge = 0.0,
    penalty: Penalty | None = None,
    refused: Mask | None = None,
) -> Floats:
    """Residuals of a synthetic control fitted on estimation and event periods together.

    The fit treats all periods alike: periods in another order give the same residuals in that order. This is
    what makes conformal inference exact (Chernozhukov, Wuthrich and Zhu 2021, Journal of the American
    Statistical Association 116, 1849-1864); a fit on the estimation periods alone does not have it.

    Parameters
    ----------
    y_all : (E, T + L) float
        Returns of the treated, the effect under the null hypothesis subtracted from the event days; one row for each
        case or hypothesis.
    donors_all : (E, J, T + L) or (J, T + L) float
        Returns of the donors.
    intercept, ridge, refused
        See `simplex_weights`. A donor with a missing return in any period used is refused.
    penalty : float, optional
        Of the ridge-augmented form. It has to be given: chosen by cross-validation it would depend on the order of
        the periods.

    Returns
    -------
    (E, T + L) float
        NaN where the treated is missing, and in the whole row where there is no solution.

    Raises
    ------
    OptionError
        As `simplex_weights` and `augment_weights` do, and where the penalty is a word.
    """
    if isinstance(penalty, str):
        raise OptionError(f"penalty={penalty!r} is not allowed for all periods together; give a number above 0")
    fit = simplex_weights(y_all, donors_all, intercept=intercept, ridge=ridge, refused=refused)
    residuals = fit.residuals
    if penalty is not None:
        residuals = augment_weights(y_all, donors_all, fit, penalty=penalty, intercept=intercept).residuals
    return np.where(fit.converged[:, None], residuals, np.nan)


def _active_root(used: Mask, donors: Floats, fit: SimplexFit, ahead: Floats, span: Ints) -> Floats:
    """(E, L, m + 1) root of the forecast covariance over s^2 of least squares on the donors with weight."""
    active = fit.weights > 0.0
    count, sizes = np.maximum(used.sum(axis=1), 1), active.sum(axis=1)
    root = np.zeros((*span.shape, int(sizes.max(initial=0)) + 1))
    root[..., 0] = span / np.sqrt(count)[:, None]
    for size in np.unique(sizes[sizes > 0]):
        rows = np.flatnonzero(sizes == size)
        chosen = np.nonzero(active[rows])[1].reshape(len(rows), size)
        days, place = used[rows, None, :], rows[:, None]
        x = np.where(days, donors[place, chosen], 0.0)
        mean = x.sum(axis=2, keepdims=True) / count[rows, None, None]
        apart = np.where(days, x - mean, 0.0)
        left, singular, _ = np.linalg.svd(apart - apart.mean(axis=1, keepdims=True), full_matrices=False)
        length = np.sqrt((apart**2).sum(axis=(1, 2)))[:, None]
        inverse = np.divide(1.0, singular, out=np.zeros(singular.shape), where=singular > _RANK * length)
        distance = ahead[place, chosen] - span[rows, None, :] * mean
        root[rows, :, 1 : singular.shape[1] + 1] = np.swapaxes(distance, 1, 2) @ left * inverse[:, None, :]
    return root


def _compact(root: Floats, width: int) -> Floats:
    """A root G of the same G G' with `width` columns, at least its rank."""
    if root.shape[2] <= width:
        return np.pad(root, ((0, 0), (0, 0), (0, width - root.shape[2])))
    missing = np.isnan(root).any(axis=2, keepdims=True)
    left, singular, _ = np.linalg.svd(np.where(missing, 0.0, root), full_matrices=False)
    kept = min(width, singular.shape[1])
    turned = np.where(missing, np.nan, (left * singular[:, None, :])[..., :kept])
    return np.pad(turned, ((0, 0), (0, 0), (0, width - kept)))


MODEL = Model(
    "synthetic_control", fit_synthetic_control, needs="peers", options=("ridge", "augment"), reference=donors_return
)
