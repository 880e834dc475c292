"""*Konten*, *Zugangsschlüssel* and *Wer tat was* in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.tools.browser import (
    covered_on_the_way,
    each_width,
    next_page,
    screen,
    scrolls_sideways,
    violations,
)
from tests.tools.service import Service
from tests.tools.waiting import wait_for
from tests.tools.way_in import PASSWORD, sign_in, url

NAME = '<b>Lea</b> "Lesen" \'O'


@contextmanager
def office(browser: Browser, practice: Service, path: str) -> Iterator[Page]:
    """Yield a page that somebody of the administration has opened."""
    with screen(browser) as page:
        page.goto(url(practice, path))
        sign_in(page)
        expect(page.locator("a[href='/konto']")).to_be_visible()
        page.wait_for_load_state()  # the scripts hear keys
        yield page


def make_account(page: Page, shown_name: str, name: str, role: str) -> str:
    """Make an account on the page of accounts; return its one-time link."""
    page.get_by_label("Name der Person").fill(shown_name)
    page.get_by_label("Name zum Anmelden").fill(name)
    page.get_by_role("radio", name=role).check()
    page.get_by_role("button", name="Konto anlegen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Link für {shown_name}")
    return page.locator("code.secret").inner_text()


@pytest.mark.timeout(300)
def test_the_pages_are_accessible(browser: Browser, practice: Service) -> None:
    """axe-core finds nothing, nothing is wider than the window, the focus is always seen."""
    with office(browser, practice, "/system/konten") as page:
        for path in ("konten", "konten/1", "konten/1/loeschen", "schluessel", "verlauf"):
            page.goto(url(practice, f"/system/{path}"))
            for width in each_width(page):
                assert violations(page) == [], (path, width)
                assert not scrolls_sideways(page), (path, width)
                assert covered_on_the_way(page) == [], (path, width)


def test_an_account_from_its_link_to_its_end(browser: Browser, practice: Service) -> None:
    """Made by the administration, opened by the person, changed and deactivated."""
    with office(browser, practice, "/system/konten") as page, screen(browser, "phone") as hers:
        link = make_account(page, NAME, "lea", "nur lesen")
        assert violations(page) == []
        hers.goto(re.sub(r"^http://[^/]*", url(practice, ""), link))
        expect(hers.get_by_text(f"Guten Tag, {NAME}.")).to_be_visible()
        hers.get_by_label("Neues Kennwort").fill(PASSWORD)
        hers.get_by_label("Noch einmal").fill(PASSWORD)
        hers.get_by_role("button", name="Speichern und anmelden").click()
        expect(hers.get_by_role("status").first).to_contain_text("Sie sind angemeldet.")
        hers.goto(url(practice, "/system"))
        expect(hers.get_by_role("link", name="Konten")).to_have_count(0)
        expect(hers.get_by_role("link", name="Links zum Ansehen")).to_have_count(0)
        hers.goto(url(practice, "/system/konten"))
        expect(hers.get_by_role("heading", level=1)).to_have_text("Nicht erlaubt")

        page.get_by_role("link", name="Fertig").click()
        page.get_by_role("link", name=NAME).click()
        page.get_by_role("radio", name="Praxis").check()
        page.get_by_role("button", name="Speichern").click()
        expect(page.get_by_role("status").first).to_contain_text("geändert")
        told = page.context.new_page()
        told.goto(url(practice, "/system/verlauf?was=changed-account"))
        expect(told.get_by_role("row").nth(1)).to_contain_text("nur lesen → Praxis")
        told.close()
        hers.goto(url(practice, "/system"))
        expect(hers.get_by_role("heading", level=1)).to_have_text("Anmelden")
        sign_in(hers, name="lea")
        expect(hers.get_by_role("heading", level=1)).to_have_text("System")

        page.get_by_role("link", name=NAME).click()
        page.get_by_role("button", name="Stilllegen").click()
        expect(page.get_by_role("status").first).to_contain_text("stillgelegt")
        expect(hers.get_by_role("heading", level=1)).to_have_text("Anmelden")  # by itself
        sign_in(hers, name="lea")
        expect(hers.get_by_role("alert")).to_contain_text("Name oder Kennwort stimmt nicht.")


def test_what_is_wrong_stands_beside_its_field(browser: Browser, practice: Service) -> None:
    """A name that is taken; the last account of the administration."""
    with office(browser, practice, "/system/konten") as page:
        page.get_by_label("Name der Person").fill("Noch einer")
        page.get_by_label("Name zum Anmelden").fill("CHEF")
        page.get_by_role("button", name="Konto anlegen").click()
        expect(page.get_by_label("Name zum Anmelden")).to_have_accessible_description(
            "Diesen Namen hat schon ein Konto."
        )
        expect(page.get_by_label("Name der Person")).to_have_value("Noch einer")
        assert violations(page) == []
        page.goto(url(practice, "/system/konten/1"))
        page.get_by_role("radio", name="Praxis").check()
        page.get_by_role("button", name="Speichern").click()
        expect(page.get_by_role("group", name="Rolle")).to_contain_text("das letzte Konto")
        page.get_by_role("button", name="Stilllegen").click()
        expect(page.get_by_role("alert")).to_contain_text("das letzte Konto")
        assert violations(page) == []


def test_what_was_typed_is_there_again(browser: Browser, practice: Service) -> None:
    """The session ends while somebody is away; the same person comes back to the same page."""
    with office(browser, practice, "/system/konten") as page:
        page.get_by_label("Name der Person").fill("halb geschrieben")
        page.get_by_role("radio", name="nur lesen").check()
        assert practice.command("access", "sign-out", "chef").returncode == 0
        still = "fetch('/konto/da').then((answer) => answer.status)"
        wait_for(lambda: page.evaluate(still) == 401, what="the end of the session")
        page.evaluate("document.dispatchEvent(new Event('session:over'))")
        expect(page.get_by_label("Kennwort", exact=True)).to_be_visible()
        sign_in(page)
        expect(page.get_by_label("Name der Person")).to_have_value("halb geschrieben")
        expect(page.get_by_role("radio", name="nur lesen")).to_be_checked()
        assert "halb" not in page.evaluate("Object.values(sessionStorage).join()")


def test_a_token_from_its_making_to_its_end(browser: Browser, practice: Service) -> None:
    """It is shown once, opens what it is for, and after it is revoked nothing."""
    with office(browser, practice, "/system/schluessel") as page:
        page.get_by_label("Name").fill("Praxissoftware Raum 1")
        page.get_by_label("AE-Titel").fill("US_RAUM1")
        page.get_by_role("button", name="Erstellen").click()
        expect(page.get_by_role("group", name="Wofür")).to_contain_text("Bitte wählen")
        page.get_by_role("checkbox", name="Bilder über DICOMweb suchen").check()
        page.get_by_role("button", name="Erstellen").click()
        expect(page.get_by_text("nur mit dicomweb-store oder worklist")).to_be_visible()
        page.get_by_role("checkbox", name="Arbeitsliste lesen und ändern").check()
        page.get_by_role("checkbox", name="Bilder über DICOMweb schicken").check()
        page.get_by_role("button", name="Erstellen").click()
        secret = page.locator("code.secret").inner_text()
        assert violations(page) == []
        headers = {"Authorization": f"Bearer {secret}"}
        listed = url(practice, "/api/v1/worklist")
        assert requests.get(listed, headers=headers, timeout=60).status_code == 200
        readable = url(practice, "/api/v1/studies?patient_id=1")
        assert requests.get(readable, headers=headers, timeout=60).status_code == 403
        sent = {**headers, "Content-Type": "application/dicom"}
        stored = requests.post(url(practice, "/dicom-web/studies"), b"-", headers=sent, timeout=60)
        assert (stored.status_code, "49152" in stored.text) == (409, True)  # C000: no object
        page.get_by_role("link", name="Fertig").click()
        expect(page.get_by_text(secret)).to_have_count(0)
        expect(page.get_by_role("table")).to_contain_text("AE-Titel: US_RAUM1")
        page.get_by_role("button", name="Sperren Praxissoftware Raum 1").click()
        expect(page.get_by_role("status").first).to_contain_text("gesperrt")
        assert requests.get(listed, headers=headers, timeout=60).status_code == 401


def test_the_day_works_for_who_is_signed_in(browser: Browser, practice: Service) -> None:
    """An entry is added, removed and brought back by forms of a session; the trail says by whom."""
    with office(browser, practice, "/heute") as page:
        with next_page(page):
            page.keyboard.press("n")
        for field, typed in (
            ("family_name", "Sitzung"),
            ("given_name", "Sina"),
            ("birth_date", "3.7.91"),
            ("patient_id", "5120"),
        ):
            page.locator(f"#{field}").fill(typed)
        page.get_by_role("radio", name="weiblich").check()
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/heute*")
        here = page.locator("[data-row]").filter(has_text="Sitzung, Sina")
        expect(here).to_contain_text("wartet")
        here.get_by_role("link", name="Sitzung, Sina").focus()
        with next_page(page):
            page.keyboard.press("Delete")
        expect(here).to_contain_text("storniert")
        page.keyboard.press("z")
        expect(here).to_contain_text("wartet")
        page.goto(url(practice, "/system/verlauf?nummer=5120"))
        for act in ("hinzugefügt", "entfernt", "rückgängig gemacht"):
            row = page.get_by_role("row").filter(has_text=act)
            expect(row).to_contain_text("Dr. Sommer")


def test_the_trail_is_searched(browser: Browser, practice: Service) -> None:
    """By who, what, patient and day; the filters stand in the address."""
    patient = "id=4711&lastname=Doe&firstname=John&birthdate=01.01.1900&sex=1"
    assert requests.get(url(practice, f"/worklist/add?{patient}"), timeout=60).status_code == 200
    with office(browser, practice, "/system/verlauf") as page:
        expect(page.get_by_role("row").nth(1)).to_contain_text("angemeldet")
        page.get_by_label("Patientennummer").fill("4711")
        page.get_by_label("Tag").fill("heute")
        page.keyboard.press("Enter")
        expect(page.get_by_role("row")).to_have_count(2)
        row = page.get_by_role("row").nth(1)
        expect(row).to_contain_text("Praxissoftware")
        expect(row).to_contain_text("hinzugefügt")
        expect(row).to_contain_text("Nr. 4711")
        assert "Doe" not in page.content()
        assert "nummer=4711" in page.url
        page.get_by_label("Tag").fill("gestern")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Dazu gibt es keinen Eintrag.")).to_be_visible()
        page.get_by_label("Tag").fill("31.2.")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Tag")).to_have_accessible_description(re.compile("gibt es nicht"))
        assert violations(page) == []
        page.get_by_role("link", name="Alles zeigen").click()
        page.get_by_label("Was").select_option("Anmeldung abgelehnt")
        page.get_by_role("button", name="Suchen").last.click()
        expect(page).to_have_url(re.compile("was=failed-sign-in"))
