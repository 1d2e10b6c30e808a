"""What a check found in a price series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from eventstudy.facts import Fact, fact
from eventstudy.prices.records import PriceSeries

Span: TypeAlias = tuple[date, date]
"""First and last day, both included."""

Fatal: TypeAlias = Literal[
    "shape",
    "order",
    "duplicate",
    "price",
    "range",
    "volume",
    "not_a_session",
    "before_listing",
    "in_suspension",
    "split",
]
"""Kinds of finding that make a series unusable."""

Reported: TypeAlias = Literal[
    "split_ratio",
    "reversal",
    "jump",
    "stale",
    "no_trade",
    "adjusted",
    "dividend",
    "split_outside",
    "suspension",
    "hole",
    "unchecked",
]
"""Kinds of finding that are true of many good series and only reported."""

What: TypeAlias = Fatal | Reported

IN_PRICES = {
    "split_ratio": "split_ratio.in_prices",
    "reversal": "reversal.in_prices",
    "jump": "jump.in_prices",
    "stale": "stale.in_prices",
}
"""Code of a suspicion to that of the finding which says where in the prices it stands."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found in a price series.

    Attributes
    ----------
    symbol : str
        The series.
    session : date or None
        The day it concerns, the first one where it concerns several; None where it concerns the whole series.
    what : str
        One word of the fixed vocabulary `What`.
    fact : Fact
        What was found: ``<what>`` or ``<what>.<more>`` with its values; ``str`` of the finding is its sentence.
    fatal : bool
        Whether the series cannot be used.
    last : date or None
        The last day where the finding concerns a run of days.
    """

    symbol: str
    session: date | None
    what: What
    fact: Fact
    fatal: bool
    last: date | None = None

    def __str__(self) -> str:
        return str(self.fact)


def finding(
    series: PriceSeries, day: np.datetime64 | None, code: str, *, to: np.datetime64 | None = None, **values: Any
) -> Finding:
    """A finding on a day, or on all days `to` another."""
    told = fact(code, security=series.symbol, **({} if day is None else {"session": date_of(day)}), **values)
    what: What = told.kind  # type: ignore[assignment]
    return Finding(series.symbol, date_of(day), what, told, what in get_args(Fatal), date_of(to))


def date_of(day: np.datetime64 | None) -> date | None:
    """A day as a date."""
    return None if day is None else day.astype("datetime64[D]").item()


def day_of(day: date | None) -> np.datetime64:
    """A date as a day; NaT where there is none."""
    return np.datetime64("NaT", "D") if day is None else np.datetime64(day, "D")
