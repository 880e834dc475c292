"""``gdtbridge diagnose``: a file for whoever helps from outside, without patient data."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gdtbridge.commands.options import FilePath, view_of, with_settings
from gdtbridge.errors import BridgeError
from gdtbridge.settings import MEGABYTE, Settings

if TYPE_CHECKING:
    from gdtbridge.health import PartState

ANSWER_SECONDS: Final = 5.0


@click.command("diagnose")
@with_settings
@click.argument("file", type=FilePath)
def diagnose(settings: Settings, file: Path) -> None:
    """Eine Diagnosedatei (ZIP) ohne Patientendaten schreiben. / Write a diagnosis file.

    Für wen von außen hilft: Versionen, Einstellungen ohne Kennwörter, Zustand der Teile, Zahlen,
    Geräte, die letzten Zeilen des Protokolls. / For whoever helps from outside: versions,
    settings without secrets, state of the parts, counts, devices, the last lines of the log.
    """
    from gdtbridge.administration import system_of
    from gdtbridge.durable.files import reason_of

    with view_of(settings) as core:
        content = system_of(core).diagnosis(_parts(settings))
    try:
        with file.open("xb") as made:
            made.write(content)
    except OSError as error:
        raise BridgeError(f"{file}: {reason_of(error)}") from error
    click.echo(f"{file}: ohne Patientendaten / without patient data")


def _parts(settings: Settings) -> dict[str, PartState]:
    """Return the parts of the service that runs; none where none answers."""
    from gdtbridge.health import PartState
    from gdtbridge.own_server import own_connection

    try:
        with closing(own_connection(settings, ANSWER_SECONDS)) as connection:
            token = settings.http.token.get_secret_value()
            proof = {"Authorization": f"Bearer {token}"} if token else {}
            connection.request("GET", "/readyz", headers=proof)
            told = json.loads(connection.getresponse().read(MEGABYTE))
    except (OSError, HTTPException, ValueError):
        return {}
    parts = told.get("parts", {})
    return {name: PartState(bool(one["ok"]), str(one["detail"])) for name, one in parts.items()}
