"""When an exam is complete: the deadline after which it is reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

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
    def first_wait(self) -> float:
        """Seconds from an instance to the first deadline it can bring about, as a rule."""
        return 0.0 if self.at_once else self.settings.quiet_seconds

    @property
    def limit_seconds(self) -> float:
        """Seconds after its first object beyond which no exam waits for more."""
        return self.settings.limit_minutes * 60

    @property
    def longest_wait(self) -> float:
        """Seconds no deadline is further away than."""
        return self.settings.quiet_seconds + 1

    def due_at(self, now: float, first: float) -> float:
        """Return the deadline of an exam with an instance at ``now`` and its first at ``first``.

        A limit over for longer than any pause was set before the clock went forward, or before the
        service was off; the device is waited for as at the beginning.
        """
        if self.at_once:
            return now
        forgotten = now - first > self.limit_seconds + self.settings.quiet_seconds
        return self.quiet_at(now, now if forgotten else first)

    def quiet_at(self, now: float, first: float) -> float:
        """Return when a pause after ``now`` is over, also where the first instance is enough."""
        limit = first + self.limit_seconds
        return max(now, min(now + self.settings.quiet_seconds, limit))


class DueListener(Protocol):
    """Has what is due reported."""

    def __call__(self, after: float, /) -> object:
        """Have it done in ``after`` seconds at the latest; return at once."""


class DueSignal:
    """Tells when an exam is due, so that nobody waits for the next regular look."""

    def __init__(self) -> None:
        self._listener: DueListener | None = None

    def connect(self, listener: DueListener) -> None:
        """Have ``listener`` called from now on."""
        self._listener = listener

    def ring(self, after: float = 0.0) -> None:
        """Tell that something may be due in ``after`` seconds."""
        if self._listener is not None:
            self._listener(after)
