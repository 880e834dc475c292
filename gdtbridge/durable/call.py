"""Calls that may hang: each in a thread of its own, so that nobody waits longer than he says."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


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
