"""Fits without an error in a study: that case is an exclusion with its reason, all others are computed."""

from __future__ import annotations

import json

import numpy as np
import pytest

import eventstudy as es
from eventstudy.config import parse_study
from tests.command import eventstudy
from tests.worlds import closes, day, panel, write_folder

MARKET = closes(2, scale=0.01, start=400.0)
FIRMS = """\
version: 1
study: {id: small, title: A small study, question: "Did it move?"}
returns: simple
seed: 1
windows: {estimation: [-120, -11], event: [-3, 3], car: [[0, 0], [-1, 1]], min_estimation: 60}
models: [market, market_adjusted, mean]
tests: [portfolio_t, mvrm_f]
securities:
  "A": {name: A, exchange: XNAS, board: nasdaq, currency: USD, benchmarks: ["MKT"], peers: ["P", "Q"]}
  "B": {name: B, exchange: XNAS, board: nasdaq, currency: USD, benchmarks: ["MKT"]}
  "C": {name: C, exchange: XNAS, board: nasdaq, currency: USD, benchmarks: ["MKT"]}
benchmarks:
  "MKT": {name: Market, exchange: XNAS, currency: USD, scope: broad}
peers:
  "P": {name: P, exchange: XNAS, board: nasdaq, currency: USD, touched: false}
  "Q": {name: Q, exchange: XNAS, board: nasdaq, currency: USD, touched: false}
groups:
  all: {title: All, securities: ["A", "B", "C"]}
sources: {made: {publisher: Nobody, title: Invented, date: 3 April 2024}}
events:
  - id: news
    title: News
    when: 2024-04-03
    securities: {"A": positive, "B": positive, "C": positive}
    why: Invented.
    sources: [made]
event_sets:
  - {id: days, title: Days, events: [news], first_session: 2024-04-03, last_session: 2024-04-04}
contrasts:
  - {id: less, title: A less B, event: news, weights: {"A": 1, "B": -1}}
headlines:
  - {id: a, title: A, event: news, security: "A", window: [0, 0]}
  - {id: b, title: B, event: news, security: "B", window: [0, 0]}
  - {id: group, title: Group, event: news, group: all, window: [0, 0]}
"""


def held(until, then):
    """The same price until a session, another afterwards."""
    values = np.full(MARKET.size, 50.0)
    values[day(until) :] = then
    return values


def halted():
    values = closes()
    values[: day("2024-04-02")] = values[day("2024-04-02")]
    return values


KINDS = {
    "flat": held("2024-06-28", 50.0),
    "cash price": held("2024-04-03", 60.0),
    "halted": halted(),
    "copy": MARKET,
    "scaled copy": MARKET / 8.0,
    "twice the market": 100.0 * np.cumprod(np.r_[1.0, 1.0 + 2.0 * (MARKET[1:] / MARKET[:-1] - 1.0)]),
}


def ran(own, *, b=None, c=None, peers=None, robustness="none"):
    firms = {"A": own, "B": closes(11) if b is None else b, "C": closes(12) if c is None else c, "MKT": MARKET}
    firms |= peers or {"P": closes(21), "Q": closes(22)}
    result = es.run_study(parse_study(FIRMS), panel(**firms), robustness=robustness)
    json.loads(result.to_json())
    assert result.summary() and result.summary("zh")
    return result


@pytest.mark.parametrize("robustness", ["none", "fast"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_case_alone_is_not_estimable(kind, robustness):
    result, usual = (ran(own, robustness=robustness) for own in (KINDS[kind], closes()))
    found = {(one.about, one.security) for one in result.exclusions if one.code == "not_estimable"}
    assert ("estimate", "A") in found and {name for _, name in found} == {"A"}
    assert [head.id for head in result.headlines] == ["b", "group"]
    others = [one for one in result.car if one.security != "A"]
    assert others == [one for one in usual.car if one.security != "A"] and others
    assert {one.securities for one in result.portfolio if one.model == "market"} == {("B", "C")}
    assert not [one for one in result.event_days if one.security == "A"]
    if robustness == "fast":
        refused = {one.code for one in result.exclusions if one.about == "contrast"}
        assert refused == {"not_estimable.contrast"}


def test_an_exact_fit_is_told_once_a_model_with_its_sentence():
    told = [one for one in ran(KINDS["copy"]).exclusions if one.code == "not_estimable"]
    assert [(one.about, one.values["model"]) for one in told] == [
        ("estimate", "market"),
        ("standard_errors", "market_adjusted"),
    ]
    assert told[0].detail == (
        "market has no estimate here: the regressors are collinear, nothing varies but rounding (constant returns, or "
        "returns that the model explains exactly), or the likelihood's maximum was not found"
    )


def test_members_with_the_same_prices_have_a_mean_and_no_joint_test():
    result = ran(closes(11), robustness="fast")
    assert [one.securities for one in result.portfolio if one.model == "market"] == [("A", "B", "C")] * 2
    assert result.joint == ()
    (refused, *more) = [one for one in result.exclusions if one.about == "joint_test"]
    assert (refused.code, refused.event_id) == ("unavailable.dependent", "news")
    assert len(result.headlines) == 3 and len(more) == 1


@pytest.mark.parametrize("own", [closes(), held("2024-03-10", 60.0)], ids=["copies", "a few returns"])
def test_donors_that_fit_exactly_give_no_counterfactual(own):
    peers = {"P": own, "Q": own}
    result = ran(own, peers=peers, robustness="fast")
    assert len(result.headlines) >= 2


def test_a_whole_study_of_one_suspended_share_ends_with_the_exclusion(tmp_path):
    own = closes()
    own[: day("2024-03-28")] = own[day("2024-03-28")]
    folder = write_folder(tmp_path / "study", own)
    done = eventstudy("run", "events.yaml", "--source", "prices", "--robustness", "none", cwd=folder)
    assert (done.returncode, done.stderr) == (
        0,
        "no figure for 'Day 0'; the report says why under what was left out\n",
    )
    results = json.loads((folder / "reports" / "small" / "results.json").read_text(encoding="utf-8"))
    assert {one["code"] for one in results["exclusions"]} >= {"not_estimable", "stale.in_prices"}
    assert results["car"] == []
