"""A copy to take along: unpacked, read by other programs, and of nobody else."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.fileset import FileSet

from gdtbridge.errors import OutOfResources
from gdtbridge.handing_out import AssignedExam, CopyRefused
from tests.tools.elements import still
from tests.tools.practice import Practice, Reports

NOW = datetime(2026, 12, 1, 9, 42)  # noqa: DTZ001 - local, as in DICOM
STUDY = "2.25.1000"


@pytest.fixture
def reports(practice: Practice, project: Path, tmp_path: Path) -> Reports:
    """Return what sends the samples."""
    return Reports(project, practice, tmp_path)


def send_pictures(practice: Practice, count: int, **said: str) -> None:
    """Send stills of their own grey."""
    for shade in range(count):
        uid = f"{said.get('StudyInstanceUID', STUDY)}.{shade + 1}"
        dataset = still(40 * shade, **{"SOPInstanceUID": uid, "StudyInstanceUID": STUDY, **said})
        practice.send_dataset(dataset, SOPInstanceUID=uid)


def unpacked(practice: Practice, folder: Path, *exams: AssignedExam, **options: Any) -> Path:
    """Return the folder of a copy."""
    with practice.core.handing.copies.made(exams, NOW, **options) as file:
        zipfile.ZipFile(file).extractall(folder)
    assert list(practice.settings.spool_folder.iterdir()) == []
    return folder


def objects_below(folder: Path) -> list[Path]:
    """Return the files of the File-set."""
    return sorted(path for path in folder.glob("PT*/ST*/SE*/*") if path.is_file())


def test_other_programs_open_it(practice: Practice, reports: Reports, tmp_path: Path) -> None:
    """Pydicom finds each object by the DICOMDIR; the files are those that leave by C-GET."""

    def in_polish(dataset: Any) -> None:
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.ConceptNameCodeSequence[0].CodeMeaning = "Badanie, Łódź"

    send_pictures(practice, 2)
    reports.send("abdomen.dcm", in_polish, PatientID="4711", StudyInstanceUID=STUDY)
    practice.wait()
    (exam,) = practice.core.handing.exams.of_exam(1)
    folder = unpacked(practice, tmp_path / "stick", exam)
    *_, record = pydicom.dcmread(folder / "DICOMDIR").DirectoryRecordSequence
    assert record.ConceptNameCodeSequence[0].CodeMeaning == "Badanie, Łódź"
    read = FileSet(folder / "DICOMDIR")
    found = {str(one.SOPInstanceUID): Path(one.path) for one in read}
    read._stage["t"].cleanup()  # what pydicom leaves to the garbage collector
    assert sorted(found.values()) == objects_below(folder)
    assert len(found) == 3
    for leaving in (left for _, left in exam.objects):
        with practice.core.transcoder.opened(leaving, leaving.TransferSyntaxUID) as sent:
            assert found[leaving.SOPInstanceUID].read_bytes() == sent.read_bytes()
    names = [part for path in folder.rglob("*") for part in path.relative_to(folder).parts]
    assert all(re.fullmatch(r"[A-Z0-9_]{1,8}(\.[A-Z]{3})?", name) for name in names)
    page = (folder / "INDEX.HTM").read_text("utf-8")
    pictures = re.findall(r'<img src="([^"]+)"', page)
    assert len(pictures) == 2
    assert all((folder / one).read_bytes().startswith(b"\xff\xd8") for one in pictures)
    assert "Niere Länge, rechts" in page
    assert "Müller, Änne" in page
    assert (folder / "BERICHT.PDF").read_bytes().startswith(b"%PDF")


@pytest.mark.peer
def test_dcmtk_takes_it(practice: Practice, reports: Reports, tmp_path: Path) -> None:
    """Its DICOMDIR is read; its files are fit for the same profile (STD-GEN-USB-JPEG)."""
    if shutil.which("dcmmkdir") is None:
        pytest.skip("DCMTK is not installed")
    send_pictures(practice, 1)
    reports.send("abdomen.dcm", PatientID="4711", StudyInstanceUID=STUDY)
    practice.wait()
    folder = unpacked(practice, tmp_path / "stick", *practice.core.handing.exams.of_exam(1))
    dump = ["dcmdump", "+L", str(folder / "DICOMDIR")]
    told = subprocess.run(dump, capture_output=True, check=True).stdout.decode("latin-1")
    assert re.findall(r'"Directory Record" ([A-Z ]+) #', told) == [
        *("PATIENT", "STUDY", "SERIES", "IMAGE", "SERIES", "SR DOCUMENT")
    ]
    files = [str(one.relative_to(folder)) for one in objects_below(folder)]
    make = ["dcmmkdir", "-Pfl", "+I", "+D", str(tmp_path / "OTHER"), "+id", str(folder), *files]
    done = subprocess.run(make, capture_output=True, text=True, check=False, cwd=folder)
    assert (done.returncode, "cannot be added" in done.stderr) == (0, False), done.stderr


def test_nothing_is_left_of_another_person(practice: Practice, tmp_path: Path) -> None:
    """Neither who the device named, nor what is held, nor another patient's exam."""
    send_pictures(practice, 1, PatientID="", PatientName="Notfall^Nora", AccessionNumber="")
    practice.wait()
    practice.core.orders.place(practice.order())
    practice.core.held.release(STUDY, "4711", who="x")
    send_pictures(practice, 1, StudyInstanceUID="2.25.77", PatientID="")
    other = {"PatientID": "99", "PatientName": "Beispiel^Bea", "AccessionNumber": ""}
    send_pictures(practice, 1, StudyInstanceUID="2.25.99", **other)
    practice.wait()
    exams = practice.core.handing.exams
    assert [one.exam.study_instance_uid for one in exams.of_patient("4711")] == [STUDY]
    (mine,), (theirs,) = exams.of_patient("4711"), exams.of_patient("99")
    folder = unpacked(practice, tmp_path / "stick", mine)
    for file in (path for path in folder.rglob("*") if path.is_file()):
        assert b"Notfall" not in file.read_bytes(), file
        assert b"Beispiel" not in file.read_bytes(), file
    (one,) = objects_below(folder)
    dataset = pydicom.dcmread(one)
    assert (str(dataset.PatientName), dataset.PatientID) == ("Müller^Änne", "4711")
    assert "OriginalAttributesSequence" not in dataset
    with pytest.raises(CopyRefused, match="mehreren"):
        practice.core.handing.copies.made([mine, theirs], NOW)
    with pytest.raises(CopyRefused, match="nichts gewählt"):
        practice.core.handing.copies.made([], NOW)


def test_a_report_s_tree_names_no_other_person(
    practice: Practice, reports: Reports, tmp_path: Path
) -> None:
    """What it says of who its subject is is empty, its values are all there, in their places."""

    def name_them(dataset: Any) -> None:
        name, what = pydicom.Dataset(), pydicom.Dataset()
        what.CodeValue, what.CodingSchemeDesignator = "121029", "DCM"
        what.CodeMeaning = "Subject Name"
        name.RelationshipType, name.ValueType = "HAS OBS CONTEXT", "PNAME"
        name.ConceptNameCodeSequence, name.PersonName = [what], "Notfall^Nora"
        dataset.ContentSequence.insert(0, name)

    said = {"PatientID": "", "PatientName": "Notfall^Nora", "AccessionNumber": ""}
    reports.send("abdomen.dcm", name_them, StudyInstanceUID=STUDY, **said)
    practice.wait()
    practice.core.orders.place(practice.order())
    practice.core.held.release(STUDY, "4711", who="x")
    practice.wait()
    (exam,) = practice.core.handing.exams.of_patient("4711")
    (file,) = objects_below(unpacked(practice, tmp_path / "stick", exam))
    assert b"Notfall" not in file.read_bytes()
    tree = pydicom.dcmread(file).ContentSequence
    assert len(tree) == len(pydicom.dcmread(exam.objects[0][1].file).ContentSequence)
    assert tree[0].PersonName == ""


def test_several_exams_without_values(practice: Practice, reports: Reports, tmp_path: Path) -> None:
    """One patient, two studies, one page; neither measurements nor measurement reports."""
    send_pictures(practice, 1)
    reports.send("abdomen.dcm", PatientID="4711", StudyInstanceUID=STUDY)
    send_pictures(practice, 1, StudyInstanceUID="2.25.2000", StudyDate="20240220")
    practice.wait()
    exams = practice.core.handing.exams.of_patient("4711")
    assert [one.exam.study_date for one in exams] == ["20240220", "20240115"]
    folder = unpacked(practice, tmp_path / "stick", *exams, values=False)
    assert len(objects_below(folder)) == 2
    assert len({one.parts[-3] for one in objects_below(folder)}) == 2
    page = (folder / "INDEX.HTM").read_text("utf-8")
    assert page.count("<article>") == 2
    assert "Niere" not in page
    assert list(folder.glob("*.PDF")) == []


def encrypted(practice: Practice, exam: AssignedExam, target: Path) -> None:
    """Only who has the password reads a copy; another program does."""
    with pytest.raises(CopyRefused, match="zu kurz"):
        practice.core.handing.copies.made([exam], NOW, password="short")
    word = "k3p7x-right"
    with practice.core.handing.copies.made([exam], NOW, password=word) as file:
        content = file.read()
    assert b"4711" not in content
    target.write_bytes(content)
    program = next(filter(None, map(shutil.which, ("7zz", "7z"))), None)
    if program is None:
        pytest.skip("7-Zip is not installed")
    for tried, status in (("k3p7x-wrong", 2), (word, 0)):
        test = [program, "t", f"-p{tried}", str(target)]
        assert subprocess.run(test, capture_output=True, check=False).returncode == status


def test_a_missing_file_and_a_full_disk_are_told(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there is copied, encrypted where wanted; without room nothing is begun."""
    send_pictures(practice, 2)
    practice.wait()
    (exam,) = practice.core.handing.exams.of_exam(1)
    exam.objects[0][1].file.unlink()
    folder = unpacked(practice, tmp_path / "stick", exam)
    assert len(objects_below(folder)) == 1
    assert "Eine Datei der Untersuchung fehlt" in (folder / "INDEX.HTM").read_text("utf-8")
    encrypted(practice, exam, tmp_path / "copy.zip")
    monkeypatch.setattr(practice.archive, "_reserve", 1 << 60)
    with pytest.raises(OutOfResources):
        practice.core.handing.copies.made([exam], NOW)
