"""What people come for, in the fewest keys and clicks: counted, and timed for whoever reads it.

Why a list is empty, one click from the badge, is in `test_devices`; that a value stands beside the
earlier ones in `test_curves`; that the cases of a KV are handed in in `test_sample`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.tools.browser import next_page, screen
from tests.tools.device import send_raw
from tests.tools.elements import EXPLICIT, US_IMAGE, identification
from tests.tools.listed import add, address, examine, listed, practice_with_rooms
from tests.tools.service import Service
from tests.tools.waiting import wait_for

BOUND: Final = 60.0
"""Seconds no task takes on the busiest machine: a bound against hanging, no measure."""


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return the service of a practice with three rooms and two patients on the list."""
    with practice_with_rooms(tmp_path_factory.mktemp("bridge")) as running:
        yield running


class Hands:
    """The hands at keyboard and mouse; count what they do."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.clicks = 0
        self.keys = 0

    def click(self, what: Locator) -> None:
        """Click once."""
        self.clicks += 1
        what.click()

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.keys += 1
            self._page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type letters and digits."""
        self.keys += len(text)
        self._page.keyboard.type(text)


@contextmanager
def task(page: Page, name: str, *, clicks: int = 0, keys: int = 0) -> Iterator[Hands]:
    """Count and time a task; it takes at most so many clicks and keys."""
    hands, began = Hands(page), time.monotonic()
    yield hands
    took = time.monotonic() - began
    print(f"{name}: {hands.clicks} clicks, {hands.keys} keys, {took:.1f} s")  # noqa: T201
    assert (hands.clicks <= clicks, hands.keys <= keys) == (True, True), (hands.clicks, hands.keys)
    assert took < BOUND


def row(page: Page, name: str) -> Locator:
    """Return the row of a patient."""
    return page.get_by_role("row").filter(has_text=name)


def receive(bridge: Service, study: str, number: int, **values: str) -> None:
    """Let the device send a picture of an exam nobody ordered."""
    uid = f"{study}.{number}"
    dataset = identification(
        StudyInstanceUID=study,
        SOPInstanceUID=uid,
        AccessionNumber="",
        StudyDate=f"{date.today():%Y%m%d}",  # noqa: DTZ011 - the practice's day
        **values,
    )
    assert send_raw(bridge.ports["DICOM"], [(US_IMAGE, uid, EXPLICIT, dataset)], "RAUM1") == [0]


def held(bridge: Service) -> int:
    """Return how many exams are held."""
    ((count, _),) = bridge.rows("SELECT count(DISTINCT exam_id) FROM claim WHERE state = 'held'")
    return int(count)


def test_find_a_patient_of_today(browser: Browser, bridge: Service) -> None:
    """`/` and three letters."""
    url = address(bridge)
    with screen(browser) as page:
        add(page, url, family_name="Öztürk", given_name="Emre", patient_id="5120")
        page.goto(f"{url}/heute")
        with task(page, "find a patient", keys=4) as hands:
            hands.press("/")
            expect(page.get_by_role("combobox", name="Suchen")).to_be_focused()
            hands.type("özt")
            expect(page.get_by_role("option").first).to_contain_text("Öztürk, Emre")


def test_put_a_known_patient_on_the_list(browser: Browser, bridge: Service) -> None:
    """`N`, four letters, Enter, Ctrl+Enter; the arrow takes the hit."""
    url = address(bridge)
    with screen(browser) as page:
        add(page, url, family_name="Krüger", given_name="Ida", patient_id="6001",
            station="RAUM2")  # fmt: skip
        page.goto(f"{url}/heute")
        with task(page, "add a known patient", keys=8) as hands:
            hands.press("n")
            page.wait_for_url("**/eintrag*")
            expect(page.get_by_role("combobox", name="Patient")).to_be_focused()
            hands.type("krüg")
            expect(page.get_by_role("option").first).to_contain_text("Krüger, Ida")
            hands.press("ArrowDown", "Enter")
            expect(page.locator("#patient_id")).to_have_value("6001")
            hands.press("Control+Enter")
            page.wait_for_url("**/heute*")
        expect(page.get_by_role("link", name="Krüger, Ida")).to_have_count(2)


def test_put_a_new_patient_on_the_list(browser: Browser, bridge: Service) -> None:
    """By the keyboard alone: name, number, birth date, sex, and what is to be done."""
    with screen(browser) as page:
        page.goto(f"{address(bridge)}/heute")
        with task(page, "add a new patient", keys=60) as hands:
            hands.press("n")
            page.wait_for_url("**/eintrag*")
            for name, text in (
                ("family_name", "Neumann"),
                ("given_name", "Nora"),
                ("birth_date", "12.3.58"),
                ("patient_id", "7001"),
            ):
                while page.evaluate("document.activeElement.id") != name:
                    hands.press("Tab")
                hands.type(text)
            hands.press("Control+Enter")
            page.wait_for_url("**/heute*")
        expect(row(page, "Neumann, Nora")).to_contain_text("*12.03.1958")


def test_see_whether_a_result_left(browser: Browser, bridge: Service) -> None:
    """A glance at the day: no key, no click."""
    url = address(bridge)
    with screen(browser) as page:
        number = add(page, url, family_name="Sander", given_name="Sofie", patient_id="7101")
        examine(bridge, number)
        wait_for(bridge.settled, what="the result")
        with task(page, "see whether a result left"):
            page.goto(f"{url}/heute")
            expect(row(page, "Sander, Sofie")).to_contain_text("im Ordner")


def test_move_a_patient_to_another_room(browser: Browser, bridge: Service) -> None:
    """The menu of the row, and the room."""
    url = address(bridge)
    with screen(browser) as page:
        number = add(page, url, family_name="Wander", patient_id="7201", station="RAUM1")
        page.goto(f"{url}/heute")
        with task(page, "move to another room", clicks=2) as hands:
            one = row(page, "Wander")
            hands.click(one.locator("summary"))
            hands.click(one.get_by_role("button", name="Nach Raum 2"))
            expect(row(page, "Wander")).to_contain_text("Raum 2")
        assert number in listed(bridge, "RAUM2")


def test_assign_an_exam_that_is_held(browser: Browser, bridge: Service) -> None:
    """Open, choose, confirm; in whose chart is said before."""
    url = address(bridge)
    with screen(browser) as page:
        add(page, url, family_name="Notfall", given_name="Nele", patient_id="7301",
            station="RAUM1")  # fmt: skip
        before = held(bridge)
        receive(bridge, "2.25.7301", 1, PatientID="", PatientName="NOTFALL", PatientBirthDate="")
        wait_for(lambda: held(bridge) > before, what="the held exam")
        page.goto(f"{url}/heute")
        with task(page, "assign a held exam", clicks=3) as hands:
            with next_page(page):
                hands.click(row(page, "NOTFALL").get_by_role("link", name="Klären"))
            hands.click(page.get_by_role("radio", name="Notfall, Nele"))
            expect(page.locator(".then")).to_contain_text("7301")
            hands.click(page.get_by_role("button", name="In Akte 7301 übernehmen"))
            expect(page.get_by_text("In Akte 7301 übernommen.")).to_be_visible()


def test_split_an_exam_of_two_patients(browser: Browser, bridge: Service) -> None:
    """One click where the device told them apart and both are on the list: each has a chart."""
    url = address(bridge)
    with screen(browser) as page:
        for number, name in (("7401", "Links"), ("7402", "Rechts")):
            add(page, url, family_name=name, given_name="Lea", patient_id=number,
                birth_date="9.9.62")  # fmt: skip
        before = held(bridge)
        for end, name in ((7401, "Links^Lea"), (7402, "Rechts^Lea")):
            receive(bridge, "2.25.7400", end, PatientID=str(end), PatientName=name,
                    PatientBirthDate="19620909")  # fmt: skip
        wait_for(lambda: held(bridge) > before, what="the held exam")
        page.goto(f"{url}/klaeren")
        with task(page, "split two patients", clicks=3) as hands:
            for number in ("7401", "7402"):
                expect(page.locator(".then")).to_contain_text(f"In die Akte {number}")
            hands.click(page.get_by_role("button", name="Alle so übernehmen"))
            expect(page.get_by_text("In Akte 7401, 7402 übernommen.")).to_be_visible()
        wait_for(lambda: held(bridge) == before, what="the two results")
