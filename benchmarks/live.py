"""One short live run: what each vendor gives for two recorded weeks, and how it differs from the recordings.

``python benchmarks/live.py`` needs a network. It prints a line a vendor and symbol, and at the end a text to send back.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version

import numpy as np

from eventstudy.errors import EventStudyError
from eventstudy.prices import PriceSeries
from eventstudy.sources.recorded import read_recorded
from eventstudy.sources.vendors import vendors
from eventstudy.sources.vendors.download import Download, Manner, download

SPAN = date(2025, 12, 1), date(2025, 12, 12)
ASKED = (
    ("yahoo", "NVDA", "NVDA"),
    ("yahoo", "SPY", "SPY"),
    ("yahoo", "688041.SS", "688041"),
    ("eastmoney", "688041", "688041"),
    ("tencent", "sh688041", "688041"),
    ("sina", "sh688041", "688041"),
)
"""Vendor, its symbol, and the recording that it is held against."""
SAME = 5e-4
"""Relative difference of closes that is rounding."""
LIBRARIES = ("akshare", "curl_cffi", "numpy", "pandas", "requests", "yfinance")

Fetch = Callable[[str, str], Download]


@dataclass(frozen=True, slots=True)
class Came:
    """What one vendor gave for one symbol, as a line."""

    vendor: str
    symbol: str
    line: str

    def __str__(self) -> str:
        return f"{self.vendor:10} {self.symbol:10} {self.line}"


def fetched(vendor: str, symbol: str) -> Download:
    """The download of the span."""
    (row,) = (one for one in vendors() if one.name == vendor)
    return download(row, symbol, *SPAN, Manner())


def held(found: PriceSeries, recorded: PriceSeries) -> str:
    """How closes differ from those recorded, on the sessions of the span."""
    inside = (recorded.sessions >= np.datetime64(SPAN[0])) & (recorded.sessions <= np.datetime64(SPAN[1]))
    days = recorded.sessions[inside]
    missing = [str(day) for day in np.setdiff1d(days, found.sessions)]
    added = [str(day) for day in np.setdiff1d(found.sessions, days)]
    both, ours, theirs = np.intersect1d(days, found.sessions, return_indices=True)
    if not both.size:
        return "no session of the recording"
    ratio = found.column("close")[theirs] / recorded.column("close")[inside][ours]
    apart = np.abs(ratio - 1) > SAME
    said = [f"{both.size - int(apart.sum())} of {days.size} closes as recorded"]
    if apart.any():
        said.append(f"other closes (times {np.median(ratio[apart]):.5g}) on {', '.join(map(str, both[apart][:3]))}")
    said += [f"{what} {', '.join(which[:3])}" for what, which in (("without", missing), ("also", added)) if which]
    return "; ".join(said)


def came(fetch: Fetch = fetched, asked: Sequence[tuple[str, str, str]] = ASKED) -> Iterator[Came]:
    """Ask each vendor, one line each; a fault is a line too."""
    for vendor, symbol, name in asked:
        try:
            found = fetch(vendor, symbol)
        except EventStudyError as error:
            yield Came(vendor, symbol, f"{type(error).__name__}: {error}")
            continue
        notes = "; ".join(map(str, found.notes)) or "nothing noted"
        columns = ", ".join(found.series.columns)
        yield Came(vendor, symbol, f"{held(found.series, read_recorded([name])[name])}; {columns}; {notes}")


def report(lines: Sequence[Came]) -> str:
    """The text to send back: versions and the lines, no paths and no names."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    head = f"eventstudy live run, {SPAN[0]} to {SPAN[1]}; Python {platform.python_version()} on {platform.system()}"
    return "\n".join((head, libraries, *map(str, lines)))


def main() -> None:
    """Ask, print as it comes, and print the text to send back."""
    lines = []
    for line in came():
        print(line, flush=True)
        lines.append(line)
    print("\n--- to send back, from the next line on ---")
    print(report(lines))


if __name__ == "__main__":
    main()
