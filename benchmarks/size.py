"""Size of the tests under a true null, by simulation; writes docs/size.md."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from eventstudy.abnormal import abnormal_returns
from eventstudy.inference import bootstrap_pvalue, fit_jointly, mvrm_f, wald
from eventstudy.models import MODELS
from eventstudy.panel import EventPanel
from eventstudy.windows import Window

ROOT = Path(__file__).resolve().parents[1]
SEED = 20251208
REPLICATIONS = 4_000
BOOTSTRAP_REPLICATIONS = 400
BOOTSTRAP_DRAWS = 499
LEVEL = 0.05
DESIGNS = (
    # securities, days, correlation, errors
    (2, 110, 0.4, "normal"),
    (4, 120, 0.0, "normal"),
    (4, 120, 0.4, "normal"),
    (4, 120, 0.4, "t4"),
    (30, 250, 0.1, "normal"),
)


def draw(rng, securities, days, rho, errors):
    """Returns of one event date: market model with equicorrelated errors of 2 % a day and no effect."""
    rows = days + 1
    shocks = [
        rng.standard_t(4, size) / np.sqrt(2) if errors == "t4" else rng.normal(size=size)
        for size in ((rows, 1), (rows, securities))
    ]
    resid = 0.02 * (np.sqrt(rho) * shocks[0] + np.sqrt(1 - rho) * shocks[1])
    market = rng.normal(0, 0.01, rows)
    returns = market[:, None] + resid
    return returns[:days], market[:days], returns[days:], market[days:]


def pvalues(sample, bootstrap_rng):
    """p-values of every joint test on one sample; the bootstrap only where its generator is given."""
    fit = fit_jointly(*sample)
    exact = mvrm_f(fit)
    found = {
        "MVRM F, all zero": exact.pvalue,
        "MVRM F, equal": mvrm_f(fit, equal=True).pvalue,
        "Wald": wald(fit).pvalue,
    }
    found["portfolio t"] = portfolio(sample)
    if bootstrap_rng is not None:
        found["MVRM F, vector bootstrap"] = bootstrap_pvalue(fit, exact, bootstrap_rng, draws=BOOTSTRAP_DRAWS)
    return found


def portfolio(sample):
    """The market-model t of the equal-weighted portfolio."""
    y, x, y1, x1 = sample
    labels = np.arange(len(x) + 1).astype("datetime64[D]")
    panel = EventPanel(
        keys=("portfolio",),
        event_window=Window(0, 0),
        names=("market",),
        returns=y.mean(axis=1)[None],
        factors=x[None, None],
        event_returns=y1.mean(axis=1)[None],
        event_factors=x1[None, None],
        event_span=np.ones((1, 1), dtype=np.int64),
        sessions=labels[None, :-1],
        event_sessions=labels[None, -1:],
    )
    return float(abnormal_returns(panel, MODELS["market"](panel)).pvalue[0, 0])


def simulate(design, seed):
    """Rejection rate and its standard error of each test in one design."""
    rng, resample = (np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(2))
    rejected, counted = {}, {}
    for replication in range(REPLICATIONS):
        found = pvalues(draw(rng, *design), resample if replication < BOOTSTRAP_REPLICATIONS else None)
        for name, pvalue in found.items():
            rejected[name] = rejected.get(name, 0) + (pvalue < LEVEL)
            counted[name] = counted.get(name, 0) + 1
    rates = {name: rejected[name] / counted[name] for name in rejected}
    return {name: (rate, np.sqrt(rate * (1 - rate) / counted[name])) for name, rate in rates.items()}


def page(results):
    """The simulated sizes as the page docs/size.md."""
    names = list(results[0])
    head = " | ".join(("N", "T", "correlation", "errors", *names))
    lines = [f"| {head} |", "| " + " | ".join(["---:"] * 3 + ["---"] + ["---:"] * len(names)) + " |"]
    for design, found in zip(DESIGNS, results, strict=True):
        cells = [f"{100 * rate:.1f} ({100 * error:.1f})" for rate, error in (found[name] for name in names)]
        lines.append("| " + " | ".join((*map(str, design), *cells)) + " |")
    table = "\n".join(lines)
    return (
        "# Size of the tests\n\n"
        "Share of rejections in percent where 5 % is meant and nothing happened, Monte Carlo standard error in\n"
        "brackets. N securities share one event date; market model over T days; errors of 2 % a day,\n"
        f"equicorrelated. {REPLICATIONS:,} replications ({BOOTSTRAP_REPLICATIONS} for the bootstrap, "
        f"{BOOTSTRAP_DRAWS} draws each), seed {SEED}.\n"
        "Written by `nox -s size`.\n\n"
        f"{table}\n\n"
        "The Wald test is printed for comparison only: it rejects too often, more so the more securities there are.\n"
        "With fat tails (t with 4 degrees of freedom) the exact F loses its exactness and the bootstrap of whole\n"
        "residual vectors is the one to read.\n"
    )


if __name__ == "__main__":
    text = page([simulate(design, (SEED, number)) for number, design in enumerate(DESIGNS)])
    (ROOT / "docs" / "size.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
