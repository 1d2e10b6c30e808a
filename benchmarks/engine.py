"""Speed of `event_study` against bare stacked numpy and a loop of statsmodels, in the same run, on one core."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
import pandas as pd

import eventstudy as es

FIRMS, SESSIONS = 500, 2_520
ESTIMATION, EVENT, CAR = (-260, -11), (-10, 10), (-1, 1)
ROUNDS = 5
LOOP_EVENTS = 1_000
BATTERY = ("adjusted_bmp_t", "corrado_rank", "grank_t", "generalized_sign", "sign")


def made(count: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Invented returns of 500 firms over ten years, and events spread over them."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, SESSIONS)
    values = market[:, None] * rng.uniform(0.5, 1.5, FIRMS) + rng.normal(0, 0.02, (SESSIONS, FIRMS))
    sessions = pd.bdate_range("2015-01-02", periods=SESSIONS)
    returns = pd.DataFrame(values, index=sessions, columns=[f"F{n}" for n in range(FIRMS)]).assign(MKT=market)
    places = rng.integers(262, SESSIONS - 12, count)
    events = pd.DataFrame({"asset": returns.columns[rng.integers(0, FIRMS, count)], "date": sessions[places]})
    return returns, events


def toolkit(returns: pd.DataFrame, events: pd.DataFrame) -> es.EventStudy:
    """Parameters, AR, SAR, CAR with exact variances, cross-sectional t, Patell, BMP."""
    study = es.event_study(returns, events, benchmark="MKT", estimation_window=ESTIMATION, event_window=EVENT)
    _ = study.abnormal.ar / study.abnormal.standard_errors
    for name in ("cross_sectional_t", "patell_z", "bmp_t"):
        study.test(name, CAR)
    return study


def bare(values: np.ndarray, market: np.ndarray, asset: np.ndarray, place: np.ndarray) -> tuple[float, ...]:
    """The same numbers by plain stacked numpy: no checks, no missing days, no reasons."""
    past, ahead = np.arange(ESTIMATION[0], ESTIMATION[1] + 1), np.arange(EVENT[0], EVENT[1] + 1)
    y, x = values[place[:, None] + past, asset[:, None]], market[place[:, None] + past]
    y1, x1 = values[place[:, None] + ahead, asset[:, None]], market[place[:, None] + ahead]
    n, events = past.size, asset.size
    x_mean, y_mean = x.mean(1, keepdims=True), y.mean(1, keepdims=True)
    dx, dy = x - x_mean, y - y_mean
    sxx = (dx * dx).sum(1)
    beta = (dx * dy).sum(1) / sxx
    alpha = y_mean[:, 0] - beta * x_mean[:, 0]
    resid = dy - beta[:, None] * dx
    variance = (resid * resid).sum(1) / (n - 2)
    ar = y1 - alpha[:, None] - beta[:, None] * x1
    _ = ar / np.sqrt(variance[:, None] * (1 + 1 / n + (x1 - x_mean) ** 2 / sxx[:, None]))
    days = slice(CAR[0] - EVENT[0], CAR[1] - EVENT[0] + 1)
    length = CAR[1] - CAR[0] + 1
    car = ar[:, days].sum(1)
    scar = car / np.sqrt(variance * (length + length**2 / n + ((x1[:, days] - x_mean).sum(1)) ** 2 / sxx))
    return (
        car.mean() / (car.std(ddof=1) / np.sqrt(events)),
        scar.sum() / np.sqrt(events * (n - 2) / (n - 4)),
        scar.mean() / (scar.std(ddof=1) / np.sqrt(events)),
    )


def looped(values: np.ndarray, market: np.ndarray, asset: np.ndarray, place: np.ndarray) -> None:
    """One statsmodels OLS and one prediction per event."""
    import statsmodels.api as sm

    for row, day in zip(asset, place, strict=True):
        past, ahead = slice(day + ESTIMATION[0], day + ESTIMATION[1] + 1), slice(day + EVENT[0], day + EVENT[1] + 1)
        fit = sm.OLS(values[past, row], sm.add_constant(market[past])).fit()
        _ = values[ahead, row] - fit.get_prediction(sm.add_constant(market[ahead])).predicted_mean


def best(work, rounds: int = ROUNDS) -> float:
    """Shortest of some timings, seconds."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def ratios(count: int = 10_000) -> list[tuple[str, str, str]]:
    """Rows of the table: what, result, wanted."""
    returns, events = made(count)
    values, market = returns.drop(columns="MKT").to_numpy(), returns["MKT"].to_numpy()
    asset = returns.columns.get_indexer(events["asset"])
    place = returns.index.get_indexer(events["date"])
    ours = best(lambda: toolkit(returns, events))
    plain = best(lambda: bare(values, market, asset, place))
    few = slice(0, LOOP_EVENTS)
    loop = best(lambda: looped(values, market, asset[few], place[few]), 1) * count / LOOP_EVENTS
    study = toolkit(returns, events)
    battery = ours + best(lambda: [study.test(name, CAR) for name in BATTERY], 2)
    return [
        (f"bare stacked numpy, {count:,} events", f"{plain:.3f} s", ""),
        (f"`event_study`, {count:,} events", f"{ours:.3f} s = {ours / plain:.2f} x bare", "at most 2.5 x"),
        ("with the default battery of tests", f"{battery:.3f} s = {battery / plain:.1f} x bare", "at most 20 x"),
        ("a loop of statsmodels OLS", f"{loop:.1f} s = {loop / ours:.0f} x `event_study`", "at least 20 x"),
    ]


def scale(count: int) -> tuple[float, float]:
    """Seconds and peak memory in GB of one process with `count` events."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import engine; engine.alone({count})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def alone(count: int) -> None:
    """Run once and print seconds and peak memory; called in a process of its own."""
    toolkit(*made(500))
    returns, events = made(count)
    start = time.perf_counter()
    toolkit(returns, events)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    sys.stdout.write(f"{time.perf_counter() - start:.3f} {peak:.3f}\n")


def scaling() -> list[tuple[str, str, str]]:
    """Rows of the table on one million events."""
    small = min(scale(10_000)[0] for _ in range(3))
    large, peak = scale(1_000_000)
    per_event = large / 1_000_000 / (small / 10_000)
    return [
        ("1,000,000 events in one process", f"{large:.1f} s, peak {peak:.2f} GB", "under 2 GB"),
        ("cost per event, 1,000,000 over 10,000", f"{per_event:.2f}", "0.7 to 1.3"),
    ]
