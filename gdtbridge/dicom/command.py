"""The DIMSE command set: its elements, its bytes (PS3.7 6.3 and Annex E).

A command set is Implicit VR Little Endian whatever the presentation context says. What a peer left
out reads as None; what it padded is stripped; nothing in it is trusted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from gdtbridge.dataset.text import plain_text
from gdtbridge.dataset.values import is_uid

RESPONSE: Final = 0x8000
"""Bit of Command Field that is set in responses (PS3.7 E.1)."""
NO_DATASET: Final = 0x0101
"""Command Data Set Type of a message without a dataset; any other value announces a dataset."""
HAS_DATASET: Final = 0x0001
COMMENT_LENGTH: Final = 64


class CommandField(IntEnum):
    """Command Field (0000,0100) of the requests we serve or send (PS3.7 E.1)."""

    C_STORE_RQ = 0x0001
    C_GET_RQ = 0x0010
    C_FIND_RQ = 0x0020
    C_MOVE_RQ = 0x0021
    C_ECHO_RQ = 0x0030
    N_EVENT_REPORT_RQ = 0x0100
    N_GET_RQ = 0x0110
    N_SET_RQ = 0x0120
    N_ACTION_RQ = 0x0130
    N_CREATE_RQ = 0x0140
    C_CANCEL_RQ = 0x0FFF


class DimseStatus(IntEnum):
    """The statuses we answer with (PS3.7 Annex C, PS3.4 B.2.3, F.7, F.8, K.4.1.1.4; PS3.3 C.14)."""

    SUCCESS = 0x0000
    ATTRIBUTES_NOT_SUPPORTED = 0x0001
    INVALID_ATTRIBUTE_VALUE = 0x0106
    PROCESSING_FAILURE = 0x0110
    DUPLICATE_SOP_INSTANCE = 0x0111
    NO_SUCH_SOP_INSTANCE = 0x0112
    NO_SUCH_EVENT_TYPE = 0x0113
    INVALID_ARGUMENT_VALUE = 0x0115
    INVALID_OBJECT_INSTANCE = 0x0117
    NO_SUCH_SOP_CLASS = 0x0118
    MISSING_ATTRIBUTE = 0x0120
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    NOT_AUTHORIZED = 0x0124
    NO_SUCH_ACTION = 0x0123
    DUPLICATE_TRANSACTION = 0x0131
    UNRECOGNIZED_OPERATION = 0x0211
    RESOURCE_LIMITATION = 0x0213
    OUT_OF_RESOURCES = 0xA700
    SUB_OPERATIONS_FAILED = 0xA702
    MOVE_DESTINATION_UNKNOWN = 0xA801
    IDENTIFIER_MISMATCH = 0xA900
    NOT_UNDERSTOOD = 0xC000
    UNABLE_TO_PROCESS = 0xC001
    SOME_SUB_OPERATIONS_FAILED = 0xB000
    CANCEL = 0xFE00
    PENDING = 0xFF00
    PENDING_UNSUPPORTED_KEYS = 0xFF01


class CommandSetError(ValueError):
    """The bytes are not a command set."""


@dataclass(frozen=True, slots=True)
class CommandSet:
    """A command set (PS3.7 6.3.1); fields are elements by keyword, None where absent.

    A value of the VR AT is a tuple of tags, empty where absent.
    """

    CommandField: int
    CommandDataSetType: int = NO_DATASET
    AffectedSOPClassUID: str | None = None
    RequestedSOPClassUID: str | None = None
    MessageID: int | None = None
    MessageIDBeingRespondedTo: int | None = None
    MoveDestination: str | None = None
    Priority: int | None = None
    Status: int | None = None
    OffendingElement: tuple[int, ...] = ()
    ErrorComment: str | None = None
    ErrorID: int | None = None
    AffectedSOPInstanceUID: str | None = None
    RequestedSOPInstanceUID: str | None = None
    EventTypeID: int | None = None
    AttributeIdentifierList: tuple[int, ...] = ()
    ActionTypeID: int | None = None
    NumberOfRemainingSuboperations: int | None = None
    NumberOfCompletedSuboperations: int | None = None
    NumberOfFailedSuboperations: int | None = None
    NumberOfWarningSuboperations: int | None = None
    MoveOriginatorApplicationEntityTitle: str | None = None
    MoveOriginatorMessageID: int | None = None

    @property
    def has_dataset(self) -> bool:
        """Whether a dataset follows."""
        return self.CommandDataSetType != NO_DATASET

    @property
    def is_response(self) -> bool:
        """Whether the message answers a request."""
        return bool(self.CommandField & RESPONSE)


# keyword: (element of group 0000, VR), ordered by tag as they are written
_ELEMENTS: Final = {
    "AffectedSOPClassUID": (0x0002, "UI"),
    "RequestedSOPClassUID": (0x0003, "UI"),
    "CommandField": (0x0100, "US"),
    "MessageID": (0x0110, "US"),
    "MessageIDBeingRespondedTo": (0x0120, "US"),
    "MoveDestination": (0x0600, "AE"),
    "Priority": (0x0700, "US"),
    "CommandDataSetType": (0x0800, "US"),
    "Status": (0x0900, "US"),
    "OffendingElement": (0x0901, "AT"),
    "ErrorComment": (0x0902, "LO"),
    "ErrorID": (0x0903, "US"),
    "AffectedSOPInstanceUID": (0x1000, "UI"),
    "RequestedSOPInstanceUID": (0x1001, "UI"),
    "EventTypeID": (0x1002, "US"),
    "AttributeIdentifierList": (0x1005, "AT"),
    "ActionTypeID": (0x1008, "US"),
    "NumberOfRemainingSuboperations": (0x1020, "US"),
    "NumberOfCompletedSuboperations": (0x1021, "US"),
    "NumberOfFailedSuboperations": (0x1022, "US"),
    "NumberOfWarningSuboperations": (0x1023, "US"),
    "MoveOriginatorApplicationEntityTitle": (0x1030, "AE"),
    "MoveOriginatorMessageID": (0x1031, "US"),
}
_PADDING: Final = {"UI": b"\0", "LO": b" ", "AE": b" "}


def parse_command(data: bytes) -> CommandSet:
    """Return the command set encoded in ``data``; raise `CommandSetError`."""
    found = dict(_elements(data))
    numbers: dict[str, int] = {}
    texts: dict[str, str] = {}
    tags: dict[str, tuple[int, ...]] = {}
    for keyword, (element, vr) in _ELEMENTS.items():
        value = found.get(element, b"")
        if vr == "US" and len(value) >= 2:
            numbers[keyword] = int.from_bytes(value[:2], "little")
        elif vr == "AT":
            tags[keyword] = tuple(
                group << 16 | number
                for group, number in struct.iter_unpack("<HH", value[: len(value) // 4 * 4])
            )
        elif vr != "US" and value:
            texts[keyword] = plain_text(value)
    if "CommandField" not in numbers:
        raise CommandSetError("no Command Field")
    return CommandSet(**numbers, **texts, **tags)  # type: ignore[arg-type]  # _ELEMENTS says which is which


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset < len(data):
        if len(data) - offset < 8:
            raise CommandSetError("cut off within an element")
        group, element, length = struct.unpack_from("<HHL", data, offset)
        offset += 8 + length
        if group or offset > len(data):
            raise CommandSetError("not a command set")
        yield element, data[offset - length : offset]


def encode_command(command: CommandSet) -> bytes:
    """Return ``command`` as bytes, Command Group Length first."""
    body = b"".join(
        struct.pack("<HHL", 0, element, len(value)) + value
        for keyword, (element, vr) in _ELEMENTS.items()
        if (value := _value(getattr(command, keyword), vr)) is not None
    )
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


def _value(value: int | str | tuple[int, ...] | None, vr: str) -> bytes | None:
    if value is None or value == ():
        return None
    if isinstance(value, int):
        return struct.pack("<H", value)
    if isinstance(value, tuple):
        return b"".join(struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in value)
    encoded = value.encode("ascii", "replace")
    return encoded + _PADDING[vr] * (len(encoded) % 2)


@dataclass(frozen=True, slots=True)
class FailureDetail:
    """What a failure status of a DIMSE-N service may be explained by (PS3.7 Annex C)."""

    OffendingElement: tuple[int, ...] = ()
    ErrorID: int | None = None


NO_DETAIL: Final = FailureDetail()


@dataclass(frozen=True, slots=True)
class SubOperations:
    """How many sub-operations of a retrieval are to come, how the others ended (PS3.7 9.1.3)."""

    completed: int = 0
    failed: int = 0
    warning: int = 0
    remaining: int | None = None
    """None in a last response, which does not say it unless the operation was cancelled."""


def response_to(
    request: CommandSet,
    status: int,
    comment: str | None = None,
    *,
    has_dataset: bool = False,
    sop_instance: str | None = None,
    detail: FailureDetail = NO_DETAIL,
    counts: SubOperations | None = None,
) -> CommandSet:
    """Return the response to ``request``; the comment is cut to what an LO holds.

    ``sop_instance`` is the UID given to a new SOP Instance; without one that of the request is
    repeated, where it could be one. What a request calls Requested, its response calls Affected
    (PS3.7 10.3).
    """
    uid = sop_instance or request.AffectedSOPInstanceUID or request.RequestedSOPInstanceUID
    sop_class = request.AffectedSOPClassUID or request.RequestedSOPClassUID
    return CommandSet(
        CommandField=request.CommandField | RESPONSE,
        CommandDataSetType=HAS_DATASET if has_dataset else NO_DATASET,
        AffectedSOPClassUID=sop_class if is_uid(sop_class) else None,
        MessageIDBeingRespondedTo=request.MessageID or 0,
        Status=status,
        OffendingElement=detail.OffendingElement,
        ErrorComment=comment[:COMMENT_LENGTH] if comment else None,
        ErrorID=detail.ErrorID,
        AffectedSOPInstanceUID=uid if is_uid(uid) else None,
        EventTypeID=request.EventTypeID,
        ActionTypeID=request.ActionTypeID,
        NumberOfRemainingSuboperations=counts.remaining if counts else None,
        NumberOfCompletedSuboperations=counts.completed if counts else None,
        NumberOfFailedSuboperations=counts.failed if counts else None,
        NumberOfWarningSuboperations=counts.warning if counts else None,
    )
