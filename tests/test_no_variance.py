"""A fit that leaves only rounding has no standard error: that event is set apart, the others are as they were."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.facts import fact
from eventstudy.inference import fit_jointly, mvrm_f, wald
from eventstudy.models import MODELS
from eventstudy.models.linear import NO_VARIANCE

SESSIONS = pd.bdate_range("2020-01-01", periods=300)
GOOD = ["A", "B", "C", "D"]
FIRST = 180
REGRESSED = ("market", "factor", "scholes_williams", "dimson", "garch_market")


def world():
    rng = np.random.default_rng(11)
    market = rng.normal(0.0003, 0.01, 300)
    firms = {name: 0.8 * market + rng.normal(0, 0.02, 300) for name in GOOD}
    peers = pd.DataFrame(rng.normal(0, 0.012, (300, 3)) + market[:, None], index=SESSIONS, columns=["P", "Q", "S"])
    return pd.DataFrame(firms, index=SESSIONS).assign(MKT=market), peers


def event(values, jump=0.05):
    """The series with an effect on the event day, which is not part of the estimation window."""
    out = np.array(values, dtype=float)
    out[200] += jump
    return out


BAD = {
    "constant": lambda market, peers: np.full(300, 0.0001),
    "zero": lambda market, peers: np.zeros(300),
    "multiple": lambda market, peers: 1.3 * market,
    "copy": lambda market, peers: market.copy(),
    "copy and accrual": lambda market, peers: market + 0.0001,
    "peers": lambda market, peers: peers.mean(axis=1).to_numpy(),
    "donors": lambda market, peers: peers.to_numpy() @ [0.5, 0.3, 0.2],
    "single precision": lambda market, peers: market.astype(np.float32),
}
CASES = [
    *((model, kind) for model in REGRESSED for kind in ("constant", "zero", "multiple", "copy", "single precision")),
    *(("mean", kind) for kind in ("constant", "zero")),
    *(("market_adjusted", kind) for kind in ("copy", "copy and accrual")),
    *(("peer_portfolio", kind) for kind in ("constant", "zero", "peers")),
    *(("synthetic_control", kind) for kind in ("peers", "donors")),
]


def study_of(bad, model, assets):
    returns, peers = world()
    if bad is not None:
        returns["BAD"] = event(bad(returns["MKT"].to_numpy(), peers))
    events = pd.DataFrame({"asset": assets, "date": SESSIONS[200], "event_id": assets})
    given = {"benchmark": "MKT"}
    if model in ("factor", "peer_portfolio", "synthetic_control"):
        given = {"factors": peers if model != "factor" else returns[["MKT"]]}
    return es.event_study(
        returns, events, model=model, estimation_window=(-120, -11), event_window=(-2, 2), min_estimation=60, **given
    )


@pytest.mark.parametrize(("model", "kind"), CASES)
def test_an_event_without_variance_is_set_apart_and_the_others_stay(model, kind):
    if model == "garch_market":
        pytest.importorskip("arch")
    found, alone = study_of(BAD[kind], model, ["A", "BAD", "B", "C", "D"]), study_of(None, model, GOOD)
    assert found.exclusions[["event_id", "code"]].to_numpy().tolist() == [["BAD", "not_estimable"]]
    assert found.exclusions["values"].item() == {"model": model}
    pd.testing.assert_frame_equal(found.car((-1, 1)), alone.car((-1, 1)), rtol=1e-12, atol=1e-15)
    for test in ("bmp_t", "patell_z"):
        assert found.test(test).pvalue == pytest.approx(alone.test(test).pvalue, rel=1e-9)


def test_limit_days_taken_as_cut_off_do_not_make_a_variance():
    returns, _ = world()
    returns["BAD"] = event(1.3 * returns["MKT"])
    at_limit = pd.DataFrame(0, index=SESSIONS, columns=returns.columns)
    at_limit.loc[SESSIONS[100], ["A", "BAD"]] = 1
    events = pd.DataFrame({"asset": ["A", "BAD"], "date": SESSIONS[200]})
    options = {"benchmark": "MKT", "estimation_window": (-120, -11), "event_window": (-2, 2)}
    study = es.event_study(returns, events, at_limit=at_limit, limit_days="censor", **options)
    assert study.exclusions[["event_id", "code"]].to_numpy().tolist() == [["1", "not_estimable"]]
    assert study.params.index.tolist() == ["0"]


def test_an_asset_that_earns_the_risk_free_rate_has_no_variance_at_all():
    """What is left after the rate is subtracted is rounding as large as the returns themselves."""
    returns, _ = world()
    rate = pd.Series(0.0002 + 0.0001 * np.sin(np.arange(300)), index=SESSIONS)
    returns["BAD"] = event((1.0 + rate) / 1.0 - 1.0)
    assert (returns["BAD"] - rate).iloc[:150].abs().max() > 0.0
    events = pd.DataFrame({"asset": ["A", "BAD"], "date": SESSIONS[200]})
    options = {"benchmark": "MKT", "estimation_window": (-120, -11), "event_window": (-2, 2), "risk_free": rate}
    study = es.event_study(returns, events, **options)
    assert study.exclusions["code"].tolist() == ["not_estimable"]


def test_small_variance_that_is_real_stays():
    """An index of level 4,000 by two sources that round to cents differs by rounding of prices: that is variance."""
    returns, _ = world()
    level = 4000.0 * np.cumprod(1.0 + returns["MKT"].to_numpy())
    rounded = np.round(level, 2)
    tracker = np.concatenate([[0.0], rounded[1:] / rounded[:-1] - 1.0])
    market = np.concatenate([[0.0], level[1:] / level[:-1] - 1.0])
    returns = returns.assign(TRACK=event(tracker), MKT=market)
    events = pd.DataFrame({"asset": ["TRACK"], "date": SESSIONS[200]})
    study = es.event_study(returns, events, benchmark="MKT", estimation_window=(-120, -11), event_window=(-2, 2))
    import statsmodels.api as sm

    past = slice(FIRST - 100, FIRST + 10)
    fit = sm.OLS(tracker[past], sm.add_constant(market[past])).fit()
    assert study.params["sigma"].item() == pytest.approx(np.sqrt(fit.scale), rel=1e-6)
    assert fit.scale / np.mean(tracker[past] ** 2) > 10.0 * NO_VARIANCE


@pytest.mark.parametrize("model", ["market", "mean", "market_adjusted"])
def test_the_fit_itself_has_no_sigma_but_keeps_its_abnormal_returns(model):
    from tests.test_models import panel_of

    x = np.sin(np.arange(40.0)) / 100.0
    y = np.full(40, 0.0001) if model == "mean" else x
    fit = MODELS[model](panel_of(y[None], x, np.array([[0.03]]), np.array([0.01])))
    assert np.isnan(fit.sigma).all()
    assert np.isfinite(fit.expected).all()


def test_members_with_the_same_prices_are_refused_by_the_joint_tests():
    rng = np.random.default_rng(3)
    market = rng.normal(0, 0.01, 80)
    y = market[:, None] + rng.normal(0, 0.02, (80, 3))
    y[:, 2] = y[:, 0]
    fit = fit_jointly(y[:78], market[:78], y[78:], market[78:])
    for test in (mvrm_f(fit), wald(fit)):
        assert test.refusal == fact("unavailable.dependent", n=3)
        assert test.statistic is None
        assert test.pvalue is None
    assert mvrm_f(fit, equal=True).refusal == fact("unavailable.dependent", n=3)
    y[:, 2] = 2.0 * y[:, 0] - y[:, 1]  # a portfolio of the others is one too
    assert wald(fit_jointly(y[:78], market[:78], y[78:], market[78:])).refusal == fact("unavailable.dependent", n=3)


def test_two_listings_with_one_price_leave_the_other_tests_of_a_study():
    returns, _ = world()
    returns["E"] = returns["A"]
    events = pd.DataFrame({"asset": ["A", "B", "E"], "date": SESSIONS[200]})
    study = es.event_study(returns, events, benchmark="MKT", estimation_window=(-120, -11), event_window=(-2, 2))
    assert study.test("mvrm_f").refusal == fact("unavailable.dependent", n=3)
    assert study.test("portfolio_t").pvalue is not None
