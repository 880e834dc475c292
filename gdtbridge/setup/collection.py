"""A marked test result in the folder of practice software, watched until it is collected."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from gdtbridge.durable.files import FileComparison, compare, delete_same, reason_of, write_new
from gdtbridge.errors import BridgeError
from gdtbridge.gdt.errors import GdtError
from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.gdt.write.file_names import file_name
from gdtbridge.gdt.write.results import Identification, StudyResult
from gdtbridge.gdt.write.writer import render_study
from gdtbridge.people import Patient
from gdtbridge.settings import Settings

POLL_SECONDS: Final = 0.1
OLD_SECONDS: Final = 60
"""A file that lies so long was not collected."""
TEST_PATIENT: Final = "SIMULATION"
"""The number of the test patient, as ``gdtbridge simulate`` has it."""
MARK: Final = "TEST von gdtbridge - bitte löschen"
UMLAUTS: Final = "Müller, Größe"
"""What a test result says so that a person sees whether the character set is right."""


@dataclass(frozen=True, slots=True)
class CollectionTrial:
    """A test result that lies in a folder until the practice software collects it."""

    path: Path
    data: bytes
    before: frozenset[str]
    """Names of the folder before the file was there."""
    dialect: Dialect
    begun: float

    @property
    def lies(self) -> bool:
        """Whether the file lies there still, also where it cannot be read at this moment.

        Another one under its name is none: where the practice software knows one name, a result.
        """
        try:
            return compare(self.path, self.data) is FileComparison.SAME
        except OSError:
            return True

    def wait(self, seconds: float) -> float | None:
        """Return after how many seconds the file was gone; None where it is still there."""
        while self.lies:
            if time.monotonic() - self.begun >= seconds:
                return None
            time.sleep(POLL_SECONDS)
        return time.monotonic() - self.begun

    def take_back(self) -> bool:
        """Remove the file; return whether it was still there."""
        try:
            return delete_same(self.path, self.data)
        except OSError as error:
            raise BridgeError(f"{self.path}: {reason_of(error)}") from error

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
        if self.lies:
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


def collection_trial(
    settings: Settings, dialect: Dialect, folder: Path, number: str
) -> CollectionTrial:
    """Drop a test result for a patient number into ``folder``; raise `BridgeError`."""
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
        remarks=(f"{MARK}. {UMLAUTS}",),
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
