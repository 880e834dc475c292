"""Which objects a Retrieve identifier names, and that they leave where they were said to be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.leaving import LeavingObject, file_to_send
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.settings import load_settings
from tests.tools.practice import Practice
from tests.tools.qrscp import query_of

STUDY = "2.25.4711000"
SR = "1.2.840.10008.5.1.4.1.1.88.33"


def named(practice: Practice, **keys: object) -> list[LeavingObject]:
    """Return the objects an identifier names."""
    return list(practice.core.finder.leaving(query_of(keys), viewer=Viewer()))


@pytest.fixture(scope="module")
def two_exams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """Return a practice with two exams of different patients, of two objects each."""
    practice = Practice(tmp_path_factory.mktemp("two"), load_settings(environ={}))
    for patient in ("4711", "4712"):
        study = f"2.25.{patient}000"
        for number in (1, 2):
            practice.send(
                PatientID=patient,
                AccessionNumber=f"A{patient}",
                StudyInstanceUID=study,
                SeriesInstanceUID=f"{study}.9",
                SOPInstanceUID=f"{study}.{number}",
            )
        practice.wait()
    yield practice
    practice.close()


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        ({"QueryRetrieveLevel": "PATIENT", "PatientID": "4711"}, 2),
        ({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": STUDY}, 2),
        ({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": [STUDY, "2.25.4712000"]}, 4),
        ({"QueryRetrieveLevel": "SERIES", "SeriesInstanceUID": f"{STUDY}.9"}, 2),
        ({"QueryRetrieveLevel": "IMAGE", "SOPInstanceUID": f"{STUDY}.1"}, 1),
        ({"QueryRetrieveLevel": "IMAGES", "SOPInstanceUID": [f"{STUDY}.1", f"{STUDY}.2"]}, 2),
        ({"QueryRetrieveLevel": "STUDY", "AccessionNumber": "A4711"}, 2),
        ({"StudyInstanceUID": STUDY}, 2),
        ({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": STUDY, "PatientID": "4712"}, 0),
        ({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": STUDY, "PatientName": "No^Body"}, 2),
    ],
)
def test_keys_name_objects(two_exams: Practice, keys: dict[str, Any], count: int) -> None:
    """The unique ones, also without a level, and the accession number; other keys name nothing."""
    assert len(named(two_exams, **keys)) == count


@pytest.mark.parametrize(
    "keys",
    [
        {"QueryRetrieveLevel": "PATIENT", "PatientID": "*"},
        {"QueryRetrieveLevel": "PATIENT", "PatientID": "471?"},
        {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "*"},
        {"QueryRetrieveLevel": "STUDY", "AccessionNumber": "A*"},
        {"QueryRetrieveLevel": "PATIENT", "StudyInstanceUID": STUDY},
        {"QueryRetrieveLevel": "STUDY"},
        {"QueryRetrieveLevel": "ROOM", "StudyInstanceUID": STUDY},
    ],
)
def test_nobody_gets_everything(two_exams: Practice, keys: dict[str, Any]) -> None:
    """What names nothing, or is a pattern, is refused: one star is not the whole practice."""
    with pytest.raises(QueryRefused):
        named(two_exams, **keys)


def test_a_report_is_where_it_was_said_to_be(practice: Practice, tmp_path: Path) -> None:
    """One that leaves in a series of its own is told of, found and fetched in that series."""
    series = f"{STUDY}.9"
    for number, sop_class in ((1, "1.2.840.10008.5.1.4.1.1.6.1"), (2, SR)):
        made = query_of(
            {
                "SOPClassUID": sop_class,
                "SOPInstanceUID": f"{STUDY}.{number}",
                "StudyDate": "20240115",
                "Modality": "US",
                "Manufacturer": "SonoScape",
                "PatientID": "4711",
                "PatientName": "Meier^Anna",
                "StudyInstanceUID": STUDY,
                "SeriesInstanceUID": series,
            }
        )
        made.save_as(tmp_path / "sent.dcm", implicit_vr=False, little_endian=True)
        practice.send_dataset(
            (tmp_path / "sent.dcm").read_bytes(),
            SOPClassUID=sop_class,
            SOPInstanceUID=f"{STUDY}.{number}",
        )
    practice.wait()

    keys = {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": STUDY}
    query = query_of({**keys, "SeriesInstanceUID": "", "Modality": ""})
    found = practice.core.finder.find(query, viewer=Viewer(sees_held=True))
    told = {answer.dataset.Modality: answer.dataset.SeriesInstanceUID for answer in found}
    assert told["US"] == series
    assert told["SR"] != series
    for modality, uid in told.items():
        asked = query_of({**keys, "SeriesInstanceUID": uid})
        (one,) = practice.core.finder.leaving(asked, viewer=Viewer(sees_held=True))
        with file_to_send(one, tmp_path / "leaving", datetime(2026, 12, 1)) as path:  # noqa: DTZ001
            left = dcmread(path)
        assert (left.SeriesInstanceUID, left.Modality) == (uid, modality)
