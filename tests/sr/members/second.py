"""A second member of kinds that are easily missed: other relations, other words, other nesting."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import (
    DERIVATION,
    FINDINGS,
    GROUP,
    PROPERTY,
    SELECTION,
    code,
    container,
    num,
    text,
)
from tests.sr.chart import TEXT
from tests.sr.members.parts import (
    ACQUISITION,
    BIOMETRY,
    BIOMETRY_GROUP,
    BLADDER,
    BPD,
    CONTEXT,
    DIAMETER,
    EDV,
    EF,
    EFW,
    ELASTICITY,
    GENERAL_TITLE,
    HC,
    ICA,
    KIDNEY,
    LENGTH,
    LIVER,
    LV,
    LVIDD,
    MCA,
    PI,
    PSV,
    SCT_MODE,
    SCT_SITE,
    SIDE,
    VASCULAR_TITLE,
    VOLUME,
    Member,
    biometry,
    date,
    echo,
    either,
    fetus,
    lv,
    observed,
    obstetric,
    qualified,
    section,
    titled,
    told,
)

LEFT = "SCT|7771000|Left"
RIGHT = "SCT|24028007|Right"
FINDING = "DCM|121071|Finding"
FETUS_ID = "LN|11951-1|Fetus ID"
UMBILICAL = "SCT|50536004|Umbilical Artery"
SUMMARY = "DCM|125008|Fetus Summary"


def vascular(*children: Dataset) -> Dataset:
    """Return a report of TID 5100."""
    return titled(VASCULAR_TITLE, *children, template="5100")


def general(*children: Dataset) -> Dataset:
    """Return a report of TID 12000."""
    return titled(GENERAL_TITLE, *children, template="12000")


def twins(*said: Dataset) -> Dataset:
    """Return biometry of two fetuses, each with what says which it is."""
    return obstetric(
        *(
            container(BIOMETRY, which, container(BIOMETRY_GROUP, num(BPD, value, "mm")))
            for which, value in zip(said, ("61", "58"), strict=True)
        )
    )


SUBJECT_AGAIN = {
    "twins: Fetus ID as concept modifier": Member(
        twins(
            text(FETUS_ID, "A", rel="HAS CONCEPT MOD"), text(FETUS_ID, "B", rel="HAS CONCEPT MOD")
        ),
        (told("61", "mm", "BPD0FA", "Fetus A"), told("58", "mm", "BPD0FB", "Fetus B")),
    ),
    "twins: Fetus ID contained": Member(
        twins(text(FETUS_ID, "A"), text(FETUS_ID, "B")),
        (told("61", "mm", "BPD0FA", "Fetus A"), told("58", "mm", "BPD0FB", "Fetus B")),
    ),
    "twins: Fetus ID as code": Member(
        twins(
            code(FETUS_ID, "99SAMSUNG|FA|Fetus A", rel=CONTEXT),
            code(FETUS_ID, "99SAMSUNG|FB|Fetus B", rel=CONTEXT),
        ),
        (told("61", "mm", name="Fetus A"), told("58", "mm", name="Fetus B")),
    ),
    "twins: Baby A, Baby B": Member(
        twins(fetus("Baby A"), fetus("Baby B")),
        (told("61", "mm", name="A"), told("58", "mm", name="B$")),
    ),
    "triplets by number": Member(
        obstetric(
            *(
                container(SUMMARY, fetus(str(which)), num(EFW, str(900 + which), "g"))
                for which in (1, 2, 3)
            )
        ),
        tuple(told(str(900 + one), "g", f"EFW0F{one}", f"Fetus {one}") for one in (1, 2, 3)),
    ),
    "heart rate in a fetus's summary is the fetus's": Member(
        obstetric(container(SUMMARY, fetus("A"), num("LN|8867-4|Heart rate", "148", "/min"))),
        (told("148", "1/min", "!HR", "Fetus A"),),
    ),
    "a fetus's umbilical artery needs no number": Member(
        obstetric(section(UMBILICAL, num(PI, "0.94", "1")), biometry(num(BPD, "61", "mm"))),
        (told("0.94", "", name="umbilicalis"), told("61", "mm", "BPD")),
    ),
    "the mother's heart in a section that says so": Member(
        obstetric(
            container(
                "99GEMS|MECHO|Maternal Echo",
                section(LV, num(EF, "61", "%")),
            ),
            biometry(num(BPD, "61", "mm")),
        ),
        (
            told("61", "%", name="(?i)EF|ejektion", never="Fetus|fetal|ohne Nummer"),
            told("61", "mm", "BPD"),
        ),
    ),
    "fetal echo of twins with Doppler": Member(
        titled(
            "DCM|125196|Fetal Cardiac Ultrasound Report",
            *(
                container(
                    FINDINGS,
                    fetus(which),
                    code(SCT_SITE, "SCT|34202007|Aortic Valve"),
                    container(GROUP, num(PSV, value, "cm/s")),
                )
                for which, value in (("A", "72"), ("B", "80"))
            ),
            template="5220",
        ),
        (
            told("72", "~cm/s", name="Fetus A", never="Fetus B"),
            told("80", "~cm/s", name="Fetus B", never="Fetus A"),
        ),
    ),
    "umbilical cord and placenta site of twins": Member(
        obstetric(
            section(
                UMBILICAL,
                fetus("A"),
                num(EDV, "11", "cm/s"),
            ),
            section(UMBILICAL, fetus("B"), num(EDV, "-4", "cm/s")),
        ),
        (
            told("11", "cm/s", name="umbilicalis.*Fetus A"),
            told("-4", "cm/s", name="umbilicalis.*Fetus B"),
        ),
    ),
}

MOMENTS_AGAIN = {
    "growth history of earlier exams": Member(
        obstetric(
            container(
                "99SAMSUNG|HIST|Growth History",
                observed(biometry(num(HC, "180", "mm")), "20231215"),
            ),
            biometry(num(HC, "262", "mm")),
        ),
        (told("262", "mm", "HC", never=r"Wiederholung|\(2\)"),),
    ),
    "earlier findings of a twin": Member(
        obstetric(
            container(
                "DCM|121068|Previous Findings",
                container(BIOMETRY, fetus("A"), container(BIOMETRY_GROUP, num(HC, "180", "mm"))),
            ),
            container(BIOMETRY, fetus("A"), container(BIOMETRY_GROUP, num(HC, "262", "mm"))),
            container(BIOMETRY, fetus("B"), container(BIOMETRY_GROUP, num(HC, "255", "mm"))),
        ),
        (told("262", "mm", "HC0FA"), told("255", "mm", "HC0FB")),
    ),
    "a comparison exam in words, French": Member(
        echo(
            container("99SSI|EA|Examen antérieur", lv(num(EF, "45", "%"))), lv(num(EF, "58", "%"))
        ),
        (told("58", "%", "LVEF", never="45"),),
    ),
    "observation time with offset": Member(
        echo(lv(observed(num(EF, "58", "%"), "20240115101500.000+0100"))),
        (told("58", "%", "LVEF"),),
    ),
    "a chosen mean beside a later single value": Member(
        echo(
            lv(
                observed(
                    num(
                        LVIDD,
                        "48.5",
                        "mm",
                        code(DERIVATION, "SCT|373098007|Mean"),
                        code(SELECTION, "DCM|121412|Mean value chosen", rel=PROPERTY),
                    ),
                    "20240115100000",
                ),
                observed(num(LVIDD, "49", "mm"), "20240115100500"),
            )
        ),
        (told("48.5", "mm", "LVIDD"),),
    ),
    "earlier date on the number, prior value beside": Member(
        general(
            container(
                GROUP,
                code(SCT_SITE, KIDNEY),
                code(SIDE, LEFT),
                observed(num(LENGTH, "101", "mm"), "20220301090000"),
                observed(num(LENGTH, "108", "mm"), "20240115090000"),
            )
        ),
        (told("108", "mm", "RENL0L", never="Wiederholung"),),
    ),
}

RESULTS_AGAIN = {
    "a private qualifier": Member(
        echo(
            lv(
                qualified(num(EF, "0", "%"), "99CANON|NM|Not measured"),
                num(LVIDD, "48", "mm"),
            )
        ),
        (told("48", "mm", "LVIDD"),),
    ),
    "a statistic as the concept": Member(
        general(
            container(
                GROUP,
                code(SCT_SITE, LIVER),
                code(SCT_MODE, "DCM|130609|2D Shear Wave Elastography"),
                num(ELASTICITY, "6.2", "kPa"),
                num("99SSI|IQRM|IQR/Median", "18", "%"),
                num("99SSI|NB|Number of valid measurements", "10", "1"),
            )
        ),
        (
            told("6.2", "kPa", "LIVE"),
            either("18", "%", "!LIVE", name="(?i)IQR"),
            either("10", "", "!LIVE"),
        ),
    ),
    "minimum and maximum are told as such": Member(
        general(
            container(
                GROUP,
                code(SCT_SITE, LIVER),
                code(SCT_MODE, "DCM|130609|2D Shear Wave Elastography"),
                num(ELASTICITY, "5.1", "kPa", code(DERIVATION, "SCT|255605001|Minimum")),
                num(ELASTICITY, "7.9", "kPa", code(DERIVATION, "SCT|56851009|Maximum")),
                num(ELASTICITY, "6.2", "kPa", code(DERIVATION, "SCT|373098007|Mean")),
            )
        ),
        (
            told("6.2", "kPa", "LIVE"),
            told("5.1", "kPa", "!LIVE", "Minimum"),
            told("7.9", "kPa", "!LIVE", "Maximum"),
        ),
    ),
    "infinity and not-a-number in words": Member(
        echo(lv(num(EF, "NaN", "%"), num(LVIDD, "INF", "mm"), num("LN|18154-5|IVSd", "9", "mm"))),
        (told("9", "mm", "IVSD"),),
    ),
    "a heart rate of 0 and a temperature of steel": Member(
        echo(
            container(
                "DCM|121118|Patient Characteristics",
                num("LN|8302-2|Patient Height", "1780", "cm"),
                num("LN|29463-7|Patient Weight", "0", "kg"),
                num("LN|8867-4|Heart rate", "71", "/min"),
            )
        ),
        (told("71", "1/min", "HR"),),
    ),
}

FOUND_AGAIN = {
    "cyst with a number in its identifier": Member(
        general(
            container(
                GROUP,
                text("DCM|112039|Tracking Identifier", "Zyste 2", rel=CONTEXT),
                code(SCT_SITE, KIDNEY),
                code(SIDE, RIGHT),
                num(DIAMETER, "12", "mm"),
            )
        ),
        (told("12", "mm", name="Zyste 2.*rechts|Niere.*Zyste 2|rechts.*Zyste 2"),),
    ),
    "properties in two levels": Member(
        obstetric(
            container(
                "DCM|125011|Pelvis and Uterus",
                code(
                    FINDING,
                    "SCT|95315005|Uterine leiomyoma",
                    container(
                        GROUP,
                        num(LENGTH, "34", "mm"),
                        num("SCT|103355008|Width", "28", "mm"),
                    ),
                    rel="CONTAINS",
                ),
            )
        ),
        (told("34", "mm", name="Myom.*Länge"), told("28", "mm", name="Myom.*Breite")),
    ),
    "a gallstone": Member(
        general(
            section(
                "SCT|28231008|Gallbladder",
                code(
                    FINDING,
                    "SCT|235919008|Gallstone",
                    num(DIAMETER, "11", "mm", rel=PROPERTY),
                    rel="CONTAINS",
                ),
                num("99GEMS|GW|Wall thickness", "2.4", "mm"),
            )
        ),
        (
            told("11", "mm", name="(?i)gallenstein|konkrement|gallstone"),
            told("2.4", "mm", never="(?i)stein|konkrement|stone"),
        ),
    ),
    "an aneurysm with its side": Member(
        vascular(
            section(
                "SCT|43899006|Popliteal artery",
                code(SIDE, LEFT),
                code(
                    FINDING,
                    "SCT|85659009|Aneurysm",
                    num(DIAMETER, "24", "mm", rel=PROPERTY),
                    rel="CONTAINS",
                ),
            )
        ),
        (told("24", "mm", name="(?i)aneurysm.*links"),),
    ),
    "plaque as text": Member(
        vascular(
            section(
                ICA,
                code(SIDE, RIGHT),
                text("DCM|121071|Finding", "Plaque, echoarm"),
                num(PSV, "92", "cm/s"),
            )
        ),
        (
            told("92", "cm/s", "ICAPSV0R"),
            told("Plaque, echoarm", TEXT, name="(?i)befund|interna"),
        ),
    ),
    "last period and conception": Member(
        obstetric(
            container(
                "DCM|121111|Summary",
                date("LN|11955-2|LMP", "20231101"),
                date("LN|33067-0|Conception Date", "20231115"),
                date("LN|11778-8|EDD", "20240807"),
            )
        ),
        (
            told("01.11.2023", TEXT, name="(?i)regel|periode|menstruation|LMP"),
            told("15.11.2023", TEXT, name="(?i)konzeption|empfängnis"),
            told("07.08.2024", TEXT, name="ET|Geburtstermin|ermin"),
        ),
    ),
}

PLACES_AGAIN = {
    "label and laterality agree": Member(
        vascular(
            section(
                KIDNEY,
                code(SIDE, LEFT),
                num(LENGTH, "108", "mm", text("99GEMS|GEU-1005-5|Label", "Renal L")),
            )
        ),
        (told("108", "mm", name="links", never="(?i)widerspr"),),
    ),
    "residual urine in the label only": Member(
        vascular(
            section(
                BLADDER,
                num(
                    VOLUME,
                    "55",
                    "ml",
                    text("99GEMS|GEU-1005-5|Label", "PVR", rel="HAS CONCEPT MOD"),
                ),
            )
        ),
        (told("55", "ml", name="(?i)restharn"),),
    ),
    "residual urine in Spanish and French": Member(
        general(
            section(BLADDER, num("99SSI|RPM|Résidu post-mictionnel", "31", "ml")),
            section(BLADDER, num("99ESAOTE|RPM|Residuo postmiccional", "29", "ml")),
        ),
        (
            told("31", "ml", name="(?i)restharn|post-?mi"),
            told("29", "ml", name="(?i)restharn|post-?mi"),
        ),
    ),
    "stages by the label of a group": Member(
        echo(
            *(
                section(
                    LV,
                    container(
                        GROUP,
                        code(SCT_MODE, "SCT|399064001|2D mode"),
                        code("LN|18139-6|Stage", what, rel=ACQUISITION),
                        num(EF, value, "%"),
                    ),
                )
                for what, value in (
                    ("99GEMS|ST1|Rest", "60"),
                    ("99GEMS|ST2|Low dose 10 ug", "63"),
                    ("99GEMS|ST4|Peak", "52"),
                )
            )
        ),
        (
            told("60", "%", "LVEF0*", "(?i)rest|ruhe"),
            told("63", "%", "LVEF0*", "10 ug"),
            told("52", "%", "LVEF0*", "(?i)peak|maximal"),
        ),
    ),
    "middle cerebral artery of an adult keeps its side": Member(
        vascular(section(MCA, code(SIDE, RIGHT), num(PSV, "88", "cm/s"))),
        (told("88", "cm/s", "MCAPSV0R", never="(?i)fet"),),
    ),
    "both sides as words in German, Spanish": Member(
        vascular(
            section(KIDNEY, text(SIDE, "li.", rel="HAS CONCEPT MOD"), num(LENGTH, "108", "mm")),
            section(KIDNEY, code(SIDE, "99ESAOTE|D|derecho"), num(LENGTH, "102", "mm")),
        ),
        (told("108", "mm", "RENL0L"), told("102", "mm", "RENL0R")),
    ),
}

KINDS = {
    "A subject, again": SUBJECT_AGAIN,
    "A time/which, again": MOMENTS_AGAIN,
    "B no result, again": RESULTS_AGAIN,
    "C findings, again": FOUND_AGAIN,
    "D places, again": PLACES_AGAIN,
}
SECOND = {name: member for kind in KINDS.values() for name, member in kind.items()}
