"""The cross-section of a study's events over one window, as tests see it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eventstudy.engine.estimate import CHUNK, Abnormal, ChosenModel, fit_blocks
from eventstudy.engine.sample import Sample, pieces
from eventstudy.inference.section import EventDays, ResidualBlock, Section
from eventstudy.windows import Window


def section_of(sample: Sample, found: Abnormal, model: ChosenModel, window: Window) -> Section:
    """The events with everything observed in a window."""
    columns = found.columns(window)
    car, car_se = found.car(window)
    keep = np.isfinite(car_se)
    kept = sample if keep.all() else sample.only(np.flatnonzero(keep))
    return Section(
        window=window,
        ar=found.ar[keep, columns],
        ar_se=found.standard_errors[keep, columns],
        car=car[keep],
        car_se=car_se[keep],
        sigma=found.sigma[keep],
        df=found.df_resid[keep],
        nobs=found.nobs[keep],
        weight=sample.weight[keep],
        position=found.position[keep],
        left_out=int((~keep).sum()),
        residuals=lambda: residuals(kept, model),
        whole=EventDays(
            window=found.event_window,
            ar=found.ar,
            ar_se=found.standard_errors,
            sigma=found.sigma,
            df=found.df_resid,
            nobs=found.nobs,
            position=found.position,
            residuals=lambda: residuals(sample, model),
        ),
    )


def residuals(sample: Sample, model: ChosenModel) -> Iterator[ResidualBlock]:
    """Estimation residuals of every event, fitted anew block by block."""
    days = np.array(sample.estimation_window.days)
    for held, part in pieces(sample, CHUNK):
        for rows, _, fit in fit_blocks(part, model):
            yield ResidualBlock(held[rows], fit.resid, part.only(rows).times(sample.estimation_window), days)
