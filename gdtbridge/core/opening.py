"""Opening an installation: database, folders and child processes, for the core on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from enum import Enum, auto

from gdtbridge.archive import Archive
from gdtbridge.core.core import Core
from gdtbridge.core.stores import PictureReaders, Stores
from gdtbridge.core.wiring import wire
from gdtbridge.database import Database
from gdtbridge.dataset.hardening import harden_pydicom
from gdtbridge.durable import SteadyClock, SystemClock
from gdtbridge.durable.modes import shared_file_mode
from gdtbridge.errors import NoInstallation
from gdtbridge.first_start import make_database, must_not_be_lost
from gdtbridge.outbox import Outbox
from gdtbridge.parts import forward_senders, forward_targets, gatherer_of, senders_of
from gdtbridge.pictures import AttachmentReader
from gdtbridge.pictures.frame_reader import FrameReader
from gdtbridge.pictures.picture_reader import AheadReader, PictureReader
from gdtbridge.report_page import PagePrinter
from gdtbridge.results.gathering import ObjectOpeners
from gdtbridge.results.routing import Routing
from gdtbridge.retrieve.transcoding import Transcoder
from gdtbridge.settings import MEGABYTE, Settings
from gdtbridge.settings.encryption import Encryption
from gdtbridge.settings.folders import find_installation, make_folders
from gdtbridge.sr import ReportReader
from worklist import WorklistFolder


class Opening(Enum):
    """What may change when an installation is opened."""

    MAKING = auto()
    """Everything: what is missing is made, an older schema is upgraded. The service."""
    WORKING = auto()
    """What an installation that is there keeps. A command beside the service."""
    LOOKING = auto()
    """Nothing: no file appears, and none changes."""


@contextmanager
def open_core(settings: Settings, opening: Opening = Opening.MAKING) -> Iterator[Core]:
    """Open the database and the folders, making what ``opening`` says; close them after.

    Raises `SettingsError`, `NoInstallation`, `DatabaseError` (`DatabaseLost` where there was one)
    or `worklist.FolderError`, and then nothing is open.
    """
    harden_pydicom()
    routing = Routing(settings)
    with ExitStack() as opened:
        database = opened.enter_context(closing(_open_database(settings, opening)))
        clock = SteadyClock(SystemClock())
        encryption = Encryption.of(settings)
        archive = Archive(settings.archive_folder, reserve=settings.storage.min_free_mb * MEGABYTE)
        frames = opened.enter_context(closing(FrameReader()))
        transcoder = Transcoder(frames, settings.spool_folder, archive.room_for)
        senders = senders_of(routing, settings, encryption, clock)
        forwarding = forward_senders(
            forward_targets(settings, encryption),
            gatherer_of(settings, database, archive),
            database,
            transcoder,
            clock,
        )
        outbox = Outbox(database, {**senders, **forwarding}, clock=clock)
        worklist = WorklistFolder(
            settings.worklist_folder,
            looking=opening is Opening.LOOKING,
            file_mode=shared_file_mode() if settings.worklist.folder is not None else None,
        )
        openers = ObjectOpeners(
            opened.enter_context(closing(ReportReader())),
            opened.enter_context(closing(AttachmentReader())),
            opened.enter_context(closing(PagePrinter())),
        )
        pictures = PictureReaders(
            opened.enter_context(closing(PictureReader(processes=2))),
            opened.enter_context(closing(AheadReader())),
        )
        stores = Stores(
            database,
            archive,
            outbox,
            worklist,
            openers,
            transcoder,
            pictures,
            encryption,
        )
        yield wire(settings, routing, stores, clock)


def _open_database(settings: Settings, opening: Opening) -> Database:
    """Open the database; folders are made by the service, or where an installation was found."""
    if opening is Opening.MAKING:
        must_not_be_lost(settings)
        make_database(settings)
        return Database(settings.database_url)
    find_installation(settings)
    try:
        found = Database(settings.database_url, looking=True)
    except NoInstallation:
        must_not_be_lost(settings)
        raise
    if opening is Opening.LOOKING:
        return found
    found.close()
    make_folders(settings)
    return Database(settings.database_url)
