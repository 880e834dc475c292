"""What the members are built of."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from tests.sr.builder import (
    FINDINGS,
    GROUP,
    MODE,
    SITE,
    TWO_D,
    code,
    coded,
    container,
    dataset,
    node,
    text,
)
from tests.sr.chart import Expected

CONTEXT = "HAS OBS CONTEXT"
ACQUISITION = "HAS ACQ CONTEXT"
INFERRED = "INFERRED FROM"

OB_TITLE = "DCM|125000|OB-GYN Ultrasound Procedure Report"
VASCULAR_TITLE = "DCM|125100|Vascular Ultrasound Procedure Report"
GENERAL_TITLE = "DCM|127001|General Ultrasound Report"
ECHO_TITLE = "DCM|125200|Adult Echocardiography Procedure Report"

BIOMETRY = "DCM|125002|Fetal Biometry"
BIOMETRY_GROUP = "DCM|125005|Biometry Group"
FETUS_ID = "LN|11951-1|Fetus ID"
BPD = "LN|11820-8|Biparietal Diameter"
HC = "LN|11984-2|Head Circumference"
EFW = "LN|11727-5|Estimated Weight"
EF = "LN|18043-0|Left Ventricular Ejection Fraction"
LVIDD = "LN|29436-3|Left Ventricle Internal End Diastolic Dimension"
PSV = "LN|11726-7|Peak Systolic Velocity"
EDV = "LN|11653-3|End Diastolic Velocity"
RI = "LN|12023-8|Resistivity Index"
PI = "LN|12008-9|Pulsatility Index"
LENGTH = "SCT|410668003|Length"
WIDTH = "SCT|103355008|Width"
DIAMETER = "SCT|81827009|Diameter"
VOLUME = "SCT|118565006|Volume"
ELASTICITY = "DCM|110830|Elasticity"

LV = "SCT|87878005|Left Ventricle"
KIDNEY = "SCT|64033007|Kidney"
BLADDER = "SCT|89837001|Urinary bladder"
LIVER = "SCT|10200004|Liver"
MCA = "SCT|17232002|Middle Cerebral Artery"
ICA = "SCT|86117002|Internal Carotid Artery"
SIDE = "SCT|272741003|Laterality"
SCT_SITE = "SCT|363698007|Finding Site"
SCT_MODE = "SCT|399264008|Image Mode"

FETAL = "(?i)fet"
"""What the name of a fetus's value says."""


@dataclass(frozen=True)
class Member:
    """A report and what its chart is to say."""

    report: Dataset
    expected: tuple[Expected, ...]


def told(
    value: str, unit: str, made: str = "", name: str = "", notes: str = "", never: str = ""
) -> Expected:
    """Return a value a chart must have."""
    return Expected(value, unit, made, name, notes, never)


def either(value: str, unit: str, made: str = "", name: str = "", notes: str = "") -> Expected:
    """Return a value a chart may have, as what it is."""
    return Expected(value, unit, made, name, notes, verdict="either")


def titled(title: str, *children: Dataset, template: str | None = None, **tags: str) -> Dataset:
    """Return a report with a title."""
    report = dataset(*children, template=template, **tags)
    report.ConceptNameCodeSequence = [coded(title)]
    report.StudyDate = tags.get("StudyDate", "20240115")
    report.StudyTime = tags.get("StudyTime", "100000")
    return report


def obstetric(*children: Dataset, **tags: str) -> Dataset:
    """Return a report of TID 5000."""
    return titled(OB_TITLE, *children, template="5000", **tags)


def echo(*children: Dataset, template: str = "5200", **tags: str) -> Dataset:
    """Return a report of TID 5200."""
    return titled(ECHO_TITLE, *children, template=template, **tags)


def section(site: str, *children: Dataset) -> Dataset:
    """Return Findings of a site."""
    return container(FINDINGS, code(SITE, site), *children)


def lv(*numbers: Dataset) -> Dataset:
    """Return a measurement group of the left ventricle in 2D."""
    return section(LV, container(GROUP, code(MODE, TWO_D), *numbers))


def biometry(*numbers: Dataset) -> Dataset:
    """Return Fetal Biometry with one group."""
    return container(BIOMETRY, container(BIOMETRY_GROUP, *numbers))


def fetus(name: str) -> Dataset:
    """Return a Fetus ID."""
    return text(FETUS_ID, name, rel=CONTEXT)


def date(name: str, value: str, rel: str = "CONTAINS") -> Dataset:
    """Return a DATE."""
    item = node("DATE", name, (), rel)
    item.Date = value
    return item


def person(name: str, value: str, rel: str = CONTEXT) -> Dataset:
    """Return a PNAME."""
    item = node("PNAME", name, (), rel)
    item.PersonName = value
    return item


def qualified(item: Dataset, qualifier: str) -> Dataset:
    """Return a NUM with a Numeric Value Qualifier beside its value."""
    item.NumericValueQualifierCodeSequence = [coded(qualifier)]
    return item


def observed(item: Dataset, when: str) -> Dataset:
    """Return an item with its own time (DT)."""
    item.ObservationDateTime = when
    return item
