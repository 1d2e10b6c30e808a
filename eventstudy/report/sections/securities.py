"""Each security: what it is, its price around the events, its CAR path."""

from __future__ import annotations

from typing import Any

from eventstudy.plots import car_path_figure, car_path_frame, marker_frame, price_figure, price_frame
from eventstudy.plots.around import MARKET
from eventstudy.plots.style import Frame
from eventstudy.report.views import FigureView, Study, figure_view, frame_table
from eventstudy.summary.rows import interval
from eventstudy.summary.tables import Column, Table


def build(study: Study) -> dict[str, Any]:
    """The context of ``securities.html``."""
    return {"securities": [_security(study, symbol) for symbol in study.securities]}


def _security(study: Study, symbol: str) -> dict[str, Any]:
    texts, names = study.texts, study.names
    security = study.result.spec.securities[symbol]
    exchange, board = names.exchange(security.exchange), names.board(security.board)
    listed = texts("security.listed", day=texts.day(security.listed)) if security.listed else ""
    facts = texts(
        "security.facts",
        place=exchange if board in (None, exchange) else texts("name.board", exchange=exchange, board=board),
        listed=listed,
        currency=security.currency,
    )
    return {
        "title": names.ticker(symbol),
        "facts": facts,
        "note": names.own(security, "note"),
        "models": _models(study, symbol),
        "figures": [figure for figure in (_price(study, symbol), _path(study, symbol)) if figure],
    }


def _models(study: Study, symbol: str) -> list[str]:
    """The fitted market models of the leading event, one sentence each; or that there is none."""
    texts, names = study.texts, study.names
    event = study.leading_event(symbol)
    lines = [
        texts(
            "security.model",
            benchmark=names.benchmark(record.benchmark),
            estimand=names.estimand(names.spec.benchmarks[record.benchmark].estimand),
            beta=texts.number(record.betas[record.benchmark]),
            sigma=texts.percent(record.sigma, signed=False),
            n=record.nobs,
            span=texts.span(record.first_session, record.last_session),
        )
        for record in study.result.params
        if event
        and (record.security, record.event_id, record.model) == (symbol, event.id, MARKET)
        and record.benchmark is not None
        and record.sigma is not None
    ]
    return lines or [texts("security.no_model", least=study.result.spec.windows.min_estimation)]


def _price(study: Study, symbol: str) -> FigureView | None:
    texts, names = study.texts, study.names
    prices = price_frame(study.result, symbol, lang=texts.lang)
    if prices.empty:
        return None
    markers = marker_frame(study.result, symbol, lang=texts.lang)
    first, last = prices["session"].iloc[0], prices["session"].iloc[-1]
    currency = study.result.spec.securities[symbol].currency
    shown = {"session": "day", "open": "price", "high": "price", "low": "price", "close": "price", "change": "points"}
    return figure_view(
        f"price-{symbol}",
        price_figure(prices, markers, currency=currency, lang=texts.lang),
        title=texts("figure.title.price", security=names.security(symbol)),
        finding=_price_finding(study, symbol, prices),
        description=texts("figure.about.price", security=names.security(symbol), span=texts.span(first, last)),
        table=frame_table(study, prices, {**shown, "flags": "text"}),
    )


def _price_finding(study: Study, symbol: str, prices: Frame) -> str:
    """Close and change on the sessions that events of the leading event's set fall on."""
    texts, result = study.texts, study.result
    event = study.leading_event(symbol)
    event_set = result.spec.set_of(event.id) if event else None
    wanted = event_set.events if event_set else (event.id,) if event else ()
    days = {r.session for r in result.sessions if r.security == symbol and r.event_id in wanted}
    parts = [
        texts(
            "caption.closed",
            close=texts.number(row["close"]),
            day=row["label"],
            change=texts.known(row["change"], texts.percent),
        )
        for row in prices.to_dict("records")
        if row["session"] in days
    ]
    lead = texts("caption.price", security=study.names.security(symbol), parts=texts.listing(parts))
    marked = [row for row in prices.to_dict("records") if row["limit"]]
    limits = [texts(f"caption.{row['limit']}", day=row["label"]) for row in marked if row["session"] in days]
    return texts("list.space").join([lead, *limits])


def _path(study: Study, symbol: str) -> FigureView | None:
    texts, names = study.texts, study.names
    frame = car_path_frame(study.result, symbol, lang=texts.lang)
    if frame.empty:
        return None
    event = names.event_quoted(str(frame["event_id"].iloc[0]))
    return figure_view(
        f"path-{symbol}",
        car_path_figure(frame, lang=texts.lang),
        title=texts("figure.title.path", security=names.security(symbol), level=study.level()),
        finding=_path_finding(study, symbol, frame),
        description=texts("figure.about.path", security=names.security(symbol), event=event, level=study.level()),
        table=_path_table(study, frame),
    )


def _path_table(study: Study, frame: Frame) -> Table:
    """The paths side by side: a row per session, CAR and interval of each benchmark."""
    texts, names = study.texts, study.names
    benchmarks = list(dict.fromkeys(frame["name"]))
    cells = {(row["session"], row["name"]): row for row in frame.to_dict("records")}
    titles = [
        Column(texts(f"column.path_{kind}", benchmark=name, level=study.level()), "right")
        for name in benchmarks
        for kind in ("car", "interval")
    ]
    rows = []
    for session in dict.fromkeys(frame["session"]):
        row = [str(session)]
        for name in benchmarks:
            cell = cells[session, name]
            row += [texts.points(cell["car"]), interval(names, cell["ci_low"], cell["ci_high"])]
        rows.append(tuple(row))
    return Table((Column(texts("column.session")), *titles), tuple(rows))


def _path_finding(study: Study, symbol: str, frame: Frame) -> str:
    """Where the preferred benchmark's path ends, and on how many sessions its band leaves zero out."""
    texts, names = study.texts, study.names
    own = frame[frame["name"] == frame["name"].iloc[0]]
    shared = {
        "security": names.security(symbol),
        "benchmark": own["name"].iloc[0],
        "car": texts.percent(own["car"].iloc[-1]),
        "day": own["label"].iloc[-1],
        "total": len(own),
    }
    if own["ci_low"].isna().any():
        listed = study.result.spec.securities[symbol].listed
        if listed is None:
            return texts("caption.path_bare_short", least=study.result.spec.windows.min_estimation, **shared)
        return texts("caption.path_bare", listed=texts.day(listed), **shared)
    outside = own[(own["ci_low"] > 0) | (own["ci_high"] < 0)]
    if outside.empty:
        return texts("caption.path_inside", **shared)
    before = int((outside["relative_day"] < 0).sum())
    return texts.count("caption.path_outside", len(outside), before=before, **shared)
