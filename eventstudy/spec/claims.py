"""What sources say about prices, and the comparisons that hold it against the record."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat, model_validator

from eventstudy.spec.fields import InstrumentRef, IsoDate, Measure, Record, Significance, Slug, SourceRef, Text


class Check(Record):
    """One comparison of a claim with the recorded figures.

    Returns are decimal, against the previous close (0.01 = 1 %).
    """

    security: InstrumentRef
    session: IsoDate
    measure: Measure
    at_least: FiniteFloat | None = None
    at_most: FiniteFloat | None = None
    equals: bool | None = None
    significant: Significance | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Check:
        bounds = self.at_least is not None or self.at_most is not None
        wanted = {
            "opened_at_limit_down": self.equals is not None,
            "one_price": self.equals is not None,
            "abnormal_return": self.significant is not None,
        }.get(self.measure, bounds)
        given = sum((bounds, self.equals is not None, self.significant is not None))
        if not wanted or given != 1:
            raise ValueError(
                f"measure {self.measure!r} needs exactly one of: at_least/at_most (prices, returns), "
                "equals (opened_at_limit_down, one_price), significant (abnormal_return)"
            )
        return self


class Claim(Record):
    """Something a source asserts about prices, and the checks that hold it against the record."""

    id: Slug
    claim: Text
    claim_zh: Text | None = None
    sources: Annotated[tuple[SourceRef, ...], Field(min_length=1)]
    checks: tuple[Check, ...] = ()
    untestable: Text | None = None
    untestable_zh: Text | None = None

    @model_validator(mode="after")
    def _checked_or_not(self) -> Claim:
        if bool(self.checks) == (self.untestable is not None):
            raise ValueError(f"claim {self.id!r} needs either checks or the reason why it is untestable")
        return self
