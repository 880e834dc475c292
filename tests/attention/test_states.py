"""Each state that needs somebody is caused for real, seen on every channel, and ends."""

from __future__ import annotations

import copy
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pydicom
import pytest
import sqlalchemy as sa

from gdtbridge.attention.kinds import KINDS
from gdtbridge.commitment import promises
from gdtbridge.confirmation.book import LOOK_AGAIN_SECONDS
from gdtbridge.errors import DatabaseUnavailable
from gdtbridge.folders.silence import SILENT_SECONDS
from gdtbridge.orders import store as order_store
from gdtbridge.outbox import HOUSE, NOT_MOUNTED
from gdtbridge.schema import outbox
from tests.commitment.asking import Asking, referenced
from tests.confirmation.copies import Copies
from tests.sr.builder import measured
from tests.tools.certificate import GOOD_YEARS, Pair, make_dated
from tests.tools.desk import HOUR, Desk
from tests.tools.elements import element, identification
from tests.tools.pickup import PickupDesk
from tests.tools.ports import free_port
from tests.tools.practice import Reports
from tests.tools.reception import record
from tests.tools.steps import STUDY, StepDevice, begun
from tests.tools.storage_peer import StoragePeer
from tests.tools.waiting import wait_for

DAY = 24 * HOUR
WIDE = """
[gdt]
dialect = "own"
[dialects.own]
base = "gdt21"
values = "text"
comment_width = 990
"""
"""A dialect whose text lines are as long as GDT allows: those of one value may fill a record."""
PACS_PORT = free_port()
FORWARDING = f"""
[[peer]]
aet = "PACS"
host = "127.0.0.1"
port = {PACS_PORT}
[[forward]]
to = "PACS"
"""
PICKUP = '[[pickup]]\nfolder = "usb"\nafter = "move"\n'
REPORT = "1.2.840.10008.5.1.4.1.1.88.33"
PROJECT = Path(__file__).resolve().parents[2]
IMPATIENT = {"BUSY": 0.2, "LATE": 0.05, "LONG": 0.1, "STEP": 0.05}
"""Seconds the service waits for a locked database in these tests."""


@dataclass(frozen=True, slots=True)
class State:
    """How a state begins and how it ends."""

    begin: Callable[[Desk], object]
    end: Callable[[Desk], object]
    look_after: float = 1
    """Seconds between its beginning and the look that finds it."""
    late: frozenset[str] = frozenset()
    """Channels that the state itself keeps from telling until it ends."""
    silent: frozenset[str] = frozenset()
    """Channels that never tell of it: those that do not work just then."""
    table: str = ""
    """Settings without which it does not happen, as TOML."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every wait for the database be short, and six exams be a backlog."""
    for name, seconds in IMPATIENT.items():
        monkeypatch.setattr(f"gdtbridge.database.writer_lock.{name}_SECONDS", seconds)
    monkeypatch.setattr("gdtbridge.attention.sources.BACKLOG_EXAMS", 5)


def _held(desk: Desk) -> None:
    desk.practice.send(StudyInstanceUID="2.25.7", AccessionNumber="", PatientID="")
    desk.practice.wait()


def _released(desk: Desk) -> None:
    desk.practice.core.held.release("2.25.7", "4711")
    desk.practice.wait()


def _corrected(desk: Desk) -> None:
    for values in ({}, {"PatientID": "815", "PatientName": "Weiß^Jo"}):
        desk.practice.send(SOPInstanceUID="2.25.1", **values)
        desk.practice.wait()


def _accepted(desk: Desk) -> None:
    desk.practice.core.corrections.accept("2.25.1000", person=2)
    desk.practice.wait()


def _overdue(desk: Desk) -> None:
    desk.practice.send()
    desk.practice.clock.turn(desk.practice.quiet + 301)


def _order_refused(desk: Desk) -> None:
    desk.reception.drop(record(f3000=None))
    desk.reception.look(seconds=61)


def _other_file(desk: Desk) -> None:
    desk.reception.drop(record(f8315="EKG_TYP1"), "EKG.GDT")
    desk.reception.look(seconds=HOUR + 1)


def _other_file_removed(desk: Desk) -> None:
    (desk.reception.folder / "EKG.GDT").unlink()
    desk.reception.look()


def _no_image(desk: Desk) -> None:
    pickup = PickupDesk(desk.practice)
    (pickup.folder / "a.dcm").write_bytes(b"")
    pickup.look(301)


def _no_image_removed(desk: Desk) -> None:
    pickup = PickupDesk(desk.practice)
    for path in (pickup.folder / "gdtbridge-refused").iterdir():
        path.unlink()
    pickup.watch.look()


def _closed(desk: Desk) -> None:
    pickup = PickupDesk(desk.practice)
    (pickup.folder / "gdtbridge-taken").write_bytes(b"no folder")
    pickup.drop("a.dcm", "2.25.4711")
    pickup.look()
    desk.practice.wait()  # or its exam is overdue


def _opened(desk: Desk) -> None:
    pickup = PickupDesk(desk.practice)
    (pickup.folder / "gdtbridge-taken").unlink()
    pickup.watch.look()
    pickup.watch.look()


def _odd_name(desk: Desk) -> None:
    desk.reception.drop(record(f3101="M?ller"))
    desk.reception.look()


def _order_gone(desk: Desk) -> None:
    desk.practice.core.orders.cancel(desk.reception.entry.AccessionNumber)


def _master_data(desk: Desk) -> None:
    desk.reception.drop(record("6301"))
    desk.reception.look()


def _ordered_after_all(desk: Desk) -> None:
    desk.practice.core.orders.place(desk.practice.order())


def _file_removed(desk: Desk) -> None:
    for file in desk.practice.settings.refused_folder.iterdir():
        file.unlink()


def _asked(desk: Desk) -> None:
    desk.practice.send()
    desk.practice.wait()
    with desk.practice.database.write() as connection:
        connection.execute(sa.update(outbox).values(state="question", final_name="A.gdt"))


def _answered(desk: Desk) -> None:
    for one in desk.practice.outbox.questions():
        desk.practice.outbox.answer(one.id, arrived=True)


def _stuck(desk: Desk) -> None:
    (desk.practice.out / NOT_MOUNTED).touch()
    desk.practice.send()
    desk.practice.wait()


def _freed(desk: Desk) -> None:
    (desk.practice.out / NOT_MOUNTED).unlink()
    desk.practice.wait(61)


def _forgotten(desk: Desk) -> None:
    """One result is collected, the next lies."""
    for number in (1, 2):
        desk.practice.send(StudyInstanceUID=f"2.25.{number}", SOPInstanceUID=f"2.25.{number}.1")
        desk.practice.wait()
        desk.practice.wait(4)
        if number == 1:
            _collect(desk)


def _collect(desk: Desk) -> None:
    for file in desk.practice.out.glob("*.gdt"):
        file.unlink()
    desk.practice.wait(61)


def _put_away(desk: Desk) -> None:
    desk.practice.out.rename(desk.practice.out.with_name("away"))
    desk.practice.send()
    desk.practice.wait()


def _put_back(desk: Desk) -> None:
    desk.practice.out.with_name("away").rename(desk.practice.out)
    desk.practice.wait(61)


def _odd_file(desk: Desk) -> None:
    (desk.practice.worklist.path / "broken.wl").write_bytes(b"nothing")
    desk.practice.worklist.refresh()


def _odd_file_removed(desk: Desk) -> None:
    (desk.practice.worklist.path / "broken.wl").unlink()
    desk.practice.worklist.refresh()


def _order(desk: Desk) -> None:
    desk.reception.drop(record())
    assert desk.reception.look() == 1


def _store_refused(desk: Desk) -> None:
    desk.hide_archive()
    assert desk.send() == 0x0110
    desk.show_archive()


def _another_sent(desk: Desk) -> None:
    assert desk.send(identification(SOPInstanceUID="2.25.8")) == 0xA900


def _many_due(desk: Desk) -> None:
    for number in range(6):
        desk.practice.send(StudyInstanceUID=f"2.25.9{number}")
    desk.practice.clock.turn(desk.practice.quiet + 61)


def _reported(desk: Desk) -> None:
    desk.practice.wait()
    desk.practice.wait()


def _growing(desk: Desk) -> None:
    desk.mount("size=200m")
    desk.practice.core.forecast.keep()
    desk.fill(60)
    desk.practice.clock.turn(3 * DAY)


def _jumped(desk: Desk) -> None:
    desk.practice.clock.step(3600)
    desk.practice.core.clock_watch.look()


def _mail_refused(desk: Desk) -> None:
    desk.mail.refuse = "550 5.1.1 nobody"
    _held(desk)
    desk.look()


def _mail_taken(desk: Desk) -> None:
    desk.mail.refuse = ""


def _unreadable(desk: Desk) -> None:
    desk.practice.send(SOPClassUID=REPORT)
    desk.practice.wait()


def _cut_off(desk: Desk) -> None:
    names = {"SOPInstanceUID": "2.25.77", "SOPClassUID": REPORT}
    content = element(0x0040A730, b"SQ", b"", length=4000)
    desk.practice.send_dataset(identification(**names) + content, **names)
    desk.practice.wait()


def _garbled(desk: Desk) -> None:
    """Send a report of which one number may mean two things."""

    def change(dataset: pydicom.Dataset) -> None:
        value = dataset.ContentSequence[4].ContentSequence[1].ContentSequence[3]
        value.MeasuredValueSequence = [measured("1,234", "cm")]

    Reports(PROJECT, desk.practice, desk.practice.folder).send("echo.dcm", change)
    desk.practice.wait()


def _too_long(desk: Desk) -> None:
    """Send a report of which one value has more remarks than a record of GDT can hold."""

    def change(dataset: pydicom.Dataset) -> None:
        value = dataset.ContentSequence[4].ContentSequence[1].ContentSequence[3]
        (said,) = value.ContentSequence
        for number in range(128):
            more = copy.deepcopy(said)
            more.RelationshipType = ("HAS PROPERTIES", "HAS CONCEPT MOD")[number % 2]
            for code in (more.ConceptNameCodeSequence[0], more.ConceptCodeSequence[0]):
                code.CodeValue = f"{number}"
                code.CodeMeaning = f"{number} {'n' * 500}"
            value.ContentSequence.append(more)

    Reports(PROJECT, desk.practice, desk.practice.folder).send("echo.dcm", change)
    desk.practice.wait()


def _seen(desk: Desk) -> None:
    (exam,) = desk.practice.core.overview.exams()
    desk.practice.core.corrections.accept(exam.study_instance_uid)


def _archive_away(desk: Desk) -> None:
    folder = desk.practice.archive.folder
    folder.rename(folder.with_name("hidden"))
    desk.look(1)  # once may be chance


def _archive_back(desk: Desk) -> None:
    folder = desk.practice.archive.folder
    folder.with_name("hidden").rename(folder)


def _locked(desk: Desk) -> None:
    desk.lock()
    with suppress(DatabaseUnavailable), desk.practice.database.write():
        pass


def _unlocked(desk: Desk) -> None:
    desk.unlock()
    with desk.practice.database.write():
        pass
    desk.look()  # who could not be told is told now
    desk.forget_lock()


def _another_folder(desk: Desk) -> None:
    desk.practice.send()
    desk.practice.wait()
    out = desk.practice.out
    out.rename(out.with_name("before"))
    out.with_name("new").mkdir()
    out.symlink_to(out.with_name("new"))
    desk.practice.send(StudyInstanceUID="2.25.8", SOPInstanceUID="2.25.81")
    desk.practice.wait()


def _folder_accepted(desk: Desk) -> None:
    desk.practice.outbox.accept_places()
    desk.practice.wait(61)


def _house_refuses(desk: Desk) -> None:
    desk.house_status = 405
    _held(desk)
    desk.look()


def _house_answers(desk: Desk) -> None:
    desk.house_status = 200
    desk.practice.core.webhooks.again("house")
    desk.practice.outbox.deliver_due(f"{HOUSE}house")  # before they are too old
    _released(desk)


def _asked_folders() -> int:
    return sum(one.name == "folder" for one in threading.enumerate())


def _hangs(desk: Desk) -> None:
    silence = desk.practice.core.silence
    desk.share_orders().hang()
    silence.look()
    wait_for(lambda: _asked_folders() == 1, what="the folders that answer")
    desk.practice.clock.turn(SILENT_SECONDS)
    silence.look()


def _answers(desk: Desk) -> None:
    silence = desk.practice.core.silence
    desk.orders_share.answer()
    wait_for(lambda: not _asked_folders(), what="the folder that hung")
    silence.look()


def _asks_for_another_station(desk: Desk) -> None:
    desk.practice.core.orders.place(desk.practice.order())
    assert [desk.ask("US09") for _ in range(3)] == [0, 0, 0]


def _asks_for_all(desk: Desk) -> None:
    assert desk.ask("*") == 1


def _committed(desk: Desk, aet: str = "US01") -> Asking:
    """Have a device ask about an object that it sent."""
    asking = Asking(desk.practice)
    asking.send("2.25.11")
    desk.practice.wait()
    asking.ask(referenced("2.25.11"), aet=aet)
    asking.wait()
    return asking


def _unanswered(desk: Desk, aet: str) -> None:
    _committed(desk, aet)
    _copied(desk)


def _copied(desk: Desk) -> None:
    with desk.practice.database.write() as connection:
        promises.note_backup(connection, desk.practice.clock.utc())


def _ended(desk: Desk) -> None:
    for one in desk.practice.core.commitments.overview(only_open=True):
        desk.practice.core.commitments.end(one.id)


def _damaged(desk: Desk) -> None:
    asking = _committed(desk)
    file = asking.file("2.25.11")
    file.rename(file.with_suffix(".away"))
    asking.ask(referenced("2.25.11"), "2.25.2")
    asking.wait()
    _ended(desk)
    _copied(desk)


def _repaired(desk: Desk) -> None:
    file = Asking(desk.practice).file("2.25.11")
    file.with_suffix(".away").rename(file)


def _alone(desk: Desk) -> None:
    _committed(desk)
    _ended(desk)


def _nothing(desk: Desk) -> None:
    """Leave it to time."""


def _announced(desk: Desk) -> None:
    device = StepDevice(desk.practice)
    device.begin()
    device.end("2.25.501")


def _completed(desk: Desk) -> None:
    """Have a device say that an order is done, and not what it made of it."""
    entry = desk.practice.core.orders.place(desk.practice.order()).entry
    device = StepDevice(desk.practice)
    device.begin(begun(entry.StudyInstanceUID))
    device.end()


def _order_accepted(desk: Desk) -> None:
    with desk.practice.database.read() as connection:
        (order,) = order_store.latest_orders(connection, 0.0)
    desk.practice.core.corrections.accept(order.study_instance_uid)


def _contradicted(desk: Desk) -> None:
    desk.practice.send(AccessionNumber="")
    desk.practice.wait()
    StepDevice(desk.practice).begin(begun(PatientID="4712"))


def _exam_to_forward(desk: Desk) -> None:
    desk.practice.send(StudyInstanceUID="2.25.7", SOPInstanceUID="2.25.7.1", AccessionNumber="")
    desk.practice.wait()
    desk.practice.outbox.deliver_due("forward:PACS")


def _ended_forwarding(desk: Desk) -> None:
    desk.practice.core.forward.end(to="PACS")


def _copy_refused(desk: Desk) -> None:
    with StoragePeer(PACS_PORT, answer=lambda _: 0xC000).listening():
        _exam_to_forward(desk)


def _corrected_after_forwarding(desk: Desk) -> None:
    corrections = desk.practice.core.corrections
    with StoragePeer(PACS_PORT).listening():
        _exam_to_forward(desk)
        corrections.withdraw("2.25.7", "4711", "falsche Akte", to="4713", confirmed=True)
        desk.practice.wait()
        desk.practice.outbox.deliver_due("forward:PACS")


def _corrected_there(desk: Desk) -> None:
    for one in desk.practice.core.forward.mistakes():
        desk.practice.core.forward.corrected(one.id)


def _step_accepted(desk: Desk) -> None:
    desk.practice.core.corrections.accept(STUDY)


PACS_TABLE = """
[[peer]]
aet = "PACS"
host = "127.0.0.1"
[[forward]]
to = "PACS"
"""


def _unconfirmed(desk: Desk) -> None:
    """Send an exam on to an archive that does not say whether it keeps it."""
    copies = Copies(desk.practice)
    copies.forward("2.25.81")
    desk.practice.wait()
    copies.ask()


def _confirmed(desk: Desk) -> None:
    copies = Copies(desk.practice)
    copies.shelf.kept, copies.shelf.reports_at_once = {"2.25.81"}, True
    copies.ask(DAY)


def _lost(desk: Desk) -> None:
    """Send an exam on to an archive that takes everything and keeps one of two objects."""
    copies = Copies(desk.practice)
    copies.shelf.kept, copies.shelf.reports_at_once = {"2.25.82"}, True
    copies.forward("2.25.81", "2.25.82")
    desk.practice.wait()
    while "failed" not in copies.states().values():
        copies.ask(LOOK_AGAIN_SECONDS)
        copies.deliver()


def _given_up(desk: Desk) -> None:
    desk.practice.core.forward.end(to="PACS")


ENCRYPTED = """
[dicom]
tls_port = 2762
tls_certificate = "own.pem"
tls_key = "own-key.pem"
"""
"""Settings that name a certificate."""


def _good_until(day: datetime) -> Callable[[Desk], None]:
    """Return what puts a certificate in place that ends on a day."""

    def renew(desk: Desk) -> None:
        folder = desk.practice.folder
        ca = Pair(folder / "ca.pem", folder / "ca-key.pem")
        new = make_dated(folder, "new", ca, datetime(2024, 1, 1, tzinfo=UTC), day)
        new.key.rename(folder / "own-key.pem")
        new.certificate.rename(folder / "own.pem")

    return renew


def _half_renewed(desk: Desk) -> None:
    desk.practice.core.encryption.check()  # as the start does
    shutil.copy(desk.practice.folder / "ca.pem", desk.practice.folder / "own.pem")


_renewed = _good_until(GOOD_YEARS[1])


STATES = {
    "forward-unconfirmed": State(
        _unconfirmed, _confirmed, look_after=26 * HOUR + 1, table=PACS_TABLE
    ),
    "forward-lost": State(_lost, _given_up, table=PACS_TABLE),
    "certificate-ends": State(
        _good_until(datetime(2027, 2, 1, tzinfo=UTC)), _renewed, table=ENCRYPTED
    ),
    "certificate-ended": State(
        _good_until(datetime(2027, 1, 1, tzinfo=UTC)), _renewed, table=ENCRYPTED
    ),
    "certificate-unusable": State(_half_renewed, _renewed, table=ENCRYPTED),
    "step-instances-missing": State(_announced, _step_accepted, look_after=HOUR + 1),
    "order-without-images": State(_completed, _order_accepted, look_after=HOUR + 1),
    "step-contradicts": State(_contradicted, _step_accepted),
    "held-exam": State(_held, _released),
    "correction-waiting": State(_corrected, _accepted),
    "exam-overdue": State(_overdue, _reported),
    "order-refused": State(_order_refused, _file_removed),
    "order-file-left": State(_other_file, _other_file_removed),
    "pickup-refused": State(_no_image, _no_image_removed, table=PICKUP),
    "pickup-stuck": State(_closed, _opened, look_after=601, table=PICKUP),
    "order-remark": State(_odd_name, _order_gone),
    "master-data-alone": State(_master_data, _ordered_after_all, look_after=301),
    "outbox-question": State(_asked, _answered),
    "outbox-stuck": State(_stuck, _freed, look_after=301, late=frozenset({"gdt"})),
    "results-uncollected": State(_forgotten, _collect, look_after=DAY + 61),
    "place-missing": State(_put_away, _put_back, look_after=301, late=frozenset({"gdt"})),
    "mail-refused": State(_mail_refused, _mail_taken, look_after=HOUR, silent=frozenset({"mail"})),
    "worklist-file": State(_odd_file, _odd_file_removed),
    "orders-silent": State(_order, _order, look_after=5 * DAY),
    "stores-refused": State(_store_refused, _nothing),
    "object-refused": State(_another_sent, _nothing),
    "device-refused": State(lambda desk: desk.knock("THIEF"), lambda d: d.practice.clock.turn(DAY)),
    "clock-jumped": State(_jumped, lambda desk: desk.practice.clock.turn(DAY)),
    "list-empty": State(_asks_for_another_station, _asks_for_all),
    "forward-waiting": State(
        _exam_to_forward, _ended_forwarding, look_after=HOUR + 1, table=FORWARDING
    ),
    "forward-stuck": State(
        _exam_to_forward, _ended_forwarding, look_after=DAY + 1, table=FORWARDING
    ),
    "forward-failed": State(_copy_refused, _ended_forwarding, table=FORWARDING),
    "forward-wrong-copy": State(_corrected_after_forwarding, _corrected_there, table=FORWARDING),
    "backlog": State(_many_due, _reported),
    "disk-low": State(lambda desk: desk.mount("size=20m"), Desk.unmount),
    "disk-full": State(lambda desk: desk.mount("size=5m"), Desk.unmount),
    "disk-forecast": State(_growing, Desk.unmount),
    "inodes-low": State(lambda desk: desk.mount("size=100m,nr_inodes=500"), Desk.unmount),
    "inodes-exhausted": State(lambda desk: desk.mount("size=100m,nr_inodes=20"), Desk.unmount),
    "report-unreadable": State(_unreadable, _seen),
    "report-incomplete": State(_cut_off, _seen),
    "report-losses": State(_garbled, _seen),
    "report-unwritable": State(_too_long, _seen, table=WIDE),
    "commitment-address": State(lambda d: _unanswered(d, "US01"), _ended, look_after=601),
    "commitment-waiting": State(lambda d: _unanswered(d, "US77"), _ended, look_after=DAY + 1),
    "object-damaged": State(_damaged, _repaired),
    "only-copy": State(_alone, _copied),
    "not-looked": State(_archive_away, _archive_back),
    "folder-silent": State(_hangs, _answers),
    # notes lie in the folder of the practice software, which is another one
    "place-changed": State(_another_folder, _folder_accepted, late=frozenset({"gdt"})),
    "webhook-refused": State(
        _house_refuses, _house_answers, look_after=HOUR, late=frozenset({"house"})
    ),
    # what is sent stands in the database first
    "database-locked": State(
        _locked, _unlocked, late=frozenset({"webhook", "house", "mail", "gdt"})
    ),
}


@pytest.mark.parametrize(
    ("code", "desk"),
    [(code, state.table) for code, state in STATES.items()],
    ids=STATES,
    indirect=["desk"],
)
def test_a_state_is_seen_on_every_channel_until_it_ends(desk: Desk, code: str) -> None:
    """Everywhere when it begins, nowhere when it has ended."""
    desk.look()
    assert not any(desk.channels(code).values())
    state = STATES[code]
    state.begin(desk)
    desk.look(state.look_after)
    assert {name for name, tells in desk.channels(code).items() if not tells} == (
        state.late | state.silent
    )
    assert not desk.is_resolved(code)

    state.end(desk)
    desk.look()
    desk.look()
    told = desk.channels(code)
    over = ("list", "readyz", "check", "mail", "metrics")
    assert [name for name in over if told[name]] == []
    if not state.silent:
        assert "Alles erledigt. / All is done." in desk.last_mail()
    ever = told | {"mail": desk.was_mailed(code)}
    assert [name for name in state.late if not ever[name]] == []
    assert desk.is_resolved(code)
    assert f"attention {code} ends" in desk.logged()


def test_every_state_is_tried() -> None:
    """A kind without a row would be told by hearsay."""
    assert STATES.keys() == KINDS.keys()
