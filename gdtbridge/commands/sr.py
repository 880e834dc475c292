"""``gdtbridge sr``: Structured Reports shown or written as a page, and the catalogue."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from gdtbridge.commands.options import (
    FilePath,
    as_json_option,
    files_argument,
    show_each,
    with_settings,
)
from gdtbridge.errors import BridgeError
from gdtbridge.settings import Settings, load_settings


@click.group()
def sr() -> None:
    """Structured Reports. / DICOM Structured Reports."""


@sr.command("catalogue")
@with_settings
@as_json_option
def catalogue_command(settings: Settings, *, as_json: bool) -> None:
    """Den Katalog der Messwerte zeigen. / Print the catalogue of measurements as Markdown."""
    from gdtbridge.catalogue.catalogue import Catalogue
    from gdtbridge.catalogue.page import catalogue_to_json, catalogue_to_markdown

    catalogue = Catalogue.load(settings.catalogue.cells)
    if as_json:
        click.echo(json.dumps(catalogue_to_json(catalogue), ensure_ascii=False, indent=2))
    else:
        click.echo(catalogue_to_markdown(catalogue), nl=False)


def write_sheets(
    files: Sequence[Path], html: Path | None, pdf: Path | None, config: Path | None
) -> None:
    """Write the readable report of the one file, by the catalogue of the settings."""
    if len(files) != 1:
        raise click.UsageError(
            "--html und --pdf nehmen genau eine Datei. / --html and --pdf take exactly one file."
        )
    from gdtbridge.catalogue.catalogue import Catalogue
    from gdtbridge.report_page import PageFormat, PagePrinter, sheet_of
    from gdtbridge.sr import ReportError, ReportReader

    catalogue = Catalogue.load(load_settings(config).catalogue.cells)
    try:
        with ReportReader() as reader:
            report = reader.read(files[0])
        sheet = sheet_of(report, catalogue, report.patient, report.accession_number)
        with PagePrinter() as printer:
            for page_format, out in ((PageFormat.HTML, html), (PageFormat.PDF, pdf)):
                if out is not None:
                    _write(out, printer.print(sheet, page_format))
    except ReportError as error:
        raise BridgeError(f"{files[0]}: {error}") from error


def _write(out: Path, data: bytes) -> None:
    try:
        out.write_bytes(data)
    except OSError as error:
        raise BridgeError(
            f"{out}: nicht schreibbar. / cannot be written: {error.strerror}."
        ) from error
    click.echo(str(out))


@sr.command("show")
@as_json_option
@click.option(
    "--explain",
    is_flag=True,
    help="Zu jedem NUM der Datei: übernommen oder nicht, und warum. "
    "/ For every NUM of the file: told or not, and why.",
)
@click.option("--html", type=FilePath, help="Als HTML-Bericht hierhin. / To a report in HTML.")
@click.option("--pdf", type=FilePath, help="Als PDF-Bericht hierhin. / To a report in PDF.")
@click.option("--config", type=FilePath, help="Einstellungen mit eigenen Zeilen. / Settings file.")
@files_argument
def sr_show(
    files: tuple[Path, ...],
    html: Path | None,
    pdf: Path | None,
    config: Path | None,
    *,
    as_json: bool,
    explain: bool,
) -> None:
    """Messwerte von Structured Reports zeigen. / Show the measurements of reports."""
    if html is not None or pdf is not None:
        write_sheets(files, html, pdf, config)
        return
    from gdtbridge.catalogue import report_to_json, report_to_text
    from gdtbridge.sr import ReportError, ReportReader

    colour = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns
    reader = ReportReader()

    def show(file: Path) -> list[object]:
        try:
            report = reader.read(file, explain=explain)
        except ReportError as error:
            raise BridgeError(str(error)) from error
        if not as_json:
            click.echo(f"{file}\n{report_to_text(report, colour=colour, width=width)}")
        return [report_to_json(report)]

    try:
        show_each(files, show, as_json=as_json)
    finally:
        reader.close()
