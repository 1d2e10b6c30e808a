"""Faults put into the exchanges of every vendor: each has its name and its sentence, and nothing had before is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import pairwise

import curl_cffi.requests.exceptions as curl
import pytest
import requests.exceptions as plain
from curl_cffi import CurlECode
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstudy.errors import (
    BlockedError,
    BrokenReplyError,
    ChangedFormatError,
    NoDataError,
    NotDataError,
    NotRecordedError,
    ProxyError,
    RateLimitedError,
    SourceError,
    TimedOutError,
    UnknownSymbolError,
    UnreachableError,
    VendorFaultError,
)
from eventstudy.prices import PricePanel
from eventstudy.sources.vendors import download, eastmoney, sina, tencent, yahoo
from eventstudy.sources.vendors.download import Manner
from eventstudy.sources.vendors.exchanges import Replayer, file_name, read
from eventstudy.sources.vendors.manners import ATTEMPTS, LONGEST_WAIT, Pace
from eventstudy.sources.vendors.wire import Reply, through
from tests.made.build import FOLDER
from tests.made.figures import END, START, figures
from tests.made.sina import Bits, Ciphered, ciphered, encode

DAY = date(2025, 12, 15)
MOVED = "its columns may have moved: update the vendor's library, or use another source"


@dataclass(frozen=True)
class Case:
    """A vendor with the symbol whose exchanges go wrong, another one, and how to know the exchange with the bars."""

    vendor: str
    name: str
    recorded: str
    good: str
    bars: str
    ask: Callable = field(repr=False)

    @property
    def library(self):
        return "yfinance 1.7.0" if self.vendor == "yahoo" else "akshare 1.19.5"

    @property
    def errors(self):
        return curl if self.vendor == "yahoo" else plain

    def sentence(self, what):
        return f"{self.vendor}: {self.name}: {what}"

    def unreadable(self, why):
        library = self.library.split()[0]
        return self.sentence(f"{self.library} cannot read the reply ({why}); update {library}, or use another source")


CASES = {
    case.vendor: case
    for case in (
        Case("yahoo", "688795.SS", "688795", "NVDA", r"/688795\.SS\?.*period1=", yahoo.fetch),
        Case("eastmoney", "688795", "688795", "688041", r"kline/get.*secid=1\.688795", eastmoney.fetch),
        # Its exchange of 2025 has the days of January too, that of 2026 those alone.
        Case("tencent", "sh688795", "688795", "sh688041", r"newfqkline.*sh688795,day,2025-", tencent.fetch),
        Case("sina", "sh688795", "688795", "sh688041", r"sh688795/hisdata_klc2/klc_kl\.js", sina.fetch),
    )
}
CHINESE = ["eastmoney", "tencent", "sina"]
NOT_WHOLE = {
    "yahoo": "the reply is not whole JSON; run again",
    "eastmoney": "the reply is not whole JSON; run again",
    "tencent": "the reply is not whole JSON; run again",
    "sina": "the bars are not whole; run again",
}
each = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


@dataclass
class Outcome:
    """What came of a download."""

    panel: PricePanel | None
    error: SourceError | None
    faulty: int
    waits: list[float]
    told: list[str]

    def series(self, case):
        assert self.error is None, self.error
        return self.panel[case.name]


class Injected:
    """A handler nearer to the vendor than the library: a fault in the exchanges whose address matches."""

    def __init__(self, address, fault, times=10**6):
        self._address, self._fault, self._times = re.compile(address), fault, times
        self.count = 0

    def __call__(self, asked, send):
        if not self._address.search(str(asked)):
            return send()
        self.count += 1
        return self._fault(asked, send) if self.count <= self._times else send()


@pytest.fixture(autouse=True)
def as_new():
    """yfinance keeps a crumb and a way to it for the process."""
    from yfinance.data import SingletonMeta

    SingletonMeta._instances.clear()
    yield
    SingletonMeta._instances.clear()


def attempt(case, fault, *, address=None, times=10**6, names=None, first=START, also=()):
    waits, told = [], []

    def not_here(seconds):
        raise AssertionError("the pace needs no wait in tests")

    manner = Manner(
        pace=Pace(None, interval=0.0, sleep=not_here),
        sleep=waits.append,
        told=told.append,
        now=lambda: datetime(2026, 11, 22, tzinfo=UTC),
    )
    injected = Injected(address or case.bars, fault, times)
    panel = error = None
    with through(injected, *also, Replayer(FOLDER)):
        try:
            panel = case.ask(names or [case.name], first, END, manner)
        except SourceError as caught:
            error = caught
    return Outcome(panel, error, injected.count, waits, told)


def fails(case, fault, kind, what, **how):
    """The fault is this one, in one whole sentence, asked again if it passes by itself and not if it does not."""
    out = attempt(case, fault, **how)
    assert type(out.error) is kind, out.error
    assert str(out.error) == case.sentence(what)
    assert (out.error.vendor, out.error.symbol, out.error.what) == (case.vendor, case.name, what)
    expected = ATTEMPTS if kind.passing else 1
    assert out.faulty == expected
    assert len(out.waits) == len(out.told) == expected - 1
    assert out.error.kept is not None
    assert list(out.error.kept) == []
    return out


def is_recorded(case, out, without=()):
    series = out.series(case)
    bars = [bar for bar in figures(case.recorded).bars if bar.day not in without]
    assert series.sessions.tolist() == [bar.day for bar in bars]
    assert series.close.tolist() == [bar.close for bar in bars]
    return series


def answers(status=200, body=b"", content_type="text/plain", **other):
    reply = Reply(status, body if isinstance(body, bytes) else body.encode(), content_type, **other)
    return lambda asked, send: reply


def changed(change):
    """The made reply with another body."""

    def fault(asked, send):
        reply = send()
        return replace(reply, body=change(reply.body))

    return fault


def raising(error):
    def fault(asked, send):
        raise error

    return fault


# --- Status -------------------------------------------------------------------------------------------------------

BLOCKED = "refused (HTTP {}); this address may be blocked for some hours"
FAILED = "the vendor's server failed (HTTP {}); run again later"
STATUS = {
    429: (RateLimitedError, "asked too often (HTTP {}); wait some minutes and run again"),
    407: (ProxyError, "the proxy on the way wants a login (HTTP {}); set it in HTTPS_PROXY"),
    **dict.fromkeys((401, 403, 418, 451, 456), (BlockedError, BLOCKED)),
    **dict.fromkeys((500, 502, 503, 504), (VendorFaultError, FAILED)),
}


@each
@pytest.mark.parametrize("status", STATUS)
def test_a_status(case, status):
    kind, what = STATUS[status]
    fault = answers(status, "<html><body>no</body></html>", "text/html")
    if (case.vendor, status) == ("yahoo", 401):
        # yfinance gets another cookie and asks once more.
        out = attempt(case, fault)
        assert (type(out.error), str(out.error)) == (kind, case.sentence(what.format(status)))
        assert (out.faulty, out.waits) == (2, [])
        return
    fails(case, fault, kind, what.format(status))


@pytest.mark.parametrize("text", ["Invalid Crumb", "Invalid Cookie"])
def test_yfinance_may_ask_again_with_another_cookie(text):
    """A crumb that is none (its answer was an error's text) is refused with 401; the next one is good."""
    case = CASES["yahoo"]
    body = json.dumps({"finance": {"result": None, "error": {"code": "Unauthorized", "description": text}}})
    for address in (case.bars, FIRST_ASKED["yahoo"]):
        out = attempt(case, answers(401, body, "application/json"), address=address, times=1)
        is_recorded(case, out)
        assert (out.faulty, out.waits) == (2, [])


@pytest.mark.parametrize("status", [408, 425])
def test_a_status_that_means_later(status):
    what = f"no answer in time (HTTP {status}); run again later"
    fails(CASES["eastmoney"], answers(status), TimedOutError, what)


@pytest.mark.parametrize("status", [400, 404, 410])
@pytest.mark.parametrize("vendor", ["yahoo", "eastmoney", "tencent"])
def test_a_request_that_the_vendor_does_not_take(vendor, status):
    out = attempt(CASES[vendor], answers(status, b"no route matched"))
    assert isinstance(out.error, SourceError)
    assert f"HTTP {status}" in str(out.error)
    assert out.waits == []


FIRST_ASKED = {
    "yahoo": r"/688795\.SS\?interval=1d&range=1d$",
    "tencent": "weekTrends",
    "sina": "getAmountBySymbol",
}


@pytest.mark.parametrize(
    ("vendor", "status"),
    [("yahoo", 403), ("yahoo", 429), ("yahoo", 500), ("sina", 403), ("sina", 429), ("sina", 500), ("tencent", 429)],
)
def test_a_status_of_an_exchange_that_only_leads_to_the_bars(vendor, status):
    kind, what = STATUS[status]
    fails(CASES[vendor], answers(status), kind, what.format(status), address=FIRST_ASKED[vendor])


@pytest.mark.parametrize(
    "trouble",
    [
        answers(403),
        answers(501),
        answers(200, "<html><body>gone</body></html>", "text/html"),
        raising(plain.ConnectionError("reset")),
        raising(plain.ReadTimeout("slow")),
        answers(200, "trend_qfq={"),
    ],
    ids=["403", "501", "page", "reset", "time out", "half"],
)
def test_tencent_has_bars_without_a_first_day_of_trading(trouble):
    """Its host was seen answering 501 to everything on 1 October 2026, while the bars come from another one."""
    case = replace(CASES["tencent"], name="sh688041", recorded="688041")
    out = attempt(case, trouble, address="weekTrends")
    is_recorded(case, out)
    assert (out.faulty, out.waits) == (1, [])


@each
def test_a_vendor_that_names_a_wait_is_waited_for(case):
    out = fails(case, answers(429, retry_after=45.0), RateLimitedError, STATUS[429][1].format(429))
    assert min(out.waits) >= 45.0
    assert out.error.wait == 45.0


@each
def test_a_vendor_that_names_a_long_wait_is_not(case):
    out = attempt(case, answers(429, retry_after=LONGEST_WAIT + 1))
    assert type(out.error) is RateLimitedError
    assert str(out.error) == case.sentence("asked too often (HTTP 429); wait some minutes and run again")
    assert (out.faulty, out.waits, out.told, out.error.wait) == (1, [], [], LONGEST_WAIT + 1)


@each
def test_waits_grow_and_are_told(case):
    out = attempt(case, answers(503))
    assert len(out.waits) == ATTEMPTS - 1
    assert all(before < after for before, after in pairwise(out.waits))
    assert all(2.0 <= wait <= LONGEST_WAIT for wait in out.waits)
    said = case.sentence("the vendor's server failed (HTTP 503); run again later")
    assert out.told == [f"{said}; trying again in {wait:.0f} s" for wait in out.waits]


@each
@pytest.mark.parametrize("times", range(1, ATTEMPTS))
@pytest.mark.parametrize("fault", [answers(429), answers(500), answers(200, b"{")], ids=["429", "500", "half"])
def test_a_fault_that_passes_leaves_no_trace(case, times, fault):
    out = attempt(case, fault, times=times)
    is_recorded(case, out)
    assert out.faulty == times + 1
    assert len(out.waits) == times
    assert "HTTP" not in out.panel[case.name].provenance.note


# --- The way to the vendor ----------------------------------------------------------------------------------------

NO_CONNECTION = (UnreachableError, "no connection, or it was closed without an answer; check the network")
NO_NAME = (UnreachableError, "the host's name cannot be found; check the network")
NO_ANSWER = (TimedOutError, "no answer in time; run again later")
HALF_WAY = (BrokenReplyError, "the reply broke off half way; run again")
NOT_SECURE = (UnreachableError, "no secure connection; check the clock and the certificates of this machine")
BY_PROXY = (ProxyError, "the proxy on the way refused; check HTTPS_PROXY")
IN_CIRCLES = (BlockedError, "sent round in circles; this address may be blocked")
OF_REQUESTS = {
    "reset mid-body": (plain.ChunkedEncodingError("Connection broken: ConnectionResetError(104)"), HALF_WAY),
    "closed without an answer": (plain.ConnectionError("('Connection aborted.', RemoteDisconnected())"), NO_CONNECTION),
    "no such host": (plain.ConnectionError("Failed to resolve 'push2his.eastmoney.com'"), NO_CONNECTION),
    "refused": (plain.ConnectionError("[Errno 111] Connection refused"), NO_CONNECTION),
    "time-out of the answer": (plain.ReadTimeout("Read timed out. (read timeout=20)"), NO_ANSWER),
    "certificate": (plain.SSLError("CERTIFICATE_VERIFY_FAILED"), NOT_SECURE),
    "proxy": (plain.ProxyError("Cannot connect to proxy."), BY_PROXY),
    "address of the proxy": (
        plain.InvalidProxyURL("Proxy URL had no scheme"),
        (ProxyError, "the address of the proxy is not valid; check HTTPS_PROXY"),
    ),
    "circles": (plain.TooManyRedirects("Exceeded 30 redirects."), IN_CIRCLES),
    "cannot be unpacked": (
        plain.ContentDecodingError("failed to decode it", ValueError()),
        (BrokenReplyError, "the reply cannot be unpacked; run again"),
    ),
    "something else": (plain.RequestException("?"), (UnreachableError, "the request failed; check the network")),
}


@pytest.mark.parametrize("vendor", CHINESE)
@pytest.mark.parametrize("trouble", OF_REQUESTS)
def test_trouble_that_requests_has(vendor, trouble):
    error, (kind, what) = OF_REQUESTS[trouble]
    out = fails(CASES[vendor], raising(error), kind, what)
    assert out.error.__cause__ is error


@pytest.mark.parametrize("vendor", CHINESE)
def test_a_connection_that_takes_too_long_is_a_time_out(vendor):
    fails(CASES[vendor], raising(plain.ConnectTimeout("timed out (connect timeout=20)")), *NO_ANSWER)


OF_CURL = {
    CurlECode.PARTIAL_FILE: HALF_WAY,
    CurlECode.RECV_ERROR: NO_CONNECTION,
    CurlECode.GOT_NOTHING: NO_CONNECTION,
    CurlECode.COULDNT_RESOLVE_HOST: NO_NAME,
    CurlECode.COULDNT_CONNECT: NO_CONNECTION,
    CurlECode.OPERATION_TIMEDOUT: NO_ANSWER,
    CurlECode.SSL_CONNECT_ERROR: NOT_SECURE,
    CurlECode.PEER_FAILED_VERIFICATION: NOT_SECURE,
    CurlECode.COULDNT_RESOLVE_PROXY: BY_PROXY,
    CurlECode.PROXY: BY_PROXY,
    CurlECode.TOO_MANY_REDIRECTS: IN_CIRCLES,
    CurlECode.HTTP2_STREAM: (UnreachableError, "the request failed; check the network"),
}


@pytest.mark.parametrize("code", OF_CURL, ids=lambda code: code.name)
@pytest.mark.parametrize("address", [CASES["yahoo"].bars, FIRST_ASKED["yahoo"]], ids=["bars", "zone"])
def test_trouble_that_curl_has(code, address):
    error = curl.code2error(code, f"curl: ({code})")(f"curl: ({code})", code)
    out = fails(CASES["yahoo"], raising(error), *OF_CURL[code], address=address)
    assert out.error.__cause__ is error


def test_a_tunnel_that_the_proxy_refuses_is_the_proxys_trouble():
    message = "CONNECT tunnel failed, response 403"
    error = curl.code2error(CurlECode.RECV_ERROR, message)(message, CurlECode.RECV_ERROR)
    fails(CASES["yahoo"], raising(error), *BY_PROXY)


@each
def test_trouble_that_passes_leaves_no_trace(case):
    out = attempt(case, raising(case.errors.Timeout("timed out")), times=2)
    is_recorded(case, out)
    assert (out.faulty, len(out.waits)) == (3, 2)


@each
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_what_is_no_fault_of_the_way_is_not_named_one(case, error):
    with pytest.raises(error):
        attempt(case, raising(error()))


@each
def test_a_missing_recording_is_said_and_not_asked_again(case):
    waits = []
    manner = Manner(pace=Pace(None, interval=0.0), sleep=waits.append)
    with through(Replayer(FOLDER / "nowhere")), pytest.raises(NotRecordedError, match=r"record it with: eventstudy"):
        case.ask([case.name], START, END, manner)
    assert waits == []


# --- What comes instead of data -----------------------------------------------------------------------------------

PAGES = {
    "plain": "<html><head><title>访问过于频繁</title></head></html>",
    "doctype": "<!DOCTYPE html>\n<html lang=zh>",
    "after a mark and blanks": "\ufeff\r\n  <HTML>",
    "xml": '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
}


@each
@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_a_web_page(case, page):
    what = "a web page came instead of data; the vendor may block this address"
    fails(case, answers(200, page, "text/html"), NotDataError, what)


@each
def test_a_redirect_to_another_host(case):
    elsewhere = changed(lambda body: body)

    def fault(asked, send):
        return replace(elsewhere(asked, send), url="https://passport.example.org/login?next=/")

    what = "sent on to passport.example.org instead of data; this address may be blocked"
    fails(case, fault, BlockedError, what)


@each
def test_a_redirect_within_the_vendors_hosts_is_none(case):
    hosts = {
        "yahoo": "query1.finance.yahoo.com",
        "eastmoney": "push2delay.eastmoney.com",
        "tencent": "web.ifzq.gtimg.cn",
        "sina": "quotes.sina.cn",
    }

    def moved(asked, send):
        return replace(send(), url=f"https://{hosts[case.vendor]}/elsewhere")

    is_recorded(case, attempt(case, moved))


def test_yahoos_page_of_consent_is_told():
    def fault(asked, send):
        return Reply(200, b"<html><form></form></html>", "text/html", "https://consent.yahoo.com/v2/collectConsent?a=1")

    what = "sent on to consent.yahoo.com instead of data; this address may be blocked"
    fails(CASES["yahoo"], fault, BlockedError, what)


def test_bars_that_come_by_way_of_the_consent_are_looked_at_too():
    """yfinance gives the consent and goes on with the reply that it is led to."""
    case = CASES["yahoo"]
    page = b'<html><form action="/v2/collectConsent"><input name="csrfToken" value="x"></form></html>'

    def of_consent(asked, send):
        return Reply(200, page, "text/html", "https://consent.yahoo.com/v2/collectConsent?a=1")

    def led_to(bars):
        def given(asked, send):
            if "collectConsent" not in asked.url:
                return send()
            return Reply(
                200, bars(), "application/json", f"https://query2.finance.yahoo.com/v8/finance/chart/{case.name}"
            )

        return given

    def served(name):
        [path] = [
            path for path in (FOLDER / "yahoo").iterdir() if name in path.name and "period1" in str(read(path).asked)
        ]
        return read(path).reply.body

    good = attempt(case, of_consent, also=[led_to(lambda: served("688795-SS"))])
    is_recorded(case, good)
    other = attempt(case, of_consent, also=[led_to(lambda: served("603019-SS"))])
    assert str(other.error) == case.sentence(
        "the bars of 603019.SS came; state that symbol if it is the share's new one"
    )


# --- Data that stop half way --------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_data_that_stop_half_way(case, part):
    fails(case, changed(lambda body: body[: 1 + int(part * (len(body) - 4))]), BrokenReplyError, NOT_WHOLE[case.vendor])


@settings(deadline=None, max_examples=40)
@given(data=st.data())
@pytest.mark.parametrize("vendor", CHINESE)
def test_wherever_the_data_stop_it_is_seen(vendor, data):
    case = CASES[vendor]
    [path] = [path for path in (FOLDER / vendor).iterdir() if re.search(case.bars, str(read(path).asked))]
    body = read(path).reply.body
    # Without its last line's end the script is whole; akshare reads it to the closing quote.
    last = len(body) - (3 if vendor == "sina" else 1)
    cut = data.draw(st.integers(1, last))
    out = attempt(case, answers(200, body[:cut]))
    assert str(out.error) == case.sentence(NOT_WHOLE[vendor])
    assert out.faulty == ATTEMPTS


@pytest.mark.parametrize("vendor", ["yahoo", "eastmoney", "tencent"])
def test_an_empty_body_is_not_whole(vendor):
    fails(CASES[vendor], answers(200, b""), BrokenReplyError, NOT_WHOLE[vendor])


def test_sina_says_nothing_of_a_symbol_that_it_does_not_have():
    case = CASES["sina"]
    fails(case, answers(200, b"\n"), UnknownSymbolError, "an empty reply came; check the code and its exchange")
    what = "no such symbol (HTTP 404); check the code and its exchange"
    fails(case, answers(404, b"not found"), UnknownSymbolError, what)


@pytest.mark.parametrize("body", [b"/*<script>*/\nvar KKE_ShareAmount_sh688795=([{", b"null", b""])
def test_sinas_numbers_of_shares_that_stop_half_way(body):
    what = "the numbers of shares are not whole; run again"
    fails(CASES["sina"], answers(200, body), BrokenReplyError, what, address="getAmountBySymbol")


SCRIPT = "/*<script>location.href='//sina.com';</script>*/\n"


@pytest.mark.parametrize("nothing", ["(null)", "([])", "()", "null"])
@pytest.mark.parametrize("before", ["", SCRIPT])
def test_a_share_without_numbers_of_shares_is_not_asked_again(before, nothing):
    """As of a share that was delisted (akshare issue 6908)."""
    what = "no numbers of shares came, without which akshare reads no bars"
    text = f"{before}var KKE_ShareAmount_sh688795={nothing};"
    fails(CASES["sina"], answers(200, text), NoDataError, what, address="getAmountBySymbol")


@pytest.mark.parametrize(
    "text", ['var KLC_K2_sh688795="";', "var KLC_K2_sh688795=null\n", 'var KLC_K2_sh688795 = "" ;/* */']
)
def test_sinas_empty_variable_is_a_symbol_that_it_does_not_have(text):
    what = "an empty reply came; check the code and its exchange"
    fails(CASES["sina"], answers(200, text), UnknownSymbolError, what)


def test_a_machine_without_sinas_interpreter_takes_another_vendor(monkeypatch):
    """akshare's interpreter of JavaScript is not there for every processor (akshare issue 2124)."""
    from py_mini_racer import py_mini_racer

    def missing(*_, **__):
        raise RuntimeError("Native library not available at libmini_racer.so")

    monkeypatch.setattr("py_mini_racer.MiniRacer", missing)
    monkeypatch.setattr(py_mini_racer, "MiniRacer", missing)
    out = attempt(CASES["sina"], lambda asked, send: send())
    assert type(out.error) is ChangedFormatError
    assert str(out.error) == CASES["sina"].unreadable("RuntimeError: Native library not available at libmini_racer.so")


@pytest.mark.parametrize("body", [b"var KKE_ShareAmount_sh688795=([oops]);", b'var a=([{"date":"2022-08-12" 7}]);'])
def test_sinas_numbers_of_shares_that_cannot_be_read(body):
    out = attempt(CASES["sina"], answers(200, body), address="getAmountBySymbol")
    assert type(out.error) is ChangedFormatError
    assert str(out.error).startswith("sina: sh688795: akshare 1.19.5 cannot read the reply (JSONDecodeError: ")


@settings(deadline=None, max_examples=60)
@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", min_size=1, max_size=40))
def test_whatever_is_ciphered_has_a_named_fault(cipher):
    """Sina's script, fed with noise, gives nothing or nonsense; neither becomes a price or a bare exception."""
    bits = Bits()
    bits.number(3466, 12)
    bits.number(63, 6)
    case = CASES["sina"]
    for text in (cipher, f"{bits.text()}{cipher}"):
        out = attempt(case, answers(200, f'var KLC_K2_sh688795="{text}";\n'))
        assert isinstance(out.error, SourceError)


# --- No data ------------------------------------------------------------------------------------------------------

UNKNOWN = "no such symbol; check the code and its exchange"
NO_BARS = f"no bars from {START} to {END}"
NOT_FOUND = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
BAD_RANGE = {"code": "Bad Request", "description": "Data doesn't exist for startDate = 1710475200"}
MISSING = f"$688795.SS: possibly delisted; no price data found  (1d {START} -> 2026-01-17)"
EMPTY = [
    ("eastmoney", {"rc": 0, "data": None}, UnknownSymbolError, UNKNOWN),
    ("eastmoney", {"rc": 0, "data": {"code": "688795", "klines": []}}, NoDataError, None),
    ("eastmoney", {"rc": 0, "data": {"code": "688795", "klines": None}}, NoDataError, None),
    ("eastmoney", [], UnknownSymbolError, UNKNOWN),
    ("tencent", {"code": 0, "data": []}, UnknownSymbolError, UNKNOWN),
    ("tencent", {"code": 0, "data": None}, UnknownSymbolError, UNKNOWN),
    ("tencent", {"code": 0, "data": {"sh688795": {}}}, UnknownSymbolError, UNKNOWN),
    (
        "tencent",
        {"code": 0, "data": {"sh688795": {"qt": {}}}},
        ChangedFormatError,
        "the reply has no daily bars; update akshare",
    ),
    (
        "yahoo",
        {"chart": {"result": None, "error": NOT_FOUND}},
        UnknownSymbolError,
        f"no such symbol, or delisted ({NOT_FOUND['description']}); check its spelling",
    ),
    (
        "yahoo",
        {"chart": {"result": None, "error": BAD_RANGE}},
        NoDataError,
        f"no bars ({BAD_RANGE['description']}); check the symbol and the dates",
    ),
    (
        "yahoo",
        {"chart": {"result": None, "error": None}},
        NoDataError,
        f"{NO_BARS} ({MISSING}); check symbol and dates",
    ),
    ("yahoo", {"chart": {"result": [], "error": None}}, NoDataError, f"{NO_BARS} ({MISSING}); check symbol and dates"),
]


@pytest.mark.parametrize(
    ("vendor", "content", "kind", "what"), EMPTY, ids=[f"{one[0]}-{n}" for n, one in enumerate(EMPTY)]
)
def test_no_data(vendor, content, kind, what):
    body = json.dumps(content)
    text = f"kline_day2025={body}" if vendor == "tencent" else body
    what = what or "no bars in the range that was asked for; check the dates"
    fails(CASES[vendor], answers(200, text, "application/json"), kind, what)


def test_yahoos_errors_with_their_own_status():
    case, body = CASES["yahoo"], json.dumps({"chart": {"result": None, "error": NOT_FOUND}})
    what = f"no such symbol, or delisted ({NOT_FOUND['description']}); check its spelling"
    for address in (case.bars, FIRST_ASKED["yahoo"]):
        fails(case, answers(404, body, "application/json"), UnknownSymbolError, what, address=address)


def test_tencent_without_rows_has_no_bars():
    body = 'kline_day2025={"code":0,"data":{"sh688795":{"day":[],"qt":{}}}}'
    out = attempt(CASES["tencent"], answers(200, body), address="newfqkline")
    assert type(out.error) is NoDataError, out.error


def test_tencent_before_the_listing_has_no_bars():
    with through(Replayer(FOLDER)), pytest.raises(NoDataError):
        tencent.fetch(["sh688795"], START, date(2024, 12, 31), Manner(pace=Pace(None, interval=0.0)))


def test_tencent_without_a_first_day_does_not_begin_later_in_silence():
    """akshare would begin at the first of the last 320 rows."""
    case = replace(CASES["tencent"], name="sh688041", recorded="688041")
    last_rows = rows_of_tencent(case.name, 2024)[-320:]
    rows = json.dumps({"data": {case.name: {"day": last_rows}}})
    of_last_rows = Injected(r"_var=kline_dayqfq&", answers(200, f"kline_dayqfq={rows}"))
    nothing = answers(200, 'trend_qfq={"code":0,"msg":"","data":[]}')
    out = attempt(case, nothing, address="weekTrends", also=[of_last_rows])
    assert of_last_rows.count == 1
    is_recorded(case, out)


@pytest.mark.parametrize("key", ["qfqday", "hfqday"])
def test_adjusted_prices_of_tencent_are_not_taken_for_traded_ones(key):
    """akshare takes whichever come."""
    case = CASES["tencent"]
    adjusted = changed(lambda body: body.replace(b'"day"', f'"{key}"'.encode()))
    what = "adjusted prices came instead of those as traded; update akshare"
    fails(case, adjusted, ChangedFormatError, what)


@pytest.mark.parametrize("text", ['{"code":1,"msg":"bad params"}', 'kline_day2025={"code":1,"msg":"bad params"}'])
def test_a_request_that_tencent_refuses_in_words(text):
    what = "the request was refused (bad params); check the symbol and the dates"
    fails(CASES["tencent"], answers(200, text), NoDataError, what)


@pytest.mark.parametrize("nothing", ["", None, []])
def test_tencent_with_nothing_in_the_place_of_a_dividend(nothing):
    case = CASES["tencent"]

    def emptied(rows):
        for row in rows:
            row["rest"][1] = nothing

    is_recorded(case, attempt(case, rows_changed(case, emptied)))


def test_tencent_with_one_short_row_among_whole_ones():
    """The turnover of that session is missing, so its unit is told by the others."""
    case = CASES["tencent"]
    is_recorded(case, attempt(case, rows_changed(case, lambda rows: rows[5]["rest"].__delitem__(slice(1, None)))))


def test_tencent_without_a_first_day_takes_a_young_share_whole():
    case = CASES["tencent"]
    rows = json.dumps({"data": {case.name: {"day": rows_of_tencent(case.name, 2025)}}})
    of_last_rows = Injected(r"_var=kline_dayqfq&", answers(200, f"kline_dayqfq={rows}"))
    nothing = answers(200, 'trend_qfq={"code":0,"msg":"","data":[]}')
    is_recorded(case, attempt(case, nothing, address="weekTrends", also=[of_last_rows]))


def rows_of_tencent(name, year):
    [path] = [path for path in (FOLDER / "tencent").iterdir() if f"{name},day,{year}-" in str(read(path).asked)]
    return json.loads(read(path).reply.text.partition("=")[2])["data"][name]["day"]


# --- Rows, whatever the vendor ------------------------------------------------------------------------------------


def opened(vendor, body):
    """A reply as its rows, each a dict of `BAR` and the rest, and what puts rows back."""
    if vendor == "sina":
        rows = [{**vars(bar), "rest": None} for bar in ciphered(figures("688795"))]

        def closed(rows):
            bars = [Ciphered(**{name: value for name, value in row.items() if name != "rest"}) for row in rows]
            return f'var KLC_K2_sh688795="{encode(bars)}";\n'.encode()

        return rows, closed
    if vendor == "yahoo":
        return opened_chart(json.loads(body))
    variable, _, text = body.decode().rpartition("=") if vendor == "tencent" else ("", "", body.decode())
    content = json.loads(text)
    holder = content["data"] if vendor == "eastmoney" else content["data"]["sh688795"]
    key = "klines" if vendor == "eastmoney" else "day"
    lists = [row.split(",") if vendor == "eastmoney" else row for row in holder[key]]
    rows = [
        dict(zip(("day", "open", "close", "high", "low"), row[:5], strict=True)) | {"rest": row[5:]} for row in lists
    ]

    def closed_again(rows):
        flat = [[*(row[name] for name in ("day", "open", "close", "high", "low")), *row["rest"]] for row in rows]
        holder[key] = [",".join(row) for row in flat] if vendor == "eastmoney" else flat
        return (f"{variable}=" if variable else "").encode() + json.dumps(content).encode()

    return rows, closed_again


def opened_chart(content):
    result = content["chart"]["result"][0]
    quote, adjusted = result["indicators"]["quote"][0], result["indicators"]["adjclose"][0]
    names = ("open", "high", "low", "close", "volume")
    rows = [
        {"day": stamp, "rest": adjusted["adjclose"][at], **{name: quote[name][at] for name in names}}
        for at, stamp in enumerate(result["timestamp"])
    ]

    def closed(rows):
        result["timestamp"] = [row["day"] for row in rows]
        quote.update({name: [row[name] for row in rows] for name in names})
        adjusted["adjclose"] = [row["rest"] for row in rows]
        return json.dumps(content).encode()

    return rows, closed


def rows_changed(case, change):
    """A fault: the rows of the reply changed in place or replaced."""

    def on_body(body):
        rows, closed = opened(case.vendor, body)
        return closed(change(rows) or rows)

    return changed(on_body)


def day_of(row):
    day = row["day"]
    if isinstance(day, int):
        return datetime.fromtimestamp(day, tz=UTC).date()
    return date.fromisoformat(day) if isinstance(day, str) else day


def at_day(rows, day=DAY):
    return next(position for position, row in enumerate(rows) if day_of(row) == day)


def written(case, value):
    """A price as the vendor writes it; None as it writes that there is none."""
    if case.vendor == "yahoo":
        return value
    if case.vendor == "sina":
        return round(100 * value)
    return "-" if value is None else f"{value:.2f}"


@each
def test_rows_unchanged_are_the_recorded_ones(case):
    out = attempt(case, rows_changed(case, lambda rows: None))
    is_recorded(case, out)
    assert out.faulty == 1


@each
@pytest.mark.parametrize("order", ["newest first", "one row late"])
def test_rows_out_of_order_are_sorted(case, order):
    def mixed(rows):
        return rows[::-1] if order == "newest first" else [*rows[:5], *rows[6:], rows[5]]

    out = attempt(case, rows_changed(case, mixed))
    series = is_recorded(case, out)
    # yfinance and two of akshare's functions sort by themselves, before anyone can see it.
    sorted_here = "the rows came out of order and were sorted by date" in series.provenance.note
    assert sorted_here == (case.vendor == "eastmoney")


@each
def test_a_row_that_came_twice_is_taken_once(case):
    def twice(rows):
        return [*rows[: at_day(rows) + 1], *rows[at_day(rows) :]]

    out = attempt(case, rows_changed(case, twice))
    series = is_recorded(case, out)
    told = f"rows that came twice were dropped: {DAY}" in series.provenance.note
    assert told == (case.vendor == "eastmoney")


def conflicting(case):
    bar = next(bar for bar in figures(case.recorded).bars if bar.day == DAY)

    def conflict(rows):
        at = at_day(rows)
        other = {**rows[at], "close": written(case, bar.open)}
        return [*rows[: at + 1], other, *rows[at + 1 :]]

    return attempt(case, rows_changed(case, conflict))


@pytest.mark.parametrize("vendor", ["yahoo", *CHINESE])
def test_two_different_rows_of_a_session_are_refused(vendor):
    case = CASES[vendor]
    out = conflicting(case)
    what = f"{DAY} came twice with different figures (close {{:g}} and {{:g}}); use another source"
    closes = [(764.9, 761.0), (761.0, 764.9)]
    assert str(out.error) in {case.sentence(what.format(*pair)) for pair in closes}
    assert list(out.error.kept) == []


@pytest.mark.parametrize("vendor", CHINESE)
def test_two_different_rows_are_asked_again_if_that_is_said_to_help(vendor):
    out = conflicting(CASES[vendor])
    assert len(out.waits) == (ATTEMPTS - 1 if out.error.passing else 0)


@pytest.mark.parametrize("vendor", ["yahoo", "eastmoney", "tencent"])
def test_a_row_without_a_close_is_no_bar(vendor):
    case = CASES[vendor]

    def gone(rows):
        rows[at_day(rows)]["close"] = written(case, None)

    series = is_recorded(case, attempt(case, rows_changed(case, gone)), without=[DAY])
    assert f"no close came for {DAY}" in series.provenance.note


def test_a_row_of_yahoos_with_nothing_in_it_is_no_bar():
    """yfinance leaves it out by itself."""
    case = CASES["yahoo"]

    def gone(rows):
        rows[at_day(rows)].update(dict.fromkeys(("open", "high", "low", "close", "volume", "rest")))

    is_recorded(case, attempt(case, rows_changed(case, gone)), without=[DAY])


def test_what_is_not_a_number_is_no_close_either():
    """JSON has no NaN, but Python's reader takes it."""
    case = CASES["yahoo"]

    def gone(rows):
        rows[at_day(rows)]["close"] = float("nan")

    series = is_recorded(case, attempt(case, rows_changed(case, gone)), without=[DAY])
    assert f"no close came for {DAY}" in series.provenance.note


@pytest.mark.parametrize("vendor", ["eastmoney", "tencent"])
@pytest.mark.parametrize("column", ["open", "high", "low"])
def test_a_bar_with_a_hole_is_refused(vendor, column):
    case = CASES[vendor]

    def gone(rows):
        rows[at_day(rows)][column] = written(case, None)

    fails(case, rows_changed(case, gone), ChangedFormatError, f"{column} is nan on {DAY}; {MOVED}")


@pytest.mark.parametrize(
    ("vendor", "column"),
    [("yahoo", "close"), *((vendor, name) for vendor in CHINESE for name in ("open", "low", "close"))],
)
def test_a_price_of_zero_is_refused(vendor, column):
    case = CASES[vendor]

    def nothing(rows):
        rows[at_day(rows)][column] = written(case, 0.0)

    fails(case, rows_changed(case, nothing), ChangedFormatError, f"{column} is 0 on {DAY}; {MOVED}")


@pytest.mark.parametrize("column", ["open", "high", "low"])
@pytest.mark.parametrize("figure", [None, 0.0])
def test_a_price_of_a_bar_that_yahoo_does_not_have_is_left_out(column, figure):
    """yfinance issue 1281: opens of 0 for years; the close, and the second opinion, are as good as ever."""
    case = CASES["yahoo"]

    def gone(rows):
        rows[at_day(rows)][column] = figure

    out = attempt(case, rows_changed(case, gone))
    series = out.series(case)
    whole = attempt(case, lambda asked, send: send()).series(case)
    assert column not in series.columns and set(whole.columns) == {*series.columns, column}
    assert all((series.column(name) == whole.column(name)).all() for name in series.columns)
    assert f"no {column} came for {DAY}, so it was left out" in series.provenance.note


@pytest.mark.parametrize("vendor", ["yahoo", "eastmoney", "tencent"])
def test_a_negative_price_is_refused(vendor):
    """Eastmoney's backward-adjusted prices have been below zero."""
    case = CASES[vendor]

    def below(rows):
        rows[at_day(rows)]["open"] = written(case, -1.5)

    fails(case, rows_changed(case, below), ChangedFormatError, f"open is -1.5 on {DAY}; {MOVED}")


@pytest.mark.parametrize("vendor", ["yahoo", "eastmoney", "tencent"])
def test_columns_that_changed_places_are_seen(vendor):
    """Close and high swapped in every row: the first one that closed below its open has its high below it."""
    case = CASES[vendor]
    first = next(bar for bar in figures(case.recorded).bars if bar.close < bar.open)

    def swapped(rows):
        for row in rows:
            row["high"], row["close"] = row["close"], row["high"]

    what = f"high {first.close:g} is below open {first.open:g} on {first.day}; {MOVED}"
    address = r"newfqkline" if vendor == "tencent" else case.bars
    out = attempt(case, rows_changed(case, swapped), address=address)
    assert type(out.error) is ChangedFormatError
    assert str(out.error) == case.sentence(what)


# --- Columns ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "count"), [(lambda row: row["rest"].append("7"), 12), (lambda row: row["rest"].pop(), 10)]
)
def test_eastmoney_with_a_column_more_or_fewer(change, count):
    case = CASES["eastmoney"]
    line = "2025-12-05,650.00,600.50,688.00,556.00,251201,15084620050.00,20.31,-7.62,-49.50,0.00"
    shown = (f"{line},7" if count == 12 else line.rpartition(",")[0])[:60]

    def each_row(rows):
        for row in rows:
            change(row)

    what = f"a row has {count} figures, not 11 ({shown}); update akshare"
    fails(case, rows_changed(case, each_row), ChangedFormatError, what)


def test_eastmoney_with_one_such_row_among_good_ones():
    case = CASES["eastmoney"]
    fault = rows_changed(case, lambda rows: rows[20]["rest"].append("7"))
    out = attempt(case, fault)
    assert type(out.error) is ChangedFormatError
    assert str(out.error).startswith("eastmoney: 688795: a row has 12 figures, not 11 (2026-01-06,")


def test_tencent_with_columns_more_or_fewer():
    case = CASES["tencent"]
    first = rows_of_tencent(case.name, 2025)[0]
    what = "a row has other fields than open, close, high, low, volume … ({}); update akshare"

    def shorter(rows):
        for one in rows:
            del one["rest"][-2:]

    fails(case, rows_changed(case, shorter), ChangedFormatError, what.format(first[:8]))

    def moved(rows):
        for one in rows:
            one["rest"].insert(0, "0.000")

    longer = [*first[:5], "0.000", *first[5:]]
    fails(case, rows_changed(case, moved), ChangedFormatError, what.format(longer))


def test_tencent_with_a_column_more_at_the_end_is_read_as_before():
    case = CASES["tencent"]

    def longer(rows):
        for row in rows:
            row["rest"].append("0.000")

    is_recorded(case, attempt(case, rows_changed(case, longer)))


@pytest.mark.parametrize("column", ["open", "high", "low", "close", "volume"])
def test_yahoo_with_a_column_fewer(column):
    case = CASES["yahoo"]

    def without(body):
        content = json.loads(body)
        del content["chart"]["result"][0]["indicators"]["quote"][0][column]
        return json.dumps(content).encode()

    out = attempt(case, changed(without))
    assert type(out.error) is ChangedFormatError
    assert str(out.error) == case.unreadable(f"KeyError: '{column}'")
    assert out.faulty == 1


def test_yahoo_with_a_column_more_is_read_as_before():
    case = CASES["yahoo"]

    def more(body):
        content = json.loads(body)
        quote = content["chart"]["result"][0]["indicators"]["quote"][0]
        quote["vwap"] = quote["close"]
        return json.dumps(content).encode()

    is_recorded(case, attempt(case, changed(more)))


def test_yahoo_with_a_column_that_is_too_short():
    case = CASES["yahoo"]

    def shorter(body):
        content = json.loads(body)
        content["chart"]["result"][0]["indicators"]["quote"][0]["low"].pop()
        return json.dumps(content).encode()

    out = attempt(case, changed(shorter))
    assert type(out.error) is ChangedFormatError
    assert str(out.error) == case.unreadable("ValueError: All arrays must be of the same length")


def test_yahoo_without_an_adjusted_close_is_refused():
    """Its place is taken by the close, so that total returns would be without dividends and nobody told."""
    case = CASES["yahoo"]

    def without(body):
        content = json.loads(body)
        del content["chart"]["result"][0]["indicators"]["adjclose"]
        return json.dumps(content).encode()

    out = attempt(case, changed(without))
    assert type(out.error) is ChangedFormatError


def test_yahoo_with_stamps_in_milliseconds():
    def longer(rows):
        for row in rows:
            row["day"] *= 1000

    case = CASES["yahoo"]
    out = attempt(case, rows_changed(case, longer))
    assert type(out.error) is ChangedFormatError


def test_yahoo_that_says_it_will_be_back():
    out = attempt(CASES["yahoo"], answers(200, b'{"message":"Will be right back"}', "application/json"))
    assert isinstance(out.error, SourceError)


@pytest.mark.parametrize(
    "rows", ['[{"date":"2022-08-12","amount":"1","kind":"A"}]', '[["2022-08-12","1","A"]]', '[["2022-08-12"]]']
)
def test_sinas_numbers_of_shares_with_a_column_more_or_fewer(rows):
    case = CASES["sina"]
    out = attempt(case, answers(200, f"var KKE_ShareAmount_sh688795=({rows});"), address="getAmountBySymbol")
    count = 1 if rows == '[["2022-08-12"]]' else 3
    why = f"ValueError: Length mismatch: Expected axis has {count} elements, new values have 2 elements"
    assert type(out.error) is ChangedFormatError
    assert str(out.error) == case.unreadable(why)


@pytest.mark.parametrize("kind", [1479, 136, 200, 139, 197, 4000])
def test_sinas_bars_of_another_kind_are_refused(kind):
    bits = Bits()
    bits.number(kind, 12)
    bits.number(0, 6)
    case = CASES["sina"]
    out = attempt(case, answers(200, f'var KLC_K2_sh688795="{bits.text()}AAAA";\n'))
    assert type(out.error) is ChangedFormatError
    assert str(out.error) == case.unreadable("KeyError: 'date'")


# --- Another symbol's data ----------------------------------------------------------------------------------------


def of_another(asked, send):
    """The reply to the same request for 603019."""
    other = replace(
        asked,
        url=asked.url.replace("688795", "603019"),
        params=tuple((name, value.replace("688795", "603019")) for name, value in asked.params),
    )
    return read(FOLDER / file_name(other)).reply


@pytest.mark.parametrize("vendor", ["yahoo", "eastmoney", "tencent", "sina"])
def test_the_bars_of_another_symbol_are_refused(vendor):
    code = {"yahoo": "603019.SS", "eastmoney": "603019", "tencent": "sh603019", "sina": "sh603019"}[vendor]
    mend = "state that symbol if it is the share's new one" if vendor == "yahoo" else "use another source"
    fails(CASES[vendor], of_another, ChangedFormatError, f"the bars of {code} came; {mend}")


def test_the_bars_of_the_same_code_on_another_exchange_are_refused():
    """000688 is a share in Shenzhen and an index in Shanghai; Eastmoney's reply names both alike."""
    case = CASES["eastmoney"]

    def elsewhere(body):
        content = json.loads(body)
        content["data"]["market"] = 0
        return json.dumps(content).encode()

    what = "the bars of 688795 on another exchange (market 0) came; use another source"
    fails(case, changed(elsewhere), ChangedFormatError, what)


# --- Several symbols ----------------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize(
    "fault", [answers(403), answers(200, b"{"), raising(ValueError("?"))], ids=["403", "half", "?"]
)
def test_what_was_had_before_the_fault_is_kept(case, fault):
    out = attempt(case, fault, names=[case.good, case.name])
    assert out.error.symbol == case.name
    assert list(out.error.kept) == [case.good]
    with through(Replayer(FOLDER)):
        alone = case.ask([case.good], START, END, Manner(pace=Pace(None, interval=0.0)))
    assert out.error.kept[case.good].close.tolist() == alone[case.good].close.tolist()


@each
def test_symbols_after_the_fault_are_not_asked(case):
    seen = []

    def watched(asked, send):
        seen.append(str(asked))
        return send()

    with through(watched):
        attempt(case, answers(403), names=[case.name, case.good])
    code = case.good.removeprefix("sh")
    assert not any(code in address for address in seen)


# --- Sina's factors, which akshare evaluates as code --------------------------------------------------------------


def factors(fault):
    case = replace(CASES["sina"], vendor="sina-factors", name="sh688041", ask=sina.SINA_FACTORS.fetch)
    return attempt(case, fault, address="hfq.js", first=date(1900, 1, 1))


def test_factors_without_a_fault_are_read():
    out = factors(changed(lambda body: body))
    assert len(out.panel["sh688041"]) == 3


@pytest.mark.parametrize("end", ["\n", ";\n", "\r\n", "\n/* x = {} */\n", ";\n/* }; */"])
def test_factors_however_the_file_ends(end):
    rows = '{"d":"2025-05-16","f":"1.5"},{"d":"1900-01-01","f":"1.0"}'
    out = factors(answers(200, f'var sh688041hfq={{"total":2,"data":[{rows}]}}{end}'))
    if end.startswith(";"):
        # akshare evaluates the line, and this is none that Python has.
        assert str(out.error).startswith("sina-factors: sh688041: akshare 1.19.5 cannot read the reply (SyntaxError")
        return
    assert out.panel["sh688041"].close.tolist() == [1.0, 1.5]


def test_factors_may_be_numbers():
    rows = '{"d":"2025-05-16","f":1.5},{"d":"1900-01-01","f":1}'
    out = factors(answers(200, f'var sh688041hfq={{"total":2,"data":[{rows}]}}\n'))
    assert out.panel["sh688041"].close.tolist() == [1.0, 1.5]


def test_no_factors_are_no_fault_of_the_format():
    """Of a share that has paid and split nothing since its listing."""
    out = factors(answers(200, 'var sh688041hfq={"total":0,"data":[]}\n'))
    assert type(out.error) is NoDataError and out.waits == []
    assert str(out.error) == "sina: sh688041: no factors are given, as of a share without a dividend or split"


CODE = [
    "var sh688041hfq={code}",
    'var sh688041hfq={{"total":1,"data":[{{"d":"1900-01-01","f":"1"}}]}} if {code} else 0',
    'var sh688041hfq={{"total":{code},"data":[]}}',
    'var sh688041hfq={{"total":1,"data":[{{"d":"1900-01-01","f":{code}}}]}}',
    "{code}={code}\n",
    'x={code}\nvar sh688041hfq={{"total":1,"data":[]}}',
    'var a={code}\n={{"total":1,"data":[{{"d":"1900-01-01","f":"1"}}]}}',
    "/* {{ */ x={code} /* }} */",
    "[{code} for _ in (1,)]",
]


@pytest.mark.parametrize("text", CODE)
def test_factors_that_hold_code_are_refused_before_it_runs(text, tmp_path):
    touched = tmp_path / "touched"
    code = f"__import__('pathlib').Path({str(touched)!r}).touch()"
    out = factors(answers(200, text.format(code=code)))
    assert type(out.error) is BrokenReplyError
    assert str(out.error) == "sina: sh688041: the factors are not whole, or are not data; run again"
    assert out.faulty == ATTEMPTS
    assert not touched.exists()


@pytest.mark.parametrize("cut", [1, 5, 20, 40, 60, 100])
def test_factors_that_stop_half_way(cut):
    out = factors(changed(lambda body: body.partition(b"\n")[0][:-cut]))
    assert str(out.error) == "sina: sh688041: the factors are not whole, or are not data; run again"


@pytest.mark.parametrize("row", ['{"d":"1900-01-01","f":"1","s":"0"}', '{"d":"1900-01-01"}', '["1900-01-01","1"]', "7"])
def test_factors_with_other_fields(row):
    out = factors(answers(200, f'var sh688041hfq={{"total":1,"data":[{row}]}}\n'))
    assert type(out.error) is ChangedFormatError
    assert str(out.error) == "sina: sh688041: the factors have other fields than day and factor; update akshare"
    assert out.faulty == 1


@pytest.mark.parametrize(
    "factor",
    [
        '"-1.5"',
        '"abc"',
        '"inf"',
        '"0"',
        '""',
        '"NaN"',
        "null",
        "true",
    ],
)
def test_a_factor_that_is_no_factor_is_refused(factor):
    """Dropped, it would leave the factor before it in force: a total return without its dividend."""
    rows = f'{{"d":"2025-05-16","f":{factor}}},{{"d":"1900-01-01","f":"1.0"}}'
    out = factors(answers(200, f'var sh688041hfq={{"total":2,"data":[{rows}]}}\n'))
    assert type(out.error) is ChangedFormatError


# --- Yahoo's cookie and crumb -------------------------------------------------------------------------------------

WAY_IN = r"fc\.yahoo\.com|getcrumb|consent"


def curl_error(code):
    return raising(curl.code2error(code, "")(f"curl: ({code})", code))


@pytest.mark.parametrize(
    "fault",
    [
        curl_error(CurlECode.OPERATION_TIMEDOUT),
        curl_error(CurlECode.COULDNT_CONNECT),
        answers(429, b"Too Many Requests"),
        answers(500, b"oops"),
        curl_error(CurlECode.COULDNT_RESOLVE_HOST),
        answers(200, b"<html><body>sorry</body></html>", "text/html"),
    ],
    ids=["time-out", "refused", "429", "500", "no such host (a blocklist)", "a page"],
)
def test_bars_are_had_without_a_crumb(fault):
    """They need none; a blocklist that hides fc.yahoo.com must not hide the prices."""
    case = CASES["yahoo"]
    out = attempt(case, fault, address=WAY_IN)
    is_recorded(case, out)
    assert out.waits == []
    assert out.faulty >= 1


# --- Versions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("installed", "advice"),
    [
        ("1.7.0", "update yfinance, or use another source"),
        ("1.6.9", "update yfinance, or use another source"),
        ("1.10.0", "yfinance 1.10.0 is newer than 1.7.0, with which this was proven: install yfinance==1.7.0"),
        ("2.0", "yfinance 2.0 is newer than 1.7.0, with which this was proven: install yfinance==1.7.0"),
    ],
)
def test_a_library_that_is_too_new_is_not_to_be_updated(monkeypatch, installed, advice):
    def unread(symbol, first, last):
        raise KeyError("chart")

    monkeypatch.setattr(download, "_version", lambda library: installed)
    with pytest.raises(ChangedFormatError) as caught:
        download.download(replace(yahoo.VENDOR, table=unread), "NVDA", START, END, Manner())
    assert str(caught.value) == f"yahoo: NVDA: yfinance {installed} cannot read the reply (KeyError: 'chart'); {advice}"
