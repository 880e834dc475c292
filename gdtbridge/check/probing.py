"""Every part of an installation is tried: folders, database, certificates, ports, what waits."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Final

from gdtbridge.attention import KINDS, AttentionLevel, counts
from gdtbridge.attention.sources import MasterDataSource
from gdtbridge.check.encryption import check_encryption
from gdtbridge.check.ports import check_ports
from gdtbridge.check.result import AT_THE_START, CheckResult
from gdtbridge.check.viewing import check_viewer
from gdtbridge.core import Core, Opening, open_core
from gdtbridge.database import Database
from gdtbridge.durable import FolderUnusable, SystemClock
from gdtbridge.durable.call import FolderCall
from gdtbridge.durable.files import probe_folder
from gdtbridge.durable.mounts import unmounted
from gdtbridge.errors import BridgeError, NoInstallation
from gdtbridge.folders.silence import ExchangeSilence, SilentFolder
from gdtbridge.parts import asks_about_master_data
from gdtbridge.settings import MEGABYTE, Settings
from gdtbridge.settings.encryption import Encryption
from gdtbridge.settings.folders import (
    exchange_folders,
    is_writable,
    own_folders,
    pickup_folders,
    shared_folders,
)
from worklist import WorklistError

FOLDER_SECONDS: Final = 3.0
"""A folder that has not answered by then does not answer."""

Misplaced = Callable[[Path], str]
"""Returns why a folder is not the one results go to, else nothing."""

WHERE_TO_LOOK: Final = "gdtbridge attention list"
"""The command that shows each thing that needs a person, with its way out."""


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
    yield from check_encryption(settings, Encryption.of(settings))
    yield from check_ports(settings)
    yield from check_viewer(settings)


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
    yield from check_encryption(settings, core.encryption)
    for end in core.certificates.ends():
        well = not end.has_ended(core.clock.utc())
        yield CheckResult("certificates", ok=well, text=end.text)
    yield from check_ports(settings)
    yield from check_viewer(settings)
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
