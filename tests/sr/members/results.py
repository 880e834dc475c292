"""What is no result (qualifiers, sentinels, statistics, doses), and what only looks like none."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import DERIVATION, GROUP, code, container, num
from tests.sr.members.parts import (
    BLADDER,
    BPD,
    EDV,
    EF,
    ELASTICITY,
    GENERAL_TITLE,
    HC,
    KIDNEY,
    LENGTH,
    LIVER,
    LVIDD,
    PSV,
    RI,
    SCT_MODE,
    SCT_SITE,
    SIDE,
    VASCULAR_TITLE,
    Member,
    biometry,
    echo,
    either,
    lv,
    obstetric,
    qualified,
    section,
    titled,
    told,
)

LEFT = "SCT|7771000|Left"
SWE = "DCM|130609|2D Shear Wave Elastography"


def stiffness(*numbers: Dataset) -> Dataset:
    """Return a report of shear wave elastography of the liver."""
    return titled(
        GENERAL_TITLE,
        container(GROUP, code(SCT_SITE, LIVER), code(SCT_MODE, SWE), *numbers),
        template="12000",
    )


def derived(value: str, unit: str, derivation: str) -> Dataset:
    """Return an elasticity with a derivation."""
    return num(ELASTICITY, value, unit, code(DERIVATION, derivation))


RESULTS = {
    "qualifiers of CID 42 beside numbers": Member(
        echo(
            lv(
                qualified(num(EF, "32767", "%"), "DCM|114005|Overflow"),
                qualified(num(LVIDD, "0", "mm"), "DCM|114007|Measurement not attempted"),
                qualified(num("LN|18154-5|IVSd", "9.5", "mm"), "DCM|114010|Value unknown"),
                num("LN|18152-9|LVPWd", "9.1", "mm"),
            )
        ),
        (told("9.1", "mm", "LVPWD"),),
    ),
    "sentinels of other makers": Member(
        echo(
            lv(
                num(LVIDD, "3.40282347E+38", "cm"),
                num(EF, "-32768", "%"),
                num("LN|18154-5|IVSd", "9999", "mm"),
                num("LN|18152-9|LVPWd", "-99", "mm"),
                num("LN|29438-9|LVIDs", "31", "mm"),
            )
        ),
        (told("31", "mm", "LVIDS"),),
    ),
    "sentinels in obstetrics": Member(
        obstetric(
            biometry(
                num(BPD, "999.9", "mm"),
                num(HC, "-1", "mm"),
                num("LN|11963-6|Femur Length", "41", "mm"),
            )
        ),
        (told("41", "mm", "FL"),),
    ),
    "sentinel in what is not in the catalogue": Member(
        echo(
            lv(
                num("99ESAOTE|X1|Apex to base distance", "-9999", "cm"),
                num("99ESAOTE|X2|Apex width", "2.2", "cm"),
            )
        ),
        (told("22", "mm", name="Apex width"),),
    ),
    "real negative and extreme values stay": Member(
        echo(
            lv(
                num("DCM|130694|GLS", "-21.4", "%"),
                num("LN|18026-5|EDV", "412", "ml"),
                num(LVIDD, "88", "mm"),
                num(EF, "9", "%"),
            ),
            section(
                "SCT|34202007|Aortic Valve",
                container(
                    GROUP,
                    code("SCT|399264008|Image Mode", "SCT|261198000|CW"),
                    code("SCT|260674002|Direction of Flow", "SCT|263677008|Antegrade Flow"),
                    num("LN|20247-3|Peak Gradient", "148", "mm[Hg]"),
                ),
            ),
        ),
        (
            told("-21.4", "%", "GLSENDO"),
            told("412", "ml", "LVEDV"),
            told("88", "mm", "LVIDD"),
            told("9", "%", "LVEF"),
            told("148", "mmHg", "AOPG"),
        ),
    ),
    "absent and reversed end diastolic flow": Member(
        obstetric(
            section("SCT|50536004|Umbilical Artery", num(EDV, "0", "cm/s"), num(RI, "1.00", "1")),
            section("SCT|367624001|Ductus venosus", num(EDV, "-12", "cm/s")),
        ),
        (
            told("0", "cm/s", name="umbilicalis"),
            told("1", "", name="umbilicalis"),
            told("-12", "cm/s", name="(?i)ductus venosus"),
        ),
    ),
    "no residual urine is a result": Member(
        titled(
            VASCULAR_TITLE,
            section(BLADDER, num("99GEMS|BV|Post Void Residual", "0", "ml")),
            template="5100",
        ),
        (told("0", "ml", name="(?i)restharn|post void"),),
    ),
    "a stenosis and a big kidney stay": Member(
        titled(
            VASCULAR_TITLE,
            section("SCT|86117002|ICA", code(SIDE, LEFT), num(PSV, "6.1", "m/s")),
            section(KIDNEY, code(SIDE, LEFT), num(LENGTH, "24.5", "cm")),
            template="5100",
        ),
        (told("610", "cm/s", "ICAPSV0L"), told("245", "mm", "RENL0L")),
    ),
    "median with IQR by LOINC-like and private codes": Member(
        stiffness(
            derived("5.8", "kPa", "SCT|373099004|Median"),
            derived("0.9", "kPa", "SCT|386136009|Standard Deviation"),
            derived("1.1", "kPa", "99SUPERSONIC|IQRANGE|Interquartile Range"),
            derived("10", "1", "99SUPERSONIC|CNT|Number of Measurements"),
            derived("90", "%", "99SUPERSONIC|SR|Success Rate"),
        ),
        (
            told("5.8", "kPa", "LIVE"),
            either("0.9", "kPa", "!LIVE", notes="(?i)abweichung|SD"),
            either("1.1", "kPa", "!LIVE", notes="(?i)IQR|quartil"),
            either("10", "", "!LIVE"),
            either("90", "%", "!LIVE"),
        ),
    ),
    "the standard deviation stands alone": Member(
        stiffness(derived("0.9", "kPa", "99CANON|SDV|Std. Dev."), num(ELASTICITY, "6.2", "kPa")),
        (
            told("6.2", "kPa", "LIVE", never="Wiederholung"),
            either("0.9", "kPa", "!LIVE", notes="."),
        ),
    ),
    "Quartilsabstand, Streuung": Member(
        stiffness(
            derived("1.3", "kPa", "99ESAOTE|QA|Quartilsabstand"),
            derived("0.8", "kPa", "99ESAOTE|ST|Standardabweichung"),
            num(ELASTICITY, "6.2", "kPa"),
        ),
        (
            told("6.2", "kPa", "LIVE", never="Wiederholung"),
            either("1.3", "kPa", "!LIVE"),
            either("0.8", "kPa", "!LIVE"),
        ),
    ),
    "écart-type, intervalle interquartile": Member(
        stiffness(
            derived("1.3", "kPa", "99SSI|II|Intervalle interquartile"),
            derived("0.8", "kPa", "99SSI|ET|Écart-type"),
            num(ELASTICITY, "6.2", "kPa"),
        ),
        (
            told("6.2", "kPa", "LIVE", never="Wiederholung"),
            either("1.3", "kPa", "!LIVE"),
            either("0.8", "kPa", "!LIVE"),
        ),
    ),
    "X-ray dose by class": Member(
        titled(
            "DCM|113701|X-Ray Radiation Dose Report",
            container(
                "DCM|113702|Accumulated X-Ray Dose Data",
                num("DCM|113722|Dose Area Product Total", "0.0002", "Gy.m2"),
            ),
            SOPClassUID="1.2.840.10008.5.1.4.1.1.88.67",
        ),
        (),
    ),
    "CT dose by template": Member(
        titled(
            "DCM|113701|X-Ray Radiation Dose Report",
            container(
                "DCM|113811|CT Accumulated Dose Data",
                num("DCM|113813|CT Dose Length Product Total", "412", "mGy.cm"),
            ),
            template="10011",
        ),
        (),
    ),
    "device settings": Member(
        echo(
            lv(
                num(LVIDD, "48", "mm"),
                num("99GEMS|MI|Mechanical Index", "1.1", "1"),
                num("99GEMS|TIS|Thermal Index (Soft Tissue)", "0.4", "1"),
                num("99GEMS|FR|Frame Rate", "62", "Hz"),
                num("99GEMS|DEP|Image Depth", "16", "cm"),
            )
        ),
        (
            told("48", "mm", "LVIDD"),
            either("1.1", "", name="(?i)Mechani"),
            either("0.4", "", name="(?i)Thermi|Thermal"),
            either("62", "*", name="(?i)Bildrate|Frame"),
            either("160", "~mm", name="(?i)tiefe|Depth"),
        ),
    ),
    "ratio and percent by unit 1": Member(
        echo(
            lv(
                num(EF, "58", "1"),
                num("LN|18051-3|Fractional Shortening", "0.34", "{ratio}"),
                num("DCM|130694|GLS", "-0.19", "1"),
            )
        ),
        (
            told("58", "*", notes="."),
            told("34", "%", name="(?i)FS|shorten|verkürz"),
            told("-19", "%", "GLSENDO"),
        ),
    ),
}
