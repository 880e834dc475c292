"""Copies for other archives, and who is told that an object is kept."""

from __future__ import annotations

from gdtbridge.archive.arrivals import Arrivals
from gdtbridge.commitment import CommitmentBook
from gdtbridge.confirmation.book import Confirmations
from gdtbridge.core.stores import Stores
from gdtbridge.dicom.commitment_report import CommitmentReporter
from gdtbridge.dicom.confirming import ArchiveNetwork
from gdtbridge.durable import Clock, SteadyClock
from gdtbridge.forward.book import ForwardBook
from gdtbridge.forward.gathering import ObjectGatherer
from gdtbridge.outbox import COMMITMENT, Outbox
from gdtbridge.parts import arrival_of, confirming_archives, forward_targets
from gdtbridge.retrieve.finder import ArchiveFinder
from gdtbridge.retrieve.peers import PeerDirectory
from gdtbridge.settings import Settings


def forward_book(
    settings: Settings, stores: Stores, finder: ArchiveFinder, clock: SteadyClock
) -> ForwardBook:
    """Return who has objects leave for other archives."""
    return ForwardBook(
        stores.database,
        stores.outbox,
        ObjectGatherer(stores.database, finder),
        forward_targets(settings, stores.encryption),
        clock,
    )


def confirmations_of(
    settings: Settings, stores: Stores, forward: ForwardBook, peers: PeerDirectory, clock: Clock
) -> Confirmations:
    """Return who asks other archives whether they keep what they got."""
    return Confirmations(
        stores.database,
        confirming_archives(settings, forward.targets),
        ArchiveNetwork(peers),
        peers.is_peer,
        forward,
        clock,
    )


def commitment_book(
    settings: Settings, stores: Stores, forward: ForwardBook, clock: Clock
) -> CommitmentBook:
    """Return who answers devices that ask whether their objects are kept."""
    return CommitmentBook(
        stores.database,
        stores.archive,
        stores.outbox,
        Arrivals(),
        settings.commitment,
        clock,
        arrival_of(settings, forward.targets),
    )


def reporter_of(outbox: Outbox) -> CommitmentReporter:
    """Return the sender of answers to devices; `senders_of` made it."""
    reporter = outbox.sender(COMMITMENT)
    assert isinstance(reporter, CommitmentReporter)  # noqa: S101 - see above
    return reporter
