"""Event studies that survive cross-examination.

Examples
--------
>>> import eventstudy as es
>>> spec = es.load_study("flagship")
>>> prices = es.load_prices(spec)
>>> result = es.run_study(spec, prices)
>>> print(result.to_frame("headlines").loc[0, "subject"])
NVDA
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eventstudy.config import load_study
    from eventstudy.engine.family import adjust_pvalues
    from eventstudy.engine.outcomes import log_absolute_residual, log_volume
    from eventstudy.engine.result import EventStudy
    from eventstudy.engine.study import event_study, event_study_parquet
    from eventstudy.errors import DataError, EventStudyError, InputError, OptionError, StudyFileError
    from eventstudy.prices import PricePanel
    from eventstudy.report import write_report
    from eventstudy.sources import load_prices
    from eventstudy.sources.own.frames import prices_from_frame
    from eventstudy.spec import StudySpec
    from eventstudy.study import run_study
    from eventstudy.study_result import StudyResult

__all__ = [
    "DataError",
    "EventStudy",
    "EventStudyError",
    "InputError",
    "OptionError",
    "PricePanel",
    "StudyFileError",
    "StudyResult",
    "StudySpec",
    "adjust_pvalues",
    "event_study",
    "event_study_parquet",
    "load_prices",
    "load_study",
    "log_absolute_residual",
    "log_volume",
    "prices_from_frame",
    "run_study",
    "write_report",
]

_ROOMS = {
    "DataError": "errors",
    "EventStudy": "engine.result",
    "EventStudyError": "errors",
    "InputError": "errors",
    "OptionError": "errors",
    "PricePanel": "prices",
    "StudyFileError": "errors",
    "StudyResult": "study_result",
    "StudySpec": "spec",
    "adjust_pvalues": "engine.family",
    "event_study": "engine.study",
    "event_study_parquet": "engine.study",
    "load_prices": "sources",
    "load_study": "config",
    "log_absolute_residual": "engine.outcomes",
    "log_volume": "engine.outcomes",
    "prices_from_frame": "sources.own.frames",
    "run_study": "study",
    "write_report": "report",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import eventstudy` costs next to nothing."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'eventstudy' has no attribute {name!r}; public names: {', '.join(__all__)}")
    from importlib import import_module

    value = getattr(import_module(f"eventstudy.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__]
