"""What the commands share: options, and ways to print."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from gdtbridge.durable.clock import local_time
from gdtbridge.errors import BridgeError
from gdtbridge.settings import Settings, load_settings

if TYPE_CHECKING:
    from gdtbridge.audit import Actor
    from gdtbridge.core import Core

FilePath = click.Path(path_type=Path)


def _load(_ctx: click.Context, _param: click.Parameter, file: Path | None) -> Settings:
    return load_settings(file)


with_settings = click.option(
    "--config",
    "settings",
    type=FilePath,
    callback=_load,
    help="Einstellungen, sonst gdtbridge.toml im Arbeitsordner. / Settings file.",
)
as_json_option = click.option("--json", "as_json", is_flag=True, help="Als JSON. / As JSON.")
files_argument = click.argument("files", nargs=-1, required=True, type=FilePath)


def fail(message: str) -> NoReturn:
    """Print what is wrong to stderr, a line for each thing, and end with status 1."""
    for line in message.splitlines():
        click.echo(f"gdtbridge: {line}", err=True)
    sys.exit(1)


def core_of(settings: Settings) -> AbstractContextManager[Core]:
    """Return a context in which the core is open to change something, beside a running service.

    Entering raises `NoInstallation` where there is none: only the service makes one.
    """
    from gdtbridge.core import Opening, open_core

    return open_core(settings, Opening.WORKING)


def view_of(settings: Settings) -> AbstractContextManager[Core]:
    """Return a context in which the core may be looked at; nothing is made or changed by it.

    Entering raises `NoInstallation` where there is none.
    """
    from gdtbridge.core import Opening, open_core

    return open_core(settings, Opening.LOOKING)


def terminal_user() -> Actor:
    """Return who gives the command, for the audit trail."""
    from gdtbridge.audit import Actor, ActorKind

    return Actor(ActorKind.COMMAND, getpass.getuser())


def print_json(value: object) -> None:
    """Print JSON in letters the reader surely has."""
    encoding = (sys.stdout.encoding or "ascii").lower()
    click.echo(json.dumps(value, ensure_ascii=not encoding.startswith("utf"), indent=2))


HEADS: Final[Mapping[str, str]] = {
    "about": "WEN ODER WAS",
    "accession_number": "AUFTRAG",
    "account": "KONTO",
    "act": "WAS",
    "address": "ADRESSE",
    "aet": "AE-TITEL",
    "birth_date": "GEBOREN",
    "description": "BESCHREIBUNG",
    "detail": "ANGABEN",
    "device": "GERÄT",
    "made": "ERSTELLT",
    "made_by": "VON",
    "entered": "EINGETRAGEN",
    "events": "EREIGNISSE",
    "confirmed": "BESTÄTIGT",
    "ended": "BEENDET",
    "exams": "UNTERSUCHUNGEN",
    "failed": "NICHT ANGEKOMMEN",
    "file": "DATEI",
    "implementation": "PROGRAMM",
    "instances": "OBJEKTE",
    "key": "EINSTELLUNG",
    "last": "ZULETZT",
    "level": "STUFE",
    "link": "LINK",
    "modality": "MODALITÄT",
    "name": "NAME",
    "new": "NEU",
    "not_kept": "NICHT AUFBEWAHRT",
    "number": "NUMMER",
    "old": "ALT",
    "origin": "WOHER",
    "others": "AUCH GENANNT",
    "patient_id": "PATIENT",
    "person": "PERSON",
    "patient_name": "NAME",
    "priority": "DRINGLICHKEIT",
    "procedure": "UNTERSUCHUNG",
    "profile": "PROFIL",
    "role": "ROLLE",
    "scopes": "WOFÜR",
    "shown_name": "PERSON",
    "signed_in": "ANGEMELDET",
    "reason": "GRUND",
    "scheduled": "TERMIN",
    "sent": "GESENDET",
    "sent_patient_id": "PATIENT LAUT GERÄT",
    "sop_instance_uid": "OBJEKT",
    "since": "SEIT",
    "size": "GRÖSSE",
    "state": "ZUSTAND",
    "station": "STATION",
    "status": "STAND",
    "step": "SCHRITT",
    "study_date": "DATUM",
    "study_instance_uid": "STUDIE",
    "superseded": "ÜBERHOLT",
    "target": "ZIEL",
    "token": "SCHLÜSSEL",
    "transaction_uid": "TRANSAKTION",
    "text": "WORUM ES GEHT",
    "undone": "ZURÜCKGENOMMEN",
    "until": "BIS",
    "used": "BENUTZT",
    "value": "WERT",
    "version": "FASSUNG",
    "waiting": "WARTEND",
    "way_out": "WAS TUN",
    "webhook": "WEBHOOK",
    "who": "WER",
    "whose": "WESSEN",
    "when": "WANN",
}
"""Column heads of the lists, by the key of the column in their JSON."""


def print_rows(rows: Sequence[Mapping[str, str]], *, as_json: bool) -> None:
    """Print rows of the same keys: as JSON, or as columns under `HEADS`, a dash for nothing.

    Where there are no rows, a line on standard error says so.
    """
    if as_json:
        print_json(rows)
    elif rows:
        heads = [HEADS[key] for key in rows[0]]
        for line in columns([heads, *([value or "-" for value in row.values()] for row in rows)]):
            click.echo(line)
    else:
        click.echo("Nichts vorhanden. / Nothing there.", err=True)


def minute_of(at: float | None) -> str:
    """Return a moment (UTC seconds) as local time to the minute, empty for none."""
    return local_time(at).isoformat(" ", "minutes") if at is not None else ""


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield each row as one line, its columns two blanks apart and as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def show_each(
    files: tuple[Path, ...], show: Callable[[Path], list[object]], *, as_json: bool
) -> None:
    """Show every file that can be shown; end with status 1 when one cannot."""
    shown: list[object] = []
    failed = False
    for file in files:
        try:
            shown += show(file)
        except BridgeError as error:
            failed = True
            click.echo(f"gdtbridge: {file}: {error}", err=True)
    if as_json:
        print_json(shown)
    if failed:
        sys.exit(1)


def content_of(file: Path) -> bytes:
    """Return the content of a file; raise `BridgeError` where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise BridgeError(f"nicht lesbar. / cannot be read: {error.strerror}") from error
