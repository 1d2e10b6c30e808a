"""Write every made exchange again: ``python -m tests.made [FOLDER]``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.made.build import FOLDER, build

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    written = build(folder)
    total = sum(path.stat().st_size for path in written)
    sys.stdout.write(f"{len(written)} exchanges in {folder}, {total:,} bytes\n")
