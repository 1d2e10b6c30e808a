"""The recorded bars behind the abnormal returns, so that a report can show the prices themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from eventstudy.calendars import to_date
from eventstudy.prices import PricePanel
from eventstudy.results import ArRecord, BarRecord
from eventstudy.study.ledger import Ledger


def bar_records(prices: PricePanel, ar: Sequence[ArRecord], ledger: Ledger) -> Iterator[BarRecord]:
    """Every bar from a security's first to its last session with an abnormal return, and the one before."""
    for symbol in dict.fromkeys(record.security for record in ar):
        series = prices[symbol]
        if series.close is None:
            continue
        sessions = [record.session for record in ar if record.security == symbol]
        first = int(np.searchsorted(series.sessions, np.datetime64(min(sessions))))
        last = int(np.searchsorted(series.sessions, np.datetime64(max(sessions))))
        close = series.close
        for row in range(max(first - 1, 0), last + 1):
            session = to_date(series.sessions[row])
            edges = {
                name: float(values[row]) for name, values in series.columns.items() if name in ("open", "high", "low")
            }
            yield BarRecord(
                security=symbol,
                session=session,
                **edges,
                close=float(close[row]),
                change=float(close[row] / close[row - 1] - 1.0) if row else None,
                flags=tuple(sorted(ledger.flags(symbol, [session], of_event=None))),
            )
