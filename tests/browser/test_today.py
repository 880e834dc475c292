"""The day in a real browser: rows and what may be done with them, filters, and following it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.tools.browser import (
    covered_on_the_way,
    each_width,
    lines_of,
    next_page,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.listed import add, address, examine, listed, practice_with_rooms, type_entry
from tests.tools.service import Service

TODAY = date.today()  # noqa: DTZ011 - the practice's day
TOMORROW = TODAY + timedelta(days=1)
GLOVED = 40
"""Pixels a finger in a glove needs."""


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return the service of a practice with three rooms."""
    with practice_with_rooms(tmp_path_factory.mktemp("bridge")) as running:
        yield running


@pytest.fixture
def url(bridge: Service) -> str:
    """Return the address of the pages."""
    return address(bridge)


def row(page: Page, number: str) -> str:
    """Return the selector of an order's row."""
    return f'[id="order:{number}"]'


def focused(page: Page, number: str) -> None:
    """Expect the focus in a row."""
    expect(page.locator(f"{row(page, number)}:focus-within")).to_have_count(1)


def test_an_entry_is_moved_removed_and_brought_back(
    browser: Browser, bridge: Service, url: str
) -> None:
    """Each act is done at once, told, and taken back by one key; the device follows."""
    with screen(browser) as page:
        number = add(page, url, family_name="Becker", patient_id="2215", time="8:15")
        here = page.locator(row(page, number))
        here.locator("summary").click()
        with next_page(page):
            here.get_by_role("button", name="Nach Raum 2").click()
        expect(page.get_by_role("status").first).to_contain_text("verschoben: Raum 2, 08:15.")
        focused(page, number)
        assert number in listed(bridge, "RAUM2")
        with next_page(page):
            page.keyboard.press("z")
        expect(page.get_by_role("status").first).to_contain_text("Die Änderung ist zurückgenommen")
        expect(here).to_contain_text("Raum 1")
        with next_page(page):
            page.keyboard.press("v")
        page.locator("#day").fill("irgendwann")
        with next_page(page):
            page.keyboard.press("Control+Enter")
        expect(page.locator("#day-told")).to_contain_text("Bitte Tag, Monat und Jahr")
        assert violations(page) == []
        page.locator("#day").fill("morgen")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(f"**/heute?tag={TOMORROW}**")
        focused(page, number)
        with next_page(page):
            page.keyboard.press("Delete")
        expect(page.get_by_role("status").first).to_contain_text("von der Liste genommen.")
        expect(here).to_contain_text("storniert")
        page.keyboard.press("z")
        expect(here).to_contain_text("wartet")
        focused(page, number)


def test_a_row_is_reached_by_keys(browser: Browser, url: str) -> None:
    """J, K and the arrows walk the rows, E edits, Enter opens; after removing the next has it."""
    with screen(browser) as page:
        first = add(page, url, family_name="Aal", patient_id="1", time="0:01")
        second = add(page, url, family_name="Bär", patient_id="2", time="0:02")
        page.goto(f"{url}/heute")
        for key, at in (("j", first), ("ArrowDown", second), ("k", first)):
            page.keyboard.press(key)
            focused(page, at)
        page.keyboard.press("e")
        page.wait_for_url(f"**/eintrag/{first}")
        page.keyboard.press("Escape")
        page.wait_for_url("**/heute")
        page.keyboard.press("j")
        page.keyboard.press("Delete")
        expect(page.locator(row(page, first))).to_contain_text("storniert")
        focused(page, second)


def test_once_more_and_another_day(browser: Browser, url: str) -> None:
    """The patient of a row is put on the list again; other days have lists of their own."""
    with screen(browser) as page:
        number = add(page, url, family_name="Yildiz", patient_id="1904", procedure="Hüfte")
        here = page.locator(row(page, number))
        here.locator("summary").click()
        here.get_by_role("link", name="Noch einmal").click()
        expect(page.locator("#family_name")).to_have_value("Yildiz")
        expect(page.locator("#procedure")).to_have_value("Hüfte")
        page.goto(f"{url}/heute")
        page.get_by_role("link", name="Nächster Tag").click()
        page.wait_for_url(f"**/heute?tag={TOMORROW}")
        page.get_by_role("link", name="Patient hinzufügen").click()
        page.wait_for_url(f"**/eintrag?tag={TOMORROW}")
        expect(page.locator("#time")).to_have_value("")
        page.goto(f"{url}/heute?tag={TODAY - timedelta(days=3)}")
        expect(page.locator("main")).to_contain_text("An diesem Tag steht niemand auf der Liste.")
        expect(page.get_by_role("link", name="Patient hinzufügen")).to_have_count(0)


def test_filters_live_in_the_address(browser: Browser, url: str) -> None:
    """A filter can be seen, shared, reloaded and taken away; counts are those of the whole day."""
    with screen(browser) as page:
        number = add(page, url, family_name="Filter", patient_id="77")
        chips = page.get_by_label("Filter")
        chips.get_by_role("link", name=re.compile("wartet")).click()
        page.wait_for_url("**/heute?zustand=waiting")
        expect(page.locator(row(page, number))).to_be_visible()
        page.goto(f"{url}/heute?zustand=needs-you&geraet=RAUM2")
        expect(page.locator("main")).to_contain_text("Kein Patient passt zum Filter.")
        assert violations(page) == []
        chips.get_by_role("link", name="Raum 2").click()
        page.wait_for_url("**/heute")


def test_a_new_row_waits_for_who_is_in_the_list(browser: Browser, url: str) -> None:
    """States change in place; a new row is behind a bar while the list has focus or pointer."""
    with screen(browser) as page, screen(browser) as other:
        number = add(page, url, family_name="Vogel", patient_id="31", time="7:31")
        page.mouse.move(5, 5)
        focused(page, number)
        new = add(other, url, family_name="Später", patient_id="32", time="7:32")
        bar = page.get_by_role("button", name="1 neuen Eintrag anzeigen")
        expect(bar).to_be_visible()
        assert violations(page) == []
        expect(page.locator(row(page, new))).to_have_count(0)
        focused(page, number)
        bar.click()
        expect(page.locator(row(page, new))).to_be_visible()
        expect(bar).to_be_hidden()
        page.locator("#main").focus()
        more = add(other, url, family_name="Danach", patient_id="33", time="7:33")
        expect(page.locator(row(page, more))).to_be_visible()


def test_a_state_changes_where_the_focus_is(browser: Browser, bridge: Service, url: str) -> None:
    """The row keeps the focus, an open menu stays open, and a person is told once."""
    with screen(browser) as page:
        number = add(page, url, family_name="Meyer", patient_id="41", time="7:41")
        here = page.locator(row(page, number))
        here.locator("summary").click()
        examine(bridge, number, PatientName="Ganz^Anders", PatientBirthDate="19500101")
        expect(here).to_contain_text("braucht Sie")
        expect(here.locator("details")).to_have_attribute("open", "")
        expect(page).to_have_title(re.compile(r"^\(\d+\) Heute"))
        expect(page.locator("#announced")).to_have_text("Meyer: braucht Sie")
        expect(page.locator("#needed")).to_contain_text("Meyer (07:41):")
        page.keyboard.press("Escape")
        expect(here.locator("details")).not_to_have_attribute("open", "")
        assert violations(page) == []


def test_an_open_menu_is_accessible(browser: Browser, url: str) -> None:
    """What may be done with a row has names, sizes and contrast; Escape gives the focus back."""
    with screen(browser, "phone") as page:
        day = TODAY + timedelta(days=9)
        page.goto(f"{url}/eintrag?tag={day}")
        type_entry(page, family_name="Allein", birth_date="1.2.90", patient_id="91", time="9")
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/heute*")
        page.locator("summary").click()
        assert violations(page) == []
        assert not scrolls_sideways(page)
        page.keyboard.press("Escape")
        expect(page.locator("summary")).to_be_focused()


def test_the_day_is_accessible(browser: Browser, url: str) -> None:
    """axe-core finds nothing, nothing is wider than the window, the focus is always seen."""
    with screen(browser) as page:
        add(page, url, family_name="W" * 62, patient_id="8wide", procedure="W" * 64)
        page.goto(f"{url}/heute")
        for width in each_width(page):
            assert violations(page) == [], width
            assert not scrolls_sideways(page), width
            assert covered_on_the_way(page) == [], width
            if width == "tablet":  # a date in two is another date
                assert lines_of(page.locator("#list .below.figures").first) <= 2
                heading = page.get_by_role("columnheader", name="Untersuchung")
                assert lines_of(heading) == 1
            if width == "phone":
                boxes = [link.bounding_box() for link in page.locator("a.patient, .brand").all()]
                assert min(box["height"] for box in boxes if box) >= GLOVED


def test_words_are_whole_on_paper(browser: Browser, url: str) -> None:
    """The list of the day fits a sheet without a word broken in two."""
    with screen(browser) as page:
        day = TODAY + timedelta(days=12)
        page.goto(f"{url}/eintrag?tag={day}")
        type_entry(page, family_name="W" * 62, birth_date="1.2.90", patient_id="93", time="9")
        type_entry(page, procedure="Echokardiographie")
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/heute*")
        page.emulate_media(media="print")
        page.evaluate("document.body.style.width = '680px'")  # A4 between its margins
        cell = page.get_by_role("cell").filter(has_text="Echokardiographie")
        assert lines_of(cell) == 1


def test_a_message_ends_and_a_hidden_page_hardly_asks(browser: Browser, url: str) -> None:
    """Half a minute to take back what was done; nobody looks, so nobody asks each two seconds."""
    with screen(browser) as page:
        page.clock.install()
        add(page, url, family_name="Kurz", patient_id="51")
        toast = page.locator(".toast")
        expect(toast).to_contain_text("Kurz hinzugefügt.")
        page.clock.run_for(25_000)
        expect(toast).to_be_visible()
        page.clock.run_for(6_000)
        expect(toast).to_have_count(0)
        page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
        page.clock.run_for(2_000)
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url))
        for _ in range(14):
            page.clock.run_for(2_000)
        assert len(asked) <= 1


def test_a_page_that_lost_touch_says_so(browser: Browser, tmp_path: Path) -> None:
    """English, an empty day, and a bar as soon as nobody answers for ten seconds."""
    with practice_with_rooms(tmp_path, "en") as bridge, screen(browser) as page:
        page.clock.install()
        page.goto(f"{address(bridge)}/heute")
        expect(page.locator("main")).to_contain_text("Nobody is on today's list.")
        assert violations(page) == []
        page.get_by_role("link", name="Add a patient").click()
        page.wait_for_url("**/eintrag")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#family_name-told")).to_contain_text("Please enter the family name.")
        assert violations(page) == []
        page.goto(f"{address(bridge)}/heute")
        bridge.kill()
        for _ in range(12):
            page.clock.run_for(2000)
        expect(page.get_by_role("alert")).to_contain_text("No connection to gdtbridge.")
        expect(page.locator("body")).to_have_class(re.compile("out-of-touch"))
        assert violations(page) == []
