"""Values and units of returns: what no return can be is refused, and so are units that no decimal return has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np

from eventstudy.arrays import Days, Floats, Ints, Mask
from eventstudy.errors import InputError, OptionError
from eventstudy.facts import fact
from eventstudy.gate.days import SHOWN, day_text

Accepted = Literal["scale", "outcome"]
"""What a caller may vouch for: units that look wrong; values that are no returns at all (volumes, yields)."""

LARGE = 0.2
"""A move of this size is rare in daily returns; a column more than half of which exceeds it is no decimal return."""
APART = 50.0
"""Factor between the spreads of an asset and a benchmark beyond which their units differ; percent makes it 100."""
LARGEST_RATE = 1.0
"""Risk-free return a year above which a rate is not that of a session (1.0 = 100 %)."""
DAYS_A_YEAR = 365.25
LEAST = 10
"""Values that a column needs before its unit is judged."""
CODES = (-44.0, -55.0, -66.0, -77.0, -88.0, -99.0, -99.99, -999.0, -9999.0)
"""Codes that data services write in the place of a missing return: CRSP, Kenneth French's library, terminals."""


def read_accept(accept: Sequence[str]) -> frozenset[Accepted]:
    """What a caller vouches for.

    Raises
    ------
    OptionError
        For anything that is not a list of the names of `Accepted`.
    """
    allowed = get_args(Accepted)
    listed = isinstance(accept, (list, tuple, set, frozenset))
    if not listed or not all(isinstance(one, str) and one in allowed for one in accept):
        raise OptionError(fact("option.accept", given=repr(accept), allowed=allowed))
    return frozenset(one for one in allowed if one in accept)


def check_values(values: Floats, sessions: Days, names: Sequence[str], what: str, *, vouched: bool = False) -> None:
    """Refuse values that no decimal return of a price can have.

    Parameters
    ----------
    values : (A, S) float
        Simple returns, decimal; NaN where there is none.
    sessions : (S,) datetime64
        Their sessions.
    names : sequence of A str
        Their assets.
    what : str
        What they are called: ``returns``, ``benchmark``, ``factors``.
    vouched : bool
        Whether the caller vouches for the units; infinite values and codes are refused all the same.

    Raises
    ------
    InputError
        Code ``gate.infinite``, ``gate.codes`` or ``gate.below_minus_one`` with the number of such cells and the first
        places; ``gate.scale.large`` where more than half of a column exceeds `LARGE` in absolute value.
    """
    if not values.size:
        return
    low, high = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
    if np.isinf(low) or np.isinf(high):
        raise _cells("gate.infinite", np.isinf(values), values, sessions, names, what)
    if low <= -1.0 and (known := np.isin(values, CODES)).any():
        raise _cells("gate.codes", known, values, sessions, names, what)
    if vouched:
        return
    if (high > LARGE or low < -LARGE) and (large := _large(values)).any():
        chosen = np.flatnonzero(large)[:SHOWN]
        medians = np.nanmedian(np.abs(values[chosen]), axis=1)
        told = tuple({"asset": names[one], "median": float(size)} for one, size in zip(chosen, medians, strict=True))
        raise InputError(fact("gate.scale.large", what=what, n=int(large.sum()), medians=told, bound=LARGE))
    if low <= -1.0:
        raise _cells("gate.below_minus_one", values <= -1.0, values, sessions, names, what)


def check_finite(values: Floats, sessions: Days, names: Sequence[str], what: str) -> None:
    """Refuse infinite values of what is no return."""
    if np.isinf(values).any():
        raise _cells("gate.infinite", np.isinf(values), values, sessions, names, what)


def check_scale(assets: Floats, names: Sequence[str], yardsticks: Mapping[str, Floats], what: str = "returns") -> None:
    """Refuse assets and yardsticks whose units differ.

    Parameters
    ----------
    assets : (A, S) float
        Returns.
    names : sequence of A str
        Their assets.
    yardsticks : mapping of str to (S,) float
        Benchmark or factors by name.
    what : str
        What the assets' columns are called.

    Raises
    ------
    InputError
        Code ``gate.scale.apart`` where the spreads of an asset and a yardstick differ by more than `APART`, with both.

    Notes
    -----
    Judged by counts: more than half of the absolute values above ``APART * m`` is a median above it. Medians are
    computed for suspects only. The spread is the median distance from the median; a column whose spread is 0 is not
    judged.
    """
    spreads = {name: _spread(column) for name, column in yardsticks.items()}
    sizes = [one for one in spreads.values() if one > 0.0]
    if not sizes or not assets.size:
        return
    for place in _suspects(assets, min(sizes) * APART, max(sizes) / APART):
        own = _spread(assets[place])
        for name, other in spreads.items():
            if own > 0.0 and other > 0.0 and not 1.0 / APART <= own / other <= APART:
                told: dict[str, Any] = {"asset": names[place], "benchmark": name, "own": own, "other": other}
                raise InputError(fact("gate.scale.apart", what=what, **told))


def check_rate(rate: Floats, sessions: Days) -> None:
    """Refuse a risk-free rate that no session has: in percent, or a year's.

    Parameters
    ----------
    rate : (S,) float
        Risk-free return of each session, decimal.
    sessions : (S,) datetime64
        Their sessions, whose usual distance says what a year makes of it.

    Raises
    ------
    InputError
        Code ``gate.scale.rate`` with the median and what it comes to in a year.
    """
    if sessions.size < LEAST:
        return
    days = float(np.median(np.diff(sessions.astype("datetime64[D]").astype(np.int64))))
    median = float(np.nanmedian(np.abs(rate)))
    if median * DAYS_A_YEAR / days > LARGEST_RATE:
        raise InputError(fact("gate.scale.rate", median=median, year=median * DAYS_A_YEAR / days))


def _large(values: Floats) -> Mask:
    """(A,) whether more than half of an asset's values exceed `LARGE`."""
    high, low = np.fmax.reduce(values, axis=1), np.fmin.reduce(values, axis=1)
    found = np.zeros(values.shape[0], dtype=bool)
    beyond = np.flatnonzero((high > LARGE) | (low < -LARGE))
    sizes = np.abs(values[beyond])
    known = np.isfinite(sizes).sum(axis=1)
    found[beyond] = (known >= LEAST) & (2 * (sizes > LARGE).sum(axis=1) > known)
    return found


def _suspects(values: Floats, above: float, below: float) -> Ints:
    """Assets more than half of whose values other than 0 lie above or below a size."""
    sizes = np.abs(values)
    small, rest = np.count_nonzero(sizes < below, axis=1), np.count_nonzero(sizes >= below, axis=1)
    big = np.count_nonzero(sizes > above, axis=1) if np.fmax.reduce(sizes, axis=None) > above else 0
    maybe = np.flatnonzero((small > rest) | (2 * big > small + rest))
    moves = sizes[maybe]
    moving = (moves > 0.0).sum(axis=1)
    counts = np.maximum(((moves > 0.0) & (moves < below)).sum(axis=1), (moves > above).sum(axis=1))
    suspects: Ints = maybe[(moving >= LEAST) & (2 * counts > moving)]
    return suspects


def _spread(values: Floats) -> float:
    """Median distance from the median; 0 where there are too few values to judge."""
    known = values[np.isfinite(values)]
    return float(np.median(np.abs(known - np.median(known)))) if known.size >= LEAST else 0.0


def _cells(code: str, wrong: Mask, values: Floats, sessions: Days, names: Sequence[str], what: str) -> InputError:
    days, rows = np.nonzero(wrong.T)
    shown = tuple(
        {"value": float(values[row, day]), "asset": names[row], "session": day_text(sessions[day])}
        for day, row in zip(days[:SHOWN], rows[:SHOWN], strict=True)
    )
    return InputError(fact(code, n=days.size, what=what, cells=shown))
