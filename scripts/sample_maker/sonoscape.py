"""SonoScape's own reports: flat lists of measurements under private codes.

Each measurement is a container 10020 with its id (10031), name (10033), image mode (10036), result
number (10037: -1 is the average, 0 and up are the single results), value (10041), display unit
(10042) and whether it was edited by hand (10043). The firmware writes the template identifier as
SONO1000 or SONO10000.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pydicom.dataset import Dataset

from sample_maker import tree
from sample_maker.cast import ABDOMEN, THYROID, Study
from sample_maker.part10 import add_equipment

SCHEME: Final = "SONOSCAPE"
AVERAGE: Final = -1


class Row(NamedTuple):
    """One container 10020; ``value`` is a decimal string in ``unit``."""

    id: str
    name: str
    mode: str
    result: int
    value: str
    unit: str
    edited: bool = False


ABDOMEN_ROWS: Final = (
    Row("ABD_LIVER_L", "Liver Length", "2D", 0, "138.6", "mm"),
    Row("ABD_LIVER_L", "Liver Length", "2D", 1, "140.2", "mm"),
    Row("ABD_LIVER_L", "Liver Length", "2D", AVERAGE, "139.40", "mm"),
    Row("ABD_GB_WALL", "Gallbladder Wall", "2D", 0, "2.1", "mm"),
    Row("ABD_GB_WALL", "Gallbladder Wall", "2D", AVERAGE, "2.10", "mm"),
    Row("ABD_CBD", "Common Bile Duct", "2D", 0, "4.4", "mm", edited=True),
    Row("ABD_CBD", "Common Bile Duct", "2D", AVERAGE, "4.40", "mm"),
    Row("ABD_SPLEEN_L", "Spleen Length", "2D", AVERAGE, "10.70", "cm"),
    Row("ABD_R_KID_L", "Right Kidney Length", "2D", 0, "108.3", "mm"),
    Row("ABD_L_KID_L", "Left Kidney Length", "2D", 0, "111.9", "mm"),
    Row("ABD_BLADDER_V", "Bladder Volume", "2D", AVERAGE, "186.25", "ml"),
    Row("ABD_AO_PROX", "Aorta Proximal Diameter", "2D", 0, "19.7999992370605", "mm"),
    Row("ABD_PV_VEL", "Portal Vein Velocity", "PW", 0, "18.2", "cm/s"),
)
THYROID_ROWS: Final = (
    Row("THY_R_LEN", "Schilddrüse re. Länge", "2D", 0, "49.2", "mm"),
    Row("THY_R_LEN", "Schilddrüse re. Länge", "2D", 1, "48.6", "mm"),
    Row("THY_R_LEN", "Schilddrüse re. Länge", "2D", AVERAGE, "48.90", "mm"),
    Row("THY_R_W", "Schilddrüse re. Breite", "2D", AVERAGE, "17.30", "mm"),
    Row("THY_R_D", "Schilddrüse re. Tiefe", "2D", AVERAGE, "16.10", "mm"),
    Row("THY_R_VOL", "Schilddrüse re. Volumen", "2D", AVERAGE, "6.52", "ml"),
    Row("THY_L_LEN", "Schilddrüse li. Länge", "2D", AVERAGE, "47.40", "mm"),
    Row("THY_L_W", "Schilddrüse li. Breite", "2D", AVERAGE, "16.80", "mm"),
    Row("THY_L_D", "Schilddrüse li. Tiefe", "2D", AVERAGE, "15.50", "mm"),
    Row("THY_L_VOL", "Schilddrüse li. Volumen", "2D", AVERAGE, "5.91", "ml"),
    Row("THY_ISTHMUS", "Isthmus", "2D", 0, "3.2", "mm", edited=True),
    Row("THY_NOD1_L", "Knoten 1 Länge", "2D", 0, "8.7", "mm"),
)


def abdomen_report() -> Dataset:
    """Return the abdomen report, template identifier SONO10000."""
    return _report(ABDOMEN, "Abdomen", "SONO10000", ABDOMEN_ROWS)


def thyroid_report() -> Dataset:
    """Return the thyroid report, template identifier SONO1000."""
    return _report(THYROID, "Small Parts", "SONO1000", THYROID_ROWS)


def _report(study: Study, application: str, template: str, rows: tuple[Row, ...]) -> Dataset:
    content = tree.container(_private(10010, application), *(_measurement(row) for row in rows))
    title = _private(10000, "Ultrasound Report")
    ds = tree.document(study, title, (SCHEME, template), [content])
    add_equipment(ds, "SonoScape", "S9", "3.0.8")
    return ds


def _private(number: int, meaning: str) -> str:
    return f"{number}|{SCHEME}|{meaning}"


def _measurement(row: Row) -> Dataset:
    return tree.container(
        _private(10020, "Measurement"),
        tree.text(_private(10031, "ID"), row.id),
        tree.text(_private(10033, "Name"), row.name),
        tree.text(_private(10036, "Source"), row.mode),
        tree.text(_private(10037, "Result Number"), str(row.result)),
        tree.num(_private(10041, "Value"), row.value, row.unit),
        tree.text(_private(10042, "Display Unit"), row.unit),
        tree.text(_private(10043, "Manually Edited"), str(int(row.edited))),
    )
