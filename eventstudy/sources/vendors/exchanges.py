"""Recordings of HTTP exchanges, one JSON file each, and their replay through the same libraries and parsers as live.

Cookies, headers and the parameters that identify who asks are not stored. An exchange is `recorded` where it came over
a network and `made` where it was written by hand in a vendor's shape, which serves to test parsers and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from eventstudy.errors import NotRecordedError, StoreError
from eventstudy.files import write_files
from eventstudy.sources.vendors.wire import CRUMB, WAYS_IN, Asked, Reply, Send

Kind: TypeAlias = Literal["made", "recorded"]

CANNED_CRUMB = b"canned"
"""Answer to a request for a token; requests for cookies and consent are answered with nothing."""
_ADDRESS = re.compile(
    rb"(?<![\w.:])(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}"
    rb"|[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){3,7}|[0-9A-Fa-f:]*::[0-9A-Fa-f:]*)(?![\w:])"
)
"""An address of a machine, IPv4 or IPv6, in a page."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply, as a file holds them.

    Attributes
    ----------
    kind : {"made", "recorded"}
        Whether the reply came over a network.
    asked : Asked
        The request.
    reply : Reply
        The reply.
    library : str
        The vendor's library with its version.
    at : str
        Day on which it was recorded or made, ISO.
    note : str
        Where the figures of a made exchange are from.
    """

    kind: Kind
    asked: Asked
    reply: Reply
    library: str
    at: str
    note: str = ""


class Recorder:
    """A handler that stores every exchange in a folder, over an earlier one of the same request.

    `library` names the vendor's library with its version, `at` the day, ISO.
    """

    def __init__(self, folder: Path, *, library: str, at: str) -> None:
        self._folder, self._library, self._at = folder, library, at

    def __call__(self, asked: Asked, send: Send) -> Reply:
        """Pass the exchange on and store it; `StoreError` where it cannot be written."""
        reply = send()
        led_to = urlsplit(reply.url).hostname or asked.host
        if not asked.is_way_in and led_to not in WAYS_IN:
            save(Exchange("recorded", asked, _unsigned(reply), self._library, self._at), self._folder)
        return reply


class Replayer:
    """A handler that answers from a folder of exchanges and never sends.

    A request without a recording raises `NotRecordedError`; `missed` keeps it, because a library may swallow it.
    """

    def __init__(self, folder: Path, *, command: str = "eventstudy record") -> None:
        self._folder, self._command = folder, command
        self.missed: list[Asked] = []

    def __call__(self, asked: Asked, send: Send) -> Reply:
        """Answer a request from its file."""
        if asked.is_way_in:
            return _canned(asked)
        path = self._folder / file_name(asked)
        if not path.exists():
            self.missed.append(asked)
            raise NotRecordedError(
                asked.vendor, str(asked), f"is not recorded ({path.name}); record it with: {self._command}"
            )
        return read(path).reply


def file_name(asked: Asked) -> str:
    """Name of the file of a request, below the folder of exchanges: ``<vendor>/<host and path>-<key>.json``."""
    key = hashlib.sha256(f"{asked.method} {asked}".encode()).hexdigest()[:12]
    path = asked.url.split("://", 1)[-1]
    slug = "".join(character if character.isalnum() else "-" for character in path).strip("-")[:60].strip("-")
    return f"{asked.vendor}/{slug}-{key}.json"


def save(exchange: Exchange, folder: Path) -> Path:
    """Write an exchange to its file, whole or not at all.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    name = file_name(exchange.asked)
    try:
        write_files(folder, {name: _document(exchange).encode()})
    except OSError as error:
        raise StoreError(f"the exchange {folder / name} cannot be written ({error.strerror})") from None
    return folder / name


def read(path: Path) -> Exchange:
    """Read the file of an exchange.

    Raises
    ------
    StoreError
        If the file cannot be read or is not an exchange.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        asked, reply = content["request"], content["response"]
        body = base64.b64decode(reply["base64"]) if "base64" in reply else reply["text"].encode()
        return Exchange(
            kind=content["kind"],
            asked=Asked(
                asked["client"], asked["method"], asked["url"], tuple((name, value) for name, value in asked["params"])
            ),
            reply=Reply(reply["status"], body, reply["content_type"], reply.get("url", "")),
            library=content["library"],
            at=content["at"],
            note=content.get("note", ""),
        )
    except OSError as error:
        raise StoreError(f"the exchange {path} cannot be read ({error.strerror}); record it again") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{path} is not an exchange ({error!r}); delete it and record it again") from None


def _document(exchange: Exchange) -> str:
    reply = exchange.reply
    response: dict[str, Any] = {"status": reply.status, "content_type": reply.content_type}
    if reply.url and reply.url.split("?")[0] != exchange.asked.url:
        response["url"] = reply.url.split("?")[0]
    try:
        response["text"] = reply.body.decode()
    except UnicodeDecodeError:
        response["base64"] = base64.b64encode(reply.body).decode()
    asked = exchange.asked
    content = {
        "kind": exchange.kind,
        "vendor": asked.vendor,
        "library": exchange.library,
        "at": exchange.at,
        **({"note": exchange.note} if exchange.note else {}),
        "request": {
            "client": asked.client,
            "method": asked.method,
            "url": asked.url,
            "params": [list(pair) for pair in asked.params],
        },
        "response": response,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _unsigned(reply: Reply) -> Reply:
    """A refusal or a web page without addresses: it may name the one that asked. Data stay as they came."""
    if reply.status < 400 and not reply.body.lstrip().startswith(b"<"):
        return reply
    return replace(reply, body=_ADDRESS.sub(b"0.0.0.0", reply.body))


def _canned(asked: Asked) -> Reply:
    """The answer of a replay to a request that is never stored."""
    token = asked.url.endswith(CRUMB)
    return Reply(200 if token else 404, CANNED_CRUMB if token else b"", "text/plain")
