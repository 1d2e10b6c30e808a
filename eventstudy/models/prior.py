"""Normal returns of a security without a history: a prior from peers, and the predictive distribution it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from eventstudy.arrays import Floats, hold
from eventstudy.errors import OptionError
from eventstudy.facts import Fact, fact
from eventstudy.options import one_of, share

SamplingNoise = Literal["kept", "subtracted"]

MIN_PEERS = 3
NODES = 201
"""Nodes of the integral over ln s, about a tenth of its posterior standard deviation apart."""
_DEPTH = 60.0  # fall of the log density past which a node has no weight: exp(-60) is below 1e-26
_REACH = 12.0  # prior standard deviations of ln s beyond all its possible modes; exp(-12^2 / 2) is below exp(-_DEPTH)
_ZOOMS = 4  # each leaves two cells of the grid or more, so the mode is not lost however narrow it is
_NEGATIVE = -1e-10  # an eigenvalue below this share of the largest is more than rounding


@dataclass(frozen=True, slots=True, eq=False)
class PeerPrior:
    """What peers say of a security before its own returns: ``theta ~ N(mean, covariance)``, ``ln s`` normal.

    Attributes
    ----------
    mean : (k,) float
        Mean of the parameters, in the order of the regressors (alpha first where there is one).
    covariance : (k, k) float
        Covariance of a new security's parameters about that mean.
    log_sigma_mean, log_sigma_sd : float
        Mean and standard deviation of ln s, s the residual standard deviation of one session (decimal return).
    n_peers : int
        Securities that it rests on.
    names : tuple of k str
        Names of the parameters; empty where none were given.
    """

    mean: Floats
    covariance: Floats
    log_sigma_mean: float
    log_sigma_sd: float
    n_peers: int
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        hold(self)


@dataclass(frozen=True, slots=True, eq=False)
class Predictive:
    """Distribution of one new return: a mixture of n normals, one for each node of the integral over s.

    Attributes
    ----------
    mean, sd : float
        Of the new return (decimal).
    params : (k,) float
        Posterior mean of the parameters.
    params_covariance : (k, k) float
        Their posterior covariance.
    nobs : int
        Own returns that entered.
    sigma, weight : (n,) float
        Nodes of s and their posterior probabilities, which sum to one.
    node_mean, node_sd : (n,) float
        Mean and standard deviation of the new return given s.
    """

    mean: float
    sd: float
    params: Floats
    params_covariance: Floats
    nobs: int
    sigma: Floats
    weight: Floats
    node_mean: Floats
    node_sd: Floats

    def __post_init__(self) -> None:
        hold(self)

    def cdf(self, value: float) -> float:
        """Probability of a new return of at most `value`."""
        from scipy import special

        return float(self.weight @ special.ndtr((value - self.node_mean) / self.node_sd))

    def survival(self, value: float) -> float:
        """Probability of a new return of at least `value`, exact in the far tail too."""
        from scipy import special

        return float(self.weight @ special.ndtr((self.node_mean - value) / self.node_sd))

    def pvalue(self, value: float) -> float:
        """Two-sided predictive p-value: twice the smaller of the two tails."""
        return min(1.0, 2.0 * min(self.cdf(value), self.survival(value)))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval that holds the new return with probability `level`, the same probability outside on either side.

        Raises
        ------
        OptionError
            Where the level is not between 0 and 1.
        """
        from scipy import optimize, special

        share("level", level, "option.level")
        tail = (1.0 - level) / 2.0
        reach = -float(special.ndtri(tail)) * self.node_sd
        first = float((self.node_mean - reach).min()) - self.sd  # the mixture's quantiles lie among its normals' own;
        last = float((self.node_mean + reach).max()) + self.sd  # a deviation more absorbs rounding
        low = optimize.brentq(lambda at: self.cdf(at) - tail, first, last, xtol=1e-14)
        high = optimize.brentq(lambda at: self.survival(at) - tail, first, last, xtol=1e-14)
        return float(low), float(high)


def too_few_peers(peers: int, parameters: int) -> Fact | None:
    """Why that many peers give no prior for that many parameters, or None."""
    needed = max(MIN_PEERS, parameters + 1)
    if peers >= needed:
        return None
    return fact("unavailable.too_few_peers", n=peers, parameters=parameters, need=needed)


def peer_prior(
    params: Floats,
    covariances: Floats,
    sigma: Floats,
    *,
    sampling_noise: SamplingNoise = "kept",
    names: Sequence[str] = (),
) -> PeerPrior:
    """Prior for one more security of the same kind, from the fits of J peers.

    Parameters
    ----------
    params : (J, k) float
        Estimates of the same model for each peer.
    covariances : (J, k, k) float
        Sampling covariance of each peer's estimates.
    sigma : (J,) float
        Residual standard deviation of each peer (decimal return of one session).
    sampling_noise : {"kept", "subtracted"}
        What becomes of the sampling error in the estimates; see the notes.
    names : sequence of k str
        Names of the parameters.

    Raises
    ------
    OptionError
        With fewer than three peers or no more peers than parameters (`too_few_peers` asks beforehand), for
        shapes that do not fit, for values that are missing, or for another word in `sampling_noise`.

    Notes
    -----
    `mean` is the average over peers and ``covariance = B + S / J``: S is the sample covariance of the estimates
    (J - 1 in the denominator), ``S / J`` the error of the average, and B the spread of the parameters across
    securities. With sampling noise kept, ``B = S``: the cross-sectional variance of the estimates, as Vasicek
    (1973, Journal of Finance 28, 1233-1239) has it. It exceeds the spread of the true parameters by the
    average sampling covariance V of the estimates, so the prior is never too sharp on that account and the predictive
    variance errs upwards. With it subtracted, ``B = S - V`` with negative eigenvalues set to zero: unbiased but
    for the clipping, yet with few peers often a zero that says a parameter is known exactly. ln s is treated
    likewise, with ``log_sigma_sd^2 = (1 + 1 / J)`` times the sample variance; the sampling error of ln s, near
    1 / (2 d.f.), always stays in.

    The security is taken as a draw from the same population as its peers. Seasoned peers say nothing of the
    volatility of a security's first sessions, which is higher as a rule.
    """
    peers, size = params.shape
    if reason := too_few_peers(peers, size):
        raise OptionError(f"no prior: {reason}")
    one_of("sampling_noise", sampling_noise, get_args(SamplingNoise))
    _require_peers(params, covariances, sigma, names)
    spread = np.cov(params, rowvar=False).reshape(size, size)
    between = spread
    if sampling_noise == "subtracted":
        root = _root(spread - covariances.mean(axis=0))
        between = root @ root.T
    logs = np.log(sigma)
    return PeerPrior(
        mean=params.mean(axis=0),
        covariance=between + spread / peers,
        log_sigma_mean=float(logs.mean()),
        log_sigma_sd=float(logs.std(ddof=1) * np.sqrt(1.0 + 1.0 / peers)),
        n_peers=peers,
        names=tuple(names),
    )


def predictive(prior: PeerPrior, y: Floats, x: Floats, x_new: Floats, *, span: int = 1) -> Predictive:
    """Exact distribution of a security's new return, given a prior and the T >= 0 returns that it has.

    Parameters
    ----------
    prior : PeerPrior
        For k parameters.
    y : (T,) float
        The security's own returns (decimal), each over one session; T may be 0. A return over n sessions enters
        divided by sqrt(n), as does its row of `x`.
    x : (T, k) float
        Their regressors, the constant included.
    x_new : (k,) float
        Regressors of the new return; its constant is `span`, as for every return over several sessions.
    span : int
        Sessions that the new return covers: its own variance is ``span s^2``.

    Raises
    ------
    OptionError
        For shapes that do not fit, values that are missing, or a span below 1.

    Notes
    -----
    ``y_t = x_t' theta + s e_t`` with e standard normal, theta and ln s independent a priori. Given s, theta has the
    normal posterior of the conjugate linear model and the new return is normal with variance
    ``x_new' V_s x_new + span s^2``; without own returns V_s is the prior covariance. s is integrated out by the
    trapezoidal rule over ln s, which converges exponentially for such densities: the nodes lie where the posterior
    of ln s does, so the result holds for any T and where the data contradict the prior. Each node weighs
    its prior density times the marginal likelihood ``N(y; X mean, X covariance X' + s^2 I)`` of the own returns.
    """
    _require_own(prior, y, x, x_new, span)
    root = _root(prior.covariance)
    own = _rotated(y - x @ prior.mean, x @ root)
    log_sigma, weight = _nodes(prior, own)
    square = np.exp(2.0 * log_sigma)[:, None]
    shrink = own.square / (square + own.square)
    away = (own.singular * own.score / (square + own.square)) @ own.turn
    direction = root.T @ x_new
    along = own.turn @ direction
    unseen = max(float(direction @ direction - along @ along), 0.0)
    node_mean = x_new @ prior.mean + away @ direction
    node_variance = span * square[:, 0] + unseen + (1.0 - shrink) @ along**2
    mean = float(weight @ node_mean)
    centre = weight @ away
    within = np.eye(prior.mean.size) - (own.turn.T * (weight @ shrink)) @ own.turn
    between = (away - centre).T @ (weight[:, None] * (away - centre))
    return Predictive(
        mean=mean,
        sd=float(np.sqrt(weight @ (node_variance + (node_mean - mean) ** 2))),
        params=prior.mean + root @ centre,
        params_covariance=root @ (within + between) @ root.T,
        nobs=y.size,
        sigma=np.exp(log_sigma),
        weight=weight,
        node_mean=node_mean,
        node_sd=np.sqrt(node_variance),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _OwnData:
    """Own returns less their prior mean, rotated so that parameters and errors separate: p = min(T, k) directions.

    With ``X L = U diag(singular) turn`` and L the root of the prior covariance: score = U'r, and `rest` the
    sum of squares that no parameter can explain, of T - p dimensions.
    """

    turn: Floats
    singular: Floats
    square: Floats
    score: Floats
    rest: float
    nobs: int


def _rotated(residual: Floats, design: Floats) -> _OwnData:
    left, singular, turn = np.linalg.svd(design, full_matrices=False)
    score = left.T @ residual
    free = residual.size > singular.size
    rest = float(((residual - left @ score) ** 2).sum()) if free else 0.0
    return _OwnData(turn, singular, singular**2, score, rest, residual.size)


def _nodes(prior: PeerPrior, own: _OwnData) -> tuple[Floats, Floats]:
    """Nodes of ln s, equally spaced over all that has weight, and their posterior probabilities."""
    if prior.log_sigma_sd == 0.0:
        return np.array([prior.log_sigma_mean]), np.ones(1)
    first, last = _modes_between(prior, own)
    reach = _REACH * prior.log_sigma_sd
    grid = np.linspace(first - reach, last + reach, NODES)
    for _ in range(_ZOOMS):
        density = _log_density(grid, prior, own)
        near = np.flatnonzero(density > density.max() - _DEPTH)
        grid = np.linspace(grid[max(near[0] - 1, 0)], grid[min(near[-1] + 1, NODES - 1)], NODES)
    density = _log_density(grid, prior, own)
    weight = np.exp(density - density.max())
    return grid, weight / weight.sum()


def _modes_between(prior: PeerPrior, own: _OwnData) -> tuple[float, float]:
    """Bounds of every mode of the posterior of ln s.

    The prior pulls towards its mean. Of the likelihood, each of the p directions pulls down by one at most and the
    T - p others by ``T - p - rest / s^2``, upwards where s^2 is below rest / (T - p); nothing pulls up past s^2 = r'r.
    """
    centre, variance = prior.log_sigma_mean, prior.log_sigma_sd**2
    free = own.nobs - own.singular.size
    low = centre - own.nobs * variance
    if own.rest > 0.0:
        known = centre - own.singular.size * variance
        low = max(low, min(known, 0.5 * float(np.log(own.rest / free))))
    total = own.rest + float(own.score @ own.score)
    high = max(centre, 0.5 * float(np.log(total))) if total > 0.0 else centre
    return low, high


def _log_density(log_sigma: Floats, prior: PeerPrior, own: _OwnData) -> Floats:
    """(n,) log posterior density of ln s at each node, but for a constant."""
    square = np.exp(2.0 * log_sigma)[:, None] + own.square
    free = own.nobs - own.singular.size
    fit = own.rest * np.exp(-2.0 * log_sigma) + (own.score**2 / square).sum(axis=1)
    volume = 2.0 * free * log_sigma + np.log(square).sum(axis=1)
    density: Floats = -0.5 * (fit + volume + ((log_sigma - prior.log_sigma_mean) / prior.log_sigma_sd) ** 2)
    return density


def _root(matrix: Floats) -> Floats:
    """L with ``L L'`` the symmetric matrix less its negative part; it may be singular."""
    values, vectors = np.linalg.eigh(matrix)
    root: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _require_peers(params: Floats, covariances: Floats, sigma: Floats, names: Sequence[str]) -> None:
    peers, size = params.shape
    if covariances.shape != (peers, size, size) or sigma.shape != (peers,) or len(names) not in (0, size):
        raise OptionError(
            f"the fits of {peers} peers with {size} parameters need covariances of shape {(peers, size, size)}, "
            f"{peers} residual deviations and {size} names; given: {covariances.shape}, {sigma.shape} and {len(names)}"
        )
    usable = np.isfinite(params).all(axis=1) & np.isfinite(covariances).all(axis=(1, 2)) & np.isfinite(sigma)
    usable &= sigma > 0.0
    if not usable.all():
        place = int(np.argmin(usable))
        raise OptionError(f"the fit of peer {place} (counted from 0) is missing or has no variance; leave it out")


def _require_own(prior: PeerPrior, y: Floats, x: Floats, x_new: Floats, span: int) -> None:
    size = prior.mean.size
    if y.ndim != 1 or x.shape != (y.size, size) or x_new.shape != (size,):
        raise OptionError(
            f"a prior for {size} parameters needs {size} regressors of each own return and of the new one; given are "
            f"own returns {y.shape} with regressors {x.shape} and new ones {x_new.shape}"
        )
    if not (np.isfinite(y).all() and np.isfinite(x).all() and np.isfinite(x_new).all()):
        raise OptionError("an own return or a regressor is missing; leave those sessions out")
    values = np.linalg.eigvalsh(prior.covariance)
    if values[0] < _NEGATIVE * np.abs(values).max():
        raise OptionError(f"the prior covariance has the negative eigenvalue {values[0]:.3g}; it is not a covariance")
    if span < 1:
        raise OptionError(f"span={span} is not a number of sessions, 1 or more")
