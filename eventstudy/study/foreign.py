"""Two markets, one information clock: what a foreign market had done when a session opened."""

from __future__ import annotations

from datetime import date

import numpy as np

from eventstudy.calendars import ExchangeSessions, to_date
from eventstudy.clock import first_session, foreign_sessions, news_inside
from eventstudy.events import Day
from eventstudy.returns import level_at, over_same_span
from eventstudy.spec import Event
from eventstudy.study.cases import Design
from eventstudy.study.setting import Setting
from eventstudy.study.ways import Floats
from eventstudy.windows import Window


def foreign_returns_known(setting: Setting, security: str, name: str, *, to_open: bool) -> Floats | None:
    """(S,) foreign return that became known over the same span as each of the security's returns.

    From the foreign close known at the open of the previous trade's session to the one known at this open, over all
    foreign sessions between; zero where none was completed. With `to_open` the last of them counts only up to
    its own open; None where the foreign benchmark has no recorded opens.
    """
    series, level = setting.series[security], setting.levels[name]
    if to_open and level.at_open is None:
        return None
    position = foreign_sessions(setting.exchanges[series.exchange], setting.exchanges[level.exchange])
    closes = level_at(level.values, position)
    span, kind = series.trade.span, setting.spec.returns
    whole = over_same_span(closes, span, kind)
    if level.at_open is None or not to_open:
        return whole
    before = np.where(span > 0, np.arange(span.size) - span, 0)
    ratio = level_at(level.at_open, position) / closes[before]
    part = np.log(ratio) if kind == "log" else ratio - 1.0
    return np.where(span > 0, np.where(position == position[before], whole, part), np.nan)


def over_controlled(setting: Setting, design: Design, name: str, window: Window, *, to_open: bool) -> bool:
    """Whether the foreign return known on a day of the window can already contain the news itself.

    It can where the news, or an earlier step of it, had its first session at the foreign exchange by then. Up to
    that session's open it does not where the news cannot have broken before the open. A benchmark of shares that
    the news does not touch cannot contain it.
    """
    if not setting.spec.touched(name):
        return False
    known = foreign_session_known(setting, design, name, window.last)
    foreign = setting.exchanges[setting.levels[name].exchange]
    group = setting.spec.group_of(design.event.id)
    events = [design.event] if group is None else [setting.spec.event(step) for step in group.steps]
    return known is not None and any(_holds(event, foreign, known, to_open=to_open) for event in events)


def _holds(event: Event, foreign: ExchangeSessions, known: date, *, to_open: bool) -> bool:
    """Whether a foreign session's close, or its open, can hold an event."""
    if not news_inside(event.when, foreign, known):
        return False
    first = first_session(event.when, foreign).session
    if not to_open or known > first or isinstance(event.when, Day):
        return True
    earliest = np.datetime64(event.when.first.replace(tzinfo=None), "ns")
    return bool(earliest < foreign.opens[foreign.index(first)])


def foreign_session_known(setting: Setting, design: Design, name: str, relative_day: int) -> date | None:
    """The last foreign session completed before a relative day's open; None where it is not known."""
    series = setting.series[design.subject]
    foreign = setting.exchanges[setting.levels[name].exchange]
    position = foreign_sessions(setting.exchanges[series.exchange], foreign)
    found = int(position[series.position(design.day0) + relative_day])
    return to_date(foreign.sessions[found]) if found >= 0 else None
