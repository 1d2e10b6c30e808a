"""Market model of Scholes and Williams: a beta that trading at other times than the benchmark does not bias."""

from __future__ import annotations

import numpy as np

from eventstudy.models.linear import Model, NormalReturnFit, benchmark_return, centred, only_benchmark
from eventstudy.panel import EventPanel

_CONSTANT = 1e-18  # variance below this share of the benchmark's mean square: a constant, but for float rounding
_UNRELATED = 1e-12  # squared correlation of benchmark and instrument below which float rounding decides


def fit_scholes_williams(panel: EventPanel) -> NormalReturnFit:
    """Scholes-Williams market model of every case, as the instrumental-variables estimator that it is.

    An observation is used where the return of the day and the benchmark of the day, of the day before and
    of the day after are known inside the estimation window: T - 2 days of a window without holes.

    Raises
    ------
    OptionError
        Where the panel has no benchmark or several regressors.

    Notes
    -----
    ``beta = (b_-1 + b_0 + b_+1) / (1 + 2 rho)``, the b from simple regressions of the return on the
    benchmark of the day before, the same day and the day after, rho the benchmark's first autocorrelation;
    ``alpha = mean R - beta mean R_m`` (Scholes and Williams 1977, Journal of Financial Economics 5, 309-327).
    With all moments over the same n days this is ``S_zy / S_zx``, the instrumental-variables estimator with
    instrument ``z_t = R_m,t-1 + R_m,t + R_m,t+1``; regressions that each take their own variance of the
    benchmark differ by terms of order 1/n.

    With uncorrelated errors of constant variance, given the benchmark, a return over m sessions has
    ``Var(AR) = s^2 (m + m^2/n + (x - m mean)^2 S_zz / S_zx^2)``. ``s^2 = e'e / (n - 2)``, as instrumental
    variables are usually reported. Its expectation is ``sigma^2 (n - 3 + 1/r^2) / (n - 2)`` with r the
    correlation of benchmark and instrument, so it is never too small on average: about 1 % too large at
    n = 200 for an uncorrelated benchmark (1/r^2 = 3). The t with n - 2 degrees of freedom is an
    approximation, because the estimates and s^2 are not independent as they are in least squares. Trading
    at other times than the benchmark makes errors of neighbouring days correlated; the variance leaves
    that out.
    """
    x, event_x = only_benchmark(panel, "scholes_williams")
    z = np.full(x.shape, np.nan)
    z[:, 1:-1] = x[:, :-2] + x[:, 1:-1] + x[:, 2:]
    used = np.isfinite(panel.returns) & np.isfinite(z)
    count = used.sum(axis=1)
    df = count - 2
    (y, y_mean), (x, x_mean), (z, _) = (centred(values, used, count) for values in (panel.returns, x, z))
    zy, zx, zz, xx = (np.einsum("et,et->e", one, other) for one, other in ((z, y), (z, x), (z, z), (x, x)))
    square = xx + count * x_mean**2
    bad = (df < 1) | (np.minimum(xx, zz) <= _CONSTANT * square) | (zx**2 <= _UNRELATED * zz * xx)
    zx = np.where(bad, np.nan, zx)
    beta = zy / zx
    alpha = y_mean - beta * x_mean
    resid = y - beta[:, None] * x
    constant = panel.event_span / np.sqrt(np.maximum(count, 1))[:, None]
    slope = (event_x - panel.event_span * x_mean[:, None]) * (np.sqrt(zz) / zx)[:, None]
    return NormalReturnFit(
        names=("alpha", *panel.names),
        params=np.column_stack([alpha, beta]),
        sigma=np.sqrt(np.einsum("et,et->e", resid, resid) / np.where(bad, np.nan, df)),
        df_resid=df,
        nobs=count,
        residuals=lambda: np.where(used, resid, np.nan),
        expected=alpha[:, None] * panel.event_span + beta[:, None] * event_x,
        leverage_root=np.stack([constant, slope], axis=-1),
    )


MODEL = Model("scholes_williams", fit_scholes_williams, needs="benchmark", reference=benchmark_return)
