"""Which files of a pick-up folder are tried at a look, and in which order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gdtbridge.durable.trees import TreeFile

TRAY_BYTES: Final = 256 * 1024 * 1024
TRAY_SECONDS: Final = 5.0
"""What is taken at one look; then it is looked anew, for the newest exam is not to wait."""


@dataclass(slots=True)
class Tray:
    """What one look may take; ``is_full`` once it took so much or so long."""

    monotonic: Callable[[], float]
    until: float
    """Monotonic seconds."""
    left: int = field(default_factory=lambda: TRAY_BYTES)
    """Bytes."""
    has_begun: bool = False

    def has_time(self) -> bool:
        """Return whether there is time for more."""
        return self.monotonic() < self.until

    def takes(self, file: TreeFile) -> bool:
        """Return whether a file has room on the tray, and put it there; the first always has."""
        if self.has_begun and (not self.has_time() or file.stamp.size > self.left):
            return False
        self.left -= file.stamp.size
        self.has_begun = True
        return True


def in_turn(files: Iterable[TreeFile]) -> Iterator[TreeFile]:
    """Yield the newest and the oldest files by turns: today's exam first, and none starves."""
    waiting = deque(sorted(files, key=lambda one: (one.stamp.modified_ns, one.name)))
    while waiting:
        yield waiting.pop()
        if waiting:
            yield waiting.popleft()
