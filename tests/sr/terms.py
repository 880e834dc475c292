"""Words of the grammar: concepts with both spellings, after PS3.16's templates and context groups.

A code with an older spelling is written ``SRT`` there; what is measured is the same.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A concept as it is coded today and, where it had one, its code in SNOMED RT.

    Free text is a term with a meaning only (``||A``).
    """

    today: str
    older: str = ""

    @property
    def meaning(self) -> str:
        return self.today.rpartition("|")[2]

    @property
    def key(self) -> str:
        """What identities are made of."""
        scheme, value, meaning = self.today.split("|")
        return f"{scheme}:{value}" if value else "=" + " ".join(meaning.casefold().split())

    def spelled(self, *, older: bool) -> str:
        """Return the code in one of its spellings."""
        return self.older if older and self.older else self.today


def snomed(today: str, older: str, meaning: str) -> Term:
    """Return a concept of SNOMED."""
    return Term(f"SCT|{today}|{meaning}", f"SRT|{older}|{meaning}")


def said(text: str) -> Term:
    """Return free text."""
    return Term(f"||{text}")


MODIFIER_NAMES = {
    "site": snomed("363698007", "G-C0E3", "Finding Site"),
    "laterality": snomed("272741003", "G-C171", "Laterality"),
    "topography": snomed("106233006", "G-A1F8", "Topographical modifier"),
    "mode": snomed("399264008", "G-0373", "Image Mode"),
    "method": snomed("370129005", "G-C036", "Measurement Method"),
    "equation": Term("DCM|121420|Equation"),
    "view": Term("DCM|111031|Image View"),
    "cycle": snomed("272518008", "R-4089A", "Cardiac Cycle Point"),
    "breathing": snomed("272517003", "R-40899", "Respiratory Cycle Point"),
    "flow": snomed("260674002", "G-C048", "Direction of Flow"),
    "stage": Term("LN|18139-6|Stage"),
    "protocol": Term("DCM|125203|Acquisition Protocol"),
    "fetus": Term("LN|11951-1|Fetus ID"),
    "label": Term("LN|12510-4|Identifier"),
    "derivation": Term("DCM|121401|Derivation"),
    "selection": Term("DCM|121404|Selection Status"),
}

RELATIONS = {
    "equation": "INFERRED FROM",
    "stage": "HAS ACQ CONTEXT",
    "fetus": "HAS OBS CONTEXT",
    "label": "HAS OBS CONTEXT",
}
"""How a modifier is attached; the others by HAS CONCEPT MOD."""

LEFT = snomed("7771000", "G-A101", "Left")
RIGHT = snomed("24028007", "G-A100", "Right")
SIDES = [LEFT, RIGHT, snomed("66459002", "G-A103", "Unilateral")]
SEGMENTS = [
    snomed("40415009", "G-A118", "Proximal"),
    snomed("46053002", "G-A119", "Distal"),
]
MODES = [
    snomed("399064001", "G-03A2", "2D mode"),
    snomed("399155008", "G-0394", "M mode"),
    snomed("261199008", "R-409E4", "Doppler Pulsed"),
    snomed("261198000", "R-409E3", "Doppler Continuous Wave"),
]
METHODS = [Term("DCM|125209|Teichholz"), Term("DCM|125207|Method of Disks, Biplane")]
EQUATIONS = [Term("LN|11902-4|BPD, Hadlock 1984"), Term("LN|11932-1|HC, Hadlock 1984")]
VIEWS = [
    snomed("399214001", "G-A19C", "Apical four chamber"),
    snomed("399232001", "G-A19B", "Apical two chamber"),
]
PHASES = [snomed("111973004", "F-32020", "Systole"), snomed("90892000", "F-32010", "Diastole")]
BREATHS = [
    snomed("58322009", "F-20020", "Expiration"),
    snomed("14910006", "F-20010", "Inspiration"),
]
FLOWS = [
    snomed("263677008", "R-42047", "Antegrade Flow"),
    snomed("312004007", "R-42E61", "Retrograde Flow"),
]
STAGES = [Term("DCM|109091|Cardiac Stress State"), Term("DCM|109092|Reperfusion State")]
PROTOCOLS = [said("Dobutamine"), said("Bruce")]
FETUSES = [said("A"), said("B"), said("1")]
UNNUMBERED = said("ohne Nummer")
IDENTIFIERS = [said("#1"), said("#2"), said("Nodule 1")]

MEAN = snomed("373098007", "R-00317", "Mean")
MEAN_CHOSEN = Term("DCM|121412|Mean value chosen")
LATEST_CHOSEN = Term("DCM|121411|Most recent value chosen")

HEART = [
    snomed("87878005", "T-32600", "Left Ventricle"),
    snomed("91134007", "T-35300", "Mitral Valve"),
    snomed("34202007", "T-35400", "Aortic Valve"),
    snomed("399093001", "G-0391", "Medial Mitral Annulus"),
]
NECK = [snomed("119568004", "T-45005", "Artery of neck")]
VESSELS = [
    snomed("32062004", "T-45100", "Common Carotid Artery"),
    snomed("86117002", "T-45300", "Internal Carotid Artery"),
    snomed("22286001", "T-45200", "External Carotid Artery"),
]
ORGANS = [
    snomed("64033007", "T-71000", "Kidney"),
    snomed("78961009", "T-C3000", "Spleen"),
    snomed("76752008", "T-04000", "Breast"),
    snomed("24162005", "T-87600", "Ovarian Follicle"),
]

FINDINGS = [Term("DCM|121070|Findings"), Term("LN|59776-5|Findings")]
SUMMARY = Term("DCM|121111|Summary")
FETUS_SUMMARY = Term("DCM|125008|Fetus Summary")
PREVIOUS = [Term("DCM|121068|Previous Findings"), Term("LN|18834-2|Comparison study")]
CHARACTERISTICS = Term("DCM|121118|Patient Characteristics")
PELVIS = Term("DCM|125011|Pelvis and Uterus")
BIOMETRY = [
    Term("DCM|125002|Fetal Biometry"),
    Term("DCM|125003|Fetal Long Bones"),
    Term("DCM|125004|Fetal Cranium"),
]
BIOMETRY_GROUP = Term("DCM|125005|Biometry Group")
GROUP = Term("DCM|125007|Measurement Group")
FLAT = [Term("DCM|125301|Pre-coordinated Measurements"), Term("DCM|125303|Adhoc Measurements")]
IMAGING = Term("DCM|126010|Imaging Measurements")

AGE = Term("LN|18185-9|Gestational Age")
FETAL = [
    Term("LN|11820-8|Biparietal Diameter"),
    Term("LN|11984-2|Head Circumference"),
    Term("LN|11727-5|Estimated Weight"),
]
FLOWING = [
    Term("LN|11726-7|Peak Systolic Velocity"),
    Term("LN|11653-3|End Diastolic Velocity"),
    Term("LN|12023-8|Resistivity Index"),
]
CARDIAC = [
    Term("LN|29436-3|Left Ventricle Internal End Diastolic Dimension"),
    Term("LN|18043-0|Left Ventricular Ejection Fraction"),
    snomed("399367004", "G-038E", "Cardiovascular Orifice Area"),
    Term("99GEMS|GEU-106-0002|Peak Longitudinal Strain"),
]
SIZES = [
    snomed("410668003", "G-D7FE", "Length"),
    snomed("103355008", "G-A220", "Width"),
    snomed("118565006", "G-D705", "Volume"),
    snomed("81827009", "M-02550", "Diameter"),
    Term("DCM|121206|Distance"),
]

UNITS = {
    # as sent: as printed
    "cm": "cm",
    "mm": "mm",
    "cm/s": "cm/s",
    "ml": "ml",
    "%": "%",
    "d": "d",
    "mm[Hg]": "mm[Hg]",
    "{H.B.}/min": "/min",
    "1": "",
    "{0:10}": "",
}

WORDS = {
    # character set: a word that needs it
    "ISO_IR 100": "Gr\u00f6\u00dfe",
    "ISO_IR 144": "\u0414\u0438\u0430\u043c\u0435\u0442\u0440",
    "ISO_IR 192": "\u5de6\u5ba4 \u00d8",
    "GB18030": "\u5de6\u5ba4\u5185\u5f84",
}
