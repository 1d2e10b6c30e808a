"""A number is made by one function, whichever door it came in by: study files and one's own frames agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.config import parse_study
from eventstudy.inference import TESTS, Test
from eventstudy.inference.question import ask, mean_of
from eventstudy.models import MODELS, Model
from eventstudy.models.linear import fit_linear
from eventstudy.prices import PricePanel
from eventstudy.returns import trade_returns
from eventstudy.spec import Choice
from eventstudy.study.cases import anchor_of
from eventstudy.study.levels import placed
from eventstudy.study.setting import build_setting
from tests.test_study import DAYS, made, random_walk

SAME = {"rel": 1e-12, "abs": 1e-14}
SEARCHED = {"rel": 1e-5, "abs": 1e-7}
"""Of a maximum of a likelihood: returns that differ in their last bit end the search at another of its last steps."""
WITHOUT_FACTORS = [name for name, row in MODELS.items() if row.needs in (None, "benchmark")]


@pytest.fixture(scope="module")
def every_model(flagship_spec, flagship_prices):
    choices = tuple(Choice(name=name) for name in WITHOUT_FACTORS)
    spec = flagship_spec.model_copy(update={"models": choices})
    return es.run_study(spec, flagship_prices, robustness="none"), build_setting(spec, flagship_prices)


def frames_of(setting, security, benchmark):
    """A security and its benchmark as a researcher would have them: one row a session of the exchange."""
    series, level = setting.series[security], setting.levels[benchmark]
    values = placed(level, series.sessions)
    market = trade_returns(series.sessions, values, setting.spec.returns).values
    return pd.DataFrame({security: series.trade.values, benchmark: market}, index=pd.DatetimeIndex(series.sessions))


@pytest.mark.parametrize("model", WITHOUT_FACTORS)
def test_every_figure_of_the_flagship_comes_from_both_doors(every_model, model):
    result, setting = every_model
    spec, compared = setting.spec, 0
    for security, given in spec.securities.items():
        rows = [item for item in setting.timed if item.security == security and item.event.role == "tested"]
        events = pd.DataFrame(
            {
                "asset": security,
                "event_id": [item.event.id for item in rows],
                "date": pd.DatetimeIndex([item.day0 for item in rows]),
                "anchor": pd.DatetimeIndex([anchor_of(spec, item.event, item.day0) for item in rows]),
            }
        )
        for benchmark in given.benchmarks if MODELS[model].needs else given.benchmarks[:1]:
            wanted = [
                one
                for one in result.car
                if (one.security, one.model, one.benchmark) == (security, model, MODELS[model].needs and benchmark)
                and one.std_error is not None
            ]
            if not wanted:
                continue
            study = es.event_study(
                frames_of(setting, security, benchmark),
                events,
                benchmark=benchmark,
                model=model,
                estimation_window=spec.windows.estimation,
                event_window=spec.windows.event,
                min_estimation=spec.windows.min_estimation,
                after_gap=spec.returns,
            )
            for one in wanted:
                own = study.car(one.window).loc[one.event_id]
                assert one.car == pytest.approx(own["car"], **SAME)
                assert one.std_error == pytest.approx(own["std_error"], **SAME)
                assert one.pvalue == pytest.approx(own["pvalue"], **SAME)
                compared += 1
    assert compared >= 50


SHARE = "exchange: XNYS, board: nyse, currency: USD"
FIRMS = tuple(f"F{number}" for number in range(6))
DATES = ("2025-09-10", "2025-09-23", "2025-10-14", "2025-10-28", "2025-11-12", "2025-11-25")


def study_text(models="[market]", tests="[]", more=""):
    """Six firms with an announcement each, on its own date."""
    firms = "\n".join(
        f"  {name}: {{name: {name}, {SHARE}, benchmarks: [MKT], factors: [MKT, SIZE], peers: [P0, P1]}}"
        for name in FIRMS
    )
    events = "\n".join(
        f"  - {{id: news-{number}, title: News of {name}, when: {day}T15:00Z, securities: {{{name}: unsigned}}, "
        "sources: [paper]}"
        for number, (name, day) in enumerate(zip(FIRMS, DATES, strict=True))
    )
    return f"""\
version: 1
study: {{id: firms, title: Firms, question: Whether they moved}}
returns: simple
seed: 1
windows: {{estimation: [-100, -11], event: [-5, 5], car: [[0, 0], [-1, 1]], min_estimation: 60}}
models: {models}
tests: {tests}
sources:
  paper: {{publisher: A paper, title: A title, date: 1 September 2025}}
benchmarks:
  MKT: {{name: Market, exchange: XNYS, currency: USD, scope: broad}}
  SIZE: {{name: Size, exchange: XNYS, currency: USD, scope: sector}}
peers:
  P0: {{name: P0, {SHARE}, touched: false}}
  P1: {{name: P1, {SHARE}, touched: false}}
securities:
{firms}
events:
{events}
samples:
  - {{id: news, title: All the news, title_zh: 全部消息}}
{more}"""


@pytest.fixture(scope="module")
def prices():
    market, size = random_walk(50), random_walk(51)
    levels = {"MKT": market, "SIZE": size, "P0": random_walk(52) * market, "P1": random_walk(53) * market}
    levels |= {name: random_walk(60 + number, 0.02) * market for number, name in enumerate(FIRMS)}
    return PricePanel({name: made(name, level) for name, level in levels.items()})


@pytest.fixture(scope="module")
def returns(prices):
    closes = pd.DataFrame({name: prices[name].close for name in prices}, index=pd.DatetimeIndex(DAYS))
    return closes.pct_change(fill_method=None)


def own_study(returns, model, **options):
    needs = MODELS[model].needs
    given = {"benchmark": "MKT"} if needs == "benchmark" else {}
    given |= {"factors": returns[["MKT", "SIZE"]]} if needs == "factors" else {}
    given |= {"factors": returns[["P0", "P1"]]} if needs == "peers" else {}
    events = pd.DataFrame({"asset": FIRMS, "date": DATES, "event_id": [f"news-{n}" for n in range(6)]})
    windows = {"estimation_window": (-100, -11), "event_window": (-5, 5), "min_estimation": 60}
    return es.event_study(returns, events, model=model, model_options=options or None, **given, **windows)


@pytest.mark.parametrize("model", MODELS)
def test_a_study_file_takes_every_model(prices, returns, model):
    result = es.run_study(parse_study(study_text(f"[{model}]")), prices, robustness="none")
    own = own_study(returns, model)
    close = SEARCHED if model == "garch_market" else SAME
    assert len(result.car) == len(FIRMS) * 2
    for one in result.car:
        row = own.car(one.window).loc[one.event_id]
        assert one.car == pytest.approx(row["car"], **close)
        assert one.std_error == pytest.approx(row["std_error"], **close)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("dimson", {"lags": 2, "leads": 0}),
        ("factor", {"intercept": False}),
        ("peer_portfolio", {"beta": "one"}),
        ("synthetic_control", {"augment": 0.5}),
    ],
)
def test_a_study_file_takes_the_options_of_a_model(prices, returns, model, options):
    written = ", ".join(f"{name}: {str(value).lower()}" for name, value in options.items())
    result = es.run_study(parse_study(study_text(f"[{{{model}: {{{written}}}}}]")), prices, robustness="none")
    own = own_study(returns, model, **options)
    for one in result.car:
        assert one.car == pytest.approx(own.car(one.window).loc[one.event_id, "car"], **SAME)


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ("[{dimson: {lag: 1}}]", "dimson"),
        ("[{dimson: {lags: -1}}]", "lags"),
        ("[{factor: {intercept: perhaps}}]", "intercept"),
        ("[{synthetic_control: {augment: often}}]", "augment"),
        ("[market, market]", "market stands there twice"),
        ("[{market: 3}]", "options of market"),
        ("[[market]]", "a name is expected"),
    ],
)
def test_what_a_model_does_not_take_is_refused_with_its_place(models, told):
    with pytest.raises(es.StudyFileError) as caught:
        parse_study(study_text(models))
    assert all(fault.line == 6 and told in fault.message for fault in caught.value.faults)


def test_means_and_every_test_of_a_sample_are_those_of_ones_own_frames(prices, returns):
    result = es.run_study(parse_study(study_text(tests=f"[{', '.join(TESTS)}]")), prices, robustness="none")
    own = own_study(returns, "market")
    for one in result.means:
        row = own.caar(one.window).iloc[0]
        assert (one.events, one.left_out) == (6, 0)
        for name, column in (("mean", "caar"), ("std_error", "std_error"), ("pvalue", "pvalue"), ("ci_low", "ci_low")):
            assert getattr(one, name) == pytest.approx(row[column], **SAME)
    assert {one.test for one in result.tests} == set(TESTS)
    for one in result.tests:
        found = own.test(one.test, one.window)
        assert (one.refusal and one.refusal.code) == (found.refusal and found.refusal.code)
        assert one.refusal or one.pvalue == pytest.approx(found.pvalue, **SAME)


def test_the_options_of_a_test_are_its_own(prices):
    spec = parse_study(study_text(tests="[{cross_sectional_t: {alternative: greater}}]"))
    one_sided = es.run_study(spec, prices, robustness="none").tests[0]
    both = es.run_study(parse_study(study_text(tests="[cross_sectional_t]")), prices, robustness="none").tests[0]
    tail = both.pvalue / 2
    assert one_sided.pvalue == pytest.approx(tail if both.statistic > 0 else 1 - tail)


@pytest.mark.parametrize("model", ["market", "market_adjusted"])
def test_events_with_too_few_observations_enter_no_test_that_rests_on_them(prices, returns, model):
    """As on one's own frames: out under a model with parameters, without a standard error under one that has none."""
    short = prices["F0"]
    held = short.sessions >= np.datetime64("2025-06-20")
    cut = {name: prices[name] for name in prices}
    cut["F0"] = replace(short, sessions=short.sessions[held], close=short.close[held])
    spec = parse_study(study_text(f"[{model}]", f"[{', '.join(TESTS)}]"))
    result = es.run_study(spec, PricePanel(cut), robustness="none")
    listed = returns.copy()
    listed.loc[:"2025-06-20", "F0"] = np.nan
    own = own_study(listed, model)
    for one in result.means:
        row = own.caar(one.window).iloc[0]
        assert (one.mean, one.events) == (pytest.approx(row["caar"], **SAME), row["n"])
    for one in result.tests:
        found = own.test(one.test, one.window)
        assert one.events == found.nobs, one.test
        assert (one.refusal and one.refusal.code) == (found.refusal and found.refusal.code), one.test
        assert one.refusal or one.pvalue == pytest.approx(found.pvalue, **SAME), one.test


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("cross_sectional_t: {side: greater}", "cross_sectional_t"),
        ("cross_sectional_t: {alternative: up}", "alternative"),
        ("bmp_t: {variant: nope}", "variant"),
        ("wild_bootstrap: {draws: -3}", "draws"),
        ("permutation: {seed: x}", "seed"),
    ],
)
def test_what_a_test_does_not_take_is_refused_with_its_place(test, told):
    with pytest.raises(es.StudyFileError) as caught:
        parse_study(study_text(tests=f"[{{{test}}}]"))
    (fault,) = caught.value.faults
    assert (fault.line, told in fault.message) == (7, True)


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        ("events: [news-9]", "samples[0].events[0]: unknown event 'news-9'"),
        ("events: [context]", "samples[0].events[0]: the event context is not tested"),
        ("events: [news-1], securities: [F0]", "samples[0].securities[0]: no event of the sample news touches F0"),
        ("event: [news-1]", "samples[0].event: unknown key 'event'"),
    ],
)
def test_what_no_sample_can_be_is_refused_with_its_place(sample, told):
    context = "  - {id: context, title: Other, when: 2025-09-01, role: context, sources: [paper]}\nsamples:"
    text = study_text().replace("samples:", context).replace("title: All the news,", f"title: All the news, {sample},")
    with pytest.raises(es.StudyFileError) as caught:
        parse_study(text)
    (fault,) = caught.value.faults
    assert fault.message.startswith(told)


def test_securities_without_factors_are_told(prices):
    text = study_text("[market, factor]").replace("factors: [MKT, SIZE], ", "", 1)
    result = es.run_study(parse_study(text), prices, robustness="none")
    told = [one for one in result.exclusions if one.about == "estimate"]
    assert [(one.security, one.code) for one in told] == [("F0", "not_estimated.no_regressors")]
    assert sum(one.model == "factor" for one in result.params) == 5


def fit_trimmed(panel, *, cut=0.05):
    """A model of one's own: the market model without the largest moves of the estimation window."""
    kept = panel.observed & (np.abs(panel.returns) < cut)
    return fit_linear(panel.returns, panel.factors, kept, panel.event_factors, panel.event_span, names=panel.names)


def largest(section, *, alternative="two-sided", variant=None):
    """A test of one's own: the largest standardised CAR against the normal distribution of as many."""
    question = ask("largest", mean_of(section), section, alternative=alternative, variant=variant)
    return question.by_normal(float(section.scar[np.abs(section.scar).argmax()] / np.sqrt(section.size)))


TRIMMED = Model(
    "trimmed", fit_trimmed, needs="benchmark", options=("cut",), title="Trimmed market model", title_zh="截尾市场模型"
)
LARGEST = Test("largest", largest, title="Largest move", title_zh="最大变动")


def test_models_and_tests_of_ones_own_go_through_both_doors_to_both_pages(prices, returns, tmp_path):
    spec = parse_study(study_text())
    result = es.run_study(spec, prices, robustness="none", models=[TRIMMED], tests=[LARGEST])
    events = pd.DataFrame({"asset": FIRMS, "date": DATES, "event_id": [f"news-{n}" for n in range(6)]})
    windows = {"estimation_window": (-100, -11), "event_window": (-5, 5), "min_estimation": 60}
    own = es.event_study(returns, events, benchmark="MKT", model=TRIMMED, **windows)
    trimmed = [one for one in result.car if one.model == "trimmed"]
    assert len(trimmed) == 12
    for one in trimmed:
        assert one.car == pytest.approx(own.car(one.window).loc[one.event_id, "car"], **SAME)
    plain = own_study(returns, "market")
    assert (own.params["nobs"] < plain.params["nobs"]).any()
    told = next(one for one in result.tests if (one.test, one.model) == ("largest", "market"))
    assert told.pvalue == pytest.approx(plain.test(LARGEST, told.window).pvalue, **SAME)
    for lang, words in (("en", ("Trimmed market model", "Largest move")), ("zh", ("截尾市场模型", "最大变动"))):
        page = (es.write_report(result, tmp_path / lang, lang=lang) / "report.html").read_text(encoding="utf-8")
        assert all(word in page for word in words)
    assert "Largest move" not in (tmp_path / "zh").joinpath("firms", "report.html").read_text(encoding="utf-8")


def test_a_name_that_is_taken_is_refused(prices):
    taken = Model("market", fit_trimmed, needs="benchmark")
    with pytest.raises(es.OptionError, match="market"):
        es.run_study(parse_study(study_text()), prices, models=[taken])


def test_the_test_that_a_study_asks_for_is_computed(prices):
    """FAULTS O8: the page says that the study takes the test, so the test is run."""
    heads = """headlines:
  - {id: pair, title: Both, event: both, group: pair, window: [-1, 1]}
groups:
  pair: {title: A pair, securities: [F0, F1]}
robustness: {test: adjusted_bmp_t}
"""
    event = (
        "  - {id: both, title: Both, when: 2025-12-02T15:00Z, securities: {F0: unsigned, F1: unsigned}, "
        "sources: [paper]}\nsamples:"
    )
    text = study_text(tests="[portfolio_t]", more=heads).replace("samples:", event)
    result = es.run_study(parse_study(text), prices, robustness="fast")
    (told,) = result.recommendations
    closes = pd.DataFrame({name: prices[name].close for name in prices}, index=pd.DatetimeIndex(DAYS))
    events = pd.DataFrame({"asset": ["F0", "F1"], "date": date(2025, 12, 2)})
    windows = {"estimation_window": (-100, -11), "event_window": (-5, 5), "min_estimation": 60}
    own = es.event_study(closes.pct_change(fill_method=None), events, benchmark="MKT", **windows)
    found = own.test("adjusted_bmp_t", (-1, 1))
    assert (told.used, told.not_run) == ("adjusted_bmp_t", None)
    assert told.used_pvalue == pytest.approx(found.pvalue, **SAME)
