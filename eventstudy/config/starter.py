"""A new study: a folder with a commented study file, a place for prices, and a test."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from secrets import token_hex
from shutil import rmtree

from eventstudy.errors import OptionError
from eventstudy.files import write_files

STARTER_ID = "amd-follows"
LONGEST_ID = 60

# the study file comes last, so that a folder which is being filled is not taken for a study
_FILES = {
    "README.md": "data/starter/README.md",
    ".gitignore": "data/starter/gitignore",
    "prices/README.md": "data/starter/prices/README.md",
    "tests/test_study.py": "data/starter/tests/test_study.py",
    "events.schema.json": "schemas/events.schema.json",
    "events.yaml": "data/starter/events.yaml",
}
_FOLDERS = ("prices", "tests")


@dataclass(frozen=True, slots=True)
class NewStudy:
    """A study that `make_study` made: its folder, its id, and its files by their paths in the folder."""

    folder: Path
    id: str
    files: tuple[str, ...]


def make_study(folder: str | Path, *, study_id: str | None = None) -> NewStudy:
    """Make a folder with a study that runs at once on recorded prices, to be changed into one's own.

    Parameters
    ----------
    folder : str or Path
        The folder; it and its parents are made where they do not exist.
    study_id : str, optional
        The id of the study: lower-case letters, digits and hyphens; by default it is made of the folder's name.

    Returns
    -------
    NewStudy
        What was made.

    Raises
    ------
    OptionError
        If the folder has no name, if the id is not allowed or none can be made of the folder's name, if the folder
        has one of the files already, or if it cannot be written. Then nothing is changed.

    Notes
    -----
    A new folder is built beside its place and put there by one rename. Files of a folder that is there already are
    created one after the other, never written over, the study file last; an error takes them away again.
    """
    if not os.fspath(folder).strip():
        raise OptionError("the folder's name is empty; name a folder, or . for the current one")
    path = Path(os.path.abspath(folder))
    identifier = _slug(path.name) if study_id is None else study_id
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", identifier) or len(identifier) > LONGEST_ID:
        raise OptionError(_not_an_id(path.name, study_id))
    contents = {name: _content(name, identifier) for name in _FILES}
    try:
        _refuse_clashes(folder, path, contents)
        if path.exists():
            _fill(path, contents)
        else:
            _build(path, contents)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OptionError(f"{folder}: the study cannot be written there ({reason}); name another folder") from None
    return NewStudy(Path(folder), identifier, tuple(contents))


def _slug(name: str) -> str:
    """The folder's name as an id: accents dropped, everything but letters and digits a hyphen; maybe empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", plain))[:LONGEST_ID].strip("-")


def _not_an_id(name: str, study_id: str | None) -> str:
    allowed = f"an id is lower-case letters, digits and hyphens, at most {LONGEST_ID}, e.g. amd-follows"
    if study_id is None:
        return f"no study id can be made of the folder's name {name!r}; give one with --id: {allowed}"
    return f"the id {study_id!r} is not allowed; {allowed}"


def _content(name: str, identifier: str) -> bytes:
    text = resources.files("eventstudy").joinpath(*_FILES[name].split("/")).read_text(encoding="utf-8")
    if name == "events.yaml":
        text = text.replace(f"  id: {STARTER_ID}\n", f"  id: {identifier}\n", 1)
    return text.encode("utf-8")


def _refuse_clashes(folder: str | Path, path: Path, contents: Mapping[str, bytes]) -> None:
    if path.exists() and not path.is_dir():
        raise OptionError(f"{folder} is a file; name a folder that is new or empty")
    taken = [name for name in contents if (path / name).exists() or (path / name).is_symlink()]
    blocked = [name for name in _FOLDERS if (path / name).exists() and not (path / name).is_dir()]
    if taken or blocked:
        raise OptionError(
            f"{folder} has {', '.join(sorted([*taken, *blocked]))} already, and nothing is written over; "
            "name a folder that is new or empty"
        )


def _build(path: Path, contents: Mapping[str, bytes]) -> None:
    """Make a new folder, with parents that are missing, by one rename."""
    top = path
    while not top.parent.exists():
        top = top.parent
    part = top.with_name(f".{top.name}.{token_hex(4)}.part")
    try:
        write_files(part / path.relative_to(top), contents)
        part.rename(top)
    finally:
        rmtree(part, ignore_errors=True)


def _fill(path: Path, contents: Mapping[str, bytes]) -> None:
    """Put files into a folder that is there; an error or an interruption takes them away again."""
    folders = [path / name for name in _FOLDERS if not (path / name).exists()]
    made: list[Path] = []
    try:
        for name, content in contents.items():
            _create(path / name, content, made)
    except BaseException:
        for one in made:
            one.unlink(missing_ok=True)
        for one in folders:
            if one.is_dir() and not any(one.iterdir()):
                one.rmdir()
        raise


def _create(file: Path, content: bytes, made: list[Path]) -> None:
    """Write a file that is not there yet, and note it as soon as it is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as written:
        made.append(file)
        written.write(content)
        written.flush()
        os.fsync(written.fileno())
