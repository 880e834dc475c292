"""Orders, the files they came in, and whom the practice knows."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.schema.base import BYTEWISE, metadata

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
    # when images of what was examined are told as missing; 0: somebody knows; null: none are
    sa.Column("images_due_at", sa.Double),
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

imageless = placed_order.c.images_due_at.is_not(None)

sa.Index(
    "ix_placed_order_images_due_at",
    placed_order.c.images_due_at,
    sqlite_where=imageless,
    postgresql_where=imageless,
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
