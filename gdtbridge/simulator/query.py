"""The worklist query of a simulated device: many empty keys, as talkative devices send."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gdtbridge.dataset.values import da_text

STEP_KEYS: Final = (
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepEndDate",
    "ScheduledProcedureStepEndTime",
    "ScheduledProcedureStepID",
    "ScheduledProcedureStepLocation",
    "ScheduledProcedureStepStartTime",
    "ScheduledStationName",
    "PreMedication",
    "RequestedContrastAgent",
    "CommentsOnTheScheduledProcedureStep",
)
"""Empty keys inside the scheduled procedure step (PS3.4 Table K.6-1)."""
ROOT_KEYS: Final = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "OtherPatientNames",
    "PatientSize",
    "PatientWeight",
    "MedicalAlerts",
    "Allergies",
    "EthnicGroup",
    "AdditionalPatientHistory",
    "PregnancyStatus",
    "PatientComments",
    "StudyInstanceUID",
    "RequestingPhysician",
    "RequestingService",
    "RequestedProcedureDescription",
    "SpecialNeeds",
    "CurrentPatientLocation",
    "PatientState",
    "AdmissionID",
    "RequestedProcedureID",
    "ReasonForTheRequestedProcedure",
    "RequestedProcedurePriority",
    "PatientTransportArrangements",
    "RequestedProcedureComments",
    "ConfidentialityConstraintOnPatientDataDescription",
)
"""Empty keys outside it: as many as talkative devices send (PS3.4 Table K.6-1)."""
CODE_KEYS: Final = ("CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning")
REFERENCE_KEYS: Final = ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID")


def worklist_query(station: str, now: datetime) -> Dataset:
    """Return the identifier of a Modality Worklist C-FIND for the ultrasound of one day.

    ``station`` is matched as Scheduled Station AE Title, the day of ``now`` as a range.
    """
    today = da_text(now)
    step = _empty(*STEP_KEYS)
    step.Modality = "US"
    step.ScheduledStationAETitle = station
    step.ScheduledProcedureStepStartDate = f"{today}-{today}"
    step.ScheduledProtocolCodeSequence = Sequence([_empty(*CODE_KEYS)])
    query = _empty(*ROOT_KEYS)
    query.SpecificCharacterSet = "ISO_IR 100"
    query.RequestedProcedureCodeSequence = Sequence([_empty(*CODE_KEYS)])
    query.ReferencedStudySequence = Sequence([_empty(*REFERENCE_KEYS)])
    query.ReferencedPatientSequence = Sequence([_empty(*REFERENCE_KEYS)])
    query.ScheduledProcedureStepSequence = Sequence([step])
    return query


def _empty(*keywords: str) -> Dataset:
    ds = Dataset()
    for keyword in keywords:
        setattr(ds, keyword, None)
    return ds
