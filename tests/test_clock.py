from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from eventstudy.calendars import ExchangeSessions, apply_overlay, load_sessions
from eventstudy.clock import (
    FirstSession,
    first_session,
    first_sessions,
    foreign_sessions,
    last_closed_session,
    news_inside,
)
from eventstudy.errors import InputError, OptionError, SessionRangeError
from eventstudy.events import parse_moment

NEW_YORK = load_sessions("XNAS")
SHANGHAI = load_sessions("XSHG", last=date(2026, 12, 31))


def clock(text: str, exchange: ExchangeSessions) -> FirstSession:
    return first_session(parse_moment(text), exchange)


def brief(found: FirstSession) -> tuple[str, bool, str]:
    assert found.session == found.session_last
    return str(found.session), found.partial, found.reason


# -- instants, answers derived by hand -------------------------------------------------------------

# New York trades 14:30Z to 21:00Z in winter and 13:30Z to 20:00Z in summer; Shanghai 01:30Z to 03:30Z and
# 05:00Z to 07:00Z all year round.
NEW_YORK_CASES = [
    ("2025-12-08T17:56Z", "2025-12-08", True, "in_session"),  # 12:56 EST
    ("2025-12-08T12:56-05:00", "2025-12-08", True, "in_session"),  # the same, as written
    ("2025-12-08T14:29:59Z", "2025-12-08", False, "before_open"),
    ("2025-12-08T14:30Z", "2025-12-08", True, "in_session"),  # t = open
    ("2025-12-08T20:59:59Z", "2025-12-08", True, "in_session"),
    ("2025-12-08T21:00Z", "2025-12-09", False, "after_close"),  # t = close
    ("2025-12-09T04:59Z", "2025-12-09", False, "after_close"),  # 23:59 on 8 December
    ("2025-12-09T05:00Z", "2025-12-09", False, "before_open"),  # midnight, so already 9 December
    ("2025-12-24T17:00Z", "2025-12-24", True, "in_session"),
    ("2025-12-24T18:00Z", "2025-12-26", False, "after_close"),  # early close 13:00 EST; 25 December is closed
    ("2025-12-24T19:00Z", "2025-12-26", False, "after_close"),
    ("2025-11-27T15:00Z", "2025-11-28", False, "not_a_session"),  # Thanksgiving
    ("2025-11-28T17:59Z", "2025-11-28", True, "in_session"),
    ("2025-11-28T18:00Z", "2025-12-01", False, "after_close"),  # early close on a Friday
    ("2025-12-06T15:00Z", "2025-12-08", False, "not_a_session"),  # Saturday
    ("2025-12-07T23:00Z", "2025-12-08", False, "not_a_session"),  # Sunday
    ("2025-12-05T21:00Z", "2025-12-08", False, "after_close"),  # Friday
    # clocks forward on Sunday 9 March 2025: the open moves from 14:30Z to 13:30Z
    ("2025-03-07T13:45Z", "2025-03-07", False, "before_open"),
    ("2025-03-07T14:15Z", "2025-03-07", False, "before_open"),
    ("2025-03-10T13:15Z", "2025-03-10", False, "before_open"),
    ("2025-03-10T13:45Z", "2025-03-10", True, "in_session"),
    ("2025-03-10T14:15Z", "2025-03-10", True, "in_session"),
    ("2025-03-07T20:30Z", "2025-03-07", True, "in_session"),
    ("2025-03-10T20:30Z", "2025-03-11", False, "after_close"),
    # clocks back on Sunday 2 November 2025: the open moves from 13:30Z to 14:30Z
    ("2025-10-31T13:45Z", "2025-10-31", True, "in_session"),
    ("2025-10-31T14:15Z", "2025-10-31", True, "in_session"),
    ("2025-11-03T13:45Z", "2025-11-03", False, "before_open"),
    ("2025-11-03T14:15Z", "2025-11-03", False, "before_open"),
    ("2025-10-31T20:30Z", "2025-11-03", False, "after_close"),
    ("2025-11-03T20:30Z", "2025-11-03", True, "in_session"),
]
SHANGHAI_CASES = [
    ("2025-12-08T17:56Z", "2025-12-09", False, "before_open"),  # 01:56 on 9 December
    ("2025-12-09T01:29:59Z", "2025-12-09", False, "before_open"),
    ("2025-12-09T01:30Z", "2025-12-09", True, "in_session"),  # t = open
    ("2025-12-09T06:59:59Z", "2025-12-09", True, "in_session"),
    ("2025-12-09T14:42Z", "2025-12-10", False, "after_close"),  # 22:42
    ("2025-12-05T03:29:59Z", "2025-12-05", True, "in_session"),
    ("2025-12-05T03:30Z", "2025-12-05", True, "lunch_break"),
    ("2025-12-05T04:00Z", "2025-12-05", True, "lunch_break"),  # noon
    ("2025-12-05T04:59:59Z", "2025-12-05", True, "lunch_break"),
    ("2025-12-05T05:00Z", "2025-12-05", True, "in_session"),
    ("2025-12-05T07:00Z", "2025-12-08", False, "after_close"),  # t = close, on a Friday
    ("2025-12-05T07:30Z", "2025-12-08", False, "after_close"),
    ("2025-12-05T16:00Z", "2025-12-08", False, "not_a_session"),  # midnight, so already Saturday
    ("2025-09-30T07:00Z", "2025-10-09", False, "after_close"),  # the last session before the National Day holidays
    ("2025-10-03T02:00Z", "2025-10-09", False, "not_a_session"),
]


@pytest.mark.parametrize(("text", "session", "partial", "reason"), NEW_YORK_CASES)
def test_new_york(text: str, session: str, partial: bool, reason: str) -> None:
    found = clock(text, NEW_YORK)
    assert brief(found) == (session, partial, reason)
    assert (found.exchange, found.precision) == ("XNAS", "instant")


@pytest.mark.parametrize(("text", "session", "partial", "reason"), SHANGHAI_CASES)
def test_shanghai(text: str, session: str, partial: bool, reason: str) -> None:
    assert brief(clock(text, SHANGHAI)) == (session, partial, reason)


@pytest.mark.parametrize("quarter", range(18))
def test_every_quarter_hour_after_the_post_and_before_shanghai_opens(quarter: int) -> None:
    # [21:00Z, 01:30Z) holds 18 quarter hours, the last at 01:15Z. 01:30Z itself is left out: there t equals the
    # Shanghai open, so the session is still 9 December but partial (SHANGHAI_CASES).
    at = datetime(2025, 12, 8, 21, tzinfo=UTC) + quarter * timedelta(minutes=15)
    assert brief(clock(at.isoformat(), NEW_YORK))[:2] == ("2025-12-09", False)
    assert brief(clock(at.isoformat(), SHANGHAI))[:2] == ("2025-12-09", False)


# -- intervals, days, months -----------------------------------------------------------------------


def test_interval_of_the_flagship() -> None:
    text = "2025-12-08T21:00Z / 2025-12-09T00:30Z"
    assert brief(clock(text, NEW_YORK)) == ("2025-12-09", False, "after_close")
    assert brief(clock(text, SHANGHAI)) == ("2025-12-09", False, "before_open")
    assert clock(text, SHANGHAI).precision == "interval"


@pytest.mark.parametrize(
    ("text", "partial", "reason"),
    [
        ("2025-12-08T21:00Z / 2025-12-09T01:30Z", True, "in_session"),  # both ends count; the later one is the open
        ("2025-12-09T02:00Z / 2025-12-09T06:00Z", True, "in_session"),
        ("2025-12-09T03:30Z / 2025-12-09T04:30Z", True, "lunch_break"),
        ("2025-12-09T01:00Z / 2025-12-09T04:30Z", True, "in_session"),  # may have come in the morning
        ("2025-12-08T08:00Z / 2025-12-09T01:00Z", False, "after_close"),  # after one close, before the next open
    ],
)
def test_interval_inside_one_session(text: str, partial: bool, reason: str) -> None:
    assert brief(clock(text, SHANGHAI)) == ("2025-12-09", partial, reason)


@pytest.mark.parametrize(
    ("text", "first", "last", "partial"),
    [
        ("2025-12-08T20:00Z / 2025-12-08T22:00Z", "2025-12-08", "2025-12-09", True),  # across the close
        ("2025-12-08T12:00Z / 2025-12-08T22:00Z", "2025-12-08", "2025-12-09", False),  # from before the open
        ("2025-12-07T12:00Z / 2025-12-10T15:00Z", "2025-12-08", "2025-12-10", False),  # partial is the earlier end's
    ],
)
def test_interval_that_spans_sessions(text: str, first: str, last: str, partial: bool) -> None:
    found = clock(text, NEW_YORK)
    assert (str(found.session), str(found.session_last)) == (first, last)
    assert (found.partial, found.reason) == (partial, "interval_spans_sessions")


@pytest.mark.parametrize(
    ("text", "exchange", "session", "reason"),
    [
        ("2025-10-01", SHANGHAI, "2025-10-09", "day_moved_to_next"),
        ("2025-12-09", SHANGHAI, "2025-12-09", "day_is_session"),
        ("2025-12-06", SHANGHAI, "2025-12-08", "day_moved_to_next"),
        ("2025-11-27", NEW_YORK, "2025-11-28", "day_moved_to_next"),
        ("2025-11-28", NEW_YORK, "2025-11-28", "day_is_session"),
    ],
)
def test_day_without_a_time(text: str, exchange: ExchangeSessions, session: str, reason: str) -> None:
    found = clock(text, exchange)
    assert brief(found) == (session, False, reason)
    assert found.precision == "day"


def test_month_has_no_session() -> None:
    with pytest.raises(
        InputError, match=r"^2025-10 is a month and has no first session; give a day, interval or instant$"
    ):
        clock("2025-10", NEW_YORK)


def test_sentences() -> None:
    assert clock("2025-12-08T17:56Z", NEW_YORK).detail == (
        "2025-12-08T17:56Z is 2025-12-08 12:56 in New York, inside the XNAS session (09:30 to 16:00), so only a part "
        "of that session could react."
    )
    assert clock("2025-12-08T17:56:30Z", SHANGHAI).detail == (
        "2025-12-08T17:56:30Z is 2025-12-09 01:56 in Shanghai, before XSHG opens at 09:30, so its first session is "
        "that day's."
    )
    assert clock("2025-12-24T18:00Z", NEW_YORK).detail == (
        "2025-12-24T18:00Z is 2025-12-24 13:00 in New York, at or after the XNAS close at 13:00, so its first session "
        "is 2025-12-26."
    )
    assert clock("2025-12-05T04:00Z", SHANGHAI).detail == (
        "2025-12-05T04:00Z is 2025-12-05 12:00 in Shanghai, in the lunch break of XSHG (11:30 to 13:00), so only that "
        "session's afternoon could react."
    )
    assert clock("2025-10-03T02:00Z", SHANGHAI).detail == (
        "2025-10-03T02:00Z is 2025-10-03 10:00 in Shanghai, a day on which XSHG does not trade, so its first session "
        "is 2025-10-09."
    )
    assert clock("2025-10-01", SHANGHAI).detail == (
        "2025-10-01, for which no time of day is known, is not a session of XSHG, so day 0 is the next one, 2025-10-09."
    )
    assert clock("2025-12-09", SHANGHAI).detail == (
        "2025-12-09, for which no time of day is known, is a session of XSHG, so that session is day 0, though the "
        "news may have come after it."
    )
    spanning = clock("2025-12-08T20:00Z / 2025-12-08T22:00Z", NEW_YORK).detail
    assert spanning == (
        "The two ends of the interval have different first sessions, 2025-12-08 and 2025-12-09. "
        + clock("2025-12-08T20:00Z", NEW_YORK).detail
        + " "
        + clock("2025-12-08T22:00Z", NEW_YORK).detail
    )


# -- what was known: the last session that had closed ----------------------------------------------

CLOSED_CASES = [
    ("2025-12-08T20:59:59Z", NEW_YORK, "2025-12-05"),
    ("2025-12-08T21:00Z", NEW_YORK, "2025-12-08"),  # t = close
    ("2025-12-09T01:30Z", NEW_YORK, "2025-12-08"),  # Shanghai opens on the 9th
    ("2025-12-07T12:00Z", NEW_YORK, "2025-12-05"),  # Sunday
    ("2025-12-24T17:59:59Z", NEW_YORK, "2025-12-23"),
    ("2025-12-24T18:00Z", NEW_YORK, "2025-12-24"),  # early close 13:00 EST
    ("2025-12-26T01:30Z", NEW_YORK, "2025-12-24"),  # 25 December is closed
    ("2025-11-28T01:30Z", NEW_YORK, "2025-11-26"),  # Thanksgiving
    # clocks forward on Sunday 9 March 2025: the close moves from 21:00Z to 20:00Z; back on 2 November
    ("2025-03-07T20:00Z", NEW_YORK, "2025-03-06"),
    ("2025-03-07T21:00Z", NEW_YORK, "2025-03-07"),
    ("2025-03-10T20:00Z", NEW_YORK, "2025-03-10"),
    ("2025-10-31T20:00Z", NEW_YORK, "2025-10-31"),
    ("2025-11-03T20:00Z", NEW_YORK, "2025-10-31"),
    ("2025-11-03T21:00Z", NEW_YORK, "2025-11-03"),
    ("2025-12-08T14:30Z", SHANGHAI, "2025-12-08"),  # New York opens on the same date
    ("2025-12-08T06:59:59Z", SHANGHAI, "2025-12-05"),
    ("2025-12-08T15:00+08:00", SHANGHAI, "2025-12-08"),  # t = close, as Shanghai writes it
    ("2025-10-08T13:30Z", SHANGHAI, "2025-09-30"),  # National Day holidays
    ("2025-02-04T14:30Z", SHANGHAI, "2025-01-27"),  # Chinese New Year
]


@pytest.mark.parametrize(("text", "exchange", "session"), CLOSED_CASES)
def test_last_closed_session(text: str, exchange: ExchangeSessions, session: str) -> None:
    assert str(last_closed_session(datetime.fromisoformat(text), exchange)) == session


# Local session, last foreign session completed before its open, foreign sessions completed since the open before.
SHANGHAI_ON_NEW_YORK = [
    ("2025-12-08", "2025-12-05", 1),  # Monday: Friday's session
    ("2025-12-09", "2025-12-08", 1),
    ("2025-12-10", "2025-12-09", 1),
    ("2025-09-30", "2025-09-29", 1),
    ("2025-10-09", "2025-10-08", 7),  # 30 September, 1, 2, 3, 6, 7 and 8 October
    ("2025-10-10", "2025-10-09", 1),
    ("2025-01-27", "2025-01-24", 1),
    ("2025-02-05", "2025-02-04", 7),  # 27 to 31 January, 3 and 4 February
    ("2025-11-27", "2025-11-26", 1),
    ("2025-11-28", "2025-11-26", 0),  # Thanksgiving
    ("2025-12-01", "2025-11-28", 1),  # the half day after it
    ("2025-12-25", "2025-12-24", 1),  # the half day before Christmas
    ("2025-12-26", "2025-12-24", 0),
    ("2025-12-29", "2025-12-26", 1),
    ("2025-03-10", "2025-03-07", 1),  # clocks forward the day before
    ("2025-03-11", "2025-03-10", 1),
    ("2025-11-03", "2025-10-31", 1),  # clocks back the day before
]
NEW_YORK_ON_SHANGHAI = [
    ("2025-12-08", "2025-12-08", 1),  # closed at 07:00Z, before the open at 14:30Z
    ("2025-12-09", "2025-12-09", 1),
    ("2025-09-30", "2025-09-30", 1),
    ("2025-10-01", "2025-09-30", 0),
    ("2025-10-08", "2025-09-30", 0),
    ("2025-10-09", "2025-10-09", 1),
    ("2025-01-28", "2025-01-27", 0),
    ("2025-02-05", "2025-02-05", 1),
    ("2025-11-28", "2025-11-28", 2),  # 27 and 28 November
    ("2025-12-26", "2025-12-26", 2),  # 25 and 26 December
    ("2025-03-10", "2025-03-10", 1),
]


@pytest.mark.parametrize(
    ("local", "foreign", "session", "known", "count"),
    [
        *((SHANGHAI, NEW_YORK, *case) for case in SHANGHAI_ON_NEW_YORK),
        *((NEW_YORK, SHANGHAI, *case) for case in NEW_YORK_ON_SHANGHAI),
    ],
)
def test_foreign_sessions(
    local: ExchangeSessions, foreign: ExchangeSessions, session: str, known: str, count: int
) -> None:
    position, place = foreign_sessions(local, foreign), local.index(date.fromisoformat(session))
    assert str(foreign.sessions[position[place]]) == known
    assert position[place] - position[place - 1] == count


def test_foreign_sessions_are_complete_ones() -> None:
    # an exchange with the same hours has only its session before; one that closes as this one opens has that one
    same = foreign_sessions(NEW_YORK, NEW_YORK)
    assert (same == np.arange(len(NEW_YORK)) - 1).all()
    just_closed = foreign_sessions(NEW_YORK, replace(NEW_YORK, closes=NEW_YORK.opens))
    assert (just_closed == np.arange(len(NEW_YORK))).all()


def test_foreign_sessions_at_the_edges() -> None:
    # both calendars begin on 4 January 1993; Shanghai's first open comes before any close in New York
    position = foreign_sessions(SHANGHAI, NEW_YORK)
    assert str(SHANGHAI.sessions[0]) == str(NEW_YORK.sessions[0]) == "1993-01-04"
    assert position[:3].tolist() == [-1, 0, 1]
    # Shanghai is known to the end of 2026, New York to the end of 2028: after that nothing is known of Shanghai
    position = foreign_sessions(NEW_YORK, SHANGHAI)
    last = NEW_YORK.index(date(2026, 12, 31))
    assert str(SHANGHAI.sessions[position[last]]) == "2026-12-31"
    assert (position[last + 1 :] == -1).all()
    assert len(position) == len(NEW_YORK)


def test_nothing_is_known_before_the_first_close_or_after_the_record() -> None:
    with pytest.raises(SessionRangeError) as caught:
        last_closed_session(datetime(1993, 1, 4, 6, 59, tzinfo=UTC), SHANGHAI)
    assert str(caught.value) == (
        "XSHG sessions are known from 1993-01-01 to 2026-12-31; the last session closed by 1993-01-04T06:59Z lies "
        "before that, and earlier sessions are not on record"
    )
    assert last_closed_session(datetime(2026, 12, 31, 15, 59, tzinfo=UTC), SHANGHAI) == date(2026, 12, 31)
    with pytest.raises(SessionRangeError, match="; 2026-12-31T16:00Z lies after that; "):
        last_closed_session(datetime(2026, 12, 31, 16, tzinfo=UTC), SHANGHAI)
    with pytest.raises(SessionRangeError, match="; 1992-12-31T15:59Z lies before that, "):
        last_closed_session(datetime(1992, 12, 31, 15, 59, tzinfo=UTC), SHANGHAI)


def test_a_moment_without_a_time_zone() -> None:
    expected = "^the moment 2025-12-08T21:00:00 has no time zone, so no session can be found for it$"
    with pytest.raises(InputError, match=expected):
        last_closed_session(datetime(2025, 12, 8, 21), NEW_YORK)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "exchange", "session", "inside"),
    [
        ("2025-12-08T17:56Z", NEW_YORK, "2025-12-08", True),  # the report, 12:56 EST
        ("2025-12-08T17:56Z", NEW_YORK, "2025-12-05", False),
        ("2025-12-08T17:56Z", NEW_YORK, "2025-12-09", True),  # a later session contains it all the more
        ("2025-12-08T17:56Z", SHANGHAI, "2025-12-08", False),
        ("2025-12-08T21:00Z", NEW_YORK, "2025-12-08", False),  # the post at the close
        ("2025-12-08T20:59:59Z", NEW_YORK, "2025-12-08", True),
        ("2025-12-08T21:00Z / 2025-12-09T00:30Z", NEW_YORK, "2025-12-08", False),
        ("2025-12-08T20:00Z / 2025-12-09T00:30Z", NEW_YORK, "2025-12-08", True),  # its first end counts
        ("2025-12-08", NEW_YORK, "2025-12-08", True),
        ("2025-12-09", NEW_YORK, "2025-12-08", False),  # a day is each exchange's own date
        ("2025-12-24T18:00Z", NEW_YORK, "2025-12-24", False),
        ("2025-12-24T17:59Z", NEW_YORK, "2025-12-24", True),
    ],
)
def test_news_inside(text: str, exchange: ExchangeSessions, session: str, inside: bool) -> None:
    assert news_inside(parse_moment(text), exchange, date.fromisoformat(session)) is inside


def test_news_inside_needs_a_session_and_a_moment() -> None:
    with pytest.raises(InputError, match=r"^2025-12-07 is not a session of XNAS$"):
        news_inside(parse_moment("2025-12-08T17:56Z"), NEW_YORK, date(2025, 12, 7))
    with pytest.raises(InputError, match=r"^2025-12 is a month and has no first session"):
        news_inside(parse_moment("2025-12"), NEW_YORK, date(2025, 12, 8))


# -- beyond what is known --------------------------------------------------------------------------

KNOWN = "XSHG sessions are known from 1993-01-01 to 2026-12-31"
ADVICE = (
    "list the later days in an overlay file (CSV with the header session,kind,open,close,break_start,break_end,source) "
    "and name it in the study under overlays: XSHG"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-05T02:00Z", f"{KNOWN}; 2027-01-05T02:00Z lies after that; {ADVICE}"),
        ("9999-12-31T23:00Z", f"{KNOWN}; 9999-12-31T23:00Z lies after that; {ADVICE}"),
        ("2027-01-05", f"{KNOWN}; 2027-01-05 lies after that; {ADVICE}"),
        ("2026-12-30T02:00Z / 2027-01-05T02:00Z", f"{KNOWN}; 2027-01-05T02:00Z lies after that; {ADVICE}"),
        (
            "2026-12-31T07:00Z",
            f"{KNOWN}; the first session that could react to 2026-12-31T07:00Z lies after that; {ADVICE}",
        ),
        (
            "1992-12-31T15:59Z",  # 23:59 in Shanghai
            f"{KNOWN}; 1992-12-31T15:59Z lies before that, and earlier sessions are not on record",
        ),
    ],
)
def test_beyond_the_known_sessions(text: str, expected: str) -> None:
    with pytest.raises(SessionRangeError) as caught:
        clock(text, SHANGHAI)
    assert str(caught.value) == expected


def test_edges_of_the_known_sessions() -> None:
    assert brief(clock("1992-12-31T16:00Z", SHANGHAI)) == ("1993-01-04", False, "not_a_session")
    assert brief(clock("2026-12-31T06:59:59Z", SHANGHAI)) == ("2026-12-31", True, "in_session")


def test_an_overlay_makes_a_later_date_work(tmp_path: Path) -> None:
    path = tmp_path / "shanghai-2027.csv"
    path.write_text(
        "session,kind,open,close,break_start,break_end,source\n"
        "2027-01-01,closed,,,,,made up for this test\n"
        "2027-01-04,session,09:30,15:00,11:30,13:00,made up for this test\n"
        "2027-01-05,session,09:30,15:00,11:30,13:00,made up for this test\n",
        encoding="utf-8",
    )
    longer = apply_overlay(SHANGHAI, path)
    assert brief(clock("2026-12-31T07:00Z", longer)) == ("2027-01-04", False, "after_close")
    assert brief(clock("2027-01-05T04:00Z", longer)) == ("2027-01-05", True, "lunch_break")
    assert brief(clock("2027-01-02", longer)) == ("2027-01-04", False, "day_moved_to_next")


def test_moments_must_be_nanoseconds_and_not_missing() -> None:
    with pytest.raises(OptionError, match=r"^moments must be datetime64\[ns\] in UTC, not datetime64\[D\]$"):
        first_sessions(np.array(["2025-12-08"], dtype="datetime64[D]"), NEW_YORK)
    with pytest.raises(OptionError, match=r"^moment 1 is NaT and has no session$"):
        first_sessions(np.array(["2025-12-08", "NaT"], dtype="datetime64[ns]"), NEW_YORK)
    with pytest.raises(SessionRangeError, match="; 1990-01-01T00:00Z lies before that"):
        first_sessions(np.array(["2025-12-08", "1990-01-01"], dtype="datetime64[ns]"), NEW_YORK)


# -- properties ------------------------------------------------------------------------------------

SECONDS = st.integers(
    int(datetime(2010, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2026, 12, 30, tzinfo=UTC).timestamp())
)
EXCHANGE = st.sampled_from([NEW_YORK, SHANGHAI])


def instants(*seconds: int) -> NDArray[np.datetime64]:
    return np.array(seconds, dtype="datetime64[s]").astype("datetime64[ns]")


@given(EXCHANGE, st.lists(SECONDS, min_size=2, max_size=20))
def test_later_news_never_has_an_earlier_session(exchange: ExchangeSessions, seconds: list[int]) -> None:
    assert (np.diff(first_sessions(instants(*sorted(seconds)), exchange).index) >= 0).all()


@given(EXCHANGE, SECONDS)
def test_the_session_is_the_first_that_closes_later(exchange: ExchangeSessions, seconds: int) -> None:
    at = instants(seconds)
    found = first_sessions(at, exchange)
    later = [k for k, close in enumerate(exchange.closes) if close > at[0]]
    assert found.index[0] == later[0]
    assert bool(found.partial[0]) == bool(exchange.opens[later[0]] <= at[0])


@given(EXCHANGE, st.integers(4300, 8200), st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_a_shift_inside_a_session_changes_nothing(exchange: ExchangeSessions, k: int, one: float, two: float) -> None:
    length = int((exchange.closes[k] - exchange.opens[k]) / np.timedelta64(1, "s"))
    start = int(exchange.opens[k].astype("datetime64[s]").astype(int))
    found = first_sessions(instants(start + int(one * length), start + int(two * length)), exchange)
    assert (found.index == k).all()
    assert found.partial.all()


@given(EXCHANGE, SECONDS, st.integers(1, 10 * 86400))
def test_an_interval_agrees_with_its_ends(exchange: ExchangeSessions, seconds: int, length: int) -> None:
    length = min(length, int(datetime(2026, 12, 30, tzinfo=UTC).timestamp()) + 86400 - seconds - 20 * 3600)
    low, high = (datetime.fromtimestamp(at, UTC).isoformat() for at in (seconds, seconds + max(length, 1)))
    found, first, last = (clock(text, exchange) for text in (f"{low}/{high}", low, high))
    assert (found.session, found.session_last) == (first.session, last.session)
    assert found.session <= found.session_last
    same = first.session == last.session
    assert found.partial == (first.partial or (same and last.partial))
    assert (found.reason == "interval_spans_sessions") == (not same)


@given(EXCHANGE, SECONDS)
def test_the_last_closed_session_comes_before_the_first_that_can_react(
    exchange: ExchangeSessions, seconds: int
) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    last, first = last_closed_session(at, exchange), first_session(parse_moment(at.isoformat()), exchange)
    assert exchange.offset(last, 1) == first.session
    assert not news_inside(parse_moment(at.isoformat()), exchange, last)
    assert news_inside(parse_moment(at.isoformat()), exchange, first.session)


@given(st.sampled_from([(NEW_YORK, SHANGHAI), (SHANGHAI, NEW_YORK)]), st.integers(10, 8200))
def test_each_open_knows_the_last_foreign_close(pair: tuple[ExchangeSessions, ExchangeSessions], k: int) -> None:
    local, foreign = pair
    position = foreign_sessions(local, foreign)
    assert position[k] == np.flatnonzero(foreign.closes <= local.opens[k])[-1]
    at = datetime.fromisoformat(str(local.opens[k].astype("datetime64[s]"))).replace(tzinfo=UTC)
    assert str(last_closed_session(at, foreign)) == str(foreign.sessions[position[k]])


def test_a_hundred_thousand_moments_at_once() -> None:
    start = np.datetime64("2015-01-01T00:00:00", "ns")
    many = start + np.arange(100_000) * np.timedelta64(3600, "s")
    found = first_sessions(many, SHANGHAI)
    assert len(found.index) == 100_000
    assert not found.index.flags.writeable
