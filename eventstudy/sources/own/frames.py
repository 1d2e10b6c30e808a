"""Prices in memory: a frame of pandas, polars or Arrow to a panel, through the checks that files pass."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from eventstudy.errors import Fault, OptionError, PriceFileError, shortened
from eventstudy.facts import Fact, fact, words
from eventstudy.gate.tables import ASSETS, DATES, RETURNS
from eventstudy.options import spelled
from eventstudy.prices import PricePanel, PriceSeries
from eventstudy.sources.own.grids import Grid, frame_grid, plain_name, without_ends
from eventstudy.sources.own.parts import find_parts, rules_of
from eventstudy.sources.own.rows import Origin
from eventstudy.sources.own.tables import part_series
from eventstudy.sources.traded import may_be_share

if TYPE_CHECKING:
    import pandas as pd
    from pydantic_core import ErrorDetails

    from eventstudy.spec import PriceTable

FIELDS = ("date", "symbol", "open", "high", "low", "close", "adj_close", "volume", "return")
SPELLINGS = {"date": DATES, "symbol": ASSETS, "return": RETURNS}
"""Names that a frame's headers may have, in any case, where `columns` does not say it."""
ACTIONS = ("Dividends", "Stock Splits", "Capital Gains")
"""Columns that yfinance may give beside prices."""


@spelled
def prices_from_frame(  # noqa: PLR0913 - how a table is read, as prices.files states it; all but two keyword-only
    frame: pd.DataFrame | object,
    layout: Literal["wide", "long", "single"] = "wide",
    *,
    columns: Mapping[str, Any] | None = None,
    values: Literal["close", "adj_close", "return"] | None = None,
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
    indices: Sequence[str] = (),
    adjustment: str | None = None,
    vendor: str | None = None,
) -> PricePanel:
    """Prices of a frame, checked cell by cell as those of a file.

    Parameters
    ----------
    frame : DataFrame of pandas or polars, or Arrow table
        ``wide``: a row a session, a column a symbol; or, where the columns have levels, a column a symbol and field, as
        ``yfinance.download`` gives it. ``long``: a row a symbol and session. ``single``: the rows of one symbol. An
        index that does more than count is read as columns before the others, an unnamed one as ``date``.
    layout : {"wide", "long", "single"}
        Which of these it is.
    columns : mapping, optional
        Header by the name used here: ``date``, ``symbol``, ``open``, ``high``, ``low``, ``close``, ``adj_close``,
        ``volume``, ``return`` (decimal total return of the session, 0.01 = 1 %, chained to an adjusted close). Only
        the columns named are read; without it, those whose headers are these names in any spelling (``Adj Close``),
        for dates and symbols also the names that `event_study` knows (``session``, ``permno``, ``ticker`` ...).
    values : {"close", "adj_close", "return"}
        What the cells of a wide frame are, closes unless given; NaN is a session without a price. Of columns with
        levels the field to be read; without it, all that are known.
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
    indices : sequence of str
        Symbols that are no shares though they might be: a share's row with a volume of 0 is no trade and left out, an
        index's is not.
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
        For options that are not allowed or contradict each other, and frames that cannot be tables of prices.
    InputError
        For anything that is no table; code ``gate.kind`` or ``gate.lazy``.
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
    grid = frame_grid(_frame(frame))
    given = _names(columns, "columns")
    known = given if given and layout != "wide" else {**_known(grid, layout, values), **given}
    crossed = layout == "wide" and grid.levels > 1 and bool(set(known) - {"date", "symbol"})
    table = _table(
        layout=layout,
        columns=known,
        values=None if layout != "wide" or crossed else values or "close",
        symbols={plain_name(symbol): name for symbol, name in _names(symbols, "symbols").items()},
        of=None if of is None else plain_name(of),
        dates=dates,
        timezone=timezone,
        decimal=decimal,
        thousands=thousands,
        percent=percent,
        currency=currency,
        short_volumes=short_volumes,
        missing=(missing,) if isinstance(missing, str) else missing,
        negative=negative,
        order=order,
        skip_after_header=skip_after_header,
        skip_at_end=skip_at_end,
        adjustment=adjustment,
        vendor=vendor,
    )
    try:
        grid = without_ends(grid, table)
    except ValueError as error:
        raise OptionError(str(error)) from None
    return _panel(grid, table, _zones(exchange_timezone), {plain_name(one) for one in _texts(indices, "indices")})


def _frame(given: Any) -> pd.DataFrame:
    import pandas as pd

    from eventstudy.gate.tables import as_pandas

    if isinstance(given, pd.Series) and given.name is None:
        raise OptionError("the series has no name, which would be its symbol; name it: series.rename('SYMBOL')")
    frame = given if isinstance(given, pd.DataFrame) else as_pandas(given, "frame")
    if frame.empty:
        raise OptionError("the frame has no rows or no columns; give a frame with prices")
    return frame


def _names(given: object, option: str) -> dict[Any, str]:
    """A mapping of an option with the names that the frame uses as texts."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise OptionError(
            f"{option} maps the names used here to those of the frame, as {{'close': 'Last'}}, not {given!r}"
        )
    return {name: plain_name(written) for name, written in given.items()}


def _texts(given: object, option: str) -> Sequence[object]:
    if isinstance(given, str) or not isinstance(given, (list, tuple, set, frozenset)):
        raise OptionError(f"{option} is a list of symbols, not {given!r}")
    return tuple(given)


def _known(grid: Grid, layout: str, values: str | None) -> dict[str, str]:
    """What the headers of a frame are known to be, where `columns` does not say it.

    Raises
    ------
    OptionError
        Where the columns of a wide frame are fields and not symbols.
    """
    found = {}
    for name in FIELDS:
        if written := _spelt(name, grid):
            found[name] = written
    if layout != "wide":
        return found if found.keys() - found.values() else {}
    date = {"date": found["date"]} if "date" in found else {}
    fields = {name: written for name, written in found.items() if name not in ("date", "symbol")}
    if grid.levels > 1:
        return {**date, **_chosen(fields, values, grid.levels)}
    if "close" in fields and len(fields) > 1 and len(fields) + len(date) >= len(grid.names) - len(ACTIONS):
        told = f"the columns {', '.join(fields.values())} are fields of one symbol"
        raise OptionError(f"{told}; state layout='single' and of=, its symbol")
    return date


def _chosen(fields: dict[str, str], values: str | None, levels: int) -> dict[str, str]:
    """The fields to be read of columns with levels."""
    if values is not None and values in fields:
        return {values: fields[values]}
    if values is not None or not {"close", "adj_close", "return"} & set(fields):
        wanted = values or "close"
        raise OptionError(
            f"the frame's columns have {levels} levels, none of which names {wanted}; "
            f"state columns={{{wanted!r}: ...}}, or give a frame with one level, a column a symbol"
        )
    bar = {"open", "high", "low", "close"} <= set(fields)
    return {name: written for name, written in fields.items() if bar or name not in ("open", "high", "low")}


def _spelt(name: str, grid: Grid) -> str | None:
    """How the headers spell a name used here: as it is, else the only one that may be meant."""
    if grid.called(name):
        return name
    every = dict.fromkeys(one for names in grid.names for one in names if one)
    alike = [one for one in every if re.sub(r"[ _]+", "_", one.lower()) in SPELLINGS.get(name, (name,))]
    return alike[0] if len(alike) == 1 else None


def _zones(given: Any) -> str | Mapping[str, str] | None:
    for zone in given.values() if isinstance(given, Mapping) else () if given is None else (given,):
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError, TypeError):
            raise OptionError(
                f"exchange_timezone: unknown time zone {zone!r}; write a name such as America/New_York"
            ) from None
    return given if given is None or isinstance(given, str) else dict(given)


def _panel(
    grid: Grid, table: PriceTable, zones: str | Mapping[str, str] | None, indices: Collection[str]
) -> PricePanel:
    faults: list[Fault] = []
    series: dict[str, PriceSeries] = {}
    rules, adjustment = rules_of(table), _adjustment(grid, table)
    for part in find_parts(grid, table, None, faults, []):
        _require_encodable(part.symbol)
        zone = zones if zones is None or isinstance(zones, str) else zones.get(part.symbol)
        publisher = words(table.vendor) if table.vendor else fact("publisher.own_frame")
        share = part.symbol not in indices and may_be_share(part.symbol)
        origin = Origin(part.symbol, "frame", publisher, "frame", adjustment, share=share)
        if one := part_series(part, rules, zone, origin, "", faults):
            series[part.symbol] = replace(one, provenance=replace(one.provenance, sha256=_checksum(one)))
    if faults:
        raise PriceFileError(shortened(faults))
    return PricePanel(series)


def _adjustment(grid: Grid, table: PriceTable) -> Fact:
    """What the prices are adjusted for: as stated; Yahoo's close without an adjusted one may be adjusted itself."""
    if table.adjustment:
        return words(table.adjustment)
    headers = {one for names in grid.names for one in names}
    if "Close" in headers and "Adj Close" not in headers and table.columns.get("close") == "Close":
        return fact("adjustment.close_alone")
    return fact("adjustment.as_supplied")


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


def _require_encodable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise OptionError(f"{text!a} has a character that no file can hold; write it otherwise") from None


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
