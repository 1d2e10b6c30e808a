"""The wire: what passes it, what does not, and that nothing is left behind."""

from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager

import curl_cffi.requests
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.sources.vendors import wire
from eventstudy.sources.vendors.wire import TIMEOUT, Asked, Reply, through, vendor_of
from eventstudy.spec.fields import VENDORS
from tests.command import PATIENCE
from tests.conftest import NetworkClosed

URL = "https://query2.finance.yahoo.com/v8/finance/chart/NVDA"
SESSIONS = {"requests": requests.Session, "curl_cffi": curl_cffi.requests.Session}
both = pytest.mark.parametrize("client", list(SESSIONS))


def get(client, url=URL, **named):
    with SESSIONS[client]() as session:
        return session.get(url, **named)


def answer(asked, send):
    return Reply(200, b'{"a": 1}', "application/json")


@pytest.fixture
def sent(monkeypatch):
    """What reaches the network: both clients' own `request`, put aside for a list."""
    calls = []

    def standing_in(client, session):
        def request(self, method, url, *rest, **named):
            calls.append((client, method, url, rest, named))
            made = requests.Response() if client == "requests" else curl_cffi.requests.Response()
            made.status_code, made.url = 200, url
            if client == "requests":
                made._content = b"native"
            else:
                made.content = b"native"
            return made

        monkeypatch.setattr(session, "request", request)

    for client, session in SESSIONS.items():
        standing_in(client, session)
    return calls


# --- Both clients pass --------------------------------------------------------------------------------------------


@both
def test_a_request_meets_the_handler_and_gets_its_reply(client):
    seen = []

    def handler(asked, send):
        seen.append(asked)
        return Reply(200, '{"名": 1}'.encode(), "application/json; charset=utf-8")

    with through(handler):
        response = get(client, params={"range": "1d", "interval": "1d"})
    assert seen == [Asked(client, "GET", URL, (("interval", "1d"), ("range", "1d")))]
    assert response.status_code == 200
    assert response.json() == {"名": 1}
    assert response.content == '{"名": 1}'.encode()
    assert response.text == '{"名": 1}'
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.url == f"{URL}?interval=1d&range=1d"
    assert response.ok
    response.raise_for_status()


@both
def test_functions_of_the_module_pass_too(client):
    library = {"requests": requests, "curl_cffi": curl_cffi.requests}[client]
    with through(answer):
        assert library.get(URL).json() == {"a": 1}
        assert library.post(URL, data={"a": "1"}).json() == {"a": 1}


@both
def test_an_error_status_is_the_clients_own_error(client):
    with through(lambda asked, send: Reply(404, b"no")):
        response = get(client)
    assert not response.ok
    with pytest.raises((requests.HTTPError, curl_cffi.requests.exceptions.HTTPError)):
        response.raise_for_status()


@both
def test_where_the_reply_came_from_is_kept(client):
    with through(lambda asked, send: Reply(200, b"", url="https://consent.yahoo.com/v2?a=1")):
        assert get(client).url == "https://consent.yahoo.com/v2?a=1"


@both
def test_what_came_over_the_network_goes_on_as_it_is(client, sent):
    replies = []

    def handler(asked, send):
        replies.append(send())
        return replies[0]

    with through(handler):
        response = get(client, params={"b": "2"}, headers={"X": "1"})
    assert response is replies[0].native
    assert (replies[0].status, replies[0].body, replies[0].retry_after) == (200, b"native", None)
    [(client_sent, method, url, _, named)] = sent
    assert (client_sent, method, url) == (client, "GET", URL)
    assert named["params"] == {"b": "2"}
    assert named["headers"] == {"X": "1"}


@contextmanager
def local_server(status, headers, body):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path.startswith("/moved"):
                self.send_response(302)
                self.send_header("Location", "/new?crumb=s3cret")
                self.end_headers()
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *rest):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("header", "seconds"), [("120", 120.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)])
def test_a_reply_from_a_server_is_read_whole(header, seconds):
    replies = []

    def handler(asked, send):
        replies.append(send())
        return replies[0]

    headers = {"Retry-After": header, "Content-Type": "text/plain", "Set-Cookie": "A3=secret"}
    with local_server(429, headers, b"\xff slow") as address, through(handler):
        response = get("requests", f"{address}/moved?a=1")
    [reply] = replies
    assert (reply.status, reply.body, reply.content_type) == (429, b"\xff slow", "text/plain")
    assert reply.retry_after == seconds
    assert reply.url == f"{address}/new?crumb=s3cret"
    assert reply.text == "\ufffd slow"
    assert response.status_code == 429


# --- Elsewhere nothing changes ------------------------------------------------------------------------------------


def originals():
    return {name: session.request for name, session in SESSIONS.items()}


def test_outside_of_it_the_clients_are_untouched():
    before = originals()
    with through(answer):
        assert all(originals()[name] is not before[name] for name in SESSIONS)
    assert originals() == before


@both
def test_after_a_fault_the_clients_are_untouched(client):
    before = originals()

    def faulty(asked, send):
        raise LookupError("fault")

    with pytest.raises(LookupError, match="fault"), through(faulty):
        get(client)
    assert originals() == before
    with pytest.raises(ZeroDivisionError), through(answer):
        _ = 1 / 0
    assert originals() == before
    with pytest.raises(NetworkClosed):
        get(client)


@both
def test_another_thread_does_not_pass(client, sent):
    got = []
    with through(answer):
        thread = threading.Thread(target=lambda: got.append(get(client)))
        thread.start()
        thread.join()
        assert get(client).json() == {"a": 1}
    assert [response.content for response in got] == [b"native"]
    assert len(sent) == 1


def test_two_threads_have_their_own_chains_and_the_last_one_cleans_up():
    before, step, got = originals(), threading.Barrier(2, timeout=PATIENCE), {}

    def work(name):
        with through(lambda asked, send: Reply(200, name.encode())):
            step.wait()
            got[name] = get("requests").content
            step.wait()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {"one": b"one", "two": b"two"}
    assert originals() == before


def test_an_inner_context_that_ends_leaves_the_outer_one():
    with through(answer):
        with through(lambda asked, send: Reply(200, b'{"a": 2}')):
            assert get("requests").json() == {"a": 2}
        assert get("requests").json() == {"a": 1}


# --- The chain ----------------------------------------------------------------------------------------------------


@both
def test_inner_handlers_come_first_and_those_behind_last_of_all(client, sent):
    order = []

    def named(name):
        def handler(asked, send):
            order.append(name)
            reply = send()
            order.append(f"{name} back")
            return reply

        return handler

    with (
        through(named("outer"), behind=(named("outer behind"),)),
        through(named("first"), named("second"), behind=(named("behind"),)),
    ):
        get(client)
    way = ["first", "second", "outer", "outer behind", "behind"]
    assert order == [*way, *(f"{name} back" for name in reversed(way))]
    assert len(sent) == 1


@both
def test_a_handler_that_never_sends_keeps_the_exchange_from_those_behind_it(client, sent):
    reached = []

    def behind(asked, send):
        reached.append(asked)
        return send()

    with through(answer, behind=(behind,)):
        get(client)
    assert reached == sent == []


@both
def test_a_handler_may_send_twice(client, sent):
    with through(lambda asked, send: (send(), send())[1]):
        get(client)
    assert len(sent) == 2


@both
def test_without_handlers_the_exchange_goes_to_the_network(client, sent):
    with through():
        get(client)
    assert len(sent) == 1
    assert "timeout" not in sent[0][-1] or sent[0][-1]["timeout"] is None


# --- What is told of a request ------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("secret", ["crumb", "ut"])
@pytest.mark.parametrize("way", ["query", "mapping", "pairs"])
def test_secrets_are_not_told_but_sent(client, secret, way, sent):
    told = []

    def handler(asked, send):
        told.append(asked)
        return send()

    url, params = URL, None
    if way == "query":
        url = f"{URL}?{secret}=s3cret&b=2&a=1"
    else:
        params = {secret: "s3cret", "b": "2", "a": "1"}
        params = list(params.items()) if way == "pairs" else params
    with through(handler):
        get(client, url, params=params)
    [asked] = told
    assert asked == Asked(client, "GET", URL, (("a", "1"), ("b", "2")))
    assert "s3cret" not in f"{asked} {asked!r}"
    assert str(asked) == f"{URL}?a=1&b=2"
    assert "s3cret" in f"{sent[0]}"


@both
def test_the_query_of_the_address_and_the_parameters_are_told_together(client):
    told = []
    with through(lambda asked, send: told.append(asked) or Reply(200, b"")):
        get(client, f"{URL}?z=&a=%E5%90%8D#part", params={"m": 3, "b": False})
    assert told[0].params == (("a", "名"), ("b", "False"), ("m", "3"), ("z", ""))
    assert told[0].url == URL


def test_parameters_given_by_position_are_told():
    told = []
    with through(lambda asked, send: told.append(asked) or Reply(200, b"")), requests.Session() as session:
        session.request("get", URL, {"a": "1"})
    assert told == [Asked("requests", "GET", URL, (("a", "1"),))]


@both
@pytest.mark.parametrize(
    ("given", "used"),
    [
        ({}, TIMEOUT),
        ({"timeout": None}, TIMEOUT),
        ({"timeout": 3}, 3),
        ({"timeout": 30}, TIMEOUT),
        ({"timeout": (2, 5)}, (2, 5)),
    ],
)
def test_a_request_without_a_limit_gets_one(client, given, used, sent):
    with through(lambda asked, send: send()):
        get(client, **given)
    assert sent[0][-1]["timeout"] == used


def test_the_limit_is_twenty_seconds():
    assert TIMEOUT == 20.0


# --- Hosts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "vendor"),
    [
        ("query2.finance.yahoo.com", "yahoo"),
        ("yahoo.com", "yahoo"),
        ("push2his.eastmoney.com", "eastmoney"),
        ("proxy.finance.qq.com", "tencent"),
        ("web.ifzq.gtimg.cn", "tencent"),
        ("finance.sina.com.cn", "sina"),
        ("quotes.sina.cn", "sina"),
        ("notyahoo.com", "notyahoo.com"),
        ("yahoo.com.example.org", "yahoo.com.example.org"),
        ("", ""),
    ],
)
def test_the_vendor_of_a_host(host, vendor):
    assert vendor_of(host) == vendor
    assert Asked("requests", "GET", f"https://{host}/path", ()).vendor == vendor


@given(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.sampled_from(list(VENDORS)))
def test_a_host_below_a_domain_is_its_vendors_and_one_that_only_ends_like_it_is_not(label, vendor):
    for domain in VENDORS[vendor]:
        assert vendor_of(domain) == vendor_of(f"{label}.{domain}") == vendor
        assert vendor_of(f"{label}{domain}") == f"{label}{domain}"


def test_without_curl_cffi_requests_alone_passes(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "curl_cffi.requests", None)
    assert [name for name, _ in wire._sessions()] == ["requests"]
    with through(answer):
        assert get("requests").json() == {"a": 1}


# --- The network of the suite is closed ---------------------------------------------------------------------------


@both
@pytest.mark.parametrize("within", [True, False])
def test_the_guard_holds_for_both_clients_also_within(client, within):
    handlers = (lambda asked, send: send(),) if within else ()
    with pytest.raises(NetworkClosed, match="the test suite is offline, but something called"), through(*handlers):
        get(client, "https://example.org/")
