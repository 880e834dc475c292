"""A DICOM client: echo, worklist query, storing files, reporting an event.

Used by the simulated device, by ``gdtbridge check`` and for answers to devices. Each call makes an
association of its own and returns when it is released. Steps and commitment are in `device_client`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, TypeVar, cast

from pydicom import Dataset
from pydicom.filereader import read_file_meta_info
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from gdtbridge.certificates import CertificateError, ClientTls
from gdtbridge.dataset.values import is_ae_title
from gdtbridge.dicom.command import (
    HAS_DATASET,
    CommandField,
    CommandSet,
    DimseStatus,
    encode_command,
)
from gdtbridge.dicom.negotiation import MODALITY_WORKLIST, VERIFICATION
from gdtbridge.dicom.upper_layer.requestor import Requestor, rejection_of
from gdtbridge.dicom.upper_layer.tls import TlsProblem
from gdtbridge.errors import BridgeError
from gdtbridge.logs import describe
from gdtbridge.retrieve.peers import ArchivePeer

log = logging.getLogger(__name__)

T = TypeVar("T")

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
        raise _refused(peer, status)


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
                raise _refused(peer, status)
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


def store(peer: Peer, files: Sequence[Path]) -> list[tuple[Path, int]]:
    """Send Part 10 files as they are and return the status of each (C-STORE, PS3.4 B.2.3).

    A file in a SOP class and transfer syntax that ``peer`` does not accept gets 0122. Raises
    `PeerError` for a file that is not DICOM and when the association breaks.
    """
    needs = {file: _need(file) for file in dict.fromkeys(files)}
    statuses: list[tuple[Path, int]] = []
    for contexts, part in _batches(files, [needs[file] for file in files]):
        with associated(peer, contexts) as association:
            for file in part:
                status: int = DimseStatus.SOP_CLASS_NOT_SUPPORTED
                if _accepted(association, needs[file]) is not None:
                    status = _send(peer, association, file)
                statuses.append((file, status))
    return statuses


@dataclass(frozen=True, slots=True)
class MoveOriginator:
    """On whose C-MOVE objects are sent: AE title and Message ID (PS3.7 9.1.1.1)."""

    aet: str
    message_id: int


@dataclass(frozen=True, slots=True)
class StoreNeed:
    """What a C-STORE needs: a SOP class in one of some transfer syntaxes, the best first."""

    sop_class_uid: str
    transfer_syntaxes: tuple[str, ...]


def store_each(
    peer: Peer,
    objects: Sequence[T],
    need_of: Callable[[T], StoreNeed],
    opened: Callable[[T, str], AbstractContextManager[Path]],
    originator: MoveOriginator | None = None,
) -> Generator[tuple[T, int]]:
    """Send objects one by one and yield the status of each, on as few associations as can be.

    A context is proposed for each transfer syntax of a need (of objects that leave the archive
    `retrieve.transcoding.leaving_syntaxes` says which), and an object goes in the first of its own
    that ``peer`` accepts: ``opened`` gives the Part 10 file in that syntax when its turn has come.
    An object whose syntaxes are all refused has status 0122, one that cannot be had C000. Raises
    `PeerError`.
    """
    for contexts, part in _batches(objects, [need_of(one) for one in objects]):
        with associated(peer, contexts) as association:
            for one in part:
                syntax = _accepted(association, need_of(one))
                if syntax is None:
                    log.warning("object not sent: %s accepts none of its transfer syntaxes", peer)
                    yield one, DimseStatus.SOP_CLASS_NOT_SUPPORTED
                else:
                    file = partial(opened, one, syntax)
                    yield one, _send_opened(peer, association, file, originator)


def _send_opened(
    peer: Peer,
    association: Association,
    opened: Callable[[], AbstractContextManager[Path]],
    originator: MoveOriginator | None,
) -> int:
    try:
        with opened() as file:
            return _send(peer, association, file, originator)
    except PeerError:
        raise
    except Exception as error:  # noqa: BLE001 - one bad object must not keep the others back
        log.error("object not sent: %s", describe(error))
        return DimseStatus.NOT_UNDERSTOOD


def _need(file: Path) -> StoreNeed:
    """Return what the File Meta Information says; raise `PeerError`."""
    try:
        meta = read_file_meta_info(file)
        return StoreNeed(str(meta.MediaStorageSOPClassUID), (str(meta.TransferSyntaxUID),))
    except Exception as error:
        raise PeerError(f"{file}: keine DICOM-Datei. / is not a DICOM file.") from error


def _batches(
    objects: Sequence[T], needs: Sequence[StoreNeed]
) -> Iterator[tuple[list[PresentationContext], list[T]]]:
    """Yield objects in order, as many at a time as their contexts fit into one association."""
    needed: dict[tuple[str, str], None] = {}
    part: list[T] = []
    for one, need in zip(objects, needs, strict=True):
        further = dict.fromkeys((need.sop_class_uid, uid) for uid in need.transfer_syntaxes)
        if len(needed | further) > MAX_CONTEXTS:
            yield [build_context(*context) for context in needed], part
            needed, part = {}, []
        needed |= further
        part.append(one)
    if part:
        yield [build_context(*context) for context in needed], part


def _accepted(association: Association, need: StoreNeed) -> str | None:
    """Return the first transfer syntax of a need that the peer accepts; None where it has none."""
    accepted = {
        str(one.transfer_syntax[0])
        for one in association.accepted_contexts
        if one.abstract_syntax == need.sop_class_uid
    }
    return next((uid for uid in need.transfer_syntaxes if uid in accepted), None)


def _send(
    peer: Peer, association: Association, file: Path, originator: MoveOriginator | None = None
) -> int:
    if not association.is_established:
        raise _lost(peer)
    if originator is None:
        return status_of(peer, association.send_c_store(file))
    sent = association.send_c_store(
        file, originator_aet=originator.aet, originator_id=originator.message_id
    )
    return status_of(peer, sent)


def break_off(peer: Peer, file: Path) -> None:
    """Send one half of a Part 10 file (C-STORE) and cut the connection, as a device that dies.

    Raises `PeerError` where no association comes about or the SOP class is not accepted.
    """
    need = _need(file)
    command = CommandSet(
        CommandField=CommandField.C_STORE_RQ,
        AffectedSOPClassUID=need.sop_class_uid,
        MessageID=1,
        Priority=0,
        CommandDataSetType=HAS_DATASET,
        AffectedSOPInstanceUID=str(read_file_meta_info(file).MediaStorageSOPInstanceUID),
    )
    context = build_context(need.sop_class_uid, list(need.transfer_syntaxes))
    with associated(peer, [context]) as association:
        if not association.accepted_contexts:
            raise _refused(peer, DimseStatus.SOP_CLASS_NOT_SUPPORTED)
        requestor = cast("Requestor", association.ae)
        (context,) = association.accepted_contexts
        requestor.send_half(
            int(context.context_id or 0), encode_command(command), file.read_bytes()
        )
        requestor.hang_up()


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
        raise _lost(peer)
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


def _lost(peer: Peer) -> PeerError:
    return PeerError(
        f"{peer} hat die Verbindung abgebrochen oder nicht rechtzeitig geantwortet. / broke the "
        "association off or did not answer in time."
    )


def _refused(peer: Peer, status: int) -> PeerError:
    return PeerError(
        f"{peer} antwortet mit Fehlerstatus {status:04X}. / answers with failure status "
        f"{status:04X}."
    )
