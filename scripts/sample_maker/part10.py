"""DICOM files with nothing left to chance: patient, study, series and meta information.

File format: PS3.10 chapter 7. Every file is Explicit VR Little Endian.
"""

from __future__ import annotations

import io
from datetime import timedelta

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian

from sample_maker.cast import Study
from sample_maker.uids import sample_uid


def new_instance(study: Study, SOPClassUID: UID, name: str, *, minutes: int = 0) -> Dataset:  # noqa: N803
    """Return a dataset with the patient, study and SOP common attributes (PS3.3 C.7.1, C.7.2).

    ``name`` names the instance within the study; it was made ``minutes`` after the study's start.
    """
    made = study.started + timedelta(minutes=minutes)
    ds = Dataset()
    ds.SpecificCharacterSet = study.SpecificCharacterSet
    ds.SOPClassUID = SOPClassUID
    ds.SOPInstanceUID = sample_uid(f"instance {study.key} {name}")
    ds.StudyInstanceUID = study.StudyInstanceUID
    ds.InstanceCreationDate = ds.ContentDate = ds.SeriesDate = made.strftime("%Y%m%d")
    ds.InstanceCreationTime = ds.ContentTime = ds.SeriesTime = made.strftime("%H%M%S")
    ds.StudyDate = study.started.strftime("%Y%m%d")
    ds.StudyTime = study.started.strftime("%H%M%S")
    ds.AccessionNumber = study.AccessionNumber
    ds.ReferringPhysicianName = ""
    ds.StudyDescription = study.StudyDescription
    ds.StudyID = "1"
    _add_patient(ds, study)
    return ds


def _add_patient(ds: Dataset, study: Study) -> None:
    ds.PatientName = study.patient.PatientName
    ds.PatientID = study.patient.PatientID
    ds.PatientBirthDate = study.patient.birth_date.strftime("%Y%m%d")
    ds.PatientSex = study.patient.sex


def add_series(ds: Dataset, study: Study, modality: str, number: int) -> None:
    """Put the instance into series ``number`` of its study (PS3.3 C.7.3.1)."""
    ds.Modality = modality
    ds.SeriesInstanceUID = sample_uid(f"series {study.key} {number}")
    ds.SeriesNumber = number
    ds.SeriesDescription = ""


def add_equipment(ds: Dataset, manufacturer: str, model: str, version: str) -> None:
    """Say which device made the instance (PS3.3 C.7.5.1)."""
    ds.Manufacturer = manufacturer
    ds.ManufacturerModelName = model
    ds.DeviceSerialNumber = "000000"
    ds.SoftwareVersions = version
    ds.StationName = "US01"


def to_bytes(ds: Dataset) -> bytes:
    """Return the Part 10 file of ``ds``; the same dataset gives the same bytes."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = sample_uid("implementation")
    meta.ImplementationVersionName = "SAMPLES"
    ds.file_meta = meta
    buffer = io.BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()
