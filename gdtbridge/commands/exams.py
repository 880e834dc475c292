"""``gdtbridge exams``: exams, whose they are, and a person's word where that is not certain."""

from __future__ import annotations

import getpass
from collections.abc import Callable
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
from gdtbridge.errors import NeedsConfirmation
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.core import Core

RECALLED: Final = (
    "Die Datei wird aus dem Ordner genommen; hat die Praxissoftware sie gerade geholt, wird daraus "
    "eine Korrektur. / The file is taken out of the folder; if the practice software collected it "
    "just now, that becomes a correction."
)

study_argument = click.argument("study_instance_uid")
person_option = click.option(
    "--person",
    type=click.IntRange(min=1),
    default=None,
    help="Welche Person der Untersuchung (Spalte PERSON). / Which of the exam's people.",
)
confirm_option = click.option(
    "--confirm",
    is_flag=True,
    help="Die Nummer stimmt, obwohl sie einer anderen Person gehört. / The number is right though"
    " it is another person's.",
)


@click.group()
def exams() -> None:
    """Untersuchungen. / Exams."""


@exams.command("list")
@with_settings
@click.option("--held", is_flag=True, help="Nur zurückgehaltene. / Held ones only.")
@as_json_option
def exams_list(settings: Settings, *, held: bool, as_json: bool) -> None:
    """Untersuchungen zeigen, die neuesten zuerst. / Show exams, newest first.

    Eine Zeile für jede Person; zurückgehaltene mit allen, die Objekte und Aufträge nennen. / One
    line for each person; held ones with everybody whom objects and orders name.
    """
    from gdtbridge.exams import HELD_TEXT, HoldReason

    with view_of(settings) as core:
        found = core.overview.exams(held=held)
        others = {(one.id, one.person): core.held.claimants(one) for one in found if held}
        steps = core.overview.step_states(one.study_instance_uid for one in found)
    rows = [
        {
            "study_instance_uid": exam.study_instance_uid,
            "person": str(exam.person),
            "state": exam.state.value,
            "step": steps.get(exam.study_instance_uid, ""),
            "reason": HELD_TEXT[HoldReason(exam.held_because)] if exam.held_because else "",
            "accession_number": exam.accession_number,
            "patient_id": exam.patient_id,
            "sent_patient_id": exam.sent_patient_id,
            "patient_name": exam.patient_name,
            "birth_date": exam.patient_birth_date,
            "others": ", ".join(others.get((exam.id, exam.person), ())),
            "study_date": exam.study_date,
            "description": exam.study_description,
            "instances": str(exam.instances),
        }
        for exam in found
    ]
    print_rows(rows, as_json=as_json)


@exams.command("show")
@with_settings
@study_argument
@as_json_option
def exams_show(settings: Settings, study_instance_uid: str, *, as_json: bool) -> None:
    """Zeigen, wessen eine Untersuchung ist und warum. / Show whose an exam is, and why.

    Mit allem, was dafür und dagegen spricht, was gesendet wurde, und wer wann was entschied. / With
    everything that speaks for and against, what was sent, and who decided what and when.
    """
    from gdtbridge.commands.dossier import as_values, lines_of

    with view_of(settings) as core:
        dossier = core.overview.dossier(study_instance_uid)
    if as_json:
        print_json(as_values(dossier))
        return
    for line in lines_of(dossier):
        click.echo(line)


@exams.command("problems")
@with_settings
@as_json_option
def exams_problems(settings: Settings, *, as_json: bool) -> None:
    """Was empfangen, aber nicht (ganz) gesendet wurde. / What was received and not all sent.

    Je Zeile: Grund, Studie, Objekt, Datei. / One line each: reason, study, object, file.
    """
    from gdtbridge.exams import PROBLEM_TEXT

    with view_of(settings) as core:
        found = core.overview.problems()
        folder = core.archive.folder
    rows = [
        {
            "reason": PROBLEM_TEXT.get(problem.kind, problem.kind),
            "study_instance_uid": problem.study_instance_uid,
            "sop_instance_uid": problem.sop_instance_uid,
            "file": str(folder / problem.file),
        }
        for problem in found
    ]
    print_rows(rows, as_json=as_json)


def _say(settings: Settings, word: Callable[[Core, str], None]) -> None:
    """Let the core take a person's word; show whom it may be where that is asked once more."""
    with core_of(settings) as core:
        try:
            word(core, f"{getpass.getuser()} (Kommandozeile)")
        except NeedsConfirmation as error:
            _show_people(error.found)
            fail(str(error))


def _show_people(found: tuple[str, ...]) -> None:
    """Print whom the objects name, and whom the number belongs to."""
    for number, line in enumerate(found):
        said = "Nummer / number" if number else "Untersuchung / exam"
        click.echo(f"{said}: {line}", err=True)


@exams.command("release")
@with_settings
@study_argument
@click.option("--id", "patient_id", required=True, help="Patientennummer. / Patient number.")
@click.option("--order", default="", help="Auftragsnummer. / Order number (accession number).")
@person_option
@confirm_option
def exams_release(
    settings: Settings,
    study_instance_uid: str,
    patient_id: str,
    order: str,
    *,
    person: int | None,
    confirm: bool,
) -> None:
    """Eine zurückgehaltene Untersuchung einem Patienten zuordnen. / Release a held exam."""

    def word(core: Core, who: str) -> None:
        core.held.release(
            study_instance_uid,
            patient_id,
            person=person or 0,
            order=order,
            confirmed=confirm,
            who=who,
        )

    _say(settings, word)


@exams.command("discard")
@with_settings
@study_argument
@click.option("--reason", required=True, help="Warum. / Why.")
@person_option
def exams_discard(
    settings: Settings, study_instance_uid: str, reason: str, *, person: int | None
) -> None:
    """Zurückgehaltenes nicht senden; die Objekte bleiben im Archiv. / Do not send what is held."""

    def word(core: Core, who: str) -> None:
        core.held.discard(study_instance_uid, reason, person=person or 0, who=who)

    _say(settings, word)


@exams.command("accept")
@with_settings
@study_argument
@click.option(
    "--id",
    "patient_id",
    default="",
    help="Patientennummer, sonst die vom Gerät. / Patient number, else the device's.",
)
@person_option
@confirm_option
def exams_accept(
    settings: Settings,
    study_instance_uid: str,
    patient_id: str,
    *,
    person: int | None,
    confirm: bool,
) -> None:
    """Eine Korrektur vom Gerät annehmen. / Accept a correction of a device.

    Sie geht in die Akte, die das Gerät jetzt nennt; was sie in anderen Akten ersetzt, wird dort
    zurückgezogen. Ohne Korrektur: Berichte, die sich nicht senden ließen, sind gesehen. / It goes
    where the device says now; what it replaces elsewhere is retracted there. Without a correction:
    reports that could not be sent have been seen.
    """

    def word(core: Core, who: str) -> None:
        core.corrections.accept(
            study_instance_uid, person=person or 0, number=patient_id, confirmed=confirm, who=who
        )

    _say(settings, word)


@exams.command("withdraw")
@with_settings
@study_argument
@click.option("--from", "number", required=True, help="Falsche Nummer. / Wrong number.")
@click.option("--to", default="", help="Richtige Nummer, wenn bekannt. / Right number, if known.")
@click.option("--reason", required=True, help="Warum, ohne Namen. / Why, without names.")
@confirm_option
def exams_withdraw(
    settings: Settings, study_instance_uid: str, number: str, to: str, reason: str, *, confirm: bool
) -> None:
    """Irrtümlich Übermitteltes zurückziehen. / Withdraw what was sent to a wrong chart.

    Die falsche Akte bekommt einen Satz, der das sagt, die richtige das Ergebnis. / The wrong chart
    gets a record that says so, the right one the result.
    """

    def word(core: Core, who: str) -> None:
        core.corrections.withdraw(
            study_instance_uid, number, reason, to=to, confirmed=confirm, who=who
        )
        core.order_book.follow_marked()

    _say(settings, word)


@exams.command("undo")
@with_settings
@study_argument
@person_option
def exams_undo(settings: Settings, study_instance_uid: str, *, person: int | None) -> None:
    """Eine Zuordnung zurücknehmen, solange nichts abgeholt ist. / Take a release back."""

    def word(core: Core, who: str) -> None:
        if core.corrections.undo(study_instance_uid, person=person or 0, who=who):
            click.echo(RECALLED)
        core.order_book.follow_marked()

    _say(settings, word)


@exams.command("unmatch")
@with_settings
@study_argument
def exams_unmatch(settings: Settings, study_instance_uid: str) -> None:
    """Der Auftrag war nicht gemeint: Er wird wieder offen. / The order was not meant: reopen it."""

    def word(core: Core, who: str) -> None:
        core.held.unmatch(study_instance_uid, who=who)
        core.order_book.follow_marked()

    _say(settings, word)
