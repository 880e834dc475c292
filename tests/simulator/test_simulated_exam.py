"""An exam made of samples: new identifiers, kept references, a character set that fits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from gdtbridge.simulator.exam import (
    make_exam,
    read_sample,
    sample_files,
    sample_folder,
    without_order,
)
from gdtbridge.sr import read_report

NOW = datetime.fromisoformat("2026-05-04T07:08:09")


def entry(name: str = "Meyer^Zoë", description: str = "Abdomen") -> Dataset:
    """Return a worklist answer as far as a device needs it."""
    ds = Dataset()
    ds.PatientName = name
    ds.PatientID = "777"
    ds.PatientBirthDate = ""
    ds.PatientSex = ""
    ds.AccessionNumber = "R0000000777"
    ds.RequestedProcedureDescription = description
    ds.StudyInstanceUID = "2.25.777"
    return ds


def exam(tmp_path: Path, order: Dataset) -> list[Dataset]:
    """Return the instances of an exam after they went through files."""
    instances = [read_sample(path) for path in sample_files()]
    make_exam(instances, order, NOW)
    made: list[Dataset] = []
    for number, ds in enumerate(instances):
        ds.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
        made.append(dcmread(tmp_path / f"{number}.dcm"))
    return made


def test_report_refers_to_the_new_images(tmp_path: Path) -> None:
    """Evidence and image references follow the new identifiers; no old one is left."""
    made = exam(tmp_path, entry())
    old = {dcmread(path).SOPInstanceUID for path in sample_files()}
    old |= {dcmread(path).StudyInstanceUID for path in sample_files()}
    left = {
        element.value
        for ds in made
        for element in ds.iterall()
        if element.VR == "UI" and element.value in old
    }
    assert left == set()
    images = [ds.SOPInstanceUID for ds in made if ds.Modality == "US"]
    (report,) = (ds for ds in made if "CurrentRequestedProcedureEvidenceSequence" in ds)
    study = report.CurrentRequestedProcedureEvidenceSequence[0]
    referenced = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert study.StudyInstanceUID == "2.25.777"
    assert [one.ReferencedSOPInstanceUID for one in referenced] == images


def test_meta_information_names_the_new_instance(tmp_path: Path) -> None:
    """Media Storage SOP Instance UID is that of the dataset (PS3.10 7.1)."""
    made = exam(tmp_path, entry())
    assert [ds.file_meta.MediaStorageSOPInstanceUID for ds in made] == [
        ds.SOPInstanceUID for ds in made
    ]


def test_exam_happens_now(tmp_path: Path) -> None:
    """Study, series and content carry the time of the exam."""
    for ds in exam(tmp_path, entry()):
        assert {ds.StudyDate, ds.SeriesDate, ds.ContentDate} == {"20260504"}
        assert {ds.StudyTime, ds.SeriesTime, ds.ContentTime} == {"070809"}


@pytest.mark.parametrize(
    ("name", "charsets"),
    [
        ("Meyer^Zoë", {"ISO_IR 100", "ISO_IR 192"}),
        ("Wójcik^Łukasz", {"ISO_IR 192"}),
        ("Άννα^Ω", {"ISO_IR 192"}),
    ],
)
def test_every_name_can_be_sent(tmp_path: Path, name: str, charsets: set[str]) -> None:
    """The character set fits the order's name, and the report's own texts stay readable."""
    made = exam(tmp_path, entry(name))
    assert {str(ds.PatientName) for ds in made} == {name}
    assert {ds.SpecificCharacterSet for ds in made} == charsets
    assert {str(ds.StudyDescription) for ds in made} == {"Abdomen"}
    (thyroid,) = (n for n, path in enumerate(sample_files()) if path.stem == "thyroid")
    names = [one.name for one in read_report(tmp_path / f"{thyroid}.dcm").measurements]
    assert "Schilddrüse re. Länge" in names


def test_measurements_are_those_of_the_samples(tmp_path: Path) -> None:
    """Nothing of a report's content changes."""
    exam(tmp_path, entry())
    for number, path in enumerate(sample_files()):
        if path.parent.name == "sr":
            before, after = read_report(path), read_report(tmp_path / f"{number}.dcm")
            assert after.measurements == before.measurements


def test_missing_study_uid_is_invented(tmp_path: Path) -> None:
    """An entry without Study Instance UID still gives one study."""
    order = entry()
    del order.StudyInstanceUID
    assert len({ds.StudyInstanceUID for ds in exam(tmp_path, order)}) == 1


def test_without_an_order_nothing_of_a_sample_s_patient_is_left() -> None:
    """The test patient has a name and a number of their own, and no accession number."""
    sample = read_sample(sample_folder() / "sr" / "echo.dcm")
    assert str(sample.AccessionNumber) == "R0000000044"
    entry = without_order(sample)
    assert "AccessionNumber" not in entry
    assert (entry.PatientID, str(entry.PatientName)) == ("SIMULATION", "Testpatient^Simulation")
    assert {entry.PatientBirthDate, entry.PatientSex} == {"19000101", "O"}
