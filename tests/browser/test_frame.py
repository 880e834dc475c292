"""The frame around every page, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from gdtbridge.language import Language
from gdtbridge.tsv import table
from gdtbridge.web.pages.header import PATHS
from gdtbridge.web.pages.texts import texts_of
from tests.tools.browser import (
    covered_on_the_way,
    each_width,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.service import Service


@pytest.fixture
def url(bridge: Service) -> str:
    """Return the address of the page of further areas."""
    return f"http://127.0.0.1:{bridge.ports['HTTP']}/mehr"


def test_the_frame_is_accessible(browser: Browser, url: str) -> None:
    """axe-core finds nothing, nothing is wider than the window, the focus is always seen."""
    with screen(browser) as page:
        page.goto(url)
        for width in each_width(page):
            assert violations(page) == [], width
            assert not scrolls_sideways(page), width
            assert covered_on_the_way(page) == [], width


def test_keys_can_be_shown_and_switched_off(browser: Browser, url: str) -> None:
    """`?` lists the keys; once single keys are off, `/` does nothing (WCAG 2.1.4)."""
    with screen(browser) as page:
        page.goto(url)
        page.keyboard.press("/")
        expect(page.locator("#search")).to_be_focused()
        page.keyboard.type("n")
        expect(page).to_have_url(url)
        page.get_by_role("heading", level=1).click()
        page.keyboard.press("?")
        assert violations(page) == []
        page.get_by_label("Einzelne Tasten benutzen").uncheck()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.keyboard.press("/")
        expect(page.locator("#search")).not_to_be_focused()
        page.goto("about:blank")
        page.goto(url)
        page.keyboard.press("/")
        expect(page.locator("#search")).not_to_be_focused()


GOES = [row for row in table("web/pages/keys.tsv") if row[2].startswith("go:")]


def test_two_keys_lead_to_each_area(browser: Browser, url: str) -> None:
    """G and a letter, from wherever one is; every area of the navigation has its pair."""
    assert {action.removeprefix("go:") for _, _, action, _ in GOES} == set(PATHS.values())
    with screen(browser) as page:
        page.goto(url)
        for _, key, action, text in GOES:
            for one in key.split():
                page.keyboard.press(one)
            page.wait_for_url(f"**{action.removeprefix('go:')}")
            title = texts_of(Language.GERMAN)(text)
            expect(page.get_by_role("link", name=title, exact=True).first).to_have_attribute(
                "aria-current", "page"
            )


def test_one_key_adds_prints_and_leads_back(browser: Browser, url: str) -> None:
    """N is the form, Escape leaves it, D prints; what Ctrl and a letter do is the browser's."""
    with screen(browser) as page:
        page.goto(url.replace("/mehr", "/heute"))
        page.keyboard.press("Control+n")
        page.keyboard.press("n")
        page.wait_for_url("**/eintrag")
        page.keyboard.press("Escape")
        page.wait_for_url("**/heute**")
        page.evaluate("window.print = () => { document.body.dataset.printed = 'yes'; }")
        page.keyboard.press("d")
        expect(page.locator("body[data-printed]")).to_have_count(1)


def test_what_is_not_there_is_a_page(browser: Browser, url: str) -> None:
    """A wrong address has a page in German with a way back, no stack trace."""
    with screen(browser) as page:
        page.goto(url.replace("/mehr", "/nirgends"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Das gibt es hier nicht")
        expect(page.get_by_role("link", name="Zu Heute")).to_be_visible()
        assert violations(page) == []
