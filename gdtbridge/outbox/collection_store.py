"""Statements on collected files: rows of ``outbox`` that were delivered as files of ``gdt``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.outbox.model import LyingFiles
from gdtbridge.outbox.store import change
from gdtbridge.schema import outbox as table
from gdtbridge.schema import outbox_uncollected
from gdtbridge.statement import Statement

DAYS: Final = 14
"""What lies longer is left to whoever lets it lie."""


@dataclass(frozen=True, slots=True)
class LyingFile:
    """A delivered file nobody has seen to be collected."""

    id: int
    final_name: str
    delivered_at: float
    """UTC, in seconds."""


_HERE: Final = table.c.destination == sa.bindparam("destination")
_SINCE: Final = table.c.delivered_at > sa.bindparam("since")
_UNCOLLECTED: Final = Statement(
    sa.select(table.c.id, table.c.final_name, table.c.delivered_at)
    .where(_HERE, outbox_uncollected, _SINCE)
    .order_by(table.c.delivered_at.desc(), table.c.id.desc())
    .limit(sa.bindparam("most"))
)
_COUNT: Final = Statement(
    sa.select(sa.func.count(), sa.func.min(table.c.delivered_at)).where(
        _HERE, outbox_uncollected, _SINCE
    )
)
_LAST: Final = Statement(
    sa.select(sa.func.max(table.c.collected_at)).where(
        _HERE, _SINCE, table.c.collected_at.is_not(None)
    )
)


def uncollected(
    connection: Connection, destination: str, since: float, most: int
) -> list[LyingFile]:
    """Return the files delivered ``since`` then that were not collected yet, the newest first."""
    rows = _UNCOLLECTED.rows(connection, destination=destination, since=since, most=most)
    return [LyingFile(*row) for row in rows]


def collected(connection: Connection, messages: Iterable[int], now: float) -> None:
    """Note that the files of messages are gone from their folder."""
    for number in messages:
        change(connection, number, collected_at=now)


def lying_files(connection: Connection, destination: str, since: float) -> LyingFiles:
    """Return how many files delivered ``since`` then lie in the folder of a destination."""
    wanted = {"destination": destination, "since": since}
    count, oldest = _COUNT.first(connection, **wanted) or (0, None)
    return LyingFiles(count, oldest, _LAST.value(connection, **wanted))
