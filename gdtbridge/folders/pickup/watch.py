"""Watching a pick-up folder: what is ready is taken, a tray at each look."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Final

from gdtbridge.archive.judging import ObjectCondition
from gdtbridge.archive.picked_files import PickOutcome, PickupMemory, storable
from gdtbridge.archive.taking import ObjectTaker
from gdtbridge.durable import Clock
from gdtbridge.durable.files import reason_of
from gdtbridge.durable.mounts import declared, lacking_mount
from gdtbridge.durable.trees import FolderTree, TreeFile, opened_tree
from gdtbridge.errors import BridgeError, OutOfResources, StoreError
from gdtbridge.folders.pickup.choosing import TRAY_SECONDS, Tray, in_turn
from gdtbridge.folders.pickup.handling import PERHAPS_WRITTEN, FileHandler, Handled
from gdtbridge.folders.pickup.known import KnownFiles
from gdtbridge.folders.pickup.media import media_of
from gdtbridge.folders.pickup.media_rule import MediaRule
from gdtbridge.folders.pickup.names import enters, is_refused, takes
from gdtbridge.folders.watching import FileAges, FolderLooker
from gdtbridge.health import Figure, PartState
from gdtbridge.outbox import NOT_MOUNTED
from gdtbridge.settings import PickupSettings

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 30.0
"""When what could not be read or removed is tried again."""
MOST_FAILURES: Final = 3
"""When so many files cannot be stored, none can; fewer are the fault of each."""
POSTPONED_SECONDS: Final = 10.0
"""The same where nothing can be taken: the disk is full, the database locked."""


class PickupWatch(FolderLooker):
    """Takes what appears in one pick-up folder, from `start` until `stop`."""

    def __init__(
        self,
        part: str,
        settings: PickupSettings,
        taker: ObjectTaker,
        memory: PickupMemory,
        clock: Clock,
    ) -> None:
        """Watch the folder of ``settings``, a whole path; ``part`` is its name in ``/readyz``."""
        super().__init__(f"{part} folder", clock.monotonic)
        self._part = part
        self._settings = settings
        self._known = KnownFiles(memory, settings.folder)
        self._handler = FileHandler(settings, taker, self._known, clock)
        self._ages = FileAges[str]()
        self._media = MediaRule(settings, self._handler, self._known, self._is_due)
        self._again_at: dict[str, float] = {}
        self._totals: Counter[Handled] = Counter()
        self._now: Counter[Handled] = Counter()
        self._postponed = ""
        self._is_whole = True
        self._wait = LOOK_SECONDS

    def _pause(self) -> float:
        return self._wait

    def _told(self) -> PartState:
        counts = {
            "taken": self._totals[Handled.TAKEN],
            "refused": self._totals[Handled.REFUSED],
            "waiting": self._now[Handled.WAITING],
            "left alone": self._now[Handled.LEFT],
            "stuck": self._now[Handled.STUCK],
        }
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        if self._postponed:
            told += f"; nothing is taken: {self._postponed}"
        if not self._is_whole:
            told += "; more files than are looked at"
        figures: dict[Figure, float] = {
            Figure("gdtbridge_pickup_taken_total", self._part): counts["taken"],
            Figure("gdtbridge_pickup_refused_total", self._part): counts["refused"],
            Figure("gdtbridge_pickup_waiting", self._part): counts["waiting"],
        }
        well = not self._postponed and self._is_whole
        return PartState(ok=well, detail=told, figures=figures)

    def look(self) -> int:
        """Take what is ready and has room on the tray; return how many files were taken."""
        self._heard()
        began, before = self._heard_at, self._totals[Handled.TAKEN]
        self._wait = LOOK_SECONDS
        try:
            self._known.load()
            with opened_tree(self._settings.folder) as tree:
                self._look_into(tree)
            self._known.keep()
            if self._wait:  # a folder that takes long is not asked all the time
                self._wait = max(self._wait, 2 * (self._monotonic() - began))
        except OSError as error:
            self._note_away(reason_of(error))
        except BridgeError as error:
            self._postpone(type(error).__name__)
        return self._totals[Handled.TAKEN] - before

    def _look_into(self, tree: FolderTree) -> None:
        folder = self._settings.folder
        missing = lacking_mount(folder, tree.place, declared())
        if missing is not None or (tree.root / NOT_MOUNTED).exists():
            self._note_away("not mounted")
            return
        listing = tree.listing(enters, takes, self._heard)
        self._note_there()
        self._is_whole = listing.is_whole
        self._now = Counter({Handled.LEFT: listing.others})
        for name, error in listing.closed.items():
            self._handler.note_closed(name, error)
            self._now[Handled.STUCK] += 1
        files = [one for one in listing.files if not is_refused(one.name)]
        ages = self._ages.look(((one.name, one.stamp) for one in files), self._heard_at)
        self._handler.look(set(ages))
        self._again_at = {name: at for name, at in self._again_at.items() if name in ages}
        tray = Tray(self._monotonic, self._heard_at + TRAY_SECONDS)
        ready, of_media, spared = self._ready(tree, files, ages, tray)
        self._take(tree, ready, of_media, ages, tray)
        if listing.is_whole and not self._away:
            there = {*ages, *listing.closed, *(one.name for one in listing.files)}
            keeps = self._settings.after == "keep"
            self._known.forget_gone(there, keeps_taken=keeps, spared=spared)

    def _ready(
        self, tree: FolderTree, files: list[TreeFile], ages: dict[str, float], tray: Tray
    ) -> tuple[list[TreeFile], set[str], set[str]]:
        """Return what is tried now, the names of it that media hold, and what is not forgotten."""
        media, loose = media_of(files)
        if media:
            self._media.look(ages)
        of_media: list[TreeFile] = []
        spared: set[str] = set()
        for medium in media:
            spared |= self._media.remembered(medium)
            named = self._media.named(tree, medium.directory, ages[medium.directory.name])
            if named is None:
                self._now[Handled.WAITING] += len(medium.files)
            elif named:
                of_media += self._media.ready(tree, medium, named, ages, tray, self._now)
            else:
                loose += medium.files.values()
        ready = [one for one in loose if self._is_ready(one, ages[one.name])]
        return [*ready, *of_media], {one.name for one in of_media}, spared

    def _is_ready(self, file: TreeFile, age: float) -> bool:
        """Return whether a file is tried now; count it where it is not."""
        standing = self._standing(file, age)
        if standing is not None:
            self._now[standing] += 1
        return standing is None

    def _standing(self, file: TreeFile, age: float) -> Handled | None:
        """Return what is so of a file as long as it is not touched; None where it is tried now."""
        known, judged = self._known.of(file), self._handler.judged(file)
        if known is not None:
            is_done = known.outcome is PickOutcome.TAKEN and self._settings.after == "keep"
            if is_done or known.outcome is PickOutcome.REFUSED:
                return Handled.GONE
            return None if self._is_due(file) else Handled.STUCK
        waits = self._heard_at < self._again_at.get(file.name, 0.0)
        if waits or age < self._settings.settle_seconds:
            return Handled.WAITING
        if judged is None or age >= self._settings.patience_seconds:
            is_foreign = judged is not None and judged.condition is ObjectCondition.FOREIGN
            return Handled.LEFT if is_foreign else None
        if judged.condition in PERHAPS_WRITTEN:
            return Handled.WAITING
        return Handled.LEFT if judged.condition is ObjectCondition.FOREIGN else None

    def _is_due(self, file: TreeFile) -> bool:
        """Return whether what failed is tried again, which is then the last time for a while."""
        if self._heard_at < self._again_at.get(file.name, 0.0):
            return False
        self._again_at[file.name] = self._heard_at + RETRY_SECONDS
        return True

    def _take(
        self,
        tree: FolderTree,
        ready: list[TreeFile],
        of_media: set[str],
        ages: dict[str, float],
        tray: Tray,
    ) -> None:
        """Handle what is ready as far as the tray has room; what media hold stays there yet."""
        queue, waits = list(in_turn(ready)), self._now[Handled.WAITING]
        failures: list[StoreError] = []
        for done, file in enumerate(queue):
            self._now[Handled.WAITING] = waits + len(queue) - done
            if self._stopping.is_set() or not tray.takes(file):
                self._wait = 0.0
                return
            try:
                handled = self._handle(tree, file, ages[file.name], stays=file.name in of_media)
            except StoreError as error:
                failures.append(error)
                if isinstance(error, OutOfResources) or len(failures) == MOST_FAILURES:
                    self._postpone(type(error).__name__)
                    return
                self._again_at[file.name] = self._heard_at + RETRY_SECONDS
                handled = Handled.WAITING
            self._totals[handled] += 1
            if handled is Handled.WAITING:
                waits += 1
            else:
                self._now[handled] += 1
            self._heard()
        self._now[Handled.WAITING] = waits
        self._postponed = ""

    def _handle(self, tree: FolderTree, file: TreeFile, age: float, *, stays: bool) -> Handled:
        known = self._known.of(file)
        if known is not None and known.outcome is PickOutcome.TAKEN:
            self._handler.put_away(tree, file)
            return Handled.GONE
        patient = age < self._settings.patience_seconds
        handled = self._handler.handle(tree, file, self._heard, is_patient=patient)
        if known is not None and handled is not Handled.STUCK:
            self._known.forget([storable(file.name)])
        if handled is Handled.TAKEN and stays:
            self._handler.remember(file)
        elif handled is Handled.TAKEN:
            self._handler.put_away(tree, file)
        return handled

    def _postpone(self, why: str) -> None:
        if self._postponed != why:
            log.warning("%s: nothing can be taken, trying again: %s", self._what, why)
        self._postponed, self._wait = why, POSTPONED_SECONDS
