"""``gdtbridge check``: whether the service would start here and could do its work."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gdtbridge.app import MEGABYTE, Core, open_core
from gdtbridge.config import Settings
from gdtbridge.errors import BridgeError
from worklist import WorklistError, probe_folder


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one part."""

    part: str
    ok: bool
    text: str


def probe(settings: Settings) -> list[Finding]:
    """Try every part of the installation; nothing is left behind. Settings are valid already."""
    try:
        core = open_core(settings)
    except (BridgeError, WorklistError) as error:
        return [Finding("start", ok=False, text=str(error))]
    with core:
        return list(_findings(settings, core))


def _findings(settings: Settings, core: Core) -> Iterator[Finding]:
    yield Finding("storage.database", ok=True, text=_database_name(core))
    yield _disk(settings)
    for key, folder, attempt in (
        ("storage.root", settings.root, _write_and_remove),
        ("gdt.out", settings.gdt_out, _write_and_remove),
        ("worklist.folder", settings.worklist_folder, probe_folder),
    ):
        yield _attempt(key, folder, attempt)
    for problem in core.worklist.problems():
        yield Finding("worklist.folder", ok=True, text=f"{problem.file_name}: {problem.reason}")
    yield _port("dicom", settings.dicom.host, settings.dicom.port)
    yield _port("http", settings.http.host, settings.http.port)
    for kind, count in core.exams.attention().items():
        yield Finding(f"exams.{kind}", ok=True, text=str(count))
    for one in core.outbox.status():
        yield Finding(f"outbox.{one.destination}", ok=not one.alarm, text=one.sentence)


def _database_name(core: Core) -> str:
    return core.database.engine.url.render_as_string(hide_password=True)


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.root).free // MEGABYTE
    return Finding("disk", free >= settings.storage.min_free_mb, f"{free} MB frei / free")


def _attempt(key: str, folder: Path, attempt: Callable[[Path], None]) -> Finding:
    try:
        attempt(folder)
    except (OSError, WorklistError) as error:
        return Finding(key, ok=False, text=f"{folder}: {error}")
    return Finding(key, ok=True, text=str(folder))


def _write_and_remove(folder: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".gdtbridge-check-", suffix=".tmp") as file:
        file.write(b"probe")
        file.flush()


def _port(part: str, host: str, port: int) -> Finding:
    """Tell whether the port is free; the running service itself is no fault."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe_socket:
            probe_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe_socket.bind(address)
    except OSError as error:
        text = f"{host}:{port} ist belegt (läuft der Dienst schon?). / is in use (by us?): {error}"
        return Finding(f"{part}.port", ok=True, text=text)
    return Finding(f"{part}.port", ok=True, text=f"{host}:{port} frei / free")
