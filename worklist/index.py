"""The folder's content in memory: immutable records of files, and the ways to find one."""

from __future__ import annotations

import os
import re
import stat
import threading
import time
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gdtbridge.durable import FileStamp
from worklist.entry import Entry
from worklist.errors import EntryError
from worklist.form import entry_of, item_from_file, missing_in, steps_of
from worklist.item import UNREADABLE, Item, items_of, text_of
from worklist.keys import KeyIndex

MAXIMUM_BYTES = 1 << 20
"""A worklist file has a few kilobytes; anything larger than this is not read."""

SETTLING_NS = 2_000_000_000
"""A file changed so lately may change again within the resolution of its time stamp."""

OWN_NAME = re.compile(r"([A-Za-z0-9_]{1,16})-(\d{14})\.wl", re.ASCII)
"""``<accession>-<created, YYYYMMDDhhmmss>.wl``, as the system before us named them."""

FOREIGN = "foreign file; it is served but never changed"
DOUBLED = "its accession number or study UID is also in an older file"


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

    ``order`` is day, urgency, time and accession number, the order of answers; ``reason`` says why
    the file is not served, not ours or not understood, without any content.
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


class FolderIndex:
    """All files of the folder, with the ways to find one. Thread-safe.

    What a method returns is of one moment: later changes do not disturb who uses it. Where two of
    our entries share an id, the older file has it.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._records: dict[str, WorklistFile] = {}
        self._order: list[tuple[tuple[str, str], str]] = []
        self._by_accession: dict[str, list[str]] = {}
        self._by_study_uid: dict[str, list[str]] = {}
        self._by_patient: dict[str, list[str]] = {}
        self._keys = KeyIndex()
        self._odd: set[str] = set()
        self.served_count = 0
        """Files something is served from."""
        self.unsettled: set[str] = set()
        """Files changed so lately that they are to be looked at again."""

    def record(self, name: str) -> WorklistFile | None:
        """Return what is known of a file."""
        return self._records.get(name)

    def names(self) -> list[str]:
        """Return the names of all files."""
        with self._turn:
            return list(self._records)

    def put(self, record: WorklistFile) -> None:
        """Enter a file, or what has become of it."""
        with self._turn:
            if self._records.get(record.name) != record:
                self._drop(record.name)
                self._enter(record)

    def drop(self, name: str) -> None:
        """Forget a file."""
        with self._turn:
            self._drop(name)

    def _enter(self, record: WorklistFile) -> None:
        name = record.name
        self._records[name] = record
        insort(self._order, (record.order, name))
        for files in self._ids_of(record):
            insort(files, name)
        if record.served:
            self._keys.put(name, record.served)
            self.served_count += 1
        if record.reason is not None:
            self._odd.add(name)
        if not record.settled:
            self.unsettled.add(name)

    def _drop(self, name: str) -> None:
        record = self._records.pop(name, None)
        if record is None:
            return
        del self._order[bisect_left(self._order, (record.order, name))]
        for files in self._ids_of(record):
            files.remove(name)
        self._keys.drop(name)
        self.served_count -= bool(record.served)
        self._odd.discard(name)
        self.unsettled.discard(name)
        if (entry := record.entry) is not None:
            _forget_empty(self._by_accession, entry.AccessionNumber)
            _forget_empty(self._by_study_uid, entry.StudyInstanceUID)
            _forget_empty(self._by_patient, entry.PatientID)

    def _ids_of(self, record: WorklistFile) -> tuple[list[str], ...]:
        """Return where the file of an entry of ours is listed by its ids."""
        if (entry := record.entry) is None:
            return ()
        return (
            self._by_accession.setdefault(entry.AccessionNumber, []),
            self._by_study_uid.setdefault(entry.StudyInstanceUID, []),
            self._by_patient.setdefault(entry.PatientID, []),
        )

    def by_accession(self, accession: str) -> WorklistFile | None:
        """Return the file of our entry with this accession number."""
        return next(iter(self._listed(self._by_accession, accession)), None)

    def by_study_uid(self, uid: str) -> WorklistFile | None:
        """Return the file of our entry with this Study Instance UID."""
        return next(iter(self._listed(self._by_study_uid, uid)), None)

    def of_patient(self, patient_id: str) -> list[WorklistFile]:
        """Return the files of our entries for a patient number, the oldest first."""
        return self._listed(self._by_patient, patient_id)

    def _listed(self, ids: Mapping[str, Sequence[str]], key: str) -> list[WorklistFile]:
        with self._turn:
            return [self._records[name] for name in ids.get(key, ())]

    def served(self, keys: Item) -> Iterator[Item]:
        """Return the datasets that may match a query's ``keys``, in the order of answers."""
        with self._turn:
            narrow = self._keys.choose(keys)
            if narrow is None or len(narrow) > len(self._records) // 2:
                records = [self._records[name] for _, name in self._order]
            else:
                chosen = (self._records[name] for name in narrow)
                records = sorted(chosen, key=lambda record: (record.order, record.name))
        return (item for record in records for item in record.served)

    def files(self) -> list[WorklistFile]:
        """Return the files something is served from, in the order of answers."""
        with self._turn:
            records = [self._records[name] for _, name in self._order]
        return [record for record in records if record.served]

    def entries(self) -> tuple[Entry, ...]:
        """Return our entries in the order of answers."""
        with self._turn:
            found = (self._records[name].entry for _, name in self._order)
            return tuple(entry for entry in found if entry is not None)

    def odd(self) -> list[WorklistFile]:
        """Return the files that are no entries of ours, for whatever reason."""
        with self._turn:
            return [self._records[name] for name in self._odd]

    def problems(self) -> tuple[FileProblem, ...]:
        """Return what is odd, sorted by file name."""
        with self._turn:
            found = {name: self._records[name].reason or "" for name in self._odd}
            for ids in (self._by_accession, self._by_study_uid):
                for names in ids.values():
                    found.update(dict.fromkeys(names[1:], DOUBLED))
        return tuple(FileProblem(name, found[name]) for name in sorted(found))


def _forget_empty(ids: dict[str, list[str]], key: str) -> None:
    if not ids[key]:
        del ids[key]


def is_candidate(name: str) -> bool:
    """Whether a worklist server looks at a file of this name."""
    return name.lower().endswith(".wl")


def look_at_all(folder: Path, index: FolderIndex, heard: Callable[[], None]) -> None:
    """Let ``index`` say what all ``.wl`` files say; only those that changed are read.

    ``heard`` is called after each file: the folder answers.
    """
    gone = set(index.names())
    with os.scandir(folder) as files:
        for file in files:
            if is_candidate(file.name):
                _look(file, file.name, index)
                heard()
                gone.discard(file.name)
    for name in gone:
        index.drop(name)


def look_at(folder: Path, names: Iterable[str], index: FolderIndex) -> None:
    """Let ``index`` say what the ``.wl`` files of these names say."""
    for name in filter(is_candidate, names):
        _look(folder / name, name, index)


def _look(file: os.DirEntry[str] | Path, name: str, index: FolderIndex) -> None:
    known = index.record(name)
    record = _record_of(file, name, known)
    if record is None:
        index.drop(name)
    elif record is not known:
        index.put(record)


def _record_of(
    file: os.DirEntry[str] | Path, name: str, known: WorklistFile | None
) -> WorklistFile | None:
    try:
        status = file.stat()
        if known is not None and known.is_of(status):
            return known
        age = time.time_ns() - status.st_mtime_ns
        record = _judged(file, name, status)
        is_link = file.is_symlink()  # nobody tells when what it leads to changes
        return replace(record, settled=not is_link and not 0 <= age < SETTLING_NS)
    except FileNotFoundError:
        return None
    except OSError:
        return WorklistFile(name, None, reason="cannot be opened")


def _judged(file: os.DirEntry[str] | Path, name: str, status: os.stat_result) -> WorklistFile:
    stamp = FileStamp.of(status)
    if not stat.S_ISREG(status.st_mode):
        return WorklistFile(name, stamp, reason="not a file")
    if stamp.size > MAXIMUM_BYTES:
        return WorklistFile(name, stamp, reason="too large for a worklist entry")
    return record_from(name, stamp, Path(file).read_bytes())


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
    order = (_rank(complete[0]), accession)
    record = WorklistFile(name, stamp, complete, reason=FOREIGN, order=order)
    own = OWN_NAME.fullmatch(name)
    if own is None or own[1] != accession:
        return record
    try:
        return replace(record, entry=_dated(entry_of(complete[0]), own[2]), reason=None)
    except EntryError as error:
        return replace(record, reason=f"served, but not understood: {error.field}")


_URGENT = {"STAT": "0", "HIGH": "1"}
"""Requested Procedure Priority (PS3.3 C.4.11) of what comes before the rest of its day."""


def _rank(item: Item) -> str:
    step = items_of(item, "ScheduledProcedureStepSequence")[0]
    return (
        text_of(step, "ScheduledProcedureStepStartDate")
        + _URGENT.get(text_of(item, "RequestedProcedurePriority"), "2")
        + text_of(step, "ScheduledProcedureStepStartTime")
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
