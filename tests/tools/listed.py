"""The list from outside: a practice with rooms, what its devices get, exams of what is listed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from tests.tools.dcmtk import find
from tests.tools.device import send_raw
from tests.tools.elements import EXPLICIT, US_IMAGE, identification
from tests.tools.service import Service, service
from tests.tools.waiting import wait_for

ROOMS: Final = """\
[practice]
name = "Praxis Dr. Sommer"

[worklist]
station = "RAUM1"

[[page.procedures]]
name = "Abdomen"

[[page.procedures]]
name = "Schilddrüse"
station = "RAUM2"

[[device]]
aet = "RAUM1"
name = "Raum 1"

[[device]]
aet = "RAUM2"
name = "Raum 2"

[[device]]
aet = "RAUM3"
name = "Raum 3"
"""
"""Settings of a practice with three rooms; `RAUM3` never asks for its list."""


@contextmanager
def practice_with_rooms(root: Path, language: str = "de", **settings: str) -> Iterator[Service]:
    """Yield a running service of such a practice, its first two rooms have asked for it."""
    (root / "gdtbridge.toml").write_text(ROOMS, "utf-8")
    with service(root, exam__quiet_seconds="0.2", page__language=language, **settings) as running:
        for room in ("RAUM1", "RAUM2"):
            listed(running, room)
        asked = "SELECT id FROM worklist_query"
        wait_for(lambda: len(running.rows(asked)) >= 2, what="the queries in the database")
        yield running


def address(bridge: Service) -> str:
    """Return the address of the pages."""
    return f"http://127.0.0.1:{bridge.ports['HTTP']}"


def listed(bridge: Service, station: str) -> dict[str, str]:
    """Ask for the list as the device of a station does; return number by order number."""
    keys = [
        "AccessionNumber",
        "PatientID",
        f"ScheduledProcedureStepSequence[0].ScheduledStationAETitle={station}",
        "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate",
    ]
    _, answers = find(bridge.ports["DICOM"], "-W", keys, "-aet", station)
    return {str(one.AccessionNumber): str(one.PatientID) for one in answers}


def examine(bridge: Service, number: str, **patient: str) -> None:
    """Send one picture of the exam an order is for, with the order's patient unless said."""
    of_order = f"FROM placed_order WHERE accession_number = '{number}'"
    ((study, patient_id),) = bridge.rows(f"SELECT study_instance_uid, patient_id {of_order}")
    ((name, born),) = bridge.rows(f"SELECT patient_name, patient_birth_date {of_order}")
    said = {"PatientID": patient_id, "PatientName": name, "PatientBirthDate": born} | patient
    dataset = identification(
        StudyInstanceUID=study,
        SOPInstanceUID=f"{study}.1",
        AccessionNumber=number,
        StudyDate=f"{date.today():%Y%m%d}",  # noqa: DTZ011 - the practice's day
        **said,
    )
    instance = (US_IMAGE, f"{study}.1", EXPLICIT, dataset)
    assert send_raw(bridge.ports["DICOM"], [instance], "RAUM1") == [0]


def type_entry(page: Page, **fields: str) -> None:
    """Fill in fields of the form."""
    for name, value in fields.items():
        if name == "station":
            page.locator("#station").select_option(value)
        elif name == "sex":
            page.locator(f"input[name=sex][value={value}]").check()
        else:
            page.locator(f"#{name}").fill(value)


def add(page: Page, url: str, **fields: str) -> str:
    """Put a patient on the list by the form; return the order number."""
    page.goto(f"{url}/eintrag")
    type_entry(page, **{"birth_date": "9.9.62", **fields})
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/heute*")
    return page.url.partition("#order:")[2]
