"""The objects two archives are compared with: two studies of two patients, of each kind one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydicom import Dataset, config, dcmread, uid
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.valuerep import PersonName

from tests.pictures.builder import (
    PDF,
    document,
    grey_screen,
    image,
    jpeg,
    put_frames,
    screen,
    write,
)

STUDIES = ("2.25.10", "2.25.20")
ERIKA = {
    "StudyInstanceUID": STUDIES[0],
    "PatientID": "4711",
    "PatientName": "Müller^Erika",
    "PatientSex": "F",
    "StudyDate": "20240115",
    "AccessionNumber": "R1",
    "StudyID": "S1",
    "StudyDescription": "Schilddrüse",
    "ReferringPhysicianName": "Arzt^Bodo",
}
HANS = {
    "StudyInstanceUID": STUDIES[1],
    "PatientID": "4712",
    "PatientName": "Meier^Hans",
    "PatientSex": "M",
    "StudyDate": "20240116",
    "AccessionNumber": "R2",
    "StudyID": "S1",
    "StudyDescription": "Abdomen",
    "ReferringPhysicianName": "",
}


def kept_objects(folder: Path, project: Path) -> Mapping[str, Path]:
    """Return the objects' files, written below a folder, by the kind of each."""
    sample = dcmread(project / "samples" / "sr" / "echo.dcm")
    sample.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    made = {
        "still": (_still(), ERIKA, 1, 1),
        "grey": (_grey(), ERIKA, 1, 2),
        "loop": (_loop(), ERIKA, 1, 3),
        "document": (document(PDF + bytes(2000), Modality="DOC"), ERIKA, 2, 1),
        "compressed": (_compressed(), HANS, 1, 1),
        "dirty": (dirty(), HANS, 1, 2),
        "report": (sample, HANS, 2, 1),
    }
    return {
        name: _placed(one, values, series, number, folder / f"{name}.dcm")
        for name, (one, values, series, number) in made.items()
    }


def _placed(made: Dataset, values: dict[str, str], series: int, number: int, path: Path) -> Path:
    study = values["StudyInstanceUID"]
    made.SeriesInstanceUID = uid.UID(f"{study}.{series}")
    made.SOPInstanceUID = uid.UID(f"{study}.{series}.{number}")
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.SeriesNumber, made.InstanceNumber = series, number
    made.StudyTime, made.PatientBirthDate = "103015", "19600203"
    made.Modality = made.get("Modality") or "US"
    made.SeriesDescription = {"DOC": "Befund"}.get(made.Modality, "")
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return write(made, path)


def _still() -> Dataset:
    return image(screen(), "RGB")


def _grey() -> Dataset:
    pixels = grey_screen().astype(np.uint16) * 16
    return image(
        pixels, "MONOCHROME2", BitsStored=12, HighBit=11, WindowCenter=2048, WindowWidth=4096
    )


def _loop() -> Dataset:
    made = image(screen(), "YBR_FULL_422", FrameTime="33.3")
    frames = [jpeg(np.full((48, 64, 3), shade, np.uint8)) for shade in (10, 90, 200)]
    put_frames(made, frames, uid.JPEGBaseline8Bit)
    return made


def _compressed() -> Dataset:
    made = image(screen(), "RGB")
    made.compress(uid.RLELossless, encoding_plugin="pydicom")
    made.PlanarConfiguration = 1
    return made


def dirty() -> Dataset:
    """Return an object with values no device should write, and some that are only rare."""
    made = image(screen(), "RGB")
    region = Dataset()
    region.PhysicalDeltaX, region.PhysicalDeltaY = float("nan"), 0.01
    made.SequenceOfUltrasoundRegions = [region]
    reference = Dataset()
    reference.ReferencedSOPInstanceUID = f"{STUDIES[1]}.1.1"
    made.ReferencedImageSequence = [reference, Dataset()]
    made.ReferencedStudySequence = []
    for keyword, value in (
        ("PatientWeight", "33,3"),
        ("AcquisitionNumber", "3.0"),
        ("PatientSize", "NaN"),
        ("OperatorsName", [PersonName("Arzt^Bodo"), PersonName("")]),
        ("PerformingPhysicianName", PersonName("Yamada^Tarou=山田=やまだ")),
        ("ProtocolName", ""),
        ("ImageType", ["ORIGINAL", "", "0001"]),
    ):
        made.add(unchecked(keyword, value))
    made.SpecificCharacterSet = "ISO_IR 192"
    block = made.private_block(0x0009, "GDTBRIDGE TEST", create=True)
    block.add_new(0x01, "UN", b"\x01\x02\x03\x04")
    block.add_new(0x02, "LO", "privat")
    return made


def unchecked(keyword: str, value: object) -> DataElement:
    """Return an element that says anything, whatever its VR allows."""
    VR = dictionary_VR(keyword)  # noqa: N806
    return DataElement(keyword, VR, value, already_converted=True, validation_mode=config.IGNORE)
