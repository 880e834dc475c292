"""Files that are there whole or not at all, locks between processes, clocks.

What must not live here: what is written.
"""

from gdtbridge.durable.clock import Clock, SystemClock

__all__ = [
    "Clock",
    "SystemClock",
]
