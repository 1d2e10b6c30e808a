"""Windows in relative days: day 0 is the event's first session, both ends are included."""

from __future__ import annotations

from typing import NamedTuple


class Window(NamedTuple):
    """A closed range of relative days, e.g. ``Window(-1, 1)`` for three sessions around day 0."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """Number of sessions in the window."""
        return self.last - self.first + 1

    @property
    def days(self) -> range:
        """The relative days from first to last."""
        return range(self.first, self.last + 1)

    def covers(self, other: Window) -> bool:
        """Whether `other` lies wholly inside this window."""
        return self.first <= other.first and other.last <= self.last

    def __str__(self) -> str:
        return f"[{self.first:+d}, {self.last:+d}]".replace("+0", "0")
