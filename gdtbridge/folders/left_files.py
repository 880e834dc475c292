"""Files of an order folder that are left alone: logged once, counted, told after an hour."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from gdtbridge.durable import FileStamp
from gdtbridge.errors import BridgeError
from gdtbridge.folders.claims import SeenFile
from gdtbridge.folders.intake import OWN, OrderIntake
from gdtbridge.folders.ports import FolderMemoryPort
from gdtbridge.orders import LeftFile

log = logging.getLogger(__name__)

TOLD_SECONDS: Final = 3600.0
"""A file that lies unchanged for so long is told: whoever it is for does not collect it."""
MOST_TOLD: Final = 200
"""Files of a folder that are told, the oldest first."""


class LeftFiles:
    """What is left alone in the folder of one route."""

    def __init__(self, memory: FolderMemoryPort, route: str) -> None:
        self._memory = memory
        self._route = route
        self._known: dict[Path, tuple[FileStamp, str]] = {}
        self._told: dict[str, LeftFile] | None = None
        self._logged: set[str] = set()

    def __contains__(self, one: SeenFile) -> bool:
        """Return whether this version of a file is known to be none of ours."""
        return one.path in self._known and self._known[one.path][0] == one.stamp

    @property
    def size(self) -> int:
        """How many files are left alone, our own results included."""
        return len(self._known)

    @property
    def count(self) -> int:
        """How many files of others are left alone."""
        return sum(reason != OWN for _, reason in self._known.values())

    def leave(self, one: SeenFile, reason: str) -> None:
        """Leave a file alone; each reason is logged once, without the file's name."""
        if reason not in self._logged and reason != OWN:
            log.info("order folder%s: left alone: %s", self._route and f" {self._route}", reason)
            self._logged.add(reason)
        self._known[one.path] = (one.stamp, reason)

    def look(
        self,
        found: Iterable[SeenFile],
        ages: Mapping[Path, float],
        intake: OrderIntake,
        now: float,
    ) -> None:
        """Forget the files that are gone or have changed, and tell of those that lie there long.

        ``ages`` says how long each file has not changed, ``now`` is the time in UTC seconds.
        """
        there = {one.path: one.stamp for one in found}
        self._known = {p: one for p, one in self._known.items() if there.get(p) == one[0]}
        try:
            self._tell(ages, intake, now)
        except BridgeError as error:
            log.warning("files left alone cannot be noted, trying again: %s", type(error).__name__)

    def _tell(self, ages: Mapping[Path, float], intake: OrderIntake, now: float) -> None:
        if self._told is None:
            self._told = {one.name: one for one in self._memory.left(self._route)}
        lying = sorted(
            (-ages[path], path.name, reason)
            for path, (_, reason) in self._known.items()
            if (ages[path] >= TOLD_SECONDS or path.name in self._told)
            and reason != OWN
            and not intake.ignores(path.name)
        )
        known = {path.name for path in self._known}
        unjudged = {path.name for path in ages} - known  # as all are at the start
        told = {
            **{name: one for name, one in self._told.items() if name in unjudged},
            **{
                name: self._told.get(name) or LeftFile(name, reason, now + age)
                for age, name, reason in lying[:MOST_TOLD]
            },
        }
        if told.keys() != self._told.keys():
            self._memory.leave(self._route, list(told.values()))
            self._told = told
