"""Waiting for a condition, with a deadline: the tests' only way to wait."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_SECONDS = 0.01
PATIENCE = 60.0
"""Seconds in which a busy machine has done whatever is waited for: a bound against hanging."""


def wait_for(
    condition: Callable[[], object], seconds: float = PATIENCE, what: str = "the condition"
) -> None:
    """Return when ``condition`` holds; fail the test when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true in {seconds} s"
        time.sleep(LOOK_SECONDS)
