"""results.json read back: the result that wrote it, its page in both languages, and every file that is none."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventstudy as es
from eventstudy.config import parse_study
from eventstudy.errors import InputError
from eventstudy.report.page import render_page
from eventstudy.results import LISTS, SCHEMA_VERSION, CalendarRecord, FactRecord
from eventstudy.texts import LANGS, load_texts
from tests.conftest import ROOT
from tests.freeze import RUN, read
from tests.test_cli import eventstudy
from tests.test_report import tree
from tests.worlds import SHANGHAI, closes, panel, ran, sessions, study, write_folder

TAKE = "take the file as `eventstudy run` wrote it"
OVERLAY = "session,kind,open,close,break_start,break_end,source\n2024-04-01,session,11:00,12:00,,,made\n"
"""New York opens late and closes early two sessions before the event."""


def back(result):
    return es.StudyResult.from_json(result.to_json())


@pytest.fixture(scope="module")
def small():
    return ran(closes(), robustness="fast")


@pytest.fixture(scope="module")
def document(small):
    return json.loads(small.to_json())


# --- the result again ----------------------------------------------------------------------------------


def test_the_flagship_comes_back_whole(kept):
    assert type(kept) is es.StudyResult
    assert [name for name in LISTS if not kept.records(name)] == ["means"]
    assert kept.to_json() == read(RUN)
    assert back(kept) == kept
    assert kept.spec == es.load_study(ROOT / "events.yaml")


def test_a_file_and_a_text_are_the_same(small, tmp_path):
    path = tmp_path / "results.json"
    path.write_text("\ufeff" + small.to_json(), encoding="utf-8")
    assert es.StudyResult.from_json(path) == es.StudyResult.from_json(str(path)) == back(small) == small


@pytest.mark.parametrize(
    ("exchange", "changed"),
    [
        ("XNAS", {"models": "market_adjusted, mean"}),
        ("XSHG", {**SHANGHAI, "when": "2024-04-03T02:00Z / 2024-04-03T05:30Z"}),
        ("24/7", {"exchange": "24/7", "more": ""}),
        ("XMOS", {"exchange": "XMOS", "more": "", "when": "2024-04-03T08:30Z"}),
    ],
)
def test_studies_of_any_exchange_come_back(exchange, changed):
    result = ran(closes(1, exchange), **changed)
    again = back(result)
    assert again == result
    assert again.to_json() == result.to_json()
    assert {record.exchange for record in again.calendar} == {exchange}


def test_a_limit_day_a_split_and_a_study_without_headlines_come_back():
    own = closes(1, "XSHG")
    at = int(np.searchsorted(sessions("XSHG"), np.datetime64("2024-04-03")))
    own = np.concatenate([own[:at], np.round(own[at:] * np.round(own[at - 1] * 1.1, 2) / own[at], 2)])
    text = study(**SHANGHAI)
    head = text[: text.index("headlines:")].replace("returns: simple", "returns: log\nconfidence: 0.9")
    spec = parse_study(head.replace("listed: 2009-01-05", 'listed: 2009-01-05, issue_price: 10.5, note: "<i>"'))
    result = es.run_study(spec, panel("XSHG", **{"600999": own, "MKT": closes(2, "XSHG", 0.01, 400.0)}))
    assert result.limits
    assert not result.headlines
    assert back(result) == result


def test_facts_are_the_same_with_lists_and_with_tuples():
    one, other = ({"days": kind(("a", kind(("b",))))} for kind in (list, tuple))
    assert FactRecord(code="x", values=one) == FactRecord(code="x", values=other)
    with pytest.raises(ValueError, match="finite"):
        FactRecord(code="x", values={"share": float("nan")})


def test_hours_are_in_utc(small):
    record = small.calendar[0]
    assert record.opens.tzinfo is UTC
    moved = CalendarRecord.model_validate({**record.model_dump(), "opens": "2024-04-02T09:30:00-04:00"})
    assert (moved.opens, moved.opens.tzinfo) == (datetime(2024, 4, 2, 13, 30, tzinfo=UTC), UTC)


def test_the_calendar_holds_event_windows_with_three_sessions_around_and_their_hours(small):
    days = [str(record.session) for record in small.calendar]
    assert days == ["2024-03-28", "2024-04-01", "2024-04-02", "2024-04-03", "2024-04-04", "2024-04-05", "2024-04-08"]
    assert str(small.calendar[3].closes) == "2024-04-03 20:00:00+00:00"
    assert (small.sessions[0].exchange, small.sessions[0].time_zone) == ("XNAS", "America/New_York")


# --- the page from the file alone ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study with an overlay, the folders that `run` wrote of it in each language, and then nothing else."""
    place = tmp_path_factory.mktemp("overlaid")
    text = study().replace("returns: simple", "overlays: {XNAS: own/days.csv}\nreturns: simple")
    here = write_folder(place / "study", closes(), text=text)
    (here / "own").mkdir()
    (here / "own" / "days.csv").write_text(OVERLAY, encoding="utf-8")
    for lang in LANGS:
        done = eventstudy(
            *("run", here / "events.yaml", "--source", here / "prices", "--lang", lang, "--out", place / lang),
            *("--robustness", "none"),
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert load_texts(lang)("column.estimate") in done.stdout
    shutil.rmtree(here)
    return place


@pytest.mark.parametrize("lang", LANGS)
def test_report_writes_the_bytes_that_run_wrote(folder, lang, tmp_path):
    source = folder / "en" / "small" / "results.json"
    quiet = ["--quiet"] if lang == "zh" else []
    done = eventstudy("report", source, "--lang", lang, "--out", "out", *quiet, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("" if quiet else f"report: {Path('out', 'small', 'report.html')}\n")
    assert tree(tmp_path / "out" / "small") == tree(folder / lang / "small")


def test_results_name_no_folder_and_keep_the_overlay(folder):
    text = (folder / "en" / "small" / "results.json").read_text(encoding="utf-8")
    assert str(folder) not in text
    result = es.StudyResult.from_json(text)
    assert result.spec.overlays == {"XNAS": "days.csv"}
    opened = {str(record.session): record.opens for record in result.calendar}["2024-04-01"]
    assert opened == datetime(2024, 4, 1, 15, 0, tzinfo=UTC)


def test_the_page_loads_nothing_that_computes_or_fetches(folder, tmp_path):
    lines = (
        "import sys, eventstudy as es",
        f"es.write_report(es.StudyResult.from_json({str(folder / 'en' / 'small' / 'results.json')!r}), 'out')",
        "rooms = 'calendars clock sources study panel models engine prices robustness config'.split()",
        "wrong = {f'eventstudy.{room}' for room in rooms} | {'exchange_calendars', 'statsmodels', 'yfinance'}",
        "print(sorted(wrong & set(sys.modules)))",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_faults_of_report_are_one_line_with_exit_2(small, tmp_path):
    (tmp_path / "cut.json").write_text(small.to_json()[:-200], encoding="utf-8")
    done = eventstudy("report", "cut.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("cut.json: not JSON (EOF while parsing")
    assert eventstudy("report", "cut.json", "--lang", "fr", cwd=tmp_path).returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["cut.json"]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("none.json", "none.json: cannot be read (No such file or directory); give the path of a results.json that"),
        ("", ": cannot be read ("),
        ("a\0b", r"a\x00b: cannot be read (embedded null"),
        ("x" * 5000, "x" * 500 + "…: cannot be read (File name too long)"),
        (ROOT, f"{ROOT}: cannot be read (Is a directory)"),
    ],
)
def test_what_is_no_file(source, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as raised:
        es.StudyResult.from_json(source)
    assert str(raised.value).startswith(told)
    assert len(str(raised.value).splitlines()) == 1


# --- files that are none -------------------------------------------------------------------------------


def at(*path, value):
    """A change of one place of the document."""

    def change(content):
        for part in path[:-1]:
            content = content[part]
        content[path[-1]] = value

    return change


def without(*path):
    def change(content):
        for part in path[:-1]:
            content = content[part]
        del content[path[-1]]

    return change


def renamed(content):
    content["study"]["id"] = content["spec"]["study"]["id"] = "../../elsewhere"


FAULTS = [
    (at("schema_version", value="1.4"), "schema_version is '1.4', and this version reads " + SCHEMA_VERSION),
    (without("schema_version"), "schema_version is None, and this version reads"),
    (without("car"), f"car: missing; {TAKE}"),
    (without("spec"), f"spec: missing; {TAKE}"),
    (without("car", 0, "car"), f"car[0].car: missing; {TAKE}"),
    (at("cars", value=[]), f"cars: not a name of this schema version; {TAKE}"),
    (at("car\n\x1b[2J", value=[]), r"'car\n\x1b[2J': not a name of this schema version"),
    (at("car", 0, "<b>", value=1), "car[0].'<b>': not a name of this schema version"),
    (at("car", value={}), "car: a list is expected here, not {}"),
    (at("car", value=None), "car: a list is expected here, not None"),
    (at("car", 0, value=[]), "car[0]: an object is expected here, not []"),
    (at("car", 0, "std_error", value="0.1"), "car[0].std_error: a number is expected here, not '0.1'"),
    (at("car", 0, "std_error", value=True), "car[0].std_error: a number is expected here, not True"),
    (at("params", 0, "nobs", value=1.5), "params[0].nobs: a whole number is expected here, not 1.5"),
    (at("sessions", 0, "partial", value=1), "sessions[0].partial: true or false is expected here, not 1"),
    (at("car", 0, "event_id", value=7), "car[0].event_id: a text is expected here, not 7"),
    (at("car", 0, "window", value=[0, 1, 2]), "car[0].window: "),
    (at("car", 0, "window", value="01"), "car[0].window: a pair of whole numbers is expected here, not '01'"),
    (at("ar", 0, "session", value="2024-02-30"), "ar[0].session: a day as 2025-12-08 is expected here, not '2024-02"),
    (at("ar", 0, "session", value=1), "ar[0].session: a day as 2025-12-08 is expected here, not 1"),
    (at("calendar", 0, "opens", value="2024-04-02 09:30"), "calendar[0].opens: a moment with its offset, as"),
    (at("car", 0, "estimand", value="net"), "car[0].estimand: 'net' is not allowed here; allowed: 'total', 'relative'"),
    (at("car", 0, "event_id", value="a\n\x1b<script>"), r"car[0].event_id: 'a\n\x1b<script>' cannot be told with"),
    (at("car", 0, "flags", value=["no_such"]), "car[0].flags[0]: 'no_such' cannot be told with the names of the study"),
    (at("sessions", 0, "reason", value="no_such"), "sessions[0].reason: 'no_such' cannot be told"),
    (at("sessions", 0, "facts", 0, "code", value="no_such"), "sessions[0].facts[0].code: 'no_such' cannot be told"),
    (at("sessions", 0, "facts", 0, "values", value={}), "sessions[0].facts[0].code: 'first_session.day_is_session' "),
    (at("ledger", 0, "why", value="no_such"), "ledger[0].why: 'no_such' cannot be told"),
    (at("calendar", value=[]), "sessions[0]: rests on a record of calendar that is not there"),
    (at("headlines", value=[]), "placebo[0]: rests on a record of headlines that is not there"),
    (at("study", "title", value="Another"), "study: this is not the head of the study that stands under spec"),
    (at("spec", value=[]), "spec: an object is expected here, not []"),
    (at("spec", "events", 0, "sources", value=["no\nsuch"]), r"spec.events[0].sources[0]: unknown source 'no\nsuch'; "),
    (at("spec", "securities", "AAA", "exchange", value="NOPE"), "spec.securities.AAA.exchange: "),
    (renamed, "spec.study.id: String should match pattern"),
]


@pytest.mark.parametrize(("change", "told"), FAULTS, ids=[told[:40] for _, told in FAULTS])
def test_each_fault_is_one_line_with_its_place(document, change, told):
    content = copy.deepcopy(document)
    change(content)
    with pytest.raises(InputError) as raised:
        es.StudyResult.from_json(json.dumps(content))
    assert str(raised.value).startswith(f"results.json: {told}")
    assert str(raised.value).isprintable()
    assert raised.value.fact.kind == "results"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "an object with lists of records is expected, not []"),
        ('{"car": NaN}', "not JSON (expected value at line 1 column 9)"),
        ('{"car": "\\ud800"}', "not JSON ("),
        ("[" * 5000, "not JSON (recursion limit exceeded"),
        ('{"car": 1' + "0" * 5000, "not JSON ("),
        ("{", "not JSON (EOF while parsing"),
        ("{}\x00", "not JSON (trailing characters"),
    ],
)
def test_what_is_no_document(text, told):
    with pytest.raises(InputError, match=r"^results\.json: ") as raised:
        es.StudyResult.from_json(text)
    assert told in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1e400000"])
@pytest.mark.parametrize("path", [("car", 0, "car"), ("exclusions", 0, "values")])
def test_a_number_without_an_end_is_refused(document, kept, path, number):
    content = copy.deepcopy(document) if path[0] == "car" else json.loads(kept.to_json())
    at(*path, value="HERE" if path[0] == "car" else {"x": "HERE"})(content)
    with pytest.raises(InputError, match="a finite number is expected"):
        es.StudyResult.from_json(json.dumps(content).replace('"HERE"', number))


def test_how_many_faults_there_are_is_told(document):
    content = copy.deepcopy(document)
    for record in content["ar"]:
        record["ar"] = None
    with pytest.raises(InputError, match=rf"ar\[0\]\.ar: .* \(the first of {len(content['ar'])} faults\)$"):
        es.StudyResult.from_json(json.dumps(content))


def test_texts_of_a_stranger_are_shown_and_do_nothing(document):
    title = '</script><script>alert(1)</script>"\u202e\x07'
    content = copy.deepcopy(document)
    content["study"]["title"] = content["spec"]["study"]["title"] = title
    content["spec"]["events"][0]["title"] = content["spec"]["securities"]["AAA"]["name"] = title
    page = render_page(es.StudyResult.from_json(json.dumps(content)), "en")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@given(cut=st.floats(0, 1, exclude_max=True))
def test_a_file_that_is_cut_off_is_refused_in_one_line(small, cut):
    text = small.to_json()
    with pytest.raises(InputError, match=r"^results\.json: not JSON "):
        es.StudyResult.from_json(text[: 1 + int(cut * (len(text) - 3))])


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.lists(st.integers(), max_size=3),
)


def places(content, path=()):
    yield path
    entries = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in entries:
        yield from places(value, (*path, key))


@given(st.data())
def test_any_change_is_refused_in_one_line_or_read_as_it_stands(document, data):
    path = data.draw(st.sampled_from([path for path in places(document) if path]))
    content = copy.deepcopy(document)
    at(*path, value=data.draw(VALUES))(content)
    try:
        result = es.StudyResult.from_json(json.dumps(content))
    except InputError as error:
        assert len(str(error).splitlines()) == 1
        assert str(error).isprintable()
    else:
        assert back(result) == result
