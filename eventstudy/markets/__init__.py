"""Rules of markets as dated data: price limits and first sessions after listing."""

from __future__ import annotations

from eventstudy.markets.limits import (
    Bars,
    LimitFlags,
    LimitPrices,
    limit_flags,
    limit_prices,
    reference_prices,
    security_limit_flags,
    trading_days,
)
from eventstudy.markets.rules import LimitRule, SessionRules, limit_rule, load_rules, session_rules

__all__ = [
    "Bars",
    "LimitFlags",
    "LimitPrices",
    "LimitRule",
    "SessionRules",
    "limit_flags",
    "limit_prices",
    "limit_rule",
    "load_rules",
    "reference_prices",
    "security_limit_flags",
    "session_rules",
    "trading_days",
]
