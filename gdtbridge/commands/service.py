"""``gdtbridge serve``, ``check`` and ``health``: the service, and looking at it from outside."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from gdtbridge.commands.options import fail, with_settings
from gdtbridge.errors import BridgeError
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.check import CheckResult

NEEDS_PERSON: Final = 3
"""Exit status of ``check`` when all works and something waits for a person."""
HEALTH_SECONDS: Final = 4.0
"""How long ``health`` waits for the service."""


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
    gc.disable()  # all that is imported stays: to look through it takes a start a fifth longer
    from gdtbridge import logs, service

    gc.freeze()
    gc.enable()

    logs.set_up(verbose=verbose)
    # What a service manager keeps of standard error is a log: secrets are for eyes only.
    invite = partial(_invite, settings) if sys.stderr.isatty() else None
    if service.serve(settings, stop, anew=begin_anew, invite=invite):
        _begin_again(settings, verbose=verbose)


def _begin_again(settings: Settings, *, verbose: bool) -> None:
    """Become a new service in the same process, whoever watches over it: it reads all anew."""
    file = settings.sources.file
    config = ("--config", str(file.resolve())) if file is not None else ()
    options = (*config, "--verbose") if verbose else config
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "gdtbridge", "serve", *options])  # noqa: S606


def _invite(settings: Settings, path: str) -> None:
    from gdtbridge.commands.access import first_invitation

    click.echo(first_invitation(settings.http.address + path), err=True)


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
def health(settings: Settings) -> None:
    """Fragen, ob der Dienst lebt. / Ask whether the service is alive.

    Für Überwachung und Container, mit und ohne TLS. / For monitors and containers, with TLS and
    without. Rückgabe / exit status: 0 er lebt / it is, 1 nicht / it is not.
    """
    from http.client import HTTPException

    from gdtbridge.own_server import is_alive

    try:
        if is_alive(settings, HEALTH_SECONDS):
            click.echo("ok")
            return
        reason = "HTTP"
    except (OSError, HTTPException) as error:
        reason = str(error) or type(error).__name__
    raise BridgeError(
        f"http.port = {settings.http.port}: Der Dienst antwortet nicht. / The service does not "
        f"answer. [{reason}]"
    )
