"""The attributes of a worklist entry: PS3.4 Table K.6-1 (with K.6.1.2.2) as data.

``SUPPORTED`` holds, for the dataset and for each sequence, the attributes this service answers for:
they are returned, zero length when unknown. ``MATCHING`` holds those of them that are always
matched when the query gives a value, so that an entry which does not know the value is left out.
Any other key is matched against the entries that have a value for it; where it is ignored, the
answer says so with status FF01 (PS3.4 K.4.1.1.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from worklist.item import tag_of

ROOT = 0
"""Stands for the dataset itself where a level is named by its sequence's tag."""

SPS = tag_of("ScheduledProcedureStepSequence")


def _tags(keywords: str) -> frozenset[int]:
    return frozenset(tag_of(keyword) for keyword in keywords.split())


TYPE_1: Mapping[int, frozenset[int]] = MappingProxyType(
    {
        ROOT: _tags(
            "ScheduledProcedureStepSequence RequestedProcedureID StudyInstanceUID"
            " PatientName PatientID"
        ),
        SPS: _tags(
            "ScheduledStationAETitle ScheduledProcedureStepStartDate"
            " ScheduledProcedureStepStartTime Modality ScheduledProcedureStepID"
        ),
    }
)
"""Return Key Type 1: in every answer, asked for or not, and never empty."""

_CODE = _tags(
    "CodeValue CodingSchemeDesignator CodingSchemeVersion CodeMeaning LongCodeValue URNCodeValue"
)
_REFERENCE = _tags("ReferencedSOPClassUID ReferencedSOPInstanceUID")

SUPPORTED: Mapping[int, frozenset[int]] = MappingProxyType(
    {
        ROOT: TYPE_1[ROOT]
        | _tags(
            # SOP Common, Visit, Imaging Service Request
            "AccessionNumber ReferringPhysicianName RequestingPhysician RequestingService"
            " AdmissionID CurrentPatientLocation InstitutionName InstitutionalDepartmentName"
            " IssueDateOfImagingServiceRequest IssueTimeOfImagingServiceRequest"
            " ImagingServiceRequestComments OrderEnteredBy OrderEntererLocation"
            " OrderCallbackPhoneNumber PlacerOrderNumberImagingServiceRequest"
            " FillerOrderNumberImagingServiceRequest AdmittingDiagnosesDescription"
            # Requested Procedure
            " RequestedProcedureDescription RequestedProcedureCodeSequence"
            " RequestedProcedurePriority RequestedProcedureComments RequestedProcedureLocation"
            " ReasonForTheRequestedProcedure ReasonForRequestedProcedureCodeSequence"
            " PatientTransportArrangements ReportingPriority ConfidentialityCode"
            " NamesOfIntendedRecipientsOfResults ReferencedStudySequence"
            " StudyDate StudyTime StudyDescription"
            # Patient Identification, Demographic, Medical
            " ReferencedPatientSequence IssuerOfPatientID OtherPatientIDs OtherPatientNames"
            " OtherPatientIDsSequence PatientBirthDate PatientBirthTime PatientSex PatientAge"
            " PatientSize PatientWeight PatientAddress PatientTelephoneNumbers EthnicGroup"
            " Occupation MilitaryRank PatientComments PatientState PregnancyStatus MedicalAlerts"
            " Allergies SpecialNeeds AdditionalPatientHistory LastMenstrualDate SmokingStatus"
            " ConfidentialityConstraintOnPatientDataDescription PatientSexNeutered"
            " PatientSpeciesDescription PatientBreedDescription ResponsiblePerson"
            " ResponsiblePersonRole"
        ),
        SPS: TYPE_1[SPS]
        | _tags(
            "ScheduledPerformingPhysicianName ScheduledProcedureStepDescription"
            " ScheduledProtocolCodeSequence ScheduledStationName ScheduledProcedureStepLocation"
            " ScheduledProcedureStepEndDate ScheduledProcedureStepEndTime PreMedication"
            " RequestedContrastAgent ScheduledProcedureStepStatus"
            " CommentsOnTheScheduledProcedureStep"
        ),
        tag_of("RequestedProcedureCodeSequence"): _CODE,
        tag_of("ReasonForRequestedProcedureCodeSequence"): _CODE,
        tag_of("ScheduledProtocolCodeSequence"): _CODE,
        tag_of("ReferencedStudySequence"): _REFERENCE,
        tag_of("ReferencedPatientSequence"): _REFERENCE,
        tag_of("OtherPatientIDsSequence"): _tags("PatientID IssuerOfPatientID TypeOfPatientID"),
    }
)

MATCHING: Mapping[int, frozenset[int]] = MappingProxyType(
    {
        ROOT: _tags(
            "AccessionNumber AdmissionID IssuerOfPatientID PatientBirthDate PatientID PatientName"
            " PatientSex ReferringPhysicianName RequestedProcedureDescription RequestedProcedureID"
            " RequestedProcedurePriority RequestingPhysician ScheduledProcedureStepSequence"
            " StudyInstanceUID"
        ),
        SPS: _tags(
            "Modality ScheduledPerformingPhysicianName ScheduledProcedureStepDescription"
            " ScheduledProcedureStepID ScheduledProcedureStepStartDate"
            " ScheduledProcedureStepStartTime ScheduledProcedureStepStatus ScheduledStationAETitle"
        ),
    }
)
"""The required matching keys and the optional ones this service promises to match."""

IDENTIFIERS = _tags(
    "AccessionNumber PatientID IssuerOfPatientID OtherPatientIDs AdmissionID StudyID"
    " RequestedProcedureID ScheduledProcedureStepID PlacerOrderNumberImagingServiceRequest"
    " FillerOrderNumberImagingServiceRequest CodeValue CodingSchemeDesignator LongCodeValue"
)
"""Numbers and codes that come back with the images: sent letter by letter or not at all."""

NEVER_KEYS = _tags("SpecificCharacterSet TimezoneOffsetFromUTC")
"""Attributes that describe the query itself (PS3.4 C.2.2.2, K.4.1.1.3.1), never its keys."""


@dataclass(frozen=True, slots=True)
class AttributeTables:
    """What an information model answers for, by level: `ROOT` or the tag of a sequence.

    ``type_1`` are in every answer, ``supported`` are answered when asked for, and ``matching``
    decide about an entry whatever it knows.
    """

    type_1: Mapping[int, frozenset[int]]
    supported: Mapping[int, frozenset[int]]
    matching: Mapping[int, frozenset[int]]

    def is_supported(self, level: int, tag: int) -> bool:
        """Whether ``tag`` is answered for on ``level``."""
        return tag in self.supported.get(level, frozenset())

    def is_matching(self, level: int, tag: int) -> bool:
        """Whether a value asked for in ``tag`` always decides about an entry."""
        return tag in self.matching.get(level, frozenset())


WORKLIST = AttributeTables(TYPE_1, SUPPORTED, MATCHING)
"""The Modality Worklist information model."""


def is_key(tag: int) -> bool:
    """Whether ``tag`` asks for something: not a group length, not a description of the query."""
    return bool(tag & 0xFFFF) and tag not in NEVER_KEYS
