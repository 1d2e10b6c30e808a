"""What a caller may choose: values, numbers, windows, names of options; all else is refused with what is allowed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, wraps
from inspect import Parameter, signature
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeGuard, TypeVar

import numpy as np

from eventstudy.distribution import lacks
from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.windows import Window

Given = ParamSpec("Given")
Found = TypeVar("Found")

FARTHEST = 100_000
"""Relative days beyond this are taken for a slip: it is some 400 years of sessions."""
_SHOWN = 60


def one_of(name: str, value: object, allowed: Iterable[object]) -> None:
    """Raise `OptionError` for a value that is none of those allowed."""
    chosen = tuple(allowed)
    if not any(type(value) is type(one) and value == one for one in chosen):
        raise OptionError(fact("option.one_of", name=name, given=shown(value), allowed=tuple(map(str, chosen))))


def whole(name: str, value: Any, *, least: int) -> int:
    """A whole number of at least `least`; `OptionError` for anything else."""
    if not _is_whole(value):
        raise OptionError(fact("option.whole", name=name, given=shown(value), least=least))
    if value < least:
        raise OptionError(fact("option.least", name=name, given=shown(value), least=least))
    return int(value)


def number(name: str, value: Any, *, least: float | None = None) -> float:
    """A number, of at least `least` where that is given; `OptionError` for anything else."""
    if not is_number(value):
        raise OptionError(fact("option.number", name=name, given=shown(value)))
    if least is not None and not value >= least:
        raise OptionError(fact("option.least", name=name, given=shown(value), least=least))
    return float(value)


def share(name: str, value: Any, code: Literal["option.level", "option.alpha"]) -> float:
    """A probability between 0 and 1, neither included; else an `OptionError` with the example of its code."""
    if not is_number(value) or not 0.0 < value < 1.0:
        raise OptionError(fact(code, name=name, given=shown(value)))
    return float(value)


def switch(name: str, value: object) -> bool:
    """True or False; `OptionError` for anything else."""
    if not isinstance(value, bool | np.bool_):
        raise OptionError(fact("option.one_of", name=name, given=shown(value), allowed=("True", "False")))
    return bool(value)


def path_of(name: str, given: object) -> Path:
    """The path of a text or a `Path`; `OptionError` for anything else, and for a text that can name no file."""
    text = os.fspath(given) if isinstance(given, str | os.PathLike) else None
    if not isinstance(text, str) or not text.strip() or any(one == "\0" or "\ud800" <= one <= "\udfff" for one in text):
        raise OptionError(fact("option.path", name=name, given=shown(given)))
    return Path(text)


def folder_of(name: str, given: object) -> Path:
    """The path of a folder that is there; `OptionError` for anything else."""
    if not (folder := path_of(name, given)).is_dir():
        raise OptionError(fact("option.folder", name=name, given=str(folder)))
    return folder


def window_of(name: str, given: object) -> Window:
    """The window of a pair of relative days.

    Raises
    ------
    OptionError
        For what is no pair of whole numbers in order, or beyond `FARTHEST`.
    """
    several = isinstance(given, Sequence) or (isinstance(given, np.ndarray) and given.ndim == 1)
    ends = tuple(given) if several and not isinstance(given, str | bytes) else ()  # type: ignore[arg-type]
    if len(ends) != 2 or not all(map(_is_whole, ends)):
        raise OptionError(fact("option.window", name=name, given=shown(given)))
    window = Window(int(ends[0]), int(ends[1]))
    if window.first > window.last:
        raise OptionError(fact("option.window_order", name=name, window=window))
    if max(map(abs, window)) > FARTHEST:
        raise OptionError(fact("option.window_far", name=name, window=window, farthest=FARTHEST))
    return window


def need(module: str, extra: str) -> None:
    """Refuse what needs a library that is not there."""
    if lacking := lacks(module, extra):
        raise OptionError(fact("option.extra", lacking=lacking))


def keywords(what: str, given: Iterable[str], allowed: Sequence[str]) -> None:
    """Raise `OptionError` for the name of an option that there is not."""
    for name in given:
        if name not in allowed:
            code = "option.unknown" if allowed else "option.none"
            raise OptionError(fact(code, what=what, option=str(name), allowed=tuple(allowed)))


@lru_cache
def keyword_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of a function's options: what it takes by keyword alone."""
    return tuple(one.name for one in signature(function).parameters.values() if one.kind is Parameter.KEYWORD_ONLY)


def spelled(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """The function, with an `OptionError` in the place of a TypeError for the name of an option that it has not got."""
    parameters = signature(function).parameters.values()
    names = tuple(one.name for one in parameters if one.name != "self")
    takes = signature(function)
    needed = [one.name for one in parameters if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]

    @wraps(function)
    def checked(*args: Given.args, **options: Given.kwargs) -> Found:
        keywords(f"{function.__name__}()", options, names)
        given = takes.bind_partial(*args[: len(takes.parameters)], **options).arguments
        if lacking := [name for name in needed if name not in given]:
            raise OptionError(fact("option.lacks", what=f"{function.__name__}()", lacking=lacking))
        return function(*args, **options)

    return checked


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number and no truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)


def shown(value: object) -> str:
    """A value in one short line."""
    if value is None or isinstance(value, str | bool | Real | tuple | list | dict):
        text = " ".join(repr(value).split())
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return f"a {type(value).__name__}"


def _is_whole(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, Integral) or (isinstance(value, Real) and float(value).is_integer())
