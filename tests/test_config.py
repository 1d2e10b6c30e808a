"""events.yaml: what is read, and one line per fault with its place."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import ClassVar

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import eventstudy as es
from eventstudy.config import parse_study
from eventstudy.errors import StudyFileError
from eventstudy.events import Day, Instant, Interval, Month, parse_moment
from eventstudy.inference import TESTS
from eventstudy.models import MODELS
from eventstudy.schemas import results_schema, schema_text, study_schema
from tests.conftest import ROOT

SMALL = """\
version: 1
study: {id: small, title: Small, question: Whether it moved}
returns: simple
seed: 1
windows:
  estimation: [-100, -11]
  event: [-5, 5]
  car:
    - [0, 0]
    - [-1, 1]
  min_estimation: 60
models: [market]
tests: [mvrm_f]
sources:
  paper: {publisher: A paper, title: A title, date: 8 December 2025}
benchmarks:
  SPY: {name: SPY, exchange: XNYS, currency: USD, scope: broad}
securities:
  NVDA:
    name: NVIDIA
    exchange: XNAS
    board: nasdaq
    currency: USD
    listed: 1999-01-22
    benchmarks: [SPY]
events:
  - id: first
    title: First
    when: 2025-12-08T17:56Z
    securities: {NVDA: positive}
    sources: [paper]
"""
TWO = SMALL + SMALL[SMALL.index("  - id: first") :]


def faults(text):
    with pytest.raises(StudyFileError) as caught:
        parse_study(text)
    assert caught.value.exit_code == 2
    return str(caught.value).split("\n")


def swapped(old, new, text=SMALL):
    assert old in text
    return text.replace(old, new, 1)


def either(names):
    """Names as a refusal lists them."""
    *rest, last = map(repr, names)
    return f"{', '.join(rest)} or {last}"


CASES = {
    "naive time": (
        swapped("2025-12-08T17:56Z", "2025-12-08T17:56"),
        [
            "events.yaml:29:11: events[0].when: the time '2025-12-08T17:56' has no UTC offset, so its session is not "
            "known; add one: Z for UTC, -05:00 for New York in winter, +08:00 for Shanghai"
        ],
    ),
    "bad date": (
        swapped("2025-12-08T17:56Z", "2025-02-30"),
        [
            "events.yaml:29:11: events[0].when: '2025-02-30' is not a date of the calendar "
            "(day is out of range for month)"
        ],
    ),
    "no moment": (
        swapped("2025-12-08T17:56Z", "last Friday"),
        [
            "events.yaml:29:11: events[0].when: 'last Friday' is not a moment; "
            "allowed: an instant (2025-12-08T17:56Z), an interval (2025-12-08T21:00Z / 2025-12-09T00:30Z), "
            "a day (2025-12-08) or a month (2025-12)"
        ],
    ),
    "interval reversed": (
        swapped("2025-12-08T17:56Z", "2025-12-09T00:30Z / 2025-12-08T21:00Z"),
        [
            "events.yaml:29:11: events[0].when: the interval '2025-12-09T00:30Z / 2025-12-08T21:00Z' "
            "must end after it begins"
        ],
    ),
    "interval of days": (
        swapped("2025-12-08T17:56Z", "2025-12-08 / 2025-12-09"),
        [
            "events.yaml:29:11: events[0].when: an interval needs a time on both ends, '2025-12-08' has none; "
            "write 2025-12-08T21:00Z"
        ],
    ),
    "tested month": (
        swapped("2025-12-08T17:56Z", "2025-12"),
        ["events.yaml:27:5: events[0]: event 'first' is dated to a month and cannot be tested; give it role: context"],
    ),
    "unknown security": (
        swapped("{NVDA: positive}", "{NVDX: positive}"),
        ["events.yaml:30:18: events[0].securities.NVDX: unknown security 'NVDX'; allowed: NVDA"],
    ),
    "unknown sign": (
        swapped("{NVDA: positive}", "{NVDA: up}"),
        [
            "events.yaml:30:24: events[0].securities.NVDA: 'up' is not allowed here; "
            "allowed: 'positive', 'negative' or 'unsigned'"
        ],
    ),
    "no securities": (
        swapped("    securities: {NVDA: positive}\n", ""),
        ["events.yaml:27:5: events[0]: event 'first' is tested but names no securities"],
    ),
    "unknown source": (
        swapped("sources: [paper]", "sources: [blog]"),
        ["events.yaml:31:15: events[0].sources[0]: unknown source 'blog'; allowed: paper"],
    ),
    "no sources": (
        swapped("sources: [paper]", "sources: []"),
        ["events.yaml:31:14: events[0].sources: at least 1 entries are needed here, there are 0"],
    ),
    "duplicate id": (
        TWO,
        ["events.yaml:32:9: the id 'first' is taken (line 27); ids are unique in events"],
    ),
    "bad id": (
        swapped("id: first", "id: First event"),
        [
            "events.yaml:27:9: events[0].id: 'First event' is not allowed here; an id is lower-case letters, digits "
            "and hyphens, e.g. h200-approval"
        ],
    ),
    "window reversed": (
        swapped("- [-1, 1]", "- [1, -1]"),
        ["events.yaml:10:7: windows.car[1]: the window [+1, -1] ends before it begins; write [-1, 1]"],
    ),
    "window of three": (
        swapped("- [-1, 1]", "- [-1, 0, 1]"),
        [
            "events.yaml:10:7: windows.car[1]: a window is two whole numbers, first and last relative day, "
            "e.g. [-1, 1], not ['-1', '0', '1']"
        ],
    ),
    "window of words": (
        swapped("- [-1, 1]", "- [start, 1]"),
        ["events.yaml:10:8: windows.car[1][0]: a whole number is expected here, not 'start'"],
    ),
    "window twice": (
        swapped("- [-1, 1]", "- [0, 0]"),
        ["events.yaml:9:5: windows.car: the CAR window [0, 0] stands there twice"],
    ),
    "overlap of windows": (
        swapped("estimation: [-100, -11]", "estimation: [-100, -5]"),
        [
            "events.yaml:7:10: windows.event: the event window [-5, +5] overlaps or precedes the estimation window "
            "[-100, -5]; let it begin after day -5"
        ],
    ),
    "CAR outside the event window": (
        swapped("- [-1, 1]", "- [-1, 9]"),
        ["events.yaml:9:5: windows.car: the CAR window [-1, +9] is not inside the event window [-5, +5]"],
    ),
    "too few observations": (
        swapped("min_estimation: 60", "min_estimation: 600"),
        ["events.yaml:11:19: windows.min_estimation: 600 observations cannot come from an estimation window of 90"],
    ),
    "unknown model": (
        swapped("models: [market]", "models: [capm]"),
        [f"events.yaml:12:10: models[0]: 'capm' is not allowed here; allowed: {either(MODELS)}"],
    ),
    "unknown test": (
        swapped("tests: [mvrm_f]", "tests: [t]"),
        [f"events.yaml:13:9: tests[0]: 't' is not allowed here; allowed: {either(TESTS)}"],
    ),
    "wrong type": (
        swapped("seed: 1", "seed: [1]"),
        ["events.yaml:4:7: seed: a whole number is expected here, not a list"],
    ),
    "negative seed": (
        swapped("seed: 1", "seed: -1"),
        ["events.yaml:4:7: seed: '-1' is not allowed: it must be at least 0"],
    ),
    "return kind missing": (
        swapped("returns: simple\n", ""),
        ["events.yaml:1:1: returns: the required key 'returns' is missing"],
    ),
    "return kind empty": (
        swapped("returns: simple", "returns:"),
        ["events.yaml:3:9: returns: None is not allowed here; allowed: 'simple' or 'log'"],
    ),
    "unknown key": (
        swapped("    currency: USD\n    listed", "    currncy: USD\n    listed"),
        [
            "events.yaml:20:5: securities.NVDA.currency: the required key 'currency' is missing",
            "events.yaml:23:5: securities.NVDA.currncy: unknown key 'currncy'; allowed here: name, name_zh, exchange, "
            "currency, symbols, dividends, splits, suspensions, board, listed, statuses, issue_price, benchmarks, "
            "factors, foreign, peers, earlier_listings, related, note, note_zh",
        ],
    ),
    "bad currency": (
        swapped("    currency: USD\n    listed", "    currency: dollar\n    listed"),
        [
            "events.yaml:23:15: securities.NVDA.currency: 'dollar' is not allowed here; "
            "a currency is three capital letters, e.g. USD"
        ],
    ),
    "board of another exchange": (
        swapped("board: nasdaq", "board: sse_star"),
        [
            "events.yaml:20:5: securities.NVDA: board 'sse_star' is not one of XNAS; allowed: nasdaq; "
            "another board needs its rules in a file named by market_rules"
        ],
    ),
    "bad listing date": (
        swapped("listed: 1999-01-22", "listed: 22.01.1999"),
        ["events.yaml:24:13: securities.NVDA.listed: '22.01.1999' is not a date; write it as 2025-12-08"],
    ),
    "date as a number": (
        swapped("listed: 1999-01-22", "listed: 19990122"),
        ["events.yaml:24:13: securities.NVDA.listed: '19990122' is not a date; write it as 2025-12-08"],
    ),
    "unknown benchmark": (
        swapped("benchmarks: [SPY]", "benchmarks: [QQQ]"),
        ["events.yaml:25:18: securities.NVDA.benchmarks[0]: unknown benchmark 'QQQ'; allowed: SPY"],
    ),
    "price not a number": (
        swapped("listed: 1999-01-22", "listed: 1999-01-22\n    issue_price: nan"),
        ["events.yaml:25:18: securities.NVDA.issue_price: a finite number is expected here, not 'nan'"],
    ),
    "price of zero": (
        swapped("listed: 1999-01-22", "listed: 1999-01-22\n    issue_price: 0"),
        ["events.yaml:25:18: securities.NVDA.issue_price: '0' is not allowed: it must be greater than 0"],
    ),
    "wrong version": (
        swapped("version: 1", "version: 2"),
        ["events.yaml:1:10: version: version 2 is not known; this package reads version 1"],
    ),
    "duplicate key": (
        swapped("seed: 1", "seed: 1\nseed: 2"),
        ["events.yaml:5:1: the key 'seed' stands here twice (first on line 4); keep one"],
    ),
    "tab": (
        swapped("  estimation:", "\testimation:"),
        ["events.yaml:6:1: a tab stands where YAML wants spaces; indent with spaces"],
    ),
    "unclosed bracket": (
        swapped("models: [market]", "models: [market"),
        [
            "events.yaml:13:6: this is not YAML: expected ',' or ']', but got ':' (while parsing a flow sequence)",
        ],
    ),
    "anchor": (
        swapped("seed: 1", "seed: &s 1"),
        ["events.yaml:4:7: anchors are not allowed (&s); write the value out where it is needed"],
    ),
    "tag": (
        swapped("seed: 1", "seed: !!python/object 1"),
        [
            "events.yaml:4:7: tags are not allowed (tag:yaml.org,2002:python/object); "
            "every value is read by the field it belongs to"
        ],
    ),
    "key that is a list": (
        swapped("seed: 1", "seed: 1\n? [a]\n: 1"),
        ["events.yaml:5:3: a key must be a plain text, not a list or mapping"],
    ),
    "alias bomb": (
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        ["events.yaml:2:8: aliases are not allowed (*a); write the value out"],
    ),
    "two documents": (
        "a: 1\n---\nb: 2\n",
        ["events.yaml:2:1: this is not YAML: but found another document (expected a single document in the stream)"],
    ),
    "empty file": ("", ["events.yaml:1:1: the file is empty; `eventstudy schema` lists what belongs into it"]),
    "only comments": (
        "# nothing\n",
        ["events.yaml:1:1: the file is empty; `eventstudy schema` lists what belongs into it"],
    ),
    "a list": ("- a\n", ["events.yaml:1:1: a study is a mapping (key: value) at the top level"]),
    "binary file": (
        b"\x89PNG\r\n\x1a\n\x00\xff",
        ["events.yaml:1:1: the file is not UTF-8 text (is it a binary file?); save it as UTF-8"],
    ),
    "control character": (
        "version: \x01",
        ["events.yaml:1:10: this character is not allowed in YAML; save the file as plain UTF-8 text"],
    ),
    "too deep": ("a: " + "[" * 20 + "]" * 20, ["events.yaml:1:15: nested deeper than 12 levels"]),
    "too many entries": (
        "a: [" + "1," * 60_000 + "]",
        [f"events.yaml:1:{2 * 49_995 + 5}: more than 50,000 entries"],
    ),
    "too large": (
        "#" * 2_000_001,
        ["events.yaml:1:1: the file has 2,000,001 bytes; at most 2,000,000 are read"],
    ),
    "confounder of nothing": (
        swapped("    securities: {NVDA: positive}\n", "    role: confounder\n"),
        ["events.yaml:27:5: events[0]: confounder 'first' names neither securities nor exchanges"],
    ),
    "claim without a check": (
        SMALL + "claims:\n  - {id: c, claim: It rose, sources: [paper]}\n",
        ["events.yaml:33:5: claims[0]: claim 'c' needs either checks or the reason why it is untestable"],
    ),
    "check without a bound": (
        SMALL + "claims:\n  - id: c\n    claim: It rose\n    sources: [paper]\n    checks:\n"
        "      - {security: NVDA, session: 2025-12-08, measure: close_return, equals: true}\n",
        [
            "events.yaml:37:9: claims[0].checks[0]: measure 'close_return' needs exactly one of: at_least/at_most "
            "(prices, returns), equals (opened_at_limit_down, one_price), significant (abnormal_return)"
        ],
    ),
    "headline of nobody": (
        SMALL + "headlines:\n  - {id: h, title: H, event: first, window: [0, 0]}\n",
        ["events.yaml:33:5: headlines[0]: headline 'h' needs either a security or a group"],
    ),
    "event set that ends before it begins": (
        SMALL
        + "event_sets:\n  - {id: s, title: S, events: [first], first_session: 2025-12-09, last_session: 2025-12-08}\n",
        ["events.yaml:33:81: event_sets[0].last_session: last_session 2025-12-08 is before first_session 2025-12-09"],
    ),
    "unknown event in a set": (
        SMALL
        + "event_sets:\n  - {id: s, title: S, events: [second], first_session: 2025-12-08, last_session: 2025-12-09}\n",
        ["events.yaml:33:32: event_sets[0].events[0]: unknown event 'second'; allowed: first"],
    ),
    "several at once": (
        swapped("seed: 1", "seed: one").replace("{NVDA: positive}", "{AMD: positive}").replace("[market]", "[capm]"),
        [
            "events.yaml:4:7: seed: a whole number is expected here, not 'one'",
            f"events.yaml:12:10: models[0]: 'capm' is not allowed here; allowed: {either(MODELS)}",
            "events.yaml:30:18: events[0].securities.AMD: unknown security 'AMD'; allowed: NVDA",
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_fault_is_told_with_its_place(name):
    text, expected = CASES[name]
    assert faults(text) == expected


def test_the_small_study_is_sound_and_so_is_the_flagship(flagship_spec):
    assert parse_study(SMALL).study.id == "small"
    assert flagship_spec.study.id == "h200-export-decision"


def test_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(StudyFileError) as caught:
        es.load_study(tmp_path / "none.yaml")
    assert str(caught.value).endswith(
        "none.yaml:1:1: cannot be read (No such file or directory); "
        "give the path of a study file, or the word 'flagship'"
    )


def test_scalars_stay_the_text_that_was_written():
    """000001, ON and 9:30:00 are a ticker, a ticker and a title, not 1, True and 34200."""
    text = SMALL.replace("NVDA", "000001").replace("title: First", "title: 9:30:00").replace("name: NVIDIA", "name: ON")
    spec = parse_study(text)
    assert set(spec.securities) == {"000001"}
    assert spec.securities["000001"].name == "ON"
    assert spec.events[0].title == "9:30:00"


def test_many_faults_are_cut_short():
    found = faults(SMALL + "".join(f"key{chr(97 + n // 26)}{chr(97 + n % 26)}: 1\n" for n in range(100)))
    assert len(found) == 61
    assert found[-1] == "events.yaml:92:1: from here on 40 more faults"


def test_text_that_no_file_can_hold_is_refused():
    assert faults(SMALL.replace("NVIDIA", '"a \\ud800"', 1)) == [
        "events.yaml:20:11: 'a \\ud800' has a character that no file can hold"
    ]
    assert faults(SMALL.replace("securities: {NVDA", 'securities: {"\\udfff": x, NVDA', 1)) == [
        "events.yaml:30:18: '\\udfff' has a character that no file can hold"
    ]


def test_bom_and_windows_line_ends_are_read():
    assert parse_study(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode()).study.id == "small"


def test_overlay_files_are_found_beside_the_study(tmp_path):
    (tmp_path / "events.yaml").write_text(SMALL + "overlays: {XSHG: days.csv}\n", encoding="utf-8")
    assert es.load_study(tmp_path / "events.yaml").overlays == {"XSHG": str(tmp_path / "days.csv")}


def test_specs_are_frozen(flagship_spec):
    with pytest.raises(ValueError, match="frozen"):
        flagship_spec.seed = 2
    with pytest.raises(ValueError, match="frozen"):
        flagship_spec.events[0].title = "x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-12-08T17:56Z", Instant(datetime(2025, 12, 8, 17, 56, tzinfo=UTC), "2025-12-08T17:56Z")),
        ("2025-12-08T12:56-05:00", Instant(datetime(2025, 12, 8, 17, 56, tzinfo=UTC), "2025-12-08T12:56-05:00")),
        (
            "2025-12-08T21:00Z / 2025-12-09T08:30+08:00",
            Interval(
                datetime(2025, 12, 8, 21, tzinfo=UTC),
                datetime(2025, 12, 9, 0, 30, tzinfo=UTC),
                "2025-12-08T21:00Z / 2025-12-09T08:30+08:00",
            ),
        ),
        ("2025-12-08", Day(date(2025, 12, 8), "2025-12-08")),
        ("2022-10", Month(2022, 10, "2022-10")),
    ],
)
def test_moments(text, expected):
    assert parse_moment(text) == expected


@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_a_sentence(text):
    try:
        moment = parse_moment(text)
    except ValueError as error:
        assert len(str(error)) > 20
    else:
        assert moment.precision in ("instant", "interval", "day", "month")


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_place(data):
    with pytest.raises(StudyFileError) as caught:
        parse_study(data)
    assert all(line.startswith("events.yaml:") for line in str(caught.value).split("\n"))


def test_checked_in_schemas_are_current():
    folder = ROOT / "eventstudy" / "schemas"
    assert (folder / "events.schema.json").read_text(encoding="utf-8") == schema_text(study_schema())
    assert (folder / "results.schema.json").read_text(encoding="utf-8") == schema_text(results_schema())


def test_schema_accepts_the_flagship_as_an_editor_reads_it_and_refuses_faults():
    """Editors read YAML 1.2: numbers become numbers, dates stay text."""

    class Editor(yaml.SafeLoader):
        yaml_implicit_resolvers: ClassVar = {
            first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith("timestamp")]
            for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    def keyed(value):
        if isinstance(value, dict):
            return {str(key): keyed(entry) for key, entry in value.items()}
        return [keyed(entry) for entry in value] if isinstance(value, list) else value

    schema = study_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    text = (ROOT / "events.yaml").read_text(encoding="utf-8")
    document = keyed(yaml.load(text, Loader=Editor))
    assert [error.message for error in validator.iter_errors(document)] == []
    document["seeed"] = 1
    del document["returns"]
    assert len(list(validator.iter_errors(document))) == 2


def test_first_line_of_the_study_names_its_schema():
    first = (ROOT / "events.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (ROOT / first.split("=", 1)[1]).is_file()


def test_every_field_of_the_schema_reaches_editors_with_its_type():
    schema = study_schema()
    assert set(schema["properties"]) >= {"events", "securities", "windows", "claims"}
    assert json.loads(schema_text(schema)) == schema
