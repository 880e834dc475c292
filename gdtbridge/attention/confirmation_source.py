"""Archives that do not confirm what they were sent, and those that have lost it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gdtbridge.attention.model import MOST_OF_A_KIND, AttentionItem
from gdtbridge.confirmation import store
from gdtbridge.confirmation.book import Confirmations
from gdtbridge.confirmation.model import ConfirmingArchive
from gdtbridge.confirmation.store import LostCopies, UnconfirmedCopies
from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock


@dataclass(frozen=True, slots=True)
class ConfirmationSource:
    """Archives copies go to: whether they say that they keep them, and what they have lost."""

    name: ClassVar = "confirmations"
    codes: ClassVar = frozenset({"forward-unconfirmed", "forward-lost"})

    database: Database
    book: Confirmations
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item for each archive, and one for each study it lost objects of."""
        now = self.clock.utc()
        with self.database.read() as connection:
            lost = store.lost(connection, MOST_OF_A_KIND)
            late = [
                (one, found)
                for one in self.book.archives
                if (
                    found := store.unconfirmed(
                        connection, one.aet, now - one.patience, MOST_OF_A_KIND
                    )
                )
            ]
        return [*map(_lost, lost), *(_late(one, found) for one, found in late)]


def _lost(found: LostCopies) -> AttentionItem:
    counts = found.lost, found.accepted
    told = (
        "{} hat {} von {} Objekten nicht, die sie angenommen hat / does not have {} of {} objects "
        "it accepted"
    )
    return AttentionItem(
        "forward-lost",
        f"copies:{found.study_instance_uid}@{found.destination}",
        found.since,
        detail=told.format(found.destination, *counts, *counts),
        names={"peer": found.destination, "study": found.study_instance_uid},
    )


def _late(archive: ConfirmingArchive, found: UnconfirmedCopies) -> AttentionItem:
    more = "+" if found.copies == MOST_OF_A_KIND else ""
    return AttentionItem(
        "forward-unconfirmed",
        f"unconfirmed:{archive.aet}",
        found.since,
        detail=f"{archive.aet}: {found.copies}{more} [{found.reason}]",
        names={"peer": archive.aet, "way": str(archive.way)},
    )
