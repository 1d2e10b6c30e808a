"""What a vendor changed between two downloads, and where two vendors differ."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from eventstudy.errors import DisagreementError, HoleError
from eventstudy.facts import fact, words
from eventstudy.prices import PriceSeries, Provenance
from eventstudy.sources.vendors.download import Download
from eventstudy.sources.vendors.drift import changes, compare, cross_check

START = np.datetime64("2025-12-01")


def later(n):
    """The day n days after the first."""
    return START + np.timedelta64(n, "D")


CLOSES = [100.0, 101.0, 99.5, 102.0, 103.0, 101.5, 104.0, 105.0, 103.5, 106.0]
WHO = "yahoo changed NVDA since 2025-12-20"


def days(n, start=START):
    return start + np.arange(n)


def series(closes=CLOSES, sessions=None, symbol="NVDA", **columns):
    sessions = days(len(closes)) if sessions is None else np.array(sessions, dtype="datetime64[D]")
    first, last = (sessions[0].item(), sessions[-1].item()) if len(sessions) else (dt.date.min, dt.date.min)
    origin = Provenance(
        symbol, "live", words("Made"), f"made/{symbol}", first, last, len(sessions), "", words("unadjusted")
    )
    arrays = {name: np.array(values, dtype=float) for name, values in columns.items()}
    close = None if closes is None else np.array(closes, dtype=float)
    return PriceSeries(symbol=symbol, sessions=sessions, close=close, provenance=origin, **arrays)


def download(one, first="2025-12-01", last="2025-12-31", at="2025-12-20"):
    when = dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC)
    return Download(one, "yahoo", dt.date.fromisoformat(first), dt.date.fromisoformat(last), when, "made 1.0", (), ())


def compared(old, new, **named):
    return said_of(compare(download(old, **named), download(new, at="2026-01-05")))


def said_of(facts):
    """The English sentence of each fact."""
    return tuple(map(str, facts))


def edited(closes, **changed):
    """Closes with some replaced: _2=5.0 is the third."""
    found = list(closes)
    for place, value in changed.items():
        found[int(place[1:])] = value
    return found


def without(one, *rows):
    kept = np.delete(np.arange(len(one)), rows)
    return series(one.close[kept], one.sessions[kept])


# --- Two downloads ---------------------------------------------------------------------------------------------------


def test_nothing_is_said_of_two_downloads_that_say_the_same():
    assert compared(series(), series()) == ()
    assert compared(series(adj_close=CLOSES), series(adj_close=CLOSES)) == ()


def test_digits_beyond_those_of_a_vendor_are_no_change():
    assert compared(series(), series(np.array(CLOSES) * (1 + 1e-10))) == ()


def test_changed_closes_are_counted_and_the_largest_named():
    new = series(edited(CLOSES, _1=101.01, _4=93.0, _9=106.5))
    assert compared(series(), new) == (
        "yahoo changed 3 closes of NVDA since 2025-12-20, the largest on 2025-12-05 from 103 to 93",
    )


def test_one_changed_close_is_singular_and_named_with_every_digit():
    old = series(edited(CLOSES, _3=1234567.25))
    assert compared(old, series(edited(CLOSES, _3=1234567.5))) == (
        "yahoo changed 1 close of NVDA since 2025-12-20, the largest on 2025-12-04 from 1234567.25 to 1234567.5",
    )


def test_sessions_gone_and_new_are_named():
    assert compared(series(), without(series(), 3)) == (f"{WHO}: no longer has 2025-12-04",)
    assert compared(without(series(), 3, 4, 5), series()) == (
        f"{WHO}: now has 3 sessions from 2025-12-04 to 2025-12-06",
    )
    assert compared(without(series(), 2), without(series(), 5)) == (
        f"{WHO}: no longer has 2025-12-06",
        f"{WHO}: now has 2025-12-03",
    )


def test_only_days_that_both_downloads_cover_are_compared():
    shorter = series(CLOSES[2:6], days(4, later(2)))
    before = download(shorter, "2025-12-03", "2025-12-06")
    assert compare(before, download(series(), at="2026-01-05")) == ()
    assert compare(download(series()), download(shorter, "2025-12-03", "2025-12-06", "2026-01-05")) == ()
    assert said_of(compare(before, download(without(series(), 2), at="2026-01-05"))) == (
        "yahoo changed NVDA since 2025-12-20: no longer has 2025-12-03",
    )


def test_a_change_outside_the_days_of_both_is_not_told():
    before = download(series(edited(CLOSES, _0=1.0)), "2025-12-01", "2025-12-05")
    assert compare(before, download(series(), "2025-12-02", "2025-12-31")) == ()


def test_downloads_of_days_apart_have_nothing_to_compare():
    early, late = series(CLOSES[:3]), series(CLOSES[3:], days(7, later(3)))
    assert compare(download(early, last="2025-12-03"), download(late, "2025-12-04")) == ()
    assert compare(download(late, "2025-12-04"), download(early, last="2025-12-03")) == ()


def test_a_session_gone_is_not_a_changed_close():
    """Closes are compared by session, not by row."""
    assert compared(series(), without(series(), 0)) == (f"{WHO}: no longer has 2025-12-01",)


def test_one_shared_session_is_compared():
    one = [100.0]
    assert compared(series(one), series(one)) == ()
    assert compared(series(one, adj_close=one), series([50.0], adj_close=[50.0])) == (
        "yahoo changed 1 close of NVDA since 2025-12-20, the largest on 2025-12-01 from 100 to 50",
    )


def test_a_series_without_closes_is_compared_by_its_adjusted_returns():
    sessions = days(10)
    old = series(None, sessions, adj_close=CLOSES)
    assert compared(old, series(None, sessions, adj_close=np.array(CLOSES) / 2)) == ()
    assert compared(old, series(None, sessions, adj_close=edited(CLOSES, _9=107.0))) == (
        "yahoo changed the adjusted returns of NVDA since 2025-12-20: 2025-12-10",
    )


# --- A split between two downloads -----------------------------------------------------------------------------------


def test_a_split_after_all_shared_sessions_is_one_factor():
    new = series(np.round(np.array(CLOSES) / 10, 4))
    assert compared(series(), new) == (f"{WHO}: closes up to 2025-12-10 are now 0.1 times what they were (a split)",)


def test_a_split_inside_is_one_factor_up_to_its_day():
    """The older download still has the step of the split; the newer is adjusted for it."""
    old = [*(np.array(CLOSES[:6]) * 2), *CLOSES[6:]]
    assert compared(series(old), series()) == (
        f"{WHO}: closes up to 2025-12-06 are now 0.5 times what they were (a split)",
    )


def test_a_split_is_recognised_though_adjusted_closes_are_rounded_to_a_cent():
    (said,) = compared(series(), series(np.round(np.array(CLOSES) / 7, 2)))
    found = re.fullmatch(rf"{WHO}: closes up to 2025-12-10 are now (0.14\d+) times what they were \(a split\)", said)
    assert float(found[1]) == pytest.approx(1 / 7, rel=1e-3)


@pytest.mark.parametrize(
    ("rows", "factor"),
    [
        ([0], 0.5),  # one wrong figure at the beginning
        ([9], 0.5),  # and at the end
        ([0, 1], 0.5),  # two, alike, after which the new series jumps and the old does not
        ([0, 1], 0.93),
        ([0, 1, 2], 2.0),
        ([4, 5], 0.5),  # in the middle: the closes before them did not change
        ([0, 1, 2, 3, 4, 5], 0.5),  # six, but the new series falls by half where the old does not
        (list(range(10)), 0.94),  # a dividend's size
        (list(range(6)), 0.98),
    ],
)
def test_wrong_figures_are_not_taken_for_a_split(rows, factor):
    new = np.array(CLOSES)
    new[rows] *= factor
    said = compared(series(), series(new))
    assert len(said) == 1
    plural = "s" if len(rows) > 1 else ""
    assert said[0].startswith(f"yahoo changed {len(rows)} close{plural} of NVDA since 2025-12-20, the largest on ")


def test_two_sessions_before_a_split_are_recognised_by_the_step_that_goes():
    old = [200.0, 202.0, *CLOSES[2:]]
    assert compared(series(old), series()) == (
        f"{WHO}: closes up to 2025-12-02 are now 0.5 times what they were (a split)",
    )


def test_closes_with_two_factors_are_not_one_split():
    new = [*(np.array(CLOSES[:5]) / 4), *(np.array(CLOSES[5:]) / 2)]
    assert compared(series(), series(new)) == (
        "yahoo changed 10 closes of NVDA since 2025-12-20, the largest on 2025-12-01 from 100 to 25",
    )


# --- Adjusted closes -------------------------------------------------------------------------------------------------


def test_adjusted_closes_rebased_by_a_dividend_are_no_change():
    """A dividend after both downloads' days scales all adjusted closes before it, and no return."""
    rebased = np.round(np.array(CLOSES) * (1 - 1.2 / 106), 4)
    assert compared(series(adj_close=CLOSES), series(adj_close=rebased)) == ()


def test_a_dividend_that_came_late_changes_one_return():
    late = np.array(CLOSES)
    late[:5] *= 0.99
    assert compared(series(adj_close=CLOSES), series(adj_close=late)) == (
        "yahoo changed the adjusted returns of NVDA since 2025-12-20: 2025-12-06",
    )


def test_adjusted_returns_that_follow_a_changed_close_are_not_told_twice():
    """The adjusted close is the close times a factor, so it changes with it."""
    old = series(adj_close=np.array(CLOSES) * 0.9)
    new = edited(CLOSES, _4=103.5)
    assert compared(old, series(new, adj_close=np.array(new) * 0.9)) == (
        "yahoo changed 1 close of NVDA since 2025-12-20, the largest on 2025-12-05 from 103 to 103.5",
    )


def test_an_adjusted_return_that_changes_otherwise_than_the_close_is_told_beside_it():
    new = edited(CLOSES, _4=103.5)
    late = np.array(new)
    late[:8] *= 0.99
    assert compared(series(adj_close=CLOSES), series(new, adj_close=late)) == (
        "yahoo changed 1 close of NVDA since 2025-12-20, the largest on 2025-12-05 from 103 to 103.5",
        "yahoo changed the adjusted returns of NVDA since 2025-12-20: 2025-12-09",
    )


def test_a_changed_close_beside_an_adjusted_one_that_stayed_is_told_alone():
    assert compared(series(adj_close=CLOSES), series(edited(CLOSES, _4=103.5), adj_close=CLOSES)) == (
        "yahoo changed 1 close of NVDA since 2025-12-20, the largest on 2025-12-05 from 103 to 103.5",
    )


def test_other_prices_of_a_bar_are_compared_where_the_close_stayed():
    bar = {"open": CLOSES, "high": np.array(CLOSES) + 1, "low": np.array(CLOSES) - 1}
    other = {"open": edited(CLOSES, _2=99.0), "high": edited(bar["high"], _4=120.0, _5=120.0), "low": bar["low"]}
    assert compared(series(**bar), series(edited(CLOSES, _5=102.0), **other)) == (
        "yahoo changed 1 close of NVDA since 2025-12-20, the largest on 2025-12-06 from 101.5 to 102",
        "yahoo changed the open of NVDA since 2025-12-20: 2025-12-03",
        "yahoo changed the high of NVDA since 2025-12-20: 2025-12-05",
    )
    assert compared(series(**bar), series()) == compared(series(**bar), series(**bar)) == ()


def test_an_adjusted_close_that_is_no_number_any_more_is_a_change():
    assert compared(series(adj_close=CLOSES), series(adj_close=edited(CLOSES, _3=np.nan))) == (
        "yahoo changed the adjusted returns of NVDA since 2025-12-20: 2025-12-04 and 2025-12-05",
    )


@pytest.mark.parametrize("nothing", [np.nan, 0.0, np.inf])
def test_a_close_that_is_no_price_any_more_is_a_change(nothing):
    figure = {"nan": "nan", "0.0": "0", "inf": "inf"}[str(nothing)]
    assert compared(series(), series(edited(CLOSES, _3=nothing))) == (
        f"yahoo changed 1 close of NVDA since 2025-12-20, the largest on 2025-12-04 from 102 to {figure}",
    )
    assert compared(series(edited(CLOSES, _3=nothing)), series(edited(CLOSES, _3=nothing))) == ()


def test_recordings_are_compared_over_the_days_stated():
    span = (dt.date(2025, 12, 4), dt.date(2025, 12, 6))
    new = series(edited(CLOSES, _0=1.0, _4=104.0, _9=1.0))
    since = fact("recording_to", last="2025-12-10")
    assert said_of(changes(series(), new, span, "yahoo", since)) == (
        "yahoo changed 1 close of NVDA since the recording to 2025-12-10, the largest on 2025-12-05 from 103 to 104",
    )


@given(st.lists(st.floats(1, 1e4), min_size=1, max_size=12), st.data())
def test_one_changed_close_is_always_told_and_only_that(closes, data):
    row = data.draw(st.integers(0, len(closes) - 1))
    factor = data.draw(st.floats(0.01, 100).filter(lambda value: abs(value - 1) > 1e-6))
    new = list(closes)
    new[row] *= factor
    assume(abs(new[row] / closes[row] - 1) > 1e-8)
    (said,) = compared(series(closes), series(new))
    assert said.startswith(f"yahoo changed 1 close of NVDA since 2025-12-20, the largest on {later(row)} from ")


# --- Two vendors -----------------------------------------------------------------------------------------------------


def checked(ours, theirs, tolerance=0.005, suspensions=(), covered=None):
    return said_of(
        cross_check(ours, "eastmoney", theirs, "yahoo", tolerance=tolerance, suspensions=suspensions, covered=covered)
    )


def refused(error, *args, **named):
    with pytest.raises(error) as caught:
        checked(*args, **named)
    return str(caught.value)


def test_agreement_is_told_with_the_largest_difference():
    assert checked(series(), series(edited(CLOSES, _2=99.6))) == (
        "closes agree with yahoo's on 10 sessions (largest difference 0.10%)",
    )
    assert checked(series([10.0]), series([10.0])) == (
        "closes agree with yahoo's on 1 session (largest difference 0.00%)",
    )


def test_a_difference_of_just_the_tolerance_is_agreement():
    """99.5 / 100 - 1 is -0.0050000000000000044."""
    assert checked(series([100.0]), series([99.5])) == (
        "closes agree with yahoo's on 1 session (largest difference 0.50%)",
    )


def test_a_disagreement_names_both_values_the_day_and_the_tolerance():
    assert refused(DisagreementError, series(), series(edited(CLOSES, _3=112.2, _5=103.0))) == (
        "eastmoney: NVDA: closes at 102 on 2025-12-04, yahoo at 112.2 (10.00% apart, tolerated 0.50%, "
        "on 2 of 10 sessions); find out which is right, then widen prices.tolerance or leave one vendor out of symbols"
    )


def test_a_disagreement_just_beyond_the_tolerance_shows_that_it_is():
    assert refused(DisagreementError, series([100000.0]), series([100501.0]), tolerance=0.005) == (
        "eastmoney: NVDA: closes at 100000 on 2025-12-01, yahoo at 100501 (0.501% apart, tolerated 0.500%, "
        "on 1 of 1 session); find out which is right, then widen prices.tolerance or leave one vendor out of symbols"
    )


@pytest.mark.parametrize("nothing", [np.nan, 0.0, np.inf])
def test_a_close_that_is_no_price_is_a_disagreement(nothing):
    said = refused(DisagreementError, series(), series(edited(CLOSES, _3=nothing)))
    assert said.startswith("eastmoney: NVDA: closes at 102 on 2025-12-04, yahoo at ")


def test_a_session_that_only_the_second_vendor_has_is_a_hole():
    assert refused(HoleError, without(series(), 4), series()) == (
        "eastmoney: NVDA: has no bar on 2025-12-05, yahoo has; not a halt but a hole: "
        "use another source, or declare a suspension"
    )
    assert refused(HoleError, without(series(), 4, 5, 6), series()) == (
        "eastmoney: NVDA: has no bar on 3 sessions from 2025-12-05 to 2025-12-07, yahoo has; not a halt but a hole: "
        "use another source, or declare a suspension"
    )


def test_a_session_of_a_declared_suspension_is_no_hole():
    halt = (dt.date(2025, 12, 5), dt.date(2025, 12, 6))
    assert checked(without(series(), 4, 5), series(), suspensions=[halt]) == (
        "closes agree with yahoo's on 8 sessions (largest difference 0.00%)",
    )
    assert refused(HoleError, without(series(), 4, 5, 6), series(), suspensions=[halt]).startswith(
        "eastmoney: NVDA: has no bar on 2025-12-07, yahoo has"
    )


def test_a_session_that_neither_vendor_has_is_nobody_s_hole():
    assert checked(without(series(), 4), without(series(), 4)) == (
        "closes agree with yahoo's on 9 sessions (largest difference 0.00%)",
    )


def test_a_session_without_a_second_opinion_is_told():
    assert checked(series(), without(series(), 4, 9)) == (
        "closes agree with yahoo's on 8 sessions (largest difference 0.00%)",
        "yahoo has no bar on 2025-12-05 and 2025-12-10",
    )


def test_no_common_session_is_told():
    late = series(CLOSES, days(10, later(20)))
    assert checked(series(), late) == ("yahoo has none of these sessions, so closes were not compared",)


def test_without_closes_there_is_nothing_to_compare():
    adjusted = series(None, days(10), adj_close=CLOSES)
    assert checked(adjusted, series()) == checked(series(), adjusted) == ()


def test_bars_outside_the_series_are_no_holes_unless_its_vendor_was_asked_for_them():
    """A vendor that stops three sessions early is seen only where it is known what was asked for."""
    short = series(CLOSES[:7])
    assert checked(short, series()) == ("closes agree with yahoo's on 7 sessions (largest difference 0.00%)",)
    asked = (dt.date(2025, 12, 1), dt.date(2025, 12, 10))
    assert refused(HoleError, short, series(), covered=asked).startswith(
        "eastmoney: NVDA: has no bar on 3 sessions from 2025-12-08 to 2025-12-10, yahoo has"
    )
    early = (dt.date(2025, 12, 2), dt.date(2025, 12, 7))
    assert checked(short, series(), covered=early) == (
        "closes agree with yahoo's on 6 sessions (largest difference 0.00%)",
    )


def test_a_second_vendor_adjusted_for_a_split_is_explained():
    """As traded the close falls to half on 7 December; the second vendor has halved the closes before."""
    traded = [*(np.array(CLOSES[:6]) * 2), *CLOSES[6:]]
    assert checked(series(traded), series()) == (
        "yahoo's closes up to 2025-12-06 are 0.5 times these throughout: adjusted for a split",
    )


def test_a_second_vendor_adjusted_for_a_later_split_is_explained():
    rounded = np.round(np.array(CLOSES) / 1.4, 2)
    (said,) = checked(series(), series(rounded))
    assert said.startswith("yahoo's closes up to 2025-12-10 are 0.7142")
    assert said.endswith(" times these throughout: adjusted for a split")


def test_a_small_split_beside_a_move_of_the_day_is_explained():
    """1 new share to 10, and a rise of 8 % on the day: the second vendor moves more there than the first."""
    true = np.array([*CLOSES[:6], *(np.array(CLOSES[6:]) * 1.05)])
    traded = np.array(true)
    traded[:6] *= 1.1
    (said,) = checked(series(np.round(traded, 2)), series(np.round(true, 2)))
    assert said.startswith("yahoo's closes up to 2025-12-06 are 0.909")


def split_twice(first, second):
    """Closes as traded over 30 sessions, and those that a vendor has adjusted for splits on the 11th and the 21st."""
    true = np.round(100 + np.sin(np.arange(30.0)), 2)
    traded = np.array(true)
    traded[:20] *= second
    traded[:10] *= first
    return series(traded, days(30)), series(true, days(30))


def test_a_second_vendor_adjusted_for_two_splits_is_explained():
    """Shares out of reserves, twice in the range of a study."""
    assert checked(*split_twice(1.4, 1.3)) == (
        "yahoo's closes are 0.549451 times these up to 2025-12-10, 0.769231 times these up to 2025-12-20: "
        "adjusted for splits",
    )


def test_figures_that_are_wrong_for_a_while_are_not_two_splits():
    """A step there and back, in either vendor's closes, looks like a split and its reverse."""
    wrong, right = split_twice(1 / 1.4, 1.4)
    assert "on 10 of 30 sessions" in refused(DisagreementError, wrong, right)
    assert "on 10 of 30 sessions" in refused(DisagreementError, right, wrong)


@pytest.mark.parametrize(
    ("rows", "factor"),
    [
        ([0], 0.5),
        ([0, 1], 1.02),
        ([0, 1], 0.5),
        ([0, 1, 2, 3], 0.9),
        ([0, 1, 2, 3, 4, 5], 0.5),
        ([0, 1, 2, 3, 4, 5], 0.96),  # adjusted for a dividend of 4 %
        (list(range(10)), 0.96),
        ([3, 4, 5], 0.5),
    ],
)
def test_what_no_split_explains_is_a_disagreement(rows, factor):
    theirs = np.array(CLOSES)
    theirs[rows] *= factor
    said = refused(DisagreementError, series(), series(theirs))
    assert f", on {len(rows)} of 10 sessions)" in said


@given(
    st.lists(st.floats(5, 500), min_size=2, max_size=15),
    st.floats(0, 0.004),
    st.lists(st.sampled_from([-1, 1]), min_size=15, max_size=15),
)
def test_closes_within_the_tolerance_always_agree(closes, size, signs):
    other = [close * (1 + sign * size) for close, sign in zip(closes, signs, strict=False)]
    (said,) = checked(series(closes), series(other))
    assert said.startswith(f"closes agree with yahoo's on {len(closes)} sessions")


@given(st.integers(1, 12), st.floats(0.02, 1.5).filter(lambda size: abs(size - 1) > 0.02), st.integers(0, 11))
def test_one_wrong_close_is_never_explained_away(n, factor, row):
    assume(row < n)
    closes = [100.0 + i for i in range(n)]
    wrong = list(closes)
    wrong[row] *= factor
    assert f"on {later(row)}, yahoo at" in refused(DisagreementError, series(closes), series(wrong))
