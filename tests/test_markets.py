from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from eventstudy.calendars import load_sessions
from eventstudy.errors import InputError, OptionError, PriceError, SessionRangeError, StudyFileError
from eventstudy.exchanges import EXCHANGES
from eventstudy.markets import (
    Bars,
    LimitFlags,
    LimitRule,
    Status,
    limit_rule,
    limits,
    load_rules,
    merged_rules,
    reference_prices,
    security_limit_flags,
    session_rules,
    sessions_without_limit,
    trading_days,
)
from eventstudy.markets.rules import COLUMNS, StatusName

ROOT = Path(__file__).parent.parent
RECORDED = ROOT / "eventstudy" / "data" / "recorded"
PAGE = ROOT / "docs" / "market-rules.md"
SHANGHAI = load_sessions("XSHG").sessions
PRICES = ("open", "high", "low", "close")
CENT = Decimal("0.01")

# board, listing day, cash dividends by ex-date (SOURCES.md of the recordings); the two older listing days only
# have to lie before the recordings
SECURITIES = {
    "603019": ("sse_main", date(2014, 11, 6), {date(2024, 6, 6): 0.17, date(2025, 5, 23): 0.27}),
    "688041": ("sse_star", date(2022, 8, 12), {date(2024, 6, 18): 0.11, date(2025, 5, 16): 0.17}),
    "688795": ("sse_star", date(2025, 12, 5), {}),
}


def days(*text: str) -> np.ndarray:
    return np.array(text, dtype="datetime64[D]")


def recorded(symbol: str) -> Bars:
    lines = (RECORDED / f"{symbol}.csv").read_text(encoding="utf-8").splitlines()
    header, table = lines[0].split(","), [line.split(",") for line in lines[1:]]
    columns = {name: np.array([float(row[header.index(name)]) for row in table]) for name in PRICES}
    return Bars(sessions=days(*(row[0] for row in table)), **columns)


def flags_of(symbol: str) -> LimitFlags:
    board, listed, dividends = SECURITIES[symbol]
    return security_limit_flags(
        recorded(symbol), board=board, listed=listed, exchange_sessions=SHANGHAI, dividends=dividends
    )


def row_of(symbol: str, session: str) -> int:
    return int(np.flatnonzero(recorded(symbol).sessions == np.datetime64(session))[0])


def bars(*rows: tuple[float, float, float, float], first: str = "2025-12-08") -> Bars:
    """Bars of open, high, low, close on successive Shanghai sessions."""
    start = int(np.searchsorted(SHANGHAI, np.datetime64(first)))
    columns = {name: np.array([row[place] for row in rows]) for place, name in enumerate(PRICES)}
    return Bars(sessions=SHANGHAI[start : start + len(rows)], **columns)


def main_board(given: Bars, dividends: dict[date, float] | None = None) -> LimitFlags:
    return security_limit_flags(
        given, board="sse_main", listed=date(2010, 1, 4), exchange_sessions=SHANGHAI, dividends=dividends
    )


# -- limit prices ----------------------------------------------------------------------------------


def limit_prices(reference, limit, tick=Decimal("0.01"), *, rounding="half_up"):
    """Limit prices from reference prices, as `limit_flags` reckons them."""
    ticks, known = limits._ticks(reference, tick, "reference")
    return limits._prices_of(*limits._limit_ticks(ticks, known, limit, rounding), known, tick)


@pytest.mark.parametrize(
    ("reference", "limit", "down", "up"),
    [
        (100.13, "0.10", 90.12, 110.14),  # 90.117 and 110.143
        (43.38, "0.10", 39.04, 47.72),  # 39.042 and 47.718
        (61.90, "0.10", 55.71, 68.09),  # exact
        (10.05, "0.10", 9.05, 11.06),  # 9.045 and 11.055, both halves go up
        (0.25, "0.10", 0.23, 0.28),  # 0.225 and 0.275
        (4.35, "0.05", 4.13, 4.57),  # 4.1325 and 4.5675
        (184.03, "0.20", 147.22, 220.84),  # 147.224 and 220.836
        (941.08, "0.20", 752.86, 1129.30),  # 752.864 and 1129.296
    ],
)
def test_limit_prices_by_hand(reference: float, limit: str, down: float, up: float) -> None:
    # equality of floats is meant: a limit price must equal the price that a file states
    prices = limit_prices(reference, Decimal(limit))
    assert (float(prices.down), float(prices.up)) == (down, up)
    assert (float(limit_prices(reference, float(limit)).down), float(limit_prices(reference, float(limit)).up)) == (
        down,
        up,
    )


@given(st.integers(1, 10_000_000), st.sampled_from(["0.05", "0.10", "0.20", "0.30", "0.44"]))
def test_limit_prices_equal_decimal_rounding(cents: int, limit: str) -> None:
    reference = Decimal(cents) * CENT
    down, up = ((reference * (1 + sign * Decimal(limit))).quantize(CENT, ROUND_HALF_UP) for sign in (-1, 1))
    assume(down < reference < up)
    prices = limit_prices(float(reference), Decimal(limit))
    assert (float(prices.down), float(prices.up)) == (float(down), float(up))
    assert Decimal(repr(float(prices.up))) == up


@pytest.mark.parametrize(
    ("reference", "down", "up"),
    [
        (84.63, 59.25, 110.01),  # 59.241 up to the next tick, 110.019 down
        (17.09, 11.97, 22.21),  # 11.963, 22.217
        (2.85, 2.00, 3.70),  # 1.995, 3.705
        (10.00, 7.00, 13.00),  # exact: nothing to round
        (43.00, 30.10, 55.90),
    ],
)
def test_inward_rounding_by_hand(reference: float, down: float, up: float) -> None:
    prices = limit_prices(reference, Decimal("0.30"), rounding="inward")
    assert (float(prices.down), float(prices.up)) == (down, up)


@given(st.integers(10, 10_000_000), st.sampled_from(["0.10", "0.30"]))
def test_inward_rounding_never_passes_the_limit(cents: int, limit: str) -> None:
    reference, part = Decimal(cents) * CENT, Decimal(limit)
    prices = limit_prices(float(reference), part, rounding="inward")
    down, up = Decimal(repr(float(prices.down))), Decimal(repr(float(prices.up)))
    assert down - CENT < reference * (1 - part) <= down
    assert up <= reference * (1 + part) < up + CENT


@given(st.integers(20, 1_000_000))
def test_limit_prices_on_another_tick(ticks: int) -> None:
    tick = Decimal("0.005")
    expected = (ticks * Decimal("1.10")).quantize(Decimal(1), ROUND_HALF_UP) * tick
    assert float(limit_prices(float(ticks * tick), Decimal("0.10"), tick).up) == float(expected)


def test_limit_prices_of_an_array_pass_nan_through() -> None:
    prices = limit_prices(np.array([100.13, np.nan]), Decimal("0.10"))
    assert prices.down.tolist()[:1] == [90.12]
    assert np.isnan(prices.down[1])
    assert np.isnan(prices.up[1])


@pytest.mark.parametrize("price", [100.1234, 0.0, -1.0, float("inf"), 1e300])
def test_prices_that_no_exchange_quotes(price: float) -> None:
    with pytest.raises(PriceError) as caught:
        limit_prices(np.array([10.0, price]), Decimal("0.10"))
    assert str(caught.value) == (
        f"the reference price {price:g} is not a price on the tick 0.01; price limits need the prices that were "
        "traded, not adjusted ones"
    )


def test_single_precision_is_still_on_the_tick() -> None:
    prices = np.float32([797.97, 1234.56, 90.12]).astype(np.float64)
    expected = limit_prices(np.array([797.97, 1234.56, 90.12]), Decimal("0.10"))
    assert limit_prices(prices, Decimal("0.10")).up.tolist() == expected.up.tolist()


def test_a_band_below_one_tick_is_refused() -> None:
    with pytest.raises(PriceError, match=r"^a limit of 0.10 on a reference price of 4 ticks is less than one tick,"):
        limit_prices(np.array([10.0, 0.04]), Decimal("0.10"))


# -- reference prices ------------------------------------------------------------------------------


def test_reference_is_the_last_traded_close_less_dividends() -> None:
    sessions = days("2025-12-08", "2025-12-09", "2025-12-10", "2025-12-11", "2025-12-12")
    close = np.array([10.0, np.nan, 9.8, 9.9, 10.1])
    dividends = {
        date(2025, 12, 8): 1.0,  # before any reference
        date(2025, 12, 9): 0.1,  # goes ex while the share does not trade
        date(2025, 12, 10): 0.035,
        date(2025, 12, 12): 0.125,
        date(2025, 12, 15): 1.0,  # after the prices
    }
    reference = reference_prices(close, sessions=sessions, dividends=dividends)
    # 10.00 - 0.10 - 0.035 = 9.865 -> 9.87;  9.90 - 0.125 = 9.775 -> 9.78
    assert reference[2:].tolist() == [9.87, 9.8, 9.78]
    assert np.isnan(reference[:2]).all()
    without = reference_prices(close, sessions=sessions)
    assert without[2:].tolist() == [10.0, 9.8, 9.9]


@pytest.mark.parametrize(
    ("symbol", "session", "previous", "dividend", "reference", "down", "up"),
    [
        ("603019", "2024-06-06", 39.93, 0.17, 39.76, 35.78, 43.74),  # 35.784, 43.736
        ("603019", "2025-05-23", 62.46, 0.27, 62.19, 55.97, 68.41),  # 55.971, 68.409
        ("688041", "2024-06-18", 73.56, 0.11, 73.45, 58.76, 88.14),
        ("688041", "2025-05-16", 142.11, 0.17, 141.94, 113.55, 170.33),  # 113.552, 170.328
    ],
)
def test_recorded_ex_dates(
    symbol: str, session: str, previous: float, dividend: float, reference: float, down: float, up: float
) -> None:
    row, flags = row_of(symbol, session), flags_of(symbol)
    assert recorded(symbol).close[row - 1] == previous
    assert SECURITIES[symbol][2][date.fromisoformat(session)] == dividend
    assert (flags.reference[row], flags.down[row], flags.up[row]) == (reference, down, up)


def test_a_dividend_moves_the_limit() -> None:
    ex_day = bars((10, 10, 10, 10), (10, 10.45, 9.9, 10.45))  # (10.00 - 0.50) x 1.1 = 10.45
    assert main_board(ex_day, {ex_day.sessions[1].item(): 0.5}).limit_up.tolist() == [False, True]
    assert main_board(ex_day).limit_up.tolist() == [False, False]  # 11.00


# -- flags on the recorded prices ------------------------------------------------------------------

# symbol, session, previous close, side, limit price: the arithmetic stands in the test below
LIMIT_CLOSES = [
    ("603019", "2024-09-30", "43.38", "up", "47.72"),
    ("603019", "2024-10-08", "47.72", "up", "52.49"),
    ("603019", "2024-10-29", "54.23", "up", "59.65"),
    ("603019", "2024-11-04", "60.45", "up", "66.50"),
    ("603019", "2024-11-11", "79.44", "up", "87.38"),
    ("603019", "2025-06-10", "61.90", "up", "68.09"),
    ("603019", "2025-08-22", "75.30", "up", "82.83"),
    ("603019", "2025-08-25", "82.83", "up", "91.11"),
    ("603019", "2025-09-11", "83.72", "up", "92.09"),
    ("603019", "2025-09-22", "106.83", "up", "117.51"),
    ("603019", "2025-12-10", "100.13", "down", "90.12"),
    ("688041", "2024-10-08", "103.28", "up", "123.94"),
    ("688041", "2025-08-22", "155.05", "up", "186.06"),
    ("688041", "2025-09-11", "184.03", "up", "220.84"),
]
RATE = {"603019": Decimal("0.10"), "688041": Decimal("0.20")}


@pytest.mark.parametrize(("symbol", "session", "previous", "side", "price"), LIMIT_CLOSES)
def test_each_limit_close_by_hand(symbol: str, session: str, previous: str, side: str, price: str) -> None:
    sign = 1 if side == "up" else -1
    assert (Decimal(previous) * (1 + sign * RATE[symbol])).quantize(CENT, ROUND_HALF_UP) == Decimal(price)
    row, prices, flags = row_of(symbol, session), recorded(symbol), flags_of(symbol)
    assert (prices.close[row - 1], prices.close[row]) == (float(previous), float(price))
    assert (flags.limit_up[row], flags.limit_down[row]) == (side == "up", side == "down")
    assert (flags.up if side == "up" else flags.down)[row] == float(price)


@pytest.mark.parametrize("symbol", SECURITIES)
def test_no_other_session_closed_at_its_limit(symbol: str) -> None:
    flags, sessions = flags_of(symbol), recorded(symbol).sessions
    expected = {(session, side) for name, session, _, side, _ in LIMIT_CLOSES if name == symbol}
    found = {(str(day), "up") for day in sessions[flags.limit_up]}
    found |= {(str(day), "down") for day in sessions[flags.limit_down]}
    assert found == expected
    assert not flags.outside.any()
    # all but the first session of the recording, and the first five of 688795 since its listing, are checked
    unchecked = 5 if symbol == "688795" else 1
    assert flags.checked.tolist() == [row >= unchecked for row in range(len(sessions))]
    assert flags.bar_checked.tolist() == flags.checked.tolist()


def test_sugon_on_10_december() -> None:
    row, flags, prices = row_of("603019", "2025-12-10"), flags_of("603019"), recorded("603019")
    bar = [float(getattr(prices, name)[row]) for name in PRICES]
    assert bar == [90.12, 91.78, 90.12, 90.12]
    assert (flags.reference[row], flags.down[row], flags.up[row]) == (100.13, 90.12, 110.14)
    assert flags.limit_down[row]
    assert flags.opened_at_limit_down[row]
    assert flags.opened_at_limit_up[row] or flags.opened_at_limit_down[row]
    assert not flags.opened_at_limit_up[row]
    assert not flags.one_price[row]  # it traded up to 91.78
    assert flags.traded_off[row]
    assert not (flags.touched_limit_up | flags.touched_limit_down)[row]
    assert not flags.limit_up[row]
    assert not flags.no_limit_session[row]


def test_opens_at_the_limit_and_one_price_sessions() -> None:
    flags, sessions = flags_of("603019"), recorded("603019").sessions
    opened = ["2024-10-08", "2025-06-10", "2025-08-25"]
    assert [str(day) for day in sessions[flags.opened_at_limit_up]] == opened
    assert [str(day) for day in sessions[flags.opened_at_limit_down]] == ["2025-12-10"]
    assert [str(day) for day in sessions[flags.one_price]] == ["2025-06-10", "2025-08-25"]
    other = flags_of("688041")
    assert [str(day) for day in recorded("688041").sessions[other.opened_at_limit_up | other.opened_at_limit_down]] == [
        "2024-10-08"
    ]
    assert not other.one_price.any()


# closes at the limit that traded off it, and touches of a limit that did not hold, read from the CSV files
TRADED_OFF = {
    "603019": [
        "2024-09-30",  # low 45.42
        "2024-10-08",  # opened at 52.49, low 50.10
        "2024-10-29",  # low 54.09
        "2024-11-04",  # low 59.07
        "2024-11-11",  # low 79.85
        "2025-08-22",  # low 76.61
        "2025-09-11",  # low 83.20
        "2025-09-22",  # low 106.00
        "2025-12-10",  # open, low and close 90.12, high 91.78
    ],
    "688041": ["2024-10-08", "2025-08-22", "2025-09-11"],  # lows 118.00, 159.18 and 184.80
    "688795": [],
}
TOUCHED_UP = {
    "603019": [
        "2024-10-09",  # 52.49 x 1.1 = 57.739: high 57.74, close 55.95
        "2024-11-05",  # 66.50 x 1.1 = 73.15: high 73.15, close 71.73
        "2025-09-16",  # 102.46 x 1.1 = 112.706: high 112.71, close 111.48
    ],
    "688041": [],
    "688795": [],
}
TOUCHED_DOWN = {
    "603019": [
        "2025-04-07",  # 65.22 x 0.9 = 58.698: low 58.70, close 59.40
        "2025-09-04",  # 87.03 x 0.9 = 78.327: low 78.33, close 79.48
    ],
    "688041": [],
    "688795": [],
}


@pytest.mark.parametrize("symbol", SECURITIES)
def test_recorded_limit_days_by_kind(symbol: str) -> None:
    flags, sessions = flags_of(symbol), recorded(symbol).sessions
    assert [str(day) for day in sessions[flags.traded_off]] == TRADED_OFF[symbol]
    assert [str(day) for day in sessions[flags.touched_limit_up]] == TOUCHED_UP[symbol]
    assert [str(day) for day in sessions[flags.touched_limit_down]] == TOUCHED_DOWN[symbol]
    closed = flags.limit_up | flags.limit_down
    assert (closed == (flags.one_price | flags.traded_off)).all()
    assert not (flags.one_price & flags.traded_off).any()


def test_after_the_suspension_the_reference_is_the_last_traded_close() -> None:
    row = row_of("603019", "2025-06-10")  # suspended 26 May to 9 June 2025
    assert str(recorded("603019").sessions[row - 1]) == "2025-05-23"
    assert flags_of("603019").reference[row] == 61.90


def test_first_five_sessions_of_moore_threads_have_no_limit() -> None:
    flags, sessions = flags_of("688795"), recorded("688795").sessions
    assert [str(day) for day in sessions[flags.no_limit_session]] == [
        "2025-12-05",
        "2025-12-08",
        "2025-12-09",
        "2025-12-10",
        "2025-12-11",
    ]
    assert np.isnan(flags.up[:5]).all()
    row = row_of("688795", "2025-12-12")
    rule = limit_rule("sse_star", date(2025, 12, 12))
    assert (rule.limit, rule.certainty, rule.listing_certainty) == (Decimal("0.20"), "confirmed", "confirmed")
    # 11 December closed at 941.08: 752.864 and 1129.296
    assert (flags.reference[row], flags.down[row], flags.up[row]) == (941.08, 752.86, 1129.30)
    assert flags.checked[row]


def test_nvidia_has_no_limits_and_needs_no_tick() -> None:
    prices = recorded("NVDA")
    flags = security_limit_flags(
        prices, board="nasdaq", listed=date(1999, 1, 22), exchange_sessions=load_sessions("XNAS").sessions
    )
    assert not (flags.checked | flags.limit_up | flags.limit_down | flags.no_limit_session | flags.outside).any()
    assert np.isnan(flags.up).all()


# -- flags on made-up prices -----------------------------------------------------------------------


def test_flags_need_a_known_open_high_and_low() -> None:
    nan = float("nan")
    flags = main_board(bars((10, 10, 10, 10), (nan, nan, nan, 11.0), (12.1, 12.1, 12.1, 12.1), (nan, nan, nan, nan)))
    assert flags.limit_up.tolist() == [False, True, True, False]
    assert flags.checked.tolist() == [False, True, True, False]
    assert flags.bar_checked.tolist() == [False, False, True, False]
    assert flags.opened_at_limit_up.tolist() == [False, False, True, False]
    assert flags.one_price.tolist() == [False, False, True, False]
    assert not flags.traded_off.any()


def test_one_known_price_off_the_limit_is_enough() -> None:
    nan = float("nan")
    flags = main_board(
        bars((10, 10, 10, 10), (nan, 11.0, 10.4, 11.0), (12.1, 12.1, nan, 12.1), (nan, 13.31, nan, 13.0))
    )
    assert flags.traded_off.tolist() == [False, True, False, False]  # of the third the low is not known
    assert flags.touched_limit_up.tolist() == [False, False, False, True]  # 12.10 x 1.1 = 13.31


def test_one_price_away_from_the_limit_is_not_flagged() -> None:
    flags = main_board(bars((10, 10, 10, 10), (10.5, 10.5, 10.5, 10.5), (9.45, 9.45, 9.45, 9.45)))
    assert flags.one_price.tolist() == [False, False, True]  # 10.50 x 0.9 = 9.45
    assert flags.limit_down.tolist() == [False, False, True]


@pytest.mark.parametrize("bar", [(10, 11.01, 10, 10), (10, 10, 8.99, 10), (11.01, 11.01, 11.01, 11.01)])
def test_prices_outside_the_band_are_told(bar: tuple[float, float, float, float]) -> None:
    assert main_board(bars((10, 10, 10, 10), bar)).outside.tolist() == [False, True]


def test_adjusted_prices_are_refused() -> None:
    with pytest.raises(PriceError, match=r"^the close 10.0512 is not a price on the tick 0.01;"):
        main_board(bars((10, 10, 10, 10), (10, 10.1, 10, 10.0512)))


def test_records_are_read_only_copies() -> None:
    close = np.array([10.0])
    record = Bars(sessions=days("2025-12-08"), open=close, high=close, low=close, close=close)
    close[0] = 5.0
    assert record.close[0] == 10.0
    assert not record.close.flags.writeable
    assert not main_board(record).limit_up.flags.writeable


def test_no_bars_no_flags() -> None:
    assert len(main_board(bars()).checked) == 0


# -- sessions since listing ------------------------------------------------------------------------


def test_trading_days_count_the_exchanges_sessions() -> None:
    # the security does not trade on 9 December; the session counts all the same
    sessions = days("2025-12-05", "2025-12-08", "2025-12-10", "2025-12-12")
    assert trading_days(sessions, date(2025, 12, 5), SHANGHAI).tolist() == [1, 2, 4, 6]


def test_trading_days_errors() -> None:
    with pytest.raises(PriceError, match=r"^a price of 2025-12-04 lies before the listing on 2025-12-05; correct one"):
        trading_days(days("2025-12-04"), date(2025, 12, 5), SHANGHAI)
    with pytest.raises(SessionRangeError) as caught:
        trading_days(days("2025-12-04", "2025-12-09"), date(2010, 1, 4), days("2025-12-05", "2025-12-08"))
    assert str(caught.value) == (
        "the exchange's sessions are given from 2025-12-05 to 2025-12-08, the prices from 2025-12-04 to 2025-12-09; "
        "load sessions that cover the prices"
    )


def test_a_listing_before_the_known_sessions() -> None:
    given = bars(*[(10, 10, 10, 10)] * 8, first="2025-12-01")
    later = load_sessions("XSHG", date(2025, 11, 24)).sessions
    options = {"board": "sse_main", "listed": date(2025, 11, 20)}
    # the first known session is 24 November, so 1 December is at least the 6th
    assert not security_limit_flags(given, exchange_sessions=later, **options).no_limit_session.any()
    with pytest.raises(SessionRangeError) as caught:
        security_limit_flags(given, exchange_sessions=later[1:], **options)
    assert str(caught.value) == (
        "the listing on 2025-11-20 lies before the first known session, 2025-11-25, so the first 5 sessions after it "
        "cannot be told; load earlier sessions or leave out the earliest prices"
    )


def free_days(board: str, listed: date, *sessions: str, statuses: Sequence[Status] = ()) -> list[bool]:
    flags = sessions_without_limit(
        days(*sessions), board=board, listed=listed, exchange_sessions=SHANGHAI, statuses=statuses
    )
    return flags.tolist()


def test_the_rule_of_the_listing_day_counts_the_first_sessions() -> None:
    april = ("2023-04-06", "2023-04-07", "2023-04-10", "2023-04-11", "2023-04-14", "2023-04-17")
    # listed under the old rule: one session, although the rule of 10 April gives five
    assert free_days("sse_main", date(2023, 4, 6), *april) == [True, False, False, False, False, False]
    assert free_days("szse_main", date(2023, 4, 10), *april[2:]) == [True, True, True, False]
    # ChiNext: listed on 20 August 2020, the limit of 20 % holds from 24 August, its third session
    august = ("2020-08-20", "2020-08-21", "2020-08-24", "2020-08-28", "2020-08-31")
    assert free_days("szse_chinext", date(2020, 8, 20), *august) == [True, False, False, False, False]
    assert free_days("szse_chinext", date(2020, 8, 24), *august[2:]) == [True, True, False]


def test_a_listing_older_than_the_first_rule_has_no_free_sessions() -> None:
    # a share that moved to Beijing from the select tier, where it had been listed in 2020
    beijing = load_sessions("BJSE").sessions
    options = {"board": "bse", "exchange_sessions": beijing}
    moved = sessions_without_limit(days("2021-11-15", "2021-11-16"), listed=date(2020, 7, 27), **options)
    assert moved.tolist() == [False, False]
    new = sessions_without_limit(days("2021-11-15", "2021-11-16"), listed=date(2021, 11, 15), **options)
    assert new.tolist() == [True, False]


# -- statuses --------------------------------------------------------------------------------------


def flat(price: float, *sessions: str) -> Bars:
    prices = np.full(len(sessions), price)
    return Bars(sessions=days(*sessions), open=prices, high=prices, low=prices, close=prices)


def test_special_treatment_by_dated_period() -> None:
    # 10.00 each day: x 1.05 = 10.50, x 1.10 = 11.00
    sessions = ("2024-04-30", "2024-05-06", "2025-05-06", "2025-05-07", "2026-07-03", "2026-07-06")
    statuses = (Status("st", date(2024, 5, 6), date(2025, 5, 6)), Status("st", date(2026, 7, 1)))
    flags = security_limit_flags(
        flat(10.0, *sessions),
        board="sse_main",
        listed=date(2010, 1, 4),
        exchange_sessions=load_sessions("XSHG").sessions,
        statuses=statuses,
    )
    assert flags.up[1:].tolist() == [10.50, 10.50, 11.00, 10.50, 11.00]
    assert flags.down[1:].tolist() == [9.50, 9.50, 9.00, 9.50, 9.00]


def test_a_share_in_beijing() -> None:
    # 16.25 x 1.30 = 21.125 and 21.12 x 0.70 = 14.784, both towards the reference price
    prices = np.array([16.25, 21.12, 14.79])
    flags = security_limit_flags(
        Bars(
            sessions=days("2025-12-08", "2025-12-09", "2025-12-10"), open=prices, high=prices, low=prices, close=prices
        ),
        board="bse",
        listed=date(2022, 3, 1),
        exchange_sessions=load_sessions("BJSE").sessions,
    )
    assert (flags.limit_up.tolist(), flags.limit_down.tolist()) == ([False, True, False], [False, False, True])
    assert not flags.outside.any()


def test_the_delisting_period_begins_without_a_limit() -> None:
    sessions = ("2023-06-01", "2023-06-02", "2023-06-05", "2023-06-06")
    statuses = (Status("st", date(2022, 5, 5), date(2023, 6, 1)), Status("delisting", date(2023, 6, 2)))
    prices = np.array([1.00, 0.40, 0.44, 0.48])
    flags = security_limit_flags(
        Bars(sessions=days(*sessions), open=prices, high=prices, low=prices, close=prices),
        board="sse_main",
        listed=date(2010, 1, 4),
        exchange_sessions=SHANGHAI,
        statuses=statuses,
    )
    assert flags.no_limit_session.tolist() == [False, True, False, False]
    assert np.isnan(flags.up[1])
    assert flags.up[2:].tolist() == [0.44, 0.48]  # 0.40 x 1.1 = 0.44; 0.44 x 1.1 = 0.484
    assert flags.one_price.tolist() == [False, False, True, True]
    assert not flags.outside.any()
    # under the rules before 31 December 2020 the first session had the limit
    assert free_days(
        "sse_main",
        date(2010, 1, 4),
        "2020-12-30",
        "2020-12-31",
        statuses=[Status("delisting", date(2020, 12, 30))],
    ) == [False, False]
    assert free_days(
        "sse_main", date(2010, 1, 4), "2020-12-31", "2021-01-04", statuses=[Status("delisting", date(2020, 12, 31))]
    ) == [True, False]


def test_a_relisted_share_has_one_session_without_limit() -> None:
    # a status from a Saturday begins in the next session
    relisted = [Status("relisted", date(2019, 1, 5))]
    assert free_days("sse_main", date(1997, 6, 12), "2019-01-04", "2019-01-07", "2019-01-08", statuses=relisted) == [
        False,
        True,
        False,
    ]
    rule = session_rules("sse_main", days("2019-01-08"), relisted).rules[0]
    assert (rule.status, rule.limit) == ("relisted", Decimal("0.10"))


def test_a_status_before_the_known_sessions() -> None:
    later = load_sessions("XSHG", date(2023, 6, 5)).sessions
    with pytest.raises(SessionRangeError) as caught:
        sessions_without_limit(
            days("2023-06-05"),
            board="sse_main",
            listed=date(2010, 1, 4),
            exchange_sessions=later,
            statuses=[Status("delisting", date(2023, 6, 2))],
        )
    assert str(caught.value) == (
        "the status delisting of 2023-06-02 lies before the first known session, 2023-06-05, so the first 1 sessions "
        "after it cannot be told; load earlier sessions or leave out the earliest prices"
    )


@pytest.mark.parametrize(
    ("statuses", "message"),
    [
        (
            [Status("st", date(2024, 5, 6)), Status("delisting", date(2025, 5, 6))],
            "the status delisting from 2025-05-06 begins before the status st from 2024-05-06 has ended; a security "
            "has one status at a time",
        ),
        (
            [Status("delisting", date(2025, 5, 6)), Status("st", date(2024, 5, 6), date(2025, 5, 6))],
            "the status delisting from 2025-05-06 begins before the status st from 2024-05-06 has ended; a security "
            "has one status at a time",
        ),
        (
            [Status("st", date(2024, 5, 6), date(2024, 5, 3))],
            "the status st ends on 2024-05-03, before it begins on 2024-05-06",
        ),
        (
            [Status("none", date(2024, 5, 6))],
            "'none' is not a status with a period; allowed: st, delisting, relisted",
        ),
    ],
)
def test_faults_of_status_periods(statuses: list[Status], message: str) -> None:
    with pytest.raises(InputError) as caught:
        session_rules("sse_main", days("2024-05-06"), statuses)
    assert str(caught.value) == message


def test_a_status_without_a_rule_is_refused() -> None:
    with pytest.raises(InputError, match=r"^no price-limit rule of board sse_star \(status: relisted\) is on record"):
        session_rules("sse_star", days("2025-12-08"), [Status("relisted", date(2025, 12, 8))])


# -- the rule table --------------------------------------------------------------------------------


# Each row of the table that has a limit: a reference price and what its limit prices come to.
BY_HAND: dict[tuple[str, StatusName, str], tuple[float, float, float]] = {
    ("sse_main", "none", "1996-12-16"): (43.38, 39.04, 47.72),  # 39.042, 47.718
    ("sse_main", "none", "2023-04-10"): (10.05, 9.05, 11.06),  # 9.045, 11.055: both halves up
    ("sse_main", "st", "1998-04-22"): (4.35, 4.13, 4.57),  # 4.1325, 4.5675
    ("sse_main", "st", "2026-07-06"): (4.35, 3.92, 4.79),  # 3.915, 4.785: both halves up
    ("sse_main", "delisting", "2013-01-04"): (1.01, 0.91, 1.11),  # 0.909, 1.111
    ("sse_main", "delisting", "2020-12-31"): (0.44, 0.40, 0.48),  # 0.396, 0.484
    ("sse_main", "relisted", "2006-07-01"): (2.54, 2.29, 2.79),  # 2.286, 2.794
    ("szse_main", "none", "1996-12-16"): (17.81, 16.03, 19.59),  # 16.029, 19.591
    ("szse_main", "none", "2023-04-10"): (3.09, 2.78, 3.40),  # 2.781, 3.399
    ("szse_main", "st", "1998-04-22"): (2.06, 1.96, 2.16),  # 1.957, 2.163
    ("szse_main", "st", "2026-07-06"): (2.06, 1.85, 2.27),  # 1.854, 2.266
    ("szse_main", "delisting", "2013-01-04"): (1.97, 1.77, 2.17),  # 1.773, 2.167
    ("szse_main", "delisting", "2020-12-31"): (0.25, 0.23, 0.28),  # 0.225, 0.275: both halves up
    ("szse_main", "relisted", "2006-07-01"): (11.40, 10.26, 12.54),  # exact
    ("sse_star", "none", "2019-07-22"): (941.08, 752.86, 1129.30),  # 752.864, 1129.296
    ("sse_star", "st", "2019-07-22"): (6.66, 5.33, 7.99),  # 5.328, 7.992
    ("sse_star", "delisting", "2020-12-31"): (1.23, 0.98, 1.48),  # 0.984, 1.476
    ("szse_chinext", "none", "2009-10-30"): (70.81, 63.73, 77.89),  # 63.729, 77.891
    ("szse_chinext", "none", "2020-08-24"): (118.00, 94.40, 141.60),  # exact
    ("szse_chinext", "st", "2020-08-24"): (3.33, 2.66, 4.00),  # 2.664, 3.996
    ("szse_chinext", "delisting", "2020-12-31"): (0.77, 0.62, 0.92),  # 0.616, 0.924
    ("bse", "none", "2021-11-15"): (16.25, 11.38, 21.12),  # 11.375 up, 21.125 down: towards the reference
    ("bse", "st", "2021-11-15"): (31.46, 22.03, 40.89),  # 22.022 up, 40.898 down
    ("bse", "delisting", "2021-11-15"): (2.85, 2.00, 3.70),  # 1.995 up, 3.705 down
}


def test_every_row_with_a_limit_is_worked_by_hand() -> None:
    rows = {(rule.board, rule.status, str(rule.valid_from)) for rule in load_rules() if rule.limit is not None}
    assert rows == set(BY_HAND)


@pytest.mark.parametrize(("row", "prices"), BY_HAND.items())
def test_each_row_by_hand(row: tuple[str, StatusName, str], prices: tuple[float, float, float]) -> None:
    board, status, first = row
    rule = limit_rule(board, date.fromisoformat(first), status)
    assert (rule.tick, str(rule.valid_from)) == (CENT, first)
    assert rule.limit is not None
    assert rule.rounding is not None
    reference, down, up = prices
    found = limit_prices(reference, rule.limit, CENT, rounding=rule.rounding)
    assert (float(found.down), float(found.up)) == (down, up)


def test_every_board_of_the_specification_has_rules() -> None:
    boards = [board for row in EXCHANGES.values() for board in row.boards]
    assert {rule.board for rule in load_rules()} == set(boards)
    assert all(limit_rule(board, date(2025, 12, 8)).source for board in boards)


def test_periods_of_a_board_and_status_follow_each_other_without_a_gap() -> None:
    by_kind: dict[tuple[str, str], list[LimitRule]] = {}
    for rule in load_rules():
        by_kind.setdefault((rule.board, rule.status), []).append(rule)
    for rules in by_kind.values():
        assert rules[-1].valid_to is None
        for one, two in pairwise(rules):
            assert one.end + timedelta(days=1) == two.begin


# board, status, last day of the old rule and first of the new: limits and first sessions of either
BORDERS = [
    ("sse_main", "none", "1996-12-15", "1996-12-16", (None, 0), ("0.10", 1)),
    ("szse_main", "none", "1996-12-15", "1996-12-16", (None, 0), ("0.10", 1)),
    ("sse_main", "none", "2023-04-09", "2023-04-10", ("0.10", 1), ("0.10", 5)),
    ("szse_main", "none", "2023-04-09", "2023-04-10", ("0.10", 1), ("0.10", 5)),
    ("sse_main", "st", "2026-07-05", "2026-07-06", ("0.05", 0), ("0.10", 0)),
    ("szse_main", "st", "2026-07-05", "2026-07-06", ("0.05", 0), ("0.10", 0)),
    ("sse_main", "delisting", "2020-12-30", "2020-12-31", ("0.10", 0), ("0.10", 1)),
    ("szse_main", "delisting", "2020-12-30", "2020-12-31", ("0.10", 0), ("0.10", 1)),
    ("szse_chinext", "none", "2020-08-23", "2020-08-24", ("0.10", 1), ("0.20", 5)),
]


@pytest.mark.parametrize(("board", "status", "last", "first", "old", "new"), BORDERS)
def test_borders_between_periods(
    board: str,
    status: StatusName,
    last: str,
    first: str,
    old: tuple[str | None, int],
    new: tuple[str | None, int],
) -> None:
    for day, (limit, count) in ((last, old), (first, new)):
        rule = limit_rule(board, date.fromisoformat(day), status)
        assert rule.limit == (None if limit is None else Decimal(limit))
        assert rule.no_limit_sessions == count


@pytest.mark.parametrize(
    ("board", "status", "first"),
    [
        ("sse_main", "none", "1993-01-01"),
        ("sse_main", "st", "1998-04-22"),
        ("szse_main", "delisting", "2013-01-04"),
        ("sse_main", "relisted", "2006-07-01"),
        ("sse_star", "none", "2019-07-22"),
        ("szse_chinext", "none", "2009-10-30"),
        ("szse_chinext", "st", "2020-08-24"),
        ("bse", "none", "2021-11-15"),
    ],
)
def test_no_rule_before_the_first_period(board: str, status: StatusName, first: str) -> None:
    day = date.fromisoformat(first)
    assert limit_rule(board, day, status).valid_from == day
    with pytest.raises(InputError, match=f"is on record for {day - timedelta(days=1)}; on record: from {first}"):
        limit_rule(board, day - timedelta(days=1), status)


def test_beijing_rounds_inward_and_the_others_half_up() -> None:
    for rule in load_rules():
        expected = None if rule.limit is None else "inward" if rule.board == "bse" else "half_up"
        assert rule.rounding == expected


def test_new_york_has_no_limit() -> None:
    for board in ("nasdaq", "nyse"):
        rule = limit_rule(board, date(2025, 12, 8))
        assert (rule.limit, rule.tick, rule.rounding, rule.no_limit_sessions) == (None, None, None, 0)
        assert rule.period == "always"


# what a reader must not take for settled: limit, rounding and period, and first sessions
UNSURE = {
    ("sse_main", "relisted", "2006-07-01"),
    ("szse_main", "relisted", "2006-07-01"),
    ("szse_main", "none", "1993-01-01"),
    ("szse_main", "delisting", "2013-01-04"),
    ("sse_star", "delisting", "2020-12-31"),
    ("szse_chinext", "delisting", "2020-12-31"),
    ("bse", "none", "2021-11-15"),
    ("bse", "st", "2021-11-15"),
    ("bse", "delisting", "2021-11-15"),
}
UNSURE_FIRST_SESSIONS = {
    ("sse_main", "none", "1996-12-16"),
    ("sse_main", "delisting", "2013-01-04"),
    ("szse_main", "none", "1993-01-01"),
    ("szse_main", "none", "1996-12-16"),
    ("szse_main", "delisting", "2013-01-04"),
    ("szse_main", "delisting", "2020-12-31"),
    ("sse_star", "delisting", "2020-12-31"),
    ("szse_chinext", "delisting", "2020-12-31"),
    ("bse", "st", "2021-11-15"),
}


def test_what_is_still_to_be_confirmed() -> None:
    def rows(column: str) -> set[tuple[str, str, str]]:
        return {
            (rule.board, rule.status, str(rule.valid_from))
            for rule in load_rules()
            if getattr(rule, column) == "to_confirm"
        }

    assert rows("certainty") == UNSURE
    assert rows("listing_certainty") == UNSURE_FIRST_SESSIONS
    assert all(rule.note for rule in load_rules() if "to_confirm" in (rule.certainty, rule.listing_certainty))


def test_no_rule_on_record() -> None:
    def message(*args: object) -> str:
        with pytest.raises(InputError) as caught:
            limit_rule(*args)  # type: ignore[arg-type]
        return str(caught.value)

    assert message("szse_chinext", date(2009, 10, 29)) == (
        "no price-limit rule of board szse_chinext (status: none) is on record for 2009-10-29; "
        "on record: from 2009-10-30 to 2020-08-23; from 2020-08-24; state the rule in a table of your own"
    )
    assert message("nasdaq", date(2025, 12, 8), "st") == (
        "no price-limit rule of board nasdaq (status: st) is on record for 2025-12-08; on record: no period; "
        "state the rule in a table of your own"
    )
    with pytest.raises(OptionError) as caught:
        limit_rule("hkex", date(2025, 12, 8))
    assert str(caught.value) == (
        "unknown board 'hkex'; allowed: bse, nasdaq, nyse, sse_main, sse_star, szse_chinext, szse_main"
    )
    with pytest.raises(InputError, match="on record for 2019-07-19"):
        session_rules("sse_star", days("2019-07-22", "2019-07-19"))


# -- the table in the documentation ----------------------------------------------------------------


def documented_table() -> str:
    """The rules as a table for docs/market-rules.md, made from the packaged file."""
    head = "| board | status | limit | rounding | sessions without limit | from | to | certainty | of first sessions |"
    lines = [head, "| " + " | ".join(["---"] * 9) + " |"]
    for rule in load_rules():
        limit = "none" if rule.limit is None else f"{100 * rule.limit:.0f} %"
        first, last = (str(day) if day else "" for day in (rule.valid_from, rule.valid_to))
        cells = [rule.board, rule.status, limit, rule.rounding or "", str(rule.no_limit_sessions), first, last]
        cells += [rule.certainty.replace("_", " "), rule.listing_certainty.replace("_", " ")]
        lines.append(" ".join(["|", " | ".join(cells), "|"]))
    return "\n".join(lines) + "\n"


def test_the_documented_table_is_the_packaged_one() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert documented_table() in page
    made = subprocess.run(
        [sys.executable, "-m", "tests.test_markets"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert made.stdout == documented_table()


def test_the_page_names_every_column() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"`{column}`" in page for column in COLUMNS)


def test_the_users_table_of_the_page_is_one(tmp_path: Path) -> None:
    block = PAGE.read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    path = tmp_path / "my-rules.csv"
    path.write_text(block, encoding="utf-8")
    rules = merged_rules(load_rules(path))
    assert limit_rule("xhkg_main", date(2025, 12, 8), rules=rules).limit is None
    assert limit_rule("szse_chinext", date(2020, 9, 21), "delisting", rules=rules).no_limit_sessions == 0
    assert limit_rule("szse_chinext", date(2021, 1, 4), "delisting", rules=rules).no_limit_sessions == 1


# -- a table of one's own --------------------------------------------------------------------------


def table(folder: Path, *rows: str) -> Path:
    path = folder / "rules.csv"
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(StudyFileError) as caught:
        load_rules(path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = table(tmp_path, "otc,none,0.30,0.01,inward,1,2021-11-15,,to_confirm,to_confirm,somewhere,")
    own = load_rules(path)
    assert limit_rule("otc", date(2025, 12, 8), rules=own).limit == Decimal("0.30")
    assert own[0].period == "from 2021-11-15"
    assert (own[0].rounding, own[0].certainty, own[0].listing_certainty) == ("inward", "to_confirm", "to_confirm")


def own_rule(board: str, first: str | None, last: str | None, limit: str = "0.15") -> LimitRule:
    begin, end = (None if day is None else date.fromisoformat(day) for day in (first, last))
    packaged = limit_rule("sse_main", date(2025, 12, 8))
    return replace(packaged, board=board, limit=Decimal(limit), valid_from=begin, valid_to=end, source="own")


def test_a_users_rule_wins_in_its_period_and_the_packaged_one_elsewhere() -> None:
    rules = merged_rules([own_rule("sse_main", "2024-01-02", "2024-01-05")])
    limits = {day: limit_rule("sse_main", date.fromisoformat(day), rules=rules).limit for day in (
        "2023-04-09", "2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06", "2026-11-20"
    )}  # fmt: skip
    assert [str(limit) for limit in limits.values()] == ["0.10", "0.10", "0.15", "0.15", "0.10", "0.10"]
    assert [rule.period for rule in rules if (rule.board, rule.status) == ("sse_main", "none")] == [
        "from 2024-01-02 to 2024-01-05",
        "from 1993-01-01 to 1996-12-15",
        "from 1996-12-16 to 2023-04-09",
        "from 2023-04-10 to 2024-01-01",
        "from 2024-01-06",
    ]
    # other statuses and boards keep all of their rows
    assert [rule for rule in rules if (rule.board, rule.status) != ("sse_main", "none")] == [
        rule for rule in load_rules() if (rule.board, rule.status) != ("sse_main", "none")
    ]


def test_a_users_rule_may_cover_several_periods_all_days_or_a_new_board() -> None:
    across = merged_rules([own_rule("sse_main", "2020-01-01", "2024-12-31")])
    assert [rule.period for rule in across if (rule.board, rule.status) == ("sse_main", "none")][2:] == [
        "from 1996-12-16 to 2019-12-31",
        "from 2025-01-01",
    ]
    always = merged_rules([own_rule("nyse", None, None)])
    assert [rule.limit for rule in always if rule.board == "nyse"] == [Decimal("0.15")]
    new = merged_rules([own_rule("otc", None, "2025-12-31")])
    assert limit_rule("otc", date(1990, 1, 1), rules=new).source == "own"
    assert len(new) == len(load_rules()) + 1
    assert merged_rules([]) == load_rules()


@given(
    st.lists(st.dates(date(2000, 1, 1), date(2000, 12, 31)), min_size=4, max_size=4, unique=True),
    st.dates(date(1999, 12, 1), date(2001, 1, 31)),
)
def test_merging_is_the_users_rule_where_it_covers(cuts: list[date], day: date) -> None:
    begin, first, last, end = sorted(cuts)
    packaged = [own_rule("x", str(begin), str(end), "0.10")]
    own = [own_rule("x", str(first), str(last), "0.20")]
    covering = [rule.limit for rule in merged_rules(own, packaged) if rule.covers(day)]
    expected = [Decimal("0.20")] if first <= day <= last else [Decimal("0.10")] if begin <= day <= end else []
    assert covering == expected


def test_flags_by_a_users_table() -> None:
    given_bars = bars((10, 10, 10, 10), (11.5, 11.5, 11.5, 11.5))
    options = {"listed": date(2010, 1, 4), "exchange_sessions": SHANGHAI}
    rules = merged_rules([own_rule("sse_main", "2025-12-09", None), own_rule("otc", None, None)])
    for board in ("sse_main", "otc"):
        flags = security_limit_flags(given_bars, board=board, rules=rules, **options)
        assert flags.up[1] == 11.5
        assert flags.one_price.tolist() == [False, True]
    assert security_limit_flags(given_bars, board="sse_main", **options).outside.tolist() == [False, True]


def test_a_users_tick_also_rounds_the_reference_price() -> None:
    rule = replace(own_rule("x", None, None, "0.10"), tick=Decimal("0.001"))
    given_bars = bars((1.0, 1.0, 1.0, 1.0), (1.1, 1.1, 0.995, 1.086))
    flags = security_limit_flags(
        given_bars,
        board="x",
        listed=date(2010, 1, 4),
        exchange_sessions=SHANGHAI,
        dividends={date(2025, 12, 9): Decimal("0.0125")},
        rules=[rule],
    )
    # 1.000 - 0.0125 = 0.9875 -> 0.988; x 1.1 = 1.0868 -> 1.087
    assert (flags.reference[1], flags.up[1]) == (0.988, 1.087)


def test_faults_of_a_table_are_all_told(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ",no,1.5,0.01,up,-1,2021-11-31,2021/11/15,sure,to_confirm,,",
        "x,none,0.1,,half_up,0,2021-01-02,2021-01-01,confirmed,confirmed,s,",
        "x,none,NaN,0.01,half_up,0,,,confirmed,confirmed,s,",
        "x,none",
        "x,none,0.1,0.01,,0,,,confirmed,confirmed,s,",
        "x,none,,,half_up,0,,,confirmed,confirmed,s,",
    )
    assert faults(path) == [
        "2:1: board must not be empty",
        "2:2: 'no' is not allowed; allowed: none, st, delisting, relisted",
        "2:5: '1.5' is not a number above 0 and below 1",
        "2:14: 'up' is not allowed; allowed: half_up, inward",
        "2:17: '-1' is not a number of sessions; write 0 or more",
        "2:20: '2021-11-31' is not a date of the calendar (day is out of range for month)",
        "2:31: '2021/11/15' is not a date; write it as 2025-12-08",
        "2:42: 'sure' is not allowed; allowed: confirmed, to_confirm",
        "2:58: source must not be empty",
        "3:12: a limit needs a tick, and a tick a limit",
        "3:34: the period ends on 2021-01-01, before it begins on 2021-01-02",
        "4:8: 'NaN' is not a number above 0 and below 1",
        "5:7: 2 cells for 12 columns; missing limit, tick, rounding, no_limit_sessions, valid_from, valid_to, "
        "certainty, listing_certainty, source, note",
        "6:17: a limit needs a rounding rule (half_up, inward), and that a limit",
        "7:10: a limit needs a rounding rule (half_up, inward), and that a limit",
    ]


def test_a_table_that_is_not_one(tmp_path: Path) -> None:
    path = table(tmp_path)
    assert faults(path) == ["2:1: there are no rows under the header; write one row a period"]
    path.write_text("board,limit\nx,0.1\n", encoding="utf-8")
    assert faults(path) == [
        "1:12: missing status, tick, rounding, no_limit_sessions, valid_from, valid_to, certainty, listing_certainty, "
        f"source, note; the columns are {','.join(COLUMNS)}"
    ]
    assert len(faults(table(tmp_path, *["x,none"] * 67))) == 1


def test_periods_of_one_board_must_not_overlap(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "x,none,0.1,0.01,half_up,0,,2021-06-30,confirmed,confirmed,s,",
        "x,none,0.2,0.01,half_up,0,2021-06-30,,confirmed,confirmed,s,",
        "x,st,0.2,0.01,half_up,0,2021-06-30,,confirmed,confirmed,s,",
    )
    assert faults(path) == ["3:27: this period (from 2021-06-30) overlaps that of line 2 (to 2021-06-30)"]
    assert faults(tmp_path / "none.csv") == ["1:1: the rule table cannot be read (No such file or directory)"]


if __name__ == "__main__":
    sys.stdout.write(documented_table())
