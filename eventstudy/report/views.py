"""What a page section is made of: the study with its words, figures with their numbers, tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eventstudy.plots import path_event, shown_securities
from eventstudy.plots.style import Figure, Frame
from eventstudy.results import CarRecord, Results
from eventstudy.spec import Event
from eventstudy.summary.tables import Column, Table
from eventstudy.texts import Texts
from eventstudy.texts.names import Names


@dataclass(frozen=True)
class Study:
    """A result with the words of one language, as every section gets it."""

    result: Results
    names: Names

    @property
    def texts(self) -> Texts:
        return self.names.texts

    @cached_property
    def securities(self) -> Sequence[str]:
        """Securities with estimates, in the study's order."""
        return shown_securities(self.result)

    def leading_event(self, security: str) -> Event | None:
        """The event that a security's figures are drawn around."""
        return path_event(self.result, security)

    def level(self) -> str:
        """The confidence level in words of the language."""
        return self.texts.level(self.result.spec.confidence)

    def cars(self, security: str, event_id: str) -> list[CarRecord]:
        """The CARs of a security around an event, in the study's order of models, benchmarks and windows."""
        return [car for car in self.result.car if (car.security, car.event_id) == (security, event_id)]


@dataclass(frozen=True, slots=True)
class FigureView:
    """A figure as the page shows it: drawn, said in a sentence, described, and as numbers."""

    id: str
    title: str
    finding: str
    description: str
    json: str
    table: Table


def figure_view(place: str, figure: Figure, *, title: str, finding: str, description: str, table: Table) -> FigureView:
    """Bind a plotly figure to the page; `place` becomes its id, so that the same figure gives the same bytes."""
    content = json.dumps(figure.to_plotly_json(), cls=_encoder(), ensure_ascii=False, sort_keys=True)
    # A script element ends at "</", whatever stands around it; a title of the study may hold that.
    return FigureView(f"figure-{place}", title, finding, description, content.replace("<", "\\u003c"), table)


def _encoder() -> type[json.JSONEncoder]:
    from plotly.utils import PlotlyJSONEncoder

    encoder: type[json.JSONEncoder] = PlotlyJSONEncoder
    return encoder


Show = Callable[[Any], str]


def frame_table(study: Study, frame: Frame, shown: Mapping[str, str]) -> Table:
    """Some columns of a figure's frame as a table.

    Parameters
    ----------
    study : Study
        For names and number formats.
    frame : DataFrame
        The frame that the figure was made from.
    shown : mapping
        Column of the frame to how it is shown: ``text``, ``day`` (ISO), ``points`` (percent), ``size`` (percent without
        sign), ``price``, ``p``, ``whole``. Titles come from ``column.<name>``.
    """
    texts = study.texts
    show: Mapping[str, Show] = {
        "text": str,
        "day": lambda value: str(value)[:10],
        "points": texts.points,
        "size": texts.size,
        "price": texts.number,
        "p": texts.pvalue,
        "whole": lambda value: texts.number(value, 0),
    }
    columns = tuple(
        Column(texts(f"column.{name}", level=study.level()), "left" if kind in ("text", "day") else "right")
        for name, kind in shown.items()
    )
    rows = tuple(
        tuple(texts.known(value, show[kind]) for value, kind in zip(row, shown.values(), strict=True))
        for row in frame[list(shown)].itertuples(index=False)
    )
    return Table(columns, rows)
