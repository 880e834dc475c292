"""File names for results: made of characters that are safe on every share."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.gdt.tables.options import names_apart
from gdtbridge.gdt.write.file_names import file_name
from gdtbridge.gdt.write.results import Identification
from gdtbridge.outbox import COUNTER, FileNaming
from gdtbridge.settings import GdtSettings

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
_UNSAFE_STEM: Final = re.compile(r"[^A-Za-z0-9_#-]+")
"""A pattern may hold the counter; nothing a device sends may."""
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)", re.IGNORECASE)
_LONGEST: Final = 64
_BY_ACCESSION: Final = "{accession"
_SHORT: Final = re.compile(r"[A-Za-z0-9_#-]{1,8}\.[A-Za-z0-9_#-]{1,3}")
"""A name as DOS had them: 8.3."""
_SHORT_PATTERN: Final = "{sender:.5}{number}.gdt"
"""What makes such names, one after the other, whatever ids and accession numbers are."""


def safe_part(text: str, otherwise: str, unsafe: re.Pattern[str] = _UNSAFE) -> str:
    """Return ``text`` as a part of a file name, or ``otherwise`` where nothing is left of it."""
    part = unsafe.sub("_", text).strip("_-")[:_LONGEST]
    if not part:
        return otherwise
    return f"_{part}" if _DEVICES.fullmatch(part) else part


def own_number(exam_id: int) -> str:
    """Return what stands for a missing accession number: our own number of the exam."""
    return f"E{exam_id:010d}"


class ResultFileNames:
    """Proposes the names of one practice software's files.

    Software that tells files apart by accession number gets further files of an exam, and other
    records, under names of their own. Software that knows one name, or names that count up or bear
    the time, gets everything under those. Where short names are wanted and the pattern makes longer
    ones, they count up.
    """

    def __init__(self, settings: GdtSettings, dialect: Dialect, ids: Identification) -> None:
        self._dialect = dialect
        self._ids = ids
        self._pattern = settings.file_name or dialect.options.file_name
        self._numbers_on = settings.occupied == "number"
        if settings.short_names and not self._is_short():
            self._pattern = _SHORT_PATTERN

    def _is_short(self) -> bool:
        """Return whether the pattern makes short names, whatever it is about."""
        apart = names_apart(self._pattern)
        moment = datetime(2000, 1, 1)  # noqa: DTZ001 - local, as GDT; no part of such a name
        return not apart and _SHORT.fullmatch(self._made("x", moment)) is not None

    @property
    def naming(self) -> FileNaming:
        """Whether a name is given once, or again when its file was collected."""
        return FileNaming.ONCE if names_apart(self._pattern) else FileNaming.REUSED

    def study(self, accession_number: str, exam_id: int, moment: datetime) -> str:
        """Return the name of an exam's study record."""
        return self._made(safe_part(accession_number, own_number(exam_id)), moment)

    def report(
        self, accession_number: str, sop_instance_uid: str, exam_id: int, moment: datetime
    ) -> str:
        """Return the name of a value record: by accession number and UID of the report."""
        accession = safe_part(accession_number, own_number(exam_id))
        if _BY_ACCESSION not in self._pattern:
            return self._made(accession, moment)
        uid = re.sub(r"[^0-9.]+", "_", re.sub(r"\.+", ".", sop_instance_uid))[:_LONGEST].strip(".")
        return f"{accession}-sr-{uid or 0}.gdt"

    def other(self, stem: str, moment: datetime) -> str:
        """Return the name of a record that belongs to no exam; ``stem`` is safe and unique."""
        return f"{stem}.gdt" if _BY_ACCESSION in self._pattern else self._made(stem, moment)

    def _made(self, accession: str, moment: datetime) -> str:
        name = file_name(
            self._dialect,
            self._ids,
            accession=accession,
            number=COUNTER,
            moment=moment,
            pattern=self._pattern,
        )
        stem, dot, suffix = name.rpartition(".")
        if not dot or not suffix or _UNSAFE_STEM.search(suffix):
            stem, suffix = name, "gdt"
        if self._numbers_on and self.naming is FileNaming.REUSED and COUNTER not in name:
            suffix = COUNTER
        return f"{safe_part(stem, accession, _UNSAFE_STEM)}.{suffix}"
