"""Pictures for the pages: thumbnails, first frames, and memory while a gigabyte is played."""

from __future__ import annotations

import io
import statistics
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit

from bench_tools.objects import ROOT, US_IMAGE, US_MULTIFRAME
from gdtbridge.archive import IncomingInstance
from gdtbridge.core import Core, open_core
from gdtbridge.settings import Settings

ROWS, COLUMNS = 480, 640
GIGABYTE = 1 << 30
CHUNK = 24
STILLS = 12
FIRST_MS, WARM_MS, MOST_MB = 150, 10, 64
"""What the first thumbnail, a kept one, and playing a gigabyte may take."""


@dataclass(frozen=True)
class MadeObject:
    """A file to be received, and what it is."""

    path: Path
    sop_class: str
    uid: str
    syntax: str


def measure_pictures(folder: Path) -> None:
    """Print how long pictures take, and what memory they need beside an idle service."""
    frame = screen()
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=92)
    with open_core(Settings(base=folder)) as core:
        thumbnails(core, folder, frame.tobytes())
        play(core, folder, "JPEG, no offset table", JPEGBaseline8Bit, file.getvalue())
        play(core, folder, "uncompressed", ExplicitVRLittleEndian, frame.tobytes())


def screen() -> NDArray[np.uint8]:
    """Return a frame with as much in it as one of a device: about 50 kB as JPEG."""
    noise = np.random.default_rng(1).integers(0, 120, (ROWS, COLUMNS), np.uint8)
    return np.stack([noise // 2 + noise[::-1] // 2] * 3, axis=-1)


def thumbnails(core: Core, folder: Path, frame: bytes) -> None:
    """Print what thumbnails of frames of 0.9 MB take: without a child, with one, and kept."""
    thumbnail = core.pictures.thumbnail
    numbers = [
        keep(core, write(folder, 10 + one, ExplicitVRLittleEndian, frame, 1))
        for one in range(STILLS)
    ]
    cold, *first = [milliseconds(partial(thumbnail, one)) for one in numbers]
    kept = [milliseconds(partial(thumbnail, one)) for one in numbers]
    told("first thumbnail of a frame of 0.9 MB, ms", statistics.median(first), FIRST_MS)
    told("  where a child has to start", cold)
    told("a kept thumbnail, ms", statistics.median(kept), WARM_MS)


def play(core: Core, folder: Path, name: str, syntax: str, data: bytes) -> None:
    """Print what a loop of a gigabyte takes: to know it, its first frames, and all, with memory."""
    count = GIGABYTE // len(data)
    number = 1 if syntax == JPEGBaseline8Bit else 2
    number = keep(core, write(folder, number, syntax, data, count))
    print(f"a gigabyte, {name}: {count} frames of {len(data) // 1000} kB")
    told("  to know where each is, ms", milliseconds(lambda: core.pictures.describe(number)))
    core.pictures.thumbnail(number)
    idle = resident(core)
    middle = partial(core.pictures.frames, number, count // 2, CHUNK)
    told(f"  {CHUNK} frames from the middle, ms", milliseconds(lambda: list(middle())))
    with watched(core) as used:
        whole = milliseconds(lambda: sum(1 for _ in core.pictures.frames(number, 1, count)))
    told("  all of them, frames a second", count / whole * 1000)
    told("  memory beyond idle, children too, MB", max(used) - idle, MOST_MB)


def told(what: str, figure: float, most: float | None = None) -> None:
    """Print a figure, and what it may be."""
    print(f"{what:46}{figure:.1f}" + (f" (at most {most})" if most is not None else ""), flush=True)


def milliseconds(job: Callable[[], object]) -> float:
    """Return how long a job takes."""
    began = time.perf_counter()
    job()
    return (time.perf_counter() - began) * 1000


@contextmanager
def watched(core: Core) -> Iterator[list[float]]:
    """Yield a list that gets the memory in use again and again."""
    found, enough = [resident(core)], threading.Event()

    def look() -> None:
        while not enough.wait(0.02):
            found.append(resident(core))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        enough.set()
        thread.join()


def resident(core: Core) -> float:
    """Return the megabytes in use by this process and the children that show pictures."""
    total = 0
    for pid in ("self", *core.pictures.processes()):
        try:
            status = Path(f"/proc/{pid}/status").read_text("utf-8")
        except OSError:
            continue  # it has just ended
        total += int(status.partition("VmRSS:")[2].split()[0])
    return total / 1024


def write(folder: Path, number: int, syntax: str, frame: bytes, count: int) -> MadeObject:
    """Write a still or a loop of the same frame again and again, never held in memory."""
    made = Dataset()
    made.SOPClassUID = US_MULTIFRAME if count > 1 else US_IMAGE
    made.SOPInstanceUID = f"{ROOT}.9.{number}"
    made.StudyInstanceUID, made.SeriesInstanceUID = f"{ROOT}.8.{number}", f"{ROOT}.8.1"
    made.PatientID, made.PatientName, made.Modality = "4711", "Probe^Petra", "US"
    made.SamplesPerPixel, made.PlanarConfiguration, made.PixelRepresentation = 3, 0, 0
    packed = syntax == JPEGBaseline8Bit
    made.PhotometricInterpretation = "YBR_FULL_422" if packed else "RGB"
    made.Rows, made.Columns = ROWS, COLUMNS
    made.BitsAllocated, made.BitsStored, made.HighBit = 8, 8, 7
    made.NumberOfFrames, made.FrameTime = count, "33.3"
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = UID(made.SOPClassUID)
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta.TransferSyntaxUID = UID(syntax)
    path = folder / f"{number}.dcm"
    made.save_as(path, enforce_file_format=True)
    with path.open("ab") as file:
        length = 0xFFFFFFFF if packed else len(frame) * count
        file.write(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, length))
        if packed:
            items(file, repeat(frame, count))
        else:
            file.writelines(repeat(frame, count))
    return MadeObject(path, str(made.SOPClassUID), str(made.SOPInstanceUID), syntax)


def items(file: BinaryIO, frames: Iterable[bytes]) -> None:
    """Write frames as items of encapsulated pixel data, without a table of offsets."""
    file.write(struct.pack("<HHL", 0xFFFE, 0xE000, 0))
    for frame in frames:
        file.write(struct.pack("<HHL", 0xFFFE, 0xE000, len(frame) + len(frame) % 2))
        file.write(frame + b"\0" * (len(frame) % 2))
    file.write(struct.pack("<HHL", 0xFFFE, 0xE0DD, 0))


def keep(core: Core, made: MadeObject) -> int:
    """Have an object received; return its id."""
    core.receiving.receive(
        IncomingInstance(made.path, made.sop_class, made.uid, made.syntax, "BENCH", "127.0.0.1")
    )
    with core.database.read() as connection:
        return int(connection.exec_driver_sql("SELECT max(id) FROM instance").scalar_one())
