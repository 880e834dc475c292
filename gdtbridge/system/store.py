"""How many rows are in which state: counts alone, nothing of what is in them."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.schema import (
    claim,
    commitment,
    exam,
    forward_copy,
    instance,
    outbox,
    performed_step,
    placed_order,
    report,
)

_COUNTED: Final = (
    (exam, (exam.c.state,)),
    (claim, (claim.c.state, claim.c.held_because)),
    (placed_order, (placed_order.c.state,)),
    (report, (report.c.state,)),
    (performed_step, (performed_step.c.state,)),
    (outbox, (outbox.c.destination, outbox.c.state)),
    (forward_copy, (forward_copy.c.state,)),
    (commitment, (commitment.c.state,)),
    (instance, (instance.c.standing,)),
)
"""Tables, and the columns whose words are counted: those of ours, never of a device or a person."""


def counts_by_state(connection: Connection) -> dict[str, dict[str, int]]:
    """Return for each table how many rows there are in each state."""
    found: dict[str, dict[str, int]] = {}
    for table, columns in _COUNTED:
        query = sa.select(*columns, sa.func.count()).group_by(*columns).order_by(*columns)
        rows = connection.execute(query)
        found[table.name] = {" ".join(map(str, row[:-1])).strip(): row[-1] for row in rows}
    return found
