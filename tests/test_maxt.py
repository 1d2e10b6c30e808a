"""Maximum-|t| adjusted p-values: by hand, by loops, by identity, family-wise error and power by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eventstudy.errors import InputError
from eventstudy.inference.maxt import step_down

EXACT = 1e-12  # the same few shares added in another order
MONTE_CARLO = 4.0  # standard errors of a simulated share: fails by chance once in 16,000


def single_step(statistics, placebo):
    """Every member against the maximum of the whole family."""
    largest = np.abs(placebo).max(axis=1)
    return (1 + (largest[:, None] >= np.abs(statistics)).sum(axis=0)) / (len(placebo) + 1)


@st.composite
def families(draw):
    """Statistics with ties, and their placebo dates."""
    members, dates = draw(st.integers(1, 6)), draw(st.integers(1, 25))
    values = st.integers(-8, 8).map(lambda one: one / 4.0)
    return draw(arrays(float, members, elements=values)), draw(arrays(float, (dates, members), elements=values))


def test_by_hand():
    """Nine dates. |t| = 3, 2, 1: maxima of all three; then of the last two; then of the last."""
    statistics = np.array([-2.0, 3.0, 1.0])
    placebo = np.array([
        [0.5, -3.5, 0.2],
        [2.5, 0.1, 0.1],
        [0.1, 2.5, -0.2],
        [0.3, 0.2, 2.2],
        [0.1, 0.1, 1.0],
        [-1.5, 0.0, 0.4],
        [0.1, 0.1, 0.1],
        [0.2, 0.1, 0.3],
        [0.3, 0.4, 0.1],
    ])  # fmt: skip
    # member 1: only date 0 reaches 3; member 0 against members 0, 2: dates 1, 3; member 2 alone: dates 3, 4
    assert step_down(statistics, placebo) == pytest.approx([3 / 10, 2 / 10, 3 / 10], abs=EXACT)
    # against all three: 2 is reached on dates 0, 1, 2, 3; 1 on 0, 1, 2, 3, 4, 5
    assert single_step(statistics, placebo) == pytest.approx([5 / 10, 2 / 10, 7 / 10], abs=EXACT)


def test_p_values_never_fall_down_the_order():
    """The second member is reached less often on its own than the first in the family."""
    placebo = np.array([[5.0, 0.0], [5.0, 0.0], [0.0, 0.0]])
    assert step_down(np.array([4.0, 3.0]), placebo).tolist() == [3 / 4, 3 / 4]


def test_a_family_of_one_is_the_rank():
    placebo = np.array([[1.0], [-2.0], [0.5], [3.0]])
    for value, expected in ((2.5, 2 / 5), (-2.0, 3 / 5), (9.0, 1 / 5), (0.0, 1.0)):
        assert step_down(np.array([value]), placebo).tolist() == [expected]


def test_equal_but_for_rounding_counts_against_the_member():
    assert step_down(np.array([0.1 + 0.2]), np.array([[0.3]])).tolist() == [1.0]
    assert step_down(np.array([0.3]), np.array([[0.3 - 1e-7]])).tolist() == [0.5]


def brute_closed(statistics, placebo):
    """Largest p over all subsets that hold a member: the closed test by the maximum of each subset."""
    size, others, members = np.abs(statistics), np.abs(placebo), len(statistics)
    found = np.zeros(members)
    for code in range(1, 2**members):
        subset = [member for member in range(members) if code >> member & 1]
        reached = (others[:, subset].max(axis=1) >= size[subset].max()).sum()
        found[subset] = np.maximum(found[subset], (1 + reached) / (len(placebo) + 1))
    return found


@settings(deadline=None)
@given(families())
def test_step_down_is_the_closed_test(family):
    assert step_down(*family) == pytest.approx(brute_closed(*family), abs=EXACT)


@settings(deadline=None)
@given(families(), st.randoms())
def test_bounds_order_and_sign(family, random):
    statistics, placebo = family
    dates, members = placebo.shape
    stepped, single = step_down(statistics, placebo), single_step(statistics, placebo)
    reached = (np.abs(placebo) >= np.abs(statistics)).sum(axis=0)
    everywhere = (np.abs(placebo)[:, :, None] >= np.abs(statistics)).sum(axis=(0, 1))
    assert (stepped >= (1 + reached) / (dates + 1) - EXACT).all()
    assert (single >= stepped - EXACT).all()
    assert (single <= np.minimum(1.0, (1 + everywhere) / (dates + 1)) + EXACT).all()  # Bonferroni's bound on counts
    grid = stepped * (dates + 1)
    assert grid == pytest.approx(np.round(grid), abs=1e-9)
    order = np.argsort(-np.abs(statistics), kind="stable")
    assert (np.diff(stepped[order]) >= -EXACT).all()
    shuffled = random.sample(range(members), members)
    assert step_down(-statistics[shuffled], placebo[:, shuffled]).tolist() == stepped[shuffled].tolist()
    assert step_down(3.0 * statistics, -3.0 * placebo[::-1]).tolist() == stepped.tolist()


def simulated(effects, repetitions=400, dates=99, rho=0.4):
    """Adjusted p-values of 8 correlated t(5) members in every repetition, by step-down and single step."""
    rng, members = np.random.default_rng(21), len(effects)
    found = []
    for _ in range(repetitions):
        common = rng.standard_t(5, (dates + 1, 1))
        rows = np.sqrt(rho) * common + np.sqrt(1 - rho) * rng.standard_t(5, (dates + 1, members))
        found.append([adjust(rows[0] + effects, rows[1:]) for adjust in (step_down, single_step)])
    return np.swapaxes(np.array(found), 0, 1)


@pytest.mark.parametrize("affected", [0, 4, 7])
def test_the_family_wise_error_is_held(affected):
    """At 5 % and 20 %, with no effect and with effects on some: any false rejection in at most that share."""
    effects = np.where(np.arange(8) < affected, 12.0, 0.0)
    stepped, single = simulated(effects)
    for level in (0.05, 0.20):
        error = MONTE_CARLO * np.sqrt(level * (1 - level) / 400)
        wrong = (stepped[:, affected:] <= level + 1e-12).any(axis=1).mean()
        # effects so large leave the true nulls to themselves: the step-down spends the whole level on them
        assert abs(wrong - level) < error
        assert (single[:, affected:] <= level + 1e-12).any(axis=1).mean() <= wrong


def test_unadjusted_p_values_would_not_hold_it():
    """The simulation can tell: raw ranks of 8 members reject somewhere in far more than 5 %."""
    rng = np.random.default_rng(22)
    wrong = 0
    for _ in range(400):
        rows = np.sqrt(0.4) * rng.standard_t(5, (100, 1)) + np.sqrt(0.6) * rng.standard_t(5, (100, 8))
        raw = [step_down(rows[0, [one]], rows[1:, [one]])[0] for one in range(8)]
        wrong += min(raw) <= 0.05
    assert wrong / 400 > 0.15


def test_step_down_has_more_power():
    effects = np.array([12.0, 12.0, 12.0, 12.0, 3.5, 3.5, 0.0, 0.0])
    stepped, single = simulated(effects)
    power = [(adjusted[:, 4:6] <= 0.10).mean() for adjusted in (stepped, single)]
    assert power[0] > power[1] + 0.03
    assert (stepped <= single + EXACT).all()


def test_an_empty_family_stays_empty():
    assert step_down(np.empty(0), np.empty((3, 0))).shape == (0,)


def test_bad_families():
    placebo = np.zeros((4, 2))
    holes = placebo.copy()
    holes[1, 1] = holes[3, 0] = np.nan
    for arguments, message in (
        ((np.zeros(3), placebo), "statistics have shape (3,) and placebo (4, 2); give (m,) and (n dates, m)"),
        ((np.zeros((1, 2)), placebo), "statistics have shape (1, 2) and placebo (4, 2); give (m,) and (n dates, m)"),
        ((np.zeros(2), placebo[0]), "statistics have shape (2,) and placebo (2,); give (m,) and (n dates, m)"),
        (
            (np.array([0.0, np.nan]), placebo),
            "member 1 of the family has no statistic; leave it out before adjusting",
        ),
        (
            (np.zeros(2), placebo[:0]),
            "there is no placebo date to compare with; take a longer history or a smaller gap",
        ),
        (
            (np.zeros(2), holes),
            "2 of 4 placebo dates lack a member's statistic, the first is date 1, member 1; "
            "leave these dates out for all members before adjusting",
        ),
    ):
        with pytest.raises(InputError) as caught:
            step_down(*arguments)
        assert str(caught.value) == message
