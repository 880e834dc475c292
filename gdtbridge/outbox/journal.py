"""How far each delivery is, noted in the database before a sender goes on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from gdtbridge.database import Database
from gdtbridge.durable.mounts import Place
from gdtbridge.outbox import store
from gdtbridge.outbox.model import DeliveryState
from gdtbridge.outbox.places import DeliveryPlace


class DatabaseJournal:
    """The `DeliveryJournal` of messages in the table ``outbox``; calls return after the commit."""

    def __init__(self, database: Database, place: DeliveryPlace | None = None) -> None:
        self._database = database
        self._place = place

    def unproven(self, opened: Path, found: Place | None) -> str:
        """Return why nothing may be done in the folder ``opened``; empty where it is the place."""
        return self._place.unproven(opened, found) if self._place is not None else ""

    def writing(self, names: Mapping[int, str]) -> AbstractSet[int]:
        """Note that the temporary files may exist from now on; return whose were not taken back.

        A cut of power may take the note: then a file is nobody's, and goes with those of nobody.
        """
        with self._database.write(synced=False) as connection:
            there = {number for number in names if store.is_there(connection, number)}
            for number in there:
                values = {"state": DeliveryState.WRITING, "temporary_name": names[number]}
                store.change(connection, number, **values)
        return there

    def renaming(self, messages: Collection[int]) -> None:
        """Note that the temporary files are complete and may be renamed from now on."""
        with self._database.write() as connection:
            for number in messages:
                store.change(connection, number, state=DeliveryState.RENAMING)

    def another_name(self, message: int) -> str:
        """Give the message its next final name; empty where it was taken back."""
        with self._database.write() as connection:
            if not store.is_there(connection, message):
                return ""
            return store.rename(connection, message)
