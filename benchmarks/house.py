"""Measures of the house as a Markdown table: ``python benchmarks/house.py [--against REV]``; standard library only.

``--against`` adds a column for a git revision. The measures are counts on the text of the package, none is a run:

- statements: nodes of kind `ast.stmt`, those inside others counted too; lines and files of the package's Python.
- functions over 40 lines: from the name to the last line, the docstring taken off.
- import circles: groups of rooms (names on the package's first level), and of modules, each of which reaches every
  other by imports, those inside functions counted. How many are in them stands in parentheses.
- regular expressions on own prose: calls of `re`, and patterns with named groups that stand in a table, outside the
  files of `OUTSIDE_TEXT`. The target is none.
- files that name a model, test or analysis: how many files of the package one has to open for it.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "eventstudy"
LONGEST = 40
TEXTS = (".py", ".yaml", ".html", ".json")
LAST_ADDED = {"model": "garch_market", "test": "grank_z", "analysis": "sensitivity"}
OUTSIDE_TEXT: Mapping[str, str] = {
    "cli": "what a person types",
    "config": "study files",
    "csvtext.py": "cells of a user's CSV files",
    "gate": "dates as people write them",
    "engine/exports.py": "ids of a user's events, made safe for a workbook",
    "events.py": "moments as people write them",
    "models/dimson.py": "names of a user's columns",
    "overlays.py": "a user's list of sessions",
    "results/reading.py": "a results.json that anybody may have written, and what pydantic calls its faults",
    "sources": "replies of vendors, a user's tables",
    "spec": "paths and fields of study files",
    "summary/tables.py": "Markdown: what of a title has to be escaped",
}
"""Files and folders whose regular expressions read, or make safe, what others wrote, and whose words those are."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measures of the house.")
    parser.add_argument("--against", metavar="REV", help="a git revision to compare with")
    revision = parser.parse_args().against
    columns = {"now": measures(ROOT / PACKAGE)}
    if revision is not None:
        with tempfile.TemporaryDirectory() as folder:
            packed = subprocess.run(
                ["git", "archive", revision, PACKAGE], check=True, capture_output=True, cwd=ROOT
            ).stdout
            with tarfile.open(fileobj=BytesIO(packed)) as archive:
                archive.extractall(folder, filter="data")
            columns = {revision: measures(Path(folder) / PACKAGE), **columns}
    print(f"| measure | {' | '.join(columns)} |")
    print(f"| --- |{' ---: |' * len(columns)}")
    for name in columns["now"]:
        print(f"| {name} | {' | '.join(column[name] for column in columns.values())} |")


def measures(package: Path) -> dict[str, str]:
    """Every measure of a package, in words."""
    files = sorted(package.rglob("*.py"))
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    functions = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    edges, typed = (imports(package, trees, typed=typed) for typed in (False, True))
    found = {
        "statements": f"{sum(isinstance(node, ast.stmt) for node in nodes):,}",
        "lines": f"{sum(len(file.read_text(encoding='utf-8').splitlines()) for file in files):,}",
        "files": f"{len(files)}",
        f"functions over {LONGEST} lines": f"{sum(length(function) > LONGEST for function in functions)}",
        "import circles between rooms": told(circles(by_room(edges))),
        "import circles between modules": told(circles(edges)),
        "the same between rooms, imports for type checkers counted": told(circles(by_room(typed))),
        "the same between modules": told(circles(typed)),
        "regular expressions on own prose": f"{sum(expressions(package, file, tree) for file, tree in trees.items())}",
    }
    texts = [file.read_text(encoding="utf-8") for file in package.rglob("*") if file.suffix in TEXTS]
    for kind, name in LAST_ADDED.items():
        count = sum(re.search(rf"(?<![a-z_]){name}(?![a-z_])", text) is not None for text in texts)
        found[f"files that name the {kind} `{name}`"] = f"{count}"
    return found


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    prose = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - prose


def imports(package: Path, trees: Mapping[Path, ast.Module], *, typed: bool) -> dict[str, set[str]]:
    """Each module with the modules of the package that it imports; for type checkers too where `typed`."""
    names = {file: dotted(package, file) for file in trees}
    known = set(names.values())
    edges: dict[str, set[str]] = {}
    for file, tree in trees.items():
        wanted = {name for node in (ast.walk if typed else running)(tree) for name in imported(node, known)}
        edges[names[file]] = wanted - {names[file]}
    return edges


def dotted(package: Path, file: Path) -> str:
    """Name of a file's module; a package is called by its folder."""
    parts = file.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def running(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node of a tree that is not under ``if TYPE_CHECKING:``."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            yield from running(node)


def imported(node: ast.AST, known: set[str]) -> Iterator[str]:
    """The modules of the package that an import statement names."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in known)
    elif isinstance(node, ast.ImportFrom) and node.module in known:
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in known else str(node.module)


def by_room(edges: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Each room with the other rooms that its modules import."""
    rooms: dict[str, set[str]] = {}
    for module, others in edges.items():
        rooms.setdefault(room(module), set()).update({room(other) for other in others} - {room(module)})
    return rooms


def room(module: str) -> str:
    """The name on the package's first level."""
    return module.split(".")[1] if "." in module else module


def circles(edges: Mapping[str, set[str]]) -> list[set[str]]:
    """Groups of two or more in which each reaches every other."""
    reached = {start: _reached(edges, start) for start in edges}
    groups = {frozenset(two for two in reached[one] if one in reached.get(two, ())) for one in edges}
    return [set(group) for group in groups if len(group) > 1]


def _reached(edges: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for other in edges.get(waiting.pop(), set()) - seen:
            seen.add(other)
            waiting.append(other)
    return seen


def told(groups: list[set[str]]) -> str:
    """How many circles there are, and of how many in all."""
    return f"{len(groups)} ({sum(map(len, groups))})" if groups else "0"


def expressions(package: Path, file: Path, tree: ast.Module) -> int:
    """Regular expressions of a file, none where it reads what others wrote."""
    place = file.relative_to(package)
    if place.as_posix() in OUTSIDE_TEXT or place.parts[0] in OUTSIDE_TEXT:
        return 0
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr != "escape"
    ]
    inside = {id(part) for call in calls for part in ast.walk(call)}
    tables = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and "(?P<" in node.value
        and id(node) not in inside
    ]
    return len(calls) + len(tables)


if __name__ == "__main__":
    main()
