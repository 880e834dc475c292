"""Watching a folder of orders."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from gdtbridge.durable.files import reason_of
from gdtbridge.errors import BridgeError
from gdtbridge.folders.claims import ClaimedFile, SeenFile, claim, give_back, look, read, sweep
from gdtbridge.folders.files import OrderFiles
from gdtbridge.folders.intake import OTHER_NAME
from gdtbridge.folders.left_files import LeftFiles
from gdtbridge.folders.watching import FileAges, FolderLooker
from gdtbridge.folders.wholeness import CUT_OFF, FileCondition, FileJudgement, judge
from gdtbridge.health import PartState
from gdtbridge.logs import describe
from gdtbridge.outbox import NOT_MOUNTED
from worklist import WorklistError

log = logging.getLogger(__name__)


class OrderWatch(FolderLooker):
    """Takes what appears in one folder of orders, from `start` until `stop`.

    That of ``gdt.in`` looks into our own spool as well.
    """

    def __init__(
        self,
        files: OrderFiles,
        inbox: Path | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch ``inbox``, else ``gdt.in``."""
        super().__init__("order folder", monotonic)
        self._files = files
        self._inbox = inbox or files.settings.gdt_in
        self._has_spool = self._inbox == files.settings.gdt_in
        self._settings = files.settings
        self._ages = FileAges[Path]()
        self._left = LeftFiles(files.ports.folders, files.inboxes.get(self._inbox, ""))
        self._trouble: dict[Path, str] = {}
        self._counts = {"taken": 0, "refused": 0, "waiting": 0}

    def _run(self) -> None:
        if self._has_spool:
            sweep(self._settings.order_spool)
        super()._run()

    def _told(self) -> PartState:
        further = {"stuck": len(self._trouble), "left alone": self._left.count}
        counts = {**self._counts, **{what: count for what, count in further.items() if count}}
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        return PartState(ok=not self._trouble, detail=told)

    def look(self) -> int:
        """Take every file that is ready; return how many were."""
        self._heard()
        found = sorted(self._found(), key=lambda one: (one.stamp.modified_ns, one.path.name))
        ages = self._ages.look(((one.path, one.stamp) for one in found), self._heard_at)
        self._trouble = {p: why for p, why in self._trouble.items() if p in ages}
        taken = 0
        for one in found:
            if self._stopping.is_set():
                break
            if not one.fits:
                self._left.leave(one, OTHER_NAME)
            elif ages[one.path] >= self._settings.orders.settle_seconds and one not in self._left:
                taken += self._try(one, ages[one.path])
                self._heard()
        if not self._away:
            self._left.look(found, ages, self._files.intake_of(self._inbox), self._files.utc())
        self._counts["waiting"] = len(found) - taken - self._left.size
        return taken

    def _found(self) -> list[SeenFile]:
        """Return what lies in our spool and in the watched folder, while that is there."""
        found: list[SeenFile] = []
        if self._has_spool:
            spooled = look(self._settings.order_spool, lambda _name: False)
            found += (one for one in spooled if one.claimed is not None)
        try:
            if (self._inbox / NOT_MOUNTED).exists():
                self._note_away("not mounted")
                return found
            found += look(self._inbox, self._files.intake_of(self._inbox).takes_name)
        except OSError as error:
            self._note_away(reason_of(error))
            return found
        self._note_there()
        return found

    def _try(self, one: SeenFile, age: float) -> int:
        """Take a whole file and return 1; whatever fails is tried again at the next look."""
        try:
            done = self._take(one, age)
        except OSError as error:
            # A program call may have been faster, or the practice software took the file back.
            if not isinstance(error, FileNotFoundError) or one.path.exists():
                self._note_trouble(one.path, reason_of(error))
        except (BridgeError, WorklistError) as error:
            self._note_trouble(one.path, type(error).__name__)
        except Exception as error:  # noqa: BLE001 - one file's fault must not stop the others
            self._note_trouble(one.path, describe(error))
        else:
            self._trouble.pop(one.path, None)
            return done
        return 0

    def _note_trouble(self, path: Path, why: str) -> None:
        """Log once what keeps a file from being taken, without its name."""
        if self._trouble.get(path) != why:
            log.warning("an order file cannot be taken, trying again: %s", why)
        self._trouble[path] = why

    def _take(self, one: SeenFile, age: float) -> int:
        spooled = one.path.parent != self._inbox
        intake = None if spooled else self._files.intake_at(self._inbox)
        judgement = judge(read(one.path), intake) if intake is not None else judge(read(one.path))
        if judgement.condition is FileCondition.FOREIGN and not spooled:
            return self._leave(one, judgement.reason)
        if not self._is_ripe(judgement, age):
            return 0
        if judgement.condition is FileCondition.PARTIAL and not judgement.is_ours:
            return self._leave(one, CUT_OFF)
        with self._files.lock_of(self._inbox if one.claimed is None else one.path.parent).hold():
            claimed = one.claimed or claim(one.path)
            if claimed.stamp() != one.stamp:
                return self._written_meanwhile(claimed, one)
            refusal = judgement.reason if judgement.condition is FileCondition.PARTIAL else ""
            result = self._files.take(claimed, refuse_because=refusal)
        if result is None:
            return 0
        self._counts["refused" if result.refused else "taken"] += 1
        return 1

    def _is_ripe(self, judgement: FileJudgement, age: float) -> bool:
        """Return whether a file of that age need not be waited for any more."""
        orders = self._settings.orders
        if judgement.condition is FileCondition.MISCOUNTED and orders.wrong_count == "take":
            return True
        waits = judgement.condition in {FileCondition.PARTIAL, FileCondition.MISCOUNTED}
        return not waits or age >= orders.patience_seconds

    def _leave(self, one: SeenFile, reason: str) -> int:
        """Leave a file alone; one that was claimed gets its name again."""
        if one.claimed is not None:
            give_back(one.claimed, one.path.with_name(one.claimed.name))
        else:
            self._left.leave(one, reason)
        return 0

    def _written_meanwhile(self, claimed: ClaimedFile, one: SeenFile) -> int:
        """Give a file back that somebody else has put under the name just before it was claimed."""
        condition = judge(read(claimed.path), self._files.intake_at(self._inbox)).condition
        if one.claimed is None and condition is not FileCondition.WHOLE:
            give_back(claimed, one.path)
        return 0
