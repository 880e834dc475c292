"""What can be looked at: pictures and metadata, on wish and ahead of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gdtbridge.core.stores import Stores
from gdtbridge.durable import Clock
from gdtbridge.retrieve import metadata_ahead
from gdtbridge.retrieve.finder import ArchiveFinder
from gdtbridge.retrieve.metadata import ObjectMetadata
from gdtbridge.retrieve.metadata_ahead import MetadataAhead
from gdtbridge.retrieve.metadata_memory import SHARE_OF_PICTURES, MetadataMemory
from gdtbridge.retrieve.web_archive import WebArchive
from gdtbridge.retrieve.web_frames import WebFrames
from gdtbridge.retrieve.web_search import WebSearch
from gdtbridge.settings import MEGABYTE, Settings
from gdtbridge.viewing import StoredPictures
from gdtbridge.viewing.ahead import PicturesAhead
from gdtbridge.viewing.arrived import ArrivedObjects
from gdtbridge.viewing.cache import DiskCache
from gdtbridge.viewing.memory import PictureMemory


@dataclass(frozen=True, slots=True)
class PictureParts:
    """What can be looked at, wired: for people and for the web."""

    stored: StoredPictures
    ahead: PicturesAhead
    metadata: ObjectMetadata
    metadata_ahead: MetadataAhead
    web_archive: WebArchive
    web_frames: WebFrames


def picture_parts(
    settings: Settings,
    stores: Stores,
    finder: ArchiveFinder,
    is_receiving: Callable[[], bool],
    clock: Clock,
) -> PictureParts:
    """Return what can be looked at; nothing is made ahead while objects are being received."""
    database, transcoder = stores.database, stores.transcoder
    stored, ahead = stored_pictures(settings, stores)
    metadata = object_metadata(settings, stores)
    arrived = ArrivedObjects(
        database,
        is_receiving,
        clock,
        back=metadata_ahead.BACK,
        quiet=metadata_ahead.QUIET_SECONDS,
    )
    return PictureParts(
        stored,
        PicturesAhead(ArrivedObjects(database, is_receiving, clock), ahead),
        metadata,
        MetadataAhead(arrived, database, stores.archive.folder, metadata),
        WebArchive(WebSearch(finder), finder, metadata, transcoder),
        WebFrames(stored, transcoder.frames, metadata),
    )


def stored_pictures(settings: Settings, stores: Stores) -> tuple[StoredPictures, StoredPictures]:
    """Return what can be looked at, for who looks now and for who makes pictures ahead."""
    most = settings.pictures.cache_mb * MEGABYTE
    memory = PictureMemory(DiskCache(settings.picture_folder, most, stores.archive.room_for))
    at_once, ahead = (
        StoredPictures(stores.database, stores.archive, reader, stores.openers.pictures, memory)
        for reader in (stores.pictures.at_once, stores.pictures.ahead)
    )
    return at_once, ahead


def object_metadata(settings: Settings, stores: Stores) -> ObjectMetadata:
    """Return the metadata of objects."""
    most = settings.pictures.cache_mb * MEGABYTE // SHARE_OF_PICTURES
    cache = DiskCache(settings.metadata_folder, most, stores.archive.room_for)
    return ObjectMetadata(MetadataMemory(cache), settings.spool_folder)
