"""Vendors' tables made into price series: what is dropped or mended is noted, the rest refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.errors import ChangedFormatError, NoDataError
from eventstudy.facts import words
from eventstudy.prices import PriceSeries, Provenance
from eventstudy.sources.own.folder import Origin, parse_prices
from eventstudy.sources.traded import days_told
from eventstudy.sources.vendors.bars import Bars, from_frame, series_csv, tidy

NAMES = {"日期": "date", "收盘": "close", "成交量": "volume", "成交额": "amount"}
FIRST, LAST = dt.date(2025, 12, 1), dt.date(2025, 12, 31)
MOVED = "its columns may have moved: update the vendor's library, or use another source"


def frame(days=("2025-12-08", "2025-12-09"), closes=(10.0, 11.0)):
    n = len(days)
    return pd.DataFrame({"日期": list(days), "收盘": list(closes), "成交量": [5.0] * n, "成交额": [50.0] * n})


def read(table, names=NAMES):
    return from_frame(table, names, "eastmoney", "688795")


def bars(closes, days=None, amount=None, **columns):
    days = [f"2025-12-{8 + i:02}" for i in range(len(closes))] if days is None else days
    arrays = {name: np.array(values, dtype=float) for name, values in columns.items()}
    return Bars(
        np.array(days, dtype="datetime64[D]"),
        {"close": np.array(closes, dtype=float), **arrays},
        None if amount is None else np.array(amount, dtype=float),
    )


def tidied(table, kind="share", first=FIRST, last=LAST, are_sessions=None):
    sessions, columns, notes = tidy(table, "sina", "sh688795", kind, first, last, are_sessions)
    assert sessions.dtype == "datetime64[D]"
    assert all(values.dtype == float and values.shape == sessions.shape for values in columns.values())
    figures = {name: values.tolist() for name, values in columns.items()}
    return [str(day) for day in sessions], figures, tuple(map(str, notes))


def refused(error, call, *args, **named):
    with pytest.raises(error) as caught:
        call(*args, **named)
    assert type(caught.value) is error
    return str(caught.value)


# --- A library's frame -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [pd.DataFrame(), frame((), ()), frame().iloc[:0], pd.DataFrame(index=[0, 1])])
def test_an_empty_frame_with_and_without_columns_is_no_data(table):
    assert refused(NoDataError, read, table) == (
        "eastmoney: 688795: an empty table came; check the symbol and the dates"
    )


def test_missing_columns_are_named_beside_those_that_came():
    assert refused(ChangedFormatError, read, frame().drop(columns=["收盘", "成交额"])) == (
        "eastmoney: 688795: the table has no column 收盘, 成交额, only 日期, 成交量; "
        "update the vendor's library, or use another source"
    )
    assert refused(ChangedFormatError, read, pd.DataFrame({0: [1]})) == (
        "eastmoney: 688795: the table has no column 日期, 收盘, 成交量, 成交额, only 0; "
        "update the vendor's library, or use another source"
    )


def test_a_column_that_stands_there_twice_is_refused():
    table = frame()
    table.columns = ["日期", "收盘", "收盘", "成交额"]
    assert refused(ChangedFormatError, read, table, {"日期": "date", "收盘": "close"}) == (
        "eastmoney: 688795: the table has 收盘 more than once; update the vendor's library, or use another source"
    )


def test_columns_that_are_not_asked_for_are_left():
    found = read(frame().assign(涨跌幅=["x", "y"]))
    assert list(found.columns) == ["close", "volume"]
    assert found.amount.tolist() == [50.0, 50.0]
    assert read(frame(), {"日期": "date", "收盘": "close"}).amount is None


DATES = {
    "text": ["2025-12-08", "2025-12-09"],
    "text without dashes": ["20251208", "20251209"],
    "dates": [dt.date(2025, 12, 8), dt.date(2025, 12, 9)],
    "datetimes": pd.to_datetime(["2025-12-08", "2025-12-09"]),
    "midnights in New York": pd.to_datetime(["2025-12-08", "2025-12-09"]).tz_localize("America/New_York"),
    "midnights in Shanghai": pd.to_datetime(["2025-12-08", "2025-12-09"]).tz_localize("Asia/Shanghai"),
    "text with an offset": ["2025-12-08 00:00:00+08:00", "2025-12-09 00:00:00+08:00"],
    "times of the day": pd.to_datetime(["2025-12-08 15:00", "2025-12-09 15:00"]),
}


@pytest.mark.parametrize("form", DATES)
def test_a_date_is_the_day_as_written_at_the_exchange(form):
    found = read(frame(DATES[form]))
    assert found.sessions.dtype == "datetime64[D]"
    assert [str(day) for day in found.sessions] == ["2025-12-08", "2025-12-09"]


def test_a_zone_with_summer_time_keeps_its_days():
    days = pd.to_datetime(["2025-03-07", "2025-03-10"]).tz_localize("America/New_York")
    assert [str(day) for day in read(frame(days)).sessions] == ["2025-03-07", "2025-03-10"]


@pytest.mark.parametrize(
    "days",
    [
        ["2025-12-08", "n/a"],
        ["2025-12-08", None],
        ["08/12/2025", "09/12/2025"],
        [20251208, 20251209],
        [1765152000, 1765238400],
        [1765152000.0, 1765238400.0],
        ["2025-07-08 00:00:00-04:00", "2025-12-09 00:00:00-05:00"],
    ],
)
def test_a_date_that_cannot_be_read_for_certain_is_refused(days):
    """A number would be taken for nanoseconds since 1970, 08/12 for August in one country and December in another."""
    assert refused(ChangedFormatError, tidied, read(frame(days))) == (
        "sina: sh688795: a row has no date that can be read; update the vendor's library"
    )


def test_numbers_as_texts_are_numbers():
    found = read(frame(closes=("10.5", "1e2")))
    assert found.columns["close"].tolist() == [10.5, 100.0]


@pytest.mark.parametrize("nothing", [None, float("nan"), "", "-", "--", " - ", "nan", "None", "N/A"])
def test_no_figure_is_nan(nothing):
    assert np.isnan(read(frame(closes=(10.0, nothing))).columns["close"]).tolist() == [False, True]


@pytest.mark.parametrize("text", ["1,234.5", "1234.5元", "平安", "2025-12-08", "12%"])
def test_a_text_where_a_figure_should_be_is_refused_and_not_taken_for_no_trade(text):
    assert refused(ChangedFormatError, read, frame(closes=("10.5", text))) == (
        f"eastmoney: 688795: close is {text!r}, which is no number; {MOVED}"
    )


# --- In order, once each ---------------------------------------------------------------------------------------------


def test_bars_in_order_are_left_as_they_are_without_a_note():
    table = bars([10.0, 11.0], open=[9.0, 10.5], high=[12.0, 11.0], low=[9.0, 10.0], volume=[1.0, 2.0])
    days, columns, notes = tidied(table)
    assert (days, notes) == (["2025-12-08", "2025-12-09"], ())
    assert columns == {name: values.tolist() for name, values in table.columns.items()}


def test_rows_out_of_order_are_sorted_with_their_figures_and_noted():
    table = bars([12.0, 10.0, 11.0], ["2025-12-10", "2025-12-08", "2025-12-09"], volume=[3.0, 1.0, 2.0])
    days, columns, notes = tidied(table)
    assert days == ["2025-12-08", "2025-12-09", "2025-12-10"]
    assert columns == {"close": [10.0, 11.0, 12.0], "volume": [1.0, 2.0, 3.0]}
    assert notes == ("the rows came out of order and were sorted by date",)


@given(st.permutations(range(6)))
def test_any_order_gives_the_same_bars(order):
    table = bars([10.0, 11.0, 12.0, 13.0, 14.0, 15.0], volume=[1.0, 2.0, 0.0, 4.0, 5.0, 6.0])
    mixed = Bars(table.sessions[order], {name: values[order] for name, values in table.columns.items()})
    assert tidied(mixed)[:2] == tidied(table)[:2]


def test_identical_rows_are_taken_once_and_noted():
    days = ["2025-12-08", "2025-12-08", "2025-12-09", "2025-12-09", "2025-12-09"]
    found = tidied(bars([10.0, 10.0, 11.0, 11.0, 11.0], days, volume=[np.nan, np.nan, 2.0, 2.0, 2.0]))
    assert found[:2] == (["2025-12-08", "2025-12-09"], {"close": [10.0, 11.0]})
    assert found[2][0] == "rows that came twice were dropped: 3 sessions from 2025-12-08 to 2025-12-09"


@pytest.mark.parametrize(
    ("closes", "volumes", "differ"),
    [
        ([10.0, 10.5], [1.0, 1.0], "close 10 and 10.5"),
        ([1234567.25, 1234567.5], [1.0, 1.0], "close 1234567.25 and 1234567.5"),
        ([10.0, 10.0], [1.0, 2.0], "volume 1 and 2"),
        ([10.0, np.nan], [1.0, 1.0], "close 10 and nan"),
    ],
)
def test_a_session_with_two_different_bars_is_refused_with_both(closes, volumes, differ):
    table = bars(closes, ["2025-12-08", "2025-12-08"], volume=volumes)
    assert refused(ChangedFormatError, tidied, table) == (
        f"sina: sh688795: 2025-12-08 came twice with different figures ({differ}); use another source"
    )


# --- The range -------------------------------------------------------------------------------------------------------


def test_the_first_and_the_last_day_are_included_and_what_is_outside_left_out():
    days = ["2025-12-05", "2025-12-08", "2025-12-09", "2025-12-10"]
    table = bars([9.0, 10.0, 11.0, 12.0], days)
    found = tidied(table, first=dt.date(2025, 12, 8), last=dt.date(2025, 12, 9))
    assert found == (["2025-12-08", "2025-12-09"], {"close": [10.0, 11.0]}, ())


def test_faults_outside_the_range_are_nobody_s_business():
    table = bars([-1.0, 10.0, 11.0, 12.0], ["2025-11-03", "2025-12-08", "2026-01-05", "2026-01-05"])
    assert tidied(table) == (["2025-12-08"], {"close": [10.0]}, ())


NOTHING = "sina: sh688795: no bars from 2025-12-01 to 2025-12-31"


def test_no_bars_in_the_range_are_no_data():
    assert refused(NoDataError, tidied, bars([])) == f"{NOTHING}; check the symbol and the dates"
    assert refused(NoDataError, tidied, bars([10.0], ["2026-01-05"])) == f"{NOTHING}; check the symbol and the dates"
    assert refused(NoDataError, tidied, bars([np.nan, 0.0])) == (
        f"{NOTHING}; no close came for 2025-12-08 and 2025-12-09; check the symbol and the dates"
    )


def test_a_range_of_which_no_session_is_over_says_so():
    assert refused(NoDataError, tidied, bars([10.0]), first=LAST, last=dt.date(2025, 12, 30)) == (
        "sina: sh688795: no session from 2025-12-31 on is over yet; run again after the close"
    )


# --- Sessions without a trade ----------------------------------------------------------------------------------------


def test_rows_without_a_close_are_left_out_and_noted():
    days, columns, notes = tidied(bars([np.nan, 10.0, np.nan, np.nan]))
    assert (days, columns) == (["2025-12-09"], {"close": [10.0]})
    assert notes == ("no close came for 3 sessions from 2025-12-08 to 2025-12-11",)


def test_a_row_of_zeros_is_no_bar():
    zeros = {"open": [0.0, 10.0], "high": [0.0, 11.0], "low": [0.0, 9.0], "volume": [0.0, 5.0]}
    days, _, notes = tidied(bars([0.0, 10.0], **zeros))
    assert (days, notes) == (["2025-12-09"], ("no close came for 2025-12-08",))


def test_a_close_of_zero_in_a_session_with_trades_is_refused():
    assert refused(ChangedFormatError, tidied, bars([0.0, 10.0], volume=[7.0, 5.0])) == (
        f"sina: sh688795: close is 0 on 2025-12-08; {MOVED}"
    )


@pytest.mark.parametrize("kind", ["share", "fund"])
def test_a_price_carried_through_a_halt_is_no_bar_of_a_share_or_fund(kind):
    days, columns, notes = tidied(bars([10.0, 10.0, 11.0], volume=[5.0, 0.0, 6.0]), kind)
    assert (days, columns) == (["2025-12-08", "2025-12-10"], {"close": [10.0, 11.0], "volume": [5.0, 6.0]})
    assert notes == ("volume 0, so no trade, and no bar taken: 2025-12-09",)


def closed_on(*days):
    return lambda asked: ~np.isin(asked, np.array(days, dtype="datetime64[D]"))


@pytest.mark.parametrize(
    ("kind", "volume"), [("index", [5.0, 7.0, 6.0]), ("index", None), ("share", [5.0, np.nan, 6.0]), ("share", None)]
)
def test_a_price_carried_to_a_holiday_is_no_bar(kind, volume):
    """Yahoo has rows of holidays with the close before them; an index has no volume that would tell."""
    table = bars([10.0, 10.0, 11.0], **({} if volume is None else {"volume": volume}))
    days, columns, notes = tidied(table, kind, are_sessions=closed_on("2025-12-09"))
    assert (days, columns["close"]) == (["2025-12-08", "2025-12-10"], [10.0, 11.0])
    assert notes == ("no session, so no bar taken: 2025-12-09",)


def test_the_first_row_may_be_carried_from_before_the_range():
    days, _, _ = tidied(bars([10.0, 10.5, 11.0]), "index", are_sessions=closed_on("2025-12-08"))
    assert days == ["2025-12-09", "2025-12-10"]


def test_an_unchanged_close_of_a_session_stays():
    days, _, notes = tidied(bars([10.0, 10.0, 10.0]), "index", are_sessions=closed_on())
    assert (len(days), notes) == (3, ())


@pytest.mark.parametrize(("closes", "volume"), [([10.0, 10.1, 11.0], None), ([10.0, 10.0, 11.0], [5.0, 3.0, 6.0])])
def test_a_bar_of_a_holiday_that_is_not_carried_is_left_to_be_refused(closes, volume):
    table = bars(closes, **({} if volume is None else {"volume": volume}))
    assert len(tidied(table, are_sessions=closed_on("2025-12-09"))[0]) == 3


def test_volume_zero_throughout_drops_nothing_but_is_noted():
    days, columns, notes = tidied(bars([10.0, 11.0], volume=[0.0, 0.0]))
    assert (len(days), columns["volume"]) == (2, [0.0, 0.0])
    assert notes == ("no volume above 0 came: the vendor gives none, or nothing was traded",)


def test_an_index_has_a_bar_whatever_its_volume_which_is_left_out():
    """Shares, lots or money, by vendor and index; nothing tells which."""
    table = bars([3000.0, 3001.0], volume=[0.0, 5.0], amount=[0.0, 15005.0])
    assert tidied(table, "index") == (["2025-12-08", "2025-12-09"], {"close": [3000.0, 3001.0]}, ())


def test_a_volume_that_does_not_come_for_every_session_is_left_out():
    """A series has a volume for each session or none: the strict price file takes no empty cell."""
    days, columns, notes = tidied(bars([10.0, 11.0], volume=[5.0, np.nan]))
    assert (len(days), list(columns)) == (2, ["close"])
    assert notes == ("no volume came for 2025-12-09, so it was left out",)


# --- What cannot be bars ---------------------------------------------------------------------------------------------

BAR = {"open": [10.0, 10.0], "high": [12.0, 12.0], "low": [9.0, 9.0], "adj_close": [8.0, 8.5], "volume": [5.0, 5.0]}


@pytest.mark.parametrize(
    ("name", "figure", "text"),
    [
        ("close", -1.0, "-1"),
        ("close", np.inf, "inf"),
        ("open", 0.0, "0"),
        ("open", np.nan, "nan"),
        ("adj_close", np.nan, "nan"),
        ("adj_close", -0.5, "-0.5"),
        ("volume", -5.0, "-5"),
        ("volume", np.inf, "inf"),
    ],
)
def test_a_figure_that_no_bar_has_is_refused(name, figure, text):
    columns = {"close": [11.0, 11.0], **BAR}
    columns[name] = [columns[name][0], figure]
    closes = columns.pop("close")
    assert refused(ChangedFormatError, tidied, bars(closes, **columns)) == (
        f"sina: sh688795: {name} is {text} on 2025-12-09; {MOVED}"
    )


@pytest.mark.parametrize(
    ("name", "figure", "what"),
    [
        ("high", 8.5, "high 8.5 is below low 9"),
        ("high", 9.5, "high 9.5 is below open 10"),
        ("high", 10.5, "high 10.5 is below close 11"),
        ("low", 10.5, "open 10 is below low 10.5"),
        ("high", 10.99, "high 10.99 is below close 11"),
    ],
)
def test_prices_out_of_the_order_of_a_bar_are_refused(name, figure, what):
    columns = {**BAR, name: [BAR[name][0], figure]}
    assert refused(ChangedFormatError, tidied, bars([11.0, 11.0], **columns)) == (
        f"sina: sh688795: {what} on 2025-12-09; {MOVED}"
    )


def test_a_high_or_low_that_misses_a_price_by_rounding_is_set_to_it():
    """10.03 kept with 32 bits is 10.029999732971191."""
    kept = float(np.float32(10.03))
    table = bars([10.03, 11.0], open=[10.0, 11.0], high=[kept, 11.5], low=[10.0, np.nextafter(11.0, 12.0)])
    days, columns, notes = tidied(table)
    assert columns["high"] == [10.03, 11.5] and columns["low"] == [10.0, 11.0]
    assert notes == (
        "high missed another price of its bar by rounding and was set to it: 2025-12-08",
        "low missed another price of its bar by rounding and was set to it: 2025-12-09",
    )
    parse_prices(series_csv(series(days, columns)), "made.csv", ORIGIN)


def test_a_high_that_misses_by_more_than_rounding_is_refused():
    assert refused(ChangedFormatError, tidied, bars([10.0], high=[10.0 * (1 - 2e-6)])) == (
        f"sina: sh688795: high 9.99998 is below close 10 on 2025-12-08; {MOVED}"
    )


# --- The unit of the volume ------------------------------------------------------------------------------------------

CLOSES, SHARES = [10.0, 11.0, 12.0], [1000.0, 2000.0, 1500.0]
TURNOVER = [10100.0, 21500.0, 18300.0]


def test_a_volume_in_shares_stays():
    _, columns, notes = tidied(bars(CLOSES, volume=SHARES, amount=TURNOVER))
    assert (columns["volume"], notes) == (SHARES, ())


def test_a_volume_in_lots_is_given_in_shares_and_noted():
    _, columns, notes = tidied(bars(CLOSES, volume=[10.0, 20.0, 15.0], amount=TURNOVER))
    assert columns["volume"] == SHARES
    assert notes == ("volume came in lots of 100 (by turnover / (volume x close)) and is given in shares",)


@pytest.mark.parametrize(
    "amount",
    [
        [value * 7.2 for value in TURNOVER],  # yuan beside closes in dollars
        [value / 1e4 for value in TURNOVER],  # ten thousands
        [0.0, 0.0, 0.0],
        [np.nan, np.nan, np.nan],
    ],
)
def test_a_volume_of_an_unknown_unit_is_left_out(amount):
    _, columns, notes = tidied(bars(CLOSES, volume=SHARES, amount=amount))
    assert list(columns) == ["close"]
    assert notes == ("the unit of the volume cannot be told, so it was left out",)


def test_a_unit_that_changes_inside_the_series_is_not_told_by_its_majority():
    """Three sessions in shares and one in lots: all in shares would make that session's volume a hundredth."""
    _, columns, notes = tidied(bars([*CLOSES, 13.0], volume=[*SHARES, 20.0], amount=[*TURNOVER, 26000.0]))
    assert list(columns) == ["close"]
    assert notes == ("the unit of the volume is not that of the other sessions for 2025-12-11, so it was left out",)


def test_a_session_without_a_turnover_does_not_hide_the_unit():
    _, columns, _ = tidied(bars(CLOSES, volume=[10.0, 20.0, 15.0], amount=[0.0, 21500.0, np.nan]))
    assert columns["volume"] == SHARES


def test_without_a_turnover_the_volume_is_taken_as_it_came():
    assert tidied(bars(CLOSES, volume=SHARES))[1]["volume"] == SHARES


# --- The file of a series --------------------------------------------------------------------------------------------

MADE = words("Made")
ORIGIN = Origin("x", "live", MADE, "made/x", words("unadjusted"))


def series(days, columns):
    days = np.array(days, dtype="datetime64[D]")
    blank = Provenance("x", "live", MADE, "made/x", days[0].item(), days[-1].item(), len(days), "", words("unadjusted"))
    arrays = {name: np.array(values) for name, values in columns.items()}
    return PriceSeries(symbol="x", sessions=days, provenance=blank, **{"close": None, **arrays})


def test_the_file_of_a_series_is_plain():
    columns = {"close": [10.0, 1e-5, 1e20], "volume": [0.0, 123456789012.0, 1.5]}
    assert series_csv(series(["2025-12-08", "2025-12-09", "2025-12-10"], columns)).decode() == (
        "date,close,volume\n2025-12-08,10,0\n2025-12-09,1e-05,123456789012\n2025-12-10,1e+20,1.5\n"
    )


PRICES = st.one_of(
    st.floats(min_value=5e-324, max_value=1.7e308, allow_nan=False, allow_infinity=False),
    st.integers(min_value=1, max_value=2**53).map(float),
    st.sampled_from([1e-5, 1e20, 1e16, 0.1 + 0.2, 114.28, 5e-324, 1.7976931348623157e308]),
)


@given(st.data())
def test_a_series_reads_back_to_the_same_bits(data):
    start = data.draw(st.dates(dt.date(1993, 1, 1), dt.date(2100, 1, 1)))
    n = data.draw(st.integers(1, 8))
    days = np.datetime64(start, "D") + np.cumsum(data.draw(st.lists(st.integers(1, 9), min_size=n, max_size=n)))
    names = data.draw(st.sampled_from([("close",), ("adj_close",), ("close", "adj_close"), ("close", "volume")]))
    columns = {name: data.draw(st.lists(PRICES, min_size=n, max_size=n)) for name in names}
    written = series(days, columns)
    data_bytes = series_csv(written)
    read_back = parse_prices(data_bytes, "made.csv", ORIGIN)
    assert read_back.sessions.tobytes() == written.sessions.tobytes()
    assert read_back.sessions.dtype == "datetime64[D]"
    assert list(read_back.columns) == list(written.columns)
    for name, values in written.columns.items():
        assert read_back.columns[name].tobytes() == values.tobytes()
    assert series_csv(read_back) == data_bytes


def test_days_in_words():
    days = [dt.date(2025, 12, day) for day in (8, 9, 15)]
    assert str(days_told(days[:1])) == "2025-12-08"
    assert str(days_told(days[:2])) == "2025-12-08 and 2025-12-09"
    assert str(days_told(days)) == "3 sessions from 2025-12-08 to 2025-12-15"
