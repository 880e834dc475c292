"""Vessels and organs: Siemens, GE LOGIQ."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import (
    DERIVATION,
    FINDINGS,
    LATERALITY,
    LEFT,
    MEAN,
    MODE,
    MODIFIER,
    SITE,
    TOPOGRAPHY,
    TWO_D,
    code,
    container,
    dataset,
    num,
    text,
)
from tests.sr.vendors.case import DISTANCE, PSV, Cases, chosen, one


def neck(side: str, *items: Dataset) -> Dataset:
    """Return the section of one side of the neck."""
    return container(
        FINDINGS,
        code(SITE, "SRT|T-45005|Artery of neck"),
        code(LATERALITY, side),
        *items,
    )


ICA = "SRT|T-45300|Internal Carotid Artery"
CCA = "SRT|T-45100|Common Carotid Artery"
RATIO = "LN|33868-1|ICA/CCA velocity ratio"

VESSELS: Cases = {
    "Siemens: segments of a vessel": (
        dataset(
            neck(
                "SRT|G-A101|Left",
                container(CCA, code(TOPOGRAPHY, "SRT|G-A118|Proximal"), num(PSV, "80", "cm/s")),
                container(CCA, code(TOPOGRAPHY, "SRT|G-A119|Distal"), num(PSV, "80", "cm/s")),
                container(ICA, num(PSV, "90", "cm/s")),
                num(RATIO, "1.12", "1"),
            ),
            neck("SRT|G-A100|Right", num(RATIO, "1.12", "1")),
            template="5100",
        ),
        [
            one(
                PSV,
                "80",
                "cm/s",
                site="Common Carotid Artery",
                laterality="Left",
                topography="Proximal",
            ),
            one(
                PSV,
                "80",
                "cm/s",
                site="Common Carotid Artery",
                laterality="Left",
                topography="Distal",
            ),
            one(PSV, "90", "cm/s", site="Internal Carotid Artery", laterality="Left"),
            one(RATIO, "1.12", "", site="Artery of neck", laterality="Left"),
            one(RATIO, "1.12", "", site="Artery of neck", laterality="Right"),
        ],
    ),
    "LOGIQ: organs in a report for vessels": (
        dataset(
            container(
                FINDINGS,
                code(SITE, "SRT|T-46002|Artery of Abdomen"),
                code(LATERALITY, LEFT),
                code(MODE, TWO_D),
                container(
                    "SRT|T-71000|Kidney",
                    num("SRT|G-A22A|Length", "10.93", "cm", code(DERIVATION, MEAN), chosen()),
                    num("SRT|G-A22A|Length", "10.93", "cm", code(DERIVATION, MEAN)),
                ),
            ),
            template="5100",
        ),
        [
            one(
                "Length",
                "10.93",
                "cm",
                site="Kidney",
                laterality="Left",
                mode="2D mode",
                derivation="Mean",
                selection="Mean value chosen",
            )
        ],
    ),
    "LOGIQ: the user's words name a distance": (
        dataset(
            container(
                "99GEMS|GEU-1005-3|General Anatomy",
                text("99GEMS|GEU-1005-7|Anatomy Label", "Abdomen", rel=MODIFIER),
                num(
                    DISTANCE,
                    "0.41",
                    "cm",
                    text("99GEMS|GEU-1005-5|Measurement Label", "DHC", rel=MODIFIER),
                ),
                num(
                    DISTANCE,
                    "0.41",
                    "cm",
                    text("99GEMS|GEU-1005-5|Measurement Label", "Pfortader", rel=MODIFIER),
                ),
            )
        ),
        [
            one(DISTANCE, "0.41", "cm", site="Abdomen", label="DHC"),
            one(DISTANCE, "0.41", "cm", site="Abdomen", label="Pfortader"),
        ],
    ),
    "LOGIQ: intima and media by average, maximum and count": (
        dataset(
            neck(
                LEFT,
                num("99GEMS|GEU-1005-26|IMT Posterior Average", "0.071", "cm"),
                num("99GEMS|GEU-1005-27|IMT Posterior Max", "0.082", "cm"),
                num("99GEMS|GEU-1005-30|IMT Posterior nMeas", "112", "1"),
            )
        ),
        [
            one("IMT Posterior Average", "0.071", "cm", site="Artery of neck", laterality="Left"),
            one("IMT Posterior Max", "0.082", "cm", site="Artery of neck", laterality="Left"),
            one("IMT Posterior nMeas", "112", "", site="Artery of neck", laterality="Left"),
        ],
    ),
}
