"""Windows that leave the known sessions, events outside the prices, special hours, and moments as documented."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime

import numpy as np
import pytest

import eventstudy as es
from eventstudy.calendars import load_sessions, special_hours
from eventstudy.clock import first_session
from eventstudy.config import parse_study
from eventstudy.errors import PriceError, SessionRangeError
from eventstudy.events import ALLOWED, Instant, parse_moment
from tests.command import eventstudy
from tests.conftest import ROOT
from tests.worlds import SHANGHAI, closes, panel, ran, study, write_folder


def checked(tmp_path, text):
    (tmp_path / "events.yaml").write_text(text, encoding="utf-8")
    return eventstudy("check", "events.yaml", cwd=tmp_path)


LATE = study(when="2026-12-28", **SHANGHAI).replace("event: [-1, 1]", "event: [-10, 10]")
LONG = study().replace("event: [-1, 1]", "event: [-5, 1200]")
EARLY = study(when="1993-03-01")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (
            LATE,
            "events.yaml:13:35: events[0].when: the event window [-10, +10] leaves the known sessions: XSHG sessions",
        ),
        (
            LONG,
            "events.yaml:13:35: events[0].when: the event window [-5, +1200] leaves the known sessions: XNAS sessions",
        ),
        (EARLY, "events.yaml:13:35: events[0].when: the estimation window [-120, -11] leaves the known sessions: XNAS"),
    ],
)
def test_check_and_run_find_windows_that_leave_the_known_sessions(tmp_path, text, where):
    done = checked(tmp_path, text)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(where)
    assert ("in an overlay file (CSV with the header" in line) is (text is not EARLY)
    again = eventstudy("run", "events.yaml", "--source", "recorded", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (2, done.stderr)
    assert not (tmp_path / "reports").exists()


def test_the_python_door_says_the_same_in_one_sentence():
    with pytest.raises(
        SessionRangeError, match=r"^event news: the event window \[-5, \+1200\] leaves the known sessions"
    ):
        ran(closes(), text=LONG)


def test_an_overlay_is_the_way_out(tmp_path):
    days = np.arange("2027-01-01", "2027-02-01", dtype="datetime64[D]")
    rows = [f"{day},session,09:30,15:00,11:30,13:00,made" for day in days[np.is_busday(days)]]
    head = "session,kind,open,close,break_start,break_end,source\n"
    (tmp_path / "days.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    text = LATE.replace("returns: simple", "overlays: {XSHG: days.csv}\nreturns: simple")
    assert checked(tmp_path, text).returncode == 0


def test_an_event_without_windows_needs_its_day_alone():
    more = "when: 2026-12-31, role: confounder, securities: {AAA: unsigned}, sources: [made]"
    spec = parse_study(study().replace("headlines:", f"  - {{id: later, title: Later, {more}}}\nheadlines:"))
    assert es.run_study(spec, panel(AAA=closes(), MKT=closes(2)), robustness="none").headlines


def test_a_study_whose_only_event_is_outside_the_prices_writes_nothing_over(tmp_path):
    folder = write_folder(tmp_path / "study", closes())
    words = ("run", "events.yaml", "--source", "prices", "--robustness", "none")
    assert eventstudy(*words, cwd=folder).returncode == 0
    kept = {path: path.read_bytes() for path in (folder / "reports").rglob("*") if path.is_file()}
    (folder / "events.yaml").write_text(study(when="2027-02-03"), encoding="utf-8")
    done = eventstudy(*words, cwd=folder)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "the event news falls on 2027-02-03, outside the prices of AAA, which run from 2023-03-01 to 2024-06-28; "
        "supply prices that hold it\n"
    )
    assert {path: path.read_bytes() for path in (folder / "reports").rglob("*") if path.is_file()} == kept


def test_an_event_before_the_prices_is_outside_them_too():
    with pytest.raises(PriceError) as caught:
        ran(closes(), when="2020-04-03")
    assert (caught.value.fact.code, caught.value.fact.values["session"]) == ("events_outside_prices", "2020-04-03")


def test_one_of_two_events_outside_the_prices_is_an_exclusion():
    text = study()
    event = next(line for line in text.splitlines() if line.startswith("  - {id: news"))
    other = event.replace("id: news", "id: late").replace("2024-04-03", "2026-02-03")
    result = ran(closes(), text=text.replace(event, f"{event}\n{other}"))
    assert {one.event_id for one in result.car} == {"news"}
    assert "late" in {one.event_id for one in result.exclusions}


# --- special hours --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exchange", "at", "session", "reason"),
    [
        ("XNAS", "1997-10-27T20:45", "1997-10-28", "after_close"),  # 15:45 in New York; it had closed at 15:30
        ("XNYS", "1997-10-27T20:29", "1997-10-27", "in_session"),
        ("XNYS", "1997-10-27T20:30", "1997-10-28", "after_close"),
        ("XNYS", "1994-02-11T19:45", "1994-02-14", "after_close"),  # 14:45, a Friday
        ("XNYS", "1995-12-18T15:00", "1995-12-18", "before_open"),  # 10:00
        ("XNAS", "1995-12-18T15:00", "1995-12-18", "in_session"),  # the trouble was New York's own
        ("XNYS", "1996-01-08T19:30", "1996-01-09", "after_close"),
        ("XNYS", "2002-09-11T15:30", "2002-09-11", "before_open"),
        ("XNYS", "2005-06-01T19:58", "2005-06-02", "after_close"),
        ("XNAS", "2005-06-01T19:58", "2005-06-01", "in_session"),
        ("XTKS", "2005-11-01T01:00", "2005-11-01", "before_open"),
        ("XTKS", "2006-01-18T05:50", "2006-01-19", "after_close"),
        ("XSHG", "2016-01-04T06:00", "2016-01-05", "after_close"),
        ("XSHE", "2016-01-07T02:30", "2016-01-08", "after_close"),
        ("XSHG", "2016-01-04T04:00", "2016-01-04", "lunch_break"),
    ],
)
def test_news_after_an_unplanned_close_or_before_a_late_open(exchange, at, session, reason):
    moment = Instant(datetime.fromisoformat(at).replace(tzinfo=UTC), at)
    found = first_session(moment, load_sessions(exchange))
    assert (str(found.session), found.reason) == (session, reason)


def test_every_special_session_has_two_sources_and_is_a_session():
    path = ROOT / "eventstudy" / "data" / "special_hours.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert rows and all(len(row["sources"].split("; ")) >= 2 for row in rows)
    for row in rows:
        known = load_sessions(row["exchange"])
        place = known.index(date.fromisoformat(row["session"]))
        assert known.opens[place] < known.closes[place]
        assert row["open"] or row["close"]
    assert sum(map(len, special_hours().values())) == len(rows)


def test_check_shows_the_session_after_the_early_close(tmp_path):
    done = checked(tmp_path, study(when="1997-10-27T20:45Z"))
    assert done.returncode == 0
    assert "1997-10-28" in done.stdout and "after close" in done.stdout and "partial" not in done.stdout


# --- moments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2025-12-08x17:56Z",
        "2025-W50-1T17:56Z",
        "2025-12-08 17:56Z",
        "20251208T1756Z",
        "2025-12-08T17Z",
        "2025-12-08T17:56+0800",
        "2025-342T17:56Z",
        "2025-12-08T17:56:00,5Z",
        "2025-12-08T17:56z",
        "2025-12-08T24:00Z",
        "２０２５-12-08T17:56Z",
    ],
)
def test_a_moment_in_another_form_is_refused_with_the_forms_allowed(text):
    with pytest.raises(ValueError) as caught:
        parse_moment(text)
    assert str(caught.value) == f"{text!r} is not a moment; allowed: {ALLOWED}"


@pytest.mark.parametrize("text", ["2025-12-08T17:56Z", "2025-12-08T17:56:30.25-05:00", "2025-12-08T17:56:00+08:00"])
def test_documented_moments_are_read(text):
    assert parse_moment(text).precision == "instant"
