"""Instances of a simulated exam: samples that come along, given the order's patient and study.

UIDs are new, references between the instances are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.uid import UID

import gdtbridge
from gdtbridge.dataset.values import da_text, new_uid, tm_text
from gdtbridge.errors import BridgeError

PATIENT: Final = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
TEXTS: Final = ("PatientName", "StudyDescription", "ReferringPhysicianName")
"""What may hold letters of the order."""
LEVELS: Final = ("Study", "Series", "Content", "Acquisition", "InstanceCreation")
"""What has a date and a time of its own: the keyword continues with ``Date`` or ``Time``."""
TEST_PATIENT: Final = dict(
    zip(PATIENT, ("Testpatient^Simulation", "SIMULATION", "19000101", "O"), strict=True)
)
"""The device's own patient; no practice software has given that number to anybody."""
SECOND_PATIENT: Final = dict(
    zip(PATIENT, ("Testpatient^Zwei", "SIMULATE2", "19000202", "O"), strict=True)
)
"""Whom a device examines at the same time when it mixes two exams up."""
LATIN_1: Final = "ISO_IR 100"
UTF_8: Final = "ISO_IR 192"


class SimulationError(BridgeError):
    """The simulated exam cannot begin; the text says why and what to do."""


def sample_folder() -> Path:
    """Return the folder with ``images/``, ``sr/`` and ``gdt/``, of the wheel or of the checkout."""
    package = Path(gdtbridge.__file__).resolve().parent
    for folder in (package / "_samples", package.parent / "samples"):
        if (folder / "sr").is_dir():
            return folder
    raise SimulationError("Die Beispieldateien fehlen. / The sample files are missing.")


def sample_files() -> tuple[Path, ...]:
    """Return the shipped images and reports, in the order a device sends them."""
    folder = sample_folder()
    images, reports = (sorted((folder / part).glob("*.dcm")) for part in ("images", "sr"))
    return (*images, *reports)


def read_sample(path: Path) -> Dataset:
    """Return a sample with every text decoded, so that its character set may change."""
    try:
        ds = dcmread(path)
        ds.decode()
        known = ds.StudyInstanceUID and ds.SeriesInstanceUID and ds.SOPInstanceUID
    except (InvalidDicomError, OSError, AttributeError) as error:
        raise SimulationError(
            f"{path.name}: keine lesbare DICOM-Datei. / not a readable DICOM file."
        ) from error
    if not known:
        raise SimulationError(f"{path.name}: ohne UID. / has an empty UID.")
    return ds


def is_test_patient(entry: Dataset) -> bool:
    """Return whether an entry is the test patient's: their number and their name."""
    return all(text_of(entry, word) == TEST_PATIENT[word] for word in ("PatientID", "PatientName"))


def without_order(sample: Dataset, patient: Mapping[str, str] = TEST_PATIENT) -> Dataset:
    """Return what an exam of a test patient without an order goes by.

    Of ``sample`` only the description is taken: its patient may be somebody's.
    """
    entry = Dataset()
    entry.SpecificCharacterSet = UTF_8
    for keyword, value in patient.items():
        setattr(entry, keyword, value)
    entry.RequestedProcedureDescription = text_of(sample, "StudyDescription")
    return entry


def make_exam(samples: Sequence[Dataset], entry: Dataset, now: datetime) -> None:
    """Make ``samples`` the instances of one new exam of ``entry``'s patient, in place.

    Study Instance UID, patient and accession number are the entry's; a missing Study Instance UID
    is invented. All other identifiers are new and random.
    """
    uids = _new_uids(samples, text_of(entry, "StudyInstanceUID") or new_uid())
    for ds in samples:
        _replace_uids(ds, uids)
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        _set_time(ds, now)
        _set_order(ds, entry)
        ds.SpecificCharacterSet = _charset(ds)


def _new_uids(samples: Iterable[Dataset], StudyInstanceUID: str) -> dict[str, UID]:  # noqa: N803
    uids: dict[str, UID] = {}
    for ds in samples:
        uids[ds.StudyInstanceUID] = UID(StudyInstanceUID)
        for old in (ds.SeriesInstanceUID, ds.SOPInstanceUID):
            uids.setdefault(old, UID(new_uid()))
    return uids


def _replace_uids(ds: Dataset, uids: dict[str, UID]) -> None:
    for element in ds.iterall():
        if element.VR != "UI":
            continue
        if isinstance(element.value, MultiValue):
            element.value = [uids.get(uid, uid) for uid in element.value]
        elif element.value in uids:
            element.value = uids[element.value]


def _set_time(ds: Dataset, now: datetime) -> None:
    for level in LEVELS:
        if level == "Study" or f"{level}Date" in ds:
            setattr(ds, f"{level}Date", da_text(now))
        if level == "Study" or f"{level}Time" in ds:
            setattr(ds, f"{level}Time", tm_text(now))


def _set_order(ds: Dataset, entry: Dataset) -> None:
    for keyword in PATIENT:
        setattr(ds, keyword, text_of(entry, keyword))
    ds.AccessionNumber = text_of(entry, "AccessionNumber")
    ds.StudyDescription = text_of(entry, "RequestedProcedureDescription")
    ds.ReferringPhysicianName = text_of(entry, "ReferringPhysicianName")
    ds.StudyID = text_of(entry, "RequestedProcedureID")[:16]


def _charset(ds: Dataset) -> str:
    """Return Latin-1 where the sample declared no other and the order's texts fit, else UTF-8."""
    given = (ds.PatientName, ds.StudyDescription, ds.ReferringPhysicianName, ds.PatientID)
    try:
        "".join(str(value) for value in given).encode("latin-1")
    except UnicodeEncodeError:
        return UTF_8
    return LATIN_1 if ds.get("SpecificCharacterSet", LATIN_1) in {LATIN_1, ""} else UTF_8


def text_of(ds: Dataset, keyword: str) -> str:
    """Return the value of a top-level element as text, empty when absent."""
    return str(ds.get(keyword) or "").strip()
