"""The ledger: every event that was given, where it stands and why, and what else its windows hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from eventstudy.engine.inputs import Placed
from eventstudy.facts import Fact
from eventstudy.kernel.sample import Sample

if TYPE_CHECKING:
    import pandas as pd


def ledger(sample: Sample, placed: Placed, had: Mapping[str, int], out: Mapping[str, Fact]) -> pd.DataFrame:
    """A row an event.

    Parameters
    ----------
    sample : Sample
        The events in the results.
    placed : Placed
        Every event that was given.
    had : mapping of str to int
        Observations of the estimation windows that were looked at, by event_id.
    out : mapping of str to Fact
        Why events are not in the results, by event_id.
    """
    import pandas as pd

    ids = placed.event_ids.astype(str)
    why = [out.get(event, reason) for event, reason in zip(ids, placed.why, strict=True)]
    there = placed.position >= 0
    session = sample.sessions[np.maximum(placed.position, 0)].astype("datetime64[s]")
    session[~there] = np.datetime64("NaT")
    frame = pd.DataFrame(
        {
            "event_id": ids,
            "asset": list(placed.assets),
            "date": ["" if pd.isna(one) else str(one) for one in placed.dates],
            "session": session,
            "used": [event not in out for event in ids],
            "why": [reason.code for reason in why],
            "detail": [str(reason) for reason in why],
            "values": [dict(reason.values) for reason in why],
            "sessions_moved": pd.array(np.where(there, placed.moved, -1), dtype="Int64"),
            "estimation_asked": placed.windows[:, 1] - placed.windows[:, 0] + 1,
            "estimation_had": pd.array([had.get(event) for event in ids], dtype="Int64"),
        }
    )
    frame.loc[~there, "sessions_moved"] = pd.NA
    for name, near in placed.neighbours().items():
        frame[f"others_in_{name}_window"] = [near.get(event, ()) for event in ids]
    return frame
