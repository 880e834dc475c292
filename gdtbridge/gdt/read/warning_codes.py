"""The warnings of the reader: stable codes with their German and English sentence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.read.record import GdtWarning

WARNINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # the file
        "byte-order-mark": "Die Datei beginnt mit einer Bytereihenfolge-Marke. / "
        "The file starts with a byte order mark.",
        "line-end": "Die Zeilen enden nicht mit CR LF. / Lines do not end with CR LF.",
        "line-end-missing": "Der letzten Zeile fehlt das Zeilenende. / "
        "The last line has no line end.",
        "dos-end-mark": "Dateiende-Zeichen von DOS. / DOS end-of-file mark.",
        "blank-line": "Leere Zeile. / Blank line.",
        # one line
        "naked-line": "Zeile ohne Länge und Feldkennung; nicht ausgewertet. / "
        "Line without length and field number; not interpreted.",
        "before-record": "Zeile vor dem Satzanfang; nicht ausgewertet. / "
        "Line before the start of the record; not interpreted.",
        "after-record": "Zeile nach dem Satzende; nicht ausgewertet. / "
        "Line after the end of the record; not interpreted.",
        "length-wrong": "Die Zeilenlänge stimmt nicht. / The declared length is wrong.",
        "length-zero": "Die Zeilenlänge ist 000. / The declared length is 000.",
        "length-without-line-end": "Die Zeilenlänge zählt CR LF nicht mit. / "
        "The declared length leaves out CR LF.",
        "length-in-characters": "Die Zeilenlänge zählt Zeichen statt Bytes. / "
        "The declared length counts characters, not bytes.",
        "length-four-digits": "Die Zeilenlänge hat vier Stellen. / "
        "The declared length has four digits.",
        "length-two-digits": "Die Zeilenlänge hat zwei Stellen. / "
        "The declared length has two digits.",
        "length-missing": "Die Zeilenlänge fehlt. / The line has no length.",
        "stray-blank": "Leerzeichen oder Steuerzeichen in Zeilenlänge oder Feldkennung. / "
        "Blank or control character within length or field number.",
        "line-continued": "Ein Feld über mehrere Zeilen. / One field on several lines.",
        "lines-joined": "Mehrere Felder auf einer Zeile. / Several fields on one line.",
        # the record
        "record-type-unknown": "Unbekannte Satzart. / Unknown record type.",
        "record-length-by-lines": "Die Satzlänge ist die Summe der Zeilenlängen, nicht der Bytes. "
        "/ The record length is the sum of the declared lengths, not of the bytes.",
        "record-length-wrong": "Die Satzlänge stimmt nicht. / The record length is wrong.",
        "object-mismatch": "Objektende ohne passenden Beginn. / Object end without its start.",
        "object-count-wrong": "Die Zeilenzahl des Objekts stimmt nicht. / "
        "The line count of the object is wrong.",
        "object-open": "Ein Objekt wird nicht beendet. / An object is never closed.",
        "line-count-wrong": "Die Zeilenzahl des Satzes stimmt nicht. / "
        "The line count of the record is wrong.",
        "end-mismatch": "Das Satzende nennt eine andere Satzart. / "
        "The end of the record names another record type.",
        # the character set
        "charset-unknown": "Unbekannter Wert im Feld 9206 (Zeichensatz). / "
        "Unknown value in field 9206 (character set).",
        "charset-contradicted": "Feld 9206 (Zeichensatz) passt nicht zu den Bytes; diese gelten. / "
        "Field 9206 (character set) contradicts the bytes; the bytes win.",
        "charset-utf-8": "UTF-8 ist kein Zeichensatz von GDT. / UTF-8 is no character set of GDT.",
        "charset-guessed": "Der Zeichensatz ist nicht angegeben und nicht sicher zu erkennen. / "
        "The character set is not declared and cannot be told for certain.",
        "charset-din-66003": "Umlaute nach DIN 66003 (sieben Bit). / "
        "Umlauts of DIN 66003 (seven bits).",
        "undecodable": "Bytes, die der Zeichensatz nicht kennt. / "
        "Bytes the character set does not have.",
        # the patient
        "patient-id-missing": "Die Patientennummer (3000) fehlt. / The patient number is missing.",
        "patient-id-differs": "Mehrere verschiedene Patientennummern (3000). / "
        "Several different patient numbers.",
        "birth-date-invalid": "Das Geburtsdatum ist kein Datum. / The birth date is no date.",
        "sex-unknown": "Unbekannter Wert für das Geschlecht (3110). / Unknown value for the sex.",
    }
)
"""Code to sentence."""


def gdt_warning(code: str, line: int | None = None) -> GdtWarning:
    """Return the warning of that code."""
    return GdtWarning(line, code, WARNINGS[code])
