"""What the gate costs beside the engine: 10,000 events on 500 assets x 2,520 days, one core.

    python benchmarks/gate.py

Prints the share of one run of `event_study` that each part of the gate takes; shares of one run mean the same on
every machine.
"""

from __future__ import annotations

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import time
from statistics import median

import numpy as np
import pandas as pd

import eventstudy as es
from eventstudy.engine.inputs import Regressors
from eventstudy.engine.moments import event_dates
from eventstudy.engine.study import require_returns
from eventstudy.gate.tables import read_wide

ASSETS, DAYS, EVENTS, RUNS = 500, 2_520, 10_000, 9


def made():
    rng = np.random.default_rng(1)
    index = pd.bdate_range("2010-01-01", periods=DAYS)
    market = rng.normal(0, 0.01, DAYS)
    values = market[:, None] + rng.normal(0, 0.02, (DAYS, ASSETS))
    returns = pd.DataFrame(values, index=index, columns=[f"F{n}" for n in range(ASSETS)]).assign(MKT=market)
    events = pd.DataFrame(
        {"asset": [f"F{n}" for n in rng.integers(0, ASSETS, EVENTS)], "date": index[rng.integers(300, 2_400, EVENTS)]}
    )
    return returns, events


def seconds(call):
    """Median time of a call."""
    call()
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return median(taken)


def main():
    returns, events = made()
    wide = read_wide(returns, "returns")
    market = Regressors(("MKT",), wide.values[-1:])
    whole = seconds(
        lambda: es.event_study(returns, events, benchmark="MKT", estimation_window=(-250, -11), event_window=(-10, 10))
    )
    parts = {
        "tables read": seconds(lambda: read_wide(returns, "returns")),
        "values and units": seconds(lambda: require_returns(wide, market, frozenset())),
        "dates of events": seconds(lambda: event_dates(events, None)),
    }
    print("| part | share of `event_study` |\n| --- | ---: |")
    for name, taken in {**parts, "the gate": sum(parts.values())}.items():
        print(f"| {name} | {taken / whole:.1%} |")


if __name__ == "__main__":
    main()
