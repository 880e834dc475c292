"""``gdtbridge fetch`` and ``gdtbridge echo``: other archives, as we use them."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, Literal

import click

from gdtbridge.commands.options import (
    as_json_option,
    core_of,
    fail,
    print_rows,
    view_of,
    with_settings,
)
from gdtbridge.errors import BridgeError, NeedsConfirmation
from gdtbridge.settings import MEGABYTE, Settings

if TYPE_CHECKING:
    from gdtbridge.core import Core
    from gdtbridge.dicom.client import Peer
    from gdtbridge.retrieve.fetching import FetchedStudy, RemoteStudy, StudyFetcher
    from gdtbridge.retrieve.peers import ArchivePeer

FOLDER: Final = "fetch"
"""Below the spool: where objects lie while they come; one command at a time."""


@click.command()
@with_settings
@click.option("--patient", default="", metavar="NUMMER", help="Patientennummer. / Patient number.")
@click.option("--study", default="", metavar="UID", help="Study Instance UID.")
@click.option(
    "--from", "aet", default="", metavar="AET", help="Von diesem [[peer]]. / From this peer."
)
@click.option(
    "--by",
    type=click.Choice(["get", "move"]),
    default="get",
    help="C-GET, oder C-MOVE an den laufenden Dienst. / C-GET, or C-MOVE to the running service.",
)
@click.option("--list", "only_list", is_flag=True, help="Nur zeigen. / Only show.")
@click.option(
    "--report",
    is_flag=True,
    help="Als neue Ergebnisse behandeln: GDT-Satz und alles andere. / Treat as new results.",
)
@click.option(
    "--confirm",
    is_flag=True,
    help="Die Person stimmt, obwohl die Praxis die Nummer anders kennt. / The person is right.",
)
@as_json_option
def fetch(
    settings: Settings,
    patient: str,
    study: str,
    aet: str,
    by: Literal["get", "move"],
    *,
    only_list: bool,
    report: bool,
    confirm: bool,
    as_json: bool,
) -> None:
    """Frühere Untersuchungen aus einem anderen Archiv holen. / Fetch earlier exams.

    Geholtes wird aufbewahrt, gezeigt und gefunden wie alles andere, ergibt aber keinen GDT-Satz und
    keine Meldung, außer mit --report. / What is fetched is kept, shown and found like the rest, and
    makes no GDT record and no message, unless with --report.
    """
    if bool(patient) == bool(study):
        raise click.UsageError("--patient NUMMER oder / or --study UID")
    opened = view_of(settings) if only_list else core_of(settings)
    with opened as core:
        peer = _meant(core, aet)
        with _fetching(core, peer, by, only_list=only_list) as fetcher:
            found = fetcher.find(patient_id=patient.strip(), study=study.strip())
            print_rows([_row(one) for one in found], as_json=as_json)
            if not found:
                sys.exit(1)
            if not only_list:
                _fetch_all(fetcher, found, reported=report, confirmed=confirm)


def _fetch_all(
    fetcher: StudyFetcher, found: Sequence[RemoteStudy], *, reported: bool, confirmed: bool
) -> None:
    """Fetch study after study; end with status 1 where anything of them is not here."""
    if not confirmed:
        try:
            fetcher.must_be_known_so(found)
        except NeedsConfirmation as error:
            for line in error.found:
                click.echo(line, err=True)
            fail(str(error))
    who = f"{getpass.getuser()} (Kommandozeile)"
    outcomes: list[FetchedStudy] = []
    for study in found:
        outcomes.append(fetcher.fetch(study, reported=reported, who=who, told=_progress()))
        click.echo(_line(outcomes[-1]), err=not outcomes[-1].is_whole)
        if outcomes[-1].problem:
            click.echo(f"  {outcomes[-1].problem}", err=True)
    if not all(one.is_whole for one in outcomes):
        fail("Nicht alles ist da. / Not everything is here.")


def _progress() -> _Progress:
    return _Progress()


class _Progress:
    """Shows on a terminal, every second at most, how far a study is."""

    def __init__(self) -> None:
        self._shown = time.monotonic()

    def __call__(self, study: RemoteStudy, done: int, left: int | None) -> None:
        if not sys.stderr.isatty() or time.monotonic() - self._shown < 1:
            return
        self._shown = time.monotonic()
        of = f" / {done + left}" if left is not None else ""
        click.echo(f"  {study.study_date} {done}{of}", err=True)


def _line(one: FetchedStudy) -> str:
    """Return what came of a study."""
    parts = [f"{one.new} neu / new", f"{one.listed} dort / there"]
    if one.aside:
        parts.append(
            f"{one.aside} beiseite, hier gilt anderer Inhalt / aside, other content counts here"
        )
    if one.refused:
        why = ", ".join(sorted(set(one.refused.values())))
        parts.append(f"{len(one.refused)} abgelehnt / refused ({why})")
    if one.failed:
        parts.append(f"{one.failed} vom Archiv nicht gesendet / not sent by the archive")
    if one.missing:
        parts.append(f"{one.missing} fehlen / missing")
    return f"{one.study.study_instance_uid}: {', '.join(parts)}"


def _row(one: RemoteStudy) -> dict[str, str]:
    return {
        "study_date": one.study_date,
        "modality": "/".join(one.modalities),
        "description": one.description,
        "instances": one.instances,
        "patient_id": one.patient_id,
        "patient_name": one.patient_name,
        "birth_date": one.birth_date,
        "study_instance_uid": one.study_instance_uid,
    }


def _meant(core: Core, aet: str) -> ArchivePeer:
    """Return the peer of the settings that is meant; raise `BridgeError` naming those there are."""
    peers = core.peers.all
    found = core.peers.named(aet) if aet else (peers[0] if len(peers) == 1 else None)
    if found is not None:
        return found
    known = ", ".join(one.aet for one in peers) or "-"
    raise BridgeError(
        f"--from: Welches Archiv? [[peer]] hat: {known}. / Which archive? [[peer]] has: {known}."
    )


@contextmanager
def _fetching(
    core: Core, known: ArchivePeer, by: str, *, only_list: bool
) -> Iterator[StudyFetcher]:
    """Yield who fetches from a peer; nobody else does meanwhile."""
    from gdtbridge.dicom.client import peer_of
    from gdtbridge.dicom.remote_archive import DicomArchive
    from gdtbridge.dicom.remote_retrieve import ObjectPlace
    from gdtbridge.retrieve.fetching import StudyFetcher

    settings = core.settings
    spool = settings.spool_folder / FOLDER
    aet = settings.dicom.aet
    with ExitStack() as held:
        if not only_list:
            held.enter_context(_alone(settings))
            if by == "move":
                _must_run(settings)
        at = ObjectPlace(spool, settings.dicom.max_object_mb * MEGABYTE)
        destination = aet if by == "move" else ""
        remote = DicomArchive(peer_of(known, aet), core.receiving, at, destination)
        yield StudyFetcher(core.database, core.fetches, core.clock, remote)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keep a second command off the folder, and remove what one that died left there."""
    from gdtbridge.archive.spool import sweep
    from gdtbridge.durable import FileLock, LockBusy

    folder = settings.spool_folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(FileLock(folder / "fetch.lock", timeout=1).hold())
        except LockBusy as error:
            raise BridgeError(
                "Es wird gerade schon etwas geholt. / Something is being fetched already."
            ) from error
        sweep(folder)
        yield


def _must_run(settings: Settings) -> None:
    from gdtbridge.service import is_running

    if not is_running(settings.root):
        raise BridgeError(
            "--by move: Der Dienst läuft nicht, der die Objekte empfangen soll. / The service that "
            "is to receive the objects is not running."
        )


@click.command()
@with_settings
@click.argument("peer")
def echo(settings: Settings, peer: str) -> None:
    """Prüfen, ob eine Gegenstelle antwortet (C-ECHO). / Check whether a peer answers.

    PEER ist der AE-Titel eines [[peer]] oder [[device]], oder HOST:PORT/AET. / PEER is the AE title
    of a [[peer]] or [[device]], or HOST:PORT/AET.
    """
    from gdtbridge.dicom.client import echo as ask

    called = _called(settings, peer)
    began = time.monotonic()
    ask(called)
    took = (time.monotonic() - began) * 1000
    how = "TLS, " if called.tls is not None else ""
    click.echo(f"{called}: antwortet / answers ({how}{took:.0f} ms)")


def _called(settings: Settings, named: str) -> Peer:
    """Return whom a person means; raise `BridgeError`."""
    from gdtbridge.dataset.values import folded_title
    from gdtbridge.dicom.client import Peer
    from gdtbridge.settings.encryption import Encryption

    aet, encryption = settings.dicom.aet, Encryption.of(settings)
    wanted = folded_title(named)
    for peer in settings.peer:
        if folded_title(peer.aet) == wanted:
            return Peer(peer.host, peer.port, peer.aet, aet, encryption.of_peer(peer.aet))
    for device in settings.device:
        if folded_title(device.aet or "") == wanted and device.host:
            tls = encryption.of_device(device.aet or "", device.host)
            port = device.port or settings.commitment.port
            return Peer(device.host, port, device.aet or "", aet, tls)
    place, _, title = named.partition("/")
    host, _, port_text = place.rpartition(":")
    if host and title and port_text.isdigit() and 0 < int(port_text) < 65536:
        return Peer(host.strip("[]"), int(port_text), title, aet)
    raise BridgeError(
        f"{named}: weder ein [[peer]] noch ein [[device]] mit host, und nicht HOST:PORT/AET. / "
        "neither a [[peer]] nor a [[device]] with host, and not HOST:PORT/AET."
    )
