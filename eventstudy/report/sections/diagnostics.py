"""Whether the residuals look as the tests assume."""

from __future__ import annotations

from typing import Any

from eventstudy.report.views import Study
from eventstudy.results import DiagnosticRecord
from eventstudy.summary.tables import Table, columns

CHECKS = ("jarque_bera", "ljung_box_5", "arch_lm_5")


def build(study: Study) -> dict[str, Any]:
    """The context of ``diagnostics.html``."""
    shown = _shown(study)
    records = [record for own in shown.values() for record in own]
    low = sum(record.pvalue is not None and record.pvalue < study.texts.cutoff for record in records)
    return {
        "table": _table(study, shown) if shown else None,
        "finding": study.texts.count("diagnostics.finding", low, total=len(records)),
    }


def _shown(study: Study) -> dict[tuple[str, str | None], list[DiagnosticRecord]]:
    """The checks of each security's leading event, by security and benchmark."""
    found: dict[tuple[str, str | None], list[DiagnosticRecord]] = {}
    for record in study.result.diagnostics:
        event = study.leading_event(record.security)
        if event is not None and record.event_id == event.id:
            found.setdefault((record.security, record.benchmark), []).append(record)
    return found


def _table(study: Study, shown: dict[tuple[str, str | None], list[DiagnosticRecord]]) -> Table:
    texts, names = study.texts, study.names
    rows = []
    for (security, benchmark), records in shown.items():
        pvalues = {record.diagnostic: record.pvalue for record in records}
        wanted = (records[0].event_id, security, records[0].model, benchmark)
        params = next(
            one for one in study.result.params if (one.event_id, one.security, one.model, one.benchmark) == wanted
        )
        rows.append(
            (
                names.security(security),
                names.benchmark(benchmark),
                texts.number(params.betas[benchmark]) if benchmark else texts("table.nothing"),
                texts.known(params.sigma, texts.size),
                texts.freedom(params.nobs),
                *(texts.known(pvalues.get(check), texts.pvalue) for check in CHECKS),
                *_drift(study, security, benchmark, records[0]),
            )
        )
    keys = ("security", "benchmark", "beta>", "sigma>", "nobs>", *(f"{check}>" for check in CHECKS))
    drift = ("drift>", "drift_p>") if _before(study) else ()
    window = texts.window(*_before(study)[0]) if drift else ""
    return Table(columns(names, (*keys, *drift), window=window), tuple(rows))


def _before(study: Study) -> list[Any]:
    """The study's CAR windows that end before the news."""
    return [window for window in study.result.spec.windows.car if window.last < 0]


def _drift(study: Study, security: str, benchmark: str | None, record: DiagnosticRecord) -> tuple[str, ...]:
    """The CAR before the news and its p, where the study has such a window."""
    before = _before(study)
    if not before:
        return ()
    for car in study.cars(security, record.event_id):
        if (car.model, car.benchmark, car.window) == (record.model, benchmark, before[0]):
            return study.texts.points(car.car), study.texts.known(car.pvalue, study.texts.pvalue)
    return (study.texts("table.nothing"),) * 2
