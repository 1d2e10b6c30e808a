"""What is priced: securities under study and the benchmarks that they are held against."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Self

from pydantic import (
    Field,
    FiniteFloat,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError

from eventstudy.exchanges import EXCHANGES, exchange
from eventstudy.spec.fields import (
    ESTIMANDS,
    NAME_PATTERN,
    SYMBOL_SCHEMA,
    BenchmarkRef,
    Board,
    Exchange,
    IsoDate,
    PeerRef,
    Record,
    Scope,
    SecurityRef,
    StatusName,
    Text,
)

RATIO_PATTERN = r"^[1-9][0-9]{0,5} for [1-9][0-9]{0,5}$"


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


class Split(Record):
    """A split, bonus shares or a consolidation by its ex-date, e.g. ``5 for 4``; prices as traded are adjusted for it.

    A dividend with the same ex-date is per share before the split.
    """

    ex_date: IsoDate
    ratio: Annotated[str, WithJsonSchema({"type": "string", "pattern": RATIO_PATTERN})]

    @field_validator("ratio")
    @classmethod
    def _splits(cls, ratio: str) -> str:
        new, _, old = ratio.partition(" for ")
        if not re.match(RATIO_PATTERN, ratio) or new == old:
            raise ValueError(f"{ratio!r} is no ratio of a split; write the new shares for the old ones, e.g. 5 for 4")
        return ratio

    @property
    def factor(self) -> float:
        """New shares for an old one."""
        new, old = self.ratio.split(" for ")
        return int(new) / int(old)


class Suspension(Record):
    """A halt in trading known from a source, first and last day included."""

    first: IsoDate
    last: IsoDate
    source: Text
    source_zh: Text | None = None

    @field_validator("last")
    @classmethod
    def _in_order(cls, last: date, info: ValidationInfo) -> date:
        return in_order(last, info, "the suspension")


class StatusPeriod(Record):
    """A period in which a share had a status with price-limit rules of its own; without `last` it still has it."""

    status: StatusName
    first: IsoDate
    last: IsoDate | None = None
    source: Text

    @field_validator("last")
    @classmethod
    def _in_order(cls, last: date | None, info: ValidationInfo) -> date | None:
        return None if last is None else in_order(last, info, "the status")


def in_order(last: date, info: ValidationInfo, what: str) -> date:
    """The last day of a period, which must not lie before its first."""
    first = info.data.get("first")
    if first is not None and last < first:
        raise ValueError(f"{what} ends on {last}, before it begins on {first}")
    return last


class Instrument(Record):
    """Anything with a price: where it trades and what vendors call it."""

    name: Text
    name_zh: Text | None = None
    exchange: Exchange
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    symbols: dict[str, Annotated[str, WithJsonSchema(SYMBOL_SCHEMA)]] = {}
    dividends: tuple[Dividend, ...] = ()
    splits: tuple[Split, ...] = ()
    suspensions: tuple[Suspension, ...] = ()

    @field_validator("splits")
    @classmethod
    def _one_a_day(cls, splits: tuple[Split, ...]) -> tuple[Split, ...]:
        days = [split.ex_date for split in splits]
        if twice := next((day for day in days if days.count(day) > 1), None):
            raise ValueError(f"two splits on {twice}; state one ratio a day")
        return splits

    @property
    def split_factors(self) -> dict[date, float]:
        """New shares for an old one by ex-date."""
        return {split.ex_date: split.factor for split in self.splits}


class Listed(Instrument):
    """A share on a board; where no price-limit rules are recorded, any board or none."""

    board: Annotated[Board | None, Field(validate_default=True)] = None
    listed: IsoDate | None = None
    statuses: tuple[StatusPeriod, ...] = ()

    @field_validator("board")
    @classmethod
    def _board_named(cls, board: str | None, info: ValidationInfo) -> str | None:
        if "exchange" in info.data and exchange(info.data["exchange"]).boards:
            if board is None:
                raise PydanticKnownError("missing")
            if not re.match(NAME_PATTERN, board):
                raise PydanticKnownError("string_pattern_mismatch", {"pattern": NAME_PATTERN})
        return board

    @model_validator(mode="after")
    def _board_of_exchange(self, info: ValidationInfo) -> Self:
        allowed = exchange(self.exchange).boards
        elsewhere = {board for row in EXCHANGES.values() for board in row.boards}
        own_rules = bool((info.context or {}).get("market_rules"))
        if not allowed and self.board in elsewhere:
            raise ValueError(f"board {self.board!r} is not one of {self.exchange}; leave it out, or name it otherwise")
        if allowed and self.board not in allowed and (self.board in elsewhere or not own_rules):
            hint = "" if own_rules else "; another board needs its rules in a file named by market_rules"
            raise ValueError(f"board {self.board!r} is not one of {self.exchange}; allowed: {', '.join(allowed)}{hint}")
        return self


class Security(Listed):
    """A share under study, its board, its listing and what it is held against.

    `listed` is needed where price limits are recorded, because first sessions after a listing have rules of their own.
    `benchmarks` are in order of preference: the first one gives the headline figures. `factors` are the benchmarks
    that the model ``factor`` takes together. `foreign` are
    benchmarks of other exchanges, read at their last close before the share's own exchange opens; `peers`
    are shares that it is compared with; `earlier_listings` are shares whose first sessions after their own
    listing say what such sessions are like; `related` are shares whose own news bears on it.
    """

    issue_price: Annotated[FiniteFloat, Field(gt=0)] | None = None
    benchmarks: Annotated[tuple[BenchmarkRef, ...], Field(min_length=1)]
    factors: tuple[BenchmarkRef, ...] = ()
    foreign: tuple[BenchmarkRef, ...] = ()
    peers: tuple[PeerRef, ...] = ()
    earlier_listings: tuple[PeerRef, ...] = ()
    related: tuple[SecurityRef, ...] = ()
    note: Text | None = None
    note_zh: Text | None = None

    @model_validator(mode="after")
    def _listing_known(self) -> Self:
        if self.listed is None and exchange(self.exchange).has_limits:
            raise ValueError(
                f"listed is missing; {self.board} has its own rules for the first sessions after a listing"
            )
        return self


class Peer(Listed):
    """A share that is priced for comparison only; `touched` says whether the events of the study may move it."""

    touched: bool


class Weights(Record):
    """Weights of securities in an index at the close of a session (0.08 = 8 %), from a source."""

    session: IsoDate
    of: Annotated[dict[SecurityRef, Annotated[FiniteFloat, Field(gt=0, lt=1)]], Field(min_length=1)]
    source: Text

    @field_validator("of")
    @classmethod
    def _leaves_something(cls, of: dict[str, float]) -> dict[str, float]:
        if sum(of.values()) >= 1:
            raise ValueError(f"the weights add up to {sum(of.values()):g}; below 1 there must be something left")
        return of


class Benchmark(Instrument):
    """An index, a fund, or the equal-weighted mean of peers; its scope says which effect is measured against it.

    `members` make it the mean of those peers' returns, with no prices of its own. `weights` let the study
    leave its securities out of the index.
    """

    scope: Scope
    members: tuple[PeerRef, ...] = ()
    weights: Weights | None = None

    @property
    def estimand(self) -> str:
        """``total`` for a broad market, ``relative`` for a sector or board that the news may move itself."""
        return ESTIMANDS[self.scope]
