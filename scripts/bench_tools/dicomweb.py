"""The archive on the web: searches at any size, objects, frames and metadata; beside Orthanc."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlencode

from pydicom import dcmread
from pydicom.dataset import Dataset

from bench_tools.archive import Keys, Load, day_of, fill, row
from bench_tools.objects import ROOT, US_IMAGE, US_MULTIFRAME, write_object, write_study
from bench_tools.servers import (
    START_SECONDS,
    bridge,
    free_port,
    megabytes,
    receiver,
    send,
    start_counting,
)
from gdtbridge.settings import Settings

SERVICES = "/dicom-web"
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
BESIDE = 1_000
"""Studies Orthanc is compared at."""
QUERIES = 31
ROWS, COLUMNS, SAMPLES = 480, 640, 3
FRAMES = 235
"""Of the loop, which then has 216 MB."""
OBJECTS = 300
"""Of the study whose metadata are asked for."""
PIECE = 1 << 20
ANY_SYNTAX = 'multipart/related; type="application/dicom"; transfer-syntax=*'
ANY_FRAME = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
JSON = "application/dicom+json"
MOST_QIDO, MOST_METADATA, MOST_MB = 20, 150, 64
"""Milliseconds a search and the metadata may take, and megabytes any of it may need."""
QUESTIONS: dict[str, Callable[[int], Keys]] = {
    "the beginning of a name": lambda number: {"PatientName": f"Probe{number}^*"},
    "a day": lambda number: {"StudyDate": day_of(number)},
    "a patient's number": lambda number: {"PatientID": f"{number}"},
    "a modality, the first 100": lambda _: {"ModalitiesInStudy": "US", "limit": "100"},
}


@dataclass(frozen=True)
class WebServer:
    """A server of DICOMweb: the ports of HTTP and DICOM, and its process number."""

    name: str
    port: int
    dicom: int
    pid: int

    def call(self, path: str, accept: str, **sent: str) -> WebAnswer:
        """Fetch an address on a connection of its own, throwing away what comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        began = time.perf_counter()
        connection.request("GET", path, headers={"Accept": accept, **sent})
        response = connection.getresponse()
        size = 0
        while piece := response.read(PIECE):
            size += len(piece)
        taken = time.perf_counter() - began
        connection.close()
        if response.status != 200:
            sys.exit(f"bench: {self.name} answered {response.status} to {path}")
        return WebAnswer(taken * 1000, size)


@dataclass(frozen=True)
class WebAnswer:
    """What an answer took, in milliseconds, and its bytes."""

    taken: float
    size: int


def compare(
    name: str, servers: Sequence[WebServer], measured: Callable[[WebServer], float]
) -> None:
    """Print what is measured of each server, and the megabytes it needed meanwhile."""
    found, memory = {}, {}
    for server in servers:
        before = megabytes(server.pid)
        start_counting(server.pid)
        found[server.name] = measured(server)
        memory[server.name] = max(megabytes(server.pid, peak=True) - before, 0)
    row(name, found)
    row(f"  memory above idle, MB (at most {MOST_MB})", memory)


@contextmanager
def ours(checkout: Path, folder: Path) -> Iterator[WebServer]:
    """Run the service of a checkout."""
    with bridge(checkout, folder, EXAM__QUIET_SECONDS="1") as (port, pid):
        web = re.search(r"HTTP \S+ port (\d+)", (folder / "serve.log").read_text("utf-8"))
        if web is None:
            sys.exit("bench: the service has no HTTP port")
        yield WebServer("ours", int(web[1]), port, pid)


@contextmanager
def orthanc(folder: Path) -> Iterator[list[WebServer]]:
    """Run Orthanc with its DICOMweb plugin; yield it, or nothing where it is not installed."""
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    if program is None or not PLUGIN.exists():
        print("without Orthanc: install the Debian packages orthanc and orthanc-dicomweb")
        yield []
        return
    folder.mkdir()
    store, web, dicom = str(folder / "store"), free_port(), free_port()
    wanted = {
        "StorageDirectory": store,
        "IndexDirectory": store,
        "HttpPort": web,
        "DicomPort": dicom,
        "AuthenticationEnabled": False,
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": f"{SERVICES}/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(wanted), "utf-8")
    with receiver([program, str(folder / "orthanc.json")], dicom) as pid:
        yield [WebServer("Orthanc", web, dicom, pid)]


def give(server: WebServer, files: Iterable[Path]) -> None:
    """Have Orthanc hold files, by HTTP: a study each by DICOM would take minutes."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=START_SECONDS)
    for file in files:
        connection.request("POST", "/instances", file.read_bytes())
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            sys.exit(f"bench: Orthanc answered {response.status} to an object")
    connection.close()


def measure_searching(checkout: Path, folder: Path, size: int) -> None:
    """Print what QIDO-RS takes with so many studies, beside Orthanc where they are few."""
    (folder / "ours").mkdir()
    fill(Settings(base=folder / "ours"), size)
    with ExitStack() as running:
        servers = [running.enter_context(ours(checkout, folder / "ours"))]
        if size <= BESIDE:
            for other in running.enter_context(orthanc(folder / "orthanc")):
                one, numbers = folder / "one.dcm", range(1, size + 1)
                give(other, (write_study(one, at, day_of(at)) for at in numbers))
                servers.append(other)
        for name, keys_of in QUESTIONS.items():
            told = f"QIDO, {size} studies, by {name}, ms (at most {MOST_QIDO})"
            compare(told, servers, partial(_search, size, keys_of))


def _search(size: int, keys_of: Callable[[int], Keys], server: WebServer) -> float:
    """Return the median milliseconds of a search that finds something."""
    answers = []
    for number in range(QUERIES):
        asked = urlencode(keys_of(number * 37 % size + 1), quote_via=quote, safe="^*")
        answers.append(server.call(f"{SERVICES}/studies?{asked}", JSON))
    if min(one.size for one in answers) < len(ROOT):
        sys.exit(f"bench: {server.name} found nothing by {asked}")
    return statistics.median(one.taken for one in answers)


def measure_fetching(checkout: Path, folder: Path, frames: Load, rounds: int) -> None:
    """Print what objects, frames and metadata take, each with the memory it needs."""
    loop = Load("a loop of 216 MB", f"{ROOT}.8.1", [write_loop(folder / "loop.dcm")])
    heads = Load(f"{OBJECTS} objects", f"{ROOT}.8.2", list(write_heads(folder)))
    place = folder / "ours"
    place.mkdir()
    with ExitStack() as running:
        others = running.enter_context(orthanc(folder / "orthanc"))
        for load in (frames, loop, heads):
            for other in others:
                give(other, load.files)
        with ours(checkout, place) as server:
            for load in (frames, loop, heads):
                send(server.dicom, load.files)
            _ask([server, *others], heads, "not read yet", rounds=1)
            _wait_until_read(place, sum(len(load.files) for load in (frames, loop, heads)))
        with ours(checkout, place) as server:
            servers = [server, *others]
            _ask(servers, heads, "after a start", rounds=1)
            _ask(servers, heads, "again", rounds)
            _ask(servers, heads, "again, in gzip", rounds, encoding="gzip")
            for load in (frames, loop):
                _fetch(servers, load, rounds)
            _look(servers, loop)
        shutil.rmtree(place / "var" / "metadata")
        for kept in ("nothing kept", "kept"):
            with ours(checkout, place) as server:
                chill(folder)
                _ask([server, *others], heads, f"{kept}, from a cold disk", rounds=1)


def _ask(
    servers: Sequence[WebServer], load: Load, when: str, rounds: int, encoding: str = "identity"
) -> None:
    def taken(server: WebServer) -> float:
        path = f"{SERVICES}/studies/{load.uid}/metadata"
        calls = [server.call(path, JSON, **{"Accept-Encoding": encoding}) for _ in range(rounds)]
        return statistics.median(call.taken for call in calls)

    told = f"metadata of {load.name}, {when}, ms (at most {MOST_METADATA})"
    compare(told, servers, taken)


def _fetch(servers: Sequence[WebServer], load: Load, rounds: int) -> None:
    def speed(server: WebServer) -> float:
        path = f"{SERVICES}/studies/{load.uid}"
        calls = [server.call(path, ANY_SYNTAX) for _ in range(rounds)]
        return load.size / statistics.median(call.taken for call in calls) / 1000

    compare(f"WADO-RS of {load.name}, MB/s", servers, speed)


def _look(servers: Sequence[WebServer], loop: Load) -> None:
    """Print what each frame of a loop takes, asked for one by one as viewers do."""
    dataset = dcmread(loop.files[0], stop_before_pixels=True)
    series, instance = dataset.SeriesInstanceUID, dataset.SOPInstanceUID
    path = f"{SERVICES}/studies/{loop.uid}/series/{series}/instances/{instance}/frames"

    def taken(numbers: Sequence[int], server: WebServer) -> float:
        calls = [server.call(f"{path}/{number}", ANY_FRAME) for number in numbers]
        return statistics.median(call.taken for call in calls)

    compare(f"the first frame of {loop.name}, ms", servers, partial(taken, [1]))
    further = range(11, FRAMES + 1, 20)
    compare(f"one frame of {loop.name} after that, ms", servers, partial(taken, further))


def _wait_until_read(folder: Path, objects: int) -> None:
    """Wait until the service has read the metadata of so many objects ahead."""
    deadline = time.monotonic() + 2 * START_SECONDS
    while time.monotonic() < deadline:
        kept = [one for one in (folder / "var" / "metadata").rglob("*") if one.is_file()]
        if len(kept) >= objects:
            return
        time.sleep(0.2)
    print("bench: the metadata were not read ahead", file=sys.stderr)


def chill(folder: Path) -> None:
    """Have the system forget what it remembers of the files below a folder."""
    os.sync()
    for file in (one for one in folder.rglob("*") if one.is_file()):
        with file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def write_loop(path: Path) -> Path:
    """Write an uncompressed loop of `FRAMES` pictures."""
    frame = bytes(range(256)) * (ROWS * COLUMNS * SAMPLES // 256)
    write_object(path, 4_000_000, US_MULTIFRAME, frame * FRAMES, f"{ROOT}.8.1")
    return changed(path, NumberOfFrames=FRAMES, FrameTime=33)


def write_heads(folder: Path) -> Iterator[Path]:
    """Write the objects of a study: small pictures with what devices say of them."""
    for number in range(OBJECTS):
        path = folder / f"head{number}.dcm"
        write_object(path, 4_100_000 + number, US_IMAGE, bytes(300), f"{ROOT}.8.2")
        yield changed(path, SequenceOfUltrasoundRegions=[_region() for _ in range(3)])


def changed(path: Path, **values: object) -> Path:
    """Give an object's file further values, and what a picture of colours has to say."""
    dataset = dcmread(path)
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = SAMPLES, "RGB"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation, dataset.PlanarConfiguration = 7, 0, 0
    dataset.Manufacturer, dataset.ManufacturerModelName = "Bench", "Model 1"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)
    return path


def _region() -> Dataset:
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 2
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 10
    region.RegionLocationMaxX1 = region.RegionLocationMaxY1 = 400
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.0123
    return region
