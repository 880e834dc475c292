"""Makers' own codes in other languages: organs as containers, sizes by their words."""

from __future__ import annotations

from tests.sr.builder import container, num
from tests.sr.members.parts import Member, titled, told

LANGUAGES: dict[str, Member] = {
    "organs as containers, Italian": Member(
        titled(
            "99ESA|1|Addome",
            container(
                "99ESA|2|Rene destro",
                num("99ESA|3|Lunghezza", "10.1", "cm"),
                num("99ESA|4|Spessore", "45", "mm"),
            ),
            container("99ESA|5|Milza", num("99ESA|3|Lunghezza", "11", "cm")),
        ),
        (
            told("101", "mm", "RENL0R", "Niere Länge, rechts"),
            told("45", "mm", "RENTH0R", "Niere Dicke, rechts"),
            told("110", "mm", "SPLL", "Milz Länge"),
        ),
    ),
    "organs as containers, German": Member(
        titled(
            "99B|1|Abdomen",
            container(
                "99B|2|Linke Niere",
                num("99B|3|Länge", "101", "mm"),
                num("99B|4|Parenchymdicke", "14", "mm"),
            ),
            container("99B|5|Harnblase", num("99B|6|Volumen nach Miktion", "40", "ml")),
        ),
        (
            told("101", "mm", "RENL0L", "Niere Länge, links"),
            told("14.0", "mm", "RENCORT0L"),
            told("40", "ml", "RESTHARN", "Restharn"),
        ),
    ),
    "organs as containers, English": Member(
        titled(
            "99M|1|General",
            container(
                "99M|2|Measurements",
                container("99M|3|Thyroid Lt", num("99M|4|Length", "44", "mm")),
                container("99M|5|Gallbladder", num("99M|6|Wall Thickness", "2.5", "mm")),
                container("99M|7|Left Ventricle", num("99M|8|Ejection Fraction", "55", "%")),
            ),
        ),
        (
            told("44", "mm", "THYL0L"),
            told("2.5", "mm", "GBWALL"),
            told("55", "%", "LVEF"),
        ),
    ),
    "an organ's container and a lesion's in it": Member(
        titled(
            "99M|1|General",
            container(
                "99M|2|Liver",
                num("99M|3|Length", "145", "mm"),
                container("99M|4|Lesion 1", num("99M|3|Length", "25", "mm")),
            ),
        ),
        (told("145", "mm", "LIVL"), told("25", "mm", name="Lesion 1: Länge", never="LIVL")),
    ),
    "an organ's container of a child": Member(
        titled(
            "LN|11525-3|US Pelvis and Fetus for pregnancy",
            container("99M|2|Left Kidney", num("99M|3|Length", "25", "mm")),
        ),
        (told("25", "mm", "RENL0L0CHILD", "Fetus"),),
    ),
    "a mother's organs, Italian and French": Member(
        titled(
            "LN|11525-3|US Pelvis and Fetus for pregnancy",
            container("99ESA|2|Utero", num("99ESA|3|Lunghezza", "80", "mm")),
            container("99ESA|4|Ovaire gauche", num("99ESA|3|Longueur", "31", "mm")),
        ),
        (told("80", "mm", "UTEL", never="CHILD"), told("31", "mm", "OVAL0L", never="CHILD")),
    ),
    "vessels by their abbreviations": Member(
        titled(
            "99V|1|Carotid",
            container(
                "99V|2|ICA links",
                num("99V|3|PSV", "120", "cm/s"),
                num("99V|4|EDV", "40", "cm/s"),
                num("99V|5|RI", "0.67", "1"),
            ),
            container("99V|6|Rt CCA", num("99V|3|PSV", "0.8", "m/s")),
            container("99V|7|Left Ventricle", num("99V|4|EDV", "110", "ml")),
        ),
        (
            told("120.0", "cm/s", "ICAPSV0L"),
            told("40.0", "cm/s", "ICAEDV0L"),
            told("0.67", "", "ICARI0L"),
            told("80.0", "cm/s", "CCAPSV0R"),
            told("110", "ml", never="EDV0L"),
        ),
    ),
    "abbreviations that mean several things": Member(
        titled(
            "99V|1|Echo",
            container("99V|2|AV", num("99V|3|PSV", "1.4", "m/s")),
            container("99V|4|Rate", num("99V|5|Length", "1.4", "cm")),
            container("99V|6|Blase", num("99V|7|Volumen", "20", "ml")),
        ),
        (
            told("140", "cm/s", never="VERTPSV"),
            told("14", "mm", never="SPLL"),
            told("20", "ml", never="BLAV"),
        ),
    ),
    "a vessel no row has": Member(
        titled(
            "DCM|125100|Vascular Ultrasound Procedure Report",
            container("SCT|68705008|Axillary vein", num("99M|9|Reflux time", "900", "ms")),
            template="5100",
        ),
        (told("900", "ms", name="Reflux time, V. axillaris"),),
    ),
}
