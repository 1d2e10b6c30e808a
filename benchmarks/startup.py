"""Start-up and run times as ratios, so that they mean the same on any machine."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 7


def seconds(*arguments: str, rounds: int = ROUNDS) -> float:
    """Median wall-clock time of a fresh interpreter running some arguments."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=ROOT)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def measure() -> dict[str, float]:
    """Seconds of each measured thing, the bare interpreter taken off imports."""
    bare = seconds("-c", "pass")
    with tempfile.TemporaryDirectory() as out:
        flagship = seconds("-m", "eventstudy", "run", "events.yaml", "--out", out, "--quiet", rounds=3)
    return {
        "import pandas": seconds("-c", "import pandas") - bare,
        "import eventstudy": seconds("-c", "import eventstudy") - bare,
        "eventstudy --help": seconds("-m", "eventstudy", "--help"),
        "python -c 'import pandas'": seconds("-c", "import pandas"),
        "eventstudy run events.yaml": flagship,
    }


def rows() -> list[tuple[str, str, str]]:
    """Rows of the table: what, result, wanted."""
    found = measure()
    ratio_import = found["import eventstudy"] / found["import pandas"]
    ratio_help = found["eventstudy --help"] / found["python -c 'import pandas'"]
    return [
        ("`import eventstudy` / `import pandas`", f"{ratio_import:.3f}", "below 0.25"),
        ("`eventstudy --help` / `python -c 'import pandas'`", f"{ratio_help:.2f}", "below 1"),
        ("`eventstudy run events.yaml`", f"{found['eventstudy run events.yaml']:.1f} s", "below 60 s, all included"),
    ]
