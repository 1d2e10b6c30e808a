"""The watch over a download's exchanges: what goes wrong on the way gets its name here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from eventstudy.errors import (
    BlockedError,
    BrokenReplyError,
    ChangedFormatError,
    NoDataError,
    NotDataError,
    ProxyError,
    RateLimitedError,
    SourceError,
    TimedOutError,
    UnreachableError,
    VendorFaultError,
)
from eventstudy.sources.vendors.bars import Came
from eventstudy.sources.vendors.wire import BARS, WAYS_IN, Asked, Reply, Send, vendor_of

TRANSPORT: Mapping[str, tuple[type[SourceError], str]] = {
    "ProxyError": (ProxyError, "the proxy on the way refused; check HTTPS_PROXY"),
    "InvalidProxyURL": (ProxyError, "the address of the proxy is not valid; check HTTPS_PROXY"),
    "Timeout": (TimedOutError, "no answer in time; run again later"),
    "TooManyRedirects": (BlockedError, "sent round in circles; this address may be blocked"),
    "ChunkedEncodingError": (BrokenReplyError, "the reply broke off half way; run again"),
    "IncompleteRead": (BrokenReplyError, "the reply broke off half way; run again"),
    "ContentDecodingError": (BrokenReplyError, "the reply cannot be unpacked; run again"),
    "SSLError": (UnreachableError, "no secure connection; check the clock and the certificates of this machine"),
    "DNSError": (UnreachableError, "the host's name cannot be found; check the network"),
    "ConnectionError": (UnreachableError, "no connection, or it was closed without an answer; check the network"),
    "RequestException": (UnreachableError, "the request failed; check the network"),
}
"""Errors of requests and of curl_cffi by the name that both use; the first that an error is a kind of is taken."""


def whole_json(text: str, vendor: str, symbol: str) -> Any:
    """What a JSON text says.

    Raises
    ------
    BrokenReplyError
        Where it is not whole.
    ChangedFormatError
        Where it is the argument of a call, as browsers ask for it and the libraries do not.
    """
    try:
        return json.loads(text)
    except ValueError:
        if call := re.fullmatch(r"\s*(\w+)\(\{.*\}\)\s*;?\s*", text, re.DOTALL):
            what = f"the data came as the argument of a call, {call[1][:20]}; use another source"
            raise ChangedFormatError(vendor, symbol, what) from None
        raise BrokenReplyError(vendor, symbol, "the reply is not whole JSON; run again") from None


class Watch:
    """The handler next to the library: names what goes wrong, and keeps it, should the library swallow it."""

    def __init__(
        self, vendor: str, symbol: str, check: Callable[[Asked, Reply, str], Came | None], *, renews: bool
    ) -> None:
        self._renews = renews
        self._vendor, self._symbol, self._explains = vendor, symbol, check
        self.requests: list[str] = []
        self.fault: SourceError | None = None
        self.came: Came | None = None
        self._unknown: set[Asked] = set()

    def begin(self) -> None:
        """Forget the last attempt."""
        self.requests.clear()
        self._unknown.clear()
        self.fault = None

    def __call__(self, asked: Asked, send: Send) -> Reply:
        """Pass an exchange on; a `SourceError` where its reply is of no use."""
        if asked.is_way_in:
            reply = send()
            if BARS in reply.url:
                # The way of consent may end at the bars.
                self._explains(asked, reply, self._symbol)
            return reply
        self.requests.append(str(asked))
        try:
            reply = self._send(send)
            led_to = urlsplit(reply.url).hostname or asked.host
            if led_to in WAYS_IN:
                # The library may give its consent and ask again; should it not, this is why.
                self.fault = self._sent_on(led_to)
                return reply
            if reply.status == 401 and self._renews and asked not in self._unknown:
                # Once: the library gets another cookie and asks again.
                self._unknown.add(asked)
                self.fault = self._refused(401)
                return reply
            self._check(asked, reply)
            self._explain(asked, reply)
        except SourceError as fault:
            self.fault = fault
            raise
        return reply

    def _send(self, send: Send) -> Reply:
        """Send; an error of either HTTP client gets its name here, theirs being the same for both."""
        try:
            return send()
        except OSError as error:
            names = {kind.__name__ for kind in type(error).__mro__}
            for name, (kind, what) in TRANSPORT.items():
                if name in names:
                    raise kind(self._vendor, self._symbol, what) from error
            raise

    def _check(self, asked: Asked, reply: Reply) -> None:
        """What any reply with data must be."""
        name, symbol, status = self._vendor, self._symbol, reply.status
        if status == 429:
            raise RateLimitedError(
                name, symbol, "asked too often (HTTP 429); wait some minutes and run again", wait=reply.retry_after
            )
        if status == 407:
            raise ProxyError(name, symbol, "the proxy on the way wants a login (HTTP 407); set it in HTTPS_PROXY")
        if status in (401, 403, 418, 451, 456):
            raise self._refused(status)
        if status in (408, 425):
            raise TimedOutError(name, symbol, f"no answer in time (HTTP {status}); run again later")
        if status >= 500:
            raise VendorFaultError(name, symbol, f"the vendor's server failed (HTTP {status}); run again later")
        host = urlsplit(reply.url).hostname or asked.host
        if vendor_of(host) != asked.vendor:
            raise self._sent_on(host)
        if reply.text.lstrip("\ufeff \r\n\t").startswith("<") and status < 400:
            raise NotDataError(name, symbol, "a web page came instead of data; the vendor may block this address")

    def _refused(self, status: int) -> BlockedError:
        what = f"refused (HTTP {status}); this address may be blocked for some hours"
        return BlockedError(self._vendor, self._symbol, what)

    def _sent_on(self, host: str) -> BlockedError:
        what = f"sent on to {host} instead of data; this address may be blocked"
        return BlockedError(self._vendor, self._symbol, what)

    def _explain(self, asked: Asked, reply: Reply) -> None:
        """What the vendor itself says in a reply; a refused request is one without data at the least."""
        if reply.status < 400:
            self.came = self._explains(asked, reply, self._symbol) or self.came
            return
        with suppress(BrokenReplyError):
            self._explains(asked, reply, self._symbol)
        what = f"the request was refused (HTTP {reply.status}); check the symbol and the dates"
        raise NoDataError(self._vendor, self._symbol, what)
