"""Sina's payloads: bars ciphered in its bit stream of type 3466, and scripts with factors and share counts."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from eventstudy.sources.vendors.exchanges import Exchange
from tests.made.figures import INDICES, SHARES, Figures, figures, made, note_of

COMPANY = "https://finance.sina.com.cn/realstock/company"
AMOUNT = "https://stock.finance.sina.com.cn/stock/api/jsonp.php"
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
DAY_ZERO = date(1990, 12, 19)
TYPE = 3466
BUILT_IN_WIDTHS = {"o": 3, "h": 3, "l": 3, "c": 3, "v": 5, "a": 5}
SIGNED = frozenset("ocva")
SHARE_COUNT = "100000"


@dataclass(frozen=True)
class Ciphered:
    """A bar as the stream holds it: prices in cents, volume in shares, amount in yuan.

    `prevclose` is the last close less a dividend, where the stream states one.
    """

    day: date
    open: int
    high: int
    low: int
    close: int
    volume: int
    amount: int
    prevclose: int | None = None


class Bits:
    """A stream of bits, six a character, the lowest first."""

    def __init__(self) -> None:
        self._bits: list[int] = []

    def flag(self, *values: int) -> None:
        """Append single bits."""
        self._bits.extend(values)

    def number(self, value: int, width: int) -> None:
        """Append a number of so many bits, a negative one as its complement."""
        if not -(1 << max(width - 1, 0)) <= value < 1 << width:
            raise ValueError(f"{value} does not fit into {width} bits")
        self._bits.extend(value >> position & 1 for position in range(width))

    def step(self, value: int) -> None:
        """Append a change of a width: its sign, then its size in ones, closed by a zero."""
        self.flag(int(value > 0), *[1] * (abs(value) - 1), 0)

    def text(self) -> str:
        """The stream as characters."""
        padded = self._bits + [0] * (-len(self._bits) % 6)
        sixes = (padded[start : start + 6] for start in range(0, len(padded), 6))
        return "".join(ALPHABET[sum(bit << place for place, bit in enumerate(six))] for six in sixes)


def encode(bars: Sequence[Ciphered]) -> str:
    """Cipher bars the way Sina's own script deciphers them.

    One width for each column serves the whole stream, so it is longer than Sina's own, which change as they go.
    Open and close are steps from the last close (or from a stated previous close), high and low distances from the
    open, volume and amount steps from the last ones.
    """
    rows = list(_steps(bars))
    widths = {name: _width([row[name] for row in rows], name in SIGNED) for name in BUILT_IN_WIDTHS}
    widths["o"] = max(widths["o"], _width([row["p"] for row in rows if "p" in row], signed=True))
    bits = Bits()
    bits.number(TYPE, 12)
    bits.number(63, 6)
    before = None
    for bar, row in zip(bars, rows, strict=True):
        if before is None:
            _head(bits, widths, bar, row)
        else:
            _gap(bits, weekdays(before, bar.day), bar.day, 3 * widths["o"], row)
        for name, width in widths.items():
            bits.number(row[name], 3 * width)
        before = bar.day
    bits.flag(1, 1, 0, 0, 0)
    return bits.text()


def weekdays(first: date, last: date) -> int:
    """Weekdays after the first day up to the last one; 0 where that is no weekday, or not later."""
    days = (first + timedelta(days=ahead) for ahead in range(1, (last - first).days + 1))
    return sum(day.weekday() < 5 for day in days) if last.weekday() < 5 else 0


def _steps(bars: Sequence[Ciphered]) -> Iterator[dict[str, int]]:
    close = volume = amount = 0
    for bar in bars:
        row = {
            "h": bar.high - bar.open,
            "l": bar.open - bar.low,
            "c": bar.close - bar.open,
            "v": bar.volume - volume,
            "a": bar.amount - amount,
        }
        if bar.prevclose is not None:
            row["p"] = bar.prevclose - close
            close = bar.prevclose
        yield row | {"o": bar.open - close}
        close, volume, amount = bar.close, bar.volume, bar.amount


def _width(values: Sequence[int], signed: bool) -> int:
    """Threes of bits that the largest value needs."""
    bits = max((value if value >= 0 else -value - 1).bit_length() + signed for value in values) if values else 1
    return -(-max(bits, 1) // 3)


def _head(bits: Bits, widths: dict[str, int], bar: Ciphered, row: dict[str, int]) -> None:
    """Open the stream: amounts as steps of their own, the widths, the first day."""
    bits.flag(1, 1, 1)
    bits.flag(1, 1, 0, 0, 0, 0)
    bits.flag(0, 0, 0)
    bits.flag(1)
    for name, built_in in BUILT_IN_WIDTHS.items():
        bits.flag(int(widths[name] != built_in))
        if widths[name] != built_in:
            bits.step(widths[name] - built_in)
    bits.flag(1)
    _day(bits, 0, bar.day)
    _previous(bits, 3 * widths["o"], row)


def _gap(bits: Bits, ahead: int, day: date, width: int, row: dict[str, int]) -> None:
    """Say which day a bar is of and which previous close it has, where it is not the next weekday or states one."""
    if "p" in row:
        bits.flag(1, 1, 0, 1, 0, 0, 0, 0, 0, 0, int(ahead != 1))
        if ahead != 1:
            _day(bits, ahead, day)
        _previous(bits, width, row)
    elif ahead != 1:
        bits.flag(1, 0, 1, 1, 1)
        _day(bits, ahead, day)
    else:
        bits.flag(0)


def _day(bits: Bits, ahead: int, day: date) -> None:
    """A day by the weekdays to it from the last one, or by its own number."""
    if 1 < ahead < 8:
        bits.number(ahead, 3)
    elif 7 < ahead < 64:
        bits.number(0, 3)
        bits.number(ahead, 6)
    else:
        bits.number(1, 3)
        bits.number((day - DAY_ZERO).days, 18)


def _previous(bits: Bits, width: int, row: dict[str, int]) -> None:
    bits.flag(int("p" in row))
    if "p" in row:
        bits.flag(0)
        bits.number(row["p"], width)


def ciphered(one: Figures) -> list[Ciphered]:
    """The bars of a recording in the units of the stream."""
    return [
        Ciphered(
            bar.day,
            *(round(100 * price) for price in (bar.open, bar.high, bar.low, bar.close)),
            bar.volume,
            round(bar.volume * bar.close),
            _previous_close(one, bar.day, before.close if before else None),
        )
        for bar, before in one.with_previous()
    ]


def _previous_close(one: Figures, day: date, before: float | None) -> int | None:
    if before is None:
        return round(100 * one.issue_price) if one.issue_price and day == one.listed else None
    return round(100 * (before - one.dividends[day])) if day in one.dividends else None


def factors(one: Figures) -> list[tuple[str, str]]:
    """Multiplicative factors, latest first, the last one for all earlier days: 1 before the first recorded dividend."""
    factor, found = 1.0, [("1900-01-01", f"{1:.16f}")]
    for bar, before in one.with_previous():
        if before is not None and bar.day in one.dividends:
            factor *= before.close / (before.close - one.dividends[bar.day])
            found.append((bar.day.isoformat(), f"{factor:.16f}"))
    return found[::-1]


def exchanges() -> Iterator[Exchange]:
    """For each share its bars, share counts and factors; for each index its bars."""
    for symbol in SHARES:
        one = figures(symbol)
        yield _bars(one, f"sh{symbol}", "hisdata_klc2", "KLC_K2", {})
        yield _amounts(one, f"sh{symbol}")
        yield _factors(one, f"sh{symbol}")
    for symbol in INDICES:
        yield _bars(figures(symbol), symbol, "hisdata", "KLC_KL", {"d": "2020_2_4"})


def _bars(one: Figures, prefixed: str, folder: str, variable: str, params: dict[str, str]) -> Exchange:
    return made(
        "requests",
        f"{COMPANY}/{prefixed}/{folder}/klc_kl.js",
        params,
        f'var {variable}_{prefixed}="{encode(ciphered(one))}";\n',
        content_type="application/x-javascript",
        note=note_of(
            one.symbol,
            "Sina",
            "Sina serves all history, this reply the recorded part. The amount is volume x close; a previous close "
            "stands where the listing or a dividend in events.yaml makes it another than the last close. Ciphered by "
            "tests/made/sina.py.",
        ),
    )


def _amounts(one: Figures, prefixed: str) -> Exchange:
    first = one.listed or one.bars[0].day
    rows = json.dumps([{"date": first.isoformat(), "amount": SHARE_COUNT}], separators=(",", ":"))
    return made(
        "requests",
        f"{AMOUNT}/var%20KKE_ShareAmount_{prefixed}=/StockService.getAmountBySymbol",
        {"_": "20", "symbol": prefixed},
        f"/*<script>location.href='//sina.com';</script>*/\nvar KKE_ShareAmount_{prefixed}=({rows});",
        content_type="application/javascript; charset=utf-8",
        note="Made by hand in Sina's shape, not served by Sina. The number of shares is a round placeholder and no "
        "figure of the company; only turnover rates depend on it, and nothing uses them.",
    )


def _factors(one: Figures, prefixed: str) -> Exchange:
    rows = [{"d": day, "f": factor} for day, factor in factors(one)]
    body = json.dumps({"total": len(rows), "data": rows}, separators=(",", ":"))
    return made(
        "requests",
        f"{COMPANY}/{prefixed}/hfq.js",
        {},
        f"var {prefixed}hfq={body}\n/* made */\n",
        content_type="application/x-javascript",
        note="Made by hand in Sina's shape, not served by Sina. Factors are last close / (last close - dividend), "
        f"multiplied up, closes of eventstudy/data/recorded/{one.symbol}.csv and dividends of events.yaml; earlier "
        "dividends are not recorded, so the factor before the first one is 1.",
    )
