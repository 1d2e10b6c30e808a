"""Structural breaks: against statsmodels at every split, by hand, by simulation, exact limit distribution."""

from __future__ import annotations

import re

import numpy as np
import pytest
import statsmodels.regression.linear_model as linear_model
from scipy import integrate, optimize, special, stats

from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.inference import breaks
from eventstudy.inference.breaks import LEVELS, Break, chow, critical_values, sup_f, sup_f_sf

EXACT = 1e-9  # two float computations of one sum of squares
MONTE_CARLO = 4.0  # standard errors of a simulated share: fails by chance once in 16,000


def regression(seed, size=120, k=2):
    """Returns and regressors without a break."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(size), rng.normal(0.0005, 0.01, (size, k - 1))])
    return 0.001 + x[:, 1:].sum(axis=1) + rng.normal(0.0, 0.02, size), x


def squares(y, x):
    return linear_model.OLS(y, x).fit().ssr


def by_statsmodels(y, x, split):
    """Chow's F from three regressions."""
    size, k = x.shape
    inside = squares(y[:split], x[:split]) + squares(y[split:], x[split:])
    return (squares(y, x) - inside) / k / (inside / (size - 2 * k))


# Chow


def test_chow_by_hand():
    """Means 1 and 3 of (0, 1, 2) and (2, 3, 4): squares 2 + 2 inside, 10 in all; F = 6 / (4 / 4) on (1, 4)."""
    y = np.array([0.0, 1.0, 2.0, 2.0, 3.0, 4.0])
    result = chow(y, np.ones((6, 1)), 3)
    assert result.statistic == pytest.approx(6.0, rel=EXACT)
    assert result.df == (1.0, 4.0)
    assert result.pvalue == pytest.approx(2.0 * stats.t.sf(np.sqrt(6.0), 4), rel=EXACT)
    assert (result.name, result.distribution, result.nobs) == ("chow", "F", 6)
    assert result.hypothesis == fact("same_after_split")


@pytest.mark.parametrize("k", [1, 2, 4])
def test_chow_is_three_regressions_of_statsmodels(k):
    y, x = regression(1, k=k)
    for split in (k + 1, 40, 60, 120 - k - 1):
        result = chow(y, x, split)
        assert result.statistic == pytest.approx(by_statsmodels(y, x, split), rel=EXACT)
        assert result.df == (k, 120 - 2 * k)
        assert result.pvalue == pytest.approx(stats.f.sf(result.statistic, k, 120 - 2 * k), rel=EXACT)


def test_chow_is_the_joint_test_of_interactions():
    """All coefficients of a regime's own regressors are zero."""
    y, x = regression(2, k=3)
    after = np.arange(120) >= 70
    joint = linear_model.OLS(y, np.column_stack([x, x * after[:, None]])).fit().f_test(np.eye(6)[3:])
    result = chow(y, x, 70)
    assert result.statistic == pytest.approx(float(joint.fvalue), rel=EXACT)
    assert result.pvalue == pytest.approx(float(joint.pvalue), rel=EXACT)


def test_chow_has_its_size():
    rng = np.random.default_rng(30)
    _, x = regression(3, size=40)
    rejected = np.mean([chow(rng.normal(size=40), x, 12).pvalue < 0.05 for _ in range(2_000)])
    assert abs(rejected - 0.05) < MONTE_CARLO * np.sqrt(0.05 * 0.95 / 2_000)


@pytest.mark.parametrize("split", [-5, 0, 2, 118, 120, 200])
def test_chow_needs_more_than_k_days_on_each_side(split):
    y, x = regression(4)
    before = min(max(split, 0), 120)
    reason = fact("unavailable.short_side", before=before, after=120 - before, parameters=2)
    result = chow(y, x, split)
    assert result.refusal == reason
    assert result.statistic is None
    assert result.pvalue is None


def test_chow_refuses_what_it_cannot_say():
    y, x = regression(5)
    gone = y.copy()
    gone[[3, 70]] = np.nan
    missing = fact("unavailable.missing_observations", missing=2, n=120)
    assert chow(gone, x, 60).refusal == missing
    infinite = x.copy()
    infinite[9, 1] = np.inf
    assert chow(y, infinite, 60).refusal == fact("unavailable.missing_observations", missing=1, n=120)
    late = x.copy()
    late[:60, 1] = 0.0
    assert chow(y, late, 60).refusal == fact("unavailable.collinear_side")
    assert chow(y, late, 55).refusal == fact("unavailable.collinear_side")
    assert chow(y, late, 65).unavailable is None
    exact = x[:, 1] + (np.arange(120) >= 60)
    reason = fact("unavailable.no_residuals")
    assert chow(exact, x, 60).refusal == reason
    assert chow(np.zeros(120), x, 60).refusal == reason


# sup-F


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_path_is_three_regressions_of_statsmodels_at_every_split(k):
    y, x = regression(6, size=100, k=k)
    found = sup_f(y, x, draws=1)
    expected = np.full(100, np.nan)
    for split in range(15, 86):
        expected[split] = k * by_statsmodels(y, x, split)
    np.testing.assert_allclose(found.path, expected, rtol=EXACT)
    assert found.result.statistic == np.nanmax(found.path)
    assert found.position == np.nanargmax(found.path)
    assert found.result.statistic == pytest.approx(k * chow(y, x, found.position).statistic, rel=EXACT)
    assert (found.result.name, found.result.distribution, found.result.nobs) == ("sup_f", "bootstrap", 100)
    assert found.critical == critical_values(k, 0.15)


def test_regressors_in_any_units_give_one_path():
    y, x = regression(7, k=3)
    other = np.column_stack([x[:, 0], 1e4 * x[:, 1] + 7.0, x[:, 2] - 3.0 * x[:, 1]])
    np.testing.assert_allclose(sup_f(50.0 + 9.0 * y, other, draws=1).path, sup_f(y, x, draws=1).path, rtol=1e-6)


@pytest.mark.parametrize(
    ("size", "trim", "first", "last"),
    [
        (100, 0.15, 15, 85),
        (101, 0.15, 16, 85),
        (20, 0.15, 3, 17),
        (100, 0.07, 7, 93),
        (40, 0.49, 20, 20),
        (6, 0.4, 3, 3),
        (100, 0.01, 3, 97),
        (600, 0.15, 90, 510),
    ],
)
def test_the_borders_of_the_trim(size, trim, first, last):
    """Each segment has `trim` of the window at least (0.07 x 100 is 7, though not in floats), and k + 1 days."""
    y, x = regression(8, size=size)
    found = sup_f(y, x, trim=trim, draws=1)
    splits = np.flatnonzero(np.isfinite(found.path))
    np.testing.assert_array_equal(splits, np.arange(first, last + 1))
    assert found.trim == trim
    assert found.result.notes == ((fact("note.longer_segments", least=3),) if trim == 0.01 else ())


@pytest.mark.parametrize("what", ["alpha", "beta"])
@pytest.mark.parametrize("start", [45, 120, 170])
def test_a_break_is_found(what, start):
    """A regime that begins at `start`: position within five sessions, p at its floor, Chow agrees."""
    rng = np.random.default_rng(start)
    x = np.column_stack([np.ones(240), rng.normal(0.0, 0.01, 240)])
    y = 1.2 * x[:, 1] + rng.normal(0.0, 0.01, 240)
    y[start:] += 0.02 if what == "alpha" else -3.0 * x[start:, 1]
    found = sup_f(y, x)
    assert abs(found.position - start) <= 5
    assert found.result.pvalue == 1 / 1_000
    assert found.result.statistic > found.critical[2]
    assert chow(y, x, start).pvalue < 1e-6


def rejections(draw, count, draws, level):
    """Shares of samples in which the bootstrap and the asymptotic 5 % value reject."""
    bootstrap = asymptotic = 0
    for seed in range(count):
        found = sup_f(*draw(np.random.default_rng((20251208, seed))), draws=draws, seed=seed)
        bootstrap += found.result.pvalue <= level
        asymptotic += found.result.statistic > found.critical[1]
    return bootstrap / count, asymptotic / count


def test_without_a_break_it_has_its_size():
    def draw(rng):
        x = np.column_stack([np.ones(120), rng.normal(0.0, 0.01, 120)])
        return x[:, 1] + rng.normal(0.0, 0.02, 120), x

    for level in (0.05, 0.2):
        rejected, _ = rejections(draw, 300, 199, level)
        assert abs(rejected - level) < MONTE_CARLO * np.sqrt(level * (1.0 - level) / 300)


def test_a_variance_that_changes_does_not_mislead_the_bootstrap():
    """Volatility three times as high in the last fifth of 250 days: the bootstrap keeps its size, tables do not."""

    def draw(rng):
        scale = np.where(np.arange(250) < 200, 0.01, 0.03)
        x = np.column_stack([np.ones(250), rng.normal(0.0, 0.01, 250)])
        return x[:, 1] + scale * rng.normal(size=250), x

    bootstrap, asymptotic = rejections(draw, 300, 199, 0.05)
    error = np.sqrt(0.05 * 0.95 / 300)
    assert abs(bootstrap - 0.05) < MONTE_CARLO * error
    assert asymptotic > 0.05 + 2 * MONTE_CARLO * error


def test_the_bootstrap_by_hand():
    """Residuals times standard normals of the seed, regressed anew on both sides of every split."""
    y, x = regression(6, size=30)
    found = sup_f(y, x, draws=59, seed=5)
    resid = linear_model.OLS(y, x).fit().resid
    noise = np.random.default_rng(5).standard_normal((59, 30))
    drawn = [max(2 * by_statsmodels(resid * row, x, split) for split in range(5, 26)) for row in noise]
    exceed = sum(one >= found.result.statistic for one in drawn)
    assert 10 < exceed < 50
    assert found.result.pvalue == (1 + exceed) / 60


def test_blocks_of_draws_change_nothing(monkeypatch):
    y, x = regression(10)
    whole = sup_f(y, x, draws=99)
    monkeypatch.setattr(breaks, "_CELLS", 10 * x.size)
    assert sup_f(y, x, draws=99).result == whole.result
    assert sup_f(y, x, draws=99, seed=2).result.pvalue != whole.result.pvalue


def test_sup_f_refuses_what_it_cannot_say():
    y, x = regression(11)
    gone = y.copy()
    gone[3] = np.nan
    collinear = np.column_stack([x, x[:, 1] * 2.0])
    level = x[:, 1] + (np.arange(120) >= 60)
    cases = [
        (gone, x, fact("unavailable.missing_observations", missing=1, n=120)),
        (y[:5], x[:5], fact("unavailable.short_window", n=5, least=3)),
        (y, collinear, fact("unavailable.collinear")),
        (y, np.column_stack([x, np.zeros(120)]), fact("unavailable.collinear")),
        (np.zeros(120), x, fact("unavailable.no_residuals")),
        (x[:, 1], x, fact("unavailable.no_residuals")),
        (level, x, fact("unavailable.no_residuals")),
        (
            y,
            np.column_stack([x[:, 0], np.arange(120) == 60]).astype(float),
            fact("unavailable.collinear_segments"),
        ),
    ]
    for returns, regressors, reason in cases:
        found = sup_f(returns, regressors)
        assert found.result.refusal == reason
        assert (found.result.statistic, found.result.pvalue, found.position) == (None, None, None)
        assert np.isnan(found.path).all()


def test_splits_with_collinear_segments_are_passed_over_and_told():
    """A regime's dummy that is zero until day 30 has no coefficient in an earlier segment."""
    y, x = regression(12)
    regime = np.column_stack([x, np.where(np.arange(120) >= 30, np.sin(np.arange(120)), 0.0)])
    found = sup_f(y, regime, draws=9)
    assert np.flatnonzero(np.isfinite(found.path)).tolist() == list(range(31, 103))
    assert found.result.notes == (fact("note.splits_skipped", n=13),)
    assert found.path[40] == pytest.approx(3 * by_statsmodels(y, regime, 40), rel=EXACT)


@pytest.mark.parametrize(("trim", "draws"), [(0.0, 9), (0.5, 9), (-0.1, 9), (np.nan, 9), (0.15, 0)])
def test_options_outside_their_range(trim, draws):
    y, x = regression(13)
    sentence = f"trim={trim} must lie between 0 and 0.5 and draws={draws} be 1 or more"
    with pytest.raises(OptionError, match=f"^{re.escape(sentence)}$"):
        sup_f(y, x, trim=trim, draws=draws)


def test_a_break_holds_its_own_path():
    path = np.zeros(3)
    held = Break(chow(*regression(14), 60), 1, path, (1.0, 2.0, 3.0), 0.15)
    path[0] = 1.0
    assert held.path[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        held.path[0] = 1.0


# the limit distribution

# Andrews (2003), trim 0.15, k = 1 to 10 at 10, 5 and 1 %, divided by k and rounded to two decimals as Stock and Watson
# (Introduction to Econometrics) print it for their QLR statistic with 15 % trimming
PRINTED = [
    (7.12, 8.68, 12.16),
    (5.00, 5.86, 7.78),
    (4.09, 4.71, 6.02),
    (3.59, 4.09, 5.12),
    (3.26, 3.66, 4.53),
    (3.02, 3.37, 4.12),
    (2.84, 3.15, 3.82),
    (2.69, 2.98, 3.57),
    (2.58, 2.84, 3.38),
    (2.48, 2.71, 3.23),
]


@pytest.mark.parametrize("k", range(1, 11))
def test_critical_values_lie_just_above_the_printed_simulations(k):
    """A grid of dates misses the peaks between them: the printed values are 0.8 to 2.5 % lower, never higher."""
    ratio = np.array(critical_values(k)) / (k * np.array(PRINTED[k - 1]))
    assert (ratio > 1.008).all()
    assert (ratio < 1.025).all()


@pytest.mark.parametrize("trim", [0.05, 0.15, 0.3])
@pytest.mark.parametrize("k", [1, 2, 5, 10])
def test_critical_values_invert_the_distribution(k, trim):
    for level, value in zip(LEVELS, critical_values(k, trim), strict=True):
        assert sup_f_sf(value, k, trim) == pytest.approx(level, abs=1e-9)


def test_no_statistic_is_below_zero():
    assert sup_f_sf(0.0, 2) == sup_f_sf(-1.0, 2) == 1.0


@pytest.mark.parametrize(
    ("k", "statistic", "trim"), [(1, 8.68, 0.15), (2, 11.72, 0.15), (3, 8.0, 0.3), (5, 18.0, 0.05)]
)
def test_the_distribution_by_confluent_hypergeometric_functions(k, statistic, trim):
    """DeLong's series: eigenvalues are the zeros in nu of M(-nu, k/2, c/2), eigenfunctions M(-nu, k/2, x/2)."""
    half, edge = k / 2.0, statistic / 2.0
    time = 2.0 * np.log((1.0 - trim) / trim)

    def at_edge(nu):
        return special.hyp1f1(-nu, half, edge)

    grid = np.arange(0.0, 12.0, 0.01)
    signs = np.sign(at_edge(grid))
    zeros = [optimize.brentq(at_edge, grid[i], grid[i + 1], xtol=1e-14) for i in np.flatnonzero(np.diff(signs))]
    assert len(zeros) >= 4
    below = 0.0
    for nu in zeros:
        moments = [
            integrate.quad(
                lambda u, nu=nu, p=p: special.hyp1f1(-nu, half, u**2) ** p * 2.0 * u ** (k - 1) * np.exp(-(u**2)),
                0.0,
                np.sqrt(edge),
                epsabs=1e-13,
            )[0]
            for p in (1, 2)
        ]
        below += np.exp(-nu * time) * moments[0] ** 2 / moments[1] / special.gamma(half)
    assert sup_f_sf(statistic, k, trim) == pytest.approx(1.0 - below, abs=1e-9)


@pytest.mark.parametrize("k", [1, 3, 8])
def test_a_break_at_one_date_only_leaves_the_chi_squared(k):
    for statistic in (0.5, 4.0, 20.0):
        expected = stats.chi2.sf(statistic, k)
        assert sup_f_sf(statistic, k, 0.5 - 1e-7) == pytest.approx(expected, abs=2e-3)
        assert sup_f_sf(statistic, k, 0.4) > expected


@pytest.mark.parametrize("k", [1, 2])
def test_the_distribution_by_simulation(k):
    """k stationary Ornstein-Uhlenbeck processes on a grid of time u, the edge raised for what a grid misses.

    A walk sees the largest value of a Brownian path too low by 0.5826 standard deviations of a step (Siegmund
    1985, Sequential Analysis, chapter 10).
    """
    rng = np.random.default_rng(14)
    steps, count = 1_000, 10_000
    length = 2.0 * np.log(0.85 / 0.15) / steps
    decay = np.exp(-length / 2.0)
    state = rng.standard_normal((k, count))
    largest = (state**2).sum(axis=0)
    for _ in range(steps):
        state = decay * state + np.sqrt(1.0 - decay**2) * rng.standard_normal((k, count))
        np.maximum(largest, (state**2).sum(axis=0), out=largest)
    for value in (*critical_values(k), *(k * np.array(PRINTED[k - 1]))):
        seen = np.mean(largest > (np.sqrt(value) - 0.5826 * np.sqrt(length)) ** 2)
        share = sup_f_sf(value, k)
        assert abs(seen - share) < MONTE_CARLO * np.sqrt(share * (1.0 - share) / count)
