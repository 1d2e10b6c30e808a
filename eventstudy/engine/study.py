"""`event_study`: one call from a researcher's frames to estimates and tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.engine.inputs import Gap, NonSession, Options, Placed, Regressors, place_events
from eventstudy.engine.limits import LimitDays, require_censorable, with_limits
from eventstudy.engine.outcomes import outcomes_in
from eventstudy.engine.partitions import in_parts, map_partitions
from eventstudy.engine.result import EventStudy
from eventstudy.errors import InputError, OptionError
from eventstudy.exchanges import exchange as exchange_row
from eventstudy.facts import fact
from eventstudy.gate.days import require_date_format
from eventstudy.gate.tables import Wide, as_pandas, label, read_wide
from eventstudy.gate.values import Accepted, check_finite, check_rate, check_scale, check_values, read_accept
from eventstudy.kernel.estimate import estimate, require_executor
from eventstudy.kernel.sample import Sample
from eventstudy.models import ChosenModel, Model, choose
from eventstudy.options import folder_of, one_of, shown, spelled, switch, whole, window_of
from eventstudy.robustness.simulation import Executor

if TYPE_CHECKING:
    import pandas as pd

Table: TypeAlias = Any
"""A pandas, polars or Arrow table or series; `eventstudy.gate.tables` says what is read of it."""


@spelled
def event_study(  # noqa: PLR0913 - the options are the contract of docs/api.md, all but two keyword-only
    returns: Table,
    events: Table,
    *,
    benchmark: str | int | Table | None = None,
    factors: Table | None = None,
    risk_free: Table | None = None,
    model: str | Model = "market",
    model_options: Mapping[str, Any] | None = None,
    estimation_window: tuple[int, int] = (-250, -11),
    event_window: tuple[int, int] = (-10, 10),
    min_estimation: int = 30,
    non_session: NonSession = "raise",
    after_gap: Gap = "one_session",
    exclude_event_days: bool = False,
    at_limit: pd.DataFrame | None = None,
    limit_days: LimitDays = "keep",
    exchange: str | None = None,
    date_format: str | None = None,
    characteristics: Sequence[str] = (),
    accept: Sequence[Accepted] = (),
    executor: Executor | None = None,
    progress: bool = False,
) -> EventStudy:
    """Abnormal returns of any number of events on one's own returns.

    Parameters
    ----------
    returns : table
        Decimal returns (0.01 = 1 %) as the user defines them, above -1; NaN where an asset did not trade. Pandas,
        polars or Arrow; wide (sessions x assets, sessions as the index or a column ``date``) or long (a row an asset
        and session, with columns such as ``permno``, ``date``, ``ret``).
    events : table
        Columns ``asset`` and ``date``; optionally ``event_id`` (unique; the row number otherwise), ``group``,
        ``weight``, ``exchange``, ``anchor`` (the session that the estimation window counts from, where it is not
        day 0: that of the first of several events), own windows ``estimation_first``, ``estimation_last``,
        ``event_first``, ``event_last``, and the columns that `characteristics` lists.
        An asset may have several events, and events may share dates.
    benchmark : str, int, table of one column, or None
        A column of `returns`, or returns of its own on the same sessions.
    factors : table, optional
        Sessions x factors, for ``model="factor"``; peers or donors for ``peer_portfolio`` and ``synthetic_control``.
    risk_free : Series, optional
        Risk-free return per session, taken off the returns and off `benchmark`; `factors` are taken as
        excess returns already.
    model : str or Model
        A name of `eventstudy.models.MODELS`, or a model of one's own (docs/extending.md).
    model_options : mapping, optional
        Of the model: ``intercept`` (factor); ``lags``, ``leads``, ``weights`` (dimson); ``beta`` (peer_portfolio);
        ``ridge``, ``augment`` (synthetic_control).
    estimation_window, event_window : pair of int
        First and last relative day, in sessions of the event's asset; day 0 is the event's session. A row of `returns`
        is no session of an asset where neither it nor the benchmark has a return, or where its exchange was closed.
    min_estimation : int
        Events with fewer estimation observations are excluded.
    non_session : {"raise", "next", "previous", "skip"}
        What an event date that is not a session means.
    after_gap : {"one_session", "simple", "log"}
        What the first return after missing ones is: a return of that session alone, or the simple or log
        return since the last trade. In the latter case benchmark and factors are cumulated over the same
        span, the return has that many sessions' variance, and it stays out of the estimation window.
    exclude_event_days : bool
        Leave sessions inside any event window of the same asset out of estimation windows.
    at_limit : DataFrame, sessions x assets, optional
        -1 where an asset closed at its lower price limit, 1 at its upper, else 0: for `flags`, for
        `EventStudy.car_to_open`, and for `limit_days`.
    limit_days : {"keep", "drop", "censor"}
        What becomes of such closes in estimation windows: kept; left out, with the session after, which carries the
        rest of the move; or taken as cut off in a two-limit Tobit (``market``, ``mean``), the session after left out.
    exchange : str, optional
        Whose sessions the returns follow (``XNYS``, ``XHKG``, ``24/7``, any calendar of exchange_calendars), where
        `events` has no ``exchange`` of its own. With it a date may be a moment, as a stamp with a time zone or a
        text with its offset (``2024-04-03T08:30-04:00``): day 0 is then the first session that could react, and
        `flags` says ``moved`` where that is another day than the moment's own.
    date_format : str, optional
        Format of dates that are texts (``"%d/%m/%Y"``, as `datetime.strptime` knows it). Without it: ISO dates, and
        eight digits (``20240403``).
    characteristics : sequence of str
        Columns of `events` that describe them; `EventStudy.characteristics` holds them for `regress`.
    accept : sequence of {"scale", "outcome"}
        What the caller vouches for: units that look like percent or prices; values that are no returns (volume,
        yields). Both are repeated in the summary.
    executor : object with ``map``, optional
        Where chunks of events run: ``concurrent.futures`` pools, ``distributed.Client.get_executor()``, ray's pool.
        The numbers are the same.
    progress : bool
        Show a progress bar on a terminal.

    Returns
    -------
    EventStudy
        Estimates and tests; every event is in it or in its `exclusions`.

    Raises
    ------
    OptionError
        For an option that is not allowed.
    InputError
        For frames that cannot be read.
    """
    options = _options(
        estimation_window=estimation_window,
        event_window=event_window,
        min_estimation=min_estimation,
        non_session=non_session,
        after_gap=after_gap,
        exclude_event_days=exclude_event_days,
        exchange=exchange,
        date_format=date_format,
        characteristics=characteristics,
    )
    accepted = read_accept(accept) | outcomes_in(returns)
    chosen = choose(model, model_options)
    one_of("limit_days", limit_days, get_args(LimitDays))
    switch("progress", progress)
    require_censorable(chosen.row, limit_days)
    own = read_wide(returns, "returns", date_format=date_format, zone=_zone(exchange))
    given = _regressors(own, benchmark, factors, chosen.row, date_format=date_format, zone=_zone(exchange))
    require_returns(own, given, accepted)
    rate = None
    if risk_free is not None:
        read = read_wide(risk_free, "risk_free", date_format=date_format, zone=_zone(exchange))
        own, given, rate = _excess(own, given, read, options.after_gap, chosen.row)
    require_executor(executor)
    sides = None
    if at_limit is not None:
        sides = read_wide(at_limit, "at_limit", date_format=date_format, zone=_zone(exchange))
    sample, placed = place_events(own, events, given, options, chosen.shifts)
    sample = replace(with_limits(sample, sides, limit_days), risk_free=rate)
    return _study(sample, placed, chosen, accepted, min_estimation=min_estimation, executor=executor, progress=progress)


@spelled
def event_study_parquet(  # noqa: PLR0913 - as event_study
    folder: str | Path,
    events: Table,
    *,
    regressors: Table,
    scratch: str | Path,
    model: str | Model = "market",
    model_options: Mapping[str, Any] | None = None,
    estimation_window: tuple[int, int] = (-250, -11),
    event_window: tuple[int, int] = (-10, 10),
    min_estimation: int = 30,
    non_session: NonSession = "raise",
    exchange: str | None = None,
    date_format: str | None = None,
    accept: Sequence[Accepted] = (),
    executor: Executor | None = None,
    progress: bool = False,
) -> EventStudy:
    """`event_study` on per-firm Parquet files, which may be larger than memory together.

    Parameters
    ----------
    folder : path
        One ``ASSET.parquet`` per asset with the columns ``session`` (dates, or texts as `date_format` says) and
        ``return`` (decimal).
    events : DataFrame
        As for `event_study`; only files of assets with an event are read.
    regressors : Series or DataFrame
        Benchmark or factors, decimal; its index gives the sessions.
    scratch : path
        A folder on disk for the returns as one memory-mapped array (8 bytes an asset and session); it must
        outlive the result.
    model, model_options, estimation_window, event_window, min_estimation, non_session, exchange, date_format, accept, \
executor, progress
        As for `event_study`.

    Returns
    -------
    EventStudy
        The same numbers as `event_study` on the whole frame.

    Raises
    ------
    OptionError
        For an option that is not allowed.
    InputError
        For files, regressors and events that cannot be read; what is wrong with a file has its name.
    StoreError
        Where `scratch` cannot be written.
    """
    options = _options(
        estimation_window=estimation_window,
        event_window=event_window,
        min_estimation=min_estimation,
        non_session=non_session,
        exchange=exchange,
        date_format=date_format,
    )
    chosen = choose(model, model_options)
    accepted = read_accept(accept)
    require_executor(executor)
    places = folder_of("folder", folder), folder_of("scratch", scratch)
    read = read_wide(regressors, "regressors", date_format=date_format, zone=_zone(exchange))
    given = _needed(read, chosen.row, "regressors")
    require_returns(replace(read, names=(), values=read.values[:0]), given, accepted)
    named = as_pandas(events, "events")
    wanted = tuple(dict.fromkeys(map(label, named["asset"].dropna()))) if "asset" in named.columns else ()
    dated = {"date_format": date_format, "zone": _zone(exchange)}
    with _bar(len(wanted), shown=progress, what="files") as advance:
        returns = map_partitions(places[0], read.sessions, places[1], assets=wanted, progress=advance, **dated)
    for part in in_parts(returns):
        require_returns(part, given, accepted)
    returns = replace(returns, labels=read.labels)
    sample, placed = place_events(returns, named, given, options, chosen.shifts)
    return _study(sample, placed, chosen, accepted, min_estimation=min_estimation, executor=executor, progress=progress)


def _study(
    sample: Sample,
    placed: Placed,
    model: ChosenModel,
    accepted: frozenset[Accepted],
    *,
    min_estimation: int,
    executor: Executor | None,
    progress: bool,
) -> EventStudy:
    if not sample.event_ids.size:
        raise InputError(fact("gate.events.nothing_left", n=len(placed.refusals), why=placed.refusals[0].why))
    with _bar(sample.event_ids.size, shown=progress, what="events") as advance:
        abnormal = estimate(sample, model, executor=executor, progress=advance)
    return EventStudy.of(sample, abnormal, model=model, placed=placed, accepted=accepted, min_estimation=min_estimation)


def _excess(
    returns: Wide, regressors: Regressors, read: Wide, after_gap: Gap, model: Model
) -> tuple[Wide, Regressors, Floats]:
    """Returns and benchmark less the risk-free return of the same session, and that; factors are excess returns."""
    if after_gap != "one_session":
        raise OptionError(fact("option.risk_free", after_gap=after_gap))
    if len(read.names) != 1:
        raise InputError(fact("gate.one_column", what="risk_free", columns=read.names))
    rate = read.on(returns.sessions)
    check_values(rate, returns.sessions, read.names, "risk_free")
    check_rate(rate[0], returns.sessions)
    if (lacking := np.isnan(rate)).any():
        raise InputError(fact("gate.rate_lacks", n=int(lacking.sum())))
    benchmark = regressors.values - rate if model.needs == "benchmark" else regressors.values
    return replace(returns, values=returns.values - rate), Regressors(regressors.names, benchmark), rate[0]


def _options(  # noqa: PLR0913 - all keyword-only
    *,
    estimation_window: tuple[int, int],
    event_window: tuple[int, int],
    min_estimation: int,
    non_session: NonSession,
    after_gap: Gap = "one_session",
    exclude_event_days: bool = False,
    exchange: str | None = None,
    date_format: str | None = None,
    characteristics: Sequence[str] = (),
) -> Options:
    windows = window_of("estimation_window", estimation_window), window_of("event_window", event_window)
    if windows[0].last >= windows[1].first:
        raise OptionError(fact("option.windows", estimation=windows[0], event=windows[1]))
    one_of("non_session", non_session, get_args(NonSession))
    one_of("after_gap", after_gap, get_args(Gap))
    switch("exclude_event_days", exclude_event_days)
    whole("min_estimation", min_estimation, least=1)
    if exchange is not None and not isinstance(exchange, str):
        raise OptionError(fact("option.exchange", given=shown(exchange)))
    if date_format is not None:
        require_date_format(date_format)
    if not isinstance(characteristics, (list, tuple)) or not all(isinstance(name, str) for name in characteristics):
        raise OptionError(fact("option.characteristics", given=shown(characteristics)))
    columns = tuple(characteristics)
    return Options(*windows, non_session, after_gap, exclude_event_days, exchange, date_format, columns)


def _zone(exchange: str | None) -> str | None:
    return None if exchange is None else exchange_row(exchange).zone


def _regressors(
    returns: Wide,
    benchmark: Any,
    factors: Any,
    model: Model,
    *,
    date_format: str | None,
    zone: str | None,
) -> Regressors:
    """The regressors on the sessions of the returns; sessions that they lack are missing."""
    needs = model.needs
    named = isinstance(benchmark, (str, int, np.integer)) and not isinstance(benchmark, bool)
    if named and label(benchmark) not in returns.names:
        raise OptionError(fact("option.not_a_column", name="benchmark", given=shown(benchmark)))
    if needs in (None, "benchmark") and factors is not None:
        read_wide(factors, "factors", date_format=date_format, zone=zone)
    if needs is None:
        return Regressors((), np.empty((0, returns.sessions.size)))
    what: Literal["benchmark", "factors"] = "benchmark" if needs == "benchmark" or factors is None else "factors"
    given = benchmark if what == "benchmark" else factors
    if given is None:
        raise OptionError(
            fact(
                "option.needs",
                name="model",
                given=shown(model.name),
                needs=needs if needs == "benchmark" else "factors",
            )
        )
    if what == "benchmark" and named:
        place = returns.names.index(label(given))
        return Regressors((label(given),), returns.values[place : place + 1])
    read = read_wide(given, what, date_format=date_format, zone=zone)
    _needed(read, model, what)
    aligned = read.on(returns.sessions)
    if not np.isfinite(aligned).any():
        raise InputError(fact("gate.no_session_shared", what=what))
    return Regressors(read.names, aligned)


def _needed(read: Wide, model: Model, what: str) -> Regressors:
    """What a model takes of the regressors given: nothing, one benchmark, or all as factors."""
    needs = model.needs
    if needs == "benchmark" and len(read.names) != 1:
        raise InputError(fact("gate.one_column", what=what, columns=read.names))
    return Regressors((), read.values[:0]) if needs is None else Regressors(read.names, read.values)


def require_returns(returns: Wide, regressors: Regressors, accepted: frozenset[Accepted]) -> None:
    """Refuse values that no return can have, and units that no decimal return has, unless they are vouched for."""
    what = "benchmark" if len(regressors.names) == 1 else "factors"
    for values, called in ((regressors.values, what), (returns.values, "returns")):
        if values.size and not np.isfinite(values).any():
            raise InputError(fact("gate.no_values", what=called))
    for values, names, called in ((*regressors[::-1], what), (returns.values, returns.names, "returns")):
        if "outcome" in accepted:
            check_finite(values, returns.sessions, names, called)
        else:
            check_values(values, returns.sessions, names, called, vouched="scale" in accepted)
    if not accepted:
        check_scale(returns.values, returns.names, dict(zip(*regressors, strict=True)))


@contextmanager
def _bar(total: int, *, shown: bool, what: str) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not shown:
        yield None
        return
    from rich.progress import Progress

    with Progress(transient=True) as display:
        task = display.add_task(what, total=total)
        yield lambda done: display.advance(task, done)
