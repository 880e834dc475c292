"""Who connects, what they ask, and who is refused."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.schema.base import metadata

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
