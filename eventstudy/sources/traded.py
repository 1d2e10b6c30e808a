"""Which rows say that nothing was traded: the one exception in which a row of a source is left out unasked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from eventstudy.errors import OptionError
from eventstudy.facts import Fact, fact
from eventstudy.prices import FloatArray

_NO_SHARE = re.compile(r"\^.*|.*=[A-Z]+|csi[0-9]{6}|.* Index|.*-USD", re.IGNORECASE)
"""Symbols of indices, currencies, futures, rates and coins, as vendors write them."""


def silent_rows(volume: FloatArray) -> NDArray[np.bool_]:
    """(n,) rows of a share without a trade: those with a volume of 0, where it trades in other sessions."""
    silent: NDArray[np.bool_] = volume == 0
    return silent if (volume > 0).any() else np.zeros(volume.shape, dtype=bool)


def days_told(days: Sequence[date]) -> Fact:
    """Days as a reader wants them: one or two as they are, of more the first, the last, how many."""
    run = ("one", "two", "many")[min(len(days), 3) - 1]
    return fact("days", days_run=run, count=len(days), first=days[0], last=days[-1])


def is_no_share(symbol: str) -> bool:
    """Whether a symbol is written like an index's, a rate's, a currency's, a future's or a coin's."""
    return _NO_SHARE.fullmatch(symbol) is not None


def may_be_share(symbol: str) -> bool:
    """Whether a symbol alone leaves no doubt that it is no index, rate, currency or coin.

    Volumes of 0 say nothing there. A bare Chinese code that is a share in one city and an index in another is in doubt.
    """
    from eventstudy.sources.vendors.symbols import china_symbol

    if is_no_share(symbol):
        return False
    if re.fullmatch(r"(sh|sz|bj)?[0-9]{6}(\.[A-Z]{2})?", symbol, re.IGNORECASE):
        try:
            return china_symbol(symbol).kind == "share"
        except OptionError:
            return False
    return True
