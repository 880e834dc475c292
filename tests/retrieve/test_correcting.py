"""The identity that was decided, in metadata: the same as those of the copy that leaves."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from gdtbridge.retrieve.correcting import corrected, correction_of
from gdtbridge.retrieve.dicom_json import JsonDataset, json_dataset
from gdtbridge.retrieve.leaving import LeavingObject, file_to_send, read_head
from tests.pictures.builder import dataset, write
from tests.tools.elements import US_IMAGE
from worklist.item import item_from

NOW = datetime(2026, 12, 1, 14, 30)  # noqa: DTZ001 - local, as in DICOM
SAID = {"PatientID": "1", "PatientName": "A^B", "AccessionNumber": ""}


def metadata_of(path: Path) -> JsonDataset:
    """Return what an object says."""
    with path.open("rb") as file:
        return json_dataset(item_from(read_head(file)))


@pytest.mark.parametrize(
    ("sent", "decided"),
    [
        ({"PatientID": "1"}, {"PatientID": "2"}),
        ({"PatientID": "1", "AccessionNumber": ""}, {"PatientID": "2", "AccessionNumber": "A7"}),
        ({"SpecificCharacterSet": "ISO_IR 100", "StudyDescription": "Gefäße"}, {"PatientID": "2"}),
        ({"PatientName": "A^B"}, {"PatientID": "2", "PatientName": "Wójcik^Łukasz"}),
        ({"OriginalAttributesSequence": [Dataset()]}, {"PatientName": ""}),
    ],
)
def test_what_leaves_says_the_same(
    tmp_path: Path, sent: dict[str, object], decided: dict[str, str]
) -> None:
    """With new letters, with and without what the device said, after an older correction."""
    made = dataset(US_IMAGE)
    for keyword in ("PatientID", "PatientName", "AccessionNumber"):
        made.pop(keyword, None)
    for keyword, value in sent.items():
        setattr(made, keyword, value)
    file = write(made, tmp_path / "sent.dcm")
    one = LeavingObject(
        file, US_IMAGE, "1", ExplicitVRLittleEndian, SAID, {**SAID, **decided}, "", "1"
    )
    with file_to_send(one, tmp_path / "leaving", NOW) as copy:
        leaving = metadata_of(copy)

    found = corrected(metadata_of(file), correction_of(one.changes, NOW))

    assert found == leaving
    assert list(found) == sorted(found)
