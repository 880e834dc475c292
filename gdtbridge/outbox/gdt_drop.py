"""The GDT drop: a folder, usually a share, from which practice software takes files.

The importer sees a file under its final name completely or not at all, and never twice. What each
interruption leaves behind and how it is told apart is in ``docs/reference/outbox.md``.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from gdtbridge.durable.files import (
    PREFIX,
    FileComparison,
    NameNow,
    compare,
    create,
    delete_leftovers,
    followed,
    reason_of,
    rename_new,
    sync_folder,
)
from gdtbridge.durable.modes import shared_file_mode
from gdtbridge.durable.mounts import entered
from gdtbridge.outbox.model import (
    UNCOLLECTED,
    Attempt,
    AttemptResult,
    DeliveryJournal,
    DeliveryState,
    FileNaming,
    OutgoingMessage,
)
from gdtbridge.outbox.names import COUNTER, HIGHEST
from gdtbridge.outbox.places import PLACE_WITNESS

TEMPORARY: Final = ".tmp"
WITNESS: Final = "-w.tmp"
"""Suffix of the witness: an empty file beside the temporary one, removed by whoever tidies up."""
NOT_MOUNTED: Final = ".gdtbridge-not-mounted"
"""Name of a file that a practice puts into the empty mount point: the file is visible, and stops
every delivery, exactly while no share is mounted there."""
SWEEP_AGE: Final = 24 * 3600.0
"""Seconds before a temporary file nobody owns is removed; another bridge may share the folder."""
_MOST_NAMES: Final = 100
"""Foreign files met in one attempt before the next one goes on."""

_DELIVERED: Final = Attempt(AttemptResult.DELIVERED)
_TOO_MANY: Final = Attempt(
    AttemptResult.LATER, "too many foreign files under the names of this one"
)
_OCCUPIED: Final = Attempt(AttemptResult.OCCUPIED, UNCOLLECTED)
_FOREIGN: Final = Attempt(AttemptResult.LATER, "another file has the name of this one")
"""For kinds of file that nobody collects: waiting for the collection would never end."""


class GdtDrop:
    """Delivers messages as files into ``folder``, which must exist: a drop never creates one."""

    lifetime: Final = None

    def __init__(
        self,
        folder: Path,
        naming: FileNaming = FileNaming.ONCE,
        kind: str = "gdt",
        mode: int | None = None,
    ) -> None:
        """Give names as ``naming`` says; one that contains `COUNTER` counts up in any case.

        Of other kinds than ``gdt`` nothing is kept that was delivered. Files get ``mode``, else the
        usual one.
        """
        self.folder = folder
        self.naming = naming
        self.kind = kind
        self.mode = mode
        self.keeps_payload = kind == "gdt"
        self.renamed: set[int] = set()  # messages that arrived, until that is on record
        self.taken = _OCCUPIED if kind == "gdt" else _FOREIGN

    def deliver(self, message: OutgoingMessage, journal: DeliveryJournal, /) -> Attempt:
        """Deliver the message, or find out how an interrupted attempt at it ended."""
        try:
            with entered(self.folder) as (opened, found):
                if reason := journal.unproven(opened, found):
                    return _away(reason)
                return _FileDelivery(self, opened, message, journal).run()
        except (FileNotFoundError, NotADirectoryError):
            return _away(journal.unproven(self.folder, None) or "folder is missing")
        except OSError as error:
            return _away(reason_of(error))

    def clear(self, message: OutgoingMessage, /) -> None:
        """Remove the witness, and the temporary file where an equal file was there before."""
        self.renamed.discard(message.id)
        for name in (message.temporary_name, _witness(message.temporary_name)):
            if name.startswith(PREFIX):
                (self.folder / name).unlink(missing_ok=True)

    def sweep(self, owned: AbstractSet[str], /) -> None:
        """Remove temporary files older than a day that belong to no message on its way."""
        kept = {*owned, *map(_witness, owned), PLACE_WITNESS}
        delete_leftovers(self.folder, suffix=TEMPORARY, older_than=SWEEP_AGE, keep=kept)


class _FileDelivery:
    """One attempt at one file, in the folder as it is mounted now."""

    def __init__(
        self, drop: GdtDrop, folder: Path, message: OutgoingMessage, journal: DeliveryJournal
    ) -> None:
        self._drop = drop
        self._folder = folder
        self._message = message
        self._journal = journal

    def run(self) -> Attempt:
        """Do it, or find out how an interrupted attempt ended."""
        try:
            if missing := self._missing():
                return missing
            if self._message.state is not DeliveryState.RENAMING:
                return self._write()
            if self._message.id in self._drop.renamed:
                return self._delivered()
            return self._resume()
        except OSError as error:
            return _away(reason_of(error))

    def _missing(self) -> Attempt | None:
        """Return why nothing may be done in the folder now."""
        if compare(self._folder / NOT_MOUNTED, b"") is not FileComparison.NOTHING:
            return _away("folder is not mounted")
        return None

    def _write(self) -> Attempt:
        """Start from the beginning; nothing under the final name is ours yet."""
        self._drop.renamed.discard(self._message.id)
        final = self._folder / (self._message.final_name or self._journal.another_name())
        if self._waits_for() and compare(final, self._message.payload) is FileComparison.OTHER:
            return self._drop.taken
        token = secrets.token_hex(4)
        name = self._message.temporary_name or f"{PREFIX}{self._message.id}-{token}{TEMPORARY}"
        # Before the old file goes: a renaming message without it would count as collected.
        self._journal.writing(name)
        temporary = self._folder / name
        temporary.unlink(missing_ok=True)
        (self._folder / _witness(name)).touch()
        mode = self._drop.mode or shared_file_mode()
        create(temporary, self._message.payload, mode)
        sync_folder(self._folder)
        self._journal.renaming()
        return self._rename(temporary, final)

    def _reuses(self) -> bool:
        """Return whether the name is free for another message once the file was collected."""
        return self._drop.naming is FileNaming.REUSED or COUNTER in self._message.name

    def _waits_for(self) -> bool:
        """Return whether the practice software knows this one name only."""
        return self._reuses() and COUNTER not in self._message.name

    def _rename(self, temporary: Path, final: Path, name_now: NameNow = lambda: "") -> Attempt:
        """Give the temporary file the first final name nobody else's file has."""
        for _ in range(HIGHEST if COUNTER in self._message.name else _MOST_NAMES):
            try:
                rename_new(temporary, final)
            except FileExistsError:
                if compare(final, self._message.payload) is FileComparison.SAME:
                    return self._delivered()
                if self._waits_for():
                    return self._drop.taken
                final = self._folder / self._journal.another_name()
            except FileNotFoundError:
                return self._vanished(final, temporary, name_now)
            except OSError as error:
                return Attempt(AttemptResult.LATER, reason_of(error))
            else:
                return self._delivered()
        return _OCCUPIED if COUNTER in self._message.name else _TOO_MANY

    def _resume(self) -> Attempt:
        """Find out whether an interrupted attempt got as far as the final name."""
        temporary = self._folder / self._message.temporary_name
        final = self._folder / self._message.final_name
        # The final file is looked at first: it can only go, and the temporary one stays meanwhile.
        at_final = compare(final, self._message.payload)
        if at_final is FileComparison.SAME:
            return self._delivered()
        at_temporary = compare(temporary, self._message.payload)
        if at_temporary is FileComparison.SAME:
            # A process that hung in the share and was killed may do its renaming after all.
            with followed(temporary) as name_now:
                return self._rename(temporary, final, name_now)
        if at_temporary is FileComparison.OTHER:
            return self._write()
        # Where names are used again, another file may have come after ours was collected.
        if at_final is FileComparison.OTHER and not self._reuses():
            return _question("another file has the name this one may have got")
        return self._collected()

    def _collected(self) -> Attempt:
        """Judge a message without either file: it was collected if its witness is left.

        On another share, or after someone tidied up, the witness would be missing too.
        """
        witness = self._folder / _witness(self._message.temporary_name)
        if compare(witness, b"") is FileComparison.SAME:
            return _DELIVERED
        return self._missing() or _question("both files are gone and nothing tells who took them")

    def _vanished(self, final: Path, temporary: Path, name_now: NameNow) -> Attempt:
        """Judge a renaming that did not find its file although it had just been there.

        Another process of ours may have done it, and the file been collected since. A server may
        have done it and lost the answer; otherwise someone removed the file, and the witness must
        not speak for a delivery any more.
        """
        if missing := self._missing():
            return missing
        if name_now() == final.name or compare(final, self._message.payload) is FileComparison.SAME:
            return self._delivered()
        with contextlib.suppress(OSError):
            (self._folder / _witness(temporary.name)).unlink()
        return _question("the temporary file vanished before it got its name")

    def _delivered(self) -> Attempt:
        """Sync the name; until that and its record are done, the drop knows that it arrived."""
        self._drop.renamed.add(self._message.id)
        sync_folder(self._folder)
        return _DELIVERED


def _away(reason: str) -> Attempt:
    return Attempt(AttemptResult.LATER, reason, away=True)


def _question(reason: str) -> Attempt:
    return Attempt(AttemptResult.QUESTION, reason)


def _witness(temporary_name: str) -> str:
    return temporary_name.removesuffix(TEMPORARY) + WITNESS
