"""Size and power of every test by simulation; writes docs/size.md."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np

from eventstudy.inference import TESTS, TestResult, bootstrap_pvalue, fit_jointly, mvrm_f, wald
from eventstudy.inference.chooser import advise
from eventstudy.robustness import Counts, World, count_rejections, simulate
from eventstudy.robustness.simulation import CHUNK, INNER_DRAWS, sections

ROOT = Path(__file__).resolve().parents[1]
SEED = 20251208
REPLICATIONS = 2_000
RESAMPLED_REPLICATIONS = 500
RESAMPLED = tuple(name for name, test in TESTS.items() if test.draws)
JOINT_DRAWS = 499
FOLLOWED = "following the chooser"
STREAMS = (*range(7), 10, 11, 7, 8, 9)
"""Streams of random numbers of the designs: those added later have later ones, so that the others stay."""
LEVEL = 0.05


class Design(NamedTuple):
    """One world, and the effect on every event in standard deviations of its errors."""

    name: str
    world: World
    effect: float = 0.0


SIZE = (
    Design("4 firms, one date, independent", World(events=4, estimation=120)),
    Design("4 firms, one date, correlation 0.4", World(events=4, estimation=120, correlation=0.4)),
    Design("the same, t4 errors", World(events=4, estimation=120, correlation=0.4, tails=4.0)),
    Design("the same, event-day variance x 2", World(events=4, estimation=120, correlation=0.4, variance_ratio=2.0)),
    Design("8 firms, one date, correlation 0.4", World(events=8, estimation=120, correlation=0.4)),
    Design("30 firms, one date, correlation 0.1", World(events=30, estimation=250, correlation=0.1)),
    Design(
        "50 events on own dates, t4 errors (Brown and Warner)", World(events=50, estimation=239, tails=4.0, dates=50)
    ),
    Design(
        "as F, the errors of a day with one t4 scale",
        World(events=30, estimation=250, correlation=0.1, tails=4.0, common_scale=True),
    ),
    Design("as F, event-day variance x 2", World(events=30, estimation=250, correlation=0.1, variance_ratio=2.0)),
)
POWER = (
    Design(
        "4 firms, one date, correlation 0.4, sd 3 %, effect -6 %",
        World(events=4, estimation=120, correlation=0.4),
        -0.06 / 0.03,
    ),
    Design(
        "15 firms, one date, correlation 0.4, sd 3 %, effect -6 %",
        World(events=15, estimation=120, correlation=0.4),
        -0.06 / 0.03,
    ),
    Design(
        "50 events on own dates, t4 errors, sd 2.53 %, effect 1 %",
        World(events=50, estimation=239, tails=4.0, dates=50),
        0.01 / 0.0253,
    ),
)


def joint(design: Design, seed: int) -> dict[str, Counts]:
    """The Wald test, and the F test with its p from whole residual vectors, of events of one date."""
    world, rng = design.world, np.random.default_rng(seed)
    rejected = {"wald (for comparison)": 0, "mvrm_f, vector bootstrap": 0}
    for replication in range(REPLICATIONS):
        panel = simulate(world, rng, 1)
        y, x = panel.errors[0].T, panel.market[0, 0]
        past = world.estimation
        fit = fit_jointly(y[:past], x[:past], y[past:] + design.effect, x[past:])
        rejected["wald (for comparison)"] += rejects(wald(fit))
        if replication < RESAMPLED_REPLICATIONS:
            pvalue = bootstrap_pvalue(fit, mvrm_f(fit), rng, draws=JOINT_DRAWS)
            rejected["mvrm_f, vector bootstrap"] += pvalue <= LEVEL
    tried = dict(zip(rejected, (REPLICATIONS, RESAMPLED_REPLICATIONS), strict=True))
    return {name: Counts((count,), (tried[name],), None) for name, count in rejected.items()}


def followed(design: Design, seed: int) -> Counts:
    """The test that the chooser recommends for each panel, as its reader would take it."""
    world, rng = design.world, np.random.default_rng(seed)
    rejected = 0
    for section in (one for _ in range(REPLICATIONS // CHUNK) for one in sections(world, simulate(world, rng, CHUNK))):
        moved = replace(section, ar=section.ar + design.effect, car=section.car + design.effect)
        rejected += rejects(TESTS[advise(moved).recommended](moved))
    return Counts((rejected,), (REPLICATIONS,), None)


def rejects(result: TestResult) -> bool:
    """Whether a test that could be run rejects."""
    return result.pvalue is not None and result.pvalue <= LEVEL


def rejections(design: Design, number: int) -> dict[str, tuple[float, float] | None]:
    """Rejection rate and Monte Carlo standard error of each test, None where it could not be run."""
    seed = SEED + number
    kinds = (([name for name in TESTS if name not in RESAMPLED], REPLICATIONS), (RESAMPLED, RESAMPLED_REPLICATIONS))
    counts: dict[str, Counts] = {}
    for names, draws in kinds:
        counts |= count_rejections(design.world, tests=names, effects={design.effect: draws}, level=LEVEL, seed=seed)
    counts = {name: counts[name] for name in TESTS}
    counts[FOLLOWED] = followed(design, seed)
    if design.world.dates == 1:
        counts |= joint(design, seed)
    return {name: rate(found) for name, found in counts.items()}


def rate(found: Counts) -> tuple[float, float] | None:
    """Share of rejections and its standard error."""
    (rejected,), (tried,) = found.rejected, found.draws
    if not tried:
        return None
    share = rejected / tried
    return share, float(np.sqrt(share * (1 - share) / tried))


def table(designs: tuple[Design, ...], found: list[dict[str, tuple[float, float] | None]]) -> str:
    """Tests down, designs across, in percent."""
    names = list(dict.fromkeys(name for one in found for name in one))
    letters = "ABCDEFGHIJ"[: len(designs)]
    lines = ["| test | " + " | ".join(letters) + " |", "| --- |" + " ---: |" * len(designs)]
    for name in names:
        cells = []
        for one in found:
            rate = one.get(name)
            cells.append("-" if rate is None else f"{100 * rate[0]:.1f} ({100 * rate[1]:.1f})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    key = "\n".join(
        f"- {letter}: {design.name}; T = {design.world.estimation}"
        for letter, design in zip(letters, designs, strict=True)
    )
    return f"{key}\n\n" + "\n".join(lines)


def page() -> str:
    """The page docs/size.md."""
    designs = (*SIZE, *POWER)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(rejections, designs, STREAMS))
    size, power = found[: len(SIZE)], found[len(SIZE) :]
    return (
        "# Size and power of the tests\n\n"
        "Written by `nox -s size`. Share of two-sided rejections at 5 % in percent, Monte Carlo standard error in\n"
        "brackets; a dash where the test says that it cannot be run there. Market model, one-day windows.\n"
        f"{REPLICATIONS:,} replications; {RESAMPLED_REPLICATIONS} for resampling tests ({INNER_DRAWS} draws) and the\n"
        f"vector bootstrap ({JOINT_DRAWS} draws). Seed {SEED}.\n\n"
        "## Size: nothing happened\n\n"
        f"{table(SIZE, size)}\n\n"
        "Tests that take firms of one date for independent (cross-sectional t, Patell, BMP, signs, Wilcoxon) reject\n"
        "many times too often there; doubled event-day variance misleads all but the adjusted BMP test. The Wald test\n"
        "is printed for comparison only. The vector bootstrap of the F test holds its size with fat tails and is\n"
        "conservative where securities are many against days.\n\n"
        "Where a day's errors share one fat-tailed scale (H), the F test, GRANK and the rank test of Corrado and\n"
        "Zivney reject too often: they hold the event day against a cross-section or a covariance that such a day\n"
        "does not have. The chooser refuses them for many firms of one date. The row `following the chooser` is the\n"
        "size of taking, panel by panel, whatever the chooser recommends: of the advice itself, its look at the event\n"
        "day's variance included.\n\n"
        "## Power: something happened\n\n"
        f"{table(POWER, power)}\n\n"
        "A test whose size is wrong in a design has no meaningful power there.\n"
    )


if __name__ == "__main__":
    text = page()
    (ROOT / "docs" / "size.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
