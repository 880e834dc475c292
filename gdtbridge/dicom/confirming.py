"""Asks archives whether they keep copies: storage commitment (PS3.4 J), query (PS3.4 C.4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from gdtbridge.confirmation.model import (
    CommitmentResult,
    ConfirmingArchive,
    ReportOutcome,
    SentCopy,
    StudyListing,
)
from gdtbridge.dicom.commitment_report import transaction_of
from gdtbridge.dicom.commitment_result import STATUS_OF_OUTCOME
from gdtbridge.errors import NotFound
from gdtbridge.retrieve.attributes import QueryLevel
from gdtbridge.retrieve.peers import PeerDirectory
from worklist.item import Item, text_of

if TYPE_CHECKING:
    from gdtbridge.dicom.client import Peer

SAME_ASSOCIATION_SECONDS: Final = 10.0
"""How long a report is waited for on the association of the request, as some archives send it."""
BRIEFLY_SECONDS: Final = 1.0
"""The same for an archive that has not reported there the last time."""


class ArchiveNetwork:
    """The peers of the settings, asked over the network."""

    def __init__(self, peers: PeerDirectory) -> None:
        """Ask ``peers``, each at its address."""
        self._peers = peers
        self._waits: dict[str, float] = {}

    def request_commitment(
        self,
        archive: ConfirmingArchive,
        transaction_uid: str,
        copies: Sequence[SentCopy],
        take: Callable[[CommitmentResult], ReportOutcome],
        is_answered: Callable[[], bool],
    ) -> int:
        """See `ArchiveInquiries`."""
        from gdtbridge.dicom.device_client import request_commitment  # its library is slow

        status, result = request_commitment(
            self._peer(archive),
            transaction_of(
                transaction_uid, [(one.sop_class_uid, one.sop_instance_uid) for one in copies]
            ),
            wait_seconds=self._waits.get(archive.aet, SAME_ASSOCIATION_SECONDS),
            status_of=lambda found: STATUS_OF_OUTCOME[take(found)],
            is_answered=is_answered,
        )
        reports_there = result is not None
        self._waits[archive.aet] = SAME_ASSOCIATION_SECONDS if reports_there else BRIEFLY_SECONDS
        return status

    def find_study(
        self, archive: ConfirmingArchive, study_uid: str, series_uids: Iterable[str]
    ) -> StudyListing:
        """See `ArchiveInquiries`: the study is asked for its patient, each series for instances."""
        from gdtbridge.dicom.archive_client import querying

        with querying(self._peer(archive)) as asked:
            study = {"StudyInstanceUID": study_uid}
            patients = {
                text_of(one, "PatientID").strip()
                for one in asked.find(QueryLevel.STUDY, {**study, "PatientID": ""})
                if _is_of(study_uid, one)
            }
            found: set[str] = set()
            for uid in series_uids:
                keys = {**study, "SeriesInstanceUID": uid, "SOPInstanceUID": ""}
                found |= {
                    text_of(one, "SOPInstanceUID")
                    for one in asked.find(QueryLevel.IMAGE, keys)
                    if _is_of(study_uid, one)
                }
        return StudyListing(frozenset(patients - {""}), frozenset(found))

    def _peer(self, archive: ConfirmingArchive) -> Peer:
        from gdtbridge.dicom.client import peer_of

        place = self._peers.named(archive.aet)
        if place is None:
            raise NotFound(f"{archive.aet} ist keine Gegenstelle mehr. / is no peer any more.")
        return peer_of(place, archive.calling_aet)


def _is_of(study_uid: str, answer: Item) -> bool:
    """Return whether an answer is of the study asked for: some archives pass a key over."""
    return text_of(answer, "StudyInstanceUID") in {"", study_uid}
