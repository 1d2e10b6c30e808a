"""The wire: every HTTP exchange of a download passes one place, whichever client the vendor's library uses.

`requests` (akshare) and `curl_cffi` (yfinance) are stepped into at ``Session.request``. Within `through`, an exchange
passes a chain of handlers between library and network: checks, a recorder or replayer, a pace. Outside of it, and in
other threads, nothing changes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from eventstudy.spec.fields import VENDORS

Client: TypeAlias = Literal["requests", "curl_cffi"]

WAYS_IN = frozenset({"fc.yahoo.com", "guce.yahoo.com", "consent.yahoo.com"})
"""Hosts that hand out cookies and ask for consent; what passes there identifies who asks and carries no prices."""
CRUMB = "/v1/test/getcrumb"
"""Path, at Yahoo, of a token that identifies who asks."""
BARS = "/v8/finance/chart/"
"""Path, at Yahoo, of bars."""

SECRET_PARAMS = frozenset({"crumb", "ut"})
"""Parameters of a request that identify who asks; they are neither stored nor compared."""

TIMEOUT = 20.0
"""Seconds that a request may wait for an answer, where the vendor's library sets no shorter limit."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, without its secrets.

    Attributes
    ----------
    client : {"requests", "curl_cffi"}
        The library that sends it.
    method, url : str
        Its method, and its address without the query.
    params : tuple of (name, value)
        The query, sorted.
    """

    client: Client
    method: str
    url: str
    params: tuple[tuple[str, str], ...]

    @property
    def host(self) -> str:
        """Name of the host."""
        return urlsplit(self.url).hostname or ""

    @property
    def vendor(self) -> str:
        """The vendor that the host belongs to; the host itself where it is none of them."""
        return vendor_of(self.host)

    @property
    def is_way_in(self) -> bool:
        """Whether it asks for a cookie, a consent or a token: the library's own affair, never stored."""
        return self.host in WAYS_IN or self.url.endswith(CRUMB)

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.params)
        return f"{self.url}?{query}" if query else self.url


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes
    ----------
    status : int
        HTTP status.
    body : bytes
        The body, decompressed.
    content_type : str
        Header of that name.
    url : str
        Where the reply came from after redirects; empty where that is where it was asked.
    retry_after : float or None
        Seconds that the host asks to wait, from the header of that name.
    native : object
        The client's own response; None for a reply that did not come over the network.
    """

    status: int
    body: bytes
    content_type: str = ""
    url: str = ""
    retry_after: float | None = None
    native: Any = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The body as UTF-8, what is not valid replaced."""
        return self.body.decode("utf-8", errors="replace")


Send: TypeAlias = Callable[[], Reply]
Handler: TypeAlias = Callable[[Asked, Send], Reply]

_chain: ContextVar[tuple[Handler, ...]] = ContextVar("eventstudy_wire", default=())
_lock = threading.Lock()
_stepped_in: list[tuple[Any, Any]] = []
_users = 0


def vendor_of(host: str) -> str:
    """The vendor that a host belongs to; the host itself where it is none of theirs."""
    own = (name for name, domains in VENDORS.items() if any(f".{host}".endswith(f".{domain}") for domain in domains))
    return next(own, host)


@contextmanager
def through(*handlers: Handler, behind: tuple[Handler, ...] = ()) -> Iterator[None]:
    """Let the exchanges of this context pass handlers, the first one nearest to the vendor's library.

    Handlers of an outer context come after these; those in `behind` come last of all, at the network itself, so
    that a replayer, which never sends, keeps exchanges from them.
    """
    token = _chain.set((*handlers, *_chain.get(), *behind))
    _step_in()
    try:
        yield
    finally:
        _step_out()
        _chain.reset(token)


def _step_in() -> None:
    global _users
    with _lock:
        _users += 1
        if _users > 1:
            return
        for client, session in _sessions():
            original = session.request
            _stepped_in.append((session, original))
            session.request = _passing(client, original)


def _step_out() -> None:
    global _users
    with _lock:
        _users -= 1
        if _users:
            return
        while _stepped_in:
            session, original = _stepped_in.pop()
            session.request = original


def _sessions() -> Iterator[tuple[Client, Any]]:
    import requests

    yield "requests", requests.Session
    try:
        from curl_cffi.requests import Session
    except ImportError:
        # yfinance does without curl_cffi where it cannot be installed.
        return
    yield "curl_cffi", Session


def _passing(client: Client, original: Callable[..., Any]) -> Callable[..., Any]:
    def request(self: Any, method: str, url: str, *rest: Any, **named: Any) -> Any:
        chain = _chain.get()
        if not chain:
            return original(self, method, url, *rest, **named)
        limit = named.get("timeout")
        if limit is None or (isinstance(limit, int | float) and limit > TIMEOUT):
            named["timeout"] = TIMEOUT
        asked = _describe(client, method, url, named.get("params") or (rest[0] if rest else None))
        reply = _pass_on(chain, asked, lambda: _reply(original(self, method, url, *rest, **named)))
        return reply.native if reply.native is not None else _response(client, asked, reply)

    return request


def _pass_on(chain: tuple[Handler, ...], asked: Asked, send: Send) -> Reply:
    if not chain:
        return send()
    return chain[0](asked, lambda: _pass_on(chain[1:], asked, send))


def _describe(client: Client, method: str, url: str, params: Any) -> Asked:
    address = urlsplit(url)
    given = params.items() if isinstance(params, Mapping) else (params or ())
    query = [*parse_qsl(address.query, keep_blank_values=True), *((str(name), str(value)) for name, value in given)]
    kept = tuple(sorted((name, value) for name, value in query if name not in SECRET_PARAMS))
    return Asked(client, method.upper(), urlunsplit((*address[:3], "", "")), kept)


def _reply(response: Any) -> Reply:
    wait = response.headers.get("Retry-After") or ""
    return Reply(
        status=response.status_code,
        body=response.content,
        content_type=response.headers.get("Content-Type") or "",
        url=str(response.url),
        retry_after=float(wait) if wait.isdigit() else None,
        native=response,
    )


def _response(client: Client, asked: Asked, reply: Reply) -> Any:
    """The reply as the client's own response, which the vendor's library goes on with."""
    headers = {"Content-Type": reply.content_type} if reply.content_type else {}
    if client == "requests":
        import requests
        from requests.utils import get_encoding_from_headers

        answer: Any = requests.Response()
        answer.headers.update(headers)
        answer._content = reply.body
        answer.encoding = get_encoding_from_headers(answer.headers)
    else:
        from curl_cffi.requests import Headers, Response

        answer = Response()
        answer.headers = Headers(headers)
        answer.content = reply.body
        answer.ok = reply.status < 400
    answer.status_code = reply.status
    answer.url = reply.url or str(asked)
    return answer
