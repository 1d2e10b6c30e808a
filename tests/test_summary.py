"""Words: the catalogs of both languages, numbers and dates, the sentences of the headline figures, the summary text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from string import Formatter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.clock import Reason
from eventstudy.errors import OptionError
from eventstudy.events import parse_moment
from eventstudy.exchanges import EXCHANGES
from eventstudy.facts import fact
from eventstudy.models import MODELS
from eventstudy.results import BarRecord, ExclusionRecord, Verdict
from eventstudy.spec import Role, Sign
from eventstudy.spec.fields import Measure, Significance
from eventstudy.summary import HEADLINE_COLUMNS, headline_rows, summary_text
from eventstudy.summary.exclusions import exclusion_groups, flagged_sessions, shifted
from eventstudy.summary.findings import answer, findings, not_said
from eventstudy.summary.rows import (
    claims_table,
    event_day_table,
    exact,
    headline_table,
    joint_table,
    portfolio_table,
)
from eventstudy.summary.tables import Column, NoteBook, Table, markdown, plain
from eventstudy.texts import LANGS, load_texts
from eventstudy.texts.flags import FLAG_VALUES
from eventstudy.texts.names import names_of

EN, ZH = load_texts("en"), load_texts("zh")
MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
FLAGS = (
    "limit_up",
    "limit_down",
    "no_limit_session",
    "suspended",
    "resumed",
    "ex_dividend",
    "short_history",
    "partial_session",
    "regime_break",
    "over_control",
    "look_ahead",
    "touched_peers",
    "accepted_scale",
    *FLAG_VALUES,
)
FAMILIES = {
    "model": MODELS,
    "estimand": ("total", "relative", "none"),
    "exchange": list(EXCHANGES),
    "board": [board for row in EXCHANGES.values() for board in row.boards],
    "role": get_args(Role),
    "reason": get_args(Reason),
    "verdict": [verdict.replace(" ", "_") for verdict in get_args(Verdict)],
    "measure": get_args(Measure),
    "claim": [f"significant_{sign}" for sign in get_args(Significance)],
    "timeline": [f"expected_{sign}" for sign in get_args(Sign)],
    "flag": FLAGS,
    "short_flag": FLAGS,
    "shared_flag": FLAGS,
    "returns": ("simple", "log"),
    "column": ("jarque_bera", "ljung_box_5", "arch_lm_5"),
}


def fields(sentence):
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.fixture(scope="module")
def names(flagship_spec):
    return names_of(flagship_spec, "en")


def with_headline(result, **changes):
    """The flagship with one headline, changed: Hygon's, which has no flags."""
    head = next(head for head in result.headlines if head.id == "hygon-first-day")
    return result.model_copy(update={"headlines": (head.model_copy(update=changes),)})


def told(result, lang="en"):
    (found,) = findings(result, names_of(result.spec, lang))
    return found


# --- catalogs ------------------------------------------------------------------------------------------


def test_both_catalogs_have_the_same_keys():
    assert list(EN.entries) == list(ZH.entries)


PAIRS = {
    "fact.words": {"text_zh": "text"},  # somebody's own words, which may stand there in both languages
    "fact.source_fault": {"fault": "what"},  # a fault as it was raised, in English; its kind in other languages
}


@pytest.mark.parametrize("key", EN.entries)
def test_both_catalogs_fill_in_the_same_things(key):
    pairs = {"month": "mon", "month1": "month1", "month2": "month2", **PAIRS.get(key, {})}
    one, other = ({pairs.get(name, name) for name in fields(texts.entries[key])} for texts in (EN, ZH))
    assert one == other
    assert EN.entries[key].strip() or key in ("list.space", "phrase.precision.exact")


def test_every_chinese_entry_is_chinese_or_has_no_words():
    neutral = {"page.lang", "column.checksum", "date.instant", "figure.car_of", "zone.UTC"}
    latin = [
        key
        for key, text in ZH.entries.items()
        if re.search("[A-Za-z]{3,}", re.sub(r"\{[^}]*\}", "", text)) and not re.search("[一-鿿]", text)
    ]
    assert set(latin) == neutral


@pytest.mark.parametrize(("family", "member"), [(family, one) for family, all_ in FAMILIES.items() for one in all_])
def test_every_name_that_a_record_can_hold_has_words(family, member):
    key = f"{family}.{member}"
    for texts in (EN, ZH):
        assert texts.knows(key) or (texts.knows(f"{key}.one") and texts.knows(f"{key}.other"))


def test_an_unknown_language_is_refused():
    with pytest.raises(OptionError) as error:
        load_texts("fr")
    assert str(error.value) == "there is no language 'fr'; allowed: en, zh"


def test_an_unknown_key_is_a_bug_not_a_blank():
    with pytest.raises(KeyError):
        EN("finding.nothing_like_this")


# --- numbers and dates ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0199112, "+1.99"),
        (-0.0974582, f"{MINUS}9.75"),
        (-0.00004, "0.00"),
        (0.0, "0.00"),
        (4.2546, "+425.46"),
        (-123.4, f"{MINUS}12,340.00"),
    ],
)
def test_returns_are_written_in_percent_with_two_decimals(value, text):
    assert EN.points(value) == text


@given(st.floats(-10, 10))
def test_a_written_return_reads_back_and_is_never_minus_zero(value):
    text = EN.points(value)
    assert "-" not in text
    assert float(text.replace(MINUS, "-").replace(",", "")) == pytest.approx(100 * value, abs=0.005 + 1e-9)
    assert not re.fullmatch(rf"[{MINUS}+]0\.00", text)


def test_percent_has_the_unit_of_the_language():
    assert EN.percent(0.0658) == f"+6.58{NBSP}%"
    assert ZH.percent(0.0658) == "+6.58%"
    assert EN.percent(0.0658, signed=False) == f"6.58{NBSP}%"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.394349, "0.394"),
        (0.00099, f"<{NBSP}0.001"),
        (1e-300, f"<{NBSP}0.001"),
        (0.001, "0.001"),
        (0.9999, f">{NBSP}0.999"),
        (0.0495, "0.0495"),
        (0.0503, "0.0503"),
        (0.0506, "0.051"),
    ],
)
def test_pvalues_have_three_decimals_unless_that_hides_the_side_of_five_percent(value, text):
    assert EN.pvalue(value) == text
    assert (
        EN.p_equals(value)
        .replace(NBSP, " ")
        .startswith("p < " if value < 0.001 else "p > " if value > 0.999 else "p = ")
    )


@pytest.mark.parametrize(("value", "text"), [(0.15, "+15"), (-0.0014, f"{MINUS}0.14"), (0.0, "0"), (4.245, "+424.5")])
def test_what_somebody_claimed_keeps_the_decimals_that_it_has(value, text):
    assert EN.round_percent(value) == f"{text}{NBSP}%"


@pytest.mark.parametrize(
    ("first", "last", "en", "zh"),
    [
        ((2025, 12, 8), (2025, 12, 8), "8 December 2025", "2025年12月8日"),
        ((2025, 12, 8), (2025, 12, 10), "8 to 10 December 2025", "2025年12月8日至10日"),
        ((2025, 11, 21), (2025, 12, 10), "21 November to 10 December 2025", "2025年11月21日至12月10日"),
        ((2024, 3, 15), (2026, 1, 16), "15 March 2024 to 16 January 2026", "2024年3月15日至2026年1月16日"),
    ],
)
def test_a_run_of_days_says_month_and_year_once(first, last, en, zh):
    assert EN.span(date(*first), date(*last)) == en
    assert ZH.span(date(*first), date(*last)) == zh


@pytest.mark.parametrize(
    ("moment", "en", "zh"),
    [
        ("2025-12-08T17:56Z", "8 December 2025, 17:56 UTC", "2025年12月8日 17:56 UTC"),
        (
            "2025-12-09T07:00Z / 2025-12-09T15:59Z",
            "9 December 2025, 07:00 to 15:59 UTC",
            "2025年12月9日 07:00 至 15:59 UTC",
        ),
        (
            "2025-12-08T21:00Z / 2025-12-09T00:30Z",
            "8 December 2025, 21:00 to 9 Dec, 00:30 UTC",
            "2025年12月8日 21:00 至12月9日 00:30 UTC",
        ),
        ("2025-12-03", "3 December 2025, hour not known", "2025年12月3日，时刻不明"),
        ("2022-10", "October 2022", "2022年10月"),
    ],
)
def test_a_moment_is_told_with_the_precision_of_its_source(moment, en, zh):
    assert EN.moment(parse_moment(moment)).replace(NBSP, " ") == en
    assert ZH.moment(parse_moment(moment)) == zh


def test_a_clock_reads_in_its_own_place():
    at = datetime(2025, 12, 8, 17, 56, tzinfo=UTC)
    assert EN.clock(at, "America/New_York").replace(NBSP, " ") == "8 Dec, 12:56"
    assert EN.clock(at, "Asia/Shanghai").replace(NBSP, " ") == "9 Dec, 01:56"


@pytest.mark.parametrize(
    ("items", "en", "zh"), [([], "", ""), (["A"], "A", "A"), (["A", "B", "C"], "A, B and C", "A、B和C")]
)
def test_lists_in_a_sentence(items, en, zh):
    assert EN.listing(items) == en
    assert ZH.listing(items) == zh


# --- names ---------------------------------------------------------------------------------------------


def test_names_stand_for_ids(names):
    assert names.security("sh000300") == "CSI 300"
    assert names.ticker("NVDA") == "NVIDIA (NVDA)"
    assert (
        names.flag("confounded:fomc-december")
        == "“Federal Reserve decides on interest rates” falls on these sessions too."
    )
    label = {"label": "against", "model": "market", "benchmark": "sh000300"}
    record = ExclusionRecord.of(fact("event_window", **label), fact("no_open", security="NVDA"))
    assert names.about(record) == "event window of market model against CSI 300"
    both = ExclusionRecord.of(
        fact("separate_effects", event="h20-licence", other_event="h200-approval"), fact("no_open", security="NVDA")
    )
    assert names.about(both).startswith("separate effects of “Licence requirement extended to H20” and “")


def test_english_stands_in_where_the_study_has_no_chinese(flagship_spec):
    events = tuple(event.model_copy(update={"title_zh": None}) for event in flagship_spec.events)
    names = names_of(flagship_spec.model_copy(update={"events": events}), "zh")
    assert names.event("h20-licence") == "Licence requirement extended to H20"
    assert names.security("NVDA") == "英伟达"


def test_events_are_numbered_by_time(names):
    numbers = [names.number(event.id) for event in sorted(names.spec.events, key=lambda event: event.when.first)]
    assert numbers == list(range(1, len(numbers) + 1))


# --- what the data say ---------------------------------------------------------------------------------


def test_the_answer_counts_what_differs_from_zero(kept, names):
    assert answer(kept, names).replace(NBSP, " ") == (
        "One of the 4 headline figures differs from zero at the 5 % level: "
        "Sugon on 10 December, after the merger was called off. "
        "Adjusted for looking at all 4 headline figures, none does. "
        "The other 3 are not distinguishable from zero, among them every figure on "
        "“Commerce Department said to be about to open H200 exports” and "
        "“The President posts that H200 may be sold to approved customers in China”; "
        "their intervals say which effects remain possible."
    )


def test_the_answer_names_no_event_that_moved_something(kept, names):
    heads = [head.model_copy(update={"event_id": "h200-approval"}) for head in kept.headlines]
    same = answer(kept.model_copy(update={"headlines": tuple(heads)}), names)
    assert same.endswith(
        "The other 3 are not distinguishable from zero; their intervals say which effects remain possible."
    )
    two = answer(kept.model_copy(update={"headlines": kept.headlines[2:]}), names)
    assert "The other one is not distinguishable from zero, which leaves no figure on “The President posts" in two
    one = answer(kept.model_copy(update={"headlines": kept.headlines[3:]}), names)
    assert one.endswith("Sugon on 10 December, after the merger was called off.")
    none = answer(kept.model_copy(update={"headlines": kept.headlines[:3]}), names)
    assert none.startswith("None of the 3 headline figures is distinguishable from zero")


def test_the_answer_without_headlines_says_so(kept, names):
    bare = kept.model_copy(update={"headlines": ()})
    assert answer(bare, names).startswith(
        "There is no headline figure to put first: the study names none, or none could be had"
    )


def test_an_insignificant_figure_is_told_with_the_effect_that_could_have_been_seen(kept):
    found = told(with_headline(kept))
    assert not found.differs
    assert found.main.replace(NBSP, " ") == (
        f"Abnormal return: +0.69 % (95 % interval {MINUS}6.28 % to +7.66 %, p = 0.808 among 327 earlier dates), "
        "not distinguishable from zero."
    )
    assert found.more[-1].replace(NBSP, " ") == (
        "The smallest true effect that this design finds with 80 % probability is 9.94 % in either direction; "
        "a smaller one can go unseen."
    )
    assert "No other event of this study falls on this session." in found.more


def test_two_steps_and_news_inside_the_session_are_said(kept):
    nvidia = findings(kept, names_of(kept.spec, "en"))[0]
    text = " ".join(nvidia.more).replace(NBSP, " ")
    assert "The news came in 2 steps, and the figure measures their sum" in text
    assert "“Commerce Department said to be about to open H200 exports” (8 Dec)" in text
    assert "“The President posts that H200 may be sold to approved customers in China” (9 Dec)" in text
    assert (
        "The news broke during the session (8 Dec, 12:56 in New York), so the return of 8 Dec holds it only in part."
        in text
    )
    assert "“Beijing said to discuss limiting access to H200” (9 Dec)" in text


def test_a_significant_figure_at_a_limit_is_a_bound_and_names_the_other_news(kept):
    sugon = findings(kept, names_of(kept.spec, "en"))[3]
    assert sugon.differs
    text = " ".join(sugon.more).replace(NBSP, " ")
    assert "read the figure as a bound, a fall of at least 9.75 %" in text
    assert "The sign is the one that the study expected." in text
    assert "“Beijing said to discuss limiting access to H200” (10 Dec)" in text
    assert "smallest true effect" not in text


def test_the_group_says_whom_its_mean_leaves_out(kept):
    group = findings(kept, names_of(kept.spec, "en"))[1]
    assert group.main.startswith("Mean abnormal return of Hygon and Sugon: ")
    assert "Moore Threads is not part of the mean: it has no estimate with a standard error." in group.more


def limit_bar(result, flag):
    """The flagship's bars with a limit on Hygon's 9 December."""
    return tuple(
        bar.model_copy(update={"flags": (flag,)})
        if (bar.security, bar.session) == ("688041", date(2025, 12, 9))
        else bar
        for bar in result.bars
    )


@pytest.mark.parametrize(
    ("flag", "estimate", "sentence"),
    [
        ("limit_up", 0.1, "a rise of at least 10.00 %"),
        ("limit_down", -0.1, "a fall of at least 10.00 %"),
        ("limit_down", 0.01, "without the limit the figure would be +1.00 % or lower"),
        ("limit_up", -0.01, f"without the limit the figure would be {MINUS}1.00 % or higher"),
    ],
)
def test_a_limit_on_the_last_session_bounds_the_figure(kept, flag, estimate, sentence):
    result = with_headline(kept, estimate=estimate, pvalue=0.01, flags=(flag,))
    result = result.model_copy(update={"bars": limit_bar(result, flag)})
    assert sentence in " ".join(told(result).more).replace(NBSP, " ")


def test_a_limit_before_the_last_session_is_no_bound(kept):
    result = with_headline(kept, flags=("limit_up",), last_session=date(2025, 12, 10))
    result = result.model_copy(update={"bars": limit_bar(result, "limit_up")})
    text = " ".join(told(result).more)
    assert "at least" not in text
    assert "A session inside the window closed at a price limit" in text


def test_an_unexpected_sign_is_said(kept):
    found = told(with_headline(kept, estimate=0.2, placebo_pvalue=0.001))
    assert "The sign is opposite to the one that the study expected." in found.more


def test_what_the_data_do_not_say(kept, names):
    text = " ".join(not_said(kept, names)).replace(NBSP, " ")
    assert "does not mean “no effect”" in text
    assert "“Congress leaves the GAIN AI Act out” and “SAFE CHIPS Act introduced in the Senate”" in text
    assert "Moore Threads was listed on 5 December 2025 and has no estimation window" in text
    assert "The adjusted p-values allow for looking at 4 headline figures." in text
    heads = tuple(head.model_copy(update={"placebo_pvalue": None, "maxt_pvalue": None}) for head in kept.headlines)
    bare = " ".join(not_said(kept.model_copy(update={"headlines": heads, "placebos": ()}), names))
    assert "They are not adjusted for the fact that 4 headline figures are looked at." in bare.replace(NBSP, " ")


def test_without_placebo_dates_the_model_s_own_p_decides(kept, names):
    bare = with_headline(kept, placebo_pvalue=None, maxt_pvalue=None).model_copy(update={"placebos": ()})
    found = told(bare)
    assert "p = 0.846)" in found.main.replace(NBSP, " ") and "earlier dates" not in found.main
    assert not any("own t distribution" in line for line in found.more)
    odd = with_headline(kept, pvalue=0.001, placebo_pvalue=0.2)
    assert not told(odd).differs
    assert told(with_headline(kept, pvalue=0.2, placebo_pvalue=0.01)).differs


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_boasts(kept, lang):
    text = summary_text(kept, lang=lang)
    assert "***" not in text and "highly significant" not in text
    assert not re.search(r"\b(caused|proves)\b", text)


# --- tables --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_the_headline_rows_fit_their_columns_and_hold_the_results(kept, lang):
    rows = headline_rows(kept, lang=lang)
    assert {len(row) for row in rows} == {len(HEADLINE_COLUMNS[lang])}
    texts = load_texts(lang)
    for row, head in zip(rows, kept.headlines, strict=True):
        assert row[3] == texts.points(head.estimate)
        assert row[5] == texts.pvalue(head.decisive)
        assert row[6] == texts.points(head.detectable, signed=False)


def test_every_table_is_rectangular_and_its_marks_have_notes(kept, names):
    tables = [
        headline_table(kept, names),
        event_day_table(kept, names, "h200-week"),
        joint_table(kept, names),
        portfolio_table(kept, names),
        claims_table(kept, names),
    ]
    for table in tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)}
    marks = {mark for row in headline_table(kept, names).rows for mark in row[-1].split(", ") if mark}
    assert marks == {mark for mark, _ in headline_table(kept, names).notes}


def test_the_event_day_table_holds_every_dummy(kept, names):
    cells = [cell for row in event_day_table(kept, names, "h200-week").rows for cell in row[2:]]
    assert len(cells) == len(kept.event_days)
    for record in kept.event_days:
        assert any(cell.startswith(f"{EN.points(record.ar)} ({EN.pvalue(record.pvalue)})") for cell in cells)


def test_the_joint_table_holds_every_test(kept, names):
    table = joint_table(kept, names)
    assert len(table.rows) == len({(r.event_id, r.event_set, r.benchmark) for r in kept.joint})
    text = " ".join(cell for row in table.rows for cell in row)
    for record in kept.joint:
        assert EN.number(record.statistic) in text
        assert EN.pvalue(record.pvalue) in text


def test_rao_s_approximation_is_called_by_its_name(kept, names):
    first = kept.joint[0]
    wide = first.model_copy(update={"n_securities": 3, "sessions": (date(2025, 12, 8),) * 3, "df": (9.0, 250.5)})
    assert exact(first) and not exact(wide)
    table = joint_table(kept.model_copy(update={"joint": (wide,)}), names)
    assert table.rows[0][2] == "F(9, 250.5) (Rao) = 0.09"


def test_letters_of_notes_go_on_after_z(names):
    book = NoteBook(names)
    flags = [f"confounded:{event.id}" for event in names.spec.events] + list(FLAGS[:12])
    assert book.marks(flags).split(", ")[25:28] == ["z", "aa", "ab"]


def test_the_same_flag_keeps_its_letter(names):
    book = NoteBook(names)
    assert (book.marks(("limit_down",)), book.marks(("partial_session", "limit_down"))) == ("a", "a, b")


def test_a_claim_whose_figures_are_missing_says_so(kept, names):
    claims = tuple(
        c.model_copy(update={"checks": c.checks[1:]}) if c.claim_id == "sugon-one-price" else c for c in kept.claims
    )
    row = claims_table(kept.model_copy(update={"claims": claims}), names).rows[2]
    assert row[2] == (
        "Sugon, 10 Dec: traded at one price all day: no (claim: yes). "
        "The recorded prices do not hold the figures for the rest."
    ).replace("10 Dec", f"10{NBSP}Dec")


def test_markdown_escapes_what_would_start_a_cell_a_tag_or_a_link():
    table = Table((Column("A|B"), Column("n", "right")), (("<b>x</b> *y* [z](u)", "< 0.001"),), (("a", "`note`"),))
    assert markdown(table) == (
        "| A\\|B | n |\n| --- | ---: |\n| \\<b>x\\</b> \\*y\\* [z\\](u) | < 0.001 |\n\n(a) \\`note\\`"
    )


@given(st.text(alphabet=st.sampled_from("a\\`*|<]([ />\n中"), max_size=30))
def test_escaping_can_be_undone_and_leaves_no_cell_or_tag(text):
    escaped = plain(text)
    assert re.sub(r"\\([\\`*|<\]])", r"\1", escaped) == text.replace("\n", " ")
    assert not re.search(r"(?<!\\)(\\\\)*\|", escaped)


# --- exclusions ----------------------------------------------------------------------------------------


def test_exclusions_are_grouped_and_named(kept, names):
    groups = {group.title: group.cases for group in exclusion_groups(kept, names)}
    assert set(groups) == {
        "Trading halts",
        "Events that share a session",
        "No estimation window",
        "Event windows that begin before the listing",
        "Unusually large moves",
        "Comparisons that a security without history does without",
        "Shares refused as a counterfactual because the news may move them",
    }
    assert len(groups["Trading halts"]) == 3
    assert len(groups["No estimation window"]) == 1
    assert groups["Trading halts"][0].startswith(
        "Hygon was suspended: 26 May to 9 June 2025 (filing on the planned share swap)."
    )


def test_a_kind_without_a_title_is_told_in_the_words_of_its_code(kept, names):
    odd = ExclusionRecord.of(fact("donors"), fact("incomplete_donors", donors=["AMD", "AVGO"]), security="NVDA")
    (group,) = exclusion_groups(kept.model_copy(update={"exclusions": (odd,)}), names)
    told = "AMD, Broadcom have no return on a session of the estimation or event window"
    assert (group.title, group.cases) == ("Other", (f"donors of the counterfactuals: {told}",))


def test_a_suspension_without_a_source_is_told_in_the_record_s_own_words(kept, names):
    days = {"session": date(2025, 5, 26), "first": date(2025, 5, 26), "last": date(2025, 5, 28)}
    halt = fact("suspension", security="NVDA", n=3, span=4, **days)
    odd = ExclusionRecord.of(fact("prices"), halt, security="NVDA")
    (group,) = exclusion_groups(kept.model_copy(update={"exclusions": (odd,)}), names)
    assert group.cases == (
        "prices: NVIDIA 2025-05-26: 3 sessions without a row, 2025-05-26 to 2025-05-28: trading was suspended; treated "
        "as missing, the next return spans 4 sessions",
    )


def test_a_headline_without_an_estimate_is_named(kept, names):
    missing = ExclusionRecord.of(fact("headline", headline="hygon-first-day"), fact("not_estimated.headline"))
    bare = kept.model_copy(update={"exclusions": (missing,), "headlines": kept.headlines[:2]})
    (group,) = exclusion_groups(bare, names)
    assert group.cases == (
        "“Hygon on 9 December”: no estimate with a standard error exists for this event, subject and window.",
    )


def test_shifted_events_say_where_they_went(kept, names):
    lines = [line.replace(NBSP, " ") for line in shifted(kept, names)]
    title = "“The President posts that H200 may be sold to approved customers in China”"
    told = "came after the close of the Nasdaq; the first session that could react is that of 9 Dec."
    assert f"{title} {told}" in lines
    assert len(lines) == len(set(lines))


def test_flagged_sessions_are_those_with_flags(kept, names):
    assert len(flagged_sessions(kept, names)) == sum(bool(bar.flags) for bar in kept.bars)
    bare = BarRecord(security="NVDA", session=date(2025, 12, 8), close=1.0)
    assert flagged_sessions(kept.model_copy(update={"bars": (bare,)}), names) == []


# --- the whole text ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_the_summary_is_whole_deterministic_and_without_ids(kept, lang):
    text = summary_text(kept, lang=lang)
    assert text == summary_text(kept, lang=lang) == kept.summary(lang)
    assert text.endswith("\n") and not text.endswith("\n\n")
    raw = [*(event.id for event in kept.spec.events), "sh000300", "market_adjusted", "limit_down", "mvrm_f"]
    assert [word for word in raw if word in text] == []
    assert [key for key in EN.entries if re.search(rf"(?<![\w.]){re.escape(key)}(?![\w.])", text)] == []


@pytest.mark.parametrize("lang", LANGS)
def test_tables_of_the_summary_have_equal_rows(kept, lang):
    lines = summary_text(kept, lang=lang).split("\n")
    blocks, block = [], []
    for line in [*lines, ""]:
        if line.startswith("|"):
            block.append(len(re.findall(r"(?<!\\)\|", line)))
        elif block:
            blocks.append(block)
            block = []
    assert len(blocks) == 6
    assert all(len(set(block)) == 1 for block in blocks)


@pytest.mark.parametrize("lang", LANGS)
def test_a_study_without_optional_parts_has_a_sentence_for_each(kept, lang):
    texts = load_texts(lang)
    empty = dict.fromkeys(("headlines", "event_days", "joint", "portfolio", "claims", "exclusions", "ledger"), ())
    text = summary_text(kept.model_copy(update=empty), lang=lang)
    for key in (
        "answer.no_headlines",
        "event_days.none",
        "joint.none",
        "portfolio.none",
        "claims.none",
        "exclusions.none",
        "ledger.no_events",
    ):
        assert texts(key) in text
    assert "|" not in text
