"""The first start, told apart from an installation that has lost its database.

Only where nothing of ours is, a new database is made. An archive, orders or a worklist without
their database, and a file that is no database of ours, are a loss: a person says what to do.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from gdtbridge.database import Database, is_ours, sqlite_file
from gdtbridge.durable.files import rename_new, sync_folder
from gdtbridge.errors import DatabaseLost, SettingsError
from gdtbridge.settings import Settings
from gdtbridge.settings.folders import make_folders

log = logging.getLogger(__name__)

COMPANIONS: Final = ("", "-wal", "-shm")
"""The files SQLite keeps beside a database are named by these endings (sqlite.org/wal.html)."""


def must_not_be_lost(settings: Settings) -> None:
    """Raise `DatabaseLost` where the database is gone, empty or not ours, and something is left.

    Nothing is made. Raises `DatabaseError` where a server does not answer.
    """
    if is_ours(settings.database_url):
        return
    file = sqlite_file(settings.database_url)
    if file is not None and file.exists():
        empty = file.stat().st_size == 0
        what = ("ist leer", "is empty") if empty else ("ist keine von uns", "is none of ours")
        raise DatabaseLost(str(file), *what)
    left = next(_left(settings), None)
    if left is not None:
        place = str(file) if file is not None else "auf dem Server / on the server"
        raise DatabaseLost(place, f"fehlt, aber {left} ist da", f"is missing, but {left} is there")


def _left(settings: Settings) -> Iterator[Path]:
    """Yield files only an installation that was at work leaves."""
    yield from settings.archive_folder.rglob("*.dcm")
    for folder in (settings.spool_folder, settings.taken_folder, settings.refused_folder):
        yield from (one for one in folder.rglob("*") if one.is_file())
    if settings.worklist.folder is None:  # one the practice named may hold entries of others
        yield from settings.worklist_folder.glob("*.wl")


def make_database(settings: Settings) -> None:
    """Make our folders, and a database where there is none; a crash leaves a whole one or none."""
    make_folders(settings)
    file = sqlite_file(settings.database_url)
    if file is None or file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    sync_folder(file.parent.parent)
    new = file.with_name(f"{file.name}.new")
    for ending in COMPANIONS:  # of a start that was interrupted
        new.with_name(new.name + ending).unlink(missing_ok=True)
    Database(f"sqlite:///{new}").close()
    with suppress(FileExistsError):  # another start was faster
        rename_new(new, file)
    new.unlink(missing_ok=True)
    sync_folder(file.parent)


def begin_anew(settings: Settings) -> None:
    """Make a new database because a person says so; what lies in the place of one is set aside.

    Raises `SettingsError` where a database of ours is there: nothing is thrown away.
    """
    if is_ours(settings.database_url):
        raise SettingsError(
            "--begin-anew: Die Datenbank ist da, es gibt nichts neu zu beginnen. Bitte ohne "
            "--begin-anew starten. / The database is there; start without --begin-anew."
        )
    file = sqlite_file(settings.database_url)
    if file is not None:
        set_aside(file)
    make_database(settings)
    log.warning("a new database was begun: what is in the archive is not in it")


def set_aside(file: Path) -> None:
    """Rename a database and what SQLite keeps beside it, so that nothing is lost by mistake."""
    places = (file.with_name(f"{file.name}.aside-{number}") for number in count(1))
    place = next(one for one in places if not one.exists())
    for companion in COMPANIONS:
        one = file.with_name(file.name + companion)
        if one.exists():
            rename_new(one, place.with_name(place.name + companion))
            log.warning("%s was set aside", one)
    if file.parent.is_dir():
        sync_folder(file.parent)
