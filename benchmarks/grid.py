"""Size of the tests that few firms on one date allow, over a grid of designs; writes docs/size-grid.md."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from eventstudy.robustness import calibrate

DRAWS, DAYS = 2000, 120
TESTS = ("portfolio_t", "mvrm_f", "adjusted_bmp_t", "crude_dependence", "patell_z", "bmp_t")
OUT = Path(__file__).resolve().parents[1] / "docs" / "size-grid.md"
HEAD = f"""# Size over a grid

Written by `nox -s size` (`python benchmarks/grid.py`). Rejections of true nulls in percent at a nominal 5 %, one common
event date, {DAYS} estimation days, market-model residuals with equal correlation; {DRAWS:,} simulated panels a row, so
that a size of 5 % has a Monte Carlo error of {100 * (0.05 * 0.95 / DRAWS) ** 0.5:.1f}. A dash: the test needs several
firms. Event-day variance x2 is not a true null for tests that take the estimation window's variance; only the adjusted
BMP with t(N-1) allows for it.

| N | correlation | errors | event variance | {" | ".join(TESTS)} |
| ---: | ---: | --- | ---: | {" | ".join("---:" for _ in TESTS)} |
"""


def main() -> None:
    rows = []
    for firms, correlation, tails, ratio in product((1, 4, 8, 30), (0.0, 0.2, 0.4), (None, 4.0), (1.0, 2.0)):
        if firms == 1 and correlation:
            continue
        found = calibrate(
            events=firms,
            estimation=DAYS,
            correlation=correlation,
            tails=tails,
            variance_ratio=ratio,
            tests=TESTS,
            draws=DRAWS,
            seed=20251208,
        )
        cells = ["-" if row.size is None else f"{100 * row.size:.1f}" for row in found.rows]
        order = [cells[[row.test for row in found.rows].index(name)] for name in TESTS]
        rows.append(
            f"| {firms} | {correlation:g} | {'normal' if tails is None else 't4'} | x{ratio:g} | {' | '.join(order)} |"
        )
        print(rows[-1], flush=True)
    OUT.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
