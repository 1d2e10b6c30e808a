"""Tests of several securities on shared days, and the joint event-day regressions of event sets."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from eventstudy.calendars import to_date
from eventstudy.facts import fact
from eventstudy.inference import JointFit, TestResult, bootstrap_pvalue, fit_jointly, mvrm_f, wald
from eventstudy.kernel.cases import Case, align
from eventstudy.models import MARKET, MARKET_MODEL
from eventstudy.models.regressions import fit_event_days
from eventstudy.results import EventDayRecord, ExclusionRecord, JointRecord
from eventstudy.spec import EventSet, LimitDays, StudySpec
from eventstudy.study.cases import Design, build_case, estimand_of
from eventstudy.study.estimate import estimation_sessions
from eventstudy.study.ledger import Ledger
from eventstudy.study.series import SecuritySeries
from eventstudy.windows import Window


def joint_records(
    spec: StudySpec, groups: Sequence[Design], series: Mapping[str, SecuritySeries]
) -> Iterator[JointRecord | ExclusionRecord]:
    """The `joint` list: each group on day 0 of each event, and on all days of each event set."""
    if "mvrm_f" not in {choice.name for choice in spec.tests}:
        return
    for design in groups:
        if design.model == MARKET:
            yield from _tests(spec, design, series, None)
    for event_set in spec.event_sets:
        for design in _widest(spec, event_set, groups):
            yield from _tests(spec, design, series, event_set)


def _widest(spec: StudySpec, event_set: EventSet, groups: Sequence[Design]) -> Iterator[Design]:
    """Per group and benchmark the design with most members among the events of a set."""
    best: dict[tuple[str, str | None], Design] = {}
    for design in groups:
        if design.model == MARKET and design.event.id in event_set.events:
            place = (design.subject, design.benchmark)
            if place not in best or len(design.members) > len(best[place].members):
                best[place] = design
    yield from best.values()


def _tests(
    spec: StudySpec, design: Design, series: Mapping[str, SecuritySeries], event_set: EventSet | None
) -> Iterator[JointRecord | ExclusionRecord]:
    days = [design.day0] if event_set is None else _set_sessions(event_set, series[design.members[0]])
    fit = _joint_fit(spec, design, series, days)
    if fit is None:
        return
    overall = mvrm_f(fit)
    if overall.refusal is not None:
        about = fact("joint_test", group=design.subject, benchmark=design.benchmark, model=MARKET)
        yield ExclusionRecord.of(about, overall.refusal, event_id=None if event_set else design.event.id)
    label = event_set.id if event_set else design.key
    rng = np.random.default_rng([spec.seed, zlib.crc32(f"{label}|{design.benchmark}".encode())])
    bootstrap = None if overall.unavailable else bootstrap_pvalue(fit, overall, rng)
    for test, resampled in ((overall, bootstrap), (mvrm_f(fit, equal=True), None), (wald(fit), None)):
        if test.unavailable is None:
            yield _joint_record(design, event_set, test, days, resampled, fit.resid.shape[0])


def _joint_record(
    design: Design,
    event_set: EventSet | None,
    test: TestResult,
    days: Sequence[date],
    resampled: float | None,
    nobs: int,
) -> JointRecord:
    return JointRecord(
        event_id=design.event.id if event_set is None else None,
        event_set=None if event_set is None else event_set.id,
        group=design.subject,
        model=MARKET,
        benchmark=str(design.benchmark),
        test=test.name,
        null=test.null,
        hypothesis=test.hypothesis.code,
        statistic=test.statistic,
        distribution=test.distribution,
        df=test.df if isinstance(test.df, tuple) else (test.df,),
        pvalue=test.pvalue,
        bootstrap_pvalue=resampled,
        sessions=tuple(days),
        nobs=nobs,
        n_securities=test.nobs,
        securities=design.members,
    )


def _joint_fit(
    spec: StudySpec, design: Design, series: Mapping[str, SecuritySeries], days: Sequence[date]
) -> JointFit | None:
    """The members' market models on common days; None where a member did not trade on an event day."""
    cases = [_single(spec, design, member, series, days[0]) for member in design.members]
    event = Window(0, len(days) - 1)
    panel = align(cases, estimation=spec.windows.estimation, event=event)
    if (panel.event_span != 1).any() or not np.isfinite(panel.event_factors[0, 0]).all():
        return None
    return fit_jointly(panel.returns.T, panel.factors[0, 0], panel.event_returns.T, panel.event_factors[0, 0])


def _single(spec: StudySpec, design: Design, member: str, series: Mapping[str, SecuritySeries], day0: date) -> Case:
    """One member's case; least squares has no censored returns, so days at a limit are then dropped."""
    limit_days: LimitDays = "keep" if spec.limit_days == "keep" else "drop"
    return build_case(replace(design, subject=member, members=(member,), day0=day0), series, limit_days)


def _set_sessions(event_set: EventSet, security: SecuritySeries) -> list[date]:
    first, last = np.datetime64(event_set.first_session), np.datetime64(event_set.last_session)
    inside = security.sessions[(security.sessions >= first) & (security.sessions <= last)]
    return [to_date(label) for label in inside]


def event_day_records(
    spec: StudySpec, designs: Sequence[Design], series: Mapping[str, SecuritySeries], ledger: Ledger
) -> Iterator[EventDayRecord]:
    """The `event_days` list: per event set, security and benchmark one OLS with a dummy for each session."""
    for event_set in spec.event_sets:
        seen: set[tuple[str, str | None]] = set()
        for design in designs:
            place = (design.subject, design.benchmark)
            if design.model == MARKET and design.event.id in event_set.events and place not in seen:
                seen.add(place)
                yield from _event_days(spec, event_set, design, series, ledger)


def _event_days(
    spec: StudySpec, event_set: EventSet, design: Design, series: Mapping[str, SecuritySeries], ledger: Ledger
) -> Iterator[EventDayRecord]:
    subject, benchmark = design.subject, design.benchmark
    days = _set_sessions(event_set, series[subject])
    case = _single(spec, design, subject, series, days[0])
    panel = align([case], estimation=spec.windows.estimation, event=Window(0, len(days) - 1))
    used = panel.observed[0]
    traded = panel.event_span[0] == 1
    if used.sum() < spec.windows.min_estimation or not traded.any():
        return
    if not np.isfinite(MARKET_MODEL.fit(panel).sigma[0]):
        return
    joint = fit_jointly(
        panel.returns.T, panel.factors[0, 0], panel.event_returns[:, traded].T, panel.event_factors[0, 0, traded]
    )
    fit = fit_event_days(
        panel.returns[0, used],
        panel.factors[0, 0, used],
        panel.event_returns[0, traded],
        panel.event_factors[0, 0, traded],
    )
    ends = estimation_sessions(panel, 0)
    for row, day in enumerate(np.array(days, dtype=object)[traded]):
        yield EventDayRecord(
            event_set=event_set.id,
            security=subject,
            benchmark=str(benchmark),
            estimand=estimand_of(spec, benchmark),
            session=day,
            label=event_set.labels.get(day, day.isoformat()),
            ar=float(fit.ar[row]),
            std_error=float(fit.std_error[row]),
            statistic=float(fit.statistic[row]),
            df=fit.df_resid,
            pvalue=float(fit.pvalue[row]),
            prediction_error=float(joint.ar[row, 0]),
            nobs=fit.nobs,
            flags=tuple(sorted(ledger.flags(subject, [day], of_event=None, estimation=ends, benchmark=benchmark))),
        )
