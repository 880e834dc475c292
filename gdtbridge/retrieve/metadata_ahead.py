"""Metadata read ahead of anybody's wish: a viewer's first question is answered at once.

Of what arrives while the service runs and of what arrived last before, some objects at a time, and
never while something is being received.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from gdtbridge.database import Database
from gdtbridge.retrieve import store
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.metadata import MetadataHindered, ObjectMetadata
from gdtbridge.retrieve.store import StoredHead
from gdtbridge.viewing.arrived import ArrivedObjects
from gdtbridge.viewing.store import bytes_key

LOOK_SECONDS: Final = 2.0
"""How often is looked for what arrived."""
QUIET_SECONDS: Final = 1.0
"""How long nothing has arrived when it begins: a viewer may be opened as soon as all is there."""
AT_ONCE: Final = 20
"""Objects that are read before it looks again whether something arrives: they take some 5 ms."""
PAUSE_SECONDS: Final = 0.05
"""How long it leaves the processor to others after that."""
BACK: Final = 1000
"""Objects before the newest it begins with: a stop may have come before their turn."""


class MetadataAhead:
    """Has the metadata read of what arrived, when nothing else is to be done."""

    def __init__(
        self, arrived: ArrivedObjects, database: Database, folder: Path, metadata: ObjectMetadata
    ) -> None:
        """Read files below ``folder`` of what the index of ``database`` lists."""
        self._arrived, self._metadata = arrived, metadata
        self._database, self._folder = database, folder

    def work(self) -> float | None:
        """Read what is missing of the next objects that arrived, where nothing arrives now.

        Returns how soon to go on where there may be more to do. Raises `DatabaseError`.
        """
        numbers = self._arrived.next(AT_ONCE)
        if not numbers:
            return None
        with self._database.read() as connection:
            heads = store.heads_of(connection, numbers)
        with suppress(MetadataHindered):  # who asks for them has them read
            self._metadata.unreadable(map(self._as_stored, heads))
        return PAUSE_SECONDS

    def _as_stored(self, one: StoredHead) -> LeavingObject:
        return LeavingObject(
            file=self._folder / one.file,
            SOPClassUID=one.SOPClassUID,
            SOPInstanceUID=one.SOPInstanceUID,
            TransferSyntaxUID=one.TransferSyntaxUID,
            said={},
            decided={},
            manufacturer=one.Manufacturer,
            key=bytes_key(one.sha256, one.TransferSyntaxUID),
        )
