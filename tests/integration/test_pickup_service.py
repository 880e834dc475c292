"""The running service takes files from a folder, and is killed over it."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from tests.tools.elements import element, part10, still
from tests.tools.service import Service
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # starts whole services

STUDIES = 3
FILES = 60


def leave(folder: Path, number: int) -> str:
    """Write an image too large for the index's memory, of one of a few studies; return its UID."""
    uid, study = f"2.25.70{number}", number % STUDIES + 1
    dataset = still(
        1,
        SOPInstanceUID=uid,
        StudyInstanceUID=f"2.25.{study}",
        AccessionNumber=f"A{study}",
        PatientID=f"P{study}",
    ) + element(0xFFFCFFFC, b"OB", bytes(100_000))
    part10(folder / f".IM{number}", dataset, sop_uid=uid).rename(folder / f"IM{number}")
    return uid


def test_a_service_that_is_killed_takes_every_file_once(tmp_path: Path) -> None:
    """Killed while it takes them: all are received, each study has one result, none lies there."""
    folder = tmp_path / "export"
    folder.mkdir()
    told = [{"folder": str(folder), "aet": "SONO1", "after": "remove", "settle_seconds": 0}]
    service = Service(tmp_path, pickup=json.dumps(told))
    with service:
        uids = [leave(folder, number) for number in range(FILES)]
        received = "SELECT sop_instance_uid FROM instance"
        wait_for(lambda: len(service.rows(received)) > FILES // 3, 60, "a third of the files")
        service.kill()
        service.start()
        wait_for(lambda: not list(folder.iterdir()), 60, "the last file")
        wait_for(service.settled, 60, "the results")
        assert sorted(uid for uid, _ in service.rows(received)) == sorted(uids)
        assert all(service.has(uid) for uid in uids)
        assert service.results() == {(f"A{one + 1}", "study"): 1 for one in range(STUDIES)}
        titles = service.rows("SELECT DISTINCT calling_aet FROM instance")
        assert titles == [("SONO1", "SONO1")]

        part = service.readiness()["parts"]["pickup:1"]
        assert (part["ok"], "0 refused, 0 waiting" in part["detail"]) == (True, True)
        url = f"http://127.0.0.1:{service.ports['HTTP']}/metrics"
        with urllib.request.urlopen(url, timeout=60) as answer:
            metrics = answer.read().decode()
        assert 'gdtbridge_pickup_waiting{part="pickup:1"} 0' in metrics
        checked = service.command("check").stdout
        assert f"pickup (1): {folder}" in checked or "pickup (1)" in checked
