"""``gdtbridge simulate``: an ultrasound device against a running bridge, well behaved or not."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gdtbridge.commands.options import fail, with_settings
from gdtbridge.settings import Settings, reachable
from gdtbridge.simulator.habits import Behaviour, CommitmentWish, habits

if TYPE_CHECKING:
    from pydicom import Dataset

NOT_ALL: str = "Nicht alles wurde angenommen. / Not everything was accepted."


def _show_habits(ctx: click.Context, _option: click.Parameter, shown: bool) -> None:  # noqa: FBT001
    if shown:
        for habit in habits():
            click.echo(str(habit))
        ctx.exit()


@click.command()
@with_settings
@click.option("--host", default=None, help="Adresse der Bridge. / Address of the bridge.")
@click.option("--port", type=int, default=None, help="DICOM-Port. / DICOM port.")
@click.option("--station", default=None, help="Eigener AE-Titel. / AE title of the device.")
@click.option("--accession", default=None, help="Diesen Auftrag nehmen. / Take this order.")
@click.option("--patient", default=None, help="Auftrag dieser Nummer. / Order of this patient.")
@click.option("--without-order", is_flag=True, help="Ohne Arbeitsliste. / Without a worklist.")
@click.option("--attempts", type=int, default=1, help="Sendeversuche. / Attempts to send.")
@click.option(
    "--habit",
    "chosen",
    multiple=True,
    metavar="NAME",
    type=click.Choice([habit.name for habit in habits()]),
    help="Unart des Geräts, auch mehrere (--habits). / Bad habit, also several (--habits).",
)
@click.option(
    "--habits",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_habits,
    help="Alle Unarten zeigen. / Show every bad habit.",
)
@click.option(
    "--pause",
    type=float,
    default=30.0,
    help="Sekunden zwischen Bildern (Unart pauses). / Seconds between images (habit pauses).",
)
@click.option(
    "--commitment-port",
    type=int,
    default=None,
    help="Storage Commitment verlangen, hier auf die Antwort warten. / Ask for storage commitment,"
    " wait for the report here.",
)
@click.option(
    "--commitment-wait", type=float, default=60.0, help="… so viele Sekunden. / … so many seconds."
)
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
    chosen: tuple[str, ...],
    pause: float,
    commitment_port: int | None,
    commitment_wait: float,
    yes: bool,
) -> None:
    """Ein Ultraschallgerät spielen. / Play an ultrasound device against a running bridge.

    Fragt die Arbeitsliste ab, untersucht den Testpatienten SIMULATION (oder den genannten Auftrag),
    meldet den Untersuchungsschritt und sendet Bilder und Berichte (FILES, sonst die mitgelieferten
    Beispiele). / Asks the worklist, examines the test patient SIMULATION (or the order that is
    named), tells of the performed procedure step, sends images and reports.
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
            behaviour=_behaviour(chosen, pause, commitment_port, commitment_wait),
        )
    except (PeerError, SimulationError) as error:
        fail(str(error))
    if not result.ok:
        fail(NOT_ALL)


def _behaviour(
    chosen: tuple[str, ...], pause: float, commitment_port: int | None, commitment_wait: float
) -> Behaviour:
    """Return how the device behaves; it asks for commitment where a habit or a port says so."""
    asks = commitment_port is not None or "commitment-same-association" in chosen
    if "commitment-first" in chosen and not asks:
        raise click.UsageError(
            "commitment-first braucht --commitment-port. / needs --commitment-port."
        )
    wish = CommitmentWish(commitment_port, seconds=commitment_wait) if asks else None
    return Behaviour(frozenset(chosen), wish, pause)


def _agree(entry: Dataset, *, ask: bool) -> None:
    """End the command unless a person at the terminal agrees: the values are invented."""
    if ask:
        who = f"{entry.get('PatientID', '')} {entry.get('PatientName', '')}"
        click.confirm(
            f"Erfundene Bilder und Messwerte in die Karteikarte von {who} senden? / Send invented "
            f"images and values into the chart of {who}?",
            abort=True,
        )
