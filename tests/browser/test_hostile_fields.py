"""Every field that a device, practice software or a person can set, on every page, as each role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page
from pydicom import Dataset

from gdtbridge.accounts import Role
from gdtbridge.archive.picked_files import PickedFile, PickOutcome, PickupMemory
from gdtbridge.attention.refusals import RefusalReason
from gdtbridge.audit import Actor, ActorKind
from gdtbridge.errors import BridgeError
from gdtbridge.orders import LeftFile
from gdtbridge.orders.folder_memory import FolderMemory
from gdtbridge.outbox import call_store, store
from gdtbridge.outbox.model import Attempt, AttemptResult
from gdtbridge.schema import outbox
from tests.clarifying.scenes import Stage
from tests.tools.browser import screen, scrolls_sideways
from tests.tools.practice import Practice, Reports
from tests.tools.reading_room import ReadingRoom
from tests.tools.way_in import PASSWORD

SCRIPT: Final = "<script>window.hit=1</script>"
IMAGE: Final = "<img src=x onerror=hit=2>"
QUOTES: Final = "\" onmouseover='hit=3' autofocus onfocus=\"hit=4"
TEMPLATE: Final = "{{7*7}}${7*7}%(x)s{0}"
TURNED: Final = "\u202eABC\u2066\u200f"
WIDE: Final = "W" * 64
ARABIC: Final = "\u0645\u0631\u064a\u0645"
HOSTILE: Final = (SCRIPT, IMAGE, QUOTES, TEMPLATE, TURNED, WIDE, ARABIC)
SETTINGS: Final = f"""
[practice]
name = '{IMAGE}'
[[device]]
aet = "US01"
name = '{SCRIPT}'
[[page.procedures]]
name = '{QUOTES.replace("'", "")}'
[[webhook]]
name = "haus"
url = "http://127.0.0.1:9/"
events = ["worklist_added"]
[[pickup]]
folder = "usb"
aet = "US01"
"""
PAGES: Final = (
    "/heute", "/eintrag", "/untersuchungen", "/klaeren", "/geraete", "/zustellungen", "/stichprobe",
    "/system",
    "/system/einstellungen", "/system/konten", "/system/schluessel", "/system/verlauf", "/mehr",
    "/konto", "/einrichtung", "/einrichtung/praxis", "/studies",
)  # fmt: skip
PARAMETERS: Final = (
    "suche",
    "tag",
    "zustand",
    "geraet",
    "art",
    "ab",
    "nr",
    "n",
    "wie",
    "wer",
    "was",
)
_FOUND: Final = """() => {
  const planted = "img[src='x'], script:not([src]):not([type='application/json'])," +
    "[onerror], [onmouseover], [onfocus], b b b, iframe, object";
  const marks = /[\\u202a-\\u202e\\u2066-\\u2069\\u200e\\u200f\\u061c]/;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const turned = [];
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (marks.test(node.data)) turned.push(node.parentElement.outerHTML.slice(0, 200));
  }
  const arabic = /[\\u0600-\\u06ff]/, latin = /[A-Za-z0-9]/;
  const mixed = [...document.querySelectorAll("main b, main h1 .figures")].filter((one) =>
    arabic.test(one.parentElement.textContent) && latin.test(one.parentElement.textContent) &&
    getComputedStyle(one).unicodeBidi !== "isolate").map((one) => one.outerHTML.slice(0, 200));
  return {
    hit: window.hit ?? null,
    planted: [...document.querySelectorAll(planted)].map((one) => one.outerHTML.slice(0, 200)),
    turned: [...turned, ...mixed],
  };
}"""


@dataclass(frozen=True)
class _Attacked:
    """A practice that everybody around it attacks, and the addresses of its pages."""

    room: ReadingRoom
    paths: tuple[str, ...]

    def cookie(self, role: Role) -> Any:
        """Return the cookie of somebody with a role."""
        access = self.room.practice.core.access
        account = access.accounts.named(role.value)
        value = access.desk.begin(account, "127.0.0.1").cookie
        return {"name": "gdtbridge", "value": value, "url": self.room.url}


@pytest.fixture(scope="module")
def attacked(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Attacked]:
    """Return the practice, with each hostile value in each field that takes it."""
    folder = tmp_path_factory.mktemp("attacked")
    with ReadingRoom(folder, SETTINGS) as room:
        practice = room.practice
        stage = Stage(practice, Reports(project, practice, folder))
        numbers = [_order(stage, i, value) for i, value in enumerate(HOSTILE)]
        for i, value in enumerate(HOSTILE):
            _exam(stage, i, value)
        practice.wait()
        for i, value in enumerate(HOSTILE):
            practice.core.refusals.note(RefusalReason.TITLE, value[:16], f"192.0.2.{i}")
        with practice.database.write() as connection:
            store.change(connection, 1, state="question", last_error=SCRIPT + IMAGE)
        _make_accounts(practice)
        _leave_files(practice, folder / "usb")
        _answer(practice)
        practice.core.attention.items()
        keys = [one.key for one in practice.core.clarifying.queue.lines()]
        paths = [f"/klaeren/{key}" for key in keys]
        paths += [f"/klaeren/{key}/verwerfen" for key in keys if key.startswith("exam")]
        paths += [f"/untersuchung/{i}" for i in range(1, len(HOSTILE) + 2)]
        paths += ["/untersuchung/1/gdt/1", "/geraete/US01"]
        paths += [f"/eintrag/{number}" for number in numbers if number]
        paths += [f"/patient?nr={quote(f'X{i}')}" for i in range(2)]
        yield _Attacked(room, (*PAGES, *paths))


def _order(stage: Stage, i: int, value: str) -> str:
    names = {"family_name": value[:60], "given_name": value[:60], "procedure": value[:60]}
    order = stage.practice.order(patient_id=f"X{i}", physician=value[:60], **names)
    with suppress(BridgeError):
        return stage.practice.core.orders.place(order).entry.AccessionNumber
    return ""


def _exam(stage: Stage, i: int, value: str) -> None:
    said = {
        "PatientName": f"{value[:60]}^{value[:60]}".replace("\\", ""),
        "PatientID": value[:60] if i % 2 else f"X{i}",
        "StudyDescription": value[:60],
        "SeriesDescription": value[:60],
        "StationName": value[:16],
        "InstitutionName": value[:60],
        "Manufacturer": value[:60],
        "ReferringPhysicianName": value[:60],
        "StudyID": value[:16],
        "SpecificCharacterSet": "ISO_IR 192",
    }
    stage.image(
        StudyInstanceUID=f"2.25.77{i}", **{name: one.encode() for name, one in said.items()}
    )
    said = {"PatientName": value[:60].replace("=", ""), "SpecificCharacterSet": "ISO_IR 192"}
    further = {"Manufacturer": value[:60], "ManufacturerModelName": value[:60]}
    stage.reports.send(
        "echo.dcm",
        lambda report: _reword(report.ContentSequence, value),
        StudyInstanceUID=f"2.25.77{i}",
        AccessionNumber="",
        PatientID="4711",
        SeriesDescription=value[:60],
        InstitutionName=value[:60],
        StationName=value[:16],
        SOPInstanceUID=f"2.25.88{i}",
        **said,
        **further,
    )


def _reword(items: Iterable[Dataset], value: str) -> None:
    """Have a report say a value wherever it has a text of its own."""
    for item in items:
        if "TextValue" in item:
            item.TextValue = value
        for keyword in ("ConceptNameCodeSequence", "ConceptCodeSequence"):
            for code in item.get(keyword, ()):
                code.CodeMeaning = value[:60]
                if item.ValueType == "NUM" and keyword == "ConceptNameCodeSequence":
                    code.CodeValue, code.CodingSchemeDesignator = "X1", "99HOSTILE"
        _reword(item.get("ContentSequence", ()), value)


def _leave_files(practice: Practice, folder: Path) -> None:
    """Let files of hostile names lie in the folder of pictures, and in that of orders."""
    names = [one.replace("/", "") for one in HOSTILE]
    picked = [
        PickedFile(one, 1, 1, PickOutcome.REFUSED, f"{SCRIPT} / {IMAGE}", 1.0) for one in names
    ]
    PickupMemory(practice.database).note(folder, picked)
    FolderMemory(practice.database).leave("", [LeftFile(one, "not for us", 1.0) for one in names])


def _answer(practice: Practice) -> None:
    """Let the webhook refuse a call in hostile words."""
    with practice.database.write() as connection:
        for value in HOSTILE:
            failed = Attempt(AttemptResult.FAILED, value, words=value)
            (destination,) = practice.outbox.callers
            call_store.note_answer(connection, destination, failed, 1.0)
        query = sa.select(outbox.c.id).where(outbox.c.destination == destination)
        for number in connection.execute(query).scalars().all():
            store.change(connection, number, state="failed", last_error=SCRIPT)


def _make_accounts(practice: Practice) -> None:
    access, by = practice.core.access, Actor(ActorKind.ACCOUNT, SCRIPT)
    for role, value in ((Role.ADMIN, SCRIPT), (Role.READER, IMAGE)):
        account = access.accounts.make(role.value, value, role, by)
        access.accounts.set_password(account, PASSWORD, by)
    access.tokens.make(QUOTES[:40], ["worklist"], by)


def _told(page: Page, path: str) -> list[str]:
    """Return what is wrong on a page: what ran, what became markup, what turns a line around."""
    found = page.evaluate(_FOUND)
    wrong = [f"{path}: ran {found['hit']}"] if found["hit"] is not None else []
    wrong += [f"{path}: markup {one}" for one in found["planted"]]
    wrong += [f"{path}: turned {one}" for one in found["turned"]]
    if scrolls_sideways(page):
        wrong.append(f"{path}: wider than its window")
    return wrong


@pytest.mark.parametrize(("role", "width"), [(Role.READER, "phone"), (Role.ADMIN, "desktop")])
def test_no_field_becomes_anything_but_text(
    browser: Browser, attacked: _Attacked, role: Role, width: str
) -> None:
    """No script runs, nothing tries to, no line turns around, and no page grows too wide."""
    wrong: list[str] = []
    with screen(browser, width) as page:
        page.context.add_cookies([attacked.cookie(role)])
        for path in attacked.paths:
            answer = page.goto(attacked.room.url + path)
            assert answer is not None
            if answer.status >= 500:
                wrong.append(f"{path}: {answer.status}")
            wrong += _told(page, path)
    assert wrong == []


def test_no_parameter_becomes_anything_but_text(browser: Browser, attacked: _Attacked) -> None:
    """What stands in an address is shown as it is, or not at all."""
    wrong: list[str] = []
    with screen(browser) as page:
        page.context.add_cookies([attacked.cookie(Role.ADMIN)])
        for path in PAGES:
            value = SCRIPT + IMAGE + QUOTES + TURNED + WIDE
            asked = "&".join(f"{name}={quote(value)}" for name in PARAMETERS)
            page.goto(f"{attacked.room.url}{path}?{asked}")
            wrong += _told(page, path)
    assert wrong == []


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/untersuchung/1", "#measured"),
        ("/zustellungen", "#destinations"),
        ("/klaeren", "#clarify-notices"),
    ],
)
def test_what_is_planted_is_there_to_be_seen(
    browser: Browser, attacked: _Attacked, path: str, part: str
) -> None:
    """Texts of reports, words of a webhook, names of files: else the others would prove nothing."""
    with screen(browser) as page:
        page.context.add_cookies([attacked.cookie(Role.ADMIN)])
        page.goto(attacked.room.url + path)
        found = page.locator(part).all_text_contents()
        assert any("window.hit" in one or WIDE[:16] in one for one in found)
