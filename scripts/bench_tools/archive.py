"""Queries of the archive at any size, retrieving and moving; beside Orthanc and dcmqrscp."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import sqlalchemy as sa
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from bench_tools.objects import ROOT, US_IMAGE, write_study
from bench_tools.servers import (
    START_SECONDS,
    bridge,
    free_port,
    megabytes,
    receiver,
    send,
    start_counting,
    storescp,
)
from gdtbridge.archive import IncomingInstance, StoredFile
from gdtbridge.core import Core, open_core
from gdtbridge.dataset.header import Header
from gdtbridge.dicom.identifier import encode_dataset
from gdtbridge.schema import claim, exam, exam_result
from gdtbridge.settings import Settings
from tests.tools.device import RawAssociation, command_element, command_set

STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
SIZES = (1_000, 100_000)
BESIDE = 1_000
"""Studies the peers are compared at."""
MOST_OF_DCMQRSCP = 500
"""Studies DCMTK's archive can hold (MAX_MAX_STUDIES of dcmqrdb)."""
QUERIES = 51
AT_ONCE = 2_000
"""Studies entered in one transaction."""
FIRST = date(2015, 1, 1)
PER_DAY = 30
AET = "BENCH"
WANTED = (
    *("StudyInstanceUID", "PatientName", "PatientID", "StudyDate", "ModalitiesInStudy"),
    *("AccessionNumber", "StudyDescription", "NumberOfStudyRelatedInstances"),
)

Keys = dict[str, str]
Server = tuple[int, str, int]
"""Port, AE title and process number."""


def day_of(number: int) -> str:
    """Return the date of a study; thirty are done on each."""
    return f"{FIRST + timedelta(days=number // PER_DAY):%Y%m%d}"


QUESTIONS: dict[str, Callable[[int], Keys]] = {
    "patient's number": lambda number: {"PatientID": f"{number}"},
    "study's UID": lambda number: {"StudyInstanceUID": f"{ROOT}.6.{number}"},
    "order's number": lambda number: {"AccessionNumber": f"Q{number}"},
    "beginning of a name": lambda number: {"PatientName": f"Probe{number}^*"},
    "day and modality": lambda number: {"StudyDate": day_of(number), "ModalitiesInStudy": "US"},
}
"""Each asks for one study, the last for those of a day: 30."""


def fill(settings: Settings, studies: int) -> None:
    """Let an installation hold so many studies, one object each, settled and reported long ago.

    They go through the code of the index; there are no files.
    """
    with open_core(settings) as core:
        for first in range(1, studies + 1, AT_ONCE):
            with core.database.write() as connection:
                for number in range(first, min(first + AT_ONCE, studies + 1)):
                    _enter(core, connection, number)
                _settle(connection)


def _enter(core: Core, connection: sa.Connection, number: int) -> None:
    uid = f"{ROOT}.6.{number}.1"
    said = dict.fromkeys(("SeriesDate", "AcquisitionDate", "ContentDate", "SeriesTime"), "")
    header = Header(
        **said,
        AcquisitionTime="",
        ContentTime="",
        SOPClassUID=US_IMAGE,
        SOPInstanceUID=uid,
        StudyDate=day_of(number),
        StudyTime="101500",
        AccessionNumber=f"Q{number}",
        Modality="US",
        StudyDescription="Abdomen",
        PatientName=f"Probe{number}^Petra",
        PatientID=f"{number}",
        PatientBirthDate="19700101",
        PatientSex="F",
        StudyInstanceUID=f"{ROOT}.6.{number}",
        SeriesInstanceUID=f"{ROOT}.6.{number}.0",
    )
    command = (US_IMAGE, uid, str(ExplicitVRLittleEndian), AET, "127.0.0.1")
    incoming = IncomingInstance(Path("none"), *command)
    stored = StoredFile(f"none/{number}.dcm", f"{number:064x}", 4000)
    core.receiving.enter(connection, incoming, header, stored, time.time())


def _settle(connection: sa.Connection) -> None:
    """Do in three statements what reporting does exam by exam."""
    waiting = claim.c.state != "settled"
    said = (claim.c.exam_id, claim.c.patient_id, claim.c.patient_name, claim.c.patient_birth_date)
    told = sa.select(*said, claim.c.patient_sex, claim.c.accession_number, sa.literal(""))
    columns = (
        *("exam_id", "patient_id", "patient_name", "patient_birth_date", "patient_sex"),
        *("accession_number", "route", "reported_at"),
    )
    sent = told.add_columns(sa.literal(time.time())).where(waiting)
    connection.execute(sa.insert(exam_result).from_select(columns, sent))
    connection.execute(
        sa.update(claim).where(waiting).values(state="settled", number=claim.c.patient_id)
    )
    done = {"state": "reported", "due_at": None}
    connection.execute(sa.update(exam).where(exam.c.due_at.is_not(None)).values(done))


def query(keys: Keys) -> bytes:
    """Return a query at study level."""
    wanted = Dataset()
    for keyword in WANTED:
        setattr(wanted, keyword, "")
    wanted.QueryRetrieveLevel = "STUDY"
    for keyword, value in keys.items():
        setattr(wanted, keyword, value)
    return encode_dataset(wanted, ImplicitVRLittleEndian)


def find_rq(message_id: int) -> bytes:
    """Return the command set of a C-FIND in the study root."""
    return command_set(
        command_element(0x0002, STUDY_ROOT),
        command_element(0x0100, 0x0020),
        command_element(0x0110, message_id),
        command_element(0x0700, 0),
        command_element(0x0800, 1),
    )


def ask(server: Server, size: int, keys_of: Callable[[int], Keys]) -> tuple[float, int]:
    """Return the median milliseconds of a query on one open association, and its answers."""
    port, called, _ = server
    times, counts = [], []
    with RawAssociation(port, START_SECONDS) as association:
        association.associate([(STUDY_ROOT, [str(ImplicitVRLittleEndian)])], AET, called)
        for number in range(QUERIES):
            asked = query(keys_of(number * 37 % size + 1))
            began = time.perf_counter()
            association.message(1, find_rq(number + 1), asked)
            count = 0
            while (status := association.response().status) in {0xFF00, 0xFF01}:
                count += 1
            times.append(time.perf_counter() - began)
            if status or not count:
                sys.exit(f"bench: {called} answered {count} times, then {status:04X}")
            counts.append(count)
        association.release()
    return statistics.median(times) * 1000, round(statistics.median(counts))


def peers_of(target: int) -> str:
    """Return the settings that let us ask and send to ``target``."""
    one = f'[[peer]]\naet = "{AET}"\nhost = "127.0.0.1"\nport = {target}\n'
    return "[dicom]\nmax_associations_per_address = 100\n" + one


def installation(folder: Path, target: int) -> Settings:
    """Return the settings of an installation below a folder, which lie there as well."""
    folder.mkdir()
    (folder / "gdtbridge.toml").write_text(peers_of(target), "utf-8")
    return Settings(base=folder)


@contextmanager
def ours(checkout: Path, folder: Path) -> Iterator[Server]:
    """Run the service of a checkout."""
    with bridge(checkout, folder, EXAM__QUIET_SECONDS="1") as (port, pid):
        yield port, "GDTBRIDGE", pid


@contextmanager
def orthanc(program: str, folder: Path, target: int) -> Iterator[Server]:
    """Run Orthanc, which knows us."""
    folder.mkdir()
    port, settings, store = free_port(), folder / "orthanc.json", str(folder / "store")
    wanted = {
        "StorageDirectory": store,
        "IndexDirectory": store,
        "DicomPort": port,
        "HttpServerEnabled": False,
        "DicomModalities": {"bench": [AET, "127.0.0.1", target]},
    }
    settings.write_text(json.dumps(wanted), "utf-8")
    with receiver([program, str(settings)], port) as pid:
        yield port, "ORTHANC", pid


@contextmanager
def dcmqrscp(folder: Path, target: int) -> Iterator[Server]:
    """Run DCMTK's archive, which knows us."""
    store = folder / "store"
    store.mkdir(parents=True)
    port, settings = free_port(), folder / "dcmqrscp.cfg"
    lines = (
        f"NetworkTCPPort = {port}",
        "MaxPDUSize = 131072",
        "MaxAssociations = 16",
        "HostTable BEGIN",
        f"bench = ({AET}, 127.0.0.1, {target})",
        "HostTable END",
        "VendorTable BEGIN",
        "VendorTable END",
        "AETable BEGIN",
        f"QRSCP {store} RW (5000, 4096mb) ANY",
        "AETable END",
    )
    settings.write_text("\n".join(lines) + "\n", "ascii")
    command = ["dcmqrscp", "--allow-shutdown", "-c", str(settings)]
    with receiver(command, port, "QRSCP") as pid:
        yield port, "QRSCP", pid


@contextmanager
def beside(folder: Path, target: int) -> Iterator[dict[str, Server]]:
    """Run the peers that are installed; yield them by name."""
    with ExitStack() as running:
        found: dict[str, Server] = {}
        if program := shutil.which("Orthanc"):
            one = orthanc(program, folder / "orthanc", target)
            found["Orthanc"] = running.enter_context(one)
        if shutil.which("dcmqrscp"):
            found["dcmqrscp"] = running.enter_context(dcmqrscp(folder / "dcmqrscp", target))
        yield found


def row(name: str, figures: dict[str, float]) -> None:
    """Print a line: ours, then the peers."""
    told = "".join(f"{who:>12} {figure:8.2f}" for who, figure in figures.items())
    print(f"{name:62}{told}", flush=True)


def measure_queries(checkout: Path, folder: Path, size: int) -> None:
    """Print what C-FIND takes with so many studies; the peers are asked where they are few."""
    target = free_port()
    fill(installation(folder / "ours", target), size)
    with ExitStack() as running:
        servers = {"ours": running.enter_context(ours(checkout, folder / "ours"))}
        held = {"ours": size}
        if size <= BESIDE:
            servers |= running.enter_context(beside(folder, target))
            held |= {"Orthanc": size, "dcmqrscp": min(size, MOST_OF_DCMQRSCP)}
            files = [
                write_study(folder / f"{number}.dcm", number, day_of(number))
                for number in range(1, size + 1)
            ]
            for name, server in servers.items():
                if name != "ours":
                    send(server[0], files[: held[name]], server[1])
        for name, keys_of in QUESTIONS.items():
            found = {who: ask(server, held[who], keys_of) for who, server in servers.items()}
            answers = found["ours"][1]
            told = f"{size} studies, by {name}: {answers} found, ms"
            row(told, {who: figure for who, (figure, _) in found.items()})


@dataclass(frozen=True)
class Load:
    """Objects that are retrieved together, of one study."""

    name: str
    uid: str
    files: Sequence[Path]

    @property
    def size(self) -> int:
        """All bytes."""
        return sum(file.stat().st_size for file in self.files)


def get(server: Server, uid: str) -> float:
    """Retrieve a study with getscu, which throws it away; return the seconds."""
    return _timed(["getscu", "-S", "-aet", AET, "-aec", server[1], "--ignore"], server, uid)


def move(server: Server, uid: str) -> float:
    """Let a study be moved to the receiver that is running; return the seconds."""
    return _timed(["movescu", "-S", "-aet", AET, "-aec", server[1], "-aem", AET], server, uid)


def _timed(command: Sequence[str], server: Server, uid: str) -> float:
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={uid}"]
    began = time.monotonic()
    subprocess.run([*command, *keys, "127.0.0.1", str(server[0])], check=True)
    return time.monotonic() - began


def measure_retrieving(
    checkout: Path, folder: Path, loads: Sequence[Load], rounds: int, large: Load
) -> None:
    """Print what C-GET and C-MOVE of each load take, and the memory of moving ``large``."""
    with ExitStack() as running:
        target = running.enter_context(storescp(folder, "--ignore", "-aet", AET))
        installation(folder / "ours", target)
        servers = {"ours": running.enter_context(ours(checkout, folder / "ours"))}
        servers |= running.enter_context(beside(folder, target))
        for load in loads:
            for server in servers.values():
                send(server[0], load.files, server[1])
        send(servers["ours"][0], large.files)
        time.sleep(5)  # the exams are settled
        for load in loads:
            for how in (get, move):
                times: dict[str, list[float]] = {}
                for _ in range(rounds):
                    for who, server in servers.items():
                        times.setdefault(who, []).append(how(server, load.uid))
                told = f"C-{how.__name__.upper()} of {load.name}, MB/s"
                row(
                    told,
                    {who: load.size / statistics.median(one) / 1e6 for who, one in times.items()},
                )
        for how in (get, move):
            before = megabytes(servers["ours"][2])
            start_counting(servers["ours"][2])
            how(servers["ours"], large.uid)
            more = megabytes(servers["ours"][2], peak=True) - before
            print(
                f"{f'C-{how.__name__.upper()} of {large.name}: memory above idle, MB':46}{more:.0f}"
            )
