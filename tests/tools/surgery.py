"""A surgery around the running service: its device, its practice software, its charts."""

from __future__ import annotations

import contextlib
import io
import re
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa
from click.testing import CliRunner, Result
from pydicom.filewriter import dcmwrite

from gdtbridge.archive.spool import START_BYTES
from gdtbridge.cli import main
from gdtbridge.durable.clock import local_time
from gdtbridge.people import Patient
from gdtbridge.schema import outbox, outbox_uncollected
from tests.sr import builder
from tests.tools.device import Instance, send_raw
from tests.tools.elements import EXPLICIT, US_IMAGE, element, identification
from tests.tools.reception import record
from tests.tools.service import Service
from tests.tools.waiting import wait_for

TODAY = local_time(time.time()).date()
QUICK = {
    "exam__quiet_seconds": "0.3",
    "exam__date_remark_days": "2",
    "exam__date_hold_days": "30",
    "orders__settle_seconds": "0.1",
}
"""Settings of a surgery in a hurry, else as they are by default."""
DIFFERS = "Name oder Geburtsdatum lauten am Gerät anders."
HEAD = ("80006310", "8100", "8315PRAX_EDV", "8316GDTBRIDG", "92063", "921802.10")
SEXES = {"M": "1", "F": "2", None: "0"}
PIXELS = (
    element(0x00280002, b"US", b"\1\0"),
    element(0x00280004, b"CS", "MONOCHROME2"),
    element(0x00280010, b"US", b"\x10\0"),
    element(0x00280011, b"US", b"\x10\0"),
    element(0x00280100, b"US", b"\x08\0"),
    element(0x00280101, b"US", b"\x08\0"),
    element(0x00280102, b"US", b"\x07\0"),
    element(0x00280103, b"US", b"\0\0"),
)
"""A grey picture of 16 times 16."""


def person(number: str, name: str, born: str = "", sex: str = "F") -> Patient:
    """Return a patient from ``Family^Given`` and ``dd.mm.yyyy``."""
    day, month, year = born.split(".") if born else ("", "", "")
    return Patient.from_dicom(number, name, f"{year}{month}{day}", sex)


def da(day: date) -> str:
    """Return a DICOM date."""
    return day.strftime("%Y%m%d")


def gdt(day: date | None) -> str:
    """Return a GDT date."""
    return day.strftime("%d%m%Y") if day else ""


def elements_of(study: str, uid: str, patient: Patient, elements: dict[str, str]) -> dict[str, str]:
    """Return what identifies an object of a study, by keyword; ``elements`` override."""
    own = {
        "SOPInstanceUID": f"{study}.{uid}",
        "StudyInstanceUID": study,
        "StudyDate": da(TODAY),
        "AccessionNumber": "",
        "PatientID": patient.id,
        "PatientName": patient.person_name,
        "PatientBirthDate": patient.birth_date_da,
        "PatientSex": patient.sex or "",
    }
    return own | elements


def large(instance: Instance) -> Instance:
    """Return the same object, too large to be kept in the index for a moment."""
    sop_class, uid, syntax, dataset = instance
    return sop_class, uid, syntax, dataset + element(0xFFFCFFFC, b"OB", bytes(START_BYTES))


def image(study: str, uid: str, patient: Patient, /, shade: int = 1, **elements: str) -> Instance:
    """Return a picture of a study; ``uid`` is the end of its own UID."""
    values = elements_of(study, uid, patient, elements)
    pixels = (*PIXELS, element(0x7FE00010, b"OB", bytes([shade]) * 256))
    dataset = identification(**values) + b"".join(pixels)
    return US_IMAGE, values["SOPInstanceUID"], EXPLICIT, dataset


def report(
    study: str, uid: str, patient: Patient, millimetres: str = "48", /, **elements: str
) -> Instance:
    """Return an adult echo report with one diameter of the left ventricle."""
    values = elements_of(study, uid, patient, elements)
    findings = builder.container(
        builder.FINDINGS,
        builder.code(builder.SITE, builder.LEFT_VENTRICLE),
        builder.container(builder.GROUP, builder.num(builder.LVIDD, millimetres, "mm")),
    )
    made = builder.dataset(findings, Modality="SR", StudyTime="103015", **values)
    buffer = io.BytesIO()
    dcmwrite(buffer, made, implicit_vr=False, little_endian=True)
    return builder.COMPREHENSIVE, values["SOPInstanceUID"], EXPLICIT, buffer.getvalue()


@dataclass
class Surgery:
    """A running service, and what the people and machines around it do."""

    service: Service
    device: str = "US01"
    """AE title of the device."""
    _dropped: int = field(default=0, init=False)

    # ------------------------------------------------------------------ the device

    def send(self, *objects: Instance) -> None:
        """Send objects in one association; each must be accepted."""
        port = self.service.ports["DICOM"]
        assert send_raw(port, objects, self.device) == [0] * len(objects)

    def examine(self, *objects: Instance) -> None:
        """Send objects and wait until everything they cause has happened."""
        self.send(*objects)
        self.settle()

    def exams(self, *arguments: str) -> str:
        """Run ``gdtbridge exams``, which must succeed; return what it says."""
        done = self.ask("exams", *arguments)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    def ask(self, *arguments: str) -> Result:
        """Run a command beside the service, in this process: starting another takes longer."""
        environ = self.service.environment()
        ours = {name: text for name, text in environ.items() if name.startswith("GDTBRIDGE_")}
        with contextlib.chdir(self.service.root):
            return CliRunner().invoke(main, arguments, env=ours)

    def release(self, study: str, number: str, *more: str) -> None:
        """Say whose an exam is, and wait for what follows."""
        self.exams("release", study, "--id", number, *more)
        self.settle()

    def collect(self) -> None:
        """Note that the practice software has what lies in its folder; a copy stays to be read."""
        engine = sa.create_engine(f"sqlite:///{self.service.database}", poolclass=sa.NullPool)
        with engine.begin() as connection:
            lies = sa.update(outbox).where(outbox_uncollected)
            connection.execute(lies.values(collected_at=time.time()))

    def settle(self) -> None:
        """Wait until no exam is due and nothing is left to deliver."""
        wait_for(self.service.settled, what="the end of the exams")

    # ------------------------------------------------------------------ the practice software

    def order(self, patient: Patient, procedure: str = "Herz", station: str = "US01") -> str:
        """Order by HTTP; return the accession number."""
        values = {
            "id": patient.id,
            "lastname": patient.family_name,
            "firstname": patient.given_name,
            "birthdate": patient.german_birth_date,
            "sex": SEXES[patient.sex],
            "scheduledStation": station,
            "procedure": procedure,
        }
        url = f"http://127.0.0.1:{self.service.ports['HTTP']}/worklist/add?{urlencode(values)}"
        with urllib.request.urlopen(url) as answer:
            found = re.search(rb"Auftragsnummer: (R\d{10})", answer.read())
        assert found is not None
        return found[1].decode()

    def tell(self, patient: Patient, record_type: str = "6301", **fields: str) -> None:
        """Drop a GDT file for a patient, and wait until it has been taken."""
        taken = self._taken()
        self._dropped += 1
        said = {
            "f3000": patient.id,
            "f3101": patient.family_name,
            "f3102": patient.given_name,
            "f3103": gdt(patient.birth_date),
            "f3110": SEXES[patient.sex],
        }
        file = self.service.root / "var" / "gdt" / "in" / f"SOFT{self._dropped}.GDT"
        file.write_bytes(record(record_type, **(said | fields)))
        wait_for(lambda: self._taken() > taken, what="the end of the file")

    def _taken(self) -> int:
        return len(self.service.rows("SELECT token FROM order_file"))

    # ------------------------------------------------------------------ what the database says

    def held(self, study: str) -> list[tuple[str, str]]:
        """Return number and reason of everything held of a study."""
        return self.service.rows(
            "SELECT claim.patient_id, claim.held_because FROM claim JOIN exam"
            " ON exam.id = claim.exam_id WHERE claim.state = 'held'"
            f" AND exam.study_instance_uid = '{study}' ORDER BY claim.id"
        )

    def newest_order(self) -> str:
        """Return the accession number of the order placed last."""
        query = "SELECT accession_number FROM placed_order ORDER BY id DESC LIMIT 1"
        ((number, _),) = self.service.rows(query)
        return number

    def study_of(self, accession_number: str) -> str:
        """Return the Study Instance UID an order gives to its exam."""
        query = "SELECT study_instance_uid FROM placed_order WHERE accession_number ="
        ((study, _),) = self.service.rows(f"{query} '{accession_number}'")
        return study

    def order_state(self, accession_number: str) -> str:
        """Return where an order stands."""
        query = f"SELECT state FROM placed_order WHERE accession_number = '{accession_number}'"
        ((state, _),) = self.service.rows(query)
        return state

    # ------------------------------------------------------------------ the charts

    def chart(self, number: str) -> list[tuple[str, ...]]:
        """Return the records of a patient in the order they were written, each as its lines.

        Without lengths and header, both of which are checked.
        """
        found = self.service.gdt_out.glob("*.gdt")
        records = [lines_of(path) for path in sorted(found, key=_age)]
        return [lines for lines in records if lines[0] == f"3000{number}"]

    def families(self) -> set[str]:
        """Return the family names in all charts."""
        records = (lines_of(path) for path in self.service.gdt_out.glob("*.gdt"))
        return {line[4:] for lines in records for line in lines if line.startswith("3101")}


def _age(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, path.name


def lines_of(path: Path) -> tuple[str, ...]:
    """Return the lines of a record after its header; every byte of the file is looked at."""
    data = path.read_bytes()
    lines = data.decode("iso8859-15").split("\r\n")
    assert lines.pop() == ""
    texts = [line[3:] for line in lines]
    assert all(int(line[:3]) == len(line) + 2 for line in lines)
    assert int(texts[1][4:]) == len(data)
    assert (texts[0], "8100", *texts[2:6]) == HEAD
    return tuple(texts[6:])


def study_record(
    patient: Patient,
    *told: str,
    order: str = "",
    description: str = "Abdomen",
    day: date = TODAY,
    clock: str = "103015",
    head: tuple[str, ...] = (),
    code: str = "SONO00",
    modality: str = "US",
) -> tuple[str, ...]:
    """Return the lines of a study record: ``told`` are 6228 after the description."""
    lines = [
        *patient_lines(patient),
        f"8402{code}",
        f"6200{gdt(day)}",
        f"6201{clock}" if clock else "",
        f"6227Auftragsnummer: {order}" if order else "",
        *(f"6228{text}" for text in head),
        f"6228{modality}: {description}" if description else f"6228{modality}",
        *(f"6228{text}" for text in told),
        "8410EXTPACS",
        "8411PACS-Datensatz",
        f"8432{gdt(day)}",
        f"8439{clock}" if clock else "",
    ]
    return tuple(line for line in lines if line)


def values_record(
    patient: Patient,
    millimetres: str = "48",
    *head: str,
    order: str = "",
    code: str = "SONO00",
) -> tuple[str, ...]:
    """Return the lines of the value record of a `report`; ``head`` are what it says of itself."""
    return (
        *patient_lines(patient),
        f"8402{code}",
        f"6200{gdt(TODAY)}",
        "6201103015",
        *((f"6227Auftragsnummer: {order}",) if order else ()),
        *(f"6228{text}" for text in head),
        "8410LVIDD",
        "8411LV-Durchmesser enddiastolisch (LVIDd)",
        f"8420{millimetres}.0",
        "8421mm",
        f"8432{gdt(TODAY)}",
        "8439103015",
    )


def patient_lines(patient: Patient) -> tuple[str, ...]:
    """Return the lines of a record that name its patient."""
    sex = SEXES[patient.sex]
    lines = {
        "3000": patient.id,
        "3101": patient.family_name,
        "3102": patient.given_name,
        "3103": gdt(patient.birth_date),
        "3110": sex if sex != "0" else "",
    }
    return tuple(f"{name}{value}" for name, value in lines.items() if value)
