"""The specification of a study: every name that events.yaml may use, as frozen records.

The records say what a study is; reading a file and naming the place of a fault is `config`'s duty.
The JSON Schema that editors use is made from these same classes.
"""

from eventstudy.spec.fields import EXCHANGE_BOARDS, Board, Exchange, ModelName, Record, Role, Sign, TestName
from eventstudy.spec.instruments import Benchmark, Dividend, Instrument, Security, Source, Suspension
from eventstudy.spec.study import Check, Claim, Event, EventSet, Group, Headline, StudyHead, StudySpec, Windows

__all__ = [
    "EXCHANGE_BOARDS",
    "Benchmark",
    "Board",
    "Check",
    "Claim",
    "Dividend",
    "Event",
    "EventSet",
    "Exchange",
    "Group",
    "Headline",
    "Instrument",
    "ModelName",
    "Record",
    "Role",
    "Security",
    "Sign",
    "Source",
    "StudyHead",
    "StudySpec",
    "Suspension",
    "TestName",
    "Windows",
]
