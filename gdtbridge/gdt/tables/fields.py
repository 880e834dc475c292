"""The field table of GDT: number, German name, type, length.

Lengths are in bytes of the record's character set. The rows come from the sources named in
:data:`SOURCES`; where a row names none it is in the 2.1 and 3.0 tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class FieldType(StrEnum):
    """Type of a field: ``date`` is TTMMJJJJ, ``time`` HHMMSS, ``float`` has a decimal point."""

    STR = "str"
    NUM = "num"
    DATE = "date"
    TIME = "time"
    FLOAT = "float"


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field (Feldkennung).

    ``max_length`` is that of 2.1, of 3.0 for fields 2.1 does not have, in bytes; None where the
    standard sets no limit.
    """

    number: str
    name: str
    type: FieldType
    max_length: int | None
    versions: frozenset[str]
    source: str

    def length_in(self, version: str) -> int | None:
        """Return the length in a version: 3.0 gave texts of 2.1 up, and widened some fields."""
        if version == "2.1" or "2.1" not in self.versions:
            return self.max_length
        if self.number in _LENGTHS_30:
            return _LENGTHS_30[self.number]
        return None if self.type is FieldType.STR else self.max_length


_LENGTHS_30: Final[Mapping[str, int | None]] = MappingProxyType(
    {"6226": None, "8000": 4, "8100": 7, "8418": 1, "9218": 5}
)
"""Fields of 2.1 whose length in 3.0 does not follow from their type."""

SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tables": "GDT 2.1 and 3.0 field tables as published in bellmit/insuite@6af0a7ee, "
        "lengths cross-checked with tierklinik-dobersberg/go-gdt@e7bba4f and Elexis",
        "gdt35": "GDT 3.5 example records (starter package in cronn GA-Lotse, data of lib-gdt; "
        "johannesbremer/praxisplaner@9cc2ddbe), cronn GDT v35",
        "ldt3": "LDT 3.2.19 use cases: the same object and field numbers",
        "seen": "met in files of real practice software (RED medical, TURBOMED, MEDISTAR) or "
        "their guides (x.concept)",
        "dicompacs": "the dicomPACS dialect (gdt_v_dicomPACS in bellmit/insuite@6af0a7ee)",
        "kvdt": "KVDT and VSDM numbers, which GDT files keep with their meaning",
        "laborder": "Elexis laborder (at.medevit elexis-3-base@142d2910), GdtEncoder",
    }
)

STR, NUM, DATE, TIME, FLOAT = FieldType
BOTH: Final = ("2.1", "3.0")
OLD: Final = ("2.1",)
NEW: Final = ("3.0",)
V35: Final = ("3.5",)
OBJECTS: Final = ("3.1", "3.5")
VENDOR: Final = ()


def _field(
    number: str,
    name: str,
    type_: FieldType,
    max_length: int | None,
    versions: tuple[str, ...] = BOTH,
    source: str = "tables",
) -> FieldDef:
    """Return one row of the table."""
    return FieldDef(number, name, type_, max_length, frozenset(versions), source)


_ROWS: Final = (
    _field("0102", "Softwareverantwortlicher (SV)", STR, 60),
    _field("0103", "Software", STR, 60),
    _field("0132", "Release-Stand der Software", STR, 60),
    _field("0201", "Betriebsstättennummer (BSNR)", NUM, 9),
    _field("0202", "Name des Kostenträgers", STR, None, NEW),
    _field("0212", "LANR", NUM, 9, NEW),
    _field("0950", "Pharmazentralnummer Dauermedikament", STR, None, NEW),
    _field("0957", "Darreichungsform Dauermedikament", STR, None, NEW),
    _field("2002", "Name des Kostenträgers", STR, None, NEW),
    _field("3000", "Patientennummer / Patientenkennung", STR, 10),
    _field("3004", "Kartentyp/-generation", STR, None, NEW),
    _field("3006", "CDM Version", STR, None, NEW),
    _field("3100", "Namenszusatz / Vorsatzwort des Patienten", STR, 15),
    _field("3101", "Name des Patienten", STR, 28),
    _field("3102", "Vorname des Patienten", STR, 28),
    _field("3103", "Geburtsdatum des Patienten", DATE, 8),
    _field("3104", "Titel des Patienten", STR, 15),
    _field("3105", "Versichertennummer des Patienten", STR, 12),
    _field("3106", "Wohnort des Patienten", STR, 30),
    _field("3107", "Straße des Patienten", STR, 28),
    _field("3108", "Versichertenart MFR", NUM, 1),
    _field("3110", "Geschlecht des Patienten", NUM, 1),
    _field("3112", "PLZ des Patienten", STR, None, NEW),
    _field("3113", "Wohnort des Patienten", STR, None, NEW),
    _field("3114", "Wohnsitzländercode", STR, None, NEW),
    _field("3115", "Anschriftenzusatz", STR, None, NEW),
    _field("3116", "KV-Bereich", NUM, 2, NEW),
    _field("3119", "Versichertennummer eGK des Patienten", STR, 10, NEW),
    _field("3618", "Mobiltelefonnummer des Patienten", STR, None, NEW),
    _field("3619", "Email-Adresse des Patienten", STR, None, NEW),
    _field("3622", "Größe des Patienten", FLOAT, None),
    _field("3623", "Gewicht des Patienten", FLOAT, None),
    _field("3626", "Telefonnummer des Patienten", STR, None, NEW),
    _field("3628", "Muttersprache des Patienten", STR, 60),
    _field("3649", "Dauerdiagnose ab Datum", DATE, 8, NEW),
    _field("3650", "Dauerdiagnose", STR, None, NEW),
    _field("3651", "Dauermedikament ab Datum", DATE, 8, NEW),
    _field("3652", "Dauermedikament", STR, None, NEW),
    _field("3654", "Risikofaktoren", STR, None, NEW),
    _field("3656", "Allergien", STR, None, NEW),
    _field("3658", "Unfälle", STR, None, NEW),
    _field("3660", "Operationen", STR, None, NEW),
    _field("3662", "Anamnese", STR, None, NEW),
    _field("3664", "Anzahl Geburten", NUM, None, NEW),
    _field("3666", "Anzahl Kinder", NUM, None, NEW),
    _field("3668", "Anzahl Schwangerschaften", NUM, None, NEW),
    _field("3670", "Dauertherapie", STR, None, NEW),
    _field("3672", "Kontrolltermine", DATE, 8, NEW),
    _field("3673", "Dauerdiagnose ICD-Code", STR, 6, NEW),
    _field("3674", "Diagnosesicherheit Dauerdiagnose", STR, 1, NEW),
    _field("3675", "Seitenlokalisation Dauerdiagnose", STR, 1, NEW),
    _field("3676", "Diagnoseerläuterung Dauerdiagnose", STR, None, NEW),
    _field("3677", "Diagnoseausnahmetatbestand Dauerdiagnose", STR, None, NEW),
    _field("3700", "Bezeichnung der basisdiagnostischen Kategorie", STR, None, NEW),
    _field("3701", "Inhalt der basisdiagnostischen Kategorie", STR, None, NEW),
    _field("4104", "VKNR", NUM, 5, NEW),
    _field("4106", "Kostenträger-Abrechnungsgebiet", NUM, 2, NEW),
    _field("4109", "Letzter Einlesetag der Versichertenkarte im Quartal", DATE, 8, NEW),
    _field("4110", "Bis-Datum der Gültigkeit", STR, 4, NEW),
    _field("4111", "Krankenkassennummer (KIK)", NUM, 7, NEW),
    _field("4112", "Versichertenstatus KVK", NUM, 4, NEW),
    _field("4113", "Statusergänzung / DMP-Kennzeichnung", STR, 1, NEW),
    _field("4121", "Gebührenordnung", NUM, 1),
    _field("4122", "Abrechnungsgebiet", NUM, 2, NEW),
    _field("4200", "Terminwunsch", DATE, None, NEW),
    _field("4202", "Unfall, Unfallfolgen", NUM, 1, NEW),
    _field("4203", "Behandlung gemäß § 116b SGB V", NUM, 1, NEW),
    _field("4204", "Eingeschränkter Leistungsanspruch gemäß § 18 Abs. 3a SGB V", NUM, 1, NEW),
    _field("4205", "Auftrag", STR, None, NEW),
    _field("4207", "Diagnose / Verdachtsdiagnose", STR, None, NEW),
    _field("4208", "Befund / Medikation", STR, None, NEW),
    _field("4209", "Auftrag / Diagnose / Verdacht", STR, None, NEW),
    _field("4217", "(N)BSNR des Erstveranlassers", NUM, 9, NEW),
    _field("4218", "(N)BSNR des Überweisers", NUM, 9, NEW),
    _field("4219", "Überweisung von anderen Ärzten", STR, None, NEW),
    _field("4220", "Überweisung an", STR, None, NEW),
    _field("4221", "Behandlungstyp", NUM, 1, NEW),
    _field("4229", "Ausnahmeindikation", NUM, 5, NEW),
    _field("4231", "Kontrolluntersuchung einer bekannten Infektion", NUM, 1, NEW),
    _field("4237", "Krankenhaus-Name", STR, None, NEW),
    _field("4241", "LANR des Erstveranlassers", NUM, 9, NEW),
    _field("4242", "LANR des Überweisers", NUM, 9, NEW),
    _field("6001", "ICD-Code", STR, 6, NEW),
    _field("6003", "Diagnosesicherheit", STR, 1, NEW),
    _field("6004", "Seitenlokalisation", STR, 1, NEW),
    _field("6006", "Diagnoseerläuterung", STR, None, NEW),
    _field("6008", "Diagnoseausnahmetatbestand", STR, None, NEW),
    _field("6200", "Tag der Speicherung von Behandlungsdaten", DATE, 8),
    _field("6201", "Uhrzeit der Erhebung von Behandlungsdaten", TIME, 6),
    _field("6205", "Aktuelle Diagnose", STR, 60),
    _field("6206", "Pharmazentralnummer (PZN)", STR, None, NEW),
    _field("6210", "Medikament verordnet auf Rezept", STR, None, NEW),
    _field("6211", "Außerhalb Rezept verordnetes Medikament", STR, None, NEW),
    _field("6214", "Anzahl Packungen (Faktor)", STR, 3, NEW),
    _field("6218", "Angabe zu Einnahme", STR, None, NEW),
    _field("6220", "Befund", STR, 60),
    _field("6221", "Fremdbefund", STR, 60),
    _field("6226", "Anzahl der nachfolgenden Fortsetzungszeilen der Kennung 6228", NUM, 4),
    _field("6227", "Kommentar", STR, 60),
    _field("6228", "Ergebnistabellentext, formatiert", STR, 60),
    _field("6302", "Datei-Archivierungskennung", STR, 60),
    _field("6303", "Dateiformat", STR, 60),
    _field("6304", "Dateiinhalt", STR, 60),
    _field("6305", "Verweis auf Datei", STR, 60),
    _field("6329", "Inhalt der Datei als BASE64-kodierte Anlage", STR, None, NEW),
    _field("6330", "Freie Kategorie", STR, 60),
    _field("6406", "Gebührenfrei", NUM, 1, NEW),
    _field("6407", "Noctu", NUM, 1, NEW),
    _field("6408", "BVG", NUM, 1, NEW),
    _field("6409", "Unfall", NUM, 1, NEW),
    _field("6431", "Auf Idem", NUM, 1, NEW),
    _field("8000", "Satzidentifikation", STR, 4),
    _field("8100", "Satzlänge", NUM, 5),
    _field("8200", "Objekt-Ident", STR, None, NEW),
    _field("8201", "Objektende", NUM, None, NEW),
    _field("8202", "Anzahl Einträge", NUM, None, NEW),
    _field("8310", "Fall-ID", STR, 60),
    _field("8314", "Anforderungs-UID", STR, None, NEW),
    _field("8315", "GDT-ID des Empfängers", STR, 8),
    _field("8316", "GDT-ID des Senders", STR, 8),
    _field("8402", "Geräte und verfahrensspezifisches Kennfeld", STR, 6),
    _field("8403", "Gebührenordnung", STR, 1, NEW),
    _field("8404", "Unterkategorie zur KF 8402", STR, None, NEW),
    _field("8405", "Probe", STR, None, NEW),
    _field("8406", "Datum", STR, None, NEW),
    _field("8407", "Uhrzeit", STR, 1, NEW),
    _field("8410", "Test(s)", STR, 20),
    _field("8411", "Testbezeichnung", STR, 60),
    _field("8412", "Test-OID", STR, None, NEW),
    _field("8413", "Test-Geräte-OID", STR, None, NEW),
    _field("8417", "Datenstrom (als Einzelwerte)", STR, 1, NEW),
    _field("8418", "Teststatus", STR, 1),
    _field("8420", "Ergebnis-Wert", FLOAT, None),
    _field("8421", "Einheit", STR, 60),
    _field("8425", "Budget-frei", NUM, 1, NEW),
    _field("8428", "Probenmaterial-Ident", STR, 8),
    _field("8429", "Probenmaterial-Index", NUM, 2),
    _field("8430", "Probenmaterial-Bezeichnung", STR, 60),
    _field("8431", "Probenmaterial-Spezifikation", STR, 60),
    _field("8432", "Abnahme-Datum", DATE, 8),
    _field("8433", "Abnahme-Zeit", TIME, 6, NEW),
    _field("8437", "Einheit(en) für Datenstrom", STR, 60),
    _field("8438", "Datenstrom", STR, 60),
    _field("8439", "Abnahme-Zeit", TIME, 6),
    _field("8460", "Normalwert-Text", STR, 60),
    _field("8461", "Normalwert untere Grenze", FLOAT, None),
    _field("8462", "Normalwert obere Grenze", FLOAT, None),
    _field("8470", "Testbezogene Hinweise", STR, 60),
    _field("8480", "Ergebnis-Text", STR, 60),
    _field("8491", "Beauftragender / verantwortl. Arzt", STR, 60, OLD),
    _field("8501", "Dringlichkeitsstatus", STR, None, NEW),
    _field("8504", "Medikamenteneinnahme zum Zeitpunkt der Probenentnahme", STR, None, NEW),
    _field("8510", "Schwangerschaft", NUM, 1, NEW),
    _field("8511", "Schwangerschaftsdauer (in Wochen, Tage)", NUM, 3, NEW),
    _field("8512", "1. Tag des Zyklus", DATE, 8, NEW),
    _field("8601", "Name des Rechnungsempfängers", STR, None, NEW),
    _field("8602", "Titel, Vorname des Rechnungsempfängers", STR, None, NEW),
    _field("8606", "Wohnort des Rechnungsempfängers", STR, None, NEW),
    _field("8607", "Straße des Rechnungsempfängers", STR, None, NEW),
    _field("8608", "Kommentar / Aktenzeichen", STR, None, NEW),
    _field("8609", "Abrechnungstyp", STR, 1, NEW),
    _field("8610", "Privattarif", NUM, 1, NEW),
    _field("8615", "Auftraggeber", STR, None, NEW),
    _field("8990", "Signatur", STR, 60),
    _field("9103", "Datum der Erstellung", DATE, 8, NEW),
    _field("9152", "Zähler URL", NUM, 4, NEW),
    _field("9153", "Beschreibung URL", STR, None, NEW),
    _field("9154", "URL", STR, None, NEW),
    _field("9206", "Verwendeter Zeichensatz", NUM, 1),
    _field("9218", "Version GDT", STR, 5),
    _field("9901", "Systeminterner Parameter", STR, None, NEW),
    # Objects and header of 3.1 and 3.5
    _field("0001", "Version der Datensatzbeschreibung", STR, None, V35, "gdt35"),
    _field("3564", "Zusätzliche Information (Freitextzeile)", STR, None, V35, "gdt35"),
    _field("6229", "Dateityp der Anlage", STR, None, V35, "gdt35"),
    _field("6327", "Beschreibung der Anlage", STR, None, V35, "ldt3"),
    _field("7263", "Test-ID", STR, None, V35, "gdt35"),
    _field("7264", "Test-Gerät-UID", STR, None, V35, "gdt35"),
    _field("7273", "Zeitzone", STR, None, V35, "gdt35"),
    _field("7278", "Datum des Timestamps", DATE, 8, V35, "gdt35"),
    _field("7279", "Uhrzeit des Timestamps", TIME, 6, V35, "gdt35"),
    _field("7306", "Darstellung der Ergebniswerte", STR, None, V35, "gdt35"),
    _field("7420", "Status der Person (12: Patient)", STR, None, V35, "gdt35"),
    _field("8001", "Satzende", STR, 4, OBJECTS, "gdt35"),
    _field("8002", "Objektbeginn", STR, None, OBJECTS, "gdt35"),
    _field("8003", "Objektende", STR, None, OBJECTS, "gdt35"),
    _field("8004", "Satzlänge", NUM, 7, ("3.1",), "laborder"),
    _field("8110", "Objektattribut Anhang", STR, None, V35, "gdt35"),
    _field("8112", "Objektattribut Anforderung", STR, None, V35, "gdt35"),
    _field("8114", "Objektattribut Arztidentifikation", STR, None, V35, "ldt3"),
    _field("8133", "Objektattribut Kopfdaten", STR, None, V35, "gdt35"),
    _field("8142", "Objektattribut Normalwert", STR, None, V35, "gdt35"),
    _field("8145", "Objektattribut Patient", STR, None, V35, "gdt35"),
    _field("8147", "Objektattribut Person", STR, None, V35, "gdt35"),
    _field("8157", "Objektattribut Untersuchungsergebnis", STR, None, V35, "gdt35"),
    _field("8167", "Objektattribut Zusätzliche Informationen", STR, None, V35, "gdt35"),
    _field("8169", "Objektattribut Körperkenngrößen", STR, None, V35, "gdt35"),
    _field("8218", "Objektattribut Zeitstempel der Erstellung", STR, None, V35, "gdt35"),
    _field("8219", "Objektattribut Zeitstempel der Materialabnahme", STR, None, V35, "gdt35"),
    _field("8225", "Objektattribut Zeitstempel der Messung", STR, None, V35, "gdt35"),
    _field("8228", "Objektattribut Wohnanschrift", STR, None, V35, "gdt35"),
    _field("8242", "Objektattribut Base64-kodierte Anlage", STR, None, V35, "ldt3"),
    _field("8408", "Untersuchungs-UID", STR, None, V35, "gdt35"),
    _field("8419", "Einheitensystem des Messwertes", STR, None, V35, "gdt35"),
    _field("9908", "URL der Anlage", STR, None, V35, "ldt3"),
    _field("9970", "Dokumententyp", STR, None, V35, "ldt3"),
    # Not in the standard, but in real files; kept as they are
    _field("0193", "Patientenkennung (x.concept)", STR, None, VENDOR, "seen"),
    _field("0203", "Bezeichnung der Betriebsstätte", STR, None, VENDOR, "seen"),
    _field("0205", "Straße der Betriebsstätte", STR, None, VENDOR, "seen"),
    _field("0208", "Telefonnummer der Betriebsstätte", STR, None, VENDOR, "kvdt"),
    _field("0209", "Telefaxnummer der Betriebsstätte", STR, None, VENDOR, "kvdt"),
    _field("0211", "Arztname", STR, None, VENDOR, "seen"),
    _field("0213", "Institutskennzeichen (IK)", STR, None, VENDOR, "kvdt"),
    _field("0215", "PLZ der Betriebsstätte", STR, None, VENDOR, "seen"),
    _field("0216", "Ort der Betriebsstätte", STR, None, VENDOR, "seen"),
    _field("0218", "E-Mail-Adresse der Betriebsstätte", STR, None, VENDOR, "kvdt"),
    _field("0219", "Titel des Arztes", STR, None, VENDOR, "seen"),
    _field("0220", "Vorname des Arztes", STR, None, VENDOR, "seen"),
    _field("0221", "Namenszusatz des Arztes", STR, None, VENDOR, "kvdt"),
    _field("3010", "Zeitpunkt der Online-Prüfung der Versichertenkarte", STR, None, VENDOR, "kvdt"),
    _field("3109", "Hausnummer des Patienten", STR, None, VENDOR, "kvdt"),
    _field("3120", "Vorsatzwort des Patienten", STR, None, VENDOR, "kvdt"),
    _field("3121", "PLZ des Postfachs", STR, None, VENDOR, "kvdt"),
    _field("3122", "Ort des Postfachs", STR, None, VENDOR, "kvdt"),
    _field("3123", "Postfach des Patienten", STR, None, VENDOR, "kvdt"),
    _field("3632", "Gewicht des Patienten (Druckfehler für 3623)", FLOAT, None, VENDOR, "seen"),
    _field("3300", "Titel des Patienten", STR, None, VENDOR, "dicompacs"),
    _field("3301", "Name des Patienten", STR, None, VENDOR, "dicompacs"),
    _field("3302", "Vorname des Patienten", STR, None, VENDOR, "dicompacs"),
    _field("3303", "Geburtsdatum des Patienten", DATE, 8, VENDOR, "dicompacs"),
    _field("3304", "Titel des Patienten", STR, None, VENDOR, "dicompacs"),
    _field("3565", "Zusätzliche Information (Freitextzeile)", STR, None, VENDOR, "gdt35"),
    _field("3600", "Patientenkennung", STR, None, VENDOR, "dicompacs"),
    _field("4101", "Quartal", STR, None, VENDOR, "kvdt"),
    _field("4102", "Ausstellungsdatum", DATE, 8, VENDOR, "kvdt"),
    _field("4131", "Besondere Personengruppe", STR, None, VENDOR, "kvdt"),
    _field("4132", "DMP-Kennzeichnung", STR, None, VENDOR, "kvdt"),
    _field("4133", "Beginn des Versicherungsschutzes", DATE, 8, VENDOR, "kvdt"),
    _field("4134", "Kostenträgername", STR, None, VENDOR, "kvdt"),
    _field("4247", "LANR", STR, None, VENDOR, "seen"),
    _field("6230", "Station", STR, None, VENDOR, "dicompacs"),
    _field("7000", "DICOM-Pfad", STR, None, VENDOR, "dicompacs"),
    _field("9800", "Untersuchungsart", STR, None, VENDOR, "dicompacs"),
)


def _free_pairs() -> dict[str, FieldDef]:
    """Return 6330-6399: an even number names a free category, the next odd one is its content."""
    names = ("Freie Kategorie", "Inhalt der freien Kategorie")
    return {
        str(number): _field(str(number), names[number % 2], STR, 60) for number in range(6330, 6400)
    }


FIELDS: Final[Mapping[str, FieldDef]] = MappingProxyType(
    _free_pairs() | {row.number: row for row in _ROWS}
)
"""Every known field by its four-digit number."""


def field_length(number: str) -> int:
    """Return the characters a field of GDT 2.1 holds; `LookupError` for one without a limit."""
    length = FIELDS[number].max_length
    if length is None:
        raise LookupError(number)
    return length


MAX_CONTENT: Final = 990
"""Bytes of content one line can hold: LLL has three digits and counts 9 bytes besides it."""
