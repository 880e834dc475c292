"""Private trees: user-defined values of Philips, tables of SonoScape."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import (
    LATERALITY,
    LEFT,
    LVIDD,
    RIGHT,
    code,
    container,
    dataset,
    echo_section,
    num,
    row,
    sonoscape,
    text,
)
from tests.sr.vendors.case import Cases, by_reference, one


def philips(label: str, value: str, unit: str, *more: Dataset) -> Dataset:
    """Return a user-defined measurement: a label, perhaps a side, a number called Value."""
    return container(
        "99PMSBLUS|T9900-02|Measurement",
        text("99PMSBLUS|T9900-04|Label", label),
        *more,
        num("99PMSBLUS|T9900-05|Value", value, unit),
    )


USER_DEFINED = "99PMSBLUS|T9900-01|User-defined concepts"
PHILIPS_VALUE = "99PMSBLUS|T9900-05|Value"

PHILIPS: Cases = {
    "Philips: a label names the value": (
        dataset(container(USER_DEFINED, philips("Nodule 1", "12.5", "mm"))),
        [one(PHILIPS_VALUE, "12.5", "mm", label="Nodule 1")],
    ),
    "Philips: the side is in the label": (
        dataset(
            container(
                USER_DEFINED,
                philips("Lt Ovary Vol", "7.1", "cm3"),
                philips("Rt Ovary Vol", "7.1", "cm3"),
            )
        ),
        [
            one(PHILIPS_VALUE, "7.1", "cm3", label="Lt Ovary Vol", laterality="Left"),
            one(PHILIPS_VALUE, "7.1", "cm3", label="Rt Ovary Vol", laterality="Right"),
        ],
    ),
    "Philips: the side is a code": (
        dataset(
            container(
                USER_DEFINED,
                philips("Ureter", "4", "mm", code(LATERALITY, LEFT)),
                philips("Ureter", "4", "mm", code(LATERALITY, RIGHT)),
            )
        ),
        [
            one(PHILIPS_VALUE, "4", "mm", label="Ureter", laterality="Left"),
            one(PHILIPS_VALUE, "4", "mm", label="Ureter", laterality="Right"),
        ],
    ),
    "Philips: a calculation of two numbers": (
        dataset(
            container(
                USER_DEFINED,
                container(
                    "99PMSBLUS|T9900-03|Calculation",
                    text("99PMSBLUS|T9900-04|Label", "Residual urine"),
                    num("99PMSBLUS|T9900-05|Value", "33", "ml", by_reference()),
                ),
            )
        ),
        [one(PHILIPS_VALUE, "33", "ml", label="Residual urine")],
    ),
}


SONOSCAPE: Cases = {
    "SonoScape: the aggregate stands for its readings": (
        sonoscape(
            row("THY_L_LEN", "Thyroid L Length", "0", "48.1"),
            row("THY_L_LEN", "Thyroid L Length", "1", "47.5"),
            row("THY_L_LEN", "Thyroid L Length", "-1", "47.80"),
            row("THY_R_LEN", "Thyroid R Length", "-1", "47.80"),
            row("THY_R_W", "Thyroid R Width", "-1", "-1"),
        ),
        [
            one("Thyroid L Length", "47.80", "mm", mode="2D"),
            one("Thyroid R Length", "47.80", "mm", mode="2D"),
        ],
    ),
    "SonoScape: -1 is nothing, strain is negative": (
        dataset(
            echo_section(
                num(LVIDD, "-1", "mm"),
                num("99SS|1|Strain", "-18.4", "%"),
            ),
            Manufacturer="SonoScape Medical Corp.",
        ),
        [one("Strain", "-18.4", "%", site="Left Ventricle", mode="2D mode")],
    ),
    "others: -1 is a value": (
        dataset(echo_section(num("DCM|125013|Growth Z-score", "-1", "1"))),
        [one("Growth Z-score", "-1", "", site="Left Ventricle", mode="2D mode")],
    ),
}
