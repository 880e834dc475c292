"""``gdtbridge gdt``: GDT files shown, judged and converted."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gdtbridge.commands.options import (
    FilePath,
    as_json_option,
    content_of,
    files_argument,
    show_each,
    with_settings,
)
from gdtbridge.durable.files import create
from gdtbridge.errors import BridgeError
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.gdt.read.record import GdtWarning, Record
    from gdtbridge.gdt.tables.dialects import Dialect

_VERSIONS = {"2.1": "gdt21", "3.0": "gdt30", "3.1": "gdt31"}


@click.group()
def gdt() -> None:
    """GDT-Dateien. / GDT files."""


reading_option = click.option(
    "--encoding",
    type=click.Choice(
        ["ascii", "cp437", "cp850", "cp1252", "iso8859-1", "iso8859-15", "utf-8"],
    ),
    help="Zeichensatz, wo die Datei keinen nennt. / Character set where the file names none.",
)


def dialect_of(settings: Settings, name: str | None) -> Dialect:
    """Return the dialect of that name or version, else of the installation.

    Raises `BridgeError` for an unknown name.
    """
    from gdtbridge.gdt.errors import GdtError
    from gdtbridge.gdt.tables.dialects import dialect_named
    from gdtbridge.gdt.tables.practice_dialects import dialects_with, with_echo

    known = dialects_with(settings.dialects)
    try:
        named = _VERSIONS.get(name or "", name or settings.gdt.dialect)
        return with_echo(dialect_named(named, known), settings.gdt.echo)
    except GdtError as error:
        raise BridgeError(f"--dialect, --to: {error}") from error


@gdt.command("check")
@with_settings
@click.option("--dialect", "name", default=None, help="Dialekt oder Version. / Dialect or version.")
@click.argument("files", nargs=-1, required=True, type=FilePath)
def check_command(settings: Settings, name: str | None, files: tuple[Path, ...]) -> None:
    """GDT-Dateien für einen Dialekt beurteilen. / Judge GDT files for a dialect."""
    from gdtbridge.gdt.tools.conformance import check_record, tolerated
    from gdtbridge.gdt.tools.show import findings_to_text

    dialect = dialect_of(settings, name)
    objections = 0
    for file in files:
        for record in _records(file, settings):
            found = [*tolerated(record, dialect), *check_record(record, dialect)]
            objections += len(found)
            click.echo(f"{file}: {record.record_type}, {dialect.title}: {_verdict(found)}")
            for line in findings_to_text(found, terminal_width(-2)):
                click.echo(f"  {line}")
    if objections:
        raise BridgeError(f"{objections} Beanstandungen. / objections.")


def _verdict(found: list[GdtWarning]) -> str:
    return f"{len(found)} Beanstandungen / objections" if found else "in Ordnung / good"


def terminal_width(more: int = 0) -> int | None:
    """Return the columns of the terminal, and some more or fewer; None where there is none."""
    if not sys.stdout.isatty():
        return None
    return max(shutil.get_terminal_size().columns + more, 40)


@gdt.command("convert")
@with_settings
@click.option("--to", "name", required=True, help="Dialekt oder 2.1, 3.0, 3.1. / The target.")
@click.option("--encoding", default=None, help="Zeichensatz, sonst der des Dialekts. / Charset.")
@click.argument("file", type=FilePath)
@click.option("-o", "out", required=True, type=FilePath, help="Neue Datei. / The new file.")
def convert_command(
    settings: Settings, name: str, encoding: str | None, file: Path, out: Path
) -> None:
    """Eine GDT-Datei neu schreiben: Version, Dialekt, Zeichensatz. / Convert a GDT file."""
    from gdtbridge.gdt.errors import GdtError
    from gdtbridge.gdt.tools.convert import convert

    records = _records(file, settings)
    try:
        rendered = convert(records, dialect_of(settings, name), encoding=encoding)
    except GdtError as error:
        raise BridgeError(f"{file}: {error}") from error
    _write_new(out, rendered.data)
    if rendered.losses:
        losses = ", ".join(rendered.losses)
        click.echo(f"gdtbridge: {file}: nicht unverändert / not as it was: {losses}", err=True)


def _records(file: Path, settings: Settings) -> list[Record]:
    """Return the records of a file; raise `BridgeError` where it cannot be read.

    A file that names no character set is read in that of the practice's orders.
    """
    from gdtbridge.gdt.errors import GdtError
    from gdtbridge.gdt.read.reader import read_records

    try:
        return read_records(file.read_bytes(), default_encoding=settings.orders.encoding)
    except OSError as error:
        raise BridgeError(f"{file}: nicht lesbar. / cannot be read: {error.strerror}") from error
    except GdtError as error:
        raise BridgeError(f"{file}: {error}") from error


def _write_new(out: Path, data: bytes) -> None:
    """Write a file that does not exist yet; nothing is left where that fails."""
    try:
        create(out, data)
    except FileExistsError as error:
        raise BridgeError(f"{out}: gibt es schon. / exists already.") from error
    except OSError as error:
        out.unlink(missing_ok=True)
        raise BridgeError(f"{out}: nicht schreibbar. / cannot be written.") from error


@gdt.command("show")
@as_json_option
@reading_option
@files_argument
def gdt_show(files: tuple[Path, ...], encoding: str | None, *, as_json: bool) -> None:
    """GDT-Dateien lesbar zeigen. / Show GDT files readably."""
    from gdtbridge.gdt.errors import GdtError
    from gdtbridge.gdt.read.reader import read_records
    from gdtbridge.gdt.tools.show import record_to_json, record_to_text

    width = terminal_width()
    colour = width is not None and "NO_COLOR" not in os.environ

    def show(file: Path) -> list[object]:
        try:
            records = read_records(content_of(file), default_encoding=encoding)
        except GdtError as error:
            raise BridgeError(str(error)) from error
        if not as_json:
            for record in records:
                click.echo(f"{file}\n{record_to_text(record, colour=colour, width=width)}")
        return [record_to_json(record) for record in records]

    show_each(files, show, as_json=as_json)
