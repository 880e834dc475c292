"""``gdtbridge webhook``: what came of the calls, and a test call."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from gdtbridge.commands.options import (
    as_json_option,
    core_of,
    fail,
    print_json,
    print_rows,
    view_of,
    with_settings,
)
from gdtbridge.durable.clock import local_time
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.outbox.calls import WebhookState

NEVER: Final = "noch nie / never"


@click.group()
def webhook() -> None:
    """Aufrufe an die Hausautomation. / Calls of home automation."""


@webhook.command("list")
@with_settings
@as_json_option
def webhook_list(settings: Settings, as_json: bool) -> None:  # noqa: FBT001 - an option
    """Jeden Webhook zeigen, und was zuletzt daraus wurde. / Show each, and its last result."""
    with view_of(settings) as core:
        states = core.webhooks.states()
    if as_json:
        print_json([_as_json(one) for one in states])
    else:
        print_rows([_row(one) for one in states], as_json=False)


def _row(one: WebhookState) -> Mapping[str, str]:
    return {
        "webhook": one.name,
        "events": ", ".join(one.events),
        "target": one.target,
        "waiting": str(one.waiting),
        "failed": str(one.failed),
        "last": _last(one),
    }


def _last(one: WebhookState) -> str:
    """Return what came of the last call, in words with its local time."""
    if one.last is None:
        return NEVER
    came = "angekommen" if one.last.arrived else "nicht angekommen"
    told = _answer(one.last.reason, one.last.words)
    return f"{local_time(one.last.at):%d.%m.%Y %H:%M:%S} {came}: {told}"


def _answer(reason: str, words: str) -> str:
    """Return what a server said, its own words in quotation marks."""
    return f"{reason} \u201e{words}\u201c" if words else reason


def _as_json(one: WebhookState) -> dict[str, object]:
    return {
        "webhook": one.name,
        "events": one.events,
        "target": one.target,
        "waiting": one.waiting,
        "failed": one.failed,
        "reason": one.reason,
        "last": one.last._asdict() if one.last is not None else None,
    }


@webhook.command("test")
@with_settings
@click.argument("name")
def webhook_test(settings: Settings, name: str) -> None:
    """Jetzt ein Probe-Ereignis senden und sagen, was geschah. / Send a test event now."""
    from gdtbridge.outbox import HOUSE
    from gdtbridge.outbox.model import AttemptResult, DeliveryState, OutgoingMessage
    from gdtbridge.parts import webhooks_of
    from gdtbridge.webhooks import TEST, HouseEvent
    from gdtbridge.webhooks.events import SAMPLES

    senders = webhooks_of(settings)
    sender = senders.get(f"{HOUSE}{name}") or senders.get(name)
    if sender is None:
        known = ", ".join(one.removeprefix(HOUSE) for one in senders) or "keiner / none"
        fail(f"{name}: Es gibt keinen solchen Webhook. / There is no such webhook: {known}.")
    now, said = datetime.now(UTC).timestamp(), {**SAMPLES, "event": TEST}
    payload = sender.payload(HouseEvent(TEST, TEST, said), secrets.token_hex(8), now)
    message = OutgoingMessage(0, TEST, payload, DeliveryState.PENDING, "", "")
    attempt = sender.attempt(message)
    told = _answer(attempt.reason, attempt.words)
    if attempt.result is not AttemptResult.DELIVERED:
        fail(f"{name}: nicht angekommen. / did not arrive: {told}")
    click.echo(f"{name}: angekommen. / arrived: {told}")


@webhook.command("again")
@with_settings
@click.argument("name")
def webhook_again(settings: Settings, name: str) -> None:
    """Was nicht ankam, noch einmal senden. / Send again what did not arrive."""
    with core_of(settings) as core:
        count = core.webhooks.again(name)
    click.echo(f"{name}: {count} Aufrufe werden wiederholt. / calls are made again.")


@webhook.command("discard")
@with_settings
@click.argument("name")
def webhook_discard(settings: Settings, name: str) -> None:
    """Was nicht ankam, auf sich beruhen lassen. / Let rest what did not arrive."""
    with core_of(settings) as core:
        count = core.webhooks.discard(name)
    click.echo(f"{name}: {count} Aufrufe verworfen. / calls discarded.")
