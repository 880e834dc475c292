"""Signing in, and what happens to who was away, in a real browser."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

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
from tests.tools.way_in import come_in, link_of, sign_in, url


def test_the_way_in_is_accessible(browser: Browser, practice: Service) -> None:
    """axe-core finds nothing, with and without a mistake, light and dark."""
    with screen(browser) as page:
        page.goto(url(practice))
        for width in each_width(page):
            assert violations(page) == [], width
        sign_in(page, "wrong, wrong, wrong")
        expect(page.get_by_role("alert")).to_contain_text("Name oder Kennwort stimmt nicht.")
        for width in each_width(page):
            assert violations(page) == [], width
            assert not scrolls_sideways(page), width
            assert covered_on_the_way(page) == [], width
        sign_in(page)
        expect(page).to_have_url(url(practice))
        page.goto(url(practice, "/konto"))
        for width in each_width(page):
            assert violations(page) == [], width
            assert not scrolls_sideways(page), width


def test_the_page_that_was_wanted_comes_after_signing_in(
    browser: Browser, practice: Service
) -> None:
    """Its address stays; signing out ends at the way in."""
    with screen(browser) as page:
        page.goto(url(practice, "/mehr?x=1"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
        sign_in(page)
        expect(page).to_have_url(url(practice, "/mehr?x=1"))
        page.get_by_role("link", name="Dr. Sommer Konto").click()
        page.get_by_role("button", name="Abmelden", exact=True).click()
        expect(page).to_have_url(url(practice, "/anmelden"))
        page.goto(url(practice))
        expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")


def test_who_is_away_is_asked_and_can_stay(browser: Browser, practice: Service) -> None:
    """Two minutes before the end a dialog comes; its button is a sign of life."""
    with screen(browser) as page:
        page.clock.install()
        page.goto(url(practice))
        come_in(page)
        expect(page).to_have_url(url(practice))
        page.route("**/konto/da", lambda route: route.fulfill(json={"left": 119}))
        page.clock.run_for(70_000)
        dialog = page.get_by_role("alertdialog", name="Sind Sie noch da?")
        expect(dialog).to_contain_text("Sie werden in 2 Minuten abgemeldet.")
        assert violations(page) == []
        page.unroute("**/konto/da")
        with page.expect_response("**/konto/da") as answered:
            page.get_by_role("button", name="Angemeldet bleiben").click()
        assert answered.value.json()["left"] > 170
        expect(dialog).to_be_hidden()


def test_a_form_sent_too_late_leads_to_the_way_in(browser: Browser, practice: Service) -> None:
    """Nothing of it is done; a page says so, not a program's refusal."""
    with screen(browser) as page:
        page.goto(url(practice))
        sign_in(page)
        expect(page).to_have_url(url(practice))
        page.goto(url(practice, "/konto"))
        page.context.clear_cookies()
        page.get_by_role("button", name="Überall abmelden").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
        sign_in(page)
        expect(page).to_have_url(url(practice, "/konto"))


class Evil(BaseHTTPRequestHandler):
    """A page of somebody else that tries to change something at ours."""

    target = ""

    def do_GET(self) -> None:
        """Answer with a form that sends itself, and pictures that are calls."""
        page = (
            f'<form id="f" method="post" action="{self.target}/konto">'
            '<input name="act" value="everywhere"></form>'
            f'<img src="{self.target}/worklist/add?id=1&lastname=E&firstname=V&'
            'birthdate=01.01.1990&sex=1">'
            "<script>document.getElementById('f').submit()</script>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("host", "heading"), [("127.0.0.1", "Nicht erlaubt"), ("localhost", "Anmelden")]
)
def test_a_foreign_page_changes_nothing(
    browser: Browser, practice: Service, host: str, heading: str
) -> None:
    """Of another port of the same host, which has the cookie; of another host, which has not."""
    Evil.target = url(practice, "")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(url(practice))
            sign_in(page)
            expect(page).to_have_url(url(practice))
            page.goto(f"http://{host}:{server.server_port}/")
            page.wait_for_url(f"{Evil.target}/konto")
            expect(page.get_by_role("heading", level=1)).to_have_text(heading)
            page.goto(url(practice))
            expect(page).to_have_title(re.compile("Mehr"))
    finally:
        server.shutdown()
        server.server_close()
    assert practice.command("worklist", "list", "--json").stdout.strip() == "[]"


def test_a_link_that_was_used_is_over(browser: Browser, practice: Service) -> None:
    """It says what to do."""
    with screen(browser, "phone") as page:
        page.goto(url(practice, "/zugang/none"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Dieser Link gilt nicht mehr")
        assert violations(page) == []


def test_english(browser: Browser, tmp_path: Path) -> None:
    """By setting."""
    settings = {"page__language": "en", "access__required": "true"}
    with service(tmp_path, **settings) as running, screen(browser) as page:
        page.goto(url(running))
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        expect(page.get_by_text("There is no account yet.")).to_be_visible()
        assert violations(page) == []
        page.goto(link_of(running))
        expect(page.get_by_role("heading", level=1)).to_have_text("Make the first account")
