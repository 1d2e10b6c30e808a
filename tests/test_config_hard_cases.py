"""Bad input in the keys of the hard cases: one line per fault with its place."""

from __future__ import annotations

from datetime import date

import pytest

import eventstudy as es
from eventstudy.config import parse_study
from eventstudy.errors import InputError, StudyFileError
from tests.test_config import faults, swapped

STUDY = """\
version: 1
study: {id: small, title: Small, question: Whether it moved}
returns: simple
seed: 1
limit_days: keep
windows: {estimation: [-100, -11], event: [-5, 5], car: [[0, 0]], min_estimation: 60}
models: [market]
sources:
  paper: {publisher: A paper, title: A title, date: 8 December 2025}
benchmarks:
  SPY: {name: SPY, exchange: XNYS, currency: USD, scope: broad}
  CSI: {name: CSI, exchange: XSHG, currency: CNY, scope: broad}
  MEAN: {name: Mean, exchange: XNYS, currency: USD, scope: broad, members: [JPM, XOM]}
securities:
  NVDA:
    name: NVIDIA
    exchange: XNAS
    board: nasdaq
    currency: USD
    listed: 1999-01-22
    benchmarks: [SPY]
    foreign: [CSI]
    peers: [JPM]
    earlier_listings: [COST]
    related: [AMD]
    statuses: [{status: st, first: 2025-10-09, last: 2025-12-09, source: notice}]
  AMD: {name: AMD, exchange: XNAS, board: nasdaq, currency: USD, benchmarks: [SPY]}
  MOORE: {name: Moore, exchange: XSHG, board: sse_star, currency: CNY, listed: 2025-12-05, benchmarks: [CSI]}
peers:
  JPM: {name: JPM, exchange: XNYS, board: nyse, currency: USD, touched: false}
  XOM: {name: XOM, exchange: XNYS, board: nyse, currency: USD, touched: false}
  COST: {name: COST, exchange: XNAS, board: nasdaq, currency: USD, listed: 1985-12-05, touched: false}
  WPS: {name: WPS, exchange: XSHG, board: sse_star, currency: CNY, listed: 2019-11-18, touched: false}
  BANK: {name: Bank, exchange: XSHG, board: sse_main, currency: CNY, listed: 2002-04-09, touched: false}
groups:
  both: {title: Both, securities: [NVDA, AMD]}
regimes:
  - id: deal
    title: Deal
    securities: {NVDA: [AMD]}
    first: 2025-09-01
    last: 2025-10-31
    sources: [paper]
events:
  - {id: report, title: Report, when: 2025-12-08T17:56Z, securities: {NVDA: positive}, sources: [paper]}
  - {id: post, title: Post, when: 2025-12-08T22:00Z, securities: {NVDA: positive}, sources: [paper]}
  - {id: rates, title: Rates, when: 2025-12-10T19:00Z, role: confounder, exchanges: [XNAS], sources: [paper]}
event_groups:
  - id: news
    title: News
    steps: [report, post]
headlines:
  - id: lead
    title: Lead
    event_group: news
    security: NVDA
"""
WEIGHTS = "weights: {session: 2025-09-24, of: {NVDA: 0.08}, source: a page}"


def study(old, new):
    return swapped(old, new, STUDY)


def weighted(old="", new=""):
    text = study("scope: broad}\n  CSI", f"scope: broad, {WEIGHTS}}}\n  CSI")
    return swapped(old, new, text) if old else text


CASES = {
    "board spelling": (
        study("board: nasdaq\n", "board: Nasdaq GS\n"),
        [
            "events.yaml:18:12: securities.NVDA.board: 'Nasdaq GS' is not allowed here; "
            "a board or test is lower-case letters, digits and underscores, e.g. sse_main",
        ],
    ),
    "related to itself": (
        study("related: [AMD]", "related: [NVDA]"),
        ["events.yaml:25:15: securities.NVDA.related[0]: NVDA is not related to itself"],
    ),
    "members twice": (
        study("members: [JPM, XOM]", "members: [JPM, JPM]"),
        ["events.yaml:13:82: benchmarks.MEAN.members[1]: JPM stands there twice; keep one"],
    ),
    "peers twice": (
        study("peers: [JPM]", "peers: [JPM, JPM]"),
        ["events.yaml:23:18: securities.NVDA.peers[1]: JPM stands there twice; keep one"],
    ),
    "earlier listings twice": (
        study("earlier_listings: [COST]", "earlier_listings: [COST, COST]"),
        ["events.yaml:24:30: securities.NVDA.earlier_listings[1]: COST stands there twice; keep one"],
    ),
    "driver twice": (
        study("{NVDA: [AMD]}", "{NVDA: [AMD, AMD]}"),
        ["events.yaml:40:30: regimes[0].securities.NVDA[1]: AMD stands there twice; keep one"],
    ),
    "limit_days word": (
        study("limit_days: keep", "limit_days: tobit"),
        ["events.yaml:5:13: limit_days: 'tobit' is not allowed here; allowed: 'keep', 'drop' or 'censor'"],
    ),
    "limit_days list": (
        study("limit_days: keep", "limit_days: [keep]"),
        ["events.yaml:5:13: limit_days: ['keep'] is not allowed here; allowed: 'keep', 'drop' or 'censor'"],
    ),
    "market_rules list": (
        study("seed: 1", "seed: 1\nmarket_rules: [rules.csv]"),
        ["events.yaml:5:15: market_rules: a text is expected here, not a list"],
    ),
    "market_rules empty": (
        study("seed: 1", "seed: 1\nmarket_rules: ''"),
        ["events.yaml:5:15: market_rules: an empty text is not allowed here"],
    ),
    "board without rules": (
        study(
            "board: sse_star, currency: CNY, listed: 2025-12-05", "board: sse_trial, currency: CNY, listed: 2025-12-05"
        ),
        [
            "events.yaml:28:10: securities.MOORE: board 'sse_trial' is not one of XSHG; allowed: "
            "sse_main, sse_star; another board needs its rules in a file named by market_rules"
        ],
    ),
    "board elsewhere": (
        study("seed: 1", "seed: 1\nmarket_rules: r.csv").replace(
            "board: sse_star, currency: CNY, listed: 2025-12-05", "board: nyse, currency: CNY, listed: 2025-12-05"
        ),
        ["events.yaml:29:10: securities.MOORE: board 'nyse' is not one of XSHG; allowed: sse_main, sse_star"],
    ),
    "status word": (
        study("status: st,", "status: ST,"),
        [
            "events.yaml:26:25: securities.NVDA.statuses[0].status: 'ST' is not allowed here; allowed: "
            "'st', 'delisting' or 'relisted'"
        ],
    ),
    "status no first": (
        study("first: 2025-10-09, ", ""),
        ["events.yaml:26:16: securities.NVDA.statuses[0].first: the required key 'first' is missing"],
    ),
    "status no source": (
        study("last: 2025-12-09, source: notice", "last: 2025-12-09"),
        ["events.yaml:26:16: securities.NVDA.statuses[0].source: the required key 'source' is missing"],
    ),
    "status reversed": (
        study("last: 2025-12-09, source: notice", "last: 2025-10-08, source: notice"),
        [
            "events.yaml:26:54: securities.NVDA.statuses[0].last: the status ends on 2025-10-08, before "
            "it begins on 2025-10-09"
        ],
    ),
    "status not list": (
        study("[{status: st, first: 2025-10-09, last: 2025-12-09, source: notice}]", "st"),
        ["events.yaml:26:15: securities.NVDA.statuses: a list is expected here, not 'st'"],
    ),
    "status of a benchmark": (
        study("scope: broad}\n  CSI", "scope: broad, statuses: []}\n  CSI"),
        [
            "events.yaml:11:65: benchmarks.SPY.statuses: unknown key 'statuses'; allowed here: name, "
            "name_zh, exchange, currency, symbols, dividends, splits, suspensions, scope, members, weights"
        ],
    ),
    "foreign unknown": (
        study("foreign: [CSI]", "foreign: [DAX]"),
        ["events.yaml:22:15: securities.NVDA.foreign[0]: unknown benchmark 'DAX'; allowed: CSI, MEAN, SPY"],
    ),
    "foreign is home": (
        study("foreign: [CSI]", "foreign: [CSI, MEAN]"),
        ["events.yaml:22:20: securities.NVDA.foreign[1]: MEAN keeps the hours of NVDA; name it under benchmarks"],
    ),
    "foreign a peer": (
        study("foreign: [CSI]", "foreign: [WPS]"),
        ["events.yaml:22:15: securities.NVDA.foreign[0]: unknown benchmark 'WPS'; allowed: CSI, MEAN, SPY"],
    ),
    "foreign text": (
        study("foreign: [CSI]", "foreign: CSI"),
        ["events.yaml:22:14: securities.NVDA.foreign: a list is expected here, not 'CSI'"],
    ),
    "benchmark abroad": (
        study("benchmarks: [SPY]\n", "benchmarks: [CSI]\n"),
        [
            "events.yaml:21:18: securities.NVDA.benchmarks[0]: CSI trades at other hours than NVDA, so "
            "returns of one date do not belong together; name it under foreign"
        ],
    ),
    "peers unknown": (
        study("peers: [JPM]", "peers: [GE]"),
        [
            "events.yaml:23:13: securities.NVDA.peers[0]: unknown security or peer 'GE'; allowed: AMD, "
            "BANK, COST, JPM, MOORE, NVDA, WPS, XOM"
        ],
    ),
    "peers itself": (
        study("peers: [JPM]", "peers: [JPM, NVDA]"),
        ["events.yaml:23:18: securities.NVDA.peers[1]: NVDA cannot be compared with itself"],
    ),
    "peers abroad": (
        study("peers: [JPM]", "peers: [JPM, WPS]"),
        [
            "events.yaml:23:18: securities.NVDA.peers[1]: WPS does not keep the sessions of XNAS; name "
            "shares of the same calendar"
        ],
    ),
    "peers benchmark": (
        study("peers: [JPM]", "peers: [SPY]"),
        [
            "events.yaml:23:13: securities.NVDA.peers[0]: unknown security or peer 'SPY'; allowed: AMD, "
            "BANK, COST, JPM, MOORE, NVDA, WPS, XOM"
        ],
    ),
    "peer without touched": (
        study("currency: USD, touched: false}\n  XOM", "currency: USD}\n  XOM"),
        ["events.yaml:30:8: peers.JPM.touched: the required key 'touched' is missing"],
    ),
    "peer touched maybe": (
        study("touched: false}\n  XOM", "touched: maybe}\n  XOM"),
        ["events.yaml:30:73: peers.JPM.touched: true or false is expected here, not 'maybe'"],
    ),
    "peer taken by security": (
        study("  JPM: {name: JPM", "  AMD: {name: JPM").replace("[JPM", "[AMD"),
        ["events.yaml:30:8: peers.AMD: AMD is a security already; a symbol stands in one section only"],
    ),
    "peer taken by benchmark": (
        study("  XOM: {name: XOM", "  SPY: {name: XOM").replace("JPM, XOM", "JPM, COST"),
        ["events.yaml:31:8: peers.SPY: SPY is a benchmark already; a symbol stands in one section only"],
    ),
    "benchmark taken": (
        study("  SPY: {name: SPY", "  AMD: {name: SPY").replace("[SPY]", "[AMD]"),
        ["events.yaml:11:8: benchmarks.AMD: AMD is a security already; a symbol stands in one section only"],
    ),
    "peer with a benchmark": (
        study("touched: false}\n  XOM", "touched: false, benchmarks: [SPY]}\n  XOM"),
        [
            "events.yaml:30:80: peers.JPM.benchmarks: unknown key 'benchmarks'; allowed here: name, "
            "name_zh, exchange, currency, symbols, dividends, splits, suspensions, board, listed, statuses, "
            "touched"
        ],
    ),
    "listing unknown": (
        study("earlier_listings: [COST]", "earlier_listings: [GE]"),
        [
            "events.yaml:24:24: securities.NVDA.earlier_listings[0]: unknown security or peer 'GE'; "
            "allowed: AMD, BANK, COST, JPM, MOORE, NVDA, WPS, XOM"
        ],
    ),
    "listing itself": (
        study("earlier_listings: [COST]", "earlier_listings: [NVDA]"),
        [
            "events.yaml:24:24: securities.NVDA.earlier_listings[0]: NVDA cannot be compared with itself",
            "events.yaml:24:24: securities.NVDA.earlier_listings[0]: NVDA needs a listing date before that "
            "of NVDA (1999-01-22)",
        ],
    ),
    "listing undated": (
        study("earlier_listings: [COST]", "earlier_listings: [AMD]"),
        [
            "events.yaml:24:24: securities.NVDA.earlier_listings[0]: AMD needs a listing date before "
            "that of NVDA (1999-01-22)"
        ],
    ),
    "listing later": (
        study("listed: 1985-12-05", "listed: 1999-01-22"),
        [
            "events.yaml:24:24: securities.NVDA.earlier_listings[0]: COST needs a listing date before "
            "that of NVDA (1999-01-22)"
        ],
    ),
    "listing other board": (
        study(
            "listed: 2025-12-05, benchmarks: [CSI]",
            "listed: 2025-12-05, benchmarks: [CSI], earlier_listings: [WPS, BANK]",
        ),
        [
            "events.yaml:28:135: securities.MOORE.earlier_listings[1]: BANK is on the board sse_main, "
            "MOORE on sse_star; first sessions differ by board"
        ],
    ),
    "listing abroad": (
        study("earlier_listings: [COST]", "earlier_listings: [WPS]"),
        [
            "events.yaml:24:24: securities.NVDA.earlier_listings[0]: WPS does not keep the sessions of XNAS; "
            "name shares of the same calendar",
            "events.yaml:24:24: securities.NVDA.earlier_listings[0]: WPS needs a listing date before that of "
            "NVDA (1999-01-22)",
        ],
    ),
    "related peer": (
        study("related: [AMD]", "related: [JPM]"),
        ["events.yaml:25:15: securities.NVDA.related[0]: unknown security 'JPM'; allowed: AMD, MOORE, NVDA"],
    ),
    "weights unknown": (
        weighted("{NVDA: 0.08}", "{NVDX: 0.08}"),
        ["events.yaml:11:101: benchmarks.SPY.weights.of.NVDX: unknown security 'NVDX'; allowed: AMD, MOORE, NVDA"],
    ),
    "weights peer": (
        weighted("{NVDA: 0.08}", "{JPM: 0.08}"),
        ["events.yaml:11:101: benchmarks.SPY.weights.of.JPM: unknown security 'JPM'; allowed: AMD, MOORE, NVDA"],
    ),
    "weights per cent": (
        weighted("{NVDA: 0.08}", "{NVDA: 8}"),
        ["events.yaml:11:107: benchmarks.SPY.weights.of.NVDA: '8' is not allowed: it must be less than 1"],
    ),
    "weights zero": (
        weighted("{NVDA: 0.08}", "{NVDA: 0}"),
        ["events.yaml:11:107: benchmarks.SPY.weights.of.NVDA: '0' is not allowed: it must be greater than 0"],
    ),
    "weights word": (
        weighted("{NVDA: 0.08}", "{NVDA: 8 %}"),
        ["events.yaml:11:107: benchmarks.SPY.weights.of.NVDA: a number is expected here, not '8 %'"],
    ),
    "weights sum": (
        weighted("{NVDA: 0.08}", "{NVDA: 0.6, AMD: 0.4}"),
        [
            "events.yaml:11:100: benchmarks.SPY.weights.of: the weights add up to 1; below 1 there must "
            "be something left"
        ],
    ),
    "weights empty": (
        weighted("{NVDA: 0.08}", "{}"),
        ["events.yaml:11:100: benchmarks.SPY.weights.of: at least 1 entries are needed here, there are 0"],
    ),
    "weights no source": (
        weighted(", source: a page", ""),
        ["events.yaml:11:74: benchmarks.SPY.weights.source: the required key 'source' is missing"],
    ),
    "weights no session": (
        weighted("session: 2025-09-24, ", ""),
        ["events.yaml:11:74: benchmarks.SPY.weights.session: the required key 'session' is missing"],
    ),
    "weights abroad": (
        weighted("{NVDA: 0.08}", "{NVDA: 0.08, MOORE: 0.01}"),
        ["events.yaml:11:120: benchmarks.SPY.weights.of.MOORE: MOORE does not keep the sessions of XNYS"],
    ),
    "weights of a mean": (
        study("members: [JPM, XOM]", f"members: [JPM, XOM], {WEIGHTS}"),
        [
            "events.yaml:13:97: benchmarks.MEAN.weights: a mean of peers is equal-weighted; weights are "
            "for an index or fund"
        ],
    ),
    "members unknown": (
        study("members: [JPM, XOM]", "members: [JPM, GE]"),
        [
            "events.yaml:13:82: benchmarks.MEAN.members[1]: unknown security or peer 'GE'; allowed: AMD, "
            "BANK, COST, JPM, MOORE, NVDA, WPS, XOM"
        ],
    ),
    "members benchmark": (
        study("members: [JPM, XOM]", "members: [JPM, SPY]"),
        [
            "events.yaml:13:82: benchmarks.MEAN.members[1]: unknown security or peer 'SPY'; allowed: "
            "AMD, BANK, COST, JPM, MOORE, NVDA, WPS, XOM"
        ],
    ),
    "members abroad": (
        study("members: [JPM, XOM]", "members: [JPM, WPS]"),
        [
            "events.yaml:13:82: benchmarks.MEAN.members[1]: WPS does not keep the sessions of XNYS; a "
            "mean takes members of one calendar"
        ],
    ),
    "regime reversed": (
        study("last: 2025-10-31", "last: 2025-08-31"),
        ["events.yaml:42:11: regimes[0].last: the regime ends on 2025-08-31, before it begins on 2025-09-01"],
    ),
    "regime no one": (
        study("securities: {NVDA: [AMD]}", "securities: {}"),
        ["events.yaml:40:17: regimes[0].securities: at least 1 entries are needed here, there are 0"],
    ),
    "regime unknown security": (
        study("securities: {NVDA: [AMD]}", "securities: {GE: []}"),
        ["events.yaml:40:18: regimes[0].securities.GE: unknown security 'GE'; allowed: AMD, MOORE, NVDA"],
    ),
    "regime peer": (
        study("securities: {NVDA: [AMD]}", "securities: {JPM: []}"),
        ["events.yaml:40:18: regimes[0].securities.JPM: unknown security 'JPM'; allowed: AMD, MOORE, NVDA"],
    ),
    "regime driver": (
        study("securities: {NVDA: [AMD]}", "securities: {NVDA: [GE]}"),
        [
            "events.yaml:40:25: regimes[0].securities.NVDA[0]: unknown security or peer 'GE'; allowed: "
            "AMD, BANK, COST, JPM, MOORE, NVDA, WPS, XOM"
        ],
    ),
    "regime itself": (
        study("securities: {NVDA: [AMD]}", "securities: {NVDA: [NVDA]}"),
        ["events.yaml:40:17: regimes[0].securities: NVDA cannot drive itself; name other securities, or write []"],
    ),
    "regime abroad": (
        study("securities: {NVDA: [AMD]}", "securities: {NVDA: [MOORE]}"),
        [
            "events.yaml:40:25: regimes[0].securities.NVDA[0]: MOORE does not keep the sessions of NVDA; "
            "name shares of the same calendar"
        ],
    ),
    "regime text": (
        study("securities: {NVDA: [AMD]}", "securities: {NVDA: AMD}"),
        ["events.yaml:40:24: regimes[0].securities.NVDA: a list is expected here, not 'AMD'"],
    ),
    "regime list": (
        study("securities: {NVDA: [AMD]}", "securities: [NVDA]"),
        ["events.yaml:40:17: regimes[0].securities: a mapping (key: value) is expected here, not a list"],
    ),
    "regime source": (
        study("last: 2025-10-31\n    sources: [paper]", "last: 2025-10-31\n    sources: [blog]"),
        ["events.yaml:43:15: regimes[0].sources[0]: unknown source 'blog'; allowed: paper"],
    ),
    "regime no source": (
        study("last: 2025-10-31\n    sources: [paper]", "last: 2025-10-31"),
        ["events.yaml:38:5: regimes[0].sources: the required key 'sources' is missing"],
    ),
    "regime id": (
        study("id: deal", "id: The Deal"),
        [
            "events.yaml:38:9: regimes[0].id: 'The Deal' is not allowed here; an id is lower-case "
            "letters, digits and hyphens, e.g. h200-approval"
        ],
    ),
    "regime open end": (
        study("    last: 2025-10-31\n", ""),
        ["events.yaml:38:5: regimes[0].last: the required key 'last' is missing"],
    ),
    "regime twice": (
        study(
            "events:\n",
            "  - {id: deal, title: D, securities: {AMD: []}, first: 2025-09-01, last: 2025-10-31, sources: "
            "[paper]}\nevents:\n",
        ),
        ["events.yaml:44:10: the id 'deal' is taken (line 38); ids are unique in regimes"],
    ),
    "group unknown": (
        study("steps: [report, post]", "steps: [report, leak]"),
        ["events.yaml:51:21: event_groups[0].steps[1]: unknown event 'leak'; allowed: post, rates, report"],
    ),
    "group one": (
        study("steps: [report, post]", "steps: [report]"),
        ["events.yaml:51:12: event_groups[0].steps: at least 2 entries are needed here, there are 1"],
    ),
    "group confounder": (
        study("steps: [report, post]", "steps: [report, rates]"),
        [
            "events.yaml:51:21: event_groups[0].steps[1]: rates is not tested; the steps of a piece of "
            "news are tested events"
        ],
    ),
    "group twice same": (
        study("steps: [report, post]", "steps: [report, report]"),
        [
            "events.yaml:51:21: event_groups[0].steps[1]: report is a step of news already; an event is "
            "a step of one piece of news"
        ],
    ),
    "group shared": (
        study("headlines:\n", "  - {id: other, title: Other, steps: [report, post]}\nheadlines:\n"),
        [
            "events.yaml:52:39: event_groups[1].steps[0]: report is a step of news already; an event is a "
            "step of one piece of news",
            "events.yaml:52:47: event_groups[1].steps[1]: post is a step of news already; an event is a step "
            "of one piece of news",
        ],
    ),
    "group id": (
        study("headlines:\n", "  - {id: news, title: Other, steps: [report, post]}\nheadlines:\n"),
        [
            "events.yaml:52:10: the id 'news' is taken (line 49); ids are unique in event_groups",
            "events.yaml:52:38: event_groups[1].steps[0]: report is a step of news already; an event is a "
            "step of one piece of news",
            "events.yaml:52:46: event_groups[1].steps[1]: post is a step of news already; an event is a step "
            "of one piece of news",
        ],
    ),
    "group key": (
        study("    steps: [report, post]", "    events: [report, post]"),
        [
            "events.yaml:49:5: event_groups[0].steps: the required key 'steps' is missing",
            "events.yaml:51:5: event_groups[0].events: unknown key 'events'; allowed here: id, title, title_zh, steps",
        ],
    ),
    "head unknown": (
        study("event_group: news", "event_group: gossip"),
        ["events.yaml:55:18: headlines[0].event_group: unknown event group 'gossip'; allowed: news"],
    ),
    "head both": (
        study("event_group: news", "event_group: news\n    event: report"),
        ["events.yaml:53:5: headlines[0]: headline 'lead' needs either an event or an event_group"],
    ),
    "head neither": (
        study("    event_group: news\n", ""),
        ["events.yaml:53:5: headlines[0]: headline 'lead' needs either an event or an event_group"],
    ),
    "head window": (
        study("event_group: news", "event_group: news\n    window: [0, 1]"),
        ["events.yaml:53:5: headlines[0]: headline 'lead' has the window of its event_group and takes no other"],
    ),
    "head group": (
        study("    security: NVDA", "    group: both"),
        ["events.yaml:53:5: headlines[0]: headline 'lead': an event_group is told for a security, not for a group"],
    ),
    "head untouched": (
        study("    security: NVDA", "    security: AMD"),
        ["events.yaml:56:15: headlines[0].security: no step of news touches AMD"],
    ),
    "head event no window": (
        study("event_group: news", "event: report"),
        ["events.yaml:53:5: headlines[0]: headline 'lead' needs a window"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_fault_is_told_with_its_place(name):
    text, expected = CASES[name]
    assert faults(text) == expected


def test_the_study_is_sound():
    spec = parse_study(STUDY)
    assert spec.limit_days == "keep"
    assert spec.securities["NVDA"].foreign == ("CSI",)
    assert spec.event_groups[0].steps == ("report", "post")
    assert parse_study(weighted()).benchmarks["SPY"].weights.of == {"NVDA": 0.08}


def test_a_benchmark_of_its_own_board_needs_rules_only():
    text = study(
        "board: sse_star, currency: CNY, listed: 2025-12-05", "board: sse_trial, currency: CNY, listed: 2025-12-05"
    )
    assert parse_study(text + "market_rules: rules.csv\n").securities["MOORE"].board == "sse_trial"


def test_market_rules_are_found_beside_the_study_and_read_with_their_place(tmp_path, flagship_spec, flagship_prices):
    text = STUDY + "market_rules: rules.csv\n"
    (tmp_path / "events.yaml").write_text(text, encoding="utf-8")
    rules = tmp_path / "rules.csv"
    assert es.load_study(tmp_path / "events.yaml").market_rules == str(rules)
    spec = flagship_spec.model_copy(update={"market_rules": str(rules)})
    with pytest.raises(StudyFileError) as caught:
        es.run_study(spec, flagship_prices, robustness="none")
    assert str(caught.value) == f"{rules}:1:1: the rule table cannot be read (No such file or directory)"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("day", [date(2025, 9, 21), date(2024, 3, 15), date(2020, 1, 2), date(2027, 1, 4)])
def test_weights_of_a_day_without_prices_are_refused(flagship_spec, flagship_prices, day):
    """A Sunday, the first day of the recordings (which has no return), and days outside them."""
    benchmark = flagship_spec.benchmarks["SPY"]
    weights = benchmark.weights.model_copy(update={"session": day})
    benchmarks = {**flagship_spec.benchmarks, "SPY": benchmark.model_copy(update={"weights": weights})}
    with pytest.raises(InputError) as caught:
        es.run_study(flagship_spec.model_copy(update={"benchmarks": benchmarks}), flagship_prices, robustness="none")
    assert str(caught.value) == (
        f"weights of NVDA in an index are stated for {day}, on which the index or one of them has no return; "
        "state them for a session inside the prices"
    )
