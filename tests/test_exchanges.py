"""Recordings of exchanges: what a file holds, what it never holds, and what a replay does without one."""

from __future__ import annotations

import json

import curl_cffi.requests
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.errors import NotRecordedError, StoreError
from eventstudy.sources.vendors.exchanges import CANNED_CRUMB, Exchange, Recorder, Replayer, file_name, read, save
from eventstudy.sources.vendors.wire import Asked, Reply, through
from tests.conftest import NetworkClosed

CHART = "https://query2.finance.yahoo.com/v8/finance/chart/NVDA"
KLINE = "https://push2his.eastmoney.com/api/qt/stock/kline/get"
ASKED = Asked("requests", "GET", KLINE, (("beg", "20240315"), ("secid", "1.688041")))
SESSIONS = {"requests": requests.Session, "curl_cffi": curl_cffi.requests.Session}
both = pytest.mark.parametrize("client", list(SESSIONS))


def exchange(body=b"{}", **other):
    given = {"kind": "recorded", "asked": ASKED, "library": "akshare 1.19.5", "at": "2026-11-22"}
    return Exchange(**{**given, "reply": Reply(200, body, "application/json"), **other})


def files_of(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# --- To a file and back -------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    body=st.one_of(st.binary(max_size=200), texts.map(str.encode)),
    status=st.integers(100, 599),
    content_type=texts,
    params=st.lists(st.tuples(texts, texts), max_size=4),
    client=st.sampled_from(sorted(SESSIONS)),
    kind=st.sampled_from(["made", "recorded"]),
    note=texts,
)
def test_what_is_saved_is_read_back(tmp_path_factory, body, status, content_type, params, client, kind, note):
    folder = tmp_path_factory.mktemp("exchanges")
    asked = Asked(client, "GET", KLINE, tuple(sorted(params)))
    one = Exchange(kind, asked, Reply(status, body, content_type), "akshare 1.19.5", "2026-11-22", note)
    path = save(one, folder)
    assert path == folder / file_name(asked)
    assert read(path) == one
    before = path.read_bytes()
    assert save(read(path), folder).read_bytes() == before


def test_a_file_can_be_read_by_people(tmp_path):
    path = save(exchange('{"name":"海光信息"}'.encode(), kind="made", note="Made by hand."), tmp_path)
    assert path.read_text(encoding="utf-8") == (
        "{\n"
        ' "kind": "made",\n'
        ' "vendor": "eastmoney",\n'
        ' "library": "akshare 1.19.5",\n'
        ' "at": "2026-11-22",\n'
        ' "note": "Made by hand.",\n'
        ' "request": {\n'
        '  "client": "requests",\n'
        '  "method": "GET",\n'
        f'  "url": "{KLINE}",\n'
        '  "params": [\n'
        '   [\n    "beg",\n    "20240315"\n   ],\n'
        '   [\n    "secid",\n    "1.688041"\n   ]\n'
        "  ]\n"
        " },\n"
        ' "response": {\n'
        '  "status": 200,\n'
        '  "content_type": "application/json",\n'
        '  "text": "{\\"name\\":\\"海光信息\\"}"\n'
        " }\n"
        "}\n"
    )


def test_bytes_that_are_no_text_are_kept_as_they_are(tmp_path):
    body = "中文".encode("gbk")
    path = save(exchange(body), tmp_path)
    assert "base64" in json.loads(path.read_text(encoding="utf-8"))["response"]
    assert read(path).reply.body == body


def test_the_name_of_a_file_is_that_of_the_request():
    assert file_name(ASKED) == "eastmoney/push2his-eastmoney-com-api-qt-stock-kline-get-a14ecdb1fa5c.json"
    same = Asked("curl_cffi", "GET", KLINE, ASKED.params)
    assert file_name(same) == file_name(ASKED)
    others = [
        Asked("requests", "POST", KLINE, ASKED.params),
        Asked("requests", "GET", KLINE, ASKED.params[:1]),
        Asked("requests", "GET", f"{KLINE}2", ASKED.params),
    ]
    assert len({file_name(asked) for asked in (ASKED, *others)}) == 4


@given(st.text(min_size=1, max_size=300))
def test_a_name_is_one_that_every_file_system_takes(path):
    vendor, name = file_name(Asked("requests", "GET", f"https://finance.sina.com.cn/{path}", ())).split("/")
    assert vendor == "sina"
    assert len(name) <= 80
    assert not set(name) & set('/\\:*?"<>|\0 ')


# --- Secrets ------------------------------------------------------------------------------------------------------


class Sent:
    """What a session got from the network, with everything that must not be stored."""

    def __init__(self, client):
        made = requests.Response() if client == "requests" else curl_cffi.requests.Response()
        made.status_code, made.url = 200, f"{CHART}?crumb=s3cret&period1=1"
        headers = {"Set-Cookie": "A3=s3cret", "Content-Type": "application/json", "X-Request": "s3cret"}
        if client == "requests":
            made._content = b"{}"
            made.headers.update(headers)
        else:
            made.content = b"{}"
            made.headers = curl_cffi.requests.Headers(headers)
        self.response = made


@both
def test_cookies_headers_and_identifying_parameters_are_not_stored(client, tmp_path, monkeypatch):
    monkeypatch.setattr(SESSIONS[client], "request", lambda self, *rest, **named: Sent(client).response)
    with through(Recorder(tmp_path, library="yfinance 1.7.0", at="2026-11-22")), SESSIONS[client]() as session:
        session.get(
            CHART,
            params={"crumb": "s3cret", "ut": "s3cret", "period1": "1"},
            headers={"Cookie": "A3=s3cret", "Authorization": "s3cret"},
            cookies={"A3": "s3cret"},
        )
    [name] = files_of(tmp_path)
    stored = (tmp_path / name).read_bytes()
    assert b"s3cret" not in stored
    assert b"ookie" not in stored
    assert read(tmp_path / name).asked == Asked(client, "GET", CHART, (("period1", "1"),))


@both
def test_where_a_redirect_led_is_stored_without_its_query(client, tmp_path):
    reply = Reply(200, b"<html>", "text/html", "https://consent.yahoo.com/v2/collectConsent?sessionId=s3cret")
    path = save(exchange(reply=reply), tmp_path)
    assert b"s3cret" not in path.read_bytes()
    assert read(path).reply.url == "https://consent.yahoo.com/v2/collectConsent"


def test_a_reply_from_where_it_was_asked_needs_no_address(tmp_path):
    path = save(exchange(reply=Reply(200, b"{}", "", f"{KLINE}?ut=s3cret")), tmp_path)
    assert "url" not in json.loads(path.read_text(encoding="utf-8"))["response"]


FIRST_WAY = ["https://fc.yahoo.com", "https://fc.yahoo.com/", "https://query1.finance.yahoo.com/v1/test/getcrumb"]
SECOND_WAY = [
    "https://query2.finance.yahoo.com/v1/test/getcrumb",
    "https://guce.yahoo.com/consent",
    "https://consent.yahoo.com/v2/collectConsent",
    "https://guce.yahoo.com/copyConsent",
]
"""What yfinance 1.7 asks to be let in; the second way where the first one fails."""


@pytest.mark.parametrize("url", [*FIRST_WAY, *(url for url in SECOND_WAY)])
def test_a_cookie_or_crumb_is_never_stored(url, tmp_path):
    recorder = Recorder(tmp_path, library="yfinance 1.7.0", at="2026-11-22")
    asked = Asked("curl_cffi", "GET", url, (("sessionId", "s3cret"),) if "onsent" in url else ())
    assert recorder(asked, lambda: Reply(200, b"s3cret")).body == b"s3cret"
    assert files_of(tmp_path) == []


# --- Recording ----------------------------------------------------------------------------------------------------


def test_a_recorder_stores_what_came_and_passes_it_on(tmp_path):
    recorder = Recorder(tmp_path, library="akshare 1.19.5", at="2026-11-22")
    reply = Reply(200, b'{"data":null}', "application/json")
    assert recorder(ASKED, lambda: reply) is reply
    assert read(tmp_path / file_name(ASKED)) == exchange(b'{"data":null}')


def test_a_later_recording_takes_the_place_of_an_earlier_one(tmp_path):
    for day, body in (("2026-11-21", b"old"), ("2026-11-22", b"new")):
        Recorder(tmp_path, library="akshare 1.19.5", at=day)(ASKED, lambda body=body: Reply(200, body))
    assert files_of(tmp_path) == [file_name(ASKED)]
    stored = read(tmp_path / file_name(ASKED))
    assert (stored.at, stored.reply.body) == ("2026-11-22", b"new")


def test_a_request_that_failed_leaves_the_earlier_recording(tmp_path):
    save(exchange(b"old"), tmp_path)

    def fails():
        raise requests.ConnectionError("gone")

    with pytest.raises(requests.ConnectionError, match="gone"):
        Recorder(tmp_path, library="akshare 1.19.5", at="2026-11-22")(ASKED, fails)
    assert read(tmp_path / file_name(ASKED)).reply.body == b"old"
    assert files_of(tmp_path) == [file_name(ASKED)]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "eastmoney").write_text("a file is in the way")
    with pytest.raises(StoreError) as caught:
        save(exchange(), tmp_path)
    place = tmp_path / file_name(ASKED)
    assert str(caught.value).startswith(f"the exchange {place} cannot be written (")
    assert "\n" not in str(caught.value)


# --- Replaying ----------------------------------------------------------------------------------------------------


@both
def test_a_replay_answers_and_never_sends(client, tmp_path):
    asked = Asked(client, "GET", CHART, (("range", "1d"),))
    save(exchange(b'{"a":1}', asked=asked), tmp_path)
    replayer = Replayer(tmp_path)
    with through(replayer), SESSIONS[client]() as session:
        assert session.get(CHART, params={"range": "1d", "crumb": "another"}).json() == {"a": 1}
    assert replayer.missed == []


@both
def test_a_request_without_a_recording_says_how_to_make_one_and_is_kept(client, tmp_path):
    replayer = Replayer(tmp_path, command="nox -s record")
    with through(replayer), SESSIONS[client]() as session, pytest.raises(NotRecordedError) as caught:
        session.get(KLINE, params={"secid": "1.688041", "beg": "20240315", "ut": "s3cret"})
    assert str(caught.value) == (
        f"eastmoney: {KLINE}?beg=20240315&secid=1.688041: is not recorded "
        "(push2his-eastmoney-com-api-qt-stock-kline-get-a14ecdb1fa5c.json); record it with: nox -s record"
    )
    assert replayer.missed == [Asked(client, "GET", KLINE, ASKED.params)]


def test_the_command_that_records_is_the_command_lines_own(tmp_path):
    with pytest.raises(NotRecordedError, match=r"; record it with: eventstudy record$"):
        Replayer(tmp_path)(ASKED, lambda: None)


def test_a_miss_is_kept_though_the_library_swallows_it(tmp_path):
    replayer = Replayer(tmp_path)
    with through(replayer):
        try:
            requests.get(KLINE, timeout=1)
        except NotRecordedError:
            swallowed = True
    assert swallowed
    assert [str(asked) for asked in replayer.missed] == [KLINE]


@pytest.mark.parametrize("url", FIRST_WAY)
def test_cookies_and_crumbs_are_answered_without_a_file(url, tmp_path):
    reply = Replayer(tmp_path)(Asked("curl_cffi", "GET", url, ()), lambda: None)
    assert (reply.status, reply.body) == ((404, b"") if "fc." in url else (200, b"canned"))
    assert CANNED_CRUMB == b"canned"


DAMAGED = {
    "nothing": b"",
    "half": b'{"kind": "recorded", "request": {"cli',
    "no json": b"<html>",
    "not an object": b"[]",
    "a number": b"7",
    "other keys": b'{"a": 1}',
    "no response": b'{"kind": "recorded", "request": {}}',
    "not utf-8": b"\xff\xfe",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=list(DAMAGED))
def test_a_damaged_file_is_one_sentence(content, tmp_path):
    path = tmp_path / file_name(ASKED)
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        Replayer(tmp_path)(ASKED, lambda: None)
    message = str(caught.value)
    assert message.startswith(f"{path} is not an exchange (")
    assert message.endswith("); delete it and record it again")
    assert "\n" not in message


def changed(path, change):
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


CHANGES = {
    "not base64": lambda content: content["response"].update(base64="a"),
    "params are not pairs": lambda content: content["request"].update(params=[["a"]]),
    "no status": lambda content: content["response"].pop("status"),
    "no library": lambda content: content.pop("library"),
    "response is a list": lambda content: content.update(response=[]),
}


@pytest.mark.parametrize("text", [None, 7])
def test_a_text_that_is_none_is_one_sentence(text, tmp_path):
    path = save(exchange(), tmp_path)
    changed(path, lambda content: content["response"].update(text=text))
    with pytest.raises(StoreError, match=r"is not an exchange \(.*\); delete it and record it again$"):
        read(path)


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_file_with_another_content_is_one_sentence(change, tmp_path):
    path = save(exchange(), tmp_path)
    changed(path, change)
    with pytest.raises(StoreError, match=r"is not an exchange \(.*\); delete it and record it again$"):
        read(path)


def test_a_file_that_cannot_be_opened_is_one_sentence(tmp_path):
    with pytest.raises(StoreError, match=r"^the exchange .* cannot be read \(.*\); record it again$"):
        read(tmp_path)


# --- The network of the suite is closed ---------------------------------------------------------------------------


@both
def test_a_recorder_in_the_suite_meets_the_closed_network(client, tmp_path):
    recorder = Recorder(tmp_path, library="akshare 1.19.5", at="2026-11-22")
    with through(recorder), SESSIONS[client]() as session, pytest.raises(NetworkClosed):
        session.get(KLINE)
    assert files_of(tmp_path) == []


@pytest.mark.parametrize("who", ["203.0.113.77", "2001:db8:85a3::8a2e:370:7334", "2001:db8:0:0:0:0:0:1"])
def test_a_refusal_is_kept_without_the_address_that_it_names(tmp_path, who):
    """Pages that refuse often say whom."""
    for status, body in ((456, f"your address {who}, is blocked"), (200, f"<html><p>{who}</p></html>")):
        recorder = Recorder(tmp_path, library="akshare 1.19.5", at="2026-11-22")
        reply = Reply(status, body.encode(), "text/html")
        assert recorder(ASKED, lambda reply=reply: reply) is reply
        kept = read(tmp_path / file_name(ASKED)).reply
        assert kept.status == status and kept.text == body.replace(who, "0.0.0.0")


def test_data_are_kept_to_the_byte(tmp_path):
    recorder = Recorder(tmp_path, library="akshare 1.19.5", at="2026-11-22")
    body = b'{"a":"1.2.3.4"}'
    recorder(ASKED, lambda: Reply(200, body, "application/json"))
    assert read(tmp_path / file_name(ASKED)).reply.body == body
