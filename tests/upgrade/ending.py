"""What becomes of an old folder: the same steps for the version that wrote it and for today's."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TABLES = (
    *("exam", "instance", "order_file", "order_reference", "outbox", "patient", "placed_order"),
    "report",
)
NEWER = ("claim", "exam_result")
"""Tables the schema has got since; the older ones say the same in ``exam``."""
MAY_DIFFER = {"attempts", "last_error", "next_at", "temporary_name", "token"}
"""Columns that depend on chance and speed, beside those that tell a time."""
ADDED = {
    *("physician", "scheduled", "created", "listing", "claim_id", "told"),
    *("test_name", "addressed_to", "number_field", "echo", "step_status", "details", "turn"),
    *("remarks", "called_aet", "collected_at", "order_word", "of_receipt_day", "catalogue"),
    *("recall", "recalled_at", "images_due_at"),
}
"""The columns the schema has got since."""
OUT_OF_ORDER = {"order_file", "outbox"}
"""Tables whose rows come from several threads; their numbers mean nothing."""
TODAY = ("6200", "6201", "8432", "8439")
"""The GDT fields of an answer that tell when it was given."""
BUSY = (
    "SELECT id FROM exam WHERE due_at IS NOT NULL",
    (
        "SELECT one.id FROM outbox one LEFT JOIN outbox before ON one.after_id = before.id"
        " WHERE one.state IN ('pending', 'writing', 'renaming')"
        " AND (before.id IS NULL OR before.state = 'delivered')"
    ),
)
OLD_ORDERS = 9
"""Orders the old version placed; the file of the last was not put away, so its entry is new."""
CLICK = "id=70&lastname=Nach&firstname=Her&birthdate=01.02.1970&sex=2&procedure=Herz"


def _without_added(row: dict[str, str]) -> list[str]:
    return [value for name, value in row.items() if name not in {"status", "priority"}]


def end_of(folder: Path, make_service: Any, send: Any) -> dict[str, Any]:
    """Let a service open what an old one left in ``folder``; return how everything ended.

    A person releases one held exam and answers the one question; a device repeats an image and a
    report it sent before; a click places one more order.
    """
    found: dict[str, Any] = {}
    with webhooks() as (url, calls):
        hooks = {name: f"{url}/{name}" for name in ("worklist_added", "gdt_written")}
        settings = {f"webhooks__{name}": value for name, value in hooks.items()}
        service = make_service(folder, worklist__cleanup_seconds="0", **settings)
        listed = json.loads("".join(said(service, "worklist", "list", "--json")))
        found["worklist"] = sorted("  ".join(_without_added(entry)) for entry in listed)
        found["held"] = said(service, "exams", "list", "--held", "--json")
        said(service, "exams", "release", "2.25.30000", "--id", "30")
        with service:
            eventually(lambda: settled(service), "the first end")
            (question,) = (line for line in said(service, "outbox", "list") if "Frage " in line)
            said(service, "outbox", "again", question.split()[1].rstrip(":"))
            repeated = [instance(folder, uid) for uid in ("2.25.10", "2.25.11", "2.25.53")]
            assert send(service.ports["DICOM"], repeated) == [0, 0, 0]
            address = f"http://127.0.0.1:{service.ports['HTTP']}/worklist/add?{CLICK}"
            with urllib.request.urlopen(address, timeout=60) as answer:
                lines = answer.read().decode("latin-1").splitlines()
            found["answer"] = [line for line in lines if line[3:7] not in TODAY]
            eventually(lambda: settled(service), "the second end")
            assert service.stop() == 0
        with make_service(folder, worklist__cleanup_seconds="1", **settings) as service:
            eventually(lambda: cleaned(service), "a clean worklist")
            assert service.stop() == 0
        found["webhooks"] = dict(calls)
    return counted(folder, found | {"files": dict(files(folder)), "tables": tables(folder)})


def counted(folder: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Return ``found`` with the numbers of new orders counted on from the old ones.

    Since the old version they run with the clock.
    """
    query = "SELECT accession_number FROM placed_order WHERE id > ? ORDER BY id"
    with closing(sqlite3.connect(folder / "var" / "gdtbridge.sqlite")) as connection:
        new = [number for (number,) in connection.execute(query, (OLD_ORDERS,))]
    text = json.dumps(found)
    for position, number in enumerate(new, start=OLD_ORDERS + 1):
        text = text.replace(number, f"R{position:010d}")
    counted_on: dict[str, Any] = json.loads(text)
    return counted_on


def instance(folder: Path, uid: str) -> tuple[str, str, str, bytes]:
    """Return a stored object as a device sends it: class, UID, transfer syntax, dataset."""
    query = "SELECT sop_class_uid, transfer_syntax_uid, file FROM instance"
    with closing(sqlite3.connect(folder / "var" / "gdtbridge.sqlite")) as connection:
        sop_class, syntax, file = connection.execute(
            f"{query} WHERE sop_instance_uid = ?", (uid,)
        ).fetchone()
    data = (folder / "var" / "archive" / file).read_bytes()
    meta = int.from_bytes(data[140:144], "little")  # File Meta Information Group Length
    return sop_class, uid, syntax, data[144 + meta :]


def said(service: Any, *command: str) -> list[str]:
    """Run a command that succeeds; return what it prints."""
    done = service.command(*command)
    assert done.returncode == 0, done.stderr
    lines: list[str] = done.stdout.splitlines()
    return lines


def settled(service: Any) -> bool:
    """Return whether nothing waits: no exam, no message, no order file."""
    inbox = [path for path in (service.root / "var" / "gdt" / "in").iterdir() if path.is_file()]
    return not any((inbox, *(service.rows(query) for query in BUSY)))


def cleaned(service: Any) -> bool:
    """Return whether no order of a past day is open."""
    still_open = f"SELECT id FROM placed_order WHERE state = 'ordered' AND id < {OLD_ORDERS}"
    return not service.rows(still_open)


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds; fail after a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@contextmanager
def webhooks() -> Iterator[tuple[str, Counter[str]]]:
    """Yield the address of a server that counts the calls of each path."""
    calls: Counter[str] = Counter()

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Count the call."""
            calls[self.path] += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        server.server_close()


def files(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every result byte for byte, and the digest of every other file kept for good."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_dir() or path.name.startswith((".", "service.")):
            continue
        if path.suffix == ".gdt":
            yield name, path.read_bytes().decode("latin-1")
        elif path.suffix == ".GDT":
            yield hashlib.sha256(path.read_bytes()).hexdigest(), path.name.rpartition("-")[0]
        elif path.suffix == ".dcm":
            yield name, hashlib.sha256(path.read_bytes()).hexdigest()


def tables(folder: Path) -> dict[str, list[dict[str, object]]]:
    """Return every row of the database, without what may differ."""
    with closing(sqlite3.connect(folder / "var" / "gdtbridge.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        there = [table for table in (*TABLES, *NEWER) if table in names]
        return {table: sorted(rows_of(connection, table), key=text_of) for table in there}


def text_of(row: dict[str, object]) -> str:
    """Return what rows are sorted by."""
    return json.dumps(row, sort_keys=True)


def rows_of(connection: sqlite3.Connection, table: str) -> Iterator[dict[str, object]]:
    """Yield the rows of a table; a payload only by its digest."""
    left_out = MAY_DIFFER | ADDED | ({"id", "after_id"} if table in OUT_OF_ORDER else set())
    for row in connection.execute(f"SELECT * FROM {table}"):
        values = {name: row[name] for name in row.keys() if name not in left_out}  # noqa: SIM118
        if isinstance(payload := values.get("payload"), bytes):
            values["payload"] = hashlib.sha256(payload).hexdigest()
        if table == "placed_order" and row["id"] > OLD_ORDERS:
            del values["study_instance_uid"]  # made now
        yield {name: value for name, value in values.items() if not name.endswith("_at")}
