"""Adding an event to a study file: what is written, where it goes, and that nothing else changes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import eventstudy as es
from eventstudy.config import add_event, editing, parse_study
from eventstudy.config.wording import WIDTH
from eventstudy.errors import InputError, OptionError, SessionRangeError, StudyFileError
from eventstudy.spec import Event, Source
from tests.command import PATIENCE, eventstudy
from tests.conftest import ROOT
from tests.test_config import SMALL

UNCHANGED = "(in the text as it would be; the file is unchanged)"
NEW = {
    "id": "rate-decision",
    "title": "Rate decision",
    "when": "2025-12-10T19:00Z",
    "securities": {"NVDA": "unsigned"},
    "sources": ["paper"],
}
FED = {"publisher": "Federal Reserve", "title": "Decision, as scheduled", "date": "10 December 2025"}
HEAD, TAIL = SMALL[: SMALL.index("sources:")], SMALL[SMALL.index("benchmarks:") : SMALL.index("events:")]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "events.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def one_piece(old, new):
    """The bytes that stand in `new` at one place and not in `old`; None where more than that differs."""
    before, after = shared(old, new), shared(old[::-1], new[::-1])
    return new[before : before + len(new) - len(old)] if before + after >= len(old) else None


def shared(one, other):
    """How many bytes two texts begin with in common."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def only(spec, identifier):
    return tuple(event for event in spec.events if event.id != identifier)


# --- What is written -------------------------------------------------------------------------------


def test_the_lines_of_an_event_and_where_it_stands(file):
    added = add_event(file, NEW | {"why": "No sign: it moves everything.", "why_zh": "影响整个市场", "role": "tested"})
    assert file.read_text(encoding="utf-8") == SMALL + (
        "\n"
        "  - id: rate-decision\n"
        "    title: Rate decision\n"
        "    when: 2025-12-10T19:00Z\n"
        "    role: tested\n"
        "    securities: {NVDA: unsigned}\n"
        "    why: 'No sign: it moves everything.'\n"
        "    why_zh: 影响整个市场\n"
        "    sources: [paper]\n"
    )
    assert (added.line, added.written) == (33, True)
    assert [(one.security, str(one.day0), one.first.partial) for one in added.timed] == [("NVDA", "2025-12-10", True)]
    assert added.event == es.load_study(file).events[1]


def test_a_dry_run_shows_the_lines_and_writes_nothing(file):
    added = add_event(file, NEW, sources={"fed": FED}, dry_run=True)
    assert file.read_text(encoding="utf-8") == SMALL
    assert list(file.parent.iterdir()) == [file]
    assert not added.written
    assert added.diff == (
        f"--- {file}\n+++ {file}\n"
        "@@ -13,6 +13,7 @@\n"
        " tests: [mvrm_f]\n"
        " sources:\n"
        "   paper: {publisher: A paper, title: A title, date: 8 December 2025}\n"
        "+  fed: {publisher: Federal Reserve, title: 'Decision, as scheduled', date: 10 December 2025}\n"
        " benchmarks:\n"
        "   SPY: {name: SPY, exchange: XNYS, currency: USD, scope: broad}\n"
        " securities:\n"
        "@@ -29,3 +30,9 @@\n"
        "     when: 2025-12-08T17:56Z\n"
        "     securities: {NVDA: positive}\n"
        "     sources: [paper]\n"
        "+\n"
        "+  - id: rate-decision\n"
        "+    title: Rate decision\n"
        "+    when: 2025-12-10T19:00Z\n"
        "+    securities: {NVDA: unsigned}\n"
        "+    sources: [paper]\n"
    )


def test_a_file_without_a_last_line_break_keeps_none(file):
    file.write_text(SMALL.removesuffix("\n"), encoding="utf-8")
    added = add_event(file, NEW)
    assert file.read_bytes().endswith(b"unsigned}\n    sources: [paper]")
    assert added.diff.endswith("     sources: [paper]\n\\ No newline at end of file\n")


def test_long_prose_is_folded_and_read_back(file):
    prose = "A long note on the hour: " + "the source gives the day, not the hour, " * 9 + "so it is left open."
    chinese = "来源只给出日期，没有时刻。" * 12
    add_event(file, NEW | {"note": prose, "note_zh": chinese})
    event = es.load_study(file).events[1]
    assert (event.note, event.note_zh) == (prose, chinese)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert "    note: >-" in lines
    assert f"    note_zh: {chinese}" in lines
    assert WIDTH - 12 < max(len(line) for line in lines if chinese not in line) <= WIDTH


@pytest.mark.parametrize(
    "odd", ["  " * 40, "\t", "\u2028 ", "\x85 ", "\x07 ", "\ufeff ", "# ", "- ", ": ", "\n\n", "\u00a0"]
)
def test_long_texts_with_odd_characters_are_read_back(file, odd):
    text = "word " * 20 + odd + "word " * 20 + "end"
    assert add_event(file, NEW | {"note": text}).event.note == text


def test_long_lists_and_mappings_take_a_line_for_each_part(file):
    many = {f"paper-{number}": FED for number in range(12)}
    add_event(file, NEW | {"sources": [*many]}, sources=many)
    assert es.load_study(file).events[1].sources == (*many,)
    assert "    sources:\n      - paper-0\n      - paper-1\n" in file.read_text(encoding="utf-8")
    symbols = {f"{number:06}": "negative" for number in range(1, 12)}
    lines = list(editing.item_lines({"securities": symbols}, column=0, inner=2))
    assert lines[:2] == ["- securities:", "    000001: negative"]
    assert len(lines) == len(symbols) + 1


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Yes", "'Yes'"),
        ("n", "'n'"),
        ("null", "'null'"),
        ("~", "'~'"),
        ("12.5", "'12.5'"),
        ("1e5", "'1e5'"),
        ("2025-12-08", "'2025-12-08'"),
        ("a: b", "'a: b'"),
        ("a #b", "'a #b'"),
        ("#b", "'#b'"),
        ("[x]", "'[x]'"),
        ("- x", "'- x'"),
        ("it's", "it's"),
        ("'it'", "'''it'''"),
        ("a:b, c #1".replace(" #", "#"), "a:b, c#1"),
        ("two\nlines", '"two\\nlines"'),
        ("bell \a", '"bell \\a"'),
        ("路透社：“放行”", "路透社：“放行”"),
    ],
)
def test_values_are_quoted_only_where_yaml_needs_it(file, text, written):
    add_event(file, NEW | {"title": text})
    assert f"    title: {written}\n" in file.read_text(encoding="utf-8")
    assert es.load_study(file).events[1].title == text


def test_symbols_and_days_are_written_as_study_files_have_them(file):
    text = SMALL.replace("NVDA", "000001").replace("XNAS", "XSHE").replace("nasdaq", "szse_main")
    file.write_text(text.replace("XNYS", "XSHE"), encoding="utf-8")
    add_event(file, NEW | {"when": "2025-12-10", "securities": {"000001": "negative"}})
    assert "    when: 2025-12-10\n    securities: {000001: negative}\n" in file.read_text(encoding="utf-8")


def test_an_id_that_yaml_would_read_as_nothing_is_quoted(file):
    add_event(file, NEW | {"id": "null", "sources": ["on"]}, sources={"on": FED})
    text = file.read_text(encoding="utf-8")
    assert ("  - id: 'null'\n" in text, "    sources: ['on']\n" in text) == (True, True)
    assert es.load_study(file).events[1].sources == ("on",)


def test_the_lines_take_the_indentation_of_the_list(file):
    text = SMALL.replace("  - id: first", " -   id: first").replace("\n    title: First", "\n     title: First")
    for key in ("when: 2025", "securities: {N", "sources: [p"):
        text = text.replace(f"\n    {key}", f"\n     {key}")
    file.write_text(text.replace("  paper: {", "   paper:\n    {"), encoding="utf-8")
    long = FED | {"title": "Decision of the committee " * 5}
    add_event(file, NEW, sources={"fed": long})
    text = file.read_text(encoding="utf-8")
    assert "\n -   id: rate-decision\n     title: Rate decision\n" in text
    assert "\n   fed:\n     publisher: Federal Reserve\n     title: >-\n       Decision of" in text
    assert es.load_study(file).sources["fed"].title == long["title"].strip()


def test_a_record_is_written_without_its_defaults(file):
    event = Event.model_validate(NEW | {"role": "context", "when": "2025-12", "securities": {}})
    added = add_event(str(file), event, sources={"fed": Source.model_validate(FED)})
    assert added.event == event
    assert added.timed == ()
    assert file.read_text(encoding="utf-8").endswith(
        "\n  - id: rate-decision\n    title: Rate decision\n    when: 2025-12\n    role: context\n"
        "    sources: [paper]\n"
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["title", "title_zh", "why", "summary", "note_zh"]), st.text(max_size=300)))
def test_any_text_is_read_back(file, texts):
    texts = {key: text.strip() for key, text in texts.items() if text.strip()}
    file.write_text(SMALL, encoding="utf-8")
    added = add_event(file, NEW | texts, dry_run=True)
    assert {key: getattr(added.event, key) for key in texts} == texts


# --- Where it goes ---------------------------------------------------------------------------------

DATED = """\
events:
  # the first
  - id: a
    title: A
    when: {a}
    role: context
    sources: [paper]
    # about a

  # about b
  - id: b
    title: B
    when: {b}
    role: context
    sources: [paper]

  # --- the last one
  - id: c
    title: C
    when: {c}
    role: context
    sources: [paper] # in line
      # about c

# the end
"""


def dated(a="2025-11", b="2025-12-08", c="2025-12-10T19:00Z"):
    return SMALL[: SMALL.index("events:")] + DATED.format(a=a, b=b, c=c)


@pytest.mark.parametrize(
    ("when", "above", "below"),
    [
        ("2025-10", "events:", "  # the first"),
        ("2025-11-30", "    # about a", "  # about b"),
        ("2025-12-08T15:00Z", "    sources: [paper]", "  # --- the last one"),
        ("2025-12-08", "    sources: [paper]", "  # --- the last one"),
        ("2025-12-08T15:00Z / 2025-12-11T15:00Z", "      # about c", "# the end"),
        ("2025-12-10T19:00Z", "      # about c", "# the end"),
        ("2025-12", "      # about c", "# the end"),
    ],
)
def test_the_new_event_goes_before_the_first_later_one(file, when, above, below):
    file.write_text(dated(), encoding="utf-8")
    added = add_event(file, NEW | {"when": when, "role": "context"})
    lines = file.read_text(encoding="utf-8").splitlines()
    first = added.line - 1
    assert lines[first] == "  - id: rate-decision"
    assert [line for line in lines[:first] if line][-1] == above
    assert next(line for line in lines[first + 7 :] if line) == below
    assert lines[first + 6] == ""


def test_events_that_are_not_in_order_of_time_get_it_at_the_end(file):
    file.write_text(dated(a="2025-12-09"), encoding="utf-8")
    add_event(file, NEW | {"when": "2025-10", "role": "context"})
    assert [event.id for event in es.load_study(file).events] == ["a", "b", "c", "rate-decision"]


def test_the_order_is_that_of_all_events_not_of_neighbours(file):
    file.write_text(dated(a="2025-12-09", b="2025-12", c="2025-12-08"), encoding="utf-8")
    add_event(file, NEW | {"when": "2025-12-05", "role": "context"})
    assert [event.id for event in es.load_study(file).events] == ["a", "b", "c", "rate-decision"]


def test_a_month_after_its_days_is_in_order():
    spec = parse_study((ROOT / "events.yaml").read_bytes())
    assert [spec.events[editing._position(spec, {"when": when})].id for when in ("2022-09", "2025-12-10T12:00Z")] == [
        "first-export-controls",
        "fomc-december",
    ]


def test_a_comment_deeper_than_the_dash_stays_with_the_event_above_it(file):
    file.write_text(dated().replace("    # about a\n\n  # about b\n", "    # about a\n"), encoding="utf-8")
    add_event(file, NEW | {"when": "2025-12-01", "role": "context"})
    text = file.read_text(encoding="utf-8")
    assert text.index("# about a") < text.index("- id: rate-decision") < text.index("- id: b")


def test_lines_that_look_like_comments_inside_a_text_are_left_whole(file):
    text = dated().replace("    # about a\n\n  # about b\n", '    note: "N\n# quoted"\n')
    text = text.replace("[paper]\n\n  # --- the last one\n", "[paper]\n    note: |\n     # block\n")
    file.write_text(text, encoding="utf-8")
    before = es.load_study(file)
    assert [event.note for event in before.events] == ["N # quoted", "# block", None]
    for number, when in enumerate(("2025-12-01", "2025-12-09")):
        add_event(file, NEW | {"id": f"new-{number}", "when": when, "role": "context"})
    after = es.load_study(file)
    assert [event.id for event in after.events] == ["a", "new-0", "b", "new-1", "c"]
    assert [event.note for event in after.events] == ["N # quoted", None, "# block", None, None]


def test_events_without_blank_lines_get_none(file):
    second = SMALL[SMALL.index("  - id: first") :].replace("first", "second").replace("First", "Second")
    file.write_text(SMALL + second, encoding="utf-8")
    add_event(file, NEW)
    assert "    sources: [paper]\n  - id: rate-decision\n" in file.read_text(encoding="utf-8")


COMMENT = st.sampled_from(["", "# c\n", "   # deep: er\n", "\n", "\n\n# - id: x\n\n", "  \n", "      # deeper\n\n"])


@st.composite
def layouts(draw):
    """A study file in one of many styles."""
    dash = draw(st.sampled_from([0, 1, 2, 4]))
    inner = dash + draw(st.sampled_from([2, 3, 4]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))

    def event(number, when):
        keys = [
            f"id: e{number}",
            draw(st.sampled_from(["title: T", 'title: "T # t"', "title: >-\n" + " " * 9 + "T\n\n" + " " * 9 + "# t"])),
            f"when: {when}" + draw(st.sampled_from(["", "  # why then", "  "])),
            "securities: {NVDA: positive}",
            draw(
                st.sampled_from(["sources: [paper]", "sources:\n" + " " * inner + "- paper", "sources: [\n    paper ]"])
            ),
        ]
        first = draw(st.sampled_from([" " * (inner - dash - 1), "\n" + " " * inner, " # c\n" + " " * inner]))
        return " " * dash + "-" + first + f"\n{' ' * inner}".join(keys) + "\n"

    days = draw(st.lists(st.sampled_from(["2025-12-03", "2025-12-08", "2025-12-09T20:00Z"]), min_size=1, max_size=3))
    events = "events:" + draw(st.sampled_from(["\n", "  # list\n"])) + draw(COMMENT)
    for number, when in enumerate(days):
        events += event(number, when) + draw(COMMENT)
    sources = draw(
        st.sampled_from(
            [
                "sources:\n  paper: {publisher: A paper, title: A title, date: 8 December 2025}\n",
                "sources:\n    # p\n    paper:\n       publisher: P\n       title: T\n       date: D # d\n",
                "sources: # s\n other:\n  {publisher: P, title: T,\n   date: D}\n\n"
                " paper:\n  publisher: P\n  title: T\n  date: D\n",
            ]
        )
    ) + draw(COMMENT)
    parts = draw(st.permutations([sources, TAIL, events]))
    text = draw(COMMENT) + HEAD + "".join(parts)
    text = text if draw(st.booleans()) else text.rstrip("\n")
    return (b"\xef\xbb\xbf" if draw(st.booleans()) else b"") + text.replace("\n", end).encode()


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layouts(), st.sampled_from(["2025-12-02", "2025-12-04", "2025-12-08T20:00Z", "2025-12-19"]))
def test_every_byte_outside_the_insertion_stays(file, data, when):
    file.write_bytes(data)
    before = es.load_study(file)
    add_event(file, NEW | {"when": when})
    piece = one_piece(data, file.read_bytes())
    assert piece is not None
    end = re.search(b"\r\n|\r|\n", data)[0]
    assert (piece.count(b"rate-decision"), piece.count(b"id:")) == (1, 1)
    assert set(re.findall(b"\r\n|\r|\n", piece)) == {end}
    after = es.load_study(file)
    assert only(after, "rate-decision") == before.events
    assert after.model_copy(update={"events": before.events}) == before
    starts = [event.when.first for event in before.events]
    if starts == sorted(starts):
        assert [event.when.first for event in after.events] == sorted(event.when.first for event in after.events)
    else:
        assert after.events[-1].id == "rate-decision"


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layouts())
def test_every_line_stays_where_a_source_is_added_too(file, data):
    file.write_bytes(data)
    before = es.load_study(file)
    added = add_event(file, NEW | {"sources": ["fed"]}, sources={"fed": FED})
    new = file.read_bytes()
    left = iter(re.split(b"\r\n|\r|\n", new))
    assert all(line in left for line in re.split(b"\r\n|\r|\n", data))
    assert new.startswith(b"\xef\xbb\xbf") == data.startswith(b"\xef\xbb\xbf")
    after = es.load_study(file)
    assert {key: after.sources[key] for key in before.sources} == before.sources
    assert after.sources["fed"] == Source.model_validate(FED)
    assert after.model_copy(update={"events": before.events, "sources": before.sources}) == before
    assert only(after, "rate-decision") == before.events
    assert "- id: rate-decision" in re.sub(" +", " ", re.split("\r\n|\r|\n", new.decode("utf-8-sig"))[added.line - 1])


def test_the_flagship_keeps_its_comments(tmp_path):
    file = tmp_path / "events.yaml"
    file.write_bytes((ROOT / "events.yaml").read_bytes())
    event = NEW | {"when": "2025-12-09T10:00Z", "sources": ["ft-limits"]}
    added = add_event(file, event)
    old, new = (ROOT / "events.yaml").read_bytes(), file.read_bytes()
    assert one_piece(old, new).count(b"\n") == 6
    for path in (ROOT / "events.yaml", file):
        comments = [line for line in path.read_text(encoding="utf-8").splitlines() if "#" in line]
        assert len(comments) == old.count(b"#") - sum(line.count(b"#") - 1 for line in old.splitlines() if b"#" in line)
    order = [event.id for event in es.load_study(file).events]
    assert order.index("rate-decision") == order.index("fomc-december") - 1
    assert new.decode().splitlines()[added.line - 1] == "  - id: rate-decision"


# --- What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"id": "first"},
            "33:9: the id 'first' is taken (line 27); ids are unique in events",
        ),
        (
            {"when": "2025-12-10T19:00"},
            "35:11: events[1].when: the time '2025-12-10T19:00' has no UTC offset, so its session is not known; add "
            "one: Z for UTC, -05:00 for New York in winter, +08:00 for Shanghai",
        ),
        ({"securities": {"AMD": "positive"}}, "36:18: events[1].securities.AMD: unknown security 'AMD'; allowed: NVDA"),
        (
            {"securities": {"NVDA": "up"}},
            "36:24: events[1].securities.NVDA: 'up' is not allowed here; allowed: 'positive', 'negative' or 'unsigned'",
        ),
        ({"sources": ["nobody"]}, "37:15: events[1].sources[0]: unknown source 'nobody'; allowed: paper"),
        ({"sources": []}, "37:14: events[1].sources: at least 1 entries are needed here, there are 0"),
        ({"title": " "}, "34:12: events[1].title: an empty text is not allowed here"),
        ({"id": "Not An Id"}, "33:9: events[1].id: 'Not An Id' is not allowed here; an id is lower-case letters, "
         "digits and hyphens, e.g. h200-approval"),
        ({"when": "2025-12"}, "33:5: events[1]: event 'rate-decision' is dated to a month and cannot be tested; "
         "give it role: context"),
    ],
)  # fmt: skip
def test_a_faulty_event_is_told_with_its_place_and_the_file_is_left_alone(file, change, message):
    with pytest.raises(StudyFileError) as caught:
        add_event(file, NEW | change)
    assert str(caught.value) == f"{file}:{message} {UNCHANGED}"
    assert file.read_text(encoding="utf-8") == SMALL


def test_unknown_and_missing_keys_are_told_by_the_same_check(file):
    with pytest.raises(StudyFileError) as caught:
        add_event(file, {"id": "x", "when": "2025-12-10", "colour": "red", "securities": {"NVDA": "positive"}})
    assert [fault.message for fault in caught.value.faults] == [
        f"events[1].sources: the required key 'sources' is missing {UNCHANGED}",
        f"events[1].title: the required key 'title' is missing {UNCHANGED}",
        "events[1].colour: unknown key 'colour'; allowed here: " + ", ".join(Event.model_fields) + f" {UNCHANGED}",
    ]


def test_a_source_that_is_there_is_not_added_again(file):
    with pytest.raises(StudyFileError) as caught:
        add_event(file, NEW, sources={"paper": FED})
    assert (
        str(caught.value) == f"{file}:16:3: the key 'paper' stands here twice (first on line 15); keep one {UNCHANGED}"
    )


def test_faults_of_the_file_itself_come_first(file):
    file.write_text(SMALL.replace("seed: 1", "seed: x"), encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        add_event(file, NEW)
    assert str(caught.value) == f"{file}:4:7: seed: a whole number is expected here, not 'x'"
    missing = file.with_name("none.yaml")
    with pytest.raises(StudyFileError) as caught:
        add_event(missing, NEW)
    assert str(caught.value) == (
        f"{missing}:1:1: cannot be read (No such file or directory); give the path of a study file"
    )


def test_a_day_past_the_calendar_is_refused(file):
    text = SMALL.replace("NVDA", "600000").replace("XNAS", "XSHG").replace("nasdaq", "sse_main").replace("XNYS", "XSHG")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SessionRangeError, match="XSHG sessions are known from"):
        add_event(file, NEW | {"when": "2099-01-05", "securities": {"600000": "positive"}})
    assert file.read_text(encoding="utf-8") == text


def test_an_overlay_beside_the_file_is_used(file):
    text = SMALL.replace("NVDA", "600000").replace("XNAS", "XSHG").replace("nasdaq", "sse_main").replace("XNYS", "XSHG")
    file.write_text(text.replace("returns:", "overlays: {XSHG: sessions.csv}\nreturns:"), encoding="utf-8")
    overlay = "session,kind,open,close,source\n2025-12-10,closed,,,the exchange\n"
    file.with_name("sessions.csv").write_text(overlay, encoding="utf-8")
    added = add_event(file, NEW | {"when": "2025-12-10", "securities": {"600000": "positive"}})
    assert [str(one.day0) for one in added.timed] == ["2025-12-11"]


def test_the_packaged_study_is_not_written_to():
    before = (ROOT / "events.yaml").read_bytes()
    with pytest.raises(OptionError) as caught:
        add_event("flagship", NEW)
    assert str(caught.value) == (
        "'flagship' is the study that ships with the package and is not written to; "
        "name a file of your own, or make one with `eventstudy init FOLDER`"
    )
    assert (ROOT / "events.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("events", SMALL[SMALL.index("events:") :], "events: [{id: a, title: A, when: 2025-12-08, securities: "
         "{NVDA: positive}, sources: [paper]}]\n"),
        ("events", "events:\n  - id", "? events\n: - id"),
        ("sources", "sources:\n  paper: ", "sources: {paper: "),
    ],
)  # fmt: skip
def test_a_layout_without_lines_of_its_own_is_refused(file, key, old, new):
    text = SMALL.replace(old, new)
    text = text.replace("2025}\n", "2025}}\n") if key == "sources" else text
    file.write_text(text, encoding="utf-8")
    es.load_study(file)
    with pytest.raises(InputError) as caught:
        add_event(file, NEW, sources={"fed": FED})
    assert str(caught.value) == (
        f"{file}: the {key} are not written one below the other, so no line can be put among them; "
        f"write `{key}:` and each of its entries on lines of their own"
    )
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("value", [5, None, ["a", 5], {"NVDA": 1}, {688041: "positive"}])
def test_an_event_is_made_of_texts(file, value):
    wrong = value if not value or isinstance(value, int) else next(
        one for one in (*value, *(value.values() if isinstance(value, dict) else ())) if not isinstance(one, str)
    )  # fmt: skip
    with pytest.raises(OptionError) as caught:
        add_event(file, NEW | {"note": value})
    assert str(caught.value) == (
        f"the event's note must be text, or a list or mapping of texts, not {wrong!r}; write it in quotes"
    )
    with pytest.raises(OptionError, match="the date of source 'fed' must be text"):
        add_event(file, NEW, sources={"fed": FED | {"date": 2025}})


def test_bytes_that_are_not_text_are_refused(file):
    with pytest.raises(OptionError) as caught:
        add_event(file, NEW | {"note": "caf\udce9"})
    assert str(caught.value) == "the event's note has bytes that are not UTF-8 text: 'caf\\udce9'; write it in UTF-8"


def test_a_text_that_reads_otherwise_than_before_is_not_written(file, monkeypatch):
    whole = editing._with_insertions
    monkeypatch.setattr(editing, "_with_insertions", lambda *given: whole(*given).replace("title: First", "title: 1st"))
    with pytest.raises(InputError) as caught:
        add_event(file, NEW)
    assert str(caught.value) == (
        f"{file}: with event 'rate-decision' in its place the file would be read otherwise than it was; "
        "nothing was written, add the event by hand"
    )
    assert file.read_text(encoding="utf-8") == SMALL


# --- How it is written -----------------------------------------------------------------------------


def test_a_file_that_changed_meanwhile_is_not_written_over(file, monkeypatch):
    def changed(_):
        file.write_text(SMALL + "# mine\n", encoding="utf-8")
        return "abc"

    monkeypatch.setattr(editing, "token_hex", changed)
    with pytest.raises(InputError) as caught:
        add_event(file, NEW)
    assert str(caught.value) == f"{file}: the file was changed while the event was being added; run the command again"
    assert file.read_text(encoding="utf-8") == SMALL + "# mine\n"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="permission bits and links are POSIX's")
def test_permission_bits_are_kept_and_a_link_leads_to_its_file(file, tmp_path):
    file.chmod(0o640)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "study.yaml"
    link.symlink_to(file)
    added = add_event(link, NEW)
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert file.read_text(encoding="utf-8").splitlines()[added.line - 1] == "  - id: rate-decision"
    assert list(folder.iterdir()) == [link]


def test_a_read_only_file_is_left_alone(file, monkeypatch):
    monkeypatch.setattr(editing.os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(InputError) as caught:
        add_event(file, NEW)
    assert str(caught.value) == f"{file}: cannot be written (the file is read-only); nothing was changed"
    assert file.read_text(encoding="utf-8") == SMALL


def test_a_full_disk_leaves_the_file(file, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(editing.os, "fsync", full)
    with pytest.raises(InputError) as caught:
        add_event(file, NEW)
    assert str(caught.value) == f"{file}: cannot be written (No space left on device); nothing was changed"
    assert file.read_text(encoding="utf-8") == SMALL
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="a kill that cannot be caught is POSIX's")
def test_a_kill_before_the_rename_leaves_the_old_file(file):
    script = (
        "import os, signal, sys; from pathlib import Path; from eventstudy.config import add_event\n"
        "Path.replace = lambda *given: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"add_event(sys.argv[1], {NEW!r})"
    )
    done = subprocess.run([sys.executable, "-c", script, file], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert file.read_text(encoding="utf-8") == SMALL
    (part,) = set(file.parent.iterdir()) - {file}
    assert "rate-decision" in part.read_text(encoding="utf-8")


# --- The command -----------------------------------------------------------------------------------

OPTIONS = ("--id", "rate-decision", "--title", "Rate decision", "--when", "2025-12-10T19:00Z", "--security", "NVDA")


def test_the_command_adds_the_event_and_shows_its_session(file):
    done = eventstudy("events", "add", *OPTIONS, "--source", "paper", cwd=file.parent)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    assert re.split(" {2,}", rows[-2]) == [
        "rate-decision",
        "NVDA",
        "XNAS",
        "2025-12-10",
        "in session, partial",
        "tested",
    ]
    assert rows[-1] == "events.yaml:33: event rate-decision added"
    assert es.load_study(file).events[1] == Event.model_validate(NEW)
    assert eventstudy("check", cwd=file.parent).stdout.splitlines()[-1].startswith("events.yaml: no faults; 2 events")


def test_every_option_reaches_the_file(file):
    texts = {
        "title_zh": "议息",
        "why": "w",
        "why_zh": "因",
        "summary": "s",
        "summary_zh": "要",
        "note": "n1",
        "note_zh": "注",
    }
    options = [part for key, text in texts.items() for part in (f"--{key.replace('_', '-')}", text)]
    new = "fed | Federal Reserve | Decision, as scheduled | 10 December 2025"
    lists = ("--exchange", "XNAS", "--source", "paper", "--new-source", new, "--role", "confounder")
    done = eventstudy("events", "add", "events.yaml", *OPTIONS, *options, *lists, cwd=file.parent)
    assert (done.returncode, done.stderr) == (0, "")
    spec = es.load_study(file)
    assert spec.sources["fed"] == Source.model_validate(FED)
    more = {"role": "confounder", "exchanges": ["XNAS"], "sources": ["paper", "fed"]}
    assert spec.events[1] == Event.model_validate(NEW | texts | more)


def test_the_command_without_a_terminal_names_what_is_missing(file):
    for options, names in (
        ((), "--id, --title, --when, --security and --source are missing"),
        ((*OPTIONS[:6], "--role", "context"), "--source is missing"),
        ((*OPTIONS[:6], "--source", "paper", "--exchange", "XNAS"), "--security is missing"),
    ):
        done = eventstudy("events", "add", *options, cwd=file.parent)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"{names}; without a terminal to ask on, an event needs them as options\n"
    assert file.read_text(encoding="utf-8") == SMALL


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--security", "NVDA=positive"), "--security NVDA is given twice; a security has one expected sign"),
        (("--new-source", "a|b|c"), "--new-source 'a|b|c' is not of the form id|publisher|title|date"),
        (("--new-source", "a|b|c|d") * 2, "--new-source a is given twice; an id names one source"),
    ],
)
def test_options_that_cannot_be_understood(file, given, message):
    done = eventstudy("events", "add", *OPTIONS, "--source", "paper", *given, cwd=file.parent)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{message}\n")


def test_blanks_around_the_sign_are_not_part_of_the_symbol(file):
    given = ("--security", "NVDA = positive", "--source", "paper")
    done = eventstudy("events", "add", *OPTIONS[:6], *given, cwd=file.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert es.load_study(file).events[1].securities == {"NVDA": "positive"}


def test_a_dry_run_of_the_command_prints_the_diff_alone(file):
    done = eventstudy("events", "add", *OPTIONS, "--source", "paper", "--dry-run", cwd=file.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == add_event(file, NEW, dry_run=True).diff.replace(str(file), "events.yaml")
    assert file.read_text(encoding="utf-8") == SMALL


def test_faults_of_the_command_are_lines_and_exit_2(file):
    done = eventstudy("events", "add", *OPTIONS[:6], "--security", "AMD", "--source", "nobody", cwd=file.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"events.yaml:36:18: events[1].securities.AMD: unknown security 'AMD'; allowed: NVDA {UNCHANGED}",
        f"events.yaml:37:15: events[1].sources[0]: unknown source 'nobody'; allowed: paper {UNCHANGED}",
    ]
    assert eventstudy("events", "add", "flagship", *OPTIONS, "--source", "paper").returncode == 2


def test_the_options_offer_the_roles_that_an_event_may_have():
    from typing import get_args

    from eventstudy.cli.events import RoleOption
    from eventstudy.spec import Role

    assert get_args(get_args(RoleOption)[0]) == get_args(Role)


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are POSIX's")
def test_what_is_missing_is_asked_for_on_a_terminal(file):
    import pty

    answers = [
        "rate-decision",
        "Rate decision",
        "2025-12-10T19:00",
        "2025-12-10T19:00Z",
        "NVDA = negative",
        "fed|F|T|D",
    ]
    ours, theirs = pty.openpty()
    command = subprocess.Popen(
        [sys.executable, "-m", "eventstudy", "events", "add", str(file)],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "200"},
    )
    os.close(theirs)
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # Linux tells the end of a terminal by an error
        pass
    os.close(ours)
    assert command.wait(PATIENCE) == 0, shown.decode()
    assert b"has no UTC offset" in shown
    assert b"known: NVDA" in shown
    assert f"{file}:34: event rate-decision added".encode() in shown.replace(b"\r\n", b"")
    event = es.load_study(file).events[1]
    assert (event.securities, event.sources, event.when.text) == ({"NVDA": "negative"}, ("fed",), "2025-12-10T19:00Z")
