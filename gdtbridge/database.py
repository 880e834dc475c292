"""The database: engine, schema, transactions.

SQLite by default (WAL, ``synchronous=FULL``, immediate write transactions); the same schema runs on
PostgreSQL. Nothing outside this module is SQLite-only. Times are UTC, in seconds since 1970.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from gdtbridge.durable import FileStamp
from gdtbridge.errors import BridgeError, DatabaseError, NoInstallation, OutOfResources

log = logging.getLogger(__name__)

Connection = sa.Connection

SCHEMA_VERSION: Final = 4
BUSY_SECONDS: Final = 30
"""How long a writer waits for another process (a command line beside the service)."""
CONNECTION_WAITS: Final = {"connect_timeout": 10, "tcp_user_timeout": 30_000}
"""How long libpq waits for a server (seconds) and for an acknowledgement of data (milliseconds)."""
WRITERS_LOCK: Final = 0x67647462
"""The advisory lock every writer on PostgreSQL takes; any number nobody else uses ("gdtb")."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

schema_version = sa.Table("schema_version", metadata, sa.Column("version", sa.Integer))

instance = sa.Table(
    "instance",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sop_instance_uid", sa.Text, nullable=False),
    sa.Column("sop_class_uid", sa.Text, nullable=False),
    sa.Column("study_instance_uid", sa.Text, nullable=False, index=True),
    sa.Column("series_instance_uid", sa.Text, nullable=False),
    sa.Column("transfer_syntax_uid", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),  # of the dataset's bytes, hexadecimal
    sa.Column("size", sa.BigInteger, nullable=False),  # of the file, bytes
    sa.Column("file", sa.Text, nullable=False),  # relative to the archive folder
    sa.Column("standing", sa.Text, nullable=False),  # gdtbridge.archive.ReceiptStatus
    sa.Column("calling_aet", sa.Text, nullable=False),
    sa.Column("received_at", sa.Double, nullable=False),
    sa.Column("claim_id", sa.Integer, sa.ForeignKey("claim.id"), index=True),
    # whether a record of its exam was made with it, or without it on purpose
    sa.Column("told", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("sop_instance_uid", "transfer_syntax_uid", "sha256"),
)
uncompared = instance.c.standing == "conflict"
sa.Index("ix_instance_aside", instance.c.id, sqlite_where=uncompared, postgresql_where=uncompared)

placed_order = sa.Table(
    "placed_order",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("accession_number", sa.Text, nullable=False, unique=True),
    sa.Column("study_instance_uid", sa.Text, nullable=False, unique=True),
    sa.Column("patient_id", sa.Text, nullable=False, index=True),
    sa.Column("patient_name", sa.Text, nullable=False),
    sa.Column("patient_birth_date", sa.Text, nullable=False, index=True),  # YYYYMMDD or empty
    sa.Column("patient_sex", sa.Text, nullable=False),
    sa.Column("modality", sa.Text, nullable=False),
    sa.Column("station", sa.Text, nullable=False),
    sa.Column("procedure", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # gdtbridge.orders.OrderState
    sa.Column("ordered_at", sa.Double, nullable=False, index=True),
    sa.Column("physician", sa.Text, nullable=False, server_default=""),
    sa.Column("scheduled", sa.Text, nullable=False, server_default=""),  # local time, ISO 8601
    sa.Column("created", sa.Text, nullable=False, server_default=""),  # the same
    sa.Column("listing", sa.Text),  # gdtbridge.orders.model.ListingMark; null: the list has it
)
unlisted = placed_order.c.listing.is_not(None)
sa.Index(
    "ix_placed_order_unlisted", placed_order.c.id, sqlite_where=unlisted, postgresql_where=unlisted
)

order_reference = sa.Table(  # how the practice software itself named an order
    "order_reference",
    metadata,
    sa.Column("order_id", sa.Integer, sa.ForeignKey("placed_order.id"), primary_key=True),
    sa.Column("case_id", sa.Text, nullable=False),  # GDT 8310
    sa.Column("request_uid", sa.Text, nullable=False),  # 8314
    sa.Column("device_code", sa.Text, nullable=False),  # 8402
    sa.Column("test_id", sa.Text, nullable=False),  # 8410
    sa.Column("ordered_by", sa.Text, nullable=False, server_default=""),  # 8316 of the order
    sa.Column("route", sa.Text, nullable=False, server_default=""),  # whose folder it came from
)

order_file = sa.Table(  # each record of each file an order came in, and what became of it
    "order_file",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("token", sa.Text, nullable=False),  # of the file, given when it was claimed
    sa.Column("position", sa.Integer, nullable=False),  # of the record in the file, from 1
    sa.Column("sha256", sa.Text, nullable=False, index=True),  # of the record's bytes
    sa.Column("name", sa.Text, nullable=False, index=True),  # of the file
    sa.Column("record_type", sa.Text, nullable=False),
    sa.Column("received_at", sa.Double, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),  # gdtbridge.orders.RecordOutcome
    sa.Column("accession_number", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),  # of a refusal, for a person
    sa.UniqueConstraint("token", "position"),
)

patient = sa.Table(  # master data the practice software sent
    "patient",
    metadata,
    sa.Column("patient_id", sa.Text, primary_key=True),
    sa.Column("family_name", sa.Text, nullable=False),
    sa.Column("given_name", sa.Text, nullable=False),
    sa.Column("birth_date", sa.Text, nullable=False),  # YYYYMMDD or empty
    sa.Column("sex", sa.Text, nullable=False),
    sa.Column("received_at", sa.Double, nullable=False),
)

patient_move = sa.Table(  # a chart got another number, or was merged into another one
    "patient_move",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("old", sa.Text, nullable=False, index=True),
    sa.Column("new", sa.Text, nullable=False, index=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("who", sa.Text, nullable=False),  # empty: a record of the practice software
    sa.Column("undone_at", sa.Double),  # null: it counts
)

moved_order = sa.Table(  # for whom an order was placed that bears another number since
    "moved_order",
    metadata,
    sa.Column("study_instance_uid", sa.Text, primary_key=True),  # of the order
    sa.Column("former", sa.Text, nullable=False, index=True),
    sa.Column("patient_name", sa.Text, nullable=False),
    sa.Column("patient_birth_date", sa.Text, nullable=False),
    sa.Column("patient_sex", sa.Text, nullable=False),
)

exam = sa.Table(
    "exam",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("study_instance_uid", sa.Text, nullable=False, unique=True),
    sa.Column("state", sa.Text, nullable=False),  # gdtbridge.exams.ExamState
    sa.Column("device", sa.Text, nullable=False, server_default=""),  # calling AE title
    sa.Column("instances", sa.Integer, nullable=False),
    sa.Column("first_instance_at", sa.Double, nullable=False),
    sa.Column("last_instance_at", sa.Double, nullable=False),
    sa.Column("due_at", sa.Double, index=True),  # null: nothing is waited for
)

claim = sa.Table(  # what objects of an exam say of whom they are and what was ordered
    "claim",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exam_id", sa.Integer, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("said", sa.Text, nullable=False),  # SHA-256 of the next five as JSON
    sa.Column("patient_id", sa.Text, nullable=False, index=True),  # as sent, as are the next four
    sa.Column("patient_name", sa.Text, nullable=False),
    sa.Column("patient_birth_date", sa.Text, nullable=False),
    sa.Column("patient_sex", sa.Text, nullable=False),
    sa.Column("accession_number", sa.Text, nullable=False, index=True),
    sa.Column("modality", sa.Text, nullable=False),  # of the first object that says it, as below
    sa.Column("study_description", sa.Text, nullable=False),
    sa.Column("study_date", sa.Text, nullable=False),  # as sent, YYYYMMDD
    sa.Column("study_time", sa.Text, nullable=False),  # as sent, HHMMSS.FFFFFF
    sa.Column("first_at", sa.Double, nullable=False),
    sa.Column("person", sa.Integer, nullable=False),  # of the exam, from 1
    sa.Column("state", sa.Text, nullable=False),  # gdtbridge.exams.ClaimState
    sa.Column("held_because", sa.Text, nullable=False, server_default=""),
    # whose chart it went to
    sa.Column("number", sa.Text, nullable=False, server_default="", index=True),
    sa.Column("order_number", sa.Text, nullable=False, server_default=""),  # of the order it met
    sa.Column("word", sa.Text, nullable=False, server_default=""),  # the number a person said
    sa.Column("confirmed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("unmatched", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("exam_id", "said"),
)
held = claim.c.state == "held"
sa.Index("ix_claim_held", claim.c.exam_id, sqlite_where=held, postgresql_where=held)

exam_result = sa.Table(  # what one chart got of an exam, for one order or none
    "exam_result",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exam_id", sa.Integer, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("patient_id", sa.Text, nullable=False, index=True),  # the number in the record
    sa.Column("patient_name", sa.Text, nullable=False),  # in the record, as are the next two
    sa.Column("patient_birth_date", sa.Text, nullable=False),
    sa.Column("patient_sex", sa.Text, nullable=False),
    sa.Column("accession_number", sa.Text, nullable=False, index=True),  # of the order, or empty
    sa.Column("route", sa.Text, nullable=False),  # where it went; empty for [gdt]
    sa.Column("reported_at", sa.Double, nullable=False),
    sa.Column("pictures", sa.Integer, nullable=False, server_default="0"),  # attached until now
    sa.Column("withdrawn_at", sa.Double),  # by a person
    sa.UniqueConstraint("exam_id", "patient_id", "accession_number"),
)

exam_event = sa.Table(  # who decided what of an exam, and when
    "exam_event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exam_id", sa.Integer, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("who", sa.Text, nullable=False),  # empty: the decision table
    sa.Column("what", sa.Text, nullable=False),  # gdtbridge.exams.EventKind
    sa.Column("person", sa.Integer, nullable=False),  # of the exam, 0 for all
    sa.Column("detail", sa.Text, nullable=False),  # JSON
)

report = sa.Table(
    "report",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exam_id", sa.Integer, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("instance_id", sa.Integer, sa.ForeignKey("instance.id"), nullable=False, unique=True),
    sa.Column("sop_instance_uid", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # gdtbridge.exams.ReportState
    sa.Column("fingerprint", sa.Text, nullable=False, server_default=""),
    sa.Column("problem", sa.Text, nullable=False, server_default=""),
    sa.Column("sent", sa.Text, nullable=False, server_default=""),  # gdtbridge.results.revision
)
unsent = report.c.problem != ""
sa.Index("ix_report_problem", report.c.id, sqlite_where=unsent, postgresql_where=unsent)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # gdt, webhook
    sa.Column("destination", sa.Text, nullable=False),  # one worker each
    sa.Column("key", sa.Text, nullable=False),  # what it reports; a second put of it does nothing
    # only once that one is delivered
    sa.Column("after_id", sa.Integer, sa.ForeignKey("outbox.id"), index=True),
    sa.Column("name", sa.Text, nullable=False),  # proposed file name, or the event's name
    sa.Column("name_key", sa.Text),  # the name folded to lower case; unique for each destination
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # gdtbridge.outbox.State
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double),  # null: retried for ever
    sa.Column("temporary_name", sa.Text, nullable=False, server_default=""),
    sa.Column("final_name", sa.Text, nullable=False, server_default=""),
    sa.Column("last_error", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("delivered_at", sa.Double),
    sa.UniqueConstraint("destination", "key"),
    sa.UniqueConstraint("destination", "name_key"),
    sa.Index("ix_outbox_waiting", "destination", "state", "next_at"),
    sa.Index("ix_outbox_delivered", "destination", "delivered_at"),
)

announced = sa.Table(  # what needs a person and was told, until it is gone
    "announced",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),  # gdtbridge.attention.KINDS
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("announced_at", sa.Double, nullable=False),
    sa.Column("noted", sa.Boolean, nullable=False, server_default=sa.false()),  # by a GDT record
)

attention_note = sa.Table(  # the GDT records that told of it
    "attention_note",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("written_at", sa.Double, nullable=False),
)


class Database:
    """An engine with one way to read and one way to write.

    ``write`` transactions are serialised in this process; against other processes SQLite's own lock
    is waited for. Share one object between threads.
    """

    def __init__(self, url: str, *, looking: bool = False) -> None:
        """Open ``url`` (SQLAlchemy), create what is missing; raise `DatabaseError` otherwise.

        Who is only ``looking`` cannot write, makes and upgrades nothing, leaves no trace on the
        disk, and gets a `NoInstallation` where there is no database of ours.
        """
        self._writing = threading.RLock()
        self._file: Path | None = None
        self._opened: os.stat_result | None = None
        try:
            self.engine = _engine(url, looking=looking)
            with ExitStack() as undone:
                undone.callback(self.close)
                if looking:
                    self._recognise()
                else:
                    self._prepare()
                self._remember_file()
                undone.pop_all()
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise DatabaseError(
                "storage.database: Die Datenbank lässt sich nicht öffnen. / The database cannot be "
                f"opened: {type(error).__name__}: {getattr(error, 'orig', None) or error}"
            ) from error

    def _prepare(self) -> None:
        with self.engine.connect() as connection, _changing(connection):
            metadata.create_all(connection)
            found = connection.execute(sa.select(schema_version.c.version)).scalar()
            if found is None:
                connection.execute(sa.insert(schema_version).values(version=SCHEMA_VERSION))
            elif found > SCHEMA_VERSION:
                raise _newer(found)
            elif found < SCHEMA_VERSION:
                _upgrade(connection, found)

    def _recognise(self) -> None:
        """Raise unless our schema, of this version, is there."""
        with self.engine.connect() as connection, connection.begin():
            if not sa.inspect(connection).has_table(schema_version.name):
                raise NoInstallation(_place(self.engine.url))
            found = connection.execute(sa.select(schema_version.c.version)).scalar()
        if found is None:
            raise NoInstallation(_place(self.engine.url))
        if found > SCHEMA_VERSION:
            raise _newer(found)
        if found < SCHEMA_VERSION:
            raise DatabaseError(
                f"Die Datenbank hat noch Schema {found}, dieses Programm braucht {SCHEMA_VERSION}: "
                "Bitte den Dienst einmal neu starten, er stellt sie um. / The database still has "
                f"schema {found}, this program needs {SCHEMA_VERSION}; restart the service once, "
                "it upgrades the database."
            )

    @contextmanager
    def write(self, *, synced: bool = True) -> Iterator[Connection]:
        """Yield a connection inside one write transaction; commit at the end, roll back on error.

        When it returns, the changes are on the disk; those not ``synced`` may be lost with the
        power, never with the process, and get there with the next that are. Raises
        `OutOfResources` when the disk is full, and `DatabaseError` for whatever else the database
        complains of.
        """
        with self._writing, self._connect() as connection:
            try:
                with _changing(connection, "write" if synced else "unsynced write"):
                    yield connection
                    self._must_be_there()
            except SQLAlchemyError as error:
                raise _told(error) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one consistent state and changes nothing.

        Raises `DatabaseError`.
        """
        with self._connect() as connection:
            try:
                with connection.begin():
                    yield connection
            except SQLAlchemyError as error:
                raise _told(error) from error

    def _connect(self) -> Connection:
        self._must_be_there()  # or SQLite makes an empty file of that name
        try:
            return self.engine.connect()
        except SQLAlchemyError as error:
            raise _told(error) from error

    def _remember_file(self) -> None:
        """Note which file SQLite has open, to notice when another one or none takes its place."""
        name = self.engine.url.database
        if self.engine.dialect.name == "sqlite" and name and Path(name).is_file():
            self._file = Path(name).absolute()
            self._opened = self._file.stat()

    def _must_be_there(self) -> None:
        """Raise `DatabaseError` when the file was moved, deleted or replaced.

        SQLite would go on writing to a file that has no name any more, and all of it would be lost.
        """
        if self._file is None or self._opened is None:
            return
        try:
            if os.path.samestat(self._file.stat(), self._opened):
                return
        except OSError:
            pass
        raise DatabaseError(
            "Die Datei der Datenbank wurde im Betrieb entfernt oder ersetzt. Bitte zurücklegen "
            "oder den Dienst neu starten. / The database file was removed or replaced while in "
            "use; put it back or restart the service."
        )

    def close(self) -> None:
        """Close every connection; waits for nobody."""
        self.engine.dispose()


def _place(url: sa.URL) -> str:
    """Return where a database is or should be, without its password."""
    return f"{url.render_as_string(hide_password=True)} (storage.database)"


def _newer(found: int) -> DatabaseError:
    return DatabaseError(
        f"Die Datenbank hat Schema {found}, dieses Programm {SCHEMA_VERSION}: Bitte das passende "
        "Programm verwenden. / The database was written by a newer version of the program; use "
        "that one."
    )


def _upgrade(connection: Connection, found: int) -> None:
    """Bring the schema from version ``found`` to ours, within the caller's transaction."""
    from gdtbridge.upgrades import upgrade  # alembic is slow to import and seldom needed

    upgrade(connection, found, SCHEMA_VERSION)
    connection.execute(sa.update(schema_version).values(version=SCHEMA_VERSION))
    log.info("database upgraded from schema %d to %d", found, SCHEMA_VERSION)


@contextmanager
def _changing(connection: Connection, purpose: str = "write") -> Iterator[None]:
    """Run a write transaction; see `_sqlite_begin`."""
    connection.info["purpose"] = purpose
    try:
        with connection.begin():
            yield
    finally:
        connection.info.pop("purpose", None)


def _told(error: SQLAlchemyError) -> BridgeError:
    """Return our error for the database's: what it quotes may be a patient's, its code is not.

    No room is SQLITE_FULL, or disk_full of PostgreSQL (53100).
    """
    cause = getattr(error, "orig", None)
    codes = [getattr(cause, name, None) for name in ("sqlite_errorname", "sqlstate")]
    if not {"SQLITE_FULL", "53100"}.isdisjoint(codes):
        return OutOfResources(
            "Die Platte der Datenbank ist voll. / The disk of the database is full."
        )
    code = next((code for code in codes if code), type(error).__name__)
    return DatabaseError(
        "Die Datenbank ist gerade nicht benutzbar; bitte noch einmal versuchen. / The database "
        f"cannot be used at the moment; please try again. [{code}]"
    )


def _engine(url: str, *, looking: bool) -> Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _server_engine(parsed, looking=looking)
    if looking:
        return _looking_engine(parsed)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        parsed,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        pool_size=16,
        max_overflow=64,
    )
    event.listen(engine, "connect", _sqlite_pragmas)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _looking_engine(url: sa.URL) -> Engine:
    """Return an engine that opens the file for reading, anew for each transaction."""
    file = Path(url.database or "")
    if not file.is_file():
        raise NoInstallation(_place(url))

    def connect(_dialect: object, record: ConnectionPoolEntry, *_: object) -> sqlite3.Connection:
        how = _way_to_look(file)
        record.info["at rest"] = file if how == _AT_REST else None
        return sqlite3.connect(
            f"{file.absolute().as_uri()}?{how}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "begin", _sqlite_begin)
    event.listen(engine, "begin", _note_file)
    event.listen(engine, "commit", _must_be_at_rest)
    return engine


_AT_REST: Final = "immutable=1"
_IN_USE: Final = "mode=ro&readonly_shm=1"


def _way_to_look(file: Path) -> str:
    """Return the query of an SQLite URI by which reading leaves no trace (sqlite.org/uri.html).

    Opening a WAL database makes ``-wal`` and ``-shm`` where they are missing, even to read it. A
    file at rest has neither and is opened as one nobody writes. Where both are there,
    ``readonly_shm`` keeps a reader from marking its place in the index. Raises `DatabaseError`
    where only the index is missing: it would have to be made.
    """
    wal, shm = (file.with_name(file.name + suffix) for suffix in ("-wal", "-shm"))
    for one in (file, wal, shm):
        if one.exists() and not os.access(one, os.R_OK):
            raise DatabaseError(
                f"storage.database: Dieser Benutzer darf {one} nicht lesen. / This user may not "
                f"read {one}."
            )
    if wal.exists() and shm.exists():
        return _IN_USE
    if wal.exists() and wal.stat().st_size:
        raise DatabaseError(
            f"storage.database: {file} wurde nicht zu Ende geschrieben (kopiert oder "
            "zurückgespielt?). Bitte den Dienst einmal starten, er bringt sie in Ordnung. / was "
            "not closed properly (copied or restored?); start the service once, it mends that."
        )
    return _AT_REST


def _note_file(connection: Connection) -> None:
    if file := connection.info["at rest"]:
        connection.info["stamp"] = FileStamp.of(file.stat())


def _must_be_at_rest(connection: Connection) -> None:
    """Raise `DatabaseError` when a file opened as one nobody writes was written meanwhile."""
    file = connection.info["at rest"]
    if file and FileStamp.of(file.stat()) != connection.info["stamp"]:
        raise DatabaseError(
            "Die Datenbank wurde gerade beschrieben; bitte noch einmal versuchen. / The database "
            "was written to just now; please try again."
        )


def _server_engine(url: sa.URL, *, looking: bool) -> Engine:
    arguments: dict[str, int | str] = {}
    if url.get_driver_name().startswith("psycopg"):
        arguments |= CONNECTION_WAITS
        if looking:
            arguments["options"] = "-c default_transaction_read_only=on"
    arguments = {key: value for key, value in arguments.items() if key not in url.query}
    engine = sa.create_engine(url, pool_pre_ping=True, connect_args=arguments)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _postgresql_begin)
    return engine


def _postgresql_begin(connection: Connection) -> None:
    """Give a transaction what it has on SQLite: one writer at a time, readers with one state.

    A writer that has waited must see what was committed meanwhile; so its isolation level stays
    READ COMMITTED.
    """
    if purpose := connection.info.get("purpose"):
        connection.exec_driver_sql(
            f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'; "
            f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})"
        )
        if purpose != "write":
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _sqlite_pragmas(connection: object, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # we say BEGIN ourselves
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    """Take the write lock at once: a read that becomes a write could fail half-way otherwise."""
    if purpose := connection.info.get("purpose"):
        synchronous = "FULL" if purpose == "write" else "NORMAL"
        connection.exec_driver_sql(f"PRAGMA synchronous={synchronous}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if purpose else "BEGIN")
