"""Daily prices as they were supplied, and the checks that they must pass before anything is computed from them."""

from __future__ import annotations

from eventstudy.prices.checks import (
    BAR_ORDER,
    check_order,
    check_prices,
    check_range,
    check_returns,
    check_sessions,
    check_shape,
    check_values,
    require_usable,
)
from eventstudy.prices.findings import Fatal, Finding, Reported, Span, What
from eventstudy.prices.records import COLUMNS, Column, FloatArray, PricePanel, PriceSeries, Provenance, SessionArray

__all__ = [
    "BAR_ORDER",
    "COLUMNS",
    "Column",
    "Fatal",
    "Finding",
    "FloatArray",
    "PricePanel",
    "PriceSeries",
    "Provenance",
    "Reported",
    "SessionArray",
    "Span",
    "What",
    "check_order",
    "check_prices",
    "check_range",
    "check_returns",
    "check_sessions",
    "check_shape",
    "check_values",
    "require_usable",
]
