"""The records of how much a study's figures owe to chance, to other dates and to their own choices."""

from __future__ import annotations

from datetime import date
from typing import Literal

from eventstudy.results.records import FactRecord, Number, Record, WindowPair

SingleTest = Literal["sq", "permutation", "conformal"]
Rung = Literal["market_model", "peer_portfolio", "peers_beta_one", "synthetic_control", "ridge_augmented"]
Change = Literal["moment", "drop_firm", "drop_session", "drift"]
Adjustment = Literal["as_traded", "limit_days_dropped"]


class PlaceboRecord(Record):
    """A headline's figure among the same figures on earlier sessions.

    `rank` is that of |t|, 1 for the largest of all n + 1; ``pvalue = rank / (n + 1)`` and cannot fall below
    `smallest_pvalue`. `maxt_pvalue` is adjusted for all headlines of the family together (step-down max-|t| over
    `n_family` dates on which all of them can be had). `critical` is the |t| of the
    placebo dates beyond which p is at most the study's level.
    """

    id: str
    n_placebo: int
    rank: int
    pvalue: float
    smallest_pvalue: float
    maxt_pvalue: Number = None
    n_family: int
    statistic: float
    critical: float
    first_session: date
    last_session: date


class PlaceboDateRecord(Record):
    """A headline's figure on one placebo date: the session in the place of day 0."""

    id: str
    session: date
    estimate: float
    std_error: float
    statistic: float


class SingleFirmRecord(Record):
    """A test of one security on one event that assumes no distribution.

    `test` with its `scheme`. A conformal interval is a set of pieces, and ``kind`` says which: an interval, several
    pieces, empty, a half line or the whole line. Its ends are effects per session; `low` and `high` are the outermost
    ones, absent where infinite.
    """

    id: str
    test: SingleTest
    scheme: str
    statistic: Number = None
    pvalue: float
    smallest_pvalue: float
    attainable: Number = None
    nobs: int
    kind: str | None = None
    pieces: tuple[tuple[Number, Number], ...] = ()
    low: Number = None
    high: Number = None


class CounterfactualRecord(Record):
    """A headline's figure against another counterfactual, with placebo and conformal inference."""

    id: str
    security: str
    rung: Rung
    estimand: Literal["total", "relative"]
    window: WindowPair
    estimate: float
    std_error: Number = None
    pvalue: Number = None
    n_placebo: int
    placebo_pvalue: Number = None
    smallest_pvalue: Number = None
    conformal_pvalue: Number = None
    sigma: float
    nobs: int
    donors: tuple[str, ...] = ()
    weights: dict[str, float] = {}


class SpecificationRecord(Record):
    """A headline's figure under one set of choices."""

    id: str
    number: int
    model: str
    benchmark: str | None = None
    estimation: int
    gap: int
    window: WindowPair
    returns: Literal["simple", "log"]
    adjustment: Adjustment
    main: bool
    estimate: float
    std_error: float
    statistic: float
    df: float
    pvalue: float
    placebo_pvalue: Number = None


class SpecificationSummaryRecord(Record):
    """All specifications of a headline together, and how its curve stands among those of placebo dates."""

    id: str
    n_specifications: int
    median: float
    lowest: float
    highest: float
    share_significant: float
    share_same_sign: float
    n_placebo: int
    smallest_pvalue: Number = None
    median_pvalue: Number = None
    share_pvalue: Number = None


class SensitivityRecord(Record):
    """A headline's figure after one change: day 0 moved, a firm or a session left out; or the drift before."""

    id: str
    change: Change
    what: str
    window: WindowPair
    estimate: float
    std_error: float
    df: float
    pvalue: float
    detectable: float


class ContrastRecord(Record):
    """A weighted sum of abnormal returns of several securities, e.g. of one group less another.

    `parts` are the securities' own CARs over their `event_windows`, of which `windows` is the text; `placebo_sd` is the
    standard deviation of the same sum on placebo dates, dependence between securities and markets included.
    `sur_estimate` to `bootstrap_pvalue` come from seemingly unrelated regressions on common dates, whose slopes differ
    a little from each one's own.
    """

    id: str
    event_id: str
    model: str
    weights: dict[str, float]
    parts: dict[str, float]
    windows: dict[str, str]
    event_windows: dict[str, WindowPair]
    estimate: float
    sur_estimate: Number = None
    std_error: Number = None
    df: Number = None
    pvalue: Number = None
    bootstrap_pvalue: Number = None
    placebo_sd: Number = None
    n_placebo: int
    placebo_pvalue: Number = None
    smallest_pvalue: Number = None


class RecommendationRecord(Record):
    """Which test the design of a headline allows, why, and which tests would mislead.

    The design: firms, estimation days of the one that has fewest, tested days, mean residual correlation, tails
    (degrees of freedom of a t with the residuals' kurtosis; absent for light ones), residual standard deviation.
    `reason`, `alternatives`, `refused` and `overruled` are `why`, `others`, `refusals` and `overruling` in English.
    `used` is what the headline is judged by, with its statistic and p; `not_run` says why a test that the study asks
    for cannot be run on it.
    """

    id: str
    events: int
    estimation: int
    window_size: int
    correlation: Number = None
    tails: Number = None
    sigma: float
    recommended: str
    reason: str
    why: FactRecord
    alternatives: dict[str, str] = {}
    others: dict[str, FactRecord] = {}
    used: str
    used_statistic: Number = None
    used_pvalue: Number = None
    not_run: FactRecord | None = None
    overruled: str | None = None
    overruling: FactRecord | None = None
    refused: dict[str, str] = {}
    refusals: dict[str, FactRecord] = {}


class CalibrationRecord(Record):
    """Simulated size of a test in a design like that of a headline's, and the effect that it finds 4 times of 5.

    `unavailable` is `refusal` in English.
    """

    id: str
    test: str
    events: int
    estimation: int
    correlation: float
    tails: Number = None
    size: Number = None
    size_error: Number = None
    detectable: Number = None
    misleads: bool
    draws: int
    unavailable: str | None = None
    refusal: FactRecord | None = None
