"""``gdtbridge patients``: charts that got another number in the practice software."""

from __future__ import annotations

import getpass

import click

from gdtbridge.commands.options import (
    as_json_option,
    core_of,
    fail,
    minute_of,
    print_rows,
    view_of,
    with_settings,
)
from gdtbridge.errors import NeedsConfirmation
from gdtbridge.settings import Settings


@click.group()
def patients() -> None:
    """Patientennummern. / Patient numbers."""


@patients.command("renumber")
@with_settings
@click.argument("old")
@click.argument("new")
@click.option(
    "--confirm",
    is_flag=True,
    help="Beide Nummern gehören derselben Person. / Both numbers are the same person's.",
)
def patients_renumber(settings: Settings, old: str, new: str, *, confirm: bool) -> None:
    """Die Akte OLD heißt jetzt NEW (zusammengeführt, umnummeriert). / Chart OLD is now NEW.

    Offene Aufträge und spätere Ergebnisse folgen, Gesendetes bleibt. Umgekehrt gesagt wird es
    zurückgenommen. / Open orders and later results follow, what was sent stays. Said the other way
    round, it is taken back.
    """
    with core_of(settings) as core:
        try:
            who = f"{getpass.getuser()} (Kommandozeile)"
            core.renumbering.renumber(old, new, confirmed=confirm, who=who)
        except NeedsConfirmation as error:
            for line in error.found:
                click.echo(f"bekannt / known: {line}", err=True)
            fail(str(error))


@patients.command("list-moves")
@with_settings
@as_json_option
def patients_list_moves(settings: Settings, *, as_json: bool) -> None:
    """Zeigen, welche Nummern zu anderen wurden. / Show which numbers became others."""
    with view_of(settings) as core:
        found = core.renumbering.moves()
    rows = [
        {
            "old": one.old,
            "new": one.new,
            "since": minute_of(one.at),
            "who": one.who,
            "undone": minute_of(one.undone_at),
        }
        for one in found
    ]
    print_rows(rows, as_json=as_json)
