"""Accession numbers that never repeat, and what a number typed at a device means.

The counter is the file ``accessionid.conf``, one plain number: the next to give away (the format
of the system before us, so that a change over goes on counting, and back). It is replaced
atomically and durably *before* its number is handed out; a crash wastes a number at most.

The counter may get lost, damaged or old (a restored backup, a careless hand). Three witnesses then
say what was given away at least: a second copy, the names of the entries still in the folder, and
the caller's ``floor``. All of them can be restored together; the fourth cannot: **numbers run at
least as fast as the clock**, ten a second since 2026. So a copy goes on above whatever was given
away since it was made, unless that were more than ten a second for as long. See `_with_clock`.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Final

from gdtbridge.durable import FileLock
from gdtbridge.durable.clock import BELIEVED_SINCE, Clock
from gdtbridge.durable.files import write_over
from worklist.errors import NumbersExhausted, folder_errors

log = logging.getLogger(__name__)

PREFIX: Final = "R"
WIDTH: Final = 10

COUNTER = "accessionid.conf"
MIRROR = "accessionid.copy"
LOCK = ".accessionid.lock"
TEMPORARY = ".accessionid.part"

SKIP = 1_000_000
"""How far to jump when numbers may have been given away that nobody remembers."""

EPOCH: Final = BELIEVED_SINCE
"""When the numbers began to run, in UTC seconds since 1970."""

RATE: Final = 10
"""Numbers a second; ten digits last until 2054, and then go on one by one."""

LEAD: Final = 3 * 3600 * RATE
"""How far numbers may be ahead of the clock unnoticed: many orders at once, a wrong time zone."""

LAP: Final = 100_000_000
"""Where they are further ahead (the clock was set back) they keep time so many numbers higher:
115 days' worth, the age up to which a copy made meanwhile may be restored."""

SHORT_STRING = 16
"""Accession Number is an SH (PS3.5 Table 6.2-1)."""


class AccessionNumbers:
    """Gives away numbers like ``R0287971200``, each once, to any number of threads and processes.

    Every number given is greater than ``floor`` and than what the clock says. Raises `FolderError`
    when the counter cannot be read or made durable; then no number was given.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        floor: int = 0,
        prefix: str = PREFIX,
        width: int = WIDTH,
    ) -> None:
        if not prefix.isalnum() or not prefix.isascii() or len(prefix) + width > SHORT_STRING:
            raise ValueError("prefix and width must make an SH value of letters and digits")
        self._folder = folder
        self._clock = clock
        self._prefix = prefix
        self._width = width
        self._limit = 10**width - 1
        self._believed = self._limit // 10 * 9
        self._past = floor
        self._lock = FileLock(folder / LOCK)
        self._looked_at_names = False
        self._doubted_the_clock = False

    def next(self) -> str:
        """Return the next number; it is durably used up when this returns (two syncs)."""
        with folder_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
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
            return self._with_clock(max(counter, mirror, self._past + 1))
        if not self._was_used():
            return self._with_clock(self._past + 1)
        log.warning("the accession counter is lost or damaged; numbers are skipped")
        known = max(mirror, self._highest_name() + 1, self._past + 1)
        number = self._with_clock(known)
        return number if number > known else (known // SKIP + 1) * SKIP + 1

    def _with_clock(self, least: int) -> int:
        """Return the first number from ``least`` on that is not behind the clock.

        Numbers ahead of the clock by more than `LEAD` keep running with it, whole laps higher: a
        copy of them finds the same lap again. A clock that is wrong by decades is not believed.
        """
        time = int((self._clock.utc() - EPOCH) * RATE)
        if not 0 < time <= self._believed:
            self._doubt_the_clock()
            return least
        laps = -min(0, (time + LEAD - least) // LAP)
        number = max(least, time + laps * LAP)
        return number if number <= self._believed else least

    def _doubt_the_clock(self) -> None:
        if not self._doubted_the_clock:
            log.warning("the clock is wrong by years: restored order numbers might be given again")
            self._doubted_the_clock = True

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
        return max((number for number in numbers if number <= self._believed), default=0)


_FULL_WIDTH: Final = {0xFEE0 + code: code for code in range(0x21, 0x7F)}
"""The full-width forms of ASCII (U+FF01 to U+FF5E), as some devices' keyboards type them."""

_GAP: Final = r"[\s\-\u00AD\u2010-\u2015\u2212]"
_DIGITS: Final = rf"\d{{1,{WIDTH}}}|\d(?:{_GAP}*\d){{{WIDTH - 3}}}\d\d"
_TYPED: Final = re.compile(rf"\s*(?:{PREFIX}{_GAP}*)?({_DIGITS})\s*", re.IGNORECASE)


def canonical_number(typed: str) -> str | None:
    """Return our accession number that somebody typed, ``None`` where it cannot be one of ours.

    Case, blanks around it, full-width characters, the letter and leading zeros do not matter:
    ``r15`` is ``R0000000015``. Blanks and hyphens may follow the letter; between digits only where
    all ten are there and three end them: ``15-2`` may be a second exam of 15 as well as 152.
    """
    match = _TYPED.fullmatch(typed.translate(_FULL_WIDTH))
    digits = re.sub(_GAP, "", match[1]) if match else ""
    if not digits.isascii() or not int(digits or 0):
        return None
    return f"{PREFIX}{int(digits):0{WIDTH}d}"
