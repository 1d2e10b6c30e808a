"""A declared family of tests, adjusted for being looked at together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from eventstudy.inference import benjamini_hochberg, benjamini_yekutieli, holm
from eventstudy.options import one_of

if TYPE_CHECKING:
    import pandas as pd

METHODS = {"holm": holm, "benjamini_hochberg": benjamini_hochberg, "benjamini_yekutieli": benjamini_yekutieli}


def adjust_pvalues(
    family: Mapping[str, float] | pd.Series,
    method: Literal["holm", "benjamini_hochberg", "benjamini_yekutieli"] = "holm",
) -> pd.DataFrame:
    """Adjust the p-values of a family that was declared before they were seen.

    Parameters
    ----------
    family : mapping or Series
        Hypothesis to p-value, all of them; e.g. firms x windows.
    method : {"holm", "benjamini_hochberg", "benjamini_yekutieli"}
        Holm holds the chance of any false rejection; the other two the expected share of false rejections.

    Returns
    -------
    DataFrame
        By hypothesis: pvalue, adjusted.

    Raises
    ------
    InputError
        For a missing p-value or one that is no probability: leaving it out would change the family.
    OptionError
        For another method.
    """
    import pandas as pd

    one_of("method", method, METHODS)
    given = pd.Series(family, dtype=float)
    frame = pd.DataFrame({"pvalue": given, "adjusted": METHODS[method](given.to_numpy())})
    return frame.rename_axis("hypothesis")
