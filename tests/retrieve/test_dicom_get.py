"""DCMTK's getscu and movescu retrieve from a bridge, also what they do not take as stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread, uid
from pydicom.pixels.utils import pixel_array

from tests.pictures.builder import image, jpeg, put_frames, screen, write
from tests.tools.dcmtk import by_uid, dataset_bytes, dcmtk, final_status, storescp
from tests.tools.ports import free_port
from tests.tools.service import Service
from tests.tools.waiting import wait_for

pytestmark = [pytest.mark.peer, pytest.mark.slow]  # asks DCMTK

STUDY, SERIES = "2.25.4712000", "2.25.4712001"
PLAIN, RLE, JPEG, LOOP = (f"{STUDY}.{number}" for number in range(4))
SETTINGS = """
[[peer]]
aet = "GETSCU"
host = "127.0.0.1"

[[peer]]
aet = "STORE"
host = "127.0.0.1"
port = {port}
"""


@pytest.fixture(scope="module")
def port() -> int:
    """Return the port storescp listens on."""
    return free_port()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Service]:
    """Return a bridge with a study of four images, each stored in another way."""
    root = tmp_path_factory.mktemp("get")
    (root / "gdtbridge.toml").write_text(SETTINGS.format(port=port))
    with Service(root) as service:
        for path in images(tmp_path_factory.mktemp("device")):
            options = ("-xr",) if "rle" in path.name else ("-xy",)
            sent = dcmtk("storescu", *options, "127.0.0.1", service.ports["DICOM"], path)
            assert sent.returncode == 0, sent.stderr
        wait_for(lambda: any(service.gdt_out.glob("*.gdt")), what="the record")
        yield service


def images(folder: Path) -> Iterator[Path]:
    """Yield the images of the study, as a device sends them."""
    plain, rle = image(screen(), "RGB"), image(screen(), "RGB")
    rle.compress(uid.RLELossless, encoding_plugin="pydicom")
    still, loop = (image(screen(), "YBR_FULL_422") for _ in range(2))
    put_frames(still, [jpeg(screen())], uid.JPEGBaseline8Bit)
    put_frames(loop, [jpeg(screen())] * 3, uid.JPEGBaseline8Bit)
    made = {PLAIN: plain, RLE: rle, JPEG: still, LOOP: loop}
    for instance, one in made.items():
        one.StudyInstanceUID, one.SeriesInstanceUID = uid.UID(STUDY), uid.UID(SERIES)
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = uid.UID(instance)
        one.StudyDate = one.SeriesDate = ""
        yield write(one, folder / ("rle.dcm" if one is rle else f"{instance}.dcm"))


def got(service: Service, folder: Path, *arguments: str, aet: str = "GETSCU") -> str:
    """Retrieve into a folder; return the final status."""
    folder.mkdir(exist_ok=True)
    where = ("-aet", aet, "-od", folder, "127.0.0.1", service.ports["DICOM"])
    return final_status(dcmtk("getscu", "-v", "+B", *where, *arguments))


def keys(level: str, **named: str) -> tuple[str, ...]:
    """Return getscu's keys of a level."""
    words = (f"QueryRetrieveLevel={level}", *(f"{name}={value}" for name, value in named.items()))
    return tuple(word for key in words for word in ("-k", key))


AT_EACH_LEVEL = {
    "patient": ("-P", keys("PATIENT", PatientID="4711"), 4),
    "study": ("-S", keys("STUDY", StudyInstanceUID=STUDY), 4),
    "study by patient": ("-P", keys("STUDY", PatientID="4711", StudyInstanceUID=STUDY), 4),
    "study, retired": ("-O", keys("STUDY", PatientID="4711", StudyInstanceUID=STUDY), 4),
    "series": ("-S", keys("SERIES", StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES), 4),
    "image": (
        "-S",
        keys("IMAGE", StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=RLE),
        1,
    ),
}


@pytest.mark.parametrize("level", AT_EACH_LEVEL)
def test_getscu_gets_what_it_names(service: Service, level: str, tmp_path: Path) -> None:
    """In every model at every level; decoded, for getscu proposes uncompressed syntaxes alone."""
    model, named, count = AT_EACH_LEVEL[level]

    assert got(service, tmp_path / "got", model, *named) == "Success"

    found = by_uid(tmp_path / "got")
    assert len(found) == count
    for path in found.values():
        one = dcmread(path)
        assert one.file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
        assert one.PhotometricInterpretation == "RGB"
        pixels = pixel_array(one, raw=True).astype(int)
        exact = one.SOPInstanceUID in {PLAIN, RLE}
        assert np.abs(pixels - screen()).max() <= (0 if exact else 60)


def test_what_getscu_takes_as_stored_comes_byte_for_byte(service: Service, tmp_path: Path) -> None:
    """The image that was stored uncompressed."""
    named = keys("IMAGE", StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=PLAIN)
    assert got(service, tmp_path / "got", "-S", *named) == "Success"

    (path,) = by_uid(tmp_path / "got").values()
    stored = by_uid(service.archive)[PLAIN]
    assert dataset_bytes(path) == dataset_bytes(stored)


def test_who_is_no_peer_gets_nothing(service: Service, tmp_path: Path) -> None:
    """As with queries."""
    named = keys("STUDY", StudyInstanceUID=STUDY)
    assert "0x124" in got(service, tmp_path / "got", "-S", *named, aet="US01")
    assert list((tmp_path / "got").iterdir()) == []


@pytest.mark.parametrize(
    ("option", "syntax"),
    [("+xi", uid.ImplicitVRLittleEndian), ("+x=", uid.ExplicitVRLittleEndian)],
)
def test_movescu_to_a_server_that_takes_nothing_compressed(
    service: Service, port: int, option: str, syntax: str, tmp_path: Path
) -> None:
    """Everything arrives, decoded, each object once."""
    named = keys("STUDY", StudyInstanceUID=STUDY)
    with storescp(tmp_path / "kept", port, "STORE", option) as kept:
        called = ("-aet", "GETSCU", "-aem", "STORE", "127.0.0.1", service.ports["DICOM"])
        assert final_status(dcmtk("movescu", "-v", "-S", *called, *named)) == "Success"
        found = {key: dcmread(path) for key, path in by_uid(kept).items()}

    assert set(found) == {PLAIN, RLE, JPEG, LOOP}
    for key, one in found.items():
        wanted = uid.ExplicitVRLittleEndian if key == PLAIN and option == "+x=" else syntax
        assert one.file_meta.TransferSyntaxUID == wanted
        assert np.abs(pixel_array(one, raw=True).astype(int) - screen()).max() <= 60
    assert pixel_array(found[LOOP], raw=True).shape == (3, *screen().shape)
    assert service.spooled == []
