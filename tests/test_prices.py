"""Price records and the checks that prices must pass."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, fields
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.errors import PriceError
from eventstudy.facts import words
from eventstudy.gate.suspicions import JUMP_THRESHOLD
from eventstudy.prices import (
    COLUMNS,
    Finding,
    PricePanel,
    PriceSeries,
    Provenance,
    check_prices,
    check_range,
    check_returns,
    check_sessions,
    require_usable,
)

WEEKDAYS = np.array([day for day in np.arange("2025-01-01", "2025-12-31", dtype="datetime64[D]") if np.is_busday(day)])


def provenance(symbol="X"):
    return Provenance(
        symbol=symbol,
        source="folder",
        publisher=words("test"),
        file=f"{symbol}.csv",
        first=date(2025, 1, 1),
        last=date(2025, 1, 3),
        rows=3,
        sha256="0" * 64,
        adjustment=words("none"),
    )


def series(sessions=("2025-01-01", "2025-01-02", "2025-01-03"), symbol="X", **columns):
    sessions = np.array(sessions, dtype="datetime64[D]")
    columns = columns or {"close": np.linspace(10.0, 11.0, len(sessions))}
    return PriceSeries(symbol=symbol, sessions=sessions, provenance=provenance(symbol), **{"close": None, **columns})


def said(finding):
    """What a finding's sentence says after the symbol and the session."""
    return str(finding).partition(": ")[2]


def found(findings):
    return [(f.what, str(f.session) if f.session else None, f.fatal, said(f)) for f in findings]


# --- Records ------------------------------------------------------------------------------------------------------


def test_arrays_are_copied_and_read_only():
    sessions = np.array(["2025-01-01", "2025-01-02"], dtype="datetime64[D]")
    given_columns = {name: np.array([10.0, 11.0]) for name in COLUMNS}
    one = PriceSeries(symbol="X", sessions=sessions, provenance=provenance(), **given_columns)
    sessions[0] = np.datetime64("1999-01-01")
    for values in given_columns.values():
        values[:] = -1
    assert one.sessions[0] == np.datetime64("2025-01-01")
    for name in COLUMNS:
        assert getattr(one, name).tolist() == [10.0, 11.0]
        with pytest.raises(ValueError, match="read-only"):
            getattr(one, name)[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        one.sessions[0] = np.datetime64("2025-01-05")


@pytest.mark.parametrize(
    "record",
    [provenance(), series(), PricePanel({"X": series()}), Finding("X", None, "shape", "there are no rows", True)],
    ids=lambda record: type(record).__name__,
)
def test_records_are_frozen(record):
    for field in fields(record):
        with pytest.raises(FrozenInstanceError):
            setattr(record, field.name, None)


def test_a_panel_does_not_change_with_its_input():
    given_series = {"A": series(symbol="A")}
    panel = PricePanel(given_series)
    given_series["B"] = series(symbol="B")
    assert panel.symbols == ("A",)
    with pytest.raises(TypeError):
        panel.series["B"] = series(symbol="B")


def test_panel_is_a_mapping_in_the_order_given():
    panel = PricePanel({"B": series(symbol="B"), "A": series(symbol="A")})
    assert (panel.symbols, list(panel), len(panel), "A" in panel, "C" in panel) == (
        ("B", "A"),
        ["B", "A"],
        2,
        True,
        False,
    )
    assert panel["A"].symbol == "A"


def test_a_missing_symbol_is_told_with_what_there_is():
    with pytest.raises(PriceError) as caught:
        PricePanel({"A": series(symbol="A"), "B": series(symbol="B")})["C"]
    assert str(caught.value) == (
        "no prices for 'C'; there are prices for A, B; "
        "add C.csv to a folder of price files and name the folder as the source"
    )
    assert caught.value.exit_code == 3


def test_a_panel_survives_pickling():
    panel = pickle.loads(pickle.dumps(PricePanel({"A": series(symbol="A")})))
    assert panel["A"].close.tolist() == [10.0, 10.5, 11.0]


def test_position_of_a_session():
    one = series(["2025-01-02", "2025-01-06"])
    for session in (
        date(2025, 1, 6),
        pd.Timestamp("2025-01-06"),
        np.datetime64("2025-01-06"),
    ):
        assert one.position(session) == 1
    for absent in ("2025-01-01", "2025-01-03", "2025-01-07"):
        assert one.position(date.fromisoformat(absent)) is None


def test_a_column_that_is_not_there_is_refused():
    one = series(symbol="688256", adj_close=np.array([1.0, 2.0, 3.0]))
    assert one.column("adj_close") is one.adj_close
    with pytest.raises(PriceError) as caught:
        one.column("close")
    assert str(caught.value) == (
        "688256: 688256.csv has no close, only adj_close; supply a file that has a column close"
    )


def test_to_frame_is_sessions_by_symbols_with_nan_where_there_is_no_row():
    panel = PricePanel(
        {
            "B": series(["2025-01-03", "2025-01-06"], "B", close=np.array([1.0, 2.0])),
            "A": series(["2025-01-02", "2025-01-06"], "A", close=np.array([3.0, 4.0])),
        }
    )
    frame = panel.to_frame("close")
    assert list(frame.columns) == ["B", "A"]
    assert frame.index.equals(pd.DatetimeIndex(["2025-01-02", "2025-01-03", "2025-01-06"]))
    np.testing.assert_array_equal(frame.to_numpy(), [[np.nan, 3], [1, np.nan], [2, 4]])
    frame.loc["2025-01-06", "A"] = -1.0
    assert panel["A"].close.tolist() == [3.0, 4.0]


# --- Checks -------------------------------------------------------------------------------------------------------


def test_a_clean_series_has_no_findings():
    one = series(WEEKDAYS[:3], open=[9, 9, 9], high=[11, 11, 11], low=[8, 8, 8], close=[10, 9, 8], volume=[1, 1, 1])
    assert check_prices(one, sessions=WEEKDAYS, listed=date(2020, 1, 1)) == ()


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        (
            ["2025-01-03", "2025-01-02", "2025-01-06"],
            [("order", "2025-01-02", True, "the row comes after 2025-01-03; sort the rows by date")],
        ),
        (
            ["2025-01-02", "2025-01-02", "2025-01-03"],
            [("duplicate", "2025-01-02", True, "the session stands there twice; keep one row")],
        ),
        (["2025-01-02", "NaT", "2025-01-03"], [("shape", None, True, "a row has no session")]),
        ([], [("shape", None, True, "there are no rows")]),
    ],
)
def test_order_of_the_rows(sessions, expected):
    assert found(check_prices(series(sessions), sessions=WEEKDAYS)) == expected


def test_shape():
    one = series(close=np.ones(3), open=np.ones(2))
    assert found(check_prices(one)) == [("shape", None, True, "open has the shape (2,); 3 sessions need (3,)")]
    assert found(check_prices(series(volume=np.ones(3)))) == [
        ("shape", None, True, "there is neither a close nor an adj_close")
    ]


@pytest.mark.parametrize("bad", [0.0, -1.5, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", COLUMNS[:-1])
def test_prices_must_be_finite_and_positive(column, bad):
    columns = {"close": [10.0, 10.0, 10.0], column: [10.0, bad, 10.0]}
    findings = [f for f in check_prices(series(**columns)) if f.what != "range"]
    shown = {"0.0": "0"}.get(str(bad), str(bad))
    detail = f"{column} is {shown}; it must be a finite number, above 0"
    assert found(findings) == [("price", "2025-01-02", True, detail)]


def test_volume():
    findings = check_prices(series(close=[10, 10, 10], volume=[-1, 0, np.nan]))
    assert found(findings) == [
        ("volume", "2025-01-01", True, "volume is -1; it must be a finite number, 0 or more"),
        (
            "no_trade",
            "2025-01-02",
            False,
            "volume is 0: the price may be carried over; a session without a trade should have no row",
        ),
        ("volume", "2025-01-03", True, "volume is nan; it must be a finite number, 0 or more"),
    ]


def test_rows_without_a_volume_are_told_once_a_run():
    days = np.arange("2025-01-01", "2025-01-08", dtype="datetime64[D]")
    findings = check_prices(series(days, close=np.linspace(10, 11, 7), volume=[5, 0, 0, 0, 5, 0, 5]))
    assert [(str(f.session), str(f.last)) for f in findings] == [
        ("2025-01-02", "2025-01-04"),
        ("2025-01-06", "None"),
    ]
    assert str(findings[0]) == (
        "X 2025-01-02: volume is 0 on 3 sessions to 2025-01-04: the price may be carried over; "
        "sessions without a trade should have no row"
    )


def test_an_adjusted_close_that_does_not_follow_the_close_is_told():
    draws = np.random.default_rng(3).normal(0, 0.02, 60)
    close = np.round(50 * np.exp(np.cumsum(draws)), 2)
    paid = np.where(np.arange(60) < 30, 0.97, 1.0)
    days = np.datetime64("2025-01-01") + np.arange(60)
    told = [
        f for f in check_prices(series(days, close=close, adj_close=np.round(paid * close, 2))) if f.what == "adjusted"
    ]
    assert told == []
    for wrong in ((paid * close)[::-1], np.roll(close, 1), close[::-1]):
        (finding,) = [f for f in check_prices(series(days, close=close, adj_close=wrong)) if f.what == "adjusted"]
        assert not finding.fatal
        assert finding.fact.values["of"] == 59
        assert finding.fact.values["n"] > 40
    assert said(finding) == (
        f"the adjusted close does not follow the close on {finding.fact.values['n']} of 59 sessions, of which few can "
        "have a dividend: it may be another share's, or in another order; returns are taken from it"
    )


@pytest.mark.parametrize(
    ("bar", "details"),
    [
        ({"open": 12, "high": 11, "low": 8, "close": 10}, ["high 11 is below open 12"]),
        ({"open": 9, "high": 9.5, "low": 8, "close": 10}, ["high 9.5 is below close 10"]),
        ({"open": 7, "high": 11, "low": 8, "close": 10}, ["open 7 is below low 8"]),
        ({"open": 9, "high": 11, "low": 8, "close": 7.25}, ["close 7.25 is below low 8"]),
        (
            {"open": 9, "high": 8, "low": 9, "close": 8.5},
            [
                "high 8 is below low 9",
                "high 8 is below open 9",
                "high 8 is below close 8.5",
                "close 8.5 is below low 9",
            ],
        ),
        ({"open": 9, "high": 9, "low": 9, "close": 9}, []),
        ({"high": 8, "low": 9, "adj_close": 1, "close": 8}, ["high 8 is below low 9", "close 8 is below low 9"]),
    ],
)
def test_the_high_is_the_highest_and_the_low_the_lowest(bar, details):
    one = series(["2025-01-02"], **{name: [float(value)] for name, value in bar.items()})
    assert [said(f) for f in check_range(one)] == details
    assert {(f.what, f.session, f.fatal) for f in check_range(one)} <= {("range", date(2025, 1, 2), True)}


def test_a_jump_is_reported_but_not_fatal():
    one = series(close=[10.0, 10.0 * (1 + JUMP_THRESHOLD) + 0.01, 5.0])
    assert found(check_prices(one)) == [
        (
            "jump",
            "2025-01-02",
            False,
            "close goes from 10 to 13.01, a move of +30.1%: genuine, or a split or a wrong price",
        ),
        (
            "jump",
            "2025-01-03",
            False,
            "close goes from 13.01 to 5, a move of -61.6%: genuine, or a split or a wrong price",
        ),
    ]
    require_usable(check_prices(one))


def test_a_jump_up_to_the_threshold_is_not_reported():
    assert check_returns(series(close=[100.0, 129.99, 91.0])) == ()


def test_a_jump_of_the_adjusted_close_alone_is_reported_once():
    one = series(close=[10, 10, 20], adj_close=[10, 20, 40])
    assert [(str(f.session), said(f).split()[0]) for f in check_returns(one)] == [
        ("2025-01-03", "close"),
        ("2025-01-02", "adj_close"),
    ]


def test_a_split_a_wrong_price_and_closes_carried_forward_are_each_reported_once():
    days = [f"2025-01-{day:02d}" for day in range(1, 14)]
    one = series(days, close=[10.0, 10.1, 5.05, 5.0, 50.5, 5.1, *[5.2] * 6, 5.3])
    assert [(f.what, str(f.session), f.fatal) for f in check_prices(one)] == [
        ("split_ratio", "2025-01-03", False),
        ("reversal", "2025-01-05", False),
        ("stale", "2025-01-08", False),
    ]
    split, reversal, stale = map(said, check_prices(one))
    assert split == (
        "close goes from 10.1 to 5.05, a move of -50.0%, about that of a split of 2 for 1: genuine, or a split that "
        "the prices are not adjusted for"
    )
    assert reversal == (
        "close goes from 5 to 50.5, a move of +910.0% that the next return undoes (-89.9%): genuine, or a wrong price"
    )
    assert stale == (
        "close stays at 5.2 until 2025-01-12, 5 returns of exactly 0 in a row: the closes were "
        "carried forward, or nothing was traded"
    )


def test_prices_in_suspicions_have_at_most_six_digits():
    closes = [105.44798900122412, 33.333333333, 33.4, 1234567.25, 1234567.25, 1234567.0]
    days = np.datetime64("2025-01-01") + np.arange(6)
    texts = [said(f) for f in check_prices(series(days, close=closes))]
    assert texts[0].startswith("close goes from 105.448 to 33.3333, a move of")
    assert texts[1].startswith("close goes from 33.4 to 1234570, a move of")


def test_the_listing_day_does_not_jump():
    one = series(close=[114.28, 600.50, 594.25])
    assert [f.what for f in check_returns(one)] == ["jump"]
    assert check_returns(one, listed=date(2025, 1, 2)) == ()


def test_a_bad_price_is_no_jump():
    findings = check_prices(series(close=[10.0, 0.0, 10.0]))
    assert [f.what for f in findings] == ["price"]


def test_a_row_on_no_session_is_fatal():
    one = series(["2025-01-03", "2025-01-04", "2025-01-06"])
    findings = check_prices(one, sessions=WEEKDAYS)
    assert found(findings) == [("not_a_session", "2025-01-04", True, "the exchange had no session; remove the row")]


def test_rows_before_the_listing_are_fatal_and_make_no_hole():
    one = series(["2025-01-02", "2025-01-04", "2025-01-07", "2025-01-08"])
    findings = check_prices(one, sessions=WEEKDAYS, listed=date(2025, 1, 7))
    assert found(findings) == [
        ("before_listing", day, True, "the row is before the listing on 2025-01-07; remove it")
        for day in ("2025-01-02", "2025-01-04")
    ]


def test_a_row_inside_a_suspension_is_fatal():
    one = series(["2025-01-02", "2025-01-03", "2025-01-06"])
    findings = check_prices(one, sessions=WEEKDAYS, suspensions=[(date(2025, 1, 3), date(2025, 1, 5))])
    assert found(findings) == [
        (
            "in_suspension",
            "2025-01-03",
            True,
            "trading was suspended, so the price is carried over; remove it",
        )
    ]


def test_holes_and_suspensions_are_told_apart_run_by_run():
    # rows on 2 Jan (Thu), 8 Jan (Wed), 9 Jan, 14 Jan (Tue); suspended 3 to 6 Jan
    one = series(["2025-01-02", "2025-01-08", "2025-01-09", "2025-01-14"])
    findings = check_prices(one, sessions=WEEKDAYS, suspensions=[(date(2025, 1, 3), date(2025, 1, 6))])
    assert [(f.what, str(f.session), str(f.last), f.fatal) for f in findings] == [
        ("suspension", "2025-01-03", "2025-01-06", False),
        ("hole", "2025-01-07", "2025-01-07", False),
        ("hole", "2025-01-10", "2025-01-13", False),
    ]
    assert [said(f) for f in findings] == [
        "2 sessions without a row, 2025-01-03 to 2025-01-06: trading was suspended; "
        "treated as missing, the next return spans 4 sessions",
        "1 session without a row, 2025-01-07: not traded or not recorded; "
        "treated as missing, the next return spans 4 sessions",
        "2 sessions without a row, 2025-01-10 to 2025-01-13: not traded or not recorded; "
        "treated as missing, the next return spans 3 sessions",
    ]


def test_rows_outside_the_known_sessions_are_reported():
    one = series(["2025-01-02", "2025-01-03", "2026-01-02"])
    findings = check_sessions(one, WEEKDAYS)
    assert found(findings) == [
        (
            "unchecked",
            "2026-01-02",
            False,
            "1 row outside the known sessions (2025-01-01 to 2025-12-30), not held against them",
        )
    ]
    nothing_known = check_sessions(one, WEEKDAYS[:0])
    assert [said(f) for f in nothing_known] == ["3 rows outside the known sessions (no day), not held against them"]


@given(st.data())
def test_holes_are_exactly_the_sessions_left_out(data):
    calendar = WEEKDAYS[:60]
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=60, max_size=60)), dtype=bool)
    suspended = sorted(data.draw(st.tuples(st.integers(0, 59), st.integers(0, 59))))
    kept[suspended[0] : suspended[1] + 1] = False
    if not kept.any():
        return
    rows = np.flatnonzero(kept)
    expected = {day for index, day in enumerate(calendar) if rows[0] < index < rows[-1] and not kept[index]}
    span = (calendar[suspended[0]].item(), calendar[suspended[1]].item())
    findings = check_sessions(series(calendar[kept]), calendar, suspensions=[span])
    runs = [(np.datetime64(f.session), np.datetime64(f.last), f.what) for f in findings]
    covered = [day for first, last, _ in runs for day in calendar if first <= day <= last]
    assert len(covered) == len(set(covered))
    assert set(covered) == expected
    for first, last, what in runs:
        inside = span[0] <= first.item() and last.item() <= span[1]
        assert what == ("suspension" if inside else "hole")


@given(st.data())
def test_the_order_of_the_calendar_is_all_that_counts(data):
    """Dropping sessions after the last row or before the first changes nothing."""
    kept = data.draw(st.lists(st.integers(20, 39), min_size=1, unique=True).map(sorted))
    one = series(WEEKDAYS[kept])
    assert check_sessions(one, WEEKDAYS) == check_sessions(one, WEEKDAYS[kept[0] : kept[-1] + 1])


def test_every_fatal_finding_is_listed():
    broken = series(symbol="A", close=[0.0, 10.0, -1.0])
    empty = series([], symbol="B")
    fine = series(symbol="C", close=[10.0, 20.0, 20.0])
    findings = [finding for one in (broken, empty, fine) for finding in check_prices(one)]
    with pytest.raises(PriceError) as caught:
        require_usable(findings)
    assert str(caught.value) == (
        "A 2025-01-01: close is 0; it must be a finite number, above 0\n"
        "A 2025-01-03: close is -1; it must be a finite number, above 0\n"
        "B: there are no rows"
    )
