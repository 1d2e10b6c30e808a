"""The figures that the report leads with, taken from the lists already computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from eventstudy.abnormal import detectable_effect
from eventstudy.calendars import to_date
from eventstudy.facts import fact
from eventstudy.results import (
    CarRecord,
    EventGroupRecord,
    ExclusionRecord,
    HeadlineRecord,
    PlaceboRecord,
    PortfolioRecord,
)
from eventstudy.spec import Headline
from eventstudy.study.setting import Setting

Found = CarRecord | PortfolioRecord | EventGroupRecord


def headline_records(
    setting: Setting,
    cars: Sequence[CarRecord],
    portfolios: Sequence[PortfolioRecord],
    steps: Sequence[EventGroupRecord],
) -> Iterator[HeadlineRecord | ExclusionRecord]:
    """One record per headline: the first model against the preferred benchmark; an exclusion where it is not there."""
    candidates: tuple[Found, ...] = (*cars, *portfolios, *steps)
    for headline in setting.spec.headlines:
        found = next((record for record in candidates if _told(setting, headline, record)), None)
        if found is None:
            yield ExclusionRecord.of(
                fact("headline", headline=headline.id),
                fact("not_estimated.headline"),
                event_id=headline.event,
                security=headline.security or headline.group,
            )
            continue
        yield _record(setting, headline, found)


def _told(setting: Setting, headline: Headline, record: Found) -> bool:
    """Whether a record, in the study's order of models and benchmarks, is the headline's figure."""
    if record.std_error is None or record.model != setting.spec.model_names[0]:
        return False
    if isinstance(record, EventGroupRecord):
        return (record.event_group, record.security) == (headline.event_group, headline.security)
    subject = record.security if isinstance(record, CarRecord) else record.group
    own = headline.security if isinstance(record, CarRecord) else headline.group
    return (record.event_id, subject, record.window) == (headline.event, own, headline.window)


def _record(setting: Setting, headline: Headline, found: Found) -> HeadlineRecord:
    first, last = _sessions(setting, headline, found)
    detectable = detectable_effect(np.array(found.std_error), np.array(found.df), level=setting.spec.level)
    return HeadlineRecord(
        id=headline.id,
        event_id=found.event_id,
        event_group=headline.event_group,
        subject=str(headline.security or headline.group),
        kind="security" if headline.security else "group",
        model=found.model,
        benchmark=found.benchmark,
        estimand=found.estimand,
        window=found.window,
        first_session=first,
        last_session=last,
        estimate=found.aar_or_caar if isinstance(found, PortfolioRecord) else found.car,
        std_error=found.std_error,
        df=found.df,
        pvalue=found.pvalue,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        detectable=float(detectable),
        flags=found.flags,
    )


def _sessions(setting: Setting, headline: Headline, found: Found) -> tuple[date, date]:
    """First and last session of the figure's window."""
    member = found.securities[0] if isinstance(found, PortfolioRecord) else str(headline.security)
    series = setting.series[member]
    day0 = next(item.day0 for item in setting.timed if (item.event.id, item.security) == (found.event_id, member))
    place = series.position(day0)
    return to_date(series.sessions[place + found.window.first]), to_date(series.sessions[place + found.window.last])


def with_placebo(heads: Sequence[HeadlineRecord], placebo: Sequence[PlaceboRecord]) -> tuple[HeadlineRecord, ...]:
    """The headlines with their p-values among placebo dates, where there are any."""
    found = {record.id: record for record in placebo}
    return tuple(
        head.model_copy(update={"placebo_pvalue": found[head.id].pvalue, "maxt_pvalue": found[head.id].maxt_pvalue})
        if head.id in found
        else head
        for head in heads
    )
