"""``gdtbridge export``: what is taken out of the house, as a file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

from gdtbridge.commands.options import FilePath, core_of, fail, terminal_user, with_settings
from gdtbridge.durable.modes import PRIVATE_FILE
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gdtbridge.handing_out import AssignedExam

NOTHING: Final = (
    "Von dieser Patientennummer ist nichts da, dessen Zuordnung feststeht. / Of this patient "
    "number there is nothing of which is decided whose it is."
)
UNKNOWN: Final = "Keine Untersuchung dieser Person: {0} / No exam of this person: {0}"


@click.group()
def export() -> None:
    """Etwas als Datei herausgeben. / Hand something out as a file."""


@export.command("patient")
@with_settings
@click.argument("number")
@click.option("--to", "target", type=FilePath, required=True, help="Die ZIP-Datei. / The ZIP file.")
@click.option("--study", "studies", multiple=True, metavar="UID", help="Nur diese. / Only these.")
@click.option(
    "--without-values", is_flag=True, help="Ohne Messwerte und Bericht. / Without measurements."
)
@click.option(
    "--encrypt", is_flag=True, help="Mit einem Kennwort, das gezeigt wird. / With a password."
)
def export_patient(
    settings: Settings,
    number: str,
    target: Path,
    studies: tuple[str, ...],
    *,
    without_values: bool,
    encrypt: bool,
) -> None:
    """Die Untersuchungen einer Person für Stick oder CD. / One person's exams for a stick or CD.

    Eine ZIP-Datei mit DICOMDIR, Bericht und einer Seite zum Ansehen (INDEX.HTM). / A ZIP file
    with a DICOMDIR, the report and a page to look at.
    """
    from gdtbridge.audit import DoneAct
    from gdtbridge.encrypted_zip import new_password

    password = new_password() if encrypt else ""
    with core_of(settings) as core:
        exams = _wanted(core.handing.exams.of_patient(number), studies)
        copied = core.handing.copies.made(
            exams, core.clock.local(), values=not without_values, password=password
        )
        with copied as source:
            _write(source, target)
        about = " ".join(f"exam:{one.exam.study_instance_uid}" for one in exams)
        core.audit.write(terminal_user(), DoneAct("exported", number, about[:200], target.name))
    click.echo(f"{target}: {len(exams)} Untersuchungen / exams")
    if password:
        click.echo(f"Kennwort / password: {password}")


def _wanted(exams: Sequence[AssignedExam], studies: Sequence[str]) -> Sequence[AssignedExam]:
    """Return the exams of some studies, or all; end with status 1 where one is not there."""
    known = {one.exam.study_instance_uid for one in exams}
    if unknown := [one for one in studies if one not in known]:
        fail(UNKNOWN.format(unknown[0]))
    if not exams:
        fail(NOTHING)
    return [one for one in exams if not studies or one.exam.study_instance_uid in studies]


def _write(source: IO[bytes], target: Path) -> None:
    """Write a file only its owner may read; end with status 1 where there is one already."""
    try:
        number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(number, "wb") as file:
            shutil.copyfileobj(source, file)
    except OSError as error:
        fail(f"{target}: {error.strerror}")
