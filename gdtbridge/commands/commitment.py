"""``gdtbridge commitment``: devices that ask whether their images are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gdtbridge.commands.options import (
    as_json_option,
    core_of,
    print_rows,
    view_of,
    with_settings,
)
from gdtbridge.durable.clock import local_time
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.commitment.model import CommitmentOverview


@click.group()
def commitment() -> None:
    """Geräte, die fragen, ob ihre Bilder aufbewahrt sind. / Storage commitment."""


@commitment.command("list")
@with_settings
@click.option("--all", "everything", is_flag=True, help="Auch Beantwortete. / Answered ones too.")
@as_json_option
def commitment_list(settings: Settings, *, everything: bool, as_json: bool) -> None:
    """Zeigen, was noch nicht beantwortet ist. / Show what is not answered yet."""
    with view_of(settings) as core:
        found = core.commitments.overview(only_open=not everything)
    print_rows([_row(one, as_json=as_json) for one in found], as_json=as_json)


def _row(one: CommitmentOverview, *, as_json: bool) -> dict[str, str]:
    return {
        "number": str(one.id),
        "device": one.calling_aet,
        "address": one.peer,
        "since": (
            f"{one.requested_at:.3f}"
            if as_json
            else f"{local_time(one.requested_at):%d.%m.%Y %H:%M:%S}"
        ),
        "state": "answering" if one.waiting else one.state.value,
        "instances": str(one.instances),
        "not_kept": str(one.failed),
        "reason": one.last_error,
        "transaction_uid": one.transaction_uid,
    }


@commitment.command("retry")
@with_settings
@click.argument("numbers", nargs=-1, type=int, required=True)
def commitment_retry(settings: Settings, numbers: tuple[int, ...]) -> None:
    """Noch einmal prüfen und dem Gerät antworten. / Verify anew and answer the device."""
    with core_of(settings) as core:
        for number in numbers:
            core.commitments.retry(number)


@commitment.command("end")
@with_settings
@click.argument("numbers", nargs=-1, type=int, required=True)
def commitment_end(settings: Settings, numbers: tuple[int, ...]) -> None:
    """Dem Gerät nicht mehr antworten. / Answer the device no more.

    Für Geräte, die es nicht mehr gibt. / For devices that are gone.
    """
    with core_of(settings) as core:
        for number in numbers:
            core.commitments.end(number)
