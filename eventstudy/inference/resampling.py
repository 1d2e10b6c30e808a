"""Tests whose reference distribution is drawn from the data: permutation, wild bootstrap, skewness-adjusted t.

Draws come from a generator with a fixed seed, so the same events give the same p-value; where all
arrangements can be counted none is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eventstudy.arrays import Floats, Ints
from eventstudy.facts import fact
from eventstudy.inference.days import residual_sums
from eventstudy.inference.question import Question, ask, independent, mean_of, spread, too_few
from eventstudy.inference.ranks import as_far
from eventstudy.inference.records import Alternative, Test, TestResult
from eventstudy.inference.section import Section
from eventstudy.inference.single import choices_of
from eventstudy.options import whole

DRAWS = 9_999
SKEWNESS_DRAWS = 1_000
SEED = 1
SKEWNESS_EVENTS = 20
"""The bootstrap draws samples of N/4 events: below 20 events they would have fewer than five."""
_BLOCK = 500
_CELLS = 1_000_000
_ROUNDING = 1e-9  # relative difference by which equal arrangements may differ after summation


def permutation(
    section: Section,
    *,
    alternative: Alternative = "two-sided",
    variant: str | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> TestResult:
    """Permutation test of the mean CAR over days.

    Null: the window's days are exchangeable with those of the estimation window. The T daily means of the
    estimation window and the L of the event window are pooled; every choice of L days has the same chance.
    p = share of choices, the observed one included, whose sum is at least as far out: counted in full for one
    day (p is a multiple of 1 / (T + 1)) and wherever there are no more than `draws` choices, else
    ``(1 + #) / (draws + 1)``. Days move for all events together, so correlation stays in. Robust to non-normality
    and correlation; not to event-induced variance nor to volatility that clusters in time. Nguyen and Wolf
    (2023, Empirical Economics).
    """
    _check_draws(draws, seed)
    question = ask("permutation", mean_of(section), section, alternative=alternative, variant=variant)
    if reason := too_few(section):
        return question.refused(reason)
    past = residual_sums(section).mean
    if not past.size:
        return question.refused(fact("unavailable.no_estimation_days"))
    pool = np.concatenate([section.ar.mean(axis=0), past])
    observed = float(pool[: section.window.size].sum())
    choices = choices_of(pool.size, section.window.size, draws, seed)
    pvalue = _pvalue(question, observed, pool[choices.rows].sum(axis=1), counted=choices.counted)
    return question.by_pvalue(observed, pvalue, distribution="permutation", estimate=observed)


def wild_bootstrap(
    section: Section,
    *,
    alternative: Alternative = "two-sided",
    variant: str | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> TestResult:
    """Wild cluster bootstrap t of the mean CAR, events of one date kept together.

    Null: the mean abnormal return (mean CAR) is zero. With u_g the sum of the CARs of date g and n_g their number,
    ``t = m / se``, ``se^2 = G / (G - 1) sum_g (u_g - n_g m)^2 / N^2``; the null is imposed and every date's sum keeps
    or changes its sign with probability one half. p = share of sign patterns, the observed one included,
    with a t at least as far out: counted in full where there are no more than `draws` patterns, else
    ``(1 + #) / (draws + 1)``. Robust to correlation between events of one date, unequal variances and event-induced
    variance; not to effects that are skewed across dates, nor to correlation between dates whose windows
    overlap. Needs two dates; with fewer than 6 the two-sided p cannot fall below 5 %. Cameron, Gelbach and
    Miller (2008, Review of Economics and Statistics 90, 414-427).
    """
    _check_draws(draws, seed)
    question = ask("wild_bootstrap", mean_of(section), section, alternative=alternative, variant=variant)
    dates, group, count = np.unique(section.position, return_inverse=True, return_counts=True)
    if reason := too_few(section, 2):
        return question.refused(reason)
    if dates.size < 2:
        return question.refused(fact("unavailable.one_draw"))
    sums = np.bincount(group, section.car).astype(np.float64)
    observed = float(clustered_t(np.ones((1, dates.size)), sums, count)[0])
    if not np.isfinite(observed):
        return question.refused(fact("unavailable.equal_dates"))
    counted = 2**dates.size <= draws
    patterns = _every_pattern(dates.size) if counted else _drawn_patterns(dates.size, draws, seed)
    found = np.concatenate([clustered_t(signs, sums, count) for signs in patterns])
    pvalue = _pvalue(question, observed, found, counted=counted)
    return question.by_pvalue(observed, pvalue, distribution="bootstrap", estimate=float(section.car.mean()))


def skewness_adjusted_t(
    section: Section,
    *,
    alternative: Alternative = "two-sided",
    variant: str | None = None,
    draws: int = SKEWNESS_DRAWS,
    seed: int = SEED,
) -> TestResult:
    """Bootstrapped skewness-adjusted t of the mean CAR (or of any values in its place, e.g. BHAR).

    Null: the mean abnormal return (mean CAR) is zero. ``sqrt(N) (S + g S^2 / 3 + g / (6 N))``, ``S = mean / sd`` and
    ``g = sum (x - mean)^3 / (N sd^3)`` (Johnson 1978, Journal of the American Statistical Association 73,
    536-544). p from the same statistic, with ``S* = (mean* - mean) / sd*``, of `draws` samples of N/4 events drawn with
    replacement; two-sided twice the smaller tail; each tail counts the observed value. Robust to skewness and
    event-induced variance; not to correlation. Lyon, Barber and Tsai (1999, Journal of Finance 54, 165-201).
    Variant: ``johnson`` (t(N - 1) in place of the bootstrap).
    """
    _check_draws(draws, seed)
    question = ask(
        "skewness_adjusted_t",
        mean_of(section),
        section,
        alternative=alternative,
        variant=variant,
        variants=("johnson",),
    )
    if reason := too_few(section, 3 if variant == "johnson" else SKEWNESS_EVENTS):
        return question.refused(reason)
    if spread(section.car) == 0.0:
        return question.refused(fact("unavailable.equal_cars"))
    asked = independent(question, section)
    mean, statistic = float(section.car.mean()), float(johnson_t(section.car[None, :], 0.0)[0])
    if variant == "johnson":
        return asked.by_t(statistic, section.size - 1, estimate=mean)
    drawn = _skewness_draws(section.car, draws, np.random.default_rng(seed))
    lower, upper = (1 + int((drawn <= statistic).sum())), (1 + int((drawn >= statistic).sum()))
    total = draws + 1
    return asked.by_tails(statistic, lower / total, upper / total, distribution="bootstrap", estimate=mean)


def johnson_t(values: Floats, centre: float) -> Floats:
    """Johnson's skewness-adjusted t of each row (n values) against a mean of `centre`; infinite without variance."""
    count = values.shape[1]
    mean = values.mean(axis=1)
    away = values - mean[:, None]
    deviation = np.sqrt((away**2).sum(axis=1) / (count - 1))
    flat = deviation == 0.0
    safe = np.where(flat, 1.0, deviation)
    ratio = (mean - centre) / safe
    skewness = (away**3).sum(axis=1) / (count * safe**3)
    adjusted = np.sqrt(count) * (ratio + skewness * ratio**2 / 3.0 + skewness / (6.0 * count))
    beyond = np.where(mean == centre, 0.0, np.where(mean > centre, np.inf, -np.inf))
    return np.where(flat, beyond, adjusted)


def clustered_t(signs: Floats, sums: Floats, count: Ints) -> Floats:
    """(B,) clustered t of the mean for (B, G) signs of the dates' sums; infinite without variance."""
    groups, events = sums.size, float(count.sum())
    mean = signs @ sums / events
    square = (sums**2).sum() - 2.0 * mean * (signs @ (sums * count)) + mean**2 * float((count**2).sum())
    floor = _ROUNDING**2 * float((sums**2).sum())
    square = np.where(square > floor, square, 0.0) * groups / (groups - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = mean * events / np.sqrt(square)
    return np.asarray(np.where(mean == 0.0, 0.0, found))


def _check_draws(draws: int, seed: int) -> None:
    whole("draws", draws, least=1)
    whole("seed", seed, least=0)


def _every_pattern(groups: int) -> Iterator[Floats]:
    bits = (np.arange(2**groups)[:, None] >> np.arange(groups)) & 1
    yield np.where(bits == 1, -1.0, 1.0)


def _drawn_patterns(groups: int, draws: int, seed: int) -> Iterator[Floats]:
    rng = np.random.default_rng(seed)
    for start in range(0, draws, _BLOCK):
        yield np.where(rng.integers(0, 2, size=(min(_BLOCK, draws - start), groups)) == 1, -1.0, 1.0)


def _skewness_draws(values: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Statistics of samples of N/4 values drawn with replacement, about the mean of the sample."""
    size = values.size // 4
    rows = max(1, _CELLS // size)
    found = []
    for start in range(0, draws, rows):
        chosen = rng.integers(0, values.size, size=(min(rows, draws - start), size))
        found.append(johnson_t(values[chosen], float(values.mean())))
    return np.concatenate(found)


def _pvalue(question: Question, observed: float, drawn: Floats, *, counted: bool) -> float:
    """Share of arrangements at least as far out; drawn ones count the observed arrangement besides."""
    far = as_far(observed, drawn, question.side)
    return far / drawn.size if counted else (1 + far) / (drawn.size + 1)


PERMUTATION = Test(
    "permutation", permutation, needs=frozenset({"many_windows"}), assumes={"old_variance": "z"}, draws=True
)
WILD_BOOTSTRAP = Test(
    "wild_bootstrap", wild_bootstrap, needs=frozenset({"cross_section", "six_dates"}), history=False, draws=True
)
SKEWNESS_ADJUSTED_T = Test(
    "skewness_adjusted_t",
    skewness_adjusted_t,
    needs=frozenset({"cross_section", "quarter_samples"}),
    assumes={"independent": "skewed_t"},
    history=False,
    draws=True,
)
