"""Suspicious returns: what is told, what is not, and that permuting or scaling the world changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.gate.suspicions import JUMP_THRESHOLD, STALE_RUN, suspicions

SESSIONS = 260
DAY = 130


def ordinary(seed=1, assets=1, scale=0.016):
    """Made returns that hold nothing to be told: normal, with a few zeros."""
    returns = np.random.default_rng(seed).normal(0.0, scale, (assets, SESSIONS))
    returns[:, ::50] = 0.0
    return returns


def market():
    return np.random.default_rng(99).normal(0.0, 0.01, SESSIONS)


def told(returns, market=None):
    return [(one.row, one.first, one.last, one.why.code) for one in suspicions(returns, market=market)]


def with_price(factor, *, days=1, seed=1):
    """Ordinary returns in which the price is `factor` times the true one for some days from `DAY` on."""
    levels = np.cumprod(1.0 + ordinary(seed), axis=1)
    levels[:, DAY : DAY + days] *= factor
    return np.diff(levels, axis=1, prepend=1.0) / np.concatenate([np.ones((1, 1)), levels[:, :-1]], axis=1)


def test_ordinary_returns_are_not_told():
    assert told(ordinary(assets=40), market()) == []


@pytest.mark.parametrize(
    ("new", "old"), [(5, 4), (4, 3), (3, 2), (2, 1), (13, 10), (10, 1), (20, 1), (1, 2), (1, 10), (1, 8), (2, 3)]
)
def test_a_split_is_told_with_its_ratio(new, old):
    (found,) = suspicions(with_price(old / new, days=SESSIONS))
    assert (found.first, found.last, found.why.code) == (DAY, DAY, "split_ratio")
    assert (found.why.values["new"], found.why.values["old"]) == (new, old)
    assert found.why.values["change"] == pytest.approx(old / new - 1, abs=0.06 * old / new)


@pytest.mark.parametrize("factor", [10.0, 100.0, 0.1, 0.01, 1.5, 0.8])
def test_a_wrong_price_of_one_session_is_one_reversal(factor):
    (found,) = suspicions(with_price(factor))
    assert (found.first, found.last, found.why.code) == (DAY, DAY + 1, "reversal")
    assert (1 + found.why.values["change"]) * (1 + found.why.values["back"]) == pytest.approx(1.0, abs=0.06)


def test_a_wrong_price_before_a_missing_session_is_undone_by_the_next_return():
    returns = with_price(10.0)
    returns[0, DAY + 1 :] = np.insert(returns[0, DAY + 1 : -2], 0, [np.nan, np.nan])
    assert told(returns) == [(0, DAY, DAY + 3, "reversal")]


@pytest.mark.parametrize(("change", "codes"), [(0.36, ["jump"]), (-0.638, ["jump"]), (JUMP_THRESHOLD, []), (0.25, [])])
def test_a_move_that_is_no_split_is_told_beyond_the_threshold_alone(change, codes):
    returns = ordinary()
    returns[0, DAY] = change
    assert [code for *_, code in told(returns)] == codes


def test_a_drop_of_a_fifth_in_a_wild_share_is_no_split():
    returns = ordinary(scale=0.04)
    returns[0, DAY] = -0.2
    assert told(returns) == []


def test_the_last_return_and_a_short_history():
    assert told(with_price(10.0)[:, : DAY + 1]) == [(0, DAY, DAY, "split_ratio")]
    assert told(np.array([[0.01, 9.0, -0.9, 0.01], [0.0, 0.35, 0.0, 0.01], [0.01, -0.2, 0.01, np.nan]])) == [
        (0, 1, 2, "reversal"),
        (1, 1, 1, "jump"),
    ]


@pytest.mark.parametrize(("run", "codes"), [(STALE_RUN - 1, []), (STALE_RUN, ["stale"]), (30, ["stale"])])
def test_a_run_of_zeros_is_stale_while_the_market_moves(run, codes):
    returns = ordinary()
    returns[0, 102 : 102 + run] = 0.0
    assert told(returns, market()) == told(returns) == [(0, 102, 101 + run, code) for code in codes]


def test_zeros_on_days_without_a_market_are_not_stale():
    returns, still = ordinary(assets=2), market()
    returns[:, 102:110] = 0.0
    still[102:110] = [0.0, 0.0, 0.0, 0.0, 0.01, 0.01, np.nan, 0.0]
    assert told(returns, still) == told(returns) == []
    assert told(returns, np.stack([still, market()])) == [(1, 102, 109, "stale")]


def test_all_of_a_halted_share_is_one_run_and_what_is_missing_ends_one():
    assert told(np.zeros((1, 20)), market()[:20]) == [(0, 0, 19, "stale")]
    halves = np.zeros((1, 20))
    halves[0, 8] = np.nan
    assert told(halves, market()[:20]) == [(0, 0, 7, "stale"), (0, 9, 19, "stale")]


def test_each_asset_is_judged_alone():
    returns = np.concatenate([ordinary(3), with_price(0.8, days=SESSIONS, seed=4), with_price(100.0, seed=5)])
    returns[0, 10:20] = 0.0
    alone = [told(returns[[row]], market()) for row in range(3)]
    assert told(returns, market()) == [(row, *rest) for row, found in enumerate(alone) for _, *rest in found]
    turned = told(returns[::-1], market())
    assert sorted((2 - row, *rest) for row, *rest in turned) == told(returns, market())


def test_nothing_is_told_of_nothing():
    assert suspicions(np.full((2, 50), np.nan)) == suspicions(np.empty((0, 5))) == suspicions(np.empty((2, 0))) == ()
