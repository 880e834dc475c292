"""*Zu klären* with accounts: two people at once, and who only reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gdtbridge.accounts import Role
from gdtbridge.audit import Actor, ActorKind, AuditQuery
from tests.clarifying import scenes
from tests.clarifying.scenes import Stage
from tests.tools.browser import late_scripts, screen, violations
from tests.tools.house import PASSWORD, House
from tests.tools.practice import Reports
from tests.tools.reading_room import ReadingRoom
from tests.tools.way_in import sign_in


@pytest.fixture
def room(project: Path, memory: Path) -> Iterator[ReadingRoom]:
    """Return a practice with three accounts, an order, and an exam without a number."""
    with ReadingRoom(memory) as opened:
        practice = opened.practice
        house = House(practice.database)
        house.make_first()
        house.make("anna", "Anna Krüger", Role.PRACTICE)
        house.make("lea", "Lea Leser", Role.READER)
        practice.core.access.memory.follow()
        practice.core.orders.place(practice.order())
        scenes.without_number(Stage(practice, Reports(project, practice, memory)))
        practice.wait()
        yield opened


def come_in(page: Page, room: ReadingRoom, name: str) -> None:
    """Sign in and open the exam that waits."""
    page.goto(f"{room.url}/klaeren/exam-1")
    sign_in(page, PASSWORD, name)
    expect(page.get_by_role("heading", name="Wem gehört diese Untersuchung?")).to_be_visible()


def test_two_people_know_of_each_other(browser: Browser, room: ReadingRoom) -> None:
    """Who looks is told; who comes too late is told who did what; the trail has both."""
    with screen(browser) as sommer, screen(browser) as anna:
        come_in(sommer, room, "chef")
        come_in(anna, room, "anna")
        expect(anna.get_by_text("Dr. Sommer sieht sich das gerade an.")).to_be_visible()
        assert violations(anna) == []
        for page in (sommer, anna):
            page.get_by_role("radio").first.check()
            expect(page.locator(".then")).to_contain_text("4711")
            expect(page.get_by_role("button", name="In Akte 4711 übernehmen")).to_be_visible()
        sommer.get_by_role("button", name="In Akte 4711 übernehmen").click()
        expect(sommer.get_by_text("In Akte 4711 übernommen.")).to_be_visible()
        anna.get_by_role("button", name="In Akte 4711 übernehmen").click()
        expect(anna.get_by_role("main")).to_contain_text("Dr. Sommer hat sie um")
        expect(anna.get_by_role("main")).to_contain_text("der Akte 4711 zugeordnet")
    room.practice.wait()
    assert {one.patient.id for one in room.practice.records().values()} == {"4711"}
    trail = room.practice.core.audit.entries(AuditQuery(acts=("assigned",)))
    assert [(one.actor.name, one.done.patient_id) for one in trail] == [("Dr. Sommer", "4711")]


def test_who_only_reads_decides_nothing(browser: Browser, room: ReadingRoom) -> None:
    """The evidence is there and nothing to press; a form that is sent all the same is refused."""
    with screen(browser) as page:
        come_in(page, room, "lea")
        assert page.locator("main input[type=radio], main button[class=primary]").count() == 0
        assert violations(page) == []
        answer = page.request.post(
            f"{room.url}/klaeren/exam-1", form={"choice-1": "4711"}, max_redirects=0
        )
        assert answer.status == 403
    room.practice.wait()
    assert room.practice.files() == []


def test_a_choice_before_the_scripts_are_there_counts(browser: Browser, room: ReadingRoom) -> None:
    """A quick hand on a slow machine sees what happens, and the button."""
    with screen(browser) as page:
        come_in(page, room, "anna")
        with late_scripts(page):
            page.reload(wait_until="commit")
            page.get_by_role("radio").first.check()
        expect(page.get_by_role("button", name="In Akte 4711 übernehmen")).to_be_visible()


def test_who_was_deactivated_does_nothing_more(browser: Browser, room: ReadingRoom) -> None:
    """With a page open: the next look and the next click lead to the way in, and change nothing."""
    accounts = room.practice.core.access.accounts
    with screen(browser) as page:
        come_in(page, room, "anna")
        page.get_by_role("radio").first.check()
        button = page.get_by_role("button", name="In Akte 4711 übernehmen")
        expect(button).to_be_visible()
        accounts.deactivate("anna", Actor(ActorKind.ACCOUNT, "Dr. Sommer"))
        answer = page.request.post(
            f"{room.url}/klaeren/exam-1", form={"choice-1": "4711"}, max_redirects=0
        )
        assert answer.status in {303, 401}
        expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
        sign_in(page, PASSWORD, "anna")
        expect(page.get_by_role("alert")).to_contain_text("Name oder Kennwort stimmt nicht.")
    room.practice.wait()
    assert room.practice.files() == []
