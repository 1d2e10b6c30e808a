"""What the sources say about prices, held against the record."""

from __future__ import annotations

from collections import Counter
from typing import Any

from eventstudy.report.views import Study
from eventstudy.summary.rows import claim_evidence


def build(study: Study) -> dict[str, Any]:
    """The context of ``claims.html``."""
    texts, names = study.texts, study.names
    claims = {claim.id: claim for claim in study.result.spec.claims}
    cards = [
        {
            "claim": names.must(claims[record.claim_id], "claim"),
            "kind": record.verdict.replace(" ", "-"),
            "verdict": texts(f"verdict.{record.verdict.replace(' ', '_')}"),
            "evidence": claim_evidence(names, claims[record.claim_id], record),
            "sources": names.publishers(record.sources),
        }
        for record in study.result.claims
    ]
    counts = Counter(record.verdict for record in study.result.claims)
    parts = [
        texts("claims.count", n=counts[verdict], verdict=texts(f"verdict.{verdict.replace(' ', '_')}"))
        for verdict in ("supported", "not supported", "cannot be tested")
        if counts[verdict]
    ]
    finding = texts("claims.finding", n=len(cards), parts=texts.listing(parts)) if cards else ""
    return {"cards": cards, "finding": finding}
