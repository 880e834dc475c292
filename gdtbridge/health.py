"""The state of each part of the bridge, found out in the background and told at once.

A folder on a share that hangs must not hang whoever asks how things are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from gdtbridge.errors import DatabaseError

LOOK_SECONDS: Final = 2
WAIT_SECONDS: Final = 1.0
STALE_SECONDS: Final = 30
"""A part not heard of for so long hangs, or the scheduler stands still."""


class Figure(NamedTuple):
    """What a figure measures: a name of ``gdtbridge/web/api/metrics.tsv``, and of which one."""

    name: str
    which: str = ""


@dataclass(frozen=True, slots=True)
class PartState:
    """Whether one part does its work; ``detail`` is for people and holds no patient data."""

    ok: bool
    detail: str = ""
    waiting: Mapping[str, int] = field(default_factory=dict)
    """How much of each kind needs a person, though the part does its work."""
    figures: Mapping[Figure, float] = field(default_factory=dict)
    """What monitoring measures of the part; names no patient."""
    since: float | None = None
    """Since when it works, or does not, in UTC seconds, as far as this service has seen."""
    waits: bool = False
    """Whether something of it cannot go on at the moment, within the patience it has."""


Probe = Callable[[], Mapping[str, PartState]]


class PartHistory:
    """Since when each part is as it is, for as long as the service runs. Thread-safe."""

    def __init__(self, utc: Callable[[], float] = time.time) -> None:
        self._utc = utc
        self._since: dict[str, tuple[bool, float]] = {}

    def note(self, parts: Mapping[str, PartState]) -> bool:
        """Remember what has changed, and return whether anything has.

        Call it every `LOOK_SECONDS`.
        """
        now, before = self._utc(), self._since
        self._since = {
            name: known
            if (known := self._since.get(name)) is not None and known[0] == part.ok
            else (part.ok, now)
            for name, part in parts.items()
        }
        return self._since != before

    def dated(self, parts: Mapping[str, PartState]) -> dict[str, PartState]:
        """Return the parts with the times of what was noted last; touches nothing."""
        known = self._since
        return {
            name: replace(part, since=known[name][1])
            if name in known and known[name][0] == part.ok
            else part
            for name, part in parts.items()
        }


class Health:
    """The last answers of the probes; call `look` every `LOOK_SECONDS`."""

    def __init__(
        self, probes: Mapping[str, Probe], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Take probes by the name of their part; a probe may tell of several."""
        self._probes = probes
        self._monotonic = monotonic
        self._asked: dict[str, threading.Thread] = {}
        self._answers: dict[str, tuple[float, Mapping[str, PartState]]] = {}

    def look(self) -> None:
        """Ask every probe, each in a thread of its own, and wait for them a moment.

        One that hangs is not asked again before it has ended, and keeps nobody else waiting.
        """
        for name, probe in self._probes.items():
            asked = self._asked.get(name)
            if asked is None or not asked.is_alive():
                self._asked[name] = self._ask(name, probe)
        deadline = time.monotonic() + WAIT_SECONDS
        for asked in self._asked.values():
            asked.join(max(0.0, deadline - time.monotonic()))

    def _ask(self, name: str, probe: Probe) -> threading.Thread:
        asked = threading.Thread(target=self._answer, args=(name, probe), daemon=True)
        asked.start()
        return asked

    def _answer(self, name: str, probe: Probe) -> None:
        """Keep the answer; a part whose probe raises is not well, named by the error's type.

        The text of a database's error names no value, and the way out.
        """
        try:
            answer = probe()
        except DatabaseError as error:
            answer = {name: PartState(ok=False, detail=str(error))}
        except Exception as error:  # noqa: BLE001 - whatever it is, the part is not usable
            answer = {name: PartState(ok=False, detail=type(error).__name__)}
        self._answers[name] = self._monotonic(), answer

    def parts(self) -> dict[str, PartState]:
        """Return the state of each part; touches nothing and waits for nothing."""
        now = self._monotonic()
        told: dict[str, PartState] = {}
        for name in self._probes:
            when, states = self._answers.get(name, (now, {name: PartState(ok=False, detail="?")}))
            age = now - when
            if age > STALE_SECONDS:
                states = {part: not_heard_of_for(age) for part in states}
            told |= states
        return told


def not_heard_of_for(seconds: float) -> PartState:
    """Return the state of a part that has said nothing for so long."""
    return PartState(ok=False, detail=f"no answer for {seconds:.0f} s")
