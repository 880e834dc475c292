"""Tags of the elements that are read from bytes (PS3.6)."""

from __future__ import annotations

from enum import IntEnum


class Tag(IntEnum):
    """Tags by keyword."""

    SpecificCharacterSet = 0x00080005
    ImageType = 0x00080008
    SOPClassUID = 0x00080016
    SOPInstanceUID = 0x00080018
    StudyDate = 0x00080020
    SeriesDate = 0x00080021
    AcquisitionDate = 0x00080022
    ContentDate = 0x00080023
    AcquisitionDateTime = 0x0008002A
    StudyTime = 0x00080030
    SeriesTime = 0x00080031
    AcquisitionTime = 0x00080032
    ContentTime = 0x00080033
    AccessionNumber = 0x00080050
    Modality = 0x00080060
    Manufacturer = 0x00080070
    InstitutionName = 0x00080080
    InstitutionAddress = 0x00080081
    ReferringPhysicianName = 0x00080090
    CodeValue = 0x00080100
    CodingSchemeDesignator = 0x00080102
    CodeMeaning = 0x00080104
    LongCodeValue = 0x00080119
    URNCodeValue = 0x00080120
    StationName = 0x00081010
    StudyDescription = 0x00081030
    SeriesDescription = 0x0008103E
    InstitutionalDepartmentName = 0x00081040
    ManufacturerModelName = 0x00081090
    ReferencedSOPClassUID = 0x00081150
    ReferencedSOPInstanceUID = 0x00081155
    TransactionUID = 0x00081195
    FailureReason = 0x00081197
    PatientName = 0x00100010
    PatientID = 0x00100020
    PatientBirthDate = 0x00100030
    PatientSex = 0x00100040
    PatientAge = 0x00101010
    BodyPartExamined = 0x00180015
    DeviceSerialNumber = 0x00181000
    TransducerData = 0x00185010
    DepthOfScanField = 0x00185050
    TransducerType = 0x00186031
    StudyInstanceUID = 0x0020000D
    SeriesInstanceUID = 0x0020000E
    StudyID = 0x00200010
    SeriesNumber = 0x00200011
    InstanceNumber = 0x00200013
    Laterality = 0x00200060
    ImageLaterality = 0x00200062
    NumberOfFrames = 0x00280008
    Rows = 0x00280010
    Columns = 0x00280011
    BitsAllocated = 0x00280100
    BurnedInAnnotation = 0x00280301
    ScheduledProcedureStepID = 0x00400009
    PerformedProcedureStepStatus = 0x00400252
    PerformedProcedureStepDescription = 0x00400254
    RequestedProcedureID = 0x00401001
    RelationshipType = 0x0040A010
    ObservationDateTime = 0x0040A032
    ValueType = 0x0040A040
    DateTime = 0x0040A120
    Date = 0x0040A121
    Time = 0x0040A122
    UID = 0x0040A124
    TextValue = 0x0040A160
    NumericValue = 0x0040A30A
    CompletionFlag = 0x0040A491
    TemplateIdentifier = 0x0040DB00
    ReferencedContentItemIdentifier = 0x0040DB73
    # Sequences
    ReferencedStudySequence = 0x00081110
    ReferencedSeriesSequence = 0x00081115
    ReferencedImageSequence = 0x00081140
    FailedSOPSequence = 0x00081198
    ReferencedSOPSequence = 0x00081199
    ReferencedNonImageCompositeSOPInstanceSequence = 0x00400220
    ScheduledStepAttributesSequence = 0x00400270
    PerformedProcedureStepDiscontinuationReasonCodeSequence = 0x00400281
    PerformedSeriesSequence = 0x00400340
    MeasurementUnitsCodeSequence = 0x004008EA
    ConceptNameCodeSequence = 0x0040A043
    ConceptCodeSequence = 0x0040A168
    MeasuredValueSequence = 0x0040A300
    NumericValueQualifierCodeSequence = 0x0040A301
    PredecessorDocumentsSequence = 0x0040A360
    ReferencedRequestSequence = 0x0040A370
    ContentTemplateSequence = 0x0040A504
    ContentSequence = 0x0040A730
