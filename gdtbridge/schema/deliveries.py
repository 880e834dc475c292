"""What leaves the house for the practice software, webhooks and people."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.schema.base import BYTEWISE, metadata

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
