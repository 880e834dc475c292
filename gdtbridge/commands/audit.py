"""``gdtbridge audit``: who did what, to whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gdtbridge.commands.options import as_json_option, print_rows, view_of, with_settings
from gdtbridge.durable.clock import DAY_SECONDS, local_time
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.audit import AuditEntry


@click.group()
def audit() -> None:
    """Wer tat was. / Who did what."""


@audit.command("list")
@with_settings
@click.option("--days", type=float, default=7.0, show_default=True, help="Tage. / Days.")
@click.option("--who", default="", help="Teil des Namens. / A part of the name.")
@click.option("--patient", default="", help="Patientennummer. / Patient number.")
@click.option("--subject", default="", help="Etwa exam:17, account:anna. / Such as exam:17.")
@click.option("--act", "acts", multiple=True, help="Nur das; mehrmals möglich. / Only this.")
@click.option("--most", type=click.IntRange(1, 100_000), default=200, show_default=True)
@as_json_option
def audit_list(
    settings: Settings,
    days: float,
    who: str,
    patient: str,
    subject: str,
    acts: tuple[str, ...],
    most: int,
    *,
    as_json: bool,
) -> None:
    """Zeigen, wer was tat, das Neueste zuerst. / Show who did what, the newest first."""
    from gdtbridge.audit import ACTS, AuditQuery

    if unknown := [one for one in acts if one not in ACTS]:
        raise click.UsageError(f"{unknown[0]}: {', '.join(ACTS)}")
    since = datetime.now(UTC).timestamp() - days * DAY_SECONDS
    query = AuditQuery(since, name=who, acts=acts, patient_id=patient, subject=subject, most=most)
    with view_of(settings) as core:
        found = core.audit.entries(query)
    print_rows([_row(one, as_json=as_json) for one in found], as_json=as_json)


def _row(one: AuditEntry, *, as_json: bool) -> dict[str, str]:
    from gdtbridge.audit import ACTS

    actor, done = one.actor, one.done
    at = datetime.fromtimestamp(one.at, UTC).isoformat() if as_json else _local(one.at)
    row = {
        "when": at,
        "who": actor.name,
        "act": done.act if as_json else ACTS[done.act].partition(" / ")[0],
        "patient_id": done.patient_id,
        "about": done.subject,
        "detail": done.detail,
        "address": actor.address,
    }
    return row | ({"kind": actor.kind.value, "id": str(one.id)} if as_json else {})


def _local(at: float) -> str:
    return f"{local_time(at):%d.%m.%Y %H:%M:%S}"
