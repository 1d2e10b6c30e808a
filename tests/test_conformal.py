"""Conformal p-values and intervals: by refits and loops, by hand, against a grid, coverage by simulation."""

from __future__ import annotations

import re
from itertools import combinations
from math import floor, inf

import numpy as np
import pytest

from eventstudy.errors import InputError, OptionError
from eventstudy.inference.conformal import ConformalInterval, conformal_interval, conformal_pvalue
from eventstudy.inference.ranks import rank_test
from eventstudy.inference.single import left_out_residuals

EXACT = 1e-10  # two float computations of one closed form
BESIDE = 1e-6  # a return, far above rounding, within which no other end of a piece lies in these samples
MONTE_CARLO = 4.0  # standard errors of a simulated share: fails by chance once in 16,000
SCHEMES = ("moving_block", "iid")


def sample(rng, size, k=2, tails=None):
    """Returns of one security, exchangeable over days, and regressors with a constant."""
    x = np.column_stack([np.ones(size), rng.normal(0.0, 0.01, (size, k - 1))])
    errors = rng.normal(size=size) if tails is None else rng.standard_t(tails, size)
    return 0.001 + x[:, 1:].sum(axis=1) + 0.02 * errors, x


def refitted(y, x, rows, theta):
    """Residuals of all days with the effect imposed, from numpy's least squares."""
    imposed = y.copy()
    imposed[rows] -= theta
    return imposed - x @ np.linalg.lstsq(x, imposed, rcond=None)[0]


@pytest.mark.parametrize("q", [1.0, 2.0, 3.5, inf])
@pytest.mark.parametrize("theta", [0.0, 0.03, np.array([0.02, -0.01, 0.05])])
def test_p_of_moving_blocks_by_loops(q, theta):
    y, x = sample(np.random.default_rng(1), 23, 3)
    rows = np.array([19, 20, 22])
    resid = np.abs(refitted(y, x, rows, theta))
    found = [np.linalg.norm(np.roll(resid, shift)[rows], q) for shift in range(23)]
    expected = sum(one >= found[0] - 1e-12 for one in found) / 23
    assert conformal_pvalue(y, x, rows, theta, q=q) == expected


@pytest.mark.parametrize("size", [1, 2])
def test_p_of_single_days_counts_every_choice(size):
    y, x = sample(np.random.default_rng(2), 20)
    rows = np.arange(20 - size, 20)
    resid = np.abs(refitted(y, x, rows, 0.01))
    found = [sum(chosen) for chosen in combinations(resid, size)]
    expected = sum(one >= resid[rows].sum() - 1e-12 for one in found) / len(found)
    assert conformal_pvalue(y, x, rows, 0.01, scheme="iid") == expected
    if size == 1:  # one day is always counted
        assert conformal_pvalue(y, x, rows, 0.01, scheme="iid", draws=1) == expected
        assert conformal_pvalue(y, x, rows, 0.01) == expected


def test_drawn_p_values_count_the_observed_choice_and_repeat():
    y, x = sample(np.random.default_rng(3), 60)
    rows = np.array([57, 58, 59])
    counted = conformal_pvalue(y, x, rows, scheme="iid", draws=10**6)
    drawn = conformal_pvalue(y, x, rows, scheme="iid", draws=1_300)
    assert drawn * 1_301 == pytest.approx(round(drawn * 1_301), abs=1e-9)
    assert abs(drawn - counted) < MONTE_CARLO * np.sqrt(counted * (1 - counted) / 1_300) + 1 / 1_301
    assert drawn == conformal_pvalue(y, x, rows, scheme="iid", draws=1_300)
    assert drawn != conformal_pvalue(y, x, rows, scheme="iid", draws=1_300, seed=2)
    assert conformal_pvalue(y, x, rows, 5.0, scheme="iid", draws=500) == 1 / 501


def test_the_interval_by_hand():
    """Mean of (0, 3, -3, 6): residuals of theta r = (-1.5, 1.5, -4.5, 4.5), g = (-1, -1, -1, 3) / 4.

    Of |4.5 - 3c/4| <= |r_j + c/4| the ends are (4.5 - r_j) / 1 and (4.5 + r_j) / (1/2): 6 and 6 for the first,
    3 and 12 for the second, 9 and 0 for the third. Two of the four are as large where one interval besides the day's
    own holds the effect.
    """
    y, x = np.array([0.0, 3.0, -3.0, 6.0]), np.ones((4, 1))
    one = conformal_interval(y, x, np.array([3]), level=0.7)
    assert one.kind == "interval"
    assert one.pieces[0] == pytest.approx((0.0, 12.0), abs=EXACT)
    assert (one.attained, one.smallest_pvalue, one.arrangements, one.level) == (0.75, 0.25, 4, 0.7)
    two = conformal_interval(y, x, np.array([3]), level=0.5)
    assert two.pieces[0] == pytest.approx((3.0, 9.0), abs=EXACT)
    three = conformal_interval(y, x, np.array([3]), level=0.25)
    assert three.pieces[0] == pytest.approx((6.0, 6.0), abs=EXACT)  # the abnormal return alone


@pytest.mark.parametrize("weight", [0.0, 2e-10])
def test_without_leverage_the_interval_is_made_of_order_statistics(weight):
    """A regressor that is zero on the event day: g = 1 there and 0 elsewhere, AR -+ the k-th largest |e|.

    Where it is nearly zero the other days' residuals are zero at effects of 1e10 and more, and the ends are as exact.
    """
    rng = np.random.default_rng(4)
    y, x = rng.normal(size=20), rng.normal(size=(20, 1))
    x[19] = weight
    past = np.sort(np.abs(refitted(y[:19], x[:19], [], 0.0)))[::-1]
    for level, position in ((0.95, 1), (0.9, 2), (0.5, 10)):
        found = conformal_interval(y, x, np.array([19]), level=level)
        assert found.pieces[0] == pytest.approx((y[19] - past[position - 1], y[19] + past[position - 1]), abs=EXACT)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_half_line(sign):
    """g_1 = g_0: up (or down) to (r_0 + r_1) / 2 g_0 the event day is nearer to zero than day 1, however far out.

    Either of days 1 and 2 suffices at 50 %, and day 2's interval reaches beyond that; both are needed at 30 %.
    """
    y, x, rows = sign * np.array([0.0, 0.2, -0.1]), np.array([[-1.25], [1.0], [0.5]]), np.array([0])
    r, g = refitted(y, x, [], 0.0), refitted(np.array([1.0, 0.0, 0.0]), x, [], 0.0)
    assert g[1] == pytest.approx(g[0], abs=EXACT)
    middle = (r[0] + r[1]) / (2.0 * g[0])
    second = sorted([(r[0] - r[2]) / (g[0] - g[2]), (r[0] + r[2]) / (g[0] + g[2])])
    either, both = (conformal_interval(y, x, rows, level=level) for level in (0.5, 0.3))
    assert (either.kind, both.kind) == ("half line", "interval")
    if sign > 0:
        assert either.pieces[0] == (-inf, pytest.approx(second[1], abs=EXACT))
        assert both.pieces[0] == pytest.approx((second[0], middle), abs=EXACT)
    else:
        assert either.pieces[0] == (pytest.approx(second[0], abs=EXACT), inf)
        assert both.pieces[0] == pytest.approx((middle, second[1]), abs=EXACT)
    assert conformal_pvalue(y, x, rows, -sign * 1e5) == 2 / 3
    assert conformal_pvalue(y, x, rows, sign * 1e5) == 1 / 3


def test_a_level_that_is_out_of_reach_gives_the_whole_line():
    y, x = sample(np.random.default_rng(5), 19)
    found = conformal_interval(y, x, np.array([18]))
    assert found == ConformalInterval(((-inf, inf),), 0.95, 1.0, 1 / 19, 19)
    assert found.kind == "whole line"
    y, x = sample(np.random.default_rng(5), 20)
    assert conformal_interval(y, x, np.array([19])).kind == "interval"  # 1 / 20 rejects at 5 %
    assert conformal_interval(y, x, np.array([19]), level=0.9).attained == 0.9  # 0.1 x 20 is 2, rounding apart


def test_pieces_that_touch_are_one():
    """Whole numbers: at -1 one shift ceases and another begins to be as large; rounding puts 4e-16 between them."""
    y = np.array([1.0, 0.0, 0.0, 2.0, -3.0, -1.0, 0.0, -2.0, 3.0, 3.0, -1.0, -3.0, -3.0])
    x, rows = np.ones((13, 1)), np.array([3, 12])
    found = conformal_interval(y, x, rows, level=0.8)
    assert found.kind == "interval"
    ((low, high),) = found.pieces
    assert low < -1.5 < 0.0 < high
    for theta in (-1.0 - BESIDE, -1.0, -1.0 + BESIDE):
        assert conformal_pvalue(y, x, rows, theta) > 1.0 - 0.8


def test_no_common_effect():
    """+30 % and -30 %: no effect that is the same on both days makes them ordinary."""
    y, x = sample(np.random.default_rng(6), 60)
    y[58:] += [0.3, -0.3]
    for scheme in SCHEMES:
        found = conformal_interval(y, x, np.array([58, 59]), scheme=scheme)
        assert (found.pieces, found.kind) == ((), "empty")
        assert conformal_pvalue(y, x, np.array([58, 59]), scheme=scheme) <= 0.05
        assert conformal_pvalue(y, x, np.array([58, 59]), np.array([0.3, -0.3]), scheme=scheme) > 0.05


def test_one_day_always_accepts_the_abnormal_return():
    for seed in range(20):
        y, x = sample(np.random.default_rng(seed), 40)
        params = np.linalg.lstsq(x[:-1], y[:-1], rcond=None)[0]
        ar = y[-1] - x[-1] @ params
        found = conformal_interval(y, x, np.array([39]), level=0.05)
        assert any(low <= ar <= high for low, high in found.pieces)
        assert conformal_pvalue(y, x, np.array([39]), ar) == 1.0


def cases():
    """Small samples, far regressors, rounded returns, scattered event days: pieces, empty sets, whole lines."""
    for seed in range(150):
        rng = np.random.default_rng(seed)
        size, days, k = int(rng.integers(5, 16)), int(rng.integers(1, 4)), int(rng.integers(1, 3))
        x = np.column_stack([np.ones(size), rng.standard_t(1.5, (size, k - 1))])
        y = rng.normal(0.0, 0.02, size)
        if seed % 3 == 0:
            y = np.round(y, 2)  # ties
        rows = rng.choice(size, days, replace=False)
        options = {"scheme": SCHEMES[seed % 2], "draws": int(rng.choice([30, 9_999]))}
        yield rng, y, x, rows, float(rng.choice([0.5, 0.6, 0.7, 0.8, 0.9])), options


def test_the_interval_is_what_a_grid_of_p_values_finds():
    kinds = set()
    for rng, y, x, rows, level, options in cases():
        found = conformal_interval(y, x, rows, level=level, **options)
        kinds.add(found.kind)
        ends = [end for piece in found.pieces for end in piece if np.isfinite(end)]
        grid = np.concatenate([rng.normal(0.0, 0.05, 25), [-1e3, -1.0, 1.0, 1e3], np.array(ends) - BESIDE])
        for theta in [*grid, *(np.array(ends) + BESIDE)]:
            accepted = conformal_pvalue(y, x, rows, theta, **options) > 1.0 - level + 1e-12
            assert accepted == any(low <= theta <= high for low, high in found.pieces), (theta, found)
    assert kinds == {"interval", "pieces", "whole line", "empty"}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("days", [1, 2, 5])
def test_p_crosses_the_level_at_every_end(days, scheme):
    crossed = 0
    for seed in range(12):
        y, x = sample(np.random.default_rng(seed), 80, 3, tails=4)
        rows = np.arange(80 - days, 80)
        options = {"scheme": scheme, "draws": 799}
        found = conformal_interval(y, x, rows, level=0.9, **options)
        assert found.kind in {"interval", "pieces", "empty"}
        edge = 1.0 - found.attained + 1e-12
        for low, high in found.pieces:
            for end, outward in ((low, -BESIDE), (high, BESIDE)):
                assert conformal_pvalue(y, x, rows, end, **options) > edge
                assert conformal_pvalue(y, x, rows, end - outward, **options) > edge
                assert conformal_pvalue(y, x, rows, end + outward, **options) <= edge
                crossed += 1
    assert crossed >= 20


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("days", [1, 3])
def test_shift_and_scale(days, scheme):
    y, x = sample(np.random.default_rng(7), 60)
    rows = np.arange(60 - days, 60)
    found = np.array(conformal_interval(y, x, rows, scheme=scheme).pieces)
    assert found.size
    moved = y.copy()
    moved[rows] += 0.07
    shifted = np.array(conformal_interval(moved, x, rows, scheme=scheme).pieces)
    assert shifted == pytest.approx(found + 0.07, abs=EXACT)
    scaled = np.array(conformal_interval(100.0 * y, x, rows, scheme=scheme).pieces)
    assert scaled == pytest.approx(100.0 * found, abs=100.0 * EXACT)
    mirrored = np.array(conformal_interval(-y, x, rows, scheme=scheme).pieces)
    assert mirrored == pytest.approx(-found[::-1, ::-1], abs=EXACT)
    tilted = np.array(conformal_interval(y + x @ [0.5, -3.0], x, rows, scheme=scheme).pieces)
    assert tilted == pytest.approx(found, abs=EXACT)  # the regressors take it up
    assert conformal_pvalue(moved, x, rows, 0.09, scheme=scheme) == conformal_pvalue(y, x, rows, 0.02, scheme=scheme)


@pytest.mark.parametrize("tails", [None, 4])
@pytest.mark.parametrize(("days", "scheme"), [(1, "moving_block"), (3, "moving_block"), (3, "iid")])
def test_intervals_cover_at_their_level(days, scheme, tails):
    """40 days and an effect of 3 %: exact where days are exchangeable, so the attained level is met from both sides."""
    rng, repetitions, covered = np.random.default_rng(8), 500, 0
    for _ in range(repetitions):
        y, x = sample(rng, 40 + days, tails=tails)
        rows = np.arange(40, 40 + days)
        y[rows] += 0.03
        found = conformal_interval(y, x, rows, level=0.9, scheme=scheme, draws=199)
        covered += any(low <= 0.03 <= high for low, high in found.pieces)
    error = np.sqrt(found.attained * (1 - found.attained) / repetitions)
    assert abs(covered / repetitions - found.attained) < MONTE_CARLO * error
    assert found.attained == 1 - floor(0.1 * found.arrangements + 1e-9) / found.arrangements


def test_p_is_uniform_where_any_day_may_be_the_event():
    """Under no effect the fit is the same whichever day is the event: each j / n comes once."""
    y, x = sample(np.random.default_rng(9), 31, tails=4)
    pvalues = [conformal_pvalue(y, x, np.array([day])) for day in range(31)]
    assert sorted(pvalues) == pytest.approx([(rank + 1) / 31 for rank in range(31)], abs=EXACT)


def test_a_long_window_is_the_sq_test():
    """Refitted and leave-one-out residuals differ by the event day's own leverage only."""
    y, x = sample(np.random.default_rng(10), 1_001)
    params = np.linalg.lstsq(x[:-1], y[:-1], rcond=None)[0]
    ar = float(y[-1] - x[-1] @ params)
    rank = rank_test(ar, left_out_residuals(y[:-1], x[:-1]), name="", null="").pvalue
    assert conformal_pvalue(y, x, np.array([1_000])) == pytest.approx(rank, abs=0.005)


def test_a_short_window_keeps_its_size():
    """19 days, 6 regressors, normal: the fit to all days is exact where leave-one-out residuals are nearly so."""
    rng, repetitions = np.random.default_rng(15), 3_000
    pairs = (sample(rng, 20, 6) for _ in range(repetitions))
    rejected = np.mean([conformal_pvalue(y, x, np.array([19])) <= 0.05 for y, x in pairs])
    assert abs(rejected - 0.05) < MONTE_CARLO * np.sqrt(0.05 * 0.95 / repetitions)


def test_equal_residuals_count_against_the_event():
    """Days 0 and 4 are the same day twice: a p below 2 / 5 is out of reach for either."""
    y, x = np.array([0.1 + 0.2, 0.0, 0.01, -0.02, 0.3]), np.ones((5, 1))
    assert conformal_pvalue(y, x, np.array([4])) == conformal_pvalue(y, x, np.array([0])) == 2 / 5
    assert conformal_pvalue(np.full(5, 0.1), x, np.array([4])) == 1.0  # nothing but rounding is left


def test_in_blocks_it_is_the_same(monkeypatch):
    y, x = sample(np.random.default_rng(12), 50)
    rows = np.array([47, 48, 49])
    whole = conformal_interval(y, x, rows, scheme="iid", draws=700)
    monkeypatch.setattr("eventstudy.inference.conformal._CELLS", 200)
    assert conformal_interval(y, x, rows, scheme="iid", draws=700) == whole


@pytest.mark.parametrize("call", [conformal_pvalue, conformal_interval])
@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([], {}, "event_rows=[] must be different rows, at least one and not all 20"),
        ([3, 3], {}, "event_rows=[3, 3] must be different rows, at least one and not all 20"),
        (range(20), {}, f"event_rows={list(range(20))} must be different rows, at least one and not all 20"),
        ([-1], {}, "event_rows=[-1] must lie between 0 and 19"),
        ([18, 20], {}, "event_rows=[18, 20] must lie between 0 and 19"),
        ([19], {"draws": 0}, "draws=0 is not allowed; it is 1 or more"),
        ([19], {"scheme": "blocks"}, "scheme='blocks' is not allowed; allowed: moving_block, iid"),
    ],
)
def test_bad_input(call, rows, options, message):
    y, x = sample(np.random.default_rng(13), 20)
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call(y, x, np.array(list(rows), dtype=int), **options)


def test_more_bad_input():
    y, x = sample(np.random.default_rng(14), 20)
    rows = np.array([18, 19])
    dummy = np.column_stack([x, np.arange(20) >= 18])
    for call in (conformal_pvalue, conformal_interval):
        with pytest.raises(InputError, match=r"^the regressors explain the event days, so no effect can be told; take"):
            call(y, dummy, rows)
        with pytest.raises(InputError, match=r"^the 3 regressors are collinear on the 20 days; take one out$"):
            call(y, np.column_stack([x, x[:, 1]]), rows)
    with pytest.raises(InputError) as caught:
        conformal_pvalue(y, x, rows, np.zeros(3))
    assert str(caught.value) == "theta has shape (3,); give one number or one for each of 2 event days"
    for wrong in (0.5, np.nan):
        with pytest.raises(OptionError, match=f"^q={wrong} is not allowed; it is 1 or more$"):
            conformal_pvalue(y, x, rows, q=wrong)
    for level in (0.0, 1.0, 95):
        with pytest.raises(OptionError) as caught:
            conformal_interval(y, x, rows, level=level)
        assert str(caught.value) == f"level={level} is not a probability between 0 and 1; 0.95 gives a 95 % interval"
