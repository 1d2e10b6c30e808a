"""A small study on made prices: one firm, one market, one event on 3 April 2024, in memory or as files."""

from __future__ import annotations

from datetime import date

import numpy as np

import eventstudy as es
from eventstudy.calendars import load_sessions
from eventstudy.config import parse_study
from eventstudy.facts import words
from eventstudy.prices import PricePanel, PriceSeries, Provenance

FIRST, LAST, EVENT = date(2023, 3, 1), date(2024, 6, 28), date(2024, 4, 3)
STUDY = """\
version: 1
study: {{id: small, title: A small study, question: "Did it move?"}}
returns: simple
seed: 1
windows: {{estimation: [-120, -11], event: [-1, 1], car: [[0, 0]], min_estimation: 60}}
models: [{models}]
securities:
  "{symbol}": {{name: Firm, exchange: {exchange}, currency: {currency}, benchmarks: ["MKT"]{more}}}
benchmarks:
  "MKT": {{name: Market, exchange: {exchange}, currency: {currency}, scope: broad}}
sources: {{made: {{publisher: Nobody, title: Invented, date: 3 April 2024}}}}
events:
  - {{id: news, title: News, when: {when}, securities: {{"{symbol}": positive}}, why: Invented., sources: [made]}}
headlines:
  - {{id: day-0, title: Day 0, event: news, security: "{symbol}", window: [0, 0]}}
"""
FEW = {
    "placebo_dates": 150,
    "curve_dates": 30,
    "models": ("market", "market_adjusted"),
    "estimation_lengths": (60, 110),
    "gaps": (10, 20),
    "widen": ((0, 0), (1, 0), (0, 1)),
    "returns": ("simple",),
    "calibration_draws": 100,
}
"""Robustness with few specifications and dates."""
SHANGHAI = {"symbol": "600999", "exchange": "XSHG", "currency": "CNY", "more": ", board: sse_main, listed: 2009-01-05"}


def study(**changed):
    """The text of the study file."""
    firm = {"symbol": "AAA", "exchange": "XNAS", "currency": "USD", "more": ", board: nasdaq"}
    return STUDY.format(**{**firm, "when": EVENT, "models": "market", **changed})


def sessions(exchange="XNAS"):
    return load_sessions(exchange).between(FIRST, LAST)


def day(session, exchange="XNAS"):
    """Row of a session."""
    return int(np.searchsorted(sessions(exchange), np.datetime64(session)))


def closes(seed=1, exchange="XNAS", scale=0.016, start=50.0):
    """Made closes on the tick of a cent that hold nothing suspicious."""
    moves = np.random.default_rng(seed).normal(0.0, scale, sessions(exchange).size)
    return np.round(start * np.exp(np.cumsum(np.clip(moves, -0.06, 0.06))), 2)


def panel(exchange="XNAS", **columns):
    """Prices of some symbols; an array is a close, a mapping holds several columns."""
    days = sessions(exchange)

    def one(symbol, given):
        given = given if isinstance(given, dict) else {"close": given}
        source = Provenance(symbol, "made", words("made"), "made.csv", FIRST, LAST, days.size, "0" * 64, words("none"))
        return PriceSeries(symbol=symbol, sessions=days, **{"close": None, **given}, provenance=source)

    return PricePanel({symbol: one(symbol, given) for symbol, given in columns.items()})


def ran(own, market=None, *, text=None, robustness="none", **changed):
    """The result of the study on a firm's closes, read back from its results.json."""
    exchange = changed.get("exchange", "XNAS")
    spec = parse_study(text or study(**changed))
    market = closes(2, exchange, 0.01, 400.0) if market is None else market
    prices = panel(exchange, **{next(iter(spec.securities)): own, "MKT": market})
    result = es.run_study(spec, prices, robustness=robustness)
    again = es.StudyResult.from_json(result.to_json())
    assert again == result
    return again


def write_folder(folder, own, market=None, *, text=None, **changed):
    """The study and its prices as files."""
    exchange = changed.get("exchange", "XNAS")
    text = text or study(**changed)
    (folder / "prices").mkdir(parents=True)
    (folder / "events.yaml").write_text(text, encoding="utf-8")
    market = closes(2, exchange, 0.01, 400.0) if market is None else market
    for symbol, values in {next(iter(parse_study(text).securities)): own, "MKT": market}.items():
        lines = [f"{session},{value:.10g}" for session, value in zip(sessions(exchange), values, strict=True)]
        (folder / "prices" / f"{symbol}.csv").write_text("date,close\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return folder
