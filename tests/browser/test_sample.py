"""*KV-Stichprobe* in a real browser: cases, check list, choice, and the encrypted set."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import pyzipper
from playwright.sync_api import Browser, expect

from tests.tools.audited import Audited
from tests.tools.browser import (
    WIDTHS,
    covered_on_the_way,
    next_page,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.elements import still
from tests.tools.reading_room import ReadingRoom

SETTINGS = """
[practice]
name = "Praxis Dr. Sommer"
[page]
language = "{language}"
[[device]]
aet = "US01"
name = "Raum 1"
"""
LIST = "Öztürk, Emre *03.07.1991 30.11.2026\n4711 30.11.2026\n9999 30.11.2026"
HEAVY = '<script>document.title=1</script>"onmouseover=x \u202e' + "W" * 50


@pytest.fixture(scope="module")
def german(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadingRoom]:
    """Return a practice whose pictures a KV asks for."""
    folder = tmp_path_factory.mktemp("german")
    with ReadingRoom(folder, SETTINGS.format(language="de")) as made:
        Audited(made.practice, folder, project)
        yield made


def test_the_page_is_accessible_in_every_state(browser: Browser, german: ReadingRoom) -> None:
    """Empty, with an error, with cases found and not; wide and narrow, light and dark."""
    url = f"{german.url}/stichprobe"
    desk = german.practice.core.sample
    for case in desk.cases():
        desk.remove(case.id)
    with screen(browser) as page:
        page.goto(url)
        assert violations(page) == []
        page.locator("#cases").fill(f"4711\n{HEAVY} 30.11.2026")
        with next_page(page):
            page.locator("#cases").press("Control+Enter")
        expect(page.locator("#cases")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#cases")).to_have_value(re.compile("^4711"))
        assert violations(page) == []
        page.locator("#cases").fill(f"{LIST}\n{HEAVY} 30.11.2026")
        page.locator("#cases").press("Control+Enter")
        expect(page.locator(".queue a")).to_have_count(4)
    heavy = f"?fall={desk.cases()[-1].id}"
    for width, path in zip(WIDTHS, (heavy, "", heavy), strict=True):
        with screen(browser, width, "dark" if width == "tablet" else "light") as page:
            page.goto(url + path)
            assert violations(page) == [], width
            assert not scrolls_sideways(page), width
            assert page.title() != "1"
    with screen(browser, "phone") as page:
        page.goto(f"{url}/konstanz")
        expect(page.locator("main section")).to_have_count(1)
        assert violations(page) == []
        page.goto(url)
        assert not scrolls_sideways(page)
        assert covered_on_the_way(page) == []


def test_the_page_speaks_english(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With a case and without."""
    folder = tmp_path_factory.mktemp("english")
    with ReadingRoom(folder, SETTINGS.format(language="en")) as room:
        practice = room.practice
        practice.send_dataset(still(9, SOPInstanceUID="2.25.5"), SOPInstanceUID="2.25.5")
        practice.wait()
        practice.core.sample.add([("4711", date(2024, 1, 15))])
        with screen(browser) as page:
            page.goto(f"{room.url}/stichprobe")
            expect(page.get_by_role("row", name="Name present")).to_be_visible()
            expect(page.locator("main")).to_contain_text("1 of 1: Müller, Änne")
            assert violations(page) == []


def test_five_cases_are_handed_in(browser: Browser, german: ReadingRoom) -> None:
    """Typed by the keyboard, looked at, noted as seen, assembled, fetched, opened."""
    desk = german.practice.core.sample
    for case in desk.cases():
        desk.remove(case.id)
    with screen(browser, accept_downloads=True) as page:
        page.goto(f"{german.url}/heute")
        with next_page(page):
            page.keyboard.press("g")
            page.keyboard.press("p")
        expect(page.get_by_role("heading", level=1)).to_have_text("KV-Stichprobe")
        page.get_by_label("Patienten der KV").fill(LIST)
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("status").first).to_contain_text("3 Fälle eingetragen.")
        main = page.locator("main")
        expect(main).to_contain_text("1 von 3: Öztürk, Emre")
        row = page.get_by_role("row", name="Praxis fehlt")
        expect(row).to_contain_text("fehlt")
        expect(row).to_contain_text("Bilder 1, 2")
        expect(page.get_by_role("row", name="Seite bei paarigen")).to_contain_text(
            "selbst nachsehen"
        )
        expect(page.get_by_role("row", name="Name vorhanden")).to_contain_text("vorhanden")
        expect(page.locator(".note.need")).to_contain_text("In Bild 5 nannte das Gerät jemand")
        expect(page.get_by_role("checkbox", name="Bild 1")).to_be_checked()
        expect(page.get_by_role("checkbox", name="Clip 4")).not_to_be_checked()
        expect(page.get_by_role("checkbox", name="Bild 5")).not_to_be_checked()
        expect(page.locator(".pictures img").first).to_have_js_property("naturalWidth", 16)
        page.get_by_role("checkbox", name="Bild 2").uncheck()
        page.get_by_role("button", name="Auswahl übernehmen").click()
        expect(page.get_by_role("status").first).to_contain_text("2 Bilder werden mitgegeben")
        expect(page.get_by_role("row", name="Praxis fehlt")).to_contain_text("Bild 1)")
        page.get_by_label("Ihr Name").fill("Dr. Sommer")
        page.get_by_role("button", name="Als gesehen vermerken").click()
        expect(main).to_contain_text("Gesehen von Dr. Sommer")
        page.get_by_role("link", name="9999").click()
        expect(page.locator(".note.need")).to_contain_text("keine Bilder gefunden")
        page.get_by_role("button", name="Verschlüsselt speichern").click()
        password = page.locator("code.secret").inner_text()
        ready = page.get_by_role("link", name="Herunterladen")
        with page.expect_download() as download:
            ready.click()
        assert download.value.suggested_filename.startswith("KV-Stichprobe_")
        with pyzipper.AESZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
            archive.setpassword(password.encode())
            assert archive.testzip() is None
            assert "1_Oeztuerk_2026-11-30/Bild_03.jpg" in archive.namelist()
            assert "1_Oeztuerk_2026-11-30/Bild_02.jpg" not in archive.namelist()
        page.get_by_role("link", name="Zurück zu den Fällen").click()
        expect(page.get_by_role("link", name="Herunterladen")).to_be_visible()
        expect(main).not_to_contain_text(password)


def test_what_a_device_leaves_out_is_told_and_can_be_quiet(
    browser: Browser, german: ReadingRoom
) -> None:
    """On Heute and on the exam's page; told no more, and told again by Undo."""
    for _ in range(2):
        german.practice.send(StudyInstanceUID="2.25.4000", AccessionNumber="")
    with screen(browser) as page:
        page.goto(f"{german.url}/untersuchung/1")
        expect(page.locator(".unlabelled")).to_contain_text("Praxis (2 Bilder)")
        page.goto(f"{german.url}/stichprobe")
        devices = page.locator("#geraete")
        expect(devices).to_contain_text("Raum 1")
        devices.get_by_role("button", name=re.compile(r"nicht mehr melden\s*: Praxis")).click()
        expect(devices).to_contain_text("Wird nicht gemeldet")
        page.goto(f"{german.url}/untersuchung/1")
        expect(page.locator(".unlabelled")).not_to_contain_text("Praxis")
        page.goto(f"{german.url}/stichprobe")
        devices.get_by_role("button", name=re.compile(r"Wieder melden\s*: Praxis")).click()
        expect(page.get_by_role("status").first).to_contain_text("wieder gemeldet")
        page.get_by_role("button", name="Rückgängig").click()
        expect(devices).to_contain_text("Wird nicht gemeldet")


def test_a_picture_of_no_such_case_is_not_shown(browser: Browser, german: ReadingRoom) -> None:
    """Nor a case that is not there, nor a set nobody made."""
    with screen(browser) as page:
        for path in ("fall/99/bild/1", "fall/1/bild/9999", "paket/0", "paket/0/datei"):
            answer = page.goto(f"{german.url}/stichprobe/{path}")
            assert answer is not None
            assert answer.status == 404, path
