"""OHIF as it is installed from npm, in a real browser, on the bridge's own DICOMweb."""

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


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[ReadingRoom]:
    """Return a practice with OHIF and an exam of a clip and a still."""
    package = project / ".peers" / f"ohif-app-{LATEST.version}.tgz"
    if not package.is_file():
        pytest.skip(f"@ohif/app {LATEST.version} was not fetched from npm")
    folder = tmp_path_factory.mktemp("ohif")
    with ReadingRoom(folder, SETTINGS) as room:
        with package.open("rb") as file:
            OhifFolder(room.practice.core.settings.ohif_folder).install(file, LATEST)
        for number, made in enumerate((jpeg_loop(map(as_jpeg, range(37, 67))), native_loop([300]))):
            made.FrameTime, made.InstanceNumber = "40", number + 1
            receive(room.practice, made, folder, StudyInstanceUID=STUDY, StudyDate="20261130")
        room.practice.wait()
        yield room


@pytest.mark.timeout(240)
def test_a_study_is_opened_from_its_page(browser: Browser, room: ReadingRoom) -> None:
    """The first picture is drawn, both have thumbnails, the clip runs; nothing fails on the way."""
    with screen(browser) as page:
        page.set_default_timeout(LONG)
        failed: list[str] = []
        page.on("response", lambda one: failed.append(one.url) if one.status >= 400 else None)
        page.goto(f"{room.url}/untersuchung/1")
        page.get_by_role("link", name="In OHIF öffnen").click()
        page.wait_for_url(re.compile(r"/ohif/viewer\?StudyInstanceUIDs="))
        page.wait_for_function(DRAWN)
        expect(page.locator("[data-cy=study-browser-thumbnail] img")).to_have_count(2)
        first = page.evaluate(DRAWN)
        page.locator("[data-cy=cine-player-play-pause]").click()
        page.wait_for_function(f"(first) => ![first, ''].includes(({DRAWN})())", arg=first)
        assert failed == []
