"""The section on chance: frames against the results, figures against their frames, words for every case."""

from __future__ import annotations

import itertools
import json
import re
from math import inf, nan

import numpy as np
import pytest

from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.inference import ROWS
from eventstudy.inference.chooser import advise
from eventstudy.inference.situation import Situation
from eventstudy.plots import (
    calibrated,
    calibration_figure,
    calibration_frame,
    placebo_figure,
    placebo_frame,
    single_figure,
    single_frame,
)
from eventstudy.plots.calibration import LOOKS
from eventstudy.plots.placebo import FOOT, TALLEST, bin_width
from eventstudy.plots.rows import place_of
from eventstudy.plots.single import set_words
from eventstudy.report.sections.advice import reason_words
from eventstudy.report.views import Study
from eventstudy.results.robustness import FactRecord
from eventstudy.texts import LANGS, load_texts
from eventstudy.texts.names import names_of
from tests.report_words import Words, section_html, section_words

NAMED = tuple(test.name for test in ROWS)
GROUP, NVIDIA, HYGON, SUGON = "shanghai-first-day", "nvidia-two-steps", "hygon-first-day", "sugon-merger-day"
MADE = ("placebos", "placebo_dates", "single_firm", "recommendations", "calibration")
COMMAND = "eventstudy run --robustness full"


def html_of(result, lang="en"):
    return section_html(result, "chance", lang)


def words_of(result, lang="en"):
    return section_words(result, "chance", lang)


def without(result, *names):
    return result.model_copy(update=dict.fromkeys(names, ()))


def with_conformal(result, kind, pieces):
    """Hygon's headline alone, with another conformal set."""
    own = next(item for item in result.single_firm if (item.id, item.test) == (HYGON, "conformal"))
    changed = own.model_copy(update={"kind": kind, "pieces": pieces})
    return result.model_copy(update={"single_firm": (changed,)})


def with_recommendation(result, headline, **changes):
    """The flagship whose recommendation for one headline is another."""
    found = tuple(item.model_copy(update=changes) if item.id == headline else item for item in result.recommendations)
    return result.model_copy(update={"recommendations": found})


@pytest.fixture(scope="module")
def pages(kept):
    return {lang: words_of(kept, lang) for lang in LANGS}


# --- placebo dates -------------------------------------------------------------------------------------


def test_the_placebo_frame_is_the_records(kept):
    frame = placebo_frame(kept)
    assert len(frame) == len(kept.placebo_dates) + len(kept.placebos)
    for record in kept.placebos:
        own = frame[frame["id"] == record.id]
        earlier, event = own[own["kind"] == "earlier"], own[own["kind"] == "event"]
        assert len(earlier) == record.n_placebo
        assert list(event["size"]) == [abs(record.statistic)]
        assert 1 + (earlier["size"] >= abs(record.statistic)).sum() == record.rank
        assert (earlier["size"] > record.critical).mean() <= 0.05


def test_bars_count_every_earlier_date_and_stay_in_their_row(kept):
    frame = placebo_frame(kept)
    figure = placebo_figure(frame)
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [trace.showlegend for trace in bars] == [True, False, False, False]
    for line, (bar, record) in enumerate(zip(bars, kept.placebos, strict=True)):
        sizes = frame[(frame["id"] == record.id) & (frame["kind"] == "earlier")]["size"]
        counts = [int(text.split()[0]) for text in bar.hovertext]
        assert sum(counts) == record.n_placebo
        for x, count in zip(bar.x, counts, strict=True):
            assert (np.floor(sizes / bar.width) == round(x / bar.width - 0.5)).sum() == count
        assert set(bar.base) == {place_of(line, 4) - FOOT}
        assert max(bar.y) == pytest.approx(TALLEST)
        assert np.allclose(np.array(bar.y) / TALLEST, np.array(counts) / max(counts))


def test_limit_and_event_stand_at_their_sizes_with_shapes_of_their_own(kept):
    limit, event = placebo_figure(placebo_frame(kept)).data[-2:]
    assert list(limit.x) == [record.critical for record in kept.placebos]
    assert list(event.x) == [abs(record.statistic) for record in kept.placebos]
    assert (limit.marker.symbol, event.marker.symbol) == ("line-ns-open", "diamond")


@pytest.mark.parametrize(("largest", "step"), [(2.0, 0.05), (9.0, 0.2), (24.0, 0.5), (480.0, 10.0)])
def test_bins_are_round_and_few(largest, step):
    assert bin_width(largest) == step


def test_the_placebo_finding_has_rank_dates_and_every_p(pages):
    for sentence in (
        "One of the 4 figures is beyond what 95 % of its earlier dates show: “Sugon on 10 December",
        "It ranks 14 of 327 by size, itself and 326 earlier dates together: p = 0.043, where the smallest possible is",
        "Adjusted for looking at all 4 figures, on the 252 dates that they share, this becomes p = 0.063.",
        "A day on which prices move more than usual for any reason ranks high as well.",
        "a price limit cut the move off on the day itself",
    ):
        assert sentence in pages["en"]


def test_one_headline_that_is_like_earlier_dates_is_told_without_a_family(kept):
    one = tuple(item for item in kept.placebos if item.id == HYGON)
    dates = tuple(item for item in kept.placebo_dates if item.id == HYGON)
    told = words_of(kept.model_copy(update={"placebos": one, "placebo_dates": dates}))
    assert "“Hygon on 9 December” ranks" in told and "Adjusted for looking" not in told
    assert "a price limit cut" not in told


def test_several_headlines_like_earlier_dates_are_said_to_be(kept):
    calm = tuple(item for item in kept.placebos if item.id != SUGON)
    told = words_of(kept.model_copy(update={"placebos": calm}))
    assert "None of the 3 figures is beyond what 95 % of its earlier dates show. “NVIDIA over both" in told


def test_a_family_without_shared_dates_has_no_adjusted_p(kept):
    apart = tuple(item.model_copy(update={"maxt_pvalue": None, "n_family": 0}) for item in kept.placebos)
    assert "Adjusted for looking" not in words_of(kept.model_copy(update={"placebos": apart}))


# --- one firm without a distribution -------------------------------------------------------------------


def test_conformal_ends_are_cumulated_over_the_window(kept):
    frame = single_frame(kept)
    heads = {head.id: head for head in kept.headlines}
    assert heads[NVIDIA].window.size == 2
    for record in kept.single_firm:
        if record.test == "conformal":
            row = frame[(frame["id"] == record.id) & (frame["way"] == record.scheme)].iloc[0]
            size = heads[record.id].window.size
            assert (row["low"], row["high"]) == (size * record.low, size * record.high)
    for row in frame[frame["way"] == "model"].to_dict("records"):
        head = heads[row["id"]]
        assert (row["estimate"], row["low"], row["high"]) == (head.estimate, head.ci_low, head.ci_high)


def test_intervals_are_drawn_from_end_to_end_and_named_once(kept):
    frame = single_frame(kept)
    figure = single_figure(frame)
    assert len(figure.data) == len(frame)
    for trace, row in zip(figure.data, frame.to_dict("records"), strict=True):
        assert (trace.x[0], trace.x[-1]) == (pytest.approx(100 * row["low"]), pytest.approx(100 * row["high"]))
    shown = [trace.name for trace in figure.data if trace.showlegend]
    assert len(shown) == len(set(shown)) == frame["way"].nunique() == 3


@pytest.mark.parametrize(
    ("kind", "pieces", "sentence", "cell", "arrows"),
    [
        ("pieces", ((-0.02, -0.01), (0.01, 0.03)), "comes in several pieces", "−2.00 % to −1.00 %, or +1.00 %", 0),
        ("pieces", ((None, -0.01), (0.01, None)), "comes in several pieces", "−1.00 % or less, or +1.00 % or more", 2),
        ("half line", ((0.01, None),), "has no end on one side", "+1.00 % or more", 1),
        ("half line", ((None, 0.01),), "has no end on one side", "+1.00 % or less", 1),
        ("whole line", ((None, None),), "holds every effect", "every effect (too few days to reject any)", 2),
        ("empty", (), "At least one conformal set is empty", "none (every effect is rejected", 0),
    ],
)
def test_every_kind_of_set_is_drawn_and_said(kept, kind, pieces, sentence, cell, arrows):
    result = with_conformal(kept, kind, pieces)
    told = words_of(result)
    assert sentence in told and cell in told
    figure = single_figure(single_frame(result))
    symbols = [symbol for trace in figure.data for symbol in trace.marker.symbol]
    assert sum(symbol.startswith("arrow") for symbol in symbols) == arrows
    said = [
        item.text
        for item in figure.layout.annotations
        if item.text.endswith("in any order: no effect remains possible")
    ]
    assert len(said) == (kind == "empty")
    drawn = figure.to_json()
    assert "NaN" not in drawn and "Infinity" not in drawn


def test_an_endless_interval_reaches_beyond_the_finite_ones(kept):
    result = with_conformal(kept, "whole line", ((None, None),))
    model, whole = single_figure(single_frame(result)).data
    assert whole.x[0] < min(model.x) and whole.x[-1] > max(model.x)


@pytest.mark.parametrize(
    ("pieces", "sentence"),
    [(((-0.1, 0.1),), "Model and tests without a distribution agree"), (((0.01, 0.1),), "disagree on whether a zero")],
)
def test_agreement_on_zero_is_read_from_both_intervals(kept, pieces, sentence):
    assert sentence in words_of(with_conformal(kept, "interval", pieces))


@pytest.mark.parametrize("lang", LANGS)
def test_sets_in_words(lang):
    texts = load_texts(lang)
    assert set_words(texts, [(-inf, inf)]) == texts("chance.single.everything")
    assert set_words(texts, []) == texts("chance.single.nothing")
    assert texts.percent(0.01) in set_words(texts, [(0.01, inf)])


def test_ranks_levels_and_smallest_p_are_told(pages):
    assert "Rank among own days (SQ test) 0.009 0.009 4.50 rank 1 of 111 by size" in pages["en"]
    assert "5 % for ranks and permutations, 5 % for conformal intervals" in pages["en"]


# --- which test, and what it is worth ------------------------------------------------------------------


def test_the_calibration_frame_is_the_records_by_size(kept):
    assert calibrated(kept) == [GROUP]
    frame = calibration_frame(kept, GROUP)
    found = {item.test: item for item in kept.calibration if item.size is not None}
    assert set(frame["test"]) == set(found)
    assert list(frame["size"]) == sorted(frame["size"], reverse=True)
    for row in frame.to_dict("records"):
        record = found[row["test"]]
        assert (row["size"], row["standing"] == "misleads") == (record.size, record.misleads)
        assert row["high"] - row["size"] == pytest.approx(1.96 * record.size_error)


def test_misleading_tests_are_told_apart_by_shape(kept):
    frame = calibration_frame(kept, GROUP)
    figure = calibration_figure(frame)
    assert len({look["symbol"] for look in LOOKS.values()}) == len(LOOKS)
    for trace, (name, look) in zip(figure.data, LOOKS.items(), strict=False):
        assert trace.marker.symbol == look["symbol"]
        assert list(trace.x) == [100 * size for size in frame[frame["standing"] == name]["size"]]
    assert list(figure.data[-1].x) == [5.0, 5.0]


def test_sizes_power_and_tests_that_could_not_be_run_are_told(pages):
    for sentence in (
        "2 firms on one date, 110 days before it",
        "of the 16 tests mislead: ",
        "5 never rejected: Sign test; Generalised sign test;",
        "The recommended one (Portfolio t test) rejects",
        "5 tests that could not be simulated, and why",
        "Wild bootstrap by date all events share one date",
    ):
        assert sentence in pages["en"]


def test_a_detectable_effect_of_a_misleading_test_is_not_shown(kept):
    frame = calibration_frame(kept, GROUP).set_index("test")
    assert any(item.misleads and item.detectable is not None for item in kept.calibration)
    assert frame.loc[frame["standing"] == "misleads", "detectable"].isna().all()


@pytest.mark.parametrize("misleads", [False, True])
def test_calibrations_of_one_kind_are_drawn(kept, misleads):
    found = tuple(item for item in kept.calibration if item.misleads == misleads and item.size)
    result = kept.model_copy(update={"calibration": found})
    figure = calibration_figure(calibration_frame(result, GROUP))
    assert len(figure.data) == 2
    told = words_of(result)
    assert (f"All {len(found)} tests keep their level." in told) == (not misleads)
    assert ("Tests that keep their level here" in told) == (not misleads)


def test_recommendations_are_told_with_the_numbers_of_their_design(pages):
    for sentence in (
        "One firm on one day; its rank among the 110 days before assumes no distribution.",
        "The 2 firms share one date and move together (correlation 0.85)",
        "One firm, days of the event: 2;",
        "The headline sentences quote the comparison with earlier dates for all figures alike",
    ):
        assert sentence in pages["en"]


def test_the_model_s_own_t_is_no_portfolio(kept):
    told = words_of(with_recommendation(kept, HYGON, used="portfolio_t"))
    assert "t test of the model itself" in told
    assert "Where no earlier date could be had, the headline sentences quote the t test of the model itself." in told


@pytest.mark.parametrize(
    ("used", "sentence"),
    [
        ("conformal", "takes the Conformal test in place of the recommended one (Rank among own days (SQ test))."),
        ("sign", "although it misleads here: p cannot fall below 100.0 % (number of events: 1)"),
    ],
)
def test_an_overruled_recommendation_is_said(kept, used, sentence):
    overruling = FactRecord.of(fact("overruled.taken", test=used, recommended="sq"))
    told = words_of(with_recommendation(kept, HYGON, used=used, overruling=overruling))
    assert sentence in told


# --- reasons in words ----------------------------------------------------------------------------------

SITUATIONS = [
    Situation(
        events=events,
        dates=dates,
        shared=events - dates + 1,
        estimation=estimation,
        window=window,
        correlation=correlation,
        variance_ratio=ratio,
        one_regression=one,
    )
    for events, dates, estimation, window, correlation, ratio, one in itertools.product(
        (1, 2, 8, 40), (1, 2, 8), (3, 12, 110), (1, 3, 30), (None, -0.1, 0.3, 1.0), (None, 4.0), (True, False)
    )
    if dates <= events and not (events == 1 and correlation is not None)
]


def advices():
    for situation in SITUATIONS:
        try:
            yield advise(situation)
        except OptionError:
            continue


@pytest.mark.parametrize("lang", LANGS)
def test_every_refusal_and_every_choice_of_the_package_has_words_on_the_page(kept, lang):
    study = Study(kept, names_of(kept.spec, lang))
    facts = {why.code: why for advice in advices() for why in advice.refusals.values()}
    assert set(facts) == {
        key.removeprefix("chance.") for key in study.texts.entries if key.startswith("chance.refused.")
    }
    facts |= {why.code: why for advice in advices() for why in (advice.why, *dict(advice.others).values())}
    assert {code for code in facts if code.startswith("because.")} == {
        key.removeprefix("fact.") for key in study.texts.entries if key.startswith("fact.because.")
    }
    told = {code: reason_words(study, FactRecord.of(why), rho="0.85") for code, why in facts.items()}
    assert len(set(told.values())) == len(told)
    assert not [sentence for sentence in told.values() if re.search(r"[{}]", sentence)]


def test_words_of_the_page_are_those_of_a_code_or_the_facts_own(kept):
    study = Study(kept, names_of(kept.spec, "en"))
    few = fact("unavailable.too_few", n=2, window="[0, 0]", need=20)
    assert reason_words(study, FactRecord.of(few)) == "needs 20 events with every day of the window, and there are 2"
    assert (
        reason_words(study, FactRecord.of(fact("unavailable.flat", n=2))) == "the residual variance of 2 events is zero"
    )


def test_why_a_test_was_unavailable_keeps_its_numbers(kept):
    codes = {item.refusal.code for item in kept.calibration if item.size is None}
    assert codes == {"unavailable.too_few", "unavailable.small_sample", "unavailable.one_draw"}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("test", NAMED)
def test_every_test_has_a_name(test, lang):
    assert load_texts(lang).knows(f"test.{test}")


# --- any study -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_computed_is_one_sentence_with_the_command(kept, lang):
    html = html_of(without(kept, *MADE), lang)
    assert Words(html).found == [load_texts(lang)("chance.none")]
    assert COMMAND in html and "<figure" not in html and "<table" not in html


@pytest.mark.parametrize("lang", LANGS)
def test_a_study_without_headlines_says_so(kept, lang):
    html = html_of(without(kept, *MADE, "headlines"), lang)
    assert Words(html).found == [load_texts(lang)("chance.no_headlines")]


@pytest.mark.parametrize(
    ("left", "key"),
    [
        (("placebos", "placebo_dates"), "chance.placebo.absent"),
        (("single_firm",), "chance.single.absent"),
        (("recommendations",), "chance.choice.absent"),
        (("calibration",), "chance.calibration.absent"),
    ],
)
@pytest.mark.parametrize("lang", LANGS)
def test_each_missing_part_is_a_sentence_of_its_own(kept, left, key, lang):
    html = html_of(without(kept, *left), lang)
    texts = load_texts(lang)
    every = ("chance.placebo.absent", "chance.single.absent", "chance.choice.absent", "chance.calibration.absent")
    assert [one for one in every if texts(one) in Words(html).found] == [key]
    assert html.count("<figure") == (3 if left == ("recommendations",) else 2)
    assert COMMAND in texts(key)


def test_sizes_of_a_study_without_groups_are_not_promised(kept):
    heads = tuple(head for head in kept.headlines if head.kind == "security")
    single = {name: tuple(item for item in getattr(kept, name) if item.id != GROUP) for name in MADE}
    told = words_of(kept.model_copy(update={"headlines": heads, **single}))
    assert "Sizes are simulated for headline figures of several firms, and this study has none." in told


@pytest.mark.parametrize("lang", LANGS)
def test_readers_meet_no_ids_or_blanks(kept, pages, lang):
    raw = [*(head.id for head in kept.headlines), *(name for name in NAMED if "_" in name), "sh000300", "iid"]
    assert [word for word in raw if word in pages[lang]] == []
    assert not re.search(r"\{\w*\}|\bNone\b(?! of)|\bnan\b|\binf\b|\\u", pages[lang])


def test_the_same_result_gives_the_same_section(kept):
    assert html_of(kept) == html_of(kept)


def test_figure_data_hold_only_numbers_that_json_knows(kept):
    blocks = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', html_of(kept), flags=re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        assert json.loads(block)["data"]
        assert "NaN" not in block and "Infinity" not in block


def test_a_missing_end_is_not_a_number(kept):
    frame = single_frame(with_conformal(kept, "empty", ()))
    row = frame[frame["kind"] == "empty"].iloc[0]
    assert (str(row["low"]), str(row["high"])) == (str(nan), str(nan))
