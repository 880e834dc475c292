"""When the files of a medium are taken: all together, once every one is there and whole."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Container, Mapping
from itertools import islice, takewhile
from typing import Final

from gdtbridge.archive.judging import ObjectCondition
from gdtbridge.archive.picked_files import PickOutcome, storable
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.durable import FileStamp
from gdtbridge.durable.trees import FolderTree, TreeFile
from gdtbridge.folders.pickup.choosing import Tray
from gdtbridge.folders.pickup.handling import PERHAPS_WRITTEN, FileHandler, Handled
from gdtbridge.folders.pickup.known import KnownFiles
from gdtbridge.folders.pickup.media import Medium, referenced_files
from gdtbridge.settings import PickupSettings

MISSING: Final = "missing"
"""The code of `REASONS` for a medium that lacks files its DICOMDIR names."""


class MediaRule:
    """Decides for the media of one folder."""

    def __init__(
        self,
        settings: PickupSettings,
        handler: FileHandler,
        known: KnownFiles,
        is_due: Callable[[TreeFile], bool],
    ) -> None:
        """Ask ``is_due`` whether what failed before is tried again."""
        self._settings = settings
        self._handler = handler
        self._known = known
        self._is_due = is_due
        self._named: dict[str, tuple[FileStamp, frozenset[str]]] = {}
        self._taken: list[str] = []

    def look(self, there: Container[str]) -> None:
        """Begin a look; forget what is known of directories that are not ``there`` any more."""
        self._taken = sorted(self._known.taken)
        self._named = {name: one for name, one in self._named.items() if name in there}

    def named(self, tree: FolderTree, directory: TreeFile, age: float) -> frozenset[str] | None:
        """Return the paths a DICOMDIR names; None while it is being written.

        Empty where it stays unreadable: then its files are those of any folder.
        """
        stamp, named = self._named.get(directory.name, (None, frozenset()))
        if stamp == directory.stamp:
            return named
        if age < self._settings.settle_seconds:
            return None
        try:
            with tree.open(directory.name) as opened:
                named = referenced_files(opened)
        except (DatasetError, OSError):
            if age < self._settings.patience_seconds:
                return None
            named = frozenset()
        self._named[directory.name] = directory.stamp, named
        return named

    def ready(
        self,
        tree: FolderTree,
        medium: Medium,
        named: frozenset[str],
        ages: Mapping[str, float],
        tray: Tray,
        counts: Counter[Handled],
    ) -> list[TreeFile]:
        """Return the files of a medium that are tried now; put it away once all were.

        What its DICOMDIR does not name is tried when nothing has changed it for long: devices leave
        a directory behind, and write further files beside it.
        """
        files = [file for path, file in medium.files.items() if path in named]
        further = [
            file
            for path, file in medium.files.items()
            if path not in named and ages[file.name] >= self._settings.patience_seconds
        ]
        further = [file for file in further if self._is_pending(file)]
        counts[Handled.LEFT] += len(medium.files) - len(files) - len(further)
        before = {medium.within(name) for name in self.remembered(medium)}
        missing = named - medium.files.keys() - before
        pending = [file for file in files if self._is_pending(file)]
        quiet = min(ages[one.name] for one in (medium.directory, *files))
        is_patient = quiet < self._settings.patience_seconds
        is_settled = pending and quiet >= self._settings.settle_seconds
        if is_settled and not (is_patient and (missing or self._lacks_bytes(tree, pending, tray))):
            return [*pending, *further]
        if pending or (missing and is_patient):
            counts[Handled.WAITING] += max(1, len(pending))
        elif not further:
            self._finish(tree, medium, is_whole=not missing)
        return further

    def remembered(self, medium: Medium) -> set[str]:
        """Return the `storable` names of files below a medium that were taken before this look."""
        above = storable(medium.directory.folder)
        prefix = f"{above}/" if above else ""
        found = islice(self._taken, bisect_left(self._taken, prefix), None)
        return set(takewhile(lambda name: name.startswith(prefix), found))

    def _is_pending(self, file: TreeFile) -> bool:
        known, judged = self._known.of(file), self._handler.judged(file)
        if judged is not None and judged.condition is ObjectCondition.FOREIGN:
            return False
        if known is not None and known.outcome is PickOutcome.STUCK:
            return self._is_due(file)
        return known is None

    def _lacks_bytes(self, tree: FolderTree, pending: list[TreeFile], tray: Tray) -> bool:
        """Return whether a file is not whole yet, or the tray has no time to find out."""
        for file in pending:
            judged = self._handler.judged(file)
            if judged is None:
                if not tray.has_time():
                    return True
                judged = self._handler.judge(tree, file)
            if judged is None or judged.condition in PERHAPS_WRITTEN:
                return True
        return False

    def _finish(self, tree: FolderTree, medium: Medium, *, is_whole: bool) -> None:
        """Put a medium away of which every file was tried, its DICOMDIR last."""
        directory = medium.directory
        if self._settings.after != "keep":
            if not self._is_due(directory):
                return
            taken = [one for one in medium.files.values() if self._was_taken(one)]
            left = [one for one in taken if not self._handler.put_away(tree, one)]
            if left:
                return
            if is_whole:
                self._handler.put_away(tree, directory)
                return
        if is_whole:
            self._known.forget([storable(directory.name)])
        else:
            self._handler.refuse(tree, directory, MISSING)

    def _was_taken(self, file: TreeFile) -> bool:
        known = self._known.of(file)
        return known is not None and known.outcome is PickOutcome.TAKEN
