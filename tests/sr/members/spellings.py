"""Numbers and units as makers spell them."""

from __future__ import annotations

from tests.sr.builder import container, num
from tests.sr.members.parts import (
    EF,
    EFW,
    LVIDD,
    Member,
    echo,
    lv,
    obstetric,
    section,
    titled,
    told,
)

OTHER = "99ACME|Z1|Apex distance"
"""A measurement no catalogue has."""


def of_unknown(value: str, unit: str, shown: str, shown_unit: str) -> Member:
    """Return a report with one value that is in no catalogue."""
    return Member(
        echo(lv(num(OTHER, value, unit))),
        (told(shown, shown_unit, name="Apex distance"),),
    )


def of_known(
    name: str, value: str, unit: str | None, made: str, shown: str, shown_unit: str
) -> Member:
    """Return a report with one value of the left ventricle."""
    return Member(echo(lv(num(name, value, unit))), (told(shown, shown_unit, made),))


def e_wave(value: str, unit: str) -> Member:
    """Return a report with a mitral E wave of 80 cm/s."""
    mitral = section("SCT|91134007|Mitral valve", num("LN|18037-2|E", value, unit))
    return Member(echo(mitral), (told("80", "cm/s", "MVE"),))


SPELLINGS = {
    "decimal comma in cm, known": of_known(LVIDD, "4,8", "cm", "LVIDD", "48", "mm"),
    "decimal comma with sign": of_known("DCM|130694|GLS", "-19,4", "%", "GLSENDO", "-19.4", "%"),
    "decimal comma below one": of_known("LN|18154-5|IVSd", "0,95", "cm", "IVSD", "9.5", "mm"),
    "decimal comma, four decimals": of_known(LVIDD, "4,8213", "cm", "LVIDD", "48.213", "mm"),
    "one comma and three digits may be thousands": Member(
        obstetric(container("DCM|125008|Fetus Summary", num(EFW, "1,480", "g"))), ()
    ),
    "number with words behind": Member(
        echo(lv(num(LVIDD, "48 mm", "mm"), num(EF, "58", "%"))), (told("58", "%", "LVEF"),)
    ),
    "less than": Member(
        echo(lv(num(LVIDD, "<5", "mm"), num(EF, "58", "%"))), (told("58", "%", "LVEF"),)
    ),
    "no unit code, only its meaning": of_known(LVIDD, "48", "UCUM||mm", "LVIDD", "48", "mm"),
    "unit of another scheme": of_known(
        LVIDD, "4.8", "99PMSBLUS|cm|centimeter", "LVIDD", "48", "mm"
    ),
    "Millimeter": of_known(LVIDD, "48", "UCUM|Millimeter|Millimeter", "LVIDD", "48", "mm"),
    "MM": of_known(LVIDD, "48", "UCUM|MM|MM", "LVIDD", "48", "mm"),
    "millimetres": of_known(LVIDD, "48", "UCUM|millimetres|millimetres", "LVIDD", "48", "mm"),
    "metres/second": e_wave("0.8", "UCUM|metres/second|metres/second"),
    "mm/s": e_wave("800", "mm/s"),
    "CM/SEC": e_wave("80", "UCUM|CM/SEC|CM/SEC"),
    "PERCENT": of_known(EF, "58", "UCUM|PERCENT|PERCENT", "LVEF", "58", "%"),
    "Millimeters of Mercury": Member(
        titled(
            "DCM|125200|Adult Echocardiography Procedure Report",
            container(
                "DCM|121118|Patient Characteristics",
                num("LN|8480-6|Systolic blood pressure", "135", "UCUM|MMHG|Millimeters of mercury"),
            ),
            template="5200",
        ),
        (told("135", "mmHg", "RRSYS"),),
    ),
    "Beats per minute": of_known(
        "LN|8867-4|HR", "71", "UCUM|beats per minute|beats per minute", "HR", "71", "1/min"
    ),
    "{beats}/min": of_known("LN|8867-4|HR", "71", "{beats}/min", "HR", "71", "1/min"),
    "ML": of_known("LN|18026-5|EDV", "112", "UCUM|ML|ML", "LVEDV", "112", "ml"),
    "ccm": of_known("LN|18026-5|EDV", "112", "UCUM|ccm|ccm", "LVEDV", "112", "ml"),
    "l": of_known("LN|18026-5|EDV", "0.112", "l", "LVEDV", "112", "ml"),
    "mL/m^2": of_known("LN|80020-1|LVMI", "0.092", "UCUM|kg/m^2|kg/m^2", "LVMI", "92", "g/m2"),
    "weeks": Member(
        obstetric(
            container("DCM|121111|Summary", num("LN|11888-5|CUA", "28.43", "UCUM|Weeks|Weeks"))
        ),
        (told("199.01", "Tage", "GACOMP", notes=r"28\+3"),),
    ),
    "kilograms": Member(
        obstetric(
            container("DCM|125008|Fetus Summary", num(EFW, "1.48", "UCUM|Kilograms|Kilograms"))
        ),
        (told("1480", "g", "EFW"),),
    ),
    "unknown to the catalogue, m/s": of_unknown("0.112", "m/s", "11.2", "cm/s"),
    "unknown to the catalogue, cm/s": of_unknown("11.2", "cm/s", "11.2", "cm/s"),
    "unknown to the catalogue, mm2": of_unknown("850", "mm2", "8.5", "cm2"),
    "unknown to the catalogue, l": of_unknown("0.5", "l", "500", "ml"),
    "unknown to the catalogue, cm3": of_unknown("7", "cm3", "7", "ml"),
    "unknown to the catalogue, m": of_unknown("0.031", "m", "31", "mm"),
    "unknown to the catalogue, kPa": of_unknown("6.2", "kPa", "46.5", "mmHg"),
    "unknown to the catalogue, um": of_unknown("812", "um", "0.812", "mm"),
    "unknown to the catalogue, thirteen digits": of_unknown(
        "4.2141821355915", "cm", "42.141821355915", "mm"
    ),
    "unit nobody knows": Member(
        echo(lv(num(OTHER, "3.1", "UCUM|furlong|furlong"))),
        (told("3.1", "furlong", name="Apex distance"),),
    ),
    "several readings in mixed units": Member(
        echo(lv(num(LVIDD, "4.8", "cm"), num(LVIDD, "49", "mm"))),
        (told("48", "mm", "!LVIDD", notes="1 von 2"), told("49", "mm", "LVIDD", notes="2 von 2")),
    ),
}
