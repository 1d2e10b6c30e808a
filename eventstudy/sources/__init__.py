"""Where prices come from: the package's recordings, the vendors, or a folder of the user's own files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.errors import OptionError, PriceError

if TYPE_CHECKING:
    from eventstudy.prices import PricePanel
    from eventstudy.sources.live import LiveSource
    from eventstudy.spec import StudySpec

ANEW = timedelta(hours=1)
"""Age up to which a download stands for one that is made anew."""


def load_prices(
    spec: StudySpec,
    source: str | Path = "recorded",
    *,
    cache: str | Path | bool = True,
    told: Callable[[str], None] = lambda sentence: None,
    progress: Callable[[int, int, str], None] = lambda done, of, symbol: None,
) -> PricePanel:
    """Get the prices of every security, benchmark and peer of a study.

    Parameters
    ----------
    spec : StudySpec
        The study. Its symbols are the names of the recordings and of the files (``SYMBOL.csv``); ``symbols`` says what
        vendors call them, ``prices`` the range of a download and how files of the user's own are read.
    source : str or path
        ``"recorded"`` (the study's own recordings, then the package's), ``"live"``, or the path of a folder
        (``./live`` for a folder of that name), whose files are laid over the recordings symbol by symbol.
    cache : bool or path, optional
        Live only: where downloads are kept; True for the user's cache folder, False for nowhere.
    told : callable, optional
        Is told in a sentence of attempts, of the vendor that was taken instead of another, of changes; and which
        symbols came from a folder and which from the recordings.
    progress : callable, optional
        Live only: (how many are done, of how many, the symbol that comes).

    Returns
    -------
    PricePanel
        A series for each of ``spec.instruments``, in that order, with a close. A peer may have an adjusted close only,
        or no prices at all; then the study says what it does without it.

    Raises
    ------
    OptionError
        If the source is not one of these, or no vendor's name of a symbol is known.
    PriceError
        If a symbol has no prices there, or no close.
    PriceFileError
        With every fault of every file.
    SourceError
        If no vendor gives a symbol; `kept` holds those before it.
    """
    mains = {name for security in spec.securities.values() for name in security.benchmarks}
    needed = {member for one in mains for member in spec.benchmarks[one].members}
    required = [symbol for symbol in spec.instruments if symbol not in spec.peers or symbol in needed]
    optional = [symbol for symbol in spec.instruments if symbol not in required]
    if source == "recorded":
        panel = _recorded(spec, required, optional)
    elif source == "live":
        panel = live_source(cache, told, progress).read(spec, required, optional)
    else:
        panel = _laid_over(Path(source), spec, required, optional, told)
    _require_close(panel, (*spec.securities, *spec.benchmarks))
    from eventstudy.prices import PricePanel

    return PricePanel({symbol: panel[symbol] for symbol in spec.instruments if symbol in panel})


def _own_recordings(spec: StudySpec) -> Path | None:
    """The folder of a study's own recordings, if it states one."""
    from eventstudy.sources.recorded import MANIFEST

    own = None if spec.prices.recorded is None else Path(spec.prices.recorded)
    if own is not None and not (own / MANIFEST).is_file():
        raise OptionError(
            f"prices.recorded names {own}, which has no {MANIFEST}; make it with eventstudy record, or remove the key"
        )
    return own


def _recorded(spec: StudySpec, required: Sequence[str], optional: Sequence[str]) -> PricePanel:
    """What is recorded of a study's symbols; the optional ones where they are."""
    from eventstudy.sources.recorded import read_recorded, recorded_symbols

    own = _own_recordings(spec)
    known = {*recorded_symbols(), *(() if own is None else recorded_symbols(own))}
    return read_recorded([*required, *(symbol for symbol in optional if symbol in known)], own)


def _laid_over(
    folder: Path, spec: StudySpec, required: Sequence[str], optional: Sequence[str], told: Callable[[str], None]
) -> PricePanel:
    """A folder of the user's own, laid over the recordings: what it does not hold is taken from them, and told."""
    from eventstudy.prices import PricePanel
    from eventstudy.sources.own.folder import read_folder
    from eventstudy.sources.own.tables import exchange_zones, shares_of
    from eventstudy.sources.recorded import recorded_symbols

    if not folder.is_dir():
        raise OptionError(
            f"the source {str(folder)!r} is neither 'recorded' nor 'live' nor a folder; name one of the three"
        )
    own = _own_recordings(spec)
    known = {*recorded_symbols(), *(() if own is None else recorded_symbols(own))}
    needed = [symbol for symbol in required if symbol not in known]
    others = [symbol for symbol in (*required, *optional) if symbol not in needed]
    files, zones, shares = spec.prices.files, exchange_zones(spec), shares_of(spec)
    had = read_folder(folder, needed, others, tables=files, zones=zones, shares=shares)
    if not len(had):
        had = read_folder(folder, required, tables=files, zones=zones, shares=shares)
    rest = [symbol for symbol in others if symbol in known and symbol not in had]
    if not rest:
        return had
    recorded = _recorded(spec, rest, ())
    told(f"from {folder}: {', '.join(had)}; from the recordings: {', '.join(rest)}")
    return PricePanel({**had.series, **recorded.series})


def live_source(
    cache: str | Path | bool,
    told: Callable[[str], None],
    progress: Callable[[int, int, str], None],
    *,
    anew: bool = False,
) -> LiveSource:
    """The vendors, with the pace kept over all processes and downloads kept where `cache` says.

    With `anew` a download counts as had only if it is younger than `ANEW`, so that one that was interrupted goes on.
    """
    from datetime import UTC, datetime

    from eventstudy.sources.live import LiveSource
    from eventstudy.sources.vendors.cache import PriceCache, cache_folder
    from eventstudy.sources.vendors.download import Manner
    from eventstudy.sources.vendors.manners import Pace

    folder = cache_folder() if cache is True or cache is False else Path(cache)
    since = datetime.now(UTC) - ANEW if anew else None
    kept = None if cache is False else PriceCache(folder, told, since)
    return LiveSource(kept, Manner(pace=Pace(folder / "pace"), told=told), progress)


def _require_close(panel: PricePanel, symbols: Iterable[str]) -> None:
    """Refuse securities and benchmarks without the traded close, which limits and dividends are reckoned on."""
    without = [
        symbol for symbol in symbols if symbol in panel and panel[symbol].close is None and not panel[symbol].of_returns
    ]
    if without:
        raise PriceError(
            f"only an adjusted close is given for {', '.join(without)}; a study needs the traded close as well "
            "(dividends and price limits are reckoned on it): supply files with a column close"
        )
