"""What pictures show, and the sample audit of a KV."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.schema.base import metadata

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
