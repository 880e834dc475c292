"""The folder's content in memory: immutable records of files and immutable snapshots of them."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gdtbridge.durable import FileStamp
from worklist.entry import Entry
from worklist.errors import EntryError
from worklist.form import entry_of, item_from_file, missing_in, steps_of
from worklist.item import UNREADABLE, Item, items_of, text_of

MAXIMUM_BYTES = 1 << 20
"""A worklist file has a few kilobytes; anything larger than this is not read."""

SETTLING_NS = 2_000_000_000
"""A file changed so lately may change again within the resolution of its time stamp."""

OWN_NAME = re.compile(r"([A-Za-z0-9_]{1,16})-(\d{14})\.wl", re.ASCII)
"""``<accession>-<created, YYYYMMDDhhmmss>.wl``, as the system before us named them."""

FOREIGN = "foreign file; it is served but never changed"


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file in the folder that is not an entry of ours, and why (no content of the file)."""

    file_name: str
    reason: str

    @property
    def is_foreign(self) -> bool:
        """Whether it is a whole entry that others put there: served, and nothing is wrong."""
        return self.reason == FOREIGN


@dataclass(frozen=True, slots=True)
class WorklistFile:
    """A ``.wl`` file: the datasets served from it, its `Entry` if we wrote it, what is odd.

    ``order`` is start and accession number, the order of answers; ``reason`` says why the file is
    not served, not ours or not understood, without any content.
    """

    name: str
    stamp: FileStamp | None
    """Of the version that was read; none of a file that could not be opened."""
    served: tuple[Item, ...] = ()
    entry: Entry | None = None
    reason: str | None = None
    order: tuple[str, str] = ("", "")
    settled: bool = True
    """False of a file changed so lately that its next change could have the same stamp."""

    def is_of(self, status: os.stat_result) -> bool:
        """Whether a file with this status is surely the version that was read."""
        return self.settled and self.stamp == FileStamp.of(status)


@dataclass(frozen=True, slots=True)
class FolderSnapshot:
    """All files of the folder at one moment, with the ways to find one."""

    records: Mapping[str, WorklistFile]
    ordered: tuple[WorklistFile, ...]
    by_accession: Mapping[str, WorklistFile]
    by_study_uid: Mapping[str, WorklistFile]
    by_patient: Mapping[str, Sequence[WorklistFile]]
    served: tuple[Item, ...]

    @classmethod
    def of(cls, records: Mapping[str, WorklistFile]) -> FolderSnapshot:
        """Index ``records``; where two of ours share an id, the older file has it."""
        by_name = sorted(records.values(), key=lambda record: record.name)
        by_accession: dict[str, WorklistFile] = {}
        by_study_uid: dict[str, WorklistFile] = {}
        by_patient: dict[str, list[WorklistFile]] = {}
        for record in by_name:
            if record.entry is not None:
                by_accession.setdefault(record.entry.AccessionNumber, record)
                by_study_uid.setdefault(record.entry.StudyInstanceUID, record)
                by_patient.setdefault(record.entry.PatientID, []).append(record)
        ordered = tuple(sorted(by_name, key=lambda record: record.order))
        served = tuple(item for record in ordered for item in record.served)
        return cls(records, ordered, by_accession, by_study_uid, by_patient, served)

    def entries(self) -> tuple[Entry, ...]:
        """Return our entries in the order of answers."""
        return tuple(record.entry for record in self.ordered if record.entry is not None)

    def problems(self) -> tuple[FileProblem, ...]:
        """Return what is odd, sorted by file name."""
        odd = (
            FileProblem(record.name, reason)
            for record in self.ordered
            if (reason := record.reason or self._doubled(record)) is not None
        )
        return tuple(sorted(odd, key=lambda problem: problem.file_name))

    def _doubled(self, record: WorklistFile) -> str | None:
        entry = record.entry
        if entry is None or (
            self.by_accession[entry.AccessionNumber] is record
            and self.by_study_uid[entry.StudyInstanceUID] is record
        ):
            return None
        return "its accession number or study UID is also in an older file"


def is_candidate(name: str) -> bool:
    """Whether a worklist server looks at a file of this name."""
    return name.lower().endswith(".wl")


def scan(
    folder: Path, known: Mapping[str, WorklistFile], heard: Callable[[], None]
) -> dict[str, WorklistFile]:
    """Return the records of all ``.wl`` files, reading only those that changed since ``known``.

    ``heard`` is called after each file: the folder answers.
    """
    records: dict[str, WorklistFile] = {}
    with os.scandir(folder) as files:
        for file in files:
            if is_candidate(file.name):
                record = _record_of(file, known.get(file.name))
                heard()
                if record is not None:
                    records[file.name] = record
    return records


def _record_of(file: os.DirEntry[str], known: WorklistFile | None) -> WorklistFile | None:
    try:
        status = file.stat()
        if known is not None and known.is_of(status):
            return known
        age = time.time_ns() - status.st_mtime_ns
        record = _judged(file, status, FileStamp.of(status))
        return replace(record, settled=not 0 <= age < SETTLING_NS)
    except FileNotFoundError:
        return None
    except OSError:
        return WorklistFile(file.name, None, reason="cannot be opened")


def _judged(file: os.DirEntry[str], status: os.stat_result, stamp: FileStamp) -> WorklistFile:
    if not stat.S_ISREG(status.st_mode):
        return WorklistFile(file.name, stamp, reason="not a file")
    if stamp.size > MAXIMUM_BYTES:
        return WorklistFile(file.name, stamp, reason="too large for a worklist entry")
    return record_from(file.name, stamp, Path(file.path).read_bytes())


def record_from(name: str, stamp: FileStamp, data: bytes) -> WorklistFile:
    """Return the record of a file with this name and content; never raises for the content."""
    try:
        item = item_from_file(data)
        steps = tuple(steps_of(item))
    except UNREADABLE:
        return WorklistFile(name, stamp, reason="not a readable DICOM file")
    complete = tuple(step for step in steps if missing_in(step) is None)
    if not complete:
        missing = missing_in(steps[0] if steps else item)
        return WorklistFile(name, stamp, reason=f"incomplete, not served: {missing}")
    accession = text_of(item, "AccessionNumber")
    record = WorklistFile(
        name, stamp, complete, reason=FOREIGN, order=(_start(complete[0]), accession)
    )
    own = OWN_NAME.fullmatch(name)
    if own is None or own[1] != accession:
        return record
    try:
        return replace(record, entry=_dated(entry_of(complete[0]), own[2]), reason=None)
    except EntryError as error:
        return replace(record, reason=f"served, but not understood: {error.field}")


def _start(item: Item) -> str:
    step = items_of(item, "ScheduledProcedureStepSequence")[0]
    return text_of(step, "ScheduledProcedureStepStartDate") + text_of(
        step, "ScheduledProcedureStepStartTime"
    )


def _dated(entry: Entry, timestamp: str) -> Entry:
    """Take the time of creation from the file's name where the file does not tell it."""
    if entry.created is not None:
        return entry
    try:
        return replace(entry, created=datetime.strptime(timestamp, "%Y%m%d%H%M%S"))  # noqa: DTZ007
    except ValueError:
        return entry


def file_name(entry: Entry) -> str:
    """Return the name of the entry's file; raises :class:`EntryError` when it would not be safe."""
    name = f"{entry.AccessionNumber}-{entry.created or entry.scheduled:%Y%m%d%H%M%S}.wl"
    if OWN_NAME.fullmatch(name) is None:
        raise EntryError(
            "AccessionNumber",
            "Die Auftragsnummer eignet sich nicht als Dateiname."
            " / The accession number cannot be a file name.",
            "Erlaubt: Buchstaben, Ziffern, Unterstrich. / Allowed: letters, digits, underscore.",
        )
    return name


def newly_odd(records: Iterable[WorklistFile], named: set[str]) -> list[FileProblem]:
    """Return the settled problems nobody has named yet, and remember them in ``named``."""
    fresh = [
        FileProblem(record.name, record.reason)
        for record in records
        if record.reason is not None and record.settled and record.name not in named
    ]
    named.update(problem.file_name for problem in fresh)
    return fresh
