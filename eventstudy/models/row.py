"""The row of a normal-return model: its function, and everything about it that other rooms ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from eventstudy.models.linear import NormalReturnFit
from eventstudy.panel import EventPanel


@dataclass(frozen=True, slots=True)
class Model:
    """A normal-return model; a row may be called like its function.

    Attributes
    ----------
    name : str
        Its name in study files, options and results; ``model.<name>`` in the catalogs is what readers call it.
    fit : callable
        (panel, **options) to `NormalReturnFit`.
    needs : {"benchmark", "factors"} or None
        What returns are regressed on or held against: one benchmark; any factors, peers or donors; nothing.
    options : tuple of str
        Names of the options of `fit`.
    shifted : bool
        Whether the regressors have lags and leads beside them, whose numbers are the options ``lags`` and ``leads``.
    least_squares : bool
        Whether it is least squares with a constant on what it needs, so that tests may refit it on other days.
    censorable : bool
        Whether closes at a price limit may be taken as cut-off returns, by a Tobit in the place of least squares.
    estimated : bool
        Whether its normal return is estimated; where not, a short estimation window costs standard errors only.
    in_study_files : bool
        Whether study files may name it.
    """

    name: str
    fit: Callable[..., NormalReturnFit]
    needs: Literal["benchmark", "factors"] | None
    options: tuple[str, ...] = ()
    shifted: bool = False
    least_squares: bool = False
    censorable: bool = False
    estimated: bool = True
    in_study_files: bool = False

    def __call__(self, panel: EventPanel, **options: Any) -> NormalReturnFit:
        """Fit the model to aligned windows."""
        return self.fit(panel, **options)
