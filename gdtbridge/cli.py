"""The command line: ``gdtbridge COMMAND``.

Exit status 0: good; 1: the input or the state is bad, one clear line on stderr; 2: wrong usage.
The rooms are imported late, so that a command starts only what it needs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from gdtbridge import __version__
from gdtbridge.config import Settings, load_settings, reachable
from gdtbridge.errors import BridgeError
from gdtbridge.gdt_commands import (
    check_command,
    convert_command,
    reading_option,
    terminal_width,
)
from gdtbridge.image_libraries import keep_image_libraries_out
from gdtbridge.logs import describe
from gdtbridge.open_command import open_command
from gdtbridge.sr_commands import catalogue_command

if TYPE_CHECKING:
    from pydicom import Dataset

    from gdtbridge.app import Core
    from gdtbridge.exams import OrderRequest
    from worklist import Entry

FilePath = click.Path(path_type=Path)


class _Commands(click.Group):
    """Turns errors into one line on stderr and status 1; click's own keep their status."""

    def invoke(self, ctx: click.Context) -> object:
        keep_image_libraries_out()
        _speak_every_script()
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except BridgeError as error:
            fail(str(error))
        except Exception as error:  # noqa: BLE001 - a traceback helps nobody and may quote a patient
            from worklist import WorklistError

            unexpected = f"Unerwarteter Fehler. / Unexpected error: {describe(error)}"
            fail(str(error) if isinstance(error, WorklistError) else unexpected)


def _speak_every_script() -> None:
    """Let a terminal that lacks a letter get a substitute for it instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def fail(message: str) -> NoReturn:
    """Say on stderr what is wrong, one line for each thing, and end with status 1."""
    for line in message.splitlines():
        click.echo(f"gdtbridge: {line}", err=True)
    sys.exit(1)


def _print_json(value: object) -> None:
    """Print JSON in letters the reader surely has."""
    encoding = (sys.stdout.encoding or "ascii").lower()
    click.echo(json.dumps(value, ensure_ascii=not encoding.startswith("utf"), indent=2))


def _load(_ctx: click.Context, _param: click.Parameter, file: Path | None) -> Settings:
    return load_settings(file)


with_settings = click.option(
    "--config",
    "settings",
    type=FilePath,
    callback=_load,
    help="Einstellungen, sonst gdtbridge.toml im Arbeitsordner. / Settings file.",
)
as_json_option = click.option("--json", "as_json", is_flag=True, help="Als JSON. / As JSON.")
files_argument = click.argument("files", nargs=-1, required=True, type=FilePath)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gdtbridge")
def main() -> None:
    """Brücke zwischen Ultraschall (DICOM) und Praxissoftware (GDT).

    The bridge between ultrasound devices and German practice software.
    """


@main.command()
@with_settings
@click.option("--verbose", is_flag=True, help="Ausführliches Protokoll. / Detailed log.")
def serve(settings: Settings, *, verbose: bool) -> None:
    """Den Dienst starten. / Run the service until it is told to stop."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda _number, _frame: stop.set())
    from gdtbridge import app, logs

    logs.set_up(verbose=verbose)
    app.serve(settings, stop)


@main.command()
@with_settings
def check(settings: Settings) -> None:
    """Einstellungen, Ordner, Ports und Datenbank prüfen. / Probe the installation."""
    from gdtbridge.check import probe

    findings = probe(settings)
    for finding in findings:
        click.echo(f"{'ok    ' if finding.ok else 'FEHLER'} {finding.part}: {finding.text}")
    if not all(finding.ok for finding in findings):
        fail("Bitte die mit FEHLER markierten Zeilen beheben. / Mend the lines marked FEHLER.")


@main.command()
@with_settings
@click.option("--host", default=None, help="Adresse der Bridge. / Address of the bridge.")
@click.option("--port", type=int, default=None, help="DICOM-Port. / DICOM port.")
@click.option("--station", default=None, help="Eigener AE-Titel. / AE title of the device.")
@click.option("--accession", default=None, help="Diesen Auftrag nehmen. / Take this order.")
@click.option("--without-order", is_flag=True, help="Ohne Arbeitsliste. / Without a worklist.")
@click.option("--attempts", type=int, default=1, help="Sendeversuche. / Attempts to send.")
@click.option("--yes", is_flag=True, help="Nicht nachfragen. / Do not ask.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True))
def simulate(
    settings: Settings,
    host: str | None,
    port: int | None,
    station: str | None,
    accession: str | None,
    files: tuple[Path, ...],
    *,
    without_order: bool,
    attempts: int,
    yes: bool,
) -> None:
    """Ein Ultraschallgerät spielen. / Play an ultrasound device against a running bridge.

    Fragt die Arbeitsliste ab, nimmt einen Patienten und sendet Bilder und Berichte (FILES, sonst
    die mitgelieferten Beispiele). / Asks the worklist, takes a patient, sends images and reports.
    """
    from gdtbridge.dicom.client import Peer, PeerError
    from gdtbridge.dicom.simulator import SimulationError, sample_files, simulate

    station = station or settings.worklist.station
    peer = Peer(
        host or reachable(settings.dicom.host),
        port or settings.dicom.port,
        settings.dicom.aet,
        station,
    )
    try:
        result = simulate(
            peer,
            station=station,
            samples=files or sample_files(),
            accession=accession,
            pick=partial(_pick, ask=not yes and sys.stdin.isatty()),
            without_order=without_order,
            attempts=attempts,
            report=click.echo,
        )
    except (PeerError, SimulationError) as error:
        fail(str(error))
    if not result.ok:
        fail("Nicht alles wurde angenommen. / Not everything was accepted.")


def _pick(entries: Sequence[Dataset], *, ask: bool) -> Dataset:
    """Return the first entry; at a terminal only after a person agreed: the values are invented."""
    if ask:
        click.confirm(
            "Erfundene Bilder und Messwerte für den ersten Eintrag senden? / Send invented images "
            "and values for the first entry?",
            abort=True,
        )
    return entries[0]


@main.group()
def gdt() -> None:
    """GDT-Dateien. / GDT files."""


main.add_command(open_command)
gdt.add_command(check_command)
gdt.add_command(convert_command)


@gdt.command("show")
@as_json_option
@reading_option
@files_argument
def gdt_show(files: tuple[Path, ...], encoding: str | None, *, as_json: bool) -> None:
    """GDT-Dateien lesbar zeigen. / Show GDT files readably."""
    from gdtbridge.gdt import GdtError, read_records, record_to_json, record_to_text

    width = terminal_width()
    colour = width is not None and "NO_COLOR" not in os.environ

    def show(file: Path) -> list[object]:
        try:
            records = read_records(_content(file), default_encoding=encoding)
        except GdtError as error:
            raise BridgeError(str(error)) from error
        if not as_json:
            for record in records:
                click.echo(f"{file}\n{record_to_text(record, colour=colour, width=width)}")
        return [record_to_json(record) for record in records]

    _show_each(files, show, as_json=as_json)


@main.group()
def sr() -> None:
    """Structured Reports. / DICOM Structured Reports."""


@sr.command("show")
@as_json_option
@click.option(
    "--explain",
    is_flag=True,
    help="Zu jedem NUM der Datei: übernommen oder nicht, und warum. "
    "/ For every NUM of the file: told or not, and why.",
)
@files_argument
def sr_show(files: tuple[Path, ...], *, as_json: bool, explain: bool) -> None:
    """Messwerte von Structured Reports zeigen. / Show the measurements of reports."""
    from gdtbridge.measurements import (
        ReportError,
        ReportReader,
        report_to_json,
        report_to_text,
    )

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
        _show_each(files, show, as_json=as_json)
    finally:
        reader.close()


sr.add_command(catalogue_command)


def _show_each(
    files: tuple[Path, ...], show: Callable[[Path], list[object]], *, as_json: bool
) -> None:
    """Show every file that can be shown; end with status 1 when one cannot."""
    shown: list[object] = []
    failed = False
    for file in files:
        try:
            shown += show(file)
        except BridgeError as error:
            failed = True
            click.echo(f"gdtbridge: {file}: {error}", err=True)
    if as_json:
        _print_json(shown)
    if failed:
        sys.exit(1)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BridgeError(f"nicht lesbar. / cannot be read: {error.strerror}") from error


def _print_rows(rows: Sequence[Mapping[str, str]], *, as_json: bool) -> None:
    """Print a table: as JSON, or a line for each row in which a dash stands for nothing."""
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        click.echo("  ".join(value or "-" for value in row.values()))


@main.group()
def worklist() -> None:
    """Die Arbeitsliste. / The worklist."""


def _core(settings: Settings) -> Core:
    from gdtbridge.app import open_core

    return open_core(settings)


@worklist.command("add")
@with_settings
@click.option("--id", "patient_id", required=True, help="Patientennummer. / Patient number.")
@click.option("--lastname", required=True, help="Nachname. / Family name.")
@click.option("--firstname", default="", help="Vorname. / Given name.")
@click.option("--birthdate", required=True, type=click.DateTime(["%d.%m.%Y", "%Y-%m-%d"]))
@click.option("--sex", type=click.Choice(["M", "F", "O", ""], case_sensitive=False), default="")
@click.option("--modality", default=None)
@click.option("--station", default=None, help="AE-Titel des Geräts. / AE title of the device.")
@click.option("--procedure", default="", help="Untersuchung. / Procedure.")
@click.option("--physician", default="", help="Arzt, Nachname^Vorname. / Physician.")
def worklist_add(settings: Settings, **order: str | datetime | None) -> None:
    """Einen Patienten auf die Arbeitsliste setzen. / Put a patient on the worklist."""
    with _core(settings) as core:
        placed = core.exams.place_order(_request(order))
        click.echo(placed.entry.AccessionNumber)


def _request(order: dict[str, str | datetime | None]) -> OrderRequest:
    from gdtbridge.exams import OrderRequest

    def text(key: str) -> str:
        return str(order[key] or "")

    born = order["birthdate"]
    return OrderRequest(
        patient_id=text("patient_id"),
        family_name=text("lastname"),
        given_name=text("firstname"),
        birth_date=born.date() if isinstance(born, datetime) else None,
        sex=text("sex").upper(),
        modality=text("modality") or None,
        station=text("station") or None,
        procedure=text("procedure"),
        physician=text("physician"),
    )


@worklist.command("list")
@with_settings
@as_json_option
def worklist_list(settings: Settings, *, as_json: bool) -> None:
    """Die Arbeitsliste zeigen. / Show the worklist."""
    with _core(settings) as core:
        entries = core.exams.orders()
    _print_rows([_shown(entry) for entry in entries], as_json=as_json)
    if not entries and not as_json:
        click.echo("Die Arbeitsliste ist leer. / The worklist is empty.", err=True)


def _shown(entry: Entry) -> dict[str, str]:
    born: date | None = entry.PatientBirthDate
    return {
        "accession_number": entry.AccessionNumber,
        "scheduled": entry.scheduled.isoformat(" ", "minutes"),
        "station": entry.ScheduledStationAETitle,
        "modality": entry.Modality,
        "patient_id": entry.PatientID,
        "patient_name": entry.PatientName,
        "birth_date": born.isoformat() if born else "",
        "procedure": entry.RequestedProcedureDescription,
    }


@worklist.command("remove")
@with_settings
@click.argument("accession")
def worklist_remove(settings: Settings, accession: str) -> None:
    """Einen Eintrag entfernen. / Remove an entry."""
    with _core(settings) as core:
        core.exams.cancel_order(accession)


@main.command()
@with_settings
@click.option("--wait", type=float, default=None, help="Sekunden bis zum Ergebnis. / Seconds.")
@click.argument("file", type=FilePath)
def order(settings: Settings, file: Path, wait: float | None) -> None:
    """Eine GDT-Auftragsdatei übergeben. / Hand over a GDT order file.

    Ende: 0 erledigt, 1 abgelehnt, 3 noch kein Ergebnis, 4 später noch einmal. / Exit status: 0
    done, 1 refused, 3 no result yet, 4 call again.
    """
    from gdtbridge.exams import SystemClock
    from gdtbridge.folders import OrderFiles, run

    with _core(settings) as core:
        files = OrderFiles(settings, core.exams, SystemClock())
        sys.exit(run(files, file, wait, click.echo, partial(click.echo, err=True)))


@main.group()
def exams() -> None:
    """Untersuchungen. / Exams."""


@exams.command("list")
@with_settings
@click.option("--held", is_flag=True, help="Nur zurückgehaltene. / Held ones only.")
@as_json_option
def exams_list(settings: Settings, *, held: bool, as_json: bool) -> None:
    """Untersuchungen zeigen, die neuesten zuerst. / Show exams, newest first.

    Zurückgehaltene mit allen, die Objekte und Aufträge nennen. / Held ones with everybody whom
    objects and orders name.
    """
    from gdtbridge.exams import HELD_TEXT, ExamState, Held

    with _core(settings) as core:
        found = core.exams.exams(ExamState.HELD if held else None)
        others = {one.id: core.exams.claimants(one) for one in found if held}
    rows = [
        {
            "study_instance_uid": exam.study_instance_uid,
            "state": exam.state.value,
            "reason": HELD_TEXT[Held(exam.held_because)] if exam.held_because else "",
            "accession_number": exam.accession_number,
            "patient_id": exam.patient_id,
            "sent_patient_id": exam.sent_patient_id,
            "patient_name": exam.patient_name,
            "birth_date": exam.patient_birth_date,
            "others": ", ".join(others.get(exam.id, ())),
            "study_date": exam.study_date,
            "description": exam.study_description,
            "instances": str(exam.instances),
        }
        for exam in found
    ]
    _print_rows(rows, as_json=as_json)


@exams.command("problems")
@with_settings
@as_json_option
def exams_problems(settings: Settings, *, as_json: bool) -> None:
    """Was empfangen, aber nicht (ganz) gesendet wurde. / What was received and not all sent.

    Je Zeile: Grund, Studie, Objekt, Datei. / One line each: reason, study, object, file.
    """
    from gdtbridge.exams import PROBLEM_TEXT

    with _core(settings) as core:
        found = core.exams.problems()
        folder = core.archive.folder
    rows = [
        {
            "reason": PROBLEM_TEXT.get(problem.kind, problem.kind),
            "study_instance_uid": problem.study_instance_uid,
            "sop_instance_uid": problem.sop_instance_uid,
            "file": str(folder / problem.file),
        }
        for problem in found
    ]
    _print_rows(rows, as_json=as_json)


@exams.command("release")
@with_settings
@click.argument("study_instance_uid")
@click.option("--id", "patient_id", required=True, help="Patientennummer. / Patient number.")
def exams_release(settings: Settings, study_instance_uid: str, patient_id: str) -> None:
    """Eine zurückgehaltene Untersuchung einem Patienten zuordnen. / Release a held exam."""
    with _core(settings) as core:
        core.exams.release(study_instance_uid, patient_id)


@main.group()
def outbox() -> None:
    """Was das Haus verlässt. / What leaves the house."""


@outbox.command("list")
@with_settings
def outbox_list(settings: Settings) -> None:
    """Stand jedes Ziels und offene Fragen zeigen. / Show each destination and open questions."""
    with _core(settings) as core:
        for one in core.outbox.status():
            click.echo(one.sentence)
        for question in core.outbox.questions():
            click.echo(
                f"  Frage {question.id}: Ist {question.final_name} angekommen? / Did it arrive? "
                f"[{question.reason}]"
            )


@outbox.command("arrived")
@with_settings
@click.argument("question", type=int)
def outbox_arrived(settings: Settings, question: int) -> None:
    """Eine Frage mit Ja beantworten: Die Datei ist angekommen. / The file arrived."""
    with _core(settings) as core:
        core.outbox.answer(question, arrived=True)


@outbox.command("again")
@with_settings
@click.argument("question", type=int)
def outbox_again(settings: Settings, question: int) -> None:
    """Eine Frage mit Nein beantworten: noch einmal schreiben. / Write the file again."""
    with _core(settings) as core:
        core.outbox.answer(question, arrived=False)
