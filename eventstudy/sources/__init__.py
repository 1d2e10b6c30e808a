"""Where prices come from: the package's recordings or a folder of the user's own files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.errors import OptionError, PriceError

if TYPE_CHECKING:
    from eventstudy.prices import PricePanel
    from eventstudy.spec import StudySpec


def load_prices(spec: StudySpec, source: str | Path = "recorded") -> PricePanel:
    """Get the prices of every security and benchmark of a study.

    Parameters
    ----------
    spec : StudySpec
        The study; its symbols are the names of the recordings and of the files (``SYMBOL.csv``).
    source : str or path
        ``"recorded"``, or the path of a folder (``./recorded`` for a folder of that name).

    Returns
    -------
    PricePanel
        A series with a close for each of ``spec.instruments``, in that order.

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
    if source == "recorded":
        from eventstudy.sources.recorded import read_recorded

        panel = read_recorded(spec.instruments)
    else:
        from eventstudy.sources.folder import read_folder

        if not Path(source).is_dir():
            raise OptionError(f"the source {str(source)!r} is neither 'recorded' nor a folder; name one of the two")
        panel = read_folder(source, spec.instruments)
    _require_close(panel)
    return panel


def _require_close(panel: PricePanel) -> None:
    without = [symbol for symbol in panel if panel[symbol].close is None]
    if without:
        raise PriceError(
            f"only an adjusted close is given for {', '.join(without)}; a study needs the traded close as well "
            "(dividends and price limits are reckoned on it): supply files with a column close"
        )
