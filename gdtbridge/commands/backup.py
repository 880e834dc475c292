"""``gdtbridge backup``, ``restore`` and ``archive reindex``: copies, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from gdtbridge.commands.options import FilePath, fail, with_settings
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gdtbridge.exams.reindexing import Reindexed

NOT_WHOLE: Final = (
    "Nicht alles, was empfangen wurde, ist da und lesbar; vielleicht hat es eine ältere Sicherung. "
    "/ Not all that was received is there and readable; an older copy may have it."
)


@click.command()
@with_settings
@click.argument("folder", type=FilePath)
def backup(settings: Settings, folder: Path) -> None:
    """Sichern, während der Dienst läuft. / Copy database, archive and orders into FOLDER."""
    from gdtbridge.backup import back_up

    done = back_up(settings, folder)
    click.echo(
        f"Gesichert nach {folder}: Datenbank und {done.files} neue Dateien. / Database and "
        f"{done.files} new files were copied."
    )
    _tell_missing(done.missing)
    if done.missing:
        fail(NOT_WHOLE)


@click.command()
@with_settings
@click.argument("copy", metavar="FOLDER", type=FilePath)
def restore(settings: Settings, copy: Path) -> None:
    """Eine Sicherung zurückspielen (Dienst anhalten). / Bring a copy back; stop the service.

    Was seit der Sicherung gesendet worden sein kann, wird gefragt und nicht noch einmal gesendet. /
    What may have been sent since the copy was made is asked, and not sent again.
    """
    from gdtbridge import backup as copies
    from gdtbridge.service import alone

    settings.root.mkdir(parents=True, exist_ok=True)
    with alone(settings.root):
        done = copies.restore(settings, copy)
    click.echo(f"Zurückgespielt: {done.files} Dateien. / {done.files} files were brought back.")
    _tell(done.found)


@click.group()
def archive() -> None:
    """Das Archiv der empfangenen Bilder und Berichte. / The archive of received objects."""


@archive.command("reindex")
@with_settings
def reindex(settings: Settings) -> None:
    """Die Datenbank aus dem Archiv neu aufbauen (Dienst anhalten). / Make the index anew.

    Alles Gefundene wird zurückgehalten, bis jemand sagt, ob es schon gesendet wurde. / All that is
    found is held until somebody says whether it was sent.
    """
    from gdtbridge.backup import rebuild
    from gdtbridge.service import alone

    settings.root.mkdir(parents=True, exist_ok=True)
    with alone(settings.root):
        found = rebuild(settings)
    _tell(found)


def _tell(found: Reindexed) -> None:
    click.echo(
        f"{found.entered} Objekte ohne Eintrag gefunden; ihre Untersuchungen warten (gdtbridge "
        f"exams list --held). / {found.entered} objects without an entry; their exams are held."
    )
    for path in found.unreadable:
        click.echo(f"gdtbridge: {path}: nicht lesbar oder verändert. / damaged.", err=True)
    _tell_missing(found.missing)
    if found.unreadable or found.missing:
        fail(NOT_WHOLE)


def _tell_missing(files: Sequence[Path]) -> None:
    for path in files:
        click.echo(f"gdtbridge: {path}: fehlt. / is missing.", err=True)
