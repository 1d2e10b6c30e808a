"""Equations on common dates, and feasible generalised least squares of many draws of their returns at once.

The numbers below `sur`: the design is made once from the regressors and gaps; `estimated` and `restricted` then take
B draws of returns, of which the observed ones are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats, Ints, Mask, hold
from eventstudy.errors import InputError
from eventstudy.inference.single import orthonormal_basis

_SHARE = 0.5  # of the complete dates' smallest eigenvalue that the pairwise correlations must keep
_SINGULAR = 1e-10  # smallest eigenvalue of a correlation matrix that is rounding
_NOTHING = 1e-20  # share of the sum of squares below which that of the residuals is rounding


@dataclass(frozen=True, slots=True, eq=False)
class Equation:
    """One security's regression; row t is the same date on the common information clock in every equation.

    Attributes
    ----------
    name : str
        Of the security, for messages.
    y : (T,) float
        Returns of the estimation window, decimal (0.01 = 1 %); NaN where the security has no observation.
    x : (T, k) float
        Regressors, constant included; a row with NaN is left out.
    event_y : (L,) float
        Returns of the event days; NaN where there is none.
    event_x : (L, k) float
        Regressors of the event days; without them a day has no abnormal return.
    """

    name: str
    y: Floats
    x: Floats
    event_y: Floats
    event_x: Floats

    def __post_init__(self) -> None:
        hold(self)

    @property
    def used(self) -> Mask:
        """(T,) observations with a return and all regressors."""
        return np.asarray(np.isfinite(self.y) & np.isfinite(self.x).all(axis=1))

    @property
    def known(self) -> Mask:
        """(L,) event days with a return and all regressors."""
        return np.asarray(np.isfinite(self.event_y) & np.isfinite(self.event_x).all(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """What does not change when the returns are drawn anew: regressors as orthonormal bases, and who is there when.

    Attributes
    ----------
    used : (T, N) bool
        Observations of each equation.
    basis : (T, K) float
        Orthonormal bases of the N equations' regressors side by side, zero where unused.
    event_basis : (L, K) float
        Event-day regressors in terms of the bases.
    owned : (K, N) float
        1 where the column of the bases belongs to the equation.
    width : (N,) int
        Parameters of each equation.
    """

    used: Mask
    basis: Floats
    event_basis: Floats
    owned: Floats
    width: Ints

    def __post_init__(self) -> None:
        hold(self)

    @property
    def complete(self) -> Mask:
        """(T,) dates on which every equation has an observation."""
        return np.asarray(self.used.all(axis=1))

    @property
    def shared(self) -> Ints:
        """(N, N) dates that two equations have; each equation's own on the diagonal."""
        return self.used.T.astype(np.int64) @ self.used

    def freedom(self, *, repaired: bool = False) -> Ints:
        """(N, N) dates less parameters; off the diagonal those of the complete dates where these took their place."""
        own = np.eye(self.width.size, dtype=bool)
        dates = np.where(own | (not repaired), self.shared, self.complete.sum())
        return dates - np.maximum(self.width[:, None], self.width)


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates of B draws.

    Attributes
    ----------
    coef : (B, K) float
        Coefficients of the bases.
    precision : (B, K, K) float
        Inverse of their covariance.
    sigma : (B, N, N) float
        Residual covariance.
    repaired : (B,) bool
        Whether its correlations are those of the complete dates.
    singular : (B,) bool
        Whether it has no inverse; then everything here is that of the identity in its place.
    """

    coef: Floats
    precision: Floats
    sigma: Floats
    repaired: Mask
    singular: Mask

    def __post_init__(self) -> None:
        hold(self)


def designed(equations: Sequence[Equation]) -> tuple[Design, list[Floats]]:
    """The design, and R of ``x = QR`` for every equation.

    Raises
    ------
    InputError
        Where the equations do not fit together, have infinite values, collinear regressors, or no more dates than
        parameters, alone or in pairs.
    """
    _check(equations)
    used = np.column_stack([one.used for one in equations])
    bases, events, roots = [], [], []
    for one in equations:
        try:
            basis = orthonormal_basis(one.y[one.used], one.x[one.used])
        except InputError as fault:
            raise InputError(f"{one.name}: {fault}") from None
        roots.append(basis.T @ one.x[one.used])
        bases.append(np.zeros_like(one.x))
        bases[-1][one.used] = basis
        events.append(np.linalg.solve(roots[-1].T, np.where(np.isfinite(one.event_x), one.event_x, 0.0).T).T)
    width = np.array([len(root) for root in roots])
    owned = np.eye(width.size)[np.repeat(np.arange(width.size), width)]
    design = Design(used, np.column_stack(bases), np.column_stack(events), owned, width)
    _check_pairs(equations, design)
    return design, roots


def _check(equations: Sequence[Equation]) -> None:
    """Refuse equations that do not fit together, hold infinite values or have too few dates."""
    names = [one.name for one in equations]
    if not names or len(set(names)) < len(names):
        raise InputError(f"the equations are {', '.join(names) or 'none'}; give one or more, each with its own name")
    dates, days = equations[0].y.size, equations[0].event_y.size
    for one in equations:
        width = one.x.shape[-1]
        shapes = {"y": (dates,), "x": (dates, width), "event_y": (days,), "event_x": (days, width)}
        for field, shape in shapes.items():
            values = getattr(one, field)
            if values.shape != shape or not values.size:
                like = f"{names[0]} has {dates} dates and {days} event days"
                raise InputError(
                    f"{field} of {one.name} has shape {values.shape}, but {like}; give every equation as many"
                )
            if np.isinf(values).any():
                raise InputError(f"{field} of {one.name} has an infinite value; write NaN where there is none")
        if (count := int(one.used.sum())) <= width:
            raise InputError(f"{one.name} has {count} dates for {width} parameters; give it a longer window")


def _check_pairs(equations: Sequence[Equation], design: Design) -> None:
    """Refuse pairs whose common dates do not determine the covariance of their residuals."""
    few = np.argwhere(np.triu(design.freedom() < 1))
    if few.size:
        one, other = (equations[row].name for row in few[0])
        dates, width = design.shared[tuple(few[0])], design.width[few[0]].max()
        raise InputError(
            f"{one} and {other} share {dates} dates, too few for {width} parameters and the covariance of their "
            "residuals; give them windows that overlap, or test them apart"
        )


def check_residuals(equations: Sequence[Equation], design: Design, found: Estimates, y: Floats) -> None:
    """Refuse a perfect fit of the (T, N) returns, and a residual covariance that has no inverse."""
    left = np.square(y - design.basis @ (design.basis.T @ y * design.owned)).sum(axis=0)
    exact = np.flatnonzero(left <= _NOTHING * np.square(y).sum(axis=0))
    if exact.size:
        name = equations[exact[0]].name
        raise InputError(f"the regressors of {name} fit its returns exactly, so there is no error to test against")
    dates = f"the {design.complete.sum()} dates that all {len(equations)} equations have"
    if found.singular[0]:
        raise InputError(
            f"the covariance of the residuals on {dates} has no inverse; leave a security out or give them longer "
            "common windows"
        )
    if found.repaired[0] and design.freedom(repaired=True).min() < 1:
        raise InputError(
            f"the pairwise correlations of the residuals do not fit together and {dates} are too few to take their "
            "place; give them longer common windows"
        )


def estimated(design: Design, y: Floats) -> Estimates:
    """Feasible generalised least squares of (B, T, N) returns, any numbers where unused; see `sur.fit_sur`."""
    projected = np.einsum("bkn,kn->bk", design.basis.T @ y, design.owned)
    resid = (y - design.basis @ (projected[..., None] * design.owned)) * design.used
    sigma, repaired, singular = residual_covariance(design, resid)
    owner = design.owned.argmax(axis=1)
    precision, score = np.zeros((len(y), owner.size, owner.size)), np.zeros((len(y), owner.size))
    patterns, pattern = np.unique(design.used, axis=0, return_inverse=True)
    for number, members in enumerate(patterns):
        rows = pattern.reshape(-1) == number
        basis = design.basis[rows]
        weight = np.zeros_like(sigma)
        weight[:, np.outer(members, members)] = np.linalg.inv(sigma[:, members][:, :, members]).reshape(len(y), -1)
        precision += weight[:, owner][:, :, owner] * (basis.T @ basis)
        score += (weight[:, owner] * (basis.T @ resid[:, rows])).sum(axis=2)
    coef = projected + np.linalg.solve(precision, score[..., None])[..., 0]
    return Estimates(coef, precision, sigma, repaired, singular)


def residual_covariance(design: Design, resid: Floats) -> tuple[Floats, Mask, Mask]:
    """Covariances (B, N, N) of (B, T, N) residuals, whether repaired, and whether singular (then the identity)."""
    pairwise = _correlations(resid, design.used)
    whole = _correlations(resid[:, design.complete], design.used[design.complete])
    lowest = np.linalg.eigvalsh(whole)[:, 0]
    repaired = np.linalg.eigvalsh(pairwise)[:, 0] < _SHARE * lowest
    deviation = np.sqrt(np.square(resid).sum(axis=1) / np.diag(design.freedom()))
    singular = lowest <= _SINGULAR
    found = np.where(repaired[:, None, None], whole, pairwise) * deviation[:, :, None] * deviation[:, None, :]
    return np.where(singular[:, None, None], np.eye(resid.shape[2]), found), repaired, singular


def _correlations(resid: Floats, used: Mask) -> Floats:
    """(B, N, N) correlations of residuals, each pair on its common dates; zero where one does not vary."""
    squares = np.swapaxes(np.square(resid), 1, 2) @ used.astype(np.float64)
    scale = np.sqrt(squares * np.swapaxes(squares, 1, 2))
    return np.swapaxes(resid, 1, 2) @ resid / np.where(scale == 0.0, 1.0, scale)


def restricted(design: Design, found: Estimates, select: Floats) -> Floats:
    """(B, r, r) covariance of the r sums of abnormal returns that `select`, (r, N, L), weighs."""
    own = np.einsum("rnl,bnm,sml->brs", select, found.sigma, select, optimize=True)
    moved = np.einsum("rnl,lk,kn->rk", select, design.event_basis, design.owned, optimize=True)
    columns = np.broadcast_to(moved.T, (len(own), *moved.T.shape))
    total: Floats = own + moved @ np.linalg.solve(found.precision, columns)
    return total
