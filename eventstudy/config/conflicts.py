"""What is wrong between parts of a study that are right each for itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain
from math import isclose

from eventstudy.exchanges import exchange
from eventstudy.spec import Benchmark, PriceFile, Security, StudySpec
from eventstudy.spec.fields import VENDORS
from eventstudy.spec.prices import Conflict, table_conflicts


def conflicts(spec: StudySpec) -> Iterator[Conflict]:
    """Every conflict as the path of its entry in the study file and a sentence."""
    yield from _two_levels(spec)
    yield from _repeated_symbols(spec)
    yield from _named_twice(spec)
    for name, benchmark in spec.benchmarks.items():
        yield from _members(spec, name, benchmark)
    for symbol, security in spec.securities.items():
        yield from _benchmarks(spec, symbol, security)
        yield from _comparisons(spec, symbol, security)
    yield from _regimes(spec)
    yield from _samples(spec)
    yield from _event_groups(spec)
    yield from _contrasts(spec)
    yield from _robustness(spec)
    yield from _vendors(spec)
    yield from _price_range(spec)
    yield from _prices(spec)


def _two_levels(spec: StudySpec) -> Iterator[Conflict]:
    """A significance level and a confidence that are not two sides of one choice."""
    rest = 1.0 - spec.level
    if not isclose(spec.confidence, rest, abs_tol=1e-9):
        fits = f"verdicts at {spec.level:g} go with intervals of {rest:g}"
        yield ("level",), f"confidence is {spec.confidence:g}, and {fits}; state one of the two, the other follows"


def _calendar(spec: StudySpec, symbol: str) -> str:
    everything = {**spec.securities, **spec.benchmarks, **spec.peers}
    return exchange(everything[symbol].exchange).calendar


def _repeated_symbols(spec: StudySpec) -> Iterator[Conflict]:
    for section, others in (("benchmarks", spec.securities), ("peers", {**spec.securities, **spec.benchmarks})):
        for symbol in getattr(spec, section):
            if symbol in others:
                taken = "a security" if symbol in spec.securities else "a benchmark"
                yield (section, symbol), f"{symbol} is {taken} already; a symbol stands in one section only"


def _named_twice(spec: StudySpec) -> Iterator[Conflict]:
    """Lists of comparisons that name a share twice, which would give it double weight."""
    lists: list[tuple[tuple[str | int, ...], tuple[str, ...]]] = [
        (("benchmarks", name, "members"), benchmark.members) for name, benchmark in spec.benchmarks.items()
    ]
    for symbol, security in spec.securities.items():
        for key in ("benchmarks", "foreign", "peers", "earlier_listings", "related"):
            lists.append((("securities", symbol, key), getattr(security, key)))
    for index, regime in enumerate(spec.regimes):
        lists.extend((("regimes", index, "securities", one), drivers) for one, drivers in regime.securities.items())
    for place, names in lists:
        for number, name in enumerate(names):
            if name in names[:number]:
                yield (*place, number), f"{name} stands there twice; keep one"


def _members(spec: StudySpec, name: str, benchmark: Benchmark) -> Iterator[Conflict]:
    for index, member in enumerate(benchmark.members):
        if _calendar(spec, member) != exchange(benchmark.exchange).calendar:
            yield (
                ("benchmarks", name, "members", index),
                f"{member} does not keep the sessions of {benchmark.exchange}; a mean takes members of one calendar",
            )
    if benchmark.members and benchmark.weights:
        yield (
            ("benchmarks", name, "weights"),
            "a mean of peers is equal-weighted; weights are for an index or fund",
        )
    for symbol in benchmark.weights.of if benchmark.weights else ():
        if _calendar(spec, symbol) != exchange(benchmark.exchange).calendar:
            yield (
                ("benchmarks", name, "weights", "of", symbol),
                f"{symbol} does not keep the sessions of {benchmark.exchange}",
            )


def _benchmarks(spec: StudySpec, symbol: str, security: Security) -> Iterator[Conflict]:
    own = exchange(security.exchange).calendar
    for index, name in enumerate(security.benchmarks):
        if _calendar(spec, name) != own:
            yield (
                ("securities", symbol, "benchmarks", index),
                f"{name} trades at other hours than {symbol}, so returns of one date do not belong together; "
                "name it under foreign",
            )
    for index, name in enumerate(security.foreign):
        if _calendar(spec, name) == own:
            yield (
                ("securities", symbol, "foreign", index),
                f"{name} keeps the hours of {symbol}; name it under benchmarks",
            )


def _comparisons(spec: StudySpec, symbol: str, security: Security) -> Iterator[Conflict]:
    named = chain(
        ((("securities", symbol, "peers", index), name) for index, name in enumerate(security.peers)),
        (
            (("securities", symbol, "earlier_listings", index), name)
            for index, name in enumerate(security.earlier_listings)
        ),
    )
    for index, name in enumerate(security.related):
        if name == symbol:
            yield ("securities", symbol, "related", index), f"{symbol} is not related to itself"
    for place, name in named:
        if name == symbol:
            yield place, f"{symbol} cannot be compared with itself"
        elif _calendar(spec, name) != exchange(security.exchange).calendar:
            yield place, f"{name} does not keep the sessions of {security.exchange}; name shares of the same calendar"
    for index, name in enumerate(security.earlier_listings):
        other = {**spec.securities, **spec.peers}[name]
        if other.listed is None or other.listed >= (security.listed or date.min):
            yield (
                ("securities", symbol, "earlier_listings", index),
                f"{name} needs a listing date before that of {symbol} ({security.listed})",
            )
        elif other.board != security.board:
            yield (
                ("securities", symbol, "earlier_listings", index),
                f"{name} is on the board {other.board}, {symbol} on {security.board}; first sessions differ by board",
            )


def _regimes(spec: StudySpec) -> Iterator[Conflict]:
    for index, regime in enumerate(spec.regimes):
        for symbol, drivers in regime.securities.items():
            for number, driver in enumerate(drivers):
                if _calendar(spec, driver) != _calendar(spec, symbol):
                    yield (
                        ("regimes", index, "securities", symbol, number),
                        f"{driver} does not keep the sessions of {symbol}; name shares of the same calendar",
                    )


def _event_groups(spec: StudySpec) -> Iterator[Conflict]:
    seen: dict[str, str] = {}
    for index, group in enumerate(spec.event_groups):
        for number, step in enumerate(group.steps):
            place = ("event_groups", index, "steps", number)
            if spec.event(step).role != "tested":
                yield place, f"{step} is not tested; the steps of a piece of news are tested events"
            if step in seen:
                yield place, f"{step} is a step of {seen[step]} already; an event is a step of one piece of news"
            seen.setdefault(step, group.id)
    for index, headline in enumerate(spec.headlines):
        told = next((group for group in spec.event_groups if group.id == headline.event_group), None)
        if told and not any(headline.security in spec.event(step).securities for step in told.steps):
            yield ("headlines", index, "security"), f"no step of {told.id} touches {headline.security}"


def _contrasts(spec: StudySpec) -> Iterator[Conflict]:
    for index, contrast in enumerate(spec.contrasts):
        steps = next((group.steps for group in spec.event_groups if group.id == contrast.event_group), ())
        events = [spec.event(name) for name in steps or filter(None, (contrast.event,))]
        for symbol in contrast.weights:
            if not any(event.role == "tested" and symbol in event.securities for event in events):
                place = ("contrasts", index, "weights", symbol)
                yield place, f"no tested event of the contrast {contrast.id} touches {symbol}"
        if not any(contrast.weights.values()):
            yield ("contrasts", index, "weights"), f"all weights of the contrast {contrast.id} are zero"


def _samples(spec: StudySpec) -> Iterator[Conflict]:
    """Samples that name events which are not tested, or securities that none of their events touches."""
    tested = {event.id: event for event in spec.tested}
    for index, sample in enumerate(spec.samples):
        place = ("samples", index)
        for number, event in enumerate(sample.events):
            if event not in tested:
                yield (*place, "events", number), f"the event {event} is not tested and so no observation"
        known = [tested[event] for event in sample.events or tested if event in tested]
        touched = {symbol for event in known for symbol in event.securities}
        for number, symbol in enumerate(sample.securities):
            if symbol not in touched:
                yield (*place, "securities", number), f"no event of the sample {sample.id} touches {symbol}"


def _robustness(spec: StudySpec) -> Iterator[Conflict]:
    from eventstudy.inference import ROWS

    given = spec.robustness
    allowed = sorted(test.name for test in ROWS if not test.variant)
    if given.test is not None and given.test not in allowed:
        yield ("robustness", "test"), f"unknown test {given.test!r}; allowed: {', '.join(allowed)}"
    for key in ("models", "estimation_lengths", "gaps", "widen", "returns"):
        values = getattr(given, key)
        for number, value in enumerate(values):
            if value in values[:number]:
                yield ("robustness", key, number), f"{value} stands there twice; keep one"


def _vendors(spec: StudySpec) -> Iterator[Conflict]:
    for section in ("securities", "benchmarks", "peers"):
        for symbol, instrument in getattr(spec, section).items():
            for vendor in instrument.symbols:
                if vendor not in VENDORS:
                    message = f"there is no vendor {vendor!r}; allowed: {', '.join(VENDORS)}"
                    yield (section, symbol, "symbols", vendor), message


def _price_range(spec: StudySpec) -> Iterator[Conflict]:
    for event in spec.tested:
        day = event.when.first.date()
        if spec.prices.first is not None and day < spec.prices.first:
            message = f"prices begin on {spec.prices.first}, after the event {event.id!r} of {day}; begin earlier"
            yield ("prices", "first"), message
        if spec.prices.last is not None and day > spec.prices.last:
            yield (
                ("prices", "last"),
                f"prices end on {spec.prices.last}, before the event {event.id!r} of {day}; end later",
            )


def _prices(spec: StudySpec) -> Iterator[Conflict]:
    read: dict[tuple[str, str | None], int] = {}
    stated: dict[str, int] = {}
    for index, table in enumerate(spec.prices.files):
        place = ("prices", "files", index)
        yield from (((*place, *path), message) for path, message in table_conflicts(table))
        if (table.file, table.sheet) in read:
            yield (*place, "file"), f"{table.file} is read by files[{read[table.file, table.sheet]}] already; keep one"
        read.setdefault((table.file, table.sheet), index)
        for path, symbol in _stated(table):
            if symbol not in spec.instruments:
                yield (*place, *path), f"{symbol} is a mean of peers and has no prices of its own; name its members"
            elif symbol in stated:
                message = f"{symbol} is read from files[{stated[symbol]}] already; a symbol comes from one file"
                yield (*place, *path), message
            stated.setdefault(symbol, index)


def _stated(table: PriceFile) -> Iterator[tuple[tuple[str, ...], str]]:
    if table.of is not None:
        yield ("of",), table.of
    yield from ((("symbols", symbol), symbol) for symbol in table.symbols)
