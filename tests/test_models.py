"""Normal-return models and abnormal returns: by hand, against statsmodels, by identity."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.regression.linear_model as linear_model
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstudy.abnormal import abnormal_returns, cumulative, detectable_effect
from eventstudy.intervals import interval
from eventstudy.kernel.cases import Case, align
from eventstudy.models import MODELS
from eventstudy.models.diagnostics import residual_diagnostics
from eventstudy.models.regressions import fit_event_days
from eventstudy.panel import EventPanel
from eventstudy.windows import Window

PRINTED = 5e-7  # half a unit in the last printed digit of the hand-worked figures
EXACT = 1e-10  # two float computations of one closed form on decimal returns
BARS = np.datetime64("2025-01-01") + np.arange(400)


def panel_of(y, x, y1, x1, span=None):
    """One case from its four series."""
    y, x, y1, x1 = (np.atleast_2d(np.asarray(a, dtype=float)) for a in (y, x, y1, x1))
    events = y1.shape[1]
    return EventPanel(
        keys=tuple(f"case {row}" for row in range(y.shape[0])),
        event_window=Window(0, events - 1),
        names=("benchmark",),
        returns=y,
        factors=x[None],
        event_returns=y1,
        event_factors=x1[None],
        event_span=np.ones(y1.shape, dtype=np.int64) if span is None else np.atleast_2d(span),
        sessions=np.tile(BARS[: y.shape[1]], (y.shape[0], 1)),
        event_sessions=np.tile(BARS[y.shape[1] :][:events], (y.shape[0], 1)),
    )


HAND = panel_of([-1.9, -1.2, 0.1, 0.9, 2.1], [-2, -1, 0, 1, 2], [5, -2], [3, -1])


def test_market_model_by_hand():
    """Five days, two event days, worked on paper: a = 0, b = 1.01, s^2 = .079 / 3."""
    fit = MODELS["market"](HAND)
    assert fit.params[0] == pytest.approx([0.0, 1.01], abs=EXACT)
    assert fit.sigma[0] ** 2 == pytest.approx(0.079 / 3, abs=EXACT)
    assert (fit.df_resid[0], fit.nobs[0]) == (3, 5)
    ar = abnormal_returns(HAND, fit)
    assert ar.value[0] == pytest.approx([1.97, -0.99], abs=EXACT)
    assert ar.std_error[0] == pytest.approx([0.2351595, 0.1850225], abs=PRINTED)
    assert ar.statistic[0] == pytest.approx([8.377292, -5.350700], abs=PRINTED)
    assert ar.pvalue[0] == pytest.approx([0.003567, 0.012769], abs=PRINTED)


def test_car_by_hand_has_the_full_covariance():
    """Var(CAR) = 3.2 s^2 here, not the 2 s^2 that ignores the estimation error."""
    fit = MODELS["market"](HAND)
    car = cumulative(HAND, fit, Window(0, 1))
    assert car.value[0] == pytest.approx(0.98, abs=EXACT)
    assert car.std_error[0] ** 2 == pytest.approx(3.2 * 0.079 / 3, abs=EXACT)
    assert car.std_error[0] == pytest.approx(0.2902872, abs=PRINTED)
    assert car.statistic[0] == pytest.approx(3.375967, abs=PRINTED)
    root = fit.leverage_root[0]
    assert np.eye(2) + root @ root.T == pytest.approx(np.array([[2.1, -0.1], [-0.1, 1.3]]), abs=EXACT)


def test_mean_model_by_hand():
    """Mean 0, s^2 = 10.88 / 4, Var(AR) = s^2 (1 + 1/5)."""
    fit = MODELS["mean"](HAND)
    assert fit.params[0, 0] == pytest.approx(0.0, abs=EXACT)
    squares = 1.9**2 + 1.2**2 + 0.1**2 + 0.9**2 + 2.1**2
    assert fit.sigma[0] ** 2 == pytest.approx(squares / 4, abs=EXACT)
    ar = abnormal_returns(HAND, fit)
    assert ar.value[0] == pytest.approx([5.0, -2.0], abs=EXACT)
    assert ar.std_error[0] == pytest.approx(np.sqrt(squares / 4 * 1.2), abs=EXACT)
    assert ar.df[0] == pytest.approx(4)


def test_market_adjusted_by_hand_estimates_nothing():
    """Gaps .1 -.2 .1 -.1 .1 have mean 0 and squares .08; Var(CAR) = 2 s^2, no estimation error."""
    fit = MODELS["market_adjusted"](HAND)
    assert fit.sigma[0] ** 2 == pytest.approx(0.08 / 4, abs=EXACT)
    ar = abnormal_returns(HAND, fit)
    assert ar.value[0] == pytest.approx([2.0, -1.0], abs=EXACT)
    assert ar.std_error[0] == pytest.approx(np.sqrt(0.02), abs=EXACT)
    car = cumulative(HAND, fit, Window(0, 1))
    assert car.std_error[0] == pytest.approx(np.sqrt(2 * 0.02), abs=EXACT)
    assert fit.params.shape == (1, 0)


def random_panel(seed, cases=7, days=60, events=5, holes=0.1):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.01, (cases, days))
    y = 0.001 + 1.3 * x + rng.normal(0, 0.02, (cases, days))
    y[rng.random(y.shape) < holes] = np.nan
    x[rng.random(x.shape) < holes / 3] = np.nan
    x1 = rng.normal(0, 0.01, (cases, events))
    return panel_of(y, x, 1.3 * x1 + rng.normal(0, 0.02, (cases, events)), x1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_market_model_equals_statsmodels_case_by_case_with_holes(seed):
    panel = random_panel(seed)
    fit = MODELS["market"](panel)
    ar = abnormal_returns(panel, fit)
    for row in range(len(panel.keys)):
        used = panel.observed[row]
        design = np.column_stack([np.ones(used.sum()), panel.factors[0, row, used]])
        reference = linear_model.OLS(panel.returns[row, used], design).fit()
        assert fit.params[row] == pytest.approx(reference.params, abs=EXACT)
        assert fit.sigma[row] == pytest.approx(np.sqrt(reference.scale), abs=EXACT)
        assert fit.df_resid[row] == reference.df_resid
        ahead = reference.get_prediction(np.column_stack([np.ones(5), panel.event_factors[0, row]]))
        assert fit.expected[row] == pytest.approx(ahead.predicted_mean, abs=EXACT)
        assert ar.std_error[row] == pytest.approx(ahead.se_obs, abs=EXACT)


@pytest.mark.parametrize("seed", [4, 5])
def test_event_dummies_are_prediction_errors(seed):
    """Karafiath's equivalence, sums included: the dummies' covariance gives the CAR's standard error."""
    panel = random_panel(seed)
    fit = MODELS["market"](panel)
    ar = abnormal_returns(panel, fit)
    car = cumulative(panel, fit, Window(0, 4))
    for row in range(len(panel.keys)):
        used = panel.observed[row]
        dummy = fit_event_days(
            panel.returns[row, used], panel.factors[0, row, used], panel.event_returns[row], panel.event_factors[0, row]
        )
        assert dummy.ar == pytest.approx(ar.value[row], abs=EXACT)
        assert dummy.std_error == pytest.approx(ar.std_error[row], abs=EXACT)
        assert dummy.statistic == pytest.approx(ar.statistic[row], rel=1e-8)
        assert dummy.pvalue == pytest.approx(ar.pvalue[row], abs=1e-9)
        assert dummy.df_resid == fit.df_resid[row]
        assert dummy.covariance.sum() == pytest.approx(car.std_error[row] ** 2, abs=EXACT)
        assert (dummy.alpha, dummy.beta) == pytest.approx(tuple(fit.params[row]), abs=EXACT)


def test_car_of_market_model_meets_salinger_closed_form():
    """s^2 (L + L^2/T + (sum of market deviations)^2 / SS)."""
    panel = random_panel(6, holes=0)
    fit = MODELS["market"](panel)
    car = cumulative(panel, fit, Window(1, 3))
    mean = panel.factors[0].mean(axis=1, keepdims=True)
    squares = ((panel.factors[0] - mean) ** 2).sum(axis=1)
    deviation = (panel.event_factors[0, :, 1:4] - mean).sum(axis=1)
    variance = fit.sigma**2 * (3 + 9 / 60 + deviation**2 / squares)
    assert car.std_error**2 == pytest.approx(variance, rel=1e-10)


def test_missing_event_day_gives_no_ar_and_no_car():
    panel = panel_of([0.01, -0.02, 0.03, 0.01], [0.01, -0.01, 0.02, 0.0], [0.02, np.nan], [0.01, 0.0], span=[1, 0])
    fit = MODELS["market"](panel)
    ar = abnormal_returns(panel, fit)
    assert np.isfinite(ar.std_error[0, 0])
    assert np.isnan(ar.value[0, 1])
    assert np.isnan(ar.std_error[0, 1])
    assert np.isnan(cumulative(panel, fit, Window(0, 1)).value[0])
    assert np.isfinite(cumulative(panel, fit, Window(0, 0)).value[0])


def test_return_over_several_sessions_has_their_variance_and_their_alpha():
    """A trade-to-trade return over n sessions: expected n alpha + beta R_m, own variance n s^2."""
    y, x = [0.01, -0.02, 0.03, 0.01, 0.0], [0.01, -0.01, 0.02, 0.0, 0.005]
    whole = panel_of(y, x, [0.02 + 0.03], [0.01 + 0.02], span=[2])
    parts = panel_of(y, x, [0.02, 0.03], [0.01, 0.02])
    one, two = (MODELS["market"](panel) for panel in (whole, parts))
    joined = abnormal_returns(whole, one)
    summed = cumulative(parts, two, Window(0, 1))
    assert joined.value[0, 0] == pytest.approx(summed.value[0], abs=EXACT)
    assert joined.std_error[0, 0] == pytest.approx(summed.std_error[0], abs=EXACT)


def test_collinear_or_too_few_observations_give_no_number():
    flat = panel_of([0.01, 0.02, 0.03], [0.01, 0.01, 0.01], [0.02], [0.01])
    assert np.isnan(MODELS["market"](flat).params).all()
    two = panel_of([0.01, 0.02], [0.01, 0.03], [0.02], [0.01])
    assert np.isnan(MODELS["market"](two).sigma).all()
    one = panel_of([0.01], [0.01], [0.02], [0.01])
    fit = MODELS["market_adjusted"](one)
    assert np.isnan(fit.sigma[0])
    assert abnormal_returns(one, fit).value[0, 0] == pytest.approx(0.01)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 10), shift=st.floats(-0.05, 0.05))
def test_scale_and_shift_equivariance(seed, scale, shift):
    """Scaling the security scales AR and its error; a constant on it changes only alpha."""
    panel = random_panel(seed, cases=2)
    before = abnormal_returns(panel, MODELS["market"](panel))
    moved = panel_of(
        panel.returns * scale + shift, panel.factors[0], panel.event_returns * scale + shift, panel.event_factors[0]
    )
    fit = MODELS["market"](moved)
    after = abnormal_returns(moved, fit)
    assert after.value == pytest.approx(before.value * scale, abs=1e-9)
    assert after.std_error == pytest.approx(before.std_error * scale, abs=1e-9)
    assert fit.params[:, 0] == pytest.approx(MODELS["market"](panel).params[:, 0] * scale + shift, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_order_of_cases_and_stacking_change_nothing(seed):
    panel = random_panel(seed, cases=4)
    together = abnormal_returns(panel, MODELS["market"](panel))
    for row in (3, 0):
        alone = panel_of(
            panel.returns[row], panel.factors[0, row], panel.event_returns[row], panel.event_factors[0, row]
        )
        single = abnormal_returns(alone, MODELS["market"](alone))
        assert single.value[0] == pytest.approx(together.value[row], abs=1e-13)
        assert single.std_error[0] == pytest.approx(together.std_error[row], abs=1e-13)


def test_pvalue_comes_from_the_survival_function():
    """At t = 40 with many degrees of freedom 1 - cdf is 0; the survival function is not."""
    rng = np.random.default_rng(1)
    y = rng.normal(0, 0.001, 300)
    panel = panel_of(y, rng.normal(0, 0.01, 300), [0.1], [0.0])
    ar = abnormal_returns(panel, MODELS["market"](panel))
    assert 0 < ar.pvalue[0, 0] < 1e-60


def test_detectable_effect_meets_the_published_multiples():
    """2.80 standard errors for a normal, 2.825 for 118 and 2.85 for 58 degrees of freedom."""
    found = detectable_effect(np.ones(3), np.array([1e9, 118.0, 58.0]), level=0.05)
    assert found == pytest.approx([2.80, 2.825, 2.85], abs=0.005)


def test_interval_excludes_zero_exactly_when_p_is_below_five_percent():
    panel = random_panel(11, cases=40)
    ar = abnormal_returns(panel, MODELS["market"](panel))
    low, high = interval(ar.value, ar.std_error, ar.df, 0.95)
    outside = (low > 0) | (high < 0)
    assert outside.any()
    assert not outside.all()
    assert (outside == (ar.pvalue < 0.05)).all()


def case(key, day0, values, span=None):
    values = np.asarray(values, dtype=float)
    count = values.size
    spans = np.where(np.isfinite(values), 1, 0) if span is None else np.asarray(span)
    return Case(key, day0, day0, BARS[:count], values, {"benchmark": np.linspace(0, 1, count)}, spans)


def test_align_cuts_windows_and_leaves_gap_returns_out_of_the_estimation():
    values = np.arange(20.0)
    span = np.ones(20, dtype=int)
    span[3] = 4
    panel = align([case("a", 10, values, span)], estimation=Window(-8, -2), event=Window(-1, 2))
    assert panel.event_returns[0].tolist() == [9, 10, 11, 12]
    assert panel.event_sessions[0, 1] == BARS[10]
    assert np.isnan(panel.returns[0, 1])
    assert panel.observed[0].sum() == 6


def test_align_refuses_a_window_outside_the_sessions():
    with pytest.raises(
        ValueError, match=r"a: the window \[-8, -2\] around 2025-01-06 reaches outside the known sessions"
    ):
        align([case("a", 5, np.arange(20.0))], estimation=Window(-8, -2), event=Window(0, 1))
    with pytest.raises(ValueError, match=r"the window \[0, \+6\]"):
        align([case("a", 15, np.arange(20.0))], estimation=Window(-8, -2), event=Window(0, 6))


def test_arrays_of_a_panel_are_its_own_and_read_only():
    values = np.zeros((1, 5))
    panel = panel_of(values, values, [0.0], [0.0])
    values[0, 0] = 9
    assert panel.returns[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        panel.returns[0, 0] = 1


def test_diagnostics_equal_statsmodels_and_find_what_is_planted():
    from statsmodels.stats.diagnostic import acorr_lm

    rng = np.random.default_rng(3)
    calm = rng.normal(size=300)
    stormy = np.concatenate([rng.normal(size=150), 5 * rng.normal(size=150)])
    by_name = {check.name: check for check in residual_diagnostics(calm)}
    assert set(by_name) == {"jarque_bera", "ljung_box_5", "arch_lm_5"}
    assert all(check.pvalue > 0.01 for check in by_name.values())
    planted = {check.name: check for check in residual_diagnostics(stormy)}
    assert planted["arch_lm_5"].pvalue < 1e-4
    assert planted["jarque_bera"].pvalue < 1e-6
    trend = residual_diagnostics(np.cumsum(calm))
    assert {check.name: check.pvalue for check in trend}["ljung_box_5"] < 1e-6
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        reference = acorr_lm(stormy**2, nlags=5)
    assert planted["arch_lm_5"].statistic == pytest.approx(reference[0], rel=1e-8)
