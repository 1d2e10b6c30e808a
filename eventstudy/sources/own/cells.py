"""Cells of a price table, as texts or typed, to numbers; which of them mean that there is none.

``SYMBOL.csv`` is the case in which nothing is stated (`STRICT`): ISO dates, plain numbers, no empty cell.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal

from eventstudy.gate.values import CODES
from eventstudy.sources.own.stamps import ISO_OR_STATED, StampRules

_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}([,' ][0-9]{3})+(\.[0-9]*)?")
_MULTIPLES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "万": 1e4, "亿": 1e8, "万亿": 1e12}
"""What a letter after a volume multiplies it by; small letters say the same."""
_SHORT = re.compile(rf"(.*[0-9.])\s*({'|'.join(sorted(_MULTIPLES, key=len, reverse=True))})", re.IGNORECASE)
_MARK = r"([^\s0-9.,+%'()-]{1,6})"
_SIGNED = re.compile(rf"([+-]?)\s*{_MARK}\s*([+-]?[0-9].*)|([+-]?[0-9][^\s%]*?)\s*{_MARK}")
"""A number with a sign before or after it that is none of a number's."""
_GROUPS = {" ": "[ \u00a0\u202f\u2009]", "'": "['\u2019]", ",": ",", ".": r"\."}
_WAYS = ((".", ""), (",", ""), (".", ","), (",", "."), (".", "'"), (",", "'"), (".", " "), (",", " "))


class PercentCell(float):
    """A number of a cell that is formatted as a percentage: 0.0123 where 1.23% is shown."""


class ErrorCell(str):
    """An error value of a spreadsheet, such as #N/A."""


class FormulaCell(str):
    """A formula of a spreadsheet whose result is not stored."""


@dataclass(frozen=True, slots=True)
class CellRules:
    """How the cells of a table are written.

    Attributes
    ----------
    decimal, thousands : str
        The characters between units and decimals and between groups of three digits; no groups where empty.
    percent : bool
        Whether returns are in percent.
    currency : str
        The sign that stands before or after prices; none where empty.
    short_volumes : bool
        Whether volumes are written as 1.2M.
    missing : frozenset of str
        Cells that mean: no trade in this session.
    bid_ask_average : bool
        Whether a negative close is the average of bid and ask and its absolute value is taken.
    newest_first : bool
        Whether the rows stand newest first.
    stamps : StampRules
        How dates are written.
    stated : bool
        Whether the user may state all this; else faults say how to write the cell.
    """

    decimal: str = "."
    thousands: str = ""
    percent: bool = False
    currency: str = ""
    short_volumes: bool = False
    missing: frozenset[str] = frozenset()
    bid_ask_average: bool = False
    newest_first: bool = False
    stamps: StampRules = ISO_OR_STATED
    stated: bool = True
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)
    codes: frozenset[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        units = r"[0-9]+"
        if self.thousands:
            units = rf"(?:[0-9]{{1,3}}(?:{_GROUPS[self.thousands]}[0-9]{{3}})+|[0-9]+)"
        point = re.escape(self.decimal)
        pattern = rf"[+-]?(?:{units}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
        object.__setattr__(self, "pattern", re.compile(pattern))
        numbers = (float(code) for code in self.missing if _PLAIN.fullmatch(code))
        object.__setattr__(self, "codes", frozenset(numbers))


STRICT = CellRules(stamps=StampRules(stated=False), stated=False)
"""Nothing is stated."""


def is_missing(name: str, cell: object, rules: CellRules) -> bool:
    """Whether a cell says that there is no value.

    Zero is no price but may be a volume or a return, and with bid-ask averages a code below zero may be a close.
    """
    if name == "return" and cell == "":
        return True
    if not rules.missing:
        return False
    number = _figure(cell)
    if number is None:
        return isinstance(cell, str) and str(cell) in rules.missing
    if number not in rules.codes:
        return False
    if number == 0:
        return name not in ("volume", "return")
    return not (number < 0 and name == "close" and rules.bid_ask_average)


def _figure(cell: object) -> float | None:
    """The number that a cell is or plainly writes, or None."""
    if isinstance(cell, str):
        return float(cell) if _PLAIN.fullmatch(cell) else None
    return float(cell) if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool) else None


def read_number(name: str, cell: object, rules: CellRules) -> float:
    """Turn a cell into a number; a price below zero is judged with the rows around it.

    Raises
    ------
    ValueError
        With one sentence, where it is none or one that the column cannot have.
    """
    if isinstance(cell, str):
        value = _of_text(name, cell, rules)
    elif isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
        value = _of_typed(name, cell, rules)
    else:
        raise ValueError(f"{name} {shown(cell)} is a {type(cell).__name__}, not a number; write it as 1234.50")
    if math.isnan(value):
        raise ValueError(f"{name} {shown(cell)} is not a number; write it as 1234.50")
    if math.isinf(value):
        raise ValueError(f"{name} {shown(cell)} is too large for a number")
    return _allowed(name, value, shown(cell), rules)


def _allowed(name: str, value: float, written: str, rules: CellRules) -> float:
    if name == "return":
        if rules.percent and round(100.0 * value, 6) in CODES:
            raise ValueError(f"return is {written}, a code for a missing return; list it under missing")
        if value <= -1:
            hint = "" if rules.percent else "; state percent: true if returns are in percent"
            raise ValueError(f"return is {written}; a return is above -1 (-100 %){hint}")
    elif name == "volume":
        if value < 0:
            raise ValueError(f"volume is {written}; it must be 0 or more")
    elif value == 0:
        raise ValueError(f"{name} is {written}; a price must be above 0")
    return value


def _of_text(name: str, cell: str, rules: CellRules) -> float:
    if isinstance(cell, ErrorCell):
        raise ValueError(
            f"{name} is Excel's error {cell}; mend the cell, or list it under missing if there was no trade"
        )
    if isinstance(cell, FormulaCell):
        raise ValueError(
            f"{name} is the formula {cell} without a stored result; open the workbook in Excel and save it, "
            "or paste the values"
        )
    percent = name == "return" and cell.endswith("%")
    text, times = (cell[:-1].rstrip(), 1.0) if percent else _bare(name, cell, rules)
    if not rules.pattern.fullmatch(text):
        raise ValueError(_not_a_number(name, cell, rules))
    if rules.thousands:
        text = re.sub(_GROUPS[rules.thousands], "", text)
    value = float(text.replace(rules.decimal, ".")) * times
    return value / 100 if percent or (rules.percent and name == "return") else value


def _bare(name: str, cell: str, rules: CellRules) -> tuple[str, float]:
    """A number without the currency sign and the multiple that are stated, and that multiple."""
    if name == "volume":
        found = _SHORT.fullmatch(cell) if rules.short_volumes else None
        return (found[1].rstrip(), _MULTIPLES[found[2].upper()]) if found else (cell, 1.0)
    found = _SIGNED.fullmatch(cell) if rules.currency and name != "return" else None
    if found is None or rules.currency not in (found[2], found[5]):
        return cell, 1.0
    return (found[1] + found[3] if found[2] else found[4]), 1.0


def _of_typed(name: str, cell: float | Decimal, rules: CellRules) -> float:
    if isinstance(cell, PercentCell):
        if name != "return":
            raise ValueError(f"{name} {cell:.2%} is formatted as a percentage; write a price, not a percentage")
        if rules.percent:
            raise ValueError(
                f"return {cell:.2%} is formatted as a percentage, so it is a decimal; remove percent: true"
            )
    return float(cell) / 100 if rules.percent and name == "return" else float(cell)


def _not_a_number(name: str, cell: str, rules: CellRules) -> str:
    if not cell:
        hint = ', or list "" under missing' if rules.stated else ""
        return f"{name} is empty; write a number, or leave the row out where there was no trade{hint}"
    if cell.endswith("%") and name != "return":
        return f"{name} {cell!r} is not a number; write a price, not a percentage"
    if not rules.stated and _THOUSANDS.fullmatch(cell):
        plain = re.sub(r"[,' ]", "", cell)
        return f"{name} {cell!r} is not a number; write {plain}, without thousands separators"
    if not rules.stated:
        return f"{name} {cell!r} is not a number; write it as 1234.50"
    groups = f" and thousands {rules.thousands!r}" if rules.thousands else " and no thousands separator"
    return (
        f"{name} {cell!r} is not a number with decimal {rules.decimal!r}{groups}, as stated{_remedy(name, cell, rules)}"
    )


def _remedy(name: str, cell: str, rules: CellRules) -> str:
    """The statements under which a text would be a number, or the other way out.

    A cell with a digit shows a figure, so it is never said to be missing: that would lose a row that was traded.
    """
    if name == "volume" and (short := _SHORT.fullmatch(cell)) and not rules.short_volumes:
        return f"; state short_volumes: true{_also(short[1].rstrip(), rules)}"
    if name not in ("volume", "return") and (found := _SIGNED.fullmatch(cell)):
        sign, text = (found[2], found[1] + found[3]) if found[2] else (found[5], found[4])
        if sign != rules.currency and (rules.pattern.fullmatch(text) or _spellings(text, rules)):
            other = f", which is not the {rules.currency} of the others" if rules.currency else ""
            return f'; state currency: "{sign}"{_also(text, rules)}{other}'
    if ways := _spellings(cell, rules):
        return "; state " + " or ".join(ways)
    if re.search("[0-9]", cell):
        return "; write the number alone, or state how it is written"
    return "; list it under missing if there was no trade"


def _also(text: str, rules: CellRules) -> str:
    """What else must be stated for a number without its sign or multiple."""
    ways = [] if rules.pattern.fullmatch(text) else _spellings(text, rules)
    return f" and {' or '.join(ways)}" if ways else ""


def _spellings(text: str, rules: CellRules) -> list[str]:
    """Statements of decimal and thousands under which a text is a number."""
    ways = []
    for decimal, thousands in _WAYS:
        if (thousands and thousands not in text) or not CellRules(decimal, thousands).pattern.fullmatch(text):
            continue
        point = f'decimal: "{decimal}"' if decimal != rules.decimal else ""
        groups = f'thousands: "{thousands}"' if thousands else "no thousands" if rules.thousands else ""
        ways.append(" and ".join(filter(None, (point, groups))))
    return ways


def shown(cell: object) -> str:
    """A cell as a sentence shows it."""
    if isinstance(cell, float):
        return repr(float(cell)).removesuffix(".0")
    return str(cell)
