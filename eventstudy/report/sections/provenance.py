"""Where the figures come from, with which versions they were made, and by which method."""

from __future__ import annotations

from typing import Any

from eventstudy.report.views import Study
from eventstudy.results import ProvenanceRecord
from eventstudy.summary.tables import Table, columns

METHOD = (
    "returns",
    "day0",
    "model",
    "ar",
    "error",
    "car",
    "adjusted",
    "dummies",
    "portfolio",
    "joint",
    "power",
    "limits",
)
DIGITS = 12


def build(study: Study) -> dict[str, Any]:
    """The context of ``provenance.html``."""
    return {
        "prices": _prices(study),
        "sessions": _others(study, "sessions"),
        "rules": _others(study, "market rules"),
        "software": _others(study, "software"),
        "method": _method(study),
    }


def _prices(study: Study) -> Table:
    texts, names = study.texts, study.names
    nothing = texts("table.nothing")
    rows = tuple(
        (
            names.security(record.name),
            texts.span(record.first, record.last) if record.first and record.last else nothing,
            nothing if record.rows is None else texts.number(record.rows, 0),
            record.sha256[:DIGITS] if record.sha256 else nothing,
            _said(study, record),
        )
        for record in study.result.provenance
        if record.kind == "prices"
    )
    return Table(columns(names, ("series", "range", "rows>", "checksum", "origin")), rows)


def _others(study: Study, kind: str) -> list[dict[str, str]]:
    """Name of the records of a kind and what is said of them; exchanges by their names."""
    names = study.names
    return [
        {
            "name": names.exchange(record.name) if kind == "sessions" else record.name,
            "detail": _said(study, record),
        }
        for record in study.result.provenance
        if record.kind == kind
    ]


def _said(study: Study, record: ProvenanceRecord) -> str:
    return study.texts("list.semicolon").join(study.names.fact(one.code, one.values) for one in record.facts)


def _method(study: Study) -> list[dict[str, str]]:
    """The method in words, with the study's own windows and minimums put in."""
    texts, spec = study.texts, study.result.spec
    windows = spec.windows
    values = {
        "estimation": texts.window(*windows.estimation),
        "event": texts.window(*windows.event),
        "least": windows.min_estimation,
        "returns": texts(f"returns.{spec.returns}"),
        "level": study.level(),
        "seed": spec.seed,
    }
    return [{"term": texts(f"method.{key}.term"), "text": texts(f"method.{key}.text", **values)} for key in METHOD]
