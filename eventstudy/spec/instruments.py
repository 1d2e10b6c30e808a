"""What is priced: securities under study and the benchmarks that they are held against."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import (
    Field,
    FiniteFloat,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from eventstudy.spec.fields import (
    ESTIMANDS,
    EXCHANGE_BOARDS,
    LIMIT_EXCHANGES,
    SYMBOL_SCHEMA,
    BenchmarkRef,
    Board,
    Exchange,
    IsoDate,
    Record,
    Scope,
    Text,
)


class Source(Record):
    """A publication that a fact is taken from."""

    publisher: Text
    title: Text
    date: Text
    note: Text | None = None


class Dividend(Record):
    """A cash dividend in the security's own currency per share, by its ex-date."""

    ex_date: IsoDate
    amount: Annotated[FiniteFloat, Field(gt=0)]


class Suspension(Record):
    """A halt in trading known from a source, first and last day included."""

    first: IsoDate
    last: IsoDate
    source: Text

    @field_validator("last")
    @classmethod
    def _in_order(cls, last: date, info: ValidationInfo) -> date:
        first = info.data.get("first")
        if first is not None and last < first:
            raise ValueError(f"the suspension ends on {last}, before it begins on {first}")
        return last


class Instrument(Record):
    """Anything with a price: where it trades and what vendors call it."""

    name: Text
    name_zh: Text | None = None
    exchange: Exchange
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    symbols: dict[str, Annotated[str, WithJsonSchema(SYMBOL_SCHEMA)]] = {}
    dividends: tuple[Dividend, ...] = ()
    suspensions: tuple[Suspension, ...] = ()


class Security(Instrument):
    """A share under study, its board, its listing and the benchmarks that it is held against.

    `benchmarks` are in order of preference: the first one gives the headline figures. `listed` is needed
    on boards with price limits, whose first sessions after a listing have rules of their own.
    """

    board: Board
    listed: IsoDate | None = None
    issue_price: Annotated[FiniteFloat, Field(gt=0)] | None = None
    benchmarks: Annotated[tuple[BenchmarkRef, ...], Field(min_length=1)]
    note: Text | None = None
    note_zh: Text | None = None

    @model_validator(mode="after")
    def _board_of_exchange(self) -> Security:
        allowed = EXCHANGE_BOARDS[self.exchange]
        if self.board not in allowed:
            raise ValueError(f"board {self.board!r} is not one of {self.exchange}; allowed: {', '.join(allowed)}")
        if self.listed is None and self.exchange in LIMIT_EXCHANGES:
            raise ValueError(
                f"listed is missing; {self.board} has its own rules for the first sessions after a listing"
            )
        return self


class Benchmark(Instrument):
    """An index or fund; its scope says which effect an abnormal return against it measures."""

    scope: Scope

    @property
    def estimand(self) -> str:
        """``total`` for a broad market, ``relative`` for a sector or board that the news may move itself."""
        return ESTIMANDS[self.scope]
