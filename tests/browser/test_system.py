"""*System* in a real browser: what works, what that means, and which settings are in force."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.tools.browser import (
    covered_on_the_way,
    each_width,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.service import Service, service
from tests.tools.waiting import wait_for

TOKEN = "swordfish-0123456789"
HOSTILE = "<script>alert(1)</script>\"onmouseover='alert(2)"


SETTINGS = f"""\
[practice]
name = {json.dumps(HOSTILE)}

[mail]
host = "mail.example"
from = "bridge@example.org"
to = ["it@example.org"]
password = "{TOKEN}"

[[device]]
aet = "{"W" * 16}"
"""


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service with settings in a file and in the environment, whose disk is full."""
    root = tmp_path_factory.mktemp("bridge")
    (root / "gdtbridge.toml").write_text(SETTINGS, "utf-8")
    with service(root, gdt__dialect="gdt21", storage__min_free_mb="999999999") as running:
        wait_for(lambda: running.readiness()["attention"].get("disk-full"), what="the full disk")
        yield running


@pytest.fixture
def url(bridge: Service) -> str:
    """Return the address of the page."""
    return f"http://127.0.0.1:{bridge.ports['HTTP']}/system"


def test_system_is_accessible(browser: Browser, url: str) -> None:
    """axe-core finds nothing, nothing is wider than the window, the focus is always seen."""
    with screen(browser) as page:
        for path in ("", "/einstellungen"):
            page.goto(url + path)
            for width in each_width(page):
                assert violations(page) == [], (path, width)
                assert not scrolls_sideways(page), (path, width)
        page.goto(url)
        page.get_by_text("Bibliotheken").click()
        for width in each_width(page):
            assert covered_on_the_way(page) == [], width


def test_every_setting_in_force_has_its_origin(browser: Browser, url: str) -> None:
    """File and line, variable or default; it can be looked for; no secret is in the page."""
    with screen(browser) as page:
        page.goto(url)
        row = page.get_by_role("row", name="mail.password")
        expect(row).to_contain_text("gesetzt, verborgen")
        expect(row).to_contain_text("gdtbridge.toml, Zeile 8")
        expect(page.get_by_role("row", name="gdt.dialect")).to_contain_text(
            "Umgebung GDTBRIDGE_GDT__DIALECT"
        )
        assert TOKEN not in page.content()
        page.get_by_role("link", name="Alle Einstellungen zeigen").click()
        page.get_by_role("searchbox", name="Einstellung suchen").fill("dicom.aet vorgabe")
        page.keyboard.press("Enter")
        expect(page.get_by_role("row")).to_have_count(2)
        expect(page.get_by_role("row").nth(1)).to_contain_text("dicom.aet")
        page.get_by_role("searchbox", name="Einstellung suchen").fill(HOSTILE)
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("practice.name")
        page.get_by_role("searchbox", name="Einstellung suchen").fill(f"nothing {HOSTILE}")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text(f"Keine Einstellung mit „nothing {HOSTILE}“")
        assert violations(page) == []


def test_a_part_that_fails_says_what_that_means(browser: Browser, url: str) -> None:
    """A full disk: devices keep their images, since when, what to do; for the IT what is left."""
    with screen(browser, "phone") as page:
        page.goto(url)
        row = page.get_by_role("row", name="Platte", exact=False)
        expect(row).to_contain_text("arbeitet nicht")
        expect(row).to_contain_text("Geräte behalten ihre Bilder. Seit ")
        expect(row).to_contain_text("Für die IT:")
        need = page.locator(".note", has_text="Platte voll")
        expect(need).to_contain_text("Was tun: df -h ")


def test_system_in_english(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same page in English."""
    with (
        service(tmp_path_factory.mktemp("english"), page__language="en") as running,
        screen(browser) as page,
    ):
        page.goto(f"http://127.0.0.1:{running.ports['HTTP']}/system")
        expect(page.get_by_role("row", name="Receiving (DICOM)")).to_contain_text("works")
        expect(page.get_by_role("row", name="page.language")).to_contain_text("environment")
        assert violations(page) == []
