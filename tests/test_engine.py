"""`event_study` on one's own returns: the panel wall, every event accounted for, equal to one OLS per event."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import statsmodels.regression.linear_model as linear_model
from hypothesis import given, settings
from hypothesis import strategies as st

import eventstudy as es
from eventstudy.errors import InputError, OptionError
from tests.command import PATIENCE
from tests.conftest import ROOT

EXACT = 1e-10  # two float computations of one closed form on decimal returns
DAYS = pd.bdate_range("2020-01-01", periods=600, name="session")
HOLIDAY = pd.Timestamp("2021-07-05")
ASSETS = ["AAA", "000001", "With Space", "HALT", "STOPS", "YOUNG"]


def standard():
    """The fixture of hard cases: shared dates, an overlap, a halt, a stop, a numeric ticker, a name with a space."""
    rng = np.random.default_rng(7)
    sessions = DAYS[DAYS != HOLIDAY]
    market = rng.normal(0, 0.01, len(sessions))
    values = 0.0003 + market[:, None] * rng.uniform(0.5, 1.5, len(ASSETS)) + rng.normal(0, 0.02, (len(sessions), 6))
    returns = pd.DataFrame(values, index=sessions, columns=ASSETS).assign(MKT=market)
    place = {name: returns.columns.get_loc(name) for name in ASSETS}
    returns.iloc[400:405, place["HALT"]] = np.nan
    returns.iloc[203:, place["STOPS"]] = np.nan
    returns.iloc[:350, place["YOUNG"]] = np.nan
    day = list(sessions)
    events = pd.DataFrame(
        [
            ("one", "AAA", day[300]),
            ("two", "AAA", day[450]),
            ("overlap", "AAA", day[455]),
            ("shared", "000001", day[300]),
            ("space", "With Space", day[420]),
            ("halted", "HALT", day[402]),
            ("after-halt", "HALT", day[405]),
            ("stops", "STOPS", day[200]),
            ("young", "YOUNG", day[360]),
            ("holiday", "000001", HOLIDAY),
            ("unknown", "ZZZ", day[300]),
            ("late", "AAA", day[-2]),
            ("dateless", "AAA", pd.NaT),
        ],
        columns=["event_id", "asset", "date"],
    )
    return returns, events


OPTIONS = {
    "benchmark": "MKT",
    "estimation_window": (-120, -11),
    "event_window": (-5, 5),
    "min_estimation": 60,
    "non_session": "next",
}


@pytest.fixture(scope="module")
def study():
    returns, events = standard()
    return es.event_study(returns, events, **OPTIONS)


def test_every_event_is_in_the_results_or_in_the_exclusions(study):
    _, events = standard()
    there, out = set(study.params.index), set(study.exclusions["event_id"])
    assert there | out == set(events["event_id"])
    assert not there & out
    reasons = dict(zip(study.exclusions["event_id"], study.exclusions["reason"], strict=True))
    assert reasons == {
        "unknown": "unknown_asset",
        "late": "event_window_outside_returns",
        "dateless": "no_date",
        "young": "too_few_observations",
    }
    details = dict(zip(study.exclusions["event_id"], study.exclusions["detail"], strict=True))
    assert details["unknown"] == "returns have no column 'ZZZ'"
    assert details["young"] == "0 of at least 60 estimation observations"
    assert details["late"].startswith("the event window [-5, +5] around 2022-04-1")


def brute(returns, asset, date, window=(-120, -11), event=(-5, 5)):
    """One event by one OLS of statsmodels."""
    at = returns.index.searchsorted(date)
    y, x = returns[asset].to_numpy(), returns["MKT"].to_numpy()
    past = np.arange(at + window[0], at + window[1] + 1)
    past = past[past >= 0]
    past = past[np.isfinite(y[past]) & np.isfinite(x[past])]
    ahead = np.arange(at + event[0], at + event[1] + 1)
    fit = linear_model.OLS(y[past], np.column_stack([np.ones(past.size), x[past]])).fit()
    design = np.column_stack([np.ones(ahead.size), x[ahead]])
    covariance = fit.scale * (np.eye(ahead.size) + design @ fit.normalized_cov_params @ design.T)
    return fit, y[ahead] - design @ fit.params, covariance


def test_every_number_equals_one_ols_per_event(study):
    returns, events = standard()
    dates = events.set_index("event_id")["date"]
    assets = events.set_index("event_id")["asset"]
    for event_id in study.params.index:
        fit, ar, covariance = brute(returns, assets[event_id], dates[event_id])
        row = study.params.loc[event_id]
        assert (row["alpha"], row["MKT"]) == pytest.approx(tuple(fit.params), abs=EXACT)
        assert row["sigma"] == pytest.approx(np.sqrt(fit.scale), abs=EXACT)
        assert (row["nobs"], row["df_resid"]) == (fit.nobs, fit.df_resid)
        assert study.ar.loc[event_id].to_numpy() == pytest.approx(ar, abs=EXACT, nan_ok=True)
        known = np.isfinite(ar)
        errors = np.sqrt(np.diag(covariance))
        assert study.ar_se.loc[event_id].to_numpy()[known] == pytest.approx(errors[known], abs=EXACT)
        assert study.sar.loc[event_id].to_numpy()[known] == pytest.approx((ar / errors)[known], rel=1e-8)
        car = study.car((-1, 1)).loc[event_id]
        weights = np.zeros(11)
        weights[4:7] = 1
        if known[4:7].all():
            assert car["car"] == pytest.approx(ar[4:7].sum(), abs=EXACT)
            assert car["std_error"] == pytest.approx(np.sqrt(weights @ covariance @ weights), abs=EXACT)
        else:
            assert np.isnan(car["car"])


def test_missing_returns_are_missing_and_flagged(study):
    assert study.ar.loc["halted", [-2, -1, 0, 1, 2]].isna().all()
    assert study.ar.loc["halted", 3:5].notna().all()
    assert study.ar.loc["stops", 3:5].isna().all()
    flags = study.flags
    assert set(flags.loc[flags["flag"] == "missing_return", "event_id"]) == {"halted", "after-halt", "stops"}
    assert np.isnan(study.car((-1, 1)).loc["halted", "car"])
    assert np.isfinite(study.car((3, 5)).loc["halted", "car"])


def test_overlapping_windows_of_one_asset_are_flagged(study):
    flags = study.flags
    overlap = flags[flags["flag"] == "overlapping_event"]
    assert set(map(tuple, overlap[["event_id", "detail"]].to_numpy())) == {
        ("two", "its event window shares sessions with that of overlap"),
        ("overlap", "its event window shares sessions with that of two"),
        ("halted", "its event window shares sessions with that of after-halt"),
        ("after-halt", "its event window shares sessions with that of halted"),
    }


def test_means_count_what_they_average(study):
    aar = study.aar()
    assert aar.loc[0, "n"] == study.ar[0].notna().sum()
    assert aar.loc[0, "aar"] == pytest.approx(study.ar[0].mean(), abs=EXACT)
    caar = study.caar((-1, 1))
    assert caar.loc[0, "n"] == study.car((-1, 1))["car"].notna().sum()
    assert caar.loc[0, "caar"] == pytest.approx(study.car((-1, 1))["car"].mean(), abs=EXACT)


def test_groups_and_weights():
    returns, events = standard()
    few = events.iloc[[0, 1, 3, 4]].assign(group=["a", "b", "a", "b"], weight=[1.0, 2.0, 3.0, 4.0])
    study = es.event_study(returns, few, **OPTIONS)
    car = study.car((0, 1))["car"]
    caar = study.caar((0, 1), by="group")
    assert caar.loc["a", "caar"] == pytest.approx((car["one"] + 3 * car["shared"]) / 4, abs=EXACT)
    assert caar.loc["b", "caar"] == pytest.approx((2 * car["two"] + 4 * car["space"]) / 6, abs=EXACT)
    assert study.aar(by="group").loc[("a", 0), "n"] == 2
    with pytest.raises(OptionError, match="by='sector' is not allowed"):
        study.caar((0, 1), by="sector")


def test_own_windows_per_event():
    returns, events = standard()
    own = events.iloc[[0, 4]].assign(
        estimation_first=[-60, np.nan], estimation_last=[-21, np.nan], event_first=[0, np.nan], event_last=[2, np.nan]
    )
    study = es.event_study(returns, own, **{**OPTIONS, "min_estimation": 30})
    assert study.params["nobs"].to_dict() == {"one": 40, "space": 110}
    fit, ar, _ = brute(returns, "AAA", events["date"][0], (-60, -21), (0, 2))
    assert study.ar.loc["one", 0:2].to_numpy() == pytest.approx(ar, abs=EXACT)
    assert study.ar.loc["one"].notna().sum() == 3
    assert study.params.loc["one", "alpha"] == pytest.approx(fit.params[0], abs=EXACT)
    assert study.ar.loc["space"].notna().all()


@pytest.mark.parametrize(("policy", "shift"), [("next", 1), ("previous", -1)])
def test_an_event_on_a_closed_day_moves_as_asked(policy, shift):
    returns, events = standard()
    holiday = events[events["event_id"] == "holiday"]
    moved = es.event_study(returns, holiday, **{**OPTIONS, "non_session": policy})
    at = returns.index.searchsorted(HOLIDAY)
    session = returns.index[at if shift > 0 else at - 1]
    direct = es.event_study(returns, holiday.assign(date=session), **OPTIONS)
    pd.testing.assert_frame_equal(moved.ar, direct.ar)


def test_an_event_on_a_closed_day_raises_or_is_listed():
    returns, events = standard()
    with pytest.raises(
        InputError, match="event 'holiday': 2021-07-05 is not a session of returns; choose non_session="
    ):
        es.event_study(returns, events.iloc[[0, 9]], **{**OPTIONS, "non_session": "raise"})
    study = es.event_study(returns, events.iloc[[0, 9]], **{**OPTIONS, "non_session": "skip"})
    assert study.exclusions["reason"].tolist() == ["not_a_session"]


@pytest.mark.parametrize("kind", ["simple", "log"])
def test_a_return_over_a_gap_meets_the_benchmark_over_the_same_span(kind):
    returns, events = standard()
    study = es.event_study(returns, events[events["event_id"] == "after-halt"], **OPTIONS, after_gap=kind)
    market = returns["MKT"].to_numpy()[400:406]
    span = market.sum() if kind == "log" else np.prod(1 + market) - 1
    params = study.params.loc["after-halt"]
    expected = 6 * params["alpha"] + params["MKT"] * span
    assert study.ar.loc["after-halt", 0] == pytest.approx(returns["HALT"].iloc[405] - expected, abs=EXACT)
    flags = study.flags
    assert "the return of relative day 0 covers 6 sessions" in set(flags["detail"])
    alone = es.event_study(returns, events[events["event_id"] == "after-halt"], **OPTIONS)
    assert study.ar_se.loc["after-halt", 0] > 2 * alone.ar_se.loc["after-halt", 0]


def test_gap_returns_stay_out_of_the_estimation_window_when_they_cover_the_gap():
    returns, _ = standard()
    later = pd.DataFrame({"event_id": ["x"], "asset": ["HALT"], "date": [returns.index[440]]})
    assert es.event_study(returns, later, **OPTIONS).params.loc["x", "nobs"] == 105
    assert es.event_study(returns, later, **OPTIONS, after_gap="log").params.loc["x", "nobs"] == 104


def test_event_days_of_the_same_asset_can_be_left_out_of_estimation():
    returns, events = standard()
    pair = events[events["event_id"].isin(["one", "two"])]
    moved = pair.assign(date=[returns.index[380], returns.index[450]])
    plain = es.event_study(returns, moved, **OPTIONS)
    clean = es.event_study(returns, moved, **OPTIONS, exclude_event_days=True)
    assert plain.params.loc["two", "nobs"] == 110
    assert clean.params.loc["two", "nobs"] == 110 - 11
    assert clean.params.loc["one", "nobs"] == 110


def test_ids_default_to_row_numbers_and_series_work_as_benchmarks():
    returns, events = standard()
    study = es.event_study(
        returns.drop(columns="MKT"),
        events.iloc[[0, 3]].drop(columns="event_id"),
        **{**OPTIONS, "benchmark": returns["MKT"].rename("index")},
    )
    assert study.params.index.tolist() == ["0", "1"]
    assert study.params.columns.tolist() == ["alpha", "index", "sigma", "df_resid", "nobs"]


@pytest.mark.parametrize("model", ["mean", "market_adjusted"])
def test_other_models_run_under_the_same_wall(model):
    returns, events = standard()
    study = es.event_study(returns, events, **OPTIONS, model=model)
    assert set(study.params.index) | set(study.exclusions["event_id"]) == set(events["event_id"])
    at = returns.index.searchsorted(events["date"][0])
    own, market = returns["AAA"].to_numpy(), returns["MKT"].to_numpy()
    normal = own[at - 120 : at - 10].mean() if model == "mean" else market[at]
    assert study.ar.loc["one", 0] == pytest.approx(own[at] - normal, abs=EXACT)


def many(count=20_000, seed=3):
    rng = np.random.default_rng(seed)
    returns, _ = standard()
    wide = pd.DataFrame(rng.normal(0, 0.02, (len(returns), 40)), index=returns.index).rename(columns=str)
    wide["MKT"] = returns["MKT"]
    events = pd.DataFrame(
        {"asset": rng.integers(0, 40, count).astype(str), "date": returns.index[rng.integers(130, 590, count)]}
    )
    return wide, events


def test_executors_give_the_same_numbers():
    returns, events = many()
    here = es.event_study(returns, events, **OPTIONS)
    for pool in (ThreadPoolExecutor(2), ProcessPoolExecutor(2)):
        with pool:
            there = es.event_study(returns, events, **OPTIONS, executor=pool)
        assert np.abs(here.ar.to_numpy() - there.ar.to_numpy()).max() < 1e-12
        pd.testing.assert_frame_equal(here.car((-1, 1)), there.car((-1, 1)), check_exact=False, atol=1e-12, rtol=0)


def test_progress_is_silent_off_a_terminal(capfd):
    returns, events = many(200)
    es.event_study(returns, events, **OPTIONS, progress=True)
    assert capfd.readouterr().out.strip() == ""


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(5)))
def test_order_of_events_changes_nothing(order):
    returns, events = standard()
    some = events.iloc[[0, 1, 3, 4, 6]]
    plain = es.event_study(returns, some, **OPTIONS)
    shuffled = es.event_study(returns, some.iloc[list(order)], **OPTIONS)
    pd.testing.assert_frame_equal(shuffled.ar.loc[plain.ar.index], plain.ar)


BAD = {
    "model": ({"model": "capm"}, OptionError, "model='capm' is not allowed; allowed: market"),
    "policy": ({"non_session": "nearest"}, OptionError, "non_session='nearest' is not allowed; allowed: raise, next"),
    "gap": ({"after_gap": "fill"}, OptionError, "after_gap='fill' is not allowed; allowed: one_session, simple, log"),
    "window": ({"event_window": (5, -5)}, OptionError, r"event_window \[\+5, -5\] ends before it begins"),
    "windows": ({"estimation_window": (-120, -3)}, OptionError, r"the estimation window \[-120, -3\] must end before"),
    "fraction": (
        {"event_window": (0, 1.5)},
        OptionError,
        r"event_window=\(0, 1\.5\) is not a window; allowed: one pair of whole numbers",
    ),
    "benchmark": ({"benchmark": "SPX"}, OptionError, "benchmark='SPX' is not a column of returns"),
    "no benchmark": ({"benchmark": None}, OptionError, "model='market' needs benchmark="),
}


@pytest.mark.parametrize("name", BAD)
def test_wrong_options_are_one_sentence(name):
    returns, events = standard()
    change, error, message = BAD[name]
    with pytest.raises(error, match=message):
        es.event_study(returns, events, **{**OPTIONS, **change})


def test_wrong_frames_are_one_sentence():
    returns, events = standard()
    with pytest.raises(InputError, match="events need a column 'date'; there are event_id, asset"):
        es.event_study(returns, events.drop(columns="date"), **OPTIONS)
    with pytest.raises(InputError, match="the event_id 'one' stands there more than once; ids are unique"):
        es.event_study(returns, pd.concat([events, events.iloc[:1]]), **OPTIONS)
    with pytest.raises(InputError, match="the sessions of returns must increase"):
        es.event_study(returns.iloc[::-1], events, **OPTIONS)
    with pytest.raises(InputError, match="the index of returns must be dates, not int64"):
        es.event_study(returns.reset_index(drop=True), events, **OPTIONS)
    with pytest.raises(InputError, match="the asset 'AAA' stands in returns twice"):
        es.event_study(pd.concat([returns, returns[["AAA"]]], axis=1), events, **OPTIONS)
    with pytest.raises(InputError, match=r"the weight 0\.0 must be a number above 0"):
        es.event_study(returns, events.assign(weight=0.0), **OPTIONS)
    with pytest.raises(InputError, match="no event can be studied; the first of 1: returns have no column 'ZZZ'"):
        es.event_study(returns, events[events["event_id"] == "unknown"], **OPTIONS)
    with pytest.raises(InputError, match="the benchmark or factors share no session with returns"):
        shifted = returns["MKT"].copy()
        shifted.index = shifted.index + pd.Timedelta(days=5000)
        es.event_study(returns, events, **{**OPTIONS, "benchmark": shifted})


def test_frames_are_fresh(study):
    frame = study.ar
    frame.iloc[:] = 0
    assert study.ar.abs().sum().sum() > 0
    with pytest.raises(OptionError, match=r"the window \[-9, \+9\] is not inside the event window \[-5, \+5\]"):
        study.car((-9, 9))


def test_parquet_partitions_give_the_numbers_of_the_frame(tmp_path):
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    returns, events = many(3_000)
    (tmp_path / "firms").mkdir()
    for name in returns.columns.drop("MKT"):
        one = returns[name].dropna().rename_axis("session").rename("return").reset_index()
        one.to_parquet(tmp_path / "firms" / f"{name}.parquet")
    options = {key: OPTIONS[key] for key in ("estimation_window", "event_window", "min_estimation")}
    whole = es.event_study(returns, events, benchmark="MKT", **options)
    parts = es.event_study_parquet(tmp_path / "firms", events, regressors=returns["MKT"], scratch=tmp_path, **options)
    assert isinstance(parts.sample.values, np.memmap)
    pd.testing.assert_frame_equal(parts.ar, whole.ar, check_exact=False, atol=1e-12, rtol=0)
    pd.testing.assert_frame_equal(parts.diagnostics(), whole.diagnostics(), check_exact=False, atol=1e-9, rtol=0)


def test_parquet_faults_name_the_file(tmp_path):
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    returns, events = standard()
    with pytest.raises(OptionError, match=r"holds no \.parquet files"):
        es.event_study_parquet(tmp_path, events, regressors=returns["MKT"], scratch=tmp_path)
    bad = pd.DataFrame({"session": [returns.index[0]], "price": [1.0]})
    bad.to_parquet(tmp_path / "AAA.parquet")
    with pytest.raises(
        InputError, match=r"AAA\.parquet: the columns session and return are needed; there are session, p"
    ):
        es.event_study_parquet(tmp_path, events, regressors=returns["MKT"], scratch=tmp_path)
    pd.DataFrame({"session": [HOLIDAY], "return": [1.0]}).to_parquet(tmp_path / "AAA.parquet")
    with pytest.raises(InputError, match=r"AAA\.parquet: 2021-07-05 is not a session of the benchmark"):
        es.event_study_parquet(tmp_path, events, regressors=returns["MKT"], scratch=tmp_path)


def test_a_dask_cluster_gives_the_same_numbers():
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "dask_study.py"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split(": ")[1]) < 1e-12


def test_factor_model_with_and_without_alpha_equals_statsmodels():
    returns, events = standard()
    rng = np.random.default_rng(8)
    factors = pd.DataFrame(rng.normal(0, 0.01, (len(returns), 2)), index=returns.index, columns=["SMB", "HML"])
    factors = factors.assign(MKT=returns["MKT"])
    options = {key: value for key, value in OPTIONS.items() if key != "benchmark"}
    at = returns.index.searchsorted(events["date"][0])
    past = slice(at - 120, at - 10)
    y, x = returns["AAA"].to_numpy()[past], factors.to_numpy()[past]
    for alpha, columns in ((True, ["alpha", "SMB", "HML", "MKT"]), (False, ["SMB", "HML", "MKT"])):
        study = es.event_study(
            returns, events.iloc[:1], factors=factors, model="factor", model_options={"intercept": alpha}, **options
        )
        fit = linear_model.OLS(y, np.column_stack([np.ones(110), x]) if alpha else x).fit()
        assert study.params.loc["one", columns].to_numpy(dtype=float) == pytest.approx(fit.params, abs=EXACT)
        ahead = factors.to_numpy()[at]
        forecast = fit.get_prediction(np.r_[1.0, ahead] if alpha else ahead)
        assert study.ar_se.loc["one", 0] == pytest.approx(forecast.se_obs[0], abs=EXACT)
        assert study.ar.loc["one", 0] == pytest.approx(returns["AAA"].iloc[at] - forecast.predicted_mean[0], abs=EXACT)


def test_dimson_through_the_front_door():
    returns, events = standard()
    at = returns.index.searchsorted(events["date"][0])
    y, m = returns["AAA"].to_numpy(), returns["MKT"].to_numpy()
    past = np.arange(at - 120, at - 10)
    design = np.column_stack([np.ones(110), m[past], m[past - 1], m[past + 1]])
    fit = linear_model.OLS(y[past], design).fit()
    study = es.event_study(returns, events.iloc[:1], **OPTIONS, model="dimson")
    assert study.params.loc["one", "MKT[sum]"] == pytest.approx(fit.params[1:].sum(), abs=EXACT)
    forecast = fit.get_prediction(np.array([1.0, m[at], m[at - 1], m[at + 1]]))
    assert study.ar.loc["one", 0] == pytest.approx(y[at] - forecast.predicted_mean[0], abs=EXACT)
    assert study.ar_se.loc["one", 0] == pytest.approx(forecast.se_obs[0], abs=EXACT)
    plain = es.event_study(returns, events.iloc[:1], **OPTIONS, model="dimson", model_options={"lags": 0, "leads": 0})
    market = es.event_study(returns, events.iloc[:1], **OPTIONS)
    assert plain.ar.to_numpy() == pytest.approx(market.ar.to_numpy(), abs=EXACT)
    with pytest.raises(OptionError, match="model='market' has no option 'lags'; allowed: none"):
        es.event_study(returns, events, **OPTIONS, model_options={"lags": 1})


def test_scholes_williams_and_garch_through_the_front_door():
    pytest.importorskip("arch", reason="the extra garch is not installed")
    returns, events = standard()
    few = events.iloc[[0, 3]]
    market = es.event_study(returns, few, **OPTIONS)
    thin = es.event_study(returns, few, **OPTIONS, model="scholes_williams")
    assert thin.ar.to_numpy() == pytest.approx(market.ar.to_numpy(), abs=0.02)
    assert (thin.params["nobs"] < market.params["nobs"]).all()
    garch = es.event_study(returns, few, **OPTIONS, model="garch_market")
    assert {"alpha", "MKT", "omega", "arch", "garch"} <= set(garch.params.columns)
    assert garch.ar.to_numpy() == pytest.approx(market.ar.to_numpy(), abs=0.01)
    assert (garch.ar_se / market.ar_se).to_numpy() == pytest.approx(1.0, abs=0.35)
    assert np.isfinite(garch.car((-1, 1)).to_numpy()).all()


def test_excess_returns_are_explicit():
    returns, events = standard()
    rate = pd.Series(np.linspace(0.0001, 0.0003, len(returns)), index=returns.index)
    found = es.event_study(returns, events.iloc[:1], **OPTIONS, risk_free=rate)
    direct = es.event_study(returns.sub(rate, axis=0), events.iloc[:1], **OPTIONS)
    pd.testing.assert_frame_equal(found.ar, direct.ar)
    with pytest.raises(InputError, match="risk_free has no value on 1 sessions of returns; give one for each"):
        es.event_study(returns, events, **OPTIONS, risk_free=rate.iloc[1:])
    with pytest.raises(OptionError, match="with after_gap=log give excess returns instead"):
        es.event_study(returns, events, **OPTIONS, risk_free=rate, after_gap="log")


@pytest.mark.parametrize("model", ["mean", "market_adjusted", "market", "scholes_williams", "dimson"])
def test_an_event_does_not_depend_on_the_windows_of_others(model):
    returns, events = standard()
    alone = es.event_study(returns, events.iloc[[0]], **OPTIONS, model=model)
    wide = {"estimation_first": -200, "estimation_last": -6, "event_first": -5, "event_last": 20}
    other = events.iloc[[1]].assign(**wide)
    both = es.event_study(returns, pd.concat([events.iloc[[0]], other]), **OPTIONS, model=model)
    assert both.params.loc["one"].to_numpy(dtype=float) == pytest.approx(
        alone.params.loc["one"].to_numpy(dtype=float), abs=1e-13
    )
    assert both.ar.loc["one", -5:5].to_numpy() == pytest.approx(alone.ar.loc["one"].to_numpy(), abs=1e-13)


def test_an_event_without_an_estimate_is_excluded_by_name():
    returns, events = standard()
    flat = returns.assign(MKT=0.01)
    study = es.event_study(flat, events.iloc[[0]], **OPTIONS)
    assert study.params.empty
    assert study.exclusions["reason"].tolist() == ["not_estimable"]
    assert study.exclusions["detail"][0].startswith("market has no estimate here: the regressors are collinear")
