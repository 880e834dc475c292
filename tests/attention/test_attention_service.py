"""The running service tells a person: by state, exit status, list, call and record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from gdtbridge.core import open_core
from gdtbridge.service import Bridge
from gdtbridge.settings import load_settings
from tests.tools.device import send_raw
from tests.tools.elements import EXPLICIT, US_IMAGE, identification
from tests.tools.service import Service
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # starts whole services

UID = "2.25.700"


def send(port: int) -> None:
    """Let a device send an image without a patient number."""
    names = {"SOPInstanceUID": f"{UID}.1", "StudyInstanceUID": UID, "AccessionNumber": ""}
    dataset = identification(**names, PatientID="")
    assert send_raw(port, [(US_IMAGE, f"{UID}.1", EXPLICIT, dataset)]) == [0]


def test_a_held_exam_reaches_a_person_once(tmp_path: Path, httpserver: HTTPServer) -> None:
    """Readiness, check, list, call and record tell of it, a restart does not repeat it."""
    httpserver.expect_request("/attention").respond_with_data("ok")
    bridge = Service(
        tmp_path,
        exam__quiet_seconds="0.5",
        webhooks__attention=httpserver.url_for("/attention"),
        attention__gdt_patient_id="99999",
    )
    with bridge:
        bridge.wait_until_ready()
        assert bridge.readiness()["status"] == "ready"
        assert bridge.command("check").returncode == 0
        send(bridge.ports["DICOM"])
        wait_for(lambda: bridge.readiness()["status"] == "needs-person", what="the state")
        state = bridge.readiness()
        assert (state["ready"], state["attention"]) == (True, {"held-exam": 1})
        assert "Müller" not in json.dumps(state, ensure_ascii=False)

        check = bridge.command("check")
        assert check.returncode == 3
        line = "OFFEN  attention.held-exam: 1 Untersuchung ohne Zuordnung"
        assert line in check.stdout
        assert "Müller" not in check.stdout

        (item,) = json.loads(bridge.command("attention", "list", "--json").stdout)
        assert item["whose"].startswith("Müller, Änne")
        assert item["way_out"] == f"gdtbridge exams release {UID} --person 1 --id NUMMER"
        head, row = bridge.command("attention", "list").stdout.splitlines()
        assert head.split()[:2] == ["STUFE", "SEIT"]
        assert row.startswith("offen / open")
        assert bridge.stop() == 0

    for _ in range(2):  # the service looks when it starts
        with bridge:
            wait_for(lambda: httpserver.log, what="the call")
            wait_for(lambda: list(bridge.gdt_out.glob("*.gdt")), what="the record")
            assert bridge.stop() == 0
    assert len(httpserver.log) == 1
    assert [file.name for file in bridge.gdt_out.iterdir()] == ["attention-1.gdt"]

    assert bridge.command("exams", "release", UID, "--id", "4711").returncode == 0
    assert json.loads(bridge.command("attention", "list", "--json").stdout) == []
    assert bridge.command("check").returncode == 0


def test_what_comes_while_it_runs_is_told(
    tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service looks again and again, here more often than every minute."""
    monkeypatch.setattr("gdtbridge.service.jobs.ANNOUNCE_SECONDS", 0.2)
    httpserver.expect_request("/attention").respond_with_data("ok")
    environ = {
        "GDTBRIDGE_DICOM__PORT": "0",
        "GDTBRIDGE_HTTP__PORT": "0",
        "GDTBRIDGE_EXAM__QUIET_SECONDS": "0.5",
        "GDTBRIDGE_WEBHOOKS__ATTENTION": httpserver.url_for("/attention"),
    }
    (tmp_path / "gdtbridge.toml").touch()
    bridge = Bridge(load_settings(tmp_path / "gdtbridge.toml", environ))
    bridge.start()
    try:
        send(bridge.dicom_port)
        wait_for(lambda: httpserver.log, what="the call")
    finally:
        bridge.stop()

    assert len(httpserver.log) == 1


def test_check_fails_where_something_does_not_work(tmp_path: Path) -> None:
    """A fault outweighs what waits for a person: status 1."""
    with open_core(load_settings(environ={"GDTBRIDGE_STORAGE__ROOT": str(tmp_path / "var")})):
        pass
    assert Service(tmp_path, storage__min_free_mb="1").command("check").returncode == 0
    full = Service(tmp_path, storage__min_free_mb="1000000000")
    check = full.command("check")

    assert check.returncode == 1
    assert "FEHLER attention.disk-full: 1 Platte voll" in check.stdout
