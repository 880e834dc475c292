"""Whatever is measured: TID 1500, 4200, 12000."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import DERIVATION, GROUP, code, container, dataset, num
from tests.sr.vendors.case import (
    KIDNEY,
    LENGTH,
    LIVER,
    SCT_LEFT,
    SCT_RIGHT,
    SCT_SIDE,
    SCT_SITE,
    Cases,
    chosen,
    one,
)


def elasticity(value: str, *more: Dataset) -> Dataset:
    """Return one shear wave reading."""
    return num("DCM|130999|Shear Wave Elasticity", value, "kPa", *more)


GENERAL: Cases = {
    "a site in a site's side": (
        dataset(
            container(
                GROUP,
                code(SCT_SITE, KIDNEY, code(SCT_SIDE, SCT_LEFT)),
                num(LENGTH, "109", "mm"),
            ),
            container(
                GROUP,
                code(SCT_SITE, KIDNEY, code(SCT_SIDE, SCT_RIGHT)),
                num(LENGTH, "109", "mm"),
            ),
            template="12000",
        ),
        [
            one("Length", "109", "mm", site="Kidney", laterality="Left"),
            one("Length", "109", "mm", site="Kidney", laterality="Right"),
        ],
    ),
    "general ultrasound: a median of shear waves is one value": (
        dataset(
            container(
                GROUP,
                code(SCT_SITE, LIVER),
                elasticity(
                    "5.6",
                    code(DERIVATION, "SCT|373099004|Median"),
                    chosen("DCM|121410|User chosen value"),
                ),
            ),
            template="12000",
        ),
        [
            one(
                "Shear Wave Elasticity",
                "5.6",
                "kPa",
                site="Liver",
                derivation="Median",
                selection="User chosen value",
            )
        ],
    ),
}
