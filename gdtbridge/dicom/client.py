"""A DICOM client: echo, worklist query, reporting an event, and what every association needs.

Used by the simulated device, by ``gdtbridge check`` and for answers to devices. Each call makes an
association of its own and returns when it is released. Storing is in `store_client`, steps and
commitment are in `device_client`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Final

from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from gdtbridge.certificates import CertificateError, ClientTls
from gdtbridge.dataset.values import is_ae_title
from gdtbridge.dicom.command import DimseStatus
from gdtbridge.dicom.negotiation import MODALITY_WORKLIST, VERIFICATION
from gdtbridge.dicom.upper_layer.requestor import Requestor, rejection_of
from gdtbridge.dicom.upper_layer.tls import TlsProblem
from gdtbridge.errors import BridgeError
from gdtbridge.retrieve.peers import ArchivePeer

log = logging.getLogger(__name__)

MAX_CONTEXTS: Final = 128
"""Presentation contexts of one association: the odd numbers below 256 (PS3.8 9.3.2.2)."""


class PeerError(BridgeError):
    """A peer cannot be reached, refuses, or gives an answer that breaks the standard."""

    retriable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Peer:
    """A DICOM server: host, port, AE title, the AE title we call from, and how it is encrypted."""

    host: str
    port: int
    aet: str
    calling_aet: str
    tls: ClientTls | None = None

    def __str__(self) -> str:
        return f"{self.aet} ({self.host}:{self.port})"


def peer_of(known: ArchivePeer, calling_aet: str) -> Peer:
    """Return a peer of the settings as it is called, under the title ``calling_aet``."""
    return Peer(known.host, known.port, known.aet, calling_aet, known.tls)


def echo(peer: Peer) -> None:
    """Verify that ``peer`` answers (C-ECHO); raise `PeerError`."""
    with associated(peer, [build_context(VERIFICATION)]) as association:
        status = status_of(peer, association.send_c_echo())
    if status != DimseStatus.SUCCESS:
        raise refused(peer, status)


def find_worklist(peer: Peer, query: Dataset) -> list[Dataset]:
    """Return the matches of a worklist query with at least one key; raise `PeerError`."""
    found: list[Dataset] = []
    with associated(peer, [build_context(MODALITY_WORKLIST)]) as association:
        for answer, dataset in association.send_c_find(query, MODALITY_WORKLIST):
            status = status_of(peer, answer)
            if status in {DimseStatus.PENDING, DimseStatus.PENDING_UNSUPPORTED_KEYS}:
                if dataset is not None:
                    found.append(dataset)
            elif status != DimseStatus.SUCCESS:
                raise refused(peer, status)
    return found


@dataclass(frozen=True, slots=True)
class EventReport:
    """An N-EVENT-REPORT: what happened to which SOP Instance (PS3.7 10.1.1)."""

    sop_class_uid: str
    sop_instance_uid: str
    event_type: int
    information: Dataset


def report_event(peer: Peer, event: EventReport) -> int:
    """Report an event and return the status of the answer; raise `PeerError`.

    The role of a provider is proposed (PS3.7 D.3.3.4). A peer that does not answer the proposal is
    told all the same: many have no answer and take the report.
    """
    sop_class = event.sop_class_uid
    with associated(peer, [uncompressed(sop_class)], [sop_class]) as association:
        status, _ = association.send_n_event_report(
            event.information, event.event_type, sop_class, event.sop_instance_uid
        )
        return status_of(peer, status)


@contextmanager
def associated(
    peer: Peer,
    contexts: list[PresentationContext],
    provided: Sequence[str] = (),
) -> Iterator[Association]:
    """Yield an association with ``peer``, released at the end; raise `PeerError`.

    Of the SOP classes ``provided`` we are the provider, although we call.
    """
    if not is_ae_title(peer.calling_aet) or not is_ae_title(peer.aet):
        raise PeerError(
            "Ein AE-Titel hat 1 bis 16 ASCII-Zeichen ohne Backslash. / An AE title has 1 to 16 "
            "ASCII characters and no backslash."
        )
    requestor = Requestor(peer.calling_aet)
    try:
        association = _associate(requestor, peer, contexts, provided)
        try:
            yield association
        finally:
            if association.is_established:
                association.release()
    finally:
        requestor.hang_up()


def _associate(
    requestor: Requestor,
    peer: Peer,
    contexts: list[PresentationContext],
    provided: Sequence[str],
) -> Association:
    try:
        association = requestor.request(
            peer.host, peer.port, peer.aet, contexts, provided, peer.tls
        )
    except CertificateError as error:
        raise PeerError(f"{peer}: {error}") from error
    except OSError as error:
        raise _unreachable(peer) from error
    if association.is_established:
        return association
    if (failure := requestor.tls_failure) is not None:
        raise PeerError(f"{peer} {_TLS_TEXTS[failure.problem]} [{failure.detail}]")
    raise _not_associated(peer, association) if requestor.is_connected else _unreachable(peer)


_TLS_TEXTS: Final = {
    TlsProblem.PLAIN: (
        "spricht auf diesem Port kein TLS: Stimmt der Port, ist dort TLS eingeschaltet? / does not "
        "speak TLS on this port: is the port right, is TLS switched on there?"
    ),
    TlsProblem.UNEXPECTED: (
        "spricht auf diesem Port nur TLS: tls = true setzen. / speaks nothing but TLS on this "
        "port: set tls = true."
    ),
    TlsProblem.CERTIFICATE: (
        "weist sich mit einem Zertifikat aus, dem nicht vertraut wird: Stimmen tls_ca und der Name "
        "(host oder tls_server_name)? / has a certificate that is not trusted: are tls_ca and the "
        "name right?"
    ),
    TlsProblem.UNTRUSTED: (
        "nimmt unser Zertifikat nicht an oder verlangt eines: Kennt es tls_certificate? / does not "
        "take our certificate, or wants one: does it know tls_certificate?"
    ),
    TlsProblem.PROTOCOL: (
        "spricht kein TLS 1.2 oder neuer mit einem sicheren Verfahren. / does not speak TLS 1.2 or "
        "newer with a safe cipher suite."
    ),
}
"""What a person is told of each way in which TLS fails, after the peer's name."""


def uncompressed(sop_class: str) -> PresentationContext:
    """Return a presentation context with the two uncompressed little endian transfer syntaxes."""
    return build_context(sop_class, [ImplicitVRLittleEndian, ExplicitVRLittleEndian])


def proposed(sop_class: str, transfer_syntaxes: Sequence[str]) -> PresentationContext:
    """Return a presentation context with transfer syntaxes to choose from."""
    return build_context(sop_class, list(transfer_syntaxes))


def status_of(peer: Peer, answer: Dataset) -> int:
    """Return the status of a response; raise `PeerError` where there was none."""
    if "Status" not in answer:
        raise lost(peer)
    return int(answer.Status)


_REJECTED: Final = {
    0: "{peer} lehnt die Verbindung ab: Ist der AE-Titel {peer.calling_aet} dort bekannt? / "
    "rejects the association: does it know the AE title {peer.calling_aet}?",
    3: "{peer} lehnt die Verbindung ab, denn unseren AE-Titel {peer.calling_aet} kennt er nicht: "
    "dort eintragen. / rejects the association: it does not know our AE title "
    "{peer.calling_aet}; enter it there.",
    7: "{peer} lehnt die Verbindung ab, denn den AE-Titel {peer.aet} hat er nicht: Wie heißt er "
    "dort? / rejects the association: its AE title is not {peer.aet}; what is it called there?",
}
"""Sentences by the reason of a rejection by the service user (PS3.8 Table 9-21); 0: any other."""


def _unreachable(peer: Peer) -> PeerError:
    return PeerError(
        f"{peer} ist nicht erreichbar: Läuft der Dienst, stimmen Adresse und Port? / cannot be "
        "reached: is the service running, are address and port right?"
    )


def _not_associated(peer: Peer, association: Association) -> PeerError:
    if association.is_rejected:
        return PeerError(_REJECTED.get(rejection_of(association), _REJECTED[0]).format(peer=peer))
    return PeerError(
        f"{peer} bietet nicht, was gebraucht wird, oder spricht kein DICOM. / does not offer what "
        "is needed, or does not speak DICOM."
    )


def lost(peer: Peer) -> PeerError:
    """Return the error of a peer that broke off or did not answer in time."""
    return PeerError(
        f"{peer} hat die Verbindung abgebrochen oder nicht rechtzeitig geantwortet. / broke the "
        "association off or did not answer in time."
    )


def refused(peer: Peer, status: int) -> PeerError:
    """Return the error of a peer that answers with a failure status (PS3.7 C)."""
    return PeerError(
        f"{peer} antwortet mit Fehlerstatus {status:04X}. / answers with failure status "
        f"{status:04X}."
    )
