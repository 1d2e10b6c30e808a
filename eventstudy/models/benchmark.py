"""What models with exactly one benchmark ask of a panel."""

from __future__ import annotations

from eventstudy.arrays import Floats
from eventstudy.errors import OptionError
from eventstudy.panel import EventPanel


def only_benchmark(panel: EventPanel, model: str) -> tuple[Floats, Floats]:
    """The benchmark's returns, (E, T) in the estimation and (E, L) in the event window.

    Raises
    ------
    OptionError
        Where the panel has no regressor or several.
    """
    if len(panel.names) != 1:
        given = ", ".join(panel.names) if panel.names else "none"
        raise OptionError(f"model={model!r} takes one benchmark; given: {given}")
    return panel.factors[0], panel.event_factors[0]
