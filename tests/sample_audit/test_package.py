"""What is handed in: what was asked for and nothing else, encrypted, opened by usual tools."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pydicom
import pytest
import pyzipper
from PIL import Image

from gdtbridge.audit import Actor, ActorKind, AuditQuery
from gdtbridge.encrypted_zip import new_password
from gdtbridge.errors import NotFound, OutOfResources, TooLate
from gdtbridge.sample_audit.exports import SetState
from gdtbridge.sample_audit.model import CaseOutcome
from gdtbridge.settings import load_settings
from gdtbridge.sr import ReportLimitError
from tests.tools.audited import DAY, Audited
from tests.tools.practice import Practice
from tests.tools.waiting import wait_for

ANNA = Actor(ActorKind.ACCOUNT, "Anna Krüger")


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Audited]:
    """Return such a practice, with the cases of the KV."""
    folder = tmp_path_factory.mktemp("audited")
    file = folder / "gdtbridge.toml"
    file.write_text('[practice]\nname = "Praxis Dr. Sommer"\n', encoding="utf-8")
    made = Audited(Practice(folder, load_settings(file, {})), folder, project)
    day = date(2026, 11, 30)
    made.desk.add([("Öztürk, Emre", day), ("4711", day), ("9999", day)])
    yield made
    made.practice.close()


@dataclass(frozen=True)
class Unpacked:
    """A set as somebody has it who knows the password."""

    path: Path
    password: str
    files: dict[str, bytes]

    def texts(self) -> dict[str, str]:
        """Return the text of each PDF."""
        return {name: pdf_text(data) for name, data in self.files.items() if name.endswith(".pdf")}

    def objects(self) -> dict[str, pydicom.Dataset]:
        """Return each DICOM object."""
        return {
            name: pydicom.dcmread(io.BytesIO(data))
            for name, data in self.files.items()
            if name.endswith(".dcm")
        }


@pytest.fixture(scope="module")
def unpacked(audited: Audited) -> Unpacked:
    """Return the set of all cases, with the clip, unpacked."""
    desk = audited.desk
    emre = next(one for one in desk.sheets() if one.case.asked == "Öztürk, Emre")
    wanted = {one.instance_id for one in emre.pictures if not one.names_another}
    desk.choose(emre.case.id, wanted)
    desk.note_seen(emre.case.id, "Dr. Sommer")
    password = new_password()
    made = desk.begin_set(password, ANNA)
    wait_for(lambda: desk.exports.known(made.key).state is SetState.READY, 60, "the set")
    path = audited.folder / "set.zip"
    with desk.exports.opened(made.key) as file:
        path.write_bytes(file.read())
    with pyzipper.AESZipFile(path) as archive:
        archive.setpassword(password.encode())
        files = {name: archive.read(name) for name in archive.namelist()}
    return Unpacked(path, password, files)


def pdf_text(data: bytes) -> str:
    """Return what a person reads in a PDF."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    command = ["pdftotext", "-layout", "-", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode()


def test_the_set_holds_what_was_asked_in_its_layout(unpacked: Unpacked) -> None:
    """Directory, check list, and a folder for each case that was found."""
    emre = [
        *("Bild_01.jpg", "Bild_01_mit_Angaben.jpg", "Bild_02.jpg", "Bild_02_mit_Angaben.jpg"),
        *("Bild_03.jpg", "Bild_03_mit_Angaben.jpg"),
        *(f"Clip_04_{word}{end}.jpg" for word in ("Anfang", "Mitte", "Ende") for end in ENDS),
        *("DICOM/Bild_01.dcm", "DICOM/Bild_02.dcm", "DICOM/Bild_03.dcm", "DICOM/Clip_04.dcm"),
        "Messwerte.pdf",
    ]
    anne = ["Bild_01.jpg", "Bild_01_mit_Angaben.jpg", "Bild_02.jpg", "Bild_02_mit_Angaben.jpg"]
    anne += ["DICOM/Bild_01.dcm", "DICOM/Bild_02.dcm"]
    assert sorted(unpacked.files) == sorted(
        [
            *("Verzeichnis.pdf", "Pruefliste.pdf"),
            *(f"1_Oeztuerk_2026-11-30/{name}" for name in emre),
            *(f"2_Mueller_2026-11-30/{name}" for name in anne),
        ]
    )


ENDS = ("", "_mit_Angaben")


def test_nothing_of_anybody_else_and_no_other_day_is_in_it(unpacked: Unpacked) -> None:
    """Every tag and every text: of whom the folder is, of that day; nowhere the other name."""
    for name, dataset in unpacked.objects().items():
        number = "4712" if name.startswith("1_") else "4711"
        assert (dataset.PatientID, dataset.StudyDate) == (number, DAY), name
        assert "OriginalAttributesSequence" not in dataset
    for name, data in unpacked.files.items():
        text = unpacked.texts()[name].encode() if name.endswith(".pdf") else data
        assert b"Wagner" not in text, name
        if not name.startswith("1_") and "/" in name:
            assert b"zt\xfcrk" not in text, name
        if name.startswith("1_"):
            assert b"ller" not in text.replace(b"Schallkeller", b""), name


def test_a_device_s_jpeg_is_handed_in_as_it_is(audited: Audited, unpacked: Unpacked) -> None:
    """The compressed pixels are the same; the labels stand outside of the picture."""
    own = unpacked.files["1_Oeztuerk_2026-11-30/Bild_03.jpg"]
    assert scan_of(own) == scan_of(audited.pixels)
    labelled = Image.open(
        io.BytesIO(unpacked.files["1_Oeztuerk_2026-11-30/Bild_03_mit_Angaben.jpg"])
    )
    assert labelled.width == 320
    assert labelled.height > 240 + 20
    assert labelled.getpixel((2, 238))[0] in range(115, 126)  # type: ignore[index]
    assert labelled.getpixel((318, labelled.height - 2)) == (255, 255, 255)


def scan_of(data: bytes) -> bytes:
    """Return the entropy-coded data of a JPEG."""
    return data[data.index(b"\xff\xda") :]


def test_the_papers_say_what_is_there_what_is_missing_and_what_to_look_at(
    unpacked: Unpacked,
) -> None:
    """And that nothing was found of the third."""
    texts = {name: " ".join(text.split()) for name, text in unpacked.texts().items()}
    listed, checked = texts["Verzeichnis.pdf"], texts["Pruefliste.pdf"]
    assert "1. Öztürk, Emre · 30.11.2026" in listed
    assert "9999 · 30.11.2026" in listed
    assert "keine Bilder gefunden" in listed
    assert "aus der Praxissoftware beilegen" in listed
    assert "Clip_04.dcm" in listed
    assert re.search(r"Praxis: fehlt .*Bild 1, 2", checked)
    assert "Seite bei paarigen Organen: selbst nachsehen" in checked
    assert "Bilder gesehen: von Dr. Sommer" in checked
    assert "Diese Liste prüft, ob Angaben da sind" in checked
    measured = texts["1_Oeztuerk_2026-11-30/Messwerte.pdf"]
    assert "Öztürk, Emre" in measured
    assert "4712" in measured


def test_usual_tools_open_it_with_the_password_alone(unpacked: Unpacked, tmp_path: Path) -> None:
    """AES-256 for every file; 7-Zip unpacks it, and a wrong password opens nothing."""
    with pyzipper.AESZipFile(unpacked.path) as archive:
        kinds = {(one.wz_aes_strength, one.flag_bits & 1) for one in archive.infolist()}
        archive.setpassword(b"wrong")
        with pytest.raises(RuntimeError):
            archive.read("Verzeichnis.pdf")
    assert kinds == {(3, 1)}  # 256 bits, encrypted
    program = shutil.which("7z") or shutil.which("7zz")
    if program is None:
        pytest.skip("7-Zip is not installed")
    target = tmp_path / "out"
    command = [program, "x", f"-p{unpacked.password}", f"-o{target}", str(unpacked.path)]
    subprocess.run(command, check=True, capture_output=True)
    found = {str(one.relative_to(target)) for one in target.rglob("*") if one.is_file()}
    assert found == set(unpacked.files)


def test_who_handed_in_whose_pictures_is_noted(audited: Audited, unpacked: Unpacked) -> None:
    """For each patient, before anything was written."""
    found = audited.practice.core.audit.entries(AuditQuery(acts=("exported",)))
    assert {(one.actor.name, one.done.patient_id) for one in found} == {
        ("Anna Krüger", "4711"),
        ("Anna Krüger", "4712"),
    }
    assert unpacked.password not in (audited.folder / "db.sqlite").read_bytes().decode("latin-1")


def test_what_the_device_had_under_another_name_is_not_handed_in_unasked(audited: Audited) -> None:
    """Its pixels probably name the other; chosen by hand its head says nothing of them."""
    emre = next(one for one in audited.desk.sheets() if one.case.asked == "Öztürk, Emre")
    (other,) = [one for one in emre.pictures if one.names_another]
    assert not other.is_chosen
    assert {part.why for row in emre.rows for part in row.parts} & {"another-name"} == set()
    (sheet,) = audited.desk.sheets_of([("4712", date(2026, 11, 30))])
    only = replace(
        sheet,
        pictures=tuple(
            replace(one, is_chosen=one.instance_id == other.instance_id) for one in sheet.pictures
        ),
    )
    target = audited.folder / "corrected.zip"
    audited.desk.write_set([only], target, "secret", ANNA)
    with pyzipper.AESZipFile(target) as archive:
        archive.setpassword(b"secret")
        data = archive.read(f"1_Oeztuerk_2026-11-30/DICOM/Bild_{other.number:02}.dcm")
    assert b"Wagner" not in data
    assert pydicom.dcmread(io.BytesIO(data)).PatientName == "Öztürk^Emre"


def test_a_case_is_found_by_number_or_by_words_of_the_name(audited: Audited) -> None:
    """Of that day alone; several of one name are asked for by number."""
    day = date(2026, 11, 30)
    asked = [("emre oeztuerk", day), ("ÖZTÜRK", day), ("4712", day), ("4712", date(2026, 10, 1))]
    by_name, by_family, by_number, earlier = audited.desk.sheets_of(asked)
    assert {one.patient.id for one in (by_name, by_family, by_number) if one.patient} == {"4712"}
    assert len(by_number.pictures) == 5
    assert len(earlier.pictures) == 1
    nobody = audited.desk.sheets_of([("Öz", date(2026, 12, 1)), ("", day), ("Wagner", day)])
    assert {one.outcome for one in nobody} == {CaseOutcome.NOTHING}


def test_another_choice_has_to_be_seen_anew(audited: Audited) -> None:
    """And only pictures of the case can be chosen."""
    anne = next(one for one in audited.desk.sheets() if one.case.asked == "4711")
    audited.desk.note_seen(anne.case.id, "Dr. Sommer")
    assert audited.desk.case(anne.case.id).seen_by == "Dr. Sommer"
    audited.desk.choose(anne.case.id, {anne.pictures[0].instance_id})
    assert audited.desk.case(anne.case.id).seen_at is None
    with pytest.raises(NotFound):
        audited.desk.choose(anne.case.id, {10_000})
    audited.desk.choose(anne.case.id, {one.instance_id for one in anne.pictures})


def test_a_set_does_not_stay(audited: Audited, unpacked: Unpacked) -> None:
    """After its hours it is gone from the disk, and so is what a crash left."""
    exports = audited.desk.exports
    left = exports.folder / "left.zip"
    left.write_bytes(b"")
    exports.sweep()
    assert not left.exists()
    assert SetState.READY in {one.state for one in exports.all()}
    audited.practice.clock.seconds += 25 * 3600
    exports.sweep()
    assert list(exports.folder.iterdir()) == []
    with pytest.raises(NotFound):
        exports.opened("none")


def test_no_more_cases_than_a_kv_asks_for(audited: Audited) -> None:
    """And none twice."""
    day = date(2026, 11, 30)
    assert audited.desk.add([("4711", day)]) == 0
    with pytest.raises(TooLate):
        audited.desk.add([(str(number), day) for number in range(60)])
    assert len(audited.desk.cases()) == 3


def test_a_picture_that_cannot_be_shown_stops_no_other(audited: Audited, tmp_path: Path) -> None:
    """It is named in the directory, with a report that cannot be read, and its object is there."""
    (sheet,) = audited.desk.sheets_of([("4712", date(2026, 11, 30))])
    first, *others = sheet.chosen
    gone = replace(others[0], leaving=replace(others[0].leaving, file=tmp_path / "gone.dcm"))
    reports = tuple(replace(one, leaving=gone.leaving) for one in sheet.reports)
    sheet = replace(sheet, pictures=(first, gone, *others[1:]), reports=reports)
    target = tmp_path / "set.zip"
    (written,) = audited.desk.write_set([sheet], target, "secret", ANNA)
    assert [one.partition(" ")[0] for one in written.problems] == [
        *("DICOM/Bild_02.dcm", "Messwerte.pdf")
    ]
    assert "DICOM/Bild_01.dcm" in written.files
    assert "Bild_03.jpg" in written.files


def test_a_set_that_fails_leaves_nothing(audited: Audited, tmp_path: Path) -> None:
    """Neither half a file, nor somebody who waits for ever."""
    exports = audited.desk.exports

    def write(target: Path, noted: object) -> None:
        target.write_bytes(b"half")
        raise ReportLimitError("no memory")

    made = exports.begin("set.zip", 1, write)
    wait_for(lambda: made.state is SetState.FAILED, what="the end")
    assert not [one for one in exports.folder.iterdir() if one.stem == made.key]
    with pytest.raises(OSError, match="No such file"):
        audited.desk.write_set([], tmp_path / "no" / "set.zip", "secret", ANNA)


def test_a_set_that_would_fill_the_disk_is_not_made(audited: Audited, tmp_path: Path) -> None:
    """Asked before a case is written, for what is chosen of it; nothing is left of the file."""
    asked: list[int] = []

    def room_for(size: int) -> None:
        asked.append(size)
        raise OutOfResources("disk")

    parts = replace(audited.desk.parts, room_for=room_for)
    sheets = audited.desk.sheets_of([("4712", date(2026, 11, 30))])
    with pytest.raises(OutOfResources):
        replace(audited.desk, parts=parts).write_set(sheets, tmp_path / "set.zip", "secret", ANNA)
    assert asked == [sum(one.leaving.file.stat().st_size for one in sheets[0].chosen)]
    assert list(tmp_path.iterdir()) == []
