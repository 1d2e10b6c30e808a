"""Critical values of sup-F: exact, simulated on grids, and as printed; prints a table."""

from __future__ import annotations

import argparse
import os
import sys

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np

from eventstudy.inference.breaks import LEVELS, TRIM, critical_values

SEED = 20251208
REPLICATIONS = 40_000
GRID = 3_600
THIN = (1, 4, 16)
COEFFICIENTS = 10
BLOCK = 400
# Andrews (2003), trim 0.15, at 10, 5 and 1 %, divided by k as Stock and Watson (Introduction to Econometrics) print it
PRINTED = (
    (7.12, 8.68, 12.16),
    (5.00, 5.86, 7.78),
    (4.09, 4.71, 6.02),
    (3.59, 4.09, 5.12),
    (3.26, 3.66, 4.53),
    (3.02, 3.37, 4.12),
    (2.84, 3.15, 3.82),
    (2.69, 2.98, 3.57),
    (2.58, 2.84, 3.38),
    (2.48, 2.71, 3.23),
)


def suprema(rng: np.random.Generator, replications: int) -> np.ndarray:
    """(thinnings, k, B) suprema of |B(r) - r B(1)|^2 / (r (1 - r)) over a grid of r in [trim, 1 - trim]."""
    r = np.arange(1, GRID) / GRID
    inside = (r >= TRIM - 1e-12) & (r <= 1.0 - TRIM + 1e-12)
    found = np.empty((len(THIN), COEFFICIENTS, replications))
    for start in range(0, replications, BLOCK):
        rows = slice(start, min(start + BLOCK, replications))
        size = rows.stop - rows.start
        square = np.zeros((size, int(inside.sum())))
        for k in range(COEFFICIENTS):
            walk = np.cumsum(rng.standard_normal((size, GRID)), axis=1) / np.sqrt(GRID)
            bridge = walk[:, :-1] - r * walk[:, -1:]
            square += bridge[:, inside] ** 2 / (r[inside] * (1.0 - r[inside]))
            for row, step in enumerate(THIN):
                found[row, k, rows] = square[:, ::step].max(axis=1)
    return found


def table(found: np.ndarray) -> str:
    """Coefficients down; levels and sources across."""
    grids = [f"grid {GRID // step}" for step in THIN]
    sources = ["exact", *grids, "MC error", "printed"]
    lines = ["| k | level | " + " | ".join(sources) + " |", "| --- | --- |" + " ---: |" * len(sources)]
    for k in range(1, COEFFICIENTS + 1):
        for column, level in enumerate(LEVELS):
            draws = found[:, k - 1]
            simulated = np.quantile(draws, 1.0 - level, axis=1)
            near = np.quantile(draws[0], [1.0 - level * 1.1, 1.0 - level * 0.9])
            error = np.sqrt(level * (1.0 - level) / draws.shape[1]) * (near[1] - near[0]) / (0.2 * level)
            values = [critical_values(k)[column], *simulated, error, k * PRINTED[k - 1][column]]
            lines.append(f"| {k} | {100 * level:.0f} % | " + " | ".join(f"{value:.2f}" for value in values) + " |")
    return "\n".join(lines)


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    replications = parser.parse_args().replications
    found = suprema(np.random.default_rng(SEED), replications)
    sys.stdout.write(
        f"Critical values of sup-F (k F), trim {TRIM}; {replications:,} replications, seed {SEED}.\n"
        "exact: eventstudy.inference.breaks.critical_values; printed: k times a table of two decimals.\n\n"
        f"{table(found)}\n"
    )


if __name__ == "__main__":
    main()
