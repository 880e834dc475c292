"""Calls that may hang, in threads of their own, so that nobody waits longer than he says.

`FolderCall` is one call in one thread; `FolderThread` takes all calls into one folder in turn.
"""

from __future__ import annotations

import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from gdtbridge.durable.errors import FolderSilent

T = TypeVar("T")

PATIENCE_SECONDS: Final = 3.0
"""A call into a folder that makes no progress for so long hangs: no share takes so long."""
MOST_SECONDS: Final = 60.0
"""How long a call is waited for, whatever progress is made."""
LINGER_SECONDS: Final = 5.0
"""How long the thread of a folder stays without work."""


class FolderCall(Generic[T]):
    """A call into a folder of others, begun at once in a thread of its own.

    A share that hangs keeps the thread, not the process: it is a daemon.
    """

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._result: T
        self._error: BaseException | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="folder", daemon=True).start()

    def _run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            self._error = error
        finally:
            self._ended.set()

    @property
    def ended(self) -> bool:
        """Whether the folder has answered, well or not."""
        return self._ended.is_set()

    def result(self, seconds: float) -> T:
        """Return what the call returned, or raise what it raised.

        Raises `TimeoutError` (an `OSError`) when it has not ended in so many seconds.
        """
        if not self._ended.wait(max(0.0, seconds)):
            raise TimeoutError(errno.ETIMEDOUT, "antwortet nicht / does not answer")
        if self._error is not None:
            raise self._error
        return self._result


class QueuedCall(Generic[T]):
    """A call that waits for the thread of its folder, then what became of it."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._result: T
        self._error: BaseException | None = None
        self.ended = False

    def make(self) -> None:
        """Call, and keep what is returned or raised."""
        try:
            self._result = self._call()
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            self._error = error

    def result(self) -> T:
        """Return what the call returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._result


class FolderThread:
    """Makes all calls into one folder, one after the other, in a thread of its own.

    The thread is there while there is work. A folder that hangs keeps it, and with it whoever
    calls, for no longer than a caller says; who calls later is told at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._calls: deque[QueuedCall[Any]] = deque()
        self._changed = threading.Condition()
        self._is_there = False
        self._is_idle = True
        self._heard_at = time.monotonic()

    @property
    def busy_since(self) -> float | None:
        """When (monotonic) the call under way was heard of last; None while there is none."""
        return None if self._is_idle else self._heard_at

    def heard(self) -> None:
        """Note that the folder has answered; a call of many steps says so after each."""
        self._heard_at = time.monotonic()

    def run(
        self, call: Callable[[], T], seconds: float = PATIENCE_SECONDS, *, keep: bool = False
    ) -> T:
        """Return what the call returned, or raise what it raised.

        Raises `FolderSilent` where the folder has made no progress for so many seconds. The call is
        not made then if it has not begun, unless it is to be kept; if it has, it may yet succeed.
        """
        queued = QueuedCall(call)
        deadline = time.monotonic() + MOST_SECONDS
        with self._changed:
            self._put(queued)
            while not queued.ended:
                left = min(self._heard_at + seconds, deadline) - time.monotonic()
                if left <= 0:
                    if not keep and queued in self._calls:
                        self._calls.remove(queued)
                    raise FolderSilent(self._folder)
                self._changed.wait(left)
        return queued.result()

    def _put(self, queued: QueuedCall[Any]) -> None:
        self._calls.append(queued)
        if not self._is_there:
            self._is_there = True
            self.heard()
            threading.Thread(target=self._work, name="folder calls", daemon=True).start()
        elif self._is_idle:
            self.heard()
        self._changed.notify_all()

    def _work(self) -> None:
        while (queued := self._next()) is not None:
            queued.make()
            with self._changed:
                queued.ended = True
                self._is_idle = True
                self.heard()
                self._changed.notify_all()

    def _next(self) -> QueuedCall[Any] | None:
        """Return the next call; None when there was none for `LINGER_SECONDS`."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._calls, LINGER_SECONDS):
                self._is_there = False
                return None
            self._is_idle = False
            self.heard()
            return self._calls.popleft()
