"""Returns in per-firm Parquet files, larger than memory if need be, as one memory-mapped array."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eventstudy.errors import InputError, OptionError


def map_partitions(
    folder: Path,
    sessions: NDArray[np.datetime64],
    scratch: Path,
    *,
    assets: tuple[str, ...] | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
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
    progress : callable, optional
        Told 1 after each file.

    Returns
    -------
    assets, values : tuple of A str and (A, S) float
        Values are memory-mapped; sessions that a file lacks are NaN.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.parquet"))}
    if not files:
        raise OptionError(f"{folder} holds no .parquet files; name a folder with one file per asset")
    wanted = tuple(files) if assets is None else tuple(name for name in assets if name in files)
    values = np.lib.format.open_memmap(
        scratch / "returns.npy", "w+", dtype=np.float64, shape=(len(wanted), sessions.size)
    )
    for row, name in enumerate(wanted):
        values[row] = _read(files[name], sessions)
        if progress is not None:
            progress(1)
    values.flush()
    return wanted, np.load(scratch / "returns.npy", mmap_mode="r")


def _read(path: Path, sessions: NDArray[np.datetime64]) -> NDArray[np.float64]:
    import pandas as pd

    frame = pd.read_parquet(path)
    if not {"session", "return"} <= set(frame.columns):
        raise InputError(
            f"{path.name}: the columns session and return are needed; there are {', '.join(frame.columns)}"
        )
    days = pd.to_datetime(frame["session"]).to_numpy(dtype="datetime64[ns]")
    place = np.searchsorted(sessions, days)
    known = (place < sessions.size) & (sessions[np.minimum(place, sessions.size - 1)] == days)
    if not known.all():
        raise InputError(f"{path.name}: {days[~known][0].astype('datetime64[D]')} is not a session of the benchmark")
    if np.unique(place).size < place.size:
        raise InputError(f"{path.name}: a session stands there twice")
    row = np.full(sessions.size, np.nan)
    row[place] = frame["return"].to_numpy(dtype=float, na_value=np.nan)
    return row
