"""The one linear core: least squares of many cases at once, with exact prediction-error covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class NormalReturnFit:
    """What a normal-return model says about E cases with k parameters, T estimation and L event days.

    The prediction errors of one case have covariance ``s^2 (diag(span) + G G')`` with ``G = leverage_root``.

    Attributes
    ----------
    names : tuple of k str
        Parameter names: ``alpha``, then ``beta`` for each regressor.
    params : (E, k) float
        Estimates.
    sigma : (E,) float
        Residual standard deviation with `df_resid` in the denominator; NaN where it cannot be had.
    df_resid, nobs : (E,) int
        Degrees of freedom and observations used.
    resid : (E, T) float
        Estimation residuals, NaN where an observation was left out.
    expected : (E, L) float
        Normal return of each event day.
    leverage_root : (E, L, k) float
        ``X_1 R^-1`` of the event-day regressors, R from the QR of the estimation regressors.
    """

    names: tuple[str, ...]
    params: Floats
    sigma: Floats
    df_resid: Ints
    nobs: Ints
    resid: Floats
    expected: Floats
    leverage_root: Floats


def fit_linear(
    y: Floats, x: Floats, used: NDArray[np.bool_], x_event: Floats, names: tuple[str, ...]
) -> NormalReturnFit:
    """Ordinary least squares of every case by QR, and the pieces of its forecasts.

    Parameters
    ----------
    y : (E, T) float
        Returns of the estimation window.
    x : (E, T, k) float
        Regressors, constant included.
    used : (E, T) bool
        Observations to use.
    x_event : (E, L, k) float
        Regressors of the event days.
    names : tuple of k str
        Parameter names.

    Notes
    -----
    ``b = R^-1 Q'y``, ``s^2 = e'e / (T - k)``, prediction-error covariance
    ``s^2 (I + X_1 (X'X)^-1 X_1')`` (Salinger 1992, JFQA 27, 39-53). A case whose regressors are
    collinear or whose observations do not exceed k gets NaN for everything that rests on them.
    """
    rows = np.where(used[..., None], x, 0.0)
    response = np.where(used, y, 0.0)
    count = used.sum(axis=1)
    df = count - len(names)
    q, r = np.linalg.qr(rows)
    diagonal = np.abs(np.diagonal(r, axis1=1, axis2=2))
    singular = (df < 1) | (diagonal.min(axis=1) <= _RANK_TOLERANCE * diagonal.max(axis=1))
    safe = np.where(singular[:, None, None], np.eye(len(names)), r)
    inverse = np.linalg.inv(safe)
    inverse[singular] = np.nan
    params = (inverse @ (np.swapaxes(q, 1, 2) @ response[..., None]))[..., 0]
    resid = np.where(used, y - (x @ params[..., None])[..., 0], np.nan)
    squares = np.where(used, resid, 0.0) ** 2
    sigma = np.sqrt(squares.sum(axis=1) / np.where(singular, np.nan, df))
    expected = (x_event @ params[..., None])[..., 0]
    return NormalReturnFit(names, params, sigma, df, count, resid, expected, x_event @ inverse)


_RANK_TOLERANCE = 1e-10  # a smaller ratio of QR pivots means collinear to working precision
