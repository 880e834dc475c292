"""The archive's folder and its index.

A file is named by hashes of what it is: no name from a wire reaches the disk, and the same object
received again after a crash meets its own file.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.archive import heads, unsynced
from gdtbridge.archive.fetched import VERSIONS, fetched_versions
from gdtbridge.archive.model import (
    NOT_SENT,
    ArchivedInstance,
    IncomingInstance,
    Receipt,
    ReceiptStatus,
    Standing,
    StoredFile,
)
from gdtbridge.database import Connection
from gdtbridge.dataset.errors import UnreadableDataset
from gdtbridge.dataset.header import Header
from gdtbridge.dataset.part10 import read_announced, read_file_meta
from gdtbridge.durable.files import (
    FileComparison,
    compare,
    forget_cached,
    reason_of,
    sync_file,
    sync_folder,
    write_over,
)
from gdtbridge.durable.modes import PRIVATE_FILE
from gdtbridge.errors import OutOfResources, ProcessingFailure
from gdtbridge.schema import instance
from gdtbridge.statement import InsertStatement, Statement, UpdateStatement

log = logging.getLogger(__name__)

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CHUNK: Final = 1024 * 1024
_UNCOMPARED: Final = instance.c.standing == sa.literal_column("'conflict'")
"""As text in the query: SQLite uses a partial index only for what it can prove."""
_ARCHIVED: Final = sa.select(
    instance.c.file,
    instance.c.sop_class_uid,
    instance.c.sop_instance_uid,
    instance.c.transfer_syntax_uid,
    instance.c.id,
    instance.c.claim_id,
    instance.c.told,
    instance.c.standing,
    instance.c.received_at,
    instance.c.turn,
).order_by(instance.c.id)
_OF_CLAIMS: Final = Statement(
    _ARCHIVED.where(instance.c.claim_id.in_(sa.bindparam("claims", expanding=True)))
)
_LAST_TURN: Final = Statement(
    sa.select(sa.func.max(instance.c.turn)).where(
        instance.c.sop_instance_uid == sa.bindparam("uid")
    )
)
_ENTER: Final = InsertStatement(instance)
_UPDATE: Final = UpdateStatement(
    instance, instance.c.id.in_(sa.bindparam("instances", expanding=True))
)
_MOST_KNOWN: Final = 10_000
"""Folders known to be on the disk; when there are more, they are found out anew."""


class Archive:
    """The files of received instances, below one folder, and the table ``instance``."""

    def __init__(self, folder: Path, *, reserve: int = 0) -> None:
        """Keep files below ``folder``, which is there; leave ``reserve`` bytes of its disk free."""
        self.folder = folder
        self._reserve = reserve
        self._on_disk: set[Path] = set()

    def room_for(self, size: int) -> None:
        """Raise `OutOfResources` unless ``size`` bytes fit and the reserve stays free."""
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise ProcessingFailure(f"archive folder: {error.strerror}") from error
        if free < size + self._reserve:
            raise OutOfResources(
                "Die Platte des Archivs ist voll. / The disk of the archive is full."
            )

    def store(self, incoming: IncomingInstance, header: Header) -> StoredFile:
        """Move the received file into the folder, durably; raise a `StoreError`.

        A small one stays in the spool: `enter` keeps its bytes in the index and moves it, or else
        `move` does.
        """
        with _told():
            content = incoming.dataset.content if incoming.dataset is not None else None
            if incoming.dataset is not None and content is not None:
                incoming.dataset.file.close()
                sha256, size = incoming.dataset.sha256, len(content)
            else:
                sha256, size = _digest_and_sync(incoming)
            study = _name(header.StudyInstanceUID or incoming.SOPInstanceUID)
            name = _name(incoming.SOPInstanceUID, incoming.TransferSyntaxUID, sha256)
            stored = StoredFile(f"{study[:2]}/{study}/{name}.dcm", sha256, size, content)
            if content is None:
                self._move(incoming.path, stored)
        return stored

    def move(self, incoming: IncomingInstance, stored: StoredFile) -> None:
        """Move a small file the index has already into the folder, durably; raise a `StoreError`.

        It takes the place of the one that was stored before, which may be lost or damaged.
        """
        with _told(), incoming.path.open("rb+") as file:
            sync_file(file)
            self._move(incoming.path, stored)

    def _move(self, path: Path, stored: StoredFile) -> None:
        """Give a synced file its name, durably."""
        place = self.folder / stored.file
        self._make(place.parent)
        path.replace(place)
        sync_folder(place.parent)

    def unentered(self, connection: Connection) -> Iterator[list[Path]]:
        """Yield the files without an entry in the index, of one study each time, oldest first."""
        known = set(connection.execute(sa.select(instance.c.file)).scalars())
        for study in sorted(self.folder.glob("??/*")):
            files = [
                one for one in study.glob("*.dcm") if str(one.relative_to(self.folder)) not in known
            ]
            if files:
                yield sorted(files, key=lambda one: (one.lstat().st_mtime, one.name))

    def missing(self, connection: Connection) -> Iterator[Path]:
        """Yield the files the index names and nobody has, nor the index itself."""
        known = sa.select(instance.c.file).order_by(instance.c.id)
        for file in connection.execute(known.where(~unsynced.is_kept)).scalars():
            if not (self.folder / file).is_file():
                yield self.folder / file

    def found(self, path: Path) -> tuple[IncomingInstance, StoredFile]:
        """Return an archived file as what was received, and as what lies there.

        Which device sent it is not known. Raises `UnreadableDataset` for a file whose bytes are not
        those received, since its name is made of them, and for what is no file of ours at all.
        """
        if not stat.S_ISREG(path.lstat().st_mode):
            raise UnreadableDataset("Das ist keine Datei des Archivs. / No file of the archive.")
        with path.open("rb") as file:
            forget_cached(file)
            sop_class, sop_instance, syntax = read_announced(file)
            digest = hashlib.sha256()
            while piece := file.read(_CHUNK):
                digest.update(piece)
            size = file.tell()
        sha256 = digest.hexdigest()
        if path.stem != _name(sop_instance, syntax, sha256):
            raise UnreadableDataset("Die Datei wurde verändert. / The file was changed.")
        stored = StoredFile(str(path.relative_to(self.folder)), sha256, size)
        return IncomingInstance(path, sop_class, sop_instance, syntax, "", ""), stored

    def make_durable(self, files: Mapping[str, bytes]) -> Iterator[str]:
        """Have files on the disk as they should be, by their paths below the folder.

        Yields each that is; one that is missing or another is written, one that cannot be written
        is told in the log and left out.
        """
        done: dict[Path, list[str]] = {}
        for file, content in files.items():
            place = self.folder / file
            try:
                self._make(place.parent)
                _sync_or_write(place, content)
            except OSError as error:
                log.error("a file of the archive cannot be written: %s", reason_of(error))
            else:
                done.setdefault(place.parent, []).append(file)
        for folder, names in done.items():
            try:
                sync_folder(folder)
            except OSError as error:
                log.error("a folder of the archive cannot be written: %s", reason_of(error))
            else:
                yield from names

    def _make(self, folder: Path) -> None:
        """Make a study's folder; the folder's name is on the disk when this returns.

        A folder that exists may not be synced: another thread, or a process that was killed, made
        the folder and not yet its name durable.
        """
        if folder in self._on_disk and folder.is_dir():
            return
        _make_below(folder)
        sync_folder(folder.parent)
        sync_folder(self.folder)
        if len(self._on_disk) >= _MOST_KNOWN:
            self._on_disk.clear()
        self._on_disk.add(folder)

    def look(
        self, connection: Connection, incoming: IncomingInstance, header: Header, sha256: str
    ) -> Receipt:
        """Return how a stored object relates to what the index has; id 0 where it is not there.

        What comes again after another version is the device's last word: it takes its turn, and
        where it does not count it is compared anew. What was fetched is no version of a device's.
        """
        rows = VERSIONS.rows(connection, uid=incoming.SOPInstanceUID)
        known = [row for row in rows if row[4] not in NOT_SENT]
        last = max(((turn, number) for number, *_, turn in known), default=(0, 0))
        for number, digest, syntax, _, standing, turn in known:
            if (digest, syntax) == (sha256, incoming.TransferSyntaxUID):
                after_others = (turn, number) != last
                if after_others:
                    _update(connection, [number], turn=last[0] + 1)
                if standing == Standing.SUPERSEDED or (
                    after_others and standing == Standing.REPEATED
                ):
                    self.set_standing(connection, number, Standing.UNCOMPARED)
                    return Receipt(number, ReceiptStatus.CONFLICT)
                return Receipt(number, ReceiptStatus.SAME)
        here = any(study == header.StudyInstanceUID for _, _, _, study, _, _ in known)
        same, others = fetched_versions(rows, incoming, header, sha256)
        status = ReceiptStatus.CONFLICT if here else ReceiptStatus.NEW
        return Receipt(0, status, fetched=same, others_fetched=others)

    def enter(
        self,
        connection: Connection,
        incoming: IncomingInstance,
        header: Header,
        stored: StoredFile,
        status: ReceiptStatus,
        claim_id: int | None,
        received_at: float,
        standing: Standing | None = None,
    ) -> Receipt:
        """Enter a stored file that `look` did not find, with what it says of whom it is.

        ``standing`` is how it counts, where that is not the usual one of its status.

        A small one gets its name here, not synced: its bytes are in the index as well, until
        `gdtbridge.archive.unsynced` has made the file durable. Raises a `StoreError`.
        """
        conflict, uid = status is ReceiptStatus.CONFLICT, incoming.SOPInstanceUID
        values = {
            "sop_instance_uid": uid,
            "sop_class_uid": incoming.SOPClassUID,
            "study_instance_uid": header.StudyInstanceUID,
            "series_instance_uid": header.SeriesInstanceUID,
            "transfer_syntax_uid": incoming.TransferSyntaxUID,
            "sha256": stored.sha256,
            "size": stored.size,
            "file": stored.file,
            "standing": standing or (Standing.UNCOMPARED if conflict else Standing.CURRENT),
            "calling_aet": incoming.calling_aet,
            "called_aet": incoming.called_aet,
            "received_at": received_at,
            "claim_id": claim_id,
            "turn": 1 + _LAST_TURN.value(connection, uid=uid) if conflict else 0,
        }
        receipt = Receipt(_ENTER.run(connection, **values), status, entered=True)
        heads.enter(connection, receipt.instance_id, header)
        if stored.content is not None:
            unsynced.keep(connection, receipt.instance_id, stored.content)
            place = self.folder / stored.file
            with _told():
                if place.parent not in self._on_disk:
                    _make_below(place.parent)
                incoming.path.replace(place)
        return receipt

    def set_standing(self, connection: Connection, instance_id: int, standing: Standing) -> None:
        """Let an instance count in another way."""
        _update(connection, [instance_id], standing=standing)

    def assign(self, connection: Connection, instance_id: int, claim_id: int) -> None:
        """Enter what an instance says of whom it is."""
        _update(connection, [instance_id], claim_id=claim_id)

    def tell(self, connection: Connection, instances: Iterable[int], *, told: bool = True) -> None:
        """Enter that a record was made with these instances, or without them on purpose."""
        _update(connection, instances, told=told)

    def study_of(self, connection: Connection, instance_id: int) -> str:
        """Return the Study Instance UID an instance came with; empty where it had none."""
        query = sa.select(instance.c.study_instance_uid).where(instance.c.id == instance_id)
        return str(connection.execute(query).scalar_one())

    def path_of(self, connection: Connection, instance_id: int) -> Path:
        """Return where the file of an entered instance lies."""
        file = connection.execute(
            sa.select(instance.c.file).where(instance.c.id == instance_id)
        ).scalar_one()
        return self.folder / str(file)

    def kept_of(self, connection: Connection, claims: Iterable[int]) -> list[ArchivedInstance]:
        """Return the objects of some claims that count, in the order received."""
        current = instance.c.standing == Standing.CURRENT
        return self._archived(connection, instance.c.claim_id.in_(list(claims)), current)

    def versions_of(self, connection: Connection, claims: Iterable[int]) -> list[ArchivedInstance]:
        """Return every version of the claims' objects of which one was not compared yet."""
        here = instance.c.claim_id.in_(list(claims))
        waiting = sa.select(instance.c.sop_instance_uid).where(here, _UNCOMPARED)
        return self._archived(connection, here, instance.c.sop_instance_uid.in_(waiting))

    def unclaimed(self, connection: Connection) -> list[ArchivedInstance]:
        """Return the instances of which an older program did not write down whom they name."""
        return self._archived(connection, instance.c.claim_id.is_(None))

    def of_claims(self, connection: Connection, claims: Iterable[int]) -> list[ArchivedInstance]:
        """Return every version of the objects of some claims, in the order received."""
        return self._rows(_OF_CLAIMS.rows(connection, claims=list(claims)))

    def _archived(
        self, connection: Connection, *conditions: sa.ColumnElement[bool]
    ) -> list[ArchivedInstance]:
        return self._rows(connection.execute(_ARCHIVED.where(*conditions)))

    def _rows(self, rows: Iterable[Sequence[Any]]) -> list[ArchivedInstance]:
        return [
            ArchivedInstance(
                self.folder / file, kind, uid, syntax, number, claim, told, Standing(standing), *of
            )
            for file, kind, uid, syntax, number, claim, told, standing, *of in rows
        ]


def _make_below(folder: Path) -> None:
    """Make a study's folder and the one above it; the archive's own is never made.

    Where that is gone, its disk is: a new one would lie on another.
    """
    try:
        folder.mkdir(exist_ok=True)
    except FileNotFoundError:
        folder.parent.mkdir(exist_ok=True)
        folder.mkdir(exist_ok=True)


def _update(connection: Connection, instances: Iterable[int], **values: object) -> None:
    _UPDATE.run(connection, values, instances=list(instances))


@contextmanager
def _told() -> Iterator[None]:
    """Raise what the disk says as what a device is told."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise OutOfResources(f"archive: {error.strerror}") from error
        raise ProcessingFailure(f"archive: {error.strerror}") from error


def _sync_or_write(place: Path, content: bytes) -> None:
    """Have a file with this content on the disk; its name is not synced.

    What a disk refused to write the system forgets, and says so once: then it is written anew.
    """
    try:
        if compare(place, content) is FileComparison.SAME:
            with place.open("rb+") as file:
                sync_file(file)
            return
    except OSError as error:
        log.warning("a file of the archive is written anew: %s", reason_of(error))
    write_over(place, content, mode=PRIVATE_FILE)


def _digest_and_sync(incoming: IncomingInstance) -> tuple[str, int]:
    """Return the SHA-256 of the file's dataset and the file's size; it is synced and closed."""
    if incoming.dataset is not None:
        with incoming.dataset.file as file:
            sync_file(file)
            return incoming.dataset.sha256, file.tell()
    with incoming.path.open("rb+") as file:
        sync_file(file)
        read_file_meta(file)
        digest = hashlib.sha256()
        while piece := file.read(_CHUNK):
            digest.update(piece)
        return digest.hexdigest(), file.tell()


def _name(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
