"""The flagship, number by number against an independent computation, and the hard cases on made prices."""

from __future__ import annotations

import csv
import json
from datetime import date
from itertools import pairwise

import jsonschema
import numpy as np
import pytest
from scipy import stats

import eventstudy as es
from eventstudy.calendars import load_sessions
from eventstudy.config import parse_study
from eventstudy.errors import OptionError, PriceError
from eventstudy.facts import words
from eventstudy.prices import PricePanel, PriceSeries, Provenance
from eventstudy.results import LISTS
from eventstudy.schemas import results_schema
from eventstudy.study_result import StudyResult
from tests.conftest import ROOT
from tests.test_config import SMALL

SAME_SAMPLE = 1e-10  # two float computations of one closed form on the same decimal returns
RECORDED = ROOT / "eventstudy" / "data" / "recorded"
DIVIDENDS = {"603019": {"2024-06-06": 0.17, "2025-05-23": 0.27}, "688041": {"2024-06-18": 0.11, "2025-05-16": 0.17}}


# --- An independent reading of the same files -----------------------------------------------------------


def closes(symbol):
    """Total-return growth by session, straight from the CSV: adjusted close, or close and dividends."""
    with (RECORDED / f"{symbol}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    paid = DIVIDENDS.get(symbol, {})
    growth = {}
    for before, row in pairwise(rows):
        if "adj_close" in row:
            growth[row["date"]] = float(row["adj_close"]) / float(before["adj_close"]) - 1
        else:
            growth[row["date"]] = (float(row["close"]) + paid.get(row["date"], 0.0)) / float(before["close"]) - 1
    return growth


def by_hand(record, ar_days=range(-10, 11)):
    """AR, standard error and d.o.f. of one (event, security, model, benchmark) by plain numpy loops."""
    own = closes(record.security)
    market = closes(record.benchmark) if record.benchmark else dict.fromkeys(own, 0.0)
    days = sorted(own)
    anchor = "2025-12-08" if record.event_id in SET_EVENTS else DAY0[record.event_id, record.security]
    start = days.index(anchor)
    past = days[start - 120 : start - 10]
    y, x = np.array([own[day] for day in past]), np.array([market[day] for day in past])
    zero = days.index(DAY0[record.event_id, record.security])
    event = [days[zero + shift] for shift in ar_days]
    y1, x1 = np.array([own[day] for day in event]), np.array([market[day] for day in event])
    if record.model == "market_adjusted":
        spread = y - x
        sigma = np.sqrt(((spread - spread.mean()) ** 2).sum() / (len(y) - 1))
        return dict(zip(ar_days, y1 - x1, strict=True)), sigma**2 * np.eye(len(event)), len(y) - 1
    columns = [np.ones(len(y))] + ([x] if record.model == "market" else [])
    ahead = [np.ones(len(event))] + ([x1] if record.model == "market" else [])
    design, future = np.column_stack(columns), np.column_stack(ahead)
    inverse = np.linalg.inv(design.T @ design)
    params = inverse @ design.T @ y
    df = len(y) - design.shape[1]
    variance = ((y - design @ params) ** 2).sum() / df
    covariance = variance * (np.eye(len(event)) + future @ inverse @ future.T)
    return dict(zip(ar_days, y1 - future @ params, strict=True)), covariance, df


SET_EVENTS = {"h200-approval-report", "h200-approval", "hygon-sugon-merger-terminated"}
DAY0 = {
    ("white-house-h200-talks", "NVDA"): "2025-11-21",
    ("huang-on-capitol-hill", "NVDA"): "2025-12-03",
    ("gain-ai-dropped", "NVDA"): "2025-12-04",
    ("safe-chips-introduced", "NVDA"): "2025-12-04",
    ("moore-threads-listing", "688795"): "2025-12-05",
    ("h200-approval-report", "NVDA"): "2025-12-08",
    ("h200-approval", "NVDA"): "2025-12-09",
    ("h200-approval", "688795"): "2025-12-09",
    ("h200-approval", "688041"): "2025-12-09",
    ("h200-approval", "603019"): "2025-12-09",
    ("hygon-sugon-merger-terminated", "688041"): "2025-12-10",
    ("hygon-sugon-merger-terminated", "603019"): "2025-12-10",
}


def test_day_zero_of_every_tested_event(flagship):
    found = {(r.event_id, r.security): r.session.isoformat() for r in flagship.sessions if r.role == "tested"}
    assert found == DAY0
    partial = {(r.event_id, r.security) for r in flagship.sessions if r.partial and r.role == "tested"}
    assert partial == {("h200-approval-report", "NVDA"), ("moore-threads-listing", "688795")}


def test_every_abnormal_return_agrees_with_plain_numpy(flagship):
    checked = 0
    for params in flagship.params:
        ars, covariance, df = by_hand(params)
        mine = [r for r in flagship.ar if same_design(r, params)]
        assert len(mine) == 21
        for record in mine:
            error = np.sqrt(covariance[record.relative_day + 10, record.relative_day + 10])
            assert record.ar == pytest.approx(ars[record.relative_day], abs=SAME_SAMPLE)
            assert record.std_error == pytest.approx(error, abs=SAME_SAMPLE)
            assert record.statistic == pytest.approx(ars[record.relative_day] / error, rel=1e-8)
            assert record.df == df
            assert record.pvalue == pytest.approx(2 * stats.t.sf(abs(record.statistic), df), rel=1e-9)
            checked += 1
    assert checked == 1050


def test_every_car_agrees_with_plain_numpy(flagship):
    checked = 0
    for params in flagship.params:
        ars, covariance, df = by_hand(params)
        mine = [r for r in flagship.car if same_design(r, params)]
        assert len(mine) == 6
        for record in mine:
            days = [day + 10 for day in record.window.days]
            weights = np.zeros(21)
            weights[days] = 1
            error = np.sqrt(weights @ covariance @ weights)
            assert record.car == pytest.approx(sum(ars[day] for day in record.window.days), abs=SAME_SAMPLE)
            assert record.std_error == pytest.approx(error, abs=SAME_SAMPLE)
            half = stats.t.isf(0.025, df) * error
            assert (record.ci_low, record.ci_high) == pytest.approx((record.car - half, record.car + half), abs=1e-9)
            checked += 1
    assert checked == 300


def same_design(record, params):
    keys = ("event_id", "security", "model", "benchmark")
    return all(getattr(record, key) == getattr(params, key) for key in keys)


def test_dummy_regressions_of_statsmodels_equal_the_abnormal_returns(flagship):
    """8, 9 and 10 December jointly: coefficients and errors of the dummies are those of `ar`."""
    assert len(flagship.event_days) == 3 * 2 * 3
    for record in flagship.event_days:
        twins = [
            r
            for r in flagship.ar
            if (r.security, r.benchmark, r.session, r.model)
            == (record.security, record.benchmark, record.session, "market")
            and r.event_id in SET_EVENTS
        ]
        assert twins
        for twin in twins:
            assert record.ar == pytest.approx(twin.ar, abs=SAME_SAMPLE)
            assert record.std_error == pytest.approx(twin.std_error, abs=SAME_SAMPLE)
            assert record.df == twin.df
        assert record.prediction_error == pytest.approx(record.ar, abs=SAME_SAMPLE)
    assert [r.label for r in flagship.event_days[:3]] == ["report", "post", "merger"]


def test_portfolio_is_the_regression_of_the_mean_return(flagship):
    record = next(
        r
        for r in flagship.portfolio
        if (r.event_id, r.model, r.benchmark, tuple(r.window)) == ("h200-approval", "market", "sh000300", (0, 1))
    )
    assert record.securities == ("688041", "603019")
    own = [closes(symbol) for symbol in record.securities]
    market = closes("sh000300")
    days = sorted(own[0])
    start = days.index("2025-12-08")
    y = np.array([np.mean([one[day] for one in own]) for day in days[start - 120 : start - 10]])
    x = np.array([market[day] for day in days[start - 120 : start - 10]])
    event = ["2025-12-09", "2025-12-10"]
    design = np.column_stack([np.ones(110), x])
    inverse = np.linalg.inv(design.T @ design)
    params = inverse @ design.T @ y
    ahead = np.array([[1, market[day]] for day in event])
    car = sum(np.mean([one[day] for one in own]) for day in event) - (ahead @ params).sum()
    total = ahead.sum(axis=0)
    variance = ((y - design @ params) ** 2).sum() / 108 * (2 + total @ inverse @ total)
    assert record.aar_or_caar == pytest.approx(car, abs=SAME_SAMPLE)
    assert record.std_error == pytest.approx(np.sqrt(variance), abs=SAME_SAMPLE)


def test_joint_f_of_the_shanghai_securities(flagship):
    """Hotelling form from the file's own returns: all zero and equal on 9 December."""
    own = [closes(symbol) for symbol in ("688041", "603019")]
    market = closes("sh000300")
    days = sorted(own[0])
    start = days.index("2025-12-08")
    past = days[start - 120 : start - 10]
    y = np.array([[one[day] for one in own] for day in past])
    design = np.column_stack([np.ones(110), [market[day] for day in past]])
    inverse = np.linalg.inv(design.T @ design)
    params = inverse @ design.T @ y
    resid = y - design @ params
    ahead = np.array([1, market["2025-12-09"]])
    d = np.array([one["2025-12-09"] for one in own]) - ahead @ params
    q = 1 + ahead @ inverse @ ahead
    quadratic = d @ np.linalg.solve(resid.T @ resid / 108, d) / q
    found = {(r.test, r.null): r for r in flagship.joint if (r.event_id, r.benchmark) == ("h200-approval", "sh000300")}
    zero = found["mvrm_f", "every abnormal return is zero"]
    assert zero.statistic == pytest.approx(107 / (2 * 108) * quadratic, rel=1e-9)
    assert zero.df == (2, 107)
    assert zero.pvalue == pytest.approx(stats.f.sf(zero.statistic, 2, 107), rel=1e-9)
    assert 0 < zero.bootstrap_pvalue <= 1
    gap = np.array([1, -1])
    t = (gap @ d) / np.sqrt(gap @ (resid.T @ resid / 108) @ gap * q)
    equal = found["mvrm_f", "the abnormal returns of all securities are equal on each day"]
    assert equal.statistic == pytest.approx(t**2, rel=1e-9)
    wald = found["wald", "every abnormal return is zero"]
    assert wald.statistic == pytest.approx(quadratic, rel=1e-9)
    assert wald.pvalue < zero.pvalue


def test_joint_test_over_the_days_of_the_set(flagship):
    record = next(r for r in flagship.joint if r.event_set == "h200-week" and r.test == "mvrm_f")
    assert [day.isoformat() for day in record.sessions] == ["2025-12-08", "2025-12-09", "2025-12-10"]
    assert record.df[0] == 6


def test_the_firm_without_history_is_shown_apart(flagship):
    mine = [r for r in flagship.ar if r.security == "688795"]
    assert mine
    assert {r.model for r in mine} == {"market_adjusted"}
    assert all("short_history" in r.flags for r in mine)
    assert all(r.std_error is None and r.pvalue is None for r in mine)
    assert not any("688795" in r.securities for r in (*flagship.portfolio, *flagship.joint))
    own, market = closes("688795"), closes("sh000300")
    first = next(r for r in mine if r.event_id == "h200-approval" and r.relative_day == 0 and r.benchmark == "sh000300")
    assert first.ar == pytest.approx(own["2025-12-09"] - market["2025-12-09"], abs=SAME_SAMPLE)
    reasons = {(r.event_id, r.what): r.reason for r in flagship.exclusions if r.security == "688795"}
    assert reasons["h200-approval", "market against sh000300"] == "short_history"
    assert reasons["h200-approval", "standard errors of market_adjusted against sh000300"] == "short_history"
    assert reasons["h200-approval", "event window of market_adjusted against sh000300"] == "not_listed_yet"
    cars = {tuple(r.window) for r in flagship.car if r.security == "688795" and r.event_id == "h200-approval"}
    assert cars == {(0, 0), (0, 1), (-1, 1), (0, 2), (0, 5)}


def test_flags_of_the_flagship(flagship):
    def flags(security, session):
        return {
            f
            for r in flagship.ar
            if (r.security, r.session) == (security, date.fromisoformat(session))
            for f in r.flags
        }

    assert "limit_down" in flags("603019", "2025-12-10")
    assert not {"limit_down", "limit_up"} & flags("688041", "2025-12-10")
    for session in ("2025-12-08", "2025-12-09", "2025-12-10", "2025-12-11"):
        assert "no_limit_session" in flags("688795", session)
    assert "no_limit_session" not in flags("688795", "2025-12-12")
    assert "ex_dividend" in flags("NVDA", "2025-12-04")
    assert "confounded:safe-chips-introduced" in flags("NVDA", "2025-12-04")
    assert "partial_session" in flags("NVDA", "2025-12-08")
    assert "confounded:beijing-limits-report" in flags("688041", "2025-12-10")
    assert "confounded:fomc-december" in flags("603019", "2025-12-11")
    assert flags("688041", "2025-12-02") == set()


def test_two_events_on_one_firm_day_are_called_not_identified(flagship):
    found = [r for r in flagship.exclusions if r.reason == "not_separately_identified"]
    assert [(r.security, r.what) for r in found] == [
        ("NVDA", "separate effects of gain-ai-dropped and safe-chips-introduced")
    ]


def test_headlines_are_the_cars_they_name(flagship):
    by_id = {r.id: r for r in flagship.headlines}
    nvidia = by_id["nvidia-two-steps"]
    twin = next(
        r
        for r in flagship.car
        if (r.event_id, r.model, r.benchmark, tuple(r.window)) == ("h200-approval-report", "market", "SPY", (0, 1))
    )
    assert (nvidia.estimate, nvidia.std_error, nvidia.pvalue) == (twin.car, twin.std_error, twin.pvalue)
    assert (nvidia.first_session.isoformat(), nvidia.last_session.isoformat()) == ("2025-12-08", "2025-12-09")
    assert nvidia.detectable == pytest.approx(
        (stats.t.isf(0.025, 108) + stats.t.isf(0.2, 108)) * nvidia.std_error, rel=1e-12
    )
    assert by_id["shanghai-first-day"].kind == "group"
    assert "limit_down" in by_id["sugon-merger-day"].flags


def test_claims_against_the_record(flagship):
    verdicts = {r.claim_id: r.verdict for r in flagship.claims}
    assert verdicts == {
        "nvidia-rose-in-session": "supported",
        "nvidia-after-hours": "cannot be tested",
        "sugon-one-price": "not supported",
        "hygon-fell-five": "supported",
        "moore-rose-fifteen": "supported",
        "moore-first-day": "supported",
        "chips-pulled-back": "not supported",
        "cambricon-pulled-back": "cannot be tested",
        "chips-did-not-move": "supported",
        "chip-fund-midday": "cannot be tested",
        "sp500-lower": "supported",
    }
    found = {r.claim_id: [round(check.found, 4) for check in r.checks] for r in flagship.claims}
    assert found["nvidia-rose-in-session"] == [0.0306]
    assert found["sugon-one-price"] == [1.0, 0.0]
    assert found["hygon-fell-five"] == [-0.0553]
    assert found["moore-rose-fifteen"] == [0.1698, 797.97]
    assert found["moore-first-day"] == [650.0, 688.0, 4.2546]
    assert found["sp500-lower"] == [-0.0009]


def test_results_json_meets_its_schema_and_has_no_nan(flagship):
    document = json.loads(flagship.to_json(), parse_constant=lambda name: pytest.fail(f"{name} in results.json"))
    jsonschema.Draft202012Validator(results_schema()).validate(document)
    assert set(LISTS) <= set(document)


def test_frames_are_fresh_and_cover_every_list(flagship):
    for name in LISTS:
        frame = flagship.to_frame(name)
        assert len(frame) == len(flagship.records(name))
    frame = flagship.to_frame("car")
    frame.loc[:, "car"] = 0
    assert flagship.to_frame("car")["car"].abs().sum() > 0
    with pytest.raises(OptionError, match="there is no list 'cars' in the results; allowed: sessions, calendar"):
        flagship.to_frame("cars")


def test_same_input_same_bytes_in_this_process(flagship_spec, flagship_prices):
    one, other = (es.run_study(flagship_spec, flagship_prices, robustness="fast").to_json() for _ in range(2))
    assert one == other


def test_same_input_same_bytes_in_another_process(flagship, elsewhere):
    assert elsewhere["results.json"].decode() == flagship.to_json()


def test_results_are_frozen(flagship):
    assert isinstance(flagship, StudyResult)
    with pytest.raises(ValueError, match="frozen"):
        flagship.ar = ()
    with pytest.raises(ValueError, match="frozen"):
        flagship.ar[0].ar = 0.0


# --- Hard cases on made prices --------------------------------------------------------------------------


XNYS = load_sessions("XNYS")
DAYS = XNYS.between(date(2025, 3, 3), date(2025, 12, 31))


def made(symbol, level, missing=()):
    """A series of invented closes, used only to exercise the code."""
    keep = ~np.isin(DAYS, np.array(missing, dtype="datetime64[D]"))
    sessions = DAYS[keep]
    provenance = Provenance(
        symbol=symbol,
        source="made",
        publisher=words("made for a test"),
        file=f"{symbol}.csv",
        first=sessions[0].item(),
        last=sessions[-1].item(),
        rows=len(sessions),
        sha256="0" * 64,
        adjustment=words("none"),
    )
    return PriceSeries(symbol=symbol, sessions=sessions, close=np.asarray(level)[keep], provenance=provenance)


def random_walk(seed, sd=0.01):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, sd, DAYS.size)))


def run_small(text=SMALL, **missing):
    own = made("NVDA", random_walk(1, 0.02), missing.get("nvda", ()))
    market = made("SPY", random_walk(2), missing.get("spy", ()))
    return es.run_study(parse_study(text), PricePanel({"NVDA": own, "SPY": market}))


def only(records, **wanted):
    return [r for r in records if all(getattr(r, key) == value for key, value in wanted.items())]


def test_a_missing_day_gives_one_return_over_the_gap_and_no_shortened_window():
    """Tuesday 9 December is missing: Wednesday's return covers two sessions, as the benchmark's does."""
    result = run_small(nvda=["2025-12-09"])
    days = {r.relative_day: r for r in result.ar}
    assert 1 not in days
    resumed = days[2]
    assert resumed.flags == ("resumed",)
    assert resumed.session == date(2025, 12, 10)
    params = result.params[0]
    own, market = random_walk(1, 0.02), random_walk(2)
    at = int(np.searchsorted(DAYS, np.datetime64("2025-12-10")))
    expected = 2 * params.alpha + params.betas["SPY"] * (market[at] / market[at - 2] - 1)
    assert resumed.expected == pytest.approx(expected, abs=SAME_SAMPLE)
    assert resumed.ar == pytest.approx(own[at] / own[at - 2] - 1 - expected, abs=SAME_SAMPLE)
    assert resumed.std_error > 1.3 * days[3].std_error
    assert {tuple(r.window) for r in result.car} == {(0, 0)}
    told = only(result.exclusions, reason="no_price")
    assert "no return of NVDA on 1 session (2025-12-09)" in told[0].detail
    assert only(result.exclusions, reason="hole")


def test_a_documented_halt_is_called_a_suspension():
    text = SMALL.replace(
        "    benchmarks: [SPY]\n",
        "    benchmarks: [SPY]\n    suspensions: [{first: 2025-12-09, last: 2025-12-10, source: notice}]\n",
    )
    result = run_small(text, nvda=["2025-12-09", "2025-12-10"])
    assert only(result.exclusions, what="event window of market against SPY")[0].reason == "suspended"
    assert only(result.ar, relative_day=3)[0].flags == ("resumed",)
    assert only(result.exclusions, what="prices", reason="suspension")


def test_gap_returns_stay_out_of_the_estimation_window_and_are_counted():
    missing = ["2025-09-02", "2025-10-01"]
    result = run_small(nvda=missing)
    assert result.params[0].nobs == 90 - 2 * len(missing)


def test_too_few_observations_are_refused_with_their_number():
    missing = [str(day) for day in DAYS[100:150]]
    result = run_small(nvda=missing)
    assert not result.ar
    assert not result.params
    told = only(result.exclusions, reason="too_few_observations")
    assert told[0].detail.startswith("39 of at least 60 estimation observations before 2025-12-08")


def test_a_benchmark_without_a_price_is_missing_not_zero():
    result = run_small(spy=["2025-12-08"])
    assert 0 not in {r.relative_day for r in result.ar}
    assert only(result.exclusions, reason="no_price")


def test_prices_that_end_inside_the_event_window_are_not_padded():
    result = run_small(nvda=[str(day) for day in DAYS if day > np.datetime64("2025-12-10")])
    assert max(r.relative_day for r in result.ar) == 2
    assert only(result.exclusions, reason="after_last_price")


def test_log_returns_cumulate_and_simple_returns_do_not_pretend_to():
    simple, log = run_small(), run_small(SMALL.replace("returns: simple", "returns: log"))
    assert simple.ar[0].ar != log.ar[0].ar
    own = random_walk(1, 0.02)
    at = int(np.searchsorted(DAYS, np.datetime64("2025-12-08")))
    record = only(log.ar, relative_day=0)[0]
    assert record.ar + record.expected == pytest.approx(np.log(own[at] / own[at - 1]), abs=SAME_SAMPLE)


def test_bad_prices_are_refused_by_name():
    spec = parse_study(SMALL)
    level = random_walk(1)
    level[5] = -1
    panel = PricePanel({"NVDA": made("NVDA", level), "SPY": made("SPY", random_walk(2))})
    with pytest.raises(PriceError, match=r"NVDA 2025-03-10: close is -1; it must be a finite number, above 0"):
        es.run_study(spec, panel)


def test_a_firm_with_two_events_keeps_them_apart():
    two = SMALL + SMALL[SMALL.index("  - id: first") :].replace("id: first", "id: second").replace("12-08", "12-15")
    result = run_small(two)
    assert {(r.event_id, r.nobs) for r in result.params} == {("first", 90), ("second", 90)}
    assert len(result.ar) == 22
    overlap = only(result.ar, event_id="first", relative_day=5)[0]
    assert overlap.flags == ("confounded:second",)


def test_study_without_optional_parts_runs():
    result = run_small()
    assert result.headlines == ()
    assert result.joint == ()
    assert result.claims == ()
    assert result.event_days == ()
