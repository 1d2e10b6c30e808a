"""Least squares with weights that are not negative and sum to one: exact, for many cases at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Floats, Ints, Mask, hold
from eventstudy.errors import OptionError
from eventstudy.options import is_number, shown

Ridge = float | Literal["minimum_norm"]

KKT_TOLERANCE = 1e-10
"""Largest violation of the Kuhn-Tucker conditions of a converged case: relative, see `SimplexFit`."""
TIE_BREAK = 1e-8
"""Ridge of "minimum_norm", as a share of the donors' average squared distance from the treated."""

_PRICE = 1e-13  # relative gap from which a donor enters: some hundred times the rounding of an inner product
_TOGETHER = 128  # donors up to which all are offered to the search, and many cases are searched at once
_AHEAD = 64  # donors that are offered, where there are more, beside twice as many as have weight
_ROUNDS = 200  # of offers; twenty are many
_STEPS = 50  # of the search per donor offered; three are many
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

    As the weights sum to one, this is the point nearest to the origin in the convex hull of the ``p_j``. It is found by
    the active-set method of Wolfe (1976, Mathematical Programming 11, 128-149), which ends after finitely many
    steps at the exact solution; each step solves its equations by an orthogonal decomposition, and the weights are
    computed anew at the end from the donors that have weight alone. With many donors it works on the few that may
    enter, and looks at all of them before it ends.

    The residuals are unique. The weights are where the donors that could have weight are affinely independent: not
    with equal donors, nor where the treated lies inside the hull of more than T donors (a perfect fit). There a
    solution with few donors is returned, of equal donors the first; "minimum_norm" shares the weight instead. With a
    ridge the weights are always unique.
    """
    stacked = _stacked(y, donors, refused)
    barred = np.broadcast_to(False, stacked.shape[:2]) if refused is None else refused
    if ridge != "minimum_norm" and not (is_number(ridge) and 0.0 <= ridge < np.inf):
        raise OptionError(f"ridge={shown(ridge)} is not allowed; give a number of at least 0, or 'minimum_norm'")
    size = max(1, _BLOCK // max(1, stacked.shape[1] * stacked.shape[2])) if stacked.shape[1] <= _TOGETHER else 1
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
    weights[solvable], kkt[solvable] = _nearest(points[solvable], allowed[solvable], (penalty * count)[solvable])
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


def _nearest(points: Floats, allowed: Mask, ridge: Floats) -> tuple[Floats, Floats]:
    """Weights of the point of each hull nearest to the origin, (E, J), and the violation of its conditions, (E,).

    Parameters
    ----------
    points : (E, J, T) float
        Corners of the hulls.
    allowed : (E, J) bool
        Corners to use, at least one in every case.
    ridge : (E,) float
        Penalty on the sum of squared weights.
    """
    size = _sizes(points, ridge)
    weights = np.zeros(allowed.shape)
    weights[np.arange(len(weights)), np.where(allowed, size, np.inf).argmin(axis=1)] = 1.0
    left = np.arange(len(weights))
    for _ in range(_ROUNDS):
        rows, now, penalty = _taken(points, left), weights[left], ridge[left]
        gaps = np.where(allowed[left] & (now == 0.0), _gaps(rows, now, penalty, size[left]), -np.inf)
        still = np.flatnonzero(gaps.max(axis=1) > _PRICE)
        if not still.size:
            break
        left, now, gaps = left[still], now[still], gaps[still]
        offered = _offered(now, gaps)
        some = np.take_along_axis(_taken(rows, still), offered[..., None], axis=1)
        open_to = np.take_along_axis(allowed[left], offered, axis=1)
        found = _searched(some, open_to, np.take_along_axis(now, offered, axis=1), penalty[still])
        now[:] = 0.0
        np.put_along_axis(now, offered, found, axis=1)
        weights[left] = now
    weights = _polished(points, weights, ridge)
    gaps = _gaps(points, weights, ridge, size)
    worst = np.where(weights > 0.0, np.abs(gaps), np.where(allowed, gaps, 0.0)).max(axis=1)
    return weights, np.maximum(worst, np.abs(weights.sum(axis=1) - 1.0))


def _sizes(points: Floats, ridge: Floats) -> Floats:
    """(E, J) lengths of the corners, with the ridge as a direction of each one's own."""
    sizes: Floats = np.sqrt(np.einsum("ejt,ejt->ej", points, points) + ridge[:, None])
    return sizes


def _gaps(points: Floats, weights: Floats, ridge: Floats, size: Floats) -> Floats:
    """(E, J) how far each corner's gradient lies below their weighted mean, relative to what rounding leaves of it."""
    gradient = (points @ _mixed(weights, points)[..., None])[..., 0] + ridge[:, None] * weights
    level = np.einsum("ej,ej->e", weights, gradient)
    scale = size * np.einsum("ej,ej->e", weights, size)[:, None]
    gaps: Floats = np.divide(level[:, None] - gradient, scale, out=np.zeros(scale.shape), where=scale > 0.0)
    return gaps


def _offered(weights: Floats, gaps: Floats) -> Ints:
    """(E, C) the corners that have weight and those that promise most, in their order."""
    count = 2 * int((weights > 0.0).sum(axis=1).max()) + _AHEAD
    if weights.shape[1] <= max(count, _TOGETHER):
        return np.broadcast_to(np.arange(weights.shape[1]), weights.shape)
    first = np.argsort(np.where(weights > 0.0, -np.inf, -gaps), axis=1, kind="stable")[:, :count]
    return np.sort(first, axis=1)


def _searched(points: Floats, allowed: Mask, weights: Floats, ridge: Floats) -> Floats:
    """Wolfe's method for all cases at once, from weights on affinely independent corners.

    A corner that cannot get weight after it entered is numerically in the affine hull of the others; it stays out.
    """
    if points.shape[1] < points.shape[2]:
        points = np.swapaxes(np.linalg.qr(np.swapaxes(points, 1, 2), mode="r"), 1, 2)
    weights, member, barred = weights.copy(), weights > 0.0, ~allowed
    size = _sizes(points, ridge)
    left = np.arange(len(points))
    for _ in range(_STEPS * points.shape[1]):
        now = weights[left]
        weights[left], gone = _moved(now, member[left], _affine(_taken(points, left), member[left], ridge[left]))
        member[left] &= ~gone
        barred[left] |= gone & (now == 0.0)
        whole = left[~gone.any(axis=1)]
        gaps = _gaps(_taken(points, whole), weights[whole], ridge[whole], size[whole])
        enters = _entering(np.where(member[whole] | barred[whole], -np.inf, gaps), ridge[whole])
        member[whole] |= enters
        left = np.setdiff1d(left, whole[~enters.any(axis=1)], assume_unique=True)
        if not left.size:
            break
    return weights


def _entering(gaps: Floats, ridge: Floats) -> Mask:
    """(E, J) the first that promises most; with a ridge, where all are independent, all that promise half as much."""
    most = gaps.max(axis=1, keepdims=True)
    equal = (gaps > _PRICE) & (gaps >= most - _PRICE)
    near = (gaps > _PRICE) & (gaps > most / 2.0)
    first = np.arange(gaps.shape[1]) == equal.argmax(axis=1)[:, None]
    return np.asarray(np.where(ridge[:, None] > 0.0, near, equal & first), dtype=np.bool_)


def _moved(now: Floats, member: Mask, target: Floats) -> tuple[Floats, Mask]:
    """Weights as near to their target as none falls below 0, and the members that lose theirs there."""
    falling = member & (target <= 0.0)
    share = np.divide(now, now - target, out=np.zeros(now.shape), where=falling & (now > target))
    reach = np.where(falling, share, np.inf)
    step = np.minimum(reach.min(axis=1, keepdims=True), 1.0)
    gone = falling & (reach <= step)
    return np.where(member & ~gone, now + step * (target - now), 0.0), gone


def _affine(points: Floats, member: Mask, ridge: Floats) -> Floats:
    """(E, J) weights, of any sign and with sum 1, of the point nearest to the origin on the members' affine hull.

    For every unit u > 0, ``min |P'v|^2 + ridge |v|^2 + (u sum(v) - u)^2`` without a constraint is proportional to it.
    """
    count = member.sum(axis=1)
    width = int(count.max(initial=0))
    order = np.argsort(~member, axis=1, kind="stable")[:, :width]
    filled = np.arange(width) < count[:, None]
    chosen = np.where(filled[..., None], np.take_along_axis(points, order[..., None], axis=1), 0.0)
    square = np.einsum("ejt,ejt->e", chosen, chosen) / np.maximum(count, 1) + ridge
    unit = np.sqrt(np.where(square > 0.0, square, 1.0))
    solve = _wide if width > points.shape[2] + 1 else _tall
    solved = np.where(filled, solve(chosen, filled, unit, np.sqrt(ridge)), 0.0)
    weights = np.zeros(member.shape)
    np.put_along_axis(weights, order, solved / solved.sum(axis=1, keepdims=True), axis=1)
    return weights


def _tall(corners: Floats, filled: Mask, unit: Floats, root: Floats) -> Floats:
    """Minimiser of `_affine`, `root` being the square root of the ridge: decomposition with a column per corner."""
    eye = np.eye(filled.shape[1])
    rows = [(unit[:, None] * filled)[:, None, :], np.swapaxes(corners, 1, 2)]
    if root.any():
        rows.append(root[:, None, None] * eye)
    basis, triangle = np.linalg.qr(np.concatenate(rows, axis=1))
    empty = np.einsum("ejj->ej", triangle) == 0.0
    right = unit[:, None] * basis[:, 0]
    solved: Floats = np.linalg.solve(triangle + empty[:, None, :] * eye, right[..., None])[..., 0]
    return solved


def _wide(corners: Floats, filled: Mask, unit: Floats, root: Floats) -> Floats:
    """The same with a column per dimension, for more corners than dimensions; only a ridge lets them be so many.

    With ``B = (1 unit, P)`` the minimiser is ``B z``, z the least-squares solution of
    ``(B; root I) z = (0; e_1 unit / root)``.
    """
    cases, width = filled.shape
    columns = np.concatenate([(unit[:, None] * filled)[..., None], corners], axis=2)
    below = np.broadcast_to(np.eye(columns.shape[2]), (cases, columns.shape[2], columns.shape[2]))
    basis, _ = np.linalg.qr(np.concatenate([columns, root[:, None, None] * below], axis=1))
    solved: Floats = (basis[:, :width] @ basis[:, width, :, None])[..., 0] * (unit / root)[:, None]
    return solved


def _polished(points: Floats, weights: Floats, ridge: Floats) -> Floats:
    """Weights solved for once more from the corners that have weight, so that no number hangs on the other cases."""
    count = (weights > 0.0).sum(axis=1)
    out = weights.copy()
    for size in np.unique(count):
        rows = np.flatnonzero(count == size)
        corners = np.sort(np.argsort(weights[rows] <= 0.0, axis=1, kind="stable")[:, :size], axis=1)
        some = points[rows[:, None], corners]
        exact = _affine(some, np.ones(corners.shape, dtype=bool), ridge[rows])
        good = (exact > 0.0).all(axis=1)
        out[rows[good, None], corners[good]] = exact[good]
    return out


def _taken(values: Floats, rows: Ints) -> Floats:
    """The rows of an array; itself where they are all, so that nothing is copied."""
    return values if rows.size == len(values) else values[rows]
