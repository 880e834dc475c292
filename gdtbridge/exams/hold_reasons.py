"""Why claims are held, and what a person is told of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class HoldReason(StrEnum):
    """Why a claim is held."""

    NO_PATIENT_ID = "no-patient-id"
    NO_PRACTICE_NUMBER = "no-practice-number"
    OTHER_PATIENT = "order-of-other-patient"
    OTHER_PERSON = "order-of-other-person"
    KNOWN_OTHERWISE = "number-of-other-person"
    LISTED_OTHERWISE = "person-under-other-number"
    UNKNOWN_NUMBER = "unknown-number"
    SEVERAL_PATIENTS = "several-patients"
    REPORT_OF_OTHER = "report-of-other-patient"
    SEVERAL_ORDERS = "several-orders"
    CORRECTION = "correction"
    AFTER_REPORT = "other-patient-after-report"
    FAR_DATE = "far-date"
    STEP_OF_OTHER = "step-of-other-patient"
    WRONG_ENTRY = "wrong-entry"
    UNCONFIRMED = "unconfirmed"
    UNWRITABLE = "unwritable"
    UID_TAKEN = "uid-taken"
    WITHDRAWN = "withdrawn"
    INDEX_REBUILT = "index-rebuilt"


HELD_TEXT: Final = {
    HoldReason.NO_PATIENT_ID: "Am Gerät war keine Patientennummer eingegeben. / No patient number"
    " was entered at the device.",
    HoldReason.NO_PRACTICE_NUMBER: "Diese Patientennummer ist keine der Praxis: Sie ist vertippt,"
    " oder das Gerät hat sie selbst vergeben. / This patient number is none of the practice: it"
    " was mistyped, or the device made it itself.",
    HoldReason.OTHER_PATIENT: "Der Auftrag ist für eine andere Patientennummer. / The order is for"
    " another patient number.",
    HoldReason.OTHER_PERSON: "Der Auftrag ist für eine andere Person: Nachname und Geburtsdatum"
    " sind anders. / The order is for another person: family name and birth date differ.",
    HoldReason.KNOWN_OTHERWISE: "Diese Patientennummer gehört einer anderen Person, laut"
    " Arbeitsliste, Stammdaten oder früheren Untersuchungen. / This patient number is another"
    " person's, by worklist, master data or earlier exams.",
    HoldReason.LISTED_OTHERWISE: "Dieselbe Person steht heute mit einer anderen Nummer auf der"
    " Arbeitsliste. / The same person is on today's worklist under another number.",
    HoldReason.UNKNOWN_NUMBER: "Diese Patientennummer ist nicht bekannt: keine Stammdaten, kein"
    " offener Auftrag, keine frühere Untersuchung. / This patient number is not known: no master"
    " data, no open order, no earlier exam.",
    HoldReason.SEVERAL_PATIENTS: "Die Untersuchung enthält Bilder oder Berichte mehrerer Personen."
    " / The exam has images or reports of several people.",
    HoldReason.REPORT_OF_OTHER: "Die Bilder nennen eine Person, der Messbericht eine andere. / The"
    " images name one person, the measurement report another.",
    HoldReason.SEVERAL_ORDERS: "Für diese Person sind heute mehrere Aufträge an diesem Gerät offen,"
    " und die Bilder nennen keinen. / Several orders of the person are open at this device today,"
    " and the images name none.",
    HoldReason.AFTER_REPORT: "Für eine andere Person dieser Untersuchung ist schon gesendet worden."
    " / Results of another person of this exam were sent already.",
    HoldReason.CORRECTION: "Das Gerät hat schon Gesendetes noch einmal geschickt und nennt jetzt"
    " diese Person. / The device sent again what was sent already, and names this person now.",
    HoldReason.FAR_DATE: "Das Untersuchungsdatum liegt weit vom Auftrag und vom Empfang entfernt:"
    " Geräteuhr prüfen. / The study date is far from order and receipt: check the device's clock.",
    HoldReason.STEP_OF_OTHER: "Das Gerät hat für diese Untersuchung eine andere Person gemeldet"
    " (MPPS), als in den Bildern steht. / The device told of another person (MPPS) than the images"
    " name.",
    HoldReason.WRONG_ENTRY: "Am Gerät wurde abgebrochen, weil der falsche Eintrag der Arbeitsliste"
    " gewählt war: Wen zeigen die Bilder? / It was discontinued at the device because the wrong"
    " worklist entry was selected: whom do the images show?",
    HoldReason.UNCONFIRMED: "Die zugeordnete Nummer gehört einer anderen Person; bitte bestätigen"
    " (--confirm). / The number that was assigned is another person's; please confirm (--confirm).",
    HoldReason.UID_TAKEN: "Ein Bild oder Bericht trägt eine Kennung (UID), die schon zu einer"
    " anderen Untersuchung gehört. / An image or report has a UID that belongs to another exam"
    " already.",
    HoldReason.UNWRITABLE: "Das Ergebnis lässt sich nicht als GDT-Satz schreiben, etwa wegen der"
    " Patientennummer. / The result cannot be written as a GDT record, for example because of the"
    " patient number.",
    HoldReason.WITHDRAWN: "Die Ergebnisse wurden zurückgezogen oder verworfen. / The results were"
    " withdrawn or discarded.",
    HoldReason.INDEX_REBUILT: "Die Datenbank wurde zurückgespielt oder neu aufgebaut: Ob das schon"
    " gesendet wurde, ist nicht bekannt. Nein: freigeben; ja: verwerfen. / The database was"
    " restored or made anew: whether this was sent is not known. No: release; yes: discard.",
}
"""What a person is told of each `HoldReason`."""
