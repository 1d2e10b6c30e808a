"""Every word that a reader sees, by language: catalogs of sentences, and how numbers and dates are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from eventstudy.errors import OptionError
from eventstudy.events import Day, Instant, Interval, Moment, Month
from eventstudy.facts import Naming, Value, city, day_in_words, day_parts, entries_of, say

Lang = Literal["en", "zh"]
LANGS: tuple[Lang, ...] = get_args(Lang)

MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
_SMALLEST_P = 0.001
LEVEL = 0.05
"""Significance level of words that belong to no study."""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """The words of one language.

    Attributes
    ----------
    lang : str
        Code of the language, as in the `lang` attribute of a page.
    entries : mapping
        Dotted key to sentence; braces name what is put in.
    cutoff : float
        The significance level: a figure with a smaller p differs from zero.
    judged : mapping
        What every sentence may say of that level: ``significance`` (5 %), ``coverage`` (95 %), ``cutoff`` (0.05).
    """

    lang: Lang
    entries: Mapping[str, str]
    cutoff: float
    judged: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence of a key with its values put in; `KeyError` for a key that the catalog does not hold."""
        return self.entries[key].format(**{**self.judged, **values})

    def fact(self, code: str, values: Mapping[str, Value], naming: Naming | None = None) -> str:
        """The sentence of a fact, with names for ids where `naming` gives them."""
        return say(f"fact.{code}", values, self.entries, naming)

    def knows(self, key: str) -> bool:
        """Whether the catalog holds the key."""
        return key in self.entries

    def count(self, key: str, number: int, /, **values: object) -> str:
        """The sentence for a number of things: the entry ``key.one`` for 1, else ``key.other``."""
        return self(f"{key}.{'one' if number == 1 else 'other'}", n=number, **values)

    # --- numbers ------------------------------------------------------------------------------------

    def number(self, value: float, places: int = 2, *, signed: bool = False) -> str:
        """A decimal number with a real minus sign; what rounds to zero has no sign."""
        text = f"{abs(value):,.{places}f}"
        if float(text.replace(",", "")) == 0.0:
            return text
        sign = MINUS if value < 0 else "+" if signed else ""
        return sign + text

    def points(self, value: float, *, signed: bool = True) -> str:
        """A decimal return as a number in percent without the unit, for columns (0.01 gives ``+1.00``)."""
        return self.number(value * 100.0, signed=signed)

    def size(self, value: float) -> str:
        """A decimal return without a sign as a number in percent, for columns."""
        return self.points(value, signed=False)

    def known(self, value: float | None, show: Callable[[float], str]) -> str:
        """A number as one of these methods shows it; a dash where there is none."""
        return self("table.nothing") if value is None or value != value else show(value)

    def percent(self, value: float, *, signed: bool = True) -> str:
        """A decimal return in percent, for sentences."""
        return self("format.percent", number=self.points(value, signed=signed))

    def round_percent(self, value: float) -> str:
        """A bound that somebody named, in percent with its sign and no more decimals than it has."""
        text = f"{abs(value) * 100.0:.6g}"
        sign = "" if text == "0" else MINUS if value < 0 else "+"
        return self("format.percent", number=sign + text)

    def level(self, value: float) -> str:
        """A round share such as a confidence level, without needless decimals."""
        return self("format.percent", number=f"{value * 100.0:g}")

    def pvalue(self, value: float) -> str:
        """A p-value with three decimals; a fourth one where three would hide on which side of the level it lies."""
        if value < _SMALLEST_P:
            return f"<{NO_BREAK}0.001"
        if value > 1.0 - _SMALLEST_P:
            return f">{NO_BREAK}0.999"
        text = f"{value:.3f}"
        return f"{value:.4f}" if float(text) == self.cutoff else text

    def p_equals(self, value: float) -> str:
        """A p-value inside a sentence: ``p = 0.394``."""
        text = self.pvalue(value)
        return f"p{NO_BREAK}{text}" if text[0] in "<>" else f"p{NO_BREAK}={NO_BREAK}{text}"

    def freedom(self, *values: float) -> str:
        """Degrees of freedom, whole where they are whole."""
        return ", ".join(f"{value:.1f}" if value % 1 else f"{value:.0f}" for value in values)

    def window(self, first: int, last: int) -> str:
        """A window in relative days, with real minus signs."""
        return f"[{self.number(first, 0, signed=True)}, {self.number(last, 0, signed=True)}]"

    # --- lists and dates ----------------------------------------------------------------------------

    def listing(self, items: Sequence[str]) -> str:
        """Several things in a sentence: ``A, B and C``."""
        if len(items) < 2:
            return "".join(items)
        return self("list.last", head=self("list.comma").join(items[:-1]), tail=items[-1])

    def quoted(self, text: str) -> str:
        return self("format.quoted", text=text)

    def day(self, day: date) -> str:
        """A date in full."""
        return day_in_words(day, self.entries)

    def short(self, day: date) -> str:
        """A date without its year."""
        return self("date.short", **self._parts(day))

    def weekday(self, day: date) -> str:
        """A date without its year, with its day of the week."""
        return self("date.weekday", **self._parts(day))

    def month(self, year: int, month: int) -> str:
        """A month in full."""
        return self("date.month", **self._parts(date(year, month, 1)))

    def short_month(self, year: int, month: int) -> str:
        """A month in few letters, with its year."""
        return self("date.short_month", **self._parts(date(year, month, 1)))

    def span(self, first: date, last: date) -> str:
        """A run of days, saying month and year once where they are shared."""
        if first == last:
            return self.day(first)
        ends = {f"{name}1": value for name, value in self._parts(first).items()}
        ends |= {f"{name}2": value for name, value in self._parts(last).items()}
        kind = "month" if (first.year, first.month) == (last.year, last.month) else "year"
        return self(f"date.span_{kind}" if first.year == last.year else "date.span", **ends)

    def short_span(self, first: date, last: date) -> str:
        """A run of days without their year."""
        return (
            self.short(first)
            if first == last
            else self("date.short_span", first=self.short(first), last=self.short(last))
        )

    def moment(self, when: Moment) -> str:
        """A moment with the precision that its source gives, in UTC."""
        match when:
            case Instant():
                return self("date.instant", day=self.day(when.at.date()), time=f"{when.at:%H:%M}")
            case Interval():
                first, last = when.first, when.last
                same = "_one_day" if first.date() == last.date() else ""
                return self(
                    f"date.interval{same}",
                    day=self.day(first.date()),
                    time=f"{first:%H:%M}",
                    last_day=self.short(last.date()),
                    last_time=f"{last:%H:%M}",
                )
            case Day():
                return self("date.day_only", day=self.day(when.day))
            case Month():
                return self.month(when.year, when.month)

    def place(self, zone: str) -> str:
        """The city of a time zone; the zone's own where the catalog holds none."""
        return city(zone, self.entries)

    def clock(self, at: datetime, zone: str) -> str:
        """Day and time of an instant in a time zone."""
        local = at.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))
        return self("date.clock", day=self.short(local.date()), time=f"{local:%H:%M}")

    def _parts(self, day: date) -> dict[str, object]:
        return day_parts(day, self.entries)


@lru_cache
def load_texts(lang: Lang, cutoff: float = LEVEL) -> Texts:
    """The catalog of a language, its words on a significance level.

    Raises
    ------
    OptionError
        For a language that there is no catalog of.
    """
    if lang not in LANGS:
        raise OptionError(f"there is no language {lang!r}; allowed: {', '.join(LANGS)}")
    entries = entries_of(lang)
    shares = {"significance": cutoff, "coverage": 1.0 - cutoff}
    judged = {name: entries["format.percent"].format(number=f"{100 * share:g}") for name, share in shares.items()}
    return Texts(lang, entries, cutoff, {**judged, "cutoff": f"{cutoff:g}"})
