"""The command ``gdtbridge sr catalogue``, and what ``gdtbridge sr show`` writes to files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from gdtbridge.config import Settings, load_settings
from gdtbridge.errors import BridgeError, SettingsError

Command = TypeVar("Command", bound=Callable[..., None])


def _load(_ctx: click.Context, _param: click.Parameter, file: Path | None) -> Settings:
    return load_settings(file)


@click.command("catalogue")
@click.option(
    "--config",
    "settings",
    type=click.Path(path_type=Path),
    callback=_load,
    help="Einstellungen mit eigenen Zeilen. / Settings file with rows of one's own.",
)
@click.option("--json", "as_json", is_flag=True, help="Für Programme. / For programs.")
def catalogue_command(settings: Settings, *, as_json: bool) -> None:
    """Den Katalog der Messwerte zeigen. / Print the catalogue of measurements as Markdown."""
    from gdtbridge.measurements.catalogue import Catalogue
    from gdtbridge.measurements.catalogue_page import catalogue_to_json, catalogue_to_markdown
    from gdtbridge.measurements.catalogue_rows import CatalogueError

    try:
        catalogue = Catalogue.load(settings.catalogue.cells)
    except CatalogueError as error:
        raise SettingsError(str(error)) from error
    if as_json:
        click.echo(json.dumps(catalogue_to_json(catalogue), ensure_ascii=False, indent=2))
    else:
        click.echo(catalogue_to_markdown(catalogue), nl=False)


def sheet_options(command: Command) -> Command:
    """Give a command the options ``--html``, ``--pdf`` and ``--config`` of `write_sheets`."""
    path = click.Path(path_type=Path)
    for option in (
        click.option(
            "--config", type=path, help="Einstellungen mit eigenen Zeilen. / Settings file."
        ),
        click.option("--pdf", type=path, help="Als PDF-Bericht hierhin. / To a report in PDF."),
        click.option("--html", type=path, help="Als HTML-Bericht hierhin. / To a report in HTML."),
    ):
        command = option(command)
    return command


def write_sheets(
    files: Sequence[Path], html: Path | None, pdf: Path | None, config: Path | None
) -> None:
    """Write the readable report of the one file, by the catalogue of the settings."""
    if len(files) != 1:
        raise click.UsageError(
            "--html und --pdf nehmen genau eine Datei. / --html and --pdf take exactly one file."
        )
    from gdtbridge.measurements import ReportError
    from gdtbridge.readable import Form, Printer

    with Printer(load_settings(config).catalogue.cells) as printer:
        for form, out in ((Form.HTML, html), (Form.PDF, pdf)):
            if out is None:
                continue
            try:
                out.write_bytes(printer.print(files[0], form).data)
            except ReportError as error:
                raise BridgeError(f"{files[0]}: {error}") from error
            except OSError as error:
                raise BridgeError(
                    f"{out}: nicht schreibbar. / cannot be written: {error.strerror}."
                ) from error
            click.echo(str(out))
