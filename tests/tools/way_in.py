"""How a person comes in, in a real browser."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.tools.service import Service

PASSWORD = "vier kleine graue Katzen"


def link_of(running: Service) -> str:
    """Return a one-time link for the browser; the command knows the port of the settings alone."""
    said = running.command("access", "link")
    assert said.returncode == 0, said.stderr
    return url(running, urlsplit(said.stdout.strip()).path)


def url(practice: Service, path: str = "/mehr") -> str:
    """Return the address of a page."""
    return f"http://127.0.0.1:{practice.ports['HTTP']}{path}"


def sign_in(page: Page, password: str = PASSWORD, name: str = "chef") -> None:
    """Type name and password, with the keyboard alone."""
    page.get_by_label("Name").fill(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def come_in(page: Page) -> None:
    """Sign in and wait for the page with its scripts: its address is that of before."""
    sign_in(page)
    expect(page.locator('meta[name="session"]')).to_be_attached()
    page.wait_for_load_state("load")
