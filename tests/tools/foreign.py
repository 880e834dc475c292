"""Devices made by others, as processes: dcmjs-dimse (npm), tiny_pacs (PyPI), Orthanc (Debian)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.tools.dcmtk import dcmtk
from tests.tools.ports import free_port
from tests.tools.waiting import wait_for

PROJECT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = PROJECT / "tests" / "peers"
PEERS = PROJECT / ".peers"
ANSWER_SECONDS = 60
Step = tuple[str, dict[str, Any]]
"""What a device is to do, and with what; see the programs in ``tests/peers/``."""


@dataclass(frozen=True, slots=True)
class ForeignDevice:
    """A program that plays a device: its AE title, and the port it hears N-EVENT-REPORTs on."""

    command: tuple[str, ...]
    aet: str
    listens: int
    environment: dict[str, str]

    def play(self, port: int, *steps: Step) -> list[Any]:
        """Do the steps against the server on ``port``; return the outcome of each."""
        at = {"port": port, "calling": self.aet, "called": "GDTBRIDGE", "listen": self.listens}
        done = subprocess.run(
            self.command,
            input=json.dumps({"at": at, "steps": steps}),
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
            env=os.environ | self.environment,
        )
        assert done.returncode == 0, done.stderr
        outcomes = json.loads(done.stdout)
        assert isinstance(outcomes, list)
        return outcomes


def dcmjs_device(aet: str = "DCMJS", listens: int = 0) -> ForeignDevice:
    """Return a device made of dcmjs-dimse, or skip where it is not installed."""
    library, node = PEERS / "node_modules" / "dcmjs-dimse", shutil.which("node")
    if node is None or not library.is_dir():
        pytest.skip("dcmjs-dimse is not installed (scripts/test installs it where there is npm)")
    program = PROGRAMS / "dcmjs_device.js"
    return ForeignDevice((node, str(program), str(library)), aet, listens, {})


def tiny_device(aet: str = "TINY", listens: int = 0) -> ForeignDevice:
    """Return a device made of tiny_pacs, or skip where it is not installed."""
    library = PEERS / "tiny_pacs"
    if not (library / "tiny_pacs").is_dir():
        pytest.skip("tiny_pacs is not installed (scripts/test installs it where there is PyPI)")
    command = (sys.executable, str(PROGRAMS / "tiny_device.py"))
    return ForeignDevice(command, aet, listens, {"PYTHONPATH": str(library)})


TINY_TITLE = "TINY_PACS"
TINY_SETTINGS = """\
ae: {{ae_title: [{title}], port: {port}}}
log: {{version: 1, root: {{level: WARNING}}}}
components:
  Devices: {{'on': true, auto_add: false, devices: {{{devices}}}}}
"""


@contextmanager
def tiny_pacs(folder: Path, port: int, **devices: int) -> Iterator[None]:
    """Run tiny_pacs, which keeps what comes in memory; ``devices`` are ports by AE title."""
    tiny_device()
    rows = [f"{aet}: {{aet: {aet}, address: 127.0.0.1, port: {at}}}" for aet, at in devices.items()]
    settings, log = folder / "tiny.yaml", folder / "tiny.log"
    settings.write_text(TINY_SETTINGS.format(title=TINY_TITLE, port=port, devices=", ".join(rows)))
    command = (sys.executable, "-m", "tiny_pacs", "run", "-c", str(settings))
    environment = os.environ | {"PYTHONPATH": str(PEERS / "tiny_pacs")}
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)

    def answers() -> bool:
        assert process.poll() is None, log.read_text(errors="replace")
        return dcmtk("echoscu", "-aec", TINY_TITLE, "127.0.0.1", port).returncode == 0

    try:
        wait_for(answers, 60, "start of tiny_pacs")
        yield
    finally:
        process.kill()
        process.wait(60)


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running Orthanc that knows one modality, ``bridge``, and is driven by its REST API."""

    url: str
    dicom_port: int

    def post(self, path: str, body: object) -> Any:
        """Return the JSON answer; fail the test for any other."""
        given = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = requests.post(self.url + path, data=given, timeout=ANSWER_SECONDS)
        assert answer.ok, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        """Return the JSON answer; fail the test for any other."""
        answer = requests.get(self.url + path, timeout=ANSWER_SECONDS)
        assert answer.ok, answer.text
        return answer.json()

    def file(self, path: str) -> bytes:
        """Return the bytes of an answer; fail the test for any other."""
        answer = requests.get(self.url + path, timeout=ANSWER_SECONDS)
        assert answer.ok, answer.text
        return answer.content

    def keep(self, files: Sequence[Path]) -> list[str]:
        """Import files; return their identifiers."""
        return [self.post("/instances", file.read_bytes())["ID"] for file in files]

    def know(self, port: int, aet: str = "GDTBRIDGE", *, tls: bool = False) -> None:
        """Enter the server on ``port`` as the modality ``bridge``."""
        modality = {"AET": aet, "Host": "127.0.0.1", "Port": port, "UseDicomTls": tls}
        answer = requests.put(f"{self.url}/modalities/bridge", json=modality, timeout=60)
        assert answer.ok, answer.text


def orthanc_program() -> str:
    """Return the path of Orthanc, or skip where it is not installed."""
    program = shutil.which("Orthanc", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("Orthanc is not installed")
    return program


def orthanc_dicomweb() -> Path:
    """Return Orthanc's DICOMweb plugin, or skip where it is not installed."""
    orthanc_program()
    plugin = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
    if not plugin.exists():
        pytest.skip("Orthanc's DICOMweb plugin is not installed (Debian: orthanc-dicomweb)")
    return plugin


@contextmanager
def orthanc(
    folder: Path, dicom_port: int, aet: str = "ORTHANC", **further: object
) -> Iterator[Orthanc]:
    """Yield a running Orthanc with its files in ``folder``; show what it says when it dies.

    ``further`` are settings of Orthanc's own.
    """
    http_port = free_port()
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "HttpPort": http_port,
        "DicomPort": dicom_port,
        "DicomAet": aet,
        "DicomAlwaysAllowStore": True,
        "Plugins": [],
        **further,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    log = folder / "orthanc.log"
    with log.open("wb") as output:
        command = [orthanc_program(), str(folder / "orthanc.json")]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    peer = Orthanc(f"http://127.0.0.1:{http_port}", dicom_port)

    def answers() -> bool:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            return requests.get(f"{peer.url}/system", timeout=5).ok
        except requests.RequestException:
            return False

    try:
        wait_for(answers, what="start of Orthanc")
        yield peer
    finally:
        process.kill()  # nothing of it is to be kept, and its own end takes seconds
        process.wait(60)
