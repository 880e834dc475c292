"""The register of known callers: noted in memory, kept in the database every few seconds.

Noting costs an association nothing but a lock: what a crash takes are the counts of seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from gdtbridge.callers import store
from gdtbridge.callers.model import ActKind, CallerAct, KnownCaller
from gdtbridge.database import Connection, Database
from gdtbridge.devices import Caller, DeviceDirectory
from gdtbridge.durable.clock import Clock

MOST_CALLERS: Final = 200
"""Callers that are remembered; who never got in goes first, then who was not seen for longest."""
MOST_ACTS: Final = 400
"""Different things remembered of one caller: 128 contexts, what it sends, and what fails."""

_Acts = dict[tuple[str, str, str], CallerAct]


def _is_nobody(_caller: Caller) -> bool:
    return False


class CallerRegister:
    """Who called, and what they did. Thread-safe."""

    def __init__(
        self,
        database: Database,
        devices: DeviceDirectory,
        clock: Clock,
        *,
        refuses_unknown: bool,
        is_peer: Callable[[Caller], bool] = _is_nobody,
    ) -> None:
        """Note nothing yet; what was noted before stands in the database.

        ``refuses_unknown``: only ``devices`` may associate, and who ``is_peer`` of the settings.
        """
        self._database = database
        self._devices = devices
        self._clock = clock
        self._refuses_unknown = refuses_unknown
        self._is_peer = is_peer
        self._lock = threading.Lock()
        self._new: dict[tuple[str, str], tuple[Caller, _Acts]] = {}

    def admits(self, caller: Caller) -> bool:
        """Return whether a caller may associate."""
        if not self._refuses_unknown or self._devices.device_of(caller) is not None:
            return True
        return self._is_peer(caller)

    def note(self, caller: Caller, kind: ActKind, what: str, outcome: str) -> None:
        """Count one thing a caller did; touches nothing but memory."""
        now = self._clock.utc()
        one = CallerAct(kind, what, outcome, 1, now, now)
        key = caller.aet, caller.address
        with self._lock:
            if key not in self._new and len(self._new) >= MOST_CALLERS:
                return
            known, acts = self._new.get(key, (caller, {}))
            if one.key in acts:
                acts[one.key] = acts[one.key].and_then(one)
            elif len(acts) < MOST_ACTS:
                acts[one.key] = one
            said = caller if caller.implementation_class_uid else known
            self._new[key] = said, acts

    def keep(self) -> None:
        """Write down what is new; raise a `BridgeError`, and remember it for the next time."""
        with self._lock:
            new, self._new = self._new, {}
        places = _Places()
        try:
            for key, (caller, acts) in list(new.items()):
                # one at a time: what devices send meanwhile is not to wait for all of them
                with self._database.write(synced=False) as connection:
                    _keep(connection, _as_known(caller, acts), places)
                del new[key]
        except Exception:
            self._take_back(new)
            raise

    def _take_back(self, old: Mapping[tuple[str, str], tuple[Caller, _Acts]]) -> None:
        with self._lock:
            for key, (caller, acts) in old.items():
                known, later = self._new.get(key, (caller, {}))
                merged = _as_known(caller, acts)
                if later:
                    merged = merged.and_then(_as_known(known, later))
                self._new[key] = merged.caller, {one.key: one for one in merged.acts}

    def callers(self) -> list[KnownCaller]:
        """Return who is known, the last seen first; raise a `BridgeError`."""
        with self._database.read() as connection:
            known = store.known_callers(connection).values()
        return sorted(known, key=lambda one: one.last_at, reverse=True)


def _as_known(caller: Caller, acts: _Acts) -> KnownCaller:
    firsts, lasts = zip(*((one.first_at, one.last_at) for one in acts.values()), strict=True)
    return KnownCaller(caller, min(firsts), max(lasts), tuple(acts.values()))


def _keep(connection: Connection, new: KnownCaller, places: _Places) -> None:
    number = store.number_of(connection, new.caller)
    if number is None:
        places.take(connection)
        store.keep(connection, new, None)
        return
    known = store.known_callers(connection, (number,))[number].and_then(new)
    newest = sorted(known.acts, key=lambda one: one.last_at, reverse=True)[:MOST_ACTS]
    store.keep(connection, replace(known, acts=tuple(newest)), number)


class _Places:
    """The places of the register: who is least worth keeping leaves for somebody new."""

    def __init__(self) -> None:
        self._order: list[int] | None = None
        self._free = 0

    def take(self, connection: Connection) -> None:
        """Make room for one more caller; the table is looked at once."""
        if self._order is None:
            self._order = store.by_worth(connection)
            self._free = MOST_CALLERS - len(self._order)
        if self._free > 0:
            self._free -= 1
        elif self._order:
            store.forget(connection, self._order.pop(0))
