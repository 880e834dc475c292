"""What the core stands on: database, folders, and who opens received files."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.archive import Archive
from gdtbridge.database import Database
from gdtbridge.outbox import Outbox
from gdtbridge.pictures.picture_reader import AheadReader, PictureReader
from gdtbridge.results.gathering import ObjectOpeners
from gdtbridge.retrieve.transcoding import Transcoder
from gdtbridge.settings.encryption import Encryption
from worklist import WorklistFolder


@dataclass(frozen=True, slots=True)
class PictureReaders:
    """Who opens objects that are looked at: at once, and ahead of anybody's wish."""

    at_once: PictureReader
    ahead: AheadReader


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the core keeps its facts, and who opens received files; the maker closes them."""

    database: Database
    archive: Archive
    outbox: Outbox
    worklist: WorklistFolder
    openers: ObjectOpeners
    transcoder: Transcoder
    pictures: PictureReaders
    encryption: Encryption
