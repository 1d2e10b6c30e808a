"""Conformal p-values and intervals of one security's event: the effect is imposed, the model fitted anew to all days.

Chernozhukov, Wuthrich and Zhu (2021, Journal of the American Statistical Association 116, 1849-1864).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, inf
from typing import Literal, get_args

import numpy as np

from eventstudy.arrays import Floats, Ints
from eventstudy.errors import InputError
from eventstudy.inference.records import Test
from eventstudy.inference.single import (
    DRAWS,
    ROUNDING,
    SEED,
    Choices,
    choices_of,
    orthonormal_basis,
    residuals,
)
from eventstudy.options import number, one_of, share, whole

Scheme = Literal["moving_block", "iid"]
Kind = Literal["interval", "pieces", "half line", "whole line", "empty"]
Pieces = tuple[tuple[float, float], ...]

LEVEL = 0.95

_NOTHING = 1e-12  # share of two sums below which their difference is rounding
_CELLS = 1_000_000


@dataclass(frozen=True, slots=True)
class ConformalInterval:
    """Effects that a conformal test does not reject; they need be neither connected nor bounded.

    Attributes
    ----------
    pieces : tuple of pairs of float
        Closed intervals (low, high) in ascending order, decimal return per event day; `low` and `high` may be infinite,
        and equal where a single point is accepted.
    level : float
        Coverage asked for.
    attained : float
        Coverage that the grid of p-values gives, `level` or more: ``1 - floor((1 - level) n) / n``; 1 where no p-value
        is small enough to reject.
    smallest_pvalue : float
        1 / n: no p-value can be smaller.
    arrangements : int
        n: arrangements counted, or draws and the observed one.
    """

    pieces: Pieces
    level: float
    attained: float
    smallest_pvalue: float
    arrangements: int

    @property
    def kind(self) -> Kind:
        """What the accepted effects are; "pieces" where they are not connected."""
        if len(self.pieces) != 1:
            return "pieces" if self.pieces else "empty"
        unbounded = sum(np.isinf(end) for end in self.pieces[0])
        return ("interval", "half line", "whole line")[unbounded]


def conformal_pvalue(  # noqa: PLR0913 - the data, the hypothesis, and how it is tested, keyword-only
    y: Floats,
    x: Floats,
    event_rows: Ints,
    theta: float | Floats = 0.0,
    *,
    scheme: Scheme = "moving_block",
    q: float = 1.0,
    draws: int = DRAWS,
    seed: int = SEED,
) -> float:
    """Conformal p-value of the hypothesis that the event moved the event days' returns by `theta`.

    Parameters
    ----------
    y : (T + L,) float
        Returns of estimation and event days in order of sessions, decimal, none missing.
    x : (T + L, k) float
        Regressors, constant included.
    event_rows : (L,) int
        Positions of the event days.
    theta : float or (L,) float
        Effect per event day, decimal; one number is the same effect on each.
    scheme : {"moving_block", "iid"}
        ``moving_block``: the T + L cyclic shifts of the residuals in time, which keep short-run dependence; ``iid``:
        every choice of L days, counted in full for one day and wherever there are no more than `draws`, else drawn.
    q : float
        Norm of the event days' residuals, 1 or more (`inf`: the largest); a large q looks for few large effects.
    draws, seed : int
        For choices that are drawn.

    Returns
    -------
    float
        Share of arrangements, the observed one included, whose statistic is at least as large; drawn:
        ``(1 + #) / (draws + 1)``.

    Raises
    ------
    InputError
        For missing values, wrong lengths or rows, collinear regressors, or regressors that explain the event days.
    OptionError
        For an unknown scheme, a q below 1, or fewer than one draw.

    Notes
    -----
    `theta` is taken off the event days, the regression is fitted to all T + L days, and the statistic is
    ``S = (mean |u|^q)^(1/q)`` of its residuals on the event days (Chernozhukov, Wuthrich and Zhu 2021, Journal of the
    American Statistical Association 116, 1849-1864). Exact in any sample where days are exchangeable, because least
    squares treats all days alike; with moving blocks nearly so for stationary, weakly dependent errors.
    """
    number("q", q, least=1)
    basis, rows = _design(y, x, event_rows)
    choices = _arrangements(y.size, rows, scheme, draws, seed)
    effect = np.asarray(theta, dtype=np.float64)
    if effect.shape not in {(), rows.shape}:
        raise InputError(f"theta has shape {effect.shape}; give one number or one for each of {rows.size} event days")
    imposed = y.astype(np.float64)
    imposed[rows] -= effect
    resid = residuals(imposed, basis)
    found = np.linalg.norm(resid[choices.rows], ord=q, axis=1)
    return choices.pvalue(float(np.linalg.norm(resid[rows], ord=q)), found)


def conformal_interval(
    y: Floats,
    x: Floats,
    event_rows: Ints,
    *,
    level: float = LEVEL,
    scheme: Scheme = "moving_block",
    draws: int = DRAWS,
    seed: int = SEED,
) -> ConformalInterval:
    """Every effect, the same on each event day, that `conformal_pvalue` with q = 1 does not reject.

    Parameters
    ----------
    y, x, event_rows, scheme, draws, seed
        As in `conformal_pvalue`. On one event day every q gives the same p-value and so this interval.
    level : float
        Coverage; effects with ``p > 1 - level`` are accepted.

    Returns
    -------
    ConformalInterval
        The whole line where no p-value can be as small as ``1 - level``; empty where no effect that is the same on
        each event day is compatible with them (on one event day the abnormal return itself is always accepted).

    Raises
    ------
    InputError, OptionError
        As `conformal_pvalue`; for a `level` that is no probability.

    Notes
    -----
    Not a search on a grid. Residuals are linear in the effect, ``u(theta) = r - theta g`` with r and g the residuals of
    y and of the event days' indicator, so that each comparison of an arrangement with the observed statistic is a
    difference of two sums of absolute lines. Between neighbouring zeros of those lines (``r / g``) it is a line
    itself: its sign at every zero and its slope towards either end give every root, so no piece can be missed. On one
    day the roots are ``(r_0 -+ r_j) / (g_0 -+ g_j)``. A sweep over the roots of all arrangements counts how many are at
    least as large. Ends are closed: there the statistics tie.
    """
    share("level", level, "option.level")
    basis, rows = _design(y, x, event_rows)
    choices = _arrangements(y.size, rows, scheme, draws, seed)
    resid, moved = residuals(y, basis), residuals(_indicator(y.size, rows), basis)
    rejecting = floor((1.0 - level) * choices.total + ROUNDING)
    pieces = _accepted(resid, moved, rows, choices, rejecting)
    room = ROUNDING * float(np.abs(resid).max())
    return ConformalInterval(
        pieces=_joined(pieces, room),
        level=level,
        attained=1.0 - rejecting / choices.total,
        smallest_pvalue=1.0 / choices.total,
        arrangements=choices.total,
    )


def _design(y: Floats, x: Floats, event_rows: Ints) -> tuple[Floats, Ints]:
    """The regressors' basis and the event days, or why the effect of those days cannot be told."""
    basis = orthonormal_basis(y, x)
    rows = np.asarray(event_rows, dtype=np.int64)
    if rows.ndim != 1 or not 0 < rows.size < y.size or np.unique(rows).size < rows.size:
        raise InputError(f"event_rows={rows.tolist()} must be different rows, at least one and not all {y.size}")
    if rows.min() < 0 or rows.max() >= y.size:
        raise InputError(f"event_rows={rows.tolist()} must lie between 0 and {y.size - 1}")
    if not residuals(_indicator(y.size, rows), basis).any():
        raise InputError("the regressors explain the event days, so no effect can be told; take their dummy out")
    return basis, rows


def _indicator(size: int, rows: Ints) -> Floats:
    found = np.zeros(size)
    found[rows] = 1.0
    return found


def _arrangements(size: int, rows: Ints, scheme: Scheme, draws: int, seed: int) -> Choices:
    whole("draws", draws, least=1)
    one_of("scheme", scheme, get_args(Scheme))
    if scheme == "moving_block":
        return Choices((rows + np.arange(size)[:, None]) % size, counted=True)
    return choices_of(size, rows.size, max(draws, size) if rows.size == 1 else draws, seed)


def _accepted(resid: Floats, moved: Floats, rows: Ints, choices: Choices, rejecting: int) -> Pieces:
    """Effects at which more than `rejecting` arrangements are at least as large as the observed one."""
    same = (np.sort(choices.rows, axis=1) == np.sort(rows)).all(axis=1)
    others = choices.rows[~same]
    always = int(same.sum()) + choices.added
    step = max(1, _CELLS // (2 * rows.size**2))
    found = [
        _changes(*_compared(resid, moved, rows, others[start : start + step])) for start in range(0, len(others), step)
    ]
    starts = np.concatenate([np.empty(0), *(one[0] for one in found)])
    ends = np.concatenate([np.empty(0), *(one[1] for one in found)])
    return _swept(starts, ends, always, rejecting)


def _compared(resid: Floats, moved: Floats, rows: Ints, others: Ints) -> tuple[Floats, Floats, Floats]:
    """How much larger than the observed statistic those of B arrangements are, at every kink and far out.

    Returns the kinks (B, 2L) in ascending order, the differences of the sums there, (B, 2L), and their slopes beyond
    the last kink, (B,), which are the opposite before the first.
    """
    days = np.concatenate([others, np.broadcast_to(rows, others.shape)], axis=1)
    turned = moved[days] != 0.0
    kinks = np.sort(np.where(turned, resid[days], 0.0) / np.where(turned, moved[days], 1.0), axis=1)

    def sums(at: Ints) -> Floats:
        total: Floats = np.abs(resid[at][:, None, :] - kinks[:, :, None] * moved[at][:, None, :]).sum(axis=2)
        return total

    observed, other = sums(days[:, rows.size :]), sums(others)
    steep, other_steep = np.abs(moved[rows]).sum(), np.abs(moved[others]).sum(axis=1)
    return kinks, _difference(other, observed), _difference(other_steep, np.full_like(other_steep, steep))


def _difference(one: Floats, other: Floats) -> Floats:
    """One minus the other, exactly zero where only rounding differs."""
    away = one - other
    return np.where(np.abs(away) <= _NOTHING * (one + other), 0.0, away)


def _changes(kinks: Floats, above: Floats, slope: Floats) -> tuple[Floats, Floats]:
    """Where arrangements become as large as the observed statistic, and where they cease to be.

    An arrangement that is as large from minus infinity on starts there.
    """
    far = np.where(slope != 0.0, slope, 1.0)
    first = np.where(slope != 0.0, slope, above[:, 0]) >= 0.0
    last = np.where(slope != 0.0, slope, above[:, -1]) >= 0.0
    states = np.column_stack([first, above >= 0.0, last])
    left, right, low, high = kinks[:, :-1], kinks[:, 1:], above[:, :-1], above[:, 1:]
    drop = np.where(low != high, low - high, 1.0)
    near = np.abs(low) <= np.abs(high)  # the root is measured from the nearer end
    inner = np.where(near, left, right) + (right - left) * np.where(near, low, high) / drop
    roots = np.column_stack([kinks[:, 0] + above[:, 0] / far, inner, kinks[:, -1] - above[:, -1] / far])
    starts = roots[~states[:, :-1] & states[:, 1:]]
    ends = roots[states[:, :-1] & ~states[:, 1:]]
    return np.concatenate([np.full(int(first.sum()), -inf), starts]), ends


def _swept(starts: Floats, ends: Floats, always: int, rejecting: int) -> Pieces:
    """Closed pieces of the line that more than `rejecting` arrangements cover, `always` of which cover all of it."""
    at = np.concatenate([[-inf], starts, ends, [inf]])
    step = np.concatenate([[always], np.ones(starts.size), -np.ones(ends.size), [-always - starts.size + ends.size]])
    order = np.lexsort((-step, at))
    inside = np.concatenate([[False], np.cumsum(step[order]) > rejecting])
    at = at[order]
    lows, highs = at[~inside[:-1] & inside[1:]], at[inside[:-1] & ~inside[1:]]
    return tuple(zip(lows.tolist(), highs.tolist(), strict=True))


def _joined(pieces: Pieces, room: float) -> Pieces:
    """The pieces, those that only rounding parts made one."""
    joined: list[tuple[float, float]] = []
    for low, high in pieces:
        if joined and low - joined[-1][1] <= room:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return tuple(joined)


CONFORMAL = Test("conformal", needs=frozenset({"one_event", "many_windows"}))
