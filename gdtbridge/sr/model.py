"""Values and errors of reading: report, measurements, warnings, decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Final

from gdtbridge.people import Patient


class ReportError(ValueError):
    """A file gave no report; the text never holds a value of the file.

    ::

        ReportError
        ├── NotAReportError        no Structured Report, or one without content
        ├── UnreadableReportError  damaged beyond reading
        └── ReportLimitError       too big, too deep or too slow; the reading process died
            └── ReportHindered     the machine was in the way: too busy, or its disk away
    """


class NotAReportError(ReportError):
    """The file is no Structured Report or has no content tree."""


class UnreadableReportError(ReportError):
    """The file cannot be read as DICOM."""


class ReportLimitError(ReportError):
    """Reading took more time, memory or depth than a report may."""


class ReportHindered(ReportLimitError):
    """The machine kept the file from being read, as far as can be seen; later it may be."""


REPORT_CLASSES: Final[dict[str, str]] = {
    # PS3.6 Table A-1. Key Object Selection (...88.59) holds no NUM (PS3.3 A.35.4) and is left out.
    "1.2.840.10008.5.1.4.1.1.88.1": "Text SR Storage - Trial (Retired)",
    "1.2.840.10008.5.1.4.1.1.88.2": "Audio SR Storage - Trial (Retired)",
    "1.2.840.10008.5.1.4.1.1.88.3": "Detail SR Storage - Trial (Retired)",
    "1.2.840.10008.5.1.4.1.1.88.4": "Comprehensive SR Storage - Trial (Retired)",
    "1.2.840.10008.5.1.4.1.1.88.11": "Basic Text SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.22": "Enhanced SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.33": "Comprehensive SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.34": "Comprehensive 3D SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.35": "Extensible SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.40": "Procedure Log Storage",
    "1.2.840.10008.5.1.4.1.1.88.50": "Mammography CAD SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.65": "Chest CAD SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.67": "X-Ray Radiation Dose SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.68": "Radiopharmaceutical Radiation Dose SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.69": "Colon CAD SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.70": "Implantation Plan SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.71": "Acquisition Context SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.72": "Simplified Adult Echo SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.73": "Patient Radiation Dose SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.74": "Planned Imaging Agent Administration SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.75": "Performed Imaging Agent Administration SR Storage",
    "1.2.840.10008.5.1.4.1.1.88.76": "Enhanced X-Ray Radiation Dose SR Storage",
}


def is_report(sop_class_uid: str) -> bool:
    """Return whether instances of this SOP class are Structured Reports that may hold values."""
    return sop_class_uid.strip("\0 ") in REPORT_CLASSES


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept as sent; free text is a code with a meaning only."""

    value: str
    scheme: str
    meaning: str

    @property
    def text(self) -> str:
        """What a person reads: the meaning, or the code where the device sent none."""
        return self.meaning or self.value


class Subject(StrEnum):
    """Whose a value is (PS3.16 CID 271)."""

    PATIENT = "patient"
    FETUS = "fetus"
    """A child the patient expects."""


@dataclass(frozen=True, slots=True)
class MeasurementProperty:
    """A statement about a value: normal limit, z-score, rare modifier (PS3.16 TID 310).

    ``value`` is a number as sent or a text; ``unit`` is empty for texts. ``code`` and ``scheme``
    are those of the concept, as sent.
    """

    name: str
    value: str
    unit: str = ""
    code: str = ""
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class FindingName:
    """A finding values are about (a nodule, a fibroid), as sent.

    ``number`` tells several of one kind apart that the device gave no names; 0 for the only one.
    ``index`` counts the findings of a report in tree order.
    """

    code: Code
    number: int = 0
    index: int = 0

    @property
    def text(self) -> str:
        """What a person reads: the device's word, and the number behind it."""
        return f"{self.code.text} {self.number}" if self.number else self.code.text


REPEAT: Final = 2
"""`Measurement.precedence` of what the device neither chose nor computed."""


@dataclass(frozen=True, slots=True)
class PredecessorTest:
    """How the predecessor system wrote a measurement (`predecessor`).

    ``id`` is None where it would have written another value under the id.
    """

    id: str | None
    name: str
    unit: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured value with everything that tells it from the others of the report.

    ``value`` is the literal as sent. ``unit`` is UCUM without annotations, empty for none;
    ``unit_code`` is its code as sent (``1``, ``{ratio}``), empty where there is none. ``id`` is
    unique in its report, at most 20 characters of A-Z and 0-9. Texts are the device's own words.
    ``identity`` is what it is whoever sent it: the concept (``SCT:…``) and what the modifiers say
    (``site=SCT:…``), codes normalised, in the order of ``identity.IDENTITY_ROLES``, and behind
    them what only some values have (``identity.IdentityExtra``).

    ``subject`` says whose the value is, ``fetus`` which of several children it is.
    ``section`` is the nearest container with a name of its own. ``group`` is what the device keeps
    values of one thing together by: a tracking identifier (PS3.16 TID 1501), else the names of its
    private containers. ``companion_of`` is the measurement a gestational age or a percentile was
    derived from. ``further`` are modifiers there is no field
    for. ``properties`` say something about the value and are no results. ``inferred_from`` are
    places of values it was computed from. ``observed`` is the value's own time, else that of its
    container (VR DT, as sent). ``earlier`` is the day of the earlier exam it is of (ISO 8601),
    empty where that is not known, None for a value of this exam. ``other_side`` is a side said
    around the value that its own ``laterality`` contradicts.
    Of ``repeats`` values with one identity this is number ``repeat`` in the order measured; one
    ``stands`` for them. ``precedence`` is 0 for what the device chose, 1 for a mean or median, 2
    for the rest. ``predecessor`` is None for
    what the predecessor system did not read. ``findings`` are what the value is about (a fibroid,
    a nodule), the outer one first.
    """

    id: str
    name: str
    value: Decimal
    unit: str
    code: str
    scheme: str
    site: str | None = None
    laterality: str | None = None
    mode: str | None = None
    method: str | None = None
    derivation: str | None = None
    phase: str | None = None
    fetus: str | None = None
    label: str | None = None
    topography: str | None = None
    flow: str | None = None
    view: str | None = None
    stage: str | None = None
    protocol: str | None = None
    selection: str | None = None
    device_id: str | None = None
    unit_code: str = ""
    predecessor: PredecessorTest | None = None
    place: str = ""
    identity: tuple[str, ...] = ()
    section: str | None = None
    group: str | None = None
    companion_of: str | None = None
    further: tuple[MeasurementProperty, ...] = ()
    properties: tuple[MeasurementProperty, ...] = ()
    inferred_from: tuple[str, ...] = ()
    observed: str | None = None
    other_side: str | None = None
    repeat: int = 1
    repeats: int = 1
    findings: tuple[FindingName, ...] = ()
    subject: Subject = Subject.PATIENT
    earlier: str | None = None
    stands: bool = True
    precedence: int = REPEAT


@dataclass(frozen=True, slots=True)
class UntoldValue:
    """A NUM of the file that gives no result, and why: it could not be read, or it is none.

    ``measurement`` says what it was to measure; its value is NaN where none could be read, its id
    is empty. ``rule`` is a warning's code (`LOSSES`) or a name of ``rules.RULES``.
    """

    measurement: Measurement
    rule: str

    @property
    def is_lost(self) -> bool:
        """Return whether there may have been a result that could not be read."""
        return self.rule in LOSSES


LOSSES: Final = frozenset({"bad_number", "several_values", "incomplete_item", "no_name"})
"""Warnings of a number that was sent and could not be read."""


@dataclass(frozen=True, slots=True)
class ReportStatement:
    """A date, text or code of a report that is told in words (``statements.tsv``).

    ``kind`` is its Value Type (PS3.3 C.17.3.2.1), ``value`` the text, the date (``YYYYMMDD``) or
    the meaning of a code as sent, ``value_code`` and ``value_scheme`` the code. ``id`` tells it
    from all others of its report and stays the same in later ones. Modifiers are as those of a
    `Measurement`. ``fetal_sex`` says that it tells the sex of a fetus.
    """

    id: str
    name: str
    kind: str
    value: str
    code: str
    scheme: str
    value_code: str = ""
    value_scheme: str = ""
    site: str | None = None
    laterality: str | None = None
    topography: str | None = None
    fetus: str | None = None
    label: str | None = None
    stage: str | None = None
    group: str | None = None
    section: str | None = None
    findings: tuple[FindingName, ...] = ()
    further: tuple[MeasurementProperty, ...] = ()
    identity: tuple[str, ...] = ()
    place: str = ""
    fetal_sex: bool = False


@dataclass(frozen=True, slots=True)
class StatementDecision:
    """The decision on one date, text or code of the file: told or not, and the rule.

    ``value`` is empty where it says who somebody is.
    """

    place: str
    name: str
    value: str
    kept: bool
    rule: str


@dataclass(frozen=True, slots=True)
class NumDecision:
    """The decision on one NUM of the file: told or not, and the rule.

    ``rule`` is a name of ``rules.RULES`` or a warning's code. ``value`` is the literal, empty where
    there is none that can be read. ``beside`` is the place of the value that was kept instead.
    """

    place: str
    name: str
    value: str
    unit: str
    kept: bool
    rule: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class ReportWarning:
    """A fault of the file that was passed over; ``place`` counts items as DCMTK does (1.3.2).

    ``message`` never holds a value of the file.
    """

    code: str
    message: str
    place: str


@dataclass(frozen=True, slots=True)
class Report:
    """Measurements and identification of one Structured Report (PS3.3 A.35).

    ``template`` is the Template Identifier (``5200``), ``content_time`` local time in ISO 8601.
    ``not_measured`` counts values that are the device's way of writing "nothing measured".
    ``exam_date`` and ``exam_time`` are Study Date and Time, else those of the content, local time.
    ``patient_name`` and ``patient_birth_date`` are as in the file (``Family^Given``, ``YYYYMMDD``).
    ``accession_number`` is the report's own, else the one request's it refers to.
    ``predecessors`` are the SOP Instance UIDs of reports this one replaces or amends (PS3.3
    C.17.2.3). ``profile`` names the device family whose habits were respected. ``decisions`` are
    one for each NUM in the order of the file, None unless asked for. ``untold`` are the numbers
    that give no result, in the order of the file. ``earlier`` are values of earlier exams.
    ``statements`` are told in words, ``unlisted`` are the names of those no table has;
    ``statement_decisions`` are one for each date, text and code that modifies nothing, None unless
    asked for. ``is_other_kind`` says that it is no report of ultrasound (dose, CAD, contrast).
    """

    sop_class_uid: str
    sop_uid: str
    study_uid: str
    template: str | None
    patient_id: str
    manufacturer: str
    completion: str | None
    content_time: str | None
    measurements: tuple[Measurement, ...]
    warnings: tuple[ReportWarning, ...]
    not_measured: int = 0
    patient_name: str = ""
    patient_birth_date: str = ""
    accession_number: str = ""
    model: str = ""
    station: str = ""
    exam_date: date | None = None
    exam_time: time | None = None
    predecessors: tuple[str, ...] = ()
    profile: str = ""
    decisions: tuple[NumDecision, ...] | None = None
    untold: tuple[UntoldValue, ...] = ()
    earlier: tuple[Measurement, ...] = ()
    statements: tuple[ReportStatement, ...] = ()
    statement_decisions: tuple[StatementDecision, ...] | None = None
    unlisted: tuple[str, ...] = ()
    is_other_kind: bool = False

    @property
    def has_results(self) -> bool:
        """Return whether the report has anything to tell, in numbers or in words."""
        return bool(self.measurements or self.statements)

    @property
    def lost(self) -> tuple[UntoldValue, ...]:
        """Return the numbers that could not be read."""
        return tuple(one for one in self.untold if one.is_lost)

    def with_earlier(self) -> Report:
        """Return the report with the values of earlier exams behind its own."""
        return replace(self, measurements=self.measurements + self.earlier)

    @property
    def patient(self) -> Patient:
        """Return the patient the file names."""
        return Patient.from_dicom(self.patient_id, self.patient_name, self.patient_birth_date)

    @property
    def is_whole(self) -> bool:
        """Return whether the file was complete: nothing cut off, no length that lies."""
        return all(warning.code not in {"truncated", "damaged"} for warning in self.warnings)
