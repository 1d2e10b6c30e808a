"""Days that closed at a price limit: bounds, the CAR to the first close off a limit, limits in estimation windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventstudy.plots import limit_cases, limits_figure, limits_frame
from eventstudy.plots.limits import imputed_of, spread_of
from eventstudy.plots.style import Frame
from eventstudy.report.sections.regimes import day_name
from eventstudy.report.views import FigureView, Study, figure_view
from eventstudy.results import AlternativeRecord, LimitRecord
from eventstudy.summary.rows import effect, interval
from eventstudy.summary.tables import NoteBook, Table, columns

LIMITS = ("limit_up", "limit_down")


def build(study: Study) -> dict[str, Any]:
    """The context of ``limits.html``."""
    return {
        "cases": [_case(study, event_id, security) for event_id, security in limit_cases(study.result)],
        "recorded": _recorded(study),
        "windows": _windows(study),
    }


def _case(study: Study, event_id: str, security: str) -> dict[str, Any]:
    own = [item for item in study.result.limits if (item.event_id, item.security) == (event_id, security)]
    texts, first = study.texts, own[0]
    return {
        "title": texts(
            f"limits.title.{first.limit}",
            security=study.names.security(security),
            day=texts.day(first.session),
        ),
        "facts": texts("list.space").join(_facts(study, first)),
        "figure": _figure(study, own),
        "imputed": _imputation(study, event_id, security),
    }


def _facts(study: Study, record: LimitRecord) -> list[str]:
    """The event, the limit's price, and whether the share traded off it."""
    texts = study.texts
    prices = {
        "price": texts.number(record.limit_price),
        "reference": texts.number(record.reference),
        "currency": study.result.spec.securities[record.security].currency,
    }
    lines = [
        texts("limits.event", event=study.names.event_quoted(record.event_id)),
        texts("limits.price", **prices),
    ]
    if record.one_price is None or record.low is None or record.high is None:
        return [*lines, texts("limits.bar_unknown")]
    if record.one_price:
        return [*lines, texts("limits.one_price")]
    return [*lines, texts("limits.traded", low=texts.number(record.low), high=texts.number(record.high))]


def _figure(study: Study, own: Sequence[LimitRecord]) -> FigureView:
    texts, first = study.texts, own[0]
    frame = limits_frame(study.result, first.event_id, first.security, lang=texts.lang)
    shared = {"security": study.names.security(first.security), "level": study.level()}
    return figure_view(
        f"limit-{first.event_id}-{first.security}",
        limits_figure(frame, lang=texts.lang),
        title=texts("limits.figure", **shared),
        finding=_finding(study, first),
        description=texts("limits.about", day=texts.day(first.session), **shared),
        table=_table(study, frame),
    )


def _finding(study: Study, record: LimitRecord) -> str:
    """The bound against one benchmark, and what followed."""
    texts = study.texts
    parts = [
        texts(
            f"limits.bound.{record.limit}",
            against=effect(study.names, record.benchmark, record.estimand),
            ar=texts.percent(record.ar),
            p=texts.known(record.bound_pvalue, texts.p_equals),
        )
    ]
    if record.car_to_open is None or record.open_session is None:
        parts.append(texts("limits.never_open"))
    else:
        day, car = texts.short(record.open_session), texts.percent(record.car_to_open)
        if record.placebo_pvalue is None or record.n_placebo is None:
            parts.append(texts("limits.open_alone", day=day, car=car))
        else:
            parts.append(
                texts(
                    "limits.open",
                    day=day,
                    car=car,
                    p=texts.p_equals(record.placebo_pvalue),
                    rank=record.placebo_rank,
                    n=record.n_placebo,
                )
            )
        parts.append(texts("limits.fixed"))
    return texts("list.space").join(parts)


def _table(study: Study, frame: Frame) -> Table:
    texts, names = study.texts, study.names
    rows = tuple(
        (
            row["title"],
            texts("name.effect", benchmark=row["benchmark"], estimand=names.estimand(row["estimand"])),
            texts.points(row["estimate"]),
            texts.known(row["std_error"], texts.size),
            interval(names, row["ci_low"], row["ci_high"]),
            texts.known(row["pvalue"], texts.pvalue),
            texts.known(row["judged"], str),
        )
        for row in frame.to_dict("records")
    )
    keys = ("quantity", "against", "estimate>", "std_error>", "interval>", "p>", "limits_judged")
    return Table(columns(names, keys, level=study.level()), rows)


def _imputation(study: Study, event_id: str, security: str) -> str:
    """What may have been cut off, as a sensitivity; empty where nothing was imputed."""
    texts, found = study.texts, imputed_of(study.result, event_id, security)
    if not found:
        return ""
    return texts(
        "limits.imputation",
        spreads=texts.listing([spread_of(texts, item) for item in found]),
        values=texts.listing([texts.percent(item.estimate) for item in found]),
    )


# --- limits elsewhere ----------------------------------------------------------------------------------


def _recorded(study: Study) -> str:
    """Every close at a limit on the recorded sessions of the event windows, in a sentence."""
    texts = study.texts
    found = [
        texts(f"limits.recorded.{flag}", security=study.names.security(bar.security), day=texts.day(bar.session))
        for bar in study.result.bars
        for flag in LIMITS
        if flag in bar.flags
    ]
    if not found:
        return texts("limits.recorded.none")
    return texts.count("limits.recorded", len(found), days=texts.listing(found))


def _windows(study: Study) -> dict[str, Any] | None:
    """Closes at a limit in the estimation window kept, dropped and censored; None where there are none."""
    found = [item for item in study.result.alternatives if item.topic == "limit_days"]
    if not found:
        return None
    return {
        "findings": [*_spreads(study, found), _verdicts(study, found)],
        "table": _ways_table(study, found),
    }


def _by_case(found: Sequence[AlternativeRecord]) -> list[dict[str, AlternativeRecord]]:
    cases: dict[tuple[object, ...], dict[str, AlternativeRecord]] = {}
    for item in found:
        cases.setdefault((item.security, item.event_id, item.window), {})[item.variant] = item
    return list(cases.values())


def _spreads(study: Study, found: Sequence[AlternativeRecord]) -> list[str]:
    """How much each security moves on an ordinary day under each way, around its first event."""
    texts, told, lines = study.texts, set[str](), []
    for case in _by_case(found):
        security = next(iter(case.values())).security
        if security in told:
            continue
        told.add(security)
        parts = [
            texts(f"limits.spread.{variant}", sigma=texts.percent(item.sigma, signed=False), n=item.nobs)
            for variant, item in case.items()
            if item.sigma is not None
        ]
        lines.append(texts("limits.spreads", security=study.names.security(security), parts=texts.listing(parts)))
    return lines


def _verdicts(study: Study, found: Sequence[AlternativeRecord]) -> str:
    """In how many cases all ways fall on the same side of the level."""
    cases = _by_case(found)
    same = sum(
        len({item.pvalue < study.texts.cutoff for item in case.values() if item.pvalue is not None}) <= 1
        for case in cases
    )
    return study.texts("limits.verdicts_same" if same == len(cases) else "limits.verdicts", n=same, total=len(cases))


def _ways_table(study: Study, found: Sequence[AlternativeRecord]) -> Table:
    texts, names, book = study.texts, study.names, NoteBook(study.names)
    rows = tuple(
        (
            day_name(study, item, found),
            texts.window(*item.window),
            texts(f"limits.way.{item.variant}"),
            texts.points(item.estimate),
            texts.known(item.std_error, texts.size),
            texts.known(item.pvalue, texts.pvalue),
            texts.number(item.params[str(item.benchmark)]),
            texts.known(item.sigma, texts.size),
            texts.number(item.nobs, 0),
            book.marks(item.flags),
        )
        for item in found
    )
    keys = ("security", "window", "limits_way", "estimate>", "std_error>", "p>", "beta>", "sigma>", "nobs>", "notes")
    return Table(columns(names, keys), rows, book.notes)
