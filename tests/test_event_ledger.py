"""The ledger of a study: every event on every security, its date, session, estimation window and neighbours."""

from __future__ import annotations

import numpy as np
import pytest

import eventstudy as es
from eventstudy.config import parse_study
from eventstudy.summary import summary_text
from tests.worlds import closes, day, panel, ran, study

EVENT = "  - {id: news, title: News, when: 2024-04-03"


def with_events(*others, **changed):
    """The study with more events of the firm: id, when and role."""
    text = study(**changed)
    line = next(line for line in text.splitlines() if line.startswith(EVENT[:12]))
    more = [
        line.replace("id: news", f"id: {name}")
        .replace("title: News", f"title: {name.title()}")
        .replace("when: 2024-04-03", f"when: {when}, role: {role}")
        for name, when, role in others
    ]
    return text.replace(line, "\n".join([line, *more]))


def rows(result):
    return {record.event_id: record for record in result.ledger}


def test_an_earlier_event_in_the_estimation_window_is_flagged_and_changes_no_number():
    own = closes()
    own[day("2024-01-10") :] *= 0.6
    alone, both = ran(own), ran(own, text=with_events(("first", "2024-01-10", "tested")))
    flags = {record.event_id: record.flags for record in both.car}
    assert "event_in_estimation:1:first" in flags["news"]
    assert not any(one.startswith("event_in_estimation") for one in flags["first"])
    assert both.headlines[0].flags == tuple(sorted((*alone.headlines[0].flags, "event_in_estimation:1:first")))
    assert [one.car for one in both.car if one.event_id == "news"] == [one.car for one in alone.car]
    assert rows(both)["news"].others_in_estimation_window == ("first",)
    assert rows(both)["first"].others_in_estimation_window == ()
    told = (
        "The estimation window holds sessions of 1 other event of the firm (“First”), which widens the standard error."
    )
    assert told in both.summary()
    assert "估计窗口内有同一公司另外1个事件" in summary_text(both, lang="zh")


def test_events_that_overlap_need_not_be_neighbours():
    text = with_events(("wide", "2024-04-05", "tested"), ("between", "2024-04-04", "confounder"))
    found = rows(ran(closes(), text=text))
    assert found["news"].others_in_event_window == ("wide", "between")
    assert found["wide"].others_in_event_window == ("news", "between")
    assert found["between"].others_in_event_window == ()
    apart = rows(ran(closes(), text=with_events(("later", "2024-04-09", "tested"))))
    assert apart["news"].others_in_event_window == apart["later"].others_in_event_window == ()


def test_events_of_other_firms_are_no_neighbours():
    firm = next(line for line in study().splitlines() if line.startswith('  "AAA"'))
    text = with_events(("other", "2024-04-03", "tested")).replace(firm, f"{firm}\n{firm.replace('AAA', 'BBB')}")
    line = next(one for one in text.splitlines() if "id: other" in one)
    text = text.replace(line, line.replace("AAA", "BBB"))
    result = es.run_study(parse_study(text), panel(AAA=closes(), BBB=closes(3), MKT=closes(2)), robustness="none")
    assert {(one.event_id, one.asset) for one in result.ledger} == {("news", "AAA"), ("other", "BBB")}
    assert all(one.others_in_event_window == () for one in result.ledger)


@pytest.mark.parametrize(
    ("when", "session", "moved", "why"),
    [
        ("2024-04-03", "2024-04-03", 0, "first_session.day_is_session"),
        ("2024-03-30", "2024-04-01", 0, "first_session.day_moved_to_next"),
        ("2024-04-02T19:59Z", "2024-04-02", 0, "first_session.in_session"),
        ("2024-04-02T20:00Z", "2024-04-03", 1, "first_session.after_close"),
        ("2024-04-03T02:00Z", "2024-04-03", 1, "first_session.after_close"),
        ("2024-04-03T12:00Z", "2024-04-03", 0, "first_session.before_open"),
    ],
)
def test_date_given_session_used_and_why(when, session, moved, why):
    record = rows(ran(closes(), when=when))["news"]
    assert (record.asset, record.date, record.role, record.used) == ("AAA", when, "tested", True)
    assert (str(record.session), record.sessions_moved, record.why) == (session, moved, why)
    assert record.detail and record.values
    assert (record.estimation_asked, record.estimation_had) == (110, 110)


def test_an_estimation_window_with_holes_is_told_with_what_was_asked_and_had():
    own = closes()
    series = panel(AAA=own, MKT=closes(2))
    gone = np.isin(series["AAA"].sessions, series["AAA"].sessions[day("2024-02-05") : day("2024-02-12")])
    kept = type(series)({"AAA": _without(series["AAA"], gone), "MKT": series["MKT"]})
    result = es.run_study(parse_study(study()), kept, robustness="none")
    # five sessions without a price, and the first return after them covers six
    assert (rows(result)["news"].estimation_asked, rows(result)["news"].estimation_had) == (110, 104)
    assert "short_estimation:104:110" in result.headlines[0].flags
    assert "104 of 110 sessions of the estimation window have an observation." in result.summary()


def _without(series, gone):
    from dataclasses import replace

    return replace(series, sessions=series.sessions[~gone], close=series.close[~gone])


def test_what_cannot_be_estimated_is_in_the_ledger_with_its_reason():
    own = closes()
    own[: day("2024-03-28")] = own[day("2024-03-28")]
    record = rows(ran(own))["news"]
    assert (record.used, record.why) == (False, "not_estimable")
    confounder = rows(ran(closes(), text=with_events(("other", "2024-04-03", "confounder"))))["other"]
    assert (confounder.used, confounder.estimation_asked, confounder.estimation_had) == (False, None, None)


def test_the_table_stands_in_summary_and_page(tmp_path):
    result = ran(closes(), text=with_events(("first", "2024-01-10", "tested")))
    told = result.summary()
    assert "## Every event, its session and its windows" in told
    (row,) = [line for line in told.splitlines() if line.startswith("| 2 | News | Firm | 2024-04-03 | 2024-04-03 |")]
    assert row.endswith("| 110 of 110 | – | 1 |")
    assert "## 各事件及其交易日与窗口" in summary_text(result, lang="zh")
    page = es.write_report(result, tmp_path) / "report.html"
    assert "Every event, its session and its windows" in page.read_text(encoding="utf-8")
    assert (tmp_path / "small" / "tables" / "ledger.csv").is_file()
    assert list(result.to_frame("ledger")["event_id"]) == ["news", "first"]
