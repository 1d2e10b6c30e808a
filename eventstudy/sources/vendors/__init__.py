"""The vendors: Yahoo, Eastmoney, Tencent, Sina, a file each, all with ``fetch(symbols, start, end) -> PricePanel``.

A vendor is its file, which ends with its row ``VENDOR``, and its line in `eventstudy.spec.fields.VENDORS`.

`wire` is where every HTTP exchange passes, `exchanges` records and replays them, `manners` keeps pace and tries again,
`watch` names what goes wrong on the way, `symbols` knows codes, `bars` tidies what came, `download` is one symbol from
one vendor, `cache` keeps downloads and `drift` compares them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from eventstudy.spec.fields import VENDORS

if TYPE_CHECKING:
    from eventstudy.sources.vendors.download import Vendor


@cache
def vendors() -> tuple[Vendor, ...]:
    """The rows of all vendors, in the order in which they are asked; each file is read when one is first wanted."""
    return tuple(import_module(f"{__name__}.{name}").VENDOR for name in VENDORS)
