"""The set-up in a real browser, from the first start to a test exam in the chart."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gdtbridge.settings import load_settings
from tests.tools.browser import (
    covered_on_the_way,
    each_width,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.device_query import answers_to, encoded_query
from tests.tools.service import Service, service
from tests.tools.waiting import wait_for

STEPS = ("praxis", "netz", "praxissoftware", "geraet", "probe")
HOSTILE = "<script>alert(1)</script>\"onmouseover='x'"


@contextmanager
def software(folder: Path) -> Iterator[list[bytes]]:
    """Play practice software that takes each result and deletes it; yield what it has taken."""
    taken: list[bytes] = []
    ended = threading.Event()

    def collect() -> None:
        while not ended.wait(0.05):
            for file in folder.glob("*.gdt"):
                taken.append(file.read_bytes())
                file.unlink()

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        yield taken
    finally:
        ended.set()
        thread.join()


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service nobody has set up."""
    with service(tmp_path_factory.mktemp("bridge"), exam__quiet_seconds="0.2") as running:
        yield running


@pytest.fixture
def url(bridge: Service) -> str:
    """Return its address."""
    return f"http://127.0.0.1:{bridge.ports['HTTP']}"


def save(page: Page) -> None:
    """Go on; look at what is changed; save it."""
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("heading", name="Das wird in")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="So speichern").click()
    expect(page.get_by_text("gespeichert. Es gilt nach dem nächsten Neustart.")).to_be_visible()


@pytest.mark.timeout(300)
def test_every_step_is_accessible(browser: Browser, url: str) -> None:
    """axe-core finds nothing, nothing is wider than the window, the focus is always seen."""
    with screen(browser) as page:
        for step in STEPS:
            page.goto(f"{url}/einrichtung/{step}")
            for width in each_width(page):
                assert violations(page) == [], (step, width)
                assert not scrolls_sideways(page), (step, width)
                if width == "phone":
                    assert covered_on_the_way(page) == [], step


def test_what_is_wrong_stands_beside_its_field(browser: Browser, bridge: Service, url: str) -> None:
    """What a start would refuse, and folders that cannot be used; nothing is written."""
    file = bridge.root / "gdtbridge.toml"
    before = file.exists() and file.read_bytes()
    with screen(browser) as page:
        page.goto(f"{url}/einrichtung/netz")
        page.get_by_label("im Netz der Praxis").check()
        page.get_by_label("Adressen der Geräte").fill("")
        page.get_by_label("AE-Titel von gdtbridge").fill("GERÄT")
        page.get_by_role("button", name="Weiter").click()
        aet = page.get_by_label("AE-Titel von gdtbridge")
        expect(aet).to_have_accessible_description(re.compile("hat 1 bis 16 Zeichen"))
        aet.fill("BRIDGE")
        page.get_by_role("button", name="Weiter").click()
        expect(page.get_by_text("Bitte unten eintragen, welche Geräte")).to_be_visible()
        assert violations(page) == []
        page.goto(f"{url}/einrichtung/praxissoftware")
        out = page.get_by_label("Ordner, aus dem die Praxissoftware")
        for typed, told in (
            (r"\\server\praxis\gdt", "Das ist ein Windows-Pfad"),
            ("/nowhere/at/all", "Diesen Ordner gibt es nicht"),
            (str(bridge.database), "eine Datei und kein Ordner"),
            (HOSTILE, "Diesen Ordner gibt es nicht"),
        ):
            out.fill(typed)
            page.get_by_role("button", name="Weiter").click()
            expect(out).to_have_accessible_description(re.compile(told))
            expect(out).to_have_value(typed)
        assert violations(page) == []
    assert (file.exists() and file.read_bytes()) == before


def test_the_whole_way(browser: Browser, bridge: Service, url: str) -> None:
    """From the first page to a test exam that was collected, and a restart with the settings."""
    out, orders = bridge.root / "praxis" / "gdt", bridge.root / "praxis" / "auftraege"
    out.mkdir(parents=True)
    orders.mkdir()
    with screen(browser) as page:
        page.goto(url)
        expect(page).to_have_url(f"{url}/einrichtung/praxis")
        page.get_by_label("Name der Praxis").fill(HOSTILE)
        save(page)
        page.get_by_label("Adressen der Geräte").fill("192.168.1.0/24")
        save(page)
        _software(page, out, orders)
        _device(page, bridge)
        page.get_by_role("link", name="5 Probe").click()
        with software(bridge.gdt_out):
            page.get_by_role("button", name="Ohne Gerät ausprobieren").click()
            expect(page.locator("#line")).to_contain_text("in der Akte")
        assert violations(page) == []
        page.get_by_role("button", name="Jetzt neu starten").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("gdtbridge startet neu")
        wait_for(lambda: bridge.look().count("ready") > 1, what="the second start")
    settings = load_settings(bridge.root / "gdtbridge.toml", {})
    assert settings.practice.name == HOSTILE
    assert settings.dicom.allowed_networks == ("192.168.1.0/24",)
    assert (settings.gdt.out, settings.gdt.in_) == (out, orders)
    assert (settings.gdt.dialect, settings.gdt.encoding) == ("medistar", "cp437")
    assert [(one.name, one.aet) for one in settings.device] == [("Raum 1", "SONO1")]
    with screen(browser) as page:
        page.goto(f"http://127.0.0.1:{bridge.ports['HTTP']}/einrichtung/probe")
        expect(page.locator(".brand")).to_contain_text(HOSTILE)
        expect(page.get_by_role("button", name="Jetzt neu starten")).to_be_hidden()
        page.get_by_role("button", name="Einrichtung abschließen").click()
        expect(page.get_by_text("Eingerichtet. Patienten kommen jetzt")).to_be_visible()
        page.goto(f"http://127.0.0.1:{bridge.ports['HTTP']}/")
        expect(page).to_have_url(re.compile("/heute"))


def _software(page: Page, out: Path, orders: Path) -> None:
    page.get_by_label("Praxissoftware", exact=True).select_option("medistar")
    page.get_by_label("Ordner, aus dem die Praxissoftware").fill(str(out))
    page.get_by_label("Ordner, in den sie Aufträge").fill(str(orders))
    save(page)
    page.get_by_role("button", name="Testdatei schreiben").click()
    expect(page.locator("#sight")).to_contain_text("Wartet, dass die Praxissoftware")
    assert violations(page) == []
    with software(out) as taken:
        expect(page.locator("#sight")).to_contain_text("Abgeholt nach")
        page.get_by_role("link", name="Weiter: Wie sieht es").click()
    assert "Müller, Größe".encode("iso8859-1") in taken[0]
    assert violations(page) == []
    page.get_by_role("button", name="Mⁿller, Gr÷▀e").click()
    expect(page.get_by_text('encoding = "cp437"')).to_be_visible()
    page.get_by_role("button", name="So speichern").click()
    expect(page.locator(".elsewhere")).to_contain_text("IBM (CP437)")
    page.get_by_role("button", name="Weiter").click()


def _device(page: Page, bridge: Service) -> None:
    page.get_by_label("Wie heißt es bei Ihnen?").fill("Raum 1")
    page.get_by_label("AE-Titel des Geräts").fill("SONO1")
    save(page)
    page.get_by_role("button", name="Verbindung prüfen").click()
    expect(page.get_by_text("zuerst die Adresse des Geräts eintragen")).to_be_visible()
    page.get_by_role("button", name="Testpatient auf die Liste setzen").click()
    expect(page.get_by_text("steht auf der Liste")).to_be_visible()
    answers_to(bridge.ports["DICOM"], encoded_query("0040,0100 SQ\n>0040,0001 SONO1"), "SONO2")
    expect(page.locator("#queries")).to_contain_text("Eingetragen ist SONO1")
    answers_to(bridge.ports["DICOM"], encoded_query("0040,0100 SQ\n>0040,0001 SONO1"), "SONO1")
    expect(page.locator("#queries")).to_contain_text("bekam 1 von 1")
    assert violations(page) == []


def test_what_the_environment_says_is_shown_as_fixed(browser: Browser, tmp_path: Path) -> None:
    """In English: fields of the environment cannot be typed in, and are not written."""
    with (
        service(tmp_path, page__language="en", practice__name="P") as running,
        screen(browser) as page,
    ):
        url = f"http://127.0.0.1:{running.ports['HTTP']}"
        page.goto(url)
        expect(page).to_have_url(re.compile("/heute"))
        page.goto(f"{url}/einrichtung")
        name = page.get_by_label("Name of the practice")
        expect(name).to_be_disabled()
        expect(name).to_have_accessible_description(re.compile("GDTBRIDGE_PRACTICE__NAME"))
        assert violations(page) == []
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("heading", level=2).first).to_have_text(
            "Step 2: who reaches gdtbridge?"
        )
        page.get_by_role("button", name="Go on later").click()
        expect(page.get_by_text("can be gone on with under System")).to_be_visible()
    assert not (tmp_path / "gdtbridge.toml").exists()
