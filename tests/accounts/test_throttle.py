"""The throttle of wrong tokens and passwords."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.accounts.throttle import MAX_KEYS, Throttle
from tests.tools.clock import HandClock

TRIES = 10
REFILL = 6.0


def throttle_of(clock: HandClock) -> Throttle:
    """Return a throttle by a clock turned by hand."""
    return Throttle(TRIES, REFILL, clock.monotonic)


def test_refill() -> None:
    """After the tries are used up one comes back every few seconds."""
    clock = HandClock()
    throttle = throttle_of(clock)
    for number in range(TRIES):
        assert throttle.wait("10.0.0.1") == 0
        assert throttle.failed("10.0.0.1") is (number == TRIES - 1)
    assert throttle.wait("10.0.0.1") == REFILL
    assert throttle.wait("10.0.0.2") == 0
    clock.turn(REFILL)
    assert throttle.wait("10.0.0.1") == 0
    throttle.failed("10.0.0.1")
    assert throttle.wait("10.0.0.1") > 0


def test_a_right_try_is_put_back() -> None:
    """One of them, or all of the key."""
    throttle = throttle_of(HandClock())
    for _ in range(3):
        assert throttle.take("anna") == 0
    throttle.give_back("anna")
    assert throttle.left("anna") == TRIES - 2
    throttle.give_back("nobody yet")
    throttle.forget("anna")
    assert throttle.left("anna") == TRIES


def test_tries_at_the_same_time_do_not_outnumber_the_bucket() -> None:
    """A try is counted before anybody knows whether it is right."""
    throttle = throttle_of(HandClock())
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: throttle.take("anna"), range(50)))
    assert waits.count(0) == TRIES


def test_one_ipv6_network_is_one_caller() -> None:
    """The addresses one machine can choose from share their tries."""
    throttle = throttle_of(HandClock())
    for number in range(TRIES):
        throttle.failed(f"fd00::{number:x}")
    assert throttle.wait("fd00::ffff") > 0
    assert throttle.wait("fd00:0:0:1::1") == 0


def test_memory_is_bounded() -> None:
    """Many keys push out the one silent longest, not the one at work."""
    throttle = throttle_of(HandClock())
    for number in range(MAX_KEYS * 2):
        throttle.failed(f"10.1.{number // 256}.{number % 256}")
        throttle.failed("10.0.0.1")
    assert len(throttle) == MAX_KEYS
    assert throttle.wait("10.0.0.1") > 0


@given(st.lists(st.floats(min_value=0, max_value=30), min_size=1, max_size=60))
def test_rate_law(pauses: list[float]) -> None:
    """However guesses are spread, no more get through than the bucket and its refill allow."""
    clock = HandClock()
    throttle = throttle_of(clock)
    start, through = clock.seconds, 0
    for pause in pauses:
        clock.turn(pause)
        if throttle.take("10.0.0.1") == 0:
            through += 1
    assert through <= TRIES + (clock.seconds - start) / REFILL + 1e-6
