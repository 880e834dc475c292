"""The throttle of wrong tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.web.access.tokens import MAX_ADDRESSES, REFILL_SECONDS, TRIES, Throttle
from tests.tools.clock import HandClock


def test_refill() -> None:
    """After the tries are used up one comes back every few seconds."""
    clock = HandClock()
    throttle = Throttle(clock.monotonic)
    for _ in range(TRIES):
        assert throttle.wait("10.0.0.1") == 0
        throttle.failed("10.0.0.1")
    assert throttle.wait("10.0.0.1") == REFILL_SECONDS
    assert throttle.wait("10.0.0.2") == 0
    clock.turn(REFILL_SECONDS)
    assert throttle.wait("10.0.0.1") == 0
    throttle.failed("10.0.0.1")
    assert throttle.wait("10.0.0.1") > 0


def test_one_ipv6_network_is_one_caller() -> None:
    """The addresses one machine can choose from share their tries."""
    throttle = Throttle(HandClock().monotonic)
    for number in range(TRIES):
        throttle.failed(f"fd00::{number:x}")
    assert throttle.wait("fd00::ffff") > 0
    assert throttle.wait("fd00:0:0:1::1") == 0


def test_memory_is_bounded() -> None:
    """Many addresses push out the one silent longest, not the one at work."""
    clock = HandClock()
    throttle = Throttle(clock.monotonic)
    for number in range(MAX_ADDRESSES * 2):
        throttle.failed(f"10.1.{number // 256}.{number % 256}")
        throttle.failed("10.0.0.1")
    assert len(throttle) == MAX_ADDRESSES
    assert throttle.wait("10.0.0.1") > 0


@given(st.lists(st.floats(min_value=0, max_value=30), min_size=1, max_size=60))
def test_rate_law(pauses: list[float]) -> None:
    """However guesses are spread, no more get through than the bucket and its refill allow."""
    clock = HandClock()
    throttle = Throttle(clock.monotonic)
    start, through = clock.seconds, 0
    for pause in pauses:
        clock.turn(pause)
        if throttle.wait("10.0.0.1") == 0:
            through += 1
            throttle.failed("10.0.0.1")
    assert through <= TRIES + (clock.seconds - start) / REFILL_SECONDS + 1e-6
