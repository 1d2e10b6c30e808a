"""Means and tests across several events: a group's securities on one event, a sample's events on their own dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from eventstudy.abnormal import weighted_mean
from eventstudy.arrays import Ints
from eventstudy.engine.rows import tested_columns
from eventstudy.facts import fact
from eventstudy.inference import TESTS, Section, Test, TestResult
from eventstudy.results import ExclusionRecord, FactRecord, HypothesisRecord, MeanRecord, TestRecord
from eventstudy.spec import EventSample, StudySpec
from eventstudy.study.cases import Design
from eventstudy.study.estimate import Estimated, estimate
from eventstudy.study.setting import Setting
from eventstudy.windows import Window


@dataclass(frozen=True, slots=True)
class CrossSection:
    """Rows of stacked estimates that are looked at together."""

    kind: Literal["group", "sample"]
    id: str
    event_id: str | None
    part: Estimated
    rows: Ints

    @property
    def designs(self) -> list[Design]:
        return [self.part.designs[row] for row in self.rows]

    def about(self, window: Window, events: int) -> dict[str, Any]:
        """What records of it are of."""
        designs = self.designs
        benchmarks, estimands = {one.benchmark for one in designs}, {one.estimand for one in designs}
        return {
            "kind": self.kind,
            "id": self.id,
            "event_id": self.event_id,
            "model": self.part.model.name,
            "benchmark": benchmarks.pop() if len(benchmarks) == 1 else None,
            "estimand": estimands.pop() if len(estimands) == 1 else "none",
            "window": window,
            "events": events,
            "left_out": len(designs) - events,
        }


def cross_sections(
    setting: Setting, estimated: Sequence[Estimated], groups: Sequence[Design]
) -> Iterator[CrossSection | ExclusionRecord]:
    """Every group on each event, then every sample; a sample whose events no model can stack is told of."""
    for design in groups:
        for part in estimated:
            members = np.flatnonzero([_member(design, one) for one in part.designs])
            if members.size == len(design.members):
                yield CrossSection("group", design.subject, design.event.id, part, members)
    for sample in setting.spec.samples:
        for model in setting.spec.model_names:
            parts = [
                CrossSection("sample", sample.id, None, part, rows)
                for part in estimated
                if part.model.name == model and (rows := _of_sample(setting.spec, sample, part)).size
            ]
            if len(parts) > 1:
                about = fact("sample", sample=sample.id, model=model)
                yield ExclusionRecord.of(about, fact("not_estimated.not_on_one_set"))
            elif parts:
                yield parts[0]


def _member(group: Design, one: Design) -> bool:
    """Whether a security's design is that of a member of a group's."""
    same = (group.event.id, group.model, group.benchmark) == (one.event.id, one.model, one.benchmark)
    return same and one.subject in group.members


def _of_sample(spec: StudySpec, sample: EventSample, part: Estimated) -> Ints:
    """Rows of a sample that can be told: its events on its securities, each against its preferred benchmark."""
    return np.flatnonzero(
        [
            told
            and (not sample.events or one.event.id in sample.events)
            and (not sample.securities or one.subject in sample.securities)
            and one.benchmark in (None, spec.securities[one.subject].benchmarks[0])
            for told, one in zip(part.told, part.designs, strict=True)
        ]
    )


def mean_records(setting: Setting, found: CrossSection) -> Iterator[MeanRecord]:
    """The `means` list of a sample: its mean CAR over each of the study's windows."""
    for window in setting.spec.windows.car:
        cars = found.part.cars[window].value[found.rows]
        mean, std_error, count = (one[0] for one in weighted_mean(cars[:, None], np.ones(cars.size)))
        if not count:
            continue
        found_of = tested_columns("mean", mean, std_error, count - 1, setting.spec.confidence)
        numbers = {name: float(one) for name, one in found_of.items() if np.isfinite(std_error) or name == "mean"}
        yield MeanRecord(**found.about(window, int(count)), **numbers)


def test_records(setting: Setting, found: CrossSection, own: Mapping[str, Test]) -> Iterator[TestRecord]:
    """The `tests` list of a cross-section: every test of the study over each of its windows."""
    for window in setting.spec.windows.car:
        sections = {history: found.part.section(found.rows, window, history=history) for history in (True, False)}
        for choice in setting.spec.tests:
            test = own.get(choice.name) or TESTS[choice.name]
            result = test(sections[test.history], **choice.options)
            yield test_record(result, found.about(window, result.nobs))


def test_record(result: TestResult, about: Mapping[str, Any]) -> TestRecord:
    """A test's result as a record of what it is of."""
    return TestRecord(
        **about,
        test=result.name,
        null=result.null,
        hypothesis=HypothesisRecord(code=result.hypothesis.code, values=dict(result.hypothesis.values)),
        estimate=result.estimate,
        std_error=result.std_error,
        statistic=result.statistic,
        distribution=result.distribution if result.refusal is None else "",
        df=result.degrees if result.refusal is None else (),
        pvalue=result.pvalue,
        unavailable=result.unavailable,
        refusal=None if result.refusal is None else FactRecord.of(result.refusal),
        notes=tuple(map(FactRecord.of, result.notes)),
    )


def section_of_members(setting: Setting, design: Design, window: Window, *, history: bool) -> Section:
    """The cross-section of a design's security, or of its group's members, over any window inside the event window."""
    members = [replace(design, subject=name, members=(name,)) for name in design.members]
    part = estimate(setting, members)[0]
    return part.section(np.arange(len(members)), window, history=history)
