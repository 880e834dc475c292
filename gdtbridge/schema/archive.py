"""The archive: received objects, what is promised and fetched."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.schema.base import metadata

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
            *("body_part", "frames", "rows", "columns", "bits"),
        )
    ),
)

commitment = sa.Table(  # a device asks whether what it sent is kept for good (PS3.4 Annex J)
    "commitment",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("transaction_uid", sa.Text, nullable=False, index=True),
    sa.Column("calling_aet", sa.Text, nullable=False),
    sa.Column("called_aet", sa.Text, nullable=False),  # the title the device knows us by
    sa.Column("peer", sa.Text, nullable=False),  # its address; empty: by the web
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
