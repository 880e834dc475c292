"""Stored objects as pictures: described, shown, whole or in part, by one way."""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset

from gdtbridge.errors import NotFound
from gdtbridge.pictures import AttachmentLimit, AttachmentReader
from gdtbridge.pictures.kinds import ObjectKind
from gdtbridge.pictures.looking import FrameSpan, PictureFacts
from gdtbridge.pictures.picture_reader import PictureReader
from gdtbridge.settings import Settings
from gdtbridge.viewing import (
    FrameLook,
    GreyWindow,
    PictureProblem,
    PictureUnavailable,
    ShownFrame,
    SpeedSource,
    StoredPictures,
    making,
)
from gdtbridge.viewing.cache import DiskCache
from gdtbridge.viewing.memory import PictureMemory
from tests.pictures.builder import (
    PDF,
    Array,
    assert_screen,
    document,
    grey_screen,
    image,
    jpeg,
    pixels_of,
    put_frames,
    put_pixels,
    screen,
    selection,
    write,
)
from tests.tools.practice import Practice

PROJECT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow  # starts children with decoders


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """Return the practice all objects of this file are sent to."""
    folder = tmp_path_factory.mktemp("practice")
    opened = Practice(folder, Settings(base=folder))
    yield opened
    opened.close()


@pytest.fixture
def pictures(practice: Practice) -> StoredPictures:
    """Return what is tested."""
    return practice.core.pictures


Keep = Callable[[Dataset], int]


@pytest.fixture
def keep(practice: Practice, tmp_path: Path) -> Keep:
    """Return what has an object received and returns its id."""

    def send(made: Dataset) -> int:
        made.StudyInstanceUID, made.SeriesInstanceUID = uid.generate_uid(), uid.generate_uid()
        path = write(made, tmp_path / "sent.dcm")
        practice.arriving = {"TransferSyntaxUID": str(made.file_meta.TransferSyntaxUID)}
        practice.send_file(path, str(made.SOPClassUID), str(made.SOPInstanceUID))
        with practice.database.read() as connection:
            return int(connection.execute(sa.text("SELECT max(id) FROM instance")).scalar_one())

    return send


def loop(*streams: bytes, **elements: object) -> Dataset:
    """Return a loop of JPEG frames."""
    made = image(screen(), "YBR_FULL_422")
    put_frames(made, streams, uid.JPEGBaseline8Bit)
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def png(data: bytes) -> Array:
    """Return the pixels of a PNG."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
        return np.asarray(opened)


def test_a_still_is_described_and_shown_without_loss(pictures: StoredPictures, keep: Keep) -> None:
    """A picture that is not compressed comes as PNG, each pixel as it was."""
    number = keep(image(screen(), "RGB"))
    about = pictures.describe(number)
    assert (about.kind, about.frames, about.problem) == (ObjectKind.IMAGE, 1, "")
    assert (about.columns, about.rows, about.speed, about.is_lossy) == (64, 48, None, False)
    (frame,) = pictures.frames(number)
    assert (frame.media_type, frame.columns, frame.rows) == ("image/png", 64, 48)
    assert (png(frame.data) == screen()).all()


def test_a_loop_of_the_device_is_handed_on_as_it_is(pictures: StoredPictures, keep: Keep) -> None:
    """Its JPEG is not decoded: the same compressed pixels, each frame in its place."""
    streams = [jpeg(screen() // part, subsampling=1) for part in (1, 2, 3, 4, 5)]
    number = keep(loop(*streams, FrameTime="40"))
    about = pictures.describe(number)
    assert (about.kind, about.frames) == (ObjectKind.CLIP, 5)
    assert about.speed is not None
    assert (about.speed.rate, about.speed.is_of_device) == (25, True)
    frames = list(pictures.frames(number, 2, 99))
    assert [one.number for one in frames] == [2, 3, 4, 5]
    for frame, stream in zip(frames, streams[1:], strict=True):
        assert frame.is_own
        assert stream[stream.index(b"\xff\xda") :] == frame.data[frame.data.index(b"\xff\xda") :]


def test_a_broken_frame_stops_no_other(pictures: StoredPictures, keep: Keep) -> None:
    """The frame says that it is damaged; those around it are shown."""
    whole = jpeg(screen(), subsampling=1)
    number = keep(loop(whole, whole[: len(whole) // 2], whole))
    assert [one.problem for one in pictures.frames(number, 1, 3)] == ["", "damaged", ""]


def test_a_thumbnail_is_the_frame_that_stands_for_a_loop(
    pictures: StoredPictures, keep: Keep
) -> None:
    """Small, a JPEG, and of the middle."""
    black = jpeg(screen() * 0, subsampling=1)
    number = keep(loop(black, jpeg(screen(), subsampling=1), black))
    small = pictures.thumbnail(number, 32)
    assert (small.media_type, small.columns, small.rows, small.is_own) == (
        *("image/jpeg", 32, 24),
        False,
    )
    assert pixels_of(small.data).max() > 200
    assert_screen(pixels_of(pictures.thumbnail(number).data), tolerance=12)


def test_a_window_is_for_grey_values(pictures: StoredPictures, keep: Keep) -> None:
    """As asked; what is below is black, what is above white."""
    number = keep(image(grey_screen(), "MONOCHROME2"))
    assert pictures.describe(number).grey_range == (0, 255)
    (frame,) = pictures.frames(number, look=FrameLook(window=GreyWindow(200, 2)))
    assert set(png(frame.data).flat) == {0, 255}


def test_what_is_no_picture(pictures: StoredPictures, keep: Keep) -> None:
    """A document is handed out whole; a selection has nothing to show."""
    letter = keep(document(PDF))
    assert pictures.describe(letter).media_type == "application/pdf"
    content = pictures.content(letter)
    assert b"".join(content.pieces(0, content.size)) == PDF
    chosen = keep(selection("113000", ("1.2.3", ())))
    assert pictures.describe(chosen).problem == "no-picture"
    for ask in (pictures.content, pictures.thumbnail, pictures.frames):
        with pytest.raises(NotFound):
            ask(chosen)
    with pytest.raises(NotFound):
        pictures.describe(10**9)


def test_a_video_is_read_as_the_file_it_is(pictures: StoredPictures, keep: Keep) -> None:
    """MP4 goes out from any byte on; a transport stream is a reason."""
    stream = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 40
    made = image(screen(), "YBR_FULL_422")
    put_frames(made, [stream], uid.MPEG4HP41)
    number = keep(made)
    about = pictures.describe(number)
    assert (about.media_type, about.problem) == ("video/mp4", "")
    content = pictures.content(number)
    assert content.size == len(stream)
    assert b"".join(content.pieces(5, 700)) == stream[5:700]
    put_frames(made, [b"\x47" + bytes(187)], uid.MPEG4HP41)
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid.generate_uid()
    assert pictures.describe(keep(made)).problem == "video"


@pytest.fixture
def only_kept(practice: Practice) -> Iterator[StoredPictures]:
    """Return what can show no more than the cache has: a restarted service without children."""
    room_for = practice.archive.room_for
    folder = practice.settings.picture_folder
    with PictureReader() as reader, AttachmentReader() as documents:
        reader.close()
        memory = PictureMemory(DiskCache(folder, 10**9, room_for))
        yield StoredPictures(practice.database, practice.archive, reader, documents, memory)


def test_what_was_made_once_is_kept(
    pictures: StoredPictures, only_kept: StoredPictures, keep: Keep
) -> None:
    """Pictures and what is known of the object survive a restart; another look is another."""
    number = keep(image(screen(), "RGB", NumberOfFrames="1"))
    with pytest.raises(PictureUnavailable):
        only_kept.describe(number)
    small, about = pictures.thumbnail(number), pictures.describe(number)
    assert (only_kept.thumbnail(number), only_kept.describe(number)) == (small, about)
    stored = only_kept.stored_frame(number, 1)  # no child looks for it
    assert b"".join(stored.pieces(0, stored.size)) == screen().tobytes()
    with pytest.raises(PictureUnavailable):
        only_kept.thumbnail(number, 40)


def test_pictures_are_made_ahead(practice: Practice, only_kept: StoredPictures, keep: Keep) -> None:
    """Of what arrives from now on, once nothing has arrived for a while."""
    before = keep(image(screen(), "RGB"))
    ahead, arrivals = practice.core.pictures_ahead, practice.core.commitments.arrivals
    assert ahead.work() is None
    arriving = arrivals.begin("2.25.1")
    number = keep(image(screen(), "RGB"))
    assert ahead.work() is None
    practice.clock.seconds += 60
    assert ahead.work() is None
    arrivals.end(arriving)
    assert (ahead.work(), ahead.work()) == (0.0, None)
    (child,) = practice.pictures.ahead.processes()
    assert os.getpriority(os.PRIO_PROCESS, child) == os.getpriority(os.PRIO_PROCESS, 0) + 10
    assert only_kept.thumbnail(number).columns == 64
    assert next(only_kept.frames(number)).media_type == "image/png"
    with pytest.raises(PictureUnavailable):
        only_kept.thumbnail(before)


class WatchedReader(PictureReader):
    """Notes which frames are made; those in ``too_slow`` take too much."""

    def __init__(self, too_slow: tuple[int, ...] = ()) -> None:
        super().__init__(processes=2)
        self.made: list[int] = []
        self.too_slow = too_slow

    def show(
        self,
        path: Path,
        spans: tuple[FrameSpan, ...],
        look: FrameLook,
        *,
        is_loop: bool,
        reference: FrameSpan | None = None,
    ) -> tuple[ShownFrame, ...]:
        """Do as `PictureReader.show` does."""
        self.made += [one.number for one in spans]
        if {one.number for one in spans} & set(self.too_slow):
            raise AttachmentLimit("late")
        return super().show(path, spans, look, is_loop=is_loop, reference=reference)


@pytest.fixture
def watched(practice: Practice, tmp_path: Path) -> Iterator[Callable[..., StoredPictures]]:
    """Return what makes pictures with a reader that notes it and a cache of its own."""
    opened: list[WatchedReader] = []

    def make(reader: WatchedReader) -> StoredPictures:
        opened.append(reader)
        memory = PictureMemory(DiskCache(tmp_path / "own", 10**8, practice.archive.room_for))
        return StoredPictures(
            practice.database, practice.archive, reader, practice.renderer, memory
        )

    yield make
    for reader in opened:
        reader.close()


def grey_loop(frames: int) -> Dataset:
    """Return a loop that is not compressed."""
    made = image(grey_screen(), "MONOCHROME2", NumberOfFrames=frames)
    put_pixels(made, grey_screen().tobytes() * frames)
    return made


def test_several_who_want_a_frame_cause_one_decoding(
    watched: Callable[..., StoredPictures], keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes while it is made waits for it; whoever comes later gets what was kept."""
    monkeypatch.setattr(making, "TURN_SECONDS", 60)  # a child may start slowly
    reader = WatchedReader()
    pictures, number = watched(reader), keep(grey_loop(6))
    with ThreadPoolExecutor(8) as pool:
        loops = [pool.submit(lambda: list(pictures.frames(number, 1, 6))) for _ in range(8)]
        assert all(one.result() == loops[0].result() for one in loops)
    assert [one.number for one in loops[0].result()] == [1, 2, 3, 4, 5, 6]
    assert sorted(reader.made) == [1, 2, 3, 4, 5, 6]


def test_a_frame_that_takes_too_much_stops_no_other(
    watched: Callable[..., StoredPictures], keep: Keep
) -> None:
    """It is tried by itself, once, and not again for a while."""
    reader = WatchedReader(too_slow=(2,))
    pictures, number = watched(reader), keep(grey_loop(3))
    wanted = ["", "too-large", ""]
    assert [one.problem for one in pictures.frames(number, 1, 3)] == wanted
    made = len(reader.made)
    assert [one.problem for one in pictures.frames(number, 1, 3)] == wanted
    assert len(reader.made) == made


def test_the_page_of_the_documents_tells_what_there_is() -> None:
    """Each problem, and each source of a speed in its order, stands in pictures.md."""
    text = (PROJECT / "docs" / "reference" / "pictures.md").read_text("utf-8")
    told = re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)
    assert told == [*(one.value for one in SpeedSource), *(one.value for one in PictureProblem)]


class BlockedReader(WatchedReader):
    """Takes as long as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()
        self.entered = threading.Semaphore(0)

    def describe(self, path: Path) -> PictureFacts:
        """Wait, then do as `PictureReader.describe` does."""
        self.entered.release()
        assert self.goes_on.wait(60)
        return super().describe(path)


def test_objects_that_take_long_never_hold_everybody(
    watched: Callable[..., StoredPictures], keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four wait at most; who comes then is told to come again, and later gets it."""
    monkeypatch.setattr(making, "TURN_SECONDS", 0.01)
    reader = BlockedReader()
    pictures, numbers = watched(reader), [keep(grey_loop(1)) for _ in range(5)]
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(pictures.describe, one) for one in numbers[:4]]
        assert all(reader.entered.acquire(timeout=60) for _ in waiting)
        with pytest.raises(PictureUnavailable):
            pictures.describe(numbers[4])
        reader.goes_on.set()
        assert {one.result().frames for one in waiting} == {1}
    assert pictures.describe(numbers[4]).frames == 1
