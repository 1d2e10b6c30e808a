"""One row an exchange: every calendar of the installed library, its words, its clock, and studies on some of them."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from html import escape
from pathlib import Path

import exchange_calendars
import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import FIRST_DAY, RULES_TO, apply_overlay, load_sessions
from eventstudy.clock import first_session, first_sessions, last_closed_session
from eventstudy.config import parse_study
from eventstudy.errors import SessionRangeError, StudyFileError
from eventstudy.events import parse_moment
from eventstudy.exchanges import EXCHANGES, calendar_library, exchange
from eventstudy.facts import entries_of, fact
from eventstudy.markets.rules import COLUMNS
from eventstudy.sources.vendors.download import last_over
from eventstudy.texts import LANGS, load_texts
from eventstudy.texts.names import Names, names_of
from tests.test_config import SMALL, faults, swapped

NAMES = exchange_calendars.get_calendar_names(include_aliases=False)
DAY = timedelta(days=1)

# --- Rows and words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_calendar_of_the_library_has_words_in_both_languages(lang):
    entries = entries_of(lang)
    assert [code for code in (*NAMES, *EXCHANGES) if f"exchange.{code}" not in entries] == []
    assert [row.zone for row in EXCHANGES.values() if f"zone.{row.zone}" not in entries] == []
    if lang == "zh":
        latin = [code for code in EXCHANGES if re.fullmatch("[ -~]*", entries[f"exchange.{code}"])]
        assert latin == []


def test_rows_are_keyed_by_their_code_and_name_each_thing_once():
    endings = [ending for row in EXCHANGES.values() for ending in row.yahoo]
    boards = [board for row in EXCHANGES.values() for board in row.boards]
    assert all(code == row.code for code, row in EXCHANGES.items())
    assert (len(endings), len(boards)) == (len(set(endings)), len(set(boards)))
    assert {row.calendar for row in EXCHANGES.values()} == set(NAMES)
    assert {code for code, row in EXCHANGES.items() if row.follows} == {"XNAS", "XSHE", "BJSE"}


def test_the_endings_are_those_of_yfinance():
    """Its table has codes of ISO 10383 that calendars do not have; these are what the rows call them."""
    from yfinance.const import _MIC_TO_YAHOO_SUFFIX

    renamed = {
        "XVIE": "XWBO",
        "XATH": "ASEX",
        "MTAA": "XMIL",
        "BMEX": "XMAD",
        "XVIL": "XLIT",
        "XNSE": "XBOM",
        "KQKS": "XKRX",
        "ROCO": "XTAI",
        "XTSX": "XTSE",
        "XCBT": "CMES",
        "XCME": "CMES",
        "CECS": "CMES",
        "XNYM": "CMES",
        "IFUS": "IEPA",
    }
    theirs = {renamed.get(code, code): set() for code in _MIC_TO_YAHOO_SUFFIX}
    for code, suffix in _MIC_TO_YAHOO_SUFFIX.items():
        theirs[renamed.get(code, code)].add(f".{suffix}")
    for code, row in EXCHANGES.items():
        assert {ending for ending in row.yahoo if ending.startswith(".")} <= theirs.get(code, set()), code


def test_an_exchange_that_a_newer_library_adds_needs_no_row():
    class Added(exchange_calendars.calendar_utils.XHKGExchangeCalendar):
        name = "XNEW"

    exchange_calendars.register_calendar_type("XNEW", Added)
    try:
        row = exchange("XNEW")
        assert (row.zone, row.calendar, row.boards, row.yahoo) == ("Asia/Hong_Kong", "XNEW", (), ())
        assert load_sessions("XNEW").first == FIRST_DAY
        names = Names(None, load_texts("zh"))
        assert names.exchange("XNEW") == "XNEW"
        assert load_texts("zh").place("America/Port-au-Prince") == "Port-au-Prince"
        assert load_texts("en").place("America/North_Dakota/New_Salem") == "New Salem"
    finally:
        exchange_calendars.deregister_calendar("XNEW")
        exchange.cache_clear()


def test_a_known_exchange_is_known_without_the_library():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from eventstudy.config import parse_study; from tests.test_config import SMALL;"
            "parse_study(SMALL.replace('XNAS', 'XHKG').replace('    board: nasdaq\\n', '').replace('XNYS', 'XHKG'));"
            "assert 'exchange_calendars' not in sys.modules",
        ],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


# --- What a study file says -------------------------------------------------------------------------------------------

ALLOWED = (
    "allowed: XNYS, XNAS, XSHG, XSHE, BJSE, XHKG, XTKS, XLON, 24/7 and the other calendars that "
    "`eventstudy schema` lists"
)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("NYSE", "write XNYS"),
        ("nyse", "write XNYS"),
        ("SSE", "write XSHG"),
        ("HKEX", "write XHKG"),
        ("COMEX", "write CMES"),
        ("xhkg", "write XHKG"),
        ("XHGK", f"did you mean XSHG, XHKG? {ALLOWED}"),
        ("Wall Street", ALLOWED),
    ],
)
def test_an_unknown_exchange_is_told_with_its_place(code, advice):
    assert faults(SMALL.replace("exchange: XNAS", f"exchange: {code}")) == [
        f"events.yaml:21:15: securities.NVDA.exchange: unknown exchange {code!r}; {advice}"
    ]


@pytest.mark.parametrize("code", NAMES)
def test_every_calendar_may_stand_in_a_study(code):
    text = swapped(
        "    board: nasdaq\n", "" if not exchange(code).boards else f"    board: {exchange(code).boards[0]}\n"
    )
    text = text.replace("XNAS", code).replace("XNYS", code)
    spec = parse_study(text)
    assert (spec.securities["NVDA"].exchange, spec.benchmarks["SPY"].exchange) == (code, code)


def hong_kong(board="", listed="    listed: 1999-01-22\n"):
    text = SMALL.replace("XNAS", "XHKG").replace("XNYS", "XHKG").replace("    board: nasdaq\n", board)
    return text.replace("    listed: 1999-01-22\n", listed)


@pytest.mark.parametrize("board", ["", "    board: GEM\n", "    board: Main Board of HKEX\n"])
def test_where_no_rules_are_recorded_a_board_is_any_text_or_none(board):
    security = parse_study(hong_kong(board, listed="")).securities["NVDA"]
    assert security.board == (board.strip().removeprefix("board: ") or None)
    assert security.listed is None


def test_a_board_of_an_exchange_with_rules_is_not_another_exchange_s():
    assert faults(hong_kong("    board: bse\n")) == [
        "events.yaml:20:5: securities.NVDA: board 'bse' is not one of XHKG; leave it out, or name it otherwise"
    ]


def test_where_rules_are_recorded_the_board_is_needed():
    assert faults(swapped("    board: nasdaq\n", "")) == [
        "events.yaml:20:5: securities.NVDA.board: the required key 'board' is missing"
    ]


def test_the_schema_lists_the_codes_and_leaves_room_for_others():
    import jsonschema

    from eventstudy.schemas import study_schema

    schema = study_schema()
    instrument = schema["$defs"]["Benchmark"]["properties"]["exchange"]
    assert instrument["anyOf"][0]["enum"] == list(EXCHANGES)
    for code in (*NAMES, "XNEW"):
        jsonschema.validate(code, instrument)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate("Wall Street", instrument)


# --- Calendars --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", NAMES)
def test_sessions_zone_and_clock_are_the_library_s(code):
    """Labels, opens and closes of 2024 and 2025, the zone, and the session of moments around every open and close."""
    with calendar_library() as library:
        theirs = library.get_calendar(code, start="2024-01-01", end="2025-12-31")
        ours = load_sessions(code)
        assert ours.time_zone == str(theirs.tz)
        inside = ours.between(date(2024, 1, 1), date(2025, 12, 31))
        assert (inside == theirs.sessions.to_numpy("datetime64[D]")).all()
        place = np.searchsorted(ours.sessions, inside)
        opens, closes = theirs.opens_nanos.view("datetime64[ns]"), theirs.closes_nanos.view("datetime64[ns]")
        assert (ours.opens[place] == opens).all() and (ours.closes[place] == closes).all()
        assert (np.diff(ours.closes) > np.timedelta64(0)).all() and (ours.opens[1:] >= ours.closes[:-1]).all()
        minute = np.timedelta64(1, "m")
        moments = np.concatenate([opens - minute, opens, closes - minute, closes])[: -1 if code != "24/7" else None]
        moments = moments[(moments >= opens[0]) & (moments < closes[-1])]
        found = ours.sessions[first_sessions(moments, ours).index]
        expected = [theirs.minute_to_session(pd.Timestamp(one, tz="UTC"), direction="next") for one in moments[::7]]
    assert [str(day) for day in found[::7]] == [str(day.date()) for day in expected]


BY_HAND = {
    # what pandas 3.0 and exchange_calendars 4.13 give; pandas 3.1 alone loses these sessions and holidays
    "XKRX": (["1998-12-05", "2024-02-13"], ["1998-12-12", "2024-02-12"]),  # the last Saturday; the Lunar New Year
    "XBOM": (["2024-01-20", "2025-02-01"], ["2024-01-27"]),  # two Saturdays
    "XMOS": (["2024-11-02", "2024-12-28"], ["2024-11-09"]),  # two Saturdays
    "XTAE": (["2025-04-20", "2026-01-09"], ["2025-04-13", "2025-10-02", "2026-01-11"]),  # Sundays, then Fridays
    "ASEX": (["2024-04-02"], ["2024-05-03", "2024-05-06"]),  # the Orthodox Easter
}


@pytest.mark.parametrize("code", BY_HAND)
def test_calendars_that_pandas_3_1_breaks(code):
    sessions, closed = BY_HAND[code]
    known = load_sessions(code)
    assert [known.is_session(date.fromisoformat(day)) for day in (*sessions, *closed)] == [True] * len(sessions) + [
        False
    ] * len(closed)


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("XHKG", FIRST_DAY, RULES_TO),  # the library reckons its lunar holidays to 2049, the exchange publishes a year
        ("XTKS", date(1997, 1, 1), RULES_TO),
        ("XSAU", date(2021, 1, 1), RULES_TO),
        ("AIXK", date(2017, 1, 1), RULES_TO),
        ("XLON", FIRST_DAY, RULES_TO),
        ("CMES", FIRST_DAY, RULES_TO),
        ("24/7", FIRST_DAY, date(2099, 12, 31)),
        ("24/5", FIRST_DAY, date(2099, 12, 31)),
        ("XNYS", FIRST_DAY, date(2028, 12, 31)),
        ("BJSE", date(2021, 11, 15), load_sessions("XSHG").last),
    ],
)
def test_how_far_each_calendar_is_known(code, first, last):
    known = load_sessions(code)
    assert (known.first, known.last) == (first, last)


def test_beyond_the_known_days_of_a_calendar_that_begins_late():
    with pytest.raises(SessionRangeError) as caught:
        load_sessions("XSAU").is_session(date(2020, 12, 31))
    assert str(caught.value) == (
        "XSAU sessions are known from 2021-01-01 to 2027-12-31; 2020-12-31 lies before that, and earlier sessions are "
        "not on record"
    )


def test_an_overlay_lists_the_days_on_which_an_exchange_trades(tmp_path):
    """Riyadh trades from Sunday to Thursday: a forgotten Sunday is a fault, a Friday is not."""
    riyadh = load_sessions("XSAU", last=date(2026, 1, 1))  # a Thursday
    path = tmp_path / "riyadh.csv"
    path.write_text("session,kind,open,close,source\n2026-01-04,session,10:00,15:00,made\n", encoding="utf-8")
    assert str(apply_overlay(riyadh, path).sessions[-1]) == "2026-01-04"
    path.write_text("session,kind,open,close,source\n2026-01-05,session,10:00,15:00,made\n", encoding="utf-8")
    with pytest.raises(StudyFileError, match="listed neither as session nor as closed: 2026-01-04; list each of them"):
        apply_overlay(riyadh, path)


# --- The clock --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "moment", "session", "reason", "partial"),
    [
        # every day from 00:00 UTC to the next midnight
        ("24/7", "2024-03-02T00:00Z", "2024-03-02", "in_session", True),  # a Saturday
        ("24/7", "2024-03-02T23:59Z", "2024-03-02", "in_session", True),
        ("24/7", "2024-03-03", "2024-03-03", "day_is_session", False),
        ("24/5", "2024-03-01T23:59Z", "2024-03-01", "in_session", True),  # a Friday
        ("24/5", "2024-03-02T00:00Z", "2024-03-04", "not_a_session", False),
        ("24/5", "2024-03-02T10:00Z", "2024-03-04", "not_a_session", False),
        # from 17:00 in Chicago on the evening before, Sunday for Monday
        ("CMES", "2024-03-01T22:59Z", "2024-03-01", "in_session", True),
        ("CMES", "2024-03-01T23:00Z", "2024-03-04", "after_close", False),
        ("CMES", "2024-03-02T18:00Z", "2024-03-04", "not_a_session", False),
        ("CMES", "2024-03-03T22:59Z", "2024-03-04", "before_open", False),
        ("CMES", "2024-03-03T23:00Z", "2024-03-04", "in_session", True),
        ("CMES", "2024-03-04T23:00Z", "2024-03-05", "in_session", True),
        ("CMES", "2024-03-03", "2024-03-04", "day_moved_to_next", False),
        ("CMES", "2024-11-28T19:00Z", "2024-11-29", "after_close", False),  # Thanksgiving closes at noon
        ("us_futures", "2024-03-03T23:00Z", "2024-03-04", "in_session", True),  # 18:00 in New York
        # from 20:00 in New York to 18:00
        ("IEPA", "2024-03-05T23:00Z", "2024-03-06", "after_close", False),
        ("IEPA", "2024-03-06T00:59Z", "2024-03-06", "after_close", False),
        ("IEPA", "2024-03-06T01:00Z", "2024-03-06", "in_session", True),
        # the day in UTC is another than at the exchange
        ("XNZE", "2024-07-03T21:59Z", "2024-07-04", "before_open", False),
        ("XASX", "2024-07-04T06:00Z", "2024-07-05", "after_close", False),
        ("XHKG", "2024-04-03T08:30-04:00", "2024-04-05", "after_close", False),  # the 4th is a holiday
        ("XHKG", "2024-04-05T04:30Z", "2024-04-05", "lunch_break", True),
        ("XTKS", "2024-04-05T01:00+09:00", "2024-04-05", "before_open", False),
        ("XSAU", "2024-03-03T08:00Z", "2024-03-03", "in_session", True),  # a Sunday
        ("BJSE", "2024-03-04T17:00+08:00", "2024-03-05", "after_close", False),
    ],
)
def test_the_first_session_of_a_moment(code, moment, session, reason, partial):
    found = first_session(parse_moment(moment), load_sessions(code))
    assert (str(found.session), found.reason, found.partial) == (session, reason, partial)


def test_the_clock_says_where_a_session_opens_on_the_evening_before_or_closes_at_midnight():
    def told(code, moment):
        return first_session(parse_moment(moment), load_sessions(code)).detail

    assert told("CMES", "2024-03-03T16:00Z") == (
        "2024-03-03T16:00Z is 2024-03-03 10:00 in Chicago, before CMES opens at 17:00, so its first session is that of "
        "2024-03-04."
    )
    assert told("CMES", "2024-03-03T23:00Z") == (
        "2024-03-03T23:00Z is 2024-03-03 17:00 in Chicago, inside the CMES session (17:00 the day before to 17:00), so "
        "only a part of that session could react."
    )
    assert told("24/7", "2024-03-02T10:00Z") == (
        "2024-03-02T10:00Z is 2024-03-02 10:00 in UTC, inside the 24/7 session (00:00 to 24:00), so only a part of "
        "that session could react."
    )


def test_the_last_closed_session_of_a_market_that_never_closes():
    known = load_sessions("24/7")
    assert last_closed_session(datetime(2024, 3, 2, 0, 0, tzinfo=UTC), known) == date(2024, 3, 1)
    assert last_closed_session(datetime(2024, 3, 1, 23, 59, tzinfo=UTC), known) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("code", "hour", "over"),
    [("XLON", 16, 5), ("XLON", 18, 6), ("CMES", 22, 5), ("XTKS", 7, 6), ("XBOM", 10, 5), ("XBOM", 11, 6)],
)
def test_past_the_calendar_a_day_is_over_at_the_usual_close_of_its_exchange(code, hour, over):
    now = datetime(load_sessions(code).last.year + 1, 1, 6, hour, tzinfo=UTC)
    assert last_over(code, now.date(), now) == date(now.year, 1, over)


# --- Studies, run end to end to a page in both languages --------------------------------------------------------------

HEAD = """\
version: 1
study: {{id: made, title: Made, question: "Did it react?"}}
returns: simple
seed: 1
windows:
  estimation: [-60, -11]
  event: [-5, 5]
  car: [[0, 0], [-1, 1]]
  min_estimation: 30
models: [market]
sources: {{made: {{publisher: Made, title: Made, date: '2025'}}}}
securities:
{securities}benchmarks:
{benchmarks}events:
  - {{id: first, title: First, when: {when}, securities: {{{signs}}}, sources: [made]}}
  - {{id: second, title: Second, when: 2025-06-12, securities: {{{signs}}}, sources: [made]}}
event_sets:
  - {{id: both, title: Both, events: [first, second], first_session: 2025-06-10, last_session: 2025-06-13}}
headlines:
{headlines}"""


def study_file(folder, when, *shares):
    """A study of shares (symbol, exchange, further keys), each with a benchmark, and prices made for it."""
    rows = {"securities": "", "benchmarks": "", "headlines": ""}
    (folder / "prices").mkdir(parents=True)
    rng = np.random.default_rng(7)
    for number, (symbol, code, more) in enumerate(shares):
        kept = f"exchange: {code}, currency: USD"
        rows["securities"] += f"  {symbol}: {{name: {symbol}, {kept}, benchmarks: [M{number}]{more}}}\n"
        rows["benchmarks"] += f"  M{number}: {{name: Market {number}, {kept}, scope: broad}}\n"
        rows["headlines"] += (
            f"  - {{id: h{number}, title: {symbol}, event: first, security: {symbol}, window: [0, 0]}}\n"
        )
        sessions = load_sessions(code).between(date(2025, 1, 2), date(2025, 7, 31))
        for name in (symbol, f"M{number}"):
            closes = np.round(20 * np.exp(np.cumsum(rng.normal(0, 0.01, len(sessions)))), 2)
            table = pd.DataFrame({"date": sessions.astype(str), "close": closes})
            table.to_csv(folder / "prices" / f"{name}.csv", index=False)
    signs = ", ".join(f"{symbol}: positive" for symbol, _, _ in shares)
    (folder / "events.yaml").write_text(HEAD.format(when=when, signs=signs, **rows), encoding="utf-8")
    return folder / "events.yaml"


def pages(folder, when, *shares):
    """The results of a made study, and its page in English and in Chinese."""
    spec = es.load_study(study_file(folder, when, *shares))
    result = es.run_study(spec, es.load_prices(spec, source=folder / "prices"), robustness="none")
    found = {}
    for lang in ("en", "zh"):
        page = es.write_report(result, folder / lang, lang=lang) / "report.html"
        found[lang] = page.read_text(encoding="utf-8")
    return result, found


def test_a_beijing_share_with_an_instant_and_an_event_set(tmp_path):
    share = ("920799", "BJSE", ", board: bse, listed: 2021-11-15")
    result, page = pages(tmp_path, "2025-06-11T14:10+08:00", share)
    assert [(record.session, record.reason) for record in result.sessions] == [
        (date(2025, 6, 11), "in_session"),
        (date(2025, 6, 12), "day_is_session"),
    ]
    assert "Beijing Stock Exchange" in page["en"] and "北京证券交易所" in page["zh"]
    assert "14:10" in page["en"] and "上海" in page["zh"]


def test_hong_kong_london_tokyo_and_a_market_that_never_closes(tmp_path):
    shares = (
        ("0981.HK", "XHKG", ", board: Main Board"),
        ("HSBA", "XLON", ""),
        ("7203", "XTKS", ""),
        ("BTC-USD", "24/7", ""),
    )
    result, page = pages(tmp_path, "2025-06-11T06:45Z", *shares)
    found = {
        record.security: (record.reason, record.partial) for record in result.sessions if record.event_id == "first"
    }
    assert found == {
        "0981.HK": ("in_session", True),  # 14:45
        "HSBA": ("before_open", False),  # 07:45
        "7203": ("after_close", False),  # 15:45
        "BTC-USD": ("in_session", True),
    }
    unchecked = {
        record.security: record.detail for record in result.exclusions if record.reason == "limits_not_checked"
    }
    assert unchecked == {
        symbol: str(fact("limits_not_checked.no_rules", security=symbol, exchange=code))
        for symbol, code in (("0981.HK", "XHKG"), ("HSBA", "XLON"), ("7203", "XTKS"), ("BTC-USD", "24/7"))
    }
    assert unchecked["7203"] == (
        "7203: no price-limit rules are recorded for XTKS, so no close was held against a limit"
    )
    assert not {flag for bar in result.bars for flag in bar.flags if "limit" in flag}
    sessions = {record.name: record.detail for record in result.provenance if record.kind == "sessions"}
    assert sessions["XTKS"] == (
        "known from 1997-01-01 to 2027-12-31 by the calendar library's rules, not by published notices: closings that "
        "no rule foresees are missing of days to come"
    )
    assert sessions["24/7"] == "known from 1993-01-01 to 2099-12-31"
    for lang, words in {
        "en": (
            "Hong Kong Stock Exchange, Main Board",
            "London Stock Exchange",
            "Tokyo",
            "round-the-clock market",
            "14:45",
        ),
        "zh": ("香港交易所", "伦敦证券交易所", "东京", "全天候市场", "UTC时间"),
    }.items():
        assert [word for word in words if word not in page[lang]] == []


def test_what_is_not_checked_is_said_in_chinese_too():
    told = load_texts("zh").fact("limits_not_checked.no_rules", {"security": "丰田", "exchange": "东京证券交易所"})
    assert told == "丰田：没有收录东京证券交易所的涨跌停规则，因此没有核对任何收盘价是否触及限价"


def test_own_rules_of_a_board_are_followed_where_the_package_has_none(tmp_path):
    """Tokyo's limits are in yen by price; a study may state a rule of its own for the board that it names."""
    path = study_file(tmp_path, "2025-06-11T06:45Z", ("7203", "XTKS", ", board: tse_prime"))
    (tmp_path / "rules.csv").write_text(
        f"{','.join(COLUMNS)}\ntse_prime,none,0.20,0.01,inward,0,,,to_confirm,to_confirm,made,\n"
    )
    path.write_text(path.read_text(encoding="utf-8") + "market_rules: rules.csv\n", encoding="utf-8")
    spec = es.load_study(path)
    result = es.run_study(spec, es.load_prices(spec, source=tmp_path / "prices"), robustness="none")
    assert not [record for record in result.exclusions if record.reason == "limits_not_checked"]


LISTED = date(2024, 1, 4)


def share(number, code):
    """A made share on an exchange, with the board that an exchange with recorded rules needs."""
    row = EXCHANGES.get(code)
    board = f", board: {row.boards[0]}" if row and row.boards else ""
    return f"S{number}", code, board + (f", listed: {LISTED}" if row and row.has_limits else "")


def test_every_exchange_walks_through_to_a_page_in_both_languages(tmp_path, monkeypatch, sketched):
    codes = list(dict.fromkeys([*EXCHANGES, *NAMES]))
    head = HEAD.replace("event: [-5, 5]\n  car: [[0, 0], [-1, 1]]", "event: [0, 1]\n  car: [[0, 0]]")
    monkeypatch.setattr(sys.modules[__name__], "HEAD", head.replace("estimation: [-60, -11]", "estimation: [-45, -6]"))
    path = study_file(tmp_path, "2025-06-11T06:45Z", *(share(number, code) for number, code in enumerate(codes)))
    spec = es.load_study(path)
    result = es.run_study(spec, es.load_prices(spec, source=tmp_path / "prices"), robustness="none")
    assert {record.exchange for record in result.sessions} == set(codes)
    assert len(result.headlines) == len(codes)
    for lang in LANGS:
        page = (es.write_report(result, tmp_path / lang, lang=lang) / "report.html").read_text(encoding="utf-8")
        assert [code for code in codes if escape(names_of(spec, lang).exchange(code)) not in page] == []
