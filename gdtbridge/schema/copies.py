"""Copies of objects in other archives."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.schema.base import metadata

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
