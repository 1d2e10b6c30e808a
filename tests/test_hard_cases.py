"""The lists of the hard cases, each number derived again from the recorded CSV files by hand-written formulas."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats

import eventstudy as es
from eventstudy.config import parse_study
from eventstudy.facts import words
from eventstudy.prices import PricePanel, PriceSeries, Provenance
from tests.test_config import SMALL
from tests.test_study import DAY0, DAYS, DIVIDENDS, RECORDED, SET_EVENTS, only, random_walk, run_small

SAME = 1e-10  # two float computations of one closed form on the same decimal prices
SWAP, SWAP_END = "2025-05-26", "2025-12-09"
UNTOUCHED = ("688111", "688169", "688036", "688271", "600519", "600036")
TOUCHED = ("688256", "688981")
MEAN_OF_FOUR = ("JPM", "XOM", "COST", "JNJ")
CENT = Decimal("0.01")


# --- An independent reading of the files: closes on the days of an index, nothing of the package --------------------


@cache
def bars(symbol):
    """The rows of a file, by day."""
    file = RECORDED / f"{symbol}.csv"
    return pd.read_csv(file if file.exists() else RECORDED / "peers" / f"{symbol}.csv", index_col="date")


SHANGHAI, NEW_YORK = list(bars("sh000300").index), list(bars("SPY").index)


@cache
def level(symbol):
    """Total-return level: the adjusted close, or closes with dividends reinvested on the ex-date."""
    if symbol == "us-untouched":
        return mean_of(MEAN_OF_FOUR, tuple(NEW_YORK))
    table = bars(symbol)
    if "adj_close" in table:
        return table["adj_close"]
    paid = pd.Series(DIVIDENDS.get(symbol, {}), dtype=float).reindex(table.index).fillna(0.0)
    return ((table["close"] + paid) / table["close"].shift(1)).fillna(1.0).cumprod()


def days_of(security):
    return NEW_YORK if security in {"NVDA", "SPY", "SOXX", "us-untouched", *MEAN_OF_FOUR} else SHANGHAI


@cache
def traded(symbol, days=None):
    """Return since the previous trade and the sessions that it covers; NaN where there is none."""
    days = list(days or days_of(symbol))
    known = level(symbol).reindex(days).dropna()
    place = pd.Series(range(len(days)), index=days, dtype=float)
    return (known / known.shift(1) - 1).reindex(days), place[known.index].diff().reindex(days)


def over(values, span):
    """Return of a level over the same spans."""
    values = values.reindex(span.index)
    found = pd.Series(np.nan, index=span.index)
    for place, sessions in enumerate(span):
        if sessions >= 1:
            found.iloc[place] = values.iloc[place] / values.iloc[place - int(sessions)] - 1
    return found


@cache
def market_of(security, benchmark):
    return over(level(benchmark), traded(security)[1])


@cache
def mean_of(members, days):
    """Level of the mean of one-session returns; a member without one is left out of that day's mean."""
    single = pd.DataFrame({name: traded(name, days)[0].where(traded(name, days)[1] == 1) for name in members})
    started = single.notna().cummax().all(axis=1)
    mean = single.mean(axis=1)[started]
    whole = (1 + mean).cumprod().reindex(list(days))
    whole.iloc[days.index(mean.index[0]) - 1] = 1.0
    return whole


def anchor_of(event, security):
    """Position that the estimation window counts from: 8 December for the week's events, else the event's own day."""
    days = days_of(security)
    return days.index("2025-12-08" if event in SET_EVENTS else DAY0[event, security])


def least_squares(y, columns, span, past, ahead):
    """OLS with a constant on usable one-session days, and the sum of its forecast errors over the days ahead."""
    known = np.isfinite([y[past], *(one[past] for one in columns)]).all(axis=0) & (span[past] == 1)
    used = list(known.index[known])
    x = np.column_stack([np.ones(len(used)), *(one[used] for one in columns)])
    x1 = np.column_stack([span[ahead], *(one[ahead] for one in columns)])
    inverse = np.linalg.inv(x.T @ x)
    params = inverse @ x.T @ y[used].to_numpy()
    df = len(used) - x.shape[1]
    sigma = np.sqrt(((y[used].to_numpy() - x @ params) ** 2).sum() / df)
    total = x1.sum(axis=0)
    return {
        "estimate": float(y[ahead].sum() - (x1 @ params).sum()),
        "std_error": float(sigma * np.sqrt(span[ahead].sum() + total @ inverse @ total)),
        "df": df,
        "sigma": float(sigma),
        "nobs": len(used),
        "params": params,
        "first": used[0],
        "last": used[-1],
    }


@cache
def limit_closes(symbol):
    """Days that closed at a limit price, -1 or 1: ten or twenty per cent of the previous close, to the cent."""
    share = Decimal("0.1") if symbol == "603019" else Decimal("0.2")
    paid, found = DIVIDENDS.get(symbol, {}), {}
    for before, row in pairwise(bars(symbol).itertuples()):
        reference = (Decimal(str(before.close)) - Decimal(str(paid.get(row.Index, 0)))).quantize(CENT, ROUND_HALF_UP)
        for side in (-1, 1):
            if Decimal(str(row.close)) == (reference * (1 + side * share)).quantize(CENT, ROUND_HALF_UP):
                found[row.Index] = side
    return found


def days_after_limits(symbol):
    """The first trade after each close at a limit."""
    return {after for before, after in pairwise(bars(symbol).index) if before in limit_closes(symbol)}


def only_one(records, **wanted):
    found = only(records, **wanted)
    assert len(found) == 1
    return found[0]


def told(frame_or_records, *names):
    return [tuple(str(getattr(record, name)) for name in names) for record in frame_or_records]


# --- News in steps --------------------------------------------------------------------------------------------------


def test_two_steps_of_nvidia_are_the_sum_of_their_days(flagship):
    mine = only(flagship.event_groups, security="NVDA")
    assert [(r.model, r.benchmark) for r in mine] == [
        ("market", "SPY"),
        ("market", "SOXX"),
        ("market_adjusted", "SPY"),
        ("market_adjusted", "SOXX"),
        ("mean", None),
    ]
    for record in mine:
        assert told([record], "event_group", "event_id", "first_session", "last_session") == [
            ("h200-news", "h200-approval-report", "2025-12-08", "2025-12-09")
        ]
        assert record.steps == ("h200-approval-report", "h200-approval")
        same = {"event_id": "h200-approval-report", "model": record.model, "benchmark": record.benchmark}
        twin = only_one([r for r in flagship.car if tuple(r.window) == (0, 1)], security="NVDA", **same)
        for name in ("std_error", "statistic", "df", "pvalue", "ci_low", "ci_high", "estimand"):
            assert getattr(record, name) == getattr(twin, name)
        ars = [r.ar for r in only(flagship.ar, security="NVDA", **same) if r.relative_day in (0, 1)]
        assert record.car == twin.car == pytest.approx(sum(ars), abs=1e-15)
        assert record.flags == ("confounded:beijing-limits-report", "partial_session")
        assert set(twin.flags) - set(record.flags) == {"confounded:h200-approval"}
    y, span = traded("NVDA")
    start = NEW_YORK.index("2025-12-08")
    past = NEW_YORK[start - 120 : start - 10]
    hand = least_squares(y, [over(level("SPY"), span)], span, past, ["2025-12-08", "2025-12-09"])
    assert mine[0].car == pytest.approx(hand["estimate"], abs=SAME)
    assert mine[0].std_error == pytest.approx(hand["std_error"], abs=SAME)


def test_one_step_touches_shanghai(flagship):
    others = [r for r in flagship.event_groups if r.security != "NVDA"]
    assert Counter(r.security for r in others) == {"688795": 2, "688041": 5, "603019": 5}
    for record in others:
        assert tuple(record.window) == (0, 0)
        assert told([record], "event_id", "first_session", "last_session") == [
            ("h200-approval", "2025-12-09", "2025-12-09")
        ]
        same = {key: getattr(record, key) for key in ("event_id", "security", "model", "benchmark")}
        day = only_one(flagship.ar, relative_day=0, **same)
        assert (record.car, record.std_error, record.pvalue) == (day.ar, day.std_error, day.pvalue)
        assert record.flags == day.flags


def test_the_headline_of_the_news_is_its_record(flagship):
    head = only_one(flagship.headlines, id="nvidia-two-steps")
    record = only(flagship.event_groups, security="NVDA", model="market", benchmark="SPY")[0]
    assert head.event_group == "h200-news"
    assert head.estimate == record.car
    for name in ("event_id", "model", "benchmark", "window", "std_error", "df", "pvalue", "ci_low", "ci_high", "flags"):
        assert getattr(head, name) == getattr(record, name)
    assert (head.first_session, head.last_session) == (date(2025, 12, 8), date(2025, 12, 9))
    assert not any(f"confounded:{step}" in head.flags for step in record.steps)


# --- Limits ---------------------------------------------------------------------------------------------------------


def to_first_open_close(symbol, benchmark, anchor, day0):
    """CAR from a day to the first close off a limit within ten sessions, own regression; None if a day is missing."""
    y, span = traded(symbol)
    x = market_of(symbol, benchmark)
    stop = next(
        (
            place
            for place in range(day0, day0 + 11)
            if SHANGHAI[place] in bars(symbol).index and SHANGHAI[place] not in limit_closes(symbol)
        ),
        None,
    )
    if stop is None:
        return None
    ahead = SHANGHAI[day0 : stop + 1]
    past = SHANGHAI[max(anchor - 120, 0) : max(anchor - 10, 0)]
    if (np.isfinite(x[past]) & (span[past] == 1)).sum() < 60 or y[ahead].isna().any() or x[ahead].isna().any():
        return None
    return least_squares(y, [x], span, past, ahead)["estimate"]


def test_only_sugon_on_10_december_closed_at_a_limit_on_day_zero(flagship):
    assert told(flagship.limits, "event_id", "security", "benchmark", "session", "limit") == [
        ("hygon-sugon-merger-terminated", "603019", name, "2025-12-10", "limit_down")
        for name in ("sh000300", "sh000688")
    ]
    tested = {(security, day) for (_, security), day in DAY0.items() if security in ("603019", "688041")}
    assert {(s, d) for s, d in tested if d in limit_closes(s)} == {("603019", "2025-12-10")}


@pytest.mark.parametrize("benchmark", ["sh000300", "sh000688"])
def test_the_limit_day_of_sugon_by_hand(flagship, benchmark):
    record = only_one(flagship.limits, benchmark=benchmark)
    row, before = bars("603019").loc["2025-12-10"], bars("603019").loc["2025-12-09"]
    assert (record.reference, record.limit_price) == (before["close"], row["close"]) == (100.13, 90.12)
    assert (Decimal("100.13") * Decimal("0.9")).quantize(CENT, ROUND_HALF_UP) == Decimal("90.12")
    assert (record.high, record.low, record.one_price) == (91.78, 90.12, False)
    y, span = traded("603019")
    x = over(level(benchmark), span)
    start = SHANGHAI.index("2025-12-08")
    past = SHANGHAI[start - 120 : start - 10]
    day = least_squares(y, [x], span, past, ["2025-12-10"])
    assert (record.ar, record.std_error) == pytest.approx((day["estimate"], day["std_error"]), abs=SAME)
    assert record.df == day["df"] == 108
    assert record.bound_pvalue == pytest.approx(stats.t.cdf(day["estimate"] / day["std_error"], 108), rel=1e-8)
    assert (record.open_session, tuple(record.window)) == (date(2025, 12, 11), (0, 1))
    two = least_squares(y, [x], span, past, ["2025-12-10", "2025-12-11"])
    assert (record.car_to_open, record.car_std_error) == pytest.approx((two["estimate"], two["std_error"]), abs=SAME)
    assert record.car_statistic == pytest.approx(two["estimate"] / two["std_error"], rel=1e-8)
    assert record.car_pvalue == pytest.approx(2 * stats.t.sf(abs(record.car_statistic), 108), rel=1e-9)
    three = least_squares(y, [x], span, past, ["2025-12-10", "2025-12-11", "2025-12-12"])
    assert record.car_one_more == pytest.approx(three["estimate"], abs=SAME)
    assert record.flags == ("confounded:beijing-limits-report", "limit_down", "regime_break")
    twin = only_one(
        [r for r in flagship.car if tuple(r.window) == (0, 1)],
        event_id=record.event_id,
        model="market",
        benchmark=benchmark,
        security="603019",
    )
    assert (record.car_to_open, record.car_std_error) == (twin.car, twin.std_error)


@pytest.mark.parametrize("benchmark", ["sh000300", "sh000688"])
def test_the_placebo_of_the_limit_day_session_by_session(flagship, benchmark):
    """Two sessions before day 0 the window is anchored; a placebo window ends before the gap of eleven sessions."""
    record = only_one(flagship.limits, benchmark=benchmark)
    _, span = traded("603019")
    anchor = SHANGHAI.index("2025-12-08")
    news = {"2025-12-09", "2025-12-10", "2025-12-11"}  # approval; merger and Beijing's limits; Federal Reserve
    cars = []
    for day0 in range(2, anchor - 11 - 10 + 1):
        if span.iloc[day0] != 1 or news.intersection(SHANGHAI[day0 : day0 + 11]):
            continue
        if (car := to_first_open_close("603019", benchmark, day0 - 2, day0)) is not None:
            cars.append(car)
    rank = 1 + sum(abs(car) >= abs(record.car_to_open) for car in cars)
    assert len(cars) == 316
    assert (record.n_placebo, record.placebo_rank) == (316, rank)
    assert record.placebo_pvalue == pytest.approx(rank / 317, rel=1e-12)


# --- Alternatives: each way from its own columns --------------------------------------------------------------------


def opens_and_closes(days, zone, opens, closes, early=()):
    """UTC opens and closes of an exchange's days."""
    begin = pd.to_datetime([f"{day} {opens}" for day in days]).tz_localize(zone).tz_convert("UTC")
    end = pd.to_datetime([f"{day} {'13:00' if day in early else closes}" for day in days])
    return begin, end.tz_localize(zone).tz_convert("UTC")


HALF_DAYS = {"2024-07-03", "2024-11-29", "2024-12-24", "2025-07-03", "2025-11-28", "2025-12-24"}
CLOCKS = {
    "shanghai": opens_and_closes(SHANGHAI, "Asia/Shanghai", "09:30", "15:00"),
    "new york": opens_and_closes(NEW_YORK, "America/New_York", "09:30", "16:00", HALF_DAYS),
}


@cache
def session_known(security):
    """For each session the last foreign one that closed by its open: nearest earlier close, by pandas."""
    home, abroad = ("new york", "shanghai") if security == "NVDA" else ("shanghai", "new york")
    days, theirs = days_of(security), SHANGHAI if security == "NVDA" else NEW_YORK
    left = pd.DataFrame({"at": CLOCKS[home][0].as_unit("ns"), "day": days})
    right = pd.DataFrame({"at": CLOCKS[abroad][1].as_unit("ns"), "known": theirs})
    return pd.merge_asof(left, right, on="at").set_index("day")["known"]


def foreign_column(security, name, *, to_open):
    """Foreign return that became known since the open of the previous trade."""
    known, (_, span) = session_known(security), traded(security)
    values = level(name)
    found = pd.Series(np.nan, index=span.index)
    for place, sessions in enumerate(span):
        if not sessions >= 1:
            continue
        new, old = known.iloc[place], known.iloc[place - int(sessions)]
        if pd.isna(new) or pd.isna(old):
            continue
        last = values[new]
        if to_open and new != old:
            last *= bars(name).loc[new, "open"] / bars(name).loc[new, "close"]
        found.iloc[place] = last / values[old] - 1
    return found


def index_without_nvidia():
    """SPY without NVIDIA, its weight of 24 September 2025 carried forwards and backwards by a loop."""
    whole, own = traded("SPY")[0], traded("NVDA")[0]
    start = NEW_YORK.index("2025-09-24")
    rest = pd.Series(np.nan, index=NEW_YORK)
    weight = 0.0783
    for day in NEW_YORK[start + 1 :]:
        rest[day] = (whole[day] - weight * own[day]) / (1 - weight)
        weight *= (1 + own[day]) / (1 + whole[day])
    weight = 0.0783
    for day in reversed(NEW_YORK[1 : start + 1]):
        weight /= (1 + own[day]) / (1 + whole[day])
        rest[day] = (whole[day] - weight * own[day]) / (1 - weight)
    return rest


def columns_of(record):
    """Response, regressors, estimation days and days ahead of one way, by its topic and variant."""
    days, (y, span) = days_of(record.security), traded(record.security)
    x = over(level(record.benchmark), span)
    anchor = anchor_of(record.event_id, record.security)
    day0 = days.index(DAY0[record.event_id, record.security])
    ahead = days[day0 + record.window.first : day0 + record.window.last + 1]
    past, columns = days[anchor - 120 : anchor - 10], [x]
    begin = next((place for place, day in enumerate(days) if day >= SWAP), None)
    in_swap = pd.Series([SWAP <= day <= SWAP_END for day in days], index=days)
    match record.topic, record.variant:
        case "limit_days", "drop":
            out = days_after_limits(record.security) | set(limit_closes(record.security))
            past = [day for day in past if day not in out]
        case "limit_days", "censor":
            past = [day for day in past if day not in days_after_limits(record.security)]
        case "regime", "before":
            past = days[begin - 110 : begin]
        case "regime", "inside":
            past = days[begin : anchor - 10]
            columns += [over(level(name), span) for name in record.other[1:]]
        case "regime", "across":
            past = days[begin - 110 : anchor - 10]
            columns += [span.where(in_swap, 0.0), x.where(in_swap, 0.0)]
        case "foreign", "last_session" | "to_open":
            columns += [foreign_column(record.security, record.other[0], to_open=record.variant == "to_open")]
        case "leave_treated_out", "index_without":
            columns = [index_without_nvidia()]
        case "peers", "less_untouched" | "less_touched":
            y = y - over(mean_of(record.other, tuple(days)), span)
        case _, variant:
            assert variant in ("keep", "as_designed")
    return y, columns, span, past, ahead


def censored_fit(y, x, side):
    """Constant and slope, sigma with its degrees of freedom, and covariance, by the plain likelihood of two limits."""
    free = side == 0

    def loss(point):
        z = (y - x @ point[:2]) / np.exp(point[2])
        inside = (stats.norm.logpdf(z) - point[2])[free].sum()
        return -(inside + stats.norm.logcdf(-side * z)[~free].sum())

    def score(point):
        s = np.exp(point[2])
        z = (y - x @ point[:2]) / s
        tail = np.exp(stats.norm.logpdf(z) - stats.norm.logcdf(-side * z))
        pull = np.where(free, z, side * tail)
        return np.array([*(x.T @ pull / s), np.where(free, z**2 - 1, side * tail * z).sum()])

    start = np.array([*np.linalg.lstsq(x, y, rcond=None)[0], np.log(y.std())])
    rough = optimize.minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})
    found = optimize.root(score, rough.x, tol=1e-13).x
    assert loss(found) <= rough.fun + 1e-9
    steps = np.diag([1e-6, 1e-5, 1e-5])
    information = -np.column_stack([(score(found + h) - score(found - h)) / (2 * h.sum()) for h in steps])
    excess = y.size / (y.size - 2)
    return found[:2], np.exp(found[2]) * np.sqrt(excess), np.linalg.inv(information)[:2, :2] * excess


def ways(flagship, *topics):
    return [r for r in flagship.alternatives if r.topic in topics]


def test_which_ways_there_are(flagship):
    """Nvidia has an index weight and no limits; the Shanghai shares have limits and a regime; 688795 has the ladder."""
    per_event = {
        "NVDA": {"foreign": 3, "leave_treated_out": 2, "peers": 3},
        "688041": {"limit_days": 3, "regime": 4, "foreign": 6, "peers": 3},
        "603019": {"limit_days": 3, "regime": 4, "foreign": 6, "peers": 3},
    }
    found = Counter((r.event_id, r.security, r.topic) for r in flagship.alternatives if tuple(r.window) == (0, 0))
    expected = {
        (event, security, topic): count
        for event, security in DAY0
        for topic, count in per_event.get(security, {}).items()
    }
    expected["hygon-sugon-merger-terminated", "603019", "imputation"] = 3
    assert found == expected
    wider = {(r.event_id, r.security, tuple(r.window)) for r in flagship.alternatives if tuple(r.window) != (0, 0)}
    assert wider == {("h200-approval-report", "NVDA", (0, 1))}


def test_every_least_squares_way_from_its_own_columns(flagship):
    checked = Counter()
    for record in flagship.alternatives:
        if record.topic == "imputation" or record.variant == "censor":
            continue
        y, columns, span, past, ahead = columns_of(record)
        hand = least_squares(y, columns, span, past, ahead)
        assert (record.estimate, record.std_error) == pytest.approx((hand["estimate"], hand["std_error"]), abs=SAME)
        assert (record.df, record.nobs) == (hand["df"], hand["nobs"])
        assert record.sigma == pytest.approx(hand["sigma"], abs=SAME)
        assert list(record.params.values()) == pytest.approx(list(hand["params"]), abs=1e-9)
        statistic = hand["estimate"] / hand["std_error"]
        assert record.statistic == pytest.approx(statistic, rel=1e-7)
        assert record.pvalue == pytest.approx(2 * stats.t.sf(abs(statistic), hand["df"]), rel=1e-7)
        half = stats.t.isf(0.025, hand["df"]) * hand["std_error"]
        assert record.ci_low == pytest.approx(record.estimate - half, abs=SAME)
        assert record.ci_high == pytest.approx(record.estimate + half, abs=SAME)
        assert told([record], "first_session", "last_session") == [(hand["first"], hand["last"])]
        checked[record.topic] += 1
    assert checked == {"limit_days": 8, "regime": 16, "foreign": 45, "leave_treated_out": 14, "peers": 33}


def test_limit_days_of_the_estimation_window(flagship):
    """Hygon closed twice at its limit in those 110 sessions, Sugon four times, once on neighbouring sessions."""
    start = SHANGHAI.index("2025-12-08")
    past = set(SHANGHAI[start - 120 : start - 10])
    found = {name: sorted(past.intersection(limit_closes(name))) for name in ("688041", "603019")}
    assert {name: len(days) for name, days in found.items()} == {"688041": 2, "603019": 4}
    for record in ways(flagship, "limit_days"):
        hit, after = set(limit_closes(record.security)), days_after_limits(record.security)
        lost = {"keep": set(), "drop": hit | after, "censor": after}[record.variant]
        assert record.nobs == len(past - lost)
        assert record.params.keys() == {"alpha", "sh000300"}


def test_censored_limit_days_by_the_plain_likelihood(flagship):
    checked = 0
    for record in ways(flagship, "limit_days"):
        if record.variant == "censor":
            y, (x,), _, past, ahead = columns_of(record)
            design = np.column_stack([np.ones(len(past)), x[past]])
            side = np.array([limit_closes(record.security).get(day, 0) for day in past])
            assert (side != 0).any()
            params, sigma, covariance = censored_fit(y[past].to_numpy(), design, side)
            regressors = np.array([1.0, x[ahead[0]]])
            assert list(record.params.values()) == pytest.approx(list(params), abs=1e-9)
            assert record.sigma == pytest.approx(sigma, rel=1e-8)
            assert record.estimate == pytest.approx(y[ahead[0]] - regressors @ params, abs=1e-9)
            error = np.sqrt(sigma**2 + regressors @ covariance @ regressors)
            assert record.std_error == pytest.approx(error, rel=1e-7)
            assert record.df == len(past) - 2
            checked += 1
    assert checked == 4


def test_imputed_moves_are_means_of_a_truncated_normal(flagship):
    found = ways(flagship, "imputation")
    day = only_one(flagship.limits, benchmark="sh000300")
    expected = traded("603019")[0]["2025-12-10"] - day.ar
    assert [r.variant for r in found] == ["sigma_x1", "sigma_x1.5", "sigma_x2"]
    for record, multiple in zip(found, (1.0, 1.5, 2.0), strict=True):
        spread = multiple * day.std_error
        uncut = stats.truncnorm(-np.inf, day.ar / spread, loc=expected, scale=spread)
        assert record.estimate == pytest.approx(uncut.mean() - expected, rel=1e-9)
        assert record.std_error == pytest.approx(uncut.std(), rel=1e-7)
        assert record.estimate < day.ar
        assert (record.pvalue, record.statistic, record.df, record.ci_low, record.ci_high) == (None,) * 5
        assert "limit_down" in record.flags


@pytest.mark.parametrize("security", ["688041", "603019"])
def test_across_is_the_model_before_outside_the_regime_and_its_own_inside(flagship, security):
    days, (y, span) = SHANGHAI, traded(security)
    x = over(level("sh000300"), span)
    find = {(r.event_id, r.variant): r for r in only(flagship.alternatives, security=security, topic="regime")}
    after, within = "hygon-sugon-merger-terminated", "h200-approval"
    assert find[after, "across"].estimate == pytest.approx(find[after, "before"].estimate, abs=1e-12)
    begin, end = days.index(SWAP), days.index("2025-12-08") - 10
    alone = least_squares(y, [x], span, days[begin:end], ["2025-12-09"])
    assert find[within, "across"].estimate == pytest.approx(alone["estimate"], abs=1e-12)
    for event, other in ((after, find[after, "before"].sigma), (within, alone["sigma"])):
        across = find[event, "across"]
        assert abs(across.sigma - other) > 1e-3  # one sigma over both parts
        assert list(across.params) == ["alpha", "sh000300", "regime", "benchmark_in_regime"]
        assert across.nobs == find[event, "before"].nobs + alone["nobs"] == 110 + 112
    driven = security == "603019"
    assert {r.estimand for (_, variant), r in find.items() if variant == "inside"} == {
        "relative" if driven else "total"
    }
    assert find[within, "inside"].other == (("share-swap-pending", "688041") if driven else ("share-swap-pending",))


def test_every_foreign_return_that_may_hold_the_news(flagship):
    """By event, security, foreign benchmark, variant and window, with the reason for each."""
    flagged = {
        (r.event_id, r.security, r.other[0], r.variant, tuple(r.window))
        for r in ways(flagship, "foreign")
        if "over_control" in r.flags
    }
    both = ("last_session", "to_open")
    expected = {
        # dated to a day only: Shanghai's session of that day, open and close, may come after it
        *(("white-house-h200-talks", "NVDA", "sh000300", variant, (0, 0)) for variant in both),
        *(("huang-on-capitol-hill", "NVDA", "sh000300", variant, (0, 0)) for variant in both),
        *(("gain-ai-dropped", "NVDA", "sh000300", variant, (0, 0)) for variant in both),
        *(("safe-chips-introduced", "NVDA", "sh000300", variant, (0, 0)) for variant in both),
        # on 8 December Shanghai had closed (07:00 UTC) before the report (17:56): only the second day holds it, from
        # the Shanghai open of 9 December on
        *(("h200-approval-report", "NVDA", "sh000300", variant, (0, 1)) for variant in both),
        # Shanghai opened on 9 December with report and post behind it
        *(("h200-approval", "NVDA", "sh000300", variant, (0, 0)) for variant in both),
        # New York's close of 8 December holds the report, the first step; its open (14:30) lies before it
        *(
            ("h200-approval", security, name, "last_session", (0, 0))
            for security in ("688041", "603019")
            for name in ("SPY", "SOXX")
        ),
        # New York opened on 9 December seven hours after the first moment (07:00) of the filings
        *(
            ("hygon-sugon-merger-terminated", security, name, variant, (0, 0))
            for security in ("688041", "603019")
            for name in ("SPY", "SOXX")
            for variant in both
        ),
    }
    assert flagged == expected
    assert not any(r.other == ("us-untouched",) and "over_control" in r.flags for r in flagship.alternatives)
    assert not any("over_control" in r.flags for r in flagship.alternatives if r.topic != "foreign")
    assert session_known("603019")["2025-12-09"] == "2025-12-08"
    assert session_known("603019")["2025-12-10"] == "2025-12-09"
    assert session_known("NVDA")["2025-12-08"] == "2025-12-08"
    for record in ways(flagship, "foreign"):
        assert record.variant != "to_open" or record.other != ("us-untouched",)  # its members have no recorded opens


def test_peers_are_told_by_whether_the_news_may_move_them(flagship):
    for record in ways(flagship, "peers"):
        home = record.security == "NVDA"
        expected = {
            "as_designed": (),
            "less_untouched": MEAN_OF_FOUR if home else UNTOUCHED,
            "less_touched": ("AMD", "AVGO", "AAPL", "ORCL") if home else TOUCHED,
        }
        assert record.other == expected[record.variant]
        assert record.estimand == ("relative" if record.variant == "less_touched" else "total")


# --- The ladder -----------------------------------------------------------------------------------------------------


def test_rungs_of_moore_threads(flagship):
    assert {(r.event_id, r.security, r.session, r.relative_day) for r in flagship.ladder} == {
        ("h200-approval", "688795", date(2025, 12, 9), 0)
    }
    assert [(r.rung, r.benchmark) for r in flagship.ladder] == [
        ("market_adjusted", "sh000300"),
        ("market_adjusted", "sh000688"),
        ("peer_adjusted", None),
        ("peer_adjusted", None),
        ("peer_prior", "sh000300"),
        ("same_day_rank", "sh000300"),
    ]
    plain = ("no_limit_session", "short_history")
    assert [r.flags for r in flagship.ladder] == [*[plain] * 3, (*plain, "touched_peers"), *[plain] * 2]


def test_adjusted_rungs_by_hand(flagship):
    day = "2025-12-09"
    closes = bars("688795")["close"]
    own = closes[day] / closes["2025-12-08"] - 1
    for record in only(flagship.ladder, rung="market_adjusted"):
        market = bars(record.benchmark)["close"]
        assert record.expected == pytest.approx(market[day] / market["2025-12-08"] - 1, abs=1e-14)
        assert record.estimate == pytest.approx(own - record.expected, abs=1e-14)
        assert (record.std_error, record.pvalue, record.ci_low) == (None, None, None)
    for record, names in zip(only(flagship.ladder, rung="peer_adjusted"), (UNTOUCHED, TOUCHED), strict=True):
        moves = [bars(name)["adj_close"][day] / bars(name)["adj_close"]["2025-12-08"] - 1 for name in names]
        assert record.comparators == names
        assert record.expected == pytest.approx(np.mean(moves), abs=1e-12)
        assert record.estimate == pytest.approx(own - np.mean(moves), abs=1e-12)
        assert record.pvalue is None
    rank = only_one(flagship.ladder, rung="same_day_rank")
    market = bars("sh000300")["close"][day] / bars("sh000300")["close"]["2025-12-08"] - 1
    others = [traded(name, tuple(SHANGHAI))[0][day] - market for name in UNTOUCHED]
    place = 1 + sum(abs(other) >= abs(own - market) for other in others)
    assert (rank.rank, rank.comparators) == (place, UNTOUCHED)
    assert rank.estimate == pytest.approx(own - market, abs=1e-14)
    assert rank.pvalue == pytest.approx(place / 7, rel=1e-12)
    assert rank.smallest_pvalue == pytest.approx(1 / 7, rel=1e-12)


def peers_prior():
    """Mean and covariance of alpha and beta, mean and spread of ln sigma, from eight regressions by hand."""
    start = SHANGHAI.index("2025-12-08")
    past, fits = SHANGHAI[start - 120 : start - 10], []
    for name in (*UNTOUCHED, *TOUCHED):
        y, span = traded(name, tuple(SHANGHAI))
        hand = least_squares(y, [over(level("sh000300"), span)], span, past, past[-1:])
        fits.append([*hand["params"], np.log(hand["sigma"])])
    fits = np.array(fits)
    wider = 1 + 1 / 8
    return (
        fits[:, :2].mean(axis=0),
        np.cov(fits[:, :2].T) * wider,
        fits[:, 2].mean(),
        fits[:, 2].std(ddof=1) * wider**0.5,
    )


def test_peer_prior_by_integration_over_sigma(flagship):
    """The posterior of ln sigma on a fine even grid: normal likelihood of the one own return, normal predictions."""
    record = only_one(flagship.ladder, rung="peer_prior")
    mean, covariance, centre, spread = peers_prior()
    assert record.comparators == (*UNTOUCHED, *TOUCHED)
    assert record.prior == pytest.approx(
        {
            "alpha": mean[0],
            "alpha_sd": covariance[0, 0] ** 0.5,
            "beta": mean[1],
            "beta_sd": covariance[1, 1] ** 0.5,
            "sigma_median": np.exp(centre),
            "log_sigma_sd": spread,
            "peers": 8.0,
            "own_returns": 1.0,
        },
        rel=1e-9,
    )
    y, span = traded("688795")
    market = over(level("sh000300"), span)
    one, new = np.array([1.0, market["2025-12-08"]]), np.array([1.0, market["2025-12-09"]])
    logs = np.linspace(centre - 9 * spread, centre + 9 * spread, 40_001)
    square = np.exp(2 * logs)
    total = one @ covariance @ one + square
    density = np.exp(-0.5 * ((logs - centre) / spread) ** 2 - 0.5 * (y["2025-12-08"] - one @ mean) ** 2 / total)
    density /= np.sqrt(total)
    weight = density / integrate.trapezoid(density, logs)
    gain = (new @ covariance @ one) / total
    middle = new @ mean + gain * (y["2025-12-08"] - one @ mean)
    width = np.sqrt(new @ covariance @ new - gain * (new @ covariance @ one) + square)
    expected = integrate.trapezoid(weight * middle, logs)
    variance = integrate.trapezoid(weight * (width**2 + (middle - expected) ** 2), logs)
    assert record.expected == pytest.approx(expected, abs=1e-10)
    assert record.std_error == pytest.approx(np.sqrt(variance), rel=1e-8)
    assert record.estimate == pytest.approx(y["2025-12-09"] - expected, abs=1e-10)

    def below(value):
        return integrate.trapezoid(weight * stats.norm.cdf((value - middle) / width), logs)

    tail = min(below(y["2025-12-09"]), 1 - below(y["2025-12-09"]))
    assert record.pvalue == pytest.approx(2 * tail, rel=1e-7)
    low, high = (optimize.brentq(lambda at, p=p: below(at) - p, -1, 1, xtol=1e-13) for p in (0.025, 0.975))
    limits = (y["2025-12-09"] - high, y["2025-12-09"] - low)
    assert (record.ci_low, record.ci_high) == pytest.approx(limits, abs=1e-9)


def test_refused_rungs_say_what_is_missing(flagship):
    refused = [r for r in flagship.exclusions if r.what.startswith("rung ")]
    assert told(refused, "event_id", "security", "what", "reason", "detail") == [
        (
            "h200-approval",
            "688795",
            "rung age_matched_placebo",
            "no_prices_of_earlier_listings",
            "session 3 since the listing; needed are closes of 688041 on 2022-08-15 and 2022-08-16; "
            "688256 on 2020-07-21 and 2020-07-22; 688981 on 2020-07-17 and 2020-07-20; "
            "688111 on 2019-11-19 and 2019-11-20, and of sh000300 on the same days; "
            "19 earlier listings allow a p of 0.05, 4 are named",
        ),
        (
            "h200-approval",
            "688795",
            "rung post_event_window",
            "post_event_too_short",
            "9 of at least 60 returns from 2026-01-06 on (prices end on 2026-01-16)",
        ),
    ]
    rows = list(bars("688795").index)
    assert rows.index("2025-12-09") + 1 == 3  # the third session
    assert rows[20] == "2026-01-06"  # the first one after twenty
    assert len(rows[20:]) == 9


def test_the_named_closes_are_of_sessions_two_and_three(flagship_spec):
    named = {
        "688041": ("2022-08-15", "2022-08-16"),
        "688256": ("2020-07-21", "2020-07-22"),
        "688981": ("2020-07-17", "2020-07-20"),
        "688111": ("2019-11-19", "2019-11-20"),
    }
    shares = {**flagship_spec.securities, **flagship_spec.peers}
    assert set(named) == set(flagship_spec.securities["688795"].earlier_listings)
    for name, closes in named.items():
        sessions = pd.bdate_range(shares[name].listed, periods=3)  # no holiday in Shanghai in those three weeks
        assert tuple(str(day.date()) for day in sessions[1:]) == closes


def test_earlier_listings_with_prices_are_ranked_at_their_own_age(flagship_spec, flagship_prices):
    """The listings pretended to lie inside the recordings: session three of each is two sessions after its listing."""
    pretended = {"688256": date(2025, 3, 3), "688981": date(2025, 4, 1), "688111": date(2025, 7, 1)}
    peers = {
        name: peer.model_copy(update={"listed": pretended.get(name, peer.listed)})
        for name, peer in flagship_spec.peers.items()
    }
    result = es.run_study(flagship_spec.model_copy(update={"peers": peers}), flagship_prices, robustness="none")
    record = only_one(result.ladder, rung="age_matched_placebo")
    values = []
    for name, listed in pretended.items():
        day = SHANGHAI[SHANGHAI.index(str(listed)) + 2]
        y, span = traded(name, tuple(SHANGHAI))
        values.append(y[day] - over(level("sh000300"), span)[day])
    rank = 1 + sum(abs(value) >= abs(record.estimate) for value in values)
    assert record.comparators == tuple(pretended)
    assert (record.rank, record.pvalue, record.smallest_pvalue) == (rank, pytest.approx(rank / 4), pytest.approx(0.25))
    missing = only_one(result.exclusions, reason="some_earlier_listings_missing")
    assert missing.detail == "1 of 4 have no prices there: 688041 on 2022-08-15 and 2022-08-16"


# --- Breaks ---------------------------------------------------------------------------------------------------------


def squares(y, x):
    resid = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return resid @ resid


@pytest.mark.parametrize("security", ["688041", "603019"])
@pytest.mark.parametrize("benchmark", ["sh000300", "sh000688"])
def test_breaks_by_sums_of_squares(flagship, security, benchmark):
    import statsmodels.api as sm

    y, span = traded(security)
    x = over(level(benchmark), span)
    begin, end = SHANGHAI.index(SWAP), SHANGHAI.index("2025-12-08") - 10
    days = [day for day in SHANGHAI[begin - 110 : end] if span[day] == 1]
    table = y[days].to_numpy(), sm.add_constant(x[days].to_numpy())
    split = next(place for place, day in enumerate(days) if day >= SWAP)
    whole, before, after = (
        sm.OLS(table[0][rows], table[1][rows]).fit().ssr for rows in (slice(None), slice(split), slice(split, None))
    )
    chow = only_one(flagship.breaks, security=security, benchmark=benchmark, test="chow")
    free = len(days) - 4
    statistic = (whole - before - after) / 2 / ((before + after) / free)
    assert chow.statistic == pytest.approx(statistic, rel=1e-9)
    assert chow.df == (2, free)
    assert chow.pvalue == pytest.approx(stats.f.sf(statistic, 2, free), rel=1e-8)
    path = {}
    for at in range(34, len(days) - 34 + 1):  # 15 % of 222, rounded up
        parts = squares(table[0][:at], table[1][:at]) + squares(table[0][at:], table[1][at:])
        path[at] = (whole - parts) / (parts / free)
    sup = only_one(flagship.breaks, security=security, benchmark=benchmark, test="sup_f")
    best = max(path, key=path.get)
    assert sup.statistic == pytest.approx(path[best], rel=1e-9)
    assert str(sup.session) == days[best]
    assert (sup.trim, sup.distribution, sup.df) == (0.15, "bootstrap", ())
    assert 11.79 <= sup.critical_value < 12.0  # Andrews (2003) prints 11.79, simulated on a grid that misses peaks
    for record in (chow, sup):
        assert record.nobs == len(days) == 222
        assert told([record], "regime", "first_session", "last_session") == [
            ("share-swap-pending", days[0], "2025-11-21")
        ]
    assert str(chow.session) == days[split] == "2025-06-11"  # the return of 10 June spans the halt


def test_break_windows_reach_to_the_last_estimation_window_inside_the_regime():
    """Two events during a regime: the test looks at all of it that any model was estimated on."""
    later = SMALL[SMALL.index("  - id: first") :].replace("id: first", "id: second").replace("12-08", "12-19")
    regime = (
        "regimes:\n  - {id: deal, title: Deal, securities: {NVDA: []}, first: 2025-09-06, last: 2025-12-28, "
        "sources: [paper]}\n"
    )
    result = run_small(SMALL + later + regime)
    days = [str(day) for day in DAYS]
    ends = {days[days.index(day) - 11] for day in ("2025-12-08", "2025-12-19")}
    assert {str(r.last_session) for r in result.breaks} == {max(ends)}
    assert {r.test for r in result.breaks} == {"chow", "sup_f"}
    edges = [r for r in result.firm_days if r.kind.startswith("regime")]
    assert told(edges, "session", "kind", "detail") == [("2025-12-26", "regime_end", "deal")]  # the 28th is a Sunday


# --- Parts of the day -----------------------------------------------------------------------------------------------


def test_parts_of_every_day_sum_to_the_whole(flagship):
    assert Counter(r.security for r in flagship.day_parts) == {"NVDA": 32, "688041": 22, "603019": 22, "688795": 12}
    for record in flagship.day_parts:
        row = bars(record.security).loc[str(record.session)]
        whole = np.log1p(traded(record.security)[0][str(record.session)])
        assert record.overnight + record.intraday == pytest.approx(record.whole, abs=1e-12)
        assert record.whole == pytest.approx(whole, abs=1e-12)
        assert record.intraday == pytest.approx(np.log(row["close"] / row["open"]), abs=1e-12)
        assert record.sessions_spanned == 1


def test_sugon_opened_at_the_limit_and_ended_there(flagship):
    record = only_one(flagship.day_parts, security="603019", session=date(2025, 12, 10))
    assert record.intraday == pytest.approx(np.log(90.12 / 90.12), abs=1e-15)
    assert record.overnight == pytest.approx(np.log(90.12 / 100.13), abs=1e-14)
    assert record.flags == ("confounded:beijing-limits-report", "limit_down")


@pytest.mark.parametrize("security", ["NVDA", "688041", "603019", "688795"])
def test_typical_sizes_of_the_parts(flagship, security):
    record = only(flagship.day_parts, security=security)[0]
    days = days_of(security)
    start = days.index("2025-12-08")
    past = [day for day in days[start - 120 : start - 10] if day in bars(security).index]
    assert record.nobs == len(past)
    if not past:
        assert (record.overnight_typical, record.intraday_typical) == (None, None)
        return
    intraday = np.log(bars(security).loc[past, "close"] / bars(security).loc[past, "open"])
    overnight = np.log1p(traded(security)[0][past]) - intraday
    assert record.intraday_typical == pytest.approx(intraday.std(ddof=1), rel=1e-10)
    assert record.overnight_typical == pytest.approx(overnight.std(ddof=1), rel=1e-10)


# --- The ledger -----------------------------------------------------------------------------------------------------


def test_firm_days_of_8_to_11_december(flagship):
    week = [r for r in flagship.firm_days if date(2025, 12, 8) <= r.session <= date(2025, 12, 11)]
    found = {(r.security, r.session.day, r.kind, r.event_id or r.detail, r.related) for r in week}
    assert len(found) == len(week)
    merger, beijing, fed = "hygon-sugon-merger-terminated", "beijing-limits-report", "fomc-december"
    assert found == {
        ("NVDA", 8, "own_event", "h200-approval-report", None),
        ("NVDA", 9, "own_event", "h200-approval", None),
        ("NVDA", 9, "own_event", beijing, None),
        ("NVDA", 10, "market_event", fed, None),
        *(("688795", day, "no_limit_session", "no_limit_session", None) for day in (8, 9, 10, 11)),
        ("688795", 9, "own_event", "h200-approval", None),
        ("688795", 10, "own_event", beijing, None),
        ("688795", 10, "related_event", merger, "688041"),
        ("688795", 10, "related_event", merger, "603019"),
        ("688795", 11, "market_event", fed, None),
        ("688041", 9, "own_event", "h200-approval", None),
        ("688041", 9, "regime_end", "share-swap-pending", None),
        ("688041", 10, "own_event", merger, None),
        ("688041", 10, "own_event", beijing, None),
        ("688041", 11, "market_event", fed, None),
        ("603019", 9, "own_event", "h200-approval", None),
        ("603019", 9, "regime_end", "share-swap-pending", None),
        ("603019", 10, "own_event", merger, None),
        ("603019", 10, "own_event", beijing, None),
        ("603019", 10, "limit", "limit_down", None),
        ("603019", 11, "market_event", fed, None),
    }


def test_what_each_day_of_news_identifies(flagship):
    found = {(r.security, str(r.session)): (r.identified, r.events, r.confounders) for r in flagship.identification}
    beijing = ("beijing-limits-report",)
    approval, merger = ("h200-approval",), ("hygon-sugon-merger-terminated",)
    assert found == {
        ("NVDA", "2025-11-21"): ("separate", ("white-house-h200-talks",), ()),
        ("NVDA", "2025-12-03"): ("separate", ("huang-on-capitol-hill",), ()),
        ("NVDA", "2025-12-04"): ("sum_only", ("gain-ai-dropped", "safe-chips-introduced"), ()),
        ("688795", "2025-12-05"): ("separate", ("moore-threads-listing",), ()),
        ("NVDA", "2025-12-08"): ("separate", ("h200-approval-report",), ()),
        ("NVDA", "2025-12-09"): ("confounded", approval, beijing),
        ("688795", "2025-12-09"): ("separate", approval, ()),
        ("688041", "2025-12-09"): ("separate", approval, ()),
        ("603019", "2025-12-09"): ("separate", approval, ()),
        ("688041", "2025-12-10"): ("confounded", merger, beijing),
        ("603019", "2025-12-10"): ("confounded", merger, beijing),
    }
    assert len(flagship.identification) == len(found)
    for record in flagship.identification:
        if record.estimate is None:
            assert (record.security, record.session) == ("688795", date(2025, 12, 5))
            continue
        security, day = record.security, str(record.session)
        y, span = traded(security)
        x = over(level("SPY" if security == "NVDA" else "sh000300"), span)
        if security == "688795":
            assert (record.model, record.std_error) == ("market_adjusted", None)
            assert record.estimate == pytest.approx(y[day] - x[day], abs=SAME)
            continue
        start = anchor_of(record.events[0], security)
        hand = least_squares(y, [x], span, days_of(security)[start - 120 : start - 10], [day])
        assert (record.estimate, record.std_error) == pytest.approx((hand["estimate"], hand["std_error"]), abs=SAME)


# --- Regimes as flags -----------------------------------------------------------------------------------------------


def test_regime_break_is_on_sessions_from_10_december_on_and_on_none_before(flagship):
    for record in (*flagship.ar, *flagship.event_days):
        after = record.session >= date(2025, 12, 10) and record.security in ("603019", "688041")
        has_model = record.security in ("603019", "688041")
        assert ("regime_break" in record.flags) == (after and has_model)
    for record in flagship.car:
        days = days_of(record.security)
        last = days[days.index(DAY0[record.event_id, record.security]) + record.window.last]
        broken = record.security in ("603019", "688041") and last >= "2025-12-10"
        assert ("regime_break" in record.flags) == broken
    for record in ways(flagship, "regime"):
        inside = record.event_id == "h200-approval"
        other = {"as_designed": not inside, "before": inside, "inside": not inside, "across": False}
        assert ("regime_break" in record.flags) == other[record.variant]


# --- Suspensions, on made prices ------------------------------------------------------------------------------------


def suspended(*periods):
    """The small study with documented halts of NVIDIA, and the days that they take away."""
    halts = ", ".join(f"{{first: {first}, last: {last}, source: notice}}" for first, last in periods)
    text = SMALL.replace("    benchmarks: [SPY]\n", f"    benchmarks: [SPY]\n    suspensions: [{halts}]\n")
    missing = [str(day) for day in DAYS if any(first <= str(day) <= last for first, last in periods)]
    return text, missing


IN_SESSION = (
    "2025-12-08T17:56Z is 2025-12-08 12:56 in New York, inside the XNAS session (09:30 to 16:00), so only a part of "
    "that session could react."
)
HALTED = (
    " Trading was suspended from {} to {} (notice), so the first session that could react is that of the "
    "resumption, {}."
)


@pytest.mark.parametrize(
    ("periods", "resumed", "told_days"),
    [
        ([("2025-12-08", "2025-12-09")], "2025-12-10", [("2025-12-08", "2025-12-09", "2025-12-10")]),
        (
            [("2025-12-05", "2025-12-12")],
            "2025-12-15",
            [("2025-12-05", "2025-12-12", "2025-12-15")],
        ),  # ends on a Friday
        (
            [("2025-12-08", "2025-12-09"), ("2025-12-10", "2025-12-11")],
            "2025-12-12",
            [("2025-12-08", "2025-12-09", "2025-12-10"), ("2025-12-10", "2025-12-11", "2025-12-12")],
        ),
    ],
)
def test_news_during_a_suspension_falls_on_the_resumption(periods, resumed, told_days):
    text, missing = suspended(*periods)
    result = run_small(text, nvda=missing)
    session = only_one(result.sessions, security="NVDA")
    assert told([session], "session", "session_last", "reason", "partial") == [
        (resumed, resumed, "during_suspension", "False")
    ]
    assert session.detail == IN_SESSION + "".join(HALTED.format(*days) for days in told_days)
    day0 = only_one(result.ar, relative_day=0)
    assert (str(day0.session), day0.flags) == (resumed, ("resumed",))
    at, gap = [str(day) for day in DAYS].index(resumed), len(missing) + 1
    own, market = random_walk(1, 0.02), random_walk(2)
    y, x = own[1:] / own[:-1] - 1, market[1:] / market[:-1] - 1  # the return of session s stands at s - 1
    past = slice(at - 100 - 1, at - 11)
    design = np.column_stack([np.ones(90), x[past]])
    inverse = np.linalg.inv(design.T @ design)
    params = inverse @ design.T @ y[past]
    sigma = np.sqrt(((y[past] - design @ params) ** 2).sum() / 88)
    ahead = np.array([gap, market[at] / market[at - gap] - 1])
    assert day0.ar == pytest.approx(own[at] / own[at - gap] - 1 - ahead @ params, abs=SAME)
    assert day0.std_error == pytest.approx(sigma * np.sqrt(gap + ahead @ inverse @ ahead), abs=SAME)
    kinds = Counter(r.kind for r in result.firm_days)
    assert kinds["suspended"] == sum(str(DAYS[at - 5]) <= day for day in missing)
    assert (kinds["resumed"], kinds["own_event"]) == (1, 1)


def test_an_interval_that_ends_in_a_suspension_ends_on_the_resumption():
    """Friday's session may hold the news, and after it only that of Wednesday: Monday and Tuesday are halted."""
    text, missing = suspended(("2025-12-08", "2025-12-09"))
    text = text.replace("2025-12-08T17:56Z", "2025-12-05T15:00Z / 2025-12-08T17:56Z")
    session = only_one(run_small(text, nvda=missing).sessions, security="NVDA")
    assert told([session], "session", "session_last", "reason") == [
        ("2025-12-05", "2025-12-10", "interval_spans_sessions")
    ]
    assert session.detail.endswith(
        " Trading was suspended from 2025-12-08 to 2025-12-09 (notice), so the last of these sessions is that of the "
        "resumption, 2025-12-10."
    )


def test_flagship_returns_over_the_halt_enter_no_model(flagship):
    """10 June 2025 was the first session after eleven: it is in no estimation window."""
    span = traded("603019")[1]
    assert span["2025-06-10"] == 11
    before = only_one(flagship.alternatives, security="603019", variant="inside", event_id="h200-approval")
    assert str(before.first_session) == "2025-06-11"


# --- A whole study with limit days dropped or censored --------------------------------------------------------------


@pytest.mark.parametrize("limit_days", ["drop", "censor"])
def test_a_study_without_its_limit_days(flagship, flagship_spec, flagship_prices, limit_days):
    result = es.run_study(
        flagship_spec.model_copy(update={"limit_days": limit_days}), flagship_prices, robustness="none"
    )
    pairs = list(zip(only(result.ar, security="NVDA"), only(flagship.ar, security="NVDA"), strict=True))
    assert len(pairs) == 6 * 21 * 5  # six events, two models against two benchmarks and the mean
    for mine, plain in pairs:  # no limits in New York: least squares and the likelihood agree to rounding
        assert (mine.session, mine.flags, mine.df) == (plain.session, plain.flags, plain.df)
        assert (mine.ar, mine.std_error) == pytest.approx((plain.ar, plain.std_error), abs=1e-14)
    for way in only(flagship.alternatives, topic="limit_days", variant=limit_days):
        same = {key: getattr(way, key) for key in ("event_id", "security", "model", "benchmark")}
        day, params = only_one(result.ar, relative_day=0, **same), only_one(result.params, **same)
        assert (day.ar, day.std_error, day.df) == (way.estimate, way.std_error, way.df)
        assert (params.nobs, params.sigma) == (way.nobs, way.sigma)
    for record in result.params:
        if record.security in ("688041", "603019") and record.model == "market":
            y, span = traded(record.security)
            start = SHANGHAI.index("2025-12-08")
            out = days_after_limits(record.security)
            out = out | set(limit_closes(record.security)) if limit_days == "drop" else out
            past = [day for day in SHANGHAI[start - 120 : start - 10] if day not in out]
            x = market_of(record.security, record.benchmark)
            assert record.nobs == len(past)
            if limit_days == "drop":
                sigma = least_squares(y, [x], span, past, past[-1:])["sigma"]
            else:
                side = np.array([limit_closes(record.security).get(day, 0) for day in past])
                _, sigma, _ = censored_fit(y[past].to_numpy(), np.column_stack([np.ones(len(past)), x[past]]), side)
            assert record.sigma == pytest.approx(sigma, rel=1e-8)
    hit = set().union(*(set(limit_closes(name)) | days_after_limits(name) for name in ("688041", "603019")))
    start = SHANGHAI.index("2025-12-08")
    kept = len(set(SHANGHAI[start - 120 : start - 10]) - hit)
    assert {r.nobs for r in result.joint} == {kept}  # least squares: days of either share are dropped


# --- A user's own rules, and statuses -------------------------------------------------------------------------------


def shanghai_share(tmp_path, *, board="sse_main", extra="", more=""):
    """A study of a made Shanghai share that fell by 5 % to the cent on 9 December 2025 and traded on the day after."""
    text = SMALL.replace("XNAS", "XSHG").replace("XNYS", "XSHG").replace("USD", "CNY").replace("nasdaq", board)
    text = text.replace("    benchmarks: [SPY]\n", f"    benchmarks: [SPY]\n{extra}") + more
    (tmp_path / "events.yaml").write_text(text, encoding="utf-8")
    days = [day for day in SHANGHAI if "2025-03-03" <= day <= "2025-12-31"]
    rng = np.random.default_rng(7)
    closes = [Decimal("100.00")]
    for day in days[1:]:
        move = Decimal("0.95") if day == "2025-12-09" else Decimal(f"{1 + rng.uniform(-0.03, 0.03):.6f}")
        closes.append((closes[-1] * move).quantize(CENT, ROUND_HALF_UP))
    market = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, len(days))))
    panel = {"NVDA": np.array([float(close) for close in closes]), "SPY": market}
    prices = PricePanel({symbol: invented(symbol, days, values) for symbol, values in panel.items()})
    return es.run_study(es.load_study(tmp_path / "events.yaml"), prices), dict(zip(days, closes, strict=True))


def invented(symbol, days, close):
    provenance = Provenance(
        symbol=symbol,
        source="made",
        publisher=words("made for a test"),
        file=f"{symbol}.csv",
        first=date.fromisoformat(days[0]),
        last=date.fromisoformat(days[-1]),
        rows=len(days),
        sha256="0" * 64,
        adjustment=words("none"),
    )
    return PriceSeries(
        symbol=symbol, sessions=np.array(days, dtype="datetime64[D]"), close=close, provenance=provenance
    )


ST = "    statuses: [{status: st, first: 2025-10-09, last: 2025-12-09, source: notice}]\n"
OWN_RULE = (
    "board,status,limit,tick,rounding,no_limit_sessions,valid_from,valid_to,certainty,listing_certainty,source,note\n"
    "sse_trial,none,0.05,0.01,half_up,0,1990-12-19,,confirmed,confirmed,a house rule,\n"
)


def limit_flags(result):
    return {str(r.session): r.flags for r in result.ar if {"limit_up", "limit_down"} & set(r.flags)}


def test_five_per_cent_is_a_limit_under_special_treatment_only(tmp_path):
    plain, _ = shanghai_share(tmp_path)
    assert (limit_flags(plain), plain.limits) == ({}, ())
    treated, closes = shanghai_share(tmp_path, extra=ST)
    assert limit_flags(treated) == {"2025-12-09": ("limit_down",)}
    record = only_one(treated.limits, event_id="first")
    assert (record.limit, record.limit_price) == ("limit_down", float(closes["2025-12-09"]))
    assert record.reference == float(closes["2025-12-08"])
    assert (record.one_price, record.high, record.low) == (None, None, None)  # only closes are known
    assert (str(record.open_session), tuple(record.window)) == ("2025-12-10", (0, 1))
    assert told([r for r in treated.firm_days if r.kind == "limit"], "session", "detail") == [
        ("2025-12-09", "limit_down")
    ]


def test_a_board_of_the_users_own_rules(tmp_path):
    (tmp_path / "rules.csv").write_text(OWN_RULE, encoding="utf-8")
    result, closes = shanghai_share(tmp_path, board="sse_trial", more="market_rules: rules.csv\n")
    assert limit_flags(result) == {"2025-12-09": ("limit_down",)}
    assert only_one(result.limits, event_id="first").limit_price == float(closes["2025-12-09"])
    assert not only(result.exclusions, reason="limits_not_checked")


# --- Peers that have no prices, means as benchmarks, log returns ----------------------------------------------------


def test_peers_without_prices_are_named_and_the_study_runs(flagship, flagship_spec, flagship_prices):
    gone = {"JPM", "688111", *TOUCHED}
    prices = PricePanel({name: flagship_prices[name] for name in flagship_prices if name not in gone})
    result = es.run_study(flagship_spec, prices, robustness="none")
    named = only(result.exclusions, reason="peer_without_prices")
    assert {r.security: r.detail for r in named} == {
        name: f"the source has no prices of {name}; comparisons are made with the other peers" for name in gone
    }
    assert (result.ar, result.car, result.breaks) == (flagship.ar, flagship.car, flagship.breaks)
    others = {(r.security, r.variant, r.other) for r in result.alternatives if r.topic == "peers" and r.other}
    five = tuple(name for name in UNTOUCHED if name != "688111")
    assert others == {
        ("NVDA", "less_untouched", ("XOM", "COST", "JNJ")),
        ("NVDA", "less_touched", ("AMD", "AVGO", "AAPL", "ORCL")),
        ("688041", "less_untouched", five),
        ("603019", "less_untouched", five),
    }
    assert not any(r.other == ("us-untouched",) for r in result.alternatives)
    rungs = {r.rung: r.comparators for r in result.ladder}
    assert rungs["peer_adjusted"] == rungs["peer_prior"] == rungs["same_day_rank"] == five
    assert only_one(result.ladder, rung="peer_prior").prior["peers"] == 5.0


def test_the_prior_names_the_peers_that_entered_it(flagship_spec, flagship_prices):
    """A peer with too few closes in the estimation window has no regression and is not among the comparators."""
    peer = flagship_prices["688256"]
    days = list(bars("688256").index)
    late = [day for day in days if day >= "2025-10-09"]
    short = invented("688256", late, bars("688256").loc[late, "adj_close"].to_numpy())
    assert len(peer) > len(short)
    prices = PricePanel({name: short if name == "688256" else flagship_prices[name] for name in flagship_prices})
    record = only_one(es.run_study(flagship_spec, prices, robustness="none").ladder, rung="peer_prior")
    assert record.comparators == (*UNTOUCHED, "688981")
    assert record.prior["peers"] == 7.0


def test_a_mean_of_peers_as_the_main_benchmark(flagship_prices):
    peers = "".join(
        f"  {name}: {{name: {name}, exchange: {'XNAS' if name == 'COST' else 'XNYS'}, "
        f"board: {'nasdaq' if name == 'COST' else 'nyse'}, currency: USD, touched: false}}\n"
        for name in MEAN_OF_FOUR
    )
    text = SMALL.replace("scope: broad}", f"scope: broad, members: [{', '.join(MEAN_OF_FOUR)}]}}", 1)
    spec = parse_study(text.replace("events:\n", f"peers:\n{peers}events:\n", 1))
    prices = PricePanel({name: flagship_prices[name] for name in ("NVDA", *MEAN_OF_FOUR)})
    result = es.run_study(spec, prices, robustness="none")
    y, span = traded("NVDA")
    x = over(level("us-untouched"), span)
    start = NEW_YORK.index("2025-12-08")
    for record in result.ar:
        day = NEW_YORK[start + record.relative_day]
        hand = least_squares(y, [x], span, NEW_YORK[start - 100 : start - 10], [day])
        assert (record.ar, record.std_error) == pytest.approx((hand["estimate"], hand["std_error"]), abs=SAME)
    assert len(result.ar) == 11


def test_identities_hold_in_log_returns(flagship_spec, flagship_prices):
    result = es.run_study(flagship_spec.model_copy(update={"returns": "log"}), flagship_prices, robustness="none")
    whole = {(r.security, r.session): r.whole for r in result.day_parts}
    assert len(result.ar) > 1000
    for record in result.ar:
        assert record.ar + record.expected == pytest.approx(whole[record.security, record.session], abs=1e-12)
    for record in result.event_groups:
        same = {key: getattr(record, key) for key in ("event_id", "security", "model", "benchmark")}
        ars = {r.relative_day: r.ar for r in only(result.ar, **same)}
        assert record.car == pytest.approx(sum(ars[day] for day in record.window.days), abs=1e-12)
    find = {(r.security, r.variant): r for r in only(result.alternatives, event_id="hygon-sugon-merger-terminated")}
    for security in ("688041", "603019"):
        assert find[security, "across"].estimate == pytest.approx(find[security, "before"].estimate, abs=1e-12)
    y, span = np.log1p(traded("NVDA")[0]), traded("NVDA")[1]
    start, day = NEW_YORK.index("2025-12-08"), "2025-12-09"
    past = NEW_YORK[start - 120 : start - 10]
    rest = np.log1p(index_without_nvidia())
    hand = least_squares(y, [rest], span, past, [day])
    leave = only_one(result.alternatives, event_id="h200-approval", security="NVDA", variant="index_without")
    assert (leave.estimate, leave.std_error) == pytest.approx((hand["estimate"], hand["std_error"]), abs=SAME)
    for variant, to_open in (("last_session", False), ("to_open", True)):
        columns = [np.log1p(over(level("SPY"), span)), np.log1p(foreign_column("NVDA", "sh000300", to_open=to_open))]
        hand = least_squares(y, columns, span, past, [day])
        record = only_one(result.alternatives, event_id="h200-approval", security="NVDA", variant=variant)
        assert (record.estimate, record.std_error) == pytest.approx((hand["estimate"], hand["std_error"]), abs=SAME)
    refused = only_one(result.exclusions, what="rung age_matched_placebo")
    assert refused.reason == "no_prices_of_earlier_listings"


# --- Events apart ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["2025-06-16", "2025-06-24", "2025-07-01"])
def test_an_event_outside_its_windows_changes_nothing(other):
    """Joint equals separate: the December estimates stay as they are with a second event before their first session."""
    second = SMALL[SMALL.index("  - id: first") :].replace("id: first", "id: second")
    second = second.replace("2025-12-08T17:56Z", f"{other}T17:56Z")
    alone, both = run_small(), run_small(SMALL + second)
    assert {r.event_id for r in both.ar} == {"first", "second"}
    assert str(alone.params[0].first_session) > str(max(r.session for r in only(both.ar, event_id="second")))
    for name in ("ar", "car", "params", "car_paths", "identification"):
        mine = getattr(both, name)
        mine = [r for r in mine if "first" in (getattr(r, "event_id", None) or r.events)]
        assert mine == list(getattr(alone, name))


def test_an_event_set_of_one_session_equals_the_event_alone():
    one = "event_sets:\n  - {id: s, title: S, events: [first], first_session: 2025-12-08, last_session: 2025-12-08}\n"
    joint = run_small(SMALL + one)
    day = only_one(run_small().ar, relative_day=0)
    record = only_one(joint.event_days, event_set="s")
    assert (record.ar, record.std_error) == pytest.approx((day.ar, day.std_error), abs=1e-12)
    assert only_one(joint.ar, relative_day=0).ar == day.ar
