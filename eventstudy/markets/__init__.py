"""Rules of markets as dated data: price limits by board, status and day, and the sessions that hit them."""

from __future__ import annotations

from eventstudy.markets.limits import (
    Bars,
    LimitFlags,
    LimitPrices,
    limit_flags,
    reference_prices,
    security_limit_flags,
)
from eventstudy.markets.rules import LimitRule, limit_rule, load_rules, merged_rules
from eventstudy.markets.statuses import SessionRules, Status, session_rules, sessions_without_limit, trading_days

__all__ = [
    "Bars",
    "LimitFlags",
    "LimitPrices",
    "LimitRule",
    "SessionRules",
    "Status",
    "limit_flags",
    "limit_rule",
    "load_rules",
    "merged_rules",
    "reference_prices",
    "security_limit_flags",
    "session_rules",
    "sessions_without_limit",
    "trading_days",
]
