"""Calibrations kept on disk: one file per set of arguments, written whole, read only where it is what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from typing import Any, Required, TypedDict, Unpack

import numpy as np

from eventstudy.distribution import DISTRIBUTION
from eventstudy.errors import OptionError
from eventstudy.facts import Fact
from eventstudy.files import write_files
from eventstudy.robustness.calibration import Calibration, TestCalibration, calibrate
from eventstudy.robustness.simulation import Executor, World

SOFTWARE = (DISTRIBUTION, "numpy", "scipy")
"""Packages whose version is part of the question: another one may give other bits."""
_SILENT = ("progress", "executor")  # arguments that the numbers do not depend on


class Arguments(TypedDict, total=False):
    """The arguments of `calibrate`."""

    events: Required[int]
    estimation: Required[int]
    window: int
    correlation: float
    tails: float | None
    variance_ratio: float
    dates: int
    tests: Collection[str] | None
    level: float
    draws: int
    seed: int
    sigma: float | None
    progress: Callable[[int], None] | None
    executor: Executor | None


def calibrate_cached(folder: str | Path, **arguments: Unpack[Arguments]) -> Calibration:
    """`calibrate`, or what it gave before for the same arguments.

    Parameters
    ----------
    folder : path
        Where calibrations are kept; made where it does not exist. A file is named by a hash of the arguments and of
        the versions of this package, numpy and scipy; one that is damaged is written anew.
    **arguments
        As for `calibrate`. Where the file has the answer, `progress` is told nothing and `executor` is not used.

    Raises
    ------
    OptionError
        As for `calibrate`, and where a file cannot be read or written.
    """
    asked = _asked(arguments)
    path = Path(folder) / f"calibration-{_hash(asked)[:16]}.json"
    held = _read(path, asked)
    if held is not None:
        return held
    found = calibrate(**arguments)
    body = _plain(asdict(found))
    _write(path, json.dumps({"asked": asked, "checksum": _hash(body), "calibration": body}, indent=1))
    return found


def _asked(arguments: Arguments) -> Any:
    """Every argument that the numbers depend on, defaults filled in, and the software."""
    bound = signature(calibrate).bind(**arguments)
    bound.apply_defaults()
    values = {name: value for name, value in bound.arguments.items() if name not in _SILENT}
    tests = values["tests"]
    values["tests"] = None if tests is None else sorted(set(tests))
    return _plain(values | {"software": {name: version(name) for name in SOFTWARE}})


def _read(path: Path, asked: Any) -> Calibration | None:
    """The calibration in a file; None where there is no file, or not an undamaged one with this question."""
    try:
        held = json.loads(path.read_bytes())
        same = held["asked"] == asked and held["checksum"] == _hash(held["calibration"])
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OptionError(f"the calibration {path} cannot be read: {error.strerror}; name another folder") from None
    except (ValueError, KeyError, TypeError):  # no JSON, or not ours: as good as no file
        return None
    return _restored(held["calibration"]) if same else None


def _restored(body: Mapping[str, Any]) -> Calibration:
    rows = tuple(
        TestCalibration(
            **{
                **row,
                "power": tuple((effect, share) for effect, share in row["power"]),
                **{name: None if row[name] is None else Fact(**row[name]) for name in ("refusal", "told")},
            }
        )
        for row in body["rows"]
    )
    return Calibration(**{**body, "world": World(**body["world"]), "rows": rows})


def _write(path: Path, text: str) -> None:
    try:
        write_files(path.parent, {path.name: text.encode()})
    except OSError as error:
        raise OptionError(
            f"the calibration cannot be written to {path.parent}: {error.strerror}; name another folder"
        ) from None


def _plain(value: Any) -> Any:
    """The value as JSON gives it back: lists for tuples, Python numbers for numpy's."""
    return json.loads(json.dumps(value, default=_number))


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a calibration is asked for with plain values, not with {type(value).__name__}")


def _hash(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
