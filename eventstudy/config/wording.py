"""The lines of YAML that an entry of a study file is written as."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

WIDTH = 118
NARROWEST = 40
STEP = 2
Value = str | Sequence[str] | Mapping[str, str]

_NO_WIDTH = 1_000_000_000
_STRING = "tag:yaml.org,2002:str"
_WORDS = frozenset({"tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"})
_BREAKS = re.compile("[\n\r\x85\u2028\u2029]")
_PROSE = frozenset({"title", "why", "summary", "note", "publisher", "date"})


def item_lines(entry: Mapping[str, Value], *, column: int, inner: int) -> list[str]:
    """An entry of a block list, its dash in `column` and its keys in `inner` (both count from 0)."""
    lines = list(mapping_lines(entry, column=inner))
    lines[0] = " " * column + "-" + lines[0][column + 1 :]
    return lines


def mapping_lines(entry: Mapping[str, Value], *, column: int) -> Iterator[str]:
    """The keys of an entry and their values, a key a line where it fits into `WIDTH` columns.

    Values are quoted where YAML would read something else than the text; long prose is folded at its spaces, long
    lists and mappings take a line for each of their parts.
    """
    for key, value in entry.items():
        line = _plain(key, value)
        if column + len(line) > WIDTH:
            yield from (" " * column + one for one in _long(key, value, WIDTH - column - STEP) or line.split("\n"))
        else:
            yield " " * column + line


def named_lines(key: str, entry: Mapping[str, str], *, column: int, inner: int, flow: bool) -> list[str]:
    """An entry of a block mapping, its key in `column`; in braces if `flow` and it fits a line, else below its key."""
    line = " " * column + _serialized(key, _flow({name: _scalar(value, name) for name, value in entry.items()}))
    if flow and len(line) <= WIDTH:
        return [line]
    head = _serialized(key, yaml.ScalarNode(_tag("null"), ""))
    return [" " * column + head, *mapping_lines(entry, column=inner)]


def _plain(key: str, value: Value) -> str:
    """``key: value`` with everything on one line."""
    if isinstance(value, str):
        return _serialized(key, _scalar(value, key))
    if isinstance(value, Mapping):
        return _serialized(key, _flow({name: _scalar(one) for name, one in value.items()}))
    return _serialized(key, yaml.SequenceNode(_tag("seq"), [_scalar(one) for one in value], flow_style=True))


def _long(key: str, value: Value, width: int) -> list[str]:
    """The value below its key, or no line where it cannot be parted."""
    if isinstance(value, str):
        folded = _folded(value, width)
        return [f"{key}: >-", *folded] if len(folded) > 1 else []
    if isinstance(value, Mapping):
        return [f"{key}:", *(" " * STEP + _plain(name, one) for name, one in value.items())]
    return [f"{key}:", *(" " * STEP + "- " + _plain("k", one).removeprefix("k: ") for one in value)]


def _folded(text: str, width: int) -> list[str]:
    """A text as the lines of a folded block, or no line where folding would not give it back as it is."""
    if _BREAKS.search(text) or yaml.reader.Reader.NON_PRINTABLE.search(text):
        return []
    lines = textwrap.wrap(text, max(width, NARROWEST), break_long_words=False, break_on_hyphens=False)
    return [" " * STEP + line for line in lines] if " ".join(lines) == text else []


def _scalar(text: str, key: str = "") -> yaml.ScalarNode:
    """A text that is quoted where it would be read as something else; symbols and days stay as this file has them."""
    resolver: Any = yaml.resolver.Resolver()
    read_as = resolver.resolve(yaml.ScalarNode, text, (True, False))
    if _BREAKS.search(text):
        return yaml.ScalarNode(_STRING, text, style='"')
    prose = key.removesuffix("_zh") in _PROSE
    if text in {"y", "Y", "n", "N"} or read_as in _WORDS or (prose and _is_number(text)):
        return yaml.ScalarNode(_STRING, text, style="'")
    return yaml.ScalarNode(_STRING if prose else read_as, text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _flow(entries: Mapping[str, yaml.ScalarNode]) -> yaml.MappingNode:
    return yaml.MappingNode(_tag("map"), [(_scalar(name), node) for name, node in entries.items()], flow_style=True)


def _serialized(key: str, node: yaml.Node) -> str:
    whole = yaml.MappingNode(_tag("map"), [(_scalar(key), node)], flow_style=False)
    return yaml.serialize(whole, Dumper=yaml.SafeDumper, allow_unicode=True, width=_NO_WIDTH).rstrip("\n")


def _tag(kind: str) -> str:
    return f"tag:yaml.org,2002:{kind}"
