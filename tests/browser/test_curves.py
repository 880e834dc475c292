"""Values beside the earlier ones, and the curve of a value, in a real browser."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Browser, Page, expect

from gdtbridge.audit import AuditQuery
from gdtbridge.web.pages.formats import NOTHING
from tests.tools.browser import covered_on_the_way, screen, scrolls_sideways, violations
from tests.tools.practice import Reports
from tests.tools.reading_room import ReadingRoom

SETTINGS = """
[page]
language = "{language}"
[[device]]
aet = "US01"
name = "Raum 1"
[[device]]
aet = "US02"
name = "Raum 2"
"""
HEAVY = '<img src=x onerror="document.title=1">'
FORMULA = "=HYPERLINK(1)"
LIVER, SPLEEN = "Leber Länge", "Milz Länge"


@dataclass(frozen=True)
class Shelf:
    """A practice with three exams of a patient, and one that is held."""

    room: ReadingRoom
    reports: Reports
    today: date

    @property
    def url(self) -> str:
        """Address of the web server."""
        return self.room.url

    def fill(self) -> None:
        """Have three exams by two devices, the last one of today."""
        practice = self.room.practice
        for number, (days, device) in enumerate(((400, "US01"), (200, "US02"), (0, "US01")), 1):
            practice.device = device
            self._send(number, self.today - timedelta(days=days), number)
            practice.wait()
        self._send(9, self.today, 9, PatientID="", PatientName="", PatientBirthDate="")
        practice.wait()

    def _send(self, number: int, day: date, way: int, **said: str) -> None:
        values = {
            "PatientID": "4711",
            "PatientName": "Müller^Änne",
            "StudyInstanceUID": f"2.25.60{number}",
            "SOPInstanceUID": f"2.25.60{number}.1",
            "StudyDate": f"{day:%Y%m%d}",
            "StudyTime": "101500",
            "Manufacturer": FORMULA,
            "ManufacturerModelName": HEAVY,
            **said,
        }
        self.reports.send("abdomen.dcm", lambda report: _measured(report, way), **values)

    def page(self, page: Page, name: str) -> None:
        """Open the curve of a value from the patient's page."""
        page.goto(f"{self.url}/patient?nr=4711")
        page.get_by_role("link", name=re.compile(f": {name}$")).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)


def _measured(report: pydicom.Dataset, way: int) -> None:
    """Let the liver grow; the first exam has no spleen, the second one as a weight.

    The last measurement is called something no catalogue has.
    """
    items = report.ContentSequence[0].ContentSequence
    for one in items[-1].ContentSequence:
        if one.ValueType == "TEXT":
            one.TextValue = HEAVY
    for item in list(items):
        for one in getattr(item, "ContentSequence", ()):
            if one.ValueType != "NUM":
                continue
            measured = one.MeasuredValueSequence[0]
            if str(measured.NumericValue) == "139.40":
                measured.NumericValue = f"{137 + way}.4"
            elif str(measured.NumericValue) == "10.70" and way == 1:
                one.MeasuredValueSequence = []
            elif str(measured.NumericValue) == "10.70" and way == 2:
                unit = measured.MeasurementUnitsCodeSequence[0]
                unit.CodeValue, unit.CodeMeaning = "g", "g"


def _get(address: str) -> str:
    """Return what a program gets."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        return str(answer.read().decode("utf-8"))


@pytest.fixture(scope="module")
def german(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Return a filled practice in German."""
    yield from _shelf("de", project, tmp_path_factory.mktemp("curves"))


@pytest.fixture(scope="module")
def english(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Return a filled practice in English."""
    yield from _shelf("en", project, tmp_path_factory.mktemp("curves"))


def _shelf(language: str, project: Path, folder: Path) -> Iterator[Shelf]:
    with ReadingRoom(folder, SETTINGS.format(language=language)) as room:
        practice = room.practice
        practice.clock.seconds = datetime.now().timestamp()  # noqa: DTZ005 - pages show today
        found = Shelf(room, Reports(project, practice, folder), practice.core.day.today)
        found.fill()
        yield found


def check(browser: Browser, shelf: Shelf, width: str, *paths: str) -> None:
    """Have pages looked at by axe-core; none is wider than its window, none has foreign markup."""
    with screen(browser, width, "dark" if width == "tablet" else "light") as page:
        for path in paths:
            page.goto(shelf.url + path)
            assert violations(page) == [], (width, path)
            assert not scrolls_sideways(page), (width, path)
            expect(page.locator("main img:not(.thumbs img)")).to_have_count(0)


def curve_of(shelf: Shelf, name: str) -> str:
    """Return the address of a curve."""
    curves = shelf.room.practice.core.trends.of_patient("4711")
    (curve,) = [one for one in curves if one.name == name]
    return f"/verlauf?nr=4711&wert={curve.series}"


def test_every_page_is_accessible(browser: Browser, german: Shelf) -> None:
    """With values of one exam, of several, of none that is decided."""
    curve = curve_of(german, LIVER)
    check(browser, german, "phone", curve, "/patient?nr=4711", "/untersuchung/3")
    check(browser, german, "desktop", curve, "/untersuchung/4")


def test_a_name_of_a_device_is_no_markup(browser: Browser, german: Shelf) -> None:
    """Whatever it is, it is shown."""
    with screen(browser) as page:
        page.goto(german.url + curve_of(german, HEAVY))
        expect(page.get_by_role("heading", level=1)).to_have_text(HEAVY)
        expect(page.locator("main img")).to_have_count(0)
        assert not scrolls_sideways(page)


def test_in_english_too(browser: Browser, english: Shelf) -> None:
    """In the dark, on a tablet."""
    check(browser, english, "tablet", curve_of(english, LIVER), "/untersuchung/3")


def test_values_stand_beside_the_earlier_ones(browser: Browser, german: Shelf) -> None:
    """Each with its unit; what is missing is a dash, what is not joined is said."""
    with screen(browser) as page:
        page.goto(f"{german.url}/untersuchung/3")
        table = page.get_by_role("table").filter(has_text="Messbericht")
        days = [f"{german.today - timedelta(days=days):%d.%m.%Y}" for days in (200, 400)]
        heads = table.get_by_role("columnheader").all_inner_texts()
        assert heads[:4] == ["Messwert", "heute", *days]
        liver = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name=LIVER))
        assert liver.get_by_role("cell").all_inner_texts()[:3] == ["140 mm", "139 mm", "138 mm"]
        spleen = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name=SPLEEN))
        assert spleen.get_by_role("cell").all_inner_texts()[:3] == ["107 mm", NOTHING, NOTHING]
        expect(spleen.get_by_role("rowheader")).to_contain_text(
            f"{days[0]}: 10,70 g, andere Einheit, nicht verbunden"
        )
        expect(spleen.get_by_role("link")).to_have_count(0)
        liver.get_by_text("Woher kommt der Wert?").click()
        expect(liver).to_contain_text("140.4 mm")
        liver.get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(LIVER)
        page.goto(f"{german.url}/untersuchung/1")
        expect(page.get_by_role("columnheader", name=days[1])).to_be_visible()
        expect(page.get_by_role("columnheader", name="heute")).to_have_count(0)


def test_nothing_stands_beside_what_is_held(browser: Browser, german: Shelf) -> None:
    """As long as nobody has said whose it is."""
    with screen(browser) as page:
        page.goto(f"{german.url}/untersuchung/4")
        expect(page.locator("#measured")).to_contain_text("sobald entschieden ist")
        expect(page.locator("#measured")).not_to_contain_text("139 mm")
        expect(page.locator("#measured .curve-link")).to_have_count(0)


def test_a_curve_tells_who_measured_each_value(browser: Browser, german: Shelf) -> None:
    """In the picture by its shape, in the table beside it by name; the newest first."""
    with screen(browser) as page:
        german.page(page, LIVER)
        expect(page.locator(".head")).to_contain_text("Müller, Änne *24.12.1958 · Nr. 4711")
        picture = page.get_by_role("img", name=re.compile("Leber Länge, 3 Werte"))
        expect(picture).to_be_visible()
        expect(picture.locator("circle")).to_have_count(2)
        expect(picture.locator("rect")).to_have_count(1)
        expect(page.get_by_label("Gemessen von")).to_contain_text("Raum 2")
        rows = page.get_by_role("row").all_inner_texts()
        assert [one.split("\t")[1] for one in rows[1:]] == ["140 mm", "139 mm", "138 mm"]
        assert ["Raum 1" in one for one in rows[1:]] == [True, False, True]
        assert HEAVY in rows[1]
        assert covered_on_the_way(page) == []
        page.get_by_role("link", name=re.compile(r"10:15")).first.click()
        expect(page).to_have_url(re.compile("/untersuchung/3"))


def test_a_curve_is_a_file_for_a_spreadsheet_and_in_the_audit_trail(german: Shelf) -> None:
    """With a decimal comma; nothing in it is a formula."""
    practice = german.room.practice
    address = curve_of(german, LIVER).replace("/verlauf", "/verlauf/datei")
    found = _get(german.url + address)
    lines = found.removeprefix("\ufeff").splitlines()
    assert lines[0].split(";")[:5] == ["Nr.", "Messwert", "Zeit", "Wert", "Einheit"]
    assert len(lines) == 4
    assert lines[1].split(";")[:5] == [
        "4711",
        LIVER,
        f"{german.today - timedelta(days=400):%d.%m.%Y} 10:15",
        "138",
        "mm",
    ]
    assert f"'{FORMULA}" in lines[1]
    told = practice.core.audit.entries(AuditQuery(patient_id="4711"))
    assert ("exported", "curve") in [(one.done.act, one.done.subject) for one in told]


def test_what_is_no_curve_is_said(browser: Browser, german: Shelf) -> None:
    """Of another patient, or of nobody."""
    with screen(browser) as page:
        answer = page.goto(f"{german.url}/verlauf?nr=4711&wert=x")
        assert answer is not None
        assert answer.status == 404
        expect(page.locator("main")).to_contain_text("Diesen Wert hat der Patient nicht")
