"""The same schema and the same promises on a real PostgreSQL server."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import random
import shutil
import subprocess
import tempfile
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gdtbridge.accounts import Role
from gdtbridge.audit import AuditQuery
from gdtbridge.confirmation.model import CommitmentResult
from gdtbridge.database import Database
from gdtbridge.day import PageRevision
from gdtbridge.devices import Caller
from gdtbridge.dicom.client import Peer
from gdtbridge.dicom.device_client import request_commitment
from gdtbridge.durable import SystemClock
from gdtbridge.errors import DatabaseError, DatabaseUnavailable, NoInstallation
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.ownership import only_service
from gdtbridge.queries.book import QueryBook
from gdtbridge.queries.model import AskedQuery
from gdtbridge.queries.store import silent_devices
from gdtbridge.schema import SCHEMA_VERSION, clock_jump, exam, metadata, schema_version
from tests.dicom.test_dicom_commitment import action
from tests.tools.clock import HandClock
from tests.tools.device import send_raw
from tests.tools.elements import EXPLICIT, US_IMAGE, identification
from tests.tools.house import BOSS, House
from tests.tools.service import NUMBER, Service, Study, service
from tests.tools.storage_peer import StoragePeer, storage_peer
from tests.tools.waiting import wait_for
from worklist import WorklistFolder

pytest.importorskip("psycopg")

pytestmark = [pytest.mark.peer, pytest.mark.slow]

DEBIAN = Path("/usr/lib/postgresql")
"""Debian keeps the programs of each version below this folder, and not in the path."""


def program(name: str) -> str:
    """Return the path of a PostgreSQL program, or skip where there is none."""
    installed = [str(path) for path in sorted(DEBIAN.glob(f"*/bin/{name}"))]
    found = shutil.which(name) or next(reversed(installed), None)
    if found is None:
        pytest.skip(f"{name} (PostgreSQL) is not installed")
    return found


@dataclass
class Server:
    """A PostgreSQL server on a socket in a folder of its own; root lends it another user."""

    folder: Path
    user: str
    names: Iterator[int] = field(default_factory=lambda: count(1))

    def run(self, name: str, *arguments: str) -> None:
        """Run a PostgreSQL program to its end."""
        command = [program(name), *arguments]
        log = self.folder / "log"
        with log.open("ab") as output:
            done = subprocess.run(
                command,
                cwd=self.folder,
                user=self.user,
                group=pwd.getpwnam(self.user).pw_gid,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                stdout=output,
                stderr=output,
                timeout=60,
                check=False,
            )
        assert done.returncode == 0, log.read_text()

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        options = f"-k {self.folder} -c listen_addresses=''"
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; its clients lose their connections."""
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-m", mode, "stop")

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://bridge@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"bridge{next(self.names)}"
        engine = sa.create_engine(self.url(), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        return self.url(name)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a running server, or skip where PostgreSQL is not installed."""
    initdb = program("initdb")
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    with tempfile.TemporaryDirectory(prefix="gdtbridge-pg-") as name:
        folder = Path(name)
        shutil.chown(folder, user)
        made = Server(folder, user)
        (folder / "log").touch()
        options = ["-A", "trust", "-U", "bridge", "-E", "UTF8", "--locale=C.UTF-8"]
        made.run(Path(initdb).name, "-D", f"{folder}/data", *options)
        made.start()
        yield made
        made.stop("immediate")


@pytest.fixture
def url(server: Server) -> str:
    """Return the URL of an empty database."""
    return server.new_database()


@pytest.fixture(scope="module")
def archive() -> Iterator[StoragePeer]:
    """Return another archive that everything is forwarded to."""
    with storage_peer().listening() as peer:
        yield peer


@pytest.fixture(scope="module")
def bridge(
    server: Server, archive: StoragePeer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Return a running service that keeps its tables on the server; the tests share it."""
    peer = {"aet": "PACS", "host": "127.0.0.1", "port": archive.port, "confirm": "none"}
    settings = {
        "storage__database": server.new_database(),
        "exam__quiet_seconds": "0.2",
        "peer": json.dumps([peer]),
        "forward": json.dumps([{"to": "PACS"}]),
    }
    with service(tmp_path_factory.mktemp("bridge"), **settings) as running:
        yield running


def call(bridge: Service, path: str) -> bytes:
    """Return the answer of the web server."""
    with urllib.request.urlopen(f"http://127.0.0.1:{bridge.ports['HTTP']}{path}") as answer:
        return bytes(answer.read())


ORDER = "/worklist/add?id=P1&lastname=Müller&firstname=J&birthdate=01.01.1980&sex=1"


def test_an_exam_from_order_to_result(bridge: Service, project: Path) -> None:
    """An order, images and a report become one study record and one value record."""
    path = ORDER.replace("ü", "%C3%BC")
    (record,) = read_records(call(bridge, path))
    (line,) = (text for text in record.all("6227") if text.startswith(NUMBER))
    study = Study(1, line.removeprefix(NUMBER))
    report = study.report(project / "samples" / "sr" / "thyroid.dcm")

    for _ in range(2):  # a device that repeats itself
        sent = [study.image(1), study.image(2), report]
        assert send_raw(bridge.ports["DICOM"], sent) == [0, 0, 0]

    wait_for(bridge.settled, what="reporting")
    found = bridge.results()
    assert (found[study.accession, "study"], found[study.accession, "values"]) == (1, 1)
    assert bridge.rows("SELECT state FROM placed_order") == [("done", "done")]
    of_report = "JOIN instance ON instance.id = instance_id JOIN claim ON claim.id = claim_id"
    values = bridge.rows(f"SELECT claim.number, series FROM report_value {of_report}")
    curve = urllib.parse.urlencode(dict(zip(("nr", "wert"), values[0], strict=True)))
    assert "Schilddrüse" in call(bridge, f"/verlauf?{curve}").decode()
    parts = ("database", "exams", "outbox:gdt")  # what other tests did needs a person, perhaps
    wait_for(lambda: all(bridge.readiness()["parts"][part]["ok"] for part in parts), what="parts")
    for command in (("exams", "list"), ("outbox", "list"), ("worklist", "list")):
        assert bridge.command(*command).returncode == 0


SEARCHES = (
    "mueller",
    "müller, j",
    "heute",
    "am 1.1.",
    "*1.1.80",
    "r1",
    "118",
    "klären",
    "us",
    "xy z",
)


def test_the_day_and_the_search(bridge: Service) -> None:
    """What is ordered and examined is shown and found, whatever is asked for."""
    assert send_raw(bridge.ports["DICOM"], [Study(9, "A9").image()]) == [0]
    assert "</html>" in call(bridge, "/heute").decode()
    for words in SEARCHES:
        asked = urllib.parse.urlencode({"suche": words})
        page = call(bridge, f"/untersuchungen?{asked}&art=US&werte=1").decode()
        assert "</html>" in page
    assert "Müller" in call(bridge, "/untersuchungen?suche=mueller").decode()
    assert "Müller" in call(bridge, "/patient?nr=P9").decode()


def test_what_another_process_writes_is_noticed(url: str) -> None:
    """Pages are told of it at the next look, and of nothing when nothing was written."""
    with closing(Database(url)) as database, closing(Database(url)) as other:
        revision = PageRevision(database, SystemClock())
        revision.look()
        revision.look()
        before = revision.number
        with other.write() as connection:
            connection.execute(sa.insert(clock_jump).values(at=0.0, before=0.0, after=0.0))
        revision.look()
        assert revision.number == before + 1


def test_a_device_asks_whether_its_images_are_kept(bridge: Service) -> None:
    """It hears on its association; what it was told, and what that means, is shown."""
    study = Study(77, "A77")
    image = study.image(size=100_000)
    assert send_raw(bridge.ports["DICOM"], [image]) == [0]
    peer = Peer("127.0.0.1", bridge.ports["DICOM"], "GDTBRIDGE", "US01")
    report = request_commitment(peer, action("2.25.1", image[1]), wait_seconds=30)
    assert report == (0, CommitmentResult("2.25.1", frozenset({image[1]}), {}))
    shown = bridge.command("commitment", "list", "--all", "--json")
    assert [one["not_kept"] for one in json.loads(shown.stdout)] == ["0"]
    assert "only-copy" in bridge.command("attention", "list", "--json").stdout


def test_copies_go_to_another_archive(bridge: Service, archive: StoragePeer) -> None:
    """An exam, once more by hand; how far they are is listed."""
    study = Study(78, "A78")
    image = study.image(size=1000)
    assert send_raw(bridge.ports["DICOM"], [image]) == [0]
    wait_for(lambda: archive.uids.count(image[1]) == 1, what="the copy")
    assert bridge.command("forward", "study", study.uid).returncode == 0
    wait_for(lambda: archive.uids.count(image[1]) == 2, what="the second copy")

    def states() -> list[str]:
        shown = bridge.command("forward", "list", "--study", study.uid, "--json")
        return [one["state"] for one in json.loads(shown.stdout)]

    wait_for(lambda: states() == ["sent"], what="its state")
    assert bridge.command("forward", "end", "--to", "PACS").returncode == 0


def test_names_are_found_by_their_beginning_in_every_language(url: str) -> None:
    """The order of the keys is not that of the server's locale, in which marks may not count."""
    database = Database(url)
    query = sa.text(
        "SELECT collation_name FROM information_schema.columns"
        " WHERE table_name = 'study_name' AND column_name = 'key'"
    )
    with closing(database), database.read() as connection:
        assert connection.execute(query).scalar_one() == "C"


def test_check(server: Server, tmp_path: Path) -> None:
    """All is well with a service that has nothing to do."""
    with service(tmp_path, storage__database=server.new_database()) as running:
        done = running.command("check")
        assert done.returncode == 0, done.stdout


def test_a_second_service_is_refused(server: Server, tmp_path: Path) -> None:
    """A folder of its own does not help: it names the first, and takes over when that is gone."""
    url = server.new_database()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    with service(tmp_path / "first", storage__database=url) as first:
        second = Service(tmp_path / "second", storage__database=url)
        second.launch()
        wait_for(lambda: not second.is_running, what="the refusal")
        assert f", {first.pid})" in second.look()
        first.kill()
        with second:
            assert second.rows("SELECT pid FROM service_owner") == [(str(second.pid),) * 2]


def test_who_lost_the_database_does_nothing(url: str) -> None:
    """Cut off and overtaken, not one transaction comes through; alone again, all goes on."""
    ours, others = Database(url), Database(url)
    with only_service(ours) as held:
        cut(url)
        with only_service(others) as taken:
            for _ in range(2):  # before it is noticed, and after
                with pytest.raises(DatabaseUnavailable), ours.write():
                    pass
                held.keep()
            with pytest.raises(DatabaseUnavailable), ours.read():
                pass
            with others.write():
                taken.keep()
        held.keep()
        with ours.write():
            assert ours.is_owned
    for one in (ours, others):
        one.close()


def cut(url: str) -> None:
    """Have the server end every other connection to a database, as a router does."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_the_server_goes_away_and_comes_back(bridge: Service, server: Server) -> None:
    """Without its database the bridge acknowledges nothing; with it, it goes on by itself."""
    study = Study(2, "A2")
    server.stop()
    try:
        assert send_raw(bridge.ports["DICOM"], [study.image()]) == [0xA700]
    finally:
        server.start()

    wait_for(lambda: send_raw(bridge.ports["DICOM"], [study.image()]) == [0], what="the database")
    wait_for(bridge.settled, what="reporting")
    assert bridge.results()[study.accession, "study"] == 1


LONG = "".join(random.Random(1).choices("0123456789abcdefghijklmnopqrstuvwxyz", k=9000))
"""Longer than an entry of an index may be, also when it is compressed."""


ODD: dict[str, dict[str, str | bytes]] = {
    "long number": {"AccessionNumber": LONG},
    "long patient": {"PatientID": LONG, "PatientName": LONG},
    "long study": {"StudyInstanceUID": LONG},
    "long series": {"SeriesInstanceUID": LONG},
    "NUL and ESC": {"PatientName": b"M\0ll\xff\xfe^\x1b$B"},
    "syntax": {"StudyDescription": "%s %(x)s :y 'quoted' \\N"},
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_values(bridge: Service, kind: str) -> None:
    """Whatever text a device sends is stored, as on SQLite."""
    number = 100 + list(ODD).index(kind)
    uid = f"2.25.{number}.1"
    values = {"StudyInstanceUID": f"2.25.{number}", "AccessionNumber": f"A{number}"} | ODD[kind]
    dataset = identification(SOPInstanceUID=uid, **values)
    assert send_raw(bridge.ports["DICOM"], [(US_IMAGE, uid, EXPLICIT, dataset)]) == [0]
    assert bridge.has(uid)


def test_writers_of_two_processes_wait_for_each_other(url: str) -> None:
    """Read-then-write through two engines counts every step."""
    databases = [Database(url), Database(url)]

    def step(database: Database) -> None:
        for _ in range(25):
            with database.write() as connection:
                now = connection.execute(sa.select(schema_version.c.version)).scalar_one()
                connection.execute(sa.update(schema_version).values(version=now + 1))

    threads = [threading.Thread(target=step, args=(one,)) for one in databases * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with databases[0].read() as connection:
        assert (
            connection.execute(sa.select(schema_version.c.version)).scalar_one()
            == SCHEMA_VERSION + 100
        )
    for database in databases:
        database.close()


def test_a_reader_sees_one_state(url: str) -> None:
    """What another transaction commits in between is not seen by one that reads twice."""
    database = Database(url)
    query = sa.select(schema_version.c.version)
    with database.read() as reading:
        before = reading.execute(query).scalar_one()
        with database.write() as connection:
            connection.execute(sa.update(schema_version).values(version=7))
        assert reading.execute(query).scalar_one() == before
    database.close()


def test_many_look_at_once(url: str) -> None:
    """Pages, viewers, devices and what runs by itself: nobody waits for another's connection."""
    with closing(Database(url)) as database, ExitStack() as looking:
        for _ in range(40):
            looking.enter_context(database.read()).execute(sa.select(exam.c.id)).all()


def test_a_rehearsal_changes_nothing(url: str) -> None:
    """Who writes after it finds what was there before."""
    database = Database(url)
    query = sa.select(schema_version.c.version)
    with database.rehearsal() as connection:
        connection.execute(sa.update(schema_version).values(version=99))
        assert connection.execute(query).scalar_one() == 99
    with database.write() as connection:
        assert connection.execute(query).scalar_one() == SCHEMA_VERSION
    database.close()


def test_first_starts_at_the_same_time(url: str) -> None:
    """Several that open an empty database at once all get it."""
    opened: list[Database] = []
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        opened.append(Database(url))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    tables = sa.inspect(opened[0].engine).get_table_names()
    assert set(tables) == set(metadata.tables)
    assert exam.name in tables
    for database in opened:
        database.close()


def test_looking(url: str) -> None:
    """Who looks makes no table, changes no row and sees what is there."""
    with pytest.raises(NoInstallation, match=r"storage\.database"):
        Database(url, looking=True)
    database = Database(url)
    looking = Database(url, looking=True)
    with looking.read() as connection:
        found = connection.execute(sa.select(schema_version.c.version)).scalar_one()
    assert found == SCHEMA_VERSION
    with pytest.raises(DatabaseError, match="25006"), looking.write() as connection:
        connection.execute(sa.update(schema_version).values(version=7))
    for one in (database, looking):
        one.close()


EXAM_COLUMNS_OF_SCHEMA_1 = (
    "order_id INTEGER REFERENCES placed_order (id)",
    *(f"{name} BOOLEAN NOT NULL DEFAULT false" for name in ("released", "mixed")),
    *(
        f"{name} TEXT NOT NULL DEFAULT ''"
        for name in (
            *("held_because", "accession_number", "patient_id", "sent_patient_id", "patient_name"),
            *("patient_birth_date", "patient_sex", "modality", "study_description", "study_date"),
            "study_time",
        )
    ),
    "reported_at DOUBLE PRECISION",
)
NUMBER_IN_KEYS = hashlib.sha256(b"4711").hexdigest()[:16]
NAMED_SINCE_SCHEMA_6 = ("test_name", "addressed_to", "number_field", "echo")
OF_ORDERS_SINCE_SCHEMA_6 = (
    *("step_status", "changed_at", "unlisted_at", "images_due_at"),
    *("details", "remarks"),
)
ROWS_OF_SCHEMA_1 = (
    (
        "INSERT INTO exam (id, study_instance_uid, state, instances, first_instance_at,"
        " last_instance_at, reported_at, patient_id, sent_patient_id)"
        " VALUES (1, '2.25.1', 'reported', 1, 1, 1, 1, '4711', '4711')"
    ),
    (
        "INSERT INTO outbox (kind, destination, key, name, payload, state, next_at, created_at)"
        f" VALUES ('attachment', 'pictures', '2.25.1\\:{NUMBER_IN_KEYS}\\:a.jpg', 'a.jpg', '', "
        "'delivered', 0, 0)"
    ),
)
"""An exam that was reported with a picture."""


def test_an_old_database_is_upgraded(url: str) -> None:
    """The steps that lead from the first schema to ours end where a new database begins."""
    database = Database(url)
    with database.write() as connection:
        for table, column in (
            ("order_reference", "ordered_by"),
            ("order_reference", "route"),
            *(("order_reference", name) for name in NAMED_SINCE_SCHEMA_6),
            ("exam", "device"),
            ("instance", "claim_id"),
            ("instance", "told"),
            ("instance", "turn"),
            ("report", "sent"),
            ("report", "catalogue"),
            ("placed_order", "physician"),
            ("placed_order", "scheduled"),
            ("placed_order", "created"),
            ("placed_order", "listing"),
            *(("placed_order", name) for name in OF_ORDERS_SINCE_SCHEMA_6),
            ("instance", "committed_at"),
            ("instance", "called_aet"),
            ("outbox", "collected_at"),
            ("outbox", "recall"),
            ("outbox", "recalled_at"),
        ):
            connection.execute(sa.text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        for index in (
            *("ix_placed_order_patient_id", "ix_placed_order_patient_birth_date"),
            "ix_report_problem",
        ):
            connection.execute(sa.text(f"DROP INDEX {index}"))
        for column in EXAM_COLUMNS_OF_SCHEMA_1:
            connection.execute(sa.text(f"ALTER TABLE exam ADD COLUMN {column}"))
        connection.execute(
            sa.text("CREATE INDEX ix_exam_accession_number ON exam (accession_number)")
        )
        for row in ROWS_OF_SCHEMA_1:
            connection.execute(sa.text(row))
        connection.execute(sa.update(schema_version).values(version=1))
    database.close()

    database = Database(url)

    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        told = "SELECT number, person, state FROM claim"
        assert connection.execute(sa.text(told)).all() == [("4711", 1, "settled")]
        sent = "SELECT patient_id, pictures FROM exam_result"
        assert connection.execute(sa.text(sent)).all() == [("4711", 1)]
    database.close()


def test_accounts_are_kept(server: Server) -> None:
    """Made, signed in, revoked and told; another process follows."""
    with closing(Database(server.new_database())) as database:
        house = House(database)
        house.make_first()
        house.make("anna", "Anna Krüger", Role.PRACTICE)
        cookie = house.sign_in("anna")
        made = house.access.tokens.make("AIS", ["worklist-add"], BOSS)
        service = house.opened()
        assert service.memory.signed_in(cookie, acting=True) is not None
        assert service.memory.token(made.secret) is not None
        service.memory.note_uses()
        house.access.tokens.revoke(made.token.id, BOSS)
        assert not house.access.accounts.remove("anna", BOSS)
        service.memory.follow()
        assert service.memory.signed_in(cookie, acting=True) is None
        assert service.memory.token(made.secret) is None
        house.clock.turn(2 * 86400)
        house.access.desk.forget_over()
        found = house.trail.entries(AuditQuery(name="KRÜ", acts=("signed-in",)))
        assert [one.done.subject for one in found] == ["account:anna"]
        house.clock.turn(40 * 86400)
        house.trail.forget_old()
        assert house.trail.entries(AuditQuery()) == []


def test_what_devices_ask_is_kept_and_counted(server: Server, tmp_path: Path) -> None:
    """A repeated query is one row; who got nothing again and again is found; old rows go."""
    with closing(Database(server.new_database())) as database:
        clock = HandClock()
        book = QueryBook(database, WorklistFolder(tmp_path / "worklist"), clock, days=7)
        for seconds in (0.001, 0.003, 0.002):
            caller = Caller("US02", "192.0.2.17")
            book.note(AskedQuery(caller, b"\x00\xff", EXPLICIT, 0, 0, ("R\u00e41",), seconds))
            book.keep()
        (record,) = book.recent()
        assert (record.times, record.query.seconds) == (3, 0.003)
        assert record.query.identifier == b"\x00\xff"
        assert record.query.answered == ("R\u00e41",)
        with database.read() as connection:
            (silent,) = silent_devices(connection, 0.0, 3)
            assert (silent.times, silent.last) == (3, record)
            assert silent_devices(connection, 0.0, 4) == []
        clock.turn(8 * 86400.0)
        book.keep()
        assert book.recent() == []
