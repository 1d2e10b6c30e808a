"""Closes at a price limit in a researcher's own returns."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Floats, Ints
from eventstudy.censoring import days_after, first_open_close
from eventstudy.errors import InputError, OptionError
from eventstudy.facts import fact
from eventstudy.gate.tables import Wide
from eventstudy.kernel.estimate import Abnormal
from eventstudy.kernel.sample import Sample
from eventstudy.models import MODELS, Model
from eventstudy.options import one_of, shown
from eventstudy.windows import Window

LimitDays = Literal["keep", "drop", "censor"]


def with_limits(sample: Sample, at_limit: Wide | None, choice: LimitDays) -> Sample:
    """The sample with its closes at a limit, and with what is to become of them in estimation windows.

    Raises
    ------
    OptionError
        For an unknown choice, or one without `at_limit`.
    InputError
        Where `at_limit` lacks a session or an asset of `returns`, or holds anything but -1, 0 and 1.
    """
    one_of("limit_days", choice, get_args(LimitDays))
    if at_limit is None:
        if choice != "keep":
            raise OptionError(fact("option.needs_limits", given=shown(choice)))
        return sample
    side = _sides(sample, at_limit)
    if choice == "keep":
        return replace(sample, at_limit=side)
    after = days_after(side != 0, np.isfinite(sample.values))
    out = after if choice == "censor" else after | (side != 0)
    blocked = out if sample.blocked is None else sample.blocked | out
    censored = np.where(after, 0, side).astype(np.int8) if choice == "censor" else None
    return replace(sample, at_limit=side, blocked=blocked, censored=censored)


def require_censorable(model: Model, choice: LimitDays) -> None:
    """Refuse to censor under a model that has no form for it."""
    if choice == "censor" and not model.censorable:
        able = sorted(name for name, row in MODELS.items() if row.censorable)
        raise OptionError(fact("option.uncensorable", model=shown(model.name), allowed=able))


def _sides(sample: Sample, read: Wide) -> NDArray[np.int8]:
    """(A, S) -1, 0 or 1 for every asset and session of the returns."""
    days = sample.sessions[~np.isin(sample.sessions, read.sessions)]
    lacking = [name for name in sample.assets if name not in read.names]
    if days.size or lacking:
        missing = f"session {days[0].astype('datetime64[D]')}" if days.size else f"asset {lacking[0]}"
        raise InputError(f"at_limit lacks the {missing} of returns; give it for all of them, 0 for none")
    place = {name: row for row, name in enumerate(read.names)}
    side = np.nan_to_num(read.on(sample.sessions)[[place[name] for name in sample.assets]])
    if not np.isin(side, (-1.0, 0.0, 1.0)).all():
        wrong = side[~np.isin(side, (-1.0, 0.0, 1.0))][0]
        raise InputError(f"at_limit holds {wrong:g}; -1 is a close at the lower limit, 1 at the upper, 0 neither")
    return np.where(np.isfinite(sample.values), side, 0).astype(np.int8)


def stops(sample: Sample, abnormal: Abnormal) -> Ints:
    """(E,) relative day of the first close off a limit from day 0 on; -1 where the event window ends before."""
    if sample.at_limit is None:
        raise OptionError(fact("option.unknown_limits"))
    days = np.arange(max(abnormal.event_window.last, 0) + 1)
    session = sample.columns(Window(0, int(days[-1])))  # -1 past the end, which lies outside the event window too
    hit = sample.at_limit[sample.asset[:, None], session] != 0
    traded = np.isfinite(sample.values[sample.asset[:, None], session])
    inside = days <= sample.event[:, 1:]
    return first_open_close(hit | ~inside, traded | ~inside, np.zeros(sample.asset.size, dtype=np.int64))


def cars_to_stop(abnormal: Abnormal, stop: Ints) -> tuple[Floats, Floats]:
    """(E,) CAR from day 0 to each event's own last day, and its standard error as if the window were fixed."""
    value, std_error = np.full(stop.size, np.nan), np.full(stop.size, np.nan)
    for last in np.unique(stop[stop >= 0]):
        rows = stop == last
        value[rows], std_error[rows] = abnormal.take(rows).car(Window(0, int(last)))
    return value, std_error
