"""Who may come in, and who did what."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.schema.base import metadata

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
    sa.Column("aet", sa.Text, nullable=False),  # of the device the program stands for, or empty
)

study_link = sa.Table(  # a link that shows one study of one patient
    "study_link",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # SHA-256 of its secret
    sa.Column("study_instance_uid", sa.Text, nullable=False),
    sa.Column("patient_id", sa.Text, nullable=False),
    sa.Column("made_at", sa.Double, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    sa.Column("opened_at", sa.Double),  # the last time
    sa.Column("revoked_at", sa.Double),
    sqlite_autoincrement=True,  # the audit trail names a link by its number
)

access_change = sa.Table(  # how often accounts, sessions, tokens and links to studies were changed
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
