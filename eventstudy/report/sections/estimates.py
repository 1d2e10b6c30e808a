"""All estimates: the days of each event set, the forest of each security, tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventstudy.plots import event_days_figure, event_days_frame, forest_figure, forest_frame
from eventstudy.plots.estimates import ar_interval
from eventstudy.plots.style import Frame
from eventstudy.report.views import FigureView, Study, figure_view
from eventstudy.results import ArRecord, CarRecord
from eventstudy.summary.rows import effect, interval
from eventstudy.summary.tables import NoteBook, Table, columns
from eventstudy.windows import Window

SHOWN_WINDOWS = 3


def build(study: Study) -> dict[str, Any]:
    """The context of ``estimates.html``."""
    with_days = {record.event_set for record in study.result.event_days}
    return {
        "days": [_days(study, item.id) for item in study.result.spec.event_sets if item.id in with_days],
        "forests": [_forest(study, symbol) for symbol in study.securities],
        "others": _others(study),
        "unmodelled": _unmodelled(study),
    }


def _days(study: Study, set_id: str) -> FigureView:
    texts = study.texts
    frame = event_days_frame(study.result, set_id, lang=texts.lang)
    title = study.names.event_set(set_id)
    return figure_view(
        f"event-days-{set_id}",
        event_days_figure(frame, lang=texts.lang),
        title=texts("figure.title.event_days", title=title, level=study.level()),
        finding=_exceeding(study, frame, "caption.event_days"),
        description=texts("figure.about.event_days", title=title, level=study.level()),
        table=day_table(study, set_id),
    )


def _exceeding(study: Study, frame: Frame, key: str) -> str:
    """How many intervals of a frame leave zero out, and on which lines they lie."""
    texts = study.texts
    tested = frame[frame["pvalue"].notna()]
    if tested.empty:
        return texts("caption.untested")
    found = tested[tested["pvalue"] < study.texts.cutoff]
    if found.empty:
        return texts(f"{key}.none", total=len(tested))
    which = texts.listing(list(dict.fromkeys(found["quantity"])))
    lead = texts.count(key, len(found), total=len(tested), which=which)
    shared = set.intersection(*(set(flags) for flags in found["flags"]))
    if not shared:
        return lead
    flags = texts.listing([study.names.flag(flag, "shared_flag") for flag in sorted(shared)])
    return lead + texts("list.space") + texts("caption.shared", flags=flags)


def day_table(study: Study, set_id: str) -> Table:
    """The dummies of an event set with standard errors, t, degrees of freedom and p."""
    texts, names, book = study.texts, study.names, NoteBook(study.names)
    rows = tuple(
        (
            names.security(record.security),
            texts.short(record.session),
            names.day_label(set_id, record.session),
            effect(names, record.benchmark, record.estimand),
            texts.points(record.ar),
            texts.size(record.std_error),
            texts.number(record.statistic),
            texts.freedom(record.df),
            texts.pvalue(record.pvalue),
            interval(names, *ar_interval(record, study.result.spec.confidence)),
            book.marks(record.flags),
        )
        for record in study.result.event_days
        if record.event_set == set_id
    )
    keys = ("security", "session", "label", "against", "ar>", "std_error>", "t>", "df>", "p>", "interval>", "notes")
    return Table(columns(names, keys, level=study.level()), rows, book.notes)


def _forest(study: Study, symbol: str) -> FigureView:
    texts, names = study.texts, study.names
    frame = forest_frame(study.result, symbol, lang=texts.lang)
    event = study.leading_event(symbol)
    event_id = event.id if event else ""
    return figure_view(
        f"forest-{symbol}",
        forest_figure(frame, lang=texts.lang),
        title=texts("figure.title.forest", security=names.security(symbol)),
        finding=_exceeding(study, frame, "caption.forest"),
        description=texts(
            "figure.about.forest",
            security=names.security(symbol),
            event=names.event_quoted(event_id) if event else "",
            level=study.level(),
        ),
        table=estimates_table(study, _of_event(study, symbol, event_id, study.result.spec.windows.car)),
    )


def _of_event(
    study: Study, symbol: str, event_id: str, windows: Sequence[Window], *, model: str | None = None
) -> list[ArRecord | CarRecord]:
    days = [
        ar
        for day in (0, 1)
        for ar in study.result.ar
        if (ar.security, ar.event_id, ar.relative_day) == (symbol, event_id, day) and model in (None, ar.model)
    ]
    cars = [
        car
        for window in windows
        for car in study.cars(symbol, event_id)
        if car.window == window and window.size > 1 and model in (None, car.model)
    ]
    return [*days, *cars]


def estimates_table(study: Study, records: Sequence[ArRecord | CarRecord], *, subject: bool = False) -> Table:
    """Estimates with standard errors, t, degrees of freedom, p and interval; `subject` names the security."""
    names, book = study.names, NoteBook(study.names)
    rows = []
    for record in records:
        lead = (names.security(record.security),) if subject else ()
        rows.append((*lead, *_numbers(study, record), book.marks(record.flags)))
    head = ("security",) if subject else ()
    keys = ("quantity", "model", "against", "estimate>", "std_error>", "t>", "df>", "p>", "interval>")
    return Table(columns(names, (*head, *keys, "notes"), level=study.level()), tuple(rows), book.notes)


def _numbers(study: Study, record: ArRecord | CarRecord) -> tuple[str, ...]:
    texts, names = study.texts, study.names
    if isinstance(record, CarRecord):
        quantity = texts("figure.car_of", window=texts.window(*record.window))
        value, low_high = record.car, interval(names, record.ci_low, record.ci_high)
    else:
        quantity = texts("figure.ar_of", day=texts.short(record.session))
        value, low_high = record.ar, interval(names, *ar_interval(record, study.result.spec.confidence))
    return (
        quantity,
        names.model(record.model),
        effect(names, record.benchmark, record.estimand),
        texts.points(value),
        texts.known(record.std_error, texts.size),
        texts.known(record.statistic, texts.number),
        texts.known(record.df, texts.freedom),
        texts.known(record.pvalue, texts.pvalue),
        low_high,
    )


def _others(study: Study) -> list[dict[str, Any]]:
    """Each other tested event under the first model: AR of day 0 and 1, and the first longer CARs, by security."""
    result = study.result
    windows = [window for window in result.spec.windows.car if window.size > 1][:SHOWN_WINDOWS]
    shown = []
    for event in study.names.in_order:
        records: list[ArRecord | CarRecord] = []
        for symbol in study.securities:
            leading = study.leading_event(symbol)
            if event.role == "tested" and leading is not None and event.id != leading.id:
                records.extend(_of_event(study, symbol, event.id, windows, model=result.spec.model_names[0]))
        if records:
            shown.append({"title": study.names.event(event.id), "table": estimates_table(study, records, subject=True)})
    return shown


def _unmodelled(study: Study) -> list[str]:
    """Securities of an event set without a regression, with their bare abnormal returns."""
    texts, names, result = study.texts, study.names, study.result
    fitted = {record.security for record in result.event_days}
    lines = []
    for event_set in result.spec.event_sets:
        for symbol in study.securities:
            event = study.leading_event(symbol)
            if symbol in fitted or event is None or event.id not in event_set.events:
                continue
            returns = [
                texts("name.dated", event=texts.percent(ar.ar), day=texts.short(ar.session))
                for ar in result.ar
                if (ar.security, ar.event_id) == (symbol, event.id)
                and ar.benchmark == result.spec.securities[symbol].benchmarks[0]
                and event_set.first_session <= ar.session <= event_set.last_session
            ]
            lines.append(texts("estimates.unmodelled", security=names.security(symbol), returns=texts.listing(returns)))
    return lines
