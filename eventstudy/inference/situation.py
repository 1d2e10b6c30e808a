"""What decides which test holds: how many events on how many dates, their correlation, and the event's own variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.errors import OptionError
from eventstudy.inference.correlation import COMMON_DAYS, cross_correlation
from eventstudy.inference.days import residual_sums
from eventstudy.inference.portfolio import not_one_portfolio
from eventstudy.inference.section import Section
from eventstudy.inference.sizes import chance_power, chance_ratio, normal_size
from eventstudy.inference.standardised import no_standardising
from eventstudy.options import number, shown, switch, whole

MISLEADS = 0.075
"""A test misleads where it rejects more than this share of true nulls at 5 %: half as many again as it says."""
ALLOWED_FOR = 4
"""Events from which the t of their own spread finds anything: with 2 and 3 its critical values are 12.7 and 4.3."""
SEEN = 0.8
"""A doubled variance is seen where the comparison with chance finds it in this share of samples: 26 events or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What decides between tests.

    Attributes
    ----------
    events : int
        N, events with every day of the window.
    dates : int
        Distinct event dates.
    shared : int
        Largest number of events on one date.
    estimation : int
        T, estimation observations of the event that has fewest.
    window : int
        L, tested days.
    correlation : float or None
        Mean correlation of the tested abnormal returns over all pairs of events (`cross_correlation`): 0 where no two
        windows share a session; None where it is not known.
    missing : float
        Share of estimation and tested days without a return.
    variance_ratio : float or None
        Cross-sectional variance on the event day over its expectation without an event (`event_variance_ratio`).
    parameters : int
        k of the normal-return model.
    one_regression : bool
        Whether the events of one date have the same estimation days and regressors.
    """

    events: int
    dates: int
    shared: int
    estimation: int
    window: int = 1
    correlation: float | None = None
    missing: float = 0.0
    variance_ratio: float | None = None
    parameters: int = 2
    one_regression: bool = True

    @property
    def dependent(self) -> bool:
        """Whether events share sessions, so that they may not be counted as independent."""
        return self.events > 1 and (self.shared > 1 or self.correlation not in (None, 0.0))

    @property
    def inflation(self) -> float | None:
        """1 + (N - 1) rbar: variance of a mean over that of independent events; None where rbar is not known."""
        if not self.dependent:
            return 1.0
        return None if self.correlation is None else 1.0 + (self.events - 1) * self.correlation

    @property
    def adjustable(self) -> bool:
        """Whether tests can be adjusted for the dependence: rbar is known, and one that events can have."""
        if not self.dependent:
            return True
        if self.correlation is None or self.estimation < COMMON_DAYS:
            return False
        return self.correlation < 1.0 and 1.0 + (self.events - 1) * self.correlation > 0.0

    @property
    def blind(self) -> bool:
        """Whether a doubled variance may be there unseen: events too few to show it, and enough to allow for it."""
        return self.events >= ALLOWED_FOR and chance_power(self.events - 1) < SEEN

    @property
    def raised(self) -> bool:
        """Whether the event day's variance is beyond chance, misleads tests that ignore it, and can be allowed for."""
        if self.variance_ratio is None or self.events < 2 or not self.adjustable:
            return False
        return self.variance_ratio > chance_ratio(self.events - 1) and normal_size(self.variance_ratio) > MISLEADS


def check_situation(situation: Situation) -> None:
    """Raise `OptionError` for a situation that cannot be."""
    if not isinstance(situation, Situation):
        raise OptionError(f"{shown(situation)} is no situation; give a Situation, or a section of a study's events")
    s = situation
    for name in ("events", "dates", "shared", "estimation", "window", "parameters"):
        whole(name, getattr(s, name), least=0)
    for name in ("correlation", "missing", "variance_ratio"):
        if getattr(s, name) is not None:
            number(name, getattr(s, name))
    switch("one_regression", s.one_regression)
    fewest = -(-s.events // max(s.dates, 1))
    rules = (
        (s.events >= 1, f"events={s.events} is not allowed; there is at least one"),
        (1 <= s.dates <= s.events, f"dates={s.dates} is not allowed; {s.events} events have between 1 and {s.events}"),
        (
            fewest <= s.shared <= s.events - s.dates + 1,
            f"shared={s.shared} is not allowed; with events={s.events} and dates={s.dates} the fullest date has "
            f"between {fewest} and {s.events - s.dates + 1}",
        ),
        (s.window >= 1, f"window={s.window} is not allowed; it has at least one day"),
        (s.parameters >= 0, f"parameters={s.parameters} is not allowed; it is 0 or more"),
        (
            s.estimation > s.parameters,
            f"estimation={s.estimation} is not allowed; {s.parameters} parameters need {s.parameters + 1} or more",
        ),
        (0.0 <= s.missing < 1.0, f"missing={s.missing} is not allowed; it is a share, 0 or more and below 1"),
        (
            s.correlation is None or -1.0 <= s.correlation <= 1.0,
            f"correlation={s.correlation} is not allowed; it lies between -1 and 1, or is None",
        ),
        (
            s.variance_ratio is None or 0.0 <= s.variance_ratio < np.inf,
            f"variance_ratio={s.variance_ratio} is not allowed; it is 0 or more, or None",
        ),
    )
    for holds, complaint in rules:
        if not holds:
            raise OptionError(complaint)


def situation_of(section: Section) -> Situation:
    """The situation of a section's events.

    Raises
    ------
    OptionError
        Where no event has every day of the window.
    """
    if not section.size:
        raise OptionError(f"no event has every day of the window {section.window}; choose a shorter one")
    dates, count = np.unique(section.position, return_counts=True)
    correlation = cross_correlation(section).mean if section.size > 1 else None
    return Situation(
        events=section.size,
        dates=int(dates.size),
        shared=int(count.max()),
        estimation=int(section.nobs.min()),
        window=section.window.size,
        correlation=correlation,
        missing=_missing(section),
        variance_ratio=event_variance_ratio(section, correlation),
        parameters=int((section.nobs - section.df).max()),
        one_regression=not_one_portfolio(section) is None
        and bool((residual_sums(section).count == section.size).all()),
    )


def event_variance_ratio(section: Section, correlation: float | None) -> float | None:
    """Cross-sectional variance of the standardised CARs over its expectation without an event.

    Parameters
    ----------
    section : Section
        The events; over one day their standardised CARs are the standardised abnormal returns.
    correlation : float or None
        rbar of the section, over all pairs.

    Returns
    -------
    float or None
        None with one event, with 2 or fewer degrees of freedom, or without a correlation below 1.

    Notes
    -----
    A standardised CAR has variance ``(T - k) / (T - k - 2)``; the sample variance of events correlated by rbar expects
    ``1 - rbar`` times that, so the expectation is ``(1 - rbar) mean (T_i - k) / (T_i - k - 2)``.
    """
    usable = section.size > 1 and bool((section.df > 2).all()) and no_standardising(section) is None
    if not usable or correlation is None or correlation >= 1.0:
        return None
    expected = (1.0 - correlation) * float(np.mean(section.df / (section.df - 2.0)))
    return float(section.scar.var(ddof=1)) / expected


def _missing(section: Section) -> float:
    """Share of estimation and tested days without a return, among all events where the section knows them."""
    whole = section.whole
    tested = section.ar if whole is None else whole.ar[:, whole.columns(section.window)]
    cells, known = tested.size, int(np.isfinite(tested).sum())
    for block in section.residuals() if whole is None else whole.residuals():
        cells, known = cells + block.resid.size, known + int(np.isfinite(block.resid).sum())
    return 1.0 - known / cells
