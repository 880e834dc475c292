"""Copies another archive was sent, and an archive that says what a test wants it to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from gdtbridge.confirmation.book import Confirmations
from gdtbridge.confirmation.model import (
    CommitmentResult,
    Confirmation,
    ConfirmingArchive,
    ReportOutcome,
    SentCopy,
    StudyListing,
)
from gdtbridge.confirmation.ports import ArchiveInquiries
from gdtbridge.database import Connection
from gdtbridge.devices import Caller
from gdtbridge.errors import BridgeError
from gdtbridge.forward import CopyState, LeftIdentity
from gdtbridge.forward import store as copy_store
from gdtbridge.schema import exam, forward_copy, instance
from tests.tools.practice import Practice

PACS = ConfirmingArchive("PACS", Confirmation.COMMITMENT, "GDTBRIDGE", 26 * 3600.0)
AT_PACS = Caller("PACS", "127.0.0.1")


def _is_pacs(aet: str, caller: Caller) -> bool:
    return (aet, caller) == ("PACS", AT_PACS)


@dataclass
class Shelf:
    """An archive: what it keeps, and how it behaves."""

    kept: set[str] = field(default_factory=set)
    patient: str = "4711"
    status: int = 0
    error: Exception | None = None
    reports_at_once: bool = False
    reason: int = 0x0112
    asked: list[tuple[str, list[str]]] = field(default_factory=list)

    def request_commitment(
        self,
        archive: ConfirmingArchive,
        transaction_uid: str,
        copies: Sequence[SentCopy],
        take: Callable[[CommitmentResult], ReportOutcome],
        is_answered: Callable[[], bool],
    ) -> int:
        self.asked.append((transaction_uid, [one.sop_instance_uid for one in copies]))
        if self.error is not None:
            raise self.error
        if self.reports_at_once and not self.status:
            assert not is_answered()
            assert take(self.result()) is ReportOutcome.TAKEN
            assert is_answered()
        return self.status

    def result(self, number: int = -1) -> CommitmentResult:
        """Return what it says of a request it got."""
        uid, asked = self.asked[number]
        lost = {one: self.reason for one in asked if one not in self.kept}
        return CommitmentResult(uid, frozenset(asked) & self.kept, lost)

    def find_study(
        self, archive: ConfirmingArchive, study_uid: str, series_uids: Iterable[str]
    ) -> StudyListing:
        self.asked.append((study_uid, list(series_uids)))
        if self.error is not None:
            raise self.error
        return StudyListing(frozenset({self.patient} - {""}), frozenset(self.kept))


class Copies:
    """A practice that has sent its exams to an archive, which says that it has them."""

    def __init__(
        self,
        practice: Practice,
        archive: ConfirmingArchive = PACS,
        inquiries: ArchiveInquiries | None = None,
        is_archive: Callable[[str, Caller], bool] = lambda aet, who: (
            (aet, who) == ("PACS", AT_PACS)
        ),
    ) -> None:
        self.practice = practice
        self.archive = archive
        self.shelf = Shelf()
        self.inquiries = inquiries or self.shelf
        self.is_archive = is_archive
        self.sent_again: list[str] = []
        self.book = self.anew()

    def anew(self) -> Confirmations:
        """Return the book as after a restart."""
        self.book = Confirmations(
            self.practice.database,
            [self.archive],
            self.inquiries,
            self.is_archive,
            self,
            self.practice.clock,
        )
        return self.book

    def send_waiting(self, connection: Connection, aet: str, exam_ids: Iterable[int]) -> None:
        """Note what leaves again."""
        query = sa.select(instance.c.sop_instance_uid).join(
            forward_copy, forward_copy.c.instance_id == instance.c.id
        )
        here = forward_copy.c.state == CopyState.WAITING, forward_copy.c.exam_id.in_(exam_ids)
        self.sent_again += connection.execute(query.where(*here)).scalars()

    def wake(self) -> None:
        """Do nothing: a test says when copies leave."""

    def forward(self, *uids: str, study: str = "2.25.100", **values: str | bytes) -> None:
        """Receive instances of a study, and have them sent to the archive."""
        for uid in uids:
            self.practice.send(SOPInstanceUID=uid, StudyInstanceUID=study, **values)
        self.practice.clock.turn(1)
        with self.practice.database.write() as connection:
            exam_id = connection.execute(
                sa.select(exam.c.id).where(exam.c.study_instance_uid == study)
            ).scalar_one()
            rows = connection.execute(
                sa.select(instance.c.id).where(instance.c.sop_instance_uid.in_(uids))
            )
            now = self.practice.clock.utc()
            copy_store.enter(connection, exam_id, rows.scalars(), self.archive.aet, now)
            said = LeftIdentity(PatientID="4711")
            number = copy_store.identity_id(connection, said)
            connection.execute(sa.update(forward_copy).values(identity_id=number))
        self.deliver()

    def deliver(self) -> None:
        """Have everything that waits sent; the archive says 0000."""
        with self.practice.database.write() as connection:
            connection.execute(
                sa.update(forward_copy)
                .where(forward_copy.c.state == CopyState.WAITING)
                .values(state=CopyState.SENT, sent_at=self.practice.clock.utc())
            )

    def ask(self, seconds: float = 11.0) -> float | None:
        """Let time pass and ask about what is due."""
        self.practice.clock.turn(seconds)
        return self.book.ask_due(self.archive)

    def report(self, number: int = -1, caller: Caller = AT_PACS) -> ReportOutcome:
        """Have the archive report on a request."""
        return self.book.take_report(caller, self.shelf.result(number))

    def states(self) -> dict[str, str]:
        """Return the state of each copy by SOP Instance UID; of a confirmed one, by what."""
        query = sa.select(
            instance.c.sop_instance_uid, forward_copy.c.state, forward_copy.c.confirmed_by
        ).join(instance, instance.c.id == forward_copy.c.instance_id)
        with self.practice.database.read() as connection:
            return {uid: by or str(state) for uid, state, by in connection.execute(query)}

    def reasons(self) -> set[str]:
        """Return why copies are not confirmed, in English."""
        with self.practice.database.read() as connection:
            found = connection.execute(sa.select(forward_copy.c.reason)).scalars()
            return {one.rpartition(" / ")[2] for one in found}


def away() -> BridgeError:
    """Return what is raised for an archive nobody reaches."""
    return BridgeError("nicht erreichbar / cannot be reached")
