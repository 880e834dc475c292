"""Forms that come back, are sent twice, or say something else the second time, in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.tools.browser import next_page, screen
from tests.tools.listed import add, address, practice_with_rooms, type_entry
from tests.tools.service import Service


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return the service of a practice with three rooms."""
    with practice_with_rooms(tmp_path_factory.mktemp("bridge")) as running:
        yield running


def test_the_form_that_comes_back_takes_another_patient(browser: Browser, bridge: Service) -> None:
    """Back, another name, save: both are on the list; nobody is lost because a form was used."""
    url = address(bridge)
    with screen(browser) as page:
        page.goto(f"{url}/eintrag")
        type_entry(page, family_name="Erste", patient_id="8001", birth_date="1.2.1990")
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/heute*")
        page.go_back()
        expect(page.locator("#family_name")).to_be_visible()
        type_entry(page, family_name="Zweite", patient_id="8002", birth_date="3.4.1991")
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/heute*")
        expect(page.get_by_role("link", name="Erste")).to_have_count(1)
        expect(page.get_by_role("link", name="Zweite")).to_have_count(1)


def test_the_same_key_with_other_content_is_another_patient(
    browser: Browser, bridge: Service
) -> None:
    """Also where a browser brings the page back with all its hidden fields."""
    url = address(bridge)
    with screen(browser) as page:
        page.goto(f"{url}/eintrag")
        keys = []
        for name, number in (("Dritte", "8003"), ("Vierte", "8004"), ("Vierte", "8004")):
            type_entry(page, family_name=name, patient_id=number, birth_date="1.2.1990")
            said = page.evaluate(
                """async () => {
                  const form = document.querySelector("form[data-asks]");
                  const data = new URLSearchParams(new FormData(form));
                  const answer = await fetch(form.action, {method: "post", body: data});
                  return [data.get("once"), answer.status];
                }"""
            )
            keys.append(said)
        assert len({key for key, _ in keys}) == 1
        page.goto(f"{url}/heute")
        expect(page.get_by_role("link", name="Dritte")).to_have_count(1)
        expect(page.get_by_role("link", name="Vierte")).to_have_count(1)


def test_two_people_move_one_entry(browser: Browser, bridge: Service) -> None:
    """Who changes the device leaves the time of the other; one field of both is asked about."""
    url = address(bridge)
    with screen(browser) as one, screen(browser) as other:
        number = add(one, url, family_name="Fünfte", patient_id="8005", birth_date="1.2.1990",
                     time="23:55")  # fmt: skip
        for page in (one, other):
            page.goto(f"{url}/eintrag/{number}/verschieben")
        one.locator("#time").fill("23:56")
        one.get_by_role("button", name="Verschieben").click()
        one.wait_for_url("**/heute*")
        other.locator("#station").select_option("RAUM2")
        other.get_by_role("button", name="Verschieben").click()
        other.wait_for_url("**/heute*")
        row = other.locator(f'[id="order:{number}"]')
        expect(row).to_contain_text("23:56")
        expect(row).to_contain_text("Raum 2")
        for page in (one, other):
            page.goto(f"{url}/eintrag/{number}/verschieben")
        for page, time in ((one, "23:57"), (other, "23:58")):
            page.locator("#time").fill(time)
            with next_page(page):
                page.get_by_role("button", name="Verschieben").click()
        expect(other.locator("#time-told")).to_contain_text("23:57")
        expect(other.locator("#time")).to_have_value("23:58")
        other.get_by_role("button", name="Verschieben").click()
        other.wait_for_url("**/heute*")
        expect(row).to_contain_text("23:58")
