"""What a price limit hides: bounds, and the moments of a return that was cut off.

All of it is arithmetic on arrays. Sides are -1 for the lower and 1 for the upper limit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from eventstudy.arrays import Floats, Ints, Mask

_FAR = -50.0  # standard deviations beyond which the variance of the tail comes from its expansion


def first_open_close(at_limit: Mask, traded: Mask, start: Ints) -> Ints:
    """Position of the first close at or after `start` that is not at a price limit.

    Parameters
    ----------
    at_limit : (E, S) bool
        Whether the session closed at a limit.
    traded : (E, S) bool
        Whether there was a close at all: a session of suspension has none, and the search passes over it.
    start : (E,) int
        Position of day 0 of each case.

    Returns
    -------
    (E,) int
        Position; -1 where the sessions end before there is such a close.

    Raises
    ------
    ValueError
        For a negative start: a case whose day 0 is not known has no first close.

    Notes
    -----
    The cumulated return up to this close holds the whole of a cut-off move. Its length depends on the data, so
    a placebo has to follow the same rule.
    """
    if (start < 0).any():
        raise ValueError("start counts sessions from 0; a case whose day 0 is not known cannot be searched")
    sessions = np.arange(at_limit.shape[1])
    found = traded & ~at_limit & (sessions >= start[:, None])
    return np.where(found.any(axis=1), found.argmax(axis=1), -1).astype(np.int64)


def days_after(at_limit: Mask, traded: Mask) -> Mask:
    """The first traded session after each close at a limit: it carries the rest of a cut-off move.

    Parameters
    ----------
    at_limit, traded : (..., S) bool
        Whether each session closed at a limit, and whether there was a close at all.

    Returns
    -------
    (..., S) bool
        True also where that next session closed at a limit itself.
    """
    closes = np.where(traded, np.arange(traded.shape[-1]), -1)
    last = np.maximum.accumulate(closes, axis=-1)
    before = np.concatenate([np.full((*last.shape[:-1], 1), -1), last[..., :-1]], axis=-1)
    held = np.take_along_axis(at_limit, np.maximum(before, 0), axis=-1)
    return np.asarray(traded & (before >= 0) & held, dtype=np.bool_)


def bound(ar: ArrayLike, std_error: ArrayLike, df: ArrayLike, side: ArrayLike) -> Floats:
    """One-sided p-value of a session that closed at its limit; arrays broadcast.

    Parameters
    ----------
    ar, std_error : float
        Observed abnormal return and its forecast-error standard error, decimal.
    df : float
        Degrees of freedom of the t distribution.
    side : {-1, 1}
        -1 at the lower limit: the uncut abnormal return is at most `ar`, the p is that of "it is not negative";
        1 at the upper limit: at least `ar`, "it is not positive".

    Returns
    -------
    float array
        p; NaN where an argument is.

    Raises
    ------
    ValueError
        For a side that is neither -1 nor 1.

    Notes
    -----
    The uncut move is at least as far out as the observed one, so its own p would be no larger: a small p
    stands, a large one says nothing. That holds as long as sigma comes from returns that were not cut off
    themselves.
    """
    from scipy import special

    statistic = np.asarray(ar, dtype=np.float64) / np.asarray(std_error, dtype=np.float64)
    freedom = np.asarray(df, dtype=np.float64)
    return np.asarray(special.stdtr(freedom, -_sides(side) * statistic), dtype=np.float64)


def imputed(expected: ArrayLike, sigma_forecast: ArrayLike, cut: ArrayLike, side: ArrayLike) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the uncut abnormal return, given that it lies beyond the limit.

    Parameters
    ----------
    expected : float
        Normal return of the session, decimal.
    sigma_forecast : float
        Standard deviation of the abnormal return before anything is known of the session: the forecast error, or a
        multiple of it where news is expected. Without an own observation beyond the limit the answer rests
        on this number, so show several.
    cut : float
        The limit's return, decimal.
    side : {-1, 1}
        -1 where the uncut return is at or below `cut`, 1 where it is at or above.

    Returns
    -------
    mean, sd : float arrays
        Decimal returns; arrays broadcast.

    Raises
    ------
    ValueError
        For a side that is neither -1 nor 1.

    Notes
    -----
    For a standard normal z, ``E[z | z <= a] = -m`` and ``Var[z | z <= a] = 1 - m (m + a)``, ``m = phi(a) / Phi(a)``
    (Johnson, Kotz and Balakrishnan 1994, Continuous Univariate Distributions 1, section 13.10.1). Beyond 50 standard
    deviations the variance is ``1/a^2 - 6/a^4 + 50/a^6 - 518/a^8``.
    """
    from scipy import special

    sides, sigma = _sides(side), np.asarray(sigma_forecast, dtype=np.float64)
    limit = -sides * (np.asarray(cut, dtype=np.float64) - np.asarray(expected, dtype=np.float64)) / sigma
    ratio = np.sqrt(2.0 / np.pi) / special.erfcx(-limit / np.sqrt(2.0))
    inverse = 1.0 / np.minimum(limit, _FAR) ** 2
    far = inverse * (1.0 - inverse * (6.0 - inverse * (50.0 - 518.0 * inverse)))
    variance = np.where(limit < _FAR, far, 1.0 - ratio * (ratio + limit))
    return np.asarray(sides * sigma * ratio), np.asarray(sigma * np.sqrt(variance))


def _sides(side: ArrayLike) -> Ints:
    sides = np.asarray(side)
    if not np.isin(sides, (-1, 1)).all():
        raise ValueError("side is -1 (lower limit) or 1 (upper limit)")
    return sides.astype(np.int64)
