"""An event's numbers are its own: alone, in company, in any order, on any scale; and those of statsmodels."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.stats.stattools import jarque_bera

import eventstudy as es
from eventstudy.facts import fact
from eventstudy.inference import TESTS
from eventstudy.models import MODELS

SESSIONS = pd.bdate_range("2021-01-04", periods=240)
SAME = 1e-9  # one closed form in blocks of other shapes
FACTORS = ["P", "Q", "S", "U"]
CHOICES = {
    **{name: {} for name in ("market", "market_adjusted", "mean", "factor", "scholes_williams", "dimson")},
    "peer_portfolio": {},
    "peer_portfolio one": {"beta": "one"},
    "factor bare": {"intercept": False},
    "synthetic_control": {},
    "synthetic_control cv": {"augment": "cv"},
    "synthetic_control ridge": {"augment": 1e-4, "ridge": 1e-6},
    "garch_market": {},
}


def world(seed=9):
    """Six firms with holes; own windows of other lengths, of which no two are the same."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, 240)
    factors = pd.DataFrame(market[:, None] + rng.normal(0, 0.01, (240, 4)), index=SESSIONS, columns=FACTORS)
    values = market[:, None] + rng.normal(0, 0.02, (240, 6))
    returns = pd.DataFrame(values, index=SESSIONS, columns=[f"F{n}" for n in range(6)]).assign(MKT=market)
    for n in range(6):
        returns.iloc[rng.integers(40, 130, 4), n] = np.nan
    events = pd.DataFrame(
        {
            "event_id": list("abcdef"),
            "asset": returns.columns[:6],
            "date": [SESSIONS[150 + 5 * n] for n in range(6)],
            "estimation_first": [-90, -100, -75, -120, -81, -90],
            "estimation_last": [-11, -20, -11, -15, -11, -21],
            "event_first": [-1, 0, -2, -3, 0, -1],
            "event_last": [1, 1, 3, 1, 0, 2],
            "weight": [1.0, 2.0, 1.0, 3.0, 1.0, 1.5],
        }
    )
    return returns, factors, events


def study_of(returns, factors, events, choice):
    model = choice.partition(" ")[0]
    given = {"benchmark": "MKT"} if MODELS[model].needs in (None, "benchmark") else {"factors": factors}
    if model == "mean":
        given = {}
    return es.event_study(
        returns,
        events,
        model=model,
        model_options=CHOICES[choice],
        estimation_window=(-90, -11),
        event_window=(-1, 1),
        min_estimation=30,
        **given,
    )


def numbers(study, event):
    """Every number of one event that is not its company's."""
    own = {name: getattr(study, name).loc[event].dropna() for name in ("params", "ar", "ar_se", "sar")}
    own |= {"car": study.car((0, 0)).loc[event], "diagnostics": study.diagnostics().loc[event].dropna()}
    if MODELS[study.model.name].reference is not None:
        own["bhar"] = pd.Series([study.bhar((0, 0))[event]])
    return {name: values.astype(float) for name, values in own.items()}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, values in one.items():
        pd.testing.assert_series_equal(values, other[name], rtol=SAME, atol=1e-12, obj=name)


@pytest.mark.parametrize("choice", CHOICES)
def test_an_event_alone_is_the_event_in_company(choice, monkeypatch):
    if choice.startswith("garch"):
        pytest.importorskip("arch")
    returns, factors, events = world()
    company = study_of(returns, factors, events, choice)
    assert len(company.params) == 6
    turned = study_of(returns.iloc[:, ::-1], factors, events.iloc[::-1], choice)
    for module in ("kernel.estimate", "engine.diagnostics", "engine.longrun"):
        for name, size in (("CHUNK", 3), ("_EVENTS", 3)):
            monkeypatch.setattr(sys.modules[f"eventstudy.{module}"], name, size, raising=False)
    pieces = study_of(returns, factors, events, choice)
    for row, event in enumerate("abcdef"):
        alone = numbers(study_of(returns, factors, events.iloc[[row]], choice), event)
        for other in (company, turned, pieces):
            assert_same(numbers(other, event), alone)


@pytest.mark.parametrize("test", TESTS)
def test_one_event_is_tested_alike_whatever_else_the_table_holds(test):
    returns, factors, events = world()
    one = events.iloc[[0]].drop(columns="weight")
    plain = study_of(returns[["F0", "MKT"]], factors, one, "market").test(test, (0, 0))
    wide = study_of(returns.iloc[:, ::-1], factors, one, "market").test(test, (0, 0))
    assert wide.refusal == plain.refusal
    for name in ("statistic", "pvalue", "estimate", "std_error"):
        one, other = getattr(wide, name), getattr(plain, name)
        assert (one is None) == (other is None)
        assert one is None or one == pytest.approx(other, rel=SAME)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.permutations(range(6)), st.integers(1, 5), st.sampled_from(["market", "factor", "dimson", "peer_portfolio"]))
def test_splitting_a_call_and_turning_its_tables_changes_nothing(order, cut, choice):
    returns, factors, events = world()
    whole = study_of(returns, factors, events, choice)
    parts = [
        study_of(returns.iloc[:, [*order, 6]], factors, events.iloc[list(rows)], choice)
        for rows in (order[:cut], order[cut:])
    ]
    for part in parts:
        for event in part.params.index:
            assert_same(numbers(part, event), numbers(whole, event))


@pytest.mark.parametrize("scale", [1e-3, 0.5, 20.0])
@pytest.mark.parametrize("choice", [name for name in CHOICES if "ridge" not in name])
def test_the_scale_of_returns_is_that_of_abnormal_returns_and_not_of_t(choice, scale):
    if choice.startswith("garch"):
        pytest.importorskip("arch")
    returns, factors, events = world()
    plain = study_of(returns, factors, events, choice)
    small = 0.04 * scale  # of one-day returns: nothing comes near -100 %
    scaled = study_of(small * returns, small * factors, events, choice)
    rough = 1e-4 if choice.startswith("garch") else 1e-8  # the search for its maximum ends there
    assert scaled.ar.to_numpy() == pytest.approx(small * plain.ar.to_numpy(), rel=rough, abs=rough * small, nan_ok=True)
    statistics = [study.car((0, 0))["statistic"].to_numpy() for study in (scaled, plain)]
    assert statistics[0] == pytest.approx(statistics[1], rel=100 * rough)


# --- against statsmodels ----------------------------------------------------------------------------


def ols(returns, regressors, at, first, last, *, intercept=True):
    y, x = returns.to_numpy()[at + first : at + last + 1], regressors[at + first : at + last + 1]
    x, y = x[np.isfinite(y)], y[np.isfinite(y)]
    return sm.OLS(y, sm.add_constant(x) if intercept else x), y, x


@pytest.mark.parametrize("choice", ["market", "mean", "factor", "factor bare", "peer_portfolio", "dimson"])
def test_diagnostics_equal_statsmodels(choice):
    returns, factors, events = world()
    study = study_of(returns, factors, events, choice)
    market = returns["MKT"].to_numpy()
    regressors = {
        "market": market[:, None],
        "mean": np.zeros((240, 0)),
        "peer_portfolio": factors.mean(axis=1).to_numpy()[:, None],
        "dimson": np.column_stack([market, np.roll(market, 1), np.roll(market, -1)]),
    }.get(choice, factors.to_numpy())
    for n, row in enumerate(events.itertuples()):
        model, y, x = ols(
            returns[row.asset],
            regressors,
            150 + 5 * n,
            row.estimation_first,
            row.estimation_last,
            intercept=choice != "factor bare",
        )
        fit = model.fit()
        found = study.diagnostics().loc[row.event_id]
        assert found["largest_cook"] == pytest.approx(fit.get_influence().cooks_distance[0].max(), rel=1e-9)
        assert found["jarque_bera_p"] == pytest.approx(jarque_bera(fit.resid - fit.resid.mean())[1], rel=1e-9)
        if regressors.shape[1]:
            half, place = y.size // 2, int(choice != "factor bare")
            one, two = (
                sm.OLS(y[part], sm.add_constant(x[part]) if place else x[part]).fit()
                for part in (slice(None, half), slice(half, None))
            )
            shift = (two.params[place] - one.params[place]) / np.hypot(one.bse[place], two.bse[place])
            assert found["beta_shift_t"] == pytest.approx(shift, rel=1e-8)
        else:
            assert np.isnan(found["beta_shift_t"])


def test_autocorrelations_of_residuals_equal_statsmodels():
    returns, factors, events = world()
    whole = returns.ffill()
    study = study_of(whole, factors, events, "factor")
    for n, row in enumerate(events.itertuples()):
        model, _, _ = ols(whole[row.asset], factors.to_numpy(), 150 + 5 * n, row.estimation_first, row.estimation_last)
        resid = model.fit().resid
        found = study.diagnostics().loc[row.event_id]
        assert found["ljung_box_p"] == pytest.approx(acorr_ljungbox(resid, lags=[5])["lb_pvalue"].iloc[0], rel=1e-8)
        assert found["arch_p"] == pytest.approx(acorr_ljungbox(resid**2, lags=[5])["lb_pvalue"].iloc[0], rel=1e-8)


def test_nearly_collinear_factors_are_as_exact_as_orthogonal_decompositions():
    """Two factors 1e-5 apart: the normal equations lose six digits more than QR does."""
    returns, factors, events = world()
    near = factors.assign(Q=factors["P"] + 1e-5 * np.random.default_rng(1).normal(0, 0.01, 240))
    study = study_of(returns, near, events, "factor")
    for n, row in enumerate(events.itertuples()):
        model, _, x = ols(returns[row.asset], near.to_numpy(), 150 + 5 * n, row.estimation_first, row.estimation_last)
        fit = model.fit(method="qr")
        assert study.params.loc[row.event_id, ["alpha", *FACTORS]].to_numpy(dtype=float) == pytest.approx(
            fit.params, rel=1e-9
        )
        day = np.concatenate([[1.0], near.to_numpy()[150 + 5 * n]])
        _, upper = np.linalg.qr(sm.add_constant(x))
        error = np.sqrt(fit.scale * (1.0 + np.sum(np.linalg.solve(upper.T, day) ** 2)))
        ar = returns[row.asset].iloc[150 + 5 * n] - day @ fit.params
        assert study.ar.loc[row.event_id, 0] == pytest.approx(ar, abs=1e-12)
        assert study.ar_se.loc[row.event_id, 0] == pytest.approx(error, rel=1e-10)


# --- means and weights ------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_means_have_the_errors_of_a_weighted_regression_on_a_constant(weighted):
    returns, factors, events = world()
    chosen = events if weighted else events.drop(columns="weight")
    study = study_of(returns, factors, chosen.assign(event_first=-1, event_last=1), "market")
    cars, weight = study.car((-1, 1))["car"].to_numpy(), chosen.get("weight", pd.Series(np.ones(6))).to_numpy()
    fit = sm.WLS(cars, np.ones(6), weights=weight).fit(cov_type="HC2")
    found = study.caar((-1, 1)).iloc[0]
    names = ["caar", "std_error", "statistic", "df", "pvalue", "ci_low", "ci_high", "n"]
    ratio = fit.params[0] / fit.bse[0]
    half = stats.t.isf(0.025, 5) * fit.bse[0]
    assert found[names].tolist() == pytest.approx(
        [fit.params[0], fit.bse[0], ratio, 5, 2 * stats.t.sf(abs(ratio), 5), *(fit.params[0] + [-half, half]), 6]
    )
    if not weighted:
        assert found["std_error"] == pytest.approx(cars.std(ddof=1) / np.sqrt(6), rel=1e-12)
        assert study.test("cross_sectional_t", (-1, 1)).pvalue == pytest.approx(found["pvalue"], rel=1e-9)


def test_each_day_has_the_events_of_that_day():
    returns, factors, events = world()
    returns.iloc[150, 0] = np.nan
    study = study_of(returns, factors, events.drop(columns="weight"), "market")
    found = study.aar()
    assert found["n"].to_dict() == {-3: 1, -2: 2, -1: 4, 0: 5, 1: 5, 2: 2, 3: 1}
    values = study.ar[-1].dropna()
    test = stats.ttest_1samp(values, 0.0)
    row = found.loc[-1]
    assert (row["statistic"], row["pvalue"], row["df"]) == pytest.approx((test.statistic, test.pvalue, 3))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(test.confidence_interval(0.95))
    assert found.loc[-3, ["std_error", "statistic", "df", "pvalue", "ci_low"]].isna().all()
    assert found.loc[-3, "aar"] == pytest.approx(study.ar[-3].dropna().item())


def test_groups_have_means_and_tests_of_their_own():
    returns, factors, events = world()
    grouped = events.drop(columns="weight").assign(event_first=-1, event_last=1, group=list("xxyyyx"))
    study = study_of(returns, factors, grouped, "market")
    cars = study.car((0, 1))["car"].groupby(list("xxyyyx"))
    found = study.caar((0, 1), by="group")
    assert found.index.tolist() == ["x", "y"]
    assert found["std_error"].tolist() == pytest.approx((cars.std() / np.sqrt(cars.count())).tolist())
    assert study.aar(by="group").loc[("x", 0), "n"] == 3


def test_a_table_of_tests_begins_with_what_is_looked_for():
    returns, factors, events = world()
    study = study_of(returns, factors, events.assign(event_first=-1, event_last=1), "market")
    assert study.tests().columns.tolist()[:6] == ["estimate", "std_error", "statistic", "df", "pvalue", "nobs"]
    assert study.tests().columns.tolist()[-3:] == ["null", "alternative", "unavailable"]


WEIGHTED = {"cross_sectional_t", "crude_dependence", "portfolio_t"}


def one_date(weight):
    returns, factors, events = world()
    chosen = events[["event_id", "asset"]].assign(date=SESSIONS[180], weight=weight)
    return study_of(returns.ffill(), factors, chosen, "market"), returns.ffill()


def test_weights_enter_where_there_is_a_weighted_form_and_else_the_test_says_so():
    weight = np.array([1.0, 2.0, 1.0, 3.0, 1.0, 1.5])
    study, _ = one_date(weight)
    told = {name: fact("note.unweighted") in study.test(name, (0, 1)).notes for name in (*TESTS, "calendar_time")}
    assert {name for name, unweighted in told.items() if not unweighted} == WEIGHTED
    assert fact("note.unweighted") in study.bhar_test((0, 1)).notes
    caar = study.caar((0, 1))["caar"].item()
    for name in WEIGHTED:
        assert study.test(name, (0, 1)).estimate == pytest.approx(caar, rel=1e-12)
    assert study.test("cross_sectional_t", (0, 1)).std_error == pytest.approx(study.caar((0, 1))["std_error"].item())
    even, _ = one_date(np.full(6, 2.0))
    assert not any(fact("note.unweighted") in even.test(name, (0, 1)).notes for name in (*TESTS, "calendar_time"))


def test_a_weighted_portfolio_has_the_regression_of_its_own_return():
    """The t of a dummy of the weighted portfolio's returns on the benchmark, by statsmodels."""
    weight = np.array([1.0, 2.0, 1.0, 3.0, 1.0, 1.5])
    study, returns = one_date(weight)
    portfolio = returns.iloc[:, :6].to_numpy() @ (weight / weight.sum())
    rows = np.concatenate([np.arange(90, 170), [180]])
    design = np.column_stack([np.ones(81), returns["MKT"].to_numpy()[rows], rows == 180])
    fit = sm.OLS(portfolio[rows], design).fit()
    found = study.test("portfolio_t", (0, 0))
    assert (found.estimate, found.std_error) == pytest.approx((fit.params[2], fit.bse[2]), rel=1e-9)
    means = sm.OLS(portfolio[rows[:-1]], design[:-1, :2]).fit().resid
    crude = study.test("crude_dependence", (0, 0))
    assert crude.statistic == pytest.approx(fit.params[2] / means.std(ddof=1), rel=1e-9)
