"""The recorded figures that the payloads are made around, and what the flagship study says of their securities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from eventstudy.config import load_study
from eventstudy.sources.recorded import read_recorded
from eventstudy.sources.vendors.exchanges import Exchange
from eventstudy.sources.vendors.wire import Asked, Client, Reply

START, END = date(2024, 3, 15), date(2026, 1, 16)
MADE_AT = "2026-11-22"
AKSHARE, YFINANCE = "akshare 1.19.5", "yfinance 1.7.0"
SHARES = ("688795", "688041", "603019")
INDICES = ("sh000300", "sh000688")
FUNDS = ("SPY", "SOXX")
STUDY = Path(__file__).parents[2] / "events.yaml"


@dataclass(frozen=True)
class Bar:
    """One recorded session."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: int
    adj_close: float | None = None


@dataclass(frozen=True)
class Figures:
    """The recording of one symbol with what the study says of the security."""

    symbol: str
    name: str
    name_zh: str
    bars: tuple[Bar, ...]
    listed: date | None
    issue_price: float | None
    dividends: Mapping[date, float]
    suspensions: tuple[tuple[date, date], ...]

    def with_previous(self) -> Iterator[tuple[Bar, Bar | None]]:
        """Each bar with the one before it."""
        return zip(self.bars, (None, *self.bars[:-1]), strict=True)


@lru_cache
def figures(symbol: str) -> Figures:
    """The recorded figures of a symbol."""
    series = read_recorded([symbol])[symbol]
    spec = load_study(STUDY)
    known = spec.securities.get(symbol)
    named = known or spec.benchmarks[symbol]
    columns = {name: values.tolist() for name, values in series.columns.items()}
    rows = zip(series.sessions.tolist(), *columns.values(), strict=True)
    bars = (dict(zip(columns, row, strict=True)) | {"day": day} for day, *row in rows)
    return Figures(
        symbol=symbol,
        name=named.name,
        name_zh=named.name_zh or named.name,
        bars=tuple(Bar(**{**bar, "volume": round(bar["volume"])}) for bar in bars),
        listed=known.listed if known else None,
        issue_price=float(known.issue_price) if known else None,
        dividends={one.ex_date: float(one.amount) for one in known.dividends} if known else {},
        suspensions=tuple((one.first, one.last) for one in known.suspensions) if known else (),
    )


def made(
    client: Client, address: str, params: Mapping[str, str], body: str, *, content_type: str, note: str
) -> Exchange:
    """Return an exchange made by hand; the client says which library."""
    asked = Asked(client, "GET", address, tuple(sorted(params.items())))
    reply = Reply(200, body.encode(), content_type)
    return Exchange("made", asked, reply, YFINANCE if client == "curl_cffi" else AKSHARE, MADE_AT, note)


def note_of(symbol: str, vendor: str, rest: str) -> str:
    """The note of an exchange: made, from which file, and how its other fields were filled."""
    return (
        f"Made by hand in {vendor}'s shape, not served by {vendor}. "
        f"Prices and volumes are those of eventstudy/data/recorded/{symbol}.csv. {rest}"
    )
