"""The lists of the robustness of headlines, each number derived again from the recorded CSV files by loops."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import fields, replace
from functools import cache
from itertools import combinations, product
from math import comb
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import eventstudy as es
from eventstudy.config import parse_study
from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.inference.chooser import advise
from eventstudy.inference.situation import Situation
from eventstudy.kernel.cases import Case, align, moved
from eventstudy.models import choose
from eventstudy.prices import PricePanel
from eventstudy.results.robustness import FactRecord
from eventstudy.robustness import calibrate
from eventstudy.study.robust import LISTS as ROBUST_LISTS
from eventstudy.study.robust.advice import recommendation, residuals_of, tails_of
from eventstudy.study.robust.figures import Figure, headline_figures
from eventstudy.study.robust.placebos import placebo_records, placebos_of
from eventstudy.study.robust.specifications import curve_of
from eventstudy.study.setting import build_setting
from eventstudy.windows import Window
from tests.test_config import SMALL
from tests.test_hard_cases import (
    days_after_limits,
    days_of,
    limit_closes,
    market_of,
    only_one,
    traded,
)
from tests.test_study import DAYS, made, only, random_walk, run_small
from tests.worlds import FEW

SAME = 1e-10  # two float computations of one closed form on the same decimal prices
SOLVED = 1e-7  # beside a solver that stops at a tolerance
BEFORE = 400  # sessions without prices ahead of the first one, as the exchange's calendar has them
NEWS = {
    "NVDA": {"2025-11-21", "2025-12-03", "2025-12-04", "2025-12-08", "2025-12-09", "2025-12-10"},
    "688041": {"2025-12-09", "2025-12-10", "2025-12-11"},
    "603019": {"2025-12-09", "2025-12-10", "2025-12-11"},
}
DONORS = {
    "NVDA": ("JPM", "XOM", "COST", "JNJ"),
    "688041": ("688111", "688169", "688036", "688271", "600519", "600036"),
    "603019": ("688111", "688169", "688036", "688271", "600519", "600036"),
}
HEADS = {
    "nvidia-two-steps": (("NVDA",), "2025-12-08", (0, 1)),
    "shanghai-first-day": (("688041", "603019"), "2025-12-09", (0, 0)),
    "hygon-first-day": (("688041",), "2025-12-09", (0, 0)),
    "sugon-merger-day": (("603019",), "2025-12-10", (0, 0)),
}
SINGLE = [name for name, (members, _, _) in HEADS.items() if len(members) == 1]


@pytest.fixture(scope="module")
def fewer(flagship_spec, flagship_prices):
    """The flagship with fewer specifications and dates, so that every number of its curves can be had by loops."""
    robustness = flagship_spec.robustness.model_copy(update=FEW)
    return es.run_study(flagship_spec.model_copy(update={"robustness": robustness}), flagship_prices)


@pytest.fixture(scope="module")
def setting(flagship_spec, flagship_prices):
    return build_setting(flagship_spec, flagship_prices)


@pytest.fixture(scope="module")
def figures(setting, flagship):
    return {one.id: one for one in headline_figures(setting, flagship.headlines, flagship.portfolio)}


# --- The same figures from the files: positions count from BEFORE sessions ahead of the index's first day -----------


def padded(values):
    return np.concatenate([np.full(BEFORE, np.nan), np.asarray(values, dtype=float)])


@cache
def calendar(head):
    return days_of(HEADS[head][0][0])


def place_of(head, day):
    return BEFORE + calendar(head).index(day)


def anchor_of(head):
    return place_of(head, "2025-12-08")


def day_at(head, place):
    return calendar(head)[place - BEFORE]


@cache
def columns(members, benchmark, kind="simple"):
    """Return, its span and the benchmark's return over it; a portfolio is known where all members are, for a day."""
    returns = [traded(name) for name in members]
    change = np.log1p if kind == "log" else np.asarray
    y = np.mean([change(one.to_numpy()) for one, _ in returns], axis=0)
    span = returns[0][1].to_numpy()
    if len(members) > 1:
        span = np.where(np.all([one.to_numpy() == 1 for _, one in returns], axis=0), 1.0, np.nan)
        y = np.where(span == 1, y, np.nan)
    x = np.full(y.size, np.nan) if benchmark is None else change(market_of(members[0], benchmark).to_numpy())
    return padded(y), padded(span), padded(x)


def preferred(members):
    return "SPY" if members[0] == "NVDA" else "sh000300"


@cache
def dropped(members):
    """Positions of closes at a limit of any member and of the first trades after them."""
    days = days_of(members[0])
    return {BEFORE + days.index(day) for name in members for day in {*limit_closes(name), *days_after_limits(name)}}


def refit(series, past, ahead, *, model="market", without=(), least=0):
    """CAR, its standard error and degrees of freedom by least squares on the usable days of `past`; None if not had."""
    y, span, x = series
    past = np.array(past)
    usable = (span[past] == 1) & np.isfinite(y[past]) & ~np.isin(past, list(without))
    if model != "mean":
        usable &= np.isfinite(x[past])
    used, ahead = past[usable], np.array(ahead)
    known = np.isfinite(y[ahead]).all() and (model == "mean" or np.isfinite(x[ahead]).all())
    if used.size < max(least, 3) or not known:
        return None
    if model == "market_adjusted":
        spread = y[used] - x[used]
        return (y - x)[ahead].sum(), spread.std(ddof=1) * np.sqrt(span[ahead].sum()), used.size - 1
    design = np.ones((used.size, 1)) if model == "mean" else np.column_stack([np.ones(used.size), x[used]])
    future = span[ahead][:, None] if model == "mean" else np.column_stack([span[ahead], x[ahead]])
    params = np.linalg.lstsq(design, y[used], rcond=None)[0]
    df = used.size - design.shape[1]
    variance = ((y[used] - design @ params) ** 2).sum() / df
    total = future.sum(axis=0)
    leverage = total @ np.linalg.solve(design.T @ design, total)
    return (y[ahead] - future @ params).sum(), np.sqrt(variance * (span[ahead].sum() + leverage)), df


def main_of(head, place, *, window=None):
    """The headline's own design with its day 0 at a position, the estimation window moved along."""
    members, day0, own = HEADS[head]
    first, last = window or own
    anchor = place - (place_of(head, day0) - anchor_of(head))
    past, ahead = range(anchor - 120, anchor - 10), range(place + first, place + last + 1)
    return refit(columns(members, preferred(members)), past, ahead, least=60)


def admissible(head, *, length=110, gap=10, window=None, known=None):
    """Positions that day 0 can be moved to: the rules one by one, session by session."""
    members, day0, own = HEADS[head]
    first, last = window or own
    y, span, x = columns(members, preferred(members))
    known = np.isfinite(y) & np.isfinite(x) & (span == 1) if known is None else known
    lead = place_of(head, day0) - anchor_of(head)
    news = {place_of(head, day) for name in members for day in NEWS[name]}
    found = []
    for place in range(BEFORE - 50, y.size):
        past = np.arange(place - lead - gap - length, place - lead - gap)
        inside = place + last <= anchor_of(head) - gap - 1
        if (
            inside
            and span[place] == 1
            and known[past].sum() >= 60
            and not news & set(range(place + first, place + last + 1))
        ):
            found.append(place)
    return found


@cache
def placebos(head):
    """(position, CAR, standard error) of every placebo date."""
    found = [(place, main_of(head, place)) for place in admissible(head)[-400:]]
    return [(place, one[0], one[1]) for place, one in found if one is not None]


def rank_of(value, others):
    return 1 + sum(abs(other) >= abs(value) * (1 - 1e-9) for other in others)


def aligned_dates(heads, known):
    """For every date of the first head, the positions of all on the dates moved by the same number of calendar days."""
    rows, seen = [], [set() for _ in heads]
    own = [np.datetime64(HEADS[head][1]) for head in heads]
    for place in sorted(known[0]):
        days_before = own[0] - np.datetime64(day_at(heads[0], place))
        row, usable = [], True
        for number, head in enumerate(heads):
            wanted = BEFORE + bisect_left(calendar(head), str(own[number] - days_before))
            usable &= wanted in known[number] and wanted not in seen[number]
            seen[number].add(wanted)
            row.append(wanted)
        if usable:
            rows.append(tuple(row))
    return rows


# --- Windows on other sessions --------------------------------------------------------------------------------------


def test_moved_windows_are_those_of_shifted_cases_to_the_last_bit():
    """Every field, with gaps, left-out and censored days, two regressors, one, and none."""
    rng = np.random.default_rng(5)
    size, estimation, event = 160, Window(-40, -6), Window(-2, 3)
    span = rng.choice([0, 1, 1, 1, 1, 1, 2], size)
    days = np.datetime64("2024-01-01") + np.arange(size)
    checked = 0
    for factors, lead, marks in product((0, 1, 2), (0, 3), (False, True)):
        case = Case(
            key="event|firm",
            day0=120,
            anchor=120 - lead,
            sessions=days,
            values=np.where(span > 0, rng.normal(0, 0.02, size), np.nan),
            factors={
                f"f{k}": np.where(rng.random(size) < 0.05, np.nan, rng.normal(0, 0.01, size)) for k in range(factors)
            },
            span=span,
            left_out=rng.random(size) < 0.1 if marks else None,
            censored=rng.integers(-1, 2, size) if marks else None,
        )
        positions = np.array([43, 44, 60, 61, 120, 150])
        panel = moved(case, positions, estimation=estimation, event=event)
        for row, place in enumerate(positions):
            shifted = {f.name: getattr(case, f.name) for f in fields(case)} | {"day0": place, "anchor": place - lead}
            one = align([Case(**shifted)], estimation=estimation, event=event)
            for field in fields(one):
                expected, found = getattr(one, field.name), getattr(panel, field.name)
                if field.name == "keys":
                    assert (found[row], expected) == (f"event|firm|{place}", ("event|firm",))
                elif not isinstance(expected, np.ndarray):
                    assert found == expected
                else:
                    part = found[:, row] if expected.ndim == 3 else found[row]
                    whole = expected[:, 0] if expected.ndim == 3 else expected[0]
                    assert found.dtype == expected.dtype
                    assert part.tobytes() == whole.tobytes(), field.name
                checked += 1
    assert checked == 12 * 6 * 12


def test_moved_windows_never_reach_outside():
    case = Case("a", 50, 50, np.datetime64("2024-01-01") + np.arange(60), np.zeros(60), {}, np.ones(60, dtype=int))
    windows = {"estimation": Window(-20, -5), "event": Window(0, 2)}
    assert moved(case, np.array([20, 57]), **windows).returns.shape == (2, 16)
    assert moved(case, np.array([], dtype=int), **windows).returns.shape == (0, 16)
    for place in (19, 58):
        with pytest.raises(
            ValueError,
            match=r"^a: the window \[.*\] around .* reaches outside the known sessions 2024-01-01 to 2024-02-29$",
        ):
            moved(case, np.array([30, place]), **windows)


def test_every_figure_of_the_flagship_moved_equals_its_case_aligned_there(setting, figures):
    windows = setting.spec.windows
    for figure in figures.values():
        positions = figure.case.day0 - np.array([0, 17, 101, 250])
        panel = moved(figure.case, positions, estimation=windows.estimation, event=figure.window)
        for row, place in enumerate(positions):
            shifted = {f.name: getattr(figure.case, f.name) for f in fields(figure.case)}
            shifted |= {"day0": place, "anchor": figure.case.anchor + place - figure.case.day0}
            one = align([Case(**shifted)], estimation=windows.estimation, event=figure.window)
            for name in ("returns", "event_returns", "event_span", "sessions", "event_sessions", "gap"):
                assert getattr(panel, name)[row].tobytes() == getattr(one, name)[0].tobytes()
            assert panel.factors[:, row].tobytes() == one.factors[:, 0].tobytes()


# --- Placebo dates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", HEADS)
def test_placebo_dates_session_by_session(flagship, head):
    found = placebos(head)
    value, std_error, _ = main_of(head, place_of(head, HEADS[head][1]))
    record = only_one(flagship.records("placebo"), id=head)
    rank = rank_of(value / std_error, [car / error for _, car, error in found])
    assert (record.n_placebo, record.rank) == (len(found), rank)
    assert record.pvalue == rank / (len(found) + 1)
    assert record.smallest_pvalue == 1 / (len(found) + 1) <= record.pvalue
    assert record.statistic == pytest.approx(value / std_error, rel=1e-8)
    sizes = sorted(abs(car / error) for _, car, error in found)
    at_most = [size for size in sizes if rank_of(size * (1 + 1e-6), sizes) <= 0.05 * (len(sizes) + 1)]
    assert record.critical == pytest.approx(at_most[0], rel=1e-8)
    assert (str(record.first_session), str(record.last_session)) == tuple(
        day_at(head, found[row][0]) for row in (0, -1)
    )
    drawn = only(flagship.placebo_dates, id=head)
    assert [str(one.session) for one in drawn] == [day_at(head, place) for place, _, _ in found]
    for one, (_, car, error) in zip(drawn, found, strict=True):
        assert (one.estimate, one.std_error) == pytest.approx((car, error), abs=SAME)
        assert one.statistic == pytest.approx(car / error, rel=1e-6, abs=1e-9)


def test_figures_of_the_placebo_dates(flagship):
    assert {r.id: (r.n_placebo, r.rank) for r in flagship.records("placebo")} == {
        "nvidia-two-steps": (352, 106),
        "shanghai-first-day": (327, 297),
        "hygon-first-day": (327, 265),
        "sugon-merger-day": (326, 14),
    }


def test_adjusted_p_values_by_their_definition_on_dates_moved_together(flagship):
    """Step-down: with the members by falling |t|, the maximum over those from i on must reach |t_i|."""
    heads = list(HEADS)
    statistics = [{place: car / error for place, car, error in placebos(head)} for head in heads]
    rows = aligned_dates(heads, statistics)
    for number in range(len(heads)):
        used = [row[number] for row in rows]
        assert len(set(used)) == len(used)
    table = np.array([[statistics[k][row[k]] for k in range(len(heads))] for row in rows])
    own = {}
    for head in heads:
        value, error, _ = main_of(head, place_of(head, HEADS[head][1]))
        own[head] = abs(value / error)
    order = sorted(heads, key=lambda head: -own[head])
    adjusted, floor = {}, 0.0
    for number, head in enumerate(order):
        rest = [heads.index(other) for other in order[number:]]
        reached = sum(max(abs(row[k]) for k in rest) >= own[head] for row in table)
        floor = adjusted[head] = max(floor, (1 + reached) / (len(table) + 1))
    for record in flagship.records("placebo"):
        assert record.n_family == len(table) == 252
        assert record.maxt_pvalue == adjusted[record.id]
        raw = (1 + sum(abs(row[heads.index(record.id)]) >= own[record.id] for row in table)) / (len(table) + 1)
        assert record.maxt_pvalue >= raw >= 1 / (len(table) + 1)


def test_headlines_carry_the_p_values_of_their_placebo_dates(flagship):
    assert [head.id for head in flagship.headlines] == list(HEADS)
    for head in flagship.headlines:
        record = only_one(flagship.records("placebo"), id=head.id)
        assert (head.placebo_pvalue, head.maxt_pvalue) == (record.pvalue, record.maxt_pvalue)
        assert record.statistic == pytest.approx(head.estimate / head.std_error, rel=1e-12)


EARLIER = """\
  - {id: before, title: Before, when: 2025-09-10, role: confounder, securities: {NVDA: unsigned}, sources: [paper]}
  - {id: told, title: Told, when: 2025-08-05, role: context, securities: {NVDA: unsigned}, sources: [paper]}
  - {id: tested, title: Tested, when: 2025-10-15, securities: {NVDA: unsigned}, sources: [paper]}
"""
LEAD = "  - {id: lead, title: Lead, event: first, security: NVDA, window: [-1, 1]}\n"
HEADED = SMALL + EARLIER + "headlines:\n" + LEAD
ONE = HEADED + "robustness: {estimation_lengths: [90], calibration_draws: 0}\n"


def test_which_sessions_are_admissible_in_a_made_study():
    """A confounder and a tested event bar the windows that hold them, context does not, nor does a short history."""
    gaps = ["2025-07-09", "2025-07-10", "2025-10-30"]
    found = [str(r.session) for r in run_small(ONE, nvda=gaps).placebo_dates]
    days = [str(day) for day in DAYS]
    y = pd.Series(random_walk(1, 0.02), index=days).drop(gaps)
    one = y / y.shift(1) - 1
    span = pd.Series(range(len(days)), index=days, dtype=float)[y.index].diff().reindex(days)
    own = one.reindex(days)
    expected = []
    for place, day in enumerate(days):
        window = days[place - 1 : place + 2] if place else []
        past = days[max(place - 100, 0) : max(place - 10, 0)]
        if (
            len(window) == 3
            and window[-1] <= days[days.index("2025-12-08") - 11]
            and span[day] == 1
            and (span[past] == 1).sum() >= 60
            and not {"2025-09-10", "2025-10-15"} & set(window)
            and own[window].notna().all()
        ):
            expected.append(day)
    assert found == expected
    assert "2025-08-05" in found
    assert "2025-07-14" in found
    assert not {"2025-09-09", "2025-09-10", "2025-09-11", "2025-10-14", "2025-07-11", "2025-10-31"} & set(found)
    assert found[0] < days[100]


def test_only_the_last_dates_are_taken_and_none_for_zero():
    every = run_small(ONE).placebo_dates
    last = run_small(ONE.replace("{estimation", "{placebo_dates: 20, curve_dates: 12, estimation"))
    assert last.placebo_dates == every[-20:]
    assert only_one(last.records("placebo"), id="lead").n_placebo == 20
    assert last.specification_summary[0].n_placebo == 12
    none = run_small(ONE.replace("{estimation", "{placebo_dates: 0, curve_dates: 0, estimation"))
    assert none.records("placebo") == none.placebo_dates == ()
    assert none.headlines[0].placebo_pvalue is None
    assert none.specification_summary[0].n_placebo == 0
    assert none.specification_summary[0].median_pvalue is None
    assert all(one.placebo_pvalue is None for one in none.specifications)
    assert only_one(none.recommendations, id="lead").used == "portfolio_t"


# --- How much is computed -------------------------------------------------------------------------------------------


def test_how_much_is_computed():
    spec = parse_study(ONE)
    prices = PricePanel({"NVDA": made("NVDA", random_walk(1, 0.02)), "SPY": made("SPY", random_walk(2))})
    full, fast, none = (es.run_study(spec, prices, robustness=word) for word in ("full", "fast", "none"))
    assert es.run_study(spec, prices).to_json() == full.to_json()
    assert all(none.records(name) == () for name in ROBUST_LISTS)
    assert (none.headlines[0].placebo_pvalue, none.headlines[0].maxt_pvalue) == (None, None)
    only_full = {"specification_curve", "specification_summary", "calibration"}
    for name in ROBUST_LISTS:
        assert fast.records(name) == (() if name in only_full else full.records(name))
    assert full.specifications
    assert fast.headlines == full.headlines
    assert (
        none.headlines[0].model_copy(
            update={"placebo_pvalue": fast.headlines[0].placebo_pvalue, "maxt_pvalue": fast.headlines[0].maxt_pvalue}
        )
        == fast.headlines[0]
    )
    with pytest.raises(OptionError) as caught:
        es.run_study(spec, prices, robustness="some")
    assert str(caught.value) == "robustness='some' is not allowed; allowed: full, fast, none"


def test_flagship_without_robustness_has_no_such_p_values(flagship_spec, flagship_prices, flagship):
    none = es.run_study(flagship_spec, flagship_prices, robustness="none")
    assert all(none.records(name) == () for name in ROBUST_LISTS)
    assert {(head.placebo_pvalue, head.maxt_pvalue) for head in none.headlines} == {(None, None)}
    assert (none.ar, none.car, none.portfolio) == (flagship.ar, flagship.car, flagship.portfolio)


# --- Single firms ---------------------------------------------------------------------------------------------------


@cache
def days_and_design(head):
    """Returns and regressors of the estimation and the event days of a single security, one below the other."""
    members, day0, (first, last) = HEADS[head]
    y, span, x = columns(members, preferred(members))
    anchor, place = anchor_of(head), place_of(head, day0)
    past = [day for day in range(anchor - 120, anchor - 10) if span[day] == 1 and np.isfinite([y[day], x[day]]).all()]
    rows = [*past, *range(place + first, place + last + 1)]
    return y[rows], np.column_stack([np.ones(len(rows)), x[rows]]), len(past)


def fitted(x, y):
    return np.linalg.lstsq(x, y, rcond=None)[0]


def left_out(head):
    y, x, size = days_and_design(head)
    errors = []
    for row in range(size):
        kept = [other for other in range(size) if other != row]
        errors.append(y[row] - x[row] @ fitted(x[kept], y[kept]))
    return np.array(errors)


def conformal(head, scheme, effect=0.0):
    """p of one effect per event day: refit to all days, then compare with all other choices of days."""
    y, x, size = days_and_design(head)
    y = y.copy()
    y[size:] -= effect
    resid = np.abs(y - x @ fitted(x, y))
    total, length = y.size, y.size - size
    if scheme == "iid":
        sums = [resid[list(days)].sum() for days in combinations(range(total), length)]
    else:
        sums = [resid[[(size + shift + k) % total for k in range(length)]].sum() for shift in range(total)]
    own = resid[size:].sum()
    return sum(one >= own * (1 - 1e-9) for one in sums) / len(sums), len(sums)


def test_which_tests_of_single_firms_there_are(flagship):
    assert [(r.id, r.test, r.scheme) for r in flagship.single_firm] == [
        ("nvidia-two-steps", "permutation", "days"),
        ("nvidia-two-steps", "conformal", "iid"),
        ("nvidia-two-steps", "conformal", "moving_block"),
        ("hygon-first-day", "sq", "leave_one_out"),
        ("hygon-first-day", "conformal", "iid"),
        ("sugon-merger-day", "sq", "leave_one_out"),
        ("sugon-merger-day", "conformal", "iid"),
    ]
    for record in flagship.single_firm:
        n = round(1 / record.smallest_pvalue)
        assert record.nobs == 110
        assert record.smallest_pvalue == pytest.approx(1 / n, rel=1e-12)
        assert record.attainable == pytest.approx(n // 20 / n, rel=1e-12)
        assert record.pvalue >= record.smallest_pvalue


@pytest.mark.parametrize("head", ["hygon-first-day", "sugon-merger-day"])
def test_sample_quantile_test_by_leaving_out_day_after_day(flagship, head):
    y, x, size = days_and_design(head)
    ar = y[size] - x[size] @ fitted(x[:size], y[:size])
    rank = rank_of(ar, left_out(head))
    record = only_one(flagship.single_firm, id=head, test="sq")
    assert (record.statistic, record.pvalue, record.smallest_pvalue) == (rank, rank / 111, 1 / 111)


def test_permutation_of_two_days_by_all_pairs(flagship):
    y, x, size = days_and_design("nvidia-two-steps")
    ars = y[size:] - x[size:] @ fitted(x[:size], y[:size])
    pool = np.concatenate([ars, left_out("nvidia-two-steps")])
    sums = [abs(pool[i] + pool[j]) for i, j in combinations(range(pool.size), 2)]
    record = only_one(flagship.single_firm, test="permutation")
    assert len(sums) == comb(112, 2) == round(1 / record.smallest_pvalue)
    assert record.statistic == pytest.approx(abs(ars.sum()), abs=SAME)
    assert record.pvalue == sum(one >= abs(ars.sum()) * (1 - 1e-9) for one in sums) / len(sums)


@pytest.mark.parametrize(
    ("head", "scheme"),
    [
        ("nvidia-two-steps", "iid"),
        ("nvidia-two-steps", "moving_block"),
        ("hygon-first-day", "iid"),
        ("sugon-merger-day", "iid"),
    ],
)
def test_conformal_by_refits_and_its_ends_where_p_crosses(flagship, head, scheme):
    record = only_one(flagship.single_firm, id=head, test="conformal", scheme=scheme)
    pvalue, arrangements = conformal(head, scheme)
    assert record.pvalue == pvalue
    assert record.smallest_pvalue == 1 / arrangements
    assert (record.kind, len(record.pieces)) == ("interval", 1)
    assert record.pieces[0] == (record.low, record.high)
    step = 1e-7
    for end, outwards in ((record.low, -step), (record.high, step)):
        assert conformal(head, scheme, end + outwards)[0] <= 0.05 < conformal(head, scheme, end - outwards)[0]
    assert (record.low <= 0 <= record.high) == (pvalue > 0.05)


# --- Counterfactuals ------------------------------------------------------------------------------------------------


@cache
def donor_returns(security):
    """(K, S) returns of the untouched donors over the security's spans."""
    return np.array([padded(market_of(security, name).to_numpy()) for name in DONORS[security]])


def rows_of(head, place):
    """Past days with a return of one session and days ahead of a headline moved to a position."""
    members, day0, (first, last) = HEADS[head]
    y, span, _ = columns(members, preferred(members))
    anchor = place - (place_of(head, day0) - anchor_of(head))
    past = [day for day in range(anchor - 120, anchor - 10) if span[day] == 1 and np.isfinite(y[day])]
    return y, span, np.array(past), np.arange(place + first, place + last + 1)


def mixed(y, donors):
    """Intercept and weights of the convex mix nearest to y: the best of all sets of donors, each solved exactly."""
    centred, apart = y - y.mean(), donors - donors.mean(axis=1, keepdims=True)
    gram, moment = apart @ apart.T, apart @ centred
    best, weights = np.inf, None
    for size in range(1, len(donors) + 1):
        for chosen in map(list, combinations(range(len(donors)), size)):
            system = np.block(
                [[gram[np.ix_(chosen, chosen)], np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]]
            )
            found = np.linalg.solve(system, [*moment[chosen], 1.0])[:size]
            loss = found @ gram[np.ix_(chosen, chosen)] @ found - 2 * found @ moment[chosen]
            if (found > 0).all() and loss < best - 1e-16:
                best, weights = loss, dict(zip(chosen, found, strict=True))
    full = np.array([weights.get(k, 0.0) for k in range(len(donors))])
    return (y - full @ donors).mean(), full


def by_rung(head, rung, place):
    """CAR and its standard error under a rung on a date; None where a donor has a gap there."""
    security = HEADS[head][0][0]
    y, span, past, ahead = rows_of(head, place)
    donors = donor_returns(security)
    if (
        not np.isfinite(donors[:, past]).all()
        or not np.isfinite(donors[:, ahead]).all()
        or not np.isfinite(y[ahead]).all()
    ):
        return None
    if rung != "synthetic_control":
        model = "market" if rung == "peer_portfolio" else "market_adjusted"
        return refit((y, span, donors.mean(axis=0)), past, ahead, model=model)[:2]
    intercept, weights = mixed(y[past], donors[:, past])
    active = np.flatnonzero(weights)
    resid = y[past] - intercept - weights @ donors[:, past]
    variance = (resid**2).sum() / (past.size - active.size)
    apart = donors[np.ix_(active, past)]
    mean = apart.mean(axis=1)
    apart = apart - mean[:, None]
    apart = apart - apart.mean(axis=0)
    n = span[ahead].sum()
    distance = (donors[np.ix_(active, ahead)]).sum(axis=1) - n * mean
    distance = distance - distance.mean()
    leverage = n**2 / past.size + distance @ np.linalg.pinv(apart @ apart.T) @ distance
    return (y[ahead] - span[ahead] * intercept - weights @ donors[:, ahead]).sum(), np.sqrt(variance * (n + leverage))


def dates_for_donors(head):
    """Placebo dates of a rung: as those of the headline, but all donors must be known on 60 estimation days."""
    y, span, _ = columns(HEADS[head][0], preferred(HEADS[head][0]))
    known = np.isfinite(y) & (span == 1) & np.isfinite(donor_returns(HEADS[head][0][0])).all(axis=0)
    return admissible(head, known=known)[-200:]


def test_the_ladder_names_untouched_donors_only(flagship):
    rungs = ["market_model", "peer_portfolio", "peers_beta_one", "synthetic_control", "ridge_augmented"]
    assert [(r.id, r.rung) for r in flagship.counterfactuals] == list(product(SINGLE, rungs))
    for record in flagship.counterfactuals:
        assert record.security == HEADS[record.id][0][0]
        assert record.donors == (() if record.rung == "market_model" else DONORS[record.security])
        assert set(record.weights) <= set(record.donors)
        assert record.estimand == "total"
    told = {(r.security, r.detail.split(" may ")[0]) for r in flagship.exclusions if r.reason == "touched_donors"}
    assert told == {("NVDA", "AMD, AVGO, AAPL, ORCL"), ("688041", "688256, 688981"), ("603019", "688256, 688981")}


@pytest.mark.parametrize("head", SINGLE)
def test_market_model_rung_is_the_headline_on_the_last_dates(flagship, head):
    record = only_one(flagship.counterfactuals, id=head, rung="market_model")
    lead = only_one(flagship.headlines, id=head)
    assert (record.estimate, record.std_error, record.pvalue) == (lead.estimate, lead.std_error, lead.pvalue)
    last = [car / error for _, car, error in placebos(head)[-200:]]
    rank = rank_of(lead.estimate / lead.std_error, last)
    assert (record.n_placebo, record.placebo_pvalue, record.smallest_pvalue) == (200, rank / 201, 1 / 201)


@pytest.mark.parametrize("rung", ["peer_portfolio", "peers_beta_one", "synthetic_control"])
@pytest.mark.parametrize("head", SINGLE)
def test_rungs_and_their_placebo_dates_by_loops(flagship, head, rung):
    record = only_one(flagship.counterfactuals, id=head, rung=rung)
    car, error = by_rung(head, rung, place_of(head, HEADS[head][1]))
    assert (record.estimate, record.std_error) == pytest.approx((car, error), abs=1e-9)
    assert record.nobs == 110
    others = [by_rung(head, rung, place) for place in dates_for_donors(head)]
    others = [one[0] / one[1] for one in others if one is not None]
    rank = rank_of(car / error, others)
    assert (record.n_placebo, record.placebo_pvalue) == (len(others), rank / (len(others) + 1))
    assert record.smallest_pvalue == 1 / (len(others) + 1)


@pytest.mark.parametrize("head", SINGLE)
def test_synthetic_control_against_a_solver_and_its_conditions(flagship, head):
    record = only_one(flagship.counterfactuals, id=head, rung="synthetic_control")
    y, _, past, ahead = rows_of(head, place_of(head, HEADS[head][1]))
    donors = donor_returns(record.security)
    x, target = donors[:, past], y[past]
    apart, centred = x - x.mean(axis=1, keepdims=True), target - target.mean()
    scale = 1 / (centred @ centred)
    found = optimize.minimize(
        lambda w: scale * ((centred - w @ apart) ** 2).sum(),
        np.full(len(x), 1 / len(x)),
        jac=lambda w: -2 * scale * apart @ (centred - w @ apart),
        bounds=[(0, 1)] * len(x),
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(len(x))},
        method="SLSQP",
        options={"ftol": 1e-16, "maxiter": 500},
    )
    weights = np.array([record.weights.get(name, 0.0) for name in record.donors])
    assert weights == pytest.approx(found.x, abs=1e-5)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-9)
    slope = -scale * apart @ (centred - weights @ apart)
    price = slope[weights > 0]
    assert price == pytest.approx(np.full(price.size, price.mean()), abs=1e-9)
    assert (slope >= price.mean() - 1e-9).all()
    intercept = (target - weights @ x).mean()
    assert record.estimate == pytest.approx((y[ahead] - intercept - weights @ donors[:, ahead]).sum(), abs=1e-9)


@pytest.mark.parametrize("head", SINGLE)
def test_augmented_weights_are_one_of_the_ridge_corrections(flagship, head):
    """Of the declared penalties; with the sum still one, and the figure that of the weights."""
    record = only_one(flagship.counterfactuals, id=head, rung="ridge_augmented")
    y, _, past, ahead = rows_of(head, place_of(head, HEADS[head][1]))
    donors = donor_returns(record.security)
    intercept, weights = mixed(y[past], donors[:, past])
    x = donors[:, past] - donors[:, past].mean(axis=1, keepdims=True)
    x = x - x.mean(axis=0)
    gap = y[past] - intercept - weights @ donors[:, past]
    second = x @ x.T / past.size
    largest = np.linalg.eigvalsh(second)[-1]
    told = np.array([record.weights.get(name, 0.0) for name in record.donors])
    tried = [
        weights + np.linalg.solve(second + 10.0 ** (half / 2) * largest * np.eye(len(x)), x @ gap / past.size)
        for half in range(4, -13, -1)
    ]
    nearest = min(tried, key=lambda one: np.abs(one - told).max())
    assert told == pytest.approx(nearest, abs=2e-6)
    assert nearest.sum() == pytest.approx(1, abs=1e-9)
    level = (y[past] - nearest @ donors[:, past]).mean()
    assert record.estimate == pytest.approx((y[ahead] - level - nearest @ donors[:, ahead]).sum(), abs=1e-8)
    assert record.conformal_pvalue is None


@pytest.mark.parametrize("head", SINGLE)
def test_conformal_synthetic_control_by_a_loop_over_blocks(flagship, head):
    record = only_one(flagship.counterfactuals, id=head, rung="synthetic_control")
    y, _, past, ahead = rows_of(head, place_of(head, HEADS[head][1]))
    rows = np.concatenate([past, ahead])
    donors = donor_returns(record.security)[:, rows]
    intercept, weights = mixed(y[rows], donors)
    resid = np.abs(y[rows] - intercept - weights @ donors)
    size = ahead.size
    sums = [sum(resid[(rows.size - size + shift + k) % rows.size] for k in range(size)) for shift in range(rows.size)]
    assert record.conformal_pvalue == sum(one >= sums[0] * (1 - 1e-9) for one in sums) / rows.size


PEERED = (
    HEADED.replace("benchmarks: [SPY]\n", "benchmarks: [SPY]\n    peers: [JPM, XOM]\n")
    .replace(
        "events:\n",
        "peers:\n  JPM: {name: JPM, exchange: XNYS, board: nyse, currency: USD, touched: false}\n"
        "  XOM: {name: XOM, exchange: XNYS, board: nyse, currency: USD, touched: false}\nevents:\n",
        1,
    )
    .replace("window: [-1, 1]", "window: [0, 0]")
)


def run_peers(text=PEERED, *, flat=(), **missing):
    panel = {"NVDA": (1, 0.02), "SPY": (2, 0.01), "JPM": (3, 0.01), "XOM": (4, 0.01)}
    levels = {name: np.full(DAYS.size, 50.0) if name in flat else random_walk(*args) for name, args in panel.items()}
    prices = {name: made(name, level, missing.get(name, ())) for name, level in levels.items()}
    return es.run_study(parse_study(text), PricePanel(prices), robustness="fast")


def test_donors_with_a_gap_are_said_and_a_ladder_without_any_is_no_crash():
    one = run_peers(XOM=["2025-12-08"])
    assert {r.donors for r in one.counterfactuals} == {(), ("JPM",)}
    told = only_one(one.exclusions, reason="incomplete_donors")
    assert told.detail == "XOM have no return on a session of the estimation or event window"
    none = run_peers(XOM=["2025-12-08"], JPM=["2025-12-08"])
    assert [r.rung for r in none.counterfactuals] == ["market_model"]
    assert none.to_json()


def test_a_rung_without_solution_is_told_and_the_others_stay():
    """A donor whose price never moves is collinear with the constant, but can be subtracted."""
    one = run_peers(flat=("JPM",), XOM=["2025-12-08"])
    rungs = {r.rung for r in one.counterfactuals}
    assert "peer_portfolio" not in rungs
    assert {"market_model", "peers_beta_one"} <= rungs
    told = only_one(one.exclusions, what="counterfactual peer_portfolio")
    assert told.detail == "the fit has no solution, or a return of the event window is missing"
    assert one.to_json()


def test_market_model_rung_is_one_whatever_the_model_of_the_headline():
    market, mean = run_peers(), run_peers(PEERED.replace("models: [market]", "models: [mean, market]"))
    own = only_one(market.counterfactuals, rung="market_model")
    assert own.estimate == market.headlines[0].estimate != mean.headlines[0].estimate
    assert only_one(mean.counterfactuals, rung="market_model") == own


# --- Contrasts ------------------------------------------------------------------------------------------------------


def test_contrast_is_the_weighted_sum_on_the_event_and_on_every_placebo_date(flagship):
    record = only_one(flagship.contrasts, id="domestic-less-nvidia")
    assert record.weights == {"688041": 0.5, "603019": 0.5, "NVDA": -1.0}
    assert record.windows == {"688041": "[0, 0]", "603019": "[0, 0]", "NVDA": "[0, +1]"}
    HEADS["sugon-approval"] = (("603019",), "2025-12-09", (0, 0))
    try:
        heads = ["hygon-first-day", "sugon-approval", "nvidia-two-steps"]
        parts = [main_of(head, place_of(head, HEADS[head][1]))[0] for head in heads]
        values = [{place: car for place, car, _ in placebos(head)} for head in heads]
        rows = aligned_dates(heads, values)
    finally:
        del HEADS["sugon-approval"]
    assert list(record.parts.values()) == pytest.approx(parts, abs=SAME)
    own = 0.5 * parts[0] + 0.5 * parts[1] - parts[2]
    assert record.estimate == pytest.approx(own, abs=SAME)
    others = [0.5 * values[0][a] + 0.5 * values[1][b] - values[2][c] for a, b, c in rows]
    mean = sum(others) / len(others)
    assert record.n_placebo == len(others) == 258
    assert record.placebo_sd == pytest.approx(np.sqrt(sum((one - mean) ** 2 for one in others) / 257), rel=1e-8)
    assert record.placebo_pvalue == rank_of(own, others) / 259
    assert record.smallest_pvalue == 1 / 259


def contrasting(tail):
    two = HEADED.replace(
        "events:\n",
        "  AMD: {name: AMD, exchange: XNAS, board: nasdaq, currency: USD, benchmarks: [SPY]}\nevents:\n",
        1,
    ).replace("securities: {NVDA: positive}", "securities: {NVDA: positive, AMD: positive}", 1)
    return two + f"contrasts:\n  - {{id: apart, title: Apart, event: first, weights: {{NVDA: 1, AMD: -1}}}}\n{tail}"


def run_two(text, **missing):
    prices = {"NVDA": (1, 0.02), "AMD": (5, 0.02), "SPY": (2, 0.01)}
    series = {name: made(name, random_walk(*args), missing.get(name, ())) for name, args in prices.items()}
    return es.run_study(parse_study(text), PricePanel(series), robustness="fast")


def test_a_contrast_needs_the_minimum_of_observations_and_its_returns():
    assert run_two(contrasting("")).contrasts[0].n_placebo > 50
    assert run_two(contrasting("robustness: {placebo_dates: 0}\n")).contrasts[0].n_placebo == 0
    short = run_two(contrasting(""), AMD=[str(day) for day in DAYS[:150]])
    assert short.contrasts == ()
    told = only_one(short.exclusions, what="contrast apart")
    assert told.detail == "one of its securities is not touched by the news, or has too few estimation observations"
    hole = run_two(contrasting(""), AMD=["2025-12-08"])
    assert hole.contrasts == ()
    assert only_one(hole.exclusions, what="contrast apart").detail == "a return of one of its securities is missing"


# --- Specification curve --------------------------------------------------------------------------------------------


def declared(head):
    members, _, (first, last) = HEADS[head]
    indices = ("SPY", "SOXX") if members == ("NVDA",) else ("sh000300", "sh000688")
    pairs = [(model, name) for model in ("market", "market_adjusted") for name in indices] + [("mean", None)]
    limits = ("as_traded",) if members == ("NVDA",) else ("as_traded", "limit_days_dropped")
    windows = [(first, last), (first, last + 1), (first - 1, last)]
    return list(product(pairs, (60, 110, 180), (10, 20), windows, ("simple", "log"), limits))


def one_specification(head, place, model, benchmark, length, gap, window, kind, adjustment):
    members, day0, _ = HEADS[head]
    anchor = place - (place_of(head, day0) - anchor_of(head))
    return refit(
        columns(members, benchmark, kind),
        range(anchor - gap - length, anchor - gap),
        range(place + window[0], place + window[1] + 1),
        model=model,
        without=dropped(members) if adjustment == "limit_days_dropped" else (),
        least=min(60, int(0.75 * length)),
    )


def choice(record):
    return (
        *(record.model, record.benchmark, record.estimation, record.gap),
        *(tuple(record.window), record.returns, record.adjustment),
    )


@pytest.mark.parametrize("head", HEADS)
def test_specifications_are_the_declared_product(flagship, head):
    mine = only(flagship.specifications, id=head)
    wanted = [(*pair, length, gap, window, kind, limit) for pair, length, gap, window, kind, limit in declared(head)]
    assert [choice(record) for record in mine] == wanted
    assert len(set(wanted)) == len(wanted) == (180 if head == "nvidia-two-steps" else 360)
    assert [record.number for record in mine] == list(range(len(mine)))
    main = only_one(mine, main=True)
    assert choice(main) == ("market", preferred(HEADS[head][0]), 110, 10, HEADS[head][2], "simple", "as_traded")
    lead = only_one(flagship.headlines, id=head)
    for name in ("estimate", "std_error", "df", "pvalue"):
        assert getattr(main, name) == getattr(lead, name)


@pytest.mark.parametrize("head", HEADS)
def test_forty_specifications_of_each_headline_by_loops(flagship, head):
    mine = only(flagship.specifications, id=head)
    rng = np.random.default_rng(sum(map(ord, head)))
    for number in rng.choice(len(mine), 40, replace=False):
        record = mine[number]
        value, error, df = one_specification(head, place_of(head, HEADS[head][1]), *choice(record))
        assert (record.estimate, record.std_error) == pytest.approx((value, error), abs=SAME)
        assert record.df == df
        assert record.statistic == pytest.approx(value / error, rel=1e-6)
        assert record.pvalue == pytest.approx(2 * stats.t.sf(abs(value / error), df), rel=1e-6)


@pytest.mark.parametrize("head", HEADS)
def test_summary_of_all_specifications(flagship, head):
    mine, told = only(flagship.specifications, id=head), only_one(flagship.specification_summary, id=head)
    values = sorted(record.estimate for record in mine)
    middle = (values[len(values) // 2 - 1] + values[len(values) // 2]) / 2
    assert told.n_specifications == len(values)
    assert (told.median, told.lowest, told.highest) == pytest.approx((middle, values[0], values[-1]), abs=1e-15)
    assert told.share_significant == sum(record.pvalue < 0.05 for record in mine) / len(mine)
    assert told.share_same_sign == sum(value * middle > 0 for value in values) / len(values)
    for pvalue in (told.median_pvalue, told.share_pvalue, *(record.placebo_pvalue for record in mine)):
        assert pvalue * (told.n_placebo + 1) == pytest.approx(round(pvalue * (told.n_placebo + 1)), abs=1e-9)
        assert told.smallest_pvalue <= pvalue <= 1


@pytest.mark.parametrize("head", HEADS)
def test_joint_p_from_the_whole_placebo_matrix_by_loops(fewer, head):
    """Dates for the longest window, the larger gap and the widest window; a date counts where all have a figure."""
    mine, told = only(fewer.specifications, id=head), only_one(fewer.specification_summary, id=head)
    first, last = HEADS[head][2]
    dates = admissible(head, length=110, gap=20, window=(first - 1, last + 1))[-30:]
    assert len(mine) == (48 if head == "nvidia-two-steps" else 96)
    matrix = []
    for place in dates:
        row = [one_specification(head, place, *choice(record)) for record in mine]
        if all(one is not None for one in row):
            matrix.append(row)
    values = np.array([[one[0] for one in row] for row in matrix])
    ratios = np.array([[one[0] / one[1] for one in row] for row in matrix])
    pvalues = 2 * stats.t.sf(np.abs(ratios), np.array([[one[2] for one in row] for row in matrix]))
    n = told.n_placebo
    assert n == len(matrix) > 20
    own = np.array([record.estimate for record in mine])
    assert told.median_pvalue == rank_of(np.median(own), np.median(values, axis=1)) / (n + 1)
    shares = (pvalues < 0.05).mean(axis=1)
    assert told.share_pvalue == (1 + (shares >= told.share_significant).sum()) / (n + 1)
    for column, record in enumerate(mine):
        assert record.placebo_pvalue == rank_of(record.statistic, ratios[:, column]) / (n + 1)


def test_curves_of_the_flagship_hold_every_choice(setting, figures):
    curves = [curve_of(setting, figure, 200) for figure in figures.values()]
    assert sum(len(curve.choices) for curve in curves) == 180 + 3 * 360 == 1260
    assert all(len(curve.value) > 190 for curve in curves)


def test_the_study_s_own_choices_belong_to_the_curve_and_without_limit_closes_dropping_is_trading():
    other = run_small(ONE.replace("[90]", "[60]").replace("{est", "{gaps: [20], returns: [log], models: [mean], est"))
    assert {(record.estimation, record.gap, record.returns) for record in other.specifications} == {
        (length, gap, kind) for length in (60, 90) for gap in (10, 20) for kind in ("simple", "log")
    }
    (main,) = [record for record in other.specifications if record.main]
    assert (main.model, main.estimation, main.gap, main.returns) == ("market", 90, 10, "simple")
    assert main.estimate == pytest.approx(other.headlines[0].estimate, abs=1e-12)
    dropped_days = run_small(ONE.replace("seed: 1", "seed: 1\nlimit_days: drop"))
    assert {record.adjustment for record in dropped_days.specifications} == {"as_traded"}
    assert sum(record.main for record in dropped_days.specifications) == 1


def test_specifications_without_a_figure_are_told():
    """Windows one session longer need 9 December, on which there is no price."""
    text = ONE.replace("window: [-1, 1]", "window: [0, 0]")
    result = run_small(text, nvda=[str(day) for day in DAYS if day > np.datetime64("2025-12-08")])
    assert {tuple(record.window) for record in result.specifications} == {(0, 0), (-1, 0)}
    told = only_one(result.exclusions, what="specification curve of lead")
    count = len(result.specifications)
    assert told.detail == (
        f"{count // 2} of {count + count // 2} specifications have too few observations in their estimation window, "
        "or no return on a day of their window"
    )
    assert whole_exclusions(run_small(text)) == []


def whole_exclusions(result):
    return [r for r in result.exclusions if r.what.startswith("specification curve")]


# --- Sensitivity ----------------------------------------------------------------------------------------------------


def assert_told(record, found):
    value, error, df = found
    assert (record.estimate, record.std_error) == pytest.approx((value, error), abs=SAME)
    assert record.df == df
    assert record.pvalue == pytest.approx(2 * stats.t.sf(abs(value / error), df), rel=1e-6)
    factor = stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)
    assert record.detectable == pytest.approx(factor * error, rel=1e-8)


def fixed(head, ahead, members=None):
    """The headline's estimation window with other days ahead."""
    members = members or HEADS[head][0]
    anchor = anchor_of(head)
    return refit(columns(members, preferred(members)), range(anchor - 120, anchor - 10), ahead, least=60)


@pytest.mark.parametrize("head", HEADS)
def test_every_change_by_loops(flagship, head):
    members, day0, (first, last) = HEADS[head]
    place = place_of(head, day0)
    days = list(range(place + first, place + last + 1))
    wanted = {("moment", day_at(head, place + shift)): [day + shift for day in days] for shift in (-1, 1)}
    if len(days) > 1:
        wanted |= {("drop_session", day_at(head, gone)): [day for day in days if day != gone] for gone in days}
    wanted["drift", "[-10, -2]"] = list(range(place - 10, place - 1))
    mine = {(r.change, r.what): r for r in flagship.sensitivity if r.id == head and r.change != "drop_firm"}
    assert set(mine) == set(wanted)
    for key, ahead in wanted.items():
        assert_told(mine[key], fixed(head, ahead))
        assert tuple(mine[key].window) == ((-10, -2) if key[0] == "drift" else (first, last))
    firms = [r for r in flagship.sensitivity if r.id == head and r.change == "drop_firm"]
    assert [r.what for r in firms] == (list(members) if len(members) > 1 else [])
    for record in firms:
        assert_told(record, fixed(head, days, tuple(name for name in members if name != record.what)))


def test_dropping_a_firm_of_two_leaves_the_other_ones_headline(flagship):
    left = only_one(flagship.sensitivity, change="drop_firm", what="603019")
    lead = only_one(flagship.headlines, id="hygon-first-day")
    assert (left.estimate, left.std_error, left.pvalue) == (lead.estimate, lead.std_error, lead.pvalue)


def test_drift_stays_inside_the_event_window():
    result = run_small(ONE)
    drift = only_one(result.sensitivity, change="drift")
    assert (tuple(drift.window), drift.what) == ((-5, -2), "[-5, -2]")
    none = run_small(ONE.replace("event: [-5, 5]", "event: [-1, 5]"))
    assert not only(none.sensitivity, change="drift")


# --- Recommendations and simulated sizes ----------------------------------------------------------------------------


@cache
def residuals(head):
    """(N, 110) market-model residuals of the members before the anchor."""
    found = []
    for name in HEADS[head][0]:
        y, _, x = columns((name,), preferred(HEADS[head][0]))
        past = slice(anchor_of(head) - 120, anchor_of(head) - 10)
        design = np.column_stack([np.ones(110), x[past]])
        found.append(y[past] - design @ fitted(design, y[past]))
    return np.array(found)


def design_of(head):
    resid = residuals(head)
    correlation = float(np.corrcoef(resid)[0, 1]) if len(resid) > 1 else None
    excess = np.mean([stats.kurtosis(one) for one in resid])
    return correlation, 4 + 6 / excess if excess >= 0.1 else None, float(np.sqrt((resid**2).mean()))


@pytest.mark.parametrize("head", HEADS)
def test_recommendation_is_the_choosers_for_the_design(flagship, head):
    record = only_one(flagship.recommendations, id=head)
    correlation, tails, sigma = design_of(head)
    members, _, (first, last) = HEADS[head]
    assert (record.events, record.estimation, record.window_size) == (len(members), 110, last - first + 1)
    if correlation is None:
        assert record.correlation is None
    else:
        assert record.correlation == pytest.approx(correlation, abs=SAME)
    assert (record.tails, record.sigma) == pytest.approx((tails, sigma), rel=1e-8)
    advice = advise(
        Situation(
            events=len(members), dates=1, shared=len(members), estimation=110, window=last - first + 1,
            correlation=record.correlation, missing=0.0,
        )
    )  # fmt: skip
    assert (record.recommended, record.why, record.reason) == (
        advice.recommended, FactRecord.of(advice.why), advice.reason,
    )  # fmt: skip
    assert record.others == {test: FactRecord.of(why) for test, why in advice.others}
    assert record.alternatives == dict(advice.alternatives)
    assert record.refusals == {test: FactRecord.of(why) for test, why in advice.refusals.items()}
    assert record.refused == dict(advice.refused)
    assert (record.used, record.overruled, record.overruling) == ("placebo_dates", None, None)


def test_tails_are_those_of_each_firms_own_scale_and_absent_where_light():
    rng = np.random.default_rng(3)
    resid = rng.standard_t(6, (3, 200)) * np.array([[0.01], [0.1], [1.0]])
    excess = np.mean([stats.kurtosis(one) for one in resid])
    assert tails_of(resid) == pytest.approx(4 + 6 / excess, rel=1e-12)
    assert tails_of(rng.uniform(-1, 1, (2, 200))) is None
    missing = resid.copy()
    missing[:, :20] = np.nan
    assert tails_of(missing) == pytest.approx(tails_of(resid[:, 20:]), rel=1e-12)


def test_a_test_of_the_study_overrules_and_that_is_said():
    result = run_small(ONE.replace("{est", "{test: conformal, est").replace("window: [-1, 1]", "window: [0, 0]"))
    record = only_one(result.recommendations, id="lead")
    assert (record.recommended, record.used) == ("sq", "conformal")
    assert record.overruling == FactRecord.of(fact("overruled.taken", test="conformal", recommended="sq"))
    assert record.overruled == "conformal was taken in place of sq"
    same = run_small(ONE.replace("{est", "{test: sq, est").replace("window: [-1, 1]", "window: [0, 0]"))
    assert only_one(same.recommendations, id="lead").overruled is None


def test_overruled_by_a_refused_test(setting, figures):
    figure = figures["shanghai-first-day"]
    robustness = setting.spec.robustness.model_copy(update={"test": "bmp_t"})
    taken = replace(setting, spec=setting.spec.model_copy(update={"robustness": robustness}))
    record = recommendation(taken, figure, residuals_of(taken, figure), placebo=None, single=())
    assert record.used == "bmp_t"
    assert record.overruling.values["why"] == record.refusals["bmp_t"].model_dump()
    assert record.overruled == (
        f"bmp_t was taken in place of portfolio_t, although it is refused here: {record.refused['bmp_t']}"
    )


def test_without_a_placebo_date_no_placebo_is_said_to_be_used():
    """Day 0 so early that no session before it has an estimation window."""
    result = run_small(ONE, nvda=[str(day) for day in DAYS[:115]])
    assert result.headlines[0].placebo_pvalue is None
    assert result.records("placebo") == ()
    assert only_one(result.recommendations, id="lead").used == "portfolio_t"


def test_simulated_sizes_are_those_of_calibrate_for_the_design(flagship, fewer, flagship_spec):
    for result, draws in ((flagship, 1000), (fewer, 100)):
        assert {(r.id, r.events, r.estimation) for r in result.calibration} == {("shanghai-first-day", 2, 110)}
        assert {r.draws for r in result.calibration if r.unavailable is None} == {draws}
    correlation, tails, sigma = design_of("shanghai-first-day")
    first = fewer.calibration[0]
    assert (first.correlation, first.tails) == pytest.approx((correlation, tails), rel=1e-8)
    record = only_one(fewer.recommendations, id="shanghai-first-day")
    assert record.sigma == pytest.approx(sigma, rel=1e-10)
    found = calibrate(
        events=2, estimation=110, window=1, correlation=first.correlation, tails=first.tails, draws=100,
        seed=flagship_spec.seed, sigma=record.sigma,
    )  # fmt: skip
    assert [row.test for row in found.rows] == [r.test for r in fewer.calibration]
    for row, told in zip(found.rows, fewer.calibration, strict=True):
        assert (row.size, row.size_error, row.detectable_return) == (told.size, told.size_error, told.detectable)
        assert (row.misleads, row.draws, row.unavailable) == (told.misleads, told.draws, told.unavailable)
        assert told.refusal == (None if row.refusal is None else FactRecord.of(row.refusal))


# --- Size under the null --------------------------------------------------------------------------------------------

REPLICATIONS = 400
SESSIONS = np.busday_offset("2024-01-01", np.arange(190), roll="forward").astype("datetime64[D]")


def null_study(rng, firms, correlation, *, portfolio, tails=None):
    """A figure per firm (or of their mean) in a world without events, day 0 on the last session."""
    spec = SimpleNamespace(windows=SimpleNamespace(estimation=Window(-40, -6), min_estimation=30))
    setting = SimpleNamespace(spec=spec, timed=(), series={"f": SimpleNamespace(symbol="f")})
    size = SESSIONS.size
    draw = (lambda *shape: rng.standard_normal(shape)) if tails is None else lambda *shape: rng.standard_t(tails, shape)
    market = rng.normal(0, 0.01, size)
    errors = np.sqrt(correlation) * draw(1, size) + np.sqrt(1 - correlation) * draw(firms, size)
    returns = market + 0.02 * errors
    rows = returns.mean(axis=0, keepdims=True) if portfolio else returns
    design = SimpleNamespace(members=("f",), chosen=choose("market"))
    found = []
    for row, values in enumerate(rows):
        case = Case(f"f{row}", size - 1, size - 1, SESSIONS, values, {"m": market}, np.ones(size, dtype=np.int64))
        found.append(placebos_of(setting, Figure(f"f{row}", design, case, Window(0, 0)), 400))
    return placebo_records(found, level=0.05)


def within(rate, level, count):
    """Whether a share of rejections is within three standard errors of Monte Carlo and one grid step of its level."""
    return abs(rate - level) <= 3 * np.sqrt(level * (1 - level) / count)


@pytest.mark.parametrize(("firms", "tails"), [(1, None), (1, 4), (4, None)])
def test_placebo_p_is_uniform_where_nothing_happened(firms, tails):
    rng = np.random.default_rng(20251208 + firms + (tails or 0))
    records = [null_study(rng, firms, 0.4, portfolio=firms > 1, tails=tails)[0] for _ in range(REPLICATIONS)]
    count = records[0].n_placebo
    assert {record.n_placebo for record in records} == {count}
    assert count == 190 - 1 - 6 - 40 + 1
    pvalues = np.array([record.pvalue for record in records])
    for level in (0.05, 0.1, 0.25, 0.5, 0.75):
        attained = np.floor(level * (count + 1)) / (count + 1)
        assert within((pvalues <= level + 1e-12).mean(), attained, REPLICATIONS), level
    spread = pvalues - np.random.default_rng(1).random(REPLICATIONS) / (count + 1)
    assert stats.kstest(spread, "uniform").pvalue > 0.001


@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_max_t_holds_the_family_wise_error(correlation):
    rng = np.random.default_rng(7 + int(10 * correlation))
    families = [null_study(rng, 4, correlation, portfolio=False) for _ in range(200)]
    count = families[0][0].n_family
    assert count >= 90
    any_adjusted = np.mean([min(r.maxt_pvalue for r in family) <= 0.05 for family in families])
    any_raw = np.mean([min(r.pvalue for r in family) <= 0.05 for family in families])
    assert within(any_adjusted, np.floor(0.05 * (count + 1)) / (count + 1), len(families))
    assert any_raw > any_adjusted + 0.03
    for family in families[:50]:
        assert all(r.maxt_pvalue >= r.smallest_pvalue for r in family)


def test_the_joint_regression_of_a_contrast_uses_each_session_once_and_its_own_clock(flagship):
    """Correlation and standard deviations of the parts by pandas, on dates moved to each one's own day 0."""
    record = only_one(flagship.contrasts, id="domestic-less-nvidia")
    day0 = {"688041": "2025-12-09", "603019": "2025-12-09", "NVDA": "2025-12-08"}
    resid, deviation = {}, {}
    for symbol, benchmark in (("688041", "sh000300"), ("603019", "sh000300"), ("NVDA", "SPY")):
        ar = only_one(flagship.params, security=symbol, model="market", benchmark=benchmark, event_id=record.event_id)
        prices = {name: es.load_prices(flagship.spec)[name] for name in (symbol, benchmark)}
        level = {
            name: pd.Series(
                one.column("close") if one.adj_close is None else one.adj_close, index=pd.DatetimeIndex(one.sessions)
            )
            for name, one in prices.items()
        }
        y, x = (level[name].pct_change() for name in (symbol, benchmark))
        own = y.index[(y.index >= pd.Timestamp(ar.first_session)) & (y.index <= pd.Timestamp(ar.last_session))]
        e = y[own] - ar.alpha - ar.betas[benchmark] * x[own]
        e.index = e.index - pd.Timestamp(day0[symbol])
        resid[symbol], deviation[symbol] = e, ar.sigma
    weights = {"688041": 0.5, "603019": 0.5, "NVDA": -1.0}
    days = {"688041": 1, "603019": 1, "NVDA": 2}
    variance = 0.0
    for one, w in weights.items():
        for two, v in weights.items():
            pair = pd.concat([resid[one], resid[two]], axis=1).dropna()
            rho = 1.0 if one == two else float(np.corrcoef(pair.iloc[:, 0], pair.iloc[:, 1])[0, 1])
            variance += w * v * rho * deviation[one] * deviation[two] * min(days[one], days[two])
    assert record.std_error == pytest.approx(np.sqrt(variance), rel=0.03)  # without the parameters' own error
    assert record.sur_estimate == pytest.approx(record.estimate, abs=0.002)  # FGLS slopes differ a little
    assert record.df < 108 and 0.0 < record.bootstrap_pvalue <= 1.0
