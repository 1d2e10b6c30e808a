"""Prices that are in memory already: a pandas frame to a panel, through the checks that files pass."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from eventstudy.errors import Fault, OptionError, PriceFileError, shortened
from eventstudy.facts import fact, words
from eventstudy.prices import PricePanel, PriceSeries
from eventstudy.sources.own.grids import frame_grid, plain_name, without_ends
from eventstudy.sources.own.parts import find_parts, rules_of
from eventstudy.sources.own.rows import Origin
from eventstudy.sources.own.tables import part_series

if TYPE_CHECKING:
    import pandas as pd
    from pydantic_core import ErrorDetails

    from eventstudy.spec import PriceTable


def prices_from_frame(  # noqa: PLR0913 - how a table is read, as prices.files states it; all but two keyword-only
    frame: pd.DataFrame,
    layout: Literal["wide", "long", "single"] = "wide",
    *,
    columns: Mapping[str, Any] | None = None,
    values: Literal["close", "adj_close", "return"] = "close",
    symbols: Mapping[str, Any] | None = None,
    of: str | None = None,
    dates: str | None = None,
    timezone: str | None = None,
    exchange_timezone: str | Mapping[str, str] | None = None,
    decimal: Literal[".", ","] = ".",
    thousands: Literal[",", ".", "'", " "] | None = None,
    percent: bool = False,
    currency: str | None = None,
    short_volumes: bool = False,
    missing: Sequence[str] = (),
    negative: Literal["bid_ask_average"] | None = None,
    order: Literal["oldest_first", "newest_first"] = "oldest_first",
    skip_after_header: int | str | Sequence[str] = 0,
    skip_at_end: int | str | Sequence[str] = 0,
    adjustment: str | None = None,
    vendor: str | None = None,
) -> PricePanel:
    """Prices of a frame, checked cell by cell as those of a file.

    Parameters
    ----------
    frame : DataFrame
        ``wide``: a row a session, a column a symbol. ``long``: a row a symbol and session. ``single``: the rows of one
        symbol. An index that does more than count is read as columns before the others, an unnamed one as ``date``.
    layout : {"wide", "long", "single"}
        Which of these it is.
    columns : mapping, optional
        Header by the name used here: ``date``, ``symbol``, ``open``, ``high``, ``low``, ``close``, ``adj_close``,
        ``volume``, ``return`` (decimal total return of the session, 0.01 = 1 %, chained to an adjusted close). Only
        the columns named are read; without it, those whose headers are these names.
    values : {"close", "adj_close", "return"}
        What the cells of a wide frame are; NaN is a session without a price.
    symbols : mapping, optional
        What the frame calls each symbol to be read; without it, every symbol under its own name.
    of : str, optional
        The symbol of a single frame.
    dates : str, optional
        Format of dates that are texts (`datetime.strptime`); ISO without it.
    timezone : str, optional
        Zone of stamps with a time of day and no offset, or ``"as written"`` where their date is the session.
    exchange_timezone : str or mapping of str to str, optional
        Zone in which sessions are dated, of all symbols or of each; stamps with a time of day need it.
    decimal, thousands : str
        How numbers that are texts are written.
    percent : bool
        Whether returns are in percent.
    currency : str, optional
        Sign that stands before or after prices that are texts.
    short_volumes : bool
        Whether volumes that are texts are written as 1.2M.
    missing : sequence of str
        Cells that mean: no trade; ``""`` stands for NaN, which is a fault in long and single frames otherwise.
    negative : {"bid_ask_average"}, optional
        Take the absolute value of negative closes, as CRSP marks the average of bid and ask.
    order : {"oldest_first", "newest_first"}
        Which row comes first.
    skip_after_header, skip_at_end : int, str or sequence of str
        Rows at both ends that are not of the table (units, a source): how many, or what they begin with.
    adjustment, vendor : str, optional
        What the prices are adjusted for and who published them, for the provenance, which says ``as supplied`` and
        ``the caller's own frame`` without them.

    Returns
    -------
    PricePanel
        A series a symbol, in the order of `symbols` or of the frame. Its checksum is that of the series written as
        CSV, since a frame has no bytes of its own.

    Raises
    ------
    OptionError
        For options that are not allowed or contradict each other.
    PriceFileError
        With every fault as ``frame:row:column: row label ..., column ...: message``.

    Examples
    --------
    >>> import pandas as pd
    >>> import eventstudy as es
    >>> closes = pd.DataFrame({"NVDA": [185.55, 184.97]}, index=pd.to_datetime(["2025-12-08", "2025-12-09"]))
    >>> es.prices_from_frame(closes, adjustment="as traded")["NVDA"].close
    array([185.55, 184.97])
    """
    if frame.columns.nlevels > 1:
        raise OptionError(
            f"the frame's columns have {frame.columns.nlevels} levels; give a frame with one, e.g. frame['Close']"
        )
    if frame.empty:
        raise OptionError("the frame has no rows or no columns; give a frame with prices")
    table = _table(
        layout=layout,
        columns={name: plain_name(header) for name, header in (columns or {}).items()},
        values=values if layout == "wide" else None,
        symbols={symbol: plain_name(name) for symbol, name in (symbols or {}).items()},
        of=of,
        dates=dates,
        timezone=timezone,
        decimal=decimal,
        thousands=thousands,
        percent=percent,
        currency=currency,
        short_volumes=short_volumes,
        missing=tuple(missing),
        negative=negative,
        order=order,
        skip_after_header=skip_after_header,
        skip_at_end=skip_at_end,
        adjustment=adjustment,
        vendor=vendor,
    )
    return _panel(frame, table, exchange_timezone)


def _panel(frame: pd.DataFrame, table: PriceTable, zones: str | Mapping[str, str] | None) -> PricePanel:
    try:
        grid = without_ends(frame_grid(frame), table)
    except ValueError as error:
        raise OptionError(str(error)) from None
    faults: list[Fault] = []
    series: dict[str, PriceSeries] = {}
    rules = rules_of(table)
    for part in find_parts(grid, table, None, faults, []):
        zone = zones if zones is None or isinstance(zones, str) else zones.get(part.symbol)
        publisher = words(table.vendor) if table.vendor else fact("publisher.own_frame")
        adjustment = words(table.adjustment) if table.adjustment else fact("adjustment.as_supplied")
        origin = Origin(part.symbol, "frame", publisher, "frame", adjustment)
        if one := part_series(part, rules, zone, origin, "", faults):
            series[part.symbol] = replace(one, provenance=replace(one.provenance, sha256=_checksum(one)))
    if faults:
        raise PriceFileError(shortened(faults))
    return PricePanel(series)


def _table(**given: Any) -> PriceTable:
    from pydantic import ValidationError

    from eventstudy.spec.prices import PriceTable, table_conflicts

    try:
        table = PriceTable.model_validate(given)
    except ValidationError as error:
        raise OptionError(_sentence(error.errors()[0])) from None
    for path, message in table_conflicts(table):
        raise OptionError(f"{'.'.join(map(str, path))}: {message}" if path else message)
    return table


def _sentence(detail: ErrorDetails) -> str:
    place = ".".join(str(part) for part in detail["loc"] if part != "[key]")
    context = detail.get("ctx", {})
    if "error" in context:
        return f"{place}: {context['error']}"
    reason = f"allowed: {context['expected']}" if "expected" in context else detail["msg"]
    return f"{place}: {detail['input']!r} is not allowed; {reason}"


def _checksum(series: PriceSeries) -> str:
    """SHA-256 of the series written as ``SYMBOL.csv``, each number with all its digits."""
    names = tuple(series.columns)
    rows = zip(series.sessions, *series.columns.values(), strict=True)
    lines = [",".join(("date", *names)), *(",".join((str(row[0]), *map(repr, map(float, row[1:])))) for row in rows)]
    return hashlib.sha256(("\n".join(lines) + "\n").encode()).hexdigest()
