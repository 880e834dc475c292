"""How the schema came to be what it is: one step from each version to the next.

A step says what changed in ``gdtbridge.schema`` and never changes again itself. New tables need
no step: they are made before.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.engine import Connection


def _to_2(op: Operations) -> None:
    """Remember who ordered, which device sent, where results went and which values were sent."""
    for table, column in (
        ("order_reference", "ordered_by"),
        ("order_reference", "route"),
        ("exam", "device"),
        ("exam", "route"),
        ("report", "sent"),
    ):
        op.add_column(table, sa.Column(column, sa.Text, nullable=False, server_default=""))


def _to_3(op: Operations) -> None:
    """Let an order say what its worklist entry says, and whether the list has been told."""
    for column in ("physician", "scheduled", "created"):
        op.add_column("placed_order", sa.Column(column, sa.Text, nullable=False, server_default=""))
    op.add_column("placed_order", sa.Column("listing", sa.Text))
    unlisted = sa.column("listing").is_not(None)
    op.create_index(
        "ix_placed_order_unlisted",
        "placed_order",
        ["id"],
        sqlite_where=unlisted,
        postgresql_where=unlisted,
    )
    op.create_index("ix_placed_order_patient_id", "placed_order", ["patient_id"])


_GONE: Final = (
    *("order_id", "held_because", "released", "accession_number", "patient_id", "mixed"),
    *("sent_patient_id", "patient_name", "patient_birth_date", "patient_sex", "modality"),
    *("study_description", "study_date", "study_time", "reported_at", "route"),
)
"""Columns of ``exam`` that claims and results have since schema 4."""

_CLAIMS: Final = """
INSERT INTO claim (
    exam_id, said, patient_id, patient_name, patient_birth_date, patient_sex, accession_number,
    modality, study_description, study_date, study_time, first_at, person, state,
    held_because, number, order_number, word
)
SELECT
    exam.id, '', sent_patient_id, exam.patient_name, exam.patient_birth_date, exam.patient_sex,
    exam.accession_number, exam.modality, study_description, study_date, study_time,
    first_instance_at, 1,
    CASE exam.state WHEN 'reported' THEN 'settled' WHEN 'held' THEN 'held' ELSE 'open' END,
    CASE exam.state WHEN 'held' THEN held_because ELSE '' END,
    CASE exam.state WHEN 'reported' THEN exam.patient_id ELSE '' END,
    CASE exam.state WHEN 'reported' THEN {order} ELSE '' END,
    CASE WHEN released AND (exam.state <> 'held' OR held_because = 'unwritable' AND NOT mixed)
         THEN exam.patient_id ELSE '' END
FROM exam
"""
_RESULTS: Final = """
INSERT INTO exam_result (
    exam_id, patient_id, patient_name, patient_birth_date, patient_sex, accession_number, route,
    reported_at, pictures
)
SELECT
    exam.id, exam.patient_id,
    CASE WHEN exam.patient_id = sent_patient_id THEN exam.patient_name ELSE '' END,
    CASE WHEN exam.patient_id = sent_patient_id THEN exam.patient_birth_date ELSE '' END,
    CASE WHEN exam.patient_id = sent_patient_id THEN exam.patient_sex ELSE '' END,
    {order}, exam.route, reported_at, 0
FROM exam WHERE reported_at IS NOT NULL
"""
_ORDER: Final = """
COALESCE(
    (SELECT accession_number FROM placed_order
     WHERE placed_order.patient_id = exam.patient_id
     AND placed_order.study_instance_uid = exam.study_instance_uid),
    (SELECT accession_number FROM placed_order
     WHERE placed_order.patient_id = exam.patient_id
     AND placed_order.accession_number = exam.accession_number),
    ''
)
"""
_INSTANCES: Final = """
UPDATE instance SET claim_id = (
    SELECT claim.id FROM claim JOIN exam ON exam.id = claim.exam_id
    WHERE exam.study_instance_uid = instance.study_instance_uid
    AND NOT exam.mixed AND exam.state <> 'held'
)
WHERE standing = 'new'
"""
_TOLD: Final = """
UPDATE instance SET told = true WHERE standing = 'new' AND study_instance_uid IN (
    SELECT study_instance_uid FROM exam WHERE reported_at IS NOT NULL
)
"""
_KEPT: Final = """
INSERT INTO exam (
    id, study_instance_uid, state, device, instances, first_instance_at, last_instance_at, due_at
)
SELECT
    id, study_instance_uid, state, device, instances, first_instance_at, last_instance_at, due_at
FROM kept_exam
"""
_ATTACHED: Final = "SELECT key FROM outbox WHERE kind = 'attachment' AND key LIKE '%.jpg'"
_OF_CHARTS: Final = """
SELECT exam_result.id, exam.study_instance_uid, exam_result.patient_id
FROM exam_result JOIN exam ON exam.id = exam_result.exam_id
"""
_SAID: Final = """
SELECT id, patient_id, patient_name, patient_birth_date, patient_sex, accession_number FROM claim
"""
_UNSENT: Final = "UPDATE report SET state = 'pending' WHERE state = 'other-patient'"
"""Reports of others than whom an exam was released for: their claims are held now."""


def _to_4(op: Operations) -> None:
    """Let an exam have several people: claims and results beside it.

    Whom the objects of exams with several patients name is read from their files
    (`gdtbridge.exams.adoption`).
    """
    op.execute("ALTER TABLE instance ADD COLUMN claim_id INTEGER REFERENCES claim (id)")
    op.execute("ALTER TABLE instance ADD COLUMN told BOOLEAN NOT NULL DEFAULT false")
    op.create_index("ix_placed_order_patient_birth_date", "placed_order", ["patient_birth_date"])
    unsent = sa.column("problem") != sa.literal_column("''")
    op.create_index(
        "ix_report_problem", "report", ["id"], sqlite_where=unsent, postgresql_where=unsent
    )
    for statement in (_CLAIMS, _RESULTS):
        op.execute(statement.format(order=_ORDER))
    for statement in (_INSTANCES, _TOLD, _UNSENT):
        op.execute(statement)
    op.create_index("ix_instance_claim_id", "instance", ["claim_id"])
    _digest_claims(op)
    _count_pictures(op)
    op.drop_index("ix_exam_accession_number", "exam")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_exam(op)
    else:
        for column in _GONE:
            op.drop_column("exam", column)


def _digest_claims(op: Operations) -> None:
    """Write the digest by which claims are found: SHA-256 of what they say, as a JSON list."""
    found = op.get_bind().execute(sa.text(_SAID)).all()
    values = [{"id": claim_id, "said": _sha256(json.dumps(said))} for claim_id, *said in found]
    _set(op, "UPDATE claim SET said = :said WHERE id = :id", values)


def _count_pictures(op: Operations) -> None:
    """Count the pictures each chart got, by the keys they were sent with: study, number, name."""
    connection = op.get_bind()
    keys = connection.execute(sa.text(_ATTACHED)).scalars()
    counts = Counter(tuple(key.split(":")[:2]) for key in keys)
    values = [
        {"id": result_id, "pictures": count}
        for result_id, study, number in connection.execute(sa.text(_OF_CHARTS)).all()
        if (count := counts[study, _sha256(number)[:16]])
    ]
    _set(op, "UPDATE exam_result SET pictures = :pictures WHERE id = :id", values)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _set(op: Operations, statement: str, values: Sequence[Mapping[str, object]]) -> None:
    if values:
        op.get_bind().execute(sa.text(statement), values)


def _rebuild_exam(op: Operations) -> None:
    """Make ``exam`` anew with what is left of it: SQLite drops no column with a foreign key.

    What refers to it finds the same ids when the transaction ends.
    """
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TEMP TABLE kept_exam AS SELECT * FROM exam")
    op.execute("DROP TABLE exam")
    op.create_table(
        "exam",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("study_instance_uid", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False, server_default=""),
        sa.Column("instances", sa.Integer, nullable=False),
        sa.Column("first_instance_at", sa.Double, nullable=False),
        sa.Column("last_instance_at", sa.Double, nullable=False),
        sa.Column("due_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_exam"),
        sa.UniqueConstraint("study_instance_uid", name="uq_exam_study_instance_uid"),
    )
    op.create_index("ix_exam_due_at", "exam", ["due_at"])
    op.execute(_KEPT)
    op.execute("DROP TABLE kept_exam")


def _to_5(op: Operations) -> None:
    """Find claims by birth date. New are: refusals, free space, mails, places, answers, jumps."""
    name = "ix_claim_patient_birth_date"
    op.create_index(name, "claim", ["patient_birth_date"], if_not_exists=True)


def _to_6(op: Operations) -> None:
    """Remember whom an order was addressed to, its test's name, its number's field, what to repeat.

    And how far its exam is, what else an order says and what looks odd in it, when its entry
    changed and left the list, and when its images are missing. Of several versions of an object it
    is remembered which one the device sent last, and of a person's word which order and day was
    meant.

    An older program is kept out: it would not write files again that are not synced yet.
    To whom those before were addressed is read from their files (`gdtbridge.orders.folder_memory`).
    """
    op.add_column("instance", sa.Column("turn", sa.Integer, nullable=False, server_default="0"))
    for column in ("test_name", "addressed_to", "number_field", "echo"):
        added = sa.Column(column, sa.Text, nullable=False, server_default="")
        op.add_column("order_reference", added)
    status = sa.Column("step_status", sa.Text, nullable=False, server_default="SCHEDULED")
    op.add_column("placed_order", status)
    for column in ("changed_at", "unlisted_at", "images_due_at"):
        op.add_column("placed_order", sa.Column(column, sa.Double))
    details = sa.Column("details", sa.Text, nullable=False, server_default="")
    op.add_column("placed_order", details)
    remarks = sa.Column("remarks", sa.Text, nullable=False, server_default="")
    op.add_column("placed_order", remarks)
    op.execute("INSERT INTO order_receiver (receiver) VALUES ('')")
    op.create_index("ix_patient_birth_date", "patient", ["birth_date"], if_not_exists=True)
    op.create_index("ix_patient_received_at", "patient", ["received_at"], if_not_exists=True)
    op.create_index("ix_claim_study_date", "claim", ["study_date"], if_not_exists=True)
    op.create_index("ix_placed_order_scheduled", "placed_order", ["scheduled"], if_not_exists=True)
    undone = sa.text("state != 'done'")
    op.create_index(
        "ix_placed_order_undone",
        "placed_order",
        ["scheduled", "id"],
        if_not_exists=True,
        sqlite_where=undone,
        postgresql_where=undone,
    )
    imageless = sa.text("images_due_at IS NOT NULL")
    op.create_index(
        "ix_placed_order_images_due_at",
        "placed_order",
        ["images_due_at"],
        if_not_exists=True,
        sqlite_where=imageless,
        postgresql_where=imageless,
    )
    births = ["patient_birth_date"]
    op.create_index("ix_exam_result_patient_birth_date", "exam_result", births, if_not_exists=True)
    op.create_index("ix_exam_first_instance_at", "exam", ["first_instance_at"], if_not_exists=True)
    if op.get_context().dialect.name == "postgresql":  # SQLite orders all text by its code points
        op.execute('ALTER TABLE outbox ALTER COLUMN key TYPE text COLLATE "C"')
    op.create_index("ix_outbox_key", "outbox", ["key"], if_not_exists=True)
    for table, column in (("patient", "birth_date"), ("exam_result", "patient_birth_date")):
        op.create_index(f"ix_{table}_{column}", table, [column], if_not_exists=True)
    kind = ["sop_class_uid", "transfer_syntax_uid"]
    op.create_index("ix_instance_kind", "instance", kind, if_not_exists=True)
    op.add_column("instance", sa.Column("committed_at", sa.Double))
    called = sa.Column("called_aet", sa.Text, nullable=False, server_default="")
    op.add_column("instance", called)
    op.add_column("outbox", sa.Column("collected_at", sa.Double))
    catalogue = sa.Column("catalogue", sa.Text, nullable=False, server_default="")
    op.add_column("report", catalogue)
    op.add_column("outbox", sa.Column("recall", sa.Text))
    op.create_index("ix_outbox_recall", "outbox", ["recall"], if_not_exists=True)
    op.add_column("outbox", sa.Column("recalled_at", sa.Double))
    claims = sa.inspect(op.get_bind()).get_columns("claim")
    if "order_word" not in {column["name"] for column in claims}:  # new before schema 4
        order_word = sa.Column("order_word", sa.Text, nullable=False, server_default="")
        op.add_column("claim", order_word)
        of_day = sa.Column("of_receipt_day", sa.Boolean, nullable=False, server_default=sa.false())
        op.add_column("claim", of_day)
    lying = sa.text("kind = 'gdt' AND state = 'delivered' AND collected_at IS NULL")
    op.create_index(
        "ix_outbox_uncollected",
        "outbox",
        ["destination", "delivered_at"],
        sqlite_where=lying,
        postgresql_where=lying,
    )
    promised = sa.column("committed_at").is_not(None)
    op.create_index(
        "ix_instance_committed_at",
        "instance",
        ["committed_at"],
        sqlite_where=promised,
        postgresql_where=promised,
    )


STEPS: Final[Mapping[int, Callable[[Operations], None]]] = MappingProxyType(
    {2: _to_2, 3: _to_3, 4: _to_4, 5: _to_5, 6: _to_6}
)
"""By the version each leads to."""


def upgrade(connection: Connection, found: int, wanted: int) -> None:
    """Take every step after version ``found`` up to ``wanted``, in the caller's transaction."""
    operations = Operations(MigrationContext.configure(connection))
    for version in range(found + 1, wanted + 1):
        STEPS[version](operations)
