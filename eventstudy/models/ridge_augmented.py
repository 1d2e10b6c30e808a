"""Ridge-augmented synthetic control: weights corrected by a ridge regression of what they leave unexplained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventstudy.arrays import Floats, Ints, Mask, hold
from eventstudy.errors import OptionError
from eventstudy.models.simplex import SimplexFit, simplex_weights
from eventstudy.options import is_number, shown

Penalty = float | Literal["cv"]

PENALTY_SHARES = tuple(10.0 ** (half / 2.0) for half in range(4, -13, -1))
"""Penalties that cross-validation tries, largest first: from 100 to 1e-6 of the largest eigenvalue, two per decade."""
CV_BLOCKS = 10
"""Blocks of neighbouring periods that cross-validation leaves out one by one."""

_RANK = 1e-12  # singular value below this share of the donors' length: a direction that they do not have


@dataclass(frozen=True, slots=True, eq=False)
class AugmentedFit:
    """Ridge-augmented weights of J donors for E cases over T periods.

    Attributes
    ----------
    weights : (E, J) float
        With sum 1, of any sign; 0 for refused donors. NaN in the whole row where the synthetic control has none.
    intercept : (E,) float
        Mean of the treated less mean of the weighted donors; 0 where the fit has none.
    residuals : (E, T) float
        Treated less intercept less weighted donors, NaN where the treated is missing.
    penalty : (E,) float
        The penalty used, in squared returns.
    parameters : (E,) float
        Trace of the map from returns to fitted returns, given which donors have weight in the synthetic control.
    """

    weights: Floats
    intercept: Floats
    residuals: Floats
    penalty: Floats
    parameters: Floats

    def __post_init__(self) -> None:
        hold(self)


def augment_weights(
    y: Floats, donors: Floats, fit: SimplexFit, *, penalty: Penalty = "cv", intercept: bool = True
) -> AugmentedFit:
    """Correct synthetic-control weights by a ridge regression of what they leave unexplained.

    Parameters
    ----------
    y, donors, intercept
        As `simplex_weights` had them.
    fit : SimplexFit
        What it gave.
    penalty : float or "cv"
        Penalty on the sum of squared corrections, in squared returns; above 0. "cv" chooses among
        `PENALTY_SHARES` times the largest eigenvalue of the donors' second moments (see the notes).

    Raises
    ------
    OptionError
        Where the penalty is not a finite number above 0 or "cv".

    Notes
    -----
    Ben-Michael, Feller and Rothstein (2021, Journal of the American Statistical Association 116, 1789-1803):
    ``w + X (X'X / n + penalty I)^-1 (y - X'w) / n`` with X the (J, n) donors less the mean over the n periods (where
    there is an intercept) and less the mean over donors, which is why the corrections sum to zero. It minimises
    ``mean_t (y_t - a - v'x_t)^2 + penalty |v - w|^2`` over v with sum one: a large penalty leaves the synthetic
    control, a small one least squares. Weights may be negative: it extrapolates, the less the larger the penalty.

    Cross-validation leaves out each of `CV_BLOCKS` blocks of neighbouring periods used, fits synthetic control and
    correction anew on the others with the same share of their largest eigenvalue, and takes the share with the
    smallest squared error in the periods left out; of equal ones the largest. Nothing in it is drawn. A penalty so
    chosen depends on the order of the periods.
    """
    if penalty != "cv" and not (is_number(penalty) and 0.0 < penalty < np.inf):
        raise OptionError(f"augment={shown(penalty)} is not allowed; give a penalty above 0, or 'cv'")
    stacked = np.broadcast_to(donors, (*fit.weights.shape, y.shape[1]))
    weights, intercepts = np.full(fit.weights.shape, np.nan), np.full(len(y), np.nan)
    residuals, used = np.full(y.shape, np.nan), np.isfinite(y)
    penalties, parameters = np.full(len(y), np.nan), np.full(len(y), np.nan)
    for case in np.flatnonzero(np.isfinite(fit.kkt)).tolist():
        days, usable = used[case], ~fit.refused[case]
        x, start = stacked[case][np.ix_(usable, days)], fit.weights[case, usable]
        ridge = _Ridge.of(x, intercept=intercept)
        level = penalty
        if level == "cv":
            level = _cross_validated(y[case], stacked[case], fit, case, intercept) * ridge.largest
        weights[case] = 0.0
        weights[case, usable] = start + ridge.correction(fit.residuals[case, days], np.array([level]))[:, 0]
        apart = y[case, days] - weights[case, usable] @ x
        intercepts[case] = apart.mean() if intercept else 0.0
        residuals[case, days] = apart - intercepts[case]
        penalties[case], parameters[case] = level, ridge.parameters(start > 0.0, level)
    return AugmentedFit(weights, intercepts, residuals, penalties, parameters)


def augmented_root(
    used: Mask, donors: Floats, fit: SimplexFit, augmented: AugmentedFit, event_donors: Floats, event_span: Ints
) -> Floats:
    """(E, L, T) G with ``s^2 G G'`` the covariance of event-day forecasts, of a fit with intercept.

    Row l holds the derivative of the forecast of day l by the returns of each estimation period, given which donors
    have weight in the synthetic control: ridge regression's own, without its bias.

    Parameters
    ----------
    used : (E, T) bool
        Estimation periods used.
    donors, fit, augmented
        As `augment_weights` had and gave them.
    event_donors : (E, J, L) float
        Returns of the donors on the event days.
    event_span : (E, L) int
        Sessions that each event-day return covers.
    """
    root = np.full((*event_span.shape, used.shape[1]), np.nan)
    for case in np.flatnonzero(np.isfinite(augmented.penalty)):
        days, usable = used[case], ~fit.refused[case]
        x = donors[case][np.ix_(usable, days)]
        distance = event_donors[case][usable] - event_span[case] * x.mean(axis=1, keepdims=True)
        ridge = _Ridge.of(x, intercept=True)
        slopes = ridge.forecasts(fit.weights[case, usable] > 0.0, distance, float(augmented.penalty[case]))
        root[case] = 0.0
        root[case][:, days] = slopes + event_span[case][:, None] / days.sum()
    return root


@dataclass(frozen=True, slots=True, eq=False)
class _Ridge:
    """Donors without their means, (J, n), and their decomposition without the mean over donors as well."""

    donors: Floats
    left: Floats
    singular: Floats
    right: Floats
    constants: int

    @classmethod
    def of(cls, donors: Floats, *, intercept: bool) -> _Ridge:
        apart = donors - donors.mean(axis=1, keepdims=True) if intercept else donors
        return cls(apart, *_decomposed(apart), int(intercept))

    @property
    def largest(self) -> float:
        """Largest eigenvalue of the second moments."""
        return float(self.singular.max(initial=0.0) ** 2 / self.donors.shape[1])

    def gains(self, penalties: Floats) -> Floats:
        """(m, n penalties) factor between what each direction explains and its correction."""
        gains: Floats = self.singular[:, None] / (self.singular[:, None] ** 2 + self.donors.shape[1] * penalties)
        return gains

    def correction(self, residual: Floats, penalties: Floats) -> Floats:
        """(J, n penalties) what is added to the weights."""
        return self.left @ (self.gains(penalties) * (self.right @ residual)[:, None])

    def parameters(self, active: Mask, penalty: float) -> float:
        """Trace of the hat matrix: of the intercept, the active donors, and the ridge on what these leave."""
        _, _, basis = _decomposed(self.donors[active])
        free = 1.0 - ((self.right @ basis.T) ** 2).sum(axis=1)
        ridge = self.gains(np.array([penalty]))[:, 0] * self.singular
        return self.constants + len(basis) + float(ridge @ free)

    def forecasts(self, active: Mask, distance: Floats, penalty: float) -> Floats:
        """(L, n) derivative of forecasts by the returns, for event-day donors (J, L) less their means."""
        left, singular, basis = _decomposed(self.donors[active])
        from_active = (distance[active].T @ left / singular) @ basis
        from_ridge = (distance.T @ self.left * self.gains(np.array([penalty]))[:, 0]) @ self.right
        return from_active + from_ridge - (from_ridge @ basis.T) @ basis


def _decomposed(donors: Floats) -> tuple[Floats, Floats, Floats]:
    """Singular vectors and values of donors less the mean over donors, as many as are above rounding."""
    left, singular, right = np.linalg.svd(donors - donors.mean(axis=0), full_matrices=False)
    rank = int((singular > _RANK * np.sqrt((donors**2).sum())).sum())
    return left[:, :rank], singular[:rank], right[:rank]


def _cross_validated(y: Floats, donors: Floats, fit: SimplexFit, case: int, intercept: bool) -> float:
    """The share among `PENALTY_SHARES` that forecasts the periods left out best."""
    usable, used = ~fit.refused[case], np.isfinite(y)
    blocks = np.array_split(np.flatnonzero(used), CV_BLOCKS)
    held = np.zeros((CV_BLOCKS, y.size), dtype=bool)
    for row, block in enumerate(blocks):
        held[row, block] = True
    refused = np.broadcast_to(~usable, (CV_BLOCKS, usable.size))
    others = simplex_weights(
        np.where(held, np.nan, y), donors, intercept=intercept, ridge=float(fit.ridge[case]), refused=refused
    )
    squares, shares = np.zeros(len(PENALTY_SHARES)), np.array(PENALTY_SHARES)
    for row in np.flatnonzero((held & used).any(axis=1) & np.isfinite(others.kkt)).tolist():
        kept, out = used & ~held[row], used & held[row]
        ridge = _Ridge.of(donors[np.ix_(usable, kept)], intercept=intercept)
        correction = ridge.correction(others.residuals[row, kept], shares * ridge.largest)
        weights = others.weights[row, usable, None] + correction
        errors = y[:, None] - donors[usable].T @ weights
        if intercept:
            errors = errors - errors[kept].mean(axis=0)
        squares += (errors[out] ** 2).sum(axis=0)
    return float(shares[squares.argmin()])
