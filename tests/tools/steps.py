"""Performed procedure steps as devices send them."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from gdtbridge.devices import Caller
from gdtbridge.dicom.identifier import encode_dataset
from gdtbridge.exams.steps import StepMessage
from tests.tools.practice import Practice

IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"
STUDY = "2.25.1000"
WRONG_ENTRY = ("110514", "DCM", "Incorrect worklist entry selected")


def items(**values: object) -> Dataset:
    """Return a dataset of elements by keyword; a list of datasets is a sequence."""
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def begun(study: str = STUDY, accession: str = "", **changes: object) -> Dataset:
    """Return the attributes of an N-CREATE (PS3.4 Table F.7.2-1) for the patient of the tests."""
    scheduled = items(
        StudyInstanceUID=study,
        ReferencedStudySequence=[],
        AccessionNumber=accession,
        RequestedProcedureID=accession,
        RequestedProcedureDescription="",
        ScheduledProcedureStepID=accession,
        ScheduledProcedureStepDescription="",
        ScheduledProtocolCodeSequence=[],
    )
    values: dict[str, object] = {
        "SpecificCharacterSet": "ISO_IR 100",
        "ScheduledStepAttributesSequence": [scheduled],
        "PatientName": "Müller^Änne",
        "PatientID": "4711",
        "PatientBirthDate": "19581224",
        "PatientSex": "F",
        "PerformedProcedureStepID": "PPS1",
        "PerformedStationAETitle": "US01",
        "PerformedProcedureStepStartDate": "20261120",
        "PerformedProcedureStepStartTime": "090000",
        "PerformedProcedureStepStatus": "IN PROGRESS",
        "PerformedProcedureStepDescription": "",
        "PerformedProcedureStepEndDate": "",
        "Modality": "US",
        "StudyID": "1",
        "PerformedSeriesSequence": [],
    }
    return items(**{**values, **changes})


def ended(
    instances: Sequence[str] = (), state: str = "COMPLETED", reason: Sequence[str] = ()
) -> Dataset:
    """Return the attributes of the last N-SET; ``instances`` is what it announces."""
    images = [items(ReferencedSOPClassUID=IMAGE, ReferencedSOPInstanceUID=u) for u in instances]
    series = items(
        PerformingPhysicianName="",
        ProtocolName="Abdomen",
        SeriesInstanceUID="2.25.101",
        ReferencedImageSequence=images,
        ReferencedNonImageCompositeSOPInstanceSequence=[],
    )
    dataset = items(
        PerformedProcedureStepStatus=state,
        PerformedProcedureStepEndDate="20261120",
        PerformedProcedureStepEndTime="091500",
        PerformedSeriesSequence=[series],
    )
    if reason:
        code = items(CodeValue=reason[0], CodingSchemeDesignator=reason[1], CodeMeaning=reason[2])
        dataset.PerformedProcedureStepDiscontinuationReasonCodeSequence = [code]
    return dataset


def encoded(dataset: Dataset, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """Return a dataset as a device sends it."""
    return encode_dataset(dataset, syntax)


def message(dataset: Dataset, device: str = "US01") -> StepMessage:
    """Return a dataset as the core gets it."""
    return StepMessage(encoded(dataset), str(ExplicitVRLittleEndian), Caller(device, "127.0.0.1"))


class StepDevice:
    """A device that tells a practice of its steps."""

    def __init__(self, practice: Practice, title: str = "US01") -> None:
        self.practice = practice
        self.title = title

    def begin(self, dataset: Dataset | None = None, uid: str | None = "2.25.7") -> str:
        """Begin a step; return its UID."""
        steps = self.practice.core.steps
        created = steps.create(message(dataset or begun(), self.title), uid)
        steps.follow()
        return created

    def end(self, *instances: str, uid: str = "2.25.7", **said: str | Sequence[str]) -> None:
        """End a step with the instances it announces."""
        steps = self.practice.core.steps
        steps.update(message(ended(instances, **said), self.title), uid)  # type: ignore[arg-type]
        steps.follow()
