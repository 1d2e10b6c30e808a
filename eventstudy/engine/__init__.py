"""`event_study`: a researcher's own returns and events, any number of them, as stacked arrays in blocks."""

from __future__ import annotations

from eventstudy.engine.estimate import Abnormal, estimate, fit_blocks
from eventstudy.engine.inputs import Options, Refusal, read_sample
from eventstudy.engine.sample import Sample

__all__ = ["Abnormal", "Options", "Refusal", "Sample", "estimate", "fit_blocks", "read_sample"]
