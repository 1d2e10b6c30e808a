"""Sections for tests of the tests: built event by event with plain loops, apart from the engine."""

from __future__ import annotations

import numpy as np

from eventstudy.inference import EventDays, ResidualBlock, Section
from eventstudy.windows import Window

DAY = Window(0, 0)
PAST = Window(-60, -6)


def fitted(returns, market, position, past, ahead):
    """Market model of one event by lstsq: residuals and event days with forecast errors, NaN where missing."""
    rows = np.arange(position + past.first, position + past.last + 1)
    y, x = returns[rows], np.column_stack([np.ones(rows.size), market[rows]])
    used = np.isfinite(y)
    params = np.linalg.lstsq(x[used], y[used], rcond=None)[0]
    resid = np.where(used, y - x @ params, np.nan)
    df = int(used.sum()) - 2
    days = np.arange(position + ahead.first, position + ahead.last + 1)
    x1 = np.column_stack([np.ones(days.size), market[days]])
    sigma = np.sqrt(np.nansum(resid**2) / df)
    covariance = sigma**2 * (np.eye(days.size) + x1 @ np.linalg.inv(x[used].T @ x[used]) @ x1.T)
    return {
        "resid": resid,
        "session": rows,
        "ar": returns[days] - x1 @ params,
        "covariance": covariance,
        "sigma": sigma,
        "df": df,
        "nobs": int(used.sum()),
    }


def section_of(returns, market, events, *, past=PAST, window=DAY, whole=None, block=5):
    """Section of events (asset column, session of day 0) on returns (S, A), read in blocks of `block` events."""
    ahead = window if whole is None else whole
    found = [fitted(returns[:, asset], market, position, past, ahead) for asset, position in events]
    return assemble(found, np.array([position for _, position in events]), window=window, ahead=ahead, block=block)


def assemble(found, position, *, window, ahead, block=5):
    """Section, with the whole event window beside it, of fitted events."""
    columns = slice(window.first - ahead.first, window.last - ahead.first + 1)
    ar = np.array([one["ar"] for one in found])
    se = np.array([np.sqrt(np.diag(one["covariance"])) for one in found])
    summed = np.array([one["covariance"][columns, columns].sum() for one in found])
    keep = np.flatnonzero(np.isfinite(ar[:, columns]).all(axis=1))
    sigma, df, nobs = (np.array([one[name] for one in found]) for name in ("sigma", "df", "nobs"))

    def blocks(rows):
        def give():
            for start in range(0, rows.size, block):
                chosen = rows[start : start + block]
                yield ResidualBlock(
                    np.arange(start, start + chosen.size),
                    np.array([found[row]["resid"] for row in chosen]),
                    np.array([found[row]["session"] for row in chosen]),
                )

        return give

    return Section(
        window=window,
        ar=ar[keep][:, columns],
        ar_se=se[keep][:, columns],
        car=ar[keep][:, columns].sum(axis=1),
        car_se=np.sqrt(summed[keep]),
        sigma=sigma[keep],
        df=df[keep],
        nobs=nobs[keep],
        weight=np.ones(keep.size),
        position=position[keep],
        left_out=len(found) - keep.size,
        residuals=blocks(keep),
        whole=EventDays(
            window=ahead,
            ar=ar,
            ar_se=np.where(np.isfinite(ar), se, np.nan),
            sigma=sigma,
            df=df,
            nobs=nobs,
            position=position,
            residuals=blocks(np.arange(len(found))),
        ),
    )


def random_section(seed, *, events=9, one_date=False, holes=0.05, window=DAY, rho=0.3, effect=0.0, **options):
    """Section of a random panel with fat tails, correlated firms and holes in the estimation windows."""
    rng = np.random.default_rng(seed)
    size, firms = 150, max(events, 4)
    market = rng.normal(0, 0.01, size)
    common = rng.standard_t(5, (size, 1))
    shocks = np.sqrt(rho) * common + np.sqrt(1 - rho) * rng.standard_t(5, (size, firms))
    returns = 0.0005 + market[:, None] * np.linspace(0.6, 1.4, firms) + 0.02 * shocks
    positions = np.full(events, 100) if one_date else rng.integers(95, 130, events)
    missing = rng.random(returns.shape) < holes
    for firm, position in enumerate(positions):
        missing[position - 5 :, firm] = False
    returns[missing] = np.nan
    returns[positions, np.arange(events)] += effect
    return section_of(returns, market, list(enumerate(positions.tolist())), window=window, **options)


def residuals_by_event(source):
    """For every event its estimation residuals by session: {event: {session: residual}}, nothing missing."""
    found = {}
    for block in source.residuals():
        for row, resid, session in zip(block.rows, block.resid, block.session, strict=True):
            known = np.isfinite(resid)
            found[int(row)] = {int(day): float(e) for day, e in zip(session[known], resid[known], strict=True)}
    return found
