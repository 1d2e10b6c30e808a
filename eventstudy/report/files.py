"""Writing a folder of files so that a reader never meets half of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from eventstudy.errors import OptionError


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into a folder: all beside their places first, then each put in place by one rename.

    Parameters
    ----------
    folder : Path
        Made with its parents where it does not exist.
    contents : mapping
        Path inside the folder, with ``/``, to the file's bytes.

    Raises
    ------
    OptionError
        Where the folder or a file cannot be written. What was there before stays, and nothing new does.
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
            part = target.with_name(f".{target.name}.{os.getpid()}.part")
            parts[part] = target
            part.write_bytes(content)
        for part, target in parts.items():
            part.replace(target)
    except OSError as error:
        _undo(parts, made)
        place = error.filename or folder
        raise OptionError(
            f"the report cannot be written to {folder}: {place}: {error.strerror}; name another folder with --out"
        ) from None


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
