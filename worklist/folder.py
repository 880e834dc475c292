"""The folder of ``.wl`` files: the worklist itself, shared with other programs.

Readers work on an index in memory; the folder is looked at again at most once a second. Writers
take an inter-process lock and change one file at a time, atomically. Files that are not ours are
served when they can be, named once in the log, and never touched.

The folder may lie on a share that hangs, so one thread alone touches it. While it does not answer,
readers go on with what is known and writers are refused; a change that was under way may still
happen, so who was refused takes it back.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from pydicom.dataset import Dataset

from gdtbridge.durable import FileLock, FileStamp, FolderSilent, FolderUnusable, LockBusy
from gdtbridge.durable.call import FolderThread
from gdtbridge.durable.files import delete, delete_leftovers, write_new, write_over
from worklist.answers import Match, answer_to
from worklist.changes import FolderChanges
from worklist.entry import Entry, checked
from worklist.errors import EntryError, FolderError, folder_errors
from worklist.form import encoded
from worklist.index import (
    FileProblem,
    FolderIndex,
    WorklistFile,
    file_name,
    look_at,
    look_at_all,
    newly_odd,
    record_from,
)
from worklist.item import Item, item_from
from worklist.query import STANDARD, MatchPolicy, Query

log = logging.getLogger(__name__)

LOCK = ".gdtbridge.lock"
WLMSCPFS_LOCKFILE = "lockfile"
"""DCMTK's ``wlmscpfs`` serves no folder without a file of this name."""
LOCK_SECONDS: Final = 10.0
"""How long another thread or process is waited for that changes the folder."""
PAUSE_SECONDS: Final = 0.002
KNOWN_SECONDS: Final = 1.0
"""How long a reader waits for a folder that hangs before what is known will do."""

T = TypeVar("T")


class WorklistFolder:
    """The worklist in ``path``, which is made when it is missing.

    Who is only ``looking`` makes, tidies and locks nothing, and meets a folder that cannot be used
    with the first question instead of here. One that does not answer now is made when it does.

    All methods may be called from any thread and raise :class:`FolderError` when the folder cannot
    be used or has never answered. ``get``, ``by_study_uid``, ``remove`` and ``replace`` know our
    own entries only: files named ``<accession>-<timestamp>.wl`` that hold that accession number.
    """

    def __init__(
        self,
        path: Path,
        *,
        interval_seconds: float = 1.0,
        looking: bool = False,
        file_mode: int | None = None,
    ) -> None:
        """Open the folder.

        ``file_mode`` is the mode of entries in a folder that others read as well.
        """
        self.path = path
        self._interval = interval_seconds
        self._file_mode = file_mode
        self._thread = FolderThread(path)
        self._scanning = threading.Lock()
        self._named: set[str] = set()
        self._index = FolderIndex()
        self._changes = FolderChanges(path)
        self._scanned_at = -math.inf
        self._writers = threading.RLock()
        self._depth = 0
        self._lock = FileLock(path / LOCK)
        self._locked = ExitStack()
        self._is_made = self._is_tidy = looking
        if not looking:
            self._open()

    def _open(self) -> None:
        try:
            with folder_errors(self.path), self._held():
                self.refresh()
        except FolderError as error:
            if not isinstance(error.__cause__, FolderSilent):
                raise
            log.warning("worklist: %s", error)

    @property
    def busy_since(self) -> float | None:
        """When (monotonic) the folder was heard of last; None while nothing is asked of it."""
        return self._thread.busy_since

    def ask(self, call: Callable[[], T]) -> T:
        """Make a call that touches the folder, in the folder's thread; raise what it raises."""
        with folder_errors(self.path):
            return self._thread.run(partial(self._prepared, call))

    def _prepared(self, call: Callable[[], T]) -> T:
        """Call, after the folder has been made and tidied once; runs in its thread."""
        with folder_errors(self.path):
            if not self._is_made:
                self._make()
        return call()

    def _make(self) -> None:
        if self._file_mode is None:  # one that others read as well is theirs to make
            self.path.mkdir(parents=True, exist_ok=True)
        self._must_answer()
        (self.path / WLMSCPFS_LOCKFILE).touch()
        self._is_made = True

    def find(
        self, query: Dataset, *, calling_aet: str = "", policy: MatchPolicy = STANDARD
    ) -> Iterator[Match]:
        """Return the answers ``policy`` gives to a Modality Worklist query, in order of start.

        The entries are those of one moment: later changes do not disturb a running answer. The work
        for an answer is done when it is asked for, so a caller may stop at any time.
        """
        keys = item_from(query)
        wanted = self.read_query(keys, calling_aet=calling_aet, policy=policy)
        served = self._fresh().served(wanted.keys)
        found = (answer_to(keys, item, wanted) for item in served if wanted.matches(item))
        return islice(found, policy.most_answers or None)

    def read_query(self, keys: Item, *, calling_aet: str, policy: MatchPolicy = STANDARD) -> Query:
        """Return the query of a device as it is matched here."""
        return Query.of(keys, policy, calling_aet=calling_aet)

    def files(self) -> list[WorklistFile]:
        """Return the files something is served from, in the order of answers."""
        return self._fresh().files()

    @property
    def served_count(self) -> int:
        """How many files something is served from, as far as is known; touches no disk."""
        return self._index.served_count

    def get(self, accession: str) -> Entry | None:
        """Return the entry with this accession number."""
        record = self._fresh().by_accession(accession)
        return record.entry if record is not None else None

    def by_study_uid(self, uid: str) -> Entry | None:
        """Return the entry with this Study Instance UID."""
        record = self._fresh().by_study_uid(uid)
        return record.entry if record is not None else None

    def of_patient(self, patient_id: str) -> tuple[Entry, ...]:
        """Return the entries for this patient number, letter by letter."""
        records = self._fresh().of_patient(patient_id)
        return tuple(record.entry for record in records if record.entry is not None)

    def entries(self) -> tuple[Entry, ...]:
        """Return our entries, the urgent first, then by their start."""
        return self._fresh().entries()

    def problems(self) -> tuple[FileProblem, ...]:
        """Return the foreign, broken and doubled files."""
        return self._fresh().problems()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other writer out while a caller reads and then writes.

        What is read under the lock is as fresh as the folder. The same thread may lock again.
        """
        with self._held() as outermost:
            if outermost:
                self.refresh()
            yield

    def add(self, entry: Entry) -> Path:
        """Write a new entry and return its file; it is durable and served when this returns.

        Raises :class:`EntryError` when a value is wrong or an id is already in the list.
        """
        entry = checked(entry)
        name = file_name(entry)
        data = encoded(entry)
        with self._held():
            _refuse_known_ids(entry, self._fresh())
            self.ask(partial(self._write_new, name, data))
        return self.path / name

    def _write_new(self, name: str, data: bytes) -> None:
        with folder_errors(self.path):
            try:
                write_new(self.path / name, data, mode=self._file_mode)
            except FileExistsError:
                raise _taken("AccessionNumber") from None
            self._index.put(self._own_record(name, data))

    def replace(self, entry: Entry) -> Path:
        """Write changed values over the entry of this accession number; its file keeps its name.

        Raises :class:`EntryError` when there is no such entry or a value is wrong.
        """
        entry = checked(entry)
        data = encoded(entry)
        with self.lock():
            record = self._index.by_accession(entry.AccessionNumber)
            if record is None:
                raise _unknown()
            if self._index.by_study_uid(entry.StudyInstanceUID) not in (None, record):
                raise _taken("StudyInstanceUID")
            self.ask(partial(self._write_over, record.name, data))
        return self.path / record.name

    def _write_over(self, name: str, data: bytes) -> None:
        with folder_errors(self.path):
            write_over(self.path / name, data, mode=self._file_mode)
            self._index.put(self._own_record(name, data))

    def remove(self, accession: str, *, study_uid: str | None = None) -> bool:
        """Delete our entry and say whether there was one.

        ``study_uid`` tells apart two entries with one accession number (a broken counter of the
        system before us made such); without it the older one goes.
        """
        with self.lock():
            record = self._index.by_accession(accession)
            if study_uid is not None:
                record = self._index.by_study_uid(study_uid)
            if record is None or record.entry is None or record.entry.AccessionNumber != accession:
                return False
            return self.ask(partial(self._delete, record.name))

    def _delete(self, name: str) -> bool:
        with folder_errors(self.path):
            gone = delete(self.path / name)
        self._index.drop(name)
        return gone

    def refresh(self) -> None:
        """Look at the folder now, reading the files that changed."""
        self.ask(self._rescan)

    def _fresh(self) -> FolderIndex:
        """Return the index, about as young as the interval, older where the folder hangs.

        A scan under way is not waited for.
        """
        if self._scanned_at == -math.inf:
            self.refresh()
        elif time.monotonic() - self._scanned_at >= self._interval and self._scanning.acquire(
            blocking=False
        ):
            try:
                with folder_errors(self.path), suppress(FolderSilent):
                    self._thread.run(partial(self._prepared, self._rescan), KNOWN_SECONDS)
            finally:
                self._scanning.release()
        return self._index

    def _rescan(self) -> None:
        with folder_errors(self.path):
            self._must_be_ours()
            changed = self._changes.names()
            if changed is None:
                look_at_all(self.path, self._index, self._thread.heard)
            else:
                look_at(self.path, changed | self._index.unsettled, self._index)
        self._scanned_at = time.monotonic()
        for problem in newly_odd(self._index.odd(), self._named):
            log.warning("worklist file %s: %s", ascii(problem.file_name), problem.reason)

    def _must_be_ours(self) -> None:
        """Raise `FolderUnusable` where our own file is gone: an empty mount point is no list."""
        try:
            (self.path / WLMSCPFS_LOCKFILE).stat()
        except FileNotFoundError as error:
            if not self.path.is_dir():
                raise
            raise FolderUnusable(
                self.path,
                f"die Datei {WLMSCPFS_LOCKFILE} fehlt. Die Freigabe verbinden; wurde der Ordner "
                "geleert, den Dienst neu starten.",
                f"the file {WLMSCPFS_LOCKFILE} is missing. Mount the share; if the folder was "
                "emptied, restart the service.",
            ) from error

    @contextmanager
    def _held(self) -> Iterator[bool]:
        """Hold the folder's lock; the value says whether this is the thread's outermost hold."""
        deadline = time.monotonic() + LOCK_SECONDS
        with folder_errors(self.path):
            if not self._writers.acquire(timeout=LOCK_SECONDS):
                raise LockBusy(self.path)
        try:
            self._depth += 1
            try:
                if self._depth == 1:
                    self._lock_file(deadline)
                yield self._depth == 1
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._unlock_file()
        finally:
            self._writers.release()

    def _lock_file(self, deadline: float) -> None:
        """Lock other processes out; between two attempts the thread is free for readers."""
        while True:
            try:
                return self.ask(self._try_lock)
            except FolderError as error:
                busy = isinstance(error.__cause__, LockBusy)
                if not busy or time.monotonic() >= deadline:
                    raise
            time.sleep(PAUSE_SECONDS)

    def _must_answer(self) -> None:
        """List the folder before something is made in it.

        Who hangs in making keeps every process that looks from being ended, even by SIGKILL: the
        kernel locks the folder. Who hangs in listing does not.
        """
        with os.scandir(self.path):
            pass

    def _try_lock(self) -> None:
        with folder_errors(self.path):
            self._must_answer()
        self._locked.callback(self._lock.acquire_once())
        if not self._is_tidy:
            with folder_errors(self.path):
                delete_leftovers(self.path)
            self._is_tidy = True

    def _unlock_file(self) -> None:
        """Let others in again, where the folder hangs as soon as it answers."""
        with suppress(FolderSilent):
            self._thread.run(self._locked.close, keep=True)

    def _own_record(self, name: str, data: bytes) -> WorklistFile:
        """Return the record of a file just written; it is final, for nobody writes it in place."""
        status = (self.path / name).stat()
        return record_from(name, FileStamp.of(status), data)


def _refuse_known_ids(entry: Entry, index: FolderIndex) -> None:
    if index.by_accession(entry.AccessionNumber) is not None:
        raise _taken("AccessionNumber")
    if index.by_study_uid(entry.StudyInstanceUID) is not None:
        raise _taken("StudyInstanceUID")


def _taken(keyword: str) -> EntryError:
    return EntryError(
        keyword,
        "Diese Kennung steht schon in der Liste. / This id is already in the list.",
        "Eine neue vergeben. / Use a new one.",
    )


def _unknown() -> EntryError:
    return EntryError(
        "AccessionNumber",
        "Diesen Auftrag gibt es nicht in der Liste. / This order is not in the list.",
        "Die Auftragsnummer prüfen. / Check the accession number.",
    )
