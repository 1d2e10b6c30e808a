"""`event_study` with moments: the event clock of an exchange finds day 0."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import load_sessions
from eventstudy.errors import InputError, OptionError

WINDOWS = {"estimation_window": (-60, -11), "event_window": (-2, 2), "min_estimation": 30}


def returns(code, first="2023-10-02", count=200):
    known = load_sessions(code)
    at = known.index(known.session_on_or_after(date.fromisoformat(first)))
    index = pd.DatetimeIndex(known.sessions[at : at + count].astype("datetime64[ns]"))
    values = np.random.default_rng(20240403).normal(0, 0.01, (count, 2))
    return pd.DataFrame(values, index=index, columns=["A", "M"])


def events(*dates, **columns):
    return pd.DataFrame({"asset": "A", "date": list(dates), **columns})


def study(frame, dated, **options):
    return es.event_study(frame, dated, benchmark="M", **WINDOWS, **options)


def days(found):
    return found.sample.sessions[found.sample.position].astype("datetime64[D]").astype(str).tolist()


@pytest.mark.parametrize(
    ("code", "moment", "session"),
    [
        ("XHKG", "2024-04-03T08:30-04:00", "2024-04-05"),  # 20:30 in Hong Kong, and the 4th is a holiday
        ("XHKG", "2024-04-03T09:00+08:00", "2024-04-03"),
        ("XHKG", "2024-04-03T12:30+08:00", "2024-04-03"),
        ("XTKS", "2024-04-03T08:30-04:00", "2024-04-04"),
        ("XTKS", "2024-04-03 15:00+09:00", "2024-04-04"),  # exactly at the close, which was at 15:00 until November
        ("24/7", "2024-04-03T22:30-04:00", "2024-04-04"),
        ("24/7", "2024-04-06T08:30-04:00", "2024-04-06"),  # a Saturday
        ("CMES", "2024-04-07T22:00Z", "2024-04-08"),  # Sunday at 17:00 in Chicago
        ("XNYS", "2024-04-03T13:30Z", "2024-04-03"),
    ],
)
@pytest.mark.parametrize("as_stamp", [False, True])
def test_a_moment_is_placed_on_the_first_session_of_its_exchange(code, moment, session, as_stamp):
    found = study(returns(code), events(pd.Timestamp(moment) if as_stamp else moment), exchange=code)
    assert days(found) == [session]
    written = moment[:10]
    shown = str(pd.Timestamp(moment)) if as_stamp else moment
    expected = [] if session == written else [f"{shown}: the first session of {code} that could react is {session}"]
    assert found.flags.loc[found.flags["flag"] == "moved", "detail"].tolist() == expected
    assert set(found.flags["flag"]) <= {"moved", "partial_session"}


def test_days_stay_days_and_mix_with_moments():
    dates = ("2024-04-05", "2024-04-03T20:30+08:00", date(2024, 3, 1), pd.Timestamp("2024-02-15"), "2024-04-04")
    found = study(returns("XHKG"), events(*dates), exchange="XHKG", non_session="next")
    assert days(found) == ["2024-04-05", "2024-04-05", "2024-03-01", "2024-02-15", "2024-04-05"]
    assert found.flags.loc[found.flags["flag"] == "moved", "event_id"].tolist() == ["1", "4"]


def test_the_exchange_of_an_event_goes_before_the_argument():
    moment = "2024-04-02T20:30+08:00"
    dated = events(moment, moment, moment, exchange=["XHKG", "XNYS", None])
    assert days(study(returns("XHKG"), dated, exchange="XTKS")) == ["2024-04-03", "2024-04-02", "2024-04-03"]
    with pytest.raises(InputError, match=r"^event row 2: 2024-04-02T20:30 has a time of day; give exchange="):
        study(returns("XHKG"), dated)


def test_the_numbers_are_those_of_the_day_that_the_clock_finds():
    frame = returns("XHKG")
    clocked = study(frame, events("2024-04-03T08:30-04:00"), exchange="XHKG")
    by_day = study(frame, events("2024-04-05"))
    pd.testing.assert_frame_equal(clocked.car((-1, 1)), by_day.car((-1, 1)))


def message(error, *args, **options):
    with pytest.raises(error) as caught:
        study(*args, **options)
    return str(caught.value)


def test_a_time_of_day_without_an_exchange_is_refused():
    frame = returns("XHKG")
    expected = (
        "event row 1: 2024-04-03T08:30 has a time of day; give exchange=, whose sessions tell which could react first, "
        "or dates alone"
    )
    for moment in ("2024-04-03T08:30-04:00", "2024-04-03 08:30", pd.Timestamp("2024-04-03 08:30")):
        assert message(InputError, frame, events("2024-04-05", moment)) == expected
        assert message(InputError, frame, events("2024-04-05", moment), non_session="next") == expected


def test_sessions_that_have_a_time_of_day_themselves_are_matched_as_before():
    frame = returns("XHKG")
    frame.index = frame.index + pd.Timedelta(hours=16)
    assert days(study(frame, events(pd.Timestamp("2024-04-05 16:00")))) == ["2024-04-05"]


def test_a_moment_that_leaves_its_zone_open_or_is_none_is_refused():
    frame = returns("XHKG")
    assert message(InputError, frame, events("2024-04-05", "2024-04-03T08:30"), exchange="XHKG") == (
        "event row 1: 2024-04-03T08:30 has a time of day and no time zone; write its offset from UTC, e.g. "
        "2024-04-03T08:30-04:00"
    )
    assert message(InputError, frame, events("2024-04-05", "2024-04-03T25:30Z"), exchange="XHKG") == (
        "events: row 1 (2024-04-03T25:30Z) is not a moment; write it as 2024-04-03T08:30-04:00"
    )
    assert message(OptionError, frame, events("2024-04-05"), exchange="HKEX") == "unknown exchange 'HKEX'; write XHKG"


def test_a_moment_beyond_the_known_sessions_is_left_out_with_its_reason():
    found = study(returns("XHKG"), events("2031-04-03T08:30-04:00", "2024-04-05"), exchange="XHKG")
    assert found.exclusions.to_dict("records") == [
        {
            "event_id": "0",
            "reason": "outside_calendar",
            "detail": "XHKG sessions are known from 1993-01-01 to 2027-12-31",
            "code": "outside_calendar",
            "values": {"exchange": "XHKG", "known_first": "1993-01-01", "known_last": "2027-12-31"},
        }
    ]


def test_flags_stay_with_their_events_when_others_are_left_out():
    dated = events("2024-04-03T08:30-04:00", "2024-04-03T08:30-04:00", event_id=["far", "near"])
    dated["estimation_first"], dated["estimation_last"] = [-13, -60], [-12, -11]
    found = study(returns("XHKG"), dated, exchange="XHKG")
    assert found.exclusions["event_id"].tolist() == ["far"]
    assert found.flags[["event_id", "flag"]].to_numpy().tolist() == [["near", "moved"], ["near", "overlapping_event"]]


def test_many_moments_at_once():
    frame = returns("24/7")
    stamps = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(np.arange(2000) * 60, unit="min")
    dated = pd.DataFrame({"asset": "A", "date": stamps.tz_convert("Asia/Tokyo")})
    assert days(study(frame, dated, exchange="24/7")) == [str(stamp.date()) for stamp in stamps]
