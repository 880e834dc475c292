"""What objects are listed by in answers to queries: parts of their heads, as sent.

An object's row is written in the transaction of its arrival. Those an older program received are
read from their files in the background, the newest first; until then they are listed without.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection, Database
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.header import Header, read_header
from gdtbridge.schema import instance, instance_head
from gdtbridge.statement import Statement

log = logging.getLogger(__name__)

KEYWORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "modality": "Modality",
        "series_number": "SeriesNumber",
        "instance_number": "InstanceNumber",
        "series_description": "SeriesDescription",
        "series_date": "SeriesDate",
        "series_time": "SeriesTime",
        "content_date": "ContentDate",
        "content_time": "ContentTime",
        "study_id": "StudyID",
        "referring_physician": "ReferringPhysicianName",
        "institution": "InstitutionName",
        "station": "StationName",
        "manufacturer": "Manufacturer",
        "model": "ManufacturerModelName",
        "body_part": "BodyPartExamined",
        "frames": "NumberOfFrames",
        "rows": "Rows",
        "columns": "Columns",
        "bits": "BitsAllocated",
    }
)
"""DICOM keyword of each column."""
LONGEST: Final = 256
"""Characters kept of a value: more than any of them may have (PS3.5 Table 6.2-1)."""
MADE: Final = sa.func.coalesce(instance_head.c.content_date + instance_head.c.content_time, "")
"""Sort key of when an object was made, as its device says; empty where that is not known.

Of several reports of an exam the one made last counts, of those made at once the one that came
last: what failed on the way and is sent once more is no correction. Who asks joins the table.
"""


def made_at(head: Mapping[str, str]) -> str:
    """Return the same key of what an object's head says, by DICOM keyword."""
    day, time = head["ContentDate"], head["ContentTime"]
    return f"{day}{time}" if day and time else ""


_AT_ONCE: Final = 100
"""Files read for one transaction."""

_ENTER: Final = Statement(
    sa.insert(instance_head).values(
        {name: sa.bindparam(name) for name in ("instance_id", *KEYWORDS)}
    )
)
_NEWEST: Final = Statement(sa.select(sa.func.max(instance.c.id)))
_WITHOUT: Final = Statement(
    sa.select(instance.c.id, instance.c.file, instance.c.transfer_syntax_uid)
    .where(
        instance.c.id < sa.bindparam("before"),
        ~sa.exists().where(instance_head.c.instance_id == instance.c.id),
    )
    .order_by(instance.c.id.desc())
    .limit(_AT_ONCE)
)


def enter(connection: Connection, instance_id: int, header: Header) -> None:
    """Enter what an object is listed by."""
    said = {name: getattr(header, word)[:LONGEST] for name, word in KEYWORDS.items()}
    _ENTER.run(connection, instance_id=instance_id, **said)


def enter_missing(database: Database, folder: Path) -> Iterator[int]:
    """Enter what the objects are listed by that have no row, as their files below ``folder`` say.

    Yields after each transaction how many it entered; a caller may stop there. A file that cannot
    be read is left out.
    """
    with database.read() as connection:
        before = int(_NEWEST.value(connection) or 0) + 1
    while True:
        with database.read() as connection:
            found = _WITHOUT.rows(connection, before=before)
        if not found:
            return
        before = found[-1][0]
        heads = dict(_heads(folder, found))
        with database.write(synced=False, seen=False) as connection:
            for number, header in heads.items():
                enter(connection, number, header)
        yield len(heads)


def _heads(folder: Path, found: Sequence[Sequence[Any]]) -> Iterator[tuple[int, Header]]:
    for number, file, syntax in found:
        try:
            yield number, read_header(folder / file, syntax)
        except (OSError, DatasetError):
            log.warning("instance %d cannot be read: it is listed without its details", number)
