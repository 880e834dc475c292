"""Accession numbers that never repeat.

The counter is the file ``accessionid.conf``, one plain number: the next to give away (the format
of the system before us, so that a change over goes on counting, and back). It is replaced
atomically and durably *before* its number is handed out; a crash wastes a number at most.
Uniqueness rests on the counter alone, never on a clock.

The counter may still get lost or damaged (a restored backup, a careless hand). Three witnesses then
say what was given away at least: a second copy, the names of the entries still in the folder, and
the caller's ``floor``. What none of them can know is skipped by leaving a million numbers out.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

from gdtbridge.durable import FileLock
from gdtbridge.durable.files import write_over
from worklist.errors import NumbersExhausted, folder_errors

log = logging.getLogger(__name__)

COUNTER = "accessionid.conf"
MIRROR = "accessionid.copy"
LOCK = ".accessionid.lock"
TEMPORARY = ".accessionid.part"

SKIP = 1_000_000
"""How far to jump when numbers may have been given away that nobody remembers."""

SHORT_STRING = 16
"""Accession Number is an SH (PS3.5 Table 6.2-1)."""


class AccessionNumbers:
    """Gives away numbers like ``R0000000042``, each once, to any number of threads and processes.

    Every number given is greater than ``floor``. Raises `FolderError` when the counter
    cannot be read or made durable; then no number was given.
    """

    def __init__(self, folder: Path, *, floor: int = 0, prefix: str = "R", width: int = 10) -> None:
        if not prefix.isalnum() or not prefix.isascii() or len(prefix) + width > SHORT_STRING:
            raise ValueError("prefix and width must make an SH value of letters and digits")
        self._folder = folder
        self._prefix = prefix
        self._width = width
        self._limit = 10**width - 1
        self._past = floor
        self._lock = FileLock(folder / LOCK)
        self._looked_at_names = False
        with folder_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def next(self) -> str:
        """Return the next number; it is durably used up when this returns (two syncs)."""
        with folder_errors(self._folder), self._lock.hold():
            number = self._next_number()
            if number > self._limit:
                raise NumbersExhausted
            content = f"{number + 1}\n".encode("ascii")
            write_over(self._folder / COUNTER, content, temporary=self._folder / TEMPORARY)
            self._copy(content)
            self._past = number
        return f"{self._prefix}{number:0{self._width}d}"

    def _copy(self, content: bytes) -> None:
        """Keep the second copy, which may lag or be torn; a number in it only ever adds."""
        try:
            (self._folder / MIRROR).write_bytes(content)
        except OSError:
            log.warning("the second copy of the accession counter cannot be written")

    def _next_number(self) -> int:
        if not self._looked_at_names:
            self._past = max(self._past, self._highest_name())
            self._looked_at_names = True
        counter = self._read(COUNTER)
        mirror = self._read(MIRROR) or 0
        if counter is not None:
            return max(counter, mirror, self._past + 1)
        if not self._was_used():
            return self._past + 1
        log.warning("the accession counter is lost or damaged; numbers are skipped")
        known = max(mirror, self._highest_name() + 1, self._past + 1)
        return (known // SKIP + 1) * SKIP + 1

    def _was_used(self) -> bool:
        traces = (self._folder / COUNTER, self._folder / MIRROR)
        return any(trace.exists() for trace in traces) or self._highest_name() > 0

    def _read(self, name: str) -> int | None:
        """Return the number in a file, ``None`` when the file is missing or holds anything else."""
        try:
            with (self._folder / name).open("rb") as file:
                text = file.read(64).strip()
        except FileNotFoundError:
            return None
        if not text.isdigit() or not 1 <= (number := int(text)) <= self._limit + 1:
            return None
        return number

    def _highest_name(self) -> int:
        """Return the highest number among the folder's entries, 0 when there is none.

        The last tenth of the range is not believed: one stray file must not use up all numbers.
        """
        name = re.compile(rf"{re.escape(self._prefix)}(\d{{{self._width}}})-.*\.wl", re.ASCII)
        with os.scandir(self._folder) as files:
            found = [name.fullmatch(file.name) for file in files]
        numbers = [int(match[1]) for match in found if match is not None]
        return max((number for number in numbers if number <= self._limit // 10 * 9), default=0)
