"""The counterfactual ladder: what a security would have done, told by shares that the event does not touch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from eventstudy.abnormal import cumulative
from eventstudy.facts import Fact, fact
from eventstudy.inference.ranks import rank_test
from eventstudy.kernel.cases import align, moved
from eventstudy.models import MARKET_MODEL, ChosenModel, choose
from eventstudy.models.peer_portfolio import complete_donors
from eventstudy.models.synthetic_control import all_period_residuals
from eventstudy.panel import EventPanel
from eventstudy.results import CounterfactualRecord, ExclusionRecord
from eventstudy.results.robustness import Rung
from eventstudy.study.cases import benchmarks_of, build_case, estimand_of
from eventstudy.study.levels import returns_over
from eventstudy.study.robust.figures import Figure, admissible, latest
from eventstudy.study.setting import Setting
from eventstudy.study.ways import Floats

RUNGS: Mapping[Rung, ChosenModel] = {
    "peer_portfolio": choose("peer_portfolio", {"beta": "free"}),
    "peers_beta_one": choose("peer_portfolio", {"beta": "one"}),
    "synthetic_control": choose("synthetic_control"),
    "ridge_augmented": choose("synthetic_control", {"augment": "cv"}),
}
SHOWN_WEIGHT = 1e-6


def counterfactual_records(
    setting: Setting, figure: Figure, most: int
) -> Iterator[CounterfactualRecord | ExclusionRecord]:
    """The `counterfactuals` list of a headline: the market model first, then each rung; touched donors are refused."""
    if len(figure.design.members) > 1:
        return
    spec, subject = setting.spec, figure.design.subject
    peers = [name for name in spec.securities[subject].peers if name in setting.levels]
    donors = tuple(name for name in peers if not spec.touched(name))
    if refused := [name for name in peers if name not in donors]:
        yield _left_out(figure, fact("donors"), fact("touched_donors", donors=refused))
    if not donors:
        return
    for benchmark in benchmarks_of(spec, subject, MARKET_MODEL.row)[:1]:
        design = replace(figure.design, chosen=MARKET_MODEL, benchmark=benchmark, estimand=estimand_of(spec, benchmark))
        market = replace(figure, design=design, case=build_case(design, setting.series))
        yield _record(setting, market, "market_model", MARKET_MODEL, (), most)
    among = _among(setting, figure, donors)
    complete = tuple(among.case.factors)
    if gone := [name for name in donors if name not in complete]:
        yield _left_out(figure, fact("donors"), fact("incomplete_donors", donors=gone))
    for rung, model in RUNGS.items() if complete else ():
        yield _record(setting, among, rung, model, complete, most)


def _left_out(figure: Figure, about: Fact, why: Fact) -> ExclusionRecord:
    return ExclusionRecord.of(about, why, event_id=figure.design.event.id, security=figure.design.subject)


def _among(setting: Setting, figure: Figure, donors: tuple[str, ...]) -> Figure:
    """The figure with those donors as regressors that have every return of its windows; no limit day is left out."""
    trade = setting.series[figure.design.subject].trade
    returns = {name: returns_over(setting.levels[name], trade, setting.spec.returns) for name in donors}
    case = replace(figure.case, factors=returns, left_out=None, censored=None)
    known = complete_donors(align([case], estimation=setting.spec.windows.estimation, event=figure.window))[0]
    kept = {name: returns[name] for name, there in zip(donors, known, strict=True) if there}
    return replace(figure, case=replace(case, factors=kept))


def _record(
    setting: Setting,
    figure: Figure,
    rung: Rung,
    model: ChosenModel,
    donors: tuple[str, ...],
    most: int,
) -> CounterfactualRecord | ExclusionRecord:
    estimation = setting.spec.windows.estimation
    positions = latest(admissible(setting, figure), most)
    every = np.concatenate([positions, [figure.case.day0]])
    panel = moved(figure.case, every, estimation=estimation, event=figure.window)
    fitted = model.fit(panel)
    cars = cumulative(panel, fitted, figure.window)
    own = cars.take(slice(-1, None))
    if not np.isfinite(own.statistic[0]):
        return _left_out(figure, fact("counterfactual", counterfactual=rung), fact("not_estimated.no_fit"))
    known = cars.statistic[:-1][np.isfinite(cars.statistic[:-1])]
    test = rank_test(float(own.statistic[0]), known, name=rung, null="the date is like earlier ones")
    weights = dict(zip(fitted.names, fitted.params[-1], strict=True))
    return CounterfactualRecord(
        id=figure.id,
        security=figure.design.subject,
        rung=rung,
        estimand="relative" if figure.design.estimand == "relative" and not donors else "total",
        window=figure.window,
        estimate=float(own.value[0]),
        std_error=float(own.std_error[0]),
        pvalue=float(own.pvalue[0]),
        n_placebo=known.size,
        placebo_pvalue=test.pvalue,
        smallest_pvalue=1.0 / (known.size + 1) if known.size else None,
        conformal_pvalue=_conformal(panel) if rung == "synthetic_control" else None,
        sigma=float(fitted.sigma[-1]),
        nobs=int(fitted.nobs[-1]),
        donors=donors,
        weights={name: float(value) for name, value in weights.items() if name in donors and abs(value) > SHOWN_WEIGHT},
    )


def _conformal(panel: EventPanel) -> float | None:
    """Share of moving blocks of all-period residuals that are at least as large as the event's, under no effect.

    Only for fits that treat all periods alike; a penalty chosen by leaving blocks out does not.
    """
    used = panel.observed[-1]
    y = np.concatenate([panel.returns[-1, used], panel.event_returns[-1]])
    donors = np.concatenate([panel.factors[:, -1, used], panel.event_factors[:, -1]], axis=1)
    if not np.isfinite(y).all() or not np.isfinite(donors).all():
        return None
    resid = np.abs(all_period_residuals(y[None], donors[None])[0])
    size = panel.event_returns.shape[1]
    rows = (y.size - size + np.arange(size) + np.arange(y.size)[:, None]) % y.size
    sums: Floats = resid[rows].sum(axis=1)
    return float((sums >= sums[0] * (1.0 - 1e-9)).mean())
