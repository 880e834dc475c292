"""Who looks for what needs a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gdtbridge.archive.picked_files import PickupMemory
from gdtbridge.attention import Attention, AttentionSource
from gdtbridge.attention.clock_source import ClockSource
from gdtbridge.attention.commitment_source import (
    CommitmentSource,
    DamagedObjectSource,
    OnlyCopySource,
)
from gdtbridge.attention.left_source import LeftFileSource
from gdtbridge.attention.order_source import ExaminedOrderSource
from gdtbridge.attention.pickup_source import PickupSource
from gdtbridge.attention.sources import (
    BacklogSource,
    DatabaseSource,
    DiskSource,
    ExamSource,
    HeldExamSource,
    MasterDataSource,
    OrderFileSource,
    OrderRemarkSource,
    OrderSilenceSource,
    OutboxSource,
    WorklistSource,
)
from gdtbridge.attention.step_source import StepSource
from gdtbridge.attention.webhook_source import WebhookSource
from gdtbridge.commitment import CommitmentBook
from gdtbridge.core.stores import Stores
from gdtbridge.database import Database
from gdtbridge.durable import Clock
from gdtbridge.orders.folder_memory import FolderMemory
from gdtbridge.outbox import Outbox
from gdtbridge.outbox.calls import WebhookCalls
from gdtbridge.parts import addresses_of, asks_about_master_data
from gdtbridge.settings import MEGABYTE, Settings
from worklist import WorklistFolder


def attention_of(
    settings: Settings, stores: Stores, further: Sequence[AttentionSource], clock: Clock
) -> Attention:
    """Return who looks for what needs a person; the worklist comes last, its folder may hang.

    ``further`` are sources that somebody else tells what they know.
    """
    reserve = settings.storage.min_free_mb * MEGABYTE
    return Attention(
        (
            HeldExamSource(stores.database),
            ExamSource(stores.database, clock),
            StepSource(stores.database, clock),
            ExaminedOrderSource(stores.database, clock),
            OrderFileSource(stores.database, settings.refused_folder, clock),
            OutboxSource(stores.outbox, clock),
            WebhookSource(WebhookCalls(stores.database, stores.outbox, clock)),
            DiskSource(stores.archive.folder, reserve, clock),
            DatabaseSource(stores.database, clock),
            BacklogSource(stores.database, stores.outbox, clock),
            OrderRemarkSource(stores.database, clock),
            MasterDataSource(stores.database, clock, is_told=asks_about_master_data(settings)),
            OrderSilenceSource(stores.database, settings.attention.orders_silent_days, clock),
            ClockSource(stores.database, clock),
            *further,
            WorklistSource(stores.worklist, clock),
        ),
        clock,
    )


def commitment_sources(
    settings: Settings, stores: Stores, book: CommitmentBook, clock: Clock
) -> Sequence[AttentionSource]:
    """Return who looks for what of storage commitment needs a person."""
    addresses = addresses_of(settings, stores.encryption)
    is_told = settings.commitment.only_copy == "tell"
    return (
        CommitmentSource(book, lambda aet, peer: addresses(aet, peer).configured, clock),
        DamagedObjectSource(stores.database, stores.archive),
        OnlyCopySource(stores.database, is_told, clock),
    )


def left_file_sources(
    settings: Settings, database: Database, clock: Clock
) -> Sequence[AttentionSource]:
    """Return who looks for files that lie in folders and are not taken."""
    inboxes = {one.route: one.inbox for one in settings.exchanges if one.inbox is not None}
    pickups = [one.folder for one in settings.pickups]
    return (
        LeftFileSource(FolderMemory(database), inboxes),
        PickupSource.of(PickupMemory(database), pickups, clock),
    )


def busy_folders(outbox: Outbox, worklist: WorklistFolder) -> Mapping[Path, float]:
    """Return the folders of others a call is under way in, since when (monotonic seconds)."""
    since = worklist.busy_since
    return {**outbox.busy(), **({worklist.path: since} if since is not None else {})}
