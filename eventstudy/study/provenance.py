"""Where every figure, session and rule of a study comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from eventstudy.calendars import ExchangeSessions
from eventstudy.exchanges import exchange
from eventstudy.facts import fact
from eventstudy.markets import load_rules
from eventstudy.markets.rules import RULES_FILE
from eventstudy.prices import PricePanel
from eventstudy.results import ProvenanceRecord
from eventstudy.spec import StudySpec

SOFTWARE = ("eventstudy-toolkit", "numpy", "pandas", "scipy", "statsmodels", "exchange_calendars", "plotly", "pydantic")


def provenance_records(
    spec: StudySpec, prices: PricePanel, exchanges: Mapping[str, ExchangeSessions]
) -> Iterator[ProvenanceRecord]:
    """The `provenance` list: the design, prices by symbol, sessions by exchange, market rules, software by version."""
    design = spec.model_dump_json(exclude={"overlays": True, "market_rules": True, "prices": {"recorded"}}).encode()
    yield ProvenanceRecord(
        kind="study file",
        name=spec.study.id,
        source="specification as read",
        sha256=hashlib.sha256(design).hexdigest(),
        detail=f"version {spec.version}; seed {spec.seed}",
    )
    for symbol in [symbol for symbol in spec.instruments if symbol in prices]:
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
        if exchange(exchange(code).calendar).published_to is None:
            detail += f" {fact('sessions_by_rules')}"
        yield ProvenanceRecord(
            kind="sessions",
            name=code,
            source=sessions.calendar_version,
            detail=f"{detail}; {sessions.overlay}" if sessions.overlay else detail,
        )
    rules = RULES_FILE.read_bytes()
    yield ProvenanceRecord(
        kind="market rules",
        name=RULES_FILE.name,
        source="packaged rule table",
        rows=len(load_rules()),
        sha256=hashlib.sha256(rules).hexdigest(),
        detail="price limits and first sessions after listing, each row with its source and certainty",
    )
    if spec.market_rules is not None:
        own = Path(spec.market_rules)
        yield ProvenanceRecord(
            kind="market rules",
            name=own.name,
            source="the study's own rule table",
            rows=len(load_rules(own)),
            sha256=hashlib.sha256(own.read_bytes()).hexdigest(),
            detail="laid over the packaged table: it wins for the sessions that it covers",
        )
    for name in SOFTWARE:
        yield ProvenanceRecord(kind="software", name=name, source="installed", detail=_version(name))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed as a distribution"
