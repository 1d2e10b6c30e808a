"""The cross-section of events that a significance test sees: one window, N events, and their residuals."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from eventstudy.arrays import Floats, Ints
from eventstudy.windows import Window

Options = ParamSpec("Options")
Found = TypeVar("Found")


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
    days : (T,) or (b, T) int, optional
        Relative day of each column; the distance of its session from day 0 where it is not given.
    """

    rows: Ints
    resid: Floats
    session: Ints
    days: Ints | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EventDays:
    """All E events of a sample over the whole event window of W days, complete or not.

    Only variants that look beyond the tested window or at events left out of it need this.

    Attributes
    ----------
    window : Window
        The whole event window.
    ar, ar_se : (E, W) float
        Abnormal returns and their forecast-error standard errors, NaN where there is no return.
    sigma : (E,) float
        s with T - k in the denominator.
    df, nobs : (E,) int
        T - k and T of each event.
    position : (E,) int
        Session of day 0.
    residuals : callable
        As in `Section`, for all E events.
    """

    window: Window
    ar: Floats
    ar_se: Floats
    sigma: Floats
    df: Ints
    nobs: Ints
    position: Ints
    residuals: Callable[[], Iterator[ResidualBlock]]

    def columns(self, window: Window) -> slice:
        """The columns of a window inside this one."""
        return slice(window.first - self.window.first, window.last - self.window.first + 1)


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
    whole : EventDays, optional
        Every event over the whole event window; None where the caller has not got it.
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
    whole: EventDays | None = None

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
    def weighted(self) -> bool:
        """Whether some events weigh more than others."""
        return bool(np.unique(self.weight).size > 1)

    @property
    def shares(self) -> Floats:
        """(N,) weights over their sum."""
        shares: Floats = self.weight / self.weight.sum()
        return shares

    @property
    def one_date(self) -> bool:
        """Whether all events share one date: then they are one draw of calendar time."""
        return bool(np.unique(self.position).size == 1)


class HeldResiduals:
    """Residuals of sections that differ in `ar` and `car` only, such as one panel under many effects.

    In the place of `Section.residuals`: what functions of `of_history` make of them is kept.
    """

    def __init__(self, *blocks: ResidualBlock) -> None:
        self.blocks = blocks
        self.found: dict[Hashable, Any] = {}

    def __call__(self) -> Iterator[ResidualBlock]:
        return iter(self.blocks)


Source = TypeVar("Source", bound=Section | EventDays)


def of_history(
    function: Callable[Concatenate[Source, Options], Found],
) -> Callable[Concatenate[Source, Options], Found]:
    """Mark a function that does not look at `ar` and `car`: it runs once where the residuals are `HeldResiduals`."""

    @wraps(function)
    def once(source: Source, /, *args: Options.args, **options: Options.kwargs) -> Found:
        held = source.residuals
        if not isinstance(held, HeldResiduals):
            return function(source, *args, **options)
        key = (function, args, *options.items())
        if key not in held.found:
            held.found[key] = function(source, *args, **options)
        found: Found = held.found[key]
        return found

    return once
