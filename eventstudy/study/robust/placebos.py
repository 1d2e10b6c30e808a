"""Headlines among the same figures on earlier sessions, one by one and as a family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventstudy.abnormal import Estimates
from eventstudy.calendars import to_date
from eventstudy.inference.maxt import step_down
from eventstudy.inference.ranks import rank_test
from eventstudy.results import PlaceboDateRecord, PlaceboRecord
from eventstudy.study.robust.figures import Figure, Positions, admissible, latest, slid
from eventstudy.study.setting import Setting
from eventstudy.study.ways import Floats

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Placebos:
    """A figure and its n placebo dates; only positions on which it can be had."""

    figure: Figure
    own: Estimates
    positions: Positions
    values: Estimates

    @property
    def statistic(self) -> float:
        return float(self.own.statistic[0])


def placebos_of(setting: Setting, figure: Figure, most: int) -> Placebos:
    """The last `most` admissible sessions before the figure's own, and the figure on each."""
    positions = latest(admissible(setting, figure), most)
    values = slid(setting, figure, positions)
    known = np.isfinite(values.statistic)
    own = slid(setting, figure, np.array([figure.case.day0]))
    return Placebos(figure, own, positions[known], values.take(known))


def placebo_records(found: Sequence[Placebos], level: float) -> tuple[PlaceboRecord, ...]:
    """The `placebo` list; headlines without any placebo date have none."""
    told = [one for one in found if one.positions.size]
    shared = on_family_dates(told, "statistic")
    adjusted = step_down(np.array([one.statistic for one in told]), shared) if shared.size else [None] * len(told)
    return tuple(_record(one, adjusted[row], len(shared), level) for row, one in enumerate(told))


def _record(one: Placebos, adjusted: float | None, shared: int, level: float) -> PlaceboRecord:
    sizes = np.abs(one.values.statistic)
    test = rank_test(one.statistic, one.values.statistic, name="placebo_dates", null="the date is like earlier ones")
    days = one.figure.sessions[one.positions]
    return PlaceboRecord(
        id=one.figure.id,
        n_placebo=sizes.size,
        rank=int(test.statistic or 0),
        pvalue=float(test.pvalue or 1.0),
        smallest_pvalue=1.0 / (sizes.size + 1),
        maxt_pvalue=None if adjusted is None else float(adjusted),
        n_family=shared,
        statistic=one.statistic,
        critical=_critical(sizes, level),
        first_session=to_date(days[0]),
        last_session=to_date(days[-1]),
    )


def _critical(sizes: Floats, level: float) -> float:
    """The size beyond which p is at most the level; the largest where there are too few dates for such a p."""
    place = max(int(level * (sizes.size + 1) + ROUNDING), 1)
    return float(np.sort(sizes)[-place])


def placebo_date_records(found: Sequence[Placebos]) -> tuple[PlaceboDateRecord, ...]:
    """The `placebo_dates` list: what the distributions are drawn from."""
    return tuple(
        PlaceboDateRecord(
            id=one.figure.id,
            session=to_date(one.figure.sessions[place]),
            estimate=float(one.values.value[row]),
            std_error=float(one.values.std_error[row]),
            statistic=float(one.values.statistic[row]),
        )
        for one in found
        for row, place in enumerate(one.positions)
    )


def on_family_dates(found: Sequence[Placebos], what: Literal["value", "statistic"]) -> Floats:
    """(n, m) values or t of all m figures on the dates on which every one of them can be had, dependence and all.

    The figures are moved together by whole calendar days: with the first one on a session D days before its own, the
    others stand on their first session at or after D days before theirs. A session serves once for each figure.
    """
    if not found:
        return np.zeros((0, 0))
    base = found[0]
    own = base.figure.sessions[base.figure.case.day0]
    shift = base.figure.sessions[base.positions] - own
    columns, known = [], np.ones(shift.size, dtype=bool)
    for one in found:
        sessions = one.figure.sessions
        wanted = np.searchsorted(sessions, sessions[one.figure.case.day0] + shift)
        row = np.searchsorted(one.positions, wanted)
        there = (row < one.positions.size) & (one.positions[np.minimum(row, one.positions.size - 1)] == wanted)
        once = np.zeros(shift.size, dtype=bool)
        once[np.unique(wanted, return_index=True)[1]] = True
        known &= there & once
        columns.append(getattr(one.values, what)[np.minimum(row, one.positions.size - 1)])
    return np.column_stack(columns)[known]
