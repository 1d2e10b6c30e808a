"""Permutation, wild bootstrap and bootstrapped skewness-adjusted t: by counting, on their grids, by simulation."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from eventstudy.facts import fact
from eventstudy.inference import TESTS
from eventstudy.windows import Window
from tests.sections import random_section
from tests.test_parametric import daily_means

EXACT = 1e-10  # two float computations of one closed form
SIDES = ("two-sided", "greater", "less")


def far(values, observed, side):
    """Those at least as far out, with room for the order of summation."""
    values, room = np.asarray(values), 1e-12
    if side == "two-sided":
        return np.abs(values) >= abs(observed) - room
    return values >= observed - room if side == "greater" else values <= observed + room


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("window", [Window(0, 0), Window(0, 1)])
def test_permutation_counts_every_choice_of_days(window, side):
    section = random_section(1, window=window)
    pool = np.r_[section.ar.mean(axis=0), daily_means(section)]
    observed = pool[: window.size].sum()
    sums = [sum(chosen) for chosen in combinations(pool, window.size)]
    result = TESTS["permutation"](section, alternative=side)
    assert result.pvalue == pytest.approx(far(sums, observed, side).mean(), abs=EXACT)
    assert result.statistic == pytest.approx(section.car.mean(), rel=EXACT)


def test_permutation_p_values_lie_on_their_grid_and_draws_come_close_to_the_count():
    section = random_section(2, window=Window(0, 1))
    counted = TESTS["permutation"](section)
    days = daily_means(section).size + 2
    choices = days * (days - 1) / 2
    assert counted.pvalue * choices == pytest.approx(round(counted.pvalue * choices), abs=1e-6)
    drawn = TESTS["permutation"](section, draws=1_400)
    assert drawn.pvalue * 1_401 == pytest.approx(round(drawn.pvalue * 1_401), abs=1e-6)
    error = np.sqrt(counted.pvalue * (1 - counted.pvalue) / 1_400)
    assert abs(drawn.pvalue - counted.pvalue) < 4 * error + 1 / 1_401
    assert drawn.pvalue == TESTS["permutation"](section, draws=1_400).pvalue
    assert drawn.pvalue != TESTS["permutation"](section, draws=1_400, seed=2).pvalue


def test_permutation_p_is_uniform_where_any_day_may_be_the_event():
    """Every day of a pool takes its turn as the event: each p-value j / (T + 1) comes once."""
    pool = np.random.default_rng(3).normal(size=31)
    section = random_section(3, events=1, holes=0.0)
    block = next(section.residuals())
    pvalues = []
    for event in range(31):
        past = np.delete(pool, event)[None, :]
        day = replace(
            section,
            ar=pool[event].reshape(1, 1),
            car=pool[event : event + 1],
            residuals=lambda past=past: iter([replace(block, resid=past, session=block.session[:, :30])]),
        )
        pvalues.append(TESTS["permutation"](day).pvalue)
    assert sorted(pvalues) == pytest.approx([(rank + 1) / 31 for rank in range(31)], abs=EXACT)


def brute_clustered_t(values, position):
    """t of the mean with the variance of the dates' sums about their expected part."""
    mean, dates = values.mean(), sorted(set(position.tolist()))
    parts = [(values[position == date].sum() - (position == date).sum() * mean) ** 2 for date in dates]
    return mean / np.sqrt(len(dates) / (len(dates) - 1) * sum(parts) / values.size**2)


@pytest.mark.parametrize("side", SIDES)
def test_wild_bootstrap_counts_every_pattern_of_dates(side):
    section = random_section(4, events=14)
    position = np.repeat(np.arange(100, 107), 2)
    placed = replace(section, position=position)
    observed = brute_clustered_t(placed.car, position)
    every = [brute_clustered_t(placed.car * np.repeat(signs, 2), position) for signs in product((1.0, -1.0), repeat=7)]
    result = TESTS["wild_bootstrap"](placed, alternative=side)
    assert result.statistic == pytest.approx(observed, rel=EXACT)
    assert result.pvalue == pytest.approx(far(every, observed, side).mean(), abs=EXACT)
    assert result.distribution == "bootstrap"


def test_wild_bootstrap_of_single_events_is_studentised_by_the_ordinary_t():
    section = random_section(5, events=12)
    alone = replace(section, position=np.arange(12))
    assert TESTS["wild_bootstrap"](alone).statistic == pytest.approx(
        stats.ttest_1samp(section.car, 0).statistic, rel=EXACT
    )


def test_wild_bootstrap_draws_come_close_to_the_count():
    section = replace(random_section(6, events=12), position=np.arange(12))
    counted = TESTS["wild_bootstrap"](section)
    drawn = TESTS["wild_bootstrap"](section, draws=4_000)
    assert counted.pvalue * 2**12 == pytest.approx(round(counted.pvalue * 2**12), abs=1e-6)
    error = np.sqrt(counted.pvalue * (1 - counted.pvalue) / 4_000)
    assert 0 < abs(drawn.pvalue - counted.pvalue) < 4 * error + 1 / 4_001


def test_drawn_p_values_count_the_observed_arrangement():
    """With an effect that no draw reaches p is 1 / (draws + 1), not 0."""
    apart = replace(random_section(6, events=30, effect=1.0), position=np.arange(30))
    assert TESTS["wild_bootstrap"](apart, draws=500).pvalue == 1 / 501
    days = random_section(6, events=5, window=Window(0, 3))
    large = replace(days, ar=days.ar + 1.0, car=days.car + 4.0)
    assert TESTS["permutation"](large, draws=500).pvalue == 1 / 501


def test_wild_bootstrap_of_one_date_is_refused():
    assert TESTS["wild_bootstrap"](random_section(7, one_date=True)).refusal == fact("unavailable.one_draw")


def brute_johnson(values, centre=0.0):
    count, deviation = values.size, values.std(ddof=1)
    ratio = (values.mean() - centre) / deviation
    skewness = sum((x - values.mean()) ** 3 for x in values) / (count * deviation**3)
    return np.sqrt(count) * (ratio + skewness * ratio**2 / 3 + skewness / (6 * count)), ratio, skewness


def test_the_skewness_adjusted_statistic_from_the_definition():
    section = random_section(8, events=30)
    skewed = replace(section, car=np.exp(40 * section.car) - 1.0)
    expected, ratio, skewness = brute_johnson(skewed.car)
    result = TESTS["skewness_adjusted_t"](skewed)
    assert result.statistic == pytest.approx(expected, rel=EXACT)
    without = np.sqrt(30) * (ratio + ratio**2 / 3 + skewness / 180)
    assert abs(result.statistic - without) > 0.01  # a circulating recipe drops the skewness here
    johnson = TESTS["skewness_adjusted_t"](skewed, variant="johnson")
    assert johnson.pvalue == pytest.approx(2 * stats.t.sf(abs(expected), 29), rel=EXACT)
    assert johnson.name == "skewness_adjusted_t (johnson)"


@pytest.mark.parametrize("seed", [9, 12])
@pytest.mark.parametrize("side", SIDES)
def test_its_bootstrap_by_loops(side, seed):
    """Samples of N/4 events with replacement, each about the mean of all."""
    section = random_section(seed, events=40, rho=0.0)
    rng = np.random.default_rng(1)
    chosen = rng.integers(0, 40, size=(1_000, 10))
    drawn = np.array([brute_johnson(section.car[rows], section.car.mean())[0] for rows in chosen])
    observed = brute_johnson(section.car)[0]
    lower, upper = ((1 + (drawn <= observed).sum()) / 1_001, (1 + (drawn >= observed).sum()) / 1_001)
    expected = {"two-sided": min(1.0, 2 * min(lower, upper)), "greater": upper, "less": lower}[side]
    assert 0.05 < expected < 0.95
    result = TESTS["skewness_adjusted_t"](section, alternative=side)
    assert result.pvalue == pytest.approx(expected, abs=EXACT)


def test_the_skewness_bootstrap_needs_twenty_events():
    reason = fact("unavailable.too_few", n=19, window="[0, 0]", need=20)
    assert TESTS["skewness_adjusted_t"](random_section(10, events=19)).refusal == reason
    assert TESTS["skewness_adjusted_t"](random_section(10, events=19), variant="johnson").unavailable is None


def test_a_bootstrap_sample_without_variance_counts_as_far_out():
    """One event repeated: its t has no denominator."""
    from eventstudy.inference.resampling import johnson_t

    rows = np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [-1.0, -1.0, -1.0]])
    assert johnson_t(rows, 0.0).tolist() == [np.inf, 0.0, -np.inf]


def test_only_the_values_enter_the_skewness_adjusted_t():
    """Buy-and-hold returns may take the place of the CARs, fewer than there are events."""
    section = random_section(11, events=30)
    bhar = replace(section, car=section.car[:25] * 2.0)
    assert TESTS["skewness_adjusted_t"](bhar).nobs == 25


@pytest.mark.parametrize("name", ["permutation", "wild_bootstrap"])
def test_size_under_a_true_null(name):
    """Rejections at 10 % of 400 samples without an effect, within four standard errors."""
    options = {"one_date": True, "events": 4} if name == "permutation" else {"events": 16}
    rejected = 0
    for seed in range(400):
        section = random_section(10_000 + seed, holes=0.0, rho=0.4 if name == "permutation" else 0.0, **options)
        rejected += TESTS[name](section, draws=299).pvalue <= 0.10
    assert abs(rejected / 400 - 0.10) < 4 * np.sqrt(0.1 * 0.9 / 400)
