"""Dimson's market model: lags and leads of the benchmark beside it, and their sum as beta."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from eventstudy.arrays import Floats, Mask
from eventstudy.errors import OptionError
from eventstudy.models.linear import Model, NormalReturnFit, benchmark_return, fit_linear
from eventstudy.options import one_of, whole
from eventstudy.panel import EventPanel

Weights = Literal["dimson", "fowler_rorke"]

_SHIFTED = re.compile(r"(?P<base>.+)\[(?P<shift>[+-][1-9]\d*)\]")


def lagged_factors(
    names: Sequence[str], values: Floats, *, lags: int = 1, leads: int = 1
) -> tuple[tuple[str, ...], Floats]:
    """Factors with their lags and leads as further factors: the regressors of `fit_dimson`.

    Parameters
    ----------
    names : sequence of K str
        Names of the factors.
    values : (K, S) float
        Their one-session returns on consecutive sessions.
    lags, leads : int
        How many sessions back and ahead; 0 for none.

    Returns
    -------
    names : tuple of K (1 + lags + leads) str
        The factors under their own names, then ``name[-1]``, ``name[-2]``, ..., ``name[+1]``, ... of each.
    values : (K (1 + lags + leads), S) float
        ``name[-1]`` holds on each session the return of the session before, ``name[+1]`` that of the session
        after; NaN where there is no such session.

    Raises
    ------
    OptionError
        For a negative number of lags or leads, or where two columns would have one name.
    """
    lags, leads = whole("lags", lags, least=0), whole("leads", leads, least=0)
    shifts = [*range(-1, -lags - 1, -1), *range(1, leads + 1)]
    columns = [*names, *(f"{name}[{shift:+d}]" for name in names for shift in shifts)]
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise OptionError(f"two regressors would be called {twice!r}; rename the factor of that name")
    rows = [*values, *(_shifted(row, shift) for row in values for shift in shifts)]
    return tuple(columns), np.array(rows).reshape(len(columns), values.shape[-1])


def fit_dimson(panel: EventPanel, *, weights: Weights = "dimson") -> NormalReturnFit:
    """Multiple regression on the benchmark, its lags and its leads; beta is the (weighted) sum of the slopes.

    Parameters
    ----------
    panel : EventPanel
        With the regressors that `lagged_factors` makes. Without lags and leads this is the market model.
    weights : {"dimson", "fowler_rorke"}
        How the slopes are summed: all with weight one, or with the weights of Fowler and Rorke. Abnormal
        returns come from the whole regression and do not depend on it.

    Returns
    -------
    NormalReturnFit
        `params` holds alpha, the slopes, and after them ``name[sum]`` for each factor.

    Raises
    ------
    OptionError
        Where there is no regressor, `weights` is another word, or "fowler_rorke" does not meet as many
        leads as lags, one or two.

    Notes
    -----
    Least squares with k = 2 + lags + leads for one benchmark, T - k degrees of freedom, exact forecast
    variance (Dimson 1979, Journal of Financial Economics 7, 197-226). Fowler and Rorke (1983, Journal of
    Financial Economics 12, 279-283) weight the slope on the day itself by 1, those one day away by
    ``(1 + rho_1) / (1 + 2 rho_1)``; with two lags and leads those one day away by
    ``(1 + 2 rho_1 + rho_2) / (1 + 2 rho_1 + 2 rho_2)``, those two days away by
    ``(1 + rho_1 + rho_2) / (1 + 2 rho_1 + 2 rho_2)``. rho_j is the correlation of the benchmark with its
    own lag j over the observations used. The sum is then the generalised Scholes-Williams beta of a
    benchmark without autocorrelation at longer lags.

    A lead is the benchmark's return after the day: the normal return of an event day then uses what was not
    known on that day, and that of the last estimation days uses the sessions that follow the window.
    """
    if not panel.names:
        raise OptionError("model='dimson' needs a benchmark; given: none")
    one_of("weights", weights, get_args(Weights))
    groups = _groups(panel.names)
    used = panel.observed
    fit = fit_linear(panel.returns, panel.factors, used, panel.event_factors, panel.event_span, names=panel.names)
    slopes = fit.params[:, 1:]
    sums = []
    for base, rows in groups.items():
        weight = _fowler_rorke(base, rows, panel.factors, used) if weights == "fowler_rorke" else {}
        sums.append(sum(slopes[:, row] * weight.get(abs(shift), 1.0) for shift, row in rows.items()))
    return replace(
        fit,
        names=(*fit.names, *(f"{base}[sum]" for base in groups)),
        params=np.column_stack([fit.params, *sums]),
    )


def _shifted(row: Floats, shift: int) -> Floats:
    """The value `shift` sessions later (earlier where negative), NaN past the edges."""
    moved = np.full(row.shape, np.nan)
    if abs(shift) < row.size:
        if shift < 0:
            moved[-shift:] = row[:shift]
        else:
            moved[: row.size - shift] = row[shift:]
    return moved


def _groups(names: Sequence[str]) -> dict[str, dict[int, int]]:
    """Rows of each factor by shift: {name: {0: row, -1: row, ...}}."""
    groups: dict[str, dict[int, int]] = {}
    for row, name in enumerate(names):
        match = _SHIFTED.fullmatch(name)
        base, shift = (match["base"], int(match["shift"])) if match else (name, 0)
        groups.setdefault(base, {})[shift] = row
    return groups


def _fowler_rorke(base: str, rows: Mapping[int, int], factors: Floats, used: Mask) -> dict[int, Floats]:
    """(E,) weight of the slopes by distance from the day; the day itself has weight one."""
    far = max(rows)
    if far not in (1, 2) or sorted(rows) != list(range(-far, far + 1)):
        raise OptionError(
            f"weights='fowler_rorke' takes as many leads as lags, one or two; {base!r} has the shifts "
            f"{', '.join(f'{shift:+d}' if shift else '0' for shift in sorted(rows))}"
        )
    first = _correlation(factors[rows[0]], factors[rows[-1]], used)
    if far == 1:
        return {1: (1.0 + first) / (1.0 + 2.0 * first)}
    second = _correlation(factors[rows[0]], factors[rows[-2]], used)
    total = 1.0 + 2.0 * first + 2.0 * second
    return {1: (1.0 + 2.0 * first + second) / total, 2: (1.0 + first + second) / total}


def _correlation(one: Floats, other: Floats, used: Mask) -> Floats:
    """(E,) correlation of two regressors over the used observations."""
    count = np.maximum(used.sum(axis=1), 1)[:, None]
    first, second = (np.where(used, values, 0.0) for values in (one, other))
    first, second = (np.where(used, kept - kept.sum(axis=1, keepdims=True) / count, 0.0) for kept in (first, second))
    scale = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    correlation: Floats = (first * second).sum(axis=1) / np.where(scale > 0.0, scale, np.nan)
    return correlation


MODEL = Model(
    "dimson",
    fit_dimson,
    needs="benchmark",
    options=("lags", "leads", "weights"),
    shifted=True,
    reference=benchmark_return,
    linear=True,
)
