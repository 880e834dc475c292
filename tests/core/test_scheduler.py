"""What happens again and again happens whatever the wall clock does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from gdtbridge.scheduler import Scheduler
from tests.tools.waiting import wait_for


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    """Return a scheduler that stops at the end of the test."""
    scheduler = Scheduler()
    yield scheduler
    if scheduler.running:
        scheduler.stop()


def test_a_clock_set_back_stops_nothing(scheduler: Scheduler) -> None:
    """The clock goes back a year; the next look at it sets the jobs going again."""
    runs: list[float] = []
    with time_machine.travel("2026-03-01", tick=True) as traveller:
        scheduler.every(0.05, "counting", lambda: runs.append(0))
        scheduler.start()
        wait_for(lambda: len(runs) > 1)
        traveller.shift(-timedelta(days=365))
        wait_for(lambda: not scheduler_is_at_it(runs))
        scheduler.keep_time()
        before = len(runs)
        wait_for(lambda: len(runs) > before + 2)


def scheduler_is_at_it(runs: list[float]) -> bool:
    """Return whether a job runs within ten of its intervals."""
    before = len(runs)
    threading.Event().wait(0.5)
    return len(runs) > before


def test_a_job_that_fails_goes_on(scheduler: Scheduler, caplog: pytest.LogCaptureFixture) -> None:
    """The log says what failed and where, not what the error said; then it is tried again."""
    runs: list[float] = []

    def fail() -> None:
        runs.append(0)
        raise ValueError("Müller^Änne")

    scheduler.every(0.05, "counting", fail)
    scheduler.start()
    wait_for(lambda: len(runs) > 2)
    scheduler.stop()

    assert "counting failed, trying again: ValueError at test_scheduler.py" in caplog.text
    assert "Müller" not in caplog.text


def test_a_slow_job_runs_once_at_a_time_without_noise(
    scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    """A job longer than its interval is no news."""
    gate = threading.Event()
    inside: list[int] = []

    def slow() -> None:
        inside.append(1)
        gate.wait(10)

    with caplog.at_level(logging.WARNING):
        scheduler.every(0.02, "waiting", slow)
        scheduler.start()
        wait_for(lambda: bool(inside))
        threading.Event().wait(0.2)
        assert len(inside) == 1
        gate.set()
    assert caplog.text == ""


def test_a_nonsense_zone_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    """``TZ`` is not needed to count seconds."""
    monkeypatch.setenv("TZ", "Nowhere/Atlantis")
    runs: list[int] = []
    scheduler = Scheduler()
    scheduler.every(0.02, "counting", lambda: runs.append(1))
    scheduler.start()
    wait_for(lambda: bool(runs))
    scheduler.stop()


def test_a_job_can_be_called_for(scheduler: Scheduler) -> None:
    """It runs at once instead of in a day, and once more when called for while it runs."""
    gate, inside = threading.Event(), threading.Event()
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        inside.set()
        gate.wait(10)

    soon = scheduler.every(86400, "working", work)
    scheduler.start()
    soon()
    assert inside.wait(10)
    soon()
    gate.set()
    wait_for(lambda: len(runs) > 1)
    scheduler.stop()
    before = len(runs)
    soon()
    assert len(runs) == before
