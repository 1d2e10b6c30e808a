"""Flags of figures: a code, and after colons the values that its sentence shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from eventstudy.facts import Value

CONFOUNDED = "confounded:"
SUSPICIOUS = ("split_ratio", "reversal", "jump", "stale")
"""Codes of what the gate finds suspicious in returns; inside an estimation window ``<code>_in_estimation``."""

_ROUNDED = ("change", "before", "after")
_COUNTED = ("n", "session", "last", "security")
FLAG_VALUES: Mapping[str, tuple[str, ...]] = {
    "confounded": ("event",),
    "event_in_estimation": ("n", "other_events"),
    "short_estimation": ("had", "asked"),
    "beyond_limit": ("session", "security"),
    "split_ratio": ("session", "new", "old", "change", "security"),
    "reversal": ("session", "last", "change", "security"),
    "jump": ("session", "change", "security"),
    "stale": ("n", "session", "last", "security"),
    "adjusted": ("n", "of", "security"),
    "adjusted_falls": ("before", "after", "since", "session", "security"),
    **{f"{code}_in_estimation": _COUNTED for code in SUSPICIOUS},
}
"""Names of the values of flags that have any, in their order; the last one may itself hold colons."""
DOUBTS = frozenset(FLAG_VALUES) - {"confounded", "event_in_estimation", "short_estimation"} | {"accepted_scale"}
"""Codes of flags that doubt the prices themselves, told with every headline that they touch."""


def flag(code: str, **values: object) -> str:
    """A flag with its values; sizes of moves and factors of adjustment are rounded to 4 decimals."""
    shown = (f"{values[name]:.4f}" if name in _ROUNDED else str(values[name]) for name in FLAG_VALUES[code])
    return ":".join((code, *shown))


def code_of(flag: str) -> str:
    """A flag without its values."""
    return flag.partition(":")[0]


def values_of(flag: str) -> dict[str, Value]:
    """The values of a flag by name, as facts hold them."""
    code, _, rest = flag.partition(":")
    named = FLAG_VALUES.get(code, ())
    shown = rest.split(":", len(named) - 1) if named else []
    return {name: _value(name, text) for name, text in zip(named, shown, strict=True)}


def first_day(flag: str) -> date:
    """The first session that a doubt concerns."""
    return date.fromisoformat(str(values_of(flag)["session"]))


def _value(name: str, text: str) -> Value:
    if name in _ROUNDED:
        return float(text)
    if name == "other_events":
        return tuple(text.split(","))
    return int(text) if name in ("n", "of", "new", "old", "had", "asked") else text
