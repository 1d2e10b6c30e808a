"""The script of `nox -s live`, on replayed exchanges and on vendors that fail or differ."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from datetime import date

import pytest

from eventstudy.errors import UnreachableError
from eventstudy.sources.recorded import read_recorded
from eventstudy.sources.vendors import yahoo
from eventstudy.sources.vendors.download import Manner, download
from eventstudy.sources.vendors.exchanges import Replayer
from eventstudy.sources.vendors.wire import through
from tests.conftest import MADE_EXCHANGES, ROOT
from tests.made.figures import END, START


@pytest.fixture(scope="module")
def live():
    spec = importlib.util.spec_from_file_location("live", ROOT / "benchmarks" / "live.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["live"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    yield module
    del sys.modules["live"]


@pytest.fixture(scope="module")
def replayed():
    with through(Replayer(MADE_EXCHANGES)):
        return download(yahoo.VENDOR, "NVDA", START, END, Manner())


def within(found, span):
    days = found.series.sessions
    rows = (days >= span[0]) & (days <= span[1])
    columns = {name: values[rows] for name, values in found.series.columns.items()}
    return replace(found, series=replace(found.series, sessions=days[rows], **columns))


def test_what_came_is_a_line_a_vendor_and_a_text_to_send_back(live, replayed):
    def fetch(vendor, symbol):
        if vendor == "sina":
            raise UnreachableError("sina", symbol, "no connection")
        found = within(replayed, live.SPAN)
        return (
            found if vendor == "yahoo" else replace(found, series=replace(found.series, close=found.series.close * 1.5))
        )

    asked = [("yahoo", "NVDA", "NVDA"), ("tencent", "NVDA", "NVDA"), ("sina", "NVDA", "NVDA")]
    lines = list(live.came(fetch, asked))
    assert lines[0].line.startswith("10 of 10 closes as recorded; open, high, low, close, adj_close, volume; ")
    assert lines[1].line.startswith(
        "0 of 10 closes as recorded; other closes (times 1.5) on 2025-12-01, 2025-12-02, 2025-12-03;"
    )
    assert lines[2].line == "UnreachableError: sina: NVDA: no connection"
    text = live.report(lines)
    assert text.splitlines()[0].startswith("eventstudy live run, 2025-12-01 to 2025-12-12; Python 3.")
    assert str(ROOT) not in text
    assert len(text.splitlines()) == 5


def test_sessions_that_lack_or_were_added_are_named(live, replayed):
    whole = read_recorded(["NVDA"])["NVDA"]
    assert live.held(within(replayed, (live.SPAN[0], date(2025, 12, 10))).series, whole) == (
        "8 of 10 closes as recorded; without 2025-12-11, 2025-12-12"
    )
    assert live.held(within(replayed, (date(2025, 12, 10), date(2025, 12, 16))).series, whole) == (
        "3 of 10 closes as recorded; without 2025-12-01, 2025-12-02, 2025-12-03; also 2025-12-15, 2025-12-16"
    )
