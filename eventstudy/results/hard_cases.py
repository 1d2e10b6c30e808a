"""The records of what makes a study hard: limits, short histories, regimes, shared days, two markets, news in steps."""

from __future__ import annotations

from datetime import date
from typing import Literal

from eventstudy.results.records import Estimand, Estimate, Number, Record, WindowPair

Topic = Literal["limit_days", "imputation", "regime", "foreign", "leave_treated_out", "peers"]
Rung = Literal[
    "market_adjusted", "peer_adjusted", "age_matched_placebo", "peer_prior", "post_event_window", "same_day_rank"
]
FirmDayKind = Literal[
    "own_event",
    "related_event",
    "market_event",
    "ex_dividend",
    "limit",
    "no_limit_session",
    "suspended",
    "resumed",
    "listing",
    "regime_begin",
    "regime_end",
    "doubt",
]
Identified = Literal["separate", "confounded", "sum_only"]


class EventGroupRecord(Estimate):
    """The CAR of one piece of news that came in steps: from the first step's first session to the last step's."""

    event_group: str
    steps: tuple[str, ...]
    window: WindowPair
    first_session: date
    last_session: date
    car: float
    std_error: Number = None
    statistic: Number = None
    df: Number = None
    pvalue: Number = None
    ci_low: Number = None
    ci_high: Number = None
    flags: tuple[str, ...] = ()


class LimitRecord(Estimate):
    """A day 0 that closed at its price limit: the bound, and the CAR to the first close off a limit.

    `bound_pvalue` is one-sided, of "the uncut abnormal return is not beyond zero on the limit's side".
    `placebo_pvalue` compares |car_to_open| with the CARs that the same rule (from a session to the first close
    off a limit) gives on `n_placebo` earlier sessions; it cannot fall below 1 / (n_placebo + 1).
    """

    session: date
    limit: Literal["limit_up", "limit_down"]
    reference: float
    limit_price: float
    one_price: bool | None = None
    high: Number = None
    low: Number = None
    ar: float
    std_error: Number = None
    df: Number = None
    bound_pvalue: Number = None
    open_session: date | None = None
    window: WindowPair | None = None
    car_to_open: Number = None
    car_std_error: Number = None
    car_statistic: Number = None
    car_pvalue: Number = None
    car_one_more: Number = None
    n_placebo: int | None = None
    placebo_rank: int | None = None
    placebo_pvalue: Number = None
    flags: tuple[str, ...] = ()


class LadderRecord(Record):
    """One rung for a security without an estimation window: what is left to compare its day with.

    `smallest_pvalue` is what the number of comparators allows at best. `prior` holds the peers' prior:
    mean and standard deviation of each parameter, median sigma, standard deviation of its log, peers, own returns.
    """

    event_id: str
    security: str
    rung: Rung
    benchmark: str | None = None
    session: date
    relative_day: int
    estimate: float
    expected: Number = None
    std_error: Number = None
    df: Number = None
    pvalue: Number = None
    ci_low: Number = None
    ci_high: Number = None
    rank: int | None = None
    smallest_pvalue: Number = None
    comparators: tuple[str, ...] = ()
    prior: dict[str, float] = {}
    flags: tuple[str, ...] = ()


class AlternativeRecord(Estimate):
    """The same event, security and window estimated in another way.

    `variant` names the way within its `topic`; ``as_designed`` is the study's own. `other` names what else it
    rests on: a foreign benchmark, the drivers of a regime, the peers.
    """

    topic: Topic
    variant: str
    other: tuple[str, ...] = ()
    window: WindowPair
    estimate: float
    std_error: Number = None
    statistic: Number = None
    df: Number = None
    pvalue: Number = None
    ci_low: Number = None
    ci_high: Number = None
    nobs: int
    sigma: Number = None
    params: dict[str, float] = {}
    first_session: date
    last_session: date
    flags: tuple[str, ...] = ()


class BreakRecord(Record):
    """A test for a break in a security's market model.

    ``chow`` at a known date; ``sup_f`` at an unknown one, with the asymptotic 5 % critical value of its trimming and a
    p-value from the fixed-regressor bootstrap.
    """

    security: str
    benchmark: str
    regime: str
    test: Literal["chow", "sup_f"]
    session: date
    statistic: float
    distribution: str
    df: tuple[float, ...] = ()
    critical_value: Number = None
    pvalue: float
    trim: Number = None
    nobs: int
    first_session: date
    last_session: date


class DayPartRecord(Record):
    """A session's log return in two parts that sum to the whole: close to open, open to close.

    The typical sizes are standard deviations of the same part over the estimation window.
    """

    security: str
    session: date
    overnight: float
    intraday: float
    whole: float
    overnight_typical: Number = None
    intraday_typical: Number = None
    nobs: int
    sessions_spanned: int
    flags: tuple[str, ...] = ()


class FirmDayRecord(Record):
    """One thing that happened to a security on a session: the confounder ledger."""

    security: str
    session: date
    kind: FirmDayKind
    event_id: str | None = None
    related: str | None = None
    detail: str | None = None


class IdentificationRecord(Record):
    """What the abnormal return of a session with tested events can be attributed to.

    ``separate``: one tested event and nothing else known; ``confounded``: one tested event and other news;
    ``sum_only``: several tested events, of which only the sum is identified. The estimate is the session's.
    """

    security: str
    session: date
    identified: Identified
    events: tuple[str, ...]
    confounders: tuple[str, ...] = ()
    model: str
    benchmark: str | None = None
    estimand: Estimand
    estimate: Number = None
    std_error: Number = None
    df: Number = None
    pvalue: Number = None
