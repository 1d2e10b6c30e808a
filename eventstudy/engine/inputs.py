"""A researcher's tables to a `Sample`: every event is placed or refused with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Days, Floats, Ints, Mask
from eventstudy.engine.event_table import groups_of, ids_of, read_events, weights_of, windows_of
from eventstudy.engine.moments import Dates, event_dates
from eventstudy.engine.own_sessions import openings, own_calendars, shut
from eventstudy.errors import InputError, OptionError
from eventstudy.facts import Fact, fact
from eventstudy.gate.days import day_text, places, read_stamps
from eventstudy.gate.tables import Wide, labelled
from eventstudy.kernel.calendars import Calendars, spans
from eventstudy.kernel.sample import Sample, bounds, inside_windows, meeting
from eventstudy.windows import Window

if TYPE_CHECKING:
    import pandas as pd

NonSession = Literal["raise", "next", "previous", "skip"]
Gap = Literal["one_session", "simple", "log"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that is not in the results, and why."""

    event_id: str
    why: Fact


class Regressors(NamedTuple):
    """Benchmark or factors on the sessions of the returns: K names and (K, S) values."""

    names: tuple[str, ...]
    values: Floats


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller chose; see `event_study` for their meaning."""

    estimation_window: Window
    event_window: Window
    non_session: NonSession = "raise"
    after_gap: Gap = "one_session"
    exclude_event_days: bool = False
    exchange: str | None = None
    date_format: str | None = None
    characteristics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Where each of the E events that were given stands, those that are refused too.

    Attributes
    ----------
    event_ids, assets : (E,) str
        Keys, and assets as they were given.
    dates : Series of E
        Dates as they were given.
    position : (E,) int
        Session of day 0 in the returns; -1 where there is none.
    why : (E,) Fact
        How day 0 was found, or why there is none.
    moved : (E,) int
        Sessions between the day asked for and day 0, of the exchange where one is known, else from Monday to Friday.
    asset, place, anchor : (E,) int
        Row of each asset in the returns, and places among its sessions of day 0 and of what the estimation window
        counts from; -1 where there is none.
    windows : (E, 4) int
        First and last relative day of the estimation and of the event window.
    shut : mapping of int to (n,) int
        Columns in which an asset has a return although its exchange was closed, by the asset's row.
    refusals : tuple of Refusal
        Events that are not placed.
    characteristics : DataFrame
        The columns that the caller listed, by event_id.
    """

    event_ids: NDArray[np.object_]
    assets: NDArray[np.object_]
    dates: pd.Series[Any]
    position: Ints
    why: NDArray[np.object_]
    moved: Ints
    asset: Ints
    place: Ints
    anchor: Ints
    windows: Ints
    shut: Mapping[int, Ints]
    refusals: tuple[Refusal, ...]
    characteristics: pd.DataFrame

    def neighbours(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Other events of each event's asset whose event windows meet its ``event`` or ``estimation`` window, by id.

        All events that have a day 0 count, those that are not in the results too.
        """
        rows = np.flatnonzero(self.place >= 0)
        ids, asset, place, windows = self.event_ids[rows], self.asset[rows], self.place[rows], self.windows[rows]
        begin, end = place + windows[:, 2], place + windows[:, 3]
        past = tuple(self.anchor[rows] + windows[:, side] for side in (0, 1))
        spans = {"event": (begin, end), "estimation": past}
        return {
            name: {
                str(ids[row]): tuple(str(one) for one in ids[others])
                for row, others in meeting(asset, first, last, begin, end)
            }
            for name, (first, last) in spans.items()
        }


@dataclass(slots=True)
class _Placing:
    """Events as they are being placed; rows that stay and the refusals met on the way."""

    ids: NDArray[np.object_]
    keep: Mask
    why: NDArray[np.object_]
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, rows: Mask, why: Callable[[int], Fact]) -> None:
        for row in np.flatnonzero(rows & self.keep):
            self.why[row] = why(int(row))
            self.refusals.append(Refusal(str(self.ids[row]), self.why[row]))
        self.keep &= ~rows


def place_events(
    returns: Wide,
    given: Any,
    regressors: Regressors,
    options: Options,
    shifts: tuple[int, int] = (0, 0),
) -> tuple[Sample, Placed]:
    """Place events on returns.

    Parameters
    ----------
    returns : Wide
        Decimal returns, NaN where an asset did not trade; the values may be a memory-mapped file.
    given : table
        Columns asset and date, optionally those of `EVENT_COLUMNS` and the characteristics listed.
    regressors : Regressors
        Benchmark or factors on the same sessions.
    options : Options
        The caller's choices.
    shifts : pair of int
        Lags and leads of the regressors that stand beside them, in own sessions.

    Raises
    ------
    InputError
        For events that cannot be read: unknown columns, dates that are no dates, a date without a session under
        ``non_session="raise"``.
    """
    events = read_events(given, options.characteristics)
    ids, windows = ids_of(events), windows_of(events, options.estimation_window, options.event_window)
    placing = _Placing(ids, np.ones(len(events), dtype=bool), np.full(len(events), fact("as_dated"), dtype=object))
    sessions, values, factors = returns.sessions, returns.values, regressors.values
    names, asset = _assets(events["asset"], returns.names, placing)
    dates = event_dates(events, options.exchange, options.date_format, returns.labels)
    opened = openings(sessions, asset, dates.exchange)
    calendars = own_calendars(values, factors, asset, opened)
    regressors = shifted(regressors, shifts, calendars)
    place = _places(dates, sessions, asset, calendars, options.non_session, placing)
    _within(place, asset, windows, sessions, calendars, placing)
    anchor = place
    if "anchor" in events.columns:
        days = read_stamps(events["anchor"], "anchor", options.date_format).written
        anchor = _anchors(days, place, asset, windows, (sessions, calendars), placing)
    keep, position = placing.keep, calendars.columns(asset, place)
    sample = Sample(
        sessions=sessions,
        assets=returns.names,
        values=values,
        span=spans(values, calendars, gaps=options.after_gap != "one_session"),
        names=regressors.names,
        factors=regressors.values,
        compounding="log" if options.after_gap == "log" else "simple",
        event_ids=ids[keep],
        asset=asset[keep],
        place=place[keep],
        anchor=anchor[keep],
        estimation=windows[keep, :2],
        event=windows[keep, 2:],
        blocked=None,
        group=groups_of(events)[keep],
        weight=weights_of(events)[keep],
        calendars=calendars,
        partial=dates.partial[keep],
    )
    there = (asset >= 0) & (place >= 0) & (place < calendars.sizes(asset)) & ~np.isnat(dates.written)
    if options.exclude_event_days:
        first, last = bounds(calendars, asset[there], place[there], windows[there, 2:])
        sample = replace(sample, blocked=inside_windows(values.shape, asset[there], first, last))
    return sample, Placed(
        event_ids=ids,
        assets=names,
        dates=events["date"],
        position=np.where(keep, position, -1),
        why=placing.why,
        moved=_sessions_moved(dates, sessions, np.where(keep, position, -1)),
        asset=asset,
        place=np.where(there, place, -1),
        anchor=np.where(there, anchor, -1),
        windows=windows,
        shut=shut(values, opened),
        refusals=tuple(placing.refusals),
        characteristics=events[list(options.characteristics)].set_axis(ids.astype(str), axis=0).rename_axis("event_id"),
    )


def _assets(cells: pd.Series[Any], assets: tuple[str, ...], placing: _Placing) -> tuple[NDArray[np.object_], Ints]:
    """(E,) assets as texts, and their rows among those of the returns."""
    if (none := cells.isna().to_numpy()).any():
        raise InputError(fact("gate.no_asset", what="events", row=int(np.flatnonzero(none)[0])))
    codes, labels = labelled(cells)
    known = {name: row for row, name in enumerate(assets)}
    names = np.array(labels, dtype=object)[codes]
    asset = np.array([known.get(name, -1) for name in labels], dtype=np.int64)[codes]
    placing.refuse(asset < 0, lambda row: fact("unknown_asset", asset=names[row]))
    return names, asset


def shifted(regressors: Regressors, shifts: tuple[int, int], calendars: Calendars) -> Regressors:
    """Regressors with their lags and leads as further columns, counted in the sessions that all assets share."""
    from eventstudy.models import lagged_factors

    if shifts == (0, 0):
        return regressors
    if not calendars.one:
        raise OptionError(fact("option.several_markets", lags=shifts[0], leads=shifts[1]))
    own = calendars.own[0]
    names, columns = lagged_factors(regressors.names, regressors.values[:, own], lags=shifts[0], leads=shifts[1])
    values = np.full((len(names), own.size), np.nan)
    values[:, own] = columns
    return Regressors(tuple(names), values)


def _places(
    dates: Dates,
    sessions: Days,
    asset: Ints,
    calendars: Calendars,
    non_session: NonSession,
    placing: _Placing,
) -> Ints:
    """(E,) place of day 0 among the sessions of each event's asset."""
    stamps, span = dates.stamps, _range(sessions)
    placing.refuse(np.isnat(dates.written), lambda row: fact("no_date"))
    placing.refuse(np.array([why is not None for why in dates.unknown]), lambda row: dates.unknown[row])
    outside = (stamps < sessions[0]) | (stamps > sessions[-1])
    placing.refuse(outside, lambda row: fact("outside_returns", day=day_text(stamps[row]), **span))
    place, exact = calendars.search(asset, stamps, sessions)
    off = ~exact & placing.keep
    _refuse_clocks(dates, placing)
    if off.any() and non_session == "raise":
        rows = np.flatnonzero(off)
        told = places(rows, lambda row: {"event": str(placing.ids[row]), "day": day_text(stamps[row])})
        raise InputError(fact("gate.events.not_a_session", n=rows.size, days=told))
    clocked = off & dates.clocked
    if non_session == "previous" and clocked.any():
        placing.refuse(clocked, lambda row: fact("not_a_session.before_news", day=day_text(stamps[row])))
    if non_session == "skip":
        placing.refuse(off, lambda row: fact("not_a_session.of_returns", day=day_text(stamps[row])))
    place = np.where(off, place - 1, place) if non_session == "previous" else place
    size = calendars.sizes(asset)
    placing.refuse(
        (place < 0) | (place >= size), lambda row: fact("outside_returns", day=day_text(stamps[row]), **span)
    )
    position = calendars.columns(asset, np.clip(place, 0, size - 1))
    clock = placing.keep & np.array([one is not None for one in dates.moved])
    placing.why[clock] = dates.moved[clock]
    for row in np.flatnonzero(off & placing.keep):
        session = sessions[position[row]]
        days = int((session - stamps[row]) / np.timedelta64(1, "D"))
        code = "moved.previous" if days < 0 else "moved.next"
        placing.why[row] = fact(code, day=day_text(stamps[row]), session=day_text(session), n=abs(days))
    return place.astype(np.int64)


def _refuse_clocks(dates: Dates, placing: _Placing) -> None:
    """A time of day without an exchange leaves open which session could react first."""
    if (clocks := dates.timed & placing.keep).any():
        rows = np.flatnonzero(clocks)
        told = places(rows, lambda row: {"row": row, "text": str(dates.written[row].astype("datetime64[m]"))})
        raise InputError(fact("gate.events.clock", n=rows.size, event_rows=told))


def _within(place: Ints, asset: Ints, windows: Ints, sessions: Days, calendars: Calendars, placing: _Placing) -> None:
    """Refuse events whose event window is not wholly inside the sessions: it is never truncated."""
    size = calendars.sizes(asset)
    short = (place + windows[:, 2] < 0) | (place + windows[:, 3] >= size)
    position = calendars.columns(asset, np.clip(place, 0, size - 1))

    def why(row: int) -> Fact:
        window = Window(int(windows[row, 2]), int(windows[row, 3]))
        return fact(
            "event_window_outside_returns", window=window, day=day_text(sessions[position[row]]), **_range(sessions)
        )

    placing.refuse(short, why)


def _anchors(
    days: Days, place: Ints, asset: Ints, windows: Ints, at: tuple[Days, Calendars], placing: _Placing
) -> Ints:
    """(E,) place of the session that each event's estimation window counts from: its anchor, or day 0."""
    sessions, calendars = at
    given = ~np.isnat(days)
    found, exact = calendars.search(asset, np.where(given, days, sessions[0]), sessions)
    anchor = np.where(given & exact, found, place)
    placing.refuse(given & ~exact, lambda row: fact("anchor.not_a_session", day=day_text(days[row])))
    late = given & (anchor + windows[:, 1] >= place + windows[:, 2])
    placing.refuse(late, lambda row: fact("anchor.overlaps", day=day_text(days[row]), last=int(windows[row, 1])))
    return anchor


def _sessions_moved(dates: Dates, sessions: Days, position: Ints) -> Ints:
    """Sessions from the day asked for to day 0: of the exchange where one is known, else from Monday to Friday."""
    from eventstudy.calendars import load_sessions

    asked = dates.written.astype("datetime64[D]")
    there = (position >= 0) & ~np.isnat(asked)
    used = sessions[np.maximum(position, 0)].astype("datetime64[D]")
    moved = np.zeros(position.size, dtype=np.int64)
    other = np.flatnonzero(there & (asked != used))
    for code in dict.fromkeys(dates.exchange[other]):
        rows = other[dates.exchange[other] == code]
        if code:
            known = load_sessions(code).sessions
            moved[rows] = np.searchsorted(known, used[rows]) - np.searchsorted(known, asked[rows])
        else:
            moved[rows] = np.busday_count(asked[rows], used[rows])
    return moved


def _range(sessions: Days) -> dict[str, str]:
    return {"known_first": day_text(sessions[0]), "known_last": day_text(sessions[-1])}
