"""Modality Performed Procedure Step: N-CREATE, N-SET (PS3.4 F.7) and N-GET (F.8).

Success is answered when what the device said is durable, and only then.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final, Protocol

from pydicom.uid import UID

from gdtbridge.dataset.values import is_uid
from gdtbridge.dicom.command import NO_DETAIL, CommandField, DimseStatus, FailureDetail
from gdtbridge.dicom.identifier import dataset_in, encode_dataset
from gdtbridge.dicom.negotiation import PERFORMED_STEP, PERFORMED_STEP_RETRIEVE
from gdtbridge.dicom.service import BufferedOperation, DimseRequest, ServiceTable
from gdtbridge.errors import DatabaseUnavailable, OutOfResources
from gdtbridge.exams.steps import StepFault, StepMessage, StepRefused
from gdtbridge.exams.steps.reading import MOST_BYTES
from gdtbridge.logs import describe
from worklist.item import Element, Item, dataset_from, item_from

log = logging.getLogger(__name__)

_NO_LONGER: Final = 0xA710
"""Error ID: the step is over (PS3.4 Table F.7.2-2)."""
_STATUS_TAG: Final = 0x00400252
_REFUSALS: Final = {
    StepFault.NO_DATASET: (DimseStatus.MISSING_ATTRIBUTE, "No attributes", NO_DETAIL),
    StepFault.UNREADABLE: (
        DimseStatus.PROCESSING_FAILURE,
        "Attribute list cannot be understood",
        NO_DETAIL,
    ),
    StepFault.TOO_LARGE: (DimseStatus.RESOURCE_LIMITATION, "Too many attributes", NO_DETAIL),
    StepFault.STATE: (
        DimseStatus.INVALID_ATTRIBUTE_VALUE,
        "Performed Procedure Step Status not permitted",
        FailureDetail(OffendingElement=(_STATUS_TAG,)),
    ),
    StepFault.DUPLICATE: (DimseStatus.DUPLICATE_SOP_INSTANCE, "Step exists already", NO_DETAIL),
    StepFault.UNKNOWN: (DimseStatus.NO_SUCH_SOP_INSTANCE, "No such step", NO_DETAIL),
    StepFault.FINAL: (
        DimseStatus.PROCESSING_FAILURE,
        "Performed Procedure Step Object may no longer be updated",
        FailureDetail(ErrorID=_NO_LONGER),
    ),
}
"""Status, Error Comment and further elements of each refusal (PS3.7 10.1, PS3.4 F.7.2)."""


class PerformedStepPort(Protocol):
    """The steps as their SCP needs them; every call raises `StepRefused` or a `BridgeError`."""

    def create(self, message: StepMessage, sop_instance_uid: str | None) -> str:
        """Begin a step; return its UID. Durable when it returns."""

    def update(self, message: StepMessage, sop_instance_uid: str) -> None:
        """Take a change of a step. Durable when it returns."""

    def messages(self, sop_instance_uid: str) -> list[StepMessage]:
        """Return what came of a step, the N-CREATE first."""

    def follow(self) -> None:
        """Do what nobody waits for, after the answer."""


class _StepOperation(BufferedOperation):
    """A request about one step; whatever fails becomes a failure status."""

    limit: ClassVar[int] = MOST_BYTES
    classes: ClassVar[frozenset[str]] = frozenset({PERFORMED_STEP})

    def __init__(self, port: PerformedStepPort, request: DimseRequest) -> None:
        super().__init__(request)
        self._port = port

    def run(self) -> None:
        """Serve the request and answer; then let the worklist follow."""
        if not self._is_of_class():
            self.request.answer(DimseStatus.NO_SUCH_SOP_CLASS, "No such SOP class")
            return
        try:
            self._serve()
        except StepRefused as refused:
            log.warning("step of %r refused: %s", self.request.calling_aet, refused.fault)
            status, comment, detail = _REFUSALS[refused.fault]
            self.request.answer(status, comment, detail=detail)
        except (DatabaseUnavailable, OutOfResources) as error:
            log.warning("step not taken: %s", type(error).__name__)
            self.request.answer(DimseStatus.RESOURCE_LIMITATION, "Please send again later")
        except Exception as error:  # noqa: BLE001 - the device is told, whatever it is
            log.error("step not taken: %s", describe(error))
            self.request.answer(DimseStatus.PROCESSING_FAILURE, "Processing failure")

    def _is_of_class(self) -> bool:
        """Return whether the command names a SOP class of the service, or none."""
        command = self.request.command
        named = command.AffectedSOPClassUID or command.RequestedSOPClassUID
        return named is None or named in self.classes

    def _serve(self) -> None:
        raise NotImplementedError

    @property
    def _uid(self) -> str | None:
        """The SOP Instance UID of the command, whichever element has it; devices mix them up."""
        command = self.request.command
        return command.RequestedSOPInstanceUID or command.AffectedSOPInstanceUID

    @property
    def _message(self) -> StepMessage:
        if self.is_too_large:
            raise StepRefused(StepFault.TOO_LARGE)
        request = self.request
        return StepMessage(self.dataset, request.context.transfer_syntax, request.caller)

    def _follow(self) -> None:
        try:
            self._port.follow()
        except Exception as error:  # noqa: BLE001 - the device has its answer; a job does it later
            log.error("worklist not up to date: %s", describe(error))


class StepCreation(_StepOperation):
    """One N-CREATE."""

    def _serve(self) -> None:
        uid = self._uid
        if uid is not None and not is_uid(uid):
            status = DimseStatus.INVALID_OBJECT_INSTANCE
            self.request.answer(status, "SOP Instance UID is none")
            return
        created = self._port.create(self._message, uid)
        self.request.answer(DimseStatus.SUCCESS, sop_instance=created)
        self._follow()


class StepChange(_StepOperation):
    """One N-SET."""

    def _serve(self) -> None:
        self._port.update(self._message, self._uid or "")
        self.request.answer(DimseStatus.SUCCESS)
        self._follow()


class StepRetrieval(_StepOperation):
    """One N-GET: the attributes asked for, or all of them."""

    classes = frozenset({PERFORMED_STEP, PERFORMED_STEP_RETRIEVE})

    def _serve(self) -> None:
        step = merged(self._port.messages(self._uid or ""))
        asked = frozenset(self.request.command.AttributeIdentifierList)
        wanted = {tag: element for tag, element in step.items() if not asked or tag in asked}
        encoded = encode_dataset(dataset_from(wanted), UID(self.request.context.transfer_syntax))
        if asked <= wanted.keys():
            self.request.answer(DimseStatus.SUCCESS, dataset=encoded)
        else:
            comment = "Requested optional attributes are not supported"
            self.request.answer(DimseStatus.ATTRIBUTES_NOT_SUPPORTED, comment, encoded)


def step_services(port: PerformedStepPort) -> ServiceTable:
    """Return the services of performed procedure steps."""
    return {
        (CommandField.N_CREATE_RQ, PERFORMED_STEP): partial(StepCreation, port),
        (CommandField.N_SET_RQ, PERFORMED_STEP): partial(StepChange, port),
        (CommandField.N_GET_RQ, PERFORMED_STEP): partial(StepRetrieval, port),
        (CommandField.N_GET_RQ, PERFORMED_STEP_RETRIEVE): partial(StepRetrieval, port),
    }


def merged(messages: Sequence[StepMessage]) -> Item:
    """Return a step's attributes, each as the last message that names it says.

    Each message is read in its own character set: a device may change it in between.
    """
    step: dict[int, Element] = {}
    for one in messages:
        step |= item_from(dataset_in(one.content, UID(one.transfer_syntax_uid), most=MOST_BYTES))
    return step
