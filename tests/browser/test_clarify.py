"""*Zu klären* in a real browser: every reason, both languages, each width, the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gdtbridge.attention.refusals import RefusalReason
from gdtbridge.clarifying import REASONS
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.language import Language
from gdtbridge.outbox import store
from gdtbridge.web.pages.texts import texts_of
from tests.clarifying import scenes
from tests.clarifying.scenes import SCENES, STUDY, Stage
from tests.tools.browser import (
    WIDTHS,
    covered_on_the_way,
    late_scripts,
    next_page,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.clock import TO_BELIEVED
from tests.tools.practice import Reports
from tests.tools.reading_room import ReadingRoom

SETTINGS = """
[practice]
name = "Praxis Dr. Sommer"
[exam]
date_hold_days = 9000
{numbers}[page]
language = "{language}"
[[device]]
aet = "US01"
name = "Raum 1"
"""
HEAVY = '<img src=x onerror="document.title=1">'

WALKED = {"several-patients", "correction", "no-patient-id"}
"""The reasons whose page is walked by Tab: of several parts, and both widths of one."""

SHOWN = [
    (scene, language, width)
    for scene, language, width in zip(
        SCENES, cycle(one.tag for one in Language), cycle(WIDTHS), strict=False
    )
]
"""Each reason once, in one language and at one width: all of both come up."""


class Desk:
    """A practice, its device and its pages, in one language."""

    def __init__(self, room: ReadingRoom, stage: Stage, language: str) -> None:
        self.room = room
        self.stage = stage
        self.practice = room.practice
        self.texts = texts_of(Language.tagged(language))

    def play(self, scene: Callable[[Stage], None]) -> str:
        """Let something happen that waits for a person; return the address of its page."""
        scene(self.stage)
        self.practice.wait()
        line = self.practice.core.clarifying.queue.lines()[0]
        return f"{self.room.url}/klaeren/{line.key}"

    def charts(self) -> set[str]:
        """Return the patient numbers of all records after all that is due has happened."""
        self.practice.wait()
        return {record.patient.id for record in self.practice.records().values()}

    def button(self, page: Page, number: str) -> None:
        """Press the button that says whose chart it goes to."""
        page.get_by_role("button", name=self.texts("clarify.take", number=number)).click()


@pytest.fixture
def opened(
    project: Path, memory: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Desk]]:
    """Return what opens a practice in a language."""
    rooms: list[ReadingRoom] = []

    def open_in(language: str = "de") -> Desk:
        room = ReadingRoom(
            memory, SETTINGS.format(language=language, numbers=scenes.NUMBERS)
        ).__enter__()
        rooms.append(room)
        return Desk(room, Stage(room.practice, Reports(project, room.practice, memory)), language)

    yield open_in
    for room in rooms:
        room.__exit__()


@pytest.mark.parametrize(("scene", "language", "width"), SHOWN)
def test_every_reason_is_shown_and_decided(
    browser: Browser, opened: Callable[[str], Desk], scene: str, language: str, width: str
) -> None:
    """Title and consequences are told, nothing is inaccessible, and the file is right."""
    desk = opened(language)
    reason, play = SCENES[scene]
    address = desk.play(play)
    already = desk.charts()
    with screen(browser, width, "dark" if width == "tablet" else "light") as page:
        page.goto(address)
        title = desk.texts(f"clarify.reasons.{reason}.title")
        expect(page.locator("#clarify-queue")).to_contain_text(title)
        other = page.get_by_role("radio", name=desk.texts("clarify.other")).first
        other.check()
        field = page.get_by_label(desk.texts("clarify.typed"), exact=True).first
        field.fill("9999")
        for day in page.locator("input[value=receipt]").all():
            day.check()
        then = page.locator(".then")
        expect(then).to_contain_text("9999")
        assert violations(page) == []
        assert not scrolls_sideways(page)
        if reason in WALKED:
            assert covered_on_the_way(page) == []
        desk.button(page, "9999")
        expect(page.get_by_role("status").filter(has_text="9999")).to_be_visible()
    assert desk.charts() - already == {"9999"}


def test_three_clicks_lead_to_the_file(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """From the navigation: open, choose, confirm; the record is of the chosen patient alone."""
    desk = opened("de")
    desk.practice.core.orders.place(desk.practice.order())
    desk.play(scenes.without_number)
    with screen(browser) as page:
        page.goto(f"{desk.room.url}/mehr")
        with next_page(page):
            page.get_by_role("link", name="Zu klären").click()
        page.get_by_role("radio", name="Müller, Änne").check()
        expect(page.locator(".then")).to_contain_text("4711, Müller, Änne, *24.12.1958")
        expect(page.locator(".then")).to_contain_text("27 Messwerte")
        desk.button(page, "4711")
        expect(page.get_by_role("status").filter(has_text="In Akte 4711")).to_be_visible()
        page.get_by_text("Heute entschieden: 1").click()
        expect(page.locator("#clarify-decided")).to_contain_text("der Akte 4711 zugeordnet")
        assert violations(page) == []
        page.get_by_role("link", name="Korrektur …").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Aus der Akte zurückziehen")
    assert desk.charts() == {"4711"}
    records = desk.practice.records().values()
    assert sum(len(one.all("8420")) for one in records) == 27
    assert {one.patient.family_name for one in records} == {"Müller"}
    desk.practice.core.order_book.follow_marked()
    assert desk.practice.core.orders.all() == ()


def test_the_keyboard_alone(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """A number chooses, Ctrl+Enter confirms."""
    desk = opened("de")
    desk.practice.core.orders.place(desk.practice.order())
    address = desk.play(scenes.without_number)
    with screen(browser) as page:
        page.goto(address)
        page.keyboard.press("1")
        expect(page.locator(".then")).to_contain_text("4711")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("status").filter(has_text="In Akte 4711")).to_be_visible()
    assert desk.charts() == {"4711"}


def test_two_people_at_once(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """Who comes too late is told; nothing is sent twice."""
    desk = opened("de")
    desk.practice.core.orders.place(desk.practice.order())
    address = desk.play(scenes.without_number)
    with screen(browser) as one, screen(browser) as other:
        for page in (one, other):
            page.goto(address)
            page.get_by_role("radio").first.check()
            expect(page.locator(".then")).to_contain_text("4711")
        desk.button(one, "4711")
        expect(one.get_by_role("status").filter(has_text="In Akte 4711")).to_be_visible()
        desk.button(other, "4711")
        expect(other.get_by_role("heading", level=1)).to_have_text("Schon erledigt")
        expect(other.get_by_role("main")).to_contain_text("der Akte 4711 zugeordnet")
        assert violations(other) == []
    assert len(desk.practice.files()) == 0
    assert desk.charts() == {"4711"}
    assert len(desk.practice.files()) == 2


def test_something_came_since(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """Nothing is done; what happens now is shown with the same choice."""
    desk = opened("de")
    desk.practice.core.orders.place(desk.practice.order())
    address = desk.play(scenes.without_number)
    with screen(browser) as page:
        page.goto(address)
        page.get_by_role("radio").first.check()
        expect(page.locator(".then")).to_contain_text("Das Bild bleibt")
        scenes.without_number(desk.stage)
        desk.button(page, "4711")
        expect(page.get_by_role("alert").first).to_contain_text("etwas geändert")
        expect(page.locator(".then")).to_contain_text("Die 2 Bilder bleiben")
        assert desk.practice.files() == []
        desk.button(page, "4711")
        expect(page.get_by_role("status").filter(has_text="In Akte 4711")).to_be_visible()
    assert desk.charts() == {"4711"}


def test_both_parts_at_once(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """Each part has its own choice; what goes where is told in one list."""
    desk = opened("de")
    address = desk.play(scenes.several)
    with screen(browser) as page:
        page.goto(address)
        page.get_by_role("radio", name="Müller").check()
        expect(page.locator(".then")).to_contain_text("Weiter zurückgehalten: Teil 2")
        page.get_by_role("radio", name="Weiß").check()
        then = page.locator(".then")
        expect(then).to_contain_text("Nichts davon geht in mehrere Akten.")
        expect(then).to_contain_text("Bilder: 2")
        page.get_by_role("button", name="Alle so übernehmen").click()
        expect(page.get_by_text("In Akte 4711, 815 übernommen.")).to_be_visible()
    assert desk.charts() == {"4711", "815"}


def test_somebody_is_found(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """By name or birth date; a click on one of several puts the number in."""
    desk = opened("de")
    for number, given in (("70", "Sabine"), ("71", "Susanne")):
        desk.practice.core.orders.place(
            desk.practice.order(
                patient_id=number, family_name="Möller", given_name=given, station="CT9"
            )
        )
    address = desk.play(scenes.without_number)
    with screen(browser) as page:
        page.goto(address)
        page.get_by_role("radio", name="Jemand anderes").check()
        page.get_by_label("Nummer, Name oder Geburtsdatum", exact=True).fill("moell")
        page.get_by_role("button", name="71, Möller, Susanne").click()
        expect(page.locator(".then")).to_contain_text("71, Möller, Susanne")
        desk.button(page, "71")
        expect(page.get_by_role("status").filter(has_text="In Akte 71")).to_be_visible()
    assert desk.charts() == {"71"}


def test_undo_and_what_comes_after_it(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """As long as nothing left it waits again; once it left it is withdrawn, with a reason."""
    desk = opened("de")
    desk.practice.core.orders.place(desk.practice.order())
    address = desk.play(scenes.without_number)
    with screen(browser) as page:
        page.goto(address)
        page.get_by_role("radio").first.check()
        desk.button(page, "4711")
        page.get_by_role("button", name="Rückgängig").click()
        expect(page.get_by_text("Es wartet wieder.")).to_be_visible()
        desk.practice.wait()
        assert desk.practice.files() == []
        page.goto(address)
        page.get_by_role("radio").first.check()
        desk.button(page, "4711")
        expect(page.get_by_role("button", name="Rückgängig")).to_be_visible()
        desk.practice.wait()
        page.get_by_role("button", name="Rückgängig").click()
        expect(page.get_by_text("Die Datei wird aus dem Ordner genommen")).to_be_visible()
        desk.practice.wait()
        assert desk.practice.files() == []
        page.goto(address)
        page.get_by_role("radio").first.check()
        desk.button(page, "4711")
        expect(page.get_by_role("button", name="Rückgängig")).to_be_visible()
        desk.practice.wait()
        desk.practice.collect()
        page.get_by_role("button", name="Rückgängig").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Aus der Akte zurückziehen")
        expect(page.locator(".then")).to_contain_text("Irrtümlich übermittelt")
        cancel = page.get_by_role("link", name="Abbrechen")
        assert str(cancel.get_attribute("href")).startswith("/untersuchung/")
        assert violations(page) == []
        with late_scripts(page):  # what is typed before they are there counts as well
            page.get_by_role("button", name="Zurückziehen").click()
            expect(page.get_by_text("Bitte kurz, warum.")).to_be_visible()
            page.get_by_label("In welche Akte").fill("815")
        expect(page.locator(".then")).to_contain_text("In die Akte 815")
        page.get_by_label("Grund").fill("Falsche Zeile gewählt")
        page.get_by_role("button", name="Zurückziehen").click()
        expect(page.get_by_text("Aus Akte 4711 zurückgezogen.")).to_be_visible()
    assert desk.charts() == {"4711", "815"}


def test_discarding_needs_a_reason(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """Which stands in the history; nothing goes anywhere."""
    desk = opened("de")
    address = desk.play(scenes.without_number)
    with screen(browser, "phone") as page:
        page.goto(address)
        page.get_by_role("link", name="Verwerfen …").click()
        assert violations(page) == []
        page.get_by_role("button", name="Verwerfen").click()
        expect(page.get_by_text("Bitte kurz, warum.")).to_be_visible()
        assert violations(page) == []
        page.get_by_label("Grund").fill("Testbild")
        with next_page(page):
            page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Nichts davon geht in eine Akte.").first).to_be_visible()
    assert desk.charts() == set()
    (*_, event) = desk.practice.core.overview.dossier(STUDY).events
    assert event.detail["reason"] == "Testbild"


def test_a_question_about_a_delivery(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """What to look for in the chart; sent again it leaves once more."""
    desk = opened("de")
    desk.stage.image()
    desk.practice.wait()
    _ask(desk)
    with screen(browser) as page:
        page.goto(f"{desk.room.url}/klaeren")
        expect(page.get_by_role("article")).to_contain_text("4711, Müller")
        assert violations(page) == []
        page.get_by_role("button", name="Ja, sie ist da").click()
        expect(page.get_by_text("gilt als angekommen")).to_be_visible()
        expect(page.get_by_text("Nichts zu klären")).to_be_visible()
        assert violations(page) == []


def _ask(desk: Desk) -> None:
    """Let a person be asked whether the first result arrived."""
    with desk.practice.database.write() as connection:
        store.change(connection, 1, state="question", last_error="interrupted")


def test_a_report_that_is_only_seen(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """Its cause and what to do; done takes it off the list."""
    desk = opened("en")
    desk.stage.image()
    desk.practice.reader.limits_left = 9
    desk.stage.report()
    desk.practice.wait()
    with screen(browser, "tablet") as page:
        page.goto(f"{desk.room.url}/klaeren")
        expect(page.get_by_role("article")).to_contain_text("Report not readable")
        assert violations(page) == []
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_text("Nothing to clarify")).to_be_visible()


def test_what_is_mended_elsewhere(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """Cause, what to do, and a link to the page that mends it."""
    desk = opened("de")
    desk.practice.clock.turn(TO_BELIEVED)
    desk.practice.core.refusals.note(RefusalReason.TITLE, "US99", "192.0.2.1")
    desk.practice.core.attention.items()
    with screen(browser) as page:
        page.goto(f"{desk.room.url}/klaeren")
        page.get_by_role("link", name="Gerät abgewiesen").click()
        expect(page.get_by_role("article")).to_contain_text("Ist es Ihres, tragen Sie es ein.")
        link = page.get_by_role("link", name="Beheben unter Geräte")
        expect(link).to_have_attribute("href", "/geraete")
        assert violations(page) == []


def test_a_name_never_becomes_markup(browser: Browser, opened: Callable[[str], Desk]) -> None:
    """What a device wrote is shown as it is."""
    desk = opened("de")
    desk.stage.image(PatientName=HEAVY, PatientID="")
    desk.practice.wait()
    with screen(browser) as page:
        page.goto(f"{desk.room.url}/klaeren")
        expect(page.locator("#clarify-queue")).to_contain_text("<img")
        assert page.locator("main img:not(.thumbs img)").count() == 0
        page.get_by_label("Nummer, Name oder Geburtsdatum", exact=True).fill(HEAVY)
        expect(page.locator("[id^=found]")).to_contain_text("niemand bekannt")
        assert page.locator("main img:not(.thumbs img)").count() == 0


@pytest.mark.parametrize("language", [one.tag for one in Language])
def test_every_reason_and_kind_has_its_words(language: str) -> None:
    """Title and explanation in both languages, for what is shown of it."""
    texts = texts_of(Language.tagged(language))
    for code in REASONS:
        assert len(texts(f"clarify.reasons.{code}.title").split()) <= 5, code
        assert texts.has(f"clarify.reasons.{code}.told"), code
    assert {str(one) for one in HoldReason} <= REASONS.keys()
