"""Overnight and intraday parts, indices without their treated members, foreign returns on the local clock."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstudy.calendars import load_sessions
from eventstudy.clock import foreign_sessions
from eventstudy.errors import OptionError
from eventstudy.returns import (
    day_parts,
    leave_out,
    level_at,
    on_sessions,
    over_same_span,
    total_return_level,
    trade_returns,
)

EXACT = 1e-12  # same arithmetic in another order
CENT = 1e-12  # log ratios of recorded prices
NEW_YORK, SHANGHAI = load_sessions("XNAS"), load_sessions("XSHG")
FLAGSHIP = ("NVDA", "603019", "688041", "688795")


def days(*labels):
    return np.array(labels, dtype="datetime64[D]")


# --- Parts of a day, by hand --------------------------------------------------------------------------------------

FIVE = np.arange("2025-12-01", "2025-12-06", dtype="datetime64[D]")
NAN = np.nan


def test_parts_by_hand():
    # a dividend of 1 before the open of the third session: 100 -> 110 -> (98 + 1 = 99)
    open_, close = np.array([99.0, 105.0, 101.0]), np.array([100.0, 110.0, 98.0])
    level = np.array([100.0, 110.0, 99.0])
    found = day_parts(FIVE[:3], open_, close, level)
    assert found.intraday == pytest.approx(np.log([100 / 99, 110 / 105, 98 / 101]), rel=EXACT)
    assert found.whole[1:] == pytest.approx(np.log([110 / 100, 99 / 110]), rel=EXACT)
    assert found.overnight[1:] == pytest.approx(np.log([105 / 100, 99 / 110 * 101 / 98]), rel=EXACT)
    assert np.isnan([found.overnight[0], found.whole[0]]).all()
    assert found.span.tolist() == [0, 1, 1]
    assert (found.sessions == FIVE[:3]).all()


def test_a_halt_belongs_to_the_night():
    open_ = np.array([10.0, NAN, NAN, 12.0, 12.0])
    close = np.array([10.0, NAN, NAN, 11.0, 12.5])
    found = day_parts(FIVE, open_, close, close)
    assert found.span.tolist() == [0, 0, 0, 3, 1]
    assert found.overnight == pytest.approx([NAN, NAN, NAN, np.log(1.2), np.log(12 / 11)], nan_ok=True)
    assert found.intraday == pytest.approx([0.0, NAN, NAN, np.log(11 / 12), np.log(12.5 / 12)], nan_ok=True)
    assert found.whole == pytest.approx([NAN, NAN, NAN, np.log(1.1), np.log(12.5 / 11)], nan_ok=True)


def test_a_missing_open_leaves_the_whole():
    found = day_parts(FIVE[:3], np.array([10.0, NAN, 12.0]), np.array([10.0, 11.0, 12.0]), np.array([10.0, 11.0, 12.0]))
    assert np.isnan([found.overnight[1], found.intraday[1]]).all()
    assert found.whole[1] == pytest.approx(np.log(1.1), rel=EXACT)
    assert found.overnight[2] == pytest.approx(np.log(12 / 11), rel=EXACT)


def test_no_part_without_a_trade():
    # an indicative open and close on a day on which the index of returns says that nothing was traded
    found = day_parts(FIVE[:3], np.array([10.0, 10.0, 12.0]), np.array([10.0, 10.5, 12.0]), np.array([10.0, NAN, 12.0]))
    assert np.isnan([found.overnight[1], found.intraday[1], found.whole[1]]).all()
    assert found.span.tolist() == [0, 0, 2]
    assert found.overnight[2] == pytest.approx(np.log(1.2), rel=EXACT)


def test_the_record_holds_its_own_arrays():
    close = np.array([10.0, 11.0])
    found = day_parts(FIVE[:2], close, close, close)
    for array in (found.sessions, found.overnight, found.intraday, found.whole, found.span):
        assert not array.flags.writeable


PRICES = st.lists(st.one_of(st.none(), st.tuples(st.floats(1, 100), st.floats(1, 100))), min_size=1, max_size=12)


@given(PRICES, st.floats(0.1, 10))
def test_parts_sum_to_the_whole(prices, scale):
    open_, close = np.array([one or (NAN, NAN) for one in prices], dtype=float).T
    sessions = np.datetime64("2025-01-01") + np.arange(len(prices))
    found = day_parts(sessions, open_, close, scale * close)
    trade = trade_returns(sessions, scale * close, "log")
    assert found.overnight + found.intraday == pytest.approx(trade.values, abs=EXACT, nan_ok=True)
    assert (found.span == trade.span).all()
    split = day_parts(sessions, open_ / 10, close / 10, scale * close)
    assert split.intraday == pytest.approx(found.intraday, abs=EXACT, nan_ok=True)


# --- Parts of a day, recorded -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parts(flagship_spec, flagship_prices):
    def of(symbol):
        series, instrument = flagship_prices[symbol], flagship_spec.instruments[symbol]
        sessions = (NEW_YORK if symbol == "NVDA" else SHANGHAI).sessions
        level = total_return_level(series, {paid.ex_date: paid.amount for paid in instrument.dividends})
        placed = [on_sessions(sessions, series.sessions, values) for values in (series.open, series.close, level)]
        return day_parts(sessions, *placed)

    return {symbol: of(symbol) for symbol in FLAGSHIP}


def on(found, day):
    place = int(np.searchsorted(found.sessions, np.datetime64(day)))
    return found.overnight[place], found.intraday[place], found.whole[place], found.span[place]


@pytest.mark.parametrize(
    ("symbol", "day", "overnight", "intraday"),
    [
        ("603019", "2025-12-10", 90.12 / 100.13, 90.12 / 90.12),  # opened and closed at its limit: all of it overnight
        ("603019", "2025-12-09", 100.30 / 101.33, 100.13 / 100.30),
        ("603019", "2025-12-11", 89.02 / 90.12, 89.63 / 89.02),
        ("688041", "2025-12-09", 217.94 / 220.88, 219.30 / 217.94),
        ("688041", "2025-12-10", 212.01 / 219.30, 218.50 / 212.01),
        ("688795", "2025-12-08", 579.75 / 600.50, 594.25 / 579.75),
        ("688795", "2025-12-09", 579.85 / 594.25, 628.31 / 579.85),
        ("688795", "2025-12-10", 620.08 / 628.31, 735.00 / 620.08),
        # NVDA: the whole is that of the adjusted close, the day that of the prices as traded
        ("NVDA", "2025-12-08", 185.3240 / 182.1878 * 182.640 / 185.550, 185.550 / 182.640),
        ("NVDA", "2025-12-09", 184.7447 / 185.3240 * 185.560 / 184.970, 184.970 / 185.560),
        # the ex-date of 603019: 0.27 a share, reinvested at the close
        ("603019", "2025-05-23", (61.90 + 0.27) / 62.46 * 62.45 / 61.90, 61.90 / 62.45),
    ],
)
def test_recorded_parts(parts, symbol, day, overnight, intraday):
    assert on(parts[symbol], day) == pytest.approx(
        (np.log(overnight), np.log(intraday), np.log(overnight) + np.log(intraday), 1), abs=CENT
    )


def test_the_limit_day_of_603019_has_no_intraday_part(parts):
    assert on(parts["603019"], "2025-12-10")[1] == 0.0


def test_the_dividend_of_nvda_counts_overnight(parts):
    # 0.01 USD, ex-date 4 December; no dividend on the 9th. The adjusted closes have four decimals: 1e-6 of themselves
    without = np.log(181.620 / 179.590)
    assert on(parts["NVDA"], "2025-12-04")[0] - without == pytest.approx(0.01 / 179.590, abs=1e-6)
    assert on(parts["NVDA"], "2025-12-09")[0] == pytest.approx(np.log(185.560 / 185.550), abs=1e-6)


@pytest.mark.parametrize(
    ("symbol", "overnight", "intraday"),
    [("603019", 68.09 / 61.90, 68.09 / 68.09), ("688041", 148.00 / 136.13, 141.98 / 148.00)],
)
def test_the_halt_belongs_to_the_night_before_resumption(parts, symbol, overnight, intraday):
    # 26 May to 9 June, with the Dragon Boat holiday of 2 June: ten sessions without trade, so a span of eleven
    found = parts[symbol]
    assert on(found, "2025-06-10") == pytest.approx(
        (np.log(overnight), np.log(intraday), np.log(overnight * intraday), 11), abs=CENT
    )
    halted = (found.sessions >= np.datetime64("2025-05-26")) & (found.sessions <= np.datetime64("2025-06-09"))
    assert halted.sum() == 10
    for values in (found.overnight, found.intraday, found.whole):
        assert np.isnan(values[halted]).all()
    assert (found.span[halted] == 0).all()


def test_the_first_session_has_a_day_but_no_night(parts):
    overnight, intraday, whole, span = on(parts["688795"], "2025-12-05")
    assert intraday == pytest.approx(np.log(600.50 / 650.00), abs=CENT)
    assert np.isnan(overnight)
    assert np.isnan(whole)
    assert span == 0


@pytest.mark.parametrize("symbol", FLAGSHIP)
def test_recorded_parts_sum_to_the_whole(parts, flagship_prices, symbol):
    found = parts[symbol]
    known = np.isfinite(found.whole)
    assert known.sum() == len(flagship_prices[symbol]) - 1
    assert found.overnight[known] + found.intraday[known] == pytest.approx(found.whole[known], abs=EXACT)


# --- Leave-treated-out index --------------------------------------------------------------------------------------


def test_left_out_by_hand():
    # a quarter of the index rose 5 %, the index 2 %: the rest rose (0.02 - 0.0125) / 0.75 = 1 %
    found = leave_out(np.array([0.0, 0.02]), np.array([[0.0, 0.05]]), np.array([0.25]), 0, kind="simple")
    assert found == pytest.approx([0.0, 0.01], abs=EXACT)
    logs = leave_out(np.log([1.0, 1.02]), np.log([[1.0, 1.05]]), np.array([0.25]), 0, kind="log")
    assert logs == pytest.approx([0.0, np.log(1.01)], abs=EXACT)


def test_weights_drift_by_hand():
    # after the second session the quarter is 0.25 * 1.05 / 1.02, and that is the weight of the third
    index, member = np.array([NAN, 0.02, 0.01]), np.array([[NAN, 0.05, -0.03]])
    weight = 0.25 * 1.05 / 1.02
    expected = [NAN, 0.01, (0.01 + weight * 0.03) / (1 - weight)]
    assert leave_out(index, member, np.array([0.25]), 0, kind="simple") == pytest.approx(
        expected, abs=EXACT, nan_ok=True
    )
    later = leave_out(index, member, np.array([weight]), 1, kind="simple")
    assert later == pytest.approx(expected, abs=EXACT, nan_ok=True)
    last = leave_out(index, member, np.array([weight * 0.97 / 1.01]), 2, kind="simple")
    assert last == pytest.approx(expected, abs=EXACT, nan_ok=True)


def shares_and_prices(seed, members=4, sessions=30):
    rng = np.random.default_rng(seed)
    prices = 50 * np.exp(np.cumsum(rng.normal(0, 0.05, size=(members, sessions)), axis=1))
    return rng.uniform(1, 5, size=members), prices


@pytest.mark.parametrize("kind", ["simple", "log"])
@given(seed=st.integers(0, 10**6), place=st.integers(0, 29))
def test_what_is_left_of_a_portfolio_is_its_other_part(kind, seed, place):
    shares, prices = shares_and_prices(seed)
    sessions = np.datetime64("2025-01-01") + np.arange(30)
    value = shares[:, None] * prices

    def returns(level):
        return trade_returns(sessions, level, kind).values

    index, members = returns(value.sum(axis=0)), np.array([returns(row) for row in prices[:2]])
    weights = value[:2, place] / value[:, place].sum()
    found = leave_out(index, members, weights, place, kind=kind)
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx(returns(value[2:].sum(axis=0))[1:], abs=1e-10)


def test_of_two_stocks_one_is_left():
    shares, prices = shares_and_prices(1, members=2)
    value = shares[:, None] * prices
    simple = np.diff(np.log(prices), axis=1)
    index = np.diff(np.log(value.sum(axis=0)))
    weight = value[:1, 13] / value[:, 13].sum()
    assert leave_out(index, simple[:1], weight, 12, kind="log") == pytest.approx(simple[1], abs=EXACT)


@pytest.mark.parametrize("kind", ["simple", "log"])
@pytest.mark.parametrize("place", [0, 7, 12, 20, 29])  # before, in and after the halt
def test_a_suspended_member_stays_at_its_last_price(kind, place):
    shares, prices = shares_and_prices(2, members=3)
    sessions = np.datetime64("2025-01-01") + np.arange(30)
    prices[0, 7:12] = prices[0, 6]  # as the index carries it
    value = shares[:, None] * prices
    traded = prices[0].copy()
    traded[7:12] = NAN
    member = trade_returns(sessions, traded, kind).values
    index, rest = (trade_returns(sessions, level, kind).values for level in (value.sum(axis=0), value[1:].sum(axis=0)))
    suspended = np.zeros((1, 30), dtype=bool)
    suspended[0, 7:12] = True
    weight = value[:1, place] / value[:, place].sum()
    found = leave_out(index, member[None, :], weight, place, kind=kind, suspended=suspended)
    assert found[1:] == pytest.approx(rest[1:], abs=EXACT)
    # without the mask the sessions beyond the first missing return are not known
    blind = leave_out(index, member[None, :], weight, place, kind=kind)
    known = np.zeros(30, dtype=bool)
    known[1:7] = place < 12
    known[12:] = place > 11
    if 7 <= place <= 11:
        known[:] = False
    assert (np.isfinite(blind) == known).all()
    assert blind[known] == pytest.approx(rest[known], abs=EXACT)


def test_without_weight_the_index_is_itself():
    index, members = np.array([NAN, 0.02, -0.01]), np.array([[NAN, NAN, 0.5]])
    found = leave_out(index, members, np.zeros(1), 1, kind="simple")
    assert np.array_equal(found, index, equal_nan=True)
    assert found is not index
    none = leave_out(index, np.empty((0, 3)), np.empty(0), 1, kind="log")
    assert np.array_equal(none, index, equal_nan=True)
    half = leave_out(index, np.array([[NAN, NAN, 0.5], [NAN, 0.01, 0.02]]), np.array([0.0, 0.1]), 0, kind="simple")
    alone = leave_out(index, np.array([[NAN, 0.01, 0.02]]), np.array([0.1]), 0, kind="simple")
    assert np.array_equal(half, alone, equal_nan=True)


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_members_one_after_the_other_or_together(seed):
    shares, prices = shares_and_prices(seed)
    value = shares[:, None] * prices
    returns, index = prices[:, 1:] / prices[:, :-1] - 1, value.sum(axis=0)[1:] / value.sum(axis=0)[:-1] - 1
    weights = value[:2, 11] / value[:, 11].sum()
    together = leave_out(index, returns[:2], weights, 10, kind="simple")
    first = leave_out(index, returns[:1], weights[:1], 10, kind="simple")
    second = leave_out(first, returns[1:2], weights[1:] / (1 - weights[0]), 10, kind="simple")
    assert second == pytest.approx(together, abs=1e-10)


@pytest.mark.parametrize(
    ("weights", "shown"),
    [([-0.1], "-0.1"), ([1.0], "1"), ([NAN], "nan"), ([0.6, 0.4], "0.6, 0.4"), ([5.0], "5")],
)
def test_impossible_weights(weights, shown):
    with pytest.raises(OptionError) as caught:
        leave_out(np.zeros(3), np.zeros((len(weights), 3)), np.array(weights), 0, kind="simple")
    assert str(caught.value) == (
        f"the weights {shown} are not those of some members of an index; each lies in [0, 1) and together they stay "
        "below 1 (0.05 = 5 %)"
    )


def test_weights_that_outgrow_the_index():
    # 60 % of an index that stands still cannot double
    with pytest.raises(OptionError) as caught:
        leave_out(np.zeros(3), np.array([[0.0, 1.0, 0.0]]), np.array([0.6]), 0, kind="simple")
    assert str(caught.value) == (
        "the weights have drifted to a sum of 1.2 at session 2 (counted from 0); they do not belong to this index or "
        "not to this session"
    )


def test_shapes_positions_and_contradictions():
    with pytest.raises(
        OptionError, match=r"^1 weights and an index of 3 sessions need members \(1, 3\), not \(1, 2\)$"
    ):
        leave_out(np.zeros(3), np.zeros((1, 2)), np.array([0.1]), 0, kind="simple")
    with pytest.raises(OptionError, match=r"need members \(1, 3\), not \(1, 3\) and \(3,\)$"):
        leave_out(np.zeros(3), np.zeros((1, 3)), np.array([0.1]), 0, kind="simple", suspended=np.zeros(3, dtype=bool))
    for place in (-1, 3):
        with pytest.raises(OptionError, match=rf"^weight_position={place} is none of the index's 3 sessions$"):
            leave_out(np.zeros(3), np.zeros((1, 3)), np.array([0.1]), place, kind="simple")
    mask = np.array([[False, False, True]])
    with pytest.raises(OptionError) as caught:
        leave_out(np.zeros(3), np.zeros((1, 3)), np.array([0.1]), 0, kind="simple", suspended=mask)
    assert str(caught.value) == "member 0 is marked as suspended at session 2 (counted from 0) but has a return there"


# --- Foreign returns ----------------------------------------------------------------------------------------------


def between_opens(level, position, kind):
    """Foreign return that became known between each local open and the one before."""
    span = np.ones(position.size, dtype=np.int64)
    span[:1] = 0
    return over_same_span(level_at(level, position), span, kind)


def test_foreign_returns_by_hand():
    # the second local session follows a foreign holiday, the fourth a local one; the sixth is past what is known
    level = np.array([100.0, 110.0, 99.0, 108.9])
    position = np.array([0, 0, 1, 3, 3, -1, -1])
    expected = [NAN, 0.0, 0.1, -0.01, 0.0, NAN, NAN]
    assert between_opens(level, position, "simple") == pytest.approx(expected, abs=EXACT, nan_ok=True)
    assert between_opens(level, position, "log") == pytest.approx(np.log1p(expected), abs=EXACT, nan_ok=True)
    assert level_at(level, position) == pytest.approx([100, 100, 110, 108.9, 108.9, NAN, NAN], nan_ok=True)
    assert between_opens(level, np.empty(0, dtype=np.intp), "log").size == 0


def test_a_gap_in_the_foreign_index_is_not_filled():
    level = np.array([100.0, NAN, 99.0])
    found = between_opens(level, np.array([0, 1, 2]), "simple")
    assert np.isnan(found).all()
    assert between_opens(level, np.array([0, 2]), "simple")[1] == pytest.approx(-0.01, abs=EXACT)


@pytest.mark.parametrize("position", [[0, 3], [-2, 0]])
def test_positions_outside_the_level(position):
    with pytest.raises(OptionError) as caught:
        level_at(np.ones(3), np.array(position))
    assert str(caught.value) == (
        f"positions from {position[0]} to {position[1]} do not fit a level of 3 foreign sessions"
    )


@pytest.fixture(scope="module")
def spy(flagship_prices):
    """SPY's index on New York's sessions, and on the day asked."""
    series = flagship_prices["SPY"]
    level = on_sessions(NEW_YORK.sessions, series.sessions, series.adj_close)
    return level, lambda day: series.adj_close[series.position(date.fromisoformat(day))]


def on_day(values, day):
    return values[SHANGHAI.index(date.fromisoformat(day))]


def test_new_york_as_known_in_shanghai(spy):
    level, close = spy
    found = between_opens(level, foreign_sessions(SHANGHAI, NEW_YORK), "log")
    known = {
        "2025-12-09": ("2025-12-05", "2025-12-08"),
        "2025-12-10": ("2025-12-08", "2025-12-09"),
        "2025-10-09": ("2025-09-29", "2025-10-08"),  # seven sessions during National Day week
        "2025-10-10": ("2025-10-08", "2025-10-09"),
        "2025-02-05": ("2025-01-24", "2025-02-04"),  # seven sessions over Chinese New Year
        "2025-12-01": ("2025-11-26", "2025-11-28"),  # the half day after Thanksgiving
    }
    for day, (first, last) in known.items():
        assert on_day(found, day) == pytest.approx(np.log(close(last) / close(first)), abs=EXACT), day
    assert on_day(found, "2025-11-28") == 0.0  # Thanksgiving: nothing new
    assert on_day(found, "2025-12-26") == 0.0  # Christmas


def test_nothing_is_lost_over_holidays(spy):
    level, close = spy
    found = between_opens(level, foreign_sessions(SHANGHAI, NEW_YORK), "log")
    first, last = (SHANGHAI.index(date.fromisoformat(day)) for day in ("2025-01-02", "2025-12-31"))
    assert found[first + 1 : last + 1].sum() == pytest.approx(
        np.log(close("2025-12-30") / close("2024-12-31")), abs=1e-12
    )


@pytest.mark.parametrize("kind", ["simple", "log"])
def test_new_york_over_a_halt_in_shanghai(spy, flagship_prices, kind):
    level, close = spy
    series = flagship_prices["603019"]
    trade = trade_returns(SHANGHAI.sessions, on_sessions(SHANGHAI.sessions, series.sessions, series.close), kind)
    found = over_same_span(level_at(level, foreign_sessions(SHANGHAI, NEW_YORK)), trade.span, kind)
    ratio = close("2025-06-09") / close("2025-05-22")  # known at the opens of 10 June and 23 May
    assert on_day(found, "2025-06-10") == pytest.approx(np.log(ratio) if kind == "log" else ratio - 1, abs=EXACT)
    assert np.isnan(on_day(found, "2025-06-09"))
