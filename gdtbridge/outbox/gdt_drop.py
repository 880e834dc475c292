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
    Content,
    compare,
    create,
    delete_leftovers,
    reason_of,
    rename_new,
    sync_folder,
)
from gdtbridge.outbox.model import UNCOLLECTED, Journal, Letter, Naming, Outcome, State, Verdict
from gdtbridge.outbox.names import COUNTER, HIGHEST

TEMPORARY: Final = ".tmp"
WITNESS: Final = "-w.tmp"
"""An empty file beside the temporary one, so like it that whoever removes the one removes both."""
NOT_MOUNTED: Final = ".gdtbridge-not-mounted"
"""A practice puts a file of this name into the empty mount point: it is visible, and stops every
delivery, exactly while the share is not mounted over it."""
SWEEP_AGE: Final = 24 * 3600.0
"""Seconds before a temporary file nobody owns is removed; another bridge may share the folder."""
_MOST_NAMES: Final = 100
"""Foreign files met in one attempt before the next one goes on."""

_DELIVERED: Final = Outcome(Verdict.DELIVERED)
_TOO_MANY: Final = Outcome(Verdict.LATER, "too many foreign files under the names of this one")
_OCCUPIED: Final = Outcome(Verdict.OCCUPIED, UNCOLLECTED)
_FOREIGN: Final = Outcome(Verdict.LATER, "another file has the name of this one")
"""Where nobody collects files, waiting for that would be a silence."""


class GdtDrop:
    """Delivers letters as files into ``folder``, which must exist: it is never created here."""

    lifetime: Final = None

    def __init__(self, folder: Path, naming: Naming = Naming.ONCE, kind: str = "gdt") -> None:
        """Give names as ``naming`` says; one that contains `COUNTER` counts up in any case.

        Of other kinds than ``gdt`` nothing is kept that was delivered.
        """
        self.folder = folder
        self.naming = naming
        self.kind = kind
        self.keeps_payload = kind == "gdt"
        self._taken = _OCCUPIED if kind == "gdt" else _FOREIGN

    def deliver(self, letter: Letter, journal: Journal, /) -> Outcome:
        """Deliver the letter, or find out how an interrupted attempt at it ended."""
        missing = self._missing()
        if missing is not None:
            return missing
        try:
            if letter.state is State.RENAMING:
                return self._resume(letter, journal)
            return self._write(letter, journal)
        except OSError as error:
            return Outcome(Verdict.LATER, reason_of(error), away=True)

    def _missing(self) -> Outcome | None:
        """Return why nothing may be done in the folder now."""
        try:
            if not self.folder.is_dir():
                return Outcome(Verdict.LATER, "folder is missing", away=True)
            if compare(self.folder / NOT_MOUNTED, b"") is not Content.NOTHING:
                return Outcome(Verdict.LATER, "folder is not mounted", away=True)
        except OSError as error:
            return Outcome(Verdict.LATER, reason_of(error), away=True)
        return None

    def _write(self, letter: Letter, journal: Journal) -> Outcome:
        """Start from the beginning; nothing under the final name is ours yet."""
        final = self.folder / (letter.final_name or journal.another_name())
        if self._waits_for(letter) and compare(final, letter.payload) is Content.OTHER:
            return self._taken
        token = secrets.token_hex(4)
        name = letter.temporary_name or f"{PREFIX}{letter.id}-{token}{TEMPORARY}"
        # Before the old file goes: a renaming letter without it would count as collected.
        journal.writing(name)
        temporary = self.folder / name
        temporary.unlink(missing_ok=True)
        (self.folder / _witness(name)).touch()
        create(temporary, letter.payload)
        sync_folder(self.folder)
        journal.renaming()
        return self._rename(letter, temporary, final, journal)

    def _reuses(self, letter: Letter) -> bool:
        """Return whether the name is free for another letter once the file was collected."""
        return self.naming is Naming.REUSED or COUNTER in letter.name

    def _waits_for(self, letter: Letter) -> bool:
        """Return whether the practice software knows this one name only."""
        return self._reuses(letter) and COUNTER not in letter.name

    def _rename(self, letter: Letter, temporary: Path, final: Path, journal: Journal) -> Outcome:
        """Give the temporary file the first final name nobody else's file has."""
        for _ in range(HIGHEST if COUNTER in letter.name else _MOST_NAMES):
            try:
                rename_new(temporary, final)
            except FileExistsError:
                if compare(final, letter.payload) is Content.SAME:
                    return self._delivered()
                if self._waits_for(letter):
                    return self._taken
                final = self.folder / journal.another_name()
            except FileNotFoundError:
                return self._vanished(final, letter, temporary)
            except OSError as error:
                return Outcome(Verdict.LATER, reason_of(error))
            else:
                return self._delivered()
        return _OCCUPIED if COUNTER in letter.name else _TOO_MANY

    def _resume(self, letter: Letter, journal: Journal) -> Outcome:
        """Find out whether an interrupted attempt got as far as the final name."""
        temporary = self.folder / letter.temporary_name
        final = self.folder / letter.final_name
        # The final file is looked at first: it can only go, and the temporary one stays meanwhile.
        at_final = compare(final, letter.payload)
        if at_final is Content.SAME:
            return self._delivered()
        at_temporary = compare(temporary, letter.payload)
        if at_temporary is Content.SAME:
            return self._rename(letter, temporary, final, journal)
        if at_temporary is Content.OTHER:
            return self._write(letter, journal)
        # Where names are used again, another file may have come after ours was collected.
        if at_final is Content.OTHER and not self._reuses(letter):
            return Outcome(Verdict.QUESTION, "another file has the name this one may have got")
        return self._collected(letter)

    def _collected(self, letter: Letter) -> Outcome:
        """Judge a letter of which neither file is left: only its renaming explains that.

        A share that is not the one written to, or someone tidying up, would have taken the witness
        too.
        """
        witness = self.folder / _witness(letter.temporary_name)
        if compare(witness, b"") is Content.SAME:
            return _DELIVERED
        missing = self._missing()
        if missing is not None:
            return missing
        return Outcome(Verdict.QUESTION, "both files are gone and nothing tells who took them")

    def _vanished(self, final: Path, letter: Letter, temporary: Path) -> Outcome:
        """Judge a renaming that did not find its file although it had just been written.

        A server may have done it and lost the answer; otherwise someone removed the file, and the
        witness must not speak for a delivery any more.
        """
        missing = self._missing()
        if missing is not None:
            return missing
        if compare(final, letter.payload) is Content.SAME:
            return self._delivered()
        with contextlib.suppress(OSError):
            (self.folder / _witness(temporary.name)).unlink()
        return Outcome(Verdict.QUESTION, "the temporary file vanished before it got its name")

    def _delivered(self) -> Outcome:
        sync_folder(self.folder)
        return _DELIVERED

    def clear(self, letter: Letter, /) -> None:
        """Remove the witness, and the temporary file where an equal file was there before."""
        for name in (letter.temporary_name, _witness(letter.temporary_name)):
            if name.startswith(PREFIX):
                (self.folder / name).unlink(missing_ok=True)

    def sweep(self, owned: AbstractSet[str], /) -> None:
        """Remove temporary files older than a day that belong to no letter on its way."""
        kept = owned | {_witness(name) for name in owned}
        delete_leftovers(self.folder, suffix=TEMPORARY, older_than=SWEEP_AGE, keep=kept)


def _witness(temporary_name: str) -> str:
    return temporary_name.removesuffix(TEMPORARY) + WITNESS
