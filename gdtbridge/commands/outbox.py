"""``gdtbridge outbox``: what leaves, and the questions only a person can answer."""

from __future__ import annotations

import getpass

import click

from gdtbridge.commands.options import core_of, view_of, with_settings
from gdtbridge.durable.clock import local_time
from gdtbridge.settings import Settings


@click.group()
def outbox() -> None:
    """Was das Haus verlässt. / What leaves the house."""


@outbox.command("list")
@with_settings
def outbox_list(settings: Settings) -> None:
    """Stand jedes Ziels und offene Fragen zeigen. / Show each destination and open questions."""
    with view_of(settings) as core:
        for one in core.outbox.status():
            click.echo(one.sentence)
            if (pause := one.pause) is not None:
                since = local_time(pause.since)
                click.echo(
                    f"  seit / since {since:%d.%m.%Y %H:%M}, {pause.who}: {pause.why} "
                    f"({one.left_out} ausgelassen / left out)"
                )
            if one.lying.since is not None:
                since = local_time(one.lying.since)
                click.echo(
                    f"  nicht abgeholt / not collected: {one.lying.count} "
                    f"(seit / since {since:%d.%m.%Y %H:%M})"
                )
        for question in core.outbox.questions():
            click.echo(
                f"  Frage {question.id}: Ist {question.final_name} angekommen? / Did it arrive? "
                f"[{question.reason}]"
            )
        for place in core.outbox.place_questions():
            click.echo(
                f"  Ort / place {place.destination}: {place.folder}: jetzt / now "
                f"{place.found or '?'}, bisher / before {place.before or '?'} [{place.problem}]"
            )


@outbox.command("here")
@with_settings
@click.argument("route", required=False)
def outbox_here(settings: Settings, route: str | None) -> None:
    """Den Ordner annehmen, wie er jetzt ist. / Accept the folder as it is now.

    Ohne ROUTE alle, nach denen gefragt wird. / Without ROUTE all that are asked about.
    """
    with core_of(settings) as core:
        for place in core.outbox.accept_places(route):
            click.echo(f"{place.destination}: {place.folder}: {place.found}")


@outbox.command("arrived")
@with_settings
@click.argument("question", type=int)
def outbox_arrived(settings: Settings, question: int) -> None:
    """Eine Frage mit Ja beantworten: Die Datei ist angekommen. / The file arrived."""
    with core_of(settings) as core:
        core.outbox.answer(question, arrived=True)


@outbox.command("again")
@with_settings
@click.argument("question", type=int)
def outbox_again(settings: Settings, question: int) -> None:
    """Eine Frage mit Nein beantworten: noch einmal schreiben. / Write the file again."""
    with core_of(settings) as core:
        core.outbox.answer(question, arrived=False)


@outbox.command("pause")
@with_settings
@click.argument("destination")
@click.option("--reason", required=True, metavar="GRUND", help="Warum, in einem Wort. / Why.")
def outbox_pause(settings: Settings, destination: str, reason: str) -> None:
    """Ein Ziel anhalten: Bis auf Weiteres geht nichts dorthin. / Let nothing leave for it.

    DESTINATION steht vor dem Doppelpunkt in outbox list. / DESTINATION as outbox list names it.
    """
    with core_of(settings) as core:
        core.outbox.pause(destination, reason, f"{getpass.getuser()} (Kommandozeile)")


@outbox.command("resume")
@with_settings
@click.argument("destination")
def outbox_resume(settings: Settings, destination: str) -> None:
    """Ein angehaltenes Ziel fortsetzen. / Let what waits for a paused destination leave."""
    with core_of(settings) as core:
        core.outbox.resume(destination)
