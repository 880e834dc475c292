"""*Zustellungen* in a real browser: a folder that is away, a question, refused calls, pauses."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_httpserver import HTTPServer

from gdtbridge.people import Patient
from tests.tools.browser import (
    covered_on_the_way,
    each_width,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.elements import EXPLICIT, US_IMAGE, identification
from tests.tools.ports import free_port
from tests.tools.service import Service
from tests.tools.surgery import Surgery
from tests.tools.waiting import wait_for

SETTINGS = """
[[peer]]
aet = "PACS"
host = "127.0.0.1"
port = {port}

[[forward]]
to = "PACS"

[[webhook]]
name = "licht-raum-1"
url = "{url}"
events = ["worklist_added"]
"""
EXAMS_WAIT = re.compile(r"Untersuchung(en)? warte(t|n)\.")
CALLS_FAILED = re.compile(r"Aufrufe? (ist|sind) nicht angekommen\.")
STRANGE = '<script>x</script>"onmouseover=^' + "W" * 28
"""A patient's name that no page may take for its own."""


@dataclass
class House:
    """A practice whose archive is off, whose lamp refuses calls, whose server comes and goes."""

    root: Path
    service: Service
    studies: int = 70

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://127.0.0.1:{self.service.ports['HTTP']}/zustellungen"

    @property
    def gone(self) -> Path:
        """Where the folder of practice software is while it is away."""
        return self.service.gdt_out.with_name("away")

    def start(self, language: str = "de") -> None:
        """Start the service, once more if it ran."""
        if self.service.is_running:
            self.service.kill()
        self.service = service_of(self.root, language).start()

    def examine(self, name: str = "Müller^Änne") -> str:
        """Let a patient be examined; return the patient's number."""
        self.studies += 1
        number, uid = f"P{self.studies}", f"2.25.{self.studies}"
        values = {"StudyInstanceUID": uid, "SOPInstanceUID": f"{uid}.1", "AccessionNumber": ""}
        dataset = identification(PatientID=number, PatientName=name.encode("latin-1"), **values)
        Surgery(self.service).send((US_IMAGE, f"{uid}.1", EXPLICIT, dataset))
        return number

    def delivered(self) -> int:
        """Return how many results lie in the folder."""
        return len(list(self.service.gdt_out.glob("*.gdt")))

    def settle(self) -> None:
        """Wait until the folder of practice software, which is there, has everything."""
        query = "SELECT id FROM outbox WHERE destination = 'gdt' AND state != 'delivered'"
        due = "SELECT id FROM exam WHERE due_at IS NOT NULL"
        wait_for(lambda: not self.service.rows(due) and not self.service.rows(query))

    def take_away(self) -> str:
        """Let the server of practice software go; return the number of a patient who waits."""
        if not self.gone.exists():
            self.examine()
            self.settle()
            self.service.gdt_out.rename(self.gone)
        number = self.examine(STRANGE)
        wait_for(lambda: self.tried("gdt"), what="a result that waits")
        return number

    def bring_back(self) -> None:
        """Let the server of practice software come back."""
        if self.gone.exists():
            self.gone.rename(self.service.gdt_out)

    def refuse(self) -> None:
        """Let the lamp refuse a call."""
        patient = Patient("4711", "Öztürk", "Änne", date(1958, 3, 12))
        Surgery(self.service).order(patient, f"Herz {self.studies}")
        self.studies += 1
        wait_for(lambda: self.tried("webhook:licht-raum-1"), what="the lamp")

    def tried(self, destination: str) -> bool:
        """Return whether a message to a destination was tried in vain."""
        query = (
            f"SELECT id FROM outbox WHERE destination = '{destination}' AND last_error != ''"
            " AND last_error NOT LIKE 'discarded%'"
        )
        return bool(self.service.rows(query))


def service_of(root: Path, language: str = "de") -> Service:
    """Return the service of the house, which does not run yet."""
    return Service(
        root,
        exam__quiet_seconds="0.1",
        practice__name="Praxis Dr. Sommer",
        webhooks__allowed_networks="127.0.0.0/8",
        page__language=language,
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return the house of all tests; each makes the trouble it needs."""
    root = tmp_path_factory.mktemp("house")
    with HTTPServer() as lamp:
        lamp.expect_request("/lit").respond_with_data("nein", status=403)
        (root / "gdtbridge.toml").write_text(
            SETTINGS.format(port=free_port(), url=lamp.url_for("/lit"))
        )
        made = House(root, service_of(root))
        made.start()
        yield made
        made.service.kill()


def card(page: Page, name: str) -> Locator:
    """Return the card of a destination."""
    return page.get_by_role("region", name=name)


def test_what_waits_is_told_in_words(browser: Browser, house: House) -> None:
    """Since when, why, whom it is about and what IT should check; a hostile name is a name."""
    number = house.take_away()
    house.refuse()
    with screen(browser) as page:
        page.goto(house.url)
        software = card(page, "Praxissoftware")
        expect(software).to_contain_text(re.compile(r"wartet\s+seit \d+ min"))
        expect(software).to_contain_text("ist nicht da. Meist ist der Server aus")
        expect(software.get_by_role("row").filter(has_text=f"Nr. {number}")).to_contain_text(
            "Untersuchung"
        )
        strange = software.get_by_role("link", name="<script>x</script>").first
        expect(strange).to_have_attribute("href", re.compile(r"^/untersuchung/\d+$"))
        software.get_by_text("Was die IT prüfen soll").click()
        expect(software).to_contain_text(str(house.service.gdt_out))
        expect(card(page, "Bildarchiv PACS")).to_contain_text(EXAMS_WAIT)
        lamp = card(page, "Aufruf licht-raum-1")
        expect(lamp).to_contain_text(CALLS_FAILED)
        expect(lamp).to_contain_text("Antwort: „nein“")
        for width in each_width(page):
            assert violations(page) == [], width
            assert not scrolls_sideways(page), width
            assert covered_on_the_way(page) == [], width


def test_a_pause_needs_a_word_of_why(browser: Browser, house: House) -> None:
    """Without one the form comes again; with one everybody sees who, when and why; undo resumes."""
    house.bring_back()
    house.examine()
    with screen(browser) as page:
        page.goto(house.url)
        archive = card(page, "Bildarchiv PACS")
        archive.get_by_text("Anhalten").first.click()
        archive.get_by_role("button", name="Anhalten", exact=True).click()
        expect(page.get_by_text("Bitte kurz, warum.")).to_be_visible()
        expect(archive.get_by_label("Warum?")).to_be_focused()
        assert violations(page) == []
        archive.get_by_label("Warum?").fill('Server <b>zieht</b> "um')
        page.keyboard.press("Enter")
        expect(archive).to_contain_text("angehalten")
        expect(archive).to_contain_text('„Server <b>zieht</b> "um“')
        expect(archive).to_contain_text(re.compile(r"\d+ wartend"))
        noted = "SELECT subject, detail FROM audit_entry WHERE act = 'paused'"
        assert ("destination:forward:PACS", 'Server <b>zieht</b> "um') in house.service.rows(noted)
        page.get_by_role("status").get_by_role("button", name="Rückgängig").click()
        expect(archive).to_contain_text(EXAMS_WAIT)
        archive.get_by_text("Anhalten").first.click()
        archive.get_by_label("Warum?").fill("Wartung")
        archive.get_by_role("button", name="Anhalten", exact=True).click()
        expect(archive).to_contain_text("Wartung")
        page.reload()  # the message that stands over a part of the page is gone
        assert violations(page) == []
        archive.get_by_role("button", name="Fortsetzen").click()
        expect(archive).to_contain_text(EXAMS_WAIT)


def test_refused_calls_are_made_again_or_forgotten(browser: Browser, house: House) -> None:
    """Made again, the lamp refuses once more; what nobody needs is not asked about any more."""
    house.refuse()
    with screen(browser) as page:
        page.goto(house.url)
        lamp = card(page, "Aufruf licht-raum-1")
        lamp.get_by_role("button", name="Noch einmal senden").click()
        expect(page.get_by_text(re.compile("noch einmal gemacht"))).to_be_visible()
        expect(lamp).to_contain_text(CALLS_FAILED)
        lamp.get_by_role("button", name="Nicht mehr nötig").click()
        expect(lamp).to_contain_text("nichts wartet")


def test_the_page_follows_when_the_folder_is_back(browser: Browser, house: House) -> None:
    """Nobody reloads: what waited leaves, and the card says so within seconds."""
    house.take_away()
    with screen(browser) as page:
        page.goto(house.url)
        expect(card(page, "Praxissoftware")).to_contain_text(re.compile("Ergebnis(se)? warte"))
        house.bring_back()
        card(page, "Praxissoftware").get_by_role("button", name="Jetzt versuchen").click()
        house.settle()
        expect(card(page, "Praxissoftware").locator(".state")).to_have_text(
            re.compile(r"lieg(t|en) noch da$")  # nothing is green that is not in a chart
        )
        for file in house.service.gdt_out.glob("*.gdt"):
            file.unlink()
        expect(card(page, "Praxissoftware")).to_contain_text("nichts wartet")
        expect(card(page, "Praxissoftware")).to_contain_text("Zuletzt abgeholt")


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_question_after_a_power_cut(browser: Browser, house: House, language: str) -> None:
    """It says in whose chart to look for what; the answer sends the file again, or settles it.

    The power fails while the file gets its name; both its files are gone afterwards.
    """
    house.bring_back()
    number = house.examine("Wagner^Jutta")
    house.settle()
    house.service.kill()
    for file in house.service.gdt_out.iterdir():
        file.unlink()
    with closing(sqlite3.connect(house.service.database)) as database, database:
        database.execute(
            "UPDATE outbox SET state = 'renaming', temporary_name = '.gdtbridge-9-9.tmp',"
            " delivered_at = NULL WHERE id ="
            " (SELECT max(id) FROM outbox WHERE destination = 'gdt')"
        )
    house.start(language)
    wait_for(lambda: house.service.rows("SELECT id FROM outbox WHERE state = 'question'"))
    german = language == "de"
    with screen(browser, "phone") as page:
        page.goto(house.url)
        asked = page.locator("#questions .note")
        expect(asked).to_contain_text("Wagner, Jutta")
        expect(asked).to_contain_text(
            f"in der Akte {number} nachsehen" if german else f"look into chart {number}"
        )
        expect(asked).to_contain_text("15.01.2024" if german else "15/01/2024")
        assert violations(page) == []
        assert not scrolls_sideways(page)
        if german:
            asked.get_by_role("button", name="Nein, noch einmal senden").click()
            wait_for(house.delivered, what="the file")
        else:
            asked.get_by_role("button", name="Yes, it is there").click()
        expect(asked).to_have_count(0)
    if not german:
        assert house.delivered() == 0
        house.start()
