"""CARs on firm characteristics, and whether one date's slope is out of the ordinary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.errors import InputError, OptionError
from eventstudy.kernel.sample import Sample
from eventstudy.models.regressions import Covariance, fit_cross_section, slope_distribution
from eventstudy.options import shown, whole

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 3


def regress(
    cars: pd.Series, characteristics: pd.DataFrame, *, covariance: Covariance, clusters: pd.Series | None
) -> pd.DataFrame:
    """Coefficients of CARs on characteristics; events without either are left out and counted in `attrs`."""
    import pandas as pd

    joined = _joined(cars, characteristics)
    x = joined.drop(columns="car").to_numpy()
    codes = None if clusters is None else _codes(clusters, joined.index)
    fit = fit_cross_section(joined["car"].to_numpy(), x, covariance=covariance, clusters=codes)
    frame = pd.DataFrame(
        {
            "coefficient": fit.params,
            "std_error": fit.std_error,
            "statistic": fit.statistic,
            "df": fit.df,
            "pvalue": fit.pvalue,
        },
        index=_regressors(joined),
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
    if days is not None:
        days = whole("days", days, least=2)
    joined = _joined(ar, characteristics)
    rows = np.array([ar.index.get_loc(event) for event in joined.index])
    before = resid[rows].T
    whole_days = before[np.isfinite(before).all(axis=1)]
    chosen = whole_days if days is None else whole_days[-days:]
    if chosen.shape[0] < 2:
        raise InputError("fewer than two pre-event days have a return of every event's asset")
    found = slope_distribution(joined["car"].to_numpy(), chosen, joined.drop(columns="car").to_numpy())
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
        index=_regressors(joined),
    )


def _regressors(joined: pd.DataFrame) -> pd.Index[str]:
    import pandas as pd

    return pd.Index(["constant", *joined.columns[:-1]], name="regressor")


def _joined(cars: pd.Series, characteristics: pd.DataFrame) -> pd.DataFrame:
    """Characteristics by event_id with their CARs in a last column, whole rows only."""
    import pandas as pd

    if not isinstance(characteristics, pd.DataFrame):
        raise InputError(f"characteristics is {shown(characteristics)}; give a DataFrame with rows by event_id")
    numbers = _by_event("characteristics", _numbers(characteristics), cars.index)
    if (twice := numbers.columns[numbers.columns.duplicated()]).size or "car" in numbers.columns:
        name = twice[0] if twice.size else "car"
        raise InputError(f"the characteristic {name!r} stands there twice, or has a name of ours; rename it")
    joined: pd.DataFrame = numbers.assign(car=cars).dropna()
    width = numbers.shape[1] + 1
    if len(joined) <= width:
        raise InputError(
            f"{len(joined)} events have a CAR and all {width - 1} characteristics; {width + 1} or more are needed"
        )
    design = np.column_stack([np.ones(len(joined)), joined.drop(columns="car")])
    if np.linalg.matrix_rank(design / np.abs(design).max(axis=0).clip(min=np.finfo(float).tiny)) < width:
        raise InputError(f"the characteristics {', '.join(numbers.columns)} and a constant are collinear; take one out")
    return joined


def _numbers(characteristics: pd.DataFrame) -> pd.DataFrame:
    """The characteristics as floats, their names as text."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name, column in characteristics.items():
        if not (pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)):
            raise InputError(
                f"the characteristic {name!r} holds {column.dtype}, not numbers; make indicators of it, as "
                "pandas.get_dummies does"
            )
        columns[str(name)] = column.to_numpy(dtype=float, na_value=np.nan)
        if np.isinf(columns[str(name)]).any():
            raise InputError(f"the characteristic {name!r} has an infinite value; leave it out as NaN")
    return pd.DataFrame(columns, index=characteristics.index)


def _by_event(what: str, given: Any, events: pd.Index[Any]) -> Any:
    """The rows of the events, in their order, NaN where there is none; ids are compared as text."""
    named = given.set_axis(given.index.map(str))
    if not named.index.isin(events).any():
        found, wanted = (", ".join(map(str, index[:_SHOWN])) for index in (named.index, events))
        raise InputError(
            f"{what} has rows {found or 'none'} and the events have the ids {wanted}; give rows by event_id"
        )
    if named.index.has_duplicates:
        raise InputError(f"{what} must have one row for each event_id")
    return named.reindex(events)


def _codes(clusters: pd.Series, events: pd.Index[Any]) -> Any:
    import pandas as pd

    if not isinstance(clusters, pd.Series):
        raise InputError(f"clusters is {shown(clusters)}; give a Series with rows by event_id")
    codes = pd.factorize(_by_event("clusters", clusters, events))[0]
    if (codes < 0).any():
        raise InputError(f"clusters has no value for {int((codes < 0).sum())} events; give each event its cluster")
    if np.unique(codes).size < 2:
        raise InputError("clusters puts all events into one; give two or more, or another covariance")
    return codes
