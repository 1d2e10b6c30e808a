"""Manners towards a vendor: requests kept apart, over processes too, and attempts that end."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from itertools import pairwise

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.errors import (
    BlockedError,
    BrokenReplyError,
    ChangedFormatError,
    DisagreementError,
    HoleError,
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
from eventstudy.sources.vendors import manners
from eventstudy.sources.vendors.manners import ATTEMPTS, INTERVAL, LONGEST_WAIT, Pace, retrying
from eventstudy.sources.vendors.wire import Asked, Reply
from tests.command import PATIENCE
from tests.conftest import ROOT

HOSTS = {
    "yahoo": "query2.finance.yahoo.com",
    "eastmoney": "push2his.eastmoney.com",
    "tencent": "proxy.finance.qq.com",
    "sina": "finance.sina.com.cn",
}


def asked(vendor="yahoo"):
    return Asked("requests", "GET", f"https://{HOSTS.get(vendor, vendor)}/", ())


class Clock:
    """A time of day that only sleeping moves, and when requests were sent by it."""

    def __init__(self, now=1_000_000.0):
        self.now, self.slept, self.sent = now, [], []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def pace(self, folder=None, interval=1.0):
        return Pace(folder, interval, self.sleep, lambda: self.now)

    def ask(self, pace, vendor="yahoo", takes=0.0):
        def send():
            self.sent.append(self.now)
            self.now += takes
            return Reply(200, b"{}")

        assert pace(asked(vendor), send) == Reply(200, b"{}")


# --- The pace --------------------------------------------------------------------------------------------------------


def test_the_pace_is_one_request_a_second():
    assert Pace(None).interval == INTERVAL == 1.0


@pytest.mark.parametrize("shared", [True, False])
def test_two_requests_to_a_vendor_are_an_interval_apart(tmp_path, shared):
    clock = Clock()
    pace = clock.pace(tmp_path if shared else None)
    for _ in range(4):
        clock.ask(pace)
    assert clock.sent == [1_000_000.0, 1_000_001.0, 1_000_002.0, 1_000_003.0]
    assert clock.slept == [1.0, 1.0, 1.0]


def test_time_that_passed_by_itself_is_not_waited_for():
    clock = Clock()
    pace = clock.pace()
    clock.ask(pace, takes=0.25)
    clock.ask(pace, takes=3.0)
    clock.ask(pace)
    assert clock.slept == [0.75]


@pytest.mark.parametrize("shared", [True, False])
def test_one_vendor_does_not_hold_another_up(tmp_path, shared):
    clock = Clock()
    pace = clock.pace(tmp_path if shared else None)
    for vendor in (*HOSTS, "example.org"):
        clock.ask(pace, vendor)
    assert clock.slept == []
    clock.ask(pace, "sina")
    assert clock.slept == [1.0]


def test_all_hosts_of_a_vendor_have_one_pace():
    clock = Clock()
    pace = clock.pace()
    clock.ask(pace, "query1.finance.yahoo.com")
    clock.ask(pace, "fc.yahoo.com")
    assert clock.slept == [1.0]


@given(st.lists(st.tuples(st.sampled_from(list(HOSTS)), st.floats(0, 3)), max_size=20), st.floats(0.01, 5))
def test_whatever_comes_requests_to_a_vendor_are_apart(requests, interval):
    clock = Clock()
    pace, sent = clock.pace(interval=interval), {}
    for vendor, pause in requests:
        clock.now += pause
        clock.ask(pace, vendor)
        sent.setdefault(vendor, []).append(clock.sent[-1])
    for times in sent.values():
        assert all(later - earlier >= interval - 1e-9 for earlier, later in pairwise(times))
    assert all(0 < seconds <= interval for seconds in clock.slept)


def test_two_paces_that_share_a_folder_are_one(tmp_path):
    clock = Clock()
    one, other = clock.pace(tmp_path / "deep" / "pace"), clock.pace(tmp_path / "deep" / "pace")
    for pace in (one, other, other, one):
        clock.ask(pace)
    assert clock.sent == [1_000_000.0, 1_000_001.0, 1_000_002.0, 1_000_003.0]


def test_two_paces_without_a_folder_are_two():
    clock = Clock()
    clock.ask(clock.pace())
    clock.ask(clock.pace())
    assert clock.slept == []


def test_the_request_is_sent_when_the_turn_is_free_again(tmp_path):
    """A reply that takes long holds nobody up: only the beginnings are kept apart."""
    pace = Clock().pace(tmp_path)

    def send():
        FileLock(tmp_path / "yahoo.lock", timeout=0).acquire()
        return Reply(200, b"")

    assert pace(asked(), send).status == 200


def test_the_turn_is_not_held_while_waiting(tmp_path):
    """Else a process with many requests would keep another one from its own, until that gives the pace up."""
    clock = Clock()
    clock.ask(clock.pace(tmp_path))
    free = []

    def sleep(seconds):
        with FileLock(tmp_path / "yahoo.lock", timeout=0):
            free.append(seconds)
        clock.now += seconds

    clock.ask(Pace(tmp_path, 1.0, sleep, lambda: clock.now))
    assert free == [1.0]


def test_who_is_overtaken_while_waiting_waits_again(tmp_path):
    clock = Clock()
    clock.ask(clock.pace(tmp_path))
    other = clock.pace(tmp_path)
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        clock.now += seconds
        if len(waits) < 3:
            clock.ask(other)

    clock.ask(Pace(tmp_path, 1.0, sleep, lambda: clock.now))
    assert waits == [1.0, 1.0, 1.0]
    assert clock.sent == [1_000_000.0, 1_000_001.0, 1_000_002.0, 1_000_003.0]


def test_an_error_of_the_request_passes_and_the_pace_is_kept(tmp_path):
    clock = Clock()
    pace = clock.pace(tmp_path)

    def fail():
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        pace(asked(), fail)
    clock.ask(pace)
    assert clock.slept == [1.0]


def test_an_interrupted_wait_leaves_the_turn_free_and_sends_nothing(tmp_path):
    clock = Clock()
    clock.ask(clock.pace(tmp_path))

    def stop(seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Pace(tmp_path, 1.0, stop, lambda: clock.now)(asked(), lambda: pytest.fail("sent"))
    with FileLock(tmp_path / "yahoo.lock", timeout=0):
        pass
    clock.ask(clock.pace(tmp_path))
    assert clock.slept == [1.0]


WORKER = """
import json, sys, time
from pathlib import Path
from eventstudy.sources.vendors.manners import Pace
from eventstudy.sources.vendors.wire import Asked, Reply
stamps = []
def clock():
    stamps.append(time.time())
    return stamps[-1]
folder, interval, each, name = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
pace = Pace(folder / "pace", interval, time.sleep, clock)
(folder / name).touch()
while not all((folder / ready).exists() for ready in ("one", "other")):
    time.sleep(0.001)
taken = []
for _ in range(each):
    pace(Asked("requests", "GET", "https://query2.finance.yahoo.com/", ()), lambda: Reply(200, b""))
    taken.append(stamps[-1])
print(json.dumps(taken))
"""


def test_two_processes_together_keep_the_pace(tmp_path):
    interval, each = 0.04, 40
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WORKER, str(tmp_path), str(interval), str(each), name],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "other")
    ]
    taken = []
    for process in running:
        out, error = process.communicate(timeout=PATIENCE)
        assert (process.returncode, error) == (0, "")
        taken.append(json.loads(out))
    turns = sorted(taken[0] + taken[1])
    gaps = [later - earlier for earlier, later in pairwise(turns)]
    # The clock that sleeping goes by and the time of day drift apart by much less than a thousandth of a second.
    assert len(turns) == 2 * each and min(gaps) >= interval - 1e-3
    assert max(taken[0][0], taken[1][0]) < min(taken[0][-1], taken[1][-1]), "one kept the other from its turns"


# --- A folder that is of no use --------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_keeps_the_pace_in_this_process(tmp_path):
    (tmp_path / "file").write_text("mine")
    clock = Clock()
    pace = clock.pace(tmp_path / "file" / "pace")
    clock.ask(pace)
    clock.ask(pace)
    assert clock.sent == [1_000_000.0, 1_000_001.0]
    assert (tmp_path / "file").read_text() == "mine"


def test_a_file_in_the_folder_s_place_keeps_the_pace_in_this_process(tmp_path):
    (tmp_path / "pace").write_text("mine")
    clock = Clock()
    pace = clock.pace(tmp_path / "pace")
    clock.ask(pace)
    clock.ask(pace)
    assert clock.slept == [1.0]


def test_a_stamp_that_cannot_be_written_keeps_the_pace_in_this_process(tmp_path):
    (tmp_path / "yahoo.last").mkdir()
    clock = Clock()
    pace = clock.pace(tmp_path)
    clock.ask(pace)
    clock.ask(pace)
    assert clock.slept == [1.0]


@pytest.mark.parametrize("error", [OSError(37, "No locks available"), NotImplementedError("no flock")])
def test_a_file_system_without_locks_keeps_the_pace_by_the_stamp(tmp_path, monkeypatch, error):
    def fail(self):
        raise error

    monkeypatch.setattr("filelock.FileLock.acquire", fail)
    clock = Clock()
    clock.ask(clock.pace(tmp_path))
    clock.ask(clock.pace(tmp_path))
    assert clock.slept == [1.0]


def test_a_process_that_hangs_with_the_turn_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(manners, "LONGEST_TURN", 0.1)
    held, done = threading.Event(), threading.Event()

    def hang():
        with FileLock(tmp_path / "yahoo.lock"):
            held.set()
            done.wait(PATIENCE)

    thread = threading.Thread(target=hang)
    thread.start()
    try:
        assert held.wait(PATIENCE)
        clock = Clock()
        pace = clock.pace(tmp_path)
        clock.ask(pace)
        clock.ask(pace)
        assert clock.sent == [1_000_000.0, 1_000_001.0]
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("stamp", [b"", b"yesterday", b"\xff\xfe\x00", b"nan", b"-inf", b"-5", b"1e999x"])
def test_a_garbage_stamp_is_no_stamp(tmp_path, stamp):
    (tmp_path / "yahoo.last").write_bytes(stamp)
    clock = Clock()
    pace = clock.pace(tmp_path)
    clock.ask(pace)
    assert clock.slept == []
    clock.ask(pace)
    assert clock.slept == [1.0]
    assert float((tmp_path / "yahoo.last").read_text()) == 1_000_001.0


@pytest.mark.parametrize("stamp", ["inf", "1e300", "1000900.0"])
def test_a_stamp_of_the_future_makes_no_wait_longer_than_an_interval(tmp_path, stamp):
    """So does a clock that was set back."""
    (tmp_path / "yahoo.last").write_text(stamp)
    clock = Clock()
    pace = clock.pace(tmp_path)
    clock.ask(pace)
    clock.ask(pace)
    assert clock.slept == [1.0, 1.0]


@pytest.mark.parametrize("shared", [True, False])
def test_a_clock_set_back_while_running_makes_one_wait_of_an_interval(tmp_path, shared):
    clock = Clock()
    pace = clock.pace(tmp_path if shared else None)
    clock.ask(pace)
    clock.now -= 3600
    clock.ask(pace)
    clock.now += 0.5
    clock.ask(pace)
    assert clock.slept == [1.0, 0.5]


# --- Attempts --------------------------------------------------------------------------------------------------------

PASSING = [RateLimitedError, TimedOutError, UnreachableError, VendorFaultError, BrokenReplyError]
STAYING = [UnknownSymbolError, NoDataError, BlockedError, ProxyError, NotDataError, ChangedFormatError, HoleError]
STAYING += [DisagreementError, NotRecordedError, SourceError]


def attempts(*outcomes):
    """Run attempts with these outcomes, the last again and again; what they gave, waits, and what was told."""
    left, waits, told, made = list(outcomes), [], [], []

    def attempt():
        outcome = left.pop(0) if len(left) > 1 else left[0]
        made.append(outcome)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    result = None
    try:
        result = retrying(waits.append, lambda error, wait: told.append((error, wait)))(attempt)
    except BaseException as error:  # noqa: BLE001 - what comes out is what is looked at
        result = error
    return result, waits, told, made


def fault(kind, what="x", wait=None):
    return kind("yahoo", "NVDA", what, wait=wait)


def test_a_success_is_not_repeated():
    assert attempts("bars") == ("bars", [], [], ["bars"])


@pytest.mark.parametrize("kind", PASSING)
def test_an_error_that_passes_is_tried_again_four_times_in_all_and_the_last_is_raised(kind):
    errors = [fault(kind, str(i)) for i in range(6)]
    result, waits, told, made = attempts(*errors)
    assert made == errors[:ATTEMPTS] and ATTEMPTS == 4
    assert result is errors[3]
    assert told == list(zip(errors[:3], waits, strict=True))


@pytest.mark.parametrize("kind", STAYING)
def test_an_error_that_stays_is_raised_at_once(kind):
    error = fault(kind)
    assert attempts(error, "bars") == (error, [], [], [error])


@pytest.mark.parametrize("error", [ValueError("x"), OSError("x"), KeyError("x")])
def test_an_error_of_another_kind_is_raised_at_once(error):
    assert attempts(error, "bars") == (error, [], [], [error])


def test_a_later_attempt_that_succeeds_ends_them():
    errors = [fault(TimedOutError), fault(VendorFaultError)]
    result, waits, told, made = attempts(*errors, "bars")
    assert (result, made) == ("bars", [*errors, "bars"])
    assert len(waits) == len(told) == 2


def test_a_passing_error_followed_by_one_that_stays_ends_them():
    passing, staying = fault(TimedOutError), fault(BlockedError)
    result, waits, _, made = attempts(passing, staying, "bars")
    assert result is staying
    assert made == [passing, staying] and len(waits) == 1


@pytest.mark.parametrize("seed", range(20))
def test_waits_grow_and_are_not_the_same_each_time(seed):
    import random

    random.seed(seed)
    waits = [attempts(fault(TimedOutError))[1] for _ in range(2)]
    for first, second, third in waits:
        assert 2 <= first <= 4 <= second <= 6 < 8 <= third <= 10
    assert waits[0] != waits[1]


def test_what_the_vendor_asks_to_wait_is_waited():
    assert attempts(fault(RateLimitedError, wait=45.0))[1] == [45.0, 45.0, 45.0]
    assert attempts(fault(RateLimitedError, wait=LONGEST_WAIT))[1] == [60.0, 60.0, 60.0]


def test_less_than_one_s_own_wait_is_not():
    assert all(wait >= 2 for wait in attempts(fault(RateLimitedError, wait=0.5))[1])


@pytest.mark.parametrize("wait", [LONGEST_WAIT + 0.1, 3600.0, float("inf"), float("nan")])
def test_a_vendor_that_asks_for_more_is_not_waited_for(wait):
    error = fault(RateLimitedError, wait=wait)
    assert attempts(error, "bars") == (error, [], [], [error])


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interruption_of_an_attempt_goes_straight_through(stop):
    result, waits, _, made = attempts(stop(), "bars")
    assert type(result) is stop
    assert (waits, len(made)) == ([], 1)
    result, waits, _, made = attempts(fault(TimedOutError), stop(), "bars")
    assert type(result) is stop
    assert (len(waits), len(made)) == (1, 2)


def test_an_interruption_of_a_wait_goes_straight_through():
    made = []

    def attempt():
        made.append(1)
        raise fault(TimedOutError)

    def sleep(seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retrying(sleep, lambda error, wait: None)(attempt)
    assert made == [1]
