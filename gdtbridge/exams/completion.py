"""When an exam is complete: the deadline after which it is reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gdtbridge.settings import ExamSettings


@dataclass(frozen=True, slots=True)
class CompletionRule:
    """The settings ``[exam]`` as a rule; all times are UTC seconds."""

    settings: ExamSettings

    @property
    def at_once(self) -> bool:
        """Whether an exam is due with its first instance."""
        return self.settings.trigger == "first_instance"

    @property
    def longest_wait(self) -> float:
        """Seconds no deadline is further away than."""
        return self.settings.quiet_seconds + 1

    def due_at(self, now: float, first: float) -> float:
        """Return the deadline of an exam with an instance at ``now`` and its first at ``first``."""
        return now if self.at_once else self.quiet_at(now, first)

    def quiet_at(self, now: float, first: float) -> float:
        """Return when a pause after ``now`` is over, also where the first instance is enough."""
        limit = first + self.settings.limit_minutes * 60
        return max(now, min(now + self.settings.quiet_seconds, limit))


class DueSignal:
    """Rings when an exam is due at this moment, so that nobody waits for the next regular look."""

    def __init__(self) -> None:
        self._job: Callable[[], object] | None = None

    def connect(self, job: Callable[[], object]) -> None:
        """Have ``job`` called from now on; it must return at once."""
        self._job = job

    def ring(self) -> None:
        """Call the job, if there is one."""
        if self._job is not None:
            self._job()
