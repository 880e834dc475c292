"""The viewer: how soon a loop plays in Chromium, and how near it keeps to its speed."""

from __future__ import annotations

import io
import re
import sqlite3
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw
from playwright.sync_api import Page
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from bench_tools.servers import START_SECONDS, bridge
from tests.tools.browser import screen, start_browser

FRAMES: Final = 300
SIZE: Final = (1024, 768)
RATE: Final = 30
SECONDS: Final = 11
JPEG: Final = "  JPEG of the device"
LOOP: Final = "1.2.840.10008.5.1.4.1.1.3.1"
PLAY: Final = """async (seconds) => {
  const viewer = document.querySelector(".viewer").viewer;
  const begun = performance.now();
  const seen = [];
  document.querySelector("[data-act=play]").click();
  await new Promise((done) => {
    const look = () => {
      const now = performance.now() - begun;
      const { frame } = viewer.picture;
      if (!seen.length || seen.at(-1)[1] !== frame) seen.push([now, frame]);
      if (now > seconds * 1000) done();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  return seen;
}"""


def measure_viewer(checkout: Path, folder: Path) -> None:
    """Print what a loop of the device's own JPEG, and one that is decoded here, look like."""
    print(f"{'a loop of 300 frames, 1024 x 768, 30/s':46}{'first ms':>9}{'start ms':>9}", end="")
    print(f"{'rate':>9}{'shown':>9}{'largest gap':>13}")
    with bridge(checkout, folder) as (dicom, _):
        web = re.search(r"HTTP \S+ port (\d+)", (folder / "serve.log").read_text("utf-8"))
        if web is None:
            sys.exit("bench: the service has no HTTP port")
        for browser in start_browser():
            for number, (name, syntax) in enumerate(
                ((JPEG, uid.JPEGBaseline8Bit), ("  uncompressed", uid.ExplicitVRLittleEndian)), 1
            ):
                loop = _loop(folder / f"{number}.dcm", number, syntax)
                option = ["-xy"] if syntax == uid.JPEGBaseline8Bit else []
                subprocess.run(["storescu", *option, "127.0.0.1", str(dicom), loop], check=True)
                _wait_for_exam(folder / "var" / "gdtbridge.sqlite", number)
                with screen(browser) as page:
                    _measure(page, f"http://127.0.0.1:{web[1]}/untersuchung/{number}", name)


def _measure(page: Page, address: str, name: str) -> None:
    began = time.perf_counter()
    page.goto(address)
    page.locator(".viewer canvas").wait_for()
    first = (time.perf_counter() - began) * 1000
    seen = page.evaluate(PLAY, SECONDS)
    start = next(at for at, frame in seen if frame > 0)
    end = next((one for one in seen if one[1] >= FRAMES - 10), seen[-1])
    rate = end[1] / (end[0] - start) * 1000
    shown = len({frame for _, frame in seen})
    gap = max(later[0] - at for (at, _), later in pairwise(seen))
    print(f"{name:46}{first:9.0f}{start:9.0f}{rate:9.2f}{shown:9}{gap:13.0f}", flush=True)


def _loop(path: Path, number: int, syntax: str) -> Path:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = uid.UID(syntax)
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = uid.UID(LOOP)
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid.generate_uid()
    made.PatientName, made.PatientID, made.PatientBirthDate = "Loop^Test", "1", "19600101"
    made.StudyInstanceUID, made.SeriesInstanceUID = f"2.25.{number}", f"2.25.{number}.1"
    made.Modality, made.FrameTime = "US", f"{1000 / RATE:.3f}"
    made.Columns, made.Rows = SIZE
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.NumberOfFrames = FRAMES
    noise = Image.effect_noise(SIZE, 60)
    frames = (_frame(noise, one) for one in range(FRAMES))
    if syntax == uid.JPEGBaseline8Bit:
        made.SamplesPerPixel, made.PlanarConfiguration = 3, 0
        made.PhotometricInterpretation = "YBR_FULL_422"
        made.PixelData = encapsulate([_jpeg(one) for one in frames])
    else:
        made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
        made.PixelData = b"".join(one.convert("L").tobytes() for one in frames)
    made["PixelData"].VR = "OB"
    made.save_as(path, enforce_file_format=True)
    return path


def _frame(noise: Image.Image, number: int) -> Image.Image:
    """Return a picture as noisy as ultrasound, with something that moves."""
    frame = noise.convert("RGB")
    at = 20 + 2 * number
    ImageDraw.Draw(frame).ellipse((at, 200, at + 200, 400), fill=(40, 40, 40))
    return frame


def _jpeg(frame: Image.Image) -> bytes:
    file = io.BytesIO()
    frame.save(file, "JPEG", quality=50)
    return file.getvalue()


def _wait_for_exam(database: Path, number: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            if connection.execute("SELECT count(*) FROM exam").fetchone()[0] >= number:
                return
        time.sleep(0.1)
    sys.exit("bench: the loop did not arrive")
