"""Obstetrics: Samsung, Voluson, Canon, GE."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import (
    DERIVATION,
    FINDINGS,
    GROUP,
    LATERALITY,
    LEFT,
    MEAN,
    PROPERTY,
    RIGHT,
    SELECTION,
    SITE,
    code,
    container,
    dataset,
    num,
    text,
)
from tests.sr.vendors.case import (
    AGE,
    BIOMETRY,
    BIOMETRY_GROUP,
    BPD,
    CONTEXT,
    EDV,
    PSV,
    SUMMARY,
    Cases,
    by_reference,
    fetus,
    image,
    inferred,
    one,
)

UMBILICAL = "SRT|T-F1810|Umbilical Artery"
UTERINE = "SRT|T-46820|Uterine Artery"


def biometry(which: str, *items: Dataset) -> Dataset:
    """Return the biometry of one fetus with one group."""
    return container(BIOMETRY, fetus(which), container(BIOMETRY_GROUP, *items))


def vessel(name: str, side: str, psv: str, edv: str) -> Dataset:
    """Return a vessel's container with its side inside, as Samsung writes it."""
    return container(name, code(LATERALITY, side), num(PSV, psv, "cm/s"), num(EDV, edv, "cm/s"))


OBSTETRICS: Cases = {
    "Samsung: a vessel's side stands in its container": (
        dataset(
            container(
                FINDINGS,
                code(SITE, "SRT|T-D6007|Pelvic Vascular Structure"),
                vessel(UTERINE, LEFT, "61.2", "21"),
                vessel(UTERINE, RIGHT, "58.0", "21"),
                container(UMBILICAL, fetus("A"), num(PSV, "40", "cm/s")),
                container(UMBILICAL, fetus("B"), num(PSV, "40", "cm/s")),
            ),
            template="5000",
        ),
        [
            one(PSV, "61.2", "cm/s", site="Uterine Artery", laterality="Left"),
            one(EDV, "21", "cm/s", site="Uterine Artery", laterality="Left"),
            one(PSV, "58.0", "cm/s", site="Uterine Artery", laterality="Right"),
            one(EDV, "21", "cm/s", site="Uterine Artery", laterality="Right"),
            one(PSV, "40", "cm/s", site="Umbilical Artery", fetus="A"),
            one(PSV, "40", "cm/s", site="Umbilical Artery", fetus="B"),
        ],
    ),
    "Samsung: private codes beside LOINC": (
        dataset(
            container(
                BIOMETRY,
                fetus("A"),
                num("99SAMSUNG|99005-12|Cerebroplacental Ratio", "1.9", "{ratio}"),
                num("99SAMSUNG|99508-0|MCA PI", "1.71", "1"),
            ),
            template="5000",
        ),
        [
            one("Cerebroplacental Ratio", "1.9", "", fetus="A"),
            one("MCA PI", "1.71", "", fetus="A"),
        ],
    ),
    "Voluson: percentiles and limits are properties, ranks are values": (
        dataset(
            biometry(
                "A",
                num(BPD, "5.5", "cm"),
                num(
                    AGE,
                    "190",
                    "d",
                    inferred("LN|11905-7|BPD, Jeanty 1982"),
                    num("SRT|R-00397|5th Percentile Value of population", "131", "d", rel=PROPERTY),
                    num(
                        "SRT|R-00337|95th Percentile Value of population", "173", "d", rel=PROPERTY
                    ),
                    num("DCM|121416|Z-Score of measurement", "0.3", "1", rel=PROPERTY),
                ),
                num("DCM|125012|Growth Percentile Rank", "63", "%"),
                num("DCM|125013|Growth Z-score", "-0.4", "{0}"),
            ),
            template="5000",
        ),
        [
            one(BPD, "5.5", "cm", fetus="A"),
            one(AGE, "190", "d", fetus="A", method="BPD, Jeanty 1982"),
            one("Growth Percentile Rank", "63", "%", fetus="A"),
            one("Growth Z-score", "-0.4", "", fetus="A"),
        ],
    ),
    "Voluson: twins have the same numbers and stay two": (
        dataset(
            biometry("A", num(BPD, "5.4", "cm", code(DERIVATION, MEAN))),
            biometry("B", num(BPD, "5.4", "cm", code(DERIVATION, MEAN))),
            template="5000",
        ),
        [
            one(BPD, "5.4", "cm", fetus="A", derivation="Mean"),
            one(BPD, "5.4", "cm", fetus="B", derivation="Mean"),
        ],
    ),
    "Voluson: gestational ages are told apart by their table": (
        dataset(
            container(
                SUMMARY,
                container(
                    "DCM|125008|Fetus Summary",
                    fetus("1"),
                    num(AGE, "190", "d", inferred("LN|11902-4|BPD, Hadlock 1984")),
                    num(AGE, "190", "d", inferred("LN|11932-1|HC, Hadlock 1984")),
                ),
            ),
            template="5000",
        ),
        [
            one(AGE, "190", "d", fetus="1", method="BPD, Hadlock 1984"),
            one(AGE, "190", "d", fetus="1", method="HC, Hadlock 1984"),
        ],
    ),
    "Canon: the number of fetuses describes the exam": (
        dataset(
            container(
                SUMMARY,
                container(
                    "DCM|125008|Fetus Summary",
                    fetus("1"),
                    num("LN|11878-6|Number of Fetuses", "1", "1", rel=CONTEXT),
                    num(
                        "LN|11948-7|Fetal Heart Rate",
                        "144",
                        "{H.B.}/min",
                        code(SELECTION, "DCM|121411|Most recent value chosen"),
                    ),
                ),
            ),
            template="5000",
        ),
        [
            one(
                "Fetal Heart Rate",
                "144",
                "/min",
                fetus="1",
                selection="Most recent value chosen",
            )
        ],
    ),
    "Canon: a fetus may be a number": (
        dataset(
            container(
                BIOMETRY,
                num("DCM|121037|Fetus number", "2", "1", rel=CONTEXT),
                num(BPD, "8.35", "cm"),
            )
        ),
        [one(BPD, "8.35", "cm", fetus="2")],
    ),
    "GE: Doppler groups of a fetus": (
        dataset(
            container(
                "99GEMS|GEU-1002-1|Fetal Doppler",
                fetus("A"),
                container(
                    "99GEMS|GEU-1002-2|Doppler Group",
                    code(SITE, UMBILICAL),
                    num("LN|12008-9|Pulsatility Index", "1.02", "1", image(), by_reference()),
                ),
            )
        ),
        [one("Pulsatility Index", "1.02", "", fetus="A", site="Umbilical Artery")],
    ),
    "Follicles have names": (
        dataset(
            container(
                FINDINGS,
                code(SITE, "SRT|T-87600|Ovarian Follicle"),
                code(LATERALITY, RIGHT),
                container(
                    GROUP,
                    text("LN|12510-4|Identifier", "#1", rel=CONTEXT),
                    num("LN|11793-7|Follicle Diameter", "14", "mm"),
                ),
                container(
                    GROUP,
                    text("LN|12510-4|Identifier", "#2", rel=CONTEXT),
                    num("LN|11793-7|Follicle Diameter", "14", "mm"),
                ),
            )
        ),
        [
            one(
                "Follicle Diameter",
                "14",
                "mm",
                site="Ovarian Follicle",
                laterality="Right",
                label="#1",
            ),
            one(
                "Follicle Diameter",
                "14",
                "mm",
                site="Ovarian Follicle",
                laterality="Right",
                label="#2",
            ),
        ],
    ),
}
