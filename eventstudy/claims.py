"""What articles assert about prices, held against the recorded figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from eventstudy.models import MARKET
from eventstudy.prices import PricePanel
from eventstudy.results import ArRecord, ClaimCheckRecord, ClaimRecord, Verdict
from eventstudy.spec import Check, Claim, StudySpec


@dataclass(frozen=True, slots=True)
class LimitDay:
    """How a session stood to the lower price limit."""

    opened_at_limit_down: bool
    one_price: bool


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What claims are held against.

    Attributes
    ----------
    spec : StudySpec
        With the claims and the issue prices.
    prices : PricePanel
        Recorded bars; returns are simple, against the previous recorded close, unadjusted for dividends.
    ar : sequence of ArRecord
        Abnormal returns, for checks on their significance (market model, first benchmark).
    limit_days : mapping
        By security and session, for checks on price limits.
    """

    spec: StudySpec
    prices: PricePanel
    ar: Sequence[ArRecord]
    limit_days: Mapping[tuple[str, date], LimitDay]


def evaluate_claims(evidence: Evidence) -> tuple[ClaimRecord, ...]:
    """Verdict on every claim of the study.

    ``supported`` where every check holds, ``not supported`` where one fails, ``cannot be tested`` where
    the claim says so itself or the figures are not there.
    """
    return tuple(_evaluate(claim, evidence) for claim in evidence.spec.claims)


def _evaluate(claim: Claim, evidence: Evidence) -> ClaimRecord:
    checks = [_check(check, evidence) for check in claim.checks]
    done = tuple(check for check in checks if check is not None)
    verdict: Verdict = "cannot be tested"
    if claim.untestable is None and len(done) == len(checks):
        verdict = "supported" if all(check.holds for check in done) else "not supported"
    return ClaimRecord(claim_id=claim.id, sources=claim.sources, verdict=verdict, checks=done)


def _check(check: Check, evidence: Evidence) -> ClaimCheckRecord | None:
    if check.measure == "abnormal_return":
        return _abnormal(check, evidence)
    if check.measure in ("opened_at_limit_down", "one_price"):
        day = evidence.limit_days.get((check.security, check.session))
        if day is None:
            return None
        found = bool(getattr(day, check.measure))
        return _record(check, asked=str(check.equals).lower(), found=float(found), holds=found == check.equals)
    value = _measure(check, evidence)
    if value is None:
        return None
    low = -np.inf if check.at_least is None else check.at_least
    high = np.inf if check.at_most is None else check.at_most
    return _record(check, asked=_bounds(check), found=value, holds=bool(low <= value <= high))


def _abnormal(check: Check, evidence: Evidence) -> ClaimCheckRecord | None:
    """The check of an abnormal return, on the event whose day 0 is nearest to the session."""
    benchmark = evidence.spec.securities[check.security].benchmarks[0]
    wanted = (check.security, check.session, MARKET, benchmark)
    fitting = [
        record
        for record in evidence.ar
        if (record.security, record.session, record.model, record.benchmark) == wanted and record.pvalue is not None
    ]
    if not fitting:
        return None
    found = min(fitting, key=lambda record: abs(record.relative_day))
    significant = found.pvalue is not None and found.pvalue < evidence.spec.level
    sign = ("positive" if found.ar > 0 else "negative") if significant else "none"
    asked = f"significant: {check.significant}"
    return _record(check, asked=asked, found=found.ar, holds=sign == check.significant, pvalue=found.pvalue)


def _measure(check: Check, evidence: Evidence) -> float | None:
    """A price, or a return against the previous close, of the recorded bar; None where it is not there."""
    series, spec = evidence.prices[check.security], evidence.spec
    position = series.position(check.session)
    if position is None:
        return None
    field, _, kind = check.measure.partition("_")
    values = series.columns.get(field)  # type: ignore[call-overload]
    if values is None:
        return None
    value = float(values[position])
    if kind == "price":
        return value
    if kind == "over_issue":
        issue = spec.securities[check.security].issue_price if check.security in spec.securities else None
        return None if issue is None else value / issue - 1.0
    return None if position == 0 or series.close is None else value / float(series.close[position - 1]) - 1.0


def _bounds(check: Check) -> str:
    parts = []
    if check.at_least is not None:
        parts.append(f"at least {check.at_least:g}")
    if check.at_most is not None:
        parts.append(f"at most {check.at_most:g}")
    return ", ".join(parts)


def _record(check: Check, *, asked: str, found: float, holds: bool, pvalue: float | None = None) -> ClaimCheckRecord:
    return ClaimCheckRecord(
        security=check.security,
        session=check.session,
        measure=check.measure,
        asked=asked,
        found=found,
        pvalue=pvalue,
        holds=holds,
    )
