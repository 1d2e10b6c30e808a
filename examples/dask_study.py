"""The same study here and on a local Dask cluster: the numbers do not depend on where the chunks run."""

from __future__ import annotations

import numpy as np
import pandas as pd
from distributed import Client, LocalCluster

import eventstudy as es


def made(events: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Invented returns of fifty firms, and events spread over them."""
    rng = np.random.default_rng(1)
    sessions = pd.bdate_range("2015-01-02", periods=1_000)
    market = rng.normal(0, 0.01, 1_000)
    values = market[:, None] + rng.normal(0, 0.02, (1_000, 50))
    returns = pd.DataFrame(values, index=sessions, columns=[f"F{n}" for n in range(50)]).assign(MKT=market)
    place = rng.integers(262, 988, events)
    return returns, pd.DataFrame({"asset": [f"F{n}" for n in rng.integers(0, 50, events)], "date": sessions[place]})


def main() -> None:
    """Run both and print the largest difference."""
    returns, events = made(20_000)
    here = es.event_study(returns, events, benchmark="MKT")
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        there = es.event_study(returns, events, benchmark="MKT", executor=client.get_executor())
    print(f"largest difference: {float((here.ar - there.ar).abs().max().max()):.1e}")


if __name__ == "__main__":
    main()
