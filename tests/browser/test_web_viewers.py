"""Viewers of others in a real browser, on the bridge's own DICOMweb: OHIF, dicomweb-client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from gdtbridge.ohif import LATEST, OhifFolder
from tests.tools.browser import screen
from tests.tools.numbered import as_jpeg, jpeg_loop, native_loop, receive
from tests.tools.reading_room import ReadingRoom

STUDY: Final = "2.25.4711"
SERIES: Final = "2.25.2000"
FRAMES: Final = range(37, 67)
SETTINGS = """
[viewer]
kind = "ohif-gdtbridge"
"""
LONG: Final = 90_000
"""Milliseconds in which a busy machine has started so large a program."""
DRAWN = """() => {
  const canvas = document.querySelector(".viewport-element canvas");
  if (!canvas) return "";
  const shown = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let hash = 0, light = 0;
  for (let at = 0; at < shown.length; at += 4) {
    if (shown[at] > 200) light += 1;
    hash = (hash * 31 + shown[at]) | 0;
  }
  return light > 1000 ? String(hash) : "";
}"""
"""Returns what stands for the picture in the viewport; nothing for a black one."""
ASKED = """async ([study, series, loop]) => {
  const { DICOMwebClient: Client } = window.DICOMwebClient.api;
  const client = new Client({ url: `${location.origin}/dicom-web` });
  const one = { studyInstanceUID: study, seriesInstanceUID: series, sopInstanceUID: loop };
  const jpeg = [{ mediaType: "image/jpeg", transferSyntaxUID: "1.2.840.10008.1.2.4.50" }];
  const start = (buffer) => [...new Uint8Array(buffer.slice(0, 4))];
  const found = await client.searchForStudies({ queryParams: { PatientName: "m*" } });
  const none = await client.searchForStudies({ queryParams: { PatientID: "none" } });
  const instances = await client.searchForInstances({ studyInstanceUID: study });
  const metadata = await client.retrieveStudyMetadata({ studyInstanceUID: study });
  const described = metadata.find((each) => each["00080018"].Value[0] === loop);
  const frames = await client.retrieveInstanceFrames(
    { ...one, frameNumbers: [3, 1], mediaTypes: jpeg });
  const whole = await client.retrieveInstance(one);
  const [rendered] = await client.retrieveInstanceRendered(
    { ...one, mediaTypes: [{ mediaType: "image/png" }] });
  const another = new Uint8Array(whole.slice(0));
  const number = [..."4711"].map((letter) => letter.charCodeAt(0));
  for (let at = 0; at < another.length; at += 1) {
    if (number.every((code, place) => another[at + place] === code)) another[at + 3] += 1;
  }
  await client.storeInstances({ datasets: [another.buffer] });
  const stored = await client.searchForInstances({ queryParams: { PatientID: "4712" } });
  return {
    stored: stored.map((each) => each["00080018"].Value[0]),
    found: found.map((each) => each["0020000D"].Value[0]), none: none.length,
    instances: instances.length, frames: described["00280008"].Value[0],
    jpegs: frames.map(start),
    whole: [...new Uint8Array(whole.slice(128, 132))], rendered: start(rendered),
  };
}"""
"""Asks for everything there is of a clip, and stores it as another patient's."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadingRoom]:
    """Return a practice with an exam of a clip and a still."""
    folder = tmp_path_factory.mktemp("viewers")
    with ReadingRoom(folder, SETTINGS) as room:
        for number, made in enumerate((jpeg_loop(map(as_jpeg, FRAMES)), native_loop([300]))):
            made.FrameTime, made.InstanceNumber = "40", number + 1
            said = {"StudyDate": "20261130", "SOPInstanceUID": f"{STUDY}.{number}"}
            receive(room.practice, made, folder, StudyInstanceUID=STUDY, **said)
        room.practice.wait()
        room.practice.core.settings.file_spool.mkdir(parents=True)  # as a start of the service does
        yield room


@pytest.mark.timeout(240)
def test_ohif_opens_a_study_from_its_page(
    browser: Browser, room: ReadingRoom, project: Path
) -> None:
    """The first picture is drawn, both have thumbnails, the clip runs; nothing fails on the way."""
    package = project / ".peers" / f"ohif-app-{LATEST.version}.tgz"
    if not package.is_file():
        pytest.skip(f"@ohif/app {LATEST.version} was not fetched from npm (scripts/test does)")
    with package.open("rb") as file:
        OhifFolder(room.practice.core.settings.ohif_folder).install(file, LATEST)
    with screen(browser) as page:
        page.set_default_timeout(LONG)
        failed: list[str] = []
        page.on("response", lambda one: failed.append(one.url) if one.status >= 400 else None)
        page.goto(f"{room.url}/untersuchung/1")
        page.get_by_role("link", name="In OHIF öffnen").click()
        page.wait_for_url(re.compile(r"/ohif/viewer\?StudyInstanceUIDs="))
        page.wait_for_function(DRAWN)
        thumbnails = page.locator("[data-cy=study-browser-thumbnail] img")
        expect(thumbnails).to_have_count(2, timeout=LONG)
        first = page.evaluate(DRAWN)
        page.locator("[data-cy=cine-player-play-pause]").click()
        page.wait_for_function(f"(first) => ![first, ''].includes(({DRAWN})())", arg=first)
        assert failed == []


def test_dicomweb_client_finds_fetches_and_stores(
    browser: Browser, room: ReadingRoom, project: Path
) -> None:
    """The library OHIF and others stand on, in a page of the same server."""
    library = project / ".peers/node_modules/dicomweb-client/build/dicomweb-client.js"
    if not library.is_file():
        pytest.skip("dicomweb-client is not installed (scripts/test installs it from npm)")
    with screen(browser) as page:
        page.goto(f"{room.url}/mehr")
        page.evaluate(library.read_text("utf-8"))
        told = page.evaluate(ASKED, [STUDY, SERIES, f"{STUDY}.0"])
    assert (told["found"], told["none"], told["instances"]) == ([STUDY], 0, 2)
    assert told["stored"] == ["2.25.4712.0"]
    assert told["frames"] == len(FRAMES)
    assert [one[:2] for one in told["jpegs"]] == [[0xFF, 0xD8]] * 2
    assert bytes(told["whole"]) == b"DICM"
    assert bytes(told["rendered"]) == b"\x89PNG"
