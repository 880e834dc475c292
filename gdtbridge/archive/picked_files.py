"""Files of pick-up folders that lie there and are done with: taken, refused, or out of reach.

What was taken is known by its bytes wherever it comes from; this memory saves reading it again and
again, and keeps an old file from being taken for a device's last word.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Database
from gdtbridge.schema import picked_file

_LONE: Final = re.compile("[\ud800-\udfff]")
"""What stands in a name for bytes that are no UTF-8 (PEP 383), or no UTF-16."""
_AT_ONCE: Final = 500
"""Rows of one statement."""


class PickOutcome(StrEnum):
    """What became of a file of a pick-up folder that lies there still."""

    TAKEN = "taken"
    REFUSED = "refused"
    STUCK = "stuck"
    """It cannot be read."""


@dataclass(frozen=True, slots=True)
class PickedFile:
    """A version of a file, and what became of it; the name is `storable`.

    ``reason`` is told to a person; empty where nobody has to know.
    """

    name: str
    size: int
    modified_ns: int
    outcome: PickOutcome
    reason: str
    since: float
    """UTC seconds."""


class PickupMemory:
    """What is known of the files of pick-up folders; in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, folder: Path) -> dict[str, PickedFile]:
        """Return what is known of a folder's files, by name; raise a `DatabaseError`."""
        here = picked_file.c.folder == storable(str(folder))
        with self._database.read() as connection:
            rows = connection.execute(_QUERY.where(here)).all()
        return {row.name: _file(row) for row in rows}

    def told(self) -> list[tuple[str, PickedFile]]:
        """Return the folder and the files of which a person has to know, by folder and name."""
        query = _QUERY.where(picked_file.c.reason != "")
        order = picked_file.c.folder, picked_file.c.reason, picked_file.c.name
        with self._database.read() as connection:
            return [(row.folder, _file(row)) for row in connection.execute(query.order_by(*order))]

    def note(self, folder: Path, files: Collection[PickedFile], gone: Iterable[str] = ()) -> None:
        """Remember these files of a folder, and forget those by the names in ``gone``.

        Not synced: what a power cut takes is found out again. Raises a `DatabaseError`.
        """
        place = storable(str(folder))
        rows = [
            {
                "id": _id(place, one.name),
                "folder": place,
                "name": one.name,
                "size": one.size,
                "modified_ns": one.modified_ns,
                "outcome": one.outcome.value,
                "reason": one.reason,
                "since": one.since,
            }
            for one in files
        ]
        old = [_id(place, name) for name in gone] + [str(row["id"]) for row in rows]
        with self._database.write(synced=False) as connection:
            for start in range(0, len(old), _AT_ONCE):
                ids = old[start : start + _AT_ONCE]
                connection.execute(sa.delete(picked_file).where(picked_file.c.id.in_(ids)))
            if rows:
                connection.execute(sa.insert(picked_file), rows)


def storable(name: str) -> str:
    """Return a name of a file system as text of Unicode: what is none is escaped."""
    if not _LONE.search(name):
        return name
    return _LONE.sub(lambda one: f"\\u{ord(one[0]):04x}", name)


_QUERY: Final = sa.select(
    picked_file.c.folder,
    picked_file.c.name,
    picked_file.c.size,
    picked_file.c.modified_ns,
    picked_file.c.outcome,
    picked_file.c.reason,
    picked_file.c.since,
)


def _file(row: Sequence[Any]) -> PickedFile:
    _, name, size, modified_ns, outcome, reason, since = row
    return PickedFile(name, size, modified_ns, PickOutcome(outcome), reason, since)


def _id(folder: str, name: str) -> str:
    return hashlib.sha256(f"{folder}\0{name}".encode()).hexdigest()
