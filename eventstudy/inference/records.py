"""What a significance test says, or why it cannot say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TestResult:
    """A significance test that states its case.

    Attributes
    ----------
    name : str
        Test id, e.g. ``mvrm_f``.
    null, alternative : str
        In words.
    statistic, pvalue : float or None
        None where the test is unavailable.
    distribution : str
        Reference distribution, e.g. ``F``, ``t``, ``chi2``.
    df : tuple of float
        Its degrees of freedom.
    nobs : int
        Estimation observations.
    n_securities : int
        Securities tested together.
    estimate, std_error : float or None
        The tested quantity where it is a single number, decimal return.
    bootstrap_pvalue : float or None
        p from resampled residual vectors, where computed.
    unavailable : str or None
        The reason why the test could not be run.
    """

    __test__ = False

    name: str
    null: str
    alternative: str
    statistic: float | None
    distribution: str
    df: tuple[float, ...]
    pvalue: float | None
    nobs: int
    n_securities: int
    estimate: float | None = None
    std_error: float | None = None
    bootstrap_pvalue: float | None = None
    unavailable: str | None = None
