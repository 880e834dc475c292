"""Contents into their fields: encoded, shortened or continued as the field allows, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.gdt.tables.fields import MAX_CONTENT
from gdtbridge.gdt.tables.options import PatientIdRule
from gdtbridge.gdt.tables.rows import (
    FITS,
    NEVER_ALTERED,
    PATIENT_IDS,
    ContentSource,
    FieldFit,
    FieldRow,
)
from gdtbridge.gdt.text import printable
from gdtbridge.gdt.write.encoder import Encoder, Loss, split_title, wrap

MAX_WRAPPED: Final = 100
"""Lines one content may take; a text beyond them is cut."""


class ContentFitter:
    """Fits contents into the fields of a dialect; raises `GdtWriteError` for what must be whole."""

    def __init__(self, dialect: Dialect, encoder: Encoder) -> None:
        self._dialect = dialect
        self._encoder = encoder

    def fitted(self, row: FieldRow, content: str) -> Iterator[str]:
        """Yield the content as it fits into the field, in several pieces where it may wrap."""
        text = self._encoder.text(row.field, content)
        self._refuse_unsafe(row, content, text)
        if not text:
            return
        limit = self._dialect.width(row)
        if len(text) <= limit and self._encoder.charset.size(text) <= MAX_CONTENT:
            yield text
            return
        yield from self._shortened(row, text, min(limit, self._encoder.most))

    def _shortened(self, row: FieldRow, text: str, limit: int) -> Iterator[str]:
        """Yield a text that is longer than its field."""
        field, fit = row.field, FITS.get(row.field, FieldFit.WHOLE)
        if row.source is ContentSource.ENTRY_TITLE:
            fit = FieldFit.SHORTENED
        if fit is FieldFit.WHOLE:
            if self._encoder.charset.size(text) > MAX_CONTENT:
                raise GdtWriteError(
                    field, "Der Inhalt ist zu lang für eine Zeile. / The content exceeds one line."
                )
            self._encoder.lost(field, Loss.OVER_LENGTH)
            yield text
            return
        if fit is FieldFit.SHORTENED:
            self._encoder.lost(field, Loss.CUT)
            yield split_title(text, limit)[0]
            return
        room = limit * MAX_WRAPPED if fit is FieldFit.WRAP else limit
        if len(text) > room:
            self._encoder.lost(field, Loss.CUT)
        yield from wrap(text[:room].rstrip(" "), limit)

    def _refuse_unsafe(self, row: FieldRow, content: str, text: str) -> None:
        """Refuse a record whose patient or test would be missing or another one.

        A value without its own 8410 would belong to the test before it; a patient number that lost
        a letter may be somebody else's.
        """
        if row.source is ContentSource.TEST_ID and not text:
            raise GdtWriteError(row.field, "Die Testkennung fehlt. / The test id is missing.")
        patient = row.source in PATIENT_IDS or row.field == "3000"
        if patient and not text:
            raise GdtWriteError(row.field, "Patientennummer fehlt. / Patient number is missing.")
        if (patient or row.source in NEVER_ALTERED) and text != printable(content):
            german, english = ("Die Patientennummer", "patient number")
            if not patient:
                german, english = ("Der Verweis", "reference")
            raise GdtWriteError(
                row.field,
                f"{german} ist im Zeichensatz nicht darstellbar. / "
                f"The {english} cannot be written in this character set.",
            )
        digits = text.isascii() and text.isdigit()
        if patient and self._dialect.options.patient_id is PatientIdRule.DIGITS and not digits:
            raise GdtWriteError(
                row.field,
                "Diese Praxissoftware nimmt nur Patientennummern aus Ziffern. / "
                "This practice software takes patient numbers of digits only.",
            )
