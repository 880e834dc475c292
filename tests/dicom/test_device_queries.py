"""Queries of devices, byte by byte, and the bytes each gets for its patient.

The folder has one entry for the devices of this page (Müller^Hans) and others that none of them
asked for. Who looks for a fault at a device compares the dump with the device's own log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest

from gdtbridge.devices.answering import DeviceWorklist
from gdtbridge.dicom.server import DicomServer
from gdtbridge.parts import directory_of
from gdtbridge.settings import DicomSettings, Settings
from tests.tools.device_query import answers_to, encoded_query, hex_dump
from tests.tools.dicom_server import Recorder
from worklist import EntryDetails, WorklistFolder, make_entry

MORNING = datetime.fromisoformat("2024-01-15 10:30:15")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of a server with Müller's entry among others; OLDUS reads ASCII alone."""
    root = tmp_path_factory.mktemp("queries")
    folder = WorklistFolder(root / "worklist")
    for number, name, station, modality, day in (
        (1, "Müller^Hans", "US01", "US", MORNING),
        (2, "Möller^Hans", "US02", "OT", MORNING),
        (3, "Müller^Eva", "CR01", "CR", MORNING),
        (4, "Meier^Jan", "US01", "ES", MORNING.replace(day=17)),
    ):
        folder.add(
            make_entry(
                AccessionNumber=f"R{number:010d}",
                StudyInstanceUID=f"2.25.{number}",
                PatientID=str(4710 + number),
                PatientName=name,
                PatientBirthDate=date(1961, 5, 4),
                PatientSex="M",
                Modality=modality,
                ScheduledStationAETitle=station,
                RequestedProcedureDescription="Schilddrüse",
                scheduled=day,
                created=MORNING,
                details=EntryDetails(PatientSize="1.72", PregnancyStatus="4"),
            )
        )
    devices = directory_of(
        Settings.model_validate({"device": [{"aet": "OLDUS", "charset": "ascii"}]})
    )
    worklist = DeviceWorklist(folder, devices)
    server = DicomServer(DicomSettings(port=0), root / "spool", Recorder(root), worklist)
    server.start()
    yield server.port
    server.stop(grace=0)


PAGE = Path(__file__).with_name("device_queries.txt")
"""The queries and what each is answered with; its head tells the form."""


@dataclass(frozen=True)
class Case:
    """A query of the page, who sends it in which bytes, and the dump of its answer."""

    title: str
    calling: str
    codec: str
    query: str
    dump: str


def cases() -> list[Case]:
    """Return what the page has."""
    _, *sections = re.split(r"^== ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return [case(section) for section in sections]


def case(section: str) -> Case:
    """Return one section of the page."""
    head, query, dump = re.split(r"\n(?:keys|answer)\n", section)
    title, calling, codec = (part.strip() for part in head.split("|"))
    return Case(title, calling, codec, query, dump.strip())


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.title)
def test_the_device_gets_its_patient_in_its_bytes(port: int, one: Case) -> None:
    """Exactly one answer, exactly these bytes."""
    answers = answers_to(port, encoded_query(one.query, one.codec), one.calling)
    assert "\n\n".join(map(hex_dump, answers)) == one.dump
