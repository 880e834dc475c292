"""Pictures and documents of an exam: made, written where workstations open them, and named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydicom
import pytest
import sqlalchemy as sa
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.errors import SettingsError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.outbox.model import ALARM_SECONDS
from gdtbridge.pictures import RenderedFile
from gdtbridge.results.attachments import AttachmentBuilder
from gdtbridge.results.gathering import GatheredExam
from gdtbridge.results.routing import Routing
from gdtbridge.schema import outbox, placed_order
from gdtbridge.settings import load_settings
from tests.tools.practice import Practice

pytestmark = pytest.mark.slow  # starts children with decoders

STILL = "1.2.840.10008.5.1.4.1.1.6.1"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"
KEYS = "1.2.840.10008.5.1.4.1.1.88.59"
STUDY = {"PatientID": "4711", "StudyInstanceUID": "2.25.1000", "AccessionNumber": "R42"}


@pytest.fixture
def settings_text() -> str:
    """Return the settings of a practice whose software takes attachments."""
    return (
        '[gdt]\ndialect = "medistar"\nattachments_folder = "pictures"\n'
        "attachments_path = '\\\\server\\bilder'\nattachments_most = 3\n"
    )


class Device:
    """Sends pictures, documents and key object selections of one study."""

    def __init__(self, practice: Practice, folder: Path) -> None:
        self.practice = practice
        self.pictures = practice.folder / "pictures"
        self.pictures.mkdir()
        self._folder = folder
        self._sent = 0

    def send(self, sop_class: str, dataset: Dataset, **values: str) -> str:
        """Send an object; return its SOP Instance UID."""
        self._sent += 1
        uid = values.setdefault("SOPInstanceUID", f"2.25.77{self._sent}")
        for keyword, value in {**STUDY, **values}.items():
            setattr(dataset, keyword, value)
        dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = self._folder / "object.dcm"
        dataset.save_as(path, enforce_file_format=True)
        self.practice.send_file(path, sop_class, uid)
        return uid

    def still(self, shade: int, **values: str) -> str:
        """Send a small grey picture."""
        picture = Dataset()
        picture.Modality = "US"
        picture.Rows = picture.Columns = 16
        picture.SamplesPerPixel, picture.PhotometricInterpretation = 1, "MONOCHROME2"
        picture.BitsAllocated = picture.BitsStored = 8
        picture.HighBit, picture.PixelRepresentation = 7, 0
        picture.PixelData = bytes([shade]) * 256
        return self.send(STILL, picture, **values)

    def document(self, data: bytes, title: str = "Bericht") -> str:
        """Send an encapsulated PDF."""
        document = Dataset()
        document.Modality = "DOC"
        document.DocumentTitle = title
        document.MIMETypeOfEncapsulatedDocument = "application/pdf"
        document.EncapsulatedDocument = data + b"\0" * (len(data) % 2)
        document.EncapsulatedDocumentLength = len(data)
        return self.send(PDF, document)

    def keys(self, *uids: str) -> None:
        """Send a Key Object Selection that names these pictures."""
        selection = Dataset()
        selection.Modality, selection.ValueType = "KO", "CONTAINER"
        items = []
        for uid in uids:
            referenced = Dataset()
            referenced.ReferencedSOPClassUID, referenced.ReferencedSOPInstanceUID = STILL, uid
            item = Dataset()
            item.RelationshipType, item.ValueType = "CONTAINS", "IMAGE"
            item.ReferencedSOPSequence = pydicom.Sequence([referenced])
            items.append(item)
        selection.ContentSequence = pydicom.Sequence(items)
        self.send(KEYS, selection)

    def finish(self) -> Record:
        """Let the exam be reported, attachments first; return its study record."""
        self.practice.wait()
        self.practice.outbox.deliver_due("attachments")
        self.practice.wait(1)
        return next(iter(self.practice.records().values()))

    def supplement(self) -> Record:
        """Let what came late be reported; return its study record."""
        known = set(self.practice.records())
        self.finish()
        (name,) = set(self.practice.records()) - known
        return self.practice.records()[name]

    def attached(self) -> list[str]:
        """Return the extensions of what lies in the folder of pictures."""
        return sorted(path.suffix for path in self.pictures.iterdir())


@pytest.fixture
def device(practice: Practice, tmp_path: Path) -> Device:
    """Return the device of the practice."""
    return Device(practice, tmp_path)


def groups(record: Record) -> list[tuple[str | None, str | None, str]]:
    """Return name, format and path of each attachment of a record."""
    lists = (record.all("6302"), record.all("6303"), record.all("6305"))
    return list(zip(*lists, strict=True))


def test_stills_and_documents_are_named_as_workstations_open_them(device: Device) -> None:
    """Documents come first; each path is the file's, seen from the workstation."""
    device.still(10)
    device.still(200)
    device.document(b"%PDF-1.4\n%%EOF\n")
    found = groups(device.finish())
    assert [(name, kind) for name, kind, _ in found] == [
        ("Bericht", "PDF"),
        ("Bild 1", "JPG"),
        ("Bild 2", "JPG"),
    ]
    for _, _, path in found:
        assert path.startswith("\\\\server\\bilder\\R42-")
        assert (device.pictures / path.rpartition("\\")[2]).is_file()
    (document,) = device.pictures.glob("*.pdf")
    assert document.read_bytes() == b"%PDF-1.4\n%%EOF\n"
    assert all(path.read_bytes()[:2] == b"\xff\xd8" for path in device.pictures.glob("*.jpg"))


def test_key_images_are_chosen(device: Device) -> None:
    """What the examiner marked is attached, and no other picture."""
    device.still(10)
    marked = device.still(90)
    device.keys(marked)
    assert len(groups(device.finish())) == 1


def test_no_more_than_the_practice_wants(device: Device) -> None:
    """The rest stays in the archive."""
    for shade in range(5):
        device.still(shade * 20)
    assert len(groups(device.finish())) == 3
    assert device.attached() == [".jpg"] * 3


def test_late_pictures_are_a_supplement(device: Device) -> None:
    """They come once the device is silent, count on from those the chart has, up to the limit."""
    device.still(10)
    device.finish()
    device.still(100)
    device.practice.wait(1)
    assert len(device.practice.records()) == 1

    device.still(200)
    device.still(250)
    record = device.supplement()

    assert record.first("6228") == "Nachtrag: 2 weitere Bilder"
    assert [name for name, _, _ in groups(record)] == ["Bild 2", "Bild 3"]
    device.still(55)
    device.finish()
    assert len(device.practice.records()) == 2


def test_a_late_document_comes_whatever_the_chart_has(device: Device) -> None:
    """A report of the device is worth more than a fourth picture."""
    for shade in (10, 90, 200, 250):
        device.still(shade)
    device.finish()
    device.document(b"%PDF-1.4\n%%EOF\n")
    device.still(55)

    assert [form for _, form, _ in groups(device.supplement())] == ["PDF"]


def test_of_late_pictures_only_key_images_come_where_they_were_chosen(device: Device) -> None:
    """Whoever chose one picture of many did not want the late ones by themselves."""
    chosen = device.still(10)
    device.still(90)
    device.keys(chosen)
    assert len(groups(device.finish())) == 1

    device.still(200)
    device.finish()
    assert len(device.practice.records()) == 1
    device.keys(device.still(250))
    assert len(groups(device.supplement())) == 1


def test_pictures_sent_anew_are_a_correction(device: Device) -> None:
    """What replaces pictures the chart has is no further picture."""
    first = device.still(10)
    device.finish()
    device.still(200, SOPInstanceUID=first)

    record = device.supplement()

    assert record.first("6228") == "Korrektur: 1 ersetztes Bild"
    assert [name for name, _, _ in groups(record)] == ["Bild 2"]


def test_further_pictures_beside_replaced_ones_are_a_supplement(device: Device) -> None:
    """A heading never says less than the record brings."""
    first = device.still(10)
    device.finish()
    device.still(200, SOPInstanceUID=first)
    device.still(100)

    assert device.supplement().first("6228") == "Nachtrag: 2 weitere Bilder"


def test_the_record_waits_for_its_pictures(device: Device) -> None:
    """Software that copies a file when it imports the record finds it."""
    device.still(10)
    away = device.pictures.rename(device.pictures.with_name("away"))
    device.practice.wait()
    device.practice.outbox.deliver_due("attachments")
    device.practice.wait(1)
    assert device.practice.files() == []
    away.rename(device.pictures)
    device.practice.clock.seconds += 120
    device.practice.outbox.deliver_due("attachments")
    device.practice.wait(1)
    assert len(device.practice.files()) == 1
    assert device.attached() == [".jpg"]


def test_what_cannot_be_rendered_stops_nothing(device: Device) -> None:
    """The record leaves without what is no picture, and says so; also where it comes late."""
    device.document(b"no document at all")
    device.still(10)
    first = device.finish()
    assert [kind for _, kind, _ in groups(first)] == ["JPG"]
    told = "Dokument ließ sich nicht übernehmen"
    assert told in " ".join(line.value for line in first.lines)
    device.document(b"nor this")
    late = device.supplement()
    assert groups(late) == []
    assert told in " ".join(line.value for line in late.lines)


def test_an_exam_whose_pictures_take_too_long_keeps_no_other_waiting(device: Device) -> None:
    """What is made by then is attached; the record leaves."""

    class Slow(AttachmentBuilder):
        """Takes a hundred seconds for each picture."""

        def _rendered(self, *arguments: Any) -> RenderedFile | None:
            made = super()._rendered(*arguments)
            device.practice.clock.seconds += 100
            return made

    practice = device.practice
    for shade in (10, 90, 200):
        device.still(shade)
    gatherer = practice.core.reporting.gatherer
    openers = (practice.renderer, practice.printer, standard(), gatherer._patience)
    gatherer._attachments = Slow(*openers, monotonic=practice.clock.monotonic)
    assert len(groups(device.finish())) == 2


def test_of_an_exam_of_two_patients_each_gets_the_own_pictures(device: Device) -> None:
    """What is released for one brings the pictures that name the one."""
    device.still(10)
    device.still(20, PatientID="9")
    device.still(30)
    device.practice.core.held.release("2.25.1000", "4711")
    assert len(groups(device.finish())) == 2
    assert len(device.attached()) == 2


def test_delivered_pictures_are_not_kept_twice(device: Device) -> None:
    """The archive has them; the queue lets them go."""
    device.still(10)
    device.finish()
    with device.practice.database.read() as connection:
        query = "SELECT kind, length(payload) > 0 FROM outbox ORDER BY id"
        assert connection.exec_driver_sql(query).all() == [("attachment", 0), ("gdt", 1)]


def test_a_dialect_without_a_place_for_them_is_told(tmp_path: Path) -> None:
    """Pictures nobody could find are not written; the way out is named."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text('[gdt]\nattachments_folder = "pictures"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\[dialects\.gdt21\] attachments = true"):
        load_settings(file, {})
    file.write_text(
        '[gdt]\nattachments_folder = "pictures"\n[dialects.gdt21]\nattachments = true\n',
        encoding="utf-8",
    )
    place = Routing(load_settings(file, {})).default.attachments
    assert place is not None
    assert place.path_of("a.jpg") == f"{tmp_path}/pictures/a.jpg"


def test_a_picture_that_is_a_question_keeps_the_record(device: Device) -> None:
    """Also one that is not the last: the chart leads to no file that may not be there."""
    device.still(10)
    device.still(200)
    practice = device.practice
    practice.wait()
    with practice.database.write() as connection:
        first = sa.select(sa.func.min(outbox.c.id)).scalar_subquery()
        change = sa.update(outbox).where(outbox.c.id == first)
        connection.execute(change.values(state="question"))
    practice.outbox.deliver_due("attachments")
    practice.wait(1)
    assert practice.files() == []
    (question,) = practice.outbox.questions()
    practice.outbox.answer(question.id, arrived=False)
    practice.outbox.deliver_due("attachments")
    practice.wait(1)
    assert len(practice.files()) == 1
    assert device.attached() == [".jpg"] * 2


def test_a_picture_sent_twice_keeps_the_record_no_shorter(device: Device) -> None:
    """The second of two equal pictures is the first one's file; the one between is waited for."""
    for shade in (10, 200, 10):
        device.still(shade)
    practice = device.practice
    practice.wait()
    with practice.database.write() as connection:
        last = sa.select(sa.func.max(outbox.c.id)).where(outbox.c.kind == "attachment")
        change = sa.update(outbox).where(outbox.c.id == last.scalar_subquery())
        connection.execute(change.values(state="question"))
    practice.outbox.deliver_due("attachments")
    practice.wait(1)
    assert practice.files() == []


def test_a_foreign_file_under_a_pictures_name_is_soon_an_alarm(device: Device) -> None:
    """Nobody is going to collect it: results would wait for a day before anybody is told."""
    device.still(10)
    practice = device.practice
    practice.wait()
    with practice.database.read() as connection:
        query = sa.select(outbox.c.final_name).where(outbox.c.kind == "attachment")
        name = connection.execute(query).scalar_one()
    (device.pictures / name).write_bytes(b"edited")
    practice.outbox.deliver_due("attachments")
    practice.clock.seconds += ALARM_SECONDS + 1
    (status,) = (one for one in practice.outbox.status() if one.destination == "attachments")
    assert status.alarm
    (device.pictures / name).unlink()
    practice.outbox.deliver_due("attachments")
    practice.wait(1)
    assert len(practice.files()) == 1


def test_an_order_that_comes_while_the_exam_is_read_gets_the_pictures(tmp_path: Path) -> None:
    """Read without attachments for one practice software, reported with them for another."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text(
        '[[gdt.routes]]\nname = "two"\nout = "two"\ndialect = "medistar"\n'
        'attachments_folder = "pictures"\nwhen.station = ["US77"]\n',
        encoding="utf-8",
    )
    practice = Practice(tmp_path, load_settings(file, {}))
    device = Device(practice, tmp_path)
    device.still(10)
    gatherer = practice.core.reporting.gatherer
    gather = gatherer.gather

    def interrupted(exam_id: int) -> GatheredExam | None:
        gathered = gather(exam_id)
        entry = practice.core.orders.place(practice.order(station="US77")).entry
        with practice.database.write() as connection:
            change = sa.update(placed_order).values(study_instance_uid="2.25.1000")
            connection.execute(change.where(placed_order.c.patient_id == entry.PatientID))
        return gathered

    gatherer.gather = interrupted  # type: ignore[method-assign]
    practice.wait()
    gatherer.gather = gather  # type: ignore[method-assign]
    practice.wait()
    practice.outbox.deliver_due("attachments:two")
    practice.wait(1)
    (record,) = read_records((tmp_path / "two" / practice.files("two")[0]).read_bytes())
    assert len(groups(record)) == 1
    practice.renderer.close()
    practice.database.close()


def test_what_a_chart_got_under_two_numbers_is_withdrawn_as_one(device: Device) -> None:
    """Both numbers became one chart's: one retraction counts the pictures of both results."""
    practice, uid = device.practice, STUDY["StudyInstanceUID"]
    device.still(10)
    device.still(20, PatientID="815")
    practice.wait()
    for number in ("4711", "815"):
        practice.core.held.release(uid, number, confirmed=True)
    device.finish()
    practice.core.renumbering.renumber("4711", "815", confirmed=True)
    known = set(practice.records())
    practice.collect()
    practice.core.corrections.withdraw(uid, "4711", "Verwechselt")
    practice.wait(1)
    (name,) = set(practice.records()) - known
    retraction = practice.records()[name]
    assert retraction.patient.id == "815"
    assert "2 Bilder" in " ".join(line.value for line in retraction.lines)
