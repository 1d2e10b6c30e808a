"""Shared fixtures; the network is closed for the whole suite."""

from __future__ import annotations

import importlib
import os
import pickle
import pkgutil
import socket
import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from filelock import FileLock

import eventstudy as es
from eventstudy import plots
from eventstudy.texts import LANGS
from tests import searches  # noqa: F401 - loads the suite's profile

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
MADE_EXCHANGES = ROOT / "tests" / "exchanges"
RECORDED_EXCHANGES = ROOT / "tests" / "recorded"
EXCHANGES = RECORDED_EXCHANGES if RECORDED_EXCHANGES.is_dir() else MADE_EXCHANGES
"""What the flagship's live prices are replayed from: real exchanges once `nox -s record` has made them."""
LOCAL = {"127.0.0.1", "::1", "localhost", ""}


LONGEST = (
    *("test_report_browser", "test_robustness", "test_cli_flagship", "test_install", "test_report", "test_docs"),
    *("test_calibration", "test_level", "test_exchange_rows", "test_study", "test_editing", "test_recording"),
)
"""Files that take longest, in the order in which workers get them, so that all workers end together."""


def pytest_configure(config):
    if hasattr(config.option, "loadscopereorder"):  # xdist would begin with the files that have most tests
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


class NetworkClosed(RuntimeError):
    """A test tried to leave the machine."""


def _refuse(what):
    raise NetworkClosed(f"the test suite is offline, but something called {what}")


@pytest.fixture(scope="session", autouse=True)
def closed_network():
    """Close sockets, name look-ups and curl_cffi (which opens its sockets outside Python)."""
    patch = pytest.MonkeyPatch()
    connect = socket.socket.connect

    def guarded(self, address):
        inside = self.family == socket.AF_UNIX or (isinstance(address, tuple) and address[0] in LOCAL)
        return connect(self, address) if inside else _refuse(f"socket.connect({address!r})")

    patch.setattr(socket.socket, "connect", guarded)
    patch.setattr(socket.socket, "connect_ex", guarded)
    look_up = socket.getaddrinfo
    patch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **named: (
            look_up(host, *rest, **named) if host in LOCAL else _refuse(f"getaddrinfo({host!r})")
        ),
    )
    import curl_cffi.requests

    for session in (curl_cffi.requests.Session, curl_cffi.requests.AsyncSession):
        patch.setattr(session, "request", lambda self, method, url, *rest, **named: _refuse(f"curl_cffi {url}"))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def shared():
    """The folder shared/ beside the checkout; a user does not have it."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder shared/ beside the checkout, which only this project's own CI has")
    return SHARED


@pytest.fixture(scope="session")
def flagship_spec():
    return es.load_study(ROOT / "events.yaml")


@pytest.fixture(scope="session")
def flagship_prices(flagship_spec):
    return es.load_prices(flagship_spec)


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """`once(name, make)`: what `make()` gives, made by the first worker of xdist that asks, read by the others."""

    def made(name, make):
        if "PYTEST_XDIST_WORKER" not in os.environ:
            return make()
        kept = tmp_path_factory.getbasetemp().parent / f"{name}.pickle"
        with FileLock(f"{kept}.lock"):
            if not kept.exists():
                kept.write_bytes(pickle.dumps(make()))
            return pickle.loads(kept.read_bytes())

    return made


@pytest.fixture(scope="session")
def flagship(flagship_spec, flagship_prices, once):
    return once("flagship", lambda: es.run_study(flagship_spec, flagship_prices))


@pytest.fixture(scope="session")
def kept():
    """The flagship's result as it was kept, so that tests of the report need no run."""
    from tests.freeze import frozen_result

    return frozen_result()


@pytest.fixture(scope="session")
def kept_trees(kept, once, tmp_path_factory):
    """Every file of the kept result's report, by language and name, as it was written."""

    def written():
        folder = tmp_path_factory.mktemp("kept") / "made"
        return {lang: tree(es.write_report(kept, folder / lang, lang=lang)) for lang in LANGS}

    return once("kept_trees", written)


@pytest.fixture(scope="session")
def kept_pages(kept_trees):
    """The kept result's page by language."""
    return {lang: files["report.html"].decode() for lang, files in kept_trees.items()}


@pytest.fixture(scope="session")
def elsewhere(once, tmp_path_factory):
    """Every file of the flagship's report, run and written by another process with another hash seed and time zone."""
    code = (
        "import sys, eventstudy as es\n"
        "spec = es.load_study('events.yaml')\n"
        "es.write_report(es.run_study(spec, es.load_prices(spec)), sys.argv[1])\n"
    )

    def written():
        folder = tmp_path_factory.mktemp("elsewhere")
        subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT), "TZ": "Asia/Shanghai"},
        )
        return tree(folder / "h200-export-decision")

    return once("elsewhere", written)


def tree(folder):
    """Every file of a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def sketch(**layout):
    """A figure that takes whatever it is asked to hold, and draws nothing."""
    figure = MagicMock()
    figure.to_plotly_json.return_value = {}
    return figure


@pytest.fixture
def sketched(monkeypatch):
    """Figures as sketches, wherever they are begun."""
    for module in pkgutil.iter_modules(plots.__path__, "eventstudy.plots."):
        found = importlib.import_module(module.name)
        if hasattr(found, "new_figure"):
            monkeypatch.setattr(found, "new_figure", sketch)
    assert isinstance(plots.style.new_figure(height=1), MagicMock)
