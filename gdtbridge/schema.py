"""The schema: every table, on SQLite and PostgreSQL alike.

Times are UTC, in seconds since 1970. How an older schema became this one is told in
``gdtbridge.upgrades``.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

SCHEMA_VERSION: Final = 6

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

BYTEWISE: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that is looked up by its beginning: in order of its code points, whatever the language of
the server; SQLite orders all text so."""

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
    # of several versions of a UID the highest was sent last, of equals the one with the highest id
    sa.Column("turn", sa.Integer, nullable=False, server_default="0"),
    # when a device was first promised that it is kept; null: never
    sa.Column("committed_at", sa.Double),
    # the title the device knows us by; empty: not written down yet
    sa.Column("called_aet", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("sop_instance_uid", "transfer_syntax_uid", "sha256"),
)
uncompared = instance.c.standing == "conflict"
sa.Index("ix_instance_aside", instance.c.id, sqlite_where=uncompared, postgresql_where=uncompared)

sa.Index("ix_instance_kind", instance.c.sop_class_uid, instance.c.transfer_syntax_uid)

promised = instance.c.committed_at.is_not(None)
sa.Index(
    "ix_instance_committed_at",
    instance.c.committed_at,
    sqlite_where=promised,
    postgresql_where=promised,
)

unsynced_file = sa.Table(  # a small object whose file the disk may not have yet
    "unsynced_file",
    metadata,
    sa.Column("instance_id", sa.Integer, sa.ForeignKey("instance.id"), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),  # the whole file
)

instance_head = sa.Table(  # what an object is listed by, as sent; none of an older program's yet
    "instance_head",
    metadata,
    sa.Column("instance_id", sa.Integer, sa.ForeignKey("instance.id"), primary_key=True),
    *(  # gdtbridge.archive.heads
        sa.Column(name, sa.Text, nullable=False)
        for name in (
            *("modality", "series_number", "instance_number", "series_description"),
            *("series_date", "series_time", "content_date", "content_time", "study_id"),
            *("referring_physician", "institution", "station", "manufacturer", "model"),
            *("body_part", "frames", "rows", "columns"),
        )
    ),
)

picture_check = sa.Table(  # what the head of a picture lacks, found when it arrived
    "picture_check",
    metadata,
    sa.Column("instance_id", sa.Integer, sa.ForeignKey("instance.id"), primary_key=True),
    sa.Column("day", sa.Text, nullable=False),  # local day of receipt, YYYY-MM-DD
    sa.Column("device", sa.Text, nullable=False),  # calling AE title
    sa.Column("missing", sa.Text, nullable=False),  # codes of the check list, blanks between
    sa.Column("serial", sa.Text, nullable=False),  # DeviceSerialNumber
    sa.Column("transducer", sa.Text, nullable=False),  # gdtbridge.picture_labels.transducer_of
    sa.Column("is_b_mode", sa.Boolean),  # null: the picture does not say
)
sa.Index("ix_picture_check_day", picture_check.c.day, picture_check.c.device)

quiet_label = sa.Table(  # items of the check list a person does not want to be told of a device
    "quiet_label",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),  # calling AE title
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
)

transducer_name = sa.Table(  # what the practice calls a transducer that devices name in their way
    "transducer_name",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),  # calling AE title
    sa.Column("transducer", sa.Text, primary_key=True),  # as in `picture_check`
    sa.Column("name", sa.Text, nullable=False),
)

sample_case = sa.Table(  # a patient and a day a KV asks for in a sample audit
    "sample_case",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("asked", sa.Text, nullable=False),  # as typed: number or name
    sa.Column("day", sa.Text, nullable=False),  # YYYY-MM-DD
    sa.Column("added_at", sa.Double, nullable=False),
    # ids of the instances a person chose, blanks between; null: every still
    sa.Column("chosen", sa.Text),
    sa.Column("seen_at", sa.Double),  # null: nobody has said that the pictures were looked at
    sa.Column("seen_by", sa.Text, nullable=False),
    sa.UniqueConstraint("asked", "day"),
)

commitment = sa.Table(  # a device asks whether what it sent is kept for good (PS3.4 Annex J)
    "commitment",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("transaction_uid", sa.Text, nullable=False, index=True),
    sa.Column("calling_aet", sa.Text, nullable=False),
    sa.Column("called_aet", sa.Text, nullable=False),  # the title the device knows us by
    sa.Column("peer", sa.Text, nullable=False),  # the address it called from
    # whether it wants the answer on the association it asked on
    sa.Column("same_association", sa.Boolean, nullable=False),
    sa.Column("asked", sa.Text, nullable=False),  # SHA-256 of what it asks about
    sa.Column("state", sa.Text, nullable=False),  # gdtbridge.commitment.CommitmentState
    sa.Column("round", sa.Integer, nullable=False),  # how often it was asked, from 1
    sa.Column("requested_at", sa.Double, nullable=False),  # the last time
    sa.Column("due_at", sa.Double, index=True),  # null: it is answered
    sa.Column("expires_at", sa.Double, nullable=False),  # missing instances are waited for until
    sa.Column("missing", sa.Integer, nullable=False),  # at the last look
    sa.Column("verified_at", sa.Double),
    sa.Column("message_id", sa.Integer, sa.ForeignKey("outbox.id"), index=True),  # the answer
)

commitment_reference = sa.Table(  # an instance a device asks about
    "commitment_reference",
    metadata,
    sa.Column("commitment_id", sa.Integer, sa.ForeignKey("commitment.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),  # from 0
    sa.Column("sop_class_uid", sa.Text, nullable=False),  # empty where the device left it out
    sa.Column("sop_instance_uid", sa.Text, nullable=False),
    # Failure Reason (0008,1197); null: kept, or not looked at yet
    sa.Column("failure_reason", sa.Integer),
    # the instance whose file was found missing or damaged
    sa.Column("instance_id", sa.Integer, sa.ForeignKey("instance.id")),
)
broken = commitment_reference.c.instance_id.is_not(None)
sa.Index(
    "ix_commitment_reference_broken",
    commitment_reference.c.instance_id,
    sqlite_where=broken,
    postgresql_where=broken,
)

backup_run = sa.Table(  # the last whole copy of the installation
    "backup_run",
    metadata,
    sa.Column("begun_at", sa.Double, primary_key=True),
)

awaited_study = sa.Table(  # a study that is being fetched from another archive
    "awaited_study",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("study_instance_uid", sa.Text, nullable=False, index=True),
    sa.Column("peer", sa.Text, nullable=False),  # AE title of a [[peer]]
    sa.Column("patient_id", sa.Text, nullable=False),  # as the archive lists it
    # whether its objects are results, as if a device sent them
    sa.Column("reported", sa.Boolean, nullable=False),
    sa.Column("is_open", sa.Boolean, nullable=False),  # whether somebody is still at it
    sa.Column("expires_at", sa.Double, nullable=False),  # until then its objects may come
)

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
    # local time, ISO 8601
    sa.Column("scheduled", sa.Text, nullable=False, server_default="", index=True),
    sa.Column("created", sa.Text, nullable=False, server_default=""),  # the same
    # worklist.StepStatus, as devices are shown it
    sa.Column("step_status", sa.Text, nullable=False, server_default="SCHEDULED"),
    # worklist.EntryDetails that are said, as JSON
    sa.Column("details", sa.Text, nullable=False, server_default=""),
    sa.Column("listing", sa.Text),  # gdtbridge.orders.model.ListingMark; null: the list has it
    sa.Column("changed_at", sa.Double),  # when its entry was changed last, or came back
    sa.Column("unlisted_at", sa.Double),  # when its entry left the list
    # what a person should look at as long as it is open
    sa.Column("remarks", sa.Text, nullable=False, server_default=""),
)
undone = placed_order.c.state != sa.literal_column("'done'")  # as text: SQLite has to prove it
sa.Index(
    "ix_placed_order_undone",
    placed_order.c.scheduled,
    placed_order.c.id,
    sqlite_where=undone,
    postgresql_where=undone,
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
    sa.Column("test_name", sa.Text, nullable=False, server_default=""),  # 8411 of that 8410
    sa.Column("addressed_to", sa.Text, nullable=False, server_default=""),  # 8315
    # field the patient's number came in where that is not 3000
    sa.Column("number_field", sa.Text, nullable=False, server_default=""),
    # further fields that results repeat: a line for each, its number and content
    sa.Column("echo", sa.Text, nullable=False, server_default=""),
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

left_file = sa.Table(  # a file in an order folder that is not ours, and lies there for long
    "left_file",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("route", sa.Text, nullable=False),  # whose folder; empty: gdt.in
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("since", sa.Double, nullable=False),
    sa.UniqueConstraint("route", "name"),
)

picked_file = sa.Table(  # a file of a pick-up folder that lies there and is done with
    "picked_file",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # SHA-256 of folder and name
    sa.Column("folder", sa.Text, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),  # path below the folder, odd bytes escaped
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("modified_ns", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),  # gdtbridge.archive.picked_files.PickOutcome
    sa.Column("reason", sa.Text, nullable=False),  # for a person; empty: nobody has to know
    sa.Column("since", sa.Double, nullable=False),
)

order_receiver = sa.Table(  # 8315 of orders that were taken before anybody asked for it
    "order_receiver",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("route", sa.Text),  # null: that of every folder
    sa.Column("receiver", sa.Text, nullable=False),  # empty: the files were not read yet
    sa.UniqueConstraint("route", "receiver"),
)

patient = sa.Table(  # master data the practice software sent
    "patient",
    metadata,
    sa.Column("patient_id", sa.Text, primary_key=True),
    sa.Column("family_name", sa.Text, nullable=False),
    sa.Column("given_name", sa.Text, nullable=False),
    sa.Column("birth_date", sa.Text, nullable=False, index=True),  # YYYYMMDD or empty
    sa.Column("sex", sa.Text, nullable=False),
    sa.Column("received_at", sa.Double, nullable=False, index=True),
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

order_name = sa.Table(  # under which words an order can be found
    "order_name",
    metadata,
    sa.Column("key", BYTEWISE, primary_key=True),  # gdtbridge.people.folding
    sa.Column("order_id", sa.Integer, primary_key=True),
    sa.Index("ix_order_name_order_id_key", "order_id", "key"),
)

patient_name = sa.Table(  # under which words a patient's master data can be found
    "patient_name",
    metadata,
    sa.Column("key", BYTEWISE, primary_key=True),  # gdtbridge.people.folding
    sa.Column("patient_id", sa.Text, primary_key=True, index=True),
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

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # gdt, webhook
    sa.Column("destination", sa.Text, nullable=False),  # one worker each
    # what it reports; a second put of it does nothing
    sa.Column("key", BYTEWISE, nullable=False),
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
    # when the file of a kind that is collected was seen to be gone from its folder
    sa.Column("collected_at", sa.Double),
    # of files that are taken back together, and of what leaves where one of them was collected
    sa.Column("recall", sa.Text, index=True),
    sa.Column("recalled_at", sa.Double),
    sa.UniqueConstraint("destination", "key"),
    sa.UniqueConstraint("destination", "name_key"),
    sa.Index("ix_outbox_waiting", "destination", "state", "next_at"),
    sa.Index("ix_outbox_delivered", "destination", "delivered_at"),
    sa.Index("ix_outbox_key", "key"),
)
outbox_uncollected = sa.and_(
    outbox.c.kind == "gdt", outbox.c.state == "delivered", outbox.c.collected_at.is_(None)
)
sa.Index(
    "ix_outbox_uncollected",
    outbox.c.destination,
    outbox.c.delivered_at,
    sqlite_where=outbox_uncollected,
    postgresql_where=outbox_uncollected,
)

delivery_place = sa.Table(  # where the folder of a destination is
    "delivery_place",
    metadata,
    sa.Column("destination", sa.Text, primary_key=True),
    sa.Column("folder", sa.Text, nullable=False),  # as the settings named it
    sa.Column("place", sa.Text),  # gdtbridge.durable.mounts.Place as JSON, once proven
    sa.Column("problem", sa.Text, nullable=False, server_default=""),  # outbox.PlaceProblem
    sa.Column("since", sa.Double),  # of the problem
    sa.Column("found", sa.Text),  # what was there instead, as JSON
)

delivery_leftover = sa.Table(  # temporary files whose message needs them no more
    "delivery_leftover",
    metadata,
    sa.Column("destination", sa.Text, primary_key=True),
    sa.Column("temporary_name", sa.Text, primary_key=True),
)

delivery_pause = sa.Table(  # when a person paused a destination last
    "delivery_pause",
    metadata,
    sa.Column("destination", sa.Text, primary_key=True),
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),  # in the person's words
    sa.Column("ended_at", sa.Double),  # null: it lasts
)

webhook_answer = sa.Table(  # what came of the last call of each webhook
    "webhook_answer",
    metadata,
    sa.Column("destination", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("arrived", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),  # of the answer, for a person
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

attention_mail = sa.Table(  # the mails that told of it
    "attention_mail",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("written_at", sa.Double, nullable=False),
    sa.Column("waiting", sa.Integer, nullable=False),  # how much it told of; 0: all is done
)

mailed = sa.Table(  # what of the announced a mail told
    "mailed",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
)

refusal = sa.Table(  # devices, and objects of theirs, that were refused lately
    "refusal",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),  # gdtbridge.attention.refusals.RefusalReason
    sa.Column("caller", sa.Text, nullable=False),  # AE title and address as they may be shown
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("first_at", sa.Double, nullable=False),
    sa.Column("last_at", sa.Double, nullable=False),
)

dismissed_refusal = sa.Table(  # refusals a person need not be told of any more
    "dismissed_refusal",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),  # as in `refusal`
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
)

peer_certificate = sa.Table(  # the certificates peers have shown last, for their end
    "peer_certificate",
    metadata,
    sa.Column("who", sa.Text, primary_key=True),  # a table of the settings, or title and address
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("not_after", sa.Double, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),  # SHA-256, hexadecimal
)

worklist_query = sa.Table(  # what a device asked the worklist; the same again is the same row
    "worklist_query",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("calling_aet", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("implementation_class_uid", sa.Text, nullable=False),
    sa.Column("implementation_version_name", sa.Text, nullable=False),
    sa.Column("first_at", sa.Double, nullable=False),
    sa.Column("last_at", sa.Double, nullable=False, index=True),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("identifier", sa.LargeBinary, nullable=False),  # as it came, empty: unreadable
    sa.Column("transfer_syntax_uid", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),  # gdtbridge.dicom.command.DimseStatus
    sa.Column("answers", sa.Integer, nullable=False),
    sa.Column("answered", sa.Text, nullable=False),  # numbers of the first entries, JSON
    sa.Column("listed", sa.Integer, nullable=False),  # files that were served then
    sa.Column("milliseconds", sa.Integer, nullable=False),  # what answering took at most
)

known_caller = sa.Table(  # who connected to the DICOM server
    "known_caller",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("aet", sa.Text, nullable=False),  # as sent; empty: never heard
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("implementation_class_uid", sa.Text, nullable=False),
    sa.Column("implementation_version_name", sa.Text, nullable=False),
    sa.Column("first_at", sa.Double, nullable=False),
    sa.Column("last_at", sa.Double, nullable=False),
    sa.UniqueConstraint("aet", "address"),
)

caller_act = sa.Table(  # what it proposed, asked and sent, and what came of it
    "caller_act",
    metadata,
    sa.Column("caller", sa.ForeignKey("known_caller.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),  # gdtbridge.callers.ActKind
    sa.Column("what", sa.Text, primary_key=True),
    sa.Column("outcome", sa.Text, primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("first_at", sa.Double, nullable=False),
    sa.Column("last_at", sa.Double, nullable=False),
)

free_space = sa.Table(  # what was free on the archive's disk, once a day
    "free_space",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True),  # since 1970-01-01, UTC
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("free", sa.BigInteger, nullable=False),  # bytes
)

left_identity = sa.Table(  # an identity under which objects left for other archives
    "left_identity",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # SHA-256 of the next one
    sa.Column("said", sa.Text, nullable=False),  # gdtbridge.forward.LeftIdentity as JSON
)

forward_copy = sa.Table(  # an object, and one of the archives a copy of it goes to
    "forward_copy",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exam_id", sa.Integer, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("instance_id", sa.Integer, sa.ForeignKey("instance.id"), nullable=False),
    sa.Column("destination", sa.Text, nullable=False),  # AE title of a [[peer]]
    sa.Column("state", sa.Text, nullable=False),  # gdtbridge.forward.CopyState
    # under which the archive has it, or may have it; null: it never left as it is to be now
    sa.Column("identity_id", sa.Integer, sa.ForeignKey("left_identity.id")),
    # whether a person asked for it: no rule need be for it
    sa.Column("asked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),  # why it waits or failed
    sa.Column("entered_at", sa.Double, nullable=False),
    sa.Column("sent_at", sa.Double),  # when the archive said that it has it, the last time
    sa.Column("confirmed_at", sa.Double),
    # how it is known, a gdtbridge.confirmation.Confirmation; empty: it is not
    sa.Column("confirmed_by", sa.Text, nullable=False, server_default=""),
    # when the archive is asked about it (again); null: not asked since it was sent
    sa.Column("confirm_at", sa.Double),
    # how often the archive was asked about it since it was sent
    sa.Column("inquiries", sa.Integer, nullable=False, server_default="0"),
    # how often the archive did not have it although it had said so
    sa.Column("losses", sa.Integer, nullable=False, server_default="0"),
    sa.UniqueConstraint("instance_id", "destination"),
    sa.Index("ix_forward_copy_exam_id_destination", "exam_id", "destination"),
    sa.Index("ix_forward_copy_state_destination", "state", "destination", "confirm_at"),
    sa.Index("ix_forward_copy_sent_at", "sent_at"),
)

inquiry = sa.Table(  # an archive is asked whether it keeps what it was sent (PS3.4 Annex J)
    "inquiry",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("transaction_uid", sa.Text, nullable=False, unique=True),
    sa.Column("destination", sa.Text, nullable=False),  # AE title of a [[peer]]
    sa.Column("asked_at", sa.Double, nullable=False, index=True),
    sa.Column("reported_at", sa.Double),  # null: it has not reported
)

inquiry_copy = sa.Table(  # a copy an archive is asked about
    "inquiry_copy",
    metadata,
    sa.Column("inquiry_id", sa.Integer, sa.ForeignKey("inquiry.id"), primary_key=True),
    sa.Column("copy_id", sa.Integer, sa.ForeignKey("forward_copy.id"), primary_key=True),
    sa.Column("sop_instance_uid", sa.Text, nullable=False),
)

wrong_copy = sa.Table(  # what another archive has of an exam, and should not have any more
    "wrong_copy",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exam_id", sa.Integer, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("destination", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False),  # as `left_identity.said`: what the archive has
    sa.Column("now", sa.Text, nullable=False),  # the same: what is right; empty: nobody's
    sa.Column("copies", sa.Integer, nullable=False),  # objects
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("settled_at", sa.Double),  # when a person said it was seen to; null: it is open
)
unsettled = wrong_copy.c.settled_at.is_(None)
sa.Index(
    "ix_wrong_copy_unsettled", wrong_copy.c.id, sqlite_where=unsettled, postgresql_where=unsettled
)

clock_jump = sa.Table(  # steps of the wall clock
    "clock_jump",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),  # moves with the next jump
    sa.Column("before", sa.Double, nullable=False),
    sa.Column("after", sa.Double, nullable=False),
)

service_owner = sa.Table(  # which service holds a database on a server
    "service_owner",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),  # 1
    sa.Column("token", sa.Text, nullable=False),  # of this hold
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
)

account = sa.Table(  # a person who may sign in
    "account",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),  # as typed to sign in
    sa.Column("folded_name", sa.Text, nullable=False, unique=True),  # as it is compared
    sa.Column("shown_name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),  # gdtbridge.accounts.Role
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("password", sa.Text, nullable=False),  # its hash; empty: not set yet
    sa.Column("made_at", sa.Double, nullable=False),
    sa.Column("signed_in_at", sa.Double),  # the last time
)

access_link = sa.Table(  # a one-time link that sets a password
    "access_link",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # SHA-256 of its secret
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id")),  # null: the first account
    sa.Column("made_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)

account_session = sa.Table(  # a browser somebody signed in with
    "account_session",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # SHA-256 of the cookie's value
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("began_at", sa.Double, nullable=False),
    sa.Column("seen_at", sa.Double, nullable=False),  # when the person did something last
    sa.Column("expires_at", sa.Double, nullable=False),  # at the latest
)

access_token = sa.Table(  # a token of a program
    "access_token",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # SHA-256 of its secret
    sa.Column("scopes", sa.Text, nullable=False),  # gdtbridge.accounts.SCOPES, blanks between
    sa.Column("made_at", sa.Double, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("used_at", sa.Double),  # the last time
    sa.Column("revoked_at", sa.Double),
)

access_change = sa.Table(  # how often accounts, sessions and tokens were changed
    "access_change",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),  # 1
    sa.Column("number", sa.Integer, nullable=False),
)

audit_entry = sa.Table(  # who did what, to whom, from where
    "audit_entry",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Double, nullable=False, index=True),
    sa.Column("actor_kind", sa.Text, nullable=False),  # gdtbridge.audit.ActorKind
    sa.Column("actor", sa.Text, nullable=False),  # the name people read
    # no foreign key: an entry outlives what it names
    sa.Column("account_id", sa.Integer, index=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),  # gdtbridge.audit.ACTS
    sa.Column("patient_id", sa.Text, nullable=False, index=True),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("detail", sa.Text, nullable=False),
)

setup_note = sa.Table(  # what was said in the set-up: which steps are done, that it was left
    "setup_note",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("said", sa.Text, nullable=False),
)
