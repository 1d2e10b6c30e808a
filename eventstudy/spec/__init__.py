"""The specification of a study: every name that events.yaml may use, as frozen records.

The records say what a study is; reading a file and naming the place of a fault is `config`'s duty.
The JSON Schema that editors use is made from these same classes.
"""

from eventstudy.spec.claims import Check, Claim
from eventstudy.spec.fields import (
    Board,
    Choice,
    Exchange,
    LimitDays,
    ModelName,
    Record,
    ReturnKind,
    Role,
    Sign,
    StatusName,
)
from eventstudy.spec.instruments import (
    Benchmark,
    Dividend,
    Instrument,
    Listed,
    Peer,
    Security,
    Source,
    StatusPeriod,
    Suspension,
    Weights,
)
from eventstudy.spec.prices import PriceFile, Prices, PriceTable
from eventstudy.spec.study import (
    Contrast,
    Event,
    EventGroup,
    EventSample,
    EventSet,
    Group,
    Headline,
    Regime,
    Robustness,
    StudyHead,
    StudySpec,
    Windows,
)

__all__ = [
    "Benchmark",
    "Board",
    "Check",
    "Choice",
    "Claim",
    "Contrast",
    "Dividend",
    "Event",
    "EventGroup",
    "EventSample",
    "EventSet",
    "Exchange",
    "Group",
    "Headline",
    "Instrument",
    "LimitDays",
    "Listed",
    "ModelName",
    "Peer",
    "PriceFile",
    "PriceTable",
    "Prices",
    "Record",
    "Regime",
    "ReturnKind",
    "Robustness",
    "Role",
    "Security",
    "Sign",
    "Source",
    "StatusName",
    "StatusPeriod",
    "StudyHead",
    "StudySpec",
    "Suspension",
    "Weights",
    "Windows",
]
