"""The specification of a study: every name that events.yaml may use, as frozen records.

The records say what a study is; reading a file and naming the place of a fault is `config`'s duty.
The JSON Schema that editors use is made from these same classes.
"""

from eventstudy.spec.fields import (
    EXCHANGE_BOARDS,
    Board,
    Exchange,
    LimitDays,
    ModelName,
    Record,
    Role,
    Sign,
    StatusName,
    TestName,
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
from eventstudy.spec.study import (
    Check,
    Claim,
    Event,
    EventGroup,
    EventSet,
    Group,
    Headline,
    Regime,
    StudyHead,
    StudySpec,
    Windows,
)

__all__ = [
    "EXCHANGE_BOARDS",
    "Benchmark",
    "Board",
    "Check",
    "Claim",
    "Dividend",
    "Event",
    "EventGroup",
    "EventSet",
    "Exchange",
    "Group",
    "Headline",
    "Instrument",
    "LimitDays",
    "Listed",
    "ModelName",
    "Peer",
    "Record",
    "Regime",
    "Role",
    "Security",
    "Sign",
    "Source",
    "StatusName",
    "StatusPeriod",
    "StudyHead",
    "StudySpec",
    "Suspension",
    "TestName",
    "Weights",
    "Windows",
]
