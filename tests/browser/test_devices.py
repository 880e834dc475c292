"""*Geräte* in a real browser: an empty list, a refused stranger, a device that does not answer."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from gdtbridge.people import Patient
from tests.tools.browser import (
    covered_on_the_way,
    each_width,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.dcmtk import dcmtk, find
from tests.tools.ports import free_port
from tests.tools.service import Service
from tests.tools.surgery import Surgery
from tests.tools.waiting import wait_for

STRANGE = "<script>\"'&;=|"
"""An AE title that no page may take for its own."""
SETTINGS = """
[[device]]
aet = "SONO1"
name = "Raum 1"
host = "127.0.0.1"
port = {port}

[[device]]
aet = "SONO2"
name = "Raum 2"

[[device]]
aet = "SONO3"
name = "Raum 3"
host = "127.0.0.1"
port = {silent}
"""


@dataclass
class House:
    """A service that knows three devices, one of which listens and never says a word."""

    service: Service
    silent: socket.socket
    is_renamed: bool = False

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://127.0.0.1:{self.service.ports['HTTP']}/geraete"

    def asks(self, title: str, station: str = "") -> int:
        """Let a device ask for today's list with ``findscu``; return how many entries it gets."""
        step = "ScheduledProcedureStepSequence[0]"
        keys = (
            "PatientName",
            f"{step}.Modality=US",
            f"{step}.ScheduledStationAETitle={station}",
            f"{step}.ScheduledProcedureStepStartDate={date.today():%Y%m%d}",  # noqa: DTZ011
        )
        before = self._queries()
        _, answers = find(self.service.ports["DICOM"], "-W", keys, "-aet", title)
        wait_for(lambda: self._queries() > before, what="the query in the database")
        known = f"SELECT id FROM known_caller WHERE aet = '{title.replace(chr(39), chr(39) * 2)}'"
        wait_for(lambda: self.service.rows(known), what="the device in the database")
        return len(answers)

    def _queries(self) -> int:
        rows = self.service.rows("SELECT times FROM worklist_query")
        return sum(int(times) for _, times in rows)

    def rename(self) -> None:
        """Let the device of room 2 ask by another station than before, once for all tests."""
        if not self.is_renamed:
            assert self.asks("SONO2", "US02") == 1
            assert self.asks("SONO2", "SONO2") == 0
        self.is_renamed = True

    def knocks(self, title: str) -> None:
        """Let a stranger try to connect."""
        dcmtk("echoscu", "-aet", title, "127.0.0.1", self.service.ports["DICOM"])
        query = f"SELECT caller FROM refusal WHERE caller LIKE '{title}%'"
        wait_for(lambda: self.service.rows(query), what="the refusal in the database")

    def needs(self) -> str:
        """Return what the list of what needs a person tells at the command line."""
        return self.service.command("attention", "list").stdout


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a house with two orders: one of nobody's station, one for another room."""
    root = tmp_path_factory.mktemp("house")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (root / "gdtbridge.toml").write_text(
            SETTINGS.format(port=free_port(), silent=silent.getsockname()[1])
        )
        with Service(
            root,
            practice__name="Praxis Dr. Sommer",
            dicom__allowed_aets=f"SONO1,SONO2,SONO3,{STRANGE}",
        ) as service:
            surgery = Surgery(service)
            can = Patient("4711", "Öztürk", "Can", date(1958, 3, 12))
            hans = Patient("4712", "Becker", "Hans-Peter", date(1958, 3, 12))
            surgery.order(can, "Abdomen", "US02")
            surgery.order(hans, "Herz", "SONO1")
            yield House(service, silent)


def card(page: Page, name: str) -> Locator:
    """Return the card of a device."""
    return page.get_by_role("region", name=re.compile(name))


def test_an_empty_list_is_explained(browser: Browser, house: House) -> None:
    """One click from the card: the query in words, each entry's key, the change, what helps."""
    house.rename()
    with screen(browser) as page:
        page.goto(house.url)
        expect(card(page, "Raum 2")).to_contain_text("Liste leer")
        expect(card(page, "Raum 3")).to_contain_text("nie")
        assert_for_every_eye(page)
        card(page, "Raum 2").get_by_role("link", name="Warum ist die Liste leer?").click()
        why = page.get_by_role("region", name="Warum ist die Liste von Raum 2 leer?")
        expect(why).to_contain_text("Station SONO2")
        expect(why).to_contain_text("Von 2 wartenden Einträgen passt keiner")
        row = why.get_by_role("row").filter(has_text="Öztürk, Can")
        for text in ("Station", "SONO2", "US02"):
            expect(row).to_contain_text(text)
        expect(why).to_contain_text("nach SONO2 statt US02")
        expect(why).to_contain_text("Ohne „Station“ sähe das Gerät 2 Einträge")
        why.get_by_text("Hier ändern: so geht es").click()
        expect(why.locator("pre")).to_have_text('[[device]]\naet = "SONO2"\nstation = "ignore"')
        assert_for_every_eye(page)


def assert_for_every_eye(page: Page) -> None:
    """Require that axe-core finds nothing, nothing is wider than the window, the focus is seen."""
    for width in each_width(page):
        assert violations(page) == [], width
        assert not scrolls_sideways(page), width
        assert covered_on_the_way(page) == [], width


def test_what_helps_helps(house: House) -> None:
    """The device that leaves the station out gets as many entries as the page says."""
    assert house.asks("SONO2", "") == 2
    house.is_renamed = False


def test_the_page_follows_who_connects(browser: Browser, house: House) -> None:
    """A device asks for its list while somebody looks: the card says so within seconds."""
    with screen(browser) as page:
        page.goto(house.url)
        house.asks("SONO1", "SONO1")
        expect(card(page, "Raum 1")).to_contain_text("verbunden")
        expect(card(page, "Raum 1")).to_contain_text("fragte seine Liste ab: 1 Eintrag")
        card(page, "Raum 1").get_by_role("link", name="Liste des Geräts ansehen").click()
        seen = page.get_by_role("region", name="Was Raum 1 jetzt sähe")
        expect(seen.get_by_role("row").filter(has_text="Becker, Hans-Peter")).to_contain_text("ja")
        expect(seen.get_by_role("row").filter(has_text="Öztürk, Can")).to_contain_text("nein")


def test_a_stranger_is_allowed_or_dismissed_for_good(browser: Browser, house: House) -> None:
    """The exact lines of the settings; what is not ours is not told of any more, until undone."""
    house.knocks("VIVID-T8")
    with screen(browser, "phone") as page:
        page.goto(house.url)
        refused = page.locator("#refused .note").filter(has_text="VIVID-T8")
        expect(refused).to_contain_text("Sein Name (AE-Titel) ist nicht erlaubt.")
        refused.get_by_text("Erlauben …").click()
        expect(refused.locator("pre")).to_contain_text('"SONO3", ')
        expect(refused.locator("pre")).to_contain_text('"VIVID-T8"]')
        assert violations(page) == []
        assert not scrolls_sideways(page)
        refused.get_by_role("button", name="Nicht unseres").click()
        expect(refused).to_have_count(0)
        assert "VIVID-T8" not in house.needs()
        house.knocks("VIVID-T8")
        page.reload()
        expect(refused).to_have_count(0)
        page.get_by_text(re.compile("wird nicht mehr gemeldet")).click()
        page.get_by_role("button", name="Wieder zeigen").click()
        expect(refused).to_be_visible()
        assert "VIVID-T8" in house.needs()
        refused.get_by_role("button", name="Nicht unseres").click()
        page.get_by_role("button", name="Rückgängig").click()
        expect(refused).to_be_visible()


def test_a_connection_is_checked_within_seconds(browser: Browser, house: House) -> None:
    """Nobody listens, or somebody who never answers: a sentence says which, soon."""
    with screen(browser) as page:
        page.goto(f"{house.url}/SONO1")
        page.get_by_role("button", name="Verbindung prüfen").click()
        expect(page.get_by_role("status").first).to_contain_text("ist nicht erreichbar")
        page.goto(f"{house.url}/SONO3")
        page.get_by_role("button", name="Verbindung prüfen").click()
        told = page.get_by_role("status").filter(has_text="nicht geantwortet")
        expect(told).to_be_visible()
        assert violations(page) == []
        with suppress(OSError):
            house.silent.accept()[0].close()


def test_a_title_from_the_wire_is_text(browser: Browser, house: House) -> None:
    """A device that calls itself by markup has a card and a page like any other."""
    house.asks(STRANGE, "SONO1")
    with screen(browser, "phone") as page:
        page.goto(house.url)
        page.get_by_role("link", name=STRANGE).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(STRANGE)
        expect(page.get_by_role("region", name="Am Gerät einzutragen")).to_contain_text("GDTBRIDGE")
        page.locator("summary").filter(has_text="Für die IT").click()
        expect(page.get_by_role("cell", name=re.compile("Modality Worklist"))).to_be_visible()
        assert violations(page) == []
        assert not scrolls_sideways(page)


def test_what_to_enter_prints_alone(browser: Browser, house: House) -> None:
    """On paper stands what is typed into the device, and nothing about patients."""
    with screen(browser) as page:
        page.goto(f"{house.url}/SONO1")
        page.emulate_media(media="print")
        expect(page.get_by_role("region", name="Am Gerät einzutragen")).to_be_visible()
        for patients in ("#list", "#empty", "#facts"):
            expect(page.locator(patients)).to_be_hidden()
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_english(tmp_path: Path, browser: Browser) -> None:
    """By setting everything is English; without any device the page says how to begin."""
    with Service(tmp_path, page__language="en") as service, screen(browser) as page:
        page.goto(f"http://127.0.0.1:{service.ports['HTTP']}/geraete")
        expect(page.get_by_text("No device has called yet. This is how.")).to_be_visible()
        expect(page.get_by_text("AE title of the other side")).to_be_visible()
        assert violations(page) == []
        assert not scrolls_sideways(page)
