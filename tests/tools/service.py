"""The real service as a process of its own, on free ports, with a folder of its own."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pydicom
import pytest
import sqlalchemy as sa
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

from gdtbridge.gdt.read.reader import read_records
from tests.tools.device import Instance
from tests.tools.elements import EXPLICIT, PERSON, US_IMAGE, element, identification
from tests.tools.forked import ForkedProcess, fork_command
from tests.tools.old_studies import OLD_STUDIES
from tests.tools.waiting import wait_for

PORTS = re.compile(r"(DICOM-TLS|DICOM|HTTP)S? \S+ port (\d+)")
START_SECONDS = 60
NUMBER = "Auftragsnummer: "


class Service:
    """``gdtbridge serve`` with all its files below ``root``."""

    def __init__(self, root: Path, **settings: str) -> None:
        """Take settings in the form ``exam__quiet_seconds="1"``."""
        self.root = root
        self.log = root / "service.log"
        own = {"exam__quiet_seconds": "1", "storage__min_free_mb": "1", "pictures__ahead": "no"}
        self._settings = own | OLD_STUDIES | settings
        self._process: ForkedProcess | None = None
        self._already = 0
        self.ports: dict[str, int] = {}

    @property
    def gdt_out(self) -> Path:
        """Where results appear."""
        return self.root / "var" / "gdt" / "out"

    @property
    def archive(self) -> Path:
        """Where received files lie."""
        return self.root / "var" / "archive"

    @property
    def spool(self) -> Path:
        """Where files lie while they are received."""
        return self.root / "var" / "spool"

    @property
    def spooled(self) -> list[Path]:
        """The files that lie there, or in a folder there."""
        return [path for path in self.spool.rglob("*") if path.is_file()]

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.root / "var" / "gdtbridge.sqlite"

    @property
    def pid(self) -> int:
        """Process number of the service."""
        assert self._process is not None
        return self._process.pid

    def environment(self) -> dict[str, str]:
        """Return the environment that holds the settings."""
        own = {f"GDTBRIDGE_{key.upper()}": value for key, value in self._settings.items()}
        ports = {"GDTBRIDGE_DICOM__PORT": "0", "GDTBRIDGE_HTTP__PORT": "0"}
        unwanted = ("GDTBRIDGE_", "PYTHONDONTWRITEBYTECODE")  # the latter makes starts slow
        clean = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
        return clean | ports | own

    def launch(self) -> None:
        """Start the process without waiting for it."""
        self._already = self.log.stat().st_size if self.log.exists() else 0
        self._process = fork_command(("serve",), self.root, self.environment(), self.log, self.log)

    def start(self) -> Self:
        """Start the process and wait until both servers listen; none is left that does not."""
        self.launch()
        try:
            wait_for(self.listens, START_SECONDS, "start of the service")
        except BaseException:
            self.kill()
            raise
        return self

    def listens(self) -> bool:
        """Return whether both servers listen; fail when the process has ended."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the service ended at once:\n{self.look()}")
        self.look()
        return len(self.ports) == 2

    def look(self) -> str:
        """Learn the ports from what the process has logged; return that."""
        text = self.log.read_bytes()[self._already :].decode()
        self.ports = {name: int(port) for name, port in PORTS.findall(text)}
        return text

    @property
    def is_running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End the process as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """Ask the process to end; return its exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
        return self._process.wait(timeout=60)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a ``gdtbridge`` command with the same settings."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            process = fork_command(arguments, self.root, self.environment(), out, err)
            status = process.wait(60)
            texts = out.read_text("utf-8"), err.read_text("utf-8")
        return subprocess.CompletedProcess(arguments, status, *texts)

    def rows(self, query: str) -> list[tuple[str, str]]:
        """Return the first and the last column of what the database answers."""
        url = self._settings.get("storage__database", "")
        if not url:
            with closing(sqlite3.connect(self.database)) as file:
                found = file.execute(query).fetchall()
        else:
            engine = sa.create_engine(url, poolclass=sa.NullPool)
            with engine.connect() as connection:
                found = [tuple(row) for row in connection.execute(sa.text(query))]
        return [(str(row[0]), str(row[-1])) for row in found]

    def has(self, sop_instance_uid: str) -> bool:
        """Return whether an object is in the index and its file in the archive."""
        query = f"SELECT file FROM instance WHERE sop_instance_uid = '{sop_instance_uid}'"
        return any((self.archive / file).is_file() for _, file in self.rows(query))

    def readiness(self) -> dict[str, Any]:
        """Return what ``/readyz`` tells, whether the service is ready or not."""
        url = f"http://127.0.0.1:{self.ports['HTTP']}/readyz"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                told = json.load(error)
        assert isinstance(told, dict)
        return told

    def wait_until_ready(self) -> None:
        """Wait until every part is well: each tells "?" until it was asked for the first time."""
        try:
            wait_for(lambda: self.readiness()["ready"], what="readiness")
        except AssertionError as error:
            error.add_note(f"parts: {self.readiness()['parts']}")
            raise

    def settled(self) -> bool:
        """Return whether no exam waits and nothing is left to deliver."""
        waiting = self.rows("SELECT id FROM exam WHERE due_at IS NOT NULL")
        leaving = self.rows("SELECT id FROM outbox WHERE state NOT IN ('delivered', 'recalled')")
        return not waiting and not leaving

    def results(self) -> Counter[tuple[str, str]]:
        """Count the files in the practice's folder by accession number and ``study``/``values``.

        Every one must be a whole record without a warning; one without a number counts as "".
        """
        found: Counter[tuple[str, str]] = Counter()
        for path in self.gdt_out.glob("*.gdt"):
            (record,) = read_records(path.read_bytes())
            assert record.warnings == (), path.name
            lines = {text for text in record.all("6227") if text.startswith(NUMBER)}
            (line,) = lines or {NUMBER}
            kind = "values" if record.first("8420") else "study"
            found[line.removeprefix(NUMBER), kind] += 1
        return found

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_running:
            self.kill()
        if error is not None:
            print(self.log.read_text())  # noqa: T201 - pytest shows it beside the failure


@contextmanager
def service(root: Path, **settings: str) -> Iterator[Service]:
    """Yield a running service."""
    with Service(root, **settings) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Study:
    """A study a device has to send: its number, its patient and its accession number."""

    number: int
    accession: str

    @property
    def patient(self) -> str:
        """PatientID; every study has a patient of its own."""
        return f"P{self.number}"

    @property
    def uid(self) -> str:
        """Study Instance UID."""
        return f"2.25.{self.number}"

    def image(self, number: int = 1, size: int = 0) -> Instance:
        """Return an image with ``size`` bytes of pixel data."""
        uid = f"{self.uid}.{number}"
        dataset = identification(
            SOPInstanceUID=uid,
            StudyInstanceUID=self.uid,
            AccessionNumber=self.accession,
            PatientID=self.patient,
        )
        if size:
            dataset += element(0x7FE00010, b"OB", bytes(size))
        return US_IMAGE, uid, EXPLICIT, dataset

    def report(self, sample: Path) -> Instance:
        """Return a report, made of a sample."""
        dataset = pydicom.dcmread(sample)
        dataset.SOPInstanceUID = UID(f"{self.uid}.99")
        dataset.StudyInstanceUID = UID(self.uid)
        dataset.PatientID = self.patient
        dataset.PatientName, dataset.PatientBirthDate = PERSON.values()
        dataset.AccessionNumber = self.accession
        buffer = io.BytesIO()
        dcmwrite(buffer, pydicom.Dataset(dataset), implicit_vr=False, little_endian=True)
        return str(dataset.SOPClassUID), str(dataset.SOPInstanceUID), EXPLICIT, buffer.getvalue()


@contextmanager
def traced(pid: int, *options: str, log: Path = Path(os.devnull)) -> Iterator[None]:
    """Let ``strace`` watch the threads of a process, and do to it what ``options`` say.

    The process runs on when the block ends. Skips the test where tracing is not possible.
    """
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    command = ["strace", "-f", "-o", str(log), "-p", str(pid), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
        assert tracer.stderr is not None
        said = tracer.stderr.readline().decode()
        if "attached" not in said:
            tracer.kill()
            pytest.skip(f"strace may not trace here: {said}")
        try:
            yield
        finally:
            tracer.terminate()
