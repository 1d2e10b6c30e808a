"""The gate: what cannot be is refused with its place, and so are units and options that are not known."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import InputError, OptionError

SESSIONS = pd.bdate_range("2023-01-02", periods=300, name="date")
WINDOWS = {"estimation_window": (-120, -11), "event_window": (-2, 2)}


def returns():
    """Four assets and a market, decimal, without a gap."""
    rng = np.random.default_rng(3)
    market = rng.normal(0, 0.01, len(SESSIONS))
    assets = {f"F{n}": market + rng.normal(0, 0.02, len(SESSIONS)) for n in range(4)}
    return pd.DataFrame(assets, index=SESSIONS).assign(MKT=market)


RETURNS = returns()
EVENTS = pd.DataFrame({"asset": ["F0", "F1"], "date": [SESSIONS[200], SESSIONS[210]]})


def study(given=RETURNS, events=EVENTS, **options):
    return es.event_study(given, events, **{"benchmark": "MKT", **WINDOWS, **options})


def with_cell(value, asset="F0", row=100):
    cells = list(RETURNS[asset])
    cells[row] = value
    return RETURNS.assign(**{asset: pd.Series(cells, index=SESSIONS, dtype=object)})


def dated(value, **columns):
    return pd.DataFrame({"asset": ["F0", "F1"], "date": [value, SESSIONS[210]], **columns}, dtype=object)


def having(**columns):
    return EVENTS.assign(**{name: pd.Series([value, value], dtype=object) for name, value in columns.items()})


class Pool:
    """Something without a map."""


NOT_TABLES = (None, RETURNS.to_numpy(), RETURNS.to_dict(), RETURNS.to_dict("records"), "soon", 5, SESSIONS, iter([1]))
CELLS = ("C", "B", "nan", "1.5%", "0,01", True, 1 + 2j, pd.Timestamp("2024-01-01"), [1], {}, Pool())
DATES = {
    "none": (
        "TBA",
        "now",
        "today",
        "2023-13-45",
        "2023-W40-2",
        "1.5",
        45000,
        -1,
        True,
        [1],
        {},
        "10 Oct 2023",
        "99999999",
    ),
    "moment": ("2023-10-10x08:30Z", "2025-W50-1T17:56Z", "2023-10-10T25:30Z", "08:30"),
    "ambiguous": ("03/04/2024", "3.4.24", "03-04-2024"),
    "month": ("2024-06", "2024/6", "202406"),
}
OPTIONS = {
    "model": ("capm", None, 5, ["market"], ""),
    "estimation_window": ((-(10**9), -11), (-11, -120), 5, "x", None, (1.5, 2), (-120,), (np.nan, -11), (-120, -1)),
    "event_window": ((5, -5), (-(10**9), 10**9), 0, "-1,1", [(-1, 1), (0, 5)]),
    "min_estimation": (-1, "x", None, 1.5, True),
    "non_session": ("nearest", None, 1),
    "after_gap": ("fill", None),
    "exclude_event_days": ("yes", 2, None),
    "exchange": (5, "NASDAQ", "TSE", "xx"),
    "date_format": ("%d", "x", 5, "%m/%Y"),
    "accept": ("scale", ["units"], 5, None, {"scale": 1}),
    "characteristics": ("size", 5, None, [5]),
    "model_options": ({"intercept": "x"}, 5, {"foo": 1}),
    "limit_days": ("x", None, "drop"),
    "executor": (5, "x", Pool()),
    "benchmark": ("SPX", None, 5),
}

REFUSED = {
    **{f"returns {type(one).__name__}": (lambda one=one: study(one), "gate.kind") for one in NOT_TABLES},
    **{f"events {type(one).__name__}": (lambda one=one: study(events=one), "gate.kind") for one in NOT_TABLES},
    **{
        f"benchmark {type(one).__name__}": (lambda one=one: study(benchmark=one), "gate.kind")
        for one in (["MKT"], 5.5, True, RETURNS["MKT"].to_numpy(), {})
    },
    **{f"risk_free {one!r}": (lambda one=one: study(risk_free=one), "gate.kind") for one in (0.0, 5, "x", [1], {})},
    **{
        f"factors {type(one).__name__}": (
            lambda one=one: study(factors=one, model="factor", benchmark=None),
            "gate.kind",
        )
        for one in (5, "x", {}, RETURNS.to_numpy())
    },
    "returns without columns": (lambda: study(RETURNS[[]]), "gate.empty"),
    "returns without rows": (lambda: study(RETURNS.iloc[:0]), "gate.empty"),
    "events without rows": (lambda: study(events=EVENTS.iloc[:0]), "gate.empty"),
    "benchmark without rows": (lambda: study(benchmark=RETURNS["MKT"].iloc[:0]), "gate.empty"),
    "returns of levels": (
        lambda: study(RETURNS.set_axis(pd.MultiIndex.from_product([["Close"], RETURNS.columns]), axis=1)),
        "gate.levels",
    ),
    **{
        f"cell {type(one).__name__} {n}": (lambda one=one: study(with_cell(one)), "gate.text")
        for n, one in enumerate(CELLS)
    },
    "cells of truth": (lambda: study(RETURNS > 0), "gate.text"),
    "benchmark of texts": (lambda: study(benchmark=RETURNS["MKT"].astype(str) + "x"), "gate.text"),
    **{f"cell {one}": (lambda one=one: study(with_cell(one)), "gate.infinite") for one in (np.inf, -np.inf, "inf")},
    **{f"cell {one}": (lambda one=one: study(with_cell(one)), "gate.codes") for one in (-99.0, -66.0, -88, -55.0)},
    **{f"cell {one}": (lambda one=one: study(with_cell(one)), "gate.below_minus_one") for one in (-1.0, -1.5, -3.2)},
    "benchmark at -1": (
        lambda: study(benchmark=RETURNS["MKT"].where(RETURNS.index != SESSIONS[9], -1.0)),
        "gate.below_minus_one",
    ),
    "factor of codes": (
        lambda: study(factors=RETURNS[["MKT"]].assign(SMB=-99.99), model="factor", benchmark=None),
        "gate.codes",
    ),
    "percent": (lambda: study(RETURNS * 100), "gate.scale.large"),
    "prices": (lambda: study(100 * (1 + RETURNS).cumprod()), "gate.scale.large"),
    "one column of prices": (lambda: study(RETURNS.assign(F0=50.0 + RETURNS["F0"])), "gate.scale.large"),
    "benchmark in percent": (lambda: study(RETURNS.assign(MKT=RETURNS["MKT"] * 100)), "gate.scale.large"),
    "rate in percent a year": (lambda: study(risk_free=RETURNS["MKT"] * 0 + 5), "gate.scale.large"),
    "basis points beside decimals": (lambda: study(RETURNS.assign(MKT=RETURNS["MKT"] / 100)), "gate.scale.apart"),
    "asset in units of its own": (lambda: study(RETURNS.assign(F0=RETURNS["F0"] / 1000)), "gate.scale.apart"),
    "no number": (lambda: study(RETURNS * np.nan), "gate.no_values"),
    "session twice": (lambda: study(pd.concat([RETURNS.iloc[:5], RETURNS.iloc[4:]])), "gate.twice.session"),
    "benchmark twice": (
        lambda: study(benchmark=pd.concat([RETURNS["MKT"], RETURNS["MKT"].iloc[-1:]])),
        "gate.twice.session",
    ),
    "asset twice": (lambda: study(pd.concat([RETURNS, RETURNS[["F0"]]], axis=1)), "gate.twice.asset"),
    "1 and '1'": (lambda: study(RETURNS.set_axis([1, "1", "F2", "F3", "MKT"], axis=1)), "gate.twice.asset"),
    "no heading": (lambda: study(RETURNS.set_axis(["F0", None, "F2", "F3", "MKT"], axis=1)), "gate.no_heading"),
    "newest first": (lambda: study(RETURNS.iloc[::-1]), "gate.order.newest_first"),
    "shuffled": (lambda: study(RETURNS.sample(frac=1, random_state=1)), "gate.order.mixed"),
    "rows counted": (lambda: study(RETURNS.reset_index(drop=True)), "gate.no_dates"),
    "rows of numbers": (lambda: study(RETURNS.set_axis(np.arange(300) + 0.5, axis=0)), "gate.index_kind"),
    "rows of texts": (lambda: study(RETURNS.set_axis([f"s{n}" for n in range(300)], axis=0)), "gate.dates.none"),
    "a row without a date": (lambda: study(RETURNS.set_axis([pd.NaT, *SESSIONS[1:]], axis=0)), "gate.no_session"),
    "rows of months": (
        lambda: study(RETURNS.set_axis(pd.period_range("2000-01", periods=300, freq="M"), axis=0)),
        "gate.dates.month",
    ),
    "five minutes": (
        lambda: study(RETURNS.set_axis(pd.date_range("2023-01-02 09:30", periods=300, freq="5min"), axis=0)),
        "gate.intraday",
    ),
    "local midnights in UTC": (
        lambda: study(RETURNS.tz_localize("Asia/Shanghai").tz_convert("UTC")),
        "gate.utc_labels",
    ),
    "two benchmarks": (lambda: study(benchmark=RETURNS[["MKT", "F3"]]), "gate.one_column"),
    "two rates": (lambda: study(risk_free=RETURNS[["MKT", "F3"]]), "gate.one_column"),
    **{
        f"date {value!r}": (lambda value=value: study(events=dated(value)), f"gate.dates.{kind}")
        for kind, values in DATES.items()
        for value in values
    },
    "another format": (lambda: study(events=dated("2023-10-10"), date_format="%d/%m/%Y"), "gate.dates.format"),
    **{
        f"clock {value!r}": (lambda value=value: study(events=dated(value)), "gate.events.clock")
        for value in ("2023-10-10 08:30", "2023-10-10T08:30Z", dt.datetime(2023, 10, 10, 8, 30, tzinfo=dt.UTC))
    },
    "clock without a zone": (lambda: study(events=dated("2023-10-10 08:30"), exchange="XNYS"), "gate.events.no_zone"),
    "a Sunday": (lambda: study(events=dated("2023-10-08")), "gate.events.not_a_session"),
    "no asset": (lambda: study(events=EVENTS[["date"]]), "gate.events.lack"),
    "no date": (lambda: study(events=EVENTS["asset"]), "gate.events.lack"),
    "misspelt": (lambda: study(events=EVENTS.assign(evnt_last=3)), "gate.events.unknown"),
    "a characteristic": (lambda: study(events=EVENTS.assign(size=1.0)), "gate.events.unknown"),
    "characteristics that are not there": (lambda: study(characteristics=["size"]), "gate.events.lack"),
    "a column twice": (
        lambda: study(events=EVENTS.assign(x="a").set_axis(["asset", "date", "asset"], axis=1)),
        "gate.events.column_twice",
    ),
    **{
        f"id {one!r}": (lambda one=one: study(events=having(event_id=one)), "gate.events.no_id")
        for one in (None, np.nan)
    },
    "ids twice": (lambda: study(events=having(event_id="a")), "gate.events.id_twice"),
    "asset missing": (lambda: study(events=having(asset=None)), "gate.no_asset"),
    "assets unknown": (lambda: study(events=having(asset="ZZZ")), "gate.events.nothing_left"),
    "beyond the returns": (lambda: study(events=having(event_last=1000)), "gate.events.nothing_left"),
    **{
        f"weight {one}": (lambda one=one: study(events=having(weight=one)), "gate.events.weight")
        for one in (0, -1, np.nan)
    },
    **{
        f"{name} {value!r}": (
            lambda name=name, value=value: study(events=having(**{name: value})),
            "gate.events.no_number",
        )
        for name, value in (("weight", "x"), ("weight", np.inf), ("event_first", "x"), ("event_last", np.inf))
    },
    "half a day": (lambda: study(events=having(event_first=-2.7)), "gate.events.no_day"),
    "windows the wrong way": (lambda: study(events=having(event_first=5)), "gate.events.windows"),
    "windows without end": (lambda: study(events=having(estimation_first=-(10**9))), "gate.events.far"),
    "exchange of an event": (lambda: study(events=having(exchange="FOO")), "exchange.unknown"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_with_a_code_and_its_place(name):
    call, code = REFUSED[name]
    with pytest.raises(InputError) as caught:
        call()
    told = caught.value.fact
    assert told is not None, str(caught.value)
    assert told.code == code
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence[-1] not in ".;"
    assert len(sentence) < 400


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in OPTIONS.items() for value in values])
def test_an_option_that_is_not_known_is_refused_with_what_is_allowed(name, value):
    with pytest.raises(OptionError) as caught:
        study(**{name: value})
    assert caught.value.fact is not None, str(caught.value)


def test_there_are_enough_of_them():
    assert len(REFUSED) + sum(map(len, OPTIONS.values())) >= 150
