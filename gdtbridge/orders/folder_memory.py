"""What is remembered of order folders: files that are left alone, and who was us so far.

Before schema 6 every order in a folder was taken, whoever it was addressed to (8315). An update
adopts those ids, read once from the files that were taken, so that no order stays away; new
installations ask for their own.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Database
from gdtbridge.gdt.errors import NotGdtError
from gdtbridge.gdt.read.reader import BEGINNING, read_beginning
from gdtbridge.gdt.text import printable
from gdtbridge.orders.model import LeftFile
from gdtbridge.schema import left_file, order_file, order_receiver, order_reference, placed_order

log = logging.getLogger(__name__)

MOST_FILES: Final = 5000
"""So many of the newest files that were taken are read."""
_TOKEN: Final = re.compile(r"-([0-9a-f]{16})(?:\.[^.]*)?")


class FolderMemory:
    """Remembers in the database; see `gdtbridge.folders.ports.FolderMemoryPort`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def left(self, route: str) -> list[LeftFile]:
        """Return the files of a route's folder that were told to be left alone."""
        query = sa.select(left_file.c.name, left_file.c.reason, left_file.c.since)
        with self._database.read() as connection:
            rows = connection.execute(query.where(left_file.c.route == route)).all()
        return [LeftFile(*row) for row in rows]

    def all_left(self) -> list[tuple[str, LeftFile]]:
        """Return every file that is left alone with the route whose folder it lies in, by name."""
        columns = (left_file.c.route, left_file.c.name, left_file.c.reason, left_file.c.since)
        query = sa.select(*columns).order_by(left_file.c.route, left_file.c.name)
        with self._database.read() as connection:
            return [(row[0], LeftFile(*row[1:])) for row in connection.execute(query)]

    def leave(self, route: str, files: Sequence[LeftFile]) -> None:
        """Remember which files of a route's folder are left alone, instead of what was before."""
        rows = [
            {"route": route, "name": one.name, "reason": one.reason, "since": one.since}
            for one in files
        ]
        with self._database.write() as connection:
            connection.execute(sa.delete(left_file).where(left_file.c.route == route))
            if rows:
                connection.execute(sa.insert(left_file), rows)

    def receivers(self, route: str) -> list[str]:
        """Return the ids (8315) of the orders that were taken before schema 6, in their order."""
        of_route = sa.or_(order_receiver.c.route.is_(None), order_receiver.c.route == route)
        query = sa.select(order_receiver.c.receiver).where(
            of_route, order_receiver.c.receiver != ""
        )
        with self._database.read() as connection:
            return sorted(set(connection.execute(query).scalars()))

    def adopt_receivers(self, taken: Path) -> None:
        """Enter the ids of the files below ``taken``, once after the update that asks for ids.

        The route is that of the file's orders; an id of a file without any counts everywhere.
        """
        unread = order_receiver.c.receiver == ""
        with self._database.read() as connection:
            if connection.execute(sa.select(order_receiver).where(unread)).first() is None:
                return
            query = (
                sa.select(order_file.c.token, order_reference.c.route)
                .join(
                    placed_order, placed_order.c.accession_number == order_file.c.accession_number
                )
                .join(order_reference, order_reference.c.order_id == placed_order.c.id)
            )
            routes = {row.token: row.route for row in connection.execute(query)}
        found = {(routes.get(token), receiver) for token, receiver in _receivers(taken)}
        rows = [{"route": route, "receiver": receiver} for route, receiver in found]
        with self._database.write() as connection:
            connection.execute(sa.delete(order_receiver).where(unread))
            if rows:
                connection.execute(sa.insert(order_receiver), rows)
        log.info("%d receivers of orders taken so far are kept", len(rows))


def _receivers(taken: Path) -> Iterator[tuple[str, str]]:
    """Yield token and receiver of the newest files below ``taken``, as far as they name one."""
    days = sorted((one for one in taken.glob("*") if one.is_dir()), reverse=True)
    files = [file for day in days for file in day.iterdir()]
    for file in files[:MOST_FILES]:
        try:
            with file.open("rb") as opened:
                records = read_beginning(opened.read(BEGINNING))
        except (OSError, NotGdtError):
            continue  # a text beside a file, too
        token = _TOKEN.search(file.name)
        for record in records:
            if receiver := printable(record.first("8315") or ""):
                yield (token[1] if token else ""), receiver
