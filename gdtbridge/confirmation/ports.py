"""What asking an archive needs of the network, and of forwarding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from gdtbridge.confirmation.model import (
    CommitmentResult,
    ConfirmingArchive,
    ReportOutcome,
    SentCopy,
    StudyListing,
)
from gdtbridge.database import Connection


class ArchiveInquiries(Protocol):
    """The network: every call may take a minute, and raises a `BridgeError`."""

    def request_commitment(
        self,
        archive: ConfirmingArchive,
        transaction_uid: str,
        copies: Sequence[SentCopy],
        take: Callable[[CommitmentResult], ReportOutcome],
        is_answered: Callable[[], bool],
    ) -> int:
        """Ask for commitment; return the status.

        A report that comes on the same association is given to ``take``; it is waited for a while
        unless ``is_answered``.
        """

    def find_study(
        self, archive: ConfirmingArchive, study_uid: str, series_uids: Iterable[str]
    ) -> StudyListing:
        """Return what the archive lists of these series of a study."""


class Resending(Protocol):
    """Whoever sends copies again that an archive has lost."""

    def send_waiting(self, connection: Connection, aet: str, exam_ids: Iterable[int]) -> None:
        """Have waiting copies of exams leave for an archive, in the caller's transaction."""

    def wake(self) -> None:
        """Have what is to leave do so now, after that transaction."""
