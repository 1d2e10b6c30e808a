"""One security, one event: leave-one-out residuals, the SQ test, the permutation of a CAR."""

from __future__ import annotations

from itertools import combinations
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.errors import InputError, OptionError
from eventstudy.facts import fact
from eventstudy.inference.single import left_out_residuals, permutation_car, sq_test

EXACT = 1e-10  # two float computations of one closed form
MONTE_CARLO = 4.0  # standard errors of a simulated share: fails by chance once in 16,000
SIDES = ("two-sided", "greater", "less")
NUMBERS = st.integers(-50, 50).map(lambda one: one / 100.0)


def regression(rng, size, k=2, tails=None):
    """Regressors with a constant, and returns of one security."""
    x = np.column_stack([np.ones(size), rng.normal(0.0, 0.01, (size, k - 1))])
    errors = rng.normal(size=size) if tails is None else rng.standard_t(tails, size)
    return 0.001 + x[:, 1:].sum(axis=1) + 0.02 * errors, x


# leave-one-out residuals


def test_left_out_residuals_by_hand():
    """Mean of (1, 2, 6): each value less the mean of the other two."""
    found = left_out_residuals(np.array([1.0, 2.0, 6.0]), np.ones((3, 1)))
    assert found == pytest.approx([1.0 - 4.0, 2.0 - 3.5, 6.0 - 1.5], abs=EXACT)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_left_out_residuals_are_refits_without_the_day(k):
    y, x = regression(np.random.default_rng(1), 30, k)
    found = left_out_residuals(y, x)
    for day in range(30):
        others = np.arange(30) != day
        params = np.linalg.lstsq(x[others], y[others], rcond=None)[0]
        assert found[day] == pytest.approx(y[day] - x[day] @ params, abs=EXACT)


def test_left_out_residuals_scale_and_shift():
    y, x = regression(np.random.default_rng(2), 30)
    found = left_out_residuals(y, x)
    assert left_out_residuals(3.0 * y + 0.5, x) == pytest.approx(3.0 * found, abs=EXACT)
    for unit in (1e-9, 1e9):  # units are no collinearity
        assert left_out_residuals(y, x * [1.0, unit]) == pytest.approx(found, abs=EXACT)
    mixed = np.column_stack([x[:, 0], x[:, 1] + 7.0 * x[:, 0]])
    assert left_out_residuals(y, mixed) == pytest.approx(found, abs=EXACT)


def test_a_day_that_alone_determines_a_coefficient_has_no_left_out_residual():
    y, x = regression(np.random.default_rng(3), 20)
    dummy = np.zeros(20)
    dummy[7] = 1.0
    found = left_out_residuals(y, np.column_stack([x, dummy]))
    assert np.flatnonzero(np.isnan(found)).tolist() == [7]
    others = np.arange(20) != 7
    assert found[others] == pytest.approx(left_out_residuals(y[others], x[others]), abs=EXACT)


def test_what_is_no_regression_is_refused():
    y, x = regression(np.random.default_rng(4), 20)
    twice = np.column_stack([x, 2.0 * x[:, 1] - 1.0])
    hole = y.copy()
    hole[3] = np.nan
    gap = x.copy()
    gap[5, 1] = np.inf
    for arguments, message in (
        ((y[:-1], x), "y has shape (19,) and x (20, 2); give (T,) returns and (T, k) regressors"),
        ((y, x[:, 0]), "y has shape (20,) and x (20,); give (T,) returns and (T, k) regressors"),
        ((hole, x), "row 3 of the regression has no value; leave such rows out"),
        ((y, gap), "row 5 of the regression has no value; leave such rows out"),
        ((y, twice), "the 3 regressors are collinear on the 20 days; take one out"),
        ((y, np.zeros((20, 1))), "the 1 regressors are collinear on the 20 days; take one out"),
        ((y[:1], x[:1]), "the 2 regressors are collinear on the 1 days; take one out"),
    ):
        with pytest.raises(InputError) as caught:
            left_out_residuals(*arguments)
        assert str(caught.value) == message


# SQ

LEFT_OUT = np.array([-0.09, -0.04, -0.02, 0.01, 0.03, 0.05, 0.12])


@pytest.mark.parametrize(
    ("ar", "alternative", "rank"),
    [(0.10, "two-sided", 2), (-0.10, "two-sided", 2), (0.10, "greater", 2), (-0.03, "less", 3), (0.0, "two-sided", 8)],
)
def test_sq_by_hand(ar, alternative, rank):
    found = sq_test(ar, LEFT_OUT, alternative=alternative)
    assert (found.statistic, found.pvalue, found.estimate, found.nobs) == (rank, rank / 8, ar, 7)
    assert (found.name, found.distribution) == ("sq", "permutation")
    assert found.hypothesis == fact("quantity", quantity="ar", side=alternative, expected="zero")


@pytest.mark.parametrize(("ar", "rank"), [(0.10, 2), (-0.10, 1), (0.02, 4), (0.0, 4), (-0.05, 2)])
def test_sq_of_two_tails_by_hand(ar, rank):
    found = sq_test(ar, LEFT_OUT, variant="two_tails")
    assert (found.statistic, found.pvalue, found.name) == (rank, min(1.0, 2 * rank / 8), "sq (two_tails)")
    assert found.hypothesis == fact("quantity", quantity="ar", side="two-sided", expected="zero")


def test_two_tails_do_not_exceed_one():
    assert sq_test(0.0, np.array([0.0, 0.0]), variant="two_tails").pvalue == 1.0


def test_sq_states_its_floor_and_the_level_it_attains():
    assert sq_test(0.10, LEFT_OUT).notes == (
        fact("note.rank_of_days", rank=2, total=8),
        fact("note.never_rejects", n=7, tails=1, total=8, smallest=1 / 8, alpha=0.05),
    )
    past = np.arange(1.0, 100.0)
    grid = {"n": 99, "tails": 1, "total": 100, "smallest": 0.01}
    assert sq_test(200.0, past).notes == (
        fact("note.rank_of_days", rank=1, total=100),
        fact("note.attained", **grid, alpha=0.05, attained=5, size=0.05),
    )
    assert sq_test(200.0, past, variant="two_tails").notes == (
        fact("note.rank_from_end", rank=1, total=100),
        fact("note.attained", **grid | {"tails": 2, "smallest": 0.02}, alpha=0.05, attained=4, size=0.04),
    )
    # 0.29 x 100 is 28.999999999999996
    assert sq_test(200.0, past, alpha=0.29).notes[1] == fact(
        "note.attained", **grid, alpha=0.29, attained=29, size=0.29
    )
    assert sq_test(200.0, np.append(np.arange(120.0), np.nan), alpha=0.1).notes == (
        fact("note.rank_of_days", rank=1, total=121),
        fact("note.attained", n=120, tails=1, total=121, smallest=1 / 121, alpha=0.1, attained=12, size=12 / 121),
        fact("note.days_dropped", dropped=1),
    )


@given(NUMBERS, st.lists(NUMBERS, min_size=1, max_size=130), st.sampled_from([0.01, 0.05, 0.1, 0.3]))
def test_the_order_statistic_of_the_paper_decides_alike(ar, past, alpha):
    """Reject below where AR is beyond the alpha (n + 1)-th smallest; a tie with it does not reject here."""
    position = floor(alpha * (len(past) + 1) + 1e-9)
    rejected = position > 0 and ar < sorted(past)[position - 1]
    found = sq_test(ar, np.array(past), alternative="less", alpha=alpha)
    assert (found.pvalue <= alpha + 1e-12) == rejected
    if not position:
        assert (found.notes[1].code, found.notes[1].values["alpha"]) == ("note.never_rejects", alpha)


@given(NUMBERS, st.lists(NUMBERS, min_size=1, max_size=60), st.sampled_from([*SIDES, "two_tails"]))
def test_sq_lies_on_its_grid_and_has_no_scale(ar, past, side):
    options = {"variant": side} if side == "two_tails" else {"alternative": side}
    found = sq_test(ar, np.array(past), **options)
    tails = 2 if side == "two_tails" else 1
    assert found.pvalue == min(1.0, tails * found.statistic / (len(past) + 1))
    assert found.pvalue >= tails / (len(past) + 1) or found.pvalue == 1.0
    assert sq_test(7.0 * ar, 7.0 * np.array(past), **options).pvalue == found.pvalue


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alternative": "upper"}, "alternative='upper' is not allowed; allowed: two-sided, greater, less"),
        ({"variant": "half"}, "the test sq has no variant 'half'; it has: two_tails"),
        (
            {"variant": "two_tails", "alternative": "less"},
            "the variant 'two_tails' is two-sided; leave alternative='less' or the variant out",
        ),
        ({"alpha": 5}, "alpha=5 is not a probability between 0 and 1; 0.05 tests at the 5 % level"),
        ({"alpha": 0.0}, "alpha=0.0 is not a probability between 0 and 1; 0.05 tests at the 5 % level"),
    ],
)
def test_unknown_options_of_sq(options, message):
    with pytest.raises(OptionError) as caught:
        sq_test(0.1, LEFT_OUT, **options)
    assert str(caught.value) == message


@pytest.mark.parametrize("variant", [None, "two_tails"])
def test_sq_without_a_value(variant):
    for ar, past, reason in (
        (np.nan, LEFT_OUT, fact("unavailable.no_ar")),
        (0.1, np.array([np.nan]), fact("unavailable.no_residual")),
        (0.1, np.empty(0), fact("unavailable.no_residual")),
    ):
        found = sq_test(ar, past, variant=variant)
        assert (found.refusal, found.pvalue, found.statistic) == (reason, None, None)


def sq_rejections(size, k, tails, repetitions):
    """Rejections at 5 % of true nulls by in-sample and by leave-one-out residuals."""
    rng = np.random.default_rng(11)
    count = np.zeros(2, dtype=int)
    for _ in range(repetitions):
        y, x = regression(rng, size + 1, k, tails)
        params = np.linalg.lstsq(x[:-1], y[:-1], rcond=None)[0]
        ar = float(y[-1] - x[-1] @ params)
        inside = y[:-1] - x[:-1] @ params
        count += [sq_test(ar, past).pvalue <= 0.05 for past in (inside, left_out_residuals(y[:-1], x[:-1]))]
    return count / repetitions


def test_sq_has_the_sizes_of_the_methods():
    """120 days, t(4): 5.16 % in sample, 4.94 % with leave-one-out residuals (20,000 samples each)."""
    repetitions = 6_000
    inside, outside = sq_rejections(120, 2, 4, repetitions)
    assert inside > outside
    for found, expected in ((inside, 0.0516), (outside, 0.0494)):
        error = np.sqrt(expected * (1 - expected) * (1 / repetitions + 1 / 20_000))
        assert abs(found - expected) < MONTE_CARLO * error


def test_leaving_out_is_what_keeps_the_size_of_a_short_window():
    """19 days, 6 regressors, attainable 5 %: residuals of the fit are far too small for a prediction error."""
    inside, outside = sq_rejections(19, 6, None, 3_000)
    assert inside > 0.14
    assert 0.05 - MONTE_CARLO * np.sqrt(0.05 * 0.95 / 3_000) < outside < 0.05 + (inside - 0.05) / 5


# permutation of a CAR


@pytest.mark.parametrize(("size", "draws"), [(1, 9_999), (2, 9_999), (3, 560)])
def test_permutation_counts_every_choice(size, draws):
    rng = np.random.default_rng(5)
    event, past = rng.normal(0.5, 1.0, size), rng.normal(size=16 - size)
    pool = np.concatenate([event, past])
    sums = [abs(sum(chosen)) for chosen in combinations(pool, size)]
    far = sum(one >= abs(event.sum()) - 1e-12 for one in sums)
    found = permutation_car(event, past, draws=draws)
    assert found.pvalue == far / len(sums)
    smallest = fact("note.smallest_p", total=len(sums), smallest=1 / len(sums))
    assert found.notes == (fact("note.choices_counted"), smallest)
    assert found.estimate == event.sum()
    assert (found.statistic, found.nobs, found.name) == (abs(event.sum()), past.size, "permutation_car")
    if size == 3:
        assert permutation_car(event, past, draws=559).notes[0] == fact("note.choices_drawn", draws=559)


def test_permutation_by_hand():
    """Pool 3, 1, -2, 0.5 with two event days 3 and 1: |sums| 4, 1, 3.5, 1, 1.5, 1.5; only the CAR itself reaches 4."""
    assert permutation_car(np.array([3.0, 1.0]), np.array([-2.0, 0.5])).pvalue == 1 / 6
    assert permutation_car(np.array([1.0, 0.5]), np.array([-2.0, 3.0])).pvalue == 4 / 6


def test_drawn_permutations_count_the_observed_one_and_repeat():
    rng = np.random.default_rng(6)
    event, past = rng.normal(size=3), rng.normal(size=60)
    counted = permutation_car(event, past, draws=10**6)
    drawn = permutation_car(event, past, draws=1_200)
    assert drawn.pvalue * 1_201 == pytest.approx(round(drawn.pvalue * 1_201), abs=1e-9)
    error = np.sqrt(counted.pvalue * (1 - counted.pvalue) / 1_200)
    assert abs(drawn.pvalue - counted.pvalue) < MONTE_CARLO * error + 1 / 1_201
    assert drawn == permutation_car(event, past, draws=1_200)
    assert drawn.pvalue != permutation_car(event, past, draws=1_200, seed=2).pvalue
    assert permutation_car(event + 10.0, past, draws=500).pvalue == 1 / 501


def test_permutation_has_no_sign_and_no_scale():
    rng = np.random.default_rng(7)
    event, past = rng.normal(size=2), rng.normal(size=30)
    found = permutation_car(event, past).pvalue
    assert permutation_car(-event, -past).pvalue == found
    assert permutation_car(7.0 * event, 7.0 * past[::-1]).pvalue == found


def test_permutation_of_one_day_is_uniform_where_any_day_may_be_the_event():
    pool = np.random.default_rng(8).standard_t(4, 31)
    pvalues = [permutation_car(pool[[day]], np.delete(pool, day)).pvalue for day in range(31)]
    assert sorted(pvalues) == pytest.approx([(rank + 1) / 31 for rank in range(31)], abs=EXACT)


@pytest.mark.parametrize("draws", [9_999, 199])
def test_permutation_of_two_days_is_uniform_under_exchangeability(draws):
    """21 days, 210 choices, counted or drawn: p <= j / n comes with probability j / n; below, five shares of it."""
    rng, repetitions = np.random.default_rng(9), 2_000
    pool = rng.standard_t(4, (repetitions, 21)) + rng.standard_t(3, (repetitions, 1))
    found = np.array([permutation_car(row[:2], row[2:], draws=draws, seed=at).pvalue for at, row in enumerate(pool)])
    for share in (0.05, 0.1, 0.2, 0.5, 0.8):
        total = 210 if draws > 210 else 200
        expected = floor(share * total + 1e-9) / total
        error = np.sqrt(expected * (1 - expected) / repetitions)
        assert abs((found <= share + 1e-12).mean() - expected) < MONTE_CARLO * error


def test_permutation_without_a_value():
    past = np.array([0.1, np.nan, -0.2])
    found = permutation_car(np.array([0.3]), past)
    assert found.notes[1:] == (
        fact("note.smallest_p", total=3, smallest=1 / 3),
        fact("note.days_dropped", dropped=1),
    )
    assert (found.nobs, found.pvalue) == (2, 1 / 3)
    for event, others, reason in (
        (np.array([0.1, np.nan]), past, fact("unavailable.no_ar_in_window")),
        (np.empty(0), past, fact("unavailable.no_ar_in_window")),
        (np.array([0.1]), np.array([np.nan]), fact("unavailable.no_residual")),
    ):
        assert permutation_car(event, others).refusal == reason
    with pytest.raises(OptionError, match=r"^draws=0 is not allowed; it is 1 or more$"):
        permutation_car(np.array([0.3]), past, draws=0)
