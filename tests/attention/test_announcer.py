"""What is new is told once: by a call of a web server, by a record in the practice's chart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from gdtbridge.attention import AttentionItem
from gdtbridge.attention.announcer import ATTENTION, MOST_CALLS, note_text
from gdtbridge.attention.store import announced_of
from gdtbridge.settings import load_settings
from tests.tools.clock import TO_BELIEVED
from tests.tools.practice import Practice
from worklist import FolderError

CHART = {
    "GDTBRIDGE_ATTENTION__GDT_PATIENT_ID": "99999",
    "GDTBRIDGE_ATTENTION__GDT_BIRTH_DATE": "1900-01-01",
}


@pytest.fixture
def told(tmp_path: Path, httpserver: HTTPServer) -> Iterator[Practice]:
    """Return a practice that is told both ways."""
    httpserver.expect_request("/attention").respond_with_data("ok")
    (tmp_path / "gdtbridge.toml").touch()
    hook = {"GDTBRIDGE_WEBHOOKS__ATTENTION": httpserver.url_for("/attention")}
    practice = Practice(tmp_path, load_settings(tmp_path / "gdtbridge.toml", {**CHART, **hook}))
    practice.clock.turn(TO_BELIEVED)
    yield practice
    practice.close()


def hold(practice: Practice, uid: str = "2.25.7") -> None:
    """Let a device send an exam without a patient number."""
    practice.send(StudyInstanceUID=uid, AccessionNumber="", PatientID="")
    practice.wait()


def look(practice: Practice, seconds: float = 60) -> None:
    """Let a minute pass, have everything looked at and what is new delivered."""
    practice.clock.turn(seconds)
    for source in practice.core.attention.sources:
        practice.core.announcer.look(source)
        practice.core.announcer.note()
    while practice.outbox.deliver_due(ATTENTION):  # a few at a time
        pass
    practice.outbox.deliver_due("gdt")


def calls(server: HTTPServer) -> list[str]:
    """Return what was asked of the server, method and address."""
    return [f"{request.method} {request.full_path}" for request, _ in server.log]


def test_a_held_exam_is_one_call(told: Practice, httpserver: HTTPServer) -> None:
    """However often it is looked at; the address says nothing of anybody."""
    hold(told)
    for _ in range(3):
        look(told)

    assert calls(httpserver) == ["GET /attention?"]


def test_a_restart_repeats_nothing(told: Practice, httpserver: HTTPServer) -> None:
    """What was told stands in the database."""
    hold(told)
    look(told)
    again = told.again()
    look(again, seconds=4000)
    again.close()

    assert calls(httpserver) == ["GET /attention?"]
    assert told.files() == ["attention-1.gdt"]


def test_each_new_exam_is_a_call(told: Practice, httpserver: HTTPServer) -> None:
    """Two that wait are two calls, the second when it came."""
    hold(told, "2.25.7")
    look(told)
    hold(told, "2.25.8")
    look(told)

    assert len(calls(httpserver)) == 2


def test_what_comes_again_is_told_again(told: Practice, httpserver: HTTPServer) -> None:
    """Released, and held anew by a third number."""
    hold(told)
    look(told)
    told.core.held.release("2.25.7", "4711")
    told.wait()
    look(told)
    assert len(calls(httpserver)) == 1
    told.send(StudyInstanceUID="2.25.7", AccessionNumber="", PatientID="815")
    told.wait()
    look(told)

    assert len(calls(httpserver)) == 2


def test_a_flood_is_a_bounded_number_of_calls(told: Practice, httpserver: HTTPServer) -> None:
    """What is beyond them is told by the list, and by no call later."""
    for number in range(MOST_CALLS + 5):
        told.send(StudyInstanceUID=f"2.25.9{number}", AccessionNumber="", PatientID="")
    told.wait()
    look(told)
    look(told)

    assert len(calls(httpserver)) == MOST_CALLS


def test_a_source_that_cannot_look_changes_nothing(told: Practice, httpserver: HTTPServer) -> None:
    """What it told before is not gone, and not new when it can look again."""
    hold(told)
    look(told)

    class Away:
        name = "exams"
        codes = frozenset({"held-exam"})

        def items(self) -> list[AttentionItem]:
            raise FolderError("/mnt/praxis: away")

    with pytest.raises(FolderError):
        told.core.announcer.look(Away())
    look(told)

    assert len(calls(httpserver)) == 1


@pytest.mark.parametrize(("fails", "told_of"), [(["orders"] * 2, 1), (["orders", "disk"] * 2, 2)])
def test_a_part_that_does_not_answer_twice_is_told(
    told: Practice, httpserver: HTTPServer, fails: list[str], told_of: int
) -> None:
    """Once is chance, the second time a call; each part begins and ends by itself."""

    class Away:
        codes = frozenset({"order-refused"})

        def __init__(self, name: str) -> None:
            self.name = name

        def items(self) -> list[AttentionItem]:
            raise OSError("/mnt/praxis/Müller")

    for at, name in enumerate(fails):
        assert len(calls(httpserver)) == max(0, at - told_of)
        with pytest.raises(OSError, match="praxis"):
            told.core.announcer.look(Away(name))
        told.outbox.deliver_due(ATTENTION)
    assert len(calls(httpserver)) == told_of

    with told.database.read() as connection:
        assert len(announced_of(connection, {"not-looked"})) == told_of
    (orders,) = (one for one in told.core.attention.sources if one.name == "orders")
    told.core.announcer.look(orders)
    with told.database.read() as connection:
        assert len(announced_of(connection, {"not-looked"})) == told_of - 1


def test_the_note_is_a_record_that_names_nobody(told: Practice) -> None:
    """A GDT 6310 in the chart the settings name."""
    hold(told)
    look(told)

    assert (told.out / "attention-1.gdt").read_bytes().decode("iso8859-1").splitlines() == [
        "01380006310",
        "014810000323",
        "0178315PRAX_EDV",
        "0178316GDTBRIDG",
        "01092063",
        "014921802.10",
        "014300099999",
        "0203101Ultraschall",
        "0183102Meldungen",
        "017310301011900",
        "0158402ALLG00",
        "017620015012027",
        "0156201093216",
        "0516228Ultraschall: 1 Untersuchung ohne Zuordnung",
        "0168410EXTPACS",
        "0238411PACS-Datensatz",
        "017843215012027",
        "0158439093216",
    ]
    assert list(told.records()) == ["attention-1.gdt"]


def test_notes_come_once_an_hour_at_most(told: Practice) -> None:
    """A new state waits for the hour to end, and is told with all that waits then."""
    hold(told, "2.25.7")
    look(told)
    hold(told, "2.25.8")
    look(told)
    assert told.files() == ["attention-1.gdt"]
    look(told, seconds=3600)

    assert told.files() == ["attention-1.gdt", "attention-2.gdt"]
    second = (told.out / "attention-2.gdt").read_bytes().decode("cp1252")
    assert "Ultraschall: 2 Untersuchungen ohne Zuordnung" in second
    look(told, seconds=4000)
    assert len(told.files()) == 2


def test_looks_at_the_same_time_write_one_note(told: Practice) -> None:
    """Each source has a thread of its own; what is due is written by one of them."""
    hold(told)
    for source in told.core.attention.sources:
        told.core.announcer.look(source)
    together = threading.Barrier(8)

    def note() -> None:
        together.wait()
        told.core.announcer.note()

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(note) for _ in range(8)]:
            done.result()
    told.outbox.deliver_due("gdt")

    assert told.files() == ["attention-1.gdt"]


def test_what_is_done_within_the_hour_is_not_noted(told: Practice) -> None:
    """A note about nothing helps nobody."""
    hold(told, "2.25.7")
    look(told)
    hold(told, "2.25.8")
    look(told)
    told.core.held.release("2.25.8", "4711")
    told.wait()
    look(told, seconds=4000)

    assert [name for name in told.files() if name.startswith("attention")] == ["attention-1.gdt"]


def test_a_clock_that_was_put_back_silences_nothing(told: Practice) -> None:
    """A note that seems to be of tomorrow does not count."""
    hold(told, "2.25.7")
    look(told)
    told.clock.step(-86_400)
    told.core.clock_watch.look()
    hold(told, "2.25.8")
    look(told)

    assert len(told.files()) == 2


def test_a_chart_that_cannot_be_written_is_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not one each minute; what else tells goes on."""
    (tmp_path / "gdtbridge.toml").touch()
    environ = {"GDTBRIDGE_ATTENTION__GDT_PATIENT_ID": "日本"}
    practice = Practice(tmp_path, load_settings(tmp_path / "gdtbridge.toml", environ))
    hold(practice)
    for _ in range(2):
        for source in practice.core.attention.sources:
            practice.core.announcer.look(source)
        practice.core.announcer.note()
    practice.close()

    errors = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert len(errors) == 1
    assert errors[0].startswith("attention.gdt_patient_id: ")


def test_nobody_is_told_who_does_not_want_it(practice: Practice) -> None:
    """Without the settings there are no notes, no calls, and no look."""
    hold(practice)
    assert not practice.core.announcer.is_on
    for source in practice.core.attention.sources:
        practice.core.announcer.look(source)
    practice.core.announcer.note()

    assert practice.outbox.deliver_due("gdt") == 0


def test_a_note_tells_how_much_of_each_kind() -> None:
    """One and several in German, in the order of the table."""
    counted = {"disk-full": 1, "held-exam": 2, "outbox-question": 1}
    assert note_text(counted) == (
        "Ultraschall: 2 Untersuchungen ohne Zuordnung, 1 offene Frage zur Zustellung, 1 Platte voll"
    )
