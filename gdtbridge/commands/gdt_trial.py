"""``gdtbridge gdt learn`` and ``gdt try``: settings for a software nobody has described."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gdtbridge.commands.gdt import dialect_of
from gdtbridge.commands.options import FilePath, with_settings
from gdtbridge.durable.files import reason_of, write_new
from gdtbridge.errors import BridgeError
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.gdt.tables.dialects import Dialect
    from gdtbridge.gdt.tools.learn import WrittenFile

POLL_SECONDS: Final = 0.1
OLD_SECONDS: Final = 60
"""A file that lies so long was not collected."""
TEST_PATIENT: Final = "SIMULATION"
"""The number of the test patient, as ``gdtbridge simulate`` has it."""
MARK: Final = "TEST von gdtbridge - bitte löschen"
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
    "--id", "number", default=TEST_PATIENT, help="Nummer eines TESTpatienten. / Of a TEST patient."
)
@click.option(
    "--seconds", type=click.FloatRange(min=0), default=120, help="So lange warten. / Wait."
)
def try_command(
    settings: Settings, name: str | None, folder: Path | None, number: str, seconds: float
) -> None:
    """Ein gekennzeichnetes Testergebnis ablegen und warten, bis es abgeholt ist. / Drop a test.

    Sagt, nach welcher Zeit die Praxissoftware es abgeholt hat, oder woran es liegen kann; dann
    nimmt es die Datei zurück. / Tells after how long it was collected, or what may hinder; then
    the file is taken back.
    """
    dialect, folder = dialect_of(settings, name), folder or settings.gdt_out
    trial = _trial(settings, dialect, folder, number)
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


@dataclass(frozen=True, slots=True)
class CollectionTrial:
    """A test result that lies in a folder until the practice software collects it."""

    path: Path
    data: bytes
    before: frozenset[str]
    """Names of the folder before the file was there."""
    dialect: Dialect
    begun: float

    def wait(self, seconds: float) -> float | None:
        """Return after how many seconds the file was gone; None where it is still there."""
        while self.path.exists():
            if time.monotonic() - self.begun >= seconds:
                return None
            time.sleep(POLL_SECONDS)
        return time.monotonic() - self.begun

    def take_back(self) -> bool:
        """Remove the file; return whether it was still there."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise BridgeError(f"{self.path}: {reason_of(error)}") from error
        return True

    def left_behind(self) -> Iterator[str]:
        """Yield what a software that refused the file may have made of it."""
        for name in sorted(self._names() - self.before):
            yield (
                f"{name}: neu im Ordner, wurde die Datei umbenannt statt eingelesen? / new in the "
                "folder: was the file renamed and not imported?"
            )

    def hints(self) -> Iterator[str]:
        """Yield what may keep a practice software from collecting the file."""
        options = self.dialect.options
        if old := list(self._uncollected()):
            yield (
                f"{len(old)} weitere Dateien liegen länger als {OLD_SECONDS} s da: Der Ordner wird "
                "nicht oder nicht mehr gelesen. / further files lie there: nobody reads the folder."
            )
        yield (
            "Ist es derselbe Ordner, den die Praxissoftware als Importordner hat, auch unter deren "
            "Pfad? / Is it the very folder the software imports from?"
        )
        yield (
            "Läuft sie, und liest sie von selbst oder erst auf Knopfdruck? / Is it running, and "
            "does it import by itself?"
        )
        yield (
            f"Erwartet sie einen festen Namen? Dieser: {self.path.name} (gdt.file_name). / Does it "
            "expect another name?"
        )
        if self.path.exists():
            yield (
                f"Darf ihr Konto die Datei lesen und löschen? Rechte "
                f"{self.path.stat().st_mode & 0o777:o} (gdt.file_mode, gdt.folder_mode). / May its "
                "account read and delete the file?"
            )
        yield (
            f"Kennt sie Empfänger {options.receiver}, Version {options.version}? / Does it know "
            "receiver and version?"
        )

    def _names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.path.parent.iterdir())

    def _uncollected(self) -> Iterator[Path]:
        """Yield result files that lay there before and are older than a minute."""
        now = time.time()
        for one in self.path.parent.iterdir():
            old = one.suffix.lower() == self.path.suffix.lower() and one.is_file()
            if old and one.name in self.before and now - one.stat().st_mtime > OLD_SECONDS:
                yield one


def _trial(settings: Settings, dialect: Dialect, folder: Path, number: str) -> CollectionTrial:
    """Drop the file under a temporary name and rename it; raise `BridgeError`."""
    from gdtbridge.gdt.errors import GdtError
    from gdtbridge.gdt.write.file_names import file_name
    from gdtbridge.gdt.write.results import Identification, StudyResult
    from gdtbridge.gdt.write.writer import render_study
    from gdtbridge.people import Patient

    now = datetime.now()  # noqa: DTZ005 - local time, as GDT
    ids = Identification(settings.gdt.sender, settings.gdt.receiver)
    result = StudyResult(
        patient=Patient(number, "Testpatient", "Simulation"),
        date=now.date(),
        time=now.time().replace(microsecond=0),
        accession=f"TEST-{secrets.token_hex(4)}",
        modality="US",
        description=MARK,
        test_id=settings.gdt.test_id,
        test_description=settings.gdt.test_description,
        remarks=(f"{MARK}.",),
    )
    try:
        data = render_study(result, dialect, ids, encoding=settings.gdt.encoding).data
    except GdtError as error:
        raise BridgeError(f"{error} (--id)") from error
    name = file_name(
        dialect,
        ids,
        accession=result.accession,
        number="001",
        moment=now,
        pattern=settings.gdt.file_name,
    )
    path = folder / name
    try:
        before = frozenset(one.name for one in folder.iterdir())
        write_new(path, data, mode=settings.gdt.shared_file_mode)
    except FileExistsError as error:
        raise BridgeError(
            f"{path}: liegt noch da; abholen lassen oder wegnehmen. / lies there still."
        ) from error
    except OSError as error:
        raise BridgeError(f"{folder}: {reason_of(error)}") from error
    return CollectionTrial(path, data, before, dialect, time.monotonic())
