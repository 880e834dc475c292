"""The objects that are sent: images of any size and reports of 75 values, of invented people."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, ExplicitVRLittleEndian
from sample_maker.tree import container, num

US_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"
US_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"
REPORT = "1.2.840.10008.5.1.4.1.1.88.33"
VALUES = 75
TODAY = time.strftime("%Y%m%d")
ROOT = "1.2.276.0.7230010.3.1.4.999"


def write_object(
    path: Path, number: int, sop_class: str, pixels: bytes, study: str = f"{ROOT}.1"
) -> Path:
    """Write an object of one invented exam."""
    dataset = Dataset()
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = f"{ROOT}.2.{number}"
    dataset.StudyInstanceUID = study
    dataset.SeriesInstanceUID = f"{study}.1"
    dataset.StudyDate, dataset.StudyTime = TODAY, "101500"
    dataset.Modality, dataset.InstanceNumber = "US", number
    dataset.PatientID, dataset.PatientName = "4711", "Probe^Petra"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "F"
    dataset.AccessionNumber, dataset.StudyDescription = "A4711", "Abdomen"
    dataset.add_new("PixelData", "OB", pixels)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_report(path: Path, number: int) -> Path:
    """Write a Structured Report of 75 values, of an exam of its own."""
    values = (num(f"{one}|99BENCH|Value {one}", f"{one}.25", "mm") for one in range(VALUES))
    group = container("125007|DCM|Measurement Group", *values)
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = REPORT, f"{ROOT}.4.{number}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{ROOT}.3.{number}", f"{ROOT}.3.1"
    dataset.StudyDate, dataset.StudyTime, dataset.Modality = TODAY, "101500", "SR"
    dataset.PatientID, dataset.PatientName = "4712", "Probe^Paul"
    dataset.AccessionNumber = f"B{number}"
    dataset.ValueType, dataset.ContinuityOfContent = "CONTAINER", "SEPARATE"
    dataset.ContentSequence = Items([container("121070|DCM|Findings", group)])
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = UID(REPORT)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


def image_of(number: int) -> str:
    """Return the SOP Instance UID of the image that `write_exam` writes."""
    return f"{ROOT}.5.{number}.1"


def write_study(path: Path, number: int, day: str) -> Path:
    """Write a small image of a study of some day; ``number`` is the patient's."""
    dataset = Dataset()
    study = f"{ROOT}.6.{number}"
    dataset.SOPClassUID, dataset.SOPInstanceUID = US_IMAGE, f"{study}.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study}.0"
    dataset.StudyDate, dataset.StudyTime, dataset.Modality = day, "101500", "US"
    dataset.AccessionNumber, dataset.StudyDescription = f"Q{number}", "Abdomen"
    dataset.PatientID, dataset.PatientName = f"{number}", f"Probe{number}^Petra"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "F"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = UID(US_IMAGE)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_exam(path: Path, number: int) -> Path:
    """Write a small image of an exam and a patient of its own; ``number`` is the patient's."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = US_IMAGE, image_of(number)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{ROOT}.5.{number}", f"{ROOT}.5.1"
    dataset.StudyDate, dataset.StudyTime, dataset.Modality = TODAY, "101500", "US"
    dataset.PatientID, dataset.PatientName = f"{number}", f"Probe^{number}"
    born = date(1930, 1, 1) + timedelta(days=number)
    dataset.PatientBirthDate = f"{born:%Y%m%d}"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = UID(US_IMAGE)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path
