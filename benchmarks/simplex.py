"""CPU of the simplex weights against bare nonnegative least squares and a general-purpose solver, in the same run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
from scipy.optimize import minimize, nnls

from eventstudy.models.simplex import simplex_weights

CASES, DAYS, ROUNDS = 40, 250, 5


def bare(y: np.ndarray, x: np.ndarray) -> None:
    """No missing days, no refused donors, no check of the conditions."""
    for target, donors in zip(y, x, strict=True):
        apart = donors - target
        apart = apart - apart.mean(axis=1, keepdims=True)
        unit = np.sqrt((apart**2).sum(axis=1).mean())
        nnls(np.vstack([apart.T, np.full(len(apart), unit)]), np.append(np.zeros(DAYS), unit))


def general(y: np.ndarray, x: np.ndarray) -> None:
    """SLSQP with bounds and an equation, on the same objective."""
    for target, donors in zip(y, x, strict=True):
        apart = (donors - target) / target.std()
        second = (apart - apart.mean(axis=1, keepdims=True)) @ (apart - apart.mean(axis=1, keepdims=True)).T / DAYS
        minimize(
            lambda w, second=second: w @ second @ w,
            np.full(len(apart), 1.0 / len(apart)),
            jac=lambda w, second=second: 2.0 * second @ w,
            method="SLSQP",
            bounds=[(0.0, 1.0)] * len(apart),
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": np.ones_like},
        )


def seconds(run: Callable[[np.ndarray, np.ndarray], object], y: np.ndarray, x: np.ndarray) -> float:
    """The least CPU of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run(y, x)
        taken.append(time.process_time() - start)
    return min(taken)


def main() -> None:
    print("| donors | over bare nnls | over SLSQP |\n| --- | --- | --- |")
    for donors in (8, 40, 200):
        rng = np.random.default_rng(donors)
        market = rng.normal(0.0005, 0.01, (CASES, 1, DAYS))
        x = market + rng.normal(0.0, 0.015, (CASES, donors, DAYS))
        y = market[:, 0] + rng.normal(0.0, 0.015, (CASES, DAYS))
        ours = seconds(simplex_weights, y, x)
        ratios = [ours / seconds(run, y, x) for run in (bare, general)]
        print(f"| {donors} | {ratios[0]:.2f} | {ratios[1]:.3f} |")


if __name__ == "__main__":
    main()
