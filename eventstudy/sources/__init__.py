"""Where prices come from: the package's recordings or a folder of the user's own files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.errors import OptionError, PriceError

if TYPE_CHECKING:
    from eventstudy.prices import PricePanel
    from eventstudy.spec import StudySpec


def load_prices(spec: StudySpec, source: str | Path = "recorded") -> PricePanel:
    """Get the prices of every security, benchmark and peer of a study.

    Parameters
    ----------
    spec : StudySpec
        The study; its symbols are the names of the recordings and of the files (``SYMBOL.csv``).
    source : str or path
        ``"recorded"``, or the path of a folder (``./recorded`` for a folder of that name).

    Returns
    -------
    PricePanel
        A series for each of ``spec.instruments``, in that order, with a close. A peer may have an adjusted close only,
        or no prices at all; then the study says what it does without it.

    Raises
    ------
    OptionError
        If the source is not one of these.
    PriceError
        If a symbol has no prices there, or no close.
    PriceFileError
        With every fault of every file.
    """
    if source == "live":
        raise OptionError(
            "the source 'live' is not part of this version, which downloads nothing; "
            "use 'recorded' or the path of a folder with a file SYMBOL.csv for each symbol"
        )
    needed = {member for one in _mains(spec) for member in spec.benchmarks[one].members}
    required = [symbol for symbol in spec.instruments if symbol not in spec.peers or symbol in needed]
    optional = [symbol for symbol in spec.instruments if symbol not in required]
    if source == "recorded":
        from eventstudy.sources.recorded import read_recorded, recorded_symbols

        known = recorded_symbols()
        panel = read_recorded([*required, *(symbol for symbol in optional if symbol in known)])
    else:
        from eventstudy.sources.folder import read_folder

        if not Path(source).is_dir():
            raise OptionError(f"the source {str(source)!r} is neither 'recorded' nor a folder; name one of the two")
        panel = read_folder(source, required, optional)
    _require_close(panel, (*spec.securities, *spec.benchmarks))
    from eventstudy.prices import PricePanel

    return PricePanel({symbol: panel[symbol] for symbol in spec.instruments if symbol in panel})


def _mains(spec: StudySpec) -> set[str]:
    """Benchmarks that securities are held against."""
    return {name for security in spec.securities.values() for name in security.benchmarks}


def _require_close(panel: PricePanel, symbols: Iterable[str]) -> None:
    """Refuse securities and benchmarks without the traded close, which limits and dividends are reckoned on."""
    without = [symbol for symbol in symbols if symbol in panel and panel[symbol].close is None]
    if without:
        raise PriceError(
            f"only an adjusted close is given for {', '.join(without)}; a study needs the traded close as well "
            "(dividends and price limits are reckoned on it): supply files with a column close"
        )
