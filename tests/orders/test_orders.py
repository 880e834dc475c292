"""Orders: onto the worklist, once, and off it again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from sqlalchemy import event

from gdtbridge.durable import FolderUnusable
from gdtbridge.errors import NotFound, OrderError, ProcessingFailure
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders import Order, OrderRecord, RecordOutcome, changes, store
from gdtbridge.orders.cases import NAMELESS
from gdtbridge.orders.model import OrderState
from gdtbridge.people import Patient
from gdtbridge.schema import outbox, placed_order
from tests.tools.dying import SimulatedCrash
from tests.tools.practice import Practice
from worklist import Entry, FolderError, StepStatus


def test_an_order_is_on_the_worklist(practice: Practice) -> None:
    """What was asked for is there, with the settings' modality and station."""
    placed = practice.core.orders.place(practice.order(physician="Mustermann^Max"))

    (entry,) = practice.core.orders.all()
    assert entry == placed.entry
    assert (entry.PatientID, entry.PatientName) == ("4711", "Müller^Änne")
    assert (entry.Modality, entry.ScheduledStationAETitle) == ("US", "US01")
    assert entry.PatientBirthDate == date(1958, 12, 24)
    assert entry.ScheduledPerformingPhysicianName == "Mustermann^Max"
    assert not placed.repeated


@pytest.mark.parametrize(
    ("family_name", "told"),
    [
        ("M&uuml;ller", "Nachname: Umschriebene Zeichen"),
        ("MÃ¼ller", "Nachname: Doppelt umgewandelte Umlaute"),
        ("Müller", ""),
    ],
)
def test_an_odd_name_is_told_however_it_was_ordered(
    practice: Practice, family_name: str, told: str
) -> None:
    """By a call as by a file, as long as the order is open and says so."""

    def remarks() -> str:
        items = practice.core.attention.items()
        found = [one for one in items if one.code == "order-remark"]
        assert all(one.whose.startswith("4711 ") for one in found)
        return "".join(one.detail for one in found)

    entry = practice.core.orders.place(practice.order(family_name=family_name)).entry
    assert remarks().startswith(told)
    assert bool(remarks()) == bool(told)
    practice.core.orders.change(entry.AccessionNumber, practice.order(family_name="Müller"))
    assert remarks() == ""


def test_the_answer_is_a_gdt_record(practice: Practice) -> None:
    """The practice software gets the accession number back."""
    placed = practice.core.orders.place(practice.order())

    data = practice.core.routing.default.records.answer(placed.entry)

    (record,) = read_records(data)
    assert record.record_type == "6310"
    assert record.patient.id == "4711"
    assert placed.entry.AccessionNumber.encode() in data


def test_a_double_click_is_one_order(practice: Practice) -> None:
    """The same patient, procedure and station within a minute is the same order."""
    first = practice.core.orders.place(practice.order())
    practice.clock.seconds += 59
    again = practice.core.orders.place(practice.order())

    assert again.entry == first.entry
    assert again.repeated
    assert len(practice.core.orders.all()) == 1


def test_a_second_click_with_a_corrected_name_corrects(practice: Practice) -> None:
    """The device must not find the patient under the name that was wrong."""
    first = practice.core.orders.place(practice.order(family_name="Mueller"))
    again = practice.core.orders.place(practice.order(family_name="Müller"))

    (entry,) = practice.core.orders.all()
    assert entry == again.entry
    assert entry.PatientName == "Müller^Änne"
    assert entry.AccessionNumber == first.entry.AccessionNumber
    assert entry.StudyInstanceUID == first.entry.StudyInstanceUID


def test_a_click_that_was_cut_off_is_not_a_second_patient(practice: Practice) -> None:
    """The service died between its memory and the worklist; the order is placed again."""
    with dying(practice, "add"):
        practice.core.orders.place(practice.order())
    assert practice.core.orders.all() == ()
    again = practice.again()
    (entry,) = again.core.orders.all()
    placed = again.core.orders.place(practice.order())

    assert (placed.entry, placed.repeated) == (entry, True)
    assert again.core.orders.all() == (entry,)
    again.send(StudyInstanceUID=entry.StudyInstanceUID, AccessionNumber="")
    again.wait()
    assert again.files() == [f"{entry.AccessionNumber}.gdt"]
    again.database.close()


@contextmanager
def refusing(practice: Practice, call: str, *, after: bool = False) -> Iterator[None]:
    """Let a call of the worklist folder fail, if wanted after it has done its work."""
    does = getattr(practice.worklist, call)

    def refuse(*arguments: object, **named: object) -> None:
        if after:
            does(*arguments, **named)
        raise FolderError(FolderUnusable.of(practice.worklist.path, OSError(5, "no")))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(practice.worklist, call, refuse)
        yield


def failing() -> pytest.RaisesExc[ProcessingFailure]:
    """Expect that the caller is told."""
    return pytest.raises(ProcessingFailure)


@contextmanager
def dying(practice: Practice, call: str) -> Iterator[None]:
    """Let the process die before a call of the worklist folder."""

    def die(*_: object, **__: object) -> None:
        raise SimulatedCrash

    with pytest.MonkeyPatch.context() as patched, suppress(SimulatedCrash):
        patched.setattr(practice.worklist, call, die)
        yield


class TestTheFolderRefuses:
    """Somebody is told that it failed: then nothing of it is there, and nothing comes later."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Announce orders to a house that nobody calls here."""
        return '[webhooks]\nworklist_added = "http://127.0.0.1:9/light"\n'

    @pytest.mark.parametrize("after", [False, True])
    def test_a_new_order_is_undone(self, practice: Practice, *, after: bool) -> None:
        """Neither entry nor order nor webhook, although the entry may have been written."""
        with refusing(practice, "add", after=after), failing():
            practice.core.orders.place(practice.order())

        again = practice.again()
        assert again.core.orders.all() == ()
        assert rows(again, placed_order.c.id) == rows(again, outbox.c.id) == []
        assert not again.core.orders.place(practice.order()).repeated
        again.database.close()

    def test_an_entry_that_cannot_be_taken_back_goes_later(self, practice: Practice) -> None:
        """Its order is cancelled, and the next one takes it off the list."""
        with refusing(practice, "remove"), refusing(practice, "add", after=True), failing():
            practice.core.orders.place(practice.order())
        assert rows(practice, placed_order.c.state) == ["cancelled"]
        assert rows(practice, outbox.c.id) == []

        entry = practice.core.orders.place(practice.order(patient_id="1")).entry

        assert practice.core.orders.all() == (entry,)

    @pytest.mark.parametrize("after", [False, True])
    def test_a_change_is_undone(self, practice: Practice, *, after: bool) -> None:
        """Database and list say what they said before."""
        before = practice.core.orders.place(practice.order()).entry
        with refusing(practice, "replace", after=after), failing():
            practice.core.orders.change(before.AccessionNumber, practice.order(procedure="Herz"))

        again = practice.again()
        assert again.core.orders.all() == (before,)
        assert rows(again, placed_order.c.procedure) == ["Abdomen"]
        again.database.close()

    def test_a_cancellation_is_undone(self, practice: Practice) -> None:
        """The patient still waits."""
        entry = practice.core.orders.place(practice.order()).entry
        with refusing(practice, "remove"), failing():
            practice.core.orders.cancel(entry.AccessionNumber)

        assert practice.core.orders.all() == (entry,)
        assert rows(practice, placed_order.c.state) == ["ordered"]


class TestOthersInTheFolder:
    """The list is shared: what people and programs do there counts."""

    def test_an_entry_that_was_removed_does_not_come_back(self, practice: Practice) -> None:
        """Neither at a start nor with the next order."""
        practice.core.orders.place(practice.order())
        for path in practice.worklist.path.glob("*.wl"):
            path.unlink()
        again = practice.again()
        again.worklist.refresh()
        entry = again.core.orders.place(practice.order(patient_id="1")).entry

        assert again.core.orders.all() == (entry,)
        again.database.close()

    def test_a_change_that_was_cut_off_brings_no_removed_entry_back(
        self, practice: Practice
    ) -> None:
        """It died before the list; then somebody removed the entry."""
        number = practice.core.orders.place(practice.order()).entry.AccessionNumber
        with dying(practice, "replace"):
            practice.core.orders.change(number, practice.order(procedure="Herz"))
        for path in practice.worklist.path.glob("*.wl"):
            path.unlink()

        again = practice.again()
        assert again.core.orders.all() == ()
        assert rows(again, placed_order.c.listing) == [None]
        again.database.close()

    def test_an_entry_without_an_order_can_be_changed_and_cancelled(
        self, practice: Practice
    ) -> None:
        """The system before this one left it; the database never knew it."""
        entry = practice.core.orders.place(practice.order()).entry
        with practice.database.write() as connection:
            connection.execute(sa.delete(placed_order))
        number = entry.AccessionNumber

        changed = practice.core.orders.change(number, practice.order(procedure="Herz"))
        assert practice.core.orders.all() == (changed,)
        assert changed.StudyInstanceUID == entry.StudyInstanceUID
        practice.core.orders.cancel(number)

        assert practice.core.orders.all() == ()
        assert rows(practice, placed_order.c.id) == []


class TestAnOlderVersionDied:
    """Schema 2 knew neither time nor mark; the file of its last record is still there."""

    RECORD = OrderRecord("t1", 1, "hash", "A.GDT", "6302")

    def test_after_the_database_before_the_list(self, practice: Practice) -> None:
        """The record is taken again, and its order gets the entry it lacks."""
        taken = practice.filed.order(self.RECORD, practice.order(), OrderReference(case_id="F1"))
        (entry,) = practice.core.orders.all()
        _forget(practice)
        for path in practice.worklist.path.glob("*.wl"):
            path.unlink()
        again = practice.again()
        assert again.core.orders.all() == ()

        assert again.filed.order(self.RECORD, again.order(), OrderReference(case_id="F1")) == taken
        assert again.core.orders.all() == (entry,)
        again.database.close()

    def test_after_a_cancellation(self, practice: Practice) -> None:
        """The record is taken again, and the entry goes."""
        practice.filed.order(self.RECORD, practice.order(), OrderReference(case_id="F1"))
        cancellation = replace(self.RECORD, token="t2", record_type="6303")
        patient = Patient("4711", "Müller", "Änne", date(1958, 12, 24))
        cancel = (cancellation, patient, OrderReference(case_id="F1"), "")
        with dying(practice, "remove"):
            practice.filed.cancel(*cancel)
        _forget(practice)
        again = practice.again()
        assert len(again.core.orders.all()) == 1

        assert again.filed.cancel(*cancel).outcome is RecordOutcome.CANCELLED
        assert again.core.orders.all() == ()
        again.database.close()


def _forget(practice: Practice) -> None:
    """Let the database know of orders what schema 2 knew."""
    unknown = {"physician": "", "scheduled": "", "created": "", "listing": None}
    with practice.database.write() as connection:
        connection.execute(sa.update(placed_order).values(**unknown))


def test_no_question_looks_at_every_order(practice: Practice) -> None:
    """What each start and each order ask costs the same however many orders there are."""
    asked: list[tuple[str, object]] = []
    event.listen(practice.database.engine, "before_cursor_execute", lambda *a: asked.append(a[2:4]))
    practice.core.order_book.reconcile()
    practice.filed.order(OrderRecord("t1", 1, "hash", "A.GDT", "6302"), practice.order(), NAMELESS)
    queries = [query for query in asked if query[0].startswith("SELECT placed_order.id")]
    assert len(queries) > 3
    with practice.database.read() as connection:
        for text, values in queries:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()  # type: ignore[arg-type]
            scans = [step.detail for step in steps if step.detail.startswith("SCAN")]
            assert scans in ([], ["SCAN placed_order USING INDEX ix_placed_order_unlisted"])


def rows(practice: Practice, column: sa.ColumnElement[Any]) -> list[Any]:
    """Return a column of the database."""
    with practice.database.read() as connection:
        return list(connection.execute(sa.select(column)).scalars())


@pytest.mark.parametrize(
    "change", [{"patient_id": "1"}, {"procedure": "Herz"}, {"station": "US02"}, {"wait": 61}]
)
def test_what_differs_is_another_order(practice: Practice, change: dict[str, object]) -> None:
    """Another patient, procedure or station, or a minute later."""
    practice.core.orders.place(practice.order())
    practice.clock.seconds += int(str(change.pop("wait", 0)))
    again = practice.core.orders.place(practice.order(**change))

    assert not again.repeated
    assert len(practice.core.orders.all()) == 2


def test_another_person_under_the_same_number_is_another_order(practice: Practice) -> None:
    """A number typed in for the next patient does not take the first one off the list."""
    practice.core.orders.place(practice.order())
    other = practice.order(family_name="Schmidt", given_name="Jo", birth_date=date(1970, 1, 1))
    assert not practice.core.orders.place(other).repeated
    names = sorted(str(entry.PatientName) for entry in practice.core.orders.all())
    assert names == ["Müller^Änne", "Schmidt^Jo"]


def test_twenty_clicks_at_once_are_one_order(practice: Practice) -> None:
    """Threads do not get in between."""
    threads = [
        threading.Thread(target=practice.core.orders.place, args=(practice.order(),))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(practice.core.orders.all()) == 1


WRONG = [
    ({"patient_id": ""}, "patient_id"),
    ({"patient_id": "x" * 65}, "patient_id"),
    ({"patient_id": "a\\b"}, "patient_id"),
    ({"family_name": ""}, "family_name"),
    ({"family_name": " "}, "family_name"),
    ({"family_name": "Mül^ler"}, "family_name"),
    ({"given_name": "a=b"}, "given_name"),
    ({"modality": "much too long a modality"}, "modality"),
    ({"station": "THIS TITLE IS TOO LONG"}, "station"),
    ({"procedure": "x" * 65}, "procedure"),
    ({"physician": "x" * 65}, "physician"),
    ({"sex": "X"}, "sex"),
]


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_a_wrong_field_is_named(practice: Practice, change: dict[str, object], field: str) -> None:
    """The error names the field, and nothing is written."""
    with pytest.raises(OrderError) as error:
        practice.core.orders.place(practice.order(**change))

    assert error.value.field == field
    assert practice.core.orders.all() == ()


def test_an_order_can_be_changed(practice: Practice) -> None:
    """The numbers stay, the rest is replaced."""
    placed = practice.core.orders.place(practice.order())
    number = placed.entry.AccessionNumber

    changed = practice.core.orders.change(number, practice.order(procedure="Herz"))

    assert practice.core.orders.get(number) == changed
    assert changed.RequestedProcedureDescription == "Herz"
    assert changed.StudyInstanceUID == placed.entry.StudyInstanceUID
    assert changed.scheduled == placed.entry.scheduled


def test_an_order_can_be_cancelled(practice: Practice) -> None:
    """It leaves the worklist, and a second click does not bring it back."""
    number = practice.core.orders.place(practice.order()).entry.AccessionNumber
    practice.core.orders.cancel(number)

    assert practice.core.orders.all() == ()
    again = practice.core.orders.place(practice.order())
    assert again.entry.AccessionNumber != number


def test_what_is_not_there_is_said(practice: Practice) -> None:
    """No call on an unknown number succeeds."""
    for call in (practice.core.orders.get, practice.core.orders.cancel):
        with pytest.raises(NotFound):
            call("R0000009999")
    with pytest.raises(NotFound):
        practice.core.orders.change("R0000009999", practice.order())


def test_numbers_go_on_when_the_counter_is_lost(practice: Practice) -> None:
    """The database remembers what the folder forgot."""
    placed = practice.core.orders.place(practice.order())
    practice.core.orders.cancel(placed.entry.AccessionNumber)
    for path in practice.worklist.path.iterdir():
        path.unlink()
    again = practice.again()

    assert (
        again.core.orders.place(again.order()).entry.AccessionNumber > placed.entry.AccessionNumber
    )


def test_a_clock_set_back_makes_no_double_click(practice: Practice) -> None:
    """An order of "tomorrow" is no reason to swallow one of today."""
    practice.core.orders.place(practice.order())
    practice.clock.seconds -= 3600
    again = practice.core.orders.place(practice.order())

    assert not again.repeated
    assert len(practice.core.orders.all()) == 2


class TestCleanUp:
    """An entry goes when its day is over or its study is here."""

    def test_a_study_by_uid(self, practice: Practice) -> None:
        """The study came with the UID of the entry."""
        placed = practice.core.orders.place(practice.order())
        practice.send(StudyInstanceUID=placed.entry.StudyInstanceUID, AccessionNumber="")

        assert practice.core.orders.clean().arrived == 1
        assert practice.core.orders.all() == ()

    def test_a_study_by_accession_number(self, practice: Practice) -> None:
        """The device made its own UID and kept the accession number."""
        placed = practice.core.orders.place(practice.order())
        practice.send(AccessionNumber=placed.entry.AccessionNumber)

        assert practice.core.orders.clean().arrived == 1

    def test_another_patients_study_removes_nothing(self, practice: Practice) -> None:
        """The number alone is not enough: the patient is still waiting."""
        placed = practice.core.orders.place(practice.order(patient_id="1"))
        practice.send(AccessionNumber=placed.entry.AccessionNumber)

        assert practice.core.orders.clean().arrived == 0
        assert len(practice.core.orders.all()) == 1

    def test_the_day_after(self, practice: Practice) -> None:
        """Yesterday's entry goes once it is old enough."""
        practice.core.orders.place(practice.order())

        assert practice.core.orders.clean().expired == 0
        practice.clock.seconds += 24 * 3600
        assert practice.core.orders.clean().expired == 1

    def test_what_was_put_off_meanwhile_stays(
        self, practice: Practice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An entry that somebody moves to today while the clean-up runs is not removed."""
        number = practice.core.orders.place(practice.order()).entry.AccessionNumber
        yesterday = practice.worklist.entries()
        practice.clock.seconds += 24 * 3600
        today = practice.order(scheduled=practice.clock.local())
        practice.core.orders.change(number, today)
        with monkeypatch.context() as patched:
            patched.setattr(practice.worklist, "entries", lambda: yesterday)
            assert practice.core.orders.clean().expired == 0

        assert len(practice.core.orders.all()) == 1

    def test_an_entry_that_cannot_go_keeps_no_other(
        self, practice: Practice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The folder refuses to delete one file; the others go all the same."""
        stuck = practice.core.orders.place(practice.order()).entry.AccessionNumber
        practice.core.orders.place(practice.order(patient_id="1"))
        practice.clock.seconds += 24 * 3600
        remove = practice.worklist.remove

        def refuse_one(accession: str, *, study_uid: str | None = None) -> bool:
            if accession == stuck:
                raise FolderError(
                    FolderUnusable.of(practice.worklist.path, PermissionError(13, "denied"))
                )
            return remove(accession, study_uid=study_uid)

        monkeypatch.setattr(practice.worklist, "remove", refuse_one)

        assert practice.core.orders.clean().expired == 1
        assert [entry.AccessionNumber for entry in practice.core.orders.all()] == [stuck]

    def test_night_duty(self, practice: Practice) -> None:
        """An entry of half an hour before midnight survives midnight."""
        practice.clock.seconds -= practice.clock.seconds % 86400 + 1800
        practice.core.orders.place(practice.order())
        practice.clock.seconds += 3600

        assert practice.core.orders.clean().expired == 0

    def test_files_of_others_stay(self, practice: Practice) -> None:
        """Foreign and broken files are left alone, however old."""
        strange = [practice.worklist.path / name for name in ("foreign.wl", "R1-x.wl", "note.txt")]
        for path in strange:
            path.write_bytes(b"not an entry")
        practice.clock.seconds += 10 * 86400
        practice.core.orders.clean()

        assert all(path.exists() for path in strange)


class TestWebhooks:
    """The house is told, after the fact and without being waited for."""

    @pytest.fixture
    def settings_text(self, httpserver: HTTPServer) -> str:
        """Call this test's own server."""
        return (
            f'[webhooks]\nworklist_added = "{httpserver.url_for("/light")}"\n'
            f'gdt_written = "{httpserver.url_for("/shutter")}"\n'
        )

    def test_an_order_calls_once(self, practice: Practice, httpserver: HTTPServer) -> None:
        """A double click dims the light once."""
        httpserver.expect_request("/light", method="GET").respond_with_data("ok")
        practice.core.orders.place(practice.order())
        practice.core.orders.place(practice.order())
        practice.outbox.deliver_due("worklist_added")
        practice.outbox.deliver_due("worklist_added")

        assert len(httpserver.log) == 1

    def test_a_result_calls_after_its_file(
        self, practice: Practice, httpserver: HTTPServer
    ) -> None:
        """The call is due only when the file lies there."""
        httpserver.expect_request("/shutter", method="GET").respond_with_data("ok")
        practice.send()
        practice.clock.seconds += practice.quiet
        practice.core.reporting.report_due()
        practice.outbox.deliver_due("gdt_written")
        assert len(httpserver.log) == 0
        practice.outbox.deliver_due("gdt")
        practice.outbox.deliver_due("gdt_written")

        assert len(httpserver.log) == 1

    def test_a_dead_house_stops_nobody(self, practice: Practice) -> None:
        """Orders are placed while nobody answers."""
        for number in range(3):
            practice.core.orders.place(practice.order(patient_id=str(number)))
        practice.outbox.deliver_due("worklist_added")

        assert len(practice.core.orders.all()) == 3


class TestHowFarItIs:
    """An order whose exam a device has begun."""

    def test_the_list_says_it(self, practice: Practice) -> None:
        """Devices, list and order tell it; a correction of the order does not forget it."""
        core = practice.core
        placed = core.orders.place(practice.order())
        start(practice, placed.entry)

        (entry,) = core.orders.all()
        assert entry == replace(placed.entry, ScheduledProcedureStepStatus=StepStatus.STARTED)
        corrected = core.orders.place(practice.order(given_name="Anna"))
        assert corrected.entry.ScheduledProcedureStepStatus == StepStatus.STARTED
        assert core.orders.all() == (corrected.entry,)
        assert [one.step_status for one in marked(practice)] == []

    def test_an_entry_that_was_removed_does_not_come_back(self, practice: Practice) -> None:
        """Somebody took it off the list while the device was at it."""
        core = practice.core
        placed = core.orders.place(practice.order())
        core.worklist.remove(placed.entry.AccessionNumber)
        start(practice, placed.entry)
        assert core.orders.all() == ()

    def test_what_is_marked_while_the_list_follows_is_followed_next(
        self, practice: Practice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A withdrawal opens an order again whose entry is just leaving the list."""
        core = practice.core
        placed = core.orders.place(practice.order())
        with core.database.write() as connection:
            order = store.order_by_number(connection, placed.entry.AccessionNumber)
            assert order is not None
            changes.close_order(connection, order.id, OrderState.DONE)
        real = core.worklist.remove

        def remove(*arguments: str, **options: str) -> bool:
            monkeypatch.undo()
            with core.database.write() as connection:
                changes.reopen_order(connection, placed.entry.AccessionNumber, order.patient.id)
            return real(*arguments, **options)

        monkeypatch.setattr(core.worklist, "remove", remove)
        for _ in range(2):
            core.order_book.follow_marked()
        assert core.orders.all() == (placed.entry,)

    def test_a_closed_order_stays_closed(self, practice: Practice) -> None:
        """A step of an order that left the list changes nothing."""
        core = practice.core
        placed = core.orders.place(practice.order())
        core.orders.cancel(placed.entry.AccessionNumber)
        start(practice, placed.entry)
        assert (core.orders.all(), marked(practice)) == ((), [])


def start(practice: Practice, entry: Entry) -> None:
    """Let a device begin an exam."""
    with practice.core.database.write() as connection:
        changes.set_step_status(connection, entry.AccessionNumber, StepStatus.STARTED)
    practice.core.order_book.follow_marked()


def marked(practice: Practice) -> list[Order]:
    """Return the orders the list still has to be told of."""
    with practice.core.database.read() as connection:
        return store.marked_orders(connection)
