"""The confounder ledger as a grid: securities, sessions, and a mark for each thing known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from eventstudy.plots.around import MOST_DAYS, NARROW_DAYS, Span, calendars, stacked_days
from eventstudy.plots.style import (
    GREY,
    INK,
    PALE,
    ROLE_LOOKS,
    VERMILLION,
    Figure,
    Frame,
    axis,
    by_width,
    frame_of,
    new_figure,
    plain_text,
    records,
    wrap,
)
from eventstudy.results import FirmDayRecord, Results
from eventstudy.texts import Lang, Texts, load_texts
from eventstudy.texts.names import Names, names_of

WHITE = "#ffffff"
ROW_GAP, MARK_HEIGHT = 16, 22
NOTHING, CLOSED = "nothing", "closed"

SIGNED: Mapping[str, str] = {"symbol": "square", "color": WHITE, "text": INK}
LOOKS: Mapping[str, Mapping[str, str]] = {
    "tested": ROLE_LOOKS["tested"],
    "confounder": ROLE_LOOKS["confounder"],
    "related": {"symbol": "circle", "color": WHITE, "text": INK},
    "market": {"symbol": "hexagon2", "color": PALE, "text": INK},
    "limit": {"symbol": "square", "color": INK, "text": WHITE},
    "no_limit_session": {"symbol": "square", "color": PALE, "text": INK},
    "suspended": {"symbol": "square", "color": VERMILLION, "text": WHITE},
    "resumed": SIGNED,
    "ex_dividend": SIGNED,
    "listing": SIGNED,
    "regime_begin": SIGNED,
    "regime_end": SIGNED,
    "doubt": {"symbol": "square", "color": VERMILLION, "text": WHITE},
}
"""Marker of each thing in the ledger, in the legend's order: news with the number of its event, the rest a letter."""

EVENTS = ("tested", "confounder", "related", "market")


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One thing known of a security on a session, in words.

    `kind` is a key of `LOOKS`, `sign` what stands in the mark, `text` what it was.
    """

    security: str
    session: date
    kind: str
    sign: str
    text: str
    event_id: str | None = None


def ledger_entries(result: Results, names: Names) -> tuple[LedgerEntry, ...]:
    """The `firm_days` list in words; one entry for an event that reaches a security through several related ones."""
    cells: dict[tuple[str, date], list[FirmDayRecord]] = {}
    for record in result.firm_days:
        cells.setdefault((record.security, record.session), []).append(record)
    return tuple(entry for own in cells.values() for entry in _entries(own, names))


def _entries(own: Sequence[FirmDayRecord], names: Names) -> Iterator[LedgerEntry]:
    direct = {record.event_id for record in own if record.kind in ("own_event", "market_event")}
    through: dict[str, list[FirmDayRecord]] = {}
    for record in own:
        if record.kind == "related_event":
            if record.event_id is not None and record.event_id not in direct:
                through.setdefault(record.event_id, []).append(record)
        else:
            yield _entry(record, names)
    for event_id, found in through.items():
        firms = names.securities([record.related for record in found if record.related is not None])
        text = names.texts("ledger.through", event=names.event(event_id), firms=firms)
        yield _of_event(found[0], "related", text, names)


def _entry(record: FirmDayRecord, names: Names) -> LedgerEntry:
    texts = names.texts
    if record.event_id is not None:
        role = names.spec.event(record.event_id).role
        kind = "market" if record.kind == "market_event" else role
        return _of_event(record, kind, names.event(record.event_id), names)
    sign, text = texts(f"ledger.sign.{record.kind}"), texts(f"ledger.kind.{record.kind}")
    if record.kind in ("limit", "doubt"):
        text = names.flag(record.detail or "", "short_flag")
    if record.kind in ("regime_begin", "regime_end"):
        regime = next(item for item in names.spec.regimes if item.id == record.detail)
        text = texts(f"ledger.{record.kind}", regime=names.must(regime, "title"))
    return LedgerEntry(record.security, record.session, record.kind, sign, text)


def _of_event(record: FirmDayRecord, kind: str, text: str, names: Names) -> LedgerEntry:
    number = names.number(record.event_id or "")
    text = names.texts("name.numbered", number=number, event=text)
    return LedgerEntry(record.security, record.session, kind, str(number), text, record.event_id)


def ledger_frame(result: Results, span: Span, *, lang: Lang = "en") -> Frame:
    """The grid of a span: at least one row for each security and day.

    Returns
    -------
    DataFrame
        security (name), session, label (the day), day (its place from the left), inside (whether it belongs to the
        set itself), kind (a key of `LOOKS`; ``nothing`` where nothing is known; ``closed`` where the security has no
        session, is not listed yet, or the day lies outside its event windows), sign, place (in the cell's pile, from
        0), title.
    """
    names = names_of(result.spec, lang)
    cells: dict[tuple[str, date], list[LedgerEntry]] = {}
    for entry in ledger_entries(result, names):
        cells.setdefault((entry.security, entry.session), []).append(entry)
    known = _known(result, span)
    order = list(LOOKS)
    rows: list[dict[str, Any]] = []
    for symbol in result.spec.securities:
        for at, day in enumerate(span.days):
            pile = sorted(cells.get((symbol, day), ()), key=lambda entry: order.index(entry.kind))
            empty = LedgerEntry(symbol, day, NOTHING if (symbol, day) in known else CLOSED, "", "")
            rows.extend(
                {
                    "security": names.security(symbol),
                    "session": day,
                    "label": names.texts.short(day),
                    "day": at,
                    "inside": span.first <= day <= span.last,
                    "kind": entry.kind,
                    "sign": entry.sign,
                    "place": place,
                    "title": entry.text,
                }
                for place, entry in enumerate(pile or [empty])
            )
    return frame_of(rows)


def _known(result: Results, span: Span) -> set[tuple[str, date]]:
    """The days of a span on which the ledger looked at a security: sessions inside the windows of its tested events."""
    exchanges, window = {code: list(own) for code, own in calendars(result).items()}, result.spec.windows.event
    known: set[tuple[str, date]] = set()
    for record in result.sessions:
        if record.role != "tested":
            continue
        sessions = exchanges[record.exchange]
        at = sessions.index(record.session)
        looked = sessions[max(at + window.first, 0) : at + window.last + 1]
        listed = result.spec.securities[record.security].listed
        known |= {(record.security, day) for day in looked if day in span.days and (listed is None or day >= listed)}
    return known


def ledger_figure(frame: Frame, *, lang: Lang = "en") -> Figure:
    """The grid of `ledger_frame`: a row per security, a column per day, the marks of a cell piled up."""
    texts = load_texts(lang)
    securities = list(dict.fromkeys(frame["security"]))
    days = frame.drop_duplicates("day")
    heights = [
        ROW_GAP + MARK_HEIGHT * int(frame.loc[frame["security"] == one, "place"].max() + 1) for one in securities
    ]
    edges = [0, *(sum(heights[: at + 1]) for at in range(len(heights)))]
    middle = {one: (top + bottom) / 2 for one, top, bottom in zip(securities, edges[:-1], edges[1:], strict=True)}
    wide, narrow = (stacked_days(list(days["label"]), most=most) for most in (MOST_DAYS, NARROW_DAYS))
    figure = new_figure(height=edges[-1] + 150)
    for day, inside in days[["day", "inside"]].itertuples(index=False):
        if inside:
            shade = {"fillcolor": "rgba(230,159,0,0.10)", "line": {"width": 0}, "layer": "below"}
            figure.add_shape(x0=day - 0.5, x1=day + 0.5, y0=0, y1=1, yref="paper", **shade)
    for edge in edges[1:-1]:
        figure.add_hline(y=edge, line={"color": PALE, "width": 1}, layer="below")
    _marks(figure, frame, middle, texts)
    figure.update_layout(
        xaxis=axis(
            tickvals=list(days["day"]),
            ticktext=wide,
            range=[-0.5, len(days) - 0.5],
            showgrid=False,
            zeroline=False,
        ),
        yaxis=axis(
            tickvals=[middle[one] for one in securities],
            ticktext=[wrap(plain_text(one), 10) for one in securities],
            range=[edges[-1], 0],
            showgrid=False,
            zeroline=False,
        ),
        legend={"itemclick": False, "itemdoubleclick": False},
    )
    kinds = frame.loc[~frame["kind"].isin([NOTHING]), "kind"].nunique()
    by_width(
        figure,
        narrow={"height": edges[-1] + 70 + 26 * kinds, "legend.orientation": "v", "xaxis.ticktext": narrow},
        wide={"height": edges[-1] + 150, "legend.orientation": "h", "xaxis.ticktext": wide},
    )
    return figure


def _marks(figure: Figure, frame: Frame, middle: Mapping[str, float], texts: Texts) -> None:
    piles = frame.groupby(["security", "day"])["place"].transform("max") + 1
    offset = (frame["place"] - (piles - 1) / 2) * MARK_HEIGHT
    frame = frame.assign(y=frame["security"].map(middle) + offset)
    for kind, look in LOOKS.items():
        own = frame[frame["kind"] == kind]
        if own.empty:
            continue
        name = texts(f"ledger.kind.{kind}")
        figure.add_scatter(
            x=list(own["day"]),
            y=list(own["y"]),
            mode="markers+text",
            text=list(own["sign"]),
            textposition="middle center",
            textfont={"color": look["text"], "size": 10},
            marker={
                "symbol": look["symbol"],
                "size": 19,
                "color": look["color"],
                "line": {"width": 1.2, "color": INK},
            },
            name=name if kind in EVENTS else texts("ledger.signed", sign=own["sign"].iloc[0], kind=name),
            hovertext=[
                f"{plain_text(row['security'])}, {row['label']}<br>{wrap(plain_text(row['title']), 44)}"
                for row in records(own)
            ],
            hoverinfo="text",
        )
    closed = frame[frame["kind"] == CLOSED]
    if len(closed):
        figure.add_scatter(
            x=list(closed["day"]),
            y=list(closed["y"]),
            mode="markers",
            marker={"symbol": "line-ew-open", "size": 10, "color": GREY, "line": {"width": 1.5, "color": GREY}},
            name=texts("ledger.closed"),
            hoverinfo="skip",
        )
