"""A peer that retrieves by C-GET, byte by byte, from a server with objects to hand out."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from gdtbridge.dataset.part10 import file_meta
from gdtbridge.dicom.command import CommandField, CommandSet, encode_command
from gdtbridge.dicom.negotiation import GET_MODELS
from gdtbridge.retrieve.leaving import LeavingObject
from tests.tools.device import RawAssociation, Response, item
from tests.tools.dicom_server import Bridge
from tests.tools.elements import EXPLICIT, IMPLICIT, US_IMAGE, identification

SAID = {"PatientID": "1"}


def keep_objects(bridge: Bridge, there: int, count: int, dataset: bytes = b"") -> None:
    """Have a server hand out objects in the US image class; only the first ``there`` have files."""
    for number in range(count):
        uid = f"2.25.{number + 1}"
        file = bridge.spool / f"{number}.dcm"
        if number < there:
            file.write_bytes(file_meta(US_IMAGE, uid, EXPLICIT) + (dataset or identification()))
        bridge.core.objects.append(
            LeavingObject(file, US_IMAGE, uid, EXPLICIT, SAID, SAID, "", uid)
        )


def get_rq() -> bytes:
    """Return the command set of a C-GET request."""
    return encode_command(
        CommandSet(
            CommandField=CommandField.C_GET_RQ,
            CommandDataSetType=1,
            AffectedSOPClassUID=GET_MODELS[0],
            MessageID=1,
            Priority=0,
        )
    )


def provider_of(sop_class: str, roles: bytes = b"\0\1") -> bytes:
    """Return the item that proposes to be the provider of a SOP class (PS3.7 D.3.3.4)."""
    return item(0x54, struct.pack(">H", len(sop_class)) + sop_class.encode() + roles)


def get_association(
    port: int,
    syntaxes: Sequence[str] = (EXPLICIT,),
    *,
    roles: bytes = b"\0\1",
    max_pdu: int = 16384,
) -> RawAssociation:
    """Return an association of who retrieves; objects come in context 3."""
    proposals = [(GET_MODELS[0], [IMPLICIT]), (US_IMAGE, list(syntaxes))]
    further = provider_of(US_IMAGE, roles) if roles else b""
    return RawAssociation(port).associate(proposals, max_pdu=max_pdu, further=further)


def received(
    peer: RawAssociation, status_of: Callable[[int], int] = lambda _: 0
) -> tuple[list[Response], list[Response]]:
    """Take what comes until the last response; return the objects, and the responses.

    ``status_of`` says how an object is answered, by its place.
    """
    objects: list[Response] = []
    responses: list[Response] = []
    while not responses or responses[-1].status == 0xFF00:
        message = peer.response()
        if int.from_bytes(message.elements[0x0100], "little") == CommandField.C_STORE_RQ:
            objects.append(message)
            peer.message(3, store_rsp(message, status_of(len(objects) - 1)))
        else:
            responses.append(message)
    return objects, responses


def store_rsp(request: Response, status: int) -> bytes:
    """Return the response to a C-STORE."""
    return encode_command(
        CommandSet(
            CommandField=CommandField.C_STORE_RQ | 0x8000,
            AffectedSOPClassUID=US_IMAGE,
            MessageIDBeingRespondedTo=int.from_bytes(request.elements[0x0110], "little"),
            Status=status,
        )
    )


def counts(response: Response) -> tuple[int | None, ...]:
    """Return remaining, completed, failed and warning sub-operations (PS3.7 9.1.3)."""
    return tuple(
        int.from_bytes(response.elements[number], "little") if number in response.elements else None
        for number in (0x1020, 0x1021, 0x1022, 0x1023)
    )
