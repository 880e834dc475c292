"""The DIMSE command set."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.dicom.command import (
    NO_DATASET,
    CommandField,
    CommandSet,
    CommandSetError,
    DimseStatus,
    FailureDetail,
    encode_command,
    parse_command,
    response_to,
)
from tests.tools.device import store_rq

uids = st.from_regex(r"[1-9][0-9]{0,3}(\.[1-9][0-9]{0,3}){1,8}", fullmatch=True)
numbers = st.integers(0, 0xFFFF)


@given(field=numbers, message=numbers, status=numbers, sop_class=uids, sop_instance=uids)
def test_command_reads_back(
    field: int, message: int, status: int, sop_class: str, sop_instance: str
) -> None:
    """What is encoded parses to the same command."""
    command = CommandSet(
        CommandField=field,
        MessageIDBeingRespondedTo=message,
        Status=status,
        ErrorComment="Out of resources",
        AffectedSOPClassUID=sop_class,
        AffectedSOPInstanceUID=sop_instance,
    )
    assert parse_command(encode_command(command)) == command


@given(tags=st.lists(st.integers(0, 0xFFFFFFFF), max_size=5), kind=numbers)
def test_command_of_a_normalized_service_reads_back(tags: list[int], kind: int) -> None:
    """What PS3.7 10.3 adds (types of events and actions, lists of tags, error ids) is kept."""
    command = CommandSet(
        CommandField=CommandField.N_GET_RQ,
        RequestedSOPInstanceUID="1.2.3",
        AttributeIdentifierList=tuple(tags),
        OffendingElement=tuple(tags),
        ErrorID=kind,
        EventTypeID=kind,
        ActionTypeID=kind,
    )
    assert parse_command(encode_command(command)) == command


@given(st.binary(max_size=200))
def test_parsing_raises_only_its_own_error(data: bytes) -> None:
    """Whatever the bytes, the parser returns or raises `CommandSetError`."""
    with contextlib.suppress(CommandSetError):
        parse_command(data)


@given(st.integers(0, 120))
def test_cut_off_command_is_an_error_or_shorter(length: int) -> None:
    """A command set that was cut off never reads as one with more in it."""
    whole = store_rq("1.2.840.10008.5.1.4.1.1.6.1", "1.2.3")
    try:
        command = parse_command(whole[:length])
    except CommandSetError:
        return
    assert command.AffectedSOPInstanceUID in {None, "1.2.3"}


def test_group_length_counts_the_rest() -> None:
    """Command Group Length says how many bytes follow it, and every value has even length."""
    data = encode_command(CommandSet(CommandField=0x8001, ErrorComment="odd", Status=0))
    assert data[:8] == bytes.fromhex("0000000004000000")
    assert int.from_bytes(data[8:12], "little") == len(data) - 12
    assert len(data) % 2 == 0


def test_response_repeats_the_request() -> None:
    """A response names message, class and instance of its request; a comment is cut to 64."""
    request = parse_command(store_rq("1.2.3", "1.2.3.4", message_id=77))
    response = response_to(request, DimseStatus.OUT_OF_RESOURCES, "x" * 80)
    assert response.CommandField == 0x8001
    assert response.MessageIDBeingRespondedTo == 77
    assert response.AffectedSOPClassUID == "1.2.3"
    assert response.AffectedSOPInstanceUID == "1.2.3.4"
    assert response.ErrorComment == "x" * 64
    assert response.CommandDataSetType == NO_DATASET


@pytest.mark.parametrize("uid", ["../../etc/passwd", "1.2\n3", "1.2\0.3", "9" * 65, "ü"])
def test_response_does_not_repeat_what_is_no_uid(uid: str) -> None:
    """A hostile instance UID is not sent back."""
    request = CommandSet(CommandField=1, AffectedSOPClassUID="1.2.3", AffectedSOPInstanceUID=uid)
    assert response_to(request, 0xC000).AffectedSOPInstanceUID is None


def test_response_of_a_normalized_service() -> None:
    """Requested becomes Affected, the type of the action is repeated, a failure explained."""
    request = CommandSet(
        CommandField=CommandField.N_ACTION_RQ,
        RequestedSOPClassUID="1.2.840.10008.1.20.1",
        RequestedSOPInstanceUID="1.2.840.10008.1.20.1.1",
        MessageID=3,
        ActionTypeID=1,
    )
    detail = FailureDetail(OffendingElement=(0x00081195,), ErrorID=0xA710)
    assert response_to(request, 0x0110, detail=detail) == CommandSet(
        CommandField=0x8130,
        AffectedSOPClassUID="1.2.840.10008.1.20.1",
        AffectedSOPInstanceUID="1.2.840.10008.1.20.1.1",
        MessageIDBeingRespondedTo=3,
        Status=0x0110,
        OffendingElement=(0x00081195,),
        ErrorID=0xA710,
        ActionTypeID=1,
    )


def test_response_names_a_new_instance() -> None:
    """The UID that the provider gives stands in the answer, whatever the request said."""
    request = CommandSet(CommandField=CommandField.N_CREATE_RQ, AffectedSOPClassUID="1.2.3")
    assert response_to(request, 0, sop_instance="2.25.7").AffectedSOPInstanceUID == "2.25.7"
