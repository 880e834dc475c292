"""Sites, sides, states and names."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import FINDINGS, GROUP, MODE, code, container, num, text
from tests.sr.members.parts import (
    ACQUISITION,
    BLADDER,
    EF,
    EFW,
    GENERAL_TITLE,
    ICA,
    KIDNEY,
    LENGTH,
    LV,
    LVIDD,
    PSV,
    SCT_SITE,
    SIDE,
    VASCULAR_TITLE,
    VOLUME,
    Member,
    echo,
    fetus,
    lv,
    obstetric,
    section,
    titled,
    told,
)

LABEL = "99GEMS|GEU-1005-5|Measurement Label"
PMS_LABEL = "99PMSBLUS|T9900-04|Label"
PW = "LN|18152-9|Left Ventricle Posterior Wall Diastolic Thickness"
MM = "SCT|399155008|M mode"


def vascular(*children: Dataset) -> Dataset:
    """Return a report of TID 5100."""
    return titled(VASCULAR_TITLE, *children, template="5100")


def general(*children: Dataset) -> Dataset:
    """Return a report of TID 12000."""
    return titled(GENERAL_TITLE, *children, template="12000")


def long(site: str, value: str) -> Dataset:
    """Return a length in mm."""
    return container(GROUP, code(SCT_SITE, site), num(LENGTH, value, "mm"))


def ica(*side: Dataset) -> Dataset:
    """Return a report with one velocity in the internal carotid artery."""
    return vascular(container(FINDINGS, code(SCT_SITE, ICA), *side, num(PSV, "88", "cm/s")))


def stage(*said: Dataset, value: str) -> Dataset:
    """Return an ejection fraction in 2D mode."""
    return lv_group(*said, num(EF, value, "%"))


def lv_group(*items: Dataset) -> Dataset:
    """Return a measurement group of the left ventricle."""
    return section(LV, container(GROUP, code(MODE, "SRT|G-03A2|2D mode"), *items))


PLACES = {
    "side in the site's code: ovary, breast, testis, thyroid lobe": Member(
        general(
            long("SCT|43981004|Left ovary", "31"),
            long("SCT|20837000|Right ovary", "28"),
            long("SCT|63239009|Left testis", "42"),
            long("SCT|15598003|Right testis", "44"),
        ),
        (
            told("31", "mm", "OVAL0L", "Ovar.*links"),
            told("28", "mm", "OVAL0R", "Ovar.*rechts"),
            told("42", "mm", name="Hoden.*links"),
            told("44", "mm", name="Hoden.*rechts"),
        ),
    ),
    "side in the vessel's code": Member(
        vascular(
            section(
                "SCT|69105007|Carotid",
                container("SCT|732174003|Left internal carotid artery", num(PSV, "88", "cm/s")),
            ),
            section(
                "SCT|36765005|Subclavian artery",
                container("SCT|29700009|Right subclavian artery", num(PSV, "120", "cm/s")),
            ),
        ),
        (
            told("88", "cm/s", name="(?i)links|left", never="rechts"),
            told("120", "cm/s", name="(?i)rechts|right", never="links"),
        ),
    ),
    "left atrium and left ventricle are no sides": Member(
        echo(
            section(
                "SCT|82471001|Left atrium",
                container(GROUP, num("LN|29469-4|LA systolic blood volume", "52", "ml")),
            ),
            lv(num(LVIDD, "48", "mm")),
        ),
        (told("52", "ml", never="links"), told("48", "mm", "LVIDD", never="links")),
    ),
    "left lobe of the liver is a part": Member(
        general(long("SCT|362183002|Left lobe of liver", "71")),
        (told("71", "mm", "!LIVL", name="(?i)linke|left|links"),),
    ),
    "side as text Lt": Member(
        ica(text(SIDE, "Lt", rel="HAS CONCEPT MOD")), (told("88", "cm/s", "ICAPSV0L"),)
    ),
    "side as text R": Member(
        ica(text(SIDE, "R", rel="HAS CONCEPT MOD")), (told("88", "cm/s", "ICAPSV0R"),)
    ),
    "side as text rechts": Member(
        ica(text(SIDE, "rechts", rel="HAS CONCEPT MOD")), (told("88", "cm/s", "ICAPSV0R"),)
    ),
    "side by a private code, gauche": Member(
        ica(code(SIDE, "99SSI|G|gauche")), (told("88", "cm/s", "ICAPSV0L"),)
    ),
    "side by SRT": Member(
        ica(code("SRT|G-C171|Laterality", "SRT|G-A100|Right")), (told("88", "cm/s", "ICAPSV0R"),)
    ),
    "side in a container's name": Member(
        vascular(container("99MINDRAY|LC|Left Carotid", container(ICA, num(PSV, "88", "cm/s")))),
        (told("88", "cm/s", name="(?i)links|left"),),
    ),
    "site and side contradict": Member(
        general(
            container(
                GROUP,
                code(SCT_SITE, "SCT|18639004|Left kidney"),
                code(SIDE, "SCT|24028007|Right"),
                num(LENGTH, "108", "mm"),
            )
        ),
        (told("108", "mm", notes="(?is)(?=.*(links|left))(?=.*(rechts|right))"),),
    ),
    "bilateral stays": Member(
        general(
            container(
                GROUP,
                code(SCT_SITE, KIDNEY),
                code(SIDE, "SCT|51440002|Bilateral"),
                num(LENGTH, "108", "mm"),
            )
        ),
        (told("108", "mm", name="beidseits"),),
    ),
    "bladder before and after voiding, labels": Member(
        vascular(
            section(
                BLADDER,
                num(
                    VOLUME, "412", "ml", text(LABEL, "Pre Void Bladder Vol", rel="HAS CONCEPT MOD")
                ),
                num(
                    VOLUME, "38", "ml", text(LABEL, "Post Void Bladder Vol", rel="HAS CONCEPT MOD")
                ),
            )
        ),
        (
            told("412", "ml", name="(?i)harnblase|pre.?void|vor"),
            told("38", "ml", name="(?i)restharn", never="Wiederholung"),
        ),
    ),
    "bladder before and after voiding, CID 91": Member(
        general(
            container(
                GROUP,
                code(SCT_SITE, BLADDER),
                code("DCM|109054|Patient State", "DCM|109134|Prior to voiding", rel=ACQUISITION),
                num(VOLUME, "412", "ml"),
            ),
            container(
                GROUP,
                code(SCT_SITE, BLADDER),
                code("DCM|109054|Patient State", "DCM|109135|Post voiding", rel=ACQUISITION),
                num(VOLUME, "38", "ml"),
            ),
        ),
        (
            told("412", "ml", name="(?i)harnblase", never="Restharn"),
            told("38", "ml", name="(?i)restharn"),
        ),
    ),
    "bladder, German labels": Member(
        vascular(
            section(
                BLADDER,
                num(VOLUME, "412", "ml", text(LABEL, "Blase vor Miktion", rel="HAS CONCEPT MOD")),
                num(VOLUME, "38", "ml", text(LABEL, "Restharn", rel="HAS CONCEPT MOD")),
            )
        ),
        (told("412", "ml", name="(?i)blase"), told("38", "ml", name="(?i)restharn")),
    ),
    "residual urine by LOINC": Member(
        vascular(
            section(
                BLADDER,
                num("LN|9187-6|Urine output", "410", "ml"),
                num("SCT|279495008|Residual urine volume", "35", "ml"),
            )
        ),
        (told("410", "ml"), told("35", "ml", name="(?i)restharn|residual")),
    ),
    "stages: German text": Member(
        echo(
            stage(text("LN|18139-6|Stage", "Ruhe", rel=ACQUISITION), value="61"),
            stage(text("LN|18139-6|Stage", "Belastung 100 W", rel=ACQUISITION), value="55"),
        ),
        (told("61", "%", "LVEF0*", "Ruhe"), told("55", "%", "LVEF0*", "100 W")),
    ),
    "stages: code on the section": Member(
        echo(
            container(
                FINDINGS,
                code("DCM|109055|Protocol Stage", "SCT|128975004|Resting State", rel=ACQUISITION),
                stage(value="61"),
            ),
            container(
                FINDINGS,
                code("DCM|109055|Protocol Stage", "SCT|434161005|Peak", rel=ACQUISITION),
                stage(value="44"),
            ),
        ),
        (told("61", "%", "LVEF0REST", "Ruhe"), told("44", "%", "LVEF0PEAK", "Belastung")),
    ),
    "stages: text under DCM 109055": Member(
        echo(
            stage(text("DCM|109055|Protocol Stage", "Low Dose", rel=ACQUISITION), value="61"),
            stage(text("DCM|109055|Protocol Stage", "Peak Dose", rel=ACQUISITION), value="44"),
        ),
        (told("61", "%", "LVEF0*", "Low Dose"), told("44", "%", "LVEF0*", "Peak Dose")),
    ),
    "stages: one name with two numbers": Member(
        echo(
            stage(
                num("DCM|122091|Stage Number", "2", "{stage}", rel=ACQUISITION),
                text("LN|18139-6|Stage", "Mid", rel=ACQUISITION),
                value="52",
            ),
            stage(
                num("DCM|122091|Stage Number", "3", "{stage}", rel=ACQUISITION),
                text("LN|18139-6|Stage", "Mid", rel=ACQUISITION),
                value="50",
            ),
        ),
        (
            told("52", "%", "LVEF0*", "Mid, Stufe 2", never="Wiederholung"),
            told("50", "%", "LVEF0*", "Mid, Stufe 3", never="Wiederholung"),
        ),
    ),
    "stages: one code with two numbers beside peak": Member(
        echo(
            *(
                stage(
                    num("DCM|122091|Stage Number", which, "{stage}", rel=ACQUISITION),
                    code("LN|18139-6|Stage", what, rel=ACQUISITION),
                    value=value,
                )
                for which, what, value in (
                    ("1", "SCT|128975004|Resting State", "58"),
                    ("2", "SCT|432655005|Cardiac Stress State", "61"),
                    ("3", "SCT|432655005|Cardiac Stress State", "66"),
                    ("4", "SCT|434161005|Peak cardiac stress state", "52"),
                )
            )
        ),
        (
            told("58", "%", "LVEF0REST", "in Ruhe"),
            told("61", "%", "LVEF0*", "unter Belastung, Stufe 2", never="Wiederholung"),
            told("66", "%", "LVEF0*", "unter Belastung, Stufe 3", never="Wiederholung"),
            told("52", "%", "LVEF0PEAK", "maximale Belastung"),
        ),
    ),
    "walls in 2D and M-mode by image mode": Member(
        echo(
            section(
                LV,
                container(GROUP, code(MODE, "SRT|G-03A2|2D mode"), num(PW, "9.1", "mm")),
                container(GROUP, code(MODE, MM), num(PW, "10.2", "mm")),
            ),
        ),
        (told("9.1", "mm", "LVPWD"), told("10.2", "mm", "LVPWD0MM", "M-Mode")),
    ),
    "a long name keeps twin, side and number": Member(
        obstetric(
            *(
                container(
                    "DCM|125008|Fetus Summary",
                    fetus(which),
                    num(
                        EFW,
                        value,
                        "g",
                        code(
                            "DCM|121420|Equation",
                            "99GEMS|X|Fetal weight by AC, BPD, FL, HC, Hadlock 1985, corrected",
                            rel="INFERRED FROM",
                        ),
                    ),
                    num(
                        EFW,
                        second,
                        "g",
                        code(
                            "DCM|121420|Equation",
                            "99GEMS|X|Fetal weight by AC, BPD, FL, HC, Hadlock 1985, corrected",
                            rel="INFERRED FROM",
                        ),
                    ),
                )
                for which, value, second in (("A", "1810", "1820"), ("B", "1640", "1650"))
            )
        ),
        (
            told("1810", "g", name="Fetus A", notes="1 von 2"),
            told("1820", "g", name="Fetus A", notes="2 von 2"),
            told("1640", "g", name="Fetus B", notes="1 von 2"),
            told("1650", "g", name="Fetus B", notes="2 von 2"),
        ),
    ),
    "a long label keeps the side": Member(
        vascular(
            section(
                KIDNEY,
                code(SIDE, "SCT|7771000|Left"),
                num(
                    LENGTH,
                    "21",
                    "mm",
                    text(
                        LABEL,
                        "Lower pole cyst with septation and calcification seen from behind",
                        rel="HAS CONCEPT MOD",
                    ),
                ),
            ),
            section(
                KIDNEY,
                code(SIDE, "SCT|24028007|Right"),
                num(
                    LENGTH,
                    "22",
                    "mm",
                    text(
                        LABEL,
                        "Lower pole cyst with septation and calcification seen from behind",
                        rel="HAS CONCEPT MOD",
                    ),
                ),
            ),
        ),
        (told("21", "mm", "!RENL0L", name="links"), told("22", "mm", "!RENL0R", name="rechts")),
    ),
    "device internals": Member(
        obstetric(
            container(
                "DCM|125008|Fetus Summary",
                fetus("1"),
                num(
                    EFW,
                    "1480",
                    "g",
                    code(
                        "DCM|121420|Equation",
                        "TSBus|MCR_EFW|MCR_WEIGHT_US_PERC_HADLOCK",
                        rel="INFERRED FROM",
                    ),
                ),
            )
        ),
        (told("1480", "g", "EFW*0F1", "Fetus 1", never="MCR_"),),
    ),
    "kidney thickness and parenchyma are two": Member(
        vascular(
            section(
                KIDNEY,
                code(SIDE, "SCT|7771000|Left"),
                num("LN|59089-3|Thickness", "47", "mm"),
                num("SRT|G-A22A|Length", "108", "mm"),
                num("99GEMS|CT|Cortex Thickness", "15", "mm"),
            )
        ),
        (
            told("47", "mm", "!RENCORT0L", "Dicke.*links", never="Parenchym"),
            told("108", "mm", "RENL0L"),
            told("15", "mm", name="(?i)cortex|parenchym|rinde"),
        ),
    ),
}
