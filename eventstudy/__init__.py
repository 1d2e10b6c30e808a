"""Event studies that survive cross-examination."""
