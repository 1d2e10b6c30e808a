"""Where every figure, session and rule of a study comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from eventstudy.calendars import ExchangeSessions
from eventstudy.prices import PricePanel
from eventstudy.results import ProvenanceRecord

SOFTWARE = ("eventstudy-toolkit", "numpy", "pandas", "scipy", "statsmodels", "exchange_calendars", "plotly", "pydantic")


def provenance_records(
    prices: PricePanel, exchanges: Mapping[str, ExchangeSessions], symbols: tuple[str, ...]
) -> Iterator[ProvenanceRecord]:
    """The `provenance` list: prices by symbol, sessions by exchange, software by version."""
    for symbol in symbols:
        origin = prices[symbol].provenance
        yield ProvenanceRecord(
            kind="prices",
            name=symbol,
            source=origin.source,
            first=origin.first,
            last=origin.last,
            rows=origin.rows,
            sha256=origin.sha256,
            detail="; ".join(part for part in (origin.vendor, origin.adjustment, origin.note) if part),
        )
    for code, sessions in sorted(exchanges.items()):
        detail = f"known from {sessions.first} to {sessions.last}"
        yield ProvenanceRecord(
            kind="sessions",
            name=code,
            source=sessions.calendar_version,
            detail=f"{detail}; {sessions.overlay}" if sessions.overlay else detail,
        )
    for name in SOFTWARE:
        yield ProvenanceRecord(kind="software", name=name, source="installed", detail=_version(name))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed as a distribution"
