"""The confounder ledger, firm-day by firm-day, and what a session's abnormal return can be attributed to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from eventstudy.calendars import to_date
from eventstudy.models import MARKET
from eventstudy.results import ArRecord, FirmDayKind, FirmDayRecord, IdentificationRecord, Identified
from eventstudy.spec import Regime
from eventstudy.study.series import SecuritySeries
from eventstudy.study.setting import Setting
from eventstudy.study.timing import Timed
from eventstudy.texts.flags import code_of

FLAG_KINDS: dict[str, FirmDayKind] = {
    "limit_up": "limit",
    "limit_down": "limit",
    "no_limit_session": "no_limit_session",
    "ex_dividend": "ex_dividend",
    "suspended": "suspended",
    "resumed": "resumed",
}


def firm_day_records(setting: Setting) -> Iterator[FirmDayRecord]:
    """The `firm_days` list: what is known of every session inside an event window of every security."""
    for symbol in setting.spec.securities:
        for session in _sessions(setting, symbol):
            yield from _of_day(setting, symbol, session)


def _sessions(setting: Setting, symbol: str) -> list[date]:
    """Sessions inside the event windows of the security's tested events."""
    series, window = setting.series[symbol], setting.spec.windows.event
    rows: set[int] = set()
    for item in setting.timed:
        if item.security == symbol and item.event.role == "tested":
            place = series.position(item.day0)
            rows.update(range(place + window.first, place + window.last + 1))
    return [to_date(series.sessions[row]) for row in sorted(rows)]


def _of_day(setting: Setting, symbol: str, session: date) -> Iterator[FirmDayRecord]:
    spec = setting.spec
    security = spec.securities[symbol]
    for item in setting.timed:
        if item.event.role == "context" or not item.touches(session):
            continue
        if item.security == symbol:
            named = symbol in item.event.securities
            yield FirmDayRecord(
                security=symbol,
                session=session,
                kind="own_event" if named else "market_event",
                event_id=item.event.id,
            )
        elif (
            item.security in security.related
            and item.security in item.event.securities
            and symbol not in item.event.securities
        ):
            yield FirmDayRecord(
                security=symbol, session=session, kind="related_event", event_id=item.event.id, related=item.security
            )
    if security.listed == session:
        yield FirmDayRecord(security=symbol, session=session, kind="listing")
    yield from _of_flags(setting, symbol, session)
    for regime in spec.regimes:
        if symbol in regime.securities:
            for kind in _regime_edges(setting.series[symbol], regime, session):
                yield FirmDayRecord(security=symbol, session=session, kind=kind, detail=regime.id)


def _of_flags(setting: Setting, symbol: str, session: date) -> Iterator[FirmDayRecord]:
    doubts = [doubt.flag for doubt in setting.ledger.doubts[symbol, None] if doubt.on(session)]
    for flag in (*sorted(setting.ledger.day_flags.get((symbol, session), frozenset())), *doubts):
        kind = FLAG_KINDS.get(code_of(flag), "doubt")
        yield FirmDayRecord(security=symbol, session=session, kind=kind, detail=flag)


def _regime_edges(series: SecuritySeries, regime: Regime, session: date) -> Iterator[FirmDayKind]:
    """Whether a session is the first or the last of a regime, whose own ends need not be sessions."""
    row = series.position(session)
    before, after = (to_date(series.sessions[place]) for place in (row - 1, row + 1))
    if before < regime.first <= session <= regime.last:
        yield "regime_begin"
    if regime.first <= session <= regime.last < after:
        yield "regime_end"


def identification_records(setting: Setting, ar: Sequence[ArRecord]) -> Iterator[IdentificationRecord]:
    """The `identification` list: every session with a tested event, and what its abnormal return measures."""
    days: dict[tuple[str, date], list[Timed]] = {}
    for item in setting.timed:
        if item.event.role == "tested":
            for session in dict.fromkeys((item.first.session, item.first.session_last)):
                days.setdefault((item.security, session), []).append(item)
    for (symbol, session), items in sorted(days.items(), key=lambda day: (day[0][1], day[0][0])):
        yield _identification(setting, ar, symbol, session, items)


def _identification(
    setting: Setting, ar: Sequence[ArRecord], symbol: str, session: date, items: Sequence[Timed]
) -> IdentificationRecord:
    benchmark = setting.spec.securities[symbol].benchmarks[0]
    others = tuple(
        item.event.id
        for item in setting.timed
        if item.security == symbol and item.event.role == "confounder" and item.touches(session)
    )
    identified: Identified = "sum_only" if len(items) > 1 else "confounded" if others else "separate"
    wanted = (items[0].event.id, symbol, session, benchmark)
    found = [record for record in ar if (record.event_id, record.security, record.session, record.benchmark) == wanted]
    best = next((record for record in found if record.model == MARKET), found[0] if found else None)
    estimate = (
        {} if best is None else {"estimate": best.ar, "std_error": best.std_error, "df": best.df, "pvalue": best.pvalue}
    )
    return IdentificationRecord(
        security=symbol,
        session=session,
        identified=identified,
        events=tuple(item.event.id for item in items),
        confounders=others,
        model=MARKET if best is None else best.model,
        benchmark=benchmark,
        estimand=setting.spec.benchmarks[benchmark].estimand,
        **estimate,
    )
