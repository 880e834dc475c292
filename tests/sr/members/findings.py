"""Findings and their properties; dates, texts and codes told as text."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import FINDINGS, GROUP, PROPERTY, code, container, num, text
from tests.sr.chart import TEXT
from tests.sr.members.parts import (
    CONTEXT,
    DIAMETER,
    EF,
    GENERAL_TITLE,
    LENGTH,
    SCT_SITE,
    SIDE,
    VOLUME,
    WIDTH,
    Member,
    date,
    echo,
    either,
    fetus,
    lv,
    obstetric,
    person,
    titled,
    told,
)

LEFT = "SCT|7771000|Left"
RIGHT = "SCT|24028007|Right"
FINDING = "DCM|121071|Finding"
BREAST = "SCT|76752008|Breast"
THYROID = "SCT|69748006|Thyroid"
CYST = "SCT|441457006|Cyst"
MYOMA = "SCT|95315005|Uterine leiomyoma"
TRACKING = "DCM|112039|Tracking Identifier"
HEIGHT = "DCM|121207|Height"


def general(*children: Dataset) -> Dataset:
    """Return a report of TID 12000."""
    return titled(GENERAL_TITLE, *children, template="12000")


def finding(what: str, *children: Dataset, rel: str = "CONTAINS") -> Dataset:
    """Return a coded finding."""
    return code(FINDING, what, *children, rel=rel)


def below(name: str, value: str, unit: str) -> Dataset:
    """Return a NUM by HAS PROPERTIES."""
    return num(name, value, unit, rel=PROPERTY)


def written(name: str, value: str, *children: Dataset) -> Dataset:
    """Return a contained TEXT."""
    item = text(name, value)
    if children:
        item.ContentSequence = list(children)
    return item


FOUND = {
    "two myomas of one kind": Member(
        obstetric(
            container(
                "DCM|125011|Pelvis and Uterus",
                finding(MYOMA, below(DIAMETER, "34", "mm")),
                finding(MYOMA, below(DIAMETER, "21", "mm")),
            )
        ),
        (
            told("34", "mm", name="Myom", never="Wiederholung"),
            told("21", "mm", name="Myom", never="Wiederholung"),
        ),
    ),
    "finding as TEXT": Member(
        general(
            container(
                FINDINGS,
                written(FINDING, "Zyste Segment VI", below(DIAMETER, "18", "mm")),
                code(SCT_SITE, "SCT|10200004|Liver"),
            )
        ),
        (told("18", "mm", name="Zyste Segment VI"),),
    ),
    "finding as concept modifier of the group": Member(
        general(
            container(
                GROUP,
                finding(CYST, rel="HAS CONCEPT MOD"),
                code(SCT_SITE, "SCT|64033007|Kidney"),
                code(SIDE, LEFT),
                num(DIAMETER, "41", "mm"),
            )
        ),
        (told("41", "mm", "!REN*", name="Zyste.*(Niere|links)|Niere.*Zyste", never="Cyst"),),
    ),
    "finding as sibling in a group (TID 1501)": Member(
        general(
            container(
                GROUP,
                text(TRACKING, "Läsion 1", rel=CONTEXT),
                finding("SCT|4147007|Mass"),
                code(SCT_SITE, BREAST),
                code(SIDE, RIGHT),
                num(LENGTH, "14", "mm"),
                num(WIDTH, "9", "mm"),
            ),
            container(
                GROUP,
                text(TRACKING, "Läsion 2", rel=CONTEXT),
                finding("SCT|4147007|Mass"),
                code(SCT_SITE, BREAST),
                code(SIDE, RIGHT),
                num(LENGTH, "6", "mm"),
            ),
        ),
        (
            told("14", "mm", name="Läsion 1.*rechts|rechts.*Läsion 1", never="Läsion 2"),
            told("9", "mm", name="Läsion 1.*rechts|rechts.*Läsion 1", never="Läsion 2"),
            told("6", "mm", name="Läsion 2.*rechts|rechts.*Läsion 2", never="Läsion 1"),
            either("Raumforderung|Mass|Herd", TEXT),
            either("Raumforderung|Mass|Herd", TEXT),
        ),
    ),
    "thyroid nodule with its measures": Member(
        general(
            container(
                FINDINGS,
                code(SCT_SITE, THYROID),
                code(SIDE, LEFT),
                finding(
                    "SCT|237495005|Thyroid nodule",
                    below(LENGTH, "12", "mm"),
                    below(WIDTH, "8", "mm"),
                    below(VOLUME, "0.5", "ml"),
                ),
            )
        ),
        (
            told("12", "mm", name="(?i)knoten.*links", never="nodule"),
            told("8", "mm", name="(?i)knoten.*links", never="nodule"),
            told("0.5", "ml", name="(?i)knoten.*links", never="nodule"),
        ),
    ),
    "finding contained in a finding's container": Member(
        general(
            container(
                "SCT|300577008|Lesion",
                finding("SCT|235856003|Liver hemangioma", num(DIAMETER, "22", "mm")),
            )
        ),
        (told("22", "mm", name="(?i)hämangiom|hemangioma"),),
    ),
    "finding in German words": Member(
        general(
            container(
                FINDINGS,
                finding("99ESAOTE|MY|Myom Hinterwand", below(DIAMETER, "27", "mm")),
            )
        ),
        (told("27", "mm", name="Myom Hinterwand"),),
    ),
    "a context code is no finding": Member(
        general(
            code("DCM|121058|Procedure reported", "SCT|45036003|Ultrasonography", rel=CONTEXT),
            code(
                "DCM|121049|Language of Content Item and Descendants",
                "RFC5646|de|German",
                rel="HAS CONCEPT MOD",
            ),
            container(
                FINDINGS,
                code(SCT_SITE, "SCT|64033007|Kidney"),
                code(SIDE, RIGHT),
                num(LENGTH, "104", "mm"),
            ),
        ),
        (told("104", "mm", "RENL0R", never="Ultraso|German"),),
    ),
    "a number below a number stays its property": Member(
        general(
            container(
                FINDINGS,
                code(SCT_SITE, "SCT|64033007|Kidney"),
                code(SIDE, RIGHT),
                num(
                    LENGTH,
                    "104",
                    "mm",
                    num("SRT|R-00388|Normal Range Upper Limit", "120", "mm", rel=PROPERTY),
                ),
            )
        ),
        (told("104", "mm", "RENL0R"),),
    ),
    "dates of each rule": Member(
        obstetric(
            container(
                "DCM|121111|Summary",
                date("LN|11955-2|Last Menstrual Period", "20230620"),
                date("LN|11779-6|EDD from LMP", "20240326"),
                date("LN|11780-4|EDD from ovulation date", "20240328"),
                date("LN|11781-2|EDD from average ultrasound age", "20240401"),
            )
        ),
        (
            told("20.06.2023", TEXT, name="(?i)regel|periode|menstruation|LMP"),
            told("26.03.2024", TEXT, name="ET|Geburtstermin"),
            told("28.03.2024", TEXT, name="ET|Geburtstermin"),
            told("01.04.2024", TEXT, name="ET|Geburtstermin"),
        ),
    ),
    "conclusion, impression, recommendation": Member(
        echo(
            lv(num(EF, "58", "%")),
            written("DCM|121077|Conclusion", "Normale LV-Funktion."),
            written("DCM|121073|Impression", "Kein Perikarderguss."),
            written("DCM|121075|Recommendation", "Kontrolle in einem Jahr."),
        ),
        (
            told("58", "%", "LVEF"),
            told("Normale LV-Funktion", TEXT, name="(?i)beurteilung|schluss|zusammenfassung"),
            told("Kein Perikarderguss", TEXT, name="(?i)beurteilung|eindruck"),
            told("Kontrolle in einem Jahr", TEXT, name="(?i)empfehlung"),
        ),
    ),
    "comment of a section, in its fetus's name": Member(
        obstetric(
            container(
                "DCM|125008|Fetus Summary",
                fetus("B"),
                written("DCM|121106|Comment", "Polyhydramnion"),
            )
        ),
        (told("Polyhydramnion", TEXT, name="(?i)(kommentar|bemerkung).*Fetus B|Fetus B"),),
    ),
    "names of people are not told": Member(
        echo(
            person("DCM|121008|Person Observer Name", "Schall^Stefanie"),
            person("DCM|121029|Subject Name", "Muster^Mia"),
            text("DCM|121030|Subject ID", "4711", rel=CONTEXT),
            lv(num(EF, "58", "%")),
        ),
        (told("58", "%", "LVEF", never="Schall|Muster|4711"),),
    ),
    "BI-RADS assessment": Member(
        general(
            container(
                FINDINGS,
                code(SCT_SITE, BREAST),
                code(SIDE, LEFT),
                code("DCM|111005|Assessment Category", "SCT|397143007|BI-RADS 3", rel="CONTAINS"),
            )
        ),
        (told("(?i)3|wahrscheinlich", TEXT, name="(?i)bi-?rads|beurteilung|kategorie"),),
    ),
    "the sex of a fetus is not told": Member(
        obstetric(
            container(
                "DCM|125008|Fetus Summary",
                fetus("A"),
                code("LN|11882-8|Fetal Gender", "SCT|248152002|Female", rel="CONTAINS"),
                num("LN|11948-7|Fetal Heart Rate", "148", "/min"),
            )
        ),
        (told("148", "1/min", "FHR0FA", never="(?i)female|weiblich"),),
    ),
}
