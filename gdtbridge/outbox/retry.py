"""The pauses between attempts at one destination."""

from __future__ import annotations

import random
from typing import Final

FIRST_RETRY: Final = 1.0
"""Seconds after the first failed attempt."""
LONGEST_RETRY: Final = 60.0
"""Seconds between two attempts, at most, before jitter."""
JITTER: Final = 0.1
"""Share by which a delay varies, so that destinations do not retry in step."""


def retry_delay(failures: int) -> float:
    """Return the seconds to wait after that many failures in a row: 1, 2, 4 … 60, with jitter."""
    doubled = FIRST_RETRY * float(2 ** min(max(failures, 1) - 1, 16))
    return min(LONGEST_RETRY, doubled) * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
