"""Least squares with weights that are not negative and sum to one: exact, for many cases at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from eventstudy.arrays import Floats, Ints, Mask, hold
from eventstudy.errors import OptionError
from eventstudy.options import is_number, shown

Ridge = float | Literal["minimum_norm"]

KKT_TOLERANCE = 1e-10
"""Largest violation of the Kuhn-Tucker conditions of a converged case: relative, see `SimplexFit`."""
TIE_BREAK = 1e-8
"""Ridge of "minimum_norm", as a share of the donors' average squared distance from the treated."""

_ROUNDS = 30  # steps of the search per donor; three are many
_ROUNDING = 1e-14  # share of all weight below which there is none
_BLOCK = 1_048_576  # floats of the donors worked on at once, 8 MB


@dataclass(frozen=True, slots=True, eq=False)
class SimplexFit:
    """Weights of J donors for E cases over T periods.

    Attributes
    ----------
    weights : (E, J) float
        At least 0, with sum 1; NaN in the whole row where a case has no usable period or no usable donor.
    intercept : (E,) float
        Mean of the treated less mean of the weighted donors; 0 where the fit has none.
    residuals : (E, T) float
        Treated less intercept less weighted donors, NaN where the treated is missing.
    objective : (E,) float
        Mean squared residual plus ridge times the sum of squared weights.
    kkt : (E,) float
        Largest violation of the Kuhn-Tucker conditions. With ``p_j`` the (demeaned) returns of a donor less those
        of the treated and g the gradient: ``g_j = level`` where there is weight, ``g_j >= level`` elsewhere, level the
        weighted mean of g. Each is over ``|p_j| sum_i w_i |p_i|``, what the gradient's rounding is proportional to.
    converged : (E,) bool
        Whether `kkt` is at most `KKT_TOLERANCE`.
    refused : (E, J) bool
        Donors not used for a case: a return is missing in a period used, or the caller refused them.
    ridge : (E,) float
        The ridge used.
    """

    weights: Floats
    intercept: Floats
    residuals: Floats
    objective: Floats
    kkt: Floats
    converged: Mask
    refused: Mask
    ridge: Floats

    def __post_init__(self) -> None:
        hold(self)


def simplex_weights(
    y: Floats, donors: Floats, *, intercept: bool = True, ridge: Ridge = 0.0, refused: Mask | None = None
) -> SimplexFit:
    """Weights, at least 0 and with sum 1, with which donors come nearest to the treated.

    Parameters
    ----------
    y : (E, T) float
        Returns of the treated per period (decimal, never cumulated); periods where one is missing are left out.
    donors : (E, J, T) or (J, T) float
        Returns of the donors; (J, T) where all cases have the same. A donor with a missing return in a period
        used is refused for that case: nothing is filled.
    intercept : bool
        Whether the levels may differ (demeaned synthetic control).
    ridge : float or "minimum_norm"
        Penalty on the sum of squared weights, in squared returns. "minimum_norm" takes `TIE_BREAK` times the
        donors' average squared distance: of several solutions it finds the one with the smallest norm.
    refused : (E, J) bool, optional
        Donors that must not be used for a case.

    Raises
    ------
    OptionError
        For shapes that do not fit, no donor, or a ridge that is negative or not finite.

    Notes
    -----
    Minimises ``mean_t (y_t - a - sum_j w_j x_jt)^2 + ridge sum_j w_j^2``: synthetic control of Abadie, Diamond and
    Hainmueller (2010, Journal of the American Statistical Association 105, 493-505) matched on single periods, with
    an intercept that of Doudchenko and Imbens (2016, NBER working paper 22791).

    As the weights sum to one, this is the point nearest to the origin in the convex hull of the ``p_j``. For every
    unit u > 0, ``min |P'v|^2 + ridge |v|^2 + (u sum(v) - u)^2`` over v >= 0 is proportional to it, which makes it
    nonnegative least squares without an approximation: Lawson and Hanson (1995, Solving Least Squares Problems,
    chapter 23) by `scipy.optimize.nnls`, then least squares on the donors that have weight alone.

    The residuals are unique. The weights are where the donors that could have weight are affinely independent: not
    with equal donors, nor where the treated lies inside the hull of more than T donors (a perfect fit). There a
    solution with few donors is returned, of equal donors the first; "minimum_norm" shares the weight instead. With a
    ridge the weights are always unique.
    """
    stacked = _stacked(y, donors, refused)
    barred = np.broadcast_to(False, stacked.shape[:2]) if refused is None else refused
    if ridge != "minimum_norm" and not (is_number(ridge) and 0.0 <= ridge < np.inf):
        raise OptionError(f"ridge={shown(ridge)} is not allowed; give a number of at least 0, or 'minimum_norm'")
    size = max(1, _BLOCK // max(1, stacked.shape[1] * stacked.shape[2]))
    starts = range(0, max(len(y), 1), size)
    parts = [
        _block(y[at : at + size], stacked[at : at + size], barred[at : at + size], intercept, ridge) for at in starts
    ]
    return SimplexFit(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def distances(y: Floats, donors: Floats, allowed: Mask, *, intercept: bool) -> Floats:
    """(E, J, T) returns of the donors less those of the treated, less their mean where there is an intercept.

    Zero in periods where the treated is missing and for donors that are not allowed.
    """
    used = np.isfinite(y)
    keep = used[:, None, :] & allowed[:, :, None]
    apart = np.where(keep, donors, 0.0) - np.where(used, y, 0.0)[:, None, :]
    if intercept:
        apart -= np.where(keep, apart, 0.0).sum(axis=2, keepdims=True) / np.maximum(used.sum(axis=1), 1)[:, None, None]
    return np.where(keep, apart, 0.0)


def _stacked(y: Floats, donors: Floats, refused: Mask | None) -> Floats:
    """Donors as (E, J, T), a view."""
    if y.ndim != 2 or donors.ndim not in (2, 3) or donors.shape[-1] != y.shape[1] or donors.shape[-2] == 0:
        raise OptionError(
            f"returns of the treated of shape (cases, periods) need donors of shape (cases, donors, periods) or "
            f"(donors, periods), at least one; given: {y.shape} and {donors.shape}"
        )
    shape = (y.shape[0], *donors.shape[-2:])
    if donors.ndim == 3 and donors.shape != shape:
        raise OptionError(f"{len(y)} cases need as many sets of donors; given: {len(donors)}")
    if refused is not None and refused.shape != shape[:2]:
        raise OptionError(f"refused needs one entry for each case and donor, {shape[:2]}; given: {refused.shape}")
    return np.broadcast_to(donors, shape)


def _block(y: Floats, donors: Floats, barred: Mask, intercept: bool, ridge: Ridge) -> dict[str, NDArray[np.generic]]:
    """The fields of `SimplexFit` for some cases."""
    used = np.isfinite(y)
    count = np.maximum(used.sum(axis=1), 1)
    allowed = ~barred & (np.isfinite(donors) | ~used[:, None, :]).all(axis=2)
    points = distances(y, donors, allowed, intercept=intercept)
    penalty = np.full(len(y), ridge) if ridge != "minimum_norm" else TIE_BREAK * _mean_square(points, allowed, count)
    solvable = np.flatnonzero(allowed.any(axis=1) & used.any(axis=1))
    weights, kkt = np.full(allowed.shape, np.nan), np.full(len(y), np.nan)
    total = penalty * count
    for case in solvable:
        weights[case] = 0.0
        weights[case, allowed[case]] = _nearest(points[case, allowed[case]], total[case])
    kkt[solvable] = _violation(points[solvable], weights[solvable], allowed[solvable], total[solvable])
    gap = np.where(used, y, 0.0) - _mixed(weights, np.where(used[:, None, :] & allowed[:, :, None], donors, 0.0))
    level = gap.sum(axis=1) / count if intercept else np.where(np.isfinite(kkt), 0.0, np.nan)
    residuals = np.where(used, gap - level[:, None], np.nan)
    squares = np.where(used, residuals, 0.0) ** 2
    return {
        "weights": weights,
        "intercept": level,
        "residuals": residuals,
        "objective": squares.sum(axis=1) / count + penalty * (weights**2).sum(axis=1),
        "kkt": kkt,
        "converged": kkt <= KKT_TOLERANCE,
        "refused": ~allowed,
        "ridge": penalty,
    }


def _mean_square(points: Floats, allowed: Mask, count: Ints) -> Floats:
    total = np.einsum("ejt,ejt->e", points, points)
    return np.asarray(total / (count * np.maximum(allowed.sum(axis=1), 1)), dtype=np.float64)


def _mixed(weights: Floats, rows: Floats) -> Floats:
    """(E, T) weighted sum of (E, J, T) rows."""
    mixed: Floats = (weights[:, None, :] @ rows)[:, 0]
    return mixed


def _nearest(corners: Floats, ridge: float) -> Floats:
    """(J,) weights of the hull's point nearest to the origin, of (J, T) corners; the nearest corner if cut short."""
    weights = np.zeros(len(corners))
    try:
        found, _ = nnls(*_equations(corners, ridge), maxiter=max(1, _ROUNDS * len(corners)))
    except RuntimeError:
        weights[np.einsum("jt,jt->j", corners, corners).argmin()] = 1.0
        return weights
    active = np.flatnonzero(found > _ROUNDING * found.sum())
    exact = np.linalg.lstsq(*_equations(corners[active], ridge))[0]
    kept = exact if (exact > 0.0).all() else found[active]
    weights[active] = kept / kept.sum()
    return weights


def _equations(corners: Floats, ridge: float) -> tuple[Floats, Floats]:
    """Rows and right side whose least squares over v >= 0 is proportional to the weights."""
    unit = np.sqrt(np.einsum("jt,jt->", corners, corners) / len(corners) + ridge) or 1.0
    own = [np.sqrt(ridge) * np.eye(len(corners))] if ridge else []
    rows = np.vstack([corners.T, *own, np.full(len(corners), unit)])
    return rows, np.append(np.zeros(len(rows) - 1), unit)


def _violation(points: Floats, weights: Floats, allowed: Mask, ridge: Floats) -> Floats:
    """(E,) `SimplexFit.kkt`."""
    size = np.sqrt(np.einsum("ejt,ejt->ej", points, points) + ridge[:, None])
    gradient = (points @ _mixed(weights, points)[..., None])[..., 0] + ridge[:, None] * weights
    level = np.einsum("ej,ej->e", weights, gradient)
    scale = size * np.einsum("ej,ej->e", weights, size)[:, None]
    gaps = np.divide(level[:, None] - gradient, scale, out=np.zeros(scale.shape), where=scale > 0.0)
    worst = np.where(weights > 0.0, np.abs(gaps), np.where(allowed, gaps, 0.0)).max(axis=1)
    return np.asarray(np.maximum(worst, np.abs(weights.sum(axis=1) - 1.0)), dtype=np.float64)
