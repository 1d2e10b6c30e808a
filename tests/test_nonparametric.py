"""Sign, rank and generalised rank tests: against loops written from their definitions, on panels with holes."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from eventstudy.facts import fact
from eventstudy.inference import TESTS
from eventstudy.inference.days import medians, midranks
from eventstudy.inference.signs import signed_rank_tails
from eventstudy.windows import Window
from tests.sections import DAY, random_section, residuals_by_event

EXACT = 1e-10  # two float computations of one closed form
SEEDS = (1, 2, 3)
DAYS = (DAY, Window(-1, 2))


def statistic(name, section, **options):
    result = TESTS[name](section, **options)
    assert result.unavailable is None, result.unavailable
    return result.statistic


def midrank(value, values):
    """Rank by counting: those below, and half of the others that are equal."""
    below = sum(other < value for other in values)
    equal = sum(other == value for other in values)
    return below + (equal + 1) / 2


def by_day(source, event, score):
    """Scores of every event-day by loops: {day: [scores]}, event days as ("event", column)."""
    days = {}
    for row, series in residuals_by_event(source).items():
        ahead = {("event", column): float(x) for column, x in enumerate(event[row]) if np.isfinite(x)}
        past = {int(session - source.position[row]): e for session, e in series.items()}
        values = {**past, **ahead}
        for day, value in values.items():
            days.setdefault(day, []).append(score(value, list(values.values())))
    return days


def over_history(days, tested, *, root, lost=0):
    """Sum of the tested days' mean scores over sqrt(L) S."""
    series = {day: sum(scores) / len(scores) ** (0.5 if root else 1.0) for day, scores in days.items()}
    deviation = np.sqrt(sum(value**2 for value in series.values()) / (len(series) - lost))
    return sum(series[day] for day in tested) / (np.sqrt(len(tested)) * deviation)


def corrado_score(value, values):
    return midrank(value, values) - (len(values) + 1) / 2


def zivney_score(value, values):
    return midrank(value, values) / (len(values) + 1) - 0.5


def sign_score(value, values):
    return float(np.sign(value - np.median(values)))


@pytest.mark.parametrize("window", DAYS)
@pytest.mark.parametrize("seed", SEEDS)
def test_corrado_rank_from_the_definition(seed, window):
    section = random_section(seed, events=8, holes=0.1, window=window, block=3)
    days = by_day(section, section.ar, corrado_score)
    tested = [("event", column) for column in range(window.size)]
    assert statistic("corrado_rank", section) == pytest.approx(over_history(days, tested, root=False), rel=EXACT)
    assert statistic("corrado_rank", section, variant="m_minus_1") == pytest.approx(
        over_history(days, tested, root=False, lost=1), rel=EXACT
    )
    result = TESTS["corrado_rank"](section, alternative="greater")
    assert result.pvalue == pytest.approx(stats.norm.sf(result.statistic), rel=EXACT)


@pytest.mark.parametrize("window", DAYS)
@pytest.mark.parametrize("seed", SEEDS)
def test_corrado_zivney_rank_from_the_definition(seed, window):
    section = random_section(seed, events=8, holes=0.1, window=window, block=3)
    tested = [("event", column) for column in range(window.size)]
    sar = section.ar / section.ar_se
    star = sar / sar.std(axis=0, ddof=1)

    def scaled():
        for block in section.residuals():
            yield replace(block, resid=block.resid / section.sigma[block.rows][:, None])

    days = by_day(replace(section, residuals=scaled), star, zivney_score)
    assert statistic("corrado_zivney_rank", section, variant="small_sample") == pytest.approx(
        over_history(days, tested, root=True), rel=EXACT
    )
    plain = by_day(section, section.ar, zivney_score)
    assert statistic("corrado_zivney_rank", section, variant="unadjusted") == pytest.approx(
        over_history(plain, tested, root=True), rel=EXACT
    )


@pytest.mark.parametrize("window", DAYS)
@pytest.mark.parametrize("seed", SEEDS)
def test_corrado_zivney_sign_from_the_definition(seed, window):
    section = random_section(seed, events=8, holes=0.1, window=window, block=3)
    days = by_day(section, section.ar, sign_score)
    tested = [("event", column) for column in range(window.size)]
    assert statistic("corrado_zivney_sign", section) == pytest.approx(over_history(days, tested, root=True), rel=EXACT)


@pytest.mark.parametrize(
    ("name", "score", "root"),
    [
        ("corrado_rank", corrado_score, False),
        ("corrado_zivney_rank", zivney_score, True),
        ("corrado_zivney_sign", sign_score, True),
    ],
)
def test_the_whole_sample_ranks_every_event_and_every_day_of_the_event_window(name, score, root):
    section = random_section(4, events=8, window=Window(0, 1), whole=Window(-2, 3))
    whole = section.whole
    ar = whole.ar.copy()
    ar[0, 2], ar[3, 5] = np.nan, np.nan  # no return on day 0 of one event, on day 3 of another
    kept = np.arange(1, 8)
    fields = ("ar", "ar_se", "car", "car_se", "sigma", "df", "nobs", "position")
    fewer = replace(section, whole=replace(whole, ar=ar), **{field: getattr(section, field)[kept] for field in fields})
    days = by_day(replace(whole, ar=ar), ar, score)
    tested = [("event", 2), ("event", 3)]
    expected = over_history(days, tested, root=root)
    assert statistic(name, fewer, variant="whole_sample") == pytest.approx(expected, rel=EXACT)


def test_a_tested_day_without_any_return_is_refused():
    section = random_section(5, whole=Window(0, 2))
    ar = section.whole.ar.copy()
    ar[:, 0] = np.nan
    result = TESTS["corrado_rank"](replace(section, whole=replace(section.whole, ar=ar)), variant="whole_sample")
    assert result.refusal == fact("unavailable.empty_day", window="[0, 0]")


def test_the_whole_sample_of_a_complete_day_is_the_default():
    section = random_section(6, events=9)
    for name in ("crude_dependence", "generalized_sign", "corrado_rank", "corrado_zivney_sign"):
        here, there = TESTS[name](section), TESTS[name](section, variant="whole_sample")
        assert there.statistic == pytest.approx(here.statistic, rel=EXACT)


@pytest.mark.parametrize("window", DAYS)
@pytest.mark.parametrize("seed", SEEDS)
def test_generalised_ranks_from_the_definition(seed, window):
    section = random_section(seed, events=18, holes=0.1, window=window, block=4)
    scar = section.car / section.car_se
    star = scar / scar.std(ddof=1)

    def scaled():
        for block in section.residuals():
            yield replace(block, resid=block.resid / section.sigma[block.rows][:, None])

    days = by_day(replace(section, residuals=scaled), star[:, None], zivney_score)
    events, size = section.size, len(days)
    mean = sum(days["event", 0]) / events
    square = sum(len(u) / events * (sum(u) / len(u)) ** 2 for u in days.values()) / size
    z = mean / np.sqrt(square)
    t = z * np.sqrt((size - 2) / (size - 1 - z**2))
    result = TESTS["grank_t"](section)
    assert result.statistic == pytest.approx(t, rel=EXACT)
    assert (result.df, result.distribution) == (size - 2, "t")
    assert result.pvalue == pytest.approx(2 * stats.t.sf(abs(t), size - 2), rel=EXACT)
    variance = sum((m + 1 - 1) / (12 * (m + 1 + 1)) for m in section.nobs) / events**2
    assert statistic("grank_z", section) == pytest.approx(mean / np.sqrt(variance), rel=EXACT)


def test_generalised_ranks_of_equal_windows_have_the_published_variance():
    """Ubar_0 sqrt(12 N (M + 1) / (M - 1)), M = T + 1."""
    section = random_section(7, events=16, holes=0.0)
    scar = section.car / section.car_se
    star = section.sigma * scar / scar.std(ddof=1)
    series = residuals_by_event(section)
    u = [zivney_score(star[row], [*series[row].values(), star[row]]) for row in range(16)]
    days = section.nobs[0] + 1
    expected = np.mean(u) * np.sqrt(12 * 16 * (days + 1) / (days - 1))
    assert statistic("grank_z", section) == pytest.approx(expected, rel=EXACT)


def test_grank_over_one_day_ranks_the_standardised_abnormal_return():
    section = random_section(8, events=16)
    assert section.scar == pytest.approx(section.sar[:, 0], rel=EXACT)
    over_days = replace(section, car=section.ar[:, 0], car_se=section.ar_se[:, 0])
    assert statistic("grank_t", over_days) == pytest.approx(statistic("grank_t", section), rel=EXACT)


@pytest.mark.parametrize("name", ["grank_t", "grank_z", "corrado_zivney_rank"])
def test_scaling_by_the_cross_section_below_fifteen_events_has_to_be_asked_for(name):
    few = random_section(9, events=14)
    assert TESTS[name](few).refusal == fact("unavailable.small_sample", n=14, need=15)
    forced = TESTS[name](few, variant="small_sample")
    assert forced.name == f"{name} (small_sample)"
    assert forced.pvalue is not None
    many = random_section(9, events=15)
    assert statistic(name, many) == statistic(name, many, variant="small_sample")


def test_grank_t_refuses_where_its_transformation_ends():
    """Two events of one date, two estimation days with ranks that cancel: Z^2 reaches M - 1."""
    section = random_section(10, events=2, one_date=True, holes=0.0)
    block = next(section.residuals())
    resid = np.array([[0.01, -0.02], [-0.02, 0.01]])
    small = replace(block, resid=resid, session=block.session[:, :2])
    far = replace(
        section,
        car=np.array([1.0, 2.0]),
        car_se=np.ones(2),
        sigma=np.ones(2),
        nobs=np.array([2, 2]),
        residuals=lambda: iter([small]),
    )
    # U of the event day 1/4, of the others (-1/4 + 0) / 2 each: Z^2 = 1/16 / ((1/16 + 2/64) / 3) = 2 = M - 1
    refusal = TESTS["grank_t"](far, variant="small_sample").refusal
    assert (refusal.code, refusal.values["most"]) == ("unavailable.extreme_rank", 2)
    assert refusal.values["square"] == pytest.approx(2.0, rel=1e-12)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("events", [3, 9, 40])
def test_the_sign_test_is_the_binomial_test(events, alternative):
    section = random_section(11, events=events)
    positive = int((section.car > 0).sum())
    result = TESTS["sign"](section, alternative=alternative)
    expected = stats.binomtest(positive, events, alternative=alternative)
    assert result.pvalue == pytest.approx(expected.pvalue, rel=1e-9)
    assert result.statistic == pytest.approx((positive - events / 2) / np.sqrt(events / 4), rel=EXACT)
    assert (result.distribution, result.estimate) == ("binomial", positive / events)
    normal = TESTS["sign"](section, variant="normal")
    assert normal.pvalue == pytest.approx(2 * stats.norm.sf(abs(result.statistic)), rel=EXACT)


def test_zero_cars_are_no_signs():
    section = random_section(12, events=9)
    some = replace(section, car=np.where(np.arange(9) < 2, 0.0, section.car))
    seven = int((some.car > 0).sum())
    assert TESTS["sign"](some).pvalue == pytest.approx(stats.binomtest(seven, 7).pvalue)
    none = replace(section, car=np.zeros(9))
    for name in ("sign", "wilcoxon"):
        assert TESTS[name](none).refusal == fact("unavailable.zero_cars")


@pytest.mark.parametrize(("events", "floor"), [(3, 0.25), (4, 0.125), (5, 0.0625), (6, 0.03125)])
def test_the_smallest_p_values_of_few_events(events, floor):
    """Two-sided: five events cannot reach 5 %."""
    section = random_section(13, events=events)
    above = replace(section, car=np.abs(section.car))
    for name in ("sign", "wilcoxon"):
        assert TESTS[name](above).pvalue == pytest.approx(floor)
        assert TESTS[name](above, alternative="greater").pvalue == pytest.approx(floor / 2)
        assert TESTS[name](above, alternative="less").pvalue == pytest.approx(1.0)


@pytest.mark.parametrize("events", [9, 40])
def test_generalized_sign_from_the_definition(events):
    section = random_section(14, events=events, holes=0.1, block=4)
    series = residuals_by_event(section)
    shares = [sum(e > 0 for e in one.values()) / len(one) for one in series.values()]
    p, positive = sum(shares) / events, int((section.car > 0).sum())
    result = TESTS["generalized_sign"](section)
    assert result.statistic == pytest.approx((positive - events * p) / np.sqrt(events * p * (1 - p)), rel=EXACT)
    if events < 15:
        tails = stats.binom.cdf(positive, events, p), stats.binom.sf(positive - 1, events, p)
        assert result.pvalue == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-9)
        assert result.distribution == "binomial"
    else:
        assert result.pvalue == pytest.approx(2 * stats.norm.sf(abs(result.statistic)), rel=EXACT)
        assert result.distribution == "normal"
    every = [e for one in series.values() for e in one.values()]
    pooled = sum(e > 0 for e in every) / len(every)
    assert statistic("generalized_sign", section, variant="pooled") == pytest.approx(
        (positive - events * pooled) / np.sqrt(events * pooled * (1 - pooled)), rel=EXACT
    )


def test_generalized_sign_needs_both_signs_in_the_estimation_window():
    section = random_section(15)

    def positive():
        for block in section.residuals():
            yield replace(block, resid=np.abs(block.resid))

    reason = fact("unavailable.one_sign", share=1)
    assert TESTS["generalized_sign"](replace(section, residuals=positive)).refusal == reason


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("events", [4, 25, 26, 80])
def test_wilcoxon_is_scipy_s_signed_rank_test(events, alternative):
    section = random_section(16, events=events)
    method = "exact" if events <= 25 else "asymptotic"
    expected = stats.wilcoxon(section.car, alternative=alternative, method=method)
    result = TESTS["wilcoxon"](section, alternative=alternative)
    assert result.pvalue == pytest.approx(expected.pvalue, rel=1e-9)
    positive = stats.wilcoxon(section.car, alternative="greater").statistic
    assert result.statistic == positive
    assert result.distribution == ("exact" if events <= 25 else "normal")
    normal = TESTS["wilcoxon"](section, alternative=alternative, variant="normal")
    assert normal.pvalue == pytest.approx(
        stats.wilcoxon(section.car, alternative=alternative, method="asymptotic").pvalue, rel=1e-9
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-6, 6).filter(bool), min_size=1, max_size=9))
def test_exact_signed_ranks_with_ties_count_every_pattern_of_signs(values):
    size = np.abs(np.array(values, dtype=float))
    ranks = np.array([midrank(one, list(size)) for one in size])
    observed = ranks[np.array(values) > 0].sum()
    sums = [ranks @ np.array(pattern) for pattern in product((0.0, 1.0), repeat=len(values))]
    lower, upper = signed_rank_tails(ranks, float(observed))
    assert lower == pytest.approx(np.mean(np.array(sums) <= observed + 1e-9))
    assert upper == pytest.approx(np.mean(np.array(sums) >= observed - 1e-9))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.just(np.nan), st.integers(-4, 4).map(float)), min_size=2, max_size=12))
def test_midranks_and_medians_of_rows_with_ties_and_holes(values):
    row = np.array([values])
    known = [value for value in values if np.isfinite(value)]
    ranks = midranks(row)[0]
    assert np.isnan(ranks).tolist() == np.isnan(row[0]).tolist()
    for value, rank in zip(values, ranks, strict=True):
        if np.isfinite(value):
            assert rank == midrank(value, known)
    if known:
        assert medians(row)[0, 0] == np.median(known)


def test_events_of_one_date_meet_on_the_calendar_whatever_their_estimation_windows():
    """One event's window counted from another anchor: the daily sums are those of the sessions."""
    section = random_section(17, events=6, one_date=True, holes=0.0, block=6)
    block = next(section.residuals())
    resid, session = block.resid.copy(), block.session.copy()
    resid[2, :-5], session[2, :-5] = resid[2, 5:], session[2, 5:]
    resid[2, -5:], session[2, -5:] = np.nan, -1
    moved = replace(section, residuals=lambda: iter([replace(block, resid=resid, session=session)]))
    days = by_day(moved, moved.ar, corrado_score)
    found = statistic("corrado_rank", moved, variant="tested_days")
    assert found == pytest.approx(over_history(days, [("event", 0)], root=False), rel=EXACT)
