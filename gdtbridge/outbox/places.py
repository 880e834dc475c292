"""The place of a destination's files: remembered when the first arrived, compared before each.

An empty mount point takes files as readily as the share. The rows of `_judge` are those of
"Proof of place" in ``docs/reference/outbox.md``.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa

from gdtbridge.database import Connection, Database
from gdtbridge.durable import Clock
from gdtbridge.durable.files import PREFIX, FileComparison, compare, reason_of, write_over
from gdtbridge.durable.modes import shared_file_mode
from gdtbridge.durable.mounts import AUTOFS, Place, declared, entered, lacking_mount
from gdtbridge.outbox import store
from gdtbridge.outbox.model import PlaceProblem, PlaceQuestion
from gdtbridge.schema import delivery_place as table
from gdtbridge.statement import Statement

log = logging.getLogger(__name__)

PLACE_WITNESS: Final = f"{PREFIX}place.tmp"
"""Name of the file that tells a folder where the system does not; one for all who share it."""
_MOST_WITNESS: Final = 64
"""Bytes of it that are read."""


class _KnownPlace(NamedTuple):
    """What the database knows of a destination's place."""

    place: str | None
    problem: str
    since: float | None
    found: str | None


_KNOWN: Final = Statement(
    sa.select(*(table.c[name] for name in _KnownPlace._fields)).where(
        table.c.destination == sa.bindparam("to"), table.c.folder == sa.bindparam("at")
    )
)


class DeliveryPlace:
    """Where the files of one destination go."""

    def __init__(
        self, database: Database, destination: str, folder: Path, clock: Clock, root: Path
    ) -> None:
        """Compare ``folder``; what should be mounted is read below ``root``."""
        self._database = database
        self._destination = destination
        self._folder = folder
        self._clock = clock
        self._root = root
        self._found: Place | None = None
        self._remembered: Place | None = None

    def look(self) -> str:
        """Return why no file may go into the folder now; remember nothing for the first time."""
        return self._seen(self.unproven)

    def misplaced(self) -> str:
        """Return the same and note nothing, for who only looks."""
        row = self._row()
        return self._seen(lambda opened, found: _reason(self._judge(row, opened, found)[0], found))

    def _seen(self, judge: Callable[[Path, Place | None], str]) -> str:
        try:
            with entered(self._folder) as (opened, found):
                return judge(opened, found)
        except (FileNotFoundError, NotADirectoryError):
            return judge(self._folder, None)
        except OSError as error:
            return reason_of(error)

    def unproven(self, opened: Path, found: Place | None) -> str:
        """Return why nothing may be done in the folder ``opened``; empty where it is the place.

        It is at ``found``, None where there is no folder. What changed is noted.
        """
        row = self._row()
        problem, remembered = self._judge(row, opened, found)
        self._found, self._remembered = found, remembered
        self._note(row, problem, found)
        if remembered is not None and (row is None or row.place != _json(remembered)):
            self._remember(remembered)
        if problem is None and remembered is not None and remembered.witness:
            self._renew_witness(opened, remembered.witness)
        return _reason(problem, found)

    def proven(self) -> None:
        """Remember the place, where a file has just arrived, unless that has been done."""
        known, found = self._remembered, self._found
        if found is None or (known is not None and bool(known.witness) == found.vague):
            return
        with suppress(OSError), entered(self._folder) as (opened, now):
            if now.instance == found.instance:
                self._remember(self._witnessed(found, opened))
                log.info("outbox %s: remembers its place, %s", self._destination, found.words)

    def _judge(
        self, row: _KnownPlace | None, opened: Path, found: Place | None
    ) -> tuple[PlaceProblem | None, Place | None]:
        """Return what is wrong with the place, and what is to be remembered of it; note nothing.

        ``row`` is what is known of it.
        """
        remembered = _place(row.place) if row is not None else None
        if found is None or found.kind == AUTOFS:
            return PlaceProblem.MISSING, remembered
        if remembered is None:
            lacks = lacking_mount(self._folder, found, declared(self._root))
            return (PlaceProblem.MISSING if lacks else None), None
        if remembered.agrees(found):
            return _judge_witness(remembered, found, _witness(opened) if found.vague else "")
        if remembered.below(found) or (remembered.network and not found.network):
            return PlaceProblem.MISSING, remembered
        if any(one.is_at(found) for one in declared(self._root)) or self._last_lies(opened):
            log.warning("outbox %s: its folder is at %s now", self._destination, found.words)
            return None, found
        return PlaceProblem.CHANGED, remembered

    def _last_lies(self, opened: Path) -> bool:
        """Return whether the file that arrived last still lies here: the files were moved along."""
        with self._database.read() as connection:
            last = store.last_delivered(connection, self._destination)
        if last is None or not last.payload or not last.final_name:
            return False
        return compare(opened / last.final_name, last.payload) is FileComparison.SAME

    def _witnessed(self, place: Place, opened: Path) -> Place:
        """Return the place with a witness where it needs one; write that if it is not there."""
        if not place.vague:
            return place
        token = _witness(opened) or secrets.token_hex(16)
        self._write_witness(opened, token)
        return replace(place, witness=token)

    def _renew_witness(self, opened: Path, token: str) -> None:
        """Write the witness anew that somebody removed under the same mount."""
        if _witness(opened) != token:
            log.warning("outbox %s: %s was removed, renewed", self._destination, PLACE_WITNESS)
            self._write_witness(opened, token)

    def _write_witness(self, opened: Path, token: str) -> None:
        try:
            write_over(opened / PLACE_WITNESS, token.encode("ascii"), mode=shared_file_mode())
        except OSError as error:
            log.warning("outbox %s: no witness (%s)", self._destination, reason_of(error))

    def _row(self) -> _KnownPlace | None:
        """Return what is known, if the settings name the same folder still."""
        with self._database.read() as connection:
            row = _KNOWN.first(connection, to=self._destination, at=str(self._folder))
        return _KnownPlace(*row) if row is not None else None

    def _note(
        self, row: _KnownPlace | None, problem: PlaceProblem | None, found: Place | None
    ) -> None:
        """Record that a problem begins, is another one or ends; log it once."""
        before = row.problem if row is not None else ""
        there = _json(found) if problem else None
        if (before, row.found if row is not None else None) == (problem or "", there):
            return
        since = self._clock.utc() if problem and before != problem else None
        if problem and since is None and row is not None:
            since = row.since
        self._save(problem=problem or "", since=since, found=there)
        if problem and before != problem:
            what = found.words if found is not None else "no folder"
            log.info("outbox %s: %s, found %s", self._destination, problem, what)
        elif before and not problem:
            log.info("outbox %s: its folder is the right one again", self._destination)

    def _remember(self, place: Place) -> None:
        self._save(place=_json(place))

    def _save(self, **values: object) -> None:
        with self._database.write() as connection:
            here = table.c.destination == self._destination
            same = table.c.folder == str(self._folder)
            if not connection.execute(sa.update(table).where(here, same).values(**values)).rowcount:
                connection.execute(sa.delete(table).where(here))
                named = {"destination": self._destination, "folder": str(self._folder)}
                connection.execute(sa.insert(table).values(**named, **values))


def _reason(problem: PlaceProblem | None, found: Place | None) -> str:
    if problem is None:
        return ""
    if found is None:
        return "folder is missing"
    missing = problem is PlaceProblem.MISSING
    return "folder is not mounted" if missing else "folder is another one than before"


def _judge_witness(
    remembered: Place, found: Place, witness: str
) -> tuple[PlaceProblem | None, Place]:
    """Judge a place the system knows again by what its witness says, where that is needed."""
    same = replace(found, witness=remembered.witness)
    if witness == remembered.witness or remembered == same:
        return None, same
    return (PlaceProblem.CHANGED if witness else PlaceProblem.MISSING), remembered


def place_questions(connection: Connection) -> list[PlaceQuestion]:
    """Return the destinations whose folder is not where it was."""
    query = sa.select(table).where(table.c.problem != "").order_by(table.c.destination)
    return [
        PlaceQuestion(
            row.destination,
            row.folder,
            PlaceProblem(row.problem),
            row.since,
            _words(_place(row.place)),
            _words(_place(row.found)),
        )
        for row in connection.execute(query)
    ]


def accept(connection: Connection, destination: str) -> None:
    """Let what was found last be the place of a destination."""
    values = {"place": table.c.found, "found": None, "problem": "", "since": None}
    here = (table.c.destination == destination, table.c.found.is_not(None))
    connection.execute(sa.update(table).where(*here).values(**values))


def _witness(opened: Path) -> str:
    """Return what the witness of a folder says, empty where there is none."""
    try:
        with (opened / PLACE_WITNESS).open("rb") as file:
            return file.read(_MOST_WITNESS).decode("ascii", "replace")
    except FileNotFoundError:
        return ""


def _json(place: Place | None) -> str | None:
    return None if place is None else json.dumps(asdict(place))


def _place(text: str | None) -> Place | None:
    return None if text is None else Place(**json.loads(text))


def _words(place: Place | None) -> str:
    return place.words if place is not None else ""
