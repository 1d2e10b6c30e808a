"""CARs on firm characteristics, and whether one date's slope is out of the ordinary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.engine.sample import Sample
from eventstudy.errors import InputError, OptionError
from eventstudy.models.regressions import Covariance, fit_cross_section, slope_distribution

if TYPE_CHECKING:
    import pandas as pd


def regress(
    cars: pd.Series, characteristics: pd.DataFrame, *, covariance: Covariance, clusters: pd.Series | None
) -> pd.DataFrame:
    """Coefficients of CARs on characteristics; events without either are left out and counted in `attrs`."""
    import pandas as pd

    if covariance == "cluster" and clusters is None:
        raise OptionError("covariance='cluster' needs clusters, a Series by event_id")
    joined = _joined(cars, characteristics)
    x = joined[characteristics.columns].to_numpy(dtype=float)
    codes = None if clusters is None else pd.factorize(clusters.reindex(joined.index))[0]
    if codes is not None and (codes < 0).any():
        raise InputError(f"clusters has no value for {int((codes < 0).sum())} events; give each event its cluster")
    fit = fit_cross_section(joined["car"].to_numpy(), x, covariance=covariance, clusters=codes)
    frame = pd.DataFrame(
        {
            "coefficient": fit.params,
            "std_error": fit.std_error,
            "statistic": fit.statistic,
            "df": fit.df,
            "pvalue": fit.pvalue,
        },
        index=pd.Index(["constant", *map(str, characteristics.columns)], name="regressor"),
    )
    frame.attrs |= {"nobs": fit.nobs, "rsquared": fit.rsquared, "left_out": len(cars) - fit.nobs}
    return frame


def slopes(
    sample: Sample, ar: pd.Series, resid: Floats, characteristics: pd.DataFrame, *, days: int | None
) -> pd.DataFrame:
    """Event-day slopes against their distribution over pre-event days; all events on one date."""
    import pandas as pd

    if np.unique(sample.position).size > 1:
        raise OptionError("the pre-event reference distribution needs events on one date; these fall on several")
    joined = _joined(ar, characteristics)
    rows = np.array([ar.index.get_loc(event) for event in joined.index])
    before = resid[rows].T
    whole = before[np.isfinite(before).all(axis=1)]
    chosen = whole if days is None else whole[-days:]
    if chosen.shape[0] < 2:
        raise InputError("fewer than two pre-event days have a return of every event's asset")
    x = joined[characteristics.columns].to_numpy(dtype=float)
    found = slope_distribution(joined["car"].to_numpy(), chosen, x)
    return pd.DataFrame(
        {
            "slope": found.slope,
            "pre_event_mean": found.reference.mean(axis=0),
            "pre_event_sd": found.reference.std(axis=0, ddof=1),
            "pvalue": found.pvalue,
            "statistic": found.statistic,
            "pvalue_t": found.pvalue_t,
            "n_days": chosen.shape[0],
        },
        index=pd.Index(["constant", *map(str, characteristics.columns)], name="regressor"),
    )


def _joined(cars: pd.Series, characteristics: pd.DataFrame) -> pd.DataFrame:
    """CARs beside their characteristics, whole rows only."""
    if characteristics.index.has_duplicates:
        raise InputError("characteristics must have one row for each event_id")
    joined = characteristics.join(cars.rename("car"), how="inner", validate="one_to_one").dropna()
    if len(joined) <= characteristics.shape[1] + 1:
        raise InputError(f"{len(joined)} events with a CAR and all characteristics do not suffice")
    return joined
