"""``gdtbridge serve``, ``check`` and ``simulate``: the service, and looking at it from outside."""

from __future__ import annotations

import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gdtbridge.commands.options import fail, with_settings
from gdtbridge.settings import Settings, reachable

if TYPE_CHECKING:
    from pydicom import Dataset

    from gdtbridge.check import CheckResult

NEEDS_PERSON: Final = 3
"""Exit status of ``check`` when all works and something waits for a person."""


@click.command()
@with_settings
@click.option("--verbose", is_flag=True, help="Ausführliches Protokoll. / Detailed log.")
@click.option(
    "--begin-anew",
    is_flag=True,
    help="Ohne die verlorene Datenbank neu beginnen. / Begin without the lost database.",
)
def serve(settings: Settings, *, verbose: bool, begin_anew: bool) -> None:
    """Den Dienst starten. / Run the service until it is told to stop."""
    click.echo("gdtbridge startet … / starting …", err=True)  # the imports take their seconds
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda _number, _frame: stop.set())
    from gdtbridge import logs, service

    logs.set_up(verbose=verbose)
    service.serve(settings, stop, anew=begin_anew)


@click.command()
@with_settings
def check(settings: Settings) -> None:
    """Einstellungen, Ordner, Ports und Datenbank prüfen. / Probe the installation.

    Rückgabe 0: alles gut; 1: etwas geht nicht; 3: alles geht, aber jemand muss entscheiden. / Exit
    status 0: all good; 1: something does not work; 3: all works, but somebody has to decide.
    """
    from gdtbridge.check import probe

    findings = probe(settings)
    for finding in findings:
        click.echo(f"{_mark(finding)} {finding.part}: {finding.text}")
    if not all(finding.ok for finding in findings):
        fail("Bitte die mit FEHLER markierten Zeilen beheben. / Mend the lines marked FEHLER.")
    if any(finding.needs_person for finding in findings):
        click.echo("gdtbridge: Jemand muss entscheiden. / Somebody has to decide.", err=True)
        sys.exit(NEEDS_PERSON)


def _mark(finding: CheckResult) -> str:
    if not finding.ok:
        return "FEHLER"
    return "OFFEN " if finding.needs_person else "ok    "


@click.command()
@with_settings
@click.option("--host", default=None, help="Adresse der Bridge. / Address of the bridge.")
@click.option("--port", type=int, default=None, help="DICOM-Port. / DICOM port.")
@click.option("--station", default=None, help="Eigener AE-Titel. / AE title of the device.")
@click.option("--accession", default=None, help="Diesen Auftrag nehmen. / Take this order.")
@click.option("--patient", default=None, help="Auftrag dieser Nummer. / Order of this patient.")
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
    patient: str | None,
    files: tuple[Path, ...],
    *,
    without_order: bool,
    attempts: int,
    yes: bool,
) -> None:
    """Ein Ultraschallgerät spielen. / Play an ultrasound device against a running bridge.

    Fragt die Arbeitsliste ab, untersucht den Testpatienten SIMULATION (oder den genannten Auftrag)
    und sendet Bilder und Berichte (FILES, sonst die mitgelieferten Beispiele). / Asks the worklist,
    examines the test patient SIMULATION (or the order that is named), sends images and reports.
    """
    named = accession is not None or patient is not None
    if without_order and named:
        raise click.UsageError(
            "--without-order nimmt keinen Auftrag; ohne --accession und --patient aufrufen. / "
            "--without-order takes no order; leave out --accession and --patient."
        )
    from gdtbridge.dataset.values import titles_in
    from gdtbridge.dicom.client import Peer, PeerError
    from gdtbridge.simulator.choice import named_entry, own_entry
    from gdtbridge.simulator.device import simulate
    from gdtbridge.simulator.exam import SimulationError, sample_files

    station = station or titles_in(settings.worklist.station)[0]
    peer = Peer(
        host or reachable(settings.dicom.host),
        port or settings.dicom.port,
        settings.dicom.aet,
        station,
    )
    agree = partial(_agree, ask=not yes and sys.stdin.isatty())
    pick = named_entry(accession, patient, agree) if named else own_entry
    try:
        result = simulate(
            peer,
            station=station,
            samples=files or sample_files(),
            pick=None if without_order else pick,
            attempts=attempts,
            report=click.echo,
        )
    except (PeerError, SimulationError) as error:
        fail(str(error))
    if not result.ok:
        fail("Nicht alles wurde angenommen. / Not everything was accepted.")


def _agree(entry: Dataset, *, ask: bool) -> None:
    """End the command unless a person at the terminal agrees: the values are invented."""
    if ask:
        who = f"{entry.get('PatientID', '')} {entry.get('PatientName', '')}"
        click.confirm(
            f"Erfundene Bilder und Messwerte in die Karteikarte von {who} senden? / Send invented "
            f"images and values into the chart of {who}?",
            abort=True,
        )
