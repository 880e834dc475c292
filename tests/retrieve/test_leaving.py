"""An object leaves as it was decided: byte for byte where nothing differs, else a copy says so."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from gdtbridge.dataset.errors import DatasetTooLarge
from gdtbridge.dataset.inflate import deflate
from gdtbridge.dataset.part10 import file_meta
from gdtbridge.retrieve import leaving as leaving_module
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.leaving import LeavingObject, file_to_send
from gdtbridge.settings import load_settings
from tests.tools.elements import US_IMAGE, element, identification
from tests.tools.practice import Practice

NOW = datetime(2026, 11, 30, 12)  # noqa: DTZ001 - local, as in DICOM
STUDY = "2.25.77"
PIXELS = bytes(range(256)) * 16


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """Return an exam service of whose devices nobody knows anything."""
    practice = Practice(tmp_path, load_settings(environ={}))
    yield practice
    practice.close()


def image(**values: str | bytes) -> bytes:
    """Return an image whose pixels, and what follows them, are of no interest to anybody."""
    return (
        identification(StudyInstanceUID=STUDY, AccessionNumber="", **values)
        + element(0x00280010, b"US", struct.pack("<H", 64))
        + element(0x7FE00010, b"OB", PIXELS)
        + element(0xFFFCFFFC, b"OB", bytes(6))
    )


def send(practice: Practice, **values: str | bytes) -> None:
    """Have a device send an image, and wait until it is decided."""
    practice.send_dataset(image(**values), SOPInstanceUID="2.25.1")
    practice.wait()


def leaving(practice: Practice, viewer: Viewer) -> list[LeavingObject]:
    """Return the objects of the study, as they leave for ``viewer``."""
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.StudyInstanceUID = STUDY
    return list(practice.core.finder.leaving(query, viewer=viewer))


def test_an_object_of_whom_it_says_leaves_byte_for_byte(practice: Practice) -> None:
    """No copy is made."""
    send(practice, PatientID="4711")

    (one,) = leaving(practice, Viewer())

    with file_to_send(one, practice.folder / "leaving", NOW) as path:
        assert path == one.file
    assert not (practice.folder / "leaving").exists()


def test_another_identity_leaves_in_a_copy_that_says_so(practice: Practice) -> None:
    """The chart's number, no name of the device's, the pixels as they were, the file untouched."""
    send(practice, PatientID="", PatientName="NOTFALL^1", PatientBirthDate="")
    assert leaving(practice, Viewer()) == []  # held
    practice.core.held.release(STUDY, "504")
    practice.wait()

    (one,) = leaving(practice, Viewer())
    stored = one.file.read_bytes()
    with file_to_send(one, practice.folder / "leaving", NOW) as path:
        sent, raw = dcmread(path), path.read_bytes()

    assert (sent.PatientID, sent.PatientName, sent.SOPInstanceUID) == ("504", "", "2.25.1")
    (original,) = sent.OriginalAttributesSequence
    (was,) = original.ModifiedAttributesSequence
    assert (was.PatientName, was.PatientID) == ("NOTFALL^1", "")
    assert original.ReasonForTheAttributeModification == "CORRECT"
    assert sent.PixelData == PIXELS
    assert raw.endswith(stored[stored.index(PIXELS) - 12 :])
    assert one.file.read_bytes() == stored
    assert not list((practice.folder / "leaving").iterdir())


def test_a_name_the_objects_letters_lack_is_written_in_unicode(practice: Practice) -> None:
    """All texts of the copy are, so that none is read wrongly."""
    send(practice, PatientID="4711", StudyDescription="Gefäße")
    (one,) = leaving(practice, Viewer())
    changed = LeavingObject(
        one.file,
        one.SOPClassUID,
        one.SOPInstanceUID,
        one.TransferSyntaxUID,
        one.said,
        {**one.decided, "PatientName": "Wójcik^Łukasz"},
        "",
        one.key,
    )

    with file_to_send(changed, practice.folder / "leaving", NOW) as path:
        sent = dcmread(path)

    assert sent.SpecificCharacterSet == "ISO_IR 192"
    assert (str(sent.PatientName), sent.StudyDescription) == ("Wójcik^Łukasz", "Gefäße")
    was = sent.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    assert str(was.PatientName) == "Müller^Änne"


def test_a_deflated_object_that_fills_the_memory_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is inflated to be changed, so far and no further; the service goes on."""
    monkeypatch.setattr(leaving_module, "MAX_INFLATED", 1024 * 1024)
    syntax = "1.2.840.10008.1.2.1.99"
    file = tmp_path / "bomb.dcm"
    bomb = image(PatientID="1") + element(0x7FE10010, b"OB", bytes(4 * 1024 * 1024))
    file.write_bytes(file_meta(US_IMAGE, "2.25.1", syntax) + deflate(bomb))
    one = LeavingObject(
        file, US_IMAGE, "2.25.1", syntax, {"PatientID": "1"}, {"PatientID": "2"}, "", ""
    )

    with pytest.raises(DatasetTooLarge), file_to_send(one, tmp_path / "leaving", NOW):
        pass
    assert list((tmp_path / "leaving").iterdir()) == []


def test_each_object_leaves_with_the_number_of_its_own_order(practice: Practice) -> None:
    """Of one study done for two orders of a patient; one of the numbers was typed by hand."""
    procedures = ("Abdomen", "Schilddrüse")
    orders = [practice.core.orders.place(practice.order(procedure=one)) for one in procedures]
    first, second = (one.entry.AccessionNumber for one in orders)
    for uid, accession in (("2.25.1", first), ("2.25.2", second.lower())):
        said = {"StudyInstanceUID": STUDY, "SOPInstanceUID": uid, "AccessionNumber": accession}
        practice.send_dataset(identification(**said), SOPInstanceUID=uid)
    practice.wait()

    found = {one.SOPInstanceUID: one for one in leaving(practice, Viewer())}

    assert found["2.25.1"].changes == {}
    assert found["2.25.2"].changes == {"AccessionNumber": second}


def test_what_is_held_leaves_as_the_device_said_for_who_may_see_it(practice: Practice) -> None:
    """Nothing was decided, so nothing is changed."""
    send(practice, PatientID="", PatientName="NOTFALL^1")

    (one,) = leaving(practice, Viewer(sees_held=True))

    assert one.changes == {}
