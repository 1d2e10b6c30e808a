"""Price limits, ladders and regimes in the report: frames against the results, figures against their frames, words."""

from __future__ import annotations

import re
from datetime import date

import pytest
import yaml
from scipy import stats

from eventstudy.facts import catalogs, fact
from eventstudy.plots import (
    beta_figure,
    beta_frame,
    ladder_cases,
    ladder_figure,
    ladder_frame,
    limit_cases,
    limits_figure,
    limits_frame,
    regime_figure,
    regime_frame,
)
from eventstudy.plots.ladder import RUNGS
from eventstudy.plots.regimes import LOOKS, VARIANTS
from eventstudy.plots.rows import place_of
from eventstudy.report.sections.history import build as build_history
from eventstudy.report.views import Study
from eventstudy.results import ExclusionRecord
from eventstudy.texts import LANGS, load_texts
from eventstudy.texts.names import names_of
from tests.report_words import Words, section_html, section_words

EXACT = 1e-12  # the same arithmetic on the same numbers
SUGON, MOORE = ("hygon-sugon-merger-terminated", "603019"), ("h200-approval", "688795")
DEAL = "share-swap-pending"
MINE = ("limits", "history", "regimes")


def with_limits(result, **changes):
    """The flagship whose first limit day is another."""
    return result.model_copy(update={"limits": (result.limits[0].model_copy(update=changes),)})


def with_refused(result, rung, why):
    """The flagship with one more refused rung and nothing else refused."""
    event, security = MOORE
    told = fact(why.code, security=security, **why.values)
    record = ExclusionRecord.of(fact("rung", rung=rung), told, event_id=event, security=security)
    return result.model_copy(update={"exclusions": (record,)})


@pytest.fixture(scope="module")
def empty(kept):
    """The flagship where nothing hard happened."""
    lists = dict.fromkeys(("limits", "ladder", "alternatives", "breaks", "exclusions", "bars"), ())
    return kept.model_copy(update=lists)


@pytest.fixture(scope="module")
def pages(kept):
    return {(name, lang): section_words(kept, name, lang) for name in MINE for lang in LANGS}


# --- price limits --------------------------------------------------------------------------------------


def test_the_limit_frame_is_the_records(kept):
    assert limit_cases(kept) == [SUGON]
    frame = limits_frame(kept, *SUGON).set_index(["kind", "estimand"])
    assert len(kept.limits) == 2
    for record in kept.limits:
        day, car = frame.loc[("day", record.estimand)], frame.loc[("to_open", record.estimand)]
        assert (day["estimate"], day["pvalue"], day["side"]) == (record.ar, record.bound_pvalue, -1)
        assert (car["estimate"], car["pvalue"]) == (record.car_to_open, record.placebo_pvalue)
        reach = stats.t.ppf(0.975, record.df) * record.car_std_error
        assert car["ci_high"] - car["estimate"] == pytest.approx(reach, abs=EXACT)
        assert car["estimate"] - car["ci_low"] == pytest.approx(reach, abs=EXACT)
        assert frame.loc[("one_more", record.estimand), "estimate"] == record.car_one_more
    assert frame["ci_low"].notna().sum() == 2


def test_imputed_values_are_those_of_the_results_and_have_no_p(kept):
    frame = limits_frame(kept, *SUGON)
    imputed = frame[frame["kind"] == "imputed"]
    wanted = [item.estimate for item in kept.alternatives if item.topic == "imputation"]
    assert list(imputed["estimate"]) == wanted and len(wanted) == 3
    assert imputed["pvalue"].isna().all()
    assert list(imputed["label"]) == ["1×", "1.5×", "2×"]


def test_a_bound_is_a_bar_that_goes_on_as_an_arrow_outwards(kept):
    for limit, outward in (("limit_down", -1), ("limit_up", 1)):
        result = with_limits(kept, limit=limit)
        figure = limits_figure(limits_frame(result, *SUGON))
        (bar,) = [trace for trace in figure.data if trace.type == "bar"]
        (arrow,) = [item for item in figure.layout.annotations if item.showarrow]
        assert bar.x[0] == arrow.x == pytest.approx(100 * kept.limits[0].ar)
        assert arrow.xshift * outward > 0 and arrow.ax * outward < 0
        assert bar.y[0] == arrow.y


def test_imputed_marks_are_hollow_and_named_as_assumed(kept):
    figure = limits_figure(limits_frame(kept, *SUGON))
    (assumed,) = [trace for trace in figure.data if trace.name == "assumed, not measured (CSI 300)"]
    assert assumed.marker.symbol == "circle-open"
    assert list(assumed.text) == ["1×", "1.5×", "2×"]


def test_the_limit_day_is_told_with_its_prices_bound_and_placebo(pages):
    told = pages["limits", "en"]
    for sentence in (
        "Sugon, 10 December 2025: closed at its lower limit",
        "The limit was 90.12 CNY, reckoned from a reference price of 100.13 CNY",
        "The share also traded off its limit: its low of the day was 90.12, its high 91.78.",
        "Against CSI 300 (total effect): −9.75 % or lower on the day (one-sided p < 0.001).",
        "rank 10 by size among that figure and 316 earlier sessions under the same rule (placebo p = 0.032).",
        "The interval is that of a window fixed beforehand",
        "A sensitivity, not an estimate: if the day's spread was 1×, 1.5× and 2× the usual one",
        "−10.43 %, −11.14 % and −11.96 %",
        "One of the recorded sessions of the event windows closed at a price limit: Sugon on 10 December 2025",
        "2.74 % (kept, 110 sessions), 2.39 % (dropped, 103 sessions) and 2.70 % (treated as bounds, 106 sessions)",
    ):
        assert sentence in told


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"one_price": True}, "Every trade of the day was at that price."),
        ({"one_price": None, "high": None, "low": None}, "Its high and low of the day are not recorded"),
        ({"open_session": None, "car_to_open": None}, "No close off a limit followed inside the event window"),
        ({"n_placebo": None, "placebo_rank": None, "placebo_pvalue": None}, "there are no earlier sessions to compare"),
        ({"limit": "limit_up", "ar": 0.08}, "+8.00 % or more on the day"),
    ],
)
def test_other_limit_days_are_told_as_they_were(kept, changes, sentence):
    told = section_words(with_limits(kept, **changes), "limits")
    assert sentence in told
    assert "nan" not in told and "None " not in told


def test_a_limit_that_never_opened_shows_the_bound_alone(kept):
    result = with_limits(kept, open_session=None, car_to_open=None).model_copy(update={"alternatives": ()})
    frame = limits_frame(result, *SUGON)
    assert list(frame["kind"]) == ["day"]
    assert limits_figure(frame).data


# --- the ladder ----------------------------------------------------------------------------------------


def test_the_ladder_frame_is_the_records_and_the_refusals_in_order(kept):
    assert ladder_cases(kept) == [MOORE]
    frame = ladder_frame(kept, *MOORE)
    places = [RUNGS.index(rung) for rung in frame["rung"]]
    assert places == sorted(places) and set(frame["rung"]) == set(RUNGS)
    there, refused = frame[frame["missing"] == ""], frame[frame["missing"] != ""]
    assert list(there["estimate"]) == [record.estimate for record in kept.ladder]
    assert list(refused["rung"]) == ["age_matched_placebo", "post_event_window"]
    assert refused["estimate"].isna().all()
    assert list(there.loc[there["ci_low"].notna(), "rung"]) == ["peer_prior"]


def test_a_refused_rung_has_words_in_place_of_a_mark(kept):
    frame = ladder_frame(kept, *MOORE)
    figure = ladder_figure(frame)
    marked = {y for trace in figure.data for y in trace.y}
    lines = len(frame)
    for line, missing in zip(frame["line"], frame["missing"], strict=True):
        place = place_of(line, lines)
        assert (place in marked) == (missing == "")
        said = [item.text for item in figure.layout.annotations if item.y == place]
        assert said == ([f"not to be had: {missing}"] if missing else [])


def test_rungs_are_told_apart_by_shape_and_fill(kept):
    figure = ladder_figure(ladder_frame(kept, *MOORE))
    assert [(trace.name, trace.marker.symbol) for trace in figure.data] == [
        ("total effect, with an interval", "circle"),
        ("total effect, no interval to be had", "circle-open"),
        ("relative effect, no interval to be had", "square-open"),
    ]


def test_the_ladder_is_told_with_its_prior_its_ranks_and_what_is_missing(pages):
    told = pages["history", "en"]
    for sentence in (
        "They are separate answers, shown side by side and never averaged",
        "6 comparisons can be made; beyond them the return is between +5.47 % and +6.85 %.",
        "One of them has an interval, and it leaves zero out. 2 more cannot be made from the recorded prices.",
        "Peers that the news may move too: Cambricon and SMIC.",
        "8 market models: beta 1.13 on average, with a standard deviation of 0.98",
        "of 2.13 % a day; one earlier return of its own entered.",
        "move less than one in its first sessions, so this interval is too narrow.",
        "it ranks 1 of 7 by size (p = 0.143); with so few, p cannot be smaller than 0.143.",
        "A p of 0.05 needs 19 earlier listings; the study names 4.",
        "it needs at least 60 returns from 6 January 2026 on, when the first sessions after the listing are over; 9",
    ):
        assert sentence in told


@pytest.mark.parametrize(("lang", "day"), [("en", "20 July 2020"), ("zh", "2020年7月20日")])
def test_the_closes_that_earlier_listings_need_are_a_table(kept, lang, day):
    (case,) = build_history(Study(kept, names_of(kept.spec, lang)))["cases"]
    named = kept.spec.securities["688795"].earlier_listings
    assert [row[0] for row in case["needed"].rows] == [names_of(kept.spec, lang).ticker(name) for name in named]
    assert case["needed"].rows[2][2] == day


@pytest.mark.parametrize(
    ("rung", "why", "sentence"),
    [
        ("peer_adjusted", fact("no_peers.named"), "The mean of peers: the study names no peers that could"),
        ("peer_adjusted", fact("peers_missing", peers=["688041"]), "the peers have no return over the same sessions."),
        (
            "peer_prior",
            fact("too_few_peers", why="2 peers"),
            "too few peers have enough returns of their own for a prior.",
        ),
        (
            "age_matched_placebo",
            fact("no_earlier_listings"),
            "the study names no earlier listings of the same board.",
        ),
        (
            "post_event_window",
            fact("post_event_too_short.until", nobs=9, least=60, begin=date(2026, 1, 6), end=date(2026, 1, 16)),
            "it needs at least 60 returns from 6 January 2026 on, when the first sessions after the listing are over",
        ),
        (
            "same_day_rank",
            fact("no_peers.same_day", session=date(2025, 12, 9)),
            "Untouched shares on the same day: the study names no peers",
        ),
    ],
)
def test_every_refused_rung_says_why(kept, rung, why, sentence):
    assert sentence in section_words(with_refused(kept, rung, why), "history")


def test_a_rung_on_fewer_comparators_is_no_empty_row(kept):
    missing = [{"security": "688041", "before": "2022-08-15", "session": "2022-08-16"}]
    why = fact("some_earlier_listings_missing", n=1, total=4, missing=missing)
    result = with_refused(kept, "same_day_rank", why)
    assert (ladder_frame(result, *MOORE)["missing"] == "").all()
    told = section_words(result, "history")
    assert "are left out (1 of 4 have no prices there: Hygon on 2022-08-15 and 2022-08-16)" in told


@pytest.mark.parametrize(("low", "sentence"), [(-0.01, "and it holds zero"), (0.001, "and it leaves zero out")])
def test_the_interval_is_read(kept, low, sentence):
    ladder = tuple(item.model_copy(update={"ci_low": low}) if item.ci_low is not None else item for item in kept.ladder)
    assert sentence in section_words(kept.model_copy(update={"ladder": ladder}), "history")


def test_a_ladder_of_refusals_alone_has_no_figure(kept):
    html = section_html(kept.model_copy(update={"ladder": ()}), "history")
    assert "<figure" not in html and "the recorded prices do not reach back that far" in html


# --- regimes -------------------------------------------------------------------------------------------


def test_the_regime_frame_holds_four_windows_of_every_case(kept):
    frame = regime_frame(kept, DEAL)
    assert [list(own["variant"]) for _, own in frame.groupby("line")] == [list(VARIANTS)] * 4
    records = [item for item in kept.alternatives if item.topic == "regime"]
    assert sorted(frame["estimate"]) == sorted(item.estimate for item in records)
    assert set(frame.loc[frame["limit"], "title"]) == {"Sugon: Hygon and Sugon call off their share-swap merger"}


def test_error_bars_of_windows_reach_the_limits_of_their_intervals(kept):
    frame = regime_frame(kept, DEAL)
    for variant, trace in zip(VARIANTS, regime_figure(frame).data, strict=False):
        own = frame[frame["variant"] == variant]
        for row, x, up, down in zip(
            own.to_dict("records"), trace.x, trace.error_x.array, trace.error_x.arrayminus, strict=True
        ):
            assert (x + up, x - down) == (
                pytest.approx(100 * row["ci_high"], abs=1e-9),
                pytest.approx(100 * row["ci_low"], abs=1e-9),
            )


def test_windows_are_told_apart_by_shape_too(kept):
    assert len({look["symbol"] for look in LOOKS.values()}) == len(VARIANTS)
    figure = beta_figure(beta_frame(kept, DEAL))
    assert [trace.marker.symbol for trace in figure.data if trace.mode == "markers"] == [
        LOOKS[variant]["symbol"] for variant in VARIANTS
    ]


def test_slopes_are_the_parameters_and_across_tells_the_one_inside(kept):
    frame = beta_frame(kept, DEAL).set_index(["security", "name", "variant"])["value"]
    sugon = {
        item.variant: item
        for item in kept.alternatives
        if (item.topic, item.event_id, item.security) == ("regime", "h200-approval", "603019")
    }
    across = sugon["across"].params
    assert frame["603019", "sh000300", "before"] == sugon["before"].params["sh000300"]
    assert frame["603019", "sh000300", "across"] == across["sh000300"] + across["benchmark_in_regime"]
    assert frame["603019", "688041", "inside"] == sugon["inside"].params["688041"]
    assert ("603019", "688041", "before") not in frame.index
    assert frame["688041", "sh000300", "across"] == pytest.approx(frame["688041", "sh000300", "inside"], abs=1e-9)


def test_the_regime_is_told_with_its_note_slopes_and_breaks(pages):
    told = pages["regimes", "en"]
    for sentence in (
        "While 0.5525 Hygon shares were to be paid for one of Sugon, Sugon's price followed Hygon's.",
        "does not depend on the window in any of the 4 cases.",
        "Sugon: standard error 2.76 % from the study's own window, 1.53 % from inside the period",
        "With each per cent of CSI 300, Hygon moved 1.17 per cent before the period and 2.90 inside it.",
        "With each per cent of Hygon, Sugon moved 0.64 per cent inside the period, the benchmark held fixed.",
        "At the known day (11 June 2025), 1 of 4 tests find a change at the 5 % level: Hygon against CSI 300 (p <",
        "Searching every day, 2 of 4 tests find one",
        "The largest breaks fall on 19 to 29 August 2025.",
        "Where the critical value and the bootstrap p disagree",
    ):
        assert sentence in told


def test_no_disagreement_is_claimed_where_there_is_none(kept):
    breaks = tuple(item for item in kept.breaks if (item.security, item.benchmark) == ("688041", "sh000300"))
    told = section_words(kept.model_copy(update={"breaks": breaks}), "regimes")
    assert "disagree" not in told and "1 of 1 tests" in told


def test_a_window_without_an_estimate_says_why(kept):
    record, other = (
        ExclusionRecord.of(
            fact("alternative", topic="regime", variant="inside", other=regime),
            fact("alternative_too_short", nobs=12, least=60),
            event_id="h200-approval",
            security=security,
        )
        for security, regime in (("603019", [DEAL, "688041"]), ("688041", [f"{DEAL}-2"]))
    )
    told = section_words(kept.model_copy(update={"exclusions": (record, other)}), "regimes")
    assert "12 of at least 60 estimation observations" in told
    assert told.count("no estimate from this window") == 1


def test_breaks_without_estimates_are_shown_alone(kept):
    html = section_html(kept.model_copy(update={"alternatives": ()}), "regimes")
    assert "<figure" not in html and "Did the model change?" in html


# --- any study -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", MINE)
def test_a_study_without_hard_cases_says_so_and_draws_nothing(empty, name, lang):
    html = section_html(empty, name, lang)
    assert load_texts(lang)(f"{name}.none") in Words(html).found
    assert "<figure" not in html and "<table" not in html


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", MINE)
def test_readers_meet_no_ids_or_blanks(kept, pages, name, lang):
    told = pages[name, lang]
    raw = [*(event.id for event in kept.spec.events), *RUNGS, *VARIANTS[:1], DEAL, "sh000300", "sup_f", "sigma_x"]
    assert [word for word in raw if word in told] == []
    assert not re.search(r"\{\w*\}|\bNone\b(?! of)|\bnan\b|Timestamp|datetime", told)


def test_the_same_result_gives_the_same_sections(kept):
    assert [section_html(kept, name) for name in MINE] == [section_html(kept, name) for name in MINE]


@pytest.mark.parametrize("lang", LANGS)
def test_no_two_catalogs_hold_the_same_key(lang):
    seen = {}
    for catalog in catalogs(lang):
        for key in _keys(yaml.load(catalog.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)):
            assert key not in seen, f"{key} stands in {catalog.name} and {seen.get(key)}"
            seen[key] = catalog.name


def _keys(tree, prefix=""):
    for key, value in tree.items():
        yield from _keys(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
