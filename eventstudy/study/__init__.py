"""`run_study`: a specification and prices in, a frozen result out; nothing else is touched."""

from __future__ import annotations

from itertools import chain

import numpy as np

from eventstudy.claims import Evidence, evaluate_claims
from eventstudy.models.diagnostics import residual_diagnostics
from eventstudy.prices import PricePanel
from eventstudy.results import DiagnosticRecord, ExclusionRecord, HeadlineRecord, StudyResult
from eventstudy.spec import StudySpec
from eventstudy.study.bars import bar_records
from eventstudy.study.cases import designs, group_designs
from eventstudy.study.estimate import (
    Estimated,
    ar_records,
    car_path_records,
    car_records,
    estimate,
    exclusion_records,
    params_records,
    portfolio_records,
    usable_keys,
)
from eventstudy.study.headlines import headline_records
from eventstudy.study.jointly import event_day_records, joint_records
from eventstudy.study.ledger import build_ledger, ledger_exclusions
from eventstudy.study.provenance import provenance_records
from eventstudy.study.series import study_series
from eventstudy.study.timing import open_exchanges, session_records, time_events

__all__ = ["run_study"]


def run_study(spec: StudySpec, prices: PricePanel) -> StudyResult:
    """Run a study.

    Parameters
    ----------
    spec : StudySpec
        From `load_study`.
    prices : PricePanel
        Daily bars of every security and benchmark of the study, from `load_prices`.

    Returns
    -------
    StudyResult
        Frozen; the same specification and prices give the same result.

    Raises
    ------
    SessionRangeError
        Where an event lies outside the known sessions of an exchange.
    PriceError
        Where the prices cannot be used.
    """
    exchanges = open_exchanges(spec)
    timed = time_events(spec, exchanges)
    series = study_series(spec, prices, exchanges)
    ledger = build_ledger(spec, prices, exchanges, timed, series)

    single = designs(spec, timed)
    estimated = estimate(spec, single, series)
    groups = group_designs(spec, timed, usable_keys(estimated)) if "portfolio_t" in spec.tests else ()
    grouped = estimate(spec, groups, series)

    ar = tuple(chain.from_iterable(ar_records(part, ledger) for part in estimated))
    cars = tuple(chain.from_iterable(car_records(spec, part, ledger) for part in estimated))
    portfolios = tuple(chain.from_iterable(portfolio_records(spec, part, ledger) for part in grouped))
    heads = tuple(headline_records(spec, cars, portfolios, timed, series))
    left_out = chain(
        ledger_exclusions(ledger),
        chain.from_iterable(exclusion_records(part, ledger) for part in estimated),
        (head for head in heads if isinstance(head, ExclusionRecord)),
    )
    return StudyResult(
        spec=spec,
        sessions=session_records(timed),
        params=tuple(chain.from_iterable(params_records(part) for part in estimated)),
        ar=ar,
        car=cars,
        car_paths=tuple(chain.from_iterable(car_path_records(spec, part) for part in estimated)),
        bars=tuple(bar_records(prices, ar, ledger)),
        portfolio=portfolios,
        joint=tuple(joint_records(spec, groups, series)),
        event_days=tuple(event_day_records(spec, single, series, ledger)),
        headlines=tuple(head for head in heads if isinstance(head, HeadlineRecord)),
        diagnostics=tuple(chain.from_iterable(_diagnostics(part) for part in estimated)),
        claims=evaluate_claims(Evidence(spec, prices, ar, ledger.limit_days)),
        exclusions=tuple(dict.fromkeys(left_out)),
        provenance=tuple(provenance_records(spec, prices, exchanges)),
    )


def _diagnostics(part: Estimated) -> tuple[DiagnosticRecord, ...]:
    records = []
    for row in np.flatnonzero(part.enough):
        design = part.designs[row]
        resid = part.fit.resid[row]
        if design.model == "market":
            for check in residual_diagnostics(resid[np.isfinite(resid)]):
                records.append(
                    DiagnosticRecord(
                        event_id=design.event.id,
                        security=design.subject,
                        model=design.model,
                        benchmark=design.benchmark,
                        diagnostic=check.name,
                        statistic=check.statistic,
                        pvalue=check.pvalue,
                    )
                )
    return tuple(records)
