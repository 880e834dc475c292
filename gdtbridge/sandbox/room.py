"""What the readers of all rooms have in common: children of their own, and letting go of them."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from gdtbridge.sandbox.workers import Workers


class GuardedRoom:
    """Asks ``workers``; used with ``with``, or closed by hand. Share one object between threads."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def close(self) -> None:
        """End all children at once; work under way fails as if they had died."""
        self._workers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def processes(self) -> tuple[int, ...]:
        """Return the process ids of the living children."""
        return self._workers.processes()
