"""Designs to records: stacked estimation of every design, then one flat record per number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal import Estimates, abnormal_returns, cumulative
from eventstudy.arrays import Ints, Mask
from eventstudy.calendars import to_date
from eventstudy.facts import fact
from eventstudy.inference import Section
from eventstudy.intervals import interval
from eventstudy.kernel.cases import Case, sample_of
from eventstudy.kernel.cut import cut
from eventstudy.kernel.estimate import Abnormal
from eventstudy.kernel.sample import Sample
from eventstudy.kernel.sections import section_of
from eventstudy.models import ChosenModel, NormalReturnFit
from eventstudy.panel import EventPanel
from eventstudy.results import ArRecord, CarPathRecord, CarRecord, ExclusionRecord, ParamsRecord, PortfolioRecord
from eventstudy.spec import StudySpec
from eventstudy.study.cases import BENCHMARK, Design, benchmarks_of, build_case
from eventstudy.study.ledger import Ledger
from eventstudy.study.setting import Setting
from eventstudy.texts.flags import flag
from eventstudy.windows import Window


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """All designs of one model on the same regressors, row for row: sample, windows, fit, abnormal returns and CARs.

    `long` says for each row whether the estimation window has the study's minimum of observations, `enough` whether it
    gives standard errors too: a fit that leaves only rounding has none.
    """

    designs: tuple[Design, ...]
    sample: Sample
    panel: EventPanel
    fit: NormalReturnFit
    ar: Estimates
    cars: Mapping[Window, Estimates]
    long: NDArray[np.bool_]
    enough: NDArray[np.bool_]

    @property
    def model(self) -> ChosenModel:
        return self.designs[0].chosen

    @property
    def observed(self) -> Mask:
        """(E, T) which observations can be used; peers without a return are left out of the fit and not the session."""
        return np.isfinite(self.panel.returns) if self.peers else self.panel.observed

    @property
    def peers(self) -> bool:
        """Whether the regressors are those of all the designs, each of which has weights for its own only."""
        return self.model.row.needs == "peers"

    @property
    def told(self) -> Mask:
        """(E,) rows that have something to tell: enough observations, or a model that needs none."""
        return self.enough | (not self.model.row.estimated)

    def section(self, rows: Ints, window: Window, *, history: bool = True) -> Section:
        """The cross-section of some rows that are `told` over a window, as tests see it."""
        mask = np.isin(np.arange(len(self.designs)), rows)
        found = Abnormal.of(self.sample, self.panel, self.fit)
        abnormal = replace(found, sigma=np.where(self.enough, found.sigma, np.nan)).take(mask)
        return section_of(self.sample.only(np.flatnonzero(mask)), abnormal, self.model, window, history=history)


def estimate(setting: Setting, designs: Sequence[Design]) -> tuple[Estimated, ...]:
    """Run every design, one stacked estimation for those of one model on the same regressors."""
    stacks: dict[tuple[str, tuple[str, ...]], list[tuple[Design, Case]]] = {}
    every = {name: None for one in setting.series.values() for name in one.peers}
    for design in designs:
        case = build_case(design, setting.series, setting.spec.limit_days)
        if design.chosen.row.needs == "peers":  # of each its own; the others are missing, and so left out of its fit
            nothing = np.full(case.sessions.size, np.nan)
            case = replace(case, factors={name: case.factors.get(name, nothing) for name in every})
        stacks.setdefault((design.model, tuple(case.factors)), []).append((design, case))
    order = setting.spec.model_names
    return tuple(
        _estimated(setting.spec, *map(tuple, zip(*stack, strict=True)))
        for _, stack in sorted(stacks.items(), key=lambda item: order.index(item[0][0]))
    )


def _estimated(spec: StudySpec, designs: tuple[Design, ...], cases: tuple[Case, ...]) -> Estimated:
    windows = spec.windows
    sample = sample_of(cases, estimation=windows.estimation, event=windows.event)
    panel = cut(sample)
    fit = designs[0].chosen.fit(panel)
    cars = {window: cumulative(panel, fit, window) for window in windows.car}
    long = fit.nobs >= windows.min_estimation
    enough = long & np.isfinite(fit.sigma)
    return Estimated(designs, sample, panel, fit, abnormal_returns(panel, fit), cars, long, enough)


def unmodelled(setting: Setting) -> Iterator[ExclusionRecord]:
    """Securities that name nothing to run a model of the study on."""
    for model in setting.main_models:
        for symbol in dict.fromkeys(item.security for item in setting.timed if item.event.role == "tested"):
            if not benchmarks_of(setting.spec, symbol, model.row):
                why = fact("not_estimated.no_regressors", security=symbol, needs=model.row.needs)
                yield ExclusionRecord.of(fact("estimate", model=model.name, label="alone"), why, security=symbol)


def usable_keys(estimated: Sequence[Estimated]) -> frozenset[str]:
    """Keys of the designs with enough observations and a return on day 0."""
    keys = set()
    for part in estimated:
        zero = -part.panel.event_window.first
        for row, design in enumerate(part.designs):
            if part.enough[row] and np.isfinite(part.ar.std_error[row, zero]):
                keys.add(design.key)
    return frozenset(keys)


def observations(estimated: Sequence[Estimated]) -> dict[tuple[str, str], int]:
    """Observations of each event's estimation window on each security, of the first design that has them."""
    found: dict[tuple[str, str], int] = {}
    for part in estimated:
        for row, design in enumerate(part.designs):
            found.setdefault((design.event.id, design.subject), int(part.observed[row].sum()))
    return found


def params_records(part: Estimated) -> Iterator[ParamsRecord]:
    """The `params` list of results.json for the designs of one model."""
    fitted = np.isfinite(part.fit.resid)
    for row in np.flatnonzero(part.enough):
        design, used = part.designs[row], np.flatnonzero(fitted[row])
        params = dict(zip(part.fit.names, part.fit.params[row], strict=True))
        alpha = params.pop("alpha", None)
        yield ParamsRecord(
            event_id=design.event.id,
            security=design.subject,
            model=design.model,
            benchmark=design.benchmark,
            alpha=None if alpha is None else float(alpha),
            betas={_param(name, design): float(value) for name, value in params.items() if value or not part.peers},
            sigma=_number(part.fit.sigma[row]),
            df_resid=int(part.fit.df_resid[row]),
            nobs=int(part.fit.nobs[row]),
            first_session=to_date(part.panel.sessions[row, used[0]]),
            last_session=to_date(part.panel.sessions[row, used[-1]]),
        )


def _param(name: str, design: Design) -> str:
    """A parameter under the benchmark's own name."""
    return name.replace(BENCHMARK, design.benchmark, 1) if design.benchmark and name.startswith(BENCHMARK) else name


def ar_records(part: Estimated, ledger: Ledger) -> Iterator[ArRecord]:
    """The `ar` list of results.json for the designs of one model."""
    for row, design in reported(part):
        for column, relative_day in enumerate(part.panel.event_window.days):
            if not np.isfinite(part.ar.value[row, column]):
                continue
            session = to_date(part.panel.event_sessions[row, column])
            yield ArRecord(
                **subject_of(design),
                relative_day=relative_day,
                session=session,
                expected=float(part.fit.expected[row, column]),
                ar=float(part.ar.value[row, column]),
                **test_of(part, row, part.ar, (row, column)),
                flags=flags_of(part, row, ledger, [session]),
            )


def car_records(spec: StudySpec, part: Estimated, ledger: Ledger) -> Iterator[CarRecord]:
    """The `car` list of results.json for the designs of one model."""
    for row, design in reported(part):
        for window, cars in part.cars.items():
            if not np.isfinite(cars.value[row]):
                continue
            test = test_of(part, row, cars, (row,))
            yield CarRecord(
                **subject_of(design),
                window=window,
                car=float(cars.value[row]),
                **test,
                **with_limits(spec, cars, row, known=test["std_error"] is not None),
                flags=flags_of(part, row, ledger, sessions_of(part, row, window)),
            )


def car_path_records(spec: StudySpec, part: Estimated) -> Iterator[CarPathRecord]:
    """The `car_paths` list: CARs from the first day of the event window on, up to the first missing day."""
    whole = part.panel.event_window
    start = {row: _first_return(part, row) for row, _ in reported(part)}
    for last in whole.days:
        for row, design in reported(part):
            if last < start[row]:
                continue
            cars = cumulative(part.panel, part.fit, Window(start[row], last))
            if not np.isfinite(cars.value[row]):
                continue
            known = bool(part.enough[row])
            yield CarPathRecord(
                **subject_of(design),
                relative_day=last,
                session=to_date(part.panel.event_sessions[row, last - whole.first]),
                car=float(cars.value[row]),
                std_error=float(cars.std_error[row]) if known else None,
                **with_limits(spec, cars, row, known=known),
            )


def _first_return(part: Estimated, row: int) -> int:
    """First relative day with a return: the first of the window, later only for a security listed inside it."""
    found = np.flatnonzero(np.isfinite(part.ar.value[row]))
    return part.panel.event_window.first + int(found[0]) if found.size else part.panel.event_window.last + 1


def portfolio_records(spec: StudySpec, part: Estimated, ledger: Ledger) -> Iterator[PortfolioRecord]:
    """The `portfolio` list of results.json: equal-weighted groups, exact t of the portfolio's own regression."""
    for row, design in reported(part):
        for window, cars in part.cars.items():
            if not np.isfinite(cars.std_error[row]):
                continue
            subject = subject_of(design)
            subject["group"] = subject.pop("security")
            yield PortfolioRecord(
                **subject,
                window=window,
                aar_or_caar=float(cars.value[row]),
                test="portfolio_t",
                distribution="t",
                **test_of(part, row, cars, (row,)),
                **with_limits(spec, cars, row, known=True),
                n_securities=len(design.members),
                securities=design.members,
                flags=flags_of(part, row, ledger, sessions_of(part, row, window)),
            )


def exclusion_records(part: Estimated, ledger: Ledger) -> Iterator[ExclusionRecord]:
    """What the designs of one model could not deliver, and why."""
    for row, design in enumerate(part.designs):
        where = {"event_id": design.event.id, "security": design.subject}
        label = {"model": design.model, "label": "against" if design.benchmark else "alone"}
        label |= {"benchmark": design.benchmark} if design.benchmark else {}
        if not part.enough[row]:
            short = ledger.shortage(design.members[0], int(part.fit.nobs[row]), design.anchor)
            why = fact("not_estimable", model=design.model) if part.long[row] else short
            about = "estimate" if design.chosen.row.estimated else "standard_errors"
            yield ExclusionRecord.of(fact(about, **label), why, **where)
        if part.told[row]:
            missing = np.flatnonzero(~np.isfinite(part.ar.value[row]))
            if missing.size:
                days = [to_date(part.panel.event_sessions[row, column]) for column in missing]
                why = ledger.absence(design.members, days)
                yield ExclusionRecord.of(fact("event_window", **label), why, **where)


def reported(part: Estimated) -> Iterator[tuple[int, Design]]:
    """Rows that have something to report: enough observations, or a model that needs none."""
    yield from ((int(row), part.designs[row]) for row in np.flatnonzero(part.told))


def subject_of(design: Design) -> dict[str, object]:
    """What a record of a design is an estimate of."""
    return {
        "event_id": design.event.id,
        "security": design.subject,
        "model": design.model,
        "benchmark": design.benchmark,
        "estimand": design.estimand,
    }


def test_of(part: Estimated, row: int, estimates: Estimates, at: tuple[int, ...]) -> dict[str, float | None]:
    """Standard error, statistic, d.o.f. and p, all absent where the estimation window is too short."""
    if not part.enough[row] or not np.isfinite(estimates.std_error[at]):
        return {"std_error": None, "statistic": None, "df": None, "pvalue": None}
    return {
        "std_error": float(estimates.std_error[at]),
        "statistic": float(estimates.statistic[at]),
        "df": float(estimates.df[at]),
        "pvalue": float(estimates.pvalue[at]),
    }


def with_limits(spec: StudySpec, estimates: Estimates, row: int, *, known: bool) -> dict[str, float | None]:
    """Confidence limits of a row's estimate; absent where its standard error is not known."""
    if not known:
        return {"ci_low": None, "ci_high": None}
    low, high = interval(estimates.value[row], estimates.std_error[row], estimates.df[row], spec.confidence)
    return {"ci_low": float(low), "ci_high": float(high)}


def sessions_of(part: Estimated, row: int, window: Window) -> list[date]:
    """The sessions of one row's window."""
    start = window.first - part.panel.event_window.first
    return [to_date(label) for label in part.panel.event_sessions[row, start : start + window.size]]


def flags_of(part: Estimated, row: int, ledger: Ledger, sessions: Sequence[date]) -> tuple[str, ...]:
    """Flags of a row over some sessions: those of its case, and of its own estimation."""
    flags = ledger.case_flags(part.designs[row], sessions, ends_of(part.panel, part.observed[row], row))
    asked, had = part.panel.returns.shape[1], int(part.observed[row].sum())
    if not part.long[row]:
        flags.add("short_history")
    elif had < asked:
        flags.add(flag("short_estimation", had=had, asked=asked))
    return tuple(sorted(flags))


def estimation_sessions(panel: EventPanel, row: int) -> list[date]:
    """First and last session with an observation in one row's estimation window; none where there is no observation."""
    return ends_of(panel, panel.observed[row], row)


def ends_of(panel: EventPanel, observed: Mask, row: int) -> list[date]:
    """First and last session that a (T,) mask holds of one row's estimation window."""
    used = np.flatnonzero(observed)
    return [to_date(panel.sessions[row, place]) for place in (used[0], used[-1])] if used.size else []


def _number(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
