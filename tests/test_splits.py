"""Splits that a study states: returns, price limits, suspicions, and prices that contradict them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from eventstudy.config import parse_study, timed_study
from eventstudy.errors import InputError, PriceError, StudyFileError
from eventstudy.markets.limits import reference_prices
from eventstudy.returns import total_return_level
from tests.test_doubts import at
from tests.worlds import EVENT, SHANGHAI, closes, day, panel, ran, study


def stated(ratio, day=EVENT, **changed):
    more = changed.pop("more", ", board: nasdaq")
    return {"more": f"{more}, splits: [{{ex_date: {day}, ratio: {ratio}}}]", **changed}


@pytest.mark.parametrize(
    ("ratio", "factor"), [("5 for 4", 1.25), ("2 for 1", 2.0), ("13 for 10", 1.3), ("1 for 10", 0.1)]
)
def test_a_stated_split_gives_the_returns_of_the_share_that_was_not_split(ratio, factor):
    own = closes()
    whole, split = ran(own), ran(at(own, 1 / factor), **stated(ratio))
    assert [one.ar for one in split.ar] == pytest.approx(
        [one.ar for one in whole.ar], abs=0.02 / own.min() * max(factor, 1)
    )
    assert split.headlines[0].flags == ()
    assert [one.code for one in split.exclusions] == [one.code for one in whole.exclusions]


def test_a_wrong_price_on_the_day_of_a_split_is_still_told():
    found = ran(at(at(closes(), 0.5), 10.0, last="2024-04-04"), **stated("2 for 1"))
    assert [one.partition(":")[0] for one in found.headlines[0].flags] == ["reversal"]


def test_growth_with_a_dividend_on_the_day_of_the_split():
    one = panel(AAA=np.where(np.arange(closes().size) < 3, 50.0, 40.0))["AAA"]
    day = one.sessions[3].item()
    level = total_return_level(one, {day: 1.0}, {day: 1.25})
    assert level[3] / level[2] == pytest.approx((1.25 * 40.0 + 1.0) / 50.0, abs=1e-15)
    assert level[4:].tolist() == [level[3]] * (len(one) - 4)


def test_a_split_between_two_rows_counts_on_the_next():
    one = panel(AAA=np.where(np.arange(closes().size) < 3, 50.0, 25.0))["AAA"]
    saturday = date(2023, 3, 4)
    assert one.sessions[3].item() == date(2023, 3, 6)
    assert total_return_level(one, {}, {saturday: 2.0}).tolist() == pytest.approx([50.0] * len(one))


def test_the_limits_reference_is_divided_by_the_split():
    days = np.array(["2024-04-02", "2024-04-03"], dtype="datetime64[D]")
    reference = reference_prices(np.array([13.31, 10.0]), sessions=days, dividends={EVENT: 0.31}, splits={EVENT: 1.3})
    assert reference[1] == 10.0
    own = at(closes(exchange="XSHG"), 10 / 13, exchange="XSHG")
    result = ran(own, **stated("13 for 10", **SHANGHAI))
    assert result.headlines[0].flags == ()
    assert not [one for one in result.exclusions if one.reason == "limits_not_checked"]


def test_a_close_that_is_adjusted_already_is_refused():
    with pytest.raises(PriceError) as caught:
        ran(closes(), **stated("5 for 4"))
    assert str(caught.value).startswith(
        "AAA 2024-04-03: a split of 1.25 new shares for an old one is stated, but the close"
    )


def test_an_adjusted_close_that_is_not_adjusted_for_it_is_refused_and_one_that_is_gives_the_returns():
    raw = at(closes(), 0.5)
    with pytest.raises(PriceError, match="but adj_close goes from"):
        ran({"close": raw, "adj_close": raw}, **stated("2 for 1"))
    good = ran({"close": raw, "adj_close": closes()}, **stated("2 for 1"))
    assert [one.ar for one in good.ar] == pytest.approx([one.ar for one in ran(closes()).ar], abs=1e-13)
    assert "split_ratio" not in [one.reason for one in good.exclusions]


@pytest.mark.parametrize("ratio", ["5:4", "0 for 4", "2 for 2", "1.5 for 1", "2-for-1"])
def test_a_ratio_that_is_none_is_told_with_its_place(ratio):
    with pytest.raises(StudyFileError) as caught:
        parse_study(study(**stated(ratio)))
    assert str(caught.value) == (
        f"events.yaml:8:128: securities.AAA.splits[0].ratio: {ratio!r} is no ratio of a split; write the new shares "
        "for the old ones, e.g. 5 for 4"
    )


def test_two_splits_on_a_day_are_told():
    text = study(
        more=", board: nasdaq, splits: [{ex_date: 2024-04-03, ratio: 2 for 1}, {ex_date: 2024-04-03, ratio: 3 for 1}]"
    )
    with pytest.raises(StudyFileError, match="two splits on 2024-04-03; state one ratio a day"):
        parse_study(text)


@pytest.mark.parametrize(
    ("entry", "place", "key"),
    [
        ("splits: [{ex_date: 2024-03-29, ratio: 5 for 4}]", "8:109", "splits"),
        ("dividends: [{ex_date: 2024-03-30, amount: 0.2}]", "8:112", "dividends"),
    ],
)
def test_an_ex_date_that_is_no_session_is_told_with_its_place(tmp_path, entry, place, key):
    text = study(more=f", board: nasdaq, {entry}")
    file = tmp_path / "events.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        timed_study(file, parse_study(text))
    (fault,) = caught.value.faults
    assert f"{fault.line}:{fault.column}" == place
    assert fault.message.startswith(f"securities.AAA.{key}[0].ex_date: 2024-03-")
    assert fault.message.endswith("is no session of XNAS, so nothing can go ex on it; correct the date")
    with pytest.raises(InputError, match=f"{key} of AAA: 2024-03-.. is no session of XNAS"):
        ran(closes(), text=text)


@pytest.mark.parametrize("when", ["2023-02-28", "2023-03-01", "2024-07-01"])
def test_a_split_outside_the_prices_is_told(when):
    (found,) = [one for one in ran(closes(), **stated("5 for 4", when)).exclusions if one.reason == "split_outside"]
    assert (found.security, found.code) == ("AAA", "split_outside")
    assert found.detail == (
        f"AAA {when}: a split is stated, but the prices run from 2023-03-01 to 2024-06-28 and hold no move of that day"
        "; correct its ex_date, or supply prices that hold it"
    )


@pytest.mark.parametrize("share", [0.72, 1.5])
def test_a_dividend_of_more_than_half_the_close_before_is_told(share):
    own = closes()
    before = float(own[day(EVENT) - 1])
    amount = round(share * before, 2)
    more = f", board: nasdaq, dividends: [{{ex_date: {EVENT}, amount: {amount}}}]"
    (found,) = [one for one in ran(own, more=more).exclusions if one.reason == "dividend"]
    assert found.detail == (
        f"AAA 2024-04-03: the stated dividend of {amount:g} is {amount / before:.0%} of the close before, {before:g}; "
        "correct its amount, or state a split where shares were split off"
    )
    third = more.replace(str(amount), str(round(before / 3, 2)))
    assert "dividend" not in [one.reason for one in ran(own, more=third).exclusions]
