"""Factor, Scholes-Williams, Dimson and GARCH models: by hand, against other software, by identity."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.regression.linear_model as linear_model
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import toeplitz

from eventstudy.abnormal import abnormal_returns, cumulative
from eventstudy.errors import OptionError
from eventstudy.kernel.cases import Case, align
from eventstudy.models import MODELS, garch_market, lagged_factors
from eventstudy.models.dimson import fit_dimson
from eventstudy.models.factor import fit_factor
from eventstudy.models.garch_market import GarchFit, fit_garch_market, maximise
from eventstudy.models.scholes_williams import fit_scholes_williams
from eventstudy.panel import EventPanel
from eventstudy.windows import Window

EXACT = 1e-10  # two float computations of one closed form on decimal returns
MONTE_CARLO = 4.0  # standard errors of a simulated mean: fails by chance once in 16,000
SEARCHED = 1e-3  # standard errors: how near a search that stops at 1e-10 of the likelihood comes to its maximum
DAYS = np.datetime64("2020-01-01") + np.arange(6_000)


def panel_of(y, xs, y1, x1s, *, names=None, span=None, gap=0):
    """Cases from (E, T) and (E, L) returns and (K, E, T) and (K, E, L) regressors; single cases without E."""
    y, y1 = np.atleast_2d(np.asarray(y, dtype=float)), np.atleast_2d(np.asarray(y1, dtype=float))
    cases, days, events = y.shape[0], y.shape[1], y1.shape[1]
    xs = np.asarray(xs, dtype=float).reshape(-1, cases, days)
    names = names or ("SPY", "SMB", "HML", "UMD")[: xs.shape[0]]
    return EventPanel(
        keys=tuple(f"case {row}" for row in range(cases)),
        event_window=Window(0, events - 1),
        names=tuple(names),
        returns=y,
        factors=xs,
        event_returns=y1,
        event_factors=np.asarray(x1s, dtype=float).reshape(-1, cases, events),
        event_span=np.ones(y1.shape, dtype=np.int64) if span is None else np.atleast_2d(span),
        sessions=np.tile(DAYS[:days], (cases, 1)),
        event_sessions=np.tile(DAYS[days:][:events], (cases, 1)),
        gap=None if gap is None else np.full(cases, gap),
    )


def random_panel(seed, factors=1, *, cases=5, days=60, events=4, holes=0.1, gap=0):
    rng = np.random.default_rng(seed)
    total = days + events
    x = rng.normal(0.0005, 0.01, (factors, cases, total))
    slopes = rng.normal(1.0, 0.5, (factors, cases, 1))
    y = 0.001 + (slopes * x).sum(axis=0) + rng.normal(0, 0.02, (cases, total))
    y[:, :days][rng.random((cases, days)) < holes] = np.nan
    x[..., :days][rng.random((factors, cases, days)) < holes / 4] = np.nan
    return panel_of(y[:, :days], x[..., :days], y[:, days:], x[..., days:], gap=gap)


def moved(panel, scale, shift):
    """The same panel with every return of the security times `scale` plus `shift`."""
    return replace(panel, returns=panel.returns * scale + shift, event_returns=panel.event_returns * scale + shift)


# factor


ONE = [-1.0, -1.0, 1.0, 1.0, 0.0]
TWO = [-1.0, 1.0, -1.0, 1.0, 0.0]
HAND = panel_of([-2.0, 1.0, -1.0, 3.0, -1.0], [ONE, TWO], [7.0, 0.0], [[1.0, 0.0], [2.0, -1.0]])


def test_two_factors_by_hand():
    """Orthogonal factors: slopes 3/4 and 7/4, mean 0, squared error 16 - 4 (9 + 49)/16 = 1.5, d.o.f. 2."""
    fit = fit_factor(HAND)
    assert fit.names == ("alpha", "SPY", "SMB")
    assert fit.params[0] == pytest.approx([0.0, 0.75, 1.75], abs=EXACT)
    assert (fit.sigma[0] ** 2, fit.df_resid[0], fit.nobs[0]) == pytest.approx((0.75, 2, 5), abs=EXACT)
    ar = abnormal_returns(HAND, fit)
    assert ar.value[0] == pytest.approx([7 - 0.75 - 3.5, 1.75], abs=EXACT)
    assert ar.std_error[0] ** 2 == pytest.approx([0.75 * (1 + 1 / 5 + 5 / 4), 0.75 * (1 + 1 / 5 + 1 / 4)], abs=EXACT)
    car = cumulative(HAND, fit, Window(0, 1))
    assert car.std_error[0] ** 2 == pytest.approx(0.75 * (2 + 4 / 5 + (1 + 1) / 4), abs=EXACT)


def test_two_factors_without_alpha_by_hand():
    """The same slopes; one degree of freedom more and no 1/T in the variance."""
    fit = fit_factor(HAND, intercept=False)
    assert fit.names == ("SPY", "SMB")
    assert fit.params[0] == pytest.approx([0.75, 1.75], abs=EXACT)
    assert (fit.sigma[0] ** 2, fit.df_resid[0]) == pytest.approx((0.5, 3), abs=EXACT)
    assert abnormal_returns(HAND, fit).std_error[0] ** 2 == pytest.approx([0.5 * 2.25, 0.5 * 1.25], abs=EXACT)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("factors", [1, 3, 4])
def test_factor_model_equals_statsmodels_case_by_case_with_holes(factors, intercept):
    panel = random_panel(factors, factors)
    fit = fit_factor(panel, intercept=intercept)
    ar = abnormal_returns(panel, fit)
    car = cumulative(panel, fit, Window(0, 3))
    constant = [1.0] * intercept
    for row in range(len(panel.keys)):
        used = np.isfinite(panel.returns[row]) & np.isfinite(panel.factors[:, row]).all(axis=0)
        assert 20 < used.sum() < 60
        design = np.array([[*constant, *x] for x in panel.factors[:, row, used].T])
        reference = linear_model.OLS(panel.returns[row, used], design).fit()
        ahead = np.array([[*constant, *x] for x in panel.event_factors[:, row].T])
        assert fit.params[row] == pytest.approx(reference.params, abs=EXACT)
        assert fit.sigma[row] ** 2 == pytest.approx(reference.scale, abs=EXACT)
        assert (fit.df_resid[row], fit.nobs[row]) == (reference.df_resid, reference.nobs)
        assert fit.resid[row, used] == pytest.approx(reference.resid, abs=EXACT)
        prediction = reference.get_prediction(ahead)
        assert fit.expected[row] == pytest.approx(prediction.predicted_mean, abs=EXACT)
        assert ar.std_error[row] == pytest.approx(prediction.se_obs, abs=EXACT)
        together = ahead.sum(axis=0)
        variance = 4 * reference.scale + together @ reference.cov_params() @ together
        assert car.std_error[row] ** 2 == pytest.approx(variance, abs=EXACT)


def test_one_factor_with_alpha_is_the_market_model():
    panel = random_panel(8)
    one, other = fit_factor(panel), MODELS["market"](panel)
    assert one.params.tolist() == other.params.tolist()
    assert abnormal_returns(panel, one).pvalue.tolist() == abnormal_returns(panel, other).pvalue.tolist()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), intercept=st.booleans())
def test_orthogonal_factors_leave_abnormal_returns_as_they_are(seed, intercept):
    """Factors replaced by what the ones before do not explain (one linear map for both windows)."""
    panel = random_panel(seed, 3, cases=1, holes=0)
    before = abnormal_returns(panel, fit_factor(panel, intercept=intercept))
    _, triangle = np.linalg.qr(panel.factors[:, 0].T)
    turn = np.linalg.inv(triangle).T
    turned = replace(
        panel,
        factors=np.einsum("jk,ket->jet", turn, panel.factors),
        event_factors=np.einsum("jk,ket->jet", turn, panel.event_factors),
    )
    assert turned.factors[0, 0] @ turned.factors[2, 0] == pytest.approx(0, abs=EXACT)
    after = abnormal_returns(turned, fit_factor(turned, intercept=intercept))
    assert after.value == pytest.approx(before.value, abs=EXACT)
    assert after.std_error == pytest.approx(before.std_error, abs=EXACT)


def test_collinear_factors_give_no_number():
    panel = random_panel(3, 1, cases=2, holes=0)
    factors = np.concatenate([panel.factors, panel.factors * 2 + 0.01])
    events = np.concatenate([panel.event_factors, panel.event_factors * 2 + 0.01])
    twice = replace(panel, names=("SPY", "SPY2"), factors=factors, event_factors=events)
    assert np.isnan(fit_factor(twice).params).all()
    assert np.isnan(fit_factor(twice).sigma).all()


# Scholes and Williams


# Seven days; the first and the last return are not used.
SYNCHRONOUS = panel_of([9, 3, 1, 0, -2, -2, 7], [1, 2, 1, 0, -1, -2, -1], [5, 0], [3, -1])


def test_scholes_williams_by_hand():
    """Instrument 4 3 0 -3 -4: S_zx = 22, S_zz = 50, S_zy = 29; errors (8 -7 0 -15 14)/22, 3 degrees of freedom."""
    fit = fit_scholes_williams(SYNCHRONOUS)
    assert fit.names == ("alpha", "SPY")
    assert fit.params[0] == pytest.approx([0, 29 / 22], abs=EXACT)
    assert (fit.nobs[0], fit.df_resid[0]) == (5, 3)
    assert fit.resid[0, 1:-1] * 22 == pytest.approx([8, -7, 0, -15, 14], abs=EXACT)
    assert np.isnan(fit.resid[0, [0, -1]]).all()
    assert fit.sigma[0] ** 2 == pytest.approx(534 / 484 / 3, abs=EXACT)
    ar = abnormal_returns(SYNCHRONOUS, fit)
    assert ar.value[0] == pytest.approx([5 - 87 / 22, 29 / 22], abs=EXACT)
    assert ar.std_error[0, 0] ** 2 == pytest.approx(178 / 484 * (1 + 1 / 5 + 9 * 50 / 484), abs=EXACT)
    car = cumulative(SYNCHRONOUS, fit, Window(0, 1))
    assert car.std_error[0] ** 2 == pytest.approx(178 / 484 * (2 + 4 / 5 + 4 * 50 / 484), abs=EXACT)


def test_scholes_williams_by_hand_from_three_regressions():
    """b_-1 = .7, b_0 = 1.3, b_+1 = .9 and 1 + 2 rho = 1 + 12/10 over the same five days: 2.9 / 2.2."""
    y, x = SYNCHRONOUS.returns[0], SYNCHRONOUS.factors[0, 0]
    slopes = [y[1:-1] @ x[shift : 5 + shift] / 10 for shift in range(3)]
    assert slopes == pytest.approx([0.7, 1.3, 0.9], abs=EXACT)
    twice_rho = (x[1:-1] @ x[:-2] + x[1:-1] @ x[2:]) / 10
    assert twice_rho == pytest.approx(1.2, abs=EXACT)
    assert fit_scholes_williams(SYNCHRONOUS).params[0, 1] == pytest.approx(sum(slopes) / 2.2, abs=EXACT)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_forms_of_scholes_williams_agree(seed):
    """Sum of three covariances over the benchmark's own three, on the same days with holes: exact."""
    panel = random_panel(seed)
    fit = fit_scholes_williams(panel)
    for row in range(len(panel.keys)):
        frame = pd.DataFrame({"y": panel.returns[row], "x": panel.factors[0, row]})
        frame["before"], frame["after"] = frame["x"].shift(1), frame["x"].shift(-1)
        covariance = frame.dropna().cov()
        variance = covariance.loc["x", "x"]
        slopes = covariance.loc["y", ["before", "x", "after"]] / variance
        twice_rho = (covariance.loc["x", "before"] + covariance.loc["x", "after"]) / variance
        beta = slopes.sum() / (1 + twice_rho)
        means = frame.dropna().mean()
        assert fit.params[row] == pytest.approx([means["y"] - beta * means["x"], beta], abs=1e-9)
        assert fit.nobs[row] == len(frame.dropna())


def test_textbook_regressions_with_their_own_variances_differ_by_one_over_n():
    rng = np.random.default_rng(4)
    days = 4_000
    x = rng.normal(0, 0.01, days + 1)
    x = x[1:] + 0.3 * x[:-1]
    y = 1.2 * x + rng.normal(0, 0.02, days)
    slopes = [np.polyfit(x[: days - 1], y[1:], 1)[0], np.polyfit(x, y, 1)[0], np.polyfit(x[1:], y[:-1], 1)[0]]
    rho = np.corrcoef(x[1:], x[:-1])[0, 1]
    beta = fit_scholes_williams(panel_of(y, x, [0.0], [0.0])).params[0, 1]
    assert beta == pytest.approx(sum(slopes) / (1 + 2 * rho), abs=10 / days)


@pytest.mark.parametrize("seed", [5, 6])
def test_scholes_williams_equals_instrumental_variables_of_statsmodels(seed):
    from statsmodels.sandbox.regression.gmm import IV2SLS

    panel = random_panel(seed)
    fit = fit_scholes_williams(panel)
    ar = abnormal_returns(panel, fit)
    car = cumulative(panel, fit, Window(1, 3))
    for row in range(len(panel.keys)):
        x = pd.Series(panel.factors[0, row])
        frame = pd.DataFrame({"y": panel.returns[row], "x": x, "z": x.rolling(3, center=True).sum()}).dropna()
        constant = np.ones(len(frame))
        reference = IV2SLS(
            frame["y"].to_numpy(), np.column_stack([constant, frame["x"]]), np.column_stack([constant, frame["z"]])
        ).fit()
        assert fit.params[row] == pytest.approx(reference.params, abs=1e-9)
        assert fit.sigma[row] ** 2 == pytest.approx(reference.scale, abs=EXACT)
        assert fit.df_resid[row] == reference.df_resid
        ahead = np.column_stack([np.ones(4), panel.event_factors[0, row]])
        covariance = reference.scale * np.eye(4) + ahead @ reference.cov_params() @ ahead.T
        assert ar.std_error[row] ** 2 == pytest.approx(np.diag(covariance), abs=EXACT)
        assert car.std_error[row] ** 2 == pytest.approx(covariance[1:, 1:].sum(), abs=EXACT)


@pytest.mark.parametrize("autocorrelation", [0.3, 0.0, -0.2])
def test_scholes_williams_forecast_variance_and_expected_square_by_simulation(autocorrelation):
    """Prediction errors over sigma C have variance 1; residual squares have expectation n - 3 + 1/r^2."""
    rng = np.random.default_rng(7)
    cases, days, events, sigma = 20_000, 60, 3, 0.02
    x = rng.normal(0, 0.01, (cases, days + events + 1))
    x = x[:, 1:] + autocorrelation * x[:, :-1]
    y = 0.001 + 1.2 * x + rng.normal(0, sigma, x.shape)
    panel = panel_of(y[:, :days], x[:, :days], y[:, days:], x[:, days:])
    fit = fit_scholes_williams(panel)
    error = panel.event_returns - fit.expected
    variance = 1 + (fit.leverage_root**2).sum(axis=-1)
    spread = np.sqrt(2 / cases)
    assert (error**2 / sigma**2 / variance).mean(axis=0) == pytest.approx(1, abs=MONTE_CARLO * spread)
    root = fit.leverage_root.sum(axis=1)
    summed = error.sum(axis=1) ** 2 / sigma**2 / (events + (root**2).sum(axis=1))
    assert summed.mean() == pytest.approx(1, abs=MONTE_CARLO * spread)
    z = x[:, : days - 2] + x[:, 1 : days - 1] + x[:, 2:days]
    inside = x[:, 1 : days - 1] - x[:, 1 : days - 1].mean(axis=1, keepdims=True)
    z = z - z.mean(axis=1, keepdims=True)
    squared = (z * inside).sum(axis=1) ** 2 / (z**2).sum(axis=1) / (inside**2).sum(axis=1)
    ratio = np.nansum(fit.resid**2, axis=1) / sigma**2 / (days - 2 - 3 + 1 / squared)
    assert ratio.mean() == pytest.approx(1, abs=MONTE_CARLO * ratio.std() / np.sqrt(cases))
    statistic = abnormal_returns(panel, fit).statistic
    assert 0.8 < statistic.var() < 1.0 + MONTE_CARLO * np.sqrt(2 / statistic.size) + 2 / (days - 6)


def test_a_missing_return_costs_one_observation_and_a_missing_benchmark_three():
    full = random_panel(9, cases=1, holes=0)
    assert fit_scholes_williams(full).nobs[0] == 58
    y, x = np.array(full.returns), np.array(full.factors)
    y[0, 20] = np.nan
    assert fit_scholes_williams(replace(full, returns=y)).nobs[0] == 57
    x[0, 0, 40] = np.nan
    assert fit_scholes_williams(replace(full, returns=y, factors=x)).nobs[0] == 54


@pytest.mark.parametrize(
    ("y", "x"),
    [
        ([0.01, 0.02, 0.03, 0.0, 0.01, 0.02], [0.01] * 6),
        ([0.01, 0.02, 0.03, 0.0], [0.01, 0.0, 0.02, 0.01]),
        ([0.01, 0.02], [0.01, 0.0]),
        ([0.03, 0.02, 0.01, 0.02, 0.03, 0.01], [0.01, 0.02, -0.03, 0.01, 0.02, -0.03]),
    ],
    ids=["constant benchmark", "two observations", "none", "constant instrument"],
)
def test_scholes_williams_without_a_solution_gives_no_number(y, x):
    panel = panel_of(y, x, [0.01], [0.0])
    fit = fit_scholes_williams(panel)
    assert np.isnan(fit.sigma).all()
    assert np.isnan(fit.params).all()
    assert np.isnan(abnormal_returns(panel, fit).value).all()


def asynchronous(days=20_000):
    """A security of beta 1.5 that shows 30 % of each day's market return a day later and 10 % a day early."""
    rng = np.random.default_rng(12)
    market = rng.normal(0, 0.01, days + 2)
    seen = 0.6 * market[1:-1] + 0.3 * market[:-2] + 0.1 * market[2:]
    return 1.5 * seen + rng.normal(0, 0.01, days), market[1:-1]


def test_scholes_williams_and_dimson_undo_what_asynchronous_trading_does_to_beta():
    """The market model finds 0.6 of the beta; standard errors here are below 0.02."""
    y, x = asynchronous()
    assert MODELS["market"](panel_of(y, x, [0.0], [0.0])).params[0, 1] == pytest.approx(0.9, abs=0.05)
    assert fit_scholes_williams(panel_of(y, x, [0.0], [0.0])).params[0, 1] == pytest.approx(1.5, abs=0.08)
    names, rows = lagged_factors(["SPY"], x[None])
    fit = fit_dimson(panel_of(y, rows, [0.0], np.zeros((3, 1)), names=names))
    found = dict(zip(fit.names, fit.params[0], strict=True))
    assert found["SPY[-1]"] == pytest.approx(0.45, abs=0.03)
    assert found["SPY"] == pytest.approx(0.9, abs=0.03)
    assert found["SPY[+1]"] == pytest.approx(0.15, abs=0.03)
    assert found["SPY[sum]"] == pytest.approx(1.5, abs=0.05)


# Dimson


def test_lags_and_leads_move_by_sessions_and_end_in_missing_values():
    values = np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    names, rows = lagged_factors(["SPY", "SMB"], values, lags=2, leads=1)
    assert names == ("SPY", "SMB", "SPY[-1]", "SPY[-2]", "SPY[+1]", "SMB[-1]", "SMB[-2]", "SMB[+1]")
    nan = np.nan
    assert rows[:2].tolist() == values.tolist()
    assert np.array_equal(rows[2:5], [[nan, 1, 2, 3], [nan, nan, 1, 2], [2, 3, 4, nan]], equal_nan=True)
    assert np.array_equal(rows[5:], [[nan, 5, 6, 7], [nan, nan, 5, 6], [6, 7, 8, nan]], equal_nan=True)
    assert lagged_factors(["SPY"], values[:1], lags=0, leads=0)[0] == ("SPY",)
    assert np.isnan(lagged_factors(["SPY"], values[:1], lags=0, leads=9)[1][1:]).sum() == 9 * 4 - 3 - 2 - 1
    assert lagged_factors([], values[:0])[1].shape == (0, 4)


def test_dimson_without_lags_is_the_market_model():
    panel = random_panel(10)
    one, other = fit_dimson(panel), MODELS["market"](panel)
    assert one.names == ("alpha", "SPY", "SPY[sum]")
    assert one.params[:, :2].tolist() == other.params.tolist()
    assert one.params[:, 2].tolist() == other.params[:, 1].tolist()
    assert abnormal_returns(panel, one).std_error.tolist() == abnormal_returns(panel, other).std_error.tolist()
    assert one.df_resid.tolist() == other.df_resid.tolist()


def dimson_case(seed, *, lags, leads, sessions=140):
    """One case cut by the wall from whole series, with holes in the security."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.01, sessions + 1)
    x = x[1:] + 0.3 * x[:-1]
    y = 0.001 + 1.1 * x + rng.normal(0, 0.02, sessions)
    y[rng.random(sessions) < 0.05] = np.nan
    y[100:104] = 0.01
    names, rows = lagged_factors(["SPY"], x[None], lags=lags, leads=leads)
    span = np.isfinite(y).astype(int)
    case = Case("a", 101, 101, DAYS[:sessions], y, dict(zip(names, rows, strict=True)), span)
    return align([case], estimation=Window(-101, -11), event=Window(-1, 2)), y, pd.Series(x)


@pytest.mark.parametrize(("lags", "leads"), [(1, 1), (2, 2), (3, 0), (0, 1)])
def test_dimson_equals_statsmodels(lags, leads):
    panel, y, x = dimson_case(lags + 10 * leads, lags=lags, leads=leads)
    fit = fit_dimson(panel)
    shifts = [0, *range(1, lags + 1), *range(-1, -leads - 1, -1)]
    design = pd.DataFrame({"constant": 1.0, **{f"{shift}": x.shift(shift) for shift in shifts}})
    past = design[:91].join(pd.Series(y[:91], name="y")).dropna()
    reference = linear_model.OLS(past["y"], past.drop(columns="y")).fit()
    assert fit.nobs[0] == len(past)
    assert fit.df_resid[0] == reference.df_resid == len(past) - 2 - lags - leads
    assert fit.params[0, :-1] == pytest.approx(reference.params.to_numpy(), abs=EXACT)
    assert fit.params[0, -1] == pytest.approx(reference.params.iloc[1:].sum(), abs=EXACT)
    ahead = reference.get_prediction(design[100:104])
    ar = abnormal_returns(panel, fit)
    assert ar.value[0] == pytest.approx(y[100:104] - ahead.predicted_mean, abs=EXACT)
    assert ar.std_error[0] == pytest.approx(ahead.se_obs, abs=EXACT)


@pytest.mark.parametrize("far", [1, 2])
def test_fowler_rorke_beta_is_the_generalised_scholes_williams_beta(far):
    """Sum of Cov(b'x, R_m,t+j) over sum of Cov(R_m,t, R_m,t+j), j = -n..n, autocorrelations beyond n zero."""
    panel, _, _ = dimson_case(21, lags=far, leads=far)
    fit = fit_dimson(panel, weights="fowler_rorke")
    plain = fit_dimson(panel)
    assert fit.params[0, :-1].tolist() == plain.params[0, :-1].tolist()
    used = panel.observed[0]
    rows = dict(zip(panel.names, panel.factors[:, 0, used], strict=True))
    rho = [np.corrcoef(rows["SPY"], rows[f"SPY[-{lag}]"])[0, 1] for lag in range(1, far + 1)]
    slopes = dict(zip(fit.names, fit.params[0], strict=True))
    ordered = [slopes[f"SPY[{shift:+d}]" if shift else "SPY"] for shift in range(-far, far + 1)]
    autocovariance = toeplitz([1.0, *rho, *[0.0] * far])
    beta = (autocovariance @ ordered).sum() / autocovariance[far].sum()
    assert slopes["SPY[sum]"] == pytest.approx(beta, abs=EXACT)
    assert slopes["SPY[sum]"] != pytest.approx(plain.params[0, -1], abs=1e-3)
    assert abnormal_returns(panel, fit).value.tolist() == abnormal_returns(panel, plain).value.tolist()


def test_fowler_rorke_weights_by_hand():
    """rho_1 = 1/2: weight (1 + 1/2) / (1 + 1) = 3/4 of the slopes a day away."""
    x, before = np.array([1.0, 1.0, -1.0, -1.0, 1.0, -1.0]), np.array([1.0, 1.0, -1.0, -1.0, 0.0, 0.0])
    before[4:] = 0.5 * x[4:] * (-1)
    rho = x @ before / np.sqrt((x @ x) * (before @ before))
    after = np.array([1.0, -1.0, 1.0, -1.0, 0.0, 0.0])
    y = 2.0 * x + 0.4 * before - 0.2 * after
    panel = panel_of(y, [x, before, after], [0.0], np.zeros((3, 1)), names=("SPY", "SPY[-1]", "SPY[+1]"))
    weight = (1 + rho) / (1 + 2 * rho)
    assert fit_dimson(panel).params[0, -1] == pytest.approx(2.2, abs=EXACT)
    assert fit_dimson(panel, weights="fowler_rorke").params[0, -1] == pytest.approx(2 + 0.2 * weight, abs=EXACT)


def test_the_last_session_has_no_lead_and_so_no_abnormal_return():
    rng = np.random.default_rng(2)
    x, y = rng.normal(0, 0.01, 50), rng.normal(0, 0.01, 50)
    names, rows = lagged_factors(["SPY"], x[None])
    case = Case("a", 48, 48, DAYS[:50], y, dict(zip(names, rows, strict=True)), np.ones(50, dtype=int))
    panel = align([case], estimation=Window(-48, -5), event=Window(0, 1))
    fit = fit_dimson(panel)
    assert fit.nobs[0] == 43  # of 44 days: the first session has no lag
    ar = abnormal_returns(panel, fit)
    assert np.isfinite(ar.std_error[0, 0])
    assert np.isnan(ar.value[0, 1])
    assert np.isnan(ar.std_error[0, 1])


# GARCH


def clustered(seed, sessions, *, cases=1, arch=0.1, garch=0.8, sigma=0.02):
    """Market-model returns with GARCH(1,1) errors, and the benchmark: (cases, sessions) each."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.01, (cases, sessions))
    variance = np.full(cases, sigma**2)
    error = np.empty((cases, sessions))
    for day in range(sessions):
        error[:, day] = rng.normal(size=cases) * np.sqrt(variance)
        variance = sigma**2 * (1 - arch - garch) + arch * error[:, day] ** 2 + garch * variance
    return 0.001 + 1.2 * x + error, x


def garch_panel(seed, *, days=250, events=4, gap=0, **options):
    y, x = clustered(seed, days + events, **options)
    return panel_of(y[:, :days], x[:, :days], y[:, days:], x[:, days:], gap=gap)


def log_likelihood(params, y, x, presample):
    """From the definition, a day at a time."""
    constant, slope, omega, arch, garch = params
    square = variance = presample
    total = 0.0
    for one, other in zip(y, x, strict=True):
        variance = omega + arch * square + garch * variance
        square = (one - constant - slope * other) ** 2
        total -= 0.5 * (np.log(2 * np.pi * variance) + square / variance)
    return total


@pytest.mark.parametrize("seed", [1, 6])
def test_garch_parameters_maximise_the_likelihood_written_from_its_definition(seed):
    """In decimal returns: no step of 0.01 or of 1 standard error in any of 60 directions improves it."""
    panel = garch_panel(seed)
    fit = fit_garch_market(panel)
    assert fit.names == ("alpha", "SPY", "omega", "arch", "garch")
    y, x = panel.returns[0], panel.factors[0, 0]
    least_squares = MODELS["market"](panel)
    presample = (least_squares.resid[0] ** 2).mean()
    best = log_likelihood(fit.params[0], y, x, presample)
    assert best > log_likelihood([*least_squares.params[0], presample, 0, 0], y, x, presample)
    size = np.array([0.02 / 16, 0.02 / 0.01 / 16, 2e-5, 0.05, 0.1])
    rng = np.random.default_rng(0)
    for step in rng.normal(size=(60, 5)):
        direction = step / np.linalg.norm(step) * size
        for near in (SEARCHED * 10, 1.0):
            moved_to = fit.params[0] + direction * near
            if (moved_to[2:] >= 0).all() and moved_to[3] + moved_to[4] < 1:
                assert log_likelihood(moved_to, y, x, presample) < best


def variances(params, y, x, presample):
    """The recursion from its definition."""
    constant, slope, omega, arch, garch = params
    square, variance, found = presample, presample, []
    for one, other in zip(y, x, strict=True):
        variance = omega + arch * square + garch * variance
        found.append(variance)
        square = (one - constant - slope * other) ** 2
    return np.array(found)


@pytest.mark.parametrize("seed", [1, 4, 9])
def test_garch_parameter_part_of_the_forecast_variance_is_the_inverse_information(seed):
    """sum x x'/h + (1/2) sum dh dh'/h^2 in decimal returns, the derivatives by central differences; full (L, L)."""
    panel = garch_panel(seed)
    fit = fit_garch_market(panel)
    assert fit.params[0, 3] > 0.1
    y, x = panel.returns[0], panel.factors[0, 0]
    presample = (MODELS["market"](panel).resid[0] ** 2).mean()
    h = variances(fit.params[0], y, x, presample)
    steps = np.diag([1e-6, 1e-4, 0, 0, 0])[:2]
    moves = [
        (variances(fit.params[0] + step, y, x, presample) - variances(fit.params[0] - step, y, x, presample))
        / (2 * step.sum())
        for step in steps
    ]
    design, gradient = np.column_stack([np.ones(250), x]), np.column_stack(moves)
    information = design.T @ (design / h[:, None]) + 0.5 * (gradient / h[:, None]).T @ (gradient / h[:, None])
    ahead = np.column_stack([np.ones(4), panel.event_factors[0, 0]])
    wanted = ahead @ np.linalg.inv(information) @ ahead.T
    root = fit.leverage_root[0] * fit.sigma[0]
    assert root @ root.T == pytest.approx(wanted, rel=1e-6)


def test_garch_that_finds_no_clustering_is_least_squares_with_one_variance():
    """No GARCH variance around the mean squared residual is as likely; standard errors differ by T and T - 2."""
    panel = garch_panel(2)
    fit, market = fit_garch_market(panel), MODELS["market"](panel)
    presample = (market.resid[0] ** 2).mean()
    assert fit.params[0] == pytest.approx([*market.params[0], presample, 0, 0], abs=EXACT)
    y, x = panel.returns[0], panel.factors[0, 0]
    best = log_likelihood(fit.params[0], y, x, presample)
    for arch in (0.01, 0.03, 0.1, 0.3):
        for garch in (0.0, 0.3, 0.6):
            variance = [presample * (1 - arch - garch), arch, garch]
            assert log_likelihood([*fit.params[0, :2], *variance], y, x, presample) < best
    one, other = abnormal_returns(panel, fit), abnormal_returns(panel, market)
    assert one.std_error == pytest.approx(other.std_error * np.sqrt(248 / 250), abs=EXACT)


def test_garch_takes_the_higher_of_two_maxima():
    """The package's own start alone ends lower on this series, at a variance that lasts."""
    y, x = clustered(15, 120, arch=0.3, garch=0.0)
    z = (x[0] - x[0].mean()) / x[0].std()
    scaled = y[0] / 0.02
    one, fit = arch_result(scaled, z), maximise(scaled, z)
    presample = ((scaled - np.polyval(np.polyfit(z, scaled, 1), z)) ** 2).mean()
    assert log_likelihood(fit.params, scaled, z, presample) > one.loglikelihood + 0.5


def test_garch_residuals_and_variances_follow_the_recursion():
    y, x = clustered(3, 300)
    z = (x[0] - x[0].mean()) / x[0].std()
    scaled = y[0] / 0.02
    fit = maximise(scaled, z)
    constant, slope, omega, arch, garch = fit.params
    assert fit.resid == pytest.approx(scaled - constant - slope * z, abs=1e-9)
    again = omega + arch * fit.resid[:-1] ** 2 + garch * fit.variance[:-1]
    assert fit.variance[1:] == pytest.approx(again, rel=1e-9)


def test_garch_forecast_by_hand():
    """h_1 = .1 + .2 * 4 + .7 * 1 = 1.6, then .1 + .9 h: 1.54, 1.486; without reversion a constant step."""
    fit = GarchFit(np.array([0, 0, 0.1, 0.2, 0.7]), np.array([1.0, -2.0]), np.array([3.0, 1.0]))
    assert fit.forecast(3) == pytest.approx([1.6, 1.54, 1.486], abs=EXACT)
    assert fit.forecast(0).size == 0
    unit_root = GarchFit(np.array([0, 0, 0.1, 0.2, 0.8]), np.array([-2.0]), np.array([1.0]))
    assert unit_root.forecast(3) == pytest.approx([1.7, 1.8, 1.9], abs=EXACT)


def arch_result(y, z):
    from arch.univariate import GARCH, LS

    slope, constant = np.polyfit(z, y, 1)
    square = ((y - constant - slope * z) ** 2).mean()
    model = LS(y, z[:, None], volatility=GARCH(1, 0, 1), rescale=False)
    return model.fit(disp="off", backcast=float(square), tol=1e-10, cov_type="classic")


def test_garch_forecast_and_covariance_meet_those_of_arch():
    """arch's variance forecast; its covariance from the Hessian, which differs from the information by sampling."""
    y, x = clustered(4, 3_000)
    z = (x[0] - x[0].mean()) / x[0].std()
    scaled = y[0] / 0.02
    reference, fit = arch_result(scaled, z), maximise(scaled, z)
    ahead = reference.forecast(horizon=20, x=np.zeros((1, 20)))
    assert fit.forecast(20) == pytest.approx(ahead.residual_variance.to_numpy()[0], rel=1e-6)
    hessian = reference.param_cov.to_numpy()[:2, :2]
    assert np.diag(fit.mean_covariance(z)) == pytest.approx(np.diag(hessian), rel=0.05)


def constant_variance(y, z):
    """The fit that a likelihood with arch = garch = 0 has: least squares and its mean squared residual."""
    slope, constant = np.polyfit(z, y, 1)
    resid = y - constant - slope * z
    square = (resid**2).mean()
    return GarchFit(np.array([constant, slope, square, 0.0, 0.0]), resid, np.full(y.size, square))


def test_garch_with_both_parameters_zero_is_the_market_model(monkeypatch):
    """Identical up to maximum likelihood's division by T instead of T - 2, with holes and a return over three days."""
    monkeypatch.setattr(garch_market, "maximise", constant_variance)
    panel = replace(random_panel(14, gap=2), event_span=np.array([[1, 3, 1, 2]] * 5))
    fit, market = fit_garch_market(panel), MODELS["market"](panel)
    assert fit.params[:, :2] == pytest.approx(market.params, abs=EXACT)
    assert (fit.params[:, 3:] == 0).all()
    assert fit.sigma == pytest.approx(market.sigma, abs=EXACT)
    assert fit.df_resid.tolist() == market.df_resid.tolist()
    shrink = np.sqrt(market.df_resid / market.nobs)
    one, other = abnormal_returns(panel, fit), abnormal_returns(panel, market)
    assert one.value == pytest.approx(other.value, abs=EXACT)
    assert one.std_error == pytest.approx(other.std_error * shrink[:, None], abs=EXACT)
    for window in (Window(0, 3), Window(1, 2)):
        one, other = cumulative(panel, fit, window), cumulative(panel, market, window)
        assert one.value == pytest.approx(other.value, abs=EXACT)
        assert one.std_error == pytest.approx(other.std_error * shrink, abs=EXACT)


def test_garch_on_errors_of_constant_variance_is_near_the_market_model():
    """2,000 days: parameters within a tenth of their standard errors, standard errors of AR within 5 %."""
    panel = garch_panel(15, days=2_000, cases=4, arch=0, garch=0)
    fit, market = fit_garch_market(panel), MODELS["market"](panel)
    assert fit.params[:, 0] == pytest.approx(market.params[:, 0], abs=0.1 * 0.02 / np.sqrt(2_000))
    assert fit.params[:, 1] == pytest.approx(market.params[:, 1], abs=0.1 * 2 / np.sqrt(2_000))
    one, other = abnormal_returns(panel, fit), abnormal_returns(panel, market)
    assert one.std_error == pytest.approx(other.std_error, rel=0.05)


def test_garch_expects_a_storm_to_go_on_and_to_fade():
    calm, x = clustered(16, 260, arch=0.15, garch=0.8)
    storm = np.array(calm)
    storm[0, 240:250] = 1.2 * x[0, 240:250] + 0.08 * np.resize([1, -1], 10)
    panel = panel_of(storm[:, :250], x[:, :250], storm[:, 250:], x[:, 250:])
    fit = fit_garch_market(panel)
    own = fit.own_variance(panel.event_span)[0]
    assert own[0] > 2
    assert (np.diff(own) < 0).all()
    errors = abnormal_returns(panel, fit).std_error[0]
    assert errors[0] > 1.4 * abnormal_returns(panel, MODELS["market"](panel)).std_error[0, 0]


def test_garch_gap_and_missing_days_move_the_forecast_and_nothing_else():
    """Forecasts count sessions from the last observation; the likelihood skips missing days."""
    near = garch_panel(17, events=8)
    fit = fit_garch_market(near)
    far = fit_garch_market(replace(near, gap=np.array([3])))
    assert far.params.tolist() == fit.params.tolist()
    assert far.innovation_variance[0, :5] == pytest.approx(fit.innovation_variance[0, 3:], rel=1e-12)
    y, x = near.returns[0], near.factors[0, 0]
    hole = np.insert(y, 100, [np.nan, np.nan]), np.insert(x, 100, [0.01, 0.02])
    inside = fit_garch_market(panel_of(*hole, near.event_returns, near.event_factors))
    assert inside.params.tolist() == fit.params.tolist()
    assert inside.innovation_variance.tolist() == fit.innovation_variance.tolist()
    assert (inside.nobs[0], np.isnan(inside.resid[0]).sum()) == (250, 2)
    end = np.append(y, [np.nan, np.nan, np.nan]), np.append(x, [0.01, 0.02, 0.0])
    late = fit_garch_market(panel_of(*end, near.event_returns, near.event_factors))
    assert late.innovation_variance.tolist() == far.innovation_variance.tolist()


def test_garch_return_over_several_sessions_is_the_sum_of_its_days():
    parts = garch_panel(18, events=3)
    whole = panel_of(
        parts.returns,
        parts.factors,
        [parts.event_returns[0, 0], np.nan, parts.event_returns[0, 1:].sum()],
        [parts.event_factors[0, 0, 0], 0.0, parts.event_factors[0, 0, 1:].sum()],
        span=[1, 0, 2],
    )
    one = abnormal_returns(whole, fit_garch_market(whole))
    other = cumulative(parts, fit_garch_market(parts), Window(1, 2))
    assert one.value[0, 2] == pytest.approx(other.value[0], abs=EXACT)
    assert one.std_error[0, 2] == pytest.approx(other.std_error[0], abs=EXACT)
    assert np.isnan(one.value[0, 1])


def test_garch_event_days_do_not_enter_the_likelihood_and_cases_do_not_meet():
    together = garch_panel(19, cases=3, days=120)
    fit = fit_garch_market(together)
    shocked = fit_garch_market(replace(together, event_returns=together.event_returns + 0.5))
    assert shocked.params.tolist() == fit.params.tolist()
    assert shocked.innovation_variance.tolist() == fit.innovation_variance.tolist()
    alone = panel_of(
        together.returns[1], together.factors[0, 1], together.event_returns[1], together.event_factors[0, 1]
    )
    assert fit_garch_market(alone).params[0].tolist() == fit.params[1].tolist()


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100), shift=st.floats(-0.05, 0.05))
def test_garch_does_not_depend_on_units(seed, scale, shift):
    """Times `scale`: AR and its error times `scale`; a constant only on alpha; both up to the search."""
    panel = garch_panel(seed, days=120, arch=0.15, garch=0.6)
    before = fit_garch_market(panel)
    after = fit_garch_market(moved(panel, scale, shift))
    one, other = abnormal_returns(panel, before), abnormal_returns(moved(panel, scale, shift), after)
    near = SEARCHED * one.std_error * scale
    assert (np.abs(other.value - one.value * scale) < near).all()
    assert (np.abs(other.std_error - one.std_error * scale) < near).all()
    assert after.params[0, 0] == pytest.approx(before.params[0, 0] * scale + shift, abs=0.01 * SEARCHED * scale)


@pytest.mark.parametrize(
    ("y", "x"),
    [
        ([0.01, 0.02, 0.03, 0.0, 0.01, 0.02, 0.0, 0.01], [0.01] * 8),
        ([0.01, 0.02, 0.03, 0.0, 0.01], [0.01, 0.0, 0.02, 0.01, -0.01]),
        ([0.02, 0.0, 0.04, 0.02, -0.02, 0.06, 0.02, 0.01], [0.01, 0.0, 0.02, 0.01, -0.01, 0.03, 0.01, 0.005]),
    ],
    ids=["constant benchmark", "five observations", "no residual"],
)
def test_garch_without_a_solution_gives_no_number(y, x):
    panel = panel_of([y, y], [x, x], [[0.01], [0.01]], [[0.0], [0.0]])
    fit = fit_garch_market(panel)
    for values in (fit.params, fit.sigma, fit.expected, fit.resid, fit.innovation_variance):
        assert np.isnan(values).all()
    assert np.isnan(abnormal_returns(panel, fit).std_error).all()


def test_garch_whose_search_fails_has_no_number_beside_one_that_has(monkeypatch):
    panel = garch_panel(20, cases=2, days=100)
    found = iter([None, *[constant_variance] * 1])

    def sometimes(y, z):
        fit = next(found)
        return fit and fit(y, z)

    monkeypatch.setattr(garch_market, "maximise", sometimes)
    fit = fit_garch_market(panel)
    assert np.isnan(fit.sigma[0])
    assert np.isnan(fit.params[0]).all()
    assert np.isfinite(fit.params[1]).all()
    assert fit.nobs.tolist() == [100, 100]


def test_a_search_that_does_not_converge_is_not_a_fit(monkeypatch):
    """Both searches stuck: no fit. One stuck where the other converged: the fit. Stuck at arch = 0: one variance."""
    import arch.univariate

    y, x = clustered(5, 200, arch=0.3, garch=0.5)
    z = (x[0] - x[0].mean()) / x[0].std()
    scaled = y[0] / 0.02
    whole = maximise(scaled, z)
    assert whole.params[3] > 0.1
    search, fates = arch.univariate.LS.fit, []

    def fated(self, **options):
        result = search(self, **options)
        result._optim_output.status = fates.pop(0)
        return result

    monkeypatch.setattr(arch.univariate.LS, "fit", fated)
    fates[:] = [8, 4]
    assert maximise(scaled, z) is None
    for fate in ([8, 0], [0, 8]):
        fates[:] = fate
        assert maximise(scaled, z).params == pytest.approx(whole.params, abs=1e-4)
    calm = garch_panel(2)
    fates[:] = [4, 4]
    assert fit_garch_market(calm).params[0, 3:].tolist() == [0, 0]


def test_garch_without_its_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "arch.univariate", None)
    with pytest.raises(OptionError) as told:
        fit_garch_market(garch_panel(1))
    assert str(told.value) == (
        "model='garch_market' needs the package arch; install it with: pip install \"exact-eventstudy[garch]\""
    )


def test_garch_needs_to_know_how_far_ahead_it_forecasts():
    with pytest.raises(ValueError, match="garch_market needs a panel that knows its gap"):
        fit_garch_market(garch_panel(1, gap=None))
    with pytest.raises(OptionError) as told:
        fit_garch_market(garch_panel(1, gap=-1))
    assert str(told.value) == (
        "model='garch_market' forecasts: the estimation window of 'case 0' must end before its events"
    )


# all of them


@pytest.mark.parametrize("model", ["scholes_williams", "garch_market"])
@pytest.mark.parametrize(("factors", "given"), [(0, "none"), (2, "SPY, SMB")])
def test_models_of_one_benchmark_say_so(model, factors, given):
    panel = random_panel(1, factors)
    with pytest.raises(OptionError) as told:
        MODELS[model](panel)
    assert str(told.value) == f"model={model!r} takes one benchmark; given: {given}"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_factor(random_panel(1, 0)), "model='factor' needs at least one factor; given: none"),
        (lambda: fit_dimson(random_panel(1, 0)), "model='dimson' needs a benchmark; given: none"),
        (
            lambda: fit_dimson(dimson_case(1, lags=2, leads=1)[0], weights="fowler_rorke"),
            "weights='fowler_rorke' takes as many leads as lags, one or two; 'SPY' has the shifts -2, -1, 0, +1",
        ),
        (
            lambda: fit_dimson(random_panel(1), weights="fowler_rorke"),
            "weights='fowler_rorke' takes as many leads as lags, one or two; 'SPY' has the shifts 0",
        ),
        (
            lambda: fit_dimson(random_panel(1), weights="vasicek"),
            "weights='vasicek' is not allowed; allowed: dimson, fowler_rorke",
        ),
        (
            lambda: lagged_factors(["SPY"], np.zeros((1, 5)), lags=-1),
            "lags=-1 is not allowed; it is 0 or more",
        ),
        (
            lambda: lagged_factors(["SPY", "SPY[-1]"], np.zeros((2, 5))),
            "two regressors would be called 'SPY[-1]'; rename the factor of that name",
        ),
    ],
    ids=["no factor", "no benchmark", "uneven", "no lags", "weights", "negative", "same name"],
)
def test_what_models_refuse(call, message):
    with pytest.raises(OptionError) as told:
        call()
    assert str(told.value) == message


@settings(max_examples=30, deadline=None)
@given(
    model=st.sampled_from(["factor", "scholes_williams", "dimson"]),
    seed=st.integers(0, 10_000),
    scale=st.floats(0.1, 10),
    shift=st.floats(-0.05, 0.05),
)
def test_scale_and_shift_equivariance(model, seed, scale, shift):
    """Scaling the security scales AR and its error; a constant on it changes only alpha."""
    panel = random_panel(seed, cases=2)
    before, after = MODELS[model](panel), MODELS[model](moved(panel, scale, shift))
    one, other = abnormal_returns(panel, before), abnormal_returns(moved(panel, scale, shift), after)
    leverage = np.sqrt(1 + (before.leverage_root**2).sum(axis=-1))  # of instrumental variables it may be large
    assert (np.abs(other.value - one.value * scale) < 1e-9 * leverage).all()
    assert (np.abs(other.std_error - one.std_error * scale) < 1e-9 * leverage).all()


# the wall


def test_the_wall_counts_the_gap_and_hides_benchmarks_over_several_sessions():
    values, span = np.arange(30.0), np.ones(30, dtype=int)
    values[5], span[5], span[6] = np.nan, 0, 2
    case = Case("a", 20, 18, DAYS[:30], values, {"SPY": np.linspace(0, 1, 30)}, span)
    panel = align([case, replace(case, anchor=20)], estimation=Window(-18, -5), event=Window(-1, 3))
    assert panel.gap.tolist() == [5, 3]  # sessions 14 to 18, and 16 to 18
    assert np.isnan(panel.factors[0, 0]).tolist() == [column == 6 for column in range(14)]
    assert np.isnan(panel.returns[0]).tolist() == [column in (5, 6) for column in range(14)]
    assert fit_scholes_williams(panel).nobs[0] == 14 - 2 - 3  # days 5, 6 and 7 lack the benchmark of day 6
