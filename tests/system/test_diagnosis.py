"""The file for support: helpful, and nothing of a patient or a secret in it."""

from __future__ import annotations

import io
import json
import logging
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.logs import ScrubbedFormatter, keep_tail, tail_of
from tests.tools.device import send_raw
from tests.tools.device_query import answers_to, encoded_query
from tests.tools.elements import EXPLICIT, US_IMAGE, identification
from tests.tools.service import Service, service
from tests.tools.waiting import wait_for

SECRET = "swordfish-0123456789"
FAMILY, GIVEN, NUMBER, STUDY = "Zwiebelfisch", "Kunigunde", "97531864", "2.25.770123456789"
PLANTED = {
    "family name": FAMILY,
    "given name": GIVEN,
    "number": NUMBER,
    "birth date": "19310203",
    "birth date as people write it": "03.02.1931",
    "birth date as ISO has it": "1931-02-03",
    "study": STUDY,
    "procedure": "Schilddruese links",
    "physician": "Hagebutte",
    "secret": SECRET,
}
"""What is put everywhere a device, a person or practice software can put it."""


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service that has met the planted patient on every way in."""
    with service(
        tmp_path_factory.mktemp("bridge"), http__token=SECRET, orders__patience_seconds="1"
    ) as running:
        _order(running)
        _files(running)
        _objects(running)
        _queries(running)
        wait_for(lambda: running.rows("SELECT id FROM claim WHERE state = 'held'"), what="the exam")
        wait_for(lambda: running.rows("SELECT id FROM worklist_query"), what="the query's record")
        wait_for(lambda: running.rows("SELECT id FROM known_caller"), what="the caller's record")
        yield running


def _order(running: Service) -> None:
    said = {
        "id": NUMBER,
        "lastname": FAMILY,
        "firstname": GIVEN,
        "birthdate": "03.02.1931",
        "sex": "2",
        "procedure": "Schilddruese links",
        "physician": "Hagebutte",
        "token": SECRET,
    }
    url = f"http://127.0.0.1:{running.ports['HTTP']}/worklist/add?{urllib.parse.urlencode(said)}"
    with urllib.request.urlopen(url, timeout=60) as answer:
        assert answer.status == 200


def _files(running: Service) -> None:
    """Drop an order that lacks the number, under the patient's name."""
    lines = [("8000", "6302"), ("3101", FAMILY), ("3102", GIVEN), ("3103", "03021931")]
    text = "".join(f"{len(said) + 9:03}{field}{said}\r\n" for field, said in lines)
    inbox = running.root / "var" / "gdt" / "in"
    (inbox / f"{FAMILY}_{NUMBER}.gdt").write_text(text, "latin-1", newline="")
    wait_for(lambda: not list(inbox.glob("*.gdt")), what="the refused file")


def _objects(running: Service) -> None:
    """Send one whose number is unknown, and one that cannot be read."""
    person = {
        "PatientName": f"{FAMILY}^{GIVEN}",
        "PatientID": NUMBER,
        "PatientBirthDate": "19310203",
        "AccessionNumber": NUMBER,
        "StudyInstanceUID": STUDY,
    }
    whole = identification(SOPInstanceUID=f"{STUDY}.1", **person)
    nobody = {"PatientID": "", "AccessionNumber": "", "StudyInstanceUID": f"{STUDY}9"}
    nobodys = identification(SOPInstanceUID=f"{STUDY}.2", **{**person, **nobody})
    send_raw(
        running.ports["DICOM"],
        [
            (US_IMAGE, f"{STUDY}.1", EXPLICIT, whole),
            (US_IMAGE, f"{STUDY}.2", EXPLICIT, nobodys),
            (US_IMAGE, f"{STUDY}.3", EXPLICIT, whole[:-3] + FAMILY.encode()),
        ],
    )


def _queries(running: Service) -> None:
    query = encoded_query(
        f"""
        0008,0050 {NUMBER}
        0010,0010 {FAMILY}^{GIVEN}
        0010,0020 {NUMBER}
        0010,0030 19310203
        """
    )
    answers_to(running.ports["DICOM"], query)


def _content(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture(params=["command", "page"])
def content(request: pytest.FixtureRequest, bridge: Service, tmp_path: Path) -> dict[str, str]:
    """Return what is in the file, as the command and as the page makes it."""
    if request.param == "command":
        file = tmp_path / "diagnosis.zip"
        done = bridge.command("diagnose", str(file))
        assert (done.returncode, done.stderr) == (0, "")
        return _content(file.read_bytes())
    asked = urllib.request.Request(
        f"http://127.0.0.1:{bridge.ports['HTTP']}/system/diagnose",
        headers={"Authorization": f"Bearer {SECRET}"},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        return _content(answer.read())


def test_nothing_of_a_patient_is_in_it(bridge: Service, content: dict[str, str]) -> None:
    """Neither what was planted, in any spelling, nor our own number of the order."""
    ((accession, _),) = bridge.rows("SELECT accession_number FROM placed_order")
    whole = "\n".join([*content, *content.values()]).casefold()
    found = [
        what
        for what, text in {**PLANTED, "accession number": accession}.items()
        if text.casefold() in whole
    ]
    assert found == []


def test_it_helps(content: dict[str, str]) -> None:
    """Versions, settings, counts, kinds, devices, which keys were asked for, and the log."""
    told = {name: json.loads(text) for name, text in content.items() if name.endswith(".json")}
    assert {"gdtbridge", "Python", "pydicom"} <= told["versions.json"].keys()
    settings = {one["key"]: one for one in told["settings.json"]}
    assert settings["http.token"]["value"] == "hidden"
    assert settings["http.token"]["origin"] == "environment"
    assert told["counts.json"]["placed_order"] == {"ordered": 1}
    assert told["attention.json"]["order-refused"] == 1
    assert [one["aet"] for one in told["devices.json"]]
    (query,) = told["queries.json"]
    assert query["keys_with_a_value"]["PatientName"] is True
    assert "gdtbridge.web.server: HTTP server listens on … port " in content["log.txt"]
    assert content["README.txt"].startswith("Diagnosedatei")


def test_no_file_is_overwritten(bridge: Service, tmp_path: Path) -> None:
    """A name that is taken is told, and what is there stays."""
    file = tmp_path / "taken.zip"
    file.write_text("mine")
    done = bridge.command("diagnose", str(file))
    assert done.returncode == 1
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("template", "arguments", "line"),
    [
        ("order %s for %s", (NUMBER, FAMILY), "order … for …"),
        ("exam %d: %s", (17, "OSError at files.py:12"), "exam 17: OSError at files.py:12"),
        ("exam %d: %s", (17, f"OSError at files.py:12: {FAMILY}"), "exam 17: …"),
        ("object of %r: %04X", (FAMILY, 0xA700), "object of '…': A700"),
        ("outbox %s: %s", ("gdt", FAMILY), "outbox gdt: …"),
        ("%s", (Path(FAMILY),), "…"),
        ("%d too few", ("x",), "%d too few (test_diagnosis:5)"),
        ("%(name)s", ({"name": FAMILY},), "%(name)s (test_diagnosis:5)"),
        ("no arguments", (), "no arguments"),
    ],
)
def test_a_line_keeps_only_what_is_known(
    template: str, arguments: tuple[object, ...], line: str
) -> None:
    """The words of the program, numbers, errors by type and place, and words of the list."""
    record = logging.LogRecord(
        "gdtbridge.x", logging.INFO, "test_diagnosis.py", 5, template, arguments, None
    )
    assert ScrubbedFormatter({"gdt"}).format(record).partition("gdtbridge.x: ")[2] == line


def test_a_foreign_line_keeps_its_place_alone() -> None:
    """What a library says is left out whole, and so is what its error says."""
    try:
        raise ValueError(FAMILY)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("pydicom", logging.WARNING, "x.py", 5, FAMILY, None, info)
    line = ScrubbedFormatter().format(record)
    assert FAMILY not in line
    assert "pydicom: x:5 [ValueError at test_diagnosis.py:" in line


def test_the_tail_of_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files, so that the last lines are always there and no more than so many."""
    monkeypatch.setattr("gdtbridge.logs.TAIL_BYTES", 2000)
    root = logging.getLogger()
    before = list(root.handlers)
    try:
        keep_tail(tmp_path / "support.log")
        for number in range(200):
            logging.getLogger("gdtbridge.x").warning("line %d", number)
    finally:
        (tail,) = (one for one in root.handlers if one not in before)
        root.removeHandler(tail)
        tail.close()
    found = tail_of(tmp_path / "support.log")
    assert found.rstrip().endswith("line 199")
    assert len(found) < 4500
    assert tail_of(tmp_path / "nothing.log") == ""
