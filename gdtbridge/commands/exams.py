"""``gdtbridge exams``: exams, and those that wait for a person."""

from __future__ import annotations

import click

from gdtbridge.commands.options import as_json_option, core_of, print_rows, view_of, with_settings
from gdtbridge.settings import Settings


@click.group()
def exams() -> None:
    """Untersuchungen. / Exams."""


@exams.command("list")
@with_settings
@click.option("--held", is_flag=True, help="Nur zurückgehaltene. / Held ones only.")
@as_json_option
def exams_list(settings: Settings, *, held: bool, as_json: bool) -> None:
    """Untersuchungen zeigen, die neuesten zuerst. / Show exams, newest first.

    Zurückgehaltene mit allen, die Objekte und Aufträge nennen. / Held ones with everybody whom
    objects and orders name.
    """
    from gdtbridge.exams import HELD_TEXT, HoldReason

    with view_of(settings) as core:
        found = core.overview.exams(held=held)
        others = {(one.id, one.person): core.held.claimants(one) for one in found if held}
    rows = [
        {
            "study_instance_uid": exam.study_instance_uid,
            "state": exam.state.value,
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


@exams.command("release")
@with_settings
@click.argument("study_instance_uid")
@click.option("--id", "patient_id", required=True, help="Patientennummer. / Patient number.")
def exams_release(settings: Settings, study_instance_uid: str, patient_id: str) -> None:
    """Eine zurückgehaltene Untersuchung einem Patienten zuordnen. / Release a held exam."""
    with core_of(settings) as core:
        core.held.release(study_instance_uid, patient_id)
