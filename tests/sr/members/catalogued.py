"""What the catalogue knows by name, and how many digits it promises."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import FINDINGS, GROUP, code, container, num, text
from tests.sr.members.parts import (
    CONTEXT,
    DIAMETER,
    EF,
    ELASTICITY,
    GENERAL_TITLE,
    KIDNEY,
    LENGTH,
    LIVER,
    LVIDD,
    SCT_MODE,
    SCT_SITE,
    SIDE,
    VASCULAR_TITLE,
    WIDTH,
    Member,
    echo,
    either,
    lv,
    obstetric,
    section,
    titled,
    told,
)

LEFT = "SCT|7771000|Left"
RIGHT = "SCT|24028007|Right"
SWE = "DCM|130609|2D Shear Wave Elastography"
SPEED = "DCM|130611|Shear Wave Speed"


def general(*children: Dataset) -> Dataset:
    """Return a report of TID 12000."""
    return titled(GENERAL_TITLE, *children, template="12000")


def vascular(*children: Dataset) -> Dataset:
    """Return a report of TID 5100."""
    return titled(VASCULAR_TITLE, *children, template="5100")


def at(site: str, *items: Dataset) -> Dataset:
    """Return a measurement group of a site."""
    return container(GROUP, code(SCT_SITE, site), *items)


def shear(site: str, *items: Dataset) -> Dataset:
    """Return a measurement group of shear wave elastography."""
    return at(site, code(SCT_MODE, SWE), *items)


CATALOGUED = {
    "digits: ejection fraction and gradient none, walls one": Member(
        echo(
            lv(num(EF, "58.4182", "%"), num("LN|18154-5|IVSd", "0.9532", "cm")),
            section(
                "SCT|34202007|Aortic Valve",
                container(
                    GROUP,
                    code(SCT_MODE, "SCT|261198000|CW"),
                    code("SCT|260674002|Direction of Flow", "SCT|263677008|Antegrade Flow"),
                    num("LN|20247-3|Peak Gradient", "12.4182", "mm[Hg]"),
                ),
            ),
        ),
        (
            told("=58", "%", "LVEF"),
            told("=9.5", "mm", "IVSD"),
            told("=12", "mmHg", "AOPG"),
        ),
    ),
    "digits: a kidney none, a duct one": Member(
        general(
            at(KIDNEY, code(SIDE, LEFT), num(LENGTH, "10.8432", "cm")),
            at("SCT|79741001|Common bile duct", num(DIAMETER, "4.3182", "mm")),
        ),
        (told("=108", "mm", "RENL0L"), told("=4.3", "mm", name="choledochus")),
    ),
    "digits: nuchal translucency, endometrium, follicle one": Member(
        obstetric(
            container(
                "DCM|125009|Early Gestation", num("LN|33069-6|Nuchal Translucency", "1.2345", "mm")
            ),
            container(
                "DCM|125011|Pelvis and Uterus",
                num("LN|12145-9|Endometrium Thickness", "0.8421", "cm"),
            ),
            container(
                FINDINGS,
                code(SCT_SITE, "SCT|24162005|Ovarian Follicle"),
                code(SIDE, LEFT),
                container(
                    GROUP,
                    text("LN|12510-4|Identifier", "2", rel=CONTEXT),
                    num("LN|11793-7|Follicle Diameter", "18.345", "mm"),
                ),
            ),
        ),
        (
            told("=1.2", "mm", "NT"),
            told("=8.4", "mm", "ENDOM"),
            told("=18.3", "mm", name="Follikel"),
        ),
    ),
    "a lymph node": Member(
        general(
            at(
                "SCT|81105003|Cervical lymph node",
                code(SIDE, RIGHT),
                num(LENGTH, "14", "mm"),
                num(WIDTH, "6", "mm"),
            )
        ),
        (
            told("14", "mm", name="(?i)lymphknoten.*rechts"),
            told("6", "mm", name="(?i)lymphknoten.*rechts"),
        ),
    ),
    "stiffness of liver, spleen, thyroid nodule and breast": Member(
        general(
            shear(LIVER, num(ELASTICITY, "5.8", "kPa"), num(SPEED, "1.39", "m/s")),
            shear("SCT|78961009|Spleen", num(ELASTICITY, "18.2", "kPa")),
            shear("SCT|237495005|Thyroid Nodule", code(SIDE, LEFT), num(ELASTICITY, "32", "kPa")),
            shear("SCT|76752008|Breast", code(SIDE, LEFT), num(ELASTICITY, "64", "kPa")),
        ),
        (
            told("5.8", "kPa", "LIVE"),
            told("1.39", "m/s", "LIVSWS"),
            told("18.2", "kPa", "SPLE"),
            told("32", "kPa", name="(?i)schilddrüse.*links"),
            told("64", "kPa", name="(?i)(mamma|brust).*links"),
        ),
    ),
    "parts of the pancreas": Member(
        general(
            at("SCT|64163001|Head of pancreas", num(DIAMETER, "24", "mm")),
            at("SCT|40133006|Body of pancreas", num(DIAMETER, "17", "mm")),
            at("SCT|73239005|Tail of pancreas", num(DIAMETER, "21", "mm")),
        ),
        (
            told("24", "mm", name="(?i)pankreas.*kopf"),
            told("17", "mm", name="(?i)pankreas.*(körper|korpus)"),
            told("21", "mm", name="(?i)pankreas.*schwanz"),
        ),
    ),
    "left atrium by its own code": Member(
        echo(
            section(
                "SCT|82471001|Left atrium",
                container(
                    GROUP,
                    code(SCT_MODE, "SCT|399064001|2D mode"),
                    num("LN|29469-4|Left Atrium Antero-posterior Systolic Dimension", "38", "mm"),
                ),
            )
        ),
        (told("38", "mm", "LAD"),),
    ),
    "intima-media thickness with its companions": Member(
        vascular(
            container(
                FINDINGS,
                code(SCT_SITE, "SRT|T-45005|Artery of neck"),
                code(SIDE, LEFT),
                container(
                    "SRT|T-45100|Common Carotid Artery",
                    num("99GEMS|GEU-1005-26|IMT Posterior Average", "0.623", "mm"),
                    num("99GEMS|GEU-1005-27|IMT Posterior Max", "0.81", "mm"),
                    num("99GEMS|GEU-1005-29|IMT Posterior SD", "0.05", "mm"),
                    num("99GEMS|GEU-1005-30|IMT Posterior n", "120", "1"),
                ),
            )
        ),
        (
            told("=0.62", "mm", name="(?i)IMT.*links"),
            told("0.81", "mm", name="(?i)IMT.*max"),
            either("0.05", "mm", "!IMT0L", name="(?i)IMT"),
            either("120", "*", "!IMT0L", name="(?i)IMT"),
        ),
    ),
    "tissue velocities by site and phase": Member(
        echo(
            *(
                section(
                    site,
                    container(
                        GROUP,
                        code(SCT_MODE, "SCT|439858009|Tissue Doppler Imaging"),
                        *(
                            num(
                                "LN|59133-9|Peak Tissue Velocity",
                                value,
                                "cm/s",
                                code("SCT|272518008|Cardiac Cycle Point", phase),
                            )
                            for phase, value in phases
                        ),
                    ),
                )
                for site, phases in (
                    (
                        "SCT|399093001|Medial Mitral Annulus",
                        (
                            ("SCT|444389002|Early Diastole", "7.1"),
                            ("SCT|59972007|Atrial Systole", "9.2"),
                        ),
                    ),
                    (
                        "SCT|399086000|Lateral Mitral Annulus",
                        (("SCT|444389002|Early Diastole", "10.4"),),
                    ),
                )
            )
        ),
        (
            told("7.1", "cm/s", "EPSEP"),
            told("9.2", "cm/s", "APSEP"),
            told("10.4", "cm/s", "EPLAT"),
        ),
    ),
    "what has no unit of its own keeps its number": Member(
        echo(lv(num("99GEMS|WMSI|Wall Motion Score Index", "1.25", "1"), num(LVIDD, "48", "mm"))),
        (told("1.25", "", name="(?i)Wand|Wall Motion"), told("48", "mm", "LVIDD")),
    ),
}
