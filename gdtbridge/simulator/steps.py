"""Performed procedure steps of a simulated device, as datasets (PS3.4 Table F.7.2-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from gdtbridge.dataset.values import da_text, tm_text
from gdtbridge.simulator.exam import PATIENT, UTF_8, text_of

NO_REASON: Final = ("110513", "Discontinued for unspecified reason")
WRONG_ENTRY: Final = ("110514", "Incorrect worklist entry selected")
"""Codes of DCM (PS3.16 CID 9300)."""
_SCHEDULED: Final = (
    "StudyInstanceUID",
    "AccessionNumber",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
)
_SCHEDULED_STEP: Final = ("ScheduledProcedureStepID", "ScheduledProcedureStepDescription")


def begun(entry: Dataset, study: Dataset, station: str, now: datetime) -> Dataset:
    """Return the attributes of N-CREATE: ``study`` is any object of the exam of ``entry``."""
    step = Dataset()
    step.SpecificCharacterSet = UTF_8
    step.ScheduledStepAttributesSequence = Items([_scheduled(entry, study)])
    for keyword in PATIENT:
        setattr(step, keyword, text_of(entry, keyword))
    step.ReferencedPatientSequence = Items()
    step.PerformedProcedureStepID = f"P{tm_text(now)}"[:16]
    step.PerformedStationAETitle = station
    step.PerformedStationName = step.PerformedLocation = ""
    step.PerformedProcedureStepStartDate = da_text(now)
    step.PerformedProcedureStepStartTime = tm_text(now)
    step.PerformedProcedureStepStatus = "IN PROGRESS"
    step.PerformedProcedureStepDescription = text_of(study, "StudyDescription")
    step.PerformedProcedureTypeDescription = ""
    step.ProcedureCodeSequence = Items()
    step.PerformedProcedureStepEndDate = step.PerformedProcedureStepEndTime = ""
    step.Modality = "US"
    step.StudyID = text_of(study, "StudyID")
    step.PerformedProtocolCodeSequence = Items()
    step.PerformedSeriesSequence = Items()
    return step


def _scheduled(entry: Dataset, study: Dataset) -> Dataset:
    """Return what was scheduled, as far as there was an entry; its study is the objects'."""
    scheduled = Dataset()
    for keyword in _SCHEDULED:
        setattr(scheduled, keyword, text_of(entry, keyword))
    scheduled.StudyInstanceUID = study.StudyInstanceUID
    scheduled.AccessionNumber = text_of(study, "AccessionNumber")
    scheduled.ReferencedStudySequence = Items()
    (step,) = entry.get("ScheduledProcedureStepSequence") or (Dataset(),)
    for keyword in _SCHEDULED_STEP:
        setattr(scheduled, keyword, text_of(step, keyword))
    scheduled.ScheduledProtocolCodeSequence = Items()
    return scheduled


def completed(objects: Sequence[Dataset], now: datetime) -> Dataset:
    """Return the attributes of N-SET that complete a step with these objects."""
    return _final("COMPLETED", objects, now)


def discontinued(objects: Sequence[Dataset], now: datetime, reason: tuple[str, str]) -> Dataset:
    """Return the attributes of N-SET that discontinue a step, and why."""
    step = _final("DISCONTINUED", objects, now)
    code = Dataset()
    code.CodeValue, code.CodeMeaning = reason
    code.CodingSchemeDesignator = "DCM"
    step.PerformedProcedureStepDiscontinuationReasonCodeSequence = Items([code])
    return step


def _final(status: str, objects: Sequence[Dataset], now: datetime) -> Dataset:
    step = Dataset()
    step.PerformedProcedureStepStatus = status
    step.PerformedProcedureStepEndDate = da_text(now)
    step.PerformedProcedureStepEndTime = tm_text(now)
    step.PerformedSeriesSequence = Items(_series(objects))
    return step


def _series(objects: Sequence[Dataset]) -> list[Dataset]:
    """Return an item for each series, images and other objects apart (PS3.3 C.4.15)."""
    found: dict[str, Dataset] = {}
    for ds in objects:
        item = found.setdefault(ds.SeriesInstanceUID, _empty_series(ds))
        reference = Dataset()
        reference.ReferencedSOPClassUID = ds.SOPClassUID
        reference.ReferencedSOPInstanceUID = ds.SOPInstanceUID
        place = "NonImageCompositeSOPInstance" if "ContentSequence" in ds else "Image"
        item[f"Referenced{place}Sequence"].value.append(reference)
    return list(found.values())


def _empty_series(ds: Dataset) -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = ds.SeriesInstanceUID
    item.SeriesDescription = text_of(ds, "SeriesDescription")
    item.ProtocolName = text_of(ds, "ProtocolName") or "Ultrasound"
    item.RetrieveAETitle = item.PerformingPhysicianName = item.OperatorsName = ""
    item.ReferencedImageSequence = Items()
    item.ReferencedNonImageCompositeSOPInstanceSequence = Items()
    return item


def commitment_of(objects: Sequence[Dataset], transaction: str) -> Dataset:
    """Return the attributes of N-ACTION that ask for these objects (PS3.4 Table J.3-1)."""
    request = Dataset()
    request.TransactionUID = transaction
    request.ReferencedSOPSequence = Items()
    for ds in objects:
        item = Dataset()
        item.ReferencedSOPClassUID = ds.SOPClassUID
        item.ReferencedSOPInstanceUID = ds.SOPInstanceUID
        request.ReferencedSOPSequence.append(item)
    return request
