"""The GDT drop: a folder, usually a share, from which practice software takes files.

The importer sees a file under its final name completely or not at all, and never twice. What each
interruption leaves behind and how it is told apart is in ``docs/reference/outbox.md``.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final, NamedTuple

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
    RecallResult,
)
from gdtbridge.outbox.names import COUNTER, HIGHEST
from gdtbridge.outbox.places import PLACE_WITNESS
from gdtbridge.outbox.recalling import take_back

TEMPORARY: Final = ".tmp"
WITNESS: Final = "-w.tmp"
"""Suffix of the witness: an empty file beside the temporary one, removed by whoever tidies up."""
NOT_MOUNTED: Final = ".gdtbridge-not-mounted"
"""Name of a file that a practice puts into the empty mount point: the file is visible, and stops
every delivery, exactly while no share is mounted there."""
SWEEP_AGE: Final = 24 * 3600.0
"""Seconds before a temporary file nobody owns is removed; another bridge may share the folder."""
NO_MOUNT: Final = "folder is not mounted"
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

    def deliver(
        self, messages: Sequence[OutgoingMessage], journal: DeliveryJournal, /
    ) -> Mapping[int, Attempt]:
        """Deliver messages, or find out how interrupted attempts at them ended.

        Those that begin are noted and synced together, which takes a fraction of the time.
        """
        try:
            with entered(self.folder) as (opened, found):
                if reason := journal.unproven(opened, found):
                    return _all_away(messages, reason)
                return _FileDeliveries(self, opened, journal).run(messages)
        except (FileNotFoundError, NotADirectoryError):
            reason = journal.unproven(self.folder, None) or "folder is missing"
            return _all_away(messages, reason)
        except OSError as error:
            return _all_away(messages, reason_of(error))

    def listed(self, journal: DeliveryJournal) -> AbstractSet[str] | None:
        """Return the names in the folder, folded; None where they are not to be known now."""
        try:
            with entered(self.folder) as (opened, found):
                if self._is_marked(opened) or journal.unproven(opened, found):
                    return None
                return frozenset(one.name.casefold() for one in opened.iterdir())
        except OSError:
            return None

    def recall(
        self, messages: Sequence[OutgoingMessage], journal: DeliveryJournal
    ) -> Mapping[int, RecallResult]:
        """Take files back that lie in the folder; of those without an answer nothing is known."""
        try:
            with entered(self.folder) as (opened, found):
                if self._is_marked(opened) or journal.unproven(opened, found):
                    return {}
                is_local = not (found.network or found.vague)
                return {one.id: take_back(opened, one, is_local=is_local) for one in messages}
        except OSError:
            return {}

    @staticmethod
    def _is_marked(opened: Path) -> bool:
        """Return whether nothing may be done in the folder now."""
        return compare(opened / NOT_MOUNTED, b"") is not FileComparison.NOTHING

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


class _Files(NamedTuple):
    """The names of a message's file, before and after it is renamed."""

    message: OutgoingMessage
    temporary: Path
    final: Path


class _FileDeliveries:
    """One attempt at some messages, in the folder as it is mounted now."""

    def __init__(self, drop: GdtDrop, folder: Path, journal: DeliveryJournal) -> None:
        self._drop = drop
        self._folder = folder
        self._journal = journal

    def run(self, messages: Sequence[OutgoingMessage]) -> Mapping[int, Attempt]:
        """Do it, or find out how interrupted attempts ended.

        Where anything fails, all are tried again: the drop knows which have got their names.
        """
        try:
            if self._is_marked():
                return _all_away(messages, NO_MOUNT)
            attempts = {one.id: self._resume(one) for one in messages if _is_interrupted(one)}
            begins = [one for one in messages if attempts.get(one.id) is None]
            attempts.update(self._write(begins))
            if _DELIVERED in attempts.values():
                sync_folder(self._folder)
        except OSError as error:
            return _all_away(messages, reason_of(error))
        return {number: attempt for number, attempt in attempts.items() if attempt is not None}

    def _is_marked(self) -> bool:
        """Return whether nothing may be done in the folder now."""
        return compare(self._folder / NOT_MOUNTED, b"") is not FileComparison.NOTHING

    def _write(self, messages: Iterable[OutgoingMessage]) -> dict[int, Attempt]:
        """Start from the beginning; nothing under the final names is ours yet."""
        begun: dict[int, _Files] = {}
        attempts: dict[int, Attempt] = {}
        for one in messages:
            self._drop.renamed.discard(one.id)
            final = self._folder / (one.final_name or self._journal.another_name(one.id))
            if self._waits_for(one) and compare(final, one.payload) is FileComparison.OTHER:
                attempts[one.id] = self._drop.taken
            else:
                begun[one.id] = _Files(one, self._folder / _temporary_name(one), final)
        if not begun:
            return attempts
        # Before the old file goes: a renaming message without it would count as collected.
        there = self._journal.writing({key: one.temporary.name for key, one in begun.items()})
        begun = {key: one for key, one in begun.items() if key in there}
        for files in begun.values():
            self._fill(files)
        sync_folder(self._folder)
        self._journal.renaming(begun.keys())
        return attempts | {key: self._rename(one) for key, one in begun.items()}

    def _fill(self, files: _Files) -> None:
        """Write the temporary file, and its witness before."""
        files.temporary.unlink(missing_ok=True)
        files.temporary.with_name(_witness(files.temporary.name)).touch()
        create(files.temporary, files.message.payload, self._drop.mode or shared_file_mode())

    def _reuses(self, message: OutgoingMessage) -> bool:
        """Return whether the name is free for another message once the file was collected."""
        return self._drop.naming is FileNaming.REUSED or COUNTER in message.name

    def _waits_for(self, message: OutgoingMessage) -> bool:
        """Return whether the practice software knows this one name only."""
        return self._reuses(message) and COUNTER not in message.name

    def _rename(self, files: _Files, name_now: NameNow = lambda: "") -> Attempt:
        """Give the temporary file the first final name nobody else's file has."""
        message, temporary, final = files
        for _ in range(HIGHEST if COUNTER in message.name else _MOST_NAMES):
            try:
                rename_new(temporary, final)
            except FileExistsError:
                if compare(final, message.payload) is FileComparison.SAME:
                    return self._delivered(message)
                if self._waits_for(message):
                    return self._drop.taken
                final = self._folder / self._journal.another_name(message.id)
            except FileNotFoundError:
                return self._vanished(files._replace(final=final), name_now)
            except OSError as error:
                return Attempt(AttemptResult.LATER, reason_of(error))
            else:
                return self._delivered(message)
        return _OCCUPIED if COUNTER in message.name else _TOO_MANY

    def _resume(self, message: OutgoingMessage) -> Attempt | None:
        """Find out whether an interrupted attempt got as far as the final name.

        Returns None for one that begins once more.
        """
        if message.id in self._drop.renamed:
            return self._delivered(message)
        temporary = self._folder / message.temporary_name
        final = self._folder / message.final_name
        # The final file is looked at first: it can only go, and the temporary one stays meanwhile.
        at_final = compare(final, message.payload)
        if at_final is FileComparison.SAME:
            return self._delivered(message)
        at_temporary = compare(temporary, message.payload)
        if at_temporary is FileComparison.SAME:
            # A process that hung in the share and was killed may do its renaming after all.
            with followed(temporary) as name_now:
                return self._rename(_Files(message, temporary, final), name_now)
        if at_temporary is FileComparison.OTHER:
            return None
        # Where names are used again, another file may have come after ours was collected.
        if at_final is FileComparison.OTHER and not self._reuses(message):
            return _question("another file has the name this one may have got")
        return self._collected(message)

    def _collected(self, message: OutgoingMessage) -> Attempt:
        """Judge a message without either file: it was collected if its witness is left.

        On another share, or after someone tidied up, the witness would be missing too.
        """
        witness = self._folder / _witness(message.temporary_name)
        if compare(witness, b"") is FileComparison.SAME:
            return _DELIVERED
        if self._is_marked():
            return _away(NO_MOUNT)
        return _question("both files are gone and nothing tells who took them")

    def _vanished(self, files: _Files, name_now: NameNow) -> Attempt:
        """Judge a renaming that did not find its file although it had just been there.

        Another process of ours may have done it, and the file been collected since. A server may
        have done it and lost the answer; otherwise someone removed the file, and the witness must
        not speak for a delivery any more.
        """
        message, temporary, final = files
        if self._is_marked():
            return _away(NO_MOUNT)
        if name_now() == final.name or compare(final, message.payload) is FileComparison.SAME:
            return self._delivered(message)
        with contextlib.suppress(OSError):
            temporary.with_name(_witness(temporary.name)).unlink()
        return _question("the temporary file vanished before it got its name")

    def _delivered(self, message: OutgoingMessage) -> Attempt:
        """Until the name is synced and on record, the drop knows that the message arrived."""
        self._drop.renamed.add(message.id)
        return _DELIVERED


def _is_interrupted(message: OutgoingMessage) -> bool:
    return message.state is DeliveryState.RENAMING


def _temporary_name(message: OutgoingMessage) -> str:
    token = secrets.token_hex(4)
    return message.temporary_name or f"{PREFIX}{message.id}-{token}{TEMPORARY}"


def _all_away(messages: Iterable[OutgoingMessage], reason: str) -> dict[int, Attempt]:
    return {one.id: _away(reason) for one in messages}


def _away(reason: str) -> Attempt:
    return Attempt(AttemptResult.LATER, reason, away=True)


def _question(reason: str) -> Attempt:
    return Attempt(AttemptResult.QUESTION, reason)


def _witness(temporary_name: str) -> str:
    return temporary_name.removesuffix(TEMPORARY) + WITNESS
