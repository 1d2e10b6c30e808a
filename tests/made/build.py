"""Every made exchange, written to a folder."""

from __future__ import annotations

from pathlib import Path

from eventstudy.sources.vendors.exchanges import save
from tests.made import eastmoney, sina, tencent, yahoo

FOLDER = Path(__file__).parents[1] / "exchanges"


def build(folder: Path) -> list[Path]:
    """Write every exchange; the same bytes each time."""
    return [save(exchange, folder) for vendor in (yahoo, eastmoney, tencent, sina) for exchange in vendor.exchanges()]
