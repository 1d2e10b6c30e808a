"""The chooser: every situation has an advice that holds, sizes are those of the sources, refusals are real."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.inference import ROWS, TESTS, cross_correlation
from eventstudy.inference.chooser import CHOICES, Situation, advise, event_variance_ratio, situation_of
from eventstudy.inference.refusals import REFUSALS
from eventstudy.inference.sizes import (
    bounded_power,
    chance_power,
    chance_ratio,
    f_size,
    normal_size,
    rank_correlation,
    sign_correlation,
    t_quantile,
    t_size,
)
from eventstudy.robustness import World, count_rejections, sections, simulate
from eventstudy.windows import Window
from tests.sections import random_section

NAMES = {test.name for test in ROWS if not test.variant}
VARIANTS = {test.name for test in ROWS if test.variant}
INDEPENDENT = {test.name for test in ROWS if "independent" in test.assumes}
OLD_VARIANCE = {test.name for test in ROWS if "old_variance" in test.assumes}


def one_date(events, **options):
    return Situation(
        **{"events": events, "dates": 1, "shared": events, "estimation": 120, "correlation": 0.4} | options
    )


def own_dates(events, **options):
    given = {"events": events, "dates": events, "shared": 1, "estimation": 120, "correlation": 0.0}
    return Situation(**given | options)


@st.composite
def situations(draw):
    events = draw(st.integers(1, 200))
    dates = draw(st.integers(1, events))
    shared = draw(st.integers(-(-events // dates), events - dates + 1))
    return Situation(
        events=events,
        dates=dates,
        shared=shared,
        estimation=draw(st.integers(3, 260)),
        window=draw(st.integers(1, 41)),
        correlation=draw(st.none() | st.floats(-1, 1)),
        missing=draw(st.floats(0, 0.5)),
        variance_ratio=draw(st.none() | st.floats(0, 20)),
        one_regression=draw(st.booleans()),
    )


def check(advice):
    """What holds of every advice."""
    assert advice.recommended in NAMES
    assert advice.recommended not in advice.refusals
    others = [test for test, _ in advice.others]
    assert advice.recommended not in others
    assert len(set(others)) == len(others)
    assert set(others) <= NAMES - set(advice.refusals)
    assert set(advice.refusals) <= NAMES | VARIANTS
    for sentence in (advice.reason, *dict(advice.alternatives).values(), *advice.refused.values()):
        assert sentence
        assert sentence[-1] not in ". ,:"
        assert "nan" not in sentence
        assert "None" not in sentence


@settings(max_examples=400, deadline=None)
@given(situations())
def test_every_situation_has_an_advice_that_is_not_refused(situation):
    check(advise(situation))


@pytest.mark.parametrize(("window", "correlation"), list(itertools.product((1, 5, 21), (None, 0.0, 0.2, 0.4, 0.9))))
def test_every_number_of_events_has_an_advice(window, correlation):
    for events in range(1, 201):
        for dates in sorted({1, (events + 1) // 2, events}):
            shared = -(-events // dates)
            check(
                advise(
                    Situation(
                        events=events,
                        dates=dates,
                        shared=shared,
                        estimation=120,
                        window=window,
                        correlation=correlation,
                    )
                )
            )


@pytest.mark.parametrize(
    ("situation", "recommended"),
    [
        (one_date(1, correlation=None), "sq"),
        (one_date(1, correlation=None, window=3), "conformal"),
        (one_date(1, correlation=None, window=11), "placebo_dates"),
        (one_date(1, correlation=None, estimation=15), "placebo_dates"),
        (one_date(4), "adjusted_bmp_t"),  # so few would not show that the variance doubled
        (one_date(2), "portfolio_t"),  # and so few would not find anything either
        (one_date(3), "portfolio_t"),
        (one_date(25, correlation=0.1), "adjusted_bmp_t"),
        (one_date(26, correlation=0.1), "portfolio_t"),
        (one_date(4, variance_ratio=2.5), "adjusted_bmp_t"),
        (one_date(4, variance_ratio=2.7), "adjusted_bmp_t"),
        (one_date(4, correlation=None, variance_ratio=2.7), "portfolio_t"),
        (one_date(4, one_regression=False, missing=0.02), "adjusted_bmp_t"),
        (one_date(4, correlation=None, one_regression=False, missing=0.02), "crude_dependence"),
        (one_date(30, correlation=0.1), "portfolio_t"),
        (one_date(30, correlation=0.1, variance_ratio=2.0), "adjusted_bmp_t"),
        (own_dates(10), "bmp_t"),
        (own_dates(50, window=21, variance_ratio=3.0), "bmp_t"),
        (Situation(events=12, dates=4, shared=3, estimation=120, correlation=0.07), "adjusted_bmp_t"),
        (Situation(events=12, dates=4, shared=3, estimation=120), "crude_dependence"),
        (Situation(events=30, dates=10, shared=3, estimation=120), "grank_t"),
    ],
)
def test_what_is_recommended(situation, recommended):
    assert advise(situation).recommended == recommended


def test_four_firms_of_one_date_in_full():
    advice = advise(one_date(4, variance_ratio=1.1))
    four = {"events": 4, "dates": 1, "correlation": 0.4}
    assert advice.why == fact("because.unseen_variance", design="known", **four, df=3, power=chance_power(3))
    assert 100 * chance_power(3) == pytest.approx(100 * stats.chi2.sf(stats.chi2.isf(0.05, 3) / 2.0, 3), rel=1e-12)
    assert [test for test, _ in advice.others] == [
        "portfolio_t",
        "crude_dependence",
        "placebo_dates",
        "mvrm_f",
        "permutation",
    ]
    assert dict(advice.others)["portfolio_t"] == fact("because.one_draw", design="known", **four, df=118)
    assert dict(advice.others)["mvrm_f"] == fact("because.any_moved", n=4)
    independent = fact("refused.independent", **four, precision="exact", share=normal_size(2.2))
    assert advice.refusals["patell_z"] == independent
    assert advice.refusals["bmp_t"].values["share"] == t_size(3, 2.2 / 0.6)
    assert 100 * independent.values["share"] == pytest.approx(18.6, abs=0.05)
    assert 100 * t_size(3, 2.2 / 0.6) == pytest.approx(19.5, abs=0.05)
    assert advice.refusals["sign"] == fact("refused.few_events", n=4, share=0.125)
    assert advice.refusals["grank_t"] == fact("refused.too_often", n=4, need=15, sizes="of_4")
    normal = advice.refusals["bmp_t (normal)"]
    assert (normal.code, normal.values["n"], normal.values["df"]) == ("refused.normal", 4, 3)
    assert 100 * normal.values["share"] == pytest.approx(14.5, abs=0.05)
    assert "portfolio_t" not in advice.refusals
    assert (advice.reason, advice.alternatives[2][1]) == (str(advice.why), str(advice.others[2][1]))
    assert advice.refused == {test: str(why) for test, why in advice.refusals.items()}


def test_event_variance_in_full():
    advice = advise(one_date(4, variance_ratio=3.0))
    assert advice.why.code == "because.raised_variance"
    assert (advice.why.values["ratio"], advice.why.values["df"]) == (3.0, 3)
    assert advice.why.values["chance"] == pytest.approx(2.60, abs=0.005)
    assert set(advice.refusals) >= OLD_VARIANCE
    assert advice.refusals["portfolio_t"] == fact(
        "refused.variance", ratio=3.0, share=t_size(118, 3.0), size_by="formula"
    )
    assert 100 * t_size(118, 3.0) == pytest.approx(25.5, abs=0.05)
    assert advice.refusals["mvrm_f"].values["share"] == f_size(4, 115, 3.0)
    assert advice.refusals["corrado_rank"].values == {"ratio": 3.0, "share": 0.087, "size_by": "simulation"}
    twice = advise(one_date(4, variance_ratio=2.0, estimation=120))
    assert "portfolio_t" not in twice.refusals  # 2.00 is within chance for four events
    many = advise(one_date(30, correlation=0.1, estimation=250, variance_ratio=2.0)).refusals
    assert 100 * many["portfolio_t"].values["share"] == pytest.approx(16.5, abs=0.05)


def test_sizes_under_event_variance_are_those_of_the_simulation():
    """Four firms of docs/size.md, design D, with Monte Carlo error; 30 firms with T = 250: 81.9 % of 6,000 samples."""
    assert t_size(118, 2.0) == pytest.approx(0.166, abs=4 * 0.008)
    assert f_size(4, 115, 2.0) == pytest.approx(0.293, abs=4 * 0.010)
    assert f_size(30, 219, 2.0) == pytest.approx(0.819, abs=4 * 0.005)


def test_overruling_says_so():
    advice = advise(one_date(4))
    assert advice.overruled("adjusted_bmp_t") is None
    assert advice.overruled("portfolio_t") == "portfolio_t was taken in place of adjusted_bmp_t"
    assert advice.overruling("portfolio_t") == fact("overruled.taken", test="portfolio_t", recommended="adjusted_bmp_t")
    assert advice.overruling("sign") == fact(
        "overruled.refused", test="sign", recommended="adjusted_bmp_t", why=advice.refusals["sign"]
    )
    assert advice.overruled("sign") == (
        "sign was taken in place of adjusted_bmp_t, although it is refused here: with 4 events the two-sided p cannot "
        "fall below 12.5 %, so it never rejects at 5 %"
    )


def test_tests_that_a_fat_tailed_day_misleads_are_refused_for_many_firms():
    refused = advise(one_date(30, correlation=0.1, estimation=250)).refusals
    for test in ("grank_t", "corrado_zivney_rank", "mvrm_f"):
        assert refused[test] == fact("refused.common_scale", n=30)
    assert "mvrm_f" not in advise(one_date(4)).refusals
    assert "grank_t" not in advise(own_dates(30)).refusals


def test_a_day_with_one_scale_has_it_in_all_its_errors():
    """The squares of two firms are correlated on a day of one t scale, and not where each has a scale of its own."""
    found = []
    for common in (True, False):
        world = World(events=2, estimation=60, tails=8.0, common_scale=common)
        squares = simulate(world, np.random.default_rng(3), 400).errors ** 2
        assert squares.mean() == pytest.approx(1.0, abs=0.03)
        found.append(np.corrcoef(squares[:, 0].ravel(), squares[:, 1].ravel())[0, 1])
    assert found[0] == pytest.approx(1.0 / 7.0, abs=0.04)  # m - 1 over 3 m - 1, m = (v - 2) / (v - 4)
    assert abs(found[1]) < 0.03


@pytest.mark.parametrize(
    ("events", "rho", "patell", "bmp"),
    [(4, 0.02, 5.7, 5.9), (4, 0.4, 18.6, 30.6), (10, 0.1, 15.5, 17.7), (30, 0.2, 45.2, 50.1), (50, 0.4, 66.6, 73.8)],
)
def test_sizes_under_correlation_are_those_of_kolari_and_pynnonen(events, rho, patell, bmp):
    inflation = 1 + (events - 1) * rho
    assert 100 * normal_size(inflation) == pytest.approx(patell, abs=0.051)
    assert 100 * normal_size(inflation / (1 - rho)) == pytest.approx(bmp, abs=0.051)


def test_formulas_against_scipy_stats():
    assert normal_size(1.0) == pytest.approx(0.05, abs=1e-12)
    assert t_size(3, 1.0) == pytest.approx(0.05, abs=1e-12)
    assert t_size(3, 2.2 / 0.6) == pytest.approx(
        2 * stats.t.sf(stats.t.isf(0.025, 3) / np.sqrt(2.2 / 0.6), 3), rel=1e-10
    )
    assert t_quantile(9) == pytest.approx(stats.t.isf(0.025, 9), rel=1e-10)
    assert chance_ratio(3) == pytest.approx(stats.chi2.isf(0.05, 3) / 3, rel=1e-10)


@pytest.mark.parametrize("rho", [-0.3, 0.4, 0.8])
def test_correlations_of_signs_and_ranks_are_those_of_normal_pairs(rho):
    pairs = np.random.default_rng(1).multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=200_000)
    error = 4 / np.sqrt(200_000)
    assert sign_correlation(rho) == pytest.approx(np.corrcoef(np.sign(pairs).T)[0, 1], abs=error)
    assert rank_correlation(rho) == pytest.approx(stats.spearmanr(pairs).statistic, abs=error)


def test_sizes_of_signs_and_ranks_are_those_of_thirty_firms_in_docs_size():
    refused = advise(one_date(30, correlation=0.1, estimation=250)).refusals
    for test, size, error in (("sign", 24.2, 1.0), ("wilcoxon", 32.3, 1.0), ("grank_z", 32.9, 1.1)):
        assert refused[test].values["precision"] == "about"
        found = 100 * refused[test].values["share"]
        assert found == pytest.approx(size, abs=2 * error), test


def test_more_correlation_refuses_more_of_the_tests_that_ignore_it():
    for events in (2, 4, 8, 15, 30, 100):
        before: set[str] = set()
        for rho in np.linspace(0, 0.99, 34):
            now = set(advise(one_date(events, correlation=float(rho))).refusals) & INDEPENDENT
            assert before <= now
            before = now
        assert {"bmp_t", "patell_z", "cross_sectional_t"} <= before


def test_more_event_variance_refuses_more():
    for events in (2, 4, 30, 200):
        before: set[str] = set()
        for ratio in np.linspace(0.1, 8, 80):
            now = set(advise(one_date(events, correlation=0.1, variance_ratio=float(ratio))).refusals)
            assert before <= now
            before = now
        assert {"portfolio_t", "placebo_dates"} <= before


def test_more_events_of_own_dates_refuse_less():
    before = set(advise(own_dates(2)).refusals)
    for events in range(3, 201):
        now = set(advise(own_dates(events)).refusals)
        assert now - {"portfolio_t", "lamb", "mvrm_f"} <= before
        before = now


def test_longer_windows_refuse_more():
    for situation in (own_dates(30), one_date(1, correlation=None), one_date(8)):
        before: set[str] = set()
        for window in range(1, 41):
            now = set(advise(replace(situation, window=window)).refusals)
            assert before <= now
            before = now
    assert "corrado_rank" in before


@pytest.mark.parametrize(
    "options",
    [
        {"events": 1},
        {"events": 4, "one_date": True, "holes": 0.0},
        {"events": 4, "one_date": True},
        {"events": 9, "one_date": True, "holes": 0.0, "window": Window(0, 2)},
        {"events": 5},
        {"events": 9},
        {"events": 30, "one_date": True, "holes": 0.0},
        {"events": 40, "rho": 0.0},
        {"events": 40, "window": Window(-1, 1)},
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_recommended_test_runs_and_one_that_cannot_is_refused(options, seed):
    section = random_section(seed, **options)
    advice = advise(situation_of(section))
    check(advice)
    for name in (advice.recommended, *dict(advice.others)):
        if name in TESTS:
            assert TESTS[name](section).pvalue is not None, name
    for name, test in TESTS.items():
        if test(section).pvalue is None and name != "lamb":  # lamb needs one event with every day
            assert name in advice.refusals, name


def test_situation_of_a_section():
    section = random_section(3, events=9, one_date=True, holes=0.1)
    found = situation_of(section)
    resid = np.concatenate([block.resid for block in section.residuals()])
    cells, missing = resid.size + section.whole.ar.size, np.isnan(resid).sum() + np.isnan(section.whole.ar).sum()
    rbar = cross_correlation(section).mean
    q = np.mean(section.df / (section.df - 2))
    assert found == Situation(
        events=9,
        dates=1,
        shared=9,
        estimation=int(section.nobs.min()),
        window=1,
        correlation=rbar,
        missing=pytest.approx(missing / cells, abs=1e-12),
        variance_ratio=pytest.approx(section.scar.var(ddof=1) / q / (1 - rbar), rel=1e-12),
        parameters=2,
        one_regression=False,
    )
    assert situation_of(random_section(3, events=4, one_date=True, holes=0.0)).one_regression
    spread = situation_of(random_section(5, events=12))
    positions = random_section(5, events=12).position
    assert (spread.dates, spread.shared) == (np.unique(positions).size, np.bincount(positions).max())
    single = situation_of(random_section(3, events=1))
    assert (single.correlation, single.variance_ratio) == (None, None)
    with pytest.raises(OptionError, match=r"no event has every day of the window \[0, 0\]; choose a shorter one"):
        situation_of(replace(section, car=section.car[:0]))


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_the_variance_ratio_is_that_of_the_world_whatever_the_correlation(ratio):
    world = World(events=6, estimation=60, correlation=0.4, variance_ratio=ratio)
    found = [
        event_variance_ratio(section, cross_correlation(section).mean)
        for section in sections(world, simulate(world, np.random.default_rng(1), 1_500))
    ]
    assert np.mean(found) == pytest.approx(ratio, abs=4 * np.std(found) / np.sqrt(1_500))
    above = np.mean(np.array(found) > chance_ratio(5))
    assert (above == pytest.approx(0.05, abs=0.025)) == (ratio == 1.0)


@pytest.mark.parametrize(
    ("world", "test", "most"),
    [
        (World(events=30, dates=30, estimation=239, window=9), "corrado_rank", 3.0),
        (World(events=30, dates=30, estimation=239, window=5), "corrado_zivney_sign", 1.0),
        (World(events=8, estimation=120, correlation=0.4), "corrado_zivney_sign", 1.0),
    ],
)
def test_bounded_scores_reach_what_the_formula_says(world, test, most):
    """An enormous effect on one day: the share of rejections is 80 % where the formula gives 1.96."""
    inflation = 1.0 if world.dates > 1 else 1 + (world.events - 1) * sign_correlation(world.correlation)
    reached = bounded_power(most * world.events, inflation, estimation=world.estimation, window=world.window)
    counts = count_rejections(world, tests=(test,), effects={100.0: 400}, level=0.05, seed=1)[test]
    deviation = (
        (inflation * (world.estimation + world.window - 1) + most * world.events) / (world.estimation + world.window)
    ) ** 0.5
    noise = (inflation * (world.window - 1) / world.window) ** 0.5 / deviation
    centre = reached + 0.8416212 * noise
    expected = float(stats.norm.cdf((centre - 1.959964) / noise)) if noise else float(centre > 1.959964)
    assert counts.rejected[0] / 400 == pytest.approx(expected, abs=0.09)


def test_permutation_of_a_long_window_cannot_find_a_one_day_effect():
    world = World(events=4, estimation=120, window=11)
    counts = count_rejections(world, tests=("permutation",), effects={100.0: 600}, level=0.05, seed=2)["permutation"]
    assert counts.rejected[0] / 600 == pytest.approx(0.05 * 131 / 11, abs=0.08)
    assert advise(one_date(4, window=11)).refusals["permutation"] == fact("refused.days", n=11, all=131, share=6 / 11)


@pytest.mark.parametrize(
    ("holds", "misleads", "test"),
    [
        (own_dates(6), own_dates(5), "sign"),
        (own_dates(6), own_dates(5), "wild_bootstrap"),
        (own_dates(15), own_dates(14), "grank_t"),
        (own_dates(15), own_dates(14), "generalized_sign"),
        (own_dates(15), own_dates(14), "bmp_t (normal)"),
        (own_dates(20), own_dates(19), "skewness_adjusted_t"),
        (own_dates(10, correlation=None), one_date(10, correlation=None), "bmp_t"),
        (own_dates(200, variance_ratio=1.18), own_dates(200, variance_ratio=1.25), "patell_z"),
        (one_date(4, estimation=10), one_date(4, estimation=9), "adjusted_bmp_t"),
        (own_dates(4, estimation=5), own_dates(4, estimation=4), "patell_z"),
        (one_date(4, estimation=6), one_date(4, estimation=5), "mvrm_f"),
        (one_date(4, correlation=-0.3), one_date(4, correlation=-0.34), "adjusted_patell_z"),
        (own_dates(30, estimation=239, window=9), own_dates(30, estimation=239, window=11), "corrado_rank"),
        (own_dates(30, estimation=239, window=3), own_dates(30, estimation=239, window=5), "corrado_zivney_sign"),
        (own_dates(50, window=21), one_date(50, correlation=0.95), "grank_t"),
        (one_date(1, window=7), one_date(1, window=8), "conformal"),
        (one_date(1, estimation=19), one_date(1, estimation=18), "sq"),
    ],
)
def test_where_a_test_begins_to_mislead(holds, misleads, test):
    assert test not in advise(holds).refusals
    assert test in advise(misleads).refusals


def test_ranks_of_one_window_cannot_reject_for_events_that_move_as_one():
    world = World(events=20, estimation=120, correlation=0.95)
    found = count_rejections(world, tests=("grank_t",), effects={100.0: 100}, level=0.05, seed=1)["grank_t"]
    assert found.rejected == (0,)
    assert "grank_t" in advise(one_date(20, correlation=0.95)).refusals


def test_the_same_number_of_days_is_not_the_same_days():
    """Two dates without holes, and one date on which two events miss a day each: neither is one regression."""
    assert not situation_of(random_section(6, events=4, holes=0.0)).one_regression
    section = random_section(6, events=4, one_date=True, holes=0.0, block=4)
    (block,) = section.residuals()
    resid = block.resid.copy()
    resid[[0, 1], [3, 5]] = np.nan
    resid[[2, 3], [7, 7]] = np.nan
    holed = replace(section, residuals=lambda: iter((replace(block, resid=resid),)))
    assert situation_of(section).one_regression
    assert not situation_of(holed).one_regression


def test_every_rule_has_a_source_and_concerns_a_test_and_every_trait_has_a_rule():
    for rule in REFUSALS:
        assert rule.source
        assert any(map(rule.concerns, ROWS))
    traits = {trait for test in ROWS for trait in (*test.needs, *test.assumes)}
    assert traits == {rule.trait for rule in REFUSALS} - {"scores"}
    for choice in CHOICES:
        assert choice.source
        assert choice.test in NAMES


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"events": 0}, "events=0 is not allowed; there is at least one"),
        ({"dates": 5}, "dates=5 is not allowed; 4 events have between 1 and 4"),
        ({"dates": 0}, "dates=0 is not allowed; 4 events have between 1 and 4"),
        ({"shared": 3}, "shared=3 is not allowed; with events=4 and dates=1 the fullest date has between 4 and 4"),
        ({"window": 0}, "window=0 is not allowed; it has at least one day"),
        ({"parameters": -1}, "parameters=-1 is not allowed; it is 0 or more"),
        ({"estimation": 2}, "estimation=2 is not allowed; 2 parameters need 3 or more"),
        ({"missing": 1.0}, "missing=1.0 is not allowed; it is a share, 0 or more and below 1"),
        ({"correlation": 1.5}, "correlation=1.5 is not allowed; it lies between -1 and 1, or is None"),
        ({"correlation": float("nan")}, "correlation=nan is not allowed; it lies between -1 and 1, or is None"),
        ({"variance_ratio": -1.0}, "variance_ratio=-1.0 is not allowed; it is 0 or more, or None"),
    ],
)
def test_situations_that_cannot_be(changes, message):
    with pytest.raises(OptionError) as caught:
        advise(replace(one_date(4), **changes))
    assert str(caught.value) == message
