"""The scheduler: what happens again and again, whatever the wall clock does.

APScheduler plans by the wall clock: set back by an hour, it would do nothing for an hour. So
somebody has to call `Scheduler.keep_time` about once a second.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from gdtbridge.logs import describe

log = logging.getLogger(__name__)

SLACK: Final = timedelta(seconds=1)


class Scheduler:
    """Jobs that run at intervals in threads of their own, each at most once at a time."""

    def __init__(self) -> None:
        # The zone of this machine is of no importance here, and may be set to nonsense.
        self._scheduler = BackgroundScheduler(timezone=UTC)
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # a job that takes long is fine

    @property
    def running(self) -> bool:
        """Whether jobs are run."""
        return bool(self._scheduler.running)

    def every(self, seconds: float, what: str, job: Callable[[], object]) -> Callable[[], None]:
        """Run ``job`` at that interval; one that fails is logged as ``what`` and tried again.

        Returns a call that has the job run at once, and once more where it is running.
        """
        rung = threading.Event()

        def safely() -> None:
            rung.set()
            while rung.is_set():
                rung.clear()
                try:
                    job()
                except Exception as error:  # noqa: BLE001 - the next time may be better
                    log.error("%s failed, trying again: %s", what, describe(error))

        planned = self._scheduler.add_job(
            safely,
            "interval",
            seconds=seconds,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

        def soon() -> None:
            rung.set()
            with suppress(JobLookupError):  # the scheduler has stopped
                planned.modify(next_run_time=datetime.now(UTC))

        return soon

    def start(self) -> None:
        """Run the jobs from now on."""
        self._scheduler.start()

    def stop(self) -> None:
        """Run no more; return when the job under way has ended."""
        self._scheduler.shutdown(wait=True)

    def keep_time(self) -> None:
        """Run at once what is planned further ahead than its interval: the clock was set back."""
        now = datetime.now(UTC)
        for job in self._scheduler.get_jobs():
            planned = job.next_run_time
            if planned is not None and planned > now + job.trigger.interval + SLACK:
                job.modify(next_run_time=now)
