"""Joint tests: by hand, against Wilks' lambda of statsmodels, by identity, and their size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.abnormal import abnormal_returns
from eventstudy.facts import fact
from eventstudy.inference import ResidualBlock, bootstrap_pvalue, cross_correlation, fit_jointly, mvrm_f, wald
from eventstudy.models import MODELS
from tests.test_anchors import section
from tests.test_models import EXACT, panel_of


def sample(seed, securities=3, days=80, events=1, rho=0.4, effect=0.0):
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, days + events)
    common = rng.normal(0, 1, days + events)[:, None]
    own = rng.normal(0, 1, (days + events, securities))
    resid = 0.02 * (np.sqrt(rho) * common + np.sqrt(1 - rho) * own)
    y = 0.0005 + market[:, None] * np.linspace(0.5, 1.5, securities) + resid
    y[days:] += effect
    return y[:days], market[:days], y[days:], market[days:]


def test_two_event_days_of_one_security_by_hand():
    """The hand-worked fixture: joint F(2, 3) = 46.8633."""
    fit = fit_jointly(
        np.array([[-1.9, -1.2, 0.1, 0.9, 2.1]]).T,
        np.array([-2.0, -1, 0, 1, 2]),
        np.array([[5.0], [-2.0]]),
        np.array([3.0, -1.0]),
    )
    test = mvrm_f(fit)
    assert test.df == (2.0, 3.0)
    assert test.statistic == pytest.approx(46.8633, abs=5e-5)
    assert test.pvalue == pytest.approx(stats.f.sf(46.8633, 2, 3), rel=1e-5)


def test_one_security_one_day_is_the_squared_t():
    y, x, y1, x1 = sample(1, securities=1)
    panel = panel_of(y.T, x, y1.T, x1)
    single = abnormal_returns(panel, MODELS["market"](panel))
    test = mvrm_f(fit_jointly(y, x, y1, x1))
    assert test.statistic == pytest.approx(single.statistic[0, 0] ** 2, rel=1e-10)
    assert test.pvalue == pytest.approx(single.pvalue[0, 0], rel=1e-9)


@pytest.mark.parametrize(("securities", "events"), [(2, 1), (4, 1), (2, 3), (3, 2), (4, 3)])
def test_f_equals_wilks_lambda_of_statsmodels(securities, events):
    """The multivariate linear hypothesis "all dummies are zero" of statsmodels, an independent program."""
    from statsmodels.multivariate.multivariate_ols import _MultivariateOLS

    y, x, y1, x1 = sample(2, securities=securities, events=events, effect=0.01)
    days = len(x)
    dummies = np.vstack([np.zeros((days, events)), np.eye(events)])
    design = np.column_stack([np.ones(days + events), np.concatenate([x, x1]), dummies])
    contrast = np.hstack([np.zeros((events, 2)), np.eye(events)])
    reference = _MultivariateOLS(np.vstack([y, y1]), design).fit().mv_test([("zero", contrast, None, None)])
    row = reference.results["zero"]["stat"].loc["Wilks' lambda"]
    test = mvrm_f(fit_jointly(y, x, y1, x1))
    assert test.statistic == pytest.approx(float(row["F Value"]), rel=1e-8)
    assert test.df == pytest.approx((float(row["Num DF"]), float(row["Den DF"])), rel=1e-10)
    assert test.pvalue == pytest.approx(float(row["Pr > F"]), rel=1e-6)


def test_closed_form_of_one_day():
    """F = ((nu - N + 1)/(N nu)) d'(S/nu)^-1 d / q."""
    y, x, y1, x1 = sample(3, securities=4)
    fit = fit_jointly(y, x, y1, x1)
    nu, width = fit.df_resid, 4
    d = fit.ar[0]
    quadratic = d @ np.linalg.solve(fit.scatter / nu, d) / fit.leverage[0, 0]
    assert mvrm_f(fit).statistic == pytest.approx((nu - width + 1) / (width * nu) * quadratic, rel=1e-10)
    assert wald(fit).statistic == pytest.approx(quadratic, rel=1e-10)
    assert wald(fit).pvalue == pytest.approx(stats.chi2.sf(quadratic, width), rel=1e-10)


def test_equality_ignores_a_common_effect_and_all_zero_does_not():
    y, x, y1, x1 = sample(4, securities=3, days=200)
    plain = mvrm_f(fit_jointly(y, x, y1, x1), equal=True)
    moved = fit_jointly(y, x, y1 + 0.2, x1)
    assert mvrm_f(moved, equal=True).statistic == pytest.approx(plain.statistic, rel=1e-8)
    assert mvrm_f(moved).pvalue < 1e-6
    assert plain.df[0] == 2


def test_equality_does_not_depend_on_which_security_comes_first():
    y, x, y1, x1 = sample(5, securities=4, events=2)
    forward = mvrm_f(fit_jointly(y, x, y1, x1), equal=True)
    backward = mvrm_f(fit_jointly(y[:, ::-1], x, y1[:, ::-1], x1), equal=True)
    assert forward.statistic == pytest.approx(backward.statistic, rel=1e-9)


def test_mean_zero_is_the_market_model_t_of_the_portfolio():
    """a'd / sqrt(a'(S/nu)a q) with equal weights a."""
    y, x, y1, x1 = sample(6, securities=5)
    fit = fit_jointly(y, x, y1, x1)
    weights = np.full(5, 0.2)
    value = weights @ fit.ar[0]
    error = np.sqrt(weights @ (fit.scatter / fit.df_resid) @ weights * fit.leverage[0, 0])
    panel = panel_of(y.mean(axis=1), x, y1.mean(axis=1), x1)
    portfolio = abnormal_returns(panel, MODELS["market"](panel))
    assert value == pytest.approx(portfolio.value[0, 0], abs=EXACT)
    assert value / error == pytest.approx(portfolio.statistic[0, 0], rel=1e-10)


def test_days_that_one_security_misses_are_left_out_for_all():
    y, x, y1, x1 = sample(7)
    holed = y.copy()
    holed[10, 0] = holed[20, 2] = np.nan
    keep = np.isfinite(holed).all(axis=1)
    assert mvrm_f(fit_jointly(holed, x, y1, x1)) == mvrm_f(fit_jointly(y[keep], x[keep], y1, x1))


def test_too_few_days_for_the_securities_is_said_not_computed():
    y, x, y1, x1 = sample(8, securities=6, days=7)
    test = mvrm_f(fit_jointly(y, x, y1, x1))
    assert test.statistic is None
    assert test.pvalue is None
    assert test.refusal == fact("unavailable.too_many_securities", df=5, n=6)


def test_bootstrap_is_seeded_lies_on_its_grid_and_agrees_with_f_for_normal_residuals():
    y, x, y1, x1 = sample(9, securities=2, days=150, effect=0.03)
    fit = fit_jointly(y, x, y1, x1)
    test = mvrm_f(fit)
    first = bootstrap_pvalue(fit, test, np.random.default_rng(5), draws=1999)
    again = bootstrap_pvalue(fit, test, np.random.default_rng(5), draws=1999)
    assert first == again
    assert first * 2000 == pytest.approx(round(first * 2000), abs=1e-9)
    monte_carlo = np.sqrt(test.pvalue * (1 - test.pvalue) / 1999)
    assert first == pytest.approx(test.pvalue, abs=5 * monte_carlo + 0.02)


def test_bootstrap_refuses_a_test_that_could_not_be_run():
    y, x, y1, x1 = sample(8, securities=6, days=7)
    fit = fit_jointly(y, x, y1, x1)
    with pytest.raises(ValueError, match="nothing to bootstrap"):
        bootstrap_pvalue(fit, mvrm_f(fit), np.random.default_rng(1))


def test_mean_correlation_meets_the_variance_identity():
    """1 + (N - 1) rbar = N mean_t(zbar_t^2) for residuals of unit mean square."""
    rng = np.random.default_rng(10)
    resid = rng.normal(size=(90, 5)) + rng.normal(size=(90, 1))
    resid -= resid.mean(axis=0)
    scaled = resid / np.sqrt((resid**2).mean(axis=0))
    block = ResidualBlock(np.arange(5), resid.T, np.tile(np.arange(90), (5, 1)))
    one_date = replace(section(np.ones(5), 1.0), position=np.full(5, 90), residuals=lambda: iter((block,)))
    assert 1 + 4 * cross_correlation(one_date).mean == pytest.approx(5 * (scaled.mean(axis=1) ** 2).mean(), rel=1e-12)


def test_size_of_the_exact_f_and_over_rejection_of_the_wald_test():
    """N = 30, T = 60: the F test holds its 5 %, the asymptotic test does not come near it."""
    rejected = np.zeros(2)
    draws = 400
    for seed in range(draws):
        fit = fit_jointly(*sample(10_000 + seed, securities=30, days=60))
        rejected += [mvrm_f(fit).pvalue < 0.05, wald(fit).pvalue < 0.05]
    exact, asymptotic = rejected / draws
    error = np.sqrt(0.05 * 0.95 / draws)
    assert exact == pytest.approx(0.05, abs=4 * error)
    assert asymptotic > 0.5
