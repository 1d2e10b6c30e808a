"""A security's recorded prices around the events, with the events and whatever marked a session."""

from __future__ import annotations

from typing import Any

from eventstudy.plots.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    VERMILLION,
    Figure,
    Frame,
    axis,
    frame_of,
    new_figure,
    records,
    role_traces,
)
from eventstudy.results import BarRecord, Results
from eventstudy.texts import Lang, Texts, load_texts
from eventstudy.texts.flags import CONFOUNDED
from eventstudy.texts.names import Names, names_of

TICKS = 4
APART = 2.6  # sessions between two markers of one level, so that they do not touch on a phone
LEVEL_HEIGHT = 22


def price_frame(result: Results, security: str, *, lang: Lang = "en") -> Frame:
    """The recorded bars of a security inside the event windows.

    Returns
    -------
    DataFrame
        A row per session: session, label, open, high, low, close, change (decimal, against the previous recorded
        close), limit (``limit_up``, ``limit_down`` or empty), no_limit, and flags in words.
    """
    names = names_of(result.spec, lang)
    bars = [bar for bar in result.bars if bar.security == security]
    return frame_of([_bar_row(bar, names) for bar in bars])


def _bar_row(bar: BarRecord, names: Names) -> dict[str, object]:
    own = [flag for flag in bar.flags if not flag.startswith(CONFOUNDED)]
    limit = next((flag for flag in own if flag in ("limit_up", "limit_down")), "")
    return {
        "session": bar.session,
        "label": names.texts.short(bar.session),
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "change": bar.change,
        "limit": limit,
        "no_limit": "no_limit_session" in own,
        "flags": names.texts("list.semicolon").join(names.flag(flag, "short_flag") for flag in own),
    }


def marker_frame(result: Results, security: str, *, lang: Lang = "en") -> Frame:
    """The events that reach a security inside the recorded bars.

    Returns
    -------
    DataFrame
        A row per event: number, event_id, title, role, role_name, session, at (position among the bars), level
        (place above the prices, from 1, so that neighbours do not touch).
    """
    names = names_of(result.spec, lang)
    places = {bar.session: at for at, bar in enumerate(bar for bar in result.bars if bar.security == security)}
    reaching = [r for r in result.sessions if r.security == security and r.session in places and r.role != "context"]
    reaching.sort(key=lambda record: (record.session, names.number(record.event_id)))
    taken: dict[int, int] = {}
    rows = []
    for record in reaching:
        at = places[record.session]
        level = next(n for n in range(1, len(reaching) + 1) if n not in taken or at - taken[n] >= APART)
        taken[level] = at
        rows.append(
            {
                "number": names.number(record.event_id),
                "event_id": record.event_id,
                "title": names.event(record.event_id),
                "role": record.role,
                "role_name": names.texts(f"role.{record.role}"),
                "session": record.session,
                "at": at,
                "level": level,
            }
        )
    fields = ["number", "event_id", "title", "role", "role_name", "session", "at", "level"]
    return frame_of(rows, fields)


def price_figure(prices: Frame, markers: Frame, *, currency: str, lang: Lang = "en") -> Figure:
    """Candlesticks of `price_frame` (a line of closes where bars are not whole), the events of `marker_frame` above.

    Rising candles are hollow and blue, falling ones filled and vermillion.
    """
    texts = load_texts(lang)
    levels = int(markers["level"].max()) if len(markers) else 0
    figure = new_figure(height=300 + LEVEL_HEIGHT * levels)
    _draw_bars(figure, prices, texts)
    _draw_limits(figure, prices, texts)
    role_traces(figure, markers, x="at", y="level", size=19, number=10, yaxis="y2")
    for at in sorted(set(markers["at"])):
        figure.add_vline(x=at, line={"color": GREY, "width": 1, "dash": "dot"}, layer="below")
    _shade_no_limit(figure, prices, texts)
    step = -(-len(prices) // TICKS)
    ticks = list(range(0, len(prices), step))
    lane = LEVEL_HEIGHT * levels / (230 + LEVEL_HEIGHT * levels)
    figure.update_layout(
        xaxis=axis(
            tickvals=ticks,
            ticktext=[prices["label"].iloc[at] for at in ticks],
            range=[-1.2, len(prices) + 0.2],
            rangeslider={"visible": False},
            showgrid=False,
            zeroline=False,
            anchor="y",
        ),
        yaxis=axis(title={"text": currency, "font": {"size": 12}, "standoff": 6}, domain=[0, 1 - lane], nticks=6),
        yaxis2=axis(visible=False, domain=[1 - lane, 1], range=[0.4, levels + 0.6], anchor="x"),
    )
    return figure


def _draw_bars(figure: Figure, prices: Frame, texts: Texts) -> None:
    at = list(range(len(prices)))
    hover = [_hover(row, texts) for row in records(prices)]
    if prices[["open", "high", "low"]].isna().to_numpy().any():
        figure.add_scatter(
            x=at,
            y=list(prices["close"]),
            mode="lines+markers",
            name=texts("figure.close"),
            text=hover,
            hoverinfo="text",
            line={"color": BLUE},
            marker={"size": 5},
        )
        return
    figure.add_candlestick(
        x=at,
        **{name: list(prices[name]) for name in ("open", "high", "low", "close")},
        name=texts("figure.bars"),
        increasing={"line": {"color": BLUE, "width": 1.5}, "fillcolor": "#ffffff"},
        decreasing={"line": {"color": VERMILLION, "width": 1.5}, "fillcolor": VERMILLION},
        text=hover,
        hoverinfo="text",
    )


def _hover(row: dict[str, Any], texts: Texts) -> str:
    parts = [str(row["label"]), texts("figure.closed", close=texts.number(row["close"]))]
    if row["change"] == row["change"] and row["change"] is not None:
        parts.append(texts.percent(row["change"]))
    return "<br>".join(filter(None, [*parts, row["flags"]]))


def _draw_limits(figure: Figure, prices: Frame, texts: Texts) -> None:
    for limit, symbol, color in (("limit_up", "triangle-up", BLUE), ("limit_down", "triangle-down", INK)):
        own = [at for at, flag in enumerate(prices["limit"]) if flag == limit]
        if own:
            figure.add_scatter(
                x=own,
                y=[prices["close"].iloc[at] for at in own],
                mode="markers",
                name=texts(f"short_flag.{limit}"),
                marker={"symbol": symbol, "size": 13, "color": color, "line": {"width": 1.5, "color": "#ffffff"}},
                hovertext=[texts(f"short_flag.{limit}")] * len(own),
                hoverinfo="text",
            )


def _shade_no_limit(figure: Figure, prices: Frame, texts: Texts) -> None:
    free = [at for at, flag in enumerate(prices["no_limit"]) if flag]
    if not free:
        return
    figure.add_vrect(
        x0=min(free) - 0.5, x1=max(free) + 0.5, fillcolor=ORANGE, opacity=0.16, line_width=0, layer="below"
    )
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        marker={"symbol": "square", "size": 12, "color": "rgba(230,159,0,0.30)", "line": {"width": 1, "color": PALE}},
        name=texts("short_flag.no_limit_session"),
        hoverinfo="skip",
    )
