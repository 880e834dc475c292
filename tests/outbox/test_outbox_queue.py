"""The queue on a real database: put, retries, order, expiry, status, questions."""

from __future__ import annotations

import errno
import importlib
import logging
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.errors import NotFound
from gdtbridge.outbox import FileNaming, GdtDrop, Message, Outbox, Sender
from gdtbridge.outbox.model import (
    ALARM_SECONDS,
    MAIL,
    Attempt,
    AttemptResult,
    DeliveryJournal,
    DeliveryState,
    OutgoingMessage,
)
from gdtbridge.outbox.retry import LONGEST_RETRY, retry_delay
from gdtbridge.outbox.store import ask_what_waits
from gdtbridge.outbox.worker import MOST_ATTEMPTS
from gdtbridge.schema import outbox as table
from tests.tools.clock import HandClock
from tests.tools.empty_database import open_database

HOOK = Attempt(AttemptResult.DELIVERED)
AWAY = Attempt(AttemptResult.LATER, "HTTP 503", away=True)


class Scripted:
    """A destination that answers as told, then with success."""

    kind = "webhook"
    naming = FileNaming.NONE
    keeps_payload = True

    def __init__(self, *answers: Attempt | Exception, lifetime: float | None = 600.0) -> None:
        self.answers = deque(answers)
        self.lifetime = lifetime
        self.seen: list[int] = []

    def deliver(
        self, messages: Sequence[OutgoingMessage], journal: DeliveryJournal, /
    ) -> Mapping[int, Attempt]:
        """Give the next answer to each."""
        return {one.id: self.answer(one) for one in messages}

    def answer(self, message: OutgoingMessage) -> Attempt:
        """Give the next answer."""
        self.seen.append(message.id)
        answer = self.answers.popleft() if self.answers else HOOK
        if isinstance(answer, Exception):
            raise answer
        return answer

    def clear(self, message: OutgoingMessage, /) -> None:
        """Leave nothing."""

    def sweep(self, owned: AbstractSet[str], /) -> None:
        """Leave nothing."""


class House:
    """A database, a GDT folder, a scripted hook and an outbox over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "out"
        self.folder.mkdir()
        self.database = open_database(folder / "db.sqlite")
        self.clock = HandClock()
        self.hook = Scripted()
        self.outbox = self.restart()

    def restart(self, **senders: Sender) -> Outbox:
        """Return (and use from now on) an outbox as a new process would make it."""
        served = senders or {"gdt": GdtDrop(self.folder), "hook": self.hook}
        self.outbox = Outbox(self.database, served, clock=self.clock)
        return self.outbox

    def put(self, message: Message) -> int:
        """Put in a transaction of its own."""
        with self.database.write() as connection:
            return self.outbox.put(connection, message)

    def row(self, outbox_id: int) -> sa.Row[tuple[object, ...]]:
        """Return the row of a message."""
        with self.database.read() as connection:
            return connection.execute(sa.select(table).where(table.c.id == outbox_id)).one()

    def state(self, outbox_id: int) -> DeliveryState:
        """Return the state of a message."""
        return DeliveryState(str(self.row(outbox_id).state))

    def files(self) -> dict[str, bytes]:
        """Return what an importer sees."""
        return {
            path.name: path.read_bytes()
            for path in self.folder.iterdir()
            if not path.name.startswith(".")
        }


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return a house with an empty outbox."""
    made = House(tmp_path)
    yield made
    made.database.close()


def gdt(key: str, name: str = "A.gdt", payload: bytes = b"") -> Message:
    """Return a file message."""
    return Message("gdt", "gdt", key, name, payload or key.encode())


def hook(key: str, after_id: int | None = None, expires_at: float | None = None) -> Message:
    """Return a webhook message."""
    return Message("webhook", "hook", key, "gdt_written", b"", after_id, expires_at)


# Putting


def test_put_twice_is_once(house: House) -> None:
    """The same destination and key return the same id, also after delivery; nothing changes."""
    first = house.put(gdt("exam 1", payload=b"one"))
    assert house.put(gdt("exam 1", name="B.gdt", payload=b"two")) == first
    house.outbox.deliver_due("gdt")
    assert house.put(gdt("exam 1", payload=b"three")) == first
    house.outbox.deliver_due("gdt")
    assert house.files() == {"A.gdt": b"one"}


def test_put_rolls_back_with_its_cause(house: House) -> None:
    """A message whose transaction fails never existed, and its name stays free."""
    with suppress(RuntimeError), house.database.write() as connection:
        house.outbox.put(connection, gdt("exam 1"))
        raise RuntimeError
    house.put(gdt("exam 2"))
    house.outbox.deliver_due("gdt")
    assert house.files() == {"A.gdt": b"exam 2"}


def test_names_are_given_once_for_ever(house: House) -> None:
    """Equal names, whatever their case, are numbered, also when the first file was collected."""
    names: list[str] = []
    for key, name in (("1", "A.gdt"), ("2", "a.GDT"), ("3", "A.gdt"), ("4", "A-2.gdt")):
        house.put(gdt(key, name))
        house.outbox.deliver_due("gdt")
        names.extend(house.files())
        for path in house.folder.iterdir():
            path.unlink()
    assert names == ["A.gdt", "a-2.GDT", "A-3.gdt", "A-2-2.gdt"]


def test_put_refuses_what_it_cannot_serve(house: House) -> None:
    """An unknown destination, another kind and an unsafe name are errors of the caller."""
    for message in (
        Message("gdt", "nowhere", "k", "A.gdt", b""),
        Message("webhook", "gdt", "k", "A.gdt", b""),
        gdt("k", name="../A.gdt"),
    ):
        with pytest.raises(ValueError, match=r"not a safe file name|destination"):
            house.put(message)


# Trying again


def test_retry_delay_grows_to_a_minute() -> None:
    """The delay doubles from a second to a minute, with a little jitter, for ever."""
    for failures, expected in ((1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (10**9, 60)):
        assert 0.9 * expected <= retry_delay(failures) <= 1.1 * expected


def test_share_gone_for_hours(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Files wait as long as the folder is away, which is logged once, and arrive when it is back.

    A folder made by nobody stays away: nothing was written to where it was.
    """
    away = house.folder.rename(house.folder.with_name("unmounted"))
    ids = [house.put(gdt(str(number))) for number in range(3)]
    for _ in range(200):
        assert house.outbox.deliver_due("gdt") == 0
        house.clock.turn(LONGEST_RETRY * 1.2)
    status = house.outbox.status()[0]
    assert (status.pending, status.last_error, status.alarm) == (3, "folder is missing", True)
    assert status.oldest_pending_age == pytest.approx(200 * 72)
    assert not house.folder.exists()
    away.rename(house.folder)
    assert house.outbox.deliver_due("gdt") == 3
    assert house.files() == {"A.gdt": b"0", "A-2.gdt": b"1", "A-3.gdt": b"2"}
    assert {house.state(outbox_id) for outbox_id in ids} == {DeliveryState.DELIVERED}
    assert caplog.messages == [
        "outbox gdt: not delivered (folder is missing), trying again",
        "outbox gdt: delivers again",
    ]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("function", ["create", "sync_folder", "rename_new", "compare"])
@pytest.mark.parametrize("done", [False, True], ids=["refused", "done but reported as failed"])
def test_fault_of_each_step(
    house: House, monkeypatch: pytest.MonkeyPatch, function: str, number: int, *, done: bool
) -> None:
    """Whatever step fails, before or after its effect, later exactly one file is there."""
    outbox_id = house.put(gdt("exam 1"))
    module = importlib.import_module("gdtbridge.outbox.gdt_drop")
    real = getattr(module, function)

    def fail(*arguments: object) -> None:
        if done:
            real(*arguments)
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(module, function, fail)
        assert house.outbox.deliver_due("gdt") == 0
    assert house.state(outbox_id) in {
        DeliveryState.PENDING,
        DeliveryState.WRITING,
        DeliveryState.RENAMING,
    }
    house.clock.turn(LONGEST_RETRY)
    assert house.outbox.deliver_due("gdt") == 1
    assert house.files() == {"A.gdt": b"exam 1"}
    assert len(list(house.folder.iterdir())) == 1


def test_retry_waits_for_its_time(house: House) -> None:
    """A failed message is not tried before its delay is over."""
    house.hook.answers.append(AWAY)
    house.put(hook("1"))
    house.outbox.deliver_due("hook")
    house.outbox.deliver_due("hook")
    assert len(house.hook.seen) == 1
    house.clock.turn(1.2)
    assert house.outbox.deliver_due("hook") == 1


def test_one_bad_message_stops_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A message that fails by itself, by a bug even, is retried while the others arrive."""
    house.restart(
        hook=Scripted(
            ZeroDivisionError("A4711"), Attempt(AttemptResult.LATER, "EACCES"), HOOK, HOOK
        )
    )
    ids = [house.put(hook(str(number))) for number in range(4)]
    assert house.outbox.deliver_due("hook") == 2
    assert [house.state(one) for one in ids] == [DeliveryState.PENDING] * 2 + [
        DeliveryState.DELIVERED
    ] * 2
    house.clock.turn(2)
    assert house.outbox.deliver_due("hook") == 2
    assert "A4711" not in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_away_ends_the_pass(house: House) -> None:
    """Once a destination does not answer, the others are not tried in the same pass."""
    house.hook.answers.append(AWAY)
    for number in range(5):
        house.put(hook(str(number)))
    assert house.outbox.deliver_due("hook") == 0
    assert len(house.hook.seen) == 1
    assert house.outbox.deliver_due("hook") == 4


def test_clock_stepping_back_postpones_little(house: House) -> None:
    """A clock set back by a year does not make a message wait for a year."""
    house.hook.answers.append(AWAY)
    house.put(hook("1"))
    house.outbox.deliver_due("hook")
    house.clock.step(-365 * 86400)
    assert house.outbox.deliver_due("hook") == 1


def test_unfinished_letters_come_first(house: House) -> None:
    """What a crash interrupted is taken up before what is new."""
    first, second = house.put(hook("1")), house.put(hook("2"))
    with house.database.write() as connection:
        connection.execute(sa.update(table).where(table.c.id == second).values(state="renaming"))
    outbox = house.restart()
    outbox.start()
    outbox.stop(10)
    outbox = house.restart()
    outbox.deliver_due("hook")
    assert set(house.hook.seen) == {first, second}
    assert house.hook.seen[0] == second


# After another message, and the end of patience


def test_after_waits_for_delivery(house: House) -> None:
    """The call that tells of a file goes out only once the file is there, however late."""
    house.folder.rmdir()
    file_id = house.put(gdt("exam 1"))
    hook_id = house.put(hook("exam 1", after_id=file_id))
    for _ in range(60):
        house.outbox.deliver_due("gdt")
        assert house.outbox.deliver_due("hook") == 0
        house.clock.turn(61)
    assert house.outbox.status()[1].oldest_pending_age == 0
    house.folder.mkdir()
    house.clock.turn(10)
    assert house.outbox.deliver_due("gdt") == 1
    house.clock.turn(500)
    assert house.outbox.deliver_due("hook") == 1
    assert house.state(hook_id) is DeliveryState.DELIVERED


def test_after_has_its_own_life(house: House) -> None:
    """The life of a waiting call begins with the delivery it waits for, and ends."""
    file_id = house.put(gdt("exam 1"))
    hook_id = house.put(hook("exam 1", after_id=file_id))
    house.outbox.deliver_due("gdt")
    house.clock.turn(601)
    assert house.outbox.deliver_due("hook") == 0
    assert house.state(hook_id) is DeliveryState.FAILED


def test_after_a_delivered_message_goes_at_once(house: House) -> None:
    """What follows a message already delivered does not wait."""
    file_id = house.put(gdt("exam 1"))
    house.outbox.deliver_due("gdt")
    house.put(hook("exam 1", after_id=file_id))
    assert house.outbox.deliver_due("hook") == 1


def test_failure_takes_along_what_waits(house: House) -> None:
    """What waits for a message that was given up, or waits in a row behind it, is given up."""
    house.hook.answers.append(Attempt(AttemptResult.FAILED, "HTTP 404"))
    first = house.put(hook("1"))
    second = house.put(hook("2", after_id=first))
    third = house.put(hook("3", after_id=second))
    house.outbox.deliver_due("hook")
    late = house.put(hook("4", after_id=third))
    states = [house.state(one) for one in (first, second, third, late)]
    assert states == [DeliveryState.FAILED] * 4
    assert house.row(first).last_error == "HTTP 404"


def test_stale_calls_do_not_go_out(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """After hours of standstill a call about then is given up with one line in the log."""
    outbox_id = house.put(hook("1"))
    house.clock.turn(4 * 3600)
    house.restart()
    assert house.outbox.deliver_due("hook") == 0
    assert house.hook.seen == []
    assert house.row(outbox_id).last_error == "expired"
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_given_expiry_counts(house: House) -> None:
    """An expiry of the message itself takes the place of the sender's."""
    early = house.put(hook("1", expires_at=house.clock.utc() + 5))
    late = house.put(hook("2", expires_at=house.clock.utc() + 5000))
    house.clock.turn(1000)
    assert house.outbox.deliver_due("hook") == 1
    assert (house.state(early), house.state(late)) == (
        DeliveryState.FAILED,
        DeliveryState.DELIVERED,
    )


def test_attempts_bound_a_call_when_the_clock_does_not(house: House) -> None:
    """A call is given up after a number of attempts even when the clock runs backwards."""
    house.hook.answers.extend([AWAY] * 100)
    outbox_id = house.put(hook("1"))
    for _ in range(100):
        house.outbox.deliver_due("hook")
        house.clock.step(-3600)
    assert house.state(outbox_id) is DeliveryState.FAILED
    assert len(house.hook.seen) == MOST_ATTEMPTS


def test_files_never_expire(house: House) -> None:
    """A result waits for years."""
    house.put(gdt("exam 1"))
    house.clock.turn(3 * 365 * 86400)
    assert house.outbox.deliver_due("gdt") == 1


# What a person sees


def test_status_of_an_idle_house(house: House) -> None:
    """Every destination is listed, also one that never had a message."""
    statuses = house.outbox.status()
    assert [(one.destination, one.kind, one.pending) for one in statuses] == [
        ("gdt", "gdt", 0),
        ("hook", "webhook", 0),
    ]
    assert not any(one.alarm for one in statuses)
    assert all(one.last_delivered_at is None for one in statuses)


def test_status_figures(house: House) -> None:
    """Counts, age, last error and last delivery are those of the destination."""
    house.put(gdt("exam 1"))
    house.outbox.deliver_due("gdt")
    delivered_at = house.clock.utc()
    house.hook.answers.extend([Attempt(AttemptResult.FAILED, "HTTP 404"), AWAY])
    house.put(hook("1"))
    house.put(hook("2"))
    house.outbox.deliver_due("hook")
    house.clock.turn(ALARM_SECONDS + 1)
    files, hooks = house.outbox.status()
    assert (files.pending, files.last_delivered_at, files.alarm) == (0, delivered_at, False)
    assert (hooks.pending, hooks.failed, hooks.last_error) == (1, 1, "HTTP 503")
    assert not hooks.alarm  # it will be given up; nothing of a patient is waiting
    assert "1 wartend (seit 5 min)" in hooks.sentence
    assert hooks.sentence.endswith("[HTTP 503]")


def test_destination_no_longer_in_the_settings(house: House) -> None:
    """Messages to a destination that is gone from the settings are shown and kept, or expire."""
    file_id, hook_id = house.put(gdt("exam 1")), house.put(hook("1"))
    house.restart(other=Scripted())
    house.clock.turn(700)
    assert house.outbox.deliver_due("gdt") == 0
    assert house.outbox.deliver_due("hook") == 0
    status = {one.destination: one for one in house.outbox.status()}
    assert status["gdt"].last_error.startswith("steht nicht mehr in den Einstellungen / ")
    assert status["gdt"].alarm
    assert house.state(hook_id) is DeliveryState.FAILED
    house.restart()
    house.clock.turn(LONGEST_RETRY * 1.2)
    assert house.outbox.deliver_due("gdt") == 1
    assert house.state(file_id) is DeliveryState.DELIVERED


def test_question_of_a_destination_no_longer_in_the_settings(house: House) -> None:
    """It stays an alarm: what waits for the answer would wait for ever in silence."""
    number = _question(house)
    house.restart(other=Scripted())
    status = {one.destination: one for one in house.outbox.status()}
    assert status["gdt"].alarm
    house.outbox.answer(number, arrived=True)
    assert house.state(number) is DeliveryState.DELIVERED


def _question(house: House) -> int:
    """Return a message of which nothing tells whether it arrived."""
    outbox_id = house.put(gdt("exam 1", payload=b"result"))
    with house.database.write() as connection:
        connection.execute(
            sa.update(table).values(state="renaming", temporary_name=".gdtbridge-1-aa.tmp")
        )
    house.outbox.deliver_due("gdt")
    assert house.state(outbox_id) is DeliveryState.QUESTION
    return outbox_id


def test_question_is_shown_and_never_sent_by_itself(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A question is an alarm, is logged without the name, and nothing goes out unasked."""
    outbox_id = _question(house)
    (question,) = house.outbox.questions()
    assert (question.id, question.destination, question.final_name) == (outbox_id, "gdt", "A.gdt")
    assert house.outbox.status()[0].alarm
    assert "A.gdt" not in caplog.text
    house.clock.turn(10**6)
    house.restart()
    assert house.outbox.deliver_due("gdt") == 0
    assert house.files() == {}


def test_answer_arrived(house: House) -> None:
    """A person who found the result closes the question; what waited for it goes."""
    outbox_id = _question(house)
    house.put(hook("exam 1", after_id=outbox_id))
    assert house.outbox.deliver_due("hook") == 0
    house.outbox.answer(outbox_id, arrived=True)
    assert house.outbox.deliver_due("gdt") == 0
    assert house.outbox.deliver_due("hook") == 1
    assert house.outbox.questions() == ()


def test_answer_send_again(house: House) -> None:
    """A person who missed the result has it sent again, once."""
    outbox_id = _question(house)
    house.outbox.answer(outbox_id, arrived=False)
    assert house.outbox.deliver_due("gdt") == 1
    assert house.files() == {"A.gdt": b"result"}
    with pytest.raises(NotFound):
        house.outbox.answer(outbox_id, arrived=False)


def test_nothing_of_a_patient_in_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Name, key and content of a message stay out of the log through failure and success."""
    caplog.set_level(logging.DEBUG)
    away = house.folder.rename(house.folder.with_name("away"))
    house.put(gdt("key-A4711", "name-A4711.gdt", b"Mustermann A4711"))
    house.outbox.deliver_due("gdt")
    away.rename(house.folder)
    (house.folder / "name-A4711.gdt").write_bytes(b"foreign")
    house.clock.turn(60)
    assert house.outbox.deliver_due("gdt") == 1
    assert caplog.records
    assert "A4711" not in caplog.text


# Bringing a copy back


def test_what_waited_when_a_copy_was_made_is_asked(house: House) -> None:
    """By the name the file would have got; a call is given up, a mail leaves all the same."""
    post = Scripted(lifetime=None)
    post.kind = MAIL
    house.restart(gdt=GdtDrop(house.folder), hook=house.hook, mail=post)
    file, call = house.put(gdt("exam 1")), house.put(hook("exam 1"))
    mail = house.put(Message(MAIL, MAIL, "new", "mail", b""))
    with house.database.write() as connection:
        ask_what_waits(connection)

    (question,) = house.outbox.questions()
    assert (question.id, question.final_name) == (file, "A.gdt")
    assert house.state(call) is DeliveryState.FAILED
    assert house.state(mail) is DeliveryState.PENDING
