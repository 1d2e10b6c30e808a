"""The sections on other news and on two markets: their frames against the results, their figures, their sentences."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

import pytest

from eventstudy.plots import (
    ledger_entries,
    ledger_figure,
    ledger_frame,
    parts_figure,
    parts_frame,
    pictured_events,
    spans,
    steps_figure,
    steps_frame,
    ways_figure,
    ways_frame,
)
from eventstudy.plots.around import MOST_DAYS, line_places, line_tops, lines_height
from eventstudy.plots.ledger import CLOSED, NOTHING
from eventstudy.plots.ledger import LOOKS as LEDGER_LOOKS
from eventstudy.plots.steps import days_of_sum, told_sums
from eventstudy.plots.ways import AS_DESIGNED, OVER_CONTROL, ways_of
from eventstudy.report.sections import markets, news
from eventstudy.results import FIELDS, FirmDayKind, Identified
from eventstudy.study.calendar import calendar_records
from eventstudy.study.timing import open_exchanges
from eventstudy.texts import LANGS, load_texts
from eventstudy.texts.names import names_of
from tests.report_words import section_words, study_of

EXACT = 1e-12  # the same arithmetic on the same numbers
LOGS = 1e-9  # sums of logarithms in another order
PALETTE = {"#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#1f2328", "#59636e", "#d8dee4", "#ffffff"}
MINUS = "\N{MINUS SIGN}"
GROUP, SET = "h200-news", "h200-week"
SECURITIES = ("NVDA", "688795", "688041", "603019")


@pytest.fixture(scope="module")
def span(kept):
    (found,) = spans(kept, names_of(kept.spec, "en"))
    return found


def with_spec(result, **changes):
    return result.model_copy(update={"spec": result.spec.model_copy(update=changes)})


def figures(result, lang="en"):
    names = names_of(result.spec, lang)
    for item in result.spec.event_groups:
        yield steps_figure(steps_frame(result, item.id, lang=lang), lang=lang)
    for span in spans(result, names):
        yield ledger_figure(ledger_frame(result, span, lang=lang), lang=lang)
        for symbol in SECURITIES:
            yield parts_figure(parts_frame(result, symbol, span, lang=lang), lang=lang)
    for topics in (markets.FOREIGN, markets.YARDSTICKS):
        for symbol in SECURITIES:
            frame = ways_frame(result, symbol, topics, pictured_events(result), lang=lang)
            if len(frame):
                yield ways_figure(frame, lang=lang)


# --- which days and events -----------------------------------------------------------------------------


def test_the_days_reach_three_sessions_beyond_the_set(kept, span):
    assert (span.id, span.first, span.last) == (SET, date(2025, 12, 8), date(2025, 12, 10))
    assert [day.day for day in span.days] == [3, 4, 5, 8, 9, 10, 11, 12, 15]


def test_without_sets_the_steps_and_without_steps_the_last_tested_event_is_words_of(kept):
    names = names_of(kept.spec, "en")
    (steps,) = spans(with_spec(kept, event_sets=()), names)
    assert (steps.id, steps.first, steps.last) == (GROUP, date(2025, 12, 8), date(2025, 12, 9))
    (last,) = spans(with_spec(kept, event_sets=(), event_groups=()), names)
    assert last.id == "hygon-sugon-merger-terminated"
    assert [day.day for day in last.days] == [5, 8, 9, 10, 11, 12, 15]
    assert spans(kept.model_copy(update={"sessions": ()}), names) == ()


def test_a_long_set_is_told_in_several_pictures(kept):
    (item,) = kept.spec.event_sets
    result = with_spec(kept, event_sets=(item.model_copy(update={"last_session": date(2025, 12, 31)}),))
    exchanges = open_exchanges(result.spec)
    calendar = tuple(calendar_records(result.spec, result.sessions, exchanges))
    result = result.model_copy(update={"calendar": calendar})
    found = spans(result, names_of(result.spec, "en"))
    assert [one.id for one in found] == [SET, f"{SET}-2", f"{SET}-3"]
    assert max(len(one.days) for one in found) == MOST_DAYS
    days = [day for one in found for day in one.days]
    assert (
        days == sorted(set(days)) and days[0] == date(2025, 12, 3) and days[-1] == date(2026, 1, 7)
    )  # Shanghai rests on 1 and 2 January
    (ledger,) = news.build(study_of(result))["ledgers"]  # nothing is known of the later days
    assert ledger.id == f"figure-ledger-{SET}"


def test_the_events_in_the_picture_are_those_that_the_study_leads_with(kept):
    led = {"h200-approval-report", "h200-approval", "hygon-sugon-merger-terminated"}
    assert pictured_events(kept) == led
    bare = with_spec(kept, event_sets=(), event_groups=(), headlines=())
    assert pictured_events(bare) == {"hygon-sugon-merger-terminated"}
    assert pictured_events(bare.model_copy(update={"sessions": ()})) == frozenset()


def test_labelled_lines_have_room_for_each_of_their_lines():
    labels = ["one", "one<br>two", "one<br>two<br>three"]
    tops = line_tops(labels)
    assert [bottom - top for top, bottom in pairwise(tops)] == [27.0, 42.0, 57.0]
    assert line_places(labels) == [13.5, 48.0, 97.5] and lines_height(labels) == 126


# --- news in steps -------------------------------------------------------------------------------------


def test_steps_are_told_against_the_preferred_benchmark_under_the_first_model_there_is(kept):
    told = told_sums(kept, GROUP)
    assert [(one.security, one.model, one.benchmark) for one in told] == [
        ("NVDA", "market", "SPY"),
        ("688795", "market_adjusted", "sh000300"),
        ("688041", "market", "sh000300"),
        ("603019", "market", "sh000300"),
    ]


def test_the_days_of_each_security_add_up_to_its_sum(kept):
    for record in told_sums(kept, GROUP):
        days = days_of_sum(kept, record)
        assert sum(day.ar for day in days) == pytest.approx(record.car, abs=EXACT)
        assert (days[0].session, days[-1].session) == (record.first_session, record.last_session)
    frame = steps_frame(kept, GROUP)
    nvda = frame[frame["security"] == "NVIDIA"]
    assert list(nvda["kind"]) == ["head", "day", "day", "sum"]
    assert nvda["start"].iloc[2] == pytest.approx(nvda["estimate"].iloc[1], abs=EXACT)
    assert nvda["start"].iloc[2] + nvda["estimate"].iloc[2] == pytest.approx(nvda["estimate"].iloc[3], abs=EXACT)
    assert (frame["kind"] == "day").sum() == 2  # the others have one session


def test_bars_of_steps_start_where_the_last_one_ended_and_intervals_are_the_record_s(kept):
    frame = steps_frame(kept, GROUP)
    bars, known, bare = steps_figure(frame).data
    assert list(bars.base) == pytest.approx([0.0, bars.x[0]], abs=EXACT)
    record = told_sums(kept, GROUP)[0]
    assert known.x[0] + known.error_x.array[0] == pytest.approx(100 * record.ci_high, abs=1e-9)
    assert known.x[0] - known.error_x.arrayminus[0] == pytest.approx(100 * record.ci_low, abs=1e-9)
    assert bare.error_x.array is None and bare.marker.symbol.endswith("-open")


def test_the_sentence_of_the_steps_says_how_they_add_up(kept):
    text = section_words(kept, "news")
    nvda = f"NVIDIA: +2.21 % (8 Dec) and {MINUS}0.22 % (9 Dec) add up to +1.99 %."
    assert f"{nvda} Its 95 % interval runs from {MINUS}2.62 % to +6.61 % (p = 0.394)." in text
    assert "Moore Threads (+6.24 %, 9 Dec), Hygon (+0.69 %, 9 Dec)" in text
    assert "are bounds" not in text


def test_a_sum_that_ends_at_a_limit_is_called_a_bound(kept):
    group = kept.spec.event_groups[0]
    ends = {
        "event_group": group.id,
        "event_id": "hygon-sugon-merger-terminated",
        "first_session": date(2025, 12, 10),
        "last_session": date(2025, 12, 10),
    }
    changed = tuple(record.model_copy(update=ends) for record in kept.event_groups if record.security == "603019")
    text = section_words(kept.model_copy(update={"event_groups": changed}), "news")
    assert "The close of 10 Dec was at a price limit, so the figures that end there are bounds." in text


# --- the ledger ----------------------------------------------------------------------------------------


def test_every_kind_of_the_ledger_has_a_look_words_and_a_sign():
    kinds = set(FirmDayKind.__args__) - {"own_event", "related_event", "market_event"}
    assert kinds | {"tested", "confounder", "related", "market"} == set(LEDGER_LOOKS)
    for lang in LANGS:
        texts = load_texts(lang)
        assert all(texts.knows(f"ledger.kind.{kind}") for kind in LEDGER_LOOKS)
        signs = [texts(f"ledger.sign.{kind}") for kind in kinds]
        assert len(set(signs)) == len(signs) and all(len(sign) == 1 for sign in signs)
        assert all(texts.knows(f"identified.{kind}") for kind in Identified.__args__)


def test_sugon_s_tenth_of_december_holds_two_events_and_a_limit(kept, span):
    frame = ledger_frame(kept, span)
    cell = frame[(frame["security"] == "Sugon") & (frame["session"] == date(2025, 12, 10))]
    assert [tuple(row) for row in cell[["kind", "sign", "place"]].itertuples(index=False)] == [
        ("tested", "21", 0),
        ("confounder", "20", 1),
        ("limit", "L", 2),
    ]
    assert list(cell["title"])[2] == "closed at lower limit"


def test_the_ledger_holds_every_record_once(kept):
    names = names_of(kept.spec, "en")
    entries = ledger_entries(kept, names)
    plain = [record for record in kept.firm_days if record.kind != "related_event"]
    assert len([entry for entry in entries if entry.kind != "related"]) == len(plain)
    own = {(r.security, r.session, r.event_id) for r in plain if r.event_id is not None}
    related = {(r.security, r.session, r.event_id) for r in kept.firm_days if r.kind == "related_event"} - own
    found = [(e.security, e.session, e.event_id) for e in entries if e.kind == "related"]
    assert len(found) == len(related) > 0 and set(found) == related
    merger = next(e for e in entries if (e.security, e.event_id) == ("688795", "hygon-sugon-merger-terminated"))
    assert merger.text == "21. Hygon and Sugon call off their share-swap merger (reaches Hygon and Sugon)"


def test_the_grid_has_a_cell_for_each_security_and_day(kept, span):
    frame = ledger_frame(kept, span)
    assert len(frame[["security", "session"]].drop_duplicates()) == len(SECURITIES) * len(span.days)
    assert not frame.duplicated(["security", "session", "place"]).any()
    closed = frame[frame["kind"] == CLOSED]
    assert set(zip(closed["security"], closed["session"], strict=True)) == {
        ("Moore Threads", date(2025, 12, 3)),
        ("Moore Threads", date(2025, 12, 4)),
    }
    assert (frame["kind"] == NOTHING).sum() > 0
    assert set(frame.loc[frame["inside"], "session"]) == {date(2025, 12, day) for day in (8, 9, 10)}


def test_days_outside_the_event_windows_are_not_called_quiet(kept, span):
    windows = kept.spec.windows
    windows = type(windows).model_validate(windows.model_dump() | {"event": [0, 1], "car": [[0, 0], [0, 1]]})
    frame = ledger_frame(with_spec(kept, windows=windows), span)
    last = frame[(frame["session"] == date(2025, 12, 15))]
    assert set(last["kind"]) == {CLOSED}


def test_the_ledger_s_marks_carry_their_sign_and_the_legend_explains_it(kept, span):
    frame = ledger_frame(kept, span)
    figure = ledger_figure(frame)
    marks = frame[~frame["kind"].isin([NOTHING, CLOSED])]
    drawn = [sign for trace in figure.data if trace.text is not None for sign in trace.text]
    assert sorted(drawn) == sorted(marks["sign"])
    names = [trace.name for trace in figure.data]
    assert len(set(names)) == len(names)
    assert {"L: closed at a price limit", "tested event", "no session, or not looked at"} <= set(names)
    places = [(x, y) for trace in figure.data for x, y in zip(trace.x, trace.y, strict=True)]
    assert len(set(places)) == len(places)


def test_the_ledger_s_sentence_counts_shared_firm_days(kept):
    text = section_words(kept, "news")
    assert (
        "4 of the 10 sessions with a tested event hold more than one piece of news: "
        "NVIDIA (4 Dec and 9 Dec); Hygon and Sugon (10 Dec)." in text
    )
    alone = tuple(record for record in kept.firm_days if record.event_id == "h200-approval")
    assert "none of the 4 sessions with a tested event holds a second piece of news" in section_words(
        kept.model_copy(update={"firm_days": alone}), "news"
    )
    untested = tuple(record for record in kept.firm_days if record.event_id == "fomc-december")
    assert "No tested event falls on these days." in section_words(
        kept.model_copy(update={"firm_days": untested}), "news"
    )


# --- identification ------------------------------------------------------------------------------------


def test_the_identification_table_is_the_list(kept):
    table = news.build(study_of(kept))["identified"]
    assert len(table.rows) == len(kept.identification)
    words = {"separate": "this event", "confounded": "this event together with the other news"}
    words["sum_only"] = "only the sum of these events"
    texts = load_texts("en")
    for row, record in zip(table.rows, kept.identification, strict=True):
        assert row[4] == words[record.identified]
        assert row[5] == ("–" if record.estimate is None else texts.points(record.estimate))
        assert row[6] == ("–" if record.pvalue is None else texts.pvalue(record.pvalue))
        assert row[2].count(";") == len(record.events) - 1


def test_what_cannot_be_told_apart_is_said(kept):
    text = section_words(kept, "news")
    assert (
        "“Congress leaves the GAIN AI Act out” and “SAFE CHIPS Act introduced in the Senate” fall on the same session "
        "(4 Dec: NVIDIA). Only their sum is measured" in text
    )
    assert "On 3 of the 11 sessions in the table other news falls beside the tested event" in text
    separate = tuple(record for record in kept.identification if record.identified == "separate")
    alone = section_words(kept.model_copy(update={"identification": separate}), "news")
    assert f"Each of the {len(separate)} sessions in the table holds one tested event" in alone


# --- overnight and during the session ------------------------------------------------------------------


@pytest.mark.parametrize("symbol", SECURITIES)
def test_the_parts_are_the_records_and_sum_to_the_whole(kept, span, symbol):
    frame = parts_frame(kept, symbol, span)
    own = [r for r in kept.day_parts if r.security == symbol and r.session in span.days]
    assert list(frame["whole"]) == [record.whole for record in own]
    assert (frame["overnight"] + frame["intraday"] - frame["whole"]).abs().max() < LOGS
    assert len(frame) == (6 if symbol == "688795" else 9)


def test_the_finding_says_how_much_came_overnight(kept):
    text = section_words(kept, "markets")
    assert "NVIDIA, 8 Dec and 9 Dec: +1.39 % in all, of which +0.13 % overnight and +1.26 % during the session." in text
    assert f"Larger than twice its usual size: {MINUS}10.53 % overnight (10 Dec)." in text
    assert "There is no usual size: fewer than 60 sessions before the event." in text
    own = {r.session: r for r in kept.day_parts if r.security == "NVDA"}
    days = [own[date(2025, 12, day)] for day in (8, 9)]
    assert round(100 * sum(day.overnight for day in days), 2) == 0.13


def test_each_bar_stands_over_its_own_box(kept, span):
    frame = parts_frame(kept, "NVDA", span)
    boxes, overnight, intraday, whole = parts_figure(frame).data
    assert list(boxes.x) == [*overnight.x, *intraday.x]
    assert set(boxes.y) == {200 * frame["overnight_typical"].iloc[0], 200 * frame["intraday_typical"].iloc[0]}
    assert list(whole.y) == [100 * value for value in frame["whole"]]
    assert intraday.marker.pattern.shape == "/"
    assert parts_figure(parts_frame(kept, "688795", span)).data[0].name.startswith("overnight")
    sugon = parts_figure(parts_frame(kept, "603019", span)).data
    assert sugon[-1].name == "closed at a price limit" and list(sugon[-1].x) == [5]


def test_sessions_without_a_tested_event_are_said_to_be_so(kept):
    none = kept.model_copy(update={"identification": ()})
    assert "No tested event falls on these sessions of NVIDIA." in section_words(none, "markets")


# --- other ways of estimating --------------------------------------------------------------------------


@pytest.mark.parametrize("topics", [markets.FOREIGN, markets.YARDSTICKS])
def test_every_alternative_stands_once_in_a_picture_or_a_folded_table(kept, topics):
    view = markets._ways(study_of(kept), "foreign" if topics == markets.FOREIGN else "yardsticks", topics)
    found = [row for figure in view["figures"] for row in figure.table.rows]
    found += [row for item in view["others"] for row in item["table"].rows]
    records = [record for record in kept.alternatives if record.topic in topics]
    designs = {(r.event_id, r.security, r.window) for r in records}
    assert len(found) == len([r for r in records if r.variant != AS_DESIGNED]) + len(designs)


def test_hollow_markers_are_the_flagged_estimates(kept):
    events = pictured_events(kept)
    for symbol in ("NVDA", "688041", "603019"):
        frame = ways_frame(kept, symbol, markets.FOREIGN, events)
        flagged = [r for r in ways_of(kept, symbol, markets.FOREIGN, events) if OVER_CONTROL in r.flags]
        assert frame["over_control"].sum() == len(flagged) > 0
        hollow = [t for t in ways_figure(frame).data if t.mode == "markers" and t.marker.color == "#ffffff"]
        assert [trace.name for trace in hollow] == ["may already contain the news"]
        assert list(hollow[0].x) == [100 * record.estimate for record in flagged]
        assert all("may already contain the news" in text for text in hollow[0].hovertext)


def test_the_last_new_york_session_may_hold_the_report_but_not_up_to_its_open(kept):
    frame = ways_frame(kept, "688041", markets.FOREIGN, {"h200-approval"})
    held = {row["label"]: row["over_control"] for row in frame.to_dict("records")}
    assert held == {
        "as designed": False,
        "S&P 500 fund SPY, whole last session": True,
        "S&P 500 fund SPY, up to its open": False,
        "semiconductor fund SOXX, whole last session": True,
        "semiconductor fund SOXX, up to its open": False,
        "four US shares that the news does not touch, whole last session": False,
    }


def test_the_foreign_sentence_names_what_is_free_of_the_news(kept):
    text = section_words(kept, "markets")
    assert "6 of the 10 estimates with a foreign market may already contain the news." in text
    assert f"10 Dec: {MINUS}0.57 % (as designed {MINUS}0.05 %)." in text
    assert f"9 Dec: none (as designed {MINUS}0.22 %)" in text
    free = tuple(
        record.model_copy(update={"flags": tuple(flag for flag in record.flags if flag != OVER_CONTROL)})
        for record in kept.alternatives
    )
    clean = section_words(kept.model_copy(update={"alternatives": free}), "markets")
    assert "None of the 10 estimates with a foreign market can contain the news." in clean


def test_peers_that_the_news_may_touch_look_like_a_relative_effect(kept):
    frame = ways_frame(kept, "NVDA", markets.YARDSTICKS, pictured_events(kept))
    assert list(frame["variant"])[:4] == [AS_DESIGNED, "index_without", "less_untouched", "less_touched"]
    assert list(frame["head"].drop_duplicates()) == ["8\xa0Dec", "8\xa0Dec to 9\xa0Dec", "9\xa0Dec"]
    looks = {t.name: (t.marker.symbol, len(t.x)) for t in ways_figure(frame).data if t.mode == "markers"}
    assert looks == {"total effect": ("circle", 9), "relative effect": ("square", 3)}


def test_figures_of_a_limit_day_are_called_bounds(kept):
    view = markets.build(study_of(kept))
    sugon = next(figure for figure in view["yardsticks"]["figures"] if figure.id == "figure-yardsticks-603019")
    assert "3 of the 6 intervals leave zero out." in sugon.finding.replace("\N{NO-BREAK SPACE}", " ")
    assert sugon.finding.replace("\N{NO-BREAK SPACE}", " ").endswith(
        "The close of 10 Dec was at a price limit, so the figures that end there are bounds."
    )
    hygon = next(figure for figure in view["yardsticks"]["figures"] if figure.id == "figure-yardsticks-688041")
    assert "bounds" not in hygon.finding


def test_two_events_on_one_session_are_told_apart_by_their_number(kept):
    frame = ways_frame(kept, "NVDA", markets.FOREIGN, {"gain-ai-dropped", "safe-chips-introduced"})
    assert list(frame["head"].drop_duplicates()) == ["4\xa0Dec (event 15)", "4\xa0Dec (event 16)"]


def test_error_bars_of_the_ways_reach_the_limits_of_their_intervals(kept):
    frame = ways_frame(kept, "603019", markets.YARDSTICKS, pictured_events(kept))
    ends = set()
    for trace in ways_figure(frame).data:
        if trace.mode == "markers":
            ends |= {round(x + up, 9) for x, up in zip(trace.x, trace.error_x.array, strict=True)}
    assert ends == {round(100 * value, 9) for value in frame["ci_high"]}


# --- the page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_all_colours_are_the_house_s_and_the_same_input_gives_the_same_figure(kept, lang):
    one, other = list(figures(kept, lang)), list(figures(kept, lang))
    assert len(one) == 12
    for figure, again in zip(one, other, strict=True):
        assert figure.to_json() == again.to_json() and figure.data
        for trace in figure.data:
            colors = trace.marker.color
            for color in [colors] if isinstance(colors, str) else colors or []:
                assert color in PALETTE or color.startswith("rgba(0,114,178")


@pytest.mark.parametrize("lang", LANGS)
def test_the_sections_say_what_they_lack(kept, lang):
    texts = load_texts(lang)
    empty = kept.model_copy(update=dict.fromkeys((field for name, field in FIELDS.items() if name != "provenance"), ()))
    empty = with_spec(empty, event_sets=(), event_groups=(), headlines=())
    wanted = {"news": ("steps", "ledger", "identified"), "markets": ("parts", "foreign", "yardsticks")}
    for section, parts in wanted.items():
        text = section_words(empty, section, lang)
        assert all(texts(f"{part}.none").replace("\N{NO-BREAK SPACE}", " ") in text for part in parts)
        assert "<figure" not in text and "None" not in text.replace("None of", "")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("section", ["news", "markets"])
def test_readers_meet_no_ids(kept, section, lang):
    text = section_words(kept, section, lang)
    ids = [event.id for event in kept.spec.events] + [regime.id for regime in kept.spec.regimes]
    ids += [
        *LEDGER_LOOKS.keys() - {"tested", "confounder", "related", "market", "limit", "suspended", "resumed", "listing"}
    ]
    ids += [AS_DESIGNED, OVER_CONTROL, "sh000300", "us-untouched", "sum_only", "last_session", "to_open", GROUP, SET]
    assert [word for word in ids if word in text] == []
    assert not re.search(r"\{\w*\}|\bnan\b|\bNone\b(?! of)", text)


def test_the_leads_are_two_sentences(kept):
    texts = load_texts("en")
    for key in ("news", "steps", "ledger", "identified", "markets", "parts", "foreign", "yardsticks"):
        sentences = re.findall(r"[.!?](?:\s|$)", texts(f"{key}.lead"))
        assert len(sentences) == 2, key


def test_a_security_without_opens_is_left_out_of_the_parts(kept):
    left = tuple(record for record in kept.day_parts if record.security != "NVDA")
    view = markets.build(study_of(kept.model_copy(update={"day_parts": left})))
    assert [figure.id.split("-")[2] for figure in view["parts"]] == ["688795", "688041", "603019"]


def test_days_far_from_the_set_are_not_in_the_picture(kept, span):
    far = {r.session for r in kept.day_parts} - set(span.days)
    assert far and not far & set(parts_frame(kept, "NVDA", span)["session"])
