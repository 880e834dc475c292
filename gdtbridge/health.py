"""The state of each part, found out in the background and told at once.

A folder on a share that hangs must not hang whoever asks how things are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from gdtbridge.web.ports import PartState

LOOK_SECONDS: Final = 2
STALE_SECONDS: Final = 30
"""A part not heard of for so long hangs, or the clockwork stands still."""

Probe = Callable[[], Mapping[str, PartState]]


class Health:
    """What the probes said last; call `look` every `LOOK_SECONDS`."""

    def __init__(
        self, probes: Mapping[str, Probe], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Take probes by the name of their part; a probe may tell of several."""
        self._probes = probes
        self._monotonic = monotonic
        self._found: dict[str, tuple[float, Mapping[str, PartState]]] = {}

    def look(self) -> None:
        """Ask every part; one that raises is not well."""
        for name, probe in self._probes.items():
            try:
                found = probe()
            except Exception as error:  # noqa: BLE001 - whatever it is, the part is not usable
                found = {name: PartState(ok=False, detail=type(error).__name__)}
            self._found[name] = self._monotonic(), found

    def parts(self) -> dict[str, PartState]:
        """Return the state of each part; touches nothing and waits for nothing."""
        now = self._monotonic()
        told: dict[str, PartState] = {}
        for name in self._probes:
            when, states = self._found.get(name, (now, {name: PartState(ok=False, detail="?")}))
            age = now - when
            if age > STALE_SECONDS:
                states = {
                    part: PartState(ok=False, detail=f"no answer for {age:.0f} s")
                    for part in states
                }
            told |= states
        return told
