"""``gdtbridge worklist`` and ``gdtbridge order``: who waits for an exam."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
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
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.core import Core
    from gdtbridge.gdt.tables.dates import BirthDate
    from gdtbridge.orders import OrderRequest
    from gdtbridge.queries.words import Words
    from worklist import Entry


_STATUSES = {"SCHEDULED": "wartet", "STARTED": "in Untersuchung"}
"""Scheduled Procedure Step Status in the words of the practice."""
_DAY_HELP = "Tag, sonst heute. / Day. 1.12., morgen, mo, +3"


def _typed(
    read: Callable[[str], BirthDate | date | time],
) -> Callable[[click.Context, click.Parameter, str], BirthDate | date | time | None]:
    """Return an option's callback that reads what a person typed; None for nothing."""

    def callback(
        _ctx: click.Context, _param: click.Parameter, text: str
    ) -> BirthDate | date | time | None:
        from gdtbridge.typed_dates import TypedDateError

        try:
            return read(text) if text.strip() else None
        except TypedDateError as error:
            raise click.BadParameter(str(error)) from error

    return callback


def _born(text: str) -> BirthDate:
    from gdtbridge.gdt.tables.dates import BirthDate, says_no_date
    from gdtbridge.typed_dates import typed_birth_date

    return BirthDate() if says_no_date(text) else typed_birth_date(text, _today())


def _day(text: str) -> date:
    from gdtbridge.typed_dates import typed_day

    return typed_day(text, _today())


def _time(text: str) -> time:
    from gdtbridge.typed_dates import typed_time

    return typed_time(text)


def _today() -> date:
    return datetime.now().astimezone().date()


@click.group()
def worklist() -> None:
    """Die Arbeitsliste. / The worklist."""


@worklist.command("add")
@with_settings
@click.option("--id", "patient_id", required=True, help="Patientennummer. / Patient number.")
@click.option("--lastname", required=True, help="Nachname. / Family name.")
@click.option("--firstname", default="", help="Vorname. / Given name.")
@click.option("--birthdate", required=True, callback=_typed(_born), help="12.3.58, 12.03.1958")
@click.option("--sex", type=click.Choice(["M", "F", "O", ""], case_sensitive=False), default="")
@click.option("--modality", default=None)
@click.option("--station", default=None, help="AE-Titel des Geräts. / AE title of the device.")
@click.option("--procedure", default="", help="Untersuchung. / Procedure.")
@click.option("--physician", default="", help="Arzt, Nachname^Vorname. / Physician.")
@click.option("--date", "day", default="", callback=_typed(_day), help=_DAY_HELP)
@click.option("--time", "at", default="", callback=_typed(_time), help="Uhrzeit. / Time. 9:30")
@click.option("--priority", default="", help="notfall, dringend, routine / stat, high, routine")
@click.option("--referrer", default="", help="Überweiser, Nachname^Vorname. / Referring physician.")
@click.option("--requester", default="", help="Auftraggeber. / Requesting physician.")
@click.option("--height", default="", help="Größe in cm. / Height in cm.")
@click.option("--weight", default="", help="Gewicht in kg. / Weight in kg.")
@click.option("--pregnancy", default="", help="ja, nein, möglich / yes, no, possible")
@click.option("--lmp", default="", help="Letzte Periode. / Last menstrual period. TT.MM.JJJJ")
@click.option("--allergies", default="", help="Allergien, dazwischen ; / Allergies.")
@click.option("--alerts", default="", help="Warnhinweise, dazwischen ; / Medical alerts.")
@click.option("--reason", default="", help="Anlass. / Reason.")
@click.option("--comment", default="", help="Bemerkung. / Comment.")
@click.option("--institution", default="", help="Praxis. / Institution.")
def worklist_add(settings: Settings, birthdate: BirthDate | None, **order: object) -> None:
    """Einen Patienten auf die Arbeitsliste setzen. / Put a patient on the worklist."""
    with core_of(settings) as core:
        placed = core.orders.place(_request(birthdate, order, core.clock.local()))
        click.echo(placed.entry.AccessionNumber)


def _request(born: BirthDate | None, order: dict[str, object], now: datetime) -> OrderRequest:
    from gdtbridge.orders import OrderRequest
    from gdtbridge.orders.details import DETAILS, details_of
    from gdtbridge.orders.schedule import start_said
    from gdtbridge.people import Patient

    def text(key: str) -> str:
        return str(order[key] or "")

    return OrderRequest(
        patient=Patient(
            id=text("patient_id"),
            family_name=text("lastname"),
            given_name=text("firstname"),
            birth_date=born.day if born else None,
            sex=text("sex").upper() or None,
            birth_date_as_sent=born.partial if born else "",
        ),
        modality=text("modality") or None,
        station=text("station") or None,
        procedure=text("procedure"),
        physician=text("physician"),
        scheduled=start_said(text("day"), text("at"), now.date(), now.time()),
        details=details_of({name: text(name) for name in DETAILS}),
    )


@worklist.command("list")
@with_settings
@as_json_option
def worklist_list(settings: Settings, *, as_json: bool) -> None:
    """Die Arbeitsliste zeigen. / Show the worklist."""
    with view_of(settings) as core:
        entries = core.orders.all()
    print_rows([_shown(one) if as_json else _in_words(one) for one in entries], as_json=as_json)


def _in_words(entry: Entry) -> dict[str, str]:
    from gdtbridge.orders.details import told_in_german

    row, details = _shown(entry), dict(told_in_german(entry.details))
    return {
        **row,
        "station": ", ".join(row["station"].split("\\")),
        "priority": details.get("Dringlichkeit", ""),
        "status": _STATUSES.get(row["status"], row["status"]),
    }


def _shown(entry: Entry) -> dict[str, str]:
    born: date | None = entry.PatientBirthDate
    return {
        "accession_number": entry.AccessionNumber,
        "scheduled": entry.scheduled.isoformat(" ", "minutes"),
        "station": entry.ScheduledStationAETitle,
        "modality": entry.Modality,
        "patient_id": entry.PatientID,
        "patient_name": entry.PatientName,
        "birth_date": born.isoformat() if born else "",
        "procedure": entry.RequestedProcedureDescription,
        "priority": entry.details.RequestedProcedurePriority,
        "status": entry.ScheduledProcedureStepStatus,
    }


@worklist.command("remove")
@with_settings
@click.argument("accession")
def worklist_remove(settings: Settings, accession: str) -> None:
    """Einen Eintrag entfernen. / Remove an entry."""
    with core_of(settings) as core:
        core.orders.cancel(accession)


english_option = click.option(
    "--english", is_flag=True, help="Auf Englisch statt Deutsch. / In English."
)
about_option = click.option(
    "--patient",
    "--accession",
    "about",
    default="",
    help="Nur Einträge mit dieser Nummer oder diesem Namen. / Only entries of that number or name.",
)


@worklist.command("why")
@with_settings
@click.option("--device", default="", help="AE-Titel oder Adresse. / AE title or address.")
@about_option
@english_option
@as_json_option
def worklist_why(
    settings: Settings, device: str, about: str, *, english: bool, as_json: bool
) -> None:
    """Zeigen, was Geräte gefragt haben und warum ein Eintrag fehlte. / Why a list was empty."""
    from gdtbridge.commands.worklist_text import nothing_lines, why_lines
    from gdtbridge.queries.form import why_form

    with view_of(settings) as core:
        found = core.query_reports.why(device, about)
        words = _words(core, english=english)
        if as_json:
            print_json([why_form(one, words.today) for one in found])
            return
        lines = [*(line for one in found for line in (*why_lines(one, words), ""))]
        lines += nothing_lines(core, device, about, found, words)
    click.echo("\n".join(lines).rstrip())


@worklist.command("preview")
@with_settings
@click.option("--device", required=True, help="AE-Titel oder Adresse. / AE title or address.")
@about_option
@english_option
@as_json_option
def worklist_preview(
    settings: Settings, device: str, about: str, *, english: bool, as_json: bool
) -> None:
    """Zeigen, was ein Gerät jetzt auf seiner Liste sähe. / What a device would see now."""
    from gdtbridge.commands.worklist_text import preview_lines
    from gdtbridge.queries.form import preview_form

    with view_of(settings) as core:
        found = core.query_reports.preview(device, about)
        words = _words(core, english=english)
    if as_json:
        print_json(preview_form(found, words.today))
    else:
        click.echo("\n".join(preview_lines(found, words)))


def _words(core: Core, *, english: bool) -> Words:
    from gdtbridge.language import Language
    from gdtbridge.queries.words import Words

    return Words(Language.ENGLISH if english else Language.GERMAN, core.clock.local().date())


@click.command()
@with_settings
@click.option("--wait", type=float, default=None, help="Sekunden bis zum Ergebnis. / Seconds.")
@click.argument("file", type=Path)  # click.Path would touch the file, which may hang
def order(settings: Settings, file: Path, wait: float | None) -> None:
    """Eine GDT-Auftragsdatei übergeben. / Hand over a GDT order file.

    Ende: 0 erledigt, 1 abgelehnt, 3 noch kein Ergebnis, 4 später noch einmal. / Exit status: 0
    done, 1 refused, 3 no result yet, 4 call again.
    """
    from gdtbridge.folders import run

    with core_of(settings) as core:
        sys.exit(run(core.order_files, file, wait, click.echo, partial(click.echo, err=True)))
