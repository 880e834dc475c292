"""Makes ``var-70aa95c.tar.gz`` and ``ending-70aa95c.json``: what that commit wrote, and ended with.

Run it with that commit's own Python in that commit's checkout, naming the folder of this script::

    PYTHONPATH=. .venv/bin/python make_var.py FOLDER
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from types import ModuleType

from gdtbridge.config import load_settings

from gdtbridge.folders import OrderFiles, OrderWatch
from gdtbridge.folders.claims import claim
from gdtbridge.outbox import gdt_drop
from tests.dicom.raw_sender import send_raw
from tests.exams.conftest import Practice, Reports
from tests.folders.conftest import record
from tests.integration.running import Service

COMMIT = "70aa95c"
CHECKOUT = Path.cwd()
SETTINGS = """\
[storage]
min_free_mb = 1
[webhooks]
worklist_added = "http://127.0.0.1:9/worklist_added"
gdt_written = "http://127.0.0.1:9/gdt_written"
[[gdt.routes]]
name = "kardio"
out = "kardio"
dialect = "medical-office"
when = { device = ["ECHO01"] }
"""


class Stop(BaseException):
    """The process dies here."""


class Writer:
    """The practice while the old version runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "kardio").mkdir()
        (folder / "gdtbridge.toml").write_text(SETTINGS, encoding="utf-8")
        settings = load_settings(folder / "gdtbridge.toml", {})
        (folder / "var").mkdir()
        self.practice = Practice(folder / "var", settings)
        self.reports = Reports(CHECKOUT, self.practice, folder)
        for place in (
            settings.gdt_in,
            settings.order_spool,
            settings.taken_folder,
            settings.refused_folder,
            settings.spool_folder,
        ):
            place.mkdir(parents=True, exist_ok=True)
        self.files = OrderFiles(settings, self.practice.exams, self.practice.clock)
        self.watch = OrderWatch(self.files, monotonic=self.practice.clock.monotonic)

    def click(self, patient: str, family: str, procedure: str) -> tuple[str, str]:
        """Place an order; return its numbers."""
        order = self.practice.order(patient_id=patient, family_name=family, procedure=procedure)
        entry = self.practice.exams.place_order(order).entry
        return entry.AccessionNumber, entry.StudyInstanceUID

    def drop(self, name: str, data: bytes) -> Path:
        """Let the practice software write a file."""
        path = self.files.settings.gdt_in / name
        path.write_bytes(data)
        return path

    def take(self) -> None:
        """Let the watcher take what was dropped."""
        self.watch.look()
        self.practice.clock.seconds += 2
        self.watch.look()

    def listed(self, patient: str) -> tuple[str, str]:
        """Return the numbers of a patient's entry."""
        self.practice.worklist.refresh()
        (entry,) = (one for one in self.practice.exams.orders() if one.PatientID == patient)
        return entry.AccessionNumber, entry.StudyInstanceUID

    def image(self, number: int, patient: str, family: str, **values: str) -> None:
        """Send an image of a study."""
        names = {"AccessionNumber": "", "PatientID": patient, "PatientName": f"{family}^Änne"}
        uids = {"SOPInstanceUID": f"2.25.{number}", "StudyInstanceUID": f"2.25.{number}000"}
        self.practice.send(**{**names, **uids, **values})

    def report(self, sample: str, number: int, study: str, patient: str, family: str) -> None:
        """Send a report of a study."""
        self.reports.send(
            sample,
            AccessionNumber="",
            PatientID=patient,
            PatientName=f"{family}^Änne",
            StudyInstanceUID=study,
            SOPInstanceUID=f"2.25.{number}",
        )


def reported(writer: Writer) -> None:
    """Two exams that are done: a click with a report, and an order of a file."""
    number, study = writer.click("1", "Müller", "Echo")
    writer.image(10, "1", "Müller", StudyInstanceUID=study, AccessionNumber=number)
    writer.report("echo.dcm", 11, study, "1", "Müller")
    writer.drop("A2.GDT", record(f3000="2", f3101="Weiß", f8310="FALL-2", f8402="SONO00"))
    writer.take()
    number, study = writer.listed("2")
    writer.image(20, "2", "Weiß", StudyInstanceUID=study, AccessionNumber=number)
    writer.practice.wait()
    assert len(writer.practice.files()) == 3


def held(writer: Writer) -> None:
    """One exam for each reason to hold one."""
    number, _ = writer.click("39", "Anders", "Abdomen")
    writer.image(30, "", "Ohne")
    writer.image(31, "31", "Müller", AccessionNumber=number)
    writer.image(32, "32", "Müller")
    writer.image(33, "33", "Müller", StudyInstanceUID="2.25.32000")
    writer.image(35, "35", "Müller")
    writer.image(35, "36", "Müller", StudyInstanceUID="2.25.36000")
    writer.image(37, "", "Müller")
    writer.practice.wait()
    writer.practice.exams.release("2.25.37000", "日本")  # no GDT character set has that number
    writer.practice.wait()
    reasons = {exam.held_because for exam in writer.practice.exams.exams()} - {""}
    assert len(reasons) == 5, reasons


def interrupted(writer: Writer) -> None:
    """Results whose delivery ended in the middle, at each step, and one that never began."""
    rename, write = gdt_drop.rename_new, gdt_drop.write_new

    def die(*_: object) -> None:
        raise Stop

    for number in (40, 41, 42, 43):
        writer.image(number, str(number), "Schröder")
    writer.practice.clock.seconds += 21
    writer.practice.exams.report_due()
    for function in ("rename_new", "rename_new", "write_new"):
        setattr(gdt_drop, function, die)
        with contextlib.suppress(Stop):
            writer.practice.outbox.deliver_due("gdt")
        gdt_drop.rename_new, gdt_drop.write_new = rename, write
        # The next one dies at another message: this one waits.
        with writer.practice.database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE outbox SET next_at = next_at + 30 WHERE state IN ('writing', 'renaming')"
            )
    first = min(writer.practice.out.glob(".gdtbridge-*[0-9a-f].tmp"), key=order_of)
    for path in writer.practice.out.glob(f"{first.name.removesuffix('.tmp')}*"):
        path.unlink()  # somebody tidied up: nobody knows whether the file was collected


def order_of(path: Path) -> int:
    """Return the number of the message a temporary file is of."""
    return int(path.name.split("-")[1])


def waiting(writer: Writer) -> None:
    """Orders without an exam, exams whose quiet time runs, files not taken or half taken."""
    # Further reports of the first exam: one says the same again, one says something new.
    _, study = writer.listed("1")
    writer.report("echo.dcm", 12, study, "1", "Müller")
    writer.report("thyroid.dcm", 13, study, "1", "Müller")
    number, study = writer.click("50", "Groß", "Schilddrüse")
    writer.image(50, "50", "Groß", StudyInstanceUID=study, AccessionNumber=number)
    writer.report("thyroid.dcm", 51, study, "50", "Groß")
    writer.practice.device = "ECHO01"
    writer.image(52, "52", "Groß")
    writer.report("echo.dcm", 53, "2.25.52000", "52", "Groß")
    writer.practice.device = "US01"
    writer.click("54", "Önal", "Niere")
    cancelled, _ = writer.click("55", "Storno", "Leber")
    writer.practice.exams.cancel_order(cancelled)
    for patient, case in (("60", "FALL-60"), ("61", "FALL-61")):
        writer.drop("B.GDT", record(f3000=patient, f3101="Lüders", f8310=case, f8402="SONO00"))
        writer.take()
    number, study = writer.listed("60")
    writer.image(60, "60", "Lüders", StudyInstanceUID=study, AccessionNumber=number)
    writer.drop("STAMM.GDT", record("6301", f3000="62", f3101="Stamm"))
    writer.take()
    writer.drop("C.GDT", record("6303", f3000="61", f3101="Lüders", f8310="FALL-61"))
    claim(writer.drop("E.GDT", record(f3000="64", f3101="Neu", f8310="FALL-64", f8402="SONO00")))
    half = writer.drop("F.GDT", record(f3000="65", f3101="Neu", f8310="FALL-65", f8402="SONO00"))
    data = half.read_bytes()
    claimed = claim(half)
    list(writer.files._replies(claimed, data, ""))  # dies before the file is put away


def write_var(folder: Path) -> None:
    """Fill a folder as a practice would."""
    writer = Writer(folder)
    reported(writer)
    held(writer)
    interrupted(writer)
    waiting(writer)
    writer.practice.renderer.close()
    writer.practice.printer.close()
    writer.practice.database.engine.connect().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    writer.practice.database.close()
    (folder / "var" / "db.sqlite").rename(folder / "var" / "gdtbridge.sqlite")
    for left in (
        *folder.glob("var/db.sqlite-*"),
        *folder.glob("var/incoming"),
        folder / "report.dcm",
    ):
        left.unlink()


def loaded(file: Path) -> ModuleType:
    """Return the module beside this script; it needs nothing of either version."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Write both files."""
    target = Path(sys.argv[1]).absolute()
    ending = loaded(target / "ending.py")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "practice"
        folder.mkdir()
        write_var(folder)
        with tarfile.open(target / f"var-{COMMIT}.tar.gz", "w:gz") as archive:
            for path in sorted(folder.iterdir()):
                archive.add(path, path.name, filter=_anonymous)
        copy = Path(place) / "copy"
        shutil.copytree(folder, copy)
        found = ending.end_of(copy, Service, send_raw)
    text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True)
    (target / f"ending-{COMMIT}.json").write_text(f"{text}\n", encoding="utf-8")


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


main()
