"""`run_study`: a specification and prices in, a frozen result out; nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypeVar, get_args

import numpy as np

from eventstudy.claims import Evidence, evaluate_claims
from eventstudy.errors import OptionError
from eventstudy.inference import Test
from eventstudy.models import Model
from eventstudy.models.diagnostics import residual_diagnostics
from eventstudy.prices import PricePanel
from eventstudy.results import DiagnosticRecord, ExclusionRecord
from eventstudy.spec import StudySpec
from eventstudy.study.alternatives import alternative_records
from eventstudy.study.at_limit import limit_records
from eventstudy.study.bars import bar_records
from eventstudy.study.calendar import calendar_records
from eventstudy.study.cases import designs, group_designs
from eventstudy.study.cross_sections import cross_sections, mean_records, test_records
from eventstudy.study.estimate import (
    Estimated,
    ar_records,
    car_path_records,
    car_records,
    estimate,
    exclusion_records,
    observations,
    params_records,
    portfolio_records,
    unmodelled,
    usable_keys,
)
from eventstudy.study.events import ledger_records
from eventstudy.study.firm_days import firm_day_records, identification_records
from eventstudy.study.headlines import headline_records, with_placebo
from eventstudy.study.jointly import event_day_records, joint_records
from eventstudy.study.ladder import ladder_records
from eventstudy.study.ledger import ledger_exclusions
from eventstudy.study.parts import day_part_records
from eventstudy.study.provenance import provenance_records, without_folders
from eventstudy.study.regimes import break_records
from eventstudy.study.robust import Effort
from eventstudy.study.robust import robustness as robustness_of
from eventstudy.study.setting import build_setting
from eventstudy.study.steps import event_group_records
from eventstudy.study.timing import session_records
from eventstudy.study_result import StudyResult

__all__ = ["run_study"]

AnyRecord = TypeVar("AnyRecord")


def run_study(
    spec: StudySpec,
    prices: PricePanel,
    *,
    robustness: Effort = "full",
    models: Sequence[Model] = (),
    tests: Sequence[Test] = (),
) -> StudyResult:
    """Run a study.

    Parameters
    ----------
    spec : StudySpec
        From `load_study`.
    prices : PricePanel
        Daily bars of every security, benchmark and peer of the study, from `load_prices`.
    robustness : {"full", "fast", "none"}
        How much of the headlines' robustness is computed: all of it; without specification curve and simulated sizes
        of tests; or nothing, so that p-values are those of the model alone.
    models : sequence of Model
        Normal-return models of one's own, run after those of the study (docs/extending.md).
    tests : sequence of Test
        Significance tests of one's own, likewise.

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
    InputError
        Where weights of a benchmark are stated on a day without prices.
    OptionError
        For another word in `robustness`.
    """
    if robustness not in get_args(Effort):
        raise OptionError(f"robustness={robustness!r} is not allowed; allowed: {', '.join(get_args(Effort))}")
    setting = build_setting(spec, prices, models, tests)
    spec = setting.spec
    ledger, series = setting.ledger, setting.series

    single = designs(spec, setting.timed, setting.main_models)
    estimated = estimate(setting, single)
    named = {choice.name for choice in spec.tests}
    groups = group_designs(spec, setting.timed, setting.main_models, usable_keys(estimated)) if named else ()
    grouped = estimate(setting, groups) if "portfolio_t" in named else ()

    left_out = [*ledger_exclusions(ledger), *unmodelled(setting)]
    for part in estimated:
        left_out.extend(exclusion_records(part, ledger))

    def kept(records: Iterable[AnyRecord | ExclusionRecord]) -> tuple[AnyRecord, ...]:
        """The records; what was refused among them goes to the exclusions."""
        found: list[AnyRecord] = []
        for record in records:
            if isinstance(record, ExclusionRecord):
                left_out.append(record)
            else:
                found.append(record)
        return tuple(found)

    ar = tuple(chain.from_iterable(ar_records(part, ledger) for part in estimated))
    cars = tuple(chain.from_iterable(car_records(spec, part, ledger) for part in estimated))
    portfolios = tuple(chain.from_iterable(portfolio_records(spec, part, ledger) for part in grouped))
    steps = kept(event_group_records(setting, estimated))
    heads = kept(headline_records(setting, cars, portfolios, steps))
    limits, ladder = kept(limit_records(setting)), kept(ladder_records(setting))
    alternatives, breaks = kept(alternative_records(setting)), kept(break_records(setting))
    parts = kept(day_part_records(setting, ar))
    joint = kept(joint_records(spec, groups, series))
    sections = kept(cross_sections(setting, estimated, groups))
    own = {test.name: test for test in tests}
    checks, not_checked = robustness_of(setting, heads, portfolios, robustness)
    left_out.extend(not_checked)
    had = observations(estimated)
    sessions = session_records(setting.timed, setting.exchanges)
    near = ledger.neighbours
    return StudyResult(
        spec=without_folders(spec),
        sessions=sessions,
        calendar=tuple(calendar_records(spec, sessions, setting.exchanges)),
        ledger=tuple(ledger_records(spec, setting.timed, setting.exchanges, near, had, (ar, left_out))),
        params=tuple(chain.from_iterable(params_records(part) for part in estimated)),
        ar=ar,
        car=cars,
        car_paths=tuple(chain.from_iterable(car_path_records(spec, part) for part in estimated)),
        bars=tuple(bar_records(prices, ar, ledger)),
        portfolio=portfolios,
        joint=joint,
        means=tuple(chain.from_iterable(mean_records(setting, one) for one in sections if one.kind == "sample")),
        tests=tuple(chain.from_iterable(test_records(setting, one, own) for one in sections)),
        event_days=tuple(event_day_records(spec, single, series, ledger)),
        event_groups=steps,
        headlines=with_placebo(heads, checks["placebo"]),
        **checks,
        limits=limits,
        ladder=ladder,
        alternatives=alternatives,
        breaks=breaks,
        day_parts=parts,
        firm_days=tuple(firm_day_records(setting)),
        identification=tuple(identification_records(setting, ar)),
        diagnostics=tuple(chain.from_iterable(_diagnostics(part) for part in estimated)),
        claims=evaluate_claims(Evidence(spec, prices, ar, ledger.limit_days)),
        exclusions=tuple(dict.fromkeys(left_out)),
        provenance=tuple(provenance_records(spec, prices, setting.exchanges)),
    )


def _diagnostics(part: Estimated) -> tuple[DiagnosticRecord, ...]:
    records, residuals = [], part.fit.resid
    for row in np.flatnonzero(part.enough):
        design, resid = part.designs[row], residuals[row]
        model = design.chosen.row
        if model.least_squares and model.needs:
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
