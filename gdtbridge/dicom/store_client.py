"""Sending objects to a peer by C-STORE (PS3.4 B)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from pydicom.filereader import read_file_meta_info
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from gdtbridge.dicom.client import (
    MAX_CONTEXTS,
    Peer,
    PeerError,
    associated,
    lost,
    refused,
    status_of,
)
from gdtbridge.dicom.command import (
    HAS_DATASET,
    CommandField,
    CommandSet,
    DimseStatus,
    encode_command,
)
from gdtbridge.dicom.upper_layer.requestor import Requestor
from gdtbridge.logs import describe

log = logging.getLogger(__name__)

T = TypeVar("T")


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
        raise lost(peer)
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
            raise refused(peer, DimseStatus.SOP_CLASS_NOT_SUPPORTED)
        requestor = cast("Requestor", association.ae)
        (context,) = association.accepted_contexts
        requestor.send_half(
            int(context.context_id or 0), encode_command(command), file.read_bytes()
        )
        requestor.hang_up()
