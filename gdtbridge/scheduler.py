"""The scheduler: what happens again and again, whatever the wall clock does.

Intervals are counted by the monotonic clock, each job in a thread of its own. APScheduler plans
what has a place in the calendar; it only rings the job's thread, so that a job that hangs keeps
nothing else waiting. It is never shown a past: its own triggers would list every run that a jump of
the clock leaves out.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from gdtbridge.logs import describe

log = logging.getLogger(__name__)

KEEP_TIME_SECONDS: Final = 1.0
"""How often it is looked whether the wall clock, by which the calendar goes, was set back."""
SLACK: Final = timedelta(seconds=1)
SHORTEST_PAUSE: Final = 0.01
"""Seconds between two runs of a job that wants to run again at once."""


class Bell(Protocol):
    """Has a job run."""

    def __call__(self, after: float = 0.0, /) -> None:
        """Have it run ``after`` so many seconds at the latest, and once more where it is running.

        Returns at once.
        """


class RepeatedJob:
    """One job in a thread of its own, at most once at a time; times are monotonic seconds.

    A job may return the seconds after which it wants to run again where the interval is longer.
    """

    def __init__(self, seconds: float, what: str, job: Callable[[], float | None]) -> None:
        self.what = what
        self._seconds = seconds
        self._job = job
        self._turn = threading.Condition()
        self._next_at = time.monotonic() + seconds
        self._stopping = False
        # A daemon: a job that hangs in the kernel must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=what, daemon=True)

    def start(self) -> None:
        """Run the job from now on."""
        self._thread.start()

    def ring(self, after: float = 0.0, /) -> None:
        """See `Bell`."""
        at = time.monotonic() + after
        with self._turn:
            if at < self._next_at:
                self._next_at = at
                self._turn.notify()

    def stop(self) -> None:
        """Begin no further run."""
        with self._turn:
            self._stopping = True
            self._turn.notify()

    def join(self, timeout: float) -> bool:
        """Wait at most so long for the run under way; return whether it ended."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, timeout))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while self._wait():
            self.ring(max(SHORTEST_PAUSE, self._safely()))

    def _wait(self) -> bool:
        """Wait for the next run and plan the one after; return whether there is to be one."""
        with self._turn:
            while not self._stopping and (left := self._next_at - time.monotonic()) > 0:
                self._turn.wait(min(left, threading.TIMEOUT_MAX))
            self._next_at = time.monotonic() + self._seconds
            return not self._stopping

    def _safely(self) -> float:
        """Run the job; return after how many seconds it wants to run again."""
        try:
            wanted = self._job()
        except Exception as error:  # noqa: BLE001 - the next time may be better
            log.error("%s failed, trying again: %s", self.what, describe(error))
            return self._seconds
        return self._seconds if wanted is None else wanted


class FromNowTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Plans the next run from now, never from the last: one run is missed at most."""

    def __init__(self, seconds: float) -> None:
        self.interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        """Return the time of the run after ``now``."""
        return now + self.interval


class Scheduler:
    """Jobs that run at intervals or by the calendar, each at most once at a time."""

    def __init__(self) -> None:
        # The zone of this machine is of no importance here, and may be set to nonsense.
        self._calendar = BackgroundScheduler(timezone=UTC)
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # a late run is fine
        self._jobs: list[RepeatedJob] = []
        self._running = False

    @property
    def running(self) -> bool:
        """Whether jobs are run."""
        return self._running

    def every(self, seconds: float, what: str, job: Callable[[], float | None]) -> Bell:
        """Run ``job`` at that interval; one that fails is logged as ``what`` and tried again.

        Where the job returns a number, it runs again after so many seconds at the latest. The bell
        that is returned has it run earlier.
        """
        added = RepeatedJob(seconds, what, job)
        self._jobs.append(added)
        return added.ring

    def plan(self, seconds: float, what: str, job: Callable[[], object]) -> Bell:
        """Run ``job`` by the calendar, so long after it was planned last; else as `every`."""
        ring = self.every(threading.TIMEOUT_MAX, what, _without_wish(job))
        self._calendar.add_job(ring, FromNowTrigger(seconds), misfire_grace_time=None)
        return ring

    def start(self) -> None:
        """Run the jobs from now on."""
        self.every(KEEP_TIME_SECONDS, "keeping time", _without_wish(self._keep_time))
        self._running = True
        self._calendar.start()
        for job in self._jobs:
            job.start()

    def stop(self, grace: float) -> None:
        """Begin no further run; wait ``grace`` seconds for those under way, and leave them then."""
        self._running = False
        self._calendar.shutdown(wait=False)
        for job in self._jobs:
            job.stop()
        end = time.monotonic() + grace
        for job in self._jobs:
            if not job.join(end - time.monotonic()):
                log.warning("%s: still busy at the stop, left behind", job.what)

    def _keep_time(self) -> None:
        """Plan from now what is planned further ahead than its interval: the clock was set back."""
        now = datetime.now(UTC)
        for job in self._calendar.get_jobs():
            planned = job.next_run_time
            if planned is not None and planned > now + job.trigger.interval + SLACK:
                job.modify(next_run_time=now + job.trigger.interval)


def _without_wish(job: Callable[[], object]) -> Callable[[], None]:
    """Return the job, whose result says nothing about when it is to run again."""

    def run() -> None:
        job()

    return run
