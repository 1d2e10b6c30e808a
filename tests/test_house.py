"""Promises about the house itself: public names, start-up, frozen records, closed network, clean files."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import os
import pkgutil
import re
import socket
import subprocess
import sys

import pytest

import eventstudy
from tests.conftest import ROOT, NetworkClosed


def tracked():
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("needs a git checkout")
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).exists()]


def test_public_names_are_sorted_importable_and_nothing_else():
    assert eventstudy.__all__ == sorted(eventstudy.__all__)
    for name in eventstudy.__all__:
        assert getattr(eventstudy, name).__doc__
    assert dir(eventstudy) == eventstudy.__all__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'; public names: DataError"):
        _ = eventstudy.nothing


def imported_by(*arguments):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(re.findall(r"\|\s+([\w.]+)$", done.stderr, flags=re.MULTILINE))


def test_importing_and_helping_load_no_heavy_library():
    heavy = {
        "pandas",
        "numpy",
        "scipy",
        "statsmodels",
        "plotly",
        "exchange_calendars",
        "yfinance",
        "akshare",
        "pydantic",
    }
    assert not heavy & imported_by("-c", "import eventstudy")
    assert not heavy & imported_by("-m", "eventstudy", "--help")
    assert not {"yfinance", "akshare"} & imported_by("-m", "eventstudy", "check", "events.yaml", "--quiet")


def records():
    for module in pkgutil.walk_packages(eventstudy.__path__, "eventstudy."):
        if module.name.endswith("__main__"):
            continue
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if found.__module__ == module.name and dataclasses.is_dataclass(found):
                yield found


def test_every_record_is_frozen():
    found = list(records())
    assert len(found) > 15
    loose = [
        one.__qualname__ for one in found if not one.__dataclass_params__.frozen and not one.__name__.startswith("_")
    ]
    assert loose == []


def test_the_network_is_closed_for_sockets_and_for_curl():
    with pytest.raises(NetworkClosed, match=r"socket\.connect"), socket.socket() as outward:
        outward.connect(("192.0.2.1", 80))
    with pytest.raises(NetworkClosed, match="getaddrinfo"):
        socket.getaddrinfo("example.com", 80)
    import curl_cffi.requests
    import requests

    with pytest.raises(NetworkClosed, match="curl_cffi"):
        curl_cffi.requests.Session().request("GET", "https://192.0.2.1/")
    with pytest.raises(NetworkClosed, match="curl_cffi"):
        curl_cffi.requests.get("https://192.0.2.1/")
    with pytest.raises(NetworkClosed):
        requests.get("http://192.0.2.1/", timeout=1)


def test_no_tracked_file_is_large_or_names_a_machine():
    home = re.compile("/(?:root|home|work|Users)" + "/[a-z]")
    for path in tracked():
        assert path.stat().st_size < 2_000_000, path
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".csv", ".txt", ""} and path.is_file():
            assert not home.search(path.read_text(encoding="utf-8", errors="ignore")), path


def test_modules_stay_small():
    for path in (ROOT / "eventstudy").rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


def test_wheel_metadata_names_the_command_and_the_licence():
    from importlib.metadata import entry_points, metadata

    assert metadata("exact-eventstudy")["License-Expression"] == "MIT"
    assert any(entry.name == "eventstudy" for entry in entry_points(group="console_scripts"))
    assert (ROOT / "eventstudy" / "py.typed").exists()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
