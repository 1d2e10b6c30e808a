"""Manners towards a vendor: at most one request a second, asked again a few times, ever later, never for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.errors import SourceError
from eventstudy.sources.vendors.wire import Asked, Reply, Send

if TYPE_CHECKING:
    from tenacity import RetryCallState, Retrying

INTERVAL = 1.0
"""Seconds between two requests to a vendor, over all processes that share a cache."""
LONGEST_TURN = 30.0
"""Seconds to wait for another process to look at the time of the last request; it takes a moment."""
ATTEMPTS = 4
LONGEST_WAIT = 60.0
"""Seconds; a vendor that asks for more is not waited for."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A handler at the network that keeps requests to a vendor apart.

    Attributes
    ----------
    folder : Path or None
        Where the time of the last request is kept for other processes; None, or a folder that cannot be written,
        keeps it in this process only.
    interval : float
        Seconds between two requests.
    sleep, clock : callable
        Waiting and the time of day; tests put their own.
    """

    folder: Path | None
    interval: float = INTERVAL
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    _last: dict[str, float] = field(default_factory=dict)

    def __call__(self, asked: Asked, send: Send) -> Reply:
        """Wait for the vendor's turn, then send."""
        waited_out = None
        while (busy := self._take_turn(asked.vendor, waited_out)) is not None:
            waited_out, wait = busy
            self.sleep(wait)
        return send()

    def _take_turn(self, vendor: str, waited_out: float | None) -> tuple[float, float] | None:
        """Take the turn (None), or give the time of the last request and the seconds until the next one may be sent.

        The turn is not held while waiting, so that a process with many requests does not keep another one from its
        own. A last request that has been waited out is out, whatever the clock says, which may have been set back.
        """
        with self._alone(vendor):
            last, now = max(self._last.get(vendor, 0.0), self._read(vendor)), self.clock()
            wait = min(last + self.interval - now, self.interval)
            if wait > 0 and last != waited_out:
                return last, wait
            self._last[vendor] = now
            self._write(vendor)
            return None

    @contextmanager
    def _alone(self, vendor: str) -> Iterator[None]:
        """Hold the vendor's turn against other processes, where the folder allows it."""
        from filelock import FileLock

        lock = None
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                lock = FileLock(self.folder / f"{vendor}.lock", timeout=LONGEST_TURN)
                lock.acquire()
            except (OSError, NotImplementedError):
                # A folder that cannot be written, a file system without locks, or a process that hangs with the lock:
                # keep the pace alone.
                lock = None
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _read(self, vendor: str) -> float:
        try:
            return 0.0 if self.folder is None else float((self.folder / f"{vendor}.last").read_text())
        except (OSError, ValueError):
            return 0.0

    def _write(self, vendor: str) -> None:
        if self.folder is not None:
            with suppress(OSError):
                (self.folder / f"{vendor}.last").write_text(repr(self._last[vendor]))


def retrying(sleep: Callable[[float], None], told: Callable[[SourceError, float], None]) -> Retrying:
    """Attempts at a download: only after errors that pass by themselves, with growing waits and jitter.

    Parameters
    ----------
    sleep : callable
        Waits the seconds that it is given.
    told : callable
        Is told of every error before the next attempt, and of the seconds until then.
    """
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

    growing = wait_exponential(multiplier=2.0, max=LONGEST_WAIT / 2) + wait_random(0.0, 2.0)

    def fault(state: RetryCallState) -> SourceError | None:
        error = state.outcome.exception() if state.outcome is not None else None
        return error if isinstance(error, SourceError) else None

    def wait(state: RetryCallState) -> float:
        error = fault(state)
        return max(growing(state), (error.wait or 0.0) if error is not None else 0.0)

    def tell(state: RetryCallState) -> None:
        if (error := fault(state)) is not None:
            told(error, state.upcoming_sleep)

    return Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait,
        retry=retry_if_exception(_passes),
        before_sleep=tell,
        sleep=sleep,
        reraise=True,
    )


def _passes(error: BaseException) -> bool:
    return isinstance(error, SourceError) and error.passing and (error.wait or 0.0) <= LONGEST_WAIT
