"""What of work items (Unified Procedure Steps) an order has no place for."""

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
