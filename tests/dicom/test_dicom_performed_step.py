"""Performed procedure steps over the network, by pynetdicom's client and by raw bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.tag import Tag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association

from gdtbridge.dataset.values import is_valid_uid
from gdtbridge.dicom.command import CommandField, CommandSet, encode_command
from gdtbridge.dicom.negotiation import PERFORMED_STEP, PERFORMED_STEP_RETRIEVE
from gdtbridge.dicom.performed_step import step_services
from gdtbridge.dicom.server import DicomServer, Observers
from gdtbridge.settings import DicomSettings
from tests.tools.device import RawAssociation, item
from tests.tools.elements import EXPLICIT, IMPLICIT
from tests.tools.practice import Practice
from tests.tools.steps import begun, encoded, ended, items


@pytest.fixture
def port(practice: Practice, tmp_path: Path) -> Iterator[int]:
    """Return the port of a server with a whole practice behind it."""
    core = practice.core
    further = step_services(core.steps)
    spool = tmp_path / "spool"
    server = DicomServer(
        DicomSettings(port=0),
        spool,
        core.receiving,
        core.device_worklist,
        Observers(core.refusals),
        further,
    )
    server.start()
    yield server.port
    server.stop(grace=0)


@pytest.fixture
def device(port: int, request: pytest.FixtureRequest) -> Iterator[Association]:
    """Return an association of a device that encodes as the test wants."""
    syntax = getattr(request, "param", ImplicitVRLittleEndian)
    entity = AE("US01")
    for uid in (PERFORMED_STEP, PERFORMED_STEP_RETRIEVE):
        entity.add_requested_context(uid, syntax)
    association = entity.associate("127.0.0.1", port)
    assert association.is_established
    yield association
    association.release()


def attributes(device: Association, uid: str, *tags: int) -> tuple[int, Dataset]:
    """Ask for a step; return status and attributes."""
    status, found = device.send_n_get(
        [Tag(tag) for tag in tags], UID(PERFORMED_STEP_RETRIEVE), UID(uid)
    )
    assert found is not None
    return int(status.Status), found


@pytest.mark.parametrize(
    "device", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian], indirect=True
)
def test_a_step_from_its_beginning_to_its_end(device: Association) -> None:
    """What the device created and changed is what it gets; another character set is understood."""
    status, _ = device.send_n_create(begun(), UID(PERFORMED_STEP), UID("2.25.7"))
    assert status.Status == 0

    change = ended(["2.25.501"])
    change.SpecificCharacterSet = "ISO_IR 192"
    change.PerformedProcedureStepDescription = "Leber, ψ"
    status, _ = device.send_n_set(change, UID(PERFORMED_STEP), UID("2.25.7"))
    assert status.Status == 0

    code, step = attributes(device, "2.25.7")
    assert code == 0
    assert step.PerformedProcedureStepStatus == "COMPLETED"
    assert step.PatientName == "Müller^Änne"
    assert step.PerformedProcedureStepDescription == "Leber, ψ"
    [series] = step.PerformedSeriesSequence
    assert series.ReferencedImageSequence[0].ReferencedSOPInstanceUID == "2.25.501"

    code, step = attributes(device, "2.25.7", 0x00400252, 0x00100020)
    assert code == 0
    assert {one.keyword for one in step} == {"PerformedProcedureStepStatus", "PatientID"}
    code, step = attributes(device, "2.25.7", 0x00100020, 0x00101030)
    assert (code, step.PatientID) == (0x0001, "4711")


def test_a_step_that_is_over(device: Association) -> None:
    """The same end again is a success; another change is refused as the standard says."""
    device.send_n_create(begun(), UID(PERFORMED_STEP), UID("2.25.7"))
    for _ in range(2):
        status, _ = device.send_n_set(ended(), UID(PERFORMED_STEP), UID("2.25.7"))
        assert status.Status == 0
    change = items(PerformedProcedureStepStatus="IN PROGRESS")
    status, _ = device.send_n_set(change, UID(PERFORMED_STEP), UID("2.25.7"))
    assert (status.Status, status.ErrorID) == (0x0110, 0xA710)
    assert status.ErrorComment == "Performed Procedure Step Object may no longer be updated"


def test_a_step_without_a_uid(port: int) -> None:
    """The answer has the one it was given, and the device may go on with it."""

    def request(field: CommandField, uid: str | None = None) -> bytes:
        command = CommandSet(
            CommandField=field, CommandDataSetType=1, MessageID=1, RequestedSOPInstanceUID=uid
        )
        return encode_command(command)

    with RawAssociation(port).associate([(PERFORMED_STEP, [EXPLICIT])]) as association:
        association.message(1, request(CommandField.N_CREATE_RQ), encoded(begun()))
        answer = association.response()
        uid = answer.elements[0x1000].decode().strip("\0")
        assert answer.status == 0
        assert is_valid_uid(uid)
        command = request(CommandField.N_SET_RQ, uid)
        association.message(1, command, encoded(ended()))
        answer = association.response()
    assert answer.status == 0
    assert answer.elements[0x1000].decode().strip("\0") == uid


def test_a_status_that_is_none_is_named(device: Association) -> None:
    """The refusal says which attribute it is about."""
    wrong = begun(PerformedProcedureStepStatus="COMPLETED")
    status, _ = device.send_n_create(wrong, UID(PERFORMED_STEP), UID("2.25.7"))
    assert status.Status == 0x0106
    assert status.ErrorComment == "Performed Procedure Step Status not permitted"


def test_roles_are_answered(port: int) -> None:
    """A device that proposes to be the user of the service hears that it is."""
    name = PERFORMED_STEP.encode()
    role = item(0x54, len(name).to_bytes(2, "big") + name + b"\1\1")
    answered = item(0x54, len(name).to_bytes(2, "big") + name + b"\1\0")
    with RawAssociation(port) as association:
        association.associate([(PERFORMED_STEP, [IMPLICIT])], further=role)
        assert answered in association.accept_pdu
