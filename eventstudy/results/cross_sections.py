"""The records of means over several events, and of tests across them."""

from __future__ import annotations

from typing import Literal

from eventstudy.results.records import Estimand, FactRecord, Number, Record, Values, WindowPair


class CrossSectionRecord(Record):
    """What a mean or test is of: a group's securities on one event, or a sample's events on their own dates.

    `events` counts the observations, one an event and security, with everything that is needed; `left_out` those
    with an estimate that lack some of it. What has no estimate stands in `exclusions`.
    """

    kind: Literal["group", "sample"]
    id: str
    event_id: str | None = None
    model: str
    benchmark: str | None = None
    estimand: Estimand
    window: WindowPair
    events: int
    left_out: int


class MeanRecord(CrossSectionRecord):
    """Mean CAR of a sample (of abnormal returns, over one day) with its cross-sectional t, df n - 1, and interval."""

    mean: float
    std_error: Number = None
    statistic: Number = None
    df: Number = None
    pvalue: Number = None
    ci_low: Number = None
    ci_high: Number = None


class HypothesisRecord(Record):
    """What a test asks: the code and values of the catalogs' sentences ``null.<code>`` and ``alternative.<code>``."""

    code: str
    values: Values


class TestRecord(CrossSectionRecord):
    """A significance test across events; two-sided unless the study says otherwise.

    `null` is `hypothesis` and `unavailable` is `refusal` in English. `notes` say what the test cannot know.
    """

    __test__ = False

    test: str
    null: str
    hypothesis: HypothesisRecord
    estimate: Number = None
    std_error: Number = None
    statistic: Number = None
    distribution: str = ""
    df: tuple[float, ...] = ()
    pvalue: Number = None
    unavailable: str | None = None
    refusal: FactRecord | None = None
    notes: tuple[FactRecord, ...] = ()
