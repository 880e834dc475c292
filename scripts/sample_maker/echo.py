"""The echocardiography report: Comprehensive SR after TID 5200 (PS3.16), 30 numeric values.

Sites, modes and methods are those of CID 12236, 12224 and 12227, concepts those of CID 12200 to
12215 and 12309. What makes real reports hard is in it on purpose: one concept in two modes and two
units, three beats beside their mean, a site that overrides its section's, a negative strain, and a
value with the noise of single precision.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from sample_maker import tree
from sample_maker.cast import ECHO
from sample_maker.part10 import add_equipment
from sample_maker.uids import sample_uid

FINDINGS: Final = "121070|DCM|Findings"
SITE: Final = "363698007|SCT|Finding Site"
GROUP: Final = "125007|DCM|Measurement Group"
MODE: Final = "399264008|SCT|Image Mode"
METHOD: Final = "370129005|SCT|Measurement Method"
DERIVATION: Final = "121401|DCM|Derivation"
FLOW: Final = "260674002|SCT|Direction of Flow"
SELECTION: Final = "121404|DCM|Selection Status"

TWO_D: Final = "399064001|SCT|2D mode"
M_MODE: Final = "399155008|SCT|M mode"
PULSED: Final = "261199008|SCT|Doppler Pulsed"
CONTINUOUS: Final = "261198000|SCT|Doppler Continuous Wave"
TISSUE: Final = "439858009|SCT|Tissue Doppler Imaging"
SPECKLE: Final = "130679|DCM|2D Speckle Tracking"

MEAN: Final = tree.code(tree.HAS_CONCEPT_MOD, DERIVATION, "373098007|SCT|Mean")
MEAN_CHOSEN: Final = tree.code(tree.HAS_PROPERTIES, SELECTION, "121412|DCM|Mean value chosen")
LATEST_CHOSEN: Final = tree.code(
    tree.HAS_PROPERTIES, SELECTION, "121411|DCM|Most recent value chosen"
)
BIPLANE: Final = tree.code(tree.HAS_CONCEPT_MOD, METHOD, "125207|DCM|Method of Disks, Biplane")
MASS_BY_M_MODE: Final = tree.code(
    tree.HAS_CONCEPT_MOD, METHOD, "125221|DCM|Left Ventricle Mass by M-mode"
)
ANTEGRADE: Final = tree.code(tree.HAS_CONCEPT_MOD, FLOW, "263677008|SCT|Antegrade Flow")
REGURGITANT: Final = tree.code(tree.HAS_CONCEPT_MOD, FLOW, "397417004|SCT|Regurgitant Flow")
LATERAL: Final = tree.code(tree.HAS_CONCEPT_MOD, SITE, "399086000|SCT|Lateral Mitral Annulus")
MEDIAL: Final = tree.code(tree.HAS_CONCEPT_MOD, SITE, "399093001|SCT|Medial Mitral Annulus")

LVIDD: Final = "29436-3|LN|Left Ventricle Internal End Diastolic Dimension"
EF: Final = "18043-0|LN|Left Ventricular Ejection Fraction by US"
IVSD: Final = "18154-5|LN|Interventricular Septum Diastolic Thickness"
EARLY: Final = "399133000|SCT|Left Ventricular Peak Early Diastolic Tissue Velocity"
PEAK: Final = "11726-7|LN|Peak Systolic Velocity"


class Value(NamedTuple):
    """One NUM: concept, value as the device writes it (DS), unit (UCUM), what qualifies it."""

    concept: str
    value: str
    unit: str
    qualifiers: tuple[Dataset, ...] = ()


SECTIONS: Final[tuple[tuple[str, str, tuple[Value, ...]], ...]] = (
    (
        "87878005|SCT|Left ventricle",
        TWO_D,
        (
            Value(LVIDD, "48.2", "mm", (MEAN, MEAN_CHOSEN)),
            Value("29438-9|LN|Left Ventricle Internal Systolic Dimension", "31.5", "mm"),
            Value(IVSD, "9.4", "mm", (LATEST_CHOSEN,)),
            Value("18152-9|LN|Left Ventricle Posterior Wall Diastolic Thickness", "9.1", "mm"),
            Value("18026-5|LN|Left Ventricular End Diastolic Volume", "118.4", "ml", (BIPLANE,)),
            Value("18148-7|LN|Left Ventricular End Systolic Volume", "46.2", "ml", (BIPLANE,)),
            Value(EF, "59.8", "%", (BIPLANE,)),
            Value(EF, "61.3", "%", (BIPLANE,)),
            Value(EF, "61.9", "%", (BIPLANE,)),
            Value(EF, "61.0", "%", (BIPLANE, MEAN, MEAN_CHOSEN)),
        ),
    ),
    (
        "87878005|SCT|Left ventricle",
        M_MODE,
        (
            Value(IVSD, "0.95", "cm", (LATEST_CHOSEN,)),
            Value("18087-7|LN|Left Ventricle Mass", "168.25", "g", (MASS_BY_M_MODE,)),
        ),
    ),
    (
        "87878005|SCT|Left ventricle",
        SPECKLE,
        (
            Value(
                "130690|DCM|LV Peak Systolic GLS Multiview Mean (Endocardial)",
                "-19.4",
                "%",
                (LATEST_CHOSEN,),
            ),
        ),
    ),
    (
        "82471001|SCT|Left atrium",
        TWO_D,
        (
            Value("29469-4|LN|Left Atrium Antero-posterior Systolic Dimension", "36", "mm"),
            Value("399235004|SCT|Left Atrium Systolic Volume", "54.3", "ml", (BIPLANE,)),
        ),
    ),
    (
        "91134007|SCT|Mitral Valve",
        PULSED,
        (
            Value("18037-2|LN|Mitral Valve E-Wave Peak Velocity", "78.4", "cm/s", (ANTEGRADE,)),
            Value("17978-8|LN|Mitral Valve A-Wave Peak Velocity", "61.2", "cm/s", (ANTEGRADE,)),
            Value("18038-0|LN|Mitral Valve E to A Ratio", "1.2810457516339", "1"),
            Value("399354002|SCT|Mitral Valve E-Wave Deceleration Time", "187", "ms"),
        ),
    ),
    (
        "91134007|SCT|Mitral Valve",
        TISSUE,
        (
            Value(EARLY, "12.1", "cm/s", (LATERAL,)),
            Value(EARLY, "9.3", "cm/s", (MEDIAL,)),
        ),
    ),
    (
        "34202007|SCT|Aortic Valve",
        CONTINUOUS,
        (
            Value(PEAK, "128", "cm/s", (ANTEGRADE,)),
            Value("20256-4|LN|Mean Gradient", "3.4", "mm[Hg]", (ANTEGRADE,)),
            Value("20354-7|LN|Velocity Time Integral", "27.1", "cm", (ANTEGRADE,)),
        ),
    ),
    (
        "46030003|SCT|Tricuspid Valve",
        CONTINUOUS,
        (Value(PEAK, "231", "cm/s", (REGURGITANT,)),),
    ),
    (
        "53085002|SCT|Right ventricle",
        M_MODE,
        (
            Value(
                "77903-3|LN|Tricuspid Annular Plane Systolic Excursion (TAPSE)",
                "23",
                "mm",
                (LATEST_CHOSEN,),
            ),
        ),
    ),
    (
        "15825003|SCT|Aorta",
        TWO_D,
        (Value("18015-8|LN|Aortic Root Diameter", "33.0999984741211", "mm"),),
    ),
)
"""(Finding Site, Image Mode, values) of each section, in the report's order."""


def echo_report(images: list[Dataset]) -> Dataset:
    """Return the report of the echo study; ``images`` are its evidence, the first was measured."""
    first = images[0]
    root = [
        tree.code(
            tree.HAS_CONCEPT_MOD,
            "121049|DCM|Language of Content Item and Descendants",
            "en|RFC5646|English",
        ),
        tree.code(tree.HAS_OBS_CONTEXT, "121005|DCM|Observer Type", "121007|DCM|Device"),
        _device_observer(),
        _patient_characteristics(),
    ]
    root += [_section(site, mode, values, first) for site, mode, values in SECTIONS]
    ds = tree.document(
        ECHO, "125200|DCM|Adult Echocardiography Procedure Report", ("DCMR", "5200"), root
    )
    ds.CurrentRequestedProcedureEvidenceSequence = Sequence([tree.evidence(images)])
    add_equipment(ds, "Invented Ultrasound", "Example 1", "1.0")
    return ds


def _device_observer() -> Dataset:
    item = Dataset()
    item.RelationshipType = tree.HAS_OBS_CONTEXT
    item.ValueType = "UIDREF"
    item.ConceptNameCodeSequence = Sequence([tree.coded("121012|DCM|Device Observer UID")])
    item.UID = sample_uid("device echo")
    return item


def _patient_characteristics() -> Dataset:
    formula = tree.code(
        tree.INFERRED_FROM,
        "8278-4|LN|Body Surface Area Formula",
        "122241|DCM|BSA = 0.007184*WT^0.425*HT^0.725",
    )
    return tree.container(
        "121118|DCM|Patient Characteristics",
        tree.num("8302-2|LN|Patient Height", "182", "cm"),
        tree.num("29463-7|LN|Patient Weight", "84", "kg"),
        tree.num("8277-6|LN|Body Surface Area", "2.0549", "m2", formula),
    )


def _section(site: str, mode: str, values: tuple[Value, ...], measured_in: Dataset) -> Dataset:
    items = []
    for value in values:
        children = list(value.qualifiers)
        if value.concept == LVIDD:
            children.append(tree.image(measured_in.SOPClassUID, measured_in.SOPInstanceUID))
        items.append(tree.num(value.concept, value.value, value.unit, *children))
    group = tree.container(GROUP, tree.code(tree.HAS_CONCEPT_MOD, MODE, mode), *items)
    return tree.container(FINDINGS, tree.code(tree.HAS_CONCEPT_MOD, SITE, site), group)
