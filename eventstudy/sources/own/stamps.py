"""The session that a date cell names: a date, a text in a stated format, or a stamp with a clock and a time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from eventstudy.csvtext import AS_WRITTEN, iso_date
from eventstudy.gate.days import STAMP

_THREE = re.compile(r"([0-9]{1,4})([/.\-])([0-9]{1,2})\2([0-9]{1,4})")
_EIGHT = re.compile(r"(19|20)[0-9]{6}")


@dataclass(frozen=True, slots=True)
class StampRules:
    """How dates are written.

    Attributes
    ----------
    form : str or None
        Format of dates as text, as `datetime.strptime` knows it; ISO where None.
    timezone : str or None
        Zone of stamps with a clock and no offset of their own, or `AS_WRITTEN`.
    stated : bool
        Whether the user may state all this; else a date is 2025-12-08 and nothing else.
    """

    form: str | None = None
    timezone: str | None = None
    stated: bool = True


ISO_OR_STATED = StampRules()


def session_of(cell: object, rules: StampRules, zone: str | None) -> date:
    """Return the session that a cell names.

    A stamp with a clock is dated at its exchange; one without an offset whose clock says midnight keeps its date.

    Parameters
    ----------
    cell : object
        A text, a date, a datetime, or a whole number that follows the format.
    rules : StampRules
        How dates are written.
    zone : str or None
        Time zone of the exchange; None where it is not known, then stamps with a clock are refused.

    Raises
    ------
    ValueError
        With one sentence, where the cell names none or leaves open which.
    """
    if isinstance(cell, str):
        return _of_text(str(cell), rules, zone) if rules.stated else iso_date(cell)
    if isinstance(cell, datetime):
        return _of_stamp(cell, f"{cell}", rules.timezone, zone)
    if isinstance(cell, date):
        return cell
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        whole = str(int(cell)) if float(cell).is_integer() else str(cell)
        if rules.form is not None:
            return _of_text(whole, rules, zone)
        raise ValueError(f"{whole} is a number, not a date; {_number_advice(whole)}")
    raise ValueError(f"{cell} is not a date; write it as 2025-12-08")


def _number_advice(whole: str) -> str:
    return 'state dates: "%Y%m%d"' if _EIGHT.fullmatch(whole) else "format the column as dates"


@lru_cache(maxsize=65_536)
def _of_text(text: str, rules: StampRules, zone: str | None) -> date:
    if not text:
        raise ValueError("the date is empty; write it as 2025-12-08")
    if rules.form is not None:
        try:
            stamp = datetime.strptime(text, rules.form)  # noqa: DTZ007 - a zone is looked for below
        except ValueError:
            raise ValueError(f"{text!r} does not follow the format that dates states, {rules.form!r}") from None
        return _of_stamp(stamp, text, rules.timezone, zone)
    if STAMP.fullmatch(text):
        try:
            stamp = datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-").replace(" Z", "Z"))
        except ValueError as error:
            raise ValueError(f"{text!r} is not a moment of the calendar ({error})") from None
        return _of_stamp(stamp, text, rules.timezone, zone)
    if advice := _format_advice(text):
        raise ValueError(f"{text!r} {advice}")
    return iso_date(text)


def _of_stamp(stamp: datetime, written: str, timezone: str | None, zone: str | None) -> date:
    if timezone == AS_WRITTEN or (stamp.tzinfo is None and stamp.time() == time(0)):
        return stamp.date()
    if stamp.tzinfo is None:
        if timezone is None:
            raise ValueError(
                f"{written} has a time of day and no time zone; state its timezone, or timezone: {AS_WRITTEN} "
                "if its date is the session"
            )
        stamp = stamp.replace(tzinfo=ZoneInfo(timezone))
    if zone is None and stamp.time() == time(0) and "/" in str(stamp.tzinfo):
        return stamp.date()  # a label at midnight of a place
    if zone is None:
        raise ValueError(f"{written} has a time of day; state exchange_timezone, in which its session is dated")
    local = stamp.astimezone(ZoneInfo(zone)).date()
    if stamp.time() == time(0) and local != stamp.date():
        raise ValueError(
            f"{written} is midnight as written but on {local} in {zone}; "
            f"state timezone: {AS_WRITTEN} if the date as written is the session, else supply dates"
        )
    return local


def _format_advice(text: str) -> str:
    """What to state for a date that is not written the ISO way; empty where that cannot be said."""
    if _EIGHT.fullmatch(text):
        return 'is not written as 2025-12-08; state dates: "%Y%m%d"'
    match = _THREE.fullmatch(text)
    if match is None:
        return "" if text[:4].isdigit() and "-" in text else "is not a date as 2025-12-08; state its format under dates"
    first, mark, second, last = match.groups()
    if len(first) == 4:
        return f'is not written as 2025-12-08; state dates: "%Y{mark}%m{mark}%d"' if mark != "-" else ""
    year = "%Y" if len(last) == 4 else "%y"
    day_first, month_first = f'"%d{mark}%m{mark}{year}"', f'"%m{mark}%d{mark}{year}"'
    if int(first) <= 12 and int(second) <= 12:
        return f"can be read with the day or the month first; state dates: {day_first} or {month_first}"
    return f"is not written as 2025-12-08; state dates: {day_first if int(first) > 12 else month_first}"
