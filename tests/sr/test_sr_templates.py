"""One value of each kind of ultrasound report, with what its template spreads over the tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Report, read_report
from tests.sr.builder import (
    CYCLE,
    FLOW,
    GROUP,
    LATERALITY,
    LEFT,
    LEFT_VENTRICLE,
    METHOD,
    MODE,
    RIGHT,
    SITE,
    TOPOGRAPHY,
    code,
    container,
    dataset,
    num,
    text,
    write,
)

Read = Callable[[Dataset], Report]

FINDINGS = "LN|59776-5|Findings"
CONTEXT = "HAS OBS CONTEXT"

OBSTETRIC = container(
    FINDINGS,
    code(SITE, "SRT|T-87600|Ovarian Follicle"),
    code(LATERALITY, RIGHT),
    container(
        GROUP,
        text("LN|12510-4|Identifier", "#1", rel=CONTEXT),
        num("LN|11793-7|Follicle Diameter", "14", "mm"),
    ),
)
VASCULAR = container(
    FINDINGS,
    code(SITE, "SRT|T-45005|Artery of neck"),
    code(LATERALITY, LEFT),
    container(
        "SRT|T-45300|Internal Carotid Artery",
        code(TOPOGRAPHY, "SRT|G-A118|Proximal"),
        num("LN|11726-7|Peak Systolic Velocity", "92.4", "cm/s"),
    ),
)
ECHO = container(
    FINDINGS,
    code(SITE, "SRT|T-35300|Mitral Valve"),
    container(
        GROUP,
        code(MODE, "SRT|R-409E4|Doppler Pulsed"),
        text("DCM|125203|Acquisition Protocol", "Rest", rel="HAS CONCEPT MOD"),
        code("LN|18139-6|Stage", "SRT|F-01604|Baseline", rel="HAS ACQ CONTEXT"),
        num(
            "LN|11726-7|Peak Velocity",
            "0.9",
            "m/s",
            code(CYCLE, "SRT|F-32020|Systole"),
            code(FLOW, "SRT|R-42047|Antegrade Flow"),
            code(METHOD, "DCM|125218|Simplified Bernoulli"),
            code("DCM|111031|Image View", "SRT|G-A19C|Apical four chamber"),
        ),
    ),
)
SIMPLIFIED = container(
    "DCM|125301|Pre-coordinated Measurements",
    num(
        "LN|29436-3|LV Internal End Diastolic Dimension",
        "4.8",
        "cm",
        code("SCT|363698007|Finding Site", "SCT|87878005|Left Ventricle"),
        text("DCM|125309|Short Label", "LVIDD", rel="HAS CONCEPT MOD"),
    ),
)
LESION = container(
    "DCM|126010|Imaging Measurements",
    container(
        GROUP,
        text("DCM|112039|Tracking Identifier", "Nodule 1", rel=CONTEXT),
        code("SCT|363698007|Finding Site", "SCT|69748006|Thyroid", code(LATERALITY, LEFT)),
        num("SCT|410668003|Length", "12", "mm"),
    ),
)
GENERAL = container(
    "DCM|126010|Imaging Measurements",
    container(
        GROUP,
        code("SCT|363698007|Finding Site", "SCT|10200004|Liver"),
        num("DCM|130611|Shear Wave Speed", "1.4", "m/s"),
    ),
)
BREAST = container(
    FINDINGS,
    code("SCT|363698007|Finding Site", "SCT|76752008|Breast"),
    code("SCT|272741003|Laterality", "SCT|7771000|Left"),
    container(
        GROUP,
        text("DCM|112039|Tracking Identifier", "Mass 2", rel=CONTEXT),
        num("SCT|103339001|Long Axis", "9", "mm"),
    ),
)

TEMPLATES: list[tuple[str, Dataset, dict[str, str | None]]] = [
    ("5000", OBSTETRIC, {"site": "Ovarian Follicle", "laterality": "Right", "label": "#1"}),
    (
        "5100",
        VASCULAR,
        {"site": "Internal Carotid Artery", "laterality": "Left", "topography": "Proximal"},
    ),
    (
        "5200",
        ECHO,
        {
            "site": "Mitral Valve",
            "mode": "Doppler Pulsed",
            "protocol": "Rest",
            "stage": "Baseline",
            "phase": "Systole",
            "flow": "Antegrade Flow",
            "method": "Simplified Bernoulli",
            "view": "Apical four chamber",
        },
    ),
    ("5300", SIMPLIFIED, {"site": "Left Ventricle", "label": "LVIDD"}),
    ("1500", LESION, {"site": "Thyroid", "laterality": "Left", "group": "Nodule 1"}),
    ("12000", GENERAL, {"site": "Liver", "section": "Imaging Measurements"}),
    ("4200", BREAST, {"site": "Breast", "laterality": "Left", "group": "Mass 2"}),
]
FIELDS = (
    *("site", "laterality", "topography", "mode", "method", "phase", "flow", "view", "stage"),
    *("protocol", "fetus", "label", "derivation", "selection", "group", "companion_of"),
)


@pytest.mark.parametrize(
    ("template", "section", "expected"), TEMPLATES, ids=[row[0] for row in TEMPLATES]
)
def test_value_of_each_template(
    read: Read, template: str, section: Dataset, expected: dict[str, str | None]
) -> None:
    """Every modifier arrives in its field, and no other field is filled."""
    (one,) = read(dataset(section, template=template)).measurements
    wanted = dict.fromkeys(FIELDS) | expected
    assert {key: getattr(one, key) for key in wanted} == wanted


STORAGE = "1.2.840.10008.5.1.4.1.1.88."


@pytest.mark.parametrize("sop_class", ["22", "33", "34", "35", "72"])
def test_every_class_that_may_hold_numbers_is_read(tmp_path: Path, sop_class: str) -> None:
    """Enhanced, Comprehensive, Comprehensive 3D, Extensible, Simplified Adult Echo."""
    report = dataset(
        container(FINDINGS, code(SITE, LEFT_VENTRICLE), num("LN|29436-3|LVIDd", "4.8", "cm")),
        SOPClassUID=STORAGE + sop_class,
    )
    assert len(read_report(write(report, tmp_path / "r.dcm")).measurements) == 1


def test_basic_text_has_no_values(tmp_path: Path) -> None:
    """A report of sentences is a report of nothing to measure."""
    report = dataset(
        container(FINDINGS, text("DCM|121071|Finding", "Leber unauff\u00e4llig, 12 cm")),
        SOPClassUID=STORAGE + "11",
        template=None,
    )
    found = read_report(write(report, tmp_path / "r.dcm"))
    assert (found.measurements, found.warnings) == ((), ())
