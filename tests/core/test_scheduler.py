"""What happens again and again happens whatever the wall clock does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from apscheduler.schedulers.background import BackgroundScheduler

from gdtbridge.scheduler import SHORTEST_PAUSE, FromNowTrigger, Scheduler
from tests.tools.waiting import wait_for

GRACE = 10
STEPS = [
    pytest.param(sign * step, id=f"{sign * step}")
    for step in (timedelta(seconds=2), timedelta(hours=1), timedelta(days=30 * 365))
    for sign in (1, -1)
]


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    """Return a scheduler that stops at the end of the test."""
    scheduler = Scheduler()
    yield scheduler
    if scheduler.running:
        scheduler.stop(GRACE)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_the_clock_stops_no_job(scheduler: Scheduler, step: timedelta) -> None:
    """What runs at intervals and what is planned by the calendar go on within a second."""
    runs: list[int] = []
    planned: list[int] = []
    with time_machine.travel("2026-03-01", tick=True) as traveller:
        scheduler.every(0.05, "counting", lambda: runs.append(0))
        scheduler.plan(0.1, "planning", lambda: planned.append(0))
        scheduler.start()
        wait_for(lambda: bool(runs and planned))
        began = time.process_time()
        traveller.shift(step)
        before = len(runs), len(planned)
        wait_for(lambda: len(runs) > before[0] + 2 and len(planned) > before[1] + 2)
        assert time.process_time() - began < 1


def test_a_jump_forward_lists_no_missed_runs() -> None:
    """After thirty years the calendar asks for one run, the next, and not for those between."""
    trigger = FromNowTrigger(600)
    began = datetime(2026, 3, 1, tzinfo=UTC)
    job = BackgroundScheduler(timezone=UTC).add_job(print, trigger)
    job._modify(next_run_time=began)

    assert job._get_run_times(began + timedelta(days=30 * 365)) == [began]


def test_a_job_says_when_it_wants_to_run_again(scheduler: Scheduler) -> None:
    """Its interval is a day, but it knows of something sooner."""
    runs: list[int] = []

    def work() -> float:
        runs.append(0)
        return 0.02

    bell = scheduler.every(86400, "working", work)
    scheduler.start()
    bell()
    wait_for(lambda: len(runs) > 3)


def test_a_wish_for_now_does_not_spin(scheduler: Scheduler) -> None:
    """A job that wants to run again at once leaves the machine time for others."""
    runs: list[int] = []

    def work() -> float:
        runs.append(0)
        return -1

    bell = scheduler.every(86400, "working", work)
    scheduler.start()
    began = time.monotonic()
    bell()
    wait_for(lambda: len(runs) > 5)
    assert time.monotonic() - began >= 5 * SHORTEST_PAUSE


def test_a_bell_for_later_puts_nothing_off(scheduler: Scheduler) -> None:
    """Of two calls the earlier counts, whichever came first."""
    runs: list[int] = []
    bell = scheduler.every(86400, "working", lambda: runs.append(0))
    scheduler.start()
    bell(0.05)
    bell(3600)
    wait_for(lambda: bool(runs))


def test_a_job_that_hangs_is_left_behind(
    scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    """Stopping waits no longer than its grace, says what hangs, and hinders no other job."""
    inside, gate = threading.Event(), threading.Event()
    runs: list[int] = []

    def hang() -> None:
        inside.set()
        gate.wait(60)

    scheduler.every(86400, "hanging", hang)()
    scheduler.plan(86400, "planned", hang)()
    scheduler.every(0.02, "counting", lambda: runs.append(0))
    scheduler.start()
    assert inside.wait(60)
    before = len(runs)
    wait_for(lambda: len(runs) > before)

    began = time.monotonic()
    scheduler.stop(0.2)
    assert time.monotonic() - began < 30
    assert "hanging: still busy at the stop, left behind" in caplog.text
    assert "planned: still busy at the stop, left behind" in caplog.text
    assert not scheduler.running
    gate.set()


def test_a_job_that_fails_goes_on(scheduler: Scheduler, caplog: pytest.LogCaptureFixture) -> None:
    """The log says what failed and where, not what the error said; then it is tried again."""
    runs: list[float] = []

    def fail() -> None:
        runs.append(0)
        raise ValueError("Müller^Änne")

    scheduler.every(0.05, "counting", fail)
    scheduler.start()
    wait_for(lambda: len(runs) > 2)
    scheduler.stop(GRACE)

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
        gate.wait(60)

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
    scheduler.stop(GRACE)


def test_a_job_can_be_called_for(scheduler: Scheduler) -> None:
    """It runs at once instead of in a day, and once more when called for while it runs."""
    gate, inside = threading.Event(), threading.Event()
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        inside.set()
        gate.wait(60)

    soon = scheduler.every(86400, "working", work)
    scheduler.start()
    soon()
    assert inside.wait(60)
    soon()
    gate.set()
    wait_for(lambda: len(runs) > 1)
    scheduler.stop(GRACE)
    before = len(runs)
    soon()
    assert len(runs) == before
