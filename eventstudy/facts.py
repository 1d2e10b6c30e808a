"""Facts: what happened as a code with its values; words are put to it last, from one catalog a language.

A numeric room says ``fact("too_few_observations", nobs=12, least=30)`` and nothing else. The sentence of the code
stands in the catalogs, ``texts/<lang>``, under ``fact.<code>``; braces name the values that it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Formatter
from typing import Any

from eventstudy.windows import Window

Value = str | int | float | bool | None | tuple["Value", ...] | Mapping[str, "Value"]
Naming = Callable[[str, str], str]
"""What a reader calls an id: ``naming("security", "688041")`` gives ``Hygon``."""

ID_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("security", "securities", "peers", "donors", "drivers", "benchmark"), "security"),
    **dict.fromkeys(("event", "other_event", "steps", "other_events"), "event"),
    **{kind: kind for kind in ("other", "group", "subject", "headline", "contrast", "regime", "event_group", "sample")},
    **{kind: kind for kind in ("model", "test", "rung", "exchange")},
    "recommended": "test",
}
"""Names of values that hold ids of a study or of this package, and of what; all other values are shown as they are."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A code and the values that belong to it; ``str`` gives the English sentence.

    Attributes
    ----------
    code : str
        Key of the sentence: ``fact.<code>`` in the catalogs. What stands before its first dot is the kind of fact.
    values : mapping of str to str, int, float, bool, None, or tuples and mappings of these
        Returns, shares and sizes are decimal (0.01 = 1 %), days are ISO dates, ids are those of the study file.
    """

    code: str
    values: Mapping[str, Value]

    @property
    def kind(self) -> str:
        """The code up to its first dot."""
        return self.code.partition(".")[0]

    def __hash__(self) -> int:
        return hash((self.code, str(self.values)))

    def __str__(self) -> str:
        return self.sentence("fact")

    def sentence(self, family: str) -> str:
        """The English sentence that a family of the catalog has for the code: ``<family>.<code>``."""
        return say(f"{family}.{self.code}", self.values, entries_of("en"))

    def document(self) -> dict[str, Value]:
        """Code and values, as files hold them; `facts_in` reads them back."""
        return {"code": self.code, "values": self.values}


def fact(code: str, /, **values: Any) -> Fact:
    """A fact; dates, windows, lists and numpy numbers among its values become plain ones."""
    return Fact(code, {name: _plain(value) for name, value in values.items()})


def words(text: str, text_zh: str | None = None) -> Fact:
    """Somebody's own words, or a name, which every language shows as they are; in Chinese `text_zh` if there is one."""
    return fact("words", text=text, text_zh=text_zh or text)


def told(facts: Iterable[Fact]) -> str:
    """The English sentences of several facts, joined by semicolons; what says nothing is passed over."""
    return "; ".join(filter(None, map(str, facts)))


def facts_in(content: Iterable[Mapping[str, Any]]) -> tuple[Fact, ...]:
    """Facts as a file holds them.

    Raises
    ------
    KeyError, TypeError
        For what is no code with its values, or a code that the catalog has no words for.
    """
    found = tuple(fact(one["code"], **one["values"]) for one in content)
    told(found)
    return found


def say(key: str, values: Mapping[str, Any], entries: Mapping[str, str], naming: Naming | None = None) -> str:
    """The sentence of a key with its values put in.

    Parameters
    ----------
    key : str
        Dotted key of the catalog; ``<key>.one`` and ``<key>.other`` stand for ``n`` of 1 and of anything else.
    values : mapping
        As those of a fact.
    entries : mapping of str to str
        A language's catalog.
    naming : callable, optional
        What a reader calls an id; ids stay as they are without it.

    Raises
    ------
    KeyError
        For a key that the catalog does not hold, or a value that the sentence needs and the fact has not.

    Notes
    -----
    Beside Python's own format specifications a brace may hold ``{n:date|dates}`` (the number with the word that fits
    it), ``{share:.1p}`` (in percent without the sign), ``{close:price}`` (with up to 6 digits), ``{way:@}`` (the entry
    ``phrase.way.<value>``, with the same values), ``{@run}`` (the entry ``phrase.run``), ``{session:day}`` (the date in
    words), ``{zone:city}``, ``{sessions:3+}`` (the first three of a list, and how many more) and ``{spans:,}`` (an
    entry ``phrase.spans`` for each of a list, with commas; with semicolons without the comma). A fact among the values
    is told in its own words.
    """
    if key not in entries:
        key = f"{key}.{'one' if values.get('n') == 1 else 'other'}"
    parts = []
    for literal, name, spec, conversion in Formatter().parse(entries[key]):
        parts.append(literal)
        if name is not None:
            parts.append(repr(values[name]) if conversion else _put(name, spec or "", values, entries, naming))
    return "".join(parts)


def _put(name: str, spec: str, values: Mapping[str, Any], entries: Mapping[str, str], naming: Naming | None) -> str:
    if name.startswith("@"):
        return say(f"phrase.{name[1:]}", values, entries, naming)
    value = values[name]
    if spec == "@":
        return say(f"phrase.{name}.{value}", values, entries, naming)
    if isinstance(value, Mapping):
        return say(f"fact.{value['code']}", value["values"], entries, naming)
    if isinstance(value, (tuple, list)):
        return _listed(name, spec, value, entries, naming)
    return _shown(spec, value, entries) if spec else _word(name, value, naming)


def _shown(spec: str, value: Any, entries: Mapping[str, str]) -> str:
    """A single value as its specification wants it."""
    if "|" in spec:
        one, other = spec.split("|")
        return f"{value} {one if value == 1 else other}"
    if spec == "day":
        return day_in_words(date.fromisoformat(value), entries)
    if spec == "price":
        return repr(float(f"{value:.6g}")).removesuffix(".0")
    if spec == "city":
        return city(value, entries)
    return format(100.0 * value, f"{spec[:-1]}f") if spec.endswith("p") else format(value, spec)


def _listed(name: str, spec: str, values: Sequence[Any], entries: Mapping[str, str], naming: Naming | None) -> str:
    """Several things: all of them, or with ``3+`` the first three and how many more there are."""
    if any(isinstance(value, Mapping) for value in values):
        between = entries["list.comma" if spec == "," else "list.semicolon"]
        return between.join(say(f"phrase.{name}", value, entries, naming) for value in values)
    most = int(spec.removesuffix("+")) if spec else len(values)
    shown = entries["list.comma"].join(_word(name, value, naming) for value in values[:most])
    return shown if len(values) <= most else entries["list.more"].format(shown=shown, n=len(values) - most)


def _word(name: str, value: Any, naming: Naming | None) -> str:
    if naming is not None and name in ID_KINDS:
        return naming(ID_KINDS[name], value)
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def city(zone: str, entries: Mapping[str, str]) -> str:
    """The city of a time zone; the zone's own where the catalog holds none."""
    return entries.get(f"zone.{zone}") or zone.rpartition("/")[2].replace("_", " ")


def day_in_words(day: date, entries: Mapping[str, str]) -> str:
    """A date in full, by the catalog's entry ``date.day``."""
    return entries["date.day"].format(**day_parts(day, entries))


def day_parts(day: date, entries: Mapping[str, str]) -> dict[str, object]:
    """What the catalog's entries of dates are made of: year, day, and the names of month and weekday."""
    return {
        "y": day.year,
        "d": day.day,
        "month": entries["date.months"].split()[day.month - 1],
        "mon": entries["date.short_months"].split()[day.month - 1],
        "weekday": entries["date.weekdays"].split()[day.weekday()],
    }


@lru_cache
def entries_of(lang: str) -> Mapping[str, str]:
    """Dotted key to sentence: all files of a language's catalog."""
    import yaml

    # The base loader keeps every scalar as text, so that no word turns into a number or a truth value.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    entries: dict[str, str] = {}
    for file in catalogs(lang):
        entries.update(_flat(yaml.load(file.read_text(encoding="utf-8"), Loader=loader)))  # noqa: S506
    return entries


def catalogs(lang: str) -> list[Traversable]:
    """The files of a language's catalog, one a theme; no two hold the same key."""
    folder = files("eventstudy").joinpath("texts", lang)
    return sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)


def _flat(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in tree.items():
        place = f"{prefix}{key}"
        found.extend(_flat(value, f"{place}.") if isinstance(value, dict) else [(place, value)])
    return found


def _plain(value: Any) -> Value:
    """A value as JSON knows it; a window reads as in the field, ``[-1, +1]``; a fact is its code and values."""
    if isinstance(value, Fact):
        return value.document()
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (Window, date)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item) for item in value)
    if hasattr(value, "item"):
        return _plain(value.item())
    plain: Value = value
    return plain
