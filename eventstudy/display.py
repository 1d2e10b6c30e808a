"""How a public object shows itself at a prompt and in a notebook: a few lines that say what it is."""

from __future__ import annotations

from html import escape


class Shown:
    """An object that shows itself by `about`; ``repr``, ``str`` and notebooks all give these lines."""

    __slots__ = ()

    def about(self) -> str:
        """At most ten lines."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.about()

    def __str__(self) -> str:
        return self.about()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.about())}</pre>"
