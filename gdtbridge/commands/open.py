"""The command ``gdtbridge open``: from the chart to the study in the viewer of this workstation.

It asks the running bridge by HTTP and touches neither its database nor its folders, so that it runs
on a workstation that has nothing of the bridge but its address. It starts in a moment: everything
heavy is imported late or not at all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gdtbridge.commands.options import FilePath, with_settings
from gdtbridge.errors import BridgeError
from gdtbridge.settings import Settings
from gdtbridge.settings.encryption import Encryption

if TYPE_CHECKING:
    from gdtbridge.workstation import FoundStudy

_QUESTION: Final[Mapping[str, str]] = {
    "accession": "accession_number",
    "case_id": "case_id",
    "day": "study_date",
    "clock": "study_time",
    "study": "study_instance_uid",
    "lastname": "family_name",
    "firstname": "given_name",
    "birthdate": "birth_date",
}
"""The options that ask, and what the JSON API calls them."""


def _day(_ctx: click.Context, _param: click.Parameter, text: str) -> str:
    from gdtbridge.gdt.errors import GdtDateError
    from gdtbridge.gdt.tables.dates import read_date

    try:
        day = read_date(text)
    except GdtDateError as error:
        raise click.BadParameter(str(error)) from error
    return day.isoformat() if day is not None else ""


def _clock(_ctx: click.Context, _param: click.Parameter, text: str) -> str:
    from gdtbridge.gdt.errors import GdtDateError
    from gdtbridge.gdt.tables.dates import read_time

    try:
        read_time(text)
    except GdtDateError as error:
        raise click.BadParameter(str(error)) from error
    return text


@click.command("open")
@with_settings
@click.option("--bridge", default="", help="Adresse der Bridge. / Address of the bridge.")
@click.option(
    "--ca-file", type=FilePath, help="Zertifikat (PEM), dem geglaubt wird. / Trusted certificate."
)
@click.option("--patient", default="", help="Patientennummer statt FILE. / Patient number.")
@click.option("--accession", default="", help="Auftragsnummer. / Accession number.")
@click.option("--case", "case_id", default="", help="Vorgang der Praxissoftware (8310). / Case.")
@click.option("--date", "day", default="", callback=_day, help="Tag, TT.MM.JJJJ. / Day.")
@click.option("--time", "clock", default="", callback=_clock, help="Uhrzeit, HH:MM[:SS]. / Time.")
@click.option("--study", default="", help="Study Instance UID.")
@click.option("--lastname", default="", help="Nachname. / Family name.")
@click.option("--firstname", default="", help="Vorname. / Given name.")
@click.option("--birthdate", default="", help="Geburtsdatum, TT.MM.JJJJ. / Birth date.")
@click.option("--print", "only_print", is_flag=True, help="Nur die Adresse zeigen. / Only print.")
@click.option("--remove", is_flag=True, help="FILE danach löschen. / Delete FILE afterwards.")
@click.argument("file", required=False, type=FilePath)
def open_command(
    settings: Settings,
    bridge: str,
    ca_file: Path | None,
    patient: str,
    file: Path | None,
    *,
    only_print: bool,
    remove: bool,
    **said: str,
) -> None:
    """Eine Untersuchung im Viewer öffnen. / Open a study in the viewer.

    FILE ist die GDT-Datei, die die Praxissoftware exportiert hat. / FILE is the GDT file the
    practice software exported. Ende / exit status: 0 geöffnet / opened, 1 nicht / not.
    """
    from gdtbridge import workstation

    if bool(file) == bool(patient) or (file and any(said[name] for name in _QUESTION)):
        raise click.UsageError(
            "Entweder FILE oder --patient mit den anderen Angaben. / Either FILE, or --patient "
            "with the others."
        )
    if remove and not file:
        raise click.UsageError("--remove nur mit FILE. / only with FILE.")
    address = bridge or settings.http.address
    token = settings.http.token.get_secret_value()
    caller = workstation.BridgeClient(address, token, ca_file or _trusted(settings))
    if file:
        data = workstation.whole_file(file)
        found = caller.search_file(data)
    else:
        question = {name: said[option] for option, name in _QUESTION.items() if said[option]}
        found = caller.search(patient_id=patient, **question)
    url = workstation.link_of(_the_one(found), settings.viewer)
    if only_print:
        click.echo(url)
    else:
        workstation.launch(url)
    if file and remove:
        _remove(file, data)


def _trusted(settings: Settings) -> Path | None:
    """Return whose certificates are trusted: on the bridge's own machine those it has made."""
    if settings.http.ca_file is not None:
        return settings.base / settings.http.ca_file
    own = Encryption.of(settings).self_made
    return own.ca if own is not None and os.access(own.ca, os.R_OK) else None


def _the_one(found: Sequence[FoundStudy]) -> FoundStudy:
    """Return the only study, or of several the study a person at the terminal chooses."""
    if not found:
        raise BridgeError("Keine passende Untersuchung. / No study fits.")
    if len(found) == 1:
        return found[0]
    for number, study in enumerate(found, 1):
        click.echo(f"{number:3}  {study.line}", err=True)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BridgeError("Mehrere Untersuchungen passen. / Several studies fit.")
    choice = click.prompt(
        "Welche Untersuchung? / Which study?", type=click.IntRange(1, len(found)), err=True
    )
    return found[choice - 1]


def _remove(file: Path, data: bytes) -> None:
    """Delete the file that was asked with, unless the practice software wrote a new one."""
    with suppress(OSError):
        if file.read_bytes() == data:
            file.unlink()
