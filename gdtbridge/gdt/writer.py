"""From results to records: the one interpreter of the dialects' tables.

Every content passes :class:`~gdtbridge.gdt.text.Encoder`. A record is complete or it is refused
with :class:`GdtWriteError`; a patient number is never altered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from typing import Final

from gdtbridge.gdt.charsets import charset_named
from gdtbridge.gdt.codes import DEVICE_CODE_UNSPECIFIED, DEVICE_CODES, SEX_WRITTEN
from gdtbridge.gdt.dialects import FITS, Dialect, Fit, Layout, Row, Source
from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.fields import MAX_CONTENT
from gdtbridge.gdt.numbers import plain_decimal
from gdtbridge.gdt.results import Identification, Rendered, StudyResult, TestValue, ValueResult
from gdtbridge.gdt.text import Encoder, Loss, printable, split_title, wrap

Contents = Mapping[Source, Sequence[str]]
"""What each source has to say: nothing, one content, or several."""

Field = tuple[str, str]
"""Field number and content, which is encoded and fits."""

MAX_RECORD: Final = 99_999
"""Bytes field 8100 can state; more values make further records in the same file."""

MAX_WRAPPED: Final = 100
"""Lines one content may take; a text beyond them is cut."""


def render_study(
    result: StudyResult, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> Rendered:
    """Return the 6310 that says: this study is here."""
    contents = {**_common_contents(result, ids, dialect.study), **_study_contents(result)}
    return _rendered(dialect, dialect.study, encoding, contents)


def render_order_answer(
    result: StudyResult, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> Rendered:
    """Return the 6310 that answers a placed order; ``description`` is the requested procedure."""
    contents = {**_common_contents(result, ids, dialect.order_answer), **_study_contents(result)}
    return _rendered(dialect, dialect.order_answer, encoding, contents)


def render_values(
    result: ValueResult, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> Rendered:
    """Return the 6310 of a report's measurements.

    A dialect with field 8100 gets as many records as that field's five digits need.
    """
    contents = _common_contents(result, ids, dialect.values)
    return _rendered(dialect, dialect.values, encoding, contents, result.values)


def _common_contents(
    result: StudyResult | ValueResult, ids: Identification, layout: Layout
) -> dict[Source, Sequence[str]]:
    """Return what every record has: ids, patient, time, device, order."""
    patient = result.patient
    accession = result.accession.strip()
    device = DEVICE_CODES.get(result.modality.strip(), DEVICE_CODE_UNSPECIFIED)
    return {
        Source.RECEIVER: (ids.receiver or layout.receiver,),
        Source.SENDER: (ids.sender or layout.sender,),
        Source.PATIENT_ID: (patient.id,),
        Source.FAMILY_NAME: (patient.family_name,),
        Source.GIVEN_NAME: (patient.given_name,),
        Source.BIRTH_DATE: (_date(patient.birth_date),),
        Source.SEX: (SEX_WRITTEN.get(patient.sex or "", ""),),
        Source.DEVICE_CODE: (device,),
        Source.DATE: (_date(result.date),),
        Source.TIME: (_time(result.time),),
        Source.ACCESSION: (accession,),
        Source.ACCESSION_REMARK: (f"Auftragsnummer: {accession}" if accession else "",),
    }


def _study_contents(result: StudyResult) -> dict[Source, Sequence[str]]:
    """Return what a study record says besides: its test and its comment."""
    accession, modality = result.accession.strip(), result.modality.strip()
    description = result.description.strip()
    comment = _joined(": ", modality, description)
    return {
        Source.TEST_ID: (result.test_id,),
        Source.TEST_NAME: (result.test_description,),
        Source.COMMENT: (comment,),
        Source.DESCRIPTION: (description,),
        Source.ACCESSION_AND_COMMENT: (_joined(" / ", accession, comment),),
        Source.ACCESSION_AND_DESCRIPTION: (_joined(" / ", accession, description),),
    }


def _joined(separator: str, *parts: str) -> str:
    """Join the parts that are not empty."""
    return separator.join(part for part in parts if part)


def _date(day: date | None) -> str:
    """Return TTMMJJJJ."""
    return f"{day.day:02}{day.month:02}{day.year:04}" if day else ""


def _time(moment: time | None) -> str:
    """Return HHMMSS."""
    return "" if moment is None else f"{moment.hour:02}{moment.minute:02}{moment.second:02}"


def _rendered(
    dialect: Dialect,
    layout: Layout,
    encoding: str | None,
    contents: Contents,
    values: Iterable[TestValue] = (),
) -> Rendered:
    """Return the file.

    Should its bytes happen to be valid UTF-8 (a record whose only special characters are a "Ã©",
    say), a reader may take them for that; such a record is written in ASCII characters.
    """
    charset = charset_named(encoding or dialect.encoding)
    values = tuple(values)
    writer = _Writer(dialect, layout, Encoder(charset))
    data = writer.file(contents, values)
    if not data.isascii() and _is_utf8(data):
        writer = _Writer(dialect, layout, Encoder(replace(charset, repertoire=frozenset())))
        data = writer.file(contents, values)
    return Rendered(data, writer.encoder.losses)


def _is_utf8(data: bytes) -> bool:
    """Say whether the bytes can be read as UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class _Writer:
    """Writes records of one layout; what they have in common is encoded once."""

    def __init__(self, dialect: Dialect, layout: Layout, encoder: Encoder) -> None:
        self.dialect = dialect
        self.layout = layout
        self.encoder = encoder

    def file(self, contents: Contents, values: Sequence[TestValue]) -> bytes:
        """Return the records: one, or more where the values exceed what 8100 can state."""
        contents = {
            **contents,
            Source.CHARSET: (self.encoder.charset.code,),
            Source.LENGTH: ("00000",),
        }
        head = self._fields(self.layout.head, contents)
        tail = self._fields(self.layout.tail, contents)
        blocks = [self._value_fields(contents, value) for value in values]
        room = MAX_RECORD - _size(head) - _size(tail) if self.layout.has_length else None
        return b"".join(self._record([*head, *block, *tail]) for block in _packed(blocks, room))

    def _record(self, fields: Sequence[Field]) -> bytes:
        """Return one record as bytes, its length filled in."""
        size = _size(fields)
        if self.layout.has_length and size > MAX_RECORD:
            raise GdtWriteError(
                "8100", "Der Satz ist zu lang für GDT 2.1. / The record is too long for GDT 2.1."
            )
        return b"".join(
            self.encoder.line(field, f"{size:05}" if field == "8100" else text)
            for field, text in fields
        )

    def _fields(self, rows: Iterable[Row], contents: Contents) -> list[Field]:
        """Return the fields of these rows; an empty content makes none."""
        return [
            (row.field, text)
            for row in rows
            for content in ((row.text,) if row.source is Source.CONSTANT else contents[row.source])
            for text in self._fitted(row, content)
        ]

    def _value_fields(self, contents: Contents, value: TestValue) -> list[Field]:
        """Return the fields of one value."""
        number = plain_decimal(value.value, self.dialect.numbers)
        name = self.encoder.text("8411", value.name)
        title, rest = split_title(name, self.dialect.limit("8411"))
        remarks = [rest, *value.sources]
        if number is None:
            self.encoder.lost("8420", Loss.NOT_REPRESENTABLE)
            remarks.insert(0, f"Wert nicht darstellbar: {value.value}")
        own = {
            Source.TEST_ID: (value.test_id,),
            Source.TEST_NAME: (title,),
            Source.VALUE: (number or "",),
            Source.UNIT: (value.unit,),
            Source.REMARKS: remarks,
        }
        return self._fields(self.layout.each, {**contents, **own})

    def _fitted(self, row: Row, content: str) -> Iterator[str]:
        """Yield the content as it fits into the field, in several pieces where it may wrap."""
        text = self.encoder.text(row.field, content)
        _refuse_unsafe(row, content, text)
        if not text:
            return
        limit = self.dialect.limit(row.field)
        if len(text) <= limit:
            yield text
            return
        yield from self._shortened(row.field, text, limit)

    def _shortened(self, field: str, text: str, limit: int) -> Iterator[str]:
        """Yield a text that is longer than its field."""
        fit = FITS.get(field, Fit.WHOLE)
        if fit is Fit.WHOLE:
            if len(text) > MAX_CONTENT:
                raise GdtWriteError(
                    field, "Der Inhalt ist zu lang für eine Zeile. / The content exceeds one line."
                )
            self.encoder.lost(field, Loss.OVER_LENGTH)
            yield text
            return
        room = limit * MAX_WRAPPED if fit is Fit.WRAP else limit
        if len(text) > room:
            self.encoder.lost(field, Loss.CUT)
        yield from wrap(text[:room].rstrip(" "), limit)


def _refuse_unsafe(row: Row, content: str, text: str) -> None:
    """Refuse a record whose patient or test would be missing or another one.

    A value without its own 8410 would belong to the test before it; a patient number that lost
    a letter may be somebody else's.
    """
    if row.source is Source.TEST_ID and not text:
        raise GdtWriteError(row.field, "Die Testkennung fehlt. / The test id is missing.")
    if row.source is not Source.PATIENT_ID:
        return
    if not text:
        raise GdtWriteError(row.field, "Patientennummer fehlt. / Patient number is missing.")
    if text != printable(content):
        raise GdtWriteError(
            row.field,
            "Die Patientennummer ist im Zeichensatz nicht darstellbar. / "
            "The patient number cannot be written in this character set.",
        )


def _size(fields: Iterable[Field]) -> int:
    """Return the bytes of these lines: every character is one, every line has nine more."""
    return sum(len(text) + 9 for _, text in fields)


def _packed(blocks: Sequence[Sequence[Field]], room: int | None) -> Iterator[list[Field]]:
    """Yield the blocks together, as many at a time as fit into ``room`` bytes."""
    packed: list[Field] = []
    size = 0
    for block in blocks:
        added = _size(block)
        if room is not None and packed and size + added > room:
            yield packed
            packed, size = [], 0
        packed.extend(block)
        size += added
    yield packed
