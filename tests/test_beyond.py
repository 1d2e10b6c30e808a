"""Beyond abnormal returns: buy-and-hold, calendar time, characteristics, diagnostics, exports."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import eventstudy as es
from eventstudy.errors import InputError, OptionError
from eventstudy.facts import fact
from eventstudy.models.regressions import newey_west_lags, slope_distribution
from tests.test_engine import EXACT, OPTIONS, many, standard


@pytest.fixture(scope="module")
def study():
    returns, events = standard()
    return es.event_study(returns, events, **OPTIONS)


def test_buy_and_hold_compounds_both_legs(study):
    returns, events = standard()
    at = returns.index.searchsorted(events["date"][0])
    own, market = (returns[name].to_numpy()[at - 1 : at + 3] for name in ("AAA", "MKT"))
    found = study.bhar((-1, 2))
    assert found["one"] == pytest.approx(np.prod(1 + own) - np.prod(1 + market), abs=EXACT)
    assert study.bhar((-1, 2), kind="log")["one"] == pytest.approx(np.exp(own.sum()) - np.exp(market.sum()), abs=EXACT)
    assert np.isnan(found["halted"])
    assert study.bhar((0, 0))["one"] == pytest.approx(own[1] - market[1], abs=EXACT)


def test_calendar_time_is_the_regression_of_the_portfolio():
    returns, events = many(300)
    study = es.event_study(returns, events, **OPTIONS)
    held = np.zeros((len(returns), 40), dtype=bool)
    dates = events.set_index(events.index.astype(str))
    for event_id in study.params.index:
        at = returns.index.searchsorted(dates.loc[event_id, "date"])
        held[at : at + 4, int(dates.loc[event_id, "asset"])] = True
    firms = held.sum(axis=1)
    use = firms >= 2
    own = returns.drop(columns="MKT").to_numpy()
    portfolio = np.where(held, own, 0).sum(axis=1)[use] / firms[use]
    design = sm.add_constant(returns["MKT"].to_numpy()[use])
    plain = sm.OLS(portfolio, design).fit()
    found = study.test("calendar_time", (0, 3), min_firms=2, covariance="nonrobust")
    assert (found.estimate, found.std_error) == pytest.approx((plain.params[0], plain.bse[0]), abs=EXACT)
    assert found.pvalue == pytest.approx(plain.pvalues[0], abs=1e-9)
    assert found.df == use.sum() - 2
    weighted = sm.WLS(portfolio, design, weights=firms[use]).fit(cov_type="HC1")
    found = study.test("calendar_time", (0, 3), min_firms=2, weighted=True, covariance="HC1")
    assert (found.estimate, found.std_error) == pytest.approx((weighted.params[0], weighted.bse[0]), abs=EXACT)
    lags = newey_west_lags(int(use.sum()))
    robust = sm.OLS(portfolio, design).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
    assert study.test("calendar_time", (0, 3), min_firms=2).std_error == pytest.approx(robust.bse[0], abs=EXACT)


def test_newey_west_lags_follow_the_rule():
    assert [newey_west_lags(n) for n in (50, 100, 250, 1000)] == [3, 4, 4, 6]


def test_calendar_time_says_when_it_cannot_be_run(study):
    found = study.test("calendar_time", (0, 0), min_firms=5)
    assert found.statistic is None
    assert found.refusal == fact("unavailable.few_sessions", n=0, firms=5, parameters=2)
    returns, events = standard()
    plain = es.event_study(returns, events, **OPTIONS, model="mean")
    with pytest.raises(OptionError, match=r"^calendar_time needs a return that the security is held against"):
        plain.test("calendar_time", (0, 0))


def characteristics(study, seed=5):
    rng = np.random.default_rng(seed)
    index = study.params.index
    return pd.DataFrame({"size": rng.normal(size=len(index)), "exposure": rng.normal(size=len(index))}, index=index)


def test_cars_on_characteristics_equal_statsmodels():
    returns, events = many(400)
    study = es.event_study(returns, events, **OPTIONS)
    x = characteristics(study)
    car = study.car((0, 1))["car"]
    plain = sm.OLS(car.to_numpy(), sm.add_constant(x.to_numpy())).fit(cov_type="HC3")
    found = study.regress(x, (0, 1))
    assert found["coefficient"].to_numpy() == pytest.approx(plain.params, abs=EXACT)
    assert found["std_error"].to_numpy() == pytest.approx(plain.bse, abs=EXACT)
    assert found["pvalue"].to_numpy() == pytest.approx(
        2 * stats.t.sf(np.abs(plain.params / plain.bse), len(car) - 3), abs=1e-9
    )
    clusters = pd.Series(events["date"].to_numpy(), index=events.index.astype(str))
    grouped = study.regress(x, (0, 1), covariance="cluster", clusters=clusters)
    assert grouped["df"].iloc[0] == clusters.reindex(car.index).nunique() - 1
    assert grouped["std_error"].to_numpy() != pytest.approx(found["std_error"].to_numpy(), rel=1e-3)
    with pytest.raises(InputError, match="clusters has no value for 1 events"):
        study.regress(x, (0, 1), covariance="cluster", clusters=clusters.drop(car.index[0]))
    with pytest.raises(OptionError, match="covariance='cluster' needs clusters"):
        study.regress(x, (0, 1), covariance="cluster")
    with pytest.raises(InputError, match="one row for each event_id"):
        study.regress(pd.concat([x, x]), (0, 1))


def test_slopes_of_one_date_are_held_against_pre_event_days():
    rng = np.random.default_rng(2)
    exposure = rng.normal(size=30)
    days = rng.normal(0, 0.02, (200, 1)) * exposure + rng.normal(0, 0.02, (200, 30))
    event = 0.5 * exposure + rng.normal(0, 0.02, 30)
    found = slope_distribution(event, days, exposure[:, None])
    slopes = np.array([np.polyfit(exposure, day, 1)[0] for day in days])
    own = np.polyfit(exposure, event, 1)[0]
    assert found.reference[:, 1] == pytest.approx(slopes, abs=EXACT)
    assert found.slope[1] == pytest.approx(own, abs=EXACT)
    assert found.pvalue[1] == 1 / 201
    expected = (own - slopes.mean()) / (slopes.std(ddof=1) * np.sqrt(201 / 200))
    assert found.statistic[1] == pytest.approx(expected, rel=1e-9)
    calm = slope_distribution(days[7], np.delete(days, 7, axis=0), exposure[:, None])
    assert calm.pvalue[1] > 0.05


def test_slope_distribution_keeps_its_size_where_ordinary_errors_do_not():
    """Exposed firms move together every day: the slope's own distribution knows it, HC3 does not."""
    rng = np.random.default_rng(3)
    exposure = rng.normal(size=40)
    draws, rejected = 300, np.zeros(2)
    for _ in range(draws):
        days = rng.normal(0, 0.01, (101, 1)) * exposure + rng.normal(0, 0.02, (101, 40))
        own = slope_distribution(days[0], days[1:], exposure[:, None]).pvalue[1] <= 0.05
        naive = sm.OLS(days[0], sm.add_constant(exposure)).fit(cov_type="HC3").pvalues[1] < 0.05
        rejected += [own, naive]
    size, naive_size = rejected / draws
    assert size == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / draws))
    assert naive_size > 0.3


def test_slope_distribution_of_a_study_needs_one_date(study):
    with pytest.raises(OptionError, match="needs events on one date"):
        study.slope_distribution(characteristics(study))
    returns, _ = many(10)
    shared = pd.DataFrame({"event_id": [f"e{n}" for n in range(40)], "asset": [str(n) for n in range(40)]})
    one = es.event_study(returns, shared.assign(date=returns.index[300]), **OPTIONS)
    found = one.slope_distribution(characteristics(one), days=100)
    assert found["n_days"].tolist() == [100, 100, 100]
    assert ((found["pvalue"] * 101).round(9) % 1 == 0).all()


def test_diagnostics_equal_scipy_and_statsmodels(study):
    from statsmodels.stats.diagnostic import acorr_ljungbox

    returns, events = standard()
    at = returns.index.searchsorted(events["date"][0])
    past = slice(at - 120, at - 10)
    y, x = returns["AAA"].to_numpy()[past], returns["MKT"].to_numpy()[past]
    fit = sm.OLS(y, sm.add_constant(x)).fit()
    found = study.diagnostics().loc["one"]
    assert found["ljung_box_p"] == pytest.approx(acorr_ljungbox(fit.resid, lags=[5])["lb_pvalue"].iloc[0], abs=1e-9)
    assert found["jarque_bera_p"] == pytest.approx(stats.jarque_bera(fit.resid).pvalue, abs=1e-9)
    assert found["largest_cook"] == pytest.approx(fit.get_influence().cooks_distance[0].max(), rel=1e-8)
    halves = [sm.OLS(y[part], sm.add_constant(x[part])).fit() for part in (slice(0, 55), slice(55, None))]
    shift = (halves[1].params[1] - halves[0].params[1]) / np.hypot(halves[0].bse[1], halves[1].bse[1])
    assert found["beta_shift_t"] == pytest.approx(shift, rel=1e-8)


def test_diagnostics_find_what_is_planted():
    returns, _ = many(1)
    rng = np.random.default_rng(1)
    size = len(returns)
    shaky = rng.normal(0, 0.02, size)
    shaky[250] = 0.6
    returns["5"] = shaky
    returns["6"] = np.where(np.arange(size) < 245, 3.0, -3.0) * returns["MKT"] + rng.normal(0, 0.005, size)
    planted = pd.DataFrame({"event_id": ["spike", "shift"], "asset": ["5", "6"], "date": returns.index[300]})
    found = es.event_study(returns, planted, **OPTIONS).diagnostics()
    assert found.loc["spike", "jarque_bera_p"] < 1e-10
    assert abs(found.loc["shift", "beta_shift_t"]) > 20


def test_exports_hold_the_same_figures(study, tmp_path):
    written = study.to_csv(tmp_path / "csv", (-1, 1))
    assert {path.name for path in written} >= {"params.csv", "car.csv", "tests.csv", "exclusions.csv"}
    back = pd.read_csv(tmp_path / "csv" / "car.csv", index_col="event_id", dtype={"event_id": str})
    named = ["asset", "session", "window"]
    pd.testing.assert_frame_equal(back.drop(columns=named), study.car((-1, 1)), check_index_type=False)
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    study.to_parquet(tmp_path / "parquet", (-1, 1))
    again = pd.read_parquet(tmp_path / "parquet" / "car.parquet")
    pd.testing.assert_frame_equal(again.drop(columns=named), study.car((-1, 1)), check_index_type=False)


def test_excel_holds_a_sheet_per_table(study, tmp_path):
    pytest.importorskip("openpyxl", reason="the extra excel is not installed")
    path = study.to_excel(tmp_path / "study.xlsx", (-1, 1))
    sheets = pd.read_excel(path, sheet_name=None, index_col=0)
    assert set(sheets) == {*("events", "params", "ar", "ar_se", "car", "aar", "caar", "tests", "flags", "exclusions")}
    assert sheets["car"].loc["one", "car"] == pytest.approx(study.car((-1, 1)).loc["one", "car"])


def test_the_summary_names_every_test(study):
    text = study.summary((-1, 1))
    assert "Event study, market model" in text
    assert text.splitlines()[1] == "9 events in, 4 out, 19 flags"
    for name in study.tests((-1, 1)).index:
        assert name in text
    assert "<pre>Event study" in study._repr_html_()


def test_overall_names_what_clusters():
    rng = np.random.default_rng(4)
    returns, _ = many(1)
    shared = rng.normal(0, 0.02, (len(returns), 1))
    own = rng.normal(0, 0.02, (len(returns), 30))
    wide = pd.DataFrame(shared + own, index=returns.index).rename(columns=str).assign(MKT=returns["MKT"])
    wide.iloc[300, :30] *= 3.0
    events = pd.DataFrame({"asset": [str(n) for n in range(30)], "date": returns.index[300]})
    found = es.event_study(wide, events, **OPTIONS).overall()
    assert found["dates"] == 1
    assert found["mean_residual_correlation"] == pytest.approx(0.5, abs=0.1)
    assert found["event_day_variance_ratio"] > 2
    one = es.event_study(wide, events.iloc[:1], **OPTIONS).overall()
    assert np.isnan(one["mean_residual_correlation"])


def test_volume_and_volatility_are_outcomes_like_returns():
    rng = np.random.default_rng(6)
    returns, _ = many(1)
    volume = pd.DataFrame(rng.lognormal(10, 0.3, (len(returns), 3)), index=returns.index, columns=["0", "1", "2"])
    volume.iloc[300] *= 5.0
    volume.iloc[200, 0] = 0.0
    events = pd.DataFrame({"event_id": ["a", "b", "c"], "asset": ["0", "1", "2"], "date": returns.index[300]})
    options = {key: value for key, value in OPTIONS.items() if key != "benchmark"}
    study = es.event_study(es.log_volume(volume), events, model="mean", **options)
    assert study.caar((0, 0)).loc[0, "caar"] == pytest.approx(np.log(5), abs=0.6)
    assert study.params.loc["a", "nobs"] == 109
    turnover = es.log_volume(volume, pd.Series({"0": 1e6, "1": 1e6, "2": 1e6}))
    pd.testing.assert_frame_equal(es.event_study(turnover, events, model="mean", **options).ar, study.ar)
    with pytest.raises(InputError, match="volume below zero"):
        es.log_volume(-volume)
    stormy = returns.copy()
    stormy.iloc[300, :3] = stormy["MKT"].iloc[300] + 0.2
    moves = es.log_absolute_residual(stormy[["0", "1", "2"]], stormy["MKT"])
    assert es.event_study(moves, events, model="mean", **options).caar((0, 0)).loc[0, "caar"] > 1.5


def test_figures_of_the_report_draw_event_study(study):
    from eventstudy.plots import car_path_figure, event_path_frame, mean_path_frame

    one = event_path_frame(study, "one")
    last = study.car((-5, 5)).loc["one"]
    assert one["car"].iloc[-1] == pytest.approx(last["car"], abs=EXACT)
    assert one["ci_low"].iloc[-1] == pytest.approx(last["ci_low"], abs=EXACT)
    mean = mean_path_frame(study)
    cars = study.car((-5, 0))["car"].dropna()
    row = mean[mean["relative_day"] == 0].iloc[0]
    assert row["car"] == pytest.approx(cars.mean(), abs=EXACT)
    half = stats.t.isf(0.025, len(cars) - 1) * cars.std(ddof=1) / np.sqrt(len(cars))
    assert row["ci_high"] - row["car"] == pytest.approx(half, abs=EXACT)
    for frame in (one, mean):
        drawn = car_path_figure(frame).data[-1]
        assert list(drawn.y) == pytest.approx([100 * value for value in frame["car"]])
    with pytest.raises(OptionError, match="there is no event 'zzz' in the results"):
        event_path_frame(study, "zzz")


def test_a_family_of_headlines_is_adjusted_together():
    from statsmodels.stats.multitest import multipletests

    family = {"nvidia": 0.394, "shanghai": 0.01, "hygon": 0.02, "sugon": 0.0006}
    for method, theirs in (("holm", "holm"), ("benjamini_hochberg", "fdr_bh"), ("benjamini_yekutieli", "fdr_by")):
        found = es.adjust_pvalues(family, method)
        assert found.index.tolist() == list(family)
        assert found["adjusted"].to_numpy() == pytest.approx(multipletests(list(family.values()), method=theirs)[1])
    with pytest.raises(OptionError, match="method='bonferroni' is not allowed; allowed: holm, benjamini_hochberg"):
        es.adjust_pvalues(family, "bonferroni")
    with pytest.raises(InputError):
        es.adjust_pvalues(family | {"moore": float("nan")})
