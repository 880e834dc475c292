"""Objects that say the same and are of several orders: a person says which are of which."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from gdtbridge.archive import Archive
from gdtbridge.database import Connection
from gdtbridge.exams import claim_store
from gdtbridge.exams.model import Claim


def split(
    connection: Connection,
    archive: Archive,
    claims: Iterable[Claim],
    wanted: AbstractSet[int],
    order: str,
) -> None:
    """Let some instances of claims that were decided just now be for an order of their own.

    They get a claim that says the same; a claim all of which is wanted is for the order itself.
    What comes later and says the same is of the first order.
    """
    for one in claims:
        every = archive.of_claims(connection, [one.id])
        mine = {version.sop_instance_uid for version in every if version.id in wanted}
        moved = [version.id for version in every if version.sop_instance_uid in mine]
        if len(moved) == len(every):
            claim_store.update_claims(connection, [one.id], order_word=order)
            continue
        if moved:
            part = claim_store.insert_part(connection, one.id, order)
            for instance_id in moved:
                archive.assign(connection, instance_id, part)
