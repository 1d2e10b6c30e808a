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
_LOOSE = 1e-2  # eigenvalue, or share of variance left, below which moments lose more than two digits


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
    residuals : callable
        Gives `resid`, which few ask for: (E, T) estimation residuals, NaN where an observation was left out.
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
    residuals: Callable[[], Floats]
    expected: Floats
    leverage_root: Floats
    innovation_variance: Floats | None = None

    @property
    def resid(self) -> Floats:
        """(E, T) estimation residuals, made anew each time; NaN where an observation was left out."""
        return self.residuals()

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
        Its name in study files, options and results. What readers call it is ``model.<name>`` in the catalogs, or
        `title` where it is not of this package.
    fit : callable
        (panel, **options) to `NormalReturnFit`.
    needs : {"benchmark", "factors", "peers"} or None
        What returns are regressed on or held against: one benchmark; any factors; shares that the event does not touch;
        nothing.
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
    linear : bool
        Whether its fit is least squares on regressors that it is given, or on none, so that days have a leverage.
    title, title_zh : str or None
        What readers call a model that is not of this package.
    reference : callable or None
        (panel, fit) to the (E, L) returns of what an event's security is held against, where that could be bought;
        `fit` is called for the fit where it takes one. None for models without.
    """

    name: str
    fit: Callable[..., NormalReturnFit]
    needs: Literal["benchmark", "factors", "peers"] | None
    options: tuple[str, ...] = ()
    shifted: bool = False
    least_squares: bool = False
    censorable: bool = False
    estimated: bool = True
    linear: bool = False
    reference: Reference | None = None
    title: str | None = None
    title_zh: str | None = None

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
    ``Var = s^2 (n + n^2/T + (x - n mean)' S^-1 (x - n mean))`` (Salinger 1992, JFQA 27, 39-53). All of it comes from
    the window's `Moments`. Where these would lose more than two digits, because factors are nearly collinear or
    hardly any variance is left, the window itself is asked: its factors are made orthonormal by Cholesky's
    decomposition, twice, which is as exact as a QR decomposition (Yamamoto, Nakatsukasa, Yanagisawa and Fukaya 2015,
    Electronic Transactions on Numerical Analysis 44, 306-326). A case whose regressors are collinear or whose
    observations do not exceed k gets NaN.
    """
    moments = Moments.of(y, factors, used, intercept=intercept)
    found = solve(moments)
    if (poor := np.flatnonzero(found.poor)).size:
        found = found.mended(poor, y[poor], factors[:, poor], used[poor], intercept=intercept)
    count, betas, x_mean = moments.nobs, found.betas, moments.x_mean
    df = count - len(names) - int(intercept)
    bad = found.singular | (df < 1)
    betas = np.where(bad[:, None], np.nan, betas)
    distance = event_factors - event_span * x_mean[..., None]
    leverage = np.einsum("ejk,kel->elj", found.inverse_root, distance)
    expected = np.einsum("ek,kel->el", betas, event_factors)
    params, alpha = betas, np.zeros(len(count))
    if intercept:
        alpha = np.where(bad, np.nan, moments.y_mean - np.einsum("ek,ke->e", betas, x_mean))
        params = np.column_stack([alpha, betas])
        expected = expected + alpha[:, None] * event_span
        constant = event_span / np.sqrt(np.maximum(count, 1))[:, None]
        leverage = np.concatenate([constant[..., None], leverage], axis=-1)
    return NormalReturnFit(
        names=("alpha", *names) if intercept else names,
        params=params,
        sigma=np.sqrt(found.squares / np.where(bad, np.nan, df)),
        df_resid=df,
        nobs=count,
        residuals=lambda: _residuals(y, factors, used, betas, intercept=intercept),
        expected=expected,
        leverage_root=leverage,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What a linear model reads of E estimation windows: n and the moments of K regressors x and the return y.

    Attributes
    ----------
    nobs : (E,) int
        Observations used.
    x_mean : (K, E) float
        Means of the regressors; zeros for a model without a constant.
    y_mean : (E,) float
        Mean return; zeros for a model without a constant.
    xx, xy, yy : (E, K, K), (E, K) and (E,) float
        Sums of products about those means.
    square : (E, K) float
        Sums of squares of the regressors as they are, beside which a constant one has none about its mean.
    """

    nobs: Ints
    x_mean: Floats
    y_mean: Floats
    xx: Floats
    xy: Floats
    yy: Floats
    square: Floats

    @classmethod
    def of(cls, y: Floats, factors: Floats, used: Mask, *, intercept: bool) -> Moments:
        """The moments of (E, T) returns and (K, E, T) regressors over the observations used."""
        count = used.sum(axis=1)
        (x, x_mean), (response, y_mean) = (centred(one, used, count, intercept=intercept) for one in (factors, y))
        xx = np.einsum("iet,jet->eij", x, x)
        about = np.einsum("eii->ei", xx)
        return cls(
            nobs=count,
            x_mean=x_mean,
            y_mean=y_mean,
            xx=xx,
            xy=np.einsum("ket,et->ek", x, response),
            yy=np.einsum("et,et->e", response, response),
            square=about + count[:, None] * x_mean.T**2,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Least squares of E cases.

    Attributes
    ----------
    betas : (E, K) float
        Slopes.
    inverse_root : (E, K, K) float
        W with ``W'W = (xx)^-1``.
    squares : (E,) float
        Sum of squared residuals.
    singular : (E,) bool
        Whether the regressors are collinear or constant.
    poor : (E,) bool
        Whether the moments alone hold it to fewer digits than the windows do.
    """

    betas: Floats
    inverse_root: Floats
    squares: Floats
    singular: Mask
    poor: Mask

    def mended(self, rows: Ints, y: Floats, factors: Floats, used: Mask, *, intercept: bool) -> Solution:
        """The solution with some cases solved from their windows, whose regressors are made orthonormal twice."""
        x, response = _about_means(y, factors, used, intercept=intercept)
        root = self.inverse_root[rows]
        basis = root @ np.swapaxes(x, 0, 1)
        again = basis @ np.swapaxes(basis, 1, 2)
        known = np.isfinite(again).all(axis=(1, 2)) & ~self.singular[rows]
        turn = np.linalg.inv(np.linalg.cholesky(np.where(known[:, None, None], again, np.eye(again.shape[1]))))
        root, basis = turn @ root, turn @ basis
        betas = np.einsum("ejk,ej->ek", root, np.einsum("ejt,et->ej", basis, response))
        resid = response - np.einsum("ek,ket->et", betas, x)
        out = {name: getattr(self, name).copy() for name in ("betas", "inverse_root", "squares")}
        for name, values in (("betas", betas), ("inverse_root", root)):
            out[name][rows] = values
        out["squares"][rows] = np.einsum("et,et->e", resid, resid)
        return replace(self, **out)


def solve(moments: Moments) -> Solution:
    """Least squares from moments alone."""
    scale = np.sqrt(np.einsum("eii->ei", moments.xx))
    singular = (scale**2 <= _COLLINEAR * moments.square).any(axis=1)
    scale = np.where(singular[:, None], 1.0, scale)
    size = scale.shape[1]
    if size < 2:
        inverse_root, loose = 1.0 / scale.reshape(len(scale), size, size), np.zeros(len(scale), dtype=bool)
    else:
        eye = np.eye(size)
        correlation = np.where(singular[:, None, None], eye, moments.xx / (scale[:, :, None] * scale[:, None, :]))
        smallest = np.linalg.eigvalsh(correlation)[:, 0]
        singular, loose = singular | (smallest <= _SMALLEST_EIGENVALUE), smallest <= _LOOSE
        correlation = np.where(singular[:, None, None], eye, correlation)
        inverse_root = np.linalg.inv(np.linalg.cholesky(correlation)) / scale[:, None, :]
    rotated = np.einsum("ejk,ek->ej", inverse_root, moments.xy)
    squares = moments.yy - np.einsum("ej,ej->e", rotated, rotated)
    poor = (loose | (squares <= _LOOSE * moments.yy)) & ~singular if size else singular
    return Solution(np.einsum("ejk,ej->ek", inverse_root, rotated), inverse_root, squares, singular, poor)


def _about_means(y: Floats, factors: Floats, used: Mask, *, intercept: bool) -> tuple[Floats, Floats]:
    """Regressors and returns less their means, zeros where unused."""
    count = used.sum(axis=1)
    x, response = (centred(one, used, count, intercept=intercept)[0] for one in (factors, y))
    return x, response


def _residuals(y: Floats, factors: Floats, used: Mask, betas: Floats, *, intercept: bool) -> Floats:
    """(E, T) returns less their fit, NaN where an observation was left out."""
    x, response = _about_means(y, factors, used, intercept=intercept)
    return np.where(used, response - np.einsum("ek,ket->et", betas, x), np.nan)


def centred(values: Floats, used: Mask, count: Ints, *, intercept: bool = True) -> tuple[Floats, Floats]:
    """Values with zeros where unused, less their mean where there is a constant; and that mean (else 0)."""
    kept = np.where(used, values, 0.0)
    if not intercept:
        return kept, np.zeros(kept.shape[:-1])
    mean = kept.sum(axis=-1) / np.maximum(count, 1)
    return np.where(used, kept - mean[..., None], 0.0), mean
