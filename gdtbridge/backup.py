"""Copying an installation away while it runs, and bringing it back without sending twice.

A copy holds what cannot be had again: the database as it was at one moment, and what it names. The
files of the archive never change, so the database is copied first and they after it; only those the
copy lacks are copied.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gdtbridge.accounts.store import end_everything
from gdtbridge.archive import Archive
from gdtbridge.archive.unsynced import sync_files
from gdtbridge.commitment.promises import note_backup
from gdtbridge.commitment.store import reopen_unanswered
from gdtbridge.database import Database, copy_to, is_ours, must_be_whole, sqlite_file
from gdtbridge.durable import SystemClock
from gdtbridge.durable.files import copy_new, rename_new, sync_file, sync_folder, write_over
from gdtbridge.durable.modes import PRIVATE_FILE, PRIVATE_FOLDER, set_mode
from gdtbridge.errors import BridgeError, DatabaseError, SettingsError
from gdtbridge.exams import claim_store
from gdtbridge.exams.completion import CompletionRule, DueSignal
from gdtbridge.exams.receiving import InstanceReceiver
from gdtbridge.exams.reindexing import Reindexed, reindex
from gdtbridge.first_start import COMPANIONS, set_aside
from gdtbridge.forward.restoring import doubt_what_waits
from gdtbridge.outbox import Outbox
from gdtbridge.outbox.store import ask_what_waits, remove
from gdtbridge.ownership import file_held, only_service
from gdtbridge.settings import Settings
from gdtbridge.settings.folders import make_folders, own_folders, shared_folders

log = logging.getLogger(__name__)

DATABASE: Final = "gdtbridge.sqlite"
SETTINGS: Final = "gdtbridge.toml"


@dataclass(frozen=True, slots=True)
class SavedFolder:
    """A folder of the installation and its name in a copy; ``pattern`` says what is in it.

    What is ``whole`` is brought back only into an empty folder: its files come and go.
    """

    name: str
    folder: Path
    pattern: str
    whole: bool = True


def folders_of(settings: Settings) -> Iterator[SavedFolder]:
    """Yield what a copy holds beside the database; folders shared with others are not in it."""
    yield SavedFolder("archive", settings.archive_folder, "??/*/*.dcm", whole=False)
    yield SavedFolder("orders-taken", settings.taken_folder, "**/*")
    yield SavedFolder("orders-refused", settings.refused_folder, "**/*")
    yield SavedFolder("tls", settings.tls_folder, "*")
    if settings.worklist.folder is None:
        yield SavedFolder("worklist", settings.worklist_folder, "*.wl")


@dataclass(slots=True)
class SavedCopy:
    """What copying brought: files this time, and what the database names and nobody has."""

    files: int = 0
    missing: list[Path] = field(default_factory=list)


def back_up(settings: Settings, target: Path) -> SavedCopy:
    """Copy the installation into ``target``; return what was copied this time.

    The database replaces that of an earlier copy in one step, when all it names is there. A folder
    that is made is for our account only, the database and the settings in it always are. Raises
    `NoInstallation`, `DatabaseError`, and `BridgeError` where ``target`` cannot be used.
    """
    _must_be_elsewhere(settings, target)
    new, begun_at = target / f"{DATABASE}.new", SystemClock().utc()
    try:
        target.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        copy_to(settings.database_url, new)
        done = SavedCopy(
            sum(_copy(one.folder, target / one.name, one.pattern) for one in folders_of(settings))
        )
        with (
            closing(Database(f"sqlite:///{new}", looking=True)) as database,
            database.read() as connection,
        ):
            done.missing.extend(Archive(target / "archive").missing(connection))
        origin = Path(settings.origin)
        if origin.is_file():
            write_over(target / SETTINGS, origin.read_bytes(), mode=PRIVATE_FILE)
        with new.open("rb+") as file:
            sync_file(file)
        new.replace(target / DATABASE)
        sync_folder(target)
        sync_folder(target.parent)
    except OSError as error:
        raise BridgeError(f"{target}: {error.strerror} ({type(error).__name__})") from error
    if not done.missing:
        _remember(settings, begun_at)
    return done


def _remember(settings: Settings, begun_at: float) -> None:
    """Enter that there is a copy; where that cannot be written, the next one is."""
    try:
        with closing(Database(settings.database_url)) as database, database.write() as connection:
            note_backup(connection, begun_at)
    except DatabaseError as error:
        log.warning("the backup is made, and could not be noted: %s", error)


def _must_be_elsewhere(settings: Settings, target: Path) -> None:
    """Raise `BridgeError` for a folder of the installation, in which its own files would be met."""
    place = target.resolve()
    shared = (*own_folders(settings), *shared_folders(settings))
    ours = {folder.resolve() for _, folder in shared}
    if place == Path(settings.origin).parent or not ours.isdisjoint({place, *place.parents}):
        raise BridgeError(
            f"{target}: Die Sicherung braucht einen eigenen Ordner. / The copy needs a folder of "
            "its own."
        )


def _copy(source: Path, target: Path, pattern: str) -> int:
    """Copy the files ``target`` lacks; what vanishes meanwhile was no longer needed."""
    copied = 0
    changed: set[Path] = set()
    for path in source.glob(pattern):
        to = target / path.relative_to(source)
        if not path.is_file() or to.exists():
            continue
        try:
            copy_new(path, to)
        except FileNotFoundError:
            continue
        changed |= {to.parent, *to.parent.parents[: len(to.parent.relative_to(target).parts)]}
        copied += 1
    for folder in changed:
        sync_folder(folder)
    return copied


@dataclass(slots=True)
class Restored:
    """What bringing a copy back brought: files, and what was found beside it."""

    files: int = 0
    found: Reindexed = field(default_factory=Reindexed)


def restore(settings: Settings, copy: Path) -> Restored:
    """Bring a copy back; ``copy`` is its folder or the file of its database.

    The database that is there is set aside. What may have been sent since the copy was made is
    asked and not sent again; what was received since is found in the archive, entered and held.
    The database appears under its name when that is done: what is interrupted is done again. No
    service may run. Raises `BridgeError`.
    """
    file = copy / DATABASE if copy.is_dir() else copy
    if not file.is_file() or not is_ours(f"sqlite:///{file.resolve()}"):
        raise BridgeError(f"{copy}: keine Sicherung von gdtbridge. / no copy of gdtbridge.")
    place = _database_file(settings)
    if file.resolve() == place.resolve():
        raise BridgeError(
            f"{copy}: Das ist die Datenbank selbst und keine Sicherung. / This is the database "
            "itself, not a copy."
        )
    must_be_whole(file)
    make_folders(settings)
    with file_held(place):
        return _brought_back(settings, copy, file, place)


def _brought_back(settings: Settings, copy: Path, file: Path, place: Path) -> Restored:
    done = Restored()
    if copy.is_dir():
        for one in folders_of(settings):
            if not (one.whole and any(one.folder.glob(one.pattern))):
                done.files += _copy(copy / one.name, one.folder, one.pattern)
    new = _new_database(place)
    copy_new(file, new)
    set_mode(new, PRIVATE_FILE)
    with closing(Database(f"sqlite:///{new}")) as database:
        with database.write() as connection:
            claim_store.hold_unanswered(connection)
            for message in reopen_unanswered(connection, SystemClock().utc()):
                remove(connection, message)
            ask_what_waits(connection)
            doubt_what_waits(connection)
            end_everything(connection)
        done.found = _reindex(settings, database)
    _put_in_place(new, place)
    return done


def rebuild(settings: Settings) -> Reindexed:
    """Enter what the archive holds into the index, making a database where there is none.

    No service may run. Raises `BridgeError`.
    """
    if is_ours(settings.database_url) or sqlite_file(settings.database_url) is None:
        with closing(Database(settings.database_url)) as database, only_service(database):
            return _reindex(settings, database)
    make_folders(settings)
    place = _database_file(settings)
    with file_held(place):
        new = _new_database(place)
        new.touch(PRIVATE_FILE)
        with closing(Database(f"sqlite:///{new}")) as database:
            found = _reindex(settings, database)
        _put_in_place(new, place)
    return found


def _reindex(settings: Settings, database: Database) -> Reindexed:
    archive = Archive(settings.archive_folder)
    completion, due, clock = CompletionRule(settings.exam), DueSignal(), SystemClock()
    receiver = InstanceReceiver(database, archive, Outbox(database, {}), completion, due, clock)
    sync_files(database, archive.make_durable)
    try:
        return reindex(database, archive, receiver)
    except OSError as error:
        raise BridgeError(f"{settings.archive_folder}: {error.strerror}") from error


def _database_file(settings: Settings) -> Path:
    file = sqlite_file(settings.database_url)
    if file is None:
        raise SettingsError(
            "storage.database: Eine Datenbank auf einem Server wird dort zurückgespielt "
            "(pg_restore). / A database on a server is restored there (pg_restore)."
        )
    return file


def _new_database(place: Path) -> Path:
    """Return where a database is made before it gets its name; what was interrupted is removed."""
    new = place.with_name(f"{place.name}.new")
    for ending in COMPANIONS:
        new.with_name(new.name + ending).unlink(missing_ok=True)
    return new


def _put_in_place(new: Path, place: Path) -> None:
    set_aside(place)
    rename_new(new, place)
    sync_folder(place.parent)
