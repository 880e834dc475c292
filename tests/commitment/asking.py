"""Commitment requests as the core sees them, and the answers that wait in the outbox."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa

from gdtbridge.commitment import CommitmentReport, CommitmentRequest, ReferencedInstance
from gdtbridge.outbox import COMMITMENT
from gdtbridge.schema import instance, outbox
from tests.tools.elements import US_IMAGE, element, identification
from tests.tools.practice import Practice

LARGE = 100_000
"""Bytes of pixels of an object that is synced at once."""


def referenced(*uids: str, sop_class: str = US_IMAGE) -> tuple[ReferencedInstance, ...]:
    """Return instances of one SOP class."""
    return tuple(ReferencedInstance(sop_class, uid) for uid in uids)


class Asking:
    """A device in front of a practice."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self.book = practice.core.commitments

    def send(self, *uids: str, size: int = LARGE) -> None:
        """Send objects; of ``size`` 0 small ones, whose files are synced later."""
        for uid in uids:
            dataset = identification(SOPInstanceUID=uid)
            if size:
                dataset += element(0x7FE00010, b"OB", bytes(size))
            self.practice.send_dataset(dataset, SOPInstanceUID=uid)

    def ask(
        self,
        references: Iterable[ReferencedInstance],
        transaction: str = "2.25.1",
        aet: str = "US01",
    ) -> None:
        """Ask about instances."""
        self.book.request(
            CommitmentRequest(transaction, aet, "GDTBRIDGE", "127.0.0.1", tuple(references))
        )

    def wait(self, seconds: float = 0.0) -> None:
        """Let time pass, and have everything looked at."""
        self.practice.clock.turn(seconds)
        self.book.verify_due()

    def answers(self) -> list[CommitmentReport]:
        """Return the answers that wait for the device, the oldest first."""
        query = sa.select(outbox.c.payload).where(
            outbox.c.destination == COMMITMENT, outbox.c.state == "pending"
        )
        with self.practice.database.read() as connection:
            found = connection.execute(query.order_by(outbox.c.id)).scalars()
            return [CommitmentReport.of(bytes(one)) for one in found]

    def outcome(self) -> dict[str, int]:
        """Return by UID what the one answer says: 0 for kept, else the Failure Reason."""
        [answer] = self.answers()
        said = [(uid, 0) for _, uid in answer.committed]
        said += [(uid, reason) for _, uid, reason in answer.failed]
        assert len(dict(said)) == len(said)
        return dict(said)

    def file(self, uid: str) -> Path:
        """Return the file of an instance."""
        with self.practice.database.read() as connection:
            name = connection.execute(
                sa.select(instance.c.file).where(instance.c.sop_instance_uid == uid)
            ).scalar_one()
        return self.practice.archive.folder / str(name)

    def promised(self) -> set[str]:
        """Return the instances a device was promised."""
        query = sa.select(instance.c.sop_instance_uid).where(instance.c.committed_at.is_not(None))
        with self.practice.database.read() as connection:
            return set(connection.execute(query).scalars())
