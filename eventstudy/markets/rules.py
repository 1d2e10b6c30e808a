"""Dated price-limit and listing rules of the boards of exchanges, read from a table.

``rules.csv`` beside this module holds one row per board, special treatment and period, each with its
source and with what is still to be confirmed. Nothing about a board stands in code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Literal, NamedTuple, cast, get_args

import numpy as np
from numpy.typing import NDArray

from eventstudy.csvtext import Layout, Row, iso_date, read_rows
from eventstudy.errors import Fault, InputError, OptionError, StudyFileError, shortened

SpecialTreatment = Literal["none", "st"]
Certainty = Literal["confirmed", "to_confirm"]

RULES_FILE = Path(__file__).with_name("rules.csv")
COLUMNS = (
    "board",
    "special_treatment",
    "limit",
    "tick",
    "no_limit_sessions",
    "valid_from",
    "valid_to",
    "certainty",
    "listing_certainty",
    "source",
    "note",
)
LAYOUT = Layout(required=COLUMNS, optional=(), text=",".join(COLUMNS), row="period")


@dataclass(frozen=True, slots=True)
class LimitRule:
    """What a board allowed a share's price to do in a session, for one period.

    Attributes
    ----------
    board : str
        The board, e.g. ``sse_star``.
    special_treatment : str
        ``st`` for shares under special treatment (ST, *ST), else ``none``.
    limit : Decimal or None
        Largest move against the reference price (0.10 = 10 %); None where there is no limit.
    tick : Decimal or None
        Price step that limit prices are rounded to, in the share's currency; None where there is no limit.
    no_limit_sessions : int
        First sessions after listing, the listing day included, to which `limit` does not apply.
    valid_from, valid_to : date or None
        First and last day of the period; None where it has no beginning or end on record.
    certainty : str
        ``confirmed`` where limit and period were seen in a source, else ``to_confirm``.
    listing_certainty : str
        The same for `no_limit_sessions`.
    source, note : str
        Where the rule is stated, and what a reader must know.
    """

    board: str
    special_treatment: SpecialTreatment
    limit: Decimal | None
    tick: Decimal | None
    no_limit_sessions: int
    valid_from: date | None
    valid_to: date | None
    certainty: Certainty
    listing_certainty: Certainty
    source: str
    note: str

    def covers(self, session: date) -> bool:
        """Tell whether the rule was in force in that session."""
        return (self.valid_from or date.min) <= session <= (self.valid_to or date.max)

    @property
    def period(self) -> str:
        """The period in words."""
        start = f"from {self.valid_from}" if self.valid_from else ""
        end = f"to {self.valid_to}" if self.valid_to else ""
        return " ".join(part for part in (start, end) if part) or "always"


class SessionRules(NamedTuple):
    """The rule of each of n sessions: ``rules[rule_of[i]]``, with `rule_of` of shape (n,)."""

    rules: tuple[LimitRule, ...]
    rule_of: NDArray[np.intp]


def limit_rule(
    board: str,
    session: date,
    special_treatment: SpecialTreatment = "none",
    *,
    rules: Sequence[LimitRule] | None = None,
) -> LimitRule:
    """Find the rule that was in force on a board in a session.

    Parameters
    ----------
    board : str
        A board of the table.
    session : date
        The session.
    special_treatment : str
        ``none`` or ``st``.
    rules : sequence of LimitRule, optional
        Another table than the packaged one.

    Raises
    ------
    OptionError
        For a board that the table does not know.
    InputError
        Where no rule is on record for that date; the message lists the periods that are.
    """
    table = load_rules() if rules is None else rules
    boards = sorted({rule.board for rule in table})
    if board not in boards:
        raise OptionError(f"unknown board {board!r}; allowed: {', '.join(boards)}")
    candidates = [rule for rule in table if (rule.board, rule.special_treatment) == (board, special_treatment)]
    for rule in candidates:
        if rule.covers(session):
            return rule
    periods = "; ".join(rule.period for rule in candidates) or "no period"
    raise InputError(
        f"no price-limit rule of board {board} (special treatment: {special_treatment}) is on record for {session}; "
        f"on record: {periods}"
    )


def session_rules(
    board: str,
    sessions: NDArray[np.datetime64],
    special_treatment: SpecialTreatment = "none",
    *,
    rules: Sequence[LimitRule] | None = None,
) -> SessionRules:
    """Find the rule of every session; `sessions` has shape (n,), errors as in `limit_rule`."""
    labels = sessions.astype("datetime64[D]")
    index = np.full(labels.shape, -1, dtype=np.intp)
    found: list[LimitRule] = []
    while (index < 0).any():
        rule = limit_rule(board, date.fromisoformat(str(labels[index < 0][0])), special_treatment, rules=rules)
        inside = labels >= np.datetime64(rule.valid_from or date.min)
        inside &= labels <= np.datetime64(rule.valid_to or date.max)
        index[inside] = len(found)
        found.append(rule)
    return SessionRules(tuple(found), index)


def load_rules(path: Path | None = None) -> tuple[LimitRule, ...]:
    """Read a rule table.

    Parameters
    ----------
    path : Path, optional
        A CSV file with the columns `COLUMNS`; default the packaged table.

    Raises
    ------
    StudyFileError
        With every fault of the file as ``file:line:col: message``.
    """
    return _packaged_rules() if path is None else _read(path)


@lru_cache
def _packaged_rules() -> tuple[LimitRule, ...]:
    return _read(RULES_FILE)


def _read(path: Path) -> tuple[LimitRule, ...]:
    file = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StudyFileError([Fault(file, 1, 1, f"the rule table cannot be read ({error.strerror})")]) from None
    rows, broken = read_rows(data, file=file, layout=LAYOUT)
    readers = [_RowReader(row) for row in rows]
    rules = [reader.rule() for reader in readers]
    faults = [*broken, *(fault for reader in readers for fault in reader.faults)]
    if not faults:
        faults.extend(_overlaps(rules, rows))
    if faults:
        raise StudyFileError(shortened(faults))
    return tuple(rules)


def _overlaps(rules: Sequence[LimitRule], rows: Sequence[Row]) -> Iterator[Fault]:
    for (i, one), (j, two) in combinations(enumerate(rules), 2):
        same = (one.board, one.special_treatment) == (two.board, two.special_treatment)
        begin = max(one.valid_from or date.min, two.valid_from or date.min)
        if same and begin <= min(one.valid_to or date.max, two.valid_to or date.max):
            message = f"this period ({two.period}) overlaps that of line {rows[i].line} ({one.period})"
            yield rows[j].fault("valid_from", message)


class _RowReader:
    """Reads one row of the table and remembers what is wrong in it."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.faults: list[Fault] = []

    def rule(self) -> LimitRule:
        """Return the row's rule, which is not to be used where something is wrong."""
        limit, tick = self._decimal("limit", below=Decimal(1)), self._decimal("tick")
        if (limit is None) != (tick is None) and not self.faults:
            self._tell("tick", "a limit needs a tick, and a tick a limit")
        valid_from, valid_to = self._date("valid_from"), self._date("valid_to")
        if valid_from and valid_to and valid_to < valid_from:
            self._tell("valid_to", f"the period ends on {valid_to}, before it begins on {valid_from}")
        return LimitRule(
            board=self._text("board"),
            special_treatment=cast(SpecialTreatment, self._one_of("special_treatment", get_args(SpecialTreatment))),
            limit=limit,
            tick=tick,
            no_limit_sessions=self._count("no_limit_sessions"),
            valid_from=valid_from,
            valid_to=valid_to,
            certainty=cast(Certainty, self._one_of("certainty", get_args(Certainty))),
            listing_certainty=cast(Certainty, self._one_of("listing_certainty", get_args(Certainty))),
            source=self._text("source"),
            note=self.row["note"],
        )

    def _tell(self, column: str, message: str) -> None:
        self.faults.append(self.row.fault(column, message))

    def _text(self, column: str) -> str:
        text = self.row[column]
        if not text:
            self._tell(column, f"{column} must not be empty")
        return text

    def _one_of(self, column: str, allowed: Sequence[str]) -> str:
        text = self.row[column]
        if text not in allowed:
            self._tell(column, f"{text!r} is not allowed; allowed: {', '.join(allowed)}")
        return text

    def _count(self, column: str) -> int:
        text = self.row[column]
        if text.isascii() and text.isdigit():
            return int(text)
        self._tell(column, f"{text!r} is not a number of sessions; write 0 or more")
        return 0

    def _decimal(self, column: str, *, below: Decimal | None = None) -> Decimal | None:
        text = self.row[column]
        if not text:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if value.is_finite() and value > 0 and (below is None or value < below):
            return value
        self._tell(column, f"{text!r} is not a number above 0" + (f" and below {below}" if below else ""))
        return None

    def _date(self, column: str) -> date | None:
        try:
            return iso_date(self.row[column]) if self.row[column] else None
        except ValueError as error:
            self._tell(column, str(error))
            return None
