"""Results to files and text: CSV, Parquet, Excel, the rows of tables, a summary."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.files import UNWRITABLE, writing
from eventstudy.inference import TestResult
from eventstudy.intervals import CONFIDENCE
from eventstudy.options import is_number, need, one_of, path_of, window_of
from eventstudy.tables import Kind, Line, Table, TableOptions, numbers_of
from eventstudy.windows import Window

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.engine.result import EventStudy


Windows = tuple[int, int] | list[tuple[int, int]]


def frames_of(study: EventStudy, window: tuple[int, int]) -> Mapping[str, pd.DataFrame]:
    """The tables of a study, those over a window for the one given; a row of an event names its asset and day 0."""
    return {
        "events": _with_json(study.events),
        "params": _named(study, study.params),
        "ar": _named(study, study.ar),
        "ar_se": _named(study, study.ar_se),
        "car": _named(study, study.car(window), window),
        "aar": study.aar(),
        "caar": study.caar(window),
        "tests": study.tests(window).assign(window=str(Window(*window))),
        "flags": _with_json(study.flags),
        "exclusions": _with_json(study.exclusions),
    }


def _named(study: EventStudy, frame: pd.DataFrame, window: tuple[int, int] | None = None) -> pd.DataFrame:
    """A frame by event_id with the asset, the session of day 0 and the window before its numbers."""
    sample = study.sample
    named = frame.copy()
    named.insert(0, "asset", [sample.assets[row] for row in sample.asset])
    named.insert(1, "session", sample.sessions[sample.position].astype("datetime64[s]"))
    if window is not None:
        named.insert(2, "window", str(Window(*window)))
    return named


def _with_json(told: pd.DataFrame) -> pd.DataFrame:
    """A table of facts whose values are JSON texts, as a file can hold them."""
    lists = [name for name in told.columns if name == "values" or name.startswith("others_")]
    return told.assign(**{name: [json.dumps(one, ensure_ascii=False) for one in told[name]] for name in lists})


def to_csv(study: EventStudy, folder: object, window: tuple[int, int]) -> tuple[Path, ...]:
    """Write every table as ``<name>.csv``."""
    return _write(study, folder, window, "csv", lambda frame, path: frame.to_csv(path, lineterminator="\n"))


def to_parquet(study: EventStudy, folder: object, window: tuple[int, int]) -> tuple[Path, ...]:
    """Write every table as Parquet; needs the extra ``parquet``."""
    need("pyarrow", "parquet")

    def write(frame: pd.DataFrame, path: Path) -> None:
        from pandas.api.types import is_object_dtype

        plain = frame.rename(columns=str)
        for name in [column for column in plain.columns if is_object_dtype(plain[column].dtype)]:
            plain[name] = plain[name].map(lambda value: None if value is None else str(value))
        plain.to_parquet(path)

    return _write(study, folder, window, "parquet", write)


def to_excel(study: EventStudy, path: object, window: tuple[int, int]) -> Path:
    """Write every table as one sheet of a workbook; needs the extra ``excel``.

    Texts stay texts where they begin as a formula does (``=A1``); a character that XML cannot hold is written as
    ``_x0001_`` (ECMA-376, ST_Xstring), which Excel reads back as it was.
    """
    import pandas as pd

    need("openpyxl", "excel")
    place = path_of("path", path)
    if place.suffix.lower() != ".xlsx":
        raise OptionError(fact("option.workbook", given=str(place)))
    frames = frames_of(study, window)
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        with pd.ExcelWriter(place, engine="openpyxl") as book:
            for name, frame in frames.items():
                _writable(frame).to_excel(book, sheet_name=name)
                for cell in (cell for row in book.sheets[name].iter_rows() for cell in row):
                    if cell.data_type in ("f", "e"):
                        cell.data_type = "s"
    return place


def _writable(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts and headings a workbook can hold."""
    texts = {name: frame[name].map(_escaped_xml) for name in frame.columns if frame[name].dtype.kind not in "biufcM"}
    return frame.assign(**texts).rename(index=_escaped_xml, columns=_escaped_xml)


def _escaped_xml(value: Any) -> Any:
    return UNWRITABLE.sub(lambda one: f"_x{ord(one[0]):04X}_", value) if isinstance(value, str) else value


def table_of(study: EventStudy, what: str, windows: Windows, method: str, options: TableOptions) -> Table:
    """The rows of a table, by window: the tests, or the mean or every event's CAR."""
    one_of("what", what, ("tests", "caar", "car"))
    several = windows if isinstance(windows, list) and not all(map(is_number, windows)) else [windows]
    lines: list[Line] = []
    for given in several:
        window = window_of("window", given)
        group = str(window)
        if what == "tests":
            found = study.test_results(window)
            lines += [Line(group, name, _numbers(one), one.refusal) for name, one in found.items()]
            continue
        frame = study.caar(window) if what == "caar" else study.car(window)
        labels = ["CAAR"] if what == "caar" else _labels(study)
        rows = (dict(zip(frame.columns, row, strict=True)) for row in frame.to_numpy().tolist())
        lines += [Line(group, label, numbers_of(row, what)) for label, row in zip(labels, rows, strict=True)]
    kinds: dict[str, Kind] = {"tests": "tests", "caar": "means", "car": "estimates"}
    return Table.of(method, lines, kinds[what], CONFIDENCE, options)


def _labels(study: EventStudy) -> list[str]:
    """Each event and its asset, once where they are one."""
    pairs = zip(map(str, study.sample.event_ids), (study.sample.assets[row] for row in study.sample.asset), strict=True)
    return [", ".join(dict.fromkeys((event, str(asset)))) for event, asset in pairs]


def _numbers(found: TestResult) -> dict[str, Any]:
    low, high = found.conf_int or (None, None)
    given = {name: getattr(found, name) for name in ("estimate", "std_error", "statistic", "pvalue")}
    return {**given, "df": tuple(found.degrees), "ci_low": low, "ci_high": high, "n": found.nobs}


def about(study: EventStudy) -> str:
    """What a study is, in a few lines, without computing anything that takes long."""
    sample, out = study.sample, len(study.refusals)
    against = f" against {', '.join(sample.names)}" if sample.names else ""
    assets = len(set(sample.asset.tolist()))
    lines = [f"Event study, {study.model.name} model{against}"]
    if not sample.event_ids.size:
        return f"{lines[0]}\n  no event in the results, {out} out"
    lines += [
        f"  {sample.event_ids.size} events of {assets} assets in, {out} out",
        f"  estimation window {sample.estimation_window}, event window {sample.event_window}",
        "  .summary(window) tells what was found, .events where every event stands, .flags what to know of them",
    ]
    return "\n".join(lines)


def summary(study: EventStudy, window: tuple[int, int]) -> str:
    """What was studied and found, as text; what must be known of the events stands beside their mean."""
    flags = study.flags
    head = [
        f"Event study, {study.model.name} model",
        f"{len(study.params)} events in, {len(study.exclusions)} out, {len(flags)} flags",
    ]
    table = _table(study.test_results(window))
    return "\n".join([*head, *_mean(study, window), *_notes(study, flags), "", *table]) + "\n"


def _mean(study: EventStudy, window: tuple[int, int]) -> list[str]:
    row = study.caar(window).iloc[0]
    if not row["n"]:
        return [f"CAAR {Window(*window)}: no event has every day of the window"]
    return [f"CAAR {list(window)}: {row['caar']:+.4%} over {int(row['n'])} events"]


def _notes(study: EventStudy, flags: pd.DataFrame) -> list[str]:
    """How many events each kind of flag touches, and what the caller vouched for."""
    touched = Counter(kind for _, kind in set(zip(flags["event_id"], flags["flag"], strict=True)))
    notes = [f"{kind} ({n})" for kind, n in sorted(touched.items())]
    told = [f"Flags, with the number of events: {', '.join(notes)}"] if notes else []
    return told + [str(fact(f"accepted.{one}")) for one in sorted(study.accepted)]


def _table(found: Mapping[str, TestResult]) -> list[str]:
    lines = [f"{'test':<22}{'statistic':>11}{'d.f.':>10}{'p':>9}{'N':>8}"]
    for name, one in found.items():
        if one.refusal is None:
            statistic, df, pvalue, nobs = _cells(one)
            lines.append(f"{name:<22}{statistic:>11}{df:>10}{pvalue:>9}{nobs:>8}")
    return lines + [f"{name}: not available: {one.refusal}" for name, one in found.items() if one.refusal is not None]


def _cells(found: TestResult) -> tuple[str, str, str, str]:
    """Statistic, degrees of freedom, p and n of a test as a table shows them."""
    statistic, pvalue = (
        ("" if one is None else format(one, form)) for one, form in ((found.statistic, ".3f"), (found.pvalue, ".4f"))
    )
    return statistic, ", ".join(f"{part:g}" for part in found.degrees) or "-", pvalue, str(found.nobs)


def _write(
    study: EventStudy,
    folder: object,
    window: tuple[int, int],
    ending: str,
    write: Callable[[pd.DataFrame, Path], object],
) -> tuple[Path, ...]:
    place = path_of("folder", folder)
    frames = frames_of(study, window)
    paths = {name: place / f"{name}.{ending}" for name in frames}
    with writing(place):
        place.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            write(frame, paths[name])
    return tuple(paths.values())
