"""The patient: number, name, birth date and sex, made from DICOM or GDT and written as either."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from gdtbridge.dataset.values import ComponentGroup, PersonName, da_text, to_date

_SPELLED_OUT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "æ": "ae"})
_SEXES: Final = frozenset({"M", "F", "O"})


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as one source describes the person; empty and None mean "not said".

    ``id`` is the patient's number (DICOM Patient ID, GDT 3000). The parts of the name are those of
    a PN (PS3.5 6.2.1); GDT has family and given name only. ``sex`` is M, F or O (PS3.3 C.7.1.1).
    ``birth_date_as_sent`` holds the text of a birth date that is no date, ``name_as_sent`` a PN
    that says more than the parts (further component groups), so that nothing sent is lost.
    """

    id: str
    family_name: str = ""
    given_name: str = ""
    birth_date: date | None = None
    sex: str | None = None
    middle_name: str = ""
    name_prefix: str = ""
    name_suffix: str = ""
    birth_date_as_sent: str = ""
    name_as_sent: str = ""

    @classmethod
    def from_dicom(
        cls, number: str, person_name: str, birth_date: str | date | None, sex: str = ""
    ) -> Patient:
        """Return the patient of a LO, a PN, a DA (or a date) and a CS value; never raises.

        Of a PN's component groups (``alphabetic=ideographic=phonetic``) the first written one
        counts. A sex other than M, F and O is not known.
        """
        sent = PersonName.of(person_name)
        name = sent.written
        family, given, middle, prefix, suffix = name.parts
        born = to_date(birth_date) if isinstance(birth_date, str) else birth_date
        unread = birth_date.strip() if isinstance(birth_date, str) and born is None else ""
        return cls(
            id=number,
            family_name=family,
            given_name=given,
            birth_date=born,
            sex=sex if sex in _SEXES else None,
            middle_name=middle,
            name_prefix=prefix,
            name_suffix=suffix,
            birth_date_as_sent=unread,
            name_as_sent="" if (name,) == sent.groups and not name.components[5:] else str(sent),
        )

    @property
    def given_names(self) -> str:
        """Given and middle name in one text, as GDT 3102 holds them."""
        return " ".join(part for part in (self.given_name, self.middle_name) if part)

    @property
    def person_name(self) -> str:
        """Name as a PN value (``Müller^Änne^^Dr.``), as sent where the parts do not say it all."""
        parts = self.family_name, self.given_name, self.middle_name
        joined = str(ComponentGroup((*parts, self.name_prefix, self.name_suffix))).rstrip("^")
        return self.name_as_sent or joined

    @property
    def listed_name(self) -> str:
        """Name as lists and pages show it: ``Müller, Dr. Änne Maria``."""
        called = " ".join(part for part in (self.name_prefix, self.given_names) if part)
        return ", ".join(part for part in (self.family_name, called) if part)

    @property
    def birth_date_da(self) -> str:
        """Birth date as a DA value (``19580312``), else the text as sent, else empty."""
        return da_text(self.birth_date) or self.birth_date_as_sent

    @property
    def german_birth_date(self) -> str:
        """Birth date as ``12.03.1958``; empty where it is not known."""
        return f"{self.birth_date:%d.%m.%Y}" if self.birth_date else ""


def are_two(one: Patient, other: Patient) -> bool:
    """Return whether two descriptions are surely of two persons.

    Compared are family name and birth date, and only where both descriptions have both: they must
    differ in both. One difference proves nothing (names are misspelt and marry, birth dates are
    mistyped). Family names are compared in plain letters: ``Müller``, ``MUELLER`` and ``Muller``
    are one name, as are ``von der Au`` and ``VON-DER-AU``. Never compared are the number (two
    practices give out the same one), given names, prefixes and sex.
    """
    if None in (one.birth_date, other.birth_date) or one.birth_date == other.birth_date:
        return False
    families = _plain(one.family_name), _plain(other.family_name)
    return "" not in families and families[0] != families[1]


def _plain(name: str) -> str:
    """Return a name's letters without case, accents and blanks, ``ae oe ue`` as ``a o u``."""
    folded = name.casefold().translate(_SPELLED_OUT)
    letters = "".join(c for c in unicodedata.normalize("NFKD", folded) if c.isalnum())
    for spelled, short in (("ae", "a"), ("oe", "o"), ("ue", "u")):
        letters = letters.replace(spelled, short)
    return letters
