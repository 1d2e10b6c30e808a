"""Where every figure, session and rule of a study comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from eventstudy.calendars import ExchangeSessions
from eventstudy.distribution import DISTRIBUTION
from eventstudy.exchanges import exchange
from eventstudy.facts import Fact, fact, words
from eventstudy.markets import load_rules
from eventstudy.markets.rules import RULES_FILE
from eventstudy.prices import PricePanel
from eventstudy.results import ProvenanceRecord
from eventstudy.spec import StudySpec

SOFTWARE = (DISTRIBUTION, "numpy", "pandas", "scipy", "statsmodels", "exchange_calendars", "plotly", "pydantic")


def provenance_records(
    spec: StudySpec, prices: PricePanel, exchanges: Mapping[str, ExchangeSessions]
) -> Iterator[ProvenanceRecord]:
    """The `provenance` list: the design, prices by symbol, sessions by exchange, market rules, software by version."""
    # Without defaults, so that a key which a later version adds does not change the checksum of a study without it.
    design = spec.model_dump_json(
        exclude={"overlays": True, "market_rules": True, "prices": {"recorded"}}, exclude_defaults=True
    ).encode()
    yield ProvenanceRecord.of(
        "study file",
        spec.study.id,
        fact("study_file.source"),
        [fact("study_file.detail", version=spec.version, seed=spec.seed)],
        sha256=hashlib.sha256(design).hexdigest(),
    )
    for symbol in [symbol for symbol in spec.instruments if symbol in prices]:
        origin = prices[symbol].provenance
        yield ProvenanceRecord.of(
            "prices",
            symbol,
            origin.source,
            [origin.publisher, origin.adjustment, *origin.notes],
            first=origin.first,
            last=origin.last,
            rows=origin.rows,
            sha256=origin.sha256,
        )
    for code, sessions in sorted(exchanges.items()):
        yield ProvenanceRecord.of("sessions", code, words(sessions.calendar_version), _sessions(code, sessions))
    yield _rules(RULES_FILE, len(load_rules()), fact("rules.packaged.source"), fact("rules.packaged.detail"))
    if spec.market_rules is not None:
        own = Path(spec.market_rules)
        yield _rules(own, len(load_rules(own)), fact("rules.own.source"), fact("rules.own.detail"))
    for name in SOFTWARE:
        yield ProvenanceRecord.of("software", name, "installed", [_version(name)])


def _sessions(code: str, sessions: ExchangeSessions) -> list[Fact]:
    """Over which days an exchange's sessions are known, by whose word, and what a file of the study changed."""
    span = {"first": sessions.first, "last": sessions.last}
    if exchange(exchange(code).calendar).published_to is None:
        known = fact("sessions_known.by_rules", **span, why=fact("sessions_by_rules"))
    else:
        known = fact("sessions_known.published", **span)
    return [known] if sessions.overlay is None else [known, sessions.overlay]


def _rules(file: Path, rows: int, source: Fact, detail: Fact) -> ProvenanceRecord:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return ProvenanceRecord.of("market rules", file.name, source, [detail], rows=rows, sha256=sha256)


def _version(name: str) -> Fact:
    try:
        return words(version(name))
    except PackageNotFoundError:
        return fact("not_installed")


def without_folders(spec: StudySpec) -> StudySpec:
    """The study with its overlays, rules and recordings by their names alone, wherever it was read from."""
    prices = spec.prices.model_copy(update={"recorded": _name(spec.prices.recorded)})
    overlays = {exchange: Path(overlay).name for exchange, overlay in spec.overlays.items()}
    return spec.model_copy(update={"overlays": overlays, "market_rules": _name(spec.market_rules), "prices": prices})


def _name(path: str | None) -> str | None:
    return None if path is None else Path(path).name
