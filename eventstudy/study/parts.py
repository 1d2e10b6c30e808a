"""Each session's return in two parts: what happened overnight, and what during the session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from eventstudy.facts import fact
from eventstudy.results import ArRecord, DayPartRecord, ExclusionRecord
from eventstudy.returns import DayParts, day_parts, on_sessions
from eventstudy.study.setting import Setting
from eventstudy.study.ways import Floats


def day_part_records(setting: Setting, ar: Sequence[ArRecord]) -> Iterator[DayPartRecord | ExclusionRecord]:
    """The `day_parts` list: every session on which a security has an abnormal return."""
    for symbol in dict.fromkeys(record.security for record in ar):
        series = setting.series[symbol]
        prices = setting.prices[symbol]
        if prices.open is None:
            yield ExclusionRecord.of(fact("day_parts"), fact("no_open", security=symbol), security=symbol)
            continue
        opens, closes = (
            on_sessions(series.sessions, prices.sessions, prices.column(name)) for name in ("open", "close")
        )
        parts = day_parts(series.sessions, opens, closes, series.trade.level)
        wanted = sorted({record.session for record in ar if record.security == symbol})
        typical, nobs = _typical(setting, symbol, parts, wanted)
        for session in wanted:
            row = series.position(session)
            if np.isfinite(parts.overnight[row]):
                yield DayPartRecord(
                    security=symbol,
                    session=session,
                    overnight=float(parts.overnight[row]),
                    intraday=float(parts.intraday[row]),
                    whole=float(parts.whole[row]),
                    overnight_typical=typical[0],
                    intraday_typical=typical[1],
                    nobs=nobs,
                    sessions_spanned=int(parts.span[row]),
                    flags=tuple(sorted(setting.ledger.flags(symbol, [session], of_event=None))),
                )


def _typical(
    setting: Setting, symbol: str, parts: DayParts, wanted: Sequence[date]
) -> tuple[tuple[float | None, float | None], int]:
    """Standard deviations of both parts over the study's estimation window ahead of the last tested event."""
    spec = setting.spec
    tested = [item for item in setting.timed if item.security == symbol and item.event.role == "tested"]
    groups = [spec.set_of(item.event.id) for item in tested]
    anchors = [item.day0 if group is None else group.first_session for item, group in zip(tested, groups, strict=True)]
    place = setting.series[symbol].position(max(anchors))
    window = spec.windows.estimation
    rows = np.arange(max(place + window.first, 0), place + window.last + 1)
    rows = rows[(parts.span[rows] == 1) & np.isfinite(parts.overnight[rows])]
    if rows.size < spec.windows.min_estimation:
        return (None, None), int(rows.size)
    return (_sd(parts.overnight[rows]), _sd(parts.intraday[rows])), int(rows.size)


def _sd(values: Floats) -> float:
    return float(values.std(ddof=1))
