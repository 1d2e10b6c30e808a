from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import exchange_calendars
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.calendars import ExchangeSessions, apply_overlay, day_label, load_sessions, to_date
from eventstudy.errors import InputError, OptionError, SessionRangeError, StudyFileError
from eventstudy.overlays import LAYOUT as OVERLAY_LAYOUT

NEW_YORK = load_sessions("XNAS")
SHANGHAI = load_sessions("XSHG", last=date(2026, 12, 31))
HEADER = "session,kind,open,close,break_start,break_end,source"


def instant(sessions: ExchangeSessions, name: str, day: date) -> str:
    return str(getattr(sessions, name)[sessions.index(day)].astype("datetime64[m]"))


def closed_weekdays(sessions: ExchangeSessions, year: int) -> list[str]:
    days = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]")
    return [str(day) for day in days if np.is_busday(day) and not sessions.is_session(day)]


# -- what is known ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("year", "count"), [(2024, 242), (2025, 243), (2026, 242)])
def test_shanghai_sessions_a_year(year: int, count: int) -> None:
    assert len(SHANGHAI.between(date(year, 1, 1), date(year, 12, 31))) == count


def test_shanghai_national_day_2025_and_hours() -> None:
    # 1 to 8 October 2025 are closed; 30 September and 9 October trade
    assert [str(day) for day in SHANGHAI.between(date(2025, 9, 29), date(2025, 10, 10))] == [
        "2025-09-29",
        "2025-09-30",
        "2025-10-09",
        "2025-10-10",
    ]
    # 09:30 to 11:30 and 13:00 to 15:00, UTC+8
    times = [instant(SHANGHAI, name, date(2025, 12, 5)) for name in ("opens", "break_starts", "break_ends", "closes")]
    assert times == ["2025-12-05T01:30", "2025-12-05T03:30", "2025-12-05T05:00", "2025-12-05T07:00"]


# NYSE Group, "NYSE Group Announces 2026, 2027 and 2028 Holiday and Early Closings Calendar", 23 December 2025
PUBLISHED = {
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
    2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
    2028: "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25",
}
EARLY = {2026: ["2026-11-27", "2026-12-24"], 2027: ["2027-11-26"], 2028: ["2028-07-03", "2028-11-24"]}


@pytest.mark.parametrize("year", PUBLISHED)
@pytest.mark.parametrize("exchange", ["XNYS", "XNAS"])
def test_new_york_holidays_and_early_closes_are_the_published_ones(exchange: str, year: int) -> None:
    sessions = load_sessions(exchange, date(year, 1, 1), date(year, 12, 31))
    assert closed_weekdays(sessions, year) == [f"{year}-{day}" for day in PUBLISHED[year].split()]
    hours = (sessions.closes - sessions.opens) / np.timedelta64(30, "m")
    assert set(hours.tolist()) == {13.0, 7.0}  # 09:30 to 16:00, early 09:30 to 13:00
    assert [str(day) for day in sessions.sessions[hours == 7]] == EARLY[year]


def test_new_york_2025_one_off_closing_and_early_closes() -> None:
    assert "2025-01-09" in closed_weekdays(NEW_YORK, 2025)  # day of mourning
    assert instant(NEW_YORK, "closes", date(2025, 7, 3)) == "2025-07-03T17:00"  # 13:00 daylight saving time
    assert instant(NEW_YORK, "closes", date(2025, 11, 28)) == "2025-11-28T18:00"  # 13:00 standard time
    assert instant(NEW_YORK, "closes", date(2025, 12, 24)) == "2025-12-24T18:00"
    assert np.isnat(NEW_YORK.break_starts).all()


def test_known_range_is_fixed() -> None:
    assert (NEW_YORK.first, NEW_YORK.last) == (date(1993, 1, 1), date(2028, 12, 31))
    assert load_sessions("XSHG").first == date(1993, 1, 1)
    assert load_sessions("XSHG").last >= date(2026, 12, 31)
    assert NEW_YORK.calendar_version == f"exchange_calendars {exchange_calendars.__version__}, XNYS"
    assert (NEW_YORK.time_zone, SHANGHAI.time_zone) == ("America/New_York", "Asia/Shanghai")


def test_shenzhen_keeps_shanghai_sessions_under_its_own_name() -> None:
    shenzhen, shanghai = load_sessions("XSHE"), load_sessions("XSHG")
    assert shenzhen.exchange == "XSHE"
    assert (shenzhen.closes == shanghai.closes).all()


def test_beijing_keeps_shanghai_sessions_since_its_opening() -> None:
    beijing, shanghai = load_sessions("BJSE"), load_sessions("XSHG", first=date(2021, 11, 15))
    assert (beijing.exchange, beijing.first, beijing.last) == ("BJSE", date(2021, 11, 15), shanghai.last)
    assert str(beijing.sessions[0]) == "2021-11-15"
    for name in ("sessions", "opens", "closes", "break_starts", "break_ends"):
        assert (getattr(beijing, name) == getattr(shanghai, name)).all()
    # National Day 2025, and Labour Day 2025 as the three exchanges announced it: closed from 1 to 5 May
    assert not any(beijing.is_session(date(2025, 10, day)) for day in range(1, 9))
    assert [str(day) for day in beijing.between(date(2025, 4, 30), date(2025, 5, 6))] == ["2025-04-30", "2025-05-06"]
    with pytest.raises(SessionRangeError) as caught:
        beijing.is_session(date(2021, 11, 12))
    assert str(caught.value) == (
        f"BJSE sessions are known from 2021-11-15 to {beijing.last}; 2021-11-12 lies before that, and earlier sessions "
        "are not on record"
    )


def run_python(*lines: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def test_nothing_depends_on_the_clock() -> None:
    # the library asks the clock in these two places only, and only where no start or end is given
    assert run_python(
        "from exchange_calendars.exchange_calendar import ExchangeCalendar as Library",
        "def clock(*args): raise SystemExit('the clock of the machine was asked')",
        "Library.default_start = Library.default_end = classmethod(clock)",
        "from eventstudy.calendars import load_sessions",
        "from eventstudy.exchanges import SHOWN",
        "assert all(len(load_sessions(exchange)) > 1000 for exchange in SHOWN)",
    ) == (0, "")


def test_warnings_of_the_library_are_contained_and_it_is_imported_late() -> None:
    assert run_python(
        "import sys, eventstudy.calendars as calendars, eventstudy.clock",
        "assert 'exchange_calendars' not in sys.modules and 'pandas' not in sys.modules",
        "calendars.load_sessions('XSHG'), calendars.load_sessions('XNYS')",
    ) == (0, "")


def test_sessions_are_loaded_once_and_cannot_be_changed() -> None:
    assert load_sessions("XNAS") is load_sessions("XNAS")
    for array in (NEW_YORK.sessions, NEW_YORK.opens, NEW_YORK.closes, NEW_YORK.break_starts, NEW_YORK.break_ends):
        assert not array.flags.writeable
    own = np.array(["2025-12-08"], dtype="datetime64[D]")
    times = own.astype("datetime64[ns]")
    record = ExchangeSessions(
        "X", own, times, times, times, times, "UTC", date(2025, 12, 8), date(2025, 12, 8), "by hand"
    )
    own[0] = np.datetime64("2020-01-01")
    assert str(record.sessions[0]) == "2025-12-08"


# -- arithmetic in sessions ------------------------------------------------------------------------


def test_session_on_or_after_and_before() -> None:
    assert SHANGHAI.session_on_or_after(date(2025, 10, 1)) == date(2025, 10, 9)
    assert SHANGHAI.session_on_or_before(date(2025, 10, 8)) == date(2025, 9, 30)
    assert SHANGHAI.session_on_or_after(date(2025, 10, 9)) == date(2025, 10, 9)
    assert SHANGHAI.session_on_or_before(date(2025, 10, 9)) == date(2025, 10, 9)
    assert SHANGHAI.is_session(date(2025, 12, 5))
    assert not SHANGHAI.is_session(np.datetime64("2025-12-06"))


def test_offset_distance_and_between() -> None:
    assert SHANGHAI.offset(date(2025, 12, 9), 1) == date(2025, 12, 10)
    assert SHANGHAI.offset(date(2025, 12, 9), -2) == date(2025, 12, 5)
    assert SHANGHAI.offset(date(2025, 9, 30), 1) == date(2025, 10, 9)
    assert SHANGHAI.distance(date(2025, 12, 5), date(2025, 12, 12)) == 5
    assert SHANGHAI.distance(date(2025, 10, 9), date(2025, 9, 30)) == -1
    assert NEW_YORK.offset(date(2025, 11, 26), 1) == date(2025, 11, 28)
    assert len(SHANGHAI.between(date(2025, 10, 1), date(2025, 10, 8))) == 0
    assert len(SHANGHAI.between(date(2025, 12, 9), date(2025, 12, 8))) == 0


@given(st.integers(0, len(SHANGHAI) - 1), st.integers(0, len(SHANGHAI) - 1))
def test_offset_undoes_distance(i: int, j: int) -> None:
    first, last = SHANGHAI.sessions[i], SHANGHAI.sessions[j]
    assert SHANGHAI.offset(first, SHANGHAI.distance(first, last)) == to_date(last)
    assert len(SHANGHAI.between(first, last)) == max(0, SHANGHAI.distance(first, last) + 1)


def test_narrowing() -> None:
    december = load_sessions("XSHG", date(2025, 12, 6), date(2025, 12, 10))
    assert [str(day) for day in december.sessions] == ["2025-12-08", "2025-12-09", "2025-12-10"]
    assert len(december.opens) == len(december.break_ends) == 3
    assert december.session_on_or_after(date(2025, 12, 6)) == date(2025, 12, 8)
    with pytest.raises(SessionRangeError, match="the last session before 2025-12-07 lies before that"):
        december.session_on_or_before(date(2025, 12, 7))


# -- errors ----------------------------------------------------------------------------------------


def message(call: object, *args: object) -> str:
    with pytest.raises(InputError) as caught:
        call(*args)  # type: ignore[operator]
    return str(caught.value)


ADVICE = (
    "list the later days in an overlay file (CSV with the header session,kind,open,close,break_start,break_end,source) "
    "and name it in the study under overlays: XSHG"
)


def test_beyond_the_known_years() -> None:
    known = "XSHG sessions are known from 1993-01-01 to 2026-12-31"
    assert message(SHANGHAI.is_session, date(2027, 1, 5)) == f"{known}; 2027-01-05 lies after that; {ADVICE}"
    assert message(SHANGHAI.offset, date(2026, 12, 30), 2) == (
        f"{known}; relative day +2 of 2026-12-30 lies after that; {ADVICE}"
    )
    before = "lies before that, and earlier sessions are not on record"
    assert message(SHANGHAI.is_session, date(1992, 12, 31)) == f"{known}; 1992-12-31 {before}"
    assert message(SHANGHAI.offset, date(1993, 1, 5), -4) == f"{known}; relative day -4 of 1993-01-05 {before}"
    # 2028-12-31 is a Sunday: known to be closed, but what follows is not known
    assert "the first session after 2028-12-31 lies after that" in message(
        NEW_YORK.session_on_or_after, date(2028, 12, 31)
    )
    assert message(load_sessions, "XNYS", None, date(2029, 1, 1)).startswith(
        "XNYS sessions are known from 1993-01-01 to 2028-12-31; 2029-01-01 lies after that;"
    )


def test_what_is_not_a_session_or_a_day() -> None:
    assert message(SHANGHAI.offset, date(2025, 12, 6), 1) == "2025-12-06 is not a session of XSHG"
    noon = datetime(2025, 12, 8, 12, tzinfo=UTC)
    assert message(SHANGHAI.is_session, noon) == (
        "2025-12-08 12:00:00+00:00 is a moment, not a day; the event clock finds the session of a moment"
    )
    expected = "is not a day; a session is a date such as 2025-12-08"
    assert message(day_label, np.datetime64("NaT", "D")) == f"NaT {expected}"
    assert message(day_label, np.datetime64("2025-12-08T12:00")) == f"2025-12-08T12:00 {expected}"
    assert day_label(datetime(2025, 12, 8)) == np.datetime64("2025-12-08")  # noqa: DTZ001 (as pandas gives labels)


def test_options() -> None:
    with pytest.raises(OptionError, match=r"^unknown exchange 'NYSE'; write XNYS$"):
        load_sessions("NYSE")
    with pytest.raises(
        OptionError, match=r"^the range of sessions ends \(2025-01-01\) before it begins \(2025-12-01\)$"
    ):
        load_sessions("XNYS", date(2025, 12, 1), date(2025, 1, 1))


# -- overlays --------------------------------------------------------------------------------------


def overlay(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "overlay.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def faults(base: ExchangeSessions, path: Path) -> list[str]:
    with pytest.raises(StudyFileError) as caught:
        apply_overlay(base, path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def test_overlay_extends_the_calendar(tmp_path: Path) -> None:
    path = overlay(
        tmp_path,
        "2027-01-04,session,09:30,15:00,11:30,13:00,made up for this test",
        "2027-01-01,closed,,,,,made up for this test",
        '2027-01-05,session,9:30,11:30,,,"made up, too"',
    )
    longer = apply_overlay(SHANGHAI, path)
    assert (longer.first, longer.last) == (SHANGHAI.first, date(2027, 1, 5))
    assert longer.offset(date(2026, 12, 31), 1) == date(2027, 1, 4)
    assert not longer.is_session(date(2027, 1, 1))
    assert len(longer) == len(SHANGHAI) + 2
    names = ("opens", "break_starts", "break_ends", "closes")
    assert [instant(longer, name, date(2027, 1, 4)) for name in names] == [
        "2027-01-04T01:30",
        "2027-01-04T03:30",
        "2027-01-04T05:00",
        "2027-01-04T07:00",
    ]
    assert [instant(longer, name, date(2027, 1, 5)) for name in names] == [
        "2027-01-05T01:30",
        "NaT",
        "NaT",
        "2027-01-05T03:30",
    ]
    assert longer.overlay is not None
    assert (longer.overlay.code, longer.overlay.values["opened"], longer.overlay.values["closed"]) == ("overlay", 2, 1)
    assert str(longer.overlay).startswith("overlay.csv (sha256 ")
    assert str(longer.overlay).endswith("): 2 days listed as session, 1 as closed")
    with pytest.raises(SessionRangeError, match="known from 1993-01-01 to 2027-01-05"):
        longer.is_session(date(2027, 1, 6))


def test_overlay_replaces_and_closes_inside_the_record(tmp_path: Path) -> None:
    path = overlay(
        tmp_path,
        "2025-07-01,session,09:30,13:00,made up for this test",
        "2025-12-24,closed,,,made up for this test",
        "2025-12-06,session,10:00,12:00,a Saturday made up for this test",
        header="session,kind,open,close,source",
    )
    changed = load_sessions("XNYS", overlay=path)
    assert instant(changed, "opens", date(2025, 7, 1)) == "2025-07-01T13:30"  # daylight saving time
    assert instant(changed, "closes", date(2025, 7, 1)) == "2025-07-01T17:00"
    assert changed.offset(date(2025, 12, 23), 1) == date(2025, 12, 26)
    assert changed.offset(date(2025, 12, 5), 1) == date(2025, 12, 6)
    assert instant(changed, "opens", date(2025, 12, 6)) == "2025-12-06T15:00"
    assert changed.last == date(2028, 12, 31)
    untouched = ~np.isin(changed.sessions, np.array(["2025-07-01", "2025-12-06"], dtype="datetime64[D]"))
    known = load_sessions("XNYS")
    before = np.isin(known.sessions, changed.sessions[untouched])
    assert (changed.closes[untouched] == known.closes[before]).all()
    assert load_sessions("XNYS").overlay is None


def test_overlay_may_pass_over_weekends_only(tmp_path: Path) -> None:
    friday = load_sessions("XSHG", last=date(2025, 12, 5))
    monday = overlay(tmp_path, "2025-12-08,session,09:30,15:00,11:30,13:00,exchange calendar 2025")
    assert apply_overlay(friday, monday).last == date(2025, 12, 8)


def test_overlay_must_not_leave_weekdays_out(tmp_path: Path) -> None:
    path = overlay(
        tmp_path,
        "2027-01-13,session,09:30,15:00,,,made up for this test",
        "2027-01-14,session,09:30,15:00,,,made up for this test",
        "2027-01-18,closed,,,,,made up for this test",
    )
    assert faults(SHANGHAI, path) == [
        "2:1: XSHG is on record to 2026-12-31, and before 2027-01-13 these weekdays are listed neither as session nor "
        "as closed: 2027-01-01, 2027-01-04, 2027-01-05, 2027-01-06, 2027-01-07 and 3 more; list each of them",
        "4:1: XSHG is on record to 2026-12-31, and before 2027-01-18 these weekdays are listed neither as session nor "
        "as closed: 2027-01-15; list each of them",
    ]
    assert len(faults(SHANGHAI, overlay(tmp_path, "9999-12-31,closed,,,,,made up for this test"))) == 1


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("2027-1-4,closed,,,,,s", "2:1: '2027-1-4' is not a date; write it as 2025-12-08"),
        (
            "2027-02-30,closed,,,,,s",
            "2:1: '2027-02-30' is not a date of the calendar (day is out of range for month)",
        ),
        ("2025-12-08,open,,,,,s", "2:12: 'open' is not a kind of day; allowed: session, closed"),
        ("2025-12-08,closed,,,,,", "2:23: a source is required: where the exchange published this day"),
        ("2025-12-08,closed,,15:00,,,s", "2:20: a closed day has no times; leave them empty"),
        ("2025-12-08,session,09:30,,,,s", "2:12: a session needs both open and close"),
        ("2025-12-08,session,09:30,15:00,11:30,,s", "2:12: a lunch break needs both break_start and break_end"),
        (
            "2025-12-08,session,15:00,09:30,,,s",
            "2:12: the times of a session must increase: open, break_start, break_end, close",
        ),
        (
            "2025-12-08,session,09:30,15:00,13:00,11:30,s",
            "2:12: the times of a session must increase: open, break_start, break_end, close",
        ),
        (
            "2025-12-08,session,09:30,24:00,,,s",
            "2:26: '24:00' is not a time of day; write it as 09:30, in the exchange's local time",
        ),
        (
            "2025-12-08,session,09:60,15:00,,,s",
            "2:20: '09:60' is not a time of day; write it as 09:30, in the exchange's local time",
        ),
        (
            "2025-12-08,session,9.30,15:00,,,s",
            "2:20: '9.30' is not a time of day; write it as 09:30, in the exchange's local time",
        ),
        (
            "1992-12-31,closed,,,,,s",
            "2:1: 1992-12-31 lies before 1993-01-01, the first day on record of XSHG",
        ),
        (",closed,,,,,s", "2:1: the date is empty; write it as 2025-12-08"),
        ("2025-12-08,closed,,,,s", "2:23: 6 cells for 7 columns; missing source"),
        (
            "2025-12-08,closed,,,,,notice, page 2",
            '2:31: 8 cells for 7 columns; remove the rest (a text with a comma stands in quotes: "a, b")',
        ),
    ],
)
def test_overlay_faults(tmp_path: Path, row: str, expected: str) -> None:
    assert faults(SHANGHAI, overlay(tmp_path, row)) == [expected]


def test_overlay_tells_all_faults_at_once(tmp_path: Path) -> None:
    rows = ["soon,closed,,,,,s", "2025-12-08,session,x,y,,,", "2025-12-09,closed,,,,,s", "2025-12-09,closed,,,,,s"]
    assert faults(SHANGHAI, overlay(tmp_path, *rows)) == [
        "2:1: 'soon' is not a date; write it as 2025-12-08",
        "3:20: 'x' is not a time of day; write it as 09:30, in the exchange's local time",
        "3:22: 'y' is not a time of day; write it as 09:30, in the exchange's local time",
        "3:26: a source is required: where the exchange published this day",
        "5:1: 2025-12-09 is listed twice, first in line 4",
    ]


def test_overlay_refuses_empty_lines_and_counts_very_many_faults(tmp_path: Path) -> None:
    path = overlay(tmp_path, "", "2025-12-08,closed,,,,,s", " ", "2025-12-09,close,,,,,s", "", "")
    assert faults(SHANGHAI, path) == [
        "2:1: the line is empty; remove it",
        "4:1: the line is empty; remove it",
        "5:12: 'close' is not a kind of day; allowed: session, closed",
    ]
    (found,) = faults(SHANGHAI, overlay(tmp_path, *["soon,closed,,,,,s"] * 67))
    assert found.endswith(" (67 such places, the next at 3:1 and 4:1)")


def test_overlay_without_source_column_or_file(tmp_path: Path) -> None:
    path = overlay(tmp_path, "2025-12-08,closed", header="session,kind")
    assert faults(SHANGHAI, path) == [f"1:13: missing source; the columns are {OVERLAY_LAYOUT.text}"]
    path = overlay(tmp_path, "2025-12-08,closed,s,1", header="session,kind,source,hours")
    assert faults(SHANGHAI, path) == [
        "1:21: unknown column 'hours'; allowed: session, kind, source, open, close, break_start, break_end"
    ]
    assert faults(SHANGHAI, overlay(tmp_path)) == ["2:1: there are no rows under the header; write one row a day"]
    assert faults(SHANGHAI, tmp_path / "none.csv") == [
        "1:1: the overlay file cannot be read (No such file or directory)"
    ]
