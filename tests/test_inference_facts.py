"""Facts of the inference room: what the code gives has words in both languages, and each sentence once in full."""

from __future__ import annotations

import ast
import re
from importlib.resources import files
from string import Formatter

import pytest
import yaml

from eventstudy.errors import OptionError
from eventstudy.facts import entries_of, fact, say
from eventstudy.inference import ROWS, TESTS
from eventstudy.texts import LANGS
from tests.conftest import ROOT
from tests.sections import random_section

MADE_IN = ("inference", "robustness", "engine/longrun.py", "models/prior.py")
NAMES = {"BMP", "F", "M", "N", "Z", "p", "t", "estudy2", "variant", "small_sample"}
"""What a Chinese sentence may hold in Latin letters beside names of tests: statistics, a package, options."""

DESIGN = {"design": "known", "events": 4, "dates": 1, "correlation": 0.4}
SENTENCES = {
    "unavailable.too_few": (
        {"n": 4, "window": "[-1, +1]", "need": 15},
        "4 events have every day of the window [-1, +1]; the test needs 15",
    ),
    "unavailable.too_few_left": (
        {"n": 4, "window": "[-1, +1]", "left_out": 3, "need": 15},
        "4 events have every day of the window [-1, +1], 3 were left out; the test needs 15",
    ),
    "unavailable.small_sample": (
        {"n": 4, "need": 15},
        "4 events: below 15 the test rejects a true null up to three times too often; "
        'variant="small_sample" runs it all the same',
    ),
    "unavailable.normal_too_few": (
        {"n": 4, "need": 15},
        "4 events: the normal distribution is right for 15 or more; the default takes t with N - 1 degrees of freedom",
    ),
    "unavailable.flat": (
        {"n": 4},
        "the residual variance of 4 events is zero",
    ),
    "unavailable.flat_one": (
        {},
        "the residual variance of an event is zero",
    ),
    "unavailable.flat_every": (
        {},
        "the residual variance of every event is zero",
    ),
    "unavailable.flat_mean": (
        {},
        "the mean abnormal return does not vary in the estimation window",
    ),
    "unavailable.flat_portfolio": (
        {},
        "the portfolio does not vary in the estimation window",
    ),
    "unavailable.flat_scores": (
        {},
        "the daily mean scores do not vary",
    ),
    "unavailable.flat_ranks": (
        {},
        "the daily mean ranks do not vary",
    ),
    "unavailable.equal_cars": (
        {},
        "the CARs of all events are equal, so their variance is zero",
    ),
    "unavailable.equal_scars": (
        {},
        "the standardised CARs of all events are equal, so their variance is zero",
    ),
    "unavailable.equal_dates": (
        {},
        "the CARs of all dates are equal, so their variance is zero",
    ),
    "unavailable.equal_on_a_day": (
        {},
        "the standardised abnormal returns of all events are equal on a day",
    ),
    "unavailable.zero_cars": (
        {},
        "the CARs of all events are zero",
    ),
    "unavailable.one_sign": (
        {"share": 0.125},
        "the share of positive residuals in the estimation window is 0.125",
    ),
    "unavailable.few_freedom": (
        {"n": 4},
        "4 events have no more than 2 residual degrees of freedom",
    ),
    "unavailable.four_observations": (
        {},
        "an event has no more than 4 estimation observations",
    ),
    "unavailable.one_event": (
        {},
        "the residuals of all events are perfectly correlated: they are one event",
    ),
    "unavailable.no_common_days": (
        {},
        "no two events have enough common estimation days for a correlation",
    ),
    "unavailable.impossible_correlation": (
        {"correlation": 0.4},
        "the mean cross-correlation 0.4000 is below -1/(N - 1), which no events can have",
    ),
    "unavailable.needs_whole": (
        {},
        "this variant needs the whole event window of every event, which the caller has not given",
    ),
    "unavailable.one_day_only": (
        {},
        "estudy2 has this test for one day only",
    ),
    "unavailable.one_date_only": (
        {},
        "estudy2 knows one event date for all firms; these events have several",
    ),
    "unavailable.no_full_event": (
        {},
        "no event has every estimation day, so the benchmark's variation is not known",
    ),
    "unavailable.no_forecast_variance": (
        {},
        "no event has every estimation day, so the common forecast variance is not known",
    ),
    "unavailable.nobody_traded": (
        {"window": "[-1, +1]"},
        "there is a day of the window [-1, +1] on which no firm traded",
    ),
    "unavailable.empty_day": (
        {"window": "[-1, +1]"},
        "there is a day of the window [-1, +1] on which no event has a return",
    ),
    "unavailable.one_value": (
        {},
        "fewer than 2 firms traded, or all with the same value",
    ),
    "unavailable.extreme_rank": (
        {"square": 2.5, "most": 2},
        "Z^2 = 2.5 reaches M - 1 = 2: too few estimation days",
    ),
    "unavailable.different_days": (
        {},
        "the events do not have the same estimation days; crude_dependence does without them",
    ),
    "unavailable.different_regressors": (
        {},
        "the events differ in regressors or in the sessions a return covers; crude_dependence does without",
    ),
    "unavailable.several_dates": (
        {"dates": 3},
        "the events have 3 dates, the test needs one; crude_dependence does without it",
    ),
    "unavailable.no_direction": (
        {},
        "the F test has no direction; ask two-sided",
    ),
    "unavailable.too_many_events": (
        {"df": 118, "n": 4},
        "118 residual degrees of freedom do not suffice for 4 events",
    ),
    "unavailable.too_many_securities": (
        {"df": 118, "n": 4},
        "118 residual degrees of freedom do not suffice for 4 securities",
    ),
    "unavailable.dependent": (
        {"n": 4},
        "the residuals of one of 4 series are, but for rounding, a sum of multiples of the others', as those of two "
        "with the same prices: their joint covariance has no inverse; leave one out",
    ),
    "unavailable.no_estimation_days": (
        {},
        "there are no estimation days",
    ),
    "unavailable.one_draw": (
        {},
        "all events share one date and so are one draw; permutation and portfolio_t do without",
    ),
    "unavailable.no_value": (
        {},
        "the value to be ranked is missing",
    ),
    "unavailable.no_comparator": (
        {"dropped": 2},
        "there is no comparator with a value; 2 were given without one",
    ),
    "unavailable.no_ar": (
        {},
        "the abnormal return is missing",
    ),
    "unavailable.no_ar_in_window": (
        {},
        "an abnormal return of the event window is missing",
    ),
    "unavailable.no_ar_on_day": (
        {"security": "688041", "day": 2, "days": 2},
        "688041 has no abnormal return on event day 2 of 2",
    ),
    "unavailable.no_residual": (
        {},
        "the estimation window has no residual",
    ),
    "unavailable.no_residuals": (
        {},
        "the regression fits without residuals, so there is nothing to test against",
    ),
    "unavailable.missing_observations": (
        {"missing": 1, "n": 4},
        "1 of 4 observations have a missing value; the test takes a window without those",
    ),
    "unavailable.short_side": (
        {"before": 10, "after": 110, "parameters": 2},
        "10 and 110 observations: each side of the split needs more than 2",
    ),
    "unavailable.short_window": (
        {"n": 4, "least": 3},
        "4 observations do not leave 3 on each side of a break",
    ),
    "unavailable.collinear": (
        {},
        "the regressors are collinear",
    ),
    "unavailable.collinear_side": (
        {},
        "the regressors are collinear on one side of the split",
    ),
    "unavailable.collinear_segments": (
        {},
        "the regressors are collinear in a segment of every split",
    ),
    "unavailable.few_sessions": (
        {"n": 4, "firms": 5, "parameters": 2},
        "4 sessions with at least 5 firms do not suffice for 2 parameters",
    ),
    "unavailable.too_few_peers": (
        {"n": 4, "parameters": 2, "need": 15},
        "4 peers have a fit; a prior for 2 parameters needs 15",
    ),
    "note.unweighted": (
        {},
        "the weights of the events do not enter: this test takes all alike",
    ),
    "note.spanning_returns": (
        {"n": 2},
        "left out: 2 returns over several sessions",
    ),
    "note.clustered": (
        {},
        "events share dates, but this test takes all events as independent",
    ),
    "note.correlation": (
        {"correlation": 0.4, "estimator": "pooled"},
        "mean cross-correlation 0.4 (pooled)",
    ),
    "note.rank": (
        {"rank": 2, "total": 8, "n": 4, "smallest": 0.125},
        "rank 2 of 8; the smallest p that 4 comparators allow is 1/8 = 0.12",
    ),
    "note.comparators_dropped": (
        {"dropped": 2},
        "2 comparators without a value were dropped",
    ),
    "note.rank_of_days": (
        {"rank": 2, "total": 8},
        "rank 2 of 8",
    ),
    "note.rank_from_end": (
        {"rank": 2, "total": 8},
        "rank 2 of 8 from the nearer end",
    ),
    "note.attained": (
        {"n": 4, "tails": 1, "total": 8, "smallest": 0.125, "alpha": 0.05, "attained": 5, "size": 0.05},
        "4 residuals allow no p below 1/8 = 0.12 and a test at the 0.05 level has size 5/8 = 0.05",
    ),
    "note.never_rejects": (
        {"n": 4, "tails": 1, "total": 8, "smallest": 0.125, "alpha": 0.05},
        "4 residuals allow no p below 1/8 = 0.12, so the test cannot reject at the 0.05 level",
    ),
    "note.days_dropped": (
        {"dropped": 2},
        "2 days without a residual were dropped",
    ),
    "note.choices_counted": (
        {},
        "all choices of days were counted",
    ),
    "note.choices_drawn": (
        {"draws": 199},
        "199 choices of days were drawn",
    ),
    "note.smallest_p": (
        {"total": 8, "smallest": 0.125},
        "the smallest p possible is 1/8 = 0.12",
    ),
    "note.longer_segments": (
        {"least": 3},
        "each segment has 3 observations at least, more than the trim asks for",
    ),
    "note.splits_skipped": (
        {"n": 4},
        "4 splits were passed over: the regressors are collinear in one of their segments",
    ),
    "note.repaired": (
        {"dates": 3},
        "correlations are those of the 3 dates that all securities have, because the pairwise ones do not fit together",
    ),
    "note.bootstrap": (
        {"draws": 199, "dates": 3},
        "bootstrap of 199 draws from the 3 dates that all securities have",
    ),
    "note.no_bootstrap": (
        {"dates": 3, "need": 15},
        "no bootstrap from the 3 dates that all securities have; it needs 15",
    ),
    "note.singular_draws": (
        {"draws": 199},
        "199 draws had no covariance and count as more extreme",
    ),
    "note.inner_draws": (
        {"draws": 199},
        "199 samples in each simulated panel; the test itself draws more",
    ),
    "refused.cross_section": (
        {},
        "one event has no cross-section to compare it with",
    ),
    "refused.one_event": (
        {"n": 4},
        "it tests one event, and there are 4; run it for each and adjust for looking 4 times",
    ),
    "refused.one_day": (
        {"n": 4},
        "it tests one day, the window has 4",
    ),
    "refused.one_date": (
        {"n": 4},
        "it is one regression of one date, and the events have 4",
    ),
    "refused.one_regression": (
        {"share": 0.125},
        "the events differ in estimation days or regressors (12.5 % of days missing)",
    ),
    "refused.too_many": (
        {"n": 4, "df": 118},
        "4 events need more than 118 residual degrees of freedom",
    ),
    "refused.no_variance": (
        {"df": 118},
        "118 residual degrees of freedom give its statistic no variance",
    ),
    "refused.few_events": (
        {"n": 4, "share": 0.125},
        "with 4 events the two-sided p cannot fall below 12.5 %, so it never rejects at 5 %",
    ),
    "refused.few_dates": (
        {"n": 4, "share": 0.125},
        "with 4 dates the two-sided p cannot fall below 12.5 %, so it never rejects at 5 %",
    ),
    "refused.bootstrap": (
        {"need": 15, "n": 4},
        "its bootstrap draws a quarter of the events and needs 15, there are 4",
    ),
    "refused.too_often": (
        {"n": 4, "need": 15, "sizes": "of_4"},
        "4 events: below 15 the test rejects too many true nulls at 5 % (12 to 15 % at 4 events)",
    ),
    "refused.binomial": (
        {"n": 4, "need": 15, "share": 0.125},
        "4 events: below 15 its normal p is wrong, and the binomial one rejects 12.5 % of true nulls at "
        "5 % where half of all days are positive",
    ),
    "refused.normal": (
        {"n": 4, "share": 0.125, "df": 118},
        "4 events: with normal critical values it rejects 12.5 % of true nulls at 5 %, t(118) is right",
    ),
    "refused.independent": (
        {"events": 4, "dates": 3, "correlation": 0.4, "precision": "about", "share": 0.125},
        "4 events on 3 dates, mean correlation 0.40, but the test takes them as independent: it rejects "
        "about 12.5 % of true nulls at 5 %",
    ),
    "refused.independent_unknown": (
        {"events": 4, "dates": 3},
        "4 events on 3 dates, unknown correlation, but the test takes them as independent",
    ),
    "refused.no_correlation": (
        DESIGN | {"estimation": 120},
        "4 events on 1 date, mean correlation 0.40, 120 estimation days: no correlation that it could be adjusted by",
    ),
    "refused.variance": (
        {"ratio": 3.0, "size_by": "formula", "share": 0.255},
        "the event-day variance is 3.00 times its expectation, which the test does not see: where all "
        "errors grow like that it rejects about 25.5 % of true nulls",
    ),
    "refused.bounded": (
        {"score": "rank", "n": 4, "window": 2, "most": 1.49, "need": 1.959964},
        "a rank is bounded: with 4 events and 2 tested days the statistic of the largest effect on one "
        "day reaches 1.49 with 80 % probability, and 5 % needs 1.96",
    ),
    "refused.days": (
        {"n": 4, "all": 131, "share": 0.125},
        "4 of 131 windows hold a given day, so its power at 5 % against an effect on one day cannot pass about 12.5 %",
    ),
    "refused.few_days": (
        {"n": 4, "share": 0.125},
        "with 4 estimation days p cannot fall below 12.5 %",
    ),
    "because.sq": (
        {"estimation": 120, "smallest": 0.125},
        "single firm, one day: its rank among 120 leave-one-out residuals assumes no distribution, and p "
        "goes down to 12.5 %",
    ),
    "because.conformal": (
        {"window": 2, "days": 122, "estimation": 120},
        "single firm, 2 days: the model fitted to all 122 days under the null is exact for exchangeable "
        "days and gives an interval",
    ),
    "because.raised_variance": (
        DESIGN | {"ratio": 3.0, "chance": 2.6, "df": 118},
        "4 events on 1 date, mean correlation 0.40, and the event-day variance is 3.00 times its "
        "expectation (chance passes 2.60 in 5 %): the adjusted BMP test with t(118) allows for both",
    ),
    "because.one_draw": (
        DESIGN | {"df": 118},
        "4 events on 1 date, mean correlation 0.40: they are one draw of calendar time, and the "
        "portfolio's own regression with t(118) contains their correlation",
    ),
    "because.common_history": (
        DESIGN | {"estimation": 120},
        "4 events on 1 date, mean correlation 0.40: the history of their mean over 120 days contains the "
        "correlation, also where days are missing",
    ),
    "because.events_moved": (
        {"n": 4},
        "beside a formula: all 4 events moved together to earlier dates, without a distribution",
    ),
    "because.event_moved": (
        {},
        "beside a formula: the event moved to earlier dates, without a distribution",
    ),
    "because.any_moved": (
        {"n": 4},
        "whether any of the 4 moved, also in opposite directions; with its vector bootstrap for fat tails",
    ),
    "because.own_dates": (
        {"n": 4, "df": 118, "critical": 2.26},
        "4 events on dates of their own: t(118), critical value 2.26, allows for variance that the event adds",
    ),
    "because.adjusted": (
        DESIGN | {"df": 118},
        "4 events on 1 date, mean correlation 0.40: t(118) adjusted for the correlation allows for "
        "variance that the event adds",
    ),
    "because.ranks_by_day": (
        DESIGN,
        "4 events on 1 date, mean correlation 0.40: ranks against each day's mean rank, with more power "
        "where returns have fat tails",
    ),
    "because.signs_by_date": (
        {"n": 4},
        "4 dates: signs drawn by date keep correlation and variance without a distribution",
    ),
    "because.ranks": (
        {"window": 2, "n": 4},
        "2 tested days of 4 events: ranks have more power where returns have fat tails",
    ),
    "because.more_power": (
        {},
        "more power than BMP with few events, if the event adds no variance",
    ),
    "because.own_regression": (
        {"df": 118},
        "single firm: the t(118) of its own regression, exact for normal errors",
    ),
    "because.exchangeable": (
        {"estimation": 120},
        "exchangeable days, 120 before",
    ),
    "because.own_history": (
        DESIGN | {"estimation": 120},
        "4 events on 1 date, mean correlation 0.40: the history of the mean over 120 days needs nothing else",
    ),
    "overruled.taken": (
        {"test": "sign", "recommended": "portfolio_t"},
        "sign was taken in place of portfolio_t",
    ),
    "overruled.refused": (
        {"test": "sign", "recommended": "portfolio_t", "why": fact("refused.few_events", n=4, share=0.125)},
        "sign was taken in place of portfolio_t, although it is refused here: with 4 events the "
        "two-sided p cannot fall below 12.5 %, so it never rejects at 5 %",
    ),
}
HYPOTHESES = {
    ("quantity", "two-sided"): (
        {"quantity": "mean_car", "side": "two-sided", "expected": "zero"},
        "the mean CAR is zero",
        "the mean CAR is not zero",
    ),
    ("quantity", "greater"): (
        {"quantity": "share_ar", "side": "greater", "expected": "one_half"},
        "the share of positive abnormal returns is one half",
        "the share of positive abnormal returns is above one half",
    ),
    ("quantity", "less"): (
        {"quantity": "mean_rank", "side": "less", "expected": "as_before"},
        "the mean rank of the event days is what the estimation window makes it",
        "the mean rank of the event days is below what the estimation window makes it",
    ),
    ("stated", ""): (
        {"words": "a and b moved alike", "otherwise": "not_zero"},
        "a and b moved alike",
        "it is not zero",
    ),
    ("all_zero", ""): ({}, "every abnormal return is zero", "some are not zero"),
    ("all_equal", ""): ({}, "the abnormal returns of all securities are equal on each day", "some differ"),
    ("same_after_split", ""): ({}, "the coefficients are the same before and after the split", "some differ"),
    ("same_in_window", ""): (
        {},
        "the coefficients are the same in the whole window",
        "they change once, at an unknown date",
    ),
    ("exchangeable_days", ""): (
        {},
        "the event days are exchangeable with those of the estimation window",
        "the CAR is farther from zero than sums of other days",
    ),
    ("like_comparators", ""): (
        {"otherwise": "greater"},
        "the value and its comparators are exchangeable",
        "the value is above the comparators",
    ),
    ("weighted_sum", ""): ({"otherwise": "not_zero"}, "the weighted sum of abnormal returns is zero", "it is not zero"),
    ("quantity", "session"): (
        {"quantity": "mean_per_session", "side": "greater", "expected": "zero"},
        "the mean abnormal return per session is zero",
        "the mean abnormal return per session is above zero",
    ),
}


def made_codes():
    """Codes of facts that the room's modules give, as literals in their source."""
    for place in MADE_IN:
        path = ROOT / "eventstudy" / place
        for file in path.rglob("*.py") if path.is_dir() else [path]:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "fact":
                    found = [item.value for item in ast.walk(node.args[0]) if isinstance(item, ast.Constant)]
                    yield from (code for code in found if "." in code)


def own_keys(lang):
    """Family to the codes that inference.yaml words."""
    text = files("eventstudy").joinpath("texts", lang, "inference.yaml").read_text(encoding="utf-8")
    tree = yaml.load(text, Loader=yaml.BaseLoader)
    told = {f"{kind}.{name}" for kind, names in tree["fact"].items() for name in names}
    return {"fact": told, "null": set(tree["null"]), "alternative": set(tree["alternative"])}


def shown(sentence):
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_every_code_of_the_room_has_a_sentence_and_every_sentence_a_code():
    assert set(made_codes()) == own_keys("en")["fact"]


def test_every_sentence_is_told_here_in_full():
    assert set(SENTENCES) == own_keys("en")["fact"]
    assert {code for code, _ in HYPOTHESES} == own_keys("en")["null"] == own_keys("en")["alternative"]


@pytest.mark.parametrize("code", list(SENTENCES))
def test_the_english_sentence(code):
    values, sentence = SENTENCES[code]
    assert str(fact(code, **values)) == sentence


@pytest.mark.parametrize("key", list(HYPOTHESES))
def test_hypotheses(key):
    values, null, alternative = HYPOTHESES[key]
    hypothesis = fact(key[0], **values)
    assert (hypothesis.sentence("null"), hypothesis.sentence("alternative")) == (null, alternative)


@pytest.mark.parametrize("family", ["fact", "null", "alternative"])
def test_both_languages_show_the_same_values(family):
    assert own_keys("en")[family] == own_keys("zh")[family]
    for code in own_keys("en")[family]:
        english, chinese = (shown(entries_of(lang)[f"{family}.{code}"]) for lang in LANGS)
        assert english == chinese, code


def test_chinese_sentences_hold_no_english():
    told = [
        say(f"fact.{code}", fact(code, **values).values, entries_of("zh")) for code, (values, _) in SENTENCES.items()
    ]
    for (code, _), (values, *_) in HYPOTHESES.items():
        if code != "stated":
            told += [say(f"{family}.{code}", values, entries_of("zh")) for family in ("null", "alternative")]
    known = NAMES | {test.name for test in ROWS}
    for sentence in told:
        assert re.search("[\u4e00-\u9fff]", sentence), sentence
        assert set(re.findall("[A-Za-z][A-Za-z_0-9]*", sentence)) <= known, sentence


def test_rows_are_named_once_and_run_by_their_name():
    assert len({test.name for test in ROWS}) == len(ROWS)
    assert all(TESTS[test.name] is test for test in ROWS if test.run is not None)
    assert not any(test.variant and test.run for test in ROWS)
    with pytest.raises(OptionError, match=r"sq is not run on a cross-section; docs/tests\.md says"):
        next(test for test in ROWS if test.name == "sq")(random_section(1))
