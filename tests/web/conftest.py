"""A real HTTP server over a small worklist in memory."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from gdtbridge.archive import IncomingInstance, ReceiptStatus
from gdtbridge.archive.arrivals import Arrivals
from gdtbridge.archive.taking import ObjectTaker
from gdtbridge.certificates import ServerTls
from gdtbridge.devices import Caller
from gdtbridge.errors import NotFound, OrderError
from gdtbridge.exams import ExamState, PatientExam, StudyQuery
from gdtbridge.exams.study_query import query_of_file
from gdtbridge.health import PartState
from gdtbridge.ohif import OhifFolder
from gdtbridge.orders import OrderRequest, PlacedOrder
from gdtbridge.people import Patient
from gdtbridge.queries.report import DeviceQueries, ListPreview
from gdtbridge.settings import SettingInForce, Settings
from gdtbridge.system import ClockState, SystemReport
from gdtbridge.web import CorePorts, WebServer, create_server
from gdtbridge.web.access.slots import Slots
from gdtbridge.web.limits import Limits
from tests.tools.empty_database import open_database
from tests.tools.house import House
from worklist import Entry, FolderError

TODAY = date(2026, 11, 20)
EXAM = PatientExam(
    id=1,
    study_instance_uid="2.25.901",
    state=ExamState.REPORTED,
    accession_number="R0000000042",
    patient_id="12345",
    patient_name="Doe^John",
    patient_birth_date="19000101",
    patient_sex="M",
    modality="US",
    study_description="Abdomen",
    study_date="20261120",
    study_time="093005.250000",
    instances=12,
)
VIEWER = {"kind": "ohif", "base": "http://pacs:8042"}


class MemoryObjects:
    """An archive with room for everything, and for nothing to stay."""

    def receive(self, incoming: IncomingInstance) -> ReceiptStatus:
        """Take nothing."""
        raise NotImplementedError

    def room_for(self, _size: int) -> None:
        """Have room."""


class MemorySystem:
    """An installation nobody has asked about."""

    def report(self, _kinds: Collection[str]) -> SystemReport:
        """Return what is known of nothing."""
        return SystemReport(0.0, None, None, (), (), ClockState(is_believed=True, zone="UTC"), ())

    def settings_in_force(self, _words: str = "") -> list[SettingInForce]:
        """Return no setting."""
        return []

    def diagnosis(self, _parts: Mapping[str, PartState]) -> bytes:
        """Return an empty file."""
        return b""


class MemorySetup:
    """A practice that was set up."""

    is_due = False


class MemoryQueries:
    """Nobody asked, and nobody would see anything; the folder of the device AWAY is away."""

    def why(self, device: str, _about: str) -> list[DeviceQueries]:
        """Return no query."""
        if device == "AWAY":
            raise FolderError("weg / away")
        return []

    def preview(self, device: str, _about: str) -> ListPreview:
        """Return an empty list."""
        return ListPreview(Caller(device, ""), "standard", None, False, TODAY, {}, (), ())


class MemoryOrders:
    """A worklist in memory; a procedure of the order before it makes a repeated click."""

    encoding = "iso8859-15"

    def __init__(self) -> None:
        self.requests: list[OrderRequest] = []
        self.entries: dict[str, Entry] = {}
        self.error: Exception | None = None
        self.gate: threading.Event | None = None
        self.entered = threading.Semaphore(0)

    def place(self, request: OrderRequest) -> PlacedOrder:
        """Keep the request and make an entry of it."""
        self._maybe_fail()
        if len(request.patient.family_name) > 64:
            raise OrderError("family_name", "Zu lang.\r\nWirklich. / Too long.")
        repeated = bool(self.requests) and self.requests[-1] == request
        if not repeated:
            self.requests.append(request)
        number = f"R{len(self.requests):010}"
        entry = self.entries.setdefault(number, _entry(number, request))
        return PlacedOrder(entry, repeated, entry.patient)

    def _maybe_fail(self) -> None:
        self.entered.release()
        if self.gate is not None:
            self.gate.wait(60)
        if self.error is not None:
            raise self.error

    def answer(self, entry: Entry, patient: Patient) -> bytes:
        """Return something like a GDT record."""
        lines = ("80006310", f"3000{entry.PatientID}", f"3101{entry.PatientName}")
        content = [line.encode(self.encoding, "replace") for line in lines]
        return b"".join(b"%03d%s\r\n" % (len(line) + 5, line) for line in content)

    def all(self) -> tuple[Entry, ...]:
        """Return all entries."""
        self._maybe_fail()
        return tuple(self.entries.values())

    def get(self, accession_number: str) -> Entry:
        """Return one entry."""
        try:
            return self.entries[accession_number]
        except KeyError:
            raise NotFound("Kein Eintrag. / No entry.") from None

    def change(self, accession_number: str, request: OrderRequest) -> Entry:
        """Replace an entry."""
        old = self.get(accession_number)
        new = _entry(accession_number, request)
        self.entries[accession_number] = replace(new, StudyInstanceUID=old.StudyInstanceUID)
        return self.entries[accession_number]

    def cancel(self, accession_number: str) -> None:
        """Remove an entry."""
        self.get(accession_number)
        del self.entries[accession_number]


def _entry(number: str, request: OrderRequest) -> Entry:
    return Entry(
        AccessionNumber=number,
        StudyInstanceUID=f"2.25.{int(number[1:])}",
        PatientID=request.patient.id,
        PatientName=request.patient.person_name,
        PatientBirthDate=request.patient.birth_date,
        PatientSex=request.patient.sex or "",
        Modality=request.modality or "US",
        ScheduledStationAETitle=request.station or "US01",
        RequestedProcedureDescription=request.procedure,
        ScheduledPerformingPhysicianName=request.physician,
        details=request.details,
        scheduled=request.scheduled or datetime(2026, 11, 20, 9, 30),  # noqa: DTZ001  # local
    )


class MemoryStudies:
    """The studies of a patient in memory."""

    def __init__(self) -> None:
        self.queries: list[StudyQuery] = []
        self.exams = [EXAM]

    def asked_by_file(self, data: bytes) -> StudyQuery:
        """Read the file as the core does."""
        return query_of_file(data)

    def find(self, query: StudyQuery) -> list[PatientExam]:
        """Return all, whatever is asked."""
        self.queries.append(query)
        return self.exams


@pytest.fixture
def studies() -> MemoryStudies:
    """Return one study."""
    return MemoryStudies()


@pytest.fixture
def orders() -> MemoryOrders:
    """Return an empty worklist."""
    return MemoryOrders()


@pytest.fixture
def parts() -> dict[str, PartState]:
    """Return the state of the parts; a test may change it."""
    return {"database": PartState(ok=True), "dicom": PartState(ok=True, detail="port 11112")}


Serve = Callable[..., WebServer]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return who may come in: nobody has an account yet, so this machine may."""
    with closing(open_database(tmp_path / "house.sqlite")) as database:
        yield House(database)


@pytest.fixture
def ports(orders: MemoryOrders, studies: MemoryStudies, house: House, tmp_path: Path) -> CorePorts:
    """Return the ports of the calls of programs, and who may come in; pages have nobody to ask."""
    nobody: dict[str, Any] = dict.fromkeys(one.name for one in fields(CorePorts))
    asked = {"orders": orders, "answers": orders, "studies": studies}
    others = {
        "queries": MemoryQueries(),
        "setup": MemorySetup(),
        "system": MemorySystem(),
        "revision": int,
        "ohif": OhifFolder(tmp_path / "ohif"),
        "taker": ObjectTaker(MemoryObjects(), Arrivals(), tmp_path, 1),
    }
    access = {"access": house.access, "audit": house.trail}
    return CorePorts(**{**nobody, **asked, **others, **access})


@pytest.fixture
def serve(ports: CorePorts, parts: Mapping[str, PartState]) -> Iterator[Serve]:
    """Start servers with settings of the ``http`` section; they are stopped afterwards."""
    servers: list[WebServer] = []

    def start(
        slots: Slots | None = None,
        viewer: Mapping[str, str] = VIEWER,
        limits: Limits | None = None,
        tls: ServerTls | None = None,
        **http: object,
    ) -> WebServer:
        said = {"tls": "off" if tls is None else "files", "port": 0, **http}
        settings = Settings.model_validate({"http": said, "viewer": viewer})
        server = create_server(
            settings,
            ports,
            lambda: parts,
            today=lambda: TODAY,
            slots=slots,
            limits=limits,
            tls=None if tls is None else tls.context,
        )
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop(grace=2)


@pytest.fixture
def url(serve: Serve) -> str:
    """Return the base URL of a server with default settings."""
    return f"http://127.0.0.1:{serve().port}"


@pytest.fixture
def send_raw() -> Callable[[int, bytes], bytes]:
    """Send bytes to a port of this machine and return everything that comes back."""

    def send(port: int, data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(data)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
            return answer

    return send
