"""What an order may say beyond who, what, where and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from worklist.errors import EntryError
from worklist.rules import AttributeRule, check, tidied


@dataclass(frozen=True, slots=True)
class ProcedureCode:
    """A code of a procedure: value, coding scheme, meaning (PS3.3 8.8)."""

    CodeValue: str
    CodingSchemeDesignator: str
    CodeMeaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDetails:
    """Attributes an entry may have; empty means not said.

    ``PatientSize`` is in metres, ``PatientWeight`` in kilograms (DS). ``PregnancyStatus`` is a
    number of PS3.3 C.7.1.4 as text, ``LastMenstrualDate`` a DA.
    """

    RequestedProcedurePriority: str = ""
    ReferringPhysicianName: str = ""
    RequestingPhysician: str = ""
    PatientSize: str = ""
    PatientWeight: str = ""
    PregnancyStatus: str = ""
    LastMenstrualDate: str = ""
    Allergies: tuple[str, ...] = ()
    MedicalAlerts: tuple[str, ...] = ()
    ReasonForTheRequestedProcedure: str = ""
    RequestedProcedureComments: str = ""
    InstitutionName: str = ""
    procedure_code: ProcedureCode | None = None
    """The item of Requested Procedure Code Sequence."""
    protocol_code: ProcedureCode | None = None
    """The item of Scheduled Protocol Code Sequence."""


NO_DETAILS = EntryDetails()
PRIORITIES = ("STAT", "HIGH", "ROUTINE", "MEDIUM", "LOW")
"""Requested Procedure Priority (PS3.3 C.4.11), the most urgent first as far as that is said."""
MOST_VALUES = 10
"""Values an attribute of several may have."""

DETAIL_RULES: Mapping[str, AttributeRule] = MappingProxyType(
    {
        "RequestedProcedurePriority": AttributeRule(
            "Dringlichkeit", "Priority", "SH", 16, terms=PRIORITIES
        ),
        "ReferringPhysicianName": AttributeRule("Überweiser", "Referring physician", "PN", 64),
        "RequestingPhysician": AttributeRule("Auftraggeber", "Requesting physician", "PN", 64),
        "PatientSize": AttributeRule("Größe", "Height", "DS", 16),
        "PatientWeight": AttributeRule("Gewicht", "Weight", "DS", 16),
        "PregnancyStatus": AttributeRule(
            "Schwangerschaft", "Pregnancy", "US", 1, terms=("1", "2", "3", "4")
        ),
        "LastMenstrualDate": AttributeRule("Letzte Periode", "Last menstrual period", "DA", 8),
        "Allergies": AttributeRule("Allergien", "Allergies", "LO", 64),
        "MedicalAlerts": AttributeRule("Warnhinweise", "Medical alerts", "LO", 64),
        "ReasonForTheRequestedProcedure": AttributeRule("Anlass", "Reason", "LO", 64),
        "RequestedProcedureComments": AttributeRule("Bemerkung", "Comment", "LT", 1024),
        "InstitutionName": AttributeRule("Praxis", "Institution", "LO", 64),
    }
)
"""Length limits: PS3.5 Table 6.2-1; that of the comment is ours, devices show no more."""

CODE_RULES: Mapping[str, AttributeRule] = MappingProxyType(
    {
        "CodeValue": AttributeRule("Code", "Code", "SH", 16, required=True),
        "CodingSchemeDesignator": AttributeRule(
            "Kodierschema", "Coding scheme", "SH", 16, required=True
        ),
        "CodeMeaning": AttributeRule("Bedeutung", "Meaning", "LO", 64, required=True),
    }
)
"""PS3.3 Table 8.8-1a."""


def checked_details(details: EntryDetails) -> EntryDetails:
    """Return ``details`` tidied; raise `EntryError` for what cannot be stored and sent as it is."""
    if details is NO_DETAILS:
        return details
    values: dict[str, object] = {}
    for field in fields(details):
        value = getattr(details, field.name)
        if isinstance(value, ProcedureCode):
            values[field.name] = ProcedureCode(
                *(_checked(name, rule, getattr(value, name)) for name, rule in CODE_RULES.items())
            )
        elif isinstance(value, tuple):
            values[field.name] = _checked_values(field.name, value)
        elif isinstance(value, str):
            values[field.name] = _checked(field.name, DETAIL_RULES[field.name], value)
    return EntryDetails(**values)  # type: ignore[arg-type]


def _checked_values(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    rule = DETAIL_RULES[name]
    if len(values) > MOST_VALUES:
        raise EntryError(
            name,
            f"{rule.german}: zu viele Angaben. / {rule.english}: too many values.",
            f"Höchstens {MOST_VALUES}. / At most {MOST_VALUES}.",
        )
    return tuple(filter(None, (_checked(name, rule, value) for value in values)))


def _checked(name: str, rule: AttributeRule, value: str) -> str:
    tidy = tidied(rule, value)
    check(name, rule, tidy)
    return tidy
