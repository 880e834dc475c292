"""Whose values: mother, fetus, twins."""

from __future__ import annotations

from tests.sr.builder import FINDINGS, code, container, num, text
from tests.sr.members.parts import (
    BIOMETRY,
    BIOMETRY_GROUP,
    BPD,
    CONTEXT,
    DIAMETER,
    EF,
    EFW,
    FETAL,
    KIDNEY,
    LENGTH,
    LV,
    LVIDD,
    MCA,
    PI,
    PSV,
    SCT_SITE,
    SIDE,
    VOLUME,
    Member,
    biometry,
    fetus,
    lv,
    obstetric,
    person,
    section,
    titled,
    told,
)

HEART = "SCT|80891009|Heart"
UTERINE = "SCT|91079009|Uterine Artery"
UMBILICAL = "SCT|50536004|Umbilical Artery"
OVARY = "SCT|15497006|Ovary"
LEFT = "SCT|7771000|Left"
RIGHT = "SCT|24028007|Right"
PELVIS = "DCM|125011|Pelvis and Uterus"
CHARACTERISTICS = "DCM|121118|Patient Characteristics"
SUBJECT_CLASS = "DCM|121024|Subject Class"
SUBJECT_ID = "DCM|121030|Subject ID"

SUBJECT = {
    "obstetric US scan (SCT title): EF of the heart": Member(
        titled(
            "SCT|268445003|Obstetric ultrasound scan",
            section(LV, num(EF, "68", "%"), num(LVIDD, "12.4", "mm")),
        ),
        (told("68", "%", "!LVEF", FETAL), told("12.4", "mm", "!LVIDD", FETAL)),
    ),
    "title in words only, German": Member(
        titled(
            "99SAMSUNG|OB01|Geburtshilfliche Ultraschalluntersuchung",
            container("99SAMSUNG|FB|Fetale Biometrie", num(BPD, "48", "mm")),
            section(MCA, num(PSV, "31", "cm/s")),
        ),
        (told("48", "mm", "BPD*", "BIP|BPD"), told("31", "cm/s", "!MCAPSV", FETAL)),
    ),
    "fetal echo: title DCM 125196 without template": Member(
        titled(
            "DCM|125196|Fetal Cardiac Ultrasound Report",
            section("SCT|34202007|Aortic Valve", num(PSV, "95", "cm/s")),
        ),
        (told("95", "~cm/s", "!AOVMAX", FETAL),),
    ),
    "pediatric echo (TID 5220): the child is the patient": Member(
        titled(
            "DCM|125195|Pediatric Cardiac Ultrasound Report",
            lv(num(LVIDD, "32", "mm"), num(EF, "66", "%")),
            template="5220",
        ),
        (told("32", "mm", "LVIDD", never=FETAL), told("66", "%", "LVEF", never=FETAL)),
    ),
    "adult congenital echo (TID 5220): the adult is the patient": Member(
        titled(
            "DCM|125197|Adult Congenital Cardiac Ultrasound Report",
            lv(num(LVIDD, "52", "mm")),
            template="5220",
        ),
        (told("52", "mm", "LVIDD", never=FETAL),),
    ),
    "gynaecology (US Pelvis): nothing is a fetus's": Member(
        titled(
            "LN|24869-0|US Pelvis",
            container(PELVIS, num("LN|11842-2|Uterus Length", "82", "mm")),
            section(OVARY, code(SIDE, LEFT), num(VOLUME, "7.2", "ml")),
            section(UTERINE, code(SIDE, RIGHT), num(PI, "1.9", "1")),
        ),
        (
            told("82", "mm", name="Uterus", never=FETAL),
            told("7.2", "ml", name="Ovar.*links", never=FETAL),
            told("1.9", "", "UTAPI0R", "uterina.*rechts", never=FETAL),
        ),
    ),
    "obstetric: cervix, uterus, ovaries, uterine artery and height are the mother's": Member(
        obstetric(
            container(
                CHARACTERISTICS,
                num("LN|8302-2|Patient Height", "170", "cm"),
                num("LN|8867-4|Heart rate", "84", "/min"),
            ),
            container(BIOMETRY, fetus("A"), container(BIOMETRY_GROUP, num(BPD, "61", "mm"))),
            container(PELVIS, num("LN|11961-0|Cervix Length", "36", "mm")),
            container(
                FINDINGS,
                code(SCT_SITE, OVARY),
                num("LN|12164-0|Left Ovary Volume", "8.4", "ml"),
            ),
            container(
                FINDINGS,
                code(SCT_SITE, "SRT|T-D6007|Pelvic Vascular Structure"),
                container(UTERINE, code(SIDE, LEFT), num(PI, "0.9", "1")),
            ),
        ),
        (
            told("170", "cm", "HEIGHT", never=FETAL),
            told("84", "1/min", "HR", never=FETAL),
            told("61", "mm", "BPD0FA", "Fetus A"),
            told("36", "mm", "CERVL", never=FETAL),
            told("8.4", "ml", name="Ovar.*links", never=FETAL),
            told("0.9", "", "UTAPI0L", never=FETAL),
        ),
    ),
    "obstetric: section called Maternal": Member(
        obstetric(
            container(
                "99MINDRAY|MK|Maternal Kidneys",
                container(KIDNEY, code(SIDE, LEFT), num(LENGTH, "112", "mm")),
            ),
            biometry(num(BPD, "61", "mm")),
        ),
        (
            told("112", "mm", name="Niere.*links|Kidney.*links", never="Fetus|ohne Nummer|fetal"),
            told("61", "mm", "BPD"),
        ),
    ),
    "obstetric: kidney without a section is the fetus's": Member(
        obstetric(
            section(KIDNEY, code(SIDE, LEFT), num(LENGTH, "31", "mm")),
            biometry(num(BPD, "61", "mm")),
        ),
        (told("31", "mm", "!RENL0L", FETAL), told("61", "mm", "BPD")),
    ),
    "twins: Subject ID below Subject Class Fetus": Member(
        obstetric(
            *(
                container(
                    BIOMETRY,
                    code(SUBJECT_CLASS, "DCM|121026|Fetus", rel=CONTEXT),
                    text(SUBJECT_ID, which, rel=CONTEXT),
                    container(BIOMETRY_GROUP, num(BPD, value, "mm")),
                )
                for which, value in (("1", "61"), ("2", "58"))
            )
        ),
        (told("61", "mm", "BPD0F1", "Fetus 1"), told("58", "mm", "BPD0F2", "Fetus 2")),
    ),
    "twins: Fetus Number as NUM": Member(
        obstetric(
            *(
                container(
                    BIOMETRY,
                    num("DCM|121037|Fetus number", which, "1", rel=CONTEXT),
                    container(BIOMETRY_GROUP, num(BPD, value, "mm")),
                )
                for which, value in (("1", "61"), ("2", "58"))
            )
        ),
        (told("61", "mm", "BPD0F1", "Fetus 1"), told("58", "mm", "BPD0F2", "Fetus 2")),
    ),
    "twins: private containers Fetus A and Fetus B": Member(
        obstetric(
            *(
                container(
                    f"99CANON|FET{which}|Fetus {which}",
                    biometry(num(BPD, value, "mm")),
                    section(MCA, num(PSV, speed, "cm/s")),
                )
                for which, value, speed in (("A", "61", "40"), ("B", "58", "44"))
            )
        ),
        (
            told("61", "mm", name="Fetus A", never="Fetus B"),
            told("58", "mm", name="Fetus B", never="Fetus A"),
            told("40", "cm/s", "!MCAPSV", "Fetus A"),
            told("44", "cm/s", "!MCAPSV", "Fetus B"),
        ),
    ),
    "twins: Fetus ID on the number": Member(
        obstetric(
            container(
                "DCM|125008|Fetus Summary",
                num(EFW, "1810", "g", fetus("A")),
                num(EFW, "1640", "g", fetus("B")),
            )
        ),
        (
            told("1810", "g", "EFW0FA", "Fetus A"),
            told("1640", "g", "EFW0FB", "Fetus B"),
        ),
    ),
    "twins: long Fetus IDs": Member(
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
                            "LN|11732-5|EFW by AC, BPD, FL, HC, Hadlock 1985",
                            rel="INFERRED FROM",
                        ),
                    ),
                )
                for which, value in (
                    ("Twin 1 (presenting, left, maternal side)", "1810"),
                    ("Twin 2 (non-presenting, right)", "1640"),
                )
            )
        ),
        (told("1810", "g", name="Twin 1|Fetus 1"), told("1640", "g", name="Twin 2|Fetus 2")),
    ),
    "twins: vessels by Anatomic Identifier on the number": Member(
        obstetric(
            section(
                UMBILICAL,
                num(
                    PI,
                    "0.91",
                    "1",
                    text("DCM|112050|Anatomic Identifier", "A", rel="HAS CONCEPT MOD"),
                ),
                num(
                    PI,
                    "1.12",
                    "1",
                    text("DCM|112050|Anatomic Identifier", "B", rel="HAS CONCEPT MOD"),
                ),
            )
        ),
        (
            told("0.91", "", name="umbilicalis.*Fetus A"),
            told("1.12", "", name="umbilicalis.*Fetus B"),
        ),
    ),
    "twins: a vessel of neither is nobody's but a fetus's": Member(
        obstetric(
            *(
                container(BIOMETRY, fetus(which), container(BIOMETRY_GROUP, num(BPD, value, "mm")))
                for which, value in (("A", "61"), ("B", "58"))
            ),
            section(MCA, num(PSV, "47", "cm/s")),
        ),
        (
            told("61", "mm", "BPD0FA"),
            told("58", "mm", "BPD0FB"),
            told("47", "cm/s", "!MCAPSV", FETAL, never="Fetus A|Fetus B"),
        ),
    ),
    "subject class Patient in an obstetric section is the mother": Member(
        obstetric(
            container(
                FINDINGS,
                code(SUBJECT_CLASS, "DCM|121025|Patient", rel=CONTEXT),
                code(SCT_SITE, KIDNEY),
                code(SIDE, RIGHT),
                num(LENGTH, "109", "mm"),
            ),
            biometry(num(BPD, "61", "mm")),
        ),
        (told("109", "mm", "RENL0R", never=FETAL), told("61", "mm", "BPD")),
    ),
    "subject class Fetus at the root, mother of fetus named": Member(
        titled(
            "99PMSBLUS|FE|Fetal Echo",
            code(SUBJECT_CLASS, "DCM|121026|Fetus", rel=CONTEXT),
            person("DCM|121036|Mother of fetus", "Muster^Mia"),
            lv(num(EF, "71", "%")),
        ),
        (told("71", "%", "!LVEF", FETAL, never="Muster"),),
    ),
    "fetal section in an echo title": Member(
        titled(
            "DCM|125200|Adult Echocardiography Procedure Report",
            container(
                "DCM|125016|Fetal Measurements", num(DIAMETER, "3.4", "mm", code(SCT_SITE, HEART))
            ),
            template="5200",
        ),
        (told("3.4", "mm", name=FETAL),),
    ),
    "early gestation: sac and yolk sac are not the mother's; follicle is": Member(
        obstetric(
            container(
                "DCM|125009|Early Gestation",
                num("LN|11957-8|Crown Rump Length", "21", "mm"),
                num("LN|11816-6|Yolk Sac length", "4.1", "mm"),
            ),
            container(
                FINDINGS,
                code(SCT_SITE, "SCT|24162005|Ovarian Follicle"),
                code(SIDE, LEFT),
                container(
                    "DCM|125007|Measurement Group",
                    text("LN|12510-4|Identifier", "1", rel=CONTEXT),
                    num("LN|11793-7|Follicle Diameter", "18", "mm"),
                ),
            ),
        ),
        (
            told("21", "mm", "CRL"),
            told("4.1", "mm", name="(?i)dotter|yolk"),
            told("18", "mm", name="Follikel.*1", never="(?i)fetus|fetal"),
        ),
    ),
}
