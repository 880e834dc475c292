"""Parts of the core as the settings say them: destinations of the outbox, archives, devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gdtbridge.archive import Archive
from gdtbridge.attention.announcer import ATTENTION
from gdtbridge.confirmation.model import Confirmation, ConfirmingArchive
from gdtbridge.database import Database
from gdtbridge.devices import Caller, DeviceDirectory
from gdtbridge.dicom.commitment_report import AddressBook, CommitmentReporter, DeviceAddress
from gdtbridge.dicom.forwarding import send_copies
from gdtbridge.durable import Clock
from gdtbridge.folders import ExchangeFolders
from gdtbridge.forward.arrival import CONFIRMED, SENT, CopyArrival
from gdtbridge.forward.book import destination_of
from gdtbridge.forward.gathering import ObjectGatherer
from gdtbridge.forward.rules import ForwardTarget, targets_of
from gdtbridge.forward.sender import ForwardSender, SenderParts
from gdtbridge.orders.book import WORKLIST_ADDED
from gdtbridge.outbox import (
    COMMITMENT,
    HOUSE,
    MAIL,
    EventSender,
    FileNaming,
    GdtDrop,
    HouseWebhook,
    MailAccount,
    MailSender,
    Sender,
    Webhook,
)
from gdtbridge.results.attachments import ATTACHMENT
from gdtbridge.results.outgoing import GDT_WRITTEN
from gdtbridge.results.routing import Routing
from gdtbridge.retrieve.finder import ArchiveFinder, Viewer
from gdtbridge.retrieve.peers import ArchivePeer
from gdtbridge.retrieve.transcoding import Transcoder
from gdtbridge.settings import PeerSettings, Settings
from gdtbridge.settings.encryption import Encryption
from worklist import AnswerCharset


def archive_peer(settings: PeerSettings, encryption: Encryption) -> ArchivePeer:
    """Return who may ask the archive, and what they see."""
    viewer = Viewer(settings.sees_held, AnswerCharset(settings.charset))
    return ArchivePeer(
        settings.aet,
        settings.host,
        settings.port,
        viewer if settings.query else None,
        encryption.of_peer(settings.aet),
    )


def forward_targets(settings: Settings, encryption: Encryption) -> Sequence[ForwardTarget]:
    """Return the peers that objects are forwarded to."""
    peers = [archive_peer(one, encryption) for one in settings.peer]
    return targets_of(settings.forward, peers, settings.dicom.aet)


def arrival_of(settings: Settings, targets: Sequence[ForwardTarget]) -> CopyArrival | None:
    """Return where objects have to arrive before a device is told that they are kept."""
    required = settings.commitment.requires_forwarding
    if required == "no":
        return None
    return CopyArrival(targets, SENT if required == "sent" else CONFIRMED)


def confirming_archives(
    settings: Settings, targets: Sequence[ForwardTarget]
) -> Sequence[ConfirmingArchive]:
    """Return the peers that are asked whether they keep what was forwarded to them."""
    by_title = {one.aet: one for one in settings.peer}
    asked = [(one, by_title[one.aet]) for one in targets]
    return [
        ConfirmingArchive(
            one.aet,
            Confirmation(peer.confirm),
            one.rules[0].calling_aet,
            peer.confirm_hours * 3600.0,
        )
        for one, peer in asked
        if peer.confirm != "none"
    ]


def gatherer_of(settings: Settings, database: Database, archive: Archive) -> ObjectGatherer:
    """Return who finds what may leave of an exam."""
    finder = ArchiveFinder(database, archive.folder, settings.dicom.aet)
    return ObjectGatherer(database, finder)


def forward_senders(
    targets: Sequence[ForwardTarget],
    gatherer: ObjectGatherer,
    database: Database,
    transcoder: Transcoder,
    clock: Clock,
) -> Mapping[str, Sender]:
    """Return how the outbox serves the archives that copies go to."""
    parts = SenderParts(database, gatherer, send_copies, transcoder.opened, clock)
    return {destination_of(one.aet): ForwardSender(parts, one) for one in targets}


def asks_about_master_data(settings: Settings) -> bool:
    """Return whether nobody has said what master data without an order mean.

    Who holds unknown numbers gets master data of all patients on purpose.
    """
    sends_all = settings.exam.unknown_number == "hold"
    return not sends_all and any(one.orders.master_data == "tell" for one in settings.exchanges)


def directory_of(settings: Settings) -> DeviceDirectory:
    """Return the devices the settings name."""
    return DeviceDirectory(
        (one.configured for one in settings.device), {"charset": settings.worklist.charset}
    )


def exchanges_of(routing: Routing, settings: Settings) -> tuple[ExchangeFolders, ...]:
    """Return the folders of each practice software as the file edge sees them."""
    return tuple(
        ExchangeFolders(
            one.route,
            one.inbox,
            one.out,
            routing.named(one.route).records.sender,
            one.orders,
            mirrors=one.gdt.mirror_ids,
        )
        for one in settings.exchanges
    )


def senders_of(
    routing: Routing, settings: Settings, encryption: Encryption, clock: Clock
) -> Mapping[str, Sender]:
    """Return how the outbox serves each destination of an installation."""
    addresses = addresses_of(settings, encryption)
    senders: dict[str, Sender] = {COMMITMENT: CommitmentReporter(addresses, clock)}
    modes = {exchange.route: exchange.gdt.shared_file_mode for exchange in settings.exchanges}
    for target in routing.targets:
        mode = modes[target.name]
        senders[target.destination] = GdtDrop(target.out, target.names.naming, mode=mode)
        if (place := target.attachments) is not None:
            drop = GdtDrop(place.folder, FileNaming.REUSED, ATTACHMENT, mode)
            senders[target.attachments_destination] = drop
    if (mail := mail_sender_of(settings)) is not None:
        senders[MAIL] = mail
    return {**senders, **webhooks_of(settings)}


def addresses_of(settings: Settings, encryption: Encryption) -> AddressBook:
    """Return where devices listen for answers: as their table says, else where they call from."""
    directory, usual = directory_of(settings), settings.commitment.port

    def address_of(aet: str, peer: str) -> DeviceAddress:
        device = directory.device_of(Caller(aet, peer)) or directory.device_named(aet)
        if device is None:
            return DeviceAddress(peer, usual, configured=False)
        tls = encryption.of_device(device.aet, device.host)
        return DeviceAddress(
            device.host or peer, device.port, configured=bool(device.host), tls=tls
        )

    return address_of


def webhooks_of(settings: Settings) -> Mapping[str, EventSender]:
    """Return the webhooks by destination: the simple addresses, then the tables."""
    simple = settings.webhooks
    urls = {name: getattr(simple, name) for name in (WORKLIST_ADDED, GDT_WRITTEN, ATTENTION)}
    networks = simple.allowed_networks
    return {
        **{name: Webhook(url, events={name}) for name, url in urls.items() if url},
        **{
            f"{HOUSE}{one.name}": HouseWebhook(one, settings.base, networks)
            for one in settings.webhook
        },
    }


def mail_sender_of(settings: Settings) -> MailSender | None:
    """Return how the outbox serves the mail server, where there is one."""
    mail, base = settings.mail, settings.base
    if not mail.host:
        return None
    account = MailAccount(
        mail.host,
        mail.port,
        mail.security,
        mail.user,
        mail.password.get_secret_value(),
        base / mail.password_file if mail.password_file is not None else None,
        mail.from_,
        mail.to,
        base / mail.ca_file if mail.ca_file is not None else None,
    )
    return MailSender(account)
