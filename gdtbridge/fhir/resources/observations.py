"""Observation (R4 10.1): one for each value and statement of a Structured Report.

By analogy to *DICOM SR to FHIR Resource Mapping* 1.0.0, which is for R5 and TID 1500: what is a
measurement there is one here, for the templates of ultrasound and for private reports as well. R4
has no bodyStructure, so the extension it has for that is used; what else tells a value from others
of its concept is a component, since R4 has no better place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from typing import Final

from gdtbridge.dataset.values import to_date, to_instant
from gdtbridge.fhir.coding import coding, concept, hl7, quantity
from gdtbridge.fhir.elements import Json, at, on, only, reference, said, tidy
from gdtbridge.fhir.resources.value_properties import properties_of, property_components
from gdtbridge.fhir.study_part import StudyPart
from gdtbridge.fhir.succession import (
    NO_SUCCESSION,
    QUANTITY,
    Succession,
    quantity_key,
    statement_key,
    value_key,
)
from gdtbridge.retrieve.store import ListedObject
from gdtbridge.sr import Measurement, Report
from gdtbridge.sr.codes import FINDING, ModifierRole
from gdtbridge.sr.model import Code, ReportStatement, Subject, UntoldValue
from gdtbridge.tsv import table

BODY_SITE: Final = "http://hl7.org/fhir/StructureDefinition/bodySite"
"""Extension of R4 that leads to a BodyStructure."""
ABSENT: Final = "error"
"""Why a number that was sent and cannot be read has no value (CodeSystem data-absent-reason)."""
REPLACES: Final = "http://hl7.org/fhir/StructureDefinition/observation-replaces"
"""Extension of R4 that leads to what was told before."""
DERIVED: Final[Json] = {"coding": [coding("DCM", "126011", "Derived Imaging Measurements")]}
"""Category of what was computed from several readings."""
FETUS: Final = "Fetus"
_ZERO: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReportPart:
    """A Structured Report of a study part, and what it was read to hold."""

    part: StudyPart
    listed: ListedObject
    report: Report
    fetal_sex: bool = False
    """Whether what tells the sex of a fetus may be told (GenDG 15 (1))."""
    succession: Succession = NO_SUCCESSION
    """What it is to other reports of the part."""

    @property
    def uid(self) -> str:
        """SOP Instance UID."""
        return self.listed.SOPInstanceUID

    def value_id(self, key: str) -> str:
        """Return the logical id of a value's Observation."""
        return self.part.report_id(self.uid, key)


@dataclass(frozen=True, slots=True)
class ReportFact:
    """A value or statement of a report: the id of its Observation, and how that is made.

    ``counts`` is False where a later report tells it anew. ``place`` is where it stands in the
    report (``1.3.2``), ``section`` the nearest container with a name.
    """

    id: str
    made: Callable[[], Json]
    counts: bool = True
    place: str = ""
    section: str = ""


def facts_of(one: ReportPart) -> Iterator[ReportFact]:
    """Yield what a report tells, in its order; values of earlier exams are not told.

    Those are told by the reports of those exams; a second time they would count twice.
    """
    ids = {each.place: one.value_id(value_key(each)) for each in one.report.measurements}
    for measured in one.report.measurements:
        sources = [ids[place] for place in measured.inferred_from if place in ids]
        id_ = one.value_id(key := value_key(measured))
        yield _fact(one, key, id_, partial(_measured, one, measured, id_, sources), measured)
    for lost in one.report.lost:
        number, id_ = lost.measurement, one.value_id(f"lost:{lost.measurement.place}")
        yield _fact(one, quantity_key(number), id_, partial(_lost, one, lost, id_), number)
    for stated in one.report.statements:
        if one.fetal_sex or not stated.fetal_sex:
            id_ = one.value_id(key := statement_key(stated))
            yield _fact(one, key, id_, partial(_stated, one, stated, id_), stated)


def _fact(
    one: ReportPart,
    key: str,
    id_: str,
    made: Callable[[], Json],
    found: Measurement | ReportStatement,
) -> ReportFact:
    """Return a fact as it stands among the reports of the exam."""
    succession, section = one.succession, found.section or ""
    if succession == NO_SUCCESSION:
        return ReportFact(id_, made, place=found.place, section=section)
    told_by = () if key.startswith(QUANTITY) else succession.replaced.get(key, ())
    before = [one.part.report_id(uid, key) for uid in told_by]
    return ReportFact(
        id_,
        partial(_as_it_stands, made, succession.status_of(key), before),
        key not in succession.again,
        found.place,
        section,
    )


def _as_it_stands(made: Callable[[], Json], status: str, before: Sequence[str]) -> Json:
    """Return an Observation with its status, and what it replaces."""
    told = made() | {"status": status}
    replaced = [
        {"url": REPLACES, "valueReference": reference("Observation", id_)} for id_ in before
    ]
    return told | said(extension=[*told.get("extension", ()), *replaced])


def _measured(
    one: ReportPart, measured: Measurement, id_: str, sources: Sequence[str] = ()
) -> Json:
    """Return a value; ``sources`` are the ids of those it was computed from."""
    modifiers = _Modifiers.of(measured)
    code = Code(measured.code, measured.scheme, measured.name)
    told = told_of(one, code, id_) | _whereabouts(one, measured, modifiers)
    observed = _observed(measured.observed or "")
    if observed:
        told["effectiveDateTime"] = observed
    ways = modifiers.codes(ModifierRole.METHOD, ModifierRole.EQUATION)
    return told | said(
        category=[*told["category"], *([DERIVED] if measured.derivation else [])],
        valueQuantity=quantity(measured.value, measured.unit, measured.unit_code),
        note=_repeat(measured),
        method=_coded(measured.method, ways),
        **properties_of(measured),
        derivedFrom=[reference("Observation", each) for each in sources],
        component=[
            *_components(measured, modifiers),
            *_findings(measured),
            *property_components(measured),
        ],
    )


def _repeat(measured: Measurement) -> list[Json]:
    """Return which of several readings a value is; else nothing would tell them apart."""
    if measured.repeats < 2:
        return []
    place = f"{measured.repeat}/{measured.repeats}"
    return [{"text": f"Messung {place} / reading {place}"}]


def _lost(one: ReportPart, untold: UntoldValue, id_: str) -> Json:
    """Return a number that was sent and cannot be read: it must not look as if it had not been."""
    told = _measured(one, untold.measurement, id_)
    for name in ("valueQuantity", "interpretation"):
        told.pop(name, None)
    return told | {"dataAbsentReason": hl7("data-absent-reason", ABSENT)}


def _stated(one: ReportPart, stated: ReportStatement, id_: str) -> Json:
    modifiers = _Modifiers.of(stated)
    code = Code(stated.code, stated.scheme, stated.name)
    told = told_of(one, code, id_) | _whereabouts(one, stated, modifiers)
    day = to_date(stated.value) if stated.kind == "DATE" else None
    if day is not None:
        told["valueDateTime"] = day.isoformat()
    elif stated.value_code:
        value = Code(stated.value_code, stated.value_scheme, stated.value)
        told["valueCodeableConcept"] = concept(value)
    else:
        told["valueString"] = tidy(stated.value)
    return told | said(component=[*_components(stated, modifiers), *_findings(stated)])


def told_of(one: ReportPart, code: Code, id_: str) -> Json:
    """Return what every Observation of a report says."""
    report = one.report
    return said(
        resourceType="Observation",
        id=id_,
        meta=one.part.meta(),
        partOf=[one.part.imaging_study()],
        basedOn=one.part.based_on_order(one.part.number_of(one.listed)),
        status="final",
        category=[hl7("observation-category", "imaging", "Imaging")],
        code=concept(code),
        subject=one.part.subject(),
        effectiveDateTime=content_time(report) or one.part.started,
        issued=issued(report),
        device=said(display=tidy(f"{report.manufacturer} {report.model}")),
    )


def content_time(report: Report) -> str:
    """Return when a report says that its content was made; empty where it does not."""
    if not report.content_time:
        return ""
    day, _, clock = report.content_time.partition("T")
    return on(date.fromisoformat(day), time.fromisoformat(clock) if clock else None)


def issued(report: Report) -> str:
    """Return the same as an instant, which has a time of day."""
    moment = content_time(report)
    return moment if "T" in moment else ""


def _observed(text: str) -> str:
    """Return Observation DateTime (VR DT); local where it names no offset (PS3.5 6.2)."""
    micros = to_instant(text)
    if micros is None or len(text.strip()) < 12:
        return ""
    moment = _ZERO + timedelta(microseconds=micros)
    return at(moment if text.strip()[-5] in "+-" else moment.replace(tzinfo=None))


@dataclass(frozen=True, slots=True)
class _Modifiers:
    """The codes of modifiers by role, as an identity has them: SNOMED RT ones as SNOMED CT."""

    by_role: Mapping[str, Sequence[tuple[str, str]]]
    """Scheme and code; none where the device sent words alone."""

    @classmethod
    def of(cls, found: Measurement | ReportStatement) -> _Modifiers:
        """Return those of a value or statement (`gdtbridge.sr.identity`)."""
        by_role: dict[str, list[tuple[str, str]]] = {}
        for part in found.identity:
            role, mark, key = part.partition("=")
            scheme, colon, code = key.partition(":")
            if mark:
                coded = colon and not key.startswith("=")
                by_role.setdefault(role, []).extend([(scheme, code)] if coded else [])
        return cls(by_role)

    def codes(self, *roles: str) -> list[Json]:
        """Return the codes of some roles."""
        return [coding(*pair) for role in roles for pair in self.by_role.get(role, ())]


def _whereabouts(
    one: ReportPart, found: Measurement | ReportStatement, modifiers: _Modifiers
) -> Json:
    """Return where it was measured, and of whom, where that is a child."""
    text = ", ".join(filter(None, (found.site, found.laterality, found.topography)))
    sites = modifiers.codes(ModifierRole.SITE)
    qualifiers = [
        *only(_coded(found.laterality, modifiers.codes(ModifierRole.LATERALITY))),
        *only(_coded(found.topography, modifiers.codes(ModifierRole.TOPOGRAPHY))),
    ]
    told: Json = said(bodySite=said(coding=sites, text=tidy(text)))
    if qualifiers:
        structure = said(
            resourceType="BodyStructure",
            id="site",
            location=_coded(found.site, sites),
            locationQualifier=qualifiers,
            patient=one.part.subject(),
        )
        told["contained"] = [structure]
        told["extension"] = [{"url": BODY_SITE, "valueReference": {"reference": "#site"}}]
    if found.fetus or getattr(found, "subject", None) is Subject.FETUS:
        told["focus"] = [said(display=tidy(f"{FETUS} {found.fetus or ''}"))]
    return told


@cache
def _told_modifiers() -> tuple[tuple[str, str, Json], ...]:
    """Return role, field, and the concept of each modifier that is a component."""
    return tuple(
        (role, field, {"coding": [coding(scheme, code, display)]})
        for role, field, scheme, code, display, _ in table("fhir/modifiers.tsv")
    )


def _components(found: Measurement | ReportStatement, modifiers: _Modifiers) -> Iterator[Json]:
    """Yield a component for each modifier, and for those without a role of their own.

    Of two roles that share a field the one that was sent.
    """
    for role, field, code in _told_modifiers():
        text = getattr(found, field, None)
        if text and (field != "phase" or role in modifiers.by_role):
            value = _coded(text, modifiers.codes(role))
            yield {"code": code, "valueCodeableConcept": value}
    for one in found.further:
        name = concept(Code(one.code, one.scheme, one.name))
        if name and (value := said(text=tidy(f"{one.value} {one.unit}"))):
            yield {"code": name, "valueCodeableConcept": value}


def _findings(found: Measurement | ReportStatement) -> Iterator[Json]:
    """Yield what a value is about (a nodule, a fibroid)."""
    name = {"coding": [coding(*FINDING, "Finding")]}
    for one in found.findings:
        told = concept(one.code)
        if one.number:
            told["text"] = tidy(one.text)
        yield {"code": name, "valueCodeableConcept": told}


def _coded(text: str | None, codes: Sequence[Json]) -> Json:
    return said(coding=list(codes), text=tidy(text)) if text else {}
