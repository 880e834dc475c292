"""The form of an entry in a real browser: keyboard, checks beside the field, what devices show."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.tools.browser import (
    covered_on_the_way,
    each_width,
    next_page,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.listed import add, address, examine, listed, practice_with_rooms, type_entry
from tests.tools.service import Service
from tests.tools.waiting import wait_for

HOSTILE = "<script>alert(1)</script>"
LONG = "W" * 30
SIGNS = "\"onmouseover='x"


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return the service of a practice with three rooms."""
    with practice_with_rooms(tmp_path_factory.mktemp("bridge")) as running:
        yield running


@pytest.fixture
def url(bridge: Service) -> str:
    """Return the address of the pages."""
    return address(bridge)


def told(page: Page, field: str, sentence: str) -> None:
    """Expect a sentence beside a field."""
    expect(page.locator(f"#{field}-told")).to_contain_text(sentence)


def row(page: Page, number: str) -> str:
    """Return the selector of an order's row."""
    return f'[id="order:{number}"]'


def test_a_patient_is_added_by_keyboard_and_the_result_is_seen(
    browser: Browser, bridge: Service, url: str
) -> None:
    """Keys alone lead from the list to "in der Akte"; the device has the entry at once."""
    with screen(browser) as page:
        page.goto(f"{url}/heute")
        with next_page(page):
            page.keyboard.press("n")
        expect(page.locator("#known")).to_be_focused()
        page.keyboard.press("Enter")
        for word in ("Öztürk", "Emre", "3.7.91", "5120"):
            page.keyboard.type(word)
            page.keyboard.press("Enter")
        page.keyboard.press("ArrowDown")  # the sex
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")  # the time stays
        page.keyboard.type("Abdomen")
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/heute*")
        number = page.url.partition("#order:")[2]
        assert number in listed(bridge, "RAUM1")
        here = page.locator(row(page, number))
        expect(here.get_by_role("link", name="Öztürk, Emre")).to_be_focused()
        expect(here).to_contain_text("*03.07.1991 · Nr. 5120")
        expect(here).to_contain_text("Raum 1 hat den Eintrag")
        expect(page.get_by_role("status").first).to_contain_text("Öztürk, Emre hinzugefügt.")
        examine(bridge, number)
        expect(here).to_contain_text(re.compile("empfangen|unterwegs"))
        wait_for(lambda: list(bridge.gdt_out.glob("*.gdt")), what="the result")
        for path in bridge.gdt_out.glob("*.gdt"):
            path.unlink()
        expect(here).to_contain_text("in der Akte")
        expect(here).to_contain_text("abgeholt")
        expect(here.get_by_role("link", name="Öztürk, Emre")).to_be_focused()
        expect(page.locator("#announced")).to_have_text("Öztürk, Emre: in der Akte")


def test_a_known_patient_is_added_by_four_letters(
    browser: Browser, bridge: Service, url: str
) -> None:
    """Search, Enter, Strg+Enter: who was here fills the form, with when that was."""
    with screen(browser) as page:
        add(page, url, family_name="Nguyễn", given_name="Thị Mai", birth_date="1.2.96",
            patient_id="6127", sex="F", procedure="Geburtshilfe", station="RAUM2")  # fmt: skip
        page.goto(f"{url}/heute")
        with next_page(page):
            page.keyboard.press("n")
        expect(page.locator("#known")).to_be_focused()
        page.keyboard.type("nguy")
        hit = page.get_by_role("option", name=re.compile("Nguyễn, Thị Mai"))
        expect(hit).to_have_attribute("aria-selected", "true")
        expect(hit).to_contain_text("*01.02.1996 · Nr. 6127 · zuletzt")
        expect(hit).to_contain_text("Geburtshilfe")
        assert violations(page) == []
        page.keyboard.press("Enter")
        expect(page.locator("#patient_id")).to_have_value("6127")
        expect(page.locator("input[name=sex][value=F]")).to_be_checked()
        expect(page.locator("#procedure")).to_be_focused()
        page.keyboard.type("Abdomen")
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/heute*")
        assert "6127" in listed(bridge, "RAUM1").values()


def test_fields_are_checked_as_they_are_left(browser: Browser, url: str) -> None:
    """Nothing is wrong while somebody types; what is left is read, or told why not."""
    with screen(browser) as page:
        page.goto(f"{url}/eintrag")
        type_entry(page, birth_date="31.2.71")
        page.locator("#patient_id").focus()
        told(page, "birth_date", "Den 31.02.1971 gibt es nicht.")
        expect(page.locator("#birth_date")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#family_name-told")).to_be_empty()
        assert violations(page) == []
        type_entry(page, birth_date="12.3.58")
        told(page, "birth_date", "12.03.1958 · 6")
        expect(page.locator("#birth_date")).not_to_have_attribute("aria-invalid", "true")
        with next_page(page):
            page.keyboard.press("Control+Enter")
        told(page, "family_name", "Bitte den Nachnamen eintragen.")
        told(page, "patient_id", "Bitte die Nummer aus der Praxissoftware eintragen.")
        expect(page.locator("#family_name")).to_be_focused()
        expect(page.locator("#birth_date")).to_have_value("12.03.1958")
        assert violations(page) == []


def test_a_number_of_somebody_else_is_told(browser: Browser, url: str) -> None:
    """Whose it is stands at the field; that patient is taken over by one button."""
    with screen(browser) as page:
        add(page, url, family_name="Müller", given_name="Sabine", birth_date="12.3.58",
            patient_id="4711", sex="F")  # fmt: skip
        page.goto(f"{url}/eintrag")
        type_entry(page, family_name="Schmidt", birth_date="1.2.1990", patient_id="4711")
        with next_page(page):
            page.keyboard.press("Control+Enter")
        told(page, "patient_id", "4711 war bisher Müller, Sabine, *12.03.1958")
        assert violations(page) == []
        page.get_by_role("button", name="Müller, Sabine übernehmen").click()
        expect(page.locator("#family_name")).to_have_value("Müller")
        expect(page.locator("#birth_date")).to_have_value("12.03.1958")
        expect(page.locator("input[name=sex][value=F]")).to_be_checked()
        told(page, "station", "Auf Raum 1 steht sie heute schon")
        expect(page.get_by_role("button", name="Trotzdem auf die Liste setzen")).to_be_visible()


def test_an_entry_no_device_will_show_is_told_before(
    browser: Browser, bridge: Service, url: str
) -> None:
    """Each device in words, the cause, and another device by one button; or saved all the same."""
    with screen(browser) as page:
        page.goto(f"{url}/eintrag")
        type_entry(page, family_name="Schmidt", patient_id="6201", birth_date="4.10.71")
        type_entry(page, station="RAUM3")
        outlook = page.locator("#outlook")
        expect(outlook).to_contain_text("Raum 1: nein. Der Eintrag ist für Raum 3.")
        expect(outlook).to_contain_text("Kein Gerät wird diesen Eintrag zeigen.")
        expect(outlook).to_contain_text("„Raum 3“ hat noch nie nach seiner Liste gefragt.")
        assert violations(page) == []
        page.get_by_role("button", name="Raum 1 wählen").click()
        expect(outlook).to_contain_text("Raum 1: ja")
        expect(outlook).to_contain_text("Raum 2: nein. Der Eintrag ist für Raum 1.")
        expect(page.locator("#save-label")).to_have_text("Auf die Liste setzen")
        page.route("**/eintrag/pruefen", lambda route: route.abort())  # faster than the warning
        type_entry(page, station="RAUM3")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#save-label")).to_have_text("Trotzdem auf die Liste setzen")
        expect(page).to_have_url(f"{url}/eintrag")
        page.get_by_role("button", name="Trotzdem auf die Liste setzen").click()
        page.wait_for_url("**/heute*")
        number = page.url.partition("#order:")[2]
        expect(page.locator(row(page, number))).to_contain_text("Kein Gerät zeigt diesen Eintrag.")


def test_one_after_the_other(browser: Browser, url: str) -> None:
    """The second button leads to the next empty form; a preset brings its device along."""
    with screen(browser) as page:
        page.goto(f"{url}/eintrag")
        type_entry(page, family_name="Wójcik", birth_date="17.5.2019", patient_id="6140")
        type_entry(page, procedure="Schilddrüse")
        page.locator("#time").focus()
        expect(page.locator("#station")).to_have_value("RAUM2")
        page.locator("[name=day]").evaluate("one => (one.value = '2026-01-01')")  # open overnight
        with next_page(page):
            page.get_by_role("button", name="und noch einen").click()
        expect(page.locator(".note")).to_contain_text("Der Eintrag gilt jetzt für heute")
        page.get_by_role("button", name="und noch einen").click()
        expect(page.get_by_role("status").first).to_contain_text("Wójcik hinzugefügt.")
        expect(page.locator("#family_name")).to_have_value("")
        expect(page.locator("#known")).to_be_focused()


def test_typed_text_is_not_lost_unasked(browser: Browser, url: str) -> None:
    """Leaving a form somebody typed in is asked about; an untouched one is not."""
    with screen(browser) as page:
        asked: list[str] = []

        def leave(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.accept()

        page.on("dialog", leave)
        page.goto(f"{url}/eintrag")
        page.keyboard.press("Escape")
        page.wait_for_url("**/heute")
        page.goto(f"{url}/eintrag")
        page.locator("#family_name").press_sequentially("Schmidt")
        page.get_by_role("link", name="Abbrechen").click()
        page.wait_for_url("**/heute")
        assert asked == ["beforeunload"]


def test_two_people_change_one_entry(browser: Browser, bridge: Service, url: str) -> None:
    """Different fields are merged and told; of the same field both values are shown."""
    with screen(browser) as page, screen(browser) as other:
        number = add(page, url, family_name="Becker", patient_id="2215", time="945")
        for one in (page, other):
            one.goto(f"{url}/eintrag/{number}")
        type_entry(other, station="RAUM2", procedure="Carotis")
        other.keyboard.press("Control+Enter")
        other.wait_for_url("**/heute*")
        type_entry(page, given_name="Hans")
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/heute*")
        note = page.get_by_role("status").first
        expect(note).to_contain_text("Becker, Hans geändert.")
        expect(note).to_contain_text("Untersuchung: Carotis, Gerät: Raum 2")
        for one in (page, other):
            one.goto(f"{url}/eintrag/{number}")
        type_entry(other, time="10:30")
        other.keyboard.press("Control+Enter")
        other.wait_for_url("**/heute*")
        type_entry(page, time="11")
        with next_page(page):
            page.keyboard.press("Control+Enter")
        told(page, "time", "Inzwischen hat jemand anderes hier eingetragen: 10:30.")
        expect(page.locator("#time")).to_have_value("11:00")
        assert violations(page) == []
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/heute*")
        expect(page.locator(row(page, number))).to_contain_text("11:00")
        assert number in listed(bridge, "RAUM2")


def test_the_form_is_accessible(browser: Browser, url: str) -> None:
    """axe-core finds nothing, nothing is wider than the window, the focus is always seen."""
    with screen(browser) as page:
        page.goto(f"{url}/eintrag")
        for width in each_width(page):
            assert violations(page) == [], width
            assert not scrolls_sideways(page), width
            assert covered_on_the_way(page) == [], width


def test_no_field_becomes_markup(browser: Browser, url: str) -> None:
    """Whatever a name, a procedure or a number says is text, in the form and in the list."""
    rtl, marks = "\u0645\u0631\u064a\u0645", "e\u0301\u0323\u0332"
    with screen(browser, "phone") as page:
        number = add(
            page,
            url,
            family_name=f"{HOSTILE}{rtl}",
            given_name=f'"><b {marks}',
            patient_id=LONG,
            procedure=HOSTILE + SIGNS,
        )
        expect(page.locator(row(page, number))).to_contain_text(HOSTILE)
        assert not scrolls_sideways(page)
        page.goto(f"{url}/eintrag/{number}")
        expect(page.locator("#family_name")).to_have_value(re.compile(re.escape(HOSTILE)))
        assert violations(page) == []
        assert not scrolls_sideways(page)


def test_what_is_gone_is_a_page(browser: Browser, url: str) -> None:
    """An order nobody knows is told, with a way back."""
    with screen(browser) as page:
        page.goto(f"{url}/eintrag/R0000000001")
        expect(page.get_by_role("link", name="Zu Heute")).to_be_visible()
        assert violations(page) == []
