"""The row of a model, what its fit is, and the one linear core: least squares of many cases, exact covariance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from eventstudy.arrays import Floats, Ints, Mask
from eventstudy.errors import OptionError
from eventstudy.panel import EventPanel

NO_VARIANCE = 1e-10
"""Residual variance at or below this share of the returns' mean square is no variance: residuals of 1/100,000 of the
returns. What double precision leaves of a perfect fit is 1e-28 of it and single precision 1e-11; an index of level
4,000 that two sources round to cents differs by 1e-8, and stays."""
ROUNDING = 1e-14
"""Residual standard deviation of decimal returns that is rounding whatever their size: a price ratio is near one and
held to 2e-16, which is all that is left of a return less an equal rate."""

_COLLINEAR = 1e-18  # variance below this share of the mean square: the regressor is a constant
_SMALLEST_EIGENVALUE = 1e-12  # of the regressors' correlation matrix; below it float rounding decides


@dataclass(frozen=True, slots=True, eq=False)
class NormalReturnFit:
    """What a normal-return model says about E cases with k parameters, T estimation and L event days.

    The prediction errors of one case have covariance ``s^2 (diag(v) + G G')`` with ``G = leverage_root`` and
    ``v = own_variance(span)``: the span of each return, unless the model has a variance that changes.

    Attributes
    ----------
    names : tuple of k str
        Parameter names: ``alpha`` (where there is one), then the factors.
    params : (E, k) float
        Estimates; NaN where the regressors are collinear or too few.
    sigma : (E,) float
        Residual standard deviation with `df_resid` in the denominator; NaN where it cannot be had or is rounding.
    df_resid, nobs : (E,) int
        Degrees of freedom and observations used.
    resid : (E, T) float
        Estimation residuals, NaN where an observation was left out.
    expected : (E, L) float
        Normal return of each event day.
    leverage_root : (E, L, r) float
        G, any square root of ``X_1 V X_1'`` with V the parameters' covariance over s^2 (``(X'X)^-1`` under
        least squares) and X_1 the event-day regressors; r is the number of parameters of the mean equation.
    innovation_variance : (E, L) float, optional
        v, variance of each event-day return's own error over s^2; None where it is the span.
    """

    names: tuple[str, ...]
    params: Floats
    sigma: Floats
    df_resid: Ints
    nobs: Ints
    resid: Floats
    expected: Floats
    leverage_root: Floats
    innovation_variance: Floats | None = None

    def own_variance(self, span: Ints) -> Floats | Ints:
        """(E, L) variance of each event-day return's own error over s^2, of returns over `span` sessions."""
        return span if self.innovation_variance is None else self.innovation_variance


Reference = Callable[[EventPanel, Callable[[], NormalReturnFit]], Floats]


@dataclass(frozen=True, slots=True)
class Model:
    """A normal-return model; a row may be called like its function.

    Attributes
    ----------
    name : str
        Its name in study files, options and results; ``model.<name>`` in the catalogs is what readers call it.
    fit : callable
        (panel, **options) to `NormalReturnFit`.
    needs : {"benchmark", "factors"} or None
        What returns are regressed on or held against: one benchmark; any factors, peers or donors; nothing.
    options : tuple of str
        Names of the options of `fit`.
    shifted : bool
        Whether the regressors have lags and leads beside them, whose numbers are the options ``lags`` and ``leads``.
    least_squares : bool
        Whether it is least squares with a constant on what it needs, so that tests may refit it on other days.
    censorable : bool
        Whether closes at a price limit may be taken as cut-off returns, by a Tobit in the place of least squares.
    estimated : bool
        Whether its normal return is estimated; where not, a short estimation window costs standard errors only.
    in_study_files : bool
        Whether study files may name it.
    linear : bool
        Whether its fit is least squares on regressors that it is given, or on none, so that days have a leverage.
    reference : callable or None
        (panel, fit) to the (E, L) returns of what an event's security is held against, where that could be bought;
        `fit` is called for the fit where it takes one. None for models without.
    """

    name: str
    fit: Callable[..., NormalReturnFit]
    needs: Literal["benchmark", "factors"] | None
    options: tuple[str, ...] = ()
    shifted: bool = False
    least_squares: bool = False
    censorable: bool = False
    estimated: bool = True
    in_study_files: bool = False
    linear: bool = False
    reference: Reference | None = None

    def __call__(self, panel: EventPanel, **options: Any) -> NormalReturnFit:
        """Fit the model to aligned windows; sigma is NaN where the residuals are rounding (`without_rounding`)."""
        return without_rounding(self.fit(panel, **options), panel.returns)


def without_rounding(fit: NormalReturnFit, returns: Floats) -> NormalReturnFit:
    """The fit with sigma NaN in cases that leave no variance but rounding: they have no standard error.

    Constant returns, a copy or a multiple of the benchmark, a price that is paid anyway. See `NO_VARIANCE` and
    `ROUNDING`.

    Parameters
    ----------
    fit : NormalReturnFit
        Of E cases.
    returns : (E, T) float
        The returns of the estimation window that it was fitted to.
    """
    squares = np.einsum("et,et->e", returns, returns)
    holes = np.isnan(squares)
    squares[holes] = np.nansum(returns[holes] ** 2, axis=1)
    floor = np.maximum(NO_VARIANCE * squares / np.maximum(fit.nobs, 1), ROUNDING**2)
    bare = fit.sigma**2 <= floor
    return replace(fit, sigma=np.where(bare, np.nan, fit.sigma)) if bare.any() else fit


def benchmark_return(panel: EventPanel, _: Callable[[], NormalReturnFit]) -> Floats:
    """(E, L) returns of the benchmark on the event days: the reference of models that have one."""
    returns: Floats = panel.event_factors[0]
    return returns


def only_benchmark(panel: EventPanel, model: str) -> tuple[Floats, Floats]:
    """The benchmark's returns, (E, T) in the estimation and (E, L) in the event window.

    Raises
    ------
    OptionError
        Where the panel has no regressor or several.
    """
    if len(panel.names) != 1:
        given = ", ".join(panel.names) if panel.names else "none"
        raise OptionError(f"model={model!r} takes one benchmark; given: {given}")
    return panel.factors[0], panel.event_factors[0]


def fit_linear(
    y: Floats,
    factors: Floats,
    used: Mask,
    event_factors: Floats,
    event_span: Ints,
    *,
    names: tuple[str, ...],
    intercept: bool = True,
) -> NormalReturnFit:
    """Ordinary least squares of every case, and the pieces of its forecasts.

    Parameters
    ----------
    y : (E, T) float
        Returns of the estimation window.
    factors : (K, E, T) float
        Regressors without the constant; K may be 0.
    used : (E, T) bool
        Observations to use.
    event_factors : (K, E, L) float
        Regressors of the event days.
    event_span : (E, L) int
        Sessions that each event-day return covers: the constant of that day.
    names : tuple of K str
        Names of the factors.
    intercept : bool
        Whether the model has an alpha.

    Notes
    -----
    With the regressors centred at their means (where there is a constant) and ``S = C C'`` their scatter:
    ``b = S^-1 x'y``, ``s^2 = e'e / (T - k)`` and, for an event day with regressors x over n sessions,
    ``Var = s^2 (n + n^2/T + (x - n mean)' S^-1 (x - n mean))`` (Salinger 1992, JFQA 27, 39-53). Several factors are
    made orthonormal by Cholesky's decomposition, twice, which is as exact as a QR decomposition (Yamamoto,
    Nakatsukasa, Yanagisawa and Fukaya 2015, Electronic Transactions on Numerical Analysis 44, 306-326). A case
    whose regressors are collinear or whose observations do not exceed k gets NaN.
    """
    count = used.sum(axis=1)
    df = count - len(names) - int(intercept)
    x, x_mean = centred(factors, used, count, intercept=intercept)
    response, y_mean = centred(y, used, count, intercept=intercept)
    inverse_root, basis, singular = _inverse_root(x, np.where(used, factors, 0.0))
    bad = singular | (df < 1)
    rotated = np.einsum("ejt,et->ej", basis, response)
    betas = np.where(bad[:, None], np.nan, np.einsum("ejk,ej->ek", inverse_root, rotated))
    resid = response - np.einsum("ek,ket->et", betas, x)
    sigma = np.sqrt(np.einsum("et,et->e", resid, resid) / np.where(bad, np.nan, df))
    distance = event_factors - event_span * x_mean[..., None]
    leverage = np.einsum("ejk,kel->elj", inverse_root, distance)
    expected = np.einsum("ek,kel->el", betas, event_factors)
    params = betas
    if intercept:
        alpha = np.where(bad, np.nan, y_mean - np.einsum("ek,ke->e", betas, x_mean))
        params = np.column_stack([alpha, betas])
        expected = expected + alpha[:, None] * event_span
        constant = event_span / np.sqrt(np.maximum(count, 1))[:, None]
        leverage = np.concatenate([constant[..., None], leverage], axis=-1)
    return NormalReturnFit(
        names=("alpha", *names) if intercept else names,
        params=params,
        sigma=sigma,
        df_resid=df,
        nobs=count,
        resid=np.where(used, resid, np.nan),
        expected=expected,
        leverage_root=leverage,
    )


def centred(values: Floats, used: Mask, count: Ints, *, intercept: bool = True) -> tuple[Floats, Floats]:
    """Values with zeros where unused, less their mean where there is a constant; and that mean (else 0)."""
    kept = np.where(used, values, 0.0)
    if not intercept:
        return kept, np.zeros(kept.shape[:-1])
    mean = kept.sum(axis=-1) / np.maximum(count, 1)
    return np.where(used, kept - mean[..., None], 0.0), mean


def _inverse_root(x: Floats, raw: Floats) -> tuple[Floats, Floats, Mask]:
    """W with ``W'W = (xx')^-1`` for every case, (E, K, K), the orthonormal ``Wx``, (E, K, T), and where none is."""
    size = len(x)
    scatter = np.einsum("iet,jet->eij", x, x)
    scale = np.sqrt(np.einsum("eii->ei", scatter))
    flat = (scale**2 <= _COLLINEAR * np.einsum("ket,ket->ek", raw, raw)).any(axis=1)
    scale = np.where(flat[:, None], 1.0, scale)
    if size == 1:
        root = 1.0 / scale[:, :, None]
        return root, np.swapaxes(x, 0, 1) * root, flat
    correlation = np.where(flat[:, None, None], np.eye(size), scatter / (scale[:, :, None] * scale[:, None, :]))
    if size:
        flat |= np.linalg.eigvalsh(correlation)[:, 0] <= _SMALLEST_EIGENVALUE
    correlation = np.where(flat[:, None, None], np.eye(size), correlation)
    root = np.linalg.inv(np.linalg.cholesky(correlation)) / scale[:, None, :]
    basis = root @ np.swapaxes(x, 0, 1)
    again = np.where(flat[:, None, None], np.eye(size), basis @ np.swapaxes(basis, 1, 2))
    turn = np.linalg.inv(np.linalg.cholesky(again))
    return turn @ root, turn @ basis, flat
