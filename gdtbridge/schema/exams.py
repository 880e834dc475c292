"""Exams: what objects say of them, what was decided, measured and told step by step."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.schema.base import BYTEWISE, metadata

exam = sa.Table(
    "exam",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("study_instance_uid", sa.Text, nullable=False, unique=True),
    sa.Column("state", sa.Text, nullable=False),  # gdtbridge.exams.ExamState
    sa.Column("device", sa.Text, nullable=False, server_default=""),  # calling AE title
    sa.Column("instances", sa.Integer, nullable=False),
    sa.Column("first_instance_at", sa.Double, nullable=False, index=True),
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
    sa.Column("patient_birth_date", sa.Text, nullable=False, index=True),
    sa.Column("patient_sex", sa.Text, nullable=False),
    sa.Column("accession_number", sa.Text, nullable=False, index=True),
    sa.Column("modality", sa.Text, nullable=False),  # of the first object that says it, as below
    sa.Column("study_description", sa.Text, nullable=False),
    sa.Column("study_date", sa.Text, nullable=False, index=True),  # as sent, YYYYMMDD
    sa.Column("study_time", sa.Text, nullable=False),  # as sent, HHMMSS.FFFFFF
    sa.Column("first_at", sa.Double, nullable=False),
    sa.Column("person", sa.Integer, nullable=False),  # of the exam, from 1
    sa.Column("state", sa.Text, nullable=False),  # gdtbridge.exams.ClaimState
    sa.Column("held_because", sa.Text, nullable=False, server_default=""),
    # whose chart it went to
    sa.Column("number", sa.Text, nullable=False, server_default="", index=True),
    sa.Column("order_number", sa.Text, nullable=False, server_default=""),  # of the order it met
    sa.Column("word", sa.Text, nullable=False, server_default=""),  # the number a person said
    # the accession number of the order a person said
    sa.Column("order_word", sa.Text, nullable=False, server_default=""),
    # whether a person said that the day of the receipt counts, not the device's
    sa.Column("of_receipt_day", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("confirmed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("unmatched", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("exam_id", "said"),
)

held = claim.c.state == "held"

sa.Index("ix_claim_held", claim.c.exam_id, sqlite_where=held, postgresql_where=held)

study_name = sa.Table(  # under which names an exam can be found
    "study_name",
    metadata,
    # worklist.name_keys, and those of gdtbridge.people.folding
    sa.Column("key", BYTEWISE, primary_key=True),
    sa.Column("exam_id", sa.Integer, sa.ForeignKey("exam.id"), primary_key=True),
    sa.Index("ix_study_name_exam_id_key", "exam_id", "key"),
)

exam_result = sa.Table(  # what one chart got of an exam, for one order or none
    "exam_result",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exam_id", sa.Integer, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("patient_id", sa.Text, nullable=False, index=True),  # the number in the record
    sa.Column("patient_name", sa.Text, nullable=False),  # in the record, as are the next two
    sa.Column("patient_birth_date", sa.Text, nullable=False, index=True),
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
    # digest of the catalogue that names its values in report_value; empty: they are not there yet
    sa.Column("catalogue", sa.Text, nullable=False, server_default=""),
)

unsent = report.c.problem != ""

sa.Index("ix_report_problem", report.c.id, sqlite_where=unsent, postgresql_where=unsent)

report_value = sa.Table(  # a measurement of a report as a chart gets it; gdtbridge.trends
    "report_value",
    metadata,
    sa.Column("instance_id", sa.Integer, sa.ForeignKey("instance.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),  # in the order of the chart, from 0
    *(
        sa.Column(name, sa.Text, nullable=False)
        for name in (
            *("series", "kind", "code", "heading", "name", "number", "number_unit", "value"),
            *("unit", "sent_value", "method", "remarks", "place", "section"),
        )
    ),
    sa.Column("of_child", sa.Boolean, nullable=False),
)

performed_step = sa.Table(  # a Modality Performed Procedure Step, as its device told it
    "performed_step",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sop_instance_uid", sa.Text, nullable=False, unique=True),
    sa.Column("state", sa.Text, nullable=False),  # gdtbridge.exams.steps.StepState
    sa.Column("device", sa.Text, nullable=False, index=True),  # calling AE title
    sa.Column("patient_id", sa.Text, nullable=False),  # as sent, as are the next three
    sa.Column("patient_name", sa.Text, nullable=False),
    sa.Column("patient_birth_date", sa.Text, nullable=False),
    sa.Column("patient_sex", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("reason_code", sa.Text, nullable=False),  # of a discontinued one: PS3.16 CID 9300
    sa.Column("reason", sa.Text, nullable=False),  # Code Meaning
    sa.Column("began_at", sa.Double, nullable=False, index=True),
    sa.Column("ended_at", sa.Double),  # null: in progress
    # gdtbridge.devices.NetworkProfile.performed_steps
    sa.Column("reliance", sa.Text, nullable=False, server_default="full"),
    # whether a person knows what of it is missing or contradicts
    sa.Column("accepted", sa.Boolean, nullable=False, server_default=sa.false()),
)

step_message = sa.Table(  # what came of a step, N-CREATE first, then each N-SET, byte for byte
    "step_message",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "step_id", sa.Integer, sa.ForeignKey("performed_step.id"), nullable=False, index=True
    ),
    sa.Column("transfer_syntax_uid", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # the dataset
    sa.Column("received_at", sa.Double, nullable=False),
)

step_study = sa.Table(  # the studies and orders a step is for: Scheduled Step Attributes Sequence
    "step_study",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "step_id", sa.Integer, sa.ForeignKey("performed_step.id"), nullable=False, index=True
    ),
    sa.Column("study_instance_uid", sa.Text, nullable=False, index=True),
    sa.Column("accession_number", sa.Text, nullable=False),
)

step_instance = sa.Table(  # the instances a step announces: Performed Series Sequence
    "step_instance",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "step_id", sa.Integer, sa.ForeignKey("performed_step.id"), nullable=False, index=True
    ),
    sa.Column("sop_instance_uid", sa.Text, nullable=False, index=True),
)
