"""The cross-section of events that a significance test sees: one window, N events, and their residuals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventstudy.windows import Window

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ResidualBlock:
    """Estimation residuals of some events, T columns in event time.

    Attributes
    ----------
    rows : (b,) int
        Which events of the section these are.
    resid : (b, T) float
        Residuals, NaN where an observation was left out.
    session : (b, T) int
        Position of each column among the sessions of the sample, the same number for the same calendar
        date whatever the event; -1 outside the sample.
    """

    rows: Ints
    resid: Floats
    session: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """N events with everything observed in one window of L days.

    Attributes
    ----------
    window : Window
        The tested window.
    ar, ar_se : (N, L) float
        Abnormal returns of the window's days and their forecast-error standard errors ``s C``; all finite.
    car, car_se : (N,) float
        Their sums with the full prediction-error covariance.
    sigma : (N,) float
        s with T - k in the denominator.
    df, nobs : (N,) int
        T - k and T of each event.
    weight : (N,) float
        Weights of means across events; ones unless the caller gave some.
    position : (N,) int
        Session of day 0: events with the same number share a date.
    left_out : int
        Events of the sample that the window could not be computed for.
    residuals : callable
        Gives the estimation residuals anew, block by block, so that none need be kept.
    """

    window: Window
    ar: Floats
    ar_se: Floats
    car: Floats
    car_se: Floats
    sigma: Floats
    df: Ints
    nobs: Ints
    weight: Floats
    position: Ints
    left_out: int
    residuals: Callable[[], Iterator[ResidualBlock]]

    @property
    def size(self) -> int:
        """N, the number of events."""
        return self.car.size

    @property
    def sar(self) -> Floats:
        """(N, L) standardised abnormal returns AR / (s C)."""
        return self.ar / self.ar_se

    @property
    def scar(self) -> Floats:
        """(N,) standardised CARs: CAR over its own standard error; the SAR for a one-day window."""
        return self.car / self.car_se

    @property
    def one_date(self) -> bool:
        """Whether all events share one date: then they are one draw of calendar time."""
        return bool(np.unique(self.position).size == 1)
