"""The flagship held still while the house is rebuilt: numbers to 1e-10, texts as printed. Scaffolding, to be deleted.

``python -m tests.freeze`` runs the flagship and lists what differs from tests/frozen; fields that are new do not count.
``--keep`` then keeps the new state. Run it in one environment: other builds of numpy differ in the last bits.
"""

from __future__ import annotations

import gzip
import html
import json
import math
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import eventstudy as es
from eventstudy.study_result import StudyResult

HERE = Path(__file__).parent / "frozen"
ROOT = HERE.parents[1]
SAME = 1e-10  # relative: the same formulas on the same numbers, in another order at most
LANGS = ("en", "zh")
RUN = "results.json.gz"


def frozen_result() -> StudyResult:
    """The flagship's result as it was kept; no study is run."""
    return StudyResult.from_json(read(RUN))


def read(name: str) -> str:
    return gzip.decompress((HERE / name).read_bytes()).decode("utf-8")


def write(name: str, text: str) -> None:
    (HERE / name).write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))


def page_text(page: str) -> str:
    """What a reader can see: every line of the page, and every text inside its figures."""
    figures = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, flags=re.DOTALL)
    visible = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    lines = [line.strip() for line in html.unescape(re.sub(r"<[^>]+>", "\n", visible)).splitlines()]
    return "\n".join([*filter(None, lines), *(text for figure in figures for text in texts_in(json.loads(figure)))])


def texts_in(part: Any) -> Iterator[str]:
    match part:
        case dict():
            for value in part.values():
                yield from texts_in(value)
        case list():
            for value in part:
                yield from texts_in(value)
        case str():
            yield part


def differences(kept: Any, new: Any, place: str = "") -> Iterator[str]:
    """Where a new value differs from the kept one; what only the new one has is no difference."""
    match kept:
        case dict() if isinstance(new, dict):
            for key, value in kept.items():
                yield from differences(value, new.get(key), f"{place}.{key}")
        case list() if isinstance(new, list) and len(kept) == len(new):
            for number, (one, other) in enumerate(zip(kept, new, strict=True)):
                yield from differences(one, other, f"{place}[{number}]")
        case float() | int() if isinstance(new, (int, float)) and math.isclose(kept, new, rel_tol=SAME, abs_tol=1e-15):
            return
        case _ if kept != new:
            yield f"{place}: was {kept!r}, is {new!r}"


def compare(kept: dict[str, str], new: dict[str, str]) -> Iterator[str]:
    for name, text in kept.items():
        if name == RUN:
            old, fresh = json.loads(text), json.loads(new[name])
            yield from differences({**old, "schema_version": fresh["schema_version"]}, fresh, name)
        else:
            old_lines, fresh_lines = text.splitlines(), new[name].splitlines()
            yield from (f"{name}: gone: {line}" for line in old_lines if line not in set(fresh_lines))
            yield from (f"{name}: new: {line}" for line in fresh_lines if line not in set(old_lines))
            if len(old_lines) != len(fresh_lines):
                yield f"{name}: {len(old_lines)} lines were, {len(fresh_lines)} are"


def state() -> dict[str, str]:
    """Run the flagship and write its page in both languages."""
    spec = es.load_study(ROOT / "events.yaml")
    result = es.run_study(spec, es.load_prices(spec))
    found = {RUN: result.to_json()}
    for lang in LANGS:
        with tempfile.TemporaryDirectory() as folder:
            written = es.write_report(result, folder, lang=lang)
            found[f"page-{lang}.txt.gz"] = page_text((written / "report.html").read_text(encoding="utf-8"))
            found[f"summary-{lang}.md.gz"] = (written / "summary.md").read_text(encoding="utf-8")
    return found


def main() -> int:
    new = state()
    kept = {path.name: read(path.name) for path in HERE.glob("*.gz")}
    told = list(compare(kept, new))
    print("\n".join(told[:200]) or "the flagship is as it was kept")
    if "--keep" in sys.argv:
        for name, text in new.items():
            write(name, text)
    return 1 if told and "--keep" not in sys.argv else 0


if __name__ == "__main__":
    raise SystemExit(main())
