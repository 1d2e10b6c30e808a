"""No option is misread in silence: what there is not is an OptionError that lists what there is."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from scipy import stats

import eventstudy as es
from eventstudy.errors import InputError, OptionError
from eventstudy.facts import entries_of, fact, say
from eventstudy.inference import TESTS
from eventstudy.inference.chooser import advise, situation_of
from eventstudy.inference.conformal import conformal_interval, conformal_pvalue
from eventstudy.models import MODELS
from eventstudy.models.regressions import newey_west_lags
from eventstudy.options import spelled, window_of
from eventstudy.texts import LANGS
from eventstudy.windows import Window

SESSIONS = pd.bdate_range("2020-01-01", periods=260)
WINDOWS = {"estimation_window": (-100, -11), "event_window": (-5, 5), "min_estimation": 40}


def world(events=24, seed=4):
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, 260)
    firms = {f"F{n}": market + rng.normal(0, 0.02, 260) for n in range(events)}
    returns = pd.DataFrame(firms, index=SESSIONS).assign(MKT=market)
    return returns, pd.DataFrame({"asset": list(firms), "date": [SESSIONS[150 + 2 * n] for n in range(events)]})


@pytest.fixture(scope="module")
def study():
    returns, events = world()
    return es.event_study(returns, events, benchmark="MKT", **WINDOWS)


@pytest.fixture(scope="module")
def exposures(study):
    rng = np.random.default_rng(5)
    return pd.DataFrame(rng.normal(size=(24, 2)), index=study.params.index, columns=["size", "debt"])


WORLD = "allowed: nonrobust, HC0, HC1, HC2, HC3, "
CALLS = {
    "test": (lambda s, _: s.test("bmp"), "test='bmp' is not allowed; allowed: brown_warner_1980, crude_dependence"),
    "test list": (lambda s, _: s.test(["bmp_t"]), "test=['bmp_t'] is not allowed; allowed: brown_warner_1980"),
    "test option": (
        lambda s, _: s.test("bmp_t", (0, 0), alterntive="less"),
        "the test bmp_t has no option 'alterntive'; allowed: alternative, variant",
    ),
    "test draws": (
        lambda s, _: s.test("wild_bootstrap", draw=9),
        "the test wild_bootstrap has no option 'draw'; allowed: alternative, variant, draws, seed",
    ),
    "test draws text": (
        lambda s, _: s.test("permutation", draws="9"),
        "draws='9' is not allowed; it is a whole number",
    ),
    "test draws none": (lambda s, _: s.test("permutation", draws=0), "draws=0 is not allowed; it is 1 or more"),
    "test seed": (lambda s, _: s.test("wild_bootstrap", seed=-1), "seed=-1 is not allowed; it is 0 or more"),
    "alternative": (
        lambda s, _: s.test("sign", alternative="larger"),
        "alternative='larger' is not allowed; allowed: two-sided, greater, less",
    ),
    "variant": (
        lambda s, _: s.test("bmp_t", variant="Normal"),
        "the test bmp_t has no variant 'Normal'; it has: normal",
    ),
    "variant number": (lambda s, _: s.test("sign", variant=1), "the test sign has no variant 1; it has: normal"),
    "tests option": (
        lambda s, _: s.tests((0, 0), side="less"),
        "tests() has no option 'side'; allowed: alternative, v",
    ),
    "tests variant": (lambda s, _: s.tests(variant="nope"), "the test brown_warner_1980 has no variant 'nope'; it has"),
    "calendar time option": (
        lambda s, _: s.test("calendar_time", lags=3),
        "the test calendar_time has no option 'lags'; allowed: alternative, min_firms, weighted, covariance",
    ),
    "calendar time covariance": (
        lambda s, _: s.test("calendar_time", covariance="newey_west"),
        f"covariance='newey_west' is not allowed; {WORLD}HAC",
    ),
    "calendar time spelling": (
        lambda s, _: s.test("calendar_time", covariance="hac"),
        f"covariance='hac' is not allowed; {WORLD}HAC",
    ),
    "calendar time firms": (
        lambda s, _: s.test("calendar_time", min_firms=0),
        "min_firms=0 is not allowed; it is 1 or more",
    ),
    "calendar time weighted": (
        lambda s, _: s.test("calendar_time", weighted="yes"),
        "weighted='yes' is not allowed; allowed: True, False",
    ),
    "bhar kind": (lambda s, _: s.bhar((0, 1), kind="Log"), "kind='Log' is not allowed; allowed: simple, log"),
    "bhar option": (lambda s, _: s.bhar((0, 1), kin="log"), "bhar() has no option 'kin'; allowed: window, kind"),
    "bhar test option": (
        lambda s, _: s.bhar_test((0, 1), nights=1),
        "the test skewness_adjusted_t has no option 'nights'; allowed: alternative, variant, draws, seed",
    ),
    "regress spelling": (
        lambda s, x: s.regress(x, covariance="hc3"),
        f"covariance='hc3' is not allowed; {WORLD}cluster",
    ),
    "regress word": (
        lambda s, x: s.regress(x, covariance="robust"),
        f"covariance='robust' is not allowed; {WORLD}cluster",
    ),
    "regress classical": (
        lambda s, x: s.regress(x, covariance="classical"),
        f"covariance='classical' is not allowed; {WORLD}cluster",
    ),
    "regress option": (
        lambda s, x: s.regress(x, cov="HC3"),
        "regress() has no option 'cov'; allowed: characteristics, window, covariance, clusters",
    ),
    "regress cluster": (
        lambda s, x: s.regress(x, covariance="cluster"),
        "covariance='cluster' needs clusters, a Series by event_id",
    ),
    "slopes day": (
        lambda s, x: s.slope_distribution(x, 9),
        "the window [+9, +9] is not inside the event window [-5, +5]",
    ),
    "slopes day text": (lambda s, x: s.slope_distribution(x, "0"), "window=('0', '0') is not a window"),
    "aar": (lambda s, _: s.aar(by="sector"), "by='sector' is not allowed; allowed: None, group"),
    "caar": (lambda s, _: s.caar((0, 1), by=["group"]), "by=['group'] is not allowed; allowed: None, group"),
    "caar option": (lambda s, _: s.caar((0, 1), group="x"), "caar() has no option 'group'; allowed: window, by"),
    "diagnostics": (lambda s, _: s.diagnostics(day=1), "diagnostics() has no option 'day'; allowed: none"),
    "overall": (lambda s, _: s.overall(days=1), "overall() has no option 'days'; allowed: day"),
    "window outside": (
        lambda s, _: s.car((-6, 0)),
        "the window [-6, 0] is not inside the event window [-5, +5]",
    ),
    "window order": (lambda s, _: s.car((1, 0)), "window [+1, 0] ends before it begins; give the first and then"),
    "section": (lambda s, _: advise(3), "3 is no situation; give a Situation, or a section of a study's events"),
    "advise option": (lambda s, _: advise(s.section((0, 0)), test="x"), "advise() has no option 'test'; allowed: sit"),
    "situation": (
        lambda s, _: advise(replace(situation_of(s.section((0, 0))), events="many")),
        "events='many' is not allowed; it is a whole number, 0 or more",
    ),
    "situation share": (
        lambda s, _: advise(replace(situation_of(s.section((0, 0))), correlation="high")),
        "correlation='high' is not allowed; it is a number",
    ),
    "q": (
        lambda s, _: conformal_pvalue(np.zeros(9), np.ones((9, 1)), np.array([8]), q="1"),
        "q='1' is not allowed; it is a number",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_there_is_not_is_refused_with_what_there_is(study, exposures, name):
    call, message = CALLS[name]
    with pytest.raises(OptionError) as caught:
        call(study, exposures)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("test", TESTS)
def test_every_test_knows_its_options(study, test):
    with pytest.raises(OptionError, match=f"^the test {test} has no option 'window'; allowed: alternative, variant"):
        TESTS[test](study.section((0, 0)), window=1)


NOT_WINDOWS = [0, 1.5, "0", "(-1, 1)", None, (0,), (0, 1, 2), (0, 1.5), [(-1, 1), (0, 5)], {0: 1}, (True, 1), (0, "1")]


@pytest.mark.parametrize("given", NOT_WINDOWS, ids=str)
@pytest.mark.parametrize("call", ["car", "caar", "test", "tests", "bhar", "section", "regress"])
def test_what_is_no_window_is_refused_by_every_method(study, exposures, call, given):
    calls = {"test": lambda: study.test("bmp_t", given), "regress": lambda: study.regress(exposures, given)}
    with pytest.raises(OptionError, match="is not a window; allowed: one pair of whole numbers, first and last"):
        calls.get(call, lambda: getattr(study, call)(given))()


@pytest.mark.parametrize(
    "given", [(0.0, 1.0), [0, 1], np.array([0, 1]), (np.int64(0), np.int32(1)), np.array([0.0, 1.0]), Window(0, 1)]
)
def test_a_pair_of_whole_numbers_is_a_window_whatever_holds_it(study, given):
    assert window_of("window", given) == (0, 1)
    pd.testing.assert_frame_equal(study.car(given), study.car((0, 1)))
    assert study.test("calendar_time", given) == study.test("calendar_time", (0, 1))


def test_days_beyond_all_sessions_are_a_slip_and_not_a_hang():
    returns, events = world(2)
    with pytest.raises(OptionError, match=r"^estimation_window \[-1000000000, -11\] is not allowed; allowed: relative"):
        es.event_study(returns, events, benchmark="MKT", estimation_window=(-(10**9), -11))


MODEL_OPTIONS = {
    "intercept": ("factor", {"intercept": "x"}, "intercept='x' is not allowed; allowed: True, False"),
    "intercept number": ("factor", {"intercept": 1}, "intercept=1 is not allowed; allowed: True, False"),
    "lags": ("dimson", {"lags": "x"}, "lags='x' is not allowed; it is a whole number, 0 or more"),
    "lags fraction": ("dimson", {"lags": 1.7}, "lags=1.7 is not allowed; it is a whole number, 0 or more"),
    "leads": ("dimson", {"leads": -1}, "leads=-1 is not allowed; it is 0 or more"),
    "weights": ("dimson", {"weights": "fr"}, "weights='fr' is not allowed; allowed: dimson, fowler_rorke"),
    "beta": ("peer_portfolio", {"beta": 1}, "beta=1 is not allowed; allowed: free, one"),
    "ridge": ("synthetic_control", {"ridge": "x"}, "ridge='x' is not allowed; give a number of at least 0"),
    "augment": ("synthetic_control", {"augment": True}, "augment=True is not allowed; give a penalty above 0, or 'cv'"),
    "ridge flag": ("synthetic_control", {"ridge": True}, "ridge=True is not allowed; give a number of at least 0"),
    "unknown": ("factor", {"constant": False}, "model='factor' has no option 'constant'; allowed: intercept"),
    "none": ("market", {"intercept": False}, "model='market' has no option 'intercept'; allowed: none"),
    "text": ("factor", "intercept", "model_options='intercept' is not allowed; give a mapping of option to value"),
}


@pytest.mark.parametrize("name", MODEL_OPTIONS)
def test_options_of_models(name):
    model, options, message = MODEL_OPTIONS[name]
    returns, events = world(3)
    given = {"benchmark": "MKT"} if MODELS[model].needs == "benchmark" else {"factors": returns[["MKT", "F2"]]}
    with pytest.raises(OptionError) as caught:
        es.event_study(returns, events, model=model, model_options=options, **given, **WINDOWS)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"modle": "mean"}, "event_study() has no option 'modle'; allowed: returns, events, benchmark, factors"),
        ({"min_estimation": "30"}, "min_estimation='30' is not allowed; it is a whole number, 1 or more"),
        ({"exclude_event_days": "no"}, "exclude_event_days='no' is not allowed; allowed: True, False"),
        ({"model": ["market"]}, "model=['market'] is not allowed; allowed: market, market_adjusted, mean"),
        ({"non_session": True}, "non_session=True is not allowed; allowed: raise, next, previous, skip"),
    ],
    ids=str,
)
def test_options_of_a_study(option, message):
    returns, events = world(2)
    with pytest.raises(OptionError) as caught:
        es.event_study(returns, events, benchmark="MKT", **{**WINDOWS, **option})
    assert str(caught.value).startswith(message)


COVARIANCES = ["nonrobust", "HC0", "HC1", "HC2", "HC3"]


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_one_set_of_names_for_covariances_is_that_of_statsmodels(study, exposures, covariance):
    car = study.car((0, 1))["car"].to_numpy()
    plain = sm.OLS(car, sm.add_constant(exposures.to_numpy())).fit(cov_type=covariance)
    found = study.regress(exposures, (0, 1), covariance=covariance)
    assert found["std_error"].to_numpy() == pytest.approx(plain.bse, rel=1e-10)


@pytest.mark.parametrize("covariance", [*COVARIANCES, "HAC"])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_calendar_time_has_the_same_names_and_sides(study, covariance, alternative):
    returns, _ = world()
    held = np.zeros((260, 24), dtype=bool)
    for n in range(24):
        held[150 + 2 * n : 154 + 2 * n, n] = True
    use = held.any(axis=1)
    portfolio = np.where(held, returns.drop(columns="MKT"), 0.0).sum(axis=1)[use] / held.sum(axis=1)[use]
    lags = {"cov_kwds": {"maxlags": newey_west_lags(int(use.sum())), "use_correction": True}}
    fit = sm.OLS(portfolio, sm.add_constant(returns["MKT"].to_numpy()[use])).fit(
        cov_type=covariance, **(lags if covariance == "HAC" else {})
    )
    found = study.test("calendar_time", (0, 3), covariance=covariance, alternative=alternative)
    ratio, df = fit.params[0] / fit.bse[0], use.sum() - 2
    tails = {
        "two-sided": 2 * stats.t.sf(abs(ratio), df),
        "greater": stats.t.sf(ratio, df),
        "less": stats.t.cdf(ratio, df),
    }
    assert (found.statistic, found.pvalue) == pytest.approx((ratio, tails[alternative]), rel=1e-9)
    assert found.hypothesis.values["side"] == alternative


FRAMES = {
    "text": (lambda x: x.assign(sector="bank"), "the characteristic 'sector' holds "),
    "infinite": (
        lambda x: x.assign(size=np.inf),
        "the characteristic 'size' has an infinite value; leave it out as NaN",
    ),
    "collinear": (
        lambda x: x.assign(twice=2 * x["size"] + 1.0),
        "the characteristics size, debt, twice and a constant are collinear; take one out",
    ),
    "other ids": (
        lambda x: x.set_axis([f"e{n}" for n in range(24)]),
        "characteristics has rows e0, e1, e2 and the events have the ids 0, 1, 2; give rows by event_id",
    ),
    "no rows": (
        lambda x: x.iloc[:0],
        "characteristics has rows none and the events have the ids 0, 1, 2; give rows by",
    ),
    "twice": (lambda x: pd.concat([x, x]), "characteristics must have one row for each event_id"),
    "array": (lambda x: x.to_numpy(), "characteristics is a ndarray; give a DataFrame with rows by event_id"),
    "mapping": (lambda x: {"size": 1.0}, "characteristics is {'size': 1.0}; give a DataFrame with rows by event_id"),
    "few": (lambda x: x.iloc[:3], "3 events have a CAR and all 2 characteristics; 4 or more are needed"),
}


@pytest.mark.parametrize("name", FRAMES)
def test_characteristics_that_cannot_be_used_are_told(study, exposures, name):
    change, message = FRAMES[name]
    with pytest.raises(InputError) as caught:
        study.regress(change(exposures), (0, 1))
    assert str(caught.value).startswith(message)


def test_rows_by_the_numbers_of_the_events_are_rows_by_event_id(study, exposures):
    """Events without an event_id are called by their row numbers, which a frame beside them has as integers."""
    plain = study.regress(exposures, (0, 1))
    pd.testing.assert_frame_equal(study.regress(exposures.reset_index(drop=True), (0, 1)), plain)
    shuffled = exposures.reset_index(drop=True).sample(frac=1.0, random_state=1)
    pd.testing.assert_frame_equal(study.regress(shuffled, (0, 1)), plain)


def test_clusters_are_by_event_id_too(study, exposures):
    clusters = pd.Series(np.arange(24) // 4)
    found = study.regress(exposures, (0, 1), covariance="cluster", clusters=clusters)
    fit = sm.OLS(study.car((0, 1))["car"].to_numpy(), sm.add_constant(exposures.to_numpy())).fit(
        cov_type="cluster", cov_kwds={"groups": clusters.to_numpy()}
    )
    assert found["std_error"].to_numpy() == pytest.approx(fit.bse, rel=1e-10)
    for wrong, message in (
        (list(clusters), "clusters is "),
        (pd.Series(1, index=range(24)), "clusters puts all events into one"),
        (clusters.iloc[:20], "clusters has no value for 4 events"),
    ):
        with pytest.raises(InputError, match=message):
            study.regress(exposures, (0, 1), covariance="cluster", clusters=wrong)


def test_advice_is_given_on_a_section_too(study):
    section = study.section((0, 1))
    assert advise(section) == advise(situation_of(section))
    with pytest.raises(OptionError, match=r"^no event has every day of the window \[0, \+1\]; choose a shorter one$"):
        advise(replace(section, car=np.zeros(0)))


def test_conformal_without_a_regressor_is_about_the_returns_as_they_are():
    y = np.array([0.01, -0.02, 0.015, 0.005, -0.01, 0.08])
    none = np.zeros((6, 0))
    assert conformal_pvalue(y, none, np.array([5]), scheme="iid") == 1 / 6
    low, high = conformal_interval(y, none, np.array([5]), level=0.8, scheme="iid").pieces[0]
    assert (low, high) == pytest.approx((0.08 - 0.02, 0.08 + 0.02))
    with pytest.raises(InputError, match=r"^y has shape \(6,\) and x \(\); give"):
        conformal_pvalue(y, None, np.array([5]))
    with pytest.raises(InputError, match="hold something that is no number"):
        conformal_pvalue(y, np.full((6, 1), "x"), np.array([5]))


def test_a_function_with_its_names_spelled_is_the_function():
    assert spelled(lambda a, *, b=1: (a, b))(1, b=2) == (1, 2)


TOLD = {
    "option.one_of": ({"name": "by", "given": "'x'", "allowed": ("a", "b")}, "by='x' is not allowed; allowed: a, b"),
    "option.whole": (
        {"name": "lags", "given": "1.5", "least": 0},
        "lags=1.5 is not allowed; it is a whole number, 0 or more",
    ),
    "option.least": ({"name": "draws", "given": "0", "least": 1}, "draws=0 is not allowed; it is 1 or more"),
    "option.number": ({"name": "q", "given": "'x'"}, "q='x' is not allowed; it is a number"),
    "option.level": (
        {"name": "level", "given": "95"},
        "level=95 is not a probability between 0 and 1; 0.95 gives a 95 % interval",
    ),
    "option.alpha": (
        {"name": "alpha", "given": "5"},
        "alpha=5 is not a probability between 0 and 1; 0.05 tests at the 5 % level",
    ),
    "option.window": (
        {"name": "window", "given": "0"},
        "window=0 is not a window; allowed: one pair of whole numbers, first and last relative day, as (-1, 1)",
    ),
    "option.window_order": (
        {"name": "window", "window": "[+1, 0]"},
        "window [+1, 0] ends before it begins; give the first and then the last relative day",
    ),
    "option.window_far": (
        {"name": "window", "window": "[-9, 0]", "farthest": 5},
        "window [-9, 0] is not allowed; allowed: relative days from -5 to 5",
    ),
    "option.window_outside": (
        {"window": "[0, +9]", "event_window": "[-1, +1]"},
        "the window [0, +9] is not inside the event window [-1, +1]",
    ),
    "option.unknown": (
        {"what": "car()", "option": "x", "allowed": ("window",)},
        "car() has no option 'x'; allowed: window",
    ),
    "option.none": ({"what": "diagnostics()", "option": "x"}, "diagnostics() has no option 'x'; allowed: none"),
    "option.mapping": (
        {"name": "model_options", "given": "5"},
        "model_options=5 is not allowed; give a mapping of option to value",
    ),
    "option.taken": (
        {"name": "models", "given": "'market'"},
        "models: the name 'market' is taken; give each of your own a name that no other has",
    ),
    "option.needs": ({"name": "model", "given": "'market'", "needs": "benchmark"}, "model='market' needs benchmark="),
    "option.not_a_column": (
        {"name": "benchmark", "given": "'SPX'"},
        "benchmark='SPX' is not a column of returns; give a column or a Series",
    ),
    "option.needs_limits": ({"given": "'drop'"}, "limit_days='drop' needs at_limit=, the closes at a price limit"),
    "option.executor": (
        {"given": "5"},
        "executor=5 has no method map; give concurrent.futures' pools, a Dask client's executor or ray's pool",
    ),
    "option.executor_results": (
        {"given": "a Pool", "n": 2},
        "executor=a Pool did not return the estimates of each of the 2 chunks of events it was given, in their order; "
        "its map must return one result for each, as that of concurrent.futures does",
    ),
    "option.path": (
        {"name": "folder", "given": "None"},
        "folder=None is not a path; give a text or a pathlib.Path",
    ),
    "option.folder": (
        {"name": "scratch", "given": "away"},
        "scratch=away is no folder that is there; make it first, or name another",
    ),
    "option.no_parquet": (
        {"folder": "firms"},
        "firms holds no .parquet files; name a folder with one file per asset",
    ),
    "option.workbook": ({"given": "a.txt"}, "path=a.txt is not the name of a workbook; let it end in .xlsx"),
    "option.document": ({"given": "a.txt"}, "path=a.txt is not the name of a Word document; let it end in .docx"),
    "option.no_rows": ({"what": "to_html()"}, "to_html() has nothing to show: these results have no row for it"),
    "option.title": ({"given": "5"}, "title=5 is not allowed; it is a text"),
    "option.extra": ({"lacking": "pyarrow"}, "this needs pyarrow"),
    "option.risk_free": (
        {"after_gap": "log"},
        "risk_free covers one session each; with after_gap=log give excess returns instead",
    ),
    "option.windows": (
        {"estimation": "[-9, -1]", "event": "[-2, +2]"},
        "the estimation window [-9, -1] must end before the event window [-2, +2] begins",
    ),
    "option.exchange": ({"given": "5"}, "exchange=5 is not allowed; allowed: a code such as 'XNYS' or None"),
    "option.characteristics": (
        {"given": "5"},
        "characteristics=5 is not allowed; allowed: a list of columns of events",
    ),
    "option.uncensorable": (
        {"model": "'dimson'", "allowed": ("market", "mean")},
        "limit_days='censor' has no form of model='dimson'; allowed with market, mean, or choose 'drop'",
    ),
    "option.no_reference": (
        {"what": "bhar()", "model": "'mean'", "allowed": ("market", "dimson")},
        "bhar() needs a return that the security is held against, and model='mean' has none; allowed: market, dimson",
    ),
    "option.accept": (
        {"given": "'scale'", "allowed": ("scale",)},
        "accept='scale' is not allowed; allowed: a list of scale",
    ),
    "option.lacks": ({"what": "car()", "lacking": ("window",)}, "car() needs window"),
    "option.several_markets": (
        {"lags": 1, "leads": 1},
        "lags=1 and leads=1 count sessions, and the assets have sessions of several markets; study one market at a "
        "time",
    ),
    "option.unknown_limits": ({}, "car_to_open needs at_limit=, the closes at a price limit"),
}


def test_every_sentence_on_options_is_told_here_in_full():
    for code, (values, sentence) in TOLD.items():
        assert str(fact(code, **values)) == sentence
    for lang in LANGS:
        entries = entries_of(lang)
        text = files("eventstudy").joinpath("texts", lang, "options.yaml").read_text(encoding="utf-8")
        assert {f"option.{name}" for name in yaml.safe_load(text)["fact"]["option"]} == set(TOLD)
        for code, (values, _) in TOLD.items():
            assert say(f"fact.{code}", values, entries)


def test_an_option_error_has_a_code_and_values():
    with pytest.raises(OptionError) as caught:
        window_of("window", (2, 1))
    assert caught.value.fact == fact("option.window_order", name="window", window="[+2, +1]")
