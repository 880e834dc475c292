"""The installation itself: its schema, its clock, who holds it."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.schema.base import metadata

schema_version = sa.Table("schema_version", metadata, sa.Column("version", sa.Integer))

free_space = sa.Table(  # what was free on the archive's disk, once a day
    "free_space",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True),  # since 1970-01-01, UTC
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("free", sa.BigInteger, nullable=False),  # bytes
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

setup_note = sa.Table(  # what was said in the set-up: which steps are done, that it was left
    "setup_note",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("said", sa.Text, nullable=False),
)
