"""Calibration: published sizes, analytic anchors, the engine's own numbers, any number of workers, the cache."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import eventstudy as es
from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.inference import TESTS, HeldResiduals
from eventstudy.inference.section import of_history
from eventstudy.inference.sizes import normal_size, t_size
from eventstudy.robustness import (
    Calibration,
    World,
    cache,
    calibrate,
    calibrate_cached,
    count_rejections,
    sections,
    simulate,
)
from eventstudy.robustness.calibration import GRID, detectable
from eventstudy.robustness.simulation import run_test

FOUR = {"events": 4, "estimation": 120, "correlation": 0.4}
QUICK = {
    "events": 3,
    "estimation": 40,
    "correlation": 0.3,
    "draws": 130,
    "tests": ("portfolio_t", "bmp_t", "permutation"),
}
REFERENCE_ERROR = 0.0025  # of the sizes in percent that other code found in 6,000 to 10,000 samples
SIGMAS = 4
REFERENCE = {
    "cross_sectional_t": 0.192,
    "crude_dependence": 0.051,
    "patell_z": 0.179,
    "bmp_t": 0.192,
    "adjusted_patell_z": 0.049,
    "adjusted_bmp_t": 0.048,
    "corrado_rank": 0.030,
    "mvrm_f": 0.046,
    "permutation": 0.05,
}
"""Sizes of four firms of one date that other code found."""


@pytest.fixture(scope="module")
def four() -> Calibration:
    return calibrate(**FOUR, sigma=0.03, tests=(*REFERENCE, "portfolio_t", "sign"))


def near(size, error, reference):
    return size == pytest.approx(reference, abs=SIGMAS * np.hypot(error, REFERENCE_ERROR))


@pytest.mark.parametrize(("test", "size"), REFERENCE.items())
def test_four_firms_of_one_date_have_the_sizes_of_the_reference(four, test, size):
    row = four[test]
    assert near(row.size, row.size_error, size)
    assert row.size_error == pytest.approx(np.sqrt(row.size * (1 - row.size) / 2_000))
    assert row.draws == 2_000
    assert row.misleads == (size > 0.1)
    assert row.unavailable is None


@pytest.mark.parametrize(
    ("changes", "sizes"),
    [
        ({"tails": 4.0}, {"crude_dependence": 0.054, "adjusted_bmp_t": 0.059, "mvrm_f": 0.077, "corrado_rank": 0.042}),
        (
            {"variance_ratio": 2.0},
            {"crude_dependence": 0.161, "adjusted_bmp_t": 0.047, "mvrm_f": 0.295, "patell_z": 0.335},
        ),
        ({"correlation": 0.0}, {"bmp_t": 0.051, "patell_z": 0.049, "mvrm_f": 0.047, "corrado_rank": 0.049}),
        ({"events": 8}, {"bmp_t": 0.388, "patell_z": 0.320, "adjusted_bmp_t": 0.050, "mvrm_f": 0.048}),
        (
            {"events": 30, "estimation": 250, "correlation": 0.1, "variance_ratio": 2.0},
            {"crude_dependence": 0.165, "mvrm_f": 0.819, "adjusted_bmp_t": 0.049, "bmp_t": 0.336},
        ),
    ],
)
def test_other_worlds_have_the_sizes_of_the_reference(changes, sizes):
    counts = count_rejections(World(**FOUR | changes), tests=tuple(sizes), effects={0.0: 2_000}, level=0.05, seed=1)
    for test, size in sizes.items():
        found = counts[test].rejected[0] / counts[test].draws[0]
        assert near(found, np.sqrt(found * (1 - found) / 2_000), size), test


@pytest.mark.parametrize(("events", "rho"), [(4, 0.1), (10, 0.05), (10, 0.2), (30, 0.1)])
def test_over_rejection_under_correlation_is_that_of_the_formula(events, rho):
    world = World(events=events, estimation=250, correlation=rho)
    counts = count_rejections(world, tests=("patell_z", "bmp_t"), effects={0.0: 2_000}, level=0.05, seed=3)
    inflation = 1 + (events - 1) * rho
    for test, size in (("patell_z", normal_size(inflation)), ("bmp_t", t_size(events - 1, inflation / (1 - rho)))):
        error = np.sqrt(size * (1 - size) / 2_000)
        assert counts[test].rejected[0] / 2_000 == pytest.approx(size, abs=SIGMAS * error), test


@pytest.mark.parametrize(("sd", "ar", "power"), [(0.02, 0.01, 0.353), (0.02, 0.015, 0.660), (0.04, 0.02, 0.353)])
def test_power_of_independent_events_is_that_of_the_normal_formula(sd, ar, power):
    world = World(events=10, estimation=500, dates=10)
    counts = count_rejections(world, tests=("patell_z",), effects={ar / sd: 1_500}, level=0.05, seed=5)["patell_z"]
    assert counts.rejected[0] / 1_500 == pytest.approx(power, abs=SIGMAS * np.sqrt(power * (1 - power) / 1_500))


def test_the_portfolio_detects_2_8_standard_errors(four):
    row = four["portfolio_t"]
    days = stats.t.isf(0.025, 118) + stats.t.isf(0.2, 118)  # 2.825
    error = np.sqrt((1 + 3 * 0.4) / 4) * np.sqrt(1 + 1 / 120 + 1 / 120)
    assert four.world.mean_error == pytest.approx(np.sqrt(0.55), rel=1e-12)
    assert row.detectable == pytest.approx(days * error, abs=3 * row.detectable_error)
    assert row.detectable_error < 0.03 * row.detectable
    assert row.detectable_return == pytest.approx(0.03 * row.detectable, rel=1e-12)
    assert row.detectable_return == pytest.approx(0.063, abs=0.003)  # a portfolio of four with sd 3 % and rho 0.4
    assert four["adjusted_bmp_t"].detectable > 1.3 * row.detectable
    assert four["sign"].detectable is None


def test_power_is_of_the_first_panels_under_every_effect(four):
    assert four.power_draws == 500
    row = four["portfolio_t"]
    assert [effect for effect, _ in row.power] == [step * four.world.mean_error for step in GRID]
    shares = [share for _, share in row.power]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    again = count_rejections(
        four.world, tests=("portfolio_t",), effects={row.power[2][0]: 500}, level=0.05, seed=four.seed
    )["portfolio_t"]
    assert again.rejected[0] / 500 == shares[2]


def test_rows_are_the_tests_and_those_that_cannot_run_say_why():
    four = calibrate(**FOUR, sigma=0.03, draws=100)
    assert [row.test for row in four.rows] == list(TESTS)
    assert four["grank_t"].size is None
    assert four["grank_t"].refusal == fact("unavailable.small_sample", n=4, need=15)
    assert four["wild_bootstrap"].refusal == fact("unavailable.one_draw")
    assert four["permutation"].told == fact("note.inner_draws", draws=199)
    assert four["bmp_t"].told is None
    with pytest.raises(KeyError, match="nothing"):
        four["nothing"]


def test_detectable_effects_lie_on_the_probit_line():
    """Shares of an exact probit line between two points of the grid give back the effect of 80 %."""
    draws = 1_000_000
    power = [(effect, float(stats.norm.cdf(1.3 * effect - 1.96))) for effect in (0.0, 1.0, 2.0, 3.0)]
    found, error = detectable(power, draws)
    assert found == pytest.approx((1.96 + stats.norm.isf(0.2)) / 1.3, abs=1e-5)
    assert error == pytest.approx(np.sqrt(0.16 / draws) / (stats.norm.pdf(stats.norm.isf(0.2)) * 1.3), rel=1e-4)
    assert detectable([(0.0, 0.05), (1.0, 0.79)], 500) is None
    assert detectable([(0.0, 0.85), (1.0, 0.99)], 500) is None
    assert detectable([(0.0, 0.05), (1.0, 0.8)], 500)[0] == 1.0


def engine_study(world, simulated):
    """The event study of one simulated panel on frames, each date's sessions after those of the one before."""
    days = world.estimation + world.window
    index = pd.bdate_range("2000-01-03", periods=days * world.dates)
    market = pd.Series(0.01 * simulated.market[0].ravel(), index=index, name="MKT")
    returns = pd.DataFrame(np.nan, index=index, columns=[f"F{row}" for row in range(world.events)])
    for row, date in enumerate(world.group):
        returns.iloc[date * days : (date + 1) * days, row] = simulated.errors[0, row]
    first = index[world.group * days + world.estimation]
    events = pd.DataFrame({"asset": returns.columns, "date": first})
    windows = {"estimation_window": (-world.estimation, -1), "event_window": (0, world.window - 1)}
    return es.event_study(returns, events, benchmark=market, accept=["scale"], **windows)


@pytest.mark.parametrize(
    "world",
    [
        World(events=5, estimation=60, correlation=0.4),
        World(events=16, estimation=60, window=3, correlation=0.2, tails=4.0),
        World(events=20, estimation=40, window=2, correlation=0.3, dates=7, variance_ratio=2.0),
    ],
)
def test_simulated_sections_are_what_the_engine_makes_of_the_same_returns(world):
    simulated = simulate(world, np.random.default_rng(7), 3)
    for panel, section in enumerate(sections(world, simulated)):
        one = replace(simulated, market=simulated.market[[panel]], errors=simulated.errors[[panel]])
        study = engine_study(world, one)
        same = study.section((0, world.window - 1))
        for name in ("ar", "ar_se", "car", "car_se", "sigma"):
            np.testing.assert_allclose(getattr(section, name), getattr(same, name), rtol=1e-9)
        for name in TESTS:
            mine, theirs = run_test(name, section, 3), run_test(name, same, 3)
            assert mine.pvalue == (None if theirs.pvalue is None else pytest.approx(theirs.pvalue, rel=1e-7)), name
            assert mine.unavailable == theirs.unavailable


@pytest.mark.parametrize("rho", [-0.3, 0.0, 0.5])
@pytest.mark.parametrize("tails", [None, 5.0])
def test_errors_have_unit_variance_the_correlation_and_the_event_variance(rho, tails):
    world = World(events=6, estimation=400, correlation=rho, tails=tails, variance_ratio=2.0, window=100, dates=2)
    errors = simulate(world, np.random.default_rng(1), 60).errors
    past, event = errors[..., :400], errors[..., 400:]
    assert past.var() == pytest.approx(1.0, abs=0.03)
    assert event.var() / past.var() == pytest.approx(2.0, abs=0.1)
    found = np.corrcoef(past.transpose(1, 0, 2).reshape(6, -1))
    same = np.equal.outer(world.group, world.group)
    np.testing.assert_allclose(found, np.where(same, np.where(np.eye(6) == 1, 1.0, rho), 0.0), atol=0.03)
    kurtosis = float(stats.kurtosis(past, axis=None))
    assert (abs(kurtosis) < 0.1) == (tails is None)


def test_the_standard_error_of_the_mean_is_that_of_the_simulation():
    world = World(events=7, estimation=30, window=3, correlation=0.3, variance_ratio=1.5, dates=3)
    errors = simulate(world, np.random.default_rng(2), 20_000).errors[..., 30:]
    assert errors.sum(axis=2).mean(axis=1).std() == pytest.approx(world.mean_error, rel=0.03)


def test_numbers_are_the_same_on_any_number_of_workers():
    alone = calibrate(**QUICK)
    with ThreadPoolExecutor(3) as threads:
        assert calibrate(**QUICK, executor=threads) == alone
    with ProcessPoolExecutor(2) as processes:
        assert calibrate(**QUICK, executor=processes) == alone
    assert calibrate(**QUICK, seed=2) != alone
    few = count_rejections(alone.world, tests=("bmp_t",), effects={0.0: 100, 1.0: 37}, level=0.05, seed=1)["bmp_t"]
    assert few.draws == (100, 37)
    more = count_rejections(alone.world, tests=("bmp_t",), effects={0.0: 130, 1.0: 37}, level=0.05, seed=1)["bmp_t"]
    assert more.rejected[1] == few.rejected[1]


def test_large_panels_come_in_small_chunks_and_progress_adds_up():
    told: list[int] = []
    world = World(events=300, estimation=250)
    count_rejections(world, tests=("sign",), effects={0.0: 60}, level=0.05, seed=1, progress=told.append)
    assert told == [26, 26, 8]
    told.clear()
    calibrate(**QUICK, progress=told.append)
    assert told == [50, 50, 30]


def test_a_test_rejects_at_its_level_and_not_above():
    """p-values of the permutation test lie on multiples of 1/20 with 19 days: level 0.05 is attained exactly."""
    world = World(events=2, estimation=19)
    found = count_rejections(world, tests=("permutation",), effects={0.0: 2_000}, level=0.05, seed=1)["permutation"]
    assert found.rejected[0] / 2_000 == pytest.approx(0.05, abs=SIGMAS * np.sqrt(0.05 * 0.95 / 2_000) + 0.01)
    none = count_rejections(world, tests=("permutation",), effects={0.0: 200}, level=0.0499, seed=1)["permutation"]
    assert none.rejected == (0,)


def test_the_cache_gives_the_same_and_computes_once(tmp_path, monkeypatch):
    told: list[int] = []
    first = calibrate_cached(tmp_path / "new" / "folder", **QUICK, progress=told.append)
    assert first == calibrate(**QUICK)
    assert sum(told) == 130
    monkeypatch.setattr(cache, "calibrate", lambda **_: pytest.fail("computed again"))
    monkeypatch.setattr(cache, "signature", lambda _: __import__("inspect").signature(calibrate))
    again = calibrate_cached(tmp_path / "new" / "folder", **QUICK, progress=told.append)
    assert again == first
    assert isinstance(again.rows[0].power[0], tuple)
    assert sum(told) == 130
    assert (
        calibrate_cached(tmp_path / "new" / "folder", **QUICK | {"tests": ["bmp_t", "permutation", "portfolio_t"]})
        == first
    )
    assert calibrate_cached(tmp_path / "new" / "folder", **QUICK | {"events": np.int64(3)}, seed=1) == first
    assert [path.suffix for path in (tmp_path / "new" / "folder").iterdir()] == [".json"]


def test_other_arguments_and_other_software_have_other_files(tmp_path, monkeypatch):
    first = calibrate_cached(tmp_path, **QUICK)
    changes = ({"events": 4}, {"sigma": 0.02}, {"level": 0.1}, {"seed": 2}, {"tests": ("bmp_t",)}, {"tails": 4.0})
    for number, change in enumerate(changes, 2):
        assert calibrate_cached(tmp_path, **QUICK | change) != first
        assert len(list(tmp_path.iterdir())) == number
    monkeypatch.setattr(cache, "version", lambda name: f"{name} of tomorrow")
    assert calibrate_cached(tmp_path, **QUICK) == first
    assert len(list(tmp_path.iterdir())) == len(changes) + 2


def damage_text(text):
    return text[: len(text) // 2]


def damage_number(text):
    held = json.loads(text)
    held["calibration"]["rows"][0]["size"] = 0.5
    return json.dumps(held)


def damage_question(text):
    held = json.loads(text)
    held["asked"]["draws"] = 10
    return json.dumps(held)


@pytest.mark.parametrize(
    "damage",
    [
        damage_text,
        damage_number,
        damage_question,
        lambda _: "",
        lambda _: "[]",
        lambda _: "7",
        lambda _: '{"asked": 1}',
        lambda _: "\udcff",
    ],
)
def test_a_damaged_file_is_written_anew(tmp_path, damage):
    first = calibrate_cached(tmp_path, **QUICK)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole.decode()).encode(errors="surrogateescape"))
    assert path.read_bytes() != whole
    assert calibrate_cached(tmp_path, **QUICK) == first
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_used_is_an_option_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match=r"the calibration .* cannot be read: Not a directory; name another folder"):
        calibrate_cached(tmp_path / "file", **QUICK)
    calibrate_cached(tmp_path / "held", **QUICK)
    (path,) = (tmp_path / "held").iterdir()
    path.unlink()
    path.mkdir()
    with pytest.raises(OptionError, match=r"cannot be read: Is a directory; name another folder"):
        calibrate_cached(tmp_path / "held", **QUICK)


def test_a_file_that_cannot_be_put_in_place_leaves_nothing(tmp_path, monkeypatch):
    def full(_self, _target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OptionError) as caught:
        calibrate_cached(tmp_path, **QUICK)
    assert str(caught.value) == (
        f"the calibration cannot be written to {tmp_path}: No space left on device; name another folder"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"events": 0}, "events=0 is not allowed; it is 1 or more"),
        ({"estimation": 2}, "estimation=2 is not allowed; it is 3 or more"),
        ({"window": 0}, "window=0 is not allowed; it is 1 or more"),
        ({"dates": 0}, "dates=0 is not allowed; it is 1 or more"),
        ({"dates": 4}, "dates=4 is more than events=3; a date has at least one event"),
        (
            {"correlation": 1.0},
            "correlation=1.0 is not allowed; 3 events of one date can have correlations between -0.5 and 1",
        ),
        (
            {"correlation": -0.5},
            "correlation=-0.5 is not allowed; 3 events of one date can have correlations between -0.5 and 1",
        ),
        ({"tails": 2.0}, "tails=2.0 is not allowed; give t degrees of freedom above 2, or None for normal"),
        ({"variance_ratio": 0.0}, "variance_ratio=0.0 is not allowed; it is a positive number"),
        ({"tests": ("t",)}, f"there is no test 't'; allowed: {', '.join(TESTS)}"),
        ({"tests": ()}, "tests is empty; name one or more, or None for all"),
        ({"level": 1.0}, "level=1.0 is not allowed; it lies between 0 and 1"),
        ({"draws": 99}, "draws=99 is not allowed; it is 100 or more"),
        ({"seed": -1}, "seed=-1 is not allowed; it is 0 or more"),
        ({"sigma": 0.0}, "sigma=0.0 is not allowed; give a positive decimal return, or None"),
    ],
)
def test_arguments_that_are_not_allowed(changes, message, tmp_path):
    for call in (calibrate, lambda **given: calibrate_cached(tmp_path, **given)):
        with pytest.raises(OptionError) as caught:
            call(**QUICK | changes)
        assert str(caught.value) == message
    assert list(tmp_path.iterdir()) == []


def test_one_day_permutations_are_counted_in_full_however_many_days():
    world = World(events=3, estimation=260)
    for section in sections(world, simulate(world, np.random.default_rng(4), 5)):
        assert run_test("permutation", section, 1).pvalue == TESTS["permutation"](section).pvalue


WORLDS = [
    World(events=4, estimation=40, correlation=0.6),
    World(events=20, estimation=30, window=2, correlation=0.2, dates=5),
    World(events=1, estimation=30),
]


@pytest.mark.parametrize("world", WORLDS)
def test_held_residuals_answer_as_residuals_read_anew(world):
    (held,) = sections(world, simulate(world, np.random.default_rng(5), 1))
    assert isinstance(held.residuals, HeldResiduals)
    anew = replace(held, residuals=lambda: iter(held.residuals.blocks))
    for effect in (0.0, 0.7, -3.0):
        for name in TESTS:
            mine, theirs = (
                run_test(name, replace(one, ar=one.ar + effect, car=one.car + effect * world.window), 3)
                for one in (held, anew)
            )
            assert mine == theirs, (name, effect)
    for name, variant in (("generalized_sign", "pooled"), ("adjusted_bmp_t", "all_pairs")):
        assert TESTS[name](held, variant=variant) == TESTS[name](anew, variant=variant)


def test_a_function_of_the_history_runs_once_for_held_residuals():
    (held,) = sections(WORLDS[0], simulate(WORLDS[0], np.random.default_rng(5), 1))
    anew, read = replace(held, residuals=lambda: iter(held.residuals.blocks)), []

    @of_history
    def sizes(section, *, doubled=False):
        read.append(doubled)
        return section.size * (1 + doubled)

    moved = replace(held, car=held.car + 1.0)
    assert [sizes(held), sizes(moved), sizes(held, doubled=True), sizes(moved, doubled=True)] == [4, 4, 8, 8]
    assert read == [False, True]
    assert [sizes(anew), sizes(anew)] == [4, 4]
    assert read == [False, True, False, False]
