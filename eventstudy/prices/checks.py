"""What prices must pass before anything is computed from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from eventstudy.errors import PriceError
from eventstudy.prices.records import Column, PriceSeries, SessionArray

BoolArray: TypeAlias = npt.NDArray[np.bool_]
Span: TypeAlias = tuple[date, date]
"""First and last day, both included."""

Fatal: TypeAlias = Literal[
    "shape", "order", "duplicate", "price", "range", "volume", "not_a_session", "before_listing", "in_suspension"
]
"""Kinds of finding that make a series unusable."""
Reported: TypeAlias = Literal["jump", "no_trade", "suspension", "hole", "unchecked"]
"""Kinds of finding that are true of many good series and only reported."""
What: TypeAlias = Fatal | Reported

JUMP_THRESHOLD = 0.30
"""Size of a simple return between neighbouring rows above which it is reported (0.30 = 30 %).

The widest daily price limit of the Chinese exchanges is 30 %, so a move inside a limit is not reported (a limit
price rounded upwards aside), while a forgotten 3-for-2 split (-33 %), 2-for-1 split (-50 %) or a misplaced decimal
point is. True moves of this size exist (ORCL +35.9 % on 2025-09-10), so a jump never makes a series unusable.
"""

BAR_ORDER: tuple[tuple[Column, Column], ...] = (
    ("high", "low"),
    ("high", "open"),
    ("high", "close"),
    ("open", "low"),
    ("close", "low"),
)
"""Within a bar the first of each pair is not below the second."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found in a price series.

    Attributes
    ----------
    symbol : str
        The series.
    session : date or None
        The day it concerns, the first one where it concerns several; None where it concerns the whole series.
    what : str
        One word of the fixed vocabulary `What`.
    detail : str
        What was found and what it means.
    fatal : bool
        Whether the series cannot be used.
    last : date or None
        The last day where the finding concerns a run of days.
    """

    symbol: str
    session: date | None
    what: What
    detail: str
    fatal: bool
    last: date | None = None

    def __str__(self) -> str:
        return f"{self.symbol} {self.session or ''}".rstrip() + f": {self.detail}"


def check_prices(
    series: PriceSeries,
    *,
    sessions: SessionArray | None = None,
    listed: date | None = None,
    suspensions: Sequence[Span] = (),
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

    Returns
    -------
    tuple of Finding
        By session. Jumps and holes are looked for only once the rows are in order.
    """
    if findings := check_shape(series):
        return findings
    order = check_order(series)
    findings = (*order, *check_values(series), *check_range(series))
    if not order:
        findings += check_jumps(series, listed=listed)
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
    found = [] if n else [_finding(series, None, "shape", "there are no rows")]
    if np.isnat(series.sessions).any():
        found.append(_finding(series, None, "shape", "a row has no session"))
    if series.close is None and series.adj_close is None:
        found.append(_finding(series, None, "shape", "there is neither a close nor an adj_close"))
    for name, values in series.columns.items():
        if values.shape != (n,):
            detail = f"{name} has the shape {values.shape}; {n} sessions need ({n},)"
            found.append(_finding(series, None, "shape", detail))
    return tuple(found)


def check_order(series: PriceSeries) -> tuple[Finding, ...]:
    """Whether each session comes once and after the one before it."""
    found = []
    for row in np.flatnonzero(np.diff(series.sessions) <= np.timedelta64(0, "D")) + 1:
        day, before = series.sessions[row], series.sessions[row - 1]
        if day == before:
            found.append(_finding(series, day, "duplicate", "the session stands there twice; keep one row"))
        else:
            found.append(_finding(series, day, "order", f"the row comes after {before}; sort the rows by date"))
    return tuple(found)


def check_values(series: PriceSeries) -> tuple[Finding, ...]:
    """Whether prices are finite and above 0 and volumes finite and not below; no volume is reported."""
    found = []
    for name, values in series.columns.items():
        kind: What = "volume" if name == "volume" else "price"
        good = np.isfinite(values) & ((values >= 0) if kind == "volume" else (values > 0))
        allowed = "0 or more" if kind == "volume" else "above 0"
        for row in np.flatnonzero(~good):
            detail = f"{name} is {_figure(values[row])}; it must be a finite number, {allowed}"
            found.append(_finding(series, series.sessions[row], kind, detail))
    silent = () if series.volume is None else np.flatnonzero(series.volume == 0)
    detail = "volume is 0: the price may be carried over; a session without a trade should have no row"
    return (*found, *(_finding(series, series.sessions[row], "no_trade", detail) for row in silent))


def check_range(series: PriceSeries) -> tuple[Finding, ...]:
    """Whether the high is the highest price of its bar and the low the lowest."""
    found = []
    for upper, lower in BAR_ORDER:
        above, below = series.columns.get(upper), series.columns.get(lower)
        if above is None or below is None:
            continue
        for row in np.flatnonzero(above < below):
            detail = f"{upper} {_figure(above[row])} is below {lower} {_figure(below[row])}"
            found.append(_finding(series, series.sessions[row], "range", detail))
    return tuple(found)


def check_jumps(series: PriceSeries, *, listed: date | None = None) -> tuple[Finding, ...]:
    """Report simple returns between neighbouring rows that exceed `JUMP_THRESHOLD` in size.

    The row of the listing day is left out: it has no traded price before it. One finding a session, on the
    close if that jumps, else on the adjusted close.
    """
    found: dict[int, Finding] = {}
    for name in ("close", "adj_close"):
        prices = series.columns.get(name)
        if prices is None:
            continue
        usable = np.isfinite(prices) & (prices > 0)
        with np.errstate(all="ignore"):
            change = np.where(usable[1:] & usable[:-1], prices[1:] / prices[:-1] - 1, 0.0)
        for row in np.flatnonzero((np.abs(change) > JUMP_THRESHOLD) & (series.sessions[1:] != _day(listed))) + 1:
            move = f"{name} moves {change[row - 1]:+.1%} from {_figure(prices[row - 1])} to {_figure(prices[row])}"
            detail = f"{move}; true, or a split or a wrong figure"
            found.setdefault(int(row), _finding(series, series.sessions[row], "jump", detail))
    return tuple(found.values())


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
    early = days < _day(listed)
    misplaced: tuple[tuple[What, BoolArray, str], ...] = (
        ("before_listing", early, f"the row is before the listing on {listed}; remove it"),
        ("not_a_session", known & ~early & ~np.isin(days, sessions), "the exchange had no session; remove the row"),
        ("in_suspension", _within(days, suspensions), "trading was suspended, so the price is carried over; remove it"),
    )
    found = [_finding(series, day, what, detail) for what, where, detail in misplaced for day in days[where]]
    if not known.all():
        loose = days[~known]
        span = f"{sessions[0]} to {sessions[-1]}" if len(sessions) else "no day"
        detail = f"{_count(len(loose), 'row')} outside the known sessions ({span}), not held against them"
        found.append(_finding(series, loose[0], "unchecked", detail, last=loose[-1]))
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
        count = f"{_count(len(run), 'session')} without a row, {first} to {last}"
        reason = "trading was suspended" if suspended[run[0]] else "not traded or not recorded"
        detail = f"{count}: {reason}; treated as missing, the next return spans {span} sessions"
        yield _finding(series, first, "suspension" if suspended[run[0]] else "hole", detail, last=last)


def _figure(value: np.float64) -> str:
    return repr(float(value)).removesuffix(".0")


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _within(days: SessionArray, spans: Sequence[Span]) -> BoolArray:
    inside = np.zeros(len(days), dtype=bool)
    for first, last in spans:
        inside |= (days >= np.datetime64(first, "D")) & (days <= np.datetime64(last, "D"))
    return inside


def _finding(
    series: PriceSeries, day: np.datetime64 | None, what: What, detail: str, last: np.datetime64 | None = None
) -> Finding:
    return Finding(series.symbol, _date(day), what, detail, what in get_args(Fatal), _date(last))


def _date(day: np.datetime64 | None) -> date | None:
    return None if day is None else day.astype("datetime64[D]").item()


def _day(day: date | None) -> np.datetime64:
    return np.datetime64("NaT", "D") if day is None else np.datetime64(day, "D")
