"""Makes ``schema-3.tar.gz``: the folder of a practice whose exams stand wherever they could.

Run it with the Python and in the checkout of commit b0edfa2, naming the folder of this script::

    PYTHONPATH=. .venv/bin/python make_schema_3.py FOLDER
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path

from gdtbridge.settings import load_settings

from tests.tools.elements import element, identification
from tests.tools.practice import Practice, Reports

SETTINGS = """\
[gdt]
attachments_folder = "pictures"
attachments_path = '\\\\server\\pictures'
[dialects.gdt21]
attachments = true
[[gdt.routes]]
name = "kardio"
out = "kardio"
when = { device = ["ECHO01"] }
"""
PIXELS = (
    element(0x00280002, b"US", b"\1\0")
    + element(0x00280004, b"CS", "MONOCHROME2")
    + element(0x00280010, b"US", b"\4\0")
    + element(0x00280011, b"US", b"\4\0")
    + element(0x00280100, b"US", b"\10\0")
    + element(0x00280101, b"US", b"\10\0")
    + element(0x00280102, b"US", b"\7\0")
    + element(0x00280103, b"US", b"\0\0")
)


class Writer:
    """The practice while the old version runs."""

    def __init__(self, folder: Path) -> None:
        (folder / "gdtbridge.toml").write_text(SETTINGS, encoding="utf-8")
        for name in ("kardio", "pictures"):
            (folder / name).mkdir()
        self.practice = Practice(folder, load_settings(folder / "gdtbridge.toml", {}))
        self.reports = Reports(Path.cwd(), self.practice, folder)

    def image(self, number: int, study: str, patient: str, **values: str) -> None:
        """Send an image of a patient, whose name and birth date follow from the number."""
        known = {"SOPInstanceUID": f"2.25.{number}", "StudyInstanceUID": study}
        said = {**known, "AccessionNumber": "", **person(patient), **values}
        pixels = element(0x7FE00010, b"OB", bytes([number % 256]) * 16)
        self.practice.send_dataset(identification(**said) + PIXELS + pixels, **said)

    def report(self, sample: str, number: int, study: str, patient: str) -> None:
        """Send a report of a patient."""
        known = {"SOPInstanceUID": f"2.25.{number}", "StudyInstanceUID": study}
        self.reports.send(sample, AccessionNumber="", **known, **person(patient))

    def release(self, study: str, number: str) -> None:
        """Say whose an exam is."""
        self.practice.core.held.release(study, number)

    def settle(self) -> None:
        """Let everything be reported and delivered."""
        for _ in range(2):
            self.practice.wait()
            self.practice.outbox.deliver_due("attachments")
            self.practice.wait(1)


def person(patient: str) -> dict[str, str]:
    """Return what a device sends of a patient."""
    born = f"19{int(patient or 0) % 90 + 10}0101"
    return {"PatientID": patient, "PatientName": f"Name{patient}^X", "PatientBirthDate": born}


def reported(writer: Writer) -> None:
    """Have exams reported, with orders and without."""
    request = writer.practice.order(patient_id="10", family_name="Name10", given_name="X")
    by_uid = writer.practice.core.orders.place(request).entry
    writer.image(10, by_uid.StudyInstanceUID, "10")
    writer.report("echo.dcm", 11, by_uid.StudyInstanceUID, "10")
    request = writer.practice.order(patient_id="12", family_name="Name12", given_name="X")
    by_number = writer.practice.core.orders.place(request).entry
    writer.image(12, "2.25.12000", "12", AccessionNumber=by_number.AccessionNumber)
    writer.image(13, "", "13")
    writer.practice.device = "ECHO01"
    writer.image(14, "2.25.14000", "14")
    writer.practice.device = "US01"
    writer.settle()


def held(writer: Writer) -> None:
    """Hold an exam for each reason, and one after it was reported."""
    request = writer.practice.order(patient_id="29", family_name="Other", given_name="X")
    order = writer.practice.core.orders.place(request).entry
    writer.image(20, "2.25.20000", "")
    writer.image(21, "2.25.21000", "21", AccessionNumber=order.AccessionNumber)
    writer.image(22, "2.25.22000", "22")
    writer.report("echo.dcm", 122, "2.25.22000", "22")
    writer.image(23, "2.25.22000", "23")
    writer.report("thyroid.dcm", 123, "2.25.22000", "23")
    writer.image(10, "2.25.24000", "24")
    writer.image(25, "2.25.25000", "")
    writer.image(26, "2.25.26000", "26")
    writer.settle()
    writer.release("2.25.25000", "日本")  # no GDT character set has that number
    writer.image(27, "2.25.26000", "27")
    writer.settle()


def released(writer: Writer) -> None:
    """Give exams of several patients to the first, the second, and another one."""
    for first, number in ((30, "30"), (33, "34"), (36, "38")):
        study = f"2.25.{first}000"
        writer.image(first, study, str(first))
        writer.image(first + 1, study, str(first + 1))
        writer.report("echo.dcm", first + 100, study, str(first))
        writer.report("thyroid.dcm", first + 101, study, str(first + 1))
        writer.release(study, number)
    writer.image(39, "2.25.39000", "")
    writer.settle()
    writer.release("2.25.39000", "39")
    writer.settle()


def kept_aside(writer: Writer) -> None:
    """Send other content under known UIDs, of the same patient and of another."""
    writer.image(50, "2.25.50000", "50")
    writer.image(51, "2.25.51000", "51")
    writer.settle()
    writer.image(50, "2.25.50000", "50", StudyDescription="Other")
    writer.image(51, "2.25.51000", "52")


def waiting(writer: Writer) -> None:
    """Leave exams being received, one of them released."""
    writer.image(42, "2.25.42000", "")
    writer.settle()
    writer.release("2.25.42000", "42")
    writer.image(40, "2.25.40000", "40")
    writer.report("echo.dcm", 41, "2.25.40000", "40")


def main() -> None:
    """Write the folder."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        writer = Writer(folder)
        for part in (reported, held, released, kept_aside, waiting):
            part(writer)
        clock = writer.practice.clock.seconds
        (folder / "clock").write_text(f"{clock}\n", encoding="utf-8")
        with writer.practice.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        writer.practice.close()
        for left in (*folder.glob("db.sqlite-*"), *folder.glob("*.dcm"), folder / "incoming"):
            left.unlink(missing_ok=True)
        with tarfile.open(Path(sys.argv[1]) / "schema-3.tar.gz", "w:gz") as archive:
            for path in sorted(folder.iterdir()):
                archive.add(path, path.name, filter=_anonymous)


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


main()
