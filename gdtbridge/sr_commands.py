"""The command ``gdtbridge sr catalogue``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gdtbridge.config import Settings, load_settings
from gdtbridge.errors import SettingsError


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
