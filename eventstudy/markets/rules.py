"""Dated price-limit rules of the boards of exchanges, read from a table.

``rules.csv`` beside this module holds one row per board, status of a share and period, each with its
source and with what is still to be confirmed. Nothing about a board stands in code. A table of one's own
(`load_rules`) goes before it, period by period (`merged_rules`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Literal, cast, get_args

from eventstudy.csvtext import Layout, Row, iso_date, read_rows
from eventstudy.errors import Fault, InputError, OptionError, StudyFileError, shortened

StatusName = Literal["none", "st", "delisting", "relisted"]
Rounding = Literal["half_up", "inward"]
Certainty = Literal["confirmed", "to_confirm"]

RULES_FILE = Path(__file__).with_name("rules.csv")
COLUMNS = (
    "board",
    "status",
    "limit",
    "tick",
    "rounding",
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
    """What a board allowed the price of shares of one status to do in a session, for one period.

    Attributes
    ----------
    board : str
        The board, e.g. ``sse_star``.
    status : str
        ``st`` for shares under special treatment (ST, *ST), ``delisting`` in the delisting arrangement
        period, ``relisted`` after a relisting or the end of a suspension of listing, else ``none``.
    limit : Decimal or None
        Largest move against the reference price (0.10 = 10 %); None where there is no limit.
    tick : Decimal or None
        Price step that limit prices are rounded to, in the share's currency; None where there is no limit.
    rounding : str or None
        ``half_up`` to the nearest tick, ``inward`` to the tick towards the reference price, so that the
        limit is never passed; None where there is no limit.
    no_limit_sessions : int
        First sessions to which `limit` does not apply. ``none`` and ``st``: of the listing, for shares that
        are listed while the row is in force, the listing day included. ``delisting`` and ``relisted``: of
        the status, for statuses that begin while the row is in force.
    valid_from, valid_to : date or None
        First and last day of the period; None where it has no beginning or end on record.
    certainty : str
        ``confirmed`` where limit, rounding and period were seen in a source, else ``to_confirm``.
    listing_certainty : str
        The same for `no_limit_sessions`.
    source, note : str
        Where the rule is stated, and what a reader must know.
    """

    board: str
    status: StatusName
    limit: Decimal | None
    tick: Decimal | None
    rounding: Rounding | None
    no_limit_sessions: int
    valid_from: date | None
    valid_to: date | None
    certainty: Certainty
    listing_certainty: Certainty
    source: str
    note: str

    @property
    def begin(self) -> date:
        """First day of the period, the calendar's first where none is on record."""
        return self.valid_from or date.min

    @property
    def end(self) -> date:
        """Last day of the period, the calendar's last where none is on record."""
        return self.valid_to or date.max

    def covers(self, session: date) -> bool:
        """Tell whether the rule was in force in that session."""
        return self.begin <= session <= self.end

    @property
    def period(self) -> str:
        """The period in words."""
        start = f"from {self.valid_from}" if self.valid_from else ""
        end = f"to {self.valid_to}" if self.valid_to else ""
        return " ".join(part for part in (start, end) if part) or "always"


def limit_rule(
    board: str,
    session: date,
    status: StatusName = "none",
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
    status : str
        ``none``, ``st``, ``delisting`` or ``relisted``.
    rules : sequence of LimitRule, optional
        Another table than the packaged one, e.g. of `merged_rules`.

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
    candidates = [rule for rule in table if (rule.board, rule.status) == (board, status)]
    for rule in candidates:
        if rule.covers(session):
            return rule
    periods = "; ".join(rule.period for rule in candidates) or "no period"
    raise InputError(
        f"no price-limit rule of board {board} (status: {status}) is on record for {session}; on record: {periods}; "
        "state the rule in a table of your own"
    )


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


def merged_rules(user_rules: Sequence[LimitRule], packaged: Sequence[LimitRule] | None = None) -> tuple[LimitRule, ...]:
    """Put a user's rules before others: each wins, for its board and status, in the sessions that it covers.

    Parameters
    ----------
    user_rules : sequence of LimitRule
        The rules that win; they may name boards that the others do not know.
    packaged : sequence of LimitRule, optional
        The rules that hold elsewhere; default the packaged table.

    Returns
    -------
    tuple of LimitRule
        The user's rules, then what is left of the others. A rule that is cut keeps its source and note.
    """
    kept = list(load_rules() if packaged is None else packaged)
    for own in user_rules:
        kept = [piece for rule in kept for piece in _outside(rule, own)]
    return (*user_rules, *kept)


def _outside(rule: LimitRule, own: LimitRule) -> Iterator[LimitRule]:
    """Give what is left of a rule outside the period of one that wins over it."""
    if (rule.board, rule.status) != (own.board, own.status) or rule.end < own.begin or own.end < rule.begin:
        yield rule
        return
    if rule.begin < own.begin:
        yield replace(rule, valid_to=own.begin - timedelta(days=1))
    if own.end < rule.end:
        yield replace(rule, valid_from=own.end + timedelta(days=1))


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
        same = (one.board, one.status) == (two.board, two.status)
        if same and max(one.begin, two.begin) <= min(one.end, two.end):
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
        rounding = self._one_of("rounding", get_args(Rounding)) if self.row["rounding"] else None
        if not self.faults and (limit is None) != (tick is None):
            self._tell("tick", "a limit needs a tick, and a tick a limit")
        elif not self.faults and (limit is None) != (rounding is None):
            self._tell("rounding", f"a limit needs a rounding rule ({', '.join(get_args(Rounding))}), and that a limit")
        valid_from, valid_to = self._date("valid_from"), self._date("valid_to")
        if valid_from and valid_to and valid_to < valid_from:
            self._tell("valid_to", f"the period ends on {valid_to}, before it begins on {valid_from}")
        return LimitRule(
            board=self._text("board"),
            status=cast(StatusName, self._one_of("status", get_args(StatusName))),
            limit=limit,
            tick=tick,
            rounding=cast(Rounding | None, rounding),
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
