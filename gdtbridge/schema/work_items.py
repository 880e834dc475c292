"""What of work items (Unified Procedure Steps) an order has no place for, and who watches them."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.schema.base import metadata

work_item = sa.Table(  # of an order whose work item a client made, changed or claimed
    "work_item",
    metadata,
    sa.Column("order_id", sa.Integer, sa.ForeignKey("placed_order.id"), primary_key=True),
    sa.Column("sop_instance_uid", sa.Text, nullable=False, unique=True),
    # of the last claim; empty: nobody has claimed it
    sa.Column("transaction_uid", sa.Text, nullable=False, server_default=""),
    sa.Column("performer", sa.Text, nullable=False, server_default=""),  # AE title
    # attributes an order has no place for, as DICOM JSON
    sa.Column("said", sa.Text, nullable=False, server_default=""),
)

work_item_subscription = sa.Table(  # what an AE title wants to be told, or does not
    "work_item_subscription",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("aet", sa.Text, nullable=False),
    sa.Column("order_id", sa.Integer, nullable=False),  # 0: of every order
    sa.Column("is_wanted", sa.Boolean, nullable=False),  # false: not this one of all
    sa.Column("filter", sa.Text, nullable=False),  # keys of a search as JSON; empty: no condition
    sa.Column("last_order", sa.Integer),  # suspended: of no later order; null: of all to come
    sa.Column("after_event", sa.Integer, nullable=False),  # what was noted before is not meant
    sa.UniqueConstraint("aet", "order_id"),
)

work_item_subscriber = sa.Table(  # how far an AE title has got what was noted
    "work_item_subscriber",
    metadata,
    sa.Column("aet", sa.Text, primary_key=True),
    sa.Column("received", sa.Integer, nullable=False),  # work_item_event.id
)

work_item_event = sa.Table(  # something that happened to a work item somebody may watch
    "work_item_event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("order_id", sa.Integer, sa.ForeignKey("placed_order.id"), nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),  # gdtbridge.work_items.events.WorkItemEventKind
    sa.Column("order_state", sa.Text, nullable=False),  # of the order, then
    sa.Column("step_status", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False, server_default=""),  # further, as DICOM JSON
    sa.Column("only_for", sa.Text, nullable=False, server_default=""),  # AE title; empty: for all
    sqlite_autoincrement=True,  # a number that was told is never given again
)
