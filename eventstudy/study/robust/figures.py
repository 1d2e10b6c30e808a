"""Headlines as figures that can be computed again: on other dates, under other choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal import Estimates, cumulative
from eventstudy.kernel.cases import Case, moved
from eventstudy.results import HeadlineRecord, PortfolioRecord
from eventstudy.study.cases import Design, build_case, designs, estimand_of
from eventstudy.study.placebo import placebo_positions
from eventstudy.study.series import SecuritySeries
from eventstudy.study.setting import Setting
from eventstudy.windows import Window

Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A headline: its design (with the members of a group), its case, its window."""

    id: str
    design: Design
    case: Case
    window: Window

    @property
    def sessions(self) -> NDArray[np.datetime64]:
        return self.case.sessions


def headline_figures(
    setting: Setting, heads: Sequence[HeadlineRecord], portfolios: Sequence[PortfolioRecord]
) -> tuple[Figure, ...]:
    """Every headline that has an estimate."""
    return tuple(_figure(setting, head, portfolios) for head in heads)


def _figure(setting: Setting, head: HeadlineRecord, portfolios: Sequence[PortfolioRecord]) -> Figure:
    members: tuple[str, ...] = (head.subject,)
    if head.kind == "group":
        wanted = (head.event_id, head.subject, head.model, head.benchmark, head.window)
        members = next(
            record.securities
            for record in portfolios
            if (record.event_id, record.group, record.model, record.benchmark, record.window) == wanted
        )
    first = next(
        design
        for design in designs(setting.spec, setting.timed, setting.main_models)
        if (design.event.id, design.subject, design.model) == (head.event_id, members[0], head.model)
    )
    design = replace(
        first,
        subject=head.subject,
        members=members,
        benchmark=head.benchmark,
        estimand=estimand_of(setting.spec, head.benchmark),
    )
    return Figure(head.id, design, build_case(design, setting.series, setting.spec.limit_days), head.window)


def members_of(setting: Setting, figure: Figure) -> list[SecuritySeries]:
    """The series of a figure's security, or of its group's members."""
    return [setting.series[symbol] for symbol in figure.design.members]


def admissible(
    setting: Setting, figure: Figure, *, estimation: Window | None = None, window: Window | None = None
) -> Positions:
    """Earlier sessions that the figure's day 0 can be moved to (`placebo_positions`)."""
    spec = setting.spec
    return placebo_positions(
        figure.case,
        members_of(setting, figure),
        setting.timed,
        window or figure.window,
        estimation=estimation or spec.windows.estimation,
        least=spec.windows.min_estimation,
    )


def latest(positions: Positions, most: int) -> Positions:
    """The last `most` positions; none for 0."""
    return positions[max(positions.size - most, 0) :]


def slid(setting: Setting, figure: Figure, positions: Positions) -> Estimates:
    """The figure with its day 0 at each position, (n,): its whole pipeline, estimation window included."""
    panel = moved(figure.case, positions, estimation=setting.spec.windows.estimation, event=figure.window)
    return cumulative(panel, figure.design.chosen.fit(panel), figure.window)
