"""``gdtbridge forward``: copies of images and reports for other archives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gdtbridge.commands.options import (
    as_json_option,
    core_of,
    print_json,
    print_rows,
    view_of,
    with_settings,
)
from gdtbridge.dataset.values import folded_title
from gdtbridge.durable.clock import local_time
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.core import Core
    from gdtbridge.forward.model import ListedCopy, WrongCopy

to_option = click.option(
    "--to", default="", metavar="AET", help="Nur dieser Empfänger. / This archive only."
)


@click.group()
def forward() -> None:
    """Kopien für andere Archive. / Copies for other archives."""


@forward.command("list")
@with_settings
@to_option
@click.option(
    "--study", default="", metavar="UID", help="Jedes Objekt dieser Studie. / Objects of a study."
)
@click.option("--failed", is_flag=True, help="Nur, was aufgegeben wurde. / What was given up.")
@as_json_option
def forward_list(settings: Settings, to: str, study: str, *, failed: bool, as_json: bool) -> None:
    """Zeigen, was wartet, gesendet, bestätigt oder aufgegeben ist. / Show how far copies are."""
    from gdtbridge.forward.model import CopyState

    with view_of(settings) as core:
        if study or failed:
            states = [CopyState.FAILED] if failed else list(CopyState)
            found = core.forward.copies(states=states, to=to, study_instance_uid=study)
            print_rows([_copy_row(one, as_json=as_json) for one in found], as_json=as_json)
            return
        wanted = folded_title(to)
        rows = [one for one in _target_rows(core) if wanted in {"", folded_title(one["target"])}]
        mine = core.forward.mistakes()
        wrong = [one for one in mine if wanted in {"", folded_title(one.destination)}]
    mistakes = [_mistake_row(one, as_json=as_json) for one in wrong]
    if as_json:
        print_json({"targets": rows, "wrong": mistakes})
        return
    print_rows(rows, as_json=False)
    if mistakes:
        click.echo("\nDort falsch, bitte berichtigen: / Wrong there, to be corrected:")
        print_rows(mistakes, as_json=False)


def _target_rows(core: Core) -> list[dict[str, str]]:
    from gdtbridge.forward.book import destination_of

    counts = core.forward.counts()
    statuses = {one.destination: one for one in core.outbox.status()}
    unconfirmed = core.confirmations.reasons()
    rows = []
    for aet, states in counts.items():
        one = statuses.get(destination_of(aet))
        rows.append(
            {
                "target": aet,
                "exams": str(one.pending if one is not None else 0),
                **{state.value: str(count) for state, count in states.items()},
                "reason": (one.last_error if one is not None else "") or unconfirmed.get(aet, ""),
            }
        )
    return rows


def _copy_row(one: ListedCopy, *, as_json: bool) -> dict[str, str]:
    return {
        "number": str(one.id),
        "target": one.destination,
        "study_instance_uid": one.study_instance_uid,
        "sop_instance_uid": one.sop_instance_uid,
        "state": one.state.value if as_json else one.words,
        "since": _time(one.confirmed_at or one.sent_at or one.entered_at, as_json=as_json),
        "reason": one.reason,
    }


def _mistake_row(one: WrongCopy, *, as_json: bool) -> dict[str, str]:
    return {
        "number": str(one.id),
        "target": one.destination,
        "study_instance_uid": one.study_instance_uid,
        "instances": str(one.copies),
        "old": one.has.PatientID,
        "new": one.now.PatientID if one.now is not None else "",
        "since": _time(one.since, as_json=as_json),
    }


def _time(seconds: float, *, as_json: bool) -> str:
    return f"{seconds:.3f}" if as_json else f"{local_time(seconds):%d.%m.%Y %H:%M:%S}"


@forward.command("study")
@with_settings
@click.argument("study")
@to_option
@click.option("--object", "uid", default="", metavar="UID", help="Nur dieses Objekt. / One object.")
def forward_study(settings: Settings, study: str, to: str, uid: str) -> None:
    """Eine Studie (noch einmal) senden, auch eine alte. / Send a study, even an old one.

    Was schon dort ist, geht noch einmal hin. / What is there already is sent once more.
    """
    with core_of(settings) as core:
        found = core.forward.send_study(study, to=to, sop_instance_uid=uid)
    for aet, count in found.items():
        click.echo(f"{aet}: {count} Objekte werden gesendet. / objects will be sent.")


@forward.command("again")
@with_settings
@click.argument("numbers", nargs=-1, type=int)
@click.option("--failed", is_flag=True, help="Alles, was aufgegeben wurde. / All given up.")
@to_option
def forward_again(settings: Settings, numbers: tuple[int, ...], to: str, *, failed: bool) -> None:
    """Objekte noch einmal senden, nach ihrer Nummer. / Send objects again, by their numbers."""
    _one_of(numbers, given=failed, option="--failed")
    with core_of(settings) as core:
        count = core.forward.again(numbers, to=to)
    click.echo(f"{count} Objekte werden gesendet. / objects will be sent.")


@forward.command("end")
@with_settings
@click.argument("numbers", nargs=-1, type=int)
@to_option
def forward_end(settings: Settings, numbers: tuple[int, ...], to: str) -> None:
    """Nicht mehr senden: Objekte, oder alles Wartende eines Empfängers. / Send no more.

    Objects by their numbers, or all that waits for an archive.
    """
    _one_of(numbers, given=bool(to), option="--to AET")
    with core_of(settings) as core:
        count = core.forward.end(numbers, to=to)
    click.echo(f"{count} Objekte werden nicht mehr gesendet. / objects are not sent any more.")


@forward.command("corrected")
@with_settings
@click.argument("numbers", nargs=-1, type=int, required=True)
def forward_corrected(settings: Settings, numbers: tuple[int, ...]) -> None:
    """Beim Empfänger ist es berichtigt. / What was wrong at an archive was seen to."""
    with core_of(settings) as core:
        for number in numbers:
            core.forward.corrected(number)


def _one_of(numbers: tuple[int, ...], *, given: bool, option: str) -> None:
    """Raise what is wrong usage unless numbers or an option say what is meant, not both."""
    if bool(numbers) == given:
        raise click.UsageError(f"NUMMERN oder {option} / NUMBERS or {option}")
