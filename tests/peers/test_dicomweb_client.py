"""dicomweb-client (PyPI), which 3D Slicer uses, as a peer: search, retrieval, pictures, storing.

It compares headers letter by letter, pages until an empty page comes, and reads parts by the bytes
between boundaries.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, uid
from pydicom.pixels.decoders.base import get_decoder

from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_server
from tests.pictures.builder import image, jpeg, put_frames, screen, write
from tests.tools.practice import Practice

STUDY, SERIES = "2.25.800", "2.25.801"
SHADES = (10, 90, 200)


def kept(practice: Practice, made: Dataset, number: int, folder: Path) -> str:
    """Have an object of the one study received; return its UID."""
    made.StudyInstanceUID, made.SeriesInstanceUID = STUDY, SERIES
    made.StudyDate, made.Modality, made.InstanceNumber = "20261130", "US", number
    path = write(made, folder / "sent.dcm")
    practice.arriving = {"TransferSyntaxUID": str(made.file_meta.TransferSyntaxUID)}
    practice.send_file(path, str(made.SOPClassUID), str(made.SOPInstanceUID))
    return str(made.SOPInstanceUID)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Any]:
    """Return the client of a server with a still and a loop."""
    place = project / ".peers" / "dicomweb-client"
    if not (place / "dicomweb_client").is_dir():
        pytest.skip("dicomweb-client is not installed")
    sys.path.append(str(place))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api = importlib.import_module("dicomweb_client.api")
    folder = tmp_path_factory.mktemp("archive")
    settings = load_settings(
        environ={"GDTBRIDGE_HTTP__PORT": "0", "GDTBRIDGE_STORAGE__ROOT": str(folder)}
    )
    practice = Practice(folder, settings)
    practice.settings.file_spool.mkdir(parents=True, exist_ok=True)
    still = kept(practice, image(screen(), "RGB"), 1, folder)
    loop = image(screen(), "YBR_FULL_422")
    put_frames(
        loop,
        [jpeg(np.full((48, 64, 3), shade, np.uint8)) for shade in SHADES],
        uid.JPEGBaseline8Bit,
    )
    named = (still, kept(practice, loop, 2, folder))
    server = create_server(settings, web_ports(practice.core), dict)
    server.start()
    found = api.DICOMwebClient(f"http://127.0.0.1:{server.port}/dicom-web")
    found.still, found.loop = named
    yield found
    server.stop()
    practice.close()
    sys.path.remove(str(place))


@pytest.mark.filterwarnings("ignore")
def test_it_searches_until_there_is_no_more(client: Any) -> None:
    """Page by page; an umlaut in the address; a search that finds nothing."""
    found = client.search_for_instances(STUDY, get_remaining=True, limit=1)
    assert {one["00080018"]["Value"][0] for one in found} == {client.still, client.loop}
    (study,) = client.search_for_studies(search_filters={"PatientName": "müller*"})
    assert study["0020000D"]["Value"] == [STUDY]
    assert client.search_for_series(search_filters={"Modality": "CT"}) == []


@pytest.mark.filterwarnings("ignore")
def test_it_gets_objects_as_they_are_stored(client: Any) -> None:
    """The whole study, an object, and in another transfer syntax."""
    study = client.retrieve_study(STUDY, media_types=(("application/dicom", "*"),))
    assert {str(one.SOPInstanceUID) for one in study} == {client.still, client.loop}
    loop = client.retrieve_instance(
        STUDY, SERIES, client.loop, media_types=(("application/dicom", uid.JPEGBaseline8Bit),)
    )
    assert loop.file_meta.TransferSyntaxUID == uid.JPEGBaseline8Bit
    native = client.retrieve_instance(
        STUDY, SERIES, client.loop, media_types=(("application/dicom", uid.ExplicitVRLittleEndian),)
    )
    decoder = get_decoder(uid.ExplicitVRLittleEndian)
    pixels, _ = decoder.as_array(native, index=2)
    assert abs(int(pixels.mean()) - SHADES[2]) <= 2


@pytest.mark.filterwarnings("ignore")
def test_it_reads_metadata_frames_and_pictures(client: Any) -> None:
    """Metadata as a dataset, frames in their order, a picture of one."""
    (_, loop) = sorted(
        client.retrieve_series_metadata(STUDY, SERIES), key=lambda one: one["00200013"]["Value"]
    )
    assert Dataset.from_json(loop).NumberOfFrames == len(SHADES)
    frames = client.retrieve_instance_frames(
        STUDY, SERIES, client.loop, [3, 1], media_types=(("image/jpeg", uid.JPEGBaseline8Bit),)
    )
    assert [frame[:2] for frame in frames] == [b"\xff\xd8", b"\xff\xd8"]
    assert frames[0] != frames[1]
    (native,) = client.retrieve_instance_frames(STUDY, SERIES, client.still, [1])
    assert native == screen().tobytes()
    picture = client.retrieve_instance_frames_rendered(
        STUDY, SERIES, client.loop, [2], media_types=("image/png",)
    )
    assert picture.startswith(b"\x89PNG")
    (bulk,) = client.retrieve_bulkdata(
        next(
            one["7FE00010"]["BulkDataURI"]
            for one in client.retrieve_study_metadata(STUDY)
            if one["00080018"]["Value"] == [client.still]
        )
    )
    assert bulk == screen().tobytes()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("chunk_size", [None, 5000])
def test_it_stores_objects(client: Any, chunk_size: int | None) -> None:
    """In one body or in chunks, which begin with an empty line; it reads what became of each."""
    client.set_chunk_size(chunk_size or 10**9)
    made = [image(screen(), "RGB") for _ in range(2)]
    for one in made:
        one.PatientName = "Brought^By a program"
        one.StudyInstanceUID, one.SeriesInstanceUID = "2.25.850", "2.25.851"
    told = client.store_instances(made)
    stored = {str(one.ReferencedSOPInstanceUID) for one in told.ReferencedSOPSequence}
    assert stored == {str(one.SOPInstanceUID) for one in made}
    again = client.store_instances(made[:1], study_instance_uid="2.25.850")
    assert again.RetrieveURL.endswith("/studies/2.25.850")
    assert len(client.retrieve_study("2.25.850")) >= len(made)
