"""The service is killed again and again while a device sends and the practice software collects."""

from __future__ import annotations

import http.client
import random
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pydicom
import pytest
from pydicom.uid import UID

from gdtbridge.dicom.client import Peer, PeerError
from gdtbridge.dicom.store_client import store
from gdtbridge.gdt.read.reader import read_records
from tests.tools.elements import PERSON, identification, part10
from tests.tools.killing import PracticeSoftware, kill_at_random
from tests.tools.service import Service
from tests.tools.waiting import wait_for

IMAGES = 4


@dataclass
class Device:
    """Sends studies of images and one report, each until it is acknowledged."""

    folder: Path
    sample: Path
    service: Service
    enough: threading.Event = field(default_factory=threading.Event)
    acknowledged: dict[str, str] = field(default_factory=dict)
    """Accession number of the study by acknowledged SOP Instance UID."""
    reports: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Send study after study."""
        number = 0
        while not self.enough.is_set():
            number += 1
            self._send_study(f"K{number:06d}")

    def has_been_heard(self) -> bool:
        """Return whether a whole study was acknowledged, its report last."""
        return any(uid in self.acknowledged for uid in list(self.reports))

    def _send_study(self, accession: str) -> None:
        files = [self._image(accession, index) for index in range(IMAGES)]
        files.append(self._report(accession))
        while files and not self.enough.is_set():
            files = self._try(accession, files)

    def _try(self, accession: str, files: list[Path]) -> list[Path]:
        port = self.service.ports.get("DICOM")
        if port is None:
            time.sleep(0.02)
            return files
        try:
            answers = store(Peer("127.0.0.1", port, "GDTBRIDGE", "US01"), files)
        except PeerError:
            time.sleep(0.02)
            return files
        for file, status in answers:
            if status == 0:
                self.acknowledged[file.name] = accession
        return [file for file, status in answers if status != 0]

    def _image(self, accession: str, index: int) -> Path:
        uid = f"2.25.{int(accession[1:])}.{index + 1}"
        study = f"2.25.{int(accession[1:])}"
        dataset = identification(
            SOPInstanceUID=uid, StudyInstanceUID=study, AccessionNumber=accession
        )
        return part10(self.folder / uid, dataset, sop_uid=uid)

    def _report(self, accession: str) -> Path:
        dataset = pydicom.dcmread(self.sample)
        number = int(accession[1:])
        dataset.SOPInstanceUID = UID(f"2.25.{number}.99")
        dataset.StudyInstanceUID = UID(f"2.25.{number}")
        dataset.PatientID = "4711"
        dataset.PatientName, dataset.PatientBirthDate = PERSON.values()
        dataset.AccessionNumber = accession
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        path = self.folder / str(dataset.SOPInstanceUID)
        dataset.save_as(path, enforce_file_format=True)
        self.reports.add(path.name)
        return path


@dataclass
class Reception:
    """Puts patients on the worklist; remembers what was answered."""

    service: Service
    enough: threading.Event
    numbers: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Place order after order."""
        patient = 0
        while not self.enough.wait(0.05):
            patient += 1
            with suppress(OSError, http.client.HTTPException, KeyError):
                self._place(patient)

    def _place(self, patient: int) -> None:
        query = urlencode(
            {"id": patient, "lastname": "Doe", "firstname": "J", "birthdate": "01.01.1980"}
            | {"sex": 1}
        )
        port = self.service.ports["HTTP"]
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", f"/worklist/add?{query}")
            response = connection.getresponse()
            (record,) = read_records(response.read())
            self.numbers += [
                text.removeprefix("Auftragsnummer: ")
                for text in record.all("6227")
                if text.startswith("Auftragsnummer: ")
            ]


KILLS = 3
ALL_KILLS = 100
"""How often the service is killed for a sample, and with ``--exhaustive``."""
NAMES = {
    "names given once": {},
    "names that count": {"gdt__file_name": "PRAXGDTB.gdt", "gdt__occupied": "number"},
    "one name": {"gdt__file_name": "PRAXGDTB.gdt"},
}


@pytest.mark.kill
@pytest.mark.timeout(1500)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # sockets cut off
def test_nothing_acknowledged_is_lost_and_nothing_is_reported_twice(
    memory: Path, project: Path, chance: random.Random, *, exhaustive: bool
) -> None:
    """After any number of kills every acknowledged object is there and every result came once."""
    for name in NAMES if exhaustive else [chance.choice(list(NAMES))]:
        folder = memory / name
        folder.mkdir()
        _kill_again_and_again(folder, project, NAMES[name], ALL_KILLS if exhaustive else KILLS)


def _kill_again_and_again(
    tmp_path: Path, project: Path, settings: dict[str, str], kills: int
) -> None:
    service = Service(tmp_path, exam__quiet_seconds="0.3", **settings)
    spool = tmp_path / "device"
    spool.mkdir()
    device = Device(spool, project / "samples" / "sr" / "thyroid.dcm", service)
    software = PracticeSoftware(service.gdt_out)
    reception = Reception(service, device.enough)
    threads = [threading.Thread(target=one.run) for one in (device, software, reception)]
    for thread in threads:
        thread.start()
    try:
        kill_at_random(service, kills)
        with service:
            wait_for(device.has_been_heard, 60, "an acknowledged report")
            device.enough.set()
            wait_for(lambda: _all_settled(service), 120, "reporting of every exam")
            _compare(service, device, reception)
        assert service.stop() is not None
    finally:
        device.enough.set()
        software.done.set()
        for thread in threads:
            thread.join()
    software.collect()
    _count(device, software)
    print(f"{kills} kills, {len(device.acknowledged)} objects, {len(software.collected)} files")  # noqa: T201


def _rows(service: Service, query: str) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(service.root / "var" / "gdtbridge.sqlite")) as connection:
        return [(str(row[0]), str(row[-1])) for row in connection.execute(query)]


def _all_settled(service: Service) -> bool:
    waiting = _rows(service, "SELECT id FROM exam WHERE due_at IS NOT NULL")
    leaving = _rows(service, "SELECT id FROM outbox WHERE state != 'delivered'")
    return not waiting and not leaving


def _compare(service: Service, device: Device, reception: Reception) -> None:
    """Hold what was acknowledged against what is there."""
    stored = dict(_rows(service, "SELECT sop_instance_uid, file FROM instance"))
    for uid in device.acknowledged:
        dataset = pydicom.dcmread(service.archive / stored[uid])
        assert str(dataset.SOPInstanceUID) == uid
    assert len(reception.numbers) == len(set(reception.numbers)), "an accession number repeats"
    listed = service.command("worklist", "list", "--json")
    assert all(number in listed.stdout for number in reception.numbers)
    dump = subprocess.run(["ls", "-A", service.gdt_out], capture_output=True, text=True, check=True)
    assert ".tmp" not in dump.stdout, "a temporary file was left behind"


def _count(device: Device, software: PracticeSoftware) -> None:
    studies: Counter[str] = Counter()
    values: Counter[str] = Counter()
    for data in software.collected:
        (record,) = read_records(data)
        assert record.warnings == ()
        (number,) = {
            text.removeprefix("Auftragsnummer: ")
            for text in record.all("6227")
            if text.startswith("Auftragsnummer: ")
        }
        (values if record.first("8420") else studies)[number] += 1
    acknowledged = set(device.acknowledged.values())
    assert acknowledged <= set(studies), "a study was not reported"
    assert set(studies.values()) == {1}, "a study was reported twice"
    reported = {device.acknowledged[uid] for uid in device.reports & set(device.acknowledged)}
    assert reported <= set(values), "measurements were not reported"
    assert set(values.values()) == {1}, "measurements were reported twice"
