"""Tests of means, standardised or not: by hand, by loops from the definition, by identity, and their refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.regression.linear_model as linear_model
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.inference import TESTS, cross_correlation, fit_jointly, mvrm_f
from eventstudy.windows import Window
from tests.conftest import ROOT
from tests.sections import DAY, random_section, residuals_by_event, section_of

EXACT = 1e-10  # two float computations of one closed form
SEEDS = (1, 2, 3)
DAYS = (Window(0, 0), Window(-1, 2))


def run(name, section, **options):
    return TESTS[name](section, **options)


def statistic(name, section, **options):
    result = run(name, section, **options)
    assert result.unavailable is None, result.unavailable
    return result.statistic


def daily_means(section):
    """Mean residual of each estimation day, events met by their distance from day 0, by loops."""
    sums = {}
    for event, series in residuals_by_event(section).items():
        for session, resid in series.items():
            total, count = sums.get(session - section.position[event], (0.0, 0))
            sums[session - section.position[event]] = total + resid, count + 1
    return np.array([total / count for _, (total, count) in sorted(sums.items())])


@pytest.mark.parametrize("window", DAYS)
@pytest.mark.parametrize("seed", SEEDS)
def test_brown_warner_1980_from_the_definition(seed, window):
    section = random_section(seed, window=window)
    squares = [
        sum(e**2 for e in series.values()) / (len(series) - 1) for series in residuals_by_event(section).values()
    ]
    std_error = np.sqrt(window.size * sum(squares)) / section.size
    result = run("brown_warner_1980", section)
    assert result.statistic == pytest.approx(section.car.mean() / std_error, rel=EXACT)
    assert result.pvalue == pytest.approx(2 * stats.norm.sf(abs(result.statistic)), rel=EXACT)
    assert (result.distribution, result.df, result.conf_int) == ("normal", None, None)


@pytest.mark.parametrize("window", DAYS)
@pytest.mark.parametrize("seed", SEEDS)
def test_crude_dependence_from_the_definition(seed, window):
    section = random_section(seed, window=window)
    means = daily_means(section)
    std_error = means.std(ddof=1) * np.sqrt(window.size)
    result = run("crude_dependence", section)
    assert result.std_error == pytest.approx(std_error, rel=EXACT)
    assert result.statistic == pytest.approx(section.car.mean() / std_error, rel=EXACT)
    assert (result.distribution, result.df) == ("t", means.size - 1)
    half = stats.t.isf(0.025, means.size - 1) * std_error
    assert result.conf_int == pytest.approx((result.estimate - half, result.estimate + half), rel=EXACT)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_cross_sectional_t_is_the_one_sample_t(alternative):
    section = random_section(4, window=Window(0, 2))
    expected = stats.ttest_1samp(section.car, 0.0, alternative=alternative)
    result = run("cross_sectional_t", section, alternative=alternative)
    assert result.statistic == pytest.approx(expected.statistic, rel=EXACT)
    assert result.pvalue == pytest.approx(expected.pvalue, rel=EXACT)
    assert result.df == section.size - 1
    two_sided = stats.ttest_1samp(section.car, 0.0).confidence_interval(0.95)
    assert result.conf_int == pytest.approx(tuple(two_sided), rel=EXACT)


def test_one_sided_p_values_add_up():
    section = random_section(5, events=20)
    for name in ("brown_warner_1980", "crude_dependence", "cross_sectional_t", "patell_z", "bmp_t", "grank_t"):
        both, above, below = (run(name, section, alternative=side).pvalue for side in ("two-sided", "greater", "less"))
        assert above + below == pytest.approx(1.0, abs=EXACT)
        assert both == pytest.approx(2 * min(above, below), rel=EXACT)


def test_far_tails_keep_their_digits():
    """From the survival function: 1 - cdf would be 0."""
    section = random_section(6, events=30, effect=0.1)
    result = run("brown_warner_1980", section, alternative="greater")
    assert 0.0 < result.pvalue < 1e-40
    assert result.pvalue == pytest.approx(stats.norm.sf(result.statistic), rel=1e-8)


def clustered(seed, window=DAY, firms=4):
    """Events of one date with every estimation day: returns, market, and their section."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, 110)
    returns = market[:, None] + 0.02 * (rng.normal(size=(110, 1)) + rng.normal(size=(110, firms)))
    events = [(firm, 100) for firm in range(firms)]
    return returns, market, section_of(returns, market, events, window=window)


@pytest.mark.parametrize("window", DAYS)
def test_portfolio_t_is_the_event_dummies_of_the_portfolio_regression(window):
    returns, market, section = clustered(7, window)
    rows = np.r_[np.arange(40, 95), np.arange(100 + window.first, 100 + window.last + 1)]
    dummies = np.vstack([np.zeros((55, window.size)), np.eye(window.size)])
    design = np.column_stack([np.ones(rows.size), market[rows], dummies])
    fit = linear_model.OLS(returns[rows].mean(axis=1), design).fit()
    total = fit.t_test(np.r_[0.0, 0.0, np.ones(window.size)])
    result = run("portfolio_t", section)
    assert result.estimate == pytest.approx(float(total.effect[0]), rel=1e-9)
    assert result.statistic == pytest.approx(float(total.tvalue.item()), rel=1e-9)
    assert result.pvalue == pytest.approx(float(total.pvalue), rel=1e-8)
    assert result.df == fit.df_resid == 53
    assert result.conf_int == pytest.approx(tuple(total.conf_int()[0]), rel=1e-9)


@pytest.mark.parametrize("window", DAYS)
def test_lamb_is_the_portfolio_t_where_all_events_have_all_days(window):
    _, _, section = clustered(8, window)
    assert statistic("lamb", section) == pytest.approx(statistic("portfolio_t", section), rel=EXACT)
    assert run("lamb", section).df == run("portfolio_t", section).df


def test_lamb_with_holes_from_the_definition():
    section = random_section(9, one_date=True)
    first = replace_residuals(section, 0)
    means, row = daily_means(first), int(np.flatnonzero(first.nobs == 55)[0])
    variance = ((means - means.mean()) ** 2).sum() / (55 - 2) * (first.car_se[row] / first.sigma[row]) ** 2
    assert statistic("lamb", first) == pytest.approx(first.car.mean() / np.sqrt(variance), rel=EXACT)
    assert run("portfolio_t", first).refusal == fact("unavailable.different_days")


def replace_residuals(section, row):
    """The same section in which one event has every estimation day."""
    blocks = list(section.residuals())
    for number, block in enumerate(blocks):
        resid = np.where((block.rows == row)[:, None] & np.isnan(block.resid), 0.001, block.resid)
        blocks[number] = replace(block, resid=resid)
    nobs = section.nobs.copy()
    nobs[row] = 55
    return replace(section, nobs=nobs, df=nobs - 2, residuals=lambda: iter(blocks))


def test_mvrm_f_of_a_section_is_the_joint_test():
    returns, market, section = clustered(10)
    expected = mvrm_f(fit_jointly(returns[40:95], market[40:95], returns[100:101], market[100:101]))
    result = run("mvrm_f", section)
    assert result.statistic == pytest.approx(expected.statistic, rel=1e-9)
    assert (result.df, result.distribution) == (expected.df, "F")
    assert result.pvalue == pytest.approx(expected.pvalue, rel=1e-8)


def test_mvrm_f_of_one_event_is_the_squared_t_of_its_car():
    _, _, section = clustered(11, Window(-1, 2), firms=1)
    own = section.car[0] / section.car_se[0]
    assert statistic("mvrm_f", section) == pytest.approx(own**2, rel=1e-9)
    assert run("mvrm_f", section).df == (1.0, 53.0)
    assert run("mvrm_f", section).hypothesis.values["quantity"] == "every_car"


def test_mvrm_f_does_not_depend_on_the_blocks_or_their_order():
    _, _, section = clustered(12)
    blocks = list(section.residuals())
    turned = [
        replace(block, rows=block.rows[::-1], resid=block.resid[::-1], session=block.session[::-1])
        for block in blocks[::-1]
    ]
    other = replace(section, residuals=lambda: iter(turned))
    assert statistic("mvrm_f", other) == pytest.approx(statistic("mvrm_f", section), rel=EXACT)


def test_a_portfolio_of_market_adjusted_returns_takes_s_about_the_mean():
    """Residuals R - R_m whose mean is not zero, sigma about that mean: nothing is estimated, C = 1."""
    returns, market, section = clustered(13)
    spread = returns[40:95] - market[40:95, None] + 0.003
    block = replace(next(section.residuals()), resid=spread.T)
    sigma = spread.std(axis=0, ddof=1)
    raw = replace(
        section, sigma=sigma, car_se=sigma, ar_se=sigma[:, None], df=np.full(4, 54), residuals=lambda: iter([block])
    )
    expected = section.car.mean() / spread.mean(axis=1).std(ddof=1)
    assert statistic("portfolio_t", raw) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize("seed", SEEDS)
def test_patell_from_the_definition(seed):
    window = Window(-1, 2)
    section = random_section(seed, window=window)
    q = [df / (df - 2) for df in section.df]
    assert statistic("patell_z", section) == pytest.approx(
        sum(section.car / section.car_se) / np.sqrt(sum(q)), rel=EXACT
    )
    daily = [sum(section.ar[i] / section.ar_se[i]) / np.sqrt(window.size * q[i]) for i in range(section.size)]
    assert statistic("patell_z", section, variant="daily_sum") == pytest.approx(
        sum(daily) / np.sqrt(section.size), rel=EXACT
    )
    assert statistic("patell_z", section, variant="without_q") == pytest.approx(
        sum(section.car / section.car_se) / np.sqrt(section.size), rel=EXACT
    )


def test_patell_with_equal_estimation_windows_is_j2():
    section = random_section(14, holes=0.0, window=Window(0, 3))
    days = section.nobs[0]
    j2 = np.sqrt(section.size * (days - 4) / (days - 2)) * section.scar.mean()
    assert statistic("patell_z", section) == pytest.approx(j2, rel=EXACT)


@pytest.mark.parametrize("window", DAYS)
def test_bmp_is_the_one_sample_t_of_standardised_cars(window):
    section = random_section(15, window=window)
    expected = stats.ttest_1samp(section.car / section.car_se, 0.0)
    result = run("bmp_t", section)
    assert (result.statistic, result.pvalue) == pytest.approx((expected.statistic, expected.pvalue), rel=EXACT)
    assert result.conf_int == pytest.approx(tuple(expected.confidence_interval(0.95)), rel=EXACT)
    plain = section.car / section.sigma / np.sqrt(window.size)
    assert statistic("bmp_t", section, variant="plain_s") == pytest.approx(
        stats.ttest_1samp(plain, 0.0).statistic, rel=EXACT
    )


def test_bmp_with_normal_critical_values_needs_fifteen_events():
    many = random_section(16, events=15)
    result = run("bmp_t", many, variant="normal")
    assert result.pvalue == pytest.approx(2 * stats.norm.sf(abs(statistic("bmp_t", many))), rel=EXACT)
    assert (result.name, result.distribution) == ("bmp_t (normal)", "normal")
    few = random_section(16, events=14)
    reason = fact("unavailable.normal_too_few", n=14, need=15)
    for name in ("bmp_t", "adjusted_bmp_t"):
        assert run(name, few, variant="normal").refusal == reason


def brute_correlation(section, *, all_pairs=False):
    """Mean over ordered pairs of share x correlation on common sessions, pair by pair."""
    series, length = residuals_by_event(section), section.window.size
    above = below = total = 0.0
    for i in range(section.size):
        for j in range(section.size):
            gap = abs(int(section.position[i]) - int(section.position[j]))
            share = 1.0 if all_pairs else max(0.0, 1.0 - gap / length)
            if i == j or not share:
                continue
            total += share
            common = sorted(set(series[i]) & set(series[j]))
            if len(common) >= 10:
                both = np.corrcoef([series[i][day] for day in common], [series[j][day] for day in common])
                above, below = above + share * both[0, 1], below + share
    return above / below * total / (section.size * (section.size - 1))


@pytest.mark.parametrize("all_pairs", [False, True])
@pytest.mark.parametrize("window", [Window(0, 0), Window(-2, 5)])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_cross_correlation_pair_by_pair(seed, window, all_pairs):
    section = random_section(seed, events=30, holes=0.1, window=window)
    found = cross_correlation(section, all_pairs=all_pairs)
    assert found.mean == pytest.approx(brute_correlation(section, all_pairs=all_pairs), rel=1e-9)
    assert found.estimator == "pairwise"


def brute_pooled(section, *, all_pairs=False):
    """The pooled estimator from its definition, pair by pair and session by session."""
    series, length = residuals_by_event(section), section.window.size
    z = {}
    for event, values in series.items():
        e = np.array(list(values.values()))
        z[event] = dict(zip(values, (e - e.mean()) / e.std(), strict=True))
    above = below = total = 0.0
    for i in range(section.size):
        for j in range(section.size):
            gap = abs(int(section.position[i]) - int(section.position[j]))
            share = 1.0 if all_pairs else max(0.0, 1.0 - gap / length)
            if i != j and share:
                common = set(z[i]) & set(z[j])
                total += share
                above += share * sum(z[i][day] * z[j][day] for day in common)
                below += share * len(common)
    return above / below * total / (section.size * (section.size - 1))


@pytest.mark.parametrize("all_pairs", [False, True])
@pytest.mark.parametrize("window", [Window(0, 0), Window(-2, 5)])
def test_the_pooled_cross_correlation_from_its_definition(window, all_pairs):
    section = random_section(17, events=25, holes=0.1, window=window, block=4)
    found = cross_correlation(section, all_pairs=all_pairs, exact_up_to=10)
    assert found.mean == pytest.approx(brute_pooled(section, all_pairs=all_pairs), rel=1e-9)
    assert found.estimator == "pooled"


@pytest.mark.parametrize("all_pairs", [False, True])
def test_pooled_and_pairwise_agree_where_all_events_share_all_dates(all_pairs):
    section = random_section(18, events=12, one_date=True, holes=0.0)
    exact, pooled = (cross_correlation(section, all_pairs=all_pairs, exact_up_to=limit) for limit in (3_000, 2))
    assert exact.mean == pytest.approx(pooled.mean, rel=1e-9)
    assert (exact.share, pooled.estimator) == (1.0, "pooled")


def test_pooled_takes_blocks_whose_windows_begin_elsewhere():
    """Estimation windows counted from an anchor other than day 0: days meet by calendar."""
    section = random_section(19, events=12, one_date=True, holes=0.0, block=3)

    def shifted():
        for block in section.residuals():
            resid, session = block.resid.copy(), block.session.copy()
            odd = block.rows % 2 == 1
            resid[odd, :-4], session[odd, :-4] = resid[odd, 4:], session[odd, 4:]
            resid[odd, -4:], session[odd, -4:] = np.nan, -1
            yield replace(block, resid=resid, session=session)

    moved = replace(section, residuals=shifted)
    for limit in (2, 3_000):
        found = cross_correlation(moved, exact_up_to=limit)
        assert found.mean == pytest.approx((brute_pooled if limit == 2 else brute_correlation)(moved), rel=1e-9)


def test_variance_of_the_mean_is_inflated_by_the_kolari_pynnonen_factor():
    """1 + (N - 1) rbar = N mean_t(zbar_t^2) for residuals of one date scaled to unit mean square."""
    section = random_section(20, events=9, one_date=True, holes=0.0)
    resid = np.concatenate([block.resid for block in section.residuals()])
    z = resid / np.sqrt((resid**2).mean(axis=1, keepdims=True))
    ratio = section.size * (z.mean(axis=0) ** 2).mean()
    rbar = cross_correlation(section).mean
    assert 1 + (section.size - 1) * rbar == pytest.approx(ratio, rel=1e-9)
    assert statistic("adjusted_patell_z", section) == pytest.approx(
        statistic("patell_z", section) / np.sqrt(ratio), rel=1e-9
    )
    assert statistic("adjusted_bmp_t", section) == pytest.approx(
        statistic("bmp_t", section) * np.sqrt((1 - rbar) / ratio), rel=1e-9
    )
    assert run("adjusted_bmp_t", section).df == 8
    (note,) = run("adjusted_bmp_t", section).notes
    assert (note.code, note.values["estimator"]) == ("note.correlation", "pairwise")
    assert note.values["correlation"] == pytest.approx(rbar, rel=1e-12)


def test_events_whose_windows_do_not_meet_need_no_adjustment():
    section = random_section(21, events=8)
    apart = replace(section, position=np.arange(8) * 40 + 100)
    found = cross_correlation(apart)
    assert (found.mean, found.share) == (0.0, 0.0)
    assert statistic("adjusted_bmp_t", apart) == pytest.approx(statistic("bmp_t", apart), rel=EXACT)
    assert cross_correlation(apart, all_pairs=True).share == 1.0


def test_the_share_of_common_sessions():
    """Windows of 4 days: two events of one date, one a session later, one far off."""
    section = random_section(22, events=4, window=Window(0, 3))
    placed = replace(section, position=np.array([100, 100, 101, 120]))
    assert cross_correlation(placed).share == pytest.approx((1 + 0.75 + 0.75) / 6)


def test_adjusted_tests_without_common_days_are_unavailable():
    section = random_section(23, events=3)
    placed = replace(section, position=np.array([100, 100, 100]))

    def apart():
        for block in section.residuals():
            yield replace(block, session=block.session + 1_000 * block.rows[:, None])

    reason = fact("unavailable.no_common_days")
    for name in ("adjusted_patell_z", "adjusted_bmp_t"):
        assert run(name, replace(placed, residuals=apart)).refusal == reason


def test_one_event_twice_is_perfectly_correlated():
    section = random_section(24, events=2, one_date=True, holes=0.0)
    first = next(section.residuals())
    twice = replace(first, resid=np.tile(first.resid[:1], (2, 1)))
    result = run("adjusted_bmp_t", replace(section, residuals=lambda: iter([twice])))
    assert result.refusal == fact("unavailable.one_event")


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100.0), days=st.integers(1, 3))
def test_no_statistic_depends_on_the_unit_of_returns(seed, scale, days):
    section = random_section(seed, events=16, window=Window(0, days - 1), one_date=True, holes=0.0)

    def rescaled():
        for block in section.residuals():
            yield replace(block, resid=scale * block.resid)

    other = replace(
        section,
        **{name: scale * getattr(section, name) for name in ("ar", "ar_se", "car", "car_se", "sigma")},
        residuals=rescaled,
    )
    for name, test in TESTS.items():
        here, there = test(section), test(other)
        assert (here.unavailable is None) == (there.unavailable is None), name
        if here.unavailable is None:
            factor = scale if name == "permutation" else 1.0
            assert there.statistic == pytest.approx(factor * here.statistic, rel=1e-7), name
            assert there.pvalue == pytest.approx(here.pvalue, rel=1e-6, abs=1e-12), name


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 9), rnd=st.randoms(use_true_random=False))
def test_no_statistic_depends_on_the_order_or_the_blocks_of_the_events(seed, size, rnd):
    section = random_section(seed, events=17, window=Window(0, 1))
    order = list(range(17))
    rnd.shuffle(order)
    blocks = list(section.residuals())
    resid, session = (
        np.concatenate([getattr(block, name) for block in blocks])[order] for name in ("resid", "session")
    )

    def reordered():
        for start in range(0, 17, size):
            part = slice(start, start + size)
            yield replace(blocks[0], rows=np.arange(17)[part], resid=resid[part], session=session[part])

    fields = ("ar", "ar_se", "car", "car_se", "sigma", "df", "nobs", "position")
    other = replace(section, **{name: getattr(section, name)[order] for name in fields}, residuals=reordered)
    for name in set(TESTS) - {"skewness_adjusted_t", "wild_bootstrap"}:
        here, there = TESTS[name](section), TESTS[name](other)
        assert there.unavailable == here.unavailable, name
        if here.unavailable is None:
            assert there.statistic == pytest.approx(here.statistic, rel=1e-9, abs=1e-12), name
            assert there.pvalue == pytest.approx(here.pvalue, rel=1e-8), name


def nobody(section):
    """The section with no event in it."""
    fields = ("ar", "ar_se", "car", "car_se", "sigma", "df", "nobs", "weight", "position")
    empty = {name: getattr(section, name)[:0] for name in fields}
    return replace(section, **empty, left_out=3, residuals=lambda: iter(()))


@pytest.mark.parametrize("name", list(TESTS))
def test_no_test_runs_without_events(name):
    result = run(name, nobody(random_section(25)))
    told = {**result.refusal.values, "need": 0}
    assert fact(result.refusal.code, **told) == fact(
        "unavailable.too_few_left", left_out=3, n=0, window="[0, 0]", need=0
    )
    assert (result.statistic, result.pvalue, result.nobs) == (None, None, 0)


@pytest.mark.parametrize("name", list(TESTS))
def test_an_unknown_side_or_variant_is_one_sentence(name):
    section = random_section(26)
    with pytest.raises(OptionError, match="alternative='up' is not allowed; allowed: two-sided, greater, less"):
        run(name, section, alternative="up")
    with pytest.raises(OptionError, match=f"the test {name} has no variant 'odd'; it has: "):
        run(name, section, variant="odd")


@pytest.mark.parametrize("name", list(TESTS))
def test_every_result_states_its_case(name):
    section = random_section(27, events=40, one_date=name in ("portfolio_t", "mvrm_f", "lamb"), holes=0.0)
    result = run(name, section)
    assert result.unavailable is None
    assert result.nobs == 40
    assert result.name == name
    assert " is " in result.null
    assert result.distribution in {"t", "normal", "F", "binomial", "exact", "bootstrap", "permutation"}
    assert (result.df is not None) == (result.distribution in {"t", "F"})
    assert 0.0 <= result.pvalue <= 1.0
    assert TESTS[name].__doc__.count("Null: ") == 1


def test_tests_that_assume_independence_say_so_where_dates_are_shared():
    shared = random_section(28, events=16, one_date=True)
    apart = replace(shared, position=np.arange(16) * 10 + 100)
    for name in ("brown_warner_1980", "cross_sectional_t", "patell_z", "bmp_t", "sign", "wilcoxon", "grank_z"):
        assert run(name, shared).notes == (fact("note.clustered"),)
        assert run(name, apart).notes == ()
    for name in ("crude_dependence", "corrado_rank", "grank_t"):
        assert run(name, shared).notes == ()


def flat(section):
    """The section with equal CARs and standardised CARs in every event."""
    ones = np.full(section.size, 0.01)
    return replace(section, ar=ones[:, None], ar_se=ones[:, None], car=ones, car_se=ones)


REFUSED = {
    "cross_sectional_t": fact("unavailable.equal_cars"),
    "skewness_adjusted_t": fact("unavailable.equal_cars"),
    "bmp_t": fact("unavailable.equal_scars"),
    "adjusted_bmp_t": fact("unavailable.equal_scars"),
    "grank_t": fact("unavailable.equal_scars"),
    "corrado_zivney_rank": fact("unavailable.equal_on_a_day"),
    "wild_bootstrap": fact("unavailable.equal_dates"),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_without_variance_across_events_there_is_no_statistic(name):
    section = replace(flat(random_section(29, events=20)), position=np.arange(20) * 10 + 100)
    assert run(name, section).refusal == REFUSED[name]


def test_without_residual_variance_there_is_no_standardised_return():
    section = random_section(30, events=16, one_date=True, holes=0.0)
    still = np.where(np.arange(16) == 3, 0.0, section.sigma)
    section = replace(
        section, sigma=still, car_se=section.car_se * (still > 0), ar_se=section.ar_se * (still > 0)[:, None]
    )
    for name in (
        "patell_z",
        "bmp_t",
        "adjusted_bmp_t",
        "adjusted_patell_z",
        "grank_t",
        "grank_z",
        "portfolio_t",
        "mvrm_f",
    ):
        assert run(name, section).refusal == fact("unavailable.flat", n=1), name


def test_other_refusals():
    section = random_section(31, events=6)
    short = replace(section, df=np.where(np.arange(6) < 2, 2, section.df))
    assert run("patell_z", short).refusal == fact("unavailable.few_freedom", n=2)
    dates = np.unique(section.position).size
    for name in ("portfolio_t", "mvrm_f", "lamb"):
        reason = fact("unavailable.several_dates", dates=dates)
        assert run(name, section).refusal == reason
    _, _, many = clustered(32, firms=54)
    assert run("mvrm_f", many).refusal == fact("unavailable.too_many_events", df=53, n=54)
    _, _, few = clustered(33)
    assert run("mvrm_f", few, alternative="greater").refusal == fact("unavailable.no_direction")
    other = replace(few, car_se=few.car_se * np.array([1.0, 1.0, 1.0, 1.1]))
    for name in ("portfolio_t", "mvrm_f"):
        assert run(name, other).refusal == fact("unavailable.different_regressors")
    one = replace(
        few, **{k: getattr(few, k)[:1] for k in ("ar", "ar_se", "car", "car_se", "sigma", "df", "nobs", "position")}
    )
    for name in ("cross_sectional_t", "bmp_t", "adjusted_bmp_t", "adjusted_patell_z", "corrado_rank", "wild_bootstrap"):
        assert run(name, one).refusal == fact("unavailable.too_few", n=1, window="[0, 0]", need=2)


WHOLE = ("crude_dependence", "generalized_sign", "corrado_rank", "corrado_zivney_rank", "corrado_zivney_sign")


def test_variants_that_look_beyond_the_window_need_the_whole_of_it():
    section = replace(random_section(34), whole=None)
    reason = fact("unavailable.needs_whole")
    for name in WHOLE:
        assert run(name, section, variant="whole_sample").refusal == reason
    for name in (*WHOLE, "brown_warner_1980", "cross_sectional_t", "lamb", "patell_z", "bmp_t", "sign", "wilcoxon"):
        assert run(name, section, variant="estudy2").refusal == reason


def test_estudy2_refuses_what_it_would_divide_by_zero():
    section = random_section(37, one_date=True, holes=0.0)
    still = replace(section.whole, sigma=np.where(np.arange(9) == 2, 0.0, section.whole.sigma))
    for name in (*WHOLE, "brown_warner_1980", "lamb", "patell_z", "bmp_t", "wilcoxon"):
        result = run(name, replace(section, whole=still), variant="estudy2")
        assert result.refusal == fact("unavailable.flat", n=1)

    def positive():
        for block in section.whole.residuals():
            yield replace(block, resid=np.abs(block.resid))

    up = replace(section, whole=replace(section.whole, residuals=positive))
    reason = fact("unavailable.one_sign", share=1)
    assert run("generalized_sign", up, variant="estudy2").refusal == reason
    nobody_traded = replace(section.whole, ar=np.full_like(section.whole.ar, np.nan))
    reason = fact("unavailable.nobody_traded", window="[0, 0]")
    assert run("patell_z", replace(section, whole=nobody_traded), variant="estudy2").refusal == reason
    short = replace(section.whole, nobs=np.full(9, 54))
    reason = fact("unavailable.no_full_event")
    for name in ("lamb", "patell_z", "bmp_t"):
        assert run(name, replace(section, whole=short), variant="estudy2").refusal == reason


def test_estudy2_knows_one_date_and_single_days():
    several = random_section(35)
    assert run("patell_z", several, variant="estudy2").refusal == fact("unavailable.one_date_only")
    days = random_section(36, one_date=True, window=Window(0, 1))
    for name in (
        "brown_warner_1980",
        "patell_z",
        "bmp_t",
        "sign",
        "generalized_sign",
        "wilcoxon",
        "corrado_zivney_sign",
    ):
        assert run(name, days, variant="estudy2").refusal == fact("unavailable.one_day_only")


def test_the_page_of_tests_names_every_test_and_variant():
    page = (ROOT / "docs" / "tests.md").read_text(encoding="utf-8")
    section = random_section(38)
    for name in TESTS:
        assert f"| `{name}` |" in page
        with pytest.raises(OptionError) as caught:
            run(name, section, variant="?")
        for variant in str(caught.value).partition("it has: ")[2].split(", "):
            assert variant == "none" or f"| `{variant}` |" in page, (name, variant)
