"""The patient: number, name, birth date and sex, made from DICOM or GDT and written as either."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from gdtbridge.dataset.values import ComponentGroup, PersonName, da_text, to_date

_SEXES: Final = frozenset({"M", "F", "O"})
_PARTIAL: Final = re.compile(r"00(0\d|1[0-2])\d{4}", re.ASCII)
"""A date of GDT with zeros for what is not known (KVDT, field 3103)."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as one source describes the person; empty and None mean "not said".

    ``id`` is the patient's number (DICOM Patient ID, GDT 3000). The parts of the name are those of
    a PN (PS3.5 6.2.1); GDT has family and given name only. ``sex`` is M, F or O (PS3.3 C.7.1.1).
    ``birth_date_as_sent`` holds the text of a birth date that is no date, or of which the day is
    not known (`partial_birth_date`), ``name_as_sent`` a PN that says more than the parts (further
    component groups), so that nothing sent is lost.
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

    @classmethod
    def of_parts(
        cls, number: str, names: tuple[str, str], birth_date: str, sex: str | None
    ) -> Patient:
        """Return the patient of family and given name and a birth date as `birth_date_da`."""
        born = to_date(birth_date)
        return cls(number, *names, born, sex, birth_date_as_sent="" if born else birth_date)

    @property
    def partial_birth_date(self) -> str:
        """Birth date of which only month and year, or the year, are known: ``00031950``."""
        return self.birth_date_as_sent if _PARTIAL.fullmatch(self.birth_date_as_sent) else ""

    def named_within(self, longest: int) -> Patient:
        """Return the patient with a name whose PN value has at most ``longest`` characters.

        Given names go first, the last of them foremost, then letters; the family name keeps its
        beginning. A name of several component groups stays as it is.
        """
        if self.name_as_sent or len(self.person_name) <= longest:
            return self
        family = self.family_name[: longest - 2].rstrip()
        room = longest - 1 - len(family)
        given = self.given_names
        while len(given) > room and " " in given:
            given = given.rpartition(" ")[0]
        given = given[:room].rstrip(" -")
        return replace(
            self,
            family_name=family,
            given_name=given,
            middle_name="",
            name_prefix="",
            name_suffix="",
        )

    def with_birth_of(self, other: Patient) -> Patient:
        """Return the patient with the birth date ``other`` has, where this one says none."""
        if self.birth_date or self.partial_birth_date:
            return self
        return replace(
            self, birth_date=other.birth_date, birth_date_as_sent=other.birth_date_as_sent
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
    def listed(self) -> str:
        """Number, name and birth date in one line, as lists show them, as far as they are said."""
        born = self.german_birth_date or self.birth_date_as_sent
        return " ".join(part for part in (self.id, self.listed_name, born) if part)

    @property
    def birth_date_da(self) -> str:
        """Birth date as a DA value (``19580312``), else the text as sent, else empty."""
        return da_text(self.birth_date) or self.birth_date_as_sent

    @property
    def german_birth_date(self) -> str:
        """Birth date as ``12.03.1958``; empty where it is not known."""
        return f"{self.birth_date:%d.%m.%Y}" if self.birth_date else ""
