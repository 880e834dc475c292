"""*Untersuchungen*, *Patient*, *Untersuchung* and the search field, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from gdtbridge.forward import CopyState
from gdtbridge.orders import patient_store
from gdtbridge.people import Patient
from tests.tools.browser import (
    covered_on_the_way,
    each_width,
    lines_of,
    next_page,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.practice import Reports
from tests.tools.reading_room import ReadingRoom

SETTINGS = """
[page]
language = "{language}"
[viewer]
kind = "ohif"
base = "http://pacs:8042"
[[peer]]
aet = "PACS"
host = "127.0.0.1"
port = 9
[[forward]]
to = "PACS"
[[device]]
aet = "US01"
name = "Raum 1"
[[device]]
aet = "US02"
name = "Raum 2"
"""
HEAVY = '<img src=x onerror="document.title=1">'


@dataclass(frozen=True)
class Shelf:
    """A practice with some exams, and the address of its pages."""

    room: ReadingRoom

    @property
    def url(self) -> str:
        """Address of the web server."""
        return self.room.url

    def fill(self, project: Path, folder: Path) -> None:
        """Have an ordered exam with a report, one that waits, and a patient nobody examined."""
        practice = self.room.practice
        practice.clock.seconds = datetime.now().timestamp()  # noqa: DTZ005 - pages show today
        today = f"{practice.core.day.today:%Y%m%d}"
        entry = practice.core.orders.place(practice.order()).entry
        said = {
            "StudyInstanceUID": entry.StudyInstanceUID,
            "AccessionNumber": entry.AccessionNumber,
            "StudyDate": today,
        }
        for _ in range(2):
            practice.send(**said)
        reports = Reports(project, practice, folder)
        reports.send("abdomen.dcm", PatientID="4711", **said)
        practice.device = "US02"
        practice.send(
            StudyInstanceUID="2.25.500",
            PatientID="",
            AccessionNumber="",
            PatientName=f"Schulz^{HEAVY}",
            StudyDate=today,
            StudyDescription=HEAVY,
        )
        practice.wait()
        with practice.database.write() as connection:
            yesterday = practice.clock.utc() - timedelta(days=1).total_seconds()
            patient_store.keep_patient(connection, Patient("77", "Meyer", "Karl"), yesterday)


@pytest.fixture(scope="module", params=["de", "en"])
def shelf(
    request: pytest.FixtureRequest, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shelf]:
    """Return a filled practice in each language."""
    folder = tmp_path_factory.mktemp("shelf")
    with ReadingRoom(folder, SETTINGS.format(language=request.param)) as room:
        found = Shelf(room)
        found.fill(project, folder)
        yield found


@pytest.fixture(scope="module")
def german(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Return a filled practice in German."""
    folder = tmp_path_factory.mktemp("german")
    with ReadingRoom(folder, SETTINGS.format(language="de")) as room:
        found = Shelf(room)
        found.fill(project, folder)
        yield found


PAGES = {
    "list": "/untersuchungen",
    "hits": "/untersuchungen?suche=schulz",
    "known": "/untersuchungen?suche=meyer",
    "nothing": "/untersuchungen?suche=schulz+xyz",
    "filtered": "/untersuchungen?geraet=US02&zustand=needs-you",
    "patient": "/patient?nr=4711",
    "exam": "/untersuchung/1",
    "held": "/untersuchung/2",
    "record": "/untersuchung/1/gdt/1",
}


@pytest.mark.timeout(300)
def test_every_page_is_accessible(browser: Browser, shelf: Shelf) -> None:
    """axe-core finds nothing, nothing is wider than the window, nothing of a device is markup."""
    with screen(browser) as page:
        for path in PAGES.values():
            page.goto(shelf.url + path)
            for width in each_width(page):
                assert violations(page) == [], (path, width)
                assert not scrolls_sideways(page), (path, width)
                if path == PAGES["list"] and width == "tablet":
                    heading = page.get_by_role("columnheader").nth(2)
                    assert lines_of(heading) == 1
                    assert lines_of(page.locator("td.figures").first) == 2, "day, time"
            expect(page.locator("main img:not(.thumbs img)")).to_have_count(0)


EYES = ("/heute", "/untersuchungen?geraet=US02&tag=2026-01-01", "/untersuchung/1", "/eintrag")


def test_twice_as_large_all_can_be_read_and_reached(browser: Browser, german: Shelf) -> None:
    """Nothing is wider than the window, and bars that stick cover no focus."""
    with screen(browser, "enlarged") as page:
        for path in EYES:
            page.goto(german.url + path)
            assert not scrolls_sideways(page), path
            assert covered_on_the_way(page) == [], path


def test_forced_colours_and_less_motion_are_kept(browser: Browser, german: Shelf) -> None:
    """One area alone is marked as the open one, states keep their frame, nothing moves."""
    with screen(browser, forced_colors="active", reduced_motion="reduce") as page:
        for path in EYES:
            page.goto(german.url + path)
            marked = page.evaluate(
                """() => [...document.querySelectorAll(".areas a")].filter((one) =>
                  getComputedStyle(one).borderBottomColor !== getComputedStyle(document.body)
                  .backgroundColor).map((one) => one.getAttribute("aria-current"))"""
            )
            assert marked == ["page"], path
            assert page.evaluate("document.getAnimations().length") == 0, path
            assert violations(page) == [], path


def test_the_focus_is_seen_on_the_way(browser: Browser, german: Shelf) -> None:
    """By Tab through an exam with all its values."""
    with screen(browser) as page:
        page.goto(f"{german.url}/untersuchung/1")
        assert covered_on_the_way(page) == []


def test_a_list_leads_to_an_exam_and_to_its_patient(browser: Browser, german: Shelf) -> None:
    """What is here, what was measured, where a value comes from, and what happened."""
    with screen(browser) as page:
        page.goto(f"{german.url}/untersuchungen")
        expect(page.get_by_role("row")).to_have_count(3)
        page.get_by_role("link", name="Müller, Änne").click()
        main = page.locator("main")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Müller, Änne")
        expect(main).to_contain_text("Raum 1")
        expect(main).to_contain_text("2 Bilder, 1 Messbericht")
        expect(page.get_by_role("link", name="Im Viewer öffnen")).to_have_attribute(
            "href", re.compile("^http://pacs:8042/.*StudyInstanceUIDs=")
        )
        history = page.locator("#history")
        expect(history).to_contain_text("2 Bilder und 1 Messbericht empfangen")
        expect(history).to_contain_text("Für die Praxissoftware bereitgelegt")
        page.get_by_text("Woher kommt der Wert?").first.click()
        expect(page.get_by_text("Vom Gerät gesendet").first).to_be_visible()
        page.get_by_role("link", name="Alle Untersuchungen").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Müller, Änne")
        expect(page.locator("[data-row]")).to_have_count(1)


def test_what_left_is_shown_as_sent_and_sent_again(browser: Browser, german: Shelf) -> None:
    """The record field by field and as a file; once more only after a word about doubles."""
    out = german.room.practice.out
    with screen(browser) as page:
        page.goto(f"{german.url}/untersuchung/1")
        left = page.locator("#left")
        expect(left).to_contain_text(str(out))
        expect(left).to_contain_text("bereitgelegt")
        expect(page.get_by_role("link", name="In falscher Akte?")).to_have_attribute(
            "href", "/klaeren/exam-1/zurueckziehen"
        )
        left.get_by_role("link", name="GDT ansehen").first.click()
        expect(page.get_by_role("row", name="3101 Name des Patienten Müller")).to_be_visible()
        with page.expect_download() as saved:
            page.get_by_role("link", name="Datei speichern").click()
        first = out / saved.value.suggested_filename
        assert saved.value.path().read_bytes() == first.read_bytes()
        expect(page.locator("#again")).to_contain_text("steht es danach doppelt")
        files = set(out.iterdir())
        page.get_by_role("button", name="Noch einmal in die Akte 4711 senden").click()
        expect(page.locator(".toast")).to_contain_text("noch einmal in die Akte 4711")
        expect(page.locator("#left")).to_contain_text("wartet seit")
        page.go_back()
        expect(page.locator("#again")).to_contain_text("Inzwischen wurde noch einmal gesendet")
        german.room.practice.wait()
        (second,) = set(out.iterdir()) - files
        assert second.read_bytes() == first.read_bytes()
        page.goto(f"{german.url}/untersuchung/1")
        expect(page.locator("#left")).to_contain_text("2. Mal gesendet")
        expect(page.locator("#history")).to_contain_text("hat das Ergebnis noch einmal gesendet")


def test_an_exam_is_forwarded_again(browser: Browser, german: Shelf) -> None:
    """To one archive, whatever was sent there before; how far it is stands beside it."""
    copies = german.room.practice.core.forward.copies
    with screen(browser) as page:
        page.goto(f"{german.url}/untersuchung/1")
        left = page.locator("#left")
        expect(left).to_contain_text("nicht weitergeleitet")
        left.get_by_role("button", name="Weiterleiten").click()
        expect(page.get_by_text("3 Bilder und Berichte gehen an PACS.")).to_be_visible()
        expect(page.locator("#left")).to_contain_text("3 von 3 warten")
        expect(page.get_by_role("button", name="Noch einmal weiterleiten")).to_be_visible()
        assert {one.destination for one in copies(states=set(CopyState))} == {"PACS"}


def test_filters_stay_in_the_address(browser: Browser, german: Shelf) -> None:
    """The list is what the address says: it can be kept, sent and gone back to."""
    with screen(browser) as page:
        page.goto(f"{german.url}/untersuchungen")
        page.get_by_label("Gerät").select_option(label="Raum 2")
        page.get_by_role("button", name="Filtern").click()
        expect(page).to_have_url(re.compile("geraet=US02"))
        expect(page.get_by_role("row")).to_have_count(2)
        page.get_by_label("mit Messwerten").check()
        page.get_by_role("button", name="Filtern").click()
        expect(page.get_by_role("row")).to_have_count(0)
        page.get_by_role("link", name="Entfernen: mit Messwerten").click()
        expect(page.get_by_role("row")).to_have_count(2)
        page.get_by_role("link", name="Entfernen: Gerät: Raum 2").click()
        page.get_by_label("Tag").fill("gestern")
        page.get_by_label("Patient", exact=True).fill("müller")
        page.get_by_role("button", name="Filtern").click()
        expect(page.locator("main")).to_contain_text("Nichts passt zu allen Filtern.")
        page.get_by_role("link", name=re.compile("Entfernen: Tag")).click()
        expect(page.get_by_role("row")).to_have_count(2)
        page.get_by_label("Tag").fill("31.2.")
        page.get_by_role("button", name="Filtern").click()
        expect(page.get_by_label("Tag")).to_have_accessible_description(re.compile("31.02."))
        page.get_by_role("link", name="Entfernen: Patient: müller").click()
        expect(page.get_by_role("row")).to_have_count(3)


def test_nothing_found_says_what_else_there_is(browser: Browser, german: Shelf) -> None:
    """Without one of the words, and names that sound alike."""
    with screen(browser) as page:
        page.goto(f"{german.url}/untersuchungen?suche=schulz+xyz")
        page.get_by_role("link", name="Ohne „xyz“").click()
        expect(page.get_by_role("row")).to_have_count(2)
        page.goto(f"{german.url}/untersuchungen?suche=Maier")
        page.get_by_role("link", name="Meyer").click()
        expect(page.locator("main")).to_contain_text("Bekannt aus der Praxissoftware")


def test_the_search_field_is_used_by_the_keyboard_alone(browser: Browser, german: Shelf) -> None:
    """`/`, three letters, arrow, Enter; Escape closes the list, Enter without a choice searches."""
    with screen(browser) as page:
        page.goto(f"{german.url}/untersuchungen")
        page.keyboard.press("/")
        field = page.get_by_role("combobox", name="Suchen")
        expect(field).to_be_focused()
        page.keyboard.type("mül")
        option = page.get_by_role("option").first
        expect(option).to_contain_text("Müller, Änne")
        assert violations(page) == []
        page.keyboard.press("ArrowDown")
        expect(option).to_have_attribute("aria-selected", "true")
        page.keyboard.press("Escape")
        expect(option).to_be_hidden()
        with next_page(page):
            page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("suche=m"))
        page.keyboard.press("/")
        page.keyboard.press("Control+a")
        page.keyboard.type("müller")
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{german.url}/untersuchung/1")


def test_what_is_not_there_is_said(browser: Browser, german: Shelf) -> None:
    """An exam and a number nobody has."""
    with screen(browser) as page:
        answer = page.goto(f"{german.url}/untersuchung/999")
        assert answer is not None
        assert answer.status == 404
        page.goto(f"{german.url}/patient?nr=999")
        expect(page.locator("main")).to_contain_text("Unter der Nummer 999")
