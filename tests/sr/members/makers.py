"""Layouts and languages of makers: what a report means follows its codes."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import (
    DERIVATION,
    FINDINGS,
    GROUP,
    PROPERTY,
    code,
    container,
    num,
    row,
    text,
)
from tests.sr.members.parts import (
    BIOMETRY,
    BIOMETRY_GROUP,
    BPD,
    CONTEXT,
    EF,
    GENERAL_TITLE,
    ICA,
    KIDNEY,
    LENGTH,
    LVIDD,
    PSV,
    SCT_MODE,
    SCT_SITE,
    SIDE,
    VASCULAR_TITLE,
    Member,
    echo,
    either,
    fetus,
    lv,
    obstetric,
    titled,
    told,
)

LEFT = "SCT|7771000|Left"
USER_DEFINED = "99PMSBLUS|T9900-01|User-defined concepts"


def old_layout(value: str, side: str, site: str) -> Dataset:
    """Return a value with side and site as texts beside it."""
    return container(
        "99GEMS|43126|Measurement",
        num("99GEMS|43128|Value", value, "cm"),
        text("99GEMS|43130|Side", f"Side={side}"),
        text("99GEMS|43133|Site", site),
    )


def user_defined(label: str, value: str, unit: str, *more: Dataset) -> Dataset:
    """Return a labelled value."""
    return container(
        "99PMSBLUS|T9900-02|Measurement",
        text("99PMSBLUS|T9900-04|Label", label),
        *more,
        num("99PMSBLUS|T9900-05|Value", value, unit),
    )


def old_report(maker: str) -> Dataset:
    """Return a report of the old layout, one of its containers twice."""
    return titled(
        VASCULAR_TITLE,
        old_layout("10.9", "Left", "Kidney"),
        old_layout("11.2", "Right", "Kidney"),
        old_layout("10.9", "Left", "Kidney"),
        Manufacturer=maker,
    )


OLD = (
    told("109", "mm", name="(?i)(niere|kidney).*links"),
    told("112", "mm", name="(?i)(niere|kidney).*rechts"),
)

MAKERS = {
    "old layout, maker in capitals": Member(old_report("GE MEDICAL SYSTEMS ULTRASOUND"), OLD),
    "old layout, maker abbreviated": Member(old_report("GEMS"), OLD),
    "old layout, maker not named": Member(old_report(""), OLD),
    "user-defined values without their maker's name": Member(
        titled(
            GENERAL_TITLE,
            container(
                USER_DEFINED,
                user_defined("Lt Ovary Vol", "7.1", "cm3"),
                user_defined("Rt Ovary Vol", "8.1", "cm3"),
            ),
            Manufacturer="Koninklijke P. N.V.",
        ),
        (told("7.1", "ml", name="links"), told("8.1", "ml", name="rechts")),
    ),
    "user-defined bladder volumes": Member(
        titled(
            GENERAL_TITLE,
            container(
                USER_DEFINED,
                user_defined("Pre Void Bladder Vol", "350", "cm3"),
                user_defined("PVR", "42", "cm3"),
            ),
            Manufacturer="Philips Medical Systems",
        ),
        (told("350", "ml", never="(?i)restharn"), told("42", "ml", name="(?i)restharn|PVR")),
    ),
    "rows of a private table by content": Member(
        titled(
            "99X|1|Small Parts",
            container(
                "SONOSCAPE|10010|Small Parts",
                row("TH_L", "Thyroid L Length", "-1", "47.8"),
                row("TH_L", "Thyroid L Length", "0", "47.1"),
                row("TH_W", "Thyroid L Width", "-1", "-1"),
            ),
            template="SONO1000",
            Manufacturer="OEM Ultrasound",
        ),
        (told("47.8", "mm", name="(?i)thyroid|schilddrüse"),),
    ),
    "Chinese meanings": Member(
        echo(
            lv(
                num("LN|29436-3|左心室舒张末期内径", "48", "mm"),
                num("LN|18043-0|射血分数", "58", "%"),
            )
        ),
        (told("48", "mm", "LVIDD"), told("58", "%", "LVEF")),
    ),
    "Italian, French, Spanish meanings": Member(
        obstetric(
            container(
                "DCM|125002|Biometria fetale",
                container(
                    "DCM|125005|Grupo de biometría",
                    num("LN|11820-8|Diametro biparietale", "61", "mm"),
                    num("LN|11979-2|Circonférence abdominale", "201", "mm"),
                ),
            )
        ),
        (told("61", "mm", "BPD"), told("201", "mm", "AC")),
    ),
    "modifiers as properties": Member(
        titled(
            VASCULAR_TITLE,
            container(
                FINDINGS,
                num(
                    PSV,
                    "88",
                    "cm/s",
                    code(SCT_SITE, ICA, rel=PROPERTY),
                    code(SIDE, LEFT, rel=PROPERTY),
                ),
            ),
            template="5100",
        ),
        (told("88", "cm/s", "ICAPSV0L"),),
    ),
    "a fetus named at the root": Member(
        obstetric(fetus("B"), container(BIOMETRY, container(BIOMETRY_GROUP, num(BPD, "58", "mm")))),
        (told("58", "mm", "BPD0FB", "Fetus B"),),
    ),
    "numbers of an obstetric report below the root": Member(
        obstetric(num(BPD, "61", "mm"), num(EF, "70", "%")),
        (told("61", "mm", "BPD"), told("70", "%", "!LVEF", "(?i)fet")),
    ),
    "sections below a container of the maker's own": Member(
        obstetric(
            container(
                "99SIEMENS|RPT|Report",
                container(BIOMETRY, fetus("A"), container(BIOMETRY_GROUP, num(BPD, "61", "mm"))),
            )
        ),
        (told("61", "mm", name="(?i)(BIP|biparietal).*Fetus A"),),
    ),
    "imaging measurement report of a kidney": Member(
        titled(
            "DCM|126000|Imaging Measurement Report",
            container(
                "DCM|126010|Imaging Measurements",
                container(
                    GROUP,
                    text("DCM|112039|Tracking Identifier", "K1", rel=CONTEXT),
                    code("DCM|121071|Finding", "SCT|64033007|Kidney", rel="CONTAINS"),
                    code(SCT_SITE, KIDNEY),
                    code(SIDE, LEFT),
                    num(LENGTH, "108", "mm"),
                ),
            ),
            template="1500",
        ),
        (
            told("108", "mm", "RENL0*", name="Niere.*links"),
            either("Niere|Kidney", "text"),
        ),
    ),
    "the same exam in cm and m/s": Member(
        echo(
            lv(num(LVIDD, "4.8", "cm")),
            container(
                FINDINGS,
                code(SCT_SITE, "SCT|34202007|Aortic Valve"),
                container(
                    GROUP,
                    code(SCT_MODE, "SCT|261198000|CW"),
                    code("SCT|260674002|Direction of Flow", "SCT|263677008|Antegrade Flow"),
                    num(PSV, "120", "cm/s", code(DERIVATION, "SCT|56851009|Maximum")),
                ),
            ),
        ),
        (told("48", "mm", "LVIDD"), told("120", "~cm/s", name="(?i)aort|AK")),
    ),
}
