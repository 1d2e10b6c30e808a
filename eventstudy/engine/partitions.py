"""Returns in per-firm Parquet files, larger than memory if need be, as one memory-mapped array."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eventstudy.arrays import Days, Floats
from eventstudy.errors import InputError, OptionError
from eventstudy.facts import fact
from eventstudy.files import writing
from eventstudy.gate.days import day_text
from eventstudy.gate.tables import Wide, read_wide
from eventstudy.options import need

if TYPE_CHECKING:
    import pandas as pd

TOGETHER = 1_024
"""Firms whose returns are in memory at once where all of them are looked at."""


def map_partitions(
    folder: Path,
    sessions: Days,
    scratch: Path,
    *,
    assets: tuple[str, ...] | None = None,
    date_format: str | None = None,
    zone: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Wide:
    """Copy ``ASSET.parquet`` files into one array on disk, assets x sessions, a firm at a time.

    Parameters
    ----------
    folder : Path
        Files named after their assets, each with the columns ``session`` (dates) and ``return`` (decimal).
    sessions : (S,) datetime64[ns]
        The sessions of the array; a firm's return on any other day is an error.
    scratch : Path
        Where the array is kept, 8 bytes an asset and session.
    assets : tuple of str, optional
        The assets wanted; all files of the folder by default.
    date_format, zone : str, optional
        How sessions are read, as in `eventstudy.gate.tables.read_wide`.
    progress : callable, optional
        Told 1 after each file.

    Returns
    -------
    Wide
        (A, S) values, memory-mapped; sessions that a file lacks are NaN.

    Raises
    ------
    OptionError
        Code ``option.no_parquet`` for a folder without such files.
    InputError
        For a file that cannot be read or used: code ``gate.file.<what>`` with its name; ``gate.file.none`` where no
        asset has one.
    StoreError
        Code ``store.unwritten`` where the array cannot be kept.
    """
    need("pyarrow", "parquet")
    files = {path.stem: path for path in sorted(folder.glob("*.parquet"))}
    if not files:
        raise OptionError(fact("option.no_parquet", folder=str(folder)))
    wanted = tuple(files) if assets is None else tuple(name for name in assets if name in files)
    if not wanted and assets:
        raise InputError(fact("gate.file.none", folder=str(folder), assets=assets))
    if not wanted:
        return Wide((), sessions, np.empty((0, sessions.size)))
    kept = scratch / "returns.npy"
    with writing(kept):
        values = np.lib.format.open_memmap(kept, "w+", dtype=np.float64, shape=(len(wanted), sessions.size))
    for row, name in enumerate(wanted):
        values[row] = _read(files[name], sessions, date_format, zone)
        if progress is not None:
            progress(1)
    with writing(kept):
        values.flush()
    return Wide(wanted, sessions, np.load(kept, mmap_mode="r"))


def in_parts(returns: Wide) -> Iterator[Wide]:
    """Those of `TOGETHER` firms at a time that hold a number.

    Raises
    ------
    InputError
        Code ``gate.no_values`` where no firm of several has one.
    """
    found = False
    for first in range(0, len(returns.names), TOGETHER):
        rows = slice(first, first + TOGETHER)
        values = np.asarray(returns.values[rows])
        if not np.isnan(values).all():
            found = True
            yield Wide(returns.names[rows], returns.sessions, values)
    if returns.names and not found:
        raise InputError(fact("gate.no_values", what="returns"))


def _read(path: Path, sessions: Days, date_format: str | None, zone: str | None) -> Floats:
    """(S,) returns of one file."""
    import pandas as pd

    frame = _frame(path)
    columns = [str(name) for name in frame.columns]
    if not {"session", "return"} <= set(columns):
        raise InputError(fact("gate.file.columns", file=path.name, columns=columns))
    long = pd.DataFrame({"session": frame["session"], "asset": path.stem, "return": frame["return"]})
    try:
        own = read_wide(long.reset_index(drop=True), "returns", date_format=date_format, zone=zone)
    except InputError as error:
        raise InputError(fact("gate.file.refused", file=path.name, why=error.fact)) from None
    if (strange := ~np.isin(own.sessions, sessions)).any():
        day = day_text(own.sessions[strange][0])
        raise InputError(fact("gate.file.not_a_session", file=path.name, session=day, n=int(strange.sum())))
    row: Floats = own.on(sessions)[0]
    return row


def _frame(path: Path) -> pd.DataFrame:
    """The columns of a file as its own types say; what pandas noted of its index is left aside."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            table = file.read().replace_schema_metadata(None)
        if len(set(table.column_names)) < len(table.column_names):
            raise InputError(fact("gate.file.columns", file=path.name, columns=table.column_names))
        frame: pd.DataFrame = table.to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        why = " ".join(str(error).split())
        raise InputError(fact("gate.file.unreadable", file=path.name, why=why.rstrip(".")[:120])) from None
    return frame
