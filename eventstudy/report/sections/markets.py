"""Two markets, one clock: the parts of a day, the foreign market known at the open, and other yardsticks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from eventstudy.plots import parts_figure, parts_frame, pictured_events, spans, ways_figure, ways_frame
from eventstudy.plots.style import Frame
from eventstudy.plots.ways import AS_DESIGNED, OVER_CONTROL, ends_of_way, way_words, ways_of
from eventstudy.report.views import FigureView, Study, figure_view
from eventstudy.results import AlternativeRecord
from eventstudy.summary.rows import interval
from eventstudy.summary.tables import NoteBook, Table, columns

FOREIGN = ("foreign",)
YARDSTICKS = ("leave_treated_out", "peers")
UNUSUAL = 2.0


def build(study: Study) -> dict[str, Any]:
    """The context of ``markets.html``."""
    return {
        "parts": _parts(study),
        "foreign": _ways(study, "foreign", FOREIGN),
        "yardsticks": _ways(study, "yardsticks", YARDSTICKS),
    }


# --- overnight and during the session ------------------------------------------------------------------


def _parts(study: Study) -> list[FigureView]:
    """A figure per security and run of days that holds a session of it."""
    texts, names = study.texts, study.names
    shown = []
    for span in spans(study.result, names) if study.result.day_parts else ():
        for symbol in study.securities:
            frame = parts_frame(study.result, symbol, span, lang=texts.lang)
            if frame.empty:
                continue
            security = names.security(symbol)
            shown.append(
                figure_view(
                    f"parts-{symbol}-{span.id}",
                    parts_figure(frame, lang=texts.lang),
                    title=texts("parts.title", security=security),
                    finding=_parts_finding(study, symbol, frame),
                    description=texts("parts.about", security=security, days=texts.span(span.days[0], span.days[-1])),
                    table=_parts_table(study, frame),
                )
            )
    return shown


def _parts_finding(study: Study, symbol: str, frame: Frame) -> str:
    """The parts of the sessions with tested events, summed, and what is unusually large among them."""
    texts = study.texts
    tested = {record.session for record in study.result.identification if record.security == symbol}
    own = frame[frame["inside"] & frame["session"].isin(tested)]
    lines = []
    if len(own):
        sums = {name: texts.percent(float(own[name].sum())) for name in ("whole", "overnight", "intraday")}
        days = texts.listing(list(own["label"]))
        lines.append(texts("parts.sum", security=study.names.security(symbol), days=days, **sums))
    else:
        lines.append(texts("parts.no_event", security=study.names.security(symbol)))
    if frame["overnight_typical"].isna().any():
        lines.append(texts("parts.no_typical", least=study.result.spec.windows.min_estimation))
    elif len(own):
        lines.append(_unusual(study, own))
    return texts("list.space").join(lines)


def _unusual(study: Study, own: Frame) -> str:
    texts = study.texts
    found = [
        texts(f"parts.unusual_{part}", day=row["label"], value=texts.percent(row[part]))
        for row in own.to_dict("records")
        for part in ("overnight", "intraday")
        if abs(row[part]) > UNUSUAL * row[f"{part}_typical"]
    ]
    return texts("parts.unusual", which=texts.listing(found)) if found else texts("parts.usual")


def _parts_table(study: Study, frame: Frame) -> Table:
    texts, names = study.texts, study.names
    rows = tuple(
        (
            str(row["session"]),
            texts.points(row["overnight"]),
            texts.points(row["intraday"]),
            texts.points(row["whole"]),
            *(texts.known(row[f"{part}_typical"], texts.size) for part in ("overnight", "intraday")),
            texts("list.semicolon").join(names.flag(flag, "short_flag") for flag in row["flags"]),
        )
        for row in frame.to_dict("records")
    )
    keys = ("session", "overnight>", "intraday>", "whole>", "overnight_typical>", "intraday_typical>", "flags")
    return Table(columns(names, keys), rows)


# --- other ways of estimating --------------------------------------------------------------------------


def _ways(study: Study, key: str, topics: Sequence[str]) -> dict[str, Any]:
    """The figures of the events that the study leads with, the other events as tables, and who is missing."""
    result, names = study.result, study.names
    pictured = pictured_events(result)
    with_ways = {record.security for record in result.alternatives if record.topic in topics}
    figures = [
        _ways_figure(study, key, symbol, topics, pictured)
        for symbol in study.securities
        if ways_of(result, symbol, topics, pictured)
    ]
    rest = [event for event in names.in_order if event.id not in pictured]
    shown = [
        (event, [record for symbol in study.securities for record in ways_of(result, symbol, topics, {event.id})])
        for event in rest
    ]
    missing = [symbol for symbol in study.securities if symbol not in with_ways]
    return {
        "figures": figures,
        "others": [
            {"title": names.event(event.id), "table": _ways_table(study, records)}
            for event, records in shown
            if records
        ],
        "missing": study.texts(f"{key}.missing", securities=names.securities(missing)) if missing and figures else "",
    }


def _ways_figure(study: Study, key: str, symbol: str, topics: Sequence[str], events: Collection[str]) -> FigureView:
    texts = study.texts
    frame = ways_frame(study.result, symbol, topics, events, lang=texts.lang)
    security = study.names.security(symbol)
    return figure_view(
        f"{key}-{symbol}",
        ways_figure(frame, lang=texts.lang),
        title=texts(f"{key}.title", security=security, level=study.level()),
        finding=(_free(study, frame) if key == "foreign" else _range(study, frame)) + _bounds(study, frame),
        description=texts(f"{key}.about", security=security, level=study.level()),
        table=_ways_table(study, ways_of(study.result, symbol, topics, events), subject=False),
    )


def _free(study: Study, frame: Frame) -> str:
    """What is left where the foreign return cannot hold the news, beside the design's own estimate."""
    texts = study.texts
    other = frame[frame["variant"] != AS_DESIGNED]
    parts = []
    for head, own in frame.groupby("head", sort=False):
        free = own[(own["variant"] != AS_DESIGNED) & ~own["over_control"]]
        design = own[own["variant"] == AS_DESIGNED]
        values = {
            "day": head,
            "design": texts.percent(float(design["estimate"].iloc[0])),
            "found": _values(study, free),
        }
        parts.append(texts("foreign.free" if len(free) else "foreign.none_free", **values))
    lead = texts.count("foreign.hollow", int(other["over_control"].sum()), total=len(other))
    if not other["over_control"].any():
        lead = texts("foreign.no_hollow", total=len(other))
    return lead + texts("list.space") + texts("foreign.rest", parts=texts("list.semicolon").join(parts))


def _range(study: Study, frame: Frame) -> str:
    """How far the estimates of each day lie apart, and how many intervals leave zero out."""
    texts = study.texts
    parts = []
    designed = frame[frame["variant"] == AS_DESIGNED].set_index("head")["estimate"]
    for head, own in frame[frame["head"].isin(designed.index)].groupby("head", sort=False):
        design = texts.percent(float(designed[head]))
        rest = own[own["variant"] != AS_DESIGNED]
        parts.append(texts("yardsticks.part", day=head, design=design, found=_values(study, rest)))
    total, found = len(frame), int((frame["pvalue"] < study.texts.cutoff).sum())
    tail = (
        texts.count("yardsticks.differ", found, total=total) if found else texts("yardsticks.none_differ", total=total)
    )
    return texts("list.semicolon").join(parts) + texts("yardsticks.stop") + tail


def _bounds(study: Study, frame: Frame) -> str:
    """That figures which end with a close at a price limit are bounds; empty where there are none."""
    texts, days = study.texts, [day for day in dict.fromkeys(frame["bound"]) if day]
    return texts("list.space") + texts("bound.at_limit", days=texts.listing(days)) if days else ""


def _values(study: Study, own: Frame) -> str:
    """The estimates of some rows: one number, or the range that they span."""
    texts = study.texts
    if own.empty:
        return ""
    low, high = texts.percent(float(own["estimate"].min())), texts.percent(float(own["estimate"].max()))
    return low if low == high else texts("format.interval", low=low, high=high)


def _ways_table(study: Study, records: Sequence[AlternativeRecord], *, subject: bool = True) -> Table:
    """Estimates in other ways; `subject` names the security."""
    texts, names, book = study.texts, study.names, NoteBook(study.names)
    rows = tuple(
        (
            *([names.security(record.security)] if subject else []),
            texts.short_span(*ends_of_way(study.result, record)),
            way_words(names, record),
            names.securities(record.other) or texts("table.nothing"),
            names.estimand(record.estimand),
            texts.points(record.estimate),
            interval(names, record.ci_low, record.ci_high),
            texts.known(record.pvalue, texts.pvalue),
            texts("claim.yes" if OVER_CONTROL in record.flags else "claim.no"),
            book.marks([flag for flag in record.flags if flag != OVER_CONTROL]),
        )
        for record in records
    )
    lead = ("security",) if subject else ()
    keys = ("sessions", "way", "way_other", "effect", "estimate>", "interval>", "p>", "holds_news", "notes")
    return Table(columns(names, (*lead, *keys), level=study.level()), rows, book.notes)
