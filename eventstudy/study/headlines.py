"""The figures that the report leads with, taken from the lists already computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from eventstudy.abnormal import detectable_effect
from eventstudy.results import CarRecord, ExclusionRecord, HeadlineRecord, PortfolioRecord
from eventstudy.spec import Headline, StudySpec
from eventstudy.study.series import SecuritySeries
from eventstudy.study.timing import Timed


def headline_records(
    spec: StudySpec,
    cars: Sequence[CarRecord],
    portfolios: Sequence[PortfolioRecord],
    timed: Sequence[Timed],
    series: Mapping[str, SecuritySeries],
) -> Iterator[HeadlineRecord | ExclusionRecord]:
    """One record per headline: the first model against the preferred benchmark; an exclusion where it is not there."""
    for headline in spec.headlines:
        found = _find(spec, headline, cars, portfolios)
        if found is None:
            yield ExclusionRecord(
                event_id=headline.event,
                security=headline.security or headline.group,
                what=f"headline {headline.id}",
                reason="not_estimated",
                detail="no estimate with a standard error exists for this event, subject and window",
            )
            continue
        yield _record(headline, found, timed, series)


def _find(
    spec: StudySpec, headline: Headline, cars: Sequence[CarRecord], portfolios: Sequence[PortfolioRecord]
) -> CarRecord | PortfolioRecord | None:
    """The first record, in the study's order of models and benchmarks, with a standard error."""
    candidates: Sequence[CarRecord | PortfolioRecord] = cars if headline.security else portfolios
    for record in candidates:
        subject = record.security if isinstance(record, CarRecord) else record.group
        wanted = (headline.event, headline.security or headline.group, headline.window, spec.models[0])
        if (record.event_id, subject, record.window, record.model) == wanted and record.std_error is not None:
            return record
    return None


def _record(
    headline: Headline,
    found: CarRecord | PortfolioRecord,
    timed: Sequence[Timed],
    series: Mapping[str, SecuritySeries],
) -> HeadlineRecord:
    estimate = found.car if isinstance(found, CarRecord) else found.aar_or_caar
    member = headline.security or found.securities[0]  # type: ignore[union-attr]
    day0 = next(item.day0 for item in timed if item.event.id == headline.event and item.security == member)
    sessions, position = series[member].sessions, series[member].position(day0)
    first, last = (sessions[position + shift].item() for shift in headline.window)
    detectable = detectable_effect(np.array(found.std_error), np.array(found.df))
    return HeadlineRecord(
        id=headline.id,
        event_id=headline.event,
        subject=headline.security or str(headline.group),
        kind="security" if headline.security else "group",
        model=found.model,
        benchmark=found.benchmark,
        estimand=found.estimand,
        window=headline.window,
        first_session=first,
        last_session=last,
        estimate=estimate,
        std_error=found.std_error,
        df=found.df,
        pvalue=found.pvalue,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        detectable=float(detectable),
        flags=found.flags,
    )
