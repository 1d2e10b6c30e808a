"""Outcomes other than returns: abnormal volume and abnormal volatility, in the shape that `event_study` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from eventstudy.errors import InputError
from eventstudy.gate.values import Accepted

if TYPE_CHECKING:
    import pandas as pd

_MARK = "eventstudy.outcome"


def log_volume(volume: pd.DataFrame, shares: pd.DataFrame | pd.Series | None = None) -> pd.DataFrame:
    """Log volume, or log turnover where shares outstanding are given, for ``event_study(..., model="mean")``.

    An abnormal log volume of 0.1 is volume about 10 % above normal. Days without trading are missing, not zero:
    the usual small constant added before the log changes the answer (Ajinkya and Jain 1989, Journal of
    Accounting and Economics 11, 331-359, on why the log).

    Parameters
    ----------
    volume : DataFrame, sessions x assets
        Shares traded; zero or missing where there was no trade.
    shares : DataFrame or Series, optional
        Shares outstanding on the same sessions and assets, or one number per asset.
    """
    if (volume < 0).any(axis=None):
        raise InputError("volume below zero; give the number of shares traded")
    traded = volume.where(volume > 0)
    return _log(traded if shares is None else traded / shares)


def log_absolute_residual(returns: pd.DataFrame, benchmark: pd.Series) -> pd.DataFrame:
    """Log of the absolute market-adjusted return, a volatility outcome for ``event_study(..., model="mean")``.

    An abnormal value of 0.1 is an absolute move about 10 % above normal. A move of exactly zero is missing.
    """
    moves = returns.sub(benchmark, axis=0).abs()
    return _log(moves.where(moves > 0))


def _log(frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    logs = pd.DataFrame(np.log(frame.to_numpy(dtype=float)), index=frame.index, columns=frame.columns)
    logs.attrs[_MARK] = True
    return logs


def outcomes_in(frame: Any) -> frozenset[Accepted]:
    """Whether a table was made here, so that its values need not be those of returns."""
    return frozenset({"outcome"}) if getattr(frame, "attrs", {}).get(_MARK) else frozenset()
