"""Market model with GARCH(1,1) errors: R = alpha + beta R_m + u with a variance that clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from eventstudy.arrays import Floats, Ints
from eventstudy.distribution import install
from eventstudy.errors import OptionError
from eventstudy.models.linear import (
    Model,
    NormalReturnFit,
    benchmark_return,
    fit_linear,
    only_benchmark,
    without_rounding,
)
from eventstudy.panel import EventPanel

if TYPE_CHECKING:
    from arch.univariate.base import ARCHModelResult


VARIANCE_NAMES = ("omega", "arch", "garch")
PARAMETERS = 5
"""Parameters of the likelihood: alpha, beta, omega, arch, garch."""
TOLERANCE = 1e-10
"""Change of the log-likelihood at which the search for its maximum ends; the data have unit variance."""
SECOND_START = (0.85, 0.1, 0.05)
"""omega, arch, garch of a variance that forgets at once; the package's own start is mostly one that lasts."""

_NO_ARCH = 1e-6  # an arch parameter below this is the bound, zero, as the search leaves it
_SAME = 1e-6  # log-likelihoods this near are one maximum, found twice


@dataclass(frozen=True, slots=True, eq=False)
class GarchFit:
    """One fit of ``y = c + b z + u`` with ``h_t = omega + arch u_t-1^2 + garch h_t-1``.

    Attributes
    ----------
    params : (5,) float
        c, b, omega, arch, garch.
    resid, variance : (n,) float
        u and h.
    """

    params: Floats
    resid: Floats
    variance: Floats

    def forecast(self, steps: int) -> Floats:
        """(steps,) expected variance 1, 2, ... steps after the last: h_j = omega + (arch + garch) h_j-1."""
        omega, arch, garch = self.params[2:]
        first = omega + arch * self.resid[-1] ** 2 + garch * self.variance[-1]
        powers = (arch + garch) ** np.arange(steps)
        expected: Floats = first * powers + omega * (np.cumsum(powers) - powers)
        return expected

    def mean_covariance(self, z: Floats) -> Floats:
        """(2, 2) covariance of c and b: the inverse of their block of the information matrix.

        Notes
        -----
        ``sum x x'/h + (1/2) sum (dh/dm)(dh/dm)'/h^2`` with x = (1, z) and m = (c, b). With symmetric errors the
        estimates of mean and variance are asymptotically independent (Engle 1982, Econometrica 50, 987-1007;
        Bollerslev 1986, Journal of Econometrics 31, 307-327).
        """
        from scipy.signal import lfilter

        _, arch, garch = self.params[2:]
        x = np.column_stack([np.ones_like(z), z])
        moves = np.zeros_like(x)
        moves[1:] = -2.0 * arch * self.resid[:-1, None] * x[:-1]
        gradient = lfilter([1.0], [1.0, -garch], moves, axis=0) / self.variance[:, None]
        information = x.T @ (x / self.variance[:, None]) + 0.5 * gradient.T @ gradient
        return np.asarray(np.linalg.inv(information), dtype=float)


def fit_garch_market(panel: EventPanel) -> NormalReturnFit:
    """GARCH(1,1) market model of every case by maximum likelihood; the package ``arch`` does the fitting.

    Each case has its own search: some 30 ms, thousands of times the cost of the market model.

    Parameters
    ----------
    panel : EventPanel
        With one benchmark, and with `gap`, because the forecast of the variance counts sessions.

    Returns
    -------
    NormalReturnFit
        `params` holds alpha, beta, and omega (squared decimal return), arch, garch. A case with no more than
        five observations, a constant benchmark, no residual variance, or a likelihood whose maximum the
        search did not reach, has NaN.

    Raises
    ------
    OptionError
        Where the package ``arch`` is missing, the panel has not exactly one benchmark, or an estimation
        window does not end before the event window.
    ValueError
        Where the panel does not know its `gap`.

    Notes
    -----
    ``u_t ~ N(0, h_t)`` given the past, ``h_t = omega + arch u_t-1^2 + garch h_t-1`` (Bollerslev 1986, Journal of
    Econometrics 31, 307-327), over the estimation days only; event days do not enter. Days without an
    observation are left out, and the recursion runs from each observation to the next. Before the first day both
    h and u^2 are the mean squared residual of least squares. The likelihood sees returns over the residual
    standard deviation of least squares, and the benchmark with mean 0 and variance 1, so the result does not
    depend on units. It may have several maxima: the search starts at least squares with the best of the
    package's grid of variances, and again with `SECOND_START`, and the higher maximum is taken. At arch = 0 no
    surprise moves the variance and garch means nothing, so there the case has least squares with one variance
    and arch = garch = 0.

    With h_j the forecast for j sessions after the last observation, a return that ends on session j and
    covers n sessions has ``Var(AR) = h_j-n+1 + ... + h_j + x'Vx``, x = (n, R_m) and V the covariance of alpha
    and beta. ``Var(CAR)`` is the sum of h over all its sessions (errors of different days are uncorrelated)
    plus the part of V for the summed x. `sigma` is the residual standard deviation over the estimation
    window with T - 2 in the denominator, and `innovation_variance` the h over its square.

    All of this is asymptotic: h is the maximum-likelihood one (division by T, not T - 2) and taken as known.
    The t with the market model's T - 2 degrees of freedom stands in for the normal distribution; the sum
    over several days has fatter tails than that.
    """
    x, event_x = only_benchmark(panel, "garch_market")
    horizon = _horizon(panel)
    observed = panel.observed
    start = fit_linear(panel.returns, panel.factors, observed, panel.event_factors, panel.event_span, names=panel.names)
    usable = (start.nobs > PARAMETERS) & np.isfinite(without_rounding(start, panel.returns).sigma)
    out = _missing(panel)
    for row in np.flatnonzero(usable):
        used = observed[row]
        ahead = event_x[row], panel.event_span[row], horizon[row]
        found = _case(panel.returns[row, used], x[row, used], *ahead)
        if found is not None:
            out["resid"][row, used] = found.pop("resid")
            for name, value in found.items():
                out[name][row] = value
    resid = out.pop("resid")
    return NormalReturnFit(
        names=("alpha", *panel.names, *VARIANCE_NAMES),
        df_resid=start.df_resid,
        nobs=start.nobs,
        residuals=lambda: resid,
        **out,
    )


def maximise(y: Floats, z: Floats) -> GarchFit | None:
    """Maximise the Gaussian likelihood of ``y = c + b z + u`` with GARCH(1,1) errors.

    Parameters
    ----------
    y : (n,) float
        Residual variance near 1.
    z : (n,) float
        Mean 0 and variance 1.

    Returns
    -------
    GarchFit or None
        Least squares with one variance where no maximum with arch above 0 is higher; None where a search
        that did not converge came higher than any that did.
    """
    try:
        from arch.univariate import GARCH, LS
    except ModuleNotFoundError as missing:
        raise OptionError(f"model='garch_market' needs the package {install('arch', 'garch')}") from missing
    level, slope = float(y.mean()), float(z @ y / (z @ z))
    resid = y - level - slope * z
    square = float(resid @ resid) / y.size
    best = GarchFit(np.array([level, slope, square, 0.0, 0.0]), resid, np.full(y.size, square))
    highest = stuck = -0.5 * y.size * (np.log(2.0 * np.pi * square) + 1.0)
    model = LS(resid, z[:, None], volatility=GARCH(1, 0, 1), rescale=False)
    for start in (None, np.array([0.0, 0.0, *SECOND_START])):
        found = model.fit(disp="off", show_warning=False, starting_values=start, backcast=square, tol=TOLERANCE)
        if found.params.iloc[3] < _NO_ARCH:
            continue
        if found.convergence_flag != 0:
            stuck = max(stuck, found.loglikelihood)
        elif found.loglikelihood > highest:
            highest, best = found.loglikelihood, _found(found, level, slope)
    return best if stuck <= highest + _SAME else None


def _found(result: ARCHModelResult, level: float, slope: float) -> GarchFit:
    """The package's result on residuals, as a fit of what they are residuals of."""
    params = np.asarray(result.params, dtype=float) + np.array([level, slope, 0.0, 0.0, 0.0])
    variance = np.asarray(result.conditional_volatility, dtype=float) ** 2
    return GarchFit(params, np.asarray(result.resid, dtype=float), variance)


def _horizon(panel: EventPanel) -> Ints:
    """(E, L) sessions from the last observation to each event day."""
    if panel.gap is None:
        raise ValueError("garch_market needs a panel that knows its gap between estimation and event window")
    days, events = panel.returns.shape[1], panel.event_span.shape[1]
    last = np.where(panel.observed, np.arange(days), -1).max(axis=1, initial=-1)
    horizon: Ints = (days - last + panel.gap)[:, None] + np.arange(events)
    early = (horizon < panel.event_span).any(axis=1)
    if early.any():
        key = panel.keys[int(np.flatnonzero(early)[0])]
        raise OptionError(
            f"model='garch_market' forecasts: the estimation window of {key!r} must end before its events"
        )
    return np.maximum(horizon, panel.event_span)


def _missing(panel: EventPanel) -> dict[str, Any]:
    count, days = panel.returns.shape
    events = panel.event_span.shape[1]
    shapes: Mapping[str, tuple[int, ...]] = {
        "params": (count, PARAMETERS),
        "sigma": (count,),
        "resid": (count, days),
        "expected": (count, events),
        "leverage_root": (count, events, 2),
        "innovation_variance": (count, events),
    }
    return {name: np.full(shape, np.nan) for name, shape in shapes.items()}


def _case(y: Floats, x: Floats, event_x: Floats, span: Ints, horizon: Ints) -> dict[str, Any] | None:
    """Fit one case on standardised data and translate it back; None where there is no maximum."""
    centre, spread = x.mean(), x.std()
    z = (x - centre) / spread
    least = y - y.mean() - (z @ y) / (z @ z) * z
    scale = float(np.sqrt(least @ least / (y.size - 2)))
    fit = maximise(y / scale, z)
    if fit is None:
        return None
    constant, slope, omega, arch, garch = fit.params
    event_z = (event_x - span * centre) / spread
    unit = np.sqrt(fit.resid @ fit.resid / (y.size - 2))
    summed = np.concatenate([[0.0], np.cumsum(fit.forecast(int(horizon.max(initial=0))))])
    beta = slope * scale / spread
    return {
        "params": (constant * scale - beta * centre, beta, omega * scale**2, arch, garch),
        "sigma": unit * scale,
        "resid": fit.resid * scale,
        "expected": (constant * span + slope * event_z) * scale,
        "leverage_root": np.column_stack([span, event_z]) @ np.linalg.cholesky(fit.mean_covariance(z)) / unit,
        "innovation_variance": (summed[horizon] - summed[horizon - span]) / unit**2,
    }


MODEL = Model("garch_market", fit_garch_market, needs="benchmark", reference=benchmark_return)
