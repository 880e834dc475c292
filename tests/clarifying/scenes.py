"""How an exam comes to wait for a person, one scene for each reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gdtbridge.exams import claim_store
from tests.tools.practice import Practice, Reports
from tests.tools.steps import WRONG_ENTRY, begun, ended, message

STUDY = "2.25.1000"
WEISS = {"PatientID": "815", "PatientName": "Weiß^Jo", "PatientBirthDate": "19700101"}
NUMBERS = "patient_id_pattern = '\\d{1,6}Ω?'\n"
"""Setting in ``[exam]`` by which a practice has numbers that no record can hold."""
OMEGA = {"PatientName": "Omega^Olga", "PatientBirthDate": "19500101"}


@dataclass(frozen=True, slots=True)
class Stage:
    """A practice, and the reports a device may send it."""

    practice: Practice
    reports: Reports

    def image(self, **values: str | bytes) -> None:
        """Send a picture of the study, without an order number unless one is said."""
        self.practice.send(**{"AccessionNumber": "", **values})

    def report(self, sample: str = "echo.dcm", **values: str) -> None:
        """Send a report of the study, of whom pictures name unless said."""
        said = {"PatientID": "4711", "StudyInstanceUID": STUDY, "AccessionNumber": ""}
        self.reports.send(sample, **{**said, **values})

    def step(self, **values: object) -> None:
        """Let the device tell of a step of the study, which begins."""
        self.practice.core.steps.create(message(begun(STUDY, "", **values)), "2.25.9")

    def end(self, *said: object) -> None:
        """Let the step end."""
        self.practice.core.steps.update(message(ended(*said)), "2.25.9")  # type: ignore[arg-type]


def without_number(stage: Stage) -> None:
    """Let nobody enter a number at the device."""
    stage.image(PatientID="", PatientName="NOTFALL", PatientBirthDate="")
    stage.report(PatientID="", PatientName="NOTFALL", PatientBirthDate="")


def made_up_number(stage: Stage) -> None:
    """Let the device make the number itself."""
    stage.image(PatientID="20240115-025512", PatientName="NOTFALL", PatientBirthDate="")


def order_of_another(stage: Stage) -> None:
    """Send the number of an order that is for another patient."""
    order = stage.practice.core.orders.place(
        stage.practice.order(patient_id="815", family_name="Weiß", given_name="Jo")
    )
    stage.image(AccessionNumber=order.entry.AccessionNumber)
    stage.report(AccessionNumber=order.entry.AccessionNumber)


def order_of_another_person(stage: Stage) -> None:
    """Send the number of an order for the same number, and another person."""
    order = stage.practice.core.orders.place(stage.practice.order())
    stage.image(AccessionNumber=order.entry.AccessionNumber, **OMEGA)
    stage.image(AccessionNumber=order.entry.AccessionNumber, **OMEGA)


def number_of_another(stage: Stage) -> None:
    """Send a number that is known for another person, who waits."""
    stage.practice.core.orders.place(stage.practice.order())
    stage.image(**OMEGA)
    stage.report(PatientName="Omega^Olga", PatientBirthDate="19500101")


def other_number(stage: Stage) -> None:
    """Send somebody who waits under another number."""
    stage.practice.core.orders.place(stage.practice.order(patient_id="47"))
    stage.image()


def several(stage: Stage) -> None:
    """Let nobody change the patient at the device."""
    stage.image()
    stage.report()
    stage.image(**WEISS)
    stage.image(**WEISS)


def report_of_another(stage: Stage) -> None:
    """Let the measurements of the patient before leave with the pictures of the next one."""
    stage.image()
    stage.image()
    stage.report(**WEISS)


def after_report(stage: Stage) -> None:
    """Send somebody else's picture after the result."""
    stage.image()
    stage.practice.wait()
    stage.image(**WEISS)


def correction(stage: Stage) -> None:
    """Send again what was sent, for somebody else."""
    stage.practice.core.orders.place(stage.practice.order())
    stage.image(SOPInstanceUID="2.25.77")
    stage.report()
    stage.practice.wait()
    stage.image(SOPInstanceUID="2.25.77", **WEISS)


def early_correction(stage: Stage) -> None:
    """Do the same before anything left."""
    stage.image(SOPInstanceUID="2.25.77")
    stage.practice.clock.seconds += stage.practice.quiet
    stage.practice.core.reporting.report_due()
    stage.image(SOPInstanceUID="2.25.77", **WEISS)
    stage.practice.clock.seconds += stage.practice.quiet
    stage.practice.core.reporting.report_due()


def far_date(stage: Stage) -> None:
    """Let the clock of the device be wrong by years."""
    stage.practice.core.orders.place(stage.practice.order())
    stage.image(StudyDate="19700101")


def step_of_another(stage: Stage) -> None:
    """Let the device tell of another patient than its pictures name."""
    stage.step(PatientID="815", PatientName="Weiß^Jo", PatientBirthDate="19700101")
    stage.image()
    stage.end()


def wrong_entry(stage: Stage) -> None:
    """Let the device take back that this patient was examined."""
    stage.step()
    stage.image()
    stage.end(["2.25.1"], "DISCONTINUED", WRONG_ENTRY)


def taken_uid(stage: Stage) -> None:
    """Send a picture with the UID of one of another study."""
    stage.image(SOPInstanceUID="2.25.77", StudyInstanceUID="2.25.2")
    stage.practice.wait()
    stage.image(SOPInstanceUID="2.25.77", StudyDate="20240116", SeriesInstanceUID="2.25.3")


def withdrawn(stage: Stage) -> None:
    """Take the result back and do not say whose it is."""
    stage.image()
    stage.report()
    stage.practice.wait()
    stage.practice.core.corrections.withdraw(STUDY, "4711", "Falsche Zeile gewählt")


def unwritable_number(stage: Stage) -> None:
    """Send a number of the practice with a letter that no character set of GDT has."""
    stage.image(PatientID="4711Ω".encode(), SpecificCharacterSet="ISO_IR 192")


def several_orders(stage: Stage) -> None:
    """Order two things for one device, which names neither."""
    for procedure in ("Abdomen", "Schilddrüse"):
        stage.practice.core.orders.place(stage.practice.order(procedure=procedure))
    stage.image()
    stage.image()
    stage.report()


def rebuilt(stage: Stage) -> None:
    """Restore the database: nobody knows whether it was sent."""
    stage.image(PatientID="")
    with stage.practice.database.write() as connection:
        claim_store.hold_unanswered(connection)


SCENES: Mapping[str, tuple[str, Callable[[Stage], None]]] = {
    "without a number": ("no-patient-id", without_number),
    "a number of the device": ("no-practice-number", made_up_number),
    "an order of another patient": ("order-of-other-patient", order_of_another),
    "an order of another person": ("order-of-other-person", order_of_another_person),
    "a number of another person": ("number-of-other-person", number_of_another),
    "a person under another number": ("person-under-other-number", other_number),
    "several patients": ("several-patients", several),
    "a report of another patient": ("report-of-other-patient", report_of_another),
    "somebody else after the report": ("other-patient-after-report", after_report),
    "a correction": ("correction", correction),
    "a correction before anything left": ("correction", early_correction),
    "a far date": ("far-date", far_date),
    "a step of another patient": ("step-of-other-patient", step_of_another),
    "a wrong entry": ("wrong-entry", wrong_entry),
    "a taken UID": ("uid-taken", taken_uid),
    "a withdrawn result": ("withdrawn", withdrawn),
    "a number no record can have": ("unwritable", unwritable_number),
    "two orders": ("several-orders", several_orders),
    "a restored database": ("index-rebuilt", rebuilt),
}
"""By what happened: the reason, and the scene."""
