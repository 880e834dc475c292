"""One file of a pick-up folder from its opening to its end."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from enum import Enum, auto
from typing import BinaryIO, Final

from gdtbridge.archive.judging import JudgedFile, ObjectCondition
from gdtbridge.archive.picked_files import PickOutcome
from gdtbridge.archive.taking import FileChanged, ObjectTaker
from gdtbridge.dataset.sop_classes import MEDIA_DIRECTORY
from gdtbridge.durable import Clock, FileStamp
from gdtbridge.durable.files import reason_of
from gdtbridge.durable.trees import FolderTree, TreeFile, version_of
from gdtbridge.durable.writers import is_being_written
from gdtbridge.errors import SopClassMismatch, SopClassNotSupported, StoreError
from gdtbridge.folders.pickup import filing
from gdtbridge.folders.pickup.judging import REASONS, judge
from gdtbridge.folders.pickup.known import KnownFiles
from gdtbridge.folders.pickup.names import LEAVING
from gdtbridge.logs import describe
from gdtbridge.settings import PickupSettings

log = logging.getLogger(__name__)

UNREADABLE: Final = (
    "lässt sich nicht lesen ({reason}). Bitte die Rechte prüfen / cannot be read, check its rights"
)
IN_USE: Final = (
    "ist seit Langem in einem Programm geöffnet. Bitte dort schließen / has been open in a program "
    "for long; close it there"
)
STAYS: Final = (
    "ist genommen und lässt sich nicht entfernen ({reason}). Bitte die Rechte prüfen, oder "
    'after = "keep" / is taken and cannot be removed; check its rights, or set after = "keep"'
)
PERHAPS_WRITTEN: Final = frozenset({ObjectCondition.UNSURE, ObjectCondition.PARTIAL})
"""Conditions that may become another one by waiting."""


class Handled(Enum):
    """What became of a file at one look."""

    TAKEN = auto()
    REFUSED = auto()
    WAITING = auto()
    """It is being written, or looks so."""
    LEFT = auto()
    """It is none of ours."""
    STUCK = auto()
    GONE = auto()


class FileHandler:
    """Handles the files of one folder."""

    def __init__(
        self, settings: PickupSettings, taker: ObjectTaker, known: KnownFiles, clock: Clock
    ) -> None:
        self._settings = settings
        self._taker = taker
        self._known = known
        self._clock = clock
        self._judged: dict[str, tuple[FileStamp, JudgedFile]] = {}
        self._logged: set[str] = set()

    def look(self, there: set[str]) -> None:
        """Forget what is known of files that are not ``there`` any more."""
        self._judged = {name: one for name, one in self._judged.items() if name in there}

    def judged(self, file: TreeFile) -> JudgedFile | None:
        """Return how this version of a file was judged before."""
        stamp, judged = self._judged.get(file.name, (None, None))
        return judged if stamp == file.stamp else None

    def judge(self, tree: FolderTree, file: TreeFile) -> JudgedFile | None:
        """Judge a file and leave it; None where that cannot be told now."""
        try:
            with tree.open(file.name) as opened:
                return self._judge(tree, opened, file)
        except OSError as error:
            self._note_stuck(file, _unreadable(error))
            return None

    def handle(
        self, tree: FolderTree, file: TreeFile, heard: Callable[[], None], *, is_patient: bool
    ) -> Handled:
        """Take a file, refuse it or leave it; ``is_patient``: what looks unfinished may wait.

        It is not put away yet where it was taken. Raises a `StoreError` that is no fault of the
        file: it is not refused for that.
        """
        try:
            return self._handle(tree, file, heard, is_patient=is_patient)
        except FileNotFoundError:
            return Handled.GONE
        except FileChanged:
            return Handled.WAITING
        except OSError as error:
            told = _unreadable(error)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - one file's fault must not stop the others
            log.error("a file cannot be taken, trying again: %s", describe(error))
            told = UNREADABLE.format(reason=type(error).__name__)
        return self._note_stuck(file, told)

    def _handle(
        self, tree: FolderTree, file: TreeFile, heard: Callable[[], None], *, is_patient: bool
    ) -> Handled:
        with tree.open(file.name) as opened:
            judged = self._judge(tree, opened, file)
            if judged is None and not is_patient and self._is_same(opened, file):
                return self._note_stuck(file, IN_USE)
            if judged is None or (judged.condition in PERHAPS_WRITTEN and is_patient):
                return Handled.WAITING
            if _was_leaving(judged, file):
                filing.remove(tree, file)
                return Handled.GONE
            if judged.condition is ObjectCondition.FOREIGN:
                self._log_once("no DICOM")
                return Handled.LEFT
            refusal = self._refusal(judged, file) or self._take(opened, judged, heard)
        return self.refuse(tree, file, refusal) if refusal else Handled.TAKEN

    def _judge(self, tree: FolderTree, opened: BinaryIO, file: TreeFile) -> JudgedFile | None:
        """Return the judgement of an open file; None where it changes."""
        if not self._is_same(opened, file) or is_being_written(opened, is_local=tree.is_local):
            return None
        judged = judge(opened, file.last)
        self._judged[file.name] = file.stamp, judged
        return judged

    @staticmethod
    def _is_same(opened: BinaryIO, file: TreeFile) -> bool:
        """Return whether an open file is the version that was listed."""
        return version_of(os.fstat(opened.fileno())) == file.stamp

    def _refusal(self, judged: JudgedFile, file: TreeFile) -> str:
        """Return the code of what keeps a file from being taken."""
        if judged.condition in {ObjectCondition.PARTIAL, ObjectCondition.WRONG}:
            return judged.reason
        return "too-large" if file.stamp.size > self._taker.max_object else ""

    def _take(self, opened: BinaryIO, judged: JudgedFile, heard: Callable[[], None]) -> str:
        """Take an object; return the code of what it was refused for."""
        title = self._taker.title_of(judged, self._settings.aet)
        try:
            self._taker.take_from_folder(opened, judged, title, heard)
        except StoreError as error:
            if error.retriable:
                raise
            if isinstance(error, SopClassMismatch):
                return "mismatch"
            return "not-stored" if isinstance(error, SopClassNotSupported) else "damaged"
        return ""

    def refuse(self, tree: FolderTree, file: TreeFile, code: str) -> Handled:
        """Put a file aside beside its text, or remember it where it lies."""
        now, text = self._clock.utc(), REASONS[code]
        if self._settings.after != "keep":
            try:
                name = filing.keep_refused(tree, file, text)
            except OSError as error:
                self._log_once(f"refused files cannot be put aside: {reason_of(error)}")
            else:
                if name is None:
                    return Handled.WAITING
                self._known.note(file, PickOutcome.REFUSED, now, text, name)
                return Handled.REFUSED
        self._known.note(file, PickOutcome.REFUSED, now, text)
        return Handled.REFUSED

    def remember(self, file: TreeFile) -> None:
        """Remember that a file was taken."""
        self._known.note(file, PickOutcome.TAKEN, self._clock.utc())

    def put_away(self, tree: FolderTree, file: TreeFile) -> bool:
        """Do with a taken file what the settings say; return whether it lies there no more.

        Where that cannot be done it is remembered, and told.
        """
        if self._settings.after == "keep":
            self.remember(file)
            return False
        away = filing.remove if self._settings.after == "remove" else filing.keep_taken
        try:
            return away(tree, file)
        except FileNotFoundError:
            return True
        except OSError as error:
            told = STAYS.format(reason=reason_of(error))
            self._known.note(file, PickOutcome.TAKEN, self._clock.utc(), told)
            return False

    def note_closed(self, name: str, error: OSError) -> None:
        """Note a folder that cannot be listed."""
        self._note_stuck(TreeFile(name, FileStamp(0, 0, 0)), _unreadable(error))

    def _note_stuck(self, file: TreeFile, told: str) -> Handled:
        self._known.note(file, PickOutcome.STUCK, self._clock.utc(), told)
        return Handled.STUCK

    def _log_once(self, what: str) -> None:
        if what not in self._logged:
            log.info("pick-up folder: left alone: %s", what)
            self._logged.add(what)


def _was_leaving(judged: JudgedFile, file: TreeFile) -> bool:
    """Return whether a file is the directory of a medium whose removal a crash cut short."""
    return judged.SOPClassUID == MEDIA_DIRECTORY and file.last.endswith(LEAVING)


def _unreadable(error: OSError) -> str:
    return UNREADABLE.format(reason=reason_of(error))
