"""Values that differ in one respect only, and reports whose order must not count."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import (
    GROUP,
    LATERALITY,
    LEFT,
    SITE,
    code,
    container,
    dataset,
    num,
    text,
)
from tests.sr.vendors.case import (
    AGE,
    BPD,
    BREAST,
    CONTEXT,
    DISTANCE,
    INFERRED,
    KIDNEY,
    LENGTH,
    LIVER,
    MITRAL_SCT,
    PSV,
    SCT_LEFT,
    SCT_SIDE,
    SCT_SITE,
    VOLUME,
    Cases,
    one,
)

TRACKING = "DCM|112039|Tracking Identifier"
TABLE = "DCM|121424|Table of Values"
BRANCH = "DCM|125101|Vessel Branch"
PROFUNDA = "SRT|T-47440|Profunda Femoris Artery"
KIDNEY_RT, SPLEEN_RT = "SRT|T-71000|Kidney", "SRT|T-C3000|Spleen"


def lesion(name: str, *numbers: Dataset) -> Dataset:
    """Return the measurement group of one lesion of the left breast."""
    return container(
        GROUP,
        text(TRACKING, name, rel=CONTEXT),
        code("DCM|121071|Finding", "SCT|27925004|Nodule", rel="CONTAINS"),
        code(SCT_SITE, BREAST, code(SCT_SIDE, SCT_LEFT)),
        *numbers,
    )


def lesions(*groups: Dataset) -> Dataset:
    """Return a measurement report of lesions."""
    return dataset(container("DCM|126010|Imaging Measurements", *groups), template="1500")


def branch(which: str) -> Dataset:
    """Return a branch of an artery with a velocity."""
    return container(PROFUNDA, code(BRANCH, which), num(PSV, "55", "cm/s"))


def old_logiq(value: str, side: str, where: str) -> Dataset:
    """Return a value in the layout of "GE Medical Systems"."""
    return container(
        "99GEMS|43126|Measurement",
        num("99GEMS|43128|Value", value, "cm"),
        text("99GEMS|43130|Parameter", f"Side={side}"),
        text("99GEMS|43133|Anatomy", where),
    )


def by_table(table: str) -> Dataset:
    """Return a gestational age that comes from a table."""
    return num(AGE, "190", "d", code(TABLE, table, rel=INFERRED))


def volume(unit: str, *more: Dataset) -> Dataset:
    """Return a volume of the mitral valve."""
    return num(VOLUME, "28", unit, code(SCT_SITE, MITRAL_SCT), *more)


SAID: Cases = {
    "gestational ages by two tables": (
        dataset(by_table("LN|11902-4|BPD, Hadlock 1984"), by_table("LN|11932-1|HC, Hadlock 1984")),
        [
            one(AGE, "190", "d", method="BPD, Hadlock 1984"),
            one(AGE, "190", "d", method="HC, Hadlock 1984"),
        ],
    ),
    "old LOGIQ: side and site are texts beside the value": (
        dataset(
            old_logiq("10.9", "Left", "Kidney"),
            old_logiq("10.9", "Right", "Kidney"),
            Manufacturer="GE Medical Systems",
        ),
        [
            one("Value", "10.9", "cm", laterality="Left", site="Kidney"),
            one("Value", "10.9", "cm", laterality="Right", site="Kidney"),
        ],
    ),
    "the same side on the site and on the value": (
        dataset(
            num(
                LENGTH,
                "1",
                "cm",
                code(SITE, KIDNEY, code(SCT_SIDE, SCT_LEFT)),
                code(LATERALITY, LEFT),
            )
        ),
        [one(LENGTH, "1", "cm", site="Kidney", laterality="Left")],
    ),
}
"""Values with what must be said of each."""

TOLD_APART: dict[str, Dataset] = {
    "two lesions of one size": lesions(
        lesion("L1", num(LENGTH, "12", "mm")), lesion("L2", num(LENGTH, "12", "mm"))
    ),
    "branches of a vessel": dataset(branch("SRT|G-A104|Lateral"), branch("SRT|G-A10A|Medial")),
    "indexed and not (TID 5302)": dataset(
        volume("ml"), volume("ml/m2", code("DCM|125308|Measurement Divisor", "LN|8277-6|BSA"))
    ),
    "modifiers nobody knows": dataset(
        volume("ml", code("99MAKER|7|Workflow", "99MAKER|8|Manual")),
        volume("ml", code("99MAKER|7|Workflow", "99MAKER|9|Automatic")),
    ),
    "private containers": dataset(
        container("99MAKER|K-L|Left Kidney", num(LENGTH, "109", "mm")),
        container("99MAKER|K-R|Right Kidney", num(LENGTH, "109", "mm")),
    ),
    "containers of parts that are no organ": dataset(
        container("SRT|G-0391|Medial Mitral Annulus", num(PSV, "9", "cm/s")),
        container("SRT|G-0392|Lateral Mitral Annulus", num(PSV, "9", "cm/s")),
    ),
    "containers of organs with a site of their own": dataset(
        container(KIDNEY_RT, code(SITE, "SRT|T-70001|Upper pole"), num(LENGTH, "1", "cm")),
        container(SPLEEN_RT, code(SITE, "SRT|T-70001|Upper pole"), num(LENGTH, "1", "cm")),
    ),
}
"""Two values each that must not share an identity."""


def at(moment: str, item: Dataset) -> Dataset:
    """Return an item with its own time."""
    item.ObservationDateTime = moment
    return item


ORDERLESS: dict[str, Dataset] = {
    "two sites of one value": dataset(
        num(DISTANCE, "12", "mm", code(SCT_SITE, LIVER), code(SCT_SITE, KIDNEY))
    ),
    "repeats that all stay": dataset(
        at("20240115103001", num(BPD, "5.5", "cm")), at("20240115103000", num(BPD, "5.3", "cm"))
    ),
}
"""Reports that must give the same when their siblings are turned round."""
