"""*Mitgeben*: an exam as PDF, as letter text, as a copy, in a real browser."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, expect

from gdtbridge.accounts import SharedStudy
from gdtbridge.audit import Actor, ActorKind, AuditQuery
from gdtbridge.ohif import OhifFolder
from tests.tools.browser import (
    covered_on_the_way,
    next_page,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.practice import Reports
from tests.tools.reading_room import ReadingRoom
from tests.tools.viewer_package import BUILD, packed, release_of

SETTINGS = """
[page]
language = "{language}"
[practice]
name = "Praxis Dr. Sommer"
[viewer]
kind = "ohif-gdtbridge"
"""
HEAVY = "<script>document.title=1</script>"
WORDS = {
    "de": ("Als Brieftext kopieren", "Auswählen, Kopie mitgeben", "Kopiert.", "Bild 1"),
    "en": ("Copy as letter text", "Choose, hand out a copy", "Copied.", "Picture 1"),
}

COPY = {
    "de": ("Kopie herunterladen", "mit Messwerten und Bericht"),
    "en": ("Download the copy", "with measurements and report"),
}


@pytest.fixture(scope="module", params=["de", "en"])
def room(
    request: pytest.FixtureRequest, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, ReadingRoom]]:
    """Return a practice in each language: exam 1 is decided, exam 2 is held."""
    folder = tmp_path_factory.mktemp("room")
    with ReadingRoom(folder, SETTINGS.format(language=request.param)) as found:
        practice = found.practice
        practice.clock.seconds = datetime.now().timestamp()  # noqa: DTZ005 - pages show today
        said = {"StudyInstanceUID": "2.25.400", "StudyDate": f"{practice.core.day.today:%Y%m%d}"}
        Reports(project, practice, folder).send("abdomen.dcm", PatientID="4711", **said)
        practice.send(StudyDescription=HEAVY, **said)
        practice.send(StudyInstanceUID="2.25.401", PatientID="", AccessionNumber="")
        practice.wait()
        yield request.param, found


@pytest.mark.parametrize("room", ["de"], indirect=True)
def test_a_link_to_look(browser: Browser, room: tuple[str, ReadingRoom]) -> None:
    """Made from the exam's page, shown once, opened by somebody without an account, revoked."""
    _, found = room
    with screen(browser, "phone") as page:
        page.goto(f"{found.url}/untersuchung/1")
        with next_page(page):
            page.get_by_role("link", name="Link zum Ansehen").click()
        with next_page(page):
            page.get_by_role("button", name="Link für 24 Stunden").click()
        address = page.locator("#address").inner_text()
        assert violations(page) == []
        assert not scrolls_sideways(page)
        with screen(browser, "phone", "dark") as other:
            other.goto(address)
            expect(other.get_by_role("link", name="Weasis")).to_be_visible()
            expect(other.locator("main")).not_to_contain_text("ller")
            assert violations(other) == []
            assert not scrolls_sideways(other)
        with next_page(page):
            page.get_by_role("link", name="Fertig").click()
        card = page.locator("section", has=page.locator("#link"))
        expect(card.get_by_role("listitem")).to_have_count(1)
        assert violations(page) == []
        assert not scrolls_sideways(page)
        with next_page(page):
            card.get_by_role("button", name="Sperren").click()
        expect(page.locator(".toast")).to_contain_text("gesperrt")
        expect(card.get_by_role("listitem")).to_have_count(0)
        page.goto(address)
        assert violations(page) == []


LINKS = {
    "de": ("nicht installiert", "In OHIF öffnen", "Links zum Ansehen", "Untersuchung", "Sperren"),
    "en": ("not installed", "Open in OHIF", "Links to look at exams", "Exam", "Revoke"),
}


def test_what_there_is_to_look_by(browser: Browser, room: tuple[str, ReadingRoom]) -> None:
    """Without OHIF no button leads to it, with it one on a phone too; every link is listed."""
    language, found = room
    missing, button, title, exam, revoke = LINKS[language]
    core = found.practice.core
    boss = Actor(ActorKind.ACCOUNT, f"Dr. {HEAVY} {'W' * 64}")
    link = core.access.study_links.make(SharedStudy("2.25.400", "4711"), 2, boss).link
    with screen(browser, "phone") as page:
        page.goto(f"{found.url}/untersuchung/1")
        opens = page.get_by_role("link", name=button)
        expect(opens).to_have_count(0)
        page.goto(f"{found.url}/system")
        row = page.get_by_role("row", name="Viewer OHIF")
        expect(row).to_contain_text(missing)
        expect(row).to_contain_text("gdtbridge viewer install")
        package = packed(BUILD)
        ohif = OhifFolder(core.settings.ohif_folder)
        ohif.install(io.BytesIO(package), release_of(package))
        page.goto(f"{found.url}/untersuchung/1")
        expect(opens).to_be_visible()
        ohif.remove()

        page.goto(f"{found.url}/system")
        with next_page(page):
            page.get_by_role("link", name=title).click()
        assert violations(page) == []
        assert not scrolls_sideways(page)
        listed = page.get_by_role("row", name=f"{exam} 1").first
        expect(listed).to_contain_text(boss.name)
        expect(page.locator("main")).not_to_contain_text("4711")
        with next_page(page):
            listed.get_by_role("button", name=revoke).click()
        expect(listed.get_by_role("button")).to_have_count(0)
    assert core.access.study_links.good(link.shared) == []


def test_the_letter_and_the_pictures(browser: Browser, room: tuple[str, ReadingRoom]) -> None:
    """Copied from the exam's page; the pictures are chosen on the page behind."""
    language, found = room
    copy, more, copied, first = WORDS[language]
    width = "desktop" if language == "de" else "phone"
    allowed = {"permissions": ["clipboard-read", "clipboard-write"]} if width == "desktop" else {}
    with screen(browser, width, "dark" if width == "phone" else "light", **allowed) as page:
        page.goto(f"{found.url}/untersuchung/1")
        link = page.get_by_role("link", name=copy)
        link.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#copied")).to_contain_text(copied)
        if allowed:
            text = page.evaluate("navigator.clipboard.readText()")
            assert "Niere Länge, rechts 108 mm; Niere Länge, links 112 mm" in text
        with next_page(page):  # its scripts copy
            page.get_by_role("link", name=more).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Müller, Änne")
        assert violations(page) == []
        assert not scrolls_sideways(page)
        assert covered_on_the_way(page) == []
        expect(page.get_by_label(first)).to_be_checked()
        if allowed:
            assert page.locator("#letter-text").text_content() == text
        page.get_by_role("button", name=copy).click()
        expect(page.locator("#copied")).to_contain_text(copied)


def test_a_copy_is_downloaded_again_and_again(
    browser: Browser, room: tuple[str, ReadingRoom], tmp_path: Path
) -> None:
    """The page stays as it is; without values there are no measurements."""
    language, found = room
    button, values = COPY[language]
    with screen(browser) as page:
        page.goto(f"{found.url}/untersuchung/1")
        page.get_by_role("link", name=WORDS[language][1]).click()
        expect(page.locator("#kennwort")).to_be_hidden()
        page.locator("[name=geheim]").check()
        expect(page.locator("#kennwort")).to_be_visible()
        page.locator("[name=geheim]").uncheck()
        names = []
        for _ in range(2):
            with page.expect_download() as download:
                page.get_by_role("button", name=button).click()
            path = tmp_path / download.value.suggested_filename
            download.value.save_as(path)
            with ZipFile(path) as file:
                assert file.testzip() is None
                names.append({name.partition("/")[0] for name in file.namelist()})
                assert b"4711" in file.read("DICOMDIR")
            page.get_by_label(values).uncheck()
        assert names[0] - names[1] == {"BERICHT.PDF"}
        assert names[1] == {"PT000000", "INDEX.HTM", "DICOMDIR"}


def test_the_pdf_is_had_by_one_click(browser: Browser, room: tuple[str, ReadingRoom]) -> None:
    """And it is entered into the audit trail; what is held has none."""
    _, found = room
    with screen(browser) as page:
        page.goto(f"{found.url}/untersuchung/1")
        path = page.get_by_role("link", name="PDF", exact=True).get_attribute("href")
        answer = page.request.get(found.url + str(path))
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.body().startswith(b"%PDF-1.7")
        assert answer.headers["cache-control"] == "no-store"
        wrong = page.request.get(found.url + str(path).replace("teil=", "teil=x"))
        assert wrong.status == 404
        page.goto(f"{found.url}/untersuchung/2")
        expect(page.get_by_role("link", name="PDF", exact=True)).to_have_count(0)
        assert violations(page) == []
    entries = found.practice.core.audit.entries(AuditQuery(acts=("exported",)))
    assert {(one.done.patient_id, one.done.subject) for one in entries} == {
        ("4711", "exam:2.25.400")
    }
