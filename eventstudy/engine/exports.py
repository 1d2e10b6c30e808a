"""Results to files and text: CSV, Parquet, Excel, LaTeX, a summary."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.engine.result import EventStudy


def frames_of(study: EventStudy, window: tuple[int, int]) -> Mapping[str, pd.DataFrame]:
    """The tables of a study, those over a window for the one given."""
    return {
        "params": study.params,
        "ar": study.ar,
        "ar_se": study.ar_se,
        "car": study.car(window),
        "aar": study.aar(),
        "tests": study.tests(window),
        "flags": _with_json(study.flags),
        "exclusions": _with_json(study.exclusions),
    }


def _with_json(told: pd.DataFrame) -> pd.DataFrame:
    """A table of facts whose values are JSON texts, as a file can hold them."""
    return told.assign(values=[json.dumps(values, ensure_ascii=False) for values in told["values"]])


def to_csv(study: EventStudy, folder: Path, window: tuple[int, int]) -> tuple[Path, ...]:
    """Write every table as ``<name>.csv``."""
    return _write(study, folder, window, "csv", lambda frame, path: frame.to_csv(path, lineterminator="\n"))


def to_parquet(study: EventStudy, folder: Path, window: tuple[int, int]) -> tuple[Path, ...]:
    """Write every table as ``<name>.parquet``; needs the extra ``parquet``."""
    _need("pyarrow", "parquet")

    def write(frame: pd.DataFrame, path: Path) -> None:
        from pandas.api.types import is_object_dtype

        plain = frame.rename(columns=str)
        for name in [column for column in plain.columns if is_object_dtype(plain[column].dtype)]:
            plain[name] = plain[name].map(lambda value: None if value is None else str(value))
        plain.to_parquet(path)

    return _write(study, folder, window, "parquet", write)


def to_excel(study: EventStudy, path: Path, window: tuple[int, int]) -> Path:
    """Write every table as one sheet of a workbook; needs the extra ``excel``."""
    import pandas as pd

    _need("openpyxl", "excel")
    with pd.ExcelWriter(path) as book:
        for name, frame in frames_of(study, window).items():
            frame.to_excel(book, sheet_name=name)
    return path


def to_latex(study: EventStudy, window: tuple[int, int]) -> str:
    """The tests over a window as a LaTeX table (booktabs)."""
    lines = [r"\begin{tabular}{lrrrr}", r"\toprule", r"Test & Statistic & d.f. & $p$ & $N$ \\", r"\midrule"]
    for name, row in study.tests(window).iterrows():
        label = str(name).replace("_", r"\_")
        if row["unavailable"] is not None:
            lines.append(rf"{label} & \multicolumn{{4}}{{l}}{{not available: {_escaped(str(row['unavailable']))}}} \\")
            continue
        lines.append(rf"{label} & {row['statistic']:.3f} & {_df(row['df'])} & {row['pvalue']:.4f} & {row['nobs']} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def summary(study: EventStudy, window: tuple[int, int]) -> str:
    """What was studied and found, as text."""
    caar = study.caar(window)
    mean, count = float(caar["caar"].iloc[0]), int(caar["n"].iloc[0])
    tests = study.tests(window)
    found = tests[tests["unavailable"].isna()]
    head = [
        f"Event study, {study.model.name} model",
        f"{len(study.params)} events in, {len(study.exclusions)} out, {len(study.flags)} flags",
        f"CAAR {list(window)}: {mean:+.4%} over {count} events",
        "",
        f"{'test':<22}{'statistic':>11}{'d.f.':>10}{'p':>9}{'N':>8}",
    ]
    rows = [
        f"{name!s:<22}{row['statistic']:>11.3f}{_df(row['df']):>10}{row['pvalue']:>9.4f}{row['nobs']:>8}"
        for name, row in found.iterrows()
    ]
    refused = [f"{name}: not available: {row['unavailable']}" for name, row in tests.drop(index=found.index).iterrows()]
    return "\n".join([*head, *rows, *refused]) + "\n"


def _write(
    study: EventStudy, folder: Path, window: tuple[int, int], ending: str, write: Callable[[pd.DataFrame, Path], object]
) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, frame in frames_of(study, window).items():
        path = folder / f"{name}.{ending}"
        write(frame, path)
        paths.append(path)
    return tuple(paths)


def _need(module: str, extra: str) -> None:
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise OptionError(f'this needs {module}; install it with: pip install "eventstudy-toolkit[{extra}]"')


def _df(df: object) -> str:
    if df is None:
        return "-"
    parts = df if isinstance(df, tuple) else (df,)
    return ", ".join(f"{float(part):g}" for part in parts)


def _escaped(text: str) -> str:
    return text.replace("%", r"\%").replace("_", r"\_").replace("&", r"\&")
