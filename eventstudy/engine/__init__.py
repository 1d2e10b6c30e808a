"""`event_study`: a researcher's own returns and events, any number of them, as stacked arrays in blocks."""

from __future__ import annotations

from eventstudy.engine.inputs import Options, Placed, Refusal, place_events
from eventstudy.kernel.estimate import Abnormal, estimate, fit_blocks
from eventstudy.kernel.sample import Sample

__all__ = ["Abnormal", "Options", "Placed", "Refusal", "Sample", "estimate", "fit_blocks", "place_events"]
