"""Waiting for a condition, with a deadline: the tests' only way to wait."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_SECONDS = 0.01


def wait_for(
    condition: Callable[[], object], seconds: float = 20, what: str = "the condition"
) -> None:
    """Return when ``condition`` holds; fail the test when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true in {seconds} s"
        time.sleep(LOOK_SECONDS)
