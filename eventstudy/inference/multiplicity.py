"""Adjustment of p-values over a declared family of tests, by statsmodels; families with a gap are refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.errors import InputError


def holm(pvalues: Sequence[float] | Floats) -> Floats:
    """Adjusted p-values that hold the chance of any false rejection in the family, whatever the dependence.

    Parameters
    ----------
    pvalues : (m,) float
        One p-value per hypothesis of the family, none missing.

    Returns
    -------
    (m,) float
        ``p_(j) = max over i <= j of min(1, (m - i + 1) p_(i))``, in the order of the input.

    Raises
    ------
    InputError
        For a value that is no probability.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    return _adjusted(pvalues, "holm")


def benjamini_hochberg(pvalues: Sequence[float] | Floats) -> Floats:
    """Adjusted p-values that hold the expected share of false rejections; for tests not negatively dependent.

    Parameters
    ----------
    pvalues : (m,) float
        One p-value per hypothesis of the family, none missing.

    Returns
    -------
    (m,) float
        ``p_(j) = min over i >= j of min(1, m p_(i) / i)``, in the order of the input.

    Raises
    ------
    InputError
        For a value that is no probability.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.
    """
    return _adjusted(pvalues, "fdr_bh")


def benjamini_yekutieli(pvalues: Sequence[float] | Floats) -> Floats:
    """As `benjamini_hochberg` for tests with any dependence: times ``1 + 1/2 + ... + 1/m``.

    Parameters
    ----------
    pvalues : (m,) float
        One p-value per hypothesis of the family, none missing.

    Returns
    -------
    (m,) float
        In the order of the input.

    Raises
    ------
    InputError
        For a value that is no probability.

    References
    ----------
    Benjamini and Yekutieli (2001), Annals of Statistics 29, 1165-1188.
    """
    return _adjusted(pvalues, "fdr_by")


def _adjusted(pvalues: Sequence[float] | Floats, method: str) -> Floats:
    values = np.asarray(pvalues, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"a family of p-values has one dimension, not {values.ndim}")
    wrong = np.flatnonzero(~((values >= 0.0) & (values <= 1.0)))
    if wrong.size:
        raise InputError(
            f"p-value {wrong[0]} of the family is {values[wrong[0]]}; leave tests without a result out before adjusting"
        )
    if not values.size:
        return values
    from statsmodels.stats.multitest import multipletests

    return np.asarray(multipletests(values, method=method)[1], dtype=np.float64)
