"""Another archive made of pynetdicom that takes objects, loses them if told to, and says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, build_role, evt

from gdtbridge.dicom.negotiation import COMMITMENT_INSTANCE, QUERY_MODELS, STORAGE_COMMITMENT

HEARING_SECONDS = 0.1
"""So long after the response to a request its report follows."""


@dataclass
class CommittingPeer:
    """What it keeps, what it was asked, and how it reports: by itself only if told how."""

    kept: set[str] = field(default_factory=set)
    patient: str = "4711"
    others: dict[str, str] = field(default_factory=dict)
    """Patients of further studies by Study Instance UID: it lists them whatever it is asked."""
    keeps: bool = True
    """Whether it keeps what it takes; it always says 0000."""
    reports: str = ""
    """``same``: on the association of the request; ``new``: on one of its own; else not."""
    port: int = 0
    bridge_port: int = 0
    taken: list[str] = field(default_factory=list)
    asked: list[Dataset] = field(default_factory=list)
    callers: list[tuple[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Statuses of our reports."""

    def _store(self, event: Any) -> int:
        uid = str(event.request.AffectedSOPInstanceUID)
        self.taken.append(uid)
        if self.keeps:
            self.kept.add(uid)
        return 0x0000

    def _act(self, event: Any) -> tuple[int, None]:
        self.asked.append(event.action_information)
        requestor = event.assoc.requestor
        self.callers.append((requestor.ae_title, requestor.primitive.called_ae_title))
        if self.reports == "same":
            threading.Timer(HEARING_SECONDS, self.report, [event.assoc]).start()
        elif self.reports == "new":
            threading.Timer(HEARING_SECONDS, self.call).start()
        return 0x0000, None

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset]]:
        keys, found = event.identifier, Dataset()
        found.QueryRetrieveLevel = keys.QueryRetrieveLevel
        found.StudyInstanceUID = keys.StudyInstanceUID
        if keys.QueryRetrieveLevel == "STUDY":
            for study, patient in {str(keys.StudyInstanceUID): self.patient, **self.others}.items():
                found.StudyInstanceUID, found.PatientID = study, patient
                yield 0xFF00, found
            return
        for uid in sorted(self.kept):
            found.SOPInstanceUID = uid
            yield 0xFF00, found

    def report(self, association: Any) -> None:
        """Report on the last request: what is kept, and 0112 for what is not."""
        request = self.asked[-1]
        said = Dataset()
        said.TransactionUID = request.TransactionUID
        here, gone = [], []
        for one in request.ReferencedSOPSequence:
            item = Dataset()
            item.ReferencedSOPClassUID = one.ReferencedSOPClassUID
            item.ReferencedSOPInstanceUID = one.ReferencedSOPInstanceUID
            if one.ReferencedSOPInstanceUID in self.kept:
                here.append(item)
            else:
                item.FailureReason = 0x0112
                gone.append(item)
        if here:
            said.ReferencedSOPSequence = here
        if gone:
            said.FailedSOPSequence = gone
        status, _ = association.send_n_event_report(
            said, 2 if gone else 1, STORAGE_COMMITMENT, COMMITMENT_INSTANCE
        )
        self.answers.append(int(status.Status))

    def call(self, title: str = "PACS") -> None:
        """Report on an association of its own, as the provider although it calls."""
        ae = AE(title)
        ae.add_requested_context(STORAGE_COMMITMENT)
        role = build_role(STORAGE_COMMITMENT, scp_role=True)
        association = ae.associate("127.0.0.1", self.bridge_port, ext_neg=[role])
        assert association.is_established
        self.report(association)
        association.release()


@contextmanager
def committing(peer: CommittingPeer, *, commits: bool = True) -> Iterator[CommittingPeer]:
    """Let a peer serve inside the block, one that does not know storage commitment if told so."""
    ae = AE("PACS")
    ae.supported_contexts = AllStoragePresentationContexts
    ae.add_supported_context(QUERY_MODELS[1])
    if commits:
        ae.add_supported_context(STORAGE_COMMITMENT)
    handlers: list[Any] = [
        (evt.EVT_C_STORE, peer._store),
        (evt.EVT_N_ACTION, peer._act),
        (evt.EVT_C_FIND, peer._find),
    ]
    server = ae.start_server(("127.0.0.1", peer.port), block=False, evt_handlers=handlers)
    assert server is not None
    peer.port = int(server.server_address[1])
    try:
        yield peer
    finally:
        server.shutdown()
