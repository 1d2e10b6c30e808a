"""Figures: a tidy frame first (`*_frame`), then a plotly figure made from it alone (`*_figure`)."""

from __future__ import annotations

from eventstudy.plots.across import event_path_frame, mean_path_frame
from eventstudy.plots.days import days_figure, days_frame
from eventstudy.plots.estimates import (
    event_days_figure,
    event_days_frame,
    forest_figure,
    forest_frame,
    headlines_figure,
    headlines_frame,
)
from eventstudy.plots.paths import car_path_figure, car_path_frame
from eventstudy.plots.prices import marker_frame, price_figure, price_frame
from eventstudy.plots.select import path_event, path_model, shown_securities
from eventstudy.plots.timeline import overview_figure, overview_frame

__all__ = [
    "car_path_figure",
    "car_path_frame",
    "days_figure",
    "days_frame",
    "event_days_figure",
    "event_days_frame",
    "event_path_frame",
    "forest_figure",
    "forest_frame",
    "headlines_figure",
    "headlines_frame",
    "marker_frame",
    "mean_path_frame",
    "overview_figure",
    "overview_frame",
    "path_event",
    "path_model",
    "price_figure",
    "price_frame",
    "shown_securities",
]
