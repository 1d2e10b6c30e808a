from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from eventstudy.calendars import load_sessions
from eventstudy.errors import MAX_SHOWN, InputError, OptionError, PriceError, SessionRangeError, StudyFileError
from eventstudy.markets import (
    Bars,
    LimitFlags,
    limit_flags,
    limit_prices,
    limit_rule,
    load_rules,
    reference_prices,
    security_limit_flags,
    session_rules,
    trading_days,
)
from eventstudy.markets.rules import COLUMNS
from eventstudy.spec import Board

RECORDED = Path(__file__).parent.parent / "eventstudy" / "data" / "recorded"
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
    assert flags.opened_at_limit[row]
    assert not flags.opened_at_limit_up[row]
    assert not flags.one_price[row]  # it traded up to 91.78
    assert not flags.limit_up[row]
    assert not flags.no_limit_session[row]


def test_opens_at_the_limit_and_one_price_sessions() -> None:
    flags, sessions = flags_of("603019"), recorded("603019").sessions
    opened = ["2024-10-08", "2025-06-10", "2025-08-25"]
    assert [str(day) for day in sessions[flags.opened_at_limit_up]] == opened
    assert [str(day) for day in sessions[flags.opened_at_limit_down]] == ["2025-12-10"]
    assert [str(day) for day in sessions[flags.one_price]] == ["2025-06-10", "2025-08-25"]
    other = flags_of("688041")
    assert [str(day) for day in recorded("688041").sessions[other.opened_at_limit]] == ["2024-10-08"]
    assert not other.one_price.any()


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


def test_special_treatment_changes_with_the_date() -> None:
    sessions = days("2026-07-03", "2026-07-06")
    prices = np.array([10.5, 11.55])
    given = Bars(sessions=sessions, open=prices, high=prices, low=prices, close=prices)
    rules = session_rules("sse_main", sessions, "st")
    assert [rules.rules[place].limit for place in rules.rule_of] == [Decimal("0.05"), Decimal("0.10")]
    flags = limit_flags(given, reference=np.array([10.0, 10.5]), rules=rules, trading_day=np.array([900, 901]))
    assert flags.one_price.tolist() == [True, True]
    assert flags.up.tolist() == [10.5, 11.55]


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


# -- the rule table --------------------------------------------------------------------------------


def test_every_board_of_the_specification_has_rules() -> None:
    assert {rule.board for rule in load_rules()} == set(get_args(Board))
    assert all(limit_rule(board, date(2025, 12, 8)).source for board in get_args(Board))


@pytest.mark.parametrize(
    ("board", "session", "treatment", "limit", "first_sessions"),
    [
        ("sse_main", date(1996, 12, 16), "none", "0.10", 1),
        ("sse_main", date(2023, 4, 9), "none", "0.10", 1),
        ("szse_main", date(2023, 4, 10), "none", "0.10", 5),
        ("sse_main", date(2026, 7, 5), "st", "0.05", 0),
        ("szse_main", date(2026, 7, 6), "st", "0.10", 0),
        ("sse_star", date(2019, 7, 22), "none", "0.20", 5),
        ("sse_star", date(2025, 12, 12), "st", "0.20", 5),
        ("szse_chinext", date(2020, 8, 24), "none", "0.20", 5),
        ("nasdaq", date(1993, 1, 4), "none", None, 0),
        ("nyse", date(2025, 12, 8), "none", None, 0),
    ],
)
def test_rules_by_date(board: str, session: date, treatment: str, limit: str | None, first_sessions: int) -> None:
    rule = limit_rule(board, session, treatment)
    assert (rule.limit, rule.tick) == ((None, None) if limit is None else (Decimal(limit), CENT))
    assert rule.no_limit_sessions == first_sessions


@pytest.mark.parametrize(
    ("board", "session", "treatment", "certainty", "listing_certainty"),
    [
        ("sse_main", date(2025, 12, 8), "none", "confirmed", "to_confirm"),
        ("szse_main", date(2020, 1, 2), "none", "confirmed", "to_confirm"),
        ("sse_main", date(2026, 7, 6), "st", "confirmed", "to_confirm"),
        ("sse_main", date(2026, 7, 3), "st", "to_confirm", "to_confirm"),
        ("sse_star", date(2025, 12, 8), "none", "confirmed", "confirmed"),
        ("sse_star", date(2025, 12, 8), "st", "to_confirm", "to_confirm"),
        ("szse_chinext", date(2025, 12, 8), "none", "to_confirm", "to_confirm"),
        ("nasdaq", date(2025, 12, 8), "none", "confirmed", "confirmed"),
    ],
)
def test_what_is_still_to_be_confirmed(
    board: str, session: date, treatment: str, certainty: str, listing_certainty: str
) -> None:
    rule = limit_rule(board, session, treatment)
    assert (rule.certainty, rule.listing_certainty) == (certainty, listing_certainty)


def test_no_rule_on_record() -> None:
    def message(*args: object) -> str:
        with pytest.raises(InputError) as caught:
            limit_rule(*args)  # type: ignore[arg-type]
        return str(caught.value)

    assert message("szse_chinext", date(2019, 5, 6)) == (
        "no price-limit rule of board szse_chinext (special treatment: none) is on record for 2019-05-06; "
        "on record: from 2020-08-24"
    )
    assert message("sse_main", date(1996, 12, 13)) == (
        "no price-limit rule of board sse_main (special treatment: none) is on record for 1996-12-13; "
        "on record: from 1996-12-16 to 2023-04-09; from 2023-04-10"
    )
    assert message("nasdaq", date(2025, 12, 8), "st") == (
        "no price-limit rule of board nasdaq (special treatment: st) is on record for 2025-12-08; on record: no period"
    )
    with pytest.raises(OptionError) as caught:
        limit_rule("bse", date(2025, 12, 8))
    assert str(caught.value) == (
        "unknown board 'bse'; allowed: nasdaq, nyse, sse_main, sse_star, szse_chinext, szse_main"
    )
    with pytest.raises(InputError, match="on record for 2019-07-19"):
        session_rules("sse_star", days("2019-07-22", "2019-07-19"))


def table(folder: Path, *rows: str) -> Path:
    path = folder / "rules.csv"
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(StudyFileError) as caught:
        load_rules(path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = table(tmp_path, "bse,none,0.30,0.01,1,2021-11-15,,to_confirm,to_confirm,somewhere,")
    own = load_rules(path)
    assert limit_rule("bse", date(2025, 12, 8), rules=own).limit == Decimal("0.30")
    assert own[0].period == "from 2021-11-15"


def test_faults_of_a_table_are_all_told(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ",no,1.5,0.01,-1,2021-11-31,2021/11/15,sure,to_confirm,,",
        "x,none,0.1,,0,2021-01-02,2021-01-01,confirmed,confirmed,s,",
        "x,none,NaN,0.01,0,,,confirmed,confirmed,s,",
        "x,none",
    )
    assert faults(path) == [
        "2:1: board must not be empty",
        "2:2: 'no' is not allowed; allowed: none, st",
        "2:5: '1.5' is not a number above 0 and below 1",
        "2:14: '-1' is not a number of sessions; write 0 or more",
        "2:17: '2021-11-31' is not a date of the calendar (day is out of range for month)",
        "2:28: '2021/11/15' is not a date; write it as 2025-12-08",
        "2:39: 'sure' is not allowed; allowed: confirmed, to_confirm",
        "2:55: source must not be empty",
        "3:12: a limit needs a tick, and a tick a limit",
        "3:26: the period ends on 2021-01-01, before it begins on 2021-01-02",
        "4:8: 'NaN' is not a number above 0 and below 1",
        "5:7: 2 cells for 11 columns; missing limit, tick, no_limit_sessions, valid_from, valid_to, certainty, "
        "listing_certainty, source, note",
    ]


def test_a_table_that_is_not_one(tmp_path: Path) -> None:
    path = table(tmp_path)
    assert faults(path) == ["2:1: there are no rows under the header; write one row a period"]
    path.write_text("board,limit\nx,0.1\n", encoding="utf-8")
    assert faults(path) == [
        "1:12: missing special_treatment, tick, no_limit_sessions, valid_from, valid_to, certainty, "
        f"listing_certainty, source, note; the columns are {','.join(COLUMNS)}"
    ]
    assert len(faults(table(tmp_path, *["x,none"] * (MAX_SHOWN + 7)))) == MAX_SHOWN + 1


def test_periods_of_one_board_must_not_overlap(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "x,none,0.1,0.01,0,,2021-06-30,confirmed,confirmed,s,",
        "x,none,0.2,0.01,0,2021-06-30,,confirmed,confirmed,s,",
        "x,st,0.2,0.01,0,2021-06-30,,confirmed,confirmed,s,",
    )
    assert faults(path) == ["3:19: this period (from 2021-06-30) overlaps that of line 2 (to 2021-06-30)"]
    assert faults(tmp_path / "none.csv") == ["1:1: the rule table cannot be read (No such file or directory)"]
