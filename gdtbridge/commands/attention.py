"""``gdtbridge attention``: what needs a person."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gdtbridge.commands.options import (
    as_json_option,
    core_of,
    fail,
    print_rows,
    view_of,
    with_settings,
)
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.attention import AttentionItem


@click.group()
def attention() -> None:
    """Was einen Menschen braucht. / What needs a person."""


@attention.command("list")
@with_settings
@as_json_option
def attention_list(settings: Settings, *, as_json: bool) -> None:
    """Zeigen, was wartet, seit wann und was zu tun ist. / Show what waits and what to do.

    Störungen zuerst, dann das Älteste. / Faults first, then the oldest.
    """
    with view_of(settings) as core:
        found = core.attention.items()
    print_rows([_row(item, as_json=as_json) for item in found], as_json=as_json)


@attention.command("test")
@with_settings
@click.argument("channel", type=click.Choice(["mail", "gdt", "webhook"]))
@click.pass_context
def attention_test(context: click.Context, settings: Settings, channel: str) -> None:
    """Eine Testmeldung auf einem Weg senden. / Send a test message by one channel.

    mail und webhook sofort, mit der Antwort des Servers; gdt legt einen Satz in den Ausgang, den
    der Dienst schreibt. / mail and webhook at once, with the server's answer; gdt puts a record
    into the outbox, which the service writes.
    """
    if channel == "mail":
        _test_mail(settings)
    elif channel == "gdt":
        with core_of(settings) as core:
            core.announcer.try_note()
        click.echo("gdt: im Ausgang, der Dienst schreibt den Satz. / put; the service writes it.")
    else:
        _test_webhooks(context, settings)


def _test_mail(settings: Settings) -> None:
    """Send a mail now, or end with the server's words."""
    from gdtbridge.attention.mailer import trial_text
    from gdtbridge.parts import mail_sender_of

    sender = mail_sender_of(settings)
    if sender is None:
        fail("mail: mail.host ist nicht gesetzt. / mail.host is not set.")
    attempt = sender.send(trial_text(datetime.now(UTC).timestamp()), f"test-{secrets.token_hex(8)}")
    if attempt.reason:
        fail(f"mail: nicht angenommen. / not taken: {attempt.reason}")
    click.echo("mail: angenommen. / taken.")


def _test_webhooks(context: click.Context, settings: Settings) -> None:
    """Call every webhook that is told of what needs a person."""
    from gdtbridge.attention.announcer import ATTENTION
    from gdtbridge.commands.webhook import webhook_test
    from gdtbridge.outbox import HOUSE
    from gdtbridge.parts import webhooks_of

    names = [
        destination.removeprefix(HOUSE)
        for destination, caller in webhooks_of(settings).items()
        if ATTENTION in caller.events
    ]
    if not names:
        fail("webhook: keiner für attention. / none for attention.")
    for name in names:
        context.invoke(webhook_test, settings=settings, name=name)


def _row(item: AttentionItem, *, as_json: bool) -> dict[str, str]:
    """Return the row of an item: times in UTC for programs, local ones for people."""
    moment = datetime.fromtimestamp(item.since, UTC).replace(microsecond=0)
    from gdtbridge.attention.kinds import LEVEL_TEXT

    level = item.kind.level
    row = {
        "level": level.value if as_json else LEVEL_TEXT[level],
        "since": moment.isoformat() if as_json else f"{moment.astimezone():%d.%m.%Y %H:%M}",
        "text": item.kind.text(),
        "whose": item.whose,
        "way_out": item.way_out,
        "detail": item.detail,
    }
    return row | ({"kind": item.code, "subject": item.subject} if as_json else {})
