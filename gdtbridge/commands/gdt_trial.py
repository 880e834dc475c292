"""``gdtbridge gdt learn`` and ``gdt try``: settings for a software nobody has described."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gdtbridge.commands.gdt import dialect_of
from gdtbridge.commands.options import FilePath, with_settings
from gdtbridge.errors import BridgeError
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.gdt.tools.learn import WrittenFile

_MOST_FILES: Final = 1000


@click.command("learn")
@with_settings
@click.option("--name", default="praxis", help="Name des Dialekts. / Name of the dialect.")
@click.argument("paths", nargs=-1, required=True, type=FilePath)
def learn_command(settings: Settings, name: str, paths: tuple[Path, ...]) -> None:
    """Aus Dateien der Praxissoftware Einstellungen vorschlagen. / Propose settings from files.

    Liest Aufträge, und Ergebnisse anderer Geräte, ohne sie anzufassen, und druckt Zeilen für
    gdtbridge.toml mit den Gründen. / Reads orders, and results of other devices, touches nothing,
    and prints lines for gdtbridge.toml with the reasons.
    """
    from gdtbridge.gdt.tables.dialects import DIALECTS
    from gdtbridge.gdt.tools.learn import learn, to_toml

    if name in DIALECTS:
        raise BridgeError(f"--name: {name} gibt es schon. / is a built-in dialect.")
    files = list(_read(paths, settings))
    if not any(file.records for file in files):
        raise BridgeError("Keine GDT-Datei darunter. / No GDT file among them.")
    for file in files:
        if not file.records:
            click.echo(f"gdtbridge: {file.name}: keine GDT-Datei / no GDT file", err=True)
    ours = settings.gdt.sender or DIALECTS["gdt21"].options.sender
    click.echo(to_toml(learn(files, name, ours)), nl=False)


def _read(paths: tuple[Path, ...], settings: Settings) -> Iterator[WrittenFile]:
    """Yield each file with its records, none where it is no GDT; raise `BridgeError`."""
    from gdtbridge.gdt.errors import GdtError
    from gdtbridge.gdt.read.reader import read_records
    from gdtbridge.gdt.tools.learn import WrittenFile

    for path in _files(paths):
        try:
            records = read_records(path.read_bytes(), default_encoding=settings.orders.encoding)
        except OSError as error:
            raise BridgeError(
                f"{path}: nicht lesbar. / cannot be read: {error.strerror}"
            ) from error
        except GdtError:
            records = []
        yield WrittenFile(path.name, tuple(records))


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the files that are named, and those in folders that are; raise `BridgeError`."""
    for path in paths:
        try:
            inner = sorted(path.iterdir()) if path.is_dir() else [path]
        except OSError as error:
            raise BridgeError(
                f"{path}: nicht lesbar. / cannot be read: {error.strerror}"
            ) from error
        found = [one for one in inner if one.is_file() or one == path]
        yield from (one for one in found[:_MOST_FILES] if not one.name.startswith("."))


@click.command("try")
@with_settings
@click.option("--dialect", "name", default=None, help="Dialekt oder Version. / Dialect or version.")
@click.option(
    "--out", "folder", type=FilePath, default=None, help="Ordner, sonst gdt.out. / Folder."
)
@click.option(
    "--id", "number", default=None, help="Nummer eines TESTpatienten. / Of a TEST patient."
)
@click.option(
    "--seconds", type=click.FloatRange(min=0), default=120, help="So lange warten. / Wait."
)
def try_command(
    settings: Settings, name: str | None, folder: Path | None, number: str | None, seconds: float
) -> None:
    """Ein gekennzeichnetes Testergebnis ablegen und warten, bis es abgeholt ist. / Drop a test.

    Sagt, nach welcher Zeit die Praxissoftware es abgeholt hat, oder woran es liegen kann; dann
    nimmt es die Datei zurück. / Tells after how long it was collected, or what may hinder; then
    the file is taken back.
    """
    from gdtbridge.setup.collection import TEST_PATIENT, collection_trial

    dialect, folder = dialect_of(settings, name), folder or settings.gdt_out
    trial = collection_trial(settings, dialect, folder, number or TEST_PATIENT)
    click.echo(f"{trial.path}: liegt bereit / is there")
    waited = trial.wait(seconds)
    if waited is not None:
        click.echo(f"abgeholt nach {waited:.1f} s / collected after {waited:.1f} s")
        for line in trial.left_behind():
            click.echo(f"  {line}")
        return
    hints = "\n".join(f"- {hint}" for hint in trial.hints())
    taken = trial.take_back()
    if taken:
        raise BridgeError(f"nach {seconds:g} s nicht abgeholt. / not collected.\n{hints}")
    click.echo(f"abgeholt nach {seconds:.1f} s / collected after {seconds:.1f} s")
