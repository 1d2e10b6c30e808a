"""What this package is called where it is installed from; it is imported as ``eventstudy``."""

from __future__ import annotations

from importlib.util import find_spec

DISTRIBUTION = "exact-eventstudy"


def install(module: str, extra: str) -> str:
    """How to install a library that an extra brings."""
    return f'{module}; install it with: pip install "{DISTRIBUTION}[{extra}]"'


def lacks(module: str, extra: str) -> str | None:
    """How to install a library that an extra brings; None where it is there."""
    return None if find_spec(module) else install(module, extra)
