"""What is known of the files of one folder: written down once for each look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from gdtbridge.archive.picked_files import PickedFile, PickOutcome, PickupMemory, storable
from gdtbridge.durable.trees import TreeFile
from gdtbridge.errors import BridgeError

FIRST_CLOCK_NS: Final = 631_152_000 * 10**9
"""1990. A file that says to be older is of a device whose clock does not run (FAT begins in 1980):
the next one of its name and size has the same time."""
MOST_REMEMBERED: Final = 200_000
"""Files of a folder that are remembered once they are gone; a stick may come back."""


class KnownFiles:
    """The memory of one folder; what it notes is kept with `keep`."""

    def __init__(self, memory: PickupMemory, folder: Path) -> None:
        self._memory = memory
        self._folder = folder
        self._files: dict[str, PickedFile] | None = None
        self._new: dict[str, PickedFile] = {}
        self._gone: set[str] = set()
        self._there: set[str] = set()
        """What was noted since the start and has been there ever since."""

    def load(self) -> None:
        """Read what is known, once; raise a `DatabaseError`."""
        if self._files is None:
            self._files = self._memory.of(self._folder)

    def of(self, file: TreeFile) -> PickedFile | None:
        """Return what became of this version of a file; None where nothing did yet."""
        known = self._all.get(storable(file.name))
        if known is None:
            return None
        same = (known.size, known.modified_ns) == (file.stamp.size, file.stamp.modified_ns)
        return known if same and self._is_certain(known) else None

    def _is_certain(self, known: PickedFile) -> bool:
        """Return whether size and time tell a file from the next: not without a clock.

        Then only what has been there ever since is the same; what appears is read again.
        """
        is_taken = known.outcome is PickOutcome.TAKEN
        return not is_taken or known.modified_ns >= FIRST_CLOCK_NS or known.name in self._there

    def note(
        self, file: TreeFile, outcome: PickOutcome, now: float, reason: str = "", name: str = ""
    ) -> None:
        """Note what became of a file, under ``name`` where it was moved, at ``now`` (UTC)."""
        stamp = file.stamp
        one = PickedFile(
            storable(name or file.name), stamp.size, stamp.modified_ns, outcome, reason, now
        )
        known = self._all.get(one.name)
        self._there.add(one.name)
        if known is not None and replace(known, since=now) == one:
            return
        self._all[one.name] = self._new[one.name] = one
        self._gone.discard(one.name)

    def forget(self, names: Iterable[str]) -> None:
        """Forget files by their `storable` names."""
        for name in names:
            if self._all.pop(name, None) is not None:
                self._new.pop(name, None)
                self._gone.add(name)

    def keep(self) -> None:
        """Write down what is new; raise a `BridgeError`, and keep it for the next time."""
        if self._new or self._gone:
            self._memory.note(self._folder, list(self._new.values()), self._gone)
            self._new, self._gone = {}, set()

    def forget_gone(self, there: Iterable[str], *, keeps_taken: bool, spared: set[str]) -> None:
        """Forget the files that are not ``there`` any more (paths as the folder has them).

        Those that were taken are remembered where files are kept (``keeps_taken``), as many as
        there is room for, and where ``spared`` names them. What is new may have been moved since.
        """
        present = {storable(name) for name in there} | self._new.keys()
        self._there &= present
        gone = [one for one in self._all.values() if one.name not in present | spared]
        if keeps_taken:
            taken = [one for one in gone if one.outcome is PickOutcome.TAKEN and not one.reason]
            taken.sort(key=lambda one: one.since, reverse=True)
            room = max(0, MOST_REMEMBERED - len(present))
            kept = {one.name for one in taken[:room]}
            gone = [one for one in gone if one.name not in kept]
        self.forget(one.name for one in gone)

    @property
    def taken(self) -> Mapping[str, PickedFile]:
        """The files that were taken, by `storable` name."""
        return {name: one for name, one in self._all.items() if one.outcome is PickOutcome.TAKEN}

    def counts(self, outcome: PickOutcome) -> int:
        """Return how many files of an outcome a person has to know of."""
        return sum(one.outcome is outcome and bool(one.reason) for one in self._all.values())

    @property
    def _all(self) -> dict[str, PickedFile]:
        if self._files is None:
            raise BridgeError("not read yet")
        return self._files
