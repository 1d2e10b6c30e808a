"""Yahoo's columns Dividends and Stock Splits, held against its own closes; frames made, in the place of a download."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import yfinance

from eventstudy.errors import ChangedFormatError
from eventstudy.facts import fact
from eventstudy.sources.vendors import yahoo
from eventstudy.sources.vendors.download import Manner, download

DAYS = pd.to_datetime(["2024-03-01", "2024-03-04", "2024-03-05", "2024-03-06"])


def day_fact(day):
    return fact("days", days_run="one", count=1, first=day, last=day)


def downloaded(monkeypatch, close, adjusted, *, paid=(0, 0, 0, 0), split=(0, 0, 0, 0)):
    close = np.array(close, dtype=float)
    frame = pd.DataFrame(
        {
            "Open": close,
            "High": close + 0.5,
            "Low": close - 0.5,
            "Close": close,
            "Adj Close": np.array(adjusted, dtype=float),
            "Volume": 1000,
            "Dividends": paid,
            "Stock Splits": split,
        },
        index=DAYS.tz_localize("America/New_York").rename("Date"),
    )

    class Ticker:
        def __init__(self, symbol):
            self.symbol = symbol

        def history(self, **options):
            return frame

    monkeypatch.setattr(yfinance, "Ticker", Ticker)
    return download(yahoo.VENDOR, "AAA", date(2024, 3, 1), date(2024, 3, 8), Manner())


def contradictions(found):
    return [note for note in found.notes if note.code == "dividends.not_in_adjusted"]


def test_a_dividend_that_is_not_in_the_adjusted_closes_is_told(monkeypatch):
    close = [10.5, 10.8, 10.3, 10.3]
    (note,) = contradictions(downloaded(monkeypatch, close, close, paid=(0, 0, 0.5, 0)))
    assert note.values["days"] == day_fact("2024-03-05").document()
    half = 1 - 0.25 / 10.8
    assert contradictions(downloaded(monkeypatch, close, [10.5 * half, 10.8 * half, 10.3, 10.3], paid=(0, 0, 0.5, 0)))


@pytest.mark.parametrize("paid", [0.5, 0.01, 3.0])
def test_a_dividend_that_is_in_them_is_not(monkeypatch, paid):
    close = np.array([10.5, 10.8, 10.3, 10.3])
    factor = np.where(np.arange(4) < 2, 1 - paid / 10.8, 1.0)
    adjusted = (close * factor).astype("float32").astype(float)
    assert contradictions(downloaded(monkeypatch, close, adjusted, paid=(0, 0, paid, 0))) == []


def test_a_split_that_is_not_in_the_closes_is_refused(monkeypatch):
    with pytest.raises(ChangedFormatError) as caught:
        downloaded(monkeypatch, [100, 101, 50.2, 50], [100, 101, 50.2, 50], split=(0, 0, 2, 0))
    assert str(caught.value) == (
        "yahoo: AAA: a split of 2 for 1 on 2024-03-05 is not in the closes (101, then 50.2); use another source"
    )
    with pytest.raises(
        ChangedFormatError, match=r"a split of 0.1 for 1 on 2024-03-06 is not in the closes \(1.1, then 10.9\)"
    ):
        downloaded(monkeypatch, [1, 1.05, 1.1, 10.9], [1, 1.05, 1.1, 10.9], split=(0, 0, 0, 0.1))
    kept = downloaded(monkeypatch, [50, 50.5, 50.2, 50], [50, 50.5, 50.2, 50], split=(0, 0, 2, 0))
    assert len(kept.series) == 4
