"""Ranks among comparators and their exact p-values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.inference.ranks import rank_test

NULL = "the return is exchangeable with those of earlier listings on their third session"


def rank(value, others, alternative="two-sided"):
    return rank_test(value, np.array(others, dtype=float), name="placebo_listings", null=NULL, alternative=alternative)


OTHERS = [-0.09, -0.04, -0.02, 0.01, 0.03, 0.05, 0.12]


@pytest.mark.parametrize(
    ("value", "alternative", "position"),
    [
        (0.10, "two-sided", 2),  # only 0.12 is farther out
        (-0.10, "two-sided", 2),
        (0.045, "two-sided", 4),  # -0.09, 0.05, 0.12
        (0.0, "two-sided", 8),  # nothing is nearer to zero
        (-1.0, "two-sided", 1),
        (0.10, "greater", 2),
        (-0.10, "greater", 8),
        (-0.03, "greater", 6),
        (0.10, "less", 7),
        (-0.10, "less", 1),
        (-0.03, "less", 3),  # -0.09, -0.04
    ],
)
def test_by_hand(value, alternative, position):
    found = rank(value, OTHERS, alternative)
    assert (found.statistic, found.pvalue) == (position, position / 8)
    assert (found.estimate, found.nobs, found.unavailable) == (value, 7, None)
    assert (found.name, found.null, found.distribution, found.df) == ("placebo_listings", NULL, "permutation", None)
    assert found.notes == (fact("note.rank", rank=position, n=7, total=8, smallest=1 / 8),)


@pytest.mark.parametrize(
    ("alternative", "words"),
    [
        ("two-sided", "the value is farther from zero than the comparators"),
        ("greater", "the value is above the comparators"),
        ("less", "the value is below the comparators"),
    ],
)
def test_the_alternative_in_words(alternative, words):
    assert rank(0.1, OTHERS, alternative).alternative == words


@pytest.mark.parametrize(
    ("value", "others", "alternative", "position"),
    [
        (0.1, [0.1, 0.2, 0.0], "two-sided", 3),
        (0.1, [-0.1, 0.2, 0.0], "two-sided", 3),
        (0.1, [-0.1, 0.2, 0.0], "greater", 2),
        (0.1, [0.1, 0.0], "less", 3),
        (0.0, [0.0, 0.0], "two-sided", 3),
        (0.1 + 0.2, [0.3], "two-sided", 2),  # 0.30000000000000004: equal but for rounding
        (-(0.1 + 0.2), [-0.3], "less", 2),
        (0.1 + 0.2, [0.3], "greater", 2),
        (0.3, [0.3 - 1e-7], "two-sided", 1),  # smaller, and by more than rounding
    ],
)
def test_ties_count_against_the_value(value, others, alternative, position):
    assert rank(value, others, alternative).statistic == position


def test_missing_comparators_are_dropped_and_counted():
    found = rank(0.10, [np.nan, *OTHERS, np.nan])
    assert (found.pvalue, found.nobs) == (2 / 8, 7)
    assert found.notes == (
        fact("note.rank", rank=2, n=7, total=8, smallest=1 / 8),
        fact("note.comparators_dropped", dropped=2),
    )


def test_one_comparator_is_enough_and_can_say_little():
    found = rank(0.10, [0.01])
    assert found.pvalue == 0.5
    assert found.notes == (fact("note.rank", rank=1, n=1, total=2, smallest=1 / 2),)


@pytest.mark.parametrize(
    ("value", "others", "reason"),
    [
        (0.1, [], fact("unavailable.no_comparator", dropped=0)),
        (0.1, [np.nan, np.nan], fact("unavailable.no_comparator", dropped=2)),
        (np.nan, [0.1], fact("unavailable.no_value")),
    ],
)
def test_unavailable(value, others, reason):
    found = rank(value, others)
    assert (found.refusal, found.statistic, found.pvalue, found.notes) == (reason, None, None, ())
    assert found.estimate == (None if np.isnan(value) else value)


def test_unknown_alternative():
    with pytest.raises(OptionError) as caught:
        rank(0.1, OTHERS, "upper")
    assert str(caught.value) == "alternative='upper' is not allowed; allowed: two-sided, greater, less"


NUMBERS = st.floats(-1, 1, allow_nan=False)
SIDES = st.sampled_from(["two-sided", "greater", "less"])


@given(NUMBERS, st.lists(NUMBERS, min_size=1, max_size=30), SIDES)
def test_p_lies_on_its_grid(value, others, side):
    found = rank(value, others, side)
    assert 1 <= found.statistic <= len(others) + 1
    assert found.statistic == int(found.statistic)
    assert found.pvalue == found.statistic / (len(others) + 1)


@given(NUMBERS, st.lists(NUMBERS, min_size=1, max_size=30), st.randoms())
def test_order_and_sign_mean_nothing(value, others, random):
    shuffled = random.sample(others, len(others))
    assert rank(value, shuffled) == rank(value, others)
    flipped = [-one for one in others]
    assert rank(-value, flipped).pvalue == rank(value, others).pvalue
    assert rank(-value, flipped, "less").pvalue == rank(value, others, "greater").pvalue


@pytest.mark.parametrize("side", ["two-sided", "greater", "less"])
def test_p_is_uniform_under_exchangeability(side):
    # 9 comparators: every p of 0.1, 0.2, ..., 1 has probability 0.1, whatever the distribution and a common factor
    rng, draws = np.random.default_rng(17), 5000
    pool = rng.standard_t(3, size=(draws, 10)) + rng.standard_t(3, size=(draws, 1))
    found = np.array([rank(row[0], row[1:], side).statistic for row in pool])
    share = np.bincount(found.astype(int), minlength=11)[1:] / draws
    assert np.abs(share - 0.1).max() < 4 * np.sqrt(0.1 * 0.9 / draws)
