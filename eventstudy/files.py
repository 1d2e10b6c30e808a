"""Writing files so that a reader never meets half of one and an interruption leaves what was there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from eventstudy.errors import StoreError
from eventstudy.facts import fact

UNWRITABLE = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")
"""Characters that XML, and so a workbook or a document, cannot hold."""


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """A `StoreError` with the place for what the file system refuses."""
    try:
        yield
    except OSError as error:
        why = " ".join(str(error.strerror or error).split())
        raise StoreError(fact("store.unwritten", place=str(error.filename or place), why=why)) from None


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into a folder: all beside their places first, on the disk, then each put in place by one rename.

    Parameters
    ----------
    folder : Path
        Made with its parents where it does not exist.
    contents : mapping
        Path inside the folder, with ``/``, to the file's bytes.

    Raises
    ------
    OSError
        Where the folder or a file cannot be written; `filename` is the place. What was there before stays, and
        nothing new does.
    """
    made: list[Path] = []
    parts: dict[Path, Path] = {}
    try:
        for name in contents:
            _make(folder / Path(name).parent, made)
        for name, content in contents.items():
            target = folder / name
            if target.is_dir():
                raise IsADirectoryError(None, "a folder of that name is in the way", str(target))
            part = target.with_name(f".{target.name}.{token_hex(4)}.part")
            parts[part] = target
            write_new(part, content)
        for part, target in parts.items():
            part.replace(target)
    except BaseException:
        _undo(parts, made)
        raise


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet; it is on the disk when this returns."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _make(folder: Path, made: list[Path]) -> None:
    """Make a folder and its parents, noting those that are new."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(exist_ok=True)
        made.append(place)
    if not folder.is_dir():
        raise NotADirectoryError(None, "a file of that name is in the way", str(folder))


def _undo(parts: Mapping[Path, Path], made: list[Path]) -> None:
    """Remove what an interrupted write left: files not yet in place, and folders that are empty and new."""
    for part in parts:
        part.unlink(missing_ok=True)
    for folder in reversed(made):
        if not any(folder.iterdir()):
            folder.rmdir()
