"""``gdtbridge viewer``: OHIF, installed beside the bridge for who wants it."""

from __future__ import annotations

from pathlib import Path

import click

from gdtbridge.commands.options import (
    FilePath,
    as_json_option,
    core_of,
    print_rows,
    view_of,
    with_settings,
)
from gdtbridge.ohif.releases import LATEST, RELEASES
from gdtbridge.settings import Settings

MEGABYTE = 1024 * 1024


@click.group()
def viewer() -> None:
    """Einen Viewer für den Browser dazu installieren. / Install a viewer for the browser."""


@viewer.command("install")
@with_settings
@click.option(
    "--from",
    "file",
    type=FilePath,
    help="Das geladene Paket (.tgz), ohne Internet. / The package, where there is no Internet.",
)
@click.option(
    "--version",
    type=click.Choice(list(RELEASES)),
    default=LATEST.version,
    show_default=True,
    help="Welche Fassung. / Which release.",
)
def viewer_install(settings: Settings, file: Path | None, version: str) -> None:
    """OHIF aus npm holen und unter /ohif/ anbieten. / Fetch OHIF from npm, serve it at /ohif/.

    Geprüft wird die Prüfsumme; weggelassen, was Ultraschall nie braucht. Der Dienst läuft dabei
    weiter. / Its checksum is checked, what ultrasound never needs is left out; the service runs on.
    """
    from gdtbridge.errors import ViewerPackageError
    from gdtbridge.ohif import OhifFolder, fetched

    release = RELEASES[version]
    with core_of(settings):
        folder = OhifFolder(settings.ohif_folder)
        try:
            if file is None:
                folder.make()
                with fetched(release, settings.ohif_folder) as package:
                    made = folder.install(package, release)
            else:
                with file.open("rb") as package:
                    made = folder.install(package, release)
        except OSError as error:
            place = error.filename or settings.ohif_folder
            raise ViewerPackageError(f"{place}: {error.strerror}") from error
    click.echo(
        f"OHIF {made.version}, {made.size // MEGABYTE} MB: {settings.http.address}/ohif/\n"
        'Mit kind = "ohif-gdtbridge" unter [viewer] zeigen es die Seiten. / With kind = '
        '"ohif-gdtbridge" in [viewer] the pages lead there.'
    )


@viewer.command("status")
@with_settings
@as_json_option
def viewer_status(settings: Settings, *, as_json: bool) -> None:
    """Zeigen, was installiert ist. / Show what is installed."""
    from gdtbridge.ohif import OhifFolder

    with view_of(settings):
        found = OhifFolder(settings.ohif_folder).installed()
    rows = []
    if found is not None:
        size = f"{found.size // MEGABYTE} MB"
        rows = [{"name": "OHIF", "version": found.version, "size": size}]
    print_rows(rows, as_json=as_json)


@viewer.command("remove")
@with_settings
def viewer_remove(settings: Settings) -> None:
    """OHIF wieder entfernen. / Remove OHIF again."""
    from gdtbridge.ohif import OhifFolder

    with core_of(settings):
        removed = OhifFolder(settings.ohif_folder).remove()
    click.echo("Entfernt. / Removed." if removed else "Nichts vorhanden. / Nothing there.")
