"""Aligned windows: what models are fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Days, Floats, Ints, Mask, hold
from eventstudy.windows import Window


@dataclass(frozen=True, slots=True, eq=False)
class EventPanel:
    """Aligned windows of E cases (an event on a security), T estimation and L event sessions.

    Attributes
    ----------
    keys : tuple of E str
        One key per case, in row order; the only key that results are joined on.
    event_window : Window
        Relative days of the L event columns.
    names : tuple of K str
        Names of the regressors: the benchmark, or the factors; K may be 0.
    returns : (E, T) float
        Estimation window, decimal returns; NaN where an observation is left out.
    factors : (K, E, T) float
        The regressors' one-session returns, which may be known where the security's is not; NaN outside the
        case's own estimation window and where the security's return covers several sessions.
    event_returns : (E, L) float
        Event window, decimal returns; NaN where the security did not trade.
    event_factors : (K, E, L) float
        The regressors' returns over the same spans.
    event_span : (E, L) int
        Sessions that each event-window return covers; 0 where there is none.
    sessions, event_sessions : (E, T) and (E, L) datetime64[D]
        The session of each column.
    gap : (E,) int, optional
        Sessions between the last estimation column and the first event column, below zero where they
        overlap; None where it is not known. Only models that forecast a variance step by step need it.
    censored : (E, T) int, optional
        -1 where an estimation return was cut off at a lower price limit (the uncut one is at or below it), 1 at an
        upper one, else 0; None where no return is to be taken so. Only Tobit models look at it.
    """

    keys: tuple[str, ...]
    event_window: Window
    names: tuple[str, ...]
    returns: Floats
    factors: Floats
    event_returns: Floats
    event_factors: Floats
    event_span: Ints
    sessions: Days
    event_sessions: Days
    gap: Ints | None = None
    censored: Ints | None = None

    def __post_init__(self) -> None:
        hold(self)

    @property
    def observed(self) -> Mask:
        """(E, T) whether an estimation observation can be used."""
        usable: Mask = np.isfinite(self.returns)
        for factor in self.factors:
            usable = usable & np.isfinite(factor)
        return usable
