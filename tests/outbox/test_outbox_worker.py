"""The workers: real threads, a real folder, a real server; and what stops them."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from gdtbridge.database import Database
from gdtbridge.durable import SystemClock
from gdtbridge.outbox import FileNaming, GdtDrop, Message, Outbox, Sender, Webhook
from gdtbridge.outbox.model import Attempt, AttemptResult, DeliveryJournal, OutgoingMessage
from gdtbridge.schema import outbox as table
from tests.tools.empty_database import open_database
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # waits for a clock


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return a fresh database."""
    opened = open_database(tmp_path / "db.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder the practice software empties."""
    made = tmp_path / "out"
    made.mkdir()
    return made


Serve = Callable[[dict[str, Sender]], Outbox]


@pytest.fixture
def serve(database: Database) -> Iterator[Serve]:
    """Return a function that starts an outbox; all are stopped at the end."""
    started: list[Outbox] = []

    def start(senders: dict[str, Sender]) -> Outbox:
        outbox = Outbox(database, senders)
        outbox.start()
        started.append(outbox)
        return outbox

    yield start
    for outbox in started:
        outbox.stop(5)


class Hanging:
    """A share that hangs in the kernel until released."""

    kind = "gdt"
    naming = FileNaming.ONCE
    keeps_payload = True
    lifetime = None

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.released = threading.Event()

    def deliver(
        self, messages: Sequence[OutgoingMessage], journal: DeliveryJournal, /
    ) -> Mapping[int, Attempt]:
        """Hang."""
        self.entered.set()
        self.released.wait(60)
        return {one.id: Attempt(AttemptResult.DELIVERED) for one in messages}

    def clear(self, message: OutgoingMessage, /) -> None:
        """Leave nothing."""

    def sweep(self, owned: AbstractSet[str], /) -> None:
        """Leave nothing."""


def put(database: Database, outbox: Outbox, *messages: Message) -> list[int]:
    """Put in one transaction and wake the workers."""
    with database.write() as connection:
        ids = [outbox.put(connection, message) for message in messages]
    outbox.wake()
    return ids


def test_file_then_call(
    database: Database, folder: Path, serve: Serve, httpserver: HTTPServer
) -> None:
    """A woken worker writes the file at once, and the call about it follows."""
    there: list[bool] = []

    def handler(_request: Request) -> Response:
        there.append((folder / "A.gdt").exists())
        return Response("")

    httpserver.expect_request("/hook").respond_with_handler(handler)
    outbox = serve({"gdt": GdtDrop(folder), "hook": Webhook(httpserver.url_for("/hook"))})
    with database.write() as connection:
        file_id = outbox.put(connection, Message("gdt", "gdt", "1", "A.gdt", b"result"))
        outbox.put(connection, Message("webhook", "hook", "1", "gdt_written", b"", file_id))
    outbox.wake()
    wait_for(lambda: all(one.last_delivered_at for one in outbox.status()))
    assert (folder / "A.gdt").read_bytes() == b"result"
    wait_for(lambda: len(list(folder.iterdir())) == 1)
    assert there == [True]


def test_error_then_success(database: Database, serve: Serve, httpserver: HTTPServer) -> None:
    """A call answered with 500 is repeated after about a second, and not after success."""
    httpserver.expect_ordered_request("/").respond_with_data("", status=500)
    httpserver.expect_ordered_request("/").respond_with_data("")
    outbox = serve({"hook": Webhook(httpserver.url_for("/"))})
    put(database, outbox, Message("webhook", "hook", "1", "x", b""))
    wait_for(lambda: outbox.status()[0].last_delivered_at is not None)
    assert len(httpserver.log) == 2


def test_hanging_share_delays_nobody(database: Database, folder: Path, serve: Serve) -> None:
    """While one destination hangs, another delivers, status answers, and stop returns in time."""
    hanging = Hanging()
    outbox = serve({"share": hanging, "gdt": GdtDrop(folder)})
    put(database, outbox, Message("gdt", "share", "1", "A.gdt", b"one"))
    assert hanging.entered.wait(60)
    put(database, outbox, Message("gdt", "gdt", "1", "A.gdt", b"two"))
    wait_for((folder / "A.gdt").exists)
    assert outbox.status()[0].pending == 1
    started = time.monotonic()
    outbox.stop(0.3)
    assert time.monotonic() - started < 30
    hanging.released.set()


def test_what_was_put_before_the_start(database: Database, folder: Path, serve: Serve) -> None:
    """Messages of an earlier process leave without being woken."""
    before = Outbox(database, {"gdt": GdtDrop(folder)})
    put(database, before, Message("gdt", "gdt", "1", "A.gdt", b"one"))
    serve({"gdt": GdtDrop(folder)})
    wait_for((folder / "A.gdt").exists)


def test_folder_vanishes_and_returns(
    database: Database, folder: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """The worker finds the folder again by itself soon after it is back."""
    away = folder.rename(folder.with_name("away"))
    outbox = serve({"gdt": GdtDrop(folder)})
    put(database, outbox, Message("gdt", "gdt", "1", "A.gdt", b"one"))
    wait_for(lambda: outbox.status()[0].last_error != "")
    away.rename(folder)
    wait_for((folder / "A.gdt").exists)
    wait_for(lambda: "delivers again" in caplog.text)


def test_worker_survives_the_database(
    database: Database, folder: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that fails for a moment, after the renaming even, ends no worker."""
    drop = GdtDrop(folder)
    outbox = serve({"gdt": drop})
    broken = threading.Event()
    real = database.write

    def write(**how: bool) -> object:
        if (folder / "A.gdt").exists() and not broken.is_set():
            broken.set()
            raise sa.exc.OperationalError("COMMIT", None, Exception("disk I/O error"))
        return real(**how)

    monkeypatch.setattr(database, "write", write)
    put(database, outbox, Message("gdt", "gdt", "1", "A.gdt", b"one"))
    wait_for(lambda: outbox.status()[0].last_delivered_at is not None)
    assert broken.is_set()
    wait_for(lambda: [path.name for path in folder.iterdir()] == ["A.gdt"])


def test_leftovers_are_swept_at_the_start(database: Database, folder: Path, serve: Serve) -> None:
    """An old temporary file no message owns is removed when the worker starts."""
    stale = folder / ".gdtbridge-99-0badcafe.tmp"
    stale.touch()
    os.utime(stale, (1, 1))
    serve({"gdt": GdtDrop(folder)})
    wait_for(lambda: not stale.exists())


def test_many_messages(database: Database, folder: Path, serve: Serve) -> None:
    """Many messages with one name put at once all arrive, each once."""
    outbox = serve({"gdt": GdtDrop(folder)})
    put(
        database,
        outbox,
        *(Message("gdt", "gdt", str(number), "A.gdt", b"%d" % number) for number in range(60)),
    )
    wait_for(lambda: outbox.status()[0].pending == 0)
    wait_for(lambda: len(list(folder.iterdir())) == 60)
    assert {path.read_bytes() for path in folder.iterdir()} == {b"%d" % n for n in range(60)}


def test_two_passes_at_once_send_once(database: Database, folder: Path) -> None:
    """Two threads that deliver at the same time do not double anything."""
    outbox = Outbox(database, {"gdt": GdtDrop(folder)})
    put(database, outbox, *(Message("gdt", "gdt", str(n), "A.gdt", b"%d" % n) for n in range(20)))
    arrived: list[int] = []
    threads = [
        threading.Thread(target=lambda: arrived.append(outbox.deliver_due("gdt"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(arrived) == 20
    assert len([path for path in folder.iterdir() if path.suffix == ".gdt"]) == 20


def test_password_of_a_url_stays_out_of_the_log(
    database: Database, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """A call that fails is logged with destination and kind of error, not with its URL."""
    caplog.set_level(logging.DEBUG)
    outbox = serve({"hook": Webhook("http://user:geheim@127.0.0.1:1/?token=geheim")})
    put(database, outbox, Message("webhook", "hook", "1", "x", b""))
    wait_for(lambda: outbox.status()[0].last_error != "")
    wait_for(lambda: "ConnectionError" in caplog.text)
    assert "geheim" not in caplog.text
    with database.read() as connection:
        assert "geheim" not in str(connection.execute(sa.select(table)).all())


def test_system_clock() -> None:
    """The machine's clocks are UTC seconds and a clock that only grows."""
    clock = SystemClock()
    assert clock.utc() == pytest.approx(time.time(), abs=5)
    assert clock.monotonic() <= clock.monotonic()


def first_id(database: Database) -> int:
    """Return the id of the first message."""
    with database.read() as connection:
        return int(connection.execute(sa.select(sa.func.min(table.c.id))).scalar_one())


class Untidy(GdtDrop):
    """A drop whose process dies after the delivery is on record and before it is cleared."""

    def clear(self, message: OutgoingMessage, /) -> None:
        """Do not come to it."""


def test_what_a_crash_kept_from_being_cleared_is_cleared_at_the_start(
    database: Database, folder: Path, serve: Serve
) -> None:
    """The witnesses of the last deliveries are gone soon after a start, not a day later."""
    untidy = Outbox(database, {"gdt": Untidy(folder)})
    names = ["A.gdt", "B.gdt", "C.gdt"]
    with database.write() as connection:
        for name in names:
            untidy.put(connection, Message("gdt", "gdt", name, name, b"x"))
    assert untidy.deliver_due("gdt") == 3
    assert len(list(folder.glob(".gdtbridge-*"))) == 3
    (witness,) = folder.glob(f".gdtbridge-{first_id(database)}-*")
    witness.unlink()  # it was alone; the other two were delivered together

    serve({"gdt": GdtDrop(folder)})

    wait_for(lambda: sorted(path.name for path in folder.iterdir()) == names)
