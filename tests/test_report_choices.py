"""The study's own choices in the report: frames against the results, figures against their frames, words."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pytest
from scipy import stats

from eventstudy.facts import fact
from eventstudy.plots import (
    contrast_figure,
    contrast_frame,
    counterfactual_figure,
    counterfactual_frame,
    drift_figure,
    drift_frame,
    sensitivity_figure,
    sensitivity_frame,
    specification_figure,
    specification_frame,
)
from eventstudy.plots.specifications import CHOSEN, DIMENSIONS, EMPTY, FOUND, choices_in_order
from eventstudy.report.sections.choices import build
from eventstudy.report.views import Study
from eventstudy.results import ExclusionRecord, SpecificationRecord
from eventstudy.summary.exclusions import exclusion_groups
from eventstudy.texts import LANGS, load_texts
from eventstudy.texts.names import names_of
from tests.report_words import section_words

EXACT = 1e-12  # the same arithmetic on the same numbers
DRAWN = 1e-3  # percent; figures draw three decimals
NVIDIA, GROUP, SUGON = "nvidia-two-steps", "shanghai-first-day", "sugon-merger-day"
CONTRAST = "domestic-less-nvidia"
HOLE = re.compile(r"\{\w*\}|\bNone\b(?! of)|\bnan\b")
COMPUTED = (
    "placebos",
    "placebo_dates",
    "single_firm",
    "counterfactuals",
    "contrasts",
    "specifications",
    "specification_summary",
    "sensitivity",
    "recommendations",
    "calibration",
)


def words_of(result, lang="en"):
    return section_words(result, "choices", lang)


def changed(result, name, wanted, **changes):
    """The result with the records of a list that are `wanted` changed."""
    records = tuple(record.model_copy(update=changes) if wanted(record) else record for record in getattr(result, name))
    return result.model_copy(update={name: records})


def of(headline):
    return lambda record: record.id == headline


@pytest.fixture(scope="module")
def pages(kept):
    return {lang: words_of(kept, lang) for lang in LANGS}


@pytest.fixture(scope="module")
def none(kept):
    """The flagship as it is with robustness="none"."""
    return kept.model_copy(update=dict.fromkeys(COMPUTED, ()))


# --- the specification curve ---------------------------------------------------------------------------


@pytest.mark.parametrize("headline", [NVIDIA, GROUP, SUGON])
def test_the_curve_frame_is_the_records_by_size(kept, headline):
    frame = specification_frame(kept, headline)
    records = {record.number: record for record in kept.specifications if record.id == headline}
    assert list(frame["place"]) == list(range(1, len(records) + 1))
    assert frame["estimate"].is_monotonic_increasing
    assert sorted(frame["number"]) == sorted(records)
    for row in frame.to_dict("records"):
        record = records[row["number"]]
        reach = stats.t.ppf(0.975, record.df) * record.std_error
        assert (row["estimate"], row["pvalue"], row["main"]) == (record.estimate, record.pvalue, record.main)
        assert row["ci_high"] - row["estimate"] == pytest.approx(reach, abs=EXACT)
        assert row["estimate"] - row["ci_low"] == pytest.approx(reach, abs=EXACT)
        assert row["significant"] == (record.pvalue < 0.05)


def test_the_frame_says_choices_in_words_of_the_language(kept):
    for lang, wanted in (
        ("en", ("market model", "CSI 300, total", "110 sessions", "10 sessions", "[0, 0]", "simple", "kept")),
        ("zh", ("市场模型", "沪深300，总效应", "110个交易日", "10个交易日", "[0, 0]", "简单", "保留")),
    ):
        frame = specification_frame(kept, GROUP, lang=lang)
        (own,) = frame[frame["main"]].to_dict("records")
        assert tuple(own[name] for name in DIMENSIONS) == wanted


@pytest.mark.parametrize("headline", [NVIDIA, GROUP])
def test_every_specification_is_marked_once_in_each_dimension_of_the_matrix(kept, headline):
    frame = specification_frame(kept, headline)
    figure = specification_figure(frame)
    (matrix,) = [trace for trace in figure.data if trace.type == "heatmap"]
    choices = {name: own for name, own in choices_in_order(frame).items() if len(own) > 1}
    assert len(matrix.z) == sum(1 + len(own) for own in choices.values()) == len(matrix.y) - 1
    labels, at = list(figure.layout.yaxis2.ticktext), 0
    for name, own in choices.items():
        assert set(matrix.z[at]) == {None} and labels[at].startswith("<b>")
        for line, choice in enumerate(own, start=at + 1):
            assert unescape(labels[line].replace("<br>", " ")) == choice
            for mark, there, significant in zip(
                matrix.z[line], frame[name] == choice, frame["significant"], strict=True
            ):
                assert mark == (EMPTY if not there else FOUND if significant else CHOSEN)
        at += 1 + len(own)


def test_a_dimension_with_one_choice_has_no_line(kept):
    assert list(dict.fromkeys(specification_frame(kept, NVIDIA)["adjustment"])) == ["kept"]
    labels = specification_figure(specification_frame(kept, NVIDIA)).layout.yaxis2.ticktext
    assert "<b>Limit days before</b>" not in labels and "<b>Event window</b>" in labels
    alone = specification_frame(kept, NVIDIA).iloc[:1].reset_index(drop=True)
    assert list(specification_figure(alone).layout.yaxis2.ticktext) == ["only one choice each"]


def test_points_are_filled_where_p_is_small_and_the_own_one_is_a_diamond(kept):
    frame = specification_frame(kept, SUGON)
    figure = specification_figure(frame)
    texts = load_texts("en")
    drawn = {trace.name: trace for trace in figure.data}
    for key, own in (
        ("other", frame[~frame["significant"] & ~frame["main"]]),
        ("found", frame[frame["significant"] & ~frame["main"]]),
        ("main", frame[frame["main"]]),
    ):
        trace = drawn[texts(f"choices.legend.{key}")]
        assert list(trace.x) == list(own["place"])
        np.testing.assert_allclose(trace.y, 100 * own["estimate"], rtol=0, atol=DRAWN)
    assert drawn[texts("choices.legend.other")].marker.color == "#ffffff"
    assert drawn[texts("choices.legend.found")].marker.color != "#ffffff"
    assert drawn[texts("choices.legend.main")].marker.symbol == "diamond"


def test_a_pointer_reads_one_text_that_names_the_choices(kept):
    frame = specification_frame(kept, GROUP)
    read = [trace for trace in specification_figure(frame).data if trace.hoverinfo == "text"]
    assert len(read) == 1
    (texts,) = [list(trace.hovertext) for trace in read]
    place = int(frame.loc[frame["main"], "place"].iloc[0])
    assert texts[place - 1].replace("\N{NO-BREAK SPACE}", " ").split("<br>") == [
        f"+0.30 %, number {place} of 360",
        "−5.69 % to +6.28 %",
        "p = 0.922, placebo p 0.920",
        "market model",
        "benchmark: CSI 300, total",
        "estimated on 110 sessions",
        "gap 10 sessions, window [0, 0]",
        "simple returns, limit days kept",
    ]


def test_the_curve_is_told_as_its_summary(kept, pages):
    texts = load_texts("en")
    for one in kept.specification_summary:
        found = round(one.share_significant * one.n_specifications)
        for part in (
            f"The median is {texts.percent(one.median)}, the range {texts.percent(one.lowest)} to",
            f"{found} ({100 * one.share_significant:.1f} %) a p below 0.05.",
            f"Against the same curve on {one.n_placebo} placebo dates, the median has "
            f"{texts.p_equals(one.median_pvalue)}",
        ):
            assert part.replace("\N{NO-BREAK SPACE}", " ") in pages["en"]


def test_the_numbers_of_a_curve_count_every_specification_once_in_each_dimension(kept):
    study = Study(kept, names_of(kept.spec, "en"))
    view = build(study)["curve"]["figures"][1]
    counts = {}
    for choice, number, *_ in view.table.rows:
        dimension = choice.split(":")[0]
        counts[dimension] = counts.get(dimension, 0) + int(number)
    assert len(counts) == len(DIMENSIONS) and set(counts.values()) == {360}


def test_a_curve_without_the_own_specification_or_placebo_dates_says_so(kept):
    result = changed(kept, "specifications", of(NVIDIA), main=False)
    absent = {"median_pvalue": None, "share_pvalue": None, "smallest_pvalue": None, "n_placebo": 0}
    told = words_of(changed(result, "specification_summary", of(NVIDIA), **absent))
    assert "The study's own specification is not among them." in told
    assert "There are no placebo dates to hold the curve against." in told
    assert not HOLE.search(told)


def test_a_curve_at_a_price_limit_is_said_to_be_of_bounds(kept):
    sentence = load_texts("en")("choices.bound")
    assert words_of(kept).count(sentence) == 2  # Sugon's curve and its counterfactuals
    assert sentence not in words_of(changed(kept, "headlines", of(SUGON), flags=()))


# --- counterfactuals -----------------------------------------------------------------------------------


def test_the_counterfactual_frame_is_the_records_with_two_standard_errors(kept):
    frame = counterfactual_frame(kept, NVIDIA)
    records = [record for record in kept.counterfactuals if record.id == NVIDIA]
    assert len(records) == 5
    for name in ("rung", "estimate", "std_error", "placebo_pvalue", "sigma", "n_placebo"):
        assert list(frame[name]) == [getattr(record, name) for record in records]
    np.testing.assert_allclose(frame["ci_high"] - frame["estimate"], 2 * frame["std_error"], rtol=0, atol=EXACT)
    (trace,) = counterfactual_figure(frame).data
    np.testing.assert_allclose(trace.x, 100 * frame["estimate"], rtol=0, atol=EXACT)
    np.testing.assert_allclose(trace.error_x.array, 200 * frame["std_error"], rtol=0, atol=1e-10)
    assert "conformal" in frame["title"][3] and "conformal" not in frame["title"][4]


def test_refused_donors_and_weights_are_told_by_name(kept, pages):
    assert "Refused as donors, because the news may move them: AMD, Broadcom, Apple and Oracle." in pages["en"]
    assert "因可能受消息影响而不用作供体：寒武纪和中芯国际。" in pages["zh"]
    view = build(Study(kept, names_of(kept.spec, "en")))["ladder"]
    assert len(view["cases"]) == 3
    for case in view["cases"]:
        for at in (1, 2):
            total = sum(float(row[at].replace("−", "-")) for row in case["weights"].rows)
            assert total == pytest.approx(100, abs=0.005 * len(case["weights"].rows) + 0.1)
    assert view["cases"][0]["weights"].rows[0][0] == "JPMorgan Chase"


def test_a_looser_fit_is_said_to_be_no_better_evidence(kept, pages):
    looser, closer = "none follows the share more closely", "at least one of them follows the share more closely"
    assert pages["en"].count(looser) == 3 and closer not in pages["en"]
    better = changed(kept, "counterfactuals", lambda record: record.rung == "synthetic_control", sigma=0.001)
    told = words_of(better)
    assert told.count(closer) == 3 and looser not in told


def test_headlines_without_counterfactuals_say_why(kept, pages):
    assert "“The Shanghai chip makers on their first session, 9 December” is a mean of several shares" in pages["en"]
    left = tuple(record for record in kept.counterfactuals if record.id != NVIDIA)
    told = words_of(kept.model_copy(update={"counterfactuals": left}))
    assert "there are no prices of peers that the news cannot touch. Refused as donors" in told


def test_counterfactuals_without_placebo_dates_or_standard_errors_have_no_bars_and_no_p(kept):
    absent = {"std_error": None, "pvalue": None, "placebo_pvalue": None, "smallest_pvalue": None, "n_placebo": 0}
    result = changed(kept, "counterfactuals", of(NVIDIA), conformal_pvalue=None, **absent)
    frame = counterfactual_frame(result, NVIDIA)
    assert list(frame["title"]) == list(frame["name"])
    assert counterfactual_figure(frame).data[0].error_x.array is None
    told = words_of(result)
    assert not HOLE.search(told)


def test_refusals_have_a_title_of_their_own_among_what_was_left_out(kept):
    for lang in LANGS:
        titles = [group.title for group in exclusion_groups(kept, names_of(kept.spec, lang))]
        assert load_texts(lang)("exclusion.title.touched_donors") in titles


# --- one change at a time ------------------------------------------------------------------------------


def test_the_sensitivity_frame_begins_with_the_figure_and_follows_the_records(kept):
    (head,) = [head for head in kept.headlines if head.id == NVIDIA]
    frame = sensitivity_frame(kept, NVIDIA)
    records = [record for record in kept.sensitivity if record.id == NVIDIA and record.change != "drift"]
    assert list(frame["change"]) == ["as_is", "earlier", "later", "drop_session", "drop_session"]
    assert list(frame["estimate"]) == [head.estimate, *(record.estimate for record in records)]
    assert (frame["ci_low"][0], frame["ci_high"][0]) == (head.ci_low, head.ci_high)
    for row, record in zip(frame.to_dict("records")[1:], records, strict=True):
        reach = stats.t.ppf(0.975, record.df) * record.std_error
        assert row["ci_high"] - row["estimate"] == pytest.approx(reach, abs=EXACT)
    titles = [title.replace("\N{NO-BREAK SPACE}", " ") for title in frame["title"]]
    assert titles[1:4] == ["Day 0 one session earlier, 5 Dec", "Day 0 one session later, 9 Dec", "Without 8 Dec"]
    assert list(sensitivity_frame(kept, GROUP)["title"][3:]) == ["Without Hygon", "Without Sugon"]


def test_a_single_moved_day_is_still_known_as_earlier_or_later(kept):
    first = next(record for record in kept.sensitivity if record.id == GROUP)
    for day, side in ((first.what, "earlier"), ("2025-12-10", "later")):
        left = tuple(record for record in kept.sensitivity if record.id == GROUP and record.what == day)
        frame = sensitivity_frame(kept.model_copy(update={"sensitivity": left}), GROUP)
        assert list(frame["change"]) == ["as_is", side]


def test_marks_of_changes_are_filled_where_the_figure_differs_from_zero(kept):
    figure = sensitivity_figure(sensitivity_frame(kept, SUGON))
    hollow, filled = figure.data
    assert (hollow.marker.color, hollow.marker.symbol, len(hollow.x)) == ("#ffffff", "circle", 2)
    assert (filled.marker.symbol, len(filled.x)) == ("square", 1)


def test_a_left_out_part_that_changes_the_verdict_is_named(kept, pages):
    assert "changes whether it differs from zero at the 5 % level." in pages["en"]
    assert pages["en"].count("nothing can be left out") == 2
    told = words_of(changed(kept, "sensitivity", lambda record: record.what == "603019", pvalue=0.01))
    assert "Whether it differs from zero at the 5 % level changes with: Without Sugon." in told


def test_the_drift_is_drawn_over_what_would_be_missed_and_its_weakness_is_said(kept, pages):
    frame = drift_frame(kept)
    records = [record for record in kept.sensitivity if record.change == "drift"]
    assert list(frame["estimate"]) == [record.estimate for record in records]
    zone = drift_figure(frame).data[0]
    assert zone.name == "drifts that this design would mostly miss"
    np.testing.assert_allclose(zone.error_x.array, 100 * frame["detectable"], rtol=0, atol=EXACT)
    assert "Passing this test is weak evidence" in pages["en"] and "通过这项检验只是微弱的证据" in pages["zh"]
    assert "None of the 4 drifts differs from zero" in pages["en"]
    told = words_of(changed(kept, "sensitivity", lambda one: (one.id, one.change) == (NVIDIA, "drift"), pvalue=0.01))
    assert "1 of the 4 drifts differ from zero at the 5 % level: “NVIDIA over both steps" in told


def test_a_study_without_a_drift_has_no_heading_for_it(kept):
    left = tuple(record for record in kept.sensitivity if record.change != "drift")
    assert "Did prices move before the news?" not in words_of(kept.model_copy(update={"sensitivity": left}))


# --- contrasts -----------------------------------------------------------------------------------------


def test_the_parts_of_a_contrast_add_up_to_its_sum(kept):
    (record,) = kept.contrasts
    frame = contrast_frame(kept, CONTRAST)
    parts, total = frame[frame["part"]], frame[~frame["part"]].iloc[0]
    assert list(parts["car"]) == list(record.parts.values()) and list(parts["weight"]) == list(record.weights.values())
    assert parts["estimate"].sum() == pytest.approx(record.estimate, abs=EXACT)
    assert total["ci_high"] - total["estimate"] == pytest.approx(2 * record.placebo_sd, abs=EXACT)
    assert list(parts["window"]) == ["[0, 0]", "[0, 0]", "[0, +1]"]
    hollow, filled = contrast_figure(frame).data
    assert hollow.marker.color == "#ffffff" and hollow.error_x.array is None
    assert filled.marker.symbol == "diamond" and list(filled.x) == [pytest.approx(100 * record.estimate)]


def test_a_contrast_tells_its_tests_as_far_as_there_are_some(kept, pages):
    (record,) = kept.contrasts
    assert f"On {record.n_placebo} placebo dates the same sum has a standard deviation of" in pages["en"]
    fitted = {"std_error": 0.04, "pvalue": 0.4, "bootstrap_pvalue": 0.41}
    told = words_of(changed(kept, "contrasts", of(CONTRAST), **fitted))
    assert "its standard error is 4.00 % (p = 0.400)." in told and "residual days, p = 0.410." in told
    bare = {"placebo_sd": None, "placebo_pvalue": None, "smallest_pvalue": None, "n_placebo": 0}
    result = changed(kept, "contrasts", of(CONTRAST), **bare)
    told = words_of(result)
    assert "There are too few placebo dates to hold it against." in told
    assert not HOLE.search(told)
    assert [trace.name for trace in contrast_figure(contrast_frame(result, CONTRAST)).data][1] == "sum"


def test_a_contrast_that_could_not_be_had_is_named(none):
    record = ExclusionRecord.of(fact("contrast", contrast=CONTRAST), fact("not_estimated.contrast"))
    told = words_of(none.model_copy(update={"exclusions": (record,)}))
    assert "“Hygon and Sugon less NVIDIA on the H200 news” could not be had" in told


# --- the section ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_what_was_not_computed_says_which_command_computes_it(none, lang):
    told, sentence = words_of(none, lang), load_texts(lang)("choices.not_computed")
    assert "eventstudy run --robustness full" in sentence
    assert told.count(sentence) == 4
    spec = none.spec.model_copy(update={"contrasts": (), "headlines": ()})
    told = words_of(none.model_copy(update={"spec": spec, "headlines": ()}), lang)
    assert sentence not in told
    assert told.count(load_texts(lang)("choices.no_headlines")) == 3
    assert load_texts(lang)("choices.contrast.unasked") in told


def test_a_fast_run_lacks_the_curve_alone(kept):
    told = words_of(kept.model_copy(update={"specifications": (), "specification_summary": ()}))
    assert told.count(load_texts("en")("choices.not_computed")) == 1
    assert "Synthetic control" in told


@pytest.mark.parametrize("lang", LANGS)
def test_the_section_shows_no_ids_and_no_holes(kept, pages, lang):
    raw = [*(head.id for head in kept.headlines), CONTRAST, "sh000300", "market_adjusted", "synthetic_control"]
    assert [word for word in raw if word in pages[lang]] == []
    assert not HOLE.search(pages[lang])
    keys = [key for key in load_texts(lang).entries if re.search(rf"(?<![\w./]){re.escape(key)}(?![\w.])", pages[lang])]
    assert keys == []


def test_every_choice_that_a_record_may_hold_has_words():
    texts = load_texts("en")
    fields = SpecificationRecord.model_fields
    for name in ("returns", "adjustment"):
        for value in fields[name].annotation.__args__:
            assert texts.knows(f"choices.{name}.{value}")
