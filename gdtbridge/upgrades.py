"""How the schema came to be what it is: one step from each version to the next.

A step says what changed in ``gdtbridge.database`` and never changes again itself. New tables need
no step: they are made before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.engine import Connection


def _to_2(op: Operations) -> None:
    """Remember who ordered, which device sent, where results went and which values were sent."""
    for table, column in (
        ("order_reference", "ordered_by"),
        ("order_reference", "route"),
        ("exam", "device"),
        ("exam", "route"),
        ("report", "sent"),
    ):
        op.add_column(table, sa.Column(column, sa.Text, nullable=False, server_default=""))


def _to_3(op: Operations) -> None:
    """Let an order say what its worklist entry says, and whether the list has been told."""
    for column in ("physician", "scheduled", "created"):
        op.add_column("placed_order", sa.Column(column, sa.Text, nullable=False, server_default=""))
    op.add_column("placed_order", sa.Column("listing", sa.Text))
    unlisted = sa.column("listing").is_not(None)
    op.create_index(
        "ix_placed_order_unlisted",
        "placed_order",
        ["id"],
        sqlite_where=unlisted,
        postgresql_where=unlisted,
    )
    op.create_index("ix_placed_order_patient_id", "placed_order", ["patient_id"])


STEPS: Final[Mapping[int, Callable[[Operations], None]]] = MappingProxyType({2: _to_2, 3: _to_3})
"""By the version each leads to."""


def upgrade(connection: Connection, found: int, wanted: int) -> None:
    """Take every step after version ``found`` up to ``wanted``, in the caller's transaction."""
    operations = Operations(MigrationContext.configure(connection))
    for version in range(found + 1, wanted + 1):
        STEPS[version](operations)
