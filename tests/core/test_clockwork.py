"""What happens again and again happens whatever the wall clock does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine

from gdtbridge.scheduler import Clockwork


@pytest.fixture
def clockwork() -> Iterator[Clockwork]:
    """Return a clockwork that stops at the end of the test."""
    clockwork = Clockwork()
    yield clockwork
    if clockwork.running:
        clockwork.stop()


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Return when ``condition`` holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        threading.Event().wait(0.01)


def test_a_clock_set_back_stops_nothing(clockwork: Clockwork) -> None:
    """The clock goes back a year; the next look at it sets the jobs going again."""
    runs: list[float] = []
    with time_machine.travel("2026-03-01", tick=True) as traveller:
        clockwork.every(0.05, "counting", lambda: runs.append(0))
        clockwork.start()
        wait_for(lambda: len(runs) > 1)
        traveller.shift(-timedelta(days=365))
        wait_for(lambda: not clockwork_is_at_it(runs))
        clockwork.keep_time()
        before = len(runs)
        wait_for(lambda: len(runs) > before + 2)


def clockwork_is_at_it(runs: list[float]) -> bool:
    """Return whether a job runs within ten of its intervals."""
    before = len(runs)
    threading.Event().wait(0.5)
    return len(runs) > before


def test_a_job_that_fails_goes_on(clockwork: Clockwork, caplog: pytest.LogCaptureFixture) -> None:
    """The log says what failed and where, not what the error said; then it is tried again."""
    runs: list[float] = []

    def fail() -> None:
        runs.append(0)
        raise ValueError("Müller^Änne")

    clockwork.every(0.05, "counting", fail)
    clockwork.start()
    wait_for(lambda: len(runs) > 2)
    clockwork.stop()

    assert "counting failed, trying again: ValueError at test_clockwork.py" in caplog.text
    assert "Müller" not in caplog.text


def test_a_slow_job_runs_once_at_a_time_without_noise(
    clockwork: Clockwork, caplog: pytest.LogCaptureFixture
) -> None:
    """A job longer than its interval is no news."""
    gate = threading.Event()
    inside: list[int] = []

    def slow() -> None:
        inside.append(1)
        gate.wait(10)

    with caplog.at_level(logging.WARNING):
        clockwork.every(0.02, "waiting", slow)
        clockwork.start()
        wait_for(lambda: bool(inside))
        threading.Event().wait(0.2)
        assert len(inside) == 1
        gate.set()
    assert caplog.text == ""


def test_a_nonsense_zone_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    """``TZ`` is not needed to count seconds."""
    monkeypatch.setenv("TZ", "Nowhere/Atlantis")
    runs: list[int] = []
    clockwork = Clockwork()
    clockwork.every(0.02, "counting", lambda: runs.append(1))
    clockwork.start()
    wait_for(lambda: bool(runs))
    clockwork.stop()


def test_a_job_can_be_called_for(clockwork: Clockwork) -> None:
    """It runs at once instead of in a day, and once more when called for while it runs."""
    gate, inside = threading.Event(), threading.Event()
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        inside.set()
        gate.wait(10)

    soon = clockwork.every(86400, "working", work)
    clockwork.start()
    soon()
    assert inside.wait(10)
    soon()
    gate.set()
    wait_for(lambda: len(runs) > 1)
    clockwork.stop()
    before = len(runs)
    soon()
    assert len(runs) == before
