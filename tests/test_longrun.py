"""Buy-and-hold and calendar time against the model's own reference, total returns, gaps, events without history."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import eventstudy as es
from eventstudy.errors import OptionError
from eventstudy.facts import fact

SESSIONS = pd.bdate_range("2021-01-04", periods=260)
WINDOWS = {"estimation_window": (-100, -11), "event_window": (-2, 10), "min_estimation": 40}
EXACT = 1e-12


def world(events=8, seed=6):
    rng = np.random.default_rng(seed)
    market = rng.normal(0.0004, 0.01, 260)
    firms = {f"F{n}": 1.1 * market + rng.normal(0, 0.02, 260) for n in range(events)}
    returns = pd.DataFrame(firms, index=SESSIONS).assign(MKT=market)
    donors = pd.DataFrame(market[:, None] + rng.normal(0, 0.012, (260, 3)), index=SESSIONS, columns=["P", "Q", "S"])
    return returns, donors, pd.DataFrame({"asset": list(firms), "date": [SESSIONS[150 + n] for n in range(events)]})


def references(study, donors, model):
    """(E, 13) the reference return of every event day by plain numpy."""
    rows = []
    for n, event in enumerate(study.params.index):
        days = donors.to_numpy()[148 + n : 161 + n]
        weights = (
            np.full(3, 1 / 3) if model == "peer_portfolio" else study.params.loc[event, ["P", "Q", "S"]].to_numpy()
        )
        rows.append(days @ weights.astype(float))
    return np.array(rows)


@pytest.mark.parametrize("model", ["peer_portfolio", "synthetic_control"])
def test_peers_and_donors_are_what_is_bought_and_not_the_first_of_them(model):
    returns, donors, events = world()
    study = es.event_study(returns, events, factors=donors, model=model, **WINDOWS)
    own = np.array([returns.to_numpy()[148 + n : 161 + n, n] for n in range(8)])
    reference = references(study, donors, model)
    held = np.prod(1 + own[:, 2:8], axis=1) - np.prod(1 + reference[:, 2:8], axis=1)
    assert study.bhar((0, 5)).to_numpy() == pytest.approx(held, abs=EXACT)
    sums, counts = np.zeros((260, 2)), np.zeros(260)
    for n in range(8):
        sums[150 + n : 156 + n] += np.column_stack([own[n, 2:8], reference[n, 2:8]])
        counts[150 + n : 156 + n] += 1
    use = counts > 0
    mean = sums[use] / counts[use, None]
    fit = sm.OLS(mean[:, 0], sm.add_constant(mean[:, 1])).fit()
    found = study.test("calendar_time", (0, 5), covariance="nonrobust")
    assert (found.estimate, found.std_error) == pytest.approx((fit.params[0], fit.bse[0]), rel=1e-9)


def test_factors_explain_a_calendar_time_portfolio_but_cannot_be_bought():
    returns, donors, events = world()
    study = es.event_study(returns, events, factors=donors, model="factor", **WINDOWS)
    with pytest.raises(OptionError) as caught:
        study.bhar((0, 5))
    assert caught.value.fact.code == "option.no_reference"
    assert caught.value.fact.values["model"] == "'factor'"
    held = np.zeros((260, 8), dtype=bool)
    for n in range(8):
        held[150 + n : 156 + n, n] = True
    use = held.any(axis=1)
    portfolio = np.where(held, returns.iloc[:, :8], 0.0).sum(axis=1)[use] / held.sum(axis=1)[use]
    fit = sm.OLS(portfolio, sm.add_constant(donors.to_numpy()[use])).fit()
    found = study.test("calendar_time", (0, 5), covariance="nonrobust")
    assert (found.estimate, found.std_error) == pytest.approx((fit.params[0], fit.bse[0]), rel=1e-9)


@pytest.mark.parametrize("kind", ["simple", "log"])
@pytest.mark.parametrize("model", ["market", "market_adjusted"])
def test_what_is_bought_earns_total_returns_whatever_rate_was_subtracted(model, kind):
    returns, _, events = world()
    rate = pd.Series(np.linspace(0.002, 0.003, 260), index=SESSIONS)
    given = {"benchmark": "MKT", "model": model, **WINDOWS}
    excess = es.event_study(returns, events, risk_free=rate, **given)
    plain = es.event_study(returns, events, **given)
    assert excess.bhar((0, 10), kind=kind).to_numpy() == pytest.approx(plain.bhar((0, 10), kind=kind), abs=EXACT)
    own, market = returns["F0"].to_numpy()[150:161], returns["MKT"].to_numpy()[150:161]
    grown = np.exp(own.sum()) - np.exp(market.sum()) if kind == "log" else np.prod(1 + own) - np.prod(1 + market)
    assert excess.bhar((0, 10), kind=kind)["0"] == pytest.approx(grown, abs=EXACT)
    assert excess.ar.loc["0", 0] != pytest.approx(plain.ar.loc["0", 0], abs=1e-6) or model == "market_adjusted"


def test_a_return_over_many_sessions_is_no_day_of_a_calendar_time_portfolio():
    returns, _, events = world()
    returns.iloc[132:152, 0] = np.nan  # F0 trades again on session 152, two days after its event
    returns.iloc[152, 0] = 0.8
    given = {"benchmark": "MKT", **WINDOWS}
    gap = es.event_study(returns, events, after_gap="simple", **given)
    without = es.event_study(returns.assign(F0=returns["F0"].mask(returns.index == SESSIONS[152])), events, **given)
    found, right = gap.test("calendar_time", (0, 5)), without.test("calendar_time", (0, 5))
    assert (found.estimate, found.std_error, found.nobs) == (right.estimate, right.std_error, right.nobs)
    assert found.notes == (fact("note.spanning_returns", n=1),)
    assert right.notes == ()


def test_a_firm_with_two_events_counts_once_and_only_inside_its_own_window():
    returns, _, events = world(3)
    twice = pd.concat([events, events.iloc[:1].assign(date=SESSIONS[152])], ignore_index=True)
    own = twice.assign(event_first=-2, event_last=[10, 10, 2, 10])
    study = es.event_study(returns, own, benchmark="MKT", **WINDOWS)
    held = np.zeros((260, 3), dtype=bool)
    for row, first, last in ((0, 150, 158), (1, 151, 157), (2, 152, 155)):
        held[first:last, row] = True
    held[154 + 1, 2] = False
    held[152:155, 2] = True
    use = held.any(axis=1)
    portfolio = np.where(held, returns.iloc[:, :3], 0.0).sum(axis=1)[use] / held.sum(axis=1)[use]
    fit = sm.OLS(portfolio, sm.add_constant(returns["MKT"].to_numpy()[use])).fit()
    held_to = study.test("calendar_time", (0, 5), covariance="nonrobust")
    assert held_to.nobs == use.sum() == 8
    assert held_to.estimate == pytest.approx(fit.params[0], abs=EXACT)


def young():
    """Three events of firms listed a week before, and six with a history."""
    returns, donors, events = world(9)
    returns.iloc[:143, :3] = np.nan
    return returns, donors, events


@pytest.mark.parametrize(
    "given",
    [
        {"model": "market_adjusted", "benchmark": "MKT"},
        {"model": "peer_portfolio", "model_options": {"beta": "one"}},
    ],
    ids=["market", "peers"],
)
def test_a_model_without_parameters_needs_no_estimation_window(given):
    returns, donors, events = young()
    given = given if "benchmark" in given else {**given, "factors": donors}
    study = es.event_study(returns, events, **given, **WINDOWS)
    assert study.exclusions.empty
    reference = returns["MKT"] if "benchmark" in given else donors.mean(axis=1)
    ar = returns["F1"].to_numpy()[149:162] - reference.to_numpy()[149:162]
    assert study.ar.loc["1"].to_numpy() == pytest.approx(ar, abs=EXACT)
    car = study.car((0, 5))
    assert car.loc["1", "car"] == pytest.approx(ar[2:8].sum(), abs=EXACT)
    assert car.loc[["0", "1", "2"], ["std_error", "statistic", "pvalue", "ci_low"]].isna().all(axis=None)
    assert car.loc["3":, "std_error"].notna().all()
    assert study.params.loc["1", "nobs"] < 40
    assert study.bhar((0, 5)).notna().all()
    assert study.flags.query("flag == 'short_estimation'")["event_id"].tolist()[:3] == ["0", "1", "2"]
    assert study.diagnostics().index.tolist() == study.params.index.tolist()


def test_tests_of_the_returns_alone_take_events_without_history():
    returns, _, events = young()
    study = es.event_study(returns, events, benchmark="MKT", model="market_adjusted", **WINDOWS)
    tests = study.tests((0, 5))
    counted = tests["nobs"].to_dict()
    assert {name for name, n in counted.items() if n == 9} == {
        "cross_sectional_t",
        "skewness_adjusted_t",
        "sign",
        "wilcoxon",
        "wild_bootstrap",
    }
    assert set(counted.values()) == {6, 9}
    cars = study.car((0, 5))["car"]
    row = tests.loc["cross_sectional_t"]
    assert row["statistic"] == pytest.approx(cars.mean() / (cars.std() / 3.0), rel=1e-10)
    assert study.caar((0, 5))["n"].item() == 9
    old = es.event_study(returns, events.iloc[3:], benchmark="MKT", model="market_adjusted", **WINDOWS)
    assert tests.loc["patell_z", "statistic"] == pytest.approx(old.test("patell_z", (0, 5)).statistic, rel=1e-12)
    assert tests.loc["corrado_rank", "statistic"] == pytest.approx(
        old.test("corrado_rank", (0, 5)).statistic, rel=1e-12
    )


def test_events_that_all_lack_history_still_have_returns():
    returns, _, events = young()
    study = es.event_study(returns, events.iloc[:3], benchmark="MKT", model="market_adjusted", **WINDOWS)
    assert study.caar((0, 5))["n"].item() == 3
    assert study.test("calendar_time", (0, 5)).pvalue is not None
    assert study.test("bmp_t", (0, 5)).refusal.code == "unavailable.too_few_left"
    plain = es.event_study(returns, events, benchmark="MKT", **WINDOWS)
    assert plain.exclusions["reason"].tolist() == ["too_few_observations"] * 3
