"""A browser for each worker, and a running service for each module."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.tools.browser import screen, start_browser, violations
from tests.tools.service import Service, service
from tests.tools.way_in import PASSWORD, link_of


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium."""
    yield from start_browser()


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service in German, with the name of a practice."""
    with service(
        tmp_path_factory.mktemp("bridge"),
        exam__quiet_seconds="0.2",
        practice__name="Praxis Dr. Sommer",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Service]:
    """Return a service with one account, made as a person makes it."""
    folder = tmp_path_factory.mktemp("practice")
    with service(folder, practice__name="Praxis Dr. Sommer", access__idle_minutes="3") as running:
        with screen(browser) as page:
            page.goto(link_of(running))
            expect(page.get_by_role("heading", level=1)).to_have_text("Erstes Konto anlegen")
            assert violations(page) == []
            page.get_by_label("Ihr Name").fill("Dr. Sommer")
            page.get_by_label("Name zum Anmelden").fill("chef")
            page.get_by_label("Neues Kennwort").fill(PASSWORD)
            page.get_by_label("Noch einmal").fill("something else")
            page.get_by_role("button", name="Speichern und anmelden").click()
            expect(page.get_by_label("Noch einmal")).to_have_accessible_description(
                re.compile("verschieden")
            )
            assert violations(page) == []
            page.get_by_label("Neues Kennwort").fill(PASSWORD)
            page.get_by_label("Noch einmal").fill(PASSWORD)
            page.get_by_role("button", name="Speichern und anmelden").click()
            expect(page.get_by_role("status").first).to_have_text(
                "Guten Tag, Dr. Sommer. Sie sind angemeldet."
            )
        yield running
