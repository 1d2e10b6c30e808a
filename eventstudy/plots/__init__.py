"""Figures: a tidy frame first (`*_frame`), then a plotly figure made from it alone (`*_figure`)."""

from __future__ import annotations

from eventstudy.plots.around import path_event, path_model, pictured_events, shown_securities, spans
from eventstudy.plots.calibration import calibrated, calibration_figure, calibration_frame
from eventstudy.plots.choices import (
    contrast_figure,
    contrast_frame,
    counterfactual_figure,
    counterfactual_frame,
    drift_figure,
    drift_frame,
    sensitivity_figure,
    sensitivity_frame,
)
from eventstudy.plots.days import days_figure, days_frame
from eventstudy.plots.estimates import (
    event_days_figure,
    event_days_frame,
    forest_figure,
    forest_frame,
    headlines_figure,
    headlines_frame,
)
from eventstudy.plots.ladder import ladder_cases, ladder_figure, ladder_frame
from eventstudy.plots.ledger import ledger_entries, ledger_figure, ledger_frame
from eventstudy.plots.limits import limit_cases, limits_figure, limits_frame
from eventstudy.plots.parts import parts_figure, parts_frame
from eventstudy.plots.paths import car_path_figure, car_path_frame, event_path_frame, mean_path_frame
from eventstudy.plots.placebo import placebo_figure, placebo_frame
from eventstudy.plots.prices import marker_frame, price_figure, price_frame
from eventstudy.plots.regimes import beta_figure, beta_frame, regime_figure, regime_frame
from eventstudy.plots.single import single_figure, single_frame
from eventstudy.plots.specifications import specification_figure, specification_frame
from eventstudy.plots.steps import steps_figure, steps_frame
from eventstudy.plots.timeline import overview_figure, overview_frame
from eventstudy.plots.ways import ways_figure, ways_frame

__all__ = [
    "beta_figure",
    "beta_frame",
    "calibrated",
    "calibration_figure",
    "calibration_frame",
    "car_path_figure",
    "car_path_frame",
    "contrast_figure",
    "contrast_frame",
    "counterfactual_figure",
    "counterfactual_frame",
    "days_figure",
    "days_frame",
    "drift_figure",
    "drift_frame",
    "event_days_figure",
    "event_days_frame",
    "event_path_frame",
    "forest_figure",
    "forest_frame",
    "headlines_figure",
    "headlines_frame",
    "ladder_cases",
    "ladder_figure",
    "ladder_frame",
    "ledger_entries",
    "ledger_figure",
    "ledger_frame",
    "limit_cases",
    "limits_figure",
    "limits_frame",
    "marker_frame",
    "mean_path_frame",
    "overview_figure",
    "overview_frame",
    "parts_figure",
    "parts_frame",
    "path_event",
    "path_model",
    "pictured_events",
    "placebo_figure",
    "placebo_frame",
    "price_figure",
    "price_frame",
    "regime_figure",
    "regime_frame",
    "sensitivity_figure",
    "sensitivity_frame",
    "shown_securities",
    "single_figure",
    "single_frame",
    "spans",
    "specification_figure",
    "specification_frame",
    "steps_figure",
    "steps_frame",
    "ways_figure",
    "ways_frame",
]
