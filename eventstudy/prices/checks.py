"""What prices must pass before anything is computed from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from eventstudy.errors import PriceError
from eventstudy.gate.suspicions import Suspicion, suspicions
from eventstudy.prices.findings import IN_PRICES, Finding, Span, day_of, finding
from eventstudy.prices.records import Column, FloatArray, PriceSeries, SessionArray

BoolArray: TypeAlias = npt.NDArray[np.bool_]


SPLIT_ROOM = 0.15
"""Log return up to which a day's move is an ordinary one here; smaller splits cannot be judged by one price."""
SPLIT_CODES = {"close": "split.close", "adj_close": "split.adj_close"}

SAME_FACTOR = 0.0005
"""Log factor of adjustment within which two are one: half of 0.1 %, less than quarterly dividends are."""
CENT = 0.01
"""Rounding of the factor times the price: half a cent of the close and half a cent of the adjusted close."""
MOST_EX_DATES = 0.1
"""Share of sessions that may have a dividend: monthly ones are a twentieth."""
LEAST_CONSOLIDATION = 0.2
"""Fall of the log factor from which it may be a consolidation of shares: the smallest in use is 4 for 5, 0.22."""
MOST_OF_CLOSE = 0.5
"""Share of the close before that a stated dividend may be: special ones rarely come to a third."""
LEAST_TO_FIT = 10
"""Rows from which an adjusted close is held against its close."""

BAR_ORDER: tuple[tuple[Column, Column], ...] = (
    ("high", "low"),
    ("high", "open"),
    ("high", "close"),
    ("open", "low"),
    ("close", "low"),
)
"""Within a bar the first of each pair is not below the second."""


def check_prices(
    series: PriceSeries,
    *,
    sessions: SessionArray | None = None,
    listed: date | None = None,
    suspensions: Sequence[Span] = (),
    splits: Mapping[date, float] | None = None,
    dividends: Mapping[date, float] | None = None,
) -> tuple[Finding, ...]:
    """Run every check on a series.

    Parameters
    ----------
    series : PriceSeries
        The series.
    sessions : ndarray of datetime64[D], optional
        The exchange's sessions, ascending; without them rows and holes are not held against a calendar.
    listed : date, optional
        First day of trading; its price has no predecessor, and no row may stand before it.
    suspensions : sequence of (first, last)
        Documented suspensions of trading, both days included.
    splits : mapping of date to float, optional
        New shares for an old one, by ex-date: moves of the close that are not suspicious.
    dividends : mapping of date to float, optional
        Cash per share, by ex-date.

    Returns
    -------
    tuple of Finding
        By session. Suspicious returns and holes are looked for only once the rows are in order.
    """
    if findings := check_shape(series):
        return findings
    order = check_order(series)
    findings = (*order, *check_values(series), *check_range(series))
    if not order:
        findings += check_splits(series, splits or {})
        findings += check_returns(series, listed=listed, splits=splits)
        findings += check_dividends(series, dividends or {})
        findings += check_adjusted(series)
        if sessions is not None:
            findings += check_sessions(series, sessions, listed=listed, suspensions=suspensions)
    return tuple(sorted(findings, key=lambda finding: finding.session or date.min))


def require_usable(findings: Iterable[Finding]) -> None:
    """Refuse prices with a fatal finding.

    Raises
    ------
    PriceError
        Listing every fatal finding with its symbol and session, a line each.
    """
    fatal = [str(finding) for finding in findings if finding.fatal]
    if fatal:
        raise PriceError("\n".join(fatal))


def check_shape(series: PriceSeries) -> tuple[Finding, ...]:
    """Whether there are rows with sessions, a close to compute with, and a value a session in each column."""
    n = len(series)
    found = [] if n else [finding(series, None, "shape.no_rows")]
    if np.isnat(series.sessions).any():
        found.append(finding(series, None, "shape.no_session"))
    if series.close is None and series.adj_close is None:
        found.append(finding(series, None, "shape.no_close"))
    for name, values in series.columns.items():
        if values.shape != (n,):
            found.append(finding(series, None, "shape.column", column=name, shape=str(values.shape), n=n))
    return tuple(found)


def check_order(series: PriceSeries) -> tuple[Finding, ...]:
    """Whether each session comes once and after the one before it."""
    found = []
    for row in np.flatnonzero(np.diff(series.sessions) <= np.timedelta64(0, "D")) + 1:
        day, before = series.sessions[row], series.sessions[row - 1]
        if day == before:
            found.append(finding(series, day, "duplicate"))
        else:
            found.append(finding(series, day, "order", before=before))
    return tuple(found)


def check_values(series: PriceSeries) -> tuple[Finding, ...]:
    """Whether prices are finite and above 0 and volumes finite and not below; no volume is reported."""
    found = []
    for name, values in series.columns.items():
        kind = "volume" if name == "volume" else "price"
        good = np.isfinite(values) & ((values >= 0) if kind == "volume" else (values > 0))
        for row in np.flatnonzero(~good):
            found.append(finding(series, series.sessions[row], kind, column=name, value=values[row]))
    return (*found, *_silent_runs(series))


def _silent_runs(series: PriceSeries) -> Iterator[Finding]:
    """Rows with a volume of 0 that a source keeps, one finding a run."""
    if series.volume is None:
        return
    rows = np.flatnonzero(series.volume == 0)
    for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1) if rows.size else ():
        first, last = series.sessions[run[0]], series.sessions[run[-1]]
        if run.size == 1:
            yield finding(series, first, "no_trade")
        else:
            yield finding(series, first, "no_trade.run", to=last, last=last, n=run.size)


def check_adjusted(series: PriceSeries) -> tuple[Finding, ...]:
    """Report an adjusted close that is none: its factor, adjusted close over close, falls or changes all the time.

    Dividends and splits let the factor rise on few sessions, whatever it is at the end; it falls with a consolidation
    of shares alone. Told are falls beyond the rounding of both prices, and a factor that changes on more than
    `MOST_EX_DATES` of the sessions: as few as the rounding allows, so that a slow drift counts too.
    """
    if series.close is None or series.adj_close is None or len(series) < LEAST_TO_FIT:
        return ()
    close, adjusted = series.close, series.adj_close
    usable = np.isfinite(close) & np.isfinite(adjusted) & (close > 0) & (adjusted > 0)
    if not usable.all():
        return ()
    factor = np.log(adjusted / close)
    room = SAME_FACTOR + CENT / np.minimum(close, adjusted)
    changes = _changes(factor, room)
    of = len(series) - 1
    if len(changes) > MOST_EX_DATES * of:
        return (finding(series, series.sessions[changes[0]], "adjusted.changes", n=len(changes), of=of),)
    fallen = factor + _consolidated(close, adjusted)
    highest = np.maximum.accumulate(fallen - room)
    falls = np.flatnonzero(highest > fallen + room)
    if not falls.size:
        return ()
    row = int(falls[0])
    top = int((fallen - room)[: row + 1].argmax())
    told = {"since": series.sessions[top].item(), "before": np.exp(factor[top]), "after": np.exp(factor[row])}
    return (finding(series, series.sessions[row], "adjusted.falls", **told),)


def _changes(factor: FloatArray, room: FloatArray) -> list[int]:
    """Rows at which a factor must have changed, the fewest: a run goes on while one value is within `room` of all."""
    rows = []
    low, high = -np.inf, np.inf
    for row, (least, most) in enumerate(zip((factor - room).tolist(), (factor + room).tolist(), strict=True)):
        low, high = max(low, least), min(high, most)
        if low > high:
            rows.append(row)
            low, high = least, most
    return rows


def _consolidated(close: FloatArray, adjusted: FloatArray) -> FloatArray:
    """What consolidations of shares have taken from the log factor: the close leaps, the adjusted close does not."""
    steps = np.diff(np.log(adjusted / close))
    quiet = np.abs(np.diff(np.log(adjusted))) <= SPLIT_ROOM
    taken: FloatArray = np.concatenate(
        [[0.0], np.cumsum(np.where(quiet & (steps < -LEAST_CONSOLIDATION), -steps, 0.0))]
    )
    return taken


def check_dividends(series: PriceSeries, dividends: Mapping[date, float]) -> tuple[Finding, ...]:
    """Report stated dividends of more than `MOST_OF_CLOSE` of the close before."""
    if series.close is None:
        return ()
    found = []
    for row, amount in _stated_rows(series, dividends):
        before = series.close[row - 1]
        if amount > MOST_OF_CLOSE * before:
            told = {"amount": amount, "before": before, "share": amount / before}
            found.append(finding(series, series.sessions[row], "dividend", **told))
    return tuple(found)


def check_range(series: PriceSeries) -> tuple[Finding, ...]:
    """Whether the high is the highest price of its bar and the low the lowest."""
    found = []
    for upper, lower in BAR_ORDER:
        above, below = series.columns.get(upper), series.columns.get(lower)
        if above is None or below is None:
            continue
        for row in np.flatnonzero(above < below):
            told = {"upper": upper, "above": above[row], "lower": lower, "below": below[row]}
            found.append(finding(series, series.sessions[row], "range", **told))
    return tuple(found)


def check_splits(series: PriceSeries, splits: Mapping[date, float]) -> tuple[Finding, ...]:
    """Whether the close moves by each stated split, or the adjusted close, where there is one, does not.

    The statement is contradicted where the move is an ordinary one, within `SPLIT_ROOM`, only if it is not true, and
    where the close moves by about the ratio the wrong way round.
    Splits before the second row or after the last one have no move here, which is reported.
    """
    found = list(_outside(series, splits))
    name: Column = "close" if series.adj_close is None else "adj_close"
    prices = series.column(name)
    for row, factor in _stated_rows(series, splits):
        with np.errstate(all="ignore"):
            whole = abs(float(np.log(prices[row] / prices[row - 1])))
            rest = abs(float(np.log(factor * prices[row] / prices[row - 1])))
            turned = abs(float(np.log(prices[row] / prices[row - 1] / factor)))
        left, other = (rest, whole) if name == "close" else (whole, rest)
        wrong_way = name == "close" and turned <= abs(float(np.log(factor))) / 2.0
        if other <= SPLIT_ROOM < left or wrong_way:
            told = {"before": prices[row - 1], "after": prices[row], "factor": factor}
            found.append(finding(series, series.sessions[row], SPLIT_CODES[name], **told))
    return tuple(found)


def _outside(series: PriceSeries, splits: Mapping[date, float]) -> Iterator[Finding]:
    first, last = series.sessions[0], series.sessions[-1]
    for day in splits:
        if not first < np.datetime64(day, "D") <= last:
            yield finding(series, np.datetime64(day, "D"), "split_outside", first=first, end=last)


def _stated_rows(series: PriceSeries, stated: Mapping[date, float]) -> Iterator[tuple[int, float]]:
    """Row of each ex-date that has a row before it, or the first row after it, and what is stated of it."""
    for day, value in stated.items():
        row = int(np.searchsorted(series.sessions, np.datetime64(day, "D")))
        if 0 < row < len(series):
            yield row, value


def check_returns(
    series: PriceSeries, *, listed: date | None = None, splits: Mapping[date, float] | None = None
) -> tuple[Finding, ...]:
    """Report what `eventstudy.gate.suspicions` finds in simple returns between neighbouring rows.

    The row of the listing day is left out: it has no traded price before it. Closes are held against each other after
    the stated `splits`. One finding a session, on the close if that is suspicious, else on the adjusted close.
    """
    shares = np.ones(len(series))
    for row, factor in _stated_rows(series, splits or {}):
        shares[row] = factor
    found: dict[int, Finding] = {}
    for name in ("close", "adj_close"):
        prices = series.columns.get(name)
        if prices is None:
            continue
        usable = np.isfinite(prices) & (prices > 0)
        with np.errstate(all="ignore"):
            known = usable[1:] & usable[:-1] & (series.sessions[1:] != day_of(listed))
            ratio = prices[1:] / prices[:-1] * (shares[1:] if name == "close" else 1.0)
        returns = np.where(known, ratio - 1, np.nan)
        for one in suspicions(returns[None]):
            found.setdefault(one.first + 1, _suspicious(series, name, prices, one))
    return tuple(found.values())


def _suspicious(series: PriceSeries, name: Column, prices: FloatArray, one: Suspicion) -> Finding:
    row, last = one.first + 1, series.sessions[one.last + 1]
    day, code = series.sessions[row], IN_PRICES[one.why.code]
    if one.why.code == "stale":
        return finding(series, day, code, to=last, column=name, price=prices[row], last=last, why=one.why)
    return finding(series, day, code, column=name, before=prices[row - 1], after=prices[row], why=one.why)


def check_sessions(
    series: PriceSeries,
    sessions: SessionArray,
    *,
    listed: date | None = None,
    suspensions: Sequence[Span] = (),
) -> tuple[Finding, ...]:
    """Hold the rows of a series against the exchange's sessions.

    Parameters
    ----------
    series : PriceSeries
        The series, its rows in order.
    sessions : ndarray of datetime64[D]
        The exchange's sessions, ascending.
    listed, suspensions
        As for `check_prices`.

    Returns
    -------
    tuple of Finding
        A row on no session, before the listing or inside a suspension is fatal. Sessions without a row between the
        first and the last row are reported, one finding a run: ``suspension`` where documented, else ``hole``.
        Rows outside the span of `sessions` cannot be held against it and are reported as ``unchecked``.
    """
    days, sessions = series.sessions, sessions.astype("datetime64[D]")
    known = (days >= sessions[0]) & (days <= sessions[-1]) if len(sessions) else np.zeros(len(days), dtype=bool)
    early = days < day_of(listed)
    found = [finding(series, day, "before_listing", listed=listed) for day in days[early]]
    found += [finding(series, day, "not_a_session") for day in days[known & ~early & ~np.isin(days, sessions)]]
    found += [finding(series, day, "in_suspension") for day in days[_within(days, suspensions)]]
    if not known.all():
        loose = days[~known]
        span = {"known_first": sessions[0], "known_last": sessions[-1]} if len(sessions) else {}
        code = "unchecked.outside" if span else "unchecked.unknown"
        found.append(finding(series, loose[0], code, to=loose[-1], n=len(loose), **span))
    traded = np.isin(sessions, days[~early])
    return (*found, *_missing_runs(series, sessions, traded, suspensions))


def _missing_runs(
    series: PriceSeries, sessions: SessionArray, traded: BoolArray, suspensions: Sequence[Span]
) -> Iterator[Finding]:
    rows = np.flatnonzero(traded)
    if not len(rows):
        return
    missing = rows[0] + np.flatnonzero(~traded[rows[0] : rows[-1]])
    suspended = _within(sessions[missing], suspensions)
    breaks = np.flatnonzero((np.diff(missing) != 1) | (np.diff(suspended.astype(int)) != 0)) + 1
    for run in np.split(np.arange(len(missing)), breaks) if len(missing) else ():
        following = int(np.searchsorted(rows, missing[run[0]]))
        span = rows[following] - rows[following - 1]
        first, last = sessions[missing[run[0]]], sessions[missing[run[-1]]]
        code = "suspension" if suspended[run[0]] else "hole"
        yield finding(series, first, code, to=last, n=len(run), first=first, last=last, span=span)


def _within(days: SessionArray, spans: Sequence[Span]) -> BoolArray:
    inside = np.zeros(len(days), dtype=bool)
    for first, last in spans:
        inside |= (days >= np.datetime64(first, "D")) & (days <= np.datetime64(last, "D"))
    return inside
