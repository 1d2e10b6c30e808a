"""All measurements on one page: writes docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import engine
import startup

ROOT = Path(__file__).resolve().parents[1]


def table(rows: list[tuple[str, str, str]]) -> str:
    """Rows as a Markdown table."""
    lines = [f"| {what} | {result} | {wanted} |" for what, result, wanted in rows]
    return "\n".join(["| measured | result | wanted |", "| --- | ---: | ---: |", *lines])


def page() -> str:
    """The whole page."""
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return (
        "# Benchmarks\n\n"
        "Written by `nox -s bench`. Times differ between machines, ratios within one run much less.\n\n"
        f"Machine: {machine}.\n\n"
        "## Start-up and the flagship\n\n"
        "Medians of fresh processes, warm disk cache.\n\n"
        f"{table(startup.rows())}\n\n"
        "## `event_study`\n\n"
        "One core; 500 firms, ten years, 250 estimation and 21 event days. Parameters, AR, standardised AR, CAR with\n"
        "exact variances, cross-sectional t, Patell and BMP; best of five. Bare numpy is the same arithmetic on\n"
        "stacked arrays without a check of anything. The default battery adds adjusted BMP, Corrado's rank, GRANK and\n"
        "both sign tests.\n\n"
        f"{table([*engine.ratios(), *engine.scaling()])}\n"
    )


if __name__ == "__main__":
    text = page()
    (ROOT / "docs" / "benchmarks.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
