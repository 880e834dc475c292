"""A handheld: own codes, mistyped ones, sites that are wrong by code and right by word."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import DERIVATION, PROPERTY, SELECTION, code, container, num, text
from tests.sr.chart import TEXT
from tests.sr.members.parts import (
    EDV,
    PI,
    PSV,
    SCT_SITE,
    SIDE,
    VASCULAR_TITLE,
    Member,
    date,
    either,
    fetus,
    obstetric,
    titled,
    told,
)

FINDINGS = "LN|59776-5|Findings"
BLADDER = "SCT|89837001|Bladder"
PELVIC = "SCT|281496003|Pelvic Vascular Structure"
NECK = "SRT|T-45005|Artery of neck"
SRT_SITE = "SRT|G-C0E3|Finding Site"
SRT_SIDE = "SRT|G-C171|Laterality"
MISTYPED_PSV = "LN|1726-7|Peak Systolic Velocity"
CALCULATED = "SRT|R-41D2D|Calculated"
FETAL = "(?i)fet"


def found(site: str, *children: Dataset) -> Dataset:
    """Return Findings of a site."""
    return container(FINDINGS, code(SCT_SITE, site), *children)


def chosen(name: str, value: str, unit: str) -> Dataset:
    """Return a NUM that is a mean and chosen."""
    return num(
        name,
        value,
        unit,
        code(DERIVATION, "SRT|R-00317|Mean"),
        code(SELECTION, "DCM|121412|Mean value chosen", rel=PROPERTY),
    )


def vessel(name: str, psv: str, *said: Dataset) -> Dataset:
    """Return a vessel of the neck with one velocity."""
    return container(name, *said, chosen(MISTYPED_PSV, psv, "cm/s"))


HANDHELD = {
    "bladder before and after voiding": Member(
        obstetric(
            found(
                BLADDER,
                container(
                    "SCT|89837001|Pre-Void Bladder",
                    num(
                        "99EN|EN-161-162-163|Pre-Void Bladder Volume",
                        "380",
                        "ml",
                        code(DERIVATION, CALCULATED),
                    ),
                    num("99EN|EN-161|Pre-Void Bladder Length", "9.1", "cm"),
                ),
            ),
            found(
                BLADDER,
                container(
                    "SCT|89837001|Post-Void Bladder",
                    num(
                        "99EN|EN-164-165-166|Post-Void Bladder Volume",
                        "45",
                        "ml",
                        code(DERIVATION, CALCULATED),
                    ),
                ),
            ),
        ),
        (
            told("380", "ml", name="(?i)harnblase", never="(?i)restharn|fet"),
            told("91", "mm", name="(?i)harnblase|bladder", never="(?i)fet"),
            told("45", "ml", name="(?i)restharn", never="(?i)fet"),
        ),
    ),
    "vertebral and subclavian artery under one code": Member(
        titled(
            VASCULAR_TITLE,
            container(
                "DCM|121070|Findings",
                code(SRT_SITE, NECK),
                code(SRT_SIDE, "SRT|G-A101|Left"),
                vessel("SRT|T-45700|Vertebral Artery", "52"),
                vessel("SRT|T-45700|Subclavian Artery", "131"),
            ),
            template="5100",
            Manufacturer="EchoNous",
        ),
        (
            told("52", "cm/s", "VERTPSV0L", "vertebralis"),
            told("131", "cm/s", "!VERTPSV0L", "(?i)subcl", never="vertebralis"),
        ),
    ),
    "carotid with ratio and places": Member(
        titled(
            VASCULAR_TITLE,
            container(
                "DCM|121070|Findings",
                code(SRT_SITE, NECK),
                code(SRT_SIDE, "SRT|G-A100|Right"),
                vessel(
                    "SRT|T-45100|Common Carotid Artery",
                    "71",
                    code("SRT|G-A1F8|Topographical modifier", "SRT|G-A188|Mid-longitudinal"),
                ),
                num("LN|33868-1|ICA/CCA velocity ratio", "1.4", "{ratio}"),
            ),
            template="5100",
        ),
        (
            told("71", "cm/s", "CCAPSV0MID0R", "rechts"),
            told("1.4", "", name="(?i)(ACI|ICA|interna).*rechts"),
        ),
    ),
    "abdominal aorta with an aneurysm": Member(
        titled(
            VASCULAR_TITLE,
            container(
                "DCM|121070|Findings",
                code(SRT_SITE, "SRT|T-42500|Abdominal aorta"),
                container(
                    "SRT|T-42000|Aorta",
                    code("SRT|G-A1F8|Topographical modifier", "SRT|G-A118|Proximal"),
                    chosen("99EN|A-402|Anterior Posterior Diameter", "2.1", "cm"),
                ),
                container(
                    "99EN|A-400|Aneurysm",
                    chosen("99EN|A-402|Anterior Posterior Diameter", "4.4", "cm"),
                ),
            ),
            template="5100",
        ),
        (
            told("21", "mm", name="(?i)aorta", never="(?i)aneurysm"),
            told("44", "mm", name="(?i)aneurysm"),
        ),
    ),
    "fibroma in a container of the bladder": Member(
        obstetric(
            found(
                BLADDER,
                container(
                    "SCT|89837001|Fibroma 1",
                    num("99EN|EN-125|Fibroma 1 Length", "3.4", "cm"),
                ),
            )
        ),
        (told("34", "mm", name="(?i)fibrom|myom", never="(?i)fetus|fetal"),),
    ),
    "masses and cysts of an ovary": Member(
        obstetric(
            found(
                "SCT|15497006|Ovary",
                container(
                    "DCM|111462|Solid Mass",
                    code(SIDE, "SCT|24028007|Right"),
                    num("99EN|EN-134|Right Mass 1 Length", "2.2", "cm"),
                ),
            ),
            found(
                "SCT|15497006|Ovary",
                container(
                    "DCM|111460|Complex Cyst",
                    code(SIDE, "SCT|24028007|Right"),
                    num("99EN|EN-140|Right Ovarian Cyst 1 Length", "1.8", "cm"),
                ),
            ),
        ),
        (
            told("22", "mm", name="(?i)mass|raumforderung|tumor", never="(?i)fet"),
            told("18", "mm", name="(?i)zyste|cyst", never="(?i)fet"),
        ),
    ),
    "gynaecology as an obstetric report": Member(
        obstetric(
            found(
                PELVIC,
                container(
                    "SCT|91079009|Uterine Artery",
                    code(SIDE, "SCT|7771000|Left"),
                    num(PSV, "48", "cm/s"),
                    num(PI, "1.7", "{ratio}"),
                    num("LN|12144-2|Systolic to Diastolic Velocity Ratio", "3.1", "{ratio}"),
                ),
            ),
            found(
                PELVIC,
                container(
                    "SCT|12052000|Ovarian Artery",
                    code(SIDE, "SCT|24028007|Right"),
                    num(EDV, "6", "cm/s"),
                ),
            ),
            found(
                "SCT|15497006|Ovary",
                container(
                    "SCT|15497006|Ovary",
                    num("LN|12164-0|Left Ovary Volume", "6.1", "ml"),
                    num("LN|11840-6|Left Ovary Length", "3.1", "cm"),
                ),
            ),
        ),
        (
            told("48", "cm/s", "UTAPSV0L", never=FETAL),
            told("1.7", "", "UTAPI0L", never=FETAL),
            told("3.1", "", "UTASD0L", never=FETAL),
            told("6", "cm/s", name="(?i)ovarica.*rechts", never=FETAL),
            told("6.1", "ml", "OVAV0L", never=FETAL),
            told("31", "mm", "OVAL0L", never=FETAL),
        ),
    ),
    "presentation, placenta and dates of each fetus": Member(
        obstetric(
            container(
                "DCM|121118|Patient Characteristics",
                text("DCM|121106|Comment", "Verlaufskontrolle"),
                num("SCT|271650006|Diastolic Blood Pressure", "78", "mm[Hg]"),
            ),
            container(
                "DCM|121111|Summary",
                num("LN|11878-6|Number of Fetuses", "2", "{#}"),
                *(
                    container(
                        "DCM|125008|Fetus Summary",
                        fetus(which),
                        date("LN|11781-2|EDD from average ultrasound age", day),
                    )
                    for which, day in (("A", "20240401"), ("B", "20240404"))
                ),
            ),
            container(
                "DCM|125006|Biophysical Profile",
                fetus("A"),
                num("LN|11634-3|Biophysical Profile Sum Score", "8", "{#}"),
                text("EN99|EN-SP-01|Fetal Presentation", "Cephalic"),
                text("EN99|EN-SP-02|Placenta Location", "Anterior"),
            ),
        ),
        (
            told("Verlaufskontrolle", TEXT, name="(?i)kommentar|bemerkung"),
            told("78", "mmHg", "RRDIA", never=FETAL),
            either("2", "", name="(?i)feten|fetus"),
            told("01.04.2024", TEXT, name="(?i)(ET|termin).*Fetus A"),
            told("04.04.2024", TEXT, name="(?i)(ET|termin).*Fetus B"),
            told("8", "", name="(?i)biophys.*Fetus A"),
            told("Cephalic|Schädellage", TEXT, name="(?i)(lage|position|präsent|present).*Fetus A"),
            told("Anterior|Vorderwand", TEXT, name="(?i)plazenta.*Fetus A"),
        ),
    ),
}
