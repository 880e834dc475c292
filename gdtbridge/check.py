"""``gdtbridge check``: whether the service would start here and could do its work."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Final

from gdtbridge.attention import KINDS, AttentionLevel, counts
from gdtbridge.attention.sources import MasterDataSource
from gdtbridge.certificates import SelfMade
from gdtbridge.certificates.facts import read_certificates
from gdtbridge.certificates.shown import shown_certificate
from gdtbridge.core import Core, Opening, open_core
from gdtbridge.database import Database
from gdtbridge.dicom.client import Peer, echo
from gdtbridge.durable import FolderUnusable, SystemClock
from gdtbridge.durable.call import FolderCall
from gdtbridge.durable.files import probe_folder
from gdtbridge.durable.mounts import unmounted
from gdtbridge.errors import BridgeError, NoInstallation
from gdtbridge.folders.silence import ExchangeSilence, SilentFolder
from gdtbridge.own_server import own_connection
from gdtbridge.parts import asks_about_master_data
from gdtbridge.service import is_running
from gdtbridge.settings import MEGABYTE, HttpSettings, Settings, reachable
from gdtbridge.settings.encryption import Encryption
from gdtbridge.settings.folders import (
    exchange_folders,
    is_writable,
    own_folders,
    pickup_folders,
    shared_folders,
)
from gdtbridge.settings.hosts import is_loopback
from worklist import WorklistError

ANSWER_SECONDS: Final = 5
FOLDER_SECONDS: Final = 3.0
"""A folder that has not answered by then does not answer."""
TOLD_BY_SERVICE: Final = ("database", "dicom", "scheduler")
"""Parts of ``/readyz`` that live in the service's process alone."""
AT_THE_START: Final = "wird beim ersten Start angelegt. / is made by the first start."

Misplaced = Callable[[Path], str]
"""Returns why a folder is not the one results go to, else nothing."""

WHERE_TO_LOOK: Final = "gdtbridge attention list"
"""The command that shows each thing that needs a person, with its way out."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What the check of one part found; a part that is ``ok`` may still need a person."""

    part: str
    ok: bool
    text: str
    needs_person: bool = False


def probe(settings: Settings) -> list[CheckResult]:
    """Try every part of the installation; before the first start, whether it could be made.

    Nothing is made: into folders that are there a file is written and removed again. Settings are
    valid already; nothing is raised, whatever is wrong.
    """
    where = f"{settings.origin}; storage.root = {settings.root}"
    findings = [CheckResult("settings", ok=True, text=where)]
    with ExitStack() as opened:
        try:
            core = opened.enter_context(open_core(settings, Opening.LOOKING))
            parts = _findings(settings, core)
        except NoInstallation as error:
            findings.append(CheckResult("installation", ok=True, text=str(error)))
            parts = _first_start(settings)
        except (BridgeError, WorklistError) as error:
            return [*findings, CheckResult("start", ok=False, text=str(error))]
        try:
            findings.extend(parts)
        except (BridgeError, WorklistError, OSError) as error:
            findings.append(CheckResult("check", ok=False, text=str(error)))
        return findings


def _first_start(settings: Settings) -> Iterator[CheckResult]:
    """Yield what the first start of the service would make, and whether it could."""
    yield _database_to_be(settings)
    yield _disk(settings)
    picked = list(pickup_folders(settings))
    ours = {folder for _, folder in (*own_folders(settings), *picked)}
    for key, folder in own_folders(settings):
        if key != "storage.root" or folder == settings.root:
            yield _to_be_made(key, folder)
    silence = ExchangeSilence(shared_folders(settings), settings.root, SystemClock())
    others = [(key, folder) for key, folder in shared_folders(settings) if folder not in ours]
    yield from _all_probed(others, silence)
    yield from _all_probed(picked, silence, probe=partial(_picked, settings))
    yield from _encryption(Encryption.of(settings))
    yield from _ports(settings)


def _database_to_be(settings: Settings) -> CheckResult:
    part = "storage.database"
    try:
        with closing(Database(settings.database_url, looking=True)):
            text = (
                "Die Datenbank ist da, der Ordner storage.root nicht: der falsche Ordner? / There "
                "is a database and no folder storage.root: the wrong folder?"
            )
            return CheckResult(part, ok=False, text=text)
    except NoInstallation:
        return CheckResult(part, ok=True, text=AT_THE_START)
    except BridgeError as error:
        return CheckResult(part, ok=False, text=str(error))


def _to_be_made(key: str, folder: Path) -> CheckResult:
    """Tell whether a folder could be made, or used where it is there already."""
    there = _nearest(folder)
    if not there.is_dir() or not is_writable(there):
        text = (
            f"{folder}: lässt sich nicht anlegen, in {there} darf nicht geschrieben werden. / "
            f"cannot be made, {there} is not writable."
        )
        return CheckResult(key, ok=False, text=text)
    return CheckResult(
        key, ok=True, text=str(folder if there == folder else f"{folder}: {AT_THE_START}")
    )


def _nearest(folder: Path) -> Path:
    """Return the folder, or the first above it that is there."""
    return next(one for one in (folder, *folder.parents) if os.path.lexists(one))


def _findings(settings: Settings, core: Core) -> Iterator[CheckResult]:
    url = core.database.engine.url.render_as_string(hide_password=True)
    yield CheckResult("storage.database", ok=True, text=url)
    yield _disk(settings)
    yield _probed("storage.root", settings.root)
    yield from _all_probed(exchange_folders(settings), core.silence, core.outbox.misplaced)
    yield from _all_probed([("worklist.folder", settings.worklist_folder)], core.silence)
    yield from _all_probed(pickup_folders(settings), core.silence, probe=partial(_picked, settings))
    yield from _encryption(core.encryption)
    for end in core.certificates.ends():
        well = not end.has_ended(core.clock.utc())
        yield CheckResult("certificates", ok=well, text=end.text)
    yield from _ports(settings)
    for one in core.outbox.status():
        yield CheckResult(f"outbox.{one.destination}", ok=not one.stuck, text=one.sentence)
    yield from _receivers(core)
    yield from _long_paths(core)
    yield from master_data(core)
    yield from _attention(core)


def master_data(core: Core) -> Iterator[CheckResult]:
    """Yield how many patients came as master data alone, where nobody has said what that means."""
    asks = asks_about_master_data(core.settings)
    count, _ = MasterDataSource(core.database, core.clock, is_told=asks).alone()
    if count:
        text = (
            f"{count} Patienten kamen nur als Stammdaten (6301) und stehen nicht auf der "
            'Arbeitsliste; "order" macht daraus Aufträge, "keep" sagt, dass es so sein soll. / '
            f"{count} patients came as master data (6301) alone and are not on the worklist; "
            '"order" makes orders of such records, "keep" says that this is right.'
        )
        yield CheckResult("orders.master_data", ok=True, text=text)


def _receivers(core: Core) -> Iterator[CheckResult]:
    """Yield whom the orders of each folder are addressed to, the adopted receivers too."""
    memory = core.order_files.ports.folders
    for inbox, route in core.order_files.inboxes.items():
        known = core.order_files.intake_of(inbox).receivers
        adopted = [one for one in memory.receivers(route) if one in known]
        text = ", ".join(("leer / empty", *(one for one in known if one not in adopted)))
        if adopted:
            text += "; bei der Aktualisierung übernommen / adopted by the update: "
            text += ", ".join(adopted)
        key = f"gdt.routes ({route}).orders.receivers" if route else "orders.receivers"
        yield CheckResult(key, ok=True, text=text)


def _long_paths(core: Core) -> Iterator[CheckResult]:
    """Yield where paths of attachments are longer than their field: some software cuts them."""
    for target in core.routing.targets:
        place, limit = target.attachments, target.records.path_length
        if place is not None and place.usual_path_length > limit:
            key = f"gdt.routes ({target.name})" if target.name else "gdt"
            text = (
                f"Pfade der Anhänge haben {place.usual_path_length} Zeichen, das Feld 6305 hat "
                f"{limit}: Manche Praxissoftware schneidet sie ab. Eine kürzere Freigabe oder ein "
                "Laufwerk hilft. / Paths of attachments are longer than their field; a shorter "
                "share helps."
            )
            yield CheckResult(f"{key}.attachments_path", ok=True, text=text)


def _attention(core: Core) -> Iterator[CheckResult]:
    """Yield how much of each kind needs a person; nothing that names a patient."""
    found = counts(core.attention.items())
    for code, count in found.items():
        kind = KINDS[code]
        text = f"{count} {kind.text(count)}, siehe / see: {WHERE_TO_LOOK}"
        fault = kind.level is AttentionLevel.FAULT
        yield CheckResult(f"attention.{code}", ok=not fault, text=text, needs_person=not fault)
    if not found:
        yield CheckResult("attention", ok=True, text="nichts wartet / nothing waits")


def _encryption(encryption: Encryption) -> Iterator[CheckResult]:
    """Yield what is wrong with certificates, and who is called without looking who answers."""
    for problem in encryption.problems():
        place, _, text = problem.partition(": ")
        yield CheckResult(place, ok=False, text=text)
    if (own := encryption.self_made) is not None:
        yield CheckResult(own.setting, ok=True, text=_to_import(own))
    for one in encryption.clients:
        if not one.verifies:
            text = (
                "verschlüsselt, ohne zu prüfen, mit wem; tls_ca nennt das Zertifikat der "
                "Gegenstelle. / encrypted without looking with whom; tls_ca names the peer's "
                "certificate."
            )
            yield CheckResult(f"{one.table}.tls_verify", ok=True, text=text, needs_person=True)


def _to_import(own: SelfMade) -> str:
    """Return what workstations have to import, and how to see that it is that."""
    if not own.is_made:
        return f"{own.ca}: {AT_THE_START}"
    try:
        found = [one.fingerprint for one in read_certificates(own.ca)]
    except OSError:
        found = []
    return (
        f"{own.ca}: auf den Arbeitsplätzen importieren / to be imported by workstations, SHA-256 "
        f"{' '.join(found) or '?'}"
    )


def _sign_in(http: HttpSettings) -> Iterator[CheckResult]:
    """Yield that tokens and passwords go in the clear, where they do."""
    is_encrypted = http.tls != "off" or http.public_url.lower().startswith("https:")
    if not is_encrypted and not is_loopback(http.host):
        text = (
            f"http.host = {http.host}: Kennwörter gehen unverschlüsselt durch das Netz; "
            "http.tls verschlüsselt sie; tut das schon ein Proxy davor, gehört seine Adresse in "
            "http.public_url. / Passwords go in the clear; http.tls encrypts them. Where a proxy "
            "does that, its address belongs in http.public_url."
        )
        yield CheckResult("http.tls", ok=True, text=text, needs_person=True)


def _ports(settings: Settings) -> Iterator[CheckResult]:
    dicom, http = settings.dicom, settings.http
    yield _port("dicom.port", dicom.plain_host, dicom.port, partial(_ask_dicom, settings))
    if dicom.tls_port is not None:
        ask = partial(_ask_encrypted, settings)
        yield _port("dicom.tls_port", dicom.host, dicom.tls_port, ask)
    yield from _sign_in(http)
    yield _port("http.port", http.host, http.port, partial(_ask_http, settings))
    yield from _told_by_service(settings)


def _told_by_service(settings: Settings) -> Iterator[CheckResult]:
    """Yield what the running service says is not well with itself, and nobody else can see."""
    if not is_running(settings.root):
        return
    try:
        parts = _readiness(settings)
    except (OSError, HTTPException, ValueError):
        return  # how its port answers is told already
    for name in TOLD_BY_SERVICE:
        part = parts.get(name, {})
        if not part.get("ok", True):
            yield CheckResult(f"service.{name}", ok=False, text=str(part.get("detail", "")))


def _readiness(settings: Settings) -> Mapping[str, Mapping[str, object]]:
    """Return the parts of ``/readyz``; nothing where it is not for us."""
    with closing(own_connection(settings, ANSWER_SECONDS)) as connection:
        token = settings.http.token.get_secret_value()
        proof = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request("GET", "/readyz", headers=proof)
        answer = json.loads(connection.getresponse().read(MEGABYTE))
    parts: Mapping[str, Mapping[str, object]] = answer.get("parts", {})
    return parts


def _disk(settings: Settings) -> CheckResult:
    free = shutil.disk_usage(_nearest(settings.root)).free // MEGABYTE
    return CheckResult("disk", free >= settings.storage.min_free_mb, f"{free} MB frei / free")


def _all_probed(
    folders: Iterable[tuple[str, Path]],
    silence: ExchangeSilence,
    misplaced: Misplaced = unmounted,
    probe: Callable[[str, Path, Misplaced], CheckResult] | None = None,
) -> Iterator[CheckResult]:
    """Yield what became of the probes of folders that may hang; all are tried at once.

    Into one that does not answer nothing is written: where another process hangs in it, the kernel
    would never let go of this one.
    """
    folders = list(folders)
    silent = {one.folder: one for one in silence.silent()}
    for key, folder in folders:
        if folder in silent:
            yield CheckResult(key, ok=False, text=silent[folder].sentence)
    folders = [(key, folder) for key, folder in folders if folder not in silent]
    calls = [
        (key, folder, FolderCall(partial(probe or _probed, key, folder, misplaced)))
        for key, folder in folders
    ]
    deadline = time.monotonic() + FOLDER_SECONDS
    for key, folder, call in calls:
        try:
            yield call.result(deadline - time.monotonic())
        except TimeoutError:
            text = SilentFolder(str(folder), folder, silence.since(folder)).sentence
            yield CheckResult(key, ok=False, text=text)


def _probed(key: str, folder: Path, misplaced: Misplaced = unmounted) -> CheckResult:
    """Write into a folder and remove it again, unless it is ``misplaced`` for the reason given."""
    if (reason := misplaced(folder)) and folder.is_dir():
        text = (
            f"{folder}: nicht der Ordner, in den zugestellt wird; nichts wird hineingeschrieben. "
            f"/ not the folder results go to; nothing is written there. [{reason}]"
        )
        return CheckResult(key, ok=False, text=text)
    try:
        probe_folder(folder)
    except FolderUnusable as error:
        return CheckResult(key, ok=False, text=str(error))
    return CheckResult(key, ok=True, text=str(folder))


def _picked(settings: Settings, key: str, folder: Path, misplaced: Misplaced) -> CheckResult:
    """Tell whether files can be taken from a folder; nothing is written there."""
    if not folder.is_dir():
        text = (
            f"{folder}: nicht da. Bitte anlegen oder die Freigabe verbinden. / does not exist; "
            "make it or mount the share."
        )
        return CheckResult(key, ok=False, text=text)
    if reason := misplaced(folder):
        return CheckResult(key, ok=False, text=f"{folder}: nicht verbunden / {reason}")
    after = next(one.after for one in settings.pickups if one.folder == folder)
    rights = os.R_OK | os.X_OK if after == "keep" else os.R_OK | os.W_OK | os.X_OK
    if not os.access(folder, rights):
        text = (
            f'{folder}: Dieser Benutzer darf dort nicht genug für after = "{after}". / This user '
            f'lacks the rights for after = "{after}".'
        )
        return CheckResult(key, ok=False, text=text)
    return CheckResult(key, ok=True, text=str(folder))


def _port(part: str, host: str, port: int, ask: Callable[[], None]) -> CheckResult:
    """Tell whether the port is free, or taken by the service these settings belong to.

    ``ask`` raises when whoever listens there does not answer as that service would.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe_socket:
            probe_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe_socket.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return CheckResult(part, ok=False, text=f"{host}:{port}: {error.strerror or error}")
        return _taken_port(part, f"{host}:{port}", ask)
    return CheckResult(part, ok=True, text=f"{host}:{port} frei / free")


def _taken_port(part: str, place: str, ask: Callable[[], None]) -> CheckResult:
    try:
        ask()
    except (OSError, BridgeError):
        text = f"{place} ist von einem anderen Programm belegt. / is used by another program."
        return CheckResult(part, ok=False, text=text)
    return CheckResult(part, ok=True, text=f"{place}: der Dienst antwortet. / the service answers.")


def _ask_dicom(settings: Settings) -> None:
    """Raise unless our service answers a C-ECHO."""
    _must_run(settings)
    dicom = settings.dicom
    calling = dicom.allowed_aets[0] if dicom.allowed_aets else dicom.aet
    echo(Peer(reachable(dicom.plain_host), dicom.port, dicom.aet, calling))


def _ask_encrypted(settings: Settings) -> None:
    """Raise unless our service shows the certificate of the settings."""
    _must_run(settings)
    dicom = settings.dicom
    server = Encryption.of(settings).server
    shown = shown_certificate((reachable(dicom.host), dicom.tls_port or 0), ANSWER_SECONDS)
    if server is None or shown not in read_certificates(server.pair.certificate):
        raise BridgeError("another certificate")


def _ask_http(settings: Settings) -> None:
    """Raise unless our web server answers, whatever it answers."""
    _must_run(settings)
    with closing(own_connection(settings, ANSWER_SECONDS)) as connection:
        try:
            connection.request("GET", "/healthz")
            server = connection.getresponse().getheader("Server", "")
        except HTTPException as error:
            raise BridgeError("not HTTP") from error
    if server != "gdtbridge":
        raise BridgeError("another web server")


def _must_run(settings: Settings) -> None:
    if not is_running(settings.root):
        raise BridgeError("no service runs below storage.root")
