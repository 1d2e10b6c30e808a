"""Seemingly unrelated regressions: by hand, against the stacked system, by identity, and their size."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.abnormal import abnormal_returns
from eventstudy.errors import InputError, OptionError
from eventstudy.facts import fact
from eventstudy.inference import bootstrap_pvalue, fit_jointly, mvrm_f, sur, wald
from eventstudy.inference.gls import designed, estimated, residual_covariance
from eventstudy.inference.sur import Equation, contrast, fit_sur
from eventstudy.models import MODELS
from tests.test_models import panel_of

EXACT = 1e-10  # two float computations of one closed form
MONTE_CARLO = 4.0  # standard errors of a simulated share: fails by chance once in 16,000


def sample(seed, securities=3, days=60, events=1, *, rho=0.4, same=False, k=2, tails=None):
    """Equations of correlated securities, each with its own regressors or all with the same; no effect."""
    rng = np.random.default_rng(seed)
    return drawn(rng, regressors(rng, securities, days + events, k, same=same), days, rho=rho, tails=tails)


def regressors(rng, securities, days, k, *, same=False):
    x = rng.normal(0.0, 0.01, (1 if same else securities, days, k - 1))
    x = np.concatenate([np.ones((len(x), days, 1)), x], axis=2)
    return np.repeat(x, securities, axis=0) if same else x


def drawn(rng, x, days, *, rho=0.4, tails=None):
    """Returns with equicorrelated errors on given regressors, (N, T + L, k)."""
    securities, total = x.shape[:2]
    root = np.linalg.cholesky(np.full((securities, securities), rho) + (1.0 - rho) * np.eye(securities))
    errors = rng.normal(size=(total, securities)) if tails is None else rng.standard_t(tails, (total, securities))
    y = x.sum(axis=2) * 0.5 + 0.02 * (errors @ root.T).T
    return [Equation(f"s{i}", y[i, :days], x[i, :days], y[i, days:], x[i, days:]) for i in range(securities)]


def gapped(equations, *gaps):
    """The equations without some rows of y each."""
    found = []
    for one, gap in zip(equations, gaps, strict=True):
        y = one.y.copy()
        y[gap] = np.nan
        found.append(replace(one, y=y))
    return found


def wald_of(fit, matrix):
    """``a'V^-1 a`` of contrasts between securities, a row each, on every event day."""
    select = np.einsum("mn,ql->mqnl", matrix, np.eye(fit.ar.shape[1])).reshape(-1, fit.ar.size)
    value = select @ fit.ar.ravel()
    return value @ np.linalg.solve(select @ fit.covariance @ select.T, value)


def jointly(equations):
    return fit_jointly(
        np.column_stack([one.y for one in equations]),
        equations[0].x[:, 1],
        np.column_stack([one.event_y for one in equations]),
        equations[0].event_x[:, 1],
    )


# by hand


def by_hand():
    ones, signs = np.ones((4, 1)), np.array([[1.0], [1.0], [-1.0], [-1.0]])
    return fit_sur(
        [
            Equation("a", np.array([4.0, 2.0, 1.0, 1.0]), ones, np.array([2.0]), np.array([[1.0]])),
            Equation("b", np.array([3.0, 1.0, 0.0, -2.0]), signs, np.array([3.0]), np.array([[2.0]])),
        ]
    )


def test_two_equations_by_hand():
    """Least squares: 2 and 1.5, residuals (2, 0, -1, -1) and (1.5, -.5, 1.5, -.5), so s = (6, 2; 2, 5) / 3.

    Here r^2 = 2/15. Generalised least squares moves a by -(2/5) mean(e_b) = -.2 and b by -(2/6) (signs'e_a)/4 = -1/3.
    """
    fit = by_hand()
    assert fit.sigma == pytest.approx(np.array([[6.0, 2.0], [2.0, 5.0]]) / 3.0, abs=EXACT)
    assert fit.correlation[0, 1] ** 2 == pytest.approx(4.0 / 30.0, abs=EXACT)
    assert fit.params[:, 0] == pytest.approx([1.8, 1.5 - 1.0 / 3.0], abs=EXACT)
    assert fit.ar[:, 0] == pytest.approx([0.2, 3.0 - 2.0 * (1.5 - 1.0 / 3.0)], abs=EXACT)
    kept = 26.0 / 30.0  # 1 - r^2
    variance = [2.0 + 2.0 * kept / 4.0, 5.0 / 3.0 + 4.0 * (5.0 / 3.0) * kept / 4.0]
    assert fit.covariance == pytest.approx(np.array([[variance[0], 2 / 3], [2 / 3, variance[1]]]), abs=EXACT)
    assert fit.df.tolist() == [[3, 3], [3, 3]]
    test = contrast(fit, np.array([1.0, -1.0]), draws=0, null="a and b moved alike")
    std_error = np.sqrt(sum(variance) - 4.0 / 3.0)
    assert test.name == "sur_t"
    assert test.hypothesis == fact("stated", words="a and b moved alike", otherwise="not_zero")
    assert (test.estimate, test.std_error) == pytest.approx((0.2 - 2.0 / 3.0, std_error), abs=EXACT)
    assert test.statistic == pytest.approx((0.2 - 2.0 / 3.0) / std_error, abs=EXACT)
    assert (test.distribution, test.df, test.nobs, test.notes) == ("t", 3.0, 2, ())
    assert test.pvalue == pytest.approx(2.0 * stats.t.sf(abs(test.statistic), 3), abs=EXACT)
    half = stats.t.isf(0.025, 3) * std_error
    assert test.conf_int == pytest.approx((test.estimate - half, test.estimate + half), abs=EXACT)


# against the stacked system


def stacked(equations, sigma):
    """All equations with their dummies in one generalised least squares, Omega inverted whole."""
    days, events = equations[0].y.size, equations[0].event_y.size
    rows, y, blocks = [], [], []
    for i, one in enumerate(equations):
        dates = np.concatenate([one.y, one.event_y])
        x = np.vstack([one.x, one.event_x])
        there = np.flatnonzero(np.isfinite(dates) & np.isfinite(x).all(axis=1))
        dummies = np.vstack([np.zeros((days, events)), np.eye(events)])[there]
        dummies = dummies[:, dummies.any(axis=0)]
        rows += [(i, t) for t in there]
        y.append(dates[there])
        blocks.append((x[there], dummies))
    width, extra = sum(x.shape[1] for x, _ in blocks), sum(d.shape[1] for _, d in blocks)
    design, top, column, dummy = np.zeros((len(rows), width + extra)), 0, 0, width
    for x, dummies in blocks:
        design[top : top + len(x), column : column + x.shape[1]] = x
        design[top : top + len(x), dummy : dummy + dummies.shape[1]] = dummies
        top, column, dummy = top + len(x), column + x.shape[1], dummy + dummies.shape[1]
    omega = np.array([[sigma[i, j] if t == u else 0.0 for j, u in rows] for i, t in rows])
    inverse = np.linalg.inv(omega)
    covariance = np.linalg.inv(design.T @ inverse @ design)
    params = covariance @ design.T @ inverse @ np.concatenate(y)
    return params[:width], params[width:], covariance[width:, width:]


@pytest.mark.parametrize("gaps", [False, True])
def test_the_fit_is_that_of_the_stacked_system_with_dummies(gaps):
    equations = sample(1, 3, 25, 2, k=3)
    equations[1] = replace(equations[1], x=equations[1].x[:, :2], event_x=equations[1].event_x[:, :2])
    if gaps:
        equations = gapped(equations, [0, 1, 2, 24], [10, 24], [2, 20, 24])
        missing = equations[2].x.copy()
        missing[7, 1] = np.nan
        equations[2] = replace(equations[2], x=missing, event_y=np.array([np.nan, equations[2].event_y[1]]))
        missing = equations[0].event_x.copy()
        missing[1, 2] = np.nan
        equations[0] = replace(equations[0], event_x=missing)
    fit = fit_sur(equations)
    params, ar, covariance = stacked(equations, fit.sigma)
    known = np.isfinite(fit.ar).ravel()
    assert known.tolist() == ([True, False, True, True, False, True] if gaps else [True] * 6)
    assert fit.params[np.isfinite(fit.params)] == pytest.approx(params, abs=EXACT)
    assert np.isnan(fit.params).tolist() == [[False] * 3, [False, False, True], [False] * 3]
    assert fit.ar.ravel()[known] == pytest.approx(ar, abs=EXACT)
    assert fit.covariance[np.ix_(known, known)] == pytest.approx(covariance, abs=EXACT * 1e-3)
    assert np.isnan(fit.covariance[~known]).all()
    assert np.isnan(fit.covariance[:, ~known]).all()
    for i, one in enumerate(equations):
        used = np.isfinite(one.y) & np.isfinite(one.x).all(axis=1)
        left = one.y[used] - one.x[used] @ fit.params[i, : one.x.shape[1]]
        assert fit.resid[used, i] == pytest.approx(left, abs=EXACT)
        assert np.isnan(fit.resid[~used, i]).all()


def test_the_residual_covariance_is_pairwise_with_own_variances():
    equations = gapped(sample(2, 3, 40, k=3), slice(0, 10), slice(5, 8), [39])
    equations[1] = replace(equations[1], x=equations[1].x[:, :2], event_x=equations[1].event_x[:, :2])
    fit = fit_sur(equations)
    left = np.full((40, 3), np.nan)
    for i, one in enumerate(equations):
        used = np.isfinite(one.y)
        left[used, i] = one.y[used] - one.x[used] @ np.linalg.lstsq(one.x[used], one.y[used], rcond=None)[0]
    counts, width = [30, 37, 39], [3, 2, 3]
    for i in range(3):
        assert fit.sigma[i, i] == pytest.approx(np.nansum(left[:, i] ** 2) / (counts[i] - width[i]), rel=EXACT)
        for j in range(i):
            both = np.isfinite(left[:, i] * left[:, j])
            a, b = left[both, i], left[both, j]
            expected = a @ b / np.sqrt(a @ a * (b @ b))
            assert fit.correlation[i, j] == pytest.approx(expected, rel=EXACT)
            assert fit.sigma[i, j] == pytest.approx(expected * np.sqrt(fit.sigma[i, i] * fit.sigma[j, j]), rel=EXACT)
    assert fit.nobs.tolist() == [[30, 30, 29], [30, 37, 36], [29, 36, 39]]
    assert fit.df.tolist() == [[27, 27, 26], [27, 35, 33], [26, 33, 36]]
    assert (fit.complete, fit.repaired) == (29, False)
    rows = [np.array(weights) for weights in ([0, 1, 0], [0, 1, -1], [1, 0, 1], [1, 1, 1])]
    tests = [contrast(fit, weights, draws=0) for weights in rows]
    assert [test.df for test in tests] == [35.0, 33.0, 26.0, 26.0]
    assert [test.nobs for test in tests] == [1, 2, 2, 3]


# identities


@pytest.mark.parametrize("events", [1, 3])
def test_equal_regressors_and_dates_are_least_squares_and_the_multivariate_model(events):
    equations = sample(3, 4, 50, events, same=True)
    fit, joint = fit_sur(equations), jointly(equations)
    assert fit.ar == pytest.approx(joint.ar.T, abs=1e-14)
    covariance = np.kron(joint.scatter / joint.df_resid, joint.leverage)
    assert fit.covariance == pytest.approx(covariance, rel=EXACT)
    assert (fit.df == 48).all()
    assert wald_of(fit, np.eye(4)) == pytest.approx(wald(joint).statistic, rel=EXACT)
    if events > 1:
        return
    for matrix, equal in ((np.eye(4), False), (np.eye(4)[1:] - np.eye(4)[0], True)):
        count = len(matrix)
        f = wald_of(fit, matrix) * (48 - count + 1) / (count * 48)
        assert f == pytest.approx(mvrm_f(joint, equal=equal).statistic, rel=EXACT)


def test_the_bootstrap_of_equal_regressors_is_that_of_the_multivariate_model():
    equations = sample(4, 3, 40, same=True, tails=4)
    joint = jointly(equations)
    fit = fit_sur(equations)
    found, singular = sur._bootstrap(fit, np.eye(3)[:, :, None], wald_of(fit, np.eye(3)), 299, 5)
    expected = bootstrap_pvalue(joint, mvrm_f(joint), np.random.default_rng(5), draws=299)
    assert (found, singular) == (expected, 0)
    assert 0.05 < expected < 0.95  # or agreement would say little


def test_the_mean_contrast_is_the_portfolio():
    equations = sample(6, 4, 50, 2, same=True)
    whole = replace(
        equations[0],
        y=np.mean([one.y for one in equations], axis=0),
        event_y=np.mean([one.event_y for one in equations], axis=0),
    )
    found = contrast(fit_sur(equations), np.full(4, 0.25), draws=0)
    expected = contrast(fit_sur([whole]), np.ones(1), draws=0)
    assert found.df == expected.df == 48.0
    for field in ("estimate", "std_error", "statistic", "pvalue"):
        assert getattr(found, field) == pytest.approx(getattr(expected, field), rel=EXACT)


@pytest.mark.parametrize("gap", [[], [3, 4, 17]])
def test_one_equation_is_the_market_model(gap):
    (one,) = gapped(sample(7, 1, 40, 3), gap)
    fit = fit_sur([one])
    used = np.isfinite(one.y)
    panel = panel_of(one.y[used][None], one.x[used, 1], one.event_y[None], one.event_x[:, 1])
    expected = abnormal_returns(panel, MODELS["market"](panel))
    assert fit.ar == pytest.approx(expected.value, abs=EXACT)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(expected.std_error[0], rel=EXACT)
    for day in range(3):
        test = contrast(fit, np.eye(3)[day][None], draws=0)
        assert (test.statistic, test.pvalue) == pytest.approx(
            (expected.statistic[0, day], expected.pvalue[0, day]), rel=1e-9
        )
        assert test.df == expected.df[0, day]


def test_weights_per_security_are_for_the_sum_of_the_days():
    fit = fit_sur(sample(8, 3, 40, 2))
    weights = np.array([1.0, 0.5, -1.5])
    found = contrast(fit, weights, draws=19)
    assert found == contrast(fit, np.column_stack([weights, weights]), draws=19)
    assert found.estimate == pytest.approx(weights @ fit.ar.sum(axis=1), abs=EXACT)
    each = np.repeat(weights, 2)
    assert found.std_error == pytest.approx(np.sqrt(each @ fit.covariance @ each), rel=EXACT)


def test_units_order_and_the_form_of_regressors_do_not_matter():
    equations = gapped(sample(10, 3, 40, 2, k=3), [1], [2, 3], [])
    fit = fit_sur(equations)
    weights = np.array([1.0, 1.0, -2.0])
    expected = contrast(fit, weights, draws=99)
    mixing = np.array([[1.0, 0.0, 3.0], [0.0, 1e-9, 1e4], [0.0, 0.0, 1e4]])
    mixed = [replace(one, x=one.x @ mixing, event_x=one.event_x @ mixing) for one in equations]
    assert contrast(fit_sur(mixed), weights, draws=0).statistic == pytest.approx(expected.statistic, rel=1e-8)
    percent = [replace(one, y=100.0 * one.y, event_y=100.0 * one.event_y) for one in equations]
    found = contrast(fit_sur(percent), weights, draws=99)
    assert found.estimate == pytest.approx(100.0 * expected.estimate, rel=EXACT)
    assert (found.statistic, found.bootstrap_pvalue) == pytest.approx(
        (expected.statistic, expected.bootstrap_pvalue), rel=EXACT
    )
    turned = fit_sur(equations[::-1])
    assert contrast(turned, weights[::-1], draws=99).bootstrap_pvalue == expected.bootstrap_pvalue


def test_an_effect_is_added_to_the_abnormal_return_and_to_nothing_else():
    equations = sample(11, 2, 40, 2)
    fit = fit_sur(equations)
    lifted = replace(equations[0], event_y=equations[0].event_y + np.array([0.0, 0.07]))
    moved = fit_sur([lifted, equations[1]])
    assert moved.ar - fit.ar == pytest.approx(np.array([[0.0, 0.07], [0.0, 0.0]]), abs=EXACT)
    assert (moved.covariance == fit.covariance).all()


# repair, refusals


def indefinite(days=60):
    """Three pairs on three stretches of dates whose correlations contradict each other, and some complete dates."""
    rng = np.random.default_rng(12)
    a, b, c, common = rng.normal(size=(4, days))
    third = days // 4
    y = np.full((3, days), np.nan)
    y[0, :third], y[1, :third] = common[:third], common[:third] + 0.1 * a[:third]
    second, last, rest = slice(third, 2 * third), slice(2 * third, 3 * third), slice(3 * third, days)
    y[1, second], y[2, second] = common[second], common[second] + 0.1 * b[second]
    y[0, last], y[2, last] = common[last], -common[last] + 0.1 * c[last]
    y[:, rest] = 0.1 * rng.normal(size=(3, days - 3 * third))
    ones = np.ones((days, 1))
    return [Equation(name, one, ones, np.array([1.0]), np.ones((1, 1))) for name, one in zip("abc", y, strict=True)]


def test_correlations_that_contradict_each_other_are_those_of_the_complete_dates():
    equations = indefinite(96)
    fit = fit_sur(equations)
    left = np.column_stack([one.y - np.nanmean(one.y) for one in equations])
    complete = left[72:]
    products = complete.T @ complete
    expected = products / np.sqrt(np.outer(np.diag(products), np.diag(products)))
    assert fit.repaired
    assert fit.complete == 24
    assert fit.correlation == pytest.approx(expected, abs=EXACT)
    assert np.diag(fit.sigma) == pytest.approx(np.nanvar(left, axis=0, ddof=1), rel=EXACT)
    assert fit.df.tolist() == [[71, 23, 23], [23, 71, 23], [23, 23, 71]]
    test = contrast(fit, np.array([1.0, -1.0, 0.0]), draws=19)
    assert test.df == 23.0
    assert test.notes == (fact("note.repaired", dates=24), fact("note.bootstrap", draws=19, dates=24))


def test_pairwise_correlations_give_way_at_half_of_the_smallest_eigenvalue():
    """No correlation on the 20 complete dates, 1 - share over all that a and b have."""
    equations = gapped(sample(13, 3, 40), [], [], slice(20, 40))
    design, _ = designed(equations)
    rng = np.random.default_rng(14)
    basis = np.linalg.qr(rng.normal(size=(20, 3)))[0]  # orthonormal on the 20 complete dates
    second = np.linalg.qr(rng.normal(size=(20, 2)))[0]
    for share, expected in ((0.55, False), (0.45, True)):
        resid = np.zeros((1, 40, 3))
        resid[0, :20] = basis
        want = 1.0 - share  # pairwise correlation of a and b over all dates; that of the complete dates is 0
        size = 100.0
        resid[0, 20:, 0] = size * second[:, 0]
        resid[0, 20:, 1] = size * (want * second[:, 0] + np.sqrt(1.0 - want**2) * second[:, 1])
        sigma, repaired, singular = residual_covariance(design, resid)
        assert (repaired.tolist(), singular.tolist()) == ([expected], [False])
        correlation = sigma[0, 0, 1] / np.sqrt(sigma[0, 0, 0] * sigma[0, 1, 1])
        assert correlation == pytest.approx(0.0 if expected else want, abs=1e-3)


def refusal(equations):
    with pytest.raises(InputError) as caught:
        fit_sur(equations)
    return str(caught.value)


def test_equations_that_cannot_be_estimated_are_refused():
    one, two, three = sample(15, 3, 30)
    few, other = gapped([one, two], slice(2, 30), [])
    assert refusal([few, other]) == "s0 has 2 dates for 2 parameters; give it a longer window"
    early, late = gapped([one, two], slice(12, 30), slice(0, 11))
    late = replace(late, x=late.x[:, :1], event_x=late.event_x[:, :1])
    assert refusal([three, early, late]) == (
        "s0 and s1 share 1 dates, too few for 2 parameters and the covariance of their residuals; give them windows "
        "that overlap, or test them apart"
    )
    early, late = gapped([one, two], slice(12, 30), slice(0, 10))
    assert refusal([early, late]).startswith("s0 and s1 share 2 dates, too few for 2 parameters")
    early, late = gapped([one, two], slice(13, 30), slice(0, 10))
    assert fit_sur([early, late]).df.tolist() == [[11, 1], [1, 18]]
    twice = replace(one, x=np.column_stack([one.x, 2.0 * one.x[:, 1] - 1.0]), event_x=np.ones((1, 3)))
    assert refusal([two, twice]) == "s0: the 3 regressors are collinear on the 30 days; take one out"
    exact = replace(two, y=two.x @ np.array([0.01, 2.0]))
    assert refusal([one, exact]) == (
        "the regressors of s1 fit its returns exactly, so there is no error to test against"
    )
    assert refusal([one, replace(two, y=np.zeros(30))]) == (
        "the regressors of s1 fit its returns exactly, so there is no error to test against"
    )
    assert refusal([one, two, replace(one, name="again", y=3.0 * one.y)]) == (
        "the covariance of the residuals on the 30 dates that all 3 equations have has no inverse; leave a security "
        "out or give them longer common windows"
    )
    never = gapped([one, two, three], slice(0, 10), slice(10, 20), slice(20, 30))
    assert refusal(never).startswith("the covariance of the residuals on the 0 dates that all 3 equations have has no")
    nine = sample(16, 9, 10, same=True)
    assert refusal(nine).startswith("the covariance of the residuals on the 10 dates that all 9 equations have has no")
    assert fit_sur(sample(16, 8, 10, same=True)).repaired is False  # as many as degrees of freedom


def test_contradictions_without_enough_complete_dates_are_refused():
    equations = [
        replace(one, x=np.column_stack([one.x, np.arange(63) % 2, np.arange(63) % 3]), event_x=np.ones((1, 3)))
        for one in indefinite(63)
    ]
    trimmed = gapped(equations, *[[45, *range(49, 63)]] * 3)
    assert refusal(trimmed) == (
        "the pairwise correlations of the residuals do not fit together and the 3 dates that all 3 equations have are "
        "too few to take their place; give them longer common windows"
    )


def test_equations_that_do_not_fit_together_are_refused():
    one, two = sample(17, 2, 20)
    like = "but s0 has 20 dates and 1 event days; give every equation as many"
    assert refusal([]) == "the equations are none; give one or more, each with its own name"
    assert refusal([one, replace(two, name="s0")]) == (
        "the equations are s0, s0; give one or more, each with its own name"
    )
    assert refusal([one, replace(two, y=two.y[1:])]) == f"y of s1 has shape (19,), {like}"
    assert refusal([one, replace(two, x=two.x[1:])]) == f"x of s1 has shape (19, 2), {like}"
    assert refusal([one, replace(two, x=two.x[:, 1])]) == f"x of s1 has shape (20,), {like}"
    assert refusal([one, replace(two, event_y=np.zeros(2))]) == f"event_y of s1 has shape (2,), {like}"
    assert refusal([one, replace(two, event_x=np.ones((1, 3)))]) == f"event_x of s1 has shape (1, 3), {like}"
    assert refusal([replace(one, event_y=np.zeros(0), event_x=np.zeros((0, 2)))]) == (
        "event_y of s0 has shape (0,), but s0 has 20 dates and 0 event days; give every equation as many"
    )
    for field in ("y", "x", "event_y", "event_x"):
        values = getattr(two, field).copy()
        values.flat[0] = np.inf
        assert refusal([one, replace(two, **{field: values})]) == (
            f"{field} of s1 has an infinite value; write NaN where there is none"
        )


def test_options_that_say_nothing_are_refused():
    fit = fit_sur(sample(18, 2, 30, 2))
    weighing = "the weights are missing or all zero; give numbers, some of them not zero"
    for call, message in (
        (lambda: contrast(fit, np.ones(3)), "weights of shape (3,) do not fit; give (2,) for CARs or (2, 2)"),
        (lambda: contrast(fit, np.ones((1, 2))), "weights of shape (1, 2) do not fit; give (2,) for CARs or (2, 2)"),
        (lambda: contrast(fit, np.ones((2, 1))), "weights of shape (2, 1) do not fit; give (2,) for CARs or (2, 2)"),
        (lambda: contrast(fit, np.zeros(2)), weighing),
        (lambda: contrast(fit, np.array([1.0, np.nan])), weighing),
        (lambda: contrast(fit, np.ones(2), draws=-1), "draws=-1 is not allowed; it is 0 for no bootstrap, or more"),
    ):
        with pytest.raises(OptionError) as caught:
            call()
        assert str(caught.value) == message


def test_a_missing_abnormal_return_stops_only_the_tests_that_weigh_it():
    one, two, three = sample(19, 3, 40, 2)
    missing = replace(three, event_y=np.array([three.event_y[0], np.nan]))
    fit, full = fit_sur([one, two, missing]), fit_sur([one, two, three])
    reason = fact("unavailable.no_ar_on_day", security="s2", day=2, days=2)
    test = contrast(fit, np.ones(3))
    assert (test.refusal, test.statistic, test.pvalue, test.bootstrap_pvalue) == (reason, None, None, None)
    for weights in (np.array([1.0, -1.0, 0.0]), np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])):
        assert contrast(fit, weights, draws=49) == contrast(full, weights, draws=49)


def test_words():
    fit = fit_sur(sample(21, 2, 30))
    assert contrast(fit, np.ones(2), draws=0).hypothesis == fact("weighted_sum", otherwise="not_zero")
    assert contrast(fit, np.ones(2), null="chips moved alike", draws=0).null == "chips moved alike"


def test_records_copy_and_do_not_let_go():
    equations = sample(22, 2, 30)
    y = equations[0].y.copy()
    one = replace(equations[0], y=y)
    before = one.y[0]
    y[0] = 9.0
    assert one.y[0] == before
    fit = fit_sur(equations)
    for record in (one, fit, fit.design):
        arrays = [getattr(record, field.name) for field in fields(record)]
        assert all(not held.flags.writeable for held in arrays if isinstance(held, np.ndarray))


# bootstrap


@pytest.mark.parametrize("constant", [True, False])
def test_the_bootstrap_is_the_fit_of_every_draw(constant):
    """Each draw as equations of their own, with the same gaps, through the public function."""
    equations = gapped(sample(23, 3, 40, 2, tails=4), slice(0, 6), [], [8, 30])
    if not constant:  # then the residuals have a mean, which is not drawn
        equations = [replace(one, y=one.y + 0.1, x=one.x[:, 1:], event_x=one.event_x[:, 1:]) for one in equations]
    fit = fit_sur(equations)
    weights = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, -2.0]])
    t = contrast(fit, weights, draws=39, seed=3)
    complete = fit.resid[np.isfinite(fit.resid).all(axis=1)]
    assert len(complete) == fit.complete == 32
    pool = complete - complete.mean(axis=0)
    rows = np.random.default_rng(3).integers(0, 32, size=(39, 42))
    ts = []
    for row in rows:
        redrawn = [
            replace(one, y=np.where(np.isfinite(one.y), pool[row[:40], i], np.nan), event_y=pool[row[40:], i])
            for i, one in enumerate(equations)
        ]
        ts.append(abs(contrast(fit_sur(redrawn), weights, draws=0).statistic))
    assert t.bootstrap_pvalue == (1 + sum(np.array(ts) >= abs(t.statistic))) / 40
    assert 1 / 40 < t.bootstrap_pvalue < 1.0
    assert t.notes == (fact("note.bootstrap", draws=39, dates=32),)


def test_the_same_seed_gives_the_same_p_in_any_block(monkeypatch):
    fit = fit_sur(sample(24, 3, 40))
    weights = np.array([1.0, 1.0, -1.0])
    first = contrast(fit, weights, draws=199, seed=8)
    assert contrast(fit, weights, draws=199, seed=8) == first
    assert contrast(fit, weights, draws=199, seed=9).bootstrap_pvalue != first.bootstrap_pvalue
    monkeypatch.setattr(sur, "_CELLS", 41 * 3 * 20)
    assert contrast(fit, weights, draws=199, seed=8) == first


def test_a_huge_effect_has_the_smallest_p_and_none_the_largest():
    equations = sample(25, 2, 40)
    weights = np.array([1.0, -1.0])
    fit = fit_sur([replace(equations[0], event_y=equations[0].event_y + 1.0), equations[1]])
    assert contrast(fit, weights, draws=199).bootstrap_pvalue == 1 / 200
    gap = contrast(fit_sur(equations), weights, draws=0).estimate
    none = fit_sur([replace(equations[0], event_y=equations[0].event_y - gap), equations[1]])
    assert contrast(none, weights, draws=199).bootstrap_pvalue > 0.98


def test_few_complete_dates_have_no_bootstrap():
    equations = sample(26, 2, 40)
    fit = fit_sur(gapped(equations, slice(0, 21), []))
    test = contrast(fit, np.ones(2))
    assert test.bootstrap_pvalue is None
    assert test.pvalue is not None
    assert test.notes == (fact("note.no_bootstrap", dates=19, need=20),)
    assert contrast(fit_sur(gapped(equations, slice(0, 20), [])), np.ones(2), draws=9).bootstrap_pvalue is not None


def test_draws_without_a_covariance_count_as_more_extreme():
    """Twenty dates drawn with replacement leave some thirteen different ones, now and then too few for 12 equations."""
    equations = sample(27, 12, 20, k=1, rho=0.0)
    equations[0] = replace(equations[0], event_y=np.array([9.0]))
    test = contrast(fit_sur(equations), np.eye(12)[0], draws=199)
    drawn, singular = test.notes
    assert drawn == fact("note.bootstrap", draws=199, dates=20)
    assert singular.code == "note.singular_draws"
    count = singular.values["draws"]
    rows = np.random.default_rng(sur.SEED).integers(0, 20, size=(199, 21))[:, :20]
    few = sum(len(set(row)) - 1 < 12 for row in rows.tolist())
    assert count == few > 0
    assert test.bootstrap_pvalue == (1 + count) / 200


def test_rows_that_no_security_has_do_no_harm():
    equations = gapped(sample(28, 2, 40), slice(0, 5), slice(0, 5))
    cut = [replace(one, y=one.y[5:], x=one.x[5:]) for one in equations]
    found, expected = (contrast(fit_sur(ones), np.ones(2), draws=99) for ones in (equations, cut))
    assert (found.statistic, found.df) == (pytest.approx(expected.statistic, rel=EXACT), expected.df)
    assert found.bootstrap_pvalue is not None


# simulations


def share(hits):
    return np.mean(hits), np.sqrt(0.05 * 0.95 / len(hits))


def test_size_of_the_contrast_with_different_regressors():
    rng = np.random.default_rng(30)
    x = regressors(rng, 3, 61, 2)
    weights = np.array([0.5, 0.5, -1.0])
    hits = []
    for _ in range(1000):
        equations = gapped(drawn(rng, x, 60, rho=0.4), slice(0, 5), [], slice(20, 24))
        hits.append(contrast(fit_sur(equations), weights, draws=0).pvalue < 0.05)
    found, error = share(hits)
    assert abs(found - 0.05) < MONTE_CARLO * error


def test_correlated_residuals_and_other_regressors_make_it_more_precise_than_least_squares():
    """Error of the prediction ``x_d'(b - beta)`` over draws, least squares against generalised; and what is claimed."""
    rng = np.random.default_rng(32)
    x = regressors(rng, 3, 41, 3)
    x[:, 40, 1:] = 0.03  # an event day far out, where the coefficients matter
    least, general, claimed = [], [], []
    for _ in range(400):
        equations = drawn(rng, x, 40, rho=0.8)
        fit = fit_sur(equations)
        general.append(fit.params @ x[0, 40] - 0.5 * x[0, 40].sum())
        claimed.append(np.diag(fit.covariance) - np.diag(fit.sigma))
        alone = [np.linalg.lstsq(one.x, one.y, rcond=None)[0] for one in equations]
        least.append(np.array(alone) @ x[0, 40] - 0.5 * x[0, 40].sum())
    gain = np.var(general, axis=0) / np.var(least, axis=0)
    assert (gain < 0.7).all()
    assert np.mean(claimed, axis=0) / np.var(general, axis=0) == pytest.approx(np.ones(3), abs=0.25)


def test_estimates_of_many_draws_are_those_of_each():
    equations = gapped(sample(34, 3, 30), [0, 1], [29], [])
    design, _ = designed(equations)
    y = np.random.default_rng(35).normal(size=(5, 30, 3)) * design.used
    together = estimated(design, y)
    for row in range(5):
        alone = estimated(design, y[row : row + 1])
        assert together.coef[row] == pytest.approx(alone.coef[0], abs=EXACT)
        assert together.sigma[row] == pytest.approx(alone.sigma[0], abs=EXACT)
