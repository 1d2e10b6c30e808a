"""The cross-section of a study's events over one window, as tests see it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eventstudy.arrays import Mask
from eventstudy.inference.section import EventDays, ResidualBlock, Section
from eventstudy.kernel.estimate import CHUNK, Abnormal, fit_blocks
from eventstudy.kernel.sample import Sample, pieces
from eventstudy.models import ChosenModel
from eventstudy.windows import Window


def section_of(sample: Sample, found: Abnormal, model: ChosenModel, window: Window, *, history: bool = True) -> Section:
    """The events with everything observed in a window; without `history` also those that have no standard error."""
    columns = found.columns(window)
    car, car_se = found.car(window)
    keep = np.isfinite(car_se if history else car)
    kept, whole = _having(sample, keep), np.isfinite(found.sigma) if history else np.ones(keep.shape, dtype=bool)
    every, of_every = found.take(whole), _having(sample, whole)
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
            ar=every.ar,
            ar_se=every.standard_errors,
            sigma=every.sigma,
            df=every.df_resid,
            nobs=every.nobs,
            position=every.position,
            residuals=lambda: residuals(of_every, model),
        ),
    )


def _having(sample: Sample, keep: Mask) -> Sample:
    return sample if keep.all() else sample.only(np.flatnonzero(keep))


def residuals(sample: Sample, model: ChosenModel) -> Iterator[ResidualBlock]:
    """Estimation residuals of every event, fitted anew block by block."""
    for held, part in pieces(sample, CHUNK):
        for rows, _, fit in fit_blocks(part, model):
            own = part.only(rows)
            yield ResidualBlock(held[rows], fit.resid, own.estimation_times(), own.estimation_days())
